package account

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/passphrase"
	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// climb puts into a keyring what the account's own key opens: a person's sides;
// a worker's teams and directories, and their roles as they were signed. A
// grant that does not open is left out and the operator told: everything else
// works on.
func (s *Service) climb(ctx context.Context, ag *agency.Agency, account string, keys *authz.Keyring) error {
	if s.tier == authz.Staff {
		held, err := s.putRoles(ctx, ag, account, keys)
		if err != nil || !held {
			return err
		}
	}
	scope := postgres.Scope{Agency: ag.ID, Account: account}
	var grants []agency.GrantRow
	err := s.db.Read(ctx, scope, func(b *pgx.Batch) {
		b.Queue(s.sql.grants, nodeID(s.kind, account)).Query(func(rows pgx.Rows) (err error) {
			grants, err = pgx.CollectRows(rows, pgx.RowToStructByName[agency.GrantRow])
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("read an account's grants: %w", s.db.Fault(err))
	}
	ids := make([]string, 0, len(grants))
	for _, g := range grants {
		if !slices.Contains(ids, g.Child) {
			ids = append(ids, g.Child)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	// Every epoch that was granted: while a team's key is being replaced, some
	// cases are open to the old one and some to the new.
	var nodes []agency.NodeRow
	if err := s.db.Read(ctx, scope, func(b *pgx.Batch) { agency.QueueAllNodes(b, &nodes, ids...) }); err != nil {
		return fmt.Errorf("read an account's nodes: %w", s.db.Fault(err))
	}
	done := map[string]bool{}
	for _, g := range grants {
		if name := agency.NodeName(g.Child, g.ChildEpoch); !done[name] {
			done[name] = true
			s.climbTo(ctx, ag, keys, climbing{grants, nodes, g})
		}
	}
	return nil
}

// climbing is what a climb to one child needs.
type climbing struct {
	grants []agency.GrantRow // of the account
	nodes  []agency.NodeRow  // every epoch of what they grant
	to     agency.GrantRow   // one of grants; the child may have others
}

func (s *Service) climbTo(ctx context.Context, ag *agency.Agency, keys *authz.Keyring, c climbing) {
	node, err := ag.TrustedAt(c.nodes, c.to.Child, c.to.ChildEpoch)
	if err == nil {
		var secret ring.Secret
		if secret, err = ag.Climb(keys, c.grants, node); err == nil {
			putSecret(keys, node, secret)
			return
		}
	}
	s.alarm(ctx, "a granted key does not open", c.to.Child, err)
}

// putSecret keeps a climbed key under its node's name.
func putSecret(keys *authz.Keyring, node agency.Node, secret ring.Secret) {
	if key, ok := secret.Key(); ok {
		keys.PutSecret(node.Name(), base64.RawURLEncoding.EncodeToString(key[:]))
		return
	}
	keys.PutIdentity(node.Name(), secret.Identity())
}

// secretOf takes a node's key out of a keyring, to grant it on.
func secretOf(keys *authz.Keyring, node agency.Node) (ring.Secret, bool) {
	if !node.ID().Symmetric() {
		identity, ok := keys.Identity(node.Name())
		return ring.SecretIdentity(identity), ok
	}
	text, _ := keys.Secret(node.Name())
	key, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(key) != 32 {
		return ring.Secret{}, false
	}
	return ring.SecretKey([32]byte(key)), true
}

// workerRole is what a worker's row says of their roles.
type workerRole struct {
	state string
	roles []string
	leaf  []byte
	body  []byte
	ends  *time.Time // the last day; nil for none
}

// putRoles keeps a worker's roles in the keyring, as manager and registrar
// signed them and not as the row lists them. It reports whether there are any.
func (s *Service) putRoles(ctx context.Context, ag *agency.Agency, account string, keys *authz.Keyring) (bool, error) {
	var w workerRole
	err := s.db.Read(ctx, postgres.Scope{Agency: ag.ID, Account: account}, func(b *pgx.Batch) {
		b.Queue(sqlWorkerRole, account).QueryRow(func(row pgx.Row) error {
			return row.Scan(&w.state, &w.roles, &w.leaf, &w.body, &w.ends)
		})
	})
	if err != nil {
		return false, fmt.Errorf("read a worker's roles: %w", s.db.Fault(err))
	}
	if w.state != "active" || w.leaf == nil {
		return false, nil
	}
	stated, err := s.statedRoles(ctx, ag, account, w)
	if err == nil {
		err = s.standsIn(ctx, ag, account, w)
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		s.alarm(ctx, "a worker's roles are not as they were signed", account, err)
		stated = appointment{}
	}
	keys.PutSecret(boxRoles, hex.EncodeToString(w.leaf)+" "+joinRoles(stated.roles))
	if !stated.until.IsZero() {
		keys.PutSecret(boxEnds, dayText(stated.until))
	}
	return len(stated.roles) > 0, nil
}

// errRoles: a worker's row and the signed statement do not agree.
var errRoles = errors.New("roles differ from the signed ones")

// statedRoles gives the roles that the worker's statement names, with the last
// day. A row that lists others has been changed by somebody who may not, and then
// none counts.
func (s *Service) statedRoles(ctx context.Context, ag *agency.Agency, account string, w workerRole) (appointment, error) {
	st, err := ag.Verify(ctx, s.db, w.body)
	if err != nil {
		return appointment{}, err
	}
	leaf := statement.Leaf(w.body)
	if st.Event != statement.EventRole || st.Object != nodeID("worker", account) || !bytes.Equal(leaf[:], w.leaf) {
		return appointment{}, errRoles
	}
	roles, err := parseRoles(st.Part)
	if err != nil {
		return appointment{}, err
	}
	stated := appointment{roles, timeOf(w.ends)}
	if !slices.Equal(texts(roles), w.roles) || st.To != dayText(stated.until) {
		return appointment{}, errRoles
	}
	if _, err := s.index.Stands(ctx, ag.ID, account, leaf); err != nil {
		return appointment{}, err
	}
	return stated, nil
}

// standsIn checks by the log that a worker whose row is active was not kept out
// since their roles were stated: a row is put back more easily than a log.
func (s *Service) standsIn(ctx context.Context, ag *agency.Agency, account string, w workerRole) error {
	in, err := s.index.Stands(ctx, ag.ID, account, statement.Leaf(w.body))
	if err == nil && !in {
		err = fmt.Errorf("%w: kept out since", errRoles)
	}
	return err
}

// trusted gives the nodes among rows that are as they were vouched for. Of the
// others the climb to them will say what is wrong.
func trusted(ag *agency.Agency, rows []agency.NodeRow, ids []string) (nodes []agency.Node) {
	for _, id := range ids {
		if node, err := ag.Trusted(rows, id); err == nil {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// newestKeys checks that nodes are the newest that the log vouches for, before
// anything is granted of them or to them. Conflict where a newer key was made
// in this moment.
func (s *Service) newestKeys(ctx context.Context, ag *agency.Agency, nodes ...agency.Node) error {
	held := map[string]uint32{}
	for _, n := range nodes {
		held[string(n.ID())] = uint32(n.Epoch())
	}
	err := s.index.Keys(ctx, ag.ID, held)
	switch {
	case err == nil, ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, audit.ErrMoved):
		return fault.Wrap(fault.Conflict, "fault.conflict", err)
	case errors.Is(err, seal.ErrStale):
		s.alarm(ctx, "an older key stands in the place of a newer one", ag.ID, err)
		return fault.Wrap(fault.Sealed, "fault.sealed", err)
	}
	return err
}

func joinRoles(roles []authz.Role) string {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	return strings.Join(names, ".")
}

// parseRoles reads the roles of a statement.
func parseRoles(list string) ([]authz.Role, error) {
	var roles []authz.Role
	for name := range strings.SplitSeq(list, ".") {
		roles = append(roles, authz.Role(name))
	}
	return roles, checkRoles(roles)
}

// checkRoles refuses anything but workers' roles, at least one and each once.
func checkRoles(roles []authz.Role) error {
	for i, role := range roles {
		if role == authz.Correspondent || !slices.Contains(authz.Roles(), role) || slices.Contains(roles[:i], role) {
			return fmt.Errorf("%w: not a list of workers' roles", errRoles)
		}
	}
	if len(roles) == 0 {
		return fmt.Errorf("%w: no role", errRoles)
	}
	return nil
}

// spoken makes the four words for a public key, and for a worker's verifier
// with it: both are vouched for by the call.
func spoken(public, verifier string) [4]string {
	return passphrase.Spoken(sha256.Sum256([]byte("gatepost/words/v1\n" + public + "\n" + verifier)))
}

// OwnWords gives the four words of the actor's own key, for the page that they
// read them from on the telephone. They come from the key in the session and
// not from the database, where somebody may have put another.
func (s *Service) OwnWords(ctx context.Context, actor authz.Actor) ([4]string, error) {
	if _, err := s.own(actor); err != nil {
		return [4]string{}, err
	}
	_, identity, ok := actor.Keys().Own()
	if !ok {
		return [4]string{}, fault.New(fault.Sealed, "fault.sealed")
	}
	verifier := ""
	skey, ok := actor.Keys().Secret(boxNextSign)
	if !ok {
		skey, ok = actor.Keys().Secret(authz.SignKey)
	}
	if ok {
		var err error
		if verifier, err = verifierOf(skey); err != nil {
			return [4]string{}, err
		}
	}
	return spoken(identity.Recipient().String(), verifier), nil
}

// verifierOf makes the verifier of a signing key: PRIVATE+KEY+name+hash+base64
// of an algorithm byte and the seed (x/mod/sumdb/note).
func verifierOf(skey string) (string, error) {
	parts := strings.SplitN(skey, "+", 5)
	if len(parts) != 5 {
		return "", errors.New("a signing key is malformed")
	}
	seed, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return "", errors.New("a signing key is malformed")
	}
	public, _ := ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey)
	return note.NewEd25519VerifierKey(parts[2], public)
}
