package letterbox

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/studio"
	"gatepost/letterbox/voice"
)

// MaxRecording is the largest recording that is taken, in bytes.
const MaxRecording = 20 << 20

// MaxSaid is how long a recording may be, in minutes.
const MaxSaid = voice.Most / 60

// RecordingPolicies lists what can be agreed about the recordings of a side: none, or
// one with each letter, played on the page.
func RecordingPolicies() []string { return []string{recordingsNone, "permitted"} }

const recordingsNone = "none"

// SentRecording is the recording of a letter as its writer sees it. Reason is why it
// was left out when the letter was passed on; Transcript what a worker wrote down of
// it, which went with it.
type SentRecording struct {
	Lost       bool // our store has lost it
	LeftOut    bool
	Reason     RecordingReason
	Transcript Text
}

// CameRecording is a recording that came with a letter.
type CameRecording struct {
	Plays      bool // on the page; else it is not agreed on any more
	Lost       bool // our store has lost it
	Transcript Text
}

// WithStudio is the same letterbox with the studio in which recordings are made anew.
// Without it, nobody sends one.
func (s *Service) WithStudio(room *studio.Studio) *Service {
	other := *s
	other.studio = room
	return &other
}

// RecordingPlace is a place for one recording that comes in. Whoever gets one gives
// it back with Leave.
type RecordingPlace struct{ visit *studio.Visit }

// Leave gives the place back. A second time does nothing.
func (p *RecordingPlace) Leave() { p.visit.Leave() }

// RecordingPlace takes a place before a recording is read, so that what recordings
// take of the memory is known. Busy where every place is taken, or this person has two,
// or where recordings cannot be made anew now.
func (s *Service) RecordingPlace(ctx context.Context, actor authz.Actor, id DraftID) (*RecordingPlace, error) {
	if _, err := s.begin(ctx, actor, authz.Write, string(id)); err != nil {
		return nil, err
	}
	if !s.records() {
		return nil, fault.New(fault.Busy, "fault.recording.away")
	}
	visit, err := s.studio.TryEnter(actor.Agency() + "/" + actor.Account())
	if err != nil {
		return nil, err
	}
	return &RecordingPlace{visit}, nil
}

// records tells whether a recording can be made anew here and now.
func (s *Service) records() bool { return s.studio != nil && s.studio.Ready() }

// recordingConstraints says the same as Constraints of what is refused about recordings.
func recordingConstraints() postgres.Constraints {
	return postgres.Constraints{
		"recording_agreed":        fault.New(fault.Conflict, "fault.recording.notAgreed"),
		"recording_original":      fault.New(fault.NotFound, "fault.notFound"),
		"recording_late":          fault.New(fault.Conflict, "fault.letter.moved"),
		"recording_worker":        fault.New(fault.Conflict, "fault.letter.lapsed"),
		"recording_decided":       fault.New(fault.Conflict, "fault.letter.decided"),
		"recording_heard_first":   fault.New(fault.Conflict, "fault.recording.listen"),
		"recording_answered":      fault.New(fault.Conflict, "fault.recording.answerFirst"),
		"recording_word_pkey":     fault.New(fault.Conflict, "fault.conflict"),
		"draft_recording_one":     fault.New(fault.Conflict, "fault.conflict"),
		"letter_recording_one":    fault.New(fault.Conflict, "fault.conflict"),
		"delivery_recording_once": fault.New(fault.Conflict, "fault.letter.decided"),
		"delivery_recording_one":  fault.New(fault.Conflict, "fault.letter.decided"),
	}
}

