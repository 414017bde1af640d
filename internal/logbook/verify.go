package logbook

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"gatepost/crypto/cosign"
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
	// Unvouched: the log has entries and no checkpoint that holds.
	Unvouched Kind = "unvouched"
	// BeforeRestore: what was seen is not in the log. It was given up by a restore
	// if it was kept before that, and cut off if it was kept after.
	BeforeRestore Kind = "before a restore, or cut off"
	// BadCheckpoint: a checkpoint is not one of this log; From is its number in the file.
	BadCheckpoint Kind = "bad checkpoint"
)

// uncovered is how long entries may wait for a checkpoint. A system that runs
// takes a minute; one of two tiers may have been down for a while.
const uncovered = 15 * time.Minute

// Finding is something about the entries From to To, both included.
type Finding struct {
	Kind     Kind
	From, To int64
}

// MaxFindings is how many findings a report lists; the rest is counted.
const MaxFindings = 100

// Report is what Verify found.
type Report struct {
	Agency      string
	Entries     int64
	From, To    time.Time        // of the first and the last entry, by the database's clock
	Newest      Checkpoint       // the newest checkpoint that holds; of size 0 if none does
	Checkpoints int              // that hold
	Uncovered   int64            // entries after the newest checkpoint
	Since, Till time.Time        // the first and the last time that is signed among those; with Signatures only
	Signatures  bool             // whether they were checked
	Events      map[string]int64 // entries that count, by event; with Signatures only
	Restored    []Restored       // told: the log went on from a backup
	Findings    []Finding        // the first MaxFindings faults
	Told        []Finding        // voids
	More        int64            // faults beyond those listed
	Case        []CaseEntry      // of the exchange that was asked for
	Seen        int              // checkpoints given by the reader that the log contains
	GivenUp     []Checkpoint     // those that a restored statement gives up
	Cosigned    []Cosigned       // those given by the reader, by the witness whose key was given
}

// CaseEntry is one entry about a case.
type CaseEntry struct {
	Index int64
	Rests []int64 // the entries about the case on which it rests
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
	Before   [][]byte // those of which the reader knows that they were kept before a restore
	TreeOnly bool     // leave the signatures of entries out
	Case     string   // the exchange whose entries are wanted; empty for none
	// Witness has to have cosigned each of Seen and Before; nil asks for none.
	Witness *cosign.Verifier
}

// Verify checks a whole export: that each entry has the hash that stands at its
// place, that the tree over the hashes is the one of every checkpoint and of
// what the reader has seen before, and that each entry is signed as its event
// requires, by workers for whom the registrar vouched earlier in the log. What
// is wrong is in the report; the error is of reading only. Memory: 32 bytes an
// entry, the checkpoints' notes, one file of entries, and the workers' keys.
func Verify(ctx context.Context, x *Export, keys Keys, o Options) (*Report, error) {
	r := &Report{Agency: keys.Agency, Signatures: !o.TreeOnly && len(keys.Others) > 0, Events: map[string]int64{}}
	hashes, err := x.Hashes()
	if err != nil {
		return nil, err
	}
	r.Entries = int64(len(hashes))
	marks, err := r.marks(x, keys, o)
	if err != nil {
		return nil, err
	}
	tree, pending := r.checkTree(hashes, marks)
	w := &walk{Report: r, keys: keys, hashes: hashes, tree: tree, pending: pending, wanted: o.Case, known: maps.Clone(keys.Others),
		since: map[string]int64{}, odd: map[int64]Kind{}, early: map[int64]int64{}, inserted: map[int64]bool{}, voids: map[[32]byte]int64{},
		nodes: map[string]bool{o.Case: true, "case/" + o.Case: true}, leaves: map[[32]byte]int64{}}
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
	r.settle(w.pending)
	return r, nil
}

// mark is a checkpoint that the tree has to pass.
type mark struct {
	Checkpoint
	number int  // in the file
	seen   bool // brought by the reader
	before bool // and kept before a restore

	signed func() bool
}

