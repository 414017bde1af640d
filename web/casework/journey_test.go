package casework_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatepost/web/webtest"
)

// do fills in the form of an act and expects it done.
func do(t *testing.T, b *webtest.Browser, path string, fields ...string) webtest.Answer {
	t.Helper()
	a := b.Get(path).Want(http.StatusOK).Submit(path, fields...)
	if a.Status != http.StatusSeeOther {
		t.Fatalf("%s gives %d: %s", path, a.Status, a.Doc().One("main").Text())
	}
	done := a.Follow().Want(http.StatusOK)
	done.Doc().One(".govuk-notification-banner--success")
	return done
}

// state says a fact on its page.
func state(t *testing.T, b *webtest.Browser, kase, on, name, value string) {
	t.Helper()
	do(t, b, kase+"/fact/"+on+"/"+name, "value", value, "said", "fact", "why", "Seen in the papers.", "evidence", "passport, seen by me\nletter of the court")
}

// item is the id of the one item on a page of items.
func item(t *testing.T, a webtest.Answer) string {
	t.Helper()
	return a.Doc().One("[data-item]").Attr("data-item")
}

// rowOf is the row that a page shows.
func rowOf(a webtest.Answer) string { return a.Doc().One("[data-law]").Attr("data-law") }

// TestCaseByHand: from an opened case to something given, by the forms alone. At
// each step the first page says what stands in the way, and it goes only when it
// is answered.
func TestCaseByHand(t *testing.T) {
	r := newRoom(t)
	c := r.Open(t, "AP>REL")
	kase, app, sub, ad := "/case/"+string(c.ID), string(c.ID), string(c.Subject), string(c.Adopted)
	second := r.colleague(t)
	way := func(want string) webtest.Answer {
		t.Helper()
		a := r.Get(kase).Want(http.StatusOK)
		if got := rowOf(a); got != want {
			t.Fatalf("row %s stands in the way, want %s: %s", got, want, a.Doc().One("[data-law]").Text())
		}
		return a
	}
	agree := func(on, name string) {
		t.Helper()
		do(t, second, kase+"/agree/"+on+"/"+name)
	}

	way("a21") // who the applicant is
	state(t, r.Browser, kase, app, "reg11", "passed")
	way("a21") // one worker is not enough
	r.Get(kase + "/agree/" + app + "/reg11").Want(http.StatusOK).Submit(kase + "/agree/" + app + "/reg11").Want(http.StatusForbidden)
	agree(app, "reg11")
	way("a21a")
	state(t, r.Browser, kase, app, "linkProven", "yes")
	agree(app, "linkProven")
	way("a22")
	state(t, r.Browser, kase, app, "met", "inPerson")
	state(t, r.Browser, kase, app, "idVerified", "yes")
	agree(app, "idVerified")
	contains(t, r.Get(kase+"/identity").Want(http.StatusOK).Doc().One("main").Text(), "In person", "Elowen Trease", "Agreed to by", "Idris Quayle", "letter of the court")
	way("a23")
	state(t, r.Browser, kase, app, "aaa", "self")
	way("a23") // nobody else is asked about a veto then, so two say it
	agree(app, "aaa")
	way("a28")
	state(t, r.Browser, kase, sub, "acr", "checked")
	state(t, r.Browser, kase, sub, "acrNoContact", "no")
	way("a29")
	approach := kase + "/approach/" + sub
	r.Get(approach).Submit(approach, "way", "letter", "outcome", "sent", "words", "Mary called.").Want(http.StatusConflict) // not yet

	proceed := kase + "/proceed/" + sub
	fields := []string{"right", "yes", "asked", "yes", "viewOn-day", "20", "viewOn-month", "11", "viewOn-year", "2026", "view", "He is glad."}
	for _, f := range []string{"applicant", "subject", "others", "children", "agency", "register", "circumstances", "conclusion"} {
		fields = append(fields, f, "Nothing against it.")
	}
	bad := r.Get(proceed).Submit(proceed, append(fields[:0:0], "applicant", "He is well.")...).Want(http.StatusUnprocessableEntity)
	if got := bad.Form(proceed).Get("applicant"); got != "He is well." {
		t.Errorf("a refused decision lost what was typed: %q", got)
	}
	do(t, r.Browser, proceed, fields...)
	page := way("a31")
	contains(t, page.Doc().One("[data-law]").Text(), "Nothing stands in the way")

	do(t, r.Browser, kase+"/trace/"+sub, "outcome", "traced", "where", "electoral roll", "words", "Found at once.", "evidence", "copy of the page")
	state(t, r.Browser, kase, sub, "subjectVital", "living")
	state(t, r.Browser, kase, app, "cnsl", "yes")
	do(t, r.Browser, approach, "way", "letter", "outcome", "sent", "words", "In a plain envelope.")
	consent := r.Get(kase + "/consent/" + sub).Want(http.StatusOK).Form(kase + "/consent/" + sub)
	for name, value := range map[string]string{"answer": "yes", "explainedBy": "Elowen Trease", "on-day": "23", "on-month": "11", "on-year": "2026", "written": "yes", "words": "I would like that."} {
		consent.Set(name, value)
	}
	consent["scope"] = []string{"name", "occupation"}
	r.Post(kase+"/consent/"+sub, consent).Want(http.StatusSeeOther)
	state(t, r.Browser, kase, sub, "cnsl", "yes")
	seen := r.Get(kase + "/subject/" + sub).Want(http.StatusOK).Doc().One("main").Text()
	contains(t, seen, "electoral roll", "Found", "By letter", "In a plain envelope.", "I would like that.", "Their name, What they do for a living", "He is glad.", "Nothing against it.")

	items := do(t, r.Browser, kase+"/prepare/"+sub, "kind", "name", "about", "subject", "identifying", "yes", "words", "Her name is Demelza Nance.", "ground", "ISR 7(1): her consent.", "from", "Herself.")
	id := item(t, items)
	give := kase + "/disclose/" + id
	if got := rowOf(r.Get(kase + "/item/" + id).Want(http.StatusOK)); got != "b12a" {
		t.Errorf("row %s stands in the way of giving it, want b12a", got)
	}
	state(t, r.Browser, kase, id, "jigsaw", "safe")
	agree(id, "jigsaw")
	do(t, second, kase+"/check/"+id)
	do(t, r.Browser, kase+"/agreement", "on-day", "22", "on-month", "11", "on-year", "2026", "words", "Form 3, in the paper file.")
	r.Get(give).Want(http.StatusOK).Submit(give, "code", "000000").Want(http.StatusUnprocessableEntity)
	do(t, r.Browser, give, "code", r.Code(t, &r.CaseLogin))
	contains(t, r.Get(kase+"/items").Want(http.StatusOK).Doc().One("main").Text(), "Given", "Everything that this applicant has been given")

	do(t, r.Browser, kase+"/stop/"+ad, "why", "His sister called.")
	way("a26a")
	contains(t, r.Get(kase+"/protection").Want(http.StatusOK).Doc().One("main").Text(), "In force", "His sister called.")
	do(t, r.Browser, kase+"/end", "state", "stopped", "reasons", "He asked us to.")
	contains(t, r.Get(kase+"/history").Want(http.StatusOK).Doc().One("main").Text(), "He asked us to.", "Our work on your application has ended.", "The applicant was met", "Seen in the papers.")
}

