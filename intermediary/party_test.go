package intermediary_test

import (
	"strings"
	"testing"
	"time"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/account"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
)

// An applicant is made a party, invited on paper, confirmed by a call, and holds
// the key of their own file: of no other, and not of the case.
func TestParty(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "AP>REL")
	login, applicant := w.Join(t, string(c.ID), "applicant")
	if !applicant.Keys().Has("side/" + string(c.ID) + "/1") {
		t.Error("the applicant lacks the key of their file")
	}
	for _, other := range []string{"side/" + string(c.Subject), "case/" + string(c.ID), "case/" + string(c.Adopted)} {
		if applicant.Keys().Has(other + "/1") {
			t.Errorf("the applicant holds %s", other)
		}
	}
	other := w.Open(t, "REL>AP")
	w.State(t, string(other.ID), "repAuthority=yes")
	before := w.Code(t, &w.CaseLogin)
	if _, err := w.Cases.AddParty(t.Context(), w.CaseWorker, intermediary.NewParty{File: string(other.ID), Person: login.ID, Kind: "representative", Code: before}); err != nil {
		t.Fatal(err)
	}
	if applicant = w.SignInPerson(t, &login); !applicant.Keys().Has("side/" + string(other.ID) + "/1") {
		t.Error("somebody active is not given a second file at once")
	}
}

// Who searches is the intermediary workers' to know, and who writes letters the
// letterbox workers': for the other team there is no such person.
func TestParty_TwoServices(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "AP>REL")
	party, err := w.Cases.AddParty(t.Context(), w.CaseWorker, intermediary.NewParty{File: string(c.ID), Kind: "applicant", Code: w.Code(t, &w.CaseLogin)})
	need(t, err)
	_, mother, _ := w.OpenExchange(t)
	held := w.EnrolPerson(t, mother)

	_, err = w.Staff.InvitePerson(t.Context(), w.World.Worker, party, accounttest.Fact)
	wants(t, "a letterbox worker invites who searches", err, fault.NotFound)
	_, err = w.Staff.InvitePerson(t.Context(), w.CaseWorker, mother, accounttest.Fact)
	wants(t, "an intermediary worker invites who writes letters", err, fault.NotFound)
	wants(t, "an intermediary worker confirms who writes letters", w.Staff.ConfirmPerson(t.Context(), w.CaseWorker, held.ID, w.Code(t, &w.CaseLogin)), fault.NotFound)

	paper, err := w.Staff.InvitePerson(t.Context(), w.CaseWorker, party, accounttest.Fact)
	need(t, err)
	w.Enrol(t, w.Home.ID, false, paper)
	for name, tt := range map[string]struct {
		actor authz.Actor
		sees  string
	}{"a letterbox worker": {w.SignInWorker(t, &w.WorkerLogin), mother}, "an intermediary worker": {w.SignInWorker(t, &w.CaseLogin), party}} {
		list, err := w.Staff.OnHold(t.Context(), tt.actor)
		need(t, err)
		if len(list) != 1 || list[0].ID != tt.sees {
			t.Errorf("%s sees %d who wait, %+v", name, len(list), list)
		}
		if name == "an intermediary worker" && (len(list[0].Exchanges) != 1 || !strings.HasPrefix(list[0].Exchanges[0], "IS-")) {
			t.Errorf("the case is not named: %v", list[0].Exchanges)
		}
	}
	wants(t, "a letterbox worker confirms who searches", w.Staff.ConfirmPerson(t.Context(), w.SignInWorker(t, &w.WorkerLogin), party, w.Code(t, &w.WorkerLogin)), fault.NotFound)
}

// A row that makes somebody a party gives them nothing without a worker's word.
func TestParty_Unstated(t *testing.T) {
	w := intermediarytest.New(t)
	c, other := w.Open(t, "AP>REL"), w.Open(t, "REL>AP")
	person, err := w.Cases.AddParty(t.Context(), w.CaseWorker, intermediary.NewParty{File: string(c.ID), Kind: "applicant", Code: w.Code(t, &w.CaseLogin)})
	need(t, err)
	paper, err := w.Staff.InvitePerson(t.Context(), w.CaseWorker, person, accounttest.Fact)
	need(t, err)
	w.Enrol(t, w.Home.ID, false, paper)
	w.Exec(t, `insert into party (agency_id, file, application_id, person_id, kind, leaf)
		select agency_id, $2, $2, person_id, kind, leaf from party where file = $1`, string(c.ID), string(other.ID))
	wants(t, "a copied row", w.Staff.ConfirmPerson(t.Context(), w.CaseWorker, person, w.Code(t, &w.CaseLogin)), fault.Sealed)
	_, err = w.Cases.AddParty(t.Context(), w.CaseWorker, intermediary.NewParty{File: string(other.ID), Person: person, Kind: "applicant", Code: w.Code(t, &w.CaseLogin)})
	wants(t, "a party by a copied row", err, fault.Sealed)
	// The applicant's own statement, under the file of whom they look for.
	w.Exec(t, `delete from party where file = $1`, string(other.ID))
	w.Exec(t, `insert into party (agency_id, file, application_id, person_id, kind, leaf)
		select agency_id, $2, application_id, person_id, 'subject', leaf from party where file = $1`, string(c.ID), string(c.Subject))
	wants(t, "a row of the subject's file", w.Staff.ConfirmPerson(t.Context(), w.CaseWorker, person, w.Code(t, &w.CaseLogin)), fault.Sealed)
	_, err = w.Cases.AddParty(t.Context(), w.CaseWorker, intermediary.NewParty{File: string(c.Subject), Person: person, Kind: "subject", Code: w.Code(t, &w.CaseLogin)})
	wants(t, "a party of the subject's file", err, fault.Sealed)
}

