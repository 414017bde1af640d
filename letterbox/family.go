package letterbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// The queries of a person's pages. Row-level security shows the rows of their
// sides only; $1 narrows them to one side, or is ” for all.
const (
	sqlMySides = `select s.id, s.exchange_id, 'letter' = any(s.may_send) and exchange_open(s.exchange_id) as may_write, photos_agreed(s.id) as photos, recordings_agreed(s.id) as recordings
		from side_member m join side s on s.agency_id = m.agency_id and s.id = m.side_id
		where m.agency_id = agency() and m.person_id = account() and ($1 = '' or m.side_id = $1) order by s.id`
	sqlMyNames = `select distinct on (o.id) ` + sqlObjectColumns + `
		from side_member m join object o on o.agency_id = m.agency_id and o.id = m.side_id and o.part = 'names'
		where m.agency_id = agency() and m.person_id = account() and ($1 = '' or m.side_id = $1) order by o.id, o.version desc`
	sqlMyDrafts = `select d.id, d.side_id, d.updated_at from side_member m join draft d on d.agency_id = m.agency_id and d.side_id = m.side_id
		where m.agency_id = agency() and m.person_id = account() and ($1 = '' or m.side_id = $1) order by d.updated_at desc`
	sqlMySent = `select l.id, l.from_side as side_id, l.submitted_on, l.told, l.hear_by, l.second, l.paper, coalesce(l.appealed, 0)
		from side_member m join letter l on l.agency_id = m.agency_id and l.from_side = m.side_id
		where m.agency_id = agency() and m.person_id = account() and ($1 = '' or m.side_id = $1) order by l.submitted_on desc, l.submitted_at desc, l.id limit 200`
	sqlMyCame        = `select id, side_id, passed_on, opened, kept from my_deliveries($1)`
	sqlMyLateAnswers = `select distinct s.id from side_member n join side s on s.agency_id = n.agency_id and s.id = n.side_id
		join message m on m.agency_id = s.agency_id and m.exchange_id = s.exchange_id and m.person_id = n.person_id
		where n.agency_id = agency() and n.person_id = account() and ($1 = '' or n.side_id = $1)
			and m.by_worker is null and m.answered_on is null and m.hear_by < $2`
	sqlOneSent = `select id, from_side as side_id, submitted_on, told, hear_by, second, paper, coalesce(appealed, 0) from letter where agency_id = agency() and id = $1`
	sqlOneCame = `select id, side_id, came_on(id) as passed_on, delivery_state(id) = 'opened' as opened, delivery_state(id) = 'keptForLater' as kept from delivery where agency_id = agency() and id = $1`

	sqlSentObjects = `select ` + sqlObjectColumns + ` from letter l join object o on o.agency_id = l.agency_id
			and o.id = any(array[l.id, l.from_side]::text[]) and o.part in ('text', 'reason', 'proposal', 'names')
		where l.agency_id = agency() and l.id = $1 order by o.version desc`
	sqlCameObjects = `select ` + sqlObjectColumns + ` from delivery d join object o on o.agency_id = d.agency_id
			and o.id = any(array[d.id, d.side_id]::text[]) and o.part in ('text', 'translation', 'names')
		where d.agency_id = agency() and d.id = $1 order by o.version desc`
	sqlCameMayWrite = `select 'letter' = any(s.may_send) and exchange_open(s.exchange_id)
		from delivery d join side s on s.agency_id = d.agency_id and s.id = d.side_id where d.agency_id = agency() and d.id = $1`
	sqlSentMay = `select 'letter' = any(s.may_send) and exchange_open(s.exchange_id) as may_write, not exchange_open(s.exchange_id) as rests
		from letter l join side s on s.agency_id = l.agency_id and s.id = l.from_side where l.agency_id = agency() and l.id = $1`
	sqlInAnother    = `select language <> 'en' from letter where agency_id = agency() and id = $1`
	sqlTakenBack    = `select coalesce(taken_back, 0) from letter where agency_id = agency() and id = $1`
	sqlOpenDelivery = `select open_delivery($1)`
	sqlCameBack     = `select came_back($1)`
)

