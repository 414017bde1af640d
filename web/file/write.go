package file

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"gatepost/intermediary"
	"gatepost/internal/agency"
	"gatepost/internal/fault"
	"gatepost/web/page"
)

// The fields of a form with somebody's own words.
const (
	wordsField  = "words"
	fileField   = "file"
	ofField     = "of" // what the words are about: "tell", "service", "" or the id of a letter
	writerField = "writer"
)

// Texts names the fields of these pages that hold a person's own words.
func Texts() []string { return []string{wordsField} }

// Carried names the fields that travel beside them through the sign-in page, for
// Carry.
func Carried() []string { return append([]string{fileField, ofField, writerField}, marks()...) }

// marks are the questions about the service, each with an answer from 1 to 5.
func marks() []string { return []string{"listened", "explained", "respected"} }

// The two of ofField that are no decision.
const (
	ofTell    = "tell"
	ofService = "service"
)

// wordsPage takes somebody's own words.
type wordsPage struct {
	page.Base
	File   intermediary.FileID
	Of     string
	Writer string
	HearBy time.Time // for what is told today
	Marks  []page.Radios
}

func (room Room) askTell(w http.ResponseWriter, r *http.Request) error { return room.ask(w, r, ofTell) }
func (room Room) askService(w http.ResponseWriter, r *http.Request) error {
	return room.ask(w, r, ofService)
}

func (room Room) askSay(w http.ResponseWriter, r *http.Request) error {
	of := page.Query(r).Get(ofField)
	if of != "" && !agency.ValidID("cm", of) {
		return notThere()
	}
	return room.ask(w, r, of)
}

func (room Room) ask(w http.ResponseWriter, r *http.Request, of string) error {
	id, err := idOf(r)
	if err != nil {
		return err
	}
	p, name, err := room.wordsPage(r, id, of, page.Form{})
	if err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, name, p)
}

// wordsPage makes the page of one of the forms, for whoever has the file, and
// gives its name.
func (room Room) wordsPage(r *http.Request, id intermediary.FileID, of string, form page.Form) (*wordsPage, string, error) {
	actor := room.Actor(r)
	own, err := room.Cases.File(r.Context(), actor, id)
	if err != nil {
		return nil, "", err
	}
	name := "say"
	if of == ofTell || of == ofService {
		name = of
	}
	p := &wordsPage{Base: room.Site.Base(r, "file."+name+".title"), File: id, Of: of, Writer: actor.Account()}
	p.HearBy = room.Site.Promised(intermediary.MessagePromise)
	p.Back, p.Exit, p.Form = "/file/"+string(id), true, form
	if of == ofService {
		if own.Told == intermediary.ToldInProgress {
			return nil, "", fault.New(fault.Conflict, "fault.file.goesOn")
		}
		for _, m := range marks() {
			p.Marks = append(p.Marks, room.markOf(p, m))
		}
	}
	return p, "file/" + name, nil
}

// markOf is one question about the service.
func (room Room) markOf(p *wordsPage, name string) page.Radios {
	legend := &page.Legend{Text: p.Words.T("file.service." + name), Classes: "govuk-fieldset__legend--s"}
	q := page.Radios{Name: name, Classes: "govuk-radios--small", Fieldset: &page.Fieldset{Legend: legend}}
	for i := 5; i >= 1; i-- {
		q.Items = append(q.Items, page.Choice{Value: strconv.Itoa(i), Text: p.Words.T("file.service.mark." + strconv.Itoa(i))})
	}
	return q
}

func (room Room) tell(w http.ResponseWriter, r *http.Request) error {
	return room.take(w, r, func(id intermediary.FileID, form page.Form) (string, string, error) {
		_, err := room.Cases.Tell(r.Context(), room.Actor(r), id, form.Get(wordsField))
		return ofTell, "/file/" + string(id) + "/messages?said=told", err
	})
}

func (room Room) say(w http.ResponseWriter, r *http.Request) error {
	return room.take(w, r, func(id intermediary.FileID, form page.Form) (string, string, error) {
		of := form.Get(ofField)
		err := room.Cases.SayView(r.Context(), room.Actor(r), id, of, form.Get(wordsField))
		if of == "" {
			return of, "/file/" + string(id) + "?said=view", err
		}
		return of, "/file/" + string(id) + "/letter/" + of + "?said=view", err
	})
}

func (room Room) service(w http.ResponseWriter, r *http.Request) error {
	return room.take(w, r, func(id intermediary.FileID, form page.Form) (string, string, error) {
		m := intermediary.Marks{Listened: numberOf(form, "listened"), Explained: numberOf(form, "explained"), Respected: numberOf(form, "respected")}
		err := room.Cases.GiveFeedback(r.Context(), room.Actor(r), id, m, form.Get(wordsField))
		return ofService, "/file/" + string(id) + "?said=service", err
	})
}

// numberOf reads a mark: 0 for a question that was left out, -1 for no mark.
func numberOf(form page.Form, field string) int {
	text := form.Get(field)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}

// take does what a form asks, and goes where it says, or shows the form again
// with what was typed.
func (room Room) take(w http.ResponseWriter, r *http.Request, do func(intermediary.FileID, page.Form) (of, to string, err error)) error {
	id, err := idOf(r)
	if err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	of, to, err := do(id, form)
	if err == nil {
		return page.SeeOther(w, r, to)
	}
	p, name, shown := room.wordsPage(r, id, of, form)
	if shown != nil {
		return errors.Join(err, shown)
	}
	if !p.Refused(form, besideWords(err)) {
		return err
	}
	return room.Site.Render(w, r, http.StatusUnprocessableEntity, name, p)
}

// besideWords puts what the service says of a text beside the field of the form.
func besideWords(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind == fault.Invalid && f.Field == "text" {
		return fault.Field(wordsField, f.Message)
	}
	return err
}

// Carry shows again what was typed when a session had ended, once its writer
// has signed in. It was not sent. Somebody else's is dropped, and that is said.
func (room Room) Carry(w http.ResponseWriter, r *http.Request, form page.Form) error {
	if form.Get(writerField) != room.Actor(r).Account() {
		return page.SeeOther(w, r, Home+"?said=dropped")
	}
	of := form.Get(ofField)
	if of != "" && of != ofTell && of != ofService && !agency.ValidID("cm", of) {
		return notThere()
	}
	p, name, err := room.wordsPage(r, intermediary.FileID(form.Get(fileField)), of, form)
	if err != nil {
		return err
	}
	p.Notice = &page.NotificationBanner{Text: p.Words.T("file.kept")}
	return room.Site.Render(w, r, http.StatusOK, name, p)
}

// Carries tells whether a form that came when a session had ended is of these
// pages.
func Carries(form page.Form) bool { return form.Has(wordsField) }
