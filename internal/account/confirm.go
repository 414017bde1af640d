package account

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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

// requestRow is a node that nobody has vouched for yet, with the request that
// is said to name it.
type requestRow struct {
	ID        string
	Epoch     uint32
	Recipient string
	Verifier  string
	Leaf      []byte
	Body      []byte
	At        time.Time `db:"-"` // when it was signed; set by requested
	Recovery  string    `db:"-"` // by whose paper the key was made, as it was signed; "" for none
}

// errRequest: the key in the database is not the one that was asked for.
var errRequest = errors.New("the key is not the one of the signed request")

func queueRequests(b *pgx.Batch, rows *[]requestRow, ids ...string) {
	b.Queue(sqlRequest, ids).Query(func(r pgx.Rows) (err error) {
		*rows, err = pgx.CollectRows(r, pgx.RowToStructByName[requestRow])
		return err
	})
}

// requested gives a node only if the signed request names exactly its key: the
// registrar vouches for what the door (or, for workers, the staff tier) saw
// being made, and not for what the database says now.
func (s *Service) requested(ctx context.Context, ag *agency.Agency, rows []requestRow, id string) (agency.Node, requestRow, error) {
	i := slices.IndexFunc(rows, func(r requestRow) bool { return r.ID == id })
	if i < 0 {
		return agency.Node{}, requestRow{}, fmt.Errorf("%w: there is none", errRequest)
	}
	r := rows[i]
	node, err := ring.ParseNode(ring.NodeID(r.ID), ring.Epoch(r.Epoch), r.Recipient)
	if err != nil {
		return agency.Node{}, r, fmt.Errorf("%w: %w", errRequest, err)
	}
	st, err := ag.Verify(ctx, s.db, r.Body)
	if err != nil {
		return agency.Node{}, r, fmt.Errorf("%w: %w", errRequest, err)
	}
	leaf, want := statement.Leaf(r.Body), node.KeyStatement(ag.ID)
	if st.Event != statement.EventKeyRequest || st.Object != want.Object || st.Part != want.Part || st.Version != want.Version ||
		st.Recipient != want.Recipient || st.Verifier != r.Verifier || !bytes.Equal(leaf[:], r.Leaf) {
		return agency.Node{}, r, errRequest
	}
	r.At, r.Recovery = st.At, st.From
	return agency.Node{Node: node, Verifier: r.Verifier}, r, nil
}

// confirmation collects what one act of confirming writes.
type confirmation struct {
	ag      *agency.Agency
	at      time.Time
	by      note.Signer // who confirms
	node    agency.Node // whose key is vouched for
	request requestRow
	leaf    [32]byte // of the registrar's word for it
	bodies  [][]byte // for the log, in order
	grants  []agency.Grant
	old     []oldGrant // grants to the account's earlier keys, which end
}

// confirming checks the signed request of somebody who waits, and has the
// registrar vouch for the key that it names.
func (s *Service) confirming(ctx context.Context, ag *agency.Agency, actor authz.Actor, requests []requestRow, id string) (*confirmation, error) {
	by, err := actor.Keys().Signer()
	if err != nil {
		return nil, fmt.Errorf("confirm an account: %w", err)
	}
	return s.confirmingAs(ctx, ag, by, requests, id)
}

func (s *Service) confirmingAs(ctx context.Context, ag *agency.Agency, by note.Signer, requests []requestRow, id string) (*confirmation, error) {
	if len(requests) == 0 {
		return nil, fault.New(fault.Conflict, "fault.confirm.notWaiting")
	}
	node, request, err := s.requested(ctx, ag, requests, requests[0].ID)
	if err != nil {
		s.alarm(ctx, "a key to be confirmed is not the one that was asked for", id, err)
		return nil, fault.Wrap(fault.Sealed, "fault.confirm.key", err)
	}
	if err := s.newestKeys(ctx, ag, node); err != nil {
		return nil, err
	}
	c := &confirmation{ag: ag, at: s.now(), by: by, node: node, request: request}
	body, err := ag.Vouch(node.Node, node.Verifier, c.at, [32]byte(request.Leaf))
	if err != nil {
		return nil, fmt.Errorf("vouch for a key: %w", err)
	}
	c.bodies, c.leaf = [][]byte{body}, statement.Leaf(body)
	return c, nil
}

