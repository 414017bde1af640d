package letterbox_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"gatepost/internal/fault"
	"gatepost/internal/parts"
	"gatepost/letterbox"
	"gatepost/letterbox/voice"
	"gatepost/letterbox/voice/voicetest"
)

// lose takes an object out of the store, and gives what puts it back.
func (p *stored) lose(place parts.Place) (mend func()) {
	p.t.Helper()
	kept, err := os.ReadFile(p.gate.Path(place.Key))
	must(p.t, err)
	must(p.t, os.Remove(p.gate.Path(place.Key)))
	return func() { must(p.t, os.WriteFile(p.gate.Path(place.Key), kept, 0o600)) }
}

// lostIn is what a manager is told to look for.
func (p *stored) lostIn() (refs []string) {
	p.t.Helper()
	list, err := p.Desk.Breaches(p.t.Context(), p.Manager)
	must(p.t, err)
	for _, x := range list.Lost {
		refs = append(refs, x.Reference)
	}
	return refs
}

var (
	lostSound   = letterbox.RecordingAnswer{RecordingReason: letterbox.RecordingReason{Reason: letterbox.PartLost}}
	lostPicture = letterbox.PhotoAnswer{PhotoReason: letterbox.PhotoReason{Reason: letterbox.PartLost}}
)

// A recording that the store has lost holds nobody up: its letter is read and passed
// on without it, its writer is told, and managers are until it is there again.
func TestParts_LostRecording(t *testing.T) {
	p, ctx := newStored(t), t.Context()
	p.mayRecord("permitted")
	letter := p.longRecorded("Here is my voice.")
	p.swept()
	sound := p.placeOf(`select sealed from object where part = 'sound' and kind = 'submission'`)

	wantFault(t, "it is there", p.Desk.AnswerRecording(ctx, p.Worker, letter, lostSound), "fault.part.here")
	p.gate.Stop()
	wantKind(t, "nobody knows", p.Desk.AnswerRecording(ctx, p.Worker, letter, lostSound), fault.Busy)
	wantKind(t, "its page, while the store is away", second(p.Desk.OpenRecording(ctx, p.Worker, letter)), fault.Busy)
	p.gate.Start()
	if refs := p.lostIn(); len(refs) != 0 {
		t.Errorf("a store that is away has lost something of %v", refs)
	}
	mend := p.lose(sound)
	wantFault(t, "played", second(p.Desk.HearRecording(ctx, p.Worker, letter)), "fault.part.lost")
	view, err := p.Desk.OpenRecording(ctx, p.Worker, letter)
	if must(t, err); !view.Lost || !view.MayDecide || view.Reference == "" {
		t.Errorf("its page: %+v", view)
	}
	if refs := p.lostIn(); len(refs) != 1 || refs[0] != p.reference() {
		t.Errorf("a manager is told to look for something of %v", refs)
	}
	must(t, p.Desk.FindParts(ctx, p.Home.ID))
	if len(p.lostIn()) != 1 {
		t.Error("it is not looked for any more")
	}
	reading, err := p.Desk.Read(ctx, p.Worker, letter)
	if must(t, err); string(reading.Text) != "Here is my voice." {
		t.Errorf("the letter reads %q", string(reading.Text))
	}
	// It cannot be said to go, and for another reason it is to be heard first, says the database too.
	wantFault(t, "it goes", p.Desk.AnswerRecording(ctx, p.Worker, letter, goes("")), "fault.recording.listen")
	word := `insert into recording_word (agency_id, recording_id, n, worker_id, goes, leaf) select agency_id, id, 9, account(), $1, sha256('x') from letter_recording`
	wantBroken(t, p.asStaff(p.Worker.Account(), word, true), "23514", "recording_heard_first")
	must(t, p.Desk.AnswerRecording(ctx, p.Worker, letter, lostSound))
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))

	came, err := p.Families.Open(ctx, p.adoptive, p.came())
	if must(t, err); came.Recording != nil || string(came.Text) != "Here is my voice." {
		t.Errorf("came as %+v", came)
	}
	sent, err := p.Families.OpenSent(ctx, p.birth, letter)
	if must(t, err); sent.Recording == nil || !sent.Recording.Lost || !sent.Recording.LeftOut || sent.Recording.Reason.Reason != letterbox.PartLost {
		t.Errorf("its writer is told %+v", sent.Recording)
	}
	mend()
	must(t, p.Desk.FindParts(ctx, p.Home.ID))
	if refs := p.lostIn(); len(refs) != 0 {
		t.Errorf("it is there again, and looked for in %v", refs)
	}
	if sent, err = p.Families.OpenSent(ctx, p.birth, letter); err != nil || sent.Recording.Lost {
		t.Errorf("there again: %+v, %v", sent.Recording, err)
	}
	longSound(t, "there again", p.ownSound(letter))
}

