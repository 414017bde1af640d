package letterbox

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

const (
	// Who works here, but for the actor, and whether it is written down that they know a family of this exchange. Who is suspended may come back.
	sqlAcquainted = `select w.id, r.book, r.epoch, r.name, w.roles && array['letterboxWorker', 'manager'] as letterbox,
			exists (select from connection c where c.agency_id = w.agency_id and c.exchange_id = $1 and c.worker_id = w.id) as connected,
			other_lead($1, w.id) as may_go
		from worker w join directory r on r.agency_id = w.agency_id and r.book = 'staff' and r.id = w.id
		where w.agency_id = agency() and w.id <> account() and w.state in ('active', 'suspended') order by w.id`
	sqlConnectColleague = `insert into connection (agency_id, exchange_id, worker_id, by_worker, leaf) values (agency(), $1, $2, account(), $3)`
)

// acquaintedRow is a worker who could know a family, as the database has them.
type acquaintedRow struct {
	namedRow
	Letterbox bool // holds the keys of every case that is the team's
	Connected bool
	MayGo     bool // no safeguarding lead, or there is another for this family
}

// Acquainted is who knows the families of an exchange, and who could.
type Acquainted struct {
	Known  []NamedWorker // it is written down that they do
	Others []NamedWorker
}

// Acquainted lists who works here, but for the actor, by whether it is written
// down that they know a family of the exchange. Managers only; it opens workers'
// names and no other. NotFound if there is no such exchange.
func (s *Service) Acquainted(ctx context.Context, actor authz.Actor, id ExchangeID) (list Acquainted, err error) {
	if _, err := s.begin(ctx, actor, authz.ConnectColleague, string(id)); err != nil {
		return list, err
	}
	_, workers, err := s.acquainted(ctx, actor, id)
	if err != nil {
		return list, err
	}
	for _, w := range workers {
		if w.Connected {
			list.Known = append(list.Known, namedLine(actor, w.namedRow))
		} else {
			list.Others = append(list.Others, namedLine(actor, w.namedRow))
		}
	}
	return list, nil
}

func (s *Service) acquainted(ctx context.Context, actor authz.Actor, id ExchangeID) (x keyExchange, workers []acquaintedRow, err error) {
	if !agency.ValidID("ex", string(id)) {
		return x, nil, notFound()
	}
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &x, sqlKeyExchange, string(id))
		postgres.Many(b, &workers, sqlAcquainted, string(id))
	})
	if err != nil {
		return x, nil, s.db.Fault(fmt.Errorf("load who may know a family of exchange %s: %w", id, err))
	}
	return x, workers, nil
}

// ConnectColleague declares that another worker, who may be away, is connected to
// a family of the exchange: as if they had said so themselves by Connect or
// ConnectReferred, in one act. What a safeguarding lead was referred is open to
// another lead. It needs a manager and a fresh one-time code, and cannot be taken
// back. Twice is once.
//
// Invalid: field "worker" (nobody who works here, or the actor), field "code".
// Conflict, and nothing is changed: the worker is a safeguarding lead and there
// is no other for this family (fault.exchange.noOtherLead), or fewer than two
// others remain for the case (fault.exchange.fewOthers). Forbidden: the actor is
// connected themself, or the worker is named for a restricted case and the actor
// is not. Sealed: a key is not as it was vouched for.
func (s *Service) ConnectColleague(ctx context.Context, actor authz.Actor, id ExchangeID, worker, code string) error {
	ag, err := s.begin(ctx, actor, authz.ConnectColleague, string(id))
	if err != nil {
		return err
	}
	var keep func(*pgx.Batch)
	return whileMoved(func() error {
		x, workers, err := s.acquainted(ctx, actor, id)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(workers, func(w acquaintedRow) bool { return w.ID == worker })
		switch {
		case x.Connected:
			return fault.New(fault.Forbidden, "fault.letter.connected")
		case at < 0:
			return fault.Field("worker", "fault.exchange.colleague")
		case !workers[at].Connected && !workers[at].MayGo:
			return fault.New(fault.Conflict, "fault.exchange.noOtherLead")
		}
		c, err := s.connecting(ctx, ag, actor, id, workers[at])
		if err != nil || c == nil {
			return err
		}
		if keep == nil {
			if keep, err = s.freshCode(ctx, actor, code); err != nil {
				return err
			}
		}
		return c.commit(ctx, keep)
	})
}

// connecting is a connection that is about to be written down for somebody.
type connecting struct {
	*Service
	actor    authz.Actor
	exchange ExchangeID
	worker   string
	body     []byte
	rekey    *rekeying // nil where they hold no key of the case
}

// connecting prepares what is to be written and which keys go; nil, if nothing
// is left to do.
func (s *Service) connecting(ctx context.Context, ag *agency.Agency, actor authz.Actor, id ExchangeID, w acquaintedRow) (*connecting, error) {
	rows, err := s.loadKeys(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	held := slices.Contains(rows.named(), w.ID) || w.Letterbox && !rows.exchange.Restricted
	if w.Connected && !held {
		return nil, nil
	}
	c := &connecting{Service: s, actor: actor, exchange: id, worker: w.ID}
	if held {
		others := rows.others(w.ID)
		if len(others) < MinNamed {
			return nil, fault.New(fault.Conflict, "fault.exchange.fewOthers")
		}
		if c.rekey, err = s.rekey(ctx, ag, actor, rows, others); err != nil {
			return nil, err
		}
	}
	if w.Connected {
		return c, nil
	}
	signer, err := actor.Keys().Signer()
	if err != nil {
		return nil, fmt.Errorf("sign a connection: %w", err)
	}
	c.body, err = ag.State(statement.Statement{Event: statement.EventCasework, Object: string(id), Part: "connection", Version: 1, Exchange: string(id),
		From: "worker/" + actor.Account(), To: "worker/" + w.ID, At: s.now()}, "", signer)
	return c, err
}

func (c *connecting) commit(ctx context.Context, keep func(*pgx.Batch)) error {
	write := func(b *pgx.Batch) {
		keep(b)
		if c.body != nil {
			leaf := statement.Leaf(c.body)
			b.Queue(sqlConnectColleague, string(c.exchange), c.worker, leaf[:])
		}
	}
	c.at("connect")
	if c.rekey != nil {
		if c.body != nil {
			c.rekey.bodies = append(c.rekey.bodies, c.body)
		}
		return c.rekey.replace(ctx, write)
	}
	var x keyExchange
	return c.db.Fault(c.db.Act(ctx, scope(c.actor), func(b *pgx.Batch) { postgres.One(b, &x, sqlKeyExchangeLock, string(c.exchange)) }, func(b *pgx.Batch) error {
		c.at("connect locked")
		write(b)
		b.Queue(sqlNudge)
		audit.Append(b, c.body)
		return nil
	}))
}
