package crash_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/code"
	"gatepost/internal/account"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/demo"
	"gatepost/internal/postgres"
	"gatepost/internal/tier"
	"gatepost/letterbox"
)

// team is a world of its own whose letterbox team has more cases than one step
// of granting them anew takes, and the manager who ends a worker's account.
type team struct {
	*world
	tier    *tier.Tier
	manager authz.Actor
	judith  visitor
}

const key = "team/letterbox"

func newTeam(t *testing.T) *team {
	t.Helper()
	w := &team{world: &world{}}
	t.Cleanup(func() { must(t, w.close()) })
	w.make(t)
	var err error
	w.tier, err = w.own().openTier(t.Context(), authz.Staff, slog.New(slog.NewTextHandler(t.Output(), nil)))
	must(t, err)
	t.Cleanup(w.tier.Close)
	owen, _ := w.comes(t, w.person("owen"))
	for range account.MaxRotate {
		w.openCase(t, owen)
	}
	return w
}

// comes signs somebody in.
func (w *team) comes(t *testing.T, p demo.Person) (authz.Actor, visitor) {
	t.Helper()
	token, err := w.tier.Accounts.SignIn(t.Context(), demo.AgencyID, account.SignIn{Name: p.Login, Passphrase: p.Passphrase,
		Code: w.code(t, p), From: netip.IPv6Loopback(), Browser: "Test"})
	must(t, err)
	actor, err := w.tier.Accounts.Load(t.Context(), demo.AgencyID, token, account.Writing)
	must(t, err)
	return actor, visitorOf(authz.Staff, token)
}

// code is a one-time code of somebody that counts.
func (w *team) code(t *testing.T, p demo.Person) string {
	t.Helper()
	w.usedCodesCount(t)
	digits, err := code.Current(p.TOTP, time.Now())
	must(t, err)
	return digits
}

func (w *team) openCase(t *testing.T, by authz.Actor) {
	t.Helper()
	side := func(book string) letterbox.NewSide {
		return letterbox.NewSide{Book: book, People: []letterbox.NewPerson{{Name: "Meg Thorne", Relation: "family"}},
			Names: letterbox.Names{Children: []string{"Robin"}, Other: "the other family", Self: "us"}, MaySend: []string{"letter"}, TimesAYear: 1}
	}
	_, err := w.tier.Letters.OpenExchange(t.Context(), by, letterbox.NewExchange{Sides: [2]letterbox.NewSide{side("birth"), side("adoptive")},
		Children: []letterbox.NewChild{{BirthName: "Robin Thorne", AdoptiveName: "Robin Ash", Born: time.Now().AddDate(-7, 0, 0)}}})
	must(t, err)
}

// leaver is a letterbox worker who is about to leave.
type leaver struct {
	*team
	id       string
	old      authz.Actor // their session, with all their keys
	visitor  visitor
	code     string // the manager's
	epoch    int    // of the team's key that they hold
	cases    []string
	members  []string // nodes that hold the team's key, but theirs and the archive
	others   []string // grants that are none of the team's and none of theirs
	rotation string
}

// hire makes one. The manager signs in for it, and so has the team's newest key.
func (w *team) hire(t *testing.T) *leaver {
	t.Helper()
	w.manager, w.judith = w.comes(t, w.person("judith"))
	accounts, fact := w.tier.Accounts, "the red kite"
	paper, err := accounts.InviteWorker(t.Context(), w.manager, "Nia Trevose", fact)
	must(t, err)
	token, err := accounts.Redeem(t.Context(), demo.AgencyID, netip.IPv6Loopback(), paper.Code, fact)
	must(t, err)
	p := demo.Person{Login: paper.Reference, Passphrase: "marmalade on a wet tuesday"}
	token, _, err = accounts.Choose(t.Context(), demo.AgencyID, token, p.Passphrase, "Test")
	must(t, err)
	load := func() authz.Actor {
		actor, err := accounts.Load(t.Context(), demo.AgencyID, token, account.Writing)
		must(t, err)
		return actor
	}
	offer, err := accounts.OfferTOTP(t.Context(), load(), token)
	must(t, err)
	p.TOTP = strings.ReplaceAll(offer.Secret, " ", "")
	must(t, accounts.KeepTOTP(t.Context(), load(), token, w.code(t, p)))
	l := &leaver{team: w, id: load().Account()}
	must(t, accounts.ConfirmWorker(t.Context(), w.manager, l.id, []authz.Role{authz.LetterboxWorker}, w.code(t, w.person("judith"))))
	l.old, l.visitor = w.comes(t, p)
	l.code = w.code(t, w.person("judith"))

	must(t, w.admin.QueryRow(t.Context(), `select max(epoch) from node where id = $1`, key).Scan(&l.epoch))
	l.cases = w.texts(t, `select format('%s/%s', child, child_epoch) from ring_grant_staff where parent = $1 and parent_epoch = $2`, key, l.epoch)
	l.members = w.texts(t, l.membersNow(), key, l.epoch, "worker/"+l.id)
	l.others = w.texts(t, l.othersNow(), key, "worker/"+l.id)
	if len(l.cases) <= account.MaxRotate {
		t.Fatalf("%d cases are one step's work", len(l.cases))
	}
	return l
}

