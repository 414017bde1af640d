package family_test

import (
	"net/http"
	"strings"
	"testing"

	"gatepost/internal/postgres"
	"gatepost/web/account"
	"gatepost/web/page"
)

// takeAway takes the database from the families' tier: its connections end and
// no new one is let in. It gives it back in the end.
func (h *home) takeAway(t *testing.T) {
	t.Helper()
	h.Exec(t, "alter role "+postgres.RolePublic+" connection limit 0")
	t.Cleanup(func() { h.Exec(t, "alter role "+postgres.RolePublic+" connection limit -1") })
	h.Exec(t, "select pg_terminate_backend(pid, 10000) from pg_stat_activity where usename = '"+postgres.RolePublic+"'")
	// A connection that was in use a moment ago is found to be dead by the
	// request that takes it.
	for range 20 {
		if h.birth.Get("/letters").Status == http.StatusServiceUnavailable {
			return
		}
	}
	t.Fatal("the database is still there")
}

// TestDatabaseAway: without the database a page says so and asks to come again,
// the words of a letter stay on the page, and somebody who must leave leaves.
func TestDatabaseAway(t *testing.T) {
	h := newHome(t)
	open := writing(t, h.birth)
	form := action(t, open, "/write/")
	h.takeAway(t)

	a := h.birth.Get("/letters").Want(http.StatusServiceUnavailable)
	if a.Header.Get("Retry-After") == "" || !strings.Contains(a.Doc().One("h1").Text(), "We cannot answer just now") {
		t.Errorf("the page says %q, Retry-After is %q", a.Doc().One("main").Text(), a.Header.Get("Retry-After"))
	}
	a = open.Submit(form, "text", letter, "do", "save").Want(http.StatusServiceUnavailable)
	if got := a.Doc().One(".gp-letter").Text(); !strings.Contains(got, "It stood so still.") {
		t.Errorf("the page has of the letter %q", got)
	}
	h.birth.Get("/help").Want(http.StatusOK)

	a = open.Submit(form, "text", letter, "leave", "yes").Want(http.StatusOK)
	if a.Header.Get("Refresh") != "0; url="+page.LeavePlace || strings.Contains(a.Body, "heron") {
		t.Errorf("leaving gives %v", a.Header)
	}
	if h.birth.Cookies["__Host-gp"] != "" {
		t.Error("the cookie is still there")
	}
	if account.LeaveField != page.LeaveField {
		t.Error("the button to leave has two names")
	}
}
