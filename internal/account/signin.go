package account

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/code"
	"gatepost/crypto/field"
	"gatepost/crypto/passphrase"
	"gatepost/crypto/session"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// Longer than any name or passphrase that can be chosen; not even looked at.
const (
	maxName       = 256
	maxPassphrase = 4096
)

// errWrong is the one answer to every way of not getting in.
func errWrong() error { return fault.New(fault.Invalid, "fault.signIn.wrong") }

// SignIn opens an account's keys with its passphrase and begins a session.
//
// A name that nobody has, a wrong passphrase, a wrong, used or missing code
// and a suspended account get the same answer, fault.signIn.wrong, after the
// same queries and one run of scrypt. Busy means too many failures at this name
// or from this network, or too many sign-ins at once. Forbidden means that the
// agency is not active yet. An auditor whose last day is over is told so, once
// everything that they gave was right: Invalid, fault.signIn.over.
func (s *Service) SignIn(ctx context.Context, agencyID string, in SignIn) (session.Token, error) {
	ag, err := s.agency(agencyID)
	if err != nil {
		return session.Token{}, err
	}
	a, err := s.attempt(ctx, ag, in)
	if err != nil {
		return session.Token{}, err
	}
	if err := s.takePrevious(ctx, ag, a); err != nil {
		return session.Token{}, err
	}
	// Workers climb only after their second step.
	if s.tier == authz.Public || a.stepped {
		if err := s.climb(ctx, ag, a.account, a.keys); err != nil {
			return session.Token{}, err
		}
	}
	if s.over(a.keys) {
		return session.Token{}, fault.New(fault.Invalid, "fault.signIn.over")
	}
	token, row, err := s.newSession(ag, beginning{account: a.account, browser: in.Browser, keys: a.keys, stepped: a.stepped})
	if err != nil {
		return session.Token{}, err
	}
	if s.stall != nil {
		s.stall()
	}
	now := &touched{}
	err = s.db.Act(ctx, postgres.Scope{Agency: ag.ID, Account: a.account},
		func(b *pgx.Batch) { s.queueNow(b, now) },
		func(b *pgx.Batch) error {
			if !now.mayEnter() {
				return errWrong()
			}
			a.queueSuccess(s, b)
			s.queueSession(b, row)
			return nil
		})
	if err != nil {
		return session.Token{}, s.guarded(err, fault.New(fault.Invalid, "fault.signIn.wrong"))
	}
	return token, nil
}

// attempted is a sign-in whose passphrase and code were right.
type attempted struct {
	account string
	keys    *authz.Keyring
	lanes   [2]lane // the name's or the device's; the network's
	stepped bool    // a one-time code was given
	step    int64
	rewrap  []byte // the wrap made anew under today's pepper and cost; nil if not needed

	generation int
	epoch      uint32
	previous   []byte   // as in credential
	settled    bool     // previous is not needed any more
	recovery   [32]byte // hash of the code for a lost second step that was given; zero for none
	note       string   // id of the attempt in the owner's history
	label      string
}

// queueSuccess stores what a right passphrase and code change: the code's step,
// once, and the end of the count of failures.
func (a *attempted) queueSuccess(s *Service, b *pgx.Batch) {
	b.Queue(postgres.Guarded(s.sql.same), a.account, a.generation)
	s.queueForgive(b, a.lanes[0])
	s.queueRefund(b, a.lanes[1])
	if a.rewrap != nil {
		b.Queue(s.sql.rewrap, a.account, a.rewrap, s.peppers.Current().Version())
	}
	switch {
	case a.recovery != [32]byte{}:
		b.Queue(postgres.Guarded(sqlUseCode), string(s.tier), a.account, a.recovery[:], s.now())
	case a.stepped:
		s.queueStep(b, a.account, a.step)
	}
	if a.settled {
		b.Queue(s.sql.settled, a.account)
	}
	b.Queue(sqlSignedIn, string(s.tier), a.note, a.account, s.now(), a.label)
}

// attempt checks name, passphrase and code. It does the same work whatever is
// wrong: one act that reads the credential and counts the attempt, one run of
// scrypt, and no query after it.
func (s *Service) attempt(ctx context.Context, ag *agency.Agency, in SignIn) (*attempted, error) {
	if len(in.Name) > maxName || len(in.Passphrase) > maxPassphrase || !utf8.ValidString(in.Name) || !utf8.ValidString(in.Passphrase) {
		return nil, errWrong()
	}
	note := agency.NewID("si")
	cred, lanes, err := s.reserve(ctx, ag, in, note)
	if err != nil {
		return nil, err
	}
	bundle, stale, err := s.unwrap(ctx, cred, in.Passphrase)
	if isBusy(err) {
		s.refund(ctx, ag, note, lanes[:]...)
		return nil, fault.Wrap(fault.Busy, "fault.busy", err)
	}
	if err != nil {
		return nil, errWrong()
	}
	a := &attempted{account: cred.account, keys: s.keyringOf(cred.account, cred.epoch, bundle), lanes: lanes, note: note, label: label(in.Browser),
		generation: cred.generation, epoch: cred.epoch, previous: cred.previous}
	if cred.totp != nil {
		if err := s.second(ctx, ag, a, cred, in.Code); err != nil {
			return nil, errWrong()
		}
	}
	if stale {
		a.rewrap, err = s.wrap(ctx, cred.account, in.Passphrase, bundle)
		if err != nil && !isBusy(err) {
			return nil, fmt.Errorf("wrap keys anew: %w", err)
		}
	}
	return a, nil
}

