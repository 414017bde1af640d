package desk_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatepost/internal/authz"
	"gatepost/letterbox"
	"gatepost/web/webtest"
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
	contains(t, d.as(t, &d.ManagerLogin).Get("/workers").Want(http.StatusOK).Doc().One("[data-worker="+login.ID+"]").Text(), "Has 1 letter now.")
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

// A language that has no name on our pages is named by the worker, and the translator
// reads it beside the letter. A worker who reads Welsh is offered no box for it.
func TestTranslation_PagesOfAnother(t *testing.T) {
	d := openDesk(t)
	login, _ := d.NewWorker(t, "Ifan Trefor", authz.Translator)
	d.Browser = d.as(t, &d.ManagerLogin)
	d.Get("/worker/"+d.World.Worker.Account()+"/reads").Submit("/worker/"+d.World.Worker.Account()+"/reads", "welsh", "yes").Want(http.StatusSeeOther)
	d.Browser = d.as(t, &d.WorkerLogin)
	letter := d.inWelsh(t, "Kochana Wren, pozdrawiam.")
	path := "/letter/" + letter + "/translate"
	d.Get(path).Want(http.StatusOK).Doc().None("input[name=which]")
	d.Get("/letter/"+letter+"/language").Submit("/letter/"+letter+"/language", "language", "other").Want(http.StatusSeeOther)
	give := d.Get(path).Want(http.StatusOK)
	give.Doc().None("textarea[name=text]")
	refused := give.Submit(path, "translator", login.ID, "which", " ").Want(http.StatusUnprocessableEntity)
	contains(t, refused.Doc().One(".govuk-error-summary").Text(), "Say from which language into which")
	if form := refused.Form(path); form.Get("translator") != login.ID {
		t.Error("who translates it has to be chosen again")
	}
	refused.Submit(path, "which", "from Polish into English").Want(http.StatusSeeOther)
	task := d.as(t, &login).Get("/translation/" + letter).Want(http.StatusOK)
	contains(t, task.Doc().One("[data-view=which]").Text(), "from Polish into English")
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

// inWelsh sends a letter, opens it to this worker, and says that it is in Welsh.
func (d *desk) inWelsh(t *testing.T, text string) (letter string) {
	t.Helper()
	letter = d.send(t, text)
	d.read(t, letter)
	d.Get("/letter/"+letter+"/language").Want(http.StatusOK).Submit("/letter/"+letter+"/language", "language", "cy").Want(http.StatusSeeOther)
	return letter
}

// readGiven claims a letter that a translator has, and opens it.
func (d *desk) readGiven(t *testing.T, letter string) webtest.Answer {
	t.Helper()
	return d.Get("/desk?show=translate").Submit("/letter/" + letter + "/claim").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
}

// readsWelsh says that the desk's worker reads Welsh.
func (d *desk) readsWelsh(t *testing.T) {
	t.Helper()
	path := "/worker/" + d.WorkerLogin.ID + "/reads"
	d.as(t, &d.ManagerLogin).Get(path).Want(http.StatusOK).Submit(path, "welsh", "yes").Want(http.StatusSeeOther)
}

// What a worker types who translates a letter themselves is on the page again where
// their session ended meanwhile, and not kept; nobody else gets it.
func TestTranslation_CarriedOwn(t *testing.T) {
	d := openDesk(t)
	other, _ := d.NewWorker(t, "Sam Okafor", authz.LetterboxWorker)
	d.readsWelsh(t)
	d.Browser = d.as(t, &d.WorkerLogin)
	letter := d.inWelsh(t, "Annwyl Wren, meddwl amdanat ti.")
	path := "/letter/" + letter + "/translate"
	const typed = "Dear Wren, typed for half an hour"
	open := d.Get(path).Want(http.StatusOK)
	d.Clock.Advance(time.Hour)
	ended := open.Submit(path, "translator", "myself", "text", typed).Want(http.StatusUnauthorized)
	stranger := ended.Form("/sign-in")
	back := ended.Submit("/sign-in", "name", d.WorkerLogin.Name, "passphrase", d.WorkerLogin.Passphrase, "code", d.Code(t, &d.WorkerLogin)).Want(http.StatusOK)
	contains(t, back.Doc().One("main").Text(), "It is not saved yet.")
	if form := back.Form(path); form.Get("text") != typed || form.Get("translator") != "myself" {
		t.Errorf("the form holds %v", form)
	}
	if n := d.count(t, `select count(*) from translation`); n != 0 {
		t.Error("it was handed in")
	}
	b := d.Site.Worker(t)
	stranger.Set("form-token", b.Get("/sign-in").Form("/sign-in").Get("form-token"))
	for name, value := range map[string]string{"name": other.Name, "passphrase": other.Passphrase, "code": d.Code(t, &other)} {
		stranger.Set(name, value)
	}
	dropped := b.Post("/sign-in", stranger).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, dropped.Doc().One("main").Text(), "Somebody else was writing here before you.")
	if strings.Contains(dropped.Body, typed) {
		t.Error("another worker is shown what was typed")
	}
	contains(t, back.Submit(path).Want(http.StatusSeeOther).Follow().Want(http.StatusOK).Doc().One("main").Text(), "A colleague decides about it now.")
}

