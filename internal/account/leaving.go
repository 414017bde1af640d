package account

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/ring"
	"gatepost/crypto/session"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

const (
	sqlRoleOf = `select id, state, roles, role_leaf, coalesce(leaf_body(role_leaf), ''::bytea) as body, ends_on from worker
		where agency_id = agency() and id = $1`
	// Everything: a session climbs to no case, and who leaves loses those too.
	sqlHeldByWorker = `select child, child_epoch, parent, parent_epoch, ''::bytea as sealed from ring_grant_staff
		where agency_id = agency() and parent = $1 order by child, child_epoch, parent_epoch`
	sqlActiveRoles = `select id, state, roles, role_leaf, coalesce(leaf_body(role_leaf), ''::bytea) as body, ends_on from worker
		where agency_id = agency() and state = 'active' order by id`
	// Whoever grants a team's key, or to it, waits for this act, and it for them.
	sqlTeamsForUpdate = `select id, epoch from node where agency_id = agency() and id = any($1) and key_leaf is not null
		order by id, epoch for no key update`
	sqlRunningForUpdate = `select id from rotation where agency_id = agency() and team = any($1) and state in ('running', 'stopped')
		order by id for no key update`

	sqlLeft         = `update worker set state = 'left', roles = '{}', role_leaf = $3, ends_on = null where agency_id = agency() and id = $1 and state = $2 returning 1`
	sqlNewRoles     = `update worker set roles = $2, role_leaf = $3, ends_on = nullif($4, '')::date where agency_id = agency() and id = $1 and state = 'active' returning 1`
	sqlNoCredential = `delete from credential_worker where agency_id = agency() and account_id = $1`
	sqlNoSuspension = `delete from suspension where agency_id = agency() and account_id = $1`
	sqlEndColleague = `delete from session where agency_id = agency() and tier = 'staff' and id <> $1 and not enrolling`
	sqlReplaced     = `update rotation set state = 'replaced', ended_at = $2
		where agency_id = agency() and team = $1 and state in ('running', 'stopped')`
	sqlBeginRotation = `insert into rotation (agency_id, id, team, from_epoch, to_epoch, worker_id, by_worker, total, began_at)
		select agency(), $1, $2, $3, $4, $5, account(), (select count(*) from ring_grant_staff g
			where g.agency_id = agency() and g.parent = $2 and g.parent_epoch < $4), $6`
)

// rotating are the keys that are replaced when somebody who held them goes.
// Intake and the directories are not: nothing is sealed to a new one of theirs
// but for cause, and then everything under it is sealed anew.
func rotating(id string) bool {
	return strings.HasPrefix(id, "team/") || id == string(ring.Safeguarding)
}

// roleRow is a worker's role as the database has it: a claim until rolesOf has
// read the statement.
type roleRow struct {
	ID       string
	State    string
	Roles    []string
	RoleLeaf []byte
	Body     []byte
	EndsOn   *time.Time
}

// rolesOf gives the roles of a worker as they were signed; none, and an alarm,
// where the row says otherwise.
func (s *Service) rolesOf(ctx context.Context, ag *agency.Agency, r roleRow) []authz.Role {
	stated, err := s.statedRoles(ctx, ag, r.ID, workerRole{r.State, r.Roles, r.RoleLeaf, r.Body, r.EndsOn})
	if err != nil {
		s.alarm(ctx, "a worker's roles are not as they were signed", r.ID, err)
		return nil
	}
	return stated.roles
}

// departure is somebody's leaving, or loss of a role, before it is stored.
type departure struct {
	ag          *agency.Agency
	actor       authz.Actor
	by          note.Signer
	at          time.Time
	worker      string
	appointment // what they have afterwards; no roles for who leaves

	state      string // the worker's, as loaded
	held       []agency.GrantRow
	colleagues []roleRow // active workers
	nodes      []agency.NodeRow

	lost   []agency.GrantName // grants that are taken away
	teams  []successor
	grants []agency.Grant
	leaf   [32]byte // of the statement of the roles
	bodies [][]byte
}

// successor is a team's new key.
type successor struct {
	old, node agency.Node
	body      []byte
	rotation  string
}

// Leave ends a worker's account for good. In one act their sessions end, the
// letters that they hold are free again, every key that they were granted is
// taken back and their credential is deleted; each team whose key they held
// gets a new one, granted to every other active worker of the team and to the
// archive; and all other staff sessions end, so that everybody signs in with
// both keys. What follows is the work of RotateNext: it gives the ids of the
// rotations. The keys of the directories stay as they are: the leaver has no
// session that could reach a record, and a new key needs every record sealed
// anew.
//
// It is a manager's act, with a one-time code given for it, never about
// oneself. Invalid: the code, field "code". Conflict: somebody who left
// already, or something changed in this moment. Forbidden: a manager who does
// not hold the keys themself.
func (s *Service) Leave(ctx context.Context, actor authz.Actor, workerID, code string) ([]string, error) {
	return s.depart(ctx, actor, workerID, code, appointment{})
}

