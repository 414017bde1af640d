package letterbox

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

const (
	sqlExchange       = `select id, reference, state, opened_at, restricted, delay_days, second_reader, contact_order, order_unseen, case_closed(id) as closed from exchange where agency_id = agency() and id = $1`
	sqlExchangeSides  = `select id, book, state, may_send, times_a_year, months, photos, recordings, language from side where agency_id = agency() and exchange_id = $1 order by place`
	sqlExchangePeople = `select m.side_id as of, p.state, r.book, r.id, r.epoch, r.name, r.details
		from side s join side_member m on m.agency_id = s.agency_id and m.side_id = s.id
		join person p on p.agency_id = m.agency_id and p.id = m.person_id
		join directory r on r.agency_id = m.agency_id and r.id = m.person_id and r.book = s.book
		where s.agency_id = agency() and s.exchange_id = $1 order by r.id`
	sqlExchangeChildren = `select e.child_id as of, r.book, r.id, r.epoch, r.name, ''::bytea as details
		from exchange_child e join directory r on r.agency_id = e.agency_id and r.id = e.child_id
		where e.agency_id = agency() and e.exchange_id = $1 order by r.id, r.book`
	sqlExchangeLetters = `select l.id, l.submitted_on, s.place - 1 as from_place, l.state, l.stop,
			l.state in ('received', 'held') and case when (exists (select from first_reading f where f.agency_id = l.agency_id and f.letter_id = l.id) or exists (select from letter_cut f where f.agency_id = l.agency_id and f.letter_id = l.id)) then first_reader(l.id, '') is not null else false end as read_first from letter l
		join side s on s.agency_id = l.agency_id and s.id = l.from_side
		where l.agency_id = agency() and l.exchange_id = $1 order by l.submitted_at desc limit 200`
	sqlExchangeNames = `select distinct on (o.id) ` + sqlObjectColumns + ` from object o
		where o.agency_id = agency() and o.exchange_id = $1 and o.kind = 'names' order by o.id, o.version desc`
	sqlExchangeGrants = `select child, child_epoch, parent, parent_epoch, sealed from ring_grant_staff
		where agency_id = agency() and child = 'case/' || $1 and parent <> 'archive'`
	sqlExchangeNodes = `select n.id, n.epoch, n.recipient, coalesce(n.verifier, '') as verifier, n.key_leaf, leaf_body(n.key_leaf) as body
		from node n where n.agency_id = agency() and n.id = 'case/' || $1 and n.key_leaf is not null order by n.epoch desc`
	sqlConnected = `select exists (select from connection where agency_id = agency() and exchange_id = $1 and worker_id = account())`

	sqlExchanges = `select id, reference, state, opened_at, restricted, delay_days, second_reader, contact_order, order_unseen, restricted and case_closed(id) as closed
		from exchange where agency_id = agency() order by opened_at desc, id limit 500`
	sqlExchangesSide = `select s.exchange_id, s.place, r.book, r.id, r.epoch, r.name, ''::bytea as details
		from side s join side_member m on m.agency_id = s.agency_id and m.side_id = s.id
		join directory r on r.agency_id = m.agency_id and r.id = m.person_id and r.book = s.book
		join exchange x on x.agency_id = s.agency_id and x.id = s.exchange_id
		where s.agency_id = agency() and not (x.restricted and case_closed(x.id))`

	// Who is in a restricted case only is found by those who hold it.
	sqlSearchNames = `select p.state, r.book, r.id, r.epoch, r.name, ''::bytea as details, '' as of
		from directory r join person p on p.agency_id = r.agency_id and p.id = r.id where r.agency_id = agency() and r.book in ('birth', 'adoptive')
			and not (` + sqlInRestricted + ` and person_closed(p.id))`
	sqlFoundPeople = `select p.state, r.book, r.id, r.epoch, r.name, r.details, '' as of
		from directory r join person p on p.agency_id = r.agency_id and p.id = r.id where r.agency_id = agency() and r.id = any($1)
			and not (` + sqlInRestricted + ` and person_closed(p.id))`
	sqlInRestricted = `exists (select from side_member n join side t on t.agency_id = n.agency_id and t.id = n.side_id
			join exchange y on y.agency_id = t.agency_id and y.id = t.exchange_id where n.agency_id = p.agency_id and n.person_id = p.id and y.restricted)`
	sqlFoundExchanges = `select m.person_id, x.id, x.reference, x.state from side_member m
		join side s on s.agency_id = m.agency_id and s.id = m.side_id join exchange x on x.agency_id = s.agency_id and x.id = s.exchange_id
		where m.agency_id = agency() and m.person_id = any($1) and not (x.restricted and case_closed(x.id)) order by x.reference`
)

