package private_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/postgres/private"
)

// We are killed: the server follows us, and the next start has the folder and
// everything that was committed, whether the old server is still on its way
// down or gone.
func TestKilled(t *testing.T) {
	dir := folder(t)
	cmd, line := startSecond(t, dir)
	if line != "ready" {
		t.Fatal(line)
	}
	a, err := private.Attach(dir)
	if err != nil {
		t.Fatal(err)
	}
	do(t, connect(t, a.DSN(private.Admin, "postgres")), "create table kept as select 7 as n")
	kill(cmd)
	if n := number(t, fast(t, dir), "select n from kept"); n != 7 {
		t.Errorf("after the restart: %d", n)
	}
}

// The server is told of our death by the kernel: it ends though nobody starts
// again. The test waits for its process and not for a time.
func TestServerFollowsUs(t *testing.T) {
	dir := made(t, folder(t))
	cmd, line := startSecond(t, dir)
	if line != "ready" {
		t.Fatal(line)
	}
	server := serverPID(t, dir)
	kill(cmd)
	for !gone(server) {
		continue
	}
}

// A server that lives on without us, as where the kernel did not tell it, is
// shut down and not adopted.
func TestSurvivor(t *testing.T) {
	dir := made(t, folder(t))
	s := fast(t, dir)
	do(t, connect(t, s.DSN(private.Admin, "postgres")), "create table kept as select 7 as n")
	stop(t, s)
	survivor := byHand(t, dir)
	var log strings.Builder
	s = start(t, private.Options{Dir: dir, Fast: true, Log: quiet(&log)})
	if err := survivor.Wait(); err != nil {
		t.Errorf("the survivor was not shut down in good order: %v", err)
	}
	if s.PID() == survivor.Process.Pid || !strings.Contains(log.String(), "earlier run") {
		t.Errorf("adopted, or nobody was told: %q", log.String())
	}
	if n := number(t, s, "select n from kept"); n != 7 {
		t.Errorf("after the restart: %d", n)
	}
}

// A session in a long computation does not notice that its postmaster is gone,
// and PostgreSQL does not start beside it.
func TestOrphanedSession(t *testing.T) {
	dir := made(t, folder(t))
	s := fast(t, dir)
	busy := connect(t, s.DSN(private.Admin, "postgres"))
	pid := int(busy.PgConn().PID())
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGTERM) }) // should the test fail
	ended := make(chan error, 1)
	go func() {
		_, err := busy.Exec(context.Background(), "select count(*) from generate_series(1, 1e15) as n")
		ended <- err
	}()
	for n := 0; n == 0; {
		n = number(t, s, "select count(*) from pg_stat_activity where state = 'active' and pid = "+strconv.Itoa(pid))
	}
	if err := syscall.Kill(s.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-s.Done()
	stop(t, s)
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatalf("the session noticed: this test shows nothing (%v)", err)
	}
	number(t, fast(t, dir), "select 1")
	if err := <-ended; err == nil {
		t.Error("the session finished its computation")
	}
}

// The server is killed while it writes: Done is closed, and everything that was
// committed is there, and nothing that was not begun.
func TestServerKilledWhileWriting(t *testing.T) {
	dir := made(t, folder(t))
	s := start(t, private.Options{Dir: dir}) // with the disk
	conn := connect(t, s.DSN(private.Admin, "postgres"))
	do(t, conn, "create table act (n int primary key)")
	const enough = 200
	reached, last := make(chan struct{}), make(chan int)
	go func() {
		n := 1
		for ; ; n++ {
			if _, err := conn.Exec(context.Background(), "insert into act values ($1)", n); err != nil {
				break
			}
			if n == enough {
				close(reached)
			}
		}
		last <- n - 1
	}()
	<-reached
	if err := syscall.Kill(s.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-s.Done()
	committed := <-last
	stop(t, s)
	s = start(t, private.Options{Dir: dir})
	// The one that was under way may have been stored without an answer.
	if n := number(t, s, "select count(*) from act"); n != committed && n != committed+1 {
		t.Errorf("%d were committed and %d are there", committed, n)
	}
	if n := number(t, s, "select max(n) - count(*) from act"); n != 0 {
		t.Errorf("%d are missing in between", n)
	}
}

// What a killed server leaves says "pid N", and N now belongs to somebody else.
func TestStalePID(t *testing.T) {
	tests := []struct {
		name string
		pid  func(t *testing.T, dir string) int
		want string // of the refusal; empty: it starts
	}{
		{"nobody's", func(t *testing.T, _ string) int {
			cmd := bystander(t, serverUID(t), "/")
			kill(cmd)
			return cmd.Process.Pid
		}, ""},
		{"ours", func(*testing.T, string) int { return os.Getpid() }, ""},
		{"root's", func(*testing.T, string) int { return 1 }, ""},
		{"another program of the same user", func(t *testing.T, _ string) int {
			return bystander(t, serverUID(t), "/").Process.Pid
		}, ""},
		// It may be anything: better not to start.
		{"another program that works in the cluster", func(t *testing.T, dir string) int {
			return bystander(t, serverUID(t), filepath.Join(dir, "pg")).Process.Pid
		}, "did not start"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := made(t, folder(t))
			s := fast(t, dir)
			do(t, connect(t, s.DSN(private.Admin, "postgres")), "create table kept as select 7 as n")
			old := serverPID(t, dir)
			if err := syscall.Kill(old, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			<-s.Done()
			stop(t, s)
			pid := tt.pid(t, dir)
			for _, file := range []string{"pg/postmaster.pid", "run/.s.PGSQL.5432.lock"} {
				replacePID(t, filepath.Join(dir, file), old, pid)
			}
			if tt.want != "" {
				if err := refused(t, private.Options{Dir: dir, Fast: true}); !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
				return
			}
			if n := number(t, fast(t, dir), "select n from kept"); n != 7 {
				t.Errorf("after the restart: %d", n)
			}
		})
	}
}

// serverPID reads the pid of the server that runs in dir.
func serverPID(t *testing.T, dir string) int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "pg", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// replacePID puts another pid into a file and leaves its owner.
func replacePID(t *testing.T, path string, old, pid int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text, found := strings.CutPrefix(string(b), strconv.Itoa(old)+"\n")
	if !found {
		t.Fatalf("%s does not begin with %d", path, old)
	}
	write(t, path, strconv.Itoa(pid)+"\n"+text)
}

// byHand starts a server in dir with nobody to follow, and waits until it
// answers.
func byHand(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := as(exec.Command("/bin/sh", "-c", `exec "$0" "$@"`), serverUID(t))
	bins, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(bins) == 0 {
		t.Fatalf("no postgres to start by hand: %v", err)
	}
	version, err := os.ReadFile(filepath.Join(dir, "pg", "PG_VERSION"))
	if err != nil {
		t.Fatal(err)
	}
	bin := "/usr/lib/postgresql/" + strings.TrimSpace(string(version)) + "/bin/postgres"
	cmd.Args = append(cmd.Args, bin, "-D", filepath.Join(dir, "pg"), "-c", "config_file="+filepath.Join(dir, "conf", "postgresql.conf"))
	cmd.Dir = filepath.Join(dir, "pg")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGQUIT) }) // if the test did not end it
	for {
		a, err := private.Attach(dir)
		if err != nil {
			continue
		}
		conn, err := pgx.Connect(t.Context(), a.DSN(private.Admin, "postgres"))
		if err != nil {
			continue
		}
		if err := conn.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
}
