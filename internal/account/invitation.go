package account

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/code"
	"gatepost/crypto/passphrase"
	"gatepost/crypto/ring"
	"gatepost/crypto/session"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// codeAttempts is how often a code may be tried with a wrong fact.
const codeAttempts = 5

// invitation is a new invitation before it is stored.
type invitation struct {
	paper             Paper
	kind, account, by string
	hash, fact, index [32]byte
	at                time.Time
	recovery          string // "" for a first key
}

// invite makes an invitation for an account. by is who invites.
func (s *Service) invite(ctx context.Context, ag *agency.Agency, inv invitation, fact string) (*invitation, error) {
	if err := checkAgreed(fact); err != nil {
		return nil, err
	}
	reference, err := s.reference(ctx, ag, inv.kind)
	if err != nil {
		return nil, err
	}
	text := code.NewInvite()
	inv.at = s.now()
	inv.paper = Paper{Reference: reference, Code: text.Text(), Expires: inv.at.Add(inviteLasts)}
	inv.hash = s.inviteHash(ag, text)
	inv.fact = s.factHash(ag, inv.hash, fact)
	inv.index = s.loginIndex(ag, inv.kind, reference)
	return &inv, nil
}

// queue stores an invitation. Every earlier one of the account that was not
// used ends with it.
func (inv *invitation) queue(b *pgx.Batch) {
	b.Queue(sqlExpireInvitations, inv.kind, inv.account, inv.at)
	b.Queue(sqlInsertInvitation, inv.hash[:], inv.kind, inv.account, inv.index[:], inv.fact[:], inv.paper.Expires, inv.at, inv.by, inv.recovery)
}

// reference makes a reference that nobody has. Two that are made at the same
// moment may still be equal, once in millions; then the second person cannot
// choose a passphrase and is invited again.
func (s *Service) reference(ctx context.Context, ag *agency.Agency, kind string) (string, error) {
	for {
		reference := code.Reference()
		index := s.loginIndex(ag, kind, reference)
		taken := false
		err := s.db.Read(ctx, postgres.Scope{Agency: ag.ID}, func(b *pgx.Batch) {
			b.Queue(sqlReferenceTaken, index[:]).QueryRow(func(row pgx.Row) error { return row.Scan(&taken) })
		})
		if err != nil {
			return "", fmt.Errorf("make a reference: %w", s.db.Fault(err))
		}
		if !taken {
			return reference, nil
		}
	}
}

func (s *Service) inviteHash(ag *agency.Agency, text code.Invite) [32]byte {
	return code.InviteHash(keyFor(s.codeKey, "invite", ag.ID), text)
}

func (s *Service) factHash(ag *agency.Agency, invite [32]byte, fact string) [32]byte {
	return code.FactHash(keyFor(s.codeKey, "fact", ag.ID), invite, fact)
}

// maxFact is the longest fact in bytes, far above what is agreed by telephone.
const maxFact = 400

// checkAgreed refuses a fact, where it is written down, that could not be
// asked for.
func checkAgreed(fact string) error {
	switch {
	case len(fact) > maxFact || !utf8.ValidString(fact):
		return fault.Field("fact", "fault.fact.long")
	case code.CheckFact(fact) != nil:
		return fault.Field("fact", "fault.fact.short")
	}
	return nil
}

