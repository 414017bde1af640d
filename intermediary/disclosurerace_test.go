package intermediary_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/fault"
)

// rival is an act that forbids a disclosure from the moment in which it takes effect.
type rival struct {
	name string
	act  func(ctx context.Context, s *intermediary.Service, w *intermediarytest.World, c intermediarytest.Case, item string) error
	mark string // in the statement of the act that tells when it took effect
}

func rivals() []rival {
	fact := func(on func(intermediarytest.Case, string) string, name, value string, was int) func(context.Context, *intermediary.Service, *intermediarytest.World, intermediarytest.Case, string) error {
		return func(ctx context.Context, s *intermediary.Service, w *intermediarytest.World, c intermediarytest.Case, item string) error {
			return s.StateFact(ctx, w.Colleague, intermediary.NewFact{On: on(c, item), Name: name, Value: value, Was: was, Why: "it came today", Said: intermediary.SaidFact})
		}
	}
	subject := func(c intermediarytest.Case, _ string) string { return string(c.Subject) }
	application := func(c intermediarytest.Case, _ string) string { return string(c.ID) }
	return []rival{
		{"a veto is registered", func(ctx context.Context, s *intermediary.Service, w *intermediarytest.World, c intermediarytest.Case, _ string) error {
			_, err := s.RegisterVeto(ctx, w.Colleague, vetoOf(c))
			return err
		}, "part veto"},
		{"consent is withdrawn", func(ctx context.Context, s *intermediary.Service, w *intermediarytest.World, c intermediarytest.Case, _ string) error {
			return s.RecordConsent(ctx, w.Colleague, intermediary.NewConsent{Subject: string(c.Subject), Answer: intermediary.ConsentWithdrawn, Was: 1,
				Talk: intermediary.ConsentTalk{ExplainedBy: "Idris Quayle", On: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), Words: "she rang"}})
		}, "part consent\nversion 2"},
		{"the subject dies", fact(subject, "subjectVital", "died", 1), "part fsubjectvital\nversion 2"},
		{"it is found not to be right", fact(subject, "approp", "no", 1), "part fapprop\nversion 2"},
		{"the identity turns out to be false", fact(application, "idVerified", "no", 2), "part fidverified\nversion 3"},
		{"somebody asks for protection", func(ctx context.Context, s *intermediary.Service, w *intermediarytest.World, c intermediarytest.Case, _ string) error {
			_, err := s.AskForStop(ctx, w.Colleague, string(c.Subject), "he came to the house")
			return err
		}, "part why"},
		{"the application is stopped", func(ctx context.Context, s *intermediary.Service, w *intermediarytest.World, c intermediarytest.Case, _ string) error {
			return s.EndCase(ctx, w.Colleague, c.ID, intermediary.Ending{State: "stopped", Reasons: "she asked us to", Letter: "We have stopped."})
		}, "part ending"},
		{"the item gets new words", func(ctx context.Context, s *intermediary.Service, w *intermediarytest.World, _ intermediarytest.Case, item string) error {
			return s.AmendItem(ctx, w.Colleague, intermediary.Amendment{Item: item, Was: 1, Words: "other words", Ground: "g", From: "f"})
		}, "part item\nversion 2"},
	}
}

// The rival takes effect after the disclosure was prepared and before it holds
// the gate rows: nothing is given.
func TestRace_ARivalOvertakesADisclosure(t *testing.T) {
	w := intermediarytest.New(t)
	for _, r := range rivals() {
		c, item := w.ReadyToGive(t, "REL>AP", "name")
		stalled := w.Cases.Stalled(func(at string) {
			if at == "disclose" {
				need(t, r.act(t.Context(), w.Cases, w, c, item))
			}
		})
		w.Clock.Advance(10 * time.Minute)
		_, err := stalled.Disclose(t.Context(), w.CaseWorker, []string{item}, w.Code(t, &w.CaseLogin))
		if kind := fault.KindOf(err); kind != fault.Conflict || wasGiven(t, w, c) != 0 || logged(t, w, c, r.mark) == 0 {
			t.Errorf("%s: %v, %d given", r.name, err, wasGiven(t, w, c))
		}
	}
}

