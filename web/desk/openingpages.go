package desk

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// The pages on which an exchange is opened, in order.
const (
	stepChildren = "children"
	stepFirst    = "first"
	stepSecond   = "second"
	stepCheck    = "check"
)

func steps() []string { return []string{stepChildren, stepFirst, stepSecond, stepCheck} }

// openingPage is one of them.
type openingPage struct {
	page.Base
	Step    string
	Carried string // for the hidden field
	Opening opening
	Side    openingSide // of this step
	Number  int         // of this step's side, 1 or 2
	Find    string      // the name that was looked for
	Looked  bool        // a search was made
	Found   []letterbox.Found
	Choices sideChoices
	Full    bool // no more can be added
}

// sideChoices are the items of a side's radios and checkboxes.
type sideChoices struct{ Books, Send, Months []page.Choice }

// newExchange shows the first page, with the children of another exchange where
// the address names one (?about=…).
func (room Room) newExchange(w http.ResponseWriter, r *http.Request) error {
	actor := room.Actor(r)
	if err := actor.May(authz.OpenExchange); err != nil {
		return err
	}
	o := newOpening()
	if about := page.Query(r).Get("about"); about != "" {
		if !agency.ValidID("ex", about) {
			return notThere()
		}
		x, err := room.Letters.Exchange(r.Context(), actor, letterbox.ExchangeID(about))
		if err != nil {
			return err
		}
		o.about(x.Children)
	}
	return room.showOpening(w, r, &openingPage{Step: stepChildren, Opening: o}, nil)
}

// openExchange answers every button of these pages. Only the last one opens
// anything; the others give back what was typed, with one thing more or less.
func (room Room) openExchange(w http.ResponseWriter, r *http.Request) error {
	actor := room.Actor(r)
	if err := actor.May(authz.OpenExchange); err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	o, err := parseOpening(form.Get("so-far"))
	if err != nil {
		return err
	}
	p := &openingPage{Step: form.Get("step"), Opening: o}
	if !slices.Contains(steps(), p.Step) {
		return fault.New(fault.Invalid, "desk.opening.broken")
	}
	if err := p.Opening.typed(p.Step, form); err != nil {
		return err
	}
	do, which, _ := strings.Cut(form.Get("do"), ":")
	switch do {
	case "open":
		return room.finishOpening(w, r, p)
	case "find", "take":
		return room.findForOpening(w, r, p, form, which)
	case "add", "remove":
		p.Opening.resize(p.Step, which)
	case "back":
		p.Step = steps()[max(slices.Index(steps(), p.Step)-1, 0)]
	case "to":
		if slices.Contains(steps(), which) {
			p.Step = which
		}
	default:
		if err := p.Opening.fault(p.Step); err != nil {
			return room.showOpening(w, r, p, err)
		}
		p.Step = steps()[min(slices.Index(steps(), p.Step)+1, len(steps())-1)]
	}
	return room.showOpening(w, r, p, nil)
}

// finishOpening opens the exchange. What is wrong sends the worker back to the
// page where it was typed.
func (room Room) finishOpening(w http.ResponseWriter, r *http.Request, p *openingPage) error {
	x, step, err := p.Opening.ask()
	p.Step = step
	if err != nil {
		return room.showOpening(w, r, p, err)
	}
	id, err := room.Letters.OpenExchange(r.Context(), room.Actor(r), x)
	if err != nil {
		p.Step, err = p.Opening.placed(err)
		return room.showOpening(w, r, p, err)
	}
	return page.SeeOther(w, r, "/exchange/"+string(id))
}

// findForOpening looks for people of the side's book in the directory, or takes
// one who was found.
func (room Room) findForOpening(w http.ResponseWriter, r *http.Request, p *openingPage, form page.Form, which string) error {
	side := p.Opening.side(p.Step)
	if side == nil {
		return fault.New(fault.Invalid, "desk.opening.broken")
	}
	actor := room.Actor(r)
	if which != "" {
		if !agency.ValidID("pe", which) {
			return notThere()
		}
		found, err := room.Letters.Person(r.Context(), actor, letterbox.PersonID(which))
		if err != nil {
			return err
		}
		side.take(found)
		return room.showOpening(w, r, p, nil)
	}
	p.Find = form.Get("find")
	found, err := room.Letters.Search(r.Context(), actor, p.Find)
	if err != nil {
		if f, ok := errors.AsType[*fault.Error](err); ok && f.Field != "" {
			err = fault.Field("find", f.Message)
		}
		return room.showOpening(w, r, p, err)
	}
	p.Looked = true
	for _, f := range found {
		if f.Book == side.Book && !slices.ContainsFunc(side.People, func(q openingPerson) bool { return q.ID == string(f.ID) }) {
			p.Found = append(p.Found, f)
		}
	}
	return room.showOpening(w, r, p, nil)
}

