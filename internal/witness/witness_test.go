package witness_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"gatepost/crypto/cosign"
	"gatepost/crypto/statement"
	"gatepost/internal/highwater"
	"gatepost/internal/logbook"
	"gatepost/internal/witness"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// agency signs a log, and world is a witness of it.
type agency struct {
	t       testing.TB
	signers map[string]note.Signer
	keys    logbook.Keys
}

type world struct {
	agency
	dir    string
	signer *cosign.Signer
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{agency: newAgency(t), dir: filepath.Join(t.TempDir(), "state")}
	key := filepath.Join(t.TempDir(), "witness.key")
	_, err := witness.NewKey(key, "witness.example/oak")
	must(t, err)
	w.signer, err = witness.ReadKey(key, func() time.Time { return noon })
	must(t, err)
	return w
}

func newAgency(t testing.TB) agency {
	t.Helper()
	a := agency{t: t, signers: map[string]note.Signer{}}
	var text []string
	for _, role := range []string{"log", "door", "registrar", "system"} {
		skey, vkey, err := statement.NewKey("oak/" + role)
		must(t, err)
		a.signers[role], err = note.NewSigner(skey)
		must(t, err)
		text = append(text, vkey)
	}
	var err error
	a.keys, err = logbook.ParseKeys([]byte(logbook.Keys{Agency: "oak"}.Text(text...)))
	must(t, err)
	return a
}

// entries are receipts; from tells two logs apart.
func (a agency) entries(n int, from string) (bodies [][]byte) {
	for i := range n {
		body, err := statement.Sign(statement.Statement{Agency: "oak", Event: statement.EventReceipt, Object: fmt.Sprintf("lt%s%d", from, i), Part: "text",
			Version: 1, Commit: [32]byte{1}, At: noon}, a.signers["door"])
		must(a.t, err)
		bodies = append(bodies, body)
	}
	return bodies
}

func (a agency) checkpoint(bodies [][]byte) []byte {
	var tree logbook.Tree
	for _, b := range bodies {
		tree.Append(b)
	}
	text, err := tree.Checkpoint().Sign("oak", a.signers["log"])
	must(a.t, err)
	return text
}

// restored is the log after a restore of the first kept of bodies.
func (a agency) restored(bodies [][]byte, kept int) [][]byte {
	var tree logbook.Tree
	for _, b := range bodies {
		tree.Append(b)
	}
	word, err := statement.Sign(logbook.Restored{Kept: int64(kept), Lost: tree.Checkpoint()}.Statement("oak", noon), a.signers["registrar"])
	must(a.t, err)
	return append(slices.Clone(bodies[:kept]), word)
}

// export writes a log with checkpoints of these sizes; of all of it for none.
func (a agency) export(bodies [][]byte, sizes ...int) string {
	a.t.Helper()
	dir := filepath.Join(a.t.TempDir(), "log")
	out, err := logbook.NewWriter(dir, "oak")
	must(a.t, err)
	for i, b := range bodies {
		must(a.t, out.Add(logbook.Entry{Index: int64(i), At: noon, Body: b}, tlog.RecordHash(b)))
	}
	if sizes == nil {
		sizes = []int{len(bodies)}
	}
	for _, n := range sizes {
		must(a.t, out.Checkpoint(a.checkpoint(bodies[:n])))
	}
	must(a.t, out.Close())
	return dir
}

// look is one run of the command, with a signature.
func (w *world) look(dir string, restored bool) (witness.Result, error) {
	w.t.Helper()
	state, err := highwater.Open(w.dir)
	must(w.t, err)
	return witness.Look(w.t.Context(), witness.Order{Dir: dir, Keys: w.keys, State: state, Sign: w.signer, Restored: restored})
}

// files are the folder's, with what they hold.
func (w *world) files() map[string]string {
	w.t.Helper()
	list, err := os.ReadDir(w.dir)
	must(w.t, err)
	files := map[string]string{}
	for _, f := range list {
		text, err := os.ReadFile(filepath.Join(w.dir, f.Name()))
		must(w.t, err)
		files[f.Name()] = string(text)
	}
	return files
}