// grant seals a child's key to a parent and has the confirming worker state it.
func (c *confirmation) grant(secret ring.Secret, child, parent agency.Node) error {
	g, err := c.ag.NewGrant(secret, child, parent, c.at, c.by)
	if err != nil {
		return err
	}
	c.grants = append(c.grants, g)
	c.bodies = append(c.bodies, g.Body)
	return nil
}

// queue stores the registrar's word and the grants. The key in the row must
// still be the one that was vouched for.
func (c *confirmation) queue(b *pgx.Batch) {
	r := c.request
	b.Queue(postgres.Guarded(sqlVouch), r.ID, r.Epoch, r.Leaf, c.leaf[:], r.Recipient)
	for _, g := range c.grants {
		agency.QueueGrant(b, g)
	}
	c.queueRetired(b)
}

// sideRow is a side of a person, with the case above it and what a worker
// signed of the two: that row alone is only what the database says.
type sideRow struct {
	Side, Kase string
	Body       []byte // the statement of the membership
}

func (r sideRow) equal(other sideRow) bool {
	return r.Side == other.Side && r.Kase == other.Kase && bytes.Equal(r.Body, other.Body)
}

// errMember: a row puts a person on a side and no worker has stated it.
var errMember = errors.New("the membership is not the one that was stated")

// checkMembers looks whether a worker stated that the person is on each of
// these sides. Whoever can write the database can add rows; the key of another
// family's side must not go with them. One such row ends the whole act: it is
// somebody's work, and the person's own sides may have been touched as well.
func (s *Service) checkMembers(ctx context.Context, ag *agency.Agency, person string, sides []sideRow) error {
	for _, one := range sides {
		err := s.checkMember(ctx, ag, person, one)
		if err != nil {
			s.alarm(ctx, "a person is on a side that no worker put them on", one.Side, err)
			return fault.Wrap(fault.Sealed, "fault.confirm.member", err)
		}
	}
	return nil
}

func (s *Service) checkMember(ctx context.Context, ag *agency.Agency, person string, one sideRow) error {
	st, err := ag.Verify(ctx, s.db, one.Body)
	if err != nil {
		return fmt.Errorf("%w: %w", errMember, err)
	}
	if st.Event != statement.EventRecord || st.Part != "member" || nodeID("side", st.Object) != one.Side ||
		nodeID("case", st.Exchange) != one.Kase || st.From != one.Kase || st.To != nodeID("person", person) {
		return errMember
	}
	return nil
}

// ConfirmPerson ends a person's hold, after the call on which they read their
// four words: the registrar vouches for the key of the signed request, the
// worker climbs team, case and side, and grants the person each of their
// sides, or a party of an intermediary case their file. It needs a fresh one-time
// code. It cannot be done to oneself.
//
// A person with a new key instead of an earlier one (changed or recovered)
// loses what was granted to that one in the same act, and signs in anew.
//
// Invalid: the code, field "code". Conflict: the person does not wait, or
// their sides changed in this moment. Forbidden: the worker is connected to the
// family. Sealed: the key in the database is not the one that was asked for, the
// recovery behind it not the one that two workers stated, or a side in the database is not one that a
// worker put them on; the operator is told and nothing is granted.
func (s *Service) ConfirmPerson(ctx context.Context, actor authz.Actor, personID, totpCode string) error {
	ag, err := s.mayConfirm(ctx, actor, authz.ConfirmPerson, "pe", personID)
	if err != nil {
		return err
	}
	fresh, err := s.freshCode(ctx, ag, actor, totpCode)
	if err != nil {
		return err
	}
	var requests []requestRow
	var sides []sideRow
	var old []oldGrant
	var redeemed []recoveryRow
	var self bool
	err = s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) {
		queueRequests(b, &requests, nodeID("person", personID))
		queueSides(b, &sides, personID)
		b.Queue(sqlPersonOldGrants, nodeID("person", personID), anyEpoch).Query(collect(&old))
		b.Queue(sqlOwnPerson, actor.Account(), personID).QueryRow(func(row pgx.Row) error { return row.Scan(&self) })
		b.Queue(sqlRedeemed, "person", personID).Query(collect(&redeemed))
	})
	if err != nil {
		return fmt.Errorf("read whom to confirm: %w", s.db.Fault(err))
	}
	if self {
		audit.Refused(ctx, s.db, actor, authz.ConfirmPerson, personID)
		return fault.New(fault.Forbidden, "fault.confirm.self")
	}
	if err := s.notBarred(ctx, actor, authz.ConfirmPerson, sqlPersonBarred, personID); err != nil {
		return err
	}
	c, err := s.confirming(ctx, ag, actor, requests, personID)
	if err != nil {
		return err
	}
	if err := s.recovers(ctx, c, redeemed); err != nil {
		return err
	}
	if err := s.checkMembers(ctx, ag, personID, sides); err != nil {
		return err
	}
	if err := s.grantSides(ctx, actor, c, sides); err != nil {
		return err
	}
	if err := c.revoke(old); err != nil {
		return err
	}
	return s.commitPerson(ctx, actor, personCommit{c, personID, sides, fresh})
}

