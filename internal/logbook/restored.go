package logbook

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"gatepost/crypto/statement"
)

var (
	// ErrRolledBack: the log is shorter than it was when it was seen last.
	ErrRolledBack = errors.New("the log is shorter than it was")
	// ErrForked: the log does not contain what was seen of it.
	ErrForked = errors.New("the log does not contain what was seen of it")
)

// logObject is what a restored statement is about.
const logObject = "log"

// Restored is a registrar's word that the log goes on from an older state: the
// system was restored from a backup.
type Restored struct {
	Kept int64      // entries that the backup had; the index of the statement itself
	Lost Checkpoint // the newest checkpoint that is given up
	At   time.Time  // when the registrar said so; set by RestoredOf
}

// Statement is what the registrar signs.
func (r Restored) Statement(agency string, at time.Time) statement.Statement {
	return statement.Statement{Agency: agency, Event: statement.EventRestored, Object: logObject, Part: strconv.FormatInt(r.Kept, 10),
		Version: uint64(r.Lost.Size), Commit: [32]byte(r.Lost.Root), At: at}
}

// RestoredOf reads the word from a statement whose signature was verified. That
// it stands at index Kept is for the caller to see.
func RestoredOf(st *statement.Statement) (Restored, error) {
	kept, err := strconv.ParseInt(st.Part, 10, 64)
	if st.Event != statement.EventRestored || st.Object != logObject || err != nil || kept < 0 || strconv.FormatInt(kept, 10) != st.Part ||
		st.Version < 1 || st.Version > 1<<62 {
		return Restored{}, errors.New("not a statement about a restored log")
	}
	return Restored{kept, Checkpoint{int64(st.Version), tlog.Hash(st.Commit)}, st.At}, nil
}

// Gives tells whether what was seen is given up: it is beyond what was kept and
// not beyond what the registrar knew of. What was seen after the restore can have
// such a size as well, so who remembers goes along with each word once.
func (r Restored) Gives(seen Checkpoint) bool { return seen.Size > r.Kept && seen.Size <= r.Lost.Size }

// Follows tells whether a log that stands at now goes on from what was seen of
// it: nil if it contains it, by a proof over stored hashes that are not believed
// (RFC 6962, 2.1.2), or if a restored statement of the log gives it up. now has
// to be of a checkpoint that verified or of a tree that was computed.
// ErrRolledBack, ErrForked, or what reading the hashes gave.
func Follows(seen, now Checkpoint, hashes tlog.HashReader, restored []Restored) error {
	err := contains(seen, now, hashes)
	if !errors.Is(err, ErrRolledBack) && !errors.Is(err, ErrForked) {
		return err
	}
	for _, r := range restored {
		if r.Gives(seen) && r.Kept < now.Size {
			return nil
		}
	}
	return err
}

func contains(seen, now Checkpoint, hashes tlog.HashReader) error {
	switch {
	case seen.Size == 0 || seen == now:
		return nil
	case seen.Size > now.Size:
		return fmt.Errorf("%w: %d entries were seen, there are %d", ErrRolledBack, seen.Size, now.Size)
	case seen.Size == now.Size:
		return fmt.Errorf("%w: two trees of %d entries", ErrForked, seen.Size)
	}
	proof, err := tlog.ProveTree(now.Size, seen.Size, hashes)
	if err != nil {
		return fmt.Errorf("prove that the log goes on: %w", err)
	}
	if err := tlog.CheckTree(proof, now.Size, now.Root, seen.Size, seen.Root); err != nil {
		return fmt.Errorf("%w: %d entries were seen", ErrForked, seen.Size)
	}
	return nil
}
