package letterbox

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// MinNamed is how many workers a restricted case has at least: one alone could
// fall ill, and letters would wait.
const MinNamed = 2

const (
	sqlKeyExchange = `select id, restricted, exists (select from connection c where c.agency_id = agency() and c.exchange_id = x.id and c.worker_id = account()) as connected
		from exchange x where agency_id = agency() and id = $1`
	// Nobody changes who holds the keys of this case beside us; letters may come in.
	sqlKeyExchangeLock = sqlKeyExchange + ` for no key update of x`
	// Every epoch of the case and of its two sides that the registrar has vouched for, newest first.
	sqlKeyNodes = `select n.id, n.epoch, n.recipient, coalesce(n.verifier, '') as verifier, n.key_leaf, leaf_body(n.key_leaf) as body from node n
		where n.agency_id = agency() and n.key_leaf is not null
			and (n.id = 'case/' || $1 or n.id in (select 'side/' || s.id from side s where s.agency_id = agency() and s.exchange_id = $1))
		order by n.id, n.epoch desc`
	// Who holds the case, and which keys of sides the case holds.
	sqlKeyGrants = `select child, child_epoch, parent, parent_epoch, sealed from ring_grant_staff where agency_id = agency()
		and (child = 'case/' || $1 or parent = 'case/' || $1) order by child, child_epoch, parent, parent_epoch`
	// Who can be named, with their newest key: active, of the letterbox or a manager, and no party to the exchange.
	sqlColleagues = `select w.id, w.roles, coalesce(leaf_body(w.role_leaf), '') as role, r.book, r.epoch, r.name,
			n.epoch as node_epoch, n.recipient, coalesce(n.verifier, '') as verifier, n.key_leaf, leaf_body(n.key_leaf) as body
		from worker w
		join lateral (select k.epoch, k.recipient, k.verifier, k.key_leaf from node k where k.agency_id = w.agency_id and k.id = 'worker/' || w.id and k.key_leaf is not null
			order by k.epoch desc limit 1) n on true
		join directory r on r.agency_id = w.agency_id and r.book = 'staff' and r.id = w.id
		where w.agency_id = agency() and w.state = 'active' and w.roles && array['letterboxWorker', 'manager']
			and not exists (select from connection c where c.agency_id = w.agency_id and c.exchange_id = $1 and c.worker_id = w.id)
			and not exists (select from side_member m join side s on s.agency_id = m.agency_id and s.id = m.side_id
				where m.agency_id = w.agency_id and m.person_id = w.person_id and s.exchange_id = $1)
		order by w.id`
	sqlNamed = `select distinct w.id, r.book, r.epoch, r.name from ring_grant_staff g
		join worker w on w.agency_id = g.agency_id and g.parent = 'worker/' || w.id
		join directory r on r.agency_id = w.agency_id and r.book = 'staff' and r.id = w.id
		where g.agency_id = agency() and g.child = 'case/' || $1 order by w.id`
	sqlReleaseClosed = `delete from claim c using letter l where c.agency_id = agency() and l.agency_id = c.agency_id and l.id = c.letter_id
		and l.exchange_id = $1 and c.worker_id <> all ($2)`
	sqlConnect = `insert into connection (agency_id, exchange_id, worker_id) values (agency(), $1, account()) on conflict do nothing`
)

var (
	guardedRestrict = postgres.Guarded(`update exchange set restricted = true where agency_id = agency() and id = $1 and not restricted returning 1`)
	guardedRevoke   = postgres.Guarded(`delete from ring_grant_staff where agency_id = agency() and child = $1 and child_epoch = $2
		and parent = $3 and parent_epoch = $4 returning 1`)
)

// NamedWorker is a worker who holds the key of a restricted case of their own,
// or could be given it.
type NamedWorker struct {
	ID   string
	Name string
}

// Codes checks the one-time codes that are given for one act. account.Service
// is one. The returned function queues into the act's own transaction what
// keeps the code from being used again.
type Codes interface {
	FreshCode(ctx context.Context, actor authz.Actor, digits string) (keep func(*pgx.Batch), err error)
}

