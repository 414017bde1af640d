package letterbox_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/internal/fault"
	"gatepost/internal/parts"
	"gatepost/internal/parts/partstest"
	"gatepost/internal/postgres"
	"gatepost/letterbox"
	"gatepost/letterbox/photo/phototest"
)

// stored is a pair whose tiers keep large parts in a store, each with its own key
// of it.
type stored struct {
	*pair
	gate *partstest.Gateway
	said *strings.Builder // by the families' tier
}

func newStored(t *testing.T) *stored {
	t.Helper()
	p := &stored{pair: newPair(t), gate: partstest.New(t), said: &strings.Builder{}}
	p.use()
	p.agreed("permitted")
	return p
}

// use gives both tiers the store.
func (p *stored) use() {
	p.Families = p.Families.WithParts(p.gate.Open(p.gate.Families)).WithLog(slog.New(slog.NewTextHandler(io.MultiWriter(p.said, p.t.Output()), nil)))
	p.Desk = p.Desk.WithParts(p.gate.Open(p.gate.Staff))
}

// large is a photo that is large as it came and as it is made anew.
func large(seed uint64) []byte {
	img := image.NewRGBA(image.Rect(0, 0, 800, 640))
	r := rand.New(rand.NewPCG(seed, 7))
	for i := range img.Pix {
		img.Pix[i] = byte(r.Uint32())
	}
	return phototest.JPEG(img, phototest.Exif(phototest.Everything(binary.BigEndian)), phototest.Comment(phototest.Word))
}

// draftOf is a draft of the birth side with so many large photos.
func (p *stored) draftOf(photos int) letterbox.DraftID {
	p.t.Helper()
	id, err := p.Families.NewDraft(p.t.Context(), p.birth, p.fromSide, "Here we are by the water.")
	must(p.t, err)
	for i := range photos {
		must(p.t, p.add(id, large(uint64(i))))
	}
	return id
}

// deskOf sends a letter with so many large photos and claims it.
func (p *stored) deskOf(photos int) (letterbox.LetterID, []letterbox.DeskPhoto) {
	p.t.Helper()
	letter := p.sendDraft(p.draftOf(photos))
	must(p.t, p.Desk.Claim(p.t.Context(), p.Worker, letter))
	return letter, p.photosOf(letter)
}

func (p *stored) objects(want int) map[parts.Key][]byte {
	p.t.Helper()
	all := p.gate.Objects()
	if len(all) != want {
		p.t.Errorf("%d objects in the store, want %d", len(all), want)
	}
	return all
}

// swept deletes what is due.
func (p *stored) swept() {
	p.t.Helper()
	must(p.t, p.Desk.DeleteParts(p.t.Context(), p.Home.ID))
}

// placeOf is where a column of one row lies.
func (p *stored) placeOf(sql string, args ...any) parts.Place {
	p.t.Helper()
	var column []byte
	must(p.t, p.Database.Admin().QueryRow(context.Background(), sql, args...).Scan(&column))
	place, placed, err := parts.ParsePlace(column)
	if !placed || err != nil {
		p.t.Fatalf("it lies in its row: %v", err)
	}
	return place
}

// archiveHas: the archive's key opens the original as it came.
func (p *stored) archiveHas(id letterbox.PhotoID) {
	p.t.Helper()
	sealed := p.gate.Objects()[p.placeOf(`select sealed from object where id = $1 and part = 'original'`, id).Key]
	content, _, err := seal.Open(sealed, p.context(string(id), "original"), p.Archive)
	if err != nil || !bytes.Equal(content, large(0)) {
		p.t.Errorf("the archive opens %d bytes of the original, %v", len(content), err)
	}
}

const sqlPicture = `select sealed from object where id = $1 and part = 'picture' and kind = 'submission'`

