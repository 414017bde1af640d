package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"gatepost/internal/postgres"
)

const (
	sqlHashes = `select level, pos, hash from log_hashes($1, $2)`

	// mostHashes is how many hashes log_hashes gives at once.
	mostHashes = 256
)

// ErrNoHash: a hash of the tree that is needed is not stored.
var ErrNoHash = errors.New("a hash of the tree is missing")

// Hashes reads the stored hashes of an agency's tree, in the order of x/mod's
// tlog, as both tiers may. They are not believed by whoever asks: they lead to a
// root or not. One that is not stored is ErrNoHash. The reader lives as long as
// ctx.
func Hashes(ctx context.Context, db *postgres.DB, agencyID string) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		have, err := stored(ctx, db, agencyID, indexes)
		if err != nil {
			return nil, err
		}
		return have.pick(indexes)
	})
}

// hashes are some of a tree's, by their index in the order of x/mod's tlog.
type hashes map[int64]tlog.Hash

// pick gives these, or ErrNoHash.
func (have hashes) pick(indexes []int64) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		h, ok := have[index]
		if !ok {
			return nil, ErrNoHash
		}
		list[i] = h
	}
	return list, nil
}

type hashRow struct {
	Level int32
	Pos   int64
	Hash  []byte
}

// stored reads these hashes as far as they are there, in as few trips as the
// database allows.
func stored(ctx context.Context, db *postgres.DB, agencyID string, indexes []int64) (hashes, error) {
	wanted := slices.Compact(slices.Sorted(slices.Values(indexes)))
	have := make(hashes, len(wanted))
	for chunk := range slices.Chunk(wanted, mostHashes) {
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
	return have, nil
}
