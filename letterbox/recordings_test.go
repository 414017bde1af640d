package letterbox_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/crypto/seal"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/tier"
	"gatepost/letterbox"
	"gatepost/letterbox/voice"
	"gatepost/letterbox/voice/voicetest"
)

// said is a recording of so many seconds, with words beside its sound.
func said(seconds int) []byte {
	return append(voicetest.Sine(seconds), "LIST\x10\x00\x00\x00INFOINAM"+voicetest.Word...)
}

// mayRecord sets what is agreed about the recordings of the birth side.
func (p *pair) mayRecord(policy string) {
	p.t.Helper()
	must(p.t, p.Desk.SetRecordings(p.t.Context(), p.Worker, p.fromSide, policy))
}

// record puts a recording into a draft of the birth side.
func (p *pair) record(draft letterbox.DraftID, file []byte) error {
	return p.recordAs(p.birth, draft, file)
}

func (p *pair) recordAs(actor authz.Actor, draft letterbox.DraftID, file []byte) error {
	p.t.Helper()
	place, err := p.Families.RecordingPlace(p.t.Context(), actor, draft)
	if err != nil {
		return err
	}
	defer place.Leave()
	return p.Families.AddRecording(p.t.Context(), actor, draft, place, file)
}

// voiced is a draft of the birth side with a recording and these words beside it.
func (p *pair) voiced(text string) letterbox.DraftID {
	p.t.Helper()
	id, err := p.Families.NewDraft(p.t.Context(), p.birth, p.fromSide, text)
	must(p.t, err)
	must(p.t, p.record(id, said(2)))
	return id
}

// recorded sends a letter with a recording and claims it.
func (p *pair) recorded(text string) letterbox.LetterID {
	p.t.Helper()
	letter := p.sendDraft(p.voiced(text))
	must(p.t, p.Desk.Claim(p.t.Context(), p.Worker, letter))
	return letter
}

func (p *pair) hear(letter letterbox.LetterID) []byte {
	p.t.Helper()
	sound, err := p.Desk.HearRecording(p.t.Context(), p.Worker, letter)
	must(p.t, err)
	return sound
}

// soundOnly fails unless a recording is a recording and nothing else.
func soundOnly(t *testing.T, what string, b []byte) {
	t.Helper()
	if seconds, err := voice.Check(b); err != nil || seconds < 2 || seconds > 3 || bytes.Contains(b, []byte(voicetest.Word)) {
		t.Errorf("%s: %d seconds, %v, or words beside it", what, seconds, err)
	}
}

func goes(transcript string) letterbox.RecordingAnswer {
	return letterbox.RecordingAnswer{Heard: true, Goes: true, Transcript: transcript}
}

