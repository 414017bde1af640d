package casework

import (
	"net/http"
	"strings"

	"gatepost/intermediary"
	"gatepost/web/page"
)

// casePage is a page about a case.
type casePage struct {
	base
	Case      *intermediary.Case
	Applicant whoView
	Adopted   whoView
	Subjects  []whoView
}

// whoView is somebody of a case.
type whoView struct {
	intermediary.Person
	Kind   string // adopted, applicant, subject
	Name   string // "" where it does not open
	Number int    // of a subject, from 1
	Lines  []lineView
	Law    *lawView // of a subject, where the page asks
}

// casePage loads the case of the path; the service has written the look down.
func (room Room) casePage(r *http.Request, title string) (*casePage, error) {
	id, err := idOf(r, "id", "ap")
	if err != nil {
		return nil, err
	}
	c, err := room.Cases.Case(r.Context(), room.Actor(r), intermediary.ApplicationID(id))
	if err != nil {
		return nil, err
	}
	p := &casePage{base: room.base(r, title), Case: c}
	p.Back, p.Wide = "/case/"+id, true
	if c.Unread {
		p.Notice = &page.NotificationBanner{Text: p.Words.T("casework.unread")}
	}
	p.Applicant, p.Adopted = p.who(c.Applicant), p.who(c.Adopted)
	for i, of := range c.Subjects {
		who := p.who(of)
		who.Number = i + 1
		p.Subjects = append(p.Subjects, who)
	}
	return p, nil
}

// who gives somebody of the case their words.
func (p *casePage) who(of intermediary.Person) whoView {
	v := whoView{Person: of, Kind: kindOf(of.ID), Name: nameOf(of.Particulars)}
	v.Lines = particularsView(&p.Base, v.Kind, of.Particulars)
	return v
}

// nameOf is what somebody is called today, or was at birth.
func nameOf(p intermediary.Particulars) string {
	if strings.TrimSpace(p.Name) != "" {
		return p.Name
	}
	return p.BirthName
}

// overview shows where a case stands and what stands in the way of the next
// step: the law is asked about everybody who is looked for.
func (room Room) overview(w http.ResponseWriter, r *http.Request) error {
	p, err := room.casePage(r, "casework.case.title")
	if err != nil {
		return err
	}
	p.Back = "/cases"
	if page.Query(r).Get("done") == "new" {
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("casework.new.done")}
	}
	for i := range p.Subjects {
		if p.Case.Unread || p.Case.State != "open" || p.Subjects[i].State != "open" {
			continue
		}
		if p.Subjects[i].Law, err = room.askLaw(r, &p.base, p.Case, p.Subjects[i].ID); err != nil {
			return err
		}
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/case", p)
}

// people shows everybody of the case, and who may read which file.
func (room Room) people(w http.ResponseWriter, r *http.Request) error {
	p, err := room.casePage(r, "casework.people.title")
	if err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/people", p)
}

// factsPage is every fact of a case.
type factsPage struct {
	*casePage
	Groups []factGroup
}

// factGroup is what is known about one person or thing.
type factGroup struct {
	Title string
	Name  string // of a subject
	Of    string
	Facts []factLine
}

// factLine is one fact: what counts now, what waits for a second worker, and
// where to say it.
type factLine struct {
	Name   string
	Counts *intermediary.Fact
	Waits  *intermediary.Fact
	Unread bool
	Href   string
	Agree  string // where this worker agrees; "" where they may not
}

// facts shows them in the order of the list, also those of which nobody has said
// anything.
func (room Room) facts(w http.ResponseWriter, r *http.Request) error {
	p, err := room.factsPage(r, "casework.facts.title", func(string) bool { return true })
	if err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/facts", p)
}

// factsPage loads the case with those of its facts that a page is about.
func (room Room) factsPage(r *http.Request, title string, of func(fact string) bool) (*factsPage, error) {
	base, err := room.casePage(r, title)
	if err != nil {
		return nil, err
	}
	p := &factsPage{casePage: base}
	me := room.Actor(r).Account()
	for _, who := range append([]whoView{p.Adopted, p.Applicant}, p.Subjects...) {
		g := factGroup{Title: p.Words.T("casework.about." + aboutOf(who.ID)), Of: who.ID}
		if who.Kind == ofSubject {
			g.Name = who.Name
		}
		for _, name := range factNames(aboutOf(who.ID)) {
			if of(name) {
				g.Facts = append(g.Facts, lineOf(p.Case, who.ID, name, me))
			}
		}
		if len(g.Facts) > 0 {
			p.Groups = append(p.Groups, g)
		}
	}
	return p, nil
}

// factNames lists the facts about something, in the order of the list.
func factNames(about string) (names []string) {
	for _, v := range intermediary.FactValues() {
		if v.About == about && (len(names) == 0 || names[len(names)-1] != v.Name) {
			names = append(names, v.Name)
		}
	}
	return names
}

// lineOf is one fact as the list shows it to a worker.
func lineOf(c *intermediary.Case, on, name, me string) factLine {
	l := factLine{Name: name, Href: factPlace(c, on, name)}
	if name == "aaa" || name == "acr" || name == "acrNoContact" {
		l.Href = "/case/" + string(c.ID) + "/fact/" + on + "/" + name
	}
	for _, f := range factsNamed(c, on, name) {
		switch {
		case f.Unread:
			l.Unread = true
		case f.Counts:
			l.Counts = &f
		case f.Waits:
			l.Waits = &f
			if f.By != me {
				l.Agree = rootOf(c) + "/agree/" + on + "/" + name
			}
		}
	}
	return l
}
