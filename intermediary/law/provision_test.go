package law_test

import (
	"strings"
	"testing"

	"gatepost/intermediary/law"
)

// story is a case in a sentence, and what the law says of it.
type story struct {
	of   string
	but  string // what differs from the facts that all stories of a test share
	sign string // rows that two people have signed
	row  law.RowID
	gets law.Outcome
}

// tell asks a table about stories. Both flags of the agency are set.
func tell(t *testing.T, table *law.Table, shared string, stories ...story) {
	t.Helper()
	for _, s := range stories {
		f := given(t, table, strings.Fields(shared+" "+s.but)...)
		for row := range strings.FieldsSeq(s.sign) {
			if err := f.Sign(law.RowID(row), law.Flags{OQ1: true, OQ9: true}); err != nil {
				t.Fatal(err)
			}
		}
		finding, err := table.Decide(f)
		if err != nil {
			t.Fatalf("%s: %v", s.of, err)
		}
		if finding.Row() != s.row || finding.Outcome() != s.gets {
			t.Errorf("%s: %s %s, want %s %s", s.of, finding.Row(), finding.Outcome(), s.row, s.gets)
		}
	}
}

const mother = "order=pre juris=E agency=registered pair=REL>AP appAge=ge18 subjAge=ge18 apAge=ge18 reg11=passed linkProven=no met=yes aaa=answered veto=none vetoFresh=yes" +
	" provisionalStop=no apConsent=notSought acr=checked acrNoContact=no approp=yes"

func TestISR5_Pairs(t *testing.T) {
	tell(t, law.Proceed(), mother,
		story{of: "a birth mother looks for her son", row: "a32", gets: "+PROCEED"},
		story{of: "an adopted adult looks for her mother", but: "pair=AP>REL linkProven=yes", row: "a31", gets: "+PROCEED"},
		story{of: "an adopted adult who is not shown to be this one", but: "pair=AP>REL", row: "a21a", gets: "HOLD"},
		story{of: "her own veto is no bar to her own application", but: "pair=AP>REL linkProven=yes veto=absolute vetoFresh=no", row: "a31", gets: "+PROCEED"},
		story{of: "the adopted person's grandchild looks for his grandmother's family, with consent", but: "pair=PR>REL apConsent=given", row: "a36", gets: "+PROCEED"},
		story{of: "a grandchild looks for the adopted person herself", but: "pair=other", row: "a05", gets: "REJECT"},
		story{of: "in Wales the pairs with others are not known to be lawful", but: "juris=W pair=REL>PR apConsent=given", row: "a14a", gets: "REFER"},
		story{of: "an order of 2006", but: "order=post", row: "a01", gets: "REJECT"},
		story{of: "a Welsh order of 30 December 2005", but: "order=boundaryW juris=W", row: "a01a", gets: "REFER"},
		story{of: "an order made in Scotland", but: "juris=other", row: "a03", gets: "REFER"},
		story{of: "a tracing firm without registration, though the son is eager", but: "agency=not", row: "a04", gets: "BLOCK"})
}

func TestISR5_3_Ages(t *testing.T) {
	tell(t, law.Proceed(), mother,
		story{of: "an applicant of 17", but: "appAge=lt18", row: "a06", gets: "REJECT"},
		story{of: "a brother of 16 is looked for", but: "subjAge=lt18 pair=AP>REL linkProven=yes", row: "a07", gets: "BLOCK"},
		story{of: "an adopted person who died at 9", but: "apAge=lt18", row: "a08", gets: "BLOCK"},
		story{of: "nobody knows how old the subject is", but: "subjAge=unknown", row: "a20", gets: "HOLD"})
}

