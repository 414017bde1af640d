package checkpoint

import (
	"errors"
	"fmt"

	"gatepost/internal/logbook"
)

// Why a database is refused, beside logbook.ErrRolledBack and logbook.ErrForked.
var (
	// ErrEdited: an entry is not the one whose hash was stored.
	ErrEdited = errors.New("an entry was edited")
	// ErrMissing: entries are gone that a stored checkpoint covers, or that
	// others follow.
	ErrMissing = errors.New("entries are missing")
	// ErrUnproved: the families' tier asked for the proof that the log has gone
	// on from what it saw, and a hash that it needs is not there.
	ErrUnproved = errors.New("hashes are missing")
	// ErrUnsigned: none of the newest checkpoints in the database is signed by the
	// log's key, and the families' tier has seen one that was.
	ErrUnsigned = errors.New("the newest checkpoints are not signed")
)

// Refusal says that a database is not the one that a tier has seen. The tier
// must not serve it. Cause is one of the errors of this package, or
// logbook.ErrRolledBack or logbook.ErrForked.
type Refusal struct {
	Agency string
	Seen   int64 // entries that this tier had seen; zero if that is not what was wrong
	Now    int64 // entries that are there
	Index  int64 // of the first bad entry; -1 where that cannot be told
	Cause  error
}

// Error is one sentence that says what was seen and what to do.
func (r *Refusal) Error() string {
	const orBackup = "stop, find out who changed the database, and restore the newest backup"
	switch {
	case errors.Is(r.Cause, logbook.ErrRolledBack):
		return fmt.Sprintf("the log of agency %s has %d entries, and this tier has seen %d; restore a newer backup, or run gatepost audit restored if the older one was meant", r.Agency, r.Now, r.Seen)
	case errors.Is(r.Cause, logbook.ErrForked) && r.Seen > 0:
		return fmt.Sprintf("the log of agency %s has %d entries, and is not the log of %d entries that this tier has seen; restore a newer backup, or run gatepost audit restored if an older one was meant", r.Agency, r.Now, r.Seen)
	case errors.Is(r.Cause, ErrEdited):
		return fmt.Sprintf("entry %d in the log of agency %s is not what was written there; %s", r.Index, r.Agency, orBackup)
	case errors.Is(r.Cause, ErrMissing):
		return fmt.Sprintf("the log of agency %s has nothing at entry %d, where more was; %s", r.Agency, r.Index, orBackup)
	case errors.Is(r.Cause, ErrUnproved):
		return fmt.Sprintf("the database cannot prove that the log of agency %s goes on from the %d entries that this tier has seen; start the staff tier, which writes what is missing, or %s", r.Agency, r.Seen, orBackup)
	case errors.Is(r.Cause, ErrUnsigned):
		return fmt.Sprintf("none of the newest checkpoints of agency %s is signed by the log's key; start the staff tier, which signs the next one when the log grows, and find out who changed the database", r.Agency)
	}
	return fmt.Sprintf("the log of agency %s is not the one that was signed; %s", r.Agency, orBackup)
}

// Unwrap gives the cause.
func (r *Refusal) Unwrap() error { return r.Cause }
