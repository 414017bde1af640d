package account_test

import (
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
	"gatepost/internal/account"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/notice"
	"gatepost/internal/postgres"
)

// byRows is somebody who writes every row and passes every trigger.
func (l *lost) byRows(sql string) {
	l.t.Helper()
	l.Exec(l.t, "set session_replication_role = replica; "+sql+"; set session_replication_role = origin")
}

func (l *lost) printed(id string) error {
	l.t.Helper()
	_, err := l.Staff.PrintRecovery(l.t.Context(), l.Worker, id, accounttest.Fact, l.Code(l.t, &l.WorkerLogin))
	return err
}

// The owner said no: the row put back to what it was begins nothing again.
func TestStoppedRecoveryPutBack(t *testing.T) {
	l := newLost(t)
	owner := l.SignInPerson(t, &l.adopter)
	id := l.start()
	l.agree(id)
	must(t, l.Public.StopOwnRecovery(t.Context(), owner))
	l.byRows("update recovery set state = 'agreed', stopped_by = null, ended_at = null")
	l.Clock.Advance(24 * time.Hour)
	l.signInStaff()
	want(t, "the owner's no", l.printed(id), fault.Sealed, "fault.sealed")

	must(t, l.Staff.StopRecovery(t.Context(), l.Worker, id))
	id = l.start()
	l.agree(id)
	must(t, l.Staff.StopRecovery(t.Context(), l.Worker, id))
	l.byRows("update recovery set state = 'agreed', stopped_by = null, ended_at = null where id = '" + id + "'")
	l.Clock.Advance(24 * time.Hour)
	l.signInStaff()
	want(t, "a worker's stop", l.printed(id), fault.Sealed, "fault.sealed")
}

// The day counts from what was signed.
func TestRecoveryDayIsSigned(t *testing.T) {
	l := newLost(t)
	id := l.start()
	l.agree(id)
	l.byRows("update recovery set agreed_at = agreed_at - interval '25 hours'")
	want(t, "a day that the row says", l.printed(id), fault.Sealed, "fault.sealed")
}

// The words of a recovery that is done serve for no other, and not again for it.
func TestRecoveryWordsServeOnce(t *testing.T) {
	l := newLost(t)
	l.redeem(l.paper())
	l.ConfirmPerson(t, l.adopter.ID)
	id := ask[string](t, l.World, "select id from recovery")
	const other = "rc22222222222222222222"
	l.byRows("alter table recovery drop constraint recovery_start_once, drop constraint recovery_agree_once; insert into recovery select agency_id, '" + other +
		"', kind, account_id, what, identity, 'agreed', started_by, started_at, start_leaf, agreed_by, agreed_at, agree_leaf, held_back, null, null, null, null from recovery")
	l.signInStaff()
	want(t, "for another one", l.printed(other), fault.Sealed, "fault.sealed")
	l.byRows("delete from recovery where id = '" + other + "'; update recovery set state = 'printed', ended_at = null")
	want(t, "again", l.printed(id), fault.Sealed, "fault.sealed")
}

// The last gate looks at the words too: an ordinary paper that is pointed at
// somebody who has an account gives nobody their letters.
func TestConfirmRecoveryWithoutWords(t *testing.T) {
	l := newLost(t)
	_, mother, _ := l.OpenExchange(t)
	paper, err := l.Staff.InvitePerson(t.Context(), l.Worker, mother, accounttest.Fact)
	must(t, err)
	const id = "rc22222222222222222222"
	l.byRows("alter table recovery disable trigger recovery_stated; insert into recovery select 'oak', '" + id + "', 'person', '" + l.adopter.ID + "', 'passphrase', 'inPerson', 'printed', w.id, now() - interval '3 days', w.role_leaf, m.id, " +
		"now() - interval '2 days', m.role_leaf, null, now(), null, null, null from worker w, worker m where w.id = '" + l.WorkerLogin.ID + "' and m.id = '" + l.ManagerLogin.ID + "';" +
		"update invitation set account_id = '" + l.adopter.ID + "', purpose = 'recover', recovery_id = '" + id + "' where account_id = '" + mother + "'")
	l.redeem(paper)
	l.signInStaff()
	confirm := func() error {
		return l.Staff.ConfirmPerson(t.Context(), l.Worker, l.adopter.ID, l.Code(t, &l.WorkerLogin))
	}
	want(t, "words that nobody said", confirm(), fault.Sealed, "fault.sealed")
	// And not as a key that its owner changed by themself.
	l.byRows("update person set state = 'active' where id = '" + l.adopter.ID + "'; delete from recovery where id = '" + id + "'")
	want(t, "as a change", confirm(), fault.Conflict, "fault.confirm.notWaiting")
}

