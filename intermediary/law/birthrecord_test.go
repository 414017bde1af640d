package law

import "testing"

// The numbers of table 8i.
func TestSchedule2_BirthRecordCounts(t *testing.T) {
	claim{"8i", nil, "anything else", 13_824, tally{"i01": 4608, "i13": 6}}.check(t, BirthRecord())
}

// The invariants of table 8i.
func TestSchedule2_BirthRecordInvariants(t *testing.T) {
	given := outcomes(OutcomeDisclose)
	for _, v := range []invariant{
		{"35: the interview comes first", given, "", "interviewRequired = no or interviewHeld = yes"},
		{"35: what the Registrar General has sent", given, "", "rgSent = yes"},
		{"only the adopted adult, met and proven", given, "", "req = birthRecord and applicant = adoptedAdult and metVerified = yes and linkProven = yes"},
		{"pre-commencement", given, "", "regime = pre"},
		{"no risk, no refusal, counselling told", given, "", "publicPolicy = none and counsellingTold = yes"},
		{"16.1: information is for anybody", func(r Row) bool { return r.ID != "i01" }, "req = information", "never"},
		{"16.1: and is nothing else", func(r Row) bool { return r.ID == "i01" }, "", "req = information"},
	} {
		v.check(t, BirthRecord())
	}
}

// ACA 2002 Schedule 2: the birth record of an adopted adult, and the dates that
// decide whether an interview comes first.
func TestSchedule2_BirthRecord(t *testing.T) {
	const ready = "req birthRecord, regime pre, applicant adoptedAdult, metVerified yes, linkProven yes, publicPolicy none, interviewRequired no," +
		" counsellingTold yes, rgSent yes"
	told(t, BirthRecord(), ready, []story{
		{"everything in place", "i13", ""},
		{"information, to somebody unknown", "i01", "req information, applicant other, metVerified no, regime unknown"},
		{"nobody knows what is wanted", "i02", "req other"},
		{"a child", "i03", "applicant adoptedChild"},
		{"a birth relative", "i04", "applicant other"},
		{"the Registrar General refused", "i05", "publicPolicy refusedByRG"},
		{"post-commencement", "i06", "regime post"},
		{"the boundary of Wales", "i06a", "regime boundaryW"},
		{"not met", "i08", "metVerified no"},
		{"not shown to be this person", "i08", "linkProven no"},
		{"a risk of serious crime", "i07", "publicPolicy risk"},
		{"not told of counselling", "i11", "counsellingTold no"},
		{"nothing sent", "i12", "rgSent no"},
	})
	for order, want := range map[string]RowID{"1975-11-11": "i10", "1975-11-12": "i10", "1975-11-13": "i13", "1975-11": "i10", "1976": "i13", "": "i06a",
		"2005-12-29": "i13", "2005-12-30": "i06"} {
		d, err := ParseDate(order)
		if err != nil {
			t.Fatal(err)
		}
		facts := "regime " + string(SettledRegime(d, CountryEngland)) + ", interviewRequired no"
		if InterviewRequired(d) {
			facts += ", interviewRequired yes"
		}
		told(t, BirthRecord(), ready, []story{{"an order of " + order, want, facts}})
		if want == "i10" {
			told(t, BirthRecord(), ready, []story{{order + ", living abroad", "i09", facts + ", residence abroad"}, {order + ", after the interview", "i13", facts + ", interviewHeld yes"}})
		}
	}
}
