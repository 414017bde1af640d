package letterbox_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/letterbox"
	"gatepost/letterbox/photo"
	"gatepost/letterbox/photo/phototest"
)

// snapshot is a photo of a phone: it tells a place, a camera, a day and words.
func snapshot() []byte {
	return phototest.JPEG(phototest.Scene(320, 240), phototest.Exif(phototest.Everything(binary.BigEndian)), phototest.Comment(phototest.Word))
}

// agreed sets what is agreed about the photos of the birth side.
func (p *pair) agreed(policy string) {
	p.t.Helper()
	must(p.t, p.Desk.SetPhotos(p.t.Context(), p.Worker, p.fromSide, policy))
}

// add puts a picture into a draft of the birth side.
func (p *pair) add(draft letterbox.DraftID, file []byte) error {
	return p.addAs(p.birth, draft, file)
}

func (p *pair) addAs(actor authz.Actor, draft letterbox.DraftID, file []byte) error {
	p.t.Helper()
	place, err := p.Families.PhotoPlace(p.t.Context(), actor, draft)
	if err != nil {
		return err
	}
	defer place.Leave()
	return p.Families.AddPhoto(p.t.Context(), actor, draft, place, file)
}

// draftWith is a draft of the birth side with so many photos.
func (p *pair) draftWith(photos int) letterbox.DraftID {
	p.t.Helper()
	id, err := p.Families.NewDraft(p.t.Context(), p.birth, p.fromSide, "Here we are by the water.")
	must(p.t, err)
	for range photos {
		must(p.t, p.add(id, snapshot()))
	}
	return id
}

// sendDraft sends a draft as it is.
func (p *pair) sendDraft(id letterbox.DraftID) letterbox.LetterID {
	p.t.Helper()
	d, err := p.Families.OpenDraft(p.t.Context(), p.birth, id)
	must(p.t, err)
	letter, err := p.Families.Send(p.t.Context(), p.birth, id, d.Version)
	must(p.t, err)
	return letter
}

// onDesk sends a letter with so many photos and claims it.
func (p *pair) onDesk(photos int) (letterbox.LetterID, []letterbox.DeskPhoto) {
	p.t.Helper()
	letter := p.sendDraft(p.draftWith(photos))
	must(p.t, p.Desk.Claim(p.t.Context(), p.Worker, letter))
	return letter, p.photosOf(letter)
}

func (p *pair) photosOf(letter letterbox.LetterID) []letterbox.DeskPhoto {
	p.t.Helper()
	reading, err := p.Desk.Read(p.t.Context(), p.Worker, letter)
	must(p.t, err)
	return reading.Photos
}

func (p *pair) look(letter letterbox.LetterID, id letterbox.PhotoID) letterbox.PhotoView {
	p.t.Helper()
	view, err := p.Desk.LookAtPhoto(p.t.Context(), p.Worker, letter, id, nil)
	must(p.t, err)
	return view
}

// nothing is the answer that nothing that was asked about is to be seen.
func nothing(picture int) letterbox.PhotoAnswer {
	return letterbox.PhotoAnswer{Picture: picture, Goes: true, Seen: map[string]bool{"uniform": false, "badge": false, "plate": false, "sign": false}}
}

// clean fails unless a picture is a picture and nothing else.
func clean(t *testing.T, what string, b []byte) (width, height int) {
	t.Helper()
	width, height, err := photo.Check(b)
	if err != nil || bytes.Contains(b, []byte(phototest.Word)) {
		t.Errorf("%s: %v, or it tells its place", what, err)
	}
	return width, height
}