// InvitePerson makes the invitation for a person of a family, to be printed
// and posted. fact is what worker and person have agreed on by telephone; it
// is kept as a keyed hash. Earlier unused invitations of the person end.
// Conflict: the person has an account already. NotFound: no such person.
// Forbidden: the worker is connected to the family, or not named in its case.
func (s *Service) InvitePerson(ctx context.Context, actor authz.Actor, personID, fact string) (Paper, error) {
	if err := audit.Check(ctx, s.db, actor, authz.InvitePerson, personID); err != nil {
		return Paper{}, err
	}
	ag, err := s.own(actor)
	if err != nil {
		return Paper{}, err
	}
	if !agency.ValidID("pe", personID) {
		return Paper{}, fault.New(fault.NotFound, "fault.notFound")
	}
	if err := s.notBarred(ctx, actor, authz.InvitePerson, sqlPersonBarred, personID); err != nil {
		return Paper{}, err
	}
	inv, err := s.invite(ctx, ag, invitation{kind: "person", account: personID, by: actor.Account()}, fact)
	if err != nil {
		return Paper{}, err
	}
	var state string
	err = s.db.Act(ctx, scopeOf(actor), func(b *pgx.Batch) {
		b.Queue(sqlPersonForUpdate, personID).QueryRow(func(row pgx.Row) error { return row.Scan(&state) })
	}, func(b *pgx.Batch) error {
		if state != "known" && state != "invited" {
			return fault.New(fault.Conflict, "fault.invitation.hasAccount")
		}
		b.Queue(postgres.Guarded(sqlInvitePerson), personID)
		inv.queue(b)
		return nil
	})
	if err != nil {
		return Paper{}, s.db.Fault(err)
	}
	return inv.paper, nil
}

// InviteWorker makes a worker known by name and the invitation for them.
func (s *Service) InviteWorker(ctx context.Context, actor authz.Actor, name, fact string) (Paper, error) {
	if err := audit.Check(ctx, s.db, actor, authz.InviteWorker, "-"); err != nil {
		return Paper{}, err
	}
	ag, err := s.own(actor)
	if err != nil {
		return Paper{}, err
	}
	if name == "" || len(name) > 200 || !utf8.ValidString(name) {
		return Paper{}, fault.Field("name", "fault.name.missing")
	}
	id := agency.NewID("wk")
	inv, err := s.invite(ctx, ag, invitation{kind: "worker", account: id, by: actor.Account()}, fact)
	if err != nil {
		return Paper{}, err
	}
	err = s.db.Act(ctx, scopeOf(actor), nil, func(b *pgx.Batch) error {
		b.Queue(sqlInsertWorker, id)
		inv.queue(b)
		return agency.QueueRecord(b, actor.Keys(), agency.StaffBook, id, agency.Record{Name: name})
	})
	if err != nil {
		return Paper{}, fmt.Errorf("invite a worker: %w", s.db.Fault(err))
	}
	return inv.paper, nil
}

// InviteFirst makes the invitation for an agency's first manager, and gives
// their id. It is the operator's command and works only while the agency has
// no active manager; after that, managers invite.
func (s *Service) InviteFirst(ctx context.Context, agencyID, fact string) (Paper, string, error) {
	ag, err := s.agency(agencyID)
	if err != nil {
		return Paper{}, "", err
	}
	if s.tier != authz.Staff {
		return Paper{}, "", fault.New(fault.Forbidden, "fault.forbidden")
	}
	id := agency.NewID("wk")
	inv, err := s.invite(ctx, ag, invitation{kind: "worker", account: id, by: "operator"}, fact)
	if err != nil {
		return Paper{}, "", err
	}
	var managers int
	err = s.db.Act(ctx, postgres.Scope{Agency: ag.ID}, func(b *pgx.Batch) {
		b.Queue(sqlManagers).QueryRow(func(row pgx.Row) error { return row.Scan(&managers) })
	}, func(b *pgx.Batch) error {
		if managers > 0 {
			return fault.New(fault.Conflict, "fault.agency.hasManager")
		}
		b.Queue(sqlInsertWorker, id)
		inv.queue(b)
		return nil
	})
	if err != nil {
		return Paper{}, "", s.db.Fault(err)
	}
	return inv.paper, id, nil
}

// errInvitation is the one answer to a code that is unknown, used, dead or out
// of time, and to a wrong fact.
func errInvitation() error { return fault.New(fault.Invalid, "fault.invitation.wrong") }

// invited is an invitation as Redeem finds it.
type invited struct {
	account  string
	fact     []byte
	attempts int
	used     bool
	expires  time.Time
	recovery string
}