// The main job: a voice in place of a letter is sent, listened to, written down,
// passed on and heard.
func TestRecording_Crosses(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.mayRecord("permitted")
	letter := p.recorded("")
	reading, err := p.Desk.Read(ctx, p.Worker, letter)
	must(t, err)
	if reading.Recording == nil || reading.Recording.Answered {
		t.Fatalf("on the desk: %+v", reading.Recording)
	}
	// It is the table of passing on that is asked, about what nobody can read.
	var asked []letterbox.Code
	asking := p.Desk.WithRelay(func(f letterbox.RelayFacts) (letterbox.Ruling, error) {
		asked = f.Findings
		return tier.Relay(f)
	})
	wantFault(t, "nobody listened", asking.Pass(ctx, p.Worker, letter, ""), "fault.recording.answerFirst")
	if !slices.Equal(asked, []letterbox.Code{"M14"}) {
		t.Errorf("the table was asked about %v", asked)
	}
	wantFault(t, "answered without listening", p.Desk.AnswerRecording(ctx, p.Worker, letter, goes("")), "fault.recording.listen")
	before := p.count(`select count(*) from audit_body where convert_from(body, 'UTF8') like '%event access%object au%'`)
	soundOnly(t, "on the desk", p.hear(letter))
	if n := p.count(`select count(*) from audit_body where convert_from(body, 'UTF8') like '%event access%object au%'`); n != before+1 {
		t.Errorf("%d readings in the log", n-before)
	}
	p.untriggered(`delete from recording_heard`)
	view, err := p.Desk.OpenRecording(ctx, p.Worker, letter)
	if must(t, err); view.Seconds < 2 || view.Answer != nil || !view.MayDecide || view.Agreed != "permitted" {
		t.Errorf("its page: %+v", view)
	}
	wantFault(t, "its page alone", p.Desk.AnswerRecording(ctx, p.Worker, letter, goes("")), "fault.recording.listen")
	p.hear(letter)
	const words = "Hello, this is your mum. The swallows are back."
	must(t, p.Desk.AnswerRecording(ctx, p.Worker, letter, goes(words)))
	if view, err = p.Desk.OpenRecording(ctx, p.Worker, letter); err != nil || view.Answer == nil || view.Answer.Transcript != words || !view.Mine {
		t.Errorf("after the answer: %+v, %v", view, err)
	}
	if sent, err := p.Families.OpenSent(ctx, p.birth, letter); err != nil || sent.Recording == nil || sent.Recording.Transcript != "" || sent.Recording.LeftOut {
		t.Errorf("before it is passed on its writer is told %+v, %v", sent.Recording, err)
	}
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))

	delivery := p.came()
	wantKind(t, "before it is open", second(p.Families.CameRecording(ctx, p.adoptive, delivery)), fault.NotFound)
	came, err := p.Families.Open(ctx, p.adoptive, delivery)
	must(t, err)
	if came.Recording == nil || !came.Recording.Plays || came.Recording.Transcript != words || came.Text != "" {
		t.Fatalf("came with %+v", came.Recording)
	}
	before = p.count(`select count(*) from audit_body where convert_from(body, 'UTF8') like '%event access%object ac%'`)
	sound, err := p.Families.CameRecording(ctx, p.adoptive, delivery)
	must(t, err)
	soundOnly(t, "what came", sound)
	if n := p.count(`select count(*) from audit_body where convert_from(body, 'UTF8') like '%event access%object ac%'`); n != before+1 {
		t.Errorf("%d listenings in the log", n-before)
	}
	sent, err := p.Families.OpenSent(ctx, p.birth, letter)
	must(t, err)
	if sent.Recording == nil || sent.Recording.Transcript != words {
		t.Errorf("its writer is told %+v", sent.Recording)
	}
	own, err := p.Families.SentRecording(ctx, p.birth, letter)
	must(t, err)
	soundOnly(t, "the writer's own", own)
	wantKind(t, "the other side's letter", second(p.Families.SentRecording(ctx, p.adoptive, letter)), fault.NotFound)
	wantKind(t, "what one sent oneself", second(p.Families.CameRecording(ctx, p.birth, delivery)), fault.NotFound)
	printed, err := p.Desk.PrintPassed(ctx, p.Worker, letter)
	if must(t, err); !printed.Recorded || printed.Transcript != words {
		t.Errorf("printed with %v, %q", printed.Recorded, printed.Transcript)
	}
	for _, side := range []struct {
		actor authz.Actor
		id    letterbox.SideID
	}{{p.birth, p.fromSide}, {p.adoptive, p.toSide}} {
		copies, err := p.Families.Copies(ctx, side.actor, side.id, p.Clock.Now().AddDate(-1, 0, 0), p.Clock.Now().AddDate(0, 0, 1))
		if must(t, err); len(copies) != 1 || !copies[0].Recorded || copies[0].Transcript != words {
			t.Errorf("copies: %+v", copies)
		}
	}
	// The archive's key alone opens the original as it came.
	var id string
	var sealed []byte
	must(t, p.Database.Admin().QueryRow(context.Background(), `select id, sealed from object where part = 'original'`).Scan(&id, &sealed))
	content, _, err := seal.Open(sealed, p.context(id, "original"), p.Archive)
	if err != nil || !bytes.Equal(content, said(2)) {
		t.Errorf("the archive opens %d bytes of the original, %v", len(content), err)
	}
	for _, part := range []string{"original", "answers"} {
		for _, person := range []string{p.birthID, p.adopterID} {
			var n int
			if must(t, p.selected(person, `select count(*) from object where part = '`+part+`'`, &n)); n != 0 {
				t.Errorf("the families' role selects what is kept as %s", part)
			}
		}
	}
	// What is agreed on today counts, and a letter that went back takes its recording along.
	p.Worker = p.SignInWorker(t, &p.WorkerLogin)
	p.mayRecord("none")
	came, err = p.Families.Open(ctx, p.adoptive, delivery)
	if must(t, err); came.Recording == nil || came.Recording.Plays || came.Recording.Transcript != "" {
		t.Errorf("not agreed on any more: %+v", came.Recording)
	}
	copies, err := p.Families.Copies(ctx, p.adoptive, p.toSide, p.Clock.Now().AddDate(-1, 0, 0), p.Clock.Now().AddDate(0, 0, 1))
	if must(t, err); len(copies) != 1 || copies[0].Transcript != "" {
		t.Errorf("not agreed on any more, copies: %+v", copies)
	}
	wantKind(t, "not agreed on any more", second(p.Families.CameRecording(ctx, p.adoptive, delivery)), fault.NotFound)
	var n int
	if must(t, p.selected(p.adopterID, `select count(*) from object where kind = 'delivery' and part in ('sound', 'transcript')`, &n)); n != 0 {
		t.Errorf("the families' role selects %d of it", n)
	}
	p.mayRecord("permitted")
	p.untriggered(`update letter set state = 'recalled'`)
	wantKind(t, "of a letter that went back", second(p.Families.CameRecording(ctx, p.adoptive, delivery)), fault.Gone)
}

