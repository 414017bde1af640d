package passphrase

import (
	_ "embed"
	"errors"
	"sort"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// What is wrong with a passphrase that somebody chose. Each is for the person's
// form, and none says more than its name.
var (
	ErrShort  = errors.New("the passphrase has fewer than 12 characters")
	ErrLong   = errors.New("the passphrase has more than 256 characters")
	ErrText   = errors.New("the passphrase has characters that cannot be typed")
	ErrCommon = errors.New("the passphrase is one that would be tried first")
)

const (
	minCharacters = 12
	maxCharacters = 256

	// maxBytes is well above 256 characters of four bytes; what is longer is
	// not even normalised.
	maxBytes = 4096

	// minSurprise is how many characters must not follow from the one before
	// them. "qwertyuiop12" has two, any five words at least ten.
	minSurprise = 6

	// minOwn is the same for what is left without the words that count for
	// nothing: more than one short word, or a year and a sign.
	minOwn = 8
)

// denyText is passphrases of twelve characters and more that people are known to
// choose, one a line, folded as Check folds. The list is our own.
//
//go:embed deny.txt
var denyText string

var denyList = sync.OnceValue(func() map[string]bool {
	deny := make(map[string]bool)
	for _, line := range strings.Fields(denyText) {
		deny[line] = true
	}
	return deny
})

// serviceWords are what anybody would think of on this service's pages. They
// count for nothing in a passphrase.
func serviceWords() []string {
	return []string{
		"gatepost", "letterbox", "adoption", "adopted", "adopter", "adoptive", "agency", "intermediary",
		"birthmother", "birthfather", "mother", "father", "contact", "letters", "letter", "passphrase", "password",
		"passwort", "passcode", "passw", "welcome", "changeme", "secret", "login", "logon", "signin", "letmein",
		"private", "admin", "worker", "family", "families", "qwerty", "iloveyou", "socialwork",
	}
}

// Check says whether a passphrase may be chosen: 12 to 256 characters after
// NFKC, and not one that a guesser tries early. That is one on the deny list, a
// short piece said over and over, a run along the alphabet or the keyboard, or
// hardly more than this service's words and the words given in about, such as
// the log-in name and the agency's. Case, digits for letters and punctuation do
// not help. Nothing is demanded of it: no capitals, digits or signs.
//
// It returns nil, ErrShort, ErrLong, ErrText or ErrCommon. It is for choosing
// only; at sign-in whatever is typed is tried.
func Check(passphrase string, about ...string) error {
	if len(passphrase) > maxBytes {
		return ErrLong
	}
	if !utf8.ValidString(passphrase) {
		return ErrText
	}
	normal := norm.NFKC.String(passphrase)
	if strings.ContainsFunc(normal, unicode.IsControl) {
		return ErrText
	}
	switch n := utf8.RuneCountInString(normal); {
	case n < minCharacters:
		return ErrShort
	case n > maxCharacters:
		return ErrLong
	}
	signs := make(map[rune]bool)
	for _, r := range normal {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			signs[r] = true
		}
	}
	for _, folded := range []string{fold(normal, false), fold(normal, true)} {
		if common(folded, len(signs), about) {
			return ErrCommon
		}
	}
	return nil
}

// fold keeps letters and digits, in lower case. With unmask it also turns back
// the signs that are written for letters, as in "p4$$w0rd".
func fold(s string, unmask bool) string {
	masks := strings.NewReplacer("@", "a", "4", "a", "3", "e", "1", "i", "!", "i", "0", "o", "$", "s", "5", "s", "7", "t")
	s = strings.ToLower(s)
	if unmask {
		s = masks.Replace(s)
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// common judges a folded passphrase, which also had some different signs.
func common(folded string, signs int, about []string) bool {
	runes := []rune(folded)
	bare := strings.TrimFunc(folded, unicode.IsDigit) // "liverpoolfootballclub1892"
	if denyList()[folded] || denyList()[bare] {
		return true
	}
	if surprise(runes)+signs < minSurprise {
		return true
	}
	if p := period(runes); p < minCharacters && 2*p <= len(runes) {
		return true
	}
	own := without(folded, about)
	return own != folded && surprise([]rune(own))+signs < minOwn
}

// period is the length of the piece of which s is a repetition, the last one
// perhaps cut short; len(s) when there is none.
func period(s []rune) int {
	for p := 1; p < len(s); p++ {
		if string(s[p:]) == string(s[:len(s)-p]) {
			return p
		}
	}
	return len(s)
}

// surprise counts the characters of s that do not follow from the one before.
func surprise(s []rune) int {
	n := 0
	for i, r := range s {
		if i == 0 || !follows(s[i-1], r) {
			n++
		}
	}
	return n
}

// follows reports whether b is a, or its neighbour in the alphabet, the digits
// or along a line of the keyboard, across or down.
func follows(a, b rune) bool {
	if a == b || a-b == 1 || b-a == 1 {
		return true
	}
	const lines = "1234567890 qwertyuiop asdfghjkl zxcvbnm 1qaz 2wsx 3edc 4rfv 5tgb 6yhn 7ujm 8ik 9ol"
	return strings.Contains(lines, string([]rune{a, b})) || strings.Contains(lines, string([]rune{b, a}))
}

// without takes the words that count for nothing out of a folded passphrase,
// the longest first.
func without(folded string, about []string) string {
	words := serviceWords()
	for _, phrase := range about {
		for _, word := range strings.Fields(norm.NFKC.String(phrase)) {
			if word = fold(word, false); utf8.RuneCountInString(word) >= 3 {
				words = append(words, word)
			}
		}
	}
	sort.SliceStable(words, func(i, j int) bool { return len(words[i]) > len(words[j]) })
	for _, word := range words {
		folded = strings.ReplaceAll(folded, word, "")
	}
	return folded
}
