package letterbox

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
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

// MessageID names what a person told the agency, or its answer ("ms…").
type MessageID string

const (
	// MaxMessage is the longest message, in bytes of UTF-8.
	MaxMessage = 16 << 10
	// MaxMessagesADay is how many messages one person may send in a day.
	MaxMessagesADay = 5
	// MessagePromise is within how many working days a person has an answer.
	MessagePromise = 5
	// MessageAmber is after how many working days the desk says that a message waits long.
	MessageAmber = 3
)

// Message is one turn between a person and the agency, apart from letters.
// Nobody else of the household can open it.
type Message struct {
	ID         MessageID
	SentOn     time.Time
	Text       Text
	FromAgency bool
	HearBy     time.Time // the day by which the person hears; zero for an answer
	Late       bool      // that day is past and nobody has answered
	Answered   bool
	Unread     bool // it did not open: a notice in its place
}

// MessageLine is a message that waits for an answer. It has no text.
type MessageLine struct {
	ID        MessageID
	Exchange  ExchangeID
	Reference string // LB-XXXXX
	Person    string // a name from the directory; "" if it did not open or is not for this worker
	SentOn    time.Time
	HearBy    time.Time
	WorkDays  int // working days since it came
	Amber     bool
	Late      bool
	Closed    bool // this worker knows the family, or holds no key of the case: somebody else answers
}

// Conversation is a message open on the desk, with what was said before.
type Conversation struct {
	MessageLine
	Messages  []Message // oldest first, the one that was opened among them; 50 at most
	Answered  bool
	MayAnswer bool // false once answered, and while the person waits for our call
}

