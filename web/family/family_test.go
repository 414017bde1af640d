package family_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatepost/internal/account/accounttest"
	"gatepost/letterbox"
	"gatepost/web/page"
	"gatepost/web/webtest"
)

// home is an exchange with both families signed in.
type home struct {
	*webtest.Site
	birth, adoptive           *webtest.Browser
	birthLogin, adoptiveLogin *accounttest.Login
}

func newHome(t *testing.T) *home {
	t.Helper()
	h := &home{Site: webtest.New(t)}
	_, birth, adoptive := h.OpenExchange(t)
	b, _ := h.NewPerson(t, birth)
	a, _ := h.NewPerson(t, adoptive)
	h.birthLogin, h.adoptiveLogin = &b, &a
	h.birth, h.adoptive = h.Family(t), h.Family(t)
	h.birth.SignIn(h.Site, h.birthLogin)
	h.adoptive.SignIn(h.Site, h.adoptiveLogin)
	return h
}

// writing opens the page of a new letter.
func writing(t *testing.T, b *webtest.Browser) webtest.Answer {
	t.Helper()
	return b.Get(link(t, b.Get("/letters"), "/write/")).Want(http.StatusOK)
}

// link is the first link of the page that begins so.
func link(t *testing.T, a webtest.Answer, prefix string) string {
	t.Helper()
	for _, e := range a.Doc().All("main a[href]") {
		if strings.HasPrefix(e.Attr("href"), prefix) {
			return e.Attr("href")
		}
	}
	t.Fatalf("no link to %s… in: %s", prefix, a.Doc().One("main").Text())
	return ""
}

// action is the address of the form that begins so.
func action(t *testing.T, a webtest.Answer, prefix string) string {
	t.Helper()
	for _, e := range a.Doc().All("main form") {
		if strings.HasPrefix(e.Attr("action"), prefix) {
			return e.Attr("action")
		}
	}
	t.Fatalf("no form to %s… in: %s", prefix, a.Doc().One("main").Text())
	return ""
}

// text is what stands in the box of a writing page.
func text(a webtest.Answer) string {
	return a.Doc().One("textarea#text").Raw()
}

// send writes and sends a letter, and gives the page that says so.
func send(t *testing.T, b *webtest.Browser, words string) webtest.Answer {
	t.Helper()
	page := writing(t, b)
	check := page.Submit(action(t, page, "/write/"), "text", words, "do", "check").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	return check.Submit(action(t, check, "/draft/")).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
}

// claimed gives the only letter on the desk, claimed by the worker.
func (h *home) claimed(t *testing.T) letterbox.LetterID {
	t.Helper()
	desk, err := h.Desk.Desk(t.Context(), h.World.Worker)
	if err != nil {
		t.Fatal(err)
	}
	if len(desk.Letters) != 1 {
		t.Fatalf("%d letters are on the desk, want 1", len(desk.Letters))
	}
	id := desk.Letters[0].ID
	if err := h.Desk.Claim(t.Context(), h.World.Worker, id); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Desk.Read(t.Context(), h.World.Worker, id); err != nil {
		t.Fatal(err)
	}
	return id
}

const letter = "Dear Wren,\n\nI saw a heron on the canal.\nIt stood so still.\n\nWith love"

