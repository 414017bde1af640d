package letterbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/ring"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// MinNamed is how many workers a restricted case has at least: one alone could
// fall ill, and letters would wait.
const MinNamed = 2

const (
	sqlKeyExchange = `select id, restricted, exists (select from connection c where c.agency_id = agency() and c.exchange_id = x.id and c.worker_id = account()) as connected
		from exchange x where agency_id = agency() and id = $1`
	// Nobody changes who holds the keys of this case beside us; letters may come in.
	sqlKeyExchangeLock = sqlKeyExchange + ` for no key update of x`
	// Every epoch of the case and of its two sides that the registrar has vouched for, newest first.
	sqlKeyNodes = `select n.id, n.epoch, n.recipient, coalesce(n.verifier, '') as verifier, n.key_leaf, leaf_body(n.key_leaf) as body from node n
		where n.agency_id = agency() and n.key_leaf is not null
			and (n.id = 'case/' || $1 or n.id in (select 'side/' || s.id from side s where s.agency_id = agency() and s.exchange_id = $1))
		order by n.id, n.epoch desc`
	// Who holds the case, and which keys of sides the case holds.
	sqlKeyGrants = `select child, child_epoch, parent, parent_epoch, sealed from ring_grant_staff where agency_id = agency()
		and (child = 'case/' || $1 or parent = 'case/' || $1) order by child, child_epoch, parent, parent_epoch`
	// Who can be named, with their newest key: active, of the letterbox or a manager, and no party to the exchange.
	sqlColleagues = `select w.id, w.roles, coalesce(leaf_body(w.role_leaf), '') as role, r.book, r.epoch, r.name,
			n.epoch as node_epoch, n.recipient, coalesce(n.verifier, '') as verifier, n.key_leaf, leaf_body(n.key_leaf) as body
		from worker w
		join lateral (select k.epoch, k.recipient, k.verifier, k.key_leaf from node k where k.agency_id = w.agency_id and k.id = 'worker/' || w.id and k.key_leaf is not null
			order by k.epoch desc limit 1) n on true
		join directory r on r.agency_id = w.agency_id and r.book = 'staff' and r.id = w.id
		where w.agency_id = agency() and w.state = 'active' and w.roles && array['letterboxWorker', 'manager']
			and not exists (select from connection c where c.agency_id = w.agency_id and c.exchange_id = $1 and c.worker_id = w.id)
			and not exists (select from side_member m join side s on s.agency_id = m.agency_id and s.id = m.side_id
				where m.agency_id = w.agency_id and m.person_id = w.person_id and s.exchange_id = $1)
		order by w.id`
	sqlNamed = `select distinct w.id, r.book, r.epoch, r.name from ring_grant_staff g
		join worker w on w.agency_id = g.agency_id and g.parent = 'worker/' || w.id
		join directory r on r.agency_id = w.agency_id and r.book = 'staff' and r.id = w.id
		where g.agency_id = agency() and g.child = 'case/' || $1 order by w.id`
	sqlReleaseClosed = `delete from claim c using letter l where c.agency_id = agency() and l.agency_id = c.agency_id and l.id = c.letter_id
		and l.exchange_id = $1 and c.worker_id <> all ($2)`
	sqlConnect = `insert into connection (agency_id, exchange_id, worker_id) values (agency(), $1, account()) on conflict do nothing`
)

var (
	guardedRestrict = postgres.Guarded(`update exchange set restricted = true where agency_id = agency() and id = $1 and not restricted returning 1`)
	guardedRevoke   = postgres.Guarded(`delete from ring_grant_staff where agency_id = agency() and child = $1 and child_epoch = $2
		and parent = $3 and parent_epoch = $4 returning 1`)
)

// NamedWorker is a worker who holds the key of a restricted case of their own,
// or could be given it.
type NamedWorker struct {
	ID   string
	Name string
}

// Codes checks the one-time codes that are given for one act. account.Service
// is one. The returned function queues into the act's own transaction what
// keeps the code from being used again.
type Codes interface {
	FreshCode(ctx context.Context, actor authz.Actor, digits string) (keep func(*pgx.Batch), err error)
}

