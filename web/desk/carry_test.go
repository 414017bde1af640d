package desk_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatepost/internal/authz"
	"gatepost/internal/calendar"
)

// What a worker typed when their session ended is on the page again once they
// have signed in; nobody else gets it, and nothing was kept or sent by it.
func TestCarry(t *testing.T) {
	d := openDesk(t)
	message := d.tell(t, "I am moving house in May.")
	other, _ := d.NewWorker(t, "Sam Okafor", authz.LetterboxWorker)
	d.Browser = d.as(t, &d.WorkerLogin)
	const picture = "\xff\xd8\xff\xe0 a picture"
	in := func() []string {
		return []string{"name", d.WorkerLogin.Name, "passphrase", d.WorkerLogin.Passphrase, "code", d.Code(t, &d.WorkerLogin)}
	}
	for _, c := range []struct{ page, form, text, says string }{
		{"/exchange/" + string(d.exchange) + "/paper", "/exchange/" + string(d.exchange) + "/paper", "Dear Wren, I write by hand.", "It is not kept yet."},
		{"/message/" + message, "/message/" + message + "/answer", "Thank you for telling us.", "It was not sent."},
	} {
		open := d.Get(c.page).Want(http.StatusOK)
		form := open.Form(c.form)
		form.Set("text", c.text)
		form.Set("came-day", "4")
		d.Clock.Advance(time.Hour)
		ended := d.Browser.Post(c.form, form)
		if strings.HasSuffix(c.form, "/paper") {
			ended = scanned(t, d.Browser, c.form, form, picture)
		}
		ended.Want(http.StatusUnauthorized)
		stranger := ended.Form("/sign-in")
		back := ended.Submit("/sign-in", in()...).Want(http.StatusOK)
		contains(t, back.Doc().One("main").Text(), c.says)
		if got := back.Form(c.form); got.Get("text") != c.text || got.Get("letter") != form.Get("letter") || got.Get("came-day") != form.Get("came-day") && got.Has("came-day") {
			t.Errorf("%s holds %v", c.form, got)
		}
		if n := d.count(t, `select (select count(*) from letter) + (select count(*) from message where by_worker is not null)`); n != 0 {
			t.Errorf("%s: something was kept", c.form)
		}
		b := d.Site.Worker(t)
		stranger.Set("form-token", b.Get("/sign-in").Form("/sign-in").Get("form-token"))
		for name, value := range map[string]string{"name": other.Name, "passphrase": other.Passphrase, "code": d.Code(t, &other)} {
			stranger.Set(name, value)
		}
		dropped := b.Post("/sign-in", stranger).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
		contains(t, dropped.Doc().One("main").Text(), "Somebody else was writing here before you.")
		if strings.Contains(dropped.Body, c.text) {
			t.Error("another worker is shown what was typed")
		}
	}
}

// Who was ticked as having helped to write a letter on paper is ticked still, all of
// them, also where the first try to sign in was refused: none of them may decide.
func TestCarry_Helpers(t *testing.T) {
	d := openDesk(t)
	sam, _ := d.NewWorker(t, "Sam Okafor", authz.LetterboxWorker)
	ruth, _ := d.NewWorker(t, "Ruth Ashdown", authz.LetterboxWorker)
	d.NewWorker(t, "Owen Tresco", authz.LetterboxWorker)
	d.NewWorker(t, "Ines Moreau", authz.LetterboxWorker)
	d.Browser = d.as(t, &d.WorkerLogin)
	path := "/exchange/" + string(d.exchange) + "/paper"
	ask := d.Get(path).Want(http.StatusOK)
	form := ask.Form(path)
	today := calendar.Today(d.Clock.Now())
	for name, value := range map[string]string{"author": ask.Doc().All("input[type=radio][name=author]")[0].Attr("value"), "text": "Dear Wren, we write this together.", "helping": "Sam and Ruth sat with her.",
		"came-day": strconv.Itoa(today.Day()), "came-month": strconv.Itoa(int(today.Month())), "came-year": strconv.Itoa(today.Year())} {
		form.Set(name, value)
	}
	form["helpers"] = []string{sam.ID, ruth.ID}
	d.Clock.Advance(time.Hour)
	ended := scanned(t, d.Browser, path, form, "\xff\xd8\xff\xe0 a picture").Want(http.StatusUnauthorized)
	refused := ended.Submit("/sign-in", "name", d.WorkerLogin.Name, "passphrase", "not the right words at all").Want(http.StatusUnprocessableEntity)
	back := refused.Submit("/sign-in", "name", d.WorkerLogin.Name, "passphrase", d.WorkerLogin.Passphrase, "code", d.Code(t, &d.WorkerLogin)).Want(http.StatusOK)
	got := back.Form(path)
	slices.Sort(got["helpers"])
	want := slices.Sorted(slices.Values([]string{sam.ID, ruth.ID}))
	if !slices.Equal(got["helpers"], want) || got.Get("helping") != form.Get("helping") {
		t.Fatalf("ticked are %v, want %v", got["helpers"], want)
	}
	scanned(t, d.Browser, path, got, "\xff\xd8\xff\xe0 a picture").Want(http.StatusSeeOther)
	if n := d.count(t, `select count(*) from letter_helper where worker_id = any ($1)`, want); n != 2 {
		t.Errorf("%d of the two who helped are kept", n)
	}
}

// The words that a colleague would lose are shown to be copied where no page
// takes them back.
func TestCarry_Copy(t *testing.T) {
	d := openDesk(t)
	id := d.send(t, "Dear Wren, a planted sentence")
	d.read(t, id)
	ask := d.Get("/letter/" + id + "/return").Want(http.StatusOK)
	d.Clock.Advance(time.Hour)
	ended := ask.Submit("/letter/"+id+"/return", "words", "Please leave the place out.", "reason", "identifying").Want(http.StatusUnauthorized)
	contains(t, ended.Doc().One("main").Text(), "Copy it", "Please leave the place out.")
}
