package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// protectedFile writes a list to a file.
func protectedFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "protected.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const family = `[{"kind":"name","value":"Oona"},{"kind":"surname","value":"Tremayne"},{"kind":"town","value":"Saltash","note":"not read"}]`

// What is printed, byte for byte: offsets are code points, and nothing found is an
// empty list.
func TestScreen(t *testing.T) {
	in := `{"id":"a","text":"🙂 Oonа Tremayne x","case":"not read"}` + "\n\n" +
		`{"id":7,"text":"We had a lovely day by the sea."}` + "\r\n" +
		`{"id":"c","text":"ring 07700 900123 in S a l t a s h"}`
	out, errs, code := gatepost(t, in, "screen", "--protected", protectedFile(t, family))
	want := `{"id":"a","findings":[{"start":2,"end":15,"category":"NAME","severity":"high","rule":"on the list"}]}
{"id":7,"findings":[]}
{"id":"c","findings":[{"start":5,"end":17,"category":"PHONE","severity":"high","rule":"digits"},{"start":21,"end":34,"category":"LOCATION","severity":"high","rule":"spelt out"}]}
`
	if out != want || errs != "" || code != done {
		t.Errorf("code %d, %s, got\n%swant\n%s", code, errs, out, want)
	}
}

// A line that cannot be read is named, what was before it is answered, and nothing
// of a letter or of the list is repeated.
func TestScreen_Refused(t *testing.T) {
	good := `{"id":"a","text":"hello"}` + "\n"
	for name, c := range map[string]struct{ in, list, want string }{
		"no JSON":          {good + "Oona\n", family, "line 2: it is not a JSON object"},
		"text a number":    {good + `{"id":"b","text":5}`, family, "line 2: it is not a JSON object"},
		"no text":          {"\n" + good + `{"id":"b"}`, family, "line 3: its text is missing"},
		"no id":            {`{"text":"Oona"}`, family, "line 1: its id is missing"},
		"an id of objects": {`{"id":{"Oona":1},"text":"Oona"}`, family, "line 1: its id is missing, or neither"},
		"bytes":            {"{\"id\":\"a\",\"text\":\"Oona \xff\"}", family, "line 1: it is not UTF-8"},
		"too long":         {good + `{"id":"b","text":"` + strings.Repeat("Oona ", 2<<20), family, "line 2: it is longer than 8 MiB"},
		"two on a line":    {`{"id":"a","text":"Oona"}{"id":"b","text":"Oona"}`, family, "line 1: it is not a JSON object"},
		"deep":             {strings.Repeat("[", 100_000), family, "line 1: it is not a JSON object"},
		"list: no list":    {good, `{"kind":"name","value":"Oona"}`, "has to be a JSON list"},
		"list: cut":        {good, "[\n{\"kind\":\"name\",\n\"value\":\"Oona", "has to be a JSON list"},
		"list: kind":       {good, `[{"kind":"pet","value":"Oona"}]`, "entry 1 is of no kind that there is; the kinds are name, surname"},
		"list: value":      {good, `[{"kind":"name"}]`, "entry 1 has no kind or no value"},
		"list: empty":      {good, `[{"kind":"name","value":" "}]`, "the value of entry 1 is empty"},
		"list: many":       {good, "[" + strings.Repeat(`{"kind":"name","value":"Oona"},`, 10_000) + `{"kind":"name","value":"Oona"}]`, "more than 1000 entries"},
		"list: large":      {good, "[" + strings.Repeat(" ", 2<<20) + "]", "longer than 1 MiB"},
		"list: long":       {good, `[{"kind":"name","value":"` + strings.Repeat("Oona", 100) + `"}]`, "entry 1 is longer than 200 bytes"},
	} {
		out, errs, code := gatepost(t, c.in, "screen", "--protected", protectedFile(t, c.list))
		if code != failed || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 || strings.Contains(errs, "Oona") {
			t.Errorf("%s: code %d, %.300s", name, code, errs)
		}
		if answered := strings.HasPrefix(c.in, good) && c.list == family; answered != (out == `{"id":"a","findings":[]}`+"\n") && !strings.HasPrefix(c.in, "\n") {
			t.Errorf("%s: %q", name, out)
		}
	}
	for args, want := range map[string]string{"screen": "--protected FILE is missing", "screen --protected a b": "one word too many", "screen --fast": "-fast"} {
		if _, errs, code := gatepost(t, "", strings.Fields(args)...); code != wrongUse || !strings.Contains(errs, want) {
			t.Errorf("%s: code %d, %s", args, code, errs)
		}
	}
	if _, errs, code := gatepost(t, "", "screen", "--protected", filepath.Join(t.TempDir(), "none")); code != failed || !strings.Contains(errs, "cannot be read") {
		t.Errorf("no file: code %d, %s", code, errs)
	}
}

func FuzzParseLetter(f *testing.F) {
	f.Add([]byte(`{"id":"a","text":"hello"}`))
	f.Add([]byte(`{"id":1,"text":"\ud800 x"}`))
	f.Add([]byte(`{"id":null}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		id, text, err := parseLetter(line)
		if err != nil {
			return
		}
		if !json.Valid(id) || !utf8.ValidString(text) {
			t.Fatalf("id %q, text %q", id, text)
		}
		if _, err := json.Marshal(screened{id, inPoints(text, nil)}); err != nil {
			t.Fatal(err)
		}
	})
}
