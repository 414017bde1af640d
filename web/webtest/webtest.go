package webtest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"gatepost/intermediary"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/internal/notice"
	"gatepost/web"
	"gatepost/web/assets"
	"gatepost/web/page"
	"gatepost/web/page/pagetest"
)

// Site is a world with the pages of both tiers.
type Site struct {
	*accounttest.World
	Public *page.Router
	Staff  *page.Router
	// The intermediary service: of the families' tier, and of the staff's.
	Asking, Cases *intermediary.Service
}

// New makes a world and its pages, reached by TLS.
func New(t testing.TB) *Site { return of(t, accounttest.NewWorld(t), true) }

// NewPlain makes the same for plain HTTP on loopback.
func NewPlain(t testing.TB) *Site { return of(t, accounttest.NewWorld(t), false) }

// NewTwoAgencies makes the same as New with a second agency, elm.
func NewTwoAgencies(t testing.TB) *Site { return of(t, accounttest.NewTwoAgencies(t), true) }

func of(t testing.TB, world *accounttest.World, secure bool) *Site {
	t.Helper()
	s := &Site{World: world}
	set, err := assets.Load(assets.FS())
	if err != nil { // a fresh clone, in which nothing was built
		if set, err = assets.Load(fstest.MapFS{"app.css": {}, "app.js": {}, "favicon.svg": {}}); err != nil {
			t.Fatal(err)
		}
	}
	c := web.Config{Secure: secure, Assets: set, Now: s.Clock.Now, Log: accounttest.Log(t),
		Address: func(string, authz.Tier) string { return "https://letters.oak.example" }}
	c.Accounts, c.Letters, c.Agencies = s.World.Public, s.Families, s.PublicAgencies
	s.Asking = intermediary.New(s.PublicDB, s.PublicAgencies, nil, s.Clock.Now, accounttest.Log(t)).WithStrangers(s.World.Public)
	s.Cases = intermediary.New(s.StaffDB, s.StaffAgencies, s.StaffConfig.Index, s.Clock.Now, accounttest.Log(t)).WithCodes(s.World.Staff).WithExchanges(s.Desk)
	c.Cases = s.Asking
	c.Notices = notice.New(s.PublicDB, s.PublicAgencies, s.Clock.Now, accounttest.Log(t))
	if s.Public, err = web.Public(c); err != nil {
		t.Fatal(err)
	}
	c.Accounts, c.Letters, c.Cases, c.Agencies = s.World.Staff, s.Desk, s.Cases, s.StaffAgencies
	if s.Staff, err = web.Staff(c); err != nil {
		t.Log(err)
	}
	return s
}

// Browser is one person's browser at one tier.
type Browser struct {
	t       testing.TB
	handler http.Handler
	Host    string
	From    string // remote address with a port
	Cookies map[string]string
	Agent   string
	Origin  string // of the page that asks; "" for none
	Range   string // the part that a player asks for; "" for all
}

// Family is a browser at the families' tier that was never there before.
func (s *Site) Family(t testing.TB) *Browser {
	return &Browser{t: t, handler: s.Public, Host: s.Home.PublicHost, From: "203.0.113.7:40000", Cookies: map[string]string{},
		Agent: "Mozilla/5.0 (Linux; Android 10; K) Chrome/129.0.0.0 Mobile Safari/537.36"}
}

// Worker is a browser at the workers' tier that was never there before.
func (s *Site) Worker(t testing.TB) *Browser {
	b := s.Family(t)
	b.handler, b.Host = s.Staff, s.Home.StaffHost
	return b
}

// SignIn signs somebody in by the form. A family is then past the page about
// leaving in a hurry.
func (b *Browser) SignIn(s *Site, l *accounttest.Login) Answer {
	b.t.Helper()
	fields := []string{"name", l.Name, "passphrase", l.Passphrase}
	if l.Secret != "" {
		fields = append(fields, "code", s.Code(b.t, l))
	}
	a := b.Get("/sign-in").Submit("/sign-in", fields...)
	if a.Status != http.StatusSeeOther {
		b.t.Fatalf("sign-in gives %d: %s", a.Status, a.Doc().One("main").Text())
	}
	if a = a.Follow(); a.Path == "/leaving" {
		a = b.Get(a.Doc().One("main a.govuk-button").Attr("href"))
	}
	return a
}