type mineRow struct {
	ID     string
	SideID string
	At     time.Time
	Told   string
	HearBy time.Time
	Second bool
	Paper  bool
	Opened bool
	Kept   bool
	OfDay  int

	Appealed uint64 // the turn about which the writer asked another worker; 0 for none
}

// sentMayRow is what the side of a letter may do now.
type sentMayRow struct {
	MayWrite bool
	Rests    bool
}

// Inbox is the actor's front page: every exchange that they are on a side of.
func (s *Service) Inbox(ctx context.Context, actor authz.Actor) (Inbox, error) {
	sides, err := s.sides(ctx, actor, "")
	if err != nil {
		return Inbox{}, err
	}
	return Inbox{OnHold: actor.OnHold(), Sides: sides}, nil
}

// Side is one exchange as the actor's side sees it. NotFound if it is not the actor's.
func (s *Service) Side(ctx context.Context, actor authz.Actor, id SideID) (InboxSide, error) {
	if !agency.ValidID("sd", string(id)) {
		return InboxSide{}, notFound()
	}
	sides, err := s.sides(ctx, actor, string(id))
	if err != nil {
		return InboxSide{}, err
	}
	if len(sides) != 1 {
		return InboxSide{}, notFound()
	}
	return sides[0], nil
}

func (s *Service) sides(ctx context.Context, actor authz.Actor, only string) ([]InboxSide, error) {
	ag, err := s.begin(ctx, actor, authz.ReadOwn, only)
	if err != nil {
		return nil, err
	}
	var sides []sideRow
	var names []objectRow
	var drafts, sent, came []mineRow
	var late []string
	today := calendar.Today(s.now())
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &sides, sqlMySides, only)
		queueObjects(b, &names, sqlMyNames, only)
		b.Queue(sqlMyDrafts, only).Query(collectMine(&drafts, func(r pgx.Rows, m *mineRow) error { return r.Scan(&m.ID, &m.SideID, &m.At) }))
		b.Queue(sqlMySent, only).Query(collectMine(&sent, scanSent))
		b.Queue(sqlMyCame, only).Query(collectMine(&came, scanCame))
		b.Queue(sqlMyLateAnswers, only, today).Query(func(r pgx.Rows) (err error) {
			late, err = pgx.CollectRows(r, pgx.RowTo[string])
			return err
		})
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load inbox: %w", err))
	}
	list := make([]InboxSide, len(sides))
	for i, row := range sides {
		side := InboxSide{Side: SideID(row.ID), MayWrite: row.MayWrite, MayPhotos: row.Photos && !actor.OnHold(), MayRecord: row.Recordings && !actor.OnHold(), Late: slices.Contains(late, row.ID)}
		side.Names, err = s.openNames(ctx, ag, actor, names, row.ID)
		side.Unread, side.New = err != nil, errors.Is(err, errNewSide)
		for _, d := range of(drafts, row.ID) {
			side.Drafts = append(side.Drafts, DraftLine{DraftID(d.ID), d.At})
		}
		for _, l := range of(sent, row.ID) {
			line := l.sent(today)
			line.OfDay = l.OfDay
			side.Sent, side.Late = append(side.Sent, line), side.Late || line.Late
		}
		for _, c := range of(came, row.ID) {
			side.Came = append(side.Came, c.came())
			if !c.Opened {
				side.Waiting++
			}
		}
		list[i] = side
	}
	return list, nil
}

func collectMine(dst *[]mineRow, scan func(pgx.Rows, *mineRow) error) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		for rows.Next() {
			var m mineRow
			if err := scan(rows, &m); err != nil {
				return err
			}
			*dst = append(*dst, m)
		}
		return rows.Err()
	}
}