// TestLetterCrosses goes with a letter from the page on which it is written to
// the page on which it is read, and back once.
func TestLetterCrosses(t *testing.T) {
	h := newHome(t)
	sent := send(t, h.birth, letter)
	if !strings.Contains(sent.Doc().One("main").Text(), "You will hear by") {
		t.Error("the writer is not told a day")
	}
	if got := len(sent.Doc().All(".gp-letter p")); got != 3 {
		t.Errorf("the letter has %d paragraphs, want 3", got)
	}
	if strings.Contains(h.adoptive.Get("/letters").Body, "/letter/") {
		t.Error("a letter is there before it was passed on")
	}
	if err := h.Desk.Pass(t.Context(), h.World.Worker, h.claimed(t), ""); err != nil {
		t.Fatal(err)
	}

	letters := h.adoptive.Get("/letters").Want(http.StatusOK)
	cover := h.adoptive.Get(link(t, letters, "/letter/")).Want(http.StatusOK)
	if strings.Contains(cover.Body, "heron") {
		t.Error("the cover shows the letter")
	}
	if a := h.adoptive.Get(cover.Path + "/read").Want(http.StatusSeeOther); a.Header.Get("Location") != cover.Path {
		t.Errorf("to read without opening goes to %s", a.Header.Get("Location"))
	}
	open := cover.Path + "/open"
	read := cover.Submit(open).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if read.Path != cover.Path+"/read" || !strings.Contains(read.Doc().One(".gp-letter").Text(), "It stood so still.") {
		t.Errorf("%s shows %q", read.Path, read.Doc().One("main").Text())
	}
	cover.Submit(open).Want(http.StatusSeeOther) // pressed twice
	h.adoptive.Get(read.Path).Want(http.StatusOK)
	h.adoptive.Get(cover.Path).Want(http.StatusOK).Doc().None("form[action=" + open + "]")

	// The writer learns that it was passed on and not that it was opened.
	told := h.birth.Get(sent.Path).Doc().One("main").Text()
	if !strings.Contains(told, "passed it on") || strings.Contains(told, "opened") {
		t.Errorf("the writer is told: %s", told)
	}
	h.adoptive.Get(link(t, read, "/write/")).Want(http.StatusOK)
	send(t, h.adoptive, "Thank you for the heron.")
}

func TestLetterComesBack(t *testing.T) {
	h := newHome(t)
	sent := send(t, h.birth, letter)
	id := h.claimed(t)
	if err := h.Desk.Return(t.Context(), h.World.Worker, id, "identifying", "Please leave out the canal.\n\nThank you.", ""); err != nil {
		t.Fatal(err)
	}
	back := h.birth.Get(sent.Path).Want(http.StatusOK)
	if got := back.Doc().One("main").Text(); !strings.Contains(got, "whether right or wrong") || !strings.Contains(got, "Please leave out the canal.") {
		t.Errorf("the writer is told: %s", got)
	}
	again := action(t, back, "/sent/")
	draft := back.Submit(again).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if text(draft) != letter {
		t.Errorf("the rewrite begins with %q", text(draft))
	}
	if !strings.Contains(draft.Body, "Please leave out the canal.") {
		t.Error("the reason does not stand beside the rewrite")
	}
	if a := back.Submit(again).Want(http.StatusSeeOther); a.Header.Get("Location") != draft.Path {
		t.Errorf("to write it again a second time makes %s beside %s", a.Header.Get("Location"), draft.Path)
	}
	h.birth.Get(link(t, h.birth.Get(sent.Path), "/draft/")).Want(http.StatusOK)
	check := draft.Submit(draft.Path, "text", "Dear Wren, I saw a heron.", "do", "check").Follow().Want(http.StatusOK)
	check.Submit(action(t, check, "/draft/")).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if got := h.birth.Get(sent.Path).Doc().One("main").Text(); !strings.Contains(got, "took its place") {
		t.Errorf("the first letter says: %s", got)
	}
}

