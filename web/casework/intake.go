package casework

import (
	"net/http"
	"strings"
	"time"

	"gatepost/intermediary"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/web/apply"
	"gatepost/web/page"
)

// intakeRoutes is the table of the tray of first enquiries.
func (room Room) intakeRoutes() []page.Route {
	enter := post("/intake/new", room.enterIntake, "speaker", "relation", "hopes", "safe", "address", "adoptedWhere", "sought", "helper", "more")
	enter.Many = []string{"seeks", "reach", "needs", "informed"}
	return []page.Route{
		get("/intakes", "casework/intakes", room.intakes),
		get("/intake/new", "casework/intake-new", room.newIntake),
		enter,
		get("/intake/{id}", "casework/intake", room.intake),
		get("/intake/{id}/decline", "casework/intake-decline", room.askDecline),
		post("/intake/{id}/decline", room.decline, "reasons"),
	}
}

// intakesPage is the tray: when each came and by when somebody hears. Names are
// on the page of one, which is in the log.
type intakesPage struct {
	page.Base
	Intakes  []intakeLine
	Protects bool // somebody asks for a veto, which holds everything back
}

// intakeLine is an enquiry in the tray.
type intakeLine struct {
	intermediary.IntakeLine
	Number int
	Tags   []page.Tag
}

func (room Room) intakes(w http.ResponseWriter, r *http.Request) error {
	list, err := room.Cases.Intakes(r.Context(), room.Actor(r))
	if err != nil {
		return err
	}
	p := &intakesPage{Base: room.Site.Base(r, "apply.tray.title")}
	p.Wide = true
	switch page.Query(r).Get("done") {
	case "declined":
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("apply.tray.declined")}
	case "intakeRight", "intakeAside":
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("casework.do." + page.Query(r).Get("done") + ".done")}
	case "entered":
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("apply.tray.entered")}
	}
	for i, in := range list {
		line := intakeLine{IntakeLine: in, Number: i + 1}
		line.Tags = append(line.Tags, purposeTags(&p.Base, in.Purpose)...)
		if in.Placed {
			line.Tags = append(line.Tags, page.Tag{Text: p.Words.T("apply.tray.tag.placed"), Classes: "govuk-tag--yellow"})
		}
		p.Protects = p.Protects || in.Purpose == intermediary.PurposeVeto
		switch {
		case in.Late:
			line.Tags = append(line.Tags, page.Tag{Text: p.Words.T("desk.tag.late"), Classes: "govuk-tag--orange"})
		case in.Amber:
			line.Tags = append(line.Tags, page.Tag{Text: p.Words.T("desk.tag.amber"), Classes: "govuk-tag--yellow"})
		}
		p.Intakes = append(p.Intakes, line)
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/intakes", p)
}

// purposeTags say what an enquiry is for, where it is no search.
func purposeTags(b *page.Base, purpose string) []page.Tag {
	switch purpose {
	case intermediary.PurposeVeto:
		return []page.Tag{{Text: b.Words.T("apply.tray.tag.veto"), Classes: "govuk-tag--blue"}}
	case intermediary.PurposeWish:
		return []page.Tag{{Text: b.Words.T("apply.tray.tag.wish"), Classes: "govuk-tag--grey"}}
	}
	return nil
}

// intakePage is one enquiry, as it was sent.
type intakePage struct {
	page.Base
	intermediary.ReadIntake
	Said       []apply.Answer
	Way, Birth []string // what they were told
	Open       bool     // nobody has taken or declined it
	Search     bool     // it may become a case
	Relative   bool     // it is a relative's wish, for the contact register
	What       []string // what a veto or a wish asks of the worker
	MayDecline bool
	Manager    bool // the worker is a manager too
	Mine       bool // the worker put it on its record
}

