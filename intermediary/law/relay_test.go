package law

import (
	"slices"
	"testing"
)

// The numbers of table 8g.
func TestACA51A_RelayCounts(t *testing.T) {
	claim{"8g", []span{{"findings", "M01 | M09a | M09b | M11 | M13 | M14 | notChecked"}},
		"findings lacks M02 and findings lacks M03 and findings lacks M04 and findings lacks M05 and findings lacks M06 and findings lacks M07 and" +
			" findings lacks M08 and findings lacks M10 and findings lacks M12 and findings lacks M15 and findings lacks M16",
		8_847_360, tally{"g14": 18}}.check(t, Relay())
}

// The invariants of table 8g, over every set of the eighteen findings.
func TestACA51A_RelayInvariants(t *testing.T) {
	safeguards := func(r Row) bool {
		return slices.Contains(r.Effects, EffectSameDayReferral) && slices.Contains(r.Effects, EffectSealed) && !r.Outcome.Permits()
	}
	for _, v := range []invariant{
		{"32: a relay has everything", permitting, "",
			"agreement = active and order51A != prohibits and sender = namedParty and directionAllowed = yes and childAge18 = no and recipient = ready" +
				" and approver = named and approverIsHelper = no and reviewers != none and (reviewersNeeded = one or reviewers = two) and translation = done"},
		{"32: no finding but M09b", permitting,
			"findings has any of {M01, M02, M03, M04, M05, M06, M07, M08, M09a, M10, M11, M12, M13, M14, M15, M16, notChecked}", "never"},
		{"32: M09b with a warning", permitting, "findings has M09b", "warned = yes"},
		{"33: safeguarding", func(r Row) bool { return !safeguards(r) }, "findings has any of {M10, M11}", "never"},
		{"5.4: nothing goes back to a writer who is not a party", outcomes(OutcomeReturn), "", "sender = namedParty and directionAllowed = yes"},
		{"OQ15: an order wins", func(r Row) bool { return r.ID != "g01" && r.ID != "g02" }, "order51A = prohibits", "never"},
	} {
		v.check(t, Relay())
	}
}

// Each finding starts its own duty, whatever row wins, and no row has an effect
// that is neither its own nor a duty's.
func TestRelay_Duties(t *testing.T) {
	duties := map[string][]Effect{"M10": {EffectSealed, EffectSameDayReferral}, "M11": {EffectSealed, EffectSameDayReferral},
		"M13": {EffectToManager}, "M09a": {EffectToWorker}, "M09b": {EffectToWorker}, "notChecked": {EffectToReview}}
	table := Relay()
	findings := table.inputs[table.input("findings")]
	for _, value := range findings.Values {
		for _, b := range inside(t, table, "findings has "+value) {
			b.boxes(table, func(row int, b box) {
				f := b.point(table)
				finding, err := table.Decide(f)
				if err != nil {
					t.Fatal(err)
				}
				want, _ := effectsOf(table.rows[row].Effects)
				for _, found := range f.Get("findings") {
					duty, _ := effectsOf(duties[found])
					want |= duty
				}
				if finding.effects != want {
					t.Errorf("%s: effects %v, want %v", shown(f), finding.Effects(), want.list())
				}
			})
		}
	}
}

const everythingInPlace = "order51A none, agreement active, sender namedParty, directionAllowed yes, childAge18 no, recipient ready, findings," +
	" translation done, reviewersNeeded one, reviewers one, approver named, approverIsHelper no"

// Each finding alone: only M09b relays, and only with the warning given.
func TestRelay_EachFinding(t *testing.T) {
	rows := map[string]RowID{"M09a": "g08", "M09b": "g14", "M10": "g02", "M11": "g02", "M13": "g08a", "M14": "g09", "notChecked": "g08b"}
	table := Relay()
	for _, value := range table.inputs[table.input("findings")].Values {
		want, listed := rows[value]
		if !listed {
			want = "g10"
		}
		told(t, table, everythingInPlace+", warned yes, findings "+value, []story{{value, want, ""}})
	}
	told(t, table, everythingInPlace, []story{{"M09b without a warning", "g14a", "findings M09b"}})
}

// ACA 51A and practice: one letter.
func TestACA51A_Letter(t *testing.T) {
	told(t, Relay(), everythingInPlace, []story{
		{"everything in place", "g14", ""},
		{"a court permits", "g14", "order51A permits"},
		{"a court prohibits", "g01", "order51A prohibits"},
		{"a court prohibits, and somebody is in danger", "g02", "order51A prohibits, findings M11"},
		{"a court permits what the agreement has ended", "g04a", "order51A permits, agreement ended"},
		{"a stranger", "g03", "sender other"},
		{"the wrong way", "g03", "directionAllowed no"},
		{"the child is 18", "g06", "childAge18 yes"},
		{"nobody knows the age", "g06", "childAge18 unknown"},
		{"the recipient is the child, grown up", "g06", "recipient over18child"},
		{"no agreement", "g04", "agreement none"},
		{"ended", "g04", "agreement ended"},
		{"paused", "g05", "agreement paused"},
		{"the recipient has died", "g07", "recipient deceased"},
		{"not translated", "g09", "translation needed"},
		{"nobody approves", "g11", "approver none"},
		{"approved by who took it down", "g11", "approverIsHelper yes"},
		{"nobody has read it", "g11", "reviewers none"},
		{"one reader of two", "g11", "reviewersNeeded two"},
		{"two readers", "g14", "reviewersNeeded two, reviewers two"},
		{"declined", "g12", "recipient declined"},
		{"an old address", "g13", "recipient addressUnconfirmed"},
	})
}
