package intermediary

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"gatepost/internal/agency"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/prose"
)

// DefaultDue is within how many working days an enquiry is to be answered,
// where the two agencies have agreed on nothing else (NMS 16.3).
const DefaultDue = 20

// maxDue is the latest day that can be agreed, in working days: half a year.
const maxDue = 130

// maxEnquiry bounds each text of an enquiry and of its answer, in bytes.
const maxEnquiry = 20 << 10

// EnquiryID names an enquiry, at both its ends.
type EnquiryID string

// NewEnquiryID chooses the id of an enquiry that is about to be made, for the
// form: the same form sent twice makes one enquiry.
func NewEnquiryID() EnquiryID { return EnquiryID(agency.NewID("en")) }

// Whom says who is asked.
type Whom string

const (
	// AskAgency: the appropriate adoption agency (ISR 12).
	AskAgency Whom = "AAA"
	// AskRegistrar: the Registrar General (ISR 13, 14).
	AskRegistrar Whom = "registrarGeneral"
	// AskCourt: the court that made the order (ISR 15).
	AskCourt Whom = "court"
	// AskAuthority: the local authority where the adoption took place (ISR(W) 12).
	AskAuthority Whom = "localAuthority"
	// AskContactRegister: the Adoption Contact Register (ISR 13, 6(2)(c)).
	AskContactRegister Whom = "contactRegister"
)

// Whoms lists everybody who can be asked, in the order in which one asks.
func Whoms() []Whom {
	return []Whom{AskAgency, AskRegistrar, AskCourt, AskAuthority, AskContactRegister}
}

// Question is one of the four of regulation 12.
type Question string

const (
	// AskVeto: is there a veto, and is it absolute or qualified? Always the first.
	AskVeto Question = "veto"
	// AskViews: has the subject ever said what they think of contact or of being approached?
	AskViews Question = "views"
	// AskAppropriate: does the agency think that the application is appropriate?
	AskAppropriate Question = "appropriate"
	// AskInformation: what else is needed to trace, to decide and to counsel?
	AskInformation Question = "information"
)

// Questions gives what is asked of whom, in order. The veto comes first, since
// in Wales nothing else is asked where there is one (ISR(W) 12).
func Questions(of Whom) []Question {
	switch of {
	case AskAgency:
		return []Question{AskVeto, AskViews, AskAppropriate, AskInformation}
	case AskRegistrar, AskCourt, AskAuthority, AskContactRegister:
		return []Question{AskInformation}
	}
	return nil
}

// NewEnquiry is what a worker fills in.
type NewEnquiry struct {
	ID          EnquiryID // of NewEnquiryID
	Application ApplicationID
	Whom        Whom
	ToAgency    string // id of an agency of this deployment; only for AskAgency
	Addressee   string // name and address, where ToAgency is ""
	By          string // "letter" or "email", where ToAgency is ""
	About       string // whose adoption: what the other needs to find the record
	Text        string // who asks and what for, no more than the other needs (ISR 16)
	Due         time.Time
}

// enquiryContent is the enquiry in our own case, and what the other agency
// reads: of that no application, no address and nothing about how it went.
type enquiryContent struct {
	Whom      Whom       `json:"whom"`
	ToAgency  string     `json:"toAgency,omitempty"`
	Addressee string     `json:"addressee,omitempty"`
	By        string     `json:"by,omitempty"`
	About     string     `json:"about"`
	Text      string     `json:"text"`
	Questions []Question `json:"questions"`
	Juris     string     `json:"juris"` // E, W or unknown: in Wales a veto ends the questions
	Due       string     `json:"due"`
}

// EnquiryAnswer is what was answered: typed by a worker of the asking agency
// from a letter, or by one of the answering agency. A value is one of those
// listed; "" is allowed only where a question was not asked.
type EnquiryAnswer struct {
	CameBy string    `json:"cameBy,omitempty"` // letter, email, phone; "" from agency to agency
	On     time.Time `json:"on"`               // the day on which it was given
	// Held: they hold the record, or can name the agency that does: yes, no.
	Held        string `json:"held"`
	Named       string `json:"named,omitempty"`       // the agency that they name
	Veto        string `json:"veto,omitempty"`        // none, absolute, qualified, unknown
	VetoTerms   string `json:"vetoTerms,omitempty"`   // a qualified veto in its own words
	Views       string `json:"views,omitempty"`       // yes, no, unknown: the subject has said something
	ViewsText   string `json:"viewsText,omitempty"`   // what
	Appropriate string `json:"appropriate,omitempty"` // yes, no, noView
	Why         string `json:"why,omitempty"`         // of that
	Information string `json:"information,omitempty"` // anything else
	// NoContact says of each subject asked about whether the register has a wish
	// of theirs for no contact. Only for AskContactRegister; a subject who is not
	// here was not looked for.
	NoContact map[string]bool `json:"noContact,omitempty"`
}

