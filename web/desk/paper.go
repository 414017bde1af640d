package desk

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// scanBody is the limit of a form with a scan: the largest that the service
// takes, the text, and a little, so that one slightly too large is told so.
const scanBody = letterbox.MaxScan + page.TextBody + 1<<18

// paperPage types in a letter that came on paper.
type paperPage struct {
	exchangePage
	Writer  string             // the account that the page was made for
	Letter  letterbox.LetterID // chosen when the page was made: two clicks are one letter
	Authors []page.Choice
	Helpers []page.Choice
	Max     int  // runes of what is said of them
	Again   bool // the form came back, and a browser does not keep the file
}

// askPaper shows the form for a letter on paper.
func (room Room) askPaper(w http.ResponseWriter, r *http.Request) error {
	return room.showPaper(w, r, page.Form{}, nil)
}

// recordPaper types in a letter. A second press of the button finds it done.
func (room Room) recordPaper(w http.ResponseWriter, r *http.Request) error {
	exchange, err := idOf(r, "ex")
	if err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	letter, err := paperOf(form, page.FileOf(r))
	if err == nil {
		_, err = room.Letters.RecordPaper(r.Context(), room.Actor(r), letter)
	}
	if err != nil {
		return room.showPaper(w, r, form, onCame(err))
	}
	return page.SeeOther(w, r, "/exchange/"+exchange+"?done=paper")
}

// paperOf reads a letter from its form. A day that there is not is left to the
// service, which tells it with everything else that is wrong.
func paperOf(form page.Form, scan []byte) (letterbox.PaperLetter, error) {
	side, author, ok := strings.Cut(form.Get("author"), " ")
	if !ok {
		return letterbox.PaperLetter{}, fault.Field("author", "paper.authorNeeded")
	}
	p := letterbox.PaperLetter{ID: letterbox.LetterID(form.Get("letter")), Side: letterbox.SideID(side), Author: letterbox.PersonID(author),
		Text: form.Get("text"), Scan: scan, Helpers: form.All(helpersField), Helping: form.Get("helping")}
	if day, there := dateOf(form.Get("came-day"), form.Get("came-month"), form.Get("came-year")); there {
		p.CameOn = day
	}
	return p, nil
}

// onCame puts a fault of the date on the field of its day, where the page shows
// the faults of a date.
func onCame(err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	var all []error
	for _, one := range joined.Unwrap() {
		if f, ok := errors.AsType[*fault.Error](one); ok && f.Field == "came" {
			one = fault.Field("came-day", f.Message)
		}
		all = append(all, one)
	}
	return errors.Join(all...)
}

// showPaper shows the form with what was typed and why it was refused.
func (room Room) showPaper(w http.ResponseWriter, r *http.Request, form page.Form, err error) error {
	if may := room.Actor(r).May(authz.RecordPaper); may != nil {
		return may
	}
	x, bad := room.exchangePage(r, "paper.title")
	if bad != nil {
		return bad
	}
	switch {
	case x.Exchange.Connected:
		return fault.New(fault.Forbidden, "fault.letter.connected")
	case x.Exchange.Closed:
		return fault.New(fault.Forbidden, "fault.exchange.restricted")
	}
	p := &paperPage{exchangePage: *x, Writer: room.Actor(r).Account(), Letter: letterbox.LetterID(form.Get("letter")), Again: form.Has(textField)}
	if err == nil && p.Again {
		p.Notice = &page.NotificationBanner{Text: p.Words.T("paper.kept")}
	}
	p.Form, p.Wide, p.Back = form, false, "/exchange/"+string(x.Exchange.ID)
	status := http.StatusOK
	if err != nil {
		if !p.Refused(form, err) {
			return err
		}
		status = statusOf(err)
	}
	helpers, bad := room.Letters.Helpers(r.Context(), room.Actor(r))
	if bad != nil {
		return bad
	}
	p.Helpers, p.Max = workerChoices(&p.Base, helpers), letterbox.MaxReason
	if p.Letter == "" {
		p.Letter = letterbox.NewLetterID()
	}
	for _, side := range x.Sides {
		for _, person := range side.People {
			name := person.Name
			if name == "" {
				name = p.Words.T("desk.noName")
			}
			p.Authors = append(p.Authors, page.Choice{Value: string(side.ID) + " " + string(person.ID), Text: name,
				Hint: &page.Hint{Text: p.Words.T("desk.book." + side.Book)}, Label: &page.Dress{Attributes: page.Attributes{"translate": "no"}}})
		}
	}
	return room.Site.Render(w, r, status, "desk/paper", p)
}

// scan sends the picture of a letter that came on paper: of one of the three
// kinds that the service knows, which no browser takes for a page.
func (room Room) scan(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	content, kind, err := room.Letters.Scan(r.Context(), room.Actor(r), letterbox.LetterID(id))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", "inline")
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	if _, err := w.Write(content); err != nil {
		return fmt.Errorf("send a scan: %w", err)
	}
	return nil
}
