package account

import (
	"net/http"

	"gatepost/internal/account"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/web/page"
)

// recoveryPage tells somebody that a new key was asked for in their name.
type recoveryPage struct {
	page.Base
	account.OwnRecovery
	Next string
}

// forgot says whom to call and what happens then. It has no form: nobody comes
// in again without two workers and a call.
func (s *Sessions) forgot(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, http.StatusOK, "account/forgot", &plainPage{s.Site.Base(r, "account.forgot.title")})
}

func (s *Sessions) recovery(w http.ResponseWriter, r *http.Request) error {
	own, isAsked, err := s.Accounts.OwnRecovery(r.Context(), s.Actor(r))
	if err != nil {
		return err
	}
	if !isAsked {
		return page.SeeOther(w, r, "/account")
	}
	p := &recoveryPage{Base: s.Site.Base(r, "account.recovery.title"), OwnRecovery: own, Next: s.afterwards(r)}
	return s.show(w, r, http.StatusOK, "account/recovery", p)
}

// stopRecovery stops what somebody asked for. Where there is nothing to stop, as
// after a button pressed twice, it does not say that this one did it.
func (s *Sessions) stopRecovery(w http.ResponseWriter, r *http.Request) error {
	err := s.Accounts.StopOwnRecovery(r.Context(), s.Actor(r))
	switch {
	case fault.KindOf(err) == fault.Conflict:
		return page.SeeOther(w, r, "/account?said=nothing")
	case err != nil:
		return err
	}
	return page.SeeOther(w, r, "/account?said=stopped")
}

// warned tells whether somebody who has just signed in must first be told that a
// new key was asked for in their name. Where that cannot be found out they go on:
// their account's page tells it too.
func (s *Sessions) warned(r *http.Request, actor authz.Actor) bool {
	_, isAsked, err := s.Accounts.OwnRecovery(r.Context(), actor)
	if err != nil {
		s.Log.ErrorContext(r.Context(), "look for a recovery after sign-in", "error", err)
	}
	return err == nil && isAsked
}
