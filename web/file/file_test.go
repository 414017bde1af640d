package file_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/postgres/postgrestest"
	"gatepost/web/account"
	"gatepost/web/file"
	"gatepost/web/page"
	"gatepost/web/webtest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// home is a case whose applicant has a browser.
type home struct {
	*webtest.Site
	*webtest.Browser
	world *intermediarytest.World
	kase  intermediarytest.Case
	login accounttest.Login
	item  string // ready to be given
}

func newHome(t *testing.T) *home {
	t.Helper()
	h := &home{Site: webtest.New(t)}
	h.world = intermediarytest.In(t, h.World)
	h.kase, h.item = h.world.ReadyToGive(t, "AP>REL", "name")
	h.login, _ = h.world.Join(t, string(h.kase.ID), "applicant")
	h.Browser = h.as(t, &h.login)
	return h
}

func (h *home) as(t *testing.T, l *accounttest.Login) *webtest.Browser {
	t.Helper()
	b := h.Site.Family(t)
	b.SignIn(h.Site, l)
	return b
}

// give gives the item and tells the pack's id.
func (h *home) give(t *testing.T) string {
	t.Helper()
	h.Clock.Advance(10 * time.Minute)
	ids, err := h.world.Cases.Disclose(t.Context(), h.world.CaseWorker, []string{h.item}, h.Code(t, &h.world.CaseLogin))
	must(t, err)
	return ids[0]
}

func main(a webtest.Answer) string { return a.Doc().One("main").Text() }

func says(t *testing.T, a webtest.Answer, parts ...string) webtest.Answer {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(main(a), part) {
			t.Errorf("%s does not say %q: %s", a.Path, part, main(a))
		}
	}
	return a
}

// link is the first link of the page that begins so.
func link(t *testing.T, a webtest.Answer, prefix string) string {
	t.Helper()
	for _, e := range a.Doc().All("main a[href]") {
		if strings.HasPrefix(e.Attr("href"), prefix) {
			return e.Attr("href")
		}
	}
	t.Fatalf("no link to %s… in: %s", prefix, main(a))
	return ""
}

// An applicant goes from the front page to their case, writes, is answered, and
// says what they think of a letter; and at the end of the service.
func TestCase(t *testing.T) {
	h := newHome(t)
	path := "/file/" + string(h.kase.ID)
	says(t, h.Get("/letters").Want(http.StatusOK), "Your case with us", "You will hear from us by")
	says(t, h.Get(path).Want(http.StatusOK), "We are working on your case")
	says(t, h.Get(path+"/tell").Submit(path+"/tell", "words", " ").Want(http.StatusUnprocessableEntity), "Write what you want to say first")
	told := h.Get(path+"/tell").Submit(path+"/tell", "words", "May I call on Thursday?").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	says(t, told, "We have it", "May I call on Thursday?", "You will hear from us by")
	list, err := h.world.Cases.Messages(t.Context(), h.world.CaseWorker, h.kase.ID)
	must(t, err)
	must(t, h.world.Cases.Answer(t.Context(), h.world.CaseWorker, list[0].ID, "Yes, from ten."))
	says(t, h.Get(path+"/messages").Want(http.StatusOK), "Yes, from ten.", "We have answered this")

	must(t, h.world.Cases.EndCase(t.Context(), h.world.CaseWorker, h.kase.ID, intermediary.Ending{State: "closed", Reasons: "all was done", Letter: "We have ended our work."}))
	ended := says(t, h.Get(path).Want(http.StatusOK), "We ended our work on your case")
	letter := link(t, ended, path+"/letter/")
	says(t, h.Get(letter).Want(http.StatusOK), "We have ended our work.")
	say := h.Get(link(t, h.Get(letter), path+"/say?of=")).Want(http.StatusOK)
	says(t, say.Submit(path+"/say", "words", "I am sad about it.").Want(http.StatusSeeOther).Follow().Want(http.StatusOK), "I am sad about it.", "We keep your words")
	service := h.Get(path + "/service").Want(http.StatusOK)
	says(t, service.Submit(path+"/service").Want(http.StatusUnprocessableEntity), "Write what you want to say first")
	says(t, service.Submit(path+"/service", "listened", "4", "words", "Kind people.").Want(http.StatusSeeOther).Follow().Want(http.StatusOK), "You told us how it was with us")
}

// What was given is opened by a button, and then read again.
func TestPack(t *testing.T) {
	h := newHome(t)
	pack := h.give(t)
	says(t, h.Get("/file/"+string(h.kase.ID)).Want(http.StatusOK), "Open it when you are ready")
	if a := h.Get("/pack/" + pack + "/read"); a.Status != http.StatusSeeOther {
		t.Errorf("what was not opened is shown: %d", a.Status)
	}
	words := strings.TrimSpace("Demelza")
	cover := says(t, h.Get("/pack/"+pack).Want(http.StatusOK), "Somebody can be with you")
	if strings.Contains(cover.Body, words) {
		t.Error("the cover tells what is inside")
	}
	for range 2 {
		open := h.Get("/pack/" + pack).Submit("/pack/" + pack + "/open").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
		if open.Doc().One(".gp-letter").Text() == "" {
			t.Error("nothing is shown")
		}
	}
	var opened int
	must(t, h.Database.Admin().QueryRow(t.Context(), `select count(*) from disclosure where id = $1 and opened_at is not null`, pack).Scan(&opened))
	if opened != 1 {
		t.Error("that it was opened is not written down")
	}
}

