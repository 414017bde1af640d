package crash_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"gatepost/intermediary"
	"gatepost/intermediary/intermediarytest"
	"gatepost/internal/account"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/demo"
	"gatepost/internal/tier"
)

// giving is a case of the world whose applicant may be given something, and the
// worker who gives it on a page. What comes before that is done here, by the
// services: no server is killed then.
type giving struct {
	*world
	tier   *tier.Tier
	ready  *intermediarytest.World
	kase   intermediarytest.Case
	worker visitor
	gifts  []*gift
}

// gift is one thing that may be given.
type gift struct {
	*giving
	item, code string
	told       bool // a browser was told that it was given
}

func newGiving(t *testing.T, w *world) *giving {
	t.Helper()
	g := &giving{world: w}
	g.open(t)
	g.kase = g.ready.Ready(t, "AP>REL")
	g.ready.State(t, string(g.kase.Subject), "cnsl=yes")
	g.ready.Consent(t, g.kase, intermediary.ConsentYes, "name")
	must(t, g.tier.Cases.RecordAgreement(t.Context(), g.ready.CaseWorker, intermediary.NewAgreement{Application: g.kase.ID, On: calendar.Today(time.Now()), Words: "form C, in the cabinet"}))
	return g
}

// open opens the staff tier here and signs in who is needed. After a kill of the
// database it is done anew, for nobody's session is left.
func (g *giving) open(t *testing.T) {
	t.Helper()
	var err error
	g.tier, err = g.own().openTier(t.Context(), authz.Staff, slog.New(slog.NewTextHandler(t.Output(), nil)))
	must(t, err)
	opened := g.tier
	t.Cleanup(opened.Close)
	g.ready = &intermediarytest.World{World: &accounttest.World{}, Rows: g.admin, Cases: g.tier.Cases}
	g.usedCodesCount(t)
	for key, into := range map[string]*authz.Actor{"bronwen": &g.ready.CaseWorker, "judith": &g.ready.Manager} {
		p := g.person(key)
		digits, _, err := p.Code(time.Now())
		must(t, err)
		token, err := g.tier.Accounts.SignIn(t.Context(), demo.AgencyID, account.SignIn{Name: p.Login, Passphrase: p.Passphrase, Code: digits, From: netip.IPv6Loopback(), Browser: "Test"})
		must(t, err)
		*into, err = g.tier.Accounts.Load(t.Context(), demo.AgencyID, token, account.Writing)
		must(t, err)
		if key == "bronwen" {
			g.worker = visitorOf(p.Tier, token)
		}
	}
}

// newGift prepares something: checked, judged, and with a code to give it by.
func (g *giving) newGift(t *testing.T) *gift {
	t.Helper()
	x := &gift{giving: g, item: g.ready.Item(t, g.kase, "name")}
	g.gifts = append(g.gifts, x)
	x.newCode(t)
	return x
}

// newCode is a one-time code that was not used.
func (x *gift) newCode(t *testing.T) {
	t.Helper()
	x.usedCodesCount(t)
	var err error
	x.code, _, err = x.person("bronwen").Code(time.Now())
	must(t, err)
}

func (x *gift) path() string { return "/case/" + string(x.kase.ID) + "/disclose/" + x.item }

// look shows the worker the page with the button.
func (x *gift) look(t *testing.T, s *running) {
	t.Helper()
	s.wantPage(t, "the page that gives it", x.worker, x.path(), 200)
}

// press gives it, with the same code each time.
func (x *gift) press(s *running) error {
	to, err := sees(s.post(x.worker, x.path(), "code", x.code))
	if err == nil && !strings.HasSuffix(to, "?done=disclose") {
		err = fmt.Errorf("%w: it leads to %s", errTold, to)
	}
	x.told = x.told || err == nil
	return err
}

// times is how often it was given, with all that belongs to it.
func (x *gift) times(t *testing.T) (n int) {
	t.Helper()
	must(t, x.admin.QueryRow(t.Context(), `select count(*) from disclosure d
		join casework p on p.id = d.id and p.kind = 'pack' and p.part = 'pack' and p.file = d.application_id and p.leaf = d.leaf
		join evaluation e on e.id = d.evaluation_id and e.act = 'disclose' and e.item_id = d.item_id
		join audit_body b on b.leaf = d.leaf join audit_body l on l.leaf = e.leaf where d.item_id = $1`, x.item).Scan(&n))
	return n
}

// stand: what a browser was told to be given is, nothing is given twice, and all
// that is stored fits the log.
func (g *giving) stand(t *testing.T) {
	t.Helper()
	for _, x := range g.gifts {
		if n := x.times(t); n > 1 || x.told && n == 0 {
			t.Errorf("%s was given %d times, and a browser was told: %v", x.item, n, x.told)
		}
	}
	g.intact(t)
}

