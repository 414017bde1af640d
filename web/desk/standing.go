package desk

import (
	"cmp"
	"net/http"
	"strconv"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// standingPage asks how an exchange stands, or who may open it. It shows no
// name of a family: a manager who is not named for a restricted exchange has
// these pages, too.
type standingPage struct {
	page.Base
	Exchange    letterbox.Restriction
	Place       letterbox.Place // the side that is asked about, if it is one
	Action      string          // where the form goes
	Back        string
	States      []page.Choice
	Colleagues  []page.Choice // who could be named
	Everybody   []page.Choice // they, and who is named
	Known       []letterbox.NamedWorker
	Others      []page.Choice // of whom it could be said that they know the family
	MayRestrict bool
	MaxDelay    int
	Readers     []page.Choice // whose letters two workers read
}

// standingForm is one form of these pages: its template, its title, and what it
// does.
type standingForm struct {
	room        Room
	name, title string
	do          func(r *http.Request, p *standingPage, form page.Form) error
}

func (room Room) stateForm() standingForm {
	return standingForm{room, "exchange-state", "desk.exchange.set.title", func(r *http.Request, p *standingPage, form page.Form) error {
		return room.Letters.SetState(r.Context(), room.Actor(r), p.Exchange.ID, form.Get("state"), form.Get("note"))
	}}
}

func (room Room) sideForm() standingForm {
	return standingForm{room, "exchange-state", "desk.exchange.setSide.title", func(r *http.Request, p *standingPage, form page.Form) error {
		return room.Letters.SetSide(r.Context(), room.Actor(r), p.Place.ID, form.Get("state"), form.Get("note"))
	}}
}

func (room Room) delayForm() standingForm {
	return standingForm{room, "exchange-delay", "desk.exchange.delay.title", func(r *http.Request, p *standingPage, form page.Form) error {
		days, err := strconv.Atoi(form.Get("days"))
		if err != nil {
			return fault.Field("days", "fault.exchange.delay")
		}
		return room.Letters.SetDelay(r.Context(), room.Actor(r), p.Exchange.ID, days)
	}}
}

// readersForm asks whose letters two workers read.
func (room Room) readersForm() standingForm {
	return standingForm{room, "exchange-readers", "desk.exchange.readers.title", func(r *http.Request, p *standingPage, form page.Form) error {
		return room.Letters.SetSecondReader(r.Context(), room.Actor(r), p.Exchange.ID, form.Get("readers"))
	}}
}

// orderForm asks what a court has said about contact.
func (room Room) orderForm() standingForm {
	return standingForm{room, "exchange-order", "desk.exchange.order.title", func(r *http.Request, p *standingPage, form page.Form) error {
		return room.Letters.SetContactOrder(r.Context(), room.Actor(r), p.Exchange.ID, form.Get("order"), form.Get("note"))
	}}
}

// namedForm is the page of who may open an exchange, without an act: each of its
// forms goes to an address of its own.
func (room Room) namedForm(do func(r *http.Request, p *standingPage, form page.Form) error) standingForm {
	return standingForm{room, "exchange-named", "desk.exchange.named.title", do}
}

func (room Room) restrict() standingForm {
	return room.namedForm(func(r *http.Request, p *standingPage, form page.Form) error {
		return room.Letters.Restrict(r.Context(), room.Actor(r), p.Exchange.ID, form.All("workers"), form.Get("code"))
	})
}

func (room Room) nameWorker() standingForm {
	return room.namedForm(func(r *http.Request, p *standingPage, form page.Form) error {
		return room.Letters.Name(r.Context(), room.Actor(r), p.Exchange.ID, form.Get("workers"), form.Get("code"))
	})
}

func (room Room) unnameWorker() standingForm {
	return room.namedForm(func(r *http.Request, p *standingPage, form page.Form) error {
		return room.Letters.Unname(r.Context(), room.Actor(r), p.Exchange.ID, form.Get("workers"), form.Get("code"))
	})
}

// connection asks a worker who knows the family whether to say so. It cannot be
// taken back here.
func (room Room) connection() standingForm {
	return standingForm{room, "connect", "desk.connect.title", func(r *http.Request, p *standingPage, _ page.Form) error {
		return room.Letters.Connect(r.Context(), room.Actor(r), p.Exchange.ID)
	}}
}

// colleague asks a manager which colleague knows the family.
func (room Room) colleague() standingForm {
	return standingForm{room, "exchange-colleague", "desk.colleague.title", func(r *http.Request, p *standingPage, form page.Form) error {
		return room.Letters.ConnectColleague(r.Context(), room.Actor(r), p.Exchange.ID, form.Get("worker"), form.Get("code"))
	}}
}

// ask shows the form as things stand.
func (f standingForm) ask(w http.ResponseWriter, r *http.Request) error {
	p, err := f.load(r)
	if err != nil {
		return err
	}
	state := p.Exchange.State
	if p.Place.ID != "" {
		state = p.Place.State
	}
	p.Form = p.Form.With("state", state).With("days", strconv.Itoa(p.Exchange.DelayDays)).With("readers", p.Exchange.SecondReader).With("order", p.Exchange.ContactOrder).With("photos", p.Place.Photos)
	p.Form = p.Form.With("recordings", p.Place.Recordings).With("language", p.Place.Language)
	return f.room.Site.Render(w, r, http.StatusOK, "desk/"+f.name, p)
}

// post does what was asked, and goes back to the exchange. What was typed comes
// back with what is wrong about it; a code is used up.
func (f standingForm) post(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	p, err := f.load(r)
	if err != nil {
		return err
	}
	if err := f.closed(p); err != nil {
		return err
	}
	if err = f.do(r, p, form); err == nil {
		return page.SeeOther(w, r, p.Back)
	}
	if !p.Refused(form.With("code", ""), err) {
		return err
	}
	return f.room.Site.Render(w, r, statusOf(err), "desk/"+f.name, p)
}

// closed is the answer to a form that the page does not show to this worker.
// Whoever may not do it at all hears so from the service.
func (f standingForm) closed(p *standingPage) error {
	switch {
	case f.name == "connect", f.name == "exchange-colleague", f.name == "exchange-named" && !p.MayRestrict:
		return nil
	case p.Exchange.Connected:
		return fault.New(fault.Forbidden, "fault.letter.connected")
	case p.Exchange.Closed:
		return fault.New(fault.Forbidden, "fault.exchange.restricted")
	}
	return nil
}

// load reads how an exchange stands, or the one of the side in the path.
func (f standingForm) load(r *http.Request) (*standingPage, error) {
	actor := f.room.Actor(r)
	p := &standingPage{Base: f.room.Site.Base(r, f.title), MayRestrict: actor.Can(authz.Restrict), MaxDelay: letterbox.MaxDelay}
	p.Action, p.Readers = r.URL.Path, stateChoices(&p.Base, "desk.exchange.readers.", letterbox.SecondReaders())
	var err error
	switch {
	case f.name == "side-photos":
		p.Exchange, p.Place, err = f.room.place(r)
		p.States = stateChoices(&p.Base, "photo.policy.", letterbox.PhotoPolicies())
	case f.name == "side-recordings":
		p.Exchange, p.Place, err = f.room.place(r)
		p.States = stateChoices(&p.Base, "recording.policy.", letterbox.RecordingPolicies())
	case f.name == "side-language":
		p.Exchange, p.Place, err = f.room.place(r)
		p.States = stateChoices(&p.Base, "translate.side.", letterbox.SideLanguages())
	case f.title == "desk.exchange.setSide.title":
		p.Exchange, p.Place, err = f.room.place(r)
		p.States = stateChoices(&p.Base, "desk.exchange.side.", letterbox.SideStates())
	case f.name == "exchange-order":
		p.Exchange, err = f.room.restriction(r)
		p.States = stateChoices(&p.Base, "desk.exchange.order.", f.orders(p))
	default:
		p.Exchange, err = f.room.restriction(r)
		p.States = stateChoices(&p.Base, "desk.exchange.set.", letterbox.ExchangeStates())
	}
	if err != nil {
		return nil, err
	}
	p.Back = "/exchange/" + string(p.Exchange.ID)
	switch {
	case f.name == "connect":
		p.Back = "/exchanges"
	case f.name == "exchange-colleague":
		p.Back += "/colleague"
		list, err := f.room.Letters.Acquainted(r.Context(), actor, p.Exchange.ID)
		if err != nil {
			return nil, err
		}
		p.Known, p.Others = list.Known, workerChoices(&p.Base, list.Others)
	case !actor.Can(authz.SeeExchange) || f.name == "exchange-named":
		p.Back += "/named"
	}
	p.Colleagues = workerChoices(&p.Base, p.Exchange.Colleagues)
	p.Everybody = append(workerChoices(&p.Base, p.Exchange.Named), p.Colleagues...)
	return p, nil
}

// orders are what may be written down of a court's order by this worker: one that stands
// is a manager's to ease, and that contact is forbidden anybody writes down.
func (f standingForm) orders(p *standingPage) []string {
	switch {
	case p.MayRestrict || p.Exchange.ContactOrder == letterbox.OrderNone:
		return letterbox.ContactOrders()
	case p.Exchange.ContactOrder == letterbox.OrderPermits:
		return []string{letterbox.OrderPermits, letterbox.OrderProhibits}
	}
	return []string{letterbox.OrderProhibits}
}

func (room Room) restriction(r *http.Request) (letterbox.Restriction, error) {
	id, err := idOf(r, "ex")
	if err != nil {
		return letterbox.Restriction{}, err
	}
	return room.Letters.Restriction(r.Context(), room.Actor(r), letterbox.ExchangeID(id))
}

// place finds a side and how its exchange stands.
func (room Room) place(r *http.Request) (letterbox.Restriction, letterbox.Place, error) {
	id, err := idOf(r, "sd")
	if err != nil {
		return letterbox.Restriction{}, letterbox.Place{}, err
	}
	x, err := room.Letters.RestrictionOf(r.Context(), room.Actor(r), letterbox.SideID(id))
	if err != nil {
		return x, letterbox.Place{}, err
	}
	for _, one := range x.Places {
		if string(one.ID) == id {
			return x, one, nil
		}
	}
	return x, letterbox.Place{}, notThere()
}

// stateChoices lists states with what each means, where there is more to say.
func stateChoices(b *page.Base, prefix string, states []string) []page.Choice {
	list := make([]page.Choice, len(states))
	for i, state := range states {
		list[i] = page.Choice{Value: state, Text: b.Words.T(prefix + state)}
		if hint := prefix + state + ".hint"; b.Words.Has(hint) {
			list[i].Hint = &page.Hint{Text: b.Words.T(hint)}
		}
	}
	return list
}

// workerChoices lists workers by name, or by words for a name that did not open.
func workerChoices(b *page.Base, workers []letterbox.NamedWorker) []page.Choice {
	list := make([]page.Choice, len(workers))
	for i, w := range workers {
		list[i] = page.Choice{Value: w.ID, Text: cmp.Or(w.Name, b.Words.T("desk.noName"))}
	}
	return list
}

// standingRoutes are the pages of how an exchange stands and who may open it.
func (room Room) standingRoutes() []page.Route {
	get := func(pattern, name string, h page.HandlerFunc) page.Route {
		return page.Route{Method: http.MethodGet, Pattern: pattern, Who: page.SignedIn, Page: name, Handler: h}
	}
	post := func(pattern string, body int64, h page.HandlerFunc, keep ...string) page.Route {
		return page.Route{Method: http.MethodPost, Pattern: pattern, Who: page.SignedIn, Body: body, Keep: keep, Handler: h}
	}
	restrict := post("/exchange/{id}/restrict", page.SmallBody, room.restrict().post)
	restrict.Many = []string{"workers"}
	return []page.Route{
		get("/exchange/{id}/connect", "desk/connect", room.connection().ask),
		post("/exchange/{id}/connect", page.SmallBody, room.connection().post),
		get("/exchange/{id}/colleague", "desk/exchange-colleague", room.colleague().ask),
		post("/exchange/{id}/colleague", page.SmallBody, room.colleague().post),
		get("/exchange/{id}/state", "desk/exchange-state", room.stateForm().ask),
		post("/exchange/{id}/state", noteBody, room.stateForm().post, "note"),
		get("/exchange/{id}/delay", "desk/exchange-delay", room.delayForm().ask),
		post("/exchange/{id}/delay", page.SmallBody, room.delayForm().post),
		get("/exchange/{id}/order", "desk/exchange-order", room.orderForm().ask),
		post("/exchange/{id}/order", noteBody, room.orderForm().post, "note"),
		get("/exchange/{id}/readers", "desk/exchange-readers", room.readersForm().ask),
		post("/exchange/{id}/readers", page.SmallBody, room.readersForm().post),
		get("/exchange/{id}/named", "desk/exchange-named", room.namedForm(nil).ask),
		restrict,
		post("/exchange/{id}/name", page.SmallBody, room.nameWorker().post),
		post("/exchange/{id}/unname", page.SmallBody, room.unnameWorker().post),
		get("/side/{id}/state", "desk/exchange-state", room.sideForm().ask),
		post("/side/{id}/state", noteBody, room.sideForm().post, "note"),
	}
}
