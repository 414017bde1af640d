package letterbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

const (
	sqlDecided        = `select worker_id, act from decision where agency_id = agency() and letter_id = $1`
	sqlInsertDecision = `insert into decision (agency_id, letter_id, worker_id, act, leaf) values (agency(), $1, account(), $2, $3)`
	sqlInsertDelivery = `insert into delivery (agency_id, id, letter_id, side_id) values (agency(), $1, $2, $3)`
)

var (
	guardedPass = postgres.Guarded(`update letter set state = 'passed', visible_on = current_date, decided_on = current_date
		where agency_id = agency() and id = $1 and state = 'received' and not stop returning 1`)
	guardedShow = postgres.Guarded(`update letter set state = 'waiting'
		where agency_id = agency() and id = $1 and state = 'passed' and not stop and visible_on <= current_date returning 1`)
	guardedReturn = postgres.Guarded(`update letter set state = 'returned', decided_on = current_date
		where agency_id = agency() and id = $1 and state = 'received' returning 1`)
)

// decisionNote is the content of a decision object: case and archive only.
type decisionNote struct {
	Act    string       `json:"act"`
	Reason ReturnReason `json:"reason,omitempty"`
	Note   string       `json:"note,omitempty"`
}

type decidedRow struct {
	WorkerID string
	Act      string
}

// errSame ends an act that this worker has done already: nothing is written, and it is no error.
var errSame = errors.New("decided so already")

// deciding is a decision under way: what was loaded, and with which keys.
type deciding struct {
	*Service
	ag     *agency.Agency
	actor  authz.Actor
	rows   *caseRows
	node   agency.Node // the case
	text   string
	signer note.Signer
}

