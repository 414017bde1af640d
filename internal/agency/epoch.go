package agency

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/statement"
	"gatepost/internal/postgres"
)

const (
	sqlAllNodes = `select n.id, n.epoch, n.recipient, coalesce(n.verifier, '') as verifier, n.key_leaf, leaf_body(n.key_leaf) as body
		from node n where n.agency_id = agency() and n.id = any($1) and n.key_leaf is not null
		order by n.id, n.epoch desc`
	sqlDeleteStaffGrant = `delete from ring_grant_staff
		where agency_id = agency() and child = $1 and child_epoch = $2 and parent = $3 and parent_epoch = $4 returning 1`
)

// QueueAllNodes reads every vouched-for epoch of each node into rows, the
// newest first. It is for opening what is sealed already; QueueNodes, with the
// newest alone, is for sealing.
func QueueAllNodes(b *pgx.Batch, rows *[]NodeRow, ids ...string) {
	b.Queue(sqlAllNodes, ids).Query(func(r pgx.Rows) (err error) {
		*rows, err = pgx.CollectRows(r, pgx.RowToStructByName[NodeRow])
		return err
	})
}

// TrustedAt is Trusted for one epoch of a node.
func (a *Agency) TrustedAt(rows []NodeRow, id string, epoch uint32) (Node, error) {
	for _, r := range rows {
		if r.ID == id && r.Epoch == epoch {
			return a.trust(r)
		}
	}
	return Node{}, fmt.Errorf("node %s: %w: it has no key statement", NodeName(id, epoch), ErrUntrusted)
}

// GrantName names a grant by its two ends.
type GrantName struct {
	Child       string
	ChildEpoch  uint32
	Parent      string
	ParentEpoch uint32
}

// Name is what a grant is called by, without what it holds.
func (g GrantRow) Name() GrantName {
	return GrantName{g.Child, g.ChildEpoch, g.Parent, g.ParentEpoch}
}

// NewRevoke states that a grant is taken away. by is the worker who does it.
func (a *Agency) NewRevoke(g GrantName, at time.Time, by note.Signer) ([]byte, error) {
	return a.State(statement.Statement{Event: statement.EventRevoke, Object: g.Child, Part: "grant", Version: uint64(g.ChildEpoch),
		From: NodeName(g.Child, g.ChildEpoch), To: NodeName(g.Parent, g.ParentEpoch), At: at}, "", by)
}

// QueueRevoke deletes a grant of the staff's; an act that finds none such is
// refused whole.
func QueueRevoke(b *pgx.Batch, g GrantName) {
	b.Queue(postgres.Guarded(sqlDeleteStaffGrant), g.Child, g.ChildEpoch, g.Parent, g.ParentEpoch)
}
