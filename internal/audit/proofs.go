package audit

import (
	"context"
	"errors"
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

// mostHashes is how many hashes log_hashes gives at once.
const mostHashes = 256

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
// the one that the log had there. logbook.ErrCheckpoint: the newest checkpoint
// is not signed by the log's key.
func ProveAll(ctx context.Context, db *postgres.DB, keys logbook.Keys, entries []logbook.Entry) (Proven, error) {
	p := Proven{Proofs: map[int64]logbook.Proof{}}
	notes, err := readRows[noteRow](ctx, db, keys.Agency, sqlNewest)
	if err != nil {
		return p, fmt.Errorf("read the newest checkpoint: %w", err)
	}
	if len(notes) == 0 {
		return p, nil
	}
	if p.Under, err = logbook.ParseCheckpoint(notes[0].Note, keys.Agency, keys.Log); err != nil {
		return p, fmt.Errorf("the newest checkpoint: %w", err)
	}
	covered := slices.DeleteFunc(slices.Clone(entries), func(e logbook.Entry) bool { return e.Index < 0 || e.Index >= p.Under.Size })
	hashes, err := hashesFor(ctx, db, keys.Agency, p.Under.Size, covered)
	if err != nil {
		return p, err
	}
	for _, e := range covered {
		proof, err := logbook.Prove(e.Index, e.Body, p.Under, notes[0].Note, hashes)
		if err != nil {
			continue // a hash is missing: the entry has no proof
		}
		if _, _, _, err := proof.Check(keys); err == nil {
			p.Proofs[e.Index] = proof
		}
	}
	return p, nil
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
	slices.Sort(need)
	have := map[int64]tlog.Hash{}
	for chunk := range slices.Chunk(slices.Compact(need), mostHashes) {
		levels, positions := make([]int32, len(chunk)), make([]int64, len(chunk))
		for i, index := range chunk {
			level, n := tlog.SplitStoredHashIndex(index)
			levels[i], positions[i] = int32(level), n
		}
		rows, err := readRows[hashRow](ctx, db, agencyID, sqlHashes, levels, positions)
		if err != nil {
			return nil, fmt.Errorf("read hashes of the tree: %w", err)
		}
		for _, r := range rows {
			if len(r.Hash) == tlog.HashSize {
				have[tlog.StoredHashIndex(int(r.Level), r.Pos)] = tlog.Hash(r.Hash)
			}
		}
	}
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		list := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			h, ok := have[index]
			if !ok {
				return nil, errHash
			}
			list[i] = h
		}
		return list, nil
	}), nil
}

var errHash = errors.New("a hash of the tree is missing")
