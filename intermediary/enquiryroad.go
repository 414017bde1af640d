package intermediary

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"filippo.io/age"
	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"github.com/jackc/pgx/v5"
)

// The road between two agencies. What travels is sealed to the intake of both
// and to both archives, and stated by the worker who says it. The statement
// takes the registrar's word for that worker's key along, so the other end
// checks it with the verifiers of its own configuration.
const (
	partAsked = "road" // the enquiry as the other agency reads it
	partWord  = "word" // what the other agency says of it, version by version
)

// roadContent is the enquiry as the other agency reads it. It names no
// application, no worker and no address of the applicant's.
type roadContent struct {
	From      string     `json:"from"` // the asking agency, as people know it
	Phone     string     `json:"phone"`
	Reference string     `json:"reference"`
	About     string     `json:"about"`
	Text      string     `json:"text"`
	Questions []Question `json:"questions"`
	Juris     string     `json:"juris"`
	Due       string     `json:"due"`
}

// wordContent is what the answering agency says.
type wordContent struct {
	Kind   string         `json:"kind"` // progress or answer, as the row says
	Text   string         `json:"text,omitempty"`
	DueOn  string         `json:"dueOn,omitempty"` // another day that it offers
	Answer *EnquiryAnswer `json:"answer,omitempty"`
}

// letter is one object of the road: what, from whom, to whom.
type letter struct {
	from, to *agency.Agency
	id, part string
	version  uint64
}

// context is the object's place. Its agency is the one that says it.
func (l letter) context() seal.Context {
	return seal.Context{Kind: seal.KindEnquiry, Agency: l.from.ID, Object: l.id, Part: l.part, From: end(l.from), To: end(l.to), Version: l.version}
}

func end(ag *agency.Agency) string { return ag.ID + "/" + string(ring.Intake) }

// roadNode gives the newest key of an agency's intake: of our own, or of the
// other end. That is all that is read of another agency: a public key, for which
// its registrar vouches, and whether its log knows a newer one.
func (s *Service) roadNode(ctx context.Context, ag *agency.Agency) (agency.Node, error) {
	var rows []agency.NodeRow
	if err := s.db.Read(ctx, postgres.Scope{Agency: ag.ID}, func(b *pgx.Batch) { agency.QueueNodes(b, &rows, string(ring.Intake)) }); err != nil {
		return agency.Node{}, s.db.Fault(fmt.Errorf("read the key of an intake: %w", err))
	}
	if len(rows) == 0 { // an agency that nobody has opened yet
		return agency.Node{}, fault.Field("toAgency", "fault.enquiry.closed")
	}
	return s.node(ctx, ag, &keyRows{nodes: rows}, ring.Intake)
}

// sealRoad seals an object to both intakes and both archives. Two agencies may
// have one archive between them; it is one reader.
func (s *Service) sealRoad(ctx context.Context, l letter, content any) (seal.Sealed, error) {
	text, err := json.Marshal(content)
	if err != nil {
		return seal.Sealed{}, fmt.Errorf("write what goes to another agency: %w", err)
	}
	here, err := s.roadNode(ctx, l.from)
	if err != nil {
		return seal.Sealed{}, err
	}
	there, err := s.roadNode(ctx, l.to)
	if err != nil {
		return seal.Sealed{}, err
	}
	readers := []*age.HybridRecipient{there.Recipient(), here.Recipient(), l.to.Archive()}
	if l.from.Archive().String() != l.to.Archive().String() {
		readers = append(readers, l.from.Archive())
	}
	sealed, err := seal.Seal(l.context(), text, readers...)
	if err != nil {
		return seal.Sealed{}, fmt.Errorf("seal what goes to another agency: %w", err)
	}
	return sealed, nil
}

// sent is an object of the road, ready for the transaction.
type sent struct {
	sealed []byte
	said   []byte   // the statement with the word for its key
	leaf   [32]byte // of the statement
}

// send seals an object, states it as the worker and puts the word for the
// worker's key beside it. own are the worker's own nodes.
func (a *acting) send(ctx context.Context, l letter, own []agency.NodeRow, refs [][32]byte, content any) (sent, error) {
	sealed, err := a.sealRoad(ctx, l, content)
	if err != nil {
		return sent{}, err
	}
	c := l.context()
	leaf, err := a.state(statement.Statement{Event: statement.EventCasework, Object: c.Object, Part: c.Part, Version: c.Version,
		From: c.From, To: c.To, Commit: sealed.Commit, Refs: refs})
	if err != nil {
		return sent{}, err
	}
	v, err := a.ag.VouchFor(own, a.signer, a.bodies[len(a.bodies)-1])
	if err != nil {
		return sent{}, a.alarmed(ctx, "nobody vouched for a worker's key", err, "agency", a.ag.ID, "worker", a.actor.Account())
	}
	return sent{sealed.Bytes, v.Bytes(), leaf}, nil
}

