package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// partFiles writes two files of made-up entries.
func partFiles(t *testing.T, part1, part2 string) (one, two string) {
	t.Helper()
	one, two = filepath.Join(t.TempDir(), "part1.csv"), filepath.Join(t.TempDir(), "part2.csv")
	for path, text := range map[string]string{one: part1, two: part2} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return one, two
}

const (
	registerPart1 = "id,forename,surname,dob,mother_forename,mother_surname,place,truth\n" +
		"a1,Rose,Marsh,19710406,Ann,Marsh,Whitby,1\na2,Peter,Marsh,19740912,Ann,Marsh,Whitby,2\na3,John,Poe,19680101,Judith,Lake,Hull,3\n"
	registerPart2 = "id,forename,surname,dob,dob_text,mother_forename,mother_surname,place\n" +
		"b1,Rosie,MARSH,1971-04-06,,Anne,Marsh,whitby\nb2,,,,about 1968,,,\n"
)

// What is printed, to the byte: the child, and her brother as what he is.
func TestRegisterMatch(t *testing.T) {
	one, two := partFiles(t, registerPart1, registerPart2)
	out, errs, code := gatepost(t, "", "register", "match", "--part1", one, "--part2", two)
	lines := strings.Split(out, "\n")
	if code != done || len(lines) != 4 || lines[0] != "part1_id,part2_id,probability,band,finding" ||
		!strings.HasPrefix(lines[1], "a1,b1,0.99") || !strings.HasSuffix(lines[1], ",proposed,sameChild") || !strings.HasPrefix(lines[2], "a2,b1,0.00") || !strings.HasSuffix(lines[2], ",review,sibling") {
		t.Errorf("code %d, %s\n%s", code, errs, out)
	}
	for _, want := range []string{`not compared: "truth"`, "2 of 2 entries looked up", "model acr-1"} {
		if !strings.Contains(errs, want) {
			t.Errorf("stderr has no %q:\n%s", want, errs)
		}
	}
	if strings.Contains(out+errs, "Marsh") || strings.Contains(out+errs, "marsh") {
		t.Errorf("a name is printed:\n%s%s", out, errs)
	}
	empty, _ := partFiles(t, "id\n", "")
	if out := must(t, "", "register", "match", "--part1", empty, "--part2", two); out != "part1_id,part2_id,probability,band,finding\n" {
		t.Errorf("nobody is found among none: %s", out)
	}
}

// stopper is where a run tells how far it is; it is stopped at the second word.
type stopper struct {
	stop context.CancelFunc
	told int
}

func (s *stopper) Write(line []byte) (int, error) {
	if s.told++; s.told == 2 {
		s.stop()
	}
	return len(line), nil
}

// A long run is stopped, its file is cut short as by a kill, and it goes on to the
// same answer; a file of another run is refused.
func TestRegisterMatch_GoesOn(t *testing.T) {
	var list [2]strings.Builder
	for i := range list {
		list[i].WriteString("id,forename,surname,dob,mother_forename,place\n")
		for n := range 1500 {
			fmt.Fprintf(&list[i], "%d,Rose,Marsh%c%c,%d-%02d-%02d,Ann,Whitby\n", n, 'a'+n%26, 'a'+n/26%26, 1940+n%50, 1+n%12, 1+n*(i+1)%28)
		}
	}
	one, two := partFiles(t, list[0].String(), list[1].String())
	want := must(t, "", "register", "match", "--part1", one, "--part2", two)
	keep := filepath.Join(t.TempDir(), "found")
	ctx, stop := context.WithCancel(t.Context())
	err := registerMatch(ctx, &call{args: []string{"--part1", one, "--part2", two, "--keep", keep}, stdout: io.Discard, stderr: &stopper{stop: stop}})
	if err == nil || !strings.Contains(err.Error(), "goes on where it stopped") {
		t.Fatalf("stopped: %v", err)
	}
	kept, err := os.ReadFile(keep)
	if lines := bytes.Count(kept, []byte("\n")); err != nil || lines < 3 || lines > 12 {
		t.Fatalf("kept %d lines (%v)", lines, err)
	}
	if err := os.WriteFile(keep, kept[:len(kept)-20], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := gatepost(t, "", "register", "match", "--part1", two, "--part2", one, "--keep", keep); code != failed || !strings.Contains(errs, "is of another run") {
		t.Errorf("another run: code %d, %s", code, errs)
	}
	if got := must(t, "", "register", "match", "--part1", one, "--part2", two, "--keep", keep); got != want {
		t.Errorf("it went on to another answer: %d bytes of %d", len(got), len(want))
	}
	if _, err := os.Stat(keep); !os.IsNotExist(err) {
		t.Errorf("the file is left: %v", err)
	}
}

func TestRegisterMatch_Wrong(t *testing.T) {
	one, two := partFiles(t, registerPart1, "id,place\n1,\"Hull\n")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--part1", one, "--part2", two}, failed, ", line 2: a quotation mark is missing or in the wrong place\n"},
		{[]string{"--part1", one, "--part2", filepath.Dir(one)}, failed, "cannot be read: is a directory\n"},
		{[]string{"--part1", one, "--part2", one + "x"}, failed, "cannot be read: no such file or directory\n"},
		{[]string{"--part1", one}, wrongUse, "--part2 FILE is missing.\n"},
		{[]string{"--part1", one, "--part2", two, "more"}, wrongUse, "one word too many"},
	} {
		out, errs, code := gatepost(t, "", append([]string{"register", "match"}, c.args...)...)
		if code != c.code || out != "" || !strings.Contains(errs, c.want) {
			t.Errorf("%q: code %d, %s%s", c.args, code, errs, out)
		}
	}
}
