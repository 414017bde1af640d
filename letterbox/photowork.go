package letterbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
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
)

// DeskPhoto is a photo of a letter on the desk.
type DeskPhoto struct {
	PhotoLine
	Answered bool // the actor said of it, as it is now, whether it goes
	Goes     bool
}

// PhotoView is a photo open on the desk.
type PhotoView struct {
	Letter    LetterID
	Exchange  ExchangeID
	Reference string // LB-XXXXX
	PhotoLine
	Of            int      // how many photos the letter has
	Lost          bool     // our store has lost it: there is no picture, and it can only be left out, or begun again whole where it was cut
	Picture       int      // its version: 0 as it came, n as it was cut the n-th time
	Marks         []string // what the original told beside its picture, of PhotoMarks
	Width, Height int
	JPEG          []byte
	Agreed        string       // of PhotoPolicies: what may be done with it today
	MayDecide     bool         // the actor has the claim, and the letter waits for its decision
	Answer        *PhotoAnswer // what the actor said of it as it is now; nil for nothing
}

// PhotoMarks lists what an original can tell beside its picture: where, with what
// and when it was taken, words, a small copy, bytes after its end, a film, another
// file, more pictures. The words for each stand in the catalogues.
func PhotoMarks() []string {
	return []string{"place", "camera", "date", "text", "thumbnail", "after", "motion", "second", "several"}
}

// marks names the bits of photo.Traces, which stand in the order of PhotoMarks.
func (p pictured) marks() (list []string) {
	for i, name := range PhotoMarks() {
		if p.traces.Bits()&(1<<i) != 0 {
			list = append(list, name)
		}
	}
	return list
}

// PhotoReasons lists why a photo can be left out, where no agency has changed the
// list (Service.Reasons). What it shows is never named to
// its writer but as one neutral sentence: moderation confirms no guess.
func PhotoReasons() []string { return []string{"identifying", "others", "unclear", "other"} }

// PhotoReason is what a writer is told about a photo that was left out.
type PhotoReason struct {
	Reason string `json:"reason"` // of the list; "" where it did not open
	// Told is its sentence as it was then; "" as of a WriterReason: "photo.reason.<value>".
	Told  string `json:"told,omitempty"`
	Words string `json:"words,omitempty"`
}

func parsePhotoReason(content string) (r PhotoReason) {
	if json.Unmarshal([]byte(content), &r) != nil {
		return PhotoReason{}
	}
	return r
}

// PhotoSeen lists what a worker is asked about each photo: can it be seen there?
func PhotoSeen() []string { return []string{"uniform", "badge", "plate", "sign"} }

// PhotoAnswer is what a worker says of a photo. Seen has an answer for each of
// PhotoSeen; what can be seen has to be cut away or covered before the photo goes.
type PhotoAnswer struct {
	Picture int             `json:"picture"` // the version that was looked at
	Seen    map[string]bool `json:"seen"`
	Goes    bool            `json:"goes"`
	PhotoReason
}

// Cut is a change of a photo: "crop" keeps a part, "blur" covers one, "whole"
// begins again with the picture as it came. The part is in hundredths of the
// picture, from its upper left corner.
type Cut struct {
	Act                      string
	Left, Top, Width, Height int
}

// Cuts lists the acts of a Cut.
func Cuts() []string { return []string{cutCrop, cutBlur, cutWhole} }

const (
	cutCrop  = "crop"
	cutBlur  = "blur"
	cutWhole = "whole"
)

func (c Cut) check() error {
	if !slices.Contains(Cuts(), c.Act) {
		return fault.Field("act", "fault.photo.act")
	}
	if c.Act == cutWhole {
		return nil
	}
	if c.Left < 0 || c.Top < 0 || c.Width <= 0 || c.Height <= 0 || c.Left > 100 || c.Top > 100 || c.Width > 100-c.Left || c.Height > 100-c.Top {
		return fault.Field("part", "fault.photo.part")
	}
	return nil
}