func TestDraft(t *testing.T) {
	h := newHome(t)
	page := writing(t, h.birth)
	if page.Doc().One("[name=leave]").Attr("value") == "" || len(page.Doc().All("a.govuk-exit-this-page__button")) != 0 {
		t.Error("the button to leave is not the form's own")
	}
	for _, words := range []string{"Wren", "the other family"} {
		if !strings.Contains(page.Doc().One(".gp-names").Text(), words) {
			t.Errorf("the names to use lack %q", words)
		}
	}
	draft := page.Submit(action(t, page, "/write/"), "text", "\n\nTwo empty lines before.\n", "do", "save").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if got := text(draft); got != "\n\nTwo empty lines before.\n" {
		t.Errorf("the draft holds %q", got)
	}
	draft.Doc().One(".govuk-notification-banner--success")
	if !strings.Contains(h.birth.Get("/letters").Body, draft.Path) {
		t.Error("the draft is not in the list")
	}

	t.Run("pressed twice", func(t *testing.T) {
		draft = h.birth.Get(draft.Path)
		for range 2 {
			if a := draft.Submit(draft.Path, "text", "Saved twice", "do", "save"); a.Status != http.StatusSeeOther {
				t.Fatalf("gives %d", a.Status)
			}
		}
	})
	t.Run("changed in another window", func(t *testing.T) {
		mine, other := h.birth.Get(draft.Path), h.birth.Get(draft.Path)
		other.Submit(draft.Path, "text", "From the other window", "do", "save").Want(http.StatusSeeOther)
		a := mine.Submit(draft.Path, "text", "From this window", "do", "save").Want(http.StatusConflict)
		if text(a) != "From this window" || a.Doc().One(".gp-letter").Text() != "From the other window" {
			t.Errorf("the page has %q and %q", text(a), a.Doc().One(".gp-letter").Text())
		}
		if got := text(h.birth.Get(draft.Path)); got != "From the other window" {
			t.Errorf("the draft now holds %q", got)
		}
		a.Submit(draft.Path, "do", "save").Want(http.StatusSeeOther)
		if got := text(h.birth.Get(draft.Path)); got != "From this window" {
			t.Errorf("after saving by choice it holds %q", got)
		}
	})
	t.Run("nothing in it", func(t *testing.T) {
		a := h.birth.Get(draft.Path).Submit(draft.Path, "text", " \n ", "do", "check").Want(http.StatusUnprocessableEntity)
		a.Doc().One(".govuk-error-summary a[href=#text]")
		h.birth.Get(draft.Path + "/check").Want(http.StatusSeeOther)
	})
	t.Run("too long", func(t *testing.T) {
		long := strings.Repeat("a", letterbox.MaxText+1)
		a := h.birth.Get(draft.Path).Submit(draft.Path, "text", long, "do", "save").Want(http.StatusUnprocessableEntity)
		if text(a) != long {
			t.Errorf("of %d characters %d came back", len(long), len(text(a)))
		}
	})
	t.Run("deleted", func(t *testing.T) {
		open := h.birth.Get(draft.Path)
		ask := h.birth.Get(draft.Path + "/delete").Want(http.StatusOK)
		ask.Submit(draft.Path + "/delete").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
		h.birth.Get(draft.Path).Want(http.StatusNotFound)
		ask.Submit(draft.Path + "/delete").Want(http.StatusNotFound)
		// Somebody still writes in it: the words stay, to be saved anew.
		a := open.Submit(draft.Path, "text", "Still here", "do", "save").Want(http.StatusNotFound)
		if text(a) != "Still here" {
			t.Fatalf("the page has %q", text(a))
		}
		a.Submit(action(t, a, "/write/"), "do", "save").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	})
}

func TestSentOnce(t *testing.T) {
	h := newHome(t)
	page := writing(t, h.birth)
	check := page.Submit(action(t, page, "/write/"), "text", letter, "do", "check").Follow()
	form := action(t, check, "/draft/")

	stale := check
	other := h.birth.Get(strings.TrimSuffix(check.Path, "/check"))
	other.Submit(other.Path, "text", letter+"\nP.S.", "do", "save").Want(http.StatusSeeOther)
	a := stale.Submit(form).Want(http.StatusConflict)
	if !strings.Contains(a.Doc().One(".gp-letter").Text(), "P.S.") {
		t.Error("the page does not show what would be sent now")
	}
	first := a.Submit(form).Want(http.StatusSeeOther)
	second := a.Submit(form).Want(http.StatusSeeOther)
	if first.Header.Get("Location") != second.Header.Get("Location") {
		t.Errorf("sent twice gives %s and %s", first.Header.Get("Location"), second.Header.Get("Location"))
	}
	if n := strings.Count(h.birth.Get("/letters").Body, `href="/sent/`); n != 1 {
		t.Errorf("%d letters were sent", n)
	}
	for _, version := range []string{"", "x", "-5", "99999999999999999999"} {
		page := writing(t, h.birth)
		check := page.Submit(action(t, page, "/write/"), "text", letter, "do", "check").Follow()
		check.Submit(action(t, check, "/draft/"), "version", version).Want(http.StatusConflict)
	}
}

