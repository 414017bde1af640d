package family_test

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatepost/intermediary"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/letterbox"
	"gatepost/letterbox/photo/phototest"
	"gatepost/letterbox/voice/voicetest"
	"gatepost/web"
	"gatepost/web/account"
	"gatepost/web/family"
	"gatepost/web/page"
	"gatepost/web/page/pagetest"
	"gatepost/web/webtest"
)

// visit is one line of the matrix: what somebody gets for a route that is about
// a side of a household: its letters, drafts and messages. A stranger, a worker
// and somebody with a cookie of another agency get 401 for every one. 0 stands
// for 404, which is the same for what is not theirs and what is not there.
type visit struct {
	pattern string // of the route table
	own     int    // the one who wrote the draft, sent the letter and opens the one that came
	member  int    // another person of the household
	others  int    // the other family, another family, one of another agency
	held    int    // one of the household who is on hold: may write, and see nothing
}

// matrix is in an order that lets its owner come as far as possible. The forms
// hold words, so that nobody is refused for what they typed.
var matrix = []visit{
	{"GET /letters", 200, 200, 200, 200},
	{"GET /side/{id}", 200, 200, 0, 200},
	{"GET /side/{id}/copies", 200, 200, 0, 200},
	{"GET /side/{id}/copies/print", 200, 200, 0, 200},
	{"GET /side/{id}/messages", 200, 200, 0, 200},
	{"GET /side/{id}/tell", 200, 200, 0, 200},
	{"POST /side/{id}/tell", 303, 303, 0, 303},
	{"GET /side/{id}/write-with-me", 200, 200, 0, 200},
	{"POST /side/{id}/write-with-me", 303, 303, 0, 303},
	{"GET /side/{id}/read-to-me", 200, 200, 0, 200},
	{"POST /side/{id}/read-to-me", 303, 303, 0, 303},
	{"GET /write/{id}", 200, 200, 0, 200},
	{"POST /write/{id}", 303, 303, 0, 303},
	{"GET /draft/{id}", 200, 200, 0, 0}, // what was written here, the household shares
	{"POST /draft/{id}", 303, 303, 0, 0},
	{"GET /draft/{id}/check", 200, 200, 0, 0},
	{"GET /draft/{id}/photos", 200, 200, 0, 0},
	{"POST /draft/{id}/photos", 422, 422, 0, 0}, // without a file
	{"GET /draft/{id}/photo/{photo}", 200, 200, 0, 0},
	{"POST /draft/{id}/photo/{photo}/remove", 303, 303, 0, 0},
	{"GET /draft/{id}/recording", 200, 200, 0, 0},
	{"POST /draft/{id}/recording", 422, 422, 0, 0}, // without a file
	{"GET /draft/{id}/recording/sound", 200, 200, 0, 0},
	{"POST /draft/{id}/recording/remove", 303, 303, 0, 0},
	{"GET /draft/{id}/delete", 200, 200, 0, 0},
	{"POST /draft/{id}/send", 409, 409, 0, 0}, // it was saved again since
	{"POST /draft/{id}/delete", 303, 303, 0, 0},
	{"GET /sent/{id}", 200, 200, 0, 0},
	{"GET /sent/{id}/photo/{photo}", 200, 200, 0, 0},
	{"GET /sent/{id}/recording", 200, 200, 0, 0},
	{"POST /sent/{id}/rewrite", 409, 409, 0, 0}, // it has not come back
	{"GET /sent/{id}/agree", 303, 303, 0, 0},    // nobody asks for anything
	{"POST /sent/{id}/agree", 303, 303, 0, 0},
	{"GET /sent/{id}/again", 303, 303, 0, 0}, // it was not refused
	{"POST /sent/{id}/again", 303, 303, 0, 0},
	{"GET /sent/{id}/withdraw", 200, 200, 0, 0},
	{"POST /sent/{id}/withdraw", 303, 303, 0, 0},
	{"GET /letter/{id}", 200, 200, 0, 0},
	{"GET /letter/{id}/read", 303, 303, 0, 0}, // to the cover: it is not open
	{"POST /letter/{id}/keep", 303, 303, 0, 0},
	{"POST /letter/{id}/open", 303, 303, 0, 409}, // on hold, before anything is looked up
	{"GET /letter/{id}/photo/{photo}", 200, 200, 0, 0},
	{"GET /letter/{id}/photo/{photo}/keep", 200, 200, 0, 0},
	{"GET /letter/{id}/recording", 200, 200, 0, 0},
}