// cosigned is how far the witness has said that it saw.
func (w *world) cosigned() int64 {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, "oak.cosigned"))
	must(w.t, err)
	c, err := logbook.ParseCosigned(text, "oak", w.keys.Log, w.signer.Verifier())
	must(w.t, err)
	if !c.At.Equal(noon) {
		w.t.Errorf("cosigned at %v", c.At)
	}
	return c.Size
}

// A log that goes on is remembered and cosigned; every other is refused with its
// entries named, and nothing of it stays.
func TestLook(t *testing.T) {
	w := newWorld(t)
	bodies := w.entries(30, "a")
	res, err := w.look(w.export(bodies[:10]), false)
	if err != nil || res.Before.Size != 0 || res.Now.Size != 10 || w.cosigned() != 10 {
		t.Fatalf("the first: %+v, %v", res, err)
	}
	res, err = w.look(w.export(bodies[:20], 5, 10, 20), false)
	if err != nil || res.Before.Size != 10 || res.Now.Size != 20 || w.cosigned() != 20 {
		t.Fatalf("gone on: %+v, %v", res, err)
	}
	must(t, os.Remove(res.Cosigned))
	if res, err = w.look(w.export(bodies[:20]), false); err != nil || res.Now.Size != 20 || w.cosigned() != 20 {
		t.Errorf("nothing new: %+v, %v", res, err)
	}
	before := w.files()
	edited := slices.Clone(bodies)
	edited[7] = bytes.Replace(edited[7], []byte("object lta7"), []byte("object lta8"), 1)
	other := slices.Concat(bodies[:15], w.entries(15, "b"))
	exchanged := slices.Clone(bodies)
	exchanged[3], exchanged[4] = exchanged[4], exchanged[3]
	for _, c := range []struct {
		name string
		dir  string
		want logbook.Finding
	}{
		{"cut off", w.export(bodies[:12]), logbook.Finding{Kind: logbook.RolledBack, From: 12, To: 19}},
		{"another log of more entries", w.export(other), logbook.Finding{Kind: logbook.Forked, From: 0, To: 19}},
		{"another log of as many", w.export(other[:20]), logbook.Finding{Kind: logbook.Forked, From: 0, To: 19}},
		{"an older entry exchanged and all signed anew", w.export(exchanged), logbook.Finding{Kind: logbook.Forked, From: 0, To: 19}},
		{"an entry that its signer did not sign", w.export(edited), logbook.Finding{Kind: logbook.Unsigned, From: 7, To: 7}},
	} {
		res, err := w.look(c.dir, false)
		if !errors.Is(err, logbook.ErrUnsound) || res.Cosigned != "" || res.Report == nil || !slices.Contains(res.Report.Findings, c.want) {
			t.Errorf("%s: %v, %+v", c.name, err, res.Report)
		}
	}
	for name, dir := range map[string]string{"nothing": filepath.Join(w.dir, "none"), "another agency's": func() string {
		stranger := newAgency(t)
		return stranger.export(stranger.entries(25, "a"))
	}()} {
		if _, err := w.look(dir, false); err == nil {
			t.Errorf("%s is remembered", name)
		}
	}
	if _, err := w.look(w.export(bodies), true); err == nil {
		t.Error("a restore that nobody states is gone along with")
	}
	if after := w.files(); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("what was refused has changed the folder:\n%v\n%v", before, after)
	}
	if res, err = w.look(w.export(bodies), false); err != nil || res.Now.Size != 30 || w.cosigned() != 30 {
		t.Errorf("gone on after all: %+v, %v", res, err)
	}
}

