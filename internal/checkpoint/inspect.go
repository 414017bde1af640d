package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/highwater"
	"gatepost/internal/logbook"
)

// Inspected is what Inspect found sound.
type Inspected struct {
	Entries int64 // that the log has
	Covered int64 // of which the newest checkpoint in the database covers so many
	Seen    int64 // that this tier's folder has seen; zero for a folder that is empty
	Voided  int   // bad entries that the registrar has voided; only where the whole was asked for
	// Unsigned counts the checkpoints in the database that the log's key did not
	// sign, among the newest sixteen or, where the whole was asked for, among all.
	// They are passed over. Sizes names the first few of their rows, for who may
	// delete them; only Inspect knows them.
	Unsigned int
	Sizes    []int64
}

const (
	sqlNewestRows = `select size, note from audit_checkpoint where agency_id = agency() order by size desc limit 16`
	sqlRowsAfter  = `select size, note from audit_checkpoint where agency_id = agency() and size > $1 order by size limit $2`

	someSizes = 8
)

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
	if err := found.countUnsigned(ctx, l, whole); err != nil {
		return found, err
	}
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

// checkpointRow is a checkpoint with the size that its row claims.
type checkpointRow struct {
	Size int64
	Note []byte
}

// countUnsigned looks for checkpoints that the log's key did not sign.
func (f *Inspected) countUnsigned(ctx context.Context, l *ledger, whole bool) error {
	if !whole {
		rows, err := l.checkpoints(ctx, sqlNewestRows)
		f.judge(l, rows)
		return err
	}
	for after := int64(0); ; {
		rows, err := l.checkpoints(ctx, sqlRowsAfter, after, page)
		if err != nil {
			return err
		}
		f.judge(l, rows)
		if len(rows) < page {
			return nil
		}
		after = rows[len(rows)-1].Size
	}
}

func (f *Inspected) judge(l *ledger, rows []checkpointRow) {
	for _, r := range rows {
		if _, err := logbook.ParseCheckpoint(r.Note, l.agency.ID, l.known); err == nil {
			continue
		}
		f.Unsigned++
		if len(f.Sizes) < someSizes {
			f.Sizes = append(f.Sizes, r.Size)
		}
	}
}

func (l *ledger) checkpoints(ctx context.Context, sql string, args ...any) (rows []checkpointRow, err error) {
	err = l.db.Read(ctx, l.scope(), func(b *pgx.Batch) {
		b.Queue(sql, args...).Query(func(r pgx.Rows) (err error) {
			rows, err = pgx.CollectRows(r, pgx.RowToStructByName[checkpointRow])
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read the checkpoints: %w", err)
	}
	return rows, nil
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
	l := &watchedLog{agency: a, high: highWater{highwater.At(c.Folder), a.ID, a.Verifiers()}}
	now, err := w.glimpse(ctx, l)
	if err != nil {
		return Inspected{}, err
	}
	found := Inspected{Entries: now.Size, Covered: now.Size, Seen: s.Size, Unsigned: now.unsigned}
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
	s, err := highWater{highwater.At(dir), a.ID, a.Verifiers()}.load()
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
