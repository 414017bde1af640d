package letterbox

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/prose"
)

// Proposal is what a worker asks a writer to leave out of their letter, as both
// see it.
type Proposal struct {
	Turn   int // which one of the letter's: what Agree must name
	Pieces []Piece
	Words  string // the worker's own, to the writer
	Agreed bool   // the writer agreed to it, and the letter's text is what it leaves
}

// Text is the letter as it would go.
func (p *Proposal) Text() Text { return Text(asItGoes(p.Pieces)) }

// proposalContent is what is sealed to the writer's side, the case and the archive.
type proposalContent struct {
	Pieces []Piece `json:"pieces"`
	Words  string  `json:"words,omitempty"`
}

const sqlInsertCut = `insert into letter_cut (agency_id, letter_id, n, turn, worker_id, whole, leaf) values (agency(), $1, $2, $3, account(), $4, $5)`

// Propose asks the writer of a claimed letter to leave parts of it out: they see
// exactly which, and why, and agree (Agree), write the letter again, or ask another
// worker (SecondOpinion). Until they answer the letter waits for them and nothing
// happens to it. words are for the writer; note is for colleagues. Proposed twice
// by the same worker, it is proposed once.
//
// What is found only because of what somebody else told us is never pointed at,
// whether the writer's guess is right or wrong: a letter with that is returned.
//
// Invalid: no parts, one that stands nowhere in the letter, has no reason or may
// not be pointed at, or nothing would be left. Conflict: the letter came on paper,
// was proposed often enough, or is to go on cut. Otherwise as for Return.
func (s *Service) Propose(ctx context.Context, actor authz.Actor, id LetterID, parts []Part, words, note string, answers ...Answer) error {
	d, err := s.beginDecision(ctx, actor, id)
	if err != nil {
		return err
	}
	if d.rows.letter().Paper {
		return fault.New(fault.Conflict, "fault.proposal.paper")
	}
	if d.cut != nil {
		return fault.New(fault.Conflict, "fault.letter.moved")
	}
	found, err := d.screened(ctx)
	if err != nil {
		return err
	}
	may, err := d.pointing(ctx, d.ag, d.rows, d.keys, d.text)
	if err != nil {
		return err
	}
	reasons, err := d.reasonsOf(ctx, d.ag, d.actor)
	if err != nil {
		return err
	}
	pieces, partsErr := piecesOf(d.text, inText(found, d.text), parts, may, reasons)
	words, note, wordsErr := proposalWords(words, note)
	if wordsErr == nil {
		wordsErr = d.toWriter(ctx, words)
	}
	said, answerErr := answered(found, answers, d.rows.adopters())
	if err := errors.Join(partsErr, wordsErr, answerErr); err != nil {
		return err
	}
	decision, err := d.decision(decisionNote{Act: "propose", Note: note, Findings: said}, statement.EventReturn)
	if err != nil {
		return err
	}
	proposal, err := d.proposal(ctx, proposalContent{pieces, words})
	if err != nil {
		return err
	}
	return d.commit(ctx, step{act: "propose", from: whence("propose", authz.LetterboxWorker), claimed: true, decision: decision,
		bodies: [][]byte{decision.body, proposal.body}, write: func(b *pgx.Batch, from State) {
			proposal.queue(b)
			b.Queue(guardedDecide, d.rows.letter().ID, string(ProposedToWriter), string(from))
			b.Queue(sqlNotifyWriter, d.rows.letter().ID)
		}})
}

// pointing tells what in a text of a letter its writer may be pointed at.
func (s *Service) pointing(ctx context.Context, ag *agency.Agency, rows *caseRows, keys []*age.HybridIdentity, text string) (pointing, error) {
	l := rows.letter()
	list, err := s.openList(ctx, ag, &rows.protected, l.ExchangeID, keys)
	if err != nil {
		return pointing{}, err
	}
	screen, err := compileOwn(list.told(l.FromSide), s.openCaseNames(ctx, ag, rows.objects, l.FromSide, keys))
	if err != nil {
		return pointing{}, s.unstated(ctx, ag, l.ExchangeID, err)
	}
	return pointing{own: screen.Scan(text)}, nil
}

