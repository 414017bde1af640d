package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

const (
	sqlRotations = `select id, team, to_epoch, worker_id, done, total, state, began_at, ended_at from rotation
		where agency_id = agency() and (state in ('running', 'stopped') or ended_at > $1) order by began_at desc, id`
	sqlRotation          = `select id, team, to_epoch, worker_id, done, total, state, began_at, ended_at from rotation where agency_id = agency() and id = $1`
	sqlRotationForUpdate = `select state from rotation where agency_id = agency() and id = $1 for no key update`

	// What is still open to an older key, in an order that does not change.
	sqlOlder = `select child, child_epoch, parent, parent_epoch, sealed from ring_grant_staff
		where agency_id = agency() and parent = $1 and parent_epoch < $2 and (child, child_epoch, parent_epoch) > ($3, $4, $5)
		order by child, child_epoch, parent_epoch limit $6`
	sqlOpenToNew = `select child, child_epoch, parent, parent_epoch, sealed from ring_grant_staff
		where agency_id = agency() and parent = $1 and parent_epoch = $2 and child = any($3)`
	sqlRotated = `update rotation set done = total - least(total, (select count(*) from ring_grant_staff g
			where g.agency_id = rotation.agency_id and g.parent = rotation.team and g.parent_epoch < rotation.to_epoch)::int)
		where agency_id = agency() and id = $1 and state = 'running' returning 1`

	sqlOlderKeys = `select child, child_epoch, parent, parent_epoch, ''::bytea as sealed from ring_grant_staff
		where agency_id = agency() and child = $1 and child_epoch < $2 and parent <> 'archive' order by child_epoch, parent, parent_epoch`
	sqlRetireTeam   = `update node set retired_at = $3 where agency_id = agency() and id = $1 and epoch < $2 and retired_at is null`
	sqlEndRotation  = `update rotation set state = 'done', done = total, ended_at = $2 where agency_id = agency() and id = $1 and state = 'running' returning 1`
	sqlStopRotation = `update rotation set state = 'stopped' where agency_id = agency() and id = $1 and state = 'running' returning 1`
	sqlGoOn         = `update rotation set state = 'running' where agency_id = agency() and id = $1 and state = 'stopped' returning 1`

	sqlThinlyHeld = `select x.id, x.reference, count(distinct w.id)::int as named from exchange x
		left join ring_grant_staff g on g.agency_id = x.agency_id and g.child = 'case/' || x.id and g.parent like 'worker/%'
			and g.child_epoch = (select max(n.epoch) from node n where n.agency_id = x.agency_id and n.id = 'case/' || x.id and n.key_leaf is not null)
		left join worker w on w.agency_id = g.agency_id and w.id = substr(g.parent, 8) and w.state = 'active'
		where x.agency_id = agency() and x.restricted and x.state <> 'ended' group by x.id, x.reference
		having count(distinct w.id) < 2 order by x.reference`
)

// MaxRotate is how many cases one call of RotateNext grants anew at most: its
// statements hold the agency's log for as long as they are written.
const MaxRotate = 100

// rotationTries is how often a step is begun again when another manager's has
// come first.
const rotationTries = 5

// Progress is how far a rotation is.
type Progress struct {
	Done, Total int    // cases
	State       string // running, stopped, done, or replaced by a later one
	Stuck       int    // cases that did not open in this step; the operator is told
}

// Rotation is the work of granting every case anew after somebody left.
type Rotation struct {
	ID     string // "rt…"
	Team   string // the node: team/letterbox, team/intermediary, safeguarding
	Worker string // the name of who left; "" where the record does not open
	Began  time.Time
	Ended  time.Time // zero while it runs
	Progress
}

type rotationRow struct {
	ID       string
	Team     string
	ToEpoch  uint32
	WorkerID string
	Done     int
	Total    int
	State    string
	BeganAt  time.Time
	EndedAt  *time.Time
}

func (r rotationRow) progress() Progress {
	return Progress{Done: r.Done, Total: r.Total, State: r.State}
}

