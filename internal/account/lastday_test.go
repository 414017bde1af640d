package account_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
	"gatepost/internal/account"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// visit is an auditor whom a manager has confirmed until a day.
type visit struct {
	*accounttest.World
	t     *testing.T
	login accounttest.Login
}

func newVisit(t *testing.T, days int) *visit {
	t.Helper()
	v := &visit{World: accounttest.NewWorld(t), t: t}
	paper, err := v.Staff.InviteWorker(t.Context(), v.Manager, "Nia Bevan", accounttest.Fact)
	must(t, err)
	v.login = v.Enrol(t, v.Home.ID, true, paper)
	v.SetTOTP(t, v.Home.ID, true, &v.login)
	must(t, v.Staff.ConfirmAuditor(t.Context(), v.Manager, v.login.ID, v.day(days), v.Code(t, &v.ManagerLogin)))
	return v
}

func (v *visit) day(days int) time.Time { return calendar.Today(v.Clock.Now()).AddDate(0, 0, days) }

// signIn gives what somebody gets who signs in with a passphrase and a new code.
func (v *visit) signIn(phrase string) (authz.Actor, error) {
	v.t.Helper()
	token, err := v.Staff.SignIn(v.t.Context(), v.Home.ID, account.SignIn{Name: v.login.Name, Passphrase: phrase, Code: v.Code(v.t, &v.login), From: accounttest.From()})
	if err != nil {
		return authz.Actor{}, err
	}
	v.login.Token = token
	return v.load()
}

func (v *visit) load() (authz.Actor, error) {
	return v.Staff.Load(v.t.Context(), v.Home.ID, v.login.Token, account.Short)
}

// to moves the world's time to shortly before the midnight that ends a day.
func (v *visit) to(day time.Time) {
	v.Clock.Advance(day.Add(24*time.Hour - 10*time.Minute).Sub(v.Clock.Now()))
}

// An auditor signs in until their last day, that day included. After it no session
// goes on, nobody signs in, and they are told why, but only who has the passphrase.
// A manager gives them another day.
func TestAuditor_LastDay(t *testing.T) {
	v := newVisit(t, 5)
	last := v.day(5)
	body := ask[string](t, v.World, `select convert_from(b.body, 'UTF8') from worker w join audit_body b on b.agency_id = w.agency_id and b.leaf = w.role_leaf where w.id = $1`, v.login.ID)
	if !strings.Contains(body, "\npart auditor\n") || !strings.Contains(body, "\nto "+last.Format(time.DateOnly)+"\n") {
		t.Errorf("what was stated of them is %q", body)
	}
	v.to(last)
	actor, err := v.signIn(v.login.Passphrase)
	must(t, err)
	if actor.OnHold() || !actor.Has(authz.Auditor) {
		t.Error("on their last day they are no auditor")
	}
	v.Clock.Advance(9 * time.Minute)
	_, err = v.load()
	must(t, err)
	v.Clock.Advance(2 * time.Minute)
	_, err = v.load()
	want(t, "a session that was open", err, fault.SignIn, "fault.signIn.over")
	_, err = v.signIn(v.login.Passphrase)
	want(t, "who signs in", err, fault.Invalid, "fault.signIn.over")
	_, err = v.signIn("not the passphrase that it is")
	want(t, "who tries a passphrase", err, fault.Invalid, "fault.signIn.wrong")

	v.Manager = v.SignInWorker(t, &v.ManagerLogin)
	listed := func() account.Worker {
		t.Helper()
		list, err := v.Staff.Workers(t.Context(), v.Manager)
		must(t, err)
		for _, w := range list {
			if w.ID == v.login.ID {
				return w
			}
		}
		t.Fatal("they are not in the list")
		return account.Worker{}
	}
	if w := listed(); !w.Over || !w.Until.Equal(last) {
		t.Errorf("the list has over %v, until %s", w.Over, w.Until)
	}
	give := func(days int) error {
		_, err := v.Staff.MakeAuditor(t.Context(), v.Manager, v.login.ID, v.day(days), v.Code(t, &v.ManagerLogin))
		return err
	}
	want(t, "a day that is over", give(-1), fault.Invalid, "fault.manage.until")
	want(t, "a day too far away", give(account.LongestVisit+1), fault.Invalid, "fault.manage.until")
	must(t, give(account.LongestVisit))
	if w := listed(); w.Over || !w.Until.Equal(v.day(account.LongestVisit)) {
		t.Errorf("the list has over %v, until %s", w.Over, w.Until)
	}
	actor, err = v.signIn(v.login.Passphrase)
	if err != nil || !actor.Has(authz.Auditor) {
		t.Errorf("with another day: %v", err)
	}

	_, err = v.Staff.ChangeRoles(t.Context(), v.Manager, v.login.ID, []authz.Role{authz.Auditor}, v.Code(t, &v.ManagerLogin))
	want(t, "an auditor for ever", err, fault.Invalid, "fault.manage.until")
	_, err = v.Staff.ChangeRoles(t.Context(), v.Manager, v.login.ID, []authz.Role{authz.RecordsOfficer}, v.Code(t, &v.ManagerLogin))
	must(t, err)
	if w := listed(); w.Over || !w.Until.IsZero() {
		t.Errorf("a records officer has a last day: %v, %s", w.Over, w.Until)
	}
}

