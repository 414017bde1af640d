package family_test

import (
	"net/http"
	"strings"
	"testing"

	"gatepost/web/webtest"
)

func TestCopies(t *testing.T) {
	h := newHome(t)
	side := link(t, h.adoptive.Get("/letters"), "/side/")
	says(t, h.adoptive.Get(side+"/copies").Want(http.StatusOK), "There are no letters to print here.")
	send(t, h.birth, letter)
	h.passed(t)
	says(t, h.adoptive.Get(side+"/copies"), "There are no letters to print here.") // it is not opened
	h.adoptive.Get(side + "/copies/print").Want(http.StatusOK).Doc().None(".gp-letter")

	cover := h.adoptive.Get(link(t, h.adoptive.Get("/letters"), "/letter/"))
	cover.Submit(cover.Path + "/open").Want(http.StatusSeeOther)
	// It came a year before.
	h.Exec(t, "set session_replication_role = replica; update letter_day set on_day = on_day - 366; set session_replication_role = origin")
	send(t, h.adoptive, "Thank you for the heron.")

	ask := h.adoptive.Get(link(t, h.adoptive.Get(side), side+"/copies")).Want(http.StatusOK)
	says(t, ask, "Keep the paper in a safe place.")
	var asked []string
	for _, a := range ask.Doc().All("main ul a") {
		asked = append(asked, a.Attr("href"))
	}
	if len(asked) != 3 {
		t.Fatalf("to print are offered %v, want all and two years", asked)
	}
	for path, want := range map[string][]string{
		asked[0]: {"It stood so still.", "Thank you for the heron."}, asked[1]: {"Thank you for the heron."}, asked[2]: {"It stood so still."},
	} {
		a := h.adoptive.Get(path).Want(http.StatusOK)
		texts := a.Doc().All(".gp-letter")
		if len(texts) != len(want) {
			t.Fatalf("%s has %d letters, want %d", path, len(texts), len(want))
		}
		for i := range want {
			if !strings.Contains(texts[i].Text(), want[i]) {
				t.Errorf("letter %d of %s is %q", i, path, texts[i].Text())
			}
		}
		onPaper(t, a)
	}
	onPaper(t, h.adoptive.Get(cover.Path+"/read"))
	for _, year := range []string{"x", "0", "99999"} {
		h.adoptive.Get(side + "/copies/print?year=" + year).Want(http.StatusNotFound)
	}
	for _, path := range []string{side + "/copies", side + "/copies/print"} {
		h.birth.Get(path).Want(http.StatusNotFound)
	}
}

// onPaper: no link, no button and no form of the page itself comes on paper.
func onPaper(t *testing.T, a webtest.Answer) {
	t.Helper()
	main := a.Doc().One("main")
	for _, e := range []string{"a", "button", "form"} {
		shown, hidden := len(main.All(e)), len(main.All("div[class=govuk-!-display-none-print] "+e))
		if shown != hidden {
			t.Errorf("%s prints %d <%s>", a.Path, shown-hidden, e)
		}
	}
}
