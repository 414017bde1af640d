package account

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/authz"
)

// Entry is one line of somebody's own history of sign-ins.
type Entry struct {
	At    time.Time
	In    bool   // false: the name was right, and the passphrase or the code was not
	Label string // coarse name of the browser, as in the list of sessions
}

// History lists the last 200 sign-ins at the actor's name, the newest first.
// They are kept for twelve months. An attempt that had to wait is not in it,
// and nothing says from where it came: that would tell somebody who has the
// passphrase where its owner lives.
func (s *Service) History(ctx context.Context, actor authz.Actor) ([]Entry, error) {
	if _, err := s.own(actor); err != nil {
		return nil, err
	}
	var list []Entry
	err := s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) {
		b.Queue(sqlHistory, string(s.tier), actor.Account()).Query(collect(&list))
	})
	if err != nil {
		return nil, fmt.Errorf("list sign-ins: %w", s.db.Fault(err))
	}
	return list, nil
}
