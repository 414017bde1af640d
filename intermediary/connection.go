package intermediary

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

// ConnectionFor is how long after a one-time code a worker may say who knows
// somebody in a case: it is never taken back, so a session that somebody walked
// away from must not be enough.
const ConnectionFor = 10 * time.Minute

// connectionPart is the part of casework that says who knows somebody.
const connectionPart = "connection"

// NewConnection says that a worker knows somebody in a case.
type NewConnection struct {
	Application ApplicationID
	Adopted     AdoptedID // in the place of Application: a record, which may have no case
	Worker      string    // "wk…": the actor, or a colleague of whom they say it
	Why         string    // how they know them; of oneself it may be empty
}

// Connection is a worker who does nothing in the cases about an adopted person.
type Connection struct {
	Worker     string
	Name       string // "" where the directory does not open
	By, ByName string // who said so; often the worker
	At         time.Time
	Why        string
	Unread     bool // what was said of it does not open, or nobody signed it; they are kept out all the same
}

// Colleague is a worker of this service of whom it can be said.
type Colleague struct{ ID, Name string }

// Connections is who may not work on a case, and of whom it could be said.
type Connections struct {
	List       []Connection
	Colleagues []Colleague // without those of the list
}

// connectionText is what is sealed of it; the row repeats all but the reason.
type connectionText struct {
	Adopted string `json:"adopted"`
	Worker  string `json:"worker"`
	Why     string `json:"why,omitempty"`
}

const (
	// Whose record something belongs to, by any id that a page or a form may name, and whether the worker is kept out of it.
	sqlKeptOut = `select x.adopted_id::text as adopted, connected(x.adopted_id) as connected from (
			select d.id as adopted_id from adopted d where d.agency_id = agency() and d.id = $1
			union all select a.adopted_id from application a where a.agency_id = agency() and a.id = $1
			union all select s.adopted_id from subject s where s.agency_id = agency() and s.id = $1
			union all select a.adopted_id from item i join application a on a.agency_id = i.agency_id and a.id = i.application_id where i.agency_id = agency() and i.id = $1
			union all select p.adopted_id from stop p where p.agency_id = agency() and p.id = $1
			union all select s.adopted_id from step t join subject s on s.agency_id = t.agency_id and s.id = t.subject_id where t.agency_id = agency() and t.id = $1
			union all select s.adopted_id from asking k join subject s on s.agency_id = k.agency_id and s.id = k.subject_id where k.agency_id = agency() and k.id = $1
			union all select s.adopted_id from signature g join subject s on s.agency_id = g.agency_id and s.id = g.subject_id where g.agency_id = agency() and g.id = $1
			union all select a.adopted_id from enquiry e join application a on a.agency_id = e.agency_id and a.id = e.application_id where e.agency_id = agency() and e.id = $1
			union all select a.adopted_id from application a where a.agency_id = agency() and a.intake_id = $1
			union all select substr(w.to_node, 6) from casework w where w.agency_id = agency() and w.id = $1 and w.part = 'became'
			union all select p.adopted_id from preference p where p.agency_id = agency() and p.id = $1
			union all select n.adopted_id from enquiry_in n where n.agency_id = agency() and n.id = $1 and n.adopted_id is not null
			union all select d.adopted_id from disclosure d where d.agency_id = agency() and d.id = $1
			union all select a.adopted_id from case_message m join application a on a.agency_id = m.agency_id and a.id = m.application_id where m.agency_id = agency() and m.id = $1) x`
	// Whose record an application is about, or a record itself is.
	recordOfID = `(select a.adopted_id::text as id from application a where a.agency_id = agency() and a.id = $1
		union all select d.id from adopted d where d.agency_id = agency() and d.id = $1) o`
	sqlConnecting = `select o.id as adopted_id, exists (select from worker w where w.agency_id = agency() and w.id = $2 and w.state = 'active'
			and w.roles && array['intermediaryWorker', 'manager']) as known,
			exists (select from case_connection c where c.agency_id = agency() and c.adopted_id = o.id and c.worker_id = $2) as there
		from ` + recordOfID
	sqlRecordNodesOf = `select ` + sqlNodeColumns + ` from ` + recordOfID + ` join node n on n.agency_id = agency() and n.id = 'case/' || o.id and n.key_leaf is not null
		order by n.epoch desc`
	sqlRecordGrantsOf = `select g.child, g.child_epoch, g.parent, g.parent_epoch, g.sealed from ` + recordOfID + ` join ring_grant_staff g on g.agency_id = agency()
			and g.child = 'case/' || o.id and g.parent <> 'archive'`
	sqlInsertConnection = `insert into case_connection (agency_id, adopted_id, worker_id, stated_by, at, leaf) values (agency(), @adopted, @worker, account(), @at, @leaf)`
	sqlConnections      = `select c.worker_id, c.stated_by, c.at, c.leaf from ` + recordOfID + ` join case_connection c on c.agency_id = agency() and c.adopted_id = o.id
		order by c.at, c.worker_id`
	sqlConnectionWork = `select ` + sqlWorkColumns + ` from ` + recordOfID + ` join casework w on w.agency_id = agency() and w.to_node = 'case/' || o.id
		where w.part = 'connection' order by w.id`
	sqlAdoptedOf  = `select o.id as adopted_id from ` + recordOfID
	sqlColleagues = `select w.id from worker w where w.agency_id = agency() and w.state = 'active' and w.roles && array['intermediaryWorker', 'manager'] order by w.id`
)

var connectionEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// connectionID names what is said of one worker and one adopted person: the log is
// asked by it whether it was said, whatever the rows say.
func connectionID(adopted, worker string) string {
	sum := sha256.Sum256([]byte("gatepost connection\n" + adopted + "\n" + worker))
	return "cn" + connectionEncoding.EncodeToString(sum[:13])[:20]
}

// keptOut refuses a worker who knows somebody in the cases to which an id belongs,
// or is one of them, before a key is opened or a row is read. A row that says so is
// enough; a row that is gone is not: the log still has what was said. The families'
// tier has no workers.
func (s *Service) keptOut(ctx context.Context, a authz.Actor, of string) error {
	if s.index == nil {
		return nil
	}
	var rows []struct {
		Adopted   string
		Connected bool
	}
	err := s.db.Read(ctx, scope(a), func(b *pgx.Batch) { postgres.Many(b, &rows, sqlKeptOut, of) })
	if err != nil {
		return s.db.Fault(fmt.Errorf("look who is kept out: %w", err))
	}
	for _, r := range rows {
		if r.Connected {
			return fault.New(fault.Forbidden, "fault.casework.connected")
		}
		_, stated, err := s.index.Latest(ctx, a.Agency(), connectionID(r.Adopted, a.Account()), connectionPart)
		if err != nil {
			return s.db.Fault(err)
		}
		if stated {
			s.log.ErrorContext(ctx, "ALARM: rows say what nobody signed", "agency", a.Agency(), "object", r.Adopted, "error", errTaken)
			return fault.New(fault.Forbidden, "fault.casework.connected")
		}
	}
	return nil
}

// StateConnection says that a worker knows somebody in a case: from then on they
// do nothing in any case about that adopted person, and see nothing of it. Any
// worker of this service says it of themself or of a colleague, and nobody takes it
// back. It needs a one-time code within ConnectionFor. Said twice is once.
//
// Invalid on "worker", or on "why", which is to be said of a colleague. StepUp: no
// code. NotFound: no such case. Forbidden: the actor knows somebody there already.
func (s *Service) StateConnection(ctx context.Context, actor authz.Actor, n NewConnection) error {
	of := first(string(n.Application), string(n.Adopted))
	ag, err := s.begin(ctx, actor, authz.ConnectCase, of)
	if err != nil {
		return err
	}
	if err := actor.StepUp(s.now(), ConnectionFor); err != nil {
		return err
	}
	if about := prefixAbout(of); about != "application" && about != "adopted" {
		return notFound()
	}
	if n, err = checkConnection(n, actor.Account()); err != nil {
		return err
	}
	var row struct {
		AdoptedID    string
		Known, There bool
	}
	var keys keyRows
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &row, sqlConnecting, of, n.Worker)
		postgres.Many(b, &keys.nodes, sqlRecordNodesOf, of)
	})
	switch {
	case err != nil:
		return s.db.Fault(fmt.Errorf("look who knows somebody: %w", err))
	case !row.Known:
		return fault.Field("worker", "fault.connection.worker")
	case row.There:
		return nil
	}
	return s.connect(ctx, ag, actor, n, row.AdoptedID, &keys)
}

// connect seals the reason to the record and writes the row. It opens nothing.
func (s *Service) connect(ctx context.Context, ag *agency.Agency, actor authz.Actor, n NewConnection, adopted string, keys *keyRows) error {
	node, err := s.node(ctx, ag, keys, ring.Case(adopted))
	if err != nil {
		return err
	}
	a, err := s.acts(ag, actor)
	if err != nil {
		return err
	}
	p := paper{id: connectionID(adopted, n.Worker), part: connectionPart, version: 1, kind: seal.KindNote}
	leaf, err := a.seal(folder{of: adopted, node: node}, p, connectionText{Adopted: adopted, Worker: n.Worker, Why: n.Why})
	if err != nil {
		return err
	}
	a.write(sqlInsertConnection, pgx.StrictNamedArgs{"adopted": adopted, "worker": n.Worker, "at": a.moment, "leaf": leaf[:]})
	return a.commit(ctx, "connection", held{adopted: adopted})
}