// What is typed when the session has ended is shown again, and not sent, to the
// same person.
func TestCarry(t *testing.T) {
	h := newHome(t)
	path := "/file/" + string(h.kase.ID) + "/tell"
	form := h.Get(path).Form(path)
	form.Set("words", "Typed for an hour")
	h.Clock.Advance(9 * time.Hour)
	away := h.Post(path, form).Want(http.StatusUnauthorized)
	back := away.Submit("/sign-in", "name", h.login.Name, "passphrase", h.login.Passphrase).Want(http.StatusOK)
	if got := back.Doc().One("textarea#words").Raw(); got != "Typed for an hour" {
		t.Errorf("the text that was typed is now %q", got)
	}
	own, err := h.world.Files.File(t.Context(), h.SignInPerson(t, &h.login), intermediary.FileID(h.kase.ID))
	must(t, err)
	if len(own.Messages) != 0 {
		t.Error("it was sent")
	}
}

var chance = regexp.MustCompile(`(ap|sb|ad)[a-z2-7]{20}|value="[A-Za-z0-9_-]{20,}"|nonce[-="]+[A-Za-z0-9+/_=-]+`)

// TestCase_SameBytes: the pages of a case, and what they ask of the database,
// are the same whether or not somebody was found, has an account, or said no.
func TestCase_SameBytes(t *testing.T) {
	s := webtest.New(t)
	w := intermediarytest.In(t, s.World)
	plain, found, vetoed := w.Open(t, "REL>AP"), w.Ready(t, "REL>AP"), w.Ready(t, "REL>AP")
	must(t, w.Cases.Trace(t.Context(), w.CaseWorker, intermediary.NewTrace{Subject: string(found.Subject), Outcome: intermediary.TraceFound, Where: "the register"}))
	w.Join(t, string(found.Subject), "subject")
	_, err := w.Cases.AskForStop(t.Context(), w.CaseWorker, string(vetoed.Adopted), "she rang, and is afraid")
	must(t, err)
	visit := func(c intermediarytest.Case) (bodies []string, sent []string) {
		l, _ := w.Join(t, string(c.ID), "applicant")
		b := s.Family(t)
		b.SignIn(s, &l)
		for round := range 2 { // the first verifies statements
			w.PublicSent.Take()
			bodies = nil
			for _, path := range []string{"/letters", "/file/" + string(c.ID), "/file/" + string(c.ID) + "/messages"} {
				bodies = append(bodies, chance.ReplaceAllString(b.Get(path).Want(http.StatusOK).Body, "…"))
			}
			if round == 1 {
				sent = w.PublicSent.Take()
			}
		}
		return bodies, sent
	}
	want, asked := visit(plain)
	for name, c := range map[string]intermediarytest.Case{"somebody was found": found, "there is a stop": vetoed} {
		got, sent := visit(c)
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%s: page %d differs:\n%s\nwant\n%s", name, i, got[i], want[i])
			}
		}
		if !slices.Equal(sent, asked) {
			t.Errorf("%s: %d statements, want %d", name, len(sent), len(asked))
		}
	}
}

// TestMatrix: nobody but who reads a file gets anything of it.
func TestMatrix(t *testing.T) {
	h := newHome(t)
	letter := intermediary.NewLetterID()
	must(t, h.world.Cases.SendLetter(t.Context(), h.world.CaseWorker, intermediary.FileID(h.kase.ID), letter, "A heron stood there."))
	pack := h.give(t)
	subjectLogin, _ := h.world.Join(t, string(h.kase.Subject), "subject")
	_, far, _ := h.OpenExchange(t)
	farLogin, _ := h.NewPerson(t, far)
	own := map[string]int{
		"GET /file/{id}": 200, "GET /file/{id}/messages": 200, "GET /file/{id}/tell": 200, "POST /file/{id}/tell": 303,
		"GET /file/{id}/letter/{letter}": 200, "GET /file/{id}/say": 200, "POST /file/{id}/say": 303,
		"GET /file/{id}/service": 409, "POST /file/{id}/service": 409,
		"GET /pack/{id}": 200, "POST /pack/{id}/open": 303, "GET /pack/{id}/read": 200,
	}
	ask := func(b *webtest.Browser, pattern string) webtest.Answer {
		method, path, _ := strings.Cut(pattern, " ")
		id := string(h.kase.ID)
		if strings.HasPrefix(path, "/pack") {
			id = pack
		}
		path = strings.NewReplacer("{id}", id, "{letter}", letter).Replace(path)
		if method == http.MethodGet {
			return b.Get(path)
		}
		token := ""
		if fields := b.Get("/help").Doc().All("input[name=form-token]"); len(fields) > 0 {
			token = fields[0].Attr("value")
		}
		return b.Post(path, url.Values{page.TokenField: {token}, "words": {"Some words"}})
	}
	strangers := map[string]*webtest.Browser{"the subject": h.as(t, &subjectLogin), "somebody of a family": h.as(t, &farLogin)}
	out := h.Site.Family(t)
	h.Browser = h.as(t, &h.login)
	for _, route := range file.Routes(file.Room{}) {
		pattern := route.Method + " " + route.Pattern
		if route.Who != page.SignedIn && route.Who != account.Writing {
			t.Errorf("%s is for %q", pattern, route.Who)
		}
		if a := ask(out, pattern); a.Status != http.StatusUnauthorized {
			t.Errorf("signed out: %s gives %d", pattern, a.Status)
		}
		for name, b := range strangers {
			if a := ask(b, pattern); a.Status != http.StatusNotFound || strings.Contains(a.Body, "heron") {
				t.Errorf("%s: %s gives %d", name, pattern, a.Status)
			}
		}
		if a := ask(h.Browser, pattern); a.Status != own[pattern] {
			t.Errorf("own: %s gives %d, want %d", pattern, a.Status, own[pattern])
		}
	}
}
