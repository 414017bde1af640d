package account_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"gatepost/crypto/statement"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/postgres"
)

// byHand runs statements as a role in one transaction, as a wrong program
// would, and gives the constraint or the code with which the database refuses.
func byHand(t *testing.T, w *accounttest.World, role, agencyID, account string, sql ...string) string {
	t.Helper()
	ctx := context.Background()
	conn := w.Database.Conn(role)
	tx, err := conn.Begin(ctx)
	must(t, err)
	defer func() { _ = tx.Rollback(ctx) }() // after the commit there is nothing to roll back
	_, err = tx.Exec(ctx, "select set_config('gatepost.agency', $1, true), set_config('gatepost.account', $2, true)", agencyID, account)
	must(t, err)
	for _, one := range sql {
		if _, err = tx.Exec(ctx, one); err != nil {
			break
		}
	}
	if err == nil {
		err = tx.Commit(ctx)
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case err == nil:
		return ""
	case !ok:
		t.Fatal(err)
	case pg.ConstraintName != "":
		return pg.ConstraintName
	}
	return pg.Code
}

// stated puts a worker's statement about a recovery into the log and gives its
// leaf as SQL.
func stated(t *testing.T, l *lost, actor authz.Actor, object, part string, refs ...[32]byte) string {
	t.Helper()
	return inLog(statedLeaf(t, l, actor, object, part, refs...))
}

func inLog(leaf [32]byte) string {
	return "(select leaf from audit_body where leaf = decode('" + hexOf(leaf) + "', 'hex'))"
}

func statedLeaf(t *testing.T, l *lost, actor authz.Actor, object, part string, refs ...[32]byte) [32]byte {
	t.Helper()
	by, err := actor.Keys().Signer()
	must(t, err)
	st := statement.Statement{Event: statement.EventCasework, Object: object, Part: part, Version: 1, Refs: refs, At: l.Clock.Now()}
	own := ""
	if actor.Has(authz.Manager) {
		st.Event, own = statement.EventRecover, "registrar"
	}
	body, err := l.Home.State(st, own, by)
	must(t, err)
	must(t, l.StaffDB.Act(t.Context(), postgres.Scope{Agency: "oak", Account: actor.Account()}, nil, func(b *pgx.Batch) error {
		b.Queue("select log_append($1)", body)
		return nil
	}))
	return statement.Leaf(body)
}

func hexOf(leaf [32]byte) string {
	const digits = "0123456789abcdef"
	var out []byte
	for _, b := range leaf {
		out = append(out, digits[b>>4], digits[b&15])
	}
	return string(out)
}

