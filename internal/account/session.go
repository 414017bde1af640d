package account

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/field"
	"gatepost/crypto/session"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// What a session's box holds beside keys, under names that no node has.
const (
	boxOffered = "account/offered" // enrolling: the five words on offer
	boxInvite  = "account/invite"  // enrolling: the hash of the code, in hex
	boxTOTP    = "account/totp"    // "<secret> <what it replaces>": an offer that KeepTOTP waits for
	boxRoles   = "account/roles"   // workers: "<leaf in hex> <role>.<role>"
	boxEnds    = "account/ends"    // auditors: the last day, 2006-01-02, as it was signed
	boxUntil   = "account/until"   // when the session ends, however busy it is
	boxSecond  = "account/second"  // when it last gave a one-time code

	boxRecovery = "account/recovery" // enrolling: the recovery that the code is of
	boxNextSign = "account/sign"     // workers: the signing key that waits for the call, while the one before it signs
)

// putTime keeps a time in a box, in microseconds, which is what the database
// has: a time in a row can be written by whoever writes the database, and no
// right may hang on it.
func putTime(keys *authz.Keyring, name string, t time.Time) {
	keys.PutSecret(name, strconv.FormatInt(t.UnixMicro(), 10))
}

// timeIn reads a time of a box; zero for none.
func timeIn(keys *authz.Keyring, name string) time.Time {
	text, _ := keys.Secret(name)
	micros, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

func errSignIn() error { return fault.New(fault.SignIn, "fault.signIn") }

// boxOf is the role and the account that a box is bound to: a row that is moved
// to another tier, agency or account does not open.
func (s *Service) boxOf(ag *agency.Agency, account string) (role, owner string) {
	return string(s.tier), ag.ID + "/" + account
}

func (s *Service) idle(i Idle) time.Duration {
	switch {
	case s.tier == authz.Staff:
		return idleStaff
	case i == Writing:
		return idleWriting
	}
	return idleShort
}

func (s *Service) absolute() time.Duration {
	if s.tier == authz.Staff {
		return absStaff
	}
	return absPublic
}

// beginning is what a new session is made of.
type beginning struct {
	account   string
	browser   string // label for the owner's list
	keys      *authz.Keyring
	enrolling bool // nobody is signed in with it; it ends within the hour
	stepped   bool // a one-time code was given for it
}

// newSession makes a token and the row for it. Every session gets a new one:
// nobody can prepare a token for somebody else to sign in with. When it ends
// and when its code was given stand in the box, out of the database's reach.
func (s *Service) newSession(ag *agency.Agency, from beginning) (session.Token, sessionRow, error) {
	now := s.now()
	idle, end := now.Add(s.idle(Short)), now.Add(s.absolute())
	if from.enrolling {
		idle, end = now.Add(enrolWithin), now.Add(enrolWithin)
	}
	putTime(from.keys, boxUntil, end)
	if from.stepped {
		putTime(from.keys, boxSecond, now)
	}
	token := session.NewToken()
	role, owner := s.boxOf(ag, from.account)
	box, err := token.Seal(role, owner, from.keys.Marshal())
	if err != nil {
		return session.Token{}, sessionRow{}, fmt.Errorf("seal a session: %w", err)
	}
	return token, sessionRow{row: token.RowID(), id: agency.NewID("se"), account: from.account, box: box, label: label(from.browser),
		enrolling: from.enrolling, now: now, idle: idle, end: end}, nil
}

// touched is a live session with its box open.
type touched struct {
	id       string
	account  string
	box      []byte
	keys     *authz.Keyring
	state    string   // of the person or worker
	granted  []string // names of the keys that the account was granted
	roleLeaf []byte   // staff: the statement of the worker's roles; nil if none
}

// touch finds a live session and moves its idle time, in one trip. A session
// that is gone stays gone: the row is updated or nothing happens.
func (s *Service) touch(ctx context.Context, ag *agency.Agency, token session.Token, idle time.Duration, enrolling bool) (*touched, error) {
	t := &touched{}
	row, now := token.RowID(), s.now()
	err := s.db.Act(ctx, postgres.Scope{Agency: ag.ID}, nil, func(b *pgx.Batch) error {
		*t = touched{}
		b.Queue(sqlTouch, row[:], now, now.Add(idle), string(s.tier), enrolling).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				if err := rows.Scan(&t.id, &t.account, &t.box, nil); err != nil {
					return err
				}
			}
			return rows.Err()
		})
		// The touch has put the session's account into the scope.
		s.queueNow(b, t)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load a session: %w", s.db.Fault(err))
	}
	if t.id == "" {
		return nil, errSignIn()
	}
	if t.keys, err = s.openBox(ag, token, t.account, t.box); err != nil {
		s.alarm(ctx, "a session does not open", t.id, err)
		return nil, errSignIn()
	}
	if !timeIn(t.keys, boxUntil).After(now) {
		s.alarm(ctx, "a session's row says that it goes on, and its box that it is over", t.id, nil)
		return nil, errSignIn()
	}
	return t, nil
}

