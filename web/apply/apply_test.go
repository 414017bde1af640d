package apply_test

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres/postgrestest"
	"gatepost/web/apply"
	"gatepost/web/page"
	"gatepost/web/page/pagetest"
	"gatepost/web/webtest"
	"gatepost/web/words"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// begun is a browser that has begun an enquiry, and its code.
func begun(t *testing.T, s *webtest.Site) (*webtest.Browser, string) {
	t.Helper()
	b := s.Family(t)
	a := b.Get("/apply").Want(200).Submit("/apply").Want(303).Follow()
	if a.Path != "/apply/code" {
		t.Fatalf("beginning leads to %s", a.Path)
	}
	return b, a.Doc().One("main strong.gp-code").Text()
}

// said is what somebody answers, page by page: pairs of a field and a value.
type said struct {
	question string
	fields   []string
	then     string // where it leads
}

// adult is an adopted adult of 1960.
func adult() []said {
	return []said{
		{"purpose", []string{"purpose", "search"}, "/apply/ask/who"},
		{"who", []string{"who", "adopted"}, "/apply/ask/when"},
		{"when", []string{"when", "interview"}, "/apply/ask/where"},
		{"where", []string{"where", "england"}, "/apply/what"},
		{"seeks", []string{"seeks", "birthRecord", "hopes", "To know\nwhy."}, "/apply/ask/name"},
		{"name", []string{"name", "Nerys Holloway"}, "/apply/ask/born"},
		{"born", []string{"born-year", "1960"}, "/apply/ask/reach"},
		{"reach", []string{"reach", "phone", "phone", "01632 960123", "safe", "Mornings only."}, "/apply/ask/address"},
		{"address", nil, "/apply/ask/adoption"},
		{"adoption", []string{"birthName", "Nerys Vane"}, "/apply/ask/sought"},
		{"sought", []string{"sought", "My birth mother, Tamsin Vane."}, "/apply/ask/helper"},
		{"helper", nil, "/apply/ask/needs"},
		{"needs", []string{"needs", "largePrint"}, "/apply/check"},
	}
}

// answers goes through questions as a person does, and reads the pages between.
func answers(t *testing.T, b *webtest.Browser, list []said) {
	t.Helper()
	for _, s := range list {
		path := "/apply/ask/" + s.question
		a := b.Get(path).Want(200).Submit(path, append(s.fields, "do", "next")...).Want(303)
		if got := a.Header.Get("Location"); got != s.then {
			t.Fatalf("%s leads to %s, want %s", s.question, got, s.then)
		}
		a = a.Follow().Want(200)
		if a.Path == "/apply/what" {
			a = b.Get(a.Doc().One("main a.govuk-button").Attr("href")).Want(200)
		}
		if a.Path == "/apply/information" {
			a.Submit("/apply/information").Want(303)
		}
	}
}

// An adopted adult asks, stops, comes back on another phone, changes an answer,
// sends, and is told by when they hear.
func TestJourney(t *testing.T) {
	s := webtest.New(t)
	b, code := begun(t, s)
	answers(t, b, adult()[:8])
	a := b.Get("/apply/ask/address").Submit("/apply/ask/address", "address", "4 Heron Lane", "do", "later").Want(303)
	if a.Header.Get("Location") != "/apply/code" {
		t.Errorf("stopping leads to %s", a.Header.Get("Location"))
	}
	a.Follow().Submit("/apply/stop").Want(303).Follow().Want(200)
	if b.Get("/apply/check").Want(303).Header.Get("Location") != "/apply/return" {
		t.Error("the browser has it still")
	}

	other := s.Family(t)
	a = other.Get("/apply/return").Submit("/apply/return", "code", strings.ToLower(code)).Want(303).Follow().Want(200)
	if text := a.Doc().One("main").Text(); !strings.Contains(text, "Nerys Holloway") || !strings.Contains(text, "4 Heron Lane") || !strings.Contains(text, "1960") {
		t.Errorf("the answers are not there: %s", text)
	}
	answers(t, other, adult()[9:])
	a = other.Get("/apply/ask/name?from=check").Want(200).Submit("/apply/ask/name", "name", "Nerys Vane Holloway", "do", "next").Want(303)
	if a.Header.Get("Location") != "/apply/check" {
		t.Errorf("changing an answer leads to %s", a.Header.Get("Location"))
	}
	a = a.Follow()
	if !strings.Contains(a.Doc().One("main").Text(), "Nerys Vane Holloway") {
		t.Error("the change is not there")
	}
	sent := a.Submit("/apply/send").Want(303).Follow().Want(200)
	if text := sent.Doc().One("main").Text(); sent.Path != "/apply/sent" || !strings.Contains(text, "7 December 2026") || strings.Contains(text, code) {
		t.Errorf("the receipt at %s says %s", sent.Path, text)
	}
	for _, path := range []string{"/apply/check", "/apply/ask/name", "/apply/what", "/apply/code"} {
		if got := other.Get(path).Want(303).Header.Get("Location"); got != "/apply/sent" {
			t.Errorf("after sending %s leads to %s", path, got)
		}
	}
}

