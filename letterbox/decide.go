package letterbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	"gatepost/internal/prose"
)

const (
	sqlDecided = `select d.worker_id, d.act, l.second and d.turn <= coalesce(l.appealed, d.turn) as appealed, coalesce(l.second and d.turn = l.appealed, false) as asked from decision d
		join letter l on l.agency_id = d.agency_id and l.id = d.letter_id where d.agency_id = agency() and d.letter_id = $1 order by d.turn`
	sqlInsertDecision = `insert into decision (agency_id, letter_id, worker_id, act, turn, leaf) values (agency(), $1, account(), $2, $3, $4)`
	sqlInsertDelivery = `insert into delivery (agency_id, id, letter_id, side_id) values (agency(), $1, $2, $3)`

	// What makes an exchange rest waits for whoever shows a letter, and the other way round: one sees what the other did.
	// Before the letter's own row, for what rests takes them in this order.
	sqlLockExchange = `select 1 from exchange where agency_id = agency() and id = $1 for share`
	sqlLockSide     = `select 1 from side where agency_id = agency() and id = $1 for share`

	sqlMove   = `update letter set state = $2, held_until = null where agency_id = agency() and id = $1 and state = $3 returning 1`
	sqlDecide = `update letter set state = $2, held_until = null, decided_on = current_date where agency_id = agency() and id = $1 and state = $3 returning 1`
	sqlPass   = `update letter l set state = 'passed', held_until = null, decided_on = current_date,
			visible_on = current_date + (select x.delay_days from exchange x where x.agency_id = l.agency_id and x.id = l.exchange_id)
		where l.agency_id = agency() and l.id = $1 and l.state = $2 and not l.stop returning 1`
	// Only on its day: before it, this changes nothing.
	sqlShow = `update letter set state = 'waiting'
		where agency_id = agency() and id = $1 and state = 'passed' and not stop and visible_on <= current_date`
	// Something changed for the writer's side; something is there for the recipient's.
	sqlNotifyWriter    = `select notify_side(from_side) from letter where agency_id = agency() and id = $1`
	sqlNotifyRecipient = `select notify_side(to_side) from letter
		where agency_id = agency() and id = $1 and state = 'waiting' and not stop and visible_on <= current_date`
	sqlNudge = `select nudge_desk()`
)

var (
	guardedMove   = postgres.Guarded(sqlMove)
	guardedDecide = postgres.Guarded(sqlDecide)
	guardedPass   = postgres.Guarded(sqlPass)
)

// decisionNote is the content of a decision object and of a work note: case
// and archive only.
type decisionNote struct {
	Act    string       `json:"act"`
	Reason ReturnReason `json:"reason,omitempty"`
	Note   string       `json:"note,omitempty"`
	// What was said of the screen's findings in the text that was decided about.
	Findings []Answered `json:"findings,omitempty"`
	// Of a cut: for which turn, and the letter with what is left out. None: it is whole again.
	Turn   int     `json:"turn,omitempty"`
	Pieces []Piece `json:"pieces,omitempty"`
}

type decidedRow struct {
	WorkerID string
	Act      string
	Appealed bool // the writer asked another worker after it
	Asked    bool // it is what they asked about
}

// errSame ends an act that this worker has done already: nothing is written, and it is no error.
var errSame = errors.New("decided so already")

// deciding is an act about a letter under way: what was loaded, and who signs.
type deciding struct {
	*Service
	ag     *agency.Agency
	actor  authz.Actor
	rows   *caseRows
	node   agency.Node           // the case, in its newest epoch
	keys   []*age.HybridIdentity // of the case, newest first
	text   string                // of the letter as it would go, where the act needs it
	cut    []Piece               // what it goes without, unasked
	signer note.Signer

	translation translationContent // of the letter, once opened
	translator  string
}

