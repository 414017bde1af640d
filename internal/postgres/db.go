package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Versions of PostgreSQL that the program is tested with. An older one lacks
// security_invoker views and pg_stat_wal, a newer one is not known yet.
const (
	OldestVersion = 15
	NewestVersion = 18
)

// Scope says on whose behalf SQL runs. Row-level security shows the rows of
// Agency and, to families, those of Account's sides. An empty field shows
// nothing that depends on it.
type Scope struct{ Agency, Account string }

// DB is a pool of connections in one role. It is safe for use by many
// goroutines. The zero value is useless; Open makes one.
type DB struct {
	pool        *pgxpool.Pool
	constraints Constraints
}

// Option changes what Open makes.
type Option func(*pgxpool.Config, *DB)

// WithConnections sets how many connections the pool may open. Without it the
// pool_max_conns of the connection string counts, else two a core and at
// least eight: an act holds its connection for two short trips only.
func WithConnections(n int) Option {
	return func(cfg *pgxpool.Config, _ *DB) { cfg.MaxConns = int32(min(max(n, 1), 1000)) }
}

// WithConstraints says which fault a broken constraint is; DB.Fault uses it.
// Given more than once, all of them count.
func WithConstraints(c Constraints) Option {
	return func(_ *pgxpool.Config, db *DB) {
		if db.constraints == nil {
			db.constraints = Constraints{}
		}
		maps.Copy(db.constraints, c)
	}
}

// Open connects to the database that dsn names (a URL or key=value pairs) and
// proves that one connection works. It refuses a server outside
// OldestVersion..NewestVersion, now and at each later connection, so that a
// fail-over to another version is noticed. The errors never hold the password.
func Open(ctx context.Context, dsn string, opts ...Option) (*DB, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("read the database address: %w", err)
	}
	if !strings.Contains(dsn, "pool_max_conns") {
		cfg.MaxConns = int32(max(8, 2*runtime.NumCPU()))
	}
	db := &DB{}
	for _, opt := range opts {
		opt(cfg, db)
	}
	setDefaults(cfg.ConnConfig.RuntimeParams)
	cfg.AfterConnect = checkServer
	db.pool, err = pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := db.Ping(ctx); err != nil {
		db.pool.Close()
		return nil, err
	}
	return db, nil
}

// Application is the name under which a pool of this program shows in
// pg_stat_activity: "gatepost" and, where the build was stamped, the commit that
// it was made from. So instances of another build can be told.
func Application() string {
	const name, short = "gatepost", 12
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return name
	}
	for _, set := range info.Settings {
		if set.Key == "vcs.revision" && len(set.Value) >= short {
			return name + " " + set.Value[:short]
		}
	}
	return name
}

// setDefaults fills in what the connection string leaves open. Time limits of
// statements stand on the roles, where a session would override them; only a
// wait for a lock is set here, since Act tries again after it.
func setDefaults(params map[string]string) {
	for name, value := range map[string]string{
		"application_name": Application(),
		"lock_timeout":     "10s",
		"timezone":         "Europe/London", // current_date is the families' date
		// For Read. A page asks several questions; on one snapshot their answers
		// agree. Act says for itself what it needs.
		"default_transaction_isolation": "repeatable read",
		"default_transaction_read_only": "on",
	} {
		if _, set := params[name]; !set {
			params[name] = value
		}
	}
}

// Close waits until every connection is back and closes them all. No call may
// be begun after it.
func (db *DB) Close() { db.pool.Close() }

// Ping makes one round trip to the server.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.pool.Ping(ctx); err != nil {
		return fmt.Errorf("reach the database: %w", clean(err))
	}
	return nil
}

// checkServer costs no trip: the server says its version at each log-in.
func checkServer(_ context.Context, conn *pgx.Conn) error {
	version, err := majorVersion(conn.PgConn().ParameterStatus("server_version"))
	if err != nil {
		return err
	}
	if version < OldestVersion || version > NewestVersion {
		return fmt.Errorf("the database server is PostgreSQL %d: this program needs %d to %d",
			version, OldestVersion, NewestVersion)
	}
	return nil
}

// majorVersion reads "15.18 (Debian 15.18-0+deb12u1)", "18beta1" and "16.1".
func majorVersion(s string) (int, error) {
	end := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(s)
	}
	n, err := strconv.Atoi(s[:end])
	if err != nil {
		return 0, errors.New("the database server does not say its version")
	}
	return n, nil
}