// The rival holds the gate rows when the disclosure comes: the disclosure waits,
// and then nothing is given.
func TestRace_ADisclosureWaitsForItsRival(t *testing.T) {
	w := intermediarytest.New(t)
	for _, r := range rivals() {
		c, item := w.ReadyToGive(t, "REL>AP", "name")
		w.Clock.Advance(10 * time.Minute)
		code := w.Code(t, &w.CaseLogin)
		var late error
		var wait sync.WaitGroup
		stalled := w.Cases.Stalled(once(func() {
			wait.Go(func() { _, late = w.Cases.Disclose(t.Context(), w.CaseWorker, []string{item}, code) })
			waitsForLock(t, w)
		}))
		need(t, r.act(t.Context(), stalled, w, c, item))
		wait.Wait()
		if fault.KindOf(late) != fault.Conflict || wasGiven(t, w, c) != 0 {
			t.Errorf("%s: %v, %d given", r.name, late, wasGiven(t, w, c))
		}
	}
}

// The disclosure holds the gate rows when the rival comes: it is given, and the
// rival takes effect after it and not before.
func TestRace_ARivalWaitsForADisclosure(t *testing.T) {
	w := intermediarytest.New(t)
	for _, r := range rivals() {
		c, item := w.ReadyToGive(t, "REL>AP", "name")
		w.Clock.Advance(10 * time.Minute)
		var late error
		var wait sync.WaitGroup
		stalled := w.Cases.Stalled(once(func() {
			wait.Go(func() { late = r.act(t.Context(), w.Cases, w, c, item) })
			waitsForLock(t, w)
		}))
		_, err := stalled.Disclose(t.Context(), w.CaseWorker, []string{item}, w.Code(t, &w.CaseLogin))
		wait.Wait()
		need(t, err)
		first := count(t, w, `select b.idx from disclosure d join audit_body b on b.leaf = d.leaf where d.subject_id = $1`, string(c.Subject))
		if wasGiven(t, w, c) != 1 {
			t.Errorf("%s: %d given", r.name, wasGiven(t, w, c))
		}
		if r.name == "the item gets new words" {
			wants(t, r.name, late, fault.Conflict) // there is nothing to change in what was given
			continue
		}
		if after := logged(t, w, c, r.mark); late != nil || after <= first {
			t.Errorf("%s: %v, and its place in the log is %d, the disclosure's %d", r.name, late, after, first)
		}
	}
}

// Two workers give one item at once: one does, and nothing stands there twice.
func TestRace_TwoDisclosures(t *testing.T) {
	w := intermediarytest.New(t)
	c, item := w.ReadyToGive(t, "AP>REL", "name")
	w.Clock.Advance(10 * time.Minute)
	code, other := w.Code(t, &w.CaseLogin), w.Code(t, &w.ColleagueLogin)
	var late error
	var wait sync.WaitGroup
	stalled := w.Cases.Stalled(once(func() {
		wait.Go(func() { late = give(t.Context(), w, w.Colleague, item, other) })
		waitsForLock(t, w)
	}))
	_, err := stalled.Disclose(t.Context(), w.CaseWorker, []string{item}, code)
	wait.Wait()
	need(t, err)
	wants(t, "the second", late, fault.Conflict)
	if n := count(t, w, `select count(*) from casework where kind = 'pack' and application_id = $1`, string(c.ID)); n != 1 || wasGiven(t, w, c) != 1 {
		t.Errorf("%d packs, %d given", n, wasGiven(t, w, c))
	}
}

// once runs do the first time that an act holds its gate rows.
func once(do func()) func(string) {
	done := false
	return func(at string) {
		if !done && strings.HasSuffix(at, " locked") {
			done = true
			do()
		}
	}
}

// waitsForLock returns when somebody waits for a row's lock in this database.
func waitsForLock(t *testing.T, w *intermediarytest.World) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		var n int
		if err := w.Rows.QueryRow(ctx, `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).Scan(&n); err != nil {
			t.Errorf("nobody waits: %v", err)
			return
		}
		if n > 0 {
			return
		}
	}
}

// logged is the place in the log of the newest statement about a case that has a mark; 0 for none.
func logged(t *testing.T, w *intermediarytest.World, c intermediarytest.Case, mark string) int {
	t.Helper()
	return count(t, w, `select coalesce(max(b.idx), 0) from audit_body b where position(convert_to($1, 'UTF8') in b.body) > 0
		and (position(convert_to($2, 'UTF8') in b.body) > 0 or position(convert_to($3, 'UTF8') in b.body) > 0)`, mark, string(c.ID), string(c.Adopted))
}
