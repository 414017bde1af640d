package account

import (
	"net/http"

	"gatepost/web/page"
)

// codesPage is about the codes that stand in for a lost second step.
type codesPage struct {
	page.Base
	Left  int
	Codes []string // new ones, shown this once
	Next  string   // where to go from here
}

func (s *Sessions) askCodes(w http.ResponseWriter, r *http.Request) error {
	ctx, actor := r.Context(), s.Actor(r)
	has, err := s.Accounts.HasTOTP(ctx, actor)
	if err != nil {
		return err
	}
	if !has {
		return page.SeeOther(w, r, "/second-step")
	}
	left, err := s.Accounts.RecoveryCodesLeft(ctx, actor)
	if err != nil {
		return err
	}
	p := &codesPage{Base: s.Site.Base(r, "account.codes.title"), Left: left, Next: s.afterSecondStep(r)}
	if page.Query(r).Get("said") == "second-step" {
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("account.own.secondStepOn")}
	} else {
		p.Back = "/account"
	}
	return s.show(w, r, http.StatusOK, "account/codes", p)
}

// makeCodes answers with the codes instead of a redirect: they are shown once and
// kept nowhere.
func (s *Sessions) makeCodes(w http.ResponseWriter, r *http.Request) error {
	codes, err := s.Accounts.NewRecoveryCodes(r.Context(), s.Actor(r))
	if err != nil {
		return err
	}
	p := &codesPage{Base: s.Site.Base(r, "account.codes.newTitle"), Codes: codes, Next: s.afterSecondStep(r)}
	return s.show(w, r, http.StatusOK, "account/codes-new", p)
}
