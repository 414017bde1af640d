package account_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatepost/internal/account/accounttest"
	"gatepost/web/page"
	"gatepost/web/webtest"
)

// family makes a confirmed birth mother with the id of her side.
func family(t *testing.T, s *webtest.Site) *accounttest.Login {
	t.Helper()
	_, birth, _ := s.OpenExchange(t)
	l, _ := s.NewPerson(t, birth)
	return &l
}

func TestSignIn(t *testing.T) {
	s := webtest.New(t)
	l := family(t, s)

	t.Run("the first page after it tells about leaving, once", func(t *testing.T) {
		b := s.Family(t)
		b.Get("/letters").Want(http.StatusUnauthorized).Doc().One("form[action=/sign-in]")
		fields := []string{"name", l.Name, "passphrase", l.Passphrase}
		a := b.Get("/sign-in").Submit("/sign-in", fields...).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
		if a.Path != "/leaving" {
			t.Fatalf("after sign-in comes %s", a.Path)
		}
		a.Doc().One("main a[href=/safety]")
		b.Get("/sign-in").Want(http.StatusSeeOther)
		b.Get("/letters").Submit("/sign-out").Want(http.StatusSeeOther)
		if a := b.Get("/sign-in").Submit("/sign-in", fields...).Follow(); a.Path != "/letters" {
			t.Errorf("after the second sign-in comes %s", a.Path)
		}
	})
	t.Run("every mistake looks the same and keeps the name only", func(t *testing.T) {
		var said string
		for _, fields := range [][]string{
			{"name", l.Name, "passphrase", "not the right words at all"},
			{"name", "ABCDEFGH", "passphrase", l.Passphrase},
			{"name", "", "passphrase", ""},
		} {
			a := s.Family(t).Get("/sign-in").Submit("/sign-in", append(fields, "code", "123456")...).Want(http.StatusUnprocessableEntity)
			text := a.Doc().One(".govuk-error-summary").Text()
			if said == "" {
				said = text
			}
			if text != said {
				t.Errorf("one mistake says %q, another %q", said, text)
			}
			if got := a.Form("/sign-in"); got.Get("name") != fields[1] || got.Get("passphrase") != "" || got.Get("code") != "" {
				t.Errorf("the form holds %v", got)
			}
		}
	})
	t.Run("the cookie", func(t *testing.T) {
		a := s.Family(t).Get("/sign-in").Submit("/sign-in", "name", l.Name, "passphrase", l.Passphrase, "remember", "yes")
		got := cookies(a)
		for _, c := range []struct {
			name string
			age  int
		}{{"__Host-gp", 0}, {"__Host-gpd", 180 * 24 * 3600}} {
			one, ok := got[c.name]
			if !ok {
				t.Fatalf("there is no cookie %s among %v", c.name, a.Header.Values("Set-Cookie"))
			}
			if !one.Secure || !one.HttpOnly || one.SameSite != http.SameSiteLaxMode || one.Path != "/" || one.Domain != "" || one.MaxAge != c.age {
				t.Errorf("the cookie is %s", one)
			}
		}
	})
	t.Run("a new session ends the one that the browser had", func(t *testing.T) {
		b := s.Family(t)
		open := b.Get("/sign-in")
		b.SignIn(s, l)
		old := b.Cookies["__Host-gp"]
		open.Submit("/sign-in", "name", l.Name, "passphrase", l.Passphrase).Want(http.StatusSeeOther)
		if b.Cookies["__Host-gp"] == old {
			t.Fatal("the session's cookie is the same")
		}
		b.Cookies["__Host-gp"] = old
		b.Get("/letters").Want(http.StatusUnauthorized)
	})
}

// cookies are those that an answer sets, by name.
func cookies(a webtest.Answer) map[string]*http.Cookie {
	all := map[string]*http.Cookie{}
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		all[c.Name] = c
	}
	return all
}

func TestCookieNames(t *testing.T) {
	s := webtest.NewPlain(t)
	l := family(t, s)
	b := s.Family(t)
	b.Host = "localhost:8080"
	b.SignIn(s, l)
	for name := range b.Cookies {
		if strings.HasPrefix(name, "__Host-") {
			t.Errorf("over plain HTTP there is the cookie %s", name)
		}
	}
	if b.Cookies["gp"] == "" {
		t.Error("over plain HTTP there is no cookie gp")
	}
	worker := s.Worker(t)
	worker.Cookies["gps"] = b.Cookies["gp"]
	worker.Get("/account").Want(http.StatusUnauthorized)
}

