package intermediary

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// Promise is within how many working days an applicant hears from us: after
// the case is opened, and by default after each word of ours.
const Promise = 10

// Service is the intermediary service on one tier. It is safe for use by many
// goroutines.
type Service struct {
	db        *postgres.DB
	agencies  *agency.Registry
	index     *audit.Index // staff tier only: the newest statement of each object
	codes     Codes        // staff tier only: who checks a code given for one act
	strangers Strangers    // families' tier only: the door for whoever has no account
	exchanges Exchanges    // staff tier only: who opens exchanges of letters
	now       func() time.Time
	log       *slog.Logger
	// stall runs at the named places of an act, so that a test can let
	// another act overtake it there; nil otherwise.
	stall func(at string)
}

// Codes checks the one-time codes that are given for one act. account.Service
// is one. The returned function queues into the act's own transaction what
// keeps the code from being used again.
type Codes interface {
	FreshCode(ctx context.Context, actor authz.Actor, digits string) (keep func(*pgx.Batch), err error)
}

// New makes the service of a tier. index is nil on the public tier, whose
// database role cannot read the log.
func New(db *postgres.DB, agencies *agency.Registry, index *audit.Index, now func() time.Time, log *slog.Logger) *Service {
	return &Service{db: db, agencies: agencies, index: index, now: now, log: log}
}

// WithCodes is the same service with somebody to check one-time codes. One
// without refuses every act that needs a fresh code.
func (s *Service) WithCodes(codes Codes) *Service {
	other := *s
	other.codes = codes
	return &other
}

// freshCode checks the code of one act.
func (s *Service) freshCode(ctx context.Context, actor authz.Actor, digits string) (func(*pgx.Batch), error) {
	if s.codes == nil {
		return nil, fault.New(fault.StepUp, "fault.stepUp")
	}
	return s.codes.FreshCode(ctx, actor, digits)
}

func scope(a authz.Actor) postgres.Scope {
	return postgres.Scope{Agency: a.Agency(), Account: a.Account()}
}

// begin is the first line of every method: the gate, the actor's agency, and
// that the worker knows nobody in the case to which of belongs.
func (s *Service) begin(ctx context.Context, a authz.Actor, act authz.Act, of string) (*agency.Agency, error) {
	if err := audit.Check(ctx, s.db, a, act, of); err != nil {
		return nil, err
	}
	ag, ok := s.agencies.Get(a.Agency())
	if !ok {
		return nil, fault.New(fault.Forbidden, "fault.forbidden")
	}
	if err := s.keptOut(ctx, a, of); err != nil {
		if fault.KindOf(err) == fault.Forbidden {
			audit.Refused(ctx, s.db, a, act, of)
		}
		return nil, err
	}
	return ag, nil
}

// at lets a test stop an act at a place.
func (s *Service) at(place string) {
	if s.stall != nil {
		s.stall(place)
	}
}

// notFound is the one answer to an id that is not there, not yours, or no id.
func notFound() error { return fault.New(fault.NotFound, "fault.notFound") }

// hour is the clock of a reading: the log tells no finer.
func hour(t time.Time) time.Time { return t.UTC().Truncate(time.Hour) }