func TestLeaveWhileWriting(t *testing.T) {
	h := newHome(t)
	leaves := func(t *testing.T, a webtest.Answer) {
		t.Helper()
		a.Want(http.StatusOK)
		if a.Header.Get("Refresh") != "0; url="+page.LeavePlace || a.Header.Get("Clear-Site-Data") == "" {
			t.Errorf("leaving gives %v", a.Header)
		}
		if h.birth.Cookies["__Host-gp"] != "" {
			t.Error("the cookie is still there")
		}
	}
	open := writing(t, h.birth)
	form := action(t, open, "/write/")
	leaves(t, open.Submit(form, "text", "Kept in a hurry", "leave", "yes"))

	letters := h.birth.SignIn(h.Site, h.birthLogin)
	draft := h.birth.Get(link(t, letters, "/draft/"))
	if text(draft) != "Kept in a hurry" {
		t.Errorf("the draft holds %q", text(draft))
	}
	t.Run("a text that came second is a draft of its own", func(t *testing.T) {
		h.birth.Get(draft.Path).Submit(draft.Path, "text", "First", "do", "save").Want(http.StatusSeeOther)
		leaves(t, draft.Submit(draft.Path, "text", "Second", "leave", "yes"))
		letters := h.birth.SignIn(h.Site, h.birthLogin)
		var all []string
		for _, e := range letters.Doc().All("main a[href]") {
			if strings.HasPrefix(e.Attr("href"), "/draft/") {
				all = append(all, text(h.birth.Get(e.Attr("href"))))
			}
		}
		if got := strings.Join(all, "|"); got != "Second|First" {
			t.Errorf("the drafts are %s", got)
		}
	})
	t.Run("nothing written", func(t *testing.T) {
		open := writing(t, h.birth)
		leaves(t, open.Submit(form, "leave", "yes"))
		if n := strings.Count(h.birth.SignIn(h.Site, h.birthLogin).Body, `href="/draft/`); n != 2 {
			t.Errorf("there are %d drafts, want 2", n)
		}
	})
	t.Run("what cannot be saved does not hold anybody", func(t *testing.T) {
		open := writing(t, h.birth)
		leaves(t, open.Submit(form, "text", strings.Repeat("a", letterbox.MaxText+1), "leave", "yes"))
		h.birth.SignIn(h.Site, h.birthLogin)
	})
	t.Run("after the session has ended", func(t *testing.T) {
		open := writing(t, h.birth)
		h.Clock.Advance(61 * time.Minute)
		leaves(t, open.Submit(form, "text", "Too late", "leave", "yes"))
	})
}

// TestSessionEndsWhileWriting: what was typed becomes a draft of whoever typed
// it, and of nobody else.
func TestSessionEndsWhileWriting(t *testing.T) {
	h := newHome(t)
	open := writing(t, h.birth)
	form := action(t, open, "/write/")
	h.Clock.Advance(59 * time.Minute)
	draft := open.Submit(form, "text", "After 59 minutes", "do", "save").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)

	const words = "Typed  for\n\n\"an hour\" <b>&amp;\n"
	h.Clock.Advance(61 * time.Minute)
	ended := draft.Submit(draft.Path, "text", words, "do", "check").Want(http.StatusUnauthorized)
	if ended.Header.Get("Cache-Control") != "no-store" {
		t.Error("the page with the letter may be kept")
	}
	wrong := ended.Submit("/sign-in", "name", h.birthLogin.Name, "passphrase", "not the right one").Want(http.StatusUnprocessableEntity)
	if got := wrong.Form("/sign-in").Get("text"); got != words {
		t.Fatalf("after a wrong passphrase the form carries %q", got)
	}

	t.Run("by somebody else", func(t *testing.T) {
		other := h.Family(t)
		signIn := other.Get("/sign-in").Form("/sign-in")
		for name, values := range wrong.Form("/sign-in") {
			if name != page.TokenField {
				signIn[name] = values
			}
		}
		signIn.Set("name", h.adoptiveLogin.Name)
		signIn.Set("passphrase", h.adoptiveLogin.Passphrase)
		a := other.Post("/sign-in", signIn).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
		a.Doc().One(".govuk-notification-banner")
		if strings.Contains(a.Body, "/draft/") {
			t.Error("it became a draft of somebody else")
		}
	})
	t.Run("by the same person", func(t *testing.T) {
		a := wrong.Submit("/sign-in", "name", h.birthLogin.Name, "passphrase", h.birthLogin.Passphrase).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
		if a.Path != draft.Path || text(a) != words {
			t.Errorf("%s holds %q", a.Path, text(a))
		}
		if n := strings.Count(h.birth.Get("/letters").Body, `href="/sent/`); n != 0 {
			t.Error("the letter was sent")
		}
	})
	t.Run("a letter that was never saved", func(t *testing.T) {
		open := writing(t, h.birth)
		h.Clock.Advance(61 * time.Minute)
		ended := open.Submit(form, "text", "New and long", "do", "save").Want(http.StatusUnauthorized)
		a := ended.Submit("/sign-in", "name", h.birthLogin.Name, "passphrase", h.birthLogin.Passphrase).Want(http.StatusSeeOther).Follow()
		if text(a) != "New and long" {
			t.Errorf("%s holds %q", a.Path, text(a))
		}
	})
}

