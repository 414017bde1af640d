package desk

import (
	"cmp"
	"context"
	"net/http"
	"strconv"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/web/page"
)

// translationRoutes are the pages of letters in other languages: what a letter is in,
// who translates it, and who reads what.
func (room Room) translationRoutes() []page.Route {
	get := func(pattern, name string, h page.HandlerFunc) page.Route {
		return page.Route{Method: http.MethodGet, Pattern: pattern, Who: page.SignedIn, Page: name, Handler: h}
	}
	post := func(pattern string, body int64, h page.HandlerFunc, keep ...string) page.Route {
		return page.Route{Method: http.MethodPost, Pattern: pattern, Who: page.SignedIn, Body: body, Keep: keep, Handler: h}
	}
	return []page.Route{
		get("/letter/{id}/language", "desk/letter-language", room.sayLanguage().ask),
		post("/letter/{id}/language", page.SmallBody, room.sayLanguage().post),
		get("/letter/{id}/translate", "desk/letter-translate", room.translating().ask),
		post("/letter/{id}/translate", page.TextBody, room.translating().post, "text", "which"),
		post("/letter/{id}/take-back", page.SmallBody, room.takeBack),
		get("/translations", "desk/translations", room.tasks),
		get("/translation/{id}", "desk/translation", room.task),
		post("/translation/{id}", page.TextBody, room.doTask, "text", "words"),
		get("/worker/{id}/reads", "desk/manage-reads", room.askReads),
		post("/worker/{id}/reads", page.SmallBody, room.setReads),
		get("/side/{id}/language", "desk/side-language", room.sideLanguage().ask),
		post("/side/{id}/language", page.SmallBody, room.sideLanguage().post),
	}
}

// langOf is the lang of a text in a page; of a language that nobody named, none.
func langOf(language string) string {
	if language == letterbox.OtherTongue {
		return ""
	}
	return language
}

// translated is a letter's translation on the worker's page, with what the screen found
// in it marked.
type translated struct {
	Lang, Into, By string
	Unread         bool
	Marked         [][][]markedPart
}

// Lang is that of the letter as it was written.
func (p *letterPage) Lang() string { return langOf(p.Language) }

// WhoReads is who reads a letter that this worker reads in neither language: "welsh"
// for colleagues who read Welsh, else "nobody".
func (p *letterPage) WhoReads() string {
	if p.Language == letterbox.Welsh || p.Into == letterbox.Welsh {
		return "welsh"
	}
	return "nobody"
}

// WithTranslator tells the page that a translator has the letter.
func (p *letterPage) WithTranslator() bool { return p.State == letterbox.ToTranslate }

// languageAct is the page of an act about the language of a letter that this worker
// reads. Its texts do not travel to the pages of other acts.
type languageAct struct {
	room        Room
	name, title string
	do          func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, form page.Form) (to string, err error)
}

// languagePage is a letter with the question about its language.
type languagePage struct {
	letterPage
	Languages   []page.Choice
	Translators []page.Choice
	MadeFor     string // the account that the page was made for; Writer is the letter's
	MaxText     int
	Named       bool // both languages have names
}

func (room Room) sayLanguage() languageAct {
	return languageAct{room, "letter-language", "translate.language.title", func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, form page.Form) (string, error) {
		return "/letter/" + string(id), room.Letters.SayLanguage(ctx, actor, id, form.Get("language"))
	}}
}

// myself is the answer of a worker who translates a letter themselves.
const myself = "myself"

func (room Room) translating() languageAct {
	return languageAct{room, "letter-translate", "translate.give.title", func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, form page.Form) (string, error) {
		if form.Get("translator") == myself {
			return "/desk?said=translated", room.Letters.TranslateMyself(ctx, actor, id, form.Get("text"))
		}
		return donePath(string(id), form), room.Letters.GiveToTranslator(ctx, actor, id, form.Get("translator"), form.Get("which"))
	}}
}

func (a languageAct) ask(w http.ResponseWriter, r *http.Request) error {
	return a.show(w, r, page.Form{}, nil)
}

