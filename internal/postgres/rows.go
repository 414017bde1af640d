package postgres

import "github.com/jackc/pgx/v5"

// One queues a query whose one row goes into dst, by the names of its columns.
// None is pgx.ErrNoRows, which Fault turns into NotFound; more than one is an
// error as well. dst is set when the batch was sent.
func One[T any](b *pgx.Batch, dst *T, sql string, args ...any) {
	b.Queue(sql, args...).Query(func(r pgx.Rows) (err error) {
		*dst, err = pgx.CollectExactlyOneRow(r, pgx.RowToStructByName[T])
		return err
	})
}

// Many queues a query whose rows go into dst, in their order, by the names of
// their columns. dst is empty for none.
func Many[T any](b *pgx.Batch, dst *[]T, sql string, args ...any) {
	b.Queue(sql, args...).Query(func(r pgx.Rows) (err error) {
		*dst, err = pgx.CollectRows(r, pgx.RowToStructByName[T])
		return err
	})
}
