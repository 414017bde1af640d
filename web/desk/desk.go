package desk

import (
	"html/template"
	"net/http"
	"strings"

	"gatepost/internal/authz"
	"gatepost/letterbox"
	"gatepost/web/page"
	"gatepost/web/words"
)

// deskPage is what waits.
type deskPage struct {
	page.Base
	Count int
	Rows  template.HTML
}

// rowsOf writes the desk's letters, each a card. A desk may show hundreds, and
// html/template takes ten times as long for a row as this: every value here goes
// through html, which escapes it, and nothing else comes from outside.
func rowsOf(w *words.Words, lines []letterbox.DeskLine, mayRead bool, token string) template.HTML {
	var b strings.Builder
	b.Grow(len(lines) * 1200) // about a row's size
	html := template.HTMLEscapeString
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
		for _, tag := range tags(w, l) {
			b.WriteString(`<strong class="govuk-tag ` + tag.Classes + `">` + html(tag.Text) + `</strong> `)
		}
		b.WriteString(`</div></div>
</div>
<div class="govuk-summary-card__content">
<div class="govuk-grid-row">
<div class="govuk-grid-column-two-thirds">
<p class="govuk-body govuk-!-margin-bottom-1"><span class="govuk-visually-hidden">` + from + ` </span><strong>` + name(l.From) + `</strong> ` + about + ` ` + name(l.Children) + `</p>
<p class="govuk-body govuk-!-margin-bottom-1">` + html(when(w, l)) + `</p>
`)
		if text := note(w, l); text != "" {
			b.WriteString(`<p class="govuk-body govuk-!-margin-bottom-1">` + html(text) + `</p>
`)
		}
		b.WriteString(`</div>
`)
		if mayRead && !l.Connected && (l.Mine || l.ClaimedBy == "") {
			act := "desk.desk.read"
			if l.Mine {
				act = "desk.desk.goOn"
			}
			b.WriteString(`<div class="govuk-grid-column-one-third">
<form method="post" action="/letter/` + id + `/claim"><input type="hidden" name="form-token" value="` + html(token) + `">
<button type="submit" class="govuk-button govuk-!-margin-bottom-0" data-module="govuk-button">` + html(w.T(act)) +
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

// when a letter came, and by when its writer hears.
func when(w *words.Words, l letterbox.DeskLine) string {
	came := w.T("desk.desk.today")
	if l.WorkDays > 0 {
		came = w.T("desk.desk.came", "Day", w.Date(l.SentOn)) + ", " + w.T("desk.desk.days", "Count", l.WorkDays) + "."
	}
	return came + " " + w.T("desk.desk.hearBy", "Day", w.Day(l.HearBy))
}

// note says who reads a letter, or why this worker does not; "" for nobody yet.
func note(w *words.Words, l letterbox.DeskLine) string {
	switch {
	case l.Connected:
		return w.T("desk.desk.connected")
	case l.Mine:
		return w.T("desk.desk.you", "Time", w.Moment(l.ClaimUntil))
	case l.ClaimedBy != "":
		return w.T("desk.desk.reading") + " " + l.ClaimedBy
	}
	return ""
}

// tags say a letter's age and who has it, in words and calm colours.
func tags(w *words.Words, l letterbox.DeskLine) (list []page.Tag) {
	add := func(key, colour string) {
		list = append(list, page.Tag{Text: w.T(key), Classes: "govuk-tag--" + colour})
	}
	switch {
	case l.Late:
		add("desk.tag.late", "orange")
	case l.Amber:
		add("desk.tag.amber", "yellow")
	}
	if l.Rewrite {
		add("desk.tag.rewrite", "teal")
	}
	switch {
	case l.Mine:
		add("desk.tag.mine", "green")
	case l.ClaimedBy != "":
		add("desk.tag.claimed", "grey")
	}
	return list
}

// desk shows what waits, oldest first.
func (room Room) desk(w http.ResponseWriter, r *http.Request) error {
	actor := room.Actor(r)
	waits, err := room.Letters.Desk(r.Context(), actor)
	if err != nil {
		return err
	}
	p := &deskPage{Base: room.Site.Base(r, "desk.desk.title"), Count: len(waits.Letters)}
	p.Wide = true
	p.Rows = rowsOf(p.Words, waits.Letters, actor.Can(authz.Claim), p.FormToken)
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
