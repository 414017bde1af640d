package law

// In the package: the proofs look at conditions as trees, and break them.
//
// Two machines go through all facts of a table. brute walks every combination
// one by one and asks Decide, the code that runs. boxes cuts the whole space
// into boxes in which one row decides, by the trees of the conditions, and so
// reaches also what is too large to walk: every combination of every value with
// every set of signatures. Where both can go they must give the same numbers
// (claim.check); so the second is believed where it goes alone.

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"
	"testing"
)

// span says which values of an input brute takes: "a | b" those, "*" all. Of an
// input that is a set: every subset of those; "" the empty one alone. An input
// without a span takes all values, or no element.
type span struct{ input, values string }

// tally counts facts by the row that decides.
type tally map[RowID]uint64

func (c tally) total() (n uint64) {
	for _, k := range c {
		n += k
	}
	return n
}

// permits leaves the rows that permit.
func (c tally) permits(table *Table) tally {
	out := tally{}
	for _, r := range table.rows {
		if r.Outcome.Permits() && c[r.ID] > 0 {
			out[r.ID] = c[r.ID]
		}
	}
	return out
}

// answers lists the masks that an input takes by its span.
func answers(t *testing.T, table *Table, input int, spans []span) []uint64 {
	t.Helper()
	in, at := table.inputs[input], table.slots[input]
	list := in.Values
	if in.Set {
		list = nil
	}
	for _, s := range spans {
		if s.input == in.Name && s.values != "*" {
			list = nil
			for v := range strings.SplitSeq(s.values, "|") {
				if v = strings.TrimSpace(v); v != "" {
					list = append(list, v)
				}
			}
		} else if s.input == in.Name {
			list = in.Values
		}
	}
	if _, err := table.mask(input, list); err != nil {
		t.Fatal(err)
	}
	single := func(v string) uint64 { return 1 << (at.shift + slices.Index(in.Values, v)) }
	var masks []uint64
	if !in.Set {
		for _, v := range list {
			masks = append(masks, single(v))
		}
		return masks
	}
	for subset := range 1 << len(list) {
		var m uint64
		for i, v := range list {
			if subset&(1<<i) != 0 {
				m |= single(v)
			}
		}
		masks = append(masks, m)
	}
	return masks
}

// brute asks Decide for every combination.
func brute(t *testing.T, table *Table, spans ...span) tally {
	t.Helper()
	for _, s := range spans {
		if table.input(s.input) < 0 {
			t.Fatalf("table %s has no input %s", table.id, s.input)
		}
	}
	var lists [][]uint64
	for i := range table.inputs {
		lists = append(lists, answers(t, table, i, spans))
	}
	counts := make(map[*compiled]uint64)
	f := Facts{table: table, given: table.all}
	var walk func(int)
	walk = func(i int) {
		if i < 0 {
			finding, err := table.Decide(f)
			if err != nil {
				t.Fatal(err)
			}
			counts[finding.rule]++
			return
		}
		at := table.slots[i]
		for _, m := range lists[i] {
			f.bits[at.word] = f.bits[at.word]&^at.mask | m
			walk(i - 1)
		}
	}
	walk(len(table.inputs) - 1)
	out := tally{}
	for rule, n := range counts {
		out[rule.row.ID] += n
	}
	return out
}

// box is a set of facts. A value of an input that is no set is possible if its
// bit is in may. An element of a set is there in all facts of the box if its bit
// is in must, in none if it is not in may, and otherwise in half of them.
type box struct{ may, must [words]uint64 }

// whole is every set of facts of a table.
func whole(table *Table) box {
	var b box
	for _, at := range table.slots {
		b.may[at.word] |= at.mask
	}
	return b
}

// size is how many facts are in the box.
func (b box) size(table *Table) uint64 {
	n := uint64(1)
	for i, at := range table.slots {
		if table.inputs[i].Set {
			n <<= bits.OnesCount64((b.may[at.word] &^ b.must[at.word]) & at.mask)
		} else {
			n *= uint64(bits.OnesCount64(b.may[at.word] & at.mask))
		}
	}
	return n
}