// MaxFound is how many people a search shows; more means: type more of the name.
const MaxFound = 25

type exchangeRow struct {
	ID           string
	Reference    string
	State        string
	OpenedAt     time.Time
	Restricted   bool
	DelayDays    int
	SecondReader string
	ContactOrder string
	OrderUnseen  bool
	Closed       bool // the actor holds no key of the restricted case
}

func (r exchangeRow) line() ExchangeLine {
	return ExchangeLine{ID: ExchangeID(r.ID), Reference: r.Reference, State: r.State, ContactOrder: r.ContactOrder, OrderUnseen: r.OrderUnseen, Restricted: r.Restricted, Closed: r.Closed}
}

type exchangeSideRow struct {
	ID         string
	Book       string
	State      string
	MaySend    []string
	TimesAYear int
	Months     []int16
	Photos     string
	Recordings string
	Language   string
}

type personRow struct {
	Of    string
	State string
	agency.RecordRow
}

type exchangeLetterRow struct {
	ID          string
	SubmittedOn time.Time
	FromPlace   int
	State       string
	Stop        bool
	ReadFirst   bool
}

type placeRow struct {
	ExchangeID string
	Place      int
	agency.RecordRow
}

// Exchanges lists the agency's exchanges with the names of both sides, newest
// first, 500 at most. Whoever may not see exchanges but may set how they stand
// (a manager), and whoever is not named for a restricted one, sees a line
// without names.
func (s *Service) Exchanges(ctx context.Context, actor authz.Actor) ([]ExchangeLine, error) {
	if _, err := s.begin(ctx, actor, authz.SetExchange, "exchanges"); err != nil {
		return nil, err
	}
	var rows []exchangeRow
	var people []placeRow
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &rows, sqlExchanges)
		if actor.Can(authz.SeeExchange) {
			postgres.Many(b, &people, sqlExchangesSide)
		}
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load exchanges: %w", err))
	}
	list := make([]ExchangeLine, len(rows))
	at := map[string]*ExchangeLine{}
	for i, r := range rows {
		list[i] = r.line()
		at[r.ID] = &list[i]
	}
	for _, p := range people {
		name, err := agency.OpenName(actor.Keys(), p.RecordRow)
		if line := at[p.ExchangeID]; err == nil && line != nil {
			side := &line.Sides[p.Place-1]
			*side = strings.TrimPrefix(*side+", "+name, ", ")
		}
	}
	return list, nil
}

// Exchange opens one exchange for a worker: both sides with names and
// addresses. That reading is in the log before anything is opened. Of a
// restricted case, whoever is not named sees how it stands and who is named,
// and nobody's name of either family.
func (s *Service) Exchange(ctx context.Context, actor authz.Actor, id ExchangeID) (Exchange, error) {
	ag, err := s.begin(ctx, actor, authz.SeeExchange, string(id))
	if err != nil {
		return Exchange{}, err
	}
	if !agency.ValidID("ex", string(id)) {
		return Exchange{}, notFound()
	}
	if err := s.logAccess(ctx, ag, actor, statement.Statement{Object: string(id), Part: "names", Exchange: string(id)}, string(id)); err != nil {
		return Exchange{}, err
	}
	if err := s.index.Follow(ctx, ag.ID); err != nil {
		return Exchange{}, err
	}
	var r exchangeFile
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { r.queue(b, string(id)) }); err != nil {
		return Exchange{}, s.db.Fault(fmt.Errorf("load exchange %s: %w", id, err))
	}
	return s.file(ctx, ag, actor, &r), nil
}