// checkConnection cleans what was said. Nobody has to say how they know somebody
// themself: it may be nobody's business.
func checkConnection(n NewConnection, me string) (NewConnection, error) {
	if !agency.ValidID("wk", n.Worker) {
		return n, fault.Field("worker", "fault.connection.worker")
	}
	var err error
	if n.Why, err = prose.Clean("why", n.Why, MaxWhy); err != nil {
		return n, err
	}
	if n.Worker != me && prose.Blank(n.Why) {
		return n, fault.Field("why", "fault.casework.why")
	}
	return n, nil
}

type connectionRow struct {
	WorkerID string
	StatedBy string
	At       time.Time
	Leaf     []byte
}

// Connections lists who may not work on a case, and the colleagues of whom it could
// be said. The reading is in the log before anything is opened. One that nobody
// signed keeps its worker out all the same, and the operator is told.
func (s *Service) Connections(ctx context.Context, actor authz.Actor, id ApplicationID) (Connections, error) {
	return s.connectionsOf(ctx, actor, string(id), "application")
}

// RecordConnections is Connections of a record, which may have no case.
func (s *Service) RecordConnections(ctx context.Context, actor authz.Actor, id AdoptedID) (Connections, error) {
	return s.connectionsOf(ctx, actor, string(id), "adopted")
}

func (s *Service) connectionsOf(ctx context.Context, actor authz.Actor, id, about string) (Connections, error) {
	ag, err := s.begin(ctx, actor, authz.ConnectCase, id)
	if err != nil {
		return Connections{}, err
	}
	if prefixAbout(id) != about {
		return Connections{}, notFound()
	}
	r := &connectionRows{}
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &r.of, sqlAdoptedOf, id)
		postgres.Many(b, &r.rows, sqlConnections, id)
		postgres.Many(b, &r.work, sqlConnectionWork, id)
		postgres.Many(b, &r.colleagues, sqlColleagues)
		postgres.Many(b, &r.workers, sqlRecordWorkers)
		postgres.Many(b, &r.nodes, sqlRecordNodesOf, id)
		postgres.Many(b, &r.grants, sqlRecordGrantsOf, id)
	})
	if err != nil {
		return Connections{}, s.db.Fault(fmt.Errorf("load who knows somebody: %w", err))
	}
	if err := s.logAccess(ctx, ag, actor, id, "connections", id); err != nil {
		return Connections{}, err
	}
	u, err := s.climb(ctx, ag, actor.Keys(), &r.keyRows, ring.Case(r.of.AdoptedID))
	if err != nil {
		return Connections{}, err
	}
	return s.connections(ctx, ag, actor, r, u.keys)
}

// connectionRows are what the list is made of.
type connectionRows struct {
	of         struct{ AdoptedID string }
	rows       []connectionRow
	work       []workRow
	colleagues []struct{ ID string }
	workers    []agency.RecordRow
	keyRows
}

func (s *Service) connections(ctx context.Context, ag *agency.Agency, actor authz.Actor, r *connectionRows, keys []*age.HybridIdentity) (Connections, error) {
	var out Connections
	for _, row := range r.rows {
		c := Connection{Worker: row.WorkerID, Name: nameOfWorker(actor, r.workers, row.WorkerID), By: row.StatedBy,
			ByName: nameOfWorker(actor, r.workers, row.StatedBy), At: row.At}
		text, err := s.connection(ctx, ag, r, row, keys)
		if err != nil {
			c.Unread = true
			if err := notUnread(s.unstated(ctx, ag, connectionID(r.of.AdoptedID, row.WorkerID), err)); err != nil {
				return out, err
			}
		}
		c.Why = text.Why
		out.List = append(out.List, c)
	}
	for _, w := range r.colleagues {
		if !slices.ContainsFunc(out.List, func(c Connection) bool { return c.Worker == w.ID }) {
			out.Colleagues = append(out.Colleagues, Colleague{ID: w.ID, Name: nameOfWorker(actor, r.workers, w.ID)})
		}
	}
	return out, nil
}

// connection opens what was said of one worker, and holds the row to it.
func (s *Service) connection(ctx context.Context, ag *agency.Agency, r *connectionRows, row connectionRow, keys []*age.HybridIdentity) (connectionText, error) {
	var t connectionText
	i := slices.IndexFunc(r.work, func(w workRow) bool {
		return w.ID == connectionID(r.of.AdoptedID, row.WorkerID) && bytes.Equal(w.Leaf, row.Leaf)
	})
	if i < 0 {
		return t, errRow
	}
	content, st, err := s.tryOpen(ctx, ag, r.work[i], keys)
	if err != nil {
		return t, err
	}
	if err := parse(content, &t); err != nil {
		return connectionText{}, err
	}
	if t.Adopted != r.of.AdoptedID || t.Worker != row.WorkerID || strings.TrimPrefix(st.From, "worker/") != row.StatedBy || !st.At.Equal(row.At) {
		return connectionText{}, errRow
	}
	return t, nil
}