// same tells whether two answers say the same.
func (a EnquiryAnswer) same(b EnquiryAnswer) bool {
	one, errOne := json.Marshal(a)
	other, errOther := json.Marshal(b)
	return errOne == nil && errOther == nil && bytes.Equal(one, other)
}

// checkEnquiry cleans and checks what a worker filled in.
func checkEnquiry(n NewEnquiry, own string, known func(string) bool, due func(time.Time) (time.Time, error)) (_ NewEnquiry, err error) {
	switch {
	case !agency.ValidID("en", string(n.ID)) || !agency.ValidID("ap", string(n.Application)):
		return n, notFound()
	case !slices.Contains(Whoms(), n.Whom):
		return n, fault.Field("whom", "fault.enquiry.whom")
	case n.ToAgency != "" && (n.Whom != AskAgency || n.ToAgency == own || !known(n.ToAgency)):
		return n, fault.Field("toAgency", "fault.enquiry.agency")
	case n.ToAgency == "" && n.By != "letter" && n.By != "email":
		return n, fault.Field("by", "fault.enquiry.by")
	}
	if n.ToAgency != "" {
		n.By, n.Addressee = "", ""
	}
	if err := cleanTexts(typed{"addressee", &n.Addressee}, typed{"about", &n.About}, typed{"text", &n.Text}); err != nil {
		return n, err
	}
	switch {
	case n.ToAgency == "" && prose.Blank(n.Addressee):
		return n, fault.Field("addressee", "fault.enquiry.addressee")
	case prose.Blank(n.About):
		return n, fault.Field("about", "fault.enquiry.about")
	}
	n.Due, err = due(n.Due)
	return n, err
}

// due checks an agreed day; none is the default.
func (s *Service) due(due time.Time) (time.Time, error) {
	return dueDay(due, calendar.Today(s.now()), s.agencies.Days())
}

func dueDay(due, today time.Time, days calendar.Days) (time.Time, error) {
	if due.IsZero() {
		return days.Add(today, DefaultDue), nil
	}
	if !due.After(today) || due.After(days.Add(today, maxDue)) {
		return due, fault.Field("due", "fault.enquiry.due")
	}
	return due, nil
}

// typed is a text of a form with the name of its field.
type typed struct {
	field string
	value *string
}

func cleanTexts(texts ...typed) (err error) {
	for _, t := range texts {
		if *t.value, err = prose.Clean(t.field, strings.TrimSpace(*t.value), maxEnquiry); err != nil {
			return err
		}
	}
	return nil
}

// asked is what an answer answers.
type asked struct {
	whom     Whom
	juris    string
	since    time.Time // the day on which it was asked
	online   bool      // from agency to agency
	subjects []string  // of the application
}

// checkAnswer cleans and checks an answer: every question that was asked has
// its answer, and none that was not. In Wales a veto is the whole answer, and it
// may be where the country is not known.
func checkAnswer(a EnquiryAnswer, of asked, today time.Time) (EnquiryAnswer, error) {
	if err := cleanTexts(typed{"named", &a.Named}, typed{"vetoTerms", &a.VetoTerms}, typed{"viewsText", &a.ViewsText},
		typed{"why", &a.Why}, typed{"information", &a.Information}); err != nil {
		return a, err
	}
	switch {
	case of.online != (a.CameBy == "") || a.CameBy != "" && !slices.Contains([]string{"letter", "email", "phone"}, a.CameBy):
		return a, fault.Field("cameBy", "fault.enquiry.cameBy")
	case a.On.Before(of.since) || a.On.After(today):
		return a, fault.Field("on", "fault.enquiry.on")
	case a.Held != "yes" && a.Held != "no":
		return a, fault.Field("held", "fault.enquiry.held")
	case of.whom != AskContactRegister && len(a.NoContact) > 0:
		return a, fault.Field("noContact", "fault.invalid")
	case of.whom != AskAgency:
		return checkOther(a, of)
	case a.Held == "no": // not the agency of this adoption: it has nothing to say
		a.Veto, a.VetoTerms, a.Views, a.ViewsText, a.Appropriate, a.Why = "", "", "", "", "", ""
		return a, nil
	}
	return checkFour(a, of)
}