// The main job, with a store: a photo is sent, looked at, cut, passed on and seen;
// what is large lies in the store, sealed, and leaves it with its row.
func TestParts_Cross(t *testing.T) {
	p, ctx := newStored(t), t.Context()
	letter, photos := p.deskOf(1)
	p.swept() // what the draft had and the letter has not
	p.objects(2)
	id := photos[0].ID
	must(t, p.Desk.CutPhoto(ctx, p.Worker, letter, id, 0, letterbox.Cut{Act: "blur", Width: 10, Height: 10}))
	clean(t, "cut", p.look(letter, id).JPEG)
	must(t, p.Desk.AnswerPhoto(ctx, p.Worker, letter, id, nothing(1)))
	must(t, p.Desk.Pass(ctx, p.Worker, letter, ""))
	p.objects(4) // picture, original, edit, delivery
	came, err := p.Families.Open(ctx, p.adoptive, p.came())
	must(t, err)
	seen, err := p.Families.CamePhoto(ctx, p.adoptive, came.ID, came.Photos[0].ID, true)
	must(t, err)
	clean(t, "came", seen)
	sent, err := p.Families.SentPhoto(ctx, p.birth, letter, id)
	must(t, err)
	clean(t, "sent", sent)
	p.archiveHas(id)
	if n := p.count(`select count(*) from object where octet_length(sealed) > $1`, parts.Large); n != 0 {
		t.Errorf("%d large parts stand in their rows", n)
	}
	// What goes from a draft goes from the store.
	draft := p.draftOf(2)
	d, err := p.Families.OpenDraft(ctx, p.birth, draft)
	must(t, err)
	p.objects(8)
	must(t, p.Families.RemovePhoto(ctx, p.birth, draft, d.Photos[0].ID))
	p.swept()
	p.objects(6)
	must(t, p.Families.DeleteDraft(ctx, p.birth, draft))
	p.swept()
	p.objects(4)
	if n := p.count(`select count(*) from part_gone`); n != 0 {
		t.Errorf("%d parts wait to be deleted", n)
	}
}

// Who steals the bucket has age files that open to the keys of the case alone, and
// names that say nothing.
func TestParts_Stolen(t *testing.T) {
	p := newStored(t)
	letter, _ := p.deskOf(2)
	p.swept()
	for key, b := range p.objects(4) {
		if !bytes.HasPrefix(b, []byte("age-encryption.org/v1\n")) {
			t.Errorf("%s is no age file", key)
		}
		for _, word := range []string{phototest.Word, "JFIF", "Exif", p.Home.Name, string(letter), string(p.exchange), "submission"} {
			if bytes.Contains(b, []byte(word)) {
				t.Errorf("an object has %q in it", word)
			}
		}
		stranger, err := age.GenerateHybridIdentity()
		must(t, err)
		if _, err := age.Decrypt(bytes.NewReader(b), stranger); err == nil {
			t.Error("an object opens to anybody")
		}
		if _, err := age.Decrypt(bytes.NewReader(b), p.Archive); err != nil {
			t.Errorf("the archive opens it: %v", err)
		}
	}
	for _, table := range []string{"object", "draft_photo"} {
		if n := p.count(`select count(*) from ` + table + ` o where part_key(o.sealed) !~ '^[a-z2-7]{26}$'`); n != 0 {
			t.Error("a key is more than chance")
		}
	}
}

