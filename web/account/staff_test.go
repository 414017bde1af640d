package account_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/web/webtest"
)

// TestStartOfWorker: nothing is there for a worker before the second step, and
// nothing but the words before the call.
func TestStartOfWorker(t *testing.T) {
	s := webtest.New(t)
	paper, err := s.World.Staff.InviteWorker(t.Context(), s.Manager, "Delyth Rowe", accounttest.Fact)
	if err != nil {
		t.Fatal(err)
	}
	b := s.Worker(t)
	if got := b.Get("/").Want(http.StatusSeeOther).Header.Get("Location"); got != "/desk" {
		t.Errorf("the first page is %s", got)
	}
	b.Get("/desk").Want(http.StatusUnauthorized).Doc().One("form[action=/sign-in]")
	choose := b.Get("/start").Submit("/start", "code", paper.Code).Submit("/start/fact", "fact", accounttest.Fact).Follow()
	step := choose.Submit("/start/passphrase", "which", "own", "passphrase", accounttest.Passphrase).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if step.Path != "/second-step" {
		t.Fatalf("after the passphrase comes %s", step.Path)
	}
	step.Doc().None("main a[href=/]")
	for _, path := range []string{"/desk", "/account", "/start/done", "/people"} {
		if got := b.Get(path).Want(http.StatusSeeOther).Header.Get("Location"); got != "/second-step" {
			t.Errorf("without a second step %s goes to %s", path, got)
		}
	}
	l := accounttest.Login{Name: paper.Reference, Passphrase: accounttest.Passphrase}
	l.Secret = strings.ReplaceAll(step.Doc().One(".gp-secret").Text(), " ", "")
	spare := step.Submit("/second-step", "code", s.Code(t, &l)).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	done := b.Get(spare.Submit("/account/codes").Want(http.StatusOK).Doc().One("main a.govuk-button").Attr("href")).Want(http.StatusOK)
	if n := len(done.Doc().All(".gp-words li")); n != 4 || done.Path != "/start/done" {
		t.Errorf("%s has %d words, want 4", done.Path, n)
	}
	b.Get("/desk").Want(http.StatusForbidden)

	holding, err := s.World.Staff.OnHold(t.Context(), s.Manager)
	if err != nil || len(holding) != 1 {
		t.Fatalf("%d wait for a call (%v), want 1", len(holding), err)
	}
	if err := s.World.Staff.ConfirmWorker(t.Context(), s.Manager, holding[0].ID, []authz.Role{authz.LetterboxWorker}, s.Code(t, &s.ManagerLogin)); err != nil {
		t.Fatal(err)
	}
	b.Get("/desk").Want(http.StatusOK)
	s.Worker(t).SignIn(s, &l).Want(http.StatusOK)
}

func TestCookieOfWorker(t *testing.T) {
	s := webtest.New(t)
	b := s.Worker(t)
	a := b.Get("/sign-in").Submit("/sign-in", "name", s.WorkerLogin.Name, "passphrase", s.WorkerLogin.Passphrase, "code", s.Code(t, &s.WorkerLogin))
	c, ok := cookies(a.Want(http.StatusSeeOther))["__Host-gps"]
	if !ok || c.SameSite != http.SameSiteStrictMode || !c.Secure || !c.HttpOnly || c.Path != "/" || c.MaxAge != 0 {
		t.Errorf("the cookie is %s", c)
	}
	b.Get("/leave").Want(http.StatusNotFound)
	b.Get("/account").Want(http.StatusOK).Doc().None(".govuk-exit-this-page")
	s.Clock.Advance(21 * time.Minute)
	b.Get("/desk").Want(http.StatusUnauthorized)

	// The session of one tier is nothing on the other.
	family := s.Family(t)
	family.Cookies["__Host-gp"] = b.Cookies["__Host-gps"]
	family.Get("/letters").Want(http.StatusUnauthorized)
}

// TestStepUp: a decision that needs a fresh code asks for it and goes on with
// everything that was typed.
func TestStepUp(t *testing.T) {
	s := webtest.New(t)
	_, birth, _ := s.OpenExchange(t)
	l, person := s.NewPerson(t, birth)
	inbox, err := s.Families.Inbox(t.Context(), person)
	if err != nil {
		t.Fatal(err)
	}
	draft, err := s.Families.NewDraft(t.Context(), person, inbox.Sides[0].Side, "I saw a heron.")
	if err != nil {
		t.Fatal(err)
	}
	letter, err := s.Families.Send(t.Context(), person, draft, 1)
	if err != nil {
		t.Fatal(err)
	}
	b := s.Worker(t)
	b.SignIn(s, &s.WorkerLogin)
	for range 4 {
		s.Clock.Advance(19 * time.Minute)
		b.Get("/account").Want(http.StatusOK)
	}
	claim := "/letter/" + string(letter) + "/claim"
	b.Get("/desk").Want(http.StatusOK).Submit(claim).Want(http.StatusSeeOther)
	reading := b.Get("/letter/" + string(letter)).Want(http.StatusOK)
	pass := "/letter/" + string(letter) + "/pass"
	const note = "Nothing in it.\nFirst letter of this year."
	ask := reading.Submit(pass, "note", note).Want(http.StatusUnauthorized)
	if got := ask.Form(pass).Get("note"); got != note {
		t.Fatalf("the page carries %q", got)
	}
	wrong := ask.Submit(pass, "step-up-code", "000000").Want(http.StatusUnauthorized)
	wrong.Doc().One(".govuk-error-summary a[href=#step-up-code]")
	if got := wrong.Form(pass).Get("note"); got != note {
		t.Fatalf("after a wrong code the page carries %q", got)
	}
	if sent, err := s.Families.OpenSent(t.Context(), s.SignInPerson(t, &l), letter); err != nil || sent.Told != "withUs" {
		t.Fatalf("before the code the letter is %s (%v)", sent.Told, err)
	}
	s.Clock.Advance(time.Minute)
	wrong.Submit(pass, "step-up-code", s.Code(t, &s.WorkerLogin)).Want(http.StatusSeeOther)
	if sent, err := s.Families.OpenSent(t.Context(), s.SignInPerson(t, &l), letter); err != nil || sent.Told != "passedOn" {
		t.Errorf("after the code the letter is %s (%v)", sent.Told, err)
	}
}

// TestWorkersSessionEnds: what a worker typed is on the page to be copied.
func TestWorkersSessionEnds(t *testing.T) {
	s := webtest.New(t)
	b := s.Worker(t)
	b.SignIn(s, &s.WorkerLogin)
	token := b.Get("/account").Form("/sign-out").Get("form-token")
	s.Clock.Advance(21 * time.Minute)
	a := b.Post("/letter/ltaaaaaaaaaaaaaaaaaaaa/return", map[string][]string{"form-token": {token}, "words": {"Please leave out the school."}, "code": {"123456"}})
	a.Want(http.StatusUnauthorized)
	if got := a.Doc().One(".gp-letter").Text(); got != "Please leave out the school." {
		t.Errorf("the page has %q", got)
	}
	if strings.Contains(a.Body, "123456") {
		t.Error("the page has the code")
	}
}
