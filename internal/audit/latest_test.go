package audit_test

import (
	"bytes"
	"testing"

	"gatepost/crypto/statement"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/audit"
)

// The newest that the log has and that is signed; not what comes behind it
// unsigned, and not an older version that was appended later.
func TestIndex_Latest(t *testing.T) {
	w := accounttest.NewClosed(t)
	x := audit.NewIndex(w.StaffDB, w.StaffAgencies.VerifyIn(w.StaffDB))
	latest := func(want []byte) {
		t.Helper()
		leaf, stated, err := x.Latest(t.Context(), "oak", "sd1", "text")
		must(t, err)
		if stated != (want != nil) || stated && leaf != statement.Leaf(want) {
			t.Errorf("stated %v, another statement than it should be", stated)
		}
	}
	latest(nil)
	first, second := newBody(t, w, "sd1", 1), newBody(t, w, "sd1", 2)
	must(t, add(w, second))
	must(t, add(w, first))
	latest(second)
	must(t, add(w, bytes.Replace(second, []byte("version 2"), []byte("version 3"), 1)))
	latest(second)
	latest(second)
}