// A proof that the log goes on does as well as all of it, and what is no proof is
// refused.
func TestLook_Proof(t *testing.T) {
	w := newWorld(t)
	bodies, other := w.entries(30, "a"), w.entries(30, "b")
	look := func(bodies [][]byte, old int64, restored bool) (witness.Result, error) {
		t.Helper()
		var hashes []tlog.Hash
		var tree logbook.Tree
		for _, b := range bodies {
			hashes = append(hashes, tree.Append(b)...)
		}
		read := tlog.HashReaderFunc(func(at []int64) (list []tlog.Hash, _ error) {
			for _, i := range at {
				list = append(list, hashes[i])
			}
			return list, nil
		})
		proof, err := logbook.Extend(old, tree.Checkpoint(), w.checkpoint(bodies), read)
		must(t, err)
		state, err := highwater.Open(w.dir)
		must(t, err)
		return witness.Look(t.Context(), witness.Order{Proof: &proof, Keys: w.keys, State: state, Sign: w.signer, Restored: restored})
	}
	if res, err := look(bodies[:10], 0, false); err != nil || res.Now.Size != 10 || w.cosigned() != 10 {
		t.Fatalf("the first: %+v, %v", res, err)
	}
	if res, err := w.look(w.export(bodies[:20]), false); err != nil || res.Before.Size != 10 {
		t.Fatalf("an export between: %+v, %v", res, err)
	}
	if res, err := look(bodies, 20, false); err != nil || res.Before.Size != 20 || res.Now.Size != 30 || w.cosigned() != 30 {
		t.Fatalf("gone on: %+v, %v", res, err)
	}
	before := w.files()
	for name, c := range map[string]struct {
		bodies [][]byte
		old    int64
		want   error
		words  string
	}{
		"from too early":     {bodies, 20, logbook.ErrExtension, "ask for gatepost audit extend 30"},
		"another log":        {other, 30, logbook.ErrForked, "ask for the whole export"},
		"fewer entries":      {bodies[:25], 20, logbook.ErrRolledBack, "entries 25 to 29 were seen and are not there"},
		"to a new beginning": {other, 0, logbook.ErrExtension, "30 were seen"},
	} {
		if _, err := look(c.bodies, c.old, false); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := look(bodies, 30, true); err == nil {
		t.Error("a restore is taken from a proof")
	}
	if after := w.files(); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("what was refused has changed the folder")
	}
}

// Entries whose checkpoint was lost are there, and what was seen stays the
// largest.
func TestLook_CheckpointLost(t *testing.T) {
	w := newWorld(t)
	bodies := w.entries(12, "a")
	_, err := w.look(w.export(bodies[:10]), false)
	must(t, err)
	res, err := w.look(w.export(bodies, 6), false)
	if err != nil || res.Report.Newest.Size != 6 || res.Now.Size != 10 || w.cosigned() != 10 {
		t.Errorf("%+v, %v", res, err)
	}
}

// A restore is gone along with when the witness has heard of it, and once: what
// was seen after it cannot be given up by the same word.
func TestLook_Restored(t *testing.T) {
	w := newWorld(t)
	old := w.entries(30, "a")
	_, err := w.look(w.export(old[:25]), false)
	must(t, err)
	begun := w.restored(old, 11)
	again := slices.Concat(begun, w.entries(13, "b")) // 25, as many as were seen
	for _, restored := range []bool{false, true} {
		if _, err := w.look(w.export(begun[:11]), restored); err == nil {
			t.Errorf("cut off without a word of the registrar's: remembered (%v)", restored)
		}
	}
	before := w.files()
	if _, err := w.look(w.export(again), false); !errors.Is(err, witness.ErrRestored) {
		t.Errorf("a restore of which nobody told: %v", err)
	}
	if fmt.Sprint(w.files()) != fmt.Sprint(before) {
		t.Error("it has changed the folder")
	}
	res, err := w.look(w.export(again), true)
	if err != nil || res.Before.Size != 25 || res.Now.Size != 25 || res.Before == res.Now || w.cosigned() != 25 {
		t.Fatalf("a restore that was told: %+v, %v", res, err)
	}
	if w.files()["oak.before-25"] != before["oak.checkpoint"] {
		t.Error("what was given up is not kept")
	}
	for _, restored := range []bool{false, true} {
		if _, err := w.look(w.export(again[:15]), restored); !errors.Is(err, witness.ErrCut) {
			t.Errorf("cut off after the restore (%v): %v", restored, err)
		}
		fork := slices.Concat(begun, w.entries(13, "c"))
		if _, err := w.look(w.export(fork), restored); !errors.Is(err, witness.ErrCut) {
			t.Errorf("another log after the restore (%v): %v", restored, err)
		}
	}
	more := slices.Concat(again, w.entries(5, "d"))
	if res, err := w.look(w.export(more), false); err != nil || res.Now.Size != 30 {
		t.Errorf("gone on: %+v, %v", res, err)
	}
	// A second restore has a word of its own.
	if res, err := w.look(w.export(w.restored(more, 20)), true); err != nil || res.Now.Size != 21 {
		t.Errorf("restored once more: %+v, %v", res, err)
	}
}