// Where recordings are not agreed on, nobody sends one, and the database says so too.
func TestRecording_NotAgreed(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	draft, err := p.Families.NewDraft(ctx, p.birth, p.fromSide, "")
	must(t, err)
	wantFault(t, "by default", p.record(draft, said(2)), "fault.recording.notAgreed")
	row := func(of letterbox.DraftID) string {
		return fmt.Sprintf(`insert into draft_recording (agency_id, id, draft_id, sealed, mac, original, original_commit, original_mac)
			values (agency(), 'auaaaaaaaaaaaaaaaaaaaa', '%s', 'x', sha256('x'), 'x', sha256('x'), sha256('x'))`, of)
	}
	wantBroken(t, p.asSide(p.birthID, row(draft)), "23514", "recording_agreed")
	// Photos are another agreement.
	p.agreed("permitted")
	wantFault(t, "with photos agreed on", p.record(draft, said(2)), "fault.recording.notAgreed")
	p.mayRecord("permitted")
	must(t, p.record(draft, said(2)))
	if err := p.asSide(p.adopterID, row(draft)); err == nil {
		t.Error("the other side puts a recording into the draft")
	}
	other, err := p.Families.NewDraft(ctx, p.adoptive, p.toSide, "hello")
	must(t, err)
	wantFault(t, "the other side", p.recordAs(p.adoptive, other, said(2)), "fault.recording.notAgreed")
	wantKind(t, "another's draft", p.recordAs(p.adoptive, draft, said(2)), fault.NotFound)
	p.mayRecord("none")
	d, err := p.Families.OpenDraft(ctx, p.birth, draft)
	must(t, err)
	_, err = p.Families.Send(ctx, p.birth, draft, d.Version)
	wantFault(t, "sent", err, "fault.recording.notAgreed")
	if n := p.count(`select count(*) from letter`) + p.count(`select count(*) from object where id like 'au%'`); n != 0 {
		t.Errorf("%d rows of a letter that was refused", n)
	}
	p.mayRecord("permitted")
	letter := p.sendDraft(draft)
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	p.hear(letter)
	must(t, p.Desk.AnswerRecording(ctx, p.Worker, letter, goes("")))
	p.mayRecord("none")
	wantFault(t, "passed on", p.Desk.Pass(ctx, p.Worker, letter, ""), "fault.recording.notAgreedNow")
	wantFault(t, "answered", p.Desk.AnswerRecording(ctx, p.Worker, letter, goes("")), "fault.recording.notAgreedNow")
	wantKind(t, "a policy that there is not", p.Desk.SetRecordings(ctx, p.Worker, p.fromSide, "shown"), fault.Invalid)
	wantKind(t, "set by a family", p.Desk.SetRecordings(ctx, p.birth, p.fromSide, "permitted"), fault.Forbidden)
}

