package desk_test

import (
	"net/http"
	"testing"

	"gatepost/internal/authz"
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
	ask.Submit(roles, "role", "auditor", "code", d.Code(t, &d.ManagerLogin)).Want(http.StatusSeeOther)

	person := "/person/" + d.birth + "/suspend"
	worker := d.as(t, &d.WorkerLogin)
	done := worker.Get(person).Want(http.StatusOK).Submit(person, "code", d.Code(t, &d.WorkerLogin)).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, done.Doc().One(".govuk-notification-banner--success").Text(), "signed out everywhere")
	if n := d.count(t, "select count(*) from person where id = $1 and state = 'suspended'", d.birth); n != 1 {
		t.Error("the person is not kept out")
	}
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
		contains(t, manager.Get(path).Want(http.StatusOK).Doc().One(".govuk-warning-text").Text(), "1 letter waits that only they can decide about.")
	}
	path := "/worker/" + d.WorkerLogin.ID + "/suspend"
	manager.Get(path).Submit(path, "code", d.Code(t, &d.ManagerLogin)).Want(http.StatusSeeOther)
	page := manager.Get("/breaches").Want(http.StatusOK).Doc()
	contains(t, page.One("main").Text(), "Nobody here can decide about 1 letter", "Call the writer before their day")
	line := page.One("[data-list=alone] [data-letter=" + letter + "]")
	contains(t, line.Text(), "Tamsin Vale")
	line.None("a[href=/letter/" + letter + "/give]")
}

func TestBreachesAndTakeOver(t *testing.T) {
	d := openDesk(t)
	letter := d.send(t, "Dear Wren, a planted sentence")
	d.read(t, letter)
	d.Exec(t, "update letter set submitted_on = $2::date - 30, hear_by = $2::date - 16, submitted_at = now() - interval '30 days' where id = $1", letter, d.Clock.Now())
	manager := d.as(t, &d.ManagerLogin)
	page := manager.Get("/breaches").Want(http.StatusOK)
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
	manager.Get("/breaches").Doc().One("[data-letter=" + letter + "]").None("form")
}
