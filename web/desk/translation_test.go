package desk_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatepost/internal/authz"
	"gatepost/letterbox"
)

// A letter in Welsh on the pages: said to be so, given to a translator, who sees its
// words and no name, handed in, shown beside its translation, and passed on with it.
func TestTranslation_Pages(t *testing.T) {
	d := openDesk(t)
	login, _ := d.NewWorker(t, "Ifan Trefor", authz.Translator)
	d.Browser = d.as(t, &d.WorkerLogin)
	letter := d.send(t, "Annwyl Wren, meddwl amdanat ti.")
	page := d.read(t, letter)
	if lang := page.Doc().One(".gp-letter").Text(); !strings.Contains(lang, "Annwyl") {
		t.Errorf("the letter is %q", lang)
	}
	ask := d.Get("/letter/" + letter + "/language").Want(http.StatusOK)
	if ask.Form("/letter/"+letter+"/language").Get("language") != letterbox.English {
		t.Error("a letter begins in another language than English")
	}
	page = ask.Submit("/letter/"+letter+"/language", "language", "cy").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, page.Doc().One("main").Text(), "In Welsh", "This letter is in Welsh.", "needs a translation into English")
	if lang, ok := page.Doc().One("[lang=cy] .gp-letter").Text(), true; !ok || !strings.Contains(lang, "Annwyl") {
		t.Error("the letter is not marked as Welsh")
	}
	refused := page.Submit("/letter/" + letter + "/pass").Want(http.StatusUnprocessableEntity)
	contains(t, refused.Doc().One(".govuk-error-summary").Text(), "needs a translation before it goes on")

	give := d.Get("/letter/" + letter + "/translate").Want(http.StatusOK)
	contains(t, give.Doc().One("main").Text(), "Ifan Trefor")
	if strings.Contains(give.Doc().One("main").Text(), "I translate it myself") {
		t.Error("a worker of whom nobody said that they read Welsh could translate it")
	}
	give.Submit("/letter/" + letter + "/translate").Want(http.StatusUnprocessableEntity)
	done := give.Submit("/letter/"+letter+"/translate", "translator", login.ID).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, done.Doc().One("main").Text(), "The letter is being translated")
	contains(t, d.Get("/desk?show=translate").Want(http.StatusOK).Doc().One("main").Text(), "Being translated by Ifan Trefor")

	ifan := d.as(t, &login)
	home := ifan.Get("/desk").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, home.Doc().One("main").Text(), "From Welsh into English")
	task := ifan.Get("/translation/" + letter).Want(http.StatusOK)
	contains(t, task.Doc().One("main").Text(), "Annwyl Wren, meddwl amdanat ti.")
	for _, page := range []string{home.Body, task.Body} {
		for _, name := range []string{"Tamsin Vale", "Morwenna Hale", "LB-"} {
			if strings.Contains(page, name) {
				t.Errorf("a translator reads %s", name)
			}
		}
	}
	saved := task.Submit("/translation/"+letter, "text", "Dear Wren, I think", "do", "save").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	if text := saved.Doc().One("textarea[name=text]").Text(); !strings.Contains(text, "Dear Wren, I think") {
		t.Errorf("the box holds %q", text)
	}
	stale := task.Submit("/translation/"+letter, "text", "typed elsewhere", "do", "save").Want(http.StatusConflict)
	if text := stale.Doc().One("textarea[name=text]").Text(); !strings.Contains(text, "typed elsewhere") {
		t.Errorf("what was typed is lost: %q", text)
	}
	ifan.Get("/letter/" + letter).Want(http.StatusForbidden)
	// What was typed when the session ended is on the page again, and not kept.
	form := saved.Form("/translation/" + letter)
	form.Set("text", "typed before the session ended")
	d.Clock.Advance(time.Hour)
	ended := ifan.Post("/translation/"+letter, form).Want(http.StatusUnauthorized)
	back := ended.Submit("/sign-in", "name", login.Name, "passphrase", login.Passphrase, "code", d.Code(t, &login)).Want(http.StatusOK)
	contains(t, back.Doc().One("main").Text(), "It is not saved yet.", "typed before the session ended")
	ifan = d.as(t, &login)
	d.Browser = d.as(t, &d.WorkerLogin)
	saved = ifan.Get("/translation/" + letter).Want(http.StatusOK)
	contains(t, saved.Doc().One("textarea[name=text]").Text(), "Dear Wren, I think")
	contains(t, saved.Submit("/translation/"+letter, "text", "Dear Wren, I think of you.", "do", "handIn").Want(http.StatusSeeOther).Follow().Want(http.StatusOK).Doc().One("main").Text(), "handed in")
	ifan.Get("/translation/" + letter).Want(http.StatusNotFound)

	page = d.read(t, letter)
	contains(t, page.Doc().One("[data-view=translation]").Text(), "Dear Wren, I think of you.", "Ifan Trefor")
	contains(t, page.Doc().One("[data-view=original]").Text(), "Annwyl")
	page.Submit("/letter/" + letter + "/pass").Want(http.StatusSeeOther)
	if d.state(t, letter) != letterbox.Waiting {
		t.Errorf("the letter is %s", d.state(t, letter))
	}
	printed := d.Get("/letter/" + letter + "/print").Want(http.StatusOK).Doc().One("[data-sheet=letter]")
	contains(t, printed.Text(), "Dear Wren, I think of you.", "This is how it was written", "Annwyl")
}

// Of a letter that needs a translation the recording stays: its pages say so, and offer
// nothing else. What the screen finds in a translation is no part to leave out.
func TestTranslation_PagesOfParts(t *testing.T) {
	d := openDesk(t)
	login, _ := d.NewWorker(t, "Ifan Trefor", authz.Translator)
	d.Browser = d.as(t, &d.WorkerLogin)
	letter, path := d.recorded(t, "Annwyl Wren, meddwl amdanat ti.")
	d.Get("/letter/"+letter+"/language").Want(http.StatusOK).Submit("/letter/"+letter+"/language", "language", "cy").Want(http.StatusSeeOther)
	const says = "nobody translates a recording"
	contains(t, d.Get("/letter/"+letter).Want(http.StatusOK).Doc().One("main").Text(), says)
	page := d.Get(path).Want(http.StatusOK)
	contains(t, page.Doc().One("main").Text(), says)
	page.Doc().None("input[name=goes][value=yes]")
	d.Get(page.Doc().One("audio").Attr("src")).Want(http.StatusOK)
	form := page.Form(path)
	form.Set("heard", "yes")
	form.Set("goes", "yes")
	contains(t, d.Post(path, form).Want(http.StatusConflict).Doc().One(".govuk-error-summary").Text(), says)
	page.Submit(path, "heard", "yes", "goes", "no", "reason", "other", "words", "Please write it.").Want(http.StatusSeeOther)

	d.Get("/letter/"+letter+"/translate").Submit("/letter/"+letter+"/translate", "translator", login.ID).Want(http.StatusSeeOther)
	ifan := d.as(t, &login)
	ifan.Get("/translation/"+letter).Submit("/translation/"+letter, "text", "Dear Wren, ring me on 07700 900123.", "do", "handIn").Want(http.StatusSeeOther)
	d.Browser = d.as(t, &d.WorkerLogin)
	found := d.read(t, letter)
	if mark := found.Doc().One("[data-view=translation] mark.gp-mark--high"); mark.Text() != "07700 900123" {
		t.Errorf("marked is %q", mark.Text())
	}
	if strings.Contains(d.Get("/letter/"+letter+"/cut").Want(http.StatusOK).Body, `name="part-`) {
		t.Error("what is found in the translation can be left out of the letter")
	}
}
