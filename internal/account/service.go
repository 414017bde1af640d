package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/passphrase"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// Config is what a Service is made of.
type Config struct {
	DB       *postgres.DB     // in the role of the tier
	Agencies *agency.Registry // with the signing keys of the tier
	Tier     authz.Tier
	Peppers  passphrase.Peppers // of the tier: families' and workers' passphrases have different ones
	LoginKey [32]byte           // same on both tiers: staff print the references that families sign in with
	CodeKey  [32]byte           // same on both tiers: staff print the codes that families redeem
	Gate     *passphrase.Gate
	Work     *passphrase.Work
	Now      func() time.Time
	Log      *slog.Logger
	Index    *audit.Index // of the log; the staff tier's, and there is none for families
}

// Service is the door of one tier, for all its agencies. It holds no session
// and no open key between two requests, so any number of processes may serve
// the same people. It is safe for use by many goroutines.
//
// Methods return faults. Where none is named, an error is the database's or
// our own, and the person is told only that it was our mistake.
type Service struct {
	db       *postgres.DB
	agencies *agency.Registry
	tier     authz.Tier
	kind     string // "person" or "worker": who comes through this door
	sql      statements
	peppers  passphrase.Peppers
	loginKey [32]byte
	codeKey  [32]byte
	gate     *passphrase.Gate
	work     *passphrase.Work
	now      func() time.Time
	log      *slog.Logger
	index    *audit.Index

	// stall runs between reading a session and writing it, so that a test can
	// hold a request there. It is nil outside tests.
	stall func()
}

// New makes the door of a tier. Every field of c is needed; one that is
// missing is an error.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Agencies == nil || c.Gate == nil || c.Work == nil || c.Now == nil || c.Log == nil {
		return nil, errors.New("make the door: a part is missing")
	}
	if c.LoginKey == ([32]byte{}) || c.CodeKey == ([32]byte{}) || c.LoginKey == c.CodeKey {
		return nil, errors.New("make the door: the log-in key and the code key must be set and differ")
	}
	if c.Tier == authz.Staff && c.Index == nil {
		return nil, errors.New("make the door: the log's index is missing")
	}
	s := &Service{db: c.DB, agencies: c.Agencies, tier: c.Tier, peppers: c.Peppers, loginKey: c.LoginKey, codeKey: c.CodeKey,
		gate: c.Gate, work: c.Work, now: c.Now, log: c.Log, index: c.Index}
	switch c.Tier {
	case authz.Public:
		s.kind, s.sql = "person", personStatements()
	case authz.Staff:
		s.kind, s.sql = "worker", workerStatements()
	default:
		return nil, errors.New("make the door: no such tier")
	}
	return s, nil
}

// epoch of a first key. A recovery and a change of key make the next ones.
const firstEpoch = 1

// nodeID is the ring node of an account.
func nodeID(kind, account string) string { return kind + "/" + account }

func (s *Service) agency(id string) (*agency.Agency, error) {
	ag, ok := s.agencies.Get(id)
	if !ok {
		return nil, fault.New(fault.NotFound, "fault.notFound")
	}
	return ag, nil
}

// own is the gate of what everyone may do with their own account, on hold or
// not: an actor of this tier. It gives the actor's agency.
func (s *Service) own(actor authz.Actor) (*agency.Agency, error) {
	if actor.Account() == "" || actor.Tier() != s.tier {
		return nil, fault.New(fault.Forbidden, "fault.forbidden")
	}
	return s.agency(actor.Agency())
}

func scopeOf(actor authz.Actor) postgres.Scope {
	return postgres.Scope{Agency: actor.Agency(), Account: actor.Account()}
}

// errInactive: the two tiers have not been started with the same stanza.
func errInactive() error { return fault.New(fault.Forbidden, "fault.agency.inactive") }

// keyFor derives the key for one use and one agency (HMAC-SHA256 as a
// pseudo-random function), so that equal names at two agencies have unequal
// hashes and no hash of one use is one of another.
func keyFor(root [32]byte, use, agencyID string) [32]byte {
	mac := hmac.New(sha256.New, root[:])
	mac.Write([]byte("gatepost/" + use + "/v1\n" + agencyID))
	return [32]byte(mac.Sum(nil))
}

// label cuts what a browser calls itself to what the list of sessions shows.
func label(browser string) string {
	browser = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) {
			return -1
		}
		return r
	}, browser)
	if runes := []rune(browser); len(runes) > 60 {
		browser = string(runes[:60])
	}
	return strings.TrimSpace(browser)
}

// guarded turns the conflict of a guarded update into a fault of the caller's.
func (s *Service) guarded(err error, instead *fault.Error) error {
	err = s.db.Fault(err)
	if fault.KindOf(err) == fault.Conflict {
		f := fault.Wrap(instead.Kind, instead.Message, err)
		f.Field = instead.Field
		return f
	}
	return err
}

// alarm tells the operator that what is stored is not what was signed. A
// database that was not there for a moment says nothing about what is stored.
func (s *Service) alarm(ctx context.Context, what, id string, err error) {
	if err != nil && fault.KindOf(s.db.Fault(err)) == fault.Busy {
		return
	}
	s.log.ErrorContext(ctx, "alarm: "+what, "id", id, "error", err)
}

// Sweep removes what has run out of an agency's sessions, devices and failure
// counts, and what is older than twelve months of the history of sign-ins. It is housekeeping: nothing that has run out counts before it.
func (s *Service) Sweep(ctx context.Context, agencyID string) error {
	ag, err := s.agency(agencyID)
	if err != nil {
		return err
	}
	now := s.now()
	err = s.db.Act(ctx, postgres.Scope{Agency: ag.ID}, nil, func(b *pgx.Batch) error {
		b.Queue(sqlSweepSessions, now)
		b.Queue(sqlSweepDevices, now)
		b.Queue(sqlSweepRates, now.Add(-longestWindow))
		b.Queue(sqlSweepSignIns, now.AddDate(-1, 0, 0))
		return nil
	})
	if err != nil {
		return fmt.Errorf("sweep the door of %s: %w", ag.ID, err)
	}
	return nil
}
