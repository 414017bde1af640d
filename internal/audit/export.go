package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"gatepost/internal/logbook"
	"gatepost/internal/postgres"
)

const (
	sqlLength = `select
		(select coalesce(max(b.idx) + 1, 0) from audit_body b where b.agency_id = agency()) as entries,
		greatest((select max(c.size) from audit_checkpoint c where c.agency_id = agency()),
			(select coalesce(max(h.idx) + 1, 0) from audit_hash h where h.agency_id = agency())) as hashed`
	sqlEntries = `select i as idx, coalesce(b.at, 'epoch') as at, b.body, coalesce(substring(h.hashes from 1 for 32), ''::bytea) as leaf
		from generate_series($1::bigint, $2::bigint - 1) as i
		left join audit_body b on b.agency_id = agency() and b.idx = i
		left join audit_hash h on h.agency_id = agency() and h.idx = i order by i`
	sqlCheckpoints = `select size, note from audit_checkpoint where agency_id = agency() and size > $1 order by size limit $2`
	sqlNewest      = `select array(select note from audit_checkpoint where agency_id = agency() order by size desc limit 16) as notes`
	sqlVouched     = `select b.idx, b.at, b.body, ''::bytea as leaf from node n join audit_body b on b.agency_id = n.agency_id and b.leaf = n.key_leaf
		where n.agency_id = agency() and n.id = $1 and b.idx < $2 order by b.idx`
)

// entryRow is a place of the log with the hash that is stored for it.
type entryRow struct {
	Idx  int64
	At   time.Time
	Body []byte // nil where the entry is gone
	Leaf []byte
}

func (r entryRow) entry() logbook.Entry { return logbook.Entry{Index: r.Idx, At: r.At, Body: r.Body} }

type noteRow struct {
	Size int64
	Note []byte
}

// Export writes an agency's whole log into dir, a page at a time. The hash of
// an entry is the one that was stored when it was checked, so that an edited
// entry shows; the newest, which were not checked yet, have none. The
// checkpoints are read first: what they cover is there when the entries are read.
func Export(ctx context.Context, db *postgres.DB, agencyID, dir string) (entries int64, err error) {
	w, err := logbook.NewWriter(dir, agencyID)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if err := exportCheckpoints(ctx, db, agencyID, w); err != nil {
		return 0, err
	}
	length, err := readRows[lengthRow](ctx, db, agencyID, sqlLength)
	if err != nil {
		return 0, fmt.Errorf("read the log's length: %w", err)
	}
	n := length[0]
	for end := max(n.Entries, n.Hashed); entries < end; entries = min(entries+page, end) {
		rows, err := readRows[entryRow](ctx, db, agencyID, sqlEntries, entries, min(entries+page, end))
		if err != nil {
			return entries, fmt.Errorf("read the log: %w", err)
		}
		for _, r := range rows {
			if err := w.Add(r.entry(), r.hash(n.Hashed)); err != nil {
				return entries, err
			}
		}
	}
	return entries, nil
}

type lengthRow struct{ Entries, Hashed int64 }

// hash is the one that is stored. Where a stored one was lost, the entry's own
// has to do: it leads to the checkpoint's root or not.
func (r entryRow) hash(hashed int64) tlog.Hash {
	switch {
	case len(r.Leaf) == tlog.HashSize:
		return tlog.Hash(r.Leaf)
	case r.Body != nil && r.Idx < hashed:
		return tlog.RecordHash(r.Body)
	}
	return tlog.Hash{}
}

func exportCheckpoints(ctx context.Context, db *postgres.DB, agencyID string, w *logbook.Writer) error {
	for after := int64(0); ; {
		rows, err := readRows[noteRow](ctx, db, agencyID, sqlCheckpoints, after, page)
		if err != nil {
			return fmt.Errorf("read the checkpoints: %w", err)
		}
		for _, r := range rows {
			if err := w.Checkpoint(r.Note); err != nil {
				return err
			}
			after = r.Size
		}
		if len(rows) < page {
			return nil
		}
	}
}

func readRows[T any](ctx context.Context, db *postgres.DB, agencyID, sql string, args ...any) (list []T, err error) {
	err = db.Read(ctx, postgres.Scope{Agency: agencyID}, func(b *pgx.Batch) {
		b.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
			list, err = pgx.CollectRows(rows, pgx.RowToStructByName[T])
			return err
		})
	})
	return list, err
}

// newest reads the newest checkpoint that the log's key among keys signed, with
// its note; of size 0 where there is no checkpoint at all. logbook.ErrCheckpoint:
// there are some, and the key signed none of the newest.
func newest(ctx context.Context, db *postgres.DB, keys logbook.Keys) (under logbook.Checkpoint, note []byte, err error) {
	rows, err := readRows[notesRow](ctx, db, keys.Agency, sqlNewest)
	if err != nil {
		return under, nil, fmt.Errorf("read the newest checkpoint: %w", err)
	}
	under, note, unsigned := logbook.Newest(rows[0].Notes, keys.Agency, keys.Log)
	if note == nil && unsigned > 0 {
		return under, nil, fmt.Errorf("read the newest checkpoint: the log's key has signed none of the newest %d: %w", unsigned, logbook.ErrCheckpoint)
	}
	return under, note, nil
}

type notesRow struct{ Notes [][]byte }

// Prove makes the proof of one entry under the newest checkpoint that the log's
// key among keys signed. Where a worker signed the entry, the proofs that the
// registrar vouched for their keys stand before it.
func Prove(ctx context.Context, db *postgres.DB, keys logbook.Keys, index int64) ([]logbook.Proof, error) {
	rows, err := readRows[entryRow](ctx, db, keys.Agency, sqlEntries, index, index+1)
	if err != nil {
		return nil, fmt.Errorf("read entry %d: %w", index, err)
	}
	under, note, err := newest(ctx, db, keys)
	if err != nil {
		return nil, err
	}
	if rows[0].Body == nil || under.Size == 0 {
		return nil, fmt.Errorf("the log has no entry %d under a checkpoint; the newest entries wait up to a minute for theirs", index)
	}
	if index >= under.Size {
		return nil, fmt.Errorf("the newest checkpoint does not cover entry %d yet; try again in a minute", index)
	}
	for _, worker := range logbook.Workers(rows[0].Body) {
		vouched, err := readRows[entryRow](ctx, db, keys.Agency, sqlVouched, worker, index)
		if err != nil {
			return nil, fmt.Errorf("read who vouched for a key: %w", err)
		}
		rows = append(vouched, rows...)
	}
	list := make([]logbook.Proof, len(rows))
	for i, r := range rows {
		list[i], err = logbook.Prove(r.Idx, r.Body, under, note, Hashes(ctx, db, keys.Agency))
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}
