package witness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"gatepost/crypto/cosign"
	"gatepost/internal/highwater"
	"gatepost/internal/logbook"
)

// The files of a witness's folder, for each agency.
const (
	checkpointEnd = ".checkpoint" // the largest one that was seen
	cosignedEnd   = ".cosigned"   // the same with the witness's signature, to be handed out
	restoredEnd   = ".restored"   // the restores that the log has stated, a line each: each is gone along with once
	beforeEnd     = ".before-%d"  // what a restore gave up, by its number of entries
	lockEnd       = ".lock"
)

// ErrCut: what was seen is not there, and the restore that would explain it was
// gone along with before.
var ErrCut = errors.New("the log was cut off: what was seen of it is gone, and it states no restore that you have not gone along with before; nothing was remembered or signed")

// ErrRestored: the registrar states that the log was restored from a backup and
// gives up what the witness has seen.
var ErrRestored = errors.New("the log gives up what was seen of it: it says that the service was restored from a backup; ask the agency by another way, and if it was, look again with --restored")

// Order is one look at a log: at an export of all of it, or at a proof that it
// goes on, which shows no entry. Sign and Restored may be empty.
type Order struct {
	Dir      string             // the export
	Proof    *logbook.Extension // instead of it
	Keys     logbook.Keys       // from paper
	State    highwater.Folder
	Sign     *cosign.Signer // nil: nothing is cosigned
	Restored bool           // the witness heard by another way that the service was restored
}

// Result is what became of it.
type Result struct {
	Report   *logbook.Report    // of the whole export; nil for a proof, and where it could not be read
	Before   logbook.Checkpoint // what had been seen; of size 0 for nothing
	Now      logbook.Checkpoint // what is remembered now
	Cosigned string             // the file with the witness's signature; "" for none
}

// Look checks an export, or a proof, and remembers how far it goes. The log has
// to contain what the folder remembers. logbook.ErrUnsound: it does not, or is not
// sound in itself; the report names the entries. ErrCut, ErrRestored. For a proof
// the errors are those of logbook.Extension's Check. After any error nothing is
// remembered that was not before, and nothing is cosigned.
func Look(ctx context.Context, o Order) (res Result, err error) {
	unlock, err := o.State.Lock(o.Keys.Agency + lockEnd)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	w := &looking{Order: o}
	if err := w.load(); err != nil {
		return res, err
	}
	res.Before = w.before
	if o.Proof != nil {
		err = w.prove()
	} else {
		res.Report, err = w.check(ctx)
	}
	if err != nil {
		return res, err
	}
	if res.Now, err = w.remember(); err != nil {
		return res, err
	}
	res.Cosigned, err = w.cosign()
	return res, err
}

// looking is an Order at work.
type looking struct {
	Order
	before logbook.Checkpoint // that was remembered
	note   []byte             // of it
	gone   bool               // and a restore gave it up
	taken  []string           // restores that were gone along with, as lineOf writes them
	stated []string           // those that the export states
	newest logbook.Checkpoint // of the export
	given  []byte             // its note
}

func (w *looking) load() (err error) {
	text, err := w.State.Read(w.Keys.Agency + restoredEnd)
	if err != nil {
		return err
	}
	w.taken = strings.Fields(string(text))
	name := w.Keys.Agency + checkpointEnd
	if w.note, err = w.State.Read(name); err != nil || w.note == nil {
		return err
	}
	if w.before, err = logbook.ParseCheckpoint(w.note, w.Keys.Agency, w.Keys.Log); err != nil {
		return fmt.Errorf("%s is not signed by the key of this log; if the agency has a new one, it has to tell why, and a new folder begins", w.State.Path(name))
	}
	return nil
}

// prove checks that the log goes on from what was seen. A restore cannot be told
// from a log that was cut off without its entries.
func (w *looking) prove() error {
	if w.Restored {
		return errors.New("a restore is stated in the log itself; look at the whole export with --restored")
	}
	now, err := w.Proof.Check(w.before, w.Keys)
	if errors.Is(err, logbook.ErrRolledBack) || errors.Is(err, logbook.ErrForked) {
		return fmt.Errorf("%w; nothing was remembered or signed: ask for the whole export, and look at that", err)
	}
	w.newest, w.given = now, w.Proof.Checkpoint
	return err
}