func (room Room) intake(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "id", "in")
	if err != nil {
		return err
	}
	in, err := room.Cases.ReadIntake(r.Context(), room.Actor(r), intermediary.IntakeID(id))
	if err != nil {
		return err
	}
	p := &intakePage{Base: room.Site.Base(r, "apply.tray.one"), ReadIntake: in, Open: in.State == "received"}
	p.Back = "/intakes"
	p.Said = apply.Said(p.Words, in.Answers)
	p.Relative = in.Purpose == intermediary.PurposeWish && in.Answers.OfFamily()
	p.Search, p.What, p.MayDecline = in.Purpose == intermediary.PurposeSearch, whatToDo(&p.Base, in), room.mayDecline(r, in)
	p.Manager, p.Mine = room.Actor(r).Has(authz.Manager), in.PlacedBy == room.Actor(r).Account()
	if p.Search {
		p.Way, p.Birth = apply.Told(p.Words, in.Route, in.Answers)
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/intake", p)
}

// whatToDo says what a worker does with a veto or a wish that waits.
func whatToDo(b *page.Base, in intermediary.ReadIntake) (list []string) {
	if in.State != "received" || in.Unread || in.Purpose == intermediary.PurposeSearch {
		return nil
	}
	list = append(list, b.Words.T("apply.tray.purpose."+in.Purpose))
	if in.Answers.When == intermediary.WhenPost {
		list = append(list, b.Words.T("apply.tray.purpose.post"))
	}
	if in.Answers.Where != intermediary.WhereEngland && in.Answers.Who == intermediary.WhoRelative {
		list = append(list, b.Words.T("apply.tray.purpose.wales"))
	}
	return list
}

// mayDecline: who asks for protection is sent away by a manager.
func (room Room) mayDecline(r *http.Request, in intermediary.ReadIntake) bool {
	return in.Purpose != intermediary.PurposeVeto && !in.Unread || room.Actor(r).Has(authz.Manager)
}

// declinePage asks why an enquiry is declined.
type declinePage struct {
	page.Base
	ID     string
	Writer string // the worker's account
	May    bool   // the worker may decline it
}

// declinePage makes it for an enquiry that is there.
func (room Room) declinePage(r *http.Request, id string) (*declinePage, error) {
	in, err := room.Cases.ReadIntake(r.Context(), room.Actor(r), intermediary.IntakeID(id))
	if err != nil {
		return nil, err
	}
	p := &declinePage{Base: room.Site.Base(r, "apply.decline.title"), ID: id, Writer: room.Actor(r).Account(), May: room.mayDecline(r, in)}
	p.Back = "/intake/" + id
	return p, nil
}

func (room Room) askDecline(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "id", "in")
	if err != nil {
		return err
	}
	p, err := room.declinePage(r, id)
	if err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/intake-decline", p)
}

func (room Room) decline(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "id", "in")
	if err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	p, err := room.declinePage(r, id)
	if err != nil {
		return err
	}
	if err = room.Cases.DeclineIntake(r.Context(), room.Actor(r), intermediary.IntakeID(id), form.Get("reasons")); err == nil {
		return page.SeeOther(w, r, "/intakes?done=declined")
	}
	if !p.Refused(form, err) {
		return err
	}
	return room.Site.Render(w, r, statusOf(err), "casework/intake-decline", p)
}

// enterPage takes an enquiry that came by telephone or on paper.
type enterPage struct {
	page.Base
	ID      string // chosen once, so that two clicks make one
	Version string // of the information
	On      time.Time
	Print   string // where the information is, to be printed
	Fields  []fieldView
	Writer  string // the worker's account
}

