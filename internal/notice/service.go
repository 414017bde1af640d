package notice

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

const (
	sqlContact = `select c.mail, c.version, o.sealed, o.leaf, leaf_body(o.leaf) as body from contact c
		join object o on o.agency_id = c.agency_id and o.id = c.person_id and o.part = c.part and o.version = c.version
		where c.agency_id = agency() and c.person_id = account()`
	// Each case of a side that the account was granted, with the worker's statement that it is on that side.
	sqlOwnCases = `select s.id as side, s.exchange_id as exchange, leaf_body(m.leaf) as body from side_member m
		join side s on s.agency_id = m.agency_id and s.id = m.side_id
		where m.agency_id = agency() and m.person_id = account() and granted_side(m.side_id) order by s.id`
	sqlCaseNodes = `select distinct on (n.id) n.id, n.epoch, n.recipient, coalesce(n.verifier, '') as verifier, n.key_leaf, leaf_body(n.key_leaf) as body
		from node n where n.agency_id = agency() and n.key_leaf is not null and (n.id = 'notify' or n.id in (
			select 'case/' || s.exchange_id from side_member m join side s on s.agency_id = m.agency_id and s.id = m.side_id
			where m.agency_id = agency() and m.person_id = account() and granted_side(m.side_id)))
		order by n.id, n.epoch desc`
	sqlFirstContact = `insert into contact (agency_id, person_id, mail, version) values (agency(), account(), $1, 1)
		on conflict do nothing returning 1`
	sqlNextContact = `update contact set mail = $1, version = version + 1
		where agency_id = agency() and person_id = account() and version = $2 returning 1`
	sqlSwitch        = `update contact set mail = $1 where agency_id = agency() and person_id = account() returning 1`
	sqlInsertContact = `insert into object (agency_id, id, part, version, kind, from_node, to_node, sealed, commit, leaf)
		values (agency(), account(), 'contact', @version, 'contact', @from, @to, @sealed, @commit, @leaf)`
)

// Service is how a person on the families' tier looks after how they are told.
// It is safe for use by many goroutines.
type Service struct {
	db       *postgres.DB
	agencies *agency.Registry
	now      func() time.Time
	log      *slog.Logger
}

// New makes the service of the public tier.
func New(db *postgres.DB, agencies *agency.Registry, now func() time.Time, log *slog.Logger) *Service {
	return &Service{db, agencies, now, log}
}

// contactRow is a person's sealed details: a claim, not yet believed.
type contactRow struct {
	Mail    bool
	Version int
	Sealed  []byte
	Leaf    []byte
	Body    []byte
}

type caseRow struct {
	Side     string
	Exchange string
	Body     []byte
}

// contextOf is what contact details are sealed as.
func contextOf(agencyID, person string, version int) seal.Context {
	return seal.Context{Kind: seal.KindContact, Agency: agencyID, Object: person, Part: "contact",
		From: string(ring.Person(person)), To: string(ring.Notify), Version: uint64(version)}
}

func scope(a authz.Actor) postgres.Scope {
	return postgres.Scope{Agency: a.Agency(), Account: a.Account()}
}

// begin is the first line of every method.
func (s *Service) begin(ctx context.Context, a authz.Actor) (*agency.Agency, error) {
	if err := audit.Check(ctx, s.db, a, authz.OwnAccount, "-"); err != nil {
		return nil, err
	}
	ag, ok := s.agencies.Get(a.Agency())
	if !ok || a.Tier() != authz.Public {
		return nil, fault.New(fault.Forbidden, "fault.forbidden")
	}
	return ag, nil
}

