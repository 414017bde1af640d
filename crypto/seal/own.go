package seal

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"

	"filippo.io/age"
)

const ownLabel = "gatepost/own/v1"

// Own vouches for a sealed object that has no signed statement, such as a
// draft: an HMAC-SHA256 over its context and commitment, under a key that is
// drawn from the private half of one of its readers. Anybody can seal to a
// public key; only who holds the private one can make this or check it.
//
// Errors: ErrContext for a context that cannot be written.
func Own(id *age.HybridIdentity, c Context, commit Commitment) ([32]byte, error) {
	context, err := c.encode()
	if err != nil {
		return [32]byte{}, fmt.Errorf("vouch for %s: %w", c.Kind, err)
	}
	key, err := hkdf.Key(sha256.New, []byte(id.String()), nil, ownLabel, sha256.Size)
	if err != nil {
		return [32]byte{}, fmt.Errorf("vouch for %s: %w", c.Kind, err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(context)
	mac.Write(commit[:])
	return [32]byte(mac.Sum(nil)), nil
}

// Owned checks what Own made. ErrUnsigned: somebody else made the object, or it
// was moved or changed.
func Owned(id *age.HybridIdentity, c Context, commit Commitment, mac []byte) error {
	want, err := Own(id, c, commit)
	if err != nil {
		return err
	}
	if !hmac.Equal(want[:], mac) {
		return fmt.Errorf("%s: %w", c.Kind, ErrUnsigned)
	}
	return nil
}
