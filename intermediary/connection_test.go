package intermediary_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// connects states that a worker knows somebody in a case.
func connects(t *testing.T, w *intermediarytest.World, by authz.Actor, c intermediarytest.Case, worker, why string) error {
	t.Helper()
	return w.Cases.StateConnection(t.Context(), by, intermediary.NewConnection{Application: c.ID, Worker: worker, Why: why})
}

// Somebody who knows somebody in a case does nothing in it and reads nothing of
// it, in no case about the same adopted person; a colleague goes on.
func TestConnection_KeepsOut(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c, item := w.ReadyToGive(t, "AP>REL", "name")
	other := w.Ready(t, "REL>AP")
	enquiry := intermediary.NewEnquiry{ID: intermediary.NewEnquiryID(), Application: c.ID, Whom: intermediary.AskAgency, By: "letter", Addressee: "The elm agency", About: "Piran Nance"}
	must(t, w.Cases.Enquire(ctx, w.CaseWorker, enquiry))
	stop, err := w.Cases.AskForStop(ctx, w.CaseWorker, string(other.Subject), "she rang")
	must(t, err)
	must(t, connects(t, w, w.CaseWorker, c, w.CaseLogin.ID, ""))
	must(t, w.Cases.StateFact(ctx, w.CaseWorker, newFact(string(other.Subject), "cnsl", "yes"))) // another adopted person
	for name, try := range map[string]func(context.Context, authz.Actor) error{
		"seeing the case": func(ctx context.Context, a authz.Actor) error { _, err := w.Cases.Case(ctx, a, c.ID); return err },
		"reading records": func(ctx context.Context, a authz.Actor) error { _, err := w.Cases.Records(ctx, a, c.ID); return err },
		"reading items":   func(ctx context.Context, a authz.Actor) error { _, _, err := w.Cases.Items(ctx, a, c.ID); return err },
		"reading messages": func(ctx context.Context, a authz.Actor) error {
			_, err := w.Cases.Messages(ctx, a, c.ID)
			return err
		},
		"enquiries": func(ctx context.Context, a authz.Actor) error { _, err := w.Cases.Enquiries(ctx, a, c.ID); return err },
		"chasing":   func(ctx context.Context, a authz.Actor) error { return w.Cases.Chase(ctx, a, enquiry.ID, "again") },
		"stating a fact": func(ctx context.Context, a authz.Actor) error {
			return w.Cases.StateFact(ctx, a, newFact(string(c.Adopted), "apVital", "living"))
		},
		"asking":      func(ctx context.Context, a authz.Actor) error { _, err := w.Cases.Ask(ctx, a, item); return err },
		"approaching": func(ctx context.Context, a authz.Actor) error { return w.Cases.Approach(ctx, a, approach(c.Subject)) },
		"giving": func(ctx context.Context, a authz.Actor) error {
			_, err := w.Cases.Disclose(ctx, a, []string{item}, w.Code(t, &w.CaseLogin))
			return err
		},
		"making somebody a party": func(ctx context.Context, a authz.Actor) error {
			_, err := w.Cases.AddParty(ctx, a, intermediary.NewParty{File: string(c.ID), Kind: "applicant", Code: w.Code(t, &w.CaseLogin)})
			return err
		},
		"asking for protection": func(ctx context.Context, a authz.Actor) error {
			_, err := w.Cases.AskForStop(ctx, a, string(c.Subject), "why")
			return err
		},
		"a second case on the record": func(ctx context.Context, a authz.Actor) error {
			n := intermediarytest.NewCase("REL>AP")
			n.Adopted = c.Adopted
			_, err := w.Cases.OpenCase(ctx, a, n)
			return err
		},
		"looking who is kept out": func(ctx context.Context, a authz.Actor) error {
			_, err := w.Cases.Connections(ctx, a, c.ID)
			return err
		},
	} {
		wants(t, name, try(ctx, w.CaseWorker), fault.Forbidden)
	}
	list, err := w.Cases.Cases(ctx, w.CaseWorker, intermediary.CasesAsked{})
	must(t, err)
	for _, l := range list.Cases {
		if (l.ID == c.ID) != l.Connected || (l.Applicant == "") != l.Connected {
			t.Errorf("the list shows %+v", l)
		}
	}
	_, err = w.Cases.Case(ctx, w.Colleague, c.ID)
	must(t, err)
	_, err = w.Cases.Ask(ctx, w.Colleague, item)
	must(t, err)
	must(t, w.Cases.EndStop(ctx, w.Manager, stop, "settled"))
}

