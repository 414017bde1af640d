package audit_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/postgres"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// addDesk appends as the staff tier, whose role may append any event.
func addDesk(w *accounttest.World, body []byte) error {
	return w.StaffDB.Act(context.Background(), postgres.Scope{Agency: "oak"}, nil, func(b *pgx.Batch) error {
		audit.Append(b, body)
		return nil
	})
}

// newKey makes the next key of a node and has the log vouch for it, with its
// row where stored says so.
func newKey(t *testing.T, w *accounttest.World, id ring.NodeID, epoch uint32, stored bool) []byte {
	t.Helper()
	_, node, body, err := w.Home.NewEpoch(id, epoch, noon)
	must(t, err)
	must(t, w.StaffDB.Act(context.Background(), postgres.Scope{Agency: "oak"}, nil, func(b *pgx.Batch) error {
		if stored {
			agency.QueueNode(b, node, body)
		}
		audit.Append(b, body)
		return nil
	}))
	return body
}

// A key is the newest while the log vouches for no later one; what only looks
// like a later word of the registrar changes nothing.
func TestIndex_Keys(t *testing.T) {
	w := accounttest.NewClosed(t)
	x := audit.NewIndex(w.StaffDB, w.StaffAgencies.VerifyIn(w.StaffDB))
	const kase = ring.NodeID("case/exaaaaaaaaaaaaaaaaaaaa")
	check := func(what string, epoch uint32, want error) {
		t.Helper()
		if err := x.Keys(t.Context(), "oak", map[string]uint32{string(kase): epoch}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	body := newKey(t, w, kase, 1, true)
	check("the first", 1, nil)
	must(t, addDesk(w, bytes.Replace(body, []byte("version 1"), []byte("version 7"), 1)))
	check("after a forged one", 1, nil)
	check("once more", 1, nil)
	newKey(t, w, kase, 2, true)
	check("the second", 2, nil)
	check("the first, read before the second", 1, audit.ErrMoved)
	newKey(t, w, kase, 3, false)
	check("where the third is gone", 2, seal.ErrStale)
	check("where the third is gone, the first", 1, seal.ErrStale)
	other := map[string]uint32{"case/exbbbbbbbbbbbbbbbbbbbb": 1}
	if err := x.Keys(t.Context(), "oak", other); err != nil {
		t.Errorf("another node: %v", err)
	}
}

// Who stands is read from the log: the newest list of roles, and whether the
// worker was kept out since.
func TestIndex_Stands(t *testing.T) {
	w := accounttest.NewWorld(t)
	x := audit.NewIndex(w.StaffDB, w.StaffAgencies.VerifyIn(w.StaffDB))
	by, err := w.Manager.Keys().Signer()
	must(t, err)
	worker := w.Worker.Account()
	var first [32]byte
	var leaf []byte
	must(t, w.Database.Admin().QueryRow(t.Context(), `select role_leaf from worker where id = $1`, worker).Scan(&leaf))
	copy(first[:], leaf)
	state := func(st statement.Statement, own string, more bool) [32]byte {
		t.Helper()
		st.Object, st.Version, st.At = "worker/"+worker, 1, noon
		var body []byte
		if more {
			body, err = w.Home.State(st, own, by)
		} else {
			body, err = w.Home.State(st, own)
		}
		must(t, err)
		must(t, addDesk(w, body))
		return statement.Leaf(body)
	}
	role := func(part string) [32]byte {
		return state(statement.Statement{Event: statement.EventRole, Part: part}, "registrar", true)
	}
	check := func(what string, leaf [32]byte, in bool, want error) {
		t.Helper()
		if got, err := x.Stands(t.Context(), "oak", worker, leaf); got != in || !errors.Is(err, want) {
			t.Errorf("%s: %v, %v", what, got, err)
		}
	}
	check("as confirmed", first, true, nil)
	role(audit.Suspended)
	check("suspended", first, false, nil)
	role(audit.Lifted)
	check("let in again", first, true, nil)
	state(statement.Statement{Event: statement.EventLapse, Part: audit.Suspended}, "system", false)
	check("suspended by the operator", first, false, nil)
	// Made up by SQL alone, without a key: let in again.
	body, err := w.Home.State(statement.Statement{Event: statement.EventRole, Object: "worker/" + worker, Part: audit.Lifted, Version: 1, At: noon.Add(time.Hour)}, "registrar", by)
	must(t, err)
	must(t, addDesk(w, bytes.Replace(body, []byte("T13:00:00Z"), []byte("T14:00:00Z"), 1)))
	check("after a forged word", first, false, nil)
	second := role(string(authz.LetterboxWorker))
	check("the list before", first, false, seal.ErrStale)
	check("the new list", second, true, nil)
	role(audit.Left)
	role(audit.Lifted)
	check("who has left", second, false, nil)
	check("what is not in the log", [32]byte{1}, false, seal.ErrUnsigned)
}