// A translation that is not good goes back to be made again; and whoever cannot decide
// about a letter, or cannot open it, can take it back from its translator all the same.
func TestTranslation_Again(t *testing.T) {
	d := openDesk(t)
	login, _ := d.NewWorker(t, "Ifan Trefor", authz.Translator)
	colleague, _ := d.NewWorker(t, "Sam Okafor", authz.LetterboxWorker)
	d.readsWelsh(t)
	d.Browser = d.as(t, &d.WorkerLogin)
	letter := d.inWelsh(t, "Annwyl Wren, meddwl amdanat ti.")
	path, link := "/letter/"+letter+"/translate", `main a[href="/letter/`+letter+`/translate"]`
	if text := d.Get("/letter/" + letter).Doc().One(link).Text(); text != "Have it translated" {
		t.Errorf("untranslated the page offers %q", text)
	}
	same := d.Get(path).Submit(path, "translator", "myself", "text", "Annwyl Wren,  meddwl amdanat ti.").Want(http.StatusUnprocessableEntity)
	contains(t, same.Doc().One(".govuk-error-summary").Text(), "This is the letter as it was written.")
	same.Submit(path, "text", "Dear Wren, I think of hats.").Want(http.StatusSeeOther)
	theirs := d.read(t, letter)
	theirs.Doc().None(link) // they translated it
	concern := theirs.Submit("/letter/"+letter+"/escalate", "do", "ask").Want(http.StatusOK)
	concern.Submit("/letter/" + letter + "/escalate").Want(http.StatusUnprocessableEntity).Doc().One("#concern-error")
	release := "/letter/" + letter + "/release"
	d.Get("/letter/" + letter).Submit(release).Want(http.StatusSeeOther)

	worker := d.Browser
	d.Browser = d.as(t, &colleague)
	if text := d.read(t, letter).Doc().One(link).Text(); text != "Have it translated again" {
		t.Errorf("translated the page offers %q", text)
	}
	again := d.Get(path).Want(http.StatusOK)
	again.Submit(path, "translator", login.ID).Want(http.StatusSeeOther)
	d.Browser = worker
	takeBack := "/letter/" + letter + "/take-back"
	d.readGiven(t, letter).Submit(takeBack).Want(http.StatusSeeOther)
	if n := d.count(t, `select count(*) from translation where state = 'takenBack'`); n != 1 {
		t.Errorf("%d turns were taken back", n)
	}

	d.Browser = d.as(t, &colleague)
	d.read(t, letter)
	d.Get(path).Submit(path, "translator", login.ID).Want(http.StatusSeeOther)
	ifan := d.as(t, &login)
	task := "/translation/" + letter
	ifan.Get(task).Want(http.StatusOK).Submit(task, "text", "Dear Wren, I think of you.", "do", "handIn").Want(http.StatusSeeOther)
	contains(t, d.read(t, letter).Doc().One("[data-view=translation]").Text(), "Dear Wren, I think of you.", "Ifan Trefor")
}

// The page of a letter that does not open offers to take it back from its translator.
func TestTranslation_TakeBackUnread(t *testing.T) {
	d := openDesk(t)
	login, _ := d.NewWorker(t, "Ifan Trefor", authz.Translator)
	d.Browser = d.as(t, &d.WorkerLogin)
	letter := d.inWelsh(t, "Annwyl Wren, meddwl amdanat ti.")
	path := "/letter/" + letter + "/translate"
	d.Get(path).Submit(path, "translator", login.ID).Want(http.StatusSeeOther)
	d.lose(t, "text")
	page := d.readGiven(t, letter)
	if strings.Contains(page.Body, "Annwyl") {
		t.Fatal("the letter opens")
	}
	page.Submit("/letter/" + letter + "/take-back").Want(http.StatusSeeOther)
}

