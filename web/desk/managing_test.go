package desk_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/letterbox"
)

func TestWorkerLeaves(t *testing.T) {
	d := openDesk(t)
	l, _ := d.NewWorker(t, "Nia Trevose", authz.LetterboxWorker)
	manager := d.as(t, &d.ManagerLogin)
	list := manager.Get("/workers").Want(http.StatusOK)
	contains(t, list.Doc().One("[data-worker="+l.ID+"]").Text(), "Nia Trevose", "Works here", "Letterbox worker")
	list.Doc().One("[data-worker=" + d.ManagerLogin.ID + "]").None("a")

	path := "/worker/" + l.ID + "/leave"
	ask := manager.Get(path).Want(http.StatusOK)
	contains(t, ask.Doc().One("main").Text(), "Nia Trevose", "letters are locked anew")
	ask.Submit(path, "code", "000000").Want(http.StatusUnprocessableEntity).Doc().One(".govuk-error-summary a[href='#code']")
	done := ask.Submit(path, "code", d.Code(t, &d.ManagerLogin)).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, done.Doc().One(".govuk-notification-banner--success").Text(), "Their account is closed")
	card := done.Doc().One("[data-rotation]")
	contains(t, card.Text(), "Letterbox team", "Nia Trevose", "1 of 1")
	if bar := card.One("progress"); bar.Attr("max") != "1" || bar.Attr("value") != "1" {
		t.Errorf("the bar shows %s of %s", bar.Attr("value"), bar.Attr("max"))
	}
	id := card.Attr("data-rotation")
	for range 2 { // the second press finds nothing left to do
		card = manager.Get("/keys").Want(http.StatusOK).Doc().One("[data-rotation]")
		if card.Text() == "" || d.count(t, "select count(*) from rotation where state = 'done'") == 1 {
			break
		}
		manager.Get("/keys").Submit("/rotation/" + id + "/go-on").Want(http.StatusSeeOther)
	}
	if n := d.count(t, "select count(*) from rotation where id = $1 and state = 'done'", id); n != 1 {
		t.Error("the rotation does not end")
	}
	manager.Get("/keys").Want(http.StatusOK).Doc().One("[data-rotation]").None("form")
	contains(t, manager.Get("/workers").Doc().One("[data-worker="+l.ID+"]").Text(), "Left")
}

func TestRotationStopsAndGoesOn(t *testing.T) {
	d := openDesk(t)
	l, _ := d.NewWorker(t, "Nia Trevose", authz.LetterboxWorker)
	ids, err := d.World.Staff.Leave(t.Context(), d.SignInWorker(t, &d.ManagerLogin), l.ID, d.Code(t, &d.ManagerLogin))
	must(t, err)
	id := ids[0]
	manager := d.as(t, &d.ManagerLogin)
	manager.Get("/keys").Want(http.StatusOK).Submit("/rotation/" + id + "/stop").Want(http.StatusSeeOther)
	page := manager.Get("/keys").Want(http.StatusOK)
	contains(t, page.Doc().One("[data-rotation]").Text(), "Stopped", "0 of 1")
	page.Submit("/rotation/" + id + "/go-on").Want(http.StatusSeeOther)
	contains(t, manager.Get("/keys").Want(http.StatusOK).Doc().One("[data-rotation]").Text(), "Done", "1 of 1")
}

// While cases are locked anew the page looks again by itself, where a manager asks
// for it: calmly, not for ever, with a way to stop it, and no more when it is done.
func TestKeysLook(t *testing.T) {
	d := openDesk(t)
	l, _ := d.NewWorker(t, "Nia Trevose", authz.LetterboxWorker)
	actor := d.SignInWorker(t, &d.ManagerLogin)
	ids, err := d.World.Staff.Leave(t.Context(), actor, l.ID, d.Code(t, &d.ManagerLogin))
	must(t, err)
	manager := d.as(t, &d.ManagerLogin)
	still := manager.Get("/keys").Want(http.StatusOK)
	still.Doc().One("main a[href='/keys?looks=30']")
	for _, query := range []string{"", "?looks=0", "?looks=31", "?looks=-1", "?looks=often", "?done=leave"} {
		if got := manager.Get("/keys" + query).Want(http.StatusOK).Header.Get("Refresh"); got != "" {
			t.Errorf("/keys%s looks again by itself: %q", query, got)
		}
	}
	for query, want := range map[string]string{"30": "20; url=/keys?looks=29", "1": "20; url=/keys?looks=0"} {
		page := manager.Get("/keys?looks=" + query).Want(http.StatusOK)
		if got := page.Header.Get("Refresh"); got != want {
			t.Errorf("of %s looks the page says %q, want %q", query, got, want)
		}
		contains(t, page.Doc().One("main").Text(), "every 20 seconds, until it is done")
		page.Doc().One("main a[href='/keys']")
	}
	pressed := manager.Get("/keys").Submit("/rotation/" + ids[0] + "/go-on").Want(http.StatusSeeOther)
	if got := pressed.Header.Get("Location"); got != "/keys?looks=30" {
		t.Errorf("a press leads to %q", got)
	}
	for _, id := range ids[1:] {
		manager.Get("/keys").Submit("/rotation/" + id + "/go-on").Want(http.StatusSeeOther)
	}
	done := pressed.Follow().Want(http.StatusOK)
	if got := done.Header.Get("Refresh"); got != "" {
		t.Errorf("when it is done the page looks again: %q", got)
	}
	done.Doc().None("a[href='/keys?looks=30']")
}

