package agency

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/authz"
	"gatepost/internal/postgres"
)

const (
	// The newest epoch of each node that the registrar has vouched for.
	sqlNodes = `select distinct on (n.id) n.id, n.epoch, n.recipient, coalesce(n.verifier, '') as verifier, n.key_leaf, leaf_body(n.key_leaf) as body
		from node n where n.agency_id = agency() and n.id = any($1) and n.key_leaf is not null
		order by n.id, n.epoch desc`
	// Every key that a worker has ever signed with: what they signed stays signed when they get a new one.
	sqlSigners = `select n.id, n.epoch, n.recipient, coalesce(n.verifier, '') as verifier, n.key_leaf, leaf_body(n.key_leaf) as body
		from node n where n.agency_id = agency() and n.id = any($1) and n.key_leaf is not null order by n.id, n.epoch desc`
	sqlStaffGrants = `select child, child_epoch, parent, parent_epoch, sealed from ring_grant_staff
		where agency_id = agency() and child = any($1) and parent = any($2)`
	sqlInsertNode = `insert into node (agency_id, id, epoch, recipient, verifier, key_leaf)
		values (agency(), $1, $2, $3, nullif($4, ''), $5)`
	sqlInsertStaffGrant = `insert into ring_grant_staff (agency_id, child, child_epoch, parent, parent_epoch, sealed, leaf)
		values (agency(), $1, $2, $3, $4, $5, $6)`
	sqlInsertPersonGrant = `insert into ring_grant_person (agency_id, child, child_epoch, parent, parent_epoch, sealed, leaf)
		values (agency(), $1, $2, $3, $4, $5, $6)`
)

// NodeRow is a node as the database has it: a claim, not yet believed.
type NodeRow struct {
	ID        string
	Epoch     uint32
	Recipient string
	Verifier  string
	KeyLeaf   []byte
	Body      []byte // the key statement
}

// Node is a key that the registrar has vouched for.
type Node struct {
	ring.Node
	Verifier string // a worker's signing key; "" for all others
}

// Name is the node's name in a keyring: id and epoch, "case/ex…/1".
func (n Node) Name() string { return n.String() }

// NodeName is the name of a node's key in a keyring.
func NodeName(id string, epoch uint32) string { return fmt.Sprintf("%s/%d", id, epoch) }

// QueueNodes reads the newest vouched-for epoch of each node into rows.
func QueueNodes(b *pgx.Batch, rows *[]NodeRow, ids ...string) {
	b.Queue(sqlNodes, ids).Query(collectNodes(rows))
}

func collectNodes(into *[]NodeRow) func(pgx.Rows) error {
	return func(r pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(r, pgx.RowToStructByName[NodeRow])
		return err
	}
}

// ErrUntrusted: a key in the database is not the one that the registrar
// vouched for. Nothing is sealed to it, and the operator is told.
var ErrUntrusted = errors.New("a key is not the one that was vouched for")

// Trusted finds id among rows and checks that the registrar's key statement
// names exactly this node, epoch and key.
func (a *Agency) Trusted(rows []NodeRow, id string) (Node, error) {
	for _, r := range rows {
		if r.ID == id {
			return a.trust(r)
		}
	}
	return Node{}, fmt.Errorf("node %s: %w: it has no key statement", id, ErrUntrusted)
}

func (a *Agency) trust(r NodeRow) (Node, error) {
	key := r.digest()
	a.mu.Lock()
	n, ok := a.nodes[key]
	a.mu.Unlock()
	if ok {
		return n, nil
	}
	st, err := statement.Parse(r.Body, a.fixed)
	if err != nil {
		return Node{}, fmt.Errorf("node %s: %w: %w", r.ID, ErrUntrusted, err)
	}
	leaf := statement.Leaf(r.Body)
	if !bytes.Equal(leaf[:], r.KeyLeaf) || st.Verifier != r.Verifier {
		return Node{}, fmt.Errorf("node %s: %w", r.ID, ErrUntrusted)
	}
	public, err := ring.ParseNode(ring.NodeID(r.ID), ring.Epoch(r.Epoch), r.Recipient)
	if err != nil {
		return Node{}, fmt.Errorf("node %s: %w", r.ID, ErrUntrusted)
	}
	if err := public.VouchedBy(a.ID, st); err != nil {
		return Node{}, fmt.Errorf("node %s: %w: %w", r.ID, ErrUntrusted, err)
	}
	n = Node{Node: public, Verifier: r.Verifier}
	a.mu.Lock()
	if len(a.nodes) >= maxCached {
		clear(a.nodes)
	}
	a.nodes[key] = n
	a.mu.Unlock()
	return n, nil
}

