package logbook

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"gatepost/crypto/statement"
)

// Kind says what is wrong, or is to be told, about a place of a log.
type Kind string

const (
	// Edited: an entry is not the one whose hash stands at its place.
	Edited Kind = "edited"
	// Missing: entries that the log had are not there.
	Missing Kind = "missing"
	// Inserted: an entry stands there that the log never had.
	Inserted Kind = "inserted"
	// Moved: an entry stands at another place than the log had it.
	Moved Kind = "moved"
	// Changed: the tree is not the one that was signed; somewhere in the range
	// entries and hashes were exchanged together.
	Changed Kind = "changed"
	// Unsigned: an entry is not signed as its event requires, and no void names it.
	Unsigned Kind = "unsigned"
	// Voided: an entry that does not count, and a void says so. It is told and no fault.
	Voided Kind = "void"
	// WrongVoid: a void names an entry that counts.
	WrongVoid Kind = "wrong void"
	// Forked: two trees of one size were signed, or the log does not contain what was seen.
	Forked Kind = "forked"
	// RolledBack: the log is shorter than what was seen.
	RolledBack Kind = "rolled back"
	// BadCheckpoint: a checkpoint is not one of this log; From is its number in the file.
	BadCheckpoint Kind = "bad checkpoint"
)

// Finding is something about the entries From to To, both included.
type Finding struct {
	Kind     Kind
	From, To int64
}

// MaxFindings is how many findings a report lists; the rest is counted.
const MaxFindings = 100

// window is how far a missing or moved entry is looked for.
const window = 1000

// Report is what Verify found.
type Report struct {
	Agency      string
	Entries     int64
	From, To    time.Time        // of the first and the last entry, by the database's clock
	Newest      Checkpoint       // the newest checkpoint that holds; of size 0 if none does
	Checkpoints int              // that hold
	Uncovered   int64            // entries after the newest checkpoint
	Signatures  bool             // whether they were checked
	Events      map[string]int64 // entries that count, by event; with Signatures only
	Restored    []Restored       // told: the log went on from a backup
	Findings    []Finding        // the first MaxFindings faults
	Told        []Finding        // voids
	More        int64            // faults beyond those listed
	Case        []CaseEntry      // of the exchange that was asked for
	Seen        int              // checkpoints given by the reader that the log contains
	GivenUp     []Checkpoint     // those that a restored statement gives up
}

// CaseEntry is one entry about a case.
type CaseEntry struct {
	Index int64
	*statement.Statement
}

// Sound tells whether nothing is wrong.
func (r *Report) Sound() bool { return len(r.Findings) == 0 }

func (r *Report) found(k Kind, from, to int64) {
	if len(r.Findings) == MaxFindings {
		r.More++
		return
	}
	r.Findings = append(r.Findings, Finding{k, from, to})
}

// Options are what a reader brings.
type Options struct {
	Seen     [][]byte // checkpoints that the reader kept from elsewhere or earlier
	TreeOnly bool     // leave the signatures of entries out
	Case     string   // the exchange whose entries are wanted; empty for none
}

// Verify checks a whole export: that each entry has the hash that stands at its
// place, that the tree over the hashes is the one of every checkpoint and of
// what the reader has seen before, and that each entry is signed as its event
// requires, by workers for whom the registrar vouched earlier in the log. What
// is wrong is in the report; the error is of reading only. Memory: 32 bytes an
// entry, one file of entries, and the workers' keys.
func Verify(ctx context.Context, x *Export, keys Keys, o Options) (*Report, error) {
	r := &Report{Agency: keys.Agency, Signatures: !o.TreeOnly && len(keys.Others) > 0, Events: map[string]int64{}}
	hashes, err := x.Hashes()
	if err != nil {
		return nil, err
	}
	r.Entries = int64(len(hashes))
	marks, err := r.marks(x, keys, o.Seen)
	if err != nil {
		return nil, err
	}
	pending := r.checkTree(hashes, marks)
	w := &walk{Report: r, keys: keys, hashes: hashes, wanted: o.Case, known: maps.Clone(keys.Others),
		since: map[string]int64{}, missed: map[tlog.Hash]int64{}, voids: map[[32]byte]int64{}}
	err = x.Chunks(func(list []Entry) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		w.chunk(list)
		return nil
	})
	if err != nil {
		return nil, err
	}
	w.end()
	r.settle(pending)
	return r, nil
}