func (a languageAct) post(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	to, err := a.do(r.Context(), a.room.Actor(r), letterbox.LetterID(id), form)
	if err != nil {
		return a.show(w, r, form, err)
	}
	return page.SeeOther(w, r, to)
}

func (a languageAct) show(w http.ResponseWriter, r *http.Request, form page.Form, refused error) error {
	p := &languagePage{letterPage: a.room.letterPage(r, a.title), MadeFor: a.room.Actor(r).Account(), MaxText: letterbox.MaxText}
	status, err := a.room.fill(r, &p.letterPage, form, refused)
	if err != nil {
		return err
	}
	p.Back = "/letter/" + string(p.ID)
	for _, language := range letterbox.Languages() {
		p.Languages = append(p.Languages, page.Choice{Value: language, Text: p.Words.T("translate.language." + language)})
	}
	if a.name == "letter-translate" {
		p.Named = p.Language != letterbox.OtherTongue && p.Into != letterbox.OtherTongue
		if refused == nil && form.Has(textField) { // brought back after a sign-in
			p.Notice = &page.NotificationBanner{Text: p.Words.T("translate.said.kept")}
		}
		list, err := a.room.Letters.Translators(r.Context(), a.room.Actor(r), p.ID)
		if err != nil {
			return err
		}
		if p.Translators = workerChoices(&p.Base, list); p.ReadsWelsh && p.Named {
			p.Translators = append(p.Translators, page.Choice{Value: myself, Text: p.Words.T("translate.give.myself"), Hint: &page.Hint{Text: p.Words.T("translate.give.myselfHint")}})
		}
	} else if refused == nil {
		p.Form = form.With("language", p.Language)
	}
	return a.room.Site.Render(w, r, status, "desk/"+a.name, p)
}

// takeBack takes a letter back from its translator, to the desk.
func (room Room) takeBack(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	if err := room.Letters.TakeBack(r.Context(), room.Actor(r), letterbox.LetterID(id)); err != nil {
		return err
	}
	return page.SeeOther(w, r, "/desk")
}

// tasksPage is what a translator has to translate: no names, and no text.
type tasksPage struct {
	page.Base
	Tasks []letterbox.TaskLine
}

func (room Room) tasks(w http.ResponseWriter, r *http.Request) error {
	list, err := room.Letters.Tasks(r.Context(), room.Actor(r))
	if err != nil {
		return err
	}
	p := &tasksPage{Base: room.Site.Base(r, "translate.tasks.title"), Tasks: list}
	if said := page.Query(r).Get("said"); said == "handedIn" || said == "givenBack" {
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("translate.said." + said)}
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/translations", p)
}

// taskPage is a letter with a box for its translation.
type taskPage struct {
	page.Base
	letterbox.TaskLine
	Lang, IntoLang string
	Text, Which    string
	Version        int
	Writer         string // the account that the page was made for
	Unread         bool
	Reasons        []page.Choice
	Max, MaxText   int
}

func (room Room) task(w http.ResponseWriter, r *http.Request) error {
	return room.showTask(w, r, page.Form{}, nil)
}

// showTask shows a letter to its translator, with what they have so far or what was
// typed, and why it was refused.
func (room Room) showTask(w http.ResponseWriter, r *http.Request, form page.Form, refused error) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	task, err := room.Letters.Task(r.Context(), room.Actor(r), letterbox.LetterID(id))
	if err != nil {
		return err
	}
	p := &taskPage{Base: room.Site.Base(r, "translate.task.title"), TaskLine: task.TaskLine, Lang: langOf(task.Language), IntoLang: langOf(task.Into),
		Text: string(task.Text), Which: task.Which, Version: task.Version, Writer: room.Actor(r).Account(), Unread: task.Unread, Max: letterbox.MaxReason, MaxText: letterbox.MaxText}
	p.Back, p.Form = "/translations", form.With("text", cmp.Or(form.Get("text"), string(task.Draft)))
	for _, reason := range letterbox.BackReasons() {
		p.Reasons = append(p.Reasons, page.Choice{Value: reason, Text: p.Words.T("translate.back." + reason)})
	}
	status := http.StatusOK
	switch {
	case refused != nil:
		if !p.Refused(p.Form, refused) {
			return refused
		}
		status = statusOf(refused)
	case form.Has(textField): // brought back after a sign-in
		p.Notice = &page.NotificationBanner{Text: p.Words.T("translate.said.kept")}
	case page.Query(r).Get("said") == "saved":
		p.Notice = &page.NotificationBanner{Type: "success", Text: p.Words.T("translate.said.saved")}
	}
	return room.Site.Render(w, r, status, "desk/translation", p)
}

