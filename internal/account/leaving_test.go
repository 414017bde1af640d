package account_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/account"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
	"gatepost/letterbox"
)

// team is a world with some cases and a colleague who is about to leave.
type team struct {
	*accounttest.World
	t      *testing.T
	cases  []letterbox.ExchangeID
	leaver accounttest.Login
	old    authz.Actor // the leaver's session, with all their keys
}

func newTeam(t *testing.T, cases int) *team {
	t.Helper()
	w := &team{World: accounttest.NewWorld(t), t: t}
	for range cases {
		id, _, _ := w.OpenExchange(t)
		w.cases = append(w.cases, id)
	}
	w.leaver, w.old = w.NewWorker(t, "Nia Trevose", authz.LetterboxWorker)
	w.Manager = w.SignInWorker(t, &w.ManagerLogin)
	return w
}

func (w *team) load(l *accounttest.Login) (authz.Actor, error) {
	return w.Staff.Load(w.t.Context(), w.Home.ID, l.Token, account.Short)
}

// leave has the leaver leave, and gives the rotation that begins.
func (w *team) leave() string {
	w.t.Helper()
	ids, err := w.Staff.Leave(w.t.Context(), w.Manager, w.leaver.ID, w.Code(w.t, &w.ManagerLogin))
	must(w.t, err)
	if len(ids) != 1 {
		w.t.Fatalf("%d rotations, want that of the letterbox team", len(ids))
	}
	w.Manager, err = w.load(&w.ManagerLogin)
	must(w.t, err)
	return ids[0]
}

func (w *team) next(id string, n int) account.Progress {
	w.t.Helper()
	p, err := w.Staff.RotateNext(w.t.Context(), w.Manager, id, n)
	must(w.t, err)
	return p
}

// staffGrants are all stored grants to staff of what lies below a name.
func (w *team) staffGrants(child string) (list []agency.GrantRow) {
	w.t.Helper()
	rows, err := w.Database.Admin().Query(context.Background(),
		`select child, child_epoch, parent, parent_epoch, sealed from ring_grant_staff where child like $1 || '%'`, child)
	must(w.t, err)
	list, err = pgx.CollectRows(rows, pgx.RowToStructByName[agency.GrantRow])
	must(w.t, err)
	return list
}

// opens counts the cases that a keyring climbs to by what is stored.
func (w *team) opens(who authz.Actor) (n int) {
	w.t.Helper()
	grants := w.staffGrants("case/")
	for _, id := range w.cases {
		var nodes []agency.NodeRow
		must(w.t, w.StaffDB.Read(w.t.Context(), postgres.Scope{Agency: w.Home.ID}, func(b *pgx.Batch) {
			agency.QueueAllNodes(b, &nodes, "case/"+string(id))
		}))
		for _, row := range nodes {
			node, err := w.Home.TrustedAt(nodes, row.ID, row.Epoch)
			must(w.t, err)
			if _, err := w.Home.Climb(who.Keys(), grants, node); err == nil {
				n++
			}
		}
	}
	return n
}

// reads checks that the desk of the worker who stays opens every case.
func (w *team) reads(when string) {
	w.t.Helper()
	for _, id := range w.cases {
		x, err := w.Desk.Exchange(w.t.Context(), w.Worker, id)
		if err != nil || x.Sides[0].Unread || x.Sides[1].Unread {
			w.t.Errorf("%s: a case does not open for who stays: %v", when, err)
		}
	}
}

// exactly checks that each case is open to the new key and the archive, and to
// nothing else.
func (w *team) exactly(epoch uint32) {
	w.t.Helper()
	parents := map[string][]string{}
	for _, g := range w.staffGrants("case/") {
		parents[g.Child] = append(parents[g.Child], agency.NodeName(g.Parent, g.ParentEpoch))
	}
	for _, id := range w.cases {
		got := parents["case/"+string(id)]
		slices.Sort(got)
		if want := []string{"archive/1", agency.NodeName("team/letterbox", epoch)}; !slices.Equal(got, want) {
			w.t.Errorf("a case is granted to %v, want %v", got, want)
		}
	}
}

