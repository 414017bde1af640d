package desk

import (
	"net/http"

	"gatepost/internal/authz"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// searchPage asks for a name and shows who has it. The name is posted and never
// stands in an address, which browsers keep and proxies log.
type searchPage struct {
	page.Base
	Asked bool
	More  bool // there may be more than are shown
	Found []foundView
	// MayOpen says that this worker may open an exchange, and so add people.
	MayOpen bool
}

// foundView is a person found.
type foundView struct {
	personView
	Book      string
	Exchanges []letterbox.ExchangeLine
}

// askSearch shows the form.
func (room Room) askSearch(w http.ResponseWriter, r *http.Request) error {
	if err := room.Actor(r).May(authz.SearchDirectory); err != nil {
		return err
	}
	p := &searchPage{Base: room.Site.Base(r, "desk.search.title")}
	return room.Site.Render(w, r, http.StatusOK, "desk/search", p)
}

// search shows who is found. It answers the POST itself: a redirect would have
// to carry the name.
func (room Room) search(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	actor := room.Actor(r)
	p := &searchPage{Base: room.Site.Base(r, "desk.search.title")}
	found, err := room.Letters.Search(r.Context(), actor, form.Get("name"))
	if p.Refused(form, err) {
		return room.Site.Render(w, r, statusOf(err), "desk/search", p)
	}
	if err != nil {
		return err
	}
	p.MayOpen = actor.Can(authz.OpenExchange)
	p.Form, p.Asked, p.More = form, true, len(found) == letterbox.MaxFound
	for _, f := range found {
		p.Found = append(p.Found, foundView{viewOf(actor, f.PersonLine), f.Book, f.Exchanges})
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/search", p)
}