func checkFour(a EnquiryAnswer, of asked) (EnquiryAnswer, error) {
	vetoed := a.Veto == "absolute" || a.Veto == "qualified"
	nothingMore := prose.Blank(a.Views + a.ViewsText + a.Appropriate + a.Why + a.Information)
	switch {
	case !vetoed && a.Veto != "none" && a.Veto != "unknown":
		return a, fault.Field("veto", "fault.enquiry.veto")
	case a.Veto == "qualified" && prose.Blank(a.VetoTerms):
		return a, fault.Field("vetoTerms", "fault.enquiry.vetoTerms")
	case a.Veto != "qualified" && !prose.Blank(a.VetoTerms):
		return a, fault.Field("vetoTerms", "fault.enquiry.noTerms")
	case vetoed && of.juris == "W" && !nothingMore:
		return a, fault.Field("views", "fault.enquiry.wales")
	case vetoed && of.juris != "E" && nothingMore:
		return a, nil
	case !slices.Contains([]string{"yes", "no", "unknown"}, a.Views):
		return a, fault.Field("views", "fault.enquiry.views")
	case a.Views == "yes" && prose.Blank(a.ViewsText):
		return a, fault.Field("viewsText", "fault.enquiry.viewsText")
	case !slices.Contains([]string{"yes", "no", "noView"}, a.Appropriate):
		return a, fault.Field("appropriate", "fault.enquiry.appropriate")
	case a.Appropriate == "no" && prose.Blank(a.Why):
		return a, fault.Field("why", "fault.enquiry.why")
	}
	return a, nil
}

// checkHeard looks at an answer that another agency signed on a day: its values
// are of the lists, and the day is that of its signature. What that agency left
// open stays open.
func checkHeard(a EnquiryAnswer, signed time.Time) (EnquiryAnswer, error) {
	vetoes := []string{"none", "absolute", "qualified", "unknown"}
	if a.Held == "no" {
		vetoes = []string{""}
	} else if a.Held != "yes" {
		return a, errContent
	}
	if !slices.Contains(vetoes, a.Veto) || a.CameBy != "" || !a.On.Equal(signed) || len(a.NoContact) > 0 || a.Veto == "qualified" && prose.Blank(a.VetoTerms) {
		return a, errContent
	}
	return a, nil
}

// checkOther is for whoever is asked one thing alone.
func checkOther(a EnquiryAnswer, of asked) (EnquiryAnswer, error) {
	if a.Veto+a.VetoTerms+a.Views+a.ViewsText+a.Appropriate+a.Why != "" {
		return a, fault.Field("veto", "fault.enquiry.notAsked")
	}
	for id := range a.NoContact {
		if !slices.Contains(of.subjects, id) {
			return a, fault.Field("noContact", "fault.notFound")
		}
	}
	if of.whom == AskContactRegister && len(a.NoContact) == 0 {
		return a, fault.Field("noContact", "fault.enquiry.register")
	}
	return a, nil
}

// answerFact is a fact that follows from an answer.
type answerFact struct{ on, about, name, value string }

// searched is which of those who can name an agency have said that they
// cannot.
type searched struct{ registrar, court, authority bool }

// add takes in an answer.
func (s *searched) add(whom Whom, held string) {
	switch no := held == "no"; whom {
	case AskRegistrar:
		s.registrar = no
	case AskCourt:
		s.court = no
	case AskAuthority:
		s.authority = no
	}
}

// all tells whether nobody is left to ask: Registrar General and court, and the
// local authority unless the law of England is known to count (law.md, a24).
func (s *searched) all(juris string) bool {
	return s.registrar && s.court && (s.authority || juris == "E")
}

// answerFacts is what an answer states: of the application's agency and its
// word on a veto, and of the register. known is the value of aaa that counts
// now; others is who else said that they cannot name an agency, this answer
// among them.
//
// A qualified veto is read anew by a person: what was judged of an earlier one
// counts no more. An agency once found, or the agency itself, is not lost by
// what a register does not have.
func answerFacts(application string, of asked, a EnquiryAnswer, known string, others searched) []answerFact {
	about := func(name, value string) answerFact { return answerFact{application, "application", name, value} }
	switch of.whom {
	case AskAgency:
		if a.Held == "no" {
			return []answerFact{about("aaa", "notFound"), about("vetoAnswer", "unknown")}
		}
		list := []answerFact{about("aaa", "answered"), about("vetoAnswer", a.Veto)}
		if a.Veto == "qualified" {
			list = append(list, about("qualified", "unclear"))
		}
		return list
	case AskContactRegister:
		var list []answerFact
		for _, id := range of.subjects {
			if wish, ok := a.NoContact[id]; ok {
				list = append(list, answerFact{id, "subject", "acr", "checked"}, answerFact{id, "subject", "acrNoContact", yesNo(wish)})
			}
		}
		return list
	}
	switch {
	case known == "answered" || known == "self":
		return nil
	case a.Held == "yes":
		return []answerFact{about("aaa", "pending")} // there is one to ask now
	case others.all(of.juris):
		return []answerFact{about("aaa", "exhausted")} // counts once a second worker agrees
	}
	return []answerFact{about("aaa", "notFound")}
}

// overdue counts the working days since an enquiry should have been answered;
// 0 until then.
func (s *Service) overdue(state string, due time.Time) int {
	return overdue(state, due, calendar.Today(s.now()), s.agencies.Days())
}

func overdue(state string, due, today time.Time, days calendar.Days) int {
	if state != "asked" && state != "received" || !today.After(due) {
		return 0
	}
	return days.Between(due, today)
}
