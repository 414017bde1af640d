package page_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/net/html"

	"gatepost/web/page"
	"gatepost/web/page/pagetest"
)

// components are the parts of govuk-frontend that we have a partial for.
func components() map[string]any {
	return map[string]any{
		"back-link": &page.BackLink{}, "button": &page.Button{}, "character-count": &page.CharacterCount{},
		"checkboxes": &page.Checkboxes{}, "date-input": &page.DateInput{}, "details": &page.Details{},
		"error-message": &page.ErrorMessage{}, "error-summary": &page.ErrorSummary{}, "exit-this-page": &page.ExitThisPage{},
		"fieldset": &page.Fieldset{}, "generic-header": &page.GenericHeader{}, "hint": &page.Hint{}, "input": &page.Input{},
		"inset-text": &page.InsetText{}, "label": &page.Label{}, "notification-banner": &page.NotificationBanner{},
		"pagination": &page.Pagination{}, "panel": &page.Panel{}, "password-input": &page.PasswordInput{},
		"radios": &page.Radios{}, "select": &page.Select{}, "service-navigation": &page.ServiceNavigation{},
		"skip-link": &page.SkipLink{}, "summary-list": &page.SummaryList{}, "table": &page.Table{}, "tag": &page.Tag{},
		"task-list": &page.TaskList{}, "textarea": &page.Textarea{}, "warning-text": &page.WarningText{},
	}
}

// unsupported are the fixtures that we leave out on purpose, by component and
// name. A fixture that is neither here nor rendered alike fails the test, and
// so does one that is here and would pass.
func unsupported() map[string]string {
	const (
		gap   = "an empty place in a list: ours are Go slices"
		mark  = "a fault without the hidden word Error: a screen reader needs it, and the catalogue translates it"
		parts = "day, month and year as options: Items says the same in one way"
		slot  = "a slot with a side: we put nothing there"
	)
	return map[string]string{
		"radios: with falsy items":                                     gap,
		"radios: with empty conditional":                               "false in place of HTML: our option is a Content or nil",
		"summary-list: with falsy values":                              gap,
		"select: with falsy items":                                     gap,
		"select: with falsy values":                                    "false and 0 as values: ours are text",
		"pagination: with empty items":                                 gap,
		"task-list: with empty values":                                 gap,
		"error-message: translated":                                    mark,
		"error-message: visually hidden text removed":                  mark,
		"checkboxes: with falsy values":                                gap,
		"checkboxes: empty conditional":                                "false in place of HTML: our option is a Content or nil",
		"date-input: with translations":                                parts,
		"date-input: with values, name prefix and custom names":        parts,
		"date-input: day and month":                                    parts,
		"date-input: month and year":                                   parts,
		"date-input: with errors only":                                 parts,
		"date-input: with errors only (using classes)":                 parts,
		"date-input: with error on day input":                          parts,
		"date-input: with error on month input":                        parts,
		"date-input: with error on year input":                         parts,
		"date-input: with field value":                                 parts,
		"date-input: with field value and items":                       parts,
		"date-input: with field value and item value":                  parts,
		"date-input: with field value, item value and values":          parts,
		"date-input: with field value overriding values":               parts,
		"date-input: with error on single field":                       parts,
		"date-input: with error on single field by omission":           parts,
		"date-input: with error on single field using classes":         parts,
		"exit-this-page: testing":                                      "an attribute without a value, which only the tests of govuk-frontend need",
		"service-navigation: with navigation having empty values":      gap,
		"service-navigation: with navigation having only empty values": gap,
		"service-navigation: with right-aligned language navigation":   slot,
		"service-navigation: with `inline` end slot":                   slot,
		"table: with falsy items":                                      gap,
	}
}

type fixture struct {
	Name    string
	Options json.RawMessage
	HTML    string
}

// fixturePage shows one component and nothing else of interest.
type fixturePage struct {
	page.Base
	Component any
}