// of is the part in pixels. It is never smaller than what was asked for.
func (c Cut) of(width, height int) image.Rectangle {
	up := func(percent, size int) int { return (percent*size + 99) / 100 }
	return image.Rect(c.Left*width/100, c.Top*height/100, up(c.Left+c.Width, width), up(c.Top+c.Height, height))
}

const (
	sqlPhotos = `select p.id, p.place, photo_now(p.id) as now, coalesce(w.worker_id, '') as word_by, coalesce(w.picture, -1) as word_picture, coalesce(w.goes, false) as goes,
			coalesce(w.n, 0) as words, s.photos as agreed
		from letter l join side s on s.agency_id = l.agency_id and s.id = l.from_side
		join letter_photo p on p.agency_id = l.agency_id and p.letter_id = l.id
		left join lateral (select worker_id, picture, goes, n from photo_word where agency_id = p.agency_id and photo_id = p.id order by n desc limit 1) w on true
		where l.agency_id = agency() and l.id = $1 order by p.place`
	// The newest picture, as it came or as it was cut, and what was said of it last.
	sqlPhotoObjects = `select ` + sqlObjectColumns + ` from object o where o.agency_id = agency() and o.id = $1
		and (o.part = 'picture' or o.part in ('edit', 'answers') and o.version = (select max(n.version) from object n where n.agency_id = o.agency_id and n.id = o.id and n.part = o.part))`
	sqlInsertLook = `insert into photo_look (agency_id, photo_id, worker_id, picture) values (agency(), $1, account(), $2) on conflict do nothing`
	sqlInsertWord = `insert into photo_word (agency_id, photo_id, n, worker_id, picture, goes, leaf) values (agency(), $1, $2, account(), $3, $4, $5)`

	sqlInsertDeliveryPhoto = `insert into delivery_photo (agency_id, id, delivery_id, photo_id, place) values (agency(), $1, $2, $3, $4)`
)

type photoRow struct {
	ID          string
	Place       int
	Now         int
	WordBy      string
	WordPicture int
	Goes        bool
	Words       int
	Agreed      string
}

// answered tells whether a worker said of a photo, as it is now, whether it goes.
func (r photoRow) answered(worker string) bool { return r.WordBy == worker && r.WordPicture == r.Now }

func (r *caseRows) deskPhotos(worker string) (list []DeskPhoto) {
	for _, p := range r.photos {
		list = append(list, DeskPhoto{PhotoLine{PhotoID(p.ID), p.Place}, p.answered(worker), p.Goes})
	}
	return list
}

// photo finds a photo of the letter. NotFound where there is none.
func (r *caseRows) photo(id PhotoID) (photoRow, error) {
	i := slices.IndexFunc(r.photos, func(p photoRow) bool { return p.ID == string(id) })
	if i < 0 {
		return photoRow{}, notFound()
	}
	return r.photos[i], nil
}

