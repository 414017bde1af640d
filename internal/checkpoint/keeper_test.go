package checkpoint_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"gatepost/crypto/statement"
	"gatepost/internal/checkpoint"
	"gatepost/internal/highwater"
	"gatepost/internal/logbook"
	"gatepost/internal/nudge"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
)

func TestStatements_Prepare(t *testing.T) { postgrestest.Prepare(t, postgrestest.New(t).Admin(), ".") }

// An agency that is registered and has written nothing has no checkpoint; then
// each pass covers what has grown, once.
func TestCheckpoint(t *testing.T) {
	w := newWorld(t)
	staff, public := w.start()
	if staff != nil || public != nil || len(w.checkpoints()) != 0 || w.high("staff") != 0 || w.high("public") != 0 {
		t.Fatalf("an empty log: %v, %v, %v", staff, public, w.checkpoints())
	}
	k := w.keeper("staff")
	for _, n := range []int{1, 2, 0, 4} {
		w.write(n)
		must(t, k.Checkpoint(t.Context(), "oak"))
	}
	if got := w.checkpoints(); !slices.Equal(got, []int64{1, 3, 7}) || w.high("staff") != 7 {
		t.Errorf("checkpoints %v, written down %d", got, w.high("staff"))
	}
	if s := k.Standings(); len(s) != 1 || s[0] != (checkpoint.Standing{Agency: "oak", Size: 7, Covered: w.clock}) {
		t.Errorf("standings: %+v", s)
	}
	if err := k.Checkpoint(t.Context(), "elm"); !errors.Is(err, checkpoint.ErrNoAgency) {
		t.Errorf("another agency: %v", err)
	}
	must(t, w.runPublic(w.watcher()))
	if w.high("public") != 7 {
		t.Errorf("the families' tier has written down %d", w.high("public"))
	}
}

// stored reads hashes as stock tlog asks for them.
type stored struct {
	t    *testing.T
	conn *pgx.Conn
}

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		var hash []byte
		err := s.conn.QueryRow(s.t.Context(), `select substring(hashes from $1 * 32 + 1 for 32) from audit_hash where idx = (($2::bigint + 1) << $1) - 1`, level, n).Scan(&hash)
		if err != nil {
			return nil, err
		}
		list[i] = tlog.Hash(hash)
	}
	return list, nil
}

// Eight write while two staff tiers checkpoint at once, on one folder: no gap,
// the same notes, and stock tlog proves every entry and every step (Part C 13).
func TestCheckpoint_Together(t *testing.T) {
	w := newWorld(t)
	keepers := []*checkpoint.Keeper{w.keeper("staff"), w.keeper("staff")}
	var writing, keeping sync.WaitGroup
	end := make(chan struct{})
	for _, k := range keepers {
		must(t, k.Start(t.Context()))
		keeping.Go(func() {
			for last := false; ; {
				if err := k.Checkpoint(t.Context(), "oak"); err != nil {
					t.Errorf("checkpoint: %v", err)
				}
				if last {
					return
				}
				select {
				case <-end:
					last = true
				default:
				}
			}
		})
	}
	for i := range 8 {
		writing.Go(func() {
			for j := range 40 {
				if err := w.append(w.receipt(fmt.Sprintf("lt%d", i), uint64(j+1))); err != nil {
					t.Errorf("append: %v", err)
				}
			}
		})
	}
	writing.Wait()
	close(end)
	keeping.Wait()
	sizes := w.checkpoints()
	if len(sizes) == 0 || sizes[len(sizes)-1] != 320 || w.high("staff") != 320 {
		t.Fatalf("checkpoints %v, written down %d", sizes, w.high("staff"))
	}
	checkTree(t, w, sizes)
	must(t, w.keeper("another").Start(t.Context()))
}

// checkTree proves each entry and each checkpoint by stock tlog.
func checkTree(t *testing.T, w *world, sizes []int64) {
	t.Helper()
	conn := w.admin()
	defer func() { must(t, conn.Close(t.Context())) }()
	hashes := stored{t, conn}
	var before logbook.Checkpoint
	for _, size := range sizes {
		var text []byte
		w.ask(&text, `select note from audit_checkpoint where size = $1`, size)
		now := w.parse(text)
		if root, err := tlog.TreeHash(now.Size, hashes); err != nil || root != now.Root {
			t.Errorf("checkpoint of %d: another root (%v)", size, err)
		}
		if before.Size > 0 {
			proof, err := tlog.ProveTree(now.Size, before.Size, hashes)
			must(t, err)
			must(t, tlog.CheckTree(proof, now.Size, now.Root, before.Size, before.Root))
		}
		before = now
	}
	for idx := int64(0); idx < before.Size; idx += 7 {
		var body []byte
		w.ask(&body, `select body from audit_body where idx = $1`, idx)
		proof, err := tlog.ProveRecord(before.Size, idx, hashes)
		must(t, err)
		must(t, tlog.CheckRecord(proof, before.Size, before.Root, idx, tlog.RecordHash(body)))
	}
}

