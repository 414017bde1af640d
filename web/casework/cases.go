package casework

import (
	"net/http"
	"strconv"

	"gatepost/intermediary"
	"gatepost/internal/fault"
	"gatepost/web/page"
)

// caseRoutes is the table of the pages about cases.
func (room Room) caseRoutes() []page.Route {
	return []page.Route{
		get("/cases", "casework/cases", room.cases),
		post("/cases", room.findCase),
		get("/case/new", "casework/new", room.newCase),
		post("/case/new", room.openCase, "so-far"),
		get("/case/{id}", "casework/case", room.overview),
		get("/case/{id}/people", "casework/people", room.people),
		get("/case/{id}/facts", "casework/facts", room.facts),
		get("/case/{id}/invite/{of}", "casework/invite", room.askInvite),
		post("/case/{id}/invite/{of}", room.invite),
	}
}

// casesPage is the list of cases.
type casesPage struct {
	base
	Lines  []caseLine
	Ended  bool // those that have ended are shown
	Before string
	After  string
}

// caseLine is a case in the list, with what waits in it.
type caseLine struct {
	intermediary.CaseLine
	Tags  []page.Tag
	Waits []string
}

// cases lists the open cases, those first whose applicant is to hear soonest.
func (room Room) cases(w http.ResponseWriter, r *http.Request) error {
	query := page.Query(r)
	at, err := strconv.Atoi(query.Get("page"))
	if err != nil || at < 0 || at > 1000 {
		at = 0
	}
	asked := intermediary.CasesAsked{Ended: query.Get("show") == "ended", Page: at}
	list, err := room.Cases.Cases(r.Context(), room.Actor(r), asked)
	if err != nil {
		return err
	}
	p := room.casesPage(r, list, asked.Ended)
	place := "/cases?"
	if asked.Ended {
		place += "show=ended&"
	}
	if at > 0 {
		p.Before = place + "page=" + strconv.Itoa(at-1)
	}
	if list.More {
		p.After = place + "page=" + strconv.Itoa(at+1)
	}
	return room.Site.Render(w, r, http.StatusOK, "casework/cases", p)
}

func (room Room) casesPage(r *http.Request, list intermediary.ListedCases, ended bool) *casesPage {
	p := &casesPage{base: room.base(r, "casework.cases.title"), Ended: ended}
	p.Wide = true
	if page.Query(r).Get("said") == "dropped" {
		p.Notice = &page.NotificationBanner{Text: p.Words.T("casework.carried.dropped")}
	}
	for _, c := range list.Cases {
		p.Lines = append(p.Lines, p.line(c))
	}
	return p
}

// line says in words what waits in a case, in calm colours.
func (p *casesPage) line(c intermediary.CaseLine) caseLine {
	l := caseLine{CaseLine: c}
	tag := func(is bool, key, colour string) {
		if is {
			l.Tags = append(l.Tags, page.Tag{Text: p.Words.T("casework.tag." + key), Classes: "govuk-tag--" + colour})
		}
	}
	tag(c.Late, "late", "orange")
	tag(c.Stopped, "protected", "purple")
	tag(c.State == "stopped", "stopped", "grey")
	tag(c.State == "closed", "closed", "grey")
	waits := func(n int, key string) {
		if n > 0 {
			l.Waits = append(l.Waits, p.Words.T("casework.waits."+key, "Count", n))
		}
	}
	waits(c.Messages, "messages")
	waits(c.Second, "second")
	waits(c.Overdue, "overdue")
	return l
}

// findCase goes to the case of a reference, open or ended. The reference is
// posted, so that none stands in an address.
func (room Room) findCase(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	reference := form.Get("reference")
	for _, ended := range []bool{false, true} {
		if reference == "" {
			break
		}
		found, err := room.Cases.Cases(r.Context(), room.Actor(r), intermediary.CasesAsked{Reference: reference, Ended: ended})
		if err != nil {
			return err
		}
		if len(found.Cases) == 1 {
			return page.SeeOther(w, r, "/case/"+string(found.Cases[0].ID))
		}
	}
	list, err := room.Cases.Cases(r.Context(), room.Actor(r), intermediary.CasesAsked{})
	if err != nil {
		return err
	}
	p := room.casesPage(r, list, false)
	if err := fault.Field("reference", "casework.cases.notFound"); !p.Refused(form, err) {
		return err
	}
	return room.Site.Render(w, r, http.StatusUnprocessableEntity, "casework/cases", p)
}
