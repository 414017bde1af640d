package account

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"

	"gatepost/crypto/session"
	"gatepost/internal/account"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/notice"
	"gatepost/web/page"
)

// More of whom a route may be for, beside page.Anyone and page.SignedIn.
const (
	// Writing is SignedIn for the pages on which a letter is written: the
	// session lasts 60 minutes from there, and the button to leave is the form's
	// own, because it keeps the text first.
	Writing page.Who = "signed in, writing"
	// Enrolling is for somebody whose paper code was right and who has not
	// chosen a passphrase yet.
	Enrolling page.Who = "enrolling"
	// SettlingIn is SignedIn also for a worker who has no second step yet, and
	// may do nothing but set it up.
	SettlingIn page.Who = "signed in, second step not needed"
)

// LeaveField is the name of the button that leaves in a hurry inside another
// form. Whatever else is wrong with such a form, the person leaves.
const LeaveField = "leave"

// stepUpField is the one-time code that a page of Challenge adds to a form.
const stepUpField = "step-up-code"

// Sessions is the Door of one tier. The composer fills its fields before the
// router is made; they are then only read.
type Sessions struct {
	Site     *page.Site // whose Door it is
	Accounts *account.Service
	Agencies *agency.Registry
	// Address tells where a request comes from. It must believe no header but
	// that of a trusted proxy.
	Address func(*http.Request) netip.Addr
	// Home is the first page after signing in, such as "/letters".
	Home string
	// Nav is the navigation for somebody who is signed in.
	Nav func(authz.Actor) []page.NavItem
	// Carry answers the request that signed somebody in, where the form that
	// came before it held text: it keeps the text if it is that person's. nil
	// where the tier has no such forms.
	Carry func(w http.ResponseWriter, r *http.Request, form page.Form) error
	// Texts names the fields that hold a person's own words; a form with none of
	// them has nothing to carry. Carried names what else travels through the
	// sign-in page beside them, and Several those of it that may come several times.
	Texts, Carried, Several []string
	// Pack makes one field, of those that Texts names, of a form whose session
	// had ended, for pages whose forms have many fields of their own; false for a
	// form of other pages. nil where the tier has no such forms.
	Pack func(r *http.Request, form page.Form) (name, value string, ok bool)
	// Notices keeps how a person may be reached. nil where nobody is written to:
	// on the staff tier.
	Notices *notice.Service
	Log     *slog.Logger
}

// visit is what is known about one request.
type visit struct {
	agency   *agency.Agency
	token    session.Token
	hasToken bool // the browser has the cookie of a session, alive or not
	alive    bool // token is that of a session: its form token counts
	in       bool // actor is signed in
	actor    authz.Actor
	glimpse  account.Glimpse // of a page that lies open
	who      page.Who
	chance   string // for the forms of a stranger
	fresh    bool   // the browser does not have the chance yet
}

type visitKey struct{}

// begin finds out what the request itself tells, without the database.
func (s *Sessions) begin(r *http.Request) *visit {
	v := &visit{}
	v.agency, _ = s.Agencies.ForHost(authz.Tier(s.Site.Tier), r.Host)
	v.token, v.hasToken = s.token(r)
	v.chance, v.fresh = s.chanceOf(r)
	return v
}

// of is the visit of r; one without the database where r never entered.
func (s *Sessions) of(r *http.Request) *visit {
	if v, ok := r.Context().Value(visitKey{}).(*visit); ok {
		return v
	}
	return s.begin(r)
}

func with(r *http.Request, v *visit) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
}

// Actor is who asks, as Enter found them; the zero Actor for a stranger.
func (s *Sessions) Actor(r *http.Request) authz.Actor { return s.of(r).actor }

// Agency is the agency whose host name was asked for. It is nil only for a
// request that did not go through the router.
func (s *Sessions) Agency(r *http.Request) *agency.Agency { return s.of(r).agency }

// Enter is page.Door's. The database is asked once; a request of a stranger
// without a session's cookie asks nothing.
func (s *Sessions) Enter(r *http.Request, who page.Who) (*http.Request, error) {
	v := s.begin(r)
	v.who = who
	if v.agency == nil {
		return nil, fault.New(fault.NotFound, "fault.notFound")
	}
	var err error
	switch who {
	case page.Anyone:
		err = s.glance(r, v)
	case Enrolling:
		v.alive = v.hasToken
		if !v.hasToken {
			err = fault.New(fault.SignIn, "fault.signIn")
		}
	case LeftOpen:
		err = s.peek(r, v)
	default:
		err = s.admit(r, v)
	}
	if err != nil {
		return nil, err
	}
	return with(r, v), nil
}

// glance looks whether a visitor of a page for everyone is signed in. Where
// that cannot be found out they are a stranger: help and safety pages, which
// show the agency's number, must not need the database.
func (s *Sessions) glance(r *http.Request, v *visit) error {
	if !v.hasToken {
		return nil
	}
	actor, err := s.Accounts.Load(r.Context(), v.agency.ID, v.token, account.Short)
	if err != nil {
		if fault.KindOf(err) != fault.SignIn {
			s.Log.ErrorContext(r.Context(), "session of a page for everyone", "error", err)
		}
		return nil
	}
	v.actor, v.in, v.alive = actor, true, true
	return nil
}

