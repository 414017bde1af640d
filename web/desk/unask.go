package desk

import (
	"net/http"

	"gatepost/internal/authz"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// unaskPage asks whether what a writer was asked is taken back.
type unaskPage struct {
	page.Base
	Letter letterbox.DeskLine
	Max    int
}

func (room Room) unaskPage(r *http.Request) (*unaskPage, error) {
	id, err := idOf(r, "lt")
	if err != nil {
		return nil, err
	}
	actor := room.Actor(r)
	line, err := room.Letters.AskedWriter(r.Context(), actor, letterbox.LetterID(id))
	if err != nil {
		return nil, err
	}
	p := &unaskPage{Base: room.Site.Base(r, "proposal.unask.title"), Letter: line, Max: letterbox.MaxReason}
	if p.Back = "/exchange/" + string(line.Exchange); !actor.Can(authz.SeeExchange) {
		p.Back = "/breaches"
	}
	return p, nil
}

// askUnask shows the question.
func (room Room) askUnask(w http.ResponseWriter, r *http.Request) error {
	p, err := room.unaskPage(r)
	if err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/unask", p)
}

// unask takes it back, and goes to where the letter stands now: the desk, or what
// waits long, for who sees no desk of their own.
func (room Room) unask(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	err = room.Letters.TakeBackProposal(r.Context(), room.Actor(r), letterbox.LetterID(id), form.Get("note"))
	if err == nil {
		if room.Actor(r).Can(authz.Claim) {
			return page.SeeOther(w, r, "/desk")
		}
		return page.SeeOther(w, r, "/breaches?done=unasked")
	}
	p, gone := room.unaskPage(r)
	if gone != nil || !p.Refused(form, err) {
		return err
	}
	return room.Site.Render(w, r, statusOf(err), "desk/unask", p)
}
