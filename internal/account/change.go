package account

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/passphrase"
	"gatepost/crypto/seal"
	"gatepost/crypto/session"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// Change is what the form for a new passphrase carries.
type Change struct {
	Old, New string
	// Known says that somebody else may know the old one: then the key behind
	// it is replaced too, and a worker rings.
	Known bool
}

// Changed is what the page says after a change.
type Changed struct {
	// Waits: there is a new key, and it waits for the call on which Words are
	// read. Until then the one before it works on under the new passphrase.
	Waits bool
	Words [4]string
}

// errChange: two keys where there should be one.
var errChange = errors.New("an account's stored keys are not those of its session")

// ChangePassphrase replaces the actor's passphrase, ends every other session of
// theirs and forgets remembered devices. This session goes on.
//
// With Known the key is replaced as well. Grants are workers' statements, so
// the new key opens nothing yet: a worker hears its four words on a call and
// grants anew (ConfirmPerson; a manager by ConfirmWorker), and what the earlier
// key was granted ends in that act, with all sessions. Until then that one
// stands sealed to the new key, and everything works as before.
//
// Invalid: the old passphrase, field "old"; the new one, field "new". Busy:
// five wrong ones in 15 minutes, or too many at once. Conflict: it was changed
// elsewhere just now, or, with Known, a key of theirs waits for a call already.
func (s *Service) ChangePassphrase(ctx context.Context, actor authz.Actor, token session.Token, c Change) (Changed, error) {
	ag, err := s.own(actor)
	if err != nil {
		return Changed{}, err
	}
	if err := checkChosen(c.New, ag.Name); err != nil {
		return Changed{}, err
	}
	have, lane, err := s.checkOld(ctx, ag, actor, c.Old)
	if err != nil {
		return Changed{}, err
	}
	next := &changing{have: have, bundle: have.bundle, epoch: have.epoch, totp: have.totp, previous: have.previous, lane: lane}
	if c.Known {
		if err := s.renew(ctx, ag, actor, next); err != nil {
			return Changed{}, err
		}
	}
	next.wrap, err = s.wrap(ctx, actor.Account(), c.New, next.bundle)
	if isBusy(err) {
		return Changed{}, fault.Wrap(fault.Busy, "fault.busy", err)
	}
	if err != nil {
		return Changed{}, fmt.Errorf("wrap an account's keys: %w", err)
	}
	if err := s.commitChange(ctx, ag, actor, token, next); err != nil {
		return Changed{}, s.guarded(err, fault.New(fault.Conflict, "fault.passphrase.changed"))
	}
	if next.key == nil {
		return Changed{}, nil
	}
	return Changed{Waits: true, Words: spoken(next.key.node.Public(), next.key.verifier)}, nil
}

// checkChosen is checkPassphrase for a form in which the new one is "new".
func checkChosen(phrase string, about ...string) error {
	err := checkPassphrase(phrase, about...)
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return fault.Field("new", f.Message)
	}
	return err
}

// changing is a change of passphrase before it is stored.
type changing struct {
	have     *ownCredential
	bundle   passphrase.Bundle // what the new passphrase opens
	epoch    uint32
	totp     []byte
	previous []byte
	key      *ownKey // nil if the key stays
	wrap     []byte
	lane     lane
}

// ownCredential is an account's credential with its keys open.
type ownCredential struct {
	credential
	bundle passphrase.Bundle
}

// checkOld opens the account's keys with the old passphrase. Wrong ones are
// counted; the right one ends the count when the change is stored.
func (s *Service) checkOld(ctx context.Context, ag *agency.Agency, actor authz.Actor, phrase string) (*ownCredential, lane, error) {
	l := s.lane(ag, "passphrase", actor.Account())
	have := &ownCredential{credential: credential{account: actor.Account()}}
	allowed := false
	err := s.db.Act(ctx, scopeOf(actor), nil, func(b *pgx.Batch) error {
		s.queueReserve(b, l, &allowed)
		b.Queue(s.sql.own, actor.Account()).QueryRow(func(row pgx.Row) error {
			return row.Scan(&have.wrap, &have.totp, &have.step, &have.epoch, &have.generation, &have.previous)
		})
		return nil
	})
	if err != nil {
		return nil, l, fmt.Errorf("read a credential: %w", s.db.Fault(err))
	}
	if !allowed {
		return nil, l, fault.New(fault.Busy, "fault.signIn.wait")
	}
	if len(phrase) > maxPassphrase {
		return nil, l, fault.Field("old", "fault.passphrase.wrong")
	}
	have.bundle, _, err = s.unwrap(ctx, &have.credential, phrase)
	if isBusy(err) {
		return nil, l, fault.Wrap(fault.Busy, "fault.busy", err)
	}
	if err != nil {
		return nil, l, fault.Field("old", "fault.passphrase.wrong")
	}
	if _, mine, ok := actor.Keys().Own(); !ok || mine.String() != have.bundle.Identity().String() {
		s.alarm(ctx, "a session and its account have two keys", actor.Account(), errChange)
		return nil, l, fault.Wrap(fault.SignIn, "fault.signIn", errChange)
	}
	return have, l, nil
}

