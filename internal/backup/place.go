package backup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/postgres"
	"gatepost/migrations"
)

const (
	sqlServer = `select current_setting('server_version_num')::int / 10000, current_setting('server_encoding')`
	// Everything that somebody has made: a new database has an empty schema public.
	sqlMade = `select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
			where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_')
		or exists (select from pg_namespace n where n.nspname not in ('pg_catalog', 'information_schema', 'public') and n.nspname !~ '^pg_')`
	// Those that connect to serve have settings; the one that backs up sees all.
	sqlRolesReady = `select count(*) = cardinality($1::text[])
			and bool_and(rolname not in ('gatepost_public', 'gatepost_staff', 'gatepost_notify') or rolconfig::text ~ 'statement_timeout' and rolconfig::text ~ 'TimeZone|timezone')
			and bool_and(rolname <> 'gatepost_backup' or rolbypassrls)
		from pg_roles where rolname = any($1)`
	sqlSees = `select coalesce((select r.rolbypassrls or r.rolsuper from pg_roles r where r.rolname = 'gatepost_backup'), false)`
	// Left by a drill that was killed; one that is at work has a connection.
	sqlLeft = `select d.datname from pg_database d where d.datname ~ '^gatepost_check_[a-z2-7]{26}$'
		and not exists (select from pg_stat_activity a where a.datid = d.oid)`
	ddlClear = `drop schema if exists jobs cascade; drop schema public cascade; create schema public authorization pg_database_owner;
		grant usage on schema public to public`
)

// server refuses a server that cannot take the backup.
func (w *restoring) server(ctx context.Context) error {
	major, encoding := 0, ""
	if err := w.owner.QueryRow(ctx, sqlServer).Scan(&major, &encoding); err != nil {
		return fmt.Errorf("ask the server for its version: %w", err)
	}
	switch {
	case major < w.manifest.Server:
		return fmt.Errorf("the server is PostgreSQL %d and the backup is of PostgreSQL %d; start one that is as new", major, w.manifest.Server)
	case major > postgres.NewestVersion || major < postgres.OldestVersion:
		return fmt.Errorf("the server is PostgreSQL %d; this program needs %d to %d", major, postgres.OldestVersion, postgres.NewestVersion)
	case encoding != "UTF8":
		return errors.New("the database's encoding is not UTF8; make one that is: create database … encoding 'UTF8' template template0")
	}
	return nil
}

func (w *restoring) empty(ctx context.Context) error {
	made := false
	if err := w.owner.QueryRow(ctx, sqlMade).Scan(&made); err != nil {
		return fmt.Errorf("look whether the database is empty: %w", err)
	}
	if made {
		return errors.New("the database of database.owner is not empty and is not overwritten; make a new one, name it in the configuration, and restore there (--check tries the backup beside)")
	}
	return nil
}

// roles makes the roles with their settings, which are the cluster's and in no
// dump. The migrations know both; they are run in a database that is dropped.
func (w *restoring) roles(ctx context.Context) error {
	ready := false
	if err := w.owner.QueryRow(ctx, sqlRolesReady, postgres.Roles()).Scan(&ready); err != nil {
		return fmt.Errorf("look for the roles: %w", err)
	}
	if ready {
		return nil
	}
	err := w.scratch(ctx, func(name string) (err error) {
		conn, err := w.connectOwner(ctx, name)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
		return postgres.Migrate(ctx, conn, migrations.Files)
	})
	if code(err) == "42501" {
		return errors.New("database.owner may not make what is missing of the roles; let a superuser run once: alter role gatepost_owner createrole createdb, and take it back after the restore")
	}
	if err != nil {
		return fmt.Errorf("make the roles: %w", err)
	}
	sees := false
	if err := w.owner.QueryRow(ctx, sqlSees).Scan(&sees); err != nil {
		return fmt.Errorf("look for the roles: %w", err)
	}
	if !sees {
		return errThin
	}
	w.proved("the roles were missing or had lost their settings, and are made")
	return nil
}

// scratch makes a database beside, lets do use it, and drops it.
func (w *restoring) scratch(ctx context.Context, do func(name string) error) (err error) {
	if err := w.sweep(ctx); err != nil {
		return err
	}
	name := "gatepost_check_" + strings.ToLower(rand.Text())
	_, err = w.owner.Exec(ctx, "create database "+name+" encoding 'UTF8'")
	if code(err) == "42501" {
		return errors.New("database.owner may not make a database beside; let a superuser run once: alter role gatepost_owner createdb")
	}
	if err != nil {
		return fmt.Errorf("make a database beside: %w", err)
	}
	live := w.owner
	defer func() {
		if _, dropped := live.Exec(context.WithoutCancel(ctx), "drop database "+name+" with (force)"); dropped != nil {
			err = errors.Join(err, fmt.Errorf("the database %s is left; drop it by hand: %w", name, dropped))
		}
	}()
	return do(name)
}

// sweep drops what killed drills have left.
func (w *restoring) sweep(ctx context.Context) error {
	found, err := w.owner.Query(ctx, sqlLeft)
	if err != nil {
		return fmt.Errorf("look for what an earlier drill has left: %w", err)
	}
	names, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("look for what an earlier drill has left: %w", err)
	}
	for _, name := range names {
		// Another drill may begin in it or drop it in this moment: then it is not ours.
		_, _ = w.owner.Exec(ctx, "drop database if exists "+pgx.Identifier{name}.Sanitize())
	}
	return nil
}

// clear makes the database as empty as it was, after a restore that did not
// prove itself. It has a connection of its own: the other may be cut off.
func (w *restoring) clear(ctx context.Context) (err error) {
	ctx = context.WithoutCancel(ctx)
	conn, err := w.connectOwner(ctx, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	made := false
	if err := conn.QueryRow(ctx, sqlMade).Scan(&made); err != nil {
		return fmt.Errorf("look whether the database is empty: %w", err)
	}
	if !made {
		return nil
	}
	if _, err := conn.Exec(ctx, ddlClear); err != nil {
		return fmt.Errorf("what was restored could not be removed; drop the database by hand: %w", err)
	}
	return nil
}