// mark is a checkpoint that the tree has to pass.
type mark struct {
	Checkpoint
	seen bool // brought by the reader
}

func (r *Report) marks(x *Export, keys Keys, seen [][]byte) ([]mark, error) {
	stored, err := x.Checkpoints()
	if err != nil {
		return nil, err
	}
	var list []mark
	for i, text := range append(stored, seen...) {
		c, err := ParseCheckpoint(text, keys.Agency, keys.Log)
		switch {
		case err != nil && i >= len(stored):
			return nil, fmt.Errorf("checkpoint %d that was seen: %w", i-len(stored)+1, err)
		case err != nil:
			r.found(BadCheckpoint, int64(i), int64(i))
		default:
			list = append(list, mark{c, i >= len(stored)})
		}
	}
	slices.SortStableFunc(list, func(a, b mark) int { return int(min(max(a.Size-b.Size, -1), 1)) })
	for i := 1; i < len(list); i++ {
		if a, b := list[i-1], list[i]; a.Size == b.Size && a.Root != b.Root && !a.seen && !b.seen {
			r.found(Forked, a.Size-1, a.Size-1)
		}
	}
	return list, nil
}

// checkTree grows the tree and holds it against each mark. It gives those that
// the reader saw and the tree does not contain.
func (r *Report) checkTree(hashes []tlog.Hash, marks []mark) (pending []mark) {
	var tree Tree
	good, wrong := int64(0), false
	for _, m := range marks {
		for tree.Size() < min(m.Size, r.Entries) {
			tree.AppendLeaf(hashes[tree.Size()])
		}
		switch {
		case m.Size == tree.Size() && m.Root == tree.Root():
			good = m.Size
			if m.seen {
				r.Seen++
				continue
			}
			r.Checkpoints++
			r.Newest = m.Checkpoint
		case m.seen:
			pending = append(pending, m)
		case m.Size > r.Entries:
			r.found(Missing, r.Entries, m.Size-1)
		case !wrong:
			wrong = true // every later one is wrong as well
			r.found(Changed, good, m.Size-1)
		}
	}
	r.Uncovered = r.Entries - r.Newest.Size
	return pending
}

// settle says what became of what the reader saw, once the log was read.
func (r *Report) settle(pending []mark) {
	for _, m := range pending {
		given := slices.ContainsFunc(r.Restored, func(one Restored) bool { return one.gives(m.Checkpoint) })
		switch {
		case given:
			r.GivenUp = append(r.GivenUp, m.Checkpoint)
		case m.Size > r.Entries:
			r.found(RolledBack, r.Entries, m.Size-1)
		default:
			r.found(Forked, 0, m.Size-1)
		}
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return int(min(max(a.From-b.From, -1), 1)) })
}

// walk goes through the entries.
type walk struct {
	*Report
	keys   Keys
	hashes []tlog.Hash
	wanted string

	next   int64               // the place that the next entry should have
	missed map[tlog.Hash]int64 // passed over: it may come later
	known  statement.Verifiers
	since  map[string]int64 // by the name of a worker's key: the first entry that vouches for it
	bad    []badEntry
	voids  map[[32]byte]int64 // by what they name
}

type badEntry struct {
	index int64
	leaf  [32]byte
}

// placed is an entry at its place in the tree.
type placed struct {
	index int64
	body  []byte
	st    *statement.Statement // nil if it does not count
}

func (w *walk) chunk(list []Entry) {
	leaves := make([]tlog.Hash, len(list))
	each(len(list), func(i int) { leaves[i] = tlog.RecordHash(list[i].Body) })
	entries := make([]placed, 0, len(list))
	for i, e := range list {
		var following *tlog.Hash
		if i+1 < len(leaves) {
			following = &leaves[i+1]
		}
		if index, ok := w.place(leaves[i], following); ok {
			entries = append(entries, placed{index: index, body: e.Body})
		}
		if w.From.IsZero() {
			w.From = e.At
		}
		if !e.At.IsZero() {
			w.To = e.At
		}
	}
	if w.Signatures {
		w.signatures(entries)
	}
}

