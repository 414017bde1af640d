package postgres_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
)

func sqlFiles(bodies ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for i, body := range bodies {
		files["00"+string(rune('1'+i))+"_step.sql"] = &fstest.MapFile{Data: []byte(body)}
	}
	return files
}

const (
	step1 = "create table step (n int);\n"
	step2 = "insert into step values (2);\n"
	step3 = "insert into step values (3);\n"
)

// Four of us start at once, as four machines of one deployment do.
func TestMigrateAtOnce(t *testing.T) {
	d := postgrestest.New(t, postgrestest.WithMigrations(sqlFiles(step1)))
	var all sync.WaitGroup
	for range 4 {
		conn := d.Admin()
		all.Go(func() {
			if err := postgres.Migrate(t.Context(), conn, sqlFiles(step1, step2, step3)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	var n int
	if err := d.Admin().QueryRow(t.Context(), "select count(*) from step").Scan(&n); err != nil || n != 2 {
		t.Errorf("the two steps ran %d times (%v)", n, err)
	}
}

func TestVersion(t *testing.T) {
	d := postgrestest.New(t, postgrestest.WithMigrations(sqlFiles(step1, step2)))
	conn := d.Admin()
	if err := postgres.CheckVersion(t.Context(), conn, sqlFiles(step1, step2)); err != nil {
		t.Errorf("the same version: %v", err)
	}
	newer := postgres.CheckVersion(t.Context(), conn, sqlFiles(step1))
	if !errors.Is(newer, postgres.ErrVersion) || !strings.Contains(newer.Error(), "start the newer program") {
		t.Errorf("a newer database: %v", newer)
	}
	older := postgres.CheckVersion(t.Context(), conn, sqlFiles(step1, step2, step3))
	if !errors.Is(older, postgres.ErrVersion) || !strings.Contains(older.Error(), "run gatepost migrate") {
		t.Errorf("an older database: %v", older)
	}
	if err := postgres.Migrate(t.Context(), conn, sqlFiles(step1)); !errors.Is(err, postgres.ErrVersion) {
		t.Errorf("migrating a newer database: %v", err)
	}
	if _, err := conn.Exec(t.Context(), "drop table schema_version"); err != nil {
		t.Fatal(err)
	}
	if err := postgres.CheckVersion(t.Context(), conn, sqlFiles(step1)); !errors.Is(err, postgres.ErrVersion) {
		t.Errorf("a database that was never migrated: %v", err)
	}
}

func TestMigrateRefuses(t *testing.T) {
	tests := []struct {
		name  string
		files fstest.MapFS
		want  string
	}{
		{"a mistake, by file and line", sqlFiles(step1, step2, "insert into step values (1);\n\nselect nonsense;\n"), "line 3 of 003_step.sql"},
		{"a way down", sqlFiles(step1, step2, step3+"---- create above / drop below ----\ndelete from step;"), "003_step.sql has a way down"},
		{"nothing to do", fstest.MapFS{}, "load the migrations"},
		{"a number left out", fstest.MapFS{"002_step.sql": {Data: []byte(step2)}}, "load the migrations"},
	}
	d := postgrestest.New(t, postgrestest.WithMigrations(sqlFiles(step1, step2)))
	conn := d.Admin()
	for _, tt := range tests {
		err := postgres.Migrate(t.Context(), conn, tt.files)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
		var n int
		if err := d.Admin().QueryRow(t.Context(), "select count(*) from step").Scan(&n); err != nil || n != 1 {
			t.Errorf("%s: half of it is there: %d rows (%v)", tt.name, n, err)
		}
	}
	if err := postgres.CheckVersion(t.Context(), conn, sqlFiles(step1, step2)); err != nil {
		t.Errorf("after refusals: %v", err)
	}
}
