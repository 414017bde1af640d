package law

import (
	"slices"
	"testing"
)

// The numbers of table 8h.
func TestACA58_62_EighteenCounts(t *testing.T) {
	claim{"8h", nil, "anything else", 8192, tally{"h06": 4}}.check(t, Eighteen())
}

// The invariants of table 8h.
func TestNMS16_EighteenInvariants(t *testing.T) {
	opens := outcomes(OutcomeGoto, OutcomeAgreement)
	const known = "met = yes and idVerified = yes and linkProven = yes"
	for _, v := range []invariant{
		{"34: an unverified adult", opens, "event in {lettersAskedByAdult, bothAskContinue}", known},
		{"34: an adopter asks", opens, "event = lettersAskedByAdopter", known + " and otherVerified = yes and adultConsents = yes"},
		{"34: against a no", opens, "event in {wishFromRelative, bothAskContinue, lettersAskedByAdopter}", "saidNo = no"},
		{"34: round a veto", permitting, "vetoOnFile = yes", "never"},
		{"34: a veto is met in table 8a", func(r Row) bool { return opens(r) && !slices.Contains(r.Effects, EffectTo8a) },
			"event in {wishFromRelative, bothAskContinue} and vetoOnFile = yes", "never"},
		{"OQ22: pre-commencement is an intermediary service", permitting, "", "order = post"},
		{"an agreement", permitting, "", known + " and otherVerified = yes and event = bothAskContinue and saidNo = no"},
		{"a law that nobody knows", opens, "", "order in {pre, post}"},
		{"15: nothing opens on a birthday", opens, "event = birthday", "never"},
		{"OQ6: a no is recorded, also before anybody is verified", func(r Row) bool { return r.ID != "h07" }, "event = adultSaysNo", "never"},
	} {
		v.check(t, Eighteen())
	}
}

// Somebody reaches 18, and what is asked then.
func TestACA58_62_Eighteen(t *testing.T) {
	told(t, Eighteen(), "order post, saidNo no, vetoOnFile no, met yes, idVerified yes, linkProven yes", []story{
		{"the birthday", "h01", "event birthday, threadActive yes"},
		{"a birthday without letters", "h09", "event birthday"},
		{"a no, by somebody not met", "h07", "event adultSaysNo, met no, idVerified no, linkProven no, order unknown"},
		{"a relative's wish after a no", "h07", "event wishFromRelative, saidNo yes"},
		{"an adopter asks after a no", "h07", "event lettersAskedByAdopter, saidNo yes, adultConsents yes, otherVerified yes"},
		{"the adult's own letters after a no", "h04", "event lettersAskedByAdult, saidNo yes"},
		{"somebody not met", "h02", "event lettersAskedByAdult, met no"},
		{"an order of unknown date", "h04a", "event lettersAskedByAdult, order unknown"},
		{"the adult's letters, pre-commencement", "h03", "event lettersAskedByAdult, order pre"},
		{"the adult's letters", "h04", "event lettersAskedByAdult"},
		{"a relative's wish, pre-commencement", "h05a", "event wishFromRelative, order pre"},
		{"a relative's wish and a stop on file", "h05a", "event wishFromRelative, vetoOnFile yes"},
		{"a relative's wish", "h05", "event wishFromRelative"},
		{"both, the other not known", "h06a", "event bothAskContinue"},
		{"both", "h06", "event bothAskContinue, otherVerified yes"},
		{"both, pre-commencement", "h05a", "event bothAskContinue, otherVerified yes, order pre"},
		{"an adopter without consent", "h08", "event lettersAskedByAdopter, otherVerified yes"},
		{"an adopter with consent", "h08a", "event lettersAskedByAdopter, otherVerified yes, adultConsents yes"},
		{"an adopter with consent, pre-commencement", "h08b", "event lettersAskedByAdopter, otherVerified yes, adultConsents yes, order pre"},
		{"a relative asks for letters", "h08a", "event lettersAskedByRelative"},
		{"something else", "h09", ""},
	})
	for event, table := range map[string]*Table{"lettersAskedByAdult, order pre": Background(), "lettersAskedByAdult, order post": PostCommencement(),
		"bothAskContinue, order pre": Proceed(), "lettersAskedByRelative, order post": PostCommencement()} {
		finding, err := Eighteen().Decide(recount(t, Eighteen(), "saidNo no, vetoOnFile no, met yes, idVerified yes, linkProven yes, event "+event))
		if next, ok := finding.Next(); err != nil || !ok || next != table {
			t.Errorf("%s: row %s names another table (%v)", event, finding.Row(), err)
		}
	}
}
