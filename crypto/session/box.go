package session

import (
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"

	"golang.org/x/crypto/chacha20poly1305"
)

// ErrBox says that a box does not open: it is damaged, or another session's,
// another account's or the other tier's. To the person it is a session that has
// ended.
var ErrBox = errors.New("the session box does not open")

// The roles that a box can be sealed for, one for each tier.
const (
	Public = "public"
	Staff  = "staff"
)

// maxSecret is the most that Seal takes, in bytes: room for a worker's climbed
// keys of several thousand cases, though a session holds a few dozen.
const maxSecret = 1 << 20

// Seal puts secret into a box that only this token opens, for the same role,
// Public or Staff, and the same account, 1 to 128 of the characters
// A-Z a-z 0-9 . _ / and -. It uses XChaCha20-Poly1305 with a random nonce: the
// same box key is used again whenever the row is re-sealed. A box is 40 bytes
// longer than the secret.
func (t Token) Seal(role, account string, secret []byte) ([]byte, error) {
	if len(secret) > maxSecret {
		return nil, errors.New("seal a session: too much to keep")
	}
	aead, err := t.aead(role, account)
	if err != nil {
		return nil, fmt.Errorf("seal a session: %w", err)
	}
	box := make([]byte, aead.NonceSize(), aead.NonceSize()+len(secret)+aead.Overhead())
	_, _ = rand.Read(box) // never fails: the program ends first
	return aead.Seal(box, box, secret, t.bound()), nil
}

// Open gives back what was sealed, or ErrBox and nothing.
func (t Token) Open(role, account string, box []byte) ([]byte, error) {
	aead, err := t.aead(role, account)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBox, err)
	}
	if len(box) < aead.NonceSize() {
		return nil, ErrBox
	}
	nonce, sealed := box[:aead.NonceSize()], box[aead.NonceSize():]
	secret, err := aead.Open(nil, nonce, sealed, t.bound())
	if err != nil {
		return nil, ErrBox
	}
	return secret, nil
}

// bound is what a box is authenticated with besides its key: its row. The key
// already follows from the same token; this also names the format.
func (t Token) bound() []byte {
	row := t.RowID()
	return append([]byte("v1|"), row[:]...)
}

var accountText = regexp.MustCompile(`^[A-Za-z0-9._/-]{1,128}$`)

// aead is the cipher for one role and account.
func (t Token) aead(role, account string) (cipher.AEAD, error) {
	if role != Public && role != Staff {
		return nil, errors.New("there is no such role")
	}
	if !accountText.MatchString(account) {
		return nil, errors.New("the account has characters that an id cannot have")
	}
	key := t.derive(infoKey + role + "\n" + account)
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, fmt.Errorf("make the cipher: %w", err)
	}
	return aead, nil
}
