package intermediary_test

import (
	"testing"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/fault"
)

// Somebody who is looked for was made a party before a veto came, or a stop: no
// invitation is printed for them any more. The applicant's still is.
func TestISR6_NoInvitationAfterAVeto(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Ready(t, "REL>AP")
	party := func(file, kind string) string {
		t.Helper()
		person, err := w.Cases.AddParty(ctx, w.CaseWorker, intermediary.NewParty{File: file, Kind: kind, Code: w.Code(t, &w.CaseLogin)})
		must(t, err)
		return person
	}
	subject, applicant := party(string(c.Subject), "subject"), party(string(c.ID), "applicant")
	_, err := w.Staff.InvitePerson(ctx, w.CaseWorker, subject, accounttest.Fact)
	must(t, err)
	register(t, w, c.Adopted, intermediary.VetoAbsolute)
	_, err = w.Staff.InvitePerson(ctx, w.CaseWorker, subject, accounttest.Fact)
	wants(t, "after a veto", err, fault.Conflict)
	_, err = w.Staff.InvitePerson(ctx, w.CaseWorker, applicant, accounttest.Fact)
	must(t, err)
}
