package desk_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/web"
	desks "gatepost/web/desk"
	"gatepost/web/page"
	"gatepost/web/page/pagetest"
	"gatepost/web/webtest"
)

// visit is one line of the matrix: what each visitor gets for a route. A
// stranger and somebody with a family's cookie get 401 for every one, a worker
// on hold 403.
type visit struct {
	pattern string // of the route table
	worker  int    // a letterbox worker
	manager int    // a manager who is no letterbox worker
	other   int    // a letterbox worker of another agency, with this agency's ids
}

// matrix is in an order that lets the worker come as far as possible: the
// letter is claimed before it is read, and the connection is declared last.
var matrix = []visit{
	{"GET /desk", 200, 200, 200},
	{"POST /letter/{id}/claim", 303, 403, 404},
	{"GET /letter/{id}", 200, 403, 404},
	{"GET /letter/{id}/return", 200, 403, 404},
	{"POST /letter/{id}/return", 422, 403, 404},
	{"GET /letter/{id}/done", 404, 403, 404}, // nothing is decided yet
	{"POST /letter/{id}/release", 303, 403, 303},
	{"POST /letter/{id}/pass", 409, 403, 404}, // put back before
	{"GET /exchanges", 200, 200, 200},
	{"GET /exchange/new", 200, 403, 200},
	{"POST /exchange/new", 422, 403, 422},
	{"GET /exchange/{id}", 200, 403, 404},
	{"GET /exchange/{id}/connect", 200, 403, 404},
	{"GET /people", 200, 200, 200},
	{"GET /person/{id}/invite", 200, 403, 404},
	{"POST /person/{id}/invite", 422, 403, 404},
	{"GET /person/{id}/confirm", 200, 403, 404},
	{"POST /person/{id}/confirm", 422, 403, 404},
	{"GET /worker/new", 403, 200, 403},
	{"POST /worker/new", 403, 422, 403},
	{"GET /worker/{id}/confirm", 403, 200, 403},
	{"POST /worker/{id}/confirm", 403, 422, 403},
	{"GET /search", 200, 403, 200},
	{"POST /search", 422, 403, 422},
	{"POST /exchange/{id}/connect", 409, 409, 404}, // nobody else is left for the case
}

// pathOf fills a pattern with an id of the kind that it asks for.
func pathOf(pattern string, ids map[string]string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	return method, strings.Replace(path, "{id}", ids[strings.Split(path, "/")[1]], 1)
}

// ask sends what a line of the matrix asks, with the form token where there is
// a session.
func ask(b *webtest.Browser, token, pattern string, ids map[string]string) webtest.Answer {
	method, path := pathOf(pattern, ids)
	if method == http.MethodGet {
		return b.Get(path + "?exchange=" + ids["exchange"]) // which only the page of what was decided reads
	}
	return b.Post(path, url.Values{"form-token": {token}})
}

func TestMatrix(t *testing.T) {
	d, elm := twoAgencies(t)
	letter := d.send(t, "Dear Wren")
	_, birth, _ := d.OpenExchange(t)
	d.EnrolPerson(t, birth)
	hold := d.onHold(t, "Sam Okafor")
	ids := map[string]string{"letter": letter, "exchange": string(d.exchange), "person": birth, "worker": hold.ID}

	covered := map[string]bool{}
	for _, v := range matrix {
		covered[v.pattern] = true
	}
	for _, route := range desks.Routes(desks.Room{}) {
		if !covered[route.Method+" "+route.Pattern] {
			t.Errorf("%s %s is not in the matrix", route.Method, route.Pattern)
		}
		if route.Who != page.SignedIn {
			t.Errorf("%s %s is for %q", route.Method, route.Pattern, route.Who)
		}
	}

	_, another, _ := d.OpenExchange(t)
	person := d.EnrolPerson(t, another)
	family := staffBrowser(t, d, map[string]string{"__Host-gps": person.Token.Cookie()})
	onHold := staffBrowser(t, d, map[string]string{"__Host-gps": hold.Token.Cookie()})
	abroad := staffBrowser(t, d, map[string]string{"__Host-gps": elm.Token.Cookie()}) // a live session, at another agency's host
	visitors := []struct {
		name    string
		browser *webtest.Browser
		token   string
		want    func(v visit) int
	}{
		{"signed out", d.Site.Worker(t), "", func(visit) int { return 401 }},
		{"a person's cookie", family, person.Token.FormToken(), func(visit) int { return 401 }},
		{"a cookie of another agency", abroad, elm.Token.FormToken(), func(visit) int { return 401 }},
		{"a worker on hold", onHold, hold.Token.FormToken(), func(visit) int { return 403 }},
		{"another agency's worker", elmBrowser(t, d, elm), elm.Token.FormToken(), func(v visit) int { return v.other }},
		{"a manager", d.as(t, &d.ManagerLogin), "", func(v visit) int { return v.manager }},
		{"a letterbox worker", d.Browser, "", func(v visit) int { return v.worker }},
	}
	for _, who := range visitors {
		if who.token == "" && who.name != "signed out" {
			who.token = token(t, who.browser)
		}
		for _, v := range matrix {
			got := ask(who.browser, who.token, v.pattern, ids)
			if want := who.want(v); got.Status != want {
				t.Errorf("%s: %s gives %d, want %d", who.name, v.pattern, got.Status, want)
			}
			if got.Status >= 400 && strings.Contains(got.Body, "Tamsin Vale") && who.name != "a letterbox worker" {
				t.Errorf("%s: %s tells a name", who.name, v.pattern)
			}
		}
	}
}