func proposalWords(words, note string) (string, string, error) {
	words, err := prose.Clean("words", words, MaxReason*4)
	if err == nil && utf8.RuneCountInString(words) > MaxReason {
		err = fault.Field("words", "fault.text.tooLong")
	}
	note, noteErr := prose.Clean("note", note, MaxReason*4)
	return words, note, errors.Join(err, noteErr)
}

// proposal seals what the writer is asked to their side, the case and the archive.
func (d *deciding) proposal(ctx context.Context, p proposalContent) (sealedObject, error) {
	l := d.rows.letter()
	from, err := d.side(ctx, l.FromSide)
	if err != nil {
		return sealedObject{}, err
	}
	content, err := json.Marshal(p)
	if err != nil {
		return sealedObject{}, fmt.Errorf("write a proposal: %w", err)
	}
	c := seal.Context{Kind: seal.KindProposal, Agency: d.ag.ID, Exchange: l.ExchangeID, Object: l.ID, Part: "proposal",
		From: "case/" + l.ExchangeID, To: "side/" + l.FromSide, Version: uint64(d.turn())}
	return d.seal(c, l.FromSide, content, statement.EventReturn, d.receipt(), from, d.node)
}

// Cut says that a claimed letter may go on without parts of it of which its writer
// was not asked. It passes nothing on: another worker does, who reads and answers
// for the text as it would go, or does something else. The claim ends. note says
// why, to colleagues; the writer is told that something was left out once the
// letter is passed on, and not what.
//
// Invalid: field "note", or the parts, as for Propose, which may be any here; or the
// actor does not read the letter, and nobody translated it.
// Conflict: it is to go on cut already. Otherwise as for Pass.
func (s *Service) Cut(ctx context.Context, actor authz.Actor, id LetterID, parts []Part, note string) error {
	d, err := s.beginWork(ctx, actor, id)
	if err != nil {
		return err
	}
	if d.rows.relay.CutLeaf != nil && d.rows.relay.FirstReader == actor.Account() {
		return nil
	}
	if err := d.openLetter(ctx); err != nil {
		return err
	}
	if d.cut != nil {
		return fault.New(fault.Conflict, "fault.letter.moved")
	}
	found, err := d.screened(ctx)
	if err != nil {
		return err
	}
	if err := d.understood(ctx); err != nil {
		return err
	}
	reasons, err := d.reasonsOf(ctx, d.ag, d.actor)
	if err != nil {
		return err
	}
	pieces, err := piecesOf(d.text, inText(found, d.text), parts, pointing{anything: true}, reasons)
	return errors.Join(err, whyCut(note), d.cutTo(ctx, err == nil && !prose.Blank(note), pieces, note))
}

// UndoCut takes back that a claimed letter goes on without parts of it: it is whole
// again, and nobody has read it first. Whoever cut may do this too, and where they read
// it no more anybody of the team who does not know the family, whether they may decide
// about it or not: so a letter whose first reader has left goes on with others. While
// who cut does read it, nobody else undoes it who may not decide: one other worker alone
// could pass it on whole then. Errors as for Cut.
func (s *Service) UndoCut(ctx context.Context, actor authz.Actor, id LetterID, note string) error {
	d, err := s.beginWork(ctx, actor, id)
	if err != nil {
		return err
	}
	if first := d.rows.relay.FirstReader; first != "" && first != actor.Account() {
		if err := d.mayDecide(); err != nil {
			return err
		}
	}
	cut, err := s.standingCut(ctx, d.ag, d.rows, d.keys)
	if err != nil {
		return err
	}
	if cut == nil {
		return fault.New(fault.Conflict, "fault.letter.moved")
	}
	return errors.Join(whyCut(note), d.cutTo(ctx, !prose.Blank(note), nil, note))
}