// WithCodes is the same letterbox with somebody to check one-time codes. One
// without refuses every act that needs a fresh code.
func (s *Service) WithCodes(codes Codes) *Service {
	other := *s
	other.codes = codes
	return &other
}

// freshCode checks the code of one act.
func (s *Service) freshCode(ctx context.Context, actor authz.Actor, digits string) (func(*pgx.Batch), error) {
	if s.codes == nil {
		return nil, fault.New(fault.StepUp, "fault.stepUp")
	}
	return s.codes.FreshCode(ctx, actor, digits)
}

// keyExchange is what an act about a case's keys needs of its exchange.
type keyExchange struct {
	ID         string
	Restricted bool
	Connected  bool // the actor declared a connection
}

// colleagueRow is a worker with a sealed name, the statement of their roles and
// their newest key, all as the database has them.
type colleagueRow struct {
	ID        string
	Roles     []string
	Role      []byte
	Book      string
	Epoch     uint32
	Name      []byte
	NodeEpoch uint32
	Recipient string
	Verifier  string
	KeyLeaf   []byte
	Body      []byte
}

func (r colleagueRow) node() agency.NodeRow {
	return agency.NodeRow{ID: "worker/" + r.ID, Epoch: r.NodeEpoch, Recipient: r.Recipient, Verifier: r.Verifier, KeyLeaf: r.KeyLeaf, Body: r.Body}
}

// keyRows is who holds which key of a case. It is read before anything is
// sealed, and once more under the lock of the act.
type keyRows struct {
	exchange   keyExchange
	nodes      []agency.NodeRow
	grants     []agency.GrantRow
	colleagues []colleagueRow
}

func (r *keyRows) queue(b *pgx.Batch, exchangeSQL, id string) {
	one(b, &r.exchange, exchangeSQL, id)
	many(b, &r.nodes, sqlKeyNodes, id)
	many(b, &r.grants, sqlKeyGrants, id)
	many(b, &r.colleagues, sqlColleagues, id)
}

// same tells whether nothing has moved that an act about keys rests on: the
// case's keys, who holds them, and who may.
func (r *keyRows) same(other *keyRows, workers []string) bool {
	return r.exchange == other.exchange &&
		slices.EqualFunc(r.nodes, other.nodes, func(a, b agency.NodeRow) bool { return a.ID == b.ID && a.Epoch == b.Epoch }) &&
		slices.EqualFunc(r.grants, other.grants, func(a, b agency.GrantRow) bool {
			return a.Child == b.Child && a.ChildEpoch == b.ChildEpoch && a.Parent == b.Parent && a.ParentEpoch == b.ParentEpoch
		}) &&
		!slices.ContainsFunc(workers, func(id string) bool {
			a, b := r.colleague(id), other.colleague(id)
			return a == nil || b == nil || a.NodeEpoch != b.NodeEpoch
		})
}

func (r *keyRows) colleague(id string) *colleagueRow {
	if i := slices.IndexFunc(r.colleagues, func(c colleagueRow) bool { return c.ID == id }); i >= 0 {
		return &r.colleagues[i]
	}
	return nil
}

