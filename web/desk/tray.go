package desk

import (
	"context"
	"net/http"

	"gatepost/internal/authz"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// trayPage is the safeguarding lead's tray: no names and no text.
type trayPage struct {
	page.Base
	Referrals []letterbox.Referral
}

// referrals lists what was given to the safeguarding lead.
func (room Room) referrals(w http.ResponseWriter, r *http.Request) error {
	list, err := room.Letters.Referrals(r.Context(), room.Actor(r))
	if err != nil {
		return err
	}
	p := &trayPage{Base: room.Site.Base(r, "desk.safeguarding.title"), Referrals: list}
	if done := page.Query(r).Get("done"); done == "hand-back" || done == "keep" || done == "refuse" || done == "connect" {
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("desk.safeguarding.done." + done)}
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/safeguarding", p)
}

// referralPage is a letter that a worker is worried about, and what the lead
// does with it.
type referralPage struct {
	page.Base
	letterbox.ReferralText
	Letter  letterbox.LetterID
	Text    string
	Goes    string // as it would go on, where that is not as it came
	Concern string
	Act     string // "" for the letter itself
	Reasons []page.Choice
	Max     int
}

// referralConnect asks a safeguarding lead whether they know the family. It shows
// nothing of the letter.
type referralConnect struct {
	page.Base
	letterbox.Referral
}

// askReferralConnect shows the question.
func (room Room) askReferralConnect(w http.ResponseWriter, r *http.Request) error {
	p := &referralConnect{Base: room.Site.Base(r, "desk.connect.title")}
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	list, err := room.Letters.Referrals(r.Context(), room.Actor(r))
	if err != nil {
		return err
	}
	for _, one := range list {
		if string(one.Letter) == id {
			p.Referral = one
			return room.Site.Render(w, r, http.StatusOK, "desk/referral-connect", p)
		}
	}
	return notThere()
}

// connectReferral writes the answer down.
func (room Room) connectReferral(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	if err := room.Letters.ConnectReferred(r.Context(), room.Actor(r), letterbox.LetterID(id)); err != nil {
		return err
	}
	return page.SeeOther(w, r, "/safeguarding?done=connect")
}

// readReferral shows one referral. The service has the reading in the log before
// it gives the text.
func (room Room) readReferral(w http.ResponseWriter, r *http.Request) error {
	return referral{room: room}.show(w, r, page.Form{}, nil)
}

// referral is the page of one act of the safeguarding lead, or of none.
type referral struct {
	room Room
	act  string
	do   act
}

// handBack is the page that gives a letter back to the desk.
func (room Room) handBack() referral {
	return referral{room, "hand-back", func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, form page.Form) error {
		return room.Letters.HandBack(ctx, actor, id, form.Get("note"))
	}}
}

// keepReferred is the page that keeps a referred letter on the child's file.
func (room Room) keepReferred() referral {
	return referral{room, "keep", func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, form page.Form) error {
		return room.Letters.KeepReferred(ctx, actor, id, form.Get("note"))
	}}
}

// refuseReferred is the page that says that a referred letter is not passed on.
func (room Room) refuseReferred() referral {
	return referral{room, "refuse", func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, form page.Form) error {
		reasons, err := room.Letters.Reasons(ctx, actor)
		if err != nil {
			return err
		}
		typed, err := answerOf(reasons, form, "desk.refuse.reasonNeeded")
		if err != nil {
			return err
		}
		return room.Letters.RefuseReferred(ctx, actor, id, typed.Reason, typed.Words, typed.Note)
	}}
}

// ask shows the form of the act with nothing in it.
func (a referral) ask(w http.ResponseWriter, r *http.Request) error {
	return a.show(w, r, page.Form{}, nil)
}

// post goes between the letter and the form, and on the last press acts.
func (a referral) post(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	switch form.Get("do") {
	case doAsk:
		return a.show(w, r, form, nil)
	case doBack:
		return referral{room: a.room}.show(w, r, form, nil)
	case doKinder:
		reasons, err := a.room.Letters.Reasons(r.Context(), a.room.Actor(r))
		if err != nil {
			return err
		}
		fuller, err := kinder(reasons, form, "desk.refuse.reasonNeeded")
		return a.show(w, r, fuller, err)
	}
	if err := a.do(r.Context(), a.room.Actor(r), letterbox.LetterID(id), form); err != nil {
		return a.show(w, r, form, err)
	}
	return page.SeeOther(w, r, "/safeguarding?done="+a.act)
}

// show shows the letter, with the form of the act, what was typed and why it was
// refused. An err that cannot be put right there is returned.
func (a referral) show(w http.ResponseWriter, r *http.Request, form page.Form, refused error) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	title := "desk.referral.title"
	if a.act != "" {
		title = "desk.referral." + a.act
	}
	p := &referralPage{Base: a.room.Site.Base(r, title), Act: a.act, Max: letterbox.MaxReason}
	p.Form, p.Wide, p.Letter = form, true, letterbox.LetterID(id)
	status := http.StatusOK
	if refused != nil {
		if !p.Refused(form, refused) {
			return refused
		}
		status = statusOf(refused)
	}
	if p.ReferralText, err = a.room.Letters.Referred(r.Context(), a.room.Actor(r), p.Letter); err != nil {
		return err // who may not read it is not told what was wrong with the form
	}
	reasons, err := a.room.Letters.Reasons(r.Context(), a.room.Actor(r))
	if err != nil {
		return err
	}
	p.Text, p.Goes = string(p.ReferralText.Text), string(p.ReferralText.Goes)
	p.Concern, p.Reasons = string(p.ReferralText.Concern), reasonsOf(reasons, letterbox.LetterReasons)
	return a.room.Site.Render(w, r, status, "desk/referral", p)
}
