package letterbox

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

const (
	// CopiesPage is how many letters are logged, read and opened at a time.
	CopiesPage = 50
	// MaxCopies is how many letters are printed together: more than two
	// families write in a childhood.
	MaxCopies = 1000
)

// Copy is one letter that this side sent or opened, to be printed.
type Copy struct {
	On       time.Time // the day it was sent, or came
	Sent     bool
	Letter   LetterID   // of one that was sent
	Delivery DeliveryID // of one that came
	Text     Text
	// Translation is what came with a letter that its recipients do not read as it was written.
	Translation Translation
	Unread      bool // it did not open: a notice in its place
	Photos      int  // how many photos belong to it, which are not printed
	Recorded    bool // a recording belongs to it, which cannot be printed
	// Transcript is what a worker wrote down of it.
	Transcript Text
}

const (
	sqlCopies = `select l.id, true as sent, l.submitted_on as on_day,
			(select count(*) from letter_photo p where p.agency_id = l.agency_id and p.letter_id = l.id)::int as photos,
			exists (select from letter_recording r where r.agency_id = l.agency_id and r.letter_id = l.id) as recorded from letter l where l.agency_id = agency() and l.from_side = $1
			and ($2::date is null or l.submitted_on >= $2) and ($3::date is null or l.submitted_on <= $3)
		union all
		select d.id, false, d.on_day, (select count(*) from photos_came(d.id))::int, exists (select from recording_came(d.id)) from (select x.id, came_on(x.id) as on_day from delivery x
				where x.agency_id = agency() and x.side_id = $1 and delivery_state(x.id) = 'opened') d
			where ($2::date is null or d.on_day >= $2) and ($3::date is null or d.on_day <= $3)
		order by 3, 1 limit 1001`
	sqlCopyObjects = `select ` + sqlObjectColumns + ` from object o where o.agency_id = agency() and o.id = any($1) and o.part in ('text', 'translation') order by o.version desc`
)

type copyRow struct {
	ID     string
	Sent   bool
	OnDay  time.Time
	Photos int
	// Recorded: a recording belongs to it.
	Recorded bool
}

// Copies is everything that a side sent, and everything that came and was
// opened, oldest first. from and to are days, each included; the zero time is
// no limit. What was not opened is left out: its first reading is its own act.
// Each delivery's reading is in the log before it is opened here again.
// NotFound for a side that is not the actor's; Invalid on "to" for days the
// wrong way round, and on "from" for more than MaxCopies letters.
func (s *Service) Copies(ctx context.Context, actor authz.Actor, side SideID, from, to time.Time) ([]Copy, error) {
	ag, err := s.begin(ctx, actor, authz.ReadOwn, string(side))
	if err != nil {
		return nil, err
	}
	if !agency.ValidID("sd", string(side)) {
		return nil, notFound()
	}
	if !from.IsZero() && !to.IsZero() && to.Before(from) {
		return nil, fault.Field("to", "fault.copies.days")
	}
	var sides []sideRow
	var rows []copyRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &sides, sqlMySides, string(side))
		postgres.Many(b, &rows, sqlCopies, string(side), dateOrNone(from), dateOrNone(to))
	})
	switch {
	case err != nil:
		return nil, s.db.Fault(fmt.Errorf("list copies of side %s: %w", side, err))
	case len(sides) != 1:
		return nil, notFound()
	case len(rows) > MaxCopies:
		return nil, fault.Field("from", "fault.copies.tooMany")
	}
	list := make([]Copy, 0, len(rows))
	for len(rows) > 0 {
		n := min(len(rows), CopiesPage)
		copies, err := s.openCopies(ctx, ag, actor, side, rows[:n])
		if err != nil {
			return nil, err
		}
		list, rows = append(list, copies...), rows[n:]
	}
	return list, nil
}

// dateOrNone is a date for a query: none for the zero time.
func dateOrNone(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// openCopies states the readings of one page, reads its objects and opens them.
func (s *Service) openCopies(ctx context.Context, ag *agency.Agency, actor authz.Actor, side SideID, rows []copyRow) ([]Copy, error) {
	if err := s.logCopies(ctx, ag, actor, rows); err != nil {
		return nil, err
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	var objects []objectRow
	var said []copySaidRow
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		queueObjects(b, &objects, sqlCopyObjects, ids)
		postgres.Many(b, &said, sqlCopySaid, ids)
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load copies of side %s: %w", side, err))
	}
	list := make([]Copy, len(rows))
	for i, r := range rows {
		text, err := s.openSideObject(ctx, ag, actor, objects, string(side), r.ID, "text")
		if err != nil && !unread(err) {
			return nil, err
		}
		list[i] = Copy{On: r.OnDay, Sent: r.Sent, Text: Text(text), Unread: err != nil, Photos: r.Photos, Recorded: r.Recorded}
		if r.Sent {
			list[i].Letter = LetterID(r.ID)
			continue
		}
		list[i].Delivery = DeliveryID(r.ID)
		list[i].Translation, err = s.cameTranslation(ctx, ag, actor, objects, string(side), r.ID)
		if err != nil && !unread(err) {
			return nil, err
		}
		list[i].Unread = list[i].Unread || err != nil
	}
	return list, s.copySaid(ctx, ag, actor, side, said, rows, list)
}

// logCopies states that the actor reads these deliveries again.
func (s *Service) logCopies(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows []copyRow) error {
	var bodies [][]byte
	for _, r := range rows {
		if r.Sent {
			continue
		}
		body, err := ag.State(statement.Statement{Event: statement.EventAccess, Object: r.ID, Part: "text", Version: 1,
			From: "person/" + actor.Account(), At: hour(s.now())}, "door")
		if err != nil {
			return err
		}
		bodies = append(bodies, body)
	}
	if len(bodies) == 0 {
		return nil
	}
	err := s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		audit.Append(b, bodies...)
		return nil
	})
	return s.db.Fault(err)
}
