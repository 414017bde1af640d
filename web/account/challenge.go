package account

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"gatepost/internal/account"
	"gatepost/internal/fault"
	"gatepost/web/page"
)

// hidden is a field that travels through a page.
type hidden struct{ Name, Value string }

// stepUpPage asks for a fresh one-time code. Its form goes where the refused
// one went, with everything that was in it.
type stepUpPage struct {
	page.Base
	Action string
	Fields []hidden
}

// Challenge is page.Door's: the sign-in page, or the page for a one-time code.
func (s *Sessions) Challenge(w http.ResponseWriter, r *http.Request, cause error) error {
	form, _ := page.FormOf(r) // none for a GET: then there is nothing to carry
	if form.Has(LeaveField) {
		return s.Leave(w, r)
	}
	if errors.Is(cause, errNoSecondStep) {
		return page.SeeOther(w, r, "/second-step")
	}
	v := s.begin(r)
	if v.agency == nil {
		return fault.New(fault.NotFound, "fault.notFound")
	}
	if fault.KindOf(cause) != fault.StepUp {
		if s.Pack != nil {
			if name, value, ok := s.Pack(r, form); ok {
				form = page.Form{}.With(name, value)
			}
		}
		p := s.signInPage(with(r, v), form)
		p.Ended = endedKey(r, v, cause)
		return s.show(w, with(r, v), http.StatusUnauthorized, "account/sign-in", p)
	}
	actor, err := s.Accounts.Load(r.Context(), v.agency.ID, v.token, account.Short)
	if err != nil {
		return asked(err)
	}
	v.actor, v.in, v.alive = actor, true, true
	return s.askCode(w, with(r, v), form, cause)
}

// askCode shows the page for a one-time code. A GET was asked for by following
// a link: after the code it is simply asked for again.
func (s *Sessions) askCode(w http.ResponseWriter, r *http.Request, form page.Form, cause error) error {
	p := &stepUpPage{Base: s.Site.Base(r, "account.stepUp.title"), Action: r.URL.Path}
	if r.Method != http.MethodPost {
		p.Action, p.Fields = "/step-up", []hidden{{placeField, r.URL.Path}}
	}
	for _, name := range form.Names() {
		if name == stepUpField {
			continue
		}
		for _, value := range form.All(name) {
			p.Fields = append(p.Fields, hidden{name, value})
		}
	}
	if key := messageOf(cause); form.Has(stepUpField) {
		p.Summary = []page.Problem{{Field: stepUpField, Text: p.Words.T(key)}}
	}
	return s.show(w, r, http.StatusUnauthorized, "account/step-up", p)
}

// endedKey says why somebody is asked to sign in.
func endedKey(r *http.Request, v *visit, cause error) string {
	switch {
	case messageOf(cause) == "fault.signIn.over":
		return "fault.signIn.over"
	case strings.HasPrefix(r.URL.Path, "/start/"):
		return "account.signIn.startEnded"
	case v.hasToken:
		return "account.signIn.ended"
	}
	return "account.signIn.needed"
}

// asked keeps an error of Challenge from asking for Challenge again.
func asked(err error) error {
	if kind := fault.KindOf(err); kind == fault.SignIn || kind == fault.StepUp {
		return fault.Wrap(fault.Gone, "account.signIn.ended", err)
	}
	return err
}

// messageOf is the key of what a fault tells the person.
func messageOf(err error) string {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f.Message
	}
	return "fault.internal"
}

// carriedOf lists what of a form travels through the sign-in page.
func (s *Sessions) carriedOf(form page.Form) []hidden {
	if s.Carry == nil || !slices.ContainsFunc(s.Texts, form.Has) {
		return nil
	}
	var fields []hidden
	for _, name := range form.Names() {
		if slices.Contains(s.Texts, name) || slices.Contains(s.Carried, name) {
			for _, value := range form.All(name) {
				fields = append(fields, hidden{name, value})
			}
		}
	}
	return fields
}
