package family_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/letterbox"
	"gatepost/web/webtest"
	"gatepost/web/words"
)

// main is what a page says.
func main(a webtest.Answer) string { return a.Doc().One("main").Text() }

// says ends the test unless the page says it.
func says(t *testing.T, a webtest.Answer, words string) {
	t.Helper()
	if !strings.Contains(main(a), words) {
		t.Errorf("%s does not say %q: %s", a.Path, words, main(a))
	}
}

// passed gives the only letter on the desk to the other side.
func (h *home) passed(t *testing.T) letterbox.LetterID {
	t.Helper()
	id := h.claimed(t)
	if err := h.Desk.Pass(t.Context(), h.World.Worker, id, ""); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestWithdraw(t *testing.T) {
	h := newHome(t)
	sent := send(t, h.birth, letter)
	ask := h.birth.Get(link(t, sent, sent.Path+"/withdraw")).Want(http.StatusOK)
	if len(h.birth.Get(sent.Path).Doc().All("form[action="+sent.Path+"/withdraw]")) != 0 {
		t.Error("a letter is taken back without being asked once")
	}
	done := ask.Submit(ask.Path).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	done.Doc().One(".govuk-notification-banner--success")
	says(t, done, "You took it back.")
	says(t, ask.Submit(ask.Path).Want(http.StatusSeeOther).Follow(), "You took your letter back.") // pressed twice
	if to := h.birth.Get(ask.Path).Want(http.StatusSeeOther).Header.Get("Location"); to != sent.Path {
		t.Errorf("a letter that is taken back asks again at %s", to)
	}

	sent = send(t, h.birth, "Another one.")
	ask = h.birth.Get(sent.Path + "/withdraw").Want(http.StatusOK)
	h.passed(t)
	late := ask.Submit(ask.Path).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	late.Doc().None(".govuk-notification-banner--success")
	says(t, late, "You cannot take it back now")
	says(t, late, "We passed it on.")
	h.adoptive.Get(ask.Path).Want(http.StatusNotFound)
	h.adoptive.Post(ask.Path, ask.Form(ask.Path)).Want(http.StatusForbidden) // the token is another's
}

// A letter that a worker refused or kept while its writer pressed the button:
// the page says that it goes nowhere, and what happens now.
func TestWithdraw_Late(t *testing.T) {
	h, ctx := newHome(t), t.Context()
	for want, decide := range map[string]func(letterbox.LetterID) error{
		"We cannot pass it on.": func(id letterbox.LetterID) error { return h.Desk.Refuse(ctx, h.World.Worker, id, "upsetting", "", "") },
		"The child can ask us for it when they are grown up.": func(id letterbox.LetterID) error {
			return h.Desk.KeepOnFile(ctx, h.World.Worker, id, "")
		},
	} {
		sent := send(t, h.birth, letter)
		ask := h.birth.Get(sent.Path + "/withdraw").Want(http.StatusOK)
		if err := decide(h.claimed(t)); err != nil {
			t.Fatal(err)
		}
		late := ask.Submit(ask.Path).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
		late.Doc().None(".govuk-notification-banner--success")
		says(t, late, "so you need not take it back")
		says(t, late, want)
	}
}

// Two letters of one day are told apart in every list of both sides, in the
// order in which they went; the link of one that went back to the agency says so
// to who had it, and to nobody else.
func TestTwoOfOneDay(t *testing.T) {
	h, ctx := newHome(t), t.Context()
	first := send(t, h.birth, letter)
	h.passed(t)
	front := h.birth.Get("/letters")
	if strings.Contains(main(front), "(letter ") {
		t.Error("one letter has a number")
	}
	second := send(t, h.birth, "Another one.")
	id := h.passed(t)
	for path, want := range map[string]string{first.Path: "(letter 1", second.Path: "(letter 2"} {
		if got := h.birth.Get("/letters").Doc().One("main a[href=" + path + "]").Text(); !strings.HasSuffix(got, want+")") {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
		for _, e := range h.birth.Get(link(t, front, "/side/")).Doc().All("main a[href=" + path + "]") {
			if !strings.Contains(e.Text(), want+" of ") {
				t.Errorf("what happened says %q, want %q", e.Text(), want)
			}
		}
	}
	came := h.adoptive.Get("/letters")
	says(t, came, "(letter 1)")
	says(t, came, "(letter 2)")

	var delivery string
	if err := h.Database.Admin().QueryRow(ctx, `select id from delivery where letter_id = $1`, string(id)).Scan(&delivery); err != nil {
		t.Fatal(err)
	}
	cover := h.adoptive.Get("/letter/" + delivery).Want(http.StatusOK)
	if err := h.Desk.Recall(ctx, h.World.Worker, id, "a planted reason"); err != nil {
		t.Fatal(err)
	}
	for _, a := range []webtest.Answer{h.adoptive.Get(cover.Path), h.adoptive.Get(cover.Path + "/read"), cover.Submit(cover.Path + "/open"), cover.Submit(cover.Path + "/keep")} {
		says(t, a.Want(http.StatusGone), "This letter is with us for now")
		says(t, a, h.Home.Phone)
	}
	h.birth.Get(cover.Path).Want(http.StatusNotFound)
	if err := h.Desk.Restore(ctx, h.World.Worker, id); err != nil {
		t.Fatal(err)
	}
	h.adoptive.Get(cover.Path).Want(http.StatusOK)
}

// A letter that came back is its writer's to change: there is nothing to take
// back. Of one that is with us again they know what happens now.
func TestSent_Next(t *testing.T) {
	h, ctx := newHome(t), t.Context()
	sent := send(t, h.birth, letter)
	if err := h.Desk.Return(ctx, h.World.Worker, h.claimed(t), "unclear", "", ""); err != nil {
		t.Fatal(err)
	}
	h.birth.Get(sent.Path).Want(http.StatusOK).Doc().None("main a[href=" + sent.Path + "/withdraw]")
	if to := h.birth.Get(sent.Path + "/withdraw").Want(http.StatusSeeOther).Header.Get("Location"); to != sent.Path {
		t.Errorf("a letter that came back asks at %s", to)
	}
	sent = send(t, h.birth, "Another one.")
	if err := h.Desk.Recall(ctx, h.World.Worker, h.passed(t), ""); err != nil {
		t.Fatal(err)
	}
	page := h.birth.Get(sent.Path)
	says(t, page, "We will call you by ")
	says(t, page, "If it takes us longer, we say so here.")
	says(t, h.birth.Get("/letters"), "We will call you by ")
	h.Exec(t, `update letter set hear_by = current_date - 9 where state = 'recalled'`)
	page = h.birth.Get(sent.Path)
	says(t, page, "It is with us again. We are late, and we are sorry.")
	says(t, page, "so you need not ask")
	says(t, page, h.Home.Phone)
	says(t, h.birth.Get("/letters"), "We are late. We are sorry.")
}

func TestSecondOpinion(t *testing.T) {
	h := newHome(t)
	_, second := h.NewWorker(t, "Nia Brook", authz.LetterboxWorker)
	sent := send(t, h.birth, letter)
	if h.birth.Get(sent.Path+"/again").Want(http.StatusSeeOther).Header.Get("Location") != sent.Path {
		t.Error("a second opinion is offered before the first")
	}
	if err := h.Desk.Refuse(t.Context(), h.World.Worker, h.claimed(t), "upsetting", "The part about the canal.", ""); err != nil {
		t.Fatal(err)
	}
	front := h.birth.Get("/letters")
	says(t, front, "We cannot pass it on.")
	refused := h.birth.Get(sent.Path).Want(http.StatusOK)
	says(t, refused, "The part about the canal.")
	says(t, refused, h.Home.Phone)
	ask := h.birth.Get(link(t, refused, sent.Path+"/again")).Want(http.StatusOK)
	by := calendar.AddWorkingDays(calendar.Today(h.Clock.Now()), agency.DefaultPromise)
	day := catalogue(t).Date(by)
	says(t, ask, day)
	asked := ask.Submit(ask.Path).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	asked.Doc().One(".govuk-notification-banner--success")
	says(t, asked, "You will hear by ")
	says(t, asked, "Why we said no at first")
	says(t, asked, "The part about the canal.")
	ask.Submit(ask.Path).Want(http.StatusSeeOther).Follow().Want(http.StatusOK) // pressed twice

	id := letterbox.LetterID(strings.TrimPrefix(sent.Path, "/sent/"))
	if err := h.Desk.Claim(t.Context(), second, id); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Desk.Read(t.Context(), second, id); err != nil {
		t.Fatal(err)
	}
	if err := h.Desk.Refuse(t.Context(), second, id, "upsetting", "It is still there.", ""); err != nil {
		t.Fatal(err)
	}
	twice := h.birth.Get(sent.Path).Want(http.StatusOK)
	says(t, twice, "You have asked once")
	twice.Doc().None("main a[href=" + ask.Path + "]")
}

func catalogue(t *testing.T) *words.Words {
	t.Helper()
	c, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c.In("en")
}

func TestKeepForLater(t *testing.T) {
	h := newHome(t)
	send(t, h.birth, letter)
	h.passed(t)
	front := h.adoptive.Get("/letters").Want(http.StatusOK)
	front.Doc().One(".gp-fresh")
	cover := h.adoptive.Get(link(t, front, "/letter/")).Want(http.StatusOK)
	kept := cover.Submit(cover.Path + "/keep").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	kept.Doc().One(".govuk-notification-banner--success")
	kept.Doc().None(".gp-fresh")
	if link(t, kept, "/letter/") != cover.Path {
		t.Error("the letter is not in the list of those for another day")
	}
	cover.Submit(cover.Path + "/keep").Want(http.StatusSeeOther) // pressed twice
	again := h.adoptive.Get(cover.Path).Want(http.StatusOK)
	again.Doc().None("form[action=" + cover.Path + "/keep]")
	says(t, again, "You wanted to read it another day.")
	again.Submit(cover.Path + "/open").Want(http.StatusSeeOther).Follow().Want(http.StatusOK).Doc().One(".gp-letter")
	if to := cover.Submit(cover.Path + "/keep").Want(http.StatusSeeOther).Header.Get("Location"); to != cover.Path {
		t.Errorf("to keep an opened letter goes to %s", to)
	}
	// Once it is open, it stands with those that came before: both adopters find it there.
	front = h.adoptive.Get("/letters")
	front.Doc().None(".gp-fresh")
	says(t, front, "Letters that came before")
	front.Doc().One("main a[href=" + cover.Path + "]")

	// The writer learns nothing of all this.
	if told := main(h.birth.Get(link(t, h.birth.Get("/letters"), "/side/"))); strings.Contains(told, "another day") || strings.Contains(told, "opened") {
		t.Errorf("the writer is told: %s", told)
	}
}

// TestLate: whoever waits longer than was said reads it on every page before
// they must ask, with whom to call.
func TestLate(t *testing.T) {
	h := newHome(t)
	sent := send(t, h.birth, letter)
	side := link(t, h.birth.Get("/letters"), "/side/")
	says(t, h.birth.Get(side), "The next day on which you hear from us")
	h.Clock.Advance(30 * 24 * time.Hour)
	h.birth.SignIn(h.Site, h.birthLogin)
	for _, path := range []string{"/letters", side, sent.Path} {
		a := h.birth.Get(path).Want(http.StatusOK)
		says(t, a, "late")
		says(t, a, "sorry")
		says(t, a, h.Home.Phone)
		if text := main(a); strings.Contains(text, "You will hear by") || strings.Contains(text, "The next day on which you hear from us") {
			t.Errorf("%s names a day that is over: %s", path, text)
		}
	}
	h.adoptive.SignIn(h.Site, h.adoptiveLogin)
	if text := main(h.adoptive.Get("/letters")); strings.Contains(text, "late") {
		t.Errorf("the other side is told: %s", text)
	}
}

// TestTimeline: each side sees its own and no more, in words for everything that
// can happen.
func TestTimeline(t *testing.T) {
	w := catalogue(t)
	for _, what := range letterbox.Happenings() {
		if !w.Has("timeline." + what) {
			t.Errorf("there are no words for %s", what)
		}
	}
	h := newHome(t)
	sent := send(t, h.birth, letter)
	birth, adoptive := link(t, h.birth.Get("/letters"), "/side/"), link(t, h.adoptive.Get("/letters"), "/side/")
	a := h.birth.Get(birth).Want(http.StatusOK)
	says(t, a, "You sent a letter.")
	says(t, a, "You will hear by")
	if link(t, a, "/sent/") != sent.Path {
		t.Error("the line does not lead to the letter")
	}
	if got := len(h.adoptive.Get(adoptive).Doc().All("main .gp-thread li")); got != 0 {
		t.Errorf("the other side sees %d lines before anything was passed on", got)
	}
	h.passed(t)
	says(t, h.birth.Get(birth), "We passed your letter on.")
	came := h.adoptive.Get(adoptive).Want(http.StatusOK)
	says(t, came, "A letter came from the other family.")
	h.adoptive.Get(link(t, came, "/letter/")).Submit(link(t, came, "/letter/") + "/open").Want(http.StatusSeeOther)
	says(t, h.adoptive.Get(adoptive), "A letter from the other family was opened in your home.")
	if text := main(h.birth.Get(birth)); strings.Contains(text, "opened") || strings.Contains(text, "timeline.") {
		t.Errorf("the writer is told: %s", text)
	}
	h.adoptive.Get(birth).Want(http.StatusNotFound)
}
