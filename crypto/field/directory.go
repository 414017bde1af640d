package field

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"

	"gatepost/crypto/internal/secret"
)

var (
	// ErrKey says that a text is not a directory key.
	ErrKey = errors.New("not a directory key")

	// ErrField says that a cell does not open: it is damaged, moved here from
	// another place, or sealed under another key.
	ErrField = errors.New("the sealed field does not open")
)

const (
	// step is what sealed lengths are rounded up to, in bytes.
	step = 64

	// maxField is the longest value that fits in a cell, in bytes.
	maxField = 1 << 16

	lengthSize = 4 // bytes before the value that say its length
)

type hidden = secret.Hidden

// DirectoryKey seals and opens the cells of one directory in one epoch: 32
// random bytes. It prints as "[secret]"; only Text shows it. The zero
// DirectoryKey panics when used.
type DirectoryKey struct {
	hidden
	key secret.Value[[32]byte]
}

// NewDirectoryKey makes a key for a new directory or a new epoch of one.
func NewDirectoryKey() DirectoryKey {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails: the program ends first
	return DirectoryKey{key: secret.Of(key)}
}

// ParseDirectoryKey reads what Text wrote; anything else is ErrKey.
func ParseDirectoryKey(text string) (DirectoryKey, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	// The decoder skips line ends; a key has one written form.
	if err != nil || len(b) != 32 || len(text) != base64.RawURLEncoding.EncodedLen(32) {
		return DirectoryKey{}, ErrKey // the cause would quote the key
	}
	return DirectoryKey{key: secret.Of([32]byte(b))}, nil
}

// Text is the key in base64url, 43 characters, for sealing to those who may have
// it.
func (k DirectoryKey) Text() string {
	key := k.key.Reveal()
	return base64.RawURLEncoding.EncodeToString(key[:])
}

// SealField seals a value of at most 65,536 bytes for one cell. Table, column
// and row are 1 to 128 of the characters A-Z a-z 0-9 . _ / and -. The result is
// 40 bytes longer than the value with its length, rounded up to 64: 104 bytes
// for up to 60, 168 for up to 124. It is made with a random nonce, so the same
// value twice gives two results.
func (k DirectoryKey) SealField(table, column, row string, value []byte) ([]byte, error) {
	if len(value) > maxField {
		return nil, errors.New("seal a field: the value is too long for a cell")
	}
	aead, cell, err := k.at(table, column, row)
	if err != nil {
		return nil, fmt.Errorf("seal a field: %w", err)
	}
	box := make([]byte, aead.NonceSize(), aead.NonceSize()+padded(len(value))+aead.Overhead())
	_, _ = rand.Read(box) // never fails: the program ends first
	return aead.Seal(box, box, pad(value), cell), nil
}

// OpenField gives back the value of a cell, or ErrField and nothing.
func (k DirectoryKey) OpenField(table, column, row string, box []byte) ([]byte, error) {
	aead, cell, err := k.at(table, column, row)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrField, err)
	}
	if len(box) < aead.NonceSize() {
		return nil, ErrField
	}
	nonce, sealed := box[:aead.NonceSize()], box[aead.NonceSize():]
	plain, err := aead.Open(nil, nonce, sealed, cell)
	if err != nil {
		return nil, ErrField
	}
	return unpad(plain)
}

// cellName tells whether a name is 1 to 128 of the characters of an id. A page
// asks it a hundred times, so it is no pattern.
func cellName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '/' || c == '-') {
			return false
		}
	}
	return 1 <= len(name) && len(name) <= 128
}

// at gives the cipher and the name of a cell that goes into it as associated
// data. The key is used as it is: deriving one for each cell would double the
// cost of opening a directory and gain nothing, since the nonces are random and
// 192 bits long.
func (k DirectoryKey) at(table, column, row string) (cipher.AEAD, []byte, error) {
	for _, name := range []string{table, column, row} {
		if !cellName(name) {
			return nil, nil, errors.New("the cell's name has characters that an id cannot have")
		}
	}
	key := k.key.Reveal()
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, nil, fmt.Errorf("make the cipher: %w", err)
	}
	return aead, []byte("gatepost/field/v1\n" + table + "\n" + column + "\n" + row), nil
}

// padded is the size of a value of n bytes with its length and padding.
func padded(n int) int { return (lengthSize + n + step - 1) / step * step }

// pad writes the length, big-endian, the value, and zeros up to the next step.
func pad(value []byte) []byte {
	plain := make([]byte, padded(len(value)))
	binary.BigEndian.PutUint32(plain, uint32(len(value)))
	copy(plain[lengthSize:], value)
	return plain
}

// unpad takes a value out of what pad wrote and nothing else.
func unpad(plain []byte) ([]byte, error) {
	if len(plain) < lengthSize {
		return nil, ErrField
	}
	n := binary.BigEndian.Uint32(plain)
	if n > maxField || padded(int(n)) != len(plain) {
		return nil, ErrField
	}
	value, zeros := plain[lengthSize:lengthSize+n], plain[lengthSize+n:]
	if !bytes.Equal(zeros, make([]byte, len(zeros))) {
		return nil, ErrField
	}
	return value, nil
}
