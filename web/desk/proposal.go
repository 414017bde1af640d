package desk

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"gatepost/internal/authz"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// partField begins the name of the field in which a worker says that a finding is
// left out, and why; its key follows. wordRows is how many lines there are beside
// them for words of the worker's own.
const (
	partField = "part-"
	wordRows  = 3
)

// aboutPart tells whether a field of a form says that a finding is left out.
func aboutPart(name string) bool { return strings.HasPrefix(name, partField) }

// beside is what stands around a letter because parts of it were, or are to be, left out.
type beside struct {
	Proposed    [][][]page.Run // what its writer was asked before, or agreed to
	AskedWords  string
	LeftOut     [][][]page.Run // what it would go on without, unasked
	Differences [][][]page.Run // beside the letter that it replaces
}

func besideOf(r letterbox.Reading) (b beside) {
	if r.Proposal != nil {
		b.Proposed, b.AskedWords = page.Runs(runsOf(r.Proposal.Pieces)), r.Proposal.Words
	}
	b.LeftOut = page.Runs(runsOf(r.Cut))
	var changes []page.Run
	for _, c := range r.Changed {
		changes = append(changes, page.Run{Text: string(c.Text), Gone: c.Removed, New: c.Added})
	}
	b.Differences = page.Runs(changes)
	return b
}

func runsOf(pieces []letterbox.Piece) (runs []page.Run) {
	for _, p := range pieces {
		runs = append(runs, page.Run{Text: string(p.Text), Gone: p.Reason != ""})
	}
	return runs
}

// proposalRoutes are the pages about parts of a letter that are left out.
func (room Room) proposalRoutes() []page.Route {
	const who = page.SignedIn
	propose, cut := room.proposing("propose"), room.proposing("cut")
	route := func(method, pattern, name string, body int64, h page.HandlerFunc, keep ...string) page.Route {
		return page.Route{Method: method, Pattern: pattern, Who: who, Page: name, Body: body, Keep: keep, Handler: h}
	}
	return []page.Route{
		route(http.MethodGet, "/letter/{id}/propose", "desk/propose", 0, propose.ask),
		route(http.MethodPost, "/letter/{id}/propose", "", noteBody, propose.post, "words", "note"),
		route(http.MethodGet, "/letter/{id}/cut", "desk/propose", 0, cut.ask),
		route(http.MethodPost, "/letter/{id}/cut", "", noteBody, cut.post, "note"),
		route(http.MethodGet, "/letter/{id}/uncut", "desk/uncut", 0, room.uncut().ask),
		route(http.MethodPost, "/letter/{id}/uncut", "", noteBody, room.undoCut, "note"),
		route(http.MethodGet, "/letter/{id}/unask", "desk/unask", 0, room.askUnask),
		route(http.MethodPost, "/letter/{id}/unask", "", noteBody, room.unask, "note"),
		route(http.MethodGet, "/letter/{id}/original", "desk/original", 0, room.askOriginal),
		route(http.MethodPost, "/letter/{id}/original", "", noteBody, room.original, "why"),
	}
}

// proposePage asks which parts of a letter are left out.
type proposePage struct {
	letterPage
	Act    string // "propose" or "cut": its words and its address
	Open   []partView
	Closed int // findings that the writer is not pointed at
	Rows   []int
	Why    []page.Option
}

// partView is a finding with the choice whether it stays.
type partView struct {
	findingView
	Why []page.Option
}

// proposing is the page of an act that leaves parts out.
type proposing struct {
	room Room
	act  string
}

func (room Room) proposing(act string) proposing { return proposing{room, act} }

// ask shows the form with nothing in it.
func (a proposing) ask(w http.ResponseWriter, r *http.Request) error {
	return a.show(w, r, page.Form{}, nil)
}

// post goes between the letter and the form, and on the last press acts.
func (a proposing) post(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	switch form.Get("do") {
	case doAsk:
		return a.show(w, r, form, nil)
	case doBack:
		return a.room.showLetter(w, r, form, nil)
	}
	return a.room.decide(w, r, func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, form page.Form) error {
		if a.act == "cut" {
			return a.room.Letters.Cut(ctx, actor, id, partsOf(form), form.Get("note"))
		}
		return a.room.Letters.Propose(ctx, actor, id, partsOf(form), form.Get("words"), form.Get("note"), answersOf(form)...)
	}, a.show)
}

