package casework

import (
	"errors"
	"net/http"
	"strings"

	"gatepost/intermediary"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/web/page"
)

// newRecordPage is the form on which a record is opened without a case.
type newRecordPage struct {
	page.Base
	ID     string // chosen once, so that two clicks open one record
	Intake string // of the enquiry that it comes from; "" for none
	Fields []fieldView
	Known  []knownView
	Writer string // the worker's account
}

// typedRecord is what a form sent, or what it begins with.
type typedRecord struct {
	intermediary.NewRecord
	err error
}

// newRecord asks who it is: with nothing, or with what an enquiry says (?intake=…).
func (room Room) newRecord(w http.ResponseWriter, r *http.Request) error {
	actor := room.Actor(r)
	if err := actor.May(authz.OpenCase); err != nil {
		return err
	}
	t := typedRecord{NewRecord: intermediary.NewRecord{ID: intermediary.NewAdoptedID(), Intake: page.Query(r).Get("intake")}}
	if t.Intake != "" {
		if !agency.ValidID("in", t.Intake) {
			return notThere()
		}
		in, err := room.Cases.ReadIntake(r.Context(), actor, intermediary.IntakeID(t.Intake))
		if err != nil {
			return err
		}
		t.Person = personFrom(in.Answers)
	}
	return room.showRecordForm(w, r, t, page.Form{})
}

// personFrom takes over what an enquiry says of the adopted person. Nothing of it is
// proved. Of a relative's it is what they know of the child.
func personFrom(a intermediary.Answers) intermediary.Particulars {
	if a.Who != intermediary.WhoAdopted || a.Behalf { // what else was asked is of whoever asks
		return intermediary.Particulars{Name: a.AdoptedName, BirthName: a.BirthName, Born: a.AdoptedBorn, Agency: line(a.AdoptedWhere)}
	}
	return intermediary.Particulars{Name: a.Name, BirthName: a.BirthName, Other: a.Others, Born: a.Born, Address: a.Address, Phone: a.Phone, Email: a.Email,
		Reach: a.Safe, Agency: line(a.AdoptedWhere)}
}

// line makes one line of what was told in several.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }

// recordTyped reads the form.
func recordTyped(form page.Form) (t typedRecord, err error) {
	t.ID, t.Intake = intermediary.AdoptedID(form.Get("id")), form.Get("intake")
	if !agency.ValidID("ad", string(t.ID)) || t.Intake != "" && !agency.ValidID("in", t.Intake) {
		return t, fault.New(fault.Invalid, "casework.new.broken")
	}
	typeParticulars(form, ofAdopted, asks(ofRecordItself, false), &t.Person)
	return t, nil
}

// openRecord opens it, or shows the records that may be of the same person; of an
// enquiry one of them may be what it becomes.
func (room Room) openRecord(w http.ResponseWriter, r *http.Request) error {
	if err := room.Actor(r).May(authz.OpenCase); err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	t, err := recordTyped(form)
	if err != nil {
		return err
	}
	n := t.NewRecord
	do, which, _ := strings.Cut(form.Get("do"), ":")
	switch do {
	case "known":
		n.Adopted = intermediary.AdoptedID(which)
	case "distinct":
		n.Distinct = true
	}
	id, err := room.Cases.OpenRecord(r.Context(), room.Actor(r), n)
	if err == nil {
		return page.SeeOther(w, r, "/record/"+string(id)+"?done=new")
	}
	t.err = onDays(err, dates(ofAdopted)...)
	return room.showRecordForm(w, r, t, form)
}

// showRecordForm shows the form, with the records that may be of the same person
// where the service asks for that. An err that cannot be put right there is returned.
func (room Room) showRecordForm(w http.ResponseWriter, r *http.Request, t typedRecord, form page.Form) error {
	p := &newRecordPage{Base: room.Site.Base(r, "onrecord.new.title"), ID: string(t.ID), Intake: t.Intake, Writer: room.Actor(r).Account()}
	p.Back = "/cases"
	if t.Intake != "" {
		p.Back = "/intake/" + t.Intake
	}
	p.Fields = viewsOf(p.Words, particularsFields(ofAdopted, asks(ofRecordItself, false), t.Person))
	status := http.StatusOK
	if t.err != nil {
		if !p.Refused(form, t.err) {
			return t.err
		}
		status = statusOf(t.err)
	}
	if f, ok := errors.AsType[*fault.Error](t.err); ok && f.Message == "fault.casework.known" {
		found, err := room.Cases.RecordsLike(r.Context(), room.Actor(r), t.Person)
		if err != nil {
			return err
		}
		for _, k := range found {
			p.Known = append(p.Known, knownView{ID: string(k.ID), Cases: strings.Join(k.References, ", "), Lines: particularsView(&p.Base, ofRecordItself, k.Particulars)})
		}
	}
	return room.Site.Render(w, r, status, "casework/record-new", p)
}

// recordFormAgain shows the form as it was typed before the session ended.
func (room Room) recordFormAgain(w http.ResponseWriter, r *http.Request, form page.Form) error {
	if err := room.Actor(r).May(authz.OpenCase); err != nil {
		return err
	}
	t, err := recordTyped(form)
	if err != nil {
		return err
	}
	p := &newRecordPage{Base: room.Site.Base(r, "onrecord.new.title"), ID: string(t.ID), Intake: t.Intake, Writer: room.Actor(r).Account()}
	p.Back, p.Form, p.Notice = "/cases", form, notYet(&p.Base)
	p.Fields = viewsOf(p.Words, particularsFields(ofAdopted, asks(ofRecordItself, false), t.Person))
	return room.Site.Render(w, r, http.StatusOK, "casework/record-new", p)
}