// TestNotTheirs asks for everything of the other side, of nobody and of no shape.
func TestNotTheirs(t *testing.T) {
	h := newHome(t)
	sent := send(t, h.birth, letter)
	if err := h.Desk.Pass(t.Context(), h.World.Worker, h.claimed(t), ""); err != nil {
		t.Fatal(err)
	}
	open := writing(t, h.birth)
	draft := open.Submit(action(t, open, "/write/"), "text", "Mine", "do", "save").Follow()
	delivery := link(t, h.adoptive.Get("/letters"), "/letter/")
	token := draft.Form(draft.Path).Get(page.TokenField)
	foreign := h.adoptive.Get("/account").Form("/sign-out").Get(page.TokenField)

	ids := []string{"xx", "dr", "drAAAAAAAAAAAAAAAAAAAA", "draaaaaaaaaaaaaaaaaaaa", "..%2f..", "%00", "%ff", strings.Repeat("a", 3000)}
	for _, id := range ids {
		for _, path := range []string{"/side/", "/write/", "/draft/", "/sent/", "/letter/"} {
			if a := h.birth.Get(path + id); a.Status != http.StatusNotFound && a.Status != http.StatusBadRequest {
				t.Errorf("%s%.20s gives %d", path, id, a.Status)
			}
		}
	}
	for _, path := range []string{draft.Path, draft.Path + "/check", draft.Path + "/delete", sent.Path, open.Path, "/side/" + strings.TrimPrefix(open.Path, "/write/")} {
		h.adoptive.Get(path).Want(http.StatusNotFound)
	}
	for _, path := range []string{delivery, delivery + "/read"} {
		h.birth.Get(path).Want(http.StatusNotFound)
	}
	form := url.Values{page.TokenField: {foreign}, "text": {"Not mine"}, "version": {"1"}, "do": {"save"}}
	for _, path := range []string{draft.Path, draft.Path + "/send", draft.Path + "/delete", sent.Path + "/rewrite", open.Path} {
		h.adoptive.Post(path, form).Want(http.StatusNotFound)
	}
	h.birth.Post(delivery+"/open", url.Values{page.TokenField: {token}}).Want(http.StatusNotFound)
	// The token of one session does nothing in another.
	h.adoptive.Post(draft.Path, url.Values{page.TokenField: {token}, "text": {"x"}}).Want(http.StatusForbidden)

	if got := text(h.birth.Get(draft.Path)); got != "Mine" {
		t.Errorf("the draft now holds %q", got)
	}
	h.adoptive.Get(delivery).Want(http.StatusOK).Doc().One("form[action=" + delivery + "/open]")
}

// TestBadForms sends what no page of ours would, and finds the letter as it was.
func TestBadForms(t *testing.T) {
	h := newHome(t)
	open := writing(t, h.birth)
	draft := open.Submit(action(t, open, "/write/"), "text", "As it was", "do", "save").Follow()
	good := draft.Form(draft.Path)
	with := func(body string) string {
		return "form-token=" + url.QueryEscape(good.Get(page.TokenField)) + "&version=1&" + body
	}
	const kind = "application/x-www-form-urlencoded"
	tests := []struct {
		name, kind, body string
		want             int
	}{
		{"text that is not UTF-8", kind, with("text=%ff%fe"), http.StatusBadRequest},
		{"text with a NUL", kind, with("text=a%00b"), http.StatusBadRequest},
		{"text twice", kind, with("text=a&text=b"), http.StatusBadRequest},
		{"broken encoding", kind, with("text=%zz"), http.StatusBadRequest},
		{"another kind", "application/json", `{"text":"a"}`, http.StatusUnsupportedMediaType},
		{"too large", kind, with("text=" + strings.Repeat("a", int(page.TextBody))), http.StatusRequestEntityTooLarge},
		{"no version", kind, "form-token=" + url.QueryEscape(good.Get(page.TokenField)) + "&text=b", http.StatusConflict},
		{"no token", kind, "version=1&text=b", http.StatusForbidden},
		{"nothing", kind, "", http.StatusForbidden},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := h.birth.PostRaw(draft.Path, test.kind, test.body).Want(test.want)
			a.Doc().One("h1")
			if got := text(h.birth.Get(draft.Path)); got != "As it was" {
				t.Errorf("the draft now holds %q", got)
			}
		})
	}
	a := h.birth.PostRaw(draft.Path, kind, with("text=a%07b")).Want(http.StatusSeeOther).Follow()
	if got := text(a); got != "ab" {
		t.Errorf("of a text with a character that nobody sees the draft holds %q", got)
	}
	stale := h.birth.Post(draft.Path, url.Values{"text": {"Words of an old page"}, page.TokenField: {"old"}}).Want(http.StatusForbidden)
	if !strings.Contains(stale.Body, "Words of an old page") {
		t.Error("a page that is too old loses the words")
	}
}

