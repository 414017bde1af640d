package casework

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"gatepost/intermediary"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/web/page"
)

// The pages on which a case is opened: who looks for whom, the applicant, each
// person whom they look for ("subjects.0"), the adoption, and a check.
const (
	stepPair      = "pair"
	stepApplicant = ofApplicant
	stepAdopted   = ofAdopted
	stepSubjects  = "subjects."
	stepCheck     = "check"
)

// opening is a case as far as it has been typed. Between the pages it travels in
// a hidden field of the form and stands nowhere else.
type opening struct {
	ID        string                     `json:"id"` // chosen once, so that two clicks open one case
	Adopted   string                     `json:"adopted,omitempty"`
	Intake    string                     `json:"intake,omitempty"`
	Pair      string                     `json:"pair,omitempty"`
	Person    intermediary.Particulars   `json:"person"` // the adopted person
	Applicant intermediary.Particulars   `json:"applicant"`
	Subjects  []intermediary.Particulars `json:"subjects"`
	Distinct  bool                       `json:"distinct,omitempty"` // the worker has looked at the records that are like it
}

// steps lists the pages in their order.
func (o opening) steps() []string {
	list := []string{stepPair, stepApplicant}
	for i := range o.Subjects {
		list = append(list, stepSubjects+strconv.Itoa(i))
	}
	if o.Adopted == "" {
		list = append(list, stepAdopted)
	}
	return append(list, stepCheck)
}

// at is the place of a step, or false for none of this case.
func (o opening) at(step string) (int, bool) {
	for i, s := range o.steps() {
		if s == step {
			return i, true
		}
	}
	return 0, false
}

// same tells whether the adopted person is the applicant or the subject as well.
func (o opening) same() bool { return o.Pair == "AP>REL" || o.Pair == "REL>AP" }

// whose is the person whom a step is about, and what is asked; nil for a step
// about nobody.
func (o *opening) whose(step string) (p *intermediary.Particulars, names []string) {
	switch {
	case step == stepApplicant:
		return &o.Applicant, asks(ofApplicant, false)
	case step == stepAdopted:
		return &o.Person, asks(ofAdopted, o.same())
	case strings.HasPrefix(step, stepSubjects):
		i, _ := strconv.Atoi(strings.TrimPrefix(step, stepSubjects)) // at saw to it
		return &o.Subjects[i], asks(ofSubject, false)
	}
	return nil, nil
}

// parseOpening reads what a form carried. It comes from a browser and may be
// anything: what we would not have written is an Invalid fault.
func parseOpening(carried string) (opening, error) {
	broken := fault.New(fault.Invalid, "casework.new.broken")
	var o opening
	dec := json.NewDecoder(strings.NewReader(carried))
	dec.DisallowUnknownFields()
	if dec.Decode(&o) != nil {
		return opening{}, broken
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return opening{}, broken
	}
	if !agency.ValidID("ap", o.ID) || o.Adopted != "" && !agency.ValidID("ad", o.Adopted) || o.Intake != "" && !agency.ValidID("in", o.Intake) ||
		len(o.Subjects) < 1 || len(o.Subjects) > intermediary.MaxSubjects {
		return opening{}, broken
	}
	return o, nil
}

// fault tells what is wrong with one step alone, by the service's own rules as
// far as they can be known before the whole is there.
func (o *opening) fault(step string) error {
	if step == stepPair && o.Pair == "" {
		return fault.Field("pair", "fault.casework.pair")
	}
	p, names := o.whose(step)
	if p == nil {
		return nil
	}
	var faults []error
	if names[0] == "name" && strings.TrimSpace(p.Name+p.BirthName) == "" {
		faults = append(faults, fault.Field(step+".name", "fault.casework.name"))
	}
	for _, name := range []string{"born", "died", "orderDate"} {
		if !intermediary.IsDate(*place(p, name)) {
			faults = append(faults, fault.Field(step+"."+name+"-day", "fault.casework.date"))
		}
	}
	return errors.Join(faults...)
}

// openingPage is one of the pages.
type openingPage struct {
	page.Base
	Step    string
	Carried string
	Opening opening
	Number  int // of the subject, from 1
	Fields  []fieldView
	People  []checkView
	More    bool   // another person can be added
	Writer  string // the worker's account
	Again   bool   // it was typed before the session ended, and nothing was done by it
	Known   []knownView
}

// knownView is a record that may be of the adopted person of a new case.
type knownView struct {
	ID, Cases string
	Lines     []lineView
}