// ChangeRoles gives an active worker other roles: the keys that the new ones
// need are granted, and the keys that they do not need are taken back, as in
// Leave. Their sessions end. Errors as for Leave, and Invalid for the roles,
// field "role". Who is to be nothing but an auditor needs a last day: MakeAuditor.
func (s *Service) ChangeRoles(ctx context.Context, actor authz.Actor, workerID string, roles []authz.Role, code string) ([]string, error) {
	return s.changeRoles(ctx, actor, workerID, appointment{roles: roles}, code)
}

func (s *Service) changeRoles(ctx context.Context, actor authz.Actor, workerID string, a appointment, code string) ([]string, error) {
	if err := s.holds(a); err != nil {
		return nil, err
	}
	return s.depart(ctx, actor, workerID, code, a)
}

func (s *Service) depart(ctx context.Context, actor authz.Actor, workerID, code string, a appointment) ([]string, error) {
	ag, fresh, err := s.managing(ctx, actor, authz.EndWorker, workerID, code)
	if err != nil {
		return nil, err
	}
	return s.departed(ctx, ag, actor, fresh, departing{workerID, a})
}

// departing is who goes, or changes their roles.
type departing struct {
	worker string
	appointment
}

// departed does it. fresh is nil where the code was given with the sign-in a
// moment before.
func (s *Service) departed(ctx context.Context, ag *agency.Agency, actor authz.Actor, fresh *freshStep, who departing) ([]string, error) {
	by, err := actor.Keys().Signer()
	if err != nil {
		return nil, fmt.Errorf("end a worker's account: %w", err)
	}
	d := &departure{ag: ag, actor: actor, by: by, at: s.now(), worker: who.worker, appointment: who.appointment}
	if err := s.loadDeparture(ctx, d); err != nil {
		return nil, err
	}
	if err := s.prepare(ctx, d); err != nil {
		return nil, err
	}
	if s.stall != nil {
		s.stall()
	}
	if err := s.commitDeparture(ctx, d, fresh); err != nil {
		return nil, err
	}
	ids := make([]string, len(d.teams))
	for i, t := range d.teams {
		ids[i] = t.rotation
	}
	return ids, nil
}

func (s *Service) loadDeparture(ctx context.Context, d *departure) error {
	var target []roleRow
	err := s.db.Read(ctx, scopeOf(d.actor), func(b *pgx.Batch) {
		b.Queue(sqlRoleOf, d.worker).Query(collect(&target))
		b.Queue(sqlActiveRoles).Query(collect(&d.colleagues))
		b.Queue(sqlHeldByWorker, nodeID("worker", d.worker)).Query(collect(&d.held))
	})
	if err != nil {
		return fmt.Errorf("read who leaves: %w", s.db.Fault(err))
	}
	if len(target) == 0 {
		return fault.New(fault.NotFound, "fault.notFound")
	}
	d.state = target[0].State
	if d.state == "left" || len(d.roles) > 0 && d.state != "active" {
		return fault.New(fault.Conflict, "fault.manage.notActive")
	}
	ids := texts(agencyKeys())
	for _, w := range d.colleagues {
		ids = append(ids, nodeID("worker", w.ID))
	}
	err = s.db.Read(ctx, scopeOf(d.actor), func(b *pgx.Batch) { agency.QueueNodes(b, &d.nodes, ids...) })
	if err != nil {
		return fmt.Errorf("read the keys of who leaves: %w", s.db.Fault(err))
	}
	return nil
}

// prepare makes and signs everything before the transaction.
func (s *Service) prepare(ctx context.Context, d *departure) error {
	body, err := stateAppointment(d.ag, d.by, d.worker, d.appointment, d.at)
	if err != nil {
		return err
	}
	d.leaf, d.bodies = statement.Leaf(body), [][]byte{body}
	if err := d.takeBack(); err != nil {
		return err
	}
	if err := s.succeed(ctx, d); err != nil {
		return err
	}
	if len(d.roles) > 0 {
		gained, err := s.granting(ctx, d.ag, d.actor, given{worker: d.worker, keys: keysOfAll(d.roles), held: d.held, at: d.at})
		if err != nil {
			return err
		}
		d.grants = append(d.grants, gained...)
	}
	for _, t := range d.teams {
		d.bodies = append(d.bodies, t.body)
	}
	for _, g := range d.grants {
		d.bodies = append(d.bodies, g.Body)
	}
	return nil
}