// WithCodes is the same letterbox with somebody to check one-time codes. One
// without refuses every act that needs a fresh code.
func (s *Service) WithCodes(codes Codes) *Service {
	other := *s
	other.codes = codes
	return &other
}

// freshCode checks the code of one act.
func (s *Service) freshCode(ctx context.Context, actor authz.Actor, digits string) (func(*pgx.Batch), error) {
	if s.codes == nil {
		return nil, fault.New(fault.StepUp, "fault.stepUp")
	}
	return s.codes.FreshCode(ctx, actor, digits)
}

// Connect declares that the actor is connected to a family of the exchange:
// from then on the database refuses their decisions about its letters. In the
// same act the case becomes restricted: a new key for every other worker of the
// letterbox and every other manager, by name; whoever was named before stays
// named, without the actor. Declaring twice is once.
//
// StepUp: no code within ConnectFor. Conflict (fault.exchange.noOther): fewer than two others remain. Sealed: a key
// is not as it was vouched for. In both cases the connection is written down
// all the same, and nothing else is changed; declaring again, once there are
// more colleagues or the key is mended, takes the keys away.
func (s *Service) Connect(ctx context.Context, actor authz.Actor, id ExchangeID) error {
	ag, err := s.begin(ctx, actor, authz.Connect, string(id))
	if err != nil {
		return err
	}
	if err := actor.StepUp(s.now(), ConnectFor); err != nil {
		return err
	}
	return whileMoved(func() error {
		rows, err := s.loadKeys(ctx, actor, id)
		if err != nil {
			return err
		}
		others := rows.others(actor.Account())
		held := !rows.exchange.Restricted || slices.Contains(rows.named(), actor.Account())
		if held && len(others) >= MinNamed {
			err := s.connect(ctx, ag, actor, rows, others)
			if unread(err) {
				// A key that cannot be granted is no reason to forget what was said.
				return errors.Join(err, s.declare(ctx, actor, id))
			}
			return err
		}
		if err := s.declare(ctx, actor, id); err != nil {
			return err
		}
		if held {
			return fault.New(fault.Conflict, "fault.exchange.noOther")
		}
		return nil
	})
}

// connect takes the case from the actor for good, and writes down why.
func (s *Service) connect(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows *keyRows, others []string) error {
	k, err := s.rekey(ctx, ag, actor, rows, others)
	if err != nil {
		return err
	}
	return k.replace(ctx, func(b *pgx.Batch) { b.Queue(sqlConnect, rows.exchange.ID) })
}

// declare writes a connection down and changes no key.
func (s *Service) declare(ctx context.Context, actor authz.Actor, id ExchangeID) error {
	var x keyExchange
	err := s.db.Act(ctx, scope(actor), func(b *pgx.Batch) { postgres.One(b, &x, sqlKeyExchangeLock, string(id)) }, func(b *pgx.Batch) error {
		b.Queue(sqlConnect, string(id))
		return nil
	})
	return s.db.Fault(err)
}

// Restrict takes a case from the team and gives it to the named workers, two or
// more, and nobody else: a new key for what comes, the earlier keys for what is
// there. It needs a manager, a fresh one-time code, and the case's key.
//
// Invalid: field "workers" (fewer than two, or somebody who cannot be named),
// field "code". Conflict: it is restricted already. Forbidden: the actor is
// connected to the family.
func (s *Service) Restrict(ctx context.Context, actor authz.Actor, id ExchangeID, workers []string, code string) error {
	ag, err := s.begin(ctx, actor, authz.Restrict, string(id))
	if err != nil {
		return err
	}
	workers = slices.Compact(slices.Sorted(slices.Values(workers)))
	if len(workers) < MinNamed {
		return fault.Field("workers", "fault.exchange.named")
	}
	rows, err := s.loadKeys(ctx, actor, id)
	if err != nil {
		return err
	}
	if err := mayName(rows, workers); err != nil {
		return err
	}
	keep, err := s.freshCode(ctx, actor, code)
	if err != nil {
		return err
	}
	return whileMoved(func() error {
		if rows, err = s.loadKeys(ctx, actor, id); err != nil {
			return err
		}
		if rows.exchange.Restricted {
			return fault.New(fault.Conflict, "fault.exchange.isRestricted")
		}
		if err := mayName(rows, workers); err != nil {
			return err
		}
		k, err := s.rekey(ctx, ag, actor, rows, workers)
		if err != nil {
			return err
		}
		return k.replace(ctx, keep)
	})
}