// An entry that the door did not sign is followed by one void, an alarm is
// raised, and everybody goes on, also where two keepers find it at once.
func TestVoid(t *testing.T) {
	w := newWorld(t)
	keepers := []*checkpoint.Keeper{w.keeper("staff"), w.keeper("other")}
	for _, k := range keepers {
		must(t, k.Start(t.Context()))
	}
	w.write(1)
	good := w.receipt("lt", 100)
	bad := bytes.Replace(good, []byte("version 100"), []byte("version 101"), 1)
	must(t, w.append(bad))
	must(t, w.append([]byte("gatepost/statement/v1\nagency oak\nevent receipt\n"+string(bytes.Repeat([]byte("x"), 100)))))
	w.write(1)
	// The first finds it and is held up before it has signed; the second does all of it.
	keepers[0].Stall(func(point string) {
		if point == "signed" {
			must(t, keepers[1].Checkpoint(t.Context(), "oak"))
		}
	})
	must(t, keepers[0].Checkpoint(t.Context(), "oak"))
	var voids int
	w.ask(&voids, `select count(*) from audit_body where position('\x0a6576656e7420766f69640a'::bytea in body) > 0`)
	if got := w.checkpoints(); !slices.Equal(got, []int64{6}) || voids != 2 {
		t.Errorf("checkpoints %v, %d voids", got, voids)
	}
	if w.logged.count("ALARM") != 2 || w.logged.count("first=1") != 2 {
		t.Errorf("%d alarms of two keepers", w.logged.count("ALARM"))
	}
	var body []byte
	w.ask(&body, `select body from audit_body where idx = 4`)
	st, err := statement.Parse(body, w.Home.Verifiers())
	if err != nil || st.Event != statement.EventVoid || len(st.Refs) != 1 || st.Refs[0] != statement.Leaf(bad) {
		t.Errorf("the void: %+v, %v", st, err)
	}
	must(t, w.keeper("third").Start(t.Context()))
	w.write(1)
	must(t, keepers[0].Checkpoint(t.Context(), "oak"))
	must(t, keepers[1].Checkpoint(t.Context(), "oak"))
	if w.logged.count("ALARM") != 2 {
		t.Error("an old entry raised another alarm")
	}
}

// A log with everything that an agency's first days write has no void: each
// worker's key is vouched for in the log, whatever became of its row.
func TestCheckpoint_RealActs(t *testing.T) {
	w := newRealWorld(t)
	w.exec(`update node set verifier = null`)
	must(t, w.keeper("staff").Start(t.Context()))
	entries, voids := w.entries(), 0
	w.ask(&voids, `select count(*) from audit_body where position('\x0a6576656e7420766f69640a'::bytea in body) > 0`)
	if entries < 20 || voids != 0 || w.logged.count("ALARM") != 0 || w.high("staff") != int64(entries) {
		t.Errorf("%d entries, %d voids, written down %d", entries, voids, w.high("staff"))
	}
}

// A staff tier that dies between the file and the row starts again, and so does
// one whose rows went with a database that fell.
func TestStart_FileAhead(t *testing.T) {
	w := newWorld(t)
	k := w.keeper("staff")
	must(t, k.Start(t.Context()))
	w.write(3)
	dead := errors.New("killed")
	k.Stall(func(point string) {
		if point == "written" {
			panic(dead)
		}
	})
	func() {
		defer func() {
			if recover() != dead {
				t.Error("it lived")
			}
		}()
		_ = k.Checkpoint(t.Context(), "oak") // never comes back
	}()
	if w.high("staff") != 3 || len(w.checkpoints()) != 0 {
		t.Fatalf("written down %d, stored %v", w.high("staff"), w.checkpoints())
	}
	w.write(1)
	next := w.keeper("staff")
	must(t, next.Start(t.Context()))
	w.exec(`delete from audit_checkpoint where size = 4`)
	w.exec(`delete from audit_hash where idx >= 2`)
	must(t, next.Checkpoint(t.Context(), "oak"))
	w.exec(`delete from audit_checkpoint where size = 4`)
	must(t, w.keeper("staff").Start(t.Context()))
	if got := w.checkpoints(); !slices.Equal(got, []int64{4}) || w.high("staff") != 4 {
		t.Errorf("written down %d, stored %v", w.high("staff"), got)
	}
}