// over is what a condition is over a box.
type over uint8

const (
	never over = iota
	sometimes
	surely
)

// over asks a condition about a box. surely and never are exact; sometimes may
// be said of what is one or the other, and is cut further then.
func (n *node) over(table *Table, b box) over {
	switch n.kind {
	case leaf:
		return n.atom.over(table, b)
	case allOf:
		worst := surely
		for _, k := range n.kids {
			worst = min(worst, k.over(table, b))
		}
		return worst
	case anyOf:
		best := never
		for _, k := range n.kids {
			best = max(best, k.over(table, b))
		}
		return best
	}
	return surely
}

func (a *atom) over(table *Table, b box) over {
	at := table.slots[a.input]
	yes := b.may[a.word]&a.mask != 0
	no := b.may[a.word]&at.mask&^a.mask != 0
	if table.inputs[a.input].Set {
		no = b.must[a.word]&a.mask == 0
	}
	if a.not {
		yes, no = no, yes
	}
	switch {
	case yes && no:
		return sometimes
	case yes:
		return surely
	}
	return never
}

// open finds the first atom that the box does not settle.
func (n *node) open(table *Table, b box) *atom {
	if n.kind == leaf && n.atom.over(table, b) == sometimes {
		return &n.atom
	}
	for _, k := range n.kids {
		if a := k.open(table, b); a != nil {
			return a
		}
	}
	return nil
}

// cut splits a box by an atom that it does not settle.
func (b box) cut(table *Table, a *atom) (box, box) {
	at := table.slots[a.input]
	with, without := b, b
	if table.inputs[a.input].Set {
		free := b.may[a.word] &^ b.must[a.word] & a.mask
		bit := free & -free
		with.must[a.word] |= bit
		without.may[a.word] &^= bit
		return with, without
	}
	with.may[a.word] &^= at.mask &^ a.mask
	without.may[a.word] &^= a.mask
	return with, without
}

// divide gives the parts of a box where a condition holds and where it does not.
func (b box) divide(table *Table, n *node, yes, no func(box)) {
	switch n.over(table, b) {
	case surely:
		yes(b)
	case never:
		no(b)
	default:
		one, other := b.cut(table, n.open(table, b))
		one.divide(table, n, yes, no)
		other.divide(table, n, yes, no)
	}
}

// boxes gives parts of a box in each of which one row decides, -1 for none.
func (b box) boxes(table *Table, visit func(row int, b box)) { b.from(table, 0, visit) }

func (b box) from(table *Table, row int, visit func(int, box)) {
	if row == len(table.rules) {
		visit(-1, b)
		return
	}
	b.divide(table, table.rules[row].when,
		func(b box) { visit(row, b) },
		func(b box) { b.from(table, row+1, visit) })
}

// point is one set of facts of a box: the value * where it can be.
func (b box) point(table *Table) Facts {
	f := Facts{table: table, given: table.all}
	for i, at := range table.slots {
		in := table.inputs[i]
		can := b.may[at.word] & at.mask
		star := uint64(0)
		if in.Star != "" {
			star = 1 << (at.shift + slices.Index(in.Values, in.Star))
		}
		switch {
		case in.Set:
			f.bits[at.word] |= b.must[at.word] & at.mask
		case can&star != 0:
			f.bits[at.word] |= star
		default:
			f.bits[at.word] |= can & -can
		}
	}
	return f
}

// inside gives the parts of the whole space where a condition holds.
func inside(t *testing.T, table *Table, scope string) []box {
	t.Helper()
	n, err := table.parse(scope)
	if err != nil {
		t.Fatalf("%s: %v", scope, err)
	}
	var list []box
	whole(table).divide(table, n, func(b box) { list = append(list, b) }, func(box) {})
	return list
}

// byBoxes counts facts of a scope by the row that decides.
func byBoxes(t *testing.T, table *Table, scope string) tally {
	out := tally{}
	for _, b := range inside(t, table, scope) {
		b.boxes(table, func(row int, b box) {
			if row < 0 {
				t.Fatal("no row holds")
			}
			out[table.rows[row].ID] += b.size(table)
		})
	}
	return out
}

