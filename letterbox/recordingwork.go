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

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
	"gatepost/letterbox/voice"
)

// DeskRecording is the recording of a letter on the desk.
type DeskRecording struct {
	Answered bool // the actor said of it whether it goes
	Goes     bool
}

// RecordingView is the recording of a letter as it is open on the desk.
type RecordingView struct {
	Letter    LetterID
	Exchange  ExchangeID
	Reference string           // LB-XXXXX
	Agreed    string           // of RecordingPolicies: what may be done with it today
	Lost      bool             // our store has lost it: nobody can listen to it, and it can only be left out
	Seconds   int              // how long it is
	MayDecide bool             // the actor has the claim, and the letter waits for its decision
	Foreign   bool             // it cannot go: the letter needs a translation, and nobody translates a recording
	Answer    *RecordingAnswer // what was said of it last, by whomever; nil for nothing
	Mine      bool             // by the actor
}

// RecordingReason is what a writer is told about a recording that was left out: a
// reason of the agency's list, its sentence as it was then, and a worker's own words.
type RecordingReason = PhotoReason

// RecordingReasons lists why a recording can be left out, where no agency has changed the
// list (Service.Reasons). What is said in it is never named to its writer but as one
// neutral sentence: moderation confirms no guess.
func RecordingReasons() []string { return PhotoReasons() }

// RecordingAnswer is what a worker says of a recording. Transcript is what they wrote
// down of it, if they did: it goes with a recording that goes, and its writer is
// shown it then.
type RecordingAnswer struct {
	Heard      bool   `json:"heard"` // they listened to all of it
	Goes       bool   `json:"goes"`
	Transcript string `json:"transcript,omitempty"`
	RecordingReason
}

const (
	sqlRecording = `select p.id, coalesce(w.worker_id, '') as word_by, coalesce(w.goes, false) as goes, coalesce(w.n, 0) as words, s.recordings as agreed
		from letter l join side s on s.agency_id = l.agency_id and s.id = l.from_side
		join letter_recording p on p.agency_id = l.agency_id and p.letter_id = l.id
		left join lateral (select worker_id, goes, n from recording_word where agency_id = p.agency_id and recording_id = p.id order by n desc limit 1) w on true
		where l.agency_id = agency() and l.id = $1`
	// What was said of a recording last.
	sqlRecordingAnswer = `select ` + sqlObjectColumns + ` from letter_recording p join object o on o.agency_id = p.agency_id and o.id = p.id and o.part = 'answers' and o.kind = 'worknote'
		where p.agency_id = agency() and p.letter_id = $1 order by o.version desc limit 1`
	sqlSound               = `select ` + sqlObjectColumns + ` from object o where o.agency_id = agency() and o.id = $1 and o.part = 'sound' and o.kind = 'submission'`
	sqlInsertHeard         = `insert into recording_heard (agency_id, recording_id, worker_id) values (agency(), $1, account()) on conflict do nothing`
	sqlInsertRecordingWord = `insert into recording_word (agency_id, recording_id, n, worker_id, goes, leaf) values (agency(), $1, $2, account(), $3, $4)`

	sqlInsertDeliveryRecording = `insert into delivery_recording (agency_id, id, delivery_id, recording_id) values (agency(), $1, $2, $3)`
)

type recordingRow struct {
	ID     string
	WordBy string
	Goes   bool
	Words  int
	Agreed string
}

// recordingRows is what a letter's case knows of its recording.
type recordingRows struct {
	rows    []recordingRow // none or one
	answers []objectRow    // what was said of it last
}

func (r *recordingRows) queue(b *pgx.Batch, letter string) {
	postgres.Many(b, &r.rows, sqlRecording, letter)
	queueObjects(b, &r.answers, sqlRecordingAnswer, letter)
}

// row is the recording; NotFound where there is none.
func (r *recordingRows) row() (recordingRow, error) {
	if len(r.rows) != 1 {
		return recordingRow{}, notFound()
	}
	return r.rows[0], nil
}

// answered tells whether a worker said last of a recording whether it goes.
func (r recordingRow) answered(worker string) bool { return r.WordBy == worker }