// What came and is lost later is said, and the letter stays.
func TestParts_LostAfter(t *testing.T) {
	p, ctx := newStored(t), t.Context()
	p.mayRecord("permitted")
	draft := p.longVoiced("With both.")
	must(t, p.add(draft, large(1)))
	letter := p.sendDraft(draft)
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	photo := p.photosOf(letter)[0].ID
	p.look(letter, photo)
	must(t, p.Desk.AnswerPhoto(ctx, p.Worker, letter, photo, nothing(0)))
	p.hear(letter)
	must(t, p.Desk.AnswerRecording(ctx, p.Worker, letter, goes("")))
	// Lost between the answer and the act: the worker is told what to do.
	mend := p.lose(p.placeOf(`select sealed from object where part = 'picture'`))
	wantFault(t, "passed on without looking again", p.Desk.Pass(ctx, p.Worker, letter, ""), "fault.part.leaveOut")
	mend()
	must(t, p.Desk.FindParts(ctx, p.Home.ID))
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
	delivery := p.came()
	must(t, second(p.Families.Open(ctx, p.adoptive, delivery)))
	p.lose(p.placeOf(`select sealed from object where part = 'picture' and kind = 'delivery'`))
	p.lose(p.placeOf(`select sealed from object where part = 'sound' and kind = 'delivery'`))
	came, err := p.Families.Open(ctx, p.adoptive, delivery)
	if must(t, err); came.Photos[0].Lost || came.Recording.Lost {
		t.Errorf("nobody looked, and it is known: %+v, %+v", came.Photos, came.Recording)
	}
	wantFault(t, "looked at", second(p.Families.CamePhoto(ctx, p.adoptive, delivery, came.Photos[0].ID, false)), "fault.part.lost")
	wantFault(t, "played", second(p.Families.CameRecording(ctx, p.adoptive, delivery)), "fault.part.lost")
	if came, err = p.Families.Open(ctx, p.adoptive, delivery); err != nil || !came.Photos[0].Lost || !came.Recording.Lost || string(came.Text) != "With both." {
		t.Errorf("after that: %+v, %+v, %v", came.Photos, came.Recording, err)
	}
	// What is known stays known while the store says nothing of it.
	p.gate.Stop()
	wantKind(t, "away", second(p.Families.CamePhoto(ctx, p.adoptive, delivery, came.Photos[0].ID, false)), fault.Sealed)
	p.gate.Start()
	if sent, err := p.Families.OpenSent(ctx, p.birth, letter); err != nil || sent.Photos[0].Lost || sent.Recording.Lost {
		t.Errorf("its writer has both: %+v, %+v, %v", sent.Photos, sent.Recording, err)
	}
}

// A photo that is lost is left out, or begun again where only its cut version is.
func TestParts_LostPhoto(t *testing.T) {
	p, ctx := newStored(t), t.Context()
	letter, photos := p.deskOf(2)
	cut, gone := photos[0].ID, photos[1].ID
	must(t, p.Desk.CutPhoto(ctx, p.Worker, letter, cut, 0, letterbox.Cut{Act: "blur", Width: 10, Height: 10}))
	wantFault(t, "it is there", p.Desk.AnswerPhoto(ctx, p.Worker, letter, gone, lostPicture), "fault.part.here")
	p.lose(p.placeOf(`select sealed from object where part = 'edit'`))
	p.lose(p.placeOf(sqlPicture, gone))
	if view := p.look(letter, cut); !view.Lost || view.Picture != 1 || len(view.JPEG) != 0 {
		t.Errorf("cut: %+v", view)
	}
	must(t, p.Desk.CutPhoto(ctx, p.Worker, letter, cut, 1, letterbox.Cut{Act: "whole"}))
	clean(t, "whole again", p.look(letter, cut).JPEG)
	must(t, p.Desk.AnswerPhoto(ctx, p.Worker, letter, cut, nothing(2)))
	if view := p.look(letter, gone); !view.Lost || !view.MayDecide {
		t.Errorf("gone: %+v", view)
	}
	must(t, p.Desk.AnswerPhoto(ctx, p.Worker, letter, gone, lostPicture))
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
	came, err := p.Families.Open(ctx, p.adoptive, p.came())
	if must(t, err); len(came.Photos) != 1 {
		t.Errorf("%d photos came", len(came.Photos))
	}
	sent, err := p.Families.OpenSent(ctx, p.birth, letter)
	if must(t, err); !sent.Photos[1].LeftOut || !sent.Photos[1].Lost || sent.Photos[1].Reason != (letterbox.PhotoReason{Reason: letterbox.PartLost}) || sent.Photos[0].LeftOut {
		t.Errorf("its writer is told %+v", sent.Photos)
	}
}

