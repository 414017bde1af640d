package account_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatepost/internal/account/accounttest"
	"gatepost/web/webtest"
)

// secondStep sets up codes from the pages and notes their secret.
func secondStep(t *testing.T, s *webtest.Site, b *webtest.Browser, l *accounttest.Login) webtest.Answer {
	t.Helper()
	offer := b.Get("/second-step").Want(http.StatusOK)
	l.Secret = strings.ReplaceAll(offer.Doc().One(".gp-secret").Text(), " ", "")
	return offer.Submit("/second-step", "code", s.Code(t, l)).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
}

func TestRecoveryCodes(t *testing.T) {
	s := webtest.New(t)
	l := family(t, s)
	b := s.Family(t)
	b.SignIn(s, l)
	if to := b.Get("/account/codes").Want(http.StatusSeeOther).Header.Get("Location"); to != "/second-step" {
		t.Errorf("without a second step the codes go to %s", to)
	}
	offered := secondStep(t, s, b, l)
	if offered.Path != "/account/codes" {
		t.Fatalf("after the second step comes %s", offered.Path)
	}
	made := offered.Submit("/account/codes").Want(http.StatusOK)
	var codes []string
	for _, e := range made.Doc().All(".gp-code") {
		codes = append(codes, e.Text())
	}
	if len(codes) != 10 {
		t.Fatalf("%d codes are shown, want 10", len(codes))
	}
	next := b.Get(made.Doc().One("main a.govuk-button").Attr("href")).Want(http.StatusOK)
	next.Doc().One("main a[href=/account/codes]")
	if strings.Contains(b.Get("/account/codes").Body, codes[0]) {
		t.Error("a code is shown twice")
	}

	in := func() webtest.Answer {
		return s.Family(t).Get("/sign-in").Submit("/sign-in", "name", l.Name, "passphrase", l.Passphrase, "code", strings.ToLower(codes[3]))
	}
	in().Want(http.StatusSeeOther)
	in().Want(http.StatusUnprocessableEntity)
	if text := b.Get("/account/codes").Doc().One("main").Text(); !strings.Contains(text, "9 codes left") {
		t.Errorf("after one is used the page says %q", text)
	}
}

func TestHistory(t *testing.T) {
	s := webtest.New(t)
	l := family(t, s)
	b := s.Family(t)
	s.Clock.Advance(time.Minute)
	b.Get("/sign-in").Submit("/sign-in", "name", l.Name, "passphrase", "not the right words at all").Want(http.StatusUnprocessableEntity)
	s.Clock.Advance(time.Minute)
	b.SignIn(s, l)
	lines := b.Get("/account/history").Want(http.StatusOK).Doc().All("main ol li")
	if len(lines) < 2 || !strings.Contains(lines[0].Text(), "You signed in") || !strings.Contains(lines[1].Text(), "Somebody tried") ||
		!strings.Contains(lines[1].Text(), "Chrome on Android") {
		t.Errorf("the page says %s", b.Get("/account/history").Doc().One("main").Text())
	}
}
