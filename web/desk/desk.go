package desk

import (
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/letterbox"
	"gatepost/web/page"
	"gatepost/web/words"
)

// deskPage is what waits.
type deskPage struct {
	page.Base
	Trays []trayView
	Count int
	Open  string // the tray that is shown
	Mark  string // of when it was read; "" where no line can be opened
	Rows  template.HTML

	Narrowed bool   // only some letters are shown
	Find     string // what was looked for by name, in every tray; "" for nothing
	Age      string // what the addresses of other trays go on with
	Kind     string
}

// trayView is a tray as the page offers it.
type trayView struct {
	Key     string // its words stand in the catalogue as "desk.tray.<key>"
	Count   int
	Current bool
}

// tray is a part of the desk. A letter can lie in several.
type tray struct {
	key   string
	holds func(l letterbox.DeskLine, today time.Time) bool
}

// trays lists them as the page does. The first holds what this worker's team
// should look at today, so it leaves out what a colleague is reading and what is
// on hold for another day.
func trays() []tray {
	return []tray{
		{"waits", waitsNow},
		{"claimed", func(l letterbox.DeskLine, _ time.Time) bool { return withColleague(l) }},
		{"held", func(l letterbox.DeskLine, _ time.Time) bool { return l.State == letterbox.Held }},
		{"translate", func(l letterbox.DeskLine, _ time.Time) bool { return l.State == letterbox.ToTranslate }},
		{"back", func(l letterbox.DeskLine, _ time.Time) bool { return isBack(l) }},
		{"stopped", func(l letterbox.DeskLine, _ time.Time) bool { return l.Stopped }},
		{"second", func(l letterbox.DeskLine, _ time.Time) bool { return l.Second && undecided(l) }},
	}
}

// waitsNow tells whether somebody should take a letter today.
func waitsNow(l letterbox.DeskLine, today time.Time) bool {
	return !withColleague(l) && l.State != letterbox.ToTranslate && (l.State != letterbox.Held || due(l, today))
}

// withColleague tells whether another worker is reading a letter, or was given it.
func withColleague(l letterbox.DeskLine) bool { return !l.Mine && l.ClaimedBy != "" }

// due tells whether the day has come for which a letter was put on hold.
func due(l letterbox.DeskLine, today time.Time) bool {
	return l.State == letterbox.Held && !l.HeldUntil.After(today)
}

// undecided tells whether a worker still has to say what becomes of a letter.
func undecided(l letterbox.DeskLine) bool {
	return l.State == letterbox.Received || l.State == letterbox.Held
}

// isBack tells whether a letter was passed on once and came back to the desk.
func isBack(l letterbox.DeskLine) bool {
	return l.State == letterbox.Recalled || l.State == letterbox.Undeliverable
}

// sorted puts what was on hold and is due before the rest, which has the oldest
// first: a letter on paper by the day on which it came.
func sorted(lines []letterbox.DeskLine, today time.Time) []letterbox.DeskLine {
	slices.SortStableFunc(lines, func(a, b letterbox.DeskLine) int {
		switch dueA, dueB := due(a, today), due(b, today); {
		case dueA && dueB:
			return a.HeldUntil.Compare(b.HeldUntil)
		case dueA:
			return -1
		case dueB:
			return 1
		}
		return a.SentOn.Compare(b.SentOn)
	})
	return lines
}

// lay sorts the letters of a desk into its trays and gives those of the tray
// that is open: the one asked for, or the first.
func lay(lines []letterbox.DeskLine, open string, today time.Time) (views []trayView, shown []letterbox.DeskLine) {
	all := trays()
	if !slices.ContainsFunc(all, func(t tray) bool { return t.key == open }) {
		open = all[0].key
	}
	for _, t := range all {
		view := trayView{Key: t.key, Current: t.key == open}
		for _, l := range lines {
			if !t.holds(l, today) {
				continue
			}
			view.Count++
			if view.Current {
				shown = append(shown, l)
			}
		}
		views = append(views, view)
	}
	return views, shown
}

// row is what every row of the desk is written with.
type row struct {
	words   *words.Words
	today   time.Time
	mayRead bool
	token   string // of the form
}