// Whoever has the bucket can delete, change and exchange what is there. Each is a
// sentence to the person and an alarm, and the rest of the letter stands.
func TestParts_Tampered(t *testing.T) {
	p, ctx := newStored(t), t.Context()
	letter, photos := p.deskOf(2)
	one, two := p.placeOf(sqlPicture, photos[0].ID), p.placeOf(sqlPicture, photos[1].ID)
	first, err := os.ReadFile(p.gate.Path(one.Key))
	must(t, err)
	second, err := os.ReadFile(p.gate.Path(two.Key))
	must(t, err)
	lost := func(what string) {
		t.Helper()
		p.said.Reset()
		b, err := p.Families.SentPhoto(ctx, p.birth, letter, photos[0].ID)
		wantFault(t, what, err, "fault.part.lost")
		wantKind(t, what, err, fault.Sealed)
		if b != nil || !strings.Contains(p.said.String(), "ALARM: ") {
			t.Errorf("%s: %d bytes, and the log says %q", what, len(b), p.said)
		}
		view, err := p.Desk.LookAtPhoto(ctx, p.Worker, letter, photos[0].ID, nil)
		if err != nil || !view.Lost || view.JPEG != nil {
			t.Errorf("%s, desk: lost %v, %d bytes, %v", what, view.Lost, len(view.JPEG), err)
		}
		reading, err := p.Desk.Read(ctx, p.Worker, letter)
		if err != nil || string(reading.Text) != "Here we are by the water." {
			t.Errorf("%s: the letter: %v", what, err)
		}
	}
	write := func(place parts.Place, b []byte) { must(t, os.WriteFile(p.gate.Path(place.Key), b, 0o600)) }
	changed := slices.Clone(first)
	changed[len(changed)/2] ^= 1
	write(one, changed)
	lost("a byte changed")
	write(one, second)
	write(two, first)
	lost("two objects exchanged")
	must(t, os.Remove(p.gate.Path(one.Key)))
	lost("deleted")
	write(one, first)
	write(two, second)
	p.look(letter, photos[0].ID)
	// Who can write rows too exchanges the places: what comes back is what the row
	// says, and opens in its own place alone.
	swap := func(first, second parts.Place) {
		for i, place := range []parts.Place{first, second} {
			p.untriggered(fmt.Sprintf(`update object set sealed = '\x%x' where id = '%s' and part = 'picture'`, place.Column(), photos[i].ID))
		}
	}
	swap(two, one)
	p.said.Reset()
	_, err = p.Families.SentPhoto(ctx, p.birth, letter, photos[0].ID)
	wantFault(t, "two places exchanged", err, "fault.sealed")
	if !strings.Contains(p.said.String(), "ALARM: ") {
		t.Error("no alarm")
	}
	p.swept()
	swap(one, two)
	p.look(letter, photos[0].ID)
	// A draft's photo is its writer's alone, and no better off.
	draft := p.draftOf(1)
	d, err := p.Families.OpenDraft(ctx, p.birth, draft)
	must(t, err)
	must(t, os.Remove(p.gate.Path(p.placeOf(`select sealed from draft_photo where draft_id = $1`, draft).Key)))
	_, err = p.Families.DraftPhoto(ctx, p.birth, draft, d.Photos[0].ID)
	wantFault(t, "a draft's, deleted", err, "fault.part.lost")
}

// While the store is away letters are written, sent, read and passed on; photos wait.
func TestParts_Away(t *testing.T) {
	p, ctx := newStored(t), t.Context()
	letter, photos := p.deskOf(1)
	draft := p.draftOf(0)
	p.gate.Stop()
	wantFault(t, "a photo", p.add(draft, large(1)), "fault.part.waits")
	wantKind(t, "a photo", p.add(draft, large(1)), fault.Busy)
	must(t, p.add(draft, snapshot())) // small enough for its row
	p.said.Reset()
	_, err := p.Families.SentPhoto(ctx, p.birth, letter, photos[0].ID)
	wantFault(t, "shown", err, "fault.part.lost")
	wantKind(t, "shown", err, fault.Busy)
	if strings.Contains(p.said.String(), "ALARM") {
		t.Error("a store that is away is an alarm, which would hide a true one")
	}
	_, err = p.Desk.LookAtPhoto(ctx, p.Worker, letter, photos[0].ID, nil)
	wantKind(t, "looked at", err, fault.Busy)
	wantKind(t, "cut", p.Desk.CutPhoto(ctx, p.Worker, letter, photos[0].ID, 0, letterbox.Cut{Act: "blur", Width: 50, Height: 50}), fault.Busy)
	plain := p.send("Without a photo.")
	must(t, p.Desk.Claim(ctx, p.Worker, plain))
	must(t, p.Desk.Pass(ctx, p.Worker, plain, ""))
	if _, err := p.Families.Open(ctx, p.adoptive, p.came()); err != nil {
		t.Errorf("it does not open: %v", err)
	}
	// What is deleted meanwhile waits, and is not told as done.
	other := p.sendDraft(draft)
	must(t, p.Families.Withdraw(ctx, p.birth, other))
	p.gate.Start()
	p.look(letter, photos[0].ID)
	must(t, p.add(p.draftOf(0), large(2)))
}