// Rotations lists what is under way, and what has ended in the last 30 days,
// the newest first.
func (s *Service) Rotations(ctx context.Context, actor authz.Actor) ([]Rotation, error) {
	if err := audit.Check(ctx, s.db, actor, authz.Rotate, "-"); err != nil {
		return nil, err
	}
	if _, err := s.own(actor); err != nil {
		return nil, err
	}
	var rows []rotationRow
	var names []agency.RecordRow
	err := s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) {
		b.Queue(sqlRotations, s.now().AddDate(0, 0, -30)).Query(collect(&rows))
		b.Queue(sqlStaffNames).Query(collect(&names))
	})
	if err != nil {
		return nil, fmt.Errorf("list rotations: %w", s.db.Fault(err))
	}
	list := make([]Rotation, len(rows))
	for i, r := range rows {
		list[i] = Rotation{ID: r.ID, Team: r.Team, Worker: s.nameOf(ctx, actor, names, r.WorkerID), Began: r.BeganAt,
			Ended: timeOf(r.EndedAt), Progress: r.progress()}
	}
	return list, nil
}

// step is one step of a rotation, before it is stored.
type step struct {
	ag    *agency.Agency
	actor authz.Actor
	by    note.Signer
	at    time.Time
	most  int // cases
	row   rotationRow
	team  agency.Node // at its new epoch

	after  agency.GrantName // the last grant that was looked at
	older  []agency.GrantName
	grants []agency.Grant // to the new key, where there is none yet
	bodies [][]byte
	stuck  int
}

// RotateNext grants up to n more cases (MaxRotate at most) to the team's new
// key and takes the older grants away, in one act: a case is open to the one or
// to the other and never to neither, whenever a step is cut off. When nothing
// is left it takes the older keys of the team from its workers and ends the
// rotation. The keys are those of the actor's session: that is why it is no
// job. Of two managers at once one goes on where the other was.
//
// Conflict: the rotation is stopped. NotFound: there is none. Forbidden: no
// manager, or one who does not hold the team's keys.
func (s *Service) RotateNext(ctx context.Context, actor authz.Actor, id string, n int) (Progress, error) {
	ag, err := s.mayRotate(ctx, actor, id)
	if err != nil {
		return Progress{}, err
	}
	by, err := actor.Keys().Signer()
	if err != nil {
		return Progress{}, fmt.Errorf("grant cases anew: %w", err)
	}
	stuck := 0
	for range rotationTries {
		r := &step{ag: ag, actor: actor, by: by, at: s.now(), most: max(1, min(n, MaxRotate))}
		err = s.rotate(ctx, r, id)
		if stuck = r.stuck; !errors.Is(err, errBehind) {
			break
		}
	}
	if err != nil && !errors.Is(err, errBehind) { // behind to the end: others go on with it
		return Progress{}, err
	}
	row, err := s.rotation(ctx, actor, id)
	p := row.progress()
	p.Stuck = stuck
	return p, err
}

// errBehind: somebody else changed in the meantime what a step was prepared for.
var errBehind = errors.New("another step came first")

func (s *Service) mayRotate(ctx context.Context, actor authz.Actor, id string) (*agency.Agency, error) {
	if err := audit.Check(ctx, s.db, actor, authz.Rotate, id); err != nil {
		return nil, err
	}
	if !agency.ValidID("rt", id) {
		return nil, fault.New(fault.NotFound, "fault.notFound")
	}
	return s.own(actor)
}

// Stop keeps RotateNext from going on, until GoOn. What is granted stays
// granted. Conflict: it does not run.
func (s *Service) Stop(ctx context.Context, actor authz.Actor, id string) error {
	return s.setRotation(ctx, actor, id, postgres.Guarded(sqlStopRotation))
}

// GoOn lets a stopped rotation go on. Conflict: it is not stopped.
func (s *Service) GoOn(ctx context.Context, actor authz.Actor, id string) error {
	return s.setRotation(ctx, actor, id, postgres.Guarded(sqlGoOn))
}

func (s *Service) setRotation(ctx context.Context, actor authz.Actor, id, guarded string) error {
	if _, err := s.mayRotate(ctx, actor, id); err != nil {
		return err
	}
	if _, err := s.rotation(ctx, actor, id); err != nil {
		return err
	}
	err := s.db.Act(ctx, scopeOf(actor), nil, func(b *pgx.Batch) error {
		b.Queue(guarded, id)
		return nil
	})
	return s.guarded(err, fault.New(fault.Conflict, "fault.conflict"))
}

func (s *Service) rotation(ctx context.Context, actor authz.Actor, id string) (rotationRow, error) {
	var rows []rotationRow
	err := s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) { b.Queue(sqlRotation, id).Query(collect(&rows)) })
	if err != nil {
		return rotationRow{}, fmt.Errorf("read a rotation: %w", s.db.Fault(err))
	}
	if len(rows) == 0 {
		return rotationRow{}, fault.New(fault.NotFound, "fault.notFound")
	}
	return rows[0], nil
}