// household is two homes that write to each other. In one live two people, and a
// third is on hold. It has written a draft, sent a letter and got one.
type household struct {
	*webtest.Site
	side                                  letterbox.SideID
	own, member, held, other, far, abroad accounttest.Login
	ids                                   map[string]string
}

const (
	draftWords = "The draft says heron"
	sentWords  = "The sent letter says heron"
	cameWords  = "The letter that came says heron"
)

func newHousehold(t *testing.T) *household {
	t.Helper()
	h := &household{Site: &webtest.Site{World: accounttest.NewTwoAgencies(t)}}
	var err error
	h.Public, err = web.Public(web.Config{Secure: true, Assets: pagetest.Assets(t), Now: h.Clock.Now, Log: accounttest.Log(t),
		Accounts: h.World.Public, Letters: h.Families, Agencies: h.PublicAgencies,
		Cases: intermediary.New(h.PublicDB, h.PublicAgencies, nil, h.Clock.Now, accounttest.Log(t))})
	must(t, err)
	own, people := h.open(t, h.World.Worker, []string{"Bronwen Lake", "Dafydd Lake", "Alys Lake"}, "Mared Stone")
	h.side = own
	h.own, _ = h.NewPerson(t, people[0])
	h.member, _ = h.NewPerson(t, people[1])
	h.held = h.EnrolPerson(t, people[2])
	h.other, _ = h.NewPerson(t, people[3])
	_, far, _ := h.OpenExchange(t)
	h.far, _ = h.NewPerson(t, far)
	h.elm(t)
	return h
}

// fill gives the household a new draft, a new letter that it sent, and a new one
// that came.
func (h *household) fill(t *testing.T) {
	t.Helper()
	writer, reader := h.SignInPerson(t, &h.own), h.SignInPerson(t, &h.other)
	worker := h.SignInWorker(t, &h.WorkerLogin)
	for _, actor := range []authz.Actor{writer, reader} {
		inbox, err := h.Families.Inbox(t.Context(), actor)
		must(t, err)
		must(t, h.Desk.SetPhotos(t.Context(), worker, inbox.Sides[0].Side, "permitted"))
		must(t, h.Desk.SetRecordings(t.Context(), worker, inbox.Sides[0].Side, "permitted"))
	}
	draft, err := h.Families.NewDraft(t.Context(), writer, h.side, draftWords)
	must(t, err)
	h.addPhoto(t, writer, draft)
	h.addRecording(t, writer, draft)
	sent := h.send(t, writer, sentWords)
	came := h.send(t, reader, cameWords)
	must(t, h.Desk.Claim(t.Context(), worker, came))
	photo := letterbox.PhotoID(h.id(t, `select id from letter_photo where letter_id = $1`, string(came)))
	_, err = h.Desk.LookAtPhoto(t.Context(), worker, came, photo, nil)
	must(t, err)
	must(t, h.Desk.AnswerPhoto(t.Context(), worker, came, photo, letterbox.PhotoAnswer{Goes: true,
		Seen: map[string]bool{"uniform": false, "badge": false, "plate": false, "sign": false}}))
	_, err = h.Desk.HearRecording(t.Context(), worker, came)
	must(t, err)
	must(t, h.Desk.AnswerRecording(t.Context(), worker, came, letterbox.RecordingAnswer{Heard: true, Goes: true}))
	must(t, h.Desk.Pass(t.Context(), worker, came, ""))
	inbox, err := h.Families.Inbox(t.Context(), writer)
	must(t, err)
	h.ids = map[string]string{"version": "3",
		"draft photo":  h.id(t, `select id from draft_photo where draft_id = $1`, string(draft)),
		"sent photo":   h.id(t, `select id from letter_photo where letter_id = $1`, string(sent)),
		"letter photo": h.id(t, `select id from delivery_photo where photo_id = $1`, string(photo)),
		"side":         string(h.side), "write": string(h.side), "draft": string(draft), "sent": string(sent), "letter": string(unopened(inbox.Sides[0].Came))}
}

// addPhoto puts a photo into a draft.
func (h *household) addPhoto(t *testing.T, actor authz.Actor, draft letterbox.DraftID) {
	t.Helper()
	place, err := h.Families.PhotoPlace(t.Context(), actor, draft)
	must(t, err)
	defer place.Leave()
	must(t, h.Families.AddPhoto(t.Context(), actor, draft, place, phototest.JPEG(phototest.Scene(64, 48))))
}