// Every question about messages; a message belongs to one person of one exchange.
const (
	sqlTelling = `select s.id, s.exchange_id, leaf_body(m.leaf) as body, messages_today() as today,
			(select count(*) from message g where g.agency_id = s.agency_id and g.exchange_id = s.exchange_id and g.person_id = account() and g.by_worker is not null)::int as answers
		from side_member m join side s on s.agency_id = m.agency_id and s.id = m.side_id
		where m.agency_id = agency() and m.side_id = $1 and m.person_id = account()`
	sqlTellingNodes = `select n.id, n.epoch, n.recipient, coalesce(n.verifier, '') as verifier, n.key_leaf, leaf_body(n.key_leaf) as body
		from side s join node n on n.agency_id = s.agency_id and n.id = 'case/' || s.exchange_id
		where s.agency_id = agency() and s.id = $1 and n.key_leaf is not null order by n.epoch desc limit 1`
	sqlMyMessage     = `select id from message where agency_id = agency() and id = $1 and by_worker is null`
	sqlInsertMessage = `insert into message (agency_id, id, exchange_id, person_id, hear_by) values (agency(), $1, $2, account(), $3)`

	sqlMessageColumns = `m.id, m.exchange_id, m.person_id, coalesce(m.by_worker, '') as by_worker, coalesce(m.answers, '') as answers,
		m.sent_on, coalesce(m.hear_by, 'epoch') as hear_by, m.answered_on is not null as answered`
	myMessagesFrom = ` from side s join message m on m.agency_id = s.agency_id and m.exchange_id = s.exchange_id and m.person_id = account()
		where s.agency_id = agency() and s.id = $1 order by m.sent_at desc, m.id desc limit 200`
	sqlMyMessages       = `select ` + sqlMessageColumns + myMessagesFrom
	sqlMyMessageObjects = `with mine as (select m.agency_id, m.id` + myMessagesFrom + `)
		select ` + sqlObjectColumns + ` from mine join object o on o.agency_id = mine.agency_id and o.id = mine.id and o.part = 'text' order by o.version desc`

	sqlToldColumns = `m.id, m.exchange_id, m.person_id, x.reference, x.restricted, p.state, m.by_worker is not null as answer, m.sent_on,
			coalesce(m.hear_by, 'epoch') as hear_by, m.answered_on is not null as answered,
			exists (select from connection k where k.agency_id = m.agency_id and k.exchange_id = m.exchange_id and k.worker_id = account())
				or exists (select from worker w join side_member n on n.agency_id = w.agency_id and n.person_id = w.person_id
					join side s on s.agency_id = n.agency_id and s.id = n.side_id
					where w.agency_id = m.agency_id and w.id = account() and s.exchange_id = m.exchange_id) as connected,
			not exists (select from ring_grant_staff g where g.agency_id = m.agency_id and g.child = 'case/' || m.exchange_id
				and g.parent in ('team/letterbox', 'worker/' || account())) as closed
		from message m join exchange x on x.agency_id = m.agency_id and x.id = m.exchange_id join person p on p.agency_id = m.agency_id and p.id = m.person_id
		where m.agency_id = agency()`
	toldWaits   = ` and m.by_worker is null and m.answered_on is null order by m.sent_at limit 500`
	sqlTold     = `select ` + sqlToldColumns + toldWaits
	sqlToldOne  = `select ` + sqlToldColumns + ` and m.id = $1`
	toldNamesOf = `select t.person_id as of, r.book, r.id, r.epoch, r.name, ''::bytea as details from t
		join side s on s.agency_id = agency() and s.exchange_id = t.exchange_id
		join side_member n on n.agency_id = s.agency_id and n.side_id = s.id and n.person_id = t.person_id
		join directory r on r.agency_id = n.agency_id and r.id = n.person_id and r.book = s.book`
	sqlToldNames   = `with t as (select m.exchange_id, m.person_id from message m where m.agency_id = agency()` + toldWaits + `) ` + toldNamesOf
	sqlToldName    = `with t as (select m.exchange_id, m.person_id from message m where m.agency_id = agency() and m.id = $1) ` + toldNamesOf
	conversationOf = ` from message q join message m on m.agency_id = q.agency_id and m.exchange_id = q.exchange_id and m.person_id = q.person_id
		where q.agency_id = agency() and q.id = $1 and m.sent_at <= coalesce((select a.sent_at from message a where a.agency_id = q.agency_id and a.answers = q.id), q.sent_at)
		order by m.sent_at desc, m.id desc limit 50`
	sqlConversation        = `select ` + sqlMessageColumns + conversationOf
	sqlConversationObjects = `with c as (select m.agency_id, m.id` + conversationOf + `)
		select ` + sqlObjectColumns + ` from c join object o on o.agency_id = c.agency_id and o.id = c.id and o.part = 'text' order by o.version desc`
	sqlMessageGrants = `select g.child, g.child_epoch, g.parent, g.parent_epoch, g.sealed from message m
		join ring_grant_staff g on g.agency_id = m.agency_id and g.child = 'case/' || m.exchange_id and g.parent <> 'archive'
		where m.agency_id = agency() and m.id = $1`
	sqlMessageNodes = `select n.id, n.epoch, n.recipient, coalesce(n.verifier, '') as verifier, n.key_leaf, leaf_body(n.key_leaf) as body
		from message m join node n on n.agency_id = m.agency_id and n.id in ('case/' || m.exchange_id, 'person/' || m.person_id)
		where m.agency_id = agency() and m.id = $1 and n.key_leaf is not null order by n.epoch desc`
	sqlPersonEpoch  = `select coalesce(max(epoch), 0)::int from node where agency_id = agency() and id = 'person/' || $1 and key_leaf is not null`
	sqlInsertAnswer = `insert into message (agency_id, id, exchange_id, person_id, by_worker, answers) values (agency(), $1, $2, $3, account(), $4)`
	sqlAnswerOf     = `select ` + sqlMessageColumns + ` from message m where m.agency_id = agency() and m.answers = $1 and m.by_worker = account()`
	sqlNotifyPerson = `select notify_person($1)`
)

var guardedAnswered = postgres.Guarded(`update message set answered_on = current_date
	where agency_id = agency() and id = $1 and by_worker is null and answered_on is null returning 1`)

type messageRow struct {
	ID         string
	ExchangeID string
	PersonID   string
	ByWorker   string
	Answers    string
	SentOn     time.Time
	HearBy     time.Time
	Answered   bool
}