func TestLeave(t *testing.T) {
	w := newTeam(t, 3)
	signedIn := w.WorkerLogin.Token
	if got := w.opens(w.old); got != 3 {
		t.Fatalf("before leaving the worker opens %d cases, want 3", got)
	}
	id := w.leave()

	_, err := w.load(&w.leaver)
	want(t, "the leaver's session", err, fault.SignIn, "fault.signIn")
	_, err = w.Staff.SignIn(t.Context(), w.Home.ID, account.SignIn{Name: w.leaver.Name, Passphrase: w.leaver.Passphrase,
		Code: w.Code(t, &w.leaver), From: accounttest.From()})
	want(t, "the leaver signs in", err, fault.Invalid, "fault.signIn.wrong")
	if n := ask[int64](t, w.World, "select count(*) from ring_grant_staff where parent = 'worker/' || $1", w.leaver.ID); n != 0 {
		t.Errorf("%d grants are left", n)
	}
	if n := ask[int64](t, w.World, "select count(*) from credential_worker where account_id = $1", w.leaver.ID); n != 0 {
		t.Error("the credential is left")
	}
	_, err = w.Staff.Load(t.Context(), w.Home.ID, signedIn, account.Short)
	want(t, "a colleague's session", err, fault.SignIn, "fault.signIn")
	w.Worker = w.SignInWorker(t, &w.WorkerLogin)
	for _, who := range []authz.Actor{w.Worker, w.Manager} {
		if !who.Keys().Has("team/letterbox/1") || !who.Keys().Has("team/letterbox/2") {
			t.Error("somebody who stays lacks one of the two keys")
		}
	}
	w.reads("before the re-grant")
	// What is opened now is granted to the new key alone.
	fresh, _, _ := w.OpenExchange(t)
	if p := w.next(id, 2); p != (account.Progress{Done: 2, Total: 3, State: "running"}) {
		t.Errorf("after two: %+v", p)
	}
	w.reads("half-way")
	w.next(id, 2)
	if p := w.next(id, 2); p != (account.Progress{Done: 3, Total: 3, State: "done"}) {
		t.Errorf("at the end: %+v", p)
	}
	w.cases = append(w.cases, fresh)
	w.exactly(2)
	if got := w.opens(w.old); got != 0 {
		t.Errorf("the leaver's old keys open %d cases by what is stored", got)
	}
	if n := ask[int64](t, w.World, "select count(*) from ring_grant_staff where child = 'team/letterbox' and child_epoch = 1 and parent <> 'archive'"); n != 0 {
		t.Errorf("%d grants of the old key are left", n)
	}
	if !ask[bool](t, w.World, "select retired_at is not null from node where id = 'team/letterbox' and epoch = 1") {
		t.Error("the old key is not retired")
	}
	w.Worker = w.SignInWorker(t, &w.WorkerLogin)
	w.reads("with the new key alone")
	list, err := w.Staff.Rotations(t.Context(), w.Manager)
	must(t, err)
	if len(list) != 1 || list[0].Worker != "Nia Trevose" || list[0].Team != "team/letterbox" || list[0].Ended.IsZero() {
		t.Errorf("the list: %+v", list)
	}
	_, err = w.Staff.Leave(t.Context(), w.Manager, w.leaver.ID, w.Code(t, &w.ManagerLogin))
	want(t, "twice", err, fault.Conflict, "fault.manage.notActive")
	w.verifies()
}

// verifies checks every statement of the log.
func (w *team) verifies() {
	w.t.Helper()
	rows, err := w.Database.Admin().Query(context.Background(), "select body from audit_body order by idx")
	must(w.t, err)
	bodies, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	must(w.t, err)
	events := map[string]int{}
	for i, body := range bodies {
		st, err := w.Home.Verify(w.t.Context(), w.StaffDB, body)
		if err != nil {
			w.t.Errorf("entry %d: %v", i, err)
			continue
		}
		events[string(st.Event)]++
	}
	// The leaver's four keys, each of three cases, and the old key of two workers.
	if events["revoke"] != 4+3+2 || events["epoch"] != 1 {
		w.t.Errorf("%d revokes and %d epochs stated", events["revoke"], events["epoch"])
	}
}