// claim is what docs say of a table's numbers.
type claim struct {
	name    string
	spans   []span // for brute
	scope   string // the same for the boxes
	total   uint64
	permits tally
}

func (c claim) check(t *testing.T, table *Table) {
	t.Helper()
	one, other := brute(t, table, c.spans...), byBoxes(t, table, c.scope)
	if !maps.Equal(one, other) {
		t.Errorf("%s: one by one %v, by boxes %v", c.name, one, other)
	}
	if one.total() != c.total {
		t.Errorf("%s: %d combinations, want %d", c.name, one.total(), c.total)
	}
	if got := one.permits(table); !maps.Equal(got, c.permits) {
		t.Errorf("%s: permits %v, want %v", c.name, got, c.permits)
	}
}

// checkReached: over the whole space, every signature included, the guard (if it
// is one) is never reached and every other row is.
func checkReached(t *testing.T, table *Table, guard RowID) {
	t.Helper()
	counts := byBoxes(t, table, "anything else")
	if want := whole(table).size(table); counts.total() != want {
		t.Errorf("the boxes hold %d facts of %d", counts.total(), want)
	}
	for _, r := range table.rows {
		if reached := counts[r.ID] > 0; reached == (r.ID == guard) {
			t.Errorf("row %s: reached %d times", r.ID, counts[r.ID])
		}
	}
}

// invariant is one line of what always holds: in the scope, whatever facts the rows that
// are meant decide must satisfy must.
type invariant struct {
	name  string
	rows  func(Row) bool
	scope string // "" is everything
	must  string // "never" is that no such row decides
}

func permitting(r Row) bool { return r.Outcome.Permits() }

// outcomes means the rows of some outcomes.
func outcomes(list ...Outcome) func(Row) bool {
	return func(r Row) bool { return slices.Contains(list, r.Outcome) }
}

func (v invariant) check(t *testing.T, table *Table) {
	t.Helper()
	scope := v.scope
	if scope == "" {
		scope = "anything else"
	}
	var must *node
	if v.must != "never" {
		var err error
		if must, err = table.parse(v.must); err != nil {
			t.Fatalf("%s: %v", v.name, err)
		}
	}
	met := 0
	for _, b := range inside(t, table, scope) {
		b.boxes(table, func(row int, b box) {
			if !v.rows(table.rows[row]) {
				return
			}
			met++
			if must == nil {
				t.Errorf("%s: row %s decides %s", v.name, table.rows[row].ID, shown(b.point(table)))
				return
			}
			b.divide(table, must, func(box) {}, func(b box) {
				t.Errorf("%s: row %s decides %s", v.name, table.rows[row].ID, shown(b.point(table)))
			})
		})
	}
	if met == 0 && must != nil {
		t.Errorf("%s: no row that is meant decides anything there", v.name)
	}
}

// widened lets an input have any value.
func (b box) widened(table *Table, input int) box {
	at := table.slots[input]
	b.may[at.word] |= at.mask
	b.must[at.word] &^= at.mask
	return b
}

// checkIndependent: in the scope, the row does not depend on an input.
func checkIndependent(t *testing.T, table *Table, scope, input string) {
	t.Helper()
	for _, b := range inside(t, table, scope) {
		b.boxes(table, func(row int, b box) {
			b.widened(table, table.input(input)).boxes(table, func(other int, b box) {
				if other != row {
					t.Errorf("%s: %s changes row %s to %s: %s", scope, input, table.rows[row].ID, table.rows[other].ID, shown(b.point(table)))
				}
			})
		})
	}
}

// checkStar: with nothing signed, an answer * never permits what another answer
// to that question does not permit. Invariant 3.
func checkStar(t *testing.T, table *Table, except ...string) {
	t.Helper()
	scope := "anything else"
	if table.signed >= 0 {
		scope = "signed is empty"
	}
	for _, b := range inside(t, table, scope) {
		b.boxes(table, func(row int, b box) {
			if !table.rows[row].Outcome.Permits() {
				return
			}
			for i, in := range table.inputs {
				if in.Star == "" || i == table.signed || slices.Contains(except, in.Name) || !b.canBeStar(table, i) {
					continue
				}
				b.widened(table, i).boxes(table, func(other int, b box) {
					if !table.rows[other].Outcome.Permits() {
						t.Errorf("row %s permits with %s unknown, and row %s does not with %s", table.rows[row].ID, in.Name, table.rows[other].ID, shown(b.point(table)))
					}
				})
			}
		})
	}
}

