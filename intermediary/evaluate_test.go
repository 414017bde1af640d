package intermediary_test

import (
	"slices"
	"testing"
	"time"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/fault"
)

// asked is what the law says of the next step, as the worker's page shows it.
func asked(t *testing.T, w *intermediarytest.World, of string) intermediary.Answer {
	t.Helper()
	a, err := w.Cases.Ask(t.Context(), w.CaseWorker, of)
	need(t, err)
	return a
}

func text(t *testing.T, w *intermediarytest.World, sql string, args ...any) (s string) {
	t.Helper()
	need(t, w.Rows.QueryRow(t.Context(), sql, args...).Scan(&s))
	return s
}

func count(t *testing.T, w *intermediarytest.World, sql string, args ...any) (n int) {
	t.Helper()
	need(t, w.Rows.QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}

func subjectState(t *testing.T, w *intermediarytest.World, c intermediarytest.Case) string {
	t.Helper()
	return text(t, w, `select state from subject where id = $1`, string(c.Subject))
}

func TestAsk(t *testing.T) {
	w := intermediarytest.New(t)
	for pair, want := range map[string]string{"AP>REL": "a31", "REL>AP": "a32", "REL>PR": "a34", "PR>REL": "a36", "other": "a05"} {
		c := w.Ready(t, pair) // a stopped subject's facts can be stated: how else could a mistake be put right
		if got := asked(t, w, string(c.Subject)); pair != "other" && (got.Row != want || !got.Permits) {
			t.Errorf("%s: %+v, want %s", pair, got, want)
		} else if pair == "other" && (got.Row != want || got.Permits || subjectState(t, w, c) != "stopped") {
			t.Errorf("a pair that may not apply: %+v, %s", got, subjectState(t, w, c))
		}
	}
	c := w.Open(t, "AP>REL")
	before := count(t, w, `select count(*) from evaluation where subject_id = $1 and act = 'asked'`, string(c.Subject))
	got := asked(t, w, string(c.Subject))
	if got.Row != "a21" || got.Permits || len(got.Why) != 1 || got.Why[0].Input != "reg11" || got.Why[0].Answer != "pending" || got.Why[0].Known || got.Reason == "" || got.Citation == "" {
		t.Errorf("nothing is known: %+v", got)
	}
	w.State(t, string(c.ID), "reg11=failed")
	if got := asked(t, w, string(c.Subject)); got.Row != "a09" || len(got.Why) != 1 || !got.Why[0].Known ||
		!slices.Equal(got.Why[0].Facts, []intermediary.GroundRow{{On: string(c.ID), Name: "reg11", Version: 1}}) {
		t.Errorf("which fact leads to it: %+v", got)
	}
	if n := count(t, w, `select count(*) from evaluation e join audit_body b on b.leaf = e.leaf where e.subject_id = $1 and e.act = 'asked'`, string(c.Subject)); n != before+2 {
		t.Errorf("%d questions on record", n)
	}
	_, err := w.Cases.Ask(t.Context(), w.CaseWorker, "sbaaaaaaaaaaaaaaa")
	wants(t, "nobody", err, fault.NotFound)
	_, err = w.Cases.Ask(t.Context(), w.Worker, string(c.Subject))
	wants(t, "a letterbox worker", err, fault.Forbidden)
}

// A new fact asks the law anew, in its own transaction, for every open subject
// of that adopted person, and stops what must stop.
func TestContinuing(t *testing.T) {
	w := intermediarytest.New(t)
	one := w.Ready(t, "REL>AP")
	n := intermediarytest.NewCase("AP>REL")
	n.Adopted, n.AdoptedPerson = one.Adopted, intermediary.Particulars{}
	own := w.OpenCase(t, n)
	w.Prepare(t, own, "AP>REL")
	other := w.Ready(t, "REL>AP")
	evaluations := func(c intermediarytest.Case) int {
		return count(t, w, `select count(*) from evaluation where subject_id = $1 and act = 'changed'`, string(c.Subject))
	}
	was, were, others := evaluations(one), evaluations(own), evaluations(other)
	register(t, w, one.Adopted, intermediary.VetoAbsolute)
	if evaluations(one) != was+1 || evaluations(own) != were+1 || evaluations(other) != others {
		t.Error("the law was not asked about exactly the subjects of that adopted person")
	}
	if subjectState(t, w, one) != "stopped" || subjectState(t, w, own) != "open" || subjectState(t, w, other) != "open" {
		t.Errorf("after her veto: %s, her own search %s, somebody else's %s", subjectState(t, w, one), subjectState(t, w, own), subjectState(t, w, other))
	}
	if row := text(t, w, `select row_id from evaluation where subject_id = $1 order by at desc, id desc limit 1`, string(one.Subject)); row == "" {
		t.Error("no row on record")
	}
	w.State(t, string(other.Subject), "approp=no")
	if subjectState(t, w, other) != "stopped" || text(t, w, `select outcome from evaluation where subject_id = $1 and row_id = 'a10'`, string(other.Subject)) != "STOP" {
		t.Error("decided against, and it goes on")
	}
}

// What a row says and what its worker signed differ: the fact counts as not
// given, and nothing is permitted by it.
func TestAsk_ChangedRows(t *testing.T) {
	w := intermediarytest.New(t)
	tests := map[string]struct {
		change string // $1 the subject, $2 the application, $3 the adopted person
		want   string
	}{
		"met":            {`update fact set value = 'inPerson' where on_id = $2 and name = 'met' and $1 <> $3`, "a22"},
		"a veto lifted":  {`update veto set in_force = false where adopted_id = $3 and $1 <> $2`, "a11"},
		"a veto weaker":  {`update veto set kind = 'qualified' where adopted_id = $3 and $1 <> $2`, "a11"},
		"a stop is over": {`update stop set ended_by = (select min(id) from worker where 'manager' = any (roles)), ended_at = now(), end_leaf = leaf where adopted_id = $3 and $1 <> $2`, "a26a"},
		"a newer answer": {`update fact set at = now() where on_id = $2 and name = 'vetoAnswer' and $1 <> $3`, "a26"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := w.Ready(t, "REL>AP")
			switch name {
			case "met":
				w.State(t, string(c.ID), "met=no")
			case "a stop is over":
				_, err := w.Cases.AskForStop(t.Context(), w.CaseWorker, string(c.Subject), "she is afraid")
				need(t, err)
			case "a newer answer":
				w.Answered(t, c, "none")
			default:
				w.Exec(t, `alter table subject disable trigger all`)
				register(t, w, c.Adopted, intermediary.VetoAbsolute)
				w.Exec(t, `alter table subject enable trigger all`)
			}
			tamper(t, w, tt.change, string(c.Subject), string(c.ID), string(c.Adopted))
			if got := asked(t, w, string(c.Subject)); got.Row != tt.want || got.Permits {
				t.Errorf("%+v, want %s", got, tt.want)
			}
		})
	}
	c := w.Ready(t, "AP>REL")
	tamper(t, w, `update application set pair = 'PR>REL' where id = $1`, string(c.ID))
	_, err := w.Cases.Ask(t.Context(), w.CaseWorker, string(c.Subject))
	wants(t, "another pair", err, fault.Sealed)
}

