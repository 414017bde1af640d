package family

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/letterbox/screening"
	"gatepost/web/page"
	"gatepost/web/words"
)

// checkPage is a letter shown once more before it goes, or before it is deleted.
type checkPage struct {
	page.Base
	ID      letterbox.DraftID
	Version int
	Side    letterbox.SideID
	With    string
	Text    string
	Unread  bool
	OnHold  bool
	Photos  []letterbox.PhotoLine
	Said    *saidPage
	// Overtaken: the letter that it rewrites does not wait for it any more.
	Overtaken bool
	hints
}

// hints are what a writer may want to look at before their letter goes.
type hints struct {
	Hints []hintLine
	Care  bool // there is news in it that a worker will tell with care
}

// hintLine is a hint: what something looks like, and the writer's own words.
type hintLine struct{ Say, Text string }

// hintWords says of each category what the writer is told. A category that is not
// here is told as something that could show who or where somebody is.
var hintWords = map[screening.Category]string{
	screening.CatName: "name", screening.CatAddress: "address", screening.CatPostcode: "address", screening.CatPhone: "phone", screening.CatEmail: "email",
	screening.CatSocial: "online", screening.CatURL: "online", screening.CatLocation: "place", screening.CatSchool: "place", screening.CatWorkplace: "place",
	screening.CatClub: "place", screening.CatPlace: "place", screening.CatGPS: "place", screening.CatWords: "place", screening.CatBirth: "birth",
	screening.CatCue: "meet",
}

// hints looks through a letter with its writer. A hint holds nothing back: the
// letter goes as it is if they want it to.
func (room Room) hints(r *http.Request, b *page.Base, side letterbox.SideID, text string) (found hints, err error) {
	list, err := room.Letters.Hints(r.Context(), room.Actor(r), side, letterbox.Text(text))
	for _, h := range list {
		if h.Category == screening.CatCare {
			found.Care = true
			continue
		}
		found.Hints = append(found.Hints, hintLine{b.Words.T("family.hint." + cmp.Or(hintWords[h.Category], "other")), h.Text})
	}
	return found, err
}

func (room Room) checkPage(r *http.Request, id, title string) (*checkPage, error) {
	actor := room.Actor(r)
	d, err := room.Letters.OpenDraft(r.Context(), actor, letterbox.DraftID(id))
	if err != nil {
		return nil, err
	}
	p := &checkPage{Base: room.Site.Base(r, title), ID: d.ID, Version: d.Version, Side: d.Side,
		Text: string(d.Text), Unread: d.Unread, OnHold: actor.OnHold(), Photos: d.Photos, Overtaken: d.Overtaken != ""}
	if d.Recording {
		p.Said = &saidPage{Src: "/draft/" + id + "/recording/sound"}
	}
	p.With, p.Back, p.Exit = with(p.Words, d.Names), "/draft/"+id, true
	if title == "family.check.title" && !p.Unread {
		p.hints, err = room.hints(r, &p.Base, p.Side, p.Text)
	}
	return p, err
}

func (room Room) check(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "dr")
	if err != nil {
		return err
	}
	p, err := room.checkPage(r, id, "family.check.title")
	if err != nil {
		return room.becameLetter(w, r, id, err)
	}
	// The page where it is written says what became of the letter that it rewrites.
	if strings.TrimSpace(p.Text) == "" && !p.Unread && p.Said == nil || p.Overtaken {
		return page.SeeOther(w, r, "/draft/"+id)
	}
	page.Sounds(w)
	return room.Site.Render(w, r, http.StatusOK, "family/check", p)
}