// Redeem lets the holder of a code and of the agreed fact begin: it gives the
// token of a session in which nothing can be done but Choose. The code stays
// good until then, so that a browser that dies costs nobody their invitation.
//
// A mistyped code (wrong check character) is a fault of the field "code" and
// costs nothing. Anything else that is wrong is fault.invitation.wrong; a wrong
// fact costs one of the code's five attempts, and everything wrong counts
// against the network, which is Busy after twenty in an hour.
func (s *Service) Redeem(ctx context.Context, agencyID string, from netip.Addr, text, fact string) (session.Token, error) {
	ag, err := s.agency(agencyID)
	if err != nil {
		return session.Token{}, err
	}
	invite, err := code.ParseInvite(text)
	if err != nil {
		return session.Token{}, fault.Field("code", "fault.code.typing")
	}
	if strings.TrimSpace(fact) == "" {
		return session.Token{}, fault.Field("fact", "fault.fact.missing")
	}
	if len(fact) > maxFact || !utf8.ValidString(fact) {
		return session.Token{}, fault.Field("fact", "fault.fact.long")
	}
	hash := s.inviteHash(ag, invite)
	inv, err := s.tryInvitation(ctx, ag, s.codeLane(ag, from), hash, fact)
	if err != nil {
		return session.Token{}, err
	}
	keys := authz.NewKeyring()
	keys.PutSecret(boxOffered, passphrase.Offer())
	keys.PutSecret(boxInvite, hex.EncodeToString(hash[:]))
	if inv.recovery != "" {
		keys.PutSecret(boxRecovery, inv.recovery)
	}
	token, row, err := s.newSession(ag, beginning{account: inv.account, keys: keys, enrolling: true})
	if err != nil {
		return session.Token{}, err
	}
	err = s.db.Act(ctx, postgres.Scope{Agency: ag.ID, Account: inv.account}, nil, func(b *pgx.Batch) error {
		s.queueSession(b, row)
		return nil
	})
	if err != nil {
		return session.Token{}, fmt.Errorf("begin an enrolment: %w", s.db.Fault(err))
	}
	return token, nil
}

// tryInvitation counts and judges one attempt in one act. The invitation's row
// is locked, so five attempts are five however many come at once.
func (s *Service) tryInvitation(ctx context.Context, ag *agency.Agency, l lane, hash [32]byte, fact string) (*invited, error) {
	var (
		inv                     *invited
		allowed, active, opened bool
		verdict                 error
	)
	err := s.db.Act(ctx, postgres.Scope{Agency: ag.ID}, func(b *pgx.Batch) {
		queueActive(b, &active, &opened)
		s.queueReserve(b, l, &allowed)
		s.queueInvitation(b, hash, &inv)
	}, func(b *pgx.Batch) error {
		verdict = nil
		switch {
		case !active:
			return errInactive()
		case !allowed:
			verdict = errWait(l)
		case inv == nil || inv.attempts >= codeAttempts || !inv.expires.After(s.now()):
			verdict = errInvitation()
		case inv.used:
			// Either the person is confused, or somebody else was first with their letter.
			s.log.WarnContext(ctx, "alarm: a used invitation was tried again", "id", inv.account)
			verdict = errInvitation()
		case s.factHash(ag, hash, fact) != [32]byte(inv.fact):
			b.Queue(sqlWrongFact, hash[:])
			verdict = errInvitation()
		default:
			s.queueRefund(b, l)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("try an invitation: %w", s.db.Fault(err))
	}
	return inv, verdict
}

// queueInvitation locks and reads an invitation of this tier; nil for none.
func (s *Service) queueInvitation(b *pgx.Batch, hash [32]byte, into **invited) {
	*into = nil
	b.Queue(sqlInvitationForUpdate, hash[:], s.kind).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			inv := &invited{}
			if err := rows.Scan(&inv.account, &inv.fact, &inv.attempts, &inv.used, &inv.expires, &inv.recovery); err != nil {
				return err
			}
			*into = inv
		}
		return rows.Err()
	})
}

// Enrolling gives the five words that are on offer as a passphrase. They are
// the same for as long as the enrolment lasts.
func (s *Service) Enrolling(ctx context.Context, agencyID string, token session.Token) (string, error) {
	ag, err := s.agency(agencyID)
	if err != nil {
		return "", err
	}
	t, err := s.touch(ctx, ag, token, enrolWithin, true)
	if err != nil {
		return "", err
	}
	words, _ := t.keys.Secret(boxOffered)
	return words, nil
}

