package desk

import (
	"net/http"
	"net/url"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// letterPage is a letter to be read, with what stands beside it.
type letterPage struct {
	page.Base
	letterbox.Reading
	Letter  string // its text
	Earlier []earlier
	Tags    []page.Tag
}

// earlier is an earlier letter, with its text as text.
type earlier struct {
	letterbox.Earlier
	Letter string
}

// show puts a letter on the page.
func (p *letterPage) show(reading letterbox.Reading) {
	p.Wide = true
	p.Reading, p.Letter, p.Tags = reading, string(reading.Text), tags(p.Words, reading.DeskLine)
	for _, e := range reading.Earlier {
		p.Earlier = append(p.Earlier, earlier{e, string(e.Text)})
	}
}

// readLetter shows a claimed letter. The service has the reading in the log
// before it gives the text.
func (room Room) readLetter(w http.ResponseWriter, r *http.Request) error {
	return room.showLetter(w, r, page.Form{})
}

// showLetter shows a claimed letter with what was typed about it.
func (room Room) showLetter(w http.ResponseWriter, r *http.Request, form page.Form) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	reading, err := room.Letters.Read(r.Context(), room.Actor(r), letterbox.LetterID(id))
	if err != nil {
		return err
	}
	p := &letterPage{Base: room.Site.Base(r, "desk.letter.title")}
	p.Form = form
	p.show(reading)
	return room.Site.Render(w, r, http.StatusOK, "desk/letter", p)
}

// pass sends a letter on. A second press of the button finds it done and shows
// the same page.
func (room Room) pass(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	actor := room.Actor(r)
	err = room.Letters.Pass(r.Context(), actor, letterbox.LetterID(id), form.Get("note"))
	if err == nil {
		return page.SeeOther(w, r, donePath(id, form))
	}
	p := &letterPage{Base: room.Site.Base(r, "desk.letter.title")}
	if !p.Refused(form, err) {
		return err
	}
	reading, gone := room.Letters.Read(r.Context(), actor, letterbox.LetterID(id))
	if gone != nil {
		return gone
	}
	p.show(reading)
	return room.Site.Render(w, r, statusOf(err), "desk/letter", p)
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
	Passed   bool // else it went back to its writer
	Next     *letterbox.DeskLine
	Waiting  int
}

// done tells what was decided, as it stands in the exchange: never more than
// what is so, whatever the address says.
func (room Room) done(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	exchange := page.Query(r).Get("exchange")
	if !agency.ValidID("ex", exchange) {
		return notThere()
	}
	actor := room.Actor(r)
	x, err := room.Letters.Exchange(r.Context(), actor, letterbox.ExchangeID(exchange))
	if err != nil {
		return err
	}
	passed, returned := decided(x, letterbox.LetterID(id))
	if !passed && !returned {
		return notThere()
	}
	waits, err := room.Letters.Desk(r.Context(), actor)
	if err != nil {
		return err
	}
	title := "desk.done.returned"
	if passed {
		title = "desk.done.passed"
	}
	p := &donePage{Base: room.Site.Base(r, title), Exchange: x, Passed: passed}
	if actor.Can(authz.Claim) {
		p.Next, p.Waiting = next(waits.Letters)
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/done", p)
}

// decided finds a letter in the history of its exchange and tells what was
// decided about it. Both are false for one that waits or is not there.
func decided(x letterbox.Exchange, id letterbox.LetterID) (passed, returned bool) {
	for _, l := range x.Letters {
		if l.ID != id {
			continue
		}
		switch l.State {
		case letterbox.Passed, letterbox.Waiting, letterbox.KeptForLater, letterbox.Opened:
			return true, false
		case letterbox.ReturnedToWriter, letterbox.ReplacedByRewrite:
			return false, true
		}
	}
	return false, false
}

// next finds the oldest letter that nobody else has, and counts such letters.
func next(letters []letterbox.DeskLine) (oldest *letterbox.DeskLine, count int) {
	for i := range letters {
		if line := letters[i]; line.ClaimedBy == "" || line.Mine {
			if oldest == nil {
				oldest = &letters[i]
			}
			count++
		}
	}
	return oldest, count
}
