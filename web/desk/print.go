package desk

import (
	"net/http"

	"gatepost/letterbox"
	"gatepost/web/page"
)

// printPage is a letter to be printed and posted, on a sheet of its own, with
// the address on another.
type printPage struct {
	page.Base
	letterbox.Printed
	Sheet string // the letter's text
	Said  string // what was written down of its recording
	// The same in the recipients' own language, where they do not read it; with the lang of both.
	Translated     string
	Lang, IntoLang string
}

// printLetter shows a letter that was passed on. The service has the reading in
// the log before it gives the text.
func (room Room) printLetter(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	printed, err := room.Letters.PrintPassed(r.Context(), room.Actor(r), letterbox.LetterID(id))
	if err != nil {
		return err
	}
	p := &printPage{Base: room.Site.Base(r, "print.title"), Printed: printed, Sheet: string(printed.Text), Said: string(printed.Transcript),
		Translated: string(printed.Translation.Text), Lang: langOf(printed.Translation.Language), IntoLang: langOf(printed.Translation.Into)}
	p.Back = "/exchange/" + string(printed.Exchange)
	return room.Site.Render(w, r, http.StatusOK, "desk/print", p)
}

// posted writes down that a letter was posted. A second press finds it done.
func (room Room) posted(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	if err := room.Letters.MarkPosted(r.Context(), room.Actor(r), letterbox.LetterID(id)); err != nil {
		return err
	}
	return page.SeeOther(w, r, "/letter/"+id+"/print")
}

// readAloud writes down that this worker read a letter to somebody. A second press
// finds it done.
func (room Room) readAloud(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	if err := room.Letters.MarkReadAloud(r.Context(), room.Actor(r), letterbox.LetterID(id)); err != nil {
		return err
	}
	return page.SeeOther(w, r, "/letter/"+id+"/print")
}
