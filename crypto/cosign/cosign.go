package cosign

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

const (
	// alg is the type of a key that cosigns (c2sp.org/tlog-cosignature, "Format").
	alg = 4

	secretStart = "PRIVATE+KEY+"

	// maxName is in bytes. Names are short; what is longer is no key.
	maxName = 128

	size = 8 + ed25519.SignatureSize // of a signature: a time, and Ed25519's
)

// ErrKey: not the key of a witness.
var ErrKey = errors.New("not a witness's key")

// NewKey makes the key of a witness. skey is secret and for ParseSigner; vkey is
// public and for ParseVerifier (c2sp.org/signed-note, "Verifier keys"). The name
// should be an address of the witness without a scheme, such as
// "witness.example/oak"; it has neither spaces nor a plus, or it is ErrKey.
func NewKey(name string) (skey, vkey string, err error) {
	if !validName(name) {
		return "", "", fmt.Errorf("%w: a name has 1 to %d bytes without spaces and plus signs", ErrKey, maxName)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", "", fmt.Errorf("make a witness's key: %w", err)
	}
	return secretStart + encode(name, public, private.Seed()), encode(name, public, public), nil
}

// encode writes a key of a name; the hash is of the public one.
func encode(name string, public ed25519.PublicKey, key []byte) string {
	return fmt.Sprintf("%s+%08x+%s", name, hash(name, public), base64.StdEncoding.EncodeToString(append([]byte{alg}, key...)))
}

// hash names a key together with its owner (c2sp.org/tlog-cosignature, "Format").
func hash(name string, public ed25519.PublicKey) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n\x04"), public...))
	return binary.BigEndian.Uint32(sum[:])
}

func validName(name string) bool {
	return name != "" && len(name) <= maxName && utf8.ValidString(name) && !strings.Contains(name, "+") && strings.IndexFunc(name, unicode.IsSpace) < 0
}

// decode reads what encode wrote, but for whether the hash fits.
func decode(text string) (name string, sum uint32, key [32]byte, err error) {
	name, rest, _ := strings.Cut(text, "+")
	number, rest, _ := strings.Cut(rest, "+")
	n, err1 := strconv.ParseUint(number, 16, 32)
	raw, err2 := base64.StdEncoding.Strict().DecodeString(rest)
	if err1 != nil || err2 != nil || number != fmt.Sprintf("%08x", n) || !validName(name) || len(raw) != 1+len(key) ||
		base64.StdEncoding.EncodeToString(raw) != rest { // line ends are let be by the decoder
		return "", 0, key, fmt.Errorf("%w: not in its form", ErrKey)
	}
	if raw[0] != alg {
		return "", 0, key, fmt.Errorf("%w: of another type", ErrKey)
	}
	return name, uint32(n), [32]byte(raw[1:]), nil
}

// Signer cosigns. It is a note.Signer, and safe for use by many goroutines.
type Signer struct {
	public *Verifier
	key    ed25519.PrivateKey
	now    func() time.Time
}

var _ note.Signer = (*Signer)(nil)

// ParseSigner reads a secret key. now is the time that is signed. ErrKey.
func ParseSigner(skey string, now func() time.Time) (*Signer, error) {
	text, ok := strings.CutPrefix(skey, secretStart)
	if !ok {
		return nil, fmt.Errorf("%w: not a secret one", ErrKey)
	}
	name, sum, seed, err := decode(text)
	if err != nil {
		return nil, err
	}
	key := ed25519.NewKeyFromSeed(seed[:])
	v := &Verifier{name, key.Public().(ed25519.PublicKey)}
	if v.KeyHash() != sum {
		return nil, fmt.Errorf("%w: its hash does not fit", ErrKey)
	}
	return &Signer{v, key, now}, nil
}

// Name is the witness's.
func (s *Signer) Name() string { return s.public.name }

// KeyHash is the one of the public key.
func (s *Signer) KeyHash() uint32 { return s.public.KeyHash() }

// Verifier is the public half.
func (s *Signer) Verifier() *Verifier { return s.public }

// Sign cosigns the text of a checkpoint's note, with the time of now. It errs for
// a clock that stands before 1970.
func (s *Signer) Sign(text []byte) ([]byte, error) {
	at := s.now().Unix()
	if at < 0 {
		return nil, errors.New("cosign: the clock stands before 1970")
	}
	sig := binary.BigEndian.AppendUint64(make([]byte, 0, size), uint64(at))
	return append(sig, ed25519.Sign(s.key, message(uint64(at), text))...), nil
}

// message is what is signed: never a note's own text, so that no signature of
// one kind is one of the other.
func message(at uint64, text []byte) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, text)
}

// Verifier checks cosignatures. It is a note.Verifier.
type Verifier struct {
	name string
	key  ed25519.PublicKey
}

var _ note.Verifier = (*Verifier)(nil)

// ParseVerifier reads a public key. ErrKey.
func ParseVerifier(vkey string) (*Verifier, error) {
	name, sum, key, err := decode(vkey)
	if err != nil {
		return nil, err
	}
	v := &Verifier{name, key[:]}
	if v.KeyHash() != sum {
		return nil, fmt.Errorf("%w: its hash does not fit", ErrKey)
	}
	return v, nil
}

// Name is the witness's.
func (v *Verifier) Name() string { return v.name }

// KeyHash names the key in a note.
func (v *Verifier) KeyHash() uint32 { return hash(v.name, v.key) }

// String is the public key, as ParseVerifier reads it.
func (v *Verifier) String() string { return encode(v.name, v.key, v.key) }

// Verify tells whether sig is this witness's under the text of a note.
func (v *Verifier) Verify(text, sig []byte) bool {
	if len(sig) != size {
		return false
	}
	at := binary.BigEndian.Uint64(sig)
	return at <= math.MaxInt64 && ed25519.Verify(v.key, message(at, text), sig[8:])
}

// Time tells when this witness cosigned a note that note.Open has opened with v
// among its verifiers; ok is false if it did not.
func (v *Verifier) Time(n *note.Note) (at time.Time, ok bool) {
	for _, one := range n.Sigs {
		if one.Name != v.name || one.Hash != v.KeyHash() {
			continue
		}
		sig, err := base64.StdEncoding.DecodeString(one.Base64)
		if err != nil || len(sig) != 4+size { // the hash stands first
			continue
		}
		return time.Unix(int64(binary.BigEndian.Uint64(sig[4:])), 0).UTC(), true
	}
	return time.Time{}, false
}