// maxCached bounds the cache of parsed public keys; each is some ten kilobytes.
const maxCached = 4096

// digest covers everything that trust looks at, so that a changed row is never
// answered from the cache.
func (r NodeRow) digest() [32]byte {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%d\n%s\n%s\n%x\n%x", r.ID, r.Epoch, r.Recipient, r.Verifier, r.KeyLeaf, sha256.Sum256(r.Body))
	return [32]byte(h.Sum(nil))
}

// GrantRow is a grant as the database has it.
type GrantRow struct {
	Child       string
	ChildEpoch  uint32
	Parent      string
	ParentEpoch uint32
	Sealed      []byte
}

func (g GrantRow) grant() ring.Grant {
	return ring.Grant{Child: ring.NodeID(g.Child), ChildEpoch: ring.Epoch(g.ChildEpoch),
		Parent: ring.NodeID(g.Parent), ParentEpoch: ring.Epoch(g.ParentEpoch), Sealed: g.Sealed}
}

// QueueStaffGrants reads the grants of children to parents. Staff tier only.
func QueueStaffGrants(b *pgx.Batch, rows *[]GrantRow, children, parents []string) {
	b.Queue(sqlStaffGrants, children, parents).Query(func(r pgx.Rows) (err error) {
		*rows, err = pgx.CollectRows(r, pgx.RowToStructByName[GrantRow])
		return err
	})
}

// Climb opens the key of a child node with a key of the ring that it was
// granted to, and checks it against the vouched-for node.
func (a *Agency) Climb(keys *authz.Keyring, grants []GrantRow, child Node) (ring.Secret, error) {
	for _, g := range grants {
		if g.Child != string(child.ID()) || g.ChildEpoch != uint32(child.Epoch()) {
			continue
		}
		parent, ok := keys.Identity(NodeName(g.Parent, g.ParentEpoch))
		if !ok {
			continue
		}
		secret, err := ring.Open(a.ID, g.grant(), ring.SecretIdentity(parent), child.Node)
		if err != nil {
			return ring.Secret{}, fmt.Errorf("climb to %s: %w", child, err)
		}
		return secret, nil
	}
	return ring.Secret{}, fmt.Errorf("climb to %s: %w", child, ErrNoGrant)
}

// ErrNoGrant: no key of this session opens that node.
var ErrNoGrant = errors.New("no grant for this session")

// NewNode makes a fresh key at epoch 1 and the registrar's statement about it.
// Staff tier only.
func (a *Agency) NewNode(id ring.NodeID, at time.Time) (ring.Secret, Node, []byte, error) {
	return a.NewEpoch(id, 1, at)
}

// NewEpoch is NewNode for a key that takes the place of earlier ones: epoch is
// one more than that of the newest. What was sealed before stays sealed to the
// earlier keys. Staff tier only.
func (a *Agency) NewEpoch(id ring.NodeID, epoch uint32, at time.Time) (ring.Secret, Node, []byte, error) {
	secret, n, err := ring.NewNode(id, ring.Epoch(epoch))
	if err != nil {
		return ring.Secret{}, Node{}, nil, fmt.Errorf("make node %s: %w", id, err)
	}
	body, err := a.Vouch(n, "", at)
	if err != nil {
		return ring.Secret{}, Node{}, nil, err
	}
	return secret, Node{Node: n}, body, nil
}

// Vouch is the registrar's key statement for a node, resting on refs (the key
// request, for a person or a worker). verifier is a worker's signing key.
func (a *Agency) Vouch(n ring.Node, verifier string, at time.Time, refs ...[32]byte) ([]byte, error) {
	st := n.KeyStatement(a.ID)
	st.Event, st.At, st.Verifier, st.Refs = statement.EventKey, at, verifier, refs
	return a.State(st, "registrar")
}

// QueueNode inserts a vouched-for node with its key statement's leaf. The
// statement itself is appended at the end of the act.
func QueueNode(b *pgx.Batch, n Node, keyStatement []byte) {
	leaf := statement.Leaf(keyStatement)
	b.Queue(sqlInsertNode, string(n.ID()), uint32(n.Epoch()), n.Public(), n.Verifier, leaf[:])
}