// A step is cut off before, in the middle of and after its transaction: each
// case stays open to whom it should be, and the next step goes on.
func TestRotationCutOff(t *testing.T) {
	w := newTeam(t, 5)
	id := w.leave()
	w.Worker = w.SignInWorker(t, &w.WorkerLogin)
	w.next(id, 2)
	kill := func() {
		w.Exec(t, "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'gatepost_staff' and datname = current_database()")
	}
	w.Staff.Stall(kill)
	granted := w.granted(2)
	if p, err := w.Staff.RotateNext(t.Context(), w.Manager, id, 1); err == nil && p.Done != 3 { // a new session may have done it
		t.Errorf("cut off before the act: %+v", p)
	} else if n := w.granted(2); n != granted && (err != nil || n != granted+1) {
		t.Errorf("cut off before the act: %d grants, before it %d: %v", n, granted, err)
	}
	w.Staff.Stall(nil)
	w.reads("cut off before the act")

	// In the act: it waits for the rotation's row, which we hold, and is ended there.
	lock, err := w.Database.Admin().Begin(t.Context())
	must(t, err)
	_, err = lock.Exec(t.Context(), "select from rotation for update")
	must(t, err)
	ended := make(chan error, 1)
	go func() {
		_, err := w.Staff.RotateNext(t.Context(), w.Manager, id, 1)
		ended <- err
	}()
	w.awaitLock()
	before := ask[int64](t, w.World, "select count(*) from ring_grant_staff where parent = 'team/letterbox' and parent_epoch = 2")
	kill()
	if err := <-ended; err == nil {
		t.Error("a step whose session was ended says that it is done")
	}
	must(t, lock.Rollback(t.Context()))
	if after := ask[int64](t, w.World, "select count(*) from ring_grant_staff where parent = 'team/letterbox' and parent_epoch = 2"); after != before {
		t.Errorf("a step that was ended left %d grants", after-before)
	}
	w.reads("cut off in the act")

	// Between what it takes away and the commit: by then the older keys are gone, and the new grants half written or waiting.
	for when, trigger := range map[string]string{
		"after the revokes, at the first grant": `create trigger halt after insert on ring_grant_staff for each row execute function halt()`,
		"at the commit, when all is written":    `create constraint trigger halt after insert on ring_grant_staff deferrable initially deferred for each row execute function halt()`,
	} {
		held := w.halt(trigger)
		older, newer, stated := w.granted(1), w.granted(2), w.revokes()
		go func() {
			_, err := w.Staff.RotateNext(t.Context(), w.Manager, id, 2)
			ended <- err
		}()
		w.awaitLock()
		w.reads(when + ", while it waits")
		w.Exec(t, "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'gatepost_staff' and wait_event_type = 'Lock' and datname = current_database()")
		if err := <-ended; err == nil {
			t.Errorf("%s: a step whose session was ended says that it is done", when)
		}
		held()
		if o, n, r := w.granted(1), w.granted(2), w.revokes(); o != older || n != newer || r != stated {
			t.Errorf("%s: %d grants of the old key, %d of the new and %d revokes; want %d, %d and %d", when, o, n, r, older, newer, stated)
		}
		w.reads(when)
	}
	for range 4 {
		w.next(id, 2)
	}
	w.exactly(2)
	w.reads("gone on")
	if got := w.opens(w.old); got != 0 {
		t.Errorf("the leaver opens %d", got)
	}
}

