package casework_test

import (
	"net/http"
	"testing"

	"gatepost/web/webtest"
)

// TestKnownRecord: before a second record of somebody is opened the worker sees
// the first one, and says whether it is the same person.
func TestKnownRecord(t *testing.T) {
	r := newRoom(t)
	known := r.Open(t, "AP>REL")
	opened := func() webtest.Answer {
		a := r.Get("/case/new").Want(http.StatusOK).Submit("/case/new", "pair", "AP>REL", "do", "next").Want(http.StatusOK)
		a = a.Submit("/case/new", "applicant.name", "Piran Nance", "applicant.born-year", "1979", "applicant.born-month", "6", "applicant.born-day", "14", "do", "next").Want(http.StatusOK)
		a = a.Submit("/case/new", "subjects.0.name", "Demelza Nance", "do", "next").Want(http.StatusOK)
		a = a.Submit("/case/new", "do", "next").Want(http.StatusOK)
		return a.Submit("/case/new", "do", "open").Want(http.StatusConflict)
	}
	a := opened()
	contains(t, a.Doc().One("main").Text(), "may be of the same person", "IS-", "Jory Tregear")
	a.Submit("/case/new", "do", "known:"+string(known.Adopted)).Want(http.StatusSeeOther)
	records := func() (n int) {
		if err := r.Rows.QueryRow(t.Context(), `select count(*) from adopted`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := records(); n != 1 {
		t.Errorf("%d records of one person", n)
	}
	opened().Submit("/case/new", "do", "distinct").Want(http.StatusSeeOther)
	if n := records(); n != 2 {
		t.Errorf("%d records of two people", n)
	}
}
