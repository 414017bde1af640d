package crash_test

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"
)

// kill is one kill of a server.
type kill struct {
	step int
	// In a trip of the step, or, if it is 0, after a part of the time that the step takes.
	trip int
	fate fate
	time time.Duration
	part float64
	// atOnce: the button is pressed again at once, on a server that was running
	// all the time; else on one that was started after the kill.
	atOnce bool
}

func (k kill) String() string {
	name := steps()[k.step].name
	if k.trip == 0 {
		return fmt.Sprintf("%s_after_%.2f", name, k.part)
	}
	return fmt.Sprintf("%s_trip_%d_%s", name, k.trip, k.fate)
}

// chance is what a kill's numbers are drawn from: the same for the same name
// and seed, whichever other kills there are.
func chance(name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // never errs (hash.Hash)
	return rand.New(rand.NewPCG(*seed, h.Sum64()))
}

// moments is how many kills of each step come at a moment drawn by lot.
const moments = 4

// kills is every fate in every trip of the steps that change something, with
// moments drawn by lot. How many trips and how much time a step takes is
// measured, on a server that has just been started, as each one that is killed.
func (w *world) kills(t *testing.T) (list []kill) {
	t.Helper()
	for _, i := range []int{sent, passed, opened} {
		s, l := w.start(t), w.newLetter()
		l.advance(t, s, i-1)
		s.relay.arm(nil)
		took := l.timed(t, s, i)
		trips, _ := s.relay.disarm()
		l.advance(t, s, opened)
		for trip := range trips {
			for _, f := range fates() {
				list = append(list, kill{step: i, trip: trip + 1, fate: f})
			}
		}
		c := chance(fmt.Sprint("moments of ", i))
		for range moments {
			part := c.Float64()
			list = append(list, kill{step: i, part: part, time: time.Duration(part * float64(took))})
		}
		t.Logf("%s: %d trips in %v", steps()[i].name, trips, took)
	}
	if len(list) < 60 {
		t.Errorf("%d kills, want 60 at least", len(list))
	}
	return list
}

// outcome is what a kill has left.
type outcome struct{ done, told bool }

// A server is killed at each step of sending, passing on and opening.
func TestKilledServer(t *testing.T) {
	w := theWorld(t)
	list := w.kills(t)
	other := w.start(t)
	seen, ran := map[int]map[outcome]int{sent: {}, passed: {}, opened: {}}, 0
	for i, k := range list {
		// By turns, and in other turns from trip to trip.
		k.atOnce = (k.trip+int(k.fate))%2 == 0
		if k.trip == 0 {
			k.atOnce = i%2 == 0
		}
		t.Run(k.String(), func(t *testing.T) {
			t.Logf("repeat with -run 'TestKilledServer/%s$' -seed %d", k, *seed)
			left := w.killed(t, k, other)
			if ran++; !k.atOnce {
				seen[k.step][left]++
			}
		})
	}
	if t.Failed() || ran < len(list) {
		return
	}
	for i, outcomes := range seen {
		t.Logf("%s: %v", steps()[i].name, outcomes)
		for _, want := range []outcome{{false, false}, {true, false}} {
			if outcomes[want] == 0 {
				t.Errorf("no kill left %s with done %v and told %v: nothing is proved about it", steps()[i].name, want.done, want.told)
			}
		}
	}
	for _, l := range w.letters {
		l.opens(t, other)
	}
}