// rowsOf writes the desk's letters, each a card. A desk may show hundreds, and
// html/template takes ten times as long for a row as this: every value here goes
// through html, which escapes it, and nothing else comes from outside.
func rowsOf(r row, lines []letterbox.DeskLine) template.HTML {
	var b strings.Builder
	b.Grow(len(lines) * 1200) // about a row's size
	html := template.HTMLEscapeString
	w := r.words
	name := func(s string) string {
		if s == "" {
			return `<span class="govuk-hint">` + html(w.T("desk.noName")) + `</span>`
		}
		return `<span translate="no">` + html(s) + `</span>`
	}
	from, about := html(w.T("desk.desk.from")), html(w.T("desk.desk.about"))
	for _, l := range lines {
		id := html(string(l.ID))
		b.WriteString(`<li class="govuk-summary-card" data-letter="` + id + `">
<div class="govuk-summary-card__title-wrapper">
<h2 class="govuk-summary-card__title">` + html(l.Reference) + `</h2>
<div class="govuk-summary-card__actions"><div>`)
		for _, tag := range r.tags(l) {
			b.WriteString(`<strong class="govuk-tag ` + tag.Classes + `">` + html(tag.Text) + `</strong> `)
		}
		b.WriteString(`</div></div>
</div>
<div class="govuk-summary-card__content">
<div class="govuk-grid-row">
<div class="govuk-grid-column-two-thirds">
`)
		if !l.Restricted { // else nothing here says whose letter it is
			b.WriteString(`<p class="govuk-body govuk-!-margin-bottom-1"><span class="govuk-visually-hidden">` + from + ` </span><strong>` + name(l.From) + `</strong> ` + about + ` ` + name(l.Children) + `</p>
`)
		}
		b.WriteString(`<p class="govuk-body govuk-!-margin-bottom-1">` + html(r.when(l)) + `</p>
`)
		if text := r.note(l); text != "" {
			b.WriteString(`<p class="govuk-body govuk-!-margin-bottom-1">` + html(text) + `</p>
`)
		}
		b.WriteString(`</div>
`)
		if r.mayRead && free(l) {
			b.WriteString(`<div class="govuk-grid-column-one-third">
<form method="post" action="/letter/` + id + `/claim"><input type="hidden" name="form-token" value="` + html(r.token) + `">
<button type="submit" class="govuk-button govuk-!-margin-bottom-0" data-module="govuk-button">` + html(w.T(r.act(l))) +
				`<span class="govuk-visually-hidden"> ` + html(w.T("desk.desk.readWhich", "Reference", l.Reference, "Day", w.Date(l.SentOn))) + `</span></button>
</form>
</div>
`)
		}
		b.WriteString(`</div>
</div>
</li>
`)
	}
	return template.HTML(b.String())
}

// free tells whether a worker may take a letter: nobody else has it, they do not
// know the family, and they hold a key of it.
func free(l letterbox.DeskLine) bool {
	return !l.Connected && !l.Restricted && (l.Mine || l.ClaimedBy == "")
}

// act is what the button of a row says.
func (r row) act(l letterbox.DeskLine) string {
	switch {
	case l.Mine:
		return "desk.desk.goOn"
	case undecided(l):
		return "desk.desk.read"
	}
	return "desk.desk.look"
}

// when a letter came, and what its writer waits for.
func (r row) when(l letterbox.DeskLine) string {
	w := r.words
	text := w.T("desk.desk.today")
	if l.WorkDays > 0 {
		text = w.T("desk.desk.came", "Day", w.Date(l.SentOn)) + ", " + w.T("desk.desk.days", "Count", l.WorkDays) + "."
	}
	switch { // who was told that a letter went on waits for no day
	case l.Stopped:
		text += " " + w.T("desk.desk.stoppedOn", "Day", w.Date(l.StoppedOn))
	case l.Late:
		text += " " + w.T("desk.desk.heardBy", "Day", w.Day(l.HearBy))
	case undecided(l) || isBack(l) || l.State == letterbox.ToTranslate:
		text += " " + w.T("desk.desk.hearBy", "Day", w.Day(l.HearBy))
	}
	if l.State == letterbox.Held {
		text += " " + w.T("desk.desk.heldUntil", "Day", w.Day(l.HeldUntil))
	}
	return text
}

