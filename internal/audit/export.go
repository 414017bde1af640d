package audit

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"gatepost/internal/logbook"
	"gatepost/internal/postgres"
)

const (
	sqlEntries = `select b.idx, b.at, b.body, coalesce(substring(h.hashes from 1 for 32), ''::bytea) as leaf from audit_body b
		left join audit_hash h on h.agency_id = b.agency_id and h.idx = b.idx
		where b.agency_id = agency() and b.idx >= $1 order by b.idx limit $2`
	sqlCheckpoints = `select note from audit_checkpoint where agency_id = agency() order by size`
	sqlEntry       = `select b.idx, b.at, b.body, ''::bytea as leaf from audit_body b where b.agency_id = agency() and b.idx = $1`
	sqlNewest      = `select note from audit_checkpoint where agency_id = agency() order by size desc limit 1`
	sqlHashes      = `select level, pos, hash from log_hashes($1, $2)`
)

// entryRow is a place of the log with the hash that is stored for it.
type entryRow struct {
	Idx  int64
	At   time.Time
	Body []byte
	Leaf []byte
}

func (r entryRow) entry() logbook.Entry { return logbook.Entry{Index: r.Idx, At: r.At, Body: r.Body} }

// Export writes an agency's whole log into dir, a page at a time. An entry that
// no checkpoint covers yet gets the hash that its bytes have; all others the
// one that was stored when they were checked, so that an edited entry shows.
func Export(ctx context.Context, db *postgres.DB, agencyID, dir string) (entries int64, err error) {
	w, err := logbook.NewWriter(dir)
	if err != nil {
		return 0, err
	}
	for {
		rows, err := readRows[entryRow](ctx, db, agencyID, sqlEntries, entries, page)
		if err != nil {
			return entries, fmt.Errorf("read the log: %w", err)
		}
		for _, r := range rows {
			leaf := tlog.RecordHash(r.Body)
			if len(r.Leaf) == tlog.HashSize {
				leaf = tlog.Hash(r.Leaf)
			}
			if err := w.Add(r.entry(), leaf); err != nil {
				return entries, err
			}
			entries++
		}
		if len(rows) < page {
			break
		}
	}
	checkpoints, err := readRows[noteRow](ctx, db, agencyID, sqlCheckpoints)
	if err != nil {
		return entries, fmt.Errorf("read the checkpoints: %w", err)
	}
	notes := make([][]byte, len(checkpoints))
	for i, c := range checkpoints {
		notes[i] = c.Note
	}
	return entries, w.Close(agencyID, notes)
}

type noteRow struct{ Note []byte }

func readRows[T any](ctx context.Context, db *postgres.DB, agencyID, sql string, args ...any) (list []T, err error) {
	err = db.Read(ctx, postgres.Scope{Agency: agencyID}, func(b *pgx.Batch) {
		b.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
			list, err = pgx.CollectRows(rows, pgx.RowToStructByName[T])
			return err
		})
	})
	return list, err
}

// Prove makes the proof of one entry under the newest checkpoint, which has to
// be signed by the log's key among keys.
func Prove(ctx context.Context, db *postgres.DB, keys logbook.Keys, index int64) (logbook.Proof, error) {
	rows, err := readRows[entryRow](ctx, db, keys.Agency, sqlEntry, index)
	if err != nil {
		return logbook.Proof{}, fmt.Errorf("read entry %d: %w", index, err)
	}
	notes, err := readRows[noteRow](ctx, db, keys.Agency, sqlNewest)
	if err != nil {
		return logbook.Proof{}, fmt.Errorf("read the newest checkpoint: %w", err)
	}
	if len(rows) == 0 || len(notes) == 0 {
		return logbook.Proof{}, fmt.Errorf("the log has no entry %d under a checkpoint; the newest entries wait up to a minute for theirs", index)
	}
	under, err := logbook.ParseCheckpoint(notes[0].Note, keys.Agency, keys.Log)
	if err != nil {
		return logbook.Proof{}, fmt.Errorf("the newest checkpoint: %w", err)
	}
	if index >= under.Size {
		return logbook.Proof{}, fmt.Errorf("the newest checkpoint does not cover entry %d yet; try again in a minute", index)
	}
	return logbook.Prove(index, rows[0].Body, under, notes[0].Note, Hashes(ctx, db, keys.Agency))
}

// Hashes reads the stored hashes of an agency's tree, in the order of x/mod's
// tlog. They are not believed by whoever asks: they lead to a root or not.
func Hashes(ctx context.Context, db *postgres.DB, agencyID string) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		levels, positions := make([]int32, len(indexes)), make([]int64, len(indexes))
		for i, index := range indexes {
			level, n := tlog.SplitStoredHashIndex(index)
			levels[i], positions[i] = int32(level), n
		}
		rows, err := readRows[hashRow](ctx, db, agencyID, sqlHashes, levels, positions)
		if err != nil {
			return nil, fmt.Errorf("read hashes of the tree: %w", err)
		}
		list := make([]tlog.Hash, len(indexes))
		found := 0
		for _, r := range rows {
			for i := range indexes {
				if levels[i] == r.Level && positions[i] == r.Pos && len(r.Hash) == tlog.HashSize {
					list[i] = tlog.Hash(r.Hash)
					found++
				}
			}
		}
		if found != len(indexes) {
			return nil, fmt.Errorf("the tree lacks %d of %d hashes", len(indexes)-found, len(indexes))
		}
		return list, nil
	})
}

type hashRow struct {
	Level int32
	Pos   int64
	Hash  []byte
}
