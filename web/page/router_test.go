package page_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatepost/internal/fault"
	"gatepost/web/page"
	"gatepost/web/page/pagetest"
)

const letterID = "le_abcdefghij234567abcd"

// tryRoutes is a small tier: a page, a form that echoes, and one that fails as
// it is told.
func tryRoutes(fail *error, seen *page.Form) []page.Route {
	ok := func(w http.ResponseWriter, r *http.Request) error {
		form, err := page.FormOf(r)
		if err != nil {
			return err
		}
		*seen = form
		return page.SeeOther(w, r, "/done")
	}
	return []page.Route{
		{Method: "GET", Pattern: "/letters/{id}", Who: page.SignedIn, Handler: func(http.ResponseWriter, *http.Request) error { return *fail }},
		{Method: "POST", Pattern: "/write", Who: page.SignedIn, Body: 1000, Many: []string{"to"}, Keep: []string{"text", "word-*"}, Handler: ok},
		{Method: "GET", Pattern: "/panic", Who: page.Anyone, Handler: func(http.ResponseWriter, *http.Request) error { panic("torn " + letterID) }},
		{Method: "POST", Pattern: "/leave", Who: page.Anyone, Body: 1000, Handler: page.Leave},
		{Method: "GET", Pattern: "/leave", Who: page.Anyone, Handler: page.Leave},
	}
}

type tier struct {
	http.Handler
	routes []page.Route
	fail   error
	seen   page.Form
	log    bytes.Buffer
}

func newTier(t *testing.T, name page.Tier, door pagetest.Door) *tier {
	t.Helper()
	tr := &tier{}
	site := pagetest.Site(name, pagetest.Renderer(t), door)
	site.Log = slog.New(slog.NewJSONHandler(&tr.log, nil))
	site.Secure = true
	router, err := page.NewRouter(site, tryRoutes(&tr.fail, &tr.seen))
	if err != nil {
		t.Fatal(err)
	}
	tr.Handler, tr.routes = router, router.Routes()
	return tr
}