func TestISR5A_VetoBars(t *testing.T) {
	tell(t, law.Proceed(), mother,
		story{of: "an absolute veto", but: "veto=absolute", row: "a11", gets: "BLOCK"},
		story{of: "medical news only, and this is none", but: "veto=qualifiedNotMet", row: "a12", gets: "BLOCK"},
		story{of: "a wish that can be read two ways", but: "veto=qualifiedUnclear", row: "a13", gets: "BLOCK"},
		story{of: "medical news only, and this is such", but: "veto=qualifiedMet", row: "a33", gets: "+PROCEED"},
		story{of: "the same in Wales", but: "veto=qualifiedMet juris=W", row: "a14", gets: "REFER"},
		story{of: "the same in Wales, signed", but: "veto=qualifiedMet juris=W", sign: "a14", row: "a33", gets: "+PROCEED"},
		story{of: "a veto comes before a question for a manager", but: "veto=absolute acrNoContact=yes juris=W", sign: "a30 a14 a14a", row: "a11", gets: "BLOCK"})
}

func TestISR5A_ConsentToProceeding(t *testing.T) {
	tell(t, law.Proceed(), mother+" pair=REL>PR",
		story{of: "she agreed", but: "apConsent=given", row: "a34", gets: "+PROCEED"},
		story{of: "she refused", but: "apConsent=refused", row: "a17", gets: "BLOCK"},
		story{of: "she refused, and two people have signed all there is", but: "apConsent=refused", sign: "a14 a14a a15 a16 a18 a19 a25 a30", row: "a17", gets: "BLOCK"},
		story{of: "she took it back", but: "apConsent=withdrawn", row: "a17", gets: "BLOCK"},
		story{of: "she was not asked", row: "a27", gets: "HOLD"},
		story{of: "she did not answer", but: "apConsent=noReply", row: "a27", gets: "HOLD"},
		story{of: "she has died", but: "apConsent=died", row: "a18", gets: "REFER"},
		story{of: "she has died, and it is signed", but: "apConsent=died", sign: "a18", row: "a34", gets: "+PROCEED"},
		story{of: "the signature is for the other pair", but: "apConsent=died pair=PR>REL", sign: "a18", row: "a19", gets: "REFER"},
		story{of: "a veto, though she agreed", but: "apConsent=given veto=absolute", row: "a11", gets: "BLOCK"},
		story{of: "a veto that forbids to ask her", but: "pair=PR>REL apConsent=given veto=absolute", row: "a15", gets: "REFER"})
}

func TestISR6_ContinuingDuty(t *testing.T) {
	tell(t, law.Proceed(), mother,
		story{of: "the agency found it not right", but: "approp=no", row: "a10", gets: "STOP"},
		story{of: "not decided yet", but: "approp=undecided", row: "a29", gets: "HOLD"},
		story{of: "the register was not checked", but: "acr=notChecked", row: "a28", gets: "HOLD"},
		story{of: "a wish for no contact weighs", but: "acrNoContact=yes", row: "a30", gets: "REFER"},
		story{of: "and can be overcome by two", but: "acrNoContact=yes", sign: "a30", row: "a32", gets: "+PROCEED"},
		story{of: "somebody asked for protection today", but: "provisionalStop=yes", sign: "a30", row: "a26a", gets: "HOLD"})
}

func TestISR11_12_Enquiries(t *testing.T) {
	tell(t, law.Proceed(), mother,
		story{of: "identity is not proved", but: "reg11=failed", row: "a09", gets: "REJECT"},
		story{of: "identity is being proved", but: "reg11=pending", row: "a21", gets: "HOLD"},
		story{of: "NMS 16.2: nobody has met her", but: "met=no", row: "a22", gets: "HOLD"},
		story{of: "the agency has not answered", but: "aaa=pending veto=unknown vetoFresh=no", row: "a23", gets: "HOLD"},
		story{of: "no agency can be named", but: "aaa=notFound", row: "a24", gets: "HOLD"},
		story{of: "the answer is from before the last letter", but: "vetoFresh=no", row: "a26", gets: "HOLD"},
		story{of: "nobody is left who could know of a veto", but: "aaa=exhausted veto=unknown", row: "a25", gets: "REFER"},
		story{of: "the same, signed by two", but: "aaa=exhausted veto=unknown", sign: "a25", row: "a32", gets: "+PROCEED"})
}

