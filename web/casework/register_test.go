package casework_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatepost/intermediary"
	"gatepost/web/webtest"
)

// wishes is a form that was filled in.
func wishes(list ...string) []string {
	return append([]string{"birth.surname", "Trevanion", "birth.born-day", "9", "birth.born-month", "3", "birth.born-year", "1971", "birth.place", "Porthmellow",
		"birth.motherForename", "Demelza", "birth.motherSurname", "Trevanion", "verified", "yes", "adult", "yes", "form", "phone", "addressOn-day", "1", "addressOn-month", "5", "addressOn-year", "2026"}, list...)
}

// entered fills in a form of the register and gives the page of its entry.
func (r *room) entered(t *testing.T, path string, fields ...string) webtest.Answer {
	t.Helper()
	return do(t, r.Browser, path, fields...)
}

// TestRegister: what an adopted person and a relative wish is written down, the
// pair is found and shown side by side, two workers say that it belongs together,
// and nothing is sent.
func TestRegister(t *testing.T) {
	r := newRoom(t)
	c := r.Open(t, "AP>REL")
	r.Get("/cases").Want(http.StatusOK).Doc().One("a[href=/register]")
	contains(t, r.Get("/register").Want(http.StatusOK).Doc().One("main").Text(), "It is not the Adoption Contact Register", "Nobody yet.")

	bad := r.Get("/register/new").Want(http.StatusOK).Submit("/register/new", wishes("wish", "contact", "name", "", "address", "9 Hill Lane", "words", "I think of her.")...).Want(http.StatusUnprocessableEntity)
	contains(t, bad.Doc().One("main").Text(), "I think of her.")
	two := r.entered(t, "/register/new", wishes("wish", "contact", "name", "Demelza Hocking", "relation", "birth mother", "address", "9 Hill Lane", "birth.forename", "Peggy", "related", "yes")...)
	one := r.entered(t, "/register/of/"+string(c.Adopted), wishes("wish", "contactNamed", "named", "my mother", "name", "Morwenna Penrose", "address", "4 Quay Row", "birth.forename", "Margaret")...)
	contains(t, one.Doc().One("main").Text(), "Contact with some people only", "my mother", "4 Quay Row", "Margaret Trevanion", "9 March 1971")
	golden(t, "register-entry.golden", strings.TrimSpace(one.Doc().One("main").HTML()), one)
	golden(t, "register.golden", strings.TrimSpace(r.Get("/register").Doc().One("main").HTML()), one)

	search := r.Get("/register/search").Want(http.StatusOK)
	pair := search.Doc().One("[data-pair] a").Attr("href")
	contains(t, search.Doc().One("[data-pair]").Text(), "Morwenna Penrose", "Demelza Hocking", "Likely")
	page := r.Get(pair).Want(http.StatusOK)
	contains(t, page.Doc().One("[data-list=evidence]").Text(), "Another form of the same name", "Peggy", "Margaret", "The same")
	if n := len(page.Doc().All("[data-list=evidence] svg[aria-hidden=true]")); n < 4 {
		t.Errorf("%d bars", n)
	}
	page.Doc().One("[data-law=e02]")
	golden(t, "register-pair.golden", strings.TrimSpace(page.Doc().One("main").HTML()), page)

	wrong := page.Submit(pair, "says", "same", "names", "yes", "why", "").Want(http.StatusUnprocessableEntity)
	if !strings.Contains(wrong.Doc().One("input[name=says][value=same]").HTML(), "checked") {
		t.Error("what was chosen is lost")
	}
	do(t, r.Browser, pair, "says", "same", "names", "yes", "why", "The day and the mother agree.")
	r.Get(pair).Want(http.StatusOK).Doc().One("[data-law=e02]")
	colleague := r.colleague(t)
	seen := colleague.Get(pair).Want(http.StatusOK)
	contains(t, seen.Doc().One("[data-word=same]").Text(), "They are about one child", "The day and the mother agree.", "Elowen Trease", "model acr-1")
	do(t, colleague, pair, "says", "same", "names", "yes", "why", "So I see it too.")
	done := r.Get(pair).Want(http.StatusOK)
	done.Doc().One("[data-law=e06b]")
	done.Doc().One("a[href=/case/new?adopted=" + string(c.Adopted) + "]")
	contains(t, done.Doc().One("main").Text(), "Two workers say yes", "Nothing is sent")

	// A change takes it back, and the earlier version stays to be read.
	entry := strings.Split(two.Path, "?")[0]
	do(t, r.Browser, entry+"/change", "wish", "noContact", "verified", "")
	changed := r.Get(entry).Want(http.StatusOK)
	contains(t, changed.Doc().One("main").Text(), "No contact with the adopted person", "What stood here before", "Contact with the adopted person")
	r.Get(pair).Want(http.StatusOK).Doc().One("[data-law=e04]")
	back := r.Get(entry+"/change").Want(http.StatusOK).Submit(entry+"/change", "wish", "contact", "verified", "").Want(http.StatusUnprocessableEntity)
	contains(t, back.Doc().One(".govuk-error-summary").Text(), "Nobody has checked who says this")
}