// checkPassphrase turns what is wrong with a passphrase into a fault.
func checkPassphrase(phrase string, about ...string) error {
	err := passphrase.Check(phrase, about...)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, passphrase.ErrShort):
		return fault.Field("passphrase", "fault.passphrase.short")
	case errors.Is(err, passphrase.ErrLong):
		return fault.Field("passphrase", "fault.passphrase.long")
	case errors.Is(err, passphrase.ErrCommon):
		return fault.Field("passphrase", "fault.passphrase.common")
	}
	return fault.Field("passphrase", "fault.passphrase.text")
}

// Choose ends an enrolment: it makes the account's key, keeps it under the
// passphrase, uses up the code, and states the request that names the key. The
// account is on hold, and signed in with the new token; the old one is gone.
// With the code of a recovery the account's key, reference and passphrase are
// new, its second step is gone, and everywhere else it is signed out.
//
// Invalid: the passphrase, field "passphrase". Gone: the code was used or ran
// out in the meantime. Busy: too many at once; the same token may try again.
func (s *Service) Choose(ctx context.Context, agencyID string, token session.Token, phrase, browser string) (session.Token, Welcome, error) {
	ag, err := s.agency(agencyID)
	if err != nil {
		return session.Token{}, Welcome{}, err
	}
	t, err := s.touch(ctx, ag, token, enrolWithin, true)
	if err != nil {
		return session.Token{}, Welcome{}, err
	}
	if err := checkPassphrase(phrase, ag.Name); err != nil {
		return session.Token{}, Welcome{}, err
	}
	e, err := s.newAccount(ctx, ag, t, phrase)
	if err != nil {
		return session.Token{}, Welcome{}, err
	}
	next, row, err := s.newSession(ag, beginning{account: t.account, browser: browser, keys: e.keys})
	if err != nil {
		return session.Token{}, Welcome{}, err
	}
	old := token.RowID()
	err = s.db.Act(ctx, postgres.Scope{Agency: ag.ID, Account: t.account}, nil, func(b *pgx.Batch) error {
		b.Queue(postgres.Guarded(sqlUseInvitation), e.invite, s.now(), s.kind)
		b.Queue(postgres.Guarded(sqlEndEnrolling), old[:], string(s.tier))
		e.queue(b)
		e.queueEntry(s, b, t.account)
		s.queueSession(b, row)
		audit.Append(b, e.request)
		return nil
	})
	if err != nil {
		return session.Token{}, Welcome{}, s.guarded(err, fault.New(fault.Gone, "fault.invitation.gone"))
	}
	return next, Welcome{Words: spoken(e.node.Public(), e.verifier)}, nil
}

// queueEntry stores how the account signs in from now on. After a recovery that
// is the end of everything that was signed in with the old key.
func (e *enrolment) queueEntry(s *Service, b *pgx.Batch, account string) {
	version, now := s.peppers.Current().Version(), s.now()
	if e.recovery == "" {
		b.Queue(postgres.Guarded(s.sql.enrols), account)
		b.Queue(postgres.Guarded(s.sql.enter), e.invite, e.wrap, version, now)
		return
	}
	b.Queue(sqlRedeemRecovery, e.recovery, now)
	b.Queue(postgres.Guarded(s.sql.reenter), e.invite, e.wrap, version, now, uint32(e.node.Epoch()))
	b.Queue(sqlEndAll, string(s.tier), account)
	b.Queue(sqlEndDevices, string(s.tier), account)
}

// enrolment is a new account, or a recovered one, before it is stored.
type enrolment struct {
	ownKey
	keys     *authz.Keyring
	wrap     []byte
	invite   []byte // hash of the code
	recovery string // "" for a first key
}

// ownKey is a new key of an account with the request that names it.
type ownKey struct {
	node     ring.Node
	verifier string // of a worker
	bundle   passphrase.Bundle
	request  []byte // the signed key request
}

