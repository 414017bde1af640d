package parts

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"regexp"
	"strings"
)

const (
	// Large is from how many bytes on a sealed part goes into the store.
	Large = 256 << 10
	// Max is more than any part has. A row that says more is not believed.
	Max = 32 << 20

	// BackupLock is the advisory lock that a backup shares from before its snapshot,
	// and that deleting asks for: what a backup has seen stays until it is whole.
	BackupLock = 4732001

	// placeMark begins a column that holds a place. What is sealed begins with
	// age's own line, so the two cannot be taken for each other.
	placeMark = "gatepost-part/1\n"
	keySize   = 26
	// PlaceSize is how long a place is in its column.
	PlaceSize = len(placeMark) + keySize + 8 + sha256.Size
)

// Key is an object's name in the bucket: 130 random bits.
type Key string

var keyPattern = regexp.MustCompile(`^[a-z2-7]{26}$`)

// Valid tells whether k is a key of ours.
func (k Key) Valid() bool { return keyPattern.MatchString(string(k)) }

func newKey() Key { return Key(strings.ToLower(rand.Text())) }

// Place is where a part lies, how long it is, and what it is.
type Place struct {
	Key    Key
	Size   int
	Digest [sha256.Size]byte
}

var errPlace = errors.New("no place of a part")

// ParsePlace reads a column. ok is false for one that holds the part itself. The
// error is for one that begins as a place and is none.
func ParsePlace(column []byte) (p Place, ok bool, err error) {
	rest, ok := bytes.CutPrefix(column, []byte(placeMark))
	if !ok {
		return Place{}, false, nil
	}
	if len(column) != PlaceSize {
		return Place{}, true, errPlace
	}
	size := binary.BigEndian.Uint64(rest[keySize:])
	p = Place{Key: Key(rest[:keySize]), Size: int(min(size, Max+1)), Digest: [sha256.Size]byte(rest[keySize+8:])}
	if !p.Key.Valid() || p.Size == 0 || p.Size > Max {
		return Place{}, true, errPlace
	}
	return p, true, nil
}

// Column is what the row of the part holds.
func (p Place) Column() []byte {
	b := append(make([]byte, 0, PlaceSize), placeMark...)
	b = append(b, p.Key...)
	b = binary.BigEndian.AppendUint64(b, uint64(p.Size))
	return append(b, p.Digest[:]...)
}

// Is tells whether b is the part.
func (p Place) Is(b []byte) bool { return len(b) == p.Size && sha256.Sum256(b) == p.Digest }

// digested takes the digest of what is written through it.
type digested struct {
	size int
	sum  hash.Hash
}

func newDigested() *digested { return &digested{sum: sha256.New()} }

func (d *digested) Write(b []byte) (int, error) {
	d.size += len(b)
	return d.sum.Write(b)
}
