package account

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/code"
	"gatepost/crypto/field"
	"gatepost/crypto/session"
	"gatepost/internal/agency"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// What people without an account may do from one network (/24 or /56) in an
// hour. A library, or a prison's visitors' room, is one network too.
const (
	beginLimit      = 60 // enquiries begun, also those that were never filled in
	wrongCodeLimit  = 20 // codes of enquiries that nobody has
	strangersWindow = time.Hour
)

// IntakeToken gives what the code of a first enquiry opens: a token for a box,
// made under a key of the deployment, so that a stolen table of enquiries alone
// is nothing to guess at. Both tiers make the same. NotFound for no agency.
func (s *Service) IntakeToken(agencyID string, c code.Intake) (session.Token, error) {
	ag, err := s.agency(agencyID)
	if err != nil {
		return session.Token{}, err
	}
	return session.TokenOf(code.IntakeKey(keyFor(s.codeKey, "intake", ag.ID), c)), nil
}

// CountBegun counts an enquiry that somebody begins from a network. Busy: there
// were too many in the last hour. Forbidden: the agency is not active, or nobody
// has opened it, and then there is nobody to read an enquiry.
func (s *Service) CountBegun(ctx context.Context, agencyID string, from netip.Addr) error {
	return s.countStranger(ctx, agencyID, from, "begun", beginLimit)
}

// CountWrongCode counts a code of an enquiry that nobody has. Busy: there were
// too many in the last hour. A code that is somebody's is never counted, so
// nobody keeps its owner out by guessing beside them.
func (s *Service) CountWrongCode(ctx context.Context, agencyID string, from netip.Addr) error {
	return s.countStranger(ctx, agencyID, from, "intake", wrongCodeLimit)
}

func (s *Service) countStranger(ctx context.Context, agencyID string, from netip.Addr, what string, limit int) error {
	ag, err := s.agency(agencyID)
	if err != nil {
		return err
	}
	l := s.strangersLane(ag, from, what, limit)
	var active, opened, allowed bool
	err = s.db.Act(ctx, postgres.Scope{Agency: ag.ID}, func(b *pgx.Batch) {
		queueActive(b, &active, &opened)
	}, func(b *pgx.Batch) error {
		if !active || !opened {
			return errInactive()
		}
		s.queueReserve(b, l, &allowed)
		return nil
	})
	if err != nil {
		return fmt.Errorf("count a stranger: %w", s.db.Fault(err))
	}
	if !allowed {
		return fault.New(fault.Busy, "fault.intake.wait")
	}
	return nil
}

func (s *Service) strangersLane(ag *agency.Agency, from netip.Addr, what string, limit int) lane {
	return lane{field.AddressBucket(s.rateKey(ag, what), s.now(), from), limit, strangersWindow}
}