// Each of the two refuses alone: the program where the row was moved, the database
// where the program does not look.
func TestAuditor_LastDayTwice(t *testing.T) {
	v := newVisit(t, 5)
	last := v.day(5)
	v.to(last)
	_, err := v.signIn(v.login.Passphrase)
	must(t, err)
	v.Exec(t, `update worker set ends_on = ends_on + 30 where id = $1`, v.login.ID)
	v.Clock.Advance(15 * time.Minute)
	_, err = v.load()
	want(t, "a session behind a moved row", err, fault.SignIn, "fault.signIn.over")
	if actor, err := v.signIn(v.login.Passphrase); err == nil && (actor.Has(authz.Auditor) || !actor.OnHold()) {
		t.Error("a row that was moved lets an auditor in")
	}
	v.Exec(t, `update worker set ends_on = $2 where id = $1`, v.login.ID, last)

	day := func(days int) string { return "'" + v.day(days).Format(time.DateOnly) + "'" }
	seen := func(days int) string { return "'" + v.day(days).Format(time.DateOnly) + " 12:00'" }
	session := func(of, at string) string {
		return `insert into session (row_id, id, agency_id, tier, account_id, box, label, enrolling, seen_at, idle_at, absolute_at)
			values (sha256(random()::text::bytea), 'se' || left(translate(md5(random()::text), '0189', 'abcd'), 20), agency(), 'staff', '` + of + `', '', '', false, ` + at + `, 'infinity', 'infinity')`
	}
	leaf := func(until time.Time) string {
		v.Manager = v.SignInWorker(t, &v.ManagerLogin)
		by, err := v.Manager.Keys().Signer()
		must(t, err)
		body, err := account.StateAuditor(v.Home, by, v.login.ID, until, v.Clock.Now())
		must(t, err)
		must(t, v.StaffDB.Act(t.Context(), postgres.Scope{Agency: "oak"}, nil, func(b *pgx.Batch) error {
			b.Queue("select log_append($1)", body)
			return nil
		}))
		return inLog(statement.Leaf(body))
	}
	set := func(more string) string { return "update worker set " + more + " where id = '" + v.login.ID + "'" }
	boss := v.ManagerLogin.ID
	for _, tt := range []struct{ name, as, sql, want string }{
		{"a session on the last day", v.login.ID, session(v.login.ID, "'"+last.Format(time.DateOnly)+" 23:59'"), ""},
		{"a session after it", v.login.ID, session(v.login.ID, seen(0)), "session_ends"},
		{"a session that goes on", v.login.ID, "update session set seen_at = " + seen(0) + " where account_id = account() and tier = 'staff'", "session_ends"},
		{"another worker's session", v.WorkerLogin.ID, session(v.WorkerLogin.ID, seen(0)), ""},
		{"another day, which nobody stated", boss, set("ends_on = " + day(9)), "worker_stated"},
		{"a stated day that the row does not have", boss, set("role_leaf = " + leaf(v.day(9))), "worker_stated"},
		{"no day", boss, set("ends_on = null, role_leaf = " + leaf(time.Time{})), "worker_ends"},
		{"a day that was over", boss, set("ends_on = " + day(-1) + ", role_leaf = " + leaf(v.day(-1))), "worker_ends"},
		{"a day too far away", boss, set("ends_on = " + day(91) + ", role_leaf = " + leaf(v.day(91))), "worker_ends"},
		{"a day of somebody with other work", boss, set("ends_on = " + day(9) + ", roles = '{manager}', role_leaf = " + leaf(v.day(9))), "worker_ends_auditor"},
		{"as it is stated", boss, set("ends_on = " + day(90) + ", role_leaf = " + leaf(v.day(90))), ""},
		{"a session with the new day", v.login.ID, session(v.login.ID, seen(0)), ""},
	} {
		if got := byHand(t, v.World, postgres.RoleStaff, "oak", tt.as, tt.sql); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Somebody who was made an auditor before there were last days is kept out until a
// manager gives one.
func TestAuditor_WithoutLastDay(t *testing.T) {
	v := newVisit(t, 5)
	by, err := v.Manager.Keys().Signer()
	must(t, err)
	body, err := account.StateAuditor(v.Home, by, v.login.ID, time.Time{}, v.Clock.Now())
	must(t, err)
	must(t, v.StaffDB.Act(t.Context(), postgres.Scope{Agency: "oak"}, nil, func(b *pgx.Batch) error {
		b.Queue("select log_append($1)", body)
		return nil
	}))
	leaf := statement.Leaf(body)
	v.Exec(t, `update worker set ends_on = null, role_leaf = $2 where id = $1`, v.login.ID, leaf[:])
	_, err = v.signIn(v.login.Passphrase)
	want(t, "an auditor of an older version", err, fault.Invalid, "fault.signIn.over")
	_, err = v.Staff.MakeAuditor(t.Context(), v.Manager, v.login.ID, v.day(1), v.Code(t, &v.ManagerLogin))
	must(t, err)
	if actor, err := v.signIn(v.login.Passphrase); err != nil || !actor.Has(authz.Auditor) {
		t.Errorf("with a day: %v", err)
	}
}
