package checkpoint_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gatepost/internal/checkpoint"
	"gatepost/internal/logbook"
)

// Yesterday's dump is refused by both tiers when they start, and by both while
// they run; after the registrar has stated the restore both start and go on, and
// the same dump once more is refused again (Part C 13).
func TestRolledBack(t *testing.T) {
	w := newWorld(t)
	w.write(5)
	staff, public := w.start()
	must(t, staff)
	must(t, public)
	yesterday, older := w.backup(), w.backup()
	w.write(4)
	running, watching := w.keeper("staff"), w.watcher()
	must(t, running.Start(t.Context()))
	must(t, w.runPublic(watching))

	w.use(yesterday)
	staff, public = w.start()
	refused(t, "the staff tier", staff, logbook.ErrRolledBack, -1)
	refused(t, "the families' tier", public, logbook.ErrRolledBack, -1)
	if got := w.checkpoints(); !slices.Equal(got, []int64{5}) {
		t.Errorf("a refused database was written to: %v", got)
	}
	// It does not help to let it grow beyond what was seen.
	w.write(6)
	staff, public = w.start()
	refused(t, "the staff tier, grown", staff, logbook.ErrForked, -1)
	refused(t, "the families' tier, grown but not signed", public, logbook.ErrRolledBack, -1)
	if given, err := checkpoint.Restored(t.Context(), w.config(w.staff, "staff"), w.Home); err == nil {
		t.Errorf("what went on after a restore is given up: %+v", given)
	}
	if w.entries() != 11 {
		t.Error("a restore is stated that gives up nothing")
	}

	w.use(older)
	handed, err := os.ReadFile(filepath.Join(w.state, "public", "oak.checkpoint"))
	must(t, err)
	given, err := checkpoint.Restored(t.Context(), w.config(w.staff, "staff"), w.Home, handed)
	must(t, err)
	if given != (checkpoint.Given{Kept: 5, Lost: 9}) {
		t.Errorf("given up: %+v", given)
	}
	given, err = checkpoint.Restored(t.Context(), w.config(w.staff, "staff"), w.Home, handed)
	if err != nil || given.Lost != 0 {
		t.Errorf("the second time: %+v, %v", given, err)
	}
	staff, public = w.start()
	must(t, staff)
	must(t, public)
	w.write(1)
	staff, public = w.start()
	must(t, staff)
	must(t, public)
	if got := w.checkpoints(); !slices.Equal(got, []int64{5, 6, 7}) || w.high("staff") != 7 || w.high("public") != 7 {
		t.Errorf("stored %v, written down %d and %d", got, w.high("staff"), w.high("public"))
	}
	// What is stated counts once: what was written since cannot be rolled back by it.
	w.exec(`delete from audit_checkpoint where size > 6`)
	w.exec(`delete from audit_hash where idx > 5`)
	w.exec(`delete from audit_body where idx > 5`)
	staff, public = w.start()
	refused(t, "the staff tier after the restore", staff, logbook.ErrRolledBack, -1)
	refused(t, "the families' tier after the restore", public, logbook.ErrRolledBack, -1)
}