// desk is the recording in the list of a letter's parts; nil for none.
func (r *recordingRows) desk(worker string) *DeskRecording {
	if len(r.rows) == 0 {
		return nil
	}
	return &DeskRecording{Answered: r.rows[0].answered(worker), Goes: r.rows[0].Goes}
}

// openRecordingAnswer opens what was said last of a recording; nil for nothing.
func (s *Service) openRecordingAnswer(ctx context.Context, ag *agency.Agency, rows *caseRows, keys []*age.HybridIdentity) (*RecordingAnswer, error) {
	row, err := rows.recording.row()
	if err != nil || row.WordBy == "" {
		return nil, nil
	}
	if list := rows.recording.answers; len(list) != 1 || list[0].ID != row.ID || list[0].FromNode != "worker/"+row.WordBy || list[0].ExchangeID != rows.letter().ExchangeID {
		return nil, s.unstated(ctx, ag, row.ID, errors.New("no answers"))
	}
	content, err := s.open(ctx, ag, rows.recording.answers[0], keys...)
	if err != nil {
		return nil, err
	}
	var a RecordingAnswer
	if err := json.Unmarshal(content, &a); err != nil || a.Goes != row.Goes {
		return nil, s.unstated(ctx, ag, row.ID, errors.New("a row says something else than the answers"))
	}
	return &a, nil
}

// transcript is what this worker wrote down of a recording that they let go on: it is
// screened with the letter, and goes with it.
func (s *Service) transcript(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows *caseRows, keys []*age.HybridIdentity) (string, error) {
	row, err := rows.recording.row()
	if err != nil || !row.answered(actor.Account()) || !row.Goes {
		return "", nil
	}
	a, err := s.openRecordingAnswer(ctx, ag, rows, keys)
	if err != nil {
		return "", err
	}
	return a.Transcript, nil
}

// screenedText is what is screened of a letter: its text and, behind an empty line,
// what was written down of its recording.
func screenedText(text, transcript string) string {
	if transcript == "" {
		return text
	}
	return text + "\n\n" + transcript
}

// Screened is the text that the findings are about: the letter and, behind an empty
// line, what was written down of its recording.
func (r Reading) Screened() string { return screenedText(string(r.Text), string(r.Transcript)) }

// OpenRecording tells of the recording of a letter that the actor has claimed what
// was said of it, without its sound; of one that is lost, that it is. The reading is in
// the log before it is opened.
// NotFound where there is none. Conflict, Forbidden and Sealed as for Read.
func (s *Service) OpenRecording(ctx context.Context, actor authz.Actor, id LetterID) (RecordingView, error) {
	view, _, err := s.hear(ctx, actor, id, false)
	return view, err
}

// HearRecording gives the recording of a letter that the actor has claimed, or of one
// that was passed on, as an M4A. The listening is in the log before it is opened; that
// they were given it is known for the answer. Errors as of OpenRecording.
func (s *Service) HearRecording(ctx context.Context, actor authz.Actor, id LetterID) ([]byte, error) {
	_, sound, err := s.hear(ctx, actor, id, true)
	return sound, err
}