func (s *Service) openBox(ag *agency.Agency, token session.Token, account string, box []byte) (*authz.Keyring, error) {
	role, owner := s.boxOf(ag, account)
	text, err := token.Open(role, owner, box)
	if err != nil {
		return nil, err
	}
	return authz.ParseKeyring(text)
}

func (s *Service) queueNow(b *pgx.Batch, t *touched) {
	sql, into := sqlPersonNow, []any{&t.state, &t.granted}
	if s.tier == authz.Staff {
		sql, into = sqlWorkerNow, []any{&t.state, &t.roleLeaf, &t.granted}
	}
	b.Queue(sql).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// Load gives the actor of a session and keeps the session alive for the page's
// idle time. What has changed since sign-in is seen here: a suspended account's
// session ends, a person who was confirmed in the meantime gets their sides'
// keys, and a worker whose roles were stated anew signs in again. So does an
// auditor after their last day, and is then told.
//
// A token without a session, another agency's or another tier's included, is a
// SignIn fault.
func (s *Service) Load(ctx context.Context, agencyID string, token session.Token, idle Idle) (authz.Actor, error) {
	ag, err := s.agency(agencyID)
	if err != nil {
		return authz.Actor{}, err
	}
	t, err := s.touch(ctx, ag, token, s.idle(idle), false)
	if err != nil {
		return authz.Actor{}, err
	}
	if !t.mayEnter() || s.outgrown(t) {
		return authz.Actor{}, errors.Join(errSignIn(), s.end(ctx, ag, token))
	}
	if s.stall != nil {
		s.stall()
	}
	if s.behind(t) {
		if err := s.catchUp(ctx, ag, token, t); err != nil {
			return authz.Actor{}, err
		}
	}
	if s.over(t.keys) {
		return authz.Actor{}, errors.Join(fault.New(fault.SignIn, "fault.signIn.over"), s.end(ctx, ag, token))
	}
	return s.actor(ag, t), nil
}

// mayEnter tells whether the account is one that may be signed in.
func (t *touched) mayEnter() bool { return t.state == "active" || t.state == "hold" }

// outgrown tells that the roles in the box are not those of the statement that
// now stands in the worker's row.
func (s *Service) outgrown(t *touched) bool {
	leaf, _ := rolesIn(t.keys)
	return leaf != "" && leaf != hex.EncodeToString(t.roleLeaf)
}

// behind tells that the account may open more than its box holds: a person
// was confirmed, or a team has a new key. A worker climbs after the second step
// only.
func (s *Service) behind(t *touched) bool {
	if t.state != "active" || s.tier == authz.Staff && (t.roleLeaf == nil || !t.keys.Has(boxSecond)) {
		return false
	}
	leaf, _ := rolesIn(t.keys)
	return s.tier == authz.Staff && leaf == "" ||
		slices.ContainsFunc(t.granted, func(name string) bool { return !t.keys.Has(name) })
}

// catchUp climbs again and seals the box anew. If the session was ended in the
// meantime there is no row to write to, and none is made.
func (s *Service) catchUp(ctx context.Context, ag *agency.Agency, token session.Token, t *touched) error {
	if _, _, ok := t.keys.Own(); !ok {
		return fault.New(fault.Sealed, "fault.sealed")
	}
	gained, err := s.ownKeys(t.keys, t.account)
	if err != nil {
		return err
	}
	if err := s.climb(ctx, ag, t.account, gained); err != nil {
		return err
	}
	keys, err := s.rebox(ctx, ag, token, reboxing{account: t.account, change: func(keys *authz.Keyring) (*authz.Keyring, error) {
		return authz.ParseKeyring(append(keys.Marshal(), gained.Marshal()...))
	}})
	if err != nil {
		return s.db.Fault(err)
	}
	t.keys = keys
	return nil
}

// reboxing is a change of what a session's box holds.
type reboxing struct {
	account string
	change  func(*authz.Keyring) (*authz.Keyring, error) // of the keys as they are now; must not wait
	also    func(*pgx.Batch)                             // in the same act; nil for nothing
	last    func(*pgx.Batch)                             // the statements of the act; nil for none
}

// rebox changes what a session's box holds. The row is locked in between, so
// that of two requests at once neither undoes what the other keeps there. No
// row is a SignIn fault; a guard of also that refuses is left to the caller.
func (s *Service) rebox(ctx context.Context, ag *agency.Agency, token session.Token, r reboxing) (*authz.Keyring, error) {
	row := token.RowID()
	var box []byte
	var keys *authz.Keyring
	err := s.db.Act(ctx, postgres.Scope{Agency: ag.ID, Account: r.account}, func(b *pgx.Batch) {
		box = nil
		b.Queue(sqlBoxForUpdate, row[:], string(s.tier), r.account).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				if err := rows.Scan(&box); err != nil {
					return err
				}
			}
			return rows.Err()
		})
	}, func(b *pgx.Batch) (err error) {
		if box == nil {
			return errSignIn()
		}
		if keys, err = s.openBox(ag, token, r.account, box); err != nil {
			return fault.Wrap(fault.SignIn, "fault.signIn", err)
		}
		if keys, err = r.change(keys); err != nil {
			return err
		}
		role, owner := s.boxOf(ag, r.account)
		sealed, err := token.Seal(role, owner, keys.Marshal())
		if err != nil {
			return fmt.Errorf("seal a session: %w", err)
		}
		if r.also != nil {
			r.also(b)
		}
		b.Queue(postgres.Guarded(sqlRebox), row[:], sealed, string(s.tier), r.account)
		if r.last != nil {
			r.last(b)
		}
		return nil
	})
	return keys, err
}

