package agency

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"

	"filippo.io/age"
	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/statement"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/postgres"
)

// Stanza is the part of the configuration that says whom to believe about an
// agency. It is the same on both tiers.
type Stanza struct {
	ID         string // two to twenty of a-z and 0-9; stands in every statement
	Name       string // as people know it; on every page
	Phone      string // on every page
	Hours      string // when somebody answers, in words
	PublicHost string // host name of the families' tier, without a port
	StaffHost  string // host name of the workers' tier
	Archive    string // age1pq1… of the archive; its private half is in two safes
	Door       string // verifier of the public tier's key
	Registrar  string // verifier of the key that vouches for keys and roles
	Log        string // verifier of the checkpoints' key
	System     string // verifier of what the staff tier's program does itself
	Country    string // E or W: under whose rules it is registered; "" where nobody has said
	Promise    int    // within how many working days a writer hears; 0 means DefaultPromise
	Amber      int    // after how many of them the desk says that a letter waits long; 0 means DefaultAmber
	// SecondReader says whose letters two workers read in the exchanges that are
	// opened from now on: one of SecondReaders; "" means DefaultSecondReader.
	SecondReader string
}

// What is promised where a stanza does not say. MaxPromise is the longest: the
// database takes no day that is more than forty days off.
const (
	DefaultPromise = 10
	DefaultAmber   = 5
	MaxPromise     = 20
)

// DefaultSecondReader is what a stanza means that does not say.
const DefaultSecondReader = "risk"

// SecondReaders lists whose letters two workers may read, the fewest first.
func SecondReaders() []string { return []string{DefaultSecondReader, "new", "always"} }

// Promised is the stanza with the defaults filled in. ok tells whether they can
// be kept: a letter waits long before it is late, and both are within MaxPromise.
func (s Stanza) Promised() (filled Stanza, ok bool) {
	s.Promise, s.Amber, s.SecondReader = cmp.Or(s.Promise, DefaultPromise), cmp.Or(s.Amber, DefaultAmber), cmp.Or(s.SecondReader, DefaultSecondReader)
	return s, 1 <= s.Amber && s.Amber < s.Promise && s.Promise <= MaxPromise
}

// Fingerprint covers every line that is trusted with keys. Both tiers note it in the
// database at start; an agency is active only while the two agree.
func (s Stanza) Fingerprint() [32]byte {
	return sha256.Sum256([]byte(strings.Join([]string{"gatepost/stanza/v1", s.ID, s.Archive, s.Door, s.Registrar, s.Log, s.System}, "\n")))
}

// Agency is a tenant with what is trusted about it. It is immutable but for a
// cache of public keys, and safe for use by many goroutines.
type Agency struct {
	Stanza
	archive *age.HybridRecipient
	fixed   statement.Verifiers    // door, registrar, log, system
	signers map[string]note.Signer // by short name: what this tier may sign

	mu       sync.Mutex
	nodes    map[[32]byte]Node                 // guarded by mu: checked nodes, by all that was checked
	verified map[[32]byte]*statement.Statement // guarded by mu: checked statements of workers, by leaf
}

// New checks a stanza, fills in what it promises by default, and joins it with
// the signing keys (note key strings) that this tier holds. A key that no verifier of the stanza knows is refused:
// it is most likely another agency's.
func New(s Stanza, keys ...string) (*Agency, error) {
	s, ok := s.Promised()
	if !ok {
		return nil, fmt.Errorf("agency %s: what is promised cannot be kept", s.ID)
	}
	if !slices.Contains(SecondReaders(), s.SecondReader) {
		return nil, fmt.Errorf("agency %s: no such second reader", s.ID)
	}
	archive, err := age.ParseHybridRecipient(s.Archive)
	if err != nil {
		return nil, fmt.Errorf("agency %s: the archive's recipient is not an age1pq1 string", s.ID)
	}
	fixed, err := statement.NewVerifiers(s.Door, s.Registrar, s.Log, s.System)
	if err != nil {
		return nil, fmt.Errorf("agency %s: read the verifiers: %w", s.ID, err)
	}
	a := &Agency{Stanza: s, archive: archive, fixed: fixed, signers: map[string]note.Signer{},
		nodes: map[[32]byte]Node{}, verified: map[[32]byte]*statement.Statement{}}
	named := []struct{ name, verifier string }{{"door", s.Door}, {"registrar", s.Registrar}, {"log", s.Log}, {"system", s.System}}
	for _, n := range named {
		if v, err := note.NewVerifier(n.verifier); err != nil || v.Name() != s.ID+"/"+n.name {
			return nil, fmt.Errorf("agency %s: the verifier of the %s is not named %s/%s", s.ID, n.name, s.ID, n.name)
		}
	}
	for _, key := range keys {
		signer, err := note.NewSigner(key)
		if err != nil {
			return nil, fmt.Errorf("agency %s: a signing key does not parse", s.ID)
		}
		if _, err := fixed.Verifier(signer.Name(), signer.KeyHash()); err != nil {
			return nil, fmt.Errorf("agency %s: the signing key %s is not the stanza's", s.ID, signer.Name())
		}
		a.signers[strings.TrimPrefix(signer.Name(), s.ID+"/")] = signer
	}
	return a, nil
}