// renew makes the account's next key, seals the one in force to it, and takes
// the second step along.
func (s *Service) renew(ctx context.Context, ag *agency.Agency, actor authz.Actor, c *changing) error {
	waits, err := s.waits(ctx, ag, actor)
	if err != nil {
		return err
	}
	if waits {
		return fault.New(fault.Conflict, "fault.passphrase.pending")
	}
	epoch, err := s.nextEpoch(ctx, ag, actor.Account())
	if err != nil {
		return err
	}
	if c.key, err = s.newKey(ag, actor.Account(), epoch, ""); err != nil {
		return err
	}
	identity := c.key.bundle.Identity()
	if c.previous, err = s.sealPrevious(ag, actor.Account(), c.key, c.have); err != nil {
		return err
	}
	if c.have.totp != nil {
		secret, err := s.openTOTP(ag, actor.Account(), c.have.bundle.Identity(), c.have.totp)
		if err != nil {
			s.alarm(ctx, "a secret for one-time codes is not the account's own", actor.Account(), err)
			return fault.Wrap(fault.Sealed, "fault.sealed", err)
		}
		if c.totp, err = s.sealTOTP(ag, actor.Account(), identity, secret); err != nil {
			return err
		}
	}
	c.bundle, c.epoch = c.key.bundle, epoch
	return nil
}

func (s *Service) commitChange(ctx context.Context, ag *agency.Agency, actor authz.Actor, token session.Token, c *changing) error {
	row := token.RowID()
	_, err := s.rebox(ctx, ag, token, reboxing{account: actor.Account(), change: func(keys *authz.Keyring) (*authz.Keyring, error) {
		if c.key != nil {
			s.putRenewed(keys, actor.Account(), c)
		}
		return keys, nil
	}, also: func(b *pgx.Batch) {
		b.Queue(postgres.Guarded(s.sql.change), actor.Account(), c.have.generation, c.wrap, s.peppers.Current().Version(), s.now(),
			c.epoch, c.totp, c.previous, replaces(c.have.totp))
		b.Queue(sqlEndOthers, string(s.tier), actor.Account(), row[:])
		b.Queue(sqlEndDevices, string(s.tier), actor.Account())
		s.queueForgive(b, c.lane)
		if c.key != nil {
			c.key.queue(b)
		}
	}, last: func(b *pgx.Batch) {
		if c.key != nil {
			audit.Append(b, c.key.request)
		}
	}})
	return err
}

// putRenewed puts the new key before the one in force, which stays and signs.
func (s *Service) putRenewed(keys *authz.Keyring, account string, c *changing) {
	keys.PutOwn(agency.NodeName(nodeID(s.kind, account), c.epoch), c.bundle.Identity())
	if skey, ok := signKey(c.bundle); ok {
		keys.PutSecret(boxNextSign, skey)
	}
}

// previousContext is the place of a key that is sealed to the one after it.
func (s *Service) previousContext(ag *agency.Agency, account string, epoch uint32) seal.Context {
	node := nodeID(s.kind, account)
	return seal.Context{Kind: seal.KindGrant, Agency: ag.ID, Object: node, Part: "previous", To: agency.NodeName(node, epoch), Version: 1}
}

