package desk

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/page"
	"gatepost/web/words"
)

// inspecting is the table of an inspector's pages. None of them changes
// anything but the log, which says that somebody looked. A reference is posted,
// so that none stands in an address.
func (room Room) inspecting() []page.Route {
	return []page.Route{
		{Method: http.MethodGet, Pattern: "/inspection", Who: page.SignedIn, Page: "desk/inspection", Handler: room.inspection},
		{Method: http.MethodGet, Pattern: "/inspection/case", Who: page.SignedIn, Page: "desk/inspection-case", Handler: room.askCase},
		{Method: http.MethodPost, Pattern: "/inspection/case", Who: page.SignedIn, Body: page.SmallBody, Handler: room.inspectCase},
		{Method: http.MethodPost, Pattern: "/inspection/proof", Who: page.SignedIn, Body: page.SmallBody, Handler: room.proveCase},
	}
}

// inspectionPage is the letterbox in numbers.
type inspectionPage struct {
	page.Base
	letterbox.Inspection
}

// Of is a count as the page tells it.
func (p *inspectionPage) Of(n int) string { return few(p.Words, n) }

// few is a count, or that there are fewer than are told.
func few(w *words.Words, n int) string {
	if n < 0 {
		return w.T("inspection.few", "Count", letterbox.Few)
	}
	return strconv.Itoa(n)
}

func (room Room) inspection(w http.ResponseWriter, r *http.Request) error {
	in, err := room.Letters.Inspection(r.Context(), room.Actor(r))
	if err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/inspection", &inspectionPage{room.Site.Base(r, "inspection.title"), in})
}

// casePage asks for a reference, and shows what the log states about the case.
type casePage struct {
	page.Base
	Asked bool
	letterbox.CaseRecord
	Letters []letterView
	Lines   []lineView
}

// letterView is a letter of the case in a few lines of words.
type letterView struct {
	Number int
	Lines  []string
	Late   bool
}

// lineView is an entry of the log in words.
type lineView struct {
	Index int64
	When  string
	Text  string
	Notes []string // by whom, on what it rests, what covers it
	Wrong bool
}

func (room Room) casePage(r *http.Request) *casePage {
	p := &casePage{Base: room.Site.Base(r, "inspection.case.title")}
	p.Back, p.Wide = "/inspection", true
	return p
}

// askCase shows the form.
func (room Room) askCase(w http.ResponseWriter, r *http.Request) error {
	if err := room.Actor(r).May(authz.Inspect); err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/inspection-case", room.casePage(r))
}

