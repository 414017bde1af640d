package account

import (
	"net/http"

	"gatepost/internal/account"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/web/page"
)

// signInPage is the one form to sign in with.
type signInPage struct {
	page.Base
	Ended   string   // key of why somebody who was signed in is asked again; "" for a visit of their own
	Carried []hidden // a letter that was being written when the session ended
	Copy    []string // staff: what was typed, to be copied, for it travels nowhere
}

// signInPage makes the page; form is what came in place of a sign-in.
func (s *Sessions) signInPage(r *http.Request, form page.Form) *signInPage {
	p := &signInPage{Base: s.Site.Base(r, "account.signIn.title"), Carried: s.carriedOf(form)}
	if s.Site.Tier == page.Staff && len(p.Carried) == 0 {
		for _, name := range []string{"words", "note"} {
			if text := form.Get(name); text != "" {
				p.Copy = append(p.Copy, text)
			}
		}
	}
	return p
}

func (s *Sessions) askSignIn(w http.ResponseWriter, r *http.Request) error {
	if s.of(r).in {
		return page.SeeOther(w, r, s.home(r))
	}
	return s.show(w, r, http.StatusOK, "account/sign-in", s.signInPage(r, page.Form{}))
}

func (s *Sessions) signIn(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	ctx, v := r.Context(), s.of(r)
	token, err := s.Accounts.SignIn(ctx, v.agency.ID, account.SignIn{
		Name: form.Get("name"), Passphrase: form.Get("passphrase"), Code: form.Get("code"),
		Device: s.read(r, deviceCookie), From: s.Address(r), Browser: browserOf(r.UserAgent()),
	})
	if err != nil {
		return s.signInRefused(w, r, form, err)
	}
	if r, err = s.settle(w, r, token); err != nil {
		return err
	}
	actor := s.Actor(r)
	if form.Get("remember") != "" {
		s.remember(w, r, actor)
	}
	switch {
	case s.Accounts.NeedsTOTP(actor):
		return page.SeeOther(w, r, "/second-step")
	case len(s.carriedOf(form)) > 0:
		return s.Carry(w, r, form)
	}
	if s.warned(r, actor) {
		return page.SeeOther(w, r, "/account/recovery")
	}
	return page.SeeOther(w, r, s.afterwards(r))
}

// signInRefused shows the form again. A busy server gets the same page, for
// there may be a letter in it.
func (s *Sessions) signInRefused(w http.ResponseWriter, r *http.Request, form page.Form, err error) error {
	p := s.signInPage(r, form)
	// The passphrase and the code go no further than this.
	form = form.With("passphrase", "").With("code", "")
	if p.Refused(form, err) {
		return s.show(w, r, http.StatusUnprocessableEntity, "account/sign-in", p)
	}
	if fault.KindOf(err) == fault.Busy {
		p.Form, p.Summary = form, []page.Problem{{Text: p.Words.T(messageOf(err))}}
		w.Header().Set("Retry-After", "30")
		return s.show(w, r, http.StatusServiceUnavailable, "account/sign-in", p)
	}
	return err
}

// remember makes this device known, where that was asked for. Signing in does
// not depend on it.
func (s *Sessions) remember(w http.ResponseWriter, r *http.Request, actor authz.Actor) {
	device, err := s.Accounts.RememberDevice(r.Context(), actor)
	if err != nil {
		s.Log.ErrorContext(r.Context(), "remember a device", "error", err)
		return
	}
	http.SetCookie(w, s.cookie(deviceCookie, device, deviceAge))
}

// afterwards is the first page of somebody who came in: on the families' tier
// the page about leaving in a hurry, the first time in this browser, because
// the button to do so stands on every page after it.
func (s *Sessions) afterwards(r *http.Request) string {
	if s.Site.Tier == page.Public && s.read(r, toldCookie) == "" {
		return "/leaving"
	}
	return s.home(r)
}

// home is the first page of whoever is signed in. A worker on hold has only
// the one that says what they wait for.
func (s *Sessions) home(r *http.Request) string {
	if s.Site.Tier == page.Staff && s.of(r).in && s.Actor(r).OnHold() {
		return "/start/done"
	}
	return s.Home
}

func (s *Sessions) signOut(w http.ResponseWriter, r *http.Request) error {
	v := s.of(r)
	if v.hasToken {
		if err := s.Accounts.SignOut(r.Context(), v.agency.ID, v.token); err != nil {
			return err
		}
	}
	return s.signedOut(w, r)
}

func (s *Sessions) signOutEverywhere(w http.ResponseWriter, r *http.Request) error {
	if err := s.Accounts.SignOutEverywhere(r.Context(), s.Actor(r)); err != nil {
		return err
	}
	return s.signedOut(w, r)
}

// signedOut clears what the browser keeps of ours. "cookies" is not cleared: it
// would sign the person out of everything else on the agency's domain.
func (s *Sessions) signedOut(w http.ResponseWriter, r *http.Request) error {
	s.expire(w)
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return page.SeeOther(w, r, "/signed-out")
}

func (s *Sessions) saySignedOut(w http.ResponseWriter, r *http.Request) error {
	p := &plainPage{s.Site.Base(r, "account.signedOut.title")}
	return s.show(w, r, http.StatusOK, "account/signed-out", p)
}