func TestKeepOut(t *testing.T) {
	d := openDesk(t)
	l, _ := d.NewWorker(t, "Nia Trevose", authz.LetterboxWorker)
	manager := d.as(t, &d.ManagerLogin)
	for _, act := range []struct{ name, says, state string }{{"suspend", "signed out everywhere", "Suspended"}, {"lift", "can sign in again", "Works here"}} {
		path := "/worker/" + l.ID + "/" + act.name
		done := manager.Get(path).Want(http.StatusOK).Submit(path, "code", d.Code(t, &d.ManagerLogin)).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
		contains(t, done.Doc().One(".govuk-notification-banner--success").Text(), act.says)
		contains(t, done.Doc().One("[data-worker="+l.ID+"]").Text(), act.state)
	}
	path := "/worker/" + l.ID + "/lift"
	manager.Get(path).Submit(path, "code", d.Code(t, &d.ManagerLogin)).Want(http.StatusConflict)

	roles := "/worker/" + l.ID + "/roles"
	ask := manager.Get(roles).Want(http.StatusOK)
	if !ask.Doc().One("input[name=role][value=letterboxWorker]").HasAttr("checked") || ask.Doc().One("input[name=role][value=auditor]").HasAttr("checked") {
		t.Error("what they do now is not ticked")
	}
	refused := ask.Submit(roles, "role", "auditor", "code", d.Code(t, &d.ManagerLogin)).Want(http.StatusUnprocessableEntity)
	refused.Doc().One(".govuk-error-summary a[href='#until-day']")
	far := ask.Submit(roles, append(d.dateFields(91), "role", "auditor", "code", d.Code(t, &d.ManagerLogin))...).Want(http.StatusUnprocessableEntity)
	if form := far.Form(roles); form.Get("until-day") != d.dateFields(91)[1] || form.Get("code") != "" {
		t.Errorf("the day came back as %q", form.Get("until-day"))
	}
	made := ask.Submit(roles, append(d.dateFields(9), "role", "auditor", "code", d.Code(t, &d.ManagerLogin))...).Want(http.StatusSeeOther)
	if at := made.Header.Get("Location"); !strings.Contains(at, "done=roles") {
		t.Errorf("after a change of roles: %s", at)
	}

	person := "/person/" + d.birth + "/suspend"
	worker := d.as(t, &d.WorkerLogin)
	done := worker.Get(person).Want(http.StatusOK).Submit(person, "code", d.Code(t, &d.WorkerLogin)).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, done.Doc().One(".govuk-notification-banner--success").Text(), "signed out everywhere")
	if n := d.count(t, "select count(*) from person where id = $1 and state = 'suspended'", d.birth); n != 1 {
		t.Error("the person is not kept out")
	}
}

// An inspector is confirmed with a last day, which stands in the list; a manager
// gives another. When it is over they are told so at their next page and when they
// sign in, and the list says it.
func TestAuditor_Visit(t *testing.T) {
	d := openDesk(t)
	manager := d.as(t, &d.ManagerLogin)
	paper, err := d.World.Staff.InviteWorker(t.Context(), d.Manager, "Nia Bevan", accounttest.Fact)
	must(t, err)
	l := d.Enrol(t, d.Home.ID, true, paper)
	d.SetTOTP(t, d.Home.ID, true, &l)
	confirm, prolong := "/worker/"+l.ID+"/confirm", "/worker/"+l.ID+"/prolong"
	ask := manager.Get(confirm).Want(http.StatusOK)
	missing := ask.Submit(confirm, "role", "auditor", "called", "yes", "code", d.Code(t, &d.ManagerLogin)).Want(http.StatusUnprocessableEntity)
	missing.Doc().One(".govuk-error-summary a[href='#until-day']")
	ask.Submit(confirm, append(d.dateFields(3), "role", "auditor", "called", "yes", "code", d.Code(t, &d.ManagerLogin))...).Want(http.StatusSeeOther)
	card := func() string {
		t.Helper()
		return manager.Get("/workers").Want(http.StatusOK).Doc().One("[data-worker=" + l.ID + "]").Text()
	}
	contains(t, card(), "Auditor", "Signs in until", "Change their last day")
	manager.Get("/worker/" + d.WorkerLogin.ID + "/prolong").Want(http.StatusNotFound)
	manager.Get(prolong).Want(http.StatusOK).Submit(prolong, append(d.dateFields(0), "code", d.Code(t, &d.ManagerLogin))...).Want(http.StatusSeeOther).
		Follow().Want(http.StatusOK).Doc().One(".govuk-notification-banner--success")

	visitor := d.as(t, &l)
	visitor.Get("/inspection").Want(http.StatusOK)
	d.Clock.Advance(calendar.Today(d.Clock.Now()).AddDate(0, 0, 1).Add(-5 * time.Minute).Sub(d.Clock.Now()))
	visitor = d.as(t, &l)
	visitor.Get("/inspection").Want(http.StatusOK)
	d.Clock.Advance(10 * time.Minute)
	contains(t, visitor.Get("/inspection").Want(http.StatusUnauthorized).Doc().One("main").Text(), "Your last day here is over")
	form := visitor.Get("/sign-in").Want(http.StatusOK)
	over := form.Submit("/sign-in", "name", l.Name, "passphrase", l.Passphrase, "code", d.Code(t, &l)).Want(http.StatusUnprocessableEntity)
	contains(t, over.Doc().One(".govuk-error-summary").Text(), "Your last day here is over")
	manager = d.as(t, &d.ManagerLogin)
	contains(t, card(), "Their last day is over", "Change their last day")
}

