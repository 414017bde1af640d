package casework_test

import (
	"net/http"
	"testing"

	"gatepost/intermediary/law"
	"gatepost/web/words"
)

// TestTexts: two people say on the page that they have read a text; until then
// the case leads there and offers no signature, and from then on it does.
func TestTexts(t *testing.T) {
	r := newRoom(t)
	c := r.Ready(t, "REL>PR")
	r.State(t, string(c.ID), "apConsent=untraced")
	kase := "/case/" + string(c.ID)
	sign := "a[href=" + kase + "/sign/" + string(c.Subject) + "]"
	page := r.Get(kase).Want(http.StatusOK)
	page.Doc().One("a[href=/texts]")
	if len(page.Doc().All(sign)) != 0 || rowOf(page) != "a18" {
		t.Errorf("before anybody has read it the case stands at %s and offers a signature", rowOf(page))
	}
	r.Get("/cases").Want(http.StatusOK).Doc().One("a[href=/texts]")
	texts := r.Get("/texts").Want(http.StatusOK)
	contains(t, texts.Doc().One("[data-flag=OQ1]").Text(), "Nobody has read it yet", "legislation.gov.uk/uksi/2005/890/regulation/5A", "a18:")
	contains(t, texts.Doc().One("[data-flag=OQ9]").Text(), "Nobody has read it yet", "legislation.gov.uk/wsi/2005/2701", "a14a:")

	bad := r.Get("/texts/OQ1/read").Want(http.StatusOK).Submit("/texts/OQ1/read", "why", "it says so").Want(http.StatusUnprocessableEntity)
	contains(t, bad.Doc().One(".govuk-error-summary").Text(), "Say which text you have read.")
	half := do(t, r.Browser, "/texts/OQ1/read", "text", "regulation 5A as of 1 June 2026", "why", "paragraph (5) says so")
	one := half.Doc().One("[data-flag=OQ1]").Text()
	contains(t, one, "Read by one of two", "regulation 5A as of 1 June 2026", "Elowen Trease")
	if len(half.Doc().All("[data-flag=OQ1] a")) != 0 {
		t.Error("whoever read it first is offered to be the second, or to end it")
	}
	id := r.id(t, `select id from law_flag`)
	colleague := r.colleague(t)
	again := colleague.Get("/texts/"+id+"/second").Want(http.StatusOK).Submit("/texts/"+id+"/second", "text", "the same", "why", "so it does")
	contains(t, again.Want(http.StatusForbidden).Doc().One("main").Text(), "manager")
	manager := r.Site.Worker(t)
	manager.SignIn(r.Site, &r.ManagerLogin)
	both := do(t, manager, "/texts/"+id+"/second", "text", "regulation 5A as of today", "why", "and (6) with it")
	contains(t, both.Doc().One("[data-flag=OQ1]").Text(), "Read by two", "and (6) with it")

	page = r.Get(kase).Want(http.StatusOK)
	page.Doc().One(sign)
	if len(page.Doc().All("a[href=/texts]")) != 0 {
		t.Error("a text that was read still stands in the way")
	}
	colleague.Get("/texts/" + id + "/end").Want(http.StatusForbidden)
	ended := do(t, manager, "/texts/"+id+"/end", "why", "counsel reads it otherwise")
	contains(t, ended.Doc().One("[data-flag=OQ1]").Text(), "Nobody has read it yet", "counsel reads it otherwise")
	r.Get(kase).Want(http.StatusOK).Doc().One("a[href=/texts]")
	for _, path := range []string{"/texts/OQ2/read", "/texts/x/read", "/texts/OQ1/second", "/texts/" + id + "/second", "/texts/lfaaaaaaaaaaaaaaaaaaaa/second"} {
		r.Get(path).Want(http.StatusNotFound)
	}
	other := r.Site.Worker(t)
	other.SignIn(r.Site, &r.WorkerLogin) // a letterbox worker
	other.Get("/texts").Want(http.StatusForbidden)
}

// TestTextWords: every flag, and every row that waits for one, has words.
func TestTextWords(t *testing.T) {
	r := newRoom(t)
	flags, err := r.Cases.Flags(t.Context(), r.CaseWorker)
	must(t, err)
	catalogue, err := words.Load()
	must(t, err)
	en, rows := catalogue.In("en"), 0
	for _, f := range flags {
		for _, part := range []string{".title", ".question", ".read"} {
			if !en.Has("casework.texts." + f.Question + part) {
				t.Errorf("%s%s has no words", f.Question, part)
			}
		}
		for _, row := range f.Rows {
			rows++
			if !en.Has("casework.texts.row." + string(row.ID)) {
				t.Errorf("row %s has no words", row.ID)
			}
		}
	}
	if rows != 6 || len(flags) != 2 {
		t.Errorf("%d flags with %d rows, want 2 with 6", len(flags), rows)
	}
	for _, table := range law.Tables() {
		for _, row := range table.Rows() {
			if law.FlagOf(row.ID) != "" && table.ID() != "8a" {
				t.Errorf("row %s of table %s needs a flag, and no page shows it", row.ID, table.ID())
			}
		}
	}
}

func (r *room) id(t *testing.T, sql string) (id string) {
	t.Helper()
	must(t, r.Rows.QueryRow(t.Context(), sql).Scan(&id))
	return id
}
