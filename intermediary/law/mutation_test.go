package law

// In the package: mutants are made of compiled rows.
//
// The covering set of a table (testdata/covering-8x.json) has, for each row, one
// set of facts that it decides and that set's neighbours, one answer away each,
// with the result written down; and some more where two rules differ only
// further inside. TestCovering asks the law for all of them. TestMutants breaks
// the law in every small way there is, one at a time, and TestCovering's own
// check must fail. A mutant that the covering set does not find is compared with
// the law over the whole space: it must be the same law in other words.

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew, to be read before they are committed")

// covering is the covering set of a table.
type covering struct {
	// Results says what each row gives; a point adds what its facts add.
	Results map[RowID]string `json:"results"`
	Points  []coveringPoint  `json:"points"`
}

type coveringPoint struct {
	Why   string          `json:"why"`
	Gives string          `json:"gives"`
	Facts json.RawMessage `json:"facts"`
	// Neighbours by what they give, each named by the answer that is another:
	// "veto=none"; of a set, by the element that is added or taken away:
	// "signed±a30".
	Neighbours map[string][]string `json:"neighbours,omitempty"`
}

// asked is facts of the covering set with what they give.
type asked struct {
	facts Facts
	want  string
}

// result of a rule over facts: its row, outcome and effects.
func (t *Table) result(f Facts) string {
	finding, err := t.decideBits(f)
	if err != nil {
		return "error"
	}
	return string(finding.Row()) + " " + inWords(finding.Outcome(), finding.Effects())
}

// decideBits asks a table, or a mutant of it, about the same facts.
func (t *Table) decideBits(f Facts) (Finding, error) {
	f.table = t
	return t.Decide(f)
}

// inWords is a result as docs/law.md writes it.
func inWords(o Outcome, list []Effect) string {
	text := string(o)
	for i, e := range list {
		text += []string{" + ", ", "}[min(i, 1)] + string(e)
	}
	return text
}

// neighbours gives the facts that are one answer away.
func neighbours(f Facts) iter.Seq2[string, Facts] {
	return func(yield func(string, Facts) bool) {
		for i, in := range f.table.inputs {
			at := f.table.slots[i]
			for j, v := range in.Values {
				bit := uint64(1) << (at.shift + j)
				other, name := f, in.Name+"="+v
				if in.Set {
					name = in.Name + "±" + v
					other.bits[at.word] ^= bit
				} else if f.bits[at.word]&bit != 0 {
					continue
				} else {
					other.bits[at.word] = f.bits[at.word]&^at.mask | bit
				}
				if !yield(name, other) {
					return
				}
			}
		}
	}
}

// mutants breaks a table in every small way, one at a time.
func mutants(table *Table) iter.Seq2[string, *Table] {
	return func(yield func(string, *Table) bool) {
		for i := range table.rules {
			id := table.rows[i].ID
			if !yield(fmt.Sprintf("%s dropped", id), table.with(func(m *Table) { m.rules = slices.Delete(m.rules, i, i+1) })) {
				return
			}
			if i+1 < len(table.rules) {
				if !yield(fmt.Sprintf("%s after %s", id, table.rows[i+1].ID), table.with(func(m *Table) { m.rules[i], m.rules[i+1] = m.rules[i+1], m.rules[i] })) {
					return
				}
			}
			for name, r := range brokenRules(table, table.rules[i]) {
				if !yield(fmt.Sprintf("%s: %s", id, name), table.with(func(m *Table) { m.rules[i] = r })) {
					return
				}
			}
		}
		for i := range table.helpful {
			name := table.duties[i].When
			if !yield(fmt.Sprintf("duty %s dropped", name), table.with(func(m *Table) { m.helpful = slices.Delete(m.helpful, i, i+1) })) {
				return
			}
			for broken, r := range brokenRules(table, table.helpful[i]) {
				if strings.HasPrefix(broken, "outcome") {
					continue // a duty has none
				}
				if !yield(fmt.Sprintf("duty %s: %s", name, broken), table.with(func(m *Table) { m.helpful[i] = r })) {
					return
				}
			}
		}
	}
}

// with makes a table that is broken in one way.
func (t *Table) with(breaks func(*Table)) *Table {
	m := *t
	m.rules, m.helpful = slices.Clone(t.rules), slices.Clone(t.helpful)
	breaks(&m)
	return &m
}