func (l *leaver) membersNow() string {
	return `select parent from ring_grant_staff where child = $1 and child_epoch = $2 and parent not in ($3, 'archive')`
}

func (l *leaver) othersNow() string {
	return `select format('%s/%s to %s/%s', child, child_epoch, parent, parent_epoch) from ring_grant_staff where $1 not in (child, parent) and parent <> $2`
}

// texts asks for a list, and gives it in its own order.
func (w *team) texts(t *testing.T, sql string, args ...any) []string {
	t.Helper()
	rows, err := w.admin.Query(t.Context(), sql, args...)
	must(t, err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	slices.Sort(list)
	return list
}

// progress is how far the work is, "" before it has begun.
func (l *leaver) progress(t *testing.T) (state string, done, total int) {
	t.Helper()
	err := l.admin.QueryRow(t.Context(), `select id, state, done, total from rotation where worker_id = $1`, l.id).Scan(&l.rotation, &state, &done, &total)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		t.Fatal(err)
	}
	return state, done, total
}

// press has the manager end the account, or go on with what that began.
func (l *leaver) press(t *testing.T, s *running) error {
	t.Helper()
	path, fields := "/worker/"+l.id+"/leave", []string{"code", l.code}
	if state, _, _ := l.progress(t); state != "" {
		path, fields = "/rotation/"+l.rotation+"/go-on", nil
	}
	to, err := sees(s.post(l.judith, path, fields...))
	if err == nil && !strings.HasPrefix(to, "/keys") {
		err = fmt.Errorf("%w: %s leads to %s", errTold, path, to)
	}
	return err
}

// stands: whatever was killed, each case is open to one key of the team and to
// no two, what is done is counted, who stays reads every case, and who has left
// is out.
func (l *leaver) stands(t *testing.T, s *running) {
	t.Helper()
	state, done, total := l.progress(t)
	if now := l.texts(t, `select format('%s/%s', child, child_epoch) from ring_grant_staff where parent = $1`, key); !slices.Equal(now, l.cases) {
		t.Errorf("%s: the team has %d grants, and had %d cases", state, len(now), len(l.cases))
	}
	older := len(l.texts(t, `select child from ring_grant_staff where parent = $1 and parent_epoch = $2`, key, l.epoch))
	if state != "" && (total != len(l.cases) || done != total-older) {
		t.Errorf("%s: the work says %d of %d, and %d of %d cases are with the older key", state, done, total, older, len(l.cases))
	}
	if others := l.texts(t, l.othersNow(), key, "worker/"+l.id); !slices.Equal(others, l.others) {
		t.Errorf("%s: %d grants of others, want %d", state, len(others), len(l.others))
	}
	want := http.StatusOK
	if state != "" {
		want = http.StatusUnauthorized
	}
	s.wantPage(t, "the desk of who leaves", l.visitor, "/desk", want)
	owen, _ := l.comes(t, l.person("owen"))
	if n := l.opens(t, owen); n != len(l.cases) {
		t.Errorf("%s: who stays opens %d cases, want %d", state, n, len(l.cases))
	}
	l.intact(t)
}

// opens counts the team's cases that somebody's keys climb to by what is stored.
func (l *leaver) opens(t *testing.T, who authz.Actor) (n int) {
	t.Helper()
	rows, err := l.admin.Query(t.Context(), `select child, child_epoch, parent, parent_epoch, sealed from ring_grant_staff`)
	must(t, err)
	grants, err := pgx.CollectRows(rows, pgx.RowToStructByName[agency.GrantRow])
	must(t, err)
	var ids []string
	for _, name := range l.cases {
		ids = append(ids, name[:strings.LastIndex(name, "/")])
	}
	var nodes []agency.NodeRow
	must(t, l.staff.Read(t.Context(), postgres.Scope{Agency: demo.AgencyID}, func(b *pgx.Batch) { agency.QueueAllNodes(b, &nodes, ids...) }))
	for _, row := range nodes {
		if !slices.Contains(l.cases, agency.NodeName(row.ID, row.Epoch)) {
			continue
		}
		node, err := l.agency.TrustedAt(nodes, row.ID, row.Epoch)
		must(t, err)
		if _, err := l.agency.Climb(who.Keys(), grants, node); err == nil {
			n++
		}
	}
	return n
}