// A server is killed while a worker gives something to an applicant: in each
// trip to the database, in the last ones (the code, the look at the law under the
// gate rows' lock, and the write) at each of its moments, and while what is given
// is sealed. Nothing is given without its entry in the log, nothing is lost of
// which the worker was told, and the same button with the same code gives it
// once.
func TestKilledDisclosure(t *testing.T) {
	w := theWorld(t)
	g := newGiving(t, w)
	list := g.kills(t)
	other := w.start(t)
	seen := map[outcome]int{}
	for i, k := range list {
		t.Run(k.String(), func(t *testing.T) {
			t.Logf("repeat with -run 'TestKilledDisclosure/%s$' -seed %d", k, *seed)
			x, s := g.newGift(t), w.start(t)
			x.look(t, s)
			a := &ambush{trip: k.trip, fate: k.fate, part: chance(k.String()).Float64(), kill: func() bool { s.kill(); return true }}
			s.relay.arm(a)
			if k.trip == 0 {
				time.AfterFunc(k.time, s.kill)
			}
			err := x.press(s)
			if _, sprung := s.relay.disarm(); k.trip > 0 && (!sprung || err == nil && k.fate != answered) || errors.Is(err, errTold) {
				t.Errorf("the server was not killed there, or has said something: %v", err)
			}
			s.kill()
			next := other
			if i%2 == 0 { // by turns a server takes over that was running all the time, or one that has just been started
				w.settle(t, s)
				seen[outcome{x.times(t) == 1, err == nil}]++
				g.stand(t)
				next = w.start(t)
			}
			must(t, x.press(next))
			w.settle(t, s)
			g.stand(t)
		})
	}
	t.Logf("%d kills left %v", len(list), seen)
	for _, want := range []outcome{{false, false}, {true, false}} {
		if seen[want] == 0 && !t.Failed() {
			t.Errorf("no kill left it with done %v and told %v: nothing is proved about it", want.done, want.told)
		}
	}
	g.killedDatabase(t, other)
	g.opens(t)
}

// disclosureKill is one kill while something is given.
type disclosureKill struct{ kill }

func (k disclosureKill) String() string {
	if k.trip == 0 {
		return fmt.Sprintf("give_after_%.2f", k.part)
	}
	return fmt.Sprintf("give_trip_%d_%s", k.trip, k.fate)
}

const (
	last  = 3 // in how many of the last trips every moment is tried
	third = 3 // of the trips before them each third one is tried, at one moment
)

// kills is how the server is killed. How many trips giving takes is measured.
func (g *giving) kills(t *testing.T) (list []disclosureKill) {
	t.Helper()
	g.trips(t, g.start(t)) // to give something beside what was given before takes another trip
	trips, took := g.trips(t, g.start(t))
	t.Logf("giving: %d trips in %v", trips, took)
	c := chance("giving")
	for trip := 1; trip <= trips; trip++ {
		if trip > trips-last {
			for _, f := range fates() {
				list = append(list, disclosureKill{kill{trip: trip, fate: f}})
			}
			continue
		}
		if trip%third == 0 {
			list = append(list, disclosureKill{kill{trip: trip, fate: fates()[c.IntN(len(fates()))]}})
		}
	}
	for range moments / 2 {
		part := c.Float64()
		list = append(list, disclosureKill{kill{part: part, time: time.Duration(part * float64(took))}})
	}
	return list
}

// trips is how many trips giving takes, and how long, on a server as it is now.
func (g *giving) trips(t *testing.T, s *running) (int, time.Duration) {
	t.Helper()
	x := g.newGift(t)
	x.look(t, s)
	s.relay.arm(nil)
	began := time.Now()
	must(t, x.press(s))
	trips, _ := s.relay.disarm()
	return trips, time.Since(began)
}

// killedDatabase kills PostgreSQL itself while it writes what is given. The
// server lives, says so, and gives it once the database is there again and its
// worker has signed in.
func (g *giving) killedDatabase(t *testing.T, s *running) {
	t.Helper()
	g.trips(t, s) // the first time it reads more
	trips, _ := g.trips(t, s)
	x, victim := g.newGift(t), g.postgres
	x.look(t, s)
	s.relay.arm(&ambush{trip: trips, fate: flying, kill: func() bool { killDatabase(victim); return false }})
	err := x.press(s)
	// A session of the database may end what it has begun when the rest of it is gone.
	if _, sprung := s.relay.disarm(); !sprung || err != nil && !errors.Is(err, errTold) {
		t.Errorf("the database was not killed there, or the server has broken off: %v", err)
		killDatabase(victim)
	}
	g.restartDatabase(t)
	g.signIn(t) // the people of every other test
	g.open(t)
	g.stand(t)
	x.newCode(t)
	for lost := 0; ; lost++ { // each of a server's eight connections may have died
		if err = x.press(s); err == nil || lost == 8 {
			break
		}
	}
	must(t, err)
	g.stand(t)
}

// opens: everything that was given opens, and is what was prepared.
func (g *giving) opens(t *testing.T) {
	t.Helper()
	for _, x := range g.gifts {
		var id string
		must(t, g.admin.QueryRow(t.Context(), `select id from disclosure where item_id = $1`, x.item).Scan(&id))
		p, err := g.tier.Cases.PrintPack(t.Context(), g.ready.CaseWorker, id)
		if err != nil || p.Words != "what there is to say: name" {
			t.Errorf("what was given does not open: %q, %v", p.Words, err)
		}
	}
}