// actor is the one place where an authz.Actor is made.
func (s *Service) actor(ag *agency.Agency, t *touched) authz.Actor {
	who := authz.Who{Tier: s.tier, Agency: ag.ID, Account: t.account, Keys: t.keys, Session: t.id, OnHold: t.state != "active",
		SecondFactorAt: timeIn(t.keys, boxSecond)}
	if s.tier == authz.Public {
		who.Roles = []authz.Role{authz.Correspondent}
		return authz.NewActor(who)
	}
	_, who.Roles = rolesIn(t.keys)
	// Roles come into a box only after the second step: without it, or without
	// a signed role, a worker is as good as on hold.
	who.OnHold = who.OnHold || len(who.Roles) == 0
	return authz.NewActor(who)
}

// rolesIn reads the roles that were verified when the box was sealed, with the
// leaf of their statement in hex; "" for a worker who has none yet.
func rolesIn(keys *authz.Keyring) (leaf string, roles []authz.Role) {
	text, _ := keys.Secret(boxRoles)
	leaf, list, ok := strings.Cut(text, " ")
	if !ok {
		return "", nil
	}
	for role := range strings.SplitSeq(list, ".") {
		if role != "" {
			roles = append(roles, authz.Role(role))
		}
	}
	return leaf, roles
}