// brokenRules breaks one row: its outcome, its effects, its condition.
func brokenRules(table *Table, r compiled) iter.Seq2[string, compiled] {
	return func(yield func(string, compiled) bool) {
		for _, o := range []Outcome{OutcomeHold, OutcomeBlock, OutcomeRefer, OutcomeProceed, OutcomeDisclose} {
			if o == r.outcome {
				continue
			}
			other := r
			other.outcome = o
			if !yield("outcome "+string(o), other) {
				return
			}
		}
		for i, e := range Effects() {
			if r.effects&(1<<i) == 0 {
				continue
			}
			other := r
			other.effects &^= 1 << i
			if !yield("without "+string(e), other) {
				return
			}
		}
		for name, n := range brokenTrees(table, r.when) {
			other := r
			other.when, other.terms = n, n.flatten()
			if !yield(name, other) {
				return
			}
		}
	}
}

// brokenTrees breaks a condition at each of its nodes.
func brokenTrees(table *Table, n *node) iter.Seq2[string, *node] {
	return func(yield func(string, *node) bool) {
		switch n.kind {
		case leaf:
			brokenAtoms(table, n, yield)
		case allOf, anyOf:
			swapped := *n
			swapped.kind = allOf + anyOf - n.kind
			if !yield(fmt.Sprintf("and for or, or or for and, among %d", len(n.kids)), &swapped) {
				return
			}
			for i, kid := range n.kids {
				dropped := *n
				dropped.kids = slices.Delete(slices.Clone(n.kids), i, i+1)
				if !yield(fmt.Sprintf("part %d dropped", i+1), &dropped) {
					return
				}
				for name, other := range brokenTrees(table, kid) {
					broken := *n
					broken.kids = slices.Clone(n.kids)
					broken.kids[i] = other
					if !yield(fmt.Sprintf("part %d: %s", i+1, name), &broken) {
						return
					}
				}
			}
		}
	}
}

func brokenAtoms(table *Table, n *node, yield func(string, *node) bool) {
	in, at := table.inputs[n.atom.input], table.slots[n.atom.input]
	not := *n
	not.atom.not = !n.atom.not
	if !yield(in.Name+" turned round", &not) || !yield(in.Name+" not asked", &node{kind: always}) {
		return
	}
	for i, v := range in.Values {
		other := *n
		other.atom.mask ^= 1 << (at.shift + i)
		if !yield(fmt.Sprintf("%s with or without %s", in.Name, v), &other) {
			return
		}
	}
}

// difference looks for facts for which a mutant gives another result, over the
// whole space. None: the mutant is the same law.
func difference(table, mutant *Table) (where Facts, found bool) {
	whole(table).boxes(table, func(_ int, b box) {
		if found {
			return
		}
		b.boxes(mutant, func(_ int, b box) {
			b.duties(table, mutant, 0, func(b box) {
				if f := b.point(table); !found && table.result(f) != mutant.result(f) {
					where, found = f, true
				}
			})
		})
	})
	return where, found
}

// duties cuts a box until each duty of both tables holds or does not.
func (b box) duties(table, mutant *Table, i int, visit func(box)) {
	all := append(slices.Clone(table.helpful), mutant.helpful...)
	if i == len(all) {
		visit(b)
		return
	}
	next := func(b box) { b.duties(table, mutant, i+1, visit) }
	b.divide(table, all[i].when, next, next)
}

// cover makes the covering set of a table.
func cover(t *testing.T, table *Table) covering {
	c := covering{Results: map[RowID]string{}}
	for _, r := range table.rows {
		set, err := effectsOf(r.Effects)
		if err != nil {
			t.Fatal(err)
		}
		c.Results[r.ID] = inWords(r.Outcome, set.list())
	}
	seen := map[int]bool{}
	whole(table).boxes(table, func(row int, b box) {
		if seen[row] {
			return
		}
		seen[row] = true
		// The first box of a row is one in which its first condition holds.
		p := c.point(t, "row "+string(table.rows[row].ID), b.point(table))
		p.Neighbours = map[string][]string{}
		for name, f := range neighbours(b.point(table)) {
			gives := c.gives(table.result(f))
			p.Neighbours[gives] = append(p.Neighbours[gives], name)
		}
		c.Points = append(c.Points, p)
	})
	order := func(p coveringPoint) int {
		return slices.IndexFunc(table.rows, func(r Row) bool { return string(r.ID) == strings.Fields(p.Gives)[0] })
	}
	slices.SortStableFunc(c.Points, func(a, b coveringPoint) int { return order(a) - order(b) })
	for name, mutant := range mutants(table) {
		if c.killer(t, table, mutant) == "" {
			if f, found := difference(table, mutant); found {
				c.Points = append(c.Points, c.point(t, name, f))
			}
		}
	}
	return c
}

func (c *covering) point(t *testing.T, why string, f Facts) coveringPoint {
	text, err := f.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return coveringPoint{Why: why, Facts: text, Gives: c.gives(f.table.result(f))}
}

// gives shortens a result to its row where the row says the rest.
func (c *covering) gives(result string) string {
	row, rest, _ := strings.Cut(result, " ")
	if c.Results[RowID(row)] == rest {
		return row
	}
	return result
}

