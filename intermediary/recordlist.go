package intermediary

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
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
	var rows []RecordLine
	var keys keyRows
	var work []workRow
	args := []any{CasesShown + 1, max(page, 0) * CasesShown}
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
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
	list := ListedRecords{Records: rows[:min(len(rows), CasesShown)], More: len(rows) > CasesShown}
	for i, r := range list.Records {
		if r.Connected {
			continue
		}
		if list.Records[i].Name, err = s.nameOn(ctx, ag, actor, named{&keys, work}, string(r.ID)); err != nil {
			return ListedRecords{}, err
		}
	}
	return list, nil
}

func aloneLine(r pgx.CollectableRow) (l RecordLine, err error) {
	var id string
	err = r.Scan(&id, &l.Connected, &l.Stopped, &l.OpenedOn, &l.Veto)
	l.ID = AdoptedID(id)
	return l, err
}

// nameOn opens the name of an adopted person; "" for whoever holds no key of their
// record, and for what does not open, after its alarm.
func (s *Service) nameOn(ctx context.Context, ag *agency.Agency, actor authz.Actor, n named, id string) (string, error) {
	p, err := s.particularsOf(ctx, ag, actor, n, "", id)
	return first(p.Name, p.BirthName), err
}