// mayConfirm is the gate of both acts of confirming.
func (s *Service) mayConfirm(ctx context.Context, actor authz.Actor, act authz.Act, prefix, id string) (*agency.Agency, error) {
	if err := audit.Check(ctx, s.db, actor, act, id); err != nil {
		return nil, err
	}
	if !agency.ValidID(prefix, id) {
		return nil, fault.New(fault.NotFound, "fault.notFound")
	}
	return s.own(actor)
}

// personCommit is what ConfirmPerson has made and now stores.
type personCommit struct {
	*confirmation
	person string
	sides  []sideRow
	fresh  *freshStep
}

func (s *Service) commitPerson(ctx context.Context, actor authz.Actor, p personCommit) error {
	var state string
	var now []sideRow
	var old []oldGrant
	err := s.db.Act(ctx, scopeOf(actor), func(b *pgx.Batch) {
		state = ""
		b.Queue(sqlPersonForUpdate, p.person).QueryRow(func(row pgx.Row) error { return row.Scan(&state) })
		queueSides(b, &now, p.person)
		b.Queue(sqlPersonOldGrants, nodeID("person", p.person), anyEpoch).Query(collect(&old))
	}, func(b *pgx.Batch) error {
		if !p.waits(state) || !slices.EqualFunc(now, p.sides, sideRow.equal) || !slices.Equal(old, p.old) {
			return fault.New(fault.Conflict, "fault.confirm.notWaiting")
		}
		p.queue(b)
		if state == "hold" {
			b.Queue(postgres.Guarded(sqlPersonActive), p.person)
		}
		if p.renewed() {
			b.Queue(sqlEndSessionsOfPerson, p.person)
		}
		p.queueRecovered(b)
		s.queueFresh(b, actor, p.fresh)
		audit.Append(b, p.bodies...)
		return nil
	})
	return s.db.Fault(err)
}

func queueSides(b *pgx.Batch, into *[]sideRow, person string) {
	b.Queue(sqlSides, person).Query(func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, pgx.RowToStructByPos[sideRow])
		return err
	})
}

// held tells whether a worker's team holds the key that a side is granted by: the
// letterbox team those of exchanges, the intermediary team those of its cases.
func (r sideRow) held(actor authz.Actor) bool {
	if strings.HasPrefix(r.Kase, "case/ap") {
		return actor.Has(authz.IntermediaryWorker)
	}
	return actor.Has(authz.LetterboxWorker)
}