// admit lets nobody in but who is signed in, and a worker without a second
// step only where that is set up.
func (s *Sessions) admit(r *http.Request, v *visit) error {
	if !v.hasToken {
		return fault.New(fault.SignIn, "fault.signIn")
	}
	idle := account.Short
	if v.who == Writing {
		idle = account.Writing
	}
	actor, err := s.Accounts.Load(r.Context(), v.agency.ID, v.token, idle)
	if err != nil {
		return err
	}
	v.actor, v.in, v.alive = actor, true, true
	if v.who != SettlingIn && s.Accounts.NeedsTOTP(actor) {
		return errNoSecondStep
	}
	return s.stepUp(r, v, idle)
}

// errNoSecondStep is a worker who must set up their second step first.
var errNoSecondStep = fault.New(fault.StepUp, "fault.stepUp")

// stepUp takes the one-time code that Challenge's page added to a form. The
// form itself then goes on its way as if nothing had been missing.
func (s *Sessions) stepUp(r *http.Request, v *visit, idle account.Idle) error {
	form, err := page.FormOf(r)
	if err != nil || !form.Has(stepUpField) {
		return nil
	}
	if err := s.Accounts.StepUp(r.Context(), v.actor, v.token, form.Get(stepUpField)); err != nil {
		return againStepUp(err)
	}
	v.actor, err = s.Accounts.Load(r.Context(), v.agency.ID, v.token, idle)
	return err
}

// againStepUp makes of a wrong code the wish for another, and also of one too
// many: the page that asks for it carries what was typed.
func againStepUp(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok && (f.Kind == fault.Invalid || f.Kind == fault.Busy) {
		return fault.Wrap(fault.StepUp, f.Message, err)
	}
	return err
}

// Visit is page.Door's.
func (s *Sessions) Visit(r *http.Request) page.Visit {
	v := s.of(r)
	visit := page.Visit{SignedIn: v.in, FormToken: s.wanted(v)}
	if v.agency != nil {
		visit.Agency = page.Agency{Name: v.agency.Name, Phone: v.agency.Phone, Hours: v.agency.Hours, Promise: v.agency.Promise, Amber: v.agency.Amber}
	}
	if v.in {
		visit.Nav = s.Nav(v.actor)
		visit.Exit = s.Site.Tier == page.Public && v.who != Writing
	}
	return visit
}

// wanted is the form token of the visit's own forms.
func (s *Sessions) wanted(v *visit) string {
	if v.alive {
		return v.token.FormToken()
	}
	return formToken(v.chance)
}

// CheckForm is page.Door's. A form for everyone may be older or younger than
// the session: sign-in pages stay open in other tabs, and the button to sign
// out is pressed after the session has ended by itself.
func (s *Sessions) CheckForm(r *http.Request, token string) bool {
	v := s.of(r)
	if v.hasToken && v.token.CheckForm(token) {
		return true
	}
	return (v.who == page.Anyone || !v.alive) && sameToken(formToken(v.chance), token)
}

// show renders a page that may hold a stranger's form, and gives the browser
// the cookie that belongs to it.
func (s *Sessions) show(w http.ResponseWriter, r *http.Request, status int, name string, p page.Page) error {
	if v := s.of(r); v.fresh && !v.alive {
		http.SetCookie(w, s.cookie(formCookie, v.chance, 0))
	}
	return s.Site.Render(w, r, status, name, p)
}

// replace gives the browser a new session. Nothing of an earlier one may
// outlive it.
func (s *Sessions) replace(w http.ResponseWriter, r *http.Request, token session.Token) error {
	if old := s.of(r); old.hasToken {
		if err := s.Accounts.SignOut(r.Context(), old.agency.ID, old.token); err != nil {
			return err
		}
	}
	s.setToken(w, token)
	return nil
}

// settle makes the request go on as that of the session just begun.
func (s *Sessions) settle(w http.ResponseWriter, r *http.Request, token session.Token) (*http.Request, error) {
	old := s.of(r)
	v := *old
	actor, err := s.Accounts.Load(r.Context(), v.agency.ID, token, account.Short)
	if err != nil {
		return nil, err
	}
	if err := s.replace(w, r, token); err != nil {
		return nil, err
	}
	v.token, v.hasToken, v.alive, v.in, v.actor = token, true, true, true, actor
	return with(r, &v), nil
}

// Leave ends the session and sends the browser away from the site at once. It
// never keeps anybody: an error comes back for the log after the answer has
// been given.
func (s *Sessions) Leave(w http.ResponseWriter, r *http.Request) error {
	v := s.of(r)
	var ended error
	if v.agency != nil && v.hasToken {
		ended = s.Accounts.SignOut(r.Context(), v.agency.ID, v.token)
	}
	s.expire(w)
	return errors.Join(page.Leave(w, r), ended)
}