// killed kills one server, presses the button again, and takes the letter to
// the end of its way. It tells what the kill has left, unless the button was
// pressed again before anybody could look.
func (w *world) killed(t *testing.T, k kill, other *running) (left outcome) {
	t.Helper()
	c := chance(k.String())
	s, l := w.start(t), w.newLetter()
	l.advance(t, s, k.step-1)
	a := &ambush{trip: k.trip, fate: k.fate, part: c.Float64(), kill: func() bool { s.kill(); return true }}
	s.relay.arm(a)
	if k.trip == 0 {
		time.AfterFunc(k.time, s.kill)
	}
	err := l.press(t, s, k.step)
	// Once the last answer is read, the browser may be told before the server dies.
	if _, sprung := s.relay.disarm(); k.trip > 0 && (!sprung || err == nil && k.fate != answered) {
		t.Errorf("the server was not killed there: the step goes another way now (%v)", err)
	}
	if errors.Is(err, errTold) {
		t.Errorf("a server that is killed says nothing: %v", err)
	}
	s.kill()
	if k.atOnce && !t.Failed() {
		must(t, l.press(t, other, k.step))
		w.settle(t, s)
	} else {
		w.settle(t, s)
		left = outcome{steps()[k.step].done(l, t), err == nil}
		w.intact(t)
		other = w.start(t)
		must(t, l.press(t, other, k.step))
	}
	w.intact(t)
	l.advance(t, other, opened)
	l.opens(t, other)
	w.intact(t)
	return left
}

// The database server is killed under two servers: both say so while it is
// down, and work again without being started anew. Nobody's session is left,
// since sessions are kept in tables that a crash empties: everybody is asked to
// sign in, and what was done is done.
func TestKilledDatabase(t *testing.T) {
	w := theWorld(t)
	s, other := w.start(t), w.start(t)
	list := []kill{{step: sent, trip: 3, fate: flying}, {step: passed, trip: 5, fate: unread}, {step: opened, trip: 2, fate: torn},
		{step: passed, trip: 4, fate: answered}, {step: sent, trip: 1, fate: unsent}}
	for _, k := range list {
		t.Run(k.String(), func(t *testing.T) {
			t.Logf("repeat with -run 'TestKilledDatabase/%s$' -seed %d", k, *seed)
			l := w.newLetter()
			l.advance(t, s, k.step-1)
			victim := w.postgres
			s.relay.arm(&ambush{trip: k.trip, fate: k.fate, part: chance(k.String()).Float64(), kill: func() bool { killDatabase(victim); return false }})
			err := l.press(t, s, k.step)
			if _, sprung := s.relay.disarm(); !sprung {
				t.Errorf("the database lived (%v)", err)
				killDatabase(victim)
			}
			if err != nil && !errors.Is(err, errTold) {
				t.Errorf("the server has broken off: %v", err)
			}
			w.pages(t, http.StatusServiceUnavailable, s, other)
			w.restartDatabase(t)
			w.intact(t)
			w.pages(t, http.StatusUnauthorized, s, other)
			w.signIn(t)
			w.pages(t, http.StatusOK, s, other)
			must(t, l.press(t, s, k.step))
			l.advance(t, other, opened)
			l.opens(t, s)
			w.intact(t)
		})
	}
	for _, l := range w.letters {
		l.opens(t, s)
	}
}

// pages wants a status of each server's front pages. A connection that has died
// may cost a page that says so, and each server has eight in a pool; and while
// the database goes down, its last sessions may still answer.
func (w *world) pages(t *testing.T, want int, servers ...*running) {
	t.Helper()
	for _, s := range servers {
		for _, front := range []struct {
			visitor
			path string
		}{{w.writer, "/letters"}, {w.worker, "/desk"}} {
			p, err := s.get(front.visitor, front.path)
			for lost := 0; err == nil && p.status != want && lost < 8; {
				// One trip to a connection that has just died may have an unknown outcome: a 500.
				if p.status == http.StatusInternalServerError || p.status == http.StatusServiceUnavailable {
					lost++
				} else if want != http.StatusServiceUnavailable || p.status != http.StatusOK {
					break
				}
				p, err = s.get(front.visitor, front.path)
			}
			if err != nil || p.status != want || said(p) == "" {
				t.Errorf("%s: %s gives %d, want %d: %v %s", s.Name, front.path, p.status, want, err, said(p))
			}
		}
	}
}
