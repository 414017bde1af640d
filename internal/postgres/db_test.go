package postgres_test

import (
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/postgres"
	"gatepost/internal/postgres/private"
)

func TestOpenRefuses(t *testing.T) {
	d := world(t)
	for name, dsn := range map[string]string{
		"nonsense":     "host='",
		"no such role": d.DSN("nobody_here") + " password=swordfish",
		"no server":    "host=/nonexistent user=gatepost_staff password=swordfish",
	} {
		db, err := postgres.Open(t.Context(), dsn)
		if err == nil {
			db.Close()
			t.Errorf("%s: opened", name)
		} else if strings.Contains(err.Error(), "swordfish") {
			t.Errorf("%s: the error holds the password", name)
		}
	}
}

// Limits that a role has been given stay in force; the wait for a lock and the
// time zone, which decides what current_date is, are ours.
func TestSessionSettings(t *testing.T) {
	d := world(t)
	admin := d.Admin()
	if _, err := admin.Exec(t.Context(), "alter role gatepost_staff in database "+d.Name()+" set statement_timeout = '42s'"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ dsn, want string }{
		{d.DSN(postgres.RoleStaff), "42s 10s Europe/London gatepost"},
		{d.DSN(postgres.RoleStaff) + " lock_timeout=3000 application_name=bench", "42s 3s Europe/London bench"},
	} {
		db, err := postgres.Open(t.Context(), tt.dsn)
		if err != nil {
			t.Fatal(err)
		}
		var got string
		err = db.Read(t.Context(), north, func(b *pgx.Batch) {
			b.Queue("select concat_ws(' ', current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('timezone'), current_setting('application_name'))").
				QueryRow(func(row pgx.Row) error { return row.Scan(&got) })
		})
		db.Close()
		if err != nil || got != tt.want {
			t.Errorf("got %q (%v), want %q", got, err, tt.want)
		}
	}
}

// On a server that waits for its disk each act alone is one flush.
func TestCommits(t *testing.T) {
	dir, err := os.MkdirTemp("", "gatepost-commits-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	server, err := private.Start(t.Context(), private.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	conn, err := pgx.Connect(t.Context(), server.DSN(private.Admin, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "create table act (n int)"); err != nil {
		t.Fatal(err)
	}
	before, err := postgres.Commits(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	db, err := postgres.Open(t.Context(), server.DSN(private.Admin, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	const acts = 20
	for range acts {
		if err := db.Act(t.Context(), north, nil, queue("insert into act values (1)")); err != nil {
			t.Error(err)
		}
	}
	// The sessions hand in their counts as they end, a moment after the pool
	// has closed them.
	db.Close()
	for n := 1; n > 0; {
		if err := conn.QueryRow(t.Context(), "select count(*) from pg_stat_activity where application_name = 'gatepost'").Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	after, err := postgres.Commits(t.Context(), conn)
	if err != nil || after-before < acts {
		t.Errorf("%d acts counted as %d flushes (%v)", acts, after-before, err)
	}
}
