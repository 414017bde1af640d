package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
)

const (
	frameMagic  = "gatepost/frame/v1\n"
	commitLabel = "gatepost/commit/v1\n"
	saltSize    = 32

	// frameFixed is what a frame takes beside its context and content.
	frameFixed = len(frameMagic) + saltSize + 4 + 8

	keyStep    = 512
	objectStep = 4 << 10
	stepLimit  = 64 << 10
)

// Commitment binds a signed statement to the plaintext of one object: context
// and content under a random salt. It hides both and may be published.
type Commitment [32]byte

// PaddedSize gives the length in bytes to which a frame of n bytes (all of it:
// magic, salt, lengths, context and content) is filled up with zeros. Keys and
// one-time-code secrets go in steps of 512 bytes. Everything else goes in steps
// of 4 KiB up to 64 KiB, which makes a one-word letter and one of 600 words the
// same, and beyond that by Padmé (Nikitin and others, "Reducing Metadata Leakage
// from Encrypted Files and Communication with PURBs", 2019), which adds at most
// 12 percent and leaves only log log n bits of the length visible.
func PaddedSize(k Kind, n int) int {
	n = max(n, 1)
	if k == KindGrant || k == KindTOTP {
		return roundUp(n, keyStep)
	}
	if n <= stepLimit {
		return roundUp(n, objectStep)
	}
	exponent := bits.Len(uint(n)) - 1
	return roundUp(n, 1<<(exponent-bits.Len(uint(exponent))))
}

// roundUp gives the next multiple of step, a power of two; a length that has
// none stays as it is.
func roundUp(n, step int) int {
	if n > math.MaxInt-step {
		return n
	}
	return (n + step - 1) &^ (step - 1)
}

// frameHead gives the frame's bytes before its content.
func frameHead(salt *[saltSize]byte, context []byte, contentSize int) []byte {
	b := make([]byte, 0, frameFixed+len(context))
	b = append(b, frameMagic...)
	b = append(b, salt[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(context)))
	b = append(b, context...)
	return binary.BigEndian.AppendUint64(b, uint64(contentSize))
}

// commit computes the commitment. Both lengths are hashed, so no two pairs of
// context and content run together to the same bytes.
func commit(salt, context, content []byte) Commitment {
	h := sha256.New()
	head := make([]byte, 0, len(commitLabel)+saltSize+8+len(context)+8)
	head = append(head, commitLabel...)
	head = append(head, salt...)
	head = binary.BigEndian.AppendUint64(head, uint64(len(context)))
	head = append(head, context...)
	head = binary.BigEndian.AppendUint64(head, uint64(len(content)))
	h.Write(head)
	h.Write(content)
	return Commitment(h.Sum(nil))
}

// frame is a frame taken apart; its slices share the frame's memory.
type frame struct {
	salt, context, content []byte
	unpadded               int // bytes before the padding
}

// splitFrame takes a frame apart and checks its lengths and that the padding
// is zero. Whether the context and the padded size are right is for the caller.
func splitFrame(b []byte) (frame, error) {
	rest, ok := bytes.CutPrefix(b, []byte(frameMagic))
	if !ok || len(rest) < saltSize+4 {
		return frame{}, fmt.Errorf("%w: no frame of version 1", ErrFrame)
	}
	var f frame
	f.salt, rest = rest[:saltSize], rest[saltSize:]
	contextSize := uint64(binary.BigEndian.Uint32(rest))
	rest = rest[4:]
	if contextSize > uint64(len(rest)) {
		return frame{}, fmt.Errorf("%w: context longer than the frame", ErrFrame)
	}
	f.context, rest = rest[:contextSize], rest[contextSize:]
	if len(rest) < 8 {
		return frame{}, fmt.Errorf("%w: no content length", ErrFrame)
	}
	contentSize := binary.BigEndian.Uint64(rest)
	rest = rest[8:]
	if contentSize > uint64(len(rest)) {
		return frame{}, fmt.Errorf("%w: content longer than the frame", ErrFrame)
	}
	f.content = rest[:contentSize:contentSize]
	f.unpadded = len(b) - len(rest) + int(contentSize)
	if !allZero(rest[contentSize:]) {
		return frame{}, fmt.Errorf("%w: padding is not zero", ErrFrame)
	}
	return f, nil
}

func allZero(b []byte) bool {
	for len(b) >= 8 {
		if binary.NativeEndian.Uint64(b) != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// checkSize reports whether a frame of size bytes was padded as its kind asks:
// a frame of any other length would tell more than the padding is to hide, or
// carry bytes that no reader looks at.
func (f frame) checkSize(k Kind, size int) error {
	if size != PaddedSize(k, f.unpadded) {
		return fmt.Errorf("%w: not the padded size", ErrFrame)
	}
	return nil
}

// ParseFrame reads the plaintext of a sealed object, which is what the stock
// program `age -d` gives out, and returns its context, content and commitment.
// It is for archives and inspectors, who hold the age key but no database to
// say what the object ought to be: the context is only what the object says of
// itself, and nothing here proves who made it. Compare the commitment with a
// signed statement. The content shares the frame's memory. The error is always
// ErrFrame, and then nothing else is returned.
func ParseFrame(b []byte) (Context, []byte, Commitment, error) {
	f, err := splitFrame(b)
	if err != nil {
		return Context{}, nil, Commitment{}, err
	}
	c, err := parseContext(f.context)
	if err != nil {
		return Context{}, nil, Commitment{}, err
	}
	if err := f.checkSize(c.Kind, len(b)); err != nil {
		return Context{}, nil, Commitment{}, err
	}
	return c, f.content, commit(f.salt, f.context, f.content), nil
}
