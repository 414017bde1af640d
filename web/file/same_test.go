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
	"gatepost/web/page"
	"gatepost/web/webtest"
)

// going is something that happens in a case, of which its applicant learns
// nothing from us before a worker writes to them. Where somebody is asked for an
// answer there is more time to wait for: that is seen, and the answer is not.
type going struct {
	name   string
	asked  bool
	happen func(t *testing.T, w *intermediarytest.World, c intermediarytest.Case)
}

func goings() []going {
	state := func(fact string) func(*testing.T, *intermediarytest.World, intermediarytest.Case) {
		return func(t *testing.T, w *intermediarytest.World, c intermediarytest.Case) {
			w.State(t, string(c.Subject), fact)
		}
	}
	answered := func(veto string) func(*testing.T, *intermediarytest.World, intermediarytest.Case) {
		return func(t *testing.T, w *intermediarytest.World, c intermediarytest.Case) { w.Answered(t, c, veto) }
	}
	return []going{
		{"nothing", false, func(*testing.T, *intermediarytest.World, intermediarytest.Case) {}},
		{"somebody was found, and has an account", false, func(t *testing.T, w *intermediarytest.World, c intermediarytest.Case) {
			must(t, w.Cases.Trace(t.Context(), w.CaseWorker, intermediary.NewTrace{Subject: string(c.Subject), Outcome: intermediary.TraceFound, Where: "the register"}))
			w.Join(t, string(c.Subject), "subject")
		}},
		{"an absolute veto was registered here", false, func(t *testing.T, w *intermediarytest.World, c intermediarytest.Case) {
			_, err := w.Cases.RegisterVeto(t.Context(), w.CaseWorker, intermediary.VetoNotice{Adopted: string(c.Adopted), Registrant: "adoptedPerson", Capacity: true, PersonMet: true, MetVerified: true,
				LinkProven: true, Form: "writing", Addressee: "AAA", Information: "given", Kind: intermediary.VetoAbsolute, ReceivedOn: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), Wishes: "please leave me be", Why: "her letter"})
			must(t, err)
		}},
		{"the agency of the adoption told of a veto", true, answered("absolute")},
		{"it told of a qualified one", true, answered("qualified")},
		{"it told of none", true, answered("none")},
		{"it does not know", true, answered("unknown")},
		{"they were asked and said no", false, func(t *testing.T, w *intermediarytest.World, c intermediarytest.Case) {
			must(t, w.Cases.Approach(t.Context(), w.CaseWorker, intermediary.NewApproach{Subject: string(c.Subject), Outcome: intermediary.ApproachSent, Way: "letter", Script: intermediary.ScriptVersion, Words: "a plain envelope"}))
			w.Consent(t, c, intermediary.ConsentNo)
		}},
		{"they said yes, and something is prepared", false, func(t *testing.T, w *intermediarytest.World, c intermediarytest.Case) {
			w.Consent(t, c, intermediary.ConsentYes, "name")
			w.Item(t, c, "name")
		}},
		{"they want no contact", false, state("acrNoContact=yes")},
		{"somebody asked for protection", false, func(t *testing.T, w *intermediarytest.World, c intermediarytest.Case) {
			_, err := w.Cases.AskForStop(t.Context(), w.CaseWorker, string(c.Subject), "she rang, and is afraid")
			must(t, err)
		}},
		{"the subject has died", false, state("subjectVital=died")},
		{"it was found not to be right", false, state("approp=no")},
	}
}

// changing is what is another in each case, and on each visit.
var changing = regexp.MustCompile(`(ap|sb|ad|cm|dc|pe)[a-z2-7]{20}|value="[A-Za-z0-9_-]{20,}"|nonce[-="]+[A-Za-z0-9+/_=-]+`)

// visitor is an applicant's browser, which notes what its pages ask of the
// database.
type visitor struct {
	*webtest.Browser
	w    *intermediarytest.World
	path string
}

// sees is the pages that a case has now, with what is another in each left out,
// and the statements that they cost. The first visit of each verifies what was
// signed; the second counts.
func (v visitor) sees(t *testing.T) (bodies, sent []string) {
	t.Helper()
	for range 2 {
		v.w.PublicSent.Take()
		bodies = nil
		paths := []string{"/letters", v.path, v.path + "/messages", v.path + "/tell", v.path + "/say", v.path + "/service"}
		for _, e := range v.Get(v.path).Doc().All("main a[href]") {
			if href := e.Attr("href"); strings.HasPrefix(href, v.path+"/letter/") {
				paths = append(paths, href)
			}
		}
		for _, path := range paths {
			a := v.Get(path)
			bodies = append(bodies, http.StatusText(a.Status)+"\n"+changing.ReplaceAllString(a.Body, "…"))
		}
		slices.Sort(bodies[6:]) // letters of one day come in no order
		sent = v.w.PublicSent.Take()
	}
	return bodies, sent
}