// TestRegister_TwoAtOnce: what a colleague has written meanwhile is not overwritten
// by a second press on a page that does not show it; what was typed stays.
func TestRegister_TwoAtOnce(t *testing.T) {
	r := newRoom(t)
	entry := strings.Split(r.entered(t, "/register/new", wishes("wish", "contact", "name", "Demelza Hocking", "address", "9 Hill Lane", "birth.forename", "Peggy")...).Path, "?")[0]
	mine := r.Get(entry + "/change").Want(http.StatusOK)
	do(t, r.colleague(t), entry+"/change", "wish", "noContact")
	for range 2 {
		mine = mine.Submit(entry+"/change", "wish", "contact", "verified", "yes", "why", "She rang.").Want(http.StatusConflict)
		contains(t, mine.Doc().One("main").Text(), "She rang.")
	}
	contains(t, r.Get(entry).Want(http.StatusOK).Doc().One("main").Text(), "No contact with the adopted person")
}

// TestRegister_Letters: both letters are for print; the one about the address
// says nothing of what it is about, and that it was posted is written down.
func TestRegister_Letters(t *testing.T) {
	r := newRoom(t)
	entry := strings.Split(r.entered(t, "/register/new", wishes("wish", "noContact", "name", "Demelza Hocking", "address", "9 Hill Lane", "birth.forename", "Peggy", "verified", "")...).Path, "?")[0]
	letter := r.Get(entry + "/letter").Want(http.StatusOK)
	sheet := letter.Doc().One("[data-sheet=letter]")
	contains(t, sheet.Text(), "9 Hill Lane", "You would not like contact with the adopted person.", "We still have to check who you are.", "It is not a veto", "General Register Office")
	golden(t, "register-letter.golden", strings.TrimSpace(sheet.HTML()), letter)
	asks := r.Get(entry + "/address").Want(http.StatusOK).Doc().One("[data-sheet=letter]").Text()
	for _, word := range []string{"adopt", "contact", "register", "birth", "Oak", "wish"} {
		if strings.Contains(strings.ToLower(asks), strings.ToLower(word)) {
			t.Errorf("the letter about the address says %q: %s", word, asks)
		}
	}
	do(t, r.Browser, entry+"/asked")
	contains(t, r.Get(entry).Want(http.StatusOK).Doc().One("[data-list=do]").Text(), "Last asked on")
}

