package law

import (
	"slices"
	"testing"
)

// applicationInputs is the inputs that only an application under section 61 or 62 has.
var applicationInputs = []string{"writtenReasons", "proceed", "anyChild", "views", "expressed", "childViews", "childWelfare", "regard",
	"decision", "decisionMaker", "standstill", "panel", "signoff", "signed"}

// The numbers of table 8f: applications under section 61 or 62.
func TestACA61_DisclosureCounts(t *testing.T) {
	spans := []span{{"regime", "post"}, {"juris", "E | W"}, {"req", "s61_62"}, {"applicant", "adoptedAdult | adoptedChild | birthRelative"},
		{"item", "protected"}, {"redirected", "no"}, {"idVerified", "yes"}, {"met", "yes"}, {"linkProven", "yes"}, {"order60_3", "none"},
		{"agreement", "notCovers"}, {"powerVerified", "no"}, {"researchAuthority", "no"}, {"counsellorVerified", "no"}, {"writtenReasons", "yes"},
		{"anyChild", "adoptedChild | otherChild"}}
	const scope = "regime = post and juris in {E, W} and req = s61_62 and applicant in {adoptedAdult, adoptedChild, birthRelative} and item = protected" +
		" and redirected = no and idVerified = yes and met = yes and linkProven = yes and order60_3 = none and agreement = notCovers" +
		" and powerVerified = no and researchAuthority = no and counsellorVerified = no and writtenReasons = yes and signed is empty"
	permits := tally{"f26": 48, "f28": 3456, "f29": 1728}
	claim{"8f, sections 61 and 62", spans, scope + " and anyChild lacks notKnown", 3_483_648, permits}.check(t, PostCommencement())
	unknown := byBoxes(t, PostCommencement(), scope+" and anyChild has notKnown")
	if unknown.total() != 3_483_648 || len(unknown.permits(PostCommencement())) > 0 {
		t.Errorf("with a child of whom nobody knows: %d combinations, permits %v", unknown.total(), unknown.permits(PostCommencement()))
	}
	for _, input := range []string{"redirected", "linkProven", "order60_3", "agreement", "powerVerified", "researchAuthority", "counsellorVerified"} {
		checkIndependent(t, PostCommencement(), "req = s61_62 and item = protected", input)
	}
}

// The numbers of table 8f: all other requests.
func TestACA57_DisclosureCounts(t *testing.T) {
	spans := []span{{"writtenReasons", "no"}, {"proceed", "undecided"}, {"views", "no"}, {"expressed", "notAsked"}, {"childViews", "no"},
		{"childWelfare", "undecided"}, {"regard", "no"}, {"decision", "undecided"}, {"decisionMaker", "none"}, {"standstill", "notStarted"},
		{"panel", "pending"}, {"signoff", "no"}}
	const scope = "writtenReasons = no and proceed = undecided and anyChild is empty and views = no and expressed = notAsked and childViews = no" +
		" and childWelfare = undecided and regard = no and decision = undecided and decisionMaker = none and standstill = notStarted" +
		" and panel = pending and signoff = no and signed is empty"
	claim{"8f, other requests", spans, scope, 4_915_200,
		tally{"f05": 256, "f06": 768, "f10": 3072, "f12": 12288, "f13": 12288, "f14": 12288}}.check(t, PostCommencement())
	for _, input := range applicationInputs {
		checkIndependent(t, PostCommencement(), "req != s61_62", input)
	}
}

