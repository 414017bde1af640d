package law

import "testing"

// The numbers of table 8a.
func TestISR_ProceedCounts(t *testing.T) {
	claim{"8a", []span{{"order", "pre"}, {"juris", "E | W"}, {"agency", "registered"}},
		"order = pre and juris in {E, W} and agency = registered and signed is empty", 37_324_800,
		tally{"a31": 576, "a32": 64, "a33": 32, "a34": 4, "a35": 4, "a36": 4}}.check(t, Proceed())
}

// The invariants of table 8a, over every value and every set of signatures.
func TestISR5_6_ProceedInvariants(t *testing.T) {
	for _, v := range []invariant{
		{"7: a permit has everything", permitting, "",
			"order = pre and juris in {E, W} and agency = registered and pair != other and appAge = ge18 and subjAge = ge18 and apAge = ge18" +
				" and reg11 = passed and met = yes and acr = checked and approp = yes and provisionalStop = no"},
		{"8: no permit against a veto", permitting, "pair in {REL>AP, REL>PR} and veto in {absolute, qualifiedNotMet, qualifiedUnclear}", "never"},
		{"9: no permit on silence or refusal", permitting, "pair in {REL>PR, PR>REL} and apConsent in {refused, withdrawn, notSought, noReply}", "never"},
		{"10: a refusal is no question for a manager", outcomes(OutcomeRefer), "pair in {REL>PR, PR>REL} and apConsent in {refused, withdrawn}", "never"},
		{"11: fresh answer", permitting, "pair != AP>REL", "vetoFresh = yes and (veto != unknown or signed has a25)"},
		{"12: Wales", permitting, "signed is empty and juris = W", "pair = AP>REL or (pair = REL>AP and veto = none)"},
		{"12: qualified veto", permitting, "signed is empty and veto = qualifiedMet", "pair = AP>REL or juris = E"},
		{"13: link", permitting, "pair = AP>REL", "linkProven = yes"},
		{"14: wish for no contact", permitting, "acrNoContact = yes", "signed has a30"},
		{"5A(2), (3): consent", permitting, "pair in {REL>PR, PR>REL}",
			"apConsent = given or (apConsent in {died, incapable, untraced} and signed has any of {a18, a19})"},
		{"an enquiry needs registration", outcomes(OutcomeHold, OutcomeRefer, OutcomeProceed), "", "agency = registered"},
	} {
		v.check(t, Proceed())
	}
}

// 13: her own veto never stops an adopted person's own application.
func TestISR5_OwnVeto(t *testing.T) {
	checkIndependent(t, Proceed(), "pair = AP>REL", "veto")
	checkIndependent(t, Proceed(), "pair = AP>REL", "vetoFresh")
	checkIndependent(t, Proceed(), "pair = AP>REL", "apConsent")
}

// 14: a wish for no contact makes a REFER of a permit and of nothing else anything.
func TestISR6_NoContactWish(t *testing.T) {
	table := Proceed()
	wish, at := table.input("acrNoContact"), table.slots[table.input("acrNoContact")]
	yes, err := table.mask(wish, []string{"yes"})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range inside(t, table, "acrNoContact = no and signed lacks a30") {
		b.boxes(table, func(without int, b box) {
			b.may[at.word] = b.may[at.word]&^at.mask | yes
			b.boxes(table, func(with int, b box) {
				want := table.rows[without].ID
				if table.rows[without].Outcome.Permits() {
					want = "a30"
				}
				if got := table.rows[with].ID; got != want {
					t.Errorf("%s without the wish gives %s with it, want %s: %s", table.rows[without].ID, got, want, shown(b.point(table)))
				}
			})
		})
	}
}
