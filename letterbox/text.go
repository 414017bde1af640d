package letterbox

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"gatepost/internal/fault"
)

// clean makes what a form sent into a text as it is sealed: UTF-8 in NFC, line
// ends \n, no control characters but tab. limit is in bytes after that.
func clean(field, text string, limit int) (string, error) {
	if len(text) > 2*limit {
		return "", fault.Field(field, "fault.text.tooLong")
	}
	if !utf8.ValidString(text) {
		return "", fault.Field(field, "fault.text.notText")
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	text = norm.NFC.String(text)
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return "", fault.Field(field, "fault.text.notText")
		}
	}
	if len(text) > limit {
		return "", fault.Field(field, "fault.text.tooLong")
	}
	return text, nil
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
