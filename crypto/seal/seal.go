package seal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"reflect"

	"filippo.io/age"
)

var (
	// ErrHeader: not an age file of the one shape that is used here, or sealed
	// to another number of readers than it should be.
	ErrHeader = errors.New("sealed object has a wrong header")
	// ErrKey: sealed, but not to the key at hand.
	ErrKey = errors.New("sealed object is not sealed to this key")
	// ErrFrame: sealed to the key, but damaged, cut short, lengthened, or not
	// a frame.
	ErrFrame = errors.New("sealed object is damaged")
	// ErrContext: a whole object, but not the one asked for. Also the error of
	// a context that cannot be written.
	ErrContext = errors.New("sealed object belongs elsewhere")
	// ErrStale: the object asked for in an older version than the one asked
	// for. Open returns it together with ErrContext; a caller who knows the
	// log returns it for an object that is not the latest there.
	ErrStale = errors.New("sealed object is an old version")
	// ErrUnsigned: a whole object in its place, but not the one that the
	// statement commits to.
	ErrUnsigned = errors.New("sealed object is not the one signed for")
)

// Sealed is a sealed object: its bytes, a binary age file, and the commitment
// to its plaintext for the statement that will vouch for it.
type Sealed struct {
	Bytes  []byte
	Commit Commitment
}

// Seal seals content in context c to the given readers, the likeliest first
// (a reader tries the stanzas in order). It takes parsed recipients because
// parsing one costs as much as sealing to it; keep them. Each reader may be
// given only once: a key twice is a mistake about who reads. Seal is
// not deterministic, keeps no copy of content and opens nothing.
//
// Errors: no, nil, repeated or more than 10 readers; ErrContext for a context
// that cannot be written.
func Seal(c Context, content []byte, to ...*age.HybridRecipient) (Sealed, error) {
	var out *bytes.Buffer
	commitment, err := Streamed(c, content, func(size int, write func(io.Writer) error) error {
		out = bytes.NewBuffer(make([]byte, 0, size))
		return write(out)
	}, to...)
	if err != nil {
		return Sealed{}, err
	}
	return Sealed{Bytes: out.Bytes(), Commit: commitment}, nil
}

// Streamed is Seal for what is too large to be held twice: it hands put how many
// bytes the sealed object has, and what writes them. What was written is whole only
// after write has returned nil. put may call write again, one after the other: each
// writes another object of the same content, and the last is the one that counts.
//
// Errors: as for Seal; put's.
func Streamed(c Context, content []byte, put func(size int, write func(io.Writer) error) error, to ...*age.HybridRecipient) (Commitment, error) {
	context, err := c.encode()
	if err != nil {
		return Commitment{}, fmt.Errorf("seal %s: %w", c.Kind, err)
	}
	recipients, err := distinct(to)
	if err != nil {
		return Commitment{}, fmt.Errorf("seal %s: %w", c.Kind, err)
	}
	var salt [saltSize]byte
	_, _ = rand.Read(salt[:]) // never fails: the runtime stops the program instead
	head := frameHead(&salt, context, len(content))
	unpadded := len(head) + len(content)
	padded := PaddedSize(c.Kind, unpadded)

	err = put(sealedSize(len(to), padded), func(out io.Writer) error {
		w, err := age.Encrypt(out, recipients...)
		if err != nil {
			return err
		}
		if err := writeFrame(w, head, content, padded-unpadded); err != nil {
			return err
		}
		return w.Close() // writes the last chunk
	})
	if err != nil {
		return Commitment{}, fmt.Errorf("seal %s: %w", c.Kind, err)
	}
	return commit(salt[:], context, content), nil
}

// distinct refuses a list of readers that is empty, too long for a header, or
// names a key twice. age does none of this. A recipient shows its key only as
// text, which costs 0.07 ms to make; looking at the keys themselves costs a
// hundredth of that, and a test holds that it finds a key that was parsed twice.
func distinct(to []*age.HybridRecipient) ([]age.Recipient, error) {
	if len(to) == 0 || len(to) > maxStanzas {
		return nil, fmt.Errorf("%d readers, want 1 to %d", len(to), maxStanzas)
	}
	recipients := make([]age.Recipient, 0, len(to))
	for i, r := range to {
		if r == nil {
			return nil, fmt.Errorf("reader %d has no key", i+1)
		}
		for _, other := range to[:i] {
			if r == other || reflect.DeepEqual(r, other) {
				return nil, fmt.Errorf("reader %d is given twice", i+1)
			}
		}
		recipients = append(recipients, r)
	}
	return recipients, nil
}

