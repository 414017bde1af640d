package account

import (
	"context"
	"net/http"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/web/page"
)

// LeftOpen is SignedIn for what a page does by itself while it lies open: the
// session must live, and is not touched. There is no actor then, so the route
// may show nothing.
const LeftOpen page.Who = "signed in, page left open"

// peek lets in who has a living session.
func (s *Sessions) peek(r *http.Request, v *visit) error {
	if !v.hasToken {
		return fault.New(fault.SignIn, "fault.signIn")
	}
	glimpse, err := s.Accounts.Peek(r.Context(), v.agency.ID, v.token)
	if err != nil {
		return err
	}
	v.alive, v.glimpse = true, glimpse
	return nil
}

// LeftMay tells whether whoever left a page open may do an act: nil, or a
// Forbidden fault, as for everybody on another route than a LeftOpen one.
func (s *Sessions) LeftMay(r *http.Request, act authz.Act) error {
	if !s.of(r).glimpse.Can(act) {
		return fault.New(fault.Forbidden, "fault.forbidden")
	}
	return nil
}

// Still gives a way to ask later, after the request has ended, whether its
// session still lives: nil or a SignIn fault. It keeps nothing of the request.
func (s *Sessions) Still(r *http.Request) func(context.Context) error {
	v := s.of(r)
	agencyID, token := v.agency.ID, v.token
	return func(ctx context.Context) error {
		_, err := s.Accounts.Peek(ctx, agencyID, token)
		return err
	}
}
