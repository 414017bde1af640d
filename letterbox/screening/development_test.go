package screening_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatepost/letterbox/screening"
	"gatepost/letterbox/screening/specimens"
)

// development is where made-up letters lie beside the project while it is
// developed. Nothing needs them; what is measured with them is in docs/screening.md.
const development = "../../../shared/data/screening"

// example is a line of a set, with what hides in it.
type example struct {
	ID, Case, Technique, Detect, Text string
	Hard                              bool
	Trap                              string
	Spans                             []specimens.Span
}

// readLines reads JSON lines of a set of the development data.
func readLines[T any](t *testing.T, path string) []T {
	t.Helper()
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		t.Skipf("the development data (%s) is not here", filepath.Base(path))
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list []T
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var v T
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	return list
}

// readScreens reads the protected lists, one screen a case.
func readScreens(t *testing.T, path string) map[string]*screening.Screen {
	t.Helper()
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		t.Skipf("the development data (%s) is not here", filepath.Base(path))
	}
	var cases map[string]struct {
		Protected []struct {
			Kind        string
			Names, Also []string
		}
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	screens := map[string]*screening.Screen{}
	for id, c := range cases {
		var list []screening.Entry
		for _, p := range c.Protected {
			for _, name := range p.Names {
				if p.Kind != "person" {
					list = append(list, screening.Entry{Kind: screening.Kind(p.Kind), Value: name})
					continue
				}
				cut := strings.LastIndex(name, " ")
				if cut > 0 {
					list = append(list, screening.Entry{Kind: screening.Name, Value: name[:cut]})
				}
				list = append(list, screening.Entry{Kind: screening.Surname, Value: name[cut+1:]})
			}
			for _, also := range p.Also {
				list = append(list, screening.Entry{Kind: screening.Nickname, Value: also})
			}
		}
		if screens[id], err = screening.Compile(list); err != nil {
			t.Fatal(err)
		}
	}
	return screens
}

// tally counts spans by how gravely they were found.
type tally struct{ spans, found, grave int }

func words(text string, findings []screening.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		b.WriteString("\n\t\t" + string(f.Severity) + " " + string(f.Category) + " " + string(f.Code) + " [" + text[f.Start:f.End] + "] " + f.Rule + ": " + f.Because)
	}
	return b.String()
}

func TestDevelopment_Adversarial(t *testing.T) {
	list := readLines[example](t, filepath.Join(development, "adversarial_examples.jsonl"))
	screens := readScreens(t, filepath.Join(development, "cases.json"))
	total := map[string]*tally{}
	for _, e := range list {
		findings := screens[e.Case].Scan(e.Text)
		kind := e.Detect
		if total[kind] == nil {
			total[kind] = &tally{}
		}
		if e.Detect == "cue" && len(findings) == 0 {
			t.Errorf("%s: a cue line without a finding: %s", e.ID, e.Text)
		}
		for _, s := range e.Spans {
			found, grave := specimens.Caught(e.Text, s, findings)
			total[kind].spans++
			if found {
				total[kind].found++
			}
			if grave {
				total[kind].grave++
			}
			if !grave {
				t.Logf("%s %s %s %s: found %v in %q%s", e.ID, e.Detect, e.Technique, s.Category, found, e.Text, words(e.Text, findings))
			}
		}
	}
	for kind, n := range total {
		t.Logf("%s: %d spans, %d found, %d at high or medium", kind, n.spans, n.found, n.grave)
	}
	spans, found, grave := 0, 0, 0
	for _, kind := range []string{"list", "pattern"} {
		spans, found, grave = spans+total[kind].spans, found+total[kind].found, grave+total[kind].grave
	}
	t.Logf("list and pattern: %d spans, %.1f %% found, %.1f %% at high or medium", spans, 100*float64(found)/float64(spans), 100*float64(grave)/float64(spans))
	if found*100 < spans*95 || grave*100 < spans*90 {
		t.Errorf("too few")
	}
}

func TestDevelopment_Innocuous(t *testing.T) {
	list := readLines[example](t, filepath.Join(development, "innocuous_examples.jsonl"))
	screens := readScreens(t, filepath.Join(development, "cases.json"))
	soft := 0
	for _, e := range list {
		for _, f := range screens[e.Case].Scan(e.Text) {
			if f.Severity != screening.Soft {
				t.Errorf("%s (%s): %q%s", e.ID, e.Trap, e.Text, words(e.Text, []screening.Finding{f}))
			} else if !e.Hard {
				soft++
				t.Logf("%s (%s): %q%s", e.ID, e.Trap, e.Text, words(e.Text, []screening.Finding{f}))
			}
		}
	}
	if soft > 3 {
		t.Errorf("%d soft", soft)
	}
}

func TestDevelopment_Presidio(t *testing.T) {
	type line struct {
		Recognizer, Text, Label string
		Spans                   [][2]int `json:"expected_spans"`
	}
	list := readLines[line](t, filepath.Join(development, "presidio_cases.jsonl"))
	general, err := screening.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]*tally{}
	for _, l := range list {
		findings := general.Scan(l.Text)
		if count[l.Recognizer] == nil {
			count[l.Recognizer] = &tally{}
		}
		held := strings.HasPrefix(l.Recognizer, "UK_") || l.Recognizer == "EMAIL_ADDRESS"
		for _, s := range l.Spans {
			found, grave := specimens.Caught(l.Text, specimens.Span{Start: s[0], End: s[1]}, findings)
			count[l.Recognizer].spans++
			if found {
				count[l.Recognizer].found++
			} else if held {
				t.Errorf("%s: %q not found in %q%s", l.Recognizer, l.Text[s[0]:s[1]], l.Text, words(l.Text, findings))
			}
			if grave {
				count[l.Recognizer].grave++
			}
		}
		if held && l.Label == "negative" {
			for _, f := range findings {
				if f.Severity != screening.Soft {
					t.Errorf("%s negative: %q%s", l.Recognizer, l.Text, words(l.Text, findings))
				}
			}
		}
	}
	for name, n := range count {
		t.Logf("%s: %d spans, %d found, %d at high or medium", name, n.spans, n.found, n.grave)
	}
}

func TestDevelopment_Telephones(t *testing.T) {
	type line struct{ Source, Text, Region string }
	list := readLines[line](t, filepath.Join(development, "libphonenumber_matcher_cases.jsonl"))
	general, err := screening.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range list {
		findings := general.Scan(l.Text)
		if strings.Contains(l.Source, "IMPOSSIBLE") {
			for _, f := range findings {
				if f.Severity == screening.High {
					t.Errorf("impossible: %q%s", l.Text, words(l.Text, findings))
				}
			}
		}
	}
}