// tellingRow is what telling the agency something needs to know of a side.
type tellingRow struct {
	ID         string
	ExchangeID string
	Body       []byte // the statement that the person is on it
	Today      int
	Answers    int
}

type toldRow struct {
	ID         string
	ExchangeID string
	PersonID   string
	Reference  string
	Restricted bool
	State      string // of the person
	Answer     bool
	SentOn     time.Time
	HearBy     time.Time
	Answered   bool
	Connected  bool
	Closed     bool
}

// Tell tells the agency something about an exchange that the actor is on a side
// of, apart from a letter. Only this person and the agency can open it, so
// somebody on hold may tell too. The same words again on the same day, before
// anybody has answered, are the same message: two clicks are one. NotFound for
// a side that is not the actor's, Invalid on "text", Conflict after
// MaxMessagesADay.
func (s *Service) Tell(ctx context.Context, actor authz.Actor, side SideID, text string) (MessageID, error) {
	ag, err := s.begin(ctx, actor, authz.Tell, string(side))
	if err != nil {
		return "", err
	}
	if !agency.ValidID("sd", string(side)) {
		return "", notFound()
	}
	if text, err = prose.Clean("text", text, MaxMessage); err != nil {
		return "", err
	}
	if prose.Blank(text) {
		return "", fault.Field("text", "fault.message.empty")
	}
	row, nodes, err := s.loadTelling(ctx, actor, side)
	if err != nil {
		return "", err
	}
	if err := s.statedMember(ctx, ag, actor, writingRow{sideRow: sideRow{ID: row.ID, ExchangeID: row.ExchangeID}, Body: row.Body}); err != nil {
		return "", s.unstated(ctx, ag, row.ID, err)
	}
	id, err := s.messageOf(ag, actor, row, text)
	if err != nil {
		return "", err
	}
	if there, err := s.toldAlready(ctx, actor, id); err != nil || there {
		return id, err
	}
	if row.Today >= MaxMessagesADay {
		return "", fault.New(fault.Conflict, "fault.message.tooMany")
	}
	object, err := s.sealMessage(ctx, ag, actor, row, nodes, id, text)
	if err != nil {
		return "", err
	}
	if err := s.storeMessage(ctx, actor, row, id, object); err != nil {
		if there, lost := s.toldAlready(ctx, actor, id); lost == nil && there {
			return id, nil // the other one of two clicks
		}
		return "", s.db.Fault(fmt.Errorf("tell about side %s: %w", side, err))
	}
	return id, nil
}

func (s *Service) loadTelling(ctx context.Context, actor authz.Actor, side SideID) (row tellingRow, nodes []agency.NodeRow, err error) {
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &row, sqlTelling, string(side))
		postgres.Many(b, &nodes, sqlTellingNodes, string(side))
	})
	if err != nil {
		return row, nil, s.db.Fault(fmt.Errorf("load side %s: %w", side, err))
	}
	return row, nodes, nil
}

var messageEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// messageOf is the id of these words today, drawn with the person's own key:
// nobody without it can try a text against an id.
func (s *Service) messageOf(ag *agency.Agency, actor authz.Actor, row tellingRow, text string) (MessageID, error) {
	key, ok := personKey(actor)
	if !ok {
		return "", fault.Wrap(fault.Sealed, "fault.sealed", errNoKey)
	}
	c := seal.Context{Kind: seal.KindMessage, Agency: ag.ID, Exchange: row.ExchangeID, Object: row.ID, Part: "once",
		From: string(ring.Person(actor.Account())), To: calendar.Today(s.now()).Format(time.DateOnly), Version: uint64(row.Answers)}
	mac, err := seal.Own(key, c, sha256.Sum256([]byte(text)))
	if err != nil {
		return "", fmt.Errorf("name a message: %w", err)
	}
	return MessageID("ms" + messageEncoding.EncodeToString(mac[:13])[:20]), nil
}

func (s *Service) toldAlready(ctx context.Context, actor authz.Actor, id MessageID) (bool, error) {
	var ids []string
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		b.Queue(sqlMyMessage, string(id)).Query(func(r pgx.Rows) (err error) {
			ids, err = pgx.CollectRows(r, pgx.RowTo[string])
			return err
		})
	})
	return len(ids) == 1, s.db.Fault(err)
}

