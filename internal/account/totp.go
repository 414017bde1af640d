package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/code"
	"gatepost/crypto/seal"
	"gatepost/crypto/session"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// totpContext is the place of an account's secret: sealed to the account's own
// node, so that it opens only after the passphrase did.
func (s *Service) totpContext(ag *agency.Agency, account string) seal.Context {
	node := nodeID(s.kind, account)
	return seal.Context{Kind: seal.KindTOTP, Agency: ag.ID, Object: node, To: node, Version: 1}
}

// errCode is a one-time code that does not count: wrong, used, or out of time.
var errCode = errors.New("not a code that counts now")

// verifyStep checks a one-time code against the sealed secret and gives its
// step, which is newer than that of the last code that counted.
func (s *Service) verifyStep(ctx context.Context, ag *agency.Agency, cred *credential, keys *authz.Keyring, digits string) (int64, error) {
	identity, ok := keys.Identity(s.ownName(cred.account))
	if !ok {
		return 0, errCode
	}
	secret, _, err := seal.Open(cred.totp, s.totpContext(ag, cred.account), identity)
	if err != nil {
		s.alarm(ctx, "a secret for one-time codes does not open", cred.account, err)
		return 0, errCode
	}
	defer clear(secret)
	step, err := code.Verify(string(secret), digits, cred.step, s.now())
	if err != nil {
		return 0, errCode
	}
	return step, nil
}

// freshStep is a code that was right and has not been stored yet.
type freshStep struct {
	step int64
	lane lane
}

// freshCode checks a code given for one act. It counts wrong ones; the right
// one counts when the act stores it (queueFresh), and then only once.
func (s *Service) freshCode(ctx context.Context, ag *agency.Agency, actor authz.Actor, digits string) (*freshStep, error) {
	l := s.stepLane(ag, actor.Account())
	cred := credential{account: actor.Account()}
	allowed := false
	err := s.db.Act(ctx, scopeOf(actor), nil, func(b *pgx.Batch) error {
		s.queueReserve(b, l, &allowed)
		b.Queue(s.sql.totp, actor.Account()).QueryRow(func(row pgx.Row) error { return row.Scan(&cred.totp, &cred.step) })
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("check a code: %w", s.db.Fault(err))
	}
	if !allowed {
		return nil, fault.New(fault.Busy, "fault.stepUp.wait")
	}
	if cred.totp == nil {
		return nil, fault.Field("code", "fault.stepUp.none")
	}
	step, err := s.verifyStep(ctx, ag, &cred, actor.Keys(), digits)
	if err != nil {
		return nil, fault.Field("code", "fault.stepUp.wrong")
	}
	return &freshStep{step, l}, nil
}

// queueFresh stores a fresh code with the act that it was given for. A code
// that somebody used a moment before makes the whole act a Conflict.
func (s *Service) queueFresh(b *pgx.Batch, actor authz.Actor, f *freshStep) {
	s.queueStep(b, actor.Account(), f.step)
	s.queueForgive(b, f.lane)
	b.Queue(sqlSecondFactor, actor.Session(), s.now(), string(s.tier), actor.Account())
}

// StepUp takes a one-time code and notes on the session that it was given now.
// Invalid: wrong or used, field "code". Busy: five wrong ones in 15 minutes.
func (s *Service) StepUp(ctx context.Context, actor authz.Actor, token session.Token, digits string) error {
	ag, err := s.own(actor)
	if err != nil {
		return err
	}
	fresh, err := s.freshCode(ctx, ag, actor, digits)
	if err != nil {
		return err
	}
	err = s.db.Act(ctx, scopeOf(actor), nil, func(b *pgx.Batch) error {
		s.queueFresh(b, actor, fresh)
		return nil
	})
	return s.guarded(err, fault.Field("code", "fault.stepUp.wrong"))
}

// HasTOTP tells whether the actor's account has a second step.
func (s *Service) HasTOTP(ctx context.Context, actor authz.Actor) (bool, error) {
	if _, err := s.own(actor); err != nil {
		return false, err
	}
	var sealed []byte
	err := s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) {
		b.Queue(s.sql.totp, actor.Account()).QueryRow(func(row pgx.Row) error { return row.Scan(&sealed, nil) })
	})
	if err != nil {
		return false, fmt.Errorf("look for a second step: %w", s.db.Fault(err))
	}
	return sealed != nil, nil
}