// marks reads the checkpoints, by their size. What a reader brings has to be
// signed. Where only the tree is wanted, the signatures of the others are looked
// at when it matters: one that is below a signed one and has the same tree says
// nothing new.
func (r *Report) marks(x *Export, keys Keys, o Options) ([]mark, error) {
	var list []mark
	for i, text := range slices.Concat(o.Seen, o.Before) {
		c, err := ParseCheckpoint(text, keys.Agency, keys.Log)
		if o.Witness != nil && err == nil {
			var by Cosigned
			by, err = ParseCosigned(text, keys.Agency, keys.Log, o.Witness)
			r.Cosigned = append(r.Cosigned, by)
		}
		if err != nil {
			return nil, fmt.Errorf("checkpoint %d that was seen: %w", i+1, err)
		}
		list = append(list, mark{Checkpoint: c, seen: true, before: i >= len(o.Seen)})
	}
	stored, err := x.Checkpoints()
	if err != nil {
		return nil, err
	}
	read, wrong := make([]mark, len(stored)), make([]bool, len(stored))
	each(len(stored), func(i int) {
		signed := func() bool {
			_, err := ParseCheckpoint(stored[i], keys.Agency, keys.Log)
			return err == nil
		}
		text, _, _ := bytes.Cut(stored[i], []byte("\n\n"))
		c, err := readCheckpoint(string(text)+"\n", statement.KeyName(keys.Agency, statement.RoleLog))
		wrong[i] = err != nil || !o.TreeOnly && !signed()
		read[i] = mark{Checkpoint: c, number: i, signed: signed}
	})
	for i, m := range read {
		if wrong[i] {
			r.found(BadCheckpoint, int64(i), int64(i))
			continue
		}
		if !o.TreeOnly {
			m.signed = func() bool { return true }
		}
		list = append(list, m)
	}
	slices.SortStableFunc(list, func(a, b mark) int { return cmp.Compare(a.Size, b.Size) })
	return list, nil
}

// checkTree grows the tree and holds it against each mark. It gives those that
// the reader saw and the tree does not contain.
func (r *Report) checkTree(hashes []tlog.Hash, marks []mark) (tree *Tree, pending []mark) {
	tree = &Tree{}
	var newest mark
	cut, wrong := r.Entries, false
	for len(marks) > 0 {
		same := 1
		for same < len(marks) && marks[same].Size == marks[0].Size {
			same++
		}
		group := marks[:same]
		marks = marks[same:]
		for tree.Size() < min(group[0].Size, r.Entries) {
			tree.AppendLeaf(hashes[tree.Size()])
		}
		held, others := r.compare(tree.Checkpoint(), group, &pending)
		switch {
		case held != nil:
			newest = *held
		case len(others) == 0:
		case group[0].Size > r.Entries:
			cut = max(cut, group[0].Size)
		case !wrong:
			wrong = true // every later one is wrong as well
			r.found(Changed, newest.Size, group[0].Size-1)
		}
		if len(others) > 1 || len(others) == 1 && held != nil {
			r.found(Forked, group[0].Size-1, group[0].Size-1)
		}
	}
	if cut > r.Entries {
		r.found(Missing, r.Entries, cut-1)
		wrong = true
	}
	r.vouch(newest, wrong)
	for tree.Size() < r.Entries {
		tree.AppendLeaf(hashes[tree.Size()])
	}
	return tree, pending
}

// compare holds one size's marks against the tree. It gives one of the export's
// that holds, and the roots of those that are signed and do not.
func (r *Report) compare(now Checkpoint, group []mark, pending *[]mark) (held *mark, others map[tlog.Hash]bool) {
	others = map[tlog.Hash]bool{}
	for i, m := range group {
		switch {
		case m.Checkpoint == now && m.seen:
			r.Seen++
		case m.Checkpoint == now:
			r.Checkpoints++
			held = &group[i]
		case m.seen:
			*pending = append(*pending, m)
		case m.signed():
			others[m.Root] = true
		default:
			r.found(BadCheckpoint, int64(m.number), int64(m.number))
		}
	}
	return held, others
}