// knownRecords are those, for the worker to compare.
func (room Room) knownRecords(r *http.Request, n intermediary.NewCase) ([]knownView, error) {
	found, err := room.Cases.KnownRecords(r.Context(), room.Actor(r), n)
	if err != nil {
		return nil, err
	}
	base := room.Site.Base(r, "casework.new.check.title")
	var list []knownView
	for _, k := range found {
		list = append(list, knownView{ID: string(k.ID), Cases: strings.Join(k.References, ", "), Lines: particularsView(&base, stepAdopted, k.Particulars)})
	}
	return list, nil
}

// checkView is somebody on the page that checks.
type checkView struct {
	Step, Title string
	Lines       []lineView
}

// newCase shows the first page: for a new case, for one that a first enquiry
// becomes (?intake=…), or about somebody who has a record (?adopted=…).
func (room Room) newCase(w http.ResponseWriter, r *http.Request) error {
	actor := room.Actor(r)
	if err := actor.May(authz.OpenCase); err != nil {
		return err
	}
	query := page.Query(r)
	o := opening{ID: string(intermediary.NewApplicationID()), Adopted: query.Get("adopted"), Intake: query.Get("intake"), Subjects: make([]intermediary.Particulars, 1)}
	if o.Adopted != "" && !agency.ValidID("ad", o.Adopted) || o.Intake != "" && !agency.ValidID("in", o.Intake) {
		return notThere()
	}
	if o.Intake != "" {
		in, err := room.Cases.ReadIntake(r.Context(), actor, intermediary.IntakeID(o.Intake))
		if err != nil {
			return err
		}
		if in.Purpose != intermediary.PurposeSearch { // it becomes no case
			return page.SeeOther(w, r, "/intake/"+o.Intake)
		}
		o.from(in.Answers)
	}
	return room.showOpening(w, r, &openingPage{Step: stepPair, Opening: o}, nil)
}

// from takes over what somebody said in a first enquiry. Nothing of it is proved;
// the worker sees each of it again on its own page.
func (o *opening) from(a intermediary.Answers) {
	o.Applicant = intermediary.Particulars{Name: a.Name, Other: a.Others, Born: a.Born, Address: a.Address, Phone: a.Phone, Email: a.Email, Reach: a.Safe, Relation: a.Relation}
	o.Subjects[0].Known = a.Sought
	o.Person = intermediary.Particulars{BirthName: a.BirthName, Name: a.AdoptedName, Born: a.AdoptedBorn, Agency: a.AdoptedWhere}
	switch {
	case a.Who == intermediary.WhoAdopted && a.Looks == intermediary.WhoRelative:
		o.Pair = "AP>REL"
		o.Applicant.BirthName, o.Person.Name, o.Person.BirthName, o.Person.Born = a.BirthName, "", "", ""
	case a.Who == intermediary.WhoRelative && a.Looks == intermediary.WhoAdopted:
		o.Pair = "REL>AP"
		o.Subjects[0].Name, o.Subjects[0].BirthName, o.Subjects[0].Born = a.AdoptedName, a.BirthName, a.AdoptedBorn
		o.Person.Name, o.Person.BirthName, o.Person.Born = "", "", ""
	case a.Who == intermediary.WhoRelative && a.Looks == intermediary.WhoPrescribed:
		o.Pair = "REL>PR"
	case a.Who == intermediary.WhoPrescribed && a.Looks == intermediary.WhoRelative:
		o.Pair = "PR>REL"
	}
}

// openCase answers every button of these pages. Only the last one opens
// anything; the others give back what was typed.
func (room Room) openCase(w http.ResponseWriter, r *http.Request) error {
	if err := room.Actor(r).May(authz.OpenCase); err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	p, at, err := typedOpening(form)
	if err != nil {
		return err
	}
	do, which, _ := strings.Cut(form.Get("do"), ":")
	steps := p.Opening.steps()
	switch do {
	case "known": // the record that is there is of this person
		p.Opening.Adopted, p.Opening.Person = which, intermediary.Particulars{}
		return room.finishOpening(w, r, p)
	case "open", "distinct":
		p.Opening.Distinct = p.Opening.Distinct || do == "distinct"
		return room.finishOpening(w, r, p)
	case "back":
		p.Step = steps[max(at-1, 0)]
	case "to":
		if _, ok := p.Opening.at(which); ok {
			p.Step = which
		}
	case "add", "remove":
		p.resize(do)
	default:
		if err := p.Opening.fault(p.Step); err != nil {
			return room.showOpening(w, r, p, err)
		}
		p.Step = steps[min(at+1, len(steps)-1)]
	}
	return room.showOpening(w, r, p, nil)
}