// Grant is a sealed grant with the worker's statement of it.
type Grant struct {
	ring.Grant
	Body []byte
}

// NewGrant seals a child's key to a parent, and by states it.
func (a *Agency) NewGrant(secret ring.Secret, child, parent Node, at time.Time, by note.Signer) (Grant, error) {
	g, err := ring.GrantTo(a.ID, secret, child.Node, parent.Node)
	if err != nil {
		return Grant{}, err
	}
	st := statement.Statement{Event: statement.EventGrant, Object: string(g.Child), Part: "grant", Version: uint64(g.ChildEpoch),
		From: child.Name(), To: parent.Name(), At: at}
	body, err := a.State(st, "", by)
	return Grant{g, body}, err
}

// QueueGrant inserts a grant in the table of its parent's kind.
func QueueGrant(b *pgx.Batch, g Grant) {
	sql := sqlInsertStaffGrant
	if strings.HasPrefix(string(g.Parent), "person/") {
		sql = sqlInsertPersonGrant
	}
	leaf := statement.Leaf(g.Body)
	b.Queue(sql, string(g.Child), uint32(g.ChildEpoch), string(g.Parent), uint32(g.ParentEpoch), g.Sealed, leaf[:])
}

// ArchiveNode is the archive as a parent of grants. Its key comes from the
// configuration.
func (a *Agency) ArchiveNode() (Node, error) {
	n, err := ring.ParseNode(ring.Archive, 1, a.Stanza.Archive)
	return Node{Node: n}, err
}

// Verify checks a signed statement of this agency against the signers that its
// event requires. A worker's signing key counts only if the registrar vouched
// for it; those keys are read in one trip. A statement once verified stays so
// (its bytes are the key of the cache), so most pages verify nothing.
func (a *Agency) Verify(ctx context.Context, db *postgres.DB, body []byte) (*statement.Statement, error) {
	leaf := statement.Leaf(body)
	a.mu.Lock()
	st, ok := a.verified[leaf]
	a.mu.Unlock()
	if ok {
		return st, nil
	}
	var rows []NodeRow
	if workers := a.workersOn(body); len(workers) > 0 {
		err := db.Read(ctx, postgres.Scope{Agency: a.ID}, func(b *pgx.Batch) { b.Queue(sqlSigners, workers).Query(collectNodes(&rows)) })
		if err != nil {
			return nil, fmt.Errorf("read signers: %w", err)
		}
	}
	st, err := a.verify(rows, body)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	if len(a.verified) >= maxCached {
		clear(a.verified)
	}
	a.verified[leaf] = st
	a.mu.Unlock()
	return st, nil
}

func (a *Agency) verify(rows []NodeRow, body []byte) (*statement.Statement, error) {
	known := maps.Clone(a.fixed)
	for _, id := range a.workersOn(body) {
		if err := a.addSigner(known, rows, id); err != nil {
			return nil, err
		}
	}
	st, err := statement.Parse(body, known)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", seal.ErrUnsigned, err)
	}
	return st, nil
}

// addSigner adds every signing key of a worker that the registrar vouched for.
func (a *Agency) addSigner(known statement.Verifiers, rows []NodeRow, id string) error {
	found := false
	for _, r := range rows {
		if r.ID != id {
			continue
		}
		n, err := a.trust(r)
		if err != nil {
			return fmt.Errorf("a signer: %w", err)
		}
		if err := known.Add(n.Verifier); err != nil {
			return fmt.Errorf("signer %s: %w", id, ErrUntrusted)
		}
		found = true
	}
	if !found {
		return fmt.Errorf("a signer: node %s: %w: it has no key statement", id, ErrUntrusted)
	}
	return nil
}

// workersOn reads from the signature lines which workers claim to have signed:
// their nodes, such as "worker/wk…". It believes nothing.
func (a *Agency) workersOn(body []byte) []string {
	var ids []string
	for line := range strings.Lines(string(body)) {
		if rest, ok := strings.CutPrefix(line, "— "+a.ID+"/worker/"); ok {
			id, _, _ := strings.Cut(rest, " ")
			ids = append(ids, "worker/"+id)
		}
	}
	return ids
}
