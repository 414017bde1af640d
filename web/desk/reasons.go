package desk

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// reasonsPage is the agency's lists of reasons, for who may change them.
type reasonsPage struct {
	page.Base
	Reasons letterbox.Reasons
	Lists   []reasonGroup
}

// reasonGroup is one list.
type reasonGroup struct {
	Name string // of letterbox.ReasonLists
	On   []reasonLine
	Off  []reasonLine
}

// reasonLine is an entry with the form of what can be done about it.
type reasonLine struct {
	letterbox.Reason
	List        string
	Edit        string // where its words are changed
	Acts        []string
	Version     int
	FormToken   string
	First, Last bool
}

// reasonPage is the form of one entry, or what its writer will read.
type reasonPage struct {
	page.Base
	List    string
	ID      string // of the entry to be written
	Place   string // whose place it takes, or ""
	Version int
	Told    string
	Kinder  string
	Max     int // of the kinder wording
}

// reasonList shows the lists.
func (room Room) reasonList(w http.ResponseWriter, r *http.Request) error {
	return room.showReasons(w, r, nil)
}

func (room Room) showReasons(w http.ResponseWriter, r *http.Request, refused error) error {
	actor := room.Actor(r)
	if err := actor.May(authz.SetReasons); err != nil {
		return err
	}
	p := &reasonsPage{Base: room.Site.Base(r, "reasons.title")}
	p.Back = "/workers"
	status := http.StatusOK
	if refused != nil {
		if !p.Refused(page.Form{}, refused) {
			return refused
		}
		status = statusOf(refused)
	} else if page.Query(r).Get("done") == "yes" {
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("reasons.done")}
	}
	var err error
	if p.Reasons, err = room.Letters.Reasons(r.Context(), actor); err != nil {
		return err
	}
	for _, list := range letterbox.ReasonLists() {
		p.Lists = append(p.Lists, p.group(list))
	}
	return room.Site.Render(w, r, status, "desk/reasons", p)
}

func (p *reasonsPage) group(list string) reasonGroup {
	g := reasonGroup{Name: list}
	for _, reason := range p.Reasons.Of(list) {
		line := reasonLine{Reason: reason, List: list, Version: p.Reasons.Version, FormToken: p.FormToken}
		line.Edit = "/reasons/edit?" + url.Values{"list": {list}, "place": {reason.ID}}.Encode()
		if reason.Off {
			line.Acts = []string{letterbox.ReasonOn}
			g.Off = append(g.Off, line)
			continue
		}
		g.On = append(g.On, line)
	}
	for i, line := range g.On {
		if i > 0 {
			line.Acts = append(line.Acts, letterbox.ReasonUp)
		}
		if i < len(g.On)-1 {
			line.Acts = append(line.Acts, letterbox.ReasonDown)
		}
		if !line.Fixed() {
			line.Acts = append(line.Acts, letterbox.ReasonOff)
		}
		g.On[i] = line
	}
	return g
}

// moveReason moves an entry, or switches it on or off.
func (room Room) moveReason(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	c := letterbox.ReasonChange{List: form.Get("list"), Do: form.Get("do"), ID: form.Get("reason")}
	if c.Do == letterbox.ReasonNew || c.Do == letterbox.ReasonEdit {
		return notThere() // these have a page of their own
	}
	if err := room.Letters.ChangeReasons(r.Context(), room.Actor(r), reasonsVersion(form), c); err != nil {
		return room.showReasons(w, r, err)
	}
	return page.SeeOther(w, r, "/reasons?done=yes")
}

// reasonsVersion is the version of the lists that a form was made for; that of
// none where it is no number.
func reasonsVersion(form page.Form) int {
	version, err := strconv.Atoi(form.Get("version"))
	if err != nil {
		return -1
	}
	return version
}

// editReason asks for the words of an entry: of one that stands there, or of
// another.
func (room Room) editReason(w http.ResponseWriter, r *http.Request) error {
	query := page.Query(r)
	return room.showReason(w, r, query.Get("list"), query.Get("place"), page.Form{}, nil)
}

