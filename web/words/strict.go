package words

import (
	"fmt"
	"strings"
	"text/template"

	i18ntemplate "github.com/nicksnyder/go-i18n/v2/i18n/template"
)

// strict parses texts so that a place without a value is an error. The parser
// of go-i18n would print "<no value>" to the person.
type strict struct{}

// Cacheable lets go-i18n parse each text once.
func (strict) Cacheable() bool { return true }

// Parse is called by go-i18n for a text with data.
func (strict) Parse(src, leftDelim, rightDelim string) (i18ntemplate.ParsedTemplate, error) {
	t, err := template.New("").Delims(leftDelim, rightDelim).Option("missingkey=error").Parse(src)
	if err != nil {
		return nil, fmt.Errorf("parse a text: %w", err)
	}
	return parsed{t}, nil
}

type parsed struct{ *template.Template }

// Execute fills in the data of one text.
func (p parsed) Execute(data any) (string, error) {
	var b strings.Builder
	if err := p.Template.Execute(&b, data); err != nil {
		return "", fmt.Errorf("fill in a text: %w", err)
	}
	return b.String(), nil
}
