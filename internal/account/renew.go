package account

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// oldGrant is a grant to an earlier key of an account.
type oldGrant struct {
	Child       string
	ChildEpoch  uint32
	ParentEpoch uint32
}

// anyEpoch is above every epoch: all grants to an account. Until a new key of
// theirs is vouched for, nothing is granted to it.
const anyEpoch = math.MaxInt32

// renewed tells that the key is not the account's first.
func (c *confirmation) renewed() bool { return c.node.Epoch() > firstEpoch }

// waits tells whether an account in this state may be one that waits for a
// call: on hold with a first key or that of a recovery, or active with one that
// it changed by itself. Which it is says the signed request.
func (c *confirmation) waits(state string) bool {
	if !c.renewed() || c.request.Recovery != "" {
		return state == "hold"
	}
	return state == "active"
}

// revoke has the confirming worker state that grants to earlier keys end.
func (c *confirmation) revoke(old []oldGrant) error {
	for _, g := range old {
		body, err := c.ag.State(statement.Statement{Event: statement.EventRevoke, Object: g.Child, Part: "grant", Version: uint64(g.ChildEpoch),
			From: agency.NodeName(g.Child, g.ChildEpoch), To: agency.NodeName(string(c.node.ID()), g.ParentEpoch),
			Refs: [][32]byte{c.leaf}, At: c.at}, "", c.by)
		if err != nil {
			return err
		}
		c.bodies = append(c.bodies, body)
	}
	c.old = old
	return nil
}

// queueRetired ends the account's earlier keys and what was granted to them.
func (c *confirmation) queueRetired(b *pgx.Batch) {
	if !c.renewed() {
		return
	}
	id, sql := string(c.node.ID()), sqlPersonUngrant
	if strings.HasPrefix(id, "worker/") {
		sql = sqlWorkerUngrant
	}
	for _, g := range c.old {
		b.Queue(postgres.Guarded(sql), g.Child, g.ChildEpoch, id, g.ParentEpoch)
	}
	b.Queue(sqlRetire, id, uint32(c.node.Epoch()), c.at)
}

// queueRecovered ends the recovery that put somebody on hold. One that was
// stopped after its code was used ends in nothing: the whole act is refused.
func (c *confirmation) queueRecovered(b *pgx.Batch) {
	if c.request.Recovery != "" {
		b.Queue(postgres.Guarded(sqlRecovered), c.request.Recovery, c.at)
	}
}

// rolesFor gives the roles that a worker is to have: those given, or else those
// that they have. Nobody gives themself any.
func (s *Service) rolesFor(ctx context.Context, ag *agency.Agency, actor authz.Actor, worker string, given appointment) (appointment, error) {
	if actor.Account() == worker {
		audit.Refused(ctx, s.db, actor, authz.ConfirmWorker, worker)
		return appointment{}, fault.New(fault.Forbidden, "fault.confirm.self")
	}
	if given.roles == nil {
		var err error
		if given, err = s.rolesNow(ctx, ag, actor, worker); err != nil {
			return appointment{}, err
		}
	}
	return given, s.holds(given)
}

// rolesNow gives a worker's roles as manager and registrar signed them.
func (s *Service) rolesNow(ctx context.Context, ag *agency.Agency, actor authz.Actor, worker string) (appointment, error) {
	var w workerRole
	err := s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) {
		b.Queue(sqlWorkerRole, worker).QueryRow(func(row pgx.Row) error { return row.Scan(&w.state, &w.roles, &w.leaf, &w.body, &w.ends) })
	})
	if err != nil {
		return appointment{}, fmt.Errorf("read a worker's roles: %w", s.db.Fault(err))
	}
	if w.leaf == nil {
		return appointment{}, nil
	}
	stated, err := s.statedRoles(ctx, ag, worker, w)
	if err != nil {
		s.alarm(ctx, "a worker's roles are not as they were signed", worker, err)
		return appointment{}, nil
	}
	return stated, nil
}
