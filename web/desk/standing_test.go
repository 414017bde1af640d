package desk_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatepost/internal/authz"
	"gatepost/letterbox"
	"gatepost/web/webtest"
)

// sideOf is the id of one side of an exchange.
func (d *desk) sideOf(t *testing.T, exchange letterbox.ExchangeID, place int) (id string) {
	t.Helper()
	must(t, d.Database.Admin().QueryRow(t.Context(), `select id from side where exchange_id = $1 and place = $2`, string(exchange), place).Scan(&id))
	return id
}

// An exchange rests, goes on and ends from its page, and the note stands there.
func TestState(t *testing.T) {
	d := openDesk(t)
	d.passOn(t, "Dear Wren")
	path := "/exchange/" + string(d.exchange)
	d.Get(path).Want(http.StatusOK).Doc().One("a[href=" + path + "/state]")
	ask := d.Get(path + "/state").Want(http.StatusOK)
	if got := ask.Form(path + "/state").Get("state"); got != "active" {
		t.Errorf("the form begins with %q", got)
	}
	wrong := ask.Submit(path+"/state", "state", "gone", "note", "Kept words").Want(http.StatusUnprocessableEntity)
	if got := wrong.Form(path + "/state").Get("note"); got != "Kept words" {
		t.Errorf("a refused form keeps %q", got)
	}
	wrong.Submit(path+"/state", "state", "paused", "note", "The court asked for time.").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, d.Get(path).Doc().One("main").Text(), "Paused", "The court asked for time.", "Rhys Penhaligon")
	inbox, err := d.Families.Inbox(t.Context(), d.reader)
	must(t, err)
	if inbox.Sides[0].MayWrite || inbox.Sides[0].Waiting != 0 {
		t.Errorf("a family sees %+v", inbox.Sides[0])
	}
	if n := d.count(t, `select count(*) from letter where stop`); n != 1 {
		t.Error("what waits is not stopped")
	}
	d.Get(path+"/state").Submit(path+"/state", "state", "active").Want(http.StatusSeeOther)
	if n := d.count(t, `select count(*) from exchange where state = 'active'`); n != 1 {
		t.Error("it does not go on")
	}
}

// What a court forbids is written down on a page of its own, and rests.
func TestOrder(t *testing.T) {
	d := openDesk(t)
	path := "/exchange/" + string(d.exchange)
	contains(t, d.Get(path).Want(http.StatusOK).Doc().One("main").Text(), "No court order about contact is written down.")
	ask := d.Get(path + "/order").Want(http.StatusOK)
	wrong := ask.Submit(path+"/order", "order", "maybe", "note", "Kept words").Want(http.StatusUnprocessableEntity)
	if got := wrong.Form(path + "/order").Get("note"); got != "Kept words" {
		t.Errorf("a refused form keeps %q", got)
	}
	wrong.Submit(path+"/order", "order", "prohibits", "note", "Weldbridge, 9 November.").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, d.Get(path).Doc().One("main").Text(), "A court order forbids this contact.", "Court order", "Weldbridge, 9 November.", "Paused")
	stands := d.Get(path + "/order").Want(http.StatusOK).Doc()
	contains(t, stands.One("main").Text(), "Only a manager can take that back")
	stands.None("main form")
	back := ask.Submit(path+"/order", "order", "none").Want(http.StatusForbidden)
	contains(t, back.Doc().One("main").Text(), "Only a manager can take that back")
	manager := d.as(t, &d.ManagerLogin)
	contains(t, manager.Get("/breaches").Want(http.StatusOK).Doc().One("[data-list=orders]").Text(), "write it down in your own name")
	manager.Get(path + "/named").Want(http.StatusOK).Doc().One("a[href=" + path + "/order]")
	manager.Get(path+"/order").Submit(path+"/order", "order", "permits").Want(http.StatusSeeOther)
	if n := len(d.as(t, &d.WorkerLogin).Get(path + "/order").Want(http.StatusOK).Doc().All("input[name=order]")); n != 2 {
		t.Errorf("a worker may choose among %d", n)
	}
	manager.Get(path+"/order").Submit(path+"/order", "order", "prohibits").Want(http.StatusSeeOther)
	d.Browser = d.as(t, &d.WorkerLogin)
	open := d.Get(path+"/state").Submit(path+"/state", "state", "active").Want(http.StatusConflict)
	contains(t, open.Doc().One("main").Text(), "A court order forbids this contact")
}