func (room Room) showReason(w http.ResponseWriter, r *http.Request, list, place string, form page.Form, refused error) error {
	p, reasons, err := room.reasonPage(r, list, place)
	if err != nil {
		return err
	}
	p.Form = form
	if !form.Has("words") {
		p.ID, p.Version = letterbox.NewReasonID(), reasons.Version
		if i := slices.IndexFunc(reasons.Of(list), func(one letterbox.Reason) bool { return one.ID == place }); i >= 0 {
			p.Form = p.Form.With("words", reasons.Of(list)[i].Words).With("kinder", reasons.Of(list)[i].Kinder)
		}
	} else {
		p.ID, p.Version = form.Get("reason"), reasonsVersion(form)
	}
	status := http.StatusOK
	if refused != nil {
		if !p.Refused(form, refused) {
			return refused
		}
		status = statusOf(refused)
	}
	return room.Site.Render(w, r, status, "desk/reasons-edit", p)
}

// reasonPage is the page of one entry: NotFound for one that is not there, and
// Forbidden for one that nobody changes.
func (room Room) reasonPage(r *http.Request, list, place string) (*reasonPage, letterbox.Reasons, error) {
	actor := room.Actor(r)
	if err := actor.May(authz.SetReasons); err != nil {
		return nil, letterbox.Reasons{}, err
	}
	reasons, err := room.Letters.Reasons(r.Context(), actor)
	if err != nil {
		return nil, reasons, err
	}
	title := "reasons.add.title"
	if place != "" {
		title = "reasons.edit.title"
		switch found, ok := reasons.Find(list, place); {
		case !ok:
			return nil, reasons, notThere()
		case found.Fixed():
			return nil, reasons, fault.New(fault.Forbidden, "fault.reason.fixed")
		}
	}
	if !slices.Contains(letterbox.ReasonLists(), list) {
		return nil, reasons, notThere()
	}
	p := &reasonPage{Base: room.Site.Base(r, title), List: list, Place: place, Max: letterbox.MaxReason / 2}
	p.Back = "/reasons"
	return p, reasons, nil
}

// writeReason goes between the form and what the writer will read, and on the
// last press puts the entry on its list.
func (room Room) writeReason(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	c := letterbox.ReasonChange{List: form.Get("list"), Do: letterbox.ReasonNew, ID: form.Get("reason"), Place: form.Get("place"), Words: form.Get("words"), Kinder: form.Get("kinder")}
	if c.Place != "" {
		c.Do = letterbox.ReasonEdit
	}
	if form.Get("do") == doSend {
		if err := room.Letters.ChangeReasons(r.Context(), room.Actor(r), reasonsVersion(form), c); err != nil {
			return room.showReason(w, r, c.List, c.Place, form, err)
		}
		return page.SeeOther(w, r, "/reasons?done=yes")
	}
	told, kinder, err := letterbox.CheckReason(c.Words, c.Kinder)
	if err != nil || form.Get("do") == doChange {
		return room.showReason(w, r, c.List, c.Place, form, err)
	}
	p, _, err := room.reasonPage(r, c.List, c.Place)
	if err != nil {
		return err
	}
	p.Base.Title = p.Words.T("reasons.check.title")
	p.Form, p.ID, p.Version, p.Told, p.Kinder = form, c.ID, reasonsVersion(form), told, kinder
	return room.Site.Render(w, r, http.StatusOK, "desk/reasons-check", p)
}

// reasonRoutes are the pages of the lists.
func (room Room) reasonRoutes() []page.Route {
	return []page.Route{
		{Method: http.MethodGet, Pattern: "/reasons", Who: page.SignedIn, Page: "desk/reasons", Handler: room.reasonList},
		{Method: http.MethodPost, Pattern: "/reasons", Who: page.SignedIn, Body: page.SmallBody, Handler: room.moveReason},
		{Method: http.MethodGet, Pattern: "/reasons/edit", Who: page.SignedIn, Page: "desk/reasons-edit", Handler: room.editReason},
		{Method: http.MethodPost, Pattern: "/reasons/edit", Who: page.SignedIn, Body: noteBody, Keep: []string{"words", "kinder"}, Handler: room.writeReason},
	}
}