func scanSent(r pgx.Rows, m *mineRow) error {
	return r.Scan(&m.ID, &m.SideID, &m.At, &m.Told, &m.HearBy, &m.Second, &m.Paper, &m.Appealed)
}

func scanCame(r pgx.Rows, m *mineRow) error {
	return r.Scan(&m.ID, &m.SideID, &m.At, &m.Opened, &m.Kept)
}

func (m mineRow) sent(today time.Time) SentLine {
	told := Told(m.Told)
	return SentLine{ID: LetterID(m.ID), SentOn: m.At, Told: told, HearBy: m.HearBy, PaperCopy: m.Paper,
		MayWithdraw: told == WithUs || told == Proposed || told == Returned, MayAsk: (told == Refused || told == Proposed) && !m.Second, Late: waitsToHear(told) && m.HearBy.Before(today)}
}

// waitsToHear tells whether the agency owes a writer an answer by a day.
func waitsToHear(told Told) bool { return told == WithUs || told == BackWithUs }

func (m mineRow) came() CameLine { return CameLine{DeliveryID(m.ID), m.At, m.Opened, m.Kept, m.OfDay} }

// of gives the rows of one side, newest first as they came, with their number
// where there are several of one day.
func of(rows []mineRow, side string) (mine []mineRow) {
	for _, r := range rows {
		if r.SideID == side {
			mine = append(mine, r)
		}
	}
	for i := len(mine) - 1; i > 0; i-- {
		older, newer := &mine[i], &mine[i-1]
		if older.At.Equal(newer.At) {
			older.OfDay = max(older.OfDay, 1)
			newer.OfDay = older.OfDay + 1
		}
	}
	return mine
}

// OpenSent opens a letter that the actor's side sent, with what it was told
// about it. NotFound otherwise.
func (s *Service) OpenSent(ctx context.Context, actor authz.Actor, id LetterID) (Sent, error) {
	ag, err := s.begin(ctx, actor, authz.ReadOwn, string(id))
	if err != nil {
		return Sent{}, err
	}
	if !agency.ValidID("lt", string(id)) {
		return Sent{}, notFound()
	}
	var rows []mineRow
	var objects []objectRow
	var rewrites []string
	var photos []sentPhotoRow
	var reasons, told []objectRow
	var recorded []letterRecordingRow
	var translated bool
	var may sentMayRow
	var takenBack uint64
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		b.Queue(sqlSentMay, string(id)).Query(func(r pgx.Rows) error {
			rows, err := pgx.CollectRows(r, pgx.RowToStructByName[sentMayRow])
			if len(rows) == 1 {
				may = rows[0]
			}
			return err
		})
		b.Queue(sqlOneSent, string(id)).Query(collectMine(&rows, scanSent))
		queueObjects(b, &objects, sqlSentObjects, string(id))
		postgres.Many(b, &photos, sqlSentPhotos, string(id))
		queueObjects(b, &reasons, sqlPhotoReasons, string(id))
		postgres.Many(b, &recorded, sqlLetterRecording, string(id))
		queueObjects(b, &told, sqlRecordingTold, string(id))
		b.Queue(sqlInAnother, string(id)).QueryRow(func(row pgx.Row) error { return row.Scan(&translated) })
		b.Queue(sqlTakenBack, string(id)).QueryRow(func(row pgx.Row) error { return row.Scan(&takenBack) })
		b.Queue(sqlDraftReplacing, string(id)).Query(func(r pgx.Rows) (err error) {
			rewrites, err = pgx.CollectRows(r, pgx.RowTo[string])
			return err
		})
	})
	if err != nil {
		return Sent{}, s.db.Fault(fmt.Errorf("load letter %s: %w", id, err))
	}
	if len(rows) == 0 {
		return Sent{}, notFound()
	}
	sent := Sent{SentLine: rows[0].sent(calendar.Today(s.now())), Side: SideID(rows[0].SideID)}
	if len(rewrites) > 0 {
		sent.Rewrite = DraftID(rewrites[0])
	}
	sent.Names, _ = s.openNames(ctx, ag, actor, objects, rows[0].SideID)
	text, err := s.openSideObject(ctx, ag, actor, objects, rows[0].SideID, string(id), "text")
	if err != nil && !unread(err) {
		return Sent{}, err
	}
	sent.Text, sent.Unread = Text(text), unread(err)
	sent.Asked, sent.MayWrite, sent.Rests = rows[0].Second, may.MayWrite, may.Rests
	sent.Translated = translated && sent.Told == PassedOn
	sent.TakenBack = sent.Told == WithUs && takenBack > 0 && newestVersion(objects, string(id), "proposal") == takenBack && newestVersion(objects, string(id), "reason") < takenBack
	sent.Photos = s.openSentPhotos(ctx, ag, actor, rows[0].SideID, photos, reasons)
	sent.Recording = s.openSaid(ctx, ag, actor, rows[0].SideID, recorded, told)
	if sent.Proposal, err = s.openProposal(ctx, ag, actor, objects, rows[0]); err != nil {
		return Sent{}, err
	}
	if explained(sent.Told, sent.Asked) && hasReason(objects, id) || toldLeftOut(objects, id, sent.Told) {
		reason, err := s.openSideObject(ctx, ag, actor, objects, rows[0].SideID, string(id), "reason")
		if err != nil && !unread(err) {
			return Sent{}, err
		}
		if r := parseReason(reason); explained(sent.Told, sent.Asked) || r.Reason == leftOutUnasked {
			sent.Reason = r
		}
	}
	return sent, nil
}

