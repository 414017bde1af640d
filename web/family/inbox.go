package family

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"gatepost/intermediary"
	"gatepost/letterbox"
	"gatepost/web/page"
	"gatepost/web/words"
)

// lettersPage is a person's front page.
type lettersPage struct {
	page.Base
	OnHold bool
	Sides  []sideView
	Files  []intermediary.File // of an intermediary case; most people have none
}

// sidePage is one exchange: what happened, as one side sees it.
type sidePage struct {
	page.Base
	OnHold bool
	sideView
	Next   time.Time // the day by which this side hears from the agency; zero for none
	Events []event
}

// event is one thing that happened, in words.
type event struct {
	Href string // where more about it stands; "" for nowhere
	On   time.Time
	Say  string
}

// sideView is one exchange in words.
type sideView struct {
	letterbox.InboxSide
	With   string // "Anna and Tom", or words in their place where the names do not open
	About  string // "Mia and Ben"; empty where the names do not open
	Fresh  []cameLine
	Kept   []cameLine // put aside for another day
	Read   []cameLine // the newest that were opened, by this person or another of their side
	Newest *thread    // the newest letters that were sent; nil for none
}

// cameLine is a letter that came, with its day in words.
type cameLine struct {
	letterbox.CameLine
	Day string
}

// thread is a list of letters that one side of an exchange sent.
type thread struct {
	Lines []line
}

// line is one letter in a list.
type line struct {
	Href string
	On   string
	Say  string // how it stands
	Act  bool   // it waits for the reader of the page
}

// onFront is how many letters that were sent, and how many that were opened, the
// front page lists; the rest stands on the page of the exchange.
const onFront = 3

func (room Room) letters(w http.ResponseWriter, r *http.Request) error {
	inbox, err := room.Letters.Inbox(r.Context(), room.Actor(r))
	if err != nil {
		return err
	}
	own, err := room.Cases.Files(r.Context(), room.Actor(r))
	if err != nil {
		return err
	}
	p := &lettersPage{Base: room.Site.Base(r, "family.letters.title"), OnHold: inbox.OnHold, Files: own}
	for _, s := range inbox.Sides {
		p.Sides = append(p.Sides, viewOf(p.Words, s))
	}
	switch page.Query(r).Get("said") {
	case "deleted":
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("family.letters.deleted")}
	case "kept":
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("family.letters.kept")}
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
	ctx, actor := r.Context(), room.Actor(r)
	s, err := room.Letters.Side(ctx, actor, letterbox.SideID(id))
	if err != nil {
		return err
	}
	happened, err := room.Letters.Timeline(ctx, actor, letterbox.SideID(id))
	if err != nil {
		return err
	}
	p := &sidePage{Base: room.Site.Base(r, "family.side.title"), OnHold: actor.OnHold(), Next: happened.Next}
	p.sideView, p.Back = viewOf(p.Words, s), Home
	p.Late = p.Late || happened.Late
	for _, e := range happened.Events {
		p.Events = append(p.Events, eventOf(p.Words, s, e))
	}
	return room.Site.Render(w, r, http.StatusOK, "family/side", p)
}

// viewOf puts one exchange into words for the front page.
func viewOf(w *words.Words, s letterbox.InboxSide) sideView {
	s.Sent = newestFirst(s.Sent)
	v := sideView{InboxSide: s, With: with(w, s.Names), About: and(w, s.Names.Children)}
	for _, line := range s.Came {
		came := cameLine{line, dayOf(w, line.PassedOn, line.OfDay)}
		switch {
		case came.Kept:
			v.Kept = append(v.Kept, came)
		case !came.Opened:
			v.Fresh = append(v.Fresh, came)
		default:
			v.Read = append(v.Read, came)
		}
	}
	slices.SortStableFunc(v.Read, func(a, b cameLine) int { return b.PassedOn.Compare(a.PassedOn) })
	v.Read = v.Read[:min(len(v.Read), onFront)]
	if newest := s.Sent[:min(len(s.Sent), onFront)]; len(newest) > 0 {
		v.Newest = &thread{}
		for _, sent := range newest {
			v.Newest.Lines = append(v.Newest.Lines, sentLine(w, sent))
		}
	}
	return v
}

// eventOf puts one thing that happened into words. Those of what has a day to
// expect name it.
func eventOf(w *words.Words, s letterbox.InboxSide, e letterbox.Event) event {
	told := event{On: e.On, Say: w.T("timeline."+sayOf(e), "With", with(w, s.Names), "Day", w.Date(e.HearBy))}
	switch {
	case e.Letter != "":
		told.Href = "/sent/" + string(e.Letter)
		told.Say += whichSent(w, s.Sent, e.Letter)
	case e.Delivery != "":
		told.Href = "/letter/" + string(e.Delivery)
		told.Say += whichCame(w, s.Came, e.Delivery)
	case e.What == "youTold" || e.What == "weAnswered":
		told.Href = "/side/" + string(s.Side) + "/messages"
	}
	return told
}

// whichSent and whichCame tell a letter from the others of its day; "" where it
// is the only one.
func whichSent(w *words.Words, list []letterbox.SentLine, id letterbox.LetterID) string {
	i := slices.IndexFunc(list, func(l letterbox.SentLine) bool { return l.ID == id })
	if i < 0 || list[i].OfDay == 0 {
		return ""
	}
	return " " + w.T("family.which", "Day", w.Day(list[i].SentOn), "Number", list[i].OfDay)
}

func whichCame(w *words.Words, list []letterbox.CameLine, id letterbox.DeliveryID) string {
	i := slices.IndexFunc(list, func(l letterbox.CameLine) bool { return l.ID == id })
	if i < 0 || list[i].OfDay == 0 {
		return ""
	}
	return " " + w.T("family.which", "Day", w.Day(list[i].PassedOn), "Number", list[i].OfDay)
}

// sayOf names the words for an event. What waits is said with its day where it
// has one, and kindly where the day is over.
func sayOf(e letterbox.Event) string {
	switch {
	case e.What == "youTold" && e.Late:
		return "youToldLate"
	case (e.What == "youTold" || e.What == "withUs" || e.What == "backWithUs") && !e.HearBy.IsZero():
		return e.What + "By"
	}
	return e.What
}

// dayOf says a letter's day, with its number where there are several of one day:
// nothing else on a list tells them apart.
func dayOf(w *words.Words, day time.Time, number int) string {
	if number == 0 {
		return w.Date(day)
	}
	return w.T("family.ofDay", "Day", w.Date(day), "Number", number)
}

// newestFirst orders letters by the day on which they were sent. Of one day's
// letters, one that was written again stands under the one that took its place.
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
		Href: "/sent/" + string(sent.ID), On: dayOf(w, sent.SentOn, sent.OfDay),
		Say: told(w, sent), Act: sent.Told == letterbox.Returned || sent.Told == letterbox.Proposed || sent.MayAsk,
	}
}

// told is how a letter that was sent stands, in words. It never says whether
// the letter was opened.
func told(w *words.Words, sent letterbox.SentLine) string {
	switch sent.Told {
	case letterbox.WithUs:
		switch {
		case sent.Late:
			return w.T("family.told.late")
		case sent.HearBy.IsZero():
			return w.T("family.told.withUs")
		}
		return w.T("family.told.hearBy", "Day", w.Date(sent.HearBy))
	case letterbox.Proposed:
		return w.T("family.told.proposed")
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
	if sent.Late {
		return w.T("family.told.backLate")
	}
	return w.T("family.told.backWithUs", "Day", w.Date(sent.HearBy))
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
