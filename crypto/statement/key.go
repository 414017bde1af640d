package statement

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// KeyName gives the name of an agency's key in a role, such as "ag1/door". A
// worker's key has the worker's id after it: use WorkerKeyName.
func KeyName(agency string, role Role) string { return agency + "/" + string(role) }

// WorkerKeyName gives the name of a worker's key, such as "ag1/worker/w3"; id
// is without the "worker/" of the node.
func WorkerKeyName(agency, id string) string { return agency + "/" + workerNode + id }

// NewKey makes an Ed25519 key pair of the given name: skey is secret and for
// note.NewSigner, vkey is public and for Verifiers. The name has at least two
// parts, of which the first is the agency.
func NewKey(name string) (skey, vkey string, err error) {
	if !validValue(name) || !strings.Contains(name, "/") {
		return "", "", errors.New("make note key: name is not agency/role")
	}
	skey, vkey, err = note.GenerateKey(rand.Reader, name)
	if err != nil {
		return "", "", fmt.Errorf("make note key: %w", err)
	}
	return skey, vkey, nil
}

// Verifiers is a set of known keys, by name and key hash; it is a
// note.Verifiers. One name may have several keys, as after a rotation. It may be
// read from many goroutines, but not while keys are added.
type Verifiers map[string]note.Verifier

// NewVerifiers makes a set of the given verifier strings.
func NewVerifiers(vkeys ...string) (Verifiers, error) {
	known := make(Verifiers, len(vkeys))
	for i, vkey := range vkeys {
		if err := known.Add(vkey); err != nil {
			return nil, fmt.Errorf("verifier %d: %w", i+1, err)
		}
	}
	return known, nil
}

// Add adds a key; adding one again changes nothing. A malformed key is an
// error, and so is another key with the name and the 32-bit hash of one in the
// set: that is not chance but somebody's work.
func (v Verifiers) Add(vkey string) error {
	key, err := parseVerifier(vkey)
	if err != nil {
		return fmt.Errorf("add verifier: %w", err)
	}
	id := verifierID(key.Name(), key.KeyHash())
	if have, ok := v[id].(verifier); ok && have.text != vkey {
		return errors.New("add verifier: another key has the same name and hash")
	}
	v[id] = key
	return nil
}

// Verifier gives the key of this name and hash, or note.UnknownVerifierError.
func (v Verifiers) Verifier(name string, hash uint32) (note.Verifier, error) {
	if key, ok := v[verifierID(name, hash)]; ok {
		return key, nil
	}
	return nil, &note.UnknownVerifierError{Name: name, KeyHash: hash}
}

func verifierID(name string, hash uint32) string { return fmt.Sprintf("%s+%08x", name, hash) }

// verifier remembers the text that it was read from.
type verifier struct {
	note.Verifier
	text string
}

// parseVerifier reads a verifier string and accepts its one form only: the
// note package would also take upper-case digits and loose base64.
func parseVerifier(vkey string) (verifier, error) {
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return verifier{}, err
	}
	text := strings.SplitN(vkey, "+", 3)[2] // name, hash and key, as just parsed
	key, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(key) != 1+ed25519.PublicKeySize {
		return verifier{}, errors.New("malformed verifier key")
	}
	again, err := note.NewEd25519VerifierKey(v.Name(), ed25519.PublicKey(key[1:]))
	if err != nil || again != vkey || !validValue(v.Name()) {
		return verifier{}, errors.New("verifier key is not in its one form")
	}
	return verifier{v, vkey}, nil
}
