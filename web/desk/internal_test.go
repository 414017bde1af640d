// The package is tested from inside here, since what a form carries between
// the pages of an opening is nobody else's business.
package desk

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/letterbox/screening"
	"gatepost/web/page"
	"gatepost/web/page/pagetest"
)

// FuzzOpening gives parseOpening what a browser might send: it never panics,
// and what it takes can be carried on and shown on every page.
func FuzzOpening(f *testing.F) {
	start, err := newOpening().carry()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(start)
	f.Add(`{"children":[{}],"sides":[{"people":[{}],"children":[""],"months":["12"]},{"people":[{}],"children":[""]}]}`)
	f.Add(`{"children":[{"id":"chaaaaaaaaaaaaaaaaaaaa","birth":"<b>"}],"sides":[{"people":[{"id":"peaaaaaaaaaaaaaaaaaaaa"}],"children":["x"]}]}`)
	f.Add(`[]`)
	f.Add(``)
	renderer := pagetest.Renderer(f, Source())
	site := pagetest.Site(page.Staff, renderer, pagetest.Door{SignedIn: true})
	f.Fuzz(func(t *testing.T, carried string) {
		o, err := parseOpening(carried)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("a broken form is a fault of kind %s", fault.KindOf(err))
			}
			return
		}
		text, err := o.carry()
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseOpening(text)
		if err != nil {
			t.Fatalf("what was carried on is not taken: %v", err)
		}
		if a, _ := json.Marshal(o); string(a) != text {
			t.Fatalf("carried %s, came back as %+v", text, again)
		}
		if _, _, err := o.ask(); err != nil && fault.KindOf(err) != fault.Invalid {
			t.Fatalf("asking gives a fault of kind %s", fault.KindOf(err))
		}
		p := &openingPage{Base: page.Base{Words: nil, Tier: site.Tier}, Step: stepCheck, Opening: o, Carried: text}
		if _, err := renderer.HTML("desk/opening-check", p); err != nil {
			t.Fatal(err)
		}
	})
}

func TestPlaced(t *testing.T) {
	for _, tt := range []struct{ field, step, want string }{
		{"children.1.born", stepChildren, "child-1-born-day"},
		{"children.0.name", stepChildren, "child-0-birth"},
		{"children.0", stepChildren, "child-0-birth"},
		{"sides.0.book", stepFirst, "book"},
		{"sides.1.people.2.address", stepSecond, "person-2-address"},
		{"sides.1.people.2", stepSecond, "person-2-name"},
		{"sides.0.people", stepFirst, "person-0-name"},
		{"sides.0.names.children", stepFirst, "calls-0"},
		{"sides.0.names", stepFirst, "self"},
		{"sides.1.maySend", stepSecond, "send"},
		{"sides.1.timesAYear", stepSecond, "times"},
		{"sides.1.months", stepSecond, "months"},
		{"", stepCheck, ""},
	} {
		step, err := newOpening().placed(fault.Field(tt.field, "fault.invalid"))
		f, ok := errors.AsType[*fault.Error](err)
		if step != tt.step || !ok || f.Field != tt.want {
			t.Errorf("%q is placed on %q as %v, want %q on %q", tt.field, step, err, tt.want, tt.step)
		}
	}
	o := newOpening()
	o.Children[0].ID, o.Sides[1].People[0].ID = "ch", "pe"
	for field, want := range map[string]string{"children.0.born": stepChildren, "sides.1.people.0": stepSecond} {
		step, err := o.placed(fault.Field(field, "fault.invalid"))
		if f, ok := errors.AsType[*fault.Error](err); step != want || !ok || f.Field != "" {
			t.Errorf("%q of somebody known is placed on %q as %v, want no field on %q", field, step, err, want)
		}
	}
	cause := errors.New("row 7")
	if step, err := newOpening().placed(cause); step != stepCheck || !errors.Is(err, cause) {
		t.Errorf("an error that is no fault becomes %v on %q", err, step)
	}
}

func TestDateOf(t *testing.T) {
	for _, tt := range []struct {
		day, month, year string
		want             bool
	}{
		{"27", "3", "2019", true}, {" 1", "01", "2019 ", true}, {"29", "2", "2020", true},
		{"29", "2", "2019", false}, {"31", "4", "2019", false}, {"0", "1", "2019", false}, {"1", "13", "2019", false},
		{"1", "1", "19", false}, {"", "", "", false}, {"one", "1", "2019", false}, {"1", "1", "99999", false},
	} {
		if _, ok := dateOf(tt.day, tt.month, tt.year); ok != tt.want {
			t.Errorf("%s/%s/%s is a date: %v, want %v", tt.day, tt.month, tt.year, ok, tt.want)
		}
	}
}

func TestGrouped(t *testing.T) {
	for code, want := range map[string]string{
		"ABCDEFGHJKMNPQRS": "ABCD EFGH JKMN PQRS", "ABCD-EFGH-JKMN-PQRS": "ABCD EFGH JKMN PQRS", "ABCDE": "ABCD E", "": "",
	} {
		if got := grouped(code); got != want {
			t.Errorf("%q is written %q, want %q", code, got, want)
		}
	}
}

// A letter's marks are those of a naive reader, whatever lies over what: every
// character stands once, in the colour of the gravest finding over it, and each
// finding is numbered once, where it ends.
func TestMarked(t *testing.T) {
	severities := []screening.Severity{screening.Soft, screening.Medium, screening.High}
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 7))
		text := make([]byte, r.IntN(60))
		for i := range text {
			text[i] = "ab\n"[r.IntN(3)]
		}
		var found []letterbox.Finding
		for range r.IntN(6) {
			start := r.IntN(len(text) + 1)
			end := start + r.IntN(len(text)-start+1)
			if start == end || text[start] == '\n' {
				continue // the screen finds words, which may have an end of a line after them
			}
			f := letterbox.Finding{Key: fmt.Sprint(len(found)), Finding: screening.Finding{Start: start, End: end, Severity: severities[r.IntN(3)]}}
			found = append(found, f)
		}
		slices.SortStableFunc(found, func(a, b letterbox.Finding) int { return cmp.Compare(a.Start, b.Start) })
		numbers := map[string]int{}
		for i, f := range found {
			numbers[f.Key] = i + 1
		}
		var got, want strings.Builder
		seen := map[int]int{}
		for _, paragraph := range marked(string(text), found, numbers) {
			for _, line := range paragraph {
				for _, part := range line {
					for _, c := range part.Text {
						fmt.Fprintf(&got, "%c%d", c, rank(screening.Severity(part.Severity)))
					}
					for _, n := range part.Numbers {
						seen[n]++
					}
				}
			}
		}
		for i, c := range text {
			gravest := 0
			for _, f := range found {
				if f.Start <= i && i < f.End {
					gravest = max(gravest, rank(f.Severity))
				}
			}
			if c != '\n' {
				fmt.Fprintf(&want, "%c%d", c, gravest)
			}
		}
		if got.String() != want.String() {
			t.Fatalf("seed %d: %q is marked %s, want %s", seed, text, &got, &want)
		}
		for n := range found {
			if seen[n+1] != 1 {
				t.Fatalf("seed %d: in %q finding %d, %+v, is numbered %d times", seed, text, n+1, found[n], seen[n+1])
			}
		}
	}
}
