package backup

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/mod/sumdb/note"

	"gatepost/internal/logbook"
	"gatepost/internal/parts"
)

const (
	sqlSnapshot = `select pg_export_snapshot(), current_setting('server_version_num')::int / 10000,
		(select r.rolbypassrls or r.rolsuper from pg_roles r where r.rolname = current_user)`
	sqlSchema = `select version from public.schema_version`
	// Unlogged tables are in no backup. A temporary one is nobody's business.
	sqlTables = `select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where c.relkind in ('r', 'p') and c.relpersistence = 'p' and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_'
		order by n.nspname, c.relname`
	sqlLogs = `select a.id, (select count(*) from audit_body b where b.agency_id = a.id),
			array(select c.note from audit_checkpoint c where c.agency_id = a.id order by c.size desc limit 16)
		from agency a order by a.id`
)

// connect opens one connection without limits of time. setting is what the
// configuration calls dsn; database is another one than dsn's, or "".
func connect(ctx context.Context, setting, dsn, database string) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("database.%s is no connection string; correct it", setting)
	}
	if database != "" {
		cfg.Database = database
	}
	for name, value := range map[string]string{"application_name": "gatepost backup", "statement_timeout": "0",
		"idle_in_transaction_session_timeout": "0", "timezone": "UTC"} {
		cfg.RuntimeParams[name] = value
	}
	if setting == "backup" {
		cfg.RuntimeParams["row_security"] = "off" // what it would thin out is an error
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "53300" {
		return nil, errors.New("the database has no connection left; raise its max_connections, or try again later")
	}
	if err != nil {
		// The driver's own words hold the whole address.
		return nil, fmt.Errorf("the database cannot be reached; check database.%s and that it runs", setting)
	}
	return conn, nil
}

// Database gives dsn with another database in it, for libpq and pgx alike.
func Database(dsn, name string) (string, error) {
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		// Of two the last one counts.
		return dsn + " dbname='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(name) + "'", nil
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return "", errors.New("a connection string is no address; correct it") // the parser's words hold it
	}
	u.Path = "/" + name
	query := u.Query()
	query.Del("dbname")
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// snapshot is one state of the database, held by a transaction that is open.
type snapshot struct {
	conn   *pgx.Conn
	tx     pgx.Tx
	name   string // for pg_dump
	server int    // major version
	schema int
}

// keepParts lets what a snapshot sees stay in the store of large parts until it is
// closed.
func keepParts(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, sqlPartsStay, parts.BackupLock); err != nil {
		return fmt.Errorf("keep the large parts where they are: %w", err)
	}
	return nil
}

// openSnapshot refuses a role that would see less than all. before are done first.
func openSnapshot(ctx context.Context, dsn, database string, before ...func(context.Context, *pgx.Conn) error) (_ *snapshot, err error) {
	s := &snapshot{}
	if s.conn, err = connect(ctx, "backup", dsn, database); err != nil {
		return nil, err
	}
	for _, do := range before {
		if err := do(ctx, s.conn); err != nil {
			return nil, errors.Join(err, s.close(ctx))
		}
	}
	if err = s.begin(ctx); err != nil {
		return nil, errors.Join(err, s.close(ctx))
	}
	return s, nil
}

func (s *snapshot) begin(ctx context.Context) (err error) {
	if s.tx, err = s.conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}); err != nil {
		return fmt.Errorf("begin a snapshot: %w", err)
	}
	all := false
	if err := s.tx.QueryRow(ctx, sqlSnapshot).Scan(&s.name, &s.server, &all); err != nil {
		return fmt.Errorf("take a snapshot: %w", err)
	}
	if !all {
		return errThin
	}
	err = s.tx.QueryRow(ctx, sqlSchema).Scan(&s.schema)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "42P01" {
		return errors.New("the database is empty: there is nothing to back up; check database.backup")
	}
	if err != nil {
		return fmt.Errorf("read the database's version: %w", err)
	}
	return nil
}

func (s *snapshot) close(ctx context.Context) error { return s.conn.Close(context.WithoutCancel(ctx)) }

var errThin = errors.New("the role of database.backup does not see every row, and a backup would be thin: connect as gatepost_backup, " +
	"and let a superuser run once: alter role gatepost_backup bypassrls")

// rows counts every table.
func (s *snapshot) rows(ctx context.Context) (map[string]int64, error) {
	found, err := s.tx.Query(ctx, sqlTables)
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	type table struct{ Schema, Name string }
	tables, err := pgx.CollectRows(found, pgx.RowToStructByPos[table])
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	counts := make(map[string]int64, len(tables))
	for _, t := range tables {
		var n int64
		err := s.tx.QueryRow(ctx, "select count(*) from "+pgx.Identifier{t.Schema, t.Name}.Sanitize()).Scan(&n)
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "42501" {
			return nil, fmt.Errorf("the role of database.backup may not read all of %s.%s; run gatepost migrate, and then the backup again", t.Schema, t.Name)
		}
		if err != nil {
			return nil, fmt.Errorf("count the rows of %s.%s: %w", t.Schema, t.Name, err)
		}
		counts[t.Schema+"."+t.Name] = n
	}
	return counts, nil
}

// logs reads how far each agency's log is. verifiers are of the logs' keys, by
// agency; where one is missing, no checkpoint is believed.
func (s *snapshot) logs(ctx context.Context, verifiers map[string]string) ([]Log, error) {
	keys := make(map[string]note.Verifiers, len(verifiers))
	for agency, text := range verifiers {
		v, err := note.NewVerifier(text)
		if err != nil {
			return nil, fmt.Errorf("the stanza of the agency %s has no verifier of its log; correct it", agency)
		}
		keys[agency] = note.VerifierList(v)
	}
	found, err := s.tx.Query(ctx, sqlLogs)
	if err != nil {
		return nil, fmt.Errorf("list the logs: %w", err)
	}
	logs, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (l Log, err error) {
		var notes [][]byte
		if err := row.Scan(&l.Agency, &l.Size, &notes); err != nil {
			return l, err
		}
		known, ok := keys[l.Agency]
		if !ok {
			known = note.VerifierList()
		}
		_, newest, unsigned := logbook.Newest(notes, l.Agency, known)
		l.Checkpoint, l.Unsigned = string(newest), unsigned
		return l, nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the logs: %w", err)
	}
	return logs, nil
}
