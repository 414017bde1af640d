package desk

import (
	"context"
	"net/http"
	"slices"

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
	from []letterbox.State
	do   act
}

// onItsWay are the states of a letter that was passed on and is not opened.
func onItsWay() []letterbox.State {
	return []letterbox.State{letterbox.Passed, letterbox.Waiting, letterbox.KeptForLater}
}

// recall is the page that takes a letter back before it is opened.
func (room Room) recall() afterwards {
	return afterwards{room, "recall", onItsWay(), func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, form page.Form) error {
		return room.Letters.Recall(ctx, actor, id, form.Get("note"))
	}}
}

// undeliverable is the page that says that a letter cannot reach its side.
func (room Room) undeliverable() afterwards {
	return afterwards{room, "undeliverable", onItsWay(), func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, form page.Form) error {
		return room.Letters.Undeliverable(ctx, actor, id, form.Get("note"))
	}}
}

// restore is the page that lets a letter that is back with the agency go on.
func (room Room) restore() afterwards {
	from := []letterbox.State{letterbox.Recalled, letterbox.Undeliverable}
	return afterwards{room, "restore", from, func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, _ page.Form) error {
		return room.Letters.Restore(ctx, actor, id)
	}}
}

// liftStop is the page that lets a stopped letter go on.
func (room Room) liftStop() afterwards {
	return afterwards{room, "lift", onItsWay(), func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, _ page.Form) error {
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
	if !slices.Contains(a.from, p.Letter.State) {
		if p.Letter.State == letterbox.Opened {
			return fault.New(fault.Conflict, "fault.letter.opened")
		}
		return fault.New(fault.Conflict, "fault.letter.moved")
	}
	return a.room.Site.Render(w, r, status, "desk/back", p)
}