const (
	sqlSideRecordings   = `select recordings_agreed($1)`
	sqlRecordingsAgreed = `select recordings_agreed(side_id) from draft where agency_id = agency() and id = $1`
	sqlDraftHasOne      = `select count(*)::int from draft_recording where agency_id = agency() and draft_id = $1`
	sqlDraftRecording   = `select id, sealed, mac, coalesce(original_commit, '') as original_commit, coalesce(original_mac, '') as original_mac, coalesce(original_of, '') as original_of
		from draft_recording where agency_id = agency() and draft_id = $1`
	sqlClearRecording       = `delete from draft_recording where agency_id = agency() and draft_id = $1`
	sqlInsertDraftRecording = `insert into draft_recording (agency_id, id, draft_id, sealed, mac, original, original_commit, original_mac, original_of)
		values (agency(), @id, @draft, @sealed, @mac, @original, @commit, @originalMAC, @of)`
	sqlInsertLetterRecording = `insert into letter_recording (agency_id, id, letter_id, original_of) values (agency(), $1, $2, $3)`
	// The original is as large as it came: it does not leave the database on its way.
	sqlInsertOriginalSound = `insert into object (agency_id, id, part, version, kind, exchange_id, from_node, to_node, sealed, commit, leaf)
		select agency(), p.id, 'original', 1, 'submission', @exchange, @from, @to, p.original, p.original_commit, @leaf
		from draft_recording p where p.agency_id = agency() and p.id = @id`
	sqlLetterRecording = `select p.id, coalesce(p.original_of, '') as original_of, ` + sqlLost + ` from letter_recording p where p.agency_id = agency() and p.letter_id = $1`
	sqlSentSound       = `select ` + sqlObjectColumns + ` from letter_recording p join object o on o.agency_id = p.agency_id and o.id = p.id and o.part = 'sound' and o.kind = 'submission'
		where p.agency_id = agency() and p.letter_id = $1`
	// What its writer was told of a recording: why it was left out, or what was written down of it.
	sqlRecordingTold = `select ` + sqlObjectColumns + ` from letter_recording p join object o on o.agency_id = p.agency_id and o.id = p.id and o.part in ('reason', 'transcript') and o.kind = 'reason'
		where p.agency_id = agency() and p.letter_id = $1`
	sqlCameRecording = `select p.id, p.may, ` + sqlLost + ` from recording_came($1) p`
	sqlCameSound     = `select ` + sqlObjectColumns + ` from object o where o.agency_id = agency() and o.id = $1 and o.part = $2 and o.kind = 'delivery'`
)

var guardedDeleteRecording = postgres.Guarded(`delete from draft_recording where agency_id = agency() and draft_id = $1 returning 1`)

type draftRecordingRow struct {
	ID             string
	Sealed         []byte
	MAC            []byte
	OriginalCommit []byte
	OriginalMAC    []byte
	OriginalOf     string // the recording of the letter that came back, where its original is
}

// context is what the sound in a draft says of itself.
func (r draftRecordingRow) context(agencyID string, d draftRow) seal.Context {
	return seal.Context{Kind: seal.KindDraft, Agency: agencyID, Exchange: d.ExchangeID, Object: r.ID, Part: "sound",
		From: "side/" + d.SideID, To: "side/" + d.SideID, Version: 1}
}

// checkSound looks once more that what was opened is a recording of ours.
func checkSound(content []byte) ([]byte, error) {
	if _, err := voice.Check(content); err != nil {
		return nil, fault.Wrap(fault.Sealed, "fault.sealed", err)
	}
	return content, nil
}

// AddRecording makes a recording anew and puts it into a draft, in place of one that
// is there. What was made is sealed to the side, the original to the case and the
// archive alone: nobody of a family opens that. The draft's text stays as it is.
// Nothing is stored unless all of it is.
//
// Invalid: the field "recording", or one that cannot be opened. Conflict: this side
// may not send recordings, or the draft changed meanwhile. Busy: it cannot be made
// anew now. NotFound for a draft that is not the actor's.
func (s *Service) AddRecording(ctx context.Context, actor authz.Actor, id DraftID, place *RecordingPlace, file []byte) error {
	ag, err := s.begin(ctx, actor, authz.Write, string(id))
	if err != nil {
		return err
	}
	if len(file) == 0 {
		return fault.Field("recording", "fault.recording.choose")
	}
	row, nodes, err := s.loadRecordings(ctx, actor, id)
	if err != nil {
		return err
	}
	// What the row says of exchange and side is vouched for in the text.
	text, err := s.openDraft(ctx, ag, actor, row.draftRow)
	if err != nil {
		return err
	}
	side, ok := sideKey(actor, row.SideID)
	if !ok || !row.Shared && actor.OnHold() {
		return fault.New(fault.Conflict, "fault.letter.onHold")
	}
	sound, _, err := place.visit.Clean(ctx, file)
	if err != nil {
		return err
	}
	args, err := s.sealRecording(ctx, ag, row.draftRow, draftRecordingRow{ID: agency.NewID("au")}, side, sound)
	if err != nil {
		return err
	}
	if err := s.sealOriginal(ctx, ag, row.draftRow, nodes, side, file, args); err != nil {
		return err
	}
	s.at("recording cleaned")
	return s.changeDraft(ctx, ag, actor, row.draftRow, text, func(b *pgx.Batch) {
		b.Queue(sqlClearRecording, row.ID)
		b.Queue(sqlInsertDraftRecording, args)
	})
}

