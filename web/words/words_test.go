package words_test

import (
	"strings"
	"testing"
	"time"

	"gatepost/web/words"
)

func load(t *testing.T) *words.Words {
	t.Helper()
	c, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c.In("en")
}

func TestText(t *testing.T) {
	w := load(t)
	tests := []struct {
		name, key string
		data      []any
		want      string // "" for an error
	}{
		{"a plain text", "common.back", nil, "Back"},
		{"a plain text that is given data", "common.back", []any{"Name", "x"}, "Back"},
		{"a text with data", "common.pageNumber", []any{"Number", "3"}, "Page 3"},
		{"data are not HTML here", "common.pageNumber", []any{"Number", "<3>"}, "Page <3>"},
		{"an unknown key", "common.noSuchKey", nil, ""},
		{"a place without a value", "common.pageNumber", nil, ""},
		{"a value for another place", "common.pageNumber", []any{"Page", "Rosa"}, ""},
		{"a name without a value", "common.pageNumber", []any{"Number"}, ""},
		{"a name that is none", "common.pageNumber", []any{3, "Rosa"}, ""},
	}
	for _, tt := range tests {
		got, err := w.Text(tt.key, tt.data...)
		if got != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%s: got %q, %v, want %q", tt.name, got, err, tt.want)
		}
		if err != nil && (!strings.Contains(err.Error(), tt.key) || strings.Contains(err.Error(), "Rosa")) {
			t.Errorf("%s: the error must name the key and no value, and is %q", tt.name, err)
		}
		if tt.want == "" && w.T(tt.key, tt.data...) != tt.key {
			t.Errorf("%s: T does not show the key", tt.name)
		}
	}
}

func TestUnknownLanguageIsEnglish(t *testing.T) {
	c, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"", "xx", "en-GB", "../en"} {
		if got := c.In(lang).Lang(); got != "en" {
			t.Errorf("%q gives %q", lang, got)
		}
	}
}

func TestDates(t *testing.T) {
	w := load(t)
	// Half past eleven at night in summer is the next day in England.
	summer := time.Date(2026, time.May, 3, 23, 30, 0, 0, time.UTC)
	winter := time.Date(2026, time.December, 31, 23, 30, 0, 0, time.UTC)
	tests := []struct{ got, want string }{
		{w.Date(summer), "4 May 2026"}, {w.Date(winter), "31 December 2026"},
		{w.Day(summer), "4 May"}, {w.Moment(summer), "4 May 2026 at 00:30"},
		{w.Moment(winter), "31 December 2026 at 23:30"}, {w.Month(winter), "December 2026"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
