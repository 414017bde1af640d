package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// newColleague is how long whoever gave somebody their work is not the second
// worker of a recovery with them.
const newColleague = 30 * 24 * time.Hour

const (
	sqlRecoveryEnds = `select body from audit_body where agency_id = agency() and ends_recovery = $1 order by idx`
	sqlOpenRecovery = `select id, what from own_recovery()`
	// The recovery that put an account on hold.
	sqlRedeemed       = recoveryWhole + `kind = $1 and account_id = $2 and state = 'redeemed'`
	sqlRecoveryBarred = `select recovery_barred($1)`
	sqlPersonBarred   = `select person_barred($1)`
	// People whom the worker's own service knows. Who searches is not the letterbox workers' to know, nor who writes letters
	// the intermediary workers'; somebody of both is the letterbox workers', who grant what they hold.
	ourPeople = `select o.id from person o where o.agency_id = agency() and (has_role('manager')
		or has_role('letterboxWorker') and (exists (select from side_member om where om.agency_id = o.agency_id and om.person_id = o.id)
			or not exists (select from party op where op.agency_id = o.agency_id and op.person_id = o.id))
		or has_role('intermediaryWorker') and exists (select from party op where op.agency_id = o.agency_id and op.person_id = o.id)
			and not exists (select from side_member om where om.agency_id = o.agency_id and om.person_id = o.id))`
	sqlPersonOurs   = `select exists (` + ourPeople + ` and o.id = $1)`
	sqlFirstTeamKey = `select id, epoch, recipient, coalesce(verifier, '') as verifier, key_leaf, coalesce(leaf_body(key_leaf), '') as body
		from node where agency_id = agency() and id = 'team/letterbox' and epoch = 1`
)

// notBarred refuses whoever is connected to a person's family, or not named in
// its cases: sql is one of the two rules above. Of somebody whom only the other
// service knows it says that there is no such person.
func (s *Service) notBarred(ctx context.Context, actor authz.Actor, act authz.Act, sql, person string) error {
	if !agency.ValidID("pe", person) {
		return nil // a worker is of no family here
	}
	var barred, ours bool
	err := s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) {
		b.Queue(sql, person).QueryRow(func(row pgx.Row) error { return row.Scan(&barred) })
		b.Queue(sqlPersonOurs, person).QueryRow(func(row pgx.Row) error { return row.Scan(&ours) })
	})
	if err != nil {
		return fmt.Errorf("read who may look after a person: %w", s.db.Fault(err))
	}
	if !ours {
		audit.Refused(ctx, s.db, actor, act, person)
		return fault.New(fault.NotFound, "fault.notFound")
	}
	if barred {
		return s.barred(ctx, actor, act, person)
	}
	return nil
}

func (s *Service) barred(ctx context.Context, actor authz.Actor, act authz.Act, person string) error {
	audit.Refused(ctx, s.db, actor, act, person)
	return fault.New(fault.Forbidden, "fault.person.barred")
}

// stateEnd signs that a recovery is stopped or done: the door for whoever says
// no on the families' tier, else a worker. A row alone does not begin it again.
func (s *Service) stateEnd(ag *agency.Agency, actor authz.Actor, r *recoveryRow, what string) ([]byte, error) {
	st := statement.Statement{Event: statement.EventCasework, Object: r.node(), Part: r.part(what), Version: 1, At: s.now()}
	if s.tier == authz.Public {
		st.Event = statement.EventWithdraw
		return ag.State(st, "door")
	}
	by, err := actor.Keys().Signer()
	if err != nil {
		return nil, fmt.Errorf("end a recovery: %w", err)
	}
	return ag.State(st, "", by)
}

// openRecovery is the one about the actor's own account that can be stopped.
func (s *Service) openRecovery(ctx context.Context, actor authz.Actor) (*recoveryRow, error) {
	r := &recoveryRow{Kind: s.kind, Account: actor.Account()}
	err := s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) {
		b.Queue(sqlOpenRecovery).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				if err := rows.Scan(&r.ID, &r.What); err != nil {
					return err
				}
			}
			return rows.Err()
		})
	})
	if err != nil {
		return nil, fmt.Errorf("look for a recovery: %w", s.db.Fault(err))
	}
	if r.ID == "" {
		return nil, fault.New(fault.Conflict, "fault.recovery.moved")
	}
	return r, nil
}

