package seal

import (
	"bytes"
	"encoding/base64"
	"fmt"
)

// An age header as this project writes it has one shape only (C2SP age.md):
// the intro line, for each reader the line "-> mlkem768x25519 " with the
// encapsulated key and a line with the wrapped file key, and the line "--- "
// with the MAC. All of them have fixed lengths, so the reader below needs no
// parser: whatever is not exactly that is refused.
const (
	headerIntro   = "age-encryption.org/v1\n"
	stanzaOpening = "-> mlkem768x25519 "
	macOpening    = "--- "

	encapsulatedSize = 1088 + 32 // ML-KEM-768 ciphertext and X25519 share
	wrappedKeySize   = 16 + 16   // file key and Poly1305 tag
	macSize          = 32        // HMAC-SHA-256

	encapsulatedChars = (encapsulatedSize*8 + 5) / 6
	wrappedKeyChars   = (wrappedKeySize*8 + 5) / 6
	macChars          = (macSize*8 + 5) / 6

	stanzaSize = len(stanzaOpening) + encapsulatedChars + 1 + wrappedKeyChars + 1
	footerSize = len(macOpening) + macChars + 1

	// maxHeader bounds the trial openings that a header can demand: without
	// it 500 foreign stanzas cost the reader a fifth of a second.
	maxHeader  = 16 << 10
	maxStanzas = (maxHeader - len(headerIntro) - footerSize) / stanzaSize
)

// CheckHeader reports whether b begins with an age header that is sealed to
// exactly the given number of readers, all of them post-quantum hybrid, and is
// at most 16 KiB long. It needs no key, so the public tier can refuse what a
// browser sealed wrongly, above all a file that also opens with a classic key.
// It says nothing about who the readers are or what is inside. The error is
// always ErrHeader.
func CheckHeader(b []byte, stanzas int) error {
	n, _, err := scanHeader(b)
	if err != nil {
		return err
	}
	if n != stanzas {
		return fmt.Errorf("%w: %d stanzas, want %d", ErrHeader, n, stanzas)
	}
	return nil
}

// scanHeader gives the number of stanzas of the header at the start of b and
// the header's size in bytes.
func scanHeader(b []byte) (stanzas, size int, err error) {
	rest, ok := bytes.CutPrefix(b[:min(len(b), maxHeader)], []byte(headerIntro))
	if !ok {
		return 0, 0, fmt.Errorf("%w: not a binary age file", ErrHeader)
	}
	for ; !bytes.HasPrefix(rest, []byte(macOpening)); stanzas++ {
		if !isStanza(rest) {
			return 0, 0, fmt.Errorf("%w: stanza %d is not a whole hybrid stanza within %d bytes", ErrHeader, stanzas+1, maxHeader)
		}
		rest = rest[stanzaSize:]
	}
	if stanzas == 0 {
		return 0, 0, fmt.Errorf("%w: no stanza", ErrHeader)
	}
	if !isLine(rest, macOpening, macChars, macSize) {
		return 0, 0, fmt.Errorf("%w: no whole MAC line", ErrHeader)
	}
	return stanzas, len(headerIntro) + stanzas*stanzaSize + footerSize, nil
}

// isStanza reports whether b begins with one whole hybrid stanza.
func isStanza(b []byte) bool {
	return isLine(b, stanzaOpening, encapsulatedChars, encapsulatedSize) &&
		isLine(b[len(stanzaOpening)+encapsulatedChars+1:], "", wrappedKeyChars, wrappedKeySize)
}

// isLine reports whether b begins with a line of the given opening and then
// the one unpadded base64 form of size bytes, which is chars long. The decoder
// skips line ends inside, hence the count.
func isLine(b []byte, opening string, chars, size int) bool {
	end := len(opening) + chars
	if len(b) <= end || b[end] != '\n' || !bytes.HasPrefix(b, []byte(opening)) {
		return false
	}
	var buf [encapsulatedSize]byte
	n, err := base64.RawStdEncoding.Strict().Decode(buf[:], b[len(opening):end])
	return err == nil && n == size
}
