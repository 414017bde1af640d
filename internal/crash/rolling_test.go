package crash_test

import (
	"maps"
	"net/http"
	"slices"
	"syscall"
	"testing"
	"time"

	"gatepost/internal/authz"
)

// rounds is how often each server is stopped and started anew.
const rounds = 3

// Two servers of each tier stand behind one address, as in use. While people
// write, read and decide, each server in turn is told to stop, and another one
// takes its place. Nothing is lost and nothing is done twice; a request is
// answered, or refused by the proxy and not done; nobody has to sign in again.
func TestRollingRestart(t *testing.T) {
	w := theWorld(t)
	places := []authz.Tier{authz.Public, authz.Public, authz.Staff, authz.Staff}
	servers := make([]*running, len(places))
	for i, side := range places {
		servers[i] = w.alone(t, side)
	}
	f := newFront(t, servers...)
	l := newLoad(t, w, f)
	hands := []*hand{newHand(t, l, "kelly", "rachel", "owen", "nasreen"), newHand(t, l, "margaret", "tom", "nasreen", "owen"), clerk(t, l, "dean")}
	for i, h := range hands {
		h.first = 5 * i
	}
	l.calmly(t, hands...)
	// By now everybody has come in.
	asked := f.counted(http.StatusUnauthorized)
	l.begin(hands...)
	for range rounds {
		for i, side := range places {
			l.goesOn(t)
			servers[i].stop(t)
			l.goesOn(t)
			f.remove(servers[i])
			servers[i] = w.alone(t, side)
			f.add(servers[i])
			l.wrong(t)
		}
	}
	l.end(t)
	l.intact(t)
	l.report(t)
	if len(l.looked) > 0 {
		t.Errorf("done though nobody was told: %v", l.looked)
	}
	if again := f.counted(http.StatusUnauthorized) - asked; again > 0 {
		t.Errorf("somebody had to sign in again, %d times", again)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for status := range maps.Keys(f.answers) {
		if !slices.Contains([]int{200, 303, 401, 502, 503}, status) {
			t.Errorf("%d answers are %d", f.answers[status], status)
		}
	}
	// The clock of two staff servers works a period once.
	var twice, broken int
	must(t, w.admin.QueryRow(t.Context(), `select count(*) - count(distinct unique_key), count(*) filter (where errors is not null)
		from jobs.river_job where kind = 'clock'`).Scan(&twice, &broken))
	if twice > 0 || broken > 0 {
		t.Errorf("jobs of the clock: %d twice, %d failed", twice, broken)
	}
}

// alone starts a server of one tier.
func (w *world) alone(t *testing.T, side authz.Tier) *running {
	t.Helper()
	return w.startAs(t, settings{Tiers: []authz.Tier{side}, Proxied: true, Beside: true})
}

// acts is how many acts browsers were told to be done.
func (l *load) acts() (n int) {
	for _, v := range l.views() {
		n += v.done
	}
	return n
}

// goesOn waits until some more acts were done.
func (l *load) goesOn(t *testing.T) {
	t.Helper()
	const some = 12
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for want := l.acts() + some; l.acts() < want; {
		select {
		case <-look.C:
		case <-l.ctx.Done():
			l.wrong(t)
		case <-t.Context().Done():
			t.Fatal("nobody gets on")
		}
	}
}

// stop ends it as in use, with what was begun finished.
func (s *running) stop(t *testing.T) {
	t.Helper()
	must(t, s.cmd.Process.Signal(syscall.SIGTERM))
	<-s.ended
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("%s ends with %d when it is told to stop", s.Name, code)
	}
}
