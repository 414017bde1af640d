package account

import (
	"errors"
	"net/http"
	"strings"

	"gatepost/internal/fault"
	"gatepost/web/page"
)

// codePage is a step of the way in from a paper code. Code travels in the form
// from the first to the second and stands in no address and no cookie.
type codePage struct {
	page.Base
	Code string
}

// maxCode bounds what is carried as a code, in bytes; what a code is the
// service knows.
const maxCode = 64

func (s *Sessions) front(w http.ResponseWriter, r *http.Request) error {
	if s.of(r).in || s.Site.Tier == page.Staff {
		return page.SeeOther(w, r, s.home(r))
	}
	return s.show(w, r, http.StatusOK, "account/front", &plainPage{s.Site.Base(r, "account.front.title")})
}

func (s *Sessions) askPaperCode(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, http.StatusOK, "account/start-code", &codePage{Base: s.Site.Base(r, "account.startCode.title")})
}

// takeCode answers with the next question instead of a redirect: the code must
// not stand in an address, and nothing is changed by asking again.
func (s *Sessions) takeCode(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	code := strings.TrimSpace(form.Get("code"))
	switch {
	case code == "":
		err = fault.Field("code", "account.startCode.empty")
	case len(code) > maxCode:
		err = fault.Field("code", "account.startCode.long")
	}
	p := &codePage{Base: s.Site.Base(r, "account.startCode.title")}
	if p.Refused(form, err) {
		return s.show(w, r, http.StatusUnprocessableEntity, "account/start-code", p)
	}
	p = &codePage{Base: s.Site.Base(r, "account.startFact.title"), Code: code}
	return s.show(w, r, http.StatusOK, "account/start-fact", p)
}

func (s *Sessions) takeFact(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	v := s.of(r)
	token, err := s.Accounts.Redeem(r.Context(), v.agency.ID, s.Address(r), form.Get("code"), form.Get("fact"))
	p := &codePage{Base: s.Site.Base(r, "account.startFact.title"), Code: form.Get("code")}
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind == fault.Invalid && f.Field == "code" {
		p := &codePage{Base: s.Site.Base(r, "account.startCode.title")}
		p.Refused(form, err)
		return s.show(w, r, http.StatusUnprocessableEntity, "account/start-code", p)
	}
	if p.Refused(form, err) {
		return s.show(w, r, http.StatusUnprocessableEntity, "account/start-fact", p)
	}
	if err != nil {
		return err
	}
	if err := s.replace(w, r, token); err != nil {
		return err
	}
	return page.SeeOther(w, r, "/start/passphrase")
}

// passphrasePage offers five words and takes a passphrase.
type passphrasePage struct {
	page.Base
	Offered string
}

func (s *Sessions) askPassphrase(w http.ResponseWriter, r *http.Request) error {
	v := s.of(r)
	offered, err := s.Accounts.Enrolling(r.Context(), v.agency.ID, v.token)
	if err != nil {
		return err
	}
	p := &passphrasePage{Base: s.Site.Base(r, "account.passphrase.title"), Offered: offered}
	return s.show(w, r, http.StatusOK, "account/passphrase", p)
}

func (s *Sessions) choosePassphrase(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	v := s.of(r)
	offered, err := s.Accounts.Enrolling(r.Context(), v.agency.ID, v.token)
	if err != nil {
		return err
	}
	p := &passphrasePage{Base: s.Site.Base(r, "account.passphrase.title"), Offered: offered}
	passphrase, err := chosen(form, offered)
	if p.Refused(form, err) {
		return s.show(w, r, http.StatusUnprocessableEntity, "account/passphrase", p)
	}
	token, _, err := s.Accounts.Choose(r.Context(), v.agency.ID, v.token, passphrase, browserOf(r.UserAgent()))
	if p.Refused(form, err) {
		return s.show(w, r, http.StatusUnprocessableEntity, "account/passphrase", p)
	}
	if err != nil {
		return err
	}
	if err := s.replace(w, r, token); err != nil {
		return err
	}
	if s.Site.Tier == page.Staff {
		return page.SeeOther(w, r, "/second-step")
	}
	return page.SeeOther(w, r, "/start/done")
}

// chosen is the passphrase that a form asks for.
func chosen(form page.Form, offered string) (string, error) {
	switch form.Get("which") {
	case "offered":
		return offered, nil
	case "own":
		if form.Get("passphrase") == "" {
			return "", fault.Field("passphrase", "account.passphrase.empty")
		}
		return form.Get("passphrase"), nil
	}
	return "", fault.New(fault.Invalid, "account.passphrase.which")
}

// donePage is the end of the way in: waiting for a call.
type donePage struct {
	page.Base
	Called   [4]string // words to read out on the call
	MaySkip  bool      // the second step is offered next, not demanded
	NextPage string
}

func (s *Sessions) startDone(w http.ResponseWriter, r *http.Request) error {
	actor := s.Actor(r)
	if !actor.OnHold() {
		return page.SeeOther(w, r, s.Home)
	}
	called, err := s.Accounts.OwnWords(r.Context(), actor)
	if err != nil {
		return err
	}
	has, err := s.Accounts.HasTOTP(r.Context(), actor)
	if err != nil {
		return err
	}
	p := &donePage{Base: s.Site.Base(r, "account.done.title"), Called: called, MaySkip: s.Site.Tier == page.Public && !has, NextPage: s.afterwards(r)}
	return s.show(w, r, http.StatusOK, "account/done", p)
}
