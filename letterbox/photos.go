package letterbox

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/darkroom"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/letterbox/photo"
)

const (
	// MaxPhotos is how many photos a letter may carry.
	MaxPhotos = 4
	// MaxPhoto is the largest photo that is taken, in bytes.
	MaxPhoto = 20 << 20
)

// PhotoID names a photo of a draft or a letter ("ph…"), for its writer's side
// and for staff.
type PhotoID string

// CamePhotoID names a photo that came ("pd…"), for its recipient's side.
type CamePhotoID string

// PhotoPolicies lists what can be agreed about the photos of a side: none; to be
// seen at the office; shown on the page without a button to keep them; shown and
// kept.
func PhotoPolicies() []string {
	return []string{photosNone, "viewOnlyInOffice", photosShown, photosPermitted}
}

const (
	photosNone      = "none"
	photosShown     = "digitalViewNoDownload"
	photosPermitted = "permitted"
)

// PhotoLine is a photo in a list, by its place from 1.
type PhotoLine struct {
	ID    PhotoID
	Place int
}

// SentPhoto is a photo of a letter as its writer sees it. Reason is why it was
// left out when the letter was passed on.
type SentPhoto struct {
	PhotoLine
	Lost    bool // our store has lost it
	LeftOut bool
	Reason  PhotoReason
}

// sentPhotoRow is a photo of a letter, for its writer.
type sentPhotoRow struct {
	PhotoLine
	Lost bool
}

// CamePhoto is a photo that came with a letter.
type CamePhoto struct {
	ID    CamePhotoID
	Place int
	Shown bool // on the page; else it is seen at the office
	Keep  bool // there is a button to keep it
	Lost  bool // our store has lost it
}

// WithDarkroom is the same letterbox with the room in which pictures are
// cleaned. Without it, nobody sends or cuts one.
func (s *Service) WithDarkroom(room *darkroom.Room) *Service {
	other := *s
	other.darkroom = room
	return &other
}

// PhotoPlace is a place for one picture that comes in. Whoever gets one gives it
// back with Leave.
type PhotoPlace struct{ visit *darkroom.Visit }

// Leave gives the place back. A second time does nothing.
func (p *PhotoPlace) Leave() { p.visit.Leave() }

var errNoDarkroom = errors.New("there is no place to clean a picture")

// PhotoPlace takes a place before a picture is read, so that what pictures take
// of the memory is known. Busy where every place is taken.
func (s *Service) PhotoPlace(ctx context.Context, actor authz.Actor, id DraftID) (*PhotoPlace, error) {
	if _, err := s.begin(ctx, actor, authz.Write, string(id)); err != nil {
		return nil, err
	}
	visit, err := s.enter()
	if err != nil {
		return nil, err
	}
	return &PhotoPlace{visit}, nil
}

func (s *Service) enter() (*darkroom.Visit, error) {
	if s.darkroom == nil {
		return nil, errNoDarkroom
	}
	return s.darkroom.TryEnter()
}

// pictured is a cleaned picture with what its original told: what is sealed in a
// draft, a letter and after a cut. What is passed on is the picture alone.
type pictured struct {
	traces photo.Traces
	jpeg   []byte
}

func (p pictured) marshal() []byte {
	return append(binary.BigEndian.AppendUint16(nil, p.traces.Bits()), p.jpeg...)
}

// parsePicture reads what marshal wrote, and looks once more that the picture is
// nothing but one.
func parsePicture(content []byte) (p pictured, width, height int, err error) {
	if len(content) < 2 {
		return p, 0, 0, fault.Wrap(fault.Sealed, "fault.sealed", errors.New("no picture"))
	}
	traces, ok := photo.TracesOf(binary.BigEndian.Uint16(content))
	width, height, err = photo.Check(content[2:])
	if !ok || err != nil {
		return p, 0, 0, fault.Wrap(fault.Sealed, "fault.sealed", errors.Join(errors.New("no picture of ours"), err))
	}
	return pictured{traces, content[2:]}, width, height, nil
}