// loadRecordings loads a draft and the key of its case. Conflict where this side may
// not send a recording.
func (s *Service) loadRecordings(ctx context.Context, actor authz.Actor, id DraftID) (sendRow, []agency.NodeRow, error) {
	if !agency.ValidID("dr", string(id)) {
		return sendRow{}, nil, notFound()
	}
	row, nodes, sent, err := s.loadSend(ctx, actor, id)
	if err == nil && sent {
		err = notFound()
	}
	if err != nil {
		return row, nil, err
	}
	var agreed bool
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		b.Queue(sqlRecordingsAgreed, string(id)).QueryRow(func(r pgx.Row) error { return r.Scan(&agreed) })
	})
	switch {
	case err != nil:
		return row, nil, s.db.Fault(fmt.Errorf("load the recording of draft %s: %w", id, err))
	case !agreed:
		return row, nil, fault.New(fault.Conflict, "fault.recording.notAgreed")
	}
	return row, nodes, nil
}

// sealRecording seals a sound for a draft, to its side alone, which vouches for it.
func (s *Service) sealRecording(ctx context.Context, ag *agency.Agency, d draftRow, r draftRecordingRow, side *age.HybridIdentity, sound []byte) (pgx.StrictNamedArgs, error) {
	c := r.context(ag.ID, d)
	sealed, err := s.sealLarge(ctx, c, sound, side.Recipient())
	if err != nil {
		return nil, fmt.Errorf("seal a recording: %w", err)
	}
	mac, err := seal.Own(side, c, sealed.Commit)
	return pgx.StrictNamedArgs{"id": r.ID, "draft": d.ID, "sealed": sealed.Bytes, "mac": mac[:],
		"original": nil, "commit": nil, "originalMAC": nil, "of": null(r.OriginalOf)}, err
}

// RemoveRecording takes the recording out of a draft, for good. NotFound where there
// is none, Conflict where the draft changed meanwhile.
func (s *Service) RemoveRecording(ctx context.Context, actor authz.Actor, id DraftID) error {
	ag, err := s.begin(ctx, actor, authz.Write, string(id))
	if err != nil {
		return err
	}
	row, rows, err := s.draftRecording(ctx, actor, id)
	if err != nil {
		return err
	}
	if len(rows) != 1 {
		return notFound()
	}
	text, err := s.openDraft(ctx, ag, actor, row)
	if err != nil {
		return err
	}
	return s.changeDraft(ctx, ag, actor, row, text, func(b *pgx.Batch) { b.Queue(guardedDeleteRecording, string(id)) })
}

// draftRecording loads a draft and its recording, if there is one.
func (s *Service) draftRecording(ctx context.Context, actor authz.Actor, id DraftID) (row draftRow, rows []draftRecordingRow, err error) {
	row, _, err = s.loadDraft(ctx, actor, id, func(b *pgx.Batch) { postgres.Many(b, &rows, sqlDraftRecording, string(id)) })
	return row, rows, err
}

