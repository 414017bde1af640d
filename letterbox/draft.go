package letterbox

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

const (
	sqlSide = `select s.id, s.exchange_id, 'letter' = any(s.may_send) and exchange_open(s.exchange_id) as may_write, photos_agreed(s.id) as photos, recordings_agreed(s.id) as recordings,
			(select count(*) from draft d where d.agency_id = s.agency_id and d.side_id = s.id)::int as drafts, leaf_body(m.leaf) as body
		from side_member m join side s on s.agency_id = m.agency_id and s.id = m.side_id
		where m.agency_id = agency() and m.side_id = $1 and m.person_id = account()`
	sqlInsertDraft = `insert into draft (agency_id, id, exchange_id, side_id, author, replaces, language, shared, sealed, mac, version, expires_on)
		values (agency(), @id, @exchange, @side, @author, @replaces, @language, @shared, @sealed, @mac, 1, current_date + 90)`
	// What the writer of a letter is told about it, beside the draft that rewrites it.
	toldOfIt = `coalesce((select l.told from letter l where l.agency_id = d.agency_id and l.id = d.replaces), '') as told`
	sqlDraft = `select d.id, d.exchange_id, d.side_id, d.author, coalesce(d.replaces, '') as replaces, d.shared, d.sealed, d.mac, d.version, d.language, ` + toldOfIt + `
		from draft d where d.agency_id = agency() and d.id = $1`
	sqlSaveDraft = `update draft set sealed = $3, mac = $4, version = version + 1, shared = $5, updated_at = now(), expires_on = current_date + 90
		where agency_id = agency() and id = $1 and version = $2 returning 1`
	sqlDeleteDraft    = `delete from draft where agency_id = agency() and id = $1 returning 1`
	sqlFreeDraft      = `select free_draft($1)`
	sqlDraftReplacing = `select id from draft where agency_id = agency() and replaces = $1 order by updated_at limit 1`
)

type sideRow struct {
	ID         string
	ExchangeID string
	MayWrite   bool
	Photos     bool // are agreed on
	Recordings bool // are agreed on
}

// writingRow is a side with what a new draft there needs to know.
type writingRow struct {
	sideRow
	Drafts int
	Body   []byte // the statement that the writer is on it
}

type draftRow struct {
	ID         string
	ExchangeID string
	SideID     string
	Author     string
	Replaces   string
	Shared     bool
	Sealed     []byte
	MAC        []byte
	Version    uint64
	Language   string
	Told       string // of the letter that it rewrites; "" for none
}

// overtaken is what became of the letter that a rewrite was to take the place of,
// where it does not wait for one any more; "" while it does, and for no rewrite.
func (r draftRow) overtaken() Told {
	if told := Told(r.Told); told != Returned && told != Proposed {
		return told
	}
	return ""
}

func (r draftRow) context(agencyID string) seal.Context {
	return seal.Context{Kind: seal.KindDraft, Agency: agencyID, Exchange: r.ExchangeID, Object: r.ID, Part: "text",
		From: "person/" + r.Author, To: "side/" + r.SideID, Version: r.Version}
}

// letterOf is the letter that a draft becomes.
func letterOf(id DraftID) LetterID { return LetterID("lt" + string(id)[2:]) }

const sqlGranted = `select granted_side($1)`

// NewDraft keeps a first text on a side of the actor's. text may be empty.
// NotFound for a side that is not the actor's, Conflict when this side may not
// write now, Invalid on the field "text".
func (s *Service) NewDraft(ctx context.Context, actor authz.Actor, side SideID, text string) (DraftID, error) {
	return s.newDraft(ctx, actor, draftRow{SideID: string(side), Language: English}, text)
}

