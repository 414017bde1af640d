package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

const (
	sqlWALSyncs = "select wal_sync from pg_stat_wal"
	// Since PostgreSQL 18 pg_stat_wal has no such column: all input and output
	// is counted in pg_stat_io.
	sqlWALSyncs18 = "select coalesce(sum(fsyncs), 0)::bigint from pg_stat_io where object = 'wal'"
)

// Commits counts how often the server has flushed its log to disk since its
// counters were reset: several commits that waited together are one. The
// counter lags: a session adds its share at most once a second while it works,
// and for certain only when it ends. Whoever wants an exact figure closes the
// pool that did the work and then asks here, on a connection of its own.
//
// A server that runs without fsync counts nothing. The role needs no special
// right.
func Commits(ctx context.Context, conn *pgx.Conn) (int64, error) {
	version, err := majorVersion(conn.PgConn().ParameterStatus("server_version"))
	if err != nil {
		return 0, err
	}
	sql := sqlWALSyncs
	if version >= 18 {
		sql = sqlWALSyncs18
	}
	var n int64
	if err := conn.QueryRow(ctx, sql).Scan(&n); err != nil {
		return 0, fmt.Errorf("read the count of log flushes: %w", clean(err))
	}
	return n, nil
}
