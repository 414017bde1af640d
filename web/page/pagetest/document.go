package pagetest

import (
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Document is a parsed page, or one element of it.
type Document struct {
	t    testing.TB
	node *html.Node
}

// Parse reads a page. A broken page is still read, as a browser would.
func Parse(t testing.TB, body string) Document {
	t.Helper()
	node, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatalf("parse the page: %v", err)
	}
	return Document{t: t, node: node}
}

// All finds every element that fits the selector, in the page's order.
func (d Document) All(selector string) []Document {
	d.t.Helper()
	found := []*html.Node{d.node}
	for part := range strings.FieldsSeq(selector) {
		fits := d.matcher(part)
		var next []*html.Node
		seen := map[*html.Node]bool{}
		for _, outer := range found {
			for n := range outer.Descendants() {
				if n.Type == html.ElementNode && fits(n) && !seen[n] {
					seen[n] = true
					next = append(next, n)
				}
			}
		}
		found = next
	}
	docs := make([]Document, len(found))
	for i, n := range found {
		docs[i] = Document{t: d.t, node: n}
	}
	return docs
}

// One finds the only element that fits; none or several end the test.
func (d Document) One(selector string) Document {
	d.t.Helper()
	found := d.All(selector)
	if len(found) != 1 {
		d.t.Fatalf("%q fits %d elements, want 1 of: %s", selector, len(found), d.HTML())
	}
	return found[0]
}

// None ends the test where an element fits.
func (d Document) None(selector string) {
	d.t.Helper()
	if found := d.All(selector); len(found) != 0 {
		d.t.Fatalf("%q fits %d elements, want none: %s", selector, len(found), found[0].HTML())
	}
}

// Text is the words inside, with single spaces.
func (d Document) Text() string {
	var b strings.Builder
	for n := range d.node.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// Raw is the text inside exactly as it stands, for textareas.
func (d Document) Raw() string {
	var b strings.Builder
	for n := range d.node.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	}
	return b.String()
}

// Attr is the attribute name, or "".
func (d Document) Attr(name string) string {
	v, _ := attr(d.node, name)
	return v
}

// HasAttr tells whether the attribute is there, if only empty.
func (d Document) HasAttr(name string) bool {
	_, ok := attr(d.node, name)
	return ok
}

// HTML is the element as it stands in the page.
func (d Document) HTML() string {
	var b strings.Builder
	if err := html.Render(&b, d.node); err != nil {
		d.t.Fatalf("render the element: %v", err)
	}
	return b.String()
}

// Node is the element for tests that need more.
func (d Document) Node() *html.Node { return d.node }

func attr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

var selectorPart = regexp.MustCompile(`^([a-z][a-z0-9]*)?((?:[.#][A-Za-z0-9_-]+|\[[a-z-]+(?:=[^\]]*)?\])*)$`)
var selectorMark = regexp.MustCompile(`[.#][A-Za-z0-9_-]+|\[[a-z-]+(?:=[^\]]*)?\]`)

// matcher reads one part of a selector.
func (d Document) matcher(part string) func(*html.Node) bool {
	d.t.Helper()
	m := selectorPart.FindStringSubmatch(part)
	if m == nil {
		d.t.Fatalf("the selector %q is not one that we read", part)
	}
	tag, marks := m[1], selectorMark.FindAllString(m[2], -1)
	return func(n *html.Node) bool {
		if tag != "" && n.Data != tag {
			return false
		}
		for _, mark := range marks {
			if !fits(n, mark) {
				return false
			}
		}
		return true
	}
}

// fits tells whether n has a class, an id or an attribute.
func fits(n *html.Node, mark string) bool {
	switch mark[0] {
	case '.':
		classes, _ := attr(n, "class")
		return strings.Contains(" "+strings.Join(strings.Fields(classes), " ")+" ", " "+mark[1:]+" ")
	case '#':
		id, _ := attr(n, "id")
		return id == mark[1:]
	}
	name, want, valued := strings.Cut(strings.Trim(mark, "[]"), "=")
	got, ok := attr(n, name)
	return ok && (!valued || got == strings.Trim(want, `'"`))
}