// The main job: a photo is sent, looked at, cropped, passed on and seen, and what
// its file told goes no further than the desk.
func TestPhoto_Crosses(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.agreed("permitted")
	letter, photos := p.onDesk(2)
	if len(photos) != 2 || photos[0].Answered || photos[0].Place != 1 || photos[1].Place != 2 {
		t.Fatalf("on the desk: %+v", photos)
	}
	first, second := photos[0].ID, photos[1].ID
	wantFault(t, "nobody looked", p.Desk.Pass(ctx, p.Worker, letter, ""), "fault.photo.answerFirst")
	view := p.look(letter, first)
	clean(t, "on the desk", view.JPEG)
	if !slices.Equal(view.Marks, []string{"place", "camera", "date", "text", "thumbnail"}) || view.Width != 320 || view.Of != 2 || !view.MayDecide {
		t.Errorf("the worker is told %v of %d×%d", view.Marks, view.Width, view.Height)
	}
	half := letterbox.Cut{Act: "crop", Left: 0, Top: 0, Width: 50, Height: 100}
	tried, err := p.Desk.LookAtPhoto(ctx, p.Worker, letter, first, &half)
	if must(t, err); tried.Width != 160 || p.look(letter, first).Width != 320 {
		t.Errorf("tried, it is %d wide, and was kept", tried.Width)
	}
	must(t, p.Desk.CutPhoto(ctx, p.Worker, letter, first, 0, half))
	wantFault(t, "answered for what it was", p.Desk.AnswerPhoto(ctx, p.Worker, letter, first, nothing(0)), "fault.photo.changed")
	if cut := p.look(letter, first); cut.Width != 160 || cut.Picture != 1 || len(cut.Marks) == 0 {
		t.Errorf("cut, it is %d wide, version %d, marks %v", cut.Width, cut.Picture, cut.Marks)
	}
	must(t, p.Desk.AnswerPhoto(ctx, p.Worker, letter, first, nothing(1)))
	wantFault(t, "one without an answer", p.Desk.Pass(ctx, p.Worker, letter, ""), "fault.photo.answerFirst")
	p.look(letter, second)
	out := letterbox.PhotoAnswer{Seen: map[string]bool{"uniform": true, "badge": false, "plate": false, "sign": false},
		PhotoReason: letterbox.PhotoReason{Reason: "identifying", Words: "We kept it for you."}}
	must(t, p.Desk.AnswerPhoto(ctx, p.Worker, letter, second, out))
	if sent, err := p.Families.OpenSent(ctx, p.birth, letter); err != nil || len(sent.Photos) != 2 || sent.Photos[1].LeftOut {
		t.Errorf("before it is passed on its writer is told %+v, %v", sent.Photos, err)
	}
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))

	came, err := p.Families.Open(ctx, p.adoptive, p.came())
	must(t, err)
	if len(came.Photos) != 1 || !came.Photos[0].Shown || !came.Photos[0].Keep || came.Photos[0].Place != 1 {
		t.Fatalf("came with %+v", came.Photos)
	}
	before := p.count(`select count(*) from audit_body where convert_from(body, 'UTF8') like '%event access%object pd%'`)
	got, err := p.Families.CamePhoto(ctx, p.adoptive, came.ID, came.Photos[0].ID, true)
	must(t, err)
	if width, _ := clean(t, "what came", got); width != 160 {
		t.Errorf("it came %d wide", width)
	}
	if n := p.count(`select count(*) from audit_body where convert_from(body, 'UTF8') like '%event access%object pd%'`); n != before+1 {
		t.Errorf("%d readings in the log", n-before)
	}
	sent, err := p.Families.OpenSent(ctx, p.birth, letter)
	must(t, err)
	if sent.Photos[0].LeftOut || !sent.Photos[1].LeftOut || sent.Photos[1].Reason != (letterbox.PhotoReason{Reason: "identifying",
		Told: "Photos cannot show what could tell who somebody is or where they live or go, whether right or wrong.", Words: "We kept it for you."}) {
		t.Errorf("its writer is told %+v", sent.Photos)
	}
	own, err := p.Families.SentPhoto(ctx, p.birth, letter, first)
	must(t, err)
	if width, _ := clean(t, "the writer's own", own); width != 320 {
		t.Errorf("the writer's own is %d wide", width)
	}
	p.archiveKeeps(first)
}