// LookAtPhoto opens a photo of a letter that the actor has claimed, or of one that
// was passed on, for somebody who sees it at the office. The reading is in the log
// before it is opened; what was looked at is known for the answer. With a cut, the
// picture is what that would make of it, and nothing is kept. Of one that is lost it is
// told that it is.
//
// NotFound where there is no such photo. Conflict, Forbidden and Sealed as for Read.
// Invalid on "part" for a cut that lies outside. Busy where no place is free for a cut.
func (s *Service) LookAtPhoto(ctx context.Context, actor authz.Actor, id LetterID, photo PhotoID, cut *Cut) (PhotoView, error) {
	ag, err := s.begin(ctx, actor, authz.Claim, string(id))
	if err != nil {
		return PhotoView{}, err
	}
	if cut != nil {
		if err := cut.check(); err != nil {
			return PhotoView{}, err
		}
	}
	rows, err := s.loadCase(ctx, actor, id)
	if err != nil {
		return PhotoView{}, err
	}
	row, err := rows.photo(photo)
	if err != nil {
		return PhotoView{}, err
	}
	keys, _, err := s.caseKeys(ctx, ag, actor, rows)
	if err != nil {
		return PhotoView{}, err
	}
	if err := s.relations(ctx, ag, actor, rows); err != nil {
		return PhotoView{}, err
	}
	if err := s.logLook(ctx, ag, actor, rows.letter(), row); err != nil {
		return PhotoView{}, err
	}
	p, answer, err := s.openPhoto(ctx, ag, actor, rows.letter(), row, keys)
	lost := gone(err) && cut == nil
	width, height := 0, 0
	if err == nil && cut != nil {
		p, err = s.cut(ctx, p, *cut)
	}
	if err == nil {
		_, width, height, err = parsePicture(p.marshal())
	}
	if err != nil && !lost {
		return PhotoView{}, err
	}
	l := rows.letter()
	view := PhotoView{Letter: id, Exchange: ExchangeID(l.ExchangeID), Reference: l.Reference, PhotoLine: PhotoLine{photo, row.Place}, Of: len(rows.photos),
		Lost: lost, Picture: row.Now, Marks: p.marks(), Width: width, Height: height, JPEG: p.jpeg, Agreed: row.Agreed, Answer: answer}
	view.MayDecide = l.ClaimedBy == actor.Account() && rows.whyNot(actor.Account()) == "" && (State(l.State) == Received || State(l.State) == Held)
	return view, nil
}

// logLook states that a photo is looked at: by who holds the claim, which is
// renewed, or after the letter was passed on.
func (s *Service) logLook(ctx context.Context, ag *agency.Agency, actor authz.Actor, l deskRow, row photoRow) error {
	signer, err := actor.Keys().Signer()
	if err != nil {
		return fmt.Errorf("sign reading: %w", err)
	}
	part, version := "picture", uint64(1)
	if row.Now > 0 {
		part, version = "edit", uint64(row.Now)
	}
	body, err := ag.State(statement.Statement{Event: statement.EventAccess, Object: row.ID, Part: part, Version: version, Exchange: l.ExchangeID,
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
			b.Queue(sqlInsertLook, row.ID, row.Now)
		}
		audit.Append(b, body)
		return nil
	})
	return s.db.Fault(err)
}

// openPhoto opens a photo as it is now, and what the actor said of it.
func (s *Service) openPhoto(ctx context.Context, ag *agency.Agency, actor authz.Actor, l deskRow, row photoRow, keys []*age.HybridIdentity) (p pictured, answer *PhotoAnswer, err error) {
	o, objects, err := s.photoObject(ctx, actor, row)
	if row.Now == 0 && fault.KindOf(err) == fault.Conflict {
		err = s.unstated(ctx, ag, row.ID, fmt.Errorf("%w: the photo is gone", seal.ErrStale)) // as it came it is never cut
	}
	if err != nil {
		return p, nil, err
	}
	from := "side/" + l.FromSide
	if o.Part == "edit" {
		from = o.FromNode // whoever cut it: their signature is on it
	}
	if o.FromNode != from || o.ExchangeID != l.ExchangeID {
		return p, nil, s.unstated(ctx, ag, row.ID, fmt.Errorf("%w: the photo of another letter", seal.ErrUnsigned))
	}
	content, err := s.open(ctx, ag, o, keys...)
	if err != nil {
		return p, nil, err
	}
	if p, _, _, err = parsePicture(content); err != nil {
		return p, nil, err
	}
	if !row.answered(actor.Account()) {
		return p, nil, nil
	}
	answer, err = s.openAnswer(ctx, ag, row, objects, keys)
	return p, answer, err
}

