package postgrestest_test

import (
	"context"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// The program's own migrations apply, and each role may connect.
func TestRoles(t *testing.T) {
	d := postgrestest.New(t)
	for _, role := range postgres.Roles() {
		if err := d.DB(role).Ping(t.Context()); err != nil {
			t.Errorf("%s: %v", role, err)
		}
	}
}

// What one test writes another never sees, and a dropped database is gone.
func TestOwnDatabase(t *testing.T) {
	files := fstest.MapFS{"001_note.sql": {Data: []byte("create table note (id int)")}}
	count := func(conn *pgx.Conn, sql string, args ...any) (n int) {
		t.Helper()
		if err := conn.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	var gone string
	for range 2 {
		t.Run("", func(t *testing.T) {
			d := postgrestest.New(t, postgrestest.WithMigrations(files))
			if gone = d.Name(); count(d.Admin(), "select count(*) from note") != 0 {
				t.Error("a new database has rows of another test")
			}
			if _, err := d.Admin().Exec(t.Context(), "insert into note values (1)"); err != nil {
				t.Fatal(err)
			}
		})
	}
	other := postgrestest.New(t, postgrestest.WithMigrations(files)).Admin()
	if count(other, "select count(*) from pg_database where datname = $1", gone) != 0 {
		t.Error("the database of a test that has ended is still there")
	}
}
