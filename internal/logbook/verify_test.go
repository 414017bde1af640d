package logbook_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"gatepost/crypto/statement"
	"gatepost/internal/logbook"
)

// signers are an agency's, with one worker.
type signers struct {
	text   []string // verifiers, but for the worker's
	by     map[string]note.Signer
	worker string // verifier
}

func newSigners(t testing.TB) *signers {
	t.Helper()
	s := &signers{by: map[string]note.Signer{}}
	for _, name := range []string{"log", "door", "registrar", "system", "worker/w1"} {
		skey, vkey, err := statement.NewKey("oak/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if s.by[name], err = note.NewSigner(skey); err != nil {
			t.Fatal(err)
		}
		if name == "worker/w1" {
			s.worker = vkey
		} else {
			s.text = append(s.text, vkey)
		}
	}
	return s
}

func (s *signers) keys(t testing.TB) logbook.Keys {
	t.Helper()
	k, err := logbook.ParseKeys([]byte(logbook.Keys{Agency: "oak"}.Text(s.text...)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func (s *signers) sign(t testing.TB, st statement.Statement, by ...string) []byte {
	t.Helper()
	st.Agency = "oak"
	if st.At.IsZero() {
		st.At = noon
	}
	var list []note.Signer
	for _, name := range by {
		list = append(list, s.by[name])
	}
	body, err := statement.Sign(st, list...)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func (s *signers) vouch(t testing.TB) []byte {
	return s.sign(t, statement.Statement{Event: statement.EventKey, Object: "worker/w1", Version: 1, Recipient: [32]byte{1}, Verifier: s.worker}, "registrar")
}

func (s *signers) receipt(t testing.TB, n int) []byte {
	return s.sign(t, statement.Statement{Event: statement.EventReceipt, Object: fmt.Sprint("lt", n), Part: "text", Version: 1, Exchange: fmt.Sprint("ex", n%3), Commit: [32]byte{1}}, "door")
}

func (s *signers) approve(t testing.TB, n int) []byte {
	return s.sign(t, statement.Statement{Event: statement.EventApprove, Object: fmt.Sprint("lt", n), Exchange: fmt.Sprint("ex", n%3)}, "worker/w1")
}

// history is a log of so many letters, after the worker was vouched for.
func (s *signers) history(t testing.TB, letters int) (bodies [][]byte) {
	bodies = append(bodies, s.vouch(t))
	for n := range letters {
		bodies = append(bodies, s.receipt(t, n), s.approve(t, n))
	}
	return bodies
}

// signed is the checkpoint of a log.
func (s *signers) signed(t testing.TB, bodies [][]byte) []byte {
	t.Helper()
	var tree logbook.Tree
	for _, b := range bodies {
		tree.Append(b)
	}
	text, err := tree.Checkpoint().Sign("oak", s.by["log"])
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// log is what is written out; a test changes it before.
type log struct {
	bodies      [][]byte
	hashes      []tlog.Hash // nil: of the bodies
	checkpoints [][]byte
}

func (l log) write(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "log")
	w, err := logbook.NewWriter(dir, "oak")
	if err != nil {
		t.Fatal(err)
	}
	for i, body := range l.bodies {
		leaf := tlog.RecordHash(body)
		if i < len(l.hashes) {
			leaf = l.hashes[i]
		}
		if err := w.Add(logbook.Entry{Index: int64(i), At: noon, Body: body}, leaf); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range l.checkpoints {
		if err := w.Checkpoint(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if l.hashes != nil {
		var b []byte
		for _, h := range l.hashes {
			b = append(b, h[:]...)
		}
		if err := os.WriteFile(filepath.Join(dir, "hashes.bin"), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func leaves(bodies [][]byte) (list []tlog.Hash) {
	for _, b := range bodies {
		list = append(list, tlog.RecordHash(b))
	}
	return list
}

func check(t *testing.T, dir string, k logbook.Keys, o logbook.Options) *logbook.Report {
	t.Helper()
	x, err := logbook.OpenExport(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	r, err := logbook.Verify(t.Context(), x, k, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestVerify_Sound(t *testing.T) {
	s := newSigners(t)
	bodies := s.history(t, 30)
	l := log{bodies, nil, [][]byte{s.signed(t, bodies[:1]), s.signed(t, bodies[:20]), s.signed(t, bodies[:60])}}
	// What was seen of the newest entries may have its hashes stored later.
	l.hashes = leaves(bodies[:60])
	if r := check(t, l.write(t), s.keys(t), logbook.Options{Seen: [][]byte{s.signed(t, bodies)}}); !r.Sound() || r.Seen != 1 || r.Uncovered != 1 {
		t.Errorf("seen further than its hashes: %s", r.Text())
	}
	l.hashes = nil
	r := check(t, l.write(t), s.keys(t), logbook.Options{Seen: [][]byte{s.signed(t, bodies[:33])}, Case: "ex1"})
	if !r.Sound() || r.Entries != 61 || r.Newest.Size != 60 || r.Uncovered != 1 || r.Checkpoints != 3 || r.Seen != 1 || r.Events["approve"] != 30 || len(r.Case) != 20 {
		t.Errorf("%+v\n%s", r, r.Text())
	}
	if text := r.CaseText("ex1"); !strings.Contains(text, "a worker decided that it may pass") || !strings.Contains(text, "by worker/w1") {
		t.Errorf("of the case: %s", text)
	}
	// A checkpoint of this tree that somebody else signed adds nothing to the
	// tree, and is told where signatures are looked at.
	l.checkpoints[1] = newSigners(t).signed(t, bodies[:20])
	if r := check(t, l.write(t), s.keys(t), logbook.Options{}); !slices.Equal(r.Findings, []logbook.Finding{{Kind: logbook.BadCheckpoint, From: 1, To: 1}}) {
		t.Errorf("with another's checkpoint: %s", r.Text())
	}
	if r := check(t, l.write(t), s.keys(t), logbook.Options{TreeOnly: true}); !r.Sound() || r.Signatures || !strings.Contains(r.Text(), "were not checked") {
		t.Errorf("the tree alone: %s", r.Text())
	}
}

// Each change is told by the index of the entry (cryptography: a log that is
// edited, cut, added to or put into another order).
func TestVerify_Tampered(t *testing.T) {
	s := newSigners(t)
	bodies := s.history(t, 30)
	all := leaves(bodies)
	signed := [][]byte{s.signed(t, bodies[:20]), s.signed(t, bodies)}
	other := s.receipt(t, 99)
	with := func(change func([][]byte) [][]byte) [][]byte { return change(slices.Clone(bodies)) }
	edited := with(func(b [][]byte) [][]byte { b[7] = other; return b })
	for _, c := range []struct {
		name string
		log  log
		want []logbook.Finding
	}{
		{"edited", log{edited, all, signed}, []logbook.Finding{{Kind: logbook.Edited, From: 7, To: 7}}},
		{"one bit", log{with(func(b [][]byte) [][]byte {
			b[7] = bytes.Clone(b[7])
			b[7][30] ^= 1
			return b
		}), all, signed}, []logbook.Finding{{Kind: logbook.Edited, From: 7, To: 7}}},
		{"edited with its hash", log{edited, leaves(edited), signed}, []logbook.Finding{{Kind: logbook.Changed, From: 0, To: 19}}},
		{"deleted", log{with(func(b [][]byte) [][]byte { return slices.Delete(b, 7, 8) }), all, signed}, []logbook.Finding{{Kind: logbook.Missing, From: 7, To: 7}}},
		{"two deleted", log{with(func(b [][]byte) [][]byte { return slices.Delete(b, 40, 42) }), all, signed},
			[]logbook.Finding{{Kind: logbook.Missing, From: 40, To: 41}}},
		{"the last deleted", log{bodies[:58], all, signed}, []logbook.Finding{{Kind: logbook.Missing, From: 58, To: 60}}},
		{"the last deleted with their hashes", log{bodies[:58], nil, signed}, []logbook.Finding{{Kind: logbook.Missing, From: 58, To: 60}}},
		{"inserted", log{with(func(b [][]byte) [][]byte { return slices.Insert(b, 7, other) }), all, signed}, []logbook.Finding{{Kind: logbook.Inserted, From: 7, To: 7}}},
		{"inserted at the end", log{with(func(b [][]byte) [][]byte { return append(b, other) }), all, signed}, nil}, // a log may grow
		{"one twice, at the end", log{with(func(b [][]byte) [][]byte { return append(b, bodies[30]) }), all, signed}, []logbook.Finding{{Kind: logbook.Inserted, From: 61, To: 61}}},
		{"two exchanged from afar", log{with(func(b [][]byte) [][]byte { b[7], b[50] = b[50], b[7]; return b }), all, signed},
			[]logbook.Finding{{Kind: logbook.Moved, From: 7, To: 7}, {Kind: logbook.Moved, From: 50, To: 50}}},
		{"two exchanged", log{with(func(b [][]byte) [][]byte { b[7], b[8] = b[8], b[7]; return b }), all, signed}, []logbook.Finding{{Kind: logbook.Moved, From: 8, To: 8}}},
		{"one carried far ahead", log{with(func(b [][]byte) [][]byte { return slices.Insert(slices.Delete(b, 50, 51), 7, bodies[50]) }), all, signed},
			[]logbook.Finding{{Kind: logbook.Moved, From: 50, To: 50}}},
		{"two inserted", log{with(func(b [][]byte) [][]byte { return slices.Insert(b, 7, other, s.receipt(t, 98)) }), all, signed},
			[]logbook.Finding{{Kind: logbook.Inserted, From: 7, To: 7}, {Kind: logbook.Inserted, From: 8, To: 8}}},
		{"one twice", log{with(func(b [][]byte) [][]byte { return slices.Insert(b, 30, bodies[7]) }), all, signed}, []logbook.Finding{{Kind: logbook.Inserted, From: 30, To: 30}}},
		{"one twice, early", log{with(func(b [][]byte) [][]byte { return slices.Insert(b, 7, bodies[30]) }), all, signed}, []logbook.Finding{{Kind: logbook.Inserted, From: 7, To: 7}}},
		{"one three times", log{with(func(b [][]byte) [][]byte { return slices.Insert(slices.Insert(b, 12, bodies[30]), 7, bodies[30]) }), all, signed},
			[]logbook.Finding{{Kind: logbook.Inserted, From: 7, To: 7}, {Kind: logbook.Inserted, From: 12, To: 12}}},
		{"edited, and the next deleted", log{slices.Delete(slices.Clone(edited), 8, 9), all, signed},
			[]logbook.Finding{{Kind: logbook.Edited, From: 7, To: 7}, {Kind: logbook.Missing, From: 8, To: 8}}},
		{"all but the ends deleted", log{with(func(b [][]byte) [][]byte { return slices.Delete(b, 1, 60) }), all, signed}, []logbook.Finding{{Kind: logbook.Missing, From: 1, To: 59}}},
		{"no checkpoint", log{bodies, nil, nil}, []logbook.Finding{{Kind: logbook.Unvouched, From: 0, To: 60}}},
		{"nobody's checkpoint", log{bodies, nil, [][]byte{newSigners(t).signed(t, bodies)}}, []logbook.Finding{{Kind: logbook.BadCheckpoint}, {Kind: logbook.Unvouched, From: 0, To: 60}}},
		{"one carried far", log{with(func(b [][]byte) [][]byte { return slices.Insert(slices.Delete(b, 7, 8), 50, bodies[7]) }), all, signed},
			[]logbook.Finding{{Kind: logbook.Moved, From: 7, To: 7}}},
		{"a checkpoint of somebody else", log{bodies, nil, [][]byte{newSigners(t).signed(t, edited), signed[1]}}, []logbook.Finding{{Kind: logbook.BadCheckpoint}}},
		{"two trees of one size", log{bodies, nil, [][]byte{s.signed(t, edited[:20]), signed[0], signed[1]}},
			[]logbook.Finding{{Kind: logbook.Forked, From: 19, To: 19}}},
		{"two trees of one size, and neither is this", log{bodies, nil, [][]byte{s.signed(t, edited[:20]), s.signed(t, slices.Concat(edited[:19], [][]byte{other})), signed[1]}},
			[]logbook.Finding{{Kind: logbook.Changed, From: 0, To: 19}, {Kind: logbook.Forked, From: 19, To: 19}}},
	} {
		dir := c.log.write(t)
		for _, treeOnly := range []bool{false, true} {
			got := check(t, dir, s.keys(t), logbook.Options{TreeOnly: treeOnly}).Findings
			if !slices.Equal(got, c.want) {
				t.Errorf("%s (tree only: %v): %v, want %v", c.name, treeOnly, got, c.want)
			}
		}
	}
}

func TestVerify_Signatures(t *testing.T) {
	s, stranger := newSigners(t), newSigners(t)
	for _, c := range []struct {
		name   string
		bodies [][]byte
		want   []logbook.Finding
		told   []logbook.Finding
	}{
		{"a worker before they were vouched for", [][]byte{s.approve(t, 1), s.vouch(t), s.approve(t, 2)}, []logbook.Finding{{Kind: logbook.Unsigned}}, nil},
		{"a worker whom nobody vouched for", [][]byte{s.approve(t, 1)}, []logbook.Finding{{Kind: logbook.Unsigned}}, nil},
		{"another's key", [][]byte{s.vouch(t), stranger.approve(t, 1)}, []logbook.Finding{{Kind: logbook.Unsigned, From: 1, To: 1}}, nil},
		{"no statement", [][]byte{[]byte("entry 4 4 2026-05-04T12:00:00Z\nmore"), s.vouch(t)}, []logbook.Finding{{Kind: logbook.Unsigned}}, nil},
		{"one that a void names", [][]byte{stranger.receipt(t, 1), s.void(t, stranger.receipt(t, 1))}, nil, []logbook.Finding{{Kind: logbook.Voided}}},
		{"a void before it", [][]byte{s.void(t, stranger.receipt(t, 1)), stranger.receipt(t, 1)},
			[]logbook.Finding{{Kind: logbook.WrongVoid}, {Kind: logbook.Unsigned, From: 1, To: 1}}, nil},
		{"a void of what counts", [][]byte{s.receipt(t, 1), s.void(t, s.receipt(t, 1))}, []logbook.Finding{{Kind: logbook.WrongVoid, From: 1, To: 1}}, nil},
	} {
		r := check(t, log{c.bodies, nil, [][]byte{s.signed(t, c.bodies)}}.write(t), s.keys(t), logbook.Options{})
		if !slices.Equal(r.Findings, c.want) || !slices.Equal(r.Told, c.told) {
			t.Errorf("%s: %v, told %v, want %v and %v", c.name, r.Findings, r.Told, c.want, c.told)
		}
	}
}

func (s *signers) void(t testing.TB, body []byte) []byte {
	return s.sign(t, statement.Statement{Event: statement.EventVoid, Object: "log", Refs: [][32]byte{statement.Leaf(body)}}, "registrar")
}

// What the reader kept is in the log, or was given up in the registrar's words, or two logs were shown.
func TestVerify_Seen(t *testing.T) {
	s := newSigners(t)
	old := s.history(t, 30)
	seen := s.signed(t, old)
	var tree logbook.Tree
	for _, b := range old {
		tree.Append(b)
	}
	word := s.sign(t, logbook.Restored{Kept: 40, Lost: tree.Checkpoint()}.Statement("oak", noon), "registrar")
	again := slices.Concat(old[:40], [][]byte{word, s.receipt(t, 50)})
	for _, c := range []struct {
		name   string
		bodies [][]byte
		want   []logbook.Finding
		given  int
	}{
		{"contained", append(slices.Clone(old), s.receipt(t, 50)), nil, 0},
		{"cut off", old[:40], []logbook.Finding{{Kind: logbook.RolledBack, From: 40, To: 60}}, 0},
		{"another", append(slices.Clone(old[:40]), s.history(t, 20)...), []logbook.Finding{{Kind: logbook.Forked, From: 0, To: 60}}, 0},
		{"restored", again, nil, 1},
		{"a word at another place", slices.Concat(old[:39], [][]byte{word}), []logbook.Finding{{Kind: logbook.RolledBack, From: 40, To: 60}}, 0},
	} {
		r := check(t, log{c.bodies, nil, [][]byte{s.signed(t, c.bodies)}}.write(t), s.keys(t), logbook.Options{Seen: [][]byte{seen}})
		if !slices.Equal(r.Findings, c.want) || len(r.GivenUp) != c.given {
			t.Errorf("%s: %v, given up %v, want %v", c.name, r.Findings, r.GivenUp, c.want)
		}
	}
}

// An entry that the database does not have is named, and its hash with it.
func TestExport_Gaps(t *testing.T) {
	s := newSigners(t)
	bodies := make([][]byte, 10_050)
	for i := range bodies {
		bodies[i] = fmt.Appendf(nil, "entry number %d", i)
	}
	signed, all := [][]byte{s.signed(t, bodies[:5]), s.signed(t, bodies)}, leaves(bodies)
	for _, i := range []int{7, 9_999, 10_000} {
		bodies[i] = nil
	}
	want := []logbook.Finding{{Kind: logbook.Missing, From: 7, To: 7}, {Kind: logbook.Missing, From: 9_999, To: 10_000}}
	if r := check(t, log{bodies, all, signed}.write(t), s.keys(t), logbook.Options{TreeOnly: true}); !slices.Equal(r.Findings, want) {
		t.Errorf("gone: %v", r.Findings)
	}
	all[7] = tlog.Hash{}
	want = append([]logbook.Finding{{Kind: logbook.Changed, From: 5, To: 10_049}}, want...)
	if r := check(t, log{bodies, all, signed}.write(t), s.keys(t), logbook.Options{TreeOnly: true}); !slices.Equal(r.Findings, want) {
		t.Errorf("gone with its hash: %v", r.Findings)
	}
}

// More than one file of entries, and a body that looks like the head of an entry.
func TestExport_Chunks(t *testing.T) {
	s := newSigners(t)
	var bodies [][]byte
	for i := range 10_003 {
		bodies = append(bodies, fmt.Appendf(nil, "entry %d 3 2026-05-04T12:00:00Z\nentry %d", i, i))
	}
	dir := log{bodies, nil, [][]byte{s.signed(t, bodies)}}.write(t)
	if r := check(t, dir, s.keys(t), logbook.Options{TreeOnly: true}); !r.Sound() || r.Entries != 10_003 {
		t.Error(r.Text())
	}
	for _, name := range []string{"entries-0000000000.txt", "entries-0000010000.txt"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	must(t, os.Remove(filepath.Join(dir, "entries-0000000000.txt")))
	want := []logbook.Finding{{Kind: logbook.Missing, From: 0, To: 9_999}}
	if r := check(t, dir, s.keys(t), logbook.Options{TreeOnly: true}); !slices.Equal(r.Findings, want) {
		t.Errorf("without a file: %v", r.Findings)
	}
}

func TestParseKeys(t *testing.T) {
	s, elm := newSigners(t), strings.ReplaceAll(newSigners(t).text[0], "oak/", "elm/")
	for name, text := range map[string]string{"nothing": "# nothing\n", "no log": s.text[1], "two agencies": s.text[0] + "\n" + elm, "a worker's": s.text[0] + "\n" + s.worker, "cut": s.text[0][:20]} {
		if _, err := logbook.ParseKeys([]byte(text)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestProof(t *testing.T) {
	s := newSigners(t)
	bodies := s.history(t, 20)
	var tree logbook.Tree
	var hashes stored
	for _, b := range bodies {
		hashes = append(hashes, tree.Append(b)...)
	}
	signed := s.signed(t, bodies)
	for i, body := range bodies {
		p, err := logbook.Prove(int64(i), body, tree.Checkpoint(), signed, hashes)
		if err != nil {
			t.Fatal(err)
		}
		p, err = logbook.ParseProof(p.Text())
		if err != nil {
			t.Fatal(err)
		}
		under, st, own, err := p.Check(s.keys(t))
		if err != nil || under != tree.Checkpoint() || own != (st.Event != statement.EventApprove) {
			t.Errorf("entry %d: %v, %v, %v", i, under, own, err)
		}
		for _, change := range []func(*logbook.Proof){
			func(p *logbook.Proof) { p.Index++ },
			func(p *logbook.Proof) { p.Body = bodies[(i+1)%len(bodies)] },
			func(p *logbook.Proof) { p.Path = p.Path[1:] },
			func(p *logbook.Proof) { p.Checkpoint = newSigners(t).signed(t, bodies) },
		} {
			bad := p
			change(&bad)
			if _, _, _, err := bad.Check(s.keys(t)); !errors.Is(err, logbook.ErrProof) {
				t.Errorf("entry %d: a changed proof holds: %v", i, err)
			}
		}
	}
}

func FuzzParseProof(f *testing.F) {
	s := newSigners(f)
	bodies := s.history(f, 3)
	var tree logbook.Tree
	var hashes stored
	for _, b := range bodies {
		hashes = append(hashes, tree.Append(b)...)
	}
	p, err := logbook.Prove(2, bodies[2], tree.Checkpoint(), s.signed(f, bodies), hashes)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(p.Text())
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := logbook.ParseProof(text)
		if err != nil {
			return
		}
		if _, _, _, err := p.Check(s.keys(t)); err == nil && !bytes.Contains(text, bodies[2][:10]) && !slices.ContainsFunc(bodies, func(b []byte) bool { return bytes.Equal(b, p.Body) }) {
			t.Errorf("a made up entry is proved: %q", p.Body)
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	f.Add([]byte(logbook.Keys{Agency: "oak"}.Text(newSigners(f).text...)))
	f.Fuzz(func(t *testing.T, text []byte) {
		if k, err := logbook.ParseKeys(text); err == nil && len(k.Log) == 0 {
			t.Error("no key of a log")
		}
	})
}

// Nothing in a folder of an export makes the reader fall, or run for ever.
func FuzzVerify(f *testing.F) {
	s := newSigners(f)
	bodies := s.history(f, 2)
	var entries []byte
	for i, b := range bodies {
		entries = fmt.Appendf(entries, "entry %d %d 2026-05-04T12:00:00Z\n%s\n", i, len(b), b)
	}
	var hashes []byte
	for _, h := range leaves(bodies) {
		hashes = append(hashes, h[:]...)
	}
	signed := s.signed(f, bodies)
	f.Add(entries, hashes, fmt.Appendf(nil, "checkpoint %d\n%s\n", len(signed), signed))
	f.Fuzz(func(t *testing.T, entries, hashes, checkpoints []byte) {
		x, err := logbook.OpenExport(fstest.MapFS{"entries-0000000000.txt": {Data: entries}, "hashes.bin": {Data: hashes}, "checkpoints.txt": {Data: checkpoints}})
		if err != nil {
			t.Fatal(err)
		}
		r, err := logbook.Verify(t.Context(), x, s.keys(t), logbook.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Sound() && r.Newest.Size > 0 && !bytes.Contains(entries, bodies[0]) {
			t.Error("a log that was never signed is sound")
		}
		_ = r.Text()
	})
}
