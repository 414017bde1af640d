package intermediary

import (
	"context"
	"errors"
	"fmt"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
)

const (
	sqlNodeColumns = `n.id, n.epoch, n.recipient, coalesce(n.verifier, '') as verifier, n.key_leaf, leaf_body(n.key_leaf) as body`
	// The keys of an application: its case, the adopted person's record, the applicant's file and each subject's.
	sqlCaseNodes = `select ` + sqlNodeColumns + ` from application a join node n on n.agency_id = a.agency_id and n.key_leaf is not null
			and (n.id in ('case/' || a.id, 'case/' || a.adopted_id, 'side/' || a.id)
				or n.id = any(array(select 'side/' || s.id from subject s where s.agency_id = a.agency_id and s.application_id = a.id)))
		where a.agency_id = agency() and a.id = $1 order by n.id, n.epoch desc`
	sqlCaseGrants = `select g.child, g.child_epoch, g.parent, g.parent_epoch, g.sealed from application a
		join ring_grant_staff g on g.agency_id = a.agency_id and g.parent <> 'archive' and (g.child in ('case/' || a.id, 'case/' || a.adopted_id, 'side/' || a.id)
			or g.child = any(array(select 'side/' || s.id from subject s where s.agency_id = a.agency_id and s.application_id = a.id)))
		where a.agency_id = agency() and a.id = $1`
)

// keyRows are the nodes and grants that a request climbs by, newest epoch first.
type keyRows struct {
	nodes  []agency.NodeRow
	grants []agency.GrantRow
}

// node gives the newest vouched-for key of one of the nodes, and checks by the
// log that there is none newer. It needs no key of the session: it is for
// sealing. Sealed, and an alarm, where the row is not the one vouched for.
func (s *Service) node(ctx context.Context, ag *agency.Agency, rows *keyRows, id ring.NodeID) (agency.Node, error) {
	node, err := ag.Trusted(rows.nodes, string(id))
	if err != nil {
		return agency.Node{}, s.alarmed(ctx, "a key is not the one vouched for", err, "agency", ag.ID, "object", id)
	}
	return node, s.newestKeys(ctx, ag, node)
}

// newestKeys checks by the log that nodes are at their newest epoch, before
// anything is opened by them or sealed to them. The families' tier reads no log
// and checks nothing. Conflict: a newer key was made in this moment. Sealed, and
// an alarm: the database has lost one.
func (s *Service) newestKeys(ctx context.Context, ag *agency.Agency, nodes ...agency.Node) error {
	if s.index == nil {
		return nil
	}
	epochs := map[string]uint32{}
	for _, n := range nodes {
		epochs[string(n.ID())] = uint32(n.Epoch())
	}
	err := s.index.Keys(ctx, ag.ID, epochs)
	switch {
	case err == nil, ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, audit.ErrMoved):
		return fault.Wrap(fault.Conflict, "fault.conflict", err)
	case errors.Is(err, seal.ErrStale):
		return s.alarmed(ctx, "an older key stands in the place of a newer one", err, "agency", ag.ID)
	}
	return err
}

// unlocked is a key that this request climbed to, in every epoch that the
// session leads to, the newest first, with the newest node for sealing.
type unlocked struct {
	keys   []*age.HybridIdentity
	secret ring.Secret // of the newest epoch, to be granted on
	node   agency.Node
}

// climb opens a case's or a record's key with the session's own keys. Forbidden:
// the session holds no key that leads there, such as a manager of an agency whose
// team has another key. Whoever has no key of the newest epoch opens nothing,
// whatever older keys they are left with.
func (s *Service) climb(ctx context.Context, ag *agency.Agency, keys *authz.Keyring, rows *keyRows, id ring.NodeID) (unlocked, error) {
	node, err := s.node(ctx, ag, rows, id)
	if err != nil {
		return unlocked{}, err
	}
	u := unlocked{node: node}
	for _, row := range rows.nodes {
		if row.ID != string(id) {
			continue
		}
		secret, err := s.epochKey(ag, keys, rows, row)
		switch {
		case err == nil:
			if len(u.keys) == 0 {
				u.secret = secret
			}
			u.keys = append(u.keys, secret.Identity())
		case len(u.keys) == 0 && errors.Is(err, agency.ErrNoGrant):
			return unlocked{}, fault.Wrap(fault.Forbidden, "fault.casework.notYours", err)
		case len(u.keys) == 0:
			return unlocked{}, s.alarmed(ctx, "a case does not open", err, "agency", ag.ID, "object", id)
		case !errors.Is(err, agency.ErrNoGrant):
			s.log.ErrorContext(ctx, "ALARM: an older key of a case does not open", "agency", ag.ID, "object", id, "error", err)
		}
	}
	return u, nil
}

func (s *Service) epochKey(ag *agency.Agency, keys *authz.Keyring, rows *keyRows, row agency.NodeRow) (ring.Secret, error) {
	node, err := ag.Trusted([]agency.NodeRow{row}, row.ID)
	if err != nil {
		return ring.Secret{}, err
	}
	return ag.Climb(keys, rows.grants, node)
}

// climbFile opens the key of a file through its case, to grant it to a party.
func (s *Service) climbFile(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows *keyRows, application, file string) (unlocked, error) {
	kase, err := s.climb(ctx, ag, actor.Keys(), rows, ring.Case(application))
	if err != nil {
		return unlocked{}, err
	}
	// The case's key is for this climb alone: it goes into a copy of the ring.
	keys, err := authz.ParseKeyring(actor.Keys().Marshal())
	if err != nil {
		return unlocked{}, fmt.Errorf("copy a keyring: %w", err)
	}
	keys.PutIdentity(kase.node.Name(), kase.keys[0])
	return s.climb(ctx, ag, keys, rows, ring.Side(file))
}

// newKey makes a key of the act's: vouched for by the registrar, and granted to
// the parents.
func (a *acting) newKey(id ring.NodeID, parents ...agency.Node) (agency.Node, error) {
	secret, node, body, err := a.ag.NewNode(id, a.moment)
	if err != nil {
		return agency.Node{}, err
	}
	a.bodies = append(a.bodies, body)
	a.then(func(b *pgx.Batch) { agency.QueueNode(b, node, body) })
	for _, parent := range parents {
		if err := a.grant(secret, node, parent); err != nil {
			return agency.Node{}, err
		}
	}
	return node, nil
}

// grant seals a key to a parent and states it.
func (a *acting) grant(secret ring.Secret, child, parent agency.Node) error {
	g, err := a.ag.NewGrant(secret, child, parent, a.moment, a.signer)
	if err != nil {
		return err
	}
	a.bodies = append(a.bodies, g.Body)
	a.then(func(b *pgx.Batch) { agency.QueueGrant(b, g) })
	return nil
}