// An act that ends between the object and its row leaves an object that no row
// names. It goes after a day, and nothing else does.
func TestParts_Orphan(t *testing.T) {
	p, ctx := newStored(t), t.Context()
	letter, photos := p.deskOf(1)
	p.swept()
	draft := p.draftOf(0)
	put := 0
	p.Families.Stall(func(at string) {
		if at == "part put" {
			put++
			if put == 2 { // the picture and the original are there, their row is not
				runtime.Goexit()
			}
		}
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		place, err := p.Families.PhotoPlace(ctx, p.birth, draft)
		if err != nil {
			t.Error(err)
			return
		}
		defer place.Leave()
		_ = p.Families.AddPhoto(ctx, p.birth, draft, place, large(3)) // never returns
	}()
	<-done
	p.Families.Stall(nil)
	all := p.objects(4)
	d, err := p.Families.OpenDraft(ctx, p.birth, draft)
	if err != nil || len(d.Photos) != 0 || string(d.Text) != "Here we are by the water." {
		t.Errorf("the draft has %d photos, %v", len(d.Photos), err)
	}
	now := p.Clock.Now()
	for key := range all {
		p.gate.Date(key, now.Add(-parts.Orphan+time.Minute))
	}
	must(t, p.Desk.SweepParts(ctx, p.Home.ID))
	p.objects(4)
	for key := range all {
		p.gate.Date(key, now.Add(-parts.Orphan-time.Minute))
	}
	must(t, p.Desk.SweepParts(ctx, p.Home.ID))
	p.objects(2)
	p.look(letter, photos[0].ID)
	p.archiveHas(photos[0].ID)
}

// A lost transaction is as good as none: the draft is as it was.
func TestParts_Lost(t *testing.T) {
	p := newStored(t)
	draft := p.draftOf(0)
	p.Families.Stall(func(at string) {
		if at == "photo cleaned" {
			p.Exec(t, `update draft set version = version + 1`)
		}
	})
	wantKind(t, "saved in another window", p.add(draft, large(1)), fault.Conflict)
	p.objects(2)
	if n := p.count(`select count(*) from draft_photo`) + p.count(`select count(*) from part_gone`); n != 0 {
		t.Errorf("%d rows", n)
	}
}

// A destruction is told as done once the store has nothing of it any more; while a
// backup is written, it waits.
func TestParts_Destroyed(t *testing.T) {
	p, ctx := newStored(t), t.Context()
	other := p.draftOf(1)
	must(t, p.Families.DeleteDraft(ctx, p.birth, other)) // in nobody's destruction
	letter, _ := p.deskOf(2)
	must(t, p.Desk.Return(ctx, p.Worker, letter, "identifying", "please leave the surname out", "a surname"))
	rewrite, err := p.Families.Rewrite(ctx, p.birth, letter)
	must(t, err)
	again, err := p.Families.Send(ctx, p.birth, rewrite, 1)
	must(t, err)
	must(t, p.Families.Withdraw(ctx, p.birth, again))
	p.draftOf(1)
	login, officer := p.officer()
	id := p.order(login, officer)
	p.Clock.Advance(letterbox.DestructionWaits)
	must(t, p.agree(id))
	told := func(state string, left bool) {
		t.Helper()
		list, err := p.Desk.Destructions(ctx, officer)
		must(t, err)
		if len(list) != 1 || list[0].State != state || (list[0].Left > 0) != left {
			t.Errorf("the list says %+v, want %s", list, state)
		}
	}
	told("removing", true)
	p.gate.Stop()
	if err := p.Desk.DeleteParts(ctx, p.Home.ID); !errors.Is(err, parts.ErrAway) {
		t.Errorf("without the store: %v", err)
	}
	told("removing", true)
	p.gate.Start()
	backup := p.Database.Conn("gatepost_backup")
	_, err = backup.Exec(ctx, `select pg_advisory_lock_shared($1)`, parts.BackupLock)
	must(t, err)
	p.swept()
	told("removing", true)
	_, err = backup.Exec(ctx, `select pg_advisory_unlock_shared($1)`, parts.BackupLock)
	must(t, err)
	p.swept()
	told("destroyed", false)
	p.objects(0)
}

// A bucket that keeps what is deleted is not told as empty.
func TestParts_Versions(t *testing.T) {
	p := &stored{pair: newPair(t), gate: partstest.Versioned(t), said: &strings.Builder{}}
	p.use()
	p.agreed("permitted")
	must(t, p.Families.DeleteDraft(t.Context(), p.birth, p.draftOf(1)))
	if err := p.Desk.DeleteParts(t.Context(), p.Home.ID); !errors.Is(err, parts.ErrVersions) {
		t.Errorf("%v", err)
	}
	if n := p.count(`select count(*) from part_gone`); n != 2 {
		t.Errorf("%d parts wait", n)
	}
}

// Parts are moved into a store and back. A move that is cut off anywhere has lost
// nothing, is gone on with, and is not disturbed by what people do meanwhile.
func TestParts_Move(t *testing.T) {
	p, ctx := newStored(t), t.Context()
	p.Families, p.Desk = p.Families.WithParts(nil), p.Desk.WithParts(nil)
	letter, photos := p.deskOf(2)
	draft := p.draftOf(1)
	p.objects(0)
	p.use()
	every := func(what string) {
		t.Helper()
		for _, photo := range photos {
			b, err := p.Families.SentPhoto(ctx, p.birth, letter, photo.ID)
			must(t, err)
			clean(t, what, b)
			clean(t, what, p.look(letter, photo.ID).JPEG)
		}
		d, err := p.Families.OpenDraft(ctx, p.birth, draft)
		must(t, err)
		b, err := p.Families.DraftPhoto(ctx, p.birth, draft, d.Photos[0].ID)
		must(t, err)
		clean(t, what, b)
	}
	move := func(into bool, stop int) (int, error) {
		t.Helper()
		conn, err := pgx.Connect(ctx, p.Database.DSN(postgres.RoleAdmin))
		must(t, err)
		defer func() { _ = conn.Close(context.Background()) }()
		ending, end := context.WithCancel(ctx)
		defer end()
		moved := 0
		return parts.Move{Conn: conn, Store: p.gate.Open(p.gate.Staff), Into: into, Moved: func() {
			if moved++; moved == stop {
				end()
			}
		}}.Run(ending)
	}
	if n, err := move(true, 2); err == nil || n != 2 {
		t.Errorf("cut off: %d moved, %v", n, err)
	}
	every("half moved")
	if n, err := move(true, 0); err != nil || n != 4 {
		t.Errorf("the rest: %d moved, %v", n, err)
	}
	every("moved")
	large := p.count(`select count(*) from object where octet_length(sealed) >= $1`, parts.Large) + p.count(`select count(*) from draft_photo where octet_length(sealed) >= $1 or octet_length(original) >= $1`, parts.Large)
	if n, err := move(true, 0); err != nil || n != 0 || large != 0 {
		t.Errorf("once more: %d moved, %d are large, %v", n, large, err)
	}
	if n, err := move(false, 2); err == nil || n != 2 {
		t.Errorf("cut off: %d moved back, %v", n, err)
	}
	p.swept()
	every("half moved back")
	gone := p.placeOf(sqlPicture, photos[1].ID)
	kept, err := os.ReadFile(p.gate.Path(gone.Key))
	must(t, err)
	must(t, os.Remove(p.gate.Path(gone.Key)))
	if n, err := move(false, 0); !errors.Is(err, parts.ErrLost) || n != 3 {
		t.Errorf("one is lost: %d moved back, %v", n, err)
	}
	must(t, os.WriteFile(p.gate.Path(gone.Key), kept, 0o600))
	if n, err := move(false, 0); err != nil || n != 1 {
		t.Errorf("the last: %d moved back, %v", n, err)
	}
	every("moved back")
	if n := p.count(`select count(*) from object where part_key(sealed) is not null`) + p.count(`select count(*) from draft_photo where part_key(sealed) is not null or part_key(original) is not null`); n != 0 {
		t.Errorf("%d parts lie in the store still", n)
	}
	p.swept()
	all := p.gate.Objects()
	for key := range all {
		p.gate.Date(key, p.Clock.Now().Add(-2*parts.Orphan))
	}
	must(t, p.Desk.SweepParts(ctx, p.Home.ID)) // what was put for a row when the move was cut off
	p.objects(0)
}

// A photo of 20 MB is held once: as it came. What is sealed of it goes to the store
// as it is made.
func TestParts_Memory(t *testing.T) {
	p, ctx := newStored(t), t.Context()
	draft := p.draftOf(0)
	file := phototest.JPEG(phototest.Scene(320, 240), phototest.Comment(phototest.Word))
	file = append(file, make([]byte, letterbox.MaxPhoto-len(file))...)
	must(t, p.add(draft, large(1))) // what is made once
	place, err := p.Families.PhotoPlace(ctx, p.birth, draft)
	must(t, err)
	defer place.Leave()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	must(t, p.Families.AddPhoto(ctx, p.birth, draft, place, file))
	runtime.ReadMemStats(&after)
	if took := len(file) + int(after.TotalAlloc-before.TotalAlloc); took > 25<<20 {
		t.Errorf("a photo of %d bytes took %d", len(file), took)
	}
	p.objects(3)
}
