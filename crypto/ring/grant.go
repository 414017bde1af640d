package ring

import (
	"errors"
	"fmt"

	"filippo.io/age"

	"gatepost/crypto/seal"
)

// ErrSecret: a secret that is not that of the node it is said to be of. Inside
// a grant it means that somebody has put their own key there.
var ErrSecret = errors.New("secret does not belong to the node")

// Grant is the secret of a child sealed to a parent: who has the parent's
// secret has the child's. All grants of age identities have the same size.
type Grant struct {
	Child, Parent           NodeID
	ChildEpoch, ParentEpoch Epoch
	Sealed                  []byte // a sealed object of seal.KindGrant
}

// context is the place of the grant. Each end is bound with its epoch, so a
// grant cannot be moved to another child, parent or epoch.
func (g Grant) context(agency string) seal.Context {
	return seal.Context{
		Kind: seal.KindGrant, Agency: agency, Object: string(g.Child), Part: g.ChildEpoch.String(),
		From: end(g.Child, g.ChildEpoch), To: end(g.Parent, g.ParentEpoch), Version: 1,
	}
}

// mayHold reports whether the secret of a child is ever granted to a parent.
// Persons' and workers' own keys and the archive's are granted to nobody; they
// are kept by passphrase or on paper. A side has its persons and its case; the
// archive reaches it through the case.
func mayHold(child, parent NodeID) bool {
	by := parent.kind()
	switch child.kind() {
	case kindSide:
		return by == kindPerson || by == kindCase
	case kindTeam, Safeguarding.kind():
		return by == kindWorker || parent == Archive
	case kindCase, kindDirectory, Intake.kind():
		return by == kindWorker || by == kindTeam || parent == Safeguarding || parent == Archive
	case Notify.kind():
		return parent == Archive
	}
	return false
}

// GrantTo seals the secret of child to parent. The caller has checked that the
// parent's key is vouched for, and that this parent is to have this child.
//
// Errors: ErrSecret if secret is not that of child; an error without a
// sentinel for a pair that is never granted.
func GrantTo(agency string, secret Secret, child, parent Node) (Grant, error) {
	g := Grant{Child: child.id, ChildEpoch: child.epoch, Parent: parent.id, ParentEpoch: parent.epoch}
	if !mayHold(child.id, parent.id) || parent.recipient == nil {
		return Grant{}, fmt.Errorf("grant %s to %s: not a pair that is granted", child, parent)
	}
	if secret.public() != child.public {
		return Grant{}, fmt.Errorf("grant %s to %s: %w", child, parent, ErrSecret)
	}
	sealed, err := seal.Seal(g.context(agency), secret.content(), parent.recipient)
	if err != nil {
		return Grant{}, fmt.Errorf("grant %s to %s: %w", child, parent, err)
	}
	g.Sealed = sealed.Bytes
	return g, nil
}

// content gives what is sealed in a grant: the text of an age identity, so that
// an age program alone can use it, or the 32 bytes of a directory's key.
func (s Secret) content() []byte {
	if identity := s.Identity(); identity != nil {
		return []byte(identity.String())
	}
	key, _ := s.Key()
	return key[:]
}

// Open opens the grant with the parent's secret and returns the secret of
// child, which the caller has loaded and had vouched for. It returns it only
// if it is that of child and of this grant.
//
// Errors: those of seal.Open, of which seal.ErrContext also says that the grant
// is not one of child; ErrSecret.
func Open(agency string, g Grant, parent Secret, child Node) (Secret, error) {
	if g.Child != child.id || g.ChildEpoch != child.epoch || child.public == "" {
		return Secret{}, fmt.Errorf("open grant of %s: %w", child, seal.ErrContext)
	}
	content, _, err := seal.Open(g.Sealed, g.context(agency), parent.Identity())
	if err != nil {
		return Secret{}, fmt.Errorf("open grant of %s: %w", child, err)
	}
	secret, err := parseContent(content, child.id.Symmetric())
	clear(content)
	if err != nil {
		return Secret{}, fmt.Errorf("open grant of %s: %w", child, err)
	}
	if secret.public() != child.public {
		return Secret{}, fmt.Errorf("open grant of %s: %w", child, ErrSecret)
	}
	return secret, nil
}

func parseContent(content []byte, symmetric bool) (Secret, error) {
	if symmetric {
		if len(content) != keySize {
			return Secret{}, ErrSecret
		}
		return SecretKey([keySize]byte(content)), nil
	}
	identity, err := age.ParseHybridIdentity(string(content))
	if err != nil {
		return Secret{}, ErrSecret // age's error may repeat the text
	}
	return SecretIdentity(identity), nil
}

// Step is one rung of a climb: a grant and the node whose secret it holds.
type Step struct {
	Grant Grant
	Child Node
}

// Climb opens grants in a row, each with the secret that the one before gave,
// and returns the last: worker to team to case to side. The first grant is to
// the node of from, and each further one to the child of the one before;
// anything else is seal.ErrContext. Without steps it returns from. It asks for
// loaded grants and nodes, so that a path costs the caller one query. Errors as
// of Open.
func Climb(agency string, from Secret, steps ...Step) (Secret, error) {
	for i, step := range steps {
		if i > 0 {
			below := steps[i-1].Child
			if step.Grant.Parent != below.id || step.Grant.ParentEpoch != below.epoch {
				return Secret{}, fmt.Errorf("climb to %s: %w", step.Child, seal.ErrContext)
			}
		}
		next, err := Open(agency, step.Grant, from, step.Child)
		if err != nil {
			return Secret{}, fmt.Errorf("climb: %w", err)
		}
		from = next
	}
	return from, nil
}
