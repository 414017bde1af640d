package desk

import (
	"net/http"

	"gatepost/internal/authz"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// deskPage is what waits.
type deskPage struct {
	page.Base
	Letters []letterbox.DeskLine
	MayRead bool // may claim letters; a manager only sees them
}

// desk shows what waits, oldest first.
func (room Room) desk(w http.ResponseWriter, r *http.Request) error {
	actor := room.Actor(r)
	waits, err := room.Letters.Desk(r.Context(), actor)
	if err != nil {
		return err
	}
	p := &deskPage{Base: room.Site.Base(r, "desk.desk.title"), Letters: waits.Letters, MayRead: actor.Can(authz.Claim)}
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