// The letter of what is lost is returned and refused as any, taken back, and written
// again without it; the draft says that something is missing.
func TestParts_LostAgain(t *testing.T) {
	p, ctx := newStored(t), t.Context()
	p.mayRecord("permitted")
	draft := p.longVoiced("With both.")
	must(t, p.add(draft, large(1)))
	must(t, p.add(draft, large(2)))
	letter := p.sendDraft(draft)
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	p.lose(p.placeOf(`select sealed from object where part = 'sound'`))
	const picture = `select o.sealed from object o join letter_photo p on p.id = o.id where o.part = 'picture' and p.place = $1`
	p.lose(p.placeOf(picture, 1))
	mend := p.lose(p.placeOf(picture, 2))
	must(t, p.Desk.Return(ctx, p.Worker, letter, "identifying", "please leave the surname out", "a surname"))
	p.gate.Stop()
	wantKind(t, "written again while the store is away", second(p.Families.Rewrite(ctx, p.birth, letter)), fault.Busy)
	p.gate.Start()
	mend()
	rewrite, err := p.Families.Rewrite(ctx, p.birth, letter)
	must(t, err)
	d, err := p.Families.OpenDraft(ctx, p.birth, rewrite)
	if must(t, err); d.Recording || len(d.Photos) != 1 || !d.Lost || string(d.Text) != "With both." {
		t.Errorf("the rewrite: %+v", d)
	}
	// A draft of what is lost is sent once that is out of it.
	p.lose(p.placeOf(`select sealed from draft_photo where draft_id = $1`, rewrite))
	wantFault(t, "sent with what is lost", second(p.Families.Send(ctx, p.birth, rewrite, d.Version)), "fault.part.draft")
	must(t, p.Families.RemovePhoto(ctx, p.birth, rewrite, d.Photos[0].ID))
	again := p.sendDraft(rewrite)
	must(t, p.Families.Withdraw(ctx, p.birth, again))

	refused := p.longRecorded("For the second time.")
	p.lose(p.placeOf(sqlSoundOf, refused))
	must(t, p.Desk.Refuse(ctx, p.Worker, refused, "identifying", "this cannot go", "a surname"))
	back := p.sendDraft(p.longVoiced("For the third time."))
	p.lose(p.placeOf(sqlSoundOf, back))
	must(t, p.Families.Withdraw(ctx, p.birth, back))
}

const sqlSoundOf = `select o.sealed from object o join letter_recording r on r.id = o.id where o.part = 'sound' and r.letter_id = $1`

