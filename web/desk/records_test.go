package desk_test

import (
	"net/http"
	"testing"

	"gatepost/internal/authz"
	"gatepost/letterbox"
)

// A record from the order to the second person's word, on the pages: what is
// refused says why, a code stands in no page, and the list tells what became
// of it.
func TestRecords(t *testing.T) {
	d := openDesk(t)
	login, _ := d.NewWorker(t, "Gwen Tresco", authz.RecordsOfficer)
	officer := d.as(t, &login)
	list := officer.Get("/desk").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, list.Doc().One("main").Text(), "Nothing is ordered to be destroyed")
	d.Get("/records").Want(http.StatusForbidden)

	var reference string
	must(t, d.Database.Admin().QueryRow(t.Context(), `select reference from exchange`).Scan(&reference))
	ask := officer.Get("/records/new").Want(http.StatusOK)
	order := func(ground string, status int) string {
		got := ask.Submit("/records/new", "reference", reference, "ground", ground, "reason", "Two files were mixed up.", "code", d.Code(t, &login)).Want(status)
		if form := got.Form("/records/new"); form.Get("code") != "" || form.Get("reason") != "Two files were mixed up." {
			t.Errorf("the form comes back with %v", form)
		}
		return got.Doc().One(".govuk-error-summary").Text()
	}
	contains(t, order("openedInError", http.StatusConflict), "has not ended")
	contains(t, order("", http.StatusUnprocessableEntity), "Choose why")
	must(t, d.Desk.SetState(t.Context(), d.World.Worker, d.exchange, "ended", ""))
	contains(t, order("retentionEnded", http.StatusConflict), "100 years")
	ordered := ask.Submit("/records/new", "reference", reference, "ground", "openedInError", "reason", "Two files were mixed up.", "code", d.Code(t, &login)).
		Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, ordered.Doc().One(".govuk-notification-banner--success").Text(), "A manager has to agree")
	card := ordered.Doc().One("[data-record]")
	contains(t, card.Text(), reference, "Waits for a manager", "Opened by mistake", "Gwen Tresco")
	id := card.Attr("data-record")
	agree := "/records/" + id + "/agree"
	officer.Get(agree).Want(http.StatusNotFound) // nobody agrees with themself
	stop := "/records/" + id + "/stop"
	manager := d.as(t, &d.ManagerLogin)
	manager.Get(agree).Want(http.StatusNotFound) // the day is not over
	contains(t, manager.Get(stop).Want(http.StatusOK).Doc().One("main").Text(), reference, "The record stays as it is.")

	d.Clock.Advance(letterbox.DestructionWaits)
	manager, officer = d.as(t, &d.ManagerLogin), d.as(t, &login)
	officer.Get(agree).Want(http.StatusNotFound)
	page := manager.Get("/records").Want(http.StatusOK)
	page.Doc().One("a[href='" + agree + "']")
	form := manager.Get(agree).Want(http.StatusOK)
	contains(t, form.Doc().One("main").Text(), "Nobody can bring it back.", "Gwen Tresco")
	form.Submit(agree, "code", "000000").Want(http.StatusUnprocessableEntity).Doc().One(".govuk-error-summary a[href='#code']")
	done := form.Submit(agree, "code", d.Code(t, &d.ManagerLogin)).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, done.Doc().One("[data-record]").Text(), "Destroyed", "Carys Marlowe", "In the log as")
	done.Doc().None("[data-record] a")
	if n := d.count(t, `select count(*) from exchange`); n != 0 {
		t.Errorf("%d exchanges", n)
	}
}

// Called off by either of them, it stays.
func TestRecords_CalledOff(t *testing.T) {
	d := openDesk(t)
	login, actor := d.NewWorker(t, "Gwen Tresco", authz.RecordsOfficer)
	must(t, d.Desk.SetState(t.Context(), d.World.Worker, d.exchange, "ended", ""))
	var reference string
	must(t, d.Database.Admin().QueryRow(t.Context(), `select reference from exchange`).Scan(&reference))
	id, err := d.Desk.OrderDestruction(t.Context(), actor, letterbox.NewDestruction{Reference: reference, Ground: "openedInError", Reason: "Mixed up."}, d.Code(t, &login))
	must(t, err)
	manager := d.as(t, &d.ManagerLogin)
	done := manager.Get("/records/" + id + "/stop").Want(http.StatusOK).Submit("/records/" + id + "/stop").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, done.Doc().One("[data-record]").Text(), "Called off", "Carys Marlowe")
	manager.Get("/records/" + id + "/stop").Want(http.StatusNotFound)
	if n := d.count(t, `select count(*) from exchange`); n != 1 {
		t.Errorf("%d exchanges", n)
	}
}