// Answer is what a browser got.
type Answer struct {
	browser *Browser
	Path    string
	Status  int
	Header  http.Header
	Body    string
}

// Get asks for a page.
func (b *Browser) Get(path string) Answer {
	b.t.Helper()
	return b.do(httptest.NewRequest(http.MethodGet, path, nil))
}

// Post sends a form as it is given, without what a page would put into it.
func (b *Browser) Post(path string, form url.Values) Answer {
	b.t.Helper()
	return b.PostRaw(path, "application/x-www-form-urlencoded", form.Encode())
}

// PostRaw sends a body as it is given.
func (b *Browser) PostRaw(path, kind, body string) Answer {
	b.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

func (b *Browser) do(r *http.Request) Answer {
	b.t.Helper()
	r.Host, r.RemoteAddr = b.Host, b.From
	r.Header.Set("User-Agent", b.Agent)
	if b.Range != "" {
		r.Header.Set("Range", b.Range)
	}
	if b.Origin != "" {
		r.Header.Set("Origin", b.Origin)
	}
	for name, value := range b.Cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	got := w.Result()
	for _, c := range got.Cookies() {
		if c.MaxAge < 0 {
			delete(b.Cookies, c.Name)
		} else {
			b.Cookies[c.Name] = c.Value
		}
	}
	a := Answer{browser: b, Path: r.URL.Path, Status: got.StatusCode, Header: got.Header, Body: w.Body.String()}
	if got.StatusCode/100 != 3 && strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") && got.Header.Get("Refresh") == "" {
		pagetest.Check(b.t, a.Body)
	}
	return a
}

// Doc is the page.
func (a Answer) Doc() pagetest.Document {
	a.browser.t.Helper()
	return pagetest.Parse(a.browser.t, a.Body)
}

// Want ends the test unless the answer has this status.
func (a Answer) Want(status int) Answer {
	a.browser.t.Helper()
	if a.Status != status {
		a.browser.t.Fatalf("%s gives %d, want %d (to %q): %s", a.Path, a.Status, status, a.Header.Get("Location"), a.said())
	}
	return a
}

// said is what the page says, shortened.
func (a Answer) said() string {
	if a.Body == "" {
		return ""
	}
	text := pagetest.Parse(a.browser.t, a.Body).One("body").Text()
	return text[:min(len(text), 400)]
}

// Follow asks for the page that the answer redirects to, if it does.
func (a Answer) Follow() Answer {
	a.browser.t.Helper()
	for range 5 {
		if a.Status != http.StatusSeeOther {
			return a
		}
		a = a.browser.Get(a.Header.Get("Location"))
	}
	a.browser.t.Fatal("the redirects do not end")
	return a
}

// Form is what the first form with this action holds: hidden fields, the text of
// textareas, the value of inputs, the choice of radios and of selects.
func (a Answer) Form(action string) url.Values {
	a.browser.t.Helper()
	forms := a.Doc().All("form[action=" + action + "]")
	if len(forms) == 0 {
		a.browser.t.Fatalf("%s has no form to %s: %s", a.Path, action, a.said())
	}
	form := forms[0]
	values := url.Values{}
	for _, input := range form.All("input[name]") {
		switch input.Attr("type") {
		case "radio", "checkbox":
			if input.HasAttr("checked") {
				values.Add(input.Attr("name"), input.Attr("value"))
			}
		default:
			values.Add(input.Attr("name"), input.Attr("value"))
		}
	}
	for _, area := range form.All("textarea[name]") {
		values.Set(area.Attr("name"), area.Raw())
	}
	for _, list := range form.All("select[name]") {
		options := list.All("option")
		for i, option := range options {
			if i == 0 || option.HasAttr("selected") {
				values.Set(list.Attr("name"), option.Attr("value"))
			}
		}
	}
	return values
}

// Submit sends the form with this action as the page has it, with fields (pairs
// of a name and a value, the button's too) put over it. It does not follow the
// redirect.
func (a Answer) Submit(action string, fields ...string) Answer {
	a.browser.t.Helper()
	values := a.Form(action)
	for i := 0; i+1 < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	return a.browser.Post(action, values)
}
