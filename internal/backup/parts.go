package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/parts"
)

// Before the snapshot: nothing that it sees is deleted in the store until the backup
// is whole.
const sqlPartsStay = `select pg_advisory_lock_shared($1)`

// places lists where the large parts of the snapshot lie, each once, by key.
func (s *snapshot) places(ctx context.Context) ([]parts.Place, error) {
	columns, err := parts.Columns(ctx, s.tx)
	if err != nil {
		return nil, err
	}
	all := map[parts.Key]parts.Place{}
	for _, c := range columns {
		rows, err := s.tx.Query(ctx, "select "+c.Name()+" from "+c.Table+" where part_key("+c.Name()+") is not null")
		if err != nil {
			return nil, fmt.Errorf("list the large parts: %w", err)
		}
		found, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
		if err != nil {
			return nil, fmt.Errorf("list the large parts: %w", err)
		}
		for _, column := range found {
			p, _, err := parts.ParsePlace(column)
			if err != nil {
				return nil, errors.New("a row says of a large part what no place is, so somebody other than this program wrote the database: change the roles' passwords, and find the row by the alarm that opening it raises")
			}
			all[p.Key] = p
		}
	}
	return slices.SortedFunc(maps.Values(all), func(a, b parts.Place) int { return compareKeys(a.Key, b.Key) }), nil
}

func compareKeys(a, b parts.Key) int {
	if a < b {
		return -1
	}
	return 1 // no key is there twice
}

// partsOf counts what the parts take in the file.
func partsOf(places []parts.Place) (bytes int64) {
	for _, p := range places {
		bytes += int64(parts.PlaceSize) + int64(p.Size)
	}
	return bytes
}

// writeParts writes each part behind where it lay.
func writeParts(ctx context.Context, w io.Writer, store *parts.Store, places []parts.Place) error {
	for _, p := range places {
		b, err := store.Fetch(ctx, p)
		switch {
		case errors.Is(err, parts.ErrLost):
			return fmt.Errorf("%w: the store does not have %s as its row says; a backup without it would hide that: look for it in an older backup, and at who writes the bucket (docs/operations.md)", err, p.Key)
		case err != nil:
			return fmt.Errorf("read the large parts: %w; try again when gatepost doctor finds nothing wrong with the store", err)
		}
		if _, err := w.Write(p.Column()); err != nil {
			return fmt.Errorf("write the backup: %w", err)
		}
		if _, err := w.Write(b); err != nil {
			return fmt.Errorf("write the backup: %w", err)
		}
	}
	return nil
}

// readParts reads the parts that stand before the dump, compares each with what is
// said of it, and hands it to put.
func (m Manifest) readParts(r io.Reader, put func(parts.Place, []byte) error) error {
	left := m.PartBytes
	for range m.Parts {
		head := make([]byte, parts.PlaceSize)
		if _, err := io.ReadFull(r, head); err != nil {
			return cut(err)
		}
		p, placed, err := parts.ParsePlace(head)
		if left -= int64(parts.PlaceSize) + int64(p.Size); err != nil || !placed || left < 0 {
			return ErrManifest
		}
		b := make([]byte, p.Size)
		if _, err := io.ReadFull(r, b); err != nil {
			return cut(err)
		}
		if !p.Is(b) {
			return ErrManifest
		}
		if err := put(p, b); err != nil {
			return err
		}
	}
	if left != 0 {
		return ErrManifest
	}
	return nil
}

// cut says of a file that ends among its parts that it is none.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrManifest
	}
	return err
}
