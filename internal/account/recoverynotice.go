package account

import (
	"context"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// PostedNotice writes down that the letter was posted which tells a person who
// wants no mail that something waits. The day in which they can stop the recovery
// begins with it. Whoever may recover that person may post it; it changes nothing
// for them but that day, and needs no code.
//
// Conflict: none is needed, it was posted before, or the recovery is not agreed.
func (s *Service) PostedNotice(ctx context.Context, actor authz.Actor, id string) error {
	ag, err := s.beginRecovery(ctx, actor, authz.Recover, "rc", id)
	if err != nil {
		return err
	}
	r, err := s.recovery(ctx, actor, id)
	if err != nil {
		return err
	}
	if err := s.notSelf(ctx, actor, authz.Recover, r.Account); err != nil {
		return err
	}
	if err := s.notBarred(ctx, actor, authz.Recover, sqlRecoveryBarred, r.Account); err != nil {
		return err
	}
	if !r.onPaper() || r.PostedAt != nil || r.State != "agreed" && r.State != "printed" {
		return fault.New(fault.Conflict, "fault.recovery.moved")
	}
	if err := s.checkStated(ctx, ag, r); err != nil {
		return err
	}
	by, err := actor.Keys().Signer()
	if err != nil {
		return err
	}
	at := s.signedNow()
	body, err := ag.State(statement.Statement{Event: statement.EventCasework, Object: r.node(), Part: r.part(wordNotice), Version: 1, At: at,
		Refs: [][32]byte{statement.Leaf(r.AgreeBody)}}, "", by)
	if err != nil {
		return err
	}
	leaf := statement.Leaf(body)
	err = s.db.Act(ctx, scopeOf(actor), nil, func(b *pgx.Batch) error {
		b.Queue(postgres.Guarded(sqlPostedNotice), id, actor.Account(), at, leaf[:])
		audit.Append(b, body)
		return nil
	})
	return s.recoveryFault(err)
}