// TestNotMine: a worker of another role, somebody signed out and an id that is
// nobody's get the same for every page, and nothing of the case.
func TestNotMine(t *testing.T) {
	r := newRoom(t)
	c := r.Open(t, "AP>REL")
	other := r.Site.Worker(t)
	other.SignIn(r.Site, &r.WorkerLogin) // a letterbox worker
	nobody := r.Site.Worker(t)
	for _, route := range r.Site.Staff.Routes() {
		if !strings.HasPrefix(route.Pattern, "/case") && !strings.HasPrefix(route.Pattern, "/enquiry") && !strings.HasPrefix(route.Pattern, "/asked") && !strings.HasPrefix(route.Pattern, "/texts") && !strings.HasPrefix(route.Pattern, "/record") {
			continue
		}
		path := strings.NewReplacer("{id}", string(c.ID), "{of}", string(c.Subject), "{name}", "met", "{version}", "1").Replace(route.Pattern)
		ask := func(b *webtest.Browser, path string) webtest.Answer {
			if route.Method == http.MethodGet {
				return b.Get(path)
			}
			return b.Post(path, url.Values{"form-token": {token(b)}})
		}
		if a := ask(other, path); a.Status != http.StatusForbidden && a.Status != http.StatusNotFound || strings.Contains(a.Body, "Tregear") || strings.Contains(a.Body, "Nance") {
			t.Errorf("a letterbox worker gets %d for %s %s", a.Status, route.Method, route.Pattern)
		}
		if a := ask(nobody, path); a.Status != http.StatusUnauthorized && a.Status != http.StatusForbidden {
			t.Errorf("a stranger gets %d for %s %s", a.Status, route.Method, route.Pattern)
		}
		if !strings.Contains(route.Pattern, "{id}") {
			continue
		}
		for _, id := range []string{"x", "apaaaaaaaaaaaaaaaaaaaa", "enaaaaaaaaaaaaaaaaaaaa", strings.ToUpper(string(c.ID))} {
			path := strings.NewReplacer("{id}", id, "{of}", string(c.Subject), "{name}", "met", "{version}", "1").Replace(route.Pattern)
			if a := ask(r.Browser, path); a.Status != http.StatusNotFound && a.Status != http.StatusForbidden {
				t.Errorf("%s %s gives %d for an id that is nobody's", route.Method, path, a.Status)
			}
		}
		if strings.Contains(route.Pattern, "{of}") {
			path := strings.NewReplacer("{id}", string(c.ID), "{of}", "sbaaaaaaaaaaaaaaaaaaaa", "{name}", "met", "{version}", "1").Replace(route.Pattern)
			if a := ask(r.Browser, path); a.Status != http.StatusNotFound && a.Status != http.StatusForbidden {
				t.Errorf("%s %s gives %d for somebody of no case", route.Method, path, a.Status)
			}
		}
	}
}

// token is the form token of a browser's session; "" without one.
func token(b *webtest.Browser) string {
	for _, field := range b.Get("/help").Doc().All("input[name=form-token]") {
		return field.Attr("value")
	}
	return ""
}