// mayName checks what can be checked before a code is used up.
func mayName(rows *keyRows, workers []string) error {
	if rows.exchange.Connected {
		return fault.New(fault.Forbidden, "fault.letter.connected")
	}
	for _, id := range workers {
		if rows.colleague(id) == nil {
			return fault.Field("workers", "fault.exchange.notToName")
		}
	}
	return nil
}

// Name gives a worker the keys of a restricted case. It needs a manager who is
// named themself, and a fresh one-time code. Naming twice is once.
//
// Invalid: field "workers" (somebody who cannot be named), field "code".
// Conflict: the case is the whole team's. Forbidden: the actor is not named.
func (s *Service) Name(ctx context.Context, actor authz.Actor, id ExchangeID, worker, code string) error {
	return s.changeNamed(ctx, actor, id, code, func(rows *keyRows) ([]string, error) {
		named := rows.others("")
		c := rows.colleague(worker)
		switch {
		case c == nil:
			return nil, fault.Field("workers", "fault.exchange.notToName")
		case rows.holds("worker/"+worker, c.NodeEpoch):
			return nil, nil
		case slices.Contains(named, worker): // with a key of their own that is no longer the newest
			return named, nil
		}
		return append(named, worker), nil
	})
}

// Unname takes the keys of a restricted case from a worker: the case has a new
// key from now on, and the earlier ones are theirs no more. Who is not named
// stays so. Errors as for Name; Conflict also where fewer than two would remain.
func (s *Service) Unname(ctx context.Context, actor authz.Actor, id ExchangeID, worker, code string) error {
	return s.changeNamed(ctx, actor, id, code, func(rows *keyRows) ([]string, error) {
		if !slices.Contains(rows.named(), worker) {
			return nil, nil
		}
		named := rows.others(worker)
		if len(named) < MinNamed {
			return nil, fault.New(fault.Conflict, "fault.exchange.noOther")
		}
		return named, nil
	})
}

// changeNamed is Name and Unname: choose says who is named afterwards, nil for
// no change. A case of which nobody loses a key keeps its key.
func (s *Service) changeNamed(ctx context.Context, actor authz.Actor, id ExchangeID, code string, choose func(*keyRows) ([]string, error)) error {
	ag, err := s.begin(ctx, actor, authz.Restrict, string(id))
	if err != nil {
		return err
	}
	var keep func(*pgx.Batch)
	return whileMoved(func() error {
		rows, err := s.loadKeys(ctx, actor, id)
		if err != nil {
			return err
		}
		if !rows.exchange.Restricted {
			return fault.New(fault.Conflict, "fault.exchange.isOpen")
		}
		named, err := choose(rows)
		if err != nil || named == nil {
			return err
		}
		k, err := s.rekey(ctx, ag, actor, rows, named)
		if err != nil {
			return err
		}
		if keep == nil {
			if keep, err = s.freshCode(ctx, actor, code); err != nil {
				return err
			}
		}
		if slices.ContainsFunc(rows.named(), func(id string) bool { return !slices.Contains(named, id) }) {
			return k.replace(ctx, keep)
		}
		if err := k.give(ctx); err != nil {
			return err
		}
		return k.commit(ctx, keep)
	})
}

// Named lists who holds a restricted case of their own; nobody, if it is the
// whole team's.
func (s *Service) Named(ctx context.Context, actor authz.Actor, id ExchangeID) ([]NamedWorker, error) {
	r, err := s.Restriction(ctx, actor, id)
	return r.Named, err
}

// Restriction is how an exchange stands without any family's name: for those
// who may change who sees it, and are perhaps not to see it themselves.
type Restriction struct {
	ExchangeLine
	DelayDays    int
	SecondReader string // one of SecondReaders
	ContactOrder string // one of ContactOrders
	Places       [2]Place
	Connected    bool          // the actor declared a connection
	Named        []NamedWorker // who holds the case, if it is restricted
	Colleagues   []NamedWorker // who could be named and is not
}

