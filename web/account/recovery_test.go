package account_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatepost/internal/account"
	"gatepost/internal/account/accounttest"
	"gatepost/web/webtest"
)

// lost begins a recovery for a person.
func lost(t *testing.T, s *webtest.Site, l *accounttest.Login) string {
	t.Helper()
	id, err := s.World.Staff.StartRecovery(t.Context(), s.SignInWorker(t, &s.WorkerLogin),
		account.NewRecovery{Kind: "person", Account: l.ID, What: "passphrase", Identity: "callBack"}, s.Code(t, &s.WorkerLogin))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestForgot(t *testing.T) {
	s := webtest.New(t)
	for name, b := range map[string]*webtest.Browser{"family": s.Family(t), "worker": s.Worker(t)} {
		link := b.Get("/sign-in").Doc().One("main a[href=/forgot]")
		a := b.Get(link.Attr("href")).Want(http.StatusOK)
		a.Doc().None("main form")
		a.Doc().One("main a[href=/start]")
		if name == "family" && !strings.Contains(a.Doc().One("main").Text(), s.Home.Phone) {
			t.Error("the page does not say whom to call")
		}
	}
}

// TestStopRecovery: whoever can still sign in is told first that somebody asked
// for a new key in their name, and stops it.
func TestStopRecovery(t *testing.T) {
	s := webtest.New(t)
	l := family(t, s)
	b := s.Family(t)
	if to := b.SignIn(s, l).Path; to != "/letters" {
		t.Fatalf("without a recovery sign-in goes to %s", to)
	}
	if to := b.Get("/account/recovery").Want(http.StatusSeeOther).Header.Get("Location"); to != "/account" {
		t.Errorf("without a recovery its page goes to %s", to)
	}
	lost(t, s, l)
	b.Get("/account").Doc().One("main a[href=/account/recovery]")
	told := s.Family(t).SignIn(s, l).Want(http.StatusOK)
	if told.Path != "/account/recovery" || !strings.Contains(told.Doc().One("main").Text(), s.Home.Phone) {
		t.Fatalf("%s says %s", told.Path, told.Doc().One("main").Text())
	}
	stopped := told.Submit("/account/recovery").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	stopped.Doc().One(".govuk-notification-banner--success")
	stopped.Doc().None("main a[href=/account/recovery]")
	again := told.Submit("/account/recovery").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	again.Doc().One(".govuk-notification-banner")
	again.Doc().None(".govuk-notification-banner--success")
}

// TestRecovered: the paper of a recovery is redeemed like that of an invitation.
func TestRecovered(t *testing.T) {
	s := webtest.New(t)
	l := family(t, s)
	id := lost(t, s, l)
	manager := s.SignInWorker(t, &s.ManagerLogin)
	if err := s.World.Staff.AgreeRecovery(t.Context(), manager, id, "", s.Code(t, &s.ManagerLogin)); err != nil {
		t.Fatal(err)
	}
	if err := s.World.Staff.PostedNotice(t.Context(), manager, id); err != nil {
		t.Fatal(err)
	}
	s.Clock.Advance(25 * time.Hour)
	paper, err := s.World.Staff.PrintRecovery(t.Context(), s.SignInWorker(t, &s.ManagerLogin), id, accounttest.Fact, s.Code(t, &s.ManagerLogin))
	if err != nil {
		t.Fatal(err)
	}
	b := s.Family(t)
	choose := b.Get("/forgot").Want(http.StatusOK)
	choose = b.Get(choose.Doc().One("main a[href=/start]").Attr("href")).Submit("/start", "code", paper.Code).Want(http.StatusOK).
		Submit("/start/fact", "fact", accounttest.Fact).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	done := choose.Submit("/start/passphrase", "which", "offered").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if n := len(done.Doc().All(".gp-words li")); done.Path != "/start/done" || n != 4 {
		t.Errorf("%s shows %d words, want 4", done.Path, n)
	}
}