// logAccess states a worker's reading of something that is not a letter. The
// exchange, if there is one, must be there.
func (s *Service) logAccess(ctx context.Context, ag *agency.Agency, actor authz.Actor, st statement.Statement, exchange string) error {
	signer, err := actor.Keys().Signer()
	if err != nil {
		return fmt.Errorf("sign reading: %w", err)
	}
	st.Event, st.From, st.At = statement.EventAccess, "worker/"+actor.Account(), hour(s.now())
	body, err := ag.State(st, "", signer)
	if err != nil {
		return err
	}
	var row exchangeRow
	err = s.db.Act(ctx, scope(actor), func(b *pgx.Batch) {
		if exchange != "" {
			postgres.One(b, &row, sqlExchange, exchange)
		}
	}, func(b *pgx.Batch) error {
		audit.Append(b, body)
		return nil
	})
	return s.db.Fault(err)
}

type exchangeFile struct {
	exchange  exchangeRow
	sides     []exchangeSideRow
	people    []personRow
	children  []nameRow
	letters   []exchangeLetterRow
	names     []objectRow
	grants    []agency.GrantRow
	nodes     []agency.NodeRow
	named     []namedRow
	notes     []objectRow
	writers   []namedRow // of the notes
	connected bool
}

func (r *exchangeFile) queue(b *pgx.Batch, id string) {
	postgres.One(b, &r.exchange, sqlExchange, id)
	postgres.Many(b, &r.sides, sqlExchangeSides, id)
	postgres.Many(b, &r.people, sqlExchangePeople, id)
	postgres.Many(b, &r.children, sqlExchangeChildren, id)
	postgres.Many(b, &r.letters, sqlExchangeLetters, id)
	queueObjects(b, &r.names, sqlExchangeNames, id)
	postgres.Many(b, &r.grants, sqlExchangeGrants, id)
	postgres.Many(b, &r.nodes, sqlExchangeNodes, id)
	postgres.Many(b, &r.named, sqlNamed, id)
	queueObjects(b, &r.notes, sqlExchangeNotes, id)
	postgres.Many(b, &r.writers, sqlNoteWriters, id)
	b.Queue(sqlConnected, id).QueryRow(func(row pgx.Row) error { return row.Scan(&r.connected) })
}

func (s *Service) file(ctx context.Context, ag *agency.Agency, actor authz.Actor, r *exchangeFile) Exchange {
	x := Exchange{ID: ExchangeID(r.exchange.ID), Reference: r.exchange.Reference, State: r.exchange.State, OpenedAt: r.exchange.OpenedAt,
		Connected: r.connected, Restricted: r.exchange.Restricted, Closed: r.exchange.Closed, DelayDays: r.exchange.DelayDays, SecondReader: r.exchange.SecondReader, ContactOrder: r.exchange.ContactOrder}
	if x.Restricted {
		x.Named = namedLines(actor, r.named)
	}
	for i, side := range r.sides {
		if i < len(x.Sides) {
			x.Sides[i] = sideLine(side)
		}
	}
	if x.Closed {
		return x
	}
	x.Children = childLines(actor, r.children)
	rows := &caseRows{grants: r.grants, nodes: r.nodes, deskRows: deskRows{letters: []deskRow{{ExchangeID: r.exchange.ID, Restricted: x.Restricted}}}}
	keys, _, err := s.caseKeys(ctx, ag, actor, rows)
	for i := range x.Sides {
		line := &x.Sides[i]
		line.Unread = err != nil
		if err == nil {
			line.Names = s.openCaseNames(ctx, ag, r.names, string(line.ID), keys)
			line.Unread = line.Names.Self == ""
		}
		for _, p := range r.people {
			if p.Of == string(line.ID) {
				line.People = append(line.People, s.personLine(ctx, actor, p))
			}
		}
	}
	if err == nil {
		x.Notes = s.openStateNotes(ctx, ag, actor, r, keys)
	}
	for _, l := range r.letters {
		x.Letters = append(x.Letters, ExchangeLetter{LetterID(l.ID), l.SubmittedOn, l.FromPlace, State(l.State), l.Stop && passedOn(State(l.State)), l.ReadFirst})
	}
	return x
}

func sideLine(side exchangeSideRow) ExchangeSide {
	line := ExchangeSide{ID: SideID(side.ID), Book: side.Book, State: side.State, MaySend: side.MaySend, TimesAYear: side.TimesAYear, Photos: side.Photos, Recordings: side.Recordings, Language: side.Language}
	for _, m := range side.Months {
		line.Months = append(line.Months, int(m))
	}
	return line
}

