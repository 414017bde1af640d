package main

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"

	"gatepost/web/page"
)

// field is what a form sends under one name.
type field struct{ name, value string }

// form is a form of a page, as it would be sent.
type form struct {
	action, method string
	fields         []field
}

// readPage gives the links to places of the same site, and the forms.
func readPage(body string) (links []string, forms []form) {
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		return nil, nil // html.Parse fails only where its reader does
	}
	for n := range root.Descendants() {
		switch {
		case n.Type != html.ElementNode:
		case n.Data == "a":
			if href := attr(n, "href"); strings.HasPrefix(href, "/") && !strings.HasPrefix(href, "//") {
				href, _, _ = strings.Cut(href, "#")
				links = append(links, href)
			}
		case n.Data == "form":
			forms = append(forms, readForm(n))
		}
	}
	return links, forms
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// readForm fills a form in: what the page has, the first of what may be chosen,
// and a word in each empty field.
func readForm(n *html.Node) form {
	f := form{action: attr(n, "action"), method: strings.ToUpper(attr(n, "method"))}
	if f.method == "" {
		f.method = "GET"
	}
	for e := range n.Descendants() {
		name := attr(e, "name")
		if e.Type != html.ElementNode || name == "" {
			continue
		}
		switch kind := attr(e, "type"); {
		case e.Data == "textarea":
			f.add(name, content(e))
		case e.Data == "select":
			f.add(name, firstOption(e))
		case e.Data == "button" && name == page.LeaveField:
			// It ends the session, whatever else the form says.
		case e.Data == "button":
			f.once(name, attr(e, "value"))
		case e.Data == "input" && (kind == "radio" || kind == "checkbox"):
			f.once(name, attr(e, "value"))
		case e.Data == "input" && kind != "file":
			f.add(name, attr(e, "value"))
		}
	}
	return f
}

// add puts a field; an empty one gets what such a field may hold.
func (f *form) add(name, value string) {
	if value == "" {
		switch name {
		case "code", "day", "month", "year":
			value = "1"
		default:
			value = "words"
		}
	}
	f.fields = append(f.fields, field{name, value})
}

// once puts a choice unless one was made.
func (f *form) once(name, value string) {
	for _, had := range f.fields {
		if had.name == name {
			return
		}
	}
	f.fields = append(f.fields, field{name, value})
}

func content(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

func firstOption(n *html.Node) string {
	for o := range n.Descendants() {
		if o.Type == html.ElementNode && o.Data == "option" && attr(o, "value") != "" {
			return attr(o, "value")
		}
	}
	return ""
}

// encode writes fields in the order of the page.
func encode(fields []field) string {
	var b strings.Builder
	for i, f := range fields {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(f.name) + "=" + url.QueryEscape(f.value))
	}
	return b.String()
}

func (f form) set(name, value string) {
	for i := range f.fields {
		if f.fields[i].name == name {
			f.fields[i].value = value
		}
	}
}