// DraftRecording gives the recording of a draft of the actor's side, as an M4A.
// NotFound where there is none, Sealed where it does not open.
func (s *Service) DraftRecording(ctx context.Context, actor authz.Actor, id DraftID) ([]byte, error) {
	ag, err := s.begin(ctx, actor, authz.Write, string(id))
	if err != nil {
		return nil, err
	}
	row, rows, err := s.draftRecording(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 {
		return nil, notFound()
	}
	return s.openDraftRecording(ctx, ag, actor, row, rows[0])
}

// openDraftRecording opens the sound of a draft with the side's key, which vouches
// for it.
func (s *Service) openDraftRecording(ctx context.Context, ag *agency.Agency, actor authz.Actor, d draftRow, r draftRecordingRow) ([]byte, error) {
	content, err := s.openBeside(ctx, ag, actor, d, r.context(ag.ID, d), r.Sealed, r.MAC)
	if err != nil {
		return nil, err
	}
	return checkSound(content)
}

// sentRecording is the recording of a draft that is sent, sealed and stated; nil for
// none.
type sentRecording struct {
	row      draftRecordingRow
	sound    sealedObject
	original *sealedObject // without its bytes, which the database has
}

// sealSaid seals the recording of a draft anew, to the case, the side and the
// archive, as its text is; of the original, it states what was sealed before.
func (s *Service) sealSaid(ctx context.Context, ag *agency.Agency, actor authz.Actor, row sendRow, nodes []agency.NodeRow) (*sentRecording, error) {
	if row.Recordings == 0 {
		return nil, nil
	}
	_, rows, err := s.draftRecording(ctx, actor, DraftID(row.ID))
	switch {
	case err != nil:
		return nil, err
	case len(rows) != 1:
		return nil, fault.New(fault.Conflict, "fault.draft.changed")
	}
	r := rows[0]
	caseNode, err := s.caseNode(ctx, ag, row.draftRow, nodes)
	if err != nil {
		return nil, err
	}
	side, ok := sideKey(actor, row.SideID)
	if !ok {
		return nil, s.noKey(ctx, actor, row.SideID)
	}
	sound, err := s.openDraftRecording(ctx, ag, actor, row.draftRow, r)
	if err != nil {
		return nil, takeOut(err)
	}
	c := photoContext(ag.ID, row.draftRow, r.ID, "sound")
	sealed, err := s.sealLarge(ctx, c, sound, caseNode.Recipient(), side.Recipient(), ag.Archive())
	if err != nil {
		return nil, fmt.Errorf("seal a recording: %w", err)
	}
	sent := &sentRecording{row: r}
	if sent.sound, err = s.receive(ag, c, row.SideID, sealed); err != nil || r.OriginalOf != "" {
		return sent, err
	}
	c.Part = "original"
	if len(r.OriginalCommit) != 32 || seal.Owned(side, c, seal.Commitment(r.OriginalCommit), r.OriginalMAC) != nil {
		return nil, s.unstated(ctx, ag, r.ID, fmt.Errorf("%w: not the original", seal.ErrUnsigned))
	}
	original, err := s.receive(ag, c, "", seal.Sealed{Commit: seal.Commitment(r.OriginalCommit)})
	sent.original = &original
	return sent, err
}

// queue stores the recording of a letter that is there, while its draft is.
func (r *sentRecording) queue(b *pgx.Batch, letter LetterID) {
	if r == nil {
		return
	}
	b.Queue(sqlInsertLetterRecording, r.row.ID, string(letter), null(r.row.OriginalOf))
	r.sound.queue(b)
	if o := r.original; o != nil {
		leaf := statement.Leaf(o.body)
		b.Queue(sqlInsertOriginalSound, pgx.StrictNamedArgs{"id": r.row.ID, "exchange": o.at.Exchange, "from": o.at.From, "to": o.at.To, "leaf": leaf[:]})
	}
}

func (r *sentRecording) bodies() (bodies [][]byte) {
	if r != nil {
		bodies = append(bodies, r.sound.body)
		if r.original != nil {
			bodies = append(bodies, r.original.body)
		}
	}
	return bodies
}

type letterRecordingRow struct {
	ID         string
	OriginalOf string
	Lost       bool
}

// saidAgain seals the recording of a letter that came back for the draft of its
// rewrite, as its writer sent it. None where that is not agreed on any more, or it is
// lost.
func (s *Service) saidAgain(ctx context.Context, ag *agency.Agency, actor authz.Actor, d draftRow, of LetterID) (pgx.StrictNamedArgs, error) {
	if of == "" {
		return nil, nil
	}
	var rows []letterRecordingRow
	var objects []objectRow
	var agreed bool
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &rows, sqlLetterRecording, string(of))
		queueObjects(b, &objects, sqlSentSound, string(of))
		b.Queue(sqlSideRecordings, d.SideID).QueryRow(func(r pgx.Row) error { return r.Scan(&agreed) })
	})
	switch {
	case err != nil:
		return nil, s.db.Fault(fmt.Errorf("load the recording of letter %s: %w", of, err))
	case !agreed || len(rows) == 0:
		return nil, nil
	}
	side, ok := sideKey(actor, d.SideID)
	if !ok {
		return nil, s.noKey(ctx, actor, d.SideID)
	}
	sound, err := s.openSound(ctx, ag, actor, objects, d.SideID, rows[0].ID, "sound")
	if gone(err) {
		return nil, nil // the draft says so
	}
	if err != nil {
		return nil, err
	}
	again := draftRecordingRow{ID: agency.NewID("au"), OriginalOf: rows[0].ID}
	if rows[0].OriginalOf != "" {
		again.OriginalOf = rows[0].OriginalOf
	}
	return s.sealRecording(ctx, ag, d, again, side, sound)
}