func (s *Service) hear(ctx context.Context, actor authz.Actor, id LetterID, heard bool) (RecordingView, []byte, error) {
	ag, err := s.begin(ctx, actor, authz.Claim, string(id))
	if err != nil {
		return RecordingView{}, nil, err
	}
	rows, err := s.loadCase(ctx, actor, id)
	if err != nil {
		return RecordingView{}, nil, err
	}
	row, err := rows.recording.row()
	if err != nil {
		return RecordingView{}, nil, err
	}
	keys, _, err := s.caseKeys(ctx, ag, actor, rows)
	if err != nil {
		return RecordingView{}, nil, err
	}
	if err := s.relations(ctx, ag, actor, rows); err != nil {
		return RecordingView{}, nil, err
	}
	if err := s.logHearing(ctx, ag, actor, rows.letter(), row); err != nil {
		return RecordingView{}, nil, err
	}
	sound, err := s.openRecording(ctx, ag, actor, rows.letter(), row, keys)
	lost := gone(err)
	switch {
	case lost && !heard:
		err = nil
	case err == nil && heard:
		err = s.given(ctx, actor, rows.letter(), row)
	}
	if err != nil {
		return RecordingView{}, nil, err
	}
	answer, err := s.openRecordingAnswer(ctx, ag, rows, keys)
	if err != nil {
		return RecordingView{}, nil, err
	}
	l := rows.letter()
	view := RecordingView{Letter: id, Exchange: ExchangeID(l.ExchangeID), Reference: l.Reference, Agreed: row.Agreed, Answer: answer, Mine: row.answered(actor.Account())}
	view.Foreign = rows.needsTranslation()
	view.MayDecide = l.ClaimedBy == actor.Account() && rows.whyNot(actor.Account()) == "" && (State(l.State) == Received || State(l.State) == Held)
	if view.Lost = lost; lost {
		return view, nil, nil
	}
	view.Seconds, err = voice.Check(sound)
	return view, sound, err
}

// logHearing states that a recording is listened to: by who holds the claim, which is
// renewed, or after the letter was passed on.
func (s *Service) logHearing(ctx context.Context, ag *agency.Agency, actor authz.Actor, l deskRow, row recordingRow) error {
	signer, err := actor.Keys().Signer()
	if err != nil {
		return fmt.Errorf("sign listening: %w", err)
	}
	body, err := ag.State(statement.Statement{Event: statement.EventAccess, Object: row.ID, Part: "sound", Version: 1, Exchange: l.ExchangeID,
		From: "worker/" + actor.Account(), At: hour(s.now())}, "", signer)
	if err != nil {
		return err
	}
	var lock lockRow
	err = s.db.Act(ctx, scope(actor), func(b *pgx.Batch) { lockLetter(b, &lock, l.ID) }, func(b *pgx.Batch) error {
		if !passedOn(lock.State) && lock.State != Opened {
			if err := holds(lock, actor); err != nil {
				return err
			}
			b.Queue(guardedClaim, l.ID)
		}
		audit.Append(b, body)
		return nil
	})
	return s.db.Fault(err)
}

// given notes that a recording was there to listen to, for who holds the claim: not
// before it was opened, for nobody has heard what did not come.
func (s *Service) given(ctx context.Context, actor authz.Actor, l deskRow, row recordingRow) error {
	var lock lockRow
	err := s.db.Act(ctx, scope(actor), func(b *pgx.Batch) { lockLetter(b, &lock, l.ID) }, func(b *pgx.Batch) error {
		if passedOn(lock.State) || lock.State == Opened {
			return errSame
		}
		if err := holds(lock, actor); err != nil {
			return err
		}
		b.Queue(sqlInsertHeard, row.ID)
		return nil
	})
	if errors.Is(err, errSame) {
		return nil
	}
	return s.db.Fault(err)
}

// openRecording opens the sound of a letter, as it was sent.
func (s *Service) openRecording(ctx context.Context, ag *agency.Agency, actor authz.Actor, l deskRow, row recordingRow, keys []*age.HybridIdentity) ([]byte, error) {
	var objects []objectRow
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { queueObjects(b, &objects, sqlSound, row.ID) }); err != nil {
		return nil, s.db.Fault(fmt.Errorf("load recording %s: %w", row.ID, err))
	}
	if len(objects) != 1 || objects[0].FromNode != "side/"+l.FromSide || objects[0].ExchangeID != l.ExchangeID {
		return nil, s.unstated(ctx, ag, row.ID, fmt.Errorf("%w: the recording of another letter", seal.ErrUnsigned))
	}
	content, err := s.open(ctx, ag, objects[0], keys...)
	if err != nil {
		return nil, err
	}
	return checkSound(content)
}