// beginAct loads a letter for an act that needs a worker's signature and a
// code of the last hour. It opens nothing.
func (s *Service) beginAct(ctx context.Context, actor authz.Actor, act authz.Act, id LetterID) (*deciding, error) {
	ag, err := s.begin(ctx, actor, act, string(id))
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
	signer, err := actor.Keys().Signer()
	if err != nil {
		return nil, fmt.Errorf("sign an act: %w", err)
	}
	return &deciding{Service: s, ag: ag, actor: actor, rows: rows, signer: signer}, nil
}

// beginWork is beginAct for a letterbox worker, who holds the case's keys.
func (s *Service) beginWork(ctx context.Context, actor authz.Actor, id LetterID) (*deciding, error) {
	d, err := s.beginAct(ctx, actor, authz.Decide, id)
	if err != nil {
		return nil, err
	}
	keys, node, err := s.caseKeys(ctx, d.ag, actor, d.rows)
	if err != nil {
		return nil, err
	}
	d.node, d.keys = node, keys
	return d, s.relations(ctx, d.ag, actor, d.rows)
}

// beginDecision is beginWork with the letter open, for those who may decide
// about it; the transaction checks the claim once more.
func (s *Service) beginDecision(ctx context.Context, actor authz.Actor, id LetterID) (*deciding, error) {
	d, err := s.beginWork(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return d, d.openLetter(ctx)
}

// openLetter opens the letter for somebody who may decide about it.
func (d *deciding) openLetter(ctx context.Context) (err error) {
	if err := d.mayDecide(); err != nil {
		return err
	}
	return d.openIt(ctx)
}

// openIt opens the letter for somebody who has claimed it.
func (d *deciding) openIt(ctx context.Context) (err error) {
	d.text, err = d.openText(ctx, d.ag, d.rows.objects, d.rows.letter().ID, "text", d.keys)
	if err != nil {
		return err
	}
	if d.cut, err = d.standingCut(ctx, d.ag, d.rows, d.keys); d.cut != nil {
		d.text = asItGoes(d.cut)
	}
	return err
}

// mayDecide is whyNot as a fault. The database refuses the same.
func (d *deciding) mayDecide() error {
	switch d.rows.whyNot(d.actor.Account()) {
	case "helped":
		return fault.New(fault.Forbidden, "fault.letter.helped")
	case "refusedBefore":
		return fault.New(fault.Forbidden, "fault.letter.refusedBefore")
	case "readFirst":
		return fault.New(fault.Forbidden, "fault.letter.readFirst")
	case "translated":
		return fault.New(fault.Forbidden, "fault.letter.translated")
	}
	return nil
}

// seal seals an object of the act and signs its statement.
func (d *deciding) seal(c seal.Context, side string, content []byte, event statement.Event, refs [][32]byte, to ...agency.Node) (sealedObject, error) {
	sealed, err := seal.Seal(c, content, d.readers(to)...)
	if err != nil {
		return sealedObject{}, fmt.Errorf("seal %s: %w", c.Kind, err)
	}
	return d.sealed(c, side, sealed, event, refs)
}

func (d *deciding) readers(to []agency.Node) []*age.HybridRecipient {
	recipients := make([]*age.HybridRecipient, 0, len(to)+1)
	for _, n := range to {
		recipients = append(recipients, n.Recipient())
	}
	return append(recipients, d.ag.Archive())
}

// sealed states an object that was sealed.
func (d *deciding) sealed(c seal.Context, side string, sealed seal.Sealed, event statement.Event, refs [][32]byte) (sealedObject, error) {
	st := statementOf(c, sealed.Commit)
	st.Event, st.Refs, st.At = event, refs, d.now()
	body, err := d.ag.State(st, "", d.signer)
	return sealedObject{at: c, side: side, sealed: sealed, body: body}, err
}

// turn is the number of the decision under way: one more than there are.
func (d *deciding) turn() int { return len(d.rows.decided) + 1 }

// decision seals the worker's own note and the act to case and archive.
func (d *deciding) decision(n decisionNote, event statement.Event) (sealedObject, error) {
	l := d.rows.letter()
	c := seal.Context{Kind: seal.KindDecision, Agency: d.ag.ID, Exchange: l.ExchangeID, Object: l.ID, Part: "decision",
		From: "worker/" + d.actor.Account(), To: "case/" + l.ExchangeID, Version: uint64(d.turn())}
	return d.sealNote(c, n, event)
}

// note seals what a worker writes down with an act that decides nothing, under
// the act's name, to case and archive.
func (d *deciding) note(act, text string, event statement.Event) (sealedObject, error) {
	return d.noteWith(decisionNote{Act: act, Note: text}, event)
}

func (d *deciding) noteWith(n decisionNote, event statement.Event, rests ...[32]byte) (_ sealedObject, err error) {
	if n.Note, err = prose.Clean("note", n.Note, MaxReason*4); err != nil {
		return sealedObject{}, err
	}
	l := d.rows.letter()
	part := strings.ToLower(n.Act)
	c := seal.Context{Kind: seal.KindWorknote, Agency: d.ag.ID, Exchange: l.ExchangeID, Object: l.ID, Part: part,
		From: "worker/" + d.actor.Account(), To: "case/" + l.ExchangeID, Version: d.rows.next(part)}
	return d.sealNote(c, n, event, rests...)
}

func (d *deciding) sealNote(c seal.Context, n decisionNote, event statement.Event, rests ...[32]byte) (sealedObject, error) {
	content, err := json.Marshal(n)
	if err != nil {
		return sealedObject{}, fmt.Errorf("write a note: %w", err)
	}
	return d.seal(c, "", content, event, append(d.receipt(), rests...), d.node)
}

// receipt is the leaf of the letter's own statement, on which a decision rests.
func (d *deciding) receipt() [][32]byte {
	for _, o := range d.rows.objects {
		if o.is(d.rows.letter().ID, "text") {
			return [][32]byte{[32]byte(o.Leaf)}
		}
	}
	return nil
}

// side is the vouched-for node of one of the letter's sides.
func (d *deciding) side(ctx context.Context, id string) (agency.Node, error) {
	node, err := d.ag.Trusted(d.rows.nodes, "side/"+id)
	if err != nil {
		d.log.ErrorContext(ctx, "ALARM: a side's key is not the one vouched for", "agency", d.ag.ID, "side", id, "error", err)
		return node, fault.Wrap(fault.Sealed, "fault.sealing", err)
	}
	return node, nil
}

// step is what an act does in its transaction. The letter is locked; write
// queues what follows, with the state that the letter is in.
type step struct {
	act      string               // its name
	from     []State              // whence it may go
	claimed  bool                 // only with the actor's claim
	judge    func(relayRow) error // with how everything stands then, whether the letter may go on; nil where that is not asked
	shows    bool                 // the recipient's side may see the letter by it
	holds    bool                 // what it writes waits for the exchange
	decision sealedObject         // of a final decision; none otherwise
	bodies   [][]byte             // the statements, in order
	write    func(b *pgx.Batch, from State)
}

// commit runs an act's transaction.
func (d *deciding) commit(ctx context.Context, a step) error {
	l := d.rows.letter()
	var lock lockRow
	var decided []decidedRow
	var relay relayRow
	d.at(a.act)
	err := d.db.Act(ctx, scope(d.actor), func(b *pgx.Batch) {
		if a.holds {
			b.Queue(sqlHoldExchange, l.ID)
		}
		if a.shows {
			b.Queue(sqlLockExchange, l.ExchangeID)
			b.Queue(sqlLockSide, l.ToSide)
		}
		lockLetter(b, &lock, l.ID)
		postgres.Many(b, &decided, sqlDecided, l.ID)
		if a.judge != nil {
			postgres.One(b, &relay, sqlRelay, l.ID)
		}
	}, func(b *pgx.Batch) error {
		if err := d.check(a, lock, decided); err != nil {
			return err
		}
		if a.judge != nil {
			if err := a.judge(relay); err != nil {
				return err
			}
		}
		d.at(a.act + " locked")
		if a.decision.body != nil {
			leaf := statement.Leaf(a.decision.body)
			a.decision.queue(b)
			b.Queue(sqlInsertDecision, l.ID, a.act, d.turn(), leaf[:])
		}
		a.write(b, lock.State)
		b.Queue(sqlRelease, l.ID)
		b.Queue(sqlNudge)
		audit.Append(b, a.bodies...)
		return nil
	})
	if errors.Is(err, errSame) {
		return nil
	}
	return d.db.Fault(err)
}

// outcomes are the states that a decision leads to, by itself or later.
func outcomes(act string) []State {
	switch act {
	case "pass":
		return []State{Passed, Waiting, KeptForLater, Opened}
	case "propose":
		return []State{ProposedToWriter}
	case "return":
		return []State{ReturnedToWriter, ReplacedByRewrite, WithdrawnByWriter}
	case "refuse":
		return []State{RefusedByWorker}
	case "keepOnFile":
		return []State{KeptForChild}
	}
	return nil
}

// check looks at the locked letter: whether the act was done already by this
// worker, may still be done, and by them.
func (d *deciding) check(a step, lock lockRow, decided []decidedRow) error {
	n := len(decided)
	if a.decision.body != nil && n > 0 && decided[n-1].WorkerID == d.actor.Account() && decided[n-1].Act == a.act && slices.Contains(outcomes(a.act), lock.State) {
		return errSame
	}
	if a.claimed {
		if err := holds(lock, d.actor); err != nil {
			return err
		}
	}
	switch {
	case lock.State == Opened:
		return fault.New(fault.Conflict, "fault.letter.opened")
	case !slices.Contains(a.from, lock.State):
		return fault.New(fault.Conflict, "fault.letter.moved")
	case a.decision.body != nil && n != len(d.rows.decided):
		return fault.New(fault.Conflict, "fault.letter.decided")
	}
	return nil
}

// Pass passes a claimed letter on: this decision is the relay. The text is
// sealed anew to the other side, the case and the archive, under the worker's
// signature, and waits there from today, or from the day that the exchange's
// display delay asks for. note is for colleagues (case and archive), never for
// a family. Passed on twice by the same worker, it is delivered once and the
// second call is no error.
//
// Every finding that must be answered has its answer; what the worker confirmed
// is judged, with how everything stands in that moment, by the table of relay.
// The answers are kept with the decision.
//
// What was cut (Cut) does not go, and who cut it passes nothing on: the writer is told
// that something was left out, and not what.
//
// Each photo goes, or is left out with a reason that its writer reads, as the
// worker who passes the letter on said when they looked at it. So does a recording,
// by who listened to it, with what they wrote down of it.
//
// StepUp: no code in the last hour. Invalid: a finding is not answered, what was
// confirmed does not go on, or the letter needs a second reader. Conflict: not claimed, decided, stopped,
// a photo or a recording has no answer, or a child comes of age. Forbidden: connected to the family, helped to
// write, refused it before, or was the first of two readers. Sealed: the letter does not open, or not the protected list.
func (s *Service) Pass(ctx context.Context, actor authz.Actor, id LetterID, note string, answers ...Answer) error {
	d, err := s.beginDecision(ctx, actor, id)
	if err != nil {
		return err
	}
	if note, err = prose.Clean("note", note, MaxReason*4); err != nil {
		return err
	}
	said, err := d.judged(ctx, answers)
	if err != nil {
		return err
	}
	judge := d.judge(said)
	if d.waits() {
		if err := judge(d.rows.relay); err != nil {
			return err
		}
	}
	l := d.rows.letter()
	decision, err := d.decision(decisionNote{Act: "pass", Note: note, Findings: said}, statement.EventApprove)
	if err != nil {
		return err
	}
	to, err := d.side(ctx, l.ToSide)
	if err != nil {
		return err
	}
	delivery := agency.NewID("dl")
	c := seal.Context{Kind: seal.KindDelivery, Agency: d.ag.ID, Exchange: l.ExchangeID, Object: delivery, Part: "text",
		From: "case/" + l.ExchangeID, To: "side/" + l.ToSide, Version: 1}
	refs := append(d.receipt(), statement.Leaf(decision.body))
	if d.cut != nil {
		refs = append(refs, [32]byte(d.rows.relay.CutLeaf))
	}
	told, err := d.tellLeftOut(ctx)
	if err != nil {
		return err
	}
	sealed, err := d.seal(c, l.ToSide, []byte(d.text), statement.EventDeliver, refs, to, d.node)
	if err != nil {
		return err
	}
	photos, err := d.passPhotos(ctx, to, refs)
	if err != nil {
		return err
	}
	translated, err := d.passTranslation(delivery, to, refs)
	if err != nil {
		return err
	}
	recorded, err := d.passRecording(ctx, to, refs)
	if err != nil {
		return err
	}
	return d.commit(ctx, step{act: "pass", from: whence("pass", authz.LetterboxWorker), claimed: true, shows: true, judge: judge, decision: decision,
		bodies: slices.Concat([][]byte{decision.body, sealed.body}, bodiesOf(told), translated.bodies(), photos.bodies(), recorded.bodies()), write: func(b *pgx.Batch, from State) {
			sealed.queue(b)
			translated.queue(b)
			for _, o := range told {
				o.queue(b)
			}
			b.Queue(sqlInsertDelivery, delivery, l.ID, l.ToSide)
			photos.queue(b, delivery)
			recorded.queue(b, delivery)
			b.Queue(guardedPass, l.ID, string(from))
			b.Queue(sqlShow, l.ID)
			b.Queue(sqlNotifyRecipient, l.ID)
		}})
}

// Return sends a claimed letter back to its writer with a reason from the list
// and words of the worker's own, which the writer reads; note is for
// colleagues. What was answered about findings is kept with the decision, and
// need not be answered whole. A letter that was passed on is recalled first. Returned twice by
// the same worker, it is returned once. Errors as for Pass, and Invalid on
// "reason" or "words".
func (s *Service) Return(ctx context.Context, actor authz.Actor, id LetterID, reason ReturnReason, words, note string, answers ...Answer) error {
	d, err := s.beginDecision(ctx, actor, id)
	if err != nil {
		return err
	}
	return d.sendBack(ctx, step{act: "return", from: whence("return", authz.LetterboxWorker), claimed: true},
		WriterReason{Reason: reason, Words: words}, note, answers)
}

// Refuse ends a claimed letter without passing it on. The writer reads why, as
// for Return, and is offered the opinion of a second worker, once. Refused
// twice by the same worker, it is refused once. Errors as for Return.
func (s *Service) Refuse(ctx context.Context, actor authz.Actor, id LetterID, reason ReturnReason, words, note string, answers ...Answer) error {
	d, err := s.beginDecision(ctx, actor, id)
	if err != nil {
		return err
	}
	return d.sendBack(ctx, step{act: "refuse", from: whence("refuse", authz.LetterboxWorker), claimed: true}, WriterReason{Reason: reason, Words: words}, note, answers)
}

// sendBack is Return and Refuse: a decision with a reason that the writer reads.
func (d *deciding) sendBack(ctx context.Context, a step, reason WriterReason, note string, answers []Answer) error {
	words, note, err := returnWords(reason.Reason, reason.Words, note)
	told, unknown := d.told(ctx, LetterReasons, string(reason.Reason))
	if err == nil {
		err = d.toWriter(ctx, words)
	}
	if err := errors.Join(unknown, err); err != nil {
		return err
	}
	said, err := d.said(ctx, answers)
	if err != nil {
		return err
	}
	event, to := statement.EventReturn, ReturnedToWriter
	if a.act == "refuse" {
		event, to = statement.EventRefuse, RefusedByWorker
	}
	a.decision, err = d.decision(decisionNote{Act: a.act, Reason: reason.Reason, Note: note, Findings: said}, event)
	if err != nil {
		return err
	}
	sealed, err := d.reason(ctx, WriterReason{Reason: reason.Reason, Told: told, Words: words}, event)
	if err != nil {
		return err
	}
	a.bodies = [][]byte{a.decision.body, sealed.body}
	a.write = func(b *pgx.Batch, from State) {
		sealed.queue(b)
		b.Queue(guardedDecide, d.rows.letter().ID, string(to), string(from))
		b.Queue(sqlNotifyWriter, d.rows.letter().ID)
	}
	return d.commit(ctx, a)
}

// reason seals what the writer is told to their side, the case and the archive.
func (d *deciding) reason(ctx context.Context, r WriterReason, event statement.Event) (sealedObject, error) {
	l := d.rows.letter()
	from, err := d.side(ctx, l.FromSide)
	if err != nil {
		return sealedObject{}, err
	}
	content, err := json.Marshal(r)
	if err != nil {
		return sealedObject{}, fmt.Errorf("write reason: %w", err)
	}
	c := seal.Context{Kind: seal.KindReason, Agency: d.ag.ID, Exchange: l.ExchangeID, Object: l.ID, Part: "reason",
		From: "case/" + l.ExchangeID, To: "side/" + l.FromSide, Version: uint64(d.turn())}
	return d.seal(c, l.FromSide, content, event, d.receipt(), from, d.node)
}

// KeepOnFile ends a claimed letter by keeping it on the child's file: it is not
// passed on, and the writer is told that it is kept for the child. note is for
// colleagues. A letter that was passed on is recalled first. Kept twice by the
// same worker, it is kept once. Errors as for Pass.
func (s *Service) KeepOnFile(ctx context.Context, actor authz.Actor, id LetterID, note string, answers ...Answer) error {
	d, err := s.beginDecision(ctx, actor, id)
	if err != nil {
		return err
	}
	return d.keep(ctx, step{act: "keepOnFile", from: whence("keepOnFile", authz.LetterboxWorker), claimed: true}, note, answers)
}

func (d *deciding) keep(ctx context.Context, a step, note string, answers []Answer) error {
	note, err := prose.Clean("note", note, MaxReason*4)
	if err != nil {
		return err
	}
	said, err := d.said(ctx, answers)
	if err != nil {
		return err
	}
	a.decision, err = d.decision(decisionNote{Act: a.act, Note: note, Findings: said}, statement.EventKeep)
	if err != nil {
		return err
	}
	a.bodies = [][]byte{a.decision.body}
	a.write = func(b *pgx.Batch, from State) {
		b.Queue(guardedDecide, d.rows.letter().ID, string(KeptForChild), string(from))
		b.Queue(sqlNotifyWriter, d.rows.letter().ID)
	}
	return d.commit(ctx, a)
}

// WriterReason is what a writer is told when a letter comes back or is refused: a reason of
// the list, with its words as they were then, and the worker's own words.
type WriterReason struct {
	Reason ReturnReason `json:"reason"`
	// Told is the sentence of the reason; "" where it was said before lists could be
	// changed, and stands in the catalogues as "reason.<value>".
	Told  string `json:"told,omitempty"`
	Words string `json:"words"`
}

// parseReason reads a reason that was opened. One that does not parse says nothing.
func parseReason(content string) (r WriterReason) {
	if json.Unmarshal([]byte(content), &r) != nil {
		return WriterReason{}
	}
	return r
}

func returnWords(reason ReturnReason, words, note string) (string, string, error) {
	words, err := prose.Clean("words", words, MaxReason*4)
	if err != nil {
		return "", "", err
	}
	if utf8.RuneCountInString(words) > MaxReason {
		return "", "", fault.Field("words", "fault.text.tooLong")
	}
	if reason == "other" && prose.Blank(words) {
		return "", "", fault.Field("words", "fault.reason.words")
	}
	note, err = prose.Clean("note", note, MaxReason*4)
	return words, note, err
}