// show shows the form with what was typed and why it was refused.
func (a proposing) show(w http.ResponseWriter, r *http.Request, form page.Form, refused error) error {
	p := &proposePage{letterPage: a.room.letterPage(r, "proposal.title."+a.act), Act: a.act}
	own := []string{"note", partField}
	for i := range wordRows {
		p.Rows = append(p.Rows, i+1)
		own = append(own, fmt.Sprintf("words-%d", i+1), fmt.Sprintf("why-%d", i+1))
	}
	if a.act == "propose" {
		own = append(own, "words")
	}
	p.Carried = carry(form, own...)
	status, err := a.room.fill(r, &p.letterPage, form, refused)
	if err != nil {
		return err
	}
	reasons, err := a.room.Letters.Reasons(r.Context(), a.room.Actor(r))
	if err != nil {
		return err
	}
	p.Why = p.whys(reasons)
	for _, list := range [][]findingView{p.Asked, p.AlsoFound, p.News} {
		for _, f := range list {
			if !f.InLetter(string(p.Text)) {
				continue // of its translation, or of what was written down of its recording: that is changed there
			}
			if f.Closed && a.act == "propose" {
				p.Closed++
				continue
			}
			p.Open = append(p.Open, partView{f, p.Why})
		}
	}
	return a.room.Site.Render(w, r, status, "desk/propose", p)
}

// whys are the choices about a part: it stays, or why it goes.
func (p *proposePage) whys(reasons letterbox.Reasons) []page.Option {
	none := ""
	list := []page.Option{{Value: &none, Text: p.Words.T("proposal.stays")}}
	for _, reason := range reasons.Offered(letterbox.LetterReasons) {
		list = append(list, page.Option{Value: &reason.ID, Text: reason.Words})
	}
	return list
}

// partsOf reads from a form what is left out. A line without words, or a finding
// without a reason, stays.
func partsOf(form page.Form) (parts []letterbox.Part) {
	for _, name := range form.Names() {
		if key, ok := strings.CutPrefix(name, partField); ok && form.Get(name) != "" {
			parts = append(parts, letterbox.Part{Finding: key, Reason: letterbox.ReturnReason(form.Get(name))})
		}
	}
	for i := 1; i <= wordRows; i++ {
		if said := form.Get(fmt.Sprintf("words-%d", i)); strings.TrimSpace(said) != "" {
			parts = append(parts, letterbox.Part{Words: letterbox.Text(said), Row: i, Reason: letterbox.ReturnReason(form.Get(fmt.Sprintf("why-%d", i)))})
		}
	}
	return parts
}

// uncut is the page that asks why a letter is made whole again.
func (room Room) uncut() actPage {
	return actPage{room: room, name: "uncut", title: "proposal.title.uncut", own: []string{"note"}}
}

// undoCut makes a letter whole again, and goes to the desk, where it waits.
func (room Room) undoCut(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	if form.Get("do") == doBack {
		return room.showLetter(w, r, form, nil)
	}
	if err := room.Letters.UndoCut(r.Context(), room.Actor(r), letterbox.LetterID(id), form.Get("note")); err != nil {
		return room.uncut().show(w, r, form, err)
	}
	return page.SeeOther(w, r, "/desk")
}

// originalPage asks why a letter is to be read as it came, and then shows it.
type originalPage struct {
	page.Base
	ID       string
	Original *letterbox.Original
	Letter   string
	Max      int
}

func (room Room) askOriginal(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	if err := room.Actor(r).May(authz.Decide); err != nil {
		return err
	}
	p := &originalPage{Base: room.Site.Base(r, "proposal.title.original"), ID: id, Max: letterbox.MaxReason}
	return room.Site.Render(w, r, http.StatusOK, "desk/original", p)
}

// original shows a letter as it came. Each time is a reading of its own, with its reason.
func (room Room) original(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	p := &originalPage{Base: room.Site.Base(r, "proposal.title.original"), ID: id, Max: letterbox.MaxReason}
	original, err := room.Letters.Original(r.Context(), room.Actor(r), letterbox.LetterID(id), form.Get("why"))
	if err != nil {
		if !p.Refused(form, err) {
			return err
		}
		return room.Site.Render(w, r, statusOf(err), "desk/original", p)
	}
	p.Original, p.Letter = &original, string(original.Text)
	return room.Site.Render(w, r, http.StatusOK, "desk/original", p)
}