// takeBack states the end of each grant that the worker does not keep. A case
// that was granted to them by name goes with the letterbox.
func (d *departure) takeBack() error {
	keep := texts(keysOfAll(d.roles))
	for _, g := range d.held {
		if slices.Contains(keep, g.Child) || strings.HasPrefix(g.Child, "case/") && slices.Contains(d.roles, authz.LetterboxWorker) {
			continue
		}
		body, err := d.ag.NewRevoke(g.Name(), d.at, d.by)
		if err != nil {
			return err
		}
		d.lost = append(d.lost, g.Name())
		d.bodies = append(d.bodies, body)
	}
	return nil
}

// succeed makes the next key of each team that the worker loses, for its other
// members and the archive. Who is a member is what manager and registrar signed.
func (s *Service) succeed(ctx context.Context, d *departure) error {
	archive, err := d.ag.ArchiveNode()
	if err != nil {
		return fmt.Errorf("read the archive's key: %w", err)
	}
	for _, id := range d.lostTeams() {
		old, err := d.ag.Trusted(d.nodes, id)
		if err != nil {
			return fault.Wrap(fault.Sealed, "fault.sealed", err)
		}
		if !d.actor.Keys().Has(old.Name()) {
			return fault.New(fault.Forbidden, "fault.confirm.keys")
		}
		secret, node, body, err := d.ag.NewEpoch(old.ID(), uint32(old.Epoch())+1, d.at)
		if err != nil {
			return err
		}
		d.teams = append(d.teams, successor{old, node, body, agency.NewID("rt")})
		parents := append(s.members(ctx, d, id), archive)
		for _, parent := range parents {
			g, err := d.ag.NewGrant(secret, node, parent, d.at, d.by)
			if err != nil {
				return err
			}
			d.grants = append(d.grants, g)
		}
	}
	return nil
}

func (d *departure) lostTeams() []string {
	var ids []string
	for _, g := range d.lost {
		if rotating(g.Child) && !slices.Contains(ids, g.Child) {
			ids = append(ids, g.Child)
		}
	}
	return ids
}

// members gives the nodes of the active workers whose roles need a key. One
// whose node or roles are not as they were signed is left out; the operator is
// told, and everybody else works on.
func (s *Service) members(ctx context.Context, d *departure, id string) []agency.Node {
	var list []agency.Node
	for _, w := range d.colleagues {
		if w.ID == d.worker || !slices.Contains(texts(keysOfAll(s.rolesOf(ctx, d.ag, w))), id) {
			continue
		}
		node, err := d.ag.Trusted(d.nodes, nodeID("worker", w.ID))
		if err != nil {
			s.alarm(ctx, "a worker's key is not the one that was vouched for", w.ID, err)
			continue
		}
		list = append(list, node)
	}
	return list
}

// teamEpoch is a key of a team, locked.
type teamEpoch struct {
	ID    string
	Epoch uint32
}

// departureNow is what the act finds, with everything locked that it rests on.
type departureNow struct {
	standing   []standing
	epochs     []teamEpoch
	colleagues []roleRow
	held       []agency.GrantRow
}

func (s *Service) commitDeparture(ctx context.Context, d *departure, fresh *freshStep) error {
	var now departureNow
	teams := []string{}
	for _, t := range d.teams {
		teams = append(teams, string(t.node.ID()))
	}
	err := s.db.Act(ctx, scopeOf(d.actor), func(b *pgx.Batch) {
		queueStanding(b, &now.standing, d.worker)
		b.Queue(sqlRunningForUpdate, teams)
		b.Queue(sqlTeamsForUpdate, teams).Query(collect(&now.epochs))
		b.Queue(sqlActiveRoles).Query(collect(&now.colleagues))
		b.Queue(sqlHeldByWorker, nodeID("worker", d.worker)).Query(collect(&now.held))
	}, func(b *pgx.Batch) error {
		w, err := stands(now.standing, d.actor, d.worker)
		if err != nil {
			return err
		}
		if w.State != d.state || !d.same(now) {
			return fault.New(fault.Conflict, "fault.conflict")
		}
		s.queueDeparture(b, d)
		if fresh != nil {
			s.queueFresh(b, d.actor, fresh)
		}
		audit.Append(b, d.bodies...)
		return nil
	})
	return s.db.Fault(err)
}

