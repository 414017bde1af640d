package passphrase

import (
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/internal/secret"
)

// ErrBundle says that a text is not a bundle: a line missing, doubled, out of
// order or altered, or a key that does not parse.
var ErrBundle = errors.New("not a key bundle")

// maxBundle bounds what ParseBundle looks at, in bytes. The longest bundle that
// can be made is an age line of 82 and a signing line under 300.
const maxBundle = 1024

// Bundle is the private keys of one account: an age identity, post-quantum and
// hybrid, and for a worker also a signing key. It prints as "[secret]"; only
// Text shows it. The zero Bundle holds nothing, and its methods panic or, for
// Signer, give nil.
type Bundle struct {
	hidden
	identity secret.Value[*age.HybridIdentity]
	signer   secret.Value[note.Signer]
	skey     secret.Value[string]
}

// NewBundle puts together the keys of an account. The signing key is in the
// form of golang.org/x/mod/sumdb/note, "PRIVATE+KEY+name+…", or "" for a person,
// who signs nothing. It returns ErrBundle when a key is missing or malformed.
func NewBundle(identity *age.HybridIdentity, skey string) (Bundle, error) {
	if identity == nil {
		return Bundle{}, fmt.Errorf("%w: no age identity", ErrBundle)
	}
	b := Bundle{identity: secret.Of(identity)}
	if skey != "" {
		signer, err := note.NewSigner(skey)
		if err != nil || strings.ContainsAny(skey, "\r\n") {
			return Bundle{}, fmt.Errorf("%w: the signing key is malformed", ErrBundle) // the cause could quote the key
		}
		b.signer, b.skey = secret.Of(signer), secret.Of(skey)
	}
	if len(b.Text()) > maxBundle {
		return Bundle{}, fmt.Errorf("%w: the signing key is too long", ErrBundle)
	}
	return b, nil
}

// ParseBundle reads what Text wrote, byte for byte; anything else is ErrBundle.
func ParseBundle(text []byte) (Bundle, error) {
	if len(text) > maxBundle {
		return Bundle{}, fmt.Errorf("%w: too long", ErrBundle)
	}
	ageLine, rest, _ := strings.Cut(string(text), "\n")
	identity, err := age.ParseHybridIdentity(strings.TrimPrefix(ageLine, "age "))
	if err != nil {
		return Bundle{}, fmt.Errorf("%w: the age key is malformed", ErrBundle)
	}
	skey := strings.TrimSuffix(strings.TrimPrefix(rest, "sign "), "\n")
	b, err := NewBundle(identity, skey)
	if err != nil {
		return Bundle{}, err
	}
	// One text for one bundle: whatever the lines above were lenient about,
	// from a missing prefix to lower case, is caught by writing it again.
	if string(b.Text()) != string(text) {
		return Bundle{}, fmt.Errorf("%w: not in its one written form", ErrBundle)
	}
	return b, nil
}

// Identity opens what is sealed to the account. It panics on a zero Bundle.
func (b Bundle) Identity() *age.HybridIdentity { return b.identity.Reveal() }

// Signer signs statements as the account, or is nil when it has no signing key.
func (b Bundle) Signer() note.Signer {
	if !b.signer.Known() {
		return nil
	}
	return b.signer.Reveal()
}

// Text writes the bundle with one secret a line:
//
//	age AGE-SECRET-KEY-PQ-1…
//	sign PRIVATE+KEY+…
//
// It is for sealing only. It panics on a zero Bundle.
func (b Bundle) Text() []byte {
	text := "age " + b.identity.Reveal().String() + "\n"
	if b.skey.Known() {
		text += "sign " + b.skey.Reveal() + "\n"
	}
	return []byte(text)
}
