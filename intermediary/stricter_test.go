package intermediary_test

import (
	"testing"
	"time"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/fault"
)

// A veto is the adopted person's: what was answered to one application about them
// stops every other (ISR 5A, 6(4)).
func TestISR5A_AnsweredToAnother(t *testing.T) {
	w := intermediarytest.New(t)
	one := w.Ready(t, "REL>AP")
	n := intermediarytest.NewCase("REL>AP")
	n.Adopted, n.AdoptedPerson = one.Adopted, intermediary.Particulars{}
	two := w.OpenCase(t, n)
	w.Prepare(t, two, "REL>AP")
	w.Answered(t, one, "absolute")
	if a := asked(t, w, string(two.Subject)); a.Permits || subjectState(t, w, two) != "stopped" {
		t.Errorf("the other application: %s, %s", a.Row, subjectState(t, w, two))
	}
}

// Of the dead the age at which they died counts (law.md 8.0 rule 10), and nobody
// who has died agrees to anything (ISR 7(1)).
func TestISR7_Died(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Ready(t, "AP>REL")
	w.Consent(t, c, intermediary.ConsentNo)
	w.State(t, string(c.Subject), "subjectVital=died")
	if got := text(t, w, `select value from fact where on_id = $1 and name = 'subjAge' order by version desc limit 1`, string(c.Subject)); got != "unknown" {
		t.Errorf("died on a day that nobody knows, and is %s", got)
	}
	if a := asked(t, w, string(c.Subject)); a.Permits {
		t.Errorf("%s permits", a.Row)
	}
	err := w.Cases.RecordConsent(t.Context(), w.CaseWorker, intermediary.NewConsent{Subject: string(c.Subject), Answer: intermediary.ConsentYes, Was: 1, Scope: []string{"name"},
		Talk: intermediary.ConsentTalk{ExplainedBy: "Elowen Trease", On: time.Date(2026, 1, 6, 0, 0, 0, 0, time.UTC), Written: true, Words: "yes"}})
	wants(t, "a yes of the dead", err, fault.Invalid)
	p := intermediarytest.Relative()
	p.Died = "2001-05-06"
	need(t, w.Cases.AmendParticulars(t.Context(), w.CaseWorker, string(c.Subject), 1, p))
	if a := asked(t, w, string(c.Subject)); !a.Permits {
		t.Errorf("died of age: %s", a.Row)
	}
}

// An address identifies somebody whatever a worker says of it (ISR 7(4)).
func TestISR7_NamesIdentify(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Open(t, "REL>AP")
	for _, kind := range []string{"name", "address", "phone", "email", "photo"} {
		_, err := w.Cases.PrepareItem(t.Context(), w.CaseWorker, intermediary.NewItem{Subject: string(c.Subject), Kind: kind, About: "subject", Words: "9 Well Lane", Ground: "background", From: "the file"})
		wants(t, kind, err, fault.Invalid)
	}
}

// A worker who is a party of a case does nothing in any about the same adopted
// person.
func TestNMS_ConnectedWorker(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Ready(t, "REL>AP")
	l, _ := w.Join(t, string(c.ID), "applicant")
	w.Exec(t, `update worker set person_id = $1 where id = $2`, l.ID, w.CaseLogin.ID)
	wants(t, "stating a fact", w.Cases.StateFact(ctx, w.CaseWorker, newFact(string(c.Subject), "cnsl", "yes")), fault.Forbidden)
	_, err := w.Cases.Ask(ctx, w.CaseWorker, string(c.Subject))
	wants(t, "asking", err, fault.Forbidden)
	_, _, err = w.Cases.Items(ctx, w.CaseWorker, c.ID)
	wants(t, "reading items", err, fault.Forbidden)
	wants(t, "approaching", w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)), fault.Forbidden)
	_, err = w.Cases.AddParty(ctx, w.CaseWorker, intermediary.NewParty{File: string(c.ID), Kind: "applicant", Code: w.Code(t, &w.CaseLogin)})
	wants(t, "making somebody a party", err, fault.Forbidden)
}