// same looks whether what was prepared still fits: the same grants are held,
// the same workers are there to be granted the new keys, and nobody else has
// made a new key.
func (d *departure) same(now departureNow) bool {
	names := func(list []agency.GrantRow) (out []agency.GrantName) {
		for _, g := range list {
			out = append(out, g.Name())
		}
		return out
	}
	workers := func(list []roleRow) (out []string) {
		for _, w := range list {
			if w.ID != d.worker {
				out = append(out, w.ID+string(w.RoleLeaf))
			}
		}
		return out
	}
	for _, t := range d.teams {
		newer := func(e teamEpoch) bool { return e.ID == string(t.old.ID()) && e.Epoch > uint32(t.old.Epoch()) }
		if slices.ContainsFunc(now.epochs, newer) {
			return false
		}
	}
	return slices.Equal(names(now.held), names(d.held)) && slices.Equal(workers(now.colleagues), workers(d.colleagues))
}

func (s *Service) queueDeparture(b *pgx.Batch, d *departure) {
	for _, g := range d.lost {
		agency.QueueRevoke(b, g)
	}
	if len(d.roles) == 0 {
		b.Queue(sqlNoCredential, d.worker)
		b.Queue(sqlEndCodes, string(authz.Staff), d.worker)
		b.Queue(sqlNoSuspension, d.worker)
		b.Queue(sqlExpireInvitations, "worker", d.worker, d.at)
		b.Queue(postgres.Guarded(sqlLeft), d.worker, d.state, d.leaf[:])
	} else {
		b.Queue(postgres.Guarded(sqlNewRoles), d.worker, texts(d.roles), d.leaf[:], dayText(d.until))
	}
	queueOut(b, d.worker)
	for _, t := range d.teams {
		b.Queue(sqlReplaced, string(t.node.ID()), d.at)
		agency.QueueNode(b, t.node, t.body)
	}
	for _, g := range d.grants {
		agency.QueueGrant(b, g)
	}
	for _, t := range d.teams {
		b.Queue(sqlBeginRotation, t.rotation, string(t.node.ID()), uint32(t.old.Epoch()), uint32(t.node.Epoch()), d.worker, d.at)
	}
	if len(d.teams) > 0 {
		b.Queue(sqlEndColleague, d.actor.Session())
	}
}

// LeaveAt is Leave, and the whole re-grant after it, for the operator's command
// with a manager at the keyboard: in is how the manager signs in, and the code
// in it is the one given for the act. It gives how many cases were granted anew.
// Errors as for SignIn and Leave.
func (s *Service) LeaveAt(ctx context.Context, agencyID string, in SignIn, workerID string) (int, error) {
	if err := s.operator(agencyID); err != nil {
		return 0, err
	}
	token, err := s.SignIn(ctx, agencyID, in)
	if err != nil {
		return 0, err
	}
	done, err := s.leaveAs(ctx, agencyID, token, workerID)
	if out := s.SignOut(context.WithoutCancel(ctx), agencyID, token); err == nil {
		err = out
	}
	return done, err
}

// leaveAs does what LeaveAt says, in the session of the manager.
func (s *Service) leaveAs(ctx context.Context, agencyID string, token session.Token, workerID string) (int, error) {
	actor, err := s.Load(ctx, agencyID, token, Short)
	if err != nil {
		return 0, err
	}
	if err := actor.StepUp(s.now(), time.Minute); err != nil {
		return 0, err
	}
	if err := audit.Check(ctx, s.db, actor, authz.EndWorker, workerID); err != nil {
		return 0, err
	}
	if !agency.ValidID("wk", workerID) {
		return 0, fault.New(fault.NotFound, "fault.notFound")
	}
	if workerID == actor.Account() {
		return 0, fault.New(fault.Forbidden, "fault.manage.self")
	}
	ag, err := s.own(actor)
	if err != nil {
		return 0, err
	}
	rotations, err := s.departed(ctx, ag, actor, nil, departing{worker: workerID})
	if err != nil {
		return 0, err
	}
	// The session climbs to the new keys.
	if actor, err = s.Load(ctx, agencyID, token, Short); err != nil {
		return 0, err
	}
	done := 0
	for _, id := range rotations {
		p, err := s.rotateAll(ctx, actor, id)
		done += p.Done
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// rotateAll goes on with a rotation until it ends, or nothing more can be done.
func (s *Service) rotateAll(ctx context.Context, actor authz.Actor, id string) (Progress, error) {
	for {
		p, err := s.RotateNext(ctx, actor, id, MaxRotate)
		if err != nil || p.State != "running" || p.Stuck > 0 {
			return p, err
		}
	}
}