// A colleague or a manager says it of somebody else, and has to say how they know.
// It says who said so; nobody takes it back.
func TestConnection_OfAColleague(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Open(t, "REL>AP")
	wants(t, "without a word", connects(t, w, w.Manager, c, w.CaseLogin.ID, " "), fault.Invalid)
	wants(t, "of nobody", connects(t, w, w.Manager, c, "wkaaaaaaaaaaaaaaaaaaaa", "a neighbour"), fault.Invalid)
	wants(t, "of a letterbox worker", connects(t, w, w.Manager, c, w.WorkerLogin.ID, "a neighbour"), fault.Invalid)
	wants(t, "by a letterbox worker", connects(t, w, w.Worker, c, w.CaseLogin.ID, "a neighbour"), fault.Forbidden)
	must(t, connects(t, w, w.Manager, c, w.CaseLogin.ID, "she is the birth mother's niece"))
	must(t, connects(t, w, w.Colleague, c, w.CaseLogin.ID, "again"))
	_, err := w.Cases.Case(ctx, w.CaseWorker, c.ID)
	wants(t, "seeing the case", err, fault.Forbidden)
	got, err := w.Cases.Connections(ctx, w.Colleague, c.ID)
	must(t, err)
	if len(got.List) != 1 || got.List[0].Name != "Elowen Trease" || got.List[0].By != w.ManagerLogin.ID || got.List[0].Why != "she is the birth mother's niece" || got.List[0].Unread {
		t.Errorf("the list is %+v", got.List)
	}
	for _, k := range got.Colleagues {
		if k.ID == w.CaseLogin.ID || k.Name == "" {
			t.Errorf("it could be said of %+v", k)
		}
	}
	if refused := tries(t, w, w.CaseLogin.ID, `insert into case_connection (agency_id, adopted_id, worker_id, stated_by, at, leaf)
		select agency(), $1, '`+w.ColleagueLogin.ID+`', account(), now(), leaf from case_connection limit 1`, string(c.Adopted)); refused != "casework_connected" {
		t.Errorf("who is kept out says it of others: %q", refused)
	}
}

// tries runs a statement as the program's own role in a worker's name, and gives
// the constraint that refuses it; "" if nothing does.
func tries(t *testing.T, w *intermediarytest.World, account, sql string, args ...any) string {
	t.Helper()
	ctx := t.Context()
	tx, err := w.Database.Conn(postgres.RoleStaff).Begin(ctx)
	need(t, err)
	defer func() { _ = tx.Rollback(ctx) }()
	_, err = tx.Exec(ctx, `select set_config('gatepost.agency', $1, true), set_config('gatepost.account', $2, true)`, w.Home.ID, account)
	need(t, err)
	done, err := tx.Exec(ctx, sql, args...)
	if err == nil && done.RowsAffected() == 0 {
		t.Error("nothing was tried")
	}
	if err == nil {
		err = tx.Commit(ctx)
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		if pg.ConstraintName == "" {
			return pg.Message
		}
		return pg.ConstraintName
	}
	need(t, err)
	return ""
}

