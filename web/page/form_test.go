package page_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"gatepost/web/page"
)

func TestParseForm(t *testing.T) {
	tests := []struct {
		name, encoded string
		many          []string
		good          bool
	}{
		{"nothing", "", nil, true},
		{"one field", "a=1", nil, true},
		{"the same field twice", "a=1&a=1", nil, false},
		{"a list", "a=1&a=2", []string{"a"}, true},
		{"another field as a list", "a=1&a=2", []string{"b"}, false},
		{"as many fields as may be", fields(250), nil, true},
		{"one more", fields(251), nil, false},
		{"a long name", strings.Repeat("n", 65) + "=1", nil, false},
		{"a semicolon", "a=1;b=2", nil, false},
		{"half a rune", "a=%e2%82", nil, false},
		{"a NUL in a name", "a%00=1", nil, false},
		{"Welsh and emoji", "a=" + url.QueryEscape("Llŷn 🦋"), nil, true},
	}
	for _, tt := range tests {
		if _, err := page.ParseForm(tt.encoded, tt.many...); (err == nil) != tt.good {
			t.Errorf("%s: got %v, want it to be good: %v", tt.name, err, tt.good)
		}
	}
}

// fields is a form of n fields with different names.
func fields(n int) string {
	values := url.Values{}
	for i := range n {
		values.Set("f"+strings.Repeat("x", i%60)+string(rune('a'+i/60)), "1")
	}
	return values.Encode()
}

func TestFormWithAndQuery(t *testing.T) {
	form, err := page.ParseForm("a=1")
	if err != nil {
		t.Fatal(err)
	}
	if more := form.With("b", "2"); more.Get("a") != "1" || more.Get("b") != "2" || form.Has("b") {
		t.Errorf("With gave %q and left %q", more.Names(), form.Names())
	}
	r := httptest.NewRequest(http.MethodGet, "/?page=2", nil)
	if got := page.Query(r).Get("page"); got != "2" {
		t.Errorf("the query's page is %q", got)
	}
	r = httptest.NewRequest(http.MethodGet, "/?page=2&page=3", nil)
	if got := page.Query(r); len(got.Names()) != 0 {
		t.Errorf("a doubled query gave %q", got.Names())
	}
	if _, err := page.FormOf(r); err == nil {
		t.Error("a form was read where nobody posted one")
	}
}

func FuzzParseForm(f *testing.F) {
	for _, seed := range []string{"a=1&b=2", "a=%ff", "a=1&a=2", "=", "&&&", "a=%00", "%zz", "l=1&l=2", "a=b\r\nc;d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, encoded string) {
		form, err := page.ParseForm(encoded, "l")
		if err != nil {
			return
		}
		for _, name := range form.Names() {
			if n := len(form.All(name)); n == 0 || n > 1 && name != "l" {
				t.Errorf("%q has %d values", name, n)
			}
			for _, v := range form.All(name) {
				if !utf8.ValidString(v) || strings.ContainsAny(v, "\x00\r") {
					t.Errorf("%q holds %q", name, v)
				}
			}
		}
	})
}