// newDraft keeps a first text on the side of draft, with what else draft says of it.
func (s *Service) newDraft(ctx context.Context, actor authz.Actor, draft draftRow, text string) (DraftID, error) {
	ag, err := s.begin(ctx, actor, authz.Write, draft.SideID)
	if err != nil {
		return "", err
	}
	if !agency.ValidID("sd", draft.SideID) {
		return "", notFound()
	}
	if text, err = prose.Clean("text", text, s.limits.Text); err != nil {
		return "", err
	}
	var row writingRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.One(b, &row, sqlSide, draft.SideID) })
	switch {
	case err != nil:
		return "", s.db.Fault(fmt.Errorf("load side %s: %w", draft.SideID, err))
	case !row.MayWrite:
		return "", fault.New(fault.Conflict, "fault.letter.notNow")
	case row.Drafts >= MaxDrafts:
		return "", fault.New(fault.Conflict, "fault.draft.tooMany")
	}
	// What is written now is bound to the exchange: it must be the side's own.
	if err := s.statedMember(ctx, ag, actor, row); err != nil {
		return "", s.unstated(ctx, ag, row.ID, err)
	}
	draft.ID, draft.ExchangeID, draft.Author, draft.Version = agency.NewID("dr"), row.ExchangeID, actor.Account(), 1
	sealed, mac, shared, err := sealDraft(ag, actor, draft, text)
	if err != nil {
		return "", err
	}
	photos, err := s.photosAgain(ctx, ag, actor, draft, LetterID(draft.Replaces))
	if err != nil {
		return "", err
	}
	recorded, err := s.saidAgain(ctx, ag, actor, draft, LetterID(draft.Replaces))
	if err != nil {
		return "", err
	}
	s.at("draft")
	err = s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		b.Queue(sqlInsertDraft, pgx.StrictNamedArgs{"id": draft.ID, "exchange": draft.ExchangeID, "side": draft.SideID,
			"author": draft.Author, "replaces": null(draft.Replaces), "language": draft.Language, "shared": shared, "sealed": sealed, "mac": mac[:]})
		for _, photo := range photos {
			b.Queue(sqlInsertDraftPhoto, photo)
		}
		if recorded != nil {
			b.Queue(sqlInsertDraftRecording, recorded)
		}
		return nil
	})
	if err != nil {
		return "", s.db.Fault(fmt.Errorf("store draft: %w", err))
	}
	return DraftID(draft.ID), nil
}

// statedMember checks that a worker stated the actor's place on a side, and the
// side's exchange with it.
func (s *Service) statedMember(ctx context.Context, ag *agency.Agency, actor authz.Actor, row writingRow) error {
	st, err := ag.Verify(ctx, s.db, row.Body)
	if err != nil {
		return err
	}
	if st.Event != statement.EventRecord || st.Object != row.ID || st.Part != "member" || st.Exchange != row.ExchangeID || st.To != "person/"+actor.Account() {
		return fmt.Errorf("%w: a statement about another place", seal.ErrUnsigned)
	}
	return nil
}

// sealDraft seals a draft to its author and, once the side is granted, to the
// author's side, and vouches for it with the key of the side, else the
// author's. Both keys are the session's own, so no row of the database can add
// a reader or write in somebody's name.
func sealDraft(ag *agency.Agency, actor authz.Actor, d draftRow, text string) (sealed []byte, mac [32]byte, shared bool, err error) {
	self, ok := personKey(actor)
	if !ok {
		return nil, mac, false, fmt.Errorf("seal draft: %w", errNoKey)
	}
	owner, to := self, []*age.HybridRecipient{self.Recipient()}
	if side, ok := sideKey(actor, d.SideID); ok {
		owner, to, shared = side, append(to, side.Recipient()), true
	}
	c := d.context(ag.ID)
	object, err := seal.Seal(c, []byte(text), to...)
	if err != nil {
		return nil, mac, false, fmt.Errorf("seal draft: %w", err)
	}
	mac, err = seal.Own(owner, c, object.Commit)
	return object.Bytes, mac, shared, err
}

func personKey(actor authz.Actor) (*age.HybridIdentity, bool) {
	_, key, ok := actor.Keys().Own()
	return key, ok
}

// sideKey is the newest key of a side in the session; sides begin at epoch 1.
func sideKey(actor authz.Actor, side string) (*age.HybridIdentity, bool) {
	return actor.Keys().Identity(agency.NodeName("side/"+side, 1))
}

