package checkpoint_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"gatepost/internal/checkpoint"
	"gatepost/internal/postgres"
)

// asStaff runs a statement of somebody's own in the staff tier's role.
func (w *world) asStaff(sql string, args ...any) error {
	return w.staff.Act(w.t.Context(), postgres.Scope{Agency: "oak"}, nil, func(b *pgx.Batch) error {
		b.Queue(sql, args...)
		return nil
	})
}

// handed is the families' tier's file.
func (w *world) handed() []byte {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.state, "public", "oak.checkpoint"))
	must(w.t, err)
	return text
}

// startBoth starts both tiers, and ends the test where one refuses.
func (w *world) startBoth() {
	w.t.Helper()
	staff, public := w.start()
	must(w.t, staff)
	must(w.t, public)
}

// A second restore, of what was written within the range of the first one: the
// families' tier has gone along with the first, so it needs a statement of its own.
func TestRestored_Twice(t *testing.T) {
	w := newWorld(t)
	w.write(5)
	w.startBoth()
	first := w.backup()
	w.write(40)
	w.startBoth()
	w.use(first)
	given, err := checkpoint.Restored(t.Context(), w.config(w.staff, "staff"), w.Home, w.handed())
	if err != nil || given != (checkpoint.Given{Kept: 5, Lost: 45}) {
		t.Fatalf("the first: %+v, %v", given, err)
	}
	w.startBoth()
	w.write(5)
	w.startBoth()
	second := w.backup()
	w.write(10)
	w.startBoth()
	w.use(second)
	must(t, os.RemoveAll(filepath.Join(w.state, "staff")))
	given, err = checkpoint.Restored(t.Context(), w.config(w.staff, "staff"), w.Home, w.handed())
	if err != nil || given != (checkpoint.Given{Kept: 11, Lost: 21}) {
		t.Errorf("the second: %+v, %v", given, err)
	}
	w.startBoth()
	w.write(3)
	w.startBoth()
	if w.high("staff") != 15 || w.high("public") != 15 {
		t.Errorf("written down %d and %d", w.high("staff"), w.high("public"))
	}
}

// The database refuses hashes that are not the tree's, also those of an entry
// that no checkpoint covers yet.
func TestHashes_False(t *testing.T) {
	w := newWorld(t)
	w.write(5)
	w.startBoth()
	w.write(3)
	const insert = `insert into audit_hash (agency_id, idx, hashes) select agency(), b.idx, `
	for name, sql := range map[string]string{
		"nothing of the body":  insert + `decode(repeat('00', 64), 'hex') from audit_body b where b.idx = 5`,
		"the leaf alone":       insert + `sha256('\x00'::bytea || b.body) from audit_body b where b.idx = 5`,
		"more than it has":     insert + `sha256('\x00'::bytea || b.body) || sha256('x') from audit_body b where b.idx = 6`,
		"no entry before it":   insert + `sha256('\x00'::bytea || b.body) || sha256('x') from audit_body b where b.idx = 7`,
		"an entry that is not": `insert into audit_hash (agency_id, idx, hashes) values (agency(), 8, sha256('x'))`,
	} {
		pg, ok := errors.AsType[*pgconn.PgError](w.asStaff(sql))
		if !ok || pg.ConstraintName != "audit_hash_follows" {
			t.Errorf("%s: %v", name, pg)
		}
	}
	w.startBoth()
	if got := w.checkpoints(); !slices.Equal(got, []int64{5, 8}) || w.high("public") != 8 {
		t.Errorf("stored %v, written down %d", got, w.high("public"))
	}
}