// personLine opens a person's record; one that does not open leaves its line.
func (s *Service) personLine(ctx context.Context, actor authz.Actor, p personRow) PersonLine {
	line := PersonLine{ID: PersonID(p.ID), State: p.State}
	record, err := agency.OpenRecord(actor.Keys(), p.RecordRow)
	if err != nil {
		s.log.ErrorContext(ctx, "ALARM: a directory record does not open", "agency", actor.Agency(), "object", p.ID, "error", err)
		return line
	}
	line.Name, line.Relation, line.Address, line.Phone = record.Name, record.Relation, record.Address, record.Phone
	return line
}

func childLines(actor authz.Actor, rows []nameRow) (list []ChildLine) {
	for _, r := range rows {
		if len(list) == 0 || list[len(list)-1].ID != ChildID(r.Of) {
			list = append(list, ChildLine{ID: ChildID(r.Of)})
		}
		name, err := agency.OpenName(actor.Keys(), r.RecordRow)
		if err != nil {
			continue
		}
		if line := &list[len(list)-1]; r.Book == string(agency.Birth) {
			line.BirthName = name
		} else {
			line.AdoptiveName = name
		}
	}
	return list
}

// Search finds people of both family directories whose name holds what was
// typed, whatever its case. The names are opened and compared in memory; the
// search and how many it found are in the log before any are shown.
func (s *Service) Search(ctx context.Context, actor authz.Actor, name string) ([]Found, error) {
	ag, err := s.begin(ctx, actor, authz.SearchDirectory, "directory")
	if err != nil {
		return nil, err
	}
	if name, err = prose.Line("name", name); err != nil {
		return nil, err
	}
	if len([]rune(name)) < 2 {
		return nil, fault.Field("name", "fault.search.short")
	}
	var rows []personRow
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &rows, sqlSearchNames) }); err != nil {
		return nil, s.db.Fault(fmt.Errorf("search: %w", err))
	}
	var ids []string
	for _, r := range rows {
		have, err := agency.OpenName(actor.Keys(), r.RecordRow)
		if err == nil && strings.Contains(strings.ToLower(have), strings.ToLower(name)) && len(ids) < MaxFound {
			ids = append(ids, r.ID)
		}
	}
	st := statement.Statement{Object: "directory", Part: "search", Version: uint64(len(ids))}
	if err := s.logAccess(ctx, ag, actor, st, ""); err != nil {
		return nil, err
	}
	return s.found(ctx, actor, ids)
}

// Person opens one person of the directories. NotFound if there is none of that id.
func (s *Service) Person(ctx context.Context, actor authz.Actor, id PersonID) (Found, error) {
	ag, err := s.begin(ctx, actor, authz.SearchDirectory, string(id))
	if err != nil {
		return Found{}, err
	}
	if !agency.ValidID("pe", string(id)) {
		return Found{}, notFound()
	}
	if err := s.logAccess(ctx, ag, actor, statement.Statement{Object: string(id), Part: "directory"}, ""); err != nil {
		return Found{}, err
	}
	list, err := s.found(ctx, actor, []string{string(id)})
	if err != nil {
		return Found{}, err
	}
	if len(list) == 0 {
		return Found{}, notFound()
	}
	return list[0], nil
}

type foundExchangeRow struct {
	PersonID  string
	ID        string
	Reference string
	State     string
}

func (s *Service) found(ctx context.Context, actor authz.Actor, ids []string) ([]Found, error) {
	var people []personRow
	var exchanges []foundExchangeRow
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &people, sqlFoundPeople, ids)
		postgres.Many(b, &exchanges, sqlFoundExchanges, ids)
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load people: %w", err))
	}
	var list []Found
	for _, p := range people {
		f := Found{PersonLine: s.personLine(ctx, actor, p), Book: p.Book}
		for _, x := range exchanges {
			if x.PersonID == p.ID {
				f.Exchanges = append(f.Exchanges, ExchangeLine{ID: ExchangeID(x.ID), Reference: x.Reference, State: x.State})
			}
		}
		list = append(list, f)
	}
	return list, nil
}