// vouch takes the newest checkpoint that holds: it is what all else rests on.
func (r *Report) vouch(newest mark, wrong bool) {
	switch {
	case newest.Size > 0 && newest.signed():
		r.Newest = newest.Checkpoint
	case newest.Size > 0:
		r.found(BadCheckpoint, int64(newest.number), int64(newest.number))
	}
	if r.Newest.Size == 0 && !wrong {
		r.found(Unvouched, 0, max(r.Entries-1, 0))
	}
}

// settle says what became of what the reader saw, once the log was read.
func (r *Report) settle(pending []mark) {
	for _, m := range pending {
		// The registrar gives up what was there before the restore, and names the newest checkpoint of it alone. Any
		// other of those sizes may be one that was kept later, of a log that was cut off since.
		given := slices.ContainsFunc(r.Restored, func(one Restored) bool { return one.Gives(m.Checkpoint) })
		named := slices.ContainsFunc(r.Restored, func(one Restored) bool { return one.Lost == m.Checkpoint })
		switch {
		case named, given && m.before:
			r.GivenUp = append(r.GivenUp, m.Checkpoint)
		case given:
			r.found(BeforeRestore, 0, m.Size-1)
		case m.Size > r.Entries:
			r.found(RolledBack, r.Entries, m.Size-1)
		default:
			r.found(Forked, 0, m.Size-1)
		}
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return cmp.Compare(a.From, b.From) })
}

