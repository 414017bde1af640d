package account

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/session"
	"gatepost/internal/authz"
	"gatepost/internal/postgres"
)

const sqlPeek = `select account_id, box from session
	where row_id = $1 and agency_id = agency() and tier = $3 and not enrolling and idle_at > $2 and absolute_at > $2`

// Glimpse is who a living session is of, as far as a page that lies open asks.
// The zero value may do nothing.
type Glimpse struct{ roles []authz.Role }

// Can tells whether the session's worker may do an act: the roles are those of its
// sealed box, which a worker on hold, or without a second step, has none in.
func (g Glimpse) Can(act authz.Act) bool {
	return slices.ContainsFunc(g.roles, func(role authz.Role) bool { return authz.Allows(role, act) })
}

// Peek tells whether a session still lives, for a page that lies open: a Glimpse
// of it, or a SignIn fault. It touches nothing, so a page that is left open does
// not keep its session alive. It gives no actor: a glimpse opens nothing.
func (s *Service) Peek(ctx context.Context, agencyID string, token session.Token) (Glimpse, error) {
	ag, err := s.agency(agencyID)
	if err != nil {
		return Glimpse{}, err
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
		return Glimpse{}, fmt.Errorf("look at a session: %w", s.db.Fault(err))
	}
	if box == nil {
		return Glimpse{}, errSignIn()
	}
	// As in touch: the row's times can be written by whoever writes the database.
	keys, err := s.openBox(ag, token, account, box)
	if err != nil || !timeIn(keys, boxUntil).After(now) {
		return Glimpse{}, errSignIn()
	}
	if !keys.Has(boxSecond) {
		return Glimpse{}, nil
	}
	_, roles := rolesIn(keys)
	return Glimpse{roles}, nil
}