// Details gives the actor's own details; those of somebody who has never said
// anything are off, with the usual words and hours. Sealed: they do not open.
func (s *Service) Details(ctx context.Context, actor authz.Actor) (Details, error) {
	ag, err := s.begin(ctx, actor)
	if err != nil {
		return Details{}, err
	}
	var rows []contactRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &rows, sqlContact) })
	switch {
	case err != nil:
		return Details{}, s.db.Fault(fmt.Errorf("read contact details: %w", err))
	case len(rows) == 0:
		return Details{}.clean()
	}
	c, err := rows[0].openOwn(ctx, s.db, ag, actor)
	if errors.Is(err, errEarlierKey) {
		// They still serve the notifier; their owner writes them anew to see them.
		d, err := Details{Version: rows[0].Version}.clean()
		d.On = rows[0].Mail
		return d, err
	}
	if err != nil {
		s.log.ErrorContext(ctx, "ALARM: contact details do not open", "agency", ag.ID, "object", actor.Account(), "error", err)
		return Details{}, fault.Wrap(fault.Sealed, "fault.sealed", err)
	}
	return Details{On: rows[0].Mail, Mail: c.Mail, QuietFrom: c.QuietFrom, QuietTo: c.QuietTo, Words: c.Words, Version: rows[0].Version}, nil
}

// errEarlierKey: the details were sealed to a key that the owner had before.
var errEarlierKey = errors.New("sealed to an earlier key")

// openOwn opens somebody's details with the keys of their session.
func (r contactRow) openOwn(ctx context.Context, db *postgres.DB, ag *agency.Agency, actor authz.Actor) (c content, err error) {
	keys, renewed := actor.Keys().OwnKeys()
	err = seal.ErrKey
	for _, key := range keys {
		if c, err = r.open(ctx, db, opening{ag, actor.Account(), key}); !errors.Is(err, seal.ErrKey) {
			return c, err
		}
	}
	if renewed {
		return content{}, errEarlierKey
	}
	return content{}, err
}

// opening is who opens whose details.
type opening struct {
	ag     *agency.Agency
	person string
	key    *age.HybridIdentity
}

// open checks that the door stated exactly these details and opens them.
func (r contactRow) open(ctx context.Context, db *postgres.DB, o opening) (content, error) {
	leaf := statement.Leaf(r.Body)
	if !bytes.Equal(leaf[:], r.Leaf) {
		return content{}, fmt.Errorf("%w: not the row's statement", seal.ErrUnsigned)
	}
	st, err := o.ag.Verify(ctx, db, r.Body)
	if err != nil {
		return content{}, err
	}
	at := contextOf(o.ag.ID, o.person, r.Version)
	if st.Event != statement.EventReceipt || st.Object != at.Object || st.Part != at.Part || st.Version != at.Version || st.From != at.From || st.To != at.To {
		return content{}, fmt.Errorf("%w: its statement speaks of something else", seal.ErrUnsigned)
	}
	text, err := seal.OpenSigned(r.Sealed, at, o.key, st.Commit)
	if err != nil {
		return content{}, err
	}
	return parse(text)
}

// SaveDetails keeps the actor's details as a new version, stated by the door.
// Invalid on the field "mail", "quiet-from", "quiet-to" or "words"; Conflict:
// they were changed since d.Version was read, or the actor is on hold.
func (s *Service) SaveDetails(ctx context.Context, actor authz.Actor, d Details) error {
	ag, err := s.begin(ctx, actor)
	if err != nil {
		return err
	}
	if err := confirmed(actor); err != nil {
		return err
	}
	if d, err = d.clean(); err != nil {
		return err
	}
	to, err := s.recipients(ctx, ag, actor)
	if err != nil {
		return err
	}
	text, err := json.Marshal(d.content())
	if err != nil {
		return fmt.Errorf("write contact details: %w", err)
	}
	at := contextOf(ag.ID, actor.Account(), d.Version+1)
	sealed, err := seal.Seal(at, text, to...)
	if err != nil {
		return fmt.Errorf("seal contact details: %w", err)
	}
	body, err := ag.State(statement.Statement{Event: statement.EventReceipt, Object: at.Object, Part: at.Part, Version: at.Version,
		From: at.From, To: at.To, Commit: sealed.Commit, At: s.now()}, "door")
	if err != nil {
		return err
	}
	return s.store(ctx, actor, stated{d, at, sealed, body})
}

// confirmed refuses whoever is on hold. Nobody knows yet that they are the one
// whom the paper was for, and an address outlives the paper.
func confirmed(actor authz.Actor) error {
	if actor.OnHold() {
		return fault.New(fault.Conflict, "fault.contact.hold")
	}
	return nil
}

// stated is a version sealed and stated, ready for the transaction.
type stated struct {
	d      Details
	at     seal.Context
	sealed seal.Sealed
	body   []byte
}

