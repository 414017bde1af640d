package letterbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/parts"
	"gatepost/internal/postgres"
)

// WithParts is the same letterbox with a store for large parts. Without one they
// stand in their rows.
func (s *Service) WithParts(store *parts.Store) *Service {
	other := *s
	other.parts = store
	return &other
}

// sealLarge is seal.Seal for what may be large: the bytes that it gives are what the
// row's column holds. Busy where the store of large parts does not take it.
func (s *Service) sealLarge(ctx context.Context, c seal.Context, content []byte, to ...*age.HybridRecipient) (sealed seal.Sealed, err error) {
	sealed.Commit, err = seal.Streamed(c, content, func(size int, write func(io.Writer) error) (err error) {
		sealed.Bytes, err = s.parts.Put(ctx, size, write)
		return err
	}, to...)
	if err == nil {
		s.at("part put")
		return sealed, nil
	}
	if errors.Is(err, parts.ErrAway) || errors.Is(err, parts.ErrAnother) {
		if ctx.Err() == nil {
			s.log.ErrorContext(ctx, "the store of large parts takes nothing; photos and recordings wait", "kind", string(c.Kind), "part", c.Part, "error", err)
		}
		return seal.Sealed{}, fault.Wrap(fault.Busy, "fault.part.waits", err)
	}
	return seal.Sealed{}, fmt.Errorf("seal a large part: %w", err)
}

// sealLarge is seal for what may be large.
func (d *deciding) sealLarge(ctx context.Context, c seal.Context, side string, content []byte, event statement.Event, refs [][32]byte, to ...agency.Node) (sealedObject, error) {
	sealed, err := d.Service.sealLarge(ctx, c, content, d.readers(to)...)
	if err != nil {
		return sealedObject{}, err
	}
	return d.sealed(c, side, sealed, event, refs)
}

// whole gives the sealed bytes of a row's column, wherever they lie. Busy where the
// store does not answer; any other error is an alarm. What is lost is noted, for who
// has to look for it.
func (s *Service) whole(ctx context.Context, ag *agency.Agency, column []byte) ([]byte, error) {
	sealed, err := s.parts.Get(ctx, column)
	place, placed, _ := parts.ParsePlace(column)
	at := postgres.Scope{Agency: ag.ID}
	if errors.Is(err, parts.ErrAway) && placed {
		// A store may tell the families' key of what is not there that it is forbidden.
		known := false
		asked := s.db.Read(ctx, at, func(b *pgx.Batch) {
			b.Queue(sqlKnownLost, string(place.Key)).QueryRow(func(r pgx.Row) error { return r.Scan(&known) })
		})
		if asked == nil && known {
			return nil, parts.ErrLost
		}
	}
	if errors.Is(err, parts.ErrAway) {
		if ctx.Err() == nil {
			s.log.ErrorContext(ctx, "the store of large parts gives nothing; photos are not shown and recordings not played", "error", err)
		}
		return nil, fault.Wrap(fault.Busy, "fault.part.lost", err)
	}
	if errors.Is(err, parts.ErrLost) && place.Key.Valid() {
		noted := s.db.Act(ctx, at, nil, func(b *pgx.Batch) error {
			b.Queue(sqlPartMissed, string(place.Key))
			return nil
		})
		if noted != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "it could not be noted that a large part is lost; the next who opens it tries again", "agency", ag.ID, "error", noted)
		}
	}
	return sealed, err
}

// openBeside opens what a draft has beside its text, with the side's key, which vouches
// for it.
func (s *Service) openBeside(ctx context.Context, ag *agency.Agency, actor authz.Actor, d draftRow, c seal.Context, column, mac []byte) (content []byte, err error) {
	key, ok := sideKey(actor, d.SideID)
	if !ok {
		return nil, s.noKey(ctx, actor, d.SideID)
	}
	sealed, err := s.whole(ctx, ag, column)
	if fault.KindOf(err) == fault.Busy {
		return nil, err
	}
	var commit seal.Commitment
	if err == nil {
		content, commit, err = seal.Open(sealed, c, key)
	}
	if err == nil {
		err = seal.Owned(key, c, commit, mac)
	}
	if err != nil {
		s.log.ErrorContext(ctx, "ALARM: a photo or the recording of a draft does not open", "agency", ag.ID, "object", c.Object, "error", err)
		return nil, unopened(err)
	}
	return content, nil
}

