package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newBody is a statement of the world's door about a version of an object.
func newBody(t *testing.T, w *accounttest.World, object string, version uint64) []byte {
	t.Helper()
	body, err := w.Door.State(statement.Statement{Event: statement.EventReceipt, Object: object, Part: "text", Version: version,
		Commit: [32]byte{byte(version)}, At: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}, "door")
	must(t, err)
	return body
}

func add(w *accounttest.World, body []byte) error {
	return w.PublicDB.Act(context.Background(), postgres.Scope{Agency: "oak"}, nil, func(b *pgx.Batch) error {
		audit.Append(b, body)
		return nil
	})
}

// Eight who write at once leave no gap, and the same statement is there once.
func TestAppend_Together(t *testing.T) {
	w := accounttest.NewClosed(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 25 {
				body := newBody(t, w, fmt.Sprintf("lt%d", i), uint64(j+1))
				for range 2 {
					if err := add(w, body); err != nil {
						t.Errorf("append: %v", err)
					}
				}
			}
		})
	}
	wg.Wait()
	var n, last, gate int
	must(t, w.Database.Admin().QueryRow(t.Context(), `select count(*), max(idx), (select next from audit_gate where agency_id = 'oak') from audit_body`).Scan(&n, &last, &gate))
	if n != 200 || last != 199 || gate != 200 {
		t.Errorf("%d bodies, the last %d, the next %d", n, last, gate)
	}
}

func TestIndex(t *testing.T) {
	w := accounttest.NewClosed(t)
	x := audit.NewIndex(w.StaffDB, w.StaffAgencies.VerifyIn(w.StaffDB))
	first, second := newBody(t, w, "sd1", 1), newBody(t, w, "sd1", 2)
	newest := func(object string, body []byte) error {
		return x.Newest(t.Context(), "oak", object, "text", statement.Leaf(body))
	}
	if err := newest("sd1", first); !errors.Is(err, seal.ErrUnsigned) {
		t.Errorf("what the log does not know: %v", err)
	}
	must(t, add(w, first))
	if err := newest("sd1", first); err != nil {
		t.Errorf("the only version: %v", err)
	}
	must(t, add(w, second))
	must(t, x.Follow(t.Context(), "oak"))
	if err := newest("sd1", second); err != nil {
		t.Errorf("the later version: %v", err)
	}
	if err := newest("sd1", first); !errors.Is(err, seal.ErrStale) {
		t.Errorf("the version before: %v", err)
	}
	if err := newest("sd2", second); !errors.Is(err, seal.ErrUnsigned) {
		t.Errorf("another object: %v", err)
	}
	if err := x.Newest(t.Context(), "elm", "sd1", "text", statement.Leaf(second)); !errors.Is(err, seal.ErrUnsigned) {
		t.Errorf("another agency: %v", err)
	}
	// What the families' role can append without the door's key changes nothing.
	for _, number := range []string{"3", "18446744073709551615", "2"} {
		forged := bytes.Replace(second, []byte("version 2"), []byte("version "+number), 1)
		forged = bytes.Replace(forged, []byte("refs -"), []byte("refs "+strings.Repeat("A", 42)+"E="), 1)
		must(t, add(w, forged))
	}
	must(t, x.Follow(t.Context(), "oak"))
	for range 2 {
		if err := newest("sd1", second); err != nil {
			t.Errorf("after forged later versions: %v", err)
		}
	}
	// A statement without a commitment is about no sealed object and changes nothing.
	access, err := w.Door.State(statement.Statement{Event: statement.EventAccess, Object: "sd1", Part: "text", Version: 9,
		From: "person/" + agency.NewID("pe"), At: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}, "door")
	must(t, err)
	must(t, add(w, access))
	must(t, x.Follow(t.Context(), "oak"))
	if err := newest("sd1", second); err != nil {
		t.Errorf("after a reading: %v", err)
	}
}

// A refusal is noted with who, what and which, and nothing that is no plain id.
func TestCheck(t *testing.T) {
	w := accounttest.NewWorld(t)
	for _, object := range []string{"ltaaaaaaaaaaaaaaaaaaaa", "Tamsin Vale, 2 Quay Row", ""} {
		if err := audit.Check(t.Context(), w.StaffDB, w.Manager, authz.Decide, object); err == nil {
			t.Error("a manager decides")
		}
	}
	if err := audit.Check(t.Context(), w.StaffDB, w.Worker, authz.Decide, "x"); err != nil {
		t.Errorf("a worker is refused: %v", err)
	}
	rows, err := w.Database.Admin().Query(t.Context(), `select account_id || ' ' || act || ' ' || object from refusal order by at, object desc`)
	must(t, err)
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	who := w.Manager.Account() + " decide "
	if len(got) != 3 || got[0] != who+"ltaaaaaaaaaaaaaaaaaaaa" || got[1] != who+"-" || got[2] != who+"-" {
		t.Errorf("noted: %q", got)
	}
}

func TestStatements_Prepare(t *testing.T) {
	w := accounttest.NewClosed(t)
	postgrestest.Prepare(t, w.Database.Admin(), ".")
	postgrestest.Prepare(t, w.Database.Admin(), "../agency")
}
