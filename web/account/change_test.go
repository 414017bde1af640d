package account_test

import (
	"net/http"
	"strings"
	"testing"

	"gatepost/internal/account/accounttest"
	"gatepost/web/webtest"
)

// another is a passphrase that somebody changes theirs to.
const another = "a kettle by the window sill"

func TestChangePassphrase(t *testing.T) {
	s := webtest.New(t)
	l := family(t, s)
	b, elsewhere := s.Family(t), s.Family(t)
	b.SignIn(s, l)
	elsewhere.SignIn(s, l)
	change := b.Get(b.Get("/account").Doc().One("main a[href=/account/passphrase]").Attr("href")).Want(http.StatusOK)

	for _, wrong := range []struct{ old, new, field string }{
		{"", another, "old"}, {accounttest.Passphrase, "", "new"},
		{"not the right words at all", another, "old"}, {accounttest.Passphrase, "short", "new"},
	} {
		a := change.Submit("/account/passphrase", "old", wrong.old, "new", wrong.new, "known", "yes").Want(http.StatusUnprocessableEntity)
		a.Doc().One(".govuk-error-summary a[href=#" + wrong.field + "]")
		if strings.Contains(a.Body, another) || strings.Contains(a.Body, accounttest.Passphrase) {
			t.Error("the page shows a passphrase again")
		}
		if a.Form("/account/passphrase").Get("known") != "yes" {
			t.Error("the tick is lost")
		}
	}
	a := change.Submit("/account/passphrase", "old", accounttest.Passphrase, "new", another).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	a.Doc().One(".govuk-notification-banner--success")
	a.Doc().None("main a[href=/account/words]")
	elsewhere.Get("/letters").Want(http.StatusUnauthorized)
	s.Family(t).SignIn(s, &accounttest.Login{Name: l.Name, Passphrase: another}).Want(http.StatusOK)
	if to := b.Get("/account/words").Want(http.StatusSeeOther).Header.Get("Location"); to != "/account" {
		t.Errorf("without a new key the words go to %s", to)
	}
}

func TestSomebodyKnows(t *testing.T) {
	s := webtest.New(t)
	l := family(t, s)
	b := s.Family(t)
	b.SignIn(s, l)
	words := b.Get("/account/passphrase").Submit("/account/passphrase", "old", accounttest.Passphrase, "new", another, "known", "yes").
		Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if n := len(words.Doc().All(".gp-words li")); words.Path != "/account/words" || n != 4 {
		t.Fatalf("%s shows %d words, want 4", words.Path, n)
	}
	if !strings.Contains(words.Doc().One("main").Text(), s.Home.Phone) {
		t.Error("the page does not say which number to call")
	}
	b.Get("/account").Doc().One("main a[href=/account/words]")
	b.Get("/letters").Want(http.StatusOK)

	s.SignInWorker(t, &s.WorkerLogin)
	s.ConfirmPerson(t, l.ID)
	b.Get("/account").Want(http.StatusUnauthorized)
	b.SignIn(s, &accounttest.Login{Name: l.Name, Passphrase: another}).Want(http.StatusOK)
	b.Get("/account").Want(http.StatusOK).Doc().None("main a[href=/account/words]")
}

func TestWordsOnHold(t *testing.T) {
	s := webtest.New(t)
	_, birth, _ := s.OpenExchange(t)
	l := s.EnrolPerson(t, birth)
	b := s.Family(t)
	b.SignIn(s, &l)
	if to := b.Get("/account/words").Want(http.StatusSeeOther).Header.Get("Location"); to != "/start/done" {
		t.Errorf("the words of somebody on hold go to %s", to)
	}
	b.Get("/account").Want(http.StatusOK).Doc().None("main a[href=/account/words]")
}