// halt makes the next grant to a worker or team wait where a trigger says, until
// the function that it gives is called.
func (w *team) halt(trigger string) (release func()) {
	w.t.Helper()
	w.Exec(w.t, `create function halt() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock(8191); return null; end $$; `+trigger)
	lock := w.Database.Admin()
	_, err := lock.Exec(w.t.Context(), "select pg_advisory_lock(8191)")
	must(w.t, err)
	return func() {
		w.t.Helper()
		must(w.t, lock.Close(context.Background()))
		w.Exec(w.t, `drop trigger halt on ring_grant_staff; drop function halt()`)
	}
}

// awaitLock waits until a session of the staff tier waits for a lock.
func (w *team) awaitLock() {
	w.t.Helper()
	admin := w.Database.Admin()
	for waits := false; !waits; {
		must(w.t, admin.QueryRow(w.t.Context(), "select exists (select from pg_stat_activity where usename = 'gatepost_staff' and wait_event_type = 'Lock' and datname = current_database())").Scan(&waits))
	}
	must(w.t, admin.Close(context.Background()))
}

// granted counts cases that are granted to an epoch of the team's key.
func (w *team) granted(epoch int) int64 {
	w.t.Helper()
	return ask[int64](w.t, w.World, "select count(*) from ring_grant_staff where parent = 'team/letterbox' and parent_epoch = $1", epoch)
}

// revokes counts what the log says was taken away.
func (w *team) revokes() int64 {
	w.t.Helper()
	return ask[int64](w.t, w.World, `select count(*) from audit_body where convert_from(body, 'UTF8') like E'%\nevent revoke\n%'`)
}

// Two managers press the button at once.
func TestRotationTwoManagers(t *testing.T) {
	w := newTeam(t, 8)
	_, second := w.NewWorker(t, "Piran Moyle", authz.Manager)
	w.Manager = w.SignInWorker(t, &w.ManagerLogin)
	ids, err := w.Staff.Leave(t.Context(), w.Manager, w.leaver.ID, w.Code(t, &w.ManagerLogin))
	must(t, err)
	var wg sync.WaitGroup
	for _, who := range []authz.Actor{w.Manager, second, w.Manager, second} {
		wg.Go(func() {
			for range 20 {
				p, err := w.Staff.RotateNext(t.Context(), who, ids[0], 1)
				if err != nil || p.State == "done" {
					if err != nil {
						t.Error(err)
					}
					return
				}
			}
		})
	}
	wg.Wait()
	w.Manager, err = w.load(&w.ManagerLogin)
	must(t, err)
	for p := w.next(ids[0], 8); p.State != "done"; p = w.next(ids[0], 8) {
	}
	w.exactly(2)
}

func TestRotationStops(t *testing.T) {
	w := newTeam(t, 2)
	id, ctx := w.leave(), t.Context()
	must(t, w.Staff.Stop(ctx, w.Manager, id))
	_, err := w.Staff.RotateNext(ctx, w.Manager, id, 1)
	want(t, "stopped", err, fault.Conflict, "fault.manage.stopped")
	want(t, "stopped twice", w.Staff.Stop(ctx, w.Manager, id), fault.Conflict, "fault.conflict")
	must(t, w.Staff.GoOn(ctx, w.Manager, id))
	w.next(id, 1)
	w.Worker = w.SignInWorker(t, &w.WorkerLogin)
	for what, err := range map[string]error{
		"stop":  w.Staff.Stop(ctx, w.Worker, id),
		"go on": w.Staff.GoOn(ctx, w.Worker, id),
		"next":  second(w.Staff.RotateNext(ctx, w.Worker, id, 1)),
		"list":  second(w.Staff.Rotations(ctx, w.Worker)),
		"thin":  second(w.Staff.ThinlyHeld(ctx, w.Worker)),
	} {
		want(t, what+" by a letterbox worker", err, fault.Forbidden, "fault.forbidden")
	}
	_, err = w.Staff.RotateNext(ctx, w.Manager, agency.NewID("rt"), 1)
	want(t, "none", err, fault.NotFound, "fault.notFound")
}

func second[T any](_ T, err error) error { return err }