// What the law has is told before anything else is asked, in words for each.
func TestWhat(t *testing.T) {
	s := webtest.New(t)
	for name, tt := range map[string]struct {
		answers []said
		want    []string
	}{
		"an adult of before 1975": {adult()[:4], []string{"apply.what.service.adopted.1", "apply.what.birth.interview.2"}},
		"an adult of after 2005": {[]said{{"who", []string{"who", "adopted"}, "/apply/ask/when"}, {"when", []string{"when", "post"}, "/apply/ask/where"},
			{"where", []string{"where", "wales"}, "/apply/what"}}, []string{"apply.what.duty.adopted.1", "apply.what.duty.send", "apply.what.birth.agency.1", "apply.what.wales"}},
		"a birth mother": {[]said{{"who", []string{"who", "relative"}, "/apply/ask/relation"}, {"relation", nil, "/apply/ask/looks"}, {"looks", []string{"looks", "adopted"}, "/apply/ask/when"},
			{"when", []string{"when", "pre"}, "/apply/ask/where"}, {"where", []string{"where", "england"}, "/apply/what"}}, []string{"apply.what.service.relative.2", "apply.what.service.first"}},
		"a grandchild, by a friend": {[]said{{"who", []string{"who", "behalf"}, "/apply/ask/behalf"}, {"behalf", []string{"for", "prescribed", "speaker", "Her friend."}, "/apply/ask/relation"},
			{"relation", nil, "/apply/ask/looks"}, {"looks", []string{"looks", "relative"}, "/apply/ask/when"}, {"when", []string{"when", "pre"}, "/apply/ask/where"},
			{"where", []string{"where", "england"}, "/apply/what"}}, []string{"apply.what.service.consent.1"}},
		"a search that the law does not know": {[]said{{"who", []string{"who", "prescribed"}, "/apply/ask/relation"}, {"relation", nil, "/apply/ask/looks"}, {"looks", []string{"looks", "adopted"}, "/apply/ask/when"},
			{"when", []string{"when", "pre"}, "/apply/ask/where"}, {"where", []string{"where", "england"}, "/apply/what"}}, []string{"apply.what.pair.2"}},
		"somebody who knows nothing": {[]said{{"who", []string{"who", "unsure"}, "/apply/ask/relation"}, {"relation", nil, "/apply/ask/when"}, {"when", []string{"when", "unknown"}, "/apply/ask/where"},
			{"where", []string{"where", "unknown"}, "/apply/what"}}, []string{"apply.what.ask.2"}},
	} {
		b, _ := begun(t, s)
		answers(t, b, tt.answers)
		text := b.Get("/apply/what").Want(200).Doc().One("main").Text()
		for _, key := range tt.want {
			if !strings.Contains(text, english(t).T(key)) {
				t.Errorf("%s is not told %s", name, key)
			}
		}
	}
}

func english(t testing.TB) *words.Words {
	t.Helper()
	c, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c.In("en")
}