// typedOpening is a case as far as the forms have it, and the place of the step
// that this one is.
func typedOpening(form page.Form) (p *openingPage, at int, err error) {
	o, err := parseOpening(form.Get("so-far"))
	if err != nil {
		return nil, 0, err
	}
	p = &openingPage{Step: form.Get("step"), Opening: o}
	at, ok := o.at(p.Step)
	if !ok {
		return nil, 0, fault.New(fault.Invalid, "casework.new.broken")
	}
	if p.Step == stepPair {
		p.Opening.Pair = form.Get("pair")
	}
	if who, names := p.Opening.whose(p.Step); who != nil {
		typeParticulars(form, p.Step, names, who)
		p.Opening.Distinct = false // it may be about somebody else now
	}
	return p, at, nil
}

// resize adds an empty person, or takes the last one away. One always stays.
func (p *openingPage) resize(do string) {
	o := &p.Opening
	if do == "add" && len(o.Subjects) < intermediary.MaxSubjects {
		o.Subjects = append(o.Subjects, intermediary.Particulars{})
		p.Step = stepSubjects + strconv.Itoa(len(o.Subjects)-1)
	}
	if do == "remove" && len(o.Subjects) > 1 {
		o.Subjects = o.Subjects[:len(o.Subjects)-1]
		p.Step = stepCheck
	}
}

// finishOpening opens the case. What is wrong sends the worker back to the page
// where it was typed.
func (room Room) finishOpening(w http.ResponseWriter, r *http.Request, p *openingPage) error {
	o := &p.Opening
	for _, step := range o.steps() {
		if err := o.fault(step); err != nil {
			p.Step = step
			return room.showOpening(w, r, p, err)
		}
	}
	n := intermediary.NewCase{ID: intermediary.ApplicationID(o.ID), Adopted: intermediary.AdoptedID(o.Adopted),
		AdoptedPerson: o.Person, Applicant: o.Applicant, Subjects: o.Subjects, Pair: o.Pair, Intake: o.Intake, Distinct: o.Distinct}
	id, err := room.Cases.OpenCase(r.Context(), room.Actor(r), n)
	if err == nil {
		return page.SeeOther(w, r, "/case/"+string(id)+"?done=new")
	}
	p.Step = stepCheck
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Message == "fault.casework.known" {
		if p.Known, err = room.knownRecords(r, n); err == nil {
			err = f
		}
	}
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Field != "" {
		for _, step := range o.steps() {
			if f.Field == step || strings.HasPrefix(f.Field, step+".") {
				p.Step = step
				err = onDays(err, dates(step)...)
			}
		}
	}
	return room.showOpening(w, r, p, err)
}

// showOpening shows the page of a step. An err that cannot be put right there is
// returned.
func (room Room) showOpening(w http.ResponseWriter, r *http.Request, p *openingPage, err error) error {
	title, number := p.Step, ""
	if i, ok := strings.CutPrefix(p.Step, stepSubjects); ok {
		title, number = ofSubject, i
	}
	p.Base, p.Writer = room.Site.Base(r, "casework.new."+title+".title"), room.Actor(r).Account()
	if p.Again {
		p.Notice = notYet(&p.Base)
	}
	status := http.StatusOK
	if err != nil {
		if !p.Refused(page.Form{}, err) {
			return err
		}
		status = statusOf(err)
	}
	carried, err := json.Marshal(p.Opening)
	if err != nil {
		return err
	}
	p.Carried = string(carried)
	if number != "" {
		i, _ := strconv.Atoi(number)
		p.Number = i + 1
	}
	o := &p.Opening
	p.More = o.Pair != "REL>AP" && len(o.Subjects) < intermediary.MaxSubjects
	if who, names := o.whose(p.Step); who != nil {
		p.Fields = viewsOf(p.Words, particularsFields(p.Step, names, *who))
	}
	switch p.Step {
	case stepPair:
		p.Fields = viewsOf(p.Words, []field{{kind: "choice", name: "pair", key: "casework.new.pair.which", options: intermediary.Pairs(), of: "casework.pair.", value: o.Pair}})
	case stepCheck:
		p.check()
	}
	return room.Site.Render(w, r, status, "casework/new", p)
}

// check lists what was typed about everybody.
func (p *openingPage) check() {
	o := &p.Opening
	for _, step := range o.steps() {
		who, _ := o.whose(step)
		if who == nil {
			continue
		}
		of := ofSubject
		if step == stepApplicant || step == stepAdopted {
			of = step
		}
		p.People = append(p.People, checkView{Step: step, Title: p.Words.T("casework.new." + of + ".title"), Lines: particularsView(&p.Base, of, *who)})
	}
}