// place finds where an entry belongs, and says what that shows.
func (w *walk) place(leaf tlog.Hash, following *tlog.Hash) (int64, bool) {
	if w.next < w.Entries && w.hashes[w.next] == leaf {
		w.next++
		return w.next - 1, true
	}
	if at, ok := w.missed[leaf]; ok {
		delete(w.missed, leaf)
		w.Findings = slices.DeleteFunc(w.Findings, func(f Finding) bool { return f.Kind == Missing && f.From == at && f.To == at })
		w.found(Moved, at, at)
		return at, true
	}
	for at := w.next + 1; at < min(w.next+window, w.Entries); at++ {
		if w.hashes[at] != leaf {
			continue
		}
		for i := w.next; i < at; i++ {
			w.missed[w.hashes[i]] = i
			w.found(Missing, i, i)
		}
		w.next = at + 1
		return at, true
	}
	// Unknown. What follows tells whether it stands in the place of one or between two.
	if w.next >= w.Entries || following != nil && w.hashes[w.next] == *following {
		w.found(Inserted, w.next, w.next)
		return 0, false
	}
	w.found(Edited, w.next, w.next)
	w.next++
	return 0, false
}

// signatures checks each entry, on all cores.
func (w *walk) signatures(entries []placed) {
	for _, e := range entries {
		w.learn(e)
	}
	each(len(entries), func(i int) {
		if st, err := statement.Parse(entries[i].body, w.known); err == nil && st.Agency == w.keys.Agency && w.knew(st, entries[i].index) {
			entries[i].st = st
		}
	})
	for _, e := range entries {
		w.count(e)
	}
}

// learn takes in a worker's key that the registrar vouches for.
func (w *walk) learn(e placed) {
	if !bytes.Contains(e.body[:min(len(e.body), 128)], []byte("\nevent key\n")) {
		return
	}
	st, err := statement.Parse(e.body, w.keys.Others)
	if err != nil || st.Verifier == "" || w.known.Add(st.Verifier) != nil {
		return
	}
	name := st.Agency + "/" + st.Object
	if _, ok := w.since[name]; !ok {
		w.since[name] = e.index
	}
}

// knew tells whether each worker who signed had been vouched for before.
func (w *walk) knew(st *statement.Statement, index int64) bool {
	for _, name := range st.Signers() {
		if at, ok := w.since[name]; strings.Contains(name, "/worker/") && (!ok || at >= index) {
			return false
		}
	}
	return true
}

func (w *walk) count(e placed) {
	if e.st == nil {
		w.bad = append(w.bad, badEntry{e.index, statement.Leaf(e.body)})
		return
	}
	w.Events[string(e.st.Event)]++
	switch e.st.Event {
	case statement.EventVoid:
		for _, ref := range e.st.Refs {
			w.voids[ref] = e.index
		}
	case statement.EventRestored:
		if r, err := RestoredOf(e.st); err == nil && r.Kept == e.index {
			w.Restored = append(w.Restored, r)
		}
	}
	if w.wanted != "" && (e.st.Exchange == w.wanted || e.st.Object == w.wanted) {
		w.Case = append(w.Case, CaseEntry{e.index, e.st})
	}
}

func (w *walk) end() {
	if w.next < w.Entries {
		w.found(Missing, w.next, w.Entries-1)
	}
	for _, b := range w.bad {
		at, ok := w.voids[b.leaf]
		if ok && at > b.index {
			w.Told = append(w.Told, Finding{Voided, b.index, b.index})
			delete(w.voids, b.leaf)
			continue
		}
		w.found(Unsigned, b.index, b.index)
	}
	if w.Signatures {
		for _, at := range slices.Sorted(maps.Values(w.voids)) {
			w.found(WrongVoid, at, at)
		}
	}
	slices.SortStableFunc(w.Case, func(a, b CaseEntry) int { return int(min(max(a.Index-b.Index, -1), 1)) })
}

// each does n things on all cores.
func each(n int, do func(i int)) {
	workers := min(runtime.NumCPU(), n)
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			for i := worker; i < n; i += workers {
				do(i)
			}
		})
	}
	wg.Wait()
}
