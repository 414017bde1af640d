package casework_test

import (
	"net/http"
	"strings"
	"testing"

	"gatepost/intermediary"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/web/webtest"
)

// both is the browser of a worker of both services.
func (r *room) both(t *testing.T) (*webtest.Browser, *accounttest.Login) {
	t.Helper()
	l, _ := r.NewWorker(t, "Senara Roskilly", authz.IntermediaryWorker, authz.LetterboxWorker)
	b := r.Site.Worker(t)
	b.SignIn(r.Site, &l)
	return b, &l
}

// TestContact: letters between two who agreed are opened by a form that says what
// will happen, once, and the page of the person says how they stand: open, with
// the way to the desk; and stopped, as soon as the answer is taken back.
func TestContact(t *testing.T) {
	r := newRoom(t)
	c := r.Ready(t, "AP>REL")
	r.State(t, string(c.Subject), "cnsl=yes")
	kase := "/case/" + string(c.ID)
	subject, path := kase+"/subject/"+string(c.Subject), kase+"/contact/"+string(c.Subject)
	b, login := r.both(t)
	b.Get(subject).Want(http.StatusOK).Doc().None("a[href=" + path + "]")
	r.Consent(t, c, intermediary.ConsentLettersOnly, "letters")
	b.Get(subject).Want(http.StatusOK).Doc().One("a[href=" + path + "]")
	contains(t, r.Get(subject).Want(http.StatusOK).Doc().One("main").Text(), "A colleague who also works for the letterbox can open them")
	r.Get(path).Want(http.StatusForbidden)

	early := b.Get(path).Want(http.StatusOK).Doc()
	contains(t, early.One("main").Text(), "Has no confirmed account yet", "Invite them first")
	early.None("form[action=" + path + "]")
	r.Join(t, string(c.ID), "applicant")
	r.Join(t, string(c.Subject), "subject")

	ask := b.Get(path).Want(http.StatusOK)
	contains(t, ask.Doc().One("main").Text(), "Jory Tregear", "Demelza Nance", "Neither sees where the other lives", "Senara Roskilly")
	form := ask.Form(path)
	if form.Get("applicant") != "Jory" || form.Get("subject") != "Demelza" || len(form["named"]) != 1 || form.Get("named") != login.ID {
		t.Errorf("the form begins with %v", form)
	}
	ask.Submit(path, "applicant", " ", "code", r.Code(t, login)).Want(http.StatusUnprocessableEntity).Doc().One(".govuk-error-summary a[href='#applicant']")
	alone := ask.Submit(path, "code", r.Code(t, login)).Want(http.StatusUnprocessableEntity)
	contains(t, alone.Doc().One(".govuk-error-summary").Text(), "Choose two colleagues or more")
	form["named"] = []string{login.ID, r.World.Worker.Account()}
	form.Set("code", "000000")
	refused := b.Post(path, form).Want(http.StatusUnprocessableEntity)
	if again := refused.Form(path); len(again["named"]) != 2 || again.Get("code") != "" {
		t.Errorf("a refused form comes back with %v", again)
	}
	form.Set("code", r.Code(t, login))
	done := b.Post(path, form).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, done.Doc().One("[data-contact]").Text(), "Letters are open", "Senara Roskilly", "Opened on")
	exchange := done.Doc().One("[data-contact]").Attr("data-contact")
	if exchange != form.Get("exchange") {
		t.Errorf("the exchange is %s, the form chose %s", exchange, form.Get("exchange"))
	}
	contains(t, b.Get(kase).Want(http.StatusOK).Doc().One("[data-contact]").Text(), "Letters are open")
	desk := b.Get(done.Doc().One("[data-contact] a").Attr("href"))
	if desk.Path != "/exchange/"+exchange {
		t.Errorf("the way to the desk leads to %s", desk.Path)
	}
	b.Cookies = map[string]string{}
	b.SignIn(r.Site, login) // whose next session has the key of the new exchange
	contains(t, b.Get("/exchange/"+exchange).Want(http.StatusOK).Doc().One("main").Text(), "Jory", "Demelza")
	b.Get(path).Want(http.StatusConflict)
	r.Get(kase).Want(http.StatusOK).Doc().None("[data-contact] a") // who has nothing to do at the desk

	r.Consent(t, c, intermediary.ConsentWithdrawn)
	for _, at := range []string{subject, kase} {
		contains(t, b.Get(at).Want(http.StatusOK).Doc().One("[data-contact]").Text(), "Stopped", "Nothing is passed on, shown or opened now.")
	}
	r.Exec(t, `alter table mediated disable trigger all`)
	r.Exec(t, `update mediated set exchange_id = 'ex' || repeat('a', 20)`)
	if page := b.Get(subject).Want(http.StatusOK); strings.Contains(page.Body, "exaaaaaaaaaaaaaaaaaaaa") {
		t.Error("an exchange of others is shown")
	}
}
