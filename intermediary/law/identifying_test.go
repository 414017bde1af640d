package law

import "testing"

// The numbers of table 8b: to an applicant, and between bodies.
func TestISR7_IdentifyingCounts(t *testing.T) {
	claim{"8b, to an applicant", []span{{"regime", "pre"}, {"pair", "AP>REL | REL>AP"}, {"caseRow", "a05"}, {"recipient", "applicant | applicantRep"}, {"purpose", "none"}},
		"regime = pre and pair in {AP>REL, REL>AP} and caseRow = a05 and recipient in {applicant, applicantRep} and purpose = none and signed is empty",
		4_587_520, tally{"b13": 144, "b14": 108, "b15": 108}}.check(t, Identifying())
	spans := []span{{"recipient", "AAA | RG | court | otherIA | other"}}
	scope := "recipient in {AAA, RG, court, otherIA, other} and signed is empty"
	for _, in := range [][2]string{{"repAuthority", "no"}, {"about", "thirdParty"}, {"met", "no"}, {"idVerified", "no"}, {"subjectVital", "untraced"}, {"consent", "unknown"},
		{"evidence", "no"}, {"sixDecision", "no"}, {"vetoNow", "unknown"}, {"cnsl", "no"}, {"jigsaw", "unsure"}, {"thirdConsent", "no"}, {"twoPerson", "no"}} {
		spans = append(spans, span{in[0], in[1]})
		scope += " and " + in[0] + " = " + in[1]
	}
	claim{"8b, between bodies", spans, scope, 4_603_920 - 4_587_520, tally{"b01": 1440}}.check(t, Identifying())
	for _, input := range []string{"about", "met", "idVerified", "subjectVital", "consent", "vetoNow", "jigsaw", "twoPerson", "gate", "pair"} {
		checkIndependent(t, Identifying(), "recipient in {AAA, RG, court, otherIA, other}", input)
	}
	if counts := byBoxes(t, Identifying(), "signed is empty"); counts["b13a"] != 0 {
		t.Error("b13a is reached without a signature")
	}
}

// The invariants of table 8b, over every value and every set of signatures.
func TestISR7_IdentifyingInvariants(t *testing.T) {
	const applicant = "recipient in {applicant, applicantRep}"
	for _, v := range []invariant{
		{"15: met, verified, and all the rest", permitting, applicant,
			"met = yes and idVerified = yes and gate = +PROCEED and (vetoNow in {none, qualifiedMet} or (pair = AP>REL and vetoNow != unknown))" +
				" and jigsaw = safe and cnsl = yes and twoPerson = yes and (recipient = applicant or repAuthority = yes)"},
		{"16: a living subject", permitting, applicant + " and about = subject and subjectVital = living", "consent = current"},
		{"16: silence is never consent", permitting, applicant + " and about = subject",
			"consent = current or (subjectVital in {died, incapable} and consent in {noReply, notAsked})"},
		{"16: a subject who was not found", permitting, applicant + " and about = subject and subjectVital = untraced", "never"},
		{"17: after death", permitting, applicant + " and about = subject and subjectVital in {died, incapable}", "evidence = yes and sixDecision = yes"},
		{"18: somebody else", permitting, applicant + " and about in {adoptedPersonNotSubject, thirdParty}",
			"thirdConsent = yes and (about = thirdParty and signed has b04b or about = adoptedPersonNotSubject and signed has b08b)"},
		{"19: bodies", permitting, "recipient not in {applicant, applicantRep}",
			"recipient != other and purpose = reg12to15 and regime = pre and caseRow not in {a01, a01a, a03, a04, a05}"},
		{"a veto that blocks", permitting, applicant + " and pair != AP>REL and vetoNow in {blocking, unknown, notApplicable}", "never"},
		{"the applicant's own data", permitting, applicant + " and about = applicantSelf", "never"},
	} {
		v.check(t, Identifying())
	}
}
