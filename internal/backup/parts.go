package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/parts"
)

// Before the snapshot: nothing that it sees is deleted in the store until the backup
// is whole.
const sqlPartsStay = `select pg_advisory_lock_shared($1)`

// placed is where a large part of an agency lies.
type placed struct {
	parts.Place
	agency string
}

// places lists where the large parts of the snapshot lie, each once, by key.
func (s *snapshot) places(ctx context.Context) ([]placed, error) {
	columns, err := parts.Columns(ctx, s.tx)
	if err != nil {
		return nil, err
	}
	all := map[parts.Key]placed{}
	for _, c := range columns {
		rows, err := s.tx.Query(ctx, "select agency_id, "+c.Name()+" from "+c.Table+" where part_key("+c.Name()+") is not null")
		if err != nil {
			return nil, fmt.Errorf("list the large parts: %w", err)
		}
		found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
			Agency string
			Column []byte
		}])
		if err != nil {
			return nil, fmt.Errorf("list the large parts: %w", err)
		}
		for _, one := range found {
			p, _, err := parts.ParsePlace(one.Column)
			if err != nil {
				return nil, errors.New("a row says of a large part what no place is, so somebody other than this program wrote the database: change the roles' passwords, and find the row by the alarm that opening it raises")
			}
			all[p.Key] = placed{p, one.Agency}
		}
	}
	return slices.SortedFunc(maps.Values(all), func(a, b placed) int { return compareKeys(a.Key, b.Key) }), nil
}

func compareKeys(a, b parts.Key) int {
	if a < b {
		return -1
	}
	return 1 // no key is there twice
}

// partsOf counts what the parts take in the file.
func partsOf(places []placed) (bytes int64) {
	for _, p := range places {
		bytes += int64(parts.PlaceSize) + int64(p.Size)
	}
	return bytes
}

// writeParts writes each part behind where it lay. It gives those that are there, and
// those that the store does not have as their rows say; from the first of these on
// nothing is written, for the manifest in front says otherwise, but each is looked at.
func writeParts(ctx context.Context, w io.Writer, store *parts.Store, places []placed) (there, missing []placed, err error) {
	for _, p := range places {
		b, err := store.Fetch(ctx, p.Place)
		switch {
		case errors.Is(err, parts.ErrLost):
			missing, w = append(missing, p), io.Discard
			continue
		case err != nil:
			return nil, nil, fmt.Errorf("read the large parts: %w; try again when gatepost doctor finds nothing wrong with the store", err)
		}
		if _, err := w.Write(p.Column()); err != nil {
			return nil, nil, fmt.Errorf("write the backup: %w", err)
		}
		if _, err := w.Write(b); err != nil {
			return nil, nil, fmt.Errorf("write the backup: %w", err)
		}
		there = append(there, p)
	}
	return there, missing, nil
}

// named lists the first of some keys.
func named(keys []parts.Key) string {
	const most = 5
	var list []string
	for _, k := range keys[:min(len(keys), most)] {
		list = append(list, string(k))
	}
	if len(keys) > most {
		list = append(list, "…")
	}
	return strings.Join(list, ", ")
}

const (
	// A backup's connection is shown no thinned rows but told so; what notes reads one agency's.
	sqlAgency     = `select set_config('gatepost.agency', $1, false), set_config('row_security', 'on', false)`
	sqlPartMissed = `select part_missed($1)`
	sqlWrittenOff = `select exists (select from part_lost where agency_id = $1 and key = $2 and written_off_at is not null)`
)

// Tell notes in the database what the store has lost, over the connection string of
// gatepost_backup, and gives how many of it nobody has written off. The backup is whole
// whatever becomes of that.
func (w Written) Tell(ctx context.Context, dsn string) (open int, err error) {
	if len(w.missing) == 0 {
		return 0, nil
	}
	conn, err := connect(ctx, "backup", dsn, "")
	if err != nil {
		return len(w.missing), err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	for i, p := range w.missing {
		off := false
		_, err := conn.Exec(ctx, sqlAgency, p.agency)
		if err == nil {
			_, err = conn.Exec(ctx, sqlPartMissed, string(p.Key))
		}
		if err == nil {
			err = conn.QueryRow(ctx, sqlWrittenOff, p.agency, string(p.Key)).Scan(&off)
		}
		if err != nil {
			return open + len(w.missing) - i, fmt.Errorf("note what the store has lost: %w", err)
		}
		if !off {
			open++
		}
	}
	return open, nil
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