// grantSides climbs from the worker's team to each side and grants it. The file
// of somebody who has sides as well is left to the intermediary team, whose
// worker makes them a party of it anew.
func (s *Service) grantSides(ctx context.Context, actor authz.Actor, c *confirmation, sides []sideRow) error {
	sides = slices.DeleteFunc(slices.Clone(sides), func(one sideRow) bool { return !one.held(actor) })
	if len(sides) == 0 {
		return nil
	}
	var sideIDs, caseIDs []string
	for _, one := range sides {
		sideIDs, caseIDs = append(sideIDs, one.Side), append(caseIDs, one.Kase)
	}
	parents := append([]string{string(ring.TeamLetterbox), string(ring.TeamIntermediary), nodeID("worker", actor.Account())}, caseIDs...)
	ids := append(slices.Clone(sideIDs), caseIDs...)
	var nodes []agency.NodeRow
	var grants []agency.GrantRow
	err := s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) {
		agency.QueueNodes(b, &nodes, ids...)
		agency.QueueStaffGrants(b, &grants, ids, parents)
	})
	if err != nil {
		return fmt.Errorf("read sides to grant: %w", s.db.Fault(err))
	}
	if err := s.newestKeys(ctx, c.ag, trusted(c.ag, nodes, ids)...); err != nil {
		return err
	}
	// The case's key is only for this climb: it goes into a copy of the ring.
	keys, err := authz.ParseKeyring(actor.Keys().Marshal())
	if err != nil {
		return fmt.Errorf("copy a keyring: %w", err)
	}
	for _, one := range sides {
		if err := grantSide(c, keys, nodes, grants, one); err != nil {
			if errors.Is(err, agency.ErrNoGrant) {
				return fault.Wrap(fault.Forbidden, "fault.confirm.notYours", err)
			}
			s.alarm(ctx, "a side cannot be granted", one.Side, err)
			return fault.Wrap(fault.Sealed, "fault.sealed", err)
		}
	}
	return nil
}

func grantSide(c *confirmation, keys *authz.Keyring, nodes []agency.NodeRow, grants []agency.GrantRow, one sideRow) error {
	var secret ring.Secret
	var node agency.Node
	for _, id := range []string{one.Kase, one.Side} {
		var err error
		if node, err = c.ag.Trusted(nodes, id); err != nil {
			return err
		}
		if secret, err = c.ag.Climb(keys, grants, node); err != nil {
			return err
		}
		putSecret(keys, node, secret)
	}
	return c.grant(secret, node, c.node)
}

// keysOf is what a role needs to do its work. A manager holds every key that
// they may have to grant; an auditor sees the log and counts, a translator what is
// sealed to them alone, and neither holds any.
func keysOf(role authz.Role) []ring.NodeID {
	books := []ring.NodeID{ring.DirectoryBirth, ring.DirectoryAdoptive, ring.DirectoryStaff}
	switch role {
	case authz.LetterboxWorker:
		return append([]ring.NodeID{ring.TeamLetterbox}, books...)
	case authz.IntermediaryWorker:
		return append([]ring.NodeID{ring.TeamIntermediary, ring.Intake}, books...)
	case authz.SafeguardingLead:
		return append([]ring.NodeID{ring.Safeguarding}, books...)
	case authz.RecordsOfficer:
		return books
	case authz.Manager:
		return agencyKeys()
	}
	return nil
}

// agencyKeys are the keys that an agency has from its opening.
func agencyKeys() []ring.NodeID {
	return []ring.NodeID{ring.TeamLetterbox, ring.TeamIntermediary, ring.Safeguarding, ring.Intake,
		ring.DirectoryBirth, ring.DirectoryAdoptive, ring.DirectoryStaff}
}