func TestSideState(t *testing.T) {
	d := openDesk(t)
	path := "/side/" + d.sideOf(t, d.exchange, 2) + "/state"
	d.Get("/exchange/" + string(d.exchange)).Doc().One("a[href=" + path + "]")
	d.Get(path).Submit(path, "state", "declined", "note", "They rang.").Want(http.StatusSeeOther)
	contains(t, d.Get("/exchange/"+string(d.exchange)).Doc().One("main").Text(), "This family does not want letters now.", "They rang.")
	if got := d.Get(path).Form(path).Get("state"); got != "declined" {
		t.Errorf("the form begins with %q", got)
	}
}

func TestDelay(t *testing.T) {
	d := openDesk(t)
	path := "/exchange/" + string(d.exchange) + "/delay"
	for _, days := range []string{"", "two", "15", "-1", "99999999999999999999"} {
		wrong := d.Get(path).Submit(path, "days", days).Want(http.StatusUnprocessableEntity)
		if got := wrong.Form(path).Get("days"); got != days {
			t.Errorf("a refused form keeps %q of %q", got, days)
		}
	}
	d.Get(path).Submit(path, "days", "3").Want(http.StatusSeeOther)
	contains(t, d.Get("/exchange/"+string(d.exchange)).Doc().One("main").Text(), "shown after 3 days")
}

// A manager lets only named colleagues open an exchange: from then on the pages
// of everybody else hold no name of it.
func TestRestrict(t *testing.T) {
	d := openDesk(t)
	letter := d.send(t, "Dear Wren")
	imogenLogin, imogen := d.NewWorker(t, "Imogen Farr", authz.LetterboxWorker)
	manager := d.as(t, &d.ManagerLogin)
	path := "/exchange/" + string(d.exchange)

	list := manager.Get("/exchanges").Want(http.StatusOK)
	if strings.Contains(list.Body, "Tamsin Vale") {
		t.Error("a manager who reads no letters sees names")
	}
	list.Doc().One("a[href=" + path + "/named]")
	ask := manager.Get(path + "/named").Want(http.StatusOK)
	if strings.Contains(ask.Body, "Tamsin") || strings.Contains(ask.Body, "Wren") {
		t.Error("the page of who may open an exchange names a family")
	}
	form := ask.Form(path + "/restrict")
	form["workers"] = []string{imogen.Account(), d.Manager.Account()}
	form.Set("code", "000000")
	wrong := manager.Post(path+"/restrict", form).Want(http.StatusUnprocessableEntity)
	if got := wrong.Form(path + "/restrict"); len(got["workers"]) != 2 || got.Get("code") != "" {
		t.Errorf("a refused form keeps %v and the code %q", got["workers"], got.Get("code"))
	}
	form.Set("code", d.Code(t, &d.ManagerLogin))
	manager.Post(path+"/restrict", form).Want(http.StatusSeeOther)
	contains(t, manager.Get(path+"/named").Doc().One("[data-list=named]").Text(), "Imogen Farr", "Carys Marlowe")

	// The worker who is not named.
	for _, address := range []string{"/desk", "/exchanges", path, path + "/named", path + "/state", path + "/delay", path + "/connect", "/people"} {
		a := d.Get(address).Want(http.StatusOK)
		for _, name := range []string{"Tamsin", "Morwenna", "Wren", "the other family"} {
			if strings.Contains(a.Body, name) {
				t.Errorf("%s tells %q to who is not named", address, name)
			}
		}
	}
	found := post(t, d.Browser, "/search", "name", "Tamsin")
	if strings.Contains(found.Body, "Tamsin Vale") {
		t.Error("the search finds a person of a restricted case")
	}
	post(t, d.Browser, "/letter/"+letter+"/claim").Want(http.StatusForbidden)
	d.Get("/person/" + d.birth + "/invite").Want(http.StatusNotFound)

	// The one who is.
	other := d.as(t, &imogenLogin)
	contains(t, other.Get(path).Want(http.StatusOK).Doc().One("main").Text(), "Tamsin Vale", "Only these colleagues can open it", "Imogen Farr")
	contains(t, other.Get("/desk").Submit("/letter/"+letter+"/claim").Want(http.StatusSeeOther).Follow().Want(http.StatusOK).Body, "Dear Wren")

	// One more, and one fewer.
	d.name(t, manager, path, d.World.Worker, "/name").Want(http.StatusSeeOther)
	contains(t, d.Get(path).Doc().One("main").Text(), "Tamsin Vale")
	d.name(t, manager, path, d.World.Worker, "/unname").Want(http.StatusSeeOther)
	if strings.Contains(d.Get(path).Body, "Tamsin Vale") {
		t.Error("who was taken out sees names")
	}
	last := d.name(t, manager, path, imogen, "/unname").Want(http.StatusConflict)
	contains(t, last.Doc().One("main").Text(), "Two other colleagues must be able to open this")
}

