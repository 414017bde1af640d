package desk_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/internal/checkpoint"
	"gatepost/letterbox"
	"gatepost/web/webtest"
	"gatepost/web/words"
)

// auditor is an inspector at their browser, and covers covers the log.
func (d *desk) auditor(t *testing.T) (b *webtest.Browser, covers func()) {
	t.Helper()
	l, _ := d.NewWorker(t, "Nia Bevan", authz.Auditor)
	keeper, err := checkpoint.NewKeeper(checkpoint.Config{DB: d.StaffDB, Agencies: d.StaffAgencies.All(), Folder: t.TempDir(), Now: d.Clock.Now, Log: accounttest.Log(t)})
	must(t, err)
	must(t, keeper.Start(t.Context()))
	return d.as(t, &l), func() { must(t, keeper.Checkpoint(t.Context(), d.Home.ID)) }
}

// An inspector's visit, from the first page to the proof: no name, no letter,
// no button that changes anything.
func TestInspection(t *testing.T) {
	d := openDesk(t)
	letter := d.send(t, "The heron stood in the rain.")
	d.read(t, letter).Submit("/letter/" + letter + "/pass").Want(http.StatusSeeOther)
	d.send(t, "A second one.")
	b, covers := d.auditor(t)
	covers()

	front := b.Get("/desk").Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	nav := front.Doc().All(".govuk-service-navigation__link")
	if len(nav) != 2 || nav[0].Attr("href") != "/inspection" || nav[1].Attr("href") != "/account" {
		t.Errorf("an auditor may go to %d places", len(nav))
	}
	contains(t, front.Doc().One("[data-state=waiting]").Text(), "fewer than 5")
	var reference string
	must(t, d.Database.Admin().QueryRow(t.Context(), "select reference from exchange").Scan(&reference))
	cases := front.Doc().One("[data-list=cases]").Text()
	contains(t, cases, reference, "Opened in")
	if strings.Contains(cases, "letter") {
		t.Errorf("the list of cases tells how many letters there are, before any look is in the log: %q", cases)
	}

	file := front.Submit("/inspection/case").Want(http.StatusOK)
	main := file.Doc().One("main").Text()
	contains(t, main, reference, "covers", "2 letters", "A letter came", "A worker read it", "A worker decided that it may pass", "It was passed on",
		"(Letterbox worker)", "Rests on", "That took 0 working days.", "Nobody has decided about it yet")
	for _, no := range []string{"heron", "Rhys", "Penhaligon", "Nia Bevan", letter, d.WorkerLogin.ID, d.birth, d.adoptive} {
		if strings.Contains(file.Body, no) {
			t.Errorf("the page of a case tells %q", no)
		}
	}
	if file.Doc().One("[data-root]").Text() == "" || file.Doc().One("[data-letter='1']").Text() == "" {
		t.Error("the page names no checkpoint or no letter")
	}
	for _, form := range file.Doc().All("main form") {
		if to := form.Attr("action"); to != "/inspection/case" && to != "/inspection/proof" {
			t.Errorf("the page of a case has a form to %s", to)
		}
	}

	proof := file.Submit("/inspection/proof").Want(http.StatusOK)
	if !strings.HasPrefix(proof.Body, "c2sp.org/tlog-proof@v1\n") || proof.Header.Get("Content-Disposition") != `attachment; filename="case.tlog-proof"` ||
		proof.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the proof comes as %v", proof.Header)
	}
	missing := b.Get("/inspection/case").Want(http.StatusOK).Submit("/inspection/case", "reference", "LB-00000").Want(http.StatusNotFound)
	contains(t, missing.Doc().One(".govuk-error-summary").Text(), "no case of that reference")
	missing.Submit("/inspection/case", "reference", "heron").Want(http.StatusUnprocessableEntity).Doc().One(".govuk-error-summary a[href='#reference']")
}

// Before a checkpoint covers the case there is nothing to take, and it is said.
func TestInspection_NoCheckpoint(t *testing.T) {
	d := openDesk(t)
	l, _ := d.NewWorker(t, "Nia Bevan", authz.Auditor)
	file := d.as(t, &l).Get("/inspection").Submit("/inspection/case").Want(http.StatusOK)
	contains(t, file.Doc().One("main").Text(), "No checkpoint has been signed yet.", "Waits for the next checkpoint")
	contains(t, file.Submit("/inspection/proof").Want(http.StatusConflict).Doc().One("main").Text(), "Try again in a minute")
}

// What does not count is marked, and nothing of it is shown.
func TestInspection_Forged(t *testing.T) {
	d := openDesk(t)
	d.send(t, "The heron stood in the rain.")
	b, covers := d.auditor(t)
	covers()
	d.Exec(t, `insert into audit_body (agency_id, idx, body) select agency_id, (select max(idx) + 1 from audit_body), convert_to(replace(convert_from(body, 'UTF8'), 'version 1', 'version 9'), 'UTF8')
		from audit_body where position(convert_to(E'\nevent receipt\n', 'UTF8') in body) > 0`)
	d.Exec(t, `update audit_gate set next = (select max(idx) + 1 from audit_body)`)
	file := b.Get("/inspection").Submit("/inspection/case").Want(http.StatusOK)
	contains(t, file.Doc().One("main").Text(), "1 entry does not count.")
	wrong := file.Doc().One("[data-wrong]").Text()
	contains(t, wrong, "not signed by whom it has to be")
	if strings.Contains(wrong, "A letter came") {
		t.Errorf("it says %q", wrong)
	}
}

// Everything that a record can say has its words.
func TestInspection_Words(t *testing.T) {
	c, err := words.Load()
	must(t, err)
	en := c.In("en")
	for _, what := range letterbox.Stated() {
		if !en.Has("inspection.stated." + what) {
			t.Errorf("there are no words for %s", what)
		}
	}
	for _, key := range en.Keys() {
		if what, ok := strings.CutPrefix(key, "inspection.stated."); ok && !slices.Contains(letterbox.Stated(), what) {
			t.Errorf("nothing says %s", key)
		}
	}
	for _, kind := range []string{"person", "door", "registrar", "system", "team", "case", "side", "safeguarding", "archive"} {
		if !en.Has("inspection.party." + kind) {
			t.Errorf("there are no words for %s", kind)
		}
	}
	for _, decision := range []string{"approve", "return", "refuse", "keep", "withdraw"} {
		if !en.Has("inspection.decision." + decision) {
			t.Errorf("there are no words for %s", decision)
		}
	}
}