// Archive is the recipient that every kept object is also sealed to. It comes
// from the configuration; no row of the database can change it.
func (a *Agency) Archive() *age.HybridRecipient { return a.archive }

// ErrNoSigner: this tier does not hold the key that a statement needs.
var ErrNoSigner = errors.New("this tier cannot sign that")

// State signs a statement of this agency in the name of one of the tier's own
// keys ("door", "registrar", "system"; "" for none), together with more
// signers, such as a worker. Which signers an event needs is crypto/statement's
// table; anything else is refused there.
func (a *Agency) State(st statement.Statement, own string, more ...note.Signer) ([]byte, error) {
	st.Agency = a.ID
	signers := more
	if own != "" {
		signer, ok := a.signers[own]
		if !ok {
			return nil, fmt.Errorf("sign as %s: %w", own, ErrNoSigner)
		}
		signers = append(slices.Clone(more), signer) // the registrar signs after the manager
	}
	body, err := statement.Sign(st, signers...)
	if err != nil {
		return nil, fmt.Errorf("state %s: %w", st.Event, err)
	}
	return body, nil
}

// Registry is every agency of the deployment, and the days that they count in.
type Registry struct {
	list []*Agency
	days calendar.Days
}

// NewRegistry keeps the agencies of the configuration.
func NewRegistry(agencies ...*Agency) *Registry { return &Registry{list: agencies} }

// Counting is the same registry, whose agencies count in these days.
func (r *Registry) Counting(days calendar.Days) *Registry { return &Registry{list: r.list, days: days} }

// Days are the working days that every clock of an agency counts in.
func (r *Registry) Days() calendar.Days { return r.days }

// All gives the agencies in the order of the configuration.
func (r *Registry) All() []*Agency { return r.list }

// Get finds an agency by its id.
func (r *Registry) Get(id string) (*Agency, bool) {
	for _, a := range r.list {
		if a.ID == id {
			return a, true
		}
	}
	return nil, false
}

// VerifyIn makes the check that an index of the logs asks for: a body is a
// statement of that agency, signed by whom its event requires.
func (r *Registry) VerifyIn(db *postgres.DB) func(ctx context.Context, agencyID string, body []byte) error {
	return func(ctx context.Context, agencyID string, body []byte) error {
		a, ok := r.Get(agencyID)
		if !ok {
			return ErrUntrusted
		}
		_, err := a.Verify(ctx, db, body)
		return err
	}
}

// ForHost finds the agency that a request's Host header means on a tier. A
// loopback name means the only agency of the deployment, or else the first whose
// own name is one: a demo has no DNS.
func (r *Registry) ForHost(tier authz.Tier, host string) (*Agency, bool) {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, a := range r.list {
		if tier == authz.Public && host == a.PublicHost || tier == authz.Staff && host == a.StaffHost {
			return a, true
		}
	}
	for _, a := range r.list {
		own := map[authz.Tier]string{authz.Public: a.PublicHost, authz.Staff: a.StaffHost}[tier]
		if Loopback(host) && (len(r.list) == 1 || Loopback(own)) {
			return a, true
		}
	}
	return nil, false
}

// Loopback tells whether a host name can only mean this machine (RFC 6761 6.3
// for names under localhost).
func Loopback(host string) bool {
	host = strings.Trim(host, "[]")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewID makes an id: a two-letter prefix that says what it names and 96 bits
// of chance as twenty base32 characters.
func NewID(prefix string) string {
	var b [13]byte
	rand.Read(b[:]) // never errs (crypto/rand)
	return prefix + idEncoding.EncodeToString(b[:])[:20]
}

// ValidID tells whether s has the form of an id with that prefix. A page
// answers anything else with "not found" before it asks the database.
func ValidID(prefix, s string) bool {
	if len(s) != 22 || s[:2] != prefix {
		return false
	}
	for _, r := range s[2:] {
		if !(r >= 'a' && r <= 'z' || r >= '2' && r <= '7') {
			return false
		}
	}
	return true
}
