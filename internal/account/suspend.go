package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/ring"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

const (
	// The managers and whoever the act is about, in one order: of two managers
	// who suspend each other, one is second.
	sqlStanding = `select id, state, 'manager' = any (roles) as manager from worker
		where agency_id = agency() and (id = any($1) or state = 'active' and 'manager' = any (roles)) order by id for no key update`
	sqlSuspendWorker = `update worker set state = 'suspended' where agency_id = agency() and id = $1 and state = $2 returning 1`
	sqlLiftWorker    = `update worker set state = $2 where agency_id = agency() and id = $1 and state = 'suspended' returning 1`
	sqlSuspendPerson = `update person set state = 'suspended' where agency_id = agency() and id = $1 and state = $2 returning 1`
	sqlLiftPerson    = `update person set state = $2 where agency_id = agency() and id = $1 and state = 'suspended' returning 1`
	sqlSuspended     = `insert into suspension (agency_id, account_id, was, at, by_worker) values (agency(), $1, $2, $3, account())`
	sqlLifted        = `delete from suspension where agency_id = agency() and account_id = $1 and was = $2 returning 1`
	sqlWas           = `select was from suspension where agency_id = agency() and account_id = $1`
	sqlEndClaims     = `delete from claim where agency_id = agency() and worker_id = $1`
	sqlNudgeDesk     = `select nudge_desk()`
)

// What the statement of a suspension, or of its end, names as its part.
const (
	partSuspended = audit.Suspended
	partLifted    = audit.Lifted
	partLeft      = audit.Left
)

// standing is a worker as an act about workers finds them, locked.
type standing struct {
	ID      string
	State   string
	Manager bool
}

func queueStanding(b *pgx.Batch, into *[]standing, ids ...string) {
	b.Queue(sqlStanding, ids).Query(collect(into))
}

// stands finds whom the act is about, and looks that the actor is still an
// active manager.
func stands(list []standing, actor authz.Actor, id string) (standing, error) {
	i := slices.IndexFunc(list, func(w standing) bool { return w.ID == id })
	if i < 0 {
		return standing{}, fault.New(fault.NotFound, "fault.notFound")
	}
	if !slices.ContainsFunc(list, func(w standing) bool { return w.ID == actor.Account() && w.State == "active" && w.Manager }) {
		return standing{}, fault.New(fault.Forbidden, "fault.forbidden")
	}
	return list[i], nil
}

// managing is the gate of an act of a manager about another worker, with a
// code given for it.
func (s *Service) managing(ctx context.Context, actor authz.Actor, act authz.Act, workerID, code string) (*agency.Agency, *freshStep, error) {
	if err := audit.Check(ctx, s.db, actor, act, workerID); err != nil {
		return nil, nil, err
	}
	ag, err := s.own(actor)
	if err != nil {
		return nil, nil, err
	}
	if !agency.ValidID("wk", workerID) {
		return nil, nil, fault.New(fault.NotFound, "fault.notFound")
	}
	if workerID == actor.Account() {
		audit.Refused(ctx, s.db, actor, act, workerID)
		return nil, nil, fault.New(fault.Forbidden, "fault.manage.self")
	}
	fresh, err := s.givenCode(ctx, ag, actor, code)
	return ag, fresh, err
}

// givenCode is freshCode, but that a form left empty is no wrong try.
func (s *Service) givenCode(ctx context.Context, ag *agency.Agency, actor authz.Actor, code string) (*freshStep, error) {
	if code == "" {
		return nil, fault.Field("code", "fault.stepUp.wrong")
	}
	return s.freshCode(ctx, ag, actor, code)
}

// operator is the gate of what the operator's command does without a session.
func (s *Service) operator(agencyID string) error {
	if s.tier != authz.Staff {
		return fault.New(fault.Forbidden, "fault.forbidden")
	}
	_, err := s.agency(agencyID)
	return err
}

// stateRole has manager and registrar state what becomes of a worker.
func stateRole(ag *agency.Agency, by note.Signer, workerID, part string, at time.Time) ([]byte, error) {
	return ag.State(statement.Statement{Event: statement.EventRole, Object: nodeID("worker", workerID), Part: part, Version: 1, At: at}, "registrar", by)
}

