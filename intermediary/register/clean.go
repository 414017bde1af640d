package register

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// longest is how many runes of a value are compared. No name needs more; a
// value of ten kilobytes is as quick as one of forty.
const longest = 40

// cleanText folds case, accents and punctuation, so that two spellings of one
// value are one text. What no letter or digit is left of is not known.
func cleanText(raw string) string {
	if len(raw) > longest*utf8.UTFMax {
		raw = raw[:longest*utf8.UTFMax] // a rune cut in half is dropped below
	}
	if !plain(raw) {
		raw = norm.NFKD.String(raw)
	}
	out := make([]byte, 0, len(raw))
	for _, r := range raw {
		out = fold(out, r)
	}
	words := strings.Fields(string(out))
	if len(words) > 1 && words[0] == "st" {
		words[0] = "saint"
	}
	return shorten(strings.Join(words, " "))
}

func plain(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func shorten(s string) string {
	n := 0
	for i := range s {
		if n == longest {
			return strings.TrimSpace(s[:i])
		}
		n++
	}
	return s
}

// fold adds what is left of a rune: a lower case letter or digit, a space for
// what parts two words, nothing for what stands inside one.
func fold(out []byte, r rune) []byte {
	switch {
	case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
		return append(out, byte(r))
	case r >= 'A' && r <= 'Z':
		return append(out, byte(r)+'a'-'A')
	case r == '\'', r == '`', r == '’', r == '‘', r == 'ʼ', r == utf8.RuneError:
		return out
	case r < utf8.RuneSelf, unicode.IsSpace(r), unicode.Is(unicode.Pd, r):
		if unicode.IsControl(r) && !unicode.IsSpace(r) {
			return out
		}
		return append(out, ' ')
	}
	r = unicode.ToLower(r)
	switch r { // letters that no decomposition takes apart
	case 'ø':
		return append(out, 'o')
	case 'ł':
		return append(out, 'l')
	case 'đ', 'ð':
		return append(out, 'd')
	case 'ß':
		return append(out, "ss"...)
	case 'æ':
		return append(out, "ae"...)
	case 'œ':
		return append(out, "oe"...)
	case 'þ':
		return append(out, "th"...)
	}
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return utf8.AppendRune(out, r)
	}
	return out
}

// cleanName is cleanText for a name of a person: without a title, a word that
// says that there is no name, and the ways to write Mc, O' and ap.
func cleanName(raw string) string {
	words := strings.Fields(cleanText(raw))
	for len(words) > 1 && isTitle(words[0]) {
		words = words[1:]
	}
	if len(words) == 0 || isNoName(strings.Join(words, " ")) {
		return ""
	}
	for i := 0; i+1 < len(words); i++ {
		if joinsNext(words[i]) {
			words = slices.Replace(words, i, i+2, words[i]+words[i+1])
		}
	}
	for i, w := range words {
		if rest, ok := strings.CutPrefix(w, "mac"); ok && len(rest) >= 3 {
			words[i] = "mc" + rest
		}
	}
	return strings.Join(words, " ")
}

func isTitle(word string) bool {
	switch word {
	case "mr", "mrs", "miss", "ms", "mx", "master", "dr", "rev", "sir", "lady", "the", "baby":
		return true
	}
	return false
}

func isNoName(text string) bool {
	switch text {
	case "unknown", "not known", "nk", "n k", "na", "n a", "none", "unnamed", "not named", "no name", "not given", "baby", "infant", "male", "female", "boy", "girl":
		return true
	}
	return false
}

func joinsNext(word string) bool {
	switch word {
	case "o", "mc", "mac", "ap", "ab", "fitz":
		return true
	}
	return false
}

// soundex is the American Soundex of a text's letters, from 1 to about 9,000: how an
// English ear may have written it down. A text in another script has a
// number of its first letters instead; only nothing has 0.
func soundex(text string) uint16 {
	var code [4]byte
	n, last := 0, byte(0)
	for i := 0; i < len(text) && n < 4; i++ {
		c := text[i]
		if c < 'a' || c > 'z' {
			continue
		}
		digit := soundClass(c)
		switch {
		case n == 0:
			code[0], n = c-'a', 1
		case digit != 0 && digit != last:
			code[n] = digit
			n++
		}
		if c != 'h' && c != 'w' { // these two do not part equal sounds
			last = digit
		}
	}
	if n == 0 {
		return otherScript(text)
	}
	return 1 + ((uint16(code[0])*7+uint16(code[1]))*7+uint16(code[2]))*7 + uint16(code[3])
}

func soundClass(c byte) byte {
	const classes = "\x00\x01\x02\x03\x00\x01\x02\x00\x00\x02\x02\x04\x05\x05\x00\x01\x02\x06\x02\x03\x00\x01\x00\x02\x00\x02"
	return classes[c-'a']
}

func otherScript(text string) uint16 {
	if text == "" {
		return 0
	}
	n, h := 0, uint64(0)
	for _, r := range text {
		if n++; n > 4 {
			break
		}
		h = mix(h, uint64(r))
	}
	return 10_000 + uint16(h%50_000)
}
