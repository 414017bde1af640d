package letterbox

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"gatepost/internal/fault"
)

// clean makes what a form sent into a text as it is sealed: UTF-8 in NFC, line
// ends \n, and nothing that cannot be seen. limit is in bytes after that.
func clean(field, text string, limit int) (string, error) {
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
// word processor leaves behind: control characters, and the marks that make a
// text read in another order than it was written (Unicode Annex 9), with
// which a worker could be shown another letter than the family.
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

// cleanLine is clean for one line: a name, a phone number.
func cleanLine(field, text string) (string, error) {
	text, err := clean(field, strings.TrimSpace(text), 400)
	if err != nil {
		return "", err
	}
	if strings.ContainsAny(text, "\n\t") {
		return "", fault.Field(field, "fault.text.oneLine")
	}
	return text, nil
}

// blank tells whether there is nothing to read in a text.
func blank(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }) < 0
}