const (
	sqlSidePhotos   = `select photos_agreed($1)`
	sqlPhotosAgreed = `select photos_agreed(side_id) from draft where agency_id = agency() and id = $1`
	sqlDraftPhotos  = `select id, place from draft_photo where agency_id = agency() and draft_id = $1 order by place`
	sqlDraftPicture = `select id, place, sealed, mac, coalesce(original_commit, '') as original_commit, coalesce(original_mac, '') as original_mac, coalesce(original_of, '') as original_of
		from draft_photo where agency_id = agency() and draft_id = $1 and ($2 = '' or id = $2) order by place`
	sqlInsertDraftPhoto = `insert into draft_photo (agency_id, id, draft_id, place, sealed, mac, original, original_commit, original_mac, original_of)
		values (agency(), @id, @draft, @place, @sealed, @mac, @original, @commit, @originalMAC, @of)`
	sqlInsertLetterPhoto = `insert into letter_photo (agency_id, id, letter_id, place, original_of) values (agency(), $1, $2, $3, $4)`
	// The original is as large as it came: it does not leave the database on its way.
	sqlInsertOriginal = `insert into object (agency_id, id, part, version, kind, exchange_id, from_node, to_node, sealed, commit, leaf)
		select agency(), p.id, 'original', 1, 'submission', @exchange, @from, @to, p.original, p.original_commit, @leaf
		from draft_photo p where p.agency_id = agency() and p.id = @id`
	sqlLetterPhotos = `select id, place, coalesce(original_of, '') as original_of from letter_photo where agency_id = agency() and letter_id = $1 order by place`
	sqlSentPhotos   = `select p.id, p.place, ` + sqlLost + ` from letter_photo p where p.agency_id = agency() and p.letter_id = $1 order by p.place`
	sqlPhotoReasons = `select ` + sqlObjectColumns + ` from letter_photo p join object o on o.agency_id = p.agency_id and o.id = p.id and o.part = 'reason'
		where p.agency_id = agency() and p.letter_id = $1`
	sqlSentPictures = `select ` + sqlObjectColumns + ` from letter_photo p join object o on o.agency_id = p.agency_id and o.id = p.id and o.part = 'picture' and o.kind = 'submission'
		where p.agency_id = agency() and p.letter_id = $1 and ($2 = '' or p.id = $2) order by p.place`
	sqlSentSide    = `select from_side from letter where agency_id = agency() and id = $1`
	sqlCamePhotos  = `select p.id, p.place, p.may, ` + sqlLost + ` from photos_came($1) p`
	sqlCamePicture = `select ` + sqlObjectColumns + ` from object o where o.agency_id = agency() and o.id = $1 and o.part = 'picture' and o.kind = 'delivery'`
	sqlCameSide    = `select side_id from delivery where agency_id = agency() and id = $1`
)

var guardedDeletePhoto = postgres.Guarded(`delete from draft_photo where agency_id = agency() and draft_id = $1 and id = $2 returning 1`)

type draftPhotoRow struct {
	ID             string
	Place          int
	Sealed         []byte
	MAC            []byte
	OriginalCommit []byte
	OriginalMAC    []byte
	OriginalOf     string // the photo of the letter that came back, where its original is
}

// context is what the picture in a draft says of itself.
func (r draftPhotoRow) context(agencyID string, d draftRow) seal.Context {
	return seal.Context{Kind: seal.KindDraft, Agency: agencyID, Exchange: d.ExchangeID, Object: r.ID, Part: "picture",
		From: "side/" + d.SideID, To: "side/" + d.SideID, Version: 1}
}

// photoContext is what a part of a photo that is handed in says of itself.
func photoContext(agencyID string, d draftRow, id, part string) seal.Context {
	return seal.Context{Kind: seal.KindSubmission, Agency: agencyID, Exchange: d.ExchangeID, Object: id, Part: part,
		From: "side/" + d.SideID, To: "case/" + d.ExchangeID, Version: 1}
}