// received checks that the other agency said exactly this object, and gives its
// statement. It opens nothing. on, unless it is nil, is what it must rest on. Signatures
// are checked with the verifiers of our configuration; that the statement is in
// the other agency's log as well, so that nobody who has left there signed it at
// home, the index of the logs tells.
func (s *Service) received(ctx context.Context, l letter, said, on []byte) (*statement.Statement, error) {
	st, err := l.from.VerifyVouched(said)
	if err != nil {
		return nil, err
	}
	if err := speaksOf(st, l.context(), []statement.Event{statement.EventCasework}); err != nil {
		return nil, err
	}
	if len(st.Refs) != 1 || on != nil && !bytes.Equal(st.Refs[0][:], on) {
		return nil, fmt.Errorf("%w: it rests on something else", seal.ErrUnsigned)
	}
	leaf, err := saidLeaf(said)
	if err != nil {
		return nil, err
	}
	err = s.index.Newest(ctx, l.from.ID, l.id, l.part, leaf)
	if l.part == partWord && errors.Is(err, seal.ErrStale) {
		err = nil // an earlier word; whoever reads them all asks for the newest
	}
	return st, err
}

// newestWord is the newest word of an enquiry by the log of the agency that says
// it: what the table has lost, the log still has.
func (s *Service) newestWord(ctx context.Context, agencyID, id string) (leaf [32]byte, said bool, err error) {
	leaf, said, err = s.index.Latest(ctx, agencyID, id, partWord)
	if err != nil {
		return leaf, said, s.db.Fault(fmt.Errorf("look for the newest word of an enquiry: %w", err))
	}
	return leaf, said, nil
}

const sqlHeardWork = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.id = any($1) and w.part = 'word'`

// doubtEnquiries looks, for each enquiry of the subject's case to an agency of
// this deployment, whether the newest word that its log has is read into the case.
// Where it is not, the answer may be any: no row can say otherwise.
func (s *Service) doubtEnquiries(ctx context.Context, b *belief, r *factReader) error {
	head, _ := b.head(b.subject)
	asked := map[string]string{}
	var ids []string
	for _, e := range b.enquiries {
		if e.ApplicationID == head.ApplicationID && e.ToAgency != "" {
			asked[e.ID], ids = e.ToAgency, append(ids, e.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var rows []workRow
	if err := s.db.Read(ctx, postgres.Scope{Agency: r.ag.ID}, func(batch *pgx.Batch) { postgres.Many(batch, &rows, sqlHeardWork, ids) }); err != nil {
		return s.db.Fault(fmt.Errorf("load what was read of enquiries: %w", err))
	}
	for id, agencyID := range asked {
		leaf, said, err := s.newestWord(ctx, agencyID, id)
		if err != nil {
			return err
		}
		if said && !s.heard(ctx, r.ag, rows, id, leaf) {
			if b.doubted.words == nil {
				b.doubted.words = map[string]bool{}
			}
			b.doubted.words[id] = true
		}
	}
	return nil
}

// heard tells whether a worker of ours has stated that they read a word into the
// case.
func (s *Service) heard(ctx context.Context, ag *agency.Agency, rows []workRow, id string, leaf [32]byte) bool {
	for _, w := range rows {
		if w.ID != id {
			continue
		}
		if st, err := s.stated(ctx, ag, w); err == nil && slices.Contains(st.Refs, leaf) {
			return true
		}
	}
	return false
}

// openRoad opens an object of the road with the keys of our own intake.
func openRoad(l letter, sealed []byte, st *statement.Statement, keys []*age.HybridIdentity, into any) error {
	for _, key := range keys {
		content, err := seal.OpenSigned(sealed, l.context(), key, st.Commit)
		if errors.Is(err, seal.ErrKey) {
			continue
		}
		if err != nil {
			return err
		}
		return parse(content, into)
	}
	return fmt.Errorf("open what another agency sent: %w", seal.ErrKey)
}

// saidLeaf is the leaf of the statement that was sent along.
func saidLeaf(said []byte) ([32]byte, error) {
	v, err := agency.ParseVouched(said)
	if err != nil {
		return [32]byte{}, fmt.Errorf("%w: %w", seal.ErrUnsigned, err)
	}
	return statement.Leaf(v.Body), nil
}

// intakeKeys are the epochs of our intake's key that the session holds.
func intakeKeys(keys *authz.Keyring, own []agency.NodeRow) (list []*age.HybridIdentity) {
	for _, n := range nodesOf(own, ring.Intake) {
		if key, ok := keys.Identity(agency.NodeName(n.ID, n.Epoch)); ok {
			list = append(list, key)
		}
	}
	return list
}

// queueOwn reads what the road needs of the actor's own agency: every epoch of
// the intake, and the worker's keys.
func queueOwn(b *pgx.Batch, nodes *[]agency.NodeRow, worker string) {
	agency.QueueAllNodes(b, nodes, string(ring.Intake), string(ring.Worker(worker)))
}

func nodesOf(rows []agency.NodeRow, id ring.NodeID) (list []agency.NodeRow) {
	for _, r := range rows {
		if r.ID == string(id) {
			list = append(list, r)
		}
	}
	return list
}

func dayText(day time.Time) string { return day.Format(time.DateOnly) }
