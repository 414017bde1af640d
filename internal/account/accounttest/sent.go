package accounttest

import (
	"context"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"gatepost/internal/postgres"
)

// Sent notes which statements a database was sent, so that a test can compare
// what two requests asked.
type Sent struct {
	mu  sync.Mutex
	sql []string // guarded by mu
}

// Take gives the statements since the last Take, in order.
func (s *Sent) Take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	sql := slices.Clone(s.sql)
	s.sql = nil
	return sql
}

// watch is a postgres.Option.
func (s *Sent) watch(cfg *pgxpool.Config, _ *postgres.DB) { cfg.ConnConfig.Tracer = s }

// TraceBatchStart is pgx's.
func (s *Sent) TraceBatchStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceBatchStartData) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range d.Batch.QueuedQueries {
		s.sql = append(s.sql, q.SQL)
	}
	return ctx
}

// TraceBatchQuery is pgx's.
func (s *Sent) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd is pgx's.
func (s *Sent) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// TraceQueryStart is pgx's. The program sends batches only.
func (s *Sent) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sql = append(s.sql, d.SQL)
	return ctx
}

// TraceQueryEnd is pgx's.
func (s *Sent) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
