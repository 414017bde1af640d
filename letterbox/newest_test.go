package letterbox_test

import (
	"testing"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
)

// Rows alone do not give a case back to whoever it was taken from: the log
// knows the newer key. Every row of before is put back, what came since is
// deleted, and the worker reads nothing that is written from then on.
func TestConnected_RolledBack(t *testing.T) {
	m := newTeam(t)
	ctx := t.Context()
	m.Exec(t, `create table stolen as select * from ring_grant_staff where child like 'case/%' and parent like 'team/%'`)
	m.owen = m.anew(&m.owenLogin)
	must(t, m.Desk.Connect(ctx, m.owen, m.exchange))
	m.untriggered(
		`insert into ring_grant_staff select * from stolen`,
		`update exchange set restricted = false`,
		`delete from connection`,
		`delete from node where id like 'case/%' and epoch = 2`)
	id := m.send("Written after Owen was shut out.")
	m.owen = m.anew(&m.owenLogin)
	must(t, m.Desk.Claim(ctx, m.owen, id))
	if r, err := m.Desk.Read(ctx, m.owen, id); r.Text != "" || !r.Unread || err != nil {
		t.Errorf("the worker who was shut out reads %q, unread %v, %v", string(r.Text), r.Unread, err)
	}
	wantKind(t, "passing it on", m.Desk.Pass(ctx, m.owen, id, ""), fault.Sealed)
	m.Manager = m.anew(&m.ManagerLogin)
	wantKind(t, "restricting it by the older key", m.Desk.Restrict(ctx, m.Manager, m.exchange,
		[]string{m.imogen.Account(), m.Manager.Account()}, m.Code(t, &m.ManagerLogin)), fault.Sealed)
}

// A suspended worker whose row is put back has no roles and no keys: the log
// says that they are suspended.
func TestSuspended_RowPutBack(t *testing.T) {
	m := newTeam(t)
	ctx := t.Context()
	m.Manager = m.anew(&m.ManagerLogin)
	must(t, m.Staff.SuspendWorker(ctx, m.Manager, m.owenLogin.ID, m.Code(t, &m.ManagerLogin)))
	m.untriggered(`update worker set state = 'active' where id = '` + m.owenLogin.ID + `'`)
	m.owen = m.anew(&m.owenLogin)
	if m.owen.Has(authz.LetterboxWorker) {
		t.Error("a suspended worker has their role by a row")
	}
	id := m.send("After.")
	wantKind(t, "claiming", m.Desk.Claim(ctx, m.owen, id), fault.Forbidden)
	// Nor can a case be granted to them.
	m.Manager = m.anew(&m.ManagerLogin)
	wantKind(t, "naming them", m.Desk.Restrict(ctx, m.Manager, m.exchange,
		[]string{m.owenLogin.ID, m.Manager.Account()}, m.Code(t, &m.ManagerLogin)), fault.Sealed)
}