// What is written down of a recording is screened with its letter, and its findings
// are answered as the letter's are.
func TestRecording_Transcript(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.mayRecord("permitted")
	letter := p.recorded("Dear you two, listen to this.")
	reading, err := p.Desk.Read(ctx, p.Worker, letter)
	if must(t, err); len(reading.Findings) != 0 {
		t.Fatalf("before: %+v", reading.Findings)
	}
	p.hear(letter)
	must(t, p.Desk.AnswerRecording(ctx, p.Worker, letter, goes("Ring me on 07700 900123, love.")))
	reading, err = p.Desk.Read(ctx, p.Worker, letter)
	must(t, err)
	number := slices.IndexFunc(reading.Findings, func(f letterbox.Finding) bool {
		return f.Asked() && reading.Screened()[f.Start:f.End] == "07700 900123"
	})
	if number < 0 {
		t.Fatalf("findings: %+v in %q", reading.Findings, reading.Screened())
	}
	if got := fields(p.Desk.Pass(ctx, p.Worker, letter, "")); !slices.Contains(got, "finding-"+reading.Findings[number].Key) {
		t.Errorf("passed on without its answer: %v", got)
	}
	// Written down again without it, there is nothing to answer.
	must(t, p.Desk.AnswerRecording(ctx, p.Worker, letter, goes("Love to you.")))
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
	came, err := p.Families.Open(ctx, p.adoptive, p.came())
	if must(t, err); came.Recording.Transcript != "Love to you." || came.Text != "Dear you two, listen to this." {
		t.Errorf("came: %q, %+v", came.Text, came.Recording)
	}
}

// Who is asked listened to all of it; what does not go has a reason, and its writer
// reads it. Of a letter without words nothing would be left.
func TestRecording_Answers(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.mayRecord("permitted")
	letter := p.recorded("With words beside it.")
	p.hear(letter)
	answer := func(a letterbox.RecordingAnswer) error { return p.Desk.AnswerRecording(ctx, p.Worker, letter, a) }
	for field, a := range map[string]letterbox.RecordingAnswer{
		"heard":      {Goes: true},
		"reason":     {Heard: true},
		"Reason":     {Heard: true, RecordingReason: letterbox.RecordingReason{Reason: "upsetting"}}, // of letters
		"words":      {Heard: true, RecordingReason: letterbox.RecordingReason{Reason: "other"}},
		"transcript": {Heard: true, Goes: true, Transcript: strings.Repeat("x", 70_000)},
	} {
		if got := fields(answer(a)); !slices.Equal(got, []string{strings.ToLower(field)}) {
			t.Errorf("%s: %v", field, got)
		}
	}
	other := p.newStaff("Imogen Farr", authz.LetterboxWorker)
	wantKind(t, "without the claim", second(p.Desk.HearRecording(ctx, other, letter)), fault.Conflict)
	wantKind(t, "answered without the claim", p.Desk.AnswerRecording(ctx, other, letter, goes("")), fault.Conflict)
	out := letterbox.RecordingAnswer{Heard: true, RecordingReason: letterbox.RecordingReason{Reason: "identifying", Words: "We kept it for you."}}
	must(t, answer(out))
	// Another worker's word is not one's own.
	must(t, p.Desk.Release(ctx, p.Worker, letter))
	must(t, p.Desk.Claim(ctx, other, letter))
	wantFault(t, "by a colleague", p.Desk.Pass(ctx, other, letter, ""), "fault.recording.answerFirst")
	must(t, p.Desk.Release(ctx, other, letter))
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
	came, err := p.Families.Open(ctx, p.adoptive, p.came())
	if must(t, err); came.Recording != nil {
		t.Errorf("left out, it came: %+v", came.Recording)
	}
	sent, err := p.Families.OpenSent(ctx, p.birth, letter)
	if must(t, err); !sent.Recording.LeftOut || sent.Recording.Reason.Reason != "identifying" || sent.Recording.Reason.Words != out.Words || !strings.HasPrefix(sent.Recording.Reason.Told, "A recording cannot say") {
		t.Errorf("its writer is told %+v", sent.Recording)
	}

	p.Worker = p.SignInWorker(t, &p.WorkerLogin)
	alone := p.recorded("")
	p.hear(alone)
	must(t, p.Desk.AnswerRecording(ctx, p.Worker, alone, out))
	wantFault(t, "nothing would be left", p.Desk.Pass(ctx, p.Worker, alone, ""), "fault.recording.nothingLeft")
}

