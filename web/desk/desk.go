package desk

import (
	"net/http"

	"gatepost/internal/authz"
	"gatepost/letterbox"
	"gatepost/web/page"
	"gatepost/web/words"
)

// deskPage is what waits.
type deskPage struct {
	page.Base
	Letters []deskLetter
}

// deskLetter is one letter with its sentences made: a desk may show hundreds,
// and a template makes a sentence at several times the cost.
type deskLetter struct {
	letterbox.DeskLine
	When   string // when it came, and by when the writer hears
	Note   string // who reads it, or why this worker does not; "" for nobody yet
	Button string // "" where this worker cannot take it
	Which  string // which letter the button is about, for a screen reader
}

func deskLetters(w *words.Words, lines []letterbox.DeskLine, mayRead bool) []deskLetter {
	list := make([]deskLetter, len(lines))
	for i, l := range lines {
		d := deskLetter{DeskLine: l, When: w.T("desk.desk.today")}
		if l.WorkDays > 0 {
			d.When = w.T("desk.desk.came", "Day", w.Date(l.SentOn)) + ", " + w.T("desk.desk.days", "Count", l.WorkDays) + "."
		}
		d.When += " " + w.T("desk.desk.hearBy", "Day", w.Day(l.HearBy))
		switch {
		case l.Connected:
			d.Note = w.T("desk.desk.connected")
		case l.Mine:
			d.Note = w.T("desk.desk.you", "Time", w.Moment(l.ClaimUntil))
		case l.ClaimedBy != "":
			d.Note = w.T("desk.desk.reading") + " " + l.ClaimedBy
		}
		if mayRead && !l.Connected && (l.Mine || l.ClaimedBy == "") {
			d.Button, d.Which = w.T("desk.desk.read"), w.T("desk.desk.readWhich", "Reference", l.Reference, "Day", w.Date(l.SentOn))
			if l.Mine {
				d.Button = w.T("desk.desk.goOn")
			}
		}
		list[i] = d
	}
	return list
}

// desk shows what waits, oldest first.
func (room Room) desk(w http.ResponseWriter, r *http.Request) error {
	actor := room.Actor(r)
	waits, err := room.Letters.Desk(r.Context(), actor)
	if err != nil {
		return err
	}
	p := &deskPage{Base: room.Site.Base(r, "desk.desk.title"), Letters: deskLetters(room.Site.Words(r), waits.Letters, actor.Can(authz.Claim))}
	p.Wide = true
	return room.Site.Render(w, r, http.StatusOK, "desk/desk", p)
}

// claim takes a letter to read it.
func (room Room) claim(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	if err := room.Letters.Claim(r.Context(), room.Actor(r), letterbox.LetterID(id)); err != nil {
		return err
	}
	return page.SeeOther(w, r, "/letter/"+id)
}

// release puts a letter back for somebody else to read.
func (room Room) release(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	if err := room.Letters.Release(r.Context(), room.Actor(r), letterbox.LetterID(id)); err != nil {
		return err
	}
	return page.SeeOther(w, r, "/desk")
}