// post sends a form as a browser would.
func post(h http.Handler, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestErrorsBecomePages(t *testing.T) {
	secret := errors.New("the row of " + letterID + " is torn")
	tests := []struct {
		name   string
		err    error
		public int
		staff  int
		says   string
	}{
		{"invalid", fault.New(fault.Invalid, "fault.invalid"), 422, 422, "look at what you wrote"},
		{"forbidden", fault.New(fault.Forbidden, "fault.forbidden"), 404, 403, ""},
		{"not found", fault.New(fault.NotFound, "fault.gone"), 404, 404, "Check the address"},
		{"conflict", fault.New(fault.Conflict, "fault.conflict"), 409, 409, "Somebody was here before you"},
		{"gone", fault.New(fault.Gone, "fault.gone"), 410, 410, "Its time is over"},
		{"busy", fault.New(fault.Busy, "fault.busy"), 503, 503, "Wait a minute"},
		{"sign in", fault.New(fault.SignIn, "fault.signIn"), 401, 401, "Sign in to see this page"},
		{"step up", fault.New(fault.StepUp, "fault.stepUp"), 401, 401, "Enter a new code"},
		{"sealed", fault.Wrap(fault.Sealed, "fault.sealed", secret), 500, 500, "It is kept safe"},
		{"internal", fault.Wrap(fault.Internal, "fault.conflict", secret), 500, 500, "It was our mistake"},
		{"no fault at all", fmt.Errorf("read: %w", secret), 500, 500, "It was our mistake"},
		{"a fault inside", fmt.Errorf("read: %w", fault.Wrap(fault.Gone, "fault.gone", secret)), 410, 410, "Its time is over"},
		{"a key that nobody wrote", fault.New(fault.Conflict, "fault.noSuchKey"), 409, 409, "Somebody was here before you"},
	}
	for _, tt := range tests {
		for name, want := range map[page.Tier]int{page.Public: tt.public, page.Staff: tt.staff} {
			tr := newTier(t, name, pagetest.Door{SignedIn: true})
			tr.fail = tt.err
			w := get(tr, "/letters/"+letterID)
			if w.Code != want {
				t.Errorf("%s, %s: status %d, want %d", tt.name, name, w.Code, want)
			}
			if !strings.Contains(w.Body.String(), tt.says) {
				t.Errorf("%s, %s: the page does not say %q", tt.name, name, tt.says)
			}
			if strings.Contains(w.Body.String(), "torn") || strings.Contains(w.Body.String(), letterID) {
				t.Errorf("%s, %s: the page tells the cause", tt.name, name)
			}
			if got := w.Header().Get("Retry-After"); (got != "") != (want == 503) {
				t.Errorf("%s, %s: Retry-After is %q", tt.name, name, got)
			}
			pagetest.Check(t, w.Body.String())
			if name == page.Public && strings.Contains(tr.log.String(), letterID) {
				t.Errorf("%s: the public log has an id: %s", tt.name, tr.log.String())
			}
			if want == 500 && !strings.Contains(tr.log.String(), "torn") {
				t.Errorf("%s, %s: the log lacks the cause", tt.name, name)
			}
		}
	}
}

// In the place of a picture stands the sentence, as one; nothing that tells what is
// there and what is not.
func TestErrorsBecomePictures(t *testing.T) {
	lost := fault.Wrap(fault.Sealed, "fault.part.lost", errors.New("torn"))
	for _, tt := range []struct {
		name    string
		err     error
		dest    string
		picture bool
	}{
		{"a picture that is lost", lost, "image", true},
		{"a picture that waits", fault.New(fault.Busy, "fault.part.lost"), "image", true},
		{"one that is opened by itself", lost, "document", false},
		{"an older browser's", lost, "", false},
		{"one of somebody else", fault.New(fault.Forbidden, "fault.part.lost"), "image", false},
		{"our mistake", errors.New("torn"), "image", false},
	} {
		tr := newTier(t, page.Public, pagetest.Door{SignedIn: true})
		tr.fail = tt.err
		r := httptest.NewRequest(http.MethodGet, "/letters/"+letterID, nil)
		r.Header.Set("Sec-Fetch-Dest", tt.dest)
		w := httptest.NewRecorder()
		tr.ServeHTTP(w, r)
		body, kind, policy := w.Body.String(), w.Header().Get("Content-Type"), w.Header().Get("Content-Security-Policy")
		if (kind == "image/svg+xml") != tt.picture || w.Code < 400 || strings.Contains(body, "torn") {
			t.Errorf("%s: %d %s", tt.name, w.Code, kind)
		}
		if tt.picture && (!strings.Contains(body, ">We cannot show or play</text>") || !strings.Contains(body, ">this just now.</text>") || xml.Unmarshal(w.Body.Bytes(), new(struct{})) != nil || !strings.HasSuffix(policy, "; sandbox")) {
			t.Errorf("%s: %s\n%s", tt.name, policy, body)
		}
	}
}

func TestNotYoursAndNotThereAreEqualBytes(t *testing.T) {
	tr := newTier(t, page.Public, pagetest.Door{SignedIn: true})
	tr.fail = fault.New(fault.Forbidden, "fault.forbidden")
	forbidden := get(tr, "/letters/"+letterID)
	tr.fail = fault.New(fault.NotFound, "fault.gone")
	absent := get(tr, "/letters/"+letterID)
	nowhere := get(tr, "/no/such/page")
	if forbidden.Body.String() != absent.Body.String() || absent.Body.String() != nowhere.Body.String() {
		t.Error("not yours, not there and no such page do not look alike")
	}
	for name := range forbidden.Header() {
		if strings.Join(forbidden.Header()[name], ";") != strings.Join(absent.Header()[name], ";") {
			t.Errorf("the header %s tells them apart", name)
		}
	}
}

func TestRefusalsOfTheRouter(t *testing.T) {
	token := "form-token=" + pagetest.Token
	tests := []struct {
		name string
		ask  func(h http.Handler) *httptest.ResponseRecorder
		want int
		says string
	}{
		{"wrong method", func(h http.Handler) *httptest.ResponseRecorder { return get(h, "/write") }, 405, "use its button"},
		{"unknown path", func(h http.Handler) *httptest.ResponseRecorder { return get(h, "/x") }, 404, "Check the address"},
		{"path that is not UTF-8", func(h http.Handler) *httptest.ResponseRecorder { return get(h, "/letters/%ff") }, 404, "Check the address"},
		{"path with a NUL", func(h http.Handler) *httptest.ResponseRecorder { return get(h, "/letters/a%00") }, 404, "Check the address"},
		{"query that is not UTF-8", func(h http.Handler) *httptest.ResponseRecorder { return get(h, "/help?a=%ff") }, 400, "characters that we cannot read"},
		{"query that is broken", func(h http.Handler) *httptest.ResponseRecorder { return get(h, "/help?a=%zz") }, 400, "characters that we cannot read"},
		{"another site", func(h http.Handler) *httptest.ResponseRecorder {
			return post(h, "/write", token, "Sec-Fetch-Site", "cross-site")
		}, 403, "another website"},
		{"a sister host", func(h http.Handler) *httptest.ResponseRecorder {
			return post(h, "/write", token, "Sec-Fetch-Site", "same-site")
		}, 403, "another website"},
		{"no token", func(h http.Handler) *httptest.ResponseRecorder { return post(h, "/write", "text=Hello") }, 403, "Nothing was sent"},
		{"a wrong token", func(h http.Handler) *httptest.ResponseRecorder { return post(h, "/write", "form-token=x&text=Hello") }, 403, "Nothing was sent"},
		{"no body at all", func(h http.Handler) *httptest.ResponseRecorder { return post(h, "/write", "") }, 403, "Nothing was sent"},
		{"too long", func(h http.Handler) *httptest.ResponseRecorder {
			return post(h, "/write", token+"&text="+strings.Repeat("a", 1000))
		}, 413, "make it shorter"},
		{"twice", func(h http.Handler) *httptest.ResponseRecorder { return post(h, "/write", token+"&text=a&text=b") }, 400, "the same answer twice"},
		{"not UTF-8", func(h http.Handler) *httptest.ResponseRecorder { return post(h, "/write", token+"&text=%c3%28") }, 400, "characters that we cannot read"},
		{"a NUL", func(h http.Handler) *httptest.ResponseRecorder { return post(h, "/write", token+"&text=a%00") }, 400, "characters that we cannot read"},
		{"broken encoding", func(h http.Handler) *httptest.ResponseRecorder { return post(h, "/write", token+"&text=%g1") }, 400, "characters that we cannot read"},
		{"many fields", func(h http.Handler) *httptest.ResponseRecorder {
			return post(h, "/write", token+strings.Repeat("&a", 300))
		}, 400, "more answers"},
		{"another kind", func(h http.Handler) *httptest.ResponseRecorder {
			return post(h, "/write", "{}", "Content-Type", "application/json")
		}, 415, "in a way that we do not know"},
		{"a panic", func(h http.Handler) *httptest.ResponseRecorder { return get(h, "/panic") }, 500, "our mistake"},
	}
	for _, tt := range tests {
		tr := newTier(t, page.Public, pagetest.Door{SignedIn: true})
		w := tt.ask(tr)
		if w.Code != tt.want || !strings.Contains(w.Body.String(), tt.says) {
			t.Errorf("%s: got %d, want %d with %q", tt.name, w.Code, tt.want, tt.says)
		}
		if len(tr.seen.Names()) != 0 {
			t.Errorf("%s: the handler was called", tt.name)
		}
		pagetest.Check(t, w.Body.String())
		if lines := strings.Count(tr.log.String(), "\n"); lines != 1 {
			t.Errorf("%s: %d lines in the log, want 1", tt.name, lines)
		}
		if strings.Contains(tr.log.String(), "Hello") || strings.Contains(tr.log.String(), letterID) {
			t.Errorf("%s: the log tells too much: %s", tt.name, tr.log.String())
		}
	}
}

func TestTooLongWithoutALengthIsRefused(t *testing.T) {
	tr := newTier(t, page.Public, pagetest.Door{SignedIn: true})
	r := httptest.NewRequest(http.MethodPost, "/write", strings.NewReader("text="+strings.Repeat("a", 5000)))
	r.ContentLength = -1
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	tr.ServeHTTP(w, r)
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d, want 413", w.Code)
	}
}