const address = "regime=pre pair=AP>REL caseRow=a31 gate=+PROCEED recipient=applicant repAuthority=no purpose=none about=subject met=yes idVerified=yes subjectVital=living" +
	" consent=current evidence=no sixDecision=no vetoNow=notApplicable cnsl=yes jigsaw=safe thirdConsent=no twoPerson=yes"

func TestISR7_Consent(t *testing.T) {
	tell(t, law.Identifying(), address,
		story{of: "his aunt agrees to give her address", row: "b13", gets: "+DISCLOSE"},
		story{of: "she agreed to letters only, and this is her address", but: "consent=short", row: "b11", gets: "BLOCK"},
		story{of: "she said no", but: "consent=refused", row: "b09", gets: "BLOCK"},
		story{of: "she took it back", but: "consent=withdrawn", row: "b09", gets: "BLOCK"},
		story{of: "she did not answer", but: "consent=noReply", row: "b10", gets: "BLOCK"},
		story{of: "she was not found", but: "consent=notAsked subjectVital=untraced", row: "b10", gets: "BLOCK"},
		story{of: "she died and had said no", but: "consent=refused subjectVital=died evidence=yes sixDecision=yes", row: "b09", gets: "BLOCK"},
		story{of: "she died and was never asked", but: "consent=notAsked subjectVital=died evidence=yes sixDecision=yes", row: "b14", gets: "+DISCLOSE"},
		story{of: "she died, and two have not decided", but: "consent=notAsked subjectVital=died evidence=yes", row: "b16", gets: "BLOCK"},
		story{of: "she died, and nobody has looked for a refusal", but: "consent=unknown subjectVital=died evidence=yes sixDecision=yes", row: "b10a", gets: "HOLD"},
		story{of: "with what he has, it tells of another", but: "jigsaw=identifiesOther", row: "b12a", gets: "BLOCK"},
		story{of: "nobody has checked it a second time", but: "twoPerson=no", row: "b12c", gets: "HOLD"},
		story{of: "NMS 16.2: he was not met", but: "met=no", row: "b05", gets: "BLOCK"},
		story{of: "ISR 5A: the case was stopped this morning", but: "gate=other caseRow=a11", row: "b07", gets: "BLOCK"},
		story{of: "ISR 8: the veto service does not answer", but: "vetoNow=unknown", row: "b06", gets: "BLOCK"},
		story{of: "a third person, who has not agreed", but: "about=thirdParty", row: "b04a", gets: "BLOCK"},
		story{of: "a third person, who has", but: "about=thirdParty thirdConsent=yes", row: "b04b", gets: "REFER"},
		story{of: "and two have signed", but: "about=thirdParty thirdConsent=yes", sign: "b04b", row: "b13a", gets: "+DISCLOSE"},
		story{of: "his own file", but: "about=applicantSelf", row: "b03", gets: "ROUTE"})
}

func TestISR16_BetweenBodies(t *testing.T) {
	tell(t, law.Identifying(), address+" recipient=AAA met=no gate=other",
		story{of: "an enquiry on a case that waits", but: "purpose=reg12to15 caseRow=a23", row: "b01", gets: "+DISCLOSE"},
		story{of: "an enquiry on a case that the law rejects", but: "purpose=reg12to15 caseRow=a05", row: "b01a", gets: "BLOCK"},
		story{of: "an enquiry, and nobody knows the date", but: "purpose=reg12to15 caseRow=a02 regime=unknown", row: "b01b", gets: "HOLD"},
		story{of: "another purpose", row: "b02", gets: "BLOCK"},
		story{of: "a journalist", but: "recipient=other purpose=reg12to15", row: "b02", gets: "BLOCK"})
}