// twoAgencies makes a desk of the agency oak, and a letterbox worker of elm.
func twoAgencies(t *testing.T) (*desk, accounttest.Login) {
	t.Helper()
	d := &desk{Site: &webtest.Site{World: accounttest.NewTwoAgencies(t)}}
	var err error
	d.Site.Staff, err = web.Staff(web.Config{Secure: true, Assets: pagetest.Assets(t), Now: d.Clock.Now, Log: accounttest.Log(t),
		Accounts: d.World.Staff, Letters: d.Desk, Agencies: d.StaffAgencies, Address: func(string, authz.Tier) string { return "" }})
	must(t, err)
	d.exchange, d.birth, d.adoptive = d.OpenExchange(t)
	_, d.writer = d.NewPerson(t, d.birth)
	d.Browser = d.as(t, &d.WorkerLogin)

	managerLogin, manager := d.Open(t, "elm")
	paper, err := d.World.Staff.InviteWorker(t.Context(), manager, "Elowen Pask", accounttest.Fact)
	must(t, err)
	l := d.Enrol(t, "elm", true, paper)
	d.SetTOTP(t, "elm", true, &l)
	must(t, d.World.Staff.ConfirmWorker(t.Context(), manager, l.ID, []authz.Role{authz.LetterboxWorker}, d.Code(t, &managerLogin)))
	d.World.SignIn(t, "elm", true, &l)
	return d, l
}

// staffBrowser is a browser at the workers' tier with these cookies.
func staffBrowser(t *testing.T, d *desk, cookies map[string]string) *webtest.Browser {
	t.Helper()
	b := d.Site.Worker(t)
	b.Cookies = cookies
	return b
}

func elmBrowser(t *testing.T, d *desk, l accounttest.Login) *webtest.Browser {
	t.Helper()
	b := staffBrowser(t, d, map[string]string{"__Host-gps": l.Token.Cookie()})
	elm, _ := d.StaffAgencies.Get("elm")
	b.Host = elm.StaffHost
	return b
}

func TestBadInput(t *testing.T) {
	d := openDesk(t)
	letter := d.send(t, "Dear Wren")
	d.read(t, letter)
	token := token(t, d.Browser)
	const form = "application/x-www-form-urlencoded"
	for _, route := range desks.Routes(desks.Room{}) {
		ids := map[string]string{"letter": letter, "exchange": string(d.exchange), "person": d.birth, "worker": d.WorkerLogin.ID}
		_, path := pathOf(route.Method+" "+route.Pattern, ids)
		if strings.Contains(route.Pattern, "{id}") {
			for _, id := range []string{"x", letter + "a", strings.ToUpper(letter), "lt%00aaaaaaaaaaaaaaaaaaaa", "zzaaaaaaaaaaaaaaaaaaaa"} {
				_, bad := pathOf(route.Method+" "+route.Pattern, map[string]string{"letter": id, "exchange": id, "person": id, "worker": id})
				got := d.Get(bad)
				if route.Method == http.MethodPost {
					got = d.Post(bad, url.Values{"form-token": {token}})
				}
				if got.Status != http.StatusNotFound && got.Status != http.StatusForbidden && got.Status != http.StatusMethodNotAllowed {
					t.Errorf("%s %s gives %d for the id %q", route.Method, route.Pattern, got.Status, id)
				}
			}
		}
		if route.Method != http.MethodPost {
			continue
		}
		for name, c := range map[string]struct {
			kind, body string
			want       int
		}{
			"too large":       {form, "form-token=" + token + "&x=" + strings.Repeat("x", int(route.Body)), http.StatusRequestEntityTooLarge},
			"not UTF-8":       {form, "form-token=" + token + "&note=%ff", http.StatusBadRequest},
			"a NUL":           {form, "form-token=" + token + "&note=a%00", http.StatusBadRequest},
			"a field twice":   {form, "form-token=" + token + "&note=a&note=b", http.StatusBadRequest},
			"too many fields": {form, "form-token=" + token + strings.Repeat("&a=b", 200), http.StatusBadRequest},
			"another kind":    {"application/json", "{}", http.StatusUnsupportedMediaType},
			"no token":        {form, "note=a", http.StatusForbidden},
			"a wrong token":   {form, "form-token=" + token[1:], http.StatusForbidden},
		} {
			if got := d.PostRaw(path, c.kind, c.body); got.Status != c.want {
				t.Errorf("POST %s: %s gives %d, want %d", route.Pattern, name, got.Status, c.want)
			}
		}
	}
	if n := d.count(t, `select (select count(*) from decision) + (select count(*) from connection)`); n != 0 {
		t.Error("bad input changed something")
	}
	kept := d.PostRaw("/letter/"+letter+"/return", form, "form-token=old&words=My+own+words").Want(http.StatusForbidden)
	contains(t, kept.Doc().One("main").Text(), "My own words")
}
