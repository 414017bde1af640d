package letterbox

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

const (
	// By when the writer hears is days from now, for only the database knows its own today.
	sqlTakeBack = `update letter set state = $2, hear_by = current_date + $4::int where agency_id = agency() and id = $1 and state = $3 returning 1`
	// What is shown again is no longer stopped; the database refuses that where it still should be.
	sqlRestore = `update letter set state = 'passed', stop = false where agency_id = agency() and id = $1 and state = $2 returning 1`
	sqlLift    = `update letter set stop = false where agency_id = agency() and id = $1 and state = $2 and stop returning 1`
	// A lifted letter is there again for whoever had it before.
	sqlNotifyShown = `select notify_side(to_side) from letter
		where agency_id = agency() and id = $1 and state in ('waiting', 'keptForLater') and not stop and visible_on <= current_date`
)

var (
	guardedTakeBack = postgres.Guarded(sqlTakeBack)
	guardedRestore  = postgres.Guarded(sqlRestore)
	guardedLift     = postgres.Guarded(sqlLift)
)

// Recall takes a letter back that was passed on and is not opened. It needs no
// claim, for it may be urgent. The writer is told that the letter is back with
// the agency and by when they hear, the agency's promise from now; the
// recipient's side sees it no more. note is for colleagues.
//
// Conflict: opened (fault.letter.opened), or not passed on. StepUp, Forbidden
// and Sealed as for Pass.
func (s *Service) Recall(ctx context.Context, actor authz.Actor, id LetterID, note string) error {
	return s.takeBack(ctx, actor, id, note, step{act: "recall"})
}

// Undeliverable says of a letter that was passed on and is not opened that it
// cannot reach its side. All else as for Recall.
func (s *Service) Undeliverable(ctx context.Context, actor authz.Actor, id LetterID, note string) error {
	return s.takeBack(ctx, actor, id, note, step{act: "undeliverable"})
}

func (s *Service) takeBack(ctx context.Context, actor authz.Actor, id LetterID, note string, a step) error {
	d, err := s.beginWork(ctx, actor, id)
	if err != nil {
		return err
	}
	event, to := statement.EventRecall, Recalled
	if a.act == "undeliverable" {
		event, to = statement.EventCasework, Undeliverable
	}
	written, err := d.note(a.act, note, event)
	if err != nil {
		return err
	}
	a.from, a.bodies = whence(a.act, authz.LetterboxWorker), [][]byte{written.body}
	a.write = func(b *pgx.Batch, from State) {
		written.queue(b)
		b.Queue(guardedTakeBack, d.rows.letter().ID, string(to), string(from), d.promise(d.ag))
		b.Queue(sqlNotifyWriter, d.rows.letter().ID)
	}
	return d.commit(ctx, a)
}

// Restore shows a recalled or undeliverable letter to its recipient's side
// again: the delivery that was made when it was passed on, sealed once. It
// needs no claim.
//
// Conflict: the letter stands elsewhere, the exchange rests, its side cannot
// have it, or a child comes of age. Forbidden: also for who helped to write.
// StepUp and Sealed as for Pass.
func (s *Service) Restore(ctx context.Context, actor authz.Actor, id LetterID) error {
	return s.showAgain(ctx, actor, id, "restore", guardedRestore, whence("restore", authz.LetterboxWorker)...)
}

// LiftStop shows a letter again that was stopped after it was passed on. What
// stopped it must be over: the exchange goes on and its side is ready, or it is
// a Conflict. All else as for Restore.
func (s *Service) LiftStop(ctx context.Context, actor authz.Actor, id LetterID) error {
	return s.showAgain(ctx, actor, id, "liftStop", guardedLift, Passed, Waiting, KeptForLater)
}

func (s *Service) showAgain(ctx context.Context, actor authz.Actor, id LetterID, act, guarded string, from ...State) error {
	d, err := s.beginWork(ctx, actor, id)
	if err != nil {
		return err
	}
	if d.rows.helped {
		return fault.New(fault.Forbidden, "fault.letter.helped")
	}
	if err := d.statedOrder(ctx); err != nil {
		return err
	}
	if err := d.statedParts(ctx, d.ag, d.rows); err != nil {
		return err
	}
	// The database compares what was delivered with what they read now.
	if err := d.statedLanguages(ctx); err != nil {
		return err
	}
	written, err := d.note(act, "", statement.EventCasework)
	if err != nil {
		return fmt.Errorf("write down: %w", err)
	}
	return d.commit(ctx, step{act: act, from: from, shows: true, bodies: [][]byte{written.body}, write: func(b *pgx.Batch, was State) {
		written.queue(b)
		b.Queue(guarded, d.rows.letter().ID, string(was))
		b.Queue(sqlShow, d.rows.letter().ID)
		b.Queue(sqlNotifyShown, d.rows.letter().ID)
		if was == Recalled || was == Undeliverable {
			b.Queue(sqlNotifyWriter, d.rows.letter().ID) // told "passed on" again
		}
	}})
}