// OpenDraft opens a draft of the actor's side, with the names beside it and,
// for a rewrite, the reason why the letter came back. NotFound otherwise.
func (s *Service) OpenDraft(ctx context.Context, actor authz.Actor, id DraftID) (Draft, error) {
	ag, err := s.begin(ctx, actor, authz.Write, string(id))
	if err != nil {
		return Draft{}, err
	}
	var photos []PhotoLine
	var agreed, recordings []bool
	var recorded int
	row, objects, err := s.loadDraft(ctx, actor, id, func(b *pgx.Batch) {
		postgres.Many(b, &photos, sqlDraftPhotos, string(id))
		b.Queue(sqlPhotosAgreed, string(id)).Query(func(r pgx.Rows) (err error) {
			agreed, err = pgx.CollectRows(r, pgx.RowTo[bool])
			return err
		})
		b.Queue(sqlRecordingsAgreed, string(id)).Query(func(r pgx.Rows) (err error) {
			recordings, err = pgx.CollectRows(r, pgx.RowTo[bool])
			return err
		})
		b.Queue(sqlDraftHasOne, string(id)).QueryRow(func(r pgx.Row) error { return r.Scan(&recorded) })
	})
	if err != nil {
		return Draft{}, err
	}
	d := Draft{ID: id, Side: SideID(row.SideID), Version: int(row.Version), Shared: row.Shared, Replaces: LetterID(row.Replaces), Language: row.Language,
		Photos: photos, MayPhotos: len(agreed) == 1 && agreed[0] && !actor.OnHold(),
		Recording: recorded == 1, MayRecord: len(recordings) == 1 && recordings[0] && !actor.OnHold(), Records: s.records()}
	text, err := s.openDraft(ctx, ag, actor, row)
	if err != nil && !unread(err) {
		return Draft{}, err
	}
	d.Text, d.Unread = Text(text), unread(err)
	d.Names, _ = s.openNames(ctx, ag, actor, objects, row.SideID)
	d.Overtaken = row.overtaken()
	if row.Replaces != "" {
		var takenBack uint64
		if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
			b.Queue(sqlLetterLost, row.Replaces).QueryRow(func(r pgx.Row) error { return r.Scan(&d.Lost) })
			b.Queue(sqlTakenBack, row.Replaces).QueryRow(func(r pgx.Row) error { return r.Scan(&takenBack) })
		}); err != nil {
			return Draft{}, s.db.Fault(fmt.Errorf("load draft %s: %w", id, err))
		}
		d.TakenBack = d.Overtaken != "" && takenBack > 0 && newestVersion(objects, row.Replaces, "proposal") == takenBack
		d.Reason, d.Proposal, err = s.whyAgain(ctx, ag, actor, objects, row)
		if err != nil && !unread(err) {
			return Draft{}, err
		}
	}
	return d, nil
}

const sqlDraftObjects = `select ` + sqlObjectColumns + ` from draft d join object o on o.agency_id = d.agency_id
		and o.id = any(array[d.side_id, d.replaces]::text[]) and o.part in ('names', 'reason', 'proposal')
	where d.agency_id = agency() and d.id = $1 order by o.version desc`

// loadDraft loads a draft with what its page needs, and what else is asked for in
// the same trip.
func (s *Service) loadDraft(ctx context.Context, actor authz.Actor, id DraftID, also ...func(*pgx.Batch)) (draftRow, []objectRow, error) {
	var row draftRow
	var objects []objectRow
	if !agency.ValidID("dr", string(id)) {
		return row, nil, notFound()
	}
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &row, sqlDraft, string(id))
		queueObjects(b, &objects, sqlDraftObjects, string(id))
		for _, queue := range also {
			queue(b)
		}
	})
	if err != nil {
		return row, nil, s.db.Fault(fmt.Errorf("load draft %s: %w", id, err))
	}
	return row, objects, nil
}

// openDraft opens the text with the side's key, else with the author's own.
func (s *Service) openDraft(ctx context.Context, ag *agency.Agency, actor authz.Actor, row draftRow) (string, error) {
	key, ok := sideKey(actor, row.SideID)
	if !row.Shared || !ok {
		key, ok = personKey(actor)
	}
	if !ok {
		return "", fault.Wrap(fault.Sealed, "fault.sealed", errNoKey)
	}
	c := row.context(ag.ID)
	content, commit, err := seal.Open(row.Sealed, c, key)
	if err == nil {
		err = seal.Owned(key, c, commit, row.MAC)
	}
	if err != nil {
		s.log.ErrorContext(ctx, "ALARM: a draft does not open", "agency", ag.ID, "object", row.ID, "error", err)
		return "", fault.Wrap(fault.Sealed, "fault.sealed", err)
	}
	return string(content), nil
}