// doTask saves a translation, hands it in, or gives the letter back.
func (room Room) doTask(w http.ResponseWriter, r *http.Request) error {
	id, err := idOf(r, "lt")
	if err != nil {
		return err
	}
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	ctx, actor, letter, to := r.Context(), room.Actor(r), letterbox.LetterID(id), "/translations?said="
	switch form.Get("do") {
	case "handIn":
		to += "handedIn"
		err = room.Letters.HandIn(ctx, actor, letter, form.Get("text"))
	case "back":
		to += "givenBack"
		err = room.Letters.GiveBack(ctx, actor, letter, form.Get("reason"), form.Get("words"))
	default:
		version, wrong := strconv.Atoi(form.Get("version"))
		if wrong != nil {
			version = -1 // that of no draft
		}
		to = "/translation/" + id + "?said=saved"
		_, err = room.Letters.SaveTask(ctx, actor, letter, version, form.Get("text"))
	}
	if err != nil {
		return room.showTask(w, r, form, err)
	}
	return page.SeeOther(w, r, to)
}

// readsPage asks a manager whether a worker reads Welsh.
type readsPage struct {
	page.Base
	ID, Name string
	Choices  []page.Choice
}

func (room Room) readsPage(r *http.Request) (*readsPage, error) {
	if err := room.Actor(r).May(authz.SetReads); err != nil {
		return nil, err
	}
	worker, err := room.worker(r)
	if err != nil {
		return nil, err
	}
	welsh, err := room.Letters.WorkerReads(r.Context(), room.Actor(r), worker.ID)
	if err != nil {
		return nil, err
	}
	p := &readsPage{Base: room.Site.Base(r, "translate.reads.title"), ID: worker.ID, Name: worker.Name}
	p.Back = "/workers"
	reads := "no"
	if welsh {
		reads = "yes"
	}
	p.Form = p.Form.With("welsh", reads)
	for _, answer := range []string{"yes", "no"} {
		p.Choices = append(p.Choices, page.Choice{Value: answer, Text: p.Words.T("translate.reads." + answer)})
	}
	return p, nil
}

func (room Room) askReads(w http.ResponseWriter, r *http.Request) error {
	p, err := room.readsPage(r)
	if err != nil {
		return err
	}
	return room.Site.Render(w, r, http.StatusOK, "desk/manage-reads", p)
}

func (room Room) setReads(w http.ResponseWriter, r *http.Request) error {
	form, err := page.FormOf(r)
	if err != nil {
		return err
	}
	p, err := room.readsPage(r)
	if err != nil {
		return err
	}
	if answer := form.Get("welsh"); answer != "yes" && answer != "no" {
		err = fault.Field("welsh", "fault.language.choose")
	} else {
		err = room.Letters.SetReads(r.Context(), room.Actor(r), p.ID, answer == "yes")
	}
	if err == nil {
		return page.SeeOther(w, r, "/workers")
	}
	if !p.Refused(form, err) {
		return err
	}
	return room.Site.Render(w, r, statusOf(err), "desk/manage-reads", p)
}

// sideLanguage asks what a side reads.
func (room Room) sideLanguage() standingForm {
	return standingForm{room, "side-language", "translate.side.title", func(r *http.Request, p *standingPage, form page.Form) error {
		return room.Letters.SetSideLanguage(r.Context(), room.Actor(r), p.Place.ID, form.Get("language"))
	}}
}