// name sends the form of who is named by one of its two buttons.
func (d *desk) name(t *testing.T, b *webtest.Browser, path string, who authz.Actor, button string) webtest.Answer {
	t.Helper()
	ask := b.Get(path + "/named").Want(http.StatusOK)
	form := url.Values{"form-token": ask.Form(path + "/name")["form-token"], "workers": {who.Account()}, "code": {d.Code(t, &d.ManagerLogin)}}
	return b.Post(path+button, form)
}

// A manager says that a colleague knows the family: a letterbox worker loses it,
// and the last safeguarding lead stays, with a sentence.
func TestColleague(t *testing.T) {
	d := openDesk(t)
	for _, name := range []string{"Imogen Farr", "Owen Tresco"} {
		d.NewWorker(t, name, authz.LetterboxWorker)
	}
	_, lead := d.NewWorker(t, "Ines Calder", authz.SafeguardingLead)
	path := "/exchange/" + string(d.exchange)
	d.as(t, &d.WorkerLogin).Get(path + "/colleague").Want(http.StatusForbidden)
	d.as(t, &d.WorkerLogin).Get(path + "/named").Doc().None("a[href=" + path + "/colleague]")
	b := d.as(t, &d.ManagerLogin)
	b.Get(path + "/named").Want(http.StatusOK).Doc().One("a[href=" + path + "/colleague]")
	says := func(worker string, more ...string) webtest.Answer {
		return b.Get(path+"/colleague").Want(http.StatusOK).Submit(path+"/colleague", append([]string{"worker", worker}, more...)...)
	}
	wrong := says(d.WorkerLogin.ID, "code", "000000").Want(http.StatusUnprocessableEntity)
	if got := wrong.Form(path + "/colleague").Get("code"); got != "" {
		t.Errorf("a wrong code comes back as %q", got)
	}
	contains(t, says(lead.Account(), "code", d.Code(t, &d.ManagerLogin)).Want(http.StatusConflict).Doc().One("main").Text(), "There is no other safeguarding lead for this family")
	says(d.WorkerLogin.ID, "code", d.Code(t, &d.ManagerLogin)).Want(http.StatusSeeOther)
	page := b.Get(path + "/colleague").Want(http.StatusOK)
	contains(t, page.Doc().One("[data-list=known]").Text(), "Rhys Penhaligon")
	if n := d.count(t, `select count(*) from connection`); n != 1 {
		t.Errorf("%d connections", n)
	}
	contains(t, d.as(t, &d.WorkerLogin).Get(path+"/named").Doc().One("main").Text(), "It is written down that you know this family.")
}

// A letter of an exchange that rests says so before it is read, and not only when
// somebody would let it go on.
func TestLetter_StandsStill(t *testing.T) {
	d := openDesk(t)
	letter := d.send(t, "A letter to read.")
	if text := d.read(t, letter).Doc().One("main").Text(); strings.Contains(text, "The exchange rests") {
		t.Errorf("nothing rests, and the page says %q", text)
	}
	path := "/exchange/" + string(d.exchange)
	d.Get(path+"/state").Submit(path+"/state", "state", "paused").Want(http.StatusSeeOther)
	contains(t, d.Get("/letter/"+letter).Want(http.StatusOK).Doc().One("main").Text(), "The exchange rests")
	d.Get(path+"/order").Submit(path+"/order", "order", "prohibits").Want(http.StatusSeeOther)
	contains(t, d.Get("/letter/"+letter).Want(http.StatusOK).Doc().One("main").Text(), "A court order forbids this contact.")
}