// archiveKeeps: the archive's key alone opens the original as it came.
func (p *pair) archiveKeeps(id letterbox.PhotoID) {
	p.t.Helper()
	var sealed []byte
	must(p.t, p.Database.Admin().QueryRow(context.Background(), `select sealed from object where id = $1 and part = 'original'`, string(id)).Scan(&sealed))
	content, _, err := seal.Open(sealed, p.context(string(id), "original"), p.Archive)
	if err != nil || !bytes.Equal(content, snapshot()) {
		p.t.Errorf("the archive opens %d bytes of the original, %v", len(content), err)
	}
}

// Where photos are not agreed on, nobody sends one, and the database says so too.
func TestPhoto_NotAgreed(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	draft := p.draftWith(0)
	wantFault(t, "by default", p.add(draft, snapshot()), "fault.photo.notAgreed")
	row := func(of letterbox.DraftID) string {
		return fmt.Sprintf(`insert into draft_photo (agency_id, id, draft_id, place, sealed, mac, original, original_commit, original_mac)
			values (agency(), 'phaaaaaaaaaaaaaaaaaaaa', '%s', 4, 'x', sha256('x'), 'x', sha256('x'), sha256('x'))`, of)
	}
	wantBroken(t, p.asSide(p.birthID, row(draft)), "23514", "photo_agreed")
	p.agreed("viewOnlyInOffice")
	must(t, p.add(draft, snapshot()))
	if err := p.asSide(p.adopterID, row(draft)); err == nil {
		t.Error("the other side puts a photo into the draft")
	}
	// Agreed on by one side is not agreed on by the other.
	other, err := p.Families.NewDraft(ctx, p.adoptive, p.toSide, "hello")
	must(t, err)
	wantFault(t, "the other side", p.addAs(p.adoptive, other, snapshot()), "fault.photo.notAgreed")
	// What is not agreed on any more does not go, whoever says so.
	p.agreed("none")
	d, err := p.Families.OpenDraft(ctx, p.birth, draft)
	must(t, err)
	_, err = p.Families.Send(ctx, p.birth, draft, d.Version)
	wantFault(t, "sent", err, "fault.photo.notAgreed")
	if n := p.count(`select count(*) from letter`) + p.count(`select count(*) from object where id like 'ph%'`); n != 0 {
		t.Errorf("%d rows of a letter that was refused", n)
	}
	p.agreed("permitted")
	letter := p.sendDraft(draft)
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	id := p.photosOf(letter)[0].ID
	p.look(letter, id)
	must(t, p.Desk.AnswerPhoto(ctx, p.Worker, letter, id, nothing(0)))
	p.agreed("none")
	wantFault(t, "passed on", p.Desk.Pass(ctx, p.Worker, letter, ""), "fault.photo.notAgreedNow")
	p.untriggered(`update side set photos = 'none'`)
	wantFault(t, "answered", p.Desk.AnswerPhoto(ctx, p.Worker, letter, id, nothing(0)), "fault.photo.notAgreedNow")
}

