package desk_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
)

// A lost passphrase, from the worker who starts to the paper: two workers, one
// of them a manager, and a day in between.
func TestRecoverPerson(t *testing.T) {
	d := openDesk(t)
	path := "/person/" + d.birth + "/recover"
	contains(t, d.Get("/exchange/"+string(d.exchange)).Want(http.StatusOK).Doc().One("main a[href='"+path+"']").Text(), "Tamsin Vale")
	ask := d.Get(path).Want(http.StatusOK)
	contains(t, ask.Doc().One("main").Text(), "Tamsin Vale", "One of the two of you must be a manager.")
	ask.Doc().None("input[name=what]")
	refused := ask.Submit(path, "identity", "", "code", d.Code(t, &d.WorkerLogin)).Want(http.StatusUnprocessableEntity)
	if refused.Form(path).Get("code") != "" {
		t.Error("a code stands in a page")
	}
	started := ask.Submit(path, "identity", "callBack", "code", d.Code(t, &d.WorkerLogin)).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, started.Doc().One(".govuk-notification-banner--success").Text(), "Another worker has to agree.")
	card := started.Doc().One("[data-recovery]")
	id := card.Attr("data-recovery")
	contains(t, card.Text(), "Needs a second worker", "Rung back on the number")
	d.Get("/recovery/" + id + "/agree").Want(http.StatusNotFound) // nobody agrees with themself
	d.Get("/recovery/" + id + "/print").Want(http.StatusNotFound)

	manager := d.as(t, &d.ManagerLogin)
	agree := manager.Get("/recovery/" + id + "/agree").Want(http.StatusOK)
	agreed := agree.Submit("/recovery/"+id+"/agree", "hold-back", "othersRead", "code", d.Code(t, &d.ManagerLogin)).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, agreed.Doc().One("[data-recovery]").Text(), "Waits a day", "Somebody else reads")
	manager.Get("/recovery/" + id + "/print").Want(http.StatusNotFound)

	d.Clock.Advance(24*time.Hour + time.Minute)
	worker := d.as(t, &d.WorkerLogin)
	paper := worker.Get("/recovery/"+id+"/print").Want(http.StatusOK).
		Submit("/recovery/"+id+"/print", "fact", accounttest.Fact, "code", d.Code(t, &d.WorkerLogin)).Want(http.StatusOK)
	code, _ := paperOf(t, paper)
	if _, err := d.World.Public.Redeem(t.Context(), d.Home.ID, accounttest.From(), code, accounttest.Fact); err != nil {
		t.Errorf("the code as printed does not open the door: %v", err)
	}
	contains(t, worker.Get("/recoveries").Doc().One("[data-recovery]").Text(), "Paper printed")
	stopped := worker.Get("/recovery/" + id + "/stop").Want(http.StatusOK).Submit("/recovery/" + id + "/stop").Want(http.StatusSeeOther).Follow()
	contains(t, stopped.Doc().One("[data-recovery]").Text(), "Stopped")
}

// A person without mail is told by a letter that says nothing of what it is about,
// and its day begins when it was posted.
func TestRecoverPersonByPost(t *testing.T) {
	d := openDesk(t)
	list := d.Get("/person/"+d.birth+"/recover").Submit("/person/"+d.birth+"/recover", "identity", "callBack", "code", d.Code(t, &d.WorkerLogin)).Want(http.StatusSeeOther).Follow()
	path := "/recovery/" + list.Doc().One("[data-recovery]").Attr("data-recovery")
	manager := d.as(t, &d.ManagerLogin)
	agreed := manager.Get(path+"/agree").Submit(path+"/agree", "code", d.Code(t, &d.ManagerLogin)).Want(http.StatusSeeOther).Follow()
	contains(t, agreed.Doc().One("[data-recovery]").Text(), "They want no mail from us")
	notice := manager.Get(agreed.Doc().One("main a[href='" + path + "/notice']").Attr("href")).Want(http.StatusOK)
	sheet := notice.Doc().One("[data-paper=notice]").Text()
	contains(t, sheet, "Something is waiting for you.")
	for _, word := range []string{"Tamsin", "Vale", d.Home.Stanza.Name, "passphrase", "letter", "adopt"} {
		if strings.Contains(sheet, word) {
			t.Errorf("the notice says %q", word)
		}
	}
	posted := notice.Submit(path + "/notice").Want(http.StatusSeeOther).Follow()
	contains(t, posted.Doc().One(".govuk-notification-banner--success").Text(), "Posted.")
	posted.Doc().None("main a[href='" + path + "/notice']")
	manager.Get(path + "/print").Want(http.StatusNotFound)
	d.Clock.Advance(24*time.Hour + time.Minute)
	d.as(t, &d.WorkerLogin).Get(path + "/print").Want(http.StatusOK)
}

// A worker's lost second step is a manager's business.
func TestResetSecondStep(t *testing.T) {
	d := openDesk(t)
	lost, _ := d.NewWorker(t, "Ines Barlow", authz.LetterboxWorker)
	path := "/worker/" + lost.ID + "/recover"
	d.Get(path).Want(http.StatusForbidden)
	manager := d.as(t, &d.ManagerLogin)
	ask := manager.Get(path).Want(http.StatusOK)
	ask.Doc().One("input[name=what][value=secondStep]")
	list := ask.Submit(path, "what", "secondStep", "identity", "inPerson", "code", d.Code(t, &d.ManagerLogin)).Want(http.StatusSeeOther).Follow()
	id := list.Doc().One("[data-recovery]").Attr("data-recovery")
	agree := d.Get("/recovery/" + id + "/agree").Want(http.StatusOK)
	agree.Doc().None("input[name=hold-back]")
	agree.Submit("/recovery/"+id+"/agree", "code", d.Code(t, &d.WorkerLogin)).Want(http.StatusSeeOther)
	d.Clock.Advance(24*time.Hour + time.Minute)
	manager = d.as(t, &d.ManagerLogin)
	reset := manager.Get("/recovery/" + id + "/reset").Want(http.StatusOK)
	done := reset.Submit("/recovery/"+id+"/reset", "code", d.Code(t, &d.ManagerLogin)).Want(http.StatusSeeOther).Follow()
	if text := done.Doc().One("[data-recovery]").Text(); !strings.Contains(text, "Done") {
		t.Errorf("the list says %s", text)
	}
	if n := d.count(t, `select count(*) from credential_worker where account_id = $1 and totp_sealed is null`, lost.ID); n != 1 {
		t.Error("the second step stands")
	}
}