// tamper changes rows as somebody who holds the database would.
func tamper(t *testing.T, w *intermediarytest.World, sql string, args ...any) {
	t.Helper()
	ctx := t.Context()
	tx, err := w.Rows.Begin(ctx)
	need(t, err)
	_, err = tx.Exec(ctx, `set local session_replication_role = replica`)
	need(t, err)
	_, err = tx.Exec(ctx, sql, args...)
	need(t, err)
	need(t, tx.Commit(ctx))
}

// notice is an adopted person's own notice in writing, everything in order.
func notice(of intermediary.AdoptedID, kind string) intermediary.VetoNotice {
	return intermediary.VetoNotice{Adopted: string(of), Registrant: "adoptedPerson", Capacity: true, MetVerified: true, LinkProven: true, Form: "writing", Addressee: "AAA",
		Information: "given", Kind: kind, ReceivedOn: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), Why: "came by post"}
}

func register(t *testing.T, w *intermediarytest.World, of intermediary.AdoptedID, kind string, circumstances ...string) {
	t.Helper()
	n := notice(of, kind)
	for _, c := range circumstances {
		n.Circumstances = append(n.Circumstances, intermediary.Circumstance{What: c})
	}
	a, err := w.Cases.RegisterVeto(t.Context(), w.CaseWorker, n)
	need(t, err)
	if a.Row != "d12" || !a.Permits {
		t.Fatalf("registering a veto: %+v", a)
	}
}