// openSound opens a sound among rows with the key of a side.
func (s *Service) openSound(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows []objectRow, side, id, part string) ([]byte, error) {
	content, err := s.openSideObject(ctx, ag, actor, rows, side, id, part)
	if err != nil {
		return nil, err
	}
	return checkSound([]byte(content))
}

// SentRecording gives the recording of a letter that the actor's side sent, as an
// M4A. NotFound where there is none, Sealed where it does not open.
func (s *Service) SentRecording(ctx context.Context, actor authz.Actor, id LetterID) ([]byte, error) {
	ag, err := s.begin(ctx, actor, authz.ReadOwn, string(id))
	if err != nil {
		return nil, err
	}
	if !agency.ValidID("lt", string(id)) {
		return nil, notFound()
	}
	var side string
	var rows []letterRecordingRow
	var objects []objectRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		b.Queue(sqlSentSide, string(id)).QueryRow(func(r pgx.Row) error { return r.Scan(&side) })
		postgres.Many(b, &rows, sqlLetterRecording, string(id))
		queueObjects(b, &objects, sqlSentSound, string(id))
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load the recording of letter %s: %w", id, err))
	}
	if len(rows) != 1 {
		return nil, notFound()
	}
	return s.openSound(ctx, ag, actor, objects, side, rows[0].ID, "sound")
}

// openSaid puts the recording of a letter beside what its writer was told of it; nil
// where there is none.
func (s *Service) openSaid(ctx context.Context, ag *agency.Agency, actor authz.Actor, side string, rows []letterRecordingRow, told []objectRow) *SentRecording {
	if len(rows) == 0 {
		return nil
	}
	r := &SentRecording{Lost: rows[0].Lost}
	for _, o := range told {
		// One that does not open has raised its alarm.
		content, _ := s.openSideObject(ctx, ag, actor, told, side, rows[0].ID, o.Part)
		if o.Part == "transcript" {
			r.Transcript = Text(content)
		} else {
			r.LeftOut, r.Reason = true, parsePhotoReason(content)
		}
	}
	return r
}

type cameRecordingRow struct {
	ID   string
	May  bool
	Lost bool
}

// cameRecording finds the recording of a letter that is open, and opens what was
// written down of it; nil where none came.
func (s *Service) cameRecording(ctx context.Context, ag *agency.Agency, actor authz.Actor, id DeliveryID, side SideID) (*CameRecording, error) {
	row, objects, err := s.loadCameRecording(ctx, actor, id, "transcript")
	if err != nil || row == nil {
		return nil, err
	}
	r := &CameRecording{Plays: row.May, Lost: row.Lost}
	if len(objects) == 1 {
		content, err := s.openSideObject(ctx, ag, actor, objects, string(side), row.ID, "transcript")
		if err != nil && !unread(err) {
			return nil, err
		}
		r.Transcript = Text(content)
	}
	return r, nil
}

