package desk

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// letterPage is a letter to be read, with what stands beside it.
type letterPage struct {
	page.Base
	letterbox.Reading
	Letter  string // what is screened of it: its text, and what was written down of its recording
	Earlier []earlier
	Notes   []noteView
	Tags    []page.Tag
	Carried []carried // what was typed on the pages of other acts
	Max     int       // runes of a text of the worker's own

	Translated translated
	Marked     [][][]markedPart // the letter, with what the screen found marked
	Told       [][][]markedPart // the same of what was written down of its recording
	Asked      []findingView    // what has to be answered before it is passed on
	News       []findingView    // illness and death: wanted, and to be told first
	AlsoFound  []findingView
	MoreFound  int // how many are marked in the letter and not asked about: there are too many

	beside
}

// PassAct is the act of the first button: to pass the letter on, or to leave it to a second reader.
func (p *letterPage) PassAct() string {
	if p.ForSecond() {
		return "first"
	}
	return "pass"
}

// ForSecond tells the page that this worker would be the first of two readers.
func (p *letterPage) ForSecond() bool { return p.MayReadFirst }

// earlier is an earlier letter, with its text as text.
type earlier struct {
	letterbox.Earlier
	Letter string
}

// noteView is what a colleague wrote down, with its text as text.
type noteView struct {
	letterbox.WorkNote
	Words string
}

// Undecided tells the page that the letter waits for its first decision, or for
// a second opinion.
func (p *letterPage) Undecided() bool { return undecided(p.DeskLine) }

// WithUsAgain tells the page that the letter was passed on and is back.
func (p *letterPage) WithUsAgain() bool { return isBack(p.DeskLine) }

// letterPage makes the page of a letter that was read.
func (room Room) letterPage(r *http.Request, title string) letterPage {
	return letterPage{Base: room.Site.Base(r, title), Max: letterbox.MaxReason}
}

// show puts a letter on the page.
func (room Room) show(p *letterPage, reading letterbox.Reading) {
	p.Wide = true
	p.Reading, p.Letter, p.Tags = reading, reading.Screened(), room.row(&p.Base, false).tags(reading.DeskLine)
	for _, e := range reading.Earlier {
		p.Earlier = append(p.Earlier, earlier{e, string(e.Text)})
	}
	for _, n := range reading.Notes {
		p.Notes = append(p.Notes, noteView{n, string(n.Text)})
	}
	p.Translated = translated{Lang: langOf(reading.Translation.Into), Into: reading.Translation.Into, By: reading.Translation.By, Unread: reading.Translation.Unread}
	p.looked(reading.Findings, reading.Translation)
	p.beside = besideOf(reading)
}

// carried is a field that a page takes along for another one.
type carried struct{ Name, Value string }

// typed names every field that a worker can fill about one letter. They all
// travel between the letter and the pages of its acts, so that whoever looks at
// one act and takes another finds what they wrote.
func typed() []string {
	return []string{"note", "reason", "words", "until-day", "until-month", "until-year", "concern", "words-1", "why-1", "words-2", "why-2", "words-3", "why-3"}
}

// carry gives what was typed and is not among the fields of the page itself.
func carry(form page.Form, own ...string) (list []carried) {
	for _, name := range slices.Concat(typed(), slices.DeleteFunc(form.Names(), func(name string) bool { return !aboutFinding(name) && !aboutPart(name) })) {
		if value := form.Get(name); value != "" && !slices.Contains(own, name) && !(aboutPart(name) && slices.Contains(own, partField)) {
			list = append(list, carried{name, value})
		}
	}
	return list
}

// readLetter shows a claimed letter. The service has the reading in the log
// before it gives the text.
func (room Room) readLetter(w http.ResponseWriter, r *http.Request) error {
	return room.showLetter(w, r, page.Form{}, nil)
}

// showLetter shows a claimed letter with what was typed about it and why an act
// was refused. An err that cannot be put right there is returned.
func (room Room) showLetter(w http.ResponseWriter, r *http.Request, form page.Form, err error) error {
	p := room.letterPage(r, "desk.letter.title")
	status, err := room.fill(r, &p, form, err)
	if err != nil {
		return err
	}
	if p.Carried = carry(form); p.Undecided() {
		// These have fields of their own there.
		p.Carried = slices.DeleteFunc(carry(form, "note"), func(c carried) bool { return aboutFinding(c.Name) })
	}
	return room.Site.Render(w, r, status, "desk/letter", &p)
}

// fill reads the letter for its page, with what was typed and why it was
// refused, and gives the status of the page.
func (room Room) fill(r *http.Request, p *letterPage, form page.Form, refused error) (status int, err error) {
	id, err := idOf(r, "lt")
	if err != nil {
		return 0, err
	}
	p.Form, status = form, http.StatusOK
	if refused != nil {
		if !p.Refused(form, refused) {
			return 0, refused
		}
		status = statusOf(refused)
	}
	reading, err := room.Letters.Read(r.Context(), room.Actor(r), letterbox.LetterID(id))
	if err != nil {
		return 0, err // who may not read it is not told what was wrong with the form
	}
	room.show(p, reading)
	return status, nil
}

// pass sends a letter on. A second press of the button finds it done and shows
// the same page.
func (room Room) pass(w http.ResponseWriter, r *http.Request) error {
	return room.decide(w, r, func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, form page.Form) error {
		return room.Letters.Pass(ctx, actor, id, form.Get("note"), answersOf(form)...)
	}, room.showLetter)
}

// An act does what a form asks about a letter.
type act func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, form page.Form) error

// A refusing page shows a form with what was typed and why it was refused.
type refusing func(w http.ResponseWriter, r *http.Request, form page.Form, err error) error