// newKey makes a key of an account and asks for it to be vouched for. The door
// asks for a person's; for a worker's the staff tier's own key does, since the
// door's is not there. A key made with the paper of a recovery says so.
func (s *Service) newKey(ag *agency.Agency, account string, epoch uint32, recovery string) (*ownKey, error) {
	secret, node, err := ring.NewNode(ring.NodeID(nodeID(s.kind, account)), ring.Epoch(epoch))
	if err != nil {
		return nil, fmt.Errorf("make an account's key: %w", err)
	}
	k := &ownKey{node: node}
	own, skey := "door", ""
	if s.tier == authz.Staff {
		own = "system"
		if skey, k.verifier, err = statement.NewKey(statement.WorkerKeyName(ag.ID, account)); err != nil {
			return nil, fmt.Errorf("make a signing key: %w", err)
		}
	}
	st := node.KeyStatement(ag.ID)
	st.Event, st.From, st.Verifier, st.At = statement.EventKeyRequest, recovery, k.verifier, s.now()
	if k.request, err = ag.State(st, own); err != nil {
		return nil, fmt.Errorf("request a key: %w", err)
	}
	if k.bundle, err = passphrase.NewBundle(secret.Identity(), skey); err != nil {
		return nil, fmt.Errorf("bundle an account's keys: %w", err)
	}
	return k, nil
}

// queue stores the request. The statement itself is appended at the act's end.
func (k *ownKey) queue(b *pgx.Batch) {
	leaf := statement.Leaf(k.request)
	b.Queue(sqlRequestNode, string(k.node.ID()), uint32(k.node.Epoch()), k.node.Public(), k.verifier, leaf[:])
}

// nextEpoch is that of the account's next key.
func (s *Service) nextEpoch(ctx context.Context, ag *agency.Agency, account string) (epoch uint32, err error) {
	err = s.db.Read(ctx, postgres.Scope{Agency: ag.ID, Account: account}, func(b *pgx.Batch) {
		b.Queue(sqlNextEpoch, nodeID(s.kind, account)).QueryRow(func(row pgx.Row) error { return row.Scan(&epoch) })
	})
	if err != nil {
		return 0, fmt.Errorf("count an account's keys: %w", s.db.Fault(err))
	}
	return epoch, nil
}

// newAccount makes the key of an account and its wrap, and takes its request.
func (s *Service) newAccount(ctx context.Context, ag *agency.Agency, t *touched, phrase string) (*enrolment, error) {
	text, _ := t.keys.Secret(boxInvite)
	invite, err := hex.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("read an enrolment: %w", err)
	}
	epoch := uint32(firstEpoch)
	recovery, recovered := t.keys.Secret(boxRecovery)
	if recovered {
		if epoch, err = s.nextEpoch(ctx, ag, t.account); err != nil {
			return nil, err
		}
	}
	key, err := s.newKey(ag, t.account, epoch, recovery)
	if err != nil {
		return nil, err
	}
	e := &enrolment{ownKey: *key, invite: invite, recovery: recovery, keys: s.keyringOf(t.account, epoch, key.bundle)}
	e.wrap, err = s.wrap(ctx, t.account, phrase, key.bundle)
	if isBusy(err) {
		return nil, fault.Wrap(fault.Busy, "fault.busy", err)
	}
	if err != nil {
		return nil, fmt.Errorf("wrap an account's keys: %w", err)
	}
	return e, nil
}

// keyringOf begins the keyring of an account with its own keys.
func (s *Service) keyringOf(account string, epoch uint32, bundle passphrase.Bundle) *authz.Keyring {
	keys := authz.NewKeyring()
	keys.PutOwn(agency.NodeName(nodeID(s.kind, account), epoch), bundle.Identity())
	if skey, ok := signKey(bundle); ok {
		keys.PutSecret(authz.SignKey, skey)
	}
	return keys
}

// signKey takes the signing key out of a worker's bundle.
func signKey(bundle passphrase.Bundle) (string, bool) {
	for line := range strings.Lines(string(bundle.Text())) {
		if skey, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "sign "); ok {
			return skey, true
		}
	}
	return "", false
}
