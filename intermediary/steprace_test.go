package intermediary_test

import (
	"sync/atomic"
	"testing"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/fault"
)

// halted is a service whose acts stop at one place, the first of them only:
// reached is told, and it goes on when release is called.
func halted(t *testing.T, s *intermediary.Service, place string) (slow *intermediary.Service, reached <-chan struct{}, release func()) {
	t.Helper()
	at, on := make(chan struct{}), make(chan struct{})
	var taken, released atomic.Bool
	release = func() {
		if released.CompareAndSwap(false, true) {
			close(on)
		}
	}
	t.Cleanup(release)
	return s.Stalled(func(where string) {
		if where == place && taken.CompareAndSwap(false, true) {
			close(at)
			<-on
		}
	}), at, release
}

// overtake runs slow to a place, fast to its end, and then slow to its end.
func overtake(t *testing.T, w *intermediarytest.World, place string, slow func(*intermediary.Service) error, fast func() error) (slowErr, fastErr error) {
	t.Helper()
	s, reached, release := halted(t, w.Cases, place)
	done := make(chan error, 1)
	go func() { done <- slow(s) }()
	select {
	case <-reached:
	case err := <-done:
		t.Fatalf("%s was not reached: %v", place, err)
	}
	fastErr = fast()
	release()
	return <-done, fastErr
}

// hold runs slow until it holds the gate rows, starts fast, waits until the
// database says that fast waits for them, and lets slow go on.
func hold(t *testing.T, w *intermediarytest.World, place string, slow func(*intermediary.Service) error, fast func() error) (slowErr, fastErr error) {
	t.Helper()
	s, reached, release := halted(t, w.Cases, place)
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { first <- slow(s) }()
	select {
	case <-reached:
	case err := <-first:
		t.Fatalf("%s was not reached: %v", place, err)
	}
	go func() { second <- fast() }()
	for waits := 0; waits == 0; {
		need(t, w.Rows.QueryRow(t.Context(), `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).Scan(&waits))
		select {
		case err := <-second:
			t.Fatalf("the other act did not wait: %v", err)
		default:
		}
	}
	release()
	return <-first, <-second
}

// placeInLog is where the statement of a row stands.
func placeInLog(t *testing.T, w *intermediarytest.World, sql string, args ...any) int {
	t.Helper()
	return count(t, w, `select b.idx from audit_body b where b.leaf = (`+sql+`)`, args...)
}

// A veto, a refusal, a death, a stop or the end of the case against an approach:
// either it comes first and there is no approach, or it waits until the approach
// is on record before it. Never both at once.
func TestRace_Approach(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	tests := map[string]struct {
		fast func(c intermediarytest.Case) error
		leaf string // the statement of what came in between; $1 the adopted person, $2 the application, $3 the subject
	}{
		"veto": {func(c intermediarytest.Case) error {
			_, err := w.Cases.RegisterVeto(ctx, w.Colleague, notice(c.Adopted, intermediary.VetoAbsolute))
			return err
		}, `select leaf from veto where adopted_id = $1 and $2 <> $3`},
		"refusal": {func(c intermediarytest.Case) error {
			return w.Cases.RecordConsent(ctx, w.Colleague, consent(c.Subject, intermediary.ConsentNo, 0))
		}, `select leaf from consent where subject_id = $3 and $1 <> $2`},
		"death": {func(c intermediarytest.Case) error {
			return w.Cases.StateFact(ctx, w.Colleague, intermediary.NewFact{On: string(c.Subject), Name: "subjectVital", Value: "died", Was: 1, Why: "a notice in the paper", Said: intermediary.SaidFact})
		}, `select leaf from fact where on_id = $3 and name = 'subjectVital' and version = 2 and $1 <> $2`},
		"stop": {func(c intermediarytest.Case) error {
			_, err := w.Cases.AskForStop(ctx, w.Colleague, string(c.Adopted), "she is afraid")
			return err
		}, `select leaf from stop where adopted_id = $1 and $2 <> $3`},
		"end": {func(c intermediarytest.Case) error {
			return w.Cases.EndCase(ctx, w.Colleague, c.ID, intermediary.Ending{State: "stopped", Reasons: "she asked", Letter: "We have stopped."})
		}, `select leaf from casework where id = $2 and part = 'ending' and $1 <> $3`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := w.Ready(t, "REL>AP")
			slow := func(s *intermediary.Service) error { return s.Approach(ctx, w.CaseWorker, approach(c.Subject)) }
			slowErr, fastErr := overtake(t, w, "approach", slow, func() error { return tt.fast(c) })
			need(t, fastErr)
			wants(t, "the approach", slowErr, fault.Conflict)
			if n := count(t, w, `select count(*) from step where subject_id = $1`, string(c.Subject)) +
				count(t, w, `select count(*) from casework where application_id = $1 and kind = 'approach'`, string(c.ID)); n != 0 {
				t.Errorf("%d traces of an approach that was overtaken", n)
			}

			c = w.Ready(t, "REL>AP")
			slow = func(s *intermediary.Service) error { return s.Approach(ctx, w.CaseWorker, approach(c.Subject)) }
			slowErr, fastErr = hold(t, w, "approach locked", slow, func() error { return tt.fast(c) })
			need(t, slowErr)
			need(t, fastErr)
			if made, after := placeInLog(t, w, `select leaf from step where subject_id = $1`, string(c.Subject)),
				placeInLog(t, w, tt.leaf, string(c.Adopted), string(c.ID), string(c.Subject)); made >= after {
				t.Errorf("the approach is entry %d, and what came after it entry %d", made, after)
			}
			wants(t, "another approach", w.Cases.Approach(ctx, w.CaseWorker, approach(c.Subject)), fault.Conflict)
		})
	}
}

// Two workers at once: the second has to look again.
func TestRace_TwoApproaches(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Ready(t, "REL>AP")
	slowErr, fastErr := overtake(t, w, "approach", func(s *intermediary.Service) error { return s.Approach(ctx, w.CaseWorker, approach(c.Subject)) },
		func() error { return w.Cases.Approach(ctx, w.Colleague, approach(c.Subject)) })
	need(t, fastErr)
	wants(t, "the slower one", slowErr, fault.Conflict)
	if n := count(t, w, `select count(*) from step where subject_id = $1`, string(c.Subject)); n != 1 {
		t.Errorf("%d approaches", n)
	}
}

// Two notices at once are two versions, or one and a Conflict; and a stop ends once.
func TestRace_Veto(t *testing.T) {
	w := intermediarytest.New(t)
	ctx := t.Context()
	c := w.Ready(t, "REL>AP")
	n := notice(c.Adopted, intermediary.VetoAbsolute)
	registering := func(s *intermediary.Service) error { _, err := s.RegisterVeto(ctx, w.CaseWorker, n); return err }
	slowErr, fastErr := overtake(t, w, "veto", registering, func() error { _, err := w.Cases.RegisterVeto(ctx, w.Colleague, n); return err })
	need(t, fastErr)
	wants(t, "the slower notice", slowErr, fault.Conflict)
	stop := askForStop(t, w, string(c.Subject))
	slowErr, fastErr = overtake(t, w, "endStop", func(s *intermediary.Service) error { return s.EndStop(ctx, w.Manager, stop, "looked into") },
		func() error { return w.Cases.EndStop(ctx, w.Manager, stop, "looked into") })
	need(t, fastErr)
	wants(t, "ending it twice", slowErr, fault.Conflict)
}
