package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"gatepost/internal/agency"
	"gatepost/internal/audit"
)

// Inspected is what Inspect found sound.
type Inspected struct {
	Entries int64 // that the log has
	Covered int64 // of which the newest checkpoint in the database covers so many
	Seen    int64 // that this tier's folder has seen; zero for a folder that is empty
	Voided  int   // bad entries that the registrar has voided; only where the whole was asked for
}

// ErrUnsignedEntries: entries are not signed by who should have signed them, and
// no staff tier has voided them yet.
var ErrUnsignedEntries = errors.New("entries of the log are not signed by who should have signed them")

// Inspect looks at an agency's log as a Keeper does when it starts, and writes
// nothing, neither rows nor files: it may run beside tiers that serve. It
// computes the tree of all bodies and compares it with the stored hashes, the
// newest checkpoint and what is in the folder, which need not be there. With
// whole the signature of every entry is verified too, which takes longer.
// Otherwise only those are that no checkpoint covers. c is of the staff tier.
//
// What is wrong is a Refusal, a StateError, or ErrUnsignedEntries; any other error
// is of a database that does not answer.
func Inspect(ctx context.Context, c Config, a *agency.Agency, whole bool) (Inspected, error) {
	s, err := peek(c.Folder, a)
	if err != nil {
		return Inspected{}, err
	}
	l := newLedger(c.DB, a)
	if whole {
		l.voided = map[[32]byte]bool{}
	}
	if l.newest, err = l.readNewest(ctx); err != nil {
		return Inspected{}, err
	}
	holds, err := l.follow(ctx, s)
	if err != nil {
		return Inspected{}, err
	}
	found := Inspected{Entries: l.tree.Size(), Covered: l.newest.Size, Seen: s.Size}
	if !holds {
		k := Keeper{config: c}
		if err := k.giveUp(ctx, &keptLog{agency: a, ledger: l}, s); err != nil {
			return found, err
		}
	}
	for _, bad := range l.bad {
		if !l.voided[bad.leaf] {
			return found, fmt.Errorf("entry %d: %w", bad.idx, ErrUnsignedEntries)
		}
		found.Voided++
	}
	return found, nil
}

// InspectSeen looks at an agency's newest checkpoint as a Watcher does when it
// starts, and writes nothing. It proves that the log goes on from what is in the
// folder. c is of the families' tier. What is wrong is a Refusal or a StateError.
func InspectSeen(ctx context.Context, c Config, a *agency.Agency) (Inspected, error) {
	s, err := peek(c.Folder, a)
	if err != nil {
		return Inspected{}, err
	}
	w := &Watcher{config: c}
	l := &watchedLog{agency: a, high: highWater{Folder{c.Folder}, a.ID, a.Verifiers()}}
	now, err := w.glimpse(ctx, l)
	if err != nil {
		return Inspected{}, err
	}
	found := Inspected{Entries: now.Size, Covered: now.Size, Seen: s.Size}
	if now.Size == 0 {
		return found, l.nothing(s, now)
	}
	if err := follows(audit.Hashes(ctx, c.DB, a.ID), s, now); err != nil {
		return found, l.refusal(err, s, now)
	}
	return found, nil
}

// peek reads what a folder has seen of an agency's log. A folder that is not
// there has seen nothing, and is not made.
func peek(dir string, a *agency.Agency) (seen, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return seen{}, nil
	}
	s, err := highWater{Folder{dir}, a.ID, a.Verifiers()}.load()
	if err != nil {
		return seen{}, &StateError{err}
	}
	return s, nil
}

// StateError says what is wrong with a file of a folder of state, as a sentence
// for the operator.
type StateError struct{ cause error }

// Error is the sentence.
func (e *StateError) Error() string { return e.cause.Error() }

// Unwrap gives the cause.
func (e *StateError) Unwrap() error { return e.cause }