// NeedsTOTP tells that the actor is a worker who has never given a one-time
// code in this session: they have none yet, and may do nothing else before.
// (Who has one cannot sign in without it.)
func (s *Service) NeedsTOTP(actor authz.Actor) bool {
	return actor.Tier() == authz.Staff && actor.Account() != "" && actor.StepUp(s.now(), absStaff) != nil
}

// OfferTOTP makes a secret for an authenticator app. It waits in the session,
// the same for as long as it waits, and is in force once KeepTOTP has seen a
// code. StepUp: to replace one in force, a code of it within ten minutes.
func (s *Service) OfferTOTP(ctx context.Context, actor authz.Actor, token session.Token) (TOTPOffer, error) {
	ag, err := s.own(actor)
	if err != nil {
		return TOTPOffer{}, err
	}
	has, err := s.HasTOTP(ctx, actor)
	if err != nil {
		return TOTPOffer{}, err
	}
	if has {
		if err := actor.StepUp(s.now(), changeTOTPFor); err != nil {
			return TOTPOffer{}, err
		}
	}
	issuer, label := s.shown()
	if secret, ok := actor.Keys().Secret(boxTOTP); ok {
		totp, err := code.RestoreTOTP(secret, issuer, label)
		if err != nil {
			return TOTPOffer{}, fmt.Errorf("offer one-time codes: %w", err)
		}
		return offer(totp)
	}
	totp, err := code.NewTOTP(issuer, label)
	if err != nil {
		return TOTPOffer{}, fmt.Errorf("offer one-time codes: %w", err)
	}
	keys, err := without(actor.Keys(), boxTOTP)
	if err != nil {
		return TOTPOffer{}, err
	}
	keys.PutSecret(boxTOTP, totp.Secret())
	if err := s.rebox(ctx, ag, token, reboxing{account: actor.Account(), keys: keys}); err != nil {
		return TOTPOffer{}, err
	}
	return offer(totp)
}

// shown is what the app says beside the digits. Whoever looks over a shoulder
// learns no agency's name from it.
func (s *Service) shown() (issuer, label string) {
	if s.tier == authz.Staff {
		return "Desk", "work"
	}
	return "Letters", "sign-in"
}

func offer(totp code.TOTP) (TOTPOffer, error) {
	svg, err := totp.SVG()
	if err != nil {
		return TOTPOffer{}, fmt.Errorf("draw one-time codes: %w", err)
	}
	return TOTPOffer{Secret: totp.Grouped(), URI: totp.URI(), SVG: svg}, nil
}

// KeepTOTP puts the offered secret in force once the app has made a code from
// it. That code is this session's second factor, and counts as used.
// Invalid: the code, field "code". Gone: nothing is on offer.
func (s *Service) KeepTOTP(ctx context.Context, actor authz.Actor, token session.Token, digits string) error {
	ag, err := s.own(actor)
	if err != nil {
		return err
	}
	secret, ok := actor.Keys().Secret(boxTOTP)
	if !ok {
		return fault.New(fault.Gone, "fault.totp.gone")
	}
	now := s.now()
	step, err := code.Verify(secret, digits, 0, now)
	if err != nil {
		return fault.Field("code", "fault.stepUp.wrong")
	}
	identity, ok := actor.Keys().Identity(s.ownName(actor.Account()))
	if !ok {
		return fault.New(fault.Sealed, "fault.sealed")
	}
	sealed, err := seal.Seal(s.totpContext(ag, actor.Account()), []byte(secret), identity.Recipient())
	if err != nil {
		return fmt.Errorf("seal a secret for one-time codes: %w", err)
	}
	keys, err := without(actor.Keys(), boxTOTP)
	if err != nil {
		return err
	}
	return s.rebox(ctx, ag, token, reboxing{account: actor.Account(), keys: keys, secondFactor: &now, also: func(b *pgx.Batch) {
		b.Queue(postgres.Guarded(s.sql.keepTOTP), actor.Account(), sealed.Bytes, step, now)
	}})
}
