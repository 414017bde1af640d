package intermediary

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/unicode/norm"

	"gatepost/crypto/ring"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// KnownRecord is the record of an adopted person who may be the one that a new
// case is about. A veto, a stop or a wish stands on a record: a second record of
// the same person would not know of it.
type KnownRecord struct {
	ID          AdoptedID
	References  []string // of its cases
	Particulars Particulars
}

const (
	sqlEveryRecord = `select distinct on (w.id) ` + sqlWorkColumns + ` from adopted d join casework w on w.agency_id = d.agency_id and w.id = d.id
		and w.kind = 'particulars' and w.part = 'particulars' where d.agency_id = agency() and not exists (select from preference p where p.agency_id = d.agency_id and p.adopted_id = d.id and p.part = 2)
		order by w.id, w.version desc`
	sqlEveryRecordNode = `select ` + sqlNodeColumns + ` from adopted d join node n on n.agency_id = d.agency_id and n.id = 'case/' || d.id and n.key_leaf is not null
		where d.agency_id = agency() order by n.id, n.epoch desc`
	sqlEveryRecordGrant = `select g.child, g.child_epoch, g.parent, g.parent_epoch, g.sealed from adopted d
		join ring_grant_staff g on g.agency_id = d.agency_id and g.child = 'case/' || d.id and g.parent <> 'archive' where d.agency_id = agency()`
	sqlRecordsKeptOut   = `select d.id from adopted d where d.agency_id = agency() and connected(d.id)`
	sqlRecordReferences = `select a.adopted_id, a.reference from application a where a.agency_id = agency() and a.adopted_id = any($1::text[]) order by a.reference`
)

// KnownRecords finds the records of adopted persons who may be the one that a new
// case is about: born on the same day, as far as both are known, under a name that both have;
// or born on the same day with an order of the same day. Names are sealed, so
// every record is opened for it: half a second for a thousand. That somebody
// looked is in the log before anything is opened. A record that does not open is
// told to the operator, and the search is an error: it might be the one. Invalid
// as for OpenCase. Forbidden: it may be somebody whom the worker knows, and a
// colleague opens the case.
func (s *Service) KnownRecords(ctx context.Context, actor authz.Actor, n NewCase) ([]KnownRecord, error) {
	ag, err := s.begin(ctx, actor, authz.OpenCase, "records")
	if err != nil {
		return nil, err
	}
	n.Adopted = ""
	if n, err = checkCase(n); err != nil {
		return nil, err
	}
	return s.knownRecords(ctx, ag, actor, n.AdoptedPerson)
}

func (s *Service) knownRecords(ctx context.Context, ag *agency.Agency, actor authz.Actor, p Particulars) ([]KnownRecord, error) {
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return nil, err
	}
	var work []workRow
	var keys keyRows
	var kept []struct{ ID string }
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &work, sqlEveryRecord)
		postgres.Many(b, &kept, sqlRecordsKeptOut)
		postgres.Many(b, &keys.nodes, sqlEveryRecordNode)
		postgres.Many(b, &keys.grants, sqlEveryRecordGrant)
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load records: %w", err))
	}
	if len(work) == 0 {
		return nil, nil
	}
	if err := s.logAccess(ctx, ag, actor, "records", "search", ""); err != nil {
		return nil, err
	}
	found, err := s.alike(ctx, ag, actor, lookup{p, work, keys.byNode()})
	for _, r := range found {
		if slices.ContainsFunc(kept, func(k struct{ ID string }) bool { return k.ID == string(r.ID) }) {
			return nil, fault.New(fault.Forbidden, "fault.casework.connected")
		}
	}
	return found, err
}

// lookup is whom a search is for and what it looks through.
type lookup struct {
	of   Particulars
	work []workRow
	keys map[string]*keyRows
}

// byNode sorts keys by the node that they are of, so that opening many records
// does not search through all of them each time.
func (r *keyRows) byNode() map[string]*keyRows {
	by := map[string]*keyRows{}
	at := func(id string) *keyRows {
		if by[id] == nil {
			by[id] = &keyRows{}
		}
		return by[id]
	}
	for _, n := range r.nodes {
		k := at(n.ID)
		k.nodes = append(k.nodes, n)
	}
	for _, g := range r.grants {
		k := at(g.Child)
		k.grants = append(k.grants, g)
	}
	return by
}

// alike opens every record and keeps those that may be the one.
func (s *Service) alike(ctx context.Context, ag *agency.Agency, actor authz.Actor, l lookup) ([]KnownRecord, error) {
	var found []KnownRecord
	for _, w := range l.work {
		rows := l.keys["case/"+w.ID]
		if rows == nil {
			return nil, s.unstated(ctx, ag, w.ID, errCase)
		}
		u, err := s.climb(ctx, ag, actor.Keys(), rows, ring.Case(w.ID))
		if err != nil {
			return nil, err
		}
		r := KnownRecord{ID: AdoptedID(w.ID)}
		if err := s.openAs(ctx, ag, w, &r.Particulars, u.keys...); err != nil {
			return nil, err
		}
		if mayBe(l.of, r.Particulars) {
			found = append(found, r)
		}
	}
	return found, s.references(ctx, actor, found)
}

// references adds the references of their cases to records.
func (s *Service) references(ctx context.Context, actor authz.Actor, found []KnownRecord) error {
	if len(found) == 0 {
		return nil
	}
	ids := make([]string, len(found))
	for i, r := range found {
		ids[i] = string(r.ID)
	}
	var list []struct{ AdoptedID, Reference string }
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &list, sqlRecordReferences, ids) }); err != nil {
		return s.db.Fault(fmt.Errorf("load references: %w", err))
	}
	for _, r := range list {
		i := slices.Index(ids, r.AdoptedID)
		found[i].References = append(found[i].References, r.Reference)
	}
	return nil
}

// mayBe tells whether two descriptions may be of one adopted person. It rather
// says yes: a worker looks, and says whether it is so.
func mayBe(a, b Particulars) bool {
	if !sameDay(a.Born, b.Born) {
		return false
	}
	if a.Born != "" && a.Born == b.Born && len(a.Born) == len("2006-01-02") && a.OrderDate != "" && a.OrderDate == b.OrderDate {
		return true
	}
	ours := namesOf(a)
	return slices.ContainsFunc(namesOf(b), func(name string) bool { return slices.Contains(ours, name) })
}

// sameDay tells whether two dates may be one: what both know of them is the same.
func sameDay(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }

// namesOf gives every name of a description, as it is compared: letters without
// marks, case or gaps.
func namesOf(p Particulars) []string {
	var list []string
	for _, name := range append([]string{p.Name, p.BirthName}, strings.Split(p.Other, "\n")...) {
		plain := strings.Map(func(r rune) rune {
			if !unicode.IsLetter(r) {
				return -1
			}
			return unicode.ToLower(r)
		}, norm.NFD.String(name))
		if plain != "" {
			list = append(list, plain)
		}
	}
	return list
}

// notKnown refuses to open a second record of somebody who may be known, unless
// the worker has looked and says that it is somebody else.
func (s *Service) notKnown(ctx context.Context, ag *agency.Agency, actor authz.Actor, n NewCase) error {
	if n.Adopted != "" || n.Distinct {
		return nil
	}
	found, err := s.knownRecords(ctx, ag, actor, n.AdoptedPerson)
	if err == nil && len(found) > 0 {
		err = fault.New(fault.Conflict, "fault.casework.known")
	}
	return err
}
