package casework_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatepost/internal/account/accounttest"
	"gatepost/web/webtest"
)

// ends lets a worker's session end, sends the form that they had typed, and signs
// them in on the page that asks for it. It gives what they are shown then, and
// what a colleague is shown who signs in there instead.
func (r *room) ends(t *testing.T, path string, form url.Values) (own, others webtest.Answer) {
	t.Helper()
	in := func(l *accounttest.Login) []string {
		return []string{"name", l.Name, "passphrase", l.Passphrase, "code", r.Code(t, l)}
	}
	r.Clock.Advance(time.Hour)
	ended := r.Browser.Post(path, form).Want(http.StatusUnauthorized)
	contains(t, ended.Doc().One("main").Text(), "What you wrote is still here")
	wrong := ended.Submit("/sign-in", "name", r.CaseLogin.Name, "passphrase", "not the one", "code", "000000").Want(http.StatusUnprocessableEntity)
	colleague := r.Site.Worker(t)
	fields := wrong.Form("/sign-in")
	fields.Set("form-token", colleague.Get("/sign-in").Form("/sign-in").Get("form-token"))
	for pair := in(&r.ColleagueLogin); len(pair) > 0; pair = pair[2:] {
		fields.Set(pair[0], pair[1])
	}
	others = colleague.Post("/sign-in", fields).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	return wrong.Submit("/sign-in", in(&r.CaseLogin)...).Want(http.StatusOK), others
}

// TestCarry: what a worker typed when their session ended is on the page again
// once they have signed in, and nowhere else; nothing is done by it.
func TestCarry(t *testing.T) {
	r := newRoom(t)
	c := r.Open(t, "AP>REL")
	kase := "/case/" + string(c.ID)
	for _, try := range []struct {
		path  string
		field string
		with  []string
	}{
		{kase + "/fact/" + string(c.ID) + "/met", "why", []string{"value", "inPerson", "said", "fact"}},
		{kase + "/proceed/" + string(c.Subject), "applicant", []string{"right", "yes", "viewOn-day", "4"}},
		{kase + "/consent/" + string(c.Subject), "words", []string{"answer", "yes"}},
		{kase + "/stop/" + string(c.Adopted), "why", nil},
		{kase + "/particulars/" + string(c.Subject), "subject.known", nil},
		{kase + "/end", "letter", []string{"state", "stopped"}},
		{"/case/new", "pair", nil},
		{"/record/new", "adopted.known", []string{"adopted.name", "Jory Tregear"}},
		{"/intake/new", "sought", []string{"who", "adopted", "name", "Nerys Holloway"}},
	} {
		if strings.Contains(try.path, "/particulars/") {
			try.field = "particulars.known"
		}
		open := r.Get(try.path).Want(http.StatusOK)
		form := open.Form(try.path)
		text := "She said: \"<em>é</em>\" &amp; 100 %\nand no more."
		if try.field == "pair" {
			text = "AP>REL"
		}
		form.Set(try.field, text)
		for pair := try.with; len(pair) > 0; pair = pair[2:] {
			form.Set(pair[0], pair[1])
		}
		if strings.Contains(try.path, "/consent/") {
			form["scope"] = []string{"name", "letters"}
		}
		own, others := r.ends(t, try.path, form)
		contains(t, own.Doc().One(".govuk-notification-banner").Text(), "It is not saved yet")
		got := own.Form(try.path)
		for name, want := range form {
			if name != "form-token" && name != "so-far" && strings.Join(got[name], "|") != strings.Join(want, "|") {
				t.Errorf("%s: %s comes back as %q, want %q", try.path, name, got[name], want)
			}
		}
		contains(t, others.Doc().One("main").Text(), "Somebody else was writing here before you.")
		if strings.Contains(others.Body, "She said") {
			t.Errorf("%s: a colleague is shown what was typed", try.path)
		}
	}
	for _, sql := range []string{`select count(*) from fact where name in ('met', 'approp')`, `select count(*) from stop`, `select count(*) from consent`,
		`select count(*) from application where state <> 'open'`, `select count(*) from intake`} {
		var n int
		must(t, r.Rows.QueryRow(t.Context(), sql).Scan(&n))
		if n != 0 {
			t.Errorf("%s: something was done", sql)
		}
	}
}

// TestCarry_Changed: versions stay those of the page that was typed on, so that a
// colleague's change meanwhile is not overwritten; and where the page is gone the
// words are there to be copied.
func TestCarry_Changed(t *testing.T) {
	r := newRoom(t)
	c := r.Open(t, "AP>REL")
	path := "/case/" + string(c.ID) + "/fact/" + string(c.ID) + "/met"
	form := r.Get(path).Want(http.StatusOK).Form(path)
	for name, value := range map[string]string{"value": "inPerson", "said": "fact", "why": "Seen in the office."} {
		form.Set(name, value)
	}
	r.State(t, string(c.ID), "met=no")
	own, _ := r.ends(t, path, form)
	contains(t, own.Doc().One("main").Text(), "seen in the papers") // the colleague's
	own.Submit(path).Want(http.StatusConflict)

	form.Set("case-writer", r.CaseLogin.ID)
	gone, _ := r.ends(t, "/case/apaaaaaaaaaaaaaaaaaaaa/end", form)
	contains(t, gone.Doc().One("main").Text(), "Copy what you need", "Seen in the office.")
	for _, broken := range []string{"{", `{"path":"/case/new","writer":"` + r.CaseLogin.ID + `","fields":{},"more":1}`, `{"path":"//evil.example","writer":"` + r.CaseLogin.ID + `","fields":{}}`,
		`{"path":"/case/../desk","writer":"` + r.CaseLogin.ID + `","fields":{}}`} {
		b := r.Site.Worker(t)
		a := b.Get("/sign-in").Form("/sign-in")
		for name, value := range map[string]string{"name": r.CaseLogin.Name, "passphrase": r.CaseLogin.Passphrase, "code": r.Code(t, &r.CaseLogin), "case-typed": broken} {
			a.Set(name, value)
		}
		if got := b.Post("/sign-in", a); got.Status != http.StatusSeeOther || got.Header.Get("Location") != "/cases?said=dropped" {
			t.Errorf("%s gives %d to %q", broken, got.Status, got.Header.Get("Location"))
		}
	}
}