// AnswerRecording says of the recording of a letter that the actor has claimed
// whether it goes, by who listened to it. The newest word counts. One that is lost is
// left out with the reason PartLost, which needs no listening.
//
// Invalid on "heard", "reason", "words" or "transcript". Conflict: not listened to, or
// not lost, the letter is decided or not claimed, or it would go in a language that not
// all of them read. Otherwise as for Pass.
func (s *Service) AnswerRecording(ctx context.Context, actor authz.Actor, id LetterID, a RecordingAnswer) error {
	d, err := s.beginWork(ctx, actor, id)
	if err != nil {
		return err
	}
	if err := d.mayDecide(); err != nil {
		return err
	}
	row, err := d.rows.recording.row()
	if err != nil {
		return err
	}
	a, err = s.checkRecording(a)
	if !a.Goes && a.Reason != PartLost {
		var unknown error
		a.Told, unknown = d.told(ctx, RecordingLeftOut, a.Reason)
		err = errors.Join(err, unknown, d.aboutUnwritten(ctx, a.Words))
	}
	if err != nil {
		return err
	}
	if a.Reason == PartLost {
		if _, err := s.openRecording(ctx, d.ag, actor, d.rows.letter(), row, d.keys); !gone(err) {
			return errors.Join(err, fault.New(fault.Conflict, "fault.part.here"))
		}
	}
	if a.Goes && row.Agreed == recordingsNone {
		return fault.New(fault.Conflict, "fault.recording.notAgreedNow")
	}
	if a.Goes && d.rows.needsTranslation() {
		return fault.New(fault.Conflict, "fault.recording.language")
	}
	content, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("write an answer: %w", err)
	}
	said, err := d.photoNote(ctx, photoRow{ID: row.ID}, "answers", row.Words+1, content)
	if err != nil {
		return err
	}
	leaf := statement.Leaf(said.body)
	return d.writePhoto(ctx, said, func(b *pgx.Batch) { b.Queue(sqlInsertRecordingWord, row.ID, row.Words+1, a.Goes, leaf[:]) })
}

func (s *Service) checkRecording(a RecordingAnswer) (RecordingAnswer, error) {
	var faults []error
	if !a.Goes && a.Reason == PartLost {
		return RecordingAnswer{RecordingReason: RecordingReason{Reason: PartLost}}, nil // nobody heard it
	}
	if !a.Heard {
		faults = append(faults, fault.Field("heard", "fault.recording.hear"))
	}
	transcript, err := prose.Clean("transcript", a.Transcript, s.limits.Text)
	if err == nil && prose.Blank(transcript) {
		transcript = ""
	}
	a.Transcript, faults = transcript, append(faults, err)
	if a.Goes {
		a.RecordingReason = RecordingReason{}
		return a, errors.Join(faults...)
	}
	words, err := prose.Clean("words", a.Words, MaxReason*4)
	switch {
	case err != nil:
		faults = append(faults, err)
	case utf8.RuneCountInString(words) > MaxReason:
		faults = append(faults, fault.Field("words", "fault.text.tooLong"))
	case a.Reason == "other" && prose.Blank(words):
		faults = append(faults, fault.Field("words", "fault.reason.words"))
	}
	a.Words = words
	return a, errors.Join(faults...)
}

// heard asks the table what it says of a letter whose recording this worker has said
// nothing of: that is nothing that was read (M14).
func (d *deciding) heard() error {
	row, err := d.rows.recording.row()
	if err != nil || row.answered(d.actor.Account()) {
		return nil
	}
	if d.rule(d.rows.relay, []Answered{{Code: "M14", Confirmed: true}}, d.rows.helped, 1, 1) != nil {
		return fault.New(fault.Conflict, "fault.recording.answerFirst")
	}
	return nil
}

// passedRecording is the recording of a letter that is passed on: sealed for the other
// side with what was written down of it, or why it does not go, for the writer's. nil
// for none.
type passedRecording struct {
	row     recordingRow
	objects []sealedObject // the first is the sound, where it goes
}

