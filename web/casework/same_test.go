package casework_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/web/page"
	"gatepost/web/webtest"
)

// everything is a case with something of each kind in it, by the prefix of its id.
func (r *room) everything(t *testing.T) map[string]string {
	t.Helper()
	ctx := t.Context()
	c, item := r.ReadyToGive(t, "AP>REL", "name")
	given, err := r.World.Cases.Disclose(ctx, r.CaseWorker, []string{item}, r.Code(t, &r.CaseLogin))
	must(t, err)
	another := r.Item(t, c, "occupation")
	_, applicant := r.Join(t, string(c.ID), "applicant")
	_, err = r.Files.Tell(ctx, applicant, intermediary.FileID(c.ID), "May I call?")
	must(t, err)
	must(t, r.World.Cases.Trace(ctx, r.CaseWorker, intermediary.NewTrace{Subject: string(c.Subject), Outcome: intermediary.TraceFound, Where: "electoral roll", Words: "at once"}))
	r.Answered(t, c, "none")
	stop, err := r.World.Cases.AskForStop(ctx, r.CaseWorker, string(c.Adopted), "His sister called.")
	must(t, err)
	ids := map[string]string{"ap": string(c.ID), "ad": string(c.Adopted), "sb": string(c.Subject), "dc": given[0], "it": another, "pe": applicant.Account(), "sp": string(stop)}
	sendIntake(t, r.Site)
	for prefix, sql := range map[string]string{"in": `select id from intake where state = 'received'`, "cm": `select id from case_message`, "st": `select id from step`, "en": `select id from enquiry`} {
		var id string
		must(t, r.Rows.QueryRow(ctx, sql+` order by id limit 1`).Scan(&id))
		ids[prefix] = id
	}
	return ids
}

// target is what a route of the pages is about, by the prefixes of its ids.
func target(pattern string) (id, of string) {
	parts := strings.Split(pattern, "/")
	switch parts[1] {
	case "enquiry", "asked":
		return "en", ""
	case "intake":
		return "in", ""
	case "record":
		switch parts[len(parts)-1] {
		case "{of}", "{name}":
			if parts[3] == "stopEnd" {
				return "ad", "sp"
			}
			return "ad", "ad"
		}
		return "ad", ""
	}
	if len(parts) < 5 {
		return "ap", ""
	}
	switch parts[3] {
	case "print", "posted", "receipt":
		return "ap", "dc"
	case "item", "amend", "check", "disclose":
		return "ap", "it"
	case "invite", "partyKey":
		return "ap", "pe"
	case "fact", "agree", "party", "particulars":
		return "ap", "ap"
	case "note":
		return "ap", "st"
	case "stopEnd":
		return "ap", "sp"
	case "stop":
		return "ap", "ad"
	case "second":
		return "ap", "sg"
	case "respond":
		return "ap", "cm"
	}
	return "ap", "sb"
}

// nobodys is an id of nobody.
func nobodys(prefix string) string { return prefix + strings.Repeat("a", 20) }

// TestSame: to whoever has nothing to do in a case, every page of it is the same
// page, byte by byte, as one of a case that is not there: to a letterbox worker,
// to the other service's workers of another agency, and to its own workers for
// what is not of this case.
func TestSame(t *testing.T) {
	r := &room{Site: webtest.NewTwoAgencies(t)}
	r.World = intermediarytest.In(t, r.Site.World)
	ids := r.everything(t)
	other := r.Open(t, "AP>REL")
	own := r.Site.Worker(t)
	own.SignIn(r.Site, &r.CaseLogin)
	letterbox := r.Site.Worker(t)
	letterbox.SignIn(r.Site, &r.WorkerLogin)
	abroad := r.elm(t)

	asks := func(b *webtest.Browser) func(method, pattern, id, of string) webtest.Answer {
		form := url.Values{page.TokenField: {token(b)}}
		return func(method, pattern, id, of string) webtest.Answer {
			path := strings.NewReplacer("{id}", id, "{of}", of, "{name}", "met").Replace(pattern)
			if method == http.MethodGet {
				return b.Get(path)
			}
			return b.Post(path, form)
		}
	}
	same := func(who string, route page.Route, a, b webtest.Answer) {
		t.Helper()
		if a.Status != b.Status || a.Body != b.Body || a.Status != http.StatusNotFound && a.Status != http.StatusForbidden {
			t.Errorf("%s: %s %s gives %d, and %d for what is not there, or other bytes", who, route.Method, route.Pattern, a.Status, b.Status)
		}
	}
	mine, letters, elms := asks(own), asks(letterbox), asks(abroad)
	none := mine(http.MethodGet, "/case/{id}", nobodys("ap"), "")
	seen := 0
	for _, route := range r.Site.Staff.Routes() {
		if !strings.HasPrefix(route.Pattern, "/case/{") && !strings.HasPrefix(route.Pattern, "/enquiry/") && !strings.HasPrefix(route.Pattern, "/asked/") && !strings.HasPrefix(route.Pattern, "/intake/{") &&
			!strings.HasPrefix(route.Pattern, "/record/{") {
			continue
		}
		id, of := target(route.Pattern)
		if ids[of] == "" {
			ids[of] = nobodys(of) // nothing has been signed in this case
		}
		there := mine(route.Method, route.Pattern, ids[id], ids[of])
		if route.Method == http.MethodGet {
			if there.Status == http.StatusOK {
				seen++
			}
			gone := mine(route.Method, route.Pattern, nobodys(id), ids[of])
			if gone.Status != http.StatusForbidden { // an act of a manager's
				same("a worker of the service", route, gone, none)
				same("a worker of the service", route, mine(route.Method, route.Pattern, "x", ids[of]), none)
			}
			if of != "" && gone.Status != http.StatusForbidden {
				same("a worker of the service, for nobody of the case", route, mine(route.Method, route.Pattern, ids[id], nobodys(of)), none)
				same("a worker of the service, for somebody of another case", route, mine(route.Method, route.Pattern, map[string]string{"ap": string(other.ID), "ad": string(other.Adopted)}[id], ids[of]), none)
			}
		}
		for who, ask := range map[string]func(string, string, string, string) webtest.Answer{"a letterbox worker": letters, "another agency": elms} {
			same(who, route, ask(route.Method, route.Pattern, ids[id], ids[of]), ask(route.Method, route.Pattern, nobodys(id), nobodys(of)))
		}
	}
	if seen < 35 {
		t.Errorf("only %d pages were there to be seen", seen)
	}
}

// elm is the browser of an intermediary worker of another agency, who is a
// manager and a letterbox worker as well.
func (r *room) elm(t *testing.T) *webtest.Browser {
	t.Helper()
	a, _ := r.StaffAgencies.Get("elm")
	a.Country = "E"
	managerLogin, manager := r.World.World.Open(t, "elm")
	paper, err := r.Staff.InviteWorker(t.Context(), manager, "Bryony Tuck", accounttest.Fact)
	must(t, err)
	l := r.Enrol(t, "elm", true, paper)
	r.SetTOTP(t, "elm", true, &l)
	must(t, r.Staff.ConfirmWorker(t.Context(), manager, l.ID, []authz.Role{authz.IntermediaryWorker, authz.LetterboxWorker, authz.Manager}, r.Code(t, &managerLogin)))
	b := r.Site.Worker(t)
	b.Host = a.StaffHost
	b.SignIn(r.Site, &l)
	return b
}
