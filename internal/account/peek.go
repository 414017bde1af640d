package account

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/session"
	"gatepost/internal/postgres"
)

const sqlPeek = `select account_id, box from session
	where row_id = $1 and agency_id = agency() and tier = $3 and not enrolling and idle_at > $2 and absolute_at > $2`

// Peek tells whether a session still lives, for a page that lies open: nil, or
// a SignIn fault. It touches nothing, so a page that is left open does not keep
// its session alive. It gives no actor; what it allows must be nothing that
// anybody could not do.
func (s *Service) Peek(ctx context.Context, agencyID string, token session.Token) error {
	ag, err := s.agency(agencyID)
	if err != nil {
		return err
	}
	row, now := token.RowID(), s.now()
	var account string
	var box []byte
	err = s.db.Read(ctx, postgres.Scope{Agency: ag.ID}, func(b *pgx.Batch) {
		account, box = "", nil
		b.Queue(sqlPeek, row[:], now, string(s.tier)).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				if err := rows.Scan(&account, &box); err != nil {
					return err
				}
			}
			return rows.Err()
		})
	})
	if err != nil {
		return fmt.Errorf("look at a session: %w", s.db.Fault(err))
	}
	if box == nil {
		return errSignIn()
	}
	// As in touch: the row's times can be written by whoever writes the database.
	keys, err := s.openBox(ag, token, account, box)
	if err != nil || !timeIn(keys, boxUntil).After(now) {
		return errSignIn()
	}
	return nil
}