// side is the side that a step is about, or nil.
func (o *opening) side(step string) *openingSide {
	switch step {
	case stepFirst:
		return &o.Sides[0]
	case stepSecond:
		return &o.Sides[1]
	}
	return nil
}

// take puts somebody from the directory on a side, in the place of an empty
// line where there is one.
func (s *openingSide) take(found letterbox.Found) {
	person := openingPerson{ID: string(found.ID), Book: found.Book, Name: found.Name, Relation: found.Relation,
		Address: found.Address, Phone: found.Phone}
	if slices.ContainsFunc(s.People, func(p openingPerson) bool { return p.ID == person.ID }) {
		return
	}
	for i, p := range s.People {
		if p == (openingPerson{}) {
			s.People[i] = person
			return
		}
	}
	if len(s.People) < maxPeople {
		s.People = append(s.People, person)
	}
}

// resize adds an empty line to what a step lists, or takes the line with the
// number which away. One line always stays.
func (o *opening) resize(step, which string) {
	if side := o.side(step); side != nil {
		side.People = resized(side.People, which, maxPeople)
		return
	}
	o.Children = resized(o.Children, which, maxChildren)
	for i := range o.Sides {
		// What a family calls a child goes with the child.
		o.Sides[i].Children = resized(o.Sides[i].Children, which, maxChildren)
	}
}

// about puts the children of another exchange in the place of new ones.
func (o *opening) about(children []letterbox.ChildLine) {
	if len(children) == 0 {
		return
	}
	o.Children = nil
	for _, c := range children {
		o.Children = append(o.Children, openingChild{ID: string(c.ID), Birth: c.BirthName, Adoptive: c.AdoptiveName})
	}
	for i := range o.Sides {
		o.Sides[i].Children = make([]string, len(children))
	}
}

func resized[T any](list []T, which string, most int) []T {
	if which == "" {
		if len(list) < most {
			var empty T
			list = append(list, empty)
		}
		return list
	}
	i, ok := numberOf(which, 0, len(list)-1)
	if !ok {
		return list
	}
	list = slices.Delete(slices.Clone(list), i, i+1)
	if len(list) == 0 {
		list = make([]T, 1)
	}
	return list
}

// showOpening shows the page of a step. An err that cannot be put right there
// is returned.
func (room Room) showOpening(w http.ResponseWriter, r *http.Request, p *openingPage, err error) error {
	p.Base = room.Site.Base(r, "desk.opening."+p.Step+".title")
	status := http.StatusOK
	if err != nil {
		if !p.Refused(page.Form{}, err) {
			return err
		}
		status = statusOf(err)
	}
	if p.Carried, err = p.Opening.carry(); err != nil {
		return err
	}
	name := "desk/opening-" + p.Step
	p.Full = len(p.Opening.Children) >= maxChildren
	if side := p.Opening.side(p.Step); side != nil {
		name = "desk/opening-side"
		p.Side, p.Number = *side, slices.Index(steps(), p.Step)
		p.Full = len(side.People) >= maxPeople
		p.Choices = choicesOf(&p.Base)
	}
	return room.Site.Render(w, r, status, name, p)
}

// choicesOf makes the items of a side's radios and checkboxes.
func choicesOf(b *page.Base) (c sideChoices) {
	for _, book := range books() {
		c.Books = append(c.Books, page.Choice{Value: book, Text: b.Words.T("desk.book." + book)})
	}
	for _, kind := range kinds() {
		c.Send = append(c.Send, page.Choice{Value: kind, Text: b.Words.T("desk.send." + kind)})
	}
	for month := 1; month <= 12; month++ {
		n := strconv.Itoa(month)
		c.Months = append(c.Months, page.Choice{Value: n, Text: b.Words.T("common.month." + n)})
	}
	return c
}