// AddPhoto cleans a picture and puts it into a draft. The cleaned picture is
// sealed to the side, the original to the case and the archive alone: nobody of a
// family opens that. The draft's text stays as it is. Nothing is stored unless all
// of it is.
//
// Invalid: the field "photo", or a picture that cannot be opened. Conflict: this
// side may not send photos, the draft has MaxPhotos, or it changed meanwhile.
// NotFound for a draft that is not the actor's.
func (s *Service) AddPhoto(ctx context.Context, actor authz.Actor, id DraftID, place *PhotoPlace, file []byte) error {
	ag, err := s.begin(ctx, actor, authz.Write, string(id))
	if err != nil {
		return err
	}
	if len(file) == 0 {
		return fault.Field("photo", "fault.photo.choose")
	}
	row, nodes, there, err := s.loadPhotos(ctx, actor, id)
	switch {
	case err != nil:
		return err
	case len(there) >= MaxPhotos:
		return fault.New(fault.Conflict, "fault.photo.four")
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
	cleaned, err := place.visit.Clean(ctx, file)
	if err != nil {
		return err
	}
	p := draftPhotoRow{ID: agency.NewID("ph"), Place: free(there)}
	args, err := s.sealPhoto(ctx, ag, row.draftRow, p, side, pictured{cleaned.Traces, cleaned.JPEG})
	if err != nil {
		return err
	}
	if err := s.sealOriginal(ctx, ag, row.draftRow, nodes, side, file, args); err != nil {
		return err
	}
	s.at("photo cleaned")
	return s.changeDraft(ctx, ag, actor, row.draftRow, text, func(b *pgx.Batch) { b.Queue(sqlInsertDraftPhoto, args) })
}

// free is the first place that no photo has.
func free(there []PhotoLine) int {
	place := 1
	for _, p := range there {
		if p.Place == place {
			place++
		}
	}
	return place
}

// loadPhotos loads a draft, the key of its case and its photos. Conflict where
// this side may not send any.
func (s *Service) loadPhotos(ctx context.Context, actor authz.Actor, id DraftID) (sendRow, []agency.NodeRow, []PhotoLine, error) {
	if !agency.ValidID("dr", string(id)) {
		return sendRow{}, nil, nil, notFound()
	}
	row, nodes, sent, err := s.loadSend(ctx, actor, id)
	if err == nil && sent {
		err = notFound()
	}
	if err != nil {
		return row, nil, nil, err
	}
	var agreed bool
	var there []PhotoLine
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		b.Queue(sqlPhotosAgreed, string(id)).QueryRow(func(r pgx.Row) error { return r.Scan(&agreed) })
		postgres.Many(b, &there, sqlDraftPhotos, string(id))
	})
	switch {
	case err != nil:
		return row, nil, nil, s.db.Fault(fmt.Errorf("load photos of draft %s: %w", id, err))
	case !agreed:
		return row, nil, nil, fault.New(fault.Conflict, "fault.photo.notAgreed")
	}
	return row, nodes, there, nil
}

// sealPhoto seals a picture for a draft, to its side alone, which vouches for it.
func (s *Service) sealPhoto(ctx context.Context, ag *agency.Agency, d draftRow, p draftPhotoRow, side *age.HybridIdentity, picture pictured) (pgx.StrictNamedArgs, error) {
	c := p.context(ag.ID, d)
	sealed, err := s.sealLarge(ctx, c, picture.marshal(), side.Recipient())
	if err != nil {
		return nil, err
	}
	mac, err := seal.Own(side, c, sealed.Commit)
	return pgx.StrictNamedArgs{"id": p.ID, "draft": d.ID, "place": p.Place, "sealed": sealed.Bytes, "mac": mac[:],
		"original": nil, "commit": nil, "originalMAC": nil, "of": null(p.OriginalOf)}, err
}

// sealOriginal seals the file as it came to the case and the archive.
func (s *Service) sealOriginal(ctx context.Context, ag *agency.Agency, d draftRow, nodes []agency.NodeRow, side *age.HybridIdentity, file []byte, args pgx.StrictNamedArgs) error {
	caseNode, err := s.caseNode(ctx, ag, d, nodes)
	if err != nil {
		return err
	}
	c := photoContext(ag.ID, d, args["id"].(string), "original")
	sealed, err := s.sealLarge(ctx, c, file, caseNode.Recipient(), ag.Archive())
	if err != nil {
		return err
	}
	mac, err := seal.Own(side, c, sealed.Commit)
	args["original"], args["commit"], args["originalMAC"] = sealed.Bytes, sealed.Commit[:], mac[:]
	return err
}