func TestTwoCookiesOfOneName(t *testing.T) {
	s := webtest.New(t)
	b := s.Family(t)
	b.SignIn(s, family(t, s))
	r := httptest.NewRequest(http.MethodGet, "/letters", nil)
	r.Host = b.Host
	r.Header.Set("Cookie", "__Host-gp="+b.Cookies["__Host-gp"]+"; __Host-gp=planted")
	w := httptest.NewRecorder()
	s.Public.ServeHTTP(w, r)
	if w.Code != http.StatusUnauthorized {
		t.Errorf("with a second cookie the answer is %d", w.Code)
	}
}

func TestFormsOfStrangers(t *testing.T) {
	s := webtest.New(t)
	l := family(t, s)
	fields := url.Values{"name": {l.Name}, "passphrase": {l.Passphrase}}

	b := s.Family(t)
	form := b.Get("/sign-in").Form("/sign-in")
	if chance := b.Cookies["__Host-gpf"]; chance == "" || strings.Contains(form.Get(page.TokenField), chance) {
		t.Errorf("the cookie is %q and the token %q", chance, form.Get(page.TokenField))
	}
	for name, token := range map[string]string{"none": "", "another's": s.Family(t).Get("/sign-in").Form("/sign-in").Get(page.TokenField)} {
		fields.Set(page.TokenField, token)
		if b.Post("/sign-in", fields).Want(http.StatusForbidden); b.Cookies["__Host-gp"] != "" {
			t.Errorf("with the token of %s somebody is signed in", name)
		}
	}
	// The right token without its cookie.
	fields.Set(page.TokenField, form.Get(page.TokenField))
	s.Family(t).Post("/sign-in", fields).Want(http.StatusForbidden)
	b.Post("/sign-in", fields).Want(http.StatusSeeOther)
	// And with the session, the token of a stranger does nothing but sign in.
	b.Post("/sign-out-everywhere", fields).Want(http.StatusForbidden)
	b.Get("/letters").Want(http.StatusOK)
}

func TestIdle(t *testing.T) {
	s := webtest.New(t)
	l := family(t, s)
	b := s.Family(t)
	b.SignIn(s, l)
	s.Clock.Advance(14 * time.Minute)
	letters := b.Get("/letters").Want(http.StatusOK)
	s.Clock.Advance(16 * time.Minute)
	a := b.Get("/letters").Want(http.StatusUnauthorized)
	if !strings.Contains(a.Doc().One("main").Text(), "open for too long") {
		t.Error("the page does not say why")
	}
	// The button to sign out still does.
	letters.Submit("/sign-out").Want(http.StatusSeeOther)
	if b.Cookies["__Host-gp"] != "" {
		t.Error("the cookie is still there")
	}
}

func TestSignOut(t *testing.T) {
	s := webtest.New(t)
	l := family(t, s)
	b := s.Family(t)
	b.SignIn(s, l)
	token := b.Cookies["__Host-gp"]
	a := b.Get("/letters").Submit("/sign-out").Want(http.StatusSeeOther)
	if got := a.Header.Get("Clear-Site-Data"); got != `"cache", "storage"` {
		t.Errorf("Clear-Site-Data is %s", got)
	}
	a.Follow().Want(http.StatusOK)
	b.Cookies["__Host-gp"] = token
	b.Get("/letters").Want(http.StatusUnauthorized)
}

func TestOwnAccount(t *testing.T) {
	s := webtest.New(t)
	l := family(t, s)
	b, other, third := s.Family(t), s.Family(t), s.Family(t)
	other.Agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) Version/17.6 Mobile/15E148 Safari/604.1"
	b.SignIn(s, l)
	other.SignIn(s, l)
	third.SignIn(s, l)

	own := b.Get("/account").Want(http.StatusOK)
	if n := len(own.Doc().All("main form[action=/account/end]")); n < 2 {
		t.Fatalf("%d sessions can be ended, want 2 and more", n)
	}
	var phone string
	for _, item := range own.Doc().All("main li") {
		if strings.Contains(item.Text(), "Safari on iPhone") {
			phone = item.One("input[name=session]").Attr("value")
		}
	}
	token := own.Form("/sign-out-everywhere").Get(page.TokenField)
	b.Post("/account/end", url.Values{page.TokenField: {token}, "session": {phone}}).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	other.Get("/letters").Want(http.StatusUnauthorized)
	third.Get("/letters").Want(http.StatusOK)

	for _, id := range []string{"", "se00", strings.Repeat("x", 5000), phone} {
		if a := b.Post("/account/end", url.Values{page.TokenField: {token}, "session": {id}}); a.Status >= 500 {
			t.Errorf("ending the session %.20q gives %d", id, a.Status)
		}
	}
	b.Post("/sign-out-everywhere", url.Values{page.TokenField: {token}}).Want(http.StatusSeeOther)
	for _, each := range []*webtest.Browser{b, third} {
		each.Get("/letters").Want(http.StatusUnauthorized)
	}
}