func TestComponentsMatchGovukFrontend(t *testing.T) {
	root := filepath.Join("..", "..", "node_modules", "govuk-frontend", "dist", "govuk", "components")
	if _, err := os.Stat(root); errors.Is(err, fs.ErrNotExist) {
		t.Fatal("govuk-frontend is not there to compare with: run npm ci")
	}
	files := fstest.MapFS{}
	for name := range components() {
		files["templates/"+name+".html"] = &fstest.MapFile{Data: []byte(`<h1>x</h1><div id="fixture">{{template "govuk-` + name + `" .Component}}</div>`)}
	}
	renderer := pagetest.Renderer(t, page.Source{Room: "fixture", Files: files})
	left := unsupported()
	matched := 0
	for name, options := range components() {
		for _, f := range fixturesOf(t, filepath.Join(root, name, "fixtures.json")) {
			id := name + ": " + f.Name
			err := compare(renderer, name, options, f)
			_, out := left[id]
			switch {
			case err == nil && out:
				t.Errorf("%s: is listed as left out, but matches", id)
			case err != nil && !out:
				t.Errorf("%s: %v", id, err)
			case err == nil:
				matched++
			}
			delete(left, id)
		}
	}
	for id := range left {
		t.Errorf("%s: is listed as left out, but there is no such fixture", id)
	}
	n := len(unsupported())
	// The footer of govuk-frontend always has the royal crest and the Crown's
	// copyright, so ours is another one and is not compared.
	t.Logf("%d fixtures of %d components match, %d are left out", matched, len(components()), n)
	if n > matched/4 {
		t.Errorf("%d of %d fixtures are left out, which is too many to call this checked", n, matched+n)
	}
}

func fixturesOf(t *testing.T, path string) []fixture {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Fixtures []fixture }
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	return all.Fixtures
}

// compare shows one fixture's options and compares what comes out with what
// govuk-frontend makes of them.
func compare(r *page.Renderer, name string, options any, f fixture) error {
	component := reflect.New(reflect.TypeOf(options).Elem())
	dec := json.NewDecoder(bytes.NewReader(texts(f.Options)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(component.Interface()); err != nil {
		return fmt.Errorf("its options: %w", err)
	}
	body, err := r.HTML("fixture/"+name, &fixturePage{Component: component.Elem().Interface()})
	if err != nil {
		return err
	}
	got, err := shape(string(body), "fixture")
	if err != nil {
		return err
	}
	want, err := shape(`<body><div id="fixture">`+f.HTML+`</div>`, "fixture")
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("differs\n got %s\nwant %s", got, want)
	}
	return nil
}

// texts turns the numbers of options into text where we take text; Nunjucks
// does not tell the two apart.
func texts(raw json.RawMessage) []byte {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return raw
	}
	out, err := json.Marshal(textsIn("", v))
	if err != nil {
		return raw
	}
	return out
}

func textsIn(key string, v any) any {
	numbers := []string{"rows", "maxlength", "maxwords", "threshold", "headingLevel", "titleHeadingLevel", "colspan", "rowspan"}
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if k == "attributes" {
				for name, a := range x.(map[string]any) {
					if n, ok := a.(float64); ok {
						x.(map[string]any)[name] = fmt.Sprint(n)
					}
				}
				continue
			}
			v[k] = textsIn(k, x)
		}
	case []any:
		for i, x := range v {
			v[i] = textsIn(key, x)
		}
	case float64:
		if !slices.Contains(numbers, key) {
			return fmt.Sprint(v)
		}
	}
	return v
}

// shape writes the inside of the element id in one way: attributes in order,
// classes with single spaces, space between words and elements as one space.
func shape(body, id string) (string, error) {
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for n := range doc.Descendants() {
		if slices.Contains(n.Attr, html.Attribute{Key: "id", Val: id}) {
			for c := range n.ChildNodes() {
				writeNode(&b, c, false)
			}
		}
	}
	return b.String(), nil
}

func writeNode(b *strings.Builder, n *html.Node, exact bool) {
	switch n.Type {
	case html.TextNode:
		text := n.Data
		if !exact {
			text = strings.Join(strings.Fields(text), " ")
		}
		b.WriteString(template.HTMLEscapeString(text))
	case html.ElementNode:
		b.WriteString("\n<" + n.Data)
		slices.SortFunc(n.Attr, func(x, y html.Attribute) int { return strings.Compare(x.Key, y.Key) })
		for _, a := range n.Attr {
			value := a.Val
			if a.Key == "class" || a.Key == "aria-describedby" {
				list := strings.Fields(value)
				slices.Sort(list)
				value = strings.Join(list, " ")
			}
			fmt.Fprintf(b, " %s=%q", a.Key, value)
		}
		b.WriteString(">")
		for c := range n.ChildNodes() {
			writeNode(b, c, n.Data == "textarea" || n.Data == "pre")
		}
	}
}