func (s *Service) caseNode(ctx context.Context, ag *agency.Agency, d draftRow, nodes []agency.NodeRow) (agency.Node, error) {
	node, err := ag.Trusted(nodes, "case/"+d.ExchangeID)
	if err != nil {
		s.log.ErrorContext(ctx, "ALARM: a case key is not the one vouched for", "agency", ag.ID, "exchange", d.ExchangeID, "error", err)
		return node, fault.Wrap(fault.Sealed, "fault.sealing", err)
	}
	return node, nil
}

// changeDraft does something to a draft's photos and counts it as a new version of
// the draft: whoever checks a letter and sends it sends what they saw.
func (s *Service) changeDraft(ctx context.Context, ag *agency.Agency, actor authz.Actor, row draftRow, text string, write func(*pgx.Batch)) error {
	was := row.Version
	row.Version++
	sealed, mac, shared, err := sealDraft(ag, actor, row, text)
	if err != nil {
		return err
	}
	err = s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		b.Queue(guardedSaveDraft, row.ID, was, sealed, mac[:], shared)
		write(b)
		return nil
	})
	return s.db.Fault(err)
}

// RemovePhoto takes a photo out of a draft, for good. NotFound where there is
// none, Conflict where the draft changed meanwhile.
func (s *Service) RemovePhoto(ctx context.Context, actor authz.Actor, id DraftID, photo PhotoID) error {
	ag, err := s.begin(ctx, actor, authz.Write, string(id))
	if err != nil {
		return err
	}
	if !agency.ValidID("ph", string(photo)) {
		return notFound()
	}
	row, _, err := s.loadDraft(ctx, actor, id)
	if err != nil {
		return err
	}
	if rows, err := s.draftPictures(ctx, actor, id, photo); err != nil || len(rows) != 1 {
		return errors.Join(err, notFound())
	}
	text, err := s.openDraft(ctx, ag, actor, row)
	if err != nil {
		return err
	}
	return s.changeDraft(ctx, ag, actor, row, text, func(b *pgx.Batch) { b.Queue(guardedDeletePhoto, string(id), string(photo)) })
}

func (s *Service) draftPictures(ctx context.Context, actor authz.Actor, id DraftID, photo PhotoID) (rows []draftPhotoRow, err error) {
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &rows, sqlDraftPicture, string(id), string(photo)) })
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load photos of draft %s: %w", id, err))
	}
	return rows, nil
}

