package notice

import (
	"context"
	"fmt"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// Vouch makes the notifier's key known in an agency: the registrar states it,
// and families seal their details to it. The key that is there already stays;
// another one becomes the next epoch. Staff tier only, at its start; two
// processes may do it at once.
func Vouch(ctx context.Context, db *postgres.DB, ag *agency.Agency, key *age.HybridRecipient, now time.Time) error {
	for range 3 {
		done, err := vouch(ctx, db, ag, key, now)
		if done || err != nil {
			return err
		}
	}
	return fmt.Errorf("vouch for the notifier's key of agency %s: others are doing it", ag.ID)
}

// vouch tries once. done is false where another process was first.
func vouch(ctx context.Context, db *postgres.DB, ag *agency.Agency, key *age.HybridRecipient, now time.Time) (done bool, err error) {
	var rows []agency.NodeRow
	scope := postgres.Scope{Agency: ag.ID}
	if err := db.Read(ctx, scope, func(b *pgx.Batch) { agency.QueueNodes(b, &rows, string(ring.Notify)) }); err != nil {
		return false, fmt.Errorf("read the notifier's key: %w", err)
	}
	epoch := ring.Epoch(1)
	if len(rows) > 0 {
		n, err := ag.Trusted(rows, string(ring.Notify))
		if err != nil {
			return false, err
		}
		if n.Public() == key.String() {
			return true, nil
		}
		epoch = n.Epoch() + 1
	}
	node, err := ring.ParseNode(ring.Notify, epoch, key.String())
	if err != nil {
		return false, fmt.Errorf("read the notifier's key: %w", err)
	}
	body, err := ag.Vouch(node, "", now)
	if err != nil {
		return false, err
	}
	err = db.Act(ctx, scope, nil, func(b *pgx.Batch) error {
		agency.QueueNode(b, agency.Node{Node: node}, body)
		audit.Append(b, body)
		return nil
	})
	taken := postgres.Constraints{"node_pkey": fault.New(fault.Conflict, "fault.conflict")}
	if fault.KindOf(taken.Fault(err)) == fault.Conflict {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("store the notifier's key: %w", err)
	}
	return true, nil
}
