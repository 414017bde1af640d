package account

import (
	"context"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/authz"
)

// FreshCode checks a one-time code that a worker gives for one act of another
// service. The returned function must be queued into the transaction of that
// act: with it the code counts as used, and a code that somebody used a moment
// before makes the whole act a Conflict. It counts for that act alone.
//
// Invalid: wrong or used, field "code". Busy: five wrong ones in 15 minutes.
func (s *Service) FreshCode(ctx context.Context, actor authz.Actor, digits string) (keep func(*pgx.Batch), err error) {
	ag, err := s.own(actor)
	if err != nil {
		return nil, err
	}
	fresh, err := s.freshCode(ctx, ag, actor, digits)
	if err != nil {
		return nil, err
	}
	return func(b *pgx.Batch) { s.queueFresh(b, actor, fresh) }, nil
}