func TestLeave(t *testing.T) {
	s := webtest.New(t)
	l := family(t, s)
	b := s.Family(t)
	if a := b.SignIn(s, l); a.Doc().One("a.govuk-exit-this-page__button").Attr("href") != "/leave" {
		t.Error("the button goes elsewhere")
	}
	token := b.Cookies["__Host-gp"]
	for range 2 {
		a := b.Get("/leave").Want(http.StatusSeeOther)
		if a.Header.Get("Location") != page.LeavePlace || a.Header.Get("Clear-Site-Data") != `"cache", "storage"` {
			t.Errorf("leaving goes to %s and clears %s", a.Header.Get("Location"), a.Header.Get("Clear-Site-Data"))
		}
		if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("leaving is kept by %q and told by %q", a.Header.Get("Cache-Control"), a.Header.Get("Referrer-Policy"))
		}
	}
	if b.Cookies["__Host-gp"] != "" {
		t.Error("the cookie is still there")
	}
	b.Cookies["__Host-gp"] = token
	b.Get("/letters").Want(http.StatusUnauthorized)
}

func TestOtherHost(t *testing.T) {
	s := webtest.New(t)
	b := s.Family(t)
	b.SignIn(s, family(t, s))
	for _, host := range []string{"letters.elm.example", s.Home.StaffHost, ""} {
		b.Host = host
		b.Get("/letters").Want(http.StatusNotFound)
		b.Get("/").Want(http.StatusNotFound)
	}
}

func TestSecondStepOfFamily(t *testing.T) {
	s := webtest.New(t)
	l := family(t, s)
	b := s.Family(t)
	b.SignIn(s, l)
	offer := b.Get("/second-step").Want(http.StatusOK)
	offer.Doc().One(".gp-qr svg")
	l.Secret = strings.ReplaceAll(offer.Doc().One(".gp-secret").Text(), " ", "")
	offer.Doc().One("main a[href=/]") // may be skipped
	wrong := offer.Submit("/second-step", "code", "000000").Want(http.StatusUnprocessableEntity)
	if again := strings.ReplaceAll(wrong.Doc().One(".gp-secret").Text(), " ", ""); again != l.Secret {
		t.Error("a wrong code changes the secret that the app has already")
	}
	wrong.Submit("/second-step", "code", s.Code(t, l)).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)

	without := s.Family(t).Get("/sign-in").Submit("/sign-in", "name", l.Name, "passphrase", l.Passphrase)
	without.Want(http.StatusUnprocessableEntity)
	again := s.Family(t)
	again.SignIn(s, l).Want(http.StatusOK)

	// To replace it, a code of it is asked for, and the page asked for comes after.
	s.Clock.Advance(11 * time.Minute)
	ask := again.Get("/second-step").Want(http.StatusUnauthorized)
	ask.Submit("/step-up", "step-up-code", "000000").Want(http.StatusUnauthorized).Doc().One(".govuk-error-summary")
	there := ask.Submit("/step-up", "step-up-code", s.Code(t, l)).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if there.Path != "/second-step" {
		t.Errorf("after the code comes %s", there.Path)
	}
	for _, place := range []string{"https://example.com/", "//example.com", `/\example.com`, "javascript:alert(1)", "letters", "/%zz", ""} {
		a := ask.Submit("/step-up", "place", place, "step-up-code", s.Code(t, l)).Want(http.StatusSeeOther)
		if got := a.Header.Get("Location"); got != "/letters" {
			t.Errorf("from %q the page of the code sends to %q", place, got)
		}
	}
}

// Whoever must wait, perhaps because somebody else tried their name, is told
// until when, and whom to call.
func TestWaitAfterManyTries(t *testing.T) {
	s := webtest.New(t)
	l := family(t, s)
	for range 5 {
		s.Family(t).Get("/sign-in").Submit("/sign-in", "name", l.Name, "passphrase", "not the right words").Want(http.StatusUnprocessableEntity)
	}
	a := s.Family(t).Get("/sign-in").Submit("/sign-in", "name", l.Name, "passphrase", l.Passphrase).Want(http.StatusServiceUnavailable)
	if said := a.Doc().One(".govuk-error-summary").Text(); !strings.Contains(said, "Wait 15 minutes") || !strings.Contains(said, "Call us") {
		t.Errorf("the page says %q", said)
	}
	if !strings.Contains(a.Doc().One("main").Text(), "01632 960123") {
		t.Error("the page does not say whom to call")
	}
}
