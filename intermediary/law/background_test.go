package law

import "testing"

// The numbers of table 8c.
func TestISR9_BackgroundCounts(t *testing.T) {
	claim{"8c", []span{{"caseRow", "a07 | a32 | a37"}}, "caseRow in {a07, a32, a37} and signed is empty", 663_552,
		tally{"c07": 896, "c08": 768, "c08a": 1536, "c09": 1536, "c10": 768}}.check(t, Background())
}

// The invariants of table 8c, over every value and every signature.
func TestISR9_BackgroundInvariants(t *testing.T) {
	for _, v := range []invariant{
		{"20: somebody who was not met", permitting, "metVerified = no",
			"who = AAA and initiatedBy = agency and addresseeConfirmed = yes and twoPerson = yes and signed has c05c"},
		{"21: nothing that identifies", permitting, "", "jigsaw = safe and approp = yes and regime in {pre, post}"},
		{"21: no way round", permitting, "regime = pre and who = IA and caseRow in {a01, a01a, a02, a03, a04, a05, a06, a07, a08, a09}", "never"},
		{"22: one redirect", outcomes(OutcomeGoto), "", "redirected = no or regime = pre"},
		{"22: to 8f once", func(r Row) bool { return r.ID == "c01a" }, "", "redirected = no"},
		{"not before the subject was asked", permitting, "regime = pre and who = IA", "reason != notYetAsked and twoPerson = yes"},
		{"an adoption support agency", permitting, "who = ASA", "regime = post and purpose = functions and agreementWritten = yes"},
	} {
		v.check(t, Background())
	}
}
