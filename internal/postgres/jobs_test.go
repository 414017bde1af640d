package postgres_test

import (
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
	"gatepost/migrations"
)

// Migrators that come at once, and one that comes again, leave one queue; only
// its worker has rights on it.
func TestMigrate_Jobs(t *testing.T) {
	db := postgrestest.New(t)
	admin := db.Admin()
	if _, err := admin.Exec(t.Context(), "drop schema jobs cascade; create schema jobs authorization gatepost_owner; grant usage on schema jobs to gatepost_notify, gatepost_backup"); err != nil {
		t.Fatal(err)
	}
	conns := []*pgx.Conn{db.Admin(), db.Admin(), db.Admin()}
	var migrating sync.WaitGroup
	for _, conn := range conns {
		migrating.Go(func() {
			if err := postgres.Migrate(t.Context(), conn, migrations.Files); err != nil {
				t.Error(err)
			}
		})
	}
	migrating.Wait()
	for sql, want := range map[string]bool{
		`select count(*) = count(distinct version) and count(*) > 5 from jobs.river_migration`:                                                                                                         true,
		`select bool_and(tableowner = 'gatepost_owner') from pg_tables where schemaname = 'jobs'`:                                                                                                      true,
		`select has_table_privilege('gatepost_notify', 'jobs.river_job', 'select, insert, update, delete')`:                                                                                            true,
		`select bool_or(has_table_privilege(r, 'jobs.river_job', 'select, insert, update, delete')) from unnest(array['gatepost_public', 'gatepost_staff', 'gatepost_audit', 'gatepost_retention']) r`: false,
		`select bool_or(has_schema_privilege(r, 'jobs', 'usage')) from unnest(array['gatepost_public', 'gatepost_staff', 'gatepost_audit', 'gatepost_retention']) r`:                                   false,
		`select bool_and(has_table_privilege('gatepost_backup', 'jobs.' || quote_ident(tablename), 'select')) from pg_tables where schemaname = 'jobs'`:                                                true,
		`select has_table_privilege('gatepost_backup', 'jobs.river_job', 'insert, update, delete')`:                                                                                                    false,
	} {
		var got bool
		if err := admin.QueryRow(t.Context(), sql).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %v, %v", sql, got, err)
		}
	}
}