// photoObject reads what is stored of a photo, and finds its picture as it is now.
func (s *Service) photoObject(ctx context.Context, actor authz.Actor, row photoRow) (objectRow, []objectRow, error) {
	var objects []objectRow
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { queueObjects(b, &objects, sqlPhotoObjects, row.ID) }); err != nil {
		return objectRow{}, nil, s.db.Fault(fmt.Errorf("load photo %s: %w", row.ID, err))
	}
	i := slices.IndexFunc(objects, func(o objectRow) bool {
		if row.Now > 0 {
			return o.Part == "edit" && o.Kind == string(seal.KindWorknote) && o.Version == uint64(row.Now)
		}
		return o.Part == "picture" && o.Kind == string(seal.KindSubmission)
	})
	if i < 0 {
		return objectRow{}, nil, fault.New(fault.Conflict, "fault.conflict") // cut in the same moment
	}
	return objects[i], objects, nil
}

// openAnswer opens what was said last of a photo.
func (s *Service) openAnswer(ctx context.Context, ag *agency.Agency, row photoRow, objects []objectRow, keys []*age.HybridIdentity) (*PhotoAnswer, error) {
	i := slices.IndexFunc(objects, func(o objectRow) bool { return o.Part == "answers" && o.FromNode == "worker/"+row.WordBy })
	if i < 0 {
		return nil, s.unstated(ctx, ag, row.ID, errors.New("no answers"))
	}
	content, err := s.open(ctx, ag, objects[i], keys...)
	if err != nil {
		return nil, err
	}
	var a PhotoAnswer
	if err := json.Unmarshal(content, &a); err != nil || a.Picture != row.WordPicture || a.Goes != row.Goes {
		return nil, s.unstated(ctx, ag, row.ID, errors.New("a row says something else than the answers"))
	}
	return &a, nil
}

// cut makes a new picture in the darkroom.
func (s *Service) cut(ctx context.Context, p pictured, c Cut) (pictured, error) {
	_, width, height, err := parsePicture(p.marshal())
	if err != nil || c.Act == cutWhole {
		return p, err
	}
	visit, err := s.enter()
	if err != nil {
		return p, err
	}
	defer visit.Leave()
	work := visit.Crop
	if c.Act == cutBlur {
		work = visit.Blur
	}
	made, err := work(ctx, p.jpeg, c.of(width, height))
	if err != nil {
		return p, err
	}
	return pictured{p.traces, made.JPEG}, nil
}

// beginPhoto is beginWork about one photo, by who may decide about its letter.
func (s *Service) beginPhoto(ctx context.Context, actor authz.Actor, id LetterID, photo PhotoID, picture int) (*deciding, photoRow, error) {
	d, err := s.beginWork(ctx, actor, id)
	if err != nil {
		return nil, photoRow{}, err
	}
	if err := d.mayDecide(); err != nil {
		return nil, photoRow{}, err
	}
	row, err := d.rows.photo(photo)
	if err == nil && row.Now != picture {
		err = fault.New(fault.Conflict, "fault.photo.changed")
	}
	return d, row, err
}

// photoNote seals what a worker does about a photo to the case and the archive.
func (d *deciding) photoNote(ctx context.Context, row photoRow, part string, version int, content []byte) (sealedObject, error) {
	l := d.rows.letter()
	c := seal.Context{Kind: seal.KindWorknote, Agency: d.ag.ID, Exchange: l.ExchangeID, Object: row.ID, Part: part,
		From: "worker/" + d.actor.Account(), To: "case/" + l.ExchangeID, Version: uint64(version)}
	return d.sealLarge(ctx, c, "", content, statement.EventCasework, d.receipt(), d.node)
}

// writePhoto stores what a worker does about a photo of a letter that they hold
// and that waits for its decision.
func (d *deciding) writePhoto(ctx context.Context, o sealedObject, write func(b *pgx.Batch)) error {
	var lock lockRow
	id := d.rows.letter().ID
	err := d.db.Act(ctx, scope(d.actor), func(b *pgx.Batch) { lockLetter(b, &lock, id) }, func(b *pgx.Batch) error {
		if err := holds(lock, d.actor); err != nil {
			return err
		}
		if lock.State != Received && lock.State != Held {
			return fault.New(fault.Conflict, "fault.letter.decided")
		}
		o.queue(b)
		write(b)
		audit.Append(b, o.body)
		return nil
	})
	return d.db.Fault(err)
}

