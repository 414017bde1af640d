package letterbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// Whose letters a second worker reads before they go on.
const (
	// ReadTwiceRisk: those of a side of whom a letter is or was with the
	// safeguarding lead, who did not give it back to the desk.
	ReadTwiceRisk = "risk"
	// ReadTwiceNew: those, and the first letter of each side that goes on.
	ReadTwiceNew = "new"
	// ReadTwiceAlways: every letter of the exchange.
	ReadTwiceAlways = "always"
)

// SecondReaders lists whose letters two workers may read, the fewest first.
func SecondReaders() []string { return agency.SecondReaders() }

const sqlInsertFirst = `insert into first_reading (agency_id, letter_id, turn, worker_id, leaf) values (agency(), $1, $2, account(), $3)`

var guardedReaders = postgres.Guarded(`update exchange set second_reader = $2 where agency_id = agency() and id = $1 and second_reader <> $2 returning 1`)

// SetSecondReader sets whose letters of an exchange two workers read, one of
// SecondReaders: for letters that are not passed on yet, too. Any worker may ask
// for more; that fewer are read twice only a manager says (Forbidden for others,
// in the database too). Invalid: field "readers". Otherwise as SetState.
func (s *Service) SetSecondReader(ctx context.Context, actor authz.Actor, id ExchangeID, readers string) error {
	if !slices.Contains(SecondReaders(), readers) {
		return s.refuse(ctx, actor, string(id), fault.Field("readers", "fault.exchange.readers"))
	}
	return s.set(ctx, actor, "ex", change{object: string(id), part: "readers", read: sqlExchangeNow, lock: sqlExchangeNowLock, nodes: sqlCaseNode,
		write: guardedReaders, to: readers})
}

// readers writes down whose letters two workers read in an exchange that is being
// opened, where the agency asks for more than those of risk: a signed note like
// that of SetSecondReader, so that a row which asks for fewer is an alarm from the
// first day.
func (o *opening) readers() error {
	if o.ag.SecondReader == ReadTwiceRisk {
		return nil
	}
	content, err := json.Marshal(stateNote{State: o.ag.SecondReader, At: o.at.UTC().Truncate(time.Second)})
	if err != nil {
		return fmt.Errorf("write a note: %w", err)
	}
	c := seal.Context{Kind: seal.KindWorknote, Agency: o.ag.ID, Exchange: o.id, Object: o.id, Part: "readers",
		From: workerNode(o.actor.Account()), To: "case/" + o.id, Version: 1}
	sealed, err := seal.Seal(c, content, o.caseNode.Recipient(), o.ag.Archive())
	if err != nil {
		return fmt.Errorf("seal a note: %w", err)
	}
	st := statementOf(c, sealed.Commit)
	st.Event, st.At = statement.EventCasework, o.at
	body, err := o.ag.State(st, "", o.signer)
	if err != nil {
		return err
	}
	o.bodies = append(o.bodies, body)
	o.then(sealedObject{at: c, sealed: sealed, body: body}.queue)
	return nil
}

// ReadFirst says of a claimed letter that needs two readers that it may go on,
// and leaves it to another worker, who passes it on or not. The claim ends. The
// answers to findings and the note are for that worker, sealed to case and
// archive. Said twice by the same worker, it is said once. Conflict: the letter
// needs no second reader, or has its first. Otherwise as for Pass.
func (s *Service) ReadFirst(ctx context.Context, actor authz.Actor, id LetterID, note string, answers ...Answer) error {
	d, err := s.beginWork(ctx, actor, id)
	if err != nil {
		return err
	}
	if d.rows.relay.FirstReader == actor.Account() {
		return nil
	}
	if err := d.openLetter(ctx); err != nil {
		return err
	}
	if !d.rows.relay.TwoReaders || d.rows.relay.FirstReader != "" || d.cut != nil {
		return fault.New(fault.Conflict, "fault.letter.moved")
	}
	said, err := d.judged(ctx, answers)
	if err != nil {
		return err
	}
	alone := func(row relayRow) error { return d.rule(row, said, d.rows.helped, 1, 1) }
	if err := alone(d.rows.relay); err != nil {
		return err
	}
	written, err := d.noteWith(decisionNote{Act: "first", Note: note, Findings: said}, statement.EventCasework, d.beside()...)
	if err != nil {
		return err
	}
	leaf := statement.Leaf(written.body)
	return d.commit(ctx, step{act: "first", from: whence("pass", authz.LetterboxWorker), claimed: true, judge: alone, bodies: [][]byte{written.body},
		write: func(b *pgx.Batch, _ State) {
			written.queue(b)
			b.Queue(sqlInsertFirst, d.rows.letter().ID, d.turn(), leaf[:])
		}})
}