// unread is a body that must not be looked at.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("a body that says itself that it is too long was read")
	return 0, errors.New("unread")
}

func TestTooLongIsRefusedBeforeItIsRead(t *testing.T) {
	tr := newTier(t, page.Public, pagetest.Door{SignedIn: true})
	r := httptest.NewRequest(http.MethodPost, "/write", unread{t})
	r.ContentLength = 1 << 30
	w := httptest.NewRecorder()
	tr.ServeHTTP(w, r)
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d, want 413", w.Code)
	}
}

func TestOldFormKeepsThePersonsWords(t *testing.T) {
	tr := newTier(t, page.Public, pagetest.Door{SignedIn: true})
	w := post(tr, "/write", "form-token=old&passphrase=secret-thing&text="+url.QueryEscape("Dear all,\r\n\r\nI think of you.<b>"))
	doc := pagetest.Parse(t, w.Body.String())
	if got := doc.One(".gp-letter").Text(); got != "Dear all, I think of you.<b>" {
		t.Errorf("the words are %q", got)
	}
	if strings.Contains(w.Body.String(), "secret-thing") {
		t.Error("a field that is not to be kept is shown")
	}
}

// Fields that are named by what they are about are kept by their beginning.
func TestOldFormKeepsWordsByBeginning(t *testing.T) {
	tr := newTier(t, page.Public, pagetest.Door{SignedIn: true})
	w := post(tr, "/write", "form-token=old&word-1=a+shop&word-2=a+song&sword=secret-thing")
	if got := pagetest.Parse(t, w.Body.String()).All(".gp-letter"); len(got) != 2 || got[0].Text() != "a shop" || got[1].Text() != "a song" {
		t.Errorf("%d texts are kept: %s", len(got), w.Body.String())
	}
	if strings.Contains(w.Body.String(), "secret-thing") {
		t.Error("a field that is not to be kept is shown")
	}
}