// A recording lies in the store as a photo does: it is put there, listened to, passed
// on and played, and goes with its row.
func TestParts_Recording(t *testing.T) {
	p, ctx := newStored(t), t.Context()
	p.mayRecord("permitted")
	draft := p.longVoiced("Hello.")
	p.objects(2) // the sound and the original
	own, err := p.Families.DraftRecording(ctx, p.birth, draft)
	must(t, err)
	longSound(t, "in a draft", own)
	must(t, p.record(draft, long(3))) // once more, in its place
	p.swept()
	p.objects(2)
	letter := p.sendDraft(draft)
	p.swept()
	p.objects(2)
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	longSound(t, "on the desk", p.hear(letter))
	must(t, p.Desk.AnswerRecording(ctx, p.Worker, letter, goes("Hello, it is me.")))
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
	p.objects(3)
	delivery := p.came()
	must(t, second(p.Families.Open(ctx, p.adoptive, delivery)))
	sound, err := p.Families.CameRecording(ctx, p.adoptive, delivery)
	must(t, err)
	longSound(t, "what came", sound)
	longSound(t, "the writer's own", p.ownSound(letter))
	for key, b := range p.objects(3) {
		if !bytes.HasPrefix(b, []byte("age-encryption.org/v1\n")) || bytes.Contains(b, []byte("ftypM4A")) {
			t.Errorf("%s is no age file, or a sound", key)
		}
	}
	if n := p.count(`select count(*) from object where octet_length(sealed) > $1`, parts.Large); n != 0 {
		t.Errorf("%d large parts stand in their rows", n)
	}
	// A draft's goes from the store when it is taken out, and with the draft.
	other := p.longVoiced("Another.")
	p.objects(5)
	must(t, p.Families.RemoveRecording(ctx, p.birth, other))
	p.swept()
	p.objects(3)
	must(t, p.record(other, long(4)))
	must(t, p.Families.DeleteDraft(ctx, p.birth, other))
	p.swept()
	p.objects(3)
}

// So does everything of an exchange that is destroyed, with what a draft has.
func TestParts_RecordingDestroyed(t *testing.T) {
	p, ctx := newStored(t), t.Context()
	p.mayRecord("permitted")
	letter := p.sendDraft(p.longVoiced("Hello."))
	must(t, p.Families.Withdraw(ctx, p.birth, letter))
	p.longVoiced("Not sent.")
	p.swept()
	p.objects(4)
	login, officer := p.officer()
	id := p.order(login, officer)
	p.Clock.Advance(letterbox.DestructionWaits)
	must(t, p.agree(id))
	state := func(want string) {
		t.Helper()
		list, err := p.Desk.Destructions(ctx, officer)
		if must(t, err); list[0].State != want {
			t.Errorf("the list says %+v, want %s", list, want)
		}
	}
	state("removing")
	p.swept()
	p.objects(0)
	state("destroyed")
}

// While the store is away a recording waits, and no draft or letter is the worse.
func TestParts_RecordingAway(t *testing.T) {
	p, ctx := newStored(t), t.Context()
	p.mayRecord("permitted")
	letter := p.longRecorded("With a voice.")
	draft, err := p.Families.NewDraft(ctx, p.birth, p.fromSide, "Not yet.")
	must(t, err)
	p.gate.Stop()
	wantFault(t, "recorded", p.record(draft, long(1)), "fault.part.waits")
	must(t, p.record(draft, said(2))) // small enough for its row
	wantKind(t, "played", second(p.Desk.HearRecording(ctx, p.Worker, letter)), fault.Busy)
	wantKind(t, "the writer's own", second(p.Families.SentRecording(ctx, p.birth, letter)), fault.Busy)
	if strings.Contains(p.said.String(), "ALARM") {
		t.Error("a store that is away is an alarm")
	}
	p.gate.Start()
	longSound(t, "there again", p.hear(letter))
}

// Another deployment's bucket is not written to, and nothing of it is deleted.
func TestParts_Another(t *testing.T) {
	p, ctx := newStored(t), t.Context()
	kept := p.deskOfOne()
	p.swept()
	p.objects(2)
	mark, err := parts.MarkOf(ctx, p.Database.Admin())
	must(t, err)
	ours := func(mark parts.Mark) {
		p.Families = p.Families.WithParts(p.gate.Open(p.gate.Families).For(mark, parts.PlacesOf(p.Database.Admin())))
		p.Desk = p.Desk.WithParts(p.gate.Open(p.gate.Staff).For(mark, parts.PlacesOf(p.Database.Admin())))
	}
	ours(mark)
	must(t, p.Desk.SweepParts(ctx, p.Home.ID)) // marks it, for it has a part that a row names
	draft := p.draftOf(0)
	must(t, p.add(draft, large(7)))
	must(t, p.Families.DeleteDraft(ctx, p.birth, draft))
	ours(parts.Mark("a copy of this database, elsewhere"))
	wantFault(t, "put", p.add(p.draftOf(0), large(8)), "fault.part.waits")
	for what, err := range map[string]error{"delete": p.Desk.DeleteParts(ctx, p.Home.ID), "sweep": p.Desk.SweepParts(ctx, p.Home.ID)} {
		if err == nil || !strings.Contains(err.Error(), parts.ErrAnother.Error()) {
			t.Errorf("%s: %v", what, err)
		}
	}
	p.objects(4)
	ours(mark)
	p.swept()
	p.objects(2)
	p.look(kept, p.photosOf(kept)[0].ID)
}