// ends: every case is granted once, to the new key, whose members are who they
// were without the leaver, and nothing that is stored opens to the leaver.
func (l *leaver) ends(t *testing.T, s *running) {
	t.Helper()
	if state, done, total := l.progress(t); state != "done" || done != total {
		t.Errorf("the work is %s, %d of %d", state, done, total)
	}
	l.stands(t, s)
	if now := l.texts(t, `select format('%s/%s', child, child_epoch) from ring_grant_staff where parent = $1 and parent_epoch = $2`, key, l.epoch+1); !slices.Equal(now, l.cases) {
		t.Errorf("%d cases are granted to the new key, want %d", len(now), len(l.cases))
	}
	if now := l.texts(t, l.membersNow(), key, l.epoch+1, "-"); !slices.Equal(now, l.members) {
		t.Errorf("the new key is held by %v, want %v", now, l.members)
	}
	if left := l.texts(t, l.membersNow(), key, l.epoch, "-"); len(left) > 0 {
		t.Errorf("the older key is still held by %v", left)
	}
	if left := l.texts(t, `select child from ring_grant_staff where parent = $1`, "worker/"+l.id); len(left) > 0 {
		t.Errorf("who left still holds %v", left)
	}
	if n := l.opens(t, l.old); n != 0 {
		t.Errorf("the keys of who left open %d cases", n)
	}
	p, err := s.get(l.judith, "/keys")
	if err != nil || p.status != http.StatusOK || strings.Contains(p.body, "/rotation/"+l.rotation+"/") {
		t.Errorf("the page about keys gives %d and can still go on: %v", p.status, err)
	}
}

// phase is how far the work was when somebody was killed.
func (l *leaver) phase(t *testing.T) string {
	t.Helper()
	switch state, done, total := l.progress(t); {
	case state == "" || state == "done":
		return state
	case done == 0:
		return "begun"
	case done < total:
		return "some"
	default:
		return "all, not ended"
	}
}

// regrantKills are in every third trip of the first part, which mostly reads what is
// to be done, and in every one of the rest: between any two of them nothing may
// have been left half done.
func regrantKills(trips int) (list []kill) {
	for trip := 1; trip <= trips; trip++ {
		if trip > trips/3 || trip%third == 0 {
			list = append(list, kill{trip: trip, fate: fates()[trip%3]}) // the database does not see all of it
		}
	}
	return list
}

// A server is killed while a manager ends a worker's account and every case of
// the team is granted anew, and the next one again while it goes on with that.
// A case is open to one key of the team at any moment, the work goes on where it
// was, and at the end every case is granted once to the new key, and nothing
// that is stored opens to who left.
func TestKilledRegrant(t *testing.T) {
	w := newTeam(t)
	first := w.hire(t)
	s := w.start(t)
	s.wantPage(t, "the page that ends an account", w.judith, "/worker/"+first.id+"/leave", http.StatusOK)
	if n := first.opens(t, first.old); n != len(first.cases) {
		t.Fatalf("before leaving they open %d cases, want %d", n, len(first.cases))
	}
	s.relay.arm(nil)
	must(t, first.press(t, s))
	trips, _ := s.relay.disarm()
	t.Logf("ending an account and granting %d cases anew: %d trips", len(first.cases), trips)
	first.ends(t, s)

	seen := map[string]int{}
	list := regrantKills(trips)
	for _, k := range list {
		t.Run(fmt.Sprintf("leave_trip_%d_%s", k.trip, k.fate), func(t *testing.T) {
			l := w.hire(t)
			for again := range 2 {
				s := w.start(t)
				a := &ambush{trip: k.trip, fate: k.fate + fate(3*again), // and then it has
					part: chance(t.Name()).Float64(), kill: func() bool { s.kill(); return true }}
				s.relay.arm(a)
				err := l.press(t, s)
				if _, sprung := s.relay.disarm(); again == 0 && (!sprung || err == nil) || errors.Is(err, errTold) {
					t.Errorf("the server was not killed there, or has said something: %v", err)
				}
				s.kill()
				w.settle(t, s)
				seen[l.phase(t)]++
				l.stands(t, w.start(t))
			}
			next := w.start(t)
			must(t, l.press(t, next))
			l.ends(t, next)
		})
	}
	t.Logf("%d kills left %v", 2*len(list), seen)
	for _, want := range []string{"", "begun", "some", "all, not ended", "done"} {
		if seen[want] == 0 && !t.Failed() {
			t.Errorf("no kill left the work %q: nothing is proved about it", want)
		}
	}
}
