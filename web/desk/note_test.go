package desk_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestNoteTravels: what a worker typed about a letter goes with them between
// the letter and the form for a return, both ways, and nothing is decided.
func TestNoteTravels(t *testing.T) {
	d := openDesk(t)
	id := d.send(t, "Dear Wren, I saw your street.")
	pass, path := "/letter/"+id+"/pass", "/letter/"+id+"/return"
	read := d.read(t, id)

	// As a browser sends it when the button is pressed.
	ask := read.Doc().One("form[action=" + pass + "] button[formaction=" + path + "]")
	form := read.Form(pass)
	form.Set("note", "Jméno školy?")
	form.Set(ask.Attr("name"), ask.Attr("value"))
	returning := d.Post(path, form).Want(http.StatusOK)
	returning.Doc().None(".govuk-error-summary")
	if got := returning.Form(path).Get("note"); got != "Jméno školy?" {
		t.Fatalf("the form for a return has the note %q", got)
	}

	back := returning.Submit(path, "do", returning.Doc().One("button[value=back]").Attr("value"), "reason", "identifying",
		"words", "Leave out the street.", "note", "school named").Want(http.StatusOK)
	back.Doc().None(".govuk-error-summary")
	form = back.Form(pass)
	if form.Get("note") != "school named" {
		t.Fatalf("back at the letter the note is %q", form.Get("note"))
	}
	form.Set("do", "ask")
	again := d.Post(path, form).Want(http.StatusOK).Form(path)
	if again.Get("reason") != "identifying" || again.Get("words") != "Leave out the street." || again.Get("note") != "school named" {
		t.Errorf("the second time the form has %v", again)
	}
	if n := d.count(t, `select count(*) from decision`); n != 0 {
		t.Error("going to and fro decided")
	}
	contains(t, back.Doc().One("main").Text(), "not if you put the letter back")
	form.Set("note", strings.Repeat("ж", 2000))
	d.Post("/letter/"+id+"/release", form).Want(http.StatusSeeOther)
	d.Post(path, form).Want(http.StatusConflict) // no longer theirs to read
}

// TestTagsStandApart: the tags of a letter are words of one line. As items of a
// flex box the white space between them would be gone.
func TestTagsStandApart(t *testing.T) {
	d := openDesk(t)
	id := d.send(t, "Dear Wren")
	d.read(t, id)
	d.Clock.Advance(40 * 24 * time.Hour)
	d.SignIn(d.Site, &d.WorkerLogin)
	card := d.Get("/desk").Want(http.StatusOK).Doc().One("[data-letter]")
	if n := len(card.All(".govuk-tag")); n < 2 {
		t.Fatalf("the letter has %d tags, want two: %s", n, card.Text())
	}
	line := card.One(".govuk-summary-card__actions div")
	if strings.Contains(line.HTML(), "</strong><strong") {
		t.Error("there is nothing between two tags")
	}
}
