package law

// In the package: conditions are not for importers.

import (
	"slices"
	"strings"
	"testing"
)

// small is a table for the tests of the language.
func small(t testing.TB, rows ...Row) (*Table, error) {
	t.Helper()
	return compile(definition{ID: "8z", Title: "small", Inputs: []Input{
		choice("colour", "red | green | *blue", ""), choice("size", "big | *small", ""), choiceOfMany("marks", "M1 | M2 | *none", "")}, Rows: rows})
}

func TestCondition(t *testing.T) {
	tests := []struct {
		when  string
		holds []string // of red/green/blue × big/small × the marks that are named
	}{
		{"colour = red and size = big", []string{"red big", "red big M1", "red big M2", "red big M1 M2"}},
		{"colour != red and size = big and marks is empty", []string{"green big", "blue big"}},
		{"colour = red and marks is empty or colour = green and marks has M1 and marks lacks M2", []string{"red big", "red small", "green big M1", "green small M1"}},
		{"(colour = red or colour = green) and marks has any of {M1, M2} and size = small",
			[]string{"red small M1", "red small M2", "red small M1 M2", "green small M1", "green small M2", "green small M1 M2"}},
		{"colour not in {red, blue} and size in {big} and marks lacks M1", []string{"green big", "green big M2"}},
	}
	for _, test := range tests {
		table, err := small(t, Row{ID: "z1", When: test.when, Outcome: OutcomeInform}, Row{ID: "z2", When: "anything else", Outcome: OutcomeHold})
		if err != nil {
			t.Errorf("%s: %v", test.when, err)
			continue
		}
		var got []string
		for _, colour := range []string{"red", "green", "blue"} {
			for _, size := range []string{"big", "small"} {
				for _, marks := range [][]string{nil, {"M1"}, {"M2"}, {"M1", "M2"}} {
					f := table.Facts()
					set(t, &f, "colour", colour)
					set(t, &f, "size", size)
					set(t, &f, "marks", marks...)
					if finding, err := table.Decide(f); err != nil {
						t.Fatal(err)
					} else if finding.Permits() {
						got = append(got, strings.Join(append([]string{colour, size}, marks...), " "))
					}
				}
			}
		}
		if !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(test.holds))) {
			t.Errorf("%s holds for %q, want %q", test.when, got, test.holds)
		}
	}
}

func set(t testing.TB, f *Facts, name string, values ...string) {
	t.Helper()
	if err := f.Set(name, values...); err != nil {
		t.Fatal(err)
	}
}

func TestCondition_Refused(t *testing.T) {
	for when, want := range map[string]string{
		"":                               "no input",
		"colour":                         "no comparison",
		"colour = ":                      "no value",
		"colour = pink":                  "no value",
		"shape = red":                    "no input",
		"colour has red":                 "does not fit",
		"colour is empty":                "does not fit",
		"marks = M1":                     "does not fit",
		"marks in {M1}":                  "does not fit",
		"colour in {}":                   "in a list",
		"colour in {red, red}":           "twice",
		"colour in {red":                 "in a list",
		"colour in red":                  "list begins",
		"colour = red and":               "no input",
		"colour = red size = big":        "ends before",
		"(colour = red":                  "not closed",
		"colour = red)":                  "ends before",
		"not colour = red":               "no input",
		"anything":                       "no input",
		"anything else and size = big":   "no input",
		strings.Repeat("(", 9) + "size":  "too deep",
		"marks has any of M1":            "list begins",
		"colour = red or anything else":  "no input",
		"colour == red":                  "no value",
		"colour = red and or size = big": "no input",
	} {
		_, err := small(t, Row{ID: "z1", When: when, Outcome: OutcomeHold}, Row{ID: "z2", When: "anything else", Outcome: OutcomeHold})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "row z1") {
			t.Errorf("%q: %v, want row z1 and %q", when, err, want)
		}
	}
}

// A table that owes something is not made.
func TestCompile_Refused(t *testing.T) {
	last := Row{ID: "z9", When: "anything else", Outcome: OutcomeHold}
	tests := []struct {
		want string
		rows []Row
	}{
		{"must withhold", nil},
		{"must withhold", []Row{{ID: "z1", When: "anything else", Outcome: OutcomeInform}}},
		{"anything else", []Row{{ID: "z1", When: "size = big", Outcome: OutcomeHold}}},
		{"anything else", []Row{last, {ID: "z1", When: "anything else", Outcome: OutcomeHold}}},
		{"two rows", []Row{{ID: "z9", When: "size = big", Outcome: OutcomeHold}, last}},
		{"another table", []Row{{ID: "a1", When: "size = big", Outcome: OutcomeHold}, last}},
		{"no outcome", []Row{{ID: "z1", When: "size = big", Outcome: "PERMIT"}, last}},
		{"no effect", []Row{{ID: "z1", When: "size = big", Outcome: OutcomeHold, Effects: []Effect{"shout"}}, last}},
		{"twice", []Row{{ID: "z1", When: "size = big", Outcome: OutcomeHold, Effects: []Effect{"record", "record"}}, last}},
	}
	for _, test := range tests {
		if _, err := small(t, test.rows...); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %q", err, test.want)
		}
	}
	wide := definition{ID: "8z", Rows: []Row{last}}
	for range 65 {
		wide.Inputs = append(wide.Inputs, choice("size", "big | *small", ""))
	}
	if _, err := compile(wide); err == nil {
		t.Error("a table without room for its facts was made")
	}
	if _, err := compile(definition{ID: "8z", Rows: []Row{last}, Inputs: []Input{signedInput("a11")}}); err == nil {
		t.Error("a BLOCK row can be signed")
	}
}

// Whatever is written as a condition, parsing ends, and what it takes compiles
// to terms that mean what the tree means.
func FuzzCondition(f *testing.F) {
	for _, t := range Tables() {
		for _, r := range t.rows {
			f.Add(r.When)
		}
	}
	f.Fuzz(func(t *testing.T, when string) {
		if len(when) > 300 {
			return // longer ones take long to flatten, and none is in the law
		}
		table := Proceed()
		n, err := table.parse(when)
		if err != nil {
			return
		}
		c := compiled{terms: n.flatten()}
		for i, in := range table.inputs {
			for v := range in.Values {
				facts := [words]uint64{}
				for j, at := range table.slots {
					facts[at.word] |= 1 << (at.shift + (i+j+v)%len(table.inputs[j].Values))
				}
				if c.holds(&facts) != n.means(&facts) {
					t.Fatalf("%q: terms and tree differ", when)
				}
			}
		}
	})
}

// means walks the tree, which is slower and plainer than the terms.
func (n *node) means(facts *[words]uint64) bool {
	switch n.kind {
	case leaf:
		return n.atom.holds(facts)
	case allOf:
		return !slices.ContainsFunc(n.kids, func(k *node) bool { return !k.means(facts) })
	case anyOf:
		return slices.ContainsFunc(n.kids, func(k *node) bool { return k.means(facts) })
	}
	return true
}

// Each input of each table is in one topic of the index, and no topic names what
// is no input.
func TestTopics(t *testing.T) {
	count := map[string]int{}
	for _, topic := range topics() {
		for name := range strings.FieldsSeq(topic.inputs) {
			count[name]++
		}
	}
	for _, table := range Tables() {
		for _, in := range table.inputs {
			if count[in.Name] != 1 {
				t.Errorf("%s is in %d topics", in.Name, count[in.Name])
			}
		}
	}
	for name := range count {
		if !slices.ContainsFunc(Tables(), func(t *Table) bool { return t.input(name) >= 0 }) {
			t.Errorf("%s is no input", name)
		}
	}
}
