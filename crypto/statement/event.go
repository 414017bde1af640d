package statement

import (
	"fmt"
	"strings"
)

// Event says what was done. The set is closed. There is no event for kinds of
// case work: a veto, a consent, an enquiry and a disclosure are all EventCasework,
// and which it was is inside the sealed object.
type Event string

const (
	// EventReceipt: a letter was handed in. Door.
	EventReceipt Event = "receipt"
	// EventWithdraw: its writer took it back. Door.
	EventWithdraw Event = "withdraw"
	// EventAccess: somebody opened an object; From is their node. A person's
	// first opening of a delivery is the access that counts as reading it. Its
	// time is a whole hour. Door for a person, the worker for a worker.
	EventAccess Event = "access"
	// EventKeyRequest: somebody made themselves a key and asks that it be
	// vouched for; Object is their node. Door for a person, system for a worker.
	EventKeyRequest Event = "keyrequest"

	// EventApprove: a worker decided that a letter may pass. Worker.
	EventApprove Event = "approve"
	// EventReturn: a worker sent a letter back to its writer. Worker.
	EventReturn Event = "return"
	// EventRefuse: a worker refused a letter. Worker.
	EventRefuse Event = "refuse"
	// EventKeep: a worker put a letter on file. Worker.
	EventKeep Event = "keep"
	// EventDeliver: a letter was sealed to the side it is for. Worker.
	EventDeliver Event = "deliver"
	// EventRecall: a delivery that nobody had opened was taken back. Worker.
	EventRecall Event = "recall"
	// EventGrant: a key was granted to a node. Worker.
	EventGrant Event = "grant"
	// EventRevoke: a grant was taken away. Worker.
	EventRevoke Event = "revoke"
	// EventCasework: anything else in a case. Worker.
	EventCasework Event = "casework"
	// EventRecord: a version of the names, parties, lists or agreement of an
	// exchange was written. Worker.
	EventRecord Event = "record"

	// EventRole: somebody was given or lost a role. A manager and the registrar.
	EventRole Event = "role"
	// EventRecover: somebody who lost their key gets a new one. A manager and
	// the registrar.
	EventRecover Event = "recover"

	// EventKey: a public key is vouched for; Object is its node. Registrar.
	EventKey Event = "key"
	// EventEpoch: a node has a new epoch. Registrar.
	EventEpoch Event = "epoch"
	// EventRetention: how long an object is kept was set. Registrar.
	EventRetention Event = "retention"
	// EventDestroy: objects were destroyed. Registrar.
	EventDestroy Event = "destroy"
	// EventRestored: the system was restored from a backup. Registrar.
	EventRestored Event = "restored"
	// EventVoid: the leaf in Refs is no valid statement. Registrar.
	EventVoid Event = "void"

	// EventLapse: a worker's claim on a letter ran out. System.
	EventLapse Event = "lapse"
)

// Role is who signs. With the agency it makes the name of a key:
// "ag1/door", "ag1/registrar", "ag1/system", "ag1/worker/w3".
type Role string

const (
	// RoleDoor is the public tier.
	RoleDoor Role = "door"
	// RoleRegistrar is the staff tier's key for keys, roles and the log's upkeep.
	RoleRegistrar Role = "registrar"
	// RoleSystem is the staff tier's clock.
	RoleSystem Role = "system"
	// RoleWorker is a worker, under their own key.
	RoleWorker Role = "worker"
	// RoleLog signs checkpoints of the log. It signs no statement.
	RoleLog Role = "log"
)

const (
	personNode = "person/"
	workerNode = "worker/"
)

// Required gives the roles that must sign a statement, in the order of their
// signatures: each once and nobody else. The object decides for
// EventKeyRequest, and from, the reader, for EventAccess. For two roles the
// worker is a manager; only the log knows whether they were. An unknown event
// and a reader or node that is neither person nor worker is ErrSigner.
func Required(e Event, object, from string) ([]Role, error) {
	switch e {
	case EventReceipt, EventWithdraw:
		return []Role{RoleDoor}, nil
	case EventAccess:
		return byNode(from, RoleDoor, RoleWorker)
	case EventKeyRequest:
		return byNode(object, RoleDoor, RoleSystem)
	case EventApprove, EventReturn, EventRefuse, EventKeep, EventDeliver, EventRecall,
		EventGrant, EventRevoke, EventCasework, EventRecord:
		return []Role{RoleWorker}, nil
	case EventRole, EventRecover:
		return []Role{RoleWorker, RoleRegistrar}, nil
	case EventKey, EventEpoch, EventRetention, EventDestroy, EventRestored, EventVoid:
		return []Role{RoleRegistrar}, nil
	case EventLapse:
		return []Role{RoleSystem}, nil
	}
	return nil, fmt.Errorf("%w: unknown event", ErrSigner)
}

func byNode(node string, person, worker Role) ([]Role, error) {
	switch {
	case strings.HasPrefix(node, personNode):
		return []Role{person}, nil
	case strings.HasPrefix(node, workerNode):
		return []Role{worker}, nil
	}
	return nil, fmt.Errorf("%w: neither a person nor a worker", ErrSigner)
}

// checkSigners reports whether the keys of the given names, in this order, are
// those that must sign s.
func (s *Statement) checkSigners(names []string) error {
	roles, err := Required(s.Event, s.Object, s.From)
	if err != nil {
		return err
	}
	if len(names) != len(roles) {
		return fmt.Errorf("%w: %d signatures, want %d", ErrSigner, len(names), len(roles))
	}
	for i, role := range roles {
		if !s.signedAs(names[i], role) {
			return fmt.Errorf("%w: %s does not ask for this key as number %d", ErrSigner, s.Event, i+1)
		}
	}
	return nil
}

// signedAs reports whether name is that of a key of s's agency in this role. A
// worker states only their own readings.
func (s *Statement) signedAs(name string, role Role) bool {
	own, ok := strings.CutPrefix(name, s.Agency+"/")
	if !ok || role != RoleWorker {
		return ok && own == string(role)
	}
	id, ok := strings.CutPrefix(own, workerNode)
	return ok && validID(id) && (s.Event != EventAccess || own == s.From)
}
