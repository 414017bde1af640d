package desk

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// answerPage asks why a letter goes back to its writer, or is refused.
type answerPage struct {
	letterPage
	Act     string // "return" or "refuse": its words and its address
	Reasons []page.Choice
}

// checkPage shows an answer as its writer will see it, before it goes.
type checkPage struct {
	letterPage
	Act    string
	Answer answer
}

// answer is what a worker typed to a writer.
type answer struct {
	Reason letterbox.ReturnReason
	Told   string // its sentence
	Words  string // to the writer
	Note   string // for the file
	Said   []letterbox.Answer
}

// answerOf reads an answer from its form; needed is what is said where no reason
// was chosen. Its faults are those that keep the
// writer's view from being shown; the service decides about the rest.
func answerOf(reasons letterbox.Reasons, form page.Form, needed string) (answer, error) {
	reason, ok := reasons.Find(letterbox.LetterReasons, form.Get("reason"))
	a := answer{letterbox.ReturnReason(reason.ID), reason.Words, form.Get("words"), form.Get("note"), answersOf(form)}
	var faults []error
	if !ok {
		faults = append(faults, fault.Field("reason", needed))
	}
	if utf8.RuneCountInString(a.Words) > letterbox.MaxReason {
		faults = append(faults, fault.Field("words", "desk.return.wordsLong"))
	}
	if utf8.RuneCountInString(a.Note) > letterbox.MaxReason {
		faults = append(faults, fault.Field("note", "desk.return.wordsLong"))
	}
	return a, errors.Join(faults...)
}

// reasonsOf are the reasons of a list as a form offers them: the sentences that
// the writer will see.
func reasonsOf(reasons letterbox.Reasons, list string) (choices []page.Choice) {
	for _, reason := range reasons.Offered(list) {
		choices = append(choices, page.Choice{Value: reason.ID, Text: reason.Words})
	}
	return choices
}

// kinder puts the suggested kinder wording of the chosen reason below the words
// that were typed, once; needed is what is said where no reason was chosen.
func kinder(reasons letterbox.Reasons, form page.Form, needed string) (page.Form, error) {
	reason, ok := reasons.Find(letterbox.LetterReasons, form.Get("reason"))
	if !ok {
		return form, fault.Field("reason", needed)
	}
	typed, suggested := form.Get("words"), reason.Kinder
	switch {
	case suggested == "" || strings.Contains(typed, suggested):
		return form, nil
	case strings.TrimSpace(typed) == "":
		return form.With("words", suggested), nil
	}
	return form.With("words", strings.TrimRight(typed, "\n ")+"\n\n"+suggested), nil
}

// Values of the button that sends the form of an act. Any other does the act,
// or shows what the writer will see before an answer is sent.
const (
	doAsk    = "ask"    // from the letter: show the form, with the note typed there
	doBack   = "back"   // to the letter, with what was typed here
	doChange = "change" // from what the writer will see: show the form again
	doSend   = "send"   // send the answer
	doKinder = "kinder" // put the suggested kinder wording of the chosen reason into the words
)

// answering is the pages of an act that tells the writer a reason: the form,
// what the writer will see, and the act.
type answering struct {
	room   Room
	act    string
	needed string // the key of what is said where no reason was chosen
	send   func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, a answer) error
}

// returning is the pages that return a letter to its writer, who can write it
// again.
func (room Room) returning() answering {
	return answering{room, "return", "desk.return.reasonNeeded", func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, a answer) error {
		return room.Letters.Return(ctx, actor, id, a.Reason, a.Words, a.Note, a.Said...)
	}}
}

// ask shows the form with nothing in it.
func (a answering) ask(w http.ResponseWriter, r *http.Request) error {
	return a.show(w, r, page.Form{}, nil)
}

// post goes between the letter, the form and what the writer will see, and on
// the last press sends the answer. What was typed travels in the form between
// them all.
func (a answering) post(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	switch form.Get("do") {
	case doAsk:
		return a.show(w, r, form, nil)
	case doBack:
		return a.room.showLetter(w, r, form, nil)
	}
	reasons, err := a.room.Letters.Reasons(r.Context(), a.room.Actor(r))
	if err != nil {
		return err
	}
	if form.Get("do") == doKinder {
		fuller, err := kinder(reasons, form, a.needed)
		return a.show(w, r, fuller, err)
	}
	typed, err := answerOf(reasons, form, a.needed)
	if err != nil || form.Get("do") == doChange {
		return a.show(w, r, form, err)
	}
	if form.Get("do") != doSend {
		return a.check(w, r, form, typed)
	}
	return a.room.decide(w, r, func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, _ page.Form) error {
		return a.send(ctx, actor, id, typed)
	}, a.show)
}

// show shows the form with what was typed and why it was refused. An err that
// cannot be put right there is returned.
func (a answering) show(w http.ResponseWriter, r *http.Request, form page.Form, refused error) error {
	p := &answerPage{letterPage: a.room.letterPage(r, "desk.answer.title."+a.act), Act: a.act}
	p.Carried = carry(form, "reason", "words", "note")
	status, err := a.room.fill(r, &p.letterPage, form, refused)
	if err != nil {
		return err
	}
	reasons, err := a.room.Letters.Reasons(r.Context(), a.room.Actor(r))
	if err != nil {
		return err
	}
	p.Reasons = reasonsOf(reasons, letterbox.LetterReasons)
	return a.room.Site.Render(w, r, status, "desk/return", p)
}

// check shows what the writer will see. Nothing is sent yet.
func (a answering) check(w http.ResponseWriter, r *http.Request, form page.Form, typed answer) error {
	p := &checkPage{letterPage: a.room.letterPage(r, "desk.answer.check."+a.act), Act: a.act, Answer: typed}
	p.Carried = carry(form)
	if _, err := a.room.fill(r, &p.letterPage, form, nil); err != nil {
		return err
	}
	return a.room.Site.Render(w, r, http.StatusOK, "desk/return-check", p)
}
