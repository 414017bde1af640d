package family_test

import (
	"net/http"
	"strings"
	"testing"

	"gatepost/letterbox"
	"gatepost/letterbox/screening"
)

// check saves a letter and gives the page on which its writer reads it once more,
// as a text in which a word stands as "···".
func (h *home) check(t *testing.T, word string) string {
	t.Helper()
	page := writing(t, h.birth)
	check := page.Submit(action(t, page, "/write/"), "text", "Dear Wren, I thought of "+word+" today. Love from me", "do", "check").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if strings.Contains(check.Path, word) {
		t.Errorf("the address is %s", check.Path)
	}
	return strings.ReplaceAll(check.Doc().One("main").Text(), word, "···")
}

// A writer reads hints before they send: of what is general and what their own
// side told us. They may send all the same.
func TestHints(t *testing.T) {
	h := newHome(t)
	page := writing(t, h.birth)
	check := page.Submit(action(t, page, "/write/"), "text", "Dear Wren, I am Tamsin Vale. My number is 07700 900888. Your great-granny died.", "do", "check").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	hints := check.Doc().One("[data-hints]").Text()
	for _, want := range []string{"This looks like a name: Tamsin Vale", "This looks like a phone number: 07700 900888", "Or send it as it is"} {
		if !strings.Contains(hints, want) {
			t.Errorf("the hints are %q", hints)
		}
	}
	check.Doc().One("[data-care]")
	check.Submit(action(t, check, "/draft/")).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	page = writing(t, h.birth)
	saved := page.Submit(action(t, page, "/write/"), "text", "Ring me on 07700 900888", "do", "save").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if hints := saved.Doc().One("[data-hints]").Text(); !strings.Contains(hints, "07700 900888") {
		t.Errorf("of what was saved the hints are %q", hints)
	}
	h.birth.Get(strings.TrimSuffix(saved.Path, "?said=saved")).Want(http.StatusOK).Doc().None("[data-hints]")
	if said := h.check(t, "a heron"); strings.Contains(said, "look at this once more") {
		t.Errorf("of nothing the page says %q", said)
	}
}

// A letter with the other side's surname and town gives the page that any other
// word gives, whatever the workers' list says of it.
func TestHints_NoOracle(t *testing.T) {
	h := newHome(t)
	worker := h.SignInWorker(t, &h.WorkerLogin)
	exchanges, err := h.Desk.Exchanges(t.Context(), worker)
	if err != nil {
		t.Fatal(err)
	}
	p, err := h.Desk.Protected(t.Context(), worker, exchanges[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Desk.ChangeProtected(t.Context(), worker, p.Exchange, p.Version, []letterbox.ProtectedWord{
		{Kind: screening.Town, Value: "Saltreach", Of: p.Sides[1].ID, Told: true}, {Kind: screening.Town, Value: "Pontwelly"}}, nil); err != nil {
		t.Fatal(err)
	}
	want := h.check(t, "Larkfield")
	for _, word := range []string{"Hale", "Morwenna", "Saltreach", "Pontwelly"} {
		if got := h.check(t, word); got != want {
			t.Errorf("of %s the page says\n%s\nand of a word that nobody knows\n%s", word, got, want)
		}
	}
}