func whyCut(note string) error {
	if prose.Blank(note) {
		return fault.Field("note", "fault.cut.why")
	}
	return nil
}

// cutTo states a cut, or with no pieces that there is none any more; where not ready, it does nothing.
func (d *deciding) cutTo(ctx context.Context, ready bool, pieces []Piece, note string) error {
	if !ready {
		return nil
	}
	written, err := d.noteWith(decisionNote{Act: "cut", Note: note, Turn: d.turn(), Pieces: pieces}, statement.EventCasework)
	if err != nil {
		return err
	}
	leaf := statement.Leaf(written.body)
	return d.commit(ctx, step{act: "cut", from: whence("pass", authz.LetterboxWorker), claimed: true, bodies: [][]byte{written.body},
		write: func(b *pgx.Batch, _ State) {
			written.queue(b)
			b.Queue(sqlInsertCut, d.rows.letter().ID, written.at.Version, d.turn(), len(pieces) == 0, leaf[:])
		}})
}

// standingCut is what a letter would go on without, unasked; nil for nothing. The
// newest stated words about it say so, and the rows must say the same: a row alone
// is nobody's word, and words without their row would let one worker act alone.
func (s *Service) standingCut(ctx context.Context, ag *agency.Agency, rows *caseRows, keys []*age.HybridIdentity) ([]Piece, error) {
	letter := rows.letter().ID
	i := slices.IndexFunc(rows.objects, func(o objectRow) bool { return o.ID == letter && o.Part == "cut" })
	if i < 0 {
		stated, err := s.index.Stated(ctx, ag.ID, letter, "cut")
		if err == nil && (stated || rows.relay.CutLeaf != nil) {
			err = fmt.Errorf("%w: what %s goes on without", seal.ErrStale, letter)
		}
		if err != nil {
			return nil, s.unstated(ctx, ag, letter, err)
		}
		return nil, nil
	}
	o := rows.objects[i]
	if seal.Kind(o.Kind) != seal.KindWorknote || o.ExchangeID != rows.letter().ExchangeID {
		return nil, s.unstated(ctx, ag, letter, fmt.Errorf("%w: not a note of this letter", seal.ErrUnsigned))
	}
	var n decisionNote
	content, err := s.open(ctx, ag, o, keys...)
	if err == nil {
		err = json.Unmarshal(content, &n)
	}
	if err != nil {
		return nil, err
	}
	stands := len(n.Pieces) > 0 && n.Turn == len(rows.decided)+1
	if stands != (rows.relay.CutLeaf != nil) || stands && (!bytes.Equal(o.Leaf, rows.relay.CutLeaf) ||
		rows.relay.FirstReader != "" && o.FromNode != "worker/"+rows.relay.FirstReader) {
		return nil, s.unstated(ctx, ag, letter, fmt.Errorf("%w: the rows say something else of what it goes on without", seal.ErrUnsigned))
	}
	if !stands {
		return nil, nil
	}
	return n.Pieces, nil
}

// proposed opens the proposal about a letter that its writer agreed to, or asked
// another worker about, for a worker who reads it; nil where there is none.
func (s *Service) proposed(ctx context.Context, ag *agency.Agency, rows *caseRows, keys []*age.HybridIdentity) (*Proposal, error) {
	letter := rows.letter().ID
	asked := slices.IndexFunc(rows.decided, func(d decidedRow) bool { return d.Asked })
	o, agreed := proposalOf(rows.objects, letter, uint64(asked+1))
	if o == nil {
		return nil, nil
	}
	open := s.open
	if o.Version != newestVersion(rows.objects, letter, "proposal") {
		open = s.openOlder
	}
	content, err := open(ctx, ag, *o, keys...)
	if err != nil {
		return nil, err
	}
	return parseProposal(content, o.Version, agreed), nil
}