// inspectCase shows a case. It answers the POST itself: a redirect would have
// to carry the reference.
func (room Room) inspectCase(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	record, err := room.Letters.InspectCase(r.Context(), room.Actor(r), form.Get("reference"))
	if err != nil {
		return room.noCase(w, r, form, err)
	}
	p := room.casePage(r)
	p.Form, p.Asked, p.CaseRecord = form, true, record
	for _, l := range record.Letters {
		p.Letters = append(p.Letters, letterWords(p.Words, l))
	}
	for _, e := range record.Entries {
		p.Lines = append(p.Lines, lineWords(p.Words, e))
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/inspection-case", p)
}

// noCase shows the form again where the reference is at fault.
func (room Room) noCase(w http.ResponseWriter, r *http.Request, form page.Form, err error) error {
	p, status := room.casePage(r), statusOf(err)
	if fault.KindOf(err) == fault.NotFound {
		err, status = fault.Field("reference", "inspection.reference.none"), http.StatusNotFound
	}
	if !p.Refused(form, err) {
		return err
	}
	return room.Site.Render(w, r, status, "desk/inspection-case", p)
}

// proveCase sends the proofs of a case as a file.
func (room Room) proveCase(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	file, err := room.Letters.ProveCase(r.Context(), room.Actor(r), form.Get("reference"))
	if err != nil {
		return room.noCase(w, r, form, err)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="case.tlog-proof"`)
	w.Header().Set("Content-Length", strconv.Itoa(len(file)))
	if _, err := w.Write(file); err != nil {
		return fmt.Errorf("send the proofs of a case: %w", err)
	}
	return nil
}

// letterWords tells a letter's way: when it came, what was decided by whom
// within how many working days, and what became of it.
func letterWords(w *words.Words, l letterbox.LetterRecord) letterView {
	v := letterView{Number: l.Number}
	add := func(key string, data ...any) { v.Lines = append(v.Lines, w.T(key, data...)) }
	for i, t := range l.Turns {
		v.Late = v.Late || t.Late
		switch {
		case t.From.IsZero():
		case i > 0:
			add("inspection.letter.again", "Day", w.Date(t.From))
		case l.OnPaper:
			add("inspection.letter.typed", "Day", w.Date(t.From))
		default:
			add("inspection.letter.came", "Day", w.Date(t.From))
		}
		switch {
		case t.On.IsZero():
			add("inspection.letter.waits", "Count", t.Days)
		case t.From.IsZero():
			add("inspection.letter.later", "Decision", w.T("inspection.decision."+t.Decision), "Day", w.Date(t.On), "By", partyWords(w, t.By))
		default:
			add("inspection.letter.decided", "Decision", w.T("inspection.decision."+t.Decision), "Day", w.Date(t.On), "By", partyWords(w, t.By))
			add("inspection.letter.days", "Count", t.Days)
		}
		if t.Late {
			add("inspection.letter.late", "Day", w.Date(t.HearBy))
		}
	}
	if !l.PassedOn.IsZero() {
		add("inspection.letter.passed", "Day", w.Date(l.PassedOn))
	}
	if !l.Opened.IsZero() {
		add("inspection.letter.opened", "Moment", w.Moment(l.Opened))
	}
	return v
}

// lineWords tells an entry. Of one that does not count it tells nothing that
// stands in it.
func lineWords(w *words.Words, e letterbox.CaseEntry) lineView {
	v := lineView{Index: e.Index}
	if e.Wrong != "" {
		v.Wrong, v.Text = true, w.T("inspection.wrong."+e.Wrong)
		return v
	}
	v.When, v.Text = w.Moment(e.At), w.T("inspection.stated."+e.What)
	if e.Hour {
		v.When = w.T("inspection.line.hour", "Moment", v.When)
	}
	if e.Letter > 0 {
		v.Notes = append(v.Notes, w.T("inspection.line.letter", "Number", e.Letter))
	}
	var by []string
	for _, p := range e.By {
		by = append(by, partyWords(w, p))
	}
	v.Notes = append(v.Notes, w.T("inspection.line.by", "By", strings.Join(by, ", ")))
	if e.To != nil {
		v.Notes = append(v.Notes, w.T("inspection.line.to", "To", partyWords(w, *e.To)))
	}
	if len(e.Rests) > 0 {
		v.Notes = append(v.Notes, w.T("inspection.line.rests", "Entries", strings.Trim(strings.Join(strings.Fields(fmt.Sprint(e.Rests)), ", "), "[]")))
	}
	if !e.Covered {
		v.Notes = append(v.Notes, w.T("inspection.line.waits"))
	}
	return v
}

// partyWords says who it was: a worker by their letter within the case and
// their roles of then, and all others by what they are.
func partyWords(w *words.Words, p letterbox.Party) string {
	if p.Kind != "worker" {
		return w.T("inspection.party." + p.Kind)
	}
	var roles []string
	for _, role := range p.Roles {
		roles = append(roles, w.T("desk.role."+string(role)))
	}
	if len(roles) == 0 {
		roles = append(roles, w.T("inspection.party.noRole"))
	}
	return w.T("inspection.party.worker", "Letter", p.Worker, "Roles", strings.Join(roles, ", "))
}