func keysOfAll(roles []authz.Role) []ring.NodeID {
	var ids []ring.NodeID
	for _, role := range roles {
		for _, id := range keysOf(role) {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// ConfirmWorker ends a worker's hold, after the call on which they read their
// four words: the registrar vouches for both their keys, manager and registrar
// sign their roles, and the manager grants what the roles need. It needs a
// fresh one-time code, and a manager who holds what is to be granted. Nobody
// does it for themself.
//
// A worker with a new key instead of an earlier one keeps the roles that were
// signed, and an auditor their last day, where roles is nil. They lose what was granted to the earlier key in
// the same act, restricted cases included: those a named worker grants again.
//
// Invalid: the roles, field "role", or the code, field "code"; field "until" for
// who is to be nothing but an auditor, which ConfirmAuditor does. Conflict: the
// worker does not wait. Sealed: as for ConfirmPerson.
func (s *Service) ConfirmWorker(ctx context.Context, actor authz.Actor, workerID string, roles []authz.Role, totpCode string) error {
	return s.confirmWorker(ctx, actor, workerID, appointment{roles: roles}, totpCode)
}

func (s *Service) confirmWorker(ctx context.Context, actor authz.Actor, workerID string, a appointment, totpCode string) error {
	ag, err := s.mayConfirm(ctx, actor, authz.ConfirmWorker, "wk", workerID)
	if err != nil {
		return err
	}
	if a, err = s.rolesFor(ctx, ag, actor, workerID, a); err != nil {
		return err
	}
	fresh, err := s.freshCode(ctx, ag, actor, totpCode)
	if err != nil {
		return err
	}
	wanted := keysOfAll(a.roles)
	var requests []requestRow
	var nodes []agency.NodeRow
	var old []oldGrant
	var redeemed []recoveryRow
	err = s.db.Read(ctx, scopeOf(actor), func(b *pgx.Batch) {
		queueRequests(b, &requests, nodeID("worker", workerID))
		b.Queue(sqlRedeemed, "worker", workerID).Query(collect(&redeemed))
		b.Queue(sqlWorkerOldGrants, nodeID("worker", workerID), anyEpoch).Query(collect(&old))
		agency.QueueNodes(b, &nodes, texts(wanted)...)
	})
	if err != nil {
		return fmt.Errorf("read whom to confirm: %w", s.db.Fault(err))
	}
	c, err := s.confirming(ctx, ag, actor, requests, workerID)
	if err != nil {
		return err
	}
	if err := s.recovers(ctx, c, redeemed); err != nil {
		return err
	}
	w, err := c.worker(a)
	if err != nil {
		return err
	}
	if err := s.newestKeys(ctx, ag, trusted(ag, nodes, texts(wanted))...); err != nil {
		return err
	}
	for _, key := range wanted {
		if err := c.grantHeld(actor.Keys(), nodes, key); err != nil {
			return err
		}
	}
	if err := w.revoke(old); err != nil {
		return err
	}
	return s.commitWorker(ctx, actor, w, workerID, fresh)
}

func (s *Service) commitWorker(ctx context.Context, actor authz.Actor, w *newWorker, id string, fresh *freshStep) error {
	var state string
	var old []oldGrant
	err := s.db.Act(ctx, scopeOf(actor), func(b *pgx.Batch) {
		state = ""
		b.Queue(sqlWorkerForUpdate, id).QueryRow(func(row pgx.Row) error { return row.Scan(&state) })
		b.Queue(sqlWorkerOldGrants, nodeID("worker", id), anyEpoch).Query(collect(&old))
	}, func(b *pgx.Batch) error {
		if !w.waits(state) || !slices.Equal(old, w.old) {
			return fault.New(fault.Conflict, "fault.confirm.notWaiting")
		}
		w.queue(b, id)
		if w.renewed() {
			b.Queue(sqlEndAll, string(authz.Staff), id)
		}
		w.queueRecovered(b)
		s.queueFresh(b, actor, fresh)
		audit.Append(b, w.bodies...)
		return nil
	})
	return s.db.Fault(err)
}

// newWorker is what makes a worker of somebody on hold.
type newWorker struct {
	*confirmation
	appointment
	role [32]byte // leaf of the statement of their roles
}

// worker states a worker's roles. The list of roles is the part of the
// statement and the last day its "to", so that nobody can change the one without
// the other.
func (c *confirmation) worker(a appointment) (*newWorker, error) {
	body, err := c.ag.State(statement.Statement{Event: statement.EventRole, Object: string(c.node.ID()), Part: joinRoles(a.roles),
		Version: 1, To: dayText(a.until), Refs: [][32]byte{c.leaf}, At: c.at}, "registrar", c.by)
	if err != nil {
		return nil, err
	}
	c.bodies = append(c.bodies, body)
	return &newWorker{c, a, statement.Leaf(body)}, nil
}

func (w *newWorker) queue(b *pgx.Batch, id string) {
	w.confirmation.queue(b)
	b.Queue(postgres.Guarded(sqlWorkerActive), id, texts(w.roles), w.role[:], dayText(w.until))
}

// grantHeld grants on a key of the manager's own ring.
func (c *confirmation) grantHeld(keys *authz.Keyring, nodes []agency.NodeRow, id ring.NodeID) error {
	node, err := c.ag.Trusted(nodes, string(id))
	if err != nil {
		return fault.Wrap(fault.Sealed, "fault.sealed", err)
	}
	secret, ok := secretOf(keys, node)
	if !ok {
		return fault.New(fault.Forbidden, "fault.confirm.keys")
	}
	return c.grant(secret, node, c.node)
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, one := range list {
		out[i] = string(one)
	}
	return out
}