// CutPhoto makes a new version of a photo, of a letter that the actor has claimed:
// cropped, with a part covered, or whole again. The picture as it came stays. What
// was said of the photo counts no more. picture is the version that was looked at.
//
// Conflict: somebody cut it since, or the letter is decided or not claimed. Invalid
// on "act" or "part". Busy where no place is free. StepUp, Forbidden and Sealed as
// for Pass.
func (s *Service) CutPhoto(ctx context.Context, actor authz.Actor, id LetterID, photo PhotoID, picture int, c Cut) error {
	d, row, err := s.beginPhoto(ctx, actor, id, photo, picture)
	if err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	from := row
	if c.Act == cutWhole {
		from.Now = 0
	}
	p, _, err := s.openPhoto(ctx, d.ag, actor, d.rows.letter(), from, d.keys)
	if err == nil {
		p, err = s.cut(ctx, p, c)
	}
	if err != nil {
		return err
	}
	edit, err := d.photoNote(ctx, row, "edit", row.Now+1, p.marshal())
	if err != nil {
		return err
	}
	return d.writePhoto(ctx, edit, func(*pgx.Batch) {})
}

// AnswerPhoto says of a photo whether it goes with its letter, by who looked at it
// as it is now. The newest word counts. One that shows what was asked about does
// not go. One that is lost is left out with the reason PartLost, and nothing is asked
// about what it shows.
//
// Invalid on "goes", "reason" or "words", and on a name of PhotoSeen that has no
// answer, or the answer yes for one that goes. Conflict: not looked at, or not lost, cut
// since, or the letter is decided or not claimed. Otherwise as for Pass.
func (s *Service) AnswerPhoto(ctx context.Context, actor authz.Actor, id LetterID, photo PhotoID, a PhotoAnswer) error {
	d, row, err := s.beginPhoto(ctx, actor, id, photo, a.Picture)
	if err != nil {
		return err
	}
	a, err = checkAnswer(a)
	if !a.Goes && a.Reason == PartLost {
		if _, _, err := s.openPhoto(ctx, d.ag, actor, d.rows.letter(), row, d.keys); !gone(err) {
			return errors.Join(err, fault.New(fault.Conflict, "fault.part.here"))
		}
	} else if !a.Goes {
		var unknown error
		a.Told, unknown = d.told(ctx, PhotoLeftOut, a.Reason)
		err = errors.Join(err, unknown, d.aboutUnwritten(ctx, a.Words))
	}
	if err != nil {
		return err
	}
	if a.Goes && row.Agreed == photosNone {
		return fault.New(fault.Conflict, "fault.photo.notAgreedNow")
	}
	content, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("write an answer: %w", err)
	}
	said, err := d.photoNote(ctx, row, "answers", row.Words+1, content)
	if err != nil {
		return err
	}
	leaf := statement.Leaf(said.body)
	return d.writePhoto(ctx, said, func(b *pgx.Batch) {
		b.Queue(sqlInsertWord, row.ID, row.Words+1, a.Picture, a.Goes, leaf[:])
	})
}

