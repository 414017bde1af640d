package letterbox

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// MaxHold is how many days a letter may be on hold at a time.
const MaxHold = 60

const sqlHold = `update letter set state = 'held', held_until = $2 where agency_id = agency() and id = $1 and state = $3 returning 1`

var guardedHold = postgres.Guarded(sqlHold)

// Hold puts a claimed letter on hold until a working day from tomorrow to
// MaxHold days from today, and gives the claim back: until is when somebody
// looks at it again, and anybody may before. note says why, for colleagues
// alone. The writer is told what they were told before, "with us", and the day
// by which they hear does not move.
//
// A letter that is on hold already gets another day. Invalid on "until"; all
// else as for Pass.
func (s *Service) Hold(ctx context.Context, actor authz.Actor, id LetterID, until time.Time, note string) error {
	d, err := s.beginDecision(ctx, actor, id)
	if err != nil {
		return err
	}
	if until, err = holdUntil(until, calendar.Today(s.now()), s.agencies.Days()); err != nil {
		return err
	}
	written, err := d.note("hold", note, statement.EventCasework)
	if err != nil {
		return err
	}
	return d.commit(ctx, step{act: "hold", from: append(whence("hold", authz.LetterboxWorker), Held), claimed: true, bodies: [][]byte{written.body},
		write: func(b *pgx.Batch, from State) {
			written.queue(b)
			b.Queue(guardedHold, d.rows.letter().ID, until, string(from))
		}})
}

// holdUntil checks the day on which a letter on hold is looked at again, and
// gives it without a clock.
func holdUntil(until, today time.Time, days calendar.Days) (time.Time, error) {
	y, m, d := until.Date()
	day := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	if !day.After(today) || day.After(today.AddDate(0, 0, MaxHold)) {
		return day, fault.Field("until", "fault.hold.until")
	}
	if !days.Working(day) {
		return day, fault.Field("until", "fault.hold.workingDay")
	}
	return day, nil
}
