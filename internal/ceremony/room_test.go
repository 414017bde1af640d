package ceremony_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"gatepost/crypto/seal"
	"gatepost/internal/ceremony"
)

// people are who is in the room: they press Enter, print what they are told to
// print, and type from the paper.
type people struct {
	t     *testing.T
	room  *ceremony.Room
	said  strings.Builder
	asked int
	paper map[string][]string // by officer: the four rows of the sheet
	page  map[string]string   // by officer: the sheet for a browser

	// before is called at each question; an error is what the keyboard says.
	before func(question string) error
	// types changes what is typed for a row.
	types func(officer string, row int, text string) string
}

var rowAsked = regexp.MustCompile(`^Sheet ([A-Z]), row (\d) `)

func newPeople(t *testing.T) *people {
	p := &people{t: t, paper: map[string][]string{}, page: map[string]string{}}
	p.room = &ceremony.Room{
		Say:    func(text string) { p.said.WriteString(text) },
		Ask:    p.ask,
		Print:  t.TempDir(),
		Faults: func() ([]string, error) { return nil, nil },
		Now:    func() time.Time { return made },
	}
	return p
}

func (p *people) ask(_ context.Context, question string) (string, error) {
	p.asked++
	if p.before != nil {
		if err := p.before(question); err != nil {
			return "", err
		}
	}
	if strings.HasPrefix(question, "Print one") {
		p.print()
		return "", nil
	}
	m := rowAsked.FindStringSubmatch(question)
	if m == nil {
		return "", nil
	}
	row := int(m[2][0] - '1')
	text := p.paper[m[1]][row]
	if p.types != nil {
		text = p.types(m[1], row, text)
	}
	return text, nil
}

// print takes the one sheet that waits to paper.
func (p *people) print() {
	p.t.Helper()
	files, err := filepath.Glob(filepath.Join(p.room.Print, "officer-*.txt"))
	if err != nil || len(files) != 1 {
		p.t.Fatalf("%d sheets wait to be printed, %v", len(files), err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		p.t.Fatal(err)
	}
	officer := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(files[0]), "officer-"), ".txt")
	for _, m := range regexp.MustCompile(`(?m)^ +\d+  .*check `).FindAllString(string(text), -1) {
		m = regexp.MustCompile(` \d+  `).ReplaceAllString(strings.TrimSuffix(m, "check "), " ")
		p.paper[officer] = append(p.paper[officer], strings.Join(strings.Fields(m), " "))
	}
	page, err := os.ReadFile(strings.TrimSuffix(files[0], ".txt") + ".html")
	if err != nil {
		p.t.Fatal(err)
	}
	p.page[officer] = string(page)
}

// key is what stands on an officer's paper, in one line.
func (p *people) key(officer string) string {
	return strings.ReplaceAll(strings.Join(p.paper[officer], ""), " ", "")
}

// held makes an archive and gives its folder and the people who made it.
func held(t *testing.T) (string, *people) {
	t.Helper()
	p := newPeople(t)
	dir := filepath.Join(t.TempDir(), "archive")
	if err := ceremony.Make(t.Context(), p.room, ceremony.Plan{Dir: dir, Agency: "Oak Adoption"}); err != nil {
		t.Fatalf("%v\n%s", err, p.said.String())
	}
	return dir, p
}

// stockAge is where the public age program was built; the go command looks for it
// long enough to be asked once only.
var stockAge = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "tool", "-n", "age").Output()
	return strings.TrimSpace(string(out)), err
})

// stock is the public age program.
func stock(t *testing.T) string {
	t.Helper()
	path, err := stockAge()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// decrypt runs age -d with a key that is in no file, only in a pipe.
func decrypt(t *testing.T, age, key string, sealed []byte) ([]byte, error) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	// A pipe holds more than a key, so this does not wait for its reader.
	if _, err := w.WriteString(key + "\n"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), age, "-d", "-i", "/dev/fd/3")
	cmd.ExtraFiles = []*os.File{r}
	cmd.Stdin = bytes.NewReader(sealed)
	return cmd.Output()
}

