package family

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"gatepost/letterbox"
	"gatepost/web/page"
	"gatepost/web/words"
)

// lettersPage is a person's front page.
type lettersPage struct {
	page.Base
	OnHold bool
	Sides  []sideView
}

// sidePage is all letters of one exchange, as one side sees them.
type sidePage struct {
	page.Base
	OnHold bool
	sideView
	Lines []line
}

// sideView is one exchange in words.
type sideView struct {
	letterbox.InboxSide
	With   string // "Anna and Tom", or words in their place where the names do not open
	About  string // "Mia and Ben"; empty where the names do not open
	Fresh  []letterbox.CameLine
	Newest *thread // the newest letters that were sent; nil for none
}

// thread is a list of letters of one exchange.
type thread struct {
	With  string
	Lines []line
}

// line is one letter in a list.
type line struct {
	Href string
	Mine bool
	On   time.Time
	Say  string // how it stands
	Act  bool   // it waits for the reader of the page
}

// sentOnFront is how many letters that were sent the front page lists; the
// rest stands on the page of the exchange.
const sentOnFront = 3

func (room Room) letters(w http.ResponseWriter, r *http.Request) error {
	inbox, err := room.Letters.Inbox(r.Context(), room.Actor(r))
	if err != nil {
		return err
	}
	p := &lettersPage{Base: room.Site.Base(r, "family.letters.title"), OnHold: inbox.OnHold}
	for _, s := range inbox.Sides {
		p.Sides = append(p.Sides, viewOf(p.Words, s))
	}
	switch page.Query(r).Get("said") {
	case "deleted":
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("family.letters.deleted")}
	case "dropped":
		p.Notice = &page.NotificationBanner{Text: p.Words.T("family.letters.dropped")}
	}
	return room.Site.Render(w, r, http.StatusOK, "family/letters", p)
}

func (room Room) side(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "sd")
	if err != nil {
		return err
	}
	actor := room.Actor(r)
	s, err := room.Letters.Side(r.Context(), actor, letterbox.SideID(id))
	if err != nil {
		return err
	}
	p := &sidePage{Base: room.Site.Base(r, "family.side.title"), OnHold: actor.OnHold()}
	p.sideView, p.Lines, p.Back = viewOf(p.Words, s), linesOf(p.Words, s), Home
	return room.Site.Render(w, r, http.StatusOK, "family/side", p)
}

// viewOf puts one exchange into words for the front page.
func viewOf(w *words.Words, s letterbox.InboxSide) sideView {
	s.Sent = newestFirst(s.Sent)
	v := sideView{InboxSide: s, With: with(w, s.Names), About: and(w, s.Names.Children)}
	for _, came := range s.Came {
		if !came.Opened {
			v.Fresh = append(v.Fresh, came)
		}
	}
	if newest := s.Sent[:min(len(s.Sent), sentOnFront)]; len(newest) > 0 {
		v.Newest = &thread{With: v.With}
		for _, sent := range newest {
			v.Newest.Lines = append(v.Newest.Lines, sentLine(w, sent))
		}
	}
	return v
}

// linesOf lists all letters of an exchange, both ways, newest first.
func linesOf(w *words.Words, s letterbox.InboxSide) []line {
	var lines []line
	for _, sent := range newestFirst(s.Sent) {
		lines = append(lines, sentLine(w, sent))
	}
	for _, came := range s.Came {
		l := line{Href: "/letter/" + string(came.ID), On: came.PassedOn, Say: w.T("family.came.new"), Act: true}
		if came.Opened {
			l.Href, l.Say, l.Act = l.Href+"/read", w.T("family.came.opened"), false
		}
		lines = append(lines, l)
	}
	slices.SortStableFunc(lines, func(a, b line) int { return b.On.Compare(a.On) })
	return lines
}

// newestFirst orders letters by the day on which they were sent, which is all
// that this tier knows. Of one day's letters, one that was written again stands
// under the one that took its place.
func newestFirst(sent []letterbox.SentLine) []letterbox.SentLine {
	sent = slices.Clone(sent)
	slices.SortStableFunc(sent, func(a, b letterbox.SentLine) int {
		return cmp.Or(b.SentOn.Compare(a.SentOn), cmp.Compare(old(a), old(b)))
	})
	return sent
}

func old(sent letterbox.SentLine) int {
	if sent.Told == letterbox.Replaced {
		return 1
	}
	return 0
}

func sentLine(w *words.Words, sent letterbox.SentLine) line {
	return line{
		Href: "/sent/" + string(sent.ID), Mine: true, On: sent.SentOn,
		Say: told(w, sent), Act: sent.Told == letterbox.Returned,
	}
}

// told is how a letter that was sent stands, in words. It never says whether
// the letter was opened.
func told(w *words.Words, sent letterbox.SentLine) string {
	switch sent.Told {
	case letterbox.WithUs:
		if sent.HearBy.IsZero() {
			return w.T("family.told.withUs")
		}
		return w.T("family.told.hearBy", "Day", w.Date(sent.HearBy))
	case letterbox.Returned:
		return w.T("family.told.returned")
	case letterbox.Replaced:
		return w.T("family.told.replaced")
	case letterbox.Refused:
		return w.T("family.told.refused")
	case letterbox.KeptOnFile:
		return w.T("family.told.keptOnFile")
	case letterbox.Withdrawn:
		return w.T("family.told.withdrawn")
	case letterbox.PassedOn:
		return w.T("family.told.passedOn")
	}
	return w.T("family.told.backWithUs")
}

// with is what this side calls the other.
func with(w *words.Words, n letterbox.Names) string {
	if n.Other == "" {
		return w.T("family.other")
	}
	return n.Other
}

// and lists names as one would say them: "Mia, Ben and Cleo".
func and(w *words.Words, names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return w.T("family.and", "First", strings.Join(names[:last], ", "), "Last", names[last])
}