// entered is the fields of an enquiry on one page, in the order of the families'
// pages and with their words.
func (room Room) enterPage(r *http.Request, id string) (*enterPage, error) {
	p := &enterPage{Base: room.Site.Base(r, "apply.enter.title"), ID: id, Writer: room.Actor(r).Account()}
	p.Version = p.Words.T("apply.info.version")
	on, err := time.Parse(time.DateOnly, p.Version[:len(time.DateOnly)])
	if err != nil {
		return nil, err
	}
	p.On, p.Back = on.Add(12*time.Hour), "/intakes"
	p.Print = room.Address(room.Actor(r).Agency(), authz.Public) + "/apply/information"
	p.Fields = viewsOf(p.Words, []field{
		{kind: "date", name: "came", key: "apply.enter.came"},
		{kind: "choice", name: "who", key: "apply.enter.who", options: intermediary.Choices("who"), of: "apply.choice.for."},
		{kind: "text", name: "speaker", key: "apply.enter.speaker"},
		{kind: "text", name: "relation", key: "apply.enter.relation"},
		{kind: "choice", name: "looks", key: "apply.ask.looks.heading", options: intermediary.Choices("looks"), of: "apply.choice.looks."},
		{kind: "choice", name: "when", key: "apply.ask.when.heading", options: intermediary.Choices("when"), of: "apply.choice.when."},
		{kind: "choice", name: "where", key: "apply.ask.where.heading", options: intermediary.Choices("where"), of: "apply.choice.where."},
		{kind: "many", name: "seeks", key: "apply.enter.seeks", options: intermediary.Choices("seeks"), of: "apply.choice.seeks."},
		{kind: "text", name: "hopes", key: "apply.enter.hopes"},
		{kind: "line", name: "name", key: "apply.enter.name"},
		{kind: "line", name: "others", key: "apply.ask.name.others"},
		{kind: "date", name: "born", key: "apply.enter.born"},
		{kind: "many", name: "reach", key: "apply.enter.reach", options: intermediary.Choices("reach"), of: "apply.choice.reach."},
		{kind: "line", name: "email", key: "apply.enter.email"},
		{kind: "line", name: "phone", key: "apply.enter.phone"},
		{kind: "text", name: "address", key: "apply.enter.address"},
		{kind: "text", name: "safe", key: "apply.ask.reach.safe"},
		{kind: "line", name: "birthName", key: "apply.ask.adoption.birthName"},
		{kind: "line", name: "adoptedName", key: "apply.ask.adoption.adoptedName"},
		{kind: "date", name: "adoptedBorn", key: "apply.ask.adoption.adoptedBorn"},
		{kind: "text", name: "adoptedWhere", key: "apply.ask.adoption.adoptedWhere"},
		{kind: "text", name: "sought", key: "apply.enter.sought"},
		{kind: "text", name: "helper", key: "apply.enter.helper"},
		{kind: "many", name: "needs", key: "apply.enter.needs", options: intermediary.Choices("needs"), of: "apply.choice.needs."},
		{kind: "text", name: "more", key: "apply.ask.needs.more"},
	})
	return p, nil
}

func (room Room) newIntake(w http.ResponseWriter, r *http.Request) error {
	if err := room.Actor(r).May(authz.TakeIntake); err != nil {
		return err
	}
	p, err := room.enterPage(r, string(intermediary.NewIntakeID()))
	if err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/intake-new", p)
}

// enterIntake keeps what was typed in. A second press of the button finds it
// done.
func (room Room) enterIntake(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	e := intermediary.EnteredIntake{ID: intermediary.IntakeID(form.Get("id")), Answers: answersOf(form)}
	e.Came, _ = dayOf(form, "came")
	if len(form.All("informed")) > 0 {
		e.Shown = form.Get("version")
	}
	if err = room.Cases.EnterIntake(r.Context(), room.Actor(r), e); err == nil {
		return page.SeeOther(w, r, "/intakes?done=entered")
	}
	p, shown := room.enterPage(r, form.Get("id"))
	if shown != nil {
		return shown
	}
	if fault.KindOf(err) == fault.NotFound || !p.Refused(form, onDays(err, "came", "born", "adoptedBorn")) {
		return err
	}
	return room.Site.Render(w, r, statusOf(err), "casework/intake-new", p)
}

// answersOf reads the answers that a worker typed.
func answersOf(form page.Form) intermediary.Answers {
	return intermediary.Answers{Who: form.Get("who"), Behalf: strings.TrimSpace(form.Get("speaker")) != "", Speaker: form.Get("speaker"),
		Relation: form.Get("relation"), Looks: form.Get("looks"), When: form.Get("when"), Where: form.Get("where"),
		Seeks: form.All("seeks"), Hopes: form.Get("hopes"), Name: form.Get("name"), Others: form.Get("others"), Born: partly(form, "born"),
		Address: form.Get("address"), Reach: form.All("reach"), Email: form.Get("email"), Phone: form.Get("phone"), Safe: form.Get("safe"),
		BirthName: form.Get("birthName"), AdoptedName: form.Get("adoptedName"), AdoptedBorn: partly(form, "adoptedBorn"),
		AdoptedWhere: form.Get("adoptedWhere"), Sought: form.Get("sought"), Helper: form.Get("helper"), Needs: form.All("needs"), More: form.Get("more")}
}