// TestRegister_NotMine: a letterbox worker, a manager without this service, a
// stranger, and ids that are nobody's.
func TestRegister_NotMine(t *testing.T) {
	r := newRoom(t)
	two := strings.TrimPrefix(strings.Split(r.entered(t, "/register/new", wishes("wish", "contact", "name", "Demelza Hocking", "address", "9 Hill Lane", "birth.forename", "Peggy")...).Path, "?")[0], "/register/entry/")
	letterbox, manager, stranger := r.Site.Worker(t), r.Site.Worker(t), r.Site.Worker(t)
	letterbox.SignIn(r.Site, &r.WorkerLogin)
	manager.SignIn(r.Site, &r.ManagerLogin)
	for _, route := range r.Site.Staff.Routes() {
		if !strings.HasPrefix(route.Pattern, "/register") {
			continue
		}
		ask := func(b *webtest.Browser, of string) webtest.Answer {
			path := strings.NewReplacer("{of}", of, "{one}", of, "{two}", of).Replace(route.Pattern)
			if route.Method == http.MethodGet {
				return b.Get(path)
			}
			return b.Post(path, url.Values{"form-token": {token(b)}})
		}
		for who, b := range map[string]*webtest.Browser{"a letterbox worker": letterbox, "a manager": manager} {
			if a := ask(b, two); a.Status != http.StatusForbidden && a.Status != http.StatusNotFound || strings.Contains(a.Body, "Demelza") {
				t.Errorf("%s gets %d for %s %s", who, a.Status, route.Method, route.Pattern)
			}
		}
		if a := ask(stranger, two); a.Status != http.StatusUnauthorized && a.Status != http.StatusForbidden {
			t.Errorf("a stranger gets %d for %s %s", a.Status, route.Method, route.Pattern)
		}
		for _, id := range []string{"x", string(intermediary.PreferenceID("cpaaaaaaaaaaaaaaaaaaaa")), "adaaaaaaaaaaaaaaaaaaaa"} {
			if a := ask(r.Browser, id); strings.Contains(route.Pattern, "{") && route.Method == http.MethodGet && !strings.HasSuffix(route.Pattern, "/of/{of}") && a.Status != http.StatusNotFound {
				t.Errorf("%s %s gives %d for %s", route.Method, route.Pattern, a.Status, id)
			}
		}
	}
}

// A wish for no contact that may concern a case is looked for before anybody is
// approached, shown with what speaks for it, and set aside by two.
func TestRegister_InACase(t *testing.T) {
	r := newRoom(t)
	c := r.Ready(t, "AP>REL")
	r.entered(t, "/register/new", "wish", "noContact", "name", "Demelza Nance", "relation", "birth mother", "birth.forename", "Piran", "birth.surname", "Nance",
		"birth.born-day", "14", "birth.born-month", "6", "birth.born-year", "1979", "form", "phone")
	subject, path := "/case/"+string(c.ID)+"/subject/"+string(c.Subject), "/case/"+string(c.ID)+"/register/"+string(c.Subject)
	before := r.Get(subject).Want(http.StatusOK)
	contains(t, before.Doc().One("[data-law=a28]").Text(), "A wish for no contact came into our own register.")
	if !strings.Contains(before.Doc().One("[data-law=a28]").HTML(), path) {
		t.Error("what the law waits for is not linked")
	}
	contains(t, r.Get(path).Want(http.StatusOK).Doc().One("main").Text(), "Nobody has looked for this case yet.", "Look now.")
	looked := do(t, r.Browser, path)
	contains(t, looked.Doc().One("main").Text(), "Looked through on", "Demelza Nance", "Counts against contact", "Found by a look.", "No contact with the adopted person")
	golden(t, "case-register.golden", strings.TrimSpace(looked.Doc().One("main").HTML()), looked)
	r.Get(subject).Want(http.StatusOK).Doc().One("[data-law=a30]")

	links := looked.Doc().All("[data-entry] a")
	word := links[len(links)-1].Attr("href")
	empty := r.Get(word).Want(http.StatusOK).Submit(word, "says", "other", "why", "").Want(http.StatusUnprocessableEntity)
	if !strings.Contains(empty.Doc().One("input[name=says][value=other]").HTML(), "checked") {
		t.Error("what was chosen is lost")
	}
	do(t, r.Browser, word, "says", "other", "why", "Another Demelza.")
	r.Get(word).Want(http.StatusOK).Submit(word, "says", "other", "why", "Once more.").Want(http.StatusForbidden)
	after := do(t, r.colleague(t), word, "says", "other", "why", "I asked her: another child.")
	contains(t, after.Doc().One("main").Text(), "Does not count against contact", "Another Demelza.", "I asked her: another child.")
	r.Get(subject).Want(http.StatusOK).Doc().One("[data-law=a31]")
	for _, gone := range []string{path + "/cpaaaaaaaaaaaaaaaaaaaa", path + "/x", "/case/" + string(c.ID) + "/register/sbaaaaaaaaaaaaaaaaaaaa"} {
		r.Get(gone).Want(http.StatusNotFound)
	}
}
