package desk

import (
	"errors"
	"net/http"
	"slices"
	"unicode/utf8"

	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// returnPage asks why a letter goes back.
type returnPage struct {
	letterPage
	Reasons []page.Choice
	Max     int
}

// checkPage shows a return as its writer will see it, before it goes.
type checkPage struct {
	letterPage
	Answer returnAnswer
}

// returnAnswer is what a worker typed about a return.
type returnAnswer struct {
	Reason letterbox.ReturnReason
	Words  string // to the writer
	Note   string // for the file
}

// returnOf reads a return from its form. Its faults are those that keep the
// writer's view from being shown; the service decides about the rest.
func returnOf(form page.Form) (returnAnswer, error) {
	a := returnAnswer{letterbox.ReturnReason(form.Get("reason")), form.Get("words"), form.Get("note")}
	var faults []error
	if !slices.Contains(letterbox.ReturnReasons(), a.Reason) {
		faults = append(faults, fault.Field("reason", "desk.return.reasonNeeded"))
	}
	if utf8.RuneCountInString(a.Words) > letterbox.MaxReason {
		faults = append(faults, fault.Field("words", "desk.return.wordsLong"))
	}
	if utf8.RuneCountInString(a.Note) > letterbox.MaxReason {
		faults = append(faults, fault.Field("note", "desk.return.wordsLong"))
	}
	return a, errors.Join(faults...)
}

// askReturn shows the form for a return.
func (room Room) askReturn(w http.ResponseWriter, r *http.Request) error {
	return room.showReturn(w, r, page.Form{}, nil)
}

// Values of the button that sends the form of a return. Any other shows what the
// writer will see.
const (
	doAsk    = "ask"    // from the letter: show the form, with the note typed there
	doBack   = "back"   // to the letter, with the note typed here
	doChange = "change" // from what the writer will see: show the form again
	doSend   = "send"   // return the letter
)

// returnLetter goes between the letter, the form for a return and what the
// writer will see, and on the last press returns the letter. What was typed
// travels in the form between them all.
func (room Room) returnLetter(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	switch form.Get("do") {
	case doAsk:
		return room.showReturn(w, r, form, nil)
	case doBack:
		return room.showLetter(w, r, form)
	}
	answer, err := returnOf(form)
	if err != nil || form.Get("do") == doChange {
		return room.showReturn(w, r, form, err)
	}
	actor := room.Actor(r)
	if form.Get("do") != doSend {
		reading, err := room.Letters.Read(r.Context(), actor, letterbox.LetterID(id))
		if err != nil {
			return err
		}
		p := &checkPage{letterPage: letterPage{Base: room.Site.Base(r, "desk.check.title")}, Answer: answer}
		p.show(reading)
		return room.Site.Render(w, r, http.StatusOK, "desk/return-check", p)
	}
	err = room.Letters.Return(r.Context(), actor, letterbox.LetterID(id), answer.Reason, answer.Words, answer.Note)
	if err != nil {
		return room.showReturn(w, r, form, err)
	}
	return page.SeeOther(w, r, donePath(id, form))
}

// showReturn shows the form for a return with what was typed and why it was
// refused. An err that cannot be put right there is returned.
func (room Room) showReturn(w http.ResponseWriter, r *http.Request, form page.Form, err error) error {
	id, bad := idOf(r, "lt")
	if bad != nil {
		return bad
	}
	p := &returnPage{letterPage: letterPage{Base: room.Site.Base(r, "desk.return.title")}, Max: letterbox.MaxReason}
	p.Form = form
	status := http.StatusOK
	if err != nil {
		if !p.Refused(form, err) {
			return err
		}
		status = statusOf(err)
	}
	reading, gone := room.Letters.Read(r.Context(), room.Actor(r), letterbox.LetterID(id))
	if gone != nil {
		return gone // who may not read it is not told what was wrong with the form
	}
	p.show(reading)
	for _, reason := range letterbox.ReturnReasons() {
		p.Reasons = append(p.Reasons, page.Choice{
			Value: string(reason), Text: p.Words.T("desk.reason." + string(reason)),
			Hint: &page.Hint{Text: p.Words.T("reason." + string(reason))},
		})
	}
	return room.Site.Render(w, r, status, "desk/return", p)
}
