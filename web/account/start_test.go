package account_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatepost/crypto/code"
	"gatepost/internal/account/accounttest"
	"gatepost/web/webtest"
)

// invited makes a family and gives the paper of the birth mother.
func invited(t *testing.T, s *webtest.Site) (person, reference, paper string) {
	t.Helper()
	_, birth, _ := s.OpenExchange(t)
	made, err := s.World.Staff.InvitePerson(t.Context(), s.World.Worker, birth, accounttest.Fact)
	if err != nil {
		t.Fatal(err)
	}
	return birth, made.Reference, made.Code
}

func TestStart(t *testing.T) {
	s := webtest.New(t)
	person, reference, paper := invited(t, s)
	b := s.Family(t)

	front := b.Get("/").Want(http.StatusOK).Doc()
	if n := len(front.All("main a.govuk-button")); n != 2 {
		t.Errorf("the front page has %d choices, want 2", n)
	}
	fact := b.Get("/start").Want(http.StatusOK).Submit("/start", "code", strings.ToLower(paper)).Want(http.StatusOK)
	if strings.Contains(fact.Header.Get("Set-Cookie"), paper) {
		t.Error("the code stands in a cookie")
	}
	choose := fact.Submit("/start/fact", "fact", accounttest.Fact).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if choose.Path != "/start/passphrase" {
		t.Fatalf("after the fact comes %s", choose.Path)
	}
	offered := choose.Doc().One(".gp-passphrase").Text()
	if n := len(strings.Split(offered, "-")); n != 5 {
		t.Errorf("%d words are offered, want 5: %q", n, offered)
	}
	done := choose.Submit("/start/passphrase", "which", "offered").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if done.Path != "/start/done" {
		t.Fatalf("after the passphrase comes %s", done.Path)
	}
	if n := len(done.Doc().All(".gp-words li")); n != 4 {
		t.Errorf("the page has %d words to read out, want 4", n)
	}
	if !strings.Contains(done.Body, s.Home.Phone) {
		t.Error("the page does not say which number to call")
	}
	letters := b.Get("/letters").Want(http.StatusOK)
	letters.Doc().One("main a[href=/start/done]")

	// The five words are the passphrase from now on.
	again := s.Family(t)
	again.SignIn(s, &accounttest.Login{Name: reference, Passphrase: offered}).Want(http.StatusOK)

	s.ConfirmPerson(t, person)
	b.Get("/letters").Want(http.StatusOK).Doc().None("main a[href=/start/done]")
	if got := b.Get("/start/done").Want(http.StatusSeeOther).Header.Get("Location"); got != "/letters" {
		t.Errorf("after the call the page of the words goes to %s", got)
	}
}

func TestStartRefused(t *testing.T) {
	s := webtest.New(t)
	_, _, paper := invited(t, s)

	t.Run("no code", func(t *testing.T) {
		b := s.Family(t)
		a := b.Get("/start").Submit("/start", "code", "  ").Want(http.StatusUnprocessableEntity)
		a.Doc().One(".govuk-error-summary a[href=#code]")
	})
	t.Run("a code that is too long", func(t *testing.T) {
		b := s.Family(t)
		b.Get("/start").Submit("/start", "code", strings.Repeat("A", 65)).Want(http.StatusUnprocessableEntity)
	})
	t.Run("a wrong fact keeps the code", func(t *testing.T) {
		b := s.Family(t)
		a := b.Get("/start").Submit("/start", "code", paper).Submit("/start/fact", "fact", "the green gate")
		a.Want(http.StatusUnprocessableEntity)
		if got := a.Form("/start/fact"); got.Get("code") != paper || got.Get("fact") != "the green gate" {
			t.Errorf("the form holds %v", got)
		}
		if _, ok := b.Cookies["__Host-gp"]; ok {
			t.Error("a wrong fact gives a session")
		}
	})
	t.Run("a wrong code looks like a wrong fact", func(t *testing.T) {
		other := code.NewInvite().Text()
		right := s.Family(t).Get("/start").Submit("/start", "code", paper).Submit("/start/fact", "fact", "the red gate")
		wrong := s.Family(t).Get("/start").Submit("/start", "code", other).Submit("/start/fact", "fact", "the red gate")
		if right.Status != wrong.Status || right.Doc().One(".govuk-error-summary").Text() != wrong.Doc().One(".govuk-error-summary").Text() {
			t.Errorf("a right code with a wrong fact gives %d, a wrong code %d", right.Status, wrong.Status)
		}
	})
	t.Run("a passphrase of one's own", func(t *testing.T) {
		b := s.Family(t)
		page := b.Get("/start").Submit("/start", "code", paper).Submit("/start/fact", "fact", accounttest.Fact).Follow()
		for _, fields := range [][]string{{}, {"which", "own"}, {"which", "own", "passphrase", "short"}, {"which", "another"}} {
			a := page.Submit("/start/passphrase", fields...).Want(http.StatusUnprocessableEntity)
			if strings.Contains(a.Body, `value="short"`) {
				t.Error("the page shows the passphrase again")
			}
		}
		before := b.Cookies["__Host-gp"]
		page.Submit("/start/passphrase", "which", "own", "passphrase", accounttest.Passphrase).Want(http.StatusSeeOther)
		if b.Cookies["__Host-gp"] == before {
			t.Error("the session of the code is also that of the account")
		}
		// Pressed twice, the second time with the cookie of the first.
		b.Cookies["__Host-gp"] = before
		a := b.Post("/start/passphrase", page.Form("/start/passphrase"))
		a.Want(http.StatusUnauthorized).Doc().One("main a[href=/start]")
	})
	t.Run("without a code", func(t *testing.T) {
		s.Family(t).Get("/start/passphrase").Want(http.StatusUnauthorized)
		s.Family(t).Get("/start/done").Want(http.StatusUnauthorized)
		s.Family(t).Post("/start/passphrase", url.Values{"which": {"offered"}}).Want(http.StatusUnauthorized)
	})
}