// sealMessage seals a message to the person's own key, which is the session's,
// the newest key of the case and the archive; the door states it.
func (s *Service) sealMessage(ctx context.Context, ag *agency.Agency, actor authz.Actor, row tellingRow, nodes []agency.NodeRow, id MessageID, text string) (sealedObject, error) {
	caseNode, err := ag.Trusted(nodes, string(ring.Case(row.ExchangeID)))
	if err != nil {
		s.log.ErrorContext(ctx, "ALARM: a case key is not the one vouched for", "agency", ag.ID, "exchange", row.ExchangeID, "error", err)
		return sealedObject{}, fault.Wrap(fault.Sealed, "fault.sealing", err)
	}
	key, ok := personKey(actor)
	if !ok {
		return sealedObject{}, fault.Wrap(fault.Sealed, "fault.sealed", errNoKey)
	}
	c := messageContext(ag.ID, messageRow{ID: string(id), ExchangeID: row.ExchangeID, PersonID: actor.Account()})
	sealed, err := seal.Seal(c, []byte(text), caseNode.Recipient(), key.Recipient(), ag.Archive())
	if err != nil {
		return sealedObject{}, fmt.Errorf("seal message: %w", err)
	}
	st := statementOf(c, sealed.Commit)
	st.Event, st.At = statement.EventReceipt, s.now()
	body, err := ag.State(st, "door")
	return sealedObject{at: c, sealed: sealed, body: body}, err
}

// messageContext is what a message or an answer says of itself.
func messageContext(agencyID string, m messageRow) seal.Context {
	c := seal.Context{Kind: seal.KindMessage, Agency: agencyID, Exchange: m.ExchangeID, Object: m.ID, Part: "text",
		From: string(ring.Person(m.PersonID)), To: string(ring.Case(m.ExchangeID)), Version: 1}
	if m.ByWorker != "" {
		c.From, c.To = c.To, c.From
	}
	return c
}

func (s *Service) storeMessage(ctx context.Context, actor authz.Actor, row tellingRow, id MessageID, object sealedObject) error {
	hearBy := s.agencies.Days().Add(calendar.Today(s.now()), MessagePromise)
	return s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		object.queue(b)
		b.Queue(sqlInsertMessage, string(id), row.ExchangeID, hearBy)
		b.Queue(sqlNudge)
		audit.Append(b, object.body)
		return nil
	})
}

// Messages is what the actor told the agency about the exchange of a side, and
// its answers, oldest first, the newest 200. They are the actor's own: nobody
// else of the household sees them. What was said before a key was lost does
// not open any more and is marked Unread. NotFound for a side that is not the
// actor's.
func (s *Service) Messages(ctx context.Context, actor authz.Actor, side SideID) ([]Message, error) {
	ag, err := s.begin(ctx, actor, authz.Tell, string(side))
	if err != nil {
		return nil, err
	}
	if !agency.ValidID("sd", string(side)) {
		return nil, notFound()
	}
	var sides []sideRow
	var rows []messageRow
	var objects []objectRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &sides, sqlMySides, string(side))
		postgres.Many(b, &rows, sqlMyMessages, string(side))
		queueObjects(b, &objects, sqlMyMessageObjects, string(side))
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load messages of side %s: %w", side, err))
	}
	if len(sides) != 1 {
		return nil, notFound()
	}
	keys, renewed := actor.Keys().OwnKeys()
	return s.conversation(ctx, ag, rows, objects, keys, renewed)
}

// conversation opens messages, which come newest first, and gives them oldest
// first. quiet: one that is sealed to another key is no alarm.
func (s *Service) conversation(ctx context.Context, ag *agency.Agency, rows []messageRow, objects []objectRow, keys []*age.HybridIdentity, quiet bool) ([]Message, error) {
	list := make([]Message, len(rows))
	for i, r := range rows {
		m := Message{ID: MessageID(r.ID), SentOn: r.SentOn, FromAgency: r.ByWorker != "", Answered: r.Answered}
		if !m.FromAgency {
			m.HearBy, m.Late = r.HearBy, !r.Answered && calendar.Today(s.now()).After(r.HearBy)
		}
		text, err := s.openMessage(ctx, ag, r, objects, keys, quiet)
		if err != nil && !unread(err) {
			return nil, err
		}
		m.Text, m.Unread = Text(text), err != nil
		list[len(rows)-1-i] = m
	}
	return list, nil
}