// A second reader listens, too: nobody's word is somebody else's.
func TestRecording_TwoReaders(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.mayRecord("permitted")
	must(t, p.Desk.SetSecondReader(ctx, p.Worker, p.exchange, letterbox.ReadTwiceAlways))
	other := p.newStaff("Imogen Farr", authz.LetterboxWorker)
	letter := p.recorded("")
	wantFault(t, "first, unheard", p.Desk.ReadFirst(ctx, p.Worker, letter, ""), "fault.recording.answerFirst")
	p.hear(letter)
	must(t, p.Desk.AnswerRecording(ctx, p.Worker, letter, goes("Hello.")))
	must(t, p.Desk.ReadFirst(ctx, p.Worker, letter, ""))
	must(t, p.Desk.Claim(ctx, other, letter))
	wantFault(t, "second, unheard", p.Desk.Pass(ctx, other, letter, ""), "fault.recording.answerFirst")
	view, err := p.Desk.OpenRecording(ctx, other, letter)
	if must(t, err); view.Mine || view.Answer == nil || view.Answer.Transcript != "Hello." {
		t.Errorf("the second sees %+v", view)
	}
	wantFault(t, "answered, unheard", p.Desk.AnswerRecording(ctx, other, letter, goes("Hello.")), "fault.recording.listen")
	_, err = p.Desk.HearRecording(ctx, other, letter)
	must(t, err)
	must(t, p.Desk.AnswerRecording(ctx, other, letter, goes("Hello.")))
	must(t, p.Desk.Pass(ctx, other, letter, ""))
}

// What the program got wrong, the database refuses.
func TestRecording_Database(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.mayRecord("permitted")
	letter := p.recorded("")
	var id string
	must(t, p.Database.Admin().QueryRow(ctx, `select id from letter_recording`).Scan(&id))
	word := `insert into recording_word (agency_id, recording_id, n, worker_id, goes, leaf)
		select agency(), '` + id + `', 1, account(), true, leaf from audit_body where agency_id = agency() limit 1`
	wantBroken(t, p.asStaff(p.Worker.Account(), word), "23514", "recording_heard_first")
	other := p.newStaff("Imogen Farr", authz.LetterboxWorker)
	wantBroken(t, p.asStaff(other.Account(), word), "23514", "recording_worker")
	late := `insert into letter_recording (agency_id, id, letter_id) values (agency(), 'auaaaaaaaaaaaaaaaaaaaa', '` + string(letter) + `')`
	wantBroken(t, p.asSide(p.birthID, late), "23514", "recording_late")
	p.hear(letter)
	must(t, p.Desk.AnswerRecording(ctx, p.Worker, letter, goes("")))
	for name, sql := range map[string]string{
		"without its answer":   `delete from recording_word`,
		"a colleague's answer": `update recording_word set worker_id = '` + other.Account() + `'`,
		"the other answer":     `update recording_word set goes = false`,
	} {
		t.Run(name, func(t *testing.T) {
			p.Desk.Stall(func(at string) {
				if at == "pass locked" {
					p.untriggered(`create table if not exists kept_words as select * from recording_word`, sql)
				}
			})
			defer p.Desk.Stall(nil)
			wantFault(t, "pass", p.Desk.Pass(ctx, p.Worker, letter, ""), "fault.recording.answerFirst")
			p.untriggered(`delete from recording_word`, `insert into recording_word select * from kept_words`)
		})
	}
	// It is not agreed on any more in the moment in which it goes.
	p.Desk.Stall(func(at string) {
		if at == "pass locked" {
			p.untriggered(`update side set recordings = 'none' where id = '` + string(p.fromSide) + `'`)
		}
	})
	wantFault(t, "not agreed on any more", p.Desk.Pass(ctx, p.Worker, letter, ""), "fault.recording.notAgreed")
	p.Desk.Stall(nil)
	p.untriggered(`update side set recordings = 'permitted'`)
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
	if n := p.count(`select count(*) from delivery_recording`); n != 1 {
		t.Errorf("%d recordings came", n)
	}
	wantBroken(t, p.asStaff(p.Worker.Account(), strings.Replace(word, "'"+id+"', 1", "'"+id+"', 2", 1)), "23514", "recording_worker")
}

