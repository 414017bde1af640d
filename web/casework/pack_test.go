package casework_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatepost/web/webtest"
)

// given gives one thing and tells its page for the printer.
func (r *room) given(t *testing.T) (kase, path string) {
	t.Helper()
	c, item := r.ReadyToGive(t, "AP>REL", "name")
	_, err := r.World.Cases.Disclose(t.Context(), r.CaseWorker, []string{item}, r.Code(t, &r.CaseLogin))
	must(t, err)
	kase = "/case/" + string(c.ID)
	return kase, r.Get(kase + "/items").Want(http.StatusOK).Doc().One("[data-print]").Attr("href")
}

// TestPack: what was given to somebody without an account is printed with a
// receipt and their address, marked as posted on its day, and the receipt comes
// back.
func TestPack(t *testing.T) {
	r := newRoom(t)
	kase, path := r.given(t)
	print := r.Get(path).Want(http.StatusOK)
	golden(t, "pack.golden", print.Doc().One("[data-sheet=letter]").HTML(), print)
	contains(t, print.Doc().One("[data-sheet=address]").Text(), "Jory Tregear", "4 Chapel Row")
	contains(t, print.Doc().One("[data-post]").Text(), "Nobody has written down that it was posted.")
	print.Doc().None(".govuk-inset-text")
	id := path[strings.LastIndex(path, "/")+1:]
	receipt := kase + "/receipt/" + id
	r.Get(receipt).Want(http.StatusOK).Submit(receipt, "on-day", "23", "on-month", "11", "on-year", "2026").Want(http.StatusConflict)
	posted := print.Submit(kase + "/posted/" + id).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
	contains(t, posted.Doc().One("[data-post]").Text(), "Posted on 23 November 2026.", "Its receipt has not come back yet.")
	posted.Doc().None("form[action=" + kase + "/posted/" + id + "]")
	r.Clock.Advance(10 * time.Minute)
	print.Submit(kase + "/posted/" + id).Want(http.StatusSeeOther)

	day := func(d string) webtest.Answer {
		return r.Get(receipt).Want(http.StatusOK).Submit(receipt, "on-day", d, "on-month", "11", "on-year", "2026")
	}
	contains(t, day("22").Want(http.StatusUnprocessableEntity).Doc().One(".govuk-error-summary").Text(), "before the one on which it was posted")
	day("31").Want(http.StatusUnprocessableEntity)
	day("24").Want(http.StatusUnprocessableEntity) // it is not that day yet
	contains(t, day("23").Want(http.StatusSeeOther).Follow().Want(http.StatusOK).Doc().One("[data-post]").Text(), "Its receipt came back, dated 23 November 2026.")
	contains(t, r.Get(kase+"/history").Want(http.StatusOK).Doc().One("main").Text(), "Sent by post", "A receipt came back")

	other := r.Open(t, "AP>REL")
	r.Get("/case/" + string(other.ID) + "/print/" + id).Want(http.StatusNotFound)
	r.Get(kase + "/print/dcaaaaaaaaaaaaaaaaaaaa").Want(http.StatusNotFound)
	manager := r.Site.Worker(t)
	manager.SignIn(r.Site, &r.ManagerLogin)
	manager.Get(path).Want(http.StatusForbidden)
	manager.Get(kase + "/items").Want(http.StatusOK).Doc().None("a[href=" + path + "]")
}

// TestPack_Cautions: whoever prints is told that the applicant can read it
// online, and that somebody was protected since.
func TestPack_Cautions(t *testing.T) {
	r := newRoom(t)
	kase, path := r.given(t)
	application := strings.TrimPrefix(kase, "/case/")
	r.Join(t, application, "applicant")
	contains(t, r.Get(path).Want(http.StatusOK).Doc().One(".govuk-inset-text").Text(), "They have an account")
	var subject string
	must(t, r.Rows.QueryRow(t.Context(), `select id from subject where application_id = $1`, application).Scan(&subject))
	_, err := r.World.Cases.AskForStop(t.Context(), r.CaseWorker, subject, "She called and is afraid.")
	must(t, err)
	contains(t, r.Get(path).Want(http.StatusOK).Doc().One(".govuk-warning-text").Text(), "Talk to a manager before you post it")
}