// notEnded refuses a recovery whose end is in the log, whatever its row says.
func (s *Service) notEnded(ctx context.Context, ag *agency.Agency, r *recoveryRow) error {
	var ends [][]byte
	err := s.db.Read(ctx, postgres.Scope{Agency: ag.ID}, func(b *pgx.Batch) {
		b.Queue(sqlRecoveryEnds, r.ID).Query(func(rows pgx.Rows) (err error) {
			ends, err = pgx.CollectRows(rows, pgx.RowTo[[]byte])
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("look for the end of recovery %s: %w", r.ID, s.db.Fault(err))
	}
	for _, body := range ends {
		st, err := ag.Verify(ctx, s.db, body)
		if err != nil {
			s.alarm(ctx, "an end of a recovery is not signed", r.ID, err)
			continue
		}
		if st.Object == r.node() && (st.Part == r.part(wordStop) || st.Part == r.part(wordDone)) {
			return s.notAsSigned(ctx, r)
		}
	}
	return nil
}

// recovers checks what put an account on hold before it is confirmed: the
// recovery that the request for its key names, two words about it, and a day
// between the second and that request. A key that its owner changed names none.
func (s *Service) recovers(ctx context.Context, c *confirmation, redeemed []recoveryRow) error {
	if c.request.Recovery == "" {
		return nil
	}
	if len(redeemed) == 0 {
		return fault.New(fault.Conflict, "fault.confirm.notWaiting")
	}
	r := &redeemed[0]
	if err := s.checkStated(ctx, c.ag, r); err != nil {
		return err
	}
	if r.ID != c.request.Recovery || r.What != "passphrase" || r.node() != string(c.node.ID()) || c.request.At.Before(r.ready()) {
		return s.notAsSigned(ctx, r)
	}
	body, err := c.ag.State(statement.Statement{Event: statement.EventCasework, Object: r.node(), Part: r.part(wordDone), Version: 1,
		Refs: [][32]byte{c.leaf}, At: c.at}, "", c.by)
	if err != nil {
		return err
	}
	c.bodies = append(c.bodies, body)
	return nil
}

// mayAgreeWith refuses a second worker who gave the first one their work within
// 30 days, or got theirs from them: one manager could be both. An agency that
// has been open for less has nobody else.
func (s *Service) mayAgreeWith(ctx context.Context, ag *agency.Agency, actor authz.Actor, other string) error {
	var mine, theirs []roleRow
	var keys []agency.NodeRow
	err := s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) {
		b.Queue(sqlRoleOf, actor.Account()).Query(collect(&mine))
		b.Queue(sqlRoleOf, other).Query(collect(&theirs))
		b.Queue(sqlFirstTeamKey).Query(collect(&keys))
	})
	if err != nil {
		return fmt.Errorf("read who gave whom their work: %w", s.db.Fault(err))
	}
	since := s.now().Add(-newColleague)
	for _, key := range keys {
		if st, err := ag.Verify(ctx, s.db, key.Body); err == nil && st.Event == statement.EventKey && st.Object == key.ID && st.Version == 1 && st.At.After(since) {
			return nil
		}
	}
	for _, pair := range []struct {
		given []roleRow
		by    string
	}{{mine, other}, {theirs, actor.Account()}} {
		for _, role := range pair.given {
			st, err := ag.Verify(ctx, s.db, role.Body)
			if err != nil {
				s.alarm(ctx, "a worker's roles are not as they were signed", role.ID, err)
				return fault.Wrap(fault.Sealed, "fault.sealed", err)
			}
			if st.At.After(since) && slices.Contains(st.Signers(), statement.WorkerKeyName(ag.ID, pair.by)) {
				return fault.New(fault.Forbidden, "fault.recovery.newColleague")
			}
		}
	}
	return nil
}
