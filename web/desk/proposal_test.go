package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"gatepost/internal/authz"
	"gatepost/letterbox"
)

// A worker chooses what is left out, of what is marked and in words of their own; what they
// typed travels between the pages, and what the writer may not be pointed at is not offered.
func TestPropose(t *testing.T) {
	d := openDesk(t)
	id := d.send(t, "Dear Wren,\n\nring me on 07700 900987 & ask for Hale. We hope for a dog.")
	path := "/letter/" + id
	read := d.read(t, id)
	form := post(t, d.Browser, path+"/propose", "do", "ask", "exchange", string(d.exchange), "note", "mine").Want(http.StatusOK)
	var offered []string
	for _, s := range form.Doc().All("select") {
		if name := s.Attr("name"); strings.HasPrefix(name, "part-") && !strings.HasSuffix(name, "-CUE") {
			offered = append(offered, name)
		}
	}
	if len(offered) != 1 || !strings.HasSuffix(offered[0], "-PHONE") {
		t.Fatalf("offered: %v", offered)
	}
	main := form.Doc().One("main").Text()
	contains(t, main, "07700 900987", "not offered here")
	refused := form.Submit(path+"/propose", "words-2", "a cat", "why-2", "promises", "words", "We are sorry.").Want(http.StatusUnprocessableEntity)
	refused.Doc().One(".govuk-error-summary a[href='#words-2']")
	away := refused.Submit(path+"/propose", "do", "back").Want(http.StatusOK)
	if f := away.Form(path + "/pass"); f.Get("words-2") != "a cat" || f.Get("why-2") != "promises" || f.Get("words") != "We are sorry." {
		t.Errorf("between two pages what was typed is lost: %v", f)
	}
	closed := form.Submit(path+"/propose", "words-1", "Hale", "why-1", "identifying").Want(http.StatusUnprocessableEntity)
	contains(t, closed.Doc().One(".govuk-error-summary").Text(), "Return the letter instead")
	form.Submit(path + "/propose").Want(http.StatusUnprocessableEntity)
	done := form.Submit(path+"/propose", offered[0], "identifying", "words-1", "a dog", "why-1", "promises", "words", "We are sorry.").
		Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, done.Doc().One("main").Text(), "The writer is asked")
	if d.state(t, id) != letterbox.ProposedToWriter {
		t.Errorf("it is %s", d.state(t, id))
	}
	d.Browser.Get(path).Want(http.StatusConflict)
	if strings.Contains(read.Body, `data-view="proposed"`) {
		t.Error("a letter of which nobody was asked says so")
	}
}

// What is left out unasked is another worker's to pass on, who sees what it is; and the letter
// as it came is shown to whoever says why, and to nobody who does not.
func TestCutPages(t *testing.T) {
	d := openDesk(t)
	login, _ := d.NewWorker(t, "Imogen Farr", authz.LetterboxWorker)
	d.Browser = d.as(t, &d.WorkerLogin)
	id := d.send(t, "We hope for a dog. The fair was wet.")
	path := "/letter/" + id
	d.read(t, id)
	form := post(t, d.Browser, path+"/cut", "do", "ask", "exchange", string(d.exchange)).Want(http.StatusOK)
	if len(form.Doc().All("textarea[name=words]")) != 0 {
		t.Error("there are words for a writer who is not asked")
	}
	form.Submit(path+"/cut", "words-1", "We hope for a dog", "why-1", "promises").Want(http.StatusUnprocessableEntity).Doc().One(".govuk-error-summary a[href='#note']")
	contains(t, form.Submit(path+"/cut", "words-1", "We hope for a dog", "why-1", "promises", "note", "she must not hope").Want(http.StatusSeeOther).Follow().Want(http.StatusOK).Doc().One("main").Text(), "second reader")
	mine := d.read(t, id)
	mine.Doc().One("a[href='" + path + "/uncut']")
	mine.Submit(path + "/release").Want(http.StatusSeeOther)

	d.Browser = d.as(t, &login)
	second := d.read(t, id)
	contains(t, second.Doc().One("[data-view=cut] del").Text(), "We hope for a dog")
	contains(t, second.Doc().All("main .gp-letter")[0].Text(), "[…]. The fair was wet.")
	whole := d.Browser.Get(path + "/uncut").Want(http.StatusOK)
	whole.Submit(path + "/uncut").Want(http.StatusUnprocessableEntity).Doc().One(".govuk-error-summary a[href='#note']")
	whole.Submit(path+"/uncut", "note", "it may stay").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	again := d.read(t, id)
	contains(t, again.Doc().All("main .gp-letter")[0].Text(), "We hope for a dog.")
	post(t, d.Browser, path+"/release").Want(http.StatusSeeOther)
	d.Browser = d.as(t, &d.WorkerLogin)
	d.read(t, id)
	post(t, d.Browser, path+"/cut", "words-1", "We hope for a dog", "why-1", "promises", "note", "she must not hope", "exchange", string(d.exchange)).Want(http.StatusSeeOther)
	d.Browser = d.as(t, &login)
	second = d.read(t, id)
	second.Submit(path + "/pass").Want(http.StatusSeeOther)

	// Agreed: the desk has the text as agreed, and the first one apart.
	agreed := d.send(t, "We hope for a cat. The sea was calm.")
	d.read(t, agreed)
	at := "/letter/" + agreed
	d.Browser.Get(at+"/original").Want(http.StatusOK).Submit(at+"/original", "why", "x").Want(http.StatusNotFound)
	post(t, d.Browser, at+"/propose", "words-1", "We hope for a cat", "why-1", "promises", "exchange", string(d.exchange)).Want(http.StatusSeeOther)
	if err := d.Families.Agree(t.Context(), d.writer, letterbox.LetterID(agreed), 1); err != nil {
		t.Fatal(err)
	}
	again = d.read(t, agreed)
	if strings.Contains(again.Doc().All("main .gp-letter")[0].Text(), "cat") {
		t.Error("the desk shows the first text")
	}
	ask := d.Browser.Get(again.Doc().One("a[href='" + at + "/original']").Attr("href")).Want(http.StatusOK)
	if strings.Contains(ask.Body, "We hope for a cat") {
		t.Error("it is shown before anybody says why")
	}
	ask.Submit(at + "/original").Want(http.StatusUnprocessableEntity).Doc().One(".govuk-error-summary a[href='#why']")
	contains(t, ask.Submit(at+"/original", "why", "the writer asked us").Want(http.StatusOK).Doc().One("main").Text(), "We hope for a cat. The sea was calm.")
}