// openSideObject opens one object among rows with the key of a side. The object
// must be of that side by its own signed statement, whatever row led here.
func (s *Service) openSideObject(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows []objectRow, of, id, part string) (string, error) {
	for _, r := range rows {
		if r.ID != id || r.Part != part {
			continue
		}
		if node := "side/" + of; r.SideID != of || r.FromNode != node && r.ToNode != node {
			return "", s.unstated(ctx, ag, id, fmt.Errorf("%w: an object of another side", seal.ErrUnsigned))
		}
		key, ok := sideKey(actor, of)
		if !ok {
			return "", s.noKey(ctx, actor, of)
		}
		content, err := s.open(ctx, ag, r, key)
		return string(content), err
	}
	return "", s.unstated(ctx, ag, id, fmt.Errorf("no object %s/%s", id, part))
}

// noKey is the fault of a side whose key this session lacks. A side that was
// granted after the page began is no alarm: the session climbs to it before the
// next page. For anybody else who is no longer on hold it is one: a row says that
// they are on a side, and nobody granted it to them.
func (s *Service) noKey(ctx context.Context, actor authz.Actor, side string) error {
	if actor.OnHold() {
		return fault.Wrap(fault.Sealed, "fault.sealed", errNoKey)
	}
	var granted bool
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		b.Queue(sqlGranted, side).QueryRow(func(row pgx.Row) error { return row.Scan(&granted) })
	})
	switch {
	case err != nil:
		return s.db.Fault(fmt.Errorf("look whether a side was granted: %w", err))
	case granted:
		return fault.Wrap(fault.Sealed, "fault.letter.newSide", errNewSide)
	}
	s.log.ErrorContext(ctx, "ALARM: somebody is on a side without its key", "agency", actor.Agency(), "account", actor.Account(), "side", side)
	return fault.Wrap(fault.Sealed, "fault.sealed", errNoKey)
}

// openNames opens what a side calls everybody; no names where they do not open,
// which the page shows a notice for. errNoKey for a person on hold, errNewSide
// for a side that the next page opens.
func (s *Service) openNames(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows []objectRow, side string) (n Names, err error) {
	if _, ok := sideKey(actor, side); !ok {
		return Names{}, s.noKey(ctx, actor, side)
	}
	content, err := s.openSideObject(ctx, ag, actor, rows, side, side, "names")
	if err == nil {
		err = json.Unmarshal([]byte(content), &n)
	}
	if err != nil {
		return Names{}, err
	}
	return n, nil
}

// SaveDraft keeps a new text if version is still the draft's, and gives the
// next version. Conflict: somebody on this side saved it meanwhile; nothing is
// changed and the page keeps what was typed.
func (s *Service) SaveDraft(ctx context.Context, actor authz.Actor, id DraftID, version int, text string) (int, error) {
	ag, err := s.begin(ctx, actor, authz.Write, string(id))
	if err != nil {
		return 0, err
	}
	text, err = prose.Clean("text", text, s.limits.Text)
	if err != nil {
		return 0, err
	}
	row, _, err := s.loadDraft(ctx, actor, id)
	if err != nil {
		return 0, err
	}
	if row.Version != uint64(version) {
		return 0, fault.New(fault.Conflict, "fault.draft.changed")
	}
	row.Version++
	sealed, mac, shared, err := sealDraft(ag, actor, row, text)
	if err != nil {
		return 0, err
	}
	err = s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		b.Queue(guardedSaveDraft, row.ID, version, sealed, mac[:], shared)
		return nil
	})
	if err != nil {
		return 0, s.db.Fault(fmt.Errorf("save draft %s: %w", id, err))
	}
	return int(row.Version), nil
}

// DeleteDraft throws a draft away for good. NotFound if it is not there or not the actor's.
func (s *Service) DeleteDraft(ctx context.Context, actor authz.Actor, id DraftID) error {
	if _, err := s.begin(ctx, actor, authz.Write, string(id)); err != nil {
		return err
	}
	if _, _, err := s.loadDraft(ctx, actor, id); err != nil {
		return err
	}
	err := s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		b.Queue(guardedDeleteDraft, string(id))
		return nil
	})
	return s.db.Fault(err)
}

// FreeDraft makes of a rewrite a letter of its own, which takes no other's place, once
// the letter that it was begun for does not wait for it any more. Of any other draft it
// changes nothing. Conflict: that letter waits for it. NotFound for a draft that is not
// the actor's.
func (s *Service) FreeDraft(ctx context.Context, actor authz.Actor, id DraftID) error {
	if _, err := s.begin(ctx, actor, authz.Write, string(id)); err != nil {
		return err
	}
	row, _, err := s.loadDraft(ctx, actor, id)
	if err != nil || row.Replaces == "" {
		return err
	}
	return s.db.Fault(s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		b.Queue(sqlFreeDraft, string(id))
		return nil
	}))
}

