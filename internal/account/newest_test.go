package account_test

import (
	"testing"
	"time"

	"gatepost/internal/authz"
)

// Somebody who left does not come back by rows, credential and grants of
// before: the log says that they left.
func TestLeft_RowsPutBack(t *testing.T) {
	w := newTeam(t, 1)
	w.Exec(t, `create table s_worker as select * from worker; create table s_cred as select * from credential_worker; create table s_grant as select * from ring_grant_staff`)
	id := w.leave()
	w.next(id, 5)
	w.next(id, 5)
	w.Exec(t, "set session_replication_role = replica; update worker w set state = s.state, roles = s.roles, role_leaf = s.role_leaf from s_worker s where s.id = w.id and w.id = '"+
		w.leaver.ID+"'; insert into credential_worker select * from s_cred where account_id = '"+w.leaver.ID+
		"'; insert into ring_grant_staff select * from s_grant on conflict do nothing; set session_replication_role = origin")
	w.Clock.Advance(time.Minute)
	back := w.SignInWorker(t, &w.leaver)
	if back.Has(authz.LetterboxWorker) {
		t.Error("has the role again")
	}
	if n := w.opens(back); n != 0 {
		t.Errorf("%d cases open", n)
	}
}