// explained tells whether a letter's writer was told why it did not go on, and
// still has use for it: also while somebody else looks at it, and after they
// said no for good. Once it went on, the first no is over.
func explained(told Told, asked bool) bool {
	switch told {
	case Returned, Replaced, Refused:
		return true
	case PassedOn, BackWithUs:
		return false
	}
	return asked
}

// Rewrite begins a new draft with the text, the photos and the recording of a letter
// that came back, or whose writer is asked to leave parts out, which it will replace:
// as its writer wrote it, in the language that it was in.
// Called again, it gives the draft that was begun. Conflict if the
// letter has not come back, Sealed if it does not open.
func (s *Service) Rewrite(ctx context.Context, actor authz.Actor, id LetterID) (DraftID, error) {
	sent, err := s.OpenSent(ctx, actor, id)
	if err != nil {
		return "", err
	}
	if sent.Told != Returned && sent.Told != Proposed {
		return "", fault.New(fault.Conflict, "fault.letter.notReturned")
	}
	if sent.Rewrite != "" {
		return sent.Rewrite, nil
	}
	if sent.Unread {
		return "", fault.New(fault.Sealed, "fault.sealed")
	}
	text, language, err := s.written(ctx, actor, sent.Side, id)
	if err != nil {
		return "", err
	}
	draft, err := s.newDraft(ctx, actor, draftRow{SideID: string(sent.Side), Replaces: string(id), Language: language}, text)
	if fault.KindOf(err) != fault.Conflict {
		return draft, err
	}
	// Two clicks: the other one began it.
	if again, lost := s.OpenSent(ctx, actor, id); lost == nil && again.Rewrite != "" {
		return again.Rewrite, nil
	}
	return "", err
}

// Came is the cover of a letter that came: that it is there, not what it says.
// Gone where it had come to the actor's side and went back to the agency since;
// why, nobody is told. NotFound unless it waits for, or was opened by, that side.
func (s *Service) Came(ctx context.Context, actor authz.Actor, id DeliveryID) (Came, error) {
	ag, err := s.begin(ctx, actor, authz.ReadOwn, string(id))
	if err != nil {
		return Came{}, err
	}
	came, _, err := s.loadCame(ctx, ag, actor, id)
	return came, err
}