const sqlSend = `select d.id, d.exchange_id, d.side_id, d.author, coalesce(d.replaces, '') as replaces, d.shared, d.sealed, d.mac, d.version, d.language, ` + toldOfIt + `,
		coalesce(other_side(d.side_id), '') as other,
		exchange_open(d.exchange_id) and exists (select from side s where s.agency_id = d.agency_id and s.id = d.side_id and 'letter' = any(s.may_send)) as may_write,
		letters_today() as today, (select count(*) from draft_photo p where p.agency_id = d.agency_id and p.draft_id = d.id)::int as photos,
		(select count(*) from draft_recording r where r.agency_id = d.agency_id and r.draft_id = d.id)::int as recordings
	from draft d where d.agency_id = agency() and d.id = $1`

const sqlIsMine = `select id from letter where agency_id = agency() and id = $1`

type sendRow struct {
	draftRow
	Other    string
	MayWrite bool
	Today    int
	Photos   int
	// Recordings is 1 where there is one.
	Recordings int
}

// Send hands a draft in as a letter: sealed to the case, this side and the
// archive, stated by the door, its photos with it, and the draft is gone, all in
// one transaction.
// Sent twice, the second call gives the same letter. Conflict: the draft has
// changed since version, a photo or its recording is lost, this side may not write
// now, or the letter that it was to take the place of does not wait for it any more;
// Invalid: it is empty, and nothing is said in its place.
func (s *Service) Send(ctx context.Context, actor authz.Actor, id DraftID, version int) (LetterID, error) {
	ag, err := s.begin(ctx, actor, authz.Write, string(id))
	if err != nil {
		return "", err
	}
	if !agency.ValidID("dr", string(id)) {
		return "", notFound()
	}
	letter := letterOf(id)
	row, nodes, sent, err := s.loadSend(ctx, actor, id)
	switch {
	case err != nil:
		return "", err
	case sent:
		return letter, nil
	case row.Version != uint64(version):
		return "", fault.New(fault.Conflict, "fault.draft.changed")
	case actor.OnHold():
		return "", fault.New(fault.Conflict, "fault.letter.onHold")
	case row.overtaken() != "":
		return "", fault.New(fault.Conflict, "fault.draft.overtaken")
	case !row.MayWrite || row.Other == "":
		return "", fault.New(fault.Conflict, "fault.letter.notNow")
	case row.Today >= s.limits.LettersADay:
		return "", fault.New(fault.Conflict, "fault.letter.tooMany")
	}
	text, err := s.openDraft(ctx, ag, actor, row.draftRow)
	if err != nil {
		return "", err
	}
	if prose.Blank(text) && row.Recordings == 0 {
		return "", fault.Field("text", "fault.text.empty")
	}
	language, err := s.sealLanguage(ag, actor, row, nodes, letter)
	if err != nil {
		return "", err
	}
	photos, err := s.sealPhotos(ctx, ag, actor, row, nodes)
	if err != nil {
		return "", err
	}
	recorded, err := s.sealSaid(ctx, ag, actor, row, nodes)
	if err != nil {
		return "", err
	}
	// Its text rests on what comes with it.
	object, err := s.sealSubmission(ag, actor, row, nodes, letter, "text", text, cameWith(photos, recorded)...)
	if err != nil {
		return "", err
	}
	s.at("send")
	if err := s.store(ctx, ag, actor, row, version, letter, object, photos, recorded, language); err != nil {
		// Lost the race against the same click, or the answer to it, or against another
		// answer about the letter that this one rewrites: look once more.
		switch row, _, sent, again := s.loadSend(ctx, actor, id); {
		case again == nil && sent:
			return letter, nil
		case again == nil && row.overtaken() != "":
			return "", fault.Wrap(fault.Conflict, "fault.draft.overtaken", err)
		}
		return "", s.db.Fault(fmt.Errorf("send draft %s: %w", id, err))
	}
	return letter, nil
}

