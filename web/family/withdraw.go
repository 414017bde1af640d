package family

import (
	"context"
	"net/http"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// askWithdraw asks once before a letter is taken back. A letter for which it is
// too late has its own page to say how it stands.
func (room Room) askWithdraw(w http.ResponseWriter, r *http.Request) error {
	return room.askSent(w, r, "family/withdraw", "family.withdraw.title", func(s letterbox.SentLine) bool { return s.MayWithdraw && s.Told != letterbox.Returned })
}

func (room Room) withdraw(w http.ResponseWriter, r *http.Request) error {
	return room.doSent(w, r, room.Letters.Withdraw, "withdrawn")
}

// askAgain says what a second opinion is before it is asked for.
func (room Room) askAgain(w http.ResponseWriter, r *http.Request) error {
	return room.askSent(w, r, "family/again", "family.again.title", func(s letterbox.SentLine) bool { return s.MayAsk })
}

func (room Room) secondOpinion(w http.ResponseWriter, r *http.Request) error {
	return room.doSent(w, r, room.Letters.SecondOpinion, "again")
}

// askSent shows the page that asks before something is done with a letter that
// was sent, if it may be done now.
func (room Room) askSent(w http.ResponseWriter, r *http.Request, name, title string, may func(letterbox.SentLine) bool) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	s, err := room.Letters.OpenSent(r.Context(), room.Actor(r), letterbox.LetterID(id))
	if err != nil {
		return err
	}
	if !may(s.SentLine) {
		return page.SeeOther(w, r, "/sent/"+id)
	}
	p := room.sentPage(r, s, title)
	p.Back = "/sent/" + id
	return room.Site.Render(w, r, http.StatusOK, name, p)
}

// doSent does something with a letter that was sent and goes to its page, which
// says how it stands: also where it had been done before, or somebody was first.
func (room Room) doSent(w http.ResponseWriter, r *http.Request, do func(context.Context, authz.Actor, letterbox.LetterID) error, said string) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	if err := do(r.Context(), room.Actor(r), letterbox.LetterID(id)); err != nil && fault.KindOf(err) != fault.Conflict {
		return err
	}
	return page.SeeOther(w, r, "/sent/"+id+"?said="+said)
}