// What the recipient may do with a photo is what is agreed on today, and their
// role selects nothing else.
func TestPhoto_Policies(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.agreed("permitted")
	letter, photos := p.onDesk(1)
	p.look(letter, photos[0].ID)
	must(t, p.Desk.AnswerPhoto(ctx, p.Worker, letter, photos[0].ID, nothing(0)))
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
	delivery := p.came()
	var id letterbox.CamePhotoID
	must(t, p.Database.Admin().QueryRow(ctx, `select id from delivery_photo`).Scan(&id))
	wantKind(t, "before the letter is open", second(p.Families.CamePhoto(ctx, p.adoptive, delivery, id, false)), fault.NotFound)
	_, err := p.Families.Open(ctx, p.adoptive, delivery)
	must(t, err)
	for policy, may := range map[string]struct{ shown, keep bool }{
		"none": {}, "viewOnlyInOffice": {}, "digitalViewNoDownload": {shown: true}, "permitted": {true, true},
	} {
		p.Worker = p.SignInWorker(t, &p.WorkerLogin)
		p.agreed(policy)
		came, err := p.Families.Open(ctx, p.adoptive, delivery)
		must(t, err)
		if got := came.Photos; len(got) != 1 || got[0].Shown != may.shown || got[0].Keep != may.keep {
			t.Errorf("%s: %+v", policy, got)
		}
		for keep, want := range map[bool]bool{false: may.shown, true: may.keep} {
			_, err := p.Families.CamePhoto(ctx, p.adoptive, delivery, id, keep)
			if (err == nil) != want || err != nil && fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s, to be kept %v: %v", policy, keep, err)
			}
		}
		var seen int
		err = p.selected(p.adopterID, `select count(*) from object where kind = 'delivery' and part = 'picture'`, &seen)
		if must(t, err); (seen == 1) != may.shown {
			t.Errorf("%s: the families' role selects %d pictures", policy, seen)
		}
	}
	wantKind(t, "the other side's id", second(p.Families.SentPhoto(ctx, p.adoptive, letter, photos[0].ID)), fault.NotFound)
	wantKind(t, "a photo that came, by who sent it", second(p.Families.CamePhoto(ctx, p.birth, delivery, id, false)), fault.NotFound)
	// A worker shows it at the office, without a claim; so nothing was looked at for an answer.
	before := p.count(`select count(*) from photo_look`)
	if view := p.look(letter, photos[0].ID); view.MayDecide || p.count(`select count(*) from photo_look`) != before {
		t.Error("a letter that was passed on is judged again")
	}
	for _, part := range []string{"original", "edit", "answers"} {
		var n int
		if must(t, p.selected(p.birthID, `select count(*) from object where part = '`+part+`'`, &n)); n != 0 {
			t.Errorf("the families' role selects what is kept as %s", part)
		}
	}
	// A letter that went back takes its photos along.
	p.untriggered(`update letter set state = 'recalled'`)
	wantKind(t, "of a letter that went back", second(p.Families.CamePhoto(ctx, p.adoptive, delivery, id, false)), fault.Gone)
}