func TestISR9_Background(t *testing.T) {
	tell(t, law.Background(), "regime=pre who=IA initiatedBy=applicant to=other metVerified=yes addresseeConfirmed=no caseRow=a32 jigsaw=safe approp=yes reason=refused"+
		" purpose=other agreementWritten=no twoPerson=yes redirected=no",
		story{of: "he refused; that he is well may be told", row: "c07", gets: "+DISCLOSE"},
		story{of: "he was not asked yet", but: "reason=notYetAsked", row: "c06", gets: "HOLD"},
		story{of: "ISR 7(4): his village identifies him", but: "jigsaw=identifies", row: "c01", gets: "GOTO"},
		story{of: "ACA 57(4): the same after 2005", but: "jigsaw=identifies regime=post", row: "c01a", gets: "GOTO"},
		story{of: "and it came from there already", but: "jigsaw=identifies regime=post redirected=yes", row: "c01b", gets: "HOLD"},
		story{of: "no way round an unlawful pair", but: "caseRow=a05", row: "c05b", gets: "BLOCK"},
		story{of: "ISR 8: hereditary illness, from the agency to somebody it has not met", but: "who=AAA initiatedBy=agency metVerified=no addresseeConfirmed=yes", row: "c05c", gets: "REFER"},
		story{of: "and two have signed", but: "who=AAA initiatedBy=agency metVerified=no addresseeConfirmed=yes", sign: "c05c", row: "c08a", gets: "+DISCLOSE"},
		story{of: "AAR83 15: the adopted adult asks for the agency's record", but: "who=AAA to=adoptedAdult caseRow=a05", row: "c08", gets: "+DISCLOSE"},
		story{of: "and somebody else does", but: "who=AAA caseRow=a05", row: "c11", gets: "BLOCK"},
		story{of: "ACA 58: after 2005, as the agency thinks fit", but: "who=AAA regime=post purpose=functions caseRow=a01", row: "c09", gets: "+DISCLOSE"})
}

func TestISR8_Registering(t *testing.T) {
	tell(t, law.Veto(), "order=pre juris=E registrant=adoptedPerson authority=notConfirmed capacity=lacks personMet=no metVerified=yes linkProven=yes age18=yes form=writing"+
		" addressee=AAA info=given kind=absolute circumstances=empty op=register direction=unclear",
		story{of: "an adopted adult registers", row: "d12", gets: "+REGISTER"},
		story{of: "on the telephone", but: "form=oral", row: "d06", gets: "HOLD"},
		story{of: "in a letter from somebody not met", but: "metVerified=no", row: "d07", gets: "HOLD"},
		story{of: "to the intermediary agency", but: "addressee=IA", row: "d11", gets: "FORWARD"},
		story{of: "with conditions that nobody wrote down", but: "kind=qualified", row: "d09", gets: "HOLD"},
		story{of: "the sheet was declined, which delays nothing", but: "info=offeredRefused", row: "d12", gets: "+REGISTER"},
		story{of: "a birth mother wants one", but: "registrant=relative", row: "d02", gets: "REJECT"},
		story{of: "a birth mother in Wales", but: "registrant=relative juris=W", row: "d02a", gets: "REFER"},
		story{of: "OQ6: adopted in 2008", but: "order=post", row: "d01", gets: "WISH"},
		story{of: "taken back in person and in writing", but: "op=withdraw", row: "d14", gets: "+REGISTER"},
		story{of: "taken back on the telephone", but: "op=withdraw form=oral", row: "d08", gets: "HOLD"},
		story{of: "tightened on the telephone: a stop at once", but: "op=amend direction=strengthen form=oral", row: "d08a", gets: "HOLD"},
		story{of: "OQ11: a deputy would take it back", but: "op=withdraw registrant=rep authority=confirmed", row: "d04a", gets: "BLOCK"},
		story{of: "OQ11: a deputy would register", but: "registrant=rep authority=confirmed", row: "d04", gets: "REFER"},
		story{of: "and two have signed", but: "registrant=rep authority=confirmed", sign: "d04", row: "d12", gets: "+REGISTER"},
		story{of: "OQ4: nobody knows what is meant", but: "op=amend", row: "d08c", gets: "HOLD"})
}