// The invariants of table 8f, over every value, every set of children and every
// set of signatures.
func TestACA56_65_DisclosureInvariants(t *testing.T) {
	leaves := func(r Row) bool {
		return slices.Contains([]RowID{"f05", "f06", "f10", "f12", "f13", "f14", "f26", "f27a", "f28", "f29"}, r.ID)
	}
	right := func(r Row) bool {
		return r.Outcome.Permits() || slices.Contains(r.Effects, EffectAgencyClock) || slices.Contains([]RowID{"f03", "f04", "f07"}, r.ID)
	}
	const objector = "req = s61_62 and expressed = object"
	const applies = "req = s61_62 and idVerified = yes and met = yes and writtenReasons = yes and proceed = yes and views = yes and" +
		" expressed != notAsked and anyChild lacks notKnown and cnsl = yes and decision = disclose and decisionMaker = named"
	for _, v := range []invariant{
		{"22: no second redirect", outcomes(OutcomeGoto), "redirected = yes", "never"},
		{"28: no other way out", func(r Row) bool { return r.Outcome.Permits() && !leaves(r) }, "", "never"},
		{"28: regime and country are settled", permitting, "", "regime = post and juris in {E, W}"},
		{"28: known who asks", permitting, "", "idVerified = yes"},
		{"28: section 60 is the adopted adult's", permitting, "req in {s60_2a, s60_2b, s60_4court}",
			"req != s60_4court and applicant = adoptedAdult and met = yes and linkProven = yes and cnsl = yes"},
		{"28: section 60(3)", permitting, "req = s60_2a", "order60_3 = none"},
		{"28: agreement", permitting, "req = agreement57_5", "agreement = covers"},
		{"28: inspection", permitting, "req = r9inspection", "powerVerified = yes"},
		{"28: research", permitting, "req = r8research", "researchAuthority = yes"},
		{"28: counselling", permitting, "req = r18counsel", "counsellorVerified = yes"},
		{"28: nothing else opens", permitting, "req in {s58, other}", "never"},
		{"28: sections 61 and 62", permitting, "req = s61_62", applies},
		{"28: silence and death need a second person", permitting, "req = s61_62 and expressed in {none, notFound, died, incapable}", "signoff = yes"},
		{"29: England, section 61", permitting, objector + " and juris = E and anyChild is empty", "standstill = ended and panel != pending and signoff = yes"},
		{"29: Wales", permitting, objector + " and juris = W", "signed has f27"},
		{"29: section 62", permitting, objector + " and anyChild has any of {adoptedChild, otherChild, notKnown}", "signed has f27"},
		{"30: an adopted child", permitting, "req = s61_62 and anyChild has adoptedChild", "childWelfare = supports and childViews = yes"},
		{"30: undecided forbids nothing", func(r Row) bool { return r.ID == "f19" }, "childWelfare = undecided", "never"},
		{"30: undecided is no BLOCK", outcomes(OutcomeBlock), "req = s61_62 and idVerified = yes and childWelfare = undecided", "never"},
		{"62(6)(b): another child", permitting, "req = s61_62 and anyChild has otherChild", "regard = yes and childViews = yes"},
		{"61(1): a child who applies", permitting, "req = s61_62 and applicant = adoptedChild", "signed has f01a"},
		{"a child has no other way", permitting, "applicant = adoptedChild", "req = s61_62"},
		{"31: a right is no discretion", func(r Row) bool { return !right(r) },
			"req in {s60_2a, s60_2b, s60_4court} and applicant = adoptedAdult and idVerified = yes and regime = post and juris in {E, W}", "never"},
		{"31: a court order", func(r Row) bool { return r.ID == "f03" || r.ID == "f04" }, "", "req = s60_2a and order60_3 != none"},
		{"DAIR 15 is England's and section 61's", func(r Row) bool { return slices.Contains(r.Effects, EffectQualifyingDetermination) }, "",
			"juris = E and anyChild is empty and req = s61_62"},
	} {
		v.check(t, PostCommencement())
	}
}

// 22: what table 8f sends to 8c is not sent back, and the other way round.
func TestACA57_58_OneRedirect(t *testing.T) {
	invariant{"8c", func(r Row) bool { return slices.Contains(r.Effects, EffectTo8f) }, "redirected = yes", "never"}.check(t, Background())
	finding, err := PostCommencement().Decide(recount(t, PostCommencement(), "applicant other, regime post, juris E, idVerified yes, req s58, item notProtected, redirected no"))
	if next, ok := finding.Next(); err != nil || finding.Row() != "f09" || !ok || next != Background() {
		t.Errorf("an item that is not protected: row %s (%v)", finding.Row(), err)
	}
}

// ACA 60: the adopted adult's rights.
func TestACA60_AdoptedAdult(t *testing.T) {
	const adult = "regime post, juris E, applicant adoptedAdult, idVerified yes, met yes, linkProven yes, order60_3 none, cnsl yes"
	told(t, PostCommencement(), adult+", req s60_2a", []story{
		{"what is needed for the birth certificate", "f05", ""},
		{"in Wales too", "f05", "juris W"},
		{"whatever anybody decides", "f05", "proceed no, decision refuse, expressed object, childWelfare against"},
		{"an order of the court", "f03", "order60_3 inForce"},
		{"the court has been asked", "f04", "order60_3 applied"},
		{"not met", "f02a", "met no"},
		{"not shown to be this adopted person", "f02b", "linkProven no"},
		{"without the counselling information", "f05a", "cnsl no"},
		{"somebody unknown", "f02", "idVerified no"},
		{"a child", "f01", "applicant adoptedChild"},
		{"a birth relative", "f08", "applicant birthRelative"},
		{"an order of before", "f00", "regime pre"},
		{"an order of 30 December 2005 in Wales", "f00a", "regime boundaryW, juris W"},
		{"an order of an unknown court", "f00a", "juris unknown"},
	})
	told(t, PostCommencement(), adult, []story{
		{"section 54 information", "f06", "req s60_2b"},
		{"section 54 information without the counselling information", "f06a", "req s60_2b, cnsl no"},
		{"the court's own documents", "f07", "req s60_4court, met no"},
	})
}

