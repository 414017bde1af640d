package casework_test

import (
	"net/http"
	"strings"
	"testing"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/intermediary/law"
	"gatepost/web/webtest"
	"gatepost/web/words"
)

// room is an agency with an intermediary team, and a worker at their browser.
type room struct {
	*intermediarytest.World
	*webtest.Browser
	Site *webtest.Site
}

func newRoom(t *testing.T) *room {
	t.Helper()
	site := webtest.New(t)
	r := &room{World: intermediarytest.In(t, site.World), Site: site}
	r.Browser = site.Worker(t)
	r.SignIn(site, &r.CaseLogin)
	return r
}

// colleague is the other worker's browser.
func (r *room) colleague(t *testing.T) *webtest.Browser {
	t.Helper()
	b := r.Site.Worker(t)
	b.SignIn(r.Site, &r.ColleagueLogin)
	return b
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in %q", part, text)
		}
	}
}

// TestOpenCase: a case is opened page by page, what is wrong comes back with what
// was typed, and the second click finds the case of the first.
func TestOpenCase(t *testing.T) {
	r := newRoom(t)
	a := r.Get("/case/new").Want(http.StatusOK)
	a = a.Submit("/case/new", "do", "next").Want(http.StatusUnprocessableEntity)
	a = a.Submit("/case/new", "pair", "AP>REL", "do", "next").Want(http.StatusOK)
	bad := a.Submit("/case/new", "applicant.born-year", "1979", "applicant.born-month", "13", "applicant.relation", "the adopted person", "do", "next").Want(http.StatusUnprocessableEntity)
	if got := bad.Form("/case/new").Get("applicant.relation"); got != "the adopted person" {
		t.Errorf("a refused page lost what was typed: %q", got)
	}
	contains(t, bad.Doc().One(".govuk-error-summary").Text(), "Enter a name", "Enter a date")
	a = bad.Submit("/case/new", "applicant.name", "Jory Tregear", "applicant.born-year", "1979", "applicant.born-month", "6", "applicant.born-day", "14", "do", "next").Want(http.StatusOK)
	a = a.Submit("/case/new", "subjects.0.name", "Demelza Nance", "do", "next").Want(http.StatusOK)
	a = a.Submit("/case/new", "adopted.orderDate-year", "1980", "adopted.orderDate-month", "3", "adopted.courtCountry", "E", "do", "next").Want(http.StatusOK)
	contains(t, a.Doc().One("main").Text(), "Jory Tregear", "Demelza Nance", "1980-03", "14 June 1979")
	first := a.Submit("/case/new", "do", "open").Want(http.StatusSeeOther)
	second := a.Submit("/case/new", "do", "open").Want(http.StatusSeeOther)
	if first.Header.Get("Location") != second.Header.Get("Location") {
		t.Error("two clicks opened two cases")
	}
	page := first.Follow().Want(http.StatusOK).Doc().One("main").Text()
	contains(t, page, "Jory Tregear", "Demelza Nance", "The case is open", "What stands in the way")
	list := r.Get("/cases").Want(http.StatusOK)
	contains(t, list.Doc().One("[data-case]").Text(), "Jory Tregear", "An adopted person looks for a relative")
	reference := list.Doc().One("[data-case] h2").Text()
	found := list.Submit("/cases", "reference", strings.ToLower(reference)).Want(http.StatusSeeOther)
	if got := found.Header.Get("Location"); got != strings.TrimSuffix(first.Header.Get("Location"), "?done=new") {
		t.Errorf("the reference leads to %s", got)
	}
	list.Submit("/cases", "reference", "IS-22222").Want(http.StatusUnprocessableEntity)
}

// TestEveryPage: each page of a case is there, for a worker who holds its key,
// and shows the names of the case.
func TestEveryPage(t *testing.T) {
	r := newRoom(t)
	c := r.Ready(t, "AP>REL")
	path := "/case/" + string(c.ID)
	for _, at := range []string{"", "/people", "/identity", "/facts", "/enquiries", "/items", "/history", "/messages", "/letter/" + string(c.ID), "/protection", "/subject/" + string(c.Subject),
		"/hear", "/end", "/add", "/ask", "/veto", "/agreement", "/particulars/" + string(c.Subject), "/particulars/" + string(c.Adopted), "/particulars/" + string(c.ID),
		"/fact/" + string(c.ID) + "/met", "/fact/" + string(c.Subject) + "/subjectVital", "/proceed/" + string(c.Subject), "/trace/" + string(c.Subject),
		"/approach/" + string(c.Subject), "/consent/" + string(c.Subject), "/stop/" + string(c.Subject), "/prepare/" + string(c.Subject), "/refuse/" + string(c.Subject),
		"/party/" + string(c.ID), "/party/" + string(c.Subject), "/scan"} {
		a := r.Get(path + at)
		if a.Status != http.StatusOK {
			t.Errorf("%s gives %d: %s", at, a.Status, a.Doc().One("main").Text())
		}
	}
}

// TestWords: every fact and value that can be stated has words, and so has every
// answer, step and kind that the forms offer.
func TestWords(t *testing.T) {
	catalogue, err := words.Load()
	must(t, err)
	en := catalogue.In("en")
	var keys []string
	for _, v := range intermediary.FactValues() {
		keys = append(keys, "casework.about."+v.About, "casework.fact."+v.Name, "casework.value."+v.Name+"."+v.Value)
	}
	for _, o := range law.Outcomes() {
		if !o.Permits() {
			keys = append(keys, "casework.outcome."+string(o))
		}
	}
	for _, k := range append(intermediary.ConsentScope(), intermediary.ItemKinds()...) {
		keys = append(keys, "casework.kind."+k)
	}
	for _, k := range intermediary.ConsentAnswers() {
		keys = append(keys, "casework.consent."+k)
	}
	for _, k := range intermediary.ItemAbouts() {
		keys = append(keys, "casework.itemAbout."+k)
	}
	for _, k := range intermediary.Ways() {
		keys = append(keys, "casework.way."+k, "casework.script."+k)
	}
	for _, k := range intermediary.Whoms() {
		keys = append(keys, "casework.whom."+string(k))
	}
	for _, key := range keys {
		if !en.Has(key) {
			t.Errorf("there are no words for %s", key)
		}
	}
}