// addRecording puts a recording into a draft.
func (h *household) addRecording(t *testing.T, actor authz.Actor, draft letterbox.DraftID) {
	t.Helper()
	place, err := h.Families.RecordingPlace(t.Context(), actor, draft)
	must(t, err)
	defer place.Leave()
	must(t, h.Families.AddRecording(t.Context(), actor, draft, place, voicetest.Sine(1)))
}

// id asks the database, past all policies.
func (h *household) id(t *testing.T, sql string, args ...any) (id string) {
	t.Helper()
	must(t, h.Database.Admin().QueryRow(t.Context(), sql, args...).Scan(&id))
	return id
}

// unopened is the letter that nobody has opened yet.
func unopened(came []letterbox.CameLine) letterbox.DeliveryID {
	for _, c := range came {
		if !c.Opened {
			return c.ID
		}
	}
	return ""
}

// open opens an exchange and gives the side of the first home and the people of
// both.
func (h *household) open(t *testing.T, worker authz.Actor, home []string, other string) (letterbox.SideID, []string) {
	t.Helper()
	side := func(book string, names ...string) letterbox.NewSide {
		s := letterbox.NewSide{Book: book, Names: letterbox.Names{Children: []string{"Wren"}, Other: "the other family", Self: "us"}, MaySend: []string{"letter"}, TimesAYear: 2}
		for _, name := range names {
			s.People = append(s.People, letterbox.NewPerson{Name: name, Relation: "family"})
		}
		return s
	}
	x, err := h.Desk.OpenExchange(t.Context(), worker, letterbox.NewExchange{
		Sides:    [2]letterbox.NewSide{side("adoptive", home...), side("birth", other)},
		Children: []letterbox.NewChild{{BirthName: "Wren Stone", AdoptiveName: "Wren Lake", Born: h.Clock.Now().AddDate(-7, 0, 0)}},
	})
	must(t, err)
	seen, err := h.Desk.Exchange(t.Context(), worker, x)
	must(t, err)
	byName := map[string]string{}
	for _, s := range seen.Sides {
		for _, p := range s.People {
			byName[p.Name] = string(p.ID)
		}
	}
	var ids []string
	for _, name := range append(home, other) {
		ids = append(ids, byName[name])
	}
	return seen.Sides[0].ID, ids
}

func (h *household) send(t *testing.T, actor authz.Actor, words string) letterbox.LetterID {
	t.Helper()
	inbox, err := h.Families.Inbox(t.Context(), actor)
	must(t, err)
	draft, err := h.Families.NewDraft(t.Context(), actor, inbox.Sides[0].Side, words)
	must(t, err)
	h.addPhoto(t, actor, draft)
	h.addRecording(t, actor, draft)
	id, err := h.Families.Send(t.Context(), actor, draft, 3)
	must(t, err)
	return id
}

// elm makes somebody who writes at another agency.
func (h *household) elm(t *testing.T) {
	t.Helper()
	managerLogin, manager := h.Open(t, "elm")
	paper, err := h.World.Staff.InviteWorker(t.Context(), manager, "Elowen Pask", accounttest.Fact)
	must(t, err)
	login := h.Enrol(t, "elm", true, paper)
	h.SetTOTP(t, "elm", true, &login)
	must(t, h.World.Staff.ConfirmWorker(t.Context(), manager, login.ID, []authz.Role{authz.LetterboxWorker}, h.Code(t, &managerLogin)))
	worker := h.World.SignIn(t, "elm", true, &login)
	_, people := h.open(t, worker, []string{"Steren Bolitho"}, "Jory Nance")
	if paper, err = h.World.Staff.InvitePerson(t.Context(), worker, people[0], accounttest.Fact); err != nil {
		t.Fatal(err)
	}
	h.abroad = h.Enrol(t, "elm", false, paper)
	must(t, h.World.Staff.ConfirmPerson(t.Context(), worker, people[0], h.Code(t, &login)))
}

// browser is somebody's browser, signed in just now, at the agency's host.
func (h *household) browser(t *testing.T, at string, l *accounttest.Login, worker bool) (*webtest.Browser, string) {
	t.Helper()
	h.World.SignIn(t, at, worker, l)
	b := h.Family(t)
	b.Cookies = map[string]string{"__Host-gp": l.Token.Cookie()}
	a, _ := h.PublicAgencies.Get(at)
	b.Host = a.PublicHost
	return b, l.Token.FormToken()
}