// Somebody who used a stolen paper is not the address of its owner's mail.
func TestOnHoldKeepsNoAddress(t *testing.T) {
	l, ctx := newLost(t), t.Context()
	key, err := age.GenerateHybridIdentity()
	must(t, err)
	must(t, notice.Vouch(ctx, l.StaffDB, l.Home, key.Recipient(), l.Clock.Now()))
	mail := notice.New(l.PublicDB, l.PublicAgencies, l.Clock.Now, accounttest.Log(t))
	must(t, mail.SaveDetails(ctx, l.SignInPerson(t, &l.adopter), notice.Details{On: true, Mail: "owner@example.org"}))
	token, _ := l.redeem(l.paper())
	thief, err := l.Public.Load(ctx, l.Home.ID, token, account.Short)
	must(t, err)
	want(t, "an address", mail.SaveDetails(ctx, thief, notice.Details{On: true, Mail: "thief@example.org", Version: 1}), fault.Conflict, "fault.contact.hold")
	want(t, "mail off", mail.Switch(ctx, thief, false), fault.Conflict, "fault.contact.hold")
	l.ConfirmPerson(t, l.adopter.ID)
	d, err := mail.Details(ctx, l.SignInPerson(t, &l.adopter))
	if err != nil || d.On {
		t.Errorf("after a recovery mail goes to whoever wrote the address: %+v, %v", d, err)
	}
}

// To a worker who is barred nothing is offered that would be refused. Stopping
// a recovery is nobody's harm.
func TestBarred_Offers(t *testing.T) {
	l, ctx := newLost(t), t.Context()
	id := l.start()
	offered := func(what string, agree, print bool) {
		t.Helper()
		l.signInStaff()
		list, err := l.Staff.Recoveries(ctx, l.Manager)
		must(t, err)
		if len(list) != 1 || list[0].CanAgree != agree || list[0].CanPrint != print || !list[0].CanStop {
			t.Errorf("%s: %+v", what, list)
		}
	}
	side := ask[string](t, l.World, "select s.exchange_id from side_member m join side s on s.id = m.side_id where m.person_id = $1", l.adopter.ID)
	connect := func() {
		l.Exec(t, "insert into connection (agency_id, exchange_id, worker_id) values ('oak', $1, $2)", side, l.ManagerLogin.ID)
	}
	offered("begun", true, false)
	connect()
	offered("begun, barred", false, false)
	l.Exec(t, "delete from connection")
	l.agree(id)
	l.Clock.Advance(24 * time.Hour)
	offered("a day later", false, true)
	connect()
	offered("a day later, barred", false, false)
}

// Whoever is connected to a family, or not named in its case, does nothing with
// its people's accounts; nor does the database let them.
func TestBarredFromPerson(t *testing.T) {
	l, ctx := newLost(t), t.Context()
	recovery := l.start()
	exchange, birth, _ := l.OpenExchange(t)
	_, third := l.NewWorker(t, "Gwen Tresco", authz.LetterboxWorker)
	waits := l.EnrolPerson(t, birth)
	side := ask[string](t, l.World, "select s.exchange_id from side_member m join side s on s.id = m.side_id where m.person_id = $1", l.adopter.ID)
	for _, x := range []string{side, string(exchange)} {
		for _, worker := range []string{l.ManagerLogin.ID, l.WorkerLogin.ID} {
			l.Exec(t, "insert into connection (agency_id, exchange_id, worker_id) values ('oak', $1, $2)", x, worker)
		}
	}
	l.signInStaff()
	barred := func(name string, err error) {
		t.Helper()
		want(t, name, err, fault.Forbidden, "fault.person.barred")
	}
	barred("agreed", l.Staff.AgreeRecovery(ctx, l.Manager, recovery, "", l.Code(t, &l.ManagerLogin)))
	must(t, l.Staff.StopRecovery(ctx, l.Worker, recovery))
	_, err := l.Staff.StartRecovery(ctx, l.Worker, asked(l.adopter.ID), l.Code(t, &l.WorkerLogin))
	barred("started", err)
	barred("suspended", l.Staff.SuspendPerson(ctx, l.Worker, l.adopter.ID, l.Code(t, &l.WorkerLogin)))
	barred("confirmed", l.Staff.ConfirmPerson(ctx, l.Worker, waits.ID, l.Code(t, &l.WorkerLogin)))
	_, err = l.Staff.InvitePerson(ctx, l.Worker, birth, accounttest.Fact)
	barred("invited", err)
	for _, sql := range []string{"update person set state = 'suspended' where id = '" + l.adopter.ID + "'", "update person set state = 'active' where id = '" + waits.ID + "'"} {
		if got := byHand(t, l.World, postgres.RoleStaff, "oak", l.WorkerLogin.ID, sql); got != "person_barred" {
			t.Errorf("%s: got %q, want person_barred", sql, got)
		}
	}
	if got := byHand(t, l.World, postgres.RoleStaff, "oak", l.WorkerLogin.ID, "insert into recovery (agency_id, id, kind, account_id, what, identity, state, started_by, started_at, start_leaf) values (agency(), '"+
		agency.NewID("rc")+"', 'person', '"+l.adopter.ID+"', 'passphrase', 'callBack', 'started', account(), now(), sha256('x'))"); got != "person_barred" {
		t.Errorf("a recovery by hand: %q", got)
	}
	if _, err := l.Staff.InvitePerson(ctx, third, ask[string](t, l.World, "select m.person_id from side_member m join side s on s.id = m.side_id where s.exchange_id = $1 and m.person_id <> $2", string(exchange), birth), accounttest.Fact); err != nil {
		t.Errorf("a colleague: %v", err)
	}
}