func writeFrame(w io.Writer, head, content []byte, padding int) error {
	if _, err := w.Write(head); err != nil {
		return err
	}
	if _, err := w.Write(content); err != nil {
		return err
	}
	zeros := make([]byte, min(padding, objectStep))
	for padding > 0 {
		n := min(padding, len(zeros))
		if _, err := w.Write(zeros[:n]); err != nil {
			return err
		}
		padding -= n
	}
	return nil
}

// The body of an age file: a nonce, then chunks of 64 KiB with a tag each.
const (
	bodyNonce = 16
	chunkSize = 64 << 10
	chunkTag  = 16
)

// sealedSize is the size of an age file with the given stanzas around a
// plaintext of the given size, which is never empty.
func sealedSize(stanzas, plain int) int {
	chunks := (plain + chunkSize - 1) / chunkSize
	return len(headerIntro) + stanzas*stanzaSize + footerSize + bodyNonce + plain + chunks*chunkTag
}

// Open opens b with id, reads it to its end, and returns the content and the
// commitment only if it is whole and its context is exactly want. On any error
// no byte of the content is returned. The content shares no memory with b.
//
// Anybody can seal to a public key: what Open returns is in its place, but
// nobody has vouched for it. Use OpenSigned, or compare the commitment
// with a statement, before showing it.
//
// Errors: ErrHeader, ErrKey, ErrFrame, ErrContext (with ErrStale when only the
// version differs and is older).
func Open(b []byte, want Context, id *age.HybridIdentity) ([]byte, Commitment, error) {
	content, commitment, err := open(b, want, id)
	if err != nil {
		return nil, Commitment{}, fmt.Errorf("open %s: %w", want.Kind, err)
	}
	return content, commitment, nil
}

// OpenSigned is Open for an object that a signed statement vouches for: commit
// is the commitment of that statement, which the caller has checked and knows
// to be the object's latest. Another commitment is ErrUnsigned, and so is the
// zero commitment, which a statement without one carries: no object has it.
func OpenSigned(b []byte, want Context, id *age.HybridIdentity, commit Commitment) ([]byte, error) {
	content, got, err := Open(b, want, id)
	if err != nil {
		return nil, err
	}
	if got != commit {
		clear(content)
		return nil, fmt.Errorf("open %s: %w", want.Kind, ErrUnsigned)
	}
	return content, nil
}

func open(b []byte, want Context, id *age.HybridIdentity) ([]byte, Commitment, error) {
	context, err := want.encode()
	if err != nil {
		return nil, Commitment{}, err
	}
	plain, err := decrypt(b, id)
	if err != nil {
		return nil, Commitment{}, err
	}
	f, err := splitFrame(plain)
	if err == nil && !bytes.Equal(f.context, context) {
		err = wrongContext(f.context, want)
	}
	if err == nil {
		err = f.checkSize(want.Kind, len(plain))
	}
	if err != nil {
		clear(plain)
		return nil, Commitment{}, err
	}
	return f.content, commit(f.salt, f.context, f.content), nil
}

// decrypt gives the whole plaintext of the age file b or nothing. age hands
// out each chunk as it verifies, so a file cut short would give its beginning;
// here nothing is used before the last chunk has been read.
func decrypt(b []byte, id *age.HybridIdentity) ([]byte, error) {
	if _, _, err := scanHeader(b); err != nil {
		return nil, err
	}
	if id == nil {
		return nil, ErrKey
	}
	r, size, err := age.DecryptReaderAt(bytes.NewReader(b), int64(len(b)), id)
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		return nil, ErrKey
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFrame, err)
	}
	plain := make([]byte, size)
	if n, err := r.ReadAt(plain, 0); n != len(plain) || err != nil && err != io.EOF {
		clear(plain)
		return nil, fmt.Errorf("%w: %w", ErrFrame, err)
	}
	return plain, nil
}

// wrongContext tells an old version of the right object from another object:
// both are refused, but the first is a sign that a table was rolled back.
func wrongContext(context []byte, want Context) error {
	got, err := parseContext(context)
	if err == nil && got.sameButOlder(want) {
		return fmt.Errorf("%w: %w", ErrContext, ErrStale)
	}
	return ErrContext
}
