package passphrase_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gatepost/crypto/passphrase"
)

// fill takes every turn of the gate until release is closed, and returns once
// they are all taken.
func fill(t *testing.T, g *passphrase.Gate, release <-chan struct{}) {
	t.Helper()
	for range passphrase.Turns(g) {
		go func() {
			if err := g.Do(t.Context(), func() error { <-release; return nil }); err != nil {
				t.Errorf("a free gate gives %v", err)
			}
		}()
	}
	synctest.Wait()
}

func TestGateGivesBackWhatWorkReturns(t *testing.T) {
	g := passphrase.NewGate()
	mine := errors.New("mine")
	for range 3 * passphrase.Turns(g) { // more often than there are turns: they come back
		if err := g.Do(t.Context(), func() error { return mine }); err != mine {
			t.Fatalf("got %v, want the error of the work", err)
		}
	}
	for range passphrase.Turns(g) + 1 {
		func() {
			defer func() { _ = recover() }()
			_ = g.Do(t.Context(), func() error { panic("work") })
		}()
	}
	if err := g.Do(t.Context(), func() error { return nil }); err != nil {
		t.Errorf("after panics: %v", err)
	}
}

func TestGateIsNoWiderThanTheMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := passphrase.NewGate()
		var now, most atomic.Int64
		for range passphrase.Turns(g) + 40 {
			go func() {
				err := g.Do(t.Context(), func() error {
					most.Store(max(most.Load(), now.Add(1)))
					time.Sleep(100 * time.Millisecond) // fake time: the others get their chance
					now.Add(-1)
					return nil
				})
				if err != nil {
					t.Errorf("one of many: %v", err)
				}
			}()
			synctest.Wait() // one at a time to the gate, so that most is exact
		}
		time.Sleep(passphrase.GateWait)
		synctest.Wait()
		want := int64(min(runtime.NumCPU(), runtime.GOMAXPROCS(0)))
		if got := most.Load(); got != want {
			t.Errorf("%d ran at once, want %d", got, want)
		}
	})
}

func TestGateWaitsFifteenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, release := passphrase.NewGate(), make(chan struct{})
		fill(t, g, release)
		start := time.Now()
		err := g.Do(t.Context(), func() error { t.Error("ran without a turn"); return nil })
		if !errors.Is(err, passphrase.ErrBusy) {
			t.Errorf("got %v, want ErrBusy", err)
		}
		if waited := time.Since(start); waited != 15*time.Second { // exact: the clock is a fake
			t.Errorf("waited %v, want 15s", waited)
		}
		close(release)
		synctest.Wait()
		if err := g.Do(t.Context(), func() error { return nil }); err != nil {
			t.Errorf("when the turns are back: %v", err)
		}
	})
}

func TestGateServesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, release := passphrase.NewGate(), make(chan struct{})
		fill(t, g, release)
		order := make(chan int, 10)
		hold := make(chan struct{})
		for i := range 10 {
			go func() {
				err := g.Do(t.Context(), func() error {
					order <- i
					<-hold
					return nil
				})
				if err != nil {
					t.Errorf("waiter %d: %v", i, err)
				}
			}()
			synctest.Wait()
		}
		close(release)
		for i := range 10 {
			synctest.Wait()
			if len(order) == 0 {
				hold <- struct{}{} // somebody ends
				synctest.Wait()
			}
			// As many as there are turns come at once, in no order among them.
			if got := <-order; got/passphrase.Turns(g) != i/passphrase.Turns(g) {
				t.Errorf("turn %d went to waiter %d", i, got)
			}
		}
		close(hold)
	})
}

func TestGateQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, release := passphrase.NewGate(), make(chan struct{})
		fill(t, g, release)
		var served atomic.Int64
		for range passphrase.GateQueue {
			go func() {
				if err := g.Do(t.Context(), func() error { served.Add(1); return nil }); err != nil {
					t.Errorf("in the queue: %v", err)
				}
			}()
		}
		synctest.Wait()
		start := time.Now()
		if err := g.Do(t.Context(), func() error { return nil }); !errors.Is(err, passphrase.ErrBusy) {
			t.Errorf("one too many gets %v, want ErrBusy", err)
		}
		if time.Since(start) != 0 {
			t.Error("one too many was made to wait")
		}
		close(release)
		synctest.Wait()
		if got := served.Load(); got != passphrase.GateQueue || passphrase.GateQueue != 64 {
			t.Errorf("%d of the queue were served, want 64", got)
		}
	})
}

func TestGateMindsTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, release := passphrase.NewGate(), make(chan struct{})
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		work := func() error { t.Error("ran for somebody who has gone"); return nil }
		if err := g.Do(ended, work); !errors.Is(err, context.Canceled) {
			t.Errorf("gone before: %v", err)
		}
		fill(t, g, release)
		short, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		if err := g.Do(short, work); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 3*time.Second {
			t.Errorf("gone while waiting: %v after %v", err, time.Since(start))
		}
		// The place in the queue is free again.
		for range passphrase.GateQueue {
			go func() {
				if err := g.Do(t.Context(), func() error { return nil }); err != nil {
					t.Errorf("in the place of somebody who has gone: %v", err)
				}
			}()
		}
		synctest.Wait()
		close(release)
		synctest.Wait()
	})
}
