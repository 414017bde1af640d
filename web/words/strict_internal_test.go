package words

// This test is inside the package because go-i18n alone calls the parser.

import (
	"strings"
	"testing"
)

// A text that is taken says what it said, with its places filled in.
func FuzzParse(f *testing.F) {
	f.Add("Letters of {{.Name}} on {{.Day}}")
	f.Add("{{ .Name }}")
	f.Add("{{.Name}}}}")
	f.Add("{{{.A}}")
	f.Fuzz(func(t *testing.T, src string) {
		parsed, err := strict{}.Parse(src, "", "")
		if err != nil {
			return
		}
		data := map[string]any{}
		for i, s := range parsed.(text) {
			if i%2 == 1 {
				data[s] = "{{." + s + "}}"
			}
		}
		got, err := parsed.Execute(data)
		if err != nil || got != src {
			t.Fatalf("%q became %q, %v", src, got, err)
		}
		if len(data) == 0 && strings.Contains(got, "{{") {
			t.Fatalf("%q keeps braces", src)
		}
	})
}
