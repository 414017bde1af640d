package account

import (
	"html/template"
	"net/http"

	"gatepost/internal/account"
	"gatepost/web/page"
)

// ownPage is a person's own account.
type ownPage struct {
	page.Base
	Sessions []account.Session
	HasTOTP  bool
	Waits    bool // a new key waits for our call
	Asked    bool // somebody asked for a new key or second step for this account
}

func (s *Sessions) own(w http.ResponseWriter, r *http.Request) error {
	ctx, actor := r.Context(), s.Actor(r)
	sessions, err := s.Accounts.Sessions(ctx, actor)
	if err != nil {
		return err
	}
	has, err := s.Accounts.HasTOTP(ctx, actor)
	if err != nil {
		return err
	}
	waits, err := s.Accounts.Waiting(ctx, actor)
	if err != nil {
		return err
	}
	_, isAsked, err := s.Accounts.OwnRecovery(ctx, actor)
	if err != nil {
		return err
	}
	p := &ownPage{Base: s.Site.Base(r, "account.own.title"), Sessions: sessions, HasTOTP: has, Waits: waits && !actor.OnHold(), Asked: isAsked}
	said := page.Query(r).Get("said")
	if said == "nothing" {
		p.Notice = &page.NotificationBanner{Text: p.Words.T("account.own.nothing")}
	}
	if key, ok := doneKeys()[said]; ok {
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T(key)}
	}
	return s.show(w, r, http.StatusOK, "account/own", p)
}

// doneKeys are what the page says after a button of another page, by what stands
// in the address.
func doneKeys() map[string]string {
	return map[string]string{
		"ended":      "account.own.ended",
		"passphrase": "account.own.passphraseChanged",
		"stopped":    "account.own.stopped",
		"contact":    "account.own.contactSaved",
	}
}

func (s *Sessions) endSession(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	if err := s.Accounts.EndSession(r.Context(), s.Actor(r), form.Get("session")); err != nil {
		return err
	}
	if form.Get("session") == s.Actor(r).Session() {
		return s.signedOut(w, r)
	}
	return page.SeeOther(w, r, "/account?said=ended")
}

// secondStepPage sets up an app that makes one-time codes.
type secondStepPage struct {
	page.Base
	Picture  template.HTML // the secret as a QR code
	Link     template.URL  // the same, for the phone that shows the page
	Secret   string        // the same, for typing
	Required bool          // a worker cannot skip it
	Has      bool          // replaces one that is in use
}

// offerSecondStep makes the page with the secret that waits in the session. The
// picture is an svg element of constant markup and numbers, and the link an
// otpauth address, both made by the service and of nothing that somebody typed.
func (s *Sessions) offerSecondStep(r *http.Request) (*secondStepPage, error) {
	ctx, v := r.Context(), s.of(r)
	offer, err := s.Accounts.OfferTOTP(ctx, v.actor, v.token)
	if err != nil {
		return nil, err
	}
	picture, err := offer.SVG()
	if err != nil {
		return nil, err
	}
	has, err := s.Accounts.HasTOTP(ctx, v.actor)
	if err != nil {
		return nil, err
	}
	return &secondStepPage{
		Base: s.Site.Base(r, "account.secondStep.title"), Picture: template.HTML(picture),
		Link: template.URL(offer.URI), Secret: offer.Secret, Required: s.Accounts.NeedsTOTP(v.actor), Has: has,
	}, nil
}

func (s *Sessions) askSecondStep(w http.ResponseWriter, r *http.Request) error {
	p, err := s.offerSecondStep(r)
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, "account/second-step", p)
}

func (s *Sessions) keepSecondStep(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	v := s.of(r)
	kept := s.Accounts.KeepTOTP(r.Context(), v.actor, v.token, form.Get("code"))
	if kept == nil {
		return page.SeeOther(w, r, "/account/codes?said=second-step")
	}
	p, err := s.offerSecondStep(r)
	if err != nil {
		return err
	}
	if p.Refused(form, kept) {
		return s.show(w, r, http.StatusUnprocessableEntity, "account/second-step", p)
	}
	return kept
}

// afterSecondStep goes on where the second step stood in the way.
func (s *Sessions) afterSecondStep(r *http.Request) string {
	if s.Actor(r).OnHold() && s.Site.Tier == page.Staff {
		return "/start/done"
	}
	return "/account"
}

// placeField names the page to come back to after a code.
const placeField = "place"

// stepUpThere is where the page for a code posts to for a page that was only
// looked at. Enter has taken the code by then. The field comes from the browser:
// a place that is not on this site, or none, means the first page.
func (s *Sessions) stepUpThere(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	if page.SeeOther(w, r, form.Get(placeField)) == nil {
		return nil
	}
	return page.SeeOther(w, r, s.home(r))
}
