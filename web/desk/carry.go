package desk

import (
	"net/http"

	"gatepost/web/page"
)

// Fields of the forms in which a worker types much.
const (
	textField     = "text"     // a letter on paper, or an answer
	writerField   = "writer"   // the account that the page was made for
	exchangeField = "exchange" // of a letter on paper
	messageField  = "message"  // of an answer: what it answers
	taskField     = "task"     // of a translation: of which letter
	ownField      = "own"      // of a translation by the worker who has the letter: of which one
	helpersField  = "helpers"  // of a letter on paper: the colleagues who helped to write it
)

// Texts names the field of a letter on paper, of an answer to a message, and of a
// translation.
func Texts() []string { return []string{textField} }

// Carried names the fields that travel beside it through the sign-in page, for
// Carry. A file does not: no browser sends one back.
func Carried() []string {
	return []string{writerField, exchangeField, messageField, taskField, ownField, "translator", "reason", "words", "letter", "author", "helping", "came-day", "came-month", "came-year"}
}

// Several names those that may come several times and travel like Carried: who is
// ticked as having helped may not decide, and so must not be lost.
func Several() []string { return []string{helpersField} }

// Carry shows a letter on paper, an answer, or a translation again that was posted after the
// session of whoever typed it had ended, once they have signed in. Nothing is
// kept by it. Somebody else's is dropped, and that is said.
func (room Room) Carry(w http.ResponseWriter, r *http.Request, form page.Form) error {
	if form.Get(writerField) != room.Actor(r).Account() {
		return page.SeeOther(w, r, "/desk?said=dropped")
	}
	if form.Has(messageField) {
		r.SetPathValue("id", form.Get(messageField))
		return room.showMessage(w, r, form, nil)
	}
	if form.Has(taskField) {
		r.SetPathValue("id", form.Get(taskField))
		return room.showTask(w, r, form, nil)
	}
	if form.Has(ownField) {
		r.SetPathValue("id", form.Get(ownField))
		return room.translating().show(w, r, form, nil)
	}
	r.SetPathValue("id", form.Get(exchangeField))
	return room.showPaper(w, r, form, nil)
}