// sealPrevious seals the keys in force to the next one, with a proof that the
// holder of the next one did it: its public half alone is known to others.
func (s *Service) sealPrevious(ag *agency.Agency, account string, next *ownKey, have *ownCredential) ([]byte, error) {
	context, identity := s.previousContext(ag, account, uint32(next.node.Epoch())), next.bundle.Identity()
	content := append([]byte(strconv.FormatUint(uint64(have.epoch), 10)+"\n"), have.bundle.Text()...)
	object, err := seal.Seal(context, content, identity.Recipient())
	if err != nil {
		return nil, fmt.Errorf("seal a key to the next one: %w", err)
	}
	mac, err := seal.Own(identity, context, object.Commit)
	if err != nil {
		return nil, fmt.Errorf("seal a key to the next one: %w", err)
	}
	return append(mac[:], object.Bytes...), nil
}

// errPrevious: what is stored is not the key before this one.
var errPrevious = errors.New("not the key before this one")

// openPrevious opens what sealPrevious made, with the epoch of the key in it.
func (s *Service) openPrevious(ag *agency.Agency, account string, epoch uint32, identity *age.HybridIdentity, sealed []byte) (uint32, passphrase.Bundle, error) {
	const mac = 32
	if len(sealed) < mac {
		return 0, passphrase.Bundle{}, errPrevious
	}
	context := s.previousContext(ag, account, epoch)
	content, commit, err := seal.Open(sealed[mac:], context, identity)
	if err != nil {
		return 0, passphrase.Bundle{}, err
	}
	if err := seal.Owned(identity, context, commit, sealed[:mac]); err != nil {
		return 0, passphrase.Bundle{}, err
	}
	number, text, _ := bytes.Cut(content, []byte("\n"))
	was, err := strconv.ParseUint(string(number), 10, 31)
	if err != nil {
		return 0, passphrase.Bundle{}, errPrevious
	}
	bundle, err := passphrase.ParseBundle(text)
	return uint32(was), bundle, err
}

// takePrevious adds to a sign-in the key that is in force while the account's
// own waits for its call. Once that is vouched for, the earlier one is forgotten.
func (s *Service) takePrevious(ctx context.Context, ag *agency.Agency, a *attempted) error {
	if a.previous == nil {
		return nil
	}
	inForce, err := s.vouched(ctx, ag, a.account)
	if err != nil {
		return err
	}
	if inForce >= a.epoch {
		a.settled = true
		return nil
	}
	_, identity, ok := a.keys.Own()
	if !ok {
		return fault.New(fault.Sealed, "fault.sealed")
	}
	epoch, bundle, err := s.openPrevious(ag, a.account, a.epoch, identity, a.previous)
	if err != nil {
		s.alarm(ctx, "the key before a new one does not open", a.account, err)
		return nil
	}
	a.keys.PutIdentity(agency.NodeName(nodeID(s.kind, a.account), epoch), bundle.Identity())
	next, _ := a.keys.Secret(authz.SignKey)
	if skey, ok := signKey(bundle); ok {
		a.keys.PutSecret(boxNextSign, next)
		a.keys.PutSecret(authz.SignKey, skey)
	}
	return nil
}

// vouched gives the newest epoch of an account's key that the registrar has
// vouched for; 0 for none.
func (s *Service) vouched(ctx context.Context, ag *agency.Agency, account string) (uint32, error) {
	var rows []agency.NodeRow
	id := nodeID(s.kind, account)
	err := s.db.Read(ctx, postgres.Scope{Agency: ag.ID, Account: account}, func(b *pgx.Batch) { agency.QueueNodes(b, &rows, id) })
	if err != nil {
		return 0, fmt.Errorf("read an account's own key: %w", s.db.Fault(err))
	}
	if len(rows) == 0 {
		return 0, nil
	}
	node, err := ag.Trusted(rows, id)
	if err != nil {
		s.alarm(ctx, "an account's own key is not the one that was vouched for", account, err)
		return 0, nil
	}
	return uint32(node.Epoch()), nil
}

// waits tells whether the key of the actor's session is not vouched for yet.
func (s *Service) waits(ctx context.Context, ag *agency.Agency, actor authz.Actor) (bool, error) {
	inForce, err := s.vouched(ctx, ag, actor.Account())
	if err != nil {
		return false, err
	}
	name, _, ok := actor.Keys().Own()
	return !ok || name != agency.NodeName(nodeID(s.kind, actor.Account()), inForce), nil
}

// Waiting tells whether the actor's newest key waits for the call on which they
// read its four words (OwnWords).
func (s *Service) Waiting(ctx context.Context, actor authz.Actor) (bool, error) {
	ag, err := s.own(actor)
	if err != nil {
		return false, err
	}
	return s.waits(ctx, ag, actor)
}