// second checks the second step of a sign-in: a one-time code, or one of the
// codes that stand in for it once.
func (s *Service) second(ctx context.Context, ag *agency.Agency, a *attempted, cred *credential, given string) (err error) {
	a.stepped = true
	if spare, err := code.ParseRecovery(given); err == nil {
		a.recovery, err = s.spareCode(ag, cred, spare)
		return err
	}
	a.step, err = s.verifyStep(ctx, ag, cred, a.keys, given)
	return err
}

// reserve reads the credential of a name and counts the attempt: on the lane of
// a remembered device where the device is the account's own, else on the
// name's; and on the network's, which only stops devices that nobody knows.
func (s *Service) reserve(ctx context.Context, ag *agency.Agency, in SignIn, note string) (*credential, [2]lane, error) {
	index := s.loginIndex(ag, s.kind, in.Name)
	device := s.deviceHash(ag, in.Device)
	var (
		cred           credential
		owner          string
		active, opened bool
		lanes          [2]lane
		known          bool
		byName, byNet  bool
	)
	err := s.db.Act(ctx, postgres.Scope{Agency: ag.ID}, func(b *pgx.Batch) {
		queueActive(b, &active, &opened)
		s.queueCredential(b, index, &cred)
		s.queueDevice(b, device, &owner)
	}, func(b *pgx.Batch) error {
		if !active {
			return errInactive()
		}
		lanes = [2]lane{s.accountLane(ag, index), s.addressLane(ag, in.From)}
		known = in.Device != "" && cred.found() && owner == cred.account
		if known {
			lanes[0] = s.deviceLane(ag, device)
		}
		s.queueReserve(b, lanes[0], &byName)
		s.queueReserve(b, lanes[1], &byNet)
		b.Queue(s.sql.note, index[:], note, s.now(), label(in.Browser), lanes[0].bucket[:], lanes[0].limit, lanes[1].bucket[:], lanes[1].limit)
		return nil
	})
	if err != nil {
		return nil, lanes, fmt.Errorf("look up a sign-in: %w", s.db.Fault(err))
	}
	if !byNet && !known {
		return nil, lanes, errWait(lanes[1])
	}
	if !byName {
		return nil, lanes, errWait(lanes[0])
	}
	return &cred, lanes, nil
}

// queueDevice reads whose a remembered device is; "" for nobody's.
func (s *Service) queueDevice(b *pgx.Batch, device [32]byte, owner *string) {
	*owner = ""
	b.Queue(sqlDevice, string(s.tier), device[:], s.now()).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			if err := rows.Scan(owner); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

func (s *Service) loginIndex(ag *agency.Agency, kind, name string) [32]byte {
	return field.LoginIndex(keyFor(s.loginKey, "login/"+kind, ag.ID), ag.ID, name)
}

// unwrap opens the account's keys, or does the same work for nobody.
func (s *Service) unwrap(ctx context.Context, cred *credential, phrase string) (bundle passphrase.Bundle, stale bool, err error) {
	err = s.gate.Do(ctx, func() (err error) {
		if !cred.found() {
			return s.work.Dummy(s.peppers, s.kind, nobody, phrase)
		}
		bundle, stale, err = s.work.Unwrap(s.peppers, s.kind, cred.account, phrase, cred.wrap)
		if errors.Is(err, passphrase.ErrWrap) {
			s.alarm(ctx, "a passphrase wrap is damaged", cred.account, err)
		}
		return err
	})
	return bundle, stale, err
}

// nobody is the account of a name that nobody has; as long as any other.
const nobody = "xxaaaaaaaaaaaaaaaaaaaa"

func (s *Service) wrap(ctx context.Context, account, phrase string, bundle passphrase.Bundle) (wrap []byte, err error) {
	err = s.gate.Do(ctx, func() (err error) {
		wrap, err = s.work.Wrap(s.peppers.Current(), s.kind, account, phrase, bundle)
		return err
	})
	return wrap, err
}

// isBusy tells that no work was done: the queue was full, or the caller left.
func isBusy(err error) bool {
	return errors.Is(err, passphrase.ErrBusy) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
