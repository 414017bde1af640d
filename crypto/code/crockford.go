package code

import (
	"crypto/rand"
	"errors"
	"strings"
	"unicode"

	"gatepost/crypto/internal/secret"
)

type hidden = secret.Hidden

// Why a typed code cannot be one of ours. None of the three costs an attempt:
// nothing has been looked up yet.
var (
	ErrCharacter = errors.New("a code has only letters without U and digits")
	ErrLength    = errors.New("a code has another number of characters")
	ErrCheck     = errors.New("a character of the code is wrong")
)

// alphabet is Crockford's base 32: the digits, and the letters without I, L, O
// and U, which are mistaken for others or make words.
// https://www.crockford.com/base32.html
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// randomSymbols gives n random values from 0 to 31.
func randomSymbols(n int) []byte {
	symbols := make([]byte, n)
	_, _ = rand.Read(symbols) // never fails: the program ends first
	for i := range symbols {
		symbols[i] &= 31
	}
	return symbols
}

// write turns values into characters.
func write(symbols []byte) string {
	text := make([]byte, len(symbols))
	for i, s := range symbols {
		text[i] = alphabet[s]
	}
	return string(text)
}

// read turns what somebody typed into n values. Spaces and any kind of hyphen or
// dash may stand anywhere.
func read(typed string, n int) ([]byte, error) {
	// A bound on work, not on people: eight bytes for each character.
	if len(typed) > 8*n {
		return nil, ErrLength
	}
	var symbols []byte
	for _, r := range typed {
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == '\u2212' || r == '\u00ad' { // minus sign, soft hyphen
			continue
		}
		s := strings.IndexRune(alphabet, alike(r))
		if s < 0 {
			return nil, ErrCharacter
		}
		symbols = append(symbols, byte(s))
	}
	if len(symbols) != n {
		return nil, ErrLength
	}
	return symbols, nil
}

// alike gives the character that one was meant for.
func alike(r rune) rune {
	if 'a' <= r && r <= 'z' {
		r += 'A' - 'a'
	}
	switch r {
	case 'O':
		return '0'
	case 'I', 'L':
		return '1'
	}
	return r
}

// group puts a hyphen after every size characters.
func group(text string, size int, between string) string {
	var groups []string
	for len(text) > size {
		groups, text = append(groups, text[:size]), text[size:]
	}
	return strings.Join(append(groups, text), between)
}
