package words

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	i18ntemplate "github.com/nicksnyder/go-i18n/v2/i18n/template"
)

// text is a text with places for data, cut at its {{.Name}} places: words,
// name, words, name, …, words. Texts need nothing else of a template language,
// and a page fills in dozens of them.
type text []string

var (
	place      = regexp.MustCompile(`\{\{\.([A-Z][A-Za-z]*)\}\}`)
	errBraces  = errors.New("a text has braces that are no {{.Name}}")
	errNoValue = errors.New("a place of the text has no value")
)

// parseText cuts a text. Braces around anything but a name are an error.
func parseText(s string) (text, error) {
	var t text
	end := 0
	for _, at := range place.FindAllStringSubmatchIndex(s, -1) {
		t = append(t, s[end:at[0]], s[at[2]:at[3]])
		end = at[1]
	}
	t = append(t, s[end:])
	for i := 0; i < len(t); i += 2 {
		if strings.Contains(t[i], "{{") || strings.Contains(t[i], "}}") {
			return nil, errBraces
		}
	}
	return t, nil
}

// fill puts data in. A place without a value is an error: nobody reads "<no value>".
func (t text) fill(data map[string]any) (string, error) {
	var b strings.Builder
	for i, s := range t {
		if i%2 == 0 {
			b.WriteString(s)
			continue
		}
		value, ok := data[s]
		if !ok {
			return "", errNoValue
		}
		if word, ok := value.(string); ok {
			b.WriteString(word)
		} else {
			fmt.Fprint(&b, value)
		}
	}
	return b.String(), nil
}

// strict has go-i18n fill in the plural forms that it picks by the same rule.
type strict struct{}

// Cacheable lets go-i18n parse each text once.
func (strict) Cacheable() bool { return true }

// Parse is called by go-i18n for a plural form.
func (strict) Parse(src, _, _ string) (i18ntemplate.ParsedTemplate, error) { return parseText(src) }

// Execute fills in the data of one plural form.
func (t text) Execute(data any) (string, error) {
	named, ok := data.(map[string]any)
	if !ok {
		return "", errNoValue
	}
	return t.fill(named)
}