func (b box) canBeStar(table *Table, input int) bool {
	in, at := table.inputs[input], table.slots[input]
	star := uint64(1) << (at.shift + slices.Index(in.Values, in.Star))
	if in.Set {
		return b.may[at.word]&star != 0 && b.must[at.word]&at.mask&^star == 0
	}
	return b.may[at.word]&star != 0
}

// checkOrder: no REFER stands above a BLOCK, REJECT or STOP, the last row apart.
// Invariant 4.
func checkOrder(t *testing.T, table *Table) {
	t.Helper()
	refer := RowID("")
	for _, r := range table.rows[:len(table.rows)-1] {
		if r.Outcome == OutcomeRefer {
			refer = r.ID
		}
		if r.Outcome.forbids() && refer != "" {
			t.Errorf("row %s forbids and stands under the REFER row %s", r.ID, refer)
		}
	}
}

// checkSignatures: a signature changes the result only where its own row decided,
// and then to a row further down. Invariant 6.
func checkSignatures(t *testing.T, table *Table) {
	t.Helper()
	if table.signed < 0 {
		return
	}
	at := table.slots[table.signed]
	for i, id := range table.inputs[table.signed].Values {
		bit := uint64(1) << (at.shift + i)
		unsigned, moved := whole(table), 0
		unsigned.may[at.word] &^= bit
		unsigned.boxes(table, func(before int, b box) {
			b.may[at.word] |= bit
			b.must[at.word] |= bit
			b.boxes(table, func(after int, b box) {
				own := table.rows[before].ID == RowID(id)
				if own && after > before {
					moved++
				} else if own || after != before {
					t.Errorf("the signature of %s makes %s of %s: %s", id, table.rows[after].ID, table.rows[before].ID, shown(b.point(table)))
				}
			})
		})
		if moved == 0 {
			t.Errorf("the signature of %s does nothing", id)
		}
	}
}

// shown writes facts for an error.
func shown(f Facts) string {
	text, err := f.MarshalJSON()
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// The same lines of every table: 1 to 6 of the invariants.
func TestEveryTable(t *testing.T) {
	guards := map[string]RowID{"8a": "a37", "8b": "b17", "8c": "", "8d": "d15", "8e": "e08", "8f": "f30", "8g": "g15", "8h": "", "8i": "i14"}
	// The * of these is the class that protects more, not the answer that is harder to get.
	protecting := map[string][]string{"8d": {"kind"}, "8f": {"item"}}
	for _, table := range Tables() {
		t.Run(table.id, func(t *testing.T) {
			checkReached(t, table, guards[table.id])
			checkStar(t, table, protecting[table.id]...)
			checkOrder(t, table)
			checkSignatures(t, table)
			for _, r := range table.rows {
				if r.Outcome.Permits() && (strings.Contains(r.Citation, "OQ1;") || strings.HasSuffix(r.Citation, "OQ1") || strings.Contains(r.Citation, "OQ9")) {
					t.Errorf("row %s permits by law that nobody has read", r.ID)
				}
			}
		})
	}
}

// The boxes are what they say: facts of a box are decided by its row.
func TestBoxes(t *testing.T) {
	for _, table := range Tables() {
		n := 0
		whole(table).boxes(table, func(row int, b box) {
			n++
			if finding, err := table.Decide(b.point(table)); err != nil || finding.Row() != table.rows[row].ID {
				t.Errorf("table %s: %s gives %s (%v), want %s", table.id, shown(b.point(table)), finding.Row(), err, table.rows[row].ID)
			}
		})
		t.Log(table.id, fmt.Sprintf("%d boxes", n))
	}
}
