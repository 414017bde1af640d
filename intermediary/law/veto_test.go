package law

import (
	"slices"
	"testing"
)

// The numbers of table 8d.
func TestISR8_VetoCounts(t *testing.T) {
	claim{"8d", nil, "signed is empty", 4_976_640, tally{"d12": 720, "d13": 684, "d14": 1296}}.check(t, Veto())
}

// The invariants of table 8d, over every value and every signature.
func TestISR8_VetoInvariants(t *testing.T) {
	unprotected := func(r Row) bool {
		return r.Outcome != OutcomeRegister && r.Outcome != OutcomeWish && !slices.Contains(r.Effects, EffectProvisionalStop)
	}
	for _, v := range []invariant{
		{"23: protection begins at once", unprotected, "registrant in {adoptedPerson, rep} and (op = register or (op = amend and direction = strengthen))", "never"},
		{"24: nothing is weakened on a word", permitting, "op = withdraw or (op = amend and direction = weaken)",
			"form != oral and metVerified = yes and linkProven = yes and (registrant = adoptedPerson or" +
				" (registrant = rep and authority = confirmed and capacity = has and personMet = yes))"},
		{"25: a veto is the adopted person's", permitting, "",
			"order = pre and juris in {E, W} and (registrant = adoptedPerson or (registrant = rep and authority = confirmed)) and addressee = AAA and form != oral"},
		{"NMS 16.2: met and verified", permitting, "", "metVerified = yes and linkProven = yes and age18 = yes"},
		{"ISR 8(1)(b)(ii): circumstances are named", permitting, "op in {register, amend} and kind = qualified", "circumstances = nonEmpty"},
		{"OQ4: nobody guesses what a change means", permitting, "op = amend", "direction != unclear"},
		{"a post-commencement statement is a wish", func(r Row) bool { return r.ID != "d01" }, "order = post", "never"},
	} {
		v.check(t, Veto())
	}
}
