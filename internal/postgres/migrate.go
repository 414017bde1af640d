package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/tern/v2/migrate"
)

// versionTable is where tern writes how many migrations are applied.
const versionTable = "public.schema_version"

// ErrVersion: the database is not at the version that this program knows. The
// error around it says which is older. Callers refuse to start.
var ErrVersion = errors.New("the database is at another version")

// Migrate applies the migrations of files that the database does not have yet,
// each in a transaction of its own. Several may run at once: they wait for each
// other. conn must be able to create roles the first time. A database that is
// newer than files is refused with ErrVersion. Errors name the file and line.
//
// Migrations only go forward: a file with a way down is refused, because a
// signed format or a destroyed record cannot be brought back by SQL.
func Migrate(ctx context.Context, conn *pgx.Conn, files fs.FS) error {
	m, err := migrate.NewMigrator(ctx, conn, versionTable)
	if err != nil {
		return fmt.Errorf("prepare the version table: %w", err)
	}
	if err := m.LoadMigrations(files); err != nil {
		return fmt.Errorf("load the migrations: %w", err)
	}
	for _, step := range m.Migrations {
		if step.DownSQL != "" {
			return fmt.Errorf("migration %s has a way down: migrations only go forward", step.Name)
		}
	}
	err = m.Migrate(ctx)
	if _, ok := errors.AsType[migrate.BadVersionError](err); ok {
		return CheckVersion(ctx, conn, files)
	}
	if failed, ok := errors.AsType[migrate.MigrationPgError](err); ok {
		return fmt.Errorf("migrate: line %d of %w", line(failed), err)
	}
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return migrateJobs(ctx, conn)
}

// line turns the server's character position into a line of the file.
func line(e migrate.MigrationPgError) int {
	n := 1
	for i, r := range []rune(e.Sql) {
		if i >= int(e.Position)-1 {
			break
		}
		if r == '\n' {
			n++
		}
	}
	return n
}

// CheckVersion returns nil if the database has exactly the migrations of
// files, else an error around ErrVersion that says what to do. It changes
// nothing and needs only the right to read the version.
func CheckVersion(ctx context.Context, conn *pgx.Conn, files fs.FS) error {
	names, err := migrate.FindMigrations(files)
	if err != nil {
		return fmt.Errorf("list the migrations: %w", err)
	}
	have, err := schemaVersion(ctx, conn)
	if err != nil {
		return err
	}
	switch want := len(names); {
	case have < want:
		return fmt.Errorf("%w: it has %d of the %d migrations of this program; run gatepost migrate", ErrVersion, have, want)
	case have > want:
		return fmt.Errorf("%w: it has %d migrations and this program knows %d; start the newer program", ErrVersion, have, want)
	}
	return nil
}

func schemaVersion(ctx context.Context, conn *pgx.Conn) (int, error) {
	var version int
	err := conn.QueryRow(ctx, "select version from "+versionTable).Scan(&version)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && strings.HasPrefix(pg.Code, "42P01") {
		return 0, nil // never migrated
	}
	if err != nil {
		return 0, fmt.Errorf("read the database's version: %w", clean(err))
	}
	return version, nil
}
