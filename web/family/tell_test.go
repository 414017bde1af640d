package family_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatepost/internal/calendar"
	"gatepost/letterbox"
)

const told = "My phone number is 07700 900456 now.\n\nIs there news of my letter?"

func TestTell(t *testing.T) {
	h := newHome(t)
	ask := h.birth.Get(link(t, h.birth.Get("/letters"), "/side/")).Want(http.StatusOK)
	ask = h.birth.Get(link(t, ask, ask.Path+"/tell")).Want(http.StatusOK)
	day := catalogue(t).Date(calendar.AddWorkingDays(calendar.Today(h.Clock.Now()), letterbox.MessagePromise))
	says(t, ask, day)
	says(t, ask, h.Home.Phone)
	ask.Doc().One("a.govuk-exit-this-page__button")
	ask.Submit(ask.Path, "message", " \n ").Want(http.StatusUnprocessableEntity).Doc().One(".govuk-error-summary a[href=#message]")
	long := strings.Repeat("word ", letterbox.MaxMessage/4)
	if a := ask.Submit(ask.Path, "message", long).Want(http.StatusUnprocessableEntity); a.Form(ask.Path).Get("message") != long {
		t.Error("what was too long is lost")
	}

	list := ask.Submit(ask.Path, "message", told).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	list.Doc().One(".govuk-notification-banner--success")
	says(t, list, "You will hear from us by "+day)
	again := ask.Submit(ask.Path, "message", told).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if n := len(again.Doc().All(".gp-letter")); n != 1 {
		t.Errorf("pressed twice, %d messages are there", n)
	}
	waiting, err := h.Desk.Told(t.Context(), h.World.Worker)
	if err != nil || len(waiting) != 1 {
		t.Fatalf("%d messages wait (%v), want 1", len(waiting), err)
	}
	if _, err := h.Desk.ReadMessage(t.Context(), h.World.Worker, waiting[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := h.Desk.Answer(t.Context(), h.World.Worker, waiting[0].ID, "Thank you. We have changed it."); err != nil {
		t.Fatal(err)
	}
	answered := h.birth.Get(list.Path).Want(http.StatusOK)
	texts := answered.Doc().All(".gp-letter")
	if len(texts) != 2 || !strings.Contains(texts[0].Text(), "We have changed it.") || !strings.Contains(texts[1].Text(), "07700 900456") {
		t.Errorf("the conversation is %s", main(answered))
	}
	says(t, answered, "We have answered this.")
	says(t, h.birth.Get(strings.TrimSuffix(list.Path, "/messages")), "We answered you.")
	for _, path := range []string{list.Path, ask.Path} {
		h.adoptive.Get(path).Want(http.StatusNotFound)
	}
}

func TestTellIsLate(t *testing.T) {
	h := newHome(t)
	side := link(t, h.birth.Get("/letters"), "/side/")
	ask := h.birth.Get(side + "/tell")
	ask.Submit(ask.Path, "message", told).Want(http.StatusSeeOther)
	h.Clock.Advance(20 * 24 * time.Hour)
	h.birth.SignIn(h.Site, h.birthLogin)
	for _, path := range []string{"/letters", side, side + "/messages"} {
		a := h.birth.Get(path).Want(http.StatusOK)
		says(t, a, "We are late. We are sorry.")
		says(t, a, h.Home.Phone)
		if path == "/letters" {
			continue
		}
		says(t, a, "You should have heard by")
	}
}

// TestTellAfterTheEnd: what somebody wanted to tell when their session ended is
// shown again to them and to nobody else; it is not sent, and is no letter.
func TestTellAfterTheEnd(t *testing.T) {
	h := newHome(t)
	side := link(t, h.birth.Get("/letters"), "/side/")
	ask := h.birth.Get(side + "/tell")
	h.Clock.Advance(61 * time.Minute)
	ended := ask.Submit(ask.Path, "message", told).Want(http.StatusUnauthorized)
	stranger := ended.Form("/sign-in")
	in := func(name, passphrase string) []string { return []string{"name", name, "passphrase", passphrase} }

	back := ended.Submit("/sign-in", in(h.birthLogin.Name, h.birthLogin.Passphrase)...).Want(http.StatusOK)
	if got := back.Form(ask.Path).Get("message"); got != told {
		t.Errorf("the box holds %q", got)
	}
	says(t, back, "They were not sent.")
	if text := main(h.birth.Get(side + "/messages")); strings.Contains(text, "07700") {
		t.Error("it was sent")
	}
	if text := main(h.birth.Get("/letters")); strings.Contains(text, "Draft") {
		t.Error("it became a letter")
	}
	back.Submit(ask.Path).Want(http.StatusSeeOther).Follow().Want(http.StatusOK).Doc().One(".gp-letter")

	other := h.Family(t)
	stranger.Set("form-token", other.Get("/sign-in").Form("/sign-in").Get("form-token"))
	stranger.Set("name", h.adoptiveLogin.Name)
	stranger.Set("passphrase", h.adoptiveLogin.Passphrase)
	dropped := other.Post("/sign-in", stranger).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	says(t, dropped, "Somebody else was writing here.")
}

func TestTellOnHold(t *testing.T) {
	h := newHome(t)
	_, birth, _ := h.OpenExchange(t)
	l := h.EnrolPerson(t, birth)
	b := h.Family(t)
	b.SignIn(h.Site, &l)
	ask := b.Get(link(t, b.Get("/letters"), "/side/") + "/tell").Want(http.StatusOK)
	ask.Submit(ask.Path, "message", told).Want(http.StatusSeeOther).Follow().Want(http.StatusOK).Doc().One(".gp-letter")
}
