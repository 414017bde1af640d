package intermediary

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// RecordLine is a record without a case in the list.
type RecordLine struct {
	ID        AdoptedID
	Name      string // "" where this worker holds no key or it does not open
	Veto      string // the kind of veto in force; "" for none
	Stopped   bool   // somebody asked for protection, and it is not settled
	Connected bool   // the worker knows them, and sees nothing more of it
	OpenedOn  time.Time
	names     []string // every one of theirs, as names are compared
}

// ListedRecords is one page of the list.
type ListedRecords struct {
	Records []RecordLine
	More    bool // there is another page
}

const (
	withoutCase = ` from adopted d where d.agency_id = agency() and not exists (select from application a where a.agency_id = d.agency_id and a.adopted_id = d.id)
		and not exists (select from preference p where p.agency_id = d.agency_id and p.adopted_id = d.id and p.part = 2)`
	isStopped = `(not connected(d.id) and exists (select from stop p where p.agency_id = d.agency_id and p.adopted_id = d.id and p.ended_by is null))`
	openedOn  = `(select min(w.created) from casework w where w.agency_id = d.agency_id and w.id = d.id and w.part = 'particulars')`
	onePage   = ` order by ` + isStopped + ` desc, ` + openedOn + ` desc, d.id limit $1 offset $2`

	sqlAlone = `select d.id, connected(d.id) as connected, ` + isStopped + ` as stopped, coalesce(` + openedOn + `, current_date) as opened_on,
			coalesce((select case when v.in_force then v.kind end from veto v where v.agency_id = d.agency_id and v.adopted_id = d.id and not connected(d.id) order by v.version desc limit 1), '') as veto` +
		withoutCase + onePage
	aloneIDs      = `(select 'case/' || l.id from (select d.id` + withoutCase + onePage + `) l)`
	sqlAloneNodes = `select ` + sqlNodeColumns + ` from node n where n.agency_id = agency() and n.key_leaf is not null and n.id = any(array` + aloneIDs + `) order by n.id, n.epoch desc`
	sqlAloneGrant = `select g.child, g.child_epoch, g.parent, g.parent_epoch, g.sealed from ring_grant_staff g where g.agency_id = agency() and g.parent <> 'archive'
		and g.child = any(array` + aloneIDs + `)`
	sqlAloneWork = `select distinct on (w.id) ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.kind = 'particulars' and w.part = 'particulars'
		and w.id = any(array(select l.id from (select d.id` + withoutCase + onePage + `) l)) order by w.id, w.version desc`
)

// RecordsWithoutCase lists the records of adopted persons about whom there is no
// case, page by page from 0: those first that somebody has to look into, then the
// newest. Names are opened for those who hold the record's key; nobody's reading is
// logged, for nothing else is opened. What a relative told the contact register is
// not among them. SeeCases.
func (s *Service) RecordsWithoutCase(ctx context.Context, actor authz.Actor, page int) (ListedRecords, error) {
	ag, err := s.begin(ctx, actor, authz.SeeCases, "records")
	if err != nil {
		return ListedRecords{}, err
	}
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return ListedRecords{}, err
	}
	return s.listRecords(ctx, ag, actor, CasesShown, max(page, 0)*CasesShown)
}

// RecordsFound is how many records a search by name looks through.
const RecordsFound = 2000

// FindRecords lists those of RecordsWithoutCase that have a name in which this one
// stands, without marks, case or gaps: names are sealed, so RecordsFound
// are opened for it, those with a stop first; More tells that there are others. Invalid on "name": it has
// no letter.
func (s *Service) FindRecords(ctx context.Context, actor authz.Actor, name string) (ListedRecords, error) {
	ag, err := s.begin(ctx, actor, authz.SeeCases, "records")
	if err != nil {
		return ListedRecords{}, err
	}
	wanted := namesOf(Particulars{Name: name})
	if len(wanted) == 0 {
		return ListedRecords{}, fault.Field("name", "fault.casework.name")
	}
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return ListedRecords{}, err
	}
	list, err := s.listRecords(ctx, ag, actor, RecordsFound, 0)
	list.Records = slices.DeleteFunc(list.Records, func(r RecordLine) bool {
		return !slices.ContainsFunc(r.names, func(n string) bool { return strings.Contains(n, wanted[0]) })
	})
	return list, err
}

// listRecords reads a stretch of the list.
func (s *Service) listRecords(ctx context.Context, ag *agency.Agency, actor authz.Actor, many, from int) (ListedRecords, error) {
	var rows []RecordLine
	var keys keyRows
	var work []workRow
	args := []any{many + 1, from}
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		b.Queue(sqlAlone, args...).Query(func(r pgx.Rows) (err error) {
			rows, err = pgx.CollectRows(r, aloneLine)
			return err
		})
		postgres.Many(b, &keys.nodes, sqlAloneNodes, args...)
		postgres.Many(b, &keys.grants, sqlAloneGrant, args...)
		postgres.Many(b, &work, sqlAloneWork, args...)
	})
	if err != nil {
		return ListedRecords{}, s.db.Fault(fmt.Errorf("list records: %w", err))
	}
	list := ListedRecords{Records: rows[:min(len(rows), many)], More: len(rows) > many}
	by := keys.byNode()
	of := map[string]workRow{}
	for _, w := range work {
		of[w.ID] = w
	}
	for i, r := range list.Records {
		if r.Connected {
			continue
		}
		own := by["case/"+string(r.ID)]
		if own == nil { // its key is lost: that is told below
			own = &keyRows{}
		}
		p, err := s.particularsOf(ctx, ag, actor, named{own, []workRow{of[string(r.ID)]}}, "", string(r.ID))
		if err != nil {
			return ListedRecords{}, err
		}
		list.Records[i].Name, list.Records[i].names = first(p.Name, p.BirthName), namesOf(p)
	}
	return list, nil
}

func aloneLine(r pgx.CollectableRow) (l RecordLine, err error) {
	var id string
	err = r.Scan(&id, &l.Connected, &l.Stopped, &l.OpenedOn, &l.Veto)
	l.ID = AdoptedID(id)
	return l, err
}