func TestAddParty_Refuses(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "AP>REL")
	for name, tt := range map[string]struct {
		n    intermediary.NewParty
		kind fault.Kind
	}{
		"no file":                       {intermediary.NewParty{File: agency.NewID("ap"), Kind: "applicant"}, fault.NotFound},
		"the adopted person's record":   {intermediary.NewParty{File: string(c.Adopted), Kind: "applicant"}, fault.NotFound},
		"a subject in another's file":   {intermediary.NewParty{File: string(c.ID), Kind: "subject"}, fault.Invalid},
		"an applicant in a subject's":   {intermediary.NewParty{File: string(c.Subject), Kind: "applicant"}, fault.Invalid},
		"somebody who is not there":     {intermediary.NewParty{File: string(c.ID), Kind: "applicant", Person: agency.NewID("pe")}, fault.NotFound},
		"an id that is none":            {intermediary.NewParty{File: string(c.ID), Kind: "applicant", Person: "pe'"}, fault.NotFound},
		"somebody new, with a bad code": {intermediary.NewParty{File: string(c.ID), Kind: "applicant", Code: "000000"}, fault.Invalid},
	} {
		if tt.n.Code == "" {
			tt.n.Code = w.Code(t, &w.CaseLogin)
		}
		_, err := w.Cases.AddParty(t.Context(), w.CaseWorker, tt.n)
		wants(t, name, err, tt.kind)
	}
	_, err := w.Cases.AddParty(t.Context(), w.World.Worker, intermediary.NewParty{File: string(c.ID), Kind: "applicant"})
	wants(t, "a letterbox worker", err, fault.Forbidden)
	need(t, w.Cases.EndCase(t.Context(), w.CaseWorker, c.ID, intermediary.Ending{State: "closed", Reasons: "They moved away.", Letter: "We have ended our work."}))
	_, err = w.Cases.AddParty(t.Context(), w.CaseWorker, intermediary.NewParty{File: string(c.ID), Kind: "applicant", Code: w.Code(t, &w.CaseLogin)})
	wants(t, "a case that has ended", err, fault.Conflict)
}

// After a recovery a party's file is granted anew by being made a party again.
func TestAddParty_Again(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "AP>REL")
	login, _ := w.Join(t, string(c.ID), "applicant")
	w.Exec(t, `delete from ring_grant_person where child = $1`, "side/"+string(c.ID))
	again := func() {
		t.Helper()
		_, err := w.Cases.AddParty(t.Context(), w.CaseWorker, intermediary.NewParty{File: string(c.ID), Person: login.ID, Kind: "applicant", Code: w.Code(t, &w.CaseLogin)})
		need(t, err)
	}
	again()
	if actor := w.SignInPerson(t, &login); !actor.Keys().Has("side/" + string(c.ID) + "/1") {
		t.Error("the key was not given again")
	}
	again() // a second time is no error, and grants nothing twice
}

// A party who forgot their passphrase comes back by two workers of the service,
// and a call gives them the file's key anew.
func TestParty_Recovery(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "AP>REL")
	login, _ := w.Join(t, string(c.ID), "applicant")
	n := account.NewRecovery{Kind: "person", Account: login.ID, What: "passphrase", Identity: "inPerson"}
	_, err := w.Staff.StartRecovery(t.Context(), w.SignInWorker(t, &w.WorkerLogin), n, w.Code(t, &w.WorkerLogin))
	wants(t, "a letterbox worker begins it", err, fault.NotFound)
	worker := w.SignInWorker(t, &w.CaseLogin)
	id, err := w.Staff.StartRecovery(t.Context(), worker, n, w.Code(t, &w.CaseLogin))
	need(t, err)
	w.Clock.Advance(31 * 24 * time.Hour) // the manager let both colleagues in a month ago
	need(t, w.Staff.AgreeRecovery(t.Context(), w.SignInWorker(t, &w.ManagerLogin), id, "", w.Code(t, &w.ManagerLogin)))
	need(t, w.Staff.PostedNotice(t.Context(), w.SignInWorker(t, &w.CaseLogin), id))
	w.Clock.Advance(25 * time.Hour)
	worker = w.SignInWorker(t, &w.CaseLogin)
	paper, err := w.Staff.PrintRecovery(t.Context(), worker, id, accounttest.Fact, w.Code(t, &w.CaseLogin))
	need(t, err)
	again := w.Enrol(t, w.Home.ID, false, paper)
	if again.ID != login.ID {
		t.Fatalf("%s came back as %s", login.ID, again.ID)
	}
	need(t, w.Staff.ConfirmPerson(t.Context(), worker, login.ID, w.Code(t, &w.CaseLogin)))
	if actor := w.SignInPerson(t, &again); !actor.Keys().Has("side/" + string(c.ID) + "/1") {
		t.Error("the file's key is not granted to the new key")
	}
}