// openMessage opens one message. It must be of this person and exchange, and in
// this direction, by its own signed statement: a person's by the door, an
// answer by a worker.
func (s *Service) openMessage(ctx context.Context, ag *agency.Agency, m messageRow, objects []objectRow, keys []*age.HybridIdentity, quiet bool) (string, error) {
	for _, o := range objects {
		if o.ID != m.ID {
			continue
		}
		event := statement.EventReceipt
		if m.ByWorker != "" {
			event = statement.EventCasework
		}
		st, err := s.stated(ctx, ag, o)
		if err == nil && (st.Event != event || o.context(ag.ID) != messageContext(ag.ID, m)) {
			err = fmt.Errorf("%w: a message of somebody else", seal.ErrUnsigned)
		}
		if err != nil {
			return "", s.unstated(ctx, ag, m.ID, err)
		}
		if content, err := s.tryOpen(ctx, ag, o, keys); err == nil || quiet && errors.Is(err, seal.ErrKey) {
			if err != nil {
				err = fault.Wrap(fault.Sealed, "fault.sealed", err)
			}
			return string(content), err
		}
		content, err := s.open(ctx, ag, o, keys...)
		return string(content), err
	}
	return "", s.unstated(ctx, ag, m.ID, fmt.Errorf("no object %s/text", m.ID))
}

// Told is what people told the agency and nobody has answered, oldest first:
// names from the directories, and no text.
func (s *Service) Told(ctx context.Context, actor authz.Actor) ([]MessageLine, error) {
	if _, err := s.begin(ctx, actor, authz.Answer, "messages"); err != nil {
		return nil, err
	}
	var rows []toldRow
	var people []nameRow
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &rows, sqlTold)
		postgres.Many(b, &people, sqlToldNames)
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load messages: %w", err))
	}
	list := make([]MessageLine, len(rows))
	for i, r := range rows {
		list[i] = s.messageLine(actor, r, people)
	}
	return list, nil
}

func (s *Service) messageLine(actor authz.Actor, r toldRow, people []nameRow) MessageLine {
	days := s.agencies.Days().Between(r.SentOn, calendar.Today(s.now()))
	line := MessageLine{ID: MessageID(r.ID), Exchange: ExchangeID(r.ExchangeID), Reference: r.Reference, SentOn: r.SentOn, HearBy: r.HearBy,
		WorkDays: days, Late: !r.Answered && days > MessagePromise, Closed: r.Connected || r.Closed}
	line.Amber = !r.Answered && days >= MessageAmber && !line.Late
	if !line.Closed {
		line.Person = names(actor, people, r.PersonID)
	}
	return line
}

// toldRows is everything that a message is read and answered with.
type toldRows struct {
	told     toldRow
	people   []nameRow
	messages []messageRow // newest first
	objects  []objectRow
	grants   []agency.GrantRow
	nodes    []agency.NodeRow
}

// asCase lets the case of a message be climbed to as that of a letter.
func (r *toldRows) asCase() *caseRows {
	return &caseRows{grants: r.grants, nodes: r.nodes,
		deskRows: deskRows{letters: []deskRow{{ExchangeID: r.told.ExchangeID, Restricted: r.told.Restricted}}}}
}

