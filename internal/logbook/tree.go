package logbook

import (
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Tree is the right edge of a log's tree (RFC 6962, 2.1): enough to add entries
// and to know the root, in memory that grows with the logarithm of the size.
// The zero value is the empty tree. It is for one goroutine.
type Tree struct {
	size int64
	edge []tlog.Hash // roots of the complete subtrees, the largest first
}

// Append adds an entry and gives the hashes that it completes, the leaf's own
// first: what tlog.StoredHashes gives for it.
func (t *Tree) Append(body []byte) []tlog.Hash {
	return t.AppendLeaf(tlog.RecordHash(body))
}

// AppendLeaf is Append for who has the hash of the leaf already.
func (t *Tree) AppendLeaf(leaf tlog.Hash) []tlog.Hash {
	done := []tlog.Hash{leaf}
	// Each one-bit at the end of the size is a subtree that now finds its pair.
	for range bits.TrailingZeros64(^uint64(t.size)) {
		last := len(t.edge) - 1
		done = append(done, tlog.NodeHash(t.edge[last], done[len(done)-1]))
		t.edge = t.edge[:last]
	}
	t.edge = append(t.edge, done[len(done)-1])
	t.size++
	return done
}

// Size is the number of entries.
func (t *Tree) Size() int64 { return t.size }

// Root is the hash over all entries; for none it is that of nothing (RFC 6962, 2.1).
func (t *Tree) Root() tlog.Hash {
	if t.size == 0 {
		return emptyRoot
	}
	root := t.edge[len(t.edge)-1]
	for i := len(t.edge) - 2; i >= 0; i-- {
		root = tlog.NodeHash(t.edge[i], root)
	}
	return root
}

// emptyRoot is SHA-256 of nothing.
var emptyRoot = tlog.Hash{0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
	0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55}

// Checkpoint is what the tree is now.
func (t *Tree) Checkpoint() Checkpoint { return Checkpoint{t.Size(), t.Root()} }

// Clone gives a tree that grows on its own.
func (t *Tree) Clone() *Tree { return &Tree{t.size, append([]tlog.Hash(nil), t.edge...)} }

// NewTree takes up a tree of so many entries from stored hashes, in the order
// of x/mod's tlog. It believes them: compare Root with a checkpoint.
func NewTree(size int64, hashes tlog.HashReader) (*Tree, error) {
	if size < 0 {
		return nil, fmt.Errorf("take up a tree: no size %d", size)
	}
	var at []int64
	for start, level := int64(0), 62; level >= 0; level-- {
		if size&(1<<level) != 0 {
			at = append(at, tlog.StoredHashIndex(level, start>>level))
			start += 1 << level
		}
	}
	edge, err := hashes.ReadHashes(at)
	if err != nil {
		return nil, fmt.Errorf("take up a tree of %d entries: %w", size, err)
	}
	if len(edge) != len(at) {
		return nil, fmt.Errorf("take up a tree of %d entries: %d hashes instead of %d", size, len(edge), len(at))
	}
	return &Tree{size, edge}, nil
}
