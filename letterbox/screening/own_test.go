package screening_test

import (
	"testing"

	"gatepost/letterbox/screening"
	"gatepost/letterbox/screening/specimens"
)

// ownScreens are the lists that the specimens refer to.
func ownScreens(t testing.TB) map[string]*screening.Screen {
	t.Helper()
	lists, err := specimens.Lists()
	if err != nil {
		t.Fatal(err)
	}
	screens := map[string]*screening.Screen{}
	for id, list := range lists {
		if screens[id], err = screening.Compile(list); err != nil {
			t.Fatal(err)
		}
	}
	return screens
}

// What is found of each set; docs/screening.md gives the figures. Lines of the
// unseen set are not told, so that nobody tunes the screen on them by accident.
func TestSpecimens_Letters(t *testing.T) {
	screens := ownScreens(t)
	lines, err := specimens.Letters()
	if err != nil {
		t.Fatal(err)
	}
	sets := map[string]*tally{}
	for _, l := range lines {
		findings := screens[l.Case].Scan(l.Text)
		n := sets[l.Set]
		if n == nil {
			n = &tally{}
			sets[l.Set] = n
		}
		for _, s := range l.Spans {
			found, grave := specimens.Caught(l.Text, s, findings)
			n.spans++
			if found {
				n.found++
			}
			if grave {
				n.grave++
			} else if l.Set == "tuned" {
				t.Logf("%s %s: found %v in %q%s", l.ID, l.Technique, found, l.Text, words(l.Text, findings))
			}
		}
	}
	for name, n := range sets {
		t.Logf("%s: %d spans, %d found, %d at high or medium", name, n.spans, n.found, n.grave)
		if n.spans < 70 || n.found*100 < n.spans*90 || n.grave*100 < n.spans*80 {
			t.Errorf("%s: %d of %d found, %d at high or medium", name, n.found, n.spans, n.grave)
		}
	}
}

func TestSpecimens_Innocent(t *testing.T) {
	screens := ownScreens(t)
	list, err := specimens.Innocent()
	if err != nil {
		t.Fatal(err)
	}
	lines, soft, grave := map[string]int{}, map[string]int{}, map[string]int{}
	for _, l := range list {
		lines[l.Set]++
		for _, found := range screens[l.Case].Scan(l.Text) {
			switch {
			case found.Category == screening.CatCare:
			case found.Severity == screening.Soft:
				soft[l.Set]++
			default:
				grave[l.Set]++
			}
			if l.Set == "tuned" {
				t.Logf("%s: %q%s", l.ID, l.Text, words(l.Text, []screening.Finding{found}))
			}
		}
	}
	for name, n := range lines {
		t.Logf("%s: %d lines, %d soft findings, %d above", name, n, soft[name], grave[name])
		if n < 70 || grave[name] > 3 || soft[name] > 8 {
			t.Errorf("%s: %d lines, %d soft findings, %d above", name, n, soft[name], grave[name])
		}
	}
}

// A name that is said of a place stands behind it as often as before it.
func TestScan_CalledSo(t *testing.T) {
	screen, err := screening.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"I know the school is St Annes so maybe":               "school is St Annes",
		"Her nursery is called Busy Bees now.":                 "nursery is called Busy Bees",
		"The school is closed and the club is on Monday.":      "",
		"The surgery was busy, and the school is in May shut.": "",
	} {
		got := ""
		for _, f := range screen.Scan(text) {
			if f.Severity == screening.Medium && f.Code == "M03" {
				got = text[f.Start:f.End]
			}
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