// walk goes through the entries.
type walk struct {
	*Report
	keys   Keys
	hashes []tlog.Hash
	tree   *Tree // of the hashes, and of the entries after them
	wanted string

	pending  []mark              // that the reader saw and the tree did not have
	next     int64               // the place that the next entry should have
	places   map[tlog.Hash]int64 // of every hash; made when an entry is not where it should be
	odd      map[int64]Kind      // places that are edited, missing or moved
	early    map[int64]int64     // where an entry stood that came before its place
	inserted map[int64]bool      // places before which something stands
	known    statement.Verifiers
	since    map[string]int64 // by the name of a worker's key: the first entry that vouches for it
	bad      []badEntry
	voids    map[[32]byte]int64 // by what they name
	nodes    map[string]bool    // of the case that is wanted
	leaves   map[[32]byte]int64 // its entries
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

// place finds where an entry belongs, and notes what that shows: ok means that
// the log has it there.
func (w *walk) place(leaf tlog.Hash, following *tlog.Hash) (index int64, ok bool) {
	for w.odd[w.next] == Moved {
		w.next++ // it stood earlier
	}
	if w.follows(&leaf, w.next) {
		w.next++
		return w.next - 1, true
	}
	at, known := w.where(leaf)
	between := w.follows(following, w.next)
	switch {
	case !known && w.next >= int64(len(w.hashes)):
		return w.grow(leaf), true
	case known && at < w.next:
		return w.late(at)
	case known && w.odd[at] == Moved: // and once more
		w.inserted[w.next] = true
		return 0, false
	case known && between:
		w.odd[at], w.early[at] = Moved, w.next
		return at, true
	case known && w.follows(following, w.next+1) && !w.follows(following, at+1):
		w.odd[w.next], w.odd[at], w.early[at] = Missing, Moved, w.next
		w.next++
		return at, true
	case known:
		w.missing(at)
		w.next = at + 1
		return at, true
	case between:
		w.inserted[w.next] = true
		return 0, false
	}
	w.odd[w.next] = Edited
	w.next++
	return 0, false
}

// follows tells whether a leaf is the one of a place.
func (w *walk) follows(leaf *tlog.Hash, at int64) bool {
	return leaf != nil && at < int64(len(w.hashes)) && w.hashes[at] == *leaf
}

// grow takes an entry for which no hash is stored yet: it came after the newest
// checkpoint. A reader may have seen it under one all the same.
func (w *walk) grow(leaf tlog.Hash) (index int64) {
	w.tree.AppendLeaf(leaf)
	w.Entries++
	w.pending = slices.DeleteFunc(w.pending, func(m mark) bool {
		held := m.Size == w.Entries && m.Checkpoint == w.tree.Checkpoint()
		if held {
			w.Seen++
		}
		return held
	})
	return w.Entries - 1
}

// late takes an entry whose place was passed.
func (w *walk) late(at int64) (index int64, ok bool) {
	before, early := w.early[at]
	switch {
	case w.odd[at] == Missing:
		w.odd[at] = Moved
	case w.odd[at] == Edited: // what stood in its place stands before it
		delete(w.odd, at)
		w.inserted[at] = true
	case early && at == w.next-1: // it stands in its place, and a copy before
		delete(w.odd, at)
		w.inserted[before] = true
		return 0, false // and was taken then
	default:
		w.inserted[w.next] = true
		return 0, false
	}
	return at, true
}

// missing notes that nothing was there from the next place on up to end.
func (w *walk) missing(end int64) {
	for i := w.next; i < end; i++ {
		if w.odd[i] == "" {
			w.odd[i] = Missing
		}
	}
}

func (w *walk) where(leaf tlog.Hash) (int64, bool) {
	if w.places == nil {
		w.places = make(map[tlog.Hash]int64, len(w.hashes))
		for i, h := range w.hashes {
			w.places[h] = int64(i)
		}
	}
	at, ok := w.places[leaf]
	return at, ok
}

// tell turns what was noted of places into findings, one for a run of a kind.
func (w *walk) tell() {
	places := slices.Sorted(maps.Keys(w.odd))
	for i := 0; i < len(places); {
		end := i + 1
		for end < len(places) && places[end] == places[end-1]+1 && w.odd[places[end]] == w.odd[places[i]] {
			end++
		}
		w.found(w.odd[places[i]], places[i], places[end-1])
		i = end
	}
	for _, at := range slices.Sorted(maps.Keys(w.inserted)) {
		w.found(Inserted, at, at)
	}
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
	if e.index >= w.Newest.Size && e.st.Event != statement.EventAccess { // which has the hour only
		if w.Since.IsZero() || e.st.At.Before(w.Since) {
			w.Since = e.st.At
		}
		if e.st.At.After(w.Till) {
			w.Till = e.st.At
		}
	}
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
	if w.wanted != "" {
		w.ofCase(e)
	}
}

// ofCase keeps an entry about the case that is wanted: what names it, and what
// was done with the keys of the case and of its sides.
func (w *walk) ofCase(e placed) {
	node := func(name string) string {
		parts := strings.SplitN(name, "/", 3) // the third is the key's epoch
		return strings.Join(parts[:min(len(parts), 2)], "/")
	}
	object, to := node(e.st.Object), node(e.st.To)
	if e.st.Event == statement.EventGrant && strings.HasPrefix(object, "side/") && to == "case/"+w.wanted {
		w.nodes[object] = true
	}
	if e.st.Exchange != w.wanted && !w.nodes[object] && !w.nodes[node(e.st.From)] && !w.nodes[to] {
		return
	}
	one := CaseEntry{Index: e.index, Statement: e.st}
	for _, ref := range e.st.Refs {
		if at, ok := w.leaves[ref]; ok {
			one.Rests = append(one.Rests, at)
		}
	}
	w.leaves[statement.Leaf(e.body)] = e.index
	w.Case = append(w.Case, one)
}

func (w *walk) end() {
	if w.Newest.Size > 0 && w.Till.Sub(w.Since) > uncovered {
		w.found(Unvouched, w.Newest.Size, w.Entries-1)
	}
	w.missing(int64(len(w.hashes)))
	w.Uncovered = w.Entries - w.Newest.Size
	w.tell()
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
	slices.SortStableFunc(w.Case, func(a, b CaseEntry) int { return cmp.Compare(a.Index, b.Index) })
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
