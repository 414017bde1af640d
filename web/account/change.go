package account

import (
	"net/http"

	"gatepost/internal/account"
	"gatepost/internal/fault"
	"gatepost/web/page"
)

// changePage takes a new passphrase.
type changePage struct{ page.Base }

// wordsPage is four words to be read out on a call, for a key that waits for it.
type wordsPage struct {
	page.Base
	Called [4]string
}

func (s *Sessions) askChange(w http.ResponseWriter, r *http.Request) error {
	p := &changePage{s.Site.Base(r, "account.change.title")}
	p.Back = "/account"
	return s.show(w, r, http.StatusOK, "account/change", p)
}

func (s *Sessions) change(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	v := s.of(r)
	c := account.Change{Old: form.Get("old"), New: form.Get("new"), Known: form.Get("known") == "yes"}
	var changed account.Changed
	switch {
	case c.Old == "":
		err = fault.Field("old", "account.change.oldEmpty")
	case c.New == "":
		err = fault.Field("new", "account.change.newEmpty")
	default:
		changed, err = s.Accounts.ChangePassphrase(r.Context(), v.actor, v.token, c)
	}
	p := &changePage{s.Site.Base(r, "account.change.title")}
	p.Back = "/account"
	// The passphrases go no further than this.
	if p.Refused(form.With("old", "").With("new", ""), err) {
		return s.show(w, r, http.StatusUnprocessableEntity, "account/change", p)
	}
	switch {
	case err != nil:
		return err
	case changed.Waits:
		return page.SeeOther(w, r, "/account/words")
	}
	return page.SeeOther(w, r, "/account?said=passphrase")
}

// words shows the four words for a key that waits for our call, as often as they
// are asked for.
func (s *Sessions) words(w http.ResponseWriter, r *http.Request) error {
	ctx, actor := r.Context(), s.Actor(r)
	if actor.OnHold() {
		return page.SeeOther(w, r, "/start/done")
	}
	waits, err := s.Accounts.Waiting(ctx, actor)
	if err != nil {
		return err
	}
	if !waits {
		return page.SeeOther(w, r, "/account")
	}
	called, err := s.Accounts.OwnWords(ctx, actor)
	if err != nil {
		return err
	}
	p := &wordsPage{Base: s.Site.Base(r, "account.words.title"), Called: called}
	p.Back = "/account"
	return s.show(w, r, http.StatusOK, "account/words", p)
}
