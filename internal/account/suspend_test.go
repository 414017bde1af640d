package account_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"gatepost/internal/account"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
)

// constraintOf names the constraint that an error is about; "" for none.
func constraintOf(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.ConstraintName
	}
	return ""
}

func TestSuspendWorker(t *testing.T) {
	w := newTeam(t, 1)
	ctx := t.Context()
	must(t, w.Staff.SuspendWorker(ctx, w.Manager, w.leaver.ID, w.Code(t, &w.ManagerLogin)))
	_, err := w.load(&w.leaver)
	want(t, "the session", err, fault.SignIn, "fault.signIn")
	signIn := func() error {
		_, err := w.Staff.SignIn(ctx, w.Home.ID, account.SignIn{Name: w.leaver.Name, Passphrase: w.leaver.Passphrase, Code: w.Code(t, &w.leaver), From: accounttest.From()})
		return err
	}
	want(t, "signing in", signIn(), fault.Invalid, "fault.signIn.wrong")
	want(t, "twice", w.Staff.SuspendWorker(ctx, w.Manager, w.leaver.ID, w.Code(t, &w.ManagerLogin)), fault.Conflict, "fault.manage.notActive")
	if n := ask[int64](t, w.World, "select count(*) from ring_grant_staff where parent = 'worker/' || $1", w.leaver.ID); n != 4 {
		t.Errorf("%d keys are kept for the day of the return, want 4", n)
	}
	list, err := w.Staff.Workers(ctx, w.Manager)
	must(t, err)
	for _, one := range list {
		if suspended := one.ID == w.leaver.ID; suspended != (one.State == "suspended") || suspended == one.Suspended.IsZero() || one.Self != (one.ID == w.ManagerLogin.ID) {
			t.Errorf("listed: %+v", one)
		}
		if one.Name == "" {
			t.Error("a name is not shown")
		}
	}
	// In the meantime somebody else leaves, and the team gets a new key.
	jory, _ := w.NewWorker(t, "Jory Pascoe", authz.LetterboxWorker)
	away := w.leaver
	w.leaver = jory
	id := w.leave()
	w.next(id, 5)
	w.next(id, 5)
	must(t, w.Staff.LiftWorker(ctx, w.Manager, away.ID, w.Code(t, &w.ManagerLogin)))
	if back := w.SignInWorker(t, &away); back.OnHold() || !back.Keys().Has("team/letterbox/2") || back.Keys().Has("team/letterbox/1") || w.opens(back) != 1 {
		t.Error("who comes back does not open what the team opens")
	}
	want(t, "lifted twice", w.Staff.LiftWorker(ctx, w.Manager, away.ID, w.Code(t, &w.ManagerLogin)), fault.Conflict, "fault.manage.notSuspended")
	want(t, "oneself", w.Staff.SuspendWorker(ctx, w.Manager, w.ManagerLogin.ID, ""), fault.Forbidden, "fault.manage.self")
	want(t, "nobody", w.Staff.SuspendWorker(ctx, w.Manager, agency.NewID("wk"), w.Code(t, &w.ManagerLogin)), fault.NotFound, "fault.notFound")
	want(t, "without a code", w.Staff.SuspendWorker(ctx, w.Manager, away.ID, ""), fault.Invalid, "fault.stepUp.wrong")
	w.Worker = w.SignInWorker(t, &w.WorkerLogin)
	want(t, "by a letterbox worker", w.Staff.SuspendWorker(ctx, w.Worker, away.ID, ""), fault.Forbidden, "fault.forbidden")
	want(t, "listed by one", second(w.Staff.Workers(ctx, w.Worker)), fault.Forbidden, "fault.forbidden")
}

