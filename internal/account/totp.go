package account

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
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

// errTOTP: the stored secret is not one that the account's own key has made.
var errTOTP = errors.New("a secret for one-time codes was made by somebody else")

// totpMAC authenticates a secret. The recipient that it is sealed to is public,
// so whoever can write the database could seal one of their own; the key of
// this code comes out of the account's identity, which only the passphrase
// opens (HKDF, RFC 5869).
func totpMAC(ag *agency.Agency, node string, identity *age.HybridIdentity, secret string) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, []byte(identity.String()), nil, "gatepost/totp/v1", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive a key for one-time codes: %w", err)
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s\n%s\n%s", ag.ID, node, secret)
	return mac.Sum(nil), nil
}

// sealTOTP seals a secret, with its authentication before it.
func (s *Service) sealTOTP(ag *agency.Agency, account string, identity *age.HybridIdentity, secret string) ([]byte, error) {
	mac, err := totpMAC(ag, nodeID(s.kind, account), identity, secret)
	if err != nil {
		return nil, err
	}
	sealed, err := seal.Seal(s.totpContext(ag, account), append(mac, secret...), identity.Recipient())
	if err != nil {
		return nil, fmt.Errorf("seal a secret for one-time codes: %w", err)
	}
	return sealed.Bytes, nil
}

// openTOTP opens a stored secret; errTOTP for one that somebody else sealed.
func (s *Service) openTOTP(ag *agency.Agency, account string, identity *age.HybridIdentity, sealed []byte) (string, error) {
	content, _, err := seal.Open(sealed, s.totpContext(ag, account), identity)
	if err != nil {
		return "", err
	}
	if len(content) < sha256.Size {
		return "", errTOTP
	}
	secret := string(content[sha256.Size:])
	mac, err := totpMAC(ag, nodeID(s.kind, account), identity, secret)
	if err != nil {
		return "", err
	}
	if !hmac.Equal(mac, content[:sha256.Size]) {
		return "", errTOTP
	}
	return secret, nil
}

// errCode is a one-time code that does not count: wrong, used, or out of time.
var errCode = errors.New("not a code that counts now")

// verifyStep checks a one-time code against the sealed secret and gives its
// step, which is newer than that of the last code that counted.
func (s *Service) verifyStep(ctx context.Context, ag *agency.Agency, cred *credential, keys *authz.Keyring, digits string) (int64, error) {
	_, identity, ok := keys.Own()
	if !ok {
		return 0, errCode
	}
	secret, err := s.openTOTP(ag, cred.account, identity, cred.totp)
	if err != nil {
		s.alarm(ctx, "a secret for one-time codes is not the account's own", cred.account, err)
		return 0, errCode
	}
	step, err := code.Verify(secret, digits, cred.step, s.now())
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
// that somebody used a moment before makes the whole act a Conflict. It counts
// for that act alone: only StepUp notes a code on the session.
func (s *Service) queueFresh(b *pgx.Batch, actor authz.Actor, f *freshStep) {
	s.queueStep(b, actor.Account(), f.step)
	s.queueForgive(b, f.lane)
}

// StepUp takes a one-time code and notes on the session that it was given now.
// Invalid: wrong or used, field "code". Busy: five wrong ones in 15 minutes.
// SignIn: the session has ended in the meantime.
func (s *Service) StepUp(ctx context.Context, actor authz.Actor, token session.Token, digits string) error {
	ag, err := s.own(actor)
	if err != nil {
		return err
	}
	fresh, err := s.freshCode(ctx, ag, actor, digits)
	if err != nil {
		return err
	}
	now := s.now()
	_, err = s.rebox(ctx, ag, token, reboxing{account: actor.Account(), change: func(keys *authz.Keyring) (*authz.Keyring, error) {
		putTime(keys, boxSecond, now)
		return keys, nil
	}, also: func(b *pgx.Batch) { s.queueFresh(b, actor, fresh) }})
	return s.guarded(err, fault.Field("code", "fault.stepUp.wrong"))
}

// HasTOTP tells whether the actor's account has a second step.
func (s *Service) HasTOTP(ctx context.Context, actor authz.Actor) (bool, error) {
	if _, err := s.own(actor); err != nil {
		return false, err
	}
	sealed, err := s.inForce(ctx, actor)
	return sealed != nil, err
}

// inForce gives the sealed secret of the actor's account; nil for none.
func (s *Service) inForce(ctx context.Context, actor authz.Actor) ([]byte, error) {
	var sealed []byte
	err := s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) {
		b.Queue(s.sql.totp, actor.Account()).QueryRow(func(row pgx.Row) error { return row.Scan(&sealed, nil) })
	})
	if err != nil {
		return nil, fmt.Errorf("look for a second step: %w", s.db.Fault(err))
	}
	return sealed, nil
}

// nothing is what the first second step of an account replaces.
const nothing = "none"