// stateAppointment has manager and registrar state what a worker's roles are from
// now on, or, for none, that they left. The roles are the part of the statement and
// the last day is its "to", so that nobody can change the one without the other.
func stateAppointment(ag *agency.Agency, by note.Signer, workerID string, a appointment, at time.Time) ([]byte, error) {
	part := joinRoles(a.roles)
	if len(a.roles) == 0 {
		part = partLeft
	}
	return ag.State(statement.Statement{Event: statement.EventRole, Object: nodeID("worker", workerID), Part: part, Version: 1,
		To: dayText(a.until), At: at}, "registrar", by)
}

// queueOut ends what a worker has open: sessions, remembered devices, claims.
func queueOut(b *pgx.Batch, workerID string) {
	b.Queue(sqlEndAll, string(authz.Staff), workerID)
	b.Queue(sqlEndDevices, string(authz.Staff), workerID)
	b.Queue(sqlEndClaims, workerID)
	b.Queue(sqlNudgeDesk)
}

// SuspendWorker keeps a worker out from this moment: in one act their sessions
// end, remembered devices are forgotten and the letters that they hold are free
// again. Their keys stay, for the day on which it is lifted. It is a manager's
// act, with a one-time code given for it, and never about oneself.
//
// Invalid: the code, field "code". Conflict: the worker is not active or on
// hold.
func (s *Service) SuspendWorker(ctx context.Context, actor authz.Actor, workerID, code string) error {
	ag, fresh, err := s.managing(ctx, actor, authz.SuspendWorker, workerID, code)
	if err != nil {
		return err
	}
	by, err := actor.Keys().Signer()
	if err != nil {
		return fmt.Errorf("suspend a worker: %w", err)
	}
	body, err := stateRole(ag, by, workerID, partSuspended, s.now())
	if err != nil {
		return err
	}
	var list []standing
	err = s.db.Act(ctx, scopeOf(actor), func(b *pgx.Batch) { queueStanding(b, &list, workerID) }, func(b *pgx.Batch) error {
		w, err := stands(list, actor, workerID)
		if err != nil {
			return err
		}
		if err := s.queueSuspension(b, w); err != nil {
			return err
		}
		s.queueFresh(b, actor, fresh)
		audit.Append(b, body)
		return nil
	})
	return s.db.Fault(err)
}

func (s *Service) queueSuspension(b *pgx.Batch, w standing) error {
	if w.State != "active" && w.State != "hold" {
		return fault.New(fault.Conflict, "fault.manage.notActive")
	}
	b.Queue(sqlSuspended, w.ID, w.State, s.now())
	b.Queue(postgres.Guarded(sqlSuspendWorker), w.ID, w.State)
	queueOut(b, w.ID)
	return nil
}

// SuspendByOperator is SuspendWorker at the command line, for the hour in which
// no manager can be reached. The operator has no account and no key: the tier's
// own key states it. Conflict also for the last manager.
func (s *Service) SuspendByOperator(ctx context.Context, agencyID, workerID string) error {
	if err := s.operator(agencyID); err != nil {
		return err
	}
	ag, err := s.agency(agencyID)
	if err != nil {
		return err
	}
	if !agency.ValidID("wk", workerID) {
		return fault.New(fault.NotFound, "fault.notFound")
	}
	body, err := ag.State(statement.Statement{Event: statement.EventLapse, Object: nodeID("worker", workerID), Part: partSuspended, Version: 1, At: s.now()}, "system")
	if err != nil {
		return err
	}
	var list []standing
	err = s.db.Act(ctx, postgres.Scope{Agency: ag.ID}, func(b *pgx.Batch) { queueStanding(b, &list, workerID) }, func(b *pgx.Batch) error {
		i := slices.IndexFunc(list, func(w standing) bool { return w.ID == workerID })
		if i < 0 {
			return fault.New(fault.NotFound, "fault.notFound")
		}
		others := slices.ContainsFunc(list, func(w standing) bool { return w.ID != workerID && w.State == "active" && w.Manager })
		if w := list[i]; w.State == "active" && w.Manager && !others {
			return fault.New(fault.Conflict, "fault.manage.lastManager")
		}
		if err := s.queueSuspension(b, list[i]); err != nil {
			return err
		}
		audit.Append(b, body)
		return nil
	})
	return s.db.Fault(err)
}