// loadCameRecording loads the recording of a letter that is open, with one of its
// parts; nil where none came.
func (s *Service) loadCameRecording(ctx context.Context, actor authz.Actor, id DeliveryID, part string) (*cameRecordingRow, []objectRow, error) {
	var rows []cameRecordingRow
	var objects []objectRow
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &rows, sqlCameRecording, string(id)) })
	if err == nil && len(rows) == 1 {
		err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { queueObjects(b, &objects, sqlCameSound, rows[0].ID, part) })
	}
	if err != nil {
		return nil, nil, s.db.Fault(fmt.Errorf("load the recording of delivery %s: %w", id, err))
	}
	if len(rows) != 1 {
		return nil, nil, nil
	}
	return &rows[0], objects, nil
}

// CameRecording gives the recording of a letter that came and is open, as an M4A. The
// listening is in the log before it is opened. NotFound where there is none, or where
// it is not agreed on any more. Gone where the letter went back since.
func (s *Service) CameRecording(ctx context.Context, actor authz.Actor, id DeliveryID) ([]byte, error) {
	ag, err := s.begin(ctx, actor, authz.ReadOwn, string(id))
	if err != nil {
		return nil, err
	}
	if !agency.ValidID("dl", string(id)) {
		return nil, notFound()
	}
	row, _, err := s.loadCameRecording(ctx, actor, id, "transcript")
	if err != nil {
		return nil, err
	}
	if row == nil || !row.May {
		return nil, s.orBack(ctx, ag, actor, id, notFound())
	}
	body, err := ag.State(statement.Statement{Event: statement.EventAccess, Object: row.ID, Part: "sound", Version: 1,
		From: "person/" + actor.Account(), At: hour(s.now())}, "door")
	if err != nil {
		return nil, err
	}
	err = s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		audit.Append(b, body)
		return nil
	})
	if err != nil {
		return nil, s.db.Fault(err)
	}
	var side string
	var objects []objectRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		b.Queue(sqlCameSide, string(id)).QueryRow(func(r pgx.Row) error { return r.Scan(&side) })
		queueObjects(b, &objects, sqlCameSound, row.ID, "sound")
	})
	if err != nil {
		return nil, s.db.Fault(errors.Join(fmt.Errorf("load the recording of delivery %s", id), err))
	}
	return s.openSound(ctx, ag, actor, objects, side, row.ID, "sound")
}

const (
	// The recordings of copies: of letters that were sent, and of those that came and are open.
	sqlCopySaid = `select p.id::text, p.letter_id::text as of from letter_recording p where p.agency_id = agency() and p.letter_id = any($1)
		union all select c.id, x.id from unnest($1::text[]) as x (id) cross join lateral recording_came(x.id) c where c.may`
	sqlCopyTranscripts = `select ` + sqlObjectColumns + ` from object o where o.agency_id = agency() and o.id = any($1) and o.part = 'transcript'`
)

type copySaidRow struct {
	ID string
	Of string // the letter
}

// copySaid puts what was written down of recordings into the copies of their letters.
func (s *Service) copySaid(ctx context.Context, ag *agency.Agency, actor authz.Actor, side SideID, said []copySaidRow, rows []copyRow, list []Copy) error {
	if len(said) == 0 {
		return nil
	}
	ids := make([]string, len(said))
	for i, r := range said {
		ids[i] = r.ID
	}
	var objects []objectRow
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { queueObjects(b, &objects, sqlCopyTranscripts, ids) })
	if err != nil {
		return s.db.Fault(fmt.Errorf("load what is said in letters of side %s: %w", side, err))
	}
	for _, o := range objects {
		content, err := s.openSideObject(ctx, ag, actor, objects, string(side), o.ID, "transcript")
		if err != nil && !unread(err) {
			return err
		}
		of := said[slices.IndexFunc(said, func(r copySaidRow) bool { return r.ID == o.ID })].Of
		if i := slices.IndexFunc(rows, func(r copyRow) bool { return r.ID == of }); i >= 0 {
			list[i].Transcript = Text(content)
		}
	}
	return nil
}
