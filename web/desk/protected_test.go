package desk_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatepost/internal/authz"
	"gatepost/letterbox"
)

// The words of an exchange: suggested, put on by a button, left out, added by
// hand. No word is in an address.
func TestProtected(t *testing.T) {
	d := openDesk(t)
	side := func(book string, p letterbox.NewPerson) letterbox.NewSide {
		return letterbox.NewSide{Book: book, People: []letterbox.NewPerson{p}, Names: letterbox.Names{Children: []string{"Robin"}, Other: "them", Self: "us"},
			MaySend: []string{"letter"}, TimesAYear: 1}
	}
	x, err := d.Desk.Exchange(t.Context(), d.World.Worker, d.exchange)
	must(t, err)
	_, err = d.Desk.OpenExchange(t.Context(), d.World.Worker, letterbox.NewExchange{
		Sides:    [2]letterbox.NewSide{side("birth", letterbox.NewPerson{ID: x.Sides[0].People[0].ID}), side("adoptive", letterbox.NewPerson{Name: "Piran Rowe", Address: "1 Long Row\nSaltreach"})},
		Children: []letterbox.NewChild{{BirthName: "Robin Vale", AdoptiveName: "Robin Rowe", Born: d.Clock.Now().AddDate(-5, 0, 0)}}})
	must(t, err)
	path := "/exchange/" + string(d.exchange) + "/list"
	d.Get("/exchange/" + string(d.exchange)).Doc().One("a[href=" + path + "]")
	text := func() string { return d.Get(path).Want(http.StatusOK).Doc().One("main").Text() }
	contains(t, text(), "Tamsin Vale", "Hale", "07700 900123", "They told us this", "Suggested from the records", "From another adoption: Piran Rowe", "Saltreach")

	saltreach := []string{"kind", "town", "value", "Saltreach", "of", "", "elsewhere", "yes"}
	change := func(version, do string, fields ...string) int {
		t.Helper()
		return post(t, d.Browser, path, append([]string{"version", version, "do", do}, fields...)...).Status
	}
	if got := change("1", "on", saltreach...); got != http.StatusSeeOther {
		t.Errorf("put on: %d", got)
	}
	if got := change("1", "out", saltreach...); got != http.StatusConflict {
		t.Errorf("an old page: %d", got)
	}
	if got := change("2", "out", saltreach...); got != http.StatusSeeOther {
		t.Errorf("left out: %d", got)
	}
	if said := text(); strings.Count(said, "Saltreach") != 2 || !strings.Contains(said, "Left out") { // once more on its button
		t.Errorf("of what was left out the page says %q", said)
	}

	add := d.Get(path + "/new").Want(http.StatusOK)
	wrong := add.Submit(path+"/new", "kind", "school", "value", " ", "of", d.sideOf(t, d.exchange, 2), "told", "yes").Want(http.StatusUnprocessableEntity)
	if form := wrong.Form(path + "/new"); form.Get("of") != d.sideOf(t, d.exchange, 2) || form.Get("kind") != "school" || form.Get("told") != "yes" {
		t.Errorf("a refused form keeps %v", form)
	}
	if got := change("3", "on", "kind", "club", "value", "Larkfield Rovers"); got != http.StatusSeeOther {
		t.Errorf("a colleague's: %d", got)
	}
	late := wrong.Submit(path+"/new", "value", "Larkfield Primary").Want(http.StatusConflict)
	if form := late.Form(path + "/new"); form.Get("value") != "Larkfield Primary" || form.Get("version") != "4" {
		t.Errorf("after a colleague's save the form holds %v", form)
	}
	done := late.Submit(path + "/new").Want(http.StatusSeeOther)
	if at := done.Header.Get("Location"); at != path+"?said=on" {
		t.Errorf("then it goes to %s", at)
	}
	contains(t, text(), "Larkfield Primary", "Larkfield Rovers")

	// A list that does not open is said to be closed, and has no form.
	d.Exec(t, `alter table object disable trigger user`)
	d.Exec(t, `update object set sealed = '\x00' where id = $1 and part = 'list'`, string(d.exchange))
	for _, p := range []string{path, path + "/new"} {
		page := d.Get(p).Want(http.StatusOK).Doc().One("main")
		contains(t, page.Text(), "cannot be shown", "not looked through")
		page.None("form")
	}
}

// What the screen may lack is said to everybody alike: whether there is a restricted
// case of the same people, its letter's page and its list do not tell.
func TestUnknown_Alike(t *testing.T) {
	d := openDesk(t)
	named, _ := d.NewWorker(t, "Imogen Farr", authz.LetterboxWorker)
	d.Browser = d.as(t, &d.WorkerLogin)
	id := d.send(t, "Dear Wren, is Jory Pascoe well in Redruth?")
	d.read(t, id)
	pages := func() (all []string) {
		for _, path := range []string{"/letter/" + id, "/exchange/" + string(d.exchange) + "/list"} {
			text := d.Get(path).Want(http.StatusOK).Doc().One("main").Text()
			contains(t, text, "the screen knows only what you may see")
			all = append(all, text)
		}
		return all
	}
	before := pages()
	sibling, err := d.Desk.OpenExchange(t.Context(), d.SignInWorker(t, &named), letterbox.NewExchange{
		Sides: [2]letterbox.NewSide{
			{Book: "birth", People: []letterbox.NewPerson{{ID: letterbox.PersonID(d.birth)}}, Names: letterbox.Names{Children: []string{"Jory"}, Other: "them", Self: "me"}, MaySend: []string{"letter"}, TimesAYear: 1},
			{Book: "adoptive", People: []letterbox.NewPerson{{Name: "Kerra Pascoe", Relation: "adopter", Address: "1 Fore Street\nRedruth"}}, Names: letterbox.Names{Children: []string{"Jory"}, Other: "them", Self: "us"}, MaySend: []string{"letter"}, TimesAYear: 1}},
		Children: []letterbox.NewChild{{BirthName: "Jory Vale", AdoptiveName: "Jory Pascoe", Born: d.Clock.Now().AddDate(-5, 0, 0)}}})
	must(t, err)
	if open := pages(); slices.Equal(open, before) {
		t.Error("an open case of the same people is not looked for")
	}
	manager := d.SignInWorker(t, &d.ManagerLogin)
	must(t, d.Desk.Restrict(t.Context(), manager, sibling, []string{named.ID, d.ManagerLogin.ID}, d.Code(t, &d.ManagerLogin)))
	for i, text := range pages() {
		if text != before[i] {
			t.Errorf("a restricted case of the same people changes the page:\n%s\nwas\n%s", text, before[i])
		}
	}
}