func (c *covering) full(gives string) string {
	if strings.Contains(gives, " ") {
		return gives
	}
	return gives + " " + c.Results[RowID(gives)]
}

// all lists the facts of a covering set.
func (c *covering) all(t *testing.T, table *Table) []asked {
	t.Helper()
	var list []asked
	for _, p := range c.Points {
		f, err := table.ParseFacts(p.Facts)
		if err != nil {
			t.Fatalf("%s: %v", p.Why, err)
		}
		list = append(list, asked{f, c.full(p.Gives)})
		if p.Neighbours == nil {
			continue
		}
		names := map[string]string{}
		for gives, list := range p.Neighbours {
			for _, name := range list {
				names[name] = gives
			}
		}
		for name, other := range neighbours(f) {
			gives, ok := names[name]
			if !ok {
				t.Fatalf("%s: neighbour %s is missing", p.Why, name)
			}
			list = append(list, asked{other, c.full(gives)})
			delete(names, name)
		}
		if len(names) > 0 {
			t.Fatalf("%s: %v are no neighbours", p.Why, names)
		}
	}
	return list
}

// killer names the first facts of the covering set that a mutant decides
// otherwise.
func (c *covering) killer(t *testing.T, table, mutant *Table) string {
	t.Helper()
	return killer(c.all(t, table), mutant)
}

func killer(list []asked, mutant *Table) string {
	for _, a := range list {
		if mutant.result(a.facts) != a.want {
			return shown(a.facts)
		}
	}
	return ""
}

func loadCovering(t *testing.T, table *Table) covering {
	t.Helper()
	path := filepath.Join("testdata", "covering-"+table.id+".json")
	if *update {
		if err := os.WriteFile(path, cover(t, table).text(t), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var c covering
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// text writes a covering set for people to read: a line for each thing.
func (c covering) text(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	line := func(before string, v any, after string) {
		b.WriteString(before)
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			t.Fatal(err)
		}
		b.Truncate(b.Len() - 1) // Encode ends the line
		b.WriteString(after)
	}
	b.WriteString("{\"results\": {")
	for i, id := range slices.Sorted(maps.Keys(c.Results)) {
		line([]string{",\n  ", "\n  "}[max(0, 1-i)], string(id), ": ")
		line("", c.Results[id], "")
	}
	b.WriteString("},\n\"points\": [")
	for i, p := range c.Points {
		line([]string{",\n", "\n"}[max(0, 1-i)]+"{\"why\": ", p.Why, ", ")
		line("\"gives\": ", p.Gives, ",\n")
		line(" \"facts\": ", p.Facts, "")
		for j, gives := range slices.Sorted(maps.Keys(p.Neighbours)) {
			line([]string{",\n  ", ",\n \"neighbours\": {\n  "}[max(0, 1-j)], gives, ": ")
			line("", p.Neighbours[gives], "")
		}
		b.WriteString(strings.Repeat("}", min(1, len(p.Neighbours))) + "}")
	}
	b.WriteString("\n]}\n")
	return b.Bytes()
}

// The law gives what the covering sets say, row for row.
func TestCovering(t *testing.T) {
	for _, table := range Tables() {
		t.Run(table.id, func(t *testing.T) {
			c := loadCovering(t, table)
			decided := map[string]bool{}
			for _, a := range c.all(t, table) {
				if got := table.result(a.facts); got != a.want {
					t.Errorf("%s gives %s, want %s", shown(a.facts), got, a.want)
				}
				decided[strings.Fields(a.want)[0]] = true
			}
			for id := range byBoxes(t, table, "anything else") {
				if !decided[string(id)] {
					t.Errorf("no facts of row %s", id)
				}
			}
		})
	}
}

// Every mutant of every table is found by the covering set, or is the same law.
func TestMutants(t *testing.T) {
	killed, same := 0, 0
	for _, table := range Tables() {
		t.Run(table.id, func(t *testing.T) {
			c := loadCovering(t, table)
			list := c.all(t, table)
			k, s := 0, 0
			for name, mutant := range mutants(table) {
				if killer(list, mutant) != "" {
					k++
				} else if f, found := difference(table, mutant); found {
					t.Errorf("%s survives: %s gives %s, and %s by law", name, shown(f), mutant.result(f), table.result(f))
				} else {
					s++
				}
			}
			t.Logf("table %s: %d facts kill %d mutants; %d are the same law", table.id, len(list), k, s)
			killed, same = killed+k, same+s
		})
	}
	t.Logf("%d mutants killed, %d the same law", killed, same)
	if killed < 5*len(Tables()) {
		t.Error("hardly a mutant was made")
	}
}
