package register_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gatepost/intermediary/register"
)

// rose is a child whom a relative looks for.
var rose = register.Entry{ID: "A1", Forename: "Rose", Surname: "Marsh", Born: "19710406", MotherForename: "Ann", MotherSurname: "Marsh", Place: "Whitby", Sex: "F"}

func with(e register.Entry, id string, change func(*register.Entry)) register.Entry {
	e.ID = id
	change(&e)
	return e
}

// some is a made-up register of people who have nothing to do with each other
// but for every fourth of Part 2, who is about one of Part 1.
func some(n int) (part1, part2 []register.Entry) {
	forenames := strings.Fields("rose ann peter john mary susan david alan karen paul ruth simon judith mark clare neil joan hugh gwen ivor")
	surnames := strings.Fields("marsh poe hill lake brook field wood ford stone rivers heath moor dale combe beck thorpe garth holt shaw lund")
	places := strings.Fields("leeds whitby hull york ripon selby otley ilkley skipton malton")
	for i := range n {
		e := register.Entry{ID: fmt.Sprintf("A%d", i), Forename: forenames[i*7%20], Surname: surnames[i*13%19] + surnames[i/3%17], Born: fmt.Sprintf("%d%02d%02d", 1950+i*11%40, 1+i*5%12, 1+i*17%28),
			MotherForename: forenames[(i*3+5)%19], MotherSurname: surnames[i*5%17] + surnames[i/7%19], Place: places[i*3%10]}
		part1 = append(part1, e)
		switch {
		case i%4 == 0:
			part2 = append(part2, with(e, fmt.Sprintf("B%d", i), func(e *register.Entry) {
				switch i % 3 {
				case 0:
					e.Forename = ""
				case 1:
					e.Born = ""
				case 2:
					e.MotherSurname = surnames[i%19] + "son"
				}
			}))
		case i%2 == 0:
			part2 = append(part2, register.Entry{ID: fmt.Sprintf("B%d", i), Forename: forenames[i*11%20], Surname: surnames[i*3%19] + surnames[i/5%17], Born: fmt.Sprintf("%d%02d%02d", 1950+i*3%40, 1+i%12, 1+i*19%28),
				MotherForename: forenames[(i*5+5)%19], MotherSurname: surnames[i*7%17] + surnames[i/2%19], Place: places[i*7%10]})
		}
	}
	return part1, part2
}

