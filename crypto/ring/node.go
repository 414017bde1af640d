package ring

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"filippo.io/age"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
)

// NodeID names a key: one of the constants below, or worker/<id>, person/<id>,
// case/<id> or side/<id> (see [Worker] and its like), where id is 1 to 64 of
// A-Z a-z 0-9 . _ -.
type NodeID string

const (
	// Archive is the offline key, which two of three officers can put together.
	Archive NodeID = "archive"
	// TeamLetterbox is the key of the letterbox team's workers.
	TeamLetterbox NodeID = "team/letterbox"
	// TeamIntermediary is the key of the intermediary team's workers.
	TeamIntermediary NodeID = "team/intermediary"
	// Safeguarding is the key of those who take referrals.
	Safeguarding NodeID = "safeguarding"
	// Intake is the key of enquiries that are no case yet.
	Intake NodeID = "intake"
	// Notify is the key of the program that sends notices.
	Notify NodeID = "notify"
	// DirectoryBirth is the symmetric key of birth families' names and addresses.
	DirectoryBirth NodeID = "directory/birth"
	// DirectoryAdoptive is the symmetric key of adoptive families' names and
	// addresses.
	DirectoryAdoptive NodeID = "directory/adoptive"
	// DirectoryStaff is the symmetric key of workers' own names.
	DirectoryStaff NodeID = "directory/staff"
)

// Worker gives the node of a worker's own key.
func Worker(id string) NodeID { return NodeID(kindWorker + "/" + id) }

// Person gives the node of a person's own key.
func Person(id string) NodeID { return NodeID(kindPerson + "/" + id) }

// Case gives the node of an exchange or an intermediary case.
func Case(id string) NodeID { return NodeID(kindCase + "/" + id) }

// Side gives the node of one household's side of an exchange.
func Side(id string) NodeID { return NodeID(kindSide + "/" + id) }

const (
	kindWorker    = "worker"
	kindPerson    = "person"
	kindCase      = "case"
	kindSide      = "side"
	kindDirectory = "directory"
	kindTeam      = "team"
)

// ParseNodeID checks that s names a node.
func ParseNodeID(s string) (NodeID, error) {
	switch id := NodeID(s); id {
	case Archive, TeamLetterbox, TeamIntermediary, Safeguarding, Intake, Notify,
		DirectoryBirth, DirectoryAdoptive, DirectoryStaff:
		return id, nil
	}
	kind, id, _ := strings.Cut(s, "/")
	switch kind {
	case kindWorker, kindPerson, kindCase, kindSide:
		if validID(id) {
			return NodeID(s), nil
		}
	}
	return "", errors.New("not a node")
}

func validID(id string) bool {
	if len(id) == 0 || len(id) > 64 {
		return false
	}
	return !slices.ContainsFunc([]byte(id), func(b byte) bool {
		letter := 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
		digit := '0' <= b && b <= '9'
		return !letter && !digit && b != '.' && b != '_' && b != '-'
	})
}

// kind gives what the id begins with: "worker", "archive".
func (id NodeID) kind() string {
	kind, _, _ := strings.Cut(string(id), "/")
	return kind
}

// Symmetric reports whether the node's secret is 32 bytes and not an age
// identity. Nothing can be sealed or granted to such a node.
func (id NodeID) Symmetric() bool { return id.kind() == kindDirectory }

// Epoch counts the keys that a node has had, from 1.
type Epoch uint32

// String gives the epoch as it stands in contexts and statements.
func (e Epoch) String() string { return strconv.FormatUint(uint64(e), 10) }

// Node is the public half of a key. It is made by NewNode or ParseNode only;
// the zero value is no node and everything refuses it.
type Node struct {
	id        NodeID
	epoch     Epoch
	recipient *age.HybridRecipient // nil for a symmetric key
	public    string
}

// NewNode makes a key for the node.
func NewNode(id NodeID, e Epoch) (Secret, Node, error) {
	secret, err := newSecret(id)
	if err != nil {
		return Secret{}, Node{}, fmt.Errorf("make key of %s: %w", id, err)
	}
	n := Node{id: id, epoch: e, public: secret.public()}
	if identity := secret.Identity(); identity != nil {
		n.recipient = identity.Recipient()
	}
	if err := n.check(); err != nil {
		return Secret{}, Node{}, fmt.Errorf("make key of %s: %w", id, err)
	}
	return secret, n, nil
}