// loadTold reads a message with its conversation in one trip. It opens nothing.
func (s *Service) loadTold(ctx context.Context, actor authz.Actor, id MessageID) (*toldRows, error) {
	if !agency.ValidID("ms", string(id)) {
		return nil, notFound()
	}
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return nil, err
	}
	r := &toldRows{}
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &r.told, sqlToldOne, string(id))
		postgres.Many(b, &r.people, sqlToldName, string(id))
		postgres.Many(b, &r.messages, sqlConversation, string(id))
		queueObjects(b, &r.objects, sqlConversationObjects, string(id))
		postgres.Many(b, &r.grants, sqlMessageGrants, string(id))
		postgres.Many(b, &r.nodes, sqlMessageNodes, string(id))
	})
	switch {
	case err != nil:
		return nil, s.db.Fault(fmt.Errorf("load message %s: %w", id, err))
	case r.told.Answer:
		return nil, notFound()
	case r.told.Connected:
		return nil, fault.New(fault.Forbidden, "fault.letter.connected")
	}
	return r, nil
}

// mayAnswer: nobody has answered, and the person is who they say. Until our
// call somebody else may hold their paper, and would read the answer.
func (r *toldRows) mayAnswer() bool {
	return !r.told.Answered && (r.told.State == "active" || r.told.State == "suspended")
}

// ReadMessage opens a message with what was said before. The reading is in the
// log before anything is opened. Forbidden if the actor is connected to the
// family, or holds no key of a restricted case. What does not open is marked
// Unread.
func (s *Service) ReadMessage(ctx context.Context, actor authz.Actor, id MessageID) (Conversation, error) {
	ag, err := s.begin(ctx, actor, authz.Answer, string(id))
	if err != nil {
		return Conversation{}, err
	}
	rows, err := s.loadTold(ctx, actor, id)
	if err != nil {
		return Conversation{}, err
	}
	keys, _, err := s.caseKeys(ctx, ag, actor, rows.asCase())
	if err != nil {
		return Conversation{}, err
	}
	st := statement.Statement{Object: string(id), Part: "text", Version: 1, Exchange: rows.told.ExchangeID}
	if err := s.logAccess(ctx, ag, actor, st, rows.told.ExchangeID); err != nil {
		return Conversation{}, err
	}
	c := Conversation{MessageLine: s.messageLine(actor, rows.told, rows.people), Answered: rows.told.Answered, MayAnswer: rows.mayAnswer()}
	c.Messages, err = s.conversation(ctx, ag, rows.messages, rows.objects, keys, false)
	return c, err
}

// Answer answers a message: sealed to the person, the case and the archive,
// under the worker's signature. The person is told by mail that something
// waits, and no more. Answered twice with the same words by the same worker, it
// is answered once. Invalid on "text"; Conflict: a colleague has answered, or
// the person waits for our call; Forbidden as for ReadMessage; Sealed: no signed
// statement says that this person asked it.
func (s *Service) Answer(ctx context.Context, actor authz.Actor, id MessageID, text string) error {
	ag, err := s.begin(ctx, actor, authz.Answer, string(id))
	if err != nil {
		return err
	}
	if text, err = prose.Clean("text", text, MaxMessage); err != nil {
		return err
	}
	if prose.Blank(text) {
		return fault.Field("text", "fault.message.empty")
	}
	rows, err := s.loadTold(ctx, actor, id)
	if err != nil {
		return err
	}
	keys, caseNode, err := s.caseKeys(ctx, ag, actor, rows.asCase())
	if err != nil {
		return err
	}
	if rows.told.Answered {
		return s.answeredSo(ctx, ag, actor, rows, keys, text)
	}
	if !rows.mayAnswer() {
		return fault.New(fault.Conflict, "fault.message.onHold")
	}
	person, err := ag.Trusted(rows.nodes, string(ring.Person(rows.told.PersonID)))
	if err != nil {
		s.log.ErrorContext(ctx, "ALARM: a person's key is not the one vouched for", "agency", ag.ID, "account", rows.told.PersonID, "error", err)
		return fault.Wrap(fault.Sealed, "fault.sealing", err)
	}
	if err := s.newestKeys(ctx, ag, person); err != nil {
		return err
	}
	question, err := s.statedQuestion(ctx, ag, rows)
	if err != nil {
		return err
	}
	object, err := s.sealAnswer(ag, actor, rows, text, question, person, caseNode)
	if err != nil {
		return err
	}
	err = s.storeAnswer(ctx, actor, rows, object, uint32(person.Epoch()))
	if fault.KindOf(err) != fault.Conflict {
		return err
	}
	// Somebody was first; if it was the same click, it is done.
	again, lost := s.loadTold(ctx, actor, id)
	if lost != nil || !again.told.Answered {
		return err
	}
	return s.answeredSo(ctx, ag, actor, again, keys, text)
}