// TestRefusedFormKeepsTheWords: whatever refuses a form, the page has the words
// that were in it.
func TestRefusedFormKeepsTheWords(t *testing.T) {
	for kind, want := range map[fault.Kind]int{fault.Busy: 503, fault.Internal: 500, fault.NotFound: 404} {
		tr := newTier(t, page.Public, pagetest.Door{Enters: func(r *http.Request, _ page.Who) (*http.Request, error) {
			return nil, fault.New(kind, "fault.busy")
		}})
		w := post(tr, "/write", "form-token="+pagetest.Token+"&passphrase=secret-thing&text=I+think+of+you.")
		if w.Code != want || (w.Header().Get("Retry-After") != "") != (want == 503) {
			t.Errorf("%s: got %d, want %d; Retry-After is %q", kind, w.Code, want, w.Header().Get("Retry-After"))
		}
		if got := pagetest.Parse(t, w.Body.String()).One(".gp-letter").Text(); got != "I think of you." {
			t.Errorf("%s: the words are %q", kind, got)
		}
		if strings.Contains(w.Body.String(), "secret-thing") || strings.Contains(tr.log.String(), "think") {
			t.Errorf("%s: a field that is not to be kept is shown, or the log has the words", kind)
		}
	}
}

// TestLeaveWhateverIsWrong: the button to leave in a hurry shows no page of
// ours, least of all one with the letter.
func TestLeaveWhateverIsWrong(t *testing.T) {
	busy := func(*http.Request, page.Who) (*http.Request, error) { return nil, fault.New(fault.Busy, "fault.busy") }
	for name, tt := range map[string]struct {
		door  pagetest.Door
		token string
	}{
		"an old form":             {pagetest.Door{SignedIn: true}, "old"},
		"no session":              {pagetest.Door{}, pagetest.Token},
		"a database that is away": {pagetest.Door{Enters: busy}, pagetest.Token},
	} {
		tr := newTier(t, page.Public, tt.door)
		w := post(tr, "/write", "leave=yes&text=I+think+of+you.&form-token="+tt.token)
		if w.Code != http.StatusOK || w.Header().Get("Refresh") != "0; url="+page.LeavePlace || strings.Contains(w.Body.String(), "think") {
			t.Errorf("%s: got %d with %v", name, w.Code, w.Header())
		}
		if strings.Count(tr.log.String(), "\n") != 1 {
			t.Errorf("%s: the log has %s", name, tr.log.String())
		}
	}
	other := newTier(t, page.Public, pagetest.Door{SignedIn: true})
	if w := post(other, "/write", "leave=yes", "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden {
		t.Errorf("another website signs out: %d", w.Code)
	}
}

