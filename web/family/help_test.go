package family_test

import (
	"net/http"
	"strings"
	"testing"

	"gatepost/internal/calendar"
	"gatepost/letterbox"
	"gatepost/web/webtest"
)

// Who asks for help with writing loses nothing that they wrote, and the desk has
// it in its tray with the day of the answer, once.
func TestHelp_Write(t *testing.T) {
	h := newHome(t)
	begun := writing(t, h.birth)
	at := action(t, begun, "/write/")
	page := begun.Submit(at, "text", "Dear Wren, I do not know how", "do", "help").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if want := strings.Replace(at, "/write/", "/side/", 1) + "/write-with-me"; page.Path != want {
		t.Fatalf("it goes to %s, not %s", page.Path, want)
	}
	day := catalogue(t).Date(calendar.AddWorkingDays(calendar.Today(h.Clock.Now()), letterbox.MessagePromise))
	says(t, page, day)
	draft := h.birth.Get(link(t, h.birth.Get("/letters"), "/draft/")).Want(http.StatusOK)
	if got := draft.Form(draft.Path).Get("text"); got != "Dear Wren, I do not know how" {
		t.Errorf("of the letter is left %q", got)
	}
	again := draft.Submit(draft.Path, "text", "Dear Wren, more", "do", "help").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if again.Path != page.Path {
		t.Errorf("from a draft it goes to %s", again.Path)
	}
	if got := h.birth.Get(draft.Path).Form(draft.Path).Get("text"); got != "Dear Wren, more" {
		t.Errorf("of the draft is left %q", got)
	}
	stale := draft.Submit(draft.Path, "text", "From another window", "do", "help").Want(http.StatusConflict)
	says(t, stale, "Dear Wren, more")
	if got := stale.Form(draft.Path).Get("text"); got != "From another window" {
		t.Errorf("in another window is left %q", got)
	}
	draft.Submit(draft.Path, "side", "../../x", "do", "help").Want(http.StatusUnprocessableEntity)

	for range 2 {
		told := page.Submit(page.Path).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
		told.Doc().One(".govuk-notification-banner--success")
		says(t, told, "Please write a letter with me.")
		says(t, told, "You will hear from us by "+day)
	}
	waiting, err := h.Desk.Told(t.Context(), h.World.Worker)
	if err != nil || len(waiting) != 1 {
		t.Fatalf("%d messages wait (%v), want 1", len(waiting), err)
	}
	read, err := h.Desk.ReadMessage(t.Context(), h.World.Worker, waiting[0].ID)
	if err != nil || string(read.Messages[0].Text) != "Please write a letter with me." {
		t.Errorf("the worker reads %v, %v", read.Messages, err)
	}
}

// With nothing written yet no draft is made.
func TestHelp_WriteNothing(t *testing.T) {
	h := newHome(t)
	page := writing(t, h.birth)
	page.Submit(action(t, page, "/write/"), "text", " ", "do", "help").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if drafts := main(h.birth.Get("/letters")); strings.Contains(drafts, "Draft") {
		t.Errorf("a draft was made: %s", drafts)
	}
}

// Somebody who would have a letter read to them asks on its cover or beside it.
func TestHelp_Read(t *testing.T) {
	h := newHome(t)
	send(t, h.birth, letter)
	h.passed(t)
	cover := h.adoptive.Get(link(t, h.adoptive.Get("/letters"), "/letter/")).Want(http.StatusOK)
	read := cover.Submit(cover.Path + "/open").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	for _, at := range []webtest.Answer{cover, read} {
		page := h.adoptive.Get(link(t, at, "/side/")).Want(http.StatusOK)
		if !strings.HasSuffix(page.Path, "/read-to-me") {
			t.Errorf("the link goes to %s", page.Path)
		}
		says(t, page, "You can stop at any time.")
		told := page.Submit(page.Path).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
		says(t, told, "Please read a letter to me.")
	}
	if waiting, err := h.Desk.Told(t.Context(), h.World.Worker); err != nil || len(waiting) != 1 {
		t.Errorf("%d messages wait (%v), want 1", len(waiting), err)
	}
}

// Who has told as much as a day takes is told to call.
func TestHelp_TooMany(t *testing.T) {
	h := newHome(t)
	side := link(t, h.birth.Get("/letters"), "/side/")
	tell := h.birth.Get(side + "/tell")
	for i := range letterbox.MaxMessagesADay {
		tell.Submit(tell.Path, "message", strings.Repeat("word ", i+1)).Want(http.StatusSeeOther)
	}
	page := h.birth.Get(side + "/read-to-me")
	refused := page.Submit(page.Path).Want(http.StatusConflict)
	refused.Doc().One(".govuk-error-summary")
	says(t, refused, h.Home.Phone)
}