// Tiers that are running notice that the database under them is another.
func TestRolledBack_Running(t *testing.T) {
	for name, change := range map[string]func(w *world){
		"the end is gone": func(w *world) {
			w.exec(`delete from audit_checkpoint where size > 5`)
			w.exec(`delete from audit_hash where idx > 4`)
			w.exec(`delete from audit_body where idx > 4`)
			w.exec(`update audit_gate set next = 5`)
		},
		"another end": func(w *world) {
			w.exec(`delete from audit_checkpoint where size > 5`)
			w.exec(`delete from audit_hash where idx > 4`)
			w.exec(`delete from audit_body where idx > 4`)
			w.exec(`update audit_gate set next = 5`)
			w.write(5)
			must(w.t, w.keeper("stranger").Start(w.t.Context()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.write(5)
			k, v := w.keeper("staff"), w.watcher()
			must(t, k.Start(t.Context()))
			w.write(4)
			must(t, k.Checkpoint(t.Context(), "oak"))
			must(t, w.runPublic(v))
			change(w)
			cause := logbook.ErrRolledBack
			if name == "another end" {
				cause = logbook.ErrForked
			}
			refused(t, "the staff tier", k.Checkpoint(t.Context(), "oak"), cause, -1)
			refused(t, "the families' tier", v.Look(t.Context(), "oak"), cause, -1)
			refused(t, "the staff tier, again", k.Checkpoint(t.Context(), "oak"), cause, -1)
		})
	}
}

// Every change of the log is refused, and where one entry is the reason it is
// named.
func TestStart_Changed(t *testing.T) {
	for _, c := range []struct {
		name  string
		sql   []string
		cause error
		index int64
	}{
		{"an entry edited", []string{`update audit_body set body = overlay(body placing 'x'::bytea from 60) where idx = 3`}, checkpoint.ErrEdited, 3},
		{"two entries exchanged", []string{
			`alter table audit_hash drop constraint audit_hash_agency_id_idx_fkey`,
			`update audit_body set idx = 100 where idx = 2`, `update audit_body set idx = 2 where idx = 5`, `update audit_body set idx = 5 where idx = 100`}, checkpoint.ErrEdited, 2},
		{"an entry deleted", []string{
			`delete from audit_hash where idx = 4`, `delete from audit_body where idx = 4`}, checkpoint.ErrMissing, 4},
		{"the end deleted, the checkpoint there", []string{
			`delete from audit_hash where idx > 5`, `delete from audit_body where idx > 5`}, checkpoint.ErrMissing, 6},
		{"an entry edited, and its hashes", []string{
			`update audit_body set body = overlay(body placing 'x'::bytea from 60) where idx = 3`, `delete from audit_hash`}, logbook.ErrForked, -1},
		{"a hash of somebody's own", []string{
			`update audit_hash set hashes = overlay(hashes placing 'x'::bytea from 1) where idx = 6`}, checkpoint.ErrEdited, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.write(8)
			must(t, w.keeper("staff").Start(t.Context()))
			for _, sql := range c.sql {
				w.exec(sql)
			}
			refused(t, "who has seen it", w.keeper("staff").Start(t.Context()), c.cause, c.index)
			refused(t, "who has not", w.keeper("new").Start(t.Context()), c.cause, c.index)
			if w.high("staff") != 8 || w.high("new") != 0 {
				t.Errorf("written down: %d and %d", w.high("staff"), w.high("new"))
			}
		})
	}
}

// The families' tier asks for a proof: a database whose hashes were made up to
// fit a false checkpoint, or are missing, does not give it.
func TestWatcher_Proof(t *testing.T) {
	w := newWorld(t)
	w.write(5)
	must(t, w.keeper("staff").Start(t.Context()))
	v := w.watcher()
	must(t, w.runPublic(v))
	w.write(6)
	must(t, w.keeper("staff").Start(t.Context()))
	must(t, w.runPublic(v))
	if w.high("public") != 11 {
		t.Fatalf("written down %d", w.high("public"))
	}
	w.write(5)
	must(t, w.keeper("staff").Start(t.Context()))
	honest := w.backup()
	v = w.watcher()
	w.exec(`update audit_hash set hashes = overlay(hashes placing 'x'::bytea from 40) where idx = 9`)
	refused(t, "a hash made up", v.Look(t.Context(), "oak"), logbook.ErrForked, -1)
	w.exec(`update audit_hash set hashes = substring(hashes from 1 for 32) where idx = 9`)
	refused(t, "a hash missing", v.Look(t.Context(), "oak"), checkpoint.ErrUnproved, -1)
	w.exec(`delete from audit_checkpoint`)
	refused(t, "no checkpoint", v.Look(t.Context(), "oak"), logbook.ErrRolledBack, -1)
	w.use(honest)
	must(t, w.runPublic(w.watcher()))
	if w.high("public") != 16 {
		t.Errorf("written down %d", w.high("public"))
	}
}

// What the families' tier has seen once only may be gone with a database that
// fell: it is not held against it.
func TestWatcher_Settles(t *testing.T) {
	w := newWorld(t)
	w.write(2)
	k, v := w.keeper("staff"), w.watcher()
	must(t, k.Start(t.Context()))
	must(t, w.runPublic(v))
	w.write(2)
	must(t, k.Checkpoint(t.Context(), "oak"))
	must(t, v.Look(t.Context(), "oak"))
	must(t, v.Look(t.Context(), "oak"))
	if w.high("public") != 2 {
		t.Errorf("written down %d within the same moment", w.high("public"))
	}
	w.exec(`delete from audit_checkpoint where size = 4`)
	w.exec(`delete from audit_hash where idx >= 2`)
	must(t, w.runPublic(v))
	if w.high("public") != 2 {
		t.Errorf("written down %d", w.high("public"))
	}
	must(t, k.Checkpoint(t.Context(), "oak"))
	must(t, w.runPublic(v))
	if w.high("public") != 4 {
		t.Errorf("written down %d, after the rows were written again", w.high("public"))
	}
}