func newSecret(id NodeID) (Secret, error) {
	if id.Symmetric() {
		var key [keySize]byte
		_, _ = rand.Read(key[:]) // never fails: the runtime stops the program instead
		return SecretKey(key), nil
	}
	identity, err := age.GenerateHybridIdentity()
	if err != nil {
		return Secret{}, err
	}
	return SecretIdentity(identity), nil
}

// ParseNode makes a node of what was stored of it: public is what Public gave.
// It proves nothing about whose key this is; see VouchedBy. Parsing a public
// key takes 0.15 ms: keep the node.
func ParseNode(id NodeID, e Epoch, public string) (Node, error) {
	n := Node{id: id, epoch: e, public: public}
	if !id.Symmetric() {
		recipient, err := age.ParseHybridRecipient(public)
		if err != nil {
			// age's error repeats the text, whatever it is; ours does not.
			return Node{}, fmt.Errorf("parse node %s: malformed public key", id)
		}
		n.recipient = recipient
	} else if !isCheckValue(public) {
		return Node{}, fmt.Errorf("parse node %s: malformed check value", id)
	}
	if err := n.check(); err != nil {
		return Node{}, fmt.Errorf("parse node %s: %w", id, err)
	}
	return n, nil
}

// isCheckValue reports whether s is the one base64 form of a SHA-256. The
// decoder skips line ends, hence the writing again.
func isCheckValue(s string) bool {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	return err == nil && len(b) == sha256.Size && base64.StdEncoding.EncodeToString(b) == s
}

func (n Node) check() error {
	if _, err := ParseNodeID(string(n.id)); err != nil {
		return err
	}
	if n.epoch == 0 {
		return errors.New("epochs begin at 1")
	}
	return nil
}

// ID gives the node's name.
func (n Node) ID() NodeID { return n.id }

// Epoch gives which of the node's keys this is.
func (n Node) Epoch() Epoch { return n.epoch }

// Recipient gives the public key to seal to; nil for a symmetric node.
func (n Node) Recipient() *age.HybridRecipient { return n.recipient }

// Public gives the text to store: the age recipient (1,959 characters), or for
// a symmetric key its check value, the base64 of
// SHA-256("gatepost/directory/v1\n" ‖ key).
func (n Node) Public() string { return n.public }

// String gives name and epoch, "case/c1/2", as grants name their two ends.
func (n Node) String() string { return end(n.id, n.epoch) }

func end(id NodeID, e Epoch) string { return string(id) + "/" + e.String() }

// RecipientHash gives the hash by which a statement names a key: SHA-256 of
// what Node.Public gives.
func RecipientHash(public string) [32]byte { return sha256.Sum256([]byte(public)) }

// keyPart is the part of statements about a node's key. The epoch is their
// version, so that the latest statement about a node is that of its newest key.
const keyPart = "key"

// KeyStatement begins a statement about the node's key: agency, object, part,
// version and recipient. The caller adds event (EventKey or EventKeyRequest),
// time, refs, and the verifier of a worker.
func (n Node) KeyStatement(agency string) statement.Statement {
	return statement.Statement{
		Agency: agency, Object: string(n.id), Part: keyPart, Version: uint64(n.epoch),
		Recipient: RecipientHash(n.public),
	}
}

// VouchedBy reports whether st is the registrar's word that this is the node's
// key: a statement of EventKey of this agency that statement.Parse has
// verified, and that names node, epoch and key. Whether it is the node's latest
// only the log knows. Otherwise the error is seal.ErrUnsigned, and the node must
// not be sealed to.
func (n Node) VouchedBy(agency string, st *statement.Statement) error {
	if st == nil || n.public == "" {
		return fmt.Errorf("key of %s: no statement: %w", n, seal.ErrUnsigned)
	}
	want := n.KeyStatement(agency)
	named := st.Event == statement.EventKey && st.Agency == want.Agency && st.Object == want.Object &&
		st.Part == want.Part && st.Version == want.Version && st.Recipient == want.Recipient
	registrar := statement.KeyName(agency, statement.RoleRegistrar)
	if !named || !slices.Equal(st.Signers(), []string{registrar}) {
		return fmt.Errorf("key of %s: %w", n, seal.ErrUnsigned)
	}
	return nil
}