// judge asks the table whether the letter may go on with what was said of it.
func (d *deciding) judge(said []Answered) func(relayRow) error {
	return func(row relayRow) error {
		if !bytes.Equal(row.CutLeaf, d.rows.relay.CutLeaf) {
			return fault.New(fault.Conflict, "fault.letter.moved")
		}
		needed, readers := 1, 1
		if row.TwoReaders || d.cut != nil {
			needed = 2
		}
		if row.FirstReader != "" && row.FirstReader != d.actor.Account() && bytes.Equal(row.FirstLeaf, d.rows.relay.FirstLeaf) {
			readers = 2
		}
		return d.rule(row, said, d.rows.helped, readers, needed)
	}
}

// said puts the answers to what the screen finds in the open letter.
func (d *deciding) said(ctx context.Context, answers []Answer) ([]Answered, error) {
	if len(answers) == 0 {
		return nil, nil
	}
	found, err := d.screened(ctx)
	if err != nil {
		return nil, err
	}
	return answered(found, answers, d.rows.adopters())
}

// judged is said for a letter that is to go on: every finding that must be
// answered is, and whoever read it first said so themselves. Of a letter that
// waits no longer the transaction says so.
func (d *deciding) judged(ctx context.Context, answers []Answer) ([]Answered, error) {
	if !d.waits() {
		return nil, nil
	}
	if err := d.heard(); err != nil {
		return nil, err
	}
	found, err := d.screened(ctx)
	if err != nil {
		return nil, err
	}
	said, err := answered(found, answers, d.rows.adopters())
	if err := errors.Join(err, unanswered(found, answers)); err != nil {
		return nil, err
	}
	if err := d.statedReaders(ctx); err != nil {
		return nil, err
	}
	if err := d.statedOrder(ctx); err != nil {
		return nil, err
	}
	if err := d.statedParts(ctx, d.ag, d.rows); err != nil {
		return nil, err
	}
	if err := d.readable(ctx); err != nil {
		return nil, err
	}
	return said, d.firstRead(ctx)
}

// statedReaders checks that the row asks for no fewer readers than a worker said
// last, in their signed note. One that asks for more harms nobody.
func (d *deciding) statedReaders(ctx context.Context) error {
	said, err := d.settingNote(ctx, "readers", d.rows.relay.ReadersVersion, ReadTwiceRisk)
	if err != nil {
		return err
	}
	if slices.Index(SecondReaders(), d.rows.relay.SecondReader) < slices.Index(SecondReaders(), said) {
		return d.unstated(ctx, d.ag, d.rows.letter().ExchangeID, fmt.Errorf("%w: fewer readers than were asked for", seal.ErrUnsigned))
	}
	return nil
}

// waits tells whether the letter could be passed on when it was read.
func (d *deciding) waits() bool {
	return slices.Contains(whence("pass", authz.LetterboxWorker), State(d.rows.letter().State))
}

// beside is the leaf of the translation that counts, which a first reading rests on;
// none where there is none.
func (d *deciding) beside() [][32]byte {
	if d.translation.Text == "" {
		return nil
	}
	return [][32]byte{[32]byte(d.rows.language.newest(d.rows.letter().ID, "translation").Leaf)}
}

// firstRead checks that the first reading is what its statement says: by that
// worker, about this letter, with the translation that it has now. A row without it
// is nobody's word.
func (d *deciding) firstRead(ctx context.Context) error {
	first := d.rows.relay
	if first.FirstReader == "" {
		return nil
	}
	part := "first"
	if d.cut != nil {
		part = "cut"
	}
	for _, o := range d.rows.objects {
		if o.ID != d.rows.letter().ID || o.Part != part || !bytes.Equal(o.Leaf, first.FirstLeaf) {
			continue
		}
		st, err := d.stated(ctx, d.ag, o)
		if err == nil && st.From == "worker/"+first.FirstReader && (d.cut != nil || d.restsOn(st, d.beside())) {
			return nil
		}
		return d.unstated(ctx, d.ag, o.ID, errors.Join(err, errors.New("not the first reader's word")))
	}
	return d.unstated(ctx, d.ag, d.rows.letter().ID, errors.New("no word of the first reader"))
}

// restsOn tells whether a statement is about the letter and these, and nothing else.
func (d *deciding) restsOn(st *statement.Statement, beside [][32]byte) bool {
	return slices.Equal(st.Refs, append(d.receipt(), beside...))
}

// screened marks the open letter as the worker sees it marked.
func (d *deciding) screened(ctx context.Context) ([]Finding, error) {
	screen, err := d.screenOf(ctx, d.ag, d.actor, d.rows, &d.rows.protected, d.keys)
	if err != nil {
		return nil, err
	}
	transcript, err := d.transcript(ctx, d.ag, d.actor, d.rows, d.keys)
	if err != nil {
		return nil, err
	}
	if err := d.openTranslation(ctx); err != nil {
		return nil, err
	}
	return append(findings(screen, screenedText(d.text, transcript)), translatedFindings(screen, d.translation.Text)...), nil
}

// adopters tells whether the letter is from an adoptive family.
func (r *caseRows) adopters() bool { return r.relay.Book == "adoptive" }