// end deletes a session. That it was gone already is no error.
func (s *Service) end(ctx context.Context, ag *agency.Agency, token session.Token) error {
	row := token.RowID()
	err := s.db.Act(ctx, postgres.Scope{Agency: ag.ID}, nil, func(b *pgx.Batch) error {
		b.Queue(sqlEndToken, row[:], string(s.tier))
		return nil
	})
	if err != nil {
		return fmt.Errorf("end a session: %w", s.db.Fault(err))
	}
	return nil
}

// SignOut ends the session of a token. Signing out twice is signing out.
func (s *Service) SignOut(ctx context.Context, agencyID string, token session.Token) error {
	ag, err := s.agency(agencyID)
	if err != nil {
		return err
	}
	return s.end(ctx, ag, token)
}

// SignOutEverywhere ends every session of the actor's account, this one too,
// and forgets its remembered devices.
func (s *Service) SignOutEverywhere(ctx context.Context, actor authz.Actor) error {
	if _, err := s.own(actor); err != nil {
		return err
	}
	err := s.db.Act(ctx, scopeOf(actor), nil, func(b *pgx.Batch) error {
		b.Queue(sqlEndAll, string(s.tier), actor.Account())
		b.Queue(sqlEndDevices, string(s.tier), actor.Account())
		return nil
	})
	if err != nil {
		return fmt.Errorf("sign out everywhere: %w", s.db.Fault(err))
	}
	return nil
}

// Sessions lists where the actor's account is signed in, the newest first.
func (s *Service) Sessions(ctx context.Context, actor authz.Actor) ([]Session, error) {
	if _, err := s.own(actor); err != nil {
		return nil, err
	}
	var list []Session
	err := s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) {
		b.Queue(sqlSessions, string(s.tier), actor.Account(), s.now()).Query(func(rows pgx.Rows) error {
			list = nil
			for rows.Next() {
				var one Session
				if err := rows.Scan(&one.ID, &one.Label, &one.Began, &one.LastSeen); err != nil {
					return err
				}
				one.Current = one.ID == actor.Session()
				list = append(list, one)
			}
			return rows.Err()
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", s.db.Fault(err))
	}
	return list, nil
}

// EndSession ends one of the actor's own sessions. One that is not theirs, or
// has ended, is NotFound.
func (s *Service) EndSession(ctx context.Context, actor authz.Actor, id string) error {
	if _, err := s.own(actor); err != nil {
		return err
	}
	if !agency.ValidID("se", id) {
		return fault.New(fault.NotFound, "fault.notFound")
	}
	err := s.db.Act(ctx, scopeOf(actor), nil, func(b *pgx.Batch) error {
		b.Queue(postgres.Guarded(sqlEndSession), id, string(s.tier), actor.Account())
		return nil
	})
	return s.guarded(err, fault.New(fault.NotFound, "fault.notFound"))
}

// RememberDevice gives a token by which the account's owner is told apart from
// somebody who fails at their name elsewhere. It holds no key, signs nobody in
// and is good for 180 days. Only the person asks for it.
func (s *Service) RememberDevice(ctx context.Context, actor authz.Actor) (string, error) {
	ag, err := s.own(actor)
	if err != nil {
		return "", err
	}
	device := session.NewToken().Cookie()
	hash := s.deviceHash(ag, device)
	err = s.db.Act(ctx, scopeOf(actor), nil, func(b *pgx.Batch) error {
		b.Queue(sqlInsertDevice, string(s.tier), hash[:], actor.Account(), s.now().Add(deviceLasts))
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("remember a device: %w", s.db.Fault(err))
	}
	return device, nil
}

func (s *Service) deviceHash(ag *agency.Agency, device string) [32]byte {
	return field.Bucket(keyFor(s.loginKey, "device/"+string(s.tier), ag.ID), "device", device)
}
