package postgres

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// JobsSchema is where the queue of jobs stands, apart from the program's tables.
const JobsSchema = "jobs"

const (
	sqlJobsSchema = "select exists (select from pg_namespace where nspname = '" + JobsSchema + "')"
	// Two migrators at once would both make the tables.
	sqlJobsLock = "select pg_advisory_xact_lock(hashtext('gatepost jobs'))"

	// River's own migrations know nothing of our roles. Whoever works the queue may change any job in it, so nobody else has
	// a right on its tables; everybody else calls enqueue.
	ddlJobsRights = `grant select, insert, update, delete on jobs.river_job, jobs.river_leader, jobs.river_queue to gatepost_notify;
		grant select on jobs.river_migration to gatepost_notify;
		grant usage on sequence jobs.river_job_id_seq to gatepost_notify;
		grant select on all tables in schema jobs to gatepost_backup;
		grant select on all sequences in schema jobs to gatepost_backup`
)

// migrateJobs brings River's tables to the version that this program's River
// knows, as gatepost_owner. Migrations that make no
// schema for jobs (some tests') get none.
func migrateJobs(ctx context.Context, conn *pgx.Conn) error {
	var wanted bool
	if err := conn.QueryRow(ctx, sqlJobsSchema).Scan(&wanted); err != nil {
		return fmt.Errorf("look for the schema of jobs: %w", clean(err))
	}
	if !wanted {
		return nil
	}
	m, err := rivermigrate.New(riverpgxv5.New(nil), &rivermigrate.Config{Schema: JobsSchema, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("prepare the migrations of jobs: %w", err)
	}
	for done := false; !done; {
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			done, err = jobsStep(ctx, tx, m)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// jobsStep applies the next of River's migrations, and gives the rights once
// none is left. Each needs a transaction of its own: one adds a value to an
// enumeration that a later one uses.
func jobsStep(ctx context.Context, tx pgx.Tx, m *rivermigrate.Migrator[pgx.Tx]) (done bool, err error) {
	if _, err := tx.Exec(ctx, sqlJobsLock); err != nil {
		return false, fmt.Errorf("wait for another migration of jobs: %w", clean(err))
	}
	if _, err := tx.Exec(ctx, "set local role "+RoleOwner); err != nil {
		return false, fmt.Errorf("become the owner: %w", clean(err))
	}
	//lint:ignore SA1019 a transaction of each step's own is what its successor does too, and here it must also be the owner's
	result, err := m.MigrateTx(ctx, tx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{MaxSteps: 1})
	if err != nil {
		return false, fmt.Errorf("migrate jobs: %w", err)
	}
	if len(result.Versions) > 0 {
		return false, nil
	}
	if _, err := tx.Exec(ctx, ddlJobsRights); err != nil {
		return false, fmt.Errorf("give the rights on jobs: %w", clean(err))
	}
	return true, nil
}