// Somebody else leaves while the cases of the first are being granted anew: the
// second rotation takes over all that is open to either older key.
func TestLeaveTwice(t *testing.T) {
	w := newTeam(t, 4)
	l, other := w.NewWorker(t, "Jory Pascoe", authz.LetterboxWorker)
	w.Manager = w.SignInWorker(t, &w.ManagerLogin)
	first := w.leave()
	w.next(first, 2)
	w.leaver = l
	w.SignInWorker(t, &l)
	id := w.leave()
	_, err := w.Staff.RotateNext(t.Context(), w.Manager, first, 1)
	must(t, err)
	if state := ask[string](t, w.World, "select state from rotation where id = $1", first); state != "replaced" {
		t.Errorf("the first rotation is %s", state)
	}
	w.next(id, 4)
	if p := w.next(id, 4); p.State != "done" {
		t.Errorf("%+v", p)
	}
	w.exactly(3)
	w.Worker = w.SignInWorker(t, &w.WorkerLogin)
	w.reads("after two have left")
	for _, gone := range []authz.Actor{w.old, other} {
		if got := w.opens(gone); got != 0 {
			t.Errorf("somebody who left opens %d", got)
		}
	}
}

// What happens between the preparing of a leaving and its act.
func TestLeaveRaces(t *testing.T) {
	during := func(w *team, act func()) error {
		code := w.Code(w.t, &w.ManagerLogin)
		w.Staff.Stall(func() {
			w.Staff.Stall(nil)
			act()
		})
		return second(w.Staff.Leave(w.t.Context(), w.Manager, w.leaver.ID, code))
	}
	t.Run("a case is opened", func(t *testing.T) {
		w := newTeam(t, 1)
		must(t, during(w, func() {
			id, _, _ := w.OpenExchange(t)
			w.cases = append(w.cases, id)
		}))
		if total := ask[int32](t, w.World, "select total from rotation"); total != 2 {
			t.Errorf("%d cases to be granted anew, want 2", total)
		}
	})
	t.Run("a worker is confirmed", func(t *testing.T) {
		w := newTeam(t, 1)
		other, _ := w.NewWorker(t, "Piran Moyle", authz.Manager)
		second := w.SignInWorker(t, &other)
		paper, err := w.Staff.InviteWorker(t.Context(), second, "Jory Pascoe", accounttest.Fact)
		must(t, err)
		l := w.Enrol(t, w.Home.ID, true, paper)
		w.SetTOTP(t, w.Home.ID, true, &l)
		w.Manager = w.SignInWorker(t, &w.ManagerLogin)
		want(t, "the leaving", during(w, func() {
			must(t, w.Staff.ConfirmWorker(t.Context(), second, l.ID, []authz.Role{authz.LetterboxWorker}, w.Code(t, &other)))
		}), fault.Conflict, "fault.conflict")
		w.leave()
		if actor := w.SignInWorker(t, &l); !actor.Keys().Has("team/letterbox/2") {
			t.Error("who was confirmed lacks the new key")
		}
	})
	t.Run("the leaver claims and decides", func(t *testing.T) {
		w := newTeam(t, 1)
		_, mother := w.NewPerson(t, ask[string](t, w.World, "select m.person_id from side_member m join side s on s.id = m.side_id where s.place = 1"))
		inbox, err := w.Families.Inbox(t.Context(), mother)
		must(t, err)
		var letters []letterbox.LetterID
		for range 2 {
			draft, err := w.Families.NewDraft(t.Context(), mother, inbox.Sides[0].Side, "The swallows are back.")
			must(t, err)
			id, err := w.Families.Send(t.Context(), mother, draft, 1)
			must(t, err)
			letters = append(letters, id)
		}
		w.old = w.SignInWorker(t, &w.leaver)
		must(t, during(w, func() {
			for _, id := range letters {
				must(t, w.Desk.Claim(t.Context(), w.old, id))
			}
			must(t, w.Desk.Pass(t.Context(), w.old, letters[0], ""))
		}))
		if n := ask[int64](t, w.World, "select count(*) from claim where worker_id = $1", w.leaver.ID); n != 0 {
			t.Errorf("%d letters are held by who left", n)
		}
		for what, err := range map[string]error{"claims": w.Desk.Claim(t.Context(), w.old, letters[1]), "passes": w.Desk.Pass(t.Context(), w.old, letters[1], "")} {
			if k := fault.KindOf(err); k != fault.Forbidden && k != fault.Conflict {
				t.Errorf("who left %s: %v", what, err)
			}
		}
		w.Worker = w.SignInWorker(t, &w.WorkerLogin)
		must(t, w.Desk.Claim(t.Context(), w.Worker, letters[1]))
	})
}

