package letterbox

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/authz"
)

const (
	// Letters that wait for a decision since that day or longer; stopped ones have been decided about.
	overdue = `from letter o where o.agency_id = agency() and o.state in ('received', 'held', 'recalled', 'undeliverable')
		and o.submitted_on <= $1 order by o.submitted_at limit 500`
	sqlOverdue      = `select ` + sqlDeskColumns + ` where l.agency_id = agency() and l.id in (select o.id ` + overdue + `) order by l.submitted_at`
	sqlOverdueNames = `with at as (select distinct w.exchange_id from (select o.exchange_id ` + overdue + `) w)` + namesOf
	sqlReferredLate = `select count(*)::int from letter where agency_id = agency() and state = 'escalated' and hear_by < $1`
)

// Breaches is what waits longer than it should, for a manager: lines of the
// desk, with who holds each, and no text.
type Breaches struct {
	Late  []DeskLine // longer than the promise, the oldest first
	Amber []DeskLine // long, and still within it
	// Referred counts letters with the safeguarding lead whose writers should
	// have heard. Which ones they are is the lead's to know.
	Referred int
}

// Breaches lists the letters that have waited for Amber working days or more,
// 500 at most. Of a restricted case that is not the actor's it shows no name.
func (s *Service) Breaches(ctx context.Context, actor authz.Actor) (Breaches, error) {
	if _, err := s.begin(ctx, actor, authz.SeeBreaches, "breaches"); err != nil {
		return Breaches{}, err
	}
	today := Today(s.now())
	var rows deskRows
	var list Breaches
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		many(b, &rows.letters, sqlOverdue, breachesSince(today))
		many(b, &rows.names, sqlOverdueNames, breachesSince(today))
		b.Queue(sqlReferredLate, today).QueryRow(func(row pgx.Row) error { return row.Scan(&list.Referred) })
	})
	if err != nil {
		return Breaches{}, s.db.Fault(fmt.Errorf("load what waits long: %w", err))
	}
	for _, r := range rows.letters {
		switch line := s.line(actor, r, &rows); {
		case line.Late:
			list.Late = append(list.Late, line)
		case line.Amber:
			list.Amber = append(list.Amber, line)
		}
	}
	return list, nil
}

// breachesSince is the day up to which a letter was sent that may be amber by
// today: at least Amber days ago, for working days are no more than days.
func breachesSince(today time.Time) time.Time { return today.AddDate(0, 0, -Amber) }
