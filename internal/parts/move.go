package parts

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
)

// Column is a column whose rows may hold a place.
type Column struct {
	Table  string // as SQL writes it
	Column string
}

// Name is the column as SQL writes it.
func (c Column) Name() string { return pgx.Identifier{c.Column}.Sanitize() }

// A table joins by its triggers; an older schema has none.
const sqlColumns = `select t.tgrelid::regclass::text, rtrim(encode(t.tgargs, 'escape'), '\0') from pg_trigger t
	where t.tgfoid = to_regprocedure('public.part_goes()') order by 1, 2`

// Columns lists the columns of a database whose rows may hold a place.
func Columns(ctx context.Context, db interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}) ([]Column, error) {
	rows, err := db.Query(ctx, sqlColumns)
	if err != nil {
		return nil, fmt.Errorf("list what may lie in a store: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Column])
	if err != nil {
		return nil, fmt.Errorf("list what may lie in a store: %w", err)
	}
	return list, nil
}

// Move moves large parts between the database and a store, a part and a row at a
// time, so that it can be stopped anywhere and begun again: a part is where its row
// says, before, between and after.
type Move struct {
	Conn  *pgx.Conn // of database.owner
	Store *Store    // whose bucket has to be the database's: ErrAnother
	Into  bool      // into the store; else into the database
	// Moved is told each part that has moved.
	Moved func()
}

// listed is how many rows are listed at a time.
const listed = 100

// Run moves until nothing is left to be moved, and gives how many parts moved.
// Lost ones stay as they are, are counted in the error, which is ErrLost, and stop
// nothing else.
func (m Move) Run(ctx context.Context) (n int, err error) {
	if m.Into && !m.Store.Keeps() {
		return 0, errors.New("parts.read_only is set, so nothing goes into the store; remove it")
	}
	if m.Store, err = Own(ctx, m.Conn, m.Store); err != nil {
		return 0, err
	}
	if err := m.Store.Ours(ctx); err != nil {
		return 0, err
	}
	columns, err := Columns(ctx, m.Conn)
	if err != nil {
		return 0, err
	}
	agencies, err := texts(ctx, m.Conn, sqlAgencies)
	if err != nil {
		return 0, err
	}
	lost := 0
	for _, a := range agencies {
		if err := begin(ctx, m.Conn, a); err != nil {
			return n, err
		}
		for _, c := range columns {
			moved, gone, err := m.column(ctx, c)
			n, lost = n+moved, lost+gone
			if err != nil {
				return n, err
			}
		}
	}
	if lost > 0 {
		return n, fmt.Errorf("%w: the store does not have %d parts as their rows say; look for them in a backup", ErrLost, lost)
	}
	return n, nil
}

const sqlAgencies = "select id from agency order by id"

// begin goes on with an agency.
func begin(ctx context.Context, conn *pgx.Conn, agency string) error {
	if _, err := conn.Exec(ctx, "select set_config('gatepost.agency', $1, false)", agency); err != nil {
		return fmt.Errorf("begin with an agency: %w", err)
	}
	return nil
}

// own acts as the owner of the tables, over a connection of database.owner.
func own(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, "set role gatepost_owner"); err != nil {
		return errors.New("act as the owner of the tables: database.owner may not; name the one that gatepost migrate uses")
	}
	return nil
}

// column moves what is to be moved of one agency's rows. A row that changes meanwhile
// has another place in its table, so it looks until there is nothing more.
func (m Move) column(ctx context.Context, c Column) (n, lost int, err error) {
	for {
		moved, lost, err := m.pass(ctx, c)
		n += moved
		if err != nil || moved == 0 {
			return n, lost, err
		}
	}
}

func (m Move) pass(ctx context.Context, c Column) (n, lost int, err error) {
	which := fmt.Sprintf("octet_length(%[1]s) >= %[2]d and part_key(%[1]s) is null", c.Name(), Large)
	if !m.Into {
		which = fmt.Sprintf("part_key(%s) is not null", c.Name())
	}
	sql := fmt.Sprintf("select ctid::text from %s where agency_id = agency() and %s and ctid > $1::tid order by ctid limit %d", c.Table, which, listed)
	last := "(0,0)"
	for {
		rows, err := texts(ctx, m.Conn, sql, last)
		if err != nil || len(rows) == 0 {
			return n, lost, err
		}
		last = rows[len(rows)-1]
		for _, ctid := range rows {
			moved, err := m.row(ctx, c, ctid)
			switch {
			case errors.Is(err, ErrLost):
				lost++
			case err != nil:
				return n, lost, err
			case moved:
				n++
				m.Moved()
			}
		}
	}
}

// row moves one part. false: the row has changed meanwhile.
func (m Move) row(ctx context.Context, c Column, ctid string) (bool, error) {
	var was []byte
	err := m.Conn.QueryRow(ctx, fmt.Sprintf("select %s from %s where ctid = $1::tid and agency_id = agency()", c.Name(), c.Table), ctid).Scan(&was)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && len(was) == 0 {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read a part: %w", err)
	}
	now, err := m.other(ctx, was)
	if err != nil || now == nil {
		return false, err
	}
	digest := sha256.Sum256(was)
	tag, err := m.Conn.Exec(ctx, fmt.Sprintf("update %[1]s set %[2]s = $2 where ctid = $1::tid and agency_id = agency() and sha256(%[2]s) = $3", c.Table, c.Name()), ctid, now, digest[:])
	if err != nil {
		return false, fmt.Errorf("write where a part lies: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

// other is what the row holds after the move; nil where it is there already.
func (m Move) other(ctx context.Context, was []byte) ([]byte, error) {
	_, placed, err := ParsePlace(was)
	switch {
	case err != nil:
		return nil, ErrLost
	case placed == m.Into:
		return nil, nil
	case placed:
		return m.Store.Get(ctx, was)
	}
	return m.Store.Put(ctx, len(was), func(w io.Writer) error {
		_, err := w.Write(was)
		return err
	})
}

func texts(ctx context.Context, conn *pgx.Conn, sql string, args ...any) ([]string, error) {
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("list what is to be moved: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list what is to be moved: %w", err)
	}
	return list, nil
}