// A recording is made anew, sealed and stored at once or not at all, and the text of
// its draft is what it was.
func TestRecording_AllOrNothing(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.mayRecord("permitted")
	draft := p.voiced("Here I am.")
	whole := func(what string) {
		t.Helper()
		d, err := p.Families.OpenDraft(ctx, p.birth, draft)
		must(t, err)
		if d.Text != "Here I am." || !d.Recording || d.Version != 2 || !d.MayRecord || !d.Records {
			t.Errorf("%s: %+v", what, d)
		}
	}
	for name, file := range map[string][]byte{
		"no sound": []byte("%PDF-1.7"), "a list of files": []byte("#EXTM3U\n/etc/passwd\n"), "a torn one": said(2)[:40],
		"too large": make([]byte, letterbox.MaxRecording+1), "none": nil,
	} {
		if err := p.record(draft, file); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
		whole(name)
	}
	stop := func(where func()) {
		p.Families.Stall(func(at string) {
			if at == "recording cleaned" {
				where()
			}
		})
	}
	stop(func() { p.Exec(t, `update draft set version = version + 1`) })
	wantKind(t, "saved in another window", p.record(draft, said(2)), fault.Conflict)
	p.Families.Stall(nil)
	p.Exec(t, `update draft set version = version - 1`)
	whole("saved in another window")
	ending, end := context.WithCancel(ctx)
	stop(end)
	place, err := p.Families.RecordingPlace(ending, p.birth, draft)
	must(t, err)
	if err := p.Families.AddRecording(ending, p.birth, draft, place, said(2)); err == nil {
		t.Error("stored for somebody who has gone")
	}
	p.Families.Stall(nil)
	whole("gone")
	// Every place is taken by now: one by the request above, one here.
	second, err := p.Families.RecordingPlace(ctx, p.birth, draft)
	must(t, err)
	wantFault(t, "no place", p.record(draft, said(2)), "fault.recording.busy")
	place.Leave()
	second.Leave()
	// Another one takes its place; one that was checked before is not sent.
	must(t, p.record(draft, said(3)))
	if n := p.count(`select count(*) from draft_recording`); n != 1 {
		t.Errorf("%d recordings of a draft", n)
	}
	_, err = p.Families.Send(ctx, p.birth, draft, 2)
	wantFault(t, "another letter than was checked", err, "fault.draft.changed")
	wantKind(t, "for the other side", func() error { _, err := p.Families.DraftRecording(ctx, p.adoptive, draft); return err }(), fault.NotFound)
	wantKind(t, "taken out by the other side", p.Families.RemoveRecording(ctx, p.adoptive, draft), fault.NotFound)
	must(t, p.Families.RemoveRecording(ctx, p.birth, draft))
	wantKind(t, "taken out twice", p.Families.RemoveRecording(ctx, p.birth, draft), fault.NotFound)
	wantKind(t, "what was taken out", func() error { _, err := p.Families.DraftRecording(ctx, p.birth, draft); return err }(), fault.NotFound)
	// One that was changed does not open.
	must(t, p.record(draft, said(2)))
	p.untriggered(`update draft_recording set sealed = set_byte(sealed, octet_length(sealed) - 5, 0)`)
	d, err := p.Families.OpenDraft(ctx, p.birth, draft)
	must(t, err)
	_, err = p.Families.Send(ctx, p.birth, draft, d.Version)
	wantKind(t, "one that was changed", err, fault.Sealed)
	must(t, p.Families.DeleteDraft(ctx, p.birth, draft))
	if n := p.count(`select count(*) from draft_recording`); n != 0 {
		t.Errorf("%d recordings of a draft that is gone", n)
	}
	// Nothing said and nothing written is no letter.
	empty, err := p.Families.NewDraft(ctx, p.birth, p.fromSide, "")
	must(t, err)
	_, err = p.Families.Send(ctx, p.birth, empty, 1)
	wantFault(t, "nothing", err, "fault.text.empty")
}