// note says who reads a letter, or why this worker does not; "" for nobody yet.
func (r row) note(l letterbox.DeskLine) string {
	w := r.words
	switch {
	case l.Connected:
		return w.T("desk.desk.connected")
	case l.RefusedByMe && !l.Mine:
		return w.T("desk.desk.refusedByMe")
	case l.FirstByMe && !l.Mine:
		return w.T("desk.desk.firstByMe")
	case l.Restricted:
		return w.T("desk.desk.restricted")
	case l.Mine:
		return w.T("desk.desk.you", "Time", w.Moment(l.ClaimUntil))
	case l.ClaimedBy != "":
		return w.T("desk.desk.reading") + " " + l.ClaimedBy
	case l.State == letterbox.ToTranslate:
		return w.T("desk.desk.translating") + " " + l.Translator
	}
	return ""
}

// tags say a letter's age, where it stands and who has it, in words and calm
// colours. Age is told while the writer waits to hear.
func (r row) tags(l letterbox.DeskLine) (list []page.Tag) {
	add := func(is bool, key, colour string) {
		if is {
			list = append(list, page.Tag{Text: r.words.T("desk.tag." + key), Classes: "govuk-tag--" + colour})
		}
	}
	waits := undecided(l)
	add(l.Late, "late", "orange")
	add(l.Amber && !l.Late, "amber", "yellow")
	add(due(l, r.today), "due", "yellow")
	add(l.State == letterbox.Held && !due(l, r.today), "held", "grey")
	add(l.State == letterbox.ToTranslate, "translate", "grey")
	add(l.Language == letterbox.Welsh, "welsh", "teal")
	add(l.Language == letterbox.OtherTongue, "otherLanguage", "teal")
	add(l.State == letterbox.Recalled, "recalled", "purple")
	add(l.State == letterbox.Undeliverable, "undeliverable", "purple")
	add(l.Stopped, "stopped", "purple")
	add(waits && l.Second, "second", "teal")
	add(waits && l.ReadFirst, "readFirst", "teal")
	add(l.Rewrite, "rewrite", "teal")
	add(l.Paper, "paper", "grey")
	add(l.Mine, "mine", "green")
	add(withColleague(l), "claimed", "grey")
	return list
}

// row makes what rows are written with, for a page of this worker.
func (room Room) row(b *page.Base, mayRead bool) row {
	return row{words: b.Words, today: calendar.Today(room.Site.Now()), mayRead: mayRead, token: b.FormToken}
}

// desk shows what waits in one of its trays. It is the first page of every
// worker: one who has no desk goes on to the first page that is theirs.
func (room Room) desk(w http.ResponseWriter, r *http.Request) error {
	return room.showDesk(w, r, page.Query(r))
}

// showDesk shows the tray that a form or a query asks for, narrowed as it says.
func (room Room) showDesk(w http.ResponseWriter, r *http.Request, form page.Form) error {
	actor, mark := room.Actor(r), ""
	if room.Mark != nil {
		mark = room.Mark() // before anything is read
	}
	if items := Nav(actor); !actor.OnHold() && !actor.Can(authz.SeeDesk) {
		return page.SeeOther(w, r, items[0].Href)
	}
	waits, err := room.Letters.Desk(r.Context(), actor)
	if err != nil {
		return err
	}
	p := &deskPage{Base: room.Site.Base(r, "desk.desk.title")}
	p.Wide = true
	row := room.row(&p.Base, actor.Can(authz.Claim))
	switch page.Query(r).Get("said") {
	case "translated":
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("translate.said.translated")}
	case "dropped":
		p.Notice = &page.NotificationBanner{Text: p.Words.T("desk.dropped")}
	}
	n := narrowOf(form)
	lines := n.of(sorted(waits.Letters, row.today))
	trays, shown := lay(lines, form.Get("show"), row.today)
	if p.Form, p.Narrowed, p.Age, p.Kind = form, n != (narrow{}), n.age, n.kind; n.find != "" {
		p.Find, shown, mark = form.Get("find"), lines, ""
	}
	for _, t := range trays {
		if t.Current {
			p.Open = t.Key
		}
	}
	p.Trays, p.Count, p.Rows, p.Mark = trays, len(shown), rowsOf(row, shown), mark
	return room.Site.Render(w, r, http.StatusOK, "desk/desk", p)
}

// claim takes a letter to read it.
func (room Room) claim(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	if err := room.Letters.Claim(r.Context(), room.Actor(r), letterbox.LetterID(id)); err != nil {
		return err
	}
	return page.SeeOther(w, r, "/letter/"+id)
}

// release puts a letter back for somebody else to read.
func (room Room) release(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	if err := room.Letters.Release(r.Context(), room.Actor(r), letterbox.LetterID(id)); err != nil {
		return err
	}
	return page.SeeOther(w, r, "/desk")
}