// Before a worker goes, the page says how many letters nobody could decide
// about; once they are gone, the list has them with what to do.
func TestNobodyLeft(t *testing.T) {
	d := openDesk(t)
	l, second := d.NewWorker(t, "Nia Trevose", authz.LetterboxWorker)
	letter := d.send(t, "Dear Wren, a planted sentence")
	must(t, d.Desk.Claim(t.Context(), second, letterbox.LetterID(letter)))
	must(t, d.Desk.Refuse(t.Context(), second, letterbox.LetterID(letter), "upsetting", "", ""))
	must(t, d.Families.SecondOpinion(t.Context(), d.writer, letterbox.LetterID(letter)))
	manager := d.as(t, &d.ManagerLogin)
	manager.Get("/breaches").Want(http.StatusOK).Doc().None("[data-list=alone]")
	for _, act := range []string{"suspend", "leave", "roles"} {
		manager.Get("/worker/" + l.ID + "/" + act).Want(http.StatusOK).Doc().None(".govuk-warning-text")
		path := "/worker/" + d.WorkerLogin.ID + "/" + act
		contains(t, manager.Get(path).Want(http.StatusOK).Doc().One(".govuk-warning-text").Text(), "1 letter waits that nobody can pass on")
	}
	path := "/worker/" + d.WorkerLogin.ID + "/suspend"
	manager.Get(path).Submit(path, "code", d.Code(t, &d.ManagerLogin)).Want(http.StatusSeeOther)
	page := manager.Get("/breaches").Want(http.StatusOK).Doc()
	contains(t, page.One("main").Text(), "Nobody here can pass on 1 letter", "Call the writer before their day")
	line := page.One("[data-list=alone] [data-letter=" + letter + "]")
	contains(t, line.Text(), "Tamsin Vale")
	line.None("a[href=/letter/" + letter + "/give]")
}

func TestBreachesAndTakeOver(t *testing.T) {
	d := openDesk(t)
	letter := d.send(t, "Dear Wren, a planted sentence")
	d.read(t, letter)
	d.Exec(t, "update letter set submitted_on = $2::date - 30, hear_by = $2::date - 16, submitted_at = now() - interval '30 days' where id = $1", letter, d.Clock.Now())
	stopped := d.send(t, "Dear Wren, a second one")
	d.read(t, stopped).Submit("/letter/" + stopped + "/pass").Want(http.StatusSeeOther)
	d.Exec(t, "update letter set stop = true where id = $1", stopped)
	manager := d.as(t, &d.ManagerLogin)
	page := manager.Get("/breaches").Want(http.StatusOK)
	page.Doc().None("[data-messages]")
	rests := page.Doc().One("[data-list=stopped] [data-letter=" + stopped + "]")
	contains(t, rests.Text(), "Tamsin Vale", "Stopped on ", "The writer reads that it went on.", "Stopped on its way")
	line := page.Doc().One("[data-list=late] [data-letter=" + letter + "]")
	contains(t, line.Text(), "Tamsin Vale", "working days ago", "Rhys Penhaligon")
	l, _ := d.NewWorker(t, "Nia Trevose", authz.LetterboxWorker)
	give := "/letter/" + letter + "/give"
	manager.Get(give).Want(http.StatusOK).Submit(give).Want(http.StatusUnprocessableEntity).Doc().One(".govuk-error-summary a[href='#worker']")
	done := manager.Get(give).Submit(give, "worker", l.ID).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, done.Doc().One("[data-letter="+letter+"]").Text(), "Nia Trevose")
	contains(t, d.Get("/letter/"+letter).Want(http.StatusConflict).Doc().One("main").Text(), "A manager has taken this letter from you.")
	done.Submit("/letter/" + letter + "/take-away").Want(http.StatusSeeOther)
	contains(t, manager.Get("/breaches").Doc().One("[data-letter="+letter+"]").Text(), "Nobody is reading it.")
	d.tell(t, "Please ring me.")
	d.Exec(t, "update message set hear_by = $1::date - 1", d.Clock.Now())
	contains(t, manager.Get("/breaches").Doc().One("[data-messages='1']").Text(), "1 person told us something")
	manager.Get("/breaches").Doc().One("[data-letter=" + letter + "]").None("form")
}