func (s *Service) store(ctx context.Context, actor authz.Actor, v stated) error {
	leaf := statement.Leaf(v.body)
	err := s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		if v.d.Version == 0 {
			b.Queue(postgres.Guarded(sqlFirstContact), v.d.On)
		} else {
			b.Queue(postgres.Guarded(sqlNextContact), v.d.On, v.d.Version)
		}
		b.Queue(sqlInsertContact, pgx.StrictNamedArgs{"version": v.at.Version, "from": v.at.From, "to": v.at.To,
			"sealed": v.sealed.Bytes, "commit": v.sealed.Commit[:], "leaf": leaf[:]})
		audit.Append(b, v.body)
		return nil
	})
	if err = s.db.Fault(err); fault.KindOf(err) == fault.Conflict {
		return fault.New(fault.Conflict, "fault.contact.changed")
	}
	if err != nil {
		return fmt.Errorf("store contact details: %w", err)
	}
	return nil
}

// Switch turns mail on or off and leaves everything else as it is. NotFound for
// somebody who has never kept an address; Conflict for who is on hold.
func (s *Service) Switch(ctx context.Context, actor authz.Actor, on bool) error {
	if _, err := s.begin(ctx, actor); err != nil {
		return err
	}
	if err := confirmed(actor); err != nil {
		return err
	}
	d, err := s.Details(ctx, actor)
	switch {
	case err != nil && on:
		return err
	case err == nil && d.Version == 0:
		return fault.New(fault.NotFound, "fault.notFound")
	case on && d.Mail == "":
		return fault.Field("mail", "fault.contact.mailMissing")
	}
	err = s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		b.Queue(postgres.Guarded(sqlSwitch), on)
		return nil
	})
	if err != nil {
		return s.db.Fault(fmt.Errorf("switch mail: %w", err))
	}
	return nil
}

// recipients are the person, the notifier and the cases of the person's sides,
// each by a key that the registrar vouched for and, for a case, by a worker's
// statement that the person belongs there.
func (s *Service) recipients(ctx context.Context, ag *agency.Agency, actor authz.Actor) ([]*age.HybridRecipient, error) {
	_, self, ok := actor.Keys().Own()
	if !ok {
		return nil, fault.New(fault.Sealed, "fault.sealed")
	}
	var nodes []agency.NodeRow
	var cases []caseRow
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &nodes, sqlCaseNodes)
		postgres.Many(b, &cases, sqlOwnCases)
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("read the keys for contact details: %w", err))
	}
	to := []*age.HybridRecipient{self.Recipient()}
	ids := []string{string(ring.Notify)}
	for _, c := range cases {
		if err := s.belongs(ctx, ag, actor, c); err != nil {
			return nil, s.untrusted(ctx, ag, actor, err)
		}
		ids = append(ids, string(ring.Case(c.Exchange)))
	}
	seen := map[string]bool{}
	for _, id := range ids {
		if seen[id] {
			continue // both sides of one exchange
		}
		seen[id] = true
		n, err := ag.Trusted(nodes, id)
		if err != nil {
			return nil, s.untrusted(ctx, ag, actor, err)
		}
		to = append(to, n.Recipient())
	}
	return to, nil
}

func (s *Service) untrusted(ctx context.Context, ag *agency.Agency, actor authz.Actor, err error) error {
	s.log.ErrorContext(ctx, "ALARM: contact details have no trusted key to be sealed to", "agency", ag.ID, "object", actor.Account(), "error", err)
	return fault.Wrap(fault.Sealed, "fault.sealing", err)
}

// belongs checks the worker's statement that the actor is on a side of that exchange.
func (s *Service) belongs(ctx context.Context, ag *agency.Agency, actor authz.Actor, c caseRow) error {
	st, err := ag.Verify(ctx, s.db, c.Body)
	if err != nil {
		return err
	}
	if st.Event != statement.EventRecord || st.Object != c.Side || st.Part != "member" || st.Exchange != c.Exchange || st.To != string(ring.Person(actor.Account())) {
		return fmt.Errorf("%w: a statement about another place", seal.ErrUnsigned)
	}
	return nil
}
