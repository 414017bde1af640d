package intermediary

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

const sqlOverdue = `select e.id from enquiry e where e.agency_id = agency() and e.state = 'asked' and e.due_on < $1 and (e.chased_on is null or e.chased_on < $1)
	order by e.due_on, e.id limit 200`

var guardedRemind = postgres.Guarded(`update enquiry set chased_on = $2 where agency_id = agency() and id = $1 and state = 'asked' and due_on < $2
	and (chased_on is null or chased_on < $2) returning 1`)

// RemindOverdue is the clock's work for one agency: every enquiry that should have
// been answered is marked as reminded, once a working day, at both ends if the
// other is an agency of this deployment, and open pages of the desk load again.
// The system signs each mark; it can do nothing else here. Staff tier only. Any
// number of instances may do it at once.
func (s *Service) RemindOverdue(ctx context.Context, agencyID string) error {
	ag, ok := s.agencies.Get(agencyID)
	if !ok {
		return fault.New(fault.NotFound, "fault.notFound")
	}
	today := calendar.Today(s.now())
	if !s.agencies.Days().Working(today) {
		return nil
	}
	var rows []struct{ ID string }
	err := s.db.Read(ctx, postgres.Scope{Agency: agencyID}, func(b *pgx.Batch) { postgres.Many(b, &rows, sqlOverdue, today) })
	if err != nil {
		return s.db.Fault(fmt.Errorf("load overdue enquiries: %w", err))
	}
	for _, r := range rows {
		if err := s.remind(ctx, ag, r.ID, today); err != nil && fault.KindOf(err) != fault.Conflict { // another instance was first
			return fmt.Errorf("remind of enquiry %s: %w", r.ID, err)
		}
	}
	return nil
}

func (s *Service) remind(ctx context.Context, ag *agency.Agency, id string, today time.Time) error {
	body, err := ag.State(statement.Statement{Event: statement.EventLapse, Object: id, Part: "overdue", Version: 1, At: s.now()}, "system")
	if err != nil {
		return err
	}
	s.at("remind")
	err = s.db.Act(ctx, postgres.Scope{Agency: ag.ID}, nil, func(b *pgx.Batch) error {
		b.Queue(guardedRemind, id, today)
		b.Queue(sqlEnquiryFollows, id)
		b.Queue(sqlNudgeDesk)
		audit.Append(b, body)
		return nil
	})
	return s.db.Fault(err)
}