func match(t *testing.T, part1, part2 []register.Entry, opts register.Options) register.Result {
	t.Helper()
	result, err := register.Match(t.Context(), part1, part2, opts)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// Shuffled entries, and more workers or fewer, give the same result to the last bit.
func TestMatch_AnyOrder(t *testing.T) {
	part1, part2 := some(1600)
	want := match(t, part1, part2, register.Options{Workers: 1})
	if len(want.Proposals) < 100 || !strings.HasPrefix(want.Model.Version(), "acr-1+") {
		t.Fatalf("%d proposals by %s", len(want.Proposals), want.Model.Version())
	}
	for turn := range 3 {
		for _, part := range [][]register.Entry{part1, part2} {
			for i := range part {
				j := (i*7919 + turn*31) % (i + 1)
				part[i], part[j] = part[j], part[i]
			}
		}
		got := match(t, part1, part2, register.Options{Workers: 1 + turn})
		if !reflect.DeepEqual(got.Proposals, want.Proposals) || got.Model.Version() != want.Model.Version() || got.Compared != want.Compared {
			t.Errorf("shuffled %d times: another result", turn+1)
		}
	}
	again := match(t, part1, part2, register.Options{Model: want.Model})
	if !reflect.DeepEqual(again.Proposals, want.Proposals) {
		t.Error("with the model that was learnt: another result")
	}
}

// Every band and finding, by what two entries say; with the shipped model, among
// others of whom nothing is found.
func TestMatch_Findings(t *testing.T) {
	others, _ := some(200)
	for _, c := range []struct {
		name    string
		change  func(*register.Entry)
		band    register.Band
		finding register.Finding
	}{
		{"all agrees", func(*register.Entry) {}, register.Proposed, register.SameChild},
		{"a pet form", func(e *register.Entry) { e.Forename = "Rosie" }, register.Proposed, register.SameChild},
		{"the mother has married", func(e *register.Entry) { e.MotherSurname = "Lake" }, register.Proposed, register.SameChild},
		{"day and month swapped", func(e *register.Entry) { e.Born = "19710604" }, register.Proposed, register.SameChild},
		{"remembered", func(e *register.Entry) { e.Born, e.BornText = "", "about 1972" }, register.Proposed, register.SameChild},
		{"forename and surname in each other's place", func(e *register.Entry) { e.Forename, e.Surname = "Marsh", "Rose" }, register.Proposed, register.SameChild},
		{"no forename", func(e *register.Entry) { e.Forename = "" }, register.Review, register.SameChild},
		{"no name given", func(e *register.Entry) { e.Forename = "not known" }, register.Review, register.SameChild},
		{"a twin", func(e *register.Entry) { e.Forename = "Peter" }, register.Review, register.Sibling},
		{"a sibling", func(e *register.Entry) { e.Forename, e.Born = "Peter", "19740711" }, register.Review, register.Sibling},
		{"a twin, whose mother has married", func(e *register.Entry) { e.Forename, e.MotherSurname = "Peter", "Lake" }, register.Review, register.Sibling},
		{"a cousin", func(e *register.Entry) { e.Forename, e.Born, e.MotherForename = "Peter", "19740711", "Judith" }, "", ""},
		{"nobody", func(e *register.Entry) { *e = register.Entry{ID: "B"} }, "", ""},
	} {
		part2 := []register.Entry{with(rose, "B", c.change)}
		list := match(t, append(others, rose), part2, register.Options{}).Proposals
		list = slices.DeleteFunc(list, func(p register.Proposal) bool { return p.Part1 != "A1" || p.Bits < 0 })
		var got register.Proposal
		if len(list) > 0 {
			got = list[0]
		}
		if got.Band != c.band || got.Finding != c.finding {
			t.Errorf("%s: %q %q at %.4f, %v", c.name, got.Band, got.Finding, got.Probability, got.Evidence)
		}
		if got.Band != "" && (got.Model != "acr-1" || len(got.Evidence) != 7) {
			t.Errorf("%s: model %q, %d lines of evidence", c.name, got.Model, len(got.Evidence))
		}
	}
}

// Two twins in Part 1: whoever names neither is shown both, and nothing is
// proposed; whoever names one is proposed that one only.
func TestMatch_Twins(t *testing.T) {
	others, _ := some(200)
	part1 := append(others, rose, with(rose, "A2", func(e *register.Entry) { e.Forename = "Peter" }))
	unnamed := match(t, part1, []register.Entry{with(rose, "B", func(e *register.Entry) { e.Forename = "" })}, register.Options{}).Proposals
	if len(unnamed) < 2 || unnamed[0].Band != register.Review || unnamed[1].Band != register.Review || unnamed[0].Probability >= 0.5 {
		t.Errorf("no forename: %v", unnamed)
	}
	named := match(t, part1, []register.Entry{with(rose, "B", func(*register.Entry) {})}, register.Options{}).Proposals
	if len(named) < 2 || named[0].Part1 != "A1" || named[0].Band != register.Proposed || named[1].Part1 != "A2" || named[1].Finding != register.Sibling || named[1].Probability > 0.01 {
		t.Errorf("a forename: %v", named)
	}
}

// The evidence adds up to the bits.
func TestMatch_Evidence(t *testing.T) {
	part1, part2 := some(1600)
	for _, p := range match(t, part1, part2, register.Options{}).Proposals {
		sum := 0.0
		for _, e := range p.Evidence {
			if sum += e.Bits; e.Level == "missing" && e.Bits != 0 {
				t.Errorf("%s is missing and has %f bits", e.Field, e.Bits)
			}
		}
		if d := sum - p.Bits; d > 1e-9 || d < -1e-9 || p.Probability < 0 || p.Probability > 1 {
			t.Errorf("%f bits, evidence adds up to %f; p %f", p.Bits, sum, p.Probability)
		}
	}
}

// An index answers for one entry what a run with its model answers.
func TestIndex_Search(t *testing.T) {
	part1, part2 := some(600)
	x, err := register.NewIndex(t.Context(), part1, register.Options{})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, e := range part2 {
		list := x.Search(e)
		for _, p := range list {
			if "A"+e.ID[1:] == p.Part1 && p.Part2 == e.ID {
				found++
			}
		}
		if again := x.Search(e); !reflect.DeepEqual(list, again) {
			t.Errorf("%s: asked again, another answer", e.ID)
		}
	}
	if found < 140 {
		t.Errorf("found %d of 150", found)
	}
	if c := x.Candidates(part1[7]); !slices.Contains(c, 7) || x.Model().Version() != "acr-1" {
		t.Errorf("an entry is not its own candidate: %v", c)
	}
	if x.Search(register.Entry{}) != nil || x.Search(register.Entry{ID: "B", Forename: "nobody", Surname: "xyzzy"}) != nil {
		t.Error("found somebody for nobody")
	}
}

func TestWithin(t *testing.T) {
	part1, _ := some(300)
	result, err := register.Within(t.Context(), append(part1, with(part1[9], "again", func(e *register.Entry) { e.Place = "" })), register.Options{})
	if err != nil {
		t.Fatal(err)
	}
	best := result.Proposals[0]
	if ids := []string{best.Part1, best.Part2}; !slices.Contains(ids, "again") || !slices.Contains(ids, "A9") || best.Band != register.Proposed {
		t.Errorf("%v", best)
	}
	for _, p := range result.Proposals {
		if p.Part1 == p.Part2 {
			t.Errorf("%s is found to be itself", p.Part1)
		}
	}
}

// Nothing that can be written into a field stops a run, and no pair is compared
// that would not be without it.
func TestMatch_Hostile(t *testing.T) {
	part1, part2 := some(600)
	plain := match(t, part1, part2, register.Options{})
	for _, text := range []string{"", "\x00", "\xff\xfe\xfd", strings.Repeat("x", 10_000), strings.Repeat("é ", 5_000), "\u202e\u2066evil", "00000000", "0000-00-00", "99999999", "19719999", strings.Repeat("1971 ", 2_000), "🙂"} {
		for i := range 40 {
			e := register.Entry{ID: fmt.Sprintf("%s%d", text, i), Forename: text, Surname: text, Born: text, BornText: text, MotherForename: text, MotherSurname: text, MotherOtherSurname: text,
				Place: text, Sex: text, Agency: text, Also: []string{text, text, text, text, text, text, text, text}}
			part1, part2 = append(part1, e), append(part2, e)
		}
	}
	result := match(t, part1, part2, register.Options{})
	if most := plain.Compared + 40*12*40*12; result.Compared > most {
		t.Errorf("%d pairs compared, want at most %d", result.Compared, most)
	}
	if result, err := register.Match(t.Context(), nil, nil, register.Options{}); err != nil || len(result.Proposals) != 0 || result.Model == nil {
		t.Errorf("two empty parts: %v, %v", result, err)
	}
}

// A run tells how far it is and ends when it is told to.
func TestMatch_Stop(t *testing.T) {
	part1, part2 := some(1600)
	last, total := 0, 0
	match(t, part1, part2, register.Options{Progress: func(done, of int) { last, total = done, of }})
	if last != len(part2) || total != len(part2) {
		t.Errorf("told %d of %d, want all of %d", last, total, len(part2))
	}
	enough := errors.New("enough")
	ctx, stop := context.WithCancelCause(t.Context())
	seen := 0
	_, err := register.Match(ctx, part1, part2, register.Options{Workers: 1, Progress: func(int, int) { seen++; stop(enough) }})
	if !errors.Is(err, enough) || seen != 1 {
		t.Errorf("stopped after the first: %v, told %d times", err, seen)
	}
	if _, err := register.Match(ctx, part1, part2, register.Options{}); !errors.Is(err, enough) {
		t.Errorf("stopped before it began: %v", err)
	}
}

// A run that was stopped goes on: what was found is not looked for again, and the
// result is the same to the byte.
func TestMatch_GoesOn(t *testing.T) {
	part1, part2 := some(1600)
	want := match(t, part1, part2, register.Options{})
	full := errors.New("the disk is full")
	kept := map[int]register.Piece{}
	_, err := register.Match(t.Context(), part1, part2, register.Options{Workers: 1, Keep: func(n int, p register.Piece) error {
		if len(kept) == 2 {
			return full
		}
		kept[n] = p
		return nil
	}})
	if !errors.Is(err, full) || len(kept) != 2 {
		t.Fatalf("stopped with %d pieces: %v", len(kept), err)
	}
	again := 0
	got := match(t, part1, part2, register.Options{
		Piece: func(n int) (register.Piece, bool) { p, ok := kept[n]; return p, ok },
		Keep: func(n int, _ register.Piece) error {
			if _, ok := kept[n]; ok {
				again++
			}
			return nil
		}})
	if again > 0 || !reflect.DeepEqual(got.Proposals, want.Proposals) || got.Compared != want.Compared {
		t.Errorf("%d pieces done again, %d proposals of %d, %d pairs of %d", again, len(got.Proposals), len(want.Proposals), got.Compared, want.Compared)
	}
}