// Instances on one folder only take its file forwards.
func TestHighWater_Forwards(t *testing.T) {
	w := newWorld(t)
	w.write(2)
	slow, quick := w.keeper("staff"), w.keeper("staff")
	slow.Stall(func(point string) {
		if point == "signed" {
			w.write(5)
			must(t, quick.Start(t.Context()))
		}
	})
	must(t, slow.Start(t.Context()))
	if w.high("staff") != 7 {
		t.Errorf("written down %d after a slower instance", w.high("staff"))
	}
	slow.Stall(func(string) {})
	must(t, slow.Checkpoint(t.Context(), "oak"))
	if got := w.checkpoints(); !slices.Equal(got, []int64{2, 7}) {
		t.Errorf("stored %v", got)
	}
}

// What others can write, or what is no checkpoint of the agency, is refused in a
// sentence.
func TestFolder(t *testing.T) {
	w := newWorld(t)
	w.write(1)
	must(t, w.keeper("staff").Start(t.Context()))
	dir := filepath.Join(w.state, "staff")
	path := filepath.Join(dir, "oak.checkpoint")
	good, err := os.ReadFile(path)
	must(t, err)
	info, err := os.Stat(dir)
	must(t, err)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the folder was made %v", info.Mode())
	}
	for name, c := range map[string]struct {
		text []byte
		mode os.FileMode
	}{
		"others write it": {good, 0o660},
		"no note":         {[]byte("7\n"), 0o600},
		"another size":    {bytes.Replace(good, []byte("\n1\n"), []byte("\n2\n"), 1), 0o600},
		"empty":           {[]byte{}, 0o600},
	} {
		must(t, os.WriteFile(path, c.text, 0o600))
		must(t, os.Chmod(path, c.mode))
		if err := w.keeper("staff").Start(t.Context()); err == nil {
			t.Errorf("%s: the tier starts", name)
		}
	}
	must(t, os.WriteFile(path, good, 0o600))
	must(t, os.Chmod(path, 0o600))
	must(t, w.keeper("staff").Start(t.Context()))
	must(t, os.Chmod(dir, 0o770))
	if _, err := highwater.Open(dir); err == nil {
		t.Error("a folder that others write is taken")
	}
	if _, err := highwater.Open(filepath.Join(w.state, "a", "b")); err == nil {
		t.Error("a folder is made in one that is not there")
	}
	if _, err := highwater.Open(path); err == nil {
		t.Error("a file is taken for a folder")
	}
}

// A running staff tier makes a checkpoint when a desk is nudged, and ends with a
// refusal when the database under it was rolled back.
func TestRun(t *testing.T) {
	w := newWorld(t)
	w.write(1)
	k := w.keeper("staff")
	must(t, k.Start(t.Context()))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	hub := nudge.New(w.staff, w.dsn(postgres.RoleStaff, w.database), w.log())
	var hearing sync.WaitGroup
	hearing.Go(func() { hub.Run(ctx) })
	ran := make(chan error, 1)
	hearing.Go(func() { ran <- k.Run(ctx, hub) })

	w.write(2)
	nudges := time.NewTicker(50 * time.Millisecond)
	defer nudges.Stop()
	for w.high("staff") < 3 {
		<-nudges.C // until the hub listens, nobody hears one
		must(t, ctx.Err())
		w.nudge()
	}
	w.exec(`delete from audit_checkpoint where size > 1`)
	w.exec(`delete from audit_hash where idx > 0`)
	w.exec(`delete from audit_body where idx > 0`)
	for {
		w.nudge()
		select {
		case err := <-ran:
			// It may have read the checkpoint before the rows went, and the entries after.
			if _, ok := errors.AsType[*checkpoint.Refusal](err); !ok || !errors.Is(err, logbook.ErrRolledBack) && !errors.Is(err, checkpoint.ErrMissing) {
				t.Errorf("what was running: %v, want a refusal of a log that is shorter", err)
			}
			cancel()
			hearing.Wait()
			if w.logged.count("ALARM") != 1 {
				t.Errorf("%d alarms", w.logged.count("ALARM"))
			}
			return
		case <-nudges.C:
			must(t, ctx.Err())
		}
	}
}

func (w *world) nudge() {
	w.t.Helper()
	must(w.t, w.staff.Act(w.t.Context(), postgres.Scope{Agency: "oak"}, nil, func(b *pgx.Batch) error {
		b.Queue(`select nudge_desk()`)
		return nil
	}))
}
