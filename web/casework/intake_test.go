package casework_test

import (
	"net/url"
	"strings"
	"testing"

	"gatepost/intermediary"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/web/page"
	"gatepost/web/webtest"
)

// tray is a site with an intermediary worker, and an enquiry that was sent.
type tray struct {
	*webtest.Site
	login accounttest.Login
}

func newTray(t *testing.T) *tray {
	t.Helper()
	s := &tray{Site: webtest.New(t)}
	s.login, _ = s.NewWorker(t, "Elowen Pask", authz.IntermediaryWorker)
	sendIntake(t, s.Site)
	return s
}

// sendIntake has somebody send an enquiry.
func sendIntake(t *testing.T, s *webtest.Site) {
	t.Helper()
	sendAnswers(t, s, intermediary.Answers{Who: "adopted", When: "interview", Where: "england", Name: "Nerys Holloway", Reach: []string{"phone"}, Phone: "01632 960123",
		Sought: "My mother.\nShe was called Tamsin Vane."})
}

// sendAnswers has somebody send what they said, and gives its id.
func sendAnswers(t *testing.T, s *webtest.Site, said intermediary.Answers) (id string) {
	t.Helper()
	token, err := s.Asking.BeginIntake(t.Context(), s.Home.ID, accounttest.From())
	must(t, err)
	in, err := s.Asking.LoadIntake(t.Context(), s.Home.ID, token)
	must(t, err)
	in.Answers = said
	in.Shown = "2026-11-22.en"
	must(t, s.Asking.SaveIntake(t.Context(), s.Home.ID, token, in))
	_, err = s.Asking.SendIntake(t.Context(), s.Home.ID, token, in.Version+1, in.Shown)
	must(t, err)
	of := token.RowID()
	must(t, s.Database.Admin().QueryRow(t.Context(), `select id from intake where code = $1`, of[:]).Scan(&id))
	return id
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// worker is the intermediary worker's browser.
func (s *tray) worker(t *testing.T) *webtest.Browser {
	t.Helper()
	b := s.Worker(t)
	b.SignIn(s.Site, &s.login)
	return b
}

// The tray has no names; one enquiry shows what was said and told, and is
// declined once.
func TestIntakes(t *testing.T) {
	s := newTray(t)
	b := s.worker(t)
	list := b.Get("/intakes").Want(200)
	if strings.Contains(list.Body, "Nerys") || strings.Contains(list.Body, "Tamsin") {
		t.Error("the tray has a name")
	}
	path := list.Doc().One("[data-list=intakes] a").Attr("href")
	one := b.Get(path).Want(200)
	text := one.Doc().One("main").Text()
	for _, want := range []string{"Nerys Holloway", "She was called Tamsin Vane.", "On 12 November 1975 or before", "you talk with a counsellor first", "2026-11-22.en", "i01"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	decline := b.Get(path + "/decline").Want(200)
	decline.Submit(path+"/decline", "reasons", " ").Want(422)
	decline.Submit(path+"/decline", "reasons", "It came twice.").Want(303).Follow().Want(200)
	decline.Submit(path+"/decline", "reasons", "It came twice.").Want(409)
	if text := b.Get(path).Want(200).Doc().One("main").Text(); !strings.Contains(text, "It came twice.") || strings.Contains(text, "Open a case") {
		t.Errorf("afterwards it says %s", text)
	}
}

// vetoed and wished are what somebody says who asks for a veto, and a relative's
// wish.
func vetoed() intermediary.Answers {
	return intermediary.Answers{Purpose: "veto", Who: "adopted", Kind: "qualified", Circumstances: "If my sister is very ill.", When: "post", Where: "england",
		Name: "Jory Tregear", Reach: []string{"phone"}, Phone: "07700 900201", BirthName: "Piran Nance"}
}

func wished() intermediary.Answers {
	return intermediary.Answers{Purpose: "wish", Who: "relative", Relation: "I am his mother.", Wish: "noContact", When: "pre", Where: "wales",
		Name: "Demelza Nance", Reach: []string{"phone"}, Phone: "01632 960311"}
}

// Who asks for a veto stands first, calmly and with what it means; it is written on
// a record, becomes no case, and is sent away by a manager who does this work.
func TestIntakes_Veto(t *testing.T) {
	s := newTray(t)
	id := sendAnswers(t, s.Site, vetoed())
	b := s.worker(t)
	list := b.Get("/intakes").Want(200)
	golden(t, "intakes-veto.golden", strings.TrimSpace(list.Doc().One("main").HTML()), list)
	if first := list.Doc().All("[data-list=intakes] a")[0].Attr("href"); first != "/intake/"+id {
		t.Errorf("the first one is %s", first)
	}
	one := b.Get("/intake/" + id).Want(200)
	golden(t, "intake-veto.golden", strings.TrimSpace(one.Doc().One("main").HTML()), one)
	if strings.Contains(one.Body, "/case/new") || strings.Contains(one.Body, "/decline") || !strings.Contains(one.Body, `href="/record/new?intake=`+id+`"`) {
		t.Error("what may be done is something else")
	}
	if got := b.Get("/case/new?intake=" + id).Want(303).Header.Get("Location"); got != "/intake/"+id {
		t.Errorf("a case of it begins at %s", got)
	}
	path := "/intake/" + id + "/decline"
	ask := b.Get(path).Want(200)
	if len(ask.Doc().All("textarea")) != 0 || !strings.Contains(ask.Doc().One("main").Text(), "only a manager") {
		t.Error("a worker is asked for reasons")
	}
	token := url.Values{page.TokenField: {ask.Form("/sign-out").Get(page.TokenField)}, "reasons": {"It came twice."}}
	b.Post(path, token).Want(403)

	login, _ := s.NewWorker(t, "Senara Roskilly", authz.IntermediaryWorker, authz.Manager)
	both := s.Worker(t)
	both.SignIn(s.Site, &login)
	if !strings.Contains(both.Get("/intake/"+id).Want(200).Body, `href="`+path+`"`) {
		t.Error("a manager who does this work is not shown the way")
	}
	both.Get(path).Want(200).Submit(path, "reasons", "It came twice.").Want(303)
	if text := b.Get("/intake/" + id).Want(200).Doc().One("main").Text(); strings.Contains(text, "Write it on a record") || !strings.Contains(text, "It came twice.") {
		t.Errorf("afterwards it says %s", text)
	}
	if strings.Contains(b.Get("/intakes").Body, "Read the first one now") {
		t.Error("it is said to wait still")
	}
}

// A relative's wish goes into the contact register, with what they said online; a
// worker may decline one; one from Wales, by family, is shown to a manager.
func TestIntakes_Wish(t *testing.T) {
	s := newTray(t)
	id := sendAnswers(t, s.Site, wished())
	b := s.worker(t)
	if text := b.Get("/intakes").Want(200).Doc().One("main").Text(); !strings.Contains(text, "States a wish") || strings.Contains(text, "Read the first one now") {
		t.Errorf("the tray says %s", text)
	}
	one := b.Get("/intake/" + id).Want(200)
	for _, want := range []string{"They state a wish", "I want no contact with the person who was adopted", "do not say that the adoption was in England", "Write down what a relative wishes"} {
		if !strings.Contains(one.Doc().One("main").Text(), want) {
			t.Errorf("it does not say %q", want)
		}
	}
	form := b.Get(one.Doc().One("a[href=/register/new?intake=" + id + "]").Attr("href")).Want(200)
	if got := form.Form("/register/new"); got.Get("wish") != "noContact" || got.Get("intake") != id || got.Get("name") == "" || got.Get("verified") != "" {
		t.Errorf("the form begins with %v", got)
	}
	form.Submit("/register/new", "birth.surname", "Pask", "address", "").Want(303).Follow().Want(200)
	if text := b.Get("/intakes").Want(200).Doc().One("main").Text(); strings.Contains(text, "States a wish") {
		t.Errorf("it is in the tray still: %s", text)
	}
	second := sendAnswers(t, s.Site, wished())
	b.Get("/intake/"+second+"/decline").Want(200).Submit("/intake/"+second+"/decline", "reasons", "It came twice.").Want(303)
}

// A row that says another purpose than what was sent shows, in words.
func TestIntakes_Differs(t *testing.T) {
	s := newTray(t)
	id := sendAnswers(t, s.Site, vetoed())
	_, err := s.Database.Admin().Exec(t.Context(), `set session_replication_role = replica; update intake set purpose = 'search'; set session_replication_role = origin`)
	must(t, err)
	one := s.worker(t).Get("/intake/" + id).Want(200)
	if text := one.Doc().One("main .govuk-warning-text").Text(); !strings.Contains(text, "protects more") || strings.Contains(one.Body, "/case/new") || strings.Contains(one.Body, "/decline") {
		t.Errorf("it says %s", text)
	}
}

// A worker types in what came by telephone; two clicks make one.
func TestEnterIntake(t *testing.T) {
	s := newTray(t)
	b := s.worker(t)
	form := b.Get("/intake/new").Want(200)
	fields := []string{"came-day", "20", "came-month", "11", "came-year", "2026", "who", "relative", "looks", "adopted", "name", "Tamsin Vane",
		"reach", "phone", "phone", "07700 900123", "adoptedBorn-year", "1990", "informed", "yes"}
	if text := form.Submit("/intake/new", "name", "Tamsin Vane").Want(422).Doc().One("main").Text(); !strings.Contains(text, "Enter the day on which it came") {
		t.Errorf("it says %s", text)
	}
	form.Submit("/intake/new", append(fields, "born-day", "31", "born-month", "2", "born-year", "1970")...).Want(422)
	form.Submit("/intake/new", fields...).Want(303)
	list := form.Submit("/intake/new", fields...).Want(303).Follow()
	links := list.Doc().All("[data-list=intakes] a")
	if len(links) != 2 {
		t.Fatalf("there are %d enquiries", len(links))
	}
	if text := b.Get(links[0].Attr("href")).Want(200).Doc().One("main").Text(); !strings.Contains(text, "Tamsin Vane") || !strings.Contains(text, "1990") || !strings.Contains(text, "2026-11-22.en") {
		t.Errorf("it reads %s", text)
	}
}

// Nobody else gets anything of it: not a letterbox worker, not a manager.
func TestIntakes_Others(t *testing.T) {
	s := newTray(t)
	path := s.worker(t).Get("/intakes").Doc().One("[data-list=intakes] a").Attr("href")
	for name, login := range map[string]*accounttest.Login{"a letterbox worker": &s.WorkerLogin, "a manager": &s.ManagerLogin} {
		b := s.Worker(t)
		b.SignIn(s.Site, login)
		token := url.Values{page.TokenField: {b.Get("/account").Form("/sign-out").Get(page.TokenField)}, "reasons": {"No."}, "id": {string(intermediary.NewIntakeID())}}
		for _, a := range []webtest.Answer{b.Get("/intakes"), b.Get("/intake/new"), b.Get(path), b.Get(path + "/decline"), b.Post(path+"/decline", token), b.Post("/intake/new", token)} {
			if a.Status != 403 || strings.Contains(a.Body, "Nerys") {
				t.Errorf("%s gets %d at %s", name, a.Status, a.Path)
			}
		}
		if strings.Contains(b.Get("/account").Body, `href="/intakes"`) {
			t.Errorf("%s is shown the way to it", name)
		}
	}
	b := s.worker(t)
	b.Get("/intake/in" + strings.Repeat("a", 20)).Want(404)
	b.Get("/intake/x").Want(404)
}