// pair opens a pair file with the public program, as its sheets say: the second
// officer first.
func pair(t *testing.T, age string, file []byte, first, second string) (string, error) {
	t.Helper()
	inner, err := decrypt(t, age, second, file)
	if err != nil {
		return "", err
	}
	text, err := decrypt(t, age, first, inner)
	return strings.TrimSpace(string(text)), err
}

func mustRead(t *testing.T, path ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// Every pair opens with the public program; one officer alone, the wrong pair and
// the wrong order open nothing.
func TestMake_EveryPair(t *testing.T) {
	dir, p := held(t)
	program := stock(t)
	archive := map[string]bool{}
	for _, two := range []string{"AB", "AC", "BC"} {
		first, second := p.key(two[:1]), p.key(two[1:])
		other := p.key(strings.Trim("ABC", two))
		if two == "AC" {
			other = p.key("B")
		}
		file := mustRead(t, dir, "archive-"+two+".age")
		key, err := pair(t, program, file, first, second)
		if err != nil {
			t.Fatalf("%s do not open their file: %v", two, err)
		}
		archive[key] = true
		text, err := decrypt(t, program, key, mustRead(t, dir, "canary.age"))
		if err != nil || !strings.Contains(p.said.String(), string(text[bytes.IndexByte(text, '\n')+1:])) {
			t.Errorf("%s and the canary: %v; it says %q", two, err, text)
		}
		for what, keys := range map[string][2]string{
			"the wrong order":   {second, first},
			"the first alone":   {first, first},
			"the second alone":  {second, second},
			"a third for one":   {other, second},
			"a third for other": {first, other},
		} {
			if _, err := pair(t, program, file, keys[0], keys[1]); err == nil {
				t.Errorf("%s: %s opens", two, what)
			}
			if _, err := ceremony.OpenPair(file, mustKey(t, keys[0]), mustKey(t, keys[1])); !errors.Is(err, ceremony.ErrPair) {
				t.Errorf("%s: %s: %v", two, what, err)
			}
		}
	}
	if len(archive) != 1 {
		t.Fatalf("the pairs hold %d keys", len(archive))
	}
	for key := range archive {
		if got := mustKey(t, key).Recipient().String() + "\n"; got != string(mustRead(t, dir, "archive.pub")) {
			t.Error("archive.pub is of another key")
		}
	}
}

// What is left is the six files, and no key is in any of them, nor in what was
// shown.
func TestMake_LeavesNoSecret(t *testing.T) {
	dir, p := held(t)
	want := []string{"archive-AB.age", "archive-AC.age", "archive-BC.age", "archive.pub", "canary.age", "checklist.txt", "record.txt"}
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("the folder has %v", got)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder's mode: %v, %v", info.Mode(), err)
	}
	if left := names(t, p.room.Print); len(left) > 0 {
		t.Errorf("waiting to be printed: %v", left)
	}
	key, err := pair(t, stock(t), mustRead(t, dir, "archive-AB.age"), p.key("A"), p.key("B"))
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{key, p.key("A"), p.key("B"), p.key("C")}
	err = filepath.WalkDir(filepath.Dir(dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text := strings.ToUpper(string(mustRead(t, path)))
		for i, secret := range secrets {
			// A part of it is as bad.
			if strings.Contains(text, secret[20:30]) || strings.Contains(text, "AGE-SECRET") {
				t.Errorf("%s holds secret %d", d.Name(), i)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, secret := range secrets {
		if strings.Contains(p.said.String(), secret[20:30]) {
			t.Errorf("secret %d was shown", i)
		}
	}
}

var errGone = errors.New("the window was closed")

// At no question is there a file that opens anything, and wherever a run stops it
// leaves nothing at all.
func TestMake_CutOff(t *testing.T) {
	_, whole := held(t)
	for stop := 1; stop <= whole.asked; stop++ {
		p := newPeople(t)
		parent := t.TempDir()
		dir := filepath.Join(parent, "archive")
		p.before = func(string) error {
			if left := names(t, parent); len(left) > 0 {
				t.Fatalf("before question %d there are %v", p.asked, left)
			}
			if p.asked == stop {
				return errGone
			}
			return nil
		}
		if err := ceremony.Make(t.Context(), p.room, ceremony.Plan{Dir: dir, Agency: "Oak Adoption"}); !errors.Is(err, errGone) {
			t.Fatalf("stopped at question %d: %v", stop, err)
		}
		if left := append(names(t, parent), names(t, p.room.Print)...); len(left) > 0 {
			t.Errorf("stopped at question %d it leaves %v", stop, left)
		}
	}
}

// What the disk gives back wrong is found before the folder has its name, and
// nothing is left of it.
func TestMake_BadDisk(t *testing.T) {
	for _, name := range []string{"archive-AC.age", "archive-BC.age", "canary.age"} {
		p := newPeople(t)
		parent := t.TempDir()
		dir := filepath.Join(parent, "archive")
		p.room.Say = func(text string) {
			if !strings.Contains(text, "Now each pair opens the canary") {
				return
			}
			path := filepath.Join(dir+".unfinished", name)
			b := mustRead(t, path)
			b[len(b)/2] ^= 1
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		err := ceremony.Make(t.Context(), p.room, ceremony.Plan{Dir: dir, Agency: "Oak Adoption"})
		if left := names(t, parent); err == nil || len(left) > 0 {
			t.Errorf("%s was changed: %v, and there are %v", name, err, left)
		}
	}
}

// A sheet that was typed wrongly, or another officer's, is not taken; only the row
// with the slip is asked for again.
func TestMake_TypedWrongly(t *testing.T) {
	p := newPeople(t)
	tries := map[string]int{}
	p.types = func(officer string, row int, text string) string {
		tries[officer+string(rune('1'+row))]++
		switch {
		case officer == "B" && row == 2 && tries["B3"] == 1:
			return text[:4] + "q" + text[5:] + "" // a fifth character that may be right by chance in one of 32
		case officer == "C" && tries["C1"] == 1:
			return p.paper["A"][row]
		}
		return strings.ToLower(text)
	}
	dir := filepath.Join(t.TempDir(), "archive")
	for p.paper["B"] == nil || p.paper["B"][2][4] == 'Q' {
		// One run in 32 has a Q there, and no slip: take another.
		clear(tries)
		p.paper = map[string][]string{}
		p.said.Reset()
		dir = filepath.Join(t.TempDir(), "archive")
		if err := ceremony.Make(t.Context(), p.room, ceremony.Plan{Dir: dir, Agency: "Oak Adoption"}); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(p.said.String(), "group 9, where a character is wrong") {
		t.Error("the slip was not named")
	}
	if tries["B1"] != 1 || tries["B3"] != 2 || tries["B4"] != 1 {
		t.Errorf("rows were asked for %v times", tries)
	}
	if !strings.Contains(p.said.String(), "That is the key of another sheet.") || tries["C1"] != 2 {
		t.Errorf("A's sheet was taken for C's: %v", tries)
	}
	if len(names(t, dir)) != 7 {
		t.Errorf("the folder has %v", names(t, dir))
	}
}

// A scanner types the whole key at the first row.
func TestMake_Scanned(t *testing.T) {
	p := newPeople(t)
	p.types = func(officer string, row int, _ string) string {
		if row != 0 {
			t.Errorf("row %d was asked for after the whole key", row+1)
		}
		return p.key(officer)
	}
	if err := ceremony.Make(t.Context(), p.room, ceremony.Plan{Dir: filepath.Join(t.TempDir(), "a"), Agency: "Oak Adoption"}); err != nil {
		t.Fatal(err)
	}
}

func TestMake_Refused(t *testing.T) {
	dir, _ := held(t)
	left := t.TempDir()
	if err := os.Mkdir(filepath.Join(left, "a.unfinished"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, plan := range map[string]ceremony.Plan{
		"a folder that is there": {Dir: dir, Agency: "Oak"},
		"what a kill left":       {Dir: filepath.Join(left, "a") + "/", Agency: "Oak"},
		"no name":                {Dir: filepath.Join(left, "b")},
		"two lines":              {Dir: filepath.Join(left, "b"), Agency: "Oak\nElm"},
		"a long name":            {Dir: filepath.Join(left, "b"), Agency: strings.Repeat("Oak ", 18)},
	} {
		p := newPeople(t)
		if err := ceremony.Make(t.Context(), p.room, plan); err == nil || p.asked > 0 {
			t.Errorf("%s: %v after %d questions", name, err, p.asked)
		}
	}
}

// Nothing is made before the machine is fit, unless it is a rehearsal, which every
// paper says.
func TestMake_Machine(t *testing.T) {
	p := newPeople(t)
	looked := 0
	p.room.Faults = func() ([]string, error) {
		if looked++; looked < 3 {
			return []string{"This machine has a network (wlan0)."}, nil
		}
		return nil, nil
	}
	dir := filepath.Join(t.TempDir(), "a")
	if err := ceremony.Make(t.Context(), p.room, ceremony.Plan{Dir: dir, Agency: "Oak Adoption"}); err != nil {
		t.Fatal(err)
	}
	if looked != 3 || strings.Count(p.said.String(), "wlan0") != 2 || strings.Contains(p.page["A"], "practice only") {
		t.Errorf("looked %d times", looked)
	}
	p = newPeople(t)
	p.room.Faults = func() ([]string, error) { return []string{"This machine has a network."}, nil }
	dir = filepath.Join(t.TempDir(), "b")
	if err := ceremony.Make(t.Context(), p.room, ceremony.Plan{Dir: dir, Agency: "Oak Adoption", Practice: true}); err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"sheet": p.page["C"], "checklist": string(mustRead(t, dir, "checklist.txt")), "record": string(mustRead(t, dir, "record.txt"))} {
		if !strings.Contains(strings.ToLower(text), "for practice") {
			t.Errorf("the %s of a rehearsal does not say so", what)
		}
	}
}

func TestDrill(t *testing.T) {
	dir, p := held(t)
	program := stock(t)
	for _, two := range []string{"AB", "ca", "CB"} {
		before := mustRead(t, dir, "canary.age")
		if err := ceremony.Drill(t.Context(), p.room, ceremony.Trial{Dir: dir + "/", Pair: two}); err != nil {
			t.Fatalf("%s: %v", two, err)
		}
		after := mustRead(t, dir, "canary.age")
		if bytes.Equal(before, after) {
			t.Errorf("%s: the canary is the old one", two)
		}
		key, err := pair(t, program, mustRead(t, dir, "archive-AB.age"), p.key("A"), p.key("B"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decrypt(t, program, key, after); err != nil {
			t.Errorf("%s: the new canary: %v", two, err)
		}
	}
	record := string(mustRead(t, dir, "record.txt"))
	if !strings.HasSuffix(record, "drill; opened by AB from paper\n2026-11-22 drill; opened by AC from paper\n2026-11-22 drill; opened by BC from paper\n") {
		t.Errorf("the record says:\n%s", record)
	}
	if len(names(t, dir)) != 7 {
		t.Errorf("the folder has %v", names(t, dir))
	}
}

// Only who is at the keyboard says that the machine need not be fit: a folder
// whose record says otherwise is refused, before anything is asked.
func TestPractice(t *testing.T) {
	for _, says := range []bool{false, true} {
		dir, p := held(t)
		looked := 0
		p.room.Faults = func() ([]string, error) { looked++; return nil, nil }
		record := string(mustRead(t, dir, "record.txt"))
		try := func(practice bool) (drill, change error) {
			drill = ceremony.Drill(t.Context(), p.room, ceremony.Trial{Dir: dir, Pair: "AB", Practice: practice})
			return drill, ceremony.ChangeOfficer(t.Context(), p.room, dir, "C", ceremony.Plan{Dir: filepath.Join(t.TempDir(), "next"), Agency: "Oak Adoption", Practice: practice})
		}
		if says {
			changed := strings.Replace(record, " made;", " made for practice;", 1)
			if err := os.WriteFile(filepath.Join(dir, "record.txt"), []byte(changed), 0o600); err != nil || changed == record {
				t.Fatal(err)
			}
		}
		asked := p.asked
		drill, change := try(!says)
		if drill == nil || change == nil || p.asked != asked || !strings.Contains(drill.Error(), "--practice") || !strings.Contains(change.Error(), "--practice") {
			t.Errorf("record %v: %v, %v, %d questions", says, drill, change, p.asked-asked)
		}
		looked = 0
		drill, change = try(says)
		if drill != nil || change != nil || (looked == 0) != says {
			t.Errorf("record %v: %v, %v, looked %d times", says, drill, change, looked)
		}
	}
}

// An object of the running service opens, or its configuration names another
// archive.
func TestDrill_Object(t *testing.T) {
	dir, p := held(t)
	archive, err := age.ParseHybridRecipient(strings.TrimSpace(string(mustRead(t, dir, "archive.pub"))))
	if err != nil {
		t.Fatal(err)
	}
	other := mustKey(t, vector).Recipient()
	c := seal.Context{Kind: seal.KindCanary, Agency: "oak", Object: "canary", Version: 1}
	file := filepath.Join(t.TempDir(), "object.age")
	for want, to := range map[string][]*age.HybridRecipient{
		"":                               {other, archive},
		"is not sealed to this archive:": {other},
	} {
		sealed, err := seal.Seal(c, []byte("nothing"), to...)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, sealed.Bytes, 0o600); err != nil {
			t.Fatal(err)
		}
		canary := mustRead(t, dir, "canary.age")
		err = ceremony.Drill(t.Context(), p.room, ceremony.Trial{Dir: dir, Pair: "AC", Object: file})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("sealed to %d readers: %v", len(to), err)
		}
		if err != nil && !bytes.Equal(canary, mustRead(t, dir, "canary.age")) {
			t.Error("a drill that failed changed the canary")
		}
	}
	if !strings.Contains(p.said.String(), "The object opens: a canary of the agency oak.") {
		t.Error("what opened was not said")
	}
	if err := ceremony.Drill(t.Context(), p.room, ceremony.Trial{Dir: dir, Pair: "AC", Object: dir}); err == nil {
		t.Error("a folder was taken for an object")
	}
}

func TestDrill_Refused(t *testing.T) {
	dir, p := held(t)
	canary, record := mustRead(t, dir, "canary.age"), mustRead(t, dir, "record.txt")
	for _, two := range []string{"", "A", "AA", "AD", "ABC", "A B", "é"} {
		if err := ceremony.Drill(t.Context(), p.room, ceremony.Trial{Dir: dir, Pair: two}); err == nil {
			t.Errorf("pair %q was taken", two)
		}
	}
	// C's paper in the place of B's.
	p.types = func(officer string, row int, text string) string {
		if officer == "B" {
			return p.paper["C"][row]
		}
		return text
	}
	if err := ceremony.Drill(t.Context(), p.room, ceremony.Trial{Dir: dir, Pair: "AB"}); !errors.Is(err, ceremony.ErrPair) {
		t.Errorf("the wrong sheet: %v", err)
	}
	p.types = nil
	// The public line, or the canary, of another archive.
	other, _ := held(t)
	for _, name := range []string{"archive.pub", "canary.age"} {
		was := mustRead(t, dir, name)
		if err := os.WriteFile(filepath.Join(dir, name), mustRead(t, other, name), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := ceremony.Drill(t.Context(), p.room, ceremony.Trial{Dir: dir, Pair: "AB"}); err == nil {
			t.Errorf("another archive's %s was taken", name)
		}
		if err := os.WriteFile(filepath.Join(dir, name), was, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(canary, mustRead(t, dir, "canary.age")) || !bytes.Equal(record, mustRead(t, dir, "record.txt")) {
		t.Error("a drill that was refused changed the folder")
	}
	if err := os.Remove(filepath.Join(dir, "archive-BC.age")); err != nil {
		t.Fatal(err)
	}
	if err := ceremony.Drill(t.Context(), p.room, ceremony.Trial{Dir: dir, Pair: "AB"}); err == nil {
		t.Error("a folder with two pairs was taken")
	}
}

// C leaves: D comes, the archive's key stays, C's sheet opens none of the new
// files, and the old folder is as it was.
func TestChangeOfficer(t *testing.T) {
	dir, p := held(t)
	program := stock(t)
	before, err := pair(t, program, mustRead(t, dir, "archive-AB.age"), p.key("A"), p.key("B"))
	if err != nil {
		t.Fatal(err)
	}
	old := names(t, dir)
	next := filepath.Join(t.TempDir(), "next")
	if err := ceremony.ChangeOfficer(t.Context(), p.room, dir, "c", ceremony.Plan{Dir: next, Agency: "Oak Adoption"}); err != nil {
		t.Fatal(err)
	}
	if got := names(t, next); !slices.Equal(got, []string{"archive-AB.age", "archive-AD.age", "archive-BD.age", "archive.pub", "canary.age", "checklist.txt", "record.txt"}) {
		t.Errorf("the new folder has %v", got)
	}
	if !slices.Equal(old, names(t, dir)) {
		t.Error("the old folder changed")
	}
	for _, two := range []string{"AB", "AD", "BD"} {
		file := mustRead(t, next, "archive-"+two+".age")
		key, err := pair(t, program, file, p.key(two[:1]), p.key(two[1:]))
		if err != nil || key != before {
			t.Errorf("%s: another key, or %v", two, err)
		}
		for _, with := range []string{"A", "B", "D"} {
			for _, keys := range [][2]string{{p.key("C"), p.key(with)}, {p.key(with), p.key("C")}} {
				if _, err := pair(t, program, file, keys[0], keys[1]); err == nil {
					t.Errorf("%s opens with C and %s", two, with)
				}
			}
		}
	}
	if !strings.Contains(p.page["D"], "officer D of A, B and D") || !strings.Contains(p.page["D"], "archive-AD.age") {
		t.Error("D's sheet names others")
	}
	// The next to come is E, also when it is D who goes.
	again := filepath.Join(t.TempDir(), "again")
	if err := ceremony.ChangeOfficer(t.Context(), p.room, next, "D", ceremony.Plan{Dir: again, Agency: "Oak Adoption"}); err != nil {
		t.Fatal(err)
	}
	if p.key("E") == "" || !strings.Contains(string(mustRead(t, again, "record.txt")), "officer D gave the place to E; opened by each pair of ABE") {
		t.Errorf("the record says:\n%s", mustRead(t, again, "record.txt"))
	}
	if err := ceremony.Drill(t.Context(), p.room, ceremony.Trial{Dir: again, Pair: "AE"}); err != nil {
		t.Error(err)
	}
	for _, leaves := range []string{"", "D", "AB"} {
		if err := ceremony.ChangeOfficer(t.Context(), p.room, again, leaves, ceremony.Plan{Dir: filepath.Join(t.TempDir(), "x"), Agency: "Oak"}); err == nil {
			t.Errorf("%q left", leaves)
		}
	}
}

func TestSwapFaults(t *testing.T) {
	const head = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
	for text, want := range map[string]int{
		"":   0,
		head: 0,
		head + "/dev/sda2                               partition\t1048572\t0\t-2\n":                                                      1,
		head + "/dev/zram0                              partition\t1048572\t0\t100\n":                                                     0,
		head + "/dev/zram0                              partition\t8\t0\t100\n/swapfile                               file\t8\t\t0\t-2\n": 1,
	} {
		if got := ceremony.SwapFaults(text); len(got) != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// Sheets wait in memory and nowhere else.
func TestMemoryFolder(t *testing.T) {
	dir, remove, err := ceremony.MemoryFolder("/dev/shm")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("its mode: %v, %v", info, err)
	}
	if err := remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after the end: %v", err)
	}
	for _, no := range []string{"/proc", filepath.Join(t.TempDir(), "none")} {
		if _, _, err := ceremony.MemoryFolder(no); err == nil {
			t.Errorf("%s was taken for memory", no)
		}
	}
}

// Whatever a pair file holds, it opens to a key or is refused.
func FuzzOpenPair(f *testing.F) {
	id := mustKey(f, vector)
	whole, err := ceremony.SealPair(id, id.Recipient(), id.Recipient())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte("-----BEGIN AGE ENCRYPTED FILE-----\n"))
	f.Add([]byte("age-encryption.org/v1\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := ceremony.OpenPair(file, id, id)
		if err == nil && got.String() != vector || err != nil && got != nil {
			t.Fatalf("%v, %v", got, err)
		}
	})
}
