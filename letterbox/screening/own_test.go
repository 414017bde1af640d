package screening_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"gatepost/letterbox/screening"
)

// ownScreens are the lists that the lines of testdata refer to.
func ownScreens(t testing.TB) map[string]*screening.Screen {
	t.Helper()
	text, err := os.ReadFile("testdata/lists.json")
	if err != nil {
		t.Fatal(err)
	}
	var lists map[string]json.RawMessage
	if err := json.Unmarshal(text, &lists); err != nil {
		t.Fatal(err)
	}
	screens := map[string]*screening.Screen{}
	for id, raw := range lists {
		list, err := screening.ParseList(raw)
		if err != nil {
			t.Fatal(err)
		}
		if screens[id], err = screening.Compile(list); err != nil {
			t.Fatal(err)
		}
	}
	return screens
}

// ownLines reads a file of testdata: fields parted by bars, remarks after #.
func ownLines(t testing.TB, name string, fields int) [][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && !strings.HasPrefix(line, "# ") {
			out = append(out, strings.SplitN(line, "|", fields))
		}
	}
	return out
}

// unmark takes the brackets out of a line and gives the spans that they were about.
func unmark(marked string) (text string, spans []span) {
	marked = strings.ReplaceAll(marked, `\n`, "\n")
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(marked, "[[")
		b.WriteString(before)
		if !ok {
			return b.String(), spans
		}
		inner, after, _ := strings.Cut(rest, "]]")
		start := utf8.RuneCountInString(b.String())
		b.WriteString(inner)
		spans = append(spans, span{Start: start, End: start + utf8.RuneCountInString(inner), Text: inner, Category: "CUE"})
		marked = after
	}
}

// Half of the lines were looked at while the screen was tuned, half were not.
// docs/screening.md gives the figures of both.
func TestOwn_Letters(t *testing.T) {
	screens := ownScreens(t)
	var half [2]tally
	for i, f := range ownLines(t, "letters.txt", 4) {
		text, spans := unmark(f[3])
		findings := screens[f[0]].Scan(text)
		for _, s := range spans {
			found, grave := caught(text, s, findings)
			n := &half[i%2]
			n.spans++
			if found {
				n.found++
			}
			if grave {
				n.grave++
			} else if i%2 == 0 {
				t.Logf("%s: found %v [%s] in %q%s", f[1], found, s.Text, text, words(text, findings))
			}
		}
	}
	for i, name := range []string{"tuned on", "unseen"} {
		n := half[i]
		t.Logf("%s: %d spans, %d found, %d at high or medium", name, n.spans, n.found, n.grave)
		if n.found*100 < n.spans*85 || n.grave*100 < n.spans*75 {
			t.Errorf("%s: %d of %d found, %d at high or medium", name, n.found, n.spans, n.grave)
		}
	}
}

func TestOwn_Innocent(t *testing.T) {
	screens := ownScreens(t)
	var lines, soft, grave [2]int
	for i, f := range ownLines(t, "innocent.txt", 2) {
		findings := screens[f[0]].Scan(f[1])
		lines[i%2]++
		for _, found := range findings {
			if found.Category == screening.CatCare {
				continue
			}
			if found.Severity == screening.Soft {
				soft[i%2]++
			} else {
				grave[i%2]++
			}
			if i%2 == 0 {
				t.Logf("%q%s", f[1], words(f[1], []screening.Finding{found}))
			}
		}
	}
	for i, name := range []string{"tuned on", "unseen"} {
		t.Logf("%s: %d lines, %d soft findings, %d above", name, lines[i], soft[i], grave[i])
		if grave[i] > 4 || soft[i] > 10 {
			t.Errorf("%s: %d lines, %d soft findings, %d above", name, lines[i], soft[i], grave[i])
		}
	}
}
