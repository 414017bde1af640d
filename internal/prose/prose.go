package prose

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"gatepost/internal/fault"
)

// MaxLine is the longest line, in bytes.
const MaxLine = 400

// Clean gives a text as it is kept. limit is in bytes after that, and bounds
// the work that a longer one makes. Invalid, with the form's field: too long,
// or not UTF-8.
func Clean(field, text string, limit int) (string, error) {
	if len(text) > 2*limit {
		return "", fault.Field(field, "fault.text.tooLong")
	}
	if !utf8.ValidString(text) {
		return "", fault.Field(field, "fault.text.notText")
	}
	text = norm.NFC.String(strings.Map(readable, strings.ReplaceAll(text, "\r\n", "\n")))
	if len(text) > limit {
		return "", fault.Field(field, "fault.text.tooLong")
	}
	return text, nil
}

// readable turns every kind of line end into \n and drops what nobody sees and a
// word processor leaves behind, with the marks of Annex 9.
func readable(r rune) rune {
	switch {
	case r == '\r', r == '\v', r == '\f', r == '\u0085', r == '\u2028', r == '\u2029':
		return '\n'
	case r == '\n', r == '\t':
		return r
	case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
		return -1
	}
	return r
}

// Line is Clean for one line, a name or a phone number, without the space around
// it. Invalid also for more than MaxLine bytes, a line end or a tab.
func Line(field, text string) (string, error) {
	text, err := Clean(field, strings.TrimSpace(text), MaxLine)
	if err != nil {
		return "", err
	}
	text = strings.TrimSpace(text) // of what was behind something that nobody sees
	if strings.ContainsAny(text, "\n\t") {
		return "", fault.Field(field, "fault.text.oneLine")
	}
	return text, nil
}

// Blank tells whether there is nothing to read in a text.
func Blank(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }) < 0
}