// named lists the workers who hold a key of the case of their own.
func (r *keyRows) named() []string {
	var ids []string
	for _, g := range r.grants {
		if id, ok := strings.CutPrefix(g.Parent, "worker/"); ok && g.Child == "case/"+r.exchange.ID && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// holds tells whether the newest key of the case is granted to a node.
func (r *keyRows) holds(parent string, epoch uint32) bool {
	newest := uint32(0)
	for _, n := range r.nodes {
		if n.ID == "case/"+r.exchange.ID {
			newest = max(newest, n.Epoch)
		}
	}
	return slices.ContainsFunc(r.grants, func(g agency.GrantRow) bool {
		return g.Child == "case/"+r.exchange.ID && g.ChildEpoch == newest && g.Parent == parent && g.ParentEpoch == epoch
	})
}

// others lists who remains for a case when somebody leaves it: the colleagues
// who are named, or, of a case that is the whole team's, all of them.
func (r *keyRows) others(but string) []string {
	named := r.named()
	var ids []string
	for _, c := range r.colleagues {
		if c.ID != but && (!r.exchange.Restricted || slices.Contains(named, c.ID)) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func (s *Service) loadKeys(ctx context.Context, actor authz.Actor, id ExchangeID) (*keyRows, error) {
	if !agency.ValidID("ex", string(id)) {
		return nil, notFound()
	}
	r := &keyRows{}
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { r.queue(b, sqlKeyExchange, string(id)) }); err != nil {
		return nil, s.db.Fault(fmt.Errorf("load keys of exchange %s: %w", id, err))
	}
	return r, nil
}

// rekeying is an act about who holds a case: sealed and signed before its
// transaction.
type rekeying struct {
	*Service
	ag     *agency.Agency
	actor  authz.Actor
	signer note.Signer
	at     time.Time
	rows   *keyRows
	named  []string // who holds the case afterwards

	keys    *authz.Keyring // the actor's, and what they climb to
	epochs  []held         // of the case, newest first
	node    *agency.Node   // a new key of the case, if there is one
	vouched []byte         // the registrar's word for it
	grants  []agency.Grant
	revoked []agency.GrantRow
	bodies  [][]byte // statements, in order
}

// held is a node with its key.
type held struct {
	secret ring.Secret
	node   agency.Node
}

// rekey climbs to every key of the case with the actor's own keys. Forbidden:
// the case is restricted to others.
func (s *Service) rekey(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows *keyRows, named []string) (*rekeying, error) {
	signer, err := actor.Keys().Signer()
	if err != nil {
		return nil, fmt.Errorf("rekey a case: %w", err)
	}
	// What is climbed to is for this act alone: it goes into a copy of the ring.
	keys, err := authz.ParseKeyring(actor.Keys().Marshal())
	if err != nil {
		return nil, fmt.Errorf("copy a keyring: %w", err)
	}
	k := &rekeying{Service: s, ag: ag, actor: actor, signer: signer, at: s.now(), rows: rows, named: named, keys: keys}
	for _, row := range rows.nodes {
		if row.ID != "case/"+rows.exchange.ID {
			continue
		}
		one, err := k.climb(row)
		if errors.Is(err, agency.ErrNoGrant) && rows.exchange.Restricted {
			return nil, fault.Wrap(fault.Forbidden, "fault.exchange.restricted", err)
		}
		if err != nil {
			return nil, k.alarm(ctx, err)
		}
		k.epochs = append(k.epochs, one)
	}
	if len(k.epochs) == 0 {
		return nil, k.alarm(ctx, agency.ErrUntrusted)
	}
	return k, nil
}

func (k *rekeying) alarm(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	k.log.ErrorContext(ctx, "ALARM: the keys of a case cannot be granted", "agency", k.ag.ID, "exchange", k.rows.exchange.ID, "error", err)
	return fault.Wrap(fault.Sealed, "fault.sealed", err)
}

// climb opens a key that the ring leads to, and keeps it for the next climb.
func (k *rekeying) climb(row agency.NodeRow) (held, error) {
	node, err := k.ag.Trusted([]agency.NodeRow{row}, row.ID)
	if err != nil {
		return held{}, err
	}
	secret, err := k.ag.Climb(k.keys, k.rows.grants, node)
	if err != nil {
		return held{}, err
	}
	k.keys.PutIdentity(node.Name(), secret.Identity())
	return held{secret, node}, nil
}

func (k *rekeying) grant(key held, parent agency.Node) error {
	g, err := k.ag.NewGrant(key.secret, key.node, parent, k.at, k.signer)
	if err != nil {
		return err
	}
	k.grants, k.bodies = append(k.grants, g), append(k.bodies, g.Body)
	return nil
}

// renew makes a new key of the case, to which letters are sealed from now on:
// granted to the named workers and the archive, with the keys of both sides
// granted to it. Nobody who held an earlier key holds this one.
func (k *rekeying) renew(ctx context.Context) error {
	newest := k.epochs[0].node
	secret, node, body, err := k.ag.NewEpoch(newest.ID(), uint32(newest.Epoch())+1, k.at)
	if err != nil {
		return err
	}
	k.node, k.vouched, k.bodies = &node, body, append(k.bodies, body)
	fresh := held{secret, node}
	archive, err := k.ag.ArchiveNode()
	if err != nil {
		return err
	}
	if err := k.grant(fresh, archive); err != nil {
		return err
	}
	for _, row := range k.rows.nodes {
		if row.ID == string(newest.ID()) {
			continue
		}
		side, err := k.climb(row)
		if err != nil {
			return k.alarm(ctx, err)
		}
		if err := k.grant(side, node); err != nil {
			return err
		}
	}
	k.epochs = append([]held{fresh}, k.epochs...)
	return nil
}

// give grants to each named worker every key of the case that they lack.
func (k *rekeying) give(ctx context.Context) error {
	for _, id := range k.named {
		worker, err := k.worker(ctx, id)
		if err != nil {
			return err
		}
		for _, epoch := range k.epochs {
			if k.has(epoch.node, worker) {
				continue
			}
			if err := k.grant(epoch, worker); err != nil {
				return err
			}
		}
	}
	return nil
}

// worker gives a named worker's own node. Their row must list the roles that
// manager and registrar signed: else whoever can write the database could have
// the case granted to somebody who has left.
func (k *rekeying) worker(ctx context.Context, id string) (agency.Node, error) {
	c := k.rows.colleague(id)
	st, err := k.ag.Verify(ctx, k.db, c.Role)
	if err == nil && (st.Event != statement.EventRole || st.Object != "worker/"+id || st.Part != strings.Join(c.Roles, ".")) {
		err = fmt.Errorf("%w: roles of worker %s", agency.ErrUntrusted, id)
	}
	if err != nil {
		return agency.Node{}, k.alarm(ctx, err)
	}
	node, err := k.ag.Trusted([]agency.NodeRow{c.node()}, "worker/"+id)
	if err != nil {
		return agency.Node{}, k.alarm(ctx, err)
	}
	return node, nil
}

func (k *rekeying) has(child, parent agency.Node) bool {
	return slices.ContainsFunc(k.rows.grants, func(g agency.GrantRow) bool {
		return g.Child == string(child.ID()) && g.ChildEpoch == uint32(child.Epoch()) &&
			g.Parent == string(parent.ID()) && g.ParentEpoch == uint32(parent.Epoch())
	})
}

// revoke takes every key of the case from whoever is not named: the teams, and
// workers of their own.
func (k *rekeying) revoke() error {
	for _, g := range k.rows.grants {
		id, own := strings.CutPrefix(g.Parent, "worker/")
		if g.Child != "case/"+k.rows.exchange.ID || g.Parent == string(ring.Archive) || own && slices.Contains(k.named, id) {
			continue
		}
		body, err := k.ag.State(statement.Statement{Event: statement.EventRevoke, Object: g.Child, Part: "grant", Version: uint64(g.ChildEpoch),
			Exchange: k.rows.exchange.ID, From: agency.NodeName(g.Child, g.ChildEpoch), To: agency.NodeName(g.Parent, g.ParentEpoch), At: k.at}, "", k.signer)
		if err != nil {
			return err
		}
		k.revoked, k.bodies = append(k.revoked, g), append(k.bodies, body)
	}
	return nil
}

// errMoved: somebody changed who holds the case while this act was sealed.
var errMoved = errors.New("the keys of the case have changed")

// commit stores what was sealed, if the case is still held as it was read.
func (k *rekeying) commit(ctx context.Context, also ...func(*pgx.Batch)) error {
	id := k.rows.exchange.ID
	var now keyRows
	err := k.db.Act(ctx, scope(k.actor), func(b *pgx.Batch) {
		now = keyRows{}
		now.queue(b, sqlKeyExchangeLock, id)
	}, func(b *pgx.Batch) error {
		if !k.rows.same(&now, k.named) {
			return errMoved
		}
		for _, q := range also {
			q(b)
		}
		if !now.exchange.Restricted {
			b.Queue(guardedRestrict, id)
		}
		for _, g := range k.revoked {
			b.Queue(guardedRevoke, g.Child, g.ChildEpoch, g.Parent, g.ParentEpoch)
		}
		if k.node != nil {
			agency.QueueNode(b, *k.node, k.vouched)
		}
		for _, g := range k.grants {
			agency.QueueGrant(b, g)
		}
		b.Queue(sqlReleaseClosed, id, k.named)
		b.Queue(sqlNudge)
		audit.Append(b, k.bodies...)
		return nil
	})
	if errors.Is(err, errMoved) {
		return errMoved
	}
	return k.db.Fault(err)
}

// replace gives the case a new key for the named workers and takes the earlier
// ones from everybody else.
func (k *rekeying) replace(ctx context.Context, also ...func(*pgx.Batch)) error {
	if err := k.renew(ctx); err != nil {
		return err
	}
	if err := k.give(ctx); err != nil {
		return err
	}
	if err := k.revoke(); err != nil {
		return err
	}
	return k.commit(ctx, also...)
}

// whileMoved does an act about a case's keys again when somebody was in between,
// from its loading on, a few times.
func whileMoved(act func() error) error {
	for range 5 {
		if err := act(); !errors.Is(err, errMoved) {
			return err
		}
	}
	return fault.New(fault.Conflict, "fault.conflict")
}

// Connect declares that the actor is connected to a family of the exchange:
// from then on the database refuses their decisions about its letters. In the
// same act the case becomes restricted: a new key for every other worker of the
// letterbox and every other manager, by name; whoever was named before stays
// named, without the actor. Declaring twice is once.
//
// Conflict (fault.exchange.noOther): fewer than two others remain. Sealed: a key
// is not as it was vouched for. In both cases the connection is written down
// all the same, and nothing else is changed; declaring again, once there are
// more colleagues or the key is mended, takes the keys away.
func (s *Service) Connect(ctx context.Context, actor authz.Actor, id ExchangeID) error {
	ag, err := s.begin(ctx, actor, authz.Connect, string(id))
	if err != nil {
		return err
	}
	return whileMoved(func() error {
		rows, err := s.loadKeys(ctx, actor, id)
		if err != nil {
			return err
		}
		others := rows.others(actor.Account())
		held := !rows.exchange.Restricted || slices.Contains(rows.named(), actor.Account())
		if held && len(others) >= MinNamed {
			err := s.connect(ctx, ag, actor, rows, others)
			if unread(err) {
				// A key that cannot be granted is no reason to forget what was said.
				return errors.Join(err, s.declare(ctx, actor, id))
			}
			return err
		}
		if err := s.declare(ctx, actor, id); err != nil {
			return err
		}
		if held {
			return fault.New(fault.Conflict, "fault.exchange.noOther")
		}
		return nil
	})
}

// connect takes the case from the actor for good, and writes down why.
func (s *Service) connect(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows *keyRows, others []string) error {
	k, err := s.rekey(ctx, ag, actor, rows, others)
	if err != nil {
		return err
	}
	return k.replace(ctx, func(b *pgx.Batch) { b.Queue(sqlConnect, rows.exchange.ID) })
}

// declare writes a connection down and changes no key.
func (s *Service) declare(ctx context.Context, actor authz.Actor, id ExchangeID) error {
	var x keyExchange
	err := s.db.Act(ctx, scope(actor), func(b *pgx.Batch) { one(b, &x, sqlKeyExchangeLock, string(id)) }, func(b *pgx.Batch) error {
		b.Queue(sqlConnect, string(id))
		return nil
	})
	return s.db.Fault(err)
}

// Restrict takes a case from the team and gives it to the named workers, two or
// more, and nobody else: a new key for what comes, the earlier keys for what is
// there. It needs a manager, a fresh one-time code, and the case's key.
//
// Invalid: field "workers" (fewer than two, or somebody who cannot be named),
// field "code". Conflict: it is restricted already. Forbidden: the actor is
// connected to the family.
func (s *Service) Restrict(ctx context.Context, actor authz.Actor, id ExchangeID, workers []string, code string) error {
	ag, err := s.begin(ctx, actor, authz.Restrict, string(id))
	if err != nil {
		return err
	}
	workers = slices.Compact(slices.Sorted(slices.Values(workers)))
	if len(workers) < MinNamed {
		return fault.Field("workers", "fault.exchange.named")
	}
	rows, err := s.loadKeys(ctx, actor, id)
	if err != nil {
		return err
	}
	if err := mayName(rows, workers); err != nil {
		return err
	}
	keep, err := s.freshCode(ctx, actor, code)
	if err != nil {
		return err
	}
	return whileMoved(func() error {
		if rows, err = s.loadKeys(ctx, actor, id); err != nil {
			return err
		}
		if rows.exchange.Restricted {
			return fault.New(fault.Conflict, "fault.exchange.isRestricted")
		}
		if err := mayName(rows, workers); err != nil {
			return err
		}
		k, err := s.rekey(ctx, ag, actor, rows, workers)
		if err != nil {
			return err
		}
		return k.replace(ctx, keep)
	})
}

// mayName checks what can be checked before a code is used up.
func mayName(rows *keyRows, workers []string) error {
	if rows.exchange.Connected {
		return fault.New(fault.Forbidden, "fault.letter.connected")
	}
	for _, id := range workers {
		if rows.colleague(id) == nil {
			return fault.Field("workers", "fault.exchange.notToName")
		}
	}
	return nil
}

// Name gives a worker the keys of a restricted case. It needs a manager who is
// named themself, and a fresh one-time code. Naming twice is once.
//
// Invalid: field "workers" (somebody who cannot be named), field "code".
// Conflict: the case is the whole team's. Forbidden: the actor is not named.
func (s *Service) Name(ctx context.Context, actor authz.Actor, id ExchangeID, worker, code string) error {
	return s.changeNamed(ctx, actor, id, code, func(rows *keyRows) ([]string, error) {
		named := rows.others("")
		c := rows.colleague(worker)
		switch {
		case c == nil:
			return nil, fault.Field("workers", "fault.exchange.notToName")
		case rows.holds("worker/"+worker, c.NodeEpoch):
			return nil, nil
		case slices.Contains(named, worker): // with a key of their own that is no longer the newest
			return named, nil
		}
		return append(named, worker), nil
	})
}

// Unname takes the keys of a restricted case from a worker: the case has a new
// key from now on, and the earlier ones are theirs no more. Who is not named
// stays so. Errors as for Name; Conflict also where fewer than two would remain.
func (s *Service) Unname(ctx context.Context, actor authz.Actor, id ExchangeID, worker, code string) error {
	return s.changeNamed(ctx, actor, id, code, func(rows *keyRows) ([]string, error) {
		if !slices.Contains(rows.named(), worker) {
			return nil, nil
		}
		named := rows.others(worker)
		if len(named) < MinNamed {
			return nil, fault.New(fault.Conflict, "fault.exchange.noOther")
		}
		return named, nil
	})
}

// changeNamed is Name and Unname: choose says who is named afterwards, nil for
// no change. A case of which nobody loses a key keeps its key.
func (s *Service) changeNamed(ctx context.Context, actor authz.Actor, id ExchangeID, code string, choose func(*keyRows) ([]string, error)) error {
	ag, err := s.begin(ctx, actor, authz.Restrict, string(id))
	if err != nil {
		return err
	}
	var keep func(*pgx.Batch)
	return whileMoved(func() error {
		rows, err := s.loadKeys(ctx, actor, id)
		if err != nil {
			return err
		}
		if !rows.exchange.Restricted {
			return fault.New(fault.Conflict, "fault.exchange.isOpen")
		}
		named, err := choose(rows)
		if err != nil || named == nil {
			return err
		}
		k, err := s.rekey(ctx, ag, actor, rows, named)
		if err != nil {
			return err
		}
		if keep == nil {
			if keep, err = s.freshCode(ctx, actor, code); err != nil {
				return err
			}
		}
		if slices.ContainsFunc(rows.named(), func(id string) bool { return !slices.Contains(named, id) }) {
			return k.replace(ctx, keep)
		}
		if err := k.give(ctx); err != nil {
			return err
		}
		return k.commit(ctx, keep)
	})
}

// Named lists who holds a restricted case of their own; nobody, if it is the
// whole team's.
func (s *Service) Named(ctx context.Context, actor authz.Actor, id ExchangeID) ([]NamedWorker, error) {
	r, err := s.Restriction(ctx, actor, id)
	return r.Named, err
}

// Restriction is how an exchange stands without any family's name: for those
// who may change who sees it, and are perhaps not to see it themselves.
type Restriction struct {
	ExchangeLine
	DelayDays  int
	Places     [2]Place
	Connected  bool          // the actor declared a connection
	Named      []NamedWorker // who holds the case, if it is restricted
	Colleagues []NamedWorker // who could be named and is not
}

// Place is one side of an exchange without anybody's name.
type Place struct {
	ID    SideID
	Book  string
	State string
}

type restrictionRow struct {
	exchangeRow
	Connected bool
}

type namedRow struct {
	ID    string
	Book  string
	Epoch uint32
	Name  []byte
}

const sqlRestriction = `select id, reference, state, opened_at, restricted, delay_days, case_closed(id) as closed,
		exists (select from connection c where c.agency_id = agency() and c.exchange_id = x.id and c.worker_id = account()) as connected
	from exchange x where agency_id = agency() and id = $1`

// Restriction tells who holds the case of an exchange. It opens workers' names
// only. NotFound if there is no such exchange.
func (s *Service) Restriction(ctx context.Context, actor authz.Actor, id ExchangeID) (Restriction, error) {
	if _, err := s.begin(ctx, actor, authz.SetExchange, string(id)); err != nil {
		return Restriction{}, err
	}
	if !agency.ValidID("ex", string(id)) {
		return Restriction{}, notFound()
	}
	var row restrictionRow
	var sides []exchangeSideRow
	var named []namedRow
	var colleagues []colleagueRow
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		one(b, &row, sqlRestriction, string(id))
		many(b, &sides, sqlExchangeSides, string(id))
		many(b, &named, sqlNamed, string(id))
		many(b, &colleagues, sqlColleagues, string(id))
	})
	if err != nil {
		return Restriction{}, s.db.Fault(fmt.Errorf("load exchange %s: %w", id, err))
	}
	r := Restriction{ExchangeLine: row.line(), DelayDays: row.DelayDays, Connected: row.Connected, Named: namedLines(actor, named)}
	for i, side := range sides {
		if i < len(r.Places) {
			r.Places[i] = Place{SideID(side.ID), side.Book, side.State}
		}
	}
	for _, c := range colleagues {
		if !slices.ContainsFunc(r.Named, func(n NamedWorker) bool { return n.ID == c.ID }) {
			r.Colleagues = append(r.Colleagues, namedLine(actor, namedRow{c.ID, c.Book, c.Epoch, c.Name}))
		}
	}
	return r, nil
}

const sqlExchangeOf = `select exchange_id from side where agency_id = agency() and id = $1`

// RestrictionOf is Restriction of the exchange that a side is of.
func (s *Service) RestrictionOf(ctx context.Context, actor authz.Actor, side SideID) (Restriction, error) {
	if _, err := s.begin(ctx, actor, authz.SetExchange, string(side)); err != nil {
		return Restriction{}, err
	}
	if !agency.ValidID("sd", string(side)) {
		return Restriction{}, notFound()
	}
	var id string
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		b.Queue(sqlExchangeOf, string(side)).QueryRow(func(row pgx.Row) error { return row.Scan(&id) })
	})
	if err != nil {
		return Restriction{}, s.db.Fault(fmt.Errorf("load side %s: %w", side, err))
	}
	return s.Restriction(ctx, actor, ExchangeID(id))
}

func namedLines(actor authz.Actor, rows []namedRow) (list []NamedWorker) {
	for _, r := range rows {
		list = append(list, namedLine(actor, r))
	}
	return list
}

// namedLine opens a worker's name; one that does not open leaves the line.
func namedLine(actor authz.Actor, r namedRow) NamedWorker {
	name, _ := agency.OpenName(actor.Keys(), agency.RecordRow{Book: r.Book, ID: r.ID, Epoch: r.Epoch, Name: r.Name})
	return NamedWorker{r.ID, name}
}