// decide does what a form asks, and goes to the page that tells what was done.
func (room Room) decide(w http.ResponseWriter, r *http.Request, do act, again refusing) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	if err := do(r.Context(), room.Actor(r), letterbox.LetterID(id), form); err != nil {
		return again(w, r, form, err)
	}
	return page.SeeOther(w, r, donePath(id, form))
}

// actPage is the page of one act about a letter that this worker reads: a form,
// with the letter beside it.
type actPage struct {
	room  Room
	name  string   // of its template
	title string   // the key of its title
	own   []string // its fields
	do    act
	ready func(form page.Form) page.Form // puts into a form what is known already; nil for nothing
}

// ask shows the form with nothing in it.
func (a actPage) ask(w http.ResponseWriter, r *http.Request) error {
	return a.show(w, r, page.Form{}, nil)
}

// post goes between the letter and the form, and on the last press acts.
func (a actPage) post(w http.ResponseWriter, r *http.Request) error {
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
	return a.room.decide(w, r, a.do, a.show)
}

// show shows the form with what was typed and why it was refused.
func (a actPage) show(w http.ResponseWriter, r *http.Request, form page.Form, refused error) error {
	p := a.room.letterPage(r, a.title)
	if a.ready != nil {
		form = a.ready(form)
	}
	p.Carried = carry(form, a.own...)
	status, err := a.room.fill(r, &p, form, refused)
	if err != nil {
		return err
	}
	return a.room.Site.Render(w, r, status, "desk/"+a.name, &p)
}

// keep is the page that keeps a letter on the child's file.
func (room Room) keep() actPage {
	return actPage{room: room, name: "keep", title: "desk.keep.title", own: []string{"note"},
		do: func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, form page.Form) error {
			return room.Letters.KeepOnFile(ctx, actor, id, form.Get("note"), answersOf(form)...)
		}}
}

// donePath is where a decision goes. The form carries the letter's exchange, in
// whose history the page finds what was decided.
func donePath(id string, form page.Form) string {
	return "/letter/" + id + "/done?exchange=" + url.QueryEscape(form.Get("exchange"))
}

// donePage is what happened with a letter, and the next one.
type donePage struct {
	page.Base
	Exchange letterbox.Exchange
	Next     *letterbox.DeskLine
	Waiting  int
}

// done tells what was decided, as it stands in the exchange: never more than
// what is so, whatever the address says.
func (room Room) done(w http.ResponseWriter, r *http.Request) error {
	x, l, err := room.letterOf(r)
	if err != nil {
		return err
	}
	outcome := outcomeOf(l.State)
	if l.ReadFirst {
		outcome = "first"
	}
	if outcome == "" {
		return notThere()
	}
	actor := room.Actor(r)
	waits, err := room.Letters.Desk(r.Context(), actor)
	if err != nil {
		return err
	}
	p := &donePage{Base: room.Site.Base(r, "desk.done."+outcome), Exchange: x}
	p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("desk.doneText." + outcome)}
	if actor.Can(authz.Claim) {
		today := calendar.Today(room.Site.Now())
		p.Next, p.Waiting = next(sorted(waits.Letters, today), today)
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/done", p)
}

// letterOf finds the letter of the path in the history of the exchange that the
// query names. It gives no text and asks for no claim.
func (room Room) letterOf(r *http.Request) (letterbox.Exchange, letterbox.ExchangeLetter, error) {
	exchange := page.Query(r).Get("exchange")
	if form, err := page.FormOf(r); err == nil {
		exchange = form.Get("exchange")
	}
	id, err := idOf(r, "lt")
	if err != nil || !agency.ValidID("ex", exchange) {
		return letterbox.Exchange{}, letterbox.ExchangeLetter{}, notThere()
	}
	x, err := room.Letters.Exchange(r.Context(), room.Actor(r), letterbox.ExchangeID(exchange))
	if err != nil {
		return letterbox.Exchange{}, letterbox.ExchangeLetter{}, err
	}
	for _, l := range x.Letters {
		if string(l.ID) == id {
			return x, l, nil
		}
	}
	return letterbox.Exchange{}, letterbox.ExchangeLetter{}, notThere()
}

// outcomeOf names what was done with a letter that stands so; "" where nothing
// was decided yet.
func outcomeOf(state letterbox.State) string {
	switch state {
	case letterbox.Passed:
		return "passedLater"
	case letterbox.Waiting, letterbox.KeptForLater, letterbox.Opened:
		return "passed"
	case letterbox.ProposedToWriter:
		return "proposed"
	case letterbox.ReturnedToWriter, letterbox.ReplacedByRewrite:
		return "returned"
	case letterbox.RefusedByWorker:
		return "refused"
	case letterbox.KeptForChild:
		return "kept"
	case letterbox.Held:
		return "held"
	case letterbox.Escalated:
		return "escalated"
	case letterbox.ToTranslate:
		return "toTranslate"
	case letterbox.Recalled:
		return "recalled"
	case letterbox.Undeliverable:
		return "undeliverable"
	}
	return ""
}

// next finds the letter to take next, as the first tray of the desk has them,
// and counts those of it that this worker may take: all but the families that
// they know, cases for which others were named, and what they refused before or were the first of two to read.
func next(letters []letterbox.DeskLine, today time.Time) (first *letterbox.DeskLine, count int) {
	for i, l := range letters {
		if !free(l) || l.RefusedByMe || l.FirstByMe || !waitsNow(l, today) {
			continue
		}
		if first == nil {
			first = &letters[i]
		}
		count++
	}
	return first, count
}
