package passphrase

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"golang.org/x/text/unicode/norm"

	"gatepost/crypto/internal/secret"
)

type hidden = secret.Hidden

// Pepper is a 32-byte key that is mixed into each passphrase and kept apart
// from the database. It prints as "[secret]". The zero Pepper is useless: it is
// refused wherever one is taken.
type Pepper struct {
	hidden
	version uint16
	key     secret.Value[[32]byte]
}

// NewPepper makes a pepper of 32 random bytes that were read from a credential
// file. The version, from 1, is written in clear in each wrap, so that the
// pepper can be changed while people sign in one by one. It returns an error
// for version 0 and for 32 zero bytes, which are what a forgotten file gives.
func NewPepper(version uint16, key [32]byte) (Pepper, error) {
	if version == 0 {
		return Pepper{}, errors.New("pepper: version 0 is not used")
	}
	if key == ([32]byte{}) {
		return Pepper{}, errors.New("pepper: the key is all zeros")
	}
	return Pepper{version: version, key: secret.Of(key)}, nil
}

// Version is the number under which wraps name this pepper.
func (p Pepper) Version() uint16 { return p.version }

// Key gives the bytes, for the other keyed hashes that use the same pepper
// (invitation and recovery codes), each under a label of its own. It panics on
// a zero Pepper.
func (p Pepper) Key() [32]byte { return p.key.Reveal() }

// password is what scrypt is given in place of the passphrase. NFKC (Unicode
// Standard Annex 15) because phones and computers write the same letter in
// different ways; nothing else is changed, no case and no space.
func (p Pepper) password(role, account, passphrase string) string {
	key := p.key.Reveal()
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte("gatepost/passphrase/v1\n" + role + "\n" + account + "\n" + norm.NFKC.String(passphrase)))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Peppers are the pepper in use and those before it, which still open wraps
// that were made under them. The zero Peppers opens nothing.
type Peppers struct {
	hidden
	current Pepper
	older   []Pepper
}

// NewPeppers puts the current pepper before the older ones. It returns an error
// when one is the zero Pepper or when two have the same version.
func NewPeppers(current Pepper, older ...Pepper) (Peppers, error) {
	seen := make(map[uint16]bool)
	for _, p := range append([]Pepper{current}, older...) {
		if !p.key.Known() {
			return Peppers{}, errors.New("peppers: one of them was never set")
		}
		if seen[p.version] {
			return Peppers{}, fmt.Errorf("peppers: version %d is given twice", p.version)
		}
		seen[p.version] = true
	}
	return Peppers{current: current, older: append([]Pepper(nil), older...)}, nil
}

// Current is the pepper for new wraps.
func (ps Peppers) Current() Pepper { return ps.current }

// Has tells whether wraps of a version can be opened.
func (ps Peppers) Has(version uint16) bool {
	_, ok := ps.find(version)
	return ok
}

// find gives the pepper of a version.
func (ps Peppers) find(version uint16) (Pepper, bool) {
	if ps.current.key.Known() && ps.current.version == version {
		return ps.current, true
	}
	for _, p := range ps.older {
		if p.version == version {
			return p, true
		}
	}
	return Pepper{}, false
}
