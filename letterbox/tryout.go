package letterbox

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
)

// MaxTryOut is how many letters TryOut looks at.
const MaxTryOut = 20

// With the safeguarding lead it is nobody's to open but theirs.
const sqlNewestLetters = `select l.id from letter l where l.agency_id = agency() and l.state <> 'escalated' order by l.submitted_on desc, l.id limit 20`

// TryOut proves after a restore that letters open: it opens the newest letter
// that the actor may and throws the text away. The reading is in the log first,
// as each is, and needs no claim, since nobody reads. It gives the letter's id.
// NotFound if none of the newest MaxTryOut letters is the actor's to open;
// Sealed if one is and does not open.
func (s *Service) TryOut(ctx context.Context, actor authz.Actor) (LetterID, error) {
	if _, err := s.begin(ctx, actor, authz.Claim, "letters"); err != nil {
		return "", err
	}
	var ids []string
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		b.Queue(sqlNewestLetters).Query(func(rows pgx.Rows) (err error) {
			ids, err = pgx.CollectRows(rows, pgx.RowTo[string])
			return err
		})
	})
	if err != nil {
		return "", s.db.Fault(fmt.Errorf("list the newest letters: %w", err))
	}
	for _, id := range ids {
		err := s.tryOut(ctx, actor, LetterID(id))
		if fault.KindOf(err) == fault.Forbidden {
			continue // they know the family, or the case is restricted to others
		}
		return LetterID(id), err
	}
	return "", notFound()
}

func (s *Service) tryOut(ctx context.Context, actor authz.Actor, id LetterID) error {
	ag, err := s.begin(ctx, actor, authz.Claim, string(id))
	if err != nil {
		return err
	}
	rows, err := s.loadCase(ctx, actor, id)
	if err != nil {
		return err
	}
	keys, _, err := s.caseKeys(ctx, ag, actor, rows)
	if err != nil {
		return err
	}
	l := rows.letter()
	reading := statement.Statement{Object: l.ID, Part: "text", Version: 1, Exchange: l.ExchangeID}
	if err := s.logAccess(ctx, ag, actor, reading, l.ExchangeID); err != nil {
		return err
	}
	if err := s.relations(ctx, ag, actor, rows); err != nil {
		return fault.Wrap(fault.Sealed, "fault.sealed", err)
	}
	if _, err := s.openText(ctx, ag, rows.objects, l.ID, "text", keys); err != nil {
		return fault.Wrap(fault.Sealed, "fault.sealed", err)
	}
	return nil
}