// selected asks one number as a person.
func (p *pair) selected(account, sql string, n *int) error {
	ctx := context.Background()
	return pgx.BeginFunc(ctx, p.Database.Conn("gatepost_public"), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select set_config('gatepost.agency', $1, true), set_config('gatepost.account', $2, true)`, p.Home.ID, account); err != nil {
			return err
		}
		return tx.QueryRow(ctx, sql).Scan(n)
	})
}

// Who is asked says of each picture, as it is now, what can be seen and whether
// it goes; what can be seen does not go.
func TestPhoto_Answers(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.agreed("permitted")
	letter, photos := p.onDesk(1)
	id := photos[0].ID
	answer := func(a letterbox.PhotoAnswer) error { return p.Desk.AnswerPhoto(ctx, p.Worker, letter, id, a) }
	wantFault(t, "not looked at", answer(nothing(0)), "fault.photo.look")
	p.look(letter, id)
	silent := nothing(0)
	delete(silent.Seen, "plate")
	if got := fields(answer(silent)); !slices.Equal(got, []string{"plate"}) {
		t.Errorf("without an answer about plates: %v", got)
	}
	shows := nothing(0)
	shows.Seen["sign"] = true
	if got := fields(answer(shows)); !slices.Equal(got, []string{"sign"}) {
		t.Errorf("with a sign in it: %v", got)
	}
	shows.Goes = false
	if got := fields(answer(shows)); !slices.Equal(got, []string{"reason"}) {
		t.Errorf("left out without a reason: %v", got)
	}
	shows.Reason = "other"
	if got := fields(answer(shows)); !slices.Equal(got, []string{"words"}) {
		t.Errorf("left out without words: %v", got)
	}
	other := p.newStaff("Imogen Farr", authz.LetterboxWorker)
	wantKind(t, "without the claim", second(p.Desk.LookAtPhoto(ctx, other, letter, id, nil)), fault.Conflict)
	wantKind(t, "answered without the claim", p.Desk.AnswerPhoto(ctx, other, letter, id, nothing(0)), fault.Conflict)
	wantKind(t, "cut without the claim", p.Desk.CutPhoto(ctx, other, letter, id, 0, letterbox.Cut{Act: "whole"}), fault.Conflict)
	wantKind(t, "a photo of no letter", second(p.Desk.LookAtPhoto(ctx, p.Worker, letter, "phaaaaaaaaaaaaaaaaaaaa", nil)), fault.NotFound)
	must(t, answer(nothing(0)))
	if got := p.photosOf(letter)[0]; !got.Answered || !got.Goes {
		t.Errorf("after the answer: %+v", got)
	}
	// The answer was about the picture that there was.
	must(t, p.Desk.CutPhoto(ctx, p.Worker, letter, id, 0, letterbox.Cut{Act: "blur", Left: 10, Top: 10, Width: 20, Height: 20}))
	if p.photosOf(letter)[0].Answered {
		t.Error("an answer outlives a cut")
	}
	wantFault(t, "passed on", p.Desk.Pass(ctx, p.Worker, letter, ""), "fault.photo.answerFirst")
	for _, cut := range []letterbox.Cut{{Act: "crop", Left: 60, Width: 50, Top: 0, Height: 10}, {Act: "crop", Left: -1, Width: 50, Height: 50}, {Act: "blur"}, {Act: "crop", Width: 1, Height: 1}, {Act: "turn"}} {
		wantKind(t, fmt.Sprint(cut), p.Desk.CutPhoto(ctx, p.Worker, letter, id, 1, cut), fault.Invalid)
	}
	must(t, p.Desk.CutPhoto(ctx, p.Worker, letter, id, 1, letterbox.Cut{Act: "whole"}))
	if view := p.look(letter, id); view.Picture != 2 || view.Width != 320 {
		t.Errorf("whole again: %d wide, version %d", view.Width, view.Picture)
	}
	must(t, answer(nothing(2)))
	// Another worker's word is not one's own.
	must(t, p.Desk.Release(ctx, p.Worker, letter))
	must(t, p.Desk.Claim(ctx, other, letter))
	wantFault(t, "by a colleague", p.Desk.Pass(ctx, other, letter, ""), "fault.photo.answerFirst")
}

// fields are the fields of all faults in err.
func fields(err error) (list []string) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			list = append(list, fields(one)...)
		}
		return list
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		list = append(list, f.Field)
	}
	return list
}

// What the program got wrong, the database refuses.
func TestPhoto_Database(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.agreed("permitted")
	letter, photos := p.onDesk(1)
	id := string(photos[0].ID)
	word := `insert into photo_word (agency_id, photo_id, n, worker_id, picture, goes, leaf)
		select agency(), '` + id + `', 1, account(), 0, true, leaf from audit_body where agency_id = agency() limit 1`
	worker := p.Worker.Account()
	wantBroken(t, p.asStaff(worker, word), "23514", "photo_looked")
	other := p.newStaff("Imogen Farr", authz.LetterboxWorker)
	wantBroken(t, p.asStaff(other.Account(), word), "23514", "photo_worker")
	late := `insert into letter_photo (agency_id, id, letter_id, place) values (agency(), 'phaaaaaaaaaaaaaaaaaaaa', '` + string(letter) + `', 2)`
	wantBroken(t, p.asSide(p.birthID, late), "23514", "photo_late")
	p.look(letter, photos[0].ID)
	must(t, p.Desk.AnswerPhoto(ctx, p.Worker, letter, photos[0].ID, nothing(0)))
	// The rows of a photo are gone, so the service passes the letter without it.
	for name, sql := range map[string]string{
		"without its answer":    `delete from photo_word`,
		"a colleague's answer":  `update photo_word set worker_id = '` + other.Account() + `'`,
		"of an earlier picture": `update photo_word set picture = 7`,
	} {
		t.Run(name, func(t *testing.T) {
			p.Desk.Stall(func(at string) {
				if at == "pass locked" {
					p.untriggered(`create table if not exists kept as select * from photo_word`, sql)
				}
			})
			defer p.Desk.Stall(nil)
			wantFault(t, "pass", p.Desk.Pass(ctx, p.Worker, letter, ""), "fault.photo.answerFirst")
			p.untriggered(`delete from photo_word`, `insert into photo_word select * from kept`)
		})
	}
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
	if n := p.count(`select count(*) from delivery_photo`); n != 1 {
		t.Errorf("%d photos came", n)
	}
}

// A photo is cleaned, sealed and stored at once or not at all, and the text of its
// draft is what it was.
func TestPhoto_AllOrNothing(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.agreed("permitted")
	draft := p.draftWith(1)
	whole := func(what string) {
		t.Helper()
		d, err := p.Families.OpenDraft(ctx, p.birth, draft)
		must(t, err)
		if string(d.Text) != "Here we are by the water." || len(d.Photos) != 1 || d.Version != 2 {
			t.Errorf("%s: %d photos, version %d", what, len(d.Photos), d.Version)
		}
	}
	for name, file := range map[string][]byte{
		"no picture": []byte("%PDF-1.7"), "a page": phototest.Page(), "a bomb": phototest.BombPNG(60000, 60000),
		"a torn one": snapshot()[:400], "a film": phototest.Film(), "too large": make([]byte, letterbox.MaxPhoto+1), "none": nil,
	} {
		if err := p.add(draft, file); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
		whole(name)
	}
	stop := func(where func()) {
		p.Families.Stall(func(at string) {
			if at == "photo cleaned" {
				where()
			}
		})
	}
	stop(func() { p.Exec(t, `update draft set version = version + 1`) })
	wantKind(t, "saved in another window", p.add(draft, snapshot()), fault.Conflict)
	p.Families.Stall(nil)
	p.Exec(t, `update draft set version = version - 1`)
	whole("saved in another window")
	ending, end := context.WithCancel(ctx)
	stop(end)
	place, err := p.Families.PhotoPlace(ending, p.birth, draft)
	must(t, err)
	if err := p.Families.AddPhoto(ending, p.birth, draft, place, snapshot()); err == nil {
		t.Error("stored for somebody who has gone")
	}
	p.Families.Stall(nil)
	whole("gone")
	// Every place is taken by now: one by the request above, one here.
	second, err := p.Families.PhotoPlace(ctx, p.birth, draft)
	must(t, err)
	wantFault(t, "no place", p.add(draft, snapshot()), "fault.photo.busy")
	whole("no place")
	place.Leave()
	place.Leave()
	second.Leave()
	// A file that is two things at once comes out as one.
	must(t, p.add(draft, append(snapshot(), phototest.Archive()...)))
	for range 2 {
		must(t, p.add(draft, snapshot()))
	}
	wantFault(t, "a fifth", p.add(draft, snapshot()), "fault.photo.four")
	d, err := p.Families.OpenDraft(ctx, p.birth, draft)
	must(t, err)
	for _, line := range d.Photos {
		b, err := p.Families.DraftPhoto(ctx, p.birth, draft, line.ID)
		must(t, err)
		clean(t, fmt.Sprint("photo ", line.Place), b)
		wantKind(t, "for the other side", func() error { _, err := p.Families.DraftPhoto(ctx, p.adoptive, draft, line.ID); return err }(), fault.NotFound)
	}
	wantKind(t, "taken out by the other side", p.Families.RemovePhoto(ctx, p.adoptive, draft, d.Photos[0].ID), fault.NotFound)
	must(t, p.Families.RemovePhoto(ctx, p.birth, draft, d.Photos[1].ID))
	must(t, p.add(draft, snapshot()))
	_, err = p.Families.Send(ctx, p.birth, draft, d.Version)
	wantFault(t, "another letter than was checked", err, "fault.draft.changed")
	// A photo moved here from another draft, or changed, does not open.
	other := p.draftWith(1)
	p.untriggered(`delete from draft_photo where draft_id = '`+string(draft)+`'`, `update draft_photo set draft_id = '`+string(draft)+`', sealed = set_byte(sealed, octet_length(sealed) - 5, 0) where draft_id = '`+string(other)+`'`)
	d, err = p.Families.OpenDraft(ctx, p.birth, draft)
	must(t, err)
	_, err = p.Families.Send(ctx, p.birth, draft, d.Version)
	wantKind(t, "a photo that was changed", err, fault.Sealed)
	must(t, p.Families.DeleteDraft(ctx, p.birth, draft))
	if n := p.count(`select count(*) from draft_photo`); n != 0 {
		t.Errorf("%d photos of a draft that is gone", n)
	}
}

// A letter that came back takes its photos along, and their originals stay where
// they are.
func TestPhoto_Rewrite(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.agreed("permitted")
	letter, photos := p.onDesk(2)
	p.look(letter, photos[0].ID)
	must(t, p.Desk.CutPhoto(ctx, p.Worker, letter, photos[0].ID, 0, letterbox.Cut{Act: "crop", Width: 50, Height: 50}))
	must(t, p.Desk.Return(ctx, p.Worker, letter, "unclear", "", ""))
	for round := range 2 {
		draft, err := p.Families.Rewrite(ctx, p.birth, letter)
		must(t, err)
		d, err := p.Families.OpenDraft(ctx, p.birth, draft)
		must(t, err)
		if len(d.Photos) != 2 || d.Photos[0].ID == photos[0].ID {
			t.Fatalf("the rewrite has %+v", d.Photos)
		}
		b, err := p.Families.DraftPhoto(ctx, p.birth, draft, d.Photos[0].ID)
		must(t, err)
		if width, _ := clean(t, "in the rewrite", b); width != 320 {
			t.Errorf("in the rewrite it is %d wide", width)
		}
		letter = p.sendDraft(draft)
		if n := p.count(`select count(*) from object where part = 'original'`); n != 2 {
			t.Errorf("%d originals", n)
		}
		if n := p.count(`select count(*) from letter_photo where letter_id = $1 and original_of = any($2)`, string(letter), []string{string(photos[0].ID), string(photos[1].ID)}); n != 2 {
			t.Errorf("%d know their original", n)
		}
		must(t, p.Desk.Claim(ctx, p.Worker, letter))
		if round == 0 {
			must(t, p.Desk.Return(ctx, p.Worker, letter, "unclear", "", ""))
		}
	}
}

// Whoever can write rows and cannot sign shows nobody another picture.
func TestPhoto_Unsigned(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.agreed("permitted")
	letter, photos := p.onDesk(2)
	swap := func(part string) {
		a, b := string(photos[0].ID), string(photos[1].ID)
		p.untriggered(`update object set id = 'phaaaaaaaaaaaaaaaaaaaa' where part = '`+part+`' and id = '`+a+`'`, `update object set id = '`+a+`' where part = '`+part+`' and id = '`+b+`'`,
			`update object set id = '`+b+`' where part = '`+part+`' and id = 'phaaaaaaaaaaaaaaaaaaaa'`)
	}
	swap("picture")
	wantKind(t, "another picture", second(p.Desk.LookAtPhoto(ctx, p.Worker, letter, photos[0].ID, nil)), fault.Sealed)
	swap("picture")
	p.look(letter, photos[0].ID)
	out := letterbox.PhotoAnswer{Seen: nothing(0).Seen, PhotoReason: letterbox.PhotoReason{Reason: "unclear"}}
	must(t, p.Desk.AnswerPhoto(ctx, p.Worker, letter, photos[0].ID, out))
	p.look(letter, photos[1].ID)
	must(t, p.Desk.AnswerPhoto(ctx, p.Worker, letter, photos[1].ID, nothing(0)))
	p.untriggered(`update photo_word set goes = true`)
	wantKind(t, "a word turned round", p.Desk.Pass(ctx, p.Worker, letter, ""), fault.Sealed)
}

// A letter that was referred has its photos with it, as they came, for the
// safeguarding lead alone: each reading in the log before it, and no row shows
// another letter's.
func TestEscalate_Photos(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	p.agreed("permitted")
	lead := p.newStaff("Ines Calder", authz.SafeguardingLead)
	letter, photos := p.onDesk(2)
	p.look(letter, photos[0].ID)
	must(t, p.Desk.CutPhoto(ctx, p.Worker, letter, photos[0].ID, 0, letterbox.Cut{Act: "crop", Width: 50, Height: 100}))
	_, err := p.Desk.LookAtReferred(ctx, lead, letter, photos[0].ID)
	wantKind(t, "before it is referred", err, fault.NotFound)
	must(t, p.Desk.Escalate(ctx, p.Worker, letter, "a uniform in the first picture"))
	text, err := p.Desk.Referred(ctx, lead, letter)
	must(t, err)
	if len(text.Photos) != 2 || text.Photos[0].ID != photos[0].ID || !text.Photos[0].Sealed || !text.Photos[1].Sealed || text.Photos[1].Place != 2 {
		t.Fatalf("the lead has %+v", text.Photos)
	}
	readings := `select count(*) from audit_body where convert_from(body, 'UTF8') like E'%event access%object ' || $1 || E'\npart referral%'`
	for i := range 2 {
		picture, err := p.Desk.LookAtReferred(ctx, lead, letter, photos[i].ID)
		must(t, err)
		if width, _ := clean(t, "for the lead", picture); width != 320 {
			t.Errorf("the lead sees photo %d %d wide, and not as it came", i+1, width)
		}
		if n := p.count(readings, string(photos[i].ID)); n != 1 {
			t.Errorf("%d readings are in the log", n)
		}
	}
	var sealed []byte
	must(t, p.Database.Admin().QueryRow(ctx, `select sealed from object where id = $1 and part = 'referral'`, string(photos[0].ID)).Scan(&sealed))
	c := p.context(string(photos[0].ID), "referral")
	if _, _, err := seal.Open(sealed, c, p.Archive); err != nil {
		t.Errorf("the archive does not open it: %v", err)
	}
	for line := range strings.Lines(string(p.Worker.Keys().Marshal())) {
		name, _, _ := strings.Cut(line, " ")
		if key, ok := p.Worker.Keys().Identity(name); ok {
			if _, _, err := seal.Open(sealed, c, key); err == nil {
				t.Errorf("the team's worker opens it with %s", name)
			}
		}
	}
	wantKind(t, "a worker", second(p.Desk.LookAtReferred(ctx, p.Worker, letter, photos[0].ID)), fault.Forbidden)
	wantKind(t, "no photo", second(p.Desk.LookAtReferred(ctx, lead, letter, "ph")), fault.NotFound)

	// A letter of the same exchange: its photo does not become this one's.
	other, others := p.onDesk(1)
	must(t, p.Desk.Escalate(ctx, p.Worker, other, "the same"))
	wantKind(t, "another letter's", second(p.Desk.LookAtReferred(ctx, lead, letter, others[0].ID)), fault.NotFound)
	p.untriggered(`update letter_photo set letter_id = '` + string(letter) + `', place = 3 where id = '` + string(others[0].ID) + `'`)
	wantKind(t, "another letter's, by its row", second(p.Desk.LookAtReferred(ctx, lead, letter, others[0].ID)), fault.Sealed)

	// Who knows the family sees none, and neither does anybody once it is handed back.
	p.untriggered(`insert into connection (agency_id, exchange_id, worker_id) values ('` + p.Home.ID + `', '` + string(p.exchange) + `', '` + lead.Account() + `')`)
	wantKind(t, "who knows the family", second(p.Desk.LookAtReferred(ctx, lead, letter, photos[0].ID)), fault.Forbidden)
	p.untriggered(`delete from connection`)
	must(t, p.Desk.HandBack(ctx, lead, letter, ""))
	wantKind(t, "handed back", second(p.Desk.LookAtReferred(ctx, lead, letter, photos[1].ID)), fault.NotFound)

	// Referred again, it is there again; a photo that does not open holds nothing up.
	p.untriggered(`update object set sealed = 'x' where id = '`+string(photos[1].ID)+`' and part = 'picture'`, `delete from object where id = '`+string(photos[1].ID)+`' and part = 'referral'`)
	must(t, p.Desk.Claim(ctx, p.Worker, letter))
	must(t, p.Desk.Escalate(ctx, p.Worker, letter, "again"))
	if _, err := p.Desk.LookAtReferred(ctx, lead, letter, photos[0].ID); err != nil {
		t.Errorf("referred again: %v", err)
	}
	if text, err := p.Desk.Referred(ctx, lead, letter); err != nil || text.Photos[1].Sealed {
		t.Errorf("what did not open: %+v, %v", text.Photos, err)
	}
}