// loadSend loads what sending needs. sent: the draft is gone and its letter is there.
func (s *Service) loadSend(ctx context.Context, actor authz.Actor, id DraftID) (row sendRow, nodes []agency.NodeRow, sent bool, err error) {
	var rows []sendRow
	var letters []string
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &rows, sqlSend, string(id))
		b.Queue(sqlIsMine, string(letterOf(id))).Query(func(r pgx.Rows) (err error) {
			letters, err = pgx.CollectRows(r, pgx.RowTo[string])
			return err
		})
		b.Queue(sqlDraftNodes, string(id)).Query(func(r pgx.Rows) (err error) {
			nodes, err = pgx.CollectRows(r, pgx.RowToStructByName[agency.NodeRow])
			return err
		})
	})
	switch {
	case err != nil:
		return row, nil, false, s.db.Fault(fmt.Errorf("load draft %s: %w", id, err))
	case len(letters) > 0:
		return row, nil, true, nil
	case len(rows) == 0:
		return row, nil, false, notFound()
	}
	return rows[0], nodes, false, nil
}

// sqlDraftNodes reads the node of the draft's case, in the columns of agency.NodeRow.
const sqlDraftNodes = `select n.id, n.epoch, n.recipient, coalesce(n.verifier, '') as verifier, n.key_leaf, leaf_body(n.key_leaf) as body
	from draft d join node n on n.agency_id = d.agency_id and n.id = 'case/' || d.exchange_id
	where d.agency_id = agency() and d.id = $1 and n.key_leaf is not null order by n.epoch desc limit 1`

func (s *Service) sealSubmission(ag *agency.Agency, actor authz.Actor, row sendRow, nodes []agency.NodeRow, letter LetterID, part, text string, rests ...[32]byte) (sealedObject, error) {
	caseNode, err := ag.Trusted(nodes, "case/"+row.ExchangeID)
	if err != nil {
		s.log.Error("ALARM: a case key is not the one vouched for", "agency", ag.ID, "exchange", row.ExchangeID, "error", err)
		return sealedObject{}, fault.Wrap(fault.Sealed, "fault.sealing", err)
	}
	side, ok := sideKey(actor, row.SideID)
	if !ok {
		return sealedObject{}, fault.New(fault.Conflict, "fault.letter.onHold")
	}
	c := seal.Context{Kind: seal.KindSubmission, Agency: ag.ID, Exchange: row.ExchangeID, Object: string(letter), Part: part,
		From: "side/" + row.SideID, To: "case/" + row.ExchangeID, Version: 1}
	sealed, err := seal.Seal(c, []byte(text), caseNode.Recipient(), side.Recipient(), ag.Archive())
	if err != nil {
		return sealedObject{}, fmt.Errorf("seal letter: %w", err)
	}
	st := statementOf(c, sealed.Commit)
	st.Event, st.At, st.Refs = statement.EventReceipt, s.now(), rests
	body, err := ag.State(st, "door")
	if err != nil {
		return sealedObject{}, err
	}
	return sealedObject{at: c, side: row.SideID, sealed: sealed, body: body}, nil
}

const sqlInsertLetter = `insert into letter (agency_id, id, exchange_id, from_side, to_side, author, state, hear_by, replaces, language)
	values (agency(), @id, @exchange, @from, @to, @author, 'received', @hearBy, @replaces, @language)`

// The guarded statements: each must find its draft as it was read.
var (
	guardedSaveDraft   = postgres.Guarded(sqlSaveDraft)
	guardedDeleteDraft = postgres.Guarded(sqlDeleteDraft)
	guardedSendDraft   = postgres.Guarded(`update draft set version = version where agency_id = agency() and id = $1 and version = $2 returning 1`)
)

func (s *Service) store(ctx context.Context, ag *agency.Agency, actor authz.Actor, row sendRow, version int, letter LetterID, object sealedObject, photos sentPhotos, recorded *sentRecording, language withTranslation) error {
	hearBy := s.hearBy(ag, calendar.Today(s.now()))
	return s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		b.Queue(guardedSendDraft, row.ID, version)
		if row.Replaces != "" {
			b.Queue(`select replace_letter($1)`, row.Replaces)
		}
		object.queue(b)
		b.Queue(sqlInsertLetter, pgx.StrictNamedArgs{"id": string(letter), "exchange": row.ExchangeID, "from": row.SideID, "to": row.Other,
			"author": actor.Account(), "hearBy": hearBy, "replaces": null(row.Replaces), "language": row.Language})
		language.queue(b)
		photos.queue(b, letter)
		recorded.queue(b, letter)
		b.Queue(guardedDeleteDraft, row.ID)
		b.Queue(sqlNudge)
		audit.Append(b, slices.Concat(photos.bodies(), recorded.bodies(), [][]byte{object.body}, language.bodies())...)
		return nil
	})
}
