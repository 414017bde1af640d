package family_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestBackAfterSending: the pages of a draft that was sent go to the letter,
// for its writers and for nobody else.
func TestBackAfterSending(t *testing.T) {
	h := newHome(t)
	page := writing(t, h.birth)
	check := page.Submit(action(t, page, "/write/"), "text", letter, "do", "check").Follow()
	sent := check.Submit(action(t, check, "/draft/")).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	draft := strings.TrimSuffix(check.Path, "/check")
	for _, path := range []string{draft, draft + "/check", draft + "/delete"} {
		if a := h.birth.Get(path).Want(http.StatusSeeOther); a.Header.Get("Location") != sent.Path {
			t.Errorf("%s goes to %s, want %s", path, a.Header.Get("Location"), sent.Path)
		}
		h.adoptive.Get(path).Want(http.StatusNotFound)
	}
	h.birth.Get("/draft/draaaaaaaaaaaaaaaaaaaa").Want(http.StatusNotFound)
}