// A row that is no checkpoint stops neither tier, wherever it stands: an alarm is
// raised, and the newest one that is signed counts.
func TestUnsigned(t *testing.T) {
	const insert = `insert into audit_checkpoint (agency_id, size, note) values (agency(), $1, $2)`
	garbage := make([]byte, 200)
	w := newWorld(t)
	w.write(5)
	w.startBoth()
	old := w.handed()
	w.write(4)
	w.startBoth()
	w.write(2)
	// In the place of the next one, so that it cannot be stored.
	must(t, w.asStaff(`insert into audit_hash (agency_id, idx, hashes) select agency(), idx, sha256('\x00'::bytea || body) from audit_body where idx = 10`))
	must(t, w.asStaff(insert, 11, garbage))
	w.startBoth()
	if w.high("staff") != 11 || w.high("public") != 9 || w.logged.count("another row has the place") != 1 {
		t.Errorf("written down %d and %d", w.high("staff"), w.high("public"))
	}
	if w.logged.count("passed over") != 3 { // the staff tier's pass and two looks
		t.Errorf("%d alarms", w.logged.count("passed over"))
	}
	w.write(1)
	w.startBoth()
	if w.high("staff") != 12 || w.high("public") != 12 {
		t.Errorf("grown: written down %d and %d", w.high("staff"), w.high("public"))
	}
	// An older one once more, as if it were the newest.
	w.write(1)
	must(t, w.asStaff(`insert into audit_hash (agency_id, idx, hashes) select agency(), idx, sha256('\x00'::bytea || body) from audit_body where idx = 12`))
	must(t, w.asStaff(insert, 13, old))
	must(t, w.runPublic(w.watcher()))
	w.write(1)
	w.startBoth()
	if w.high("staff") != 14 || w.high("public") != 14 {
		t.Errorf("replayed: written down %d and %d", w.high("staff"), w.high("public"))
	}
	// None is left that is signed: what the tiers have seen is held.
	w.exec(`update audit_checkpoint set note = $1`, garbage)
	must(t, w.keeper("staff").Start(t.Context()))
	refused(t, "the families' tier", w.watcher().Start(t.Context()), checkpoint.ErrUnsigned, -1)
	w.write(1)
	w.startBoth()
	if w.high("staff") != 15 || w.high("public") != 15 {
		t.Errorf("signed anew: written down %d and %d", w.high("staff"), w.high("public"))
	}
}

// A look from outside counts what the key did not sign: among the newest, and
// among all where all is asked for.
func TestInspect_Unsigned(t *testing.T) {
	w := newWorld(t)
	w.write(5)
	w.startBoth()
	look := func(what string, whole bool, want int, sizes ...int64) {
		t.Helper()
		found, err := checkpoint.Inspect(t.Context(), w.config(w.staff, "staff"), w.Home, whole)
		must(t, err)
		if found.Unsigned != want || !slices.Equal(found.Sizes, sizes) || found.Entries != 5 {
			t.Errorf("%s: %+v", what, found)
		}
	}
	look("as it is", true, 0)
	w.exec(`set session_replication_role = replica; insert into audit_checkpoint (agency_id, size, note) select 'oak', i, decode(repeat('ff', 200), 'hex') from generate_series(1, 2) as i`)
	look("two below", false, 2, 2, 1)
	seen, err := checkpoint.InspectSeen(t.Context(), w.config(w.public, "public"), w.Home)
	if err != nil || seen.Unsigned != 2 {
		t.Errorf("the families' tier: %+v, %v", seen, err)
	}
	w.exec(`set session_replication_role = replica; insert into audit_checkpoint (agency_id, size, note) select 'oak', 100 + i, c.note from audit_checkpoint c, generate_series(1, 16) as i where c.size = 5`)
	look("far below", false, 0)
	look("far below, and all are looked at", true, 2, 1, 2)
	w.exec(`set session_replication_role = replica; insert into audit_checkpoint (agency_id, size, note) select 'oak', 1000 + i, decode(repeat('ff', 200), 'hex') from generate_series(1, 2500) as i`)
	look("more than a page", true, 2502, 1, 2, 1001, 1002, 1003, 1004, 1005, 1006)
}