// A case of named workers: the leaver's grant goes at once, and a manager sees
// that too few are left.
func TestLeaveRestricted(t *testing.T) {
	w := newTeam(t, 2)
	node := w.restrict(w.cases[0], w.leaver.ID, w.WorkerLogin.ID)
	if thin, err := w.Staff.ThinlyHeld(t.Context(), w.Manager); err != nil || len(thin) != 0 {
		t.Fatalf("two hold it: %v, %v", thin, err)
	}
	// Their session holds no case, and does not look for it at every page.
	box := func() []byte {
		_, err := w.load(&w.leaver)
		must(t, err)
		return ask[[]byte](t, w.World, "select box from session where account_id = $1 order by created_at desc limit 1", w.leaver.ID)
	}
	if first := box(); !bytes.Equal(first, box()) {
		t.Error("the session of a named worker climbs at every page")
	}
	// What their passphrase opens: their own key, and what stands in the database under it.
	own := "worker/" + w.leaver.ID + "/1"
	identity, ok := w.old.Keys().Identity(own)
	if !ok {
		t.Fatal("the worker lacks their own key")
	}
	bundle := authz.NewKeyring()
	bundle.PutIdentity(own, identity)
	if _, err := w.Home.Climb(bundle, w.staffGrants("case/"), node); err != nil {
		t.Fatalf("the named worker does not open the case: %v", err)
	}
	id := w.leave()
	if _, err := w.Home.Climb(bundle, w.staffGrants("case/"), node); !errors.Is(err, agency.ErrNoGrant) {
		t.Errorf("after leaving: %v, want no grant", err)
	}
	thin, err := w.Staff.ThinlyHeld(t.Context(), w.Manager)
	must(t, err)
	if len(thin) != 1 || thin[0].Exchange != string(w.cases[0]) || thin[0].Named != 1 || !strings.HasPrefix(thin[0].Reference, "LB-") {
		t.Errorf("thinly held: %+v", thin)
	}
	w.next(id, 5)
	w.next(id, 5)
	for _, g := range w.staffGrants("case/" + string(w.cases[0])) {
		if strings.HasPrefix(g.Parent, "team/") {
			t.Error("the rotation granted a restricted case to the team")
		}
	}
}

// restrict grants a case to two workers instead of the team, as the letterbox
// does it, but for the new key of the case.
func (w *team) restrict(id letterbox.ExchangeID, workers ...string) agency.Node {
	w.t.Helper()
	ctx, kase := w.t.Context(), "case/"+string(id)
	ids := []string{kase}
	for _, worker := range workers {
		ids = append(ids, "worker/"+worker)
	}
	var nodes []agency.NodeRow
	scope := postgres.Scope{Agency: w.Home.ID, Account: w.ManagerLogin.ID}
	must(w.t, w.StaffDB.Read(ctx, scope, func(b *pgx.Batch) { agency.QueueNodes(b, &nodes, ids...) }))
	node, err := w.Home.Trusted(nodes, kase)
	must(w.t, err)
	secret, err := w.Home.Climb(w.Manager.Keys(), w.staffGrants(kase), node)
	must(w.t, err)
	by, err := w.Manager.Keys().Signer()
	must(w.t, err)
	var grants []agency.Grant
	for _, parent := range ids[1:] {
		to, err := w.Home.Trusted(nodes, parent)
		must(w.t, err)
		g, err := w.Home.NewGrant(secret, node, to, w.Clock.Now(), by)
		must(w.t, err)
		grants = append(grants, g)
	}
	must(w.t, w.StaffDB.Act(ctx, scope, nil, func(b *pgx.Batch) error {
		b.Queue("delete from ring_grant_staff where child = $1 and parent = 'team/letterbox'", kase)
		b.Queue("update exchange set restricted = true where id = $1", string(id))
		for _, g := range grants {
			agency.QueueGrant(b, g)
		}
		for _, g := range grants {
			b.Queue("select log_append($1)", g.Body)
		}
		return nil
	}))
	return node
}

