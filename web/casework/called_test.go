package casework_test

import (
	"net/http"
	"strings"
	"testing"

	"gatepost/intermediary"
	"gatepost/internal/account/accounttest"
	"gatepost/web/webtest"
)

// Who waits for a call about a case stands in no directory: the worker who calls
// sees the name that the case has for them, or the case's reference where it has
// none or it does not open. A letterbox worker sees neither.
func TestPeople_NamesParty(t *testing.T) {
	r := newRoom(t)
	c := r.Open(t, "AP>REL")
	waits := func(kind string) string {
		t.Helper()
		person, err := r.Cases.AddParty(t.Context(), r.CaseWorker, intermediary.NewParty{File: string(c.ID), Kind: kind, Code: r.Code(t, &r.CaseLogin)})
		must(t, err)
		paper, err := r.Staff.InvitePerson(t.Context(), r.CaseWorker, person, accounttest.Fact)
		must(t, err)
		r.Enrol(t, r.Home.ID, false, paper)
		return person
	}
	r.State(t, string(c.ID), "repAuthority=yes")
	applicant, helper := waits("applicant"), waits("representative")
	line, err := r.Cases.Case(t.Context(), r.CaseWorker, c.ID)
	must(t, err)
	name, reference := line.Applicant.Particulars.Name, line.Reference
	title := func(b *webtest.Browser, person string) string {
		t.Helper()
		return strings.TrimSpace(b.Get("/people").Want(http.StatusOK).Doc().One("[data-holding=" + person + "] h2").Text())
	}
	if got := title(r.Browser, applicant); got != name {
		t.Errorf("the applicant is called %q, want %q", got, name)
	}
	contains(t, r.Get("/person/"+applicant+"/confirm").Want(http.StatusOK).Doc().One("main").Text(), name)
	if got := title(r.Browser, helper); got != reference {
		t.Errorf("a representative is called %q, want %q", got, reference)
	}
	letterbox := r.Site.Worker(t)
	letterbox.SignIn(r.Site, &r.WorkerLogin)
	if page := letterbox.Get("/people").Want(http.StatusOK).Body; strings.Contains(page, name) || strings.Contains(page, reference) {
		t.Error("a letterbox worker sees who searches")
	}

	r.Exec(t, `alter table casework disable trigger user`)
	r.Exec(t, `update casework set sealed = set_byte(sealed, 899, get_byte(sealed, 899) # 1) where id = $1 and part = 'particulars'`, string(c.ID))
	if got := title(r.Browser, applicant); got != reference {
		t.Errorf("an applicant whose name does not open is called %q, want %q", got, reference)
	}
}