func (s *Service) loadCame(ctx context.Context, ag *agency.Agency, actor authz.Actor, id DeliveryID) (Came, []objectRow, error) {
	if !agency.ValidID("dl", string(id)) {
		return Came{}, nil, notFound()
	}
	var rows []mineRow
	var objects []objectRow
	var mayWrite []bool
	var back bool
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		b.Queue(sqlOneCame, string(id)).Query(collectMine(&rows, scanCame))
		b.Queue(sqlCameMayWrite, string(id)).Query(func(r pgx.Rows) (err error) {
			mayWrite, err = pgx.CollectRows(r, pgx.RowTo[bool])
			return err
		})
		queueObjects(b, &objects, sqlCameObjects, string(id))
		b.Queue(sqlCameBack, string(id)).QueryRow(func(row pgx.Row) error { return row.Scan(&back) })
	})
	if err != nil {
		return Came{}, nil, s.db.Fault(fmt.Errorf("load delivery %s: %w", id, err))
	}
	if back {
		return Came{}, nil, fault.New(fault.Gone, "fault.letter.back")
	}
	if len(rows) == 0 {
		return Came{}, nil, notFound()
	}
	came := Came{CameLine: rows[0].came(), Side: SideID(rows[0].SideID), MayWrite: len(mayWrite) == 1 && mayWrite[0]}
	came.Names, _ = s.openNames(ctx, ag, actor, objects, rows[0].SideID)
	return came, objects, nil
}

// Open opens a letter that came, for the first time or again: the move and the
// reading are in the log before the text is opened. NotFound, or Gone when
// something stopped the letter since. A person on hold has no key yet: Conflict.
func (s *Service) Open(ctx context.Context, actor authz.Actor, id DeliveryID) (Came, error) {
	ag, err := s.begin(ctx, actor, authz.ReadOwn, string(id))
	if err != nil {
		return Came{}, err
	}
	if !agency.ValidID("dl", string(id)) {
		return Came{}, notFound()
	}
	if actor.OnHold() {
		return Came{}, fault.New(fault.Conflict, "fault.letter.onHold")
	}
	body, err := ag.State(statement.Statement{Event: statement.EventAccess, Object: string(id), Part: "text", Version: 1,
		From: "person/" + actor.Account(), At: hour(s.now())}, "door")
	if err != nil {
		return Came{}, err
	}
	s.at("open")
	err = s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		b.Queue(sqlOpenDelivery, string(id))
		audit.Append(b, body)
		return nil
	})
	if err != nil {
		return Came{}, s.orBack(ctx, ag, actor, id, s.db.Fault(fmt.Errorf("open delivery %s: %w", id, err)))
	}
	came, objects, err := s.loadCame(ctx, ag, actor, id)
	if err != nil {
		return Came{}, err
	}
	text, err := s.openSideObject(ctx, ag, actor, objects, string(came.Side), string(id), "text")
	if err != nil && !unread(err) {
		return Came{}, err
	}
	came.Text, came.Unread = Text(text), unread(err)
	if came.Translation, err = s.cameTranslation(ctx, ag, actor, objects, string(came.Side), string(id)); err != nil && !unread(err) {
		return Came{}, err
	}
	came.Unread = came.Unread || err != nil
	if came.Photos, err = s.camePhotos(ctx, actor, id); err != nil {
		return Came{}, err
	}
	came.Recording, err = s.cameRecording(ctx, ag, actor, id, came.Side)
	return came, err
}

// orBack says of a letter that is not there whether it had come and went back:
// err where it had not, or where err says something else.
func (s *Service) orBack(ctx context.Context, ag *agency.Agency, actor authz.Actor, id DeliveryID, err error) error {
	if fault.KindOf(err) != fault.NotFound {
		return err
	}
	if _, _, again := s.loadCame(ctx, ag, actor, id); fault.KindOf(again) == fault.Gone {
		return again
	}
	return err
}