// In a bucket that was emptied, with its mark, or is the wrong one, nothing is lost that
// may be elsewhere: it waits, until an operator says that the bucket is ours.
func TestParts_Unmarked(t *testing.T) {
	p, ctx := newStored(t), t.Context()
	mark, err := parts.MarkOf(ctx, p.Database.Admin())
	must(t, err)
	places := parts.PlacesOf(p.Database.Admin())
	staff := p.gate.Open(p.gate.Staff).For(mark, places)
	p.Desk = p.Desk.WithParts(staff)
	p.Families = p.Families.WithParts(p.gate.Open(p.gate.Families).For(mark, places))
	must(t, staff.Ours(ctx)) // marks it
	letter, photos := p.deskOf(1)
	must(t, p.Families.DeleteDraft(ctx, p.birth, p.draftOf(1)))
	for key := range p.gate.Objects() {
		must(t, os.Remove(p.gate.Path(key)))
	}
	must(t, os.Remove(p.gate.Path("gatepost-mark")))
	wantKind(t, "its writer looks", second(p.Families.SentPhoto(ctx, p.birth, letter, photos[0].ID)), fault.Busy)
	wantKind(t, "a worker looks", second(p.Desk.LookAtPhoto(ctx, p.Worker, letter, photos[0].ID, nil)), fault.Busy)
	wantKind(t, "said to be lost", p.Desk.AnswerPhoto(ctx, p.Worker, letter, photos[0].ID, lostPicture), fault.Busy)
	for what, err := range map[string]error{"delete": p.Desk.DeleteParts(ctx, p.Home.ID), "sweep": p.Desk.SweepParts(ctx, p.Home.ID)} {
		if !errors.Is(err, parts.ErrUnmarked) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if refs := p.lostIn(); len(refs) != 0 || p.count(`select count(*) from part_gone`) == 0 {
		t.Errorf("lost in %v, or what was to be deleted is said to be", refs)
	}
	must(t, staff.Take(ctx))
	if view := p.look(letter, photos[0].ID); !view.Lost {
		t.Error("in ours it is not lost")
	}
	if refs := p.lostIn(); len(refs) != 1 {
		t.Errorf("lost in %v", refs)
	}
	p.swept()
}

func (p *stored) deskOfOne() letterbox.LetterID {
	letter, _ := p.deskOf(1)
	return letter
}

func (p *stored) ownSound(letter letterbox.LetterID) []byte {
	p.t.Helper()
	sound, err := p.Families.SentRecording(context.Background(), p.birth, letter)
	must(p.t, err)
	return sound
}

// longVoiced is a draft of the birth side with a recording that is large as it came and
// as it is made anew.
func (p *stored) longVoiced(text string) letterbox.DraftID {
	p.t.Helper()
	id, err := p.Families.NewDraft(p.t.Context(), p.birth, p.fromSide, text)
	must(p.t, err)
	must(p.t, p.record(id, long(1)))
	return id
}

// longRecorded sends a letter with one and claims it.
func (p *stored) longRecorded(text string) letterbox.LetterID {
	p.t.Helper()
	letter := p.sendDraft(p.longVoiced(text))
	must(p.t, p.Desk.Claim(p.t.Context(), p.Worker, letter))
	return letter
}

// long is a minute of noise.
func long(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 11))
	data := make([]byte, 60*16000)
	for i := 0; i < len(data); i += 2 {
		binary.LittleEndian.PutUint16(data[i:], uint16(int16(r.IntN(16000)-8000)))
	}
	return voicetest.WAV(data, uint32(len(data)))
}

// longSound fails unless a recording is one of a minute and nothing else.
func longSound(t *testing.T, what string, b []byte) {
	t.Helper()
	if seconds, err := voice.Check(b); err != nil || seconds < 59 || seconds > 61 {
		t.Errorf("%s: %d seconds, %v", what, seconds, err)
	}
}
