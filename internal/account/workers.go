package account

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/postgres"
)

const (
	sqlWorkers = `select w.id, w.state, w.roles, w.ends_on, u.at as suspended,
			(select count(*) from claim c where c.agency_id = w.agency_id and c.worker_id = w.id and c.until > now())::int
				+ (select count(*) from translation t where t.agency_id = w.agency_id and t.worker_id = w.id and t.state = 'given')::int as holds,
			exists (select from session s where s.agency_id = w.agency_id and s.account_id = w.id and s.tier = 'staff' and not s.enrolling
				and s.idle_at > $1 and s.absolute_at > $1) as signed_in
		from worker w left join suspension u on u.agency_id = w.agency_id and u.account_id = w.id
		where w.agency_id = agency()
		order by array_position(array['active', 'suspended', 'hold', 'invited', 'left'], w.state), w.id`
	sqlStaffNames = `select book, id, epoch, name, details from directory where agency_id = agency() and book = 'staff'`
)

// Worker is a worker as a manager sees them.
type Worker struct {
	ID        string
	Name      string       // as in the directory; "" where the record does not open
	State     string       // invited, hold, active, suspended, left
	Roles     []authz.Role // as the database lists them; what counts are the signed ones
	Holds     int          // letters that they have claimed, or have to translate
	SignedIn  bool
	Until     time.Time // the last day of an auditor, as the database has it; zero for the others
	Over      bool      // that day is over, or an auditor has none
	Suspended time.Time // since when; zero if they are not
	Self      bool      // the one who asks
}

type workerListed struct {
	ID        string
	State     string
	Roles     []string
	EndsOn    *time.Time
	Suspended *time.Time
	Holds     int
	SignedIn  bool
}

// Workers lists the agency's workers for a manager: the active ones first,
// those who left last.
func (s *Service) Workers(ctx context.Context, actor authz.Actor) ([]Worker, error) {
	if err := audit.Check(ctx, s.db, actor, authz.SeeWorkers, "-"); err != nil {
		return nil, err
	}
	if _, err := s.own(actor); err != nil {
		return nil, err
	}
	var rows []workerListed
	var names []agency.RecordRow
	err := s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) {
		b.Queue(sqlWorkers, s.now()).Query(collect(&rows))
		b.Queue(sqlStaffNames).Query(collect(&names))
	})
	if err != nil {
		return nil, fmt.Errorf("list workers: %w", s.db.Fault(err))
	}
	list := s.listed(rows)
	for i := range list {
		list[i].Name = s.nameOf(ctx, actor, names, list[i].ID)
		list[i].Self = list[i].ID == actor.Account()
	}
	return list, nil
}

// ListWorkers is Workers for the operator's command, which holds no key:
// without names.
func (s *Service) ListWorkers(ctx context.Context, agencyID string) ([]Worker, error) {
	if err := s.operator(agencyID); err != nil {
		return nil, err
	}
	var rows []workerListed
	err := s.db.Read(ctx, postgres.Scope{Agency: agencyID}, func(b *pgx.Batch) {
		b.Queue(sqlWorkers, s.now()).Query(collect(&rows))
	})
	if err != nil {
		return nil, fmt.Errorf("list workers: %w", s.db.Fault(err))
	}
	return s.listed(rows), nil
}

func (s *Service) listed(rows []workerListed) []Worker {
	list := make([]Worker, len(rows))
	for i, r := range rows {
		list[i] = Worker{ID: r.ID, State: r.State, Holds: r.Holds, SignedIn: r.SignedIn, Suspended: timeOf(r.Suspended)}
		for _, role := range r.Roles {
			list[i].Roles = append(list[i].Roles, authz.Role(role))
		}
		list[i].Until = timeOf(r.EndsOn)
		list[i].Over = ends(list[i].Roles) && calendar.Today(s.now()).After(list[i].Until)
	}
	return list
}

// nameOf opens a worker's name; "" where there is none that opens.
func (s *Service) nameOf(ctx context.Context, actor authz.Actor, rows []agency.RecordRow, id string) string {
	for _, r := range rows {
		if r.ID != id {
			continue
		}
		name, err := agency.OpenName(actor.Keys(), r)
		if err != nil {
			s.alarm(ctx, "a directory record does not open", r.ID, err)
		}
		return name
	}
	return ""
}