// Whoever holds the database takes rows away: what was sealed and is in the log
// protects without them.
func TestAsk_RowsTaken(t *testing.T) {
	w := intermediarytest.New(t)
	c := w.Ready(t, "REL>AP")
	w.Exec(t, `alter table subject disable trigger all`)
	register(t, w, c.Adopted, intermediary.VetoAbsolute)
	w.Exec(t, `alter table subject enable trigger all`)
	tamper(t, w, `update subject set state = 'open' where id = $1`, string(c.Subject))
	tamper(t, w, `delete from veto where adopted_id = $1`, string(c.Adopted))
	if a := asked(t, w, string(c.Subject)); a.Row != "a11" {
		t.Errorf("without the veto's row: %s", a.Row)
	}
	c = w.Ready(t, "REL>AP")
	askForStop(t, w, string(c.Adopted))
	tamper(t, w, `delete from stop where adopted_id = $1`, string(c.Adopted))
	if a := asked(t, w, string(c.Subject)); a.Row != "a26a" {
		t.Errorf("without the stop's row: %s", a.Row)
	}
	c, item := w.ReadyToGive(t, "AP>REL", "name")
	w.Consent(t, c, intermediary.ConsentNo)
	w.State(t, string(c.Subject), "asked=searched") // as if nobody had ever answered
	tamper(t, w, `delete from consent where subject_id = $1`, string(c.Subject))
	if a := asked(t, w, item); a.Permits || a.Row != "b10a" {
		t.Errorf("without the refusal's row: %s", a.Row)
	}
}

// One applicant with two cases, about two adopted persons: what the one gives is
// judged together with what the other has given, also in the same moment.
func TestISR7_TwoCasesAtOnce(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	one, first := w.ReadyToGive(t, "REL>AP", "name")
	two, second := w.ReadyToGive(t, "REL>AP", "name")
	l, _ := w.Join(t, string(one.ID), "applicant")
	w.Clock.Advance(10 * time.Minute)
	_, err := w.Cases.AddParty(ctx, w.CaseWorker, intermediary.NewParty{File: string(two.ID), Person: l.ID, Kind: "applicant", Code: w.Code(t, &w.CaseLogin)})
	need(t, err)
	w.Clock.Advance(10 * time.Minute)
	mine, theirs := w.Code(t, &w.CaseLogin), w.Code(t, &w.ColleagueLogin)
	ended := make(chan error, 1)
	begun := false
	slow := w.Cases.Stalled(func(at string) {
		if at != "disclose locked" || begun { // it has read what was given, and has given nothing yet
			return
		}
		begun = true
		go func() { _, err := w.Cases.Disclose(ctx, w.Colleague, []string{second}, theirs); ended <- err }()
		for waits := 0; waits == 0 && len(ended) == 0; {
			need(t, w.Rows.QueryRow(ctx, `select count(*) from pg_stat_activity where wait_event_type = 'Lock' and usename = 'gatepost_staff' and datname = current_database()`).Scan(&waits))
		}
	})
	_, err = slow.Disclose(ctx, w.CaseWorker, []string{first}, mine)
	need(t, err)
	if err := <-ended; fault.KindOf(err) != fault.Conflict {
		t.Errorf("what the other case gave in this moment was judged by nobody: %v", err)
	}
}

// What the Contact Register said is taken back by its newer answer, and by no
// worker's word; nor are a veto's circumstances widened by who wrote it down.
func TestOneWorkerLoosensNothing(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Ready(t, "REL>AP")
	w.State(t, string(c.Subject), "acrNoContact=yes")
	n := newFact(string(c.Subject), "acrNoContact", "no")
	n.Was = 2
	wants(t, "a wish waved away", w.Cases.StateFact(ctx, w.CaseWorker, n), fault.Invalid)
	v := notice(c.Adopted, intermediary.VetoQualified)
	v.Circumstances = []intermediary.Circumstance{{What: "news of an illness that runs in the family"}}
	_, err := w.Cases.RegisterVeto(ctx, w.CaseWorker, v)
	need(t, err)
	v.Was, v.Direction = 1, "strengthen"
	v.Circumstances = []intermediary.Circumstance{{What: "any news at all"}}
	_, err = w.Cases.AmendVeto(ctx, w.CaseWorker, v)
	wants(t, "circumstances made wider", err, fault.Forbidden)
	_, err = w.Cases.AmendVeto(ctx, w.Manager, v)
	need(t, err)
}
