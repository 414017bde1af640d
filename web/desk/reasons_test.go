package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"gatepost/letterbox"
)

// A manager writes another sentence, sees it as its writer will, and from then on
// workers say it; what is fixed has no button, and what is refused comes back.
func TestReasonPages(t *testing.T) {
	d := openDesk(t)
	manager := d.as(t, &d.ManagerLogin)
	list := manager.Get("/reasons").Want(http.StatusOK)
	if n := len(list.Doc().All("section[data-list=recording] li")); n != 4 {
		t.Errorf("%d reasons for recordings", n)
	}
	if n := len(list.Doc().All("section[data-list=letter] li")); n != 7 {
		t.Fatalf("%d reasons for letters", n)
	}
	for _, fixed := range []string{"identifying", "other"} {
		manager.Get("/reasons/edit?list=letter&place=" + fixed).Want(http.StatusForbidden)
	}
	for _, none := range []string{"", "?list=none", "?list=letter&place=none", "?list=photo&place=upsetting"} {
		manager.Get("/reasons/edit" + none).Want(http.StatusNotFound)
	}
	const path = "/reasons/edit"
	form := manager.Get("/reasons/edit?list=letter&place=upsetting").Want(http.StatusOK)
	if typed := form.Form(path); typed.Get("words") != "Some of the words could upset the people who read them." || !strings.HasPrefix(typed.Get("kinder"), "We can tell how much you feel.") {
		t.Errorf("the form begins with %v", typed)
	}
	refused := form.Submit(path, "do", "preview", "words", "Ring 07700 900123.", "kinder", "Mine.").Want(http.StatusUnprocessableEntity)
	refused.Doc().One(".govuk-error-summary a[href='#words']")
	if typed := refused.Form(path); typed.Get("words") != "Ring 07700 900123." || typed.Get("kinder") != "Mine." {
		t.Errorf("what was typed is lost: %v", typed)
	}
	check := refused.Submit(path, "do", "preview", "words", "Some words may hurt.", "kinder", "We can tell how much you feel.").Want(http.StatusOK)
	if got := check.Doc().One("[data-view=writer]").Text(); strings.TrimSpace(got) != "Some words may hurt." {
		t.Errorf("the writer would read %q", got)
	}
	if n := d.count(t, `select count(*) from reason_list`); n != 0 {
		t.Fatal("looking at it changed the list")
	}
	changed := check.Submit(path, "do", "change").Want(http.StatusOK)
	if typed := changed.Form(path); typed.Get("words") != "Some words may hurt." {
		t.Errorf("going back lost what was typed: %v", typed)
	}
	check.Submit(path, "do", "send").Want(http.StatusSeeOther)
	after := check.Submit(path, "do", "send").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if n := d.count(t, `select count(*) from reason_list`); n != 1 {
		t.Errorf("two presses made %d versions", n)
	}
	contains(t, after.Doc().One("section[data-list=letter]").Text(), "Some words may hurt.", "Switched off", "Some of the words could upset the people who read them.")
	contains(t, after.Doc().One("main").Text(), "Changed last on")

	// Somebody else's list of before is not written over.
	post(t, manager, "/reasons", "version", "0", "list", "letter", "reason", "money", "do", letterbox.ReasonOff).Want(http.StatusConflict)
	post(t, manager, "/reasons", "version", "1", "list", "letter", "reason", "money", "do", letterbox.ReasonOff).Want(http.StatusSeeOther)
	post(t, manager, "/reasons", "version", "2", "list", "letter", "reason", "identifying", "do", letterbox.ReasonOff).Want(http.StatusForbidden)
	post(t, manager, "/reasons", "version", "2", "list", "letter", "reason", letterbox.NewReasonID(), "do", letterbox.ReasonNew, "words", "Mine.").Want(http.StatusNotFound)

	// A worker has the new sentence, with its suggestion, and the old ones no more.
	id := d.send(t, "You never answer.")
	d.read(t, id)
	back := "/letter/" + id + "/return"
	ask := d.Get(back).Want(http.StatusOK)
	offered := ask.Doc().One("main form[action=" + back + "]").Text()
	contains(t, offered, "Some words may hurt.", "Letters cannot carry family names")
	for _, gone := range []string{"Some of the words could upset", "vouchers"} {
		if strings.Contains(offered, gone) {
			t.Errorf("the worker is offered %q", gone)
		}
	}
	var chosen string
	must(t, d.Database.Admin().QueryRow(t.Context(), `select list::jsonb -> 'letter' -> 1 ->> 'id' from reason_list order by version desc limit 1`).Scan(&chosen))
	if got := ask.Submit(back, "do", "kinder", "reason", chosen).Want(http.StatusOK).Form(back).Get("words"); got != "We can tell how much you feel." {
		t.Errorf("the suggestion is %q", got)
	}
	preview := ask.Submit(back, "do", "preview", "reason", chosen).Want(http.StatusOK)
	contains(t, preview.Doc().One("[data-view=writer]").Text(), "Some words may hurt.")
	preview.Submit(back, "do", "send").Want(http.StatusSeeOther)
	sent, err := d.Families.OpenSent(t.Context(), d.writer, letterbox.LetterID(id))
	must(t, err)
	if sent.Reason.Told != "Some words may hurt." {
		t.Errorf("the writer is told %+v", sent.Reason)
	}
}