// ask sends what a line of the matrix asks.
func ask(t *testing.T, b *webtest.Browser, token, pattern string, ids map[string]string) webtest.Answer {
	t.Helper()
	method, path, _ := strings.Cut(pattern, " ")
	if strings.Contains(path, "{id}") {
		id := ids[strings.Split(path, "/")[1]]
		if id == "" {
			t.Fatalf("there is no id for %s", pattern)
		}
		path = strings.Replace(strings.Replace(path, "{id}", id, 1), "{photo}", ids[strings.Split(path, "/")[1]+" photo"], 1)
	}
	if method == http.MethodGet {
		return b.Get(path)
	}
	return b.Post(path, url.Values{page.TokenField: {token}, "text": {"Some words"}, "message": {"Some words"}, "version": {ids["version"]}, "do": {"save"}})
}

func TestMatrix(t *testing.T) {
	h := newHousehold(t)
	covered := map[string]bool{}
	for _, v := range matrix {
		covered[v.pattern] = true
	}
	for _, route := range family.Routes(family.Room{}) {
		if pattern := route.Method + " " + route.Pattern; !covered[pattern] {
			t.Errorf("%s is not in the matrix", pattern)
		} else {
			delete(covered, pattern)
		}
		if route.Who != page.SignedIn && route.Who != account.Writing {
			t.Errorf("%s %s is for %q", route.Method, route.Pattern, route.Who)
		}
	}
	for pattern := range covered {
		t.Errorf("%s is in the matrix and no route", pattern)
	}

	visits := func(name string, b *webtest.Browser, token string, want func(visit) int) {
		t.Helper()
		for _, v := range matrix {
			got := ask(t, b, token, v.pattern, h.ids)
			if want := cmp.Or(want(v), http.StatusNotFound); got.Status != want {
				t.Errorf("%s: %s gives %d, want %d", name, v.pattern, got.Status, want)
			}
			if name != "own" && name != "member" && strings.Contains(got.Body, "heron") || strings.Contains(got.Body, "Mared Stone") || name == "the other family" && strings.Contains(got.Body, "Lake") {
				t.Errorf("%s: %s tells a letter, a draft or a name", name, v.pattern)
			}
		}
	}
	h.fill(t)
	visits("signed out", h.Family(t), "", func(visit) int { return 401 })
	b, token := h.browser(t, h.Home.ID, &h.WorkerLogin, true)
	visits("a worker", b, token, func(visit) int { return 401 })
	b, token = h.browser(t, "elm", &h.abroad, false)
	host := b.Host
	b.Host = h.Home.PublicHost
	visits("a cookie of another agency", b, token, func(visit) int { return 401 })
	b.Host = host
	others := func(v visit) int { return v.others }
	visits("one of another agency", b, token, others)
	for name, l := range map[string]*accounttest.Login{"another family": &h.far, "the other family": &h.other} {
		b, token = h.browser(t, h.Home.ID, l, false)
		visits(name, b, token, others)
	}
	b, token = h.browser(t, h.Home.ID, &h.held, false)
	visits("one on hold", b, token, func(v visit) int { return v.held })
	b, token = h.browser(t, h.Home.ID, &h.member, false)
	visits("member", b, token, func(v visit) int { return v.member })
	h.fill(t)
	b, token = h.browser(t, h.Home.ID, &h.own, false)
	visits("own", b, token, func(v visit) int { return v.own })
}

// TestOwnPages: the account pages of this tier show a stranger, a worker and
// somebody of another agency nothing.
func TestOwnPages(t *testing.T) {
	h := newHousehold(t)
	worker, workerToken := h.browser(t, h.Home.ID, &h.WorkerLogin, true)
	abroad, abroadToken := h.browser(t, "elm", &h.abroad, false)
	abroad.Host = h.Home.PublicHost
	for _, route := range account.Routes(&account.Sessions{Site: &page.Site{Tier: page.Public}}) {
		if route.Who == page.Anyone {
			continue
		}
		pattern := route.Method + " " + route.Pattern
		for name, got := range map[string]webtest.Answer{
			"signed out":                 ask(t, h.Family(t), "", pattern, nil),
			"a worker":                   ask(t, worker, workerToken, pattern, nil),
			"a cookie of another agency": ask(t, abroad, abroadToken, pattern, nil),
		} {
			if got.Status != http.StatusUnauthorized {
				t.Errorf("%s: %s gives %d, want 401", name, pattern, got.Status)
			}
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