// DraftPhoto gives a photo of a draft of the actor's side, as a JPEG. NotFound
// where there is none, Sealed where it does not open.
func (s *Service) DraftPhoto(ctx context.Context, actor authz.Actor, id DraftID, photo PhotoID) ([]byte, error) {
	ag, err := s.begin(ctx, actor, authz.Write, string(id))
	if err != nil {
		return nil, err
	}
	if !agency.ValidID("ph", string(photo)) {
		return nil, notFound()
	}
	row, _, err := s.loadDraft(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	rows, err := s.draftPictures(ctx, actor, id, photo)
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 {
		return nil, notFound()
	}
	p, err := s.openDraftPhoto(ctx, ag, actor, row, rows[0])
	return p.jpeg, err
}

// openDraftPhoto opens a photo of a draft with the side's key, which vouches for it.
func (s *Service) openDraftPhoto(ctx context.Context, ag *agency.Agency, actor authz.Actor, d draftRow, r draftPhotoRow) (pictured, error) {
	content, err := s.openBeside(ctx, ag, actor, d, r.context(ag.ID, d), r.Sealed, r.MAC)
	if err != nil {
		return pictured{}, err
	}
	p, _, _, err := parsePicture(content)
	return p, err
}

// sentPhotos are the photos of a draft that is sent, sealed and stated.
type sentPhotos []struct {
	row      draftPhotoRow
	picture  sealedObject
	original *sealedObject // without its bytes, which the database has
}

// sealPhotos seals the photos of a draft anew, to the case, the side and the
// archive, as its text is; of the originals, it states what was sealed before.
func (s *Service) sealPhotos(ctx context.Context, ag *agency.Agency, actor authz.Actor, row sendRow, nodes []agency.NodeRow) (list sentPhotos, err error) {
	if row.Photos == 0 {
		return nil, nil
	}
	rows, err := s.draftPictures(ctx, actor, DraftID(row.ID), "")
	if err != nil {
		return nil, err
	}
	caseNode, err := s.caseNode(ctx, ag, row.draftRow, nodes)
	if err != nil {
		return nil, err
	}
	side, ok := sideKey(actor, row.SideID)
	if !ok {
		return nil, s.noKey(ctx, actor, row.SideID)
	}
	list = make(sentPhotos, len(rows))
	for i, r := range rows {
		p, err := s.openDraftPhoto(ctx, ag, actor, row.draftRow, r)
		if err != nil {
			return nil, takeOut(err)
		}
		c := photoContext(ag.ID, row.draftRow, r.ID, "picture")
		sealed, err := s.sealLarge(ctx, c, p.marshal(), caseNode.Recipient(), side.Recipient(), ag.Archive())
		if err != nil {
			return nil, err
		}
		list[i].row = r
		if list[i].picture, err = s.receive(ag, c, row.SideID, sealed); err != nil {
			return nil, err
		}
		if r.OriginalOf != "" {
			continue
		}
		c.Part = "original"
		if len(r.OriginalCommit) != 32 || seal.Owned(side, c, seal.Commitment(r.OriginalCommit), r.OriginalMAC) != nil {
			return nil, s.unstated(ctx, ag, r.ID, fmt.Errorf("%w: not the original", seal.ErrUnsigned))
		}
		original, err := s.receive(ag, c, "", seal.Sealed{Commit: seal.Commitment(r.OriginalCommit)})
		if err != nil {
			return nil, err
		}
		list[i].original = &original
	}
	return list, nil
}

// receive states that something was handed in.
func (s *Service) receive(ag *agency.Agency, c seal.Context, side string, sealed seal.Sealed) (sealedObject, error) {
	st := statementOf(c, sealed.Commit)
	st.Event, st.At = statement.EventReceipt, s.now()
	body, err := ag.State(st, "door")
	return sealedObject{at: c, side: side, sealed: sealed, body: body}, err
}

// queue stores the photos of a letter that is there, while its draft is.
func (l sentPhotos) queue(b *pgx.Batch, letter LetterID) {
	for _, p := range l {
		b.Queue(sqlInsertLetterPhoto, p.row.ID, string(letter), p.row.Place, null(p.row.OriginalOf))
		p.picture.queue(b)
		if o := p.original; o != nil {
			leaf := statement.Leaf(o.body)
			b.Queue(sqlInsertOriginal, pgx.StrictNamedArgs{"id": p.row.ID, "exchange": o.at.Exchange, "from": o.at.From, "to": o.at.To, "leaf": leaf[:]})
		}
	}
}

func (l sentPhotos) bodies() (bodies [][]byte) {
	for _, p := range l {
		bodies = append(bodies, p.picture.body)
		if p.original != nil {
			bodies = append(bodies, p.original.body)
		}
	}
	return bodies
}

type letterPhotoRow struct {
	ID         string
	Place      int
	OriginalOf string
}

// photosAgain seals the photos of a letter that came back for the draft of its
// rewrite, as their writer sent them, but for those that are lost. None where photos
// are not agreed on any more.
func (s *Service) photosAgain(ctx context.Context, ag *agency.Agency, actor authz.Actor, d draftRow, of LetterID) (list []pgx.StrictNamedArgs, err error) {
	if of == "" {
		return nil, nil
	}
	var rows []letterPhotoRow
	var objects []objectRow
	var agreed bool
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &rows, sqlLetterPhotos, string(of))
		queueObjects(b, &objects, sqlSentPictures, string(of), "")
		b.Queue(sqlSidePhotos, d.SideID).QueryRow(func(r pgx.Row) error { return r.Scan(&agreed) })
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load photos of letter %s: %w", of, err))
	}
	side, ok := sideKey(actor, d.SideID)
	if !agreed || len(rows) == 0 {
		return nil, nil
	}
	if !ok {
		return nil, s.noKey(ctx, actor, d.SideID)
	}
	for _, r := range rows {
		content, err := s.openSideObject(ctx, ag, actor, objects, d.SideID, r.ID, "picture")
		if gone(err) {
			continue // the draft says so
		}
		if err != nil {
			return nil, err
		}
		p, _, _, err := parsePicture([]byte(content))
		if err != nil {
			return nil, err
		}
		again := draftPhotoRow{ID: agency.NewID("ph"), Place: r.Place, OriginalOf: r.ID}
		if r.OriginalOf != "" {
			again.OriginalOf = r.OriginalOf
		}
		args, err := s.sealPhoto(ctx, ag, d, again, side, p)
		if err != nil {
			return nil, err
		}
		list = append(list, args)
	}
	return list, nil
}

