package demo_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatepost/internal/demo"
	"gatepost/internal/fault"
)

var errOther = errors.New("something else")

// No more enrol at once than get a turn: on a busy machine the rest would wait
// at the passphrase gate until it sends them away.
func TestInTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var now, most, done int // guarded by mu
		count := func(by int) {
			mu.Lock()
			defer mu.Unlock()
			now += by
			most = max(most, now)
			done += max(0, -by)
		}
		acts := make([]func() error, 9)
		for i := range acts {
			acts[i] = func() error {
				count(1)
				time.Sleep(time.Minute) // of the bubble's clock
				count(-1)
				if i == 4 {
					return errOther
				}
				return nil
			}
		}
		if err := demo.InTurns(2, acts); !errors.Is(err, errOther) {
			t.Errorf("got %v", err)
		}
		if most != 2 || done != 9 {
			t.Errorf("%d at once, %d done", most, done)
		}
	})
}

func TestPatiently(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	busy := fault.New(fault.Busy, "fault.busy")
	tests := []struct {
		name  string
		ctx   context.Context
		busy  int // how often at first
		then  error
		want  error
		tried int
	}{
		{"at once", t.Context(), 0, nil, nil, 1},
		{"busy twice", t.Context(), 2, nil, nil, 3},
		{"busy, then wrong", t.Context(), 2, errOther, errOther, 3},
		{"wrong", t.Context(), 0, errOther, errOther, 1},
		{"always busy", t.Context(), 1000, nil, busy, 20},
		{"ended", ended, 1000, nil, busy, 1},
	}
	for _, tt := range tests {
		tried := 0
		err := demo.Patiently(tt.ctx, func() error {
			tried++
			if tried <= tt.busy {
				return busy
			}
			return tt.then
		})
		if !errors.Is(err, tt.want) || tried != tt.tried {
			t.Errorf("%s: %v after %d tries, want %v after %d", tt.name, err, tried, tt.want, tt.tried)
		}
	}
}
