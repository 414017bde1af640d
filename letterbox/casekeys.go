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
	postgres.One(b, &r.exchange, exchangeSQL, id)
	postgres.Many(b, &r.nodes, sqlKeyNodes, id)
	postgres.Many(b, &r.grants, sqlKeyGrants, id)
	postgres.Many(b, &r.colleagues, sqlColleagues, id)
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
	if err := s.newestKeys(ctx, ag, k.epochs[0].node); err != nil {
		return nil, err
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
	if err == nil {
		err = k.stands(ctx, k.ag, id, c.Role)
	}
	if err != nil {
		return agency.Node{}, k.alarm(ctx, err)
	}
	node, err := k.ag.Trusted([]agency.NodeRow{c.node()}, "worker/"+id)
	if err != nil {
		return agency.Node{}, k.alarm(ctx, err)
	}
	return node, k.newestKeys(ctx, k.ag, node)
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
		if err := act(); !errors.Is(err, errMoved) && !errors.Is(err, audit.ErrMoved) {
			return err
		}
	}
	return fault.New(fault.Conflict, "fault.conflict")
}
