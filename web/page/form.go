package page

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// TokenField is the name of the field that carries the form token. A Form does
// not give it to handlers.
const TokenField = "form-token"

const (
	maxFields    = 250 // more than any form of ours has
	maxFieldName = 64  // bytes
)

// Errors of ParseForm. Each is one sentence to the person, by its own key.
var (
	errFormKind     = errors.New("the form is not url-encoded")
	errFormEncoding = errors.New("the form's encoding is broken")
	errFormText     = errors.New("the form holds text that is not UTF-8 or has a NUL")
	errFormTwice    = errors.New("the form gives a field twice")
	errFormFields   = errors.New("the form has too many fields")
)

// Form is what a person typed, by the names of the fields. The zero value is
// an empty form. It is not changed after it was made.
type Form struct {
	fields map[string][]string
}

// Get is the value of the field name, or "" where it was not sent. Line ends
// are "\n", whatever the browser sent.
func (f Form) Get(name string) string {
	if v := f.fields[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// All is every value of a field that may come several times (checkboxes), in
// the order sent.
func (f Form) All(name string) []string { return slices.Clone(f.fields[name]) }

// Has tells whether the field was sent, if only empty.
func (f Form) Has(name string) bool { return len(f.fields[name]) > 0 }

// Names lists the fields that were sent, in alphabetical order.
func (f Form) Names() []string {
	names := make([]string, 0, len(f.fields))
	for name := range f.fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// With is a copy of f in which the field name has the one value given: to show
// a form with what is already known.
func (f Form) With(name, value string) Form {
	fields := make(map[string][]string, len(f.fields)+1)
	for n, v := range f.fields {
		fields[n] = v
	}
	fields[name] = []string{value}
	return Form{fields: fields}
}

// FormOf is the form that was posted with r, which the router read and checked
// before it called the handler. Without a router, and for a GET, it is an
// error: a handler has no other way to read a form.
func FormOf(r *http.Request) (Form, error) {
	if p, ok := r.Context().Value(postedKey{}).(posted); ok {
		return p.form, nil
	}
	return Form{}, errors.New("read the form: the router has read none for this request")
}

// Query is the query of r, by the same rules as a form. A field may be given
// once. It is an empty Form where there is none or it is broken, for a query
// only says how to show a page and never what to do.
func Query(r *http.Request) Form {
	form, err := ParseForm(r.URL.RawQuery)
	if err != nil {
		return Form{}
	}
	return form
}

type postedKey struct{}

// posted is a form with its token, as it travels in the request's context.
type posted struct {
	form  Form
	token string
}

// ParseForm reads a url-encoded form. It refuses broken encoding, text that is
// not UTF-8 or holds a NUL (PostgreSQL takes neither), more fields than any
// form of ours has, and a field given twice unless it is named in many: of two
// values one would be checked and the other used.
func ParseForm(encoded string, many ...string) (Form, error) {
	if strings.Count(encoded, "&") >= maxFields {
		return Form{}, errFormFields
	}
	values, err := url.ParseQuery(encoded)
	if err != nil {
		return Form{}, errFormEncoding
	}
	return formOf(values, many...)
}

// formOf checks the values of a form, however it was encoded.
func formOf(values url.Values, many ...string) (Form, error) {
	f := Form{fields: make(map[string][]string, len(values))}
	for name, list := range values {
		if len(name) > maxFieldName || !clean(name) {
			return Form{}, errFormText
		}
		if len(list) > 1 && !slices.Contains(many, name) {
			return Form{}, errFormTwice
		}
		for _, v := range list {
			if !clean(v) {
				return Form{}, errFormText
			}
			f.fields[name] = append(f.fields[name], lines(v))
		}
	}
	return f, nil
}

// clean tells whether the database can hold s.
func clean(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// lines gives s with "\n" for line ends; browsers send "\r\n" (HTML standard,
// form submission), and what is counted and sealed must not depend on it.
func lines(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// readForm reads the form of a request that posts, at most limit bytes of it,
// and returns r with the form in its context. Its error may be an
// *http.MaxBytesError.
func readForm(w http.ResponseWriter, r *http.Request, limit int64, many []string) (*http.Request, error) {
	if r.ContentLength > limit {
		return r, &http.MaxBytesError{Limit: limit}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		return r, fmt.Errorf("read the form: %w", err)
	}
	if len(body) > 0 {
		kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || kind != "application/x-www-form-urlencoded" {
			return r, errFormKind
		}
	}
	form, err := ParseForm(string(body), many...)
	if err != nil {
		return r, err
	}
	p := posted{form: form, token: form.Get(TokenField)}
	delete(p.form.fields, TokenField)
	return r.WithContext(context.WithValue(r.Context(), postedKey{}, p)), nil
}
