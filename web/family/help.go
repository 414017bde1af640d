package family

import (
	"errors"
	"net/http"
	"time"

	"gatepost/letterbox"
	"gatepost/web/page"
)

// helpPage asks before a worker is asked to write or read a letter with somebody.
type helpPage struct {
	page.Base
	Side   letterbox.SideID
	Kind   string // "write" or "read": its words
	Action string
	HearBy time.Time // for what is asked today
}

// helping is the page on which somebody asks a worker to write a letter with
// them, or to read one to them. What is asked is a message like any other, in
// words that are always the same: that somebody cannot read is sealed too.
type helping struct {
	room Room
	kind string
}

// Where help is asked for, below a side.
const (
	writeWithMe = "/write-with-me"
	readToMe    = "/read-to-me"
)

func (room Room) writeWithMe() helping { return helping{room, "write"} }
func (room Room) readToMe() helping    { return helping{room, "read"} }

func (h helping) page(r *http.Request, side letterbox.SideID) (*helpPage, error) {
	if _, err := h.room.Letters.Side(r.Context(), h.room.Actor(r), side); err != nil {
		return nil, err
	}
	p := &helpPage{Base: h.room.Site.Base(r, "family.help.title."+h.kind), Side: side, Kind: h.kind, HearBy: h.room.Site.Promised(letterbox.MessagePromise)}
	p.Back, p.Action = "/side/"+string(side), p.Path
	return p, nil
}

// show says what happens before it is asked for.
func (h helping) show(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "sd")
	if err != nil {
		return err
	}
	p, err := h.page(r, letterbox.SideID(id))
	if err != nil {
		return err
	}
	return h.room.Site.Render(w, r, http.StatusOK, "family/help", p)
}

// ask tells the agency, and goes to what was told, with the day of the answer.
// Asked again before anybody has answered that day, it is asked once.
func (h helping) ask(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "sd")
	if err != nil {
		return err
	}
	_, err = h.room.Letters.Tell(r.Context(), h.room.Actor(r), letterbox.SideID(id), h.room.Site.Words(r).T("family.help.say."+h.kind))
	if err == nil {
		return page.SeeOther(w, r, "/side/"+id+"/messages?said=told")
	}
	p, shown := h.page(r, letterbox.SideID(id))
	if shown != nil {
		return errors.Join(err, shown)
	}
	if !p.Refused(page.Form{}, err) {
		return err
	}
	return h.room.Site.Render(w, r, http.StatusConflict, "family/help", p)
}