// passRecording seals the recording of a letter as the worker who passes it on said of
// it. refs are what a delivery rests on. Conflict where it has no answer of theirs, is
// not agreed on any more, or nothing would be left of the letter.
func (d *deciding) passRecording(ctx context.Context, to agency.Node, refs [][32]byte) (*passedRecording, error) {
	row, err := d.rows.recording.row()
	switch {
	case err != nil:
		return nil, nil
	case !row.answered(d.actor.Account()):
		return nil, fault.New(fault.Conflict, "fault.recording.answerFirst")
	case row.Goes && row.Agreed == recordingsNone:
		return nil, fault.New(fault.Conflict, "fault.recording.notAgreedNow")
	case row.Goes && d.rows.needsTranslation():
		return nil, fault.New(fault.Conflict, "fault.recording.language")
	case !row.Goes && prose.Blank(d.text):
		return nil, fault.New(fault.Conflict, "fault.recording.nothingLeft")
	}
	l := d.rows.letter()
	answer, err := d.openRecordingAnswer(ctx, d.ag, d.rows, d.keys)
	if err != nil {
		return nil, err
	}
	writer, err := d.side(ctx, l.FromSide)
	if err != nil {
		return nil, err
	}
	passed := &passedRecording{row: row}
	told := seal.Context{Kind: seal.KindReason, Agency: d.ag.ID, Exchange: l.ExchangeID, Object: row.ID, Part: "reason",
		From: "case/" + l.ExchangeID, To: "side/" + l.FromSide, Version: 1}
	if !answer.Goes {
		content, err := json.Marshal(answer.RecordingReason)
		if err != nil {
			return nil, fmt.Errorf("write reason: %w", err)
		}
		return passed, passed.add(d.seal(told, l.FromSide, content, statement.EventReturn, d.receipt(), writer, d.node))
	}
	sound, err := d.openRecording(ctx, d.ag, d.actor, l, row, d.keys)
	if err != nil {
		return nil, leaveOut(err)
	}
	c := seal.Context{Kind: seal.KindDelivery, Agency: d.ag.ID, Exchange: l.ExchangeID, Object: agency.NewID("ac"), Part: "sound",
		From: "case/" + l.ExchangeID, To: "side/" + l.ToSide, Version: 1}
	err = passed.add(d.sealLarge(ctx, c, l.ToSide, sound, statement.EventDeliver, refs, to, d.node))
	if err != nil || answer.Transcript == "" {
		return passed, err
	}
	c.Part, told.Part = "transcript", "transcript"
	err = passed.add(d.seal(c, l.ToSide, []byte(answer.Transcript), statement.EventDeliver, refs, to, d.node))
	if err != nil {
		return nil, err
	}
	return passed, passed.add(d.seal(told, l.FromSide, []byte(answer.Transcript), statement.EventReturn, d.receipt(), writer, d.node))
}

func (p *passedRecording) add(o sealedObject, err error) error {
	p.objects = append(p.objects, o)
	return err
}

func (p *passedRecording) queue(b *pgx.Batch, delivery string) {
	if p == nil {
		return
	}
	for _, o := range p.objects {
		o.queue(b)
	}
	if p.row.Goes {
		b.Queue(sqlInsertDeliveryRecording, p.objects[0].at.Object, delivery, p.row.ID)
	}
}

func (p *passedRecording) bodies() (bodies [][]byte) {
	if p != nil {
		for _, o := range p.objects {
			bodies = append(bodies, o.body)
		}
	}
	return bodies
}

// SetRecordings sets what is agreed about the recordings that a side sends: one of
// RecordingPolicies. It counts from now on, also for what was passed on before.
// Setting what is set already changes nothing. Invalid: field "recordings". Otherwise
// as SetState.
func (s *Service) SetRecordings(ctx context.Context, actor authz.Actor, id SideID, policy string) error {
	if !slices.Contains(RecordingPolicies(), policy) {
		return s.refuse(ctx, actor, string(id), fault.Field("recordings", "fault.recording.policy"))
	}
	return s.set(ctx, actor, "sd", change{object: string(id), part: "recordings", read: sqlSideNow, lock: sqlSideNowLock, nodes: sqlSideNodes,
		write: guardedRecordings, to: policy})
}

var guardedRecordings = postgres.Guarded(`update side set recordings = $2 where agency_id = agency() and id = $1 and recordings <> $2 returning 1`)