// writes is the answers to what the applicant writes to us.
func (v visitor) writes(t *testing.T) (answers, sent []string) {
	t.Helper()
	token := v.Get("/help").Doc().All("input[name=form-token]")[0].Attr("value")
	v.w.PublicSent.Take()
	for _, at := range []string{"/tell", "/say", "/service"} {
		a := v.Post(v.path+at, url.Values{page.TokenField: {token}, "words": {"What goes on?"}, "listened": {"3"}})
		answers = append(answers, http.StatusText(a.Status)+" "+changing.ReplaceAllString(a.Header.Get("Location")+a.Body, "…"))
	}
	return answers, v.w.PublicSent.Take()
}

// same compares what an applicant sees in one case with what another sees.
func same(t *testing.T, when, what string, got, want, sent, asked []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s, %s: %d pages, want %d", what, when, len(got), len(want))
		return
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%s, %s: page %d differs:\n%s\nwant\n%s", what, when, i, got[i], want[i])
		}
	}
	if !slices.Equal(sent, asked) {
		t.Errorf("%s, %s: %d statements, want %d:\n%s\nwant\n%s", what, when, len(sent), len(asked), strings.Join(sent, "\n"), strings.Join(asked, "\n"))
	}
}

// TestGoings_SameBytes: whatever happens in a case, the applicant's pages are
// the same bytes and ask the same of the database, as long as it goes on, after
// something was refused, and once it has ended; and so are the answers to what
// they write. Whether it ended as stopped or closed is not told.
func TestGoings_SameBytes(t *testing.T) {
	s := webtest.New(t)
	w := intermediarytest.In(t, s.World)
	type seen struct{ bodies, sent []string }
	want := map[bool]*[4]seen{}
	for i, g := range goings() {
		c := w.Ready(t, "REL>AP")
		l, _ := w.Join(t, string(c.ID), "applicant")
		g.happen(t, w, c)
		v := visitor{s.Family(t), w, "/file/" + string(c.ID)}
		v.SignIn(s, &l)
		first := want[g.asked] == nil
		if first {
			want[g.asked] = &[4]seen{}
		}
		check := func(at int, when string, bodies, sent []string) {
			t.Helper()
			if first {
				want[g.asked][at] = seen{bodies, sent}
			}
			same(t, when, g.name, bodies, want[g.asked][at].bodies, sent, want[g.asked][at].sent)
		}
		bodies, sent := v.sees(t)
		check(0, "while it goes on", bodies, sent)
		_, _, err := w.Cases.Refuse(t.Context(), w.CaseWorker, intermediary.Refusal{Of: string(c.Subject), Reasons: g.name, Letter: "We cannot give you more than you have."})
		must(t, err)
		bodies, sent = v.sees(t)
		check(1, "after a refusal", bodies, sent)
		if len(bodies) != 7 {
			t.Fatalf("%d pages: the letter was not looked at", len(bodies))
		}
		must(t, w.Cases.EndCase(t.Context(), w.CaseWorker, c.ID, intermediary.Ending{State: []string{"stopped", "closed"}[i%2], Reasons: g.name, Letter: "Our work on your application has ended."}))
		bodies, sent = v.sees(t)
		check(2, "at the end", bodies, sent)
		bodies, sent = v.writes(t)
		check(3, "written to", bodies, sent)
	}
}

