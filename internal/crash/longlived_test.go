package crash_test

import (
	"testing"
	"time"

	"gatepost/internal/authz"
)

// databaseShare: of so many kills one is the database server's.
const databaseShare = 11

// One world lives through all of it: people go on writing, reading and deciding
// over two servers behind one address, while the servers and the database are
// killed at points drawn by lot. After each kill all that is stored is looked
// at, in one snapshot, and everybody goes on meanwhile. How often they are killed
// is given by -kills.
func TestLongLived(t *testing.T) {
	t.Logf("repeat with -run TestLongLived -seed %d -kills %d, or %s=%d %s=%d", *seed, *lives, envSeed, *seed, envKills, *lives)
	w := theWorld(t)
	servers := []*running{w.pair(t), w.pair(t)}
	f := newFront(t, servers...)
	l := newLoad(t, w, f)
	hands := []*hand{newHand(t, l, "kelly", "rachel", "owen", "nasreen"), newHand(t, l, "margaret", "tom", "nasreen", "owen"), clerk(t, l, "dean")}
	for i, h := range hands {
		h.first = 5 * i
	}
	began := time.Now()
	l.calmly(t, hands[0], hands[2])
	t.Logf("each story once: %v", time.Since(began))
	l.begin(hands...)
	c := chance("a long life")
	list := make([]bool, *lives) // true: the database
	for i := range len(list) / databaseShare {
		list[i] = true
	}
	c.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	for i, database := range list {
		at := c.IntN(2)
		a := &ambush{trip: 1 + c.IntN(60), fate: fates()[c.IntN(len(fates()))], part: c.Float64()}
		if database {
			l.killDatabase(t, servers[at], a)
		} else {
			servers[at] = l.killServer(t, servers[at], a)
		}
		l.intact(t)
		l.wrong(t)
		if t.Failed() {
			t.Fatalf("after kill %d of %d: database %v, trip %d, %s", i+1, len(list), database, a.trip, a.fate)
		}
	}
	l.eachTold(t)
	l.end(t)
	l.intact(t)
	l.report(t)
	w.signIn(t) // who was signed in before is not any more: sessions do not outlive the database
}

// pair starts a server of both tiers, with all that runs beside the pages.
func (w *world) pair(t *testing.T) *running {
	t.Helper()
	return w.startAs(t, settings{Tiers: []authz.Tier{authz.Public, authz.Staff}, Proxied: true, Beside: true})
}

// killServer kills a server on its way and starts another in its place.
func (l *load) killServer(t *testing.T, s *running, a *ambush) *running {
	t.Helper()
	a.kill = func() bool { s.kill(); return true }
	s.relay.arm(a)
	select {
	case <-s.ended:
	case <-l.ctx.Done():
		l.wrong(t)
	}
	l.front.remove(s)
	other := l.pair(t)
	l.front.add(other)
	return other
}

// killDatabase kills the database server on the way of a server's trip, and
// starts it again on what is left.
func (l *load) killDatabase(t *testing.T, s *running, a *ambush) {
	t.Helper()
	victim := l.postgres
	l.down()
	a.kill = func() bool { killDatabase(victim); return false }
	s.relay.arm(a)
	select {
	case <-victim.Done():
	case <-l.ctx.Done():
		l.wrong(t)
	}
	s.relay.disarm()
	l.restartDatabase(t)
	l.back()
}

// eachTold waits until each kind of story was told once under load.
func (l *load) eachTold(t *testing.T) {
	t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		told := map[string]int{}
		for _, v := range l.views() {
			if v.done == len(v.acts) {
				told[v.kind]++
			}
		}
		left := 0
		for kind := range l.calm {
			if told[kind] < 2 { // the first time was a calm one
				left++
			}
		}
		if left == 0 {
			return
		}
		select {
		case <-look.C:
		case <-l.ctx.Done():
			l.wrong(t)
		case <-t.Context().Done():
			t.Fatal("nobody gets on")
		}
	}
}

// report says what people have done, and that something was.
func (l *load) report(t *testing.T) {
	t.Helper()
	told, left := map[string]int{}, map[string]int{}
	for _, v := range l.views() {
		if v.done == len(v.acts) {
			told[v.kind]++
		} else {
			left[v.kind]++
		}
	}
	t.Logf("stories %v; not finished %v", told, left)
	t.Logf("pressed again %v; done though nobody was told %v", l.repeated, l.looked)
	l.front.mu.Lock()
	defer l.front.mu.Unlock()
	t.Logf("answers %v", l.front.answers)
	for kind := range l.calm {
		if told[kind] < 2 {
			t.Errorf("%s was told %d times under load: nothing is proved about it", kind, told[kind]-1)
		}
	}
	if len(left) > 0 {
		t.Errorf("stories were not finished: %v", left)
	}
}