func TestGoodForm(t *testing.T) {
	tr := newTier(t, page.Public, pagetest.Door{SignedIn: true})
	w := post(tr, "/write", "form-token="+pagetest.Token+"&text=a%0D%0Ab%0Dc&to=x&to=y&empty=")
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/done" {
		t.Fatalf("got %d to %q, want 303 to /done", w.Code, w.Header().Get("Location"))
	}
	if got := tr.seen.Get("text"); got != "a\nb\nc" {
		t.Errorf("the text is %q", got)
	}
	if got := strings.Join(tr.seen.All("to"), ","); got != "x,y" {
		t.Errorf("the list is %q", got)
	}
	if !tr.seen.Has("empty") || tr.seen.Has("form-token") || tr.seen.Has("absent") {
		t.Errorf("the fields are %q", tr.seen.Names())
	}
}

func TestSessionEndsWhileWriting(t *testing.T) {
	var carried string
	door := challenging{Door: pagetest.Door{}, asked: func(w http.ResponseWriter, r *http.Request) {
		form, err := page.FormOf(r)
		if err != nil {
			t.Fatal(err)
		}
		carried = form.Get("text")
		w.WriteHeader(http.StatusUnauthorized)
	}}
	var failure error
	var seen page.Form
	router, err := page.NewRouter(pagetest.Site(page.Public, pagetest.Renderer(t), door), tryRoutes(&failure, &seen))
	if err != nil {
		t.Fatal(err)
	}
	w := post(router, "/write", "form-token=of-the-dead-session&text=kept")
	if w.Code != http.StatusUnauthorized || carried != "kept" {
		t.Errorf("got %d with %q, want 401 with the text", w.Code, carried)
	}
}

type challenging struct {
	pagetest.Door
	asked func(http.ResponseWriter, *http.Request)
}

func (c challenging) Challenge(w http.ResponseWriter, r *http.Request, _ error) error {
	c.asked(w, r)
	return nil
}

func TestHeadersOnEveryAnswer(t *testing.T) {
	want := map[string]string{
		"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "Cross-Origin-Opener-Policy": "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store", "X-Frame-Options": "DENY", "X-Robots-Tag": "noindex, nofollow",
		"Strict-Transport-Security": "max-age=63072000; includeSubDomains",
	}
	for _, name := range []page.Tier{page.Public, page.Staff} {
		tr := newTier(t, name, pagetest.Door{SignedIn: true})
		answers := map[string]*httptest.ResponseRecorder{"unknown": get(tr, "/x"), "method": get(tr, "/write"), "panic": get(tr, "/panic")}
		for _, route := range tr.routes {
			path := strings.ReplaceAll(route.Pattern, "{id}", letterID)
			if route.Method == http.MethodPost {
				answers[route.Pattern] = post(tr, path, "form-token="+pagetest.Token)
			} else {
				tr.fail = fault.New(fault.NotFound, "fault.notFound")
				answers[route.Pattern] = get(tr, path)
			}
		}
		for what, w := range answers {
			for header, value := range want {
				if got := w.Header().Get(header); got != value {
					t.Errorf("%s %s: %s is %q, want %q", name, what, header, got, value)
				}
			}
			policy := w.Header().Get("Content-Security-Policy")
			for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'", "require-trusted-types-for 'script'"} {
				if !strings.Contains(policy, part) {
					t.Errorf("%s %s: the policy lacks %s", name, what, part)
				}
			}
			if strings.Contains(policy, "unsafe") || strings.Contains(policy, "data:") || strings.Contains(policy, "*") {
				t.Errorf("%s %s: the policy is loose: %s", name, what, policy)
			}
			if len(w.Result().Cookies()) != 0 {
				t.Errorf("%s %s: the router set a cookie", name, what)
			}
		}
	}
}

func TestAssetsMayBeKept(t *testing.T) {
	tr := newTier(t, page.Public, pagetest.Door{})
	doc := pagetest.Parse(t, get(tr, "/help").Body.String())
	for _, address := range []string{doc.One("link[rel=stylesheet]").Attr("href"), doc.One("script[type=module]").Attr("src"), doc.One("link[rel=icon]").Attr("href")} {
		w := get(tr, address)
		if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: got %d, %q", address, w.Code, w.Header().Get("Cache-Control"))
		}
		if w.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%s: it has no policy", address)
		}
	}
	if w := get(tr, "/assets/none.css"); w.Code != http.StatusNotFound || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("an unknown file: got %d, %q", w.Code, w.Header().Get("Cache-Control"))
	}
}