func checkAnswer(a PhotoAnswer) (PhotoAnswer, error) {
	var faults []error
	if !a.Goes && a.Reason == PartLost {
		return PhotoAnswer{Picture: a.Picture, PhotoReason: PhotoReason{Reason: PartLost}}, nil // nobody saw it
	}
	for _, name := range PhotoSeen() {
		switch seen, said := a.Seen[name]; {
		case !said:
			faults = append(faults, fault.Field(name, "fault.photo.say"))
		case seen && a.Goes:
			faults = append(faults, fault.Field(name, "fault.photo.shows"))
		}
	}
	if a.Goes {
		a.PhotoReason = PhotoReason{}
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

// passedPhotos are the photos of a letter that is passed on: those that go, sealed
// for the other side, and why others do not, for the writer's.
type passedPhotos []struct {
	row    photoRow
	object sealedObject
}

// passPhotos seals the photos of a letter as the worker who passes it on said of
// each. refs are what a delivery rests on. Conflict where one has no answer of
// theirs, or photos are not agreed on any more.
func (d *deciding) passPhotos(ctx context.Context, to agency.Node, refs [][32]byte) (list passedPhotos, err error) {
	if len(d.rows.photos) == 0 {
		return nil, nil
	}
	list = make(passedPhotos, len(d.rows.photos))
	for i, row := range d.rows.photos {
		switch {
		case !row.answered(d.actor.Account()):
			return nil, fault.New(fault.Conflict, "fault.photo.answerFirst")
		case row.Goes && row.Agreed == photosNone:
			return nil, fault.New(fault.Conflict, "fault.photo.notAgreedNow")
		}
		list[i].row = row
		if list[i].object, err = d.passPhoto(ctx, row, to, refs); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (d *deciding) passPhoto(ctx context.Context, row photoRow, to agency.Node, refs [][32]byte) (sealedObject, error) {
	l := d.rows.letter()
	c := seal.Context{Kind: seal.KindDelivery, Agency: d.ag.ID, Exchange: l.ExchangeID, Object: agency.NewID("pd"), Part: "picture",
		From: "case/" + l.ExchangeID, To: "side/" + l.ToSide, Version: 1}
	if row.Goes { // which its answer has to say too
		p, _, err := d.openPhoto(ctx, d.ag, d.actor, l, row, d.keys)
		if err != nil {
			return sealedObject{}, leaveOut(err)
		}
		// The picture alone: what its original told stays here.
		return d.sealLarge(ctx, c, l.ToSide, p.jpeg, statement.EventDeliver, refs, to, d.node)
	}
	_, objects, err := d.photoObject(ctx, d.actor, row)
	if err != nil {
		return sealedObject{}, err
	}
	answer, err := d.openAnswer(ctx, d.ag, row, objects, d.keys)
	if err != nil {
		return sealedObject{}, err
	}
	content, err := json.Marshal(answer.PhotoReason)
	if err != nil {
		return sealedObject{}, fmt.Errorf("write reason: %w", err)
	}
	writer, err := d.side(ctx, l.FromSide)
	if err != nil {
		return sealedObject{}, err
	}
	c.Kind, c.Object, c.Part, c.To = seal.KindReason, row.ID, "reason", "side/"+l.FromSide
	return d.seal(c, l.FromSide, content, statement.EventReturn, d.receipt(), writer, d.node)
}

func (l passedPhotos) queue(b *pgx.Batch, delivery string) {
	for _, p := range l {
		p.object.queue(b)
		if p.row.Goes {
			b.Queue(sqlInsertDeliveryPhoto, p.object.at.Object, delivery, p.row.ID, p.row.Place)
		}
	}
}

func (l passedPhotos) bodies() (bodies [][]byte) {
	for _, p := range l {
		bodies = append(bodies, p.object.body)
	}
	return bodies
}

// SetPhotos sets what is agreed about the photos that a side sends: one of
// PhotoPolicies. It counts from now on, also for what was passed on before. Setting
// what is set already changes nothing. Invalid: field "photos". Otherwise as
// SetState.
func (s *Service) SetPhotos(ctx context.Context, actor authz.Actor, id SideID, policy string) error {
	if !slices.Contains(PhotoPolicies(), policy) {
		return s.refuse(ctx, actor, string(id), fault.Field("photos", "fault.photo.policy"))
	}
	return s.set(ctx, actor, "sd", change{object: string(id), part: "photos", read: sqlSideNow, lock: sqlSideNowLock, nodes: sqlSideNodes,
		write: guardedPhotos, to: policy})
}

var guardedPhotos = postgres.Guarded(`update side set photos = $2 where agency_id = agency() and id = $1 and photos <> $2 returning 1`)