// check verifies the whole export against what was seen.
func (w *looking) check(ctx context.Context) (*logbook.Report, error) {
	x, err := logbook.OpenExport(os.DirFS(w.Dir))
	if err != nil {
		return nil, err
	}
	var o logbook.Options
	switch {
	case w.before.Size == 0:
	case w.Restored:
		o.Before = [][]byte{w.note}
	default:
		o.Seen = [][]byte{w.note}
	}
	r, err := logbook.Verify(ctx, x, w.Keys, o)
	if err != nil {
		return nil, err
	}
	w.gone = slices.Contains(r.GivenUp, w.before)
	for _, one := range r.Restored {
		w.stated = append(w.stated, lineOf(one))
	}
	switch {
	case w.lost(r) && !w.excused(r):
		return r, ErrCut
	case w.lost(r) && !w.Restored:
		return r, ErrRestored
	case !r.Sound():
		return r, fmt.Errorf("%w; nothing was remembered or signed", logbook.ErrUnsound)
	case w.Restored && !w.gone:
		return r, errors.New("this log gives up nothing that was seen of it; leave --restored out")
	}
	return r, w.find(x, r)
}

// lineOf is a statement of a restore as it is remembered.
func lineOf(r logbook.Restored) string {
	return fmt.Sprintf("%d/%d/%s", r.Kept, r.Lost.Size, r.Lost.Root)
}

// lost tells that what was seen is not there, and a restore may be why.
func (w *looking) lost(r *logbook.Report) bool {
	return w.gone || slices.ContainsFunc(r.Findings, func(f logbook.Finding) bool { return f.Kind == logbook.BeforeRestore })
}

// excused tells that the log states a restore that gives up what was seen, and
// that was not gone along with before: a word counts once, or it would give up
// as well what came after it.
func (w *looking) excused(r *logbook.Report) bool {
	return slices.ContainsFunc(r.Restored, func(one logbook.Restored) bool {
		return one.Gives(w.before) && !slices.Contains(w.taken, lineOf(one))
	})
}

// find takes the note of the newest checkpoint that holds.
func (w *looking) find(x *logbook.Export, r *logbook.Report) error {
	notes, err := x.Checkpoints()
	if err != nil {
		return err
	}
	for _, text := range slices.Backward(notes) {
		if c, err := logbook.ParseCheckpoint(text, w.Keys.Agency, w.Keys.Log); err == nil && c == r.Newest {
			w.newest, w.given = c, text
			return nil
		}
	}
	return errors.New("the export has no checkpoint yet; look again in a minute")
}

// remember writes down the larger of what was seen and what is there now. Where
// entries have lost their checkpoint since, what was seen is the larger.
func (w *looking) remember() (logbook.Checkpoint, error) {
	now := w.before
	if w.gone {
		name := w.Keys.Agency + fmt.Sprintf(beforeEnd, w.before.Size)
		if err := w.State.Put(name, w.note); err != nil {
			return now, err
		}
	}
	if w.gone || w.newest.Size > w.before.Size {
		if err := w.State.Put(w.Keys.Agency+checkpointEnd, w.given); err != nil {
			return now, err
		}
		now, w.note = w.newest, w.given
	}
	// Last: a restore that is listed and whose log is not remembered would look
	// like a log that was cut off.
	return now, w.take()
}

// take lists the restores that the log states.
func (w *looking) take() error {
	all := slices.Compact(slices.Sorted(slices.Values(slices.Concat(w.taken, w.stated))))
	if len(all) == len(w.taken) {
		return nil
	}
	return w.State.Put(w.Keys.Agency+restoredEnd, []byte(strings.Join(all, "\n")+"\n"))
}

// cosign signs what is remembered.
func (w *looking) cosign() (string, error) {
	if w.Sign == nil {
		return "", nil
	}
	text, err := logbook.Cosign(w.note, w.Keys.Agency, w.Keys.Log, w.Sign)
	if err != nil {
		return "", err
	}
	name := w.Keys.Agency + cosignedEnd
	if err := w.State.Put(name, text); err != nil {
		return "", err
	}
	return w.State.Path(name), nil
}