// replaces names a sealed secret that is in force, or nothing.
func replaces(sealed []byte) string {
	if sealed == nil {
		return nothing
	}
	sum := sha256.Sum256(sealed)
	return hex.EncodeToString(sum[:])
}

// NeedsTOTP tells that the actor is a worker who has never given a one-time
// code in this session: they have none yet, and may do nothing else before.
// (Who has one cannot sign in without it.)
func (s *Service) NeedsTOTP(actor authz.Actor) bool {
	return actor.Tier() == authz.Staff && actor.Account() != "" && actor.StepUp(s.now(), absStaff) != nil
}

// OfferTOTP makes a secret for an authenticator app. It waits in the session,
// the same for as long as it waits and nothing else comes into force, and is in
// force once KeepTOTP has seen a code. StepUp: to replace one in force, a code
// of it within ten minutes.
func (s *Service) OfferTOTP(ctx context.Context, actor authz.Actor, token session.Token) (TOTPOffer, error) {
	ag, err := s.own(actor)
	if err != nil {
		return TOTPOffer{}, err
	}
	sealed, err := s.inForce(ctx, actor)
	if err != nil {
		return TOTPOffer{}, err
	}
	if sealed != nil {
		if err := actor.StepUp(s.now(), changeTOTPFor); err != nil {
			return TOTPOffer{}, err
		}
	}
	issuer, label := s.shown()
	if secret, old, ok := offered(actor.Keys()); ok && old == replaces(sealed) {
		totp, err := code.RestoreTOTP(secret, issuer, label)
		if err != nil {
			return TOTPOffer{}, fmt.Errorf("offer one-time codes: %w", err)
		}
		return offer(totp), nil
	}
	totp, err := code.NewTOTP(issuer, label)
	if err != nil {
		return TOTPOffer{}, fmt.Errorf("offer one-time codes: %w", err)
	}
	_, err = s.rebox(ctx, ag, token, reboxing{account: actor.Account(), change: func(keys *authz.Keyring) (*authz.Keyring, error) {
		keys.PutSecret(boxTOTP, totp.Secret()+" "+replaces(sealed))
		return keys, nil
	}})
	if err != nil {
		return TOTPOffer{}, s.db.Fault(err)
	}
	return offer(totp), nil
}

// offered is the secret that waits in a session, with what it is to replace.
func offered(keys *authz.Keyring) (secret, old string, ok bool) {
	text, _ := keys.Secret(boxTOTP)
	return strings.Cut(text, " ")
}

// shown is what the app says beside the digits. Whoever looks over a shoulder
// learns no agency's name from it.
func (s *Service) shown() (issuer, label string) {
	if s.tier == authz.Staff {
		return "Desk", "work"
	}
	return "Letters", "sign-in"
}

func offer(totp code.TOTP) TOTPOffer { return TOTPOffer{Secret: totp.Grouped(), URI: totp.URI()} }

// KeepTOTP puts the offered secret in force once the app has made a code from
// it, and ends every other session of the account: whoever else is in has not
// shown a code of it. Codes for the loss of the one before end too; ask for new
// ones (NewRecoveryCodes) while the person is there. That code is this session's second factor, and counts as
// used.
//
// Invalid: the code, field "code". Gone: nothing is on offer. StepUp: the offer
// replaces one in force, of which no code was given within ten minutes.
// Conflict: another one has come into force since the offer.
func (s *Service) KeepTOTP(ctx context.Context, actor authz.Actor, token session.Token, digits string) error {
	ag, err := s.own(actor)
	if err != nil {
		return err
	}
	secret, old, ok := offered(actor.Keys())
	if !ok {
		return fault.New(fault.Gone, "fault.totp.gone")
	}
	now := s.now()
	if old != nothing {
		if err := actor.StepUp(now, changeTOTPFor); err != nil {
			return err
		}
	}
	step, err := code.Verify(secret, digits, 0, now)
	if err != nil {
		return fault.Field("code", "fault.stepUp.wrong")
	}
	_, identity, ok := actor.Keys().Own()
	if !ok {
		return fault.New(fault.Sealed, "fault.sealed")
	}
	sealed, err := s.sealTOTP(ag, actor.Account(), identity, secret)
	if err != nil {
		return err
	}
	row := token.RowID()
	_, err = s.rebox(ctx, ag, token, reboxing{account: actor.Account(), change: func(keys *authz.Keyring) (*authz.Keyring, error) {
		putTime(keys, boxSecond, now)
		return without(keys, boxTOTP)
	}, also: func(b *pgx.Batch) {
		b.Queue(postgres.Guarded(s.sql.keepTOTP), actor.Account(), sealed, step, now, old)
		b.Queue(sqlEndOthers, string(s.tier), actor.Account(), row[:])
		b.Queue(sqlEndCodes, string(s.tier), actor.Account())
	}})
	return s.guarded(err, fault.New(fault.Conflict, "fault.totp.changed"))
}