// beginDecision loads the letter, opens it, and checks what can be checked
// before the transaction; the transaction checks the claim once more.
func (s *Service) beginDecision(ctx context.Context, actor authz.Actor, id LetterID) (*deciding, error) {
	ag, err := s.begin(ctx, actor, authz.Decide, string(id))
	if err != nil {
		return nil, err
	}
	if err := actor.StepUp(s.now(), StepUpFor); err != nil {
		return nil, err
	}
	rows, err := s.loadCase(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	keys, node, err := s.caseKeys(ctx, ag, actor, rows)
	if err != nil {
		return nil, err
	}
	if err := s.relations(ctx, ag, rows); err != nil {
		return nil, err
	}
	text, err := s.openText(ctx, ag, rows.objects, string(id), "text", keys)
	if err != nil {
		return nil, err
	}
	signer, err := actor.Keys().Signer()
	if err != nil {
		return nil, fmt.Errorf("sign decision: %w", err)
	}
	return &deciding{s, ag, actor, rows, node, text, signer}, nil
}

// seal seals an object of the decision and signs its statement.
func (d *deciding) seal(c seal.Context, side string, content []byte, event statement.Event, refs [][32]byte, to ...agency.Node) (sealedObject, error) {
	recipients := make([]*age.HybridRecipient, 0, len(to)+1)
	for _, n := range to {
		recipients = append(recipients, n.Recipient())
	}
	sealed, err := seal.Seal(c, content, append(recipients, d.ag.Archive())...)
	if err != nil {
		return sealedObject{}, fmt.Errorf("seal %s: %w", c.Kind, err)
	}
	st := statementOf(c, sealed.Commit)
	st.Event, st.Refs, st.At = event, refs, d.now()
	body, err := d.ag.State(st, "", d.signer)
	return sealedObject{at: c, side: side, sealed: sealed, body: body}, err
}

// decision seals the worker's own note and the act to case and archive.
func (d *deciding) decision(n decisionNote, event statement.Event) (sealedObject, error) {
	content, err := json.Marshal(n)
	if err != nil {
		return sealedObject{}, fmt.Errorf("write decision: %w", err)
	}
	l := d.rows.letter()
	c := seal.Context{Kind: seal.KindDecision, Agency: d.ag.ID, Exchange: l.ExchangeID, Object: l.ID, Part: "decision",
		From: "worker/" + d.actor.Account(), To: "case/" + l.ExchangeID, Version: 1}
	return d.seal(c, "", content, event, d.receipt(), d.node)
}

// receipt is the leaf of the letter's own statement, on which a decision rests.
func (d *deciding) receipt() [][32]byte {
	for _, o := range d.rows.objects {
		if o.ID == d.rows.letter().ID && o.Part == "text" {
			return [][32]byte{[32]byte(o.Leaf)}
		}
	}
	return nil
}

// commit runs the decision's transaction: the letter is locked, the claim is
// the actor's, and write queues what follows from the decision.
func (d *deciding) commit(ctx context.Context, act string, decision sealedObject, write func(b *pgx.Batch), bodies ...[]byte) error {
	id := d.rows.letter().ID
	var lock lockRow
	var decided []decidedRow
	err := d.db.Act(ctx, scope(d.actor), func(b *pgx.Batch) {
		one(b, &lock, sqlLockLetter, id)
		many(b, &decided, sqlDecided, id)
	}, func(b *pgx.Batch) error {
		if len(decided) == 1 && decided[0].WorkerID == d.actor.Account() && decided[0].Act == act {
			return errSame
		}
		if err := holds(lock, d.actor); err != nil {
			return err
		}
		leaf := statement.Leaf(decision.body)
		decision.queue(b)
		b.Queue(sqlInsertDecision, id, act, leaf[:])
		write(b)
		b.Queue(sqlRelease, id)
		audit.Append(b, bodies...)
		return nil
	})
	if errors.Is(err, errSame) {
		return nil
	}
	return d.db.Fault(err)
}

// Pass passes a claimed letter on: this decision is the relay. The text is
// sealed anew to the other side, the case and the archive, under the worker's
// signature, and waits there from today. note is for colleagues (case and
// archive), never for a family. Passed on twice by the same worker, it is
// delivered once and the second call is no error.
//
// StepUp: no code in the last hour. Conflict: not claimed, decided, stopped,
// or a child comes of age. Forbidden: connected to the family, or helped to
// write. Sealed: the letter does not open.
func (s *Service) Pass(ctx context.Context, actor authz.Actor, id LetterID, note string) error {
	d, err := s.beginDecision(ctx, actor, id)
	if err != nil {
		return err
	}
	if note, err = clean("note", note, MaxReason*4); err != nil {
		return err
	}
	l := d.rows.letter()
	decision, err := d.decision(decisionNote{Act: "pass", Note: note}, statement.EventApprove)
	if err != nil {
		return err
	}
	to, err := d.ag.Trusted(d.rows.nodes, "side/"+l.ToSide)
	if err != nil {
		s.log.ErrorContext(ctx, "ALARM: a side's key is not the one vouched for", "agency", d.ag.ID, "side", l.ToSide, "error", err)
		return fault.Wrap(fault.Sealed, "fault.sealing", err)
	}
	delivery := agency.NewID("dl")
	c := seal.Context{Kind: seal.KindDelivery, Agency: d.ag.ID, Exchange: l.ExchangeID, Object: delivery, Part: "text",
		From: "case/" + l.ExchangeID, To: "side/" + l.ToSide, Version: 1}
	refs := append(d.receipt(), statement.Leaf(decision.body))
	sealed, err := d.seal(c, l.ToSide, []byte(d.text), statement.EventDeliver, refs, to, d.node)
	if err != nil {
		return err
	}
	return d.commit(ctx, "pass", decision, func(b *pgx.Batch) {
		sealed.queue(b)
		b.Queue(sqlInsertDelivery, delivery, l.ID, l.ToSide)
		b.Queue(guardedPass, l.ID)
		b.Queue(guardedShow, l.ID)
	}, decision.body, sealed.body)
}

// Return sends a claimed letter back to its writer with a reason from the list
// and words of the worker's own, which the writer reads; note is for
// colleagues. Returned twice by the same worker, it is returned once. Errors
// as for Pass, and Invalid on "reason" or "words".
func (s *Service) Return(ctx context.Context, actor authz.Actor, id LetterID, reason ReturnReason, words, note string) error {
	d, err := s.beginDecision(ctx, actor, id)
	if err != nil {
		return err
	}
	if words, note, err = returnWords(reason, words, note); err != nil {
		return err
	}
	l := d.rows.letter()
	decision, err := d.decision(decisionNote{Act: "return", Reason: reason, Note: note}, statement.EventReturn)
	if err != nil {
		return err
	}
	from, err := d.ag.Trusted(d.rows.nodes, "side/"+l.FromSide)
	if err != nil {
		s.log.ErrorContext(ctx, "ALARM: a side's key is not the one vouched for", "agency", d.ag.ID, "side", l.FromSide, "error", err)
		return fault.Wrap(fault.Sealed, "fault.sealing", err)
	}
	content, err := json.Marshal(WriterReason{reason, words})
	if err != nil {
		return fmt.Errorf("write reason: %w", err)
	}
	c := seal.Context{Kind: seal.KindReason, Agency: d.ag.ID, Exchange: l.ExchangeID, Object: l.ID, Part: "reason",
		From: "case/" + l.ExchangeID, To: "side/" + l.FromSide, Version: 1}
	sealed, err := d.seal(c, l.FromSide, content, statement.EventReturn, d.receipt(), from, d.node)
	if err != nil {
		return err
	}
	return d.commit(ctx, "return", decision, func(b *pgx.Batch) {
		sealed.queue(b)
		b.Queue(guardedReturn, l.ID)
	}, decision.body, sealed.body)
}

// WriterReason is what a writer is told when a letter comes back: a reason of
// the list, whose words stand in the catalogues, and the worker's own words.
type WriterReason struct {
	Reason ReturnReason `json:"reason"`
	Words  string       `json:"words"`
}

// parseReason reads a reason that was opened. One that does not parse says nothing.
func parseReason(content string) (r WriterReason) {
	if json.Unmarshal([]byte(content), &r) != nil {
		return WriterReason{}
	}
	return r
}

func returnWords(reason ReturnReason, words, note string) (string, string, error) {
	if !slices.Contains(ReturnReasons(), reason) {
		return "", "", fault.Field("reason", "fault.reason.choose")
	}
	words, err := clean("words", words, MaxReason*4)
	if err != nil {
		return "", "", err
	}
	if utf8.RuneCountInString(words) > MaxReason {
		return "", "", fault.Field("words", "fault.text.tooLong")
	}
	if reason == "other" && blank(words) {
		return "", "", fault.Field("words", "fault.reason.words")
	}
	note, err = clean("note", note, MaxReason*4)
	return words, note, err
}
