package letterbox_test

import (
	"testing"

	"gatepost/internal/fault"
)

// After a restore the newest letter that a worker may open is opened, with its
// reading in the log, and none that is not theirs.
func TestTryOut(t *testing.T) {
	m, ctx := newTeam(t), t.Context()
	_, err := m.Desk.TryOut(ctx, m.Worker)
	wantKind(t, "no letter", err, fault.NotFound)
	id := m.send("The kitchen smells of quinces.")
	before := m.count(`select count(*) from audit_body`)
	got, err := m.Desk.TryOut(ctx, m.Worker)
	if must(t, err); got != id {
		t.Errorf("opened %s, want %s", got, id)
	}
	if n := m.count(`select count(*) from audit_body`); n != before+1 {
		t.Errorf("%d entries for one reading", n-before)
	}
	if n := m.count(`select count(*) from claim`); n != 0 {
		t.Errorf("%d letters are claimed by it", n)
	}
	_, err = m.Desk.TryOut(ctx, m.Manager)
	wantKind(t, "a manager", err, fault.Forbidden)

	m.untriggered(`update object set sealed = set_byte(sealed, octet_length(sealed) - 5, 0) where id = '` + string(id) + `'`)
	_, err = m.Desk.TryOut(ctx, m.Worker)
	wantKind(t, "a damaged letter", err, fault.Sealed)
	m.restrict()
	_, err = m.Desk.TryOut(ctx, m.anew(&m.owenLogin))
	wantKind(t, "a letter that is restricted to others", err, fault.NotFound)
}
