package words

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	// Dates are told in the agency's own time, also on a machine without a
	// time zone database.
	_ "time/tzdata"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed en
var files embed.FS

// fallback is the language of every text, and the one shown where another
// language has no text of its own.
const fallback = "en"

// Catalogue is all texts in all languages. It does not change after Load and
// may be used by many goroutines at once.
type Catalogue struct {
	byLang map[string]*Words
}

// Words is the catalogue in one language.
type Words struct {
	lang      string
	parent    *Words            // asked for what this language lacks; nil in English
	plain     map[string]string // texts that take no data
	filled    map[string]text   // texts with places for data
	rich      map[string]bool   // keys of the texts with plural forms, which localizer fills in
	localizer *i18n.Localizer
	zone      *time.Location
}

var (
	errNotObject = errors.New("the file is not a JSON object")
	errOddPairs  = errors.New("data are not pairs of a name and a value")
)

// Load reads the catalogues that are built into the program. Its errors name
// the file or the key at fault: broken JSON, a key given twice, a key outside
// the file that its first part names.
func Load() (*Catalogue, error) {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		return nil, fmt.Errorf("load the time zone: %w", err)
	}
	langs, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("read the catalogues: %w", err)
	}
	c := &Catalogue{byLang: map[string]*Words{}}
	for _, l := range langs {
		w, err := load(l.Name(), zone)
		if err != nil {
			return nil, err
		}
		c.byLang[l.Name()] = w
	}
	for lang, w := range c.byLang {
		if lang != fallback {
			w.parent = c.byLang[fallback]
		}
	}
	return c, nil
}

// load reads all files of one language.
func load(lang string, zone *time.Location) (*Words, error) {
	bundle := i18n.NewBundle(language.Make(lang))
	w := &Words{lang: lang, plain: map[string]string{}, filled: map[string]text{}, rich: map[string]bool{}, zone: zone}
	names, err := fs.Glob(files, path.Join(lang, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("read the catalogue %s: %w", lang, err)
	}
	for _, name := range names {
		raw, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if err := w.read(bundle, strings.TrimSuffix(path.Base(name), ".json"), raw); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	w.localizer = i18n.NewLocalizer(bundle, lang)
	return w, nil
}

// read adds one file, whose keys all begin with the name of its room. It reads
// key by key, because encoding/json keeps the last of two equal keys in silence.
func (w *Words) read(bundle *i18n.Bundle, room string, raw []byte) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return fmt.Errorf("find the opening brace: %w", cmp.Or(err, errNotObject))
	}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return fmt.Errorf("read a key: %w", err)
		}
		key := fmt.Sprint(token)
		var entry json.RawMessage
		if err := dec.Decode(&entry); err != nil {
			return fmt.Errorf("read the text of %q: %w", key, err)
		}
		if first, _, _ := strings.Cut(key, "."); first != room {
			return fmt.Errorf("the key %q belongs in %s.json", key, first)
		}
		if w.has(key) {
			return fmt.Errorf("the key %q is there twice", key)
		}
		if err := w.add(bundle, key, entry); err != nil {
			return fmt.Errorf("add the key %q: %w", key, err)
		}
	}
	if _, err := dec.Token(); err != nil {
		return fmt.Errorf("find the closing brace: %w", err)
	}
	return nil
}

// add files one text. Only plural forms need go-i18n; texts without data, by far
// the most, are kept as they are.
func (w *Words) add(bundle *i18n.Bundle, key string, entry json.RawMessage) error {
	m := i18n.Message{ID: key}
	var plain string
	if json.Unmarshal(entry, &plain) == nil {
		t, err := parseText(plain)
		switch {
		case err != nil:
			return err
		case len(t) == 1:
			w.plain[key] = plain
		default:
			w.filled[key] = t
		}
		return nil
	}
	if err := json.Unmarshal(entry, &m); err != nil {
		return fmt.Errorf("read its plural forms: %w", err)
	}
	m.ID = key
	w.rich[key] = true
	return bundle.AddMessages(language.Make(w.lang), &m)
}

// In gives the texts in the language lang ("en", "cy"), or in English where
// lang is not one of Langs.
func (c *Catalogue) In(lang string) *Words {
	if w, ok := c.byLang[lang]; ok {
		return w
	}
	return c.byLang[fallback]
}

// Langs lists the languages there are, in alphabetical order.
func (c *Catalogue) Langs() []string { return slices.Sorted(maps.Keys(c.byLang)) }

// Lang is the language of these texts, as it stands in <html lang>.
func (w *Words) Lang() string { return w.lang }

// Keys lists the keys of every text of this language, in alphabetical order.
func (w *Words) Keys() []string {
	return slices.Sorted(func(yield func(string) bool) {
		for k := range w.plain {
			if !yield(k) {
				return
			}
		}
		for k := range w.filled {
			if !yield(k) {
				return
			}
		}
		for k := range w.rich {
			if !yield(k) {
				return
			}
		}
	})
}

// Has tells whether Text knows the key, in this language or in English.
func (w *Words) Has(key string) bool {
	return w.has(key) || w.parent != nil && w.parent.Has(key)
}

// has tells whether this language itself has the key.
func (w *Words) has(key string) bool {
	_, plain := w.plain[key]
	_, filled := w.filled[key]
	return plain || filled || w.rich[key]
}

// Text is the text of key. Data are pairs of a name and a value for the
// {{.Name}} places of the text; "Count" also picks the plural form. It returns
// an error for an unknown key, for a place without a value and for a name that
// is no string; the error names the key and never a value.
func (w *Words) Text(key string, data ...any) (string, error) {
	if text, ok := w.plain[key]; ok {
		return text, nil
	}
	if !w.has(key) {
		if w.parent != nil {
			return w.parent.Text(key, data...)
		}
		return "", fmt.Errorf("find the words of %q: no such key", key)
	}
	named, err := pairs(data)
	if err != nil {
		return "", fmt.Errorf("find the words of %q: %w", key, err)
	}
	if t, ok := w.filled[key]; ok {
		text, err := t.fill(named)
		if err != nil {
			return "", fmt.Errorf("find the words of %q: %w", key, err)
		}
		return text, nil
	}
	text, err := w.localizer.Localize(&i18n.LocalizeConfig{
		MessageID: key, TemplateData: named, PluralCount: named["Count"], TemplateParser: strict{},
	})
	if err != nil {
		return "", fmt.Errorf("find the words of %q: its data do not fit", key)
	}
	return text, nil
}

// T is Text for places that cannot go on with an error: where the text cannot
// be told it is the key itself, which a test of the page then finds.
func (w *Words) T(key string, data ...any) string {
	text, err := w.Text(key, data...)
	if err != nil {
		return key
	}
	return text
}

// pairs turns name, value, name, value… into a map.
func pairs(data []any) (map[string]any, error) {
	if len(data)%2 != 0 {
		return nil, errOddPairs
	}
	named := make(map[string]any, len(data)/2)
	for i := 0; i < len(data); i += 2 {
		name, ok := data[i].(string)
		if !ok {
			return nil, errOddPairs
		}
		named[name] = data[i+1]
	}
	return named, nil
}
