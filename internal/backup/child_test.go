package backup_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/internal/backup"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
)

// What a child process is told, by its environment.
const (
	stepVariable = "GATEPOST_TEST_BACKUP"
	dsnVariable  = "GATEPOST_TEST_DSN"
	fileVariable = "GATEPOST_TEST_FILE"
)

// child writes a backup in a process of its own, which may be killed or given
// little room.
func child(step string) int {
	if step == "little room" {
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 19, Max: 1 << 19}); err != nil {
			fmt.Println(err)
			return 3
		}
	}
	key, err := age.GenerateHybridIdentity()
	if err != nil {
		fmt.Println(err)
		return 3
	}
	_, err = backup.Write(context.Background(), backup.Order{DSN: os.Getenv(dsnVariable), To: key.Recipient(), File: os.Getenv(fileVariable), Keep: backup.MaxAge, Now: time.Now})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func startChild(t *testing.T, step, dsn, file string) (*exec.Cmd, *strings.Builder) {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd, said := exec.Command(self), &strings.Builder{}
	cmd.Env = append(os.Environ(), stepVariable+"="+step, dsnVariable+"="+dsn, fileVariable+"="+file)
	cmd.Stdout = said
	must(t, cmd.Start())
	return cmd, said
}

// A backup that was killed leaves FILE.part alone, and the next one goes on.
func TestWrite_Killed(t *testing.T) {
	db, dir, key := postgrestest.New(t), folder(t), newKey(t)
	file := filepath.Join(dir, "killed.age")
	// pg_dump waits for this table, which nobody counts; the file has begun by then.
	holder := db.Admin()
	tx, err := holder.Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), "lock table session in access exclusive mode")
	must(t, err)
	cmd, _ := startChild(t, "kill", db.DSN(postgres.RoleBackup), file)
	waitFor(t, db, "select exists (select from pg_locks where not granted and relation = 'session'::regclass)")

	// While it writes, another one is told so.
	o := backup.Order{DSN: db.DSN(postgres.RoleBackup), To: key.Recipient(), File: file, Keep: backup.MaxAge, Now: time.Now}
	_, err = backup.Write(t.Context(), o)
	refused(t, err, "another backup is writing")

	must(t, cmd.Process.Kill())
	_ = cmd.Wait() // killed
	must(t, tx.Rollback(t.Context()))
	if got := names(t, dir, "*"); got != "[killed.age.part]" {
		t.Fatalf("left behind: %s", got)
	}
	_, err = backup.Write(t.Context(), o)
	must(t, err)
	if got := names(t, dir, "*"); got != "[killed.age]" {
		t.Errorf("there are %s", got)
	}
	waitFor(t, db, "select not exists (select from pg_stat_activity where usename = 'gatepost_backup')")
}

// waitFor asks the database until it says yes.
func waitFor(t *testing.T, db *postgrestest.Database, sql string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, db.DSN(postgres.RoleAdmin))
	must(t, err)
	defer func() { must(t, conn.Close(context.Background())) }()
	for yes := false; !yes; {
		if err := conn.QueryRow(ctx, sql).Scan(&yes); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// A disk without room is one sentence, and no half file has the name.
func TestWrite_DiskFull(t *testing.T) {
	db, dir := postgrestest.New(t), folder(t)
	cmd, said := startChild(t, "little room", db.DSN(postgres.RoleBackup), filepath.Join(dir, "full.age"))
	_ = cmd.Wait() // its code is looked at
	if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(said.String(), "there is no room for the backup") || strings.Count(said.String(), "\n") != 1 {
		t.Errorf("code %d, said %q", code, said)
	}
	if got := names(t, dir, "*"); got != "[]" {
		t.Errorf("left behind: %s", got)
	}
}
