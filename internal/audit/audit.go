package audit

import (
	"context"
	"log/slog"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/authz"
	"gatepost/internal/postgres"
)

const (
	sqlAppend  = `select log_append($1)`
	sqlRefused = `insert into refusal (agency_id, account_id, act, object) values (agency(), $1, $2, $3)`
)

// Append queues signed statements for the log of the batch's agency, in
// order. It takes the agency's gate: nothing but the commit may follow it.
func Append(b *pgx.Batch, bodies ...[]byte) {
	for _, body := range bodies {
		b.Queue(sqlAppend, body)
	}
}

// Check is the first line of a service method: the actor may do the act, or
// the refusal is noted and returned. object is the id that was asked for, or
// "-"; anything that is no plain id is noted as "-".
func Check(ctx context.Context, db *postgres.DB, actor authz.Actor, act authz.Act, object string) error {
	err := actor.May(act)
	if err != nil {
		Refused(ctx, db, actor, act, object)
	}
	return err
}

// Refused notes that an actor was refused an act on an object. A note that
// cannot be written is an error for the operator's log, never a way through.
func Refused(ctx context.Context, db *postgres.DB, actor authz.Actor, act authz.Act, object string) {
	if actor.Account() == "" {
		return // nobody asked: the request log has it
	}
	if !plain(object) {
		object = "-"
	}
	scope := postgres.Scope{Agency: actor.Agency(), Account: actor.Account()}
	err := db.Act(ctx, scope, nil, func(b *pgx.Batch) error {
		b.Queue(sqlRefused, actor.Account(), string(act), object)
		return nil
	})
	if err != nil {
		slog.ErrorContext(ctx, "a refusal was not written down", "act", string(act), "error", err)
	}
}

// plain tells whether s may stand in the table of refusals.
func plain(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '/', r == '-':
		default:
			return false
		}
	}
	return true
}
