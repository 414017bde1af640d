package intermediary

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

// MessageID names what somebody of a case wrote to their worker, or the answer
// ("cm…").
type MessageID string

const (
	// MaxMessage is the longest message, in bytes of UTF-8.
	MaxMessage = 16 << 10
	// MaxMessagesADay is how many messages one person may send in a day.
	MaxMessagesADay = 5
	// MessagePromise is within how many working days a person has an answer.
	MessagePromise = 5
)

// CaseMessage is one turn between somebody of a case and their worker.
type CaseMessage struct {
	ID         MessageID
	File       FileID
	SentOn     time.Time
	Text       string
	FromAgency bool
	HearBy     time.Time // the day by which the person hears; zero for an answer
	Late       bool      // that day is past and nobody has answered
	Answered   bool
	Unread     bool // it did not open: a notice in its place
}

const (
	messageColumns = `m.id, m.application_id, m.file, m.person_id, coalesce(m.by_worker, '') as by_worker, coalesce(m.answers, '') as answers,
		m.sent_on, coalesce(m.hear_by, 'epoch') as hear_by, m.answered_on is not null as answered`
	ownMessages = ` from case_message m where m.agency_id = agency() and m.file = $1 and m.person_id = account()
		order by m.sent_at desc, m.id desc limit 200`
	sqlOwnMessages    = `select ` + messageColumns + ownMessages
	sqlOwnMessageWork = `with mine as (select m.agency_id, m.id` + ownMessages + `)
		select ` + sqlWorkColumns + ` from mine join casework w on w.agency_id = mine.agency_id and w.id = mine.id and w.part = 'message'`

	sqlTellingToday = `select count(*)::int as today, (select count(*) from case_message a where a.agency_id = agency() and a.file = $1 and a.person_id = account()
			and a.by_worker is not null)::int as answers
		from case_message m where m.agency_id = agency() and m.person_id = account() and m.by_worker is null and m.sent_on = current_date`
	sqlTellingCase = `select ` + sqlNodeColumns + ` from party p join node n on n.agency_id = p.agency_id and n.id = 'case/' || p.application_id
		where p.agency_id = agency() and p.file = $1 and p.person_id = account() and n.key_leaf is not null order by n.epoch desc limit 1`
	sqlTellingThere  = `select m.id from case_message m where m.agency_id = agency() and m.id = $1 and m.by_worker is null`
	sqlInsertMessage = `insert into case_message (agency_id, id, application_id, file, person_id, hear_by) values (agency(), $1, $2, $3, account(), $4)`
	sqlNudge         = `select nudge_desk()`

	caseMessages = ` from case_message m where m.agency_id = agency() and m.application_id = $1 order by m.sent_at desc, m.id desc limit 500`
	sqlMessages  = `select ` + messageColumns + caseMessages
	sqlMessaged  = `with c as (select m.agency_id, m.id` + caseMessages + `)
		select ` + sqlWorkColumns + ` from c join casework w on w.agency_id = c.agency_id and w.id = c.id and w.part = 'message'`
	sqlQuestion     = `select ` + messageColumns + ` from case_message m where m.agency_id = agency() and m.id = $1 and m.by_worker is null`
	sqlQuestionWork = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.part = 'message'
		and (w.id = $1 or w.id = (select a.id from case_message a where a.agency_id = agency() and a.answers = $1))`
	sqlInsertAnswer = `insert into case_message (agency_id, id, application_id, file, person_id, by_worker, answers)
		values (agency(), $1, $2, $3, $4, account(), $5)`
	sqlNotifyPerson = `select notify_person($1)`
	// Something waits, and no more: for everybody who can open a file, an applicant's or a subject's.
	sqlNotifyReaders = `select notify_person(x.person_id) from (select p.person_id from party p join person r on r.agency_id = p.agency_id and r.id = p.person_id and r.state = 'active'
		where p.agency_id = agency() and p.file = $1
			and exists (select from ring_grant_person g where g.agency_id = p.agency_id and g.child = 'side/' || p.file and g.parent = 'person/' || p.person_id)
		order by p.person_id) x`
)

var guardedMessageAnswered = postgres.Guarded(`update case_message set answered_on = current_date
	where agency_id = agency() and id = $1 and by_worker is null and answered_on is null returning 1`)

type messageRow struct {
	ID            string
	ApplicationID string
	File          string
	PersonID      string
	ByWorker      string
	Answers       string
	SentOn        time.Time
	HearBy        time.Time
	Answered      bool
}

// errMessage: a row says of a message what nobody stated.
var errMessage = errors.New("the message is not the one that was stated")

// Tell writes to the worker of a case, in one of the actor's own files. The same
// words again on the same day, before anybody has answered, are the same message:
// two clicks are one. NotFound: the file is not theirs. Invalid on "text".
// Conflict: MaxMessagesADay are sent.
func (s *Service) Tell(ctx context.Context, actor authz.Actor, id FileID, text string) (MessageID, error) {
	ag, err := s.begin(ctx, actor, authz.WriteFile, string(id))
	if err != nil {
		return "", err
	}
	if !id.valid() {
		return "", notFound()
	}
	if text, err = prose.Clean("text", text, MaxMessage); err != nil {
		return "", err
	}
	if prose.Blank(text) {
		return "", fault.Field("text", "fault.message.empty")
	}
	t := telling{Service: s, ag: ag, actor: actor, file: id}
	if err := t.load(ctx); err != nil {
		return "", err
	}
	message, err := t.nameOf(text)
	if err != nil {
		return "", err
	}
	if there, err := t.there(ctx, message); err != nil || there {
		return message, err
	}
	if t.count.Today >= MaxMessagesADay {
		return "", fault.New(fault.Conflict, "fault.message.tooMany")
	}
	sealed, err := s.byDoor(ctx, ag, actor, t.party, t.kase, seal.Context{Kind: seal.KindMessage, Object: string(message), Part: "message"}, []byte(text))
	if err != nil {
		return "", err
	}
	if err := t.store(ctx, message, sealed); err != nil {
		if there, lost := t.there(ctx, message); lost == nil && there {
			return message, nil // the other one of two clicks
		}
		return "", s.db.Fault(fmt.Errorf("tell: %w", err))
	}
	return message, nil
}

// telling is a message on its way from somebody of a case.
type telling struct {
	*Service
	ag    *agency.Agency
	actor authz.Actor
	file  FileID
	party partyRow
	kase  []agency.NodeRow
	count struct{ Today, Answers int }
}

func (t *telling) load(ctx context.Context) error {
	rows, err := t.loadOwn(ctx, t.actor, t.file, func(b *pgx.Batch) {
		postgres.Many(b, &t.kase, sqlTellingCase, string(t.file))
		postgres.One(b, &t.count, sqlTellingToday, string(t.file))
	})
	if err != nil {
		return fmt.Errorf("load a file to write in: %w", err)
	}
	t.party, _, err = t.Service.file(ctx, t.ag, t.actor, rows, t.file)
	return err
}

var nameEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// nameOf is the id of these words today, drawn with the person's own key:
// nobody without it can try a text against an id.
func (t *telling) nameOf(text string) (MessageID, error) {
	c := seal.Context{Kind: seal.KindMessage, Agency: t.ag.ID, Exchange: t.party.ApplicationID, Object: t.party.File, Part: "once",
		From: string(ring.Person(t.actor.Account())), To: calendar.Today(t.now()).Format(time.DateOnly), Version: uint64(t.count.Answers)}
	id, err := onceID("cm", t.actor, c, text)
	return MessageID(id), err
}

// onceID makes an id of words and their place, with the actor's own key.
func onceID(prefix string, actor authz.Actor, c seal.Context, text string) (string, error) {
	_, key, ok := actor.Keys().Own()
	if !ok {
		return "", fault.Wrap(fault.Sealed, "fault.sealed", errNoFileKey)
	}
	mac, err := seal.Own(key, c, sha256.Sum256([]byte(text)))
	if err != nil {
		return "", fmt.Errorf("name a text: %w", err)
	}
	return prefix + nameEncoding.EncodeToString(mac[:13])[:20], nil
}

func (t *telling) there(ctx context.Context, id MessageID) (bool, error) {
	var found []struct{ ID string }
	err := t.db.Read(ctx, scope(t.actor), func(b *pgx.Batch) { postgres.Many(b, &found, sqlTellingThere, string(id)) })
	return len(found) == 1, t.db.Fault(err)
}

func (t *telling) store(ctx context.Context, id MessageID, sealed doorSeals) error {
	hearBy := t.agencies.Days().Add(calendar.Today(t.now()), MessagePromise)
	t.at("tell")
	return t.storeByDoor(ctx, t.actor, sealed, func(b *pgx.Batch) {
		b.Queue(sqlInsertMessage, string(id), t.party.ApplicationID, t.party.File, hearBy)
		b.Queue(sqlNudge)
	})
}

// conversation opens messages, which come newest first, and gives them oldest
// first.
func (s *Service) conversation(ctx context.Context, ag *agency.Agency, rows []messageRow, texts []workRow, keys []*age.HybridIdentity) ([]CaseMessage, error) {
	list := make([]CaseMessage, len(rows))
	for i, r := range rows {
		m := CaseMessage{ID: MessageID(r.ID), File: FileID(r.File), SentOn: r.SentOn, FromAgency: r.ByWorker != "", Answered: r.Answered}
		if !m.FromAgency {
			m.HearBy, m.Late = r.HearBy, !r.Answered && calendar.Today(s.now()).After(r.HearBy)
		}
		text, err := s.openMessage(ctx, ag, r, texts, keys)
		if err != nil && !unread(err) {
			return nil, err
		}
		m.Text, m.Unread = text, err != nil
		list[len(rows)-1-i] = m
	}
	return list, nil
}

// openMessage opens one message. It must be of this person and case, or of a
// worker to this file, by its own signed statement.
func (s *Service) openMessage(ctx context.Context, ag *agency.Agency, m messageRow, texts []workRow, keys []*age.HybridIdentity) (string, error) {
	i := slices.IndexFunc(texts, func(w workRow) bool { return w.ID == m.ID })
	if i < 0 {
		return "", s.unstated(ctx, ag, m.ID, errMessage)
	}
	if _, err := s.statedMessage(ctx, ag, m, texts[i]); err != nil {
		return "", s.unstated(ctx, ag, m.ID, err)
	}
	text, err := s.open(ctx, ag, texts[i], keys...)
	return string(text), err
}

// statedMessage verifies who wrote a message and to whom: a person's is the
// door's to state, an answer a worker's.
func (s *Service) statedMessage(ctx context.Context, ag *agency.Agency, m messageRow, row workRow) (*statement.Statement, error) {
	st, err := s.stated(ctx, ag, row)
	if err != nil {
		return nil, err
	}
	right := st.Event == statement.EventReceipt && st.From == "person/"+m.PersonID && st.To == "case/"+m.ApplicationID
	if m.ByWorker != "" {
		right = st.Event == statement.EventCasework && st.From == "worker/"+m.ByWorker && st.To == "side/"+m.File
	}
	if !right || st.Object != m.ID || st.Exchange != m.ApplicationID {
		return nil, errMessage
	}
	return st, nil
}

// Messages is what everybody of a case wrote, and the answers, oldest first, the
// newest 500. The reading is in the log before anything is opened. NotFound: no
// such case. Forbidden: the actor is a party of it, or holds no key of it.
func (s *Service) Messages(ctx context.Context, actor authz.Actor, id ApplicationID) ([]CaseMessage, error) {
	ag, err := s.begin(ctx, actor, authz.CaseMessage, string(id))
	if err != nil {
		return nil, err
	}
	var rows []messageRow
	var texts []workRow
	keys, _, err := s.loadWritten(ctx, ag, actor, id, func(b *pgx.Batch) {
		postgres.Many(b, &rows, sqlMessages, string(id))
		postgres.Many(b, &texts, sqlMessaged, string(id))
	})
	if err != nil {
		return nil, err
	}
	if err := s.logAccess(ctx, ag, actor, string(id), "messages", string(id)); err != nil {
		return nil, err
	}
	return s.conversation(ctx, ag, rows, texts, keys)
}

// loadWritten reads what people of a case wrote, and climbs to the case's key.
func (s *Service) loadWritten(ctx context.Context, ag *agency.Agency, actor authz.Actor, id ApplicationID, read func(*pgx.Batch)) ([]*age.HybridIdentity, folder, error) {
	if !agency.ValidID("ap", string(id)) {
		return nil, folder{}, notFound()
	}
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return nil, folder{}, err
	}
	var a applicationRow
	rows := &keyRows{}
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &a, sqlApplication, string(id))
		postgres.Many(b, &rows.nodes, sqlCaseNodes, string(id))
		postgres.Many(b, &rows.grants, sqlCaseGrants, string(id))
		read(b)
	})
	if err != nil {
		return nil, folder{}, s.db.Fault(fmt.Errorf("load case %s: %w", id, err))
	}
	k, err := s.climb(ctx, ag, actor.Keys(), rows, ring.Case(string(id)))
	return k.keys, folder{of: string(id), application: string(id), node: k.node}, err
}

// Answer answers a message, in the file that it was written in. Who asked is
// told by mail that something waits, and no more. The same words by the same
// worker again are one answer. Invalid on "text". NotFound: no such message.
// Conflict: a colleague has answered. Sealed: no signed statement says that
// somebody of this file asked it.
func (s *Service) Answer(ctx context.Context, actor authz.Actor, id MessageID, text string) error {
	ag, err := s.begin(ctx, actor, authz.CaseMessage, string(id))
	if err != nil {
		return err
	}
	if !agency.ValidID("cm", string(id)) {
		return notFound()
	}
	if text, err = prose.Clean("text", text, MaxMessage); err != nil {
		return err
	}
	if prose.Blank(text) {
		return fault.Field("text", "fault.message.empty")
	}
	q, err := s.question(ctx, ag, actor, id)
	if err != nil {
		return err
	}
	if q.row.Answered {
		return s.answeredSo(ctx, q, actor, text)
	}
	err = s.answer(ctx, ag, actor, q, text)
	if fault.KindOf(err) != fault.Conflict {
		return err
	}
	// Somebody was first; if it was the same click, it is done.
	if again, lost := s.question(ctx, ag, actor, id); lost == nil && again.row.Answered {
		return s.answeredSo(ctx, again, actor, text)
	}
	return err
}

// question is a message that waits for its answer.
type question struct {
	ag     *agency.Agency
	row    messageRow
	texts  []workRow // its own, and the answer's
	keys   []*age.HybridIdentity
	folder folder
	leaf   [32]byte
}

func (s *Service) question(ctx context.Context, ag *agency.Agency, actor authz.Actor, id MessageID) (*question, error) {
	q := &question{ag: ag}
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.One(b, &q.row, sqlQuestion, string(id)) })
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load message %s: %w", id, err))
	}
	var parties []partyRow
	q.keys, q.folder, err = s.loadWritten(ctx, ag, actor, ApplicationID(q.row.ApplicationID), func(b *pgx.Batch) {
		postgres.One(b, &q.row, sqlQuestion, string(id))
		postgres.Many(b, &q.texts, sqlQuestionWork, string(id))
		postgres.Many(b, &parties, sqlPartiesOf, q.row.File)
	})
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(q.texts, func(w workRow) bool { return w.ID == string(id) })
	p := slices.IndexFunc(parties, func(p partyRow) bool {
		return p.PersonID == q.row.PersonID && p.ApplicationID == q.row.ApplicationID
	})
	if i < 0 || p < 0 {
		return nil, s.unstated(ctx, ag, string(id), errMessage)
	}
	if _, err = s.statedMessage(ctx, ag, q.row, q.texts[i]); err == nil {
		err = s.checkParty(ctx, ag, parties[p])
	}
	if err != nil {
		return nil, s.unstated(ctx, ag, string(id), err)
	}
	q.leaf = statement.Leaf(q.texts[i].Body)
	return q, nil
}

// answeredSo is nil if the actor has answered with these very words.
func (s *Service) answeredSo(ctx context.Context, q *question, actor authz.Actor, text string) error {
	for _, w := range q.texts {
		if w.ID == q.row.ID || w.FromNode != "worker/"+actor.Account() {
			continue
		}
		if said, err := s.open(ctx, q.ag, w, q.keys...); err == nil && string(said) == text {
			return nil
		}
	}
	return fault.New(fault.Conflict, "fault.message.answered")
}

func (s *Service) answer(ctx context.Context, ag *agency.Agency, actor authz.Actor, q *question, text string) error {
	file, err := s.fileNode(ctx, ag, actor, q.row.File)
	if err != nil {
		return err
	}
	a, err := s.acts(ag, actor)
	if err != nil {
		return err
	}
	a.write(guardedMessageAnswered, q.row.ID)
	id := agency.NewID("cm")
	p := paper{id: id, part: "message", version: 1, kind: seal.KindMessage, file: file, refs: [][32]byte{q.leaf}}
	if _, err := a.seal(q.folder, p, []byte(text)); err != nil {
		return err
	}
	a.write(sqlInsertAnswer, id, q.row.ApplicationID, q.row.File, q.row.PersonID, q.row.ID)
	a.write(sqlNotifyPerson, q.row.PersonID)
	a.write(sqlNudge)
	return a.commit(ctx, "answer", held{})
}

// SendLetter puts a letter of the agency into a file. Whoever reads the file is
// told by mail that something waits, and no more. letter is its id, made with
// the page (NewLetterID), so that two clicks are one letter. A letter to a subject
// needs the law's leave, as their invitation did (AddParty). Invalid on "letter":
// it is empty or too long. NotFound: no such file. Conflict: no such leave.
func (s *Service) SendLetter(ctx context.Context, actor authz.Actor, id FileID, letter, text string) error {
	ag, err := s.begin(ctx, actor, authz.CaseMessage, string(id))
	if err != nil {
		return err
	}
	if !id.valid() || !agency.ValidID("cm", letter) {
		return notFound()
	}
	if text, err = prose.Clean("letter", text, MaxLetter); err != nil {
		return err
	}
	if prose.Blank(text) {
		return fault.Field("letter", "fault.casework.letter")
	}
	at, err := s.loadPlace(ctx, actor, string(id))
	if err != nil {
		return err
	}
	var there []workRow
	keys, f, err := s.loadWritten(ctx, ag, actor, ApplicationID(at.row.ApplicationID), func(b *pgx.Batch) { postgres.Many(b, &there, sqlOwnLetter, letter) })
	if err != nil {
		return err
	}
	if len(there) > 0 {
		said, err := s.open(ctx, ag, there[0], keys...)
		if err != nil || string(said) != text || there[0].File != string(id) {
			return errors.Join(err, fault.New(fault.Conflict, "fault.conflict"))
		}
		return nil
	}
	file, err := s.fileNode(ctx, ag, actor, string(id))
	if err != nil {
		return err
	}
	a, err := s.acts(ag, actor)
	if err != nil {
		return err
	}
	if err := a.letterNamed(f, letter, file, text); err != nil {
		return err
	}
	if at.row.SubjectID == "" {
		return a.commit(ctx, "sendLetter", held{})
	}
	b, err := s.believe(ctx, ag, actor, at.row.SubjectID)
	if err != nil {
		return err
	}
	return a.commit(ctx, "sendLetter", at.held(), a.touching(b))
}

// NewLetterID chooses the id of a letter that is about to be written.
func NewLetterID() string { return agency.NewID("cm") }

// letterNamed seals a letter of the agency to a file, and has its readers told
// that something waits.
func (a *acting) letterNamed(f folder, id string, file agency.Node, text string, refs ...[32]byte) error {
	if _, err := a.seal(f, paper{id: id, part: "letter", version: 1, kind: seal.KindLetter, file: file, refs: refs}, []byte(text)); err != nil {
		return err
	}
	a.write(sqlNotifyReaders, strings.TrimPrefix(string(file.ID()), "side/"))
	return nil
}
