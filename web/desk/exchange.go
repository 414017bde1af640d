package desk

import (
	"net/http"

	"gatepost/internal/authz"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// exchangesPage is the list of exchanges.
type exchangesPage struct {
	page.Base
	Exchanges []letterbox.ExchangeLine
	MayOpen   bool
	MaySee    bool // families' names, and the page of an exchange
}

// exchanges lists the exchanges of the agency that this worker may see.
func (room Room) exchanges(w http.ResponseWriter, r *http.Request) error {
	actor := room.Actor(r)
	list, err := room.Letters.Exchanges(r.Context(), actor)
	if err != nil {
		return err
	}
	p := &exchangesPage{Base: room.Site.Base(r, "desk.exchanges.title"), Exchanges: list,
		MayOpen: actor.Can(authz.OpenExchange), MaySee: actor.Can(authz.SeeExchange)}
	p.Wide = true
	return room.Site.Render(w, r, http.StatusOK, "desk/exchanges", p)
}

// exchangePage is one exchange.
type exchangePage struct {
	page.Base
	Exchange letterbox.Exchange
	Sides    []sideView
	MayOpen  bool
}

// sideView is one side with what this worker may do about its people.
type sideView struct {
	letterbox.ExchangeSide
	People []personView
}

// personView is a person with what this worker may do about them.
type personView struct {
	letterbox.PersonLine
	MayInvite, MayConfirm, MayRecover bool
}

// exchange shows both sides with their names, what may be sent, the people and
// the history without text.
func (room Room) exchange(w http.ResponseWriter, r *http.Request) error {
	p, err := room.exchangePage(r, "desk.exchange.title")
	if err != nil {
		return err
	}
	if page.Query(r).Get("done") == "paper" {
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("paper.done")}
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/exchange", p)
}

// exchangePage loads an exchange for a page with the title.
func (room Room) exchangePage(r *http.Request, title string) (*exchangePage, error) {
	id, err := idOf(r, "ex")
	if err != nil {
		return nil, err
	}
	actor := room.Actor(r)
	x, err := room.Letters.Exchange(r.Context(), actor, letterbox.ExchangeID(id))
	if err != nil {
		return nil, err
	}
	p := &exchangePage{Base: room.Site.Base(r, title), Exchange: x, MayOpen: actor.Can(authz.OpenExchange)}
	p.Wide = true
	for _, side := range x.Sides {
		view := sideView{ExchangeSide: side}
		for _, person := range side.People {
			view.People = append(view.People, viewOf(actor, person))
		}
		p.Sides = append(p.Sides, view)
	}
	return p, nil
}

// viewOf says what a worker may do about a person: invite one who has not come
// in yet, confirm one who waits for a call.
func viewOf(actor authz.Actor, person letterbox.PersonLine) personView {
	return personView{
		PersonLine: person,
		MayInvite:  (person.State == "known" || person.State == "invited") && actor.Can(authz.InvitePerson),
		MayConfirm: person.State == "hold" && actor.Can(authz.ConfirmPerson),
		MayRecover: (person.State == "hold" || person.State == "active") && actor.Can(authz.Recover),
	}
}