func (room Room) send(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "dr")
	if err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(form.Get(versionField))
	if err != nil {
		version = -1 // that of no draft
	}
	letter, err := room.Letters.Send(r.Context(), room.Actor(r), letterbox.DraftID(id), version)
	if err == nil {
		return page.SeeOther(w, r, "/sent/"+string(letter)+"?said=sent")
	}
	kind := fault.KindOf(err)
	if kind != fault.Invalid && kind != fault.Conflict {
		return err
	}
	p, opened := room.checkPage(r, id, "family.check.title")
	if opened != nil {
		return opened
	}
	if p.Overtaken {
		return page.SeeOther(w, r, "/draft/"+id)
	}
	status := http.StatusUnprocessableEntity
	if kind == fault.Conflict {
		status = http.StatusConflict
	}
	p.Refused(form, err)
	page.Sounds(w)
	return room.Site.Render(w, r, status, "family/check", p)
}

// becameLetter goes from a page of a draft that is no longer there to the letter
// that it became, for somebody who went back after sending. A letter has the id
// of its draft with another prefix. cause comes back where there is no such
// letter of theirs.
func (room Room) becameLetter(w http.ResponseWriter, r *http.Request, draft string, cause error) error {
	if fault.KindOf(cause) != fault.NotFound {
		return cause
	}
	letter := "lt" + draft[2:]
	if _, err := room.Letters.OpenSent(r.Context(), room.Actor(r), letterbox.LetterID(letter)); err != nil {
		return cause
	}
	return page.SeeOther(w, r, "/sent/"+letter)
}

func (room Room) askDelete(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "dr")
	if err != nil {
		return err
	}
	p, err := room.checkPage(r, id, "family.delete.title")
	if err != nil {
		return room.becameLetter(w, r, id, err)
	}
	return room.Site.Render(w, r, http.StatusOK, "family/delete", p)
}

func (room Room) deleteDraft(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "dr")
	if err != nil {
		return err
	}
	if err := room.Letters.DeleteDraft(r.Context(), room.Actor(r), letterbox.DraftID(id)); err != nil {
		return err
	}
	return page.SeeOther(w, r, Home+"?said=deleted")
}

// sentPage is a letter as its writer sees it.
type sentPage struct {
	page.Base
	letterbox.SentLine
	Side    letterbox.SideID
	With    string
	Say     string
	Then    string // what happens now; "" where how it stands says it
	Text    string
	Reason  []string // by paragraphs
	Unasked []string // of a letter that went on: that something was left out
	Unread  bool
	Rewrite letterbox.DraftID
	Again   bool      // it came back: its writer may write it anew
	WontGo  bool      // it will not be passed on
	Asked   bool      // a second opinion was asked for
	Promise time.Time // by when its writer hears who asks today for a second opinion
	Photos  []sentPhoto
	Parts   proposed // what they are, or were, asked to leave out
	Said    *saidPage
	// Translated: it was not in English, and went on.
	Translated bool
	MayWrite   bool // it may be written again now
	Rests      bool // the exchange rests: nobody agrees to anything now
	// TakenBack: we asked them to leave parts out, and took it back since.
	TakenBack bool
}

func (room Room) sent(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	s, err := room.Letters.OpenSent(r.Context(), room.Actor(r), letterbox.LetterID(id))
	if err != nil {
		return err
	}
	p := room.sentPage(r, s, "family.sent.title")
	p.Back, p.Notice = "/side/"+string(s.Side), p.noticeOf(page.Query(r).Get("said"))
	page.Sounds(w)
	return room.Site.Render(w, r, http.StatusOK, "family/sent", p)
}