// Place is one side of an exchange without anybody's name.
type Place struct {
	ID     SideID
	Book   string
	State  string
	Photos string // of PhotoPolicies
	// Recordings is of RecordingPolicies.
	Recordings string
	// Language is what the side reads, of SideLanguages.
	Language string
}

type restrictionRow struct {
	exchangeRow
	Connected bool
}

type namedRow struct {
	ID    string
	Book  string
	Epoch uint32
	Name  []byte
}

const sqlRestriction = `select id, reference, state, opened_at, restricted, delay_days, second_reader, contact_order, order_unseen, case_closed(id) as closed,
		exists (select from connection c where c.agency_id = agency() and c.exchange_id = x.id and c.worker_id = account()) as connected
	from exchange x where agency_id = agency() and id = $1`

// Restriction tells who holds the case of an exchange. It opens workers' names
// only. NotFound if there is no such exchange.
func (s *Service) Restriction(ctx context.Context, actor authz.Actor, id ExchangeID) (Restriction, error) {
	if _, err := s.begin(ctx, actor, authz.SetExchange, string(id)); err != nil {
		return Restriction{}, err
	}
	if !agency.ValidID("ex", string(id)) {
		return Restriction{}, notFound()
	}
	var row restrictionRow
	var sides []exchangeSideRow
	var named []namedRow
	var colleagues []colleagueRow
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &row, sqlRestriction, string(id))
		postgres.Many(b, &sides, sqlExchangeSides, string(id))
		postgres.Many(b, &named, sqlNamed, string(id))
		postgres.Many(b, &colleagues, sqlColleagues, string(id))
	})
	if err != nil {
		return Restriction{}, s.db.Fault(fmt.Errorf("load exchange %s: %w", id, err))
	}
	r := Restriction{ExchangeLine: row.line(), DelayDays: row.DelayDays, SecondReader: row.SecondReader, ContactOrder: row.ContactOrder, Connected: row.Connected, Named: namedLines(actor, named)}
	for i, side := range sides {
		if i < len(r.Places) {
			r.Places[i] = Place{SideID(side.ID), side.Book, side.State, side.Photos, side.Recordings, side.Language}
		}
	}
	for _, c := range colleagues {
		if !slices.ContainsFunc(r.Named, func(n NamedWorker) bool { return n.ID == c.ID }) {
			r.Colleagues = append(r.Colleagues, namedLine(actor, namedRow{c.ID, c.Book, c.Epoch, c.Name}))
		}
	}
	return r, nil
}

const sqlExchangeOf = `select exchange_id from side where agency_id = agency() and id = $1`

// RestrictionOf is Restriction of the exchange that a side is of.
func (s *Service) RestrictionOf(ctx context.Context, actor authz.Actor, side SideID) (Restriction, error) {
	if _, err := s.begin(ctx, actor, authz.SetExchange, string(side)); err != nil {
		return Restriction{}, err
	}
	if !agency.ValidID("sd", string(side)) {
		return Restriction{}, notFound()
	}
	var id string
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		b.Queue(sqlExchangeOf, string(side)).QueryRow(func(row pgx.Row) error { return row.Scan(&id) })
	})
	if err != nil {
		return Restriction{}, s.db.Fault(fmt.Errorf("load side %s: %w", side, err))
	}
	return s.Restriction(ctx, actor, ExchangeID(id))
}

func namedLines(actor authz.Actor, rows []namedRow) (list []NamedWorker) {
	for _, r := range rows {
		list = append(list, namedLine(actor, r))
	}
	return list
}

// namedLine opens a worker's name; one that does not open leaves the line.
func namedLine(actor authz.Actor, r namedRow) NamedWorker {
	name, _ := agency.OpenName(actor.Keys(), agency.RecordRow{Book: r.Book, ID: r.ID, Epoch: r.Epoch, Name: r.Name})
	return NamedWorker{r.ID, name}
}
