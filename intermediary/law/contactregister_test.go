package law

import (
	"slices"
	"strings"
	"testing"
)

// story is facts in short: the value * for every input that is not named, and
// the row that must decide. An input without * is named.
type story struct {
	name string
	row  RowID
	not  string // inputs and values: "p1 contactAll, p2 contact"
}

// told asks a table about its stories.
func told(t *testing.T, table *Table, common string, stories []story) {
	t.Helper()
	for _, s := range stories {
		finding, err := table.Decide(recount(t, table, common, s.not))
		if err != nil || finding.Row() != s.row {
			t.Errorf("%s: row %s (%v), want %s", s.name, finding.Row(), err, s.row)
		}
	}
}

// recount gives the facts of a story; what is said later counts.
func recount(t *testing.T, table *Table, parts ...string) Facts {
	t.Helper()
	f := table.Facts()
	for _, in := range table.inputs {
		if in.Star != "" {
			set(t, &f, in.Name, in.Star)
		}
	}
	for _, part := range parts {
		for answer := range strings.SplitSeq(part, ",") {
			words := strings.Fields(answer)
			switch {
			case len(words) == 0:
			case words[0] == "signed":
				for _, row := range words[1:] {
					if err := f.Sign(RowID(row), Flags{}); err != nil {
						t.Fatal(err)
					}
				}
			default:
				set(t, &f, words[0], words[1:]...)
			}
		}
	}
	return f
}

// The numbers of table 8e.
func TestACA80_TransmissionCounts(t *testing.T) {
	claim{"8e", nil, "anything else", 3520, tally{"e06": 3}}.check(t, ContactRegister())
}

// The invariants of table 8e.
func TestACA80_TransmissionInvariants(t *testing.T) {
	noFactor := func(r Row) bool { return !slices.Contains(r.Effects, EffectFactor) }
	for _, v := range []invariant{
		{"26: only two living people who wish for each other", permitting, "",
			"actor = RG and p1 in {contactAll, contactNamedThis, contactAllExceptOther} and p2 = contact and link = yes and rel = yes" +
				" and addressConfirmed = yes and deceased = none"},
		{"27: the adopted person's wish is a factor", noFactor, "p1 in {noContactAll, noContactThis, contactAllExceptThis}", "never"},
		{"27: the relative's wish is a factor", noFactor, "p2 = noContact", "never"},
		{"a factor is somebody's wish", func(r Row) bool { return !noFactor(r) }, "",
			"p1 in {noContactAll, noContactThis, contactAllExceptThis} or p2 = noContact"},
		{"an agency has not this power", permitting, "actor = agency", "never"},
	} {
		v.check(t, ContactRegister())
	}
}

// ACA 80; ACCR 8: what is sent on a match.
func TestACCR8_Match(t *testing.T) {
	const match = "actor RG, p1 contactAll, p2 contact, link yes, rel yes, addressConfirmed yes, deceased none"
	told(t, ContactRegister(), match, []story{
		{"two wishes that meet", "e06", ""},
		{"this relative named", "e06", "p1 contactNamedThis"},
		{"everybody but another", "e06", "p1 contactAllExceptOther"},
		{"another named", "e05", "p1 contactNamedOther"},
		{"no contact with another is no wish for this one", "e05", "p1 noContactOther"},
		{"no contact with this relative", "e03", "p1 noContactThis"},
		{"everybody but this relative", "e03", "p1 contactAllExceptThis"},
		{"no contact at all, and no Part 2 entry", "e03", "p1 noContactAll, p2 absent"},
		{"the relative's no contact, and no Part 1 entry", "e04", "p1 absent, p2 noContact"},
		{"the adopted person died", "e01a", "deceased p1"},
		{"the relative died", "e01a", "deceased p2"},
		{"nobody knows whether they live", "e01a", "deceased unknown"},
		{"an entry that was taken back", "e01", "p2 withdrawn"},
		{"an entry of somebody under 18", "e01", "p1 under18"},
		{"no proof that it is the same person", "e02", "link no"},
		{"a declaration is no relationship", "e02", "rel no"},
		{"an old address", "e06a", "addressConfirmed no"},
		{"an agency's own list", "e06b", "actor agency"},
	})
}
