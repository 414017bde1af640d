package ring

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"

	"filippo.io/age"
)

const (
	keySize    = 32
	checkLabel = "gatepost/directory/v1\n"
	hidden     = "[secret]"
)

// Secret is the private half of a key: an age identity, or 32 bytes for a
// directory. It prints as "[secret]" in every way. The zero value is no key.
//
// An age identity prints itself in full when it is printed, hence this type:
// take the identity out only to hand it to package seal. The methods below do
// not help where package fmt cannot call them, in an unexported field of another
// struct. There it shows pointers as addresses, but follows one of them for a
// verb it does not expect, such as %s: so there are two on the way to a secret.
type Secret struct{ inside *inside }

// inside has one field set.
type inside struct {
	identity *age.HybridIdentity
	key      *[keySize]byte
}

// SecretIdentity makes a secret of an age identity.
func SecretIdentity(id *age.HybridIdentity) Secret { return Secret{&inside{identity: id}} }

// SecretKey makes a secret of a directory's key.
func SecretKey(key [keySize]byte) Secret { return Secret{&inside{key: &key}} }

// Identity gives the age identity; nil if the secret is a directory's key or
// none at all.
func (s Secret) Identity() *age.HybridIdentity {
	if s.inside == nil {
		return nil
	}
	return s.inside.identity
}

// Key gives a directory's key; ok is false if the secret is none.
func (s Secret) Key() (key [keySize]byte, ok bool) {
	if s.inside == nil || s.inside.key == nil {
		return key, false
	}
	return *s.inside.key, true
}

// public gives what Node.Public gives for the node of this secret. For an age
// identity that takes 0.07 ms.
func (s Secret) public() string {
	if identity := s.Identity(); identity != nil {
		return identity.Recipient().String()
	}
	key, ok := s.Key()
	if !ok {
		return ""
	}
	check := sha256.Sum256(append([]byte(checkLabel), key[:]...))
	return base64.StdEncoding.EncodeToString(check[:])
}

// String gives "[secret]".
func (s Secret) String() string { return hidden }

// GoString gives "[secret]".
func (s Secret) GoString() string { return hidden }

// Format writes "[secret]" for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) } // a fmt.State keeps its error

// LogValue gives "[secret]".
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText gives "[secret]", for JSON and whatever else writes by itself.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