// gone tells whether an error is a part that the store has lost: no key and no
// patience opens it.
func gone(err error) bool { return errors.Is(err, parts.ErrLost) }

// notNow tells whether an error is a part that the store does not give now.
func notNow(err error) bool { return errors.Is(err, parts.ErrAway) }

// leaveOut is the fault for a part that was to go and is lost.
func leaveOut(err error) error {
	if gone(err) {
		return fault.Wrap(fault.Conflict, "fault.part.leaveOut", err)
	}
	return err
}

// takeOut is the same for who sends it.
func takeOut(err error) error {
	if gone(err) {
		return fault.Wrap(fault.Conflict, "fault.part.draft", err)
	}
	return err
}

// PartLost is the reason of a photo or a recording that is left out because our store
// has lost it. It is in no list: whoever chooses it, it has to be so.
const PartLost = "lost"

// unopened is the fault of what does not open, after its alarm.
func unopened(err error) error {
	if errors.Is(err, parts.ErrLost) || errors.Is(err, parts.ErrNone) {
		return fault.Wrap(fault.Sealed, "fault.part.lost", err)
	}
	return fault.Wrap(fault.Sealed, "fault.sealed", err)
}

const (
	sqlPartsGone = `select gone_at, key from part_gone where agency_id = agency() and (gone_at, key) > ($1, $2) and not part_used(key) order by gone_at, key limit $3`
	// A backup holds this lock from before its snapshot. It is asked for after the keys were read: a backup that begins later does not
	// see their rows any more.
	sqlNoBackup     = `select pg_try_advisory_xact_lock($1)`
	sqlPartDeleted  = `delete from part_gone where agency_id = agency() and key = any($1)`
	sqlPartsUnknown = `select parts_unknown($1)`
	// Is the photo or the recording p known to be lost, as it was sent or as it came?
	sqlLost = `exists (select from object l where l.agency_id = agency() and l.id = p.id and l.part in ('picture', 'sound')
		and l.kind in ('submission', 'delivery') and part_known_lost(l.sealed_part)) as lost`
	// Is any of a letter?
	sqlLetterLost = `select coalesce(bool_or(l.lost), false) from (select ` + sqlLost + ` from (select id from letter_photo where agency_id = agency() and letter_id = $1
		union all select id from letter_recording where agency_id = agency() and letter_id = $1) p) l`
	sqlKnownLost  = `select part_known_lost($1)`
	sqlPartMissed = `select part_missed($1)`
	sqlPartsLost  = `select key, place from parts_lost($1)`
	sqlPartLooked = `update part_lost set looked_at = now() where agency_id = agency() and key = $1`
	sqlPartFound  = `delete from part_lost where agency_id = agency() and key = $1`
)

// DeleteParts deletes in the store what is no row's any more, of one agency, and
// nothing while a backup is being written. It is the clock's work, and asks for no
// actor. What it could not delete stays to be deleted, holds up nothing else, and is
// the error in the end.
func (s *Service) DeleteParts(ctx context.Context, agencyID string) error {
	if s.parts == nil {
		return nil
	}
	var last partGone
	var stay error
	for {
		n, err := s.deleteParts(ctx, postgres.Scope{Agency: agencyID}, &last)
		if stay == nil && err != nil {
			stay = fmt.Errorf("delete large parts: %w", err)
		}
		if n < partsAtOnce {
			return stay
		}
	}
}

// partsAtOnce is how many are deleted before that is written down.
const partsAtOnce = 50

// partGone is a part that waits to be deleted.
type partGone struct {
	At  time.Time
	Key parts.Key
}

