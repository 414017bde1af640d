package words

// This test is inside the package because it reads files that are not built
// into the program.

import (
	"strings"
	"testing"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

func TestRead(t *testing.T) {
	tests := []struct {
		name, raw string
		want      string // part of the error, "" for none
	}{
		{"nothing", `{}`, ""},
		{"a text and plurals", `{"desk.a": "x", "desk.n": {"one": "{{.Count}} letter", "other": "{{.Count}} letters"}}`, ""},
		{"no JSON", `x`, "opening brace"},
		{"a list", `[]`, "opening brace"},
		{"no end", `{"desk.a": "x"`, "brace"},
		{"the same key twice", `{"desk.a": "x", "desk.a": "y"}`, "twice"},
		{"the same key twice with data", `{"desk.a": "{{.X}}", "desk.a": "y"}`, "twice"},
		{"a key of another room", `{"family.a": "x"}`, "belongs in family.json"},
		{"a number", `{"desk.a": 1}`, "plural forms"},
		{"a broken place", `{"desk.a": "{{.X"}`, "braces"},
		{"a pipeline", `{"desk.a": "{{.X | print}}"}`, "braces"},
	}
	for _, tt := range tests {
		w := &Words{lang: "en", plain: map[string]string{}, filled: map[string]text{}, rich: map[string]bool{}, zone: time.UTC}
		bundle := i18n.NewBundle(language.English)
		err := w.read(bundle, "desk", []byte(tt.raw))
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestPluralsAndParent(t *testing.T) {
	parent := &Words{lang: "en", plain: map[string]string{"desk.only": "Only English"}, rich: map[string]bool{}}
	w := &Words{lang: "cy", parent: parent, plain: map[string]string{}, filled: map[string]text{}, rich: map[string]bool{}, zone: time.UTC}
	bundle := i18n.NewBundle(language.Make("cy"))
	raw := `{"desk.n": {"zero": "dim {{.Count}}", "one": "un {{.Count}}", "two": "dau {{.Count}}", "few": "tri {{.Count}}", "many": "chwech {{.Count}}", "other": "mwy {{.Count}}"}}`
	if err := w.read(bundle, "desk", []byte(raw)); err != nil {
		t.Fatal(err)
	}
	w.localizer = i18n.NewLocalizer(bundle, "cy")
	for count, want := range map[int]string{0: "dim 0", 1: "un 1", 2: "dau 2", 3: "tri 3", 6: "chwech 6", 7: "mwy 7"} {
		if got, err := w.Text("desk.n", "Count", count); got != want || err != nil {
			t.Errorf("%d: got %q, %v, want %q", count, got, err, want)
		}
	}
	if got := w.T("desk.only"); got != "Only English" || !w.Has("desk.only") {
		t.Errorf("what Welsh lacks is %q", got)
	}
}