// What was said is found in the log by whoever was said to know somebody, when
// its row is gone; and a row that nobody signed keeps its worker out.
func TestConnection_RowsChanged(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Open(t, "REL>AP")
	must(t, connects(t, w, w.CaseWorker, c, w.CaseLogin.ID, ""))
	tamper(t, w, `delete from case_connection where adopted_id = $1`, string(c.Adopted))
	tamper(t, w, `delete from casework where part = 'connection'`)
	_, err := w.Cases.Case(ctx, w.CaseWorker, c.ID)
	wants(t, "without the row", err, fault.Forbidden)
	c = w.Open(t, "AP>REL")
	tamper(t, w, `insert into case_connection (agency_id, adopted_id, worker_id, stated_by, at, leaf)
		select agency_id, on_id, $2, $3, now(), leaf from fact where on_id = $1 limit 1`, string(c.Adopted), w.CaseLogin.ID, w.ColleagueLogin.ID)
	_, err = w.Cases.Case(ctx, w.CaseWorker, c.ID)
	wants(t, "a row that nobody signed", err, fault.Forbidden)
	got, err := w.Cases.Connections(ctx, w.Colleague, c.ID)
	must(t, err)
	if len(got.List) != 1 || !got.List[0].Unread || got.List[0].Why != "" {
		t.Errorf("the list is %+v", got.List)
	}
}

// It is never taken back, so a session that somebody walked away from is not enough.
func TestConnection_StepUp(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "REL>AP")
	w.Clock.Advance(intermediary.ConnectionFor + time.Second)
	wants(t, "later", connects(t, w, w.CaseWorker, c, w.CaseLogin.ID, ""), fault.StepUp)
}

// A worker says that they know somebody while their own disclosure commits: the
// disclosure is before it, or is refused.
func TestConnection_RacesADisclosure(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c, item := w.ReadyToGive(t, "AP>REL", "name")
	said := make(chan error, 1)
	stalled := w.Cases.Stalled(func(at string) {
		if at == "disclose" {
			said <- connects(t, w, w.Colleague, c, w.CaseLogin.ID, "they are neighbours")
		}
	})
	w.Clock.Advance(time.Minute)
	_, err := stalled.Disclose(ctx, w.CaseWorker, []string{item}, w.Code(t, &w.CaseLogin))
	must(t, <-said)
	wants(t, "giving", err, fault.Forbidden)
	var n int
	must(t, w.Rows.QueryRow(ctx, `select count(*) from disclosure`).Scan(&n))
	if n != 0 {
		t.Errorf("%d given by somebody who knows them", n)
	}
}

// Who could be the record of somebody whom the worker knows is for a colleague to
// open: the search says so and shows nothing.
func TestConnection_KnownRecords(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Open(t, "REL>AP")
	must(t, connects(t, w, w.CaseWorker, c, w.CaseLogin.ID, ""))
	n := intermediarytest.NewCase("REL>AP")
	n.Distinct = false
	_, err := w.Cases.KnownRecords(ctx, w.CaseWorker, n)
	wants(t, "a record of somebody they know", err, fault.Forbidden)
	n.AdoptedPerson.Born, n.Subjects[0].Born = "1980-01-01", "1980-01-01"
	found, err := w.Cases.KnownRecords(ctx, w.CaseWorker, n)
	must(t, err)
	if len(found) != 0 {
		t.Errorf("found %+v", found)
	}
}

// The account of somebody whom a worker knows is a colleague's to confirm too.
func TestConnection_Accounts(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Open(t, "REL>AP")
	person, err := w.Cases.AddParty(ctx, w.CaseWorker, intermediary.NewParty{File: string(c.ID), Kind: "applicant", Code: w.Code(t, &w.CaseLogin)})
	must(t, err)
	must(t, connects(t, w, w.CaseWorker, c, w.CaseLogin.ID, ""))
	_, err = w.Staff.InvitePerson(ctx, w.CaseWorker, person, accounttest.Fact)
	wants(t, "inviting", err, fault.Forbidden)
	_, err = w.Staff.InvitePerson(ctx, w.Colleague, person, accounttest.Fact)
	must(t, err)
}