// Nothing is sent without a name and a way, or before somebody was shown what
// they should know; and only what was checked.
func TestSend_Refused(t *testing.T) {
	s := webtest.New(t)
	b, _ := begun(t, s)
	first := b.Get("/apply/ask/who")
	token := first.Form("/apply/ask/who").Get(page.TokenField)
	send := func(version string) webtest.Answer {
		return b.Post("/apply/send", url.Values{page.TokenField: {token}, "version": {version}})
	}
	if len(b.Get("/apply/check").Want(200).Doc().All("form[action=/apply/send]")) != 0 {
		t.Error("it is offered to be sent before anything was read")
	}
	if text := send("1").Want(422).Doc().One("main").Text(); !strings.Contains(text, english(t).T("fault.intake.name")) || !strings.Contains(text, english(t).T("fault.intake.reach")) {
		t.Errorf("it says %s", text)
	}
	b.Get("/apply/ask/name").Submit("/apply/ask/name", "name", " ", "do", "next").Want(422)
	b.Get("/apply/ask/name").Submit("/apply/ask/name", "name", "Nerys Vane", "do", "next").Want(303)
	b.Get("/apply/ask/reach").Submit("/apply/ask/reach", "reach", "email", "email", "nowhere", "do", "next").Want(422)
	b.Get("/apply/ask/reach").Submit("/apply/ask/reach", "reach", "post", "do", "next").Want(303)
	b.Get("/apply/ask/address").Submit("/apply/ask/address", "do", "next").Want(422)
	b.Get("/apply/ask/address").Submit("/apply/ask/address", "address", "4 Heron Lane", "do", "next").Want(303)
	b.Get("/apply/ask/born").Submit("/apply/ask/born", "born-day", "30", "born-month", "2", "born-year", "1990", "do", "next").Want(422)
	version := func() string { // each saving is a version
		for n := range 20 {
			if a := send(fmt.Sprint(n)); a.Status != http.StatusConflict {
				a.Want(422)
				return fmt.Sprint(n)
			}
		}
		t.Fatal("no version is the newest")
		return ""
	}
	if text := send(version()).Doc().One("main").Text(); !strings.Contains(text, english(t).T("fault.intake.information")) {
		t.Errorf("it says %s", text)
	}
	old := b.Get("/apply/information").Form("/apply/information")
	old.Set("version", "2020-01-01.en")
	if got := b.Post("/apply/information", old).Want(303).Header.Get("Location"); got != "/apply/information" {
		t.Errorf("an old page of information leads to %s", got)
	}
	b.Get("/apply/information").Submit("/apply/information").Want(303)
	check := b.Get("/apply/check")
	b.Get("/apply/ask/born").Submit("/apply/ask/born", "born-year", "1990", "do", "next").Want(303)
	check.Submit("/apply/send").Want(409).Submit("/apply/send").Want(303)
}

// Whoever has no enquiry open is sent to where a code is entered, and a form
// without the visit's own token does nothing.
func TestStrangers(t *testing.T) {
	s := webtest.New(t)
	status := map[string]int{"GET /apply": 200, "POST /apply": 303, "GET /apply/return": 200, "POST /apply/return": 422, "GET /apply/left": 200,
		"GET /apply/information": 200, "POST /apply/stop": 303}
	b := s.Family(t)
	token := b.Get("/apply").Form("/apply").Get(page.TokenField)
	for _, route := range apply.Routes(apply.Room{}) {
		if route.Who != page.Anyone {
			t.Errorf("%s is for %s", route.Pattern, route.Who)
		}
		path := strings.Replace(route.Pattern, "{question}", "name", 1)
		visitor := s.Family(t)
		visitor.Cookies = map[string]string{"__Host-gpf": b.Cookies["__Host-gpf"]}
		var a webtest.Answer
		if route.Method == http.MethodGet {
			a = visitor.Get(path)
		} else {
			if got := visitor.Post(path, url.Values{"name": {"Nerys"}}).Status; got != 403 {
				t.Errorf("%s without a token gives %d", path, got)
			}
			a = visitor.Post(path, url.Values{page.TokenField: {token}, "name": {"Nerys"}})
		}
		want, ok := status[route.Method+" "+route.Pattern]
		if !ok {
			want = 303
			if got := a.Header.Get("Location"); got != "/apply/return" {
				t.Errorf("%s %s leads to %q", route.Method, path, got)
			}
		}
		if a.Status != want {
			t.Errorf("%s %s gives %d, want %d", route.Method, path, a.Status, want)
		}
	}
	begunOne, _ := begun(t, s)
	begunOne.Get("/apply/ask/relation").Want(404) // not asked of whoever said nothing yet
	begunOne.Get("/apply/ask/nothing").Want(404)
}

// Leaving in a hurry takes the enquiry from the browser, and so does signing out.
func TestLeave(t *testing.T) {
	s := webtest.New(t)
	for _, leave := range []func(*webtest.Browser){
		func(b *webtest.Browser) { b.Get("/leave") },
		func(b *webtest.Browser) {
			b.Post("/sign-out", url.Values{page.TokenField: {b.Get("/apply/code").Form("/apply/stop").Get(page.TokenField)}})
		},
	} {
		b, _ := begun(t, s)
		leave(b)
		if got := b.Get("/apply/code").Want(303).Header.Get("Location"); got != "/apply/return" {
			t.Errorf("afterwards the code is at %s", got)
		}
	}
}