// LiftWorker ends a suspension. Whoever was active gets the keys that their
// roles need and that were made anew in the meantime; that needs a manager who
// holds them. Errors as for SuspendWorker, and Conflict where the worker is not
// suspended.
func (s *Service) LiftWorker(ctx context.Context, actor authz.Actor, workerID, code string) error {
	ag, fresh, err := s.managing(ctx, actor, authz.SuspendWorker, workerID, code)
	if err != nil {
		return err
	}
	l, err := s.lifting(ctx, ag, actor, workerID)
	if err != nil {
		return err
	}
	var list []standing
	err = s.db.Act(ctx, scopeOf(actor), func(b *pgx.Batch) { queueStanding(b, &list, workerID) }, func(b *pgx.Batch) error {
		w, err := stands(list, actor, workerID)
		if err != nil {
			return err
		}
		if w.State != "suspended" {
			return fault.New(fault.Conflict, "fault.manage.notSuspended")
		}
		b.Queue(postgres.Guarded(sqlLifted), workerID, l.was)
		b.Queue(postgres.Guarded(sqlLiftWorker), workerID, l.was)
		for _, g := range l.grants {
			agency.QueueGrant(b, g)
		}
		s.queueFresh(b, actor, fresh)
		audit.Append(b, l.bodies...)
		return nil
	})
	return s.db.Fault(err)
}

// lifted is what LiftWorker has made and now stores.
type lifted struct {
	was    string // active or hold
	grants []agency.Grant
	bodies [][]byte
}

func (s *Service) lifting(ctx context.Context, ag *agency.Agency, actor authz.Actor, workerID string) (*lifted, error) {
	by, err := actor.Keys().Signer()
	if err != nil {
		return nil, fmt.Errorf("let a worker in again: %w", err)
	}
	at := s.now()
	body, err := stateRole(ag, by, workerID, partLifted, at)
	if err != nil {
		return nil, err
	}
	l := &lifted{bodies: [][]byte{body}}
	var roles []roleRow
	var held []agency.GrantRow
	err = s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) {
		b.Queue(sqlWas, workerID).Query(func(rows pgx.Rows) (err error) {
			was, err := pgx.CollectRows(rows, pgx.RowTo[string])
			l.was = first(was)
			return err
		})
		b.Queue(sqlRoleOf, workerID).Query(collect(&roles))
		b.Queue(sqlHeldByWorker, nodeID("worker", workerID)).Query(collect(&held))
	})
	if err != nil {
		return nil, fmt.Errorf("read whom to let in again: %w", s.db.Fault(err))
	}
	if l.was == "" {
		return nil, fault.New(fault.Conflict, "fault.manage.notSuspended")
	}
	if l.was != "active" || len(roles) == 0 {
		return l, nil
	}
	wanted := keysOfAll(s.rolesOf(ctx, ag, roles[0]))
	l.grants, err = s.granting(ctx, ag, actor, given{worker: workerID, keys: wanted, held: held, at: at})
	for _, g := range l.grants {
		l.bodies = append(l.bodies, g.Body)
	}
	return l, err
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// given is what a worker is to hold.
type given struct {
	worker string
	keys   []ring.NodeID
	held   []agency.GrantRow // what they hold already
	at     time.Time
}

// granting makes the grants of the newest keys that a worker lacks, from the
// actor's own ring.
func (s *Service) granting(ctx context.Context, ag *agency.Agency, actor authz.Actor, g given) ([]agency.Grant, error) {
	by, err := actor.Keys().Signer()
	if err != nil {
		return nil, fmt.Errorf("grant keys: %w", err)
	}
	own := nodeID("worker", g.worker)
	var nodes []agency.NodeRow
	err = s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) { agency.QueueNodes(b, &nodes, append(texts(g.keys), own)...) })
	if err != nil {
		return nil, fmt.Errorf("read keys to grant: %w", s.db.Fault(err))
	}
	parent, err := ag.Trusted(nodes, own)
	if err != nil {
		return nil, fault.Wrap(fault.Sealed, "fault.sealed", err)
	}
	if err := s.newestKeys(ctx, ag, append(trusted(ag, nodes, texts(g.keys)), parent)...); err != nil {
		return nil, err
	}
	var grants []agency.Grant
	for _, id := range g.keys {
		node, err := ag.Trusted(nodes, string(id))
		if err != nil {
			return nil, fault.Wrap(fault.Sealed, "fault.sealed", err)
		}
		if holds(g.held, node, parent) {
			continue
		}
		secret, ok := secretOf(actor.Keys(), node)
		if !ok {
			return nil, fault.New(fault.Forbidden, "fault.confirm.keys")
		}
		grant, err := ag.NewGrant(secret, node, parent, g.at, by)
		if err != nil {
			return nil, err
		}
		grants = append(grants, grant)
	}
	return grants, nil
}

