package audit

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"gatepost/internal/logbook"
	"gatepost/internal/postgres"
)

const (
	sqlPlaces = `select b.idx, b.at, b.body, ''::bytea as leaf from audit_body b where b.agency_id = agency() and b.idx = any($1) order by b.idx`
	sqlLeaves = `select b.idx, b.at, b.body, ''::bytea as leaf from audit_body b where b.agency_id = agency() and b.leaf = any($1) order by b.idx`
)

// Entries reads the entries at these places, in the order of the log. What is
// not there is left out.
func Entries(ctx context.Context, db *postgres.DB, agencyID string, places []int64) ([]logbook.Entry, error) {
	return readEntries(ctx, db, agencyID, sqlPlaces, places)
}

// EntriesOf reads the entries with these leaves (statement.Leaf), in the order
// of the log. What is not there is left out.
func EntriesOf(ctx context.Context, db *postgres.DB, agencyID string, leaves [][32]byte) ([]logbook.Entry, error) {
	texts := make([][]byte, len(leaves))
	for i, leaf := range leaves {
		texts[i] = leaf[:]
	}
	return readEntries(ctx, db, agencyID, sqlLeaves, texts)
}

func readEntries(ctx context.Context, db *postgres.DB, agencyID, sql string, what any) ([]logbook.Entry, error) {
	rows, err := readRows[entryRow](ctx, db, agencyID, sql, what)
	if err != nil {
		return nil, fmt.Errorf("read entries of the log: %w", err)
	}
	list := make([]logbook.Entry, len(rows))
	for i, r := range rows {
		list[i] = r.entry()
	}
	return list, nil
}

// Proven is what stands under the newest checkpoint of a log.
type Proven struct {
	Under  logbook.Checkpoint      // of size 0 where there is none yet
	Proofs map[int64]logbook.Proof // by place; each has been checked
}

// ProveAll makes and checks the proofs of entries under the newest checkpoint.
// An entry of a place that the checkpoint covers, and without a proof, is not
// the one that the log had there. logbook.ErrCheckpoint: the log's key has signed
// none of the newest checkpoints.
func ProveAll(ctx context.Context, db *postgres.DB, keys logbook.Keys, entries []logbook.Entry) (Proven, error) {
	p := Proven{Proofs: map[int64]logbook.Proof{}}
	under, note, err := newest(ctx, db, keys)
	if err != nil || under.Size == 0 {
		return p, err
	}
	p.Under = under
	covered := slices.DeleteFunc(slices.Clone(entries), func(e logbook.Entry) bool { return e.Index < 0 || e.Index >= p.Under.Size })
	hashes, err := hashesFor(ctx, db, keys.Agency, p.Under.Size, covered)
	if err != nil {
		return p, err
	}
	for _, e := range covered {
		proof, err := logbook.Prove(e.Index, e.Body, under, note, hashes)
		if err != nil {
			continue // a hash is missing: the entry has no proof
		}
		if _, _, _, err := proof.Check(keys); err == nil {
			p.Proofs[e.Index] = proof
		}
	}
	return p, nil
}

// Extend makes the proof that the log, as its key signed it last, contains what
// it was at old entries. logbook.ErrExtension: it has fewer, or no checkpoint
// yet. logbook.ErrCheckpoint: the key has signed none of the newest checkpoints.
func Extend(ctx context.Context, db *postgres.DB, keys logbook.Keys, old int64) (logbook.Extension, error) {
	now, note, err := newest(ctx, db, keys)
	if err != nil {
		return logbook.Extension{}, err
	}
	if now.Size == 0 {
		return logbook.Extension{}, fmt.Errorf("%w: there is no checkpoint yet", logbook.ErrExtension)
	}
	return logbook.Extend(old, now, note, Hashes(ctx, db, keys.Agency))
}

// hashesFor reads what the proofs of all these entries need, as few times as
// the database allows.
func hashesFor(ctx context.Context, db *postgres.DB, agencyID string, size int64, entries []logbook.Entry) (tlog.HashReader, error) {
	var need []int64
	wanted := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		need = append(need, indexes...)
		return make([]tlog.Hash, len(indexes)), nil
	})
	for _, e := range entries {
		if _, err := tlog.ProveRecord(size, e.Index, wanted); err != nil {
			return nil, fmt.Errorf("prove entry %d: %w", e.Index, err)
		}
	}
	have, err := stored(ctx, db, agencyID, need)
	if err != nil {
		return nil, err
	}
	return tlog.HashReaderFunc(have.pick), nil
}