// deleteParts deletes the next behind the last, and gives how many these were: none
// where nothing can be deleted now.
func (s *Service) deleteParts(ctx context.Context, at postgres.Scope, last *partGone) (int, error) {
	var rows []partGone
	var free bool
	err := s.db.Read(ctx, at, func(b *pgx.Batch) {
		b.Queue(sqlPartsGone, last.At, last.Key, partsAtOnce).Query(func(r pgx.Rows) (err error) {
			rows, err = pgx.CollectRows(r, pgx.RowToStructByPos[partGone])
			return err
		})
		b.Queue(sqlNoBackup, parts.BackupLock).QueryRow(func(r pgx.Row) error { return r.Scan(&free) })
	})
	if err != nil || !free || len(rows) == 0 {
		return 0, err
	}
	if err := errors.Join(s.parts.Ours(ctx), s.parts.Versions(ctx)); err != nil {
		return 0, err
	}
	*last = rows[len(rows)-1]
	keys := make([]parts.Key, len(rows))
	for i, r := range rows {
		keys[i] = r.Key
	}
	gone, stay := s.parts.Remove(ctx, keys)
	if len(gone) == 0 {
		return len(rows), stay
	}
	err = s.db.Act(ctx, at, nil, func(b *pgx.Batch) error {
		b.Queue(sqlPartDeleted, gone)
		return nil
	})
	if err != nil {
		return 0, errors.Join(stay, err)
	}
	return len(rows), stay
}

// lostAtOnce is how many lost parts are looked for at a time.
const lostAtOnce = 100

// FindParts looks for the parts of one agency that are known to be lost: of one that
// is there again, or that no row names any more, nothing more is said. Where there are
// many, each has its turn. It is the clock's work, and asks for no actor. One that the
// store does not give now holds up no other, and is the error in the end.
func (s *Service) FindParts(ctx context.Context, agencyID string) error {
	if s.parts == nil {
		return nil
	}
	at := postgres.Scope{Agency: agencyID}
	var rows []struct {
		Key   string
		Place []byte
	}
	if err := s.db.Read(ctx, at, func(b *pgx.Batch) { postgres.Many(b, &rows, sqlPartsLost, lostAtOnce) }); err != nil {
		return fmt.Errorf("list lost parts: %w", err)
	}
	var failed error
	for _, r := range rows {
		note, err := sqlPartFound, error(nil)
		if r.Place != nil {
			_, err = s.parts.Get(ctx, r.Place)
		}
		switch {
		case err != nil:
			note = sqlPartLooked
		case r.Place != nil:
			s.log.InfoContext(ctx, "a large part that was lost is there again", "agency", agencyID)
		}
		if err != nil && !errors.Is(err, parts.ErrLost) {
			failed = fmt.Errorf("look for a lost part: %w", err)
			if s.parts.Reach(ctx) != nil {
				return failed // the others are not there either
			}
		}
		err = s.db.Act(ctx, at, nil, func(b *pgx.Batch) error {
			b.Queue(note, r.Key)
			return nil
		})
		if err != nil {
			return fmt.Errorf("note that a lost part was looked for: %w", err)
		}
	}
	return failed
}

// SweepParts deletes in the store what no act ever named. It is the clock's work,
// once for all agencies, and asks for no actor.
func (s *Service) SweepParts(ctx context.Context, agencyID string) error {
	if s.parts == nil {
		return nil
	}
	n, err := s.parts.Sweep(ctx, s.now(), func(ctx context.Context, keys []parts.Key) (unknown []parts.Key, err error) {
		err = s.db.Read(ctx, postgres.Scope{Agency: agencyID}, func(b *pgx.Batch) {
			b.Queue(sqlPartsUnknown, keys).Query(func(r pgx.Rows) (err error) {
				unknown, err = pgx.CollectRows(r, pgx.RowTo[parts.Key])
				return err
			})
		})
		return unknown, err
	})
	if n > 0 {
		s.log.WarnContext(ctx, "large parts that no row names were deleted", "entries", n)
	}
	if err != nil {
		return fmt.Errorf("look for large parts that no row names: %w", err)
	}
	return nil
}