func holds(held []agency.GrantRow, child, parent agency.Node) bool {
	return slices.ContainsFunc(held, func(g agency.GrantRow) bool {
		return agency.NodeName(g.Child, g.ChildEpoch) == child.Name() && agency.NodeName(g.Parent, g.ParentEpoch) == parent.Name()
	})
}

// SuspendPerson keeps a person of a family out from this moment: their sessions
// end. What they wrote and what came for them stays where it is. A letterbox
// worker or a manager does it, with a code given for it; never about oneself.
//
// Invalid: the code, field "code". Conflict: the person has no account, or is
// suspended.
func (s *Service) SuspendPerson(ctx context.Context, actor authz.Actor, personID, code string) error {
	return s.personAct(ctx, actor, personID, code, partSuspended)
}

// LiftPerson ends a person's suspension: they are again what they were before.
// Errors as for SuspendPerson.
func (s *Service) LiftPerson(ctx context.Context, actor authz.Actor, personID, code string) error {
	return s.personAct(ctx, actor, personID, code, partLifted)
}

// personAct suspends a person or ends that: the two differ by what is stored.
func (s *Service) personAct(ctx context.Context, actor authz.Actor, personID, code, part string) error {
	ag, fresh, err := s.aboutPerson(ctx, actor, personID, code)
	if err != nil {
		return err
	}
	by, err := actor.Keys().Signer()
	if err != nil {
		return fmt.Errorf("suspend a person: %w", err)
	}
	body, err := ag.State(statement.Statement{Event: statement.EventCasework, Object: nodeID("person", personID), Part: part, Version: 1, At: s.now()}, "", by)
	if err != nil {
		return err
	}
	var state string
	var was []string
	err = s.db.Act(ctx, scopeOf(actor), func(b *pgx.Batch) {
		b.Queue(sqlPersonForUpdate, personID).QueryRow(func(row pgx.Row) error { return row.Scan(&state) })
		b.Queue(sqlWas, personID).Query(func(rows pgx.Rows) (err error) {
			was, err = pgx.CollectRows(rows, pgx.RowTo[string])
			return err
		})
	}, func(b *pgx.Batch) error {
		if part == partSuspended {
			if state != "active" && state != "hold" {
				return fault.New(fault.Conflict, "fault.manage.notActive")
			}
			b.Queue(sqlSuspended, personID, state, s.now())
			b.Queue(postgres.Guarded(sqlSuspendPerson), personID, state)
			b.Queue(sqlEndSessionsOfPerson, personID)
		} else {
			if state != "suspended" || len(was) == 0 {
				return fault.New(fault.Conflict, "fault.manage.notSuspended")
			}
			b.Queue(postgres.Guarded(sqlLifted), personID, was[0])
			b.Queue(postgres.Guarded(sqlLiftPerson), personID, was[0])
		}
		s.queueFresh(b, actor, fresh)
		audit.Append(b, body)
		return nil
	})
	return s.db.Fault(err)
}

func (s *Service) aboutPerson(ctx context.Context, actor authz.Actor, personID, code string) (*agency.Agency, *freshStep, error) {
	if err := audit.Check(ctx, s.db, actor, authz.SuspendPerson, personID); err != nil {
		return nil, nil, err
	}
	ag, err := s.own(actor)
	if err != nil {
		return nil, nil, err
	}
	if !agency.ValidID("pe", personID) {
		return nil, nil, fault.New(fault.NotFound, "fault.notFound")
	}
	var self bool
	err = s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) {
		b.Queue(sqlOwnPerson, actor.Account(), personID).QueryRow(func(row pgx.Row) error { return row.Scan(&self) })
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read whom to suspend: %w", s.db.Fault(err))
	}
	if self {
		audit.Refused(ctx, s.db, actor, authz.SuspendPerson, personID)
		return nil, nil, fault.New(fault.Forbidden, "fault.manage.self")
	}
	if err := s.notBarred(ctx, actor, authz.SuspendPerson, sqlPersonBarred, personID); err != nil {
		return nil, nil, err
	}
	fresh, err := s.givenCode(ctx, ag, actor, code)
	return ag, fresh, err
}