// SentPhoto gives a photo of a letter that the actor's side sent, as a JPEG.
// NotFound where there is none, Sealed where it does not open.
func (s *Service) SentPhoto(ctx context.Context, actor authz.Actor, id LetterID, photo PhotoID) ([]byte, error) {
	ag, err := s.begin(ctx, actor, authz.ReadOwn, string(id))
	if err != nil {
		return nil, err
	}
	if !agency.ValidID("lt", string(id)) || !agency.ValidID("ph", string(photo)) {
		return nil, notFound()
	}
	var side string
	var objects []objectRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		b.Queue(sqlSentSide, string(id)).QueryRow(func(r pgx.Row) error { return r.Scan(&side) })
		queueObjects(b, &objects, sqlSentPictures, string(id), string(photo))
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load photo of letter %s: %w", id, err))
	}
	if len(objects) != 1 {
		return nil, notFound()
	}
	content, err := s.openSideObject(ctx, ag, actor, objects, side, string(photo), "picture")
	if err != nil {
		return nil, err
	}
	p, _, _, err := parsePicture([]byte(content))
	return p.jpeg, err
}

// openSentPhotos puts the photos of a letter beside what its writer was told of each.
func (s *Service) openSentPhotos(ctx context.Context, ag *agency.Agency, actor authz.Actor, side string, lines []sentPhotoRow, reasons []objectRow) (list []SentPhoto) {
	for _, line := range lines {
		p := SentPhoto{PhotoLine: line.PhotoLine, Lost: line.Lost}
		for _, r := range reasons {
			if r.ID != string(line.ID) {
				continue
			}
			// One that does not open has raised its alarm, and was left out all the same.
			reason, _ := s.openSideObject(ctx, ag, actor, reasons, side, r.ID, "reason")
			p.LeftOut, p.Reason = true, parsePhotoReason(reason)
		}
		list = append(list, p)
	}
	return list
}

type camePhotoRow struct {
	ID    string
	Place int
	May   string
	Lost  bool
}

// camePhotos lists the photos of a letter that is open.
func (s *Service) camePhotos(ctx context.Context, actor authz.Actor, id DeliveryID) (list []CamePhoto, err error) {
	var rows []camePhotoRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &rows, sqlCamePhotos, string(id)) })
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load photos of delivery %s: %w", id, err))
	}
	for _, r := range rows {
		list = append(list, CamePhoto{ID: CamePhotoID(r.ID), Place: r.Place, Shown: r.May == photosShown || r.May == photosPermitted, Keep: r.May == photosPermitted, Lost: r.Lost})
	}
	return list, nil
}

// CamePhoto gives a photo of a letter that came and is open, as a JPEG, to be
// shown, or to be kept where that is agreed on. The reading is in the log before it
// is opened. NotFound where there is none, or where it is not to be shown, or kept,
// so. Gone where the letter went back since.
func (s *Service) CamePhoto(ctx context.Context, actor authz.Actor, id DeliveryID, photo CamePhotoID, keep bool) ([]byte, error) {
	ag, err := s.begin(ctx, actor, authz.ReadOwn, string(id))
	if err != nil {
		return nil, err
	}
	if !agency.ValidID("dl", string(id)) || !agency.ValidID("pd", string(photo)) {
		return nil, notFound()
	}
	list, err := s.camePhotos(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	may := false
	for _, p := range list {
		may = may || p.ID == photo && p.Shown && (p.Keep || !keep)
	}
	if !may {
		return nil, s.orBack(ctx, ag, actor, id, notFound())
	}
	body, err := ag.State(statement.Statement{Event: statement.EventAccess, Object: string(photo), Part: "picture", Version: 1,
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
		queueObjects(b, &objects, sqlCamePicture, string(photo))
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load photo of delivery %s: %w", id, err))
	}
	content, err := s.openSideObject(ctx, ag, actor, objects, side, string(photo), "picture")
	return []byte(content), err
}
