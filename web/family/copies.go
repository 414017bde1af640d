package family

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// copiesPage asks which letters to print.
type copiesPage struct {
	page.Base
	Side   letterbox.SideID
	With   string
	Years  []string // in which there is something to print, newest first
	OnHold bool
}

// printPage is letters to be printed.
type printPage struct {
	page.Base
	Copies []letter
}

// letter is one letter on paper.
type letter struct {
	letterbox.Copy
	Text string
	Said string // what was written down of its recording
	// The same in their own language, where they do not read it; with the lang of both.
	Translation    string
	Lang, IntoLang string
}

// askCopies says what is printed, and to keep it safe, before anything is opened.
func (room Room) askCopies(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "sd")
	if err != nil {
		return err
	}
	p, err := room.copiesPage(r, letterbox.SideID(id))
	if err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "family/copies", p)
}

func (room Room) copiesPage(r *http.Request, side letterbox.SideID) (*copiesPage, error) {
	actor := room.Actor(r)
	s, err := room.Letters.Side(r.Context(), actor, side)
	if err != nil {
		return nil, err
	}
	p := &copiesPage{Base: room.Site.Base(r, "family.copies.title"), Side: s.Side, Years: yearsOf(s), OnHold: actor.OnHold()}
	p.With, p.Back = with(p.Words, s.Names), "/side/"+string(side)
	return p, nil
}

// yearsOf lists the years in which this side sent or opened letters. It is empty
// where there is no letter to print.
func yearsOf(s letterbox.InboxSide) []string {
	var years []string
	for _, sent := range s.Sent {
		years = append(years, strconv.Itoa(sent.SentOn.Year()))
	}
	for _, came := range s.Came {
		if came.Opened {
			years = append(years, strconv.Itoa(came.PassedOn.Year()))
		}
	}
	slices.Sort(years)
	slices.Reverse(years)
	return slices.Compact(years)
}

func (room Room) copies(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "sd")
	if err != nil {
		return err
	}
	from, to, err := yearOf(page.Query(r).Get("year"))
	if err != nil {
		return err
	}
	list, err := room.Letters.Copies(r.Context(), room.Actor(r), letterbox.SideID(id), from, to)
	if fault.KindOf(err) == fault.Invalid { // too many at once: by years, then
		p, shown := room.copiesPage(r, letterbox.SideID(id))
		if shown != nil || !p.Refused(page.Form{}, err) {
			return errors.Join(err, shown)
		}
		return room.Site.Render(w, r, http.StatusUnprocessableEntity, "family/copies", p)
	}
	if err != nil {
		return err
	}
	p := &printPage{Base: room.Site.Base(r, "family.copies.title")}
	p.Back = "/side/" + id + "/copies"
	for _, c := range list {
		one := letter{Copy: c, Text: string(c.Text), Said: string(c.Transcript)}
		one.Translation, one.Lang, one.IntoLang = translationOf(c.Translation)
		p.Copies = append(p.Copies, one)
	}
	return room.Site.Render(w, r, http.StatusOK, "family/copies-print", p)
}

// yearOf is the first and the last day of a year, or zero times for no year.
func yearOf(text string) (from, to time.Time, err error) {
	if text == "" {
		return from, to, nil
	}
	year, err := strconv.Atoi(text)
	if err != nil || year < 1900 || year > 9999 {
		return from, to, fault.New(fault.NotFound, "fault.notFound")
	}
	return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC), nil
}