// Two managers suspend each other in the same moment: one of them is second.
func TestSuspendEachOther(t *testing.T) {
	w := accounttest.NewWorld(t)
	l, other := w.NewWorker(t, "Piran Moyle", authz.Manager)
	w.Manager = w.SignInWorker(t, &w.ManagerLogin)
	codes := []string{w.Code(t, &w.ManagerLogin), w.Code(t, &l)}
	errs := make([]error, 2)
	var wg sync.WaitGroup
	wg.Go(func() { errs[0] = w.Staff.SuspendWorker(t.Context(), w.Manager, l.ID, codes[0]) })
	wg.Go(func() { errs[1] = w.Staff.SuspendWorker(t.Context(), other, w.ManagerLogin.ID, codes[1]) })
	wg.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("%v and %v, want one to be refused", errs[0], errs[1])
	}
	if n := ask[int64](t, w, "select count(*) from worker where state = 'active' and 'manager' = any (roles)"); n != 1 {
		t.Errorf("%d managers are left", n)
	}
}

func TestSuspendByOperator(t *testing.T) {
	w := accounttest.NewWorld(t)
	ctx := t.Context()
	want(t, "the only manager", w.Staff.SuspendByOperator(ctx, w.Home.ID, w.ManagerLogin.ID), fault.Conflict, "fault.manage.lastManager")
	must(t, w.Staff.SuspendByOperator(ctx, w.Home.ID, w.WorkerLogin.ID))
	if _, err := w.Staff.Load(ctx, w.Home.ID, w.WorkerLogin.Token, account.Short); fault.KindOf(err) != fault.SignIn {
		t.Errorf("the session goes on: %v", err)
	}
	list, err := w.Staff.ListWorkers(ctx, w.Home.ID)
	must(t, err)
	if len(list) != 2 || list[1].State != "suspended" || list[0].Name != "" {
		t.Errorf("the operator's list: %+v", list)
	}
	body := ask[[]byte](t, w, "select body from audit_body order by idx desc limit 1")
	if _, err := w.Home.Verify(ctx, w.StaffDB, body); err != nil {
		t.Errorf("the statement: %v", err)
	}
	want(t, "on the families' tier", w.Public.SuspendByOperator(ctx, w.Home.ID, w.WorkerLogin.ID), fault.Forbidden, "fault.forbidden")
	must(t, w.Staff.LiftWorker(ctx, w.Manager, w.WorkerLogin.ID, w.Code(t, &w.ManagerLogin)))
	w.SignInWorker(t, &w.WorkerLogin)
}

func TestSuspendPerson(t *testing.T) {
	w := accounttest.NewWorld(t)
	ctx := t.Context()
	_, birth, adoptive := w.OpenExchange(t)
	l, _ := w.NewPerson(t, birth)
	held := w.EnrolPerson(t, adoptive)
	for _, person := range []*accounttest.Login{&l, &held} {
		was := ask[string](t, w, "select state from person where id = $1", person.ID)
		must(t, w.Staff.SuspendPerson(ctx, w.Worker, person.ID, w.Code(t, &w.WorkerLogin)))
		_, err := w.Public.Load(ctx, w.Home.ID, person.Token, account.Short)
		want(t, "the session", err, fault.SignIn, "fault.signIn")
		_, err = w.Public.SignIn(ctx, w.Home.ID, account.SignIn{Name: person.Name, Passphrase: person.Passphrase, From: accounttest.From()})
		want(t, "signing in", err, fault.Invalid, "fault.signIn.wrong")
		want(t, "twice", w.Staff.SuspendPerson(ctx, w.Manager, person.ID, w.Code(t, &w.ManagerLogin)), fault.Conflict, "fault.manage.notActive")
		must(t, w.Staff.LiftPerson(ctx, w.Manager, person.ID, w.Code(t, &w.ManagerLogin)))
		if now := ask[string](t, w, "select state from person where id = $1", person.ID); now != was {
			t.Errorf("was %s and is %s", was, now)
		}
		w.SignInPerson(t, person)
		want(t, "lifted twice", w.Staff.LiftPerson(ctx, w.Manager, person.ID, w.Code(t, &w.ManagerLogin)), fault.Conflict, "fault.manage.notSuspended")
	}
	w.Exec(t, "update worker set person_id = $1 where id = $2", l.ID, w.WorkerLogin.ID)
	want(t, "oneself", w.Staff.SuspendPerson(ctx, w.Worker, l.ID, ""), fault.Forbidden, "fault.manage.self")
	want(t, "by a person", w.Staff.SuspendPerson(ctx, w.SignInPerson(t, &l), held.ID, ""), fault.Forbidden, "fault.forbidden")
}