func (s *Service) rotate(ctx context.Context, r *step, id string) (err error) {
	if r.row, err = s.rotation(ctx, r.actor, id); err != nil {
		return err
	}
	switch r.row.State {
	case "done", "replaced":
		return nil
	case "stopped":
		return fault.New(fault.Conflict, "fault.manage.stopped")
	}
	for more := true; more && len(r.older) < r.most; {
		if more, err = s.regrant(ctx, r); err != nil {
			return err
		}
	}
	if s.stall != nil {
		s.stall()
	}
	switch {
	case len(r.older) > 0:
		return s.commitStep(ctx, r)
	case r.stuck == 0:
		return s.finish(ctx, r)
	}
	return nil
}

// regrant prepares the next page of cases. It tells whether there may be more.
func (s *Service) regrant(ctx context.Context, r *step) (bool, error) {
	want := r.most - len(r.older)
	var older, there []agency.GrantRow
	err := s.db.Read(ctx, scopeOf(r.actor), func(b *pgx.Batch) {
		b.Queue(sqlOlder, r.row.Team, r.row.ToEpoch, r.after.Child, r.after.ChildEpoch, r.after.ParentEpoch, want).Query(collect(&older))
	})
	if err != nil {
		return false, fmt.Errorf("read cases to grant anew: %w", s.db.Fault(err))
	}
	if len(older) == 0 {
		return false, nil
	}
	ids := []string{r.row.Team}
	for _, g := range older {
		ids = append(ids, g.Child)
	}
	var nodes []agency.NodeRow
	err = s.db.Read(ctx, scopeOf(r.actor), func(b *pgx.Batch) {
		agency.QueueAllNodes(b, &nodes, ids...)
		b.Queue(sqlOpenToNew, r.row.Team, r.row.ToEpoch, ids).Query(collect(&there))
	})
	if err != nil {
		return false, fmt.Errorf("read the keys of cases: %w", s.db.Fault(err))
	}
	if r.team, err = r.ag.TrustedAt(nodes, r.row.Team, r.row.ToEpoch); err != nil {
		s.alarm(ctx, "a team's key is not the one that was vouched for", r.row.Team, err)
		return false, fault.Wrap(fault.Sealed, "fault.sealed", err)
	}
	if err := s.newestKeys(ctx, r.ag, r.team); err != nil {
		return false, err
	}
	for _, g := range older {
		if err := r.add(g, nodes, there); errors.Is(err, agency.ErrNoGrant) {
			return false, fault.Wrap(fault.Forbidden, "fault.confirm.keys", err)
		} else if err != nil {
			r.stuck++
			s.alarm(ctx, "a case does not open and stays with an older key", g.Child, err)
		}
		r.after = g.Name()
	}
	return len(older) == want, nil
}

// add opens a case by the older key of its team and grants it to the new one.
func (r *step) add(g agency.GrantRow, nodes []agency.NodeRow, there []agency.GrantRow) error {
	child, err := r.ag.TrustedAt(nodes, g.Child, g.ChildEpoch)
	if err != nil {
		return err
	}
	secret, err := r.ag.Climb(r.actor.Keys(), []agency.GrantRow{g}, child)
	if err != nil {
		return err
	}
	if !holds(there, child, r.team) && !r.granted(child) {
		grant, err := r.ag.NewGrant(secret, child, r.team, r.at, r.by)
		if err != nil {
			return err
		}
		r.grants = append(r.grants, grant)
		r.bodies = append(r.bodies, grant.Body)
	}
	body, err := r.ag.NewRevoke(g.Name(), r.at, r.by)
	if err != nil {
		return err
	}
	r.older = append(r.older, g.Name())
	r.bodies = append(r.bodies, body)
	return nil
}

// granted tells that this step grants the child already: it was open to two
// older keys.
func (r *step) granted(child agency.Node) bool {
	return slices.ContainsFunc(r.grants, func(g agency.Grant) bool { return g.Child == child.ID() && g.ChildEpoch == child.Epoch() })
}