// One manager is not two workers: with whom they gave their work last month
// they recover nobody. In an agency's own first month there is nobody else.
func TestRecoverWithNewColleague(t *testing.T) {
	l, ctx := newLost(t), t.Context()
	l.Clock.Advance(31 * 24 * time.Hour)
	l.signInStaff()
	puppet, puppetActor := l.NewWorker(t, "Gwen Tresco", authz.LetterboxWorker)
	id, err := l.Staff.StartRecovery(ctx, puppetActor, asked(l.adopter.ID), l.Code(t, &puppet))
	must(t, err)
	agree := func() error {
		return l.Staff.AgreeRecovery(ctx, l.Manager, id, "", l.Code(t, &l.ManagerLogin))
	}
	want(t, "with whom they have just let in", agree(), fault.Forbidden, "fault.recovery.newColleague")
	must(t, l.Staff.StopRecovery(ctx, l.Manager, id))
	id = l.start()
	must(t, agree())
	must(t, l.Staff.StopRecovery(ctx, l.Manager, id))
	l.Clock.Advance(31 * 24 * time.Hour)
	l.signInStaff()
	puppetActor = l.SignInWorker(t, &puppet)
	id, err = l.Staff.StartRecovery(ctx, puppetActor, asked(l.adopter.ID), l.Code(t, &puppet))
	must(t, err)
	must(t, agree())
}

// What the staff tier's own role cannot make of the table of workers.
func TestWorkersInDatabase(t *testing.T) {
	l := newLost(t)
	other, _ := l.NewWorker(t, "Gwen Tresco", authz.LetterboxWorker)
	worker, manager := l.WorkerLogin.ID, l.ManagerLogin.ID
	bossLeaf := "(select role_leaf from worker where id = '" + manager + "')"
	insert := func(state, roles, leaf string) string {
		return "insert into worker (agency_id, id, state, roles, role_leaf) values (agency(), '" + agency.NewID("wk") + "', '" + state + "', '" + roles + "', " + leaf + ")"
	}
	leaf := func(actor authz.Actor, object, part string) string {
		by, err := actor.Keys().Signer()
		must(t, err)
		body, err := account.StateRole(l.Home, by, object, part, l.Clock.Now())
		must(t, err)
		must(t, l.StaffDB.Act(t.Context(), postgres.Scope{Agency: "oak"}, nil, func(b *pgx.Batch) error {
			b.Queue("select log_append($1)", body)
			return nil
		}))
		return inLog(statement.Leaf(body))
	}
	good, elsewhere := leaf(l.Manager, other.ID, "letterboxWorker.manager"), leaf(l.Manager, worker, "letterboxWorker.manager")
	set := func(more string) string { return "update worker set " + more + " where id = '" + other.ID + "'" }
	roles := "roles = '{letterboxWorker,manager}', role_leaf = "
	for _, tt := range []struct{ name, as, sql, want string }{
		{"a manager made by a manager", manager, insert("active", "{manager}", bossLeaf), "worker_invited"},
		{"one on hold", manager, insert("hold", "{}", "null"), "worker_invited"},
		{"invited by a worker", worker, insert("invited", "{}", "null"), "worker_manager"},
		{"invited by the operator, with a manager there", "", insert("invited", "{}", "null"), "worker_manager"},
		{"invited by a manager", manager, insert("invited", "{}", "null"), ""},
		{"roles by a worker", worker, set(roles + good), "worker_manager"},
		{"roles by nobody", "", set(roles + good), "worker_manager"},
		{"roles by themself", other.ID, set(roles + good), "worker_self"},
		{"on hold by a worker", worker, set("state = 'hold'"), "worker_manager"},
		{"on hold by themself, with no recovery", other.ID, set("state = 'hold'"), "worker_self"},
		{"a statement of other roles", manager, set("roles = '{manager}', role_leaf = " + good), "worker_stated"},
		{"a statement about another worker", manager, set(roles + elsewhere), "worker_stated"},
		{"roles without a new statement", manager, set("roles = '{manager}'"), "worker_stated"},
		{"as it is stated", manager, set(roles + good), ""},
	} {
		if got := byHand(t, l.World, postgres.RoleStaff, "oak", tt.as, tt.sql); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
