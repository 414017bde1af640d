package desk

import (
	"context"
	"net/http"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// backPage asks once whether something is to be done about a letter that was
// passed on.
type backPage struct {
	page.Base
	Act      string // its words and its address
	Exchange letterbox.Exchange
	Letter   letterbox.ExchangeLetter
	Max      int // runes of a note
}

// afterwards is an act about a letter that was passed on. It needs no claim and
// shows no text, so its page is reached from the exchange, too.
type afterwards struct {
	room Room
	act  string
	may  func(l letterbox.ExchangeLetter) bool // whether the letter stands so that it can be done
	do   act
}

// onItsWay tells whether a letter was passed on and is not opened.
func onItsWay(l letterbox.ExchangeLetter) bool {
	return l.State == letterbox.Passed || l.State == letterbox.Waiting || l.State == letterbox.KeptForLater
}

// recall is the page that takes a letter back before it is opened.
func (room Room) recall() afterwards {
	return afterwards{room, "recall", onItsWay, func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, form page.Form) error {
		return room.Letters.Recall(ctx, actor, id, form.Get("note"))
	}}
}

// undeliverable is the page that says that a letter cannot reach its side.
func (room Room) undeliverable() afterwards {
	return afterwards{room, "undeliverable", onItsWay, func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, form page.Form) error {
		return room.Letters.Undeliverable(ctx, actor, id, form.Get("note"))
	}}
}

// restore is the page that lets a letter that is back with the agency go on.
func (room Room) restore() afterwards {
	back := func(l letterbox.ExchangeLetter) bool {
		return l.State == letterbox.Recalled || l.State == letterbox.Undeliverable
	}
	return afterwards{room, "restore", back, func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, _ page.Form) error {
		return room.Letters.Restore(ctx, actor, id)
	}}
}

// liftStop is the page that lets a stopped letter go on.
func (room Room) liftStop() afterwards {
	stopped := func(l letterbox.ExchangeLetter) bool { return l.Stopped }
	return afterwards{room, "lift", stopped, func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, _ page.Form) error {
		return room.Letters.LiftStop(ctx, actor, id)
	}}
}

// ask shows the page with nothing typed.
func (a afterwards) ask(w http.ResponseWriter, r *http.Request) error {
	return a.show(w, r, page.Form{}, nil)
}

// post shows the page with the note typed beside the letter, or acts.
func (a afterwards) post(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	if form.Get("do") == doAsk {
		return a.show(w, r, form, nil)
	}
	return a.room.decide(w, r, a.do, a.show)
}

// show shows the page with what was typed and why it was refused. A letter that
// does not stand so any more has no such page: opened, it stays opened.
func (a afterwards) show(w http.ResponseWriter, r *http.Request, form page.Form, refused error) error {
	p := &backPage{Base: a.room.Site.Base(r, "desk.back.title."+a.act), Act: a.act, Max: letterbox.MaxReason}
	p.Form = form
	status := http.StatusOK
	if refused != nil {
		if !p.Refused(form, refused) {
			return refused
		}
		status = statusOf(refused)
	}
	var err error
	if p.Exchange, p.Letter, err = a.room.letterOf(r); err != nil {
		return err
	}
	if !a.may(p.Letter) {
		if p.Letter.State == letterbox.Opened {
			return fault.New(fault.Conflict, "fault.letter.opened")
		}
		return fault.New(fault.Conflict, "fault.letter.moved")
	}
	return a.room.Site.Render(w, r, status, "desk/back", p)
}
