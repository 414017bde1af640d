package intermediary

import (
	"fmt"
	"time"

	"gatepost/intermediary/law"
)

// Way is what the law has for somebody who asks, as far as their first answers
// tell: what the page "What we can do" explains. It promises nothing, for nothing
// of it is proved.
type Way string

// The ways.
const (
	WayService Way = "service" // the intermediary service may take it on (table 8a, the best of facts)
	WayDuty    Way = "duty"    // the order is of 30 December 2005 or later: the agency's own duty (table 8f)
	WayPair    Way = "pair"    // the law does not let this kind of person look for that one
	WayAsk     Way = "ask"     // somebody has to find out first, or a manager to look
)

// Birth is how an adopted adult comes to their birth record (table 8i).
type Birth string

// The roads to a birth record; "" for whoever was not adopted.
const (
	BirthInterview Birth = "interview" // through the Registrar General, after a talk with a counsellor
	BirthRegistrar Birth = "registrar" // through the Registrar General, a talk is offered
	BirthAgency    Birth = "agency"    // through the agency of the adoption
	BirthAsk       Birth = "ask"       // when the order was made comes first
)

// Route is what the pages explain to somebody after their first answers.
type Route struct {
	Way     Way
	Birth   Birth
	Consent bool // the adopted person has to agree first (ISR 5A)
	Wales   bool
}

// RouteOf asks the law's tables with the best facts that there could be behind
// the answers: what even they do not allow, nobody is led to hope for. Its error
// is a mistake of the program.
func RouteOf(a Answers) (Route, error) {
	order, err := orderOf(a.When)
	if err != nil {
		return Route{}, err
	}
	juris := countryOf(a.Where)
	r := Route{Wales: juris == law.CountryWales}
	pair := pairOf(a)
	r.Consent = pair == "REL>PR" || pair == "PR>REL"
	if r.Way, err = wayOf(law.RegimeOf(order, juris), juris, pair); err != nil {
		return Route{}, err
	}
	if a.Who == WhoAdopted {
		r.Birth, err = birthOf(order, juris)
	}
	return r, err
}

// pairOf is the pair of table 8a. What is not said yet is taken for what most
// people ask; "" for somebody who does not know who they are in law.
func pairOf(a Answers) string {
	looks := a.Looks
	switch {
	case a.Who == WhoAdopted && (looks == "" || looks == Unknown || looks == WhoRelative):
		return "AP>REL"
	case a.Who == WhoRelative && (looks == "" || looks == Unknown || looks == WhoAdopted):
		return "REL>AP"
	case a.Who == WhoRelative && looks == WhoPrescribed:
		return "REL>PR"
	case a.Who == WhoPrescribed && (looks == "" || looks == Unknown || looks == WhoRelative):
		return "PR>REL"
	case a.Who == WhoAdopted, a.Who == WhoRelative, a.Who == WhoPrescribed:
		return "other"
	}
	return ""
}

// orderOf is a day that stands for the answer.
func orderOf(when string) (law.Date, error) {
	switch when {
	case WhenInterview:
		return law.BirthRecordsCounsellingDate(), nil
	case WhenPre:
		return law.DateOf(2005, time.December, 29)
	case WhenPost:
		return law.DateOf(2005, time.December, 31) // in Wales the day before is a lawyer's question
	}
	return law.Date{}, nil
}

func countryOf(where string) law.Country {
	switch where {
	case WhereEngland:
		return law.CountryEngland
	case WhereWales:
		return law.CountryWales
	case WhereElse:
		return law.CountryOther
	}
	return law.CountryUnknown
}

// wayOf asks table 8a with everything in place but what the answers say.
func wayOf(regime law.Regime, juris law.Country, pair string) (Way, error) {
	known := pair
	if known == "" {
		known = "AP>REL"
	}
	finding, err := decided(law.Proceed(), map[string]string{
		"order": string(regime), "juris": string(juris), "agency": "registered", "pair": known,
		"appAge": "ge18", "subjAge": "ge18", "apAge": "ge18", "reg11": "passed", "linkProven": "yes", "met": "yes",
		"aaa": "answered", "veto": "none", "vetoFresh": "yes", "provisionalStop": "no", "apConsent": "given",
		"acr": "checked", "acrNoContact": "no", "approp": "yes"})
	switch {
	case err != nil:
		return "", err
	case regime == law.RegimePost:
		return WayDuty, nil
	case finding.Outcome() == law.OutcomeReject:
		return WayPair, nil
	case finding.Permits() && pair != "":
		return WayService, nil
	}
	return WayAsk, nil
}

// birthOf asks table 8i for an adopted adult who is met and known, and who has
// not begun.
func birthOf(order law.Date, juris law.Country) (Birth, error) {
	interview := "no"
	if law.InterviewRequired(order) {
		interview = "yes"
	}
	finding, err := decided(law.BirthRecord(), map[string]string{
		"req": "birthRecord", "regime": string(law.SettledRegime(order, juris)), "applicant": "adoptedAdult",
		"metVerified": "yes", "linkProven": "yes", "publicPolicy": "none", "interviewRequired": interview,
		"interviewHeld": "no", "residence": "uk", "counsellingTold": "yes", "rgSent": "no"})
	if err != nil {
		return "", err
	}
	_, elsewhere := finding.Next()
	switch {
	case elsewhere:
		return BirthAgency, nil
	case finding.Outcome() == law.OutcomeRoute:
		return BirthRegistrar, nil
	case finding.Has(law.EffectAgencyClock):
		return BirthInterview, nil
	}
	return BirthAsk, nil
}

// informed asks table 8i whether the information may be given to anybody, and
// gives the row that says so, to be written down with its version.
func informed() (law.RowID, error) {
	finding, err := decided(law.BirthRecord(), map[string]string{
		"req": "information", "regime": "unknown", "applicant": "other", "metVerified": "no", "linkProven": "no", "publicPolicy": "risk",
		"interviewRequired": "yes", "interviewHeld": "no", "residence": "uk", "counsellingTold": "no", "rgSent": "no"})
	if err != nil {
		return "", err
	}
	if finding.Outcome() != law.OutcomeInform {
		return "", fmt.Errorf("give information: row %s of the law does not", finding.Row())
	}
	return finding.Row(), nil
}

func decided(t *law.Table, answers map[string]string) (law.Finding, error) {
	f := t.Facts()
	for name, value := range answers {
		if err := f.Set(name, value); err != nil {
			return law.Finding{}, err
		}
	}
	return t.Decide(f)
}
