package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatepost/internal/postgres/postgrestest"
	"gatepost/web/page"
	"gatepost/web/webtest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// someID has the shape of an id and is nobody's.
const someID = "draaaaaaaaaaaaaaaaaaaa"

// TestStrangers goes over every route of both tiers as a stranger: what is not
// for anyone asks to sign in, and nothing may be kept by a browser.
func TestStrangers(t *testing.T) {
	s := webtest.New(t)
	tiers := []struct {
		name   string
		router *page.Router
		b      *webtest.Browser
	}{{"public", s.Public, s.Family(t)}, {"staff", s.Staff, s.Worker(t)}}
	for _, tier := range tiers {
		for _, route := range tier.router.Routes() {
			path := strings.NewReplacer("{$}", "", "{id}", someID).Replace(route.Pattern)
			var a webtest.Answer
			if route.Method == http.MethodGet {
				a = tier.b.Get(path)
			} else {
				a = tier.b.Post(path, url.Values{"text": {"x"}})
			}
			if got := a.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("%s %s %s may be kept: %q", tier.name, route.Method, path, got)
			}
			switch {
			case a.Status >= 500:
				t.Errorf("%s %s %s gives a stranger %d", tier.name, route.Method, path, a.Status)
			case route.Who != page.Anyone && a.Status != http.StatusUnauthorized:
				t.Errorf("%s %s %s is for %s and gives a stranger %d", tier.name, route.Method, path, route.Who, a.Status)
			case route.Who == page.Anyone && route.Method == http.MethodPost && a.Status != http.StatusForbidden:
				t.Errorf("%s POST %s without a token gives %d", tier.name, path, a.Status)
			}
		}
	}
}

// TestTiersShareNoPage: a worker's page is not there for families, and the
// reverse, but for what the door and the layout have on both.
func TestTiersShareNoPage(t *testing.T) {
	s := webtest.New(t)
	own := func(r *page.Router) map[string]bool {
		pages := map[string]bool{}
		for _, route := range r.Routes() {
			if room, _, _ := strings.Cut(route.Page, "/"); room != "account" && room != "page" && room != "" {
				pages[route.Page] = true
			}
		}
		return pages
	}
	staff := own(s.Staff)
	for name := range own(s.Public) {
		if staff[name] {
			t.Errorf("%s is on both tiers", name)
		}
	}
}

// TestNoCookieForAnother: a stranger who only looks gets no cookie but the
// chance of a form that is on the page.
func TestNoCookieForAnother(t *testing.T) {
	s := webtest.New(t)
	b := s.Family(t)
	for _, path := range []string{"/help", "/safety", "/cookies", "/accessibility", "/nothing"} {
		b.Get(path)
	}
	if len(b.Cookies) != 0 {
		t.Errorf("the cookies are %v", b.Cookies)
	}
	b.Get("/sign-in")
	if _, ok := b.Cookies["__Host-gpf"]; !ok || len(b.Cookies) != 1 {
		t.Errorf("the cookies are %v", b.Cookies)
	}
}