// What the program must not do the database refuses: each row is a wrong
// program, in the role that it runs in.
func TestRecoveryInDatabase(t *testing.T) {
	l := newLost(t)
	third, thirdActor := l.NewWorker(t, "Gwen Tresco", authz.LetterboxWorker)
	auditor, _ := l.NewWorker(t, "Piran Nance", authz.Auditor)
	now := "'" + l.Clock.Now().Format(time.RFC3339) + "'::timestamptz"
	node := "person/" + l.adopter.ID
	id := agency.NewID("rc")
	start1, agree1 := "start.passphrase."+id, "agree.passphrase."+id
	leaf := statedLeaf(t, l, l.Worker, node, start1)
	first, second, manager := inLog(leaf), stated(t, l, thirdActor, node, agree1, leaf), stated(t, l, l.Manager, node, agree1, leaf)
	elsewhere := stated(t, l, l.Manager, "person/"+agency.NewID("pe"), agree1, leaf)
	alone := stated(t, l, l.Manager, node, agree1)
	another := stated(t, l, l.Manager, node, "agree.passphrase."+agency.NewID("rc"), leaf)
	more := stated(t, l, l.Worker, node, "start")
	insert := func(kind, account, by, state string) string {
		return "insert into recovery (agency_id, id, kind, account_id, what, identity, state, started_by, started_at, start_leaf) values (agency(), '" +
			id + "', '" + kind + "', '" + account + "', 'passphrase', 'callBack', '" + state + "', '" + by + "', " + now + ", " + first + ")"
	}
	start := insert("person", l.adopter.ID, l.WorkerLogin.ID, "started")
	agree := func(by, leaf string) string {
		return "update recovery set state = 'agreed', agreed_by = '" + by + "', agreed_at = " + now + ", agree_leaf = " + leaf
	}
	to := func(state, more string) string { return "update recovery set state = '" + state + "'" + more }
	worker, boss := l.WorkerLogin.ID, l.ManagerLogin.ID
	as := func(id string) string { return "select set_config('gatepost.account', '" + id + "', true)" }
	good := []string{start, as(boss), agree(boss, manager) + ", held_back = 'notSafe'"}
	tests := []struct {
		name, account string
		sql           []string
		want          string
	}{
		{"in another's name", boss, []string{start}, "recovery_worker"},
		{"by an auditor", auditor.ID, []string{insert("person", l.adopter.ID, auditor.ID, "started")}, "recovery_worker"},
		{"of a worker by no manager", worker, []string{insert("worker", third.ID, worker, "started")}, "recovery_worker"},
		{"of nobody", worker, []string{insert("person", agency.NewID("pe"), worker, "started")}, "recovery_account_known"},
		{"of a worker as a person", worker, []string{insert("person", third.ID, worker, "started")}, "recovery_account_known"},
		{"of oneself", boss, []string{insert("worker", boss, boss, "started")}, "recovery_worker"},
		{"begun as agreed", worker, []string{insert("person", l.adopter.ID, worker, "agreed")}, "recovery_worker"},
		{"one worker", boss, []string{insert("person", l.adopter.ID, boss, "started"), agree(boss, manager)}, "recovery_two"},
		{"a second worker in another's name", worker, []string{start, agree(boss, manager)}, "recovery_worker"},
		{"two workers and no manager", worker, []string{start, as(third.ID), agree(third.ID, second)}, "recovery_manager"},
		{"a manager who has stated nothing", worker, []string{start, as(boss), agree(boss, second)}, "recovery_stated"},
		{"a manager's statement about somebody else", worker, []string{start, as(boss), agree(boss, elsewhere)}, "recovery_stated"},
		{"a statement about another recovery", worker, []string{start, as(boss), agree(boss, another)}, "recovery_stated"},
		{"a statement that rests on nothing", worker, []string{start, as(boss), agree(boss, alone)}, "recovery_stated"},
		{"another's statement", worker, []string{start, as(third.ID), agree(third.ID, manager)}, "recovery_manager"},
		{"begun without a word", worker, []string{strings.Replace(start, first, more, 1)}, "recovery_stated"},
		{"begun with the second word filled in", worker, []string{strings.Replace(strings.Replace(start, "start_leaf)", "start_leaf, agreed_by, agreed_at, agree_leaf)", 1),
			first+")", first+", '"+boss+"', "+now+", "+manager+")", 1)}, "recovery_worker"},
		{"printed by one", worker, []string{start, to("printed", ", printed_at = "+now)}, "recovery_move"},
		{"printed within the day", worker, append(good, to("printed", ", printed_at = "+now+" + interval '23 hours'")), "recovery_day"},
		{"the day moved", worker, append(good, "update recovery set agreed_at = agreed_at - interval '24 hours'"), "recovery_once"},
		{"the account changed", worker, append(good, "update recovery set account_id = '"+agency.NewID("pe")+"'"), "42501"},
		{"done without a paper", worker, append(good, to("done", ", ended_at = "+now)), "recovery_move"},
		{"redeemed by staff", worker, append(good, to("printed", ", printed_at = "+now+" + interval '1 day'"), to("redeemed", "")), "recovery_move"},
		{"a paper before its day", worker, append(good, invitationOf(l, id)), "invitation_by_recovery"},
		{"taken away", worker, append(good, "delete from recovery"), "42501"},
		{"two at once", worker, []string{start, strings.Replace(insertAgain(start), first, more, 1)}, "recovery_open"},
		{"a second step within the day", boss, []string{strings.Replace(insert("worker", third.ID, boss, "started"), "'passphrase'", "'secondStep'", 1),
			as(worker), agree(worker, second), as(boss), "select reset_second_step('" + id + "', " + now + ")"}, "recovery_reset"},
		{"a second step by no manager", worker, append(good, as(worker), "select reset_second_step('"+id+"', "+now+")"), "GP403"},
	}
	for _, tt := range tests {
		if got := byHand(t, l.World, postgres.RoleStaff, "oak", tt.account, tt.sql...); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := byHand(t, l.World, postgres.RoleStaff, "oak", worker, append(good, to("printed", ", printed_at = "+now+" + interval '1 day'"), invitationOf(l, id))...); got != "" {
		t.Errorf("the right way: %q", got)
	}
	l.apart(id)
}

func invitationOf(l *lost, id string) string {
	return "insert into invitation (agency_id, hash, kind, account_id, login_index, fact, expires_at, created_by, purpose, recovery_id) values (agency(), sha256('a'), 'person', '" +
		l.adopter.ID + "', sha256('b'), sha256('c'), now(), 'x', 'recover', '" + id + "')"
}

// insertAgain is the same under another id.
func insertAgain(sql string) string {
	const from = "values (agency(), '"
	for i := range sql {
		if i+len(from) < len(sql) && sql[i:i+len(from)] == from {
			return sql[:i+len(from)] + agency.NewID("rc") + sql[i+len(from)+22:]
		}
	}
	return sql
}

// apart: the families' role and other agencies see and do nothing of it.
func (l *lost) apart(id string) {
	t := l.t
	t.Helper()
	for _, tt := range []struct{ name, role, agency, account, sql, want string }{
		{"the families' role reads", postgres.RolePublic, "oak", l.adopter.ID, "select from recovery", "42501"},
		{"the families' role writes", postgres.RolePublic, "oak", l.adopter.ID, "update recovery set state = 'stopped'", "42501"},
		{"the families' role resets", postgres.RolePublic, "oak", l.adopter.ID, "select reset_second_step('" + id + "', now())", "42501"},
		{"redeemed without its paper", postgres.RolePublic, "oak", l.adopter.ID, "select redeem_recovery('" + id + "', now())", "recovery_move"},
		{"redeemed by another person", postgres.RolePublic, "oak", agency.NewID("pe"), "select redeem_recovery('" + id + "', now())", "GP409"},
		{"redeemed from another agency", postgres.RolePublic, "elm", l.adopter.ID, "select redeem_recovery('" + id + "', now())", "GP409"},
		{"stopped from another agency", postgres.RolePublic, "elm", l.adopter.ID, "select stop_own_recovery('" + id + "', now())", "GP409"},
		{"stopped by another person", postgres.RolePublic, "oak", agency.NewID("pe"), "select stop_own_recovery('" + id + "', now())", "GP409"},
		{"another agency's worker sees none", postgres.RoleStaff, "elm", l.ManagerLogin.ID, "select exactly_one(count(*)) from recovery", "GP409"},
		{"another agency's worker stops none", postgres.RoleStaff, "elm", l.ManagerLogin.ID,
			"with m as (update recovery set state = 'stopped', stopped_by = 'x', ended_at = now() returning 1) select exactly_one(count(*)) from m", "GP409"},
		{"staff see no code of a family", postgres.RoleStaff, "oak", l.ManagerLogin.ID, "select exactly_one(count(*)) from sign_in where tier = 'public'", "GP409"},
		{"staff write no sign-in of a family", postgres.RoleStaff, "oak", l.ManagerLogin.ID,
			"insert into sign_in (agency_id, tier, id, account_id, at, outcome, label) values ('oak', 'public', '" + agency.NewID("si") + "', '" + l.adopter.ID + "', now(), 'in', '')", "42501"},
		{"families see no code of staff", postgres.RolePublic, "oak", l.adopter.ID, "select exactly_one(count(*)) from sign_in where tier = 'staff' limit 1", "GP409"},
	} {
		if got := byHand(t, l.World, tt.role, tt.agency, tt.account, tt.sql); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