func TestChangeRoles(t *testing.T) {
	w := newTeam(t, 2)
	ids, err := w.Staff.ChangeRoles(t.Context(), w.Manager, w.leaver.ID, []authz.Role{authz.SafeguardingLead}, w.Code(t, &w.ManagerLogin))
	must(t, err)
	if len(ids) != 1 {
		t.Fatalf("%d rotations", len(ids))
	}
	_, err = w.load(&w.leaver)
	want(t, "the session with the old roles", err, fault.SignIn, "fault.signIn")
	now := w.SignInWorker(t, &w.leaver)
	if now.Has(authz.LetterboxWorker) || !now.Has(authz.SafeguardingLead) {
		t.Error("the roles are not the new ones")
	}
	for key, has := range map[string]bool{"safeguarding/1": true, "directory/birth/1": true, "team/letterbox/1": false, "team/letterbox/2": false} {
		if now.Keys().Has(key) != has {
			t.Errorf("holds %s: %v", key, !has)
		}
	}
	// Back again: only the keys that are missing are granted, and nobody else is disturbed.
	w.Manager, err = w.load(&w.ManagerLogin)
	must(t, err)
	ids, err = w.Staff.ChangeRoles(t.Context(), w.Manager, w.leaver.ID, []authz.Role{authz.SafeguardingLead, authz.LetterboxWorker}, w.Code(t, &w.ManagerLogin))
	must(t, err)
	if len(ids) != 0 {
		t.Error("a key is replaced though nobody lost it")
	}
	if now = w.SignInWorker(t, &w.leaver); !now.Keys().Has("team/letterbox/2") || now.Keys().Has("team/letterbox/1") {
		t.Error("who comes back does not have the new key alone")
	}
	_, err = w.Staff.ChangeRoles(t.Context(), w.Manager, w.leaver.ID, []authz.Role{authz.Correspondent}, "")
	want(t, "no worker's role", err, fault.Invalid, "fault.confirm.roles")
}

func TestLeaveAt(t *testing.T) {
	w := newTeam(t, 3)
	in := account.SignIn{Name: w.ManagerLogin.Name, Passphrase: w.ManagerLogin.Passphrase, Code: w.Code(t, &w.ManagerLogin), From: accounttest.From()}
	done, err := w.Staff.LeaveAt(t.Context(), w.Home.ID, in, w.leaver.ID)
	must(t, err)
	if done != 3 {
		t.Errorf("%d cases granted anew, want 3", done)
	}
	w.exactly(2)
	in.Code = w.Code(t, &w.ManagerLogin)
	_, err = w.Staff.LeaveAt(t.Context(), w.Home.ID, in, w.ManagerLogin.ID)
	want(t, "oneself", err, fault.Forbidden, "fault.manage.self")
	l := w.WorkerLogin
	_, err = w.Staff.LeaveAt(t.Context(), w.Home.ID, account.SignIn{Name: l.Name, Passphrase: l.Passphrase, Code: w.Code(t, &l), From: accounttest.From()}, w.ManagerLogin.ID)
	want(t, "no manager", err, fault.Forbidden, "fault.forbidden")
}