func TestHead(t *testing.T) {
	server := httptest.NewServer(newTier(t, page.Public, pagetest.Door{}))
	defer server.Close()
	for path, want := range map[string]int{"/help": 200, "/x": 404, "/letters/a": 401, "/write": 405} {
		res, err := http.Head(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != want || res.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("HEAD %s: got %d, want %d with the headers", path, res.StatusCode, want)
		}
		if err := res.Body.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := get(newTier(t, page.Public, pagetest.Door{}), "/write").Header().Get("Allow"); got != "POST" {
		t.Errorf("Allow is %q, want POST", got)
	}
}

func TestLeave(t *testing.T) {
	tr := newTier(t, page.Public, pagetest.Door{})
	w := get(tr, "/leave")
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != page.LeavePlace {
		t.Errorf("GET: got %d to %q", w.Code, w.Header().Get("Location"))
	}
	w = post(tr, "/leave", "form-token="+pagetest.Token)
	if w.Code != http.StatusOK || w.Header().Get("Refresh") != "0; url="+page.LeavePlace {
		t.Errorf("POST: got %d with Refresh %q", w.Code, w.Header().Get("Refresh"))
	}
	if got := w.Header().Get("Clear-Site-Data"); got != `"cache", "storage"` {
		t.Errorf("Clear-Site-Data is %q: cookies of the whole domain are not ours to clear", got)
	}
}

func TestSeeOtherStaysHere(t *testing.T) {
	for place, good := range map[string]bool{
		"/letters": true, "/letters?page=2#x": true, "https://elsewhere.example/": false, "//elsewhere.example": false, "///elsewhere.example": false,
		`/\elsewhere.example`: false, "letters": false, "": false, "/%zz": false, "javascript:alert(1)": false,
	} {
		w := httptest.NewRecorder()
		err := page.SeeOther(w, httptest.NewRequest(http.MethodPost, "/", nil), place)
		if (err == nil) != good {
			t.Errorf("%q: got %v, want it to be good: %v", place, err, good)
		}
		if !good && w.Header().Get("Location") != "" {
			t.Errorf("%q: it was sent there", place)
		}
	}
}

func TestBrokenRouteTables(t *testing.T) {
	h := func(http.ResponseWriter, *http.Request) error { return nil }
	tests := map[string][]page.Route{
		"the method":        {{Method: "PUT", Pattern: "/a", Who: page.Anyone, Handler: h}},
		"is no path":        {{Method: "GET", Pattern: "a", Who: page.Anyone, Handler: h}},
		"everything below":  {{Method: "GET", Pattern: "/a/", Who: page.Anyone, Handler: h}},
		"nobody":            {{Method: "GET", Pattern: "/a", Handler: h}},
		"no handler":        {{Method: "GET", Pattern: "/a", Who: page.Anyone}},
		"a GET has no body": {{Method: "GET", Pattern: "/a", Who: page.Anyone, Handler: h, Body: 1}},
		"a body limit":      {{Method: "POST", Pattern: "/a", Who: page.Anyone, Handler: h}},
		"no page":           {{Method: "GET", Pattern: "/a", Who: page.Anyone, Handler: h, Page: "no/such"}},
		"conflicts":         {{Method: "GET", Pattern: "/a", Who: page.Anyone, Handler: h}, {Method: "GET", Pattern: "/a", Who: page.Anyone, Handler: h}},
		"add the route":     {{Method: "GET", Pattern: "/{", Who: page.Anyone, Handler: h}},
	}
	site := pagetest.Site(page.Staff, pagetest.Renderer(t), pagetest.Door{})
	for want, routes := range tests {
		if _, err := page.NewRouter(site, routes); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
	site.Now = nil
	if _, err := page.NewRouter(site, nil); err == nil {
		t.Error("a site without a clock was taken")
	}
	site.Now = time.Now
}

func TestWriteRoutes(t *testing.T) {
	tr := newTier(t, page.Public, pagetest.Door{})
	var b bytes.Buffer
	if err := page.WriteRoutes(&b, tr.routes); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"POST    /write          signed in  1000", "/safety", "page/help"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, b.String())
		}
	}
}