// ACA 57(5), 59; DAIR 8, 9, 11, 18: who else may have protected information.
func TestDAIR8_18_OtherGrounds(t *testing.T) {
	told(t, PostCommencement(), "regime post, juris E, applicant other, idVerified yes, redirected no", []story{
		{"an agreement that covers it", "f10", "req agreement57_5, agreement covers"},
		{"an agreement that has expired", "f11", "req agreement57_5, agreement expired"},
		{"an inspector", "f12", "req r9inspection, powerVerified yes"},
		{"an inspector whose power nobody checked", "f15a", "req r9inspection"},
		{"a researcher", "f13", "req r8research, researchAuthority yes"},
		{"a researcher without authority", "f15a", "req r8research"},
		{"a counsellor", "f14", "req r18counsel, counsellorVerified yes"},
		{"a counsellor whom nobody checked", "f15a", "req r18counsel"},
		{"under section 58", "f15a", "req s58"},
		{"not protected", "f09", "req s58, item notProtected"},
		{"not protected, for the second time", "f09a", "req s58, item notProtected, redirected yes"},
		{"a child with an agreement", "f01b", "applicant adoptedChild, req agreement57_5, agreement covers"},
	})
}

// ACA 61, 62: applications for protected information.
func TestACA61_62_Application(t *testing.T) {
	const ready = "regime post, juris E, req s61_62, applicant birthRelative, idVerified yes, met yes, writtenReasons yes, proceed yes, anyChild, views yes," +
		" expressed agree, decision disclose, decisionMaker named, cnsl yes"
	told(t, PostCommencement(), ready, []story{
		{"agreed", "f29", ""},
		{"agreed, in Wales", "f29", "juris W"},
		{"not in writing", "f15", "writtenReasons no"},
		{"not met", "f02a", "met no"},
		{"the agency does not go on, England", "f16", "proceed no"},
		{"the agency does not go on, Wales", "f16a", "proceed no, juris W"},
		{"the agency does not go on, section 62", "f16a", "proceed no, anyChild otherChild"},
		{"nobody has decided", "f17", "proceed undecided"},
		{"nobody was asked", "f18", "expressed notAsked"},
		{"not every step was taken", "f18", "views no, expressed notFound"},
		{"nobody knows who is a child", "f18", "anyChild notKnown"},
		{"a child was not asked", "f20", "anyChild otherChild, regard yes"},
		{"against an adopted child's welfare", "f19", "anyChild adoptedChild, childViews yes, childWelfare against"},
		{"welfare undecided", "f19a", "anyChild adoptedChild, childViews yes"},
		{"an adopted child's welfare supports it", "f29", "anyChild adoptedChild, childViews yes, childWelfare supports"},
		{"no regard to another child", "f21", "anyChild otherChild, childViews yes"},
		{"two children", "f21", "anyChild adoptedChild otherChild, childViews yes, childWelfare supports"},
		{"a child applies", "f01a", "applicant adoptedChild"},
		{"a child applies, and two people sign", "f29", "applicant adoptedChild, signed f01a"},
		{"undecided", "f22", "decision undecided"},
		{"refused against consent", "f23", "decision refuse"},
		{"refused against consent, Wales", "f24", "decision refuse, juris W"},
		{"refused", "f24", "decision refuse, expressed object"},
		{"counselling information", "f24a", "cnsl no"},
		{"nobody's decision", "f24b", "decisionMaker none"},
		{"no view given", "f28a", "expressed none"},
		{"no view given, second person", "f28", "expressed none, signoff yes"},
		{"not found", "f28", "expressed notFound, signoff yes"},
		{"died, having agreed", "f28a", "expressed died"},
	})
}

// DAIR 15: disclosure against somebody's views.
func TestDAIR15_Objection(t *testing.T) {
	const ready = "regime post, juris E, req s61_62, applicant adoptedAdult, idVerified yes, met yes, writtenReasons yes, proceed yes, anyChild, views yes," +
		" expressed object, decision disclose, decisionMaker named, cnsl yes, standstill ended, panel notRequested, signoff yes"
	told(t, PostCommencement(), ready, []story{
		{"the clock has not started", "f25", "standstill notStarted"},
		{"the clock runs", "f25", "standstill running"},
		{"no clock in England", "f25", "standstill notApplicable"},
		{"the panel has it", "f25a", "panel pending"},
		{"the end of a clock decides nothing", "f26a", "signoff no"},
		{"ended, and a second person", "f26", ""},
		{"ended, with the panel's advice weighed", "f26", "panel recommendationConsidered"},
		{"a signature of another row does not hurry England", "f25", "standstill running, signed f27"},
		{"Wales", "f27", "juris W, standstill notApplicable"},
		{"Wales, two people sign", "f27a", "juris W, standstill notApplicable, signed f27"},
		{"section 62", "f27", "anyChild otherChild, childViews yes, regard yes"},
		{"section 62, two people sign", "f27a", "anyChild otherChild, childViews yes, regard yes, signed f27"},
	})
}