// commitStep stores a step. The rotation's row is locked, and each older grant
// must still be there: else somebody was first, and nothing is stored.
func (s *Service) commitStep(ctx context.Context, r *step) error {
	var state []string
	err := s.db.Act(ctx, scopeOf(r.actor), func(b *pgx.Batch) { queueState(b, r.row.ID, &state) }, func(b *pgx.Batch) error {
		if first(state) != "running" {
			return errBehind
		}
		for _, g := range r.older {
			agency.QueueRevoke(b, g)
		}
		for _, g := range r.grants {
			agency.QueueGrant(b, g)
		}
		b.Queue(postgres.Guarded(sqlRotated), r.row.ID)
		b.Queue(sqlNudgeDesk) // whoever watches how far it is
		audit.Append(b, r.bodies...)
		return nil
	})
	return s.behindOf(err)
}

func queueState(b *pgx.Batch, id string, state *[]string) {
	b.Queue(sqlRotationForUpdate, id).Query(func(rows pgx.Rows) (err error) {
		*state, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
}

// behindOf makes errBehind of what only says that somebody was first: a guard
// that found no row, a case that was restricted, a still newer key, a case that
// is open to an older key after all.
func (s *Service) behindOf(err error) error {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	late := ok && (pg.Code == "GP409" || slices.Contains([]string{"grant_restricted", "grant_superseded", "rotation_done", "ring_grant_staff_pkey"}, pg.ConstraintName))
	if late {
		return fmt.Errorf("%w: %w", errBehind, err)
	}
	return s.db.Fault(err)
}

// finish takes the older keys of the team from its workers and ends the
// rotation. The safeguarding key stays with them: referrals are sealed to it
// itself, and the older ones stay readable; only new ones are closed to whoever
// left.
func (s *Service) finish(ctx context.Context, r *step) error {
	var keys []agency.GrantRow
	read := func(b *pgx.Batch, into *[]agency.GrantRow) {
		*into = nil
		if strings.HasPrefix(r.row.Team, "team/") {
			b.Queue(sqlOlderKeys, r.row.Team, r.row.ToEpoch).Query(collect(into))
		}
	}
	if err := s.db.Read(ctx, scopeOf(r.actor), func(b *pgx.Batch) { read(b, &keys) }); err != nil {
		return fmt.Errorf("read who holds older keys: %w", s.db.Fault(err))
	}
	if err := r.over(keys); err != nil {
		return err
	}
	var state []string
	var now []agency.GrantRow
	err := s.db.Act(ctx, scopeOf(r.actor), func(b *pgx.Batch) {
		queueState(b, r.row.ID, &state)
		read(b, &now)
	}, func(b *pgx.Batch) error {
		same := func(a, b agency.GrantRow) bool { return a.Name() == b.Name() }
		if first(state) != "running" || !slices.EqualFunc(now, keys, same) {
			return errBehind
		}
		for _, g := range keys {
			agency.QueueRevoke(b, g.Name())
		}
		if len(keys) > 0 {
			b.Queue(sqlRetireTeam, r.row.Team, r.row.ToEpoch, r.at)
		}
		b.Queue(postgres.Guarded(sqlEndRotation), r.row.ID, r.at)
		b.Queue(sqlNudgeDesk) // whoever watches how far it is
		audit.Append(b, r.bodies...)
		return nil
	})
	return s.behindOf(err)
}

// over states that the older keys of the team are taken from those who hold
// them, and that the team goes on with the new one.
func (r *step) over(keys []agency.GrantRow) error {
	for _, g := range keys {
		body, err := r.ag.NewRevoke(g.Name(), r.at, r.by)
		if err != nil {
			return err
		}
		r.bodies = append(r.bodies, body)
	}
	body, err := r.ag.State(statement.Statement{Event: statement.EventEpoch, Object: r.row.Team, Part: "key", Version: uint64(r.row.ToEpoch), At: r.at}, "registrar")
	r.bodies = append(r.bodies, body)
	return err
}

// Thin is a restricted case that fewer than two active workers can open.
type Thin struct {
	Exchange  string
	Reference string
	Named     int // active workers that its newest key is granted to
}

// ThinlyHeld lists restricted cases that fewer than two active workers can open, for a
// manager to name somebody before nobody is left.
func (s *Service) ThinlyHeld(ctx context.Context, actor authz.Actor) ([]Thin, error) {
	if err := audit.Check(ctx, s.db, actor, authz.Rotate, "-"); err != nil {
		return nil, err
	}
	var list []Thin
	err := s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) {
		b.Queue(sqlThinlyHeld).Query(func(rows pgx.Rows) (err error) {
			list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Thin])
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list restricted cases: %w", s.db.Fault(err))
	}
	return list, nil
}