// Of two logs that are shown at once one is remembered, whichever.
func TestLook_Together(t *testing.T) {
	w := newWorld(t)
	one, two := w.entries(6, "a"), w.entries(6, "b")
	dirs := []string{w.export(one), w.export(two)}
	for range 10 {
		w.dir = filepath.Join(t.TempDir(), "state")
		state, err := highwater.Open(w.dir)
		must(t, err)
		var all sync.WaitGroup
		var held [2]bool
		for i, dir := range dirs {
			all.Go(func() {
				_, err := witness.Look(t.Context(), witness.Order{Dir: dir, Keys: w.keys, State: state, Sign: w.signer})
				held[i] = err == nil
				if err != nil && !errors.Is(err, logbook.ErrUnsound) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if held[0] == held[1] {
			t.Fatalf("held: %v", held)
		}
		kept, err := logbook.ParseCheckpoint([]byte(w.files()["oak.checkpoint"]), "oak", w.keys.Log)
		must(t, err)
		want, err := logbook.ParseCheckpoint(w.checkpoint(map[bool][][]byte{true: one, false: two}[held[0]]), "oak", w.keys.Log)
		must(t, err)
		if kept != want {
			t.Error("the other one is remembered")
		}
	}
}

// What is not the witness's own counts for nothing.
func TestLook_Folder(t *testing.T) {
	w := newWorld(t)
	dir := w.export(w.entries(5, "a"))
	_, err := w.look(dir, false)
	must(t, err)
	path := filepath.Join(w.dir, "oak.checkpoint")
	stranger := newAgency(t)
	must(t, os.WriteFile(path, stranger.checkpoint(stranger.entries(3, "a")), 0o600))
	if _, err := w.look(dir, false); err == nil || !strings.Contains(err.Error(), "is not signed by the key of this log") {
		t.Errorf("another log's checkpoint: %v", err)
	}
	must(t, os.Chmod(path, 0o666))
	if _, err := w.look(dir, false); err == nil || !strings.Contains(err.Error(), "can be written by others") {
		t.Errorf("a file that others write: %v", err)
	}
}

// A folder that was lost goes on from what was handed out.
func TestLook_FolderLost(t *testing.T) {
	w := newWorld(t)
	bodies := w.entries(12, "a")
	res, err := w.look(w.export(bodies[:9]), false)
	must(t, err)
	handed, err := os.ReadFile(res.Cosigned)
	must(t, err)
	w.dir = filepath.Join(t.TempDir(), "state")
	must(t, os.Mkdir(w.dir, 0o700))
	must(t, os.WriteFile(filepath.Join(w.dir, "oak.checkpoint"), handed, 0o600))
	if _, err := w.look(w.export(bodies[:7]), false); !errors.Is(err, logbook.ErrUnsound) {
		t.Errorf("cut off: %v", err)
	}
	if res, err := w.look(w.export(bodies), false); err != nil || res.Before.Size != 9 || w.cosigned() != 12 {
		t.Errorf("gone on: %+v, %v", res, err)
	}
}

// A key is its owner's alone, and is never written over.
func TestKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "witness.key")
	vkey, err := witness.NewKey(path, "witness.example/oak")
	must(t, err)
	first, err := os.ReadFile(path)
	must(t, err)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key is %v, %v", info.Mode(), err)
	}
	s, err := witness.ReadKey(path, time.Now)
	if err != nil || s.Verifier().String() != vkey {
		t.Errorf("read %v, %v", s, err)
	}
	refused := func(what, words string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), strings.TrimSpace(string(first))) {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err = witness.NewKey(path, "witness.example/elm")
	refused("over another", "is not overwritten", err)
	_, err = witness.NewKey(path+"2", "a name")
	refused("a name with a space", "cannot be a witness's name", err)
	if again, err := os.ReadFile(path); err != nil || !bytes.Equal(again, first) {
		t.Error("the key was written over")
	}
	_, err = witness.ReadKey(path+"3", time.Now)
	refused("not there", "is not there", err)
	must(t, os.WriteFile(path+"4", append([]byte("x"), first...), 0o600))
	_, err = witness.ReadKey(path+"4", time.Now)
	refused("damaged", "is not the key of a witness", err)
	must(t, os.Chmod(path, 0o640))
	_, err = witness.ReadKey(path, time.Now)
	refused("open", "chmod 600", err)
}