// TestOthers_SameBytes: whoever names somebody else's file, letter or pack gets
// what they get for one that is not there, at the same cost.
func TestOthers_SameBytes(t *testing.T) {
	h := newHome(t)
	letter := intermediary.NewLetterID()
	must(t, h.world.Cases.SendLetter(t.Context(), h.world.CaseWorker, intermediary.FileID(h.kase.ID), letter, "A heron stood there."))
	pack := h.give(t)
	other := h.world.Ready(t, "AP>REL")
	l, actor := h.world.Join(t, string(other.ID), "applicant")
	b := h.as(t, &l)
	token := b.Get("/help").Doc().All("input[name=form-token]")[0].Attr("value")
	own := "/file/" + string(other.ID)
	for _, tt := range []struct{ theirs, nobodys string }{
		{"/file/" + string(h.kase.ID), "/file/apaaaaaaaaaaaaaaaaaaaa"},
		{"/file/" + string(h.kase.Subject), "/file/sbaaaaaaaaaaaaaaaaaaaa"},
		{"/file/" + string(other.Subject), "/file/sbaaaaaaaaaaaaaaaaaaaa"},
		{"/file/" + string(h.kase.ID) + "/messages", "/file/apaaaaaaaaaaaaaaaaaaaa/messages"},
		{"/file/" + string(h.kase.ID) + "/tell", "/file/apaaaaaaaaaaaaaaaaaaaa/tell"},
		{"/file/" + string(h.kase.ID) + "/say?of=" + letter, "/file/apaaaaaaaaaaaaaaaaaaaa/say?of=cmaaaaaaaaaaaaaaaaaaaa"},
		{"/file/" + string(h.kase.ID) + "/service", "/file/apaaaaaaaaaaaaaaaaaaaa/service"},
		{"/file/" + string(h.kase.ID) + "/letter/" + letter, "/file/apaaaaaaaaaaaaaaaaaaaa/letter/" + letter},
		{own + "/letter/" + letter, own + "/letter/cmaaaaaaaaaaaaaaaaaaaa"},
		{"/pack/" + pack, "/pack/dcaaaaaaaaaaaaaaaaaaaa"},
		{"/pack/" + pack + "/read", "/pack/dcaaaaaaaaaaaaaaaaaaaa/read"},
		{"POST /pack/" + pack + "/open", "POST /pack/dcaaaaaaaaaaaaaaaaaaaa/open"},
		{"POST /file/" + string(h.kase.ID) + "/tell", "POST /file/apaaaaaaaaaaaaaaaaaaaa/tell"},
		{"POST /file/" + string(h.kase.ID) + "/say", "POST /file/apaaaaaaaaaaaaaaaaaaaa/say"},
		{"POST /file/" + string(h.kase.ID) + "/service", "POST /file/apaaaaaaaaaaaaaaaaaaaa/service"},
		{"POST " + own + "/say?of=" + letter, "POST " + own + "/say?of=cmaaaaaaaaaaaaaaaaaaaa"},
	} {
		ask := func(path string) (body string, sent []string) {
			for range 2 {
				h.PublicSent.Take()
				var a webtest.Answer
				path, query, _ := strings.Cut(path, "?of=")
				if to, posted := strings.CutPrefix(path, "POST "); posted {
					a = b.Post(to, url.Values{page.TokenField: {token}, "words": {"Some words"}, "listened": {"3"}, "of": {query}})
				} else if query != "" {
					a = b.Get(path + "?of=" + query)
				} else {
					a = b.Get(path)
				}
				if strings.Contains(a.Body, "heron") {
					t.Errorf("%s shows it", path)
				}
				body = http.StatusText(a.Status) + "\n" + changing.ReplaceAllString(a.Header.Get("Location")+a.Body, "…")
				sent = h.PublicSent.Take()
			}
			return body, sent
		}
		want, asked := ask(tt.nobodys)
		got, sent := ask(tt.theirs)
		if got != want || !slices.Equal(sent, asked) {
			t.Errorf("%s: %d statements, %s\nwant as for %s: %d statements, %s", tt.theirs, len(sent), got, tt.nobodys, len(asked), want)
		}
	}

	// The services, which the pages ask only for what is in a list of theirs.
	ctx := t.Context()
	for name, ask := range map[string]func(own bool) error{
		"a pack": func(theirs bool) error {
			_, err := h.world.Files.OpenPack(ctx, actor, map[bool]string{true: pack, false: "dcaaaaaaaaaaaaaaaaaaaa"}[theirs])
			return err
		},
		"a file": func(theirs bool) error {
			_, err := h.world.Files.File(ctx, actor, map[bool]intermediary.FileID{true: intermediary.FileID(h.kase.ID), false: "apaaaaaaaaaaaaaaaaaaaa"}[theirs])
			return err
		},
		"a letter": func(theirs bool) error {
			_, err := h.world.Files.Letter(ctx, actor, intermediary.FileID(other.ID), map[bool]string{true: letter, false: "cmaaaaaaaaaaaaaaaaaaaa"}[theirs])
			return err
		},
		"a message": func(theirs bool) error {
			_, err := h.world.Files.Tell(ctx, actor, map[bool]intermediary.FileID{true: intermediary.FileID(h.kase.ID), false: "apaaaaaaaaaaaaaaaaaaaa"}[theirs], "Hello?")
			return err
		},
	} {
		h.PublicSent.Take()
		want := ask(false)
		asked := h.PublicSent.Take()
		got := ask(true)
		sent := h.PublicSent.Take()
		if got == nil || changing.ReplaceAllString(got.Error(), "…") != changing.ReplaceAllString(want.Error(), "…") || !slices.Equal(sent, asked) {
			t.Errorf("%s: %v after %d statements, want %v after %d", name, got, len(sent), want, len(asked))
		}
	}
}
