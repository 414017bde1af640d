package desk

import (
	"net/http"
	"slices"

	"gatepost/internal/authz"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// recording is the table of the pages on which a record is destroyed: a records
// officer orders it, a manager agrees a day later. A reference is posted, so
// that none stands in an address.
func (room Room) recording() []page.Route {
	get := func(pattern, name string, h page.HandlerFunc) page.Route {
		return page.Route{Method: http.MethodGet, Pattern: pattern, Who: page.SignedIn, Page: name, Handler: h}
	}
	post := func(pattern string, body int64, h page.HandlerFunc, keep ...string) page.Route {
		return page.Route{Method: http.MethodPost, Pattern: pattern, Who: page.SignedIn, Body: body, Keep: keep, Handler: h}
	}
	return []page.Route{
		get("/records", "desk/records", room.records),
		get("/records/new", "desk/records-new", room.askDestruction),
		post("/records/new", noteBody, room.orderDestruction, "reason"),
		get("/records/{id}/agree", "desk/records-agree", room.askRecord("agree")),
		post("/records/{id}/agree", page.SmallBody, room.agreeDestruction),
		get("/records/{id}/stop", "desk/records-stop", room.askRecord("stop")),
		post("/records/{id}/stop", page.SmallBody, room.stopDestruction),
	}
}

// recordsPage is what was ordered to be destroyed, and what became of it.
type recordsPage struct {
	page.Base
	Destructions []letterbox.Destruction
	MayOrder     bool
}

func (room Room) records(w http.ResponseWriter, r *http.Request) error {
	actor := room.Actor(r)
	list, err := room.Letters.Destructions(r.Context(), actor)
	if err != nil {
		return err
	}
	p := &recordsPage{Base: room.Site.Base(r, "records.title"), Destructions: list, MayOrder: actor.Can(authz.OrderDestruction)}
	if did := page.Query(r).Get("done"); slices.Contains([]string{"ordered", "destroyed", "stopped"}, did) {
		removing := func(d letterbox.Destruction) bool { return d.State == "removing" }
		if did == "destroyed" && slices.ContainsFunc(list, removing) {
			did = "removing" // nothing is called done before it is
		}
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("records.did." + did)}
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/records", p)
}

// destructionPage asks which exchange, on which ground, and why.
type destructionPage struct {
	page.Base
	Grounds []page.Choice
}

// destructionPage offers the ground on which something can be ordered. The
// other one of the list needs a date that is not on record.
func (room Room) destructionPage(r *http.Request) (*destructionPage, error) {
	if err := room.Actor(r).May(authz.OrderDestruction); err != nil {
		return nil, err
	}
	p := &destructionPage{Base: room.Site.Base(r, "records.order.title")}
	p.Back = "/records"
	for _, ground := range letterbox.DestructionGrounds() {
		p.Grounds = append(p.Grounds, page.Choice{Value: ground, Text: p.Words.T("records.ground." + ground)})
	}
	return p, nil
}

func (room Room) askDestruction(w http.ResponseWriter, r *http.Request) error {
	p, err := room.destructionPage(r)
	if err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/records-new", p)
}

// orderDestruction orders it; nothing is destroyed until somebody else agrees.
func (room Room) orderDestruction(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	p, err := room.destructionPage(r)
	if err != nil {
		return err
	}
	_, err = room.Letters.OrderDestruction(r.Context(), room.Actor(r),
		letterbox.NewDestruction{Reference: form.Get("reference"), Ground: form.Get("ground"), Reason: form.Get("reason")}, form.Get("code"))
	if err == nil {
		return page.SeeOther(w, r, "/records?done=ordered")
	}
	if !p.Refused(form.With("code", ""), err) {
		return err
	}
	return room.Site.Render(w, r, statusOf(err), "desk/records-new", p)
}

// recordPage is one order, for the two things that can be done about it.
type recordPage struct {
	page.Base
	letterbox.Destruction
}

// recordPage finds an order about which this worker may do that now. Any other
// is not there.
func (room Room) recordPage(r *http.Request, step string) (*recordPage, error) {
	id, err := idOf(r, "ds")
	if err != nil {
		return nil, err
	}
	list, err := room.Letters.Destructions(r.Context(), room.Actor(r))
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(d letterbox.Destruction) bool {
		return d.ID == id && (step == "agree" && d.CanAgree || step == "stop" && d.CanStop)
	})
	if i < 0 {
		return nil, notThere()
	}
	p := &recordPage{Base: room.Site.Base(r, "records."+step+".title"), Destruction: list[i]}
	p.Back = "/records"
	return p, nil
}

func (room Room) askRecord(step string) page.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		p, err := room.recordPage(r, step)
		if err != nil {
			return err
		}
		return room.Site.Render(w, r, http.StatusOK, "desk/records-"+step, p)
	}
}

// agreeDestruction is the second person's word, and destroys.
func (room Room) agreeDestruction(w http.ResponseWriter, r *http.Request) error {
	return room.takeRecord(w, r, "agree", "destroyed", func(p *recordPage, form page.Form) error {
		return room.Letters.AgreeDestruction(r.Context(), room.Actor(r), p.ID, form.Get("code"))
	})
}

// stopDestruction calls an order off.
func (room Room) stopDestruction(w http.ResponseWriter, r *http.Request) error {
	return room.takeRecord(w, r, "stop", "stopped", func(p *recordPage, _ page.Form) error {
		return room.Letters.StopDestruction(r.Context(), room.Actor(r), p.ID)
	})
}

// takeRecord does a step and goes back to the list, or shows the page again.
func (room Room) takeRecord(w http.ResponseWriter, r *http.Request, step, done string, do func(p *recordPage, form page.Form) error) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	p, err := room.recordPage(r, step)
	if err != nil {
		return err
	}
	if err = do(p, form); err == nil {
		return page.SeeOther(w, r, "/records?done="+done)
	}
	if !p.Refused(form.With("code", ""), err) {
		return err
	}
	return room.Site.Render(w, r, statusOf(err), "desk/records-"+step, p)
}