// Whoever gives a letter back without a reason has what they translated still before
// them, not kept, and the number to call about somebody in danger.
func TestTranslation_GiveBackKeeps(t *testing.T) {
	d := openDesk(t)
	login, _ := d.NewWorker(t, "Ifan Trefor", authz.Translator)
	d.Browser = d.as(t, &d.WorkerLogin)
	letter := d.inWelsh(t, "Annwyl Wren, meddwl amdanat ti.")
	path := "/letter/" + letter + "/translate"
	d.Get(path).Submit(path, "translator", login.ID).Want(http.StatusSeeOther)
	ifan, task := d.as(t, &login), "/translation/"+letter
	open := ifan.Get(task).Want(http.StatusOK)
	contains(t, open.Doc().One("main").Text(), "If somebody may be in danger, call us now:", "01632 960123")
	button := open.Doc().One("[data-act=giveBack]")
	refused := open.Submit(task, "text", "Dear Wren, half of it", "words", "A small hand.", "do", button.Attr("value")).Want(http.StatusUnprocessableEntity)
	if form := refused.Form(task); form.Get("text") != "Dear Wren, half of it" || form.Get("words") != "A small hand." {
		t.Errorf("the form holds %v", form)
	}
	if n := len(open.Doc().All(`form[action="` + task + `"]`)); n != 1 {
		t.Errorf("%d forms", n)
	}
	d.Clock.Advance(time.Hour)
	ended := refused.Submit(task, "do", "back", "reason", "cannot").Want(http.StatusUnauthorized)
	back := ended.Submit("/sign-in", "name", login.Name, "passphrase", login.Passphrase, "code", d.Code(t, &login)).Want(http.StatusOK)
	if form := back.Form(task); form.Get("text") != "Dear Wren, half of it" || form.Get("words") != "A small hand." || form.Get("reason") != "cannot" {
		t.Errorf("after the sign-in the form holds %v", form)
	}
	back.Submit(task, "do", "back").Want(http.StatusSeeOther)
}

// Who reads neither a letter nor its translation has no button that is always refused:
// the page says who can go on with it, and what they do not read is no part of theirs to
// leave out. Who reads one of them has the buttons.
func TestLetter_ReadsNeither(t *testing.T) {
	d := openDesk(t)
	ctx := t.Context()
	colleague, bethan := d.NewWorker(t, "Bethan Rees", authz.LetterboxWorker)
	_, ifan := d.NewWorker(t, "Ifan Trefor", authz.Translator)
	d.Browser = d.as(t, &d.WorkerLogin)
	w, manager := d.SignInWorker(t, &d.WorkerLogin), d.SignInWorker(t, &d.ManagerLogin)
	must(t, d.Desk.SetReads(ctx, manager, colleague.ID, true))
	inbox, err := d.Families.Inbox(ctx, d.reader)
	must(t, err)
	must(t, d.Desk.SetSideLanguage(ctx, w, inbox.Sides[0].Side, letterbox.Welsh))
	id := letterbox.LetterID(d.send(t, "Kochana Wren, pozdrawiam."))
	must(t, d.Desk.Claim(ctx, w, id))
	must(t, d.Desk.SayLanguage(ctx, w, id, letterbox.OtherTongue))
	at := "/letter/" + string(id)
	pass, cut := "button[data-act=pass]", "button[formaction="+at+"/cut]"
	neither := func(page webtest.Answer, says string) {
		t.Helper()
		contains(t, page.Doc().One("main").Text(), says)
		page.Doc().None(pass)
		page.Doc().None(cut)
		page.Doc().One("button[formaction=" + at + "/return]")
	}
	neither(d.Get(at).Want(http.StatusOK), "a colleague who reads Welsh can pass it on or leave parts out")
	must(t, d.Desk.GiveToTranslator(ctx, w, id, ifan.Account(), "from Polish into Welsh"))
	must(t, d.Desk.HandIn(ctx, ifan, id, "Annwyl Wren, cofion."))
	neither(d.read(t, string(id)), "You read neither this letter nor its translation: a colleague who reads Welsh")
	must(t, d.Desk.Release(ctx, w, id))

	must(t, d.Desk.Claim(ctx, bethan, id))
	theirs := d.as(t, &colleague)
	page := theirs.Get(at).Want(http.StatusOK)
	page.Doc().One(pass)
	page.Doc().One(cut)
	if strings.Contains(page.Doc().One("main").Text(), "You read neither") {
		t.Error("who reads Welsh is told that they do not")
	}
	must(t, d.Desk.SetSideLanguage(ctx, w, inbox.Sides[0].Side, letterbox.OtherTongue))
	neither(theirs.Get(at).Want(http.StatusOK), "Nobody here reads this letter or its translation")
	must(t, d.Desk.SetSideLanguage(ctx, w, inbox.Sides[0].Side, letterbox.Welsh))
	theirs.Get(at).Want(http.StatusOK).Submit(at + "/pass").Want(http.StatusSeeOther)
}