// What the database refuses the staff tier's own role, whatever the program says.
func TestPeopleInDatabase(t *testing.T) {
	w := newTeam(t, 1)
	rotation := w.leave()
	w.next(rotation, 5)
	manager, worker, gone := w.ManagerLogin.ID, w.WorkerLogin.ID, w.leaver.ID
	leaf := ask[[]byte](t, w.World, "select leaf from audit_body limit 1")
	tests := []struct {
		name, as, sql, constraint string
		args                      []any
	}{
		{"a worker suspends", worker, "update worker set state = 'suspended' where id = $1", "worker_manager", []any{manager}},
		{"a manager themself", manager, "update worker set state = 'suspended' where id = $1", "worker_self", []any{manager}},
		{"a manager gives themself a role", manager, "update worker set roles = roles || '{letterboxWorker}'::text[] where id = $1", "worker_self", []any{manager}},
		{"nobody ends an account", "", "update worker set state = 'left' where id = $1", "worker_manager", []any{worker}},
		{"the last manager", "", "update worker set state = 'suspended' where id = $1", "worker_last_manager", []any{manager}},
		{"somebody who left comes back", manager, "update worker set state = 'active' where id = $1", "worker_left", []any{gone}},
		{"who left holds a letter", gone, "insert into claim (agency_id, letter_id, worker_id, until) values (agency(), 'ltaaaaaaaaaaaaaaaaaaaa', account(), now())", "worker_stands", nil},
		{"a grant to who left", manager, "insert into ring_grant_staff (agency_id, child, child_epoch, parent, parent_epoch, sealed, leaf) values (agency(), 'directory/birth', 1, 'worker/' || $1, 1, '', $2)", "grant_worker", []any{gone, leaf}},
		{"a case for the old key", manager, "insert into ring_grant_staff (agency_id, child, child_epoch, parent, parent_epoch, sealed, leaf) values (agency(), 'case/' || $1, 1, 'team/letterbox', 1, '', $2)", "grant_superseded", []any{string(w.cases[0]), leaf}},
		{"the old key for a worker", manager, "insert into ring_grant_staff (agency_id, child, child_epoch, parent, parent_epoch, sealed, leaf) values (agency(), 'team/letterbox', 1, 'worker/' || $1, 1, '', $2)", "grant_superseded", []any{worker, leaf}},
		{"a worker makes a team's key", worker, "insert into node (agency_id, id, epoch, recipient, key_leaf) select agency_id, id, 9, recipient, key_leaf from node where id = 'team/letterbox' and epoch = 2", "node_manager", nil},
		{"a rotation that is over goes on", manager, "update rotation set state = 'running', ended_at = null where id = $1", "rotation_move", []any{rotation}},
		{"a worker stops one", worker, "update rotation set done = 0 where id = $1", "rotation_manager", []any{rotation}},
		{"a worker takes a letter away", worker, "insert into takeover (agency_id, letter_id, worker_id) values (agency(), 'ltaaaaaaaaaaaaaaaaaaaa', account())", "", nil},
	}
	w.next(rotation, 5)
	for _, tt := range tests {
		err := w.StaffDB.Act(t.Context(), postgres.Scope{Agency: w.Home.ID, Account: tt.as}, nil, func(b *pgx.Batch) error {
			b.Queue(tt.sql, tt.args...)
			return nil
		})
		if got := constraintOf(err); err == nil || got != tt.constraint {
			t.Errorf("%s: %v, want it refused by %s", tt.name, err, tt.constraint)
		}
	}
	// Another agency sees and changes nothing of it.
	for _, sql := range []string{"select from rotation", "select from suspension", "select from takeover"} {
		must(t, w.StaffDB.Read(t.Context(), postgres.Scope{Agency: "elm", Account: manager}, func(b *pgx.Batch) {
			b.Queue(sql).Query(func(rows pgx.Rows) error {
				if rows.Next() {
					t.Errorf("%s as another agency gives rows", sql)
				}
				return rows.Err()
			})
		}))
	}
}

func TestEveryStatementPrepares(t *testing.T) {
	postgrestest.Prepare(t, postgrestest.New(t).Admin(), ".")
}