// A code that nobody has is refused in words that say nothing, and one that was
// declined shows the page of one that waits, byte for byte.
func TestCodes(t *testing.T) {
	s := webtest.New(t)
	_, worker := s.NewWorker(t, "Elowen Pask", authz.IntermediaryWorker)
	pages := map[string]string{}
	for _, name := range []string{"waiting", "declined"} {
		b, code := begun(t, s)
		answers(t, b, adult())
		b.Get("/apply/check").Submit("/apply/send").Want(303)
		if name == "declined" {
			tray, err := s.Cases.Intakes(t.Context(), worker)
			must(t, err)
			if err := s.Cases.DeclineIntake(t.Context(), worker, tray[1].ID, "Another agency."); fault.KindOf(err) != "" {
				t.Fatal(err)
			}
		}
		later := s.Family(t)
		a := later.Get("/apply/return").Submit("/apply/return", "code", code).Want(303).Follow().Follow().Want(200)
		pages[name] = strings.ReplaceAll(a.Body, a.Form("/apply/stop").Get(page.TokenField), "")
	}
	if pages["waiting"] != pages["declined"] {
		t.Errorf("the pages differ:\n%s\n%s", pages["waiting"], pages["declined"])
	}
	b := s.Family(t)
	text := b.Get("/apply/return").Submit("/apply/return", "code", "7K3M-9Q2X-W4TB-8NDS").Want(422).Doc().One("main").Text()
	if !strings.Contains(text, english(t).T("fault.intake.unknown")) {
		t.Errorf("it says %s", text)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// informationSum is what the words of the information hash to at the version
// that the catalogue gives. Whoever changes the words gives them the day's
// version there, and here the sum: what was shown to whom is looked up by it.
const (
	informationVersion = "2026-11-22.en"
	informationSum     = "974a8169d61076be03ccd17a4e646a77d6bf513563de4e0a6be6be26afe22821"
)

func TestInformationVersion(t *testing.T) {
	w := english(t)
	var keys []string
	for _, key := range w.Keys() {
		if strings.HasPrefix(key, "apply.info.") && key != "apply.info.version" && key != "apply.info.which" {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	h := sha256.New()
	for _, key := range keys {
		fmt.Fprintf(h, "%s=%s\n", key, w.T(key))
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != informationSum || w.T("apply.info.version") != informationVersion {
		t.Errorf("version %s of the information has the words %s: the version and this test go with the words", w.T("apply.info.version"), got)
	}
}

// The pages keep the rules of every page, filled in and refused.
func TestQuestions(t *testing.T) {
	s := webtest.New(t)
	b, code := begun(t, s)
	for _, s := range adult() {
		a := b.Get("/apply/ask/" + s.question).Want(200)
		pagetest.Check(t, a.Body)
		if !strings.Contains(a.Doc().One("main").Text(), code) {
			t.Errorf("%s does not show the code", s.question)
		}
		a = a.Submit("/apply/ask/"+s.question, append(s.fields, "do", "next")...)
		if location := a.Header.Get("Location"); strings.Contains(location, code) || strings.Contains(location, "Nerys") {
			t.Errorf("the address %s tells something", location)
		}
	}
	long := strings.Repeat("word ", 2000)
	a := b.Get("/apply/ask/sought").Submit("/apply/ask/sought", "sought", long, "do", "next").Want(422)
	if got := a.Doc().One("textarea").Raw(); !strings.HasPrefix(strings.TrimSpace(got), strings.TrimSpace(long)) {
		t.Error("a text that is too long does not come back")
	}
}

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares the main part of a page with how it was looked at.
func golden(t *testing.T, name string, a webtest.Answer) {
	t.Helper()
	got := hidden.ReplaceAllString(a.Doc().One("main").HTML(), "TOKEN") + "\n"
	file := filepath.Join("testdata", name)
	if *update {
		must(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if got != string(want) {
		t.Errorf("%s is different; look at it and run with -update:\n%s", file, got)
	}
}

// hidden is what is another on each visit: tokens and codes.
var hidden = regexp.MustCompile(`[A-Za-z0-9_-]{43}|([0-9A-Z]{4}-){3}[0-9A-Z]{4}`)

func TestGolden(t *testing.T) {
	s := webtest.New(t)
	golden(t, "start.golden", s.Family(t).Get("/apply"))
	golden(t, "information.golden", s.Family(t).Get("/apply/information"))
	b, _ := begun(t, s)
	answers(t, b, adult())
	golden(t, "reach.golden", b.Get("/apply/ask/reach"))
	golden(t, "check.golden", b.Get("/apply/check"))
	golden(t, "sent.golden", b.Get("/apply/check").Submit("/apply/send").Follow())
	b, _ = begun(t, s)
	golden(t, "purpose.golden", b.Get("/apply/ask/purpose"))
	answers(t, b, vetoed())
	golden(t, "veto.golden", b.Get("/apply/about"))
	golden(t, "family.golden", b.Get("/apply/family"))
	golden(t, "check-veto.golden", b.Get("/apply/check"))
	answers(t, b, wished()[:1])
	golden(t, "wish.golden", b.Get("/apply/about"))
}
