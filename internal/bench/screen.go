package bench

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"gatepost/letterbox/screening"
	"gatepost/letterbox/screening/specimens"
)

// Screening is what only the bench of the screen has: what it finds in lines that
// were made up, and how often it is wrong about others.
type Screening struct {
	LetterBytes int        `json:"letter_bytes"`      // of the letter that is timed
	Protected   int        `json:"protected_entries"` // of the list that it is timed with
	Found       []FoundOf  `json:"found"`
	Innocent    []Innocent `json:"innocent"`
}

// FoundOf is how many spans were found of one set, category or technique.
type FoundOf struct {
	Set   string `json:"set"`
	By    string `json:"by"` // set, detect, category or technique
	Name  string `json:"name"`
	Spans int    `json:"spans"`
	Found int    `json:"found"`          // at any severity
	Grave int    `json:"high_or_medium"` // of the found
}

// Innocent is how often the screen was wrong in lines that hide nothing.
type Innocent struct {
	Set   string `json:"set"`
	Lines int    `json:"lines"`
	Soft  int    `json:"soft"` // lines with a soft finding and none above
	Above int    `json:"above_soft"`
}

// screeningLetters measures the screen on a letter of 2 KB with a list of fifty, and
// counts what it finds in the specimens. Its floor is what anything that reads a
// letter for disguises has to do at least: fold the text once (NFKC, case, accents).
func screeningLetters(ctx context.Context, print func(Result) error) error {
	lists, err := specimens.Lists()
	if err != nil {
		return err
	}
	innocent, err := specimens.Innocent()
	if err != nil {
		return err
	}
	found, err := foundBySet(lists, innocent)
	if err != nil {
		return err
	}
	text := letterOf(innocent, 2048)
	list := fifty(lists)
	screen, err := screening.Compile(list)
	if err != nil {
		return fmt.Errorf("compile the list: %w", err)
	}
	ours, theirs, err := timeScreen(ctx, screen, text)
	if err != nil {
		return err
	}
	r := resultOf("screen", ours, theirs)
	found.LetterBytes, found.Protected = len(text), len(list)
	r.Screening = found
	return print(r)
}

// timeScreen screens and folds one letter by turns.
func timeScreen(ctx context.Context, screen *screening.Screen, text string) (ours, theirs sample, err error) {
	const letters, each = 40, 25
	fold := transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn)), norm.NFC, cases.Fold())
	floor := func() error {
		_, _, err := transform.String(fold, text)
		return err
	}
	scan := func() error {
		screen.Scan(text)
		return nil
	}
	for i := range letters + 2 {
		if err := ctx.Err(); err != nil {
			return ours, theirs, err
		}
		for _, side := range []struct {
			sum *sample
			do  func() error
		}{{&ours, scan}, {&theirs, floor}} {
			s, err := timeEach(each, side.do)
			if err != nil {
				return ours, theirs, fmt.Errorf("time the screen: %w", err)
			}
			if i >= 2 { // the first ones fill caches
				side.sum.add(s)
			}
		}
	}
	return ours, theirs, nil
}

// timeEach does one thing a number of times on one core.
func timeEach(n int, do func() error) (sample, error) {
	var s sample
	cpu, start := ownCPU(), time.Now()
	for range n {
		began := time.Now()
		if err := do(); err != nil {
			return s, err
		}
		s.items = append(s.items, time.Since(began))
	}
	s.wall, s.cpu.own = time.Since(start), ownCPU()-cpu
	return s, nil
}

// letterOf makes a letter of so many bytes of lines that hide nothing.
func letterOf(lines []specimens.Line, size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		b.WriteString(lines[i%len(lines)].Text)
		b.WriteString(" ")
	}
	return strings.ToValidUTF8(b.String()[:size], "")
}

// fifty are entries of all the lists, by turns in the order of the cases.
func fifty(lists map[string][]screening.Entry) []screening.Entry {
	var all []screening.Entry
	for _, id := range caseIDs(lists) {
		all = append(all, lists[id]...)
	}
	return all[:min(50, len(all))]
}

func caseIDs(lists map[string][]screening.Entry) []string {
	var ids []string
	for id := range lists {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// foundBySet screens every specimen.
func foundBySet(lists map[string][]screening.Entry, innocent []specimens.Line) (*Screening, error) {
	screens := map[string]*screening.Screen{}
	for id, list := range lists {
		var err error
		if screens[id], err = screening.Compile(list); err != nil {
			return nil, fmt.Errorf("compile case %s: %w", id, err)
		}
	}
	letters, err := specimens.Letters()
	if err != nil {
		return nil, err
	}
	s := &Screening{}
	at := map[[3]string]int{}
	for _, l := range letters {
		findings := screens[l.Case].Scan(l.Text)
		for _, span := range l.Spans {
			found, grave := specimens.Caught(l.Text, span, findings)
			for _, by := range [][2]string{{"set", l.Set}, {"detect", l.Detect}, {"category", span.Category}, {"technique", l.Technique}} {
				key := [3]string{l.Set, by[0], by[1]}
				if _, ok := at[key]; !ok {
					at[key] = len(s.Found)
					s.Found = append(s.Found, FoundOf{Set: l.Set, By: by[0], Name: by[1]})
				}
				s.Found[at[key]].add(found, grave)
			}
		}
	}
	order := []string{"set", "detect", "category", "technique"}
	slices.SortFunc(s.Found, func(a, b FoundOf) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.By), slices.Index(order, b.By)), cmp.Compare(a.Set, b.Set), cmp.Compare(a.Name, b.Name))
	})
	s.Innocent = judgeInnocent(screens, innocent)
	return s, nil
}

func (f *FoundOf) add(found, grave bool) {
	f.Spans++
	if found {
		f.Found++
	}
	if grave {
		f.Grave++
	}
}

// judgeInnocent counts lines by the gravest finding in them; what is to be told
// with care is no fault.
func judgeInnocent(screens map[string]*screening.Screen, lines []specimens.Line) []Innocent {
	var list []Innocent
	for _, l := range lines {
		name := l.Set
		if l.Hard {
			name += ", hard"
		}
		i := slices.IndexFunc(list, func(n Innocent) bool { return n.Set == name })
		if i < 0 {
			i, list = len(list), append(list, Innocent{Set: name})
		}
		soft, above := false, false
		for _, f := range screens[l.Case].Scan(l.Text) {
			soft = soft || f.Severity == screening.Soft && f.Category != screening.CatCare
			above = above || f.Severity != screening.Soft
		}
		list[i].Lines++
		switch {
		case above:
			list[i].Above++
		case soft:
			list[i].Soft++
		}
	}
	return list
}

// table is the figures for people, one a line.
func (s *Screening) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-14s a letter of %d bytes with %d protected entries\n", "", s.LetterBytes, s.Protected)
	for _, f := range s.Found {
		fmt.Fprintf(&b, "%-14s %-11s %-9s %-24s %4d spans, %4d found, %4d at high or medium\n", "", f.Set, f.By, f.Name, f.Spans, f.Found, f.Grave)
	}
	for _, n := range s.Innocent {
		fmt.Fprintf(&b, "%-14s %-17s %3d innocent lines, %d with a soft finding, %d with one above\n", "", n.Set, n.Lines, n.Soft, n.Above)
	}
	return b.String()
}
