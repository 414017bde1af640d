package letterbox

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/authz"
	"gatepost/internal/postgres"
)

// Nameable lists who can be named for an exchange that is about to be opened
// (PrepareMediated): the workers of the letterbox and the managers. Only their
// names are opened; one that does not open is "".
func (s *Service) Nameable(ctx context.Context, actor authz.Actor) ([]NamedWorker, error) {
	if _, err := s.begin(ctx, actor, authz.OpenExchange, "exchange"); err != nil {
		return nil, err
	}
	var colleagues []colleagueRow
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &colleagues, sqlColleagues, "") }); err != nil {
		return nil, s.db.Fault(fmt.Errorf("list who can be named: %w", err))
	}
	var list []NamedWorker
	for _, c := range colleagues {
		list = append(list, namedLine(actor, namedRow{c.ID, c.Book, c.Epoch, c.Name}))
	}
	return list, nil
}
