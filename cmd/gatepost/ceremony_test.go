package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// officers sit at the keyboard of a ceremony: what the program writes is read as
// it comes, and its questions are answered from what was printed.
type officers struct {
	t     *testing.T
	said  strings.Builder
	keys  *io.PipeWriter
	paper map[string]string // by officer: the key, from the printed text
	stop  string            // a question at which they go away
}

// ceremonial runs a command with them.
func (o *officers) ceremonial(args ...string) (stderr string, code int) {
	o.t.Helper()
	stdin, keys := io.Pipe()
	o.keys = keys
	var errs strings.Builder
	code = testProgram().run(o.t.Context(), append([]string{"ceremony"}, args...), func(string) string { return "" }, stdin, o, &errs)
	// A program that waits for more would wait for ever.
	_ = keys.Close()
	return errs.String(), code
}

var waiting = regexp.MustCompile(`  (/\S+/officer-([A-Z]))\.txt`)

// Write hears what the program says; a question ends in ": ".
func (o *officers) Write(b []byte) (int, error) {
	text := string(b)
	o.said.WriteString(text)
	if !strings.HasSuffix(text, ": ") {
		return len(b), nil
	}
	if o.stop != "" && strings.HasPrefix(text, o.stop) {
		return len(b), o.keys.Close()
	}
	answer := ""
	if strings.HasPrefix(text, "Sheet ") {
		answer = o.paper[text[6:7]]
	}
	if strings.HasPrefix(text, "Print one") {
		all := waiting.FindAllStringSubmatch(o.said.String(), -1)
		last := all[len(all)-1]
		o.paper[last[2]] = o.printed(last[1] + ".txt")
	}
	if strings.HasPrefix(text, "The agency's name") {
		answer = "Oak Adoption"
	}
	go func() { _, _ = io.WriteString(o.keys, answer+"\n") }() // nobody reads after the end
	return len(b), nil
}

// printed reads the key off a sheet.
func (o *officers) printed(path string) string {
	sheet, err := os.ReadFile(path)
	if err != nil {
		o.t.Error(err)
	}
	var key strings.Builder
	for _, line := range regexp.MustCompile(`(?m)^ +\d+  (.*)check `).FindAllStringSubmatch(string(sheet), -1) {
		for i, word := range strings.Fields(line[1]) {
			if i%2 == 0 { // the others are the numbers of the groups
				key.WriteString(word)
			}
		}
	}
	return key.String()
}

// A whole life of an archive key at the keyboard: made, drilled, an officer
// changed, a sheet read.
func TestCeremony(t *testing.T) {
	o := &officers{t: t, paper: map[string]string{}}
	dir, next := filepath.Join(t.TempDir(), "archive"), filepath.Join(t.TempDir(), "next")
	if errs, code := o.ceremonial(dir, "--practice"); code != done {
		t.Fatalf("%s%s", o.said.String(), errs)
	}
	all := waiting.FindStringSubmatch(o.said.String())
	if _, err := os.Stat(filepath.Dir(all[1])); !os.IsNotExist(err) || !strings.HasPrefix(all[1], "/dev/shm/") {
		t.Errorf("the sheets' folder is still there, or was not in memory: %v", err)
	}
	if errs, code := o.ceremonial("drill", dir, "--pair", "BC", "--practice"); code != done {
		t.Fatalf("drill: %s", errs)
	}
	if errs, code := o.ceremonial("officer", dir, "--leaves", "A", "--into", next, "--agency", "Oak Adoption", "--practice"); code != done {
		t.Fatalf("officer: %s", errs)
	}
	if errs, code := o.ceremonial("drill", next, "--pair", "CD", "--practice"); code != done {
		t.Fatalf("drill after the change: %s", errs)
	}
	key := o.paper["D"]
	groups := regexp.MustCompile(`.{1,5}`).FindAllString(strings.ToLower(key), -1)
	if out := must(t, strings.Join(groups, " "), "ceremony", "read"); out != key+"\n" {
		t.Error("a typed sheet was read as something else")
	}
	groups[6] = groups[6][1:]
	out, errs, code := gatepost(t, strings.Join(groups, " "), "ceremony", "read")
	if code != failed || out != "" || !strings.Contains(errs, "group 7, where a character is missing") {
		t.Errorf("a slip: code %d, %s", code, errs)
	}
}

// Whoever goes away in the middle leaves neither a folder nor a sheet.
func TestCeremony_CutOff(t *testing.T) {
	for _, stop := range []string{"The agency's name", "Read it through", "Print one", "Sheet B"} {
		o := &officers{t: t, paper: map[string]string{}, stop: stop}
		parent := t.TempDir()
		errs, code := o.ceremonial(filepath.Join(parent, "archive"), "--practice")
		if code != failed || !strings.Contains(errs, "burn what was printed") {
			t.Errorf("%s: code %d, %s", stop, code, errs)
		}
		if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
			t.Errorf("%s: left %v, %v", stop, left, err)
		}
		if all := waiting.FindStringSubmatch(o.said.String()); all != nil {
			if _, err := os.Stat(filepath.Dir(all[1])); !os.IsNotExist(err) {
				t.Errorf("%s: the sheets' folder is there: %v", stop, err)
			}
		}
	}
}

func TestCeremony_WrongUse(t *testing.T) {
	for _, args := range [][]string{{}, {"a", "b"}, {"a", "--keep-keys"}, {"officer", "a"}, {"drill"}, {"read", "a"}} {
		if _, errs, code := gatepost(t, "", append([]string{"ceremony"}, args...)...); code != wrongUse {
			t.Errorf("ceremony %v: code %d, %s", args, code, errs)
		}
	}
	// A folder on a disk would keep the sheets.
	if _, errs, code := gatepost(t, "", "ceremony", filepath.Join(t.TempDir(), "a"), "--print", "/proc"); code != failed || !strings.Contains(errs, "--print") {
		t.Errorf("a folder that is not in memory: code %d, %s", code, errs)
	}
}
