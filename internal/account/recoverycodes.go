package account

import (
	"context"
	"crypto/subtle"
	"fmt"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/code"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// spareCodes is how many codes for a lost second step there are at once.
const spareCodes = 10

// spareHash is what is kept of a code: the key for it is not in the database.
func (s *Service) spareHash(ag *agency.Agency, account string, c code.Recovery) ([32]byte, error) {
	return code.RecoveryHash(keyFor(s.loginKey, "recovery/"+string(s.tier), ag.ID), account, c)
}

// spareCode finds a code among those that an account has left.
func (s *Service) spareCode(ag *agency.Agency, cred *credential, c code.Recovery) ([32]byte, error) {
	hash, err := s.spareHash(ag, cred.account, c)
	if err != nil {
		return hash, err
	}
	found := 0
	for _, one := range cred.codes {
		found |= subtle.ConstantTimeCompare(one, hash[:])
	}
	if found == 0 {
		return hash, errCode
	}
	return hash, nil
}

// NewRecoveryCodes makes ten codes, each of which stands in once for a one-time
// code at sign-in, and ends those before them. They are shown once. Ask for
// them right after KeepTOTP.
//
// StepUp: no one-time code was given within ten minutes. Conflict: there is no
// second step that could be lost.
func (s *Service) NewRecoveryCodes(ctx context.Context, actor authz.Actor) ([]string, error) {
	ag, err := s.own(actor)
	if err != nil {
		return nil, err
	}
	sealed, err := s.inForce(ctx, actor)
	if err != nil {
		return nil, err
	}
	if sealed == nil {
		return nil, fault.New(fault.Conflict, "fault.stepUp.none")
	}
	if err := actor.StepUp(s.now(), changeTOTPFor); err != nil {
		return nil, err
	}
	var texts []string
	var hashes [][]byte
	for _, c := range code.NewRecoveryCodes(spareCodes) {
		hash, err := s.spareHash(ag, actor.Account(), c)
		if err != nil {
			return nil, fmt.Errorf("make recovery codes: %w", err)
		}
		texts, hashes = append(texts, c.Text()), append(hashes, hash[:])
	}
	err = s.db.Act(ctx, scopeOf(actor), nil, func(b *pgx.Batch) error {
		b.Queue(postgres.Guarded(s.sql.lock), actor.Account())
		b.Queue(sqlEndCodes, string(s.tier), actor.Account())
		b.Queue(sqlInsertCodes, string(s.tier), actor.Account(), hashes)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("keep recovery codes: %w", s.db.Fault(err))
	}
	return texts, nil
}

// RecoveryCodesLeft tells how many codes the actor has not used yet.
func (s *Service) RecoveryCodesLeft(ctx context.Context, actor authz.Actor) (left int, err error) {
	if _, err := s.own(actor); err != nil {
		return 0, err
	}
	err = s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) {
		b.Queue(sqlCodesLeft, string(s.tier), actor.Account()).QueryRow(func(row pgx.Row) error { return row.Scan(&left) })
	})
	if err != nil {
		return 0, fmt.Errorf("count recovery codes: %w", s.db.Fault(err))
	}
	return left, nil
}