// TestOnHold: before the call a person may write and not send.
func TestOnHold(t *testing.T) {
	s := webtest.New(t)
	_, birth, _ := s.OpenExchange(t)
	l := s.EnrolPerson(t, birth)
	b := s.Family(t)
	letters := b.SignIn(s, &l)
	letters.Doc().One("main a[href=/start/done]")
	if strings.Contains(letters.Body, "Wren") {
		t.Error("names are there before the call")
	}
	page := writing(t, b)
	check := page.Submit(action(t, page, "/write/"), "text", "Before the call", "do", "check").Follow().Want(http.StatusOK)
	if n := len(check.Doc().All("main form")); n != 0 {
		t.Error("the letter can be sent before the call")
	}
	draft := b.Get(strings.TrimSuffix(check.Path, "/check"))
	send := b.Post(draft.Path+"/send", draft.Form(draft.Path))
	send.Want(http.StatusConflict).Doc().One(".govuk-error-summary")

	s.ConfirmPerson(t, birth)
	check = b.Get(check.Path).Want(http.StatusOK)
	check.Submit(action(t, check, "/draft/")).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
}

// TestUnread: an object that does not open has a notice in its place, and the
// rest of the page works.
func TestUnread(t *testing.T) {
	h := newHome(t)
	sent := send(t, h.birth, letter)
	open := writing(t, h.birth)
	draft := open.Submit(action(t, open, "/write/"), "text", "Mine", "do", "save").Follow()
	h.Exec(t, `alter table object disable trigger all; alter table draft disable trigger all`)
	h.Exec(t, `update object set sealed = decode('00', 'hex')`)
	h.Exec(t, `update draft set sealed = decode('00', 'hex')`)

	for _, path := range []string{"/letters", sent.Path, draft.Path, draft.Path + "/check", draft.Path + "/delete", link(t, h.birth.Get("/letters"), "/side/")} {
		a := h.birth.Get(path).Want(http.StatusOK)
		if len(a.Doc().All("main .govuk-inset-text")) == 0 {
			t.Errorf("%s has no notice", path)
		}
		if strings.Contains(a.Body, "heron") || strings.Contains(a.Body, "Mine") {
			t.Errorf("%s shows what does not open", path)
		}
	}
	sealed := h.birth.Get(draft.Path)
	sealed.Doc().None("textarea")
	var before, after []byte
	version := `select sealed || int4send(version) from draft`
	read := func(into *[]byte) {
		if err := h.Database.Admin().QueryRow(t.Context(), version).Scan(into); err != nil {
			t.Fatal(err)
		}
	}
	read(&before)
	sealed.Submit(draft.Path, "leave", "yes").Want(http.StatusOK)
	h.birth.SignIn(h.Site, h.birthLogin)
	h.birth.Get("/letters").Want(http.StatusOK)
	sealed = h.birth.Get(draft.Path)
	sealed.Submit(draft.Path, "do", "save").Want(http.StatusUnprocessableEntity)
	if read(&after); !bytes.Equal(before, after) {
		t.Error("a draft that does not open was changed")
	}
	page := writing(t, h.birth)
	page.Submit(action(t, page, "/write/"), "text", "A new one", "do", "save").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
}