// openOlder opens a version of an object after which there are others. What it says is
// signed; that it is the one that counts is for its caller to know. Errors as for open.
func (s *Service) openOlder(ctx context.Context, ag *agency.Agency, row objectRow, keys ...*age.HybridIdentity) ([]byte, error) {
	st, err := s.stated(ctx, ag, row)
	var sealed []byte
	if err == nil {
		sealed, err = s.whole(ctx, ag, row.Sealed)
	}
	for _, key := range keys {
		if err != nil {
			break
		}
		content, opened := seal.OpenSigned(sealed, row.context(ag.ID), key, st.Commit)
		if opened == nil {
			return content, nil
		}
	}
	return nil, s.unstated(ctx, ag, row.ID, cmp.Or(err, error(seal.ErrKey)))
}

// parseProposal reads a proposal that was opened. One that does not parse proposes nothing.
func parseProposal(content []byte, version uint64, agreed bool) *Proposal {
	var p proposalContent
	if json.Unmarshal(content, &p) != nil {
		return nil
	}
	return &Proposal{Turn: int(version), Pieces: p.Pieces, Words: p.Words, Agreed: agreed}
}

// whole is the open letter with what it would go on without, for somebody who is worried about it.
func (d *deciding) whole() string {
	if d.cut == nil {
		return d.text
	}
	text := ""
	for _, p := range d.cut {
		text += string(p.Text)
	}
	return text
}

// tellLeftOut is what the writer of a letter that goes on cut is told: that
// something was left out, and not what. Who asked for a second opinion hears why, too,
// as far as that can be said: not that words tell who or where somebody is or are
// about another child, which would tell a right guess, nor in anybody's own words.
func (d *deciding) tellLeftOut(ctx context.Context) ([]sealedObject, error) {
	if d.cut == nil {
		return nil, nil
	}
	told := WriterReason{Reason: leftOutUnasked}
	if d.rows.letter().Second {
		told.Words = whyCutAway(d.cut)
	}
	o, err := d.reason(ctx, told, statement.EventReturn)
	return []sealedObject{o}, err
}

// whyCutAway are the sentences of the reasons why something was left out that its
// writer may read, each once.
func whyCutAway(pieces []Piece) string {
	var why []string
	for _, p := range pieces {
		if p.Reason != "" && p.Reason != identifying && p.Reason != "others" && !p.Reason.inOwnWords() && p.Told != "" && !slices.Contains(why, p.Told) {
			why = append(why, p.Told)
		}
	}
	return strings.Join(why, "\n")
}

// leftOutUnasked is no reason that a worker chooses.
const leftOutUnasked ReturnReason = "leftOut"

// String keeps letters out of logs.
func (p Part) String() string { return "[sealed]" }

// GoString keeps letters out of logs.
func (p Part) GoString() string { return "[sealed]" }

// readAround puts beside a letter what it would go on without, what its writer was
// asked before, and the letter that it replaces. Sealed, after an alarm: the reading is then Unread.
func (s *Service) readAround(ctx context.Context, ag *agency.Agency, rows *caseRows, keys []*age.HybridIdentity, reading *Reading) (err error) {
	l := rows.letter()
	if reading.Cut, err = s.standingCut(ctx, ag, rows, keys); err == nil {
		reading.Proposal, err = s.proposed(ctx, ag, rows, keys)
	}
	if err != nil {
		reading.Unread, reading.Text = true, ""
		return err
	}
	reading.MayOriginal = rows.text(l.ID).Version > 1
	if reading.Cut != nil {
		reading.Text = Text(asItGoes(reading.Cut))
	}
	for i, e := range rows.earlier {
		if e.ID == l.Replaces && l.Replaces != "" && !reading.Earlier[i].Unread {
			reading.Changed = Compare(reading.Earlier[i].Text, reading.Text)
		}
	}
	return nil
}