// answeredSo is nil if the actor has answered with these very words.
func (s *Service) answeredSo(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows *toldRows, keys []*age.HybridIdentity, text string) error {
	at := slices.IndexFunc(rows.messages, func(m messageRow) bool { return m.Answers == rows.told.ID && m.ByWorker == actor.Account() })
	if at >= 0 {
		said, err := s.openMessage(ctx, ag, rows.messages[at], rows.objects, keys, false)
		if err == nil && said == text {
			return nil
		}
	}
	return fault.New(fault.Conflict, "fault.message.answered")
}

// statedQuestion gives the leaf of the statement that this person asked this:
// an answer goes to whoever the door saw asking, whatever the row says.
func (s *Service) statedQuestion(ctx context.Context, ag *agency.Agency, rows *toldRows) ([32]byte, error) {
	asked := messageContext(ag.ID, messageRow{ID: rows.told.ID, ExchangeID: rows.told.ExchangeID, PersonID: rows.told.PersonID})
	for _, o := range rows.objects {
		if o.ID != rows.told.ID {
			continue
		}
		st, err := s.stated(ctx, ag, o)
		if err == nil && (st.Event != statement.EventReceipt || o.context(ag.ID) != asked) {
			err = fmt.Errorf("%w: a message of somebody else", seal.ErrUnsigned)
		}
		if err != nil {
			return [32]byte{}, s.unstated(ctx, ag, rows.told.ID, err)
		}
		return [32]byte(o.Leaf), nil
	}
	return [32]byte{}, s.unstated(ctx, ag, rows.told.ID, fmt.Errorf("%w: nobody stated the message", seal.ErrUnsigned))
}

// sealAnswer seals and states an answer, which refers to the question's statement.
func (s *Service) sealAnswer(ag *agency.Agency, actor authz.Actor, rows *toldRows, text string, question [32]byte, person, caseNode agency.Node) (sealedObject, error) {
	signer, err := actor.Keys().Signer()
	if err != nil {
		return sealedObject{}, fmt.Errorf("sign answer: %w", err)
	}
	c := messageContext(ag.ID, messageRow{ID: agency.NewID("ms"), ExchangeID: rows.told.ExchangeID, PersonID: rows.told.PersonID, ByWorker: actor.Account()})
	sealed, err := seal.Seal(c, []byte(text), person.Recipient(), caseNode.Recipient(), ag.Archive())
	if err != nil {
		return sealedObject{}, fmt.Errorf("seal answer: %w", err)
	}
	st := statementOf(c, sealed.Commit)
	st.Event, st.At, st.Refs = statement.EventCasework, s.now(), [][32]byte{question}
	body, err := ag.State(st, "", signer)
	return sealedObject{at: c, sealed: sealed, body: body}, err
}

// storeAnswer stores an answer if nobody has answered and the person's key is
// still the one that it was sealed to.
func (s *Service) storeAnswer(ctx context.Context, actor authz.Actor, rows *toldRows, object sealedObject, sealedTo uint32) error {
	var epoch uint32
	err := s.db.Act(ctx, scope(actor), func(b *pgx.Batch) {
		b.Queue(sqlPersonEpoch, rows.told.PersonID).QueryRow(func(r pgx.Row) error { return r.Scan(&epoch) })
	}, func(b *pgx.Batch) error {
		if epoch != sealedTo {
			return fault.New(fault.Conflict, "fault.conflict")
		}
		b.Queue(guardedAnswered, rows.told.ID)
		object.queue(b)
		b.Queue(sqlInsertAnswer, object.at.Object, rows.told.ExchangeID, rows.told.PersonID, rows.told.ID)
		b.Queue(sqlNotifyPerson, rows.told.PersonID)
		b.Queue(sqlNudge)
		audit.Append(b, object.body)
		return nil
	})
	return s.db.Fault(err)
}