// A letter that came back takes its recording along, and its original stays where it is.
func TestRecording_Rewrite(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.mayRecord("permitted")
	letter := p.recorded("")
	var first string
	must(t, p.Database.Admin().QueryRow(ctx, `select id from letter_recording`).Scan(&first))
	must(t, p.Desk.Return(ctx, p.Worker, letter, "unclear", "", ""))
	for range 2 {
		draft, err := p.Families.Rewrite(ctx, p.birth, letter)
		must(t, err)
		sound, err := p.Families.DraftRecording(ctx, p.birth, draft)
		must(t, err)
		soundOnly(t, "in the rewrite", sound)
		letter = p.sendDraft(draft)
		if n := p.count(`select count(*) from object where part = 'original'`); n != 1 {
			t.Errorf("%d originals", n)
		}
		if n := p.count(`select count(*) from letter_recording where letter_id = $1 and original_of = $2`, string(letter), first); n != 1 {
			t.Errorf("%d know their original", n)
		}
		must(t, p.Desk.Claim(ctx, p.Worker, letter))
		must(t, p.Desk.Return(ctx, p.Worker, letter, "unclear", "", ""))
	}
}

// Whoever can write rows and cannot sign lets nobody hear another recording, and
// turns no word round.
func TestRecording_Unsigned(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.mayRecord("permitted")
	one, two := p.recorded("One."), p.recorded("Two.")
	p.untriggered(`update object set sealed = (select sealed from object x where x.part = 'sound' and x.id <> object.id) where part = 'sound'`)
	wantKind(t, "another sound", second(p.Desk.HearRecording(ctx, p.Worker, one)), fault.Sealed)
	p.untriggered(`delete from letter_recording where letter_id = '` + string(one) + `'`)
	p.untriggered(`update object set sealed = (select sealed from object x where x.part = 'sound' and x.id <> object.id) where part = 'sound'`)
	must(t, p.Desk.Claim(ctx, p.Worker, two))
	p.hear(two)
	must(t, p.Desk.AnswerRecording(ctx, p.Worker, two, letterbox.RecordingAnswer{Heard: true, RecordingReason: letterbox.RecordingReason{Reason: "unclear"}}))
	p.untriggered(`update recording_word set goes = true`)
	wantKind(t, "a word turned round", p.Desk.Pass(ctx, p.Worker, two, ""), fault.Sealed)
}

// A player asks for a recording in parts: that is one listening in the log, for the same
// statement of the same hour is there once, and it is there before anything is played.
// Nothing is played that could not be written down.
func TestRecording_ListenedOnce(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.mayRecord("permitted")
	letter := p.recorded("Listen to this.")
	entries := func(of string) int {
		return p.count(`select count(*) from audit_body where convert_from(body, 'UTF8') like '%event access%object ` + of + `%'`)
	}
	full := func(full bool) {
		if full {
			p.Exec(t, `alter table audit_body add constraint full_disk check (idx < 0) not valid`)
		} else {
			p.Exec(t, `alter table audit_body drop constraint full_disk`)
		}
	}
	listens := func(who, of string, hear func() ([]byte, error)) {
		t.Helper()
		full(true)
		if sound, err := hear(); err == nil || len(sound) > 0 {
			t.Errorf("%s hears what is not in the log", who)
		}
		full(false)
		before := entries(of)
		for range 3 {
			must(t, second(hear()))
		}
		if n := entries(of); n != before+1 {
			t.Errorf("%s: %d entries of one listening", who, n-before)
		}
	}
	listens("a worker", "au", func() ([]byte, error) { return p.Desk.HearRecording(ctx, p.Worker, letter) })
	must(t, p.Desk.AnswerRecording(ctx, p.Worker, letter, goes("")))
	must(t, p.Desk.Release(ctx, p.Worker, letter))
	wantKind(t, "without the claim, though in the log", second(p.Desk.HearRecording(ctx, p.Worker, letter)), fault.Conflict)
	other := p.secondWorker()
	must(t, p.Desk.Claim(ctx, other, letter))
	listens("another one", "au", func() ([]byte, error) { return p.Desk.HearRecording(ctx, other, letter) })
	must(t, p.Desk.AnswerRecording(ctx, other, letter, goes("")))
	must(t, p.Desk.Pass(ctx, other, letter, ""))
	delivery := p.delivery(letter)
	must(t, second(p.Families.Open(ctx, p.adoptive, delivery)))
	listens("who it came to", "ac", func() ([]byte, error) { return p.Families.CameRecording(ctx, p.adoptive, delivery) })
	p.Clock.Advance(time.Hour)
	p.adoptive = p.SignInPerson(t, &p.adoptiveLogin)
	listens("an hour later", "ac", func() ([]byte, error) { return p.Families.CameRecording(ctx, p.adoptive, delivery) })
	p.logWhole()
}