func (room Room) sentPage(r *http.Request, s letterbox.Sent, title string) *sentPage {
	p := &sentPage{Base: room.Site.Base(r, title), SentLine: s.SentLine, Side: s.Side, Unread: s.Unread, Text: string(s.Text),
		Rewrite: s.Rewrite, Again: s.Told == letterbox.Returned, WontGo: s.Told == letterbox.Refused, Asked: s.Asked}
	p.MayWithdraw = p.MayWithdraw && !p.Again // what is back with its writer needs no taking back
	p.Then = thenOf(p.Words, s.SentLine)
	p.Translated, p.MayWrite, p.Rests = s.Translated, s.MayWrite, s.Rests
	p.TakenBack = s.TakenBack
	p.Promise = room.Site.Promised(p.Agency.Promise)
	p.Said = sentSaid(p.Words, s)
	for _, one := range s.Photos {
		p.Photos = append(p.Photos, sentPhoto{one, leftOut(p.Words, "photo", one.Reason)})
	}
	p.With, p.Say, p.Reason = with(p.Words, s.Names), told(p.Words, s.SentLine), reasonOf(p.Words, s.Reason)
	if p.Parts = proposedOf(p.Words, s.Told, s.Proposal); s.Told == letterbox.PassedOn || s.Told == letterbox.BackWithUs {
		p.Unasked, p.Reason = p.Reason, nil
	}
	return p
}

// noticeOf says what a button has just done. The letter itself says how it
// stands, so that a button pressed twice, or too late, tells no untruth.
func (p *sentPage) noticeOf(said string) *page.NotificationBanner {
	done := func(key string) *page.NotificationBanner {
		return &page.NotificationBanner{Type: "success", Text: p.Words.T(key)}
	}
	switch {
	case said == "sent" && p.Told == letterbox.WithUs:
		return done("family.sent.sent")
	case said == "withdrawn" && p.Told == letterbox.Withdrawn:
		return done("family.sent.withdrawn")
	case said == "withdrawn" && (p.Told == letterbox.Refused || p.Told == letterbox.KeptOnFile):
		return &page.NotificationBanner{Text: p.Words.T("family.sent.stays")} // a worker was first, and it does not go on either way
	case said == "withdrawn":
		return &page.NotificationBanner{Text: p.Words.T("family.sent.tooLate")}
	case said == "agreed" && p.Told == letterbox.WithUs && p.Parts.Agreed:
		return done("family.parts.said")
	case said == "agreed" && p.Told == letterbox.Proposed && p.Rests:
		return &page.NotificationBanner{Text: p.Words.T("family.parts.closed")}
	case said == "agreed" && p.Told == letterbox.Proposed && !p.Parts.Asked: // what we ask does not open
		return &page.NotificationBanner{Text: p.Words.T("family.parts.gone")}
	case said == "agreed" && p.Told == letterbox.Proposed: // it was a yes to what we asked before
		return &page.NotificationBanner{Text: p.Words.T("family.parts.changed")}
	case said == "again" && p.Told == letterbox.WithUs && p.Asked:
		return done("family.sent.askedAgain")
	}
	return nil
}

// thenOf says what its writer has to do about a letter that went on or ended; ""
// where how it stands says it.
func thenOf(w *words.Words, sent letterbox.SentLine) string {
	switch sent.Told {
	case letterbox.KeptOnFile:
		return w.T("family.sent.then.keptOnFile")
	case letterbox.BackWithUs:
		if !sent.Late {
			return w.T("family.sent.then.backWithUs")
		}
	}
	return ""
}

// reasonOf is what a writer is told, in paragraphs: the sentence of the list as it
// was then, and the worker's own words. A reason that did not open says nothing.
func reasonOf(w *words.Words, reason letterbox.WriterReason) []string {
	var paragraphs []string
	if reason.Told != "" {
		paragraphs = append(paragraphs, reason.Told)
	} else if key := "reason." + string(reason.Reason); w.Has(key) {
		paragraphs = append(paragraphs, w.T(key))
	}
	for paragraph := range strings.SplitSeq(reason.Words, "\n") {
		if strings.TrimSpace(paragraph) != "" {
			paragraphs = append(paragraphs, paragraph)
		}
	}
	return paragraphs
}

func (room Room) rewrite(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	draft, err := room.Letters.Rewrite(r.Context(), room.Actor(r), letterbox.LetterID(id))
	if err != nil {
		return err
	}
	return page.SeeOther(w, r, "/draft/"+string(draft))
}
