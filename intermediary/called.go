package intermediary

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/postgres"
)

const (
	// Whoever is connected with a case opens nothing of it.
	calledParties = `from party p join person r on r.agency_id = p.agency_id and r.id = p.person_id
		join application a on a.agency_id = p.agency_id and a.id = p.application_id
		where p.agency_id = agency() and p.person_id = any($1) and p.kind in ('applicant', 'subject') and not connected(a.adopted_id)`
	sqlCalled      = `select p.file, p.application_id, p.person_id, p.kind, r.state, false as granted, p.leaf, leaf_body(p.leaf) as body ` + calledParties + ` order by p.person_id, p.file`
	sqlCalledNodes = `select ` + sqlNodeColumns + ` from node n where n.agency_id = agency() and n.key_leaf is not null
		and n.id = any(array(select 'case/' || p.application_id ` + calledParties + `)) order by n.id, n.epoch desc`
	sqlCalledGrants = `select g.child, g.child_epoch, g.parent, g.parent_epoch, g.sealed from ring_grant_staff g where g.agency_id = agency() and g.parent <> 'archive'
		and g.child = any(array(select 'case/' || p.application_id ` + calledParties + `))`
	sqlCalledWork = `select distinct on (w.id) ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.kind = 'particulars' and w.part = 'particulars'
		and w.id = any(array(select p.file ` + calledParties + `)) order by w.id, w.version desc`
)

// PartyNames gives the names of people ("pe…") who are an applicant or are looked
// for in a case, from the particulars of their case: they stand in no directory,
// and a worker who calls them has to know whom they call. Like the list of cases
// it opens names for whoever holds the case's key, and nobody's reading is
// logged, for nothing else is opened. Somebody whose name does not open, after
// its alarm, or is not this worker's to see, is left out; a representative has no
// particulars.
func (s *Service) PartyNames(ctx context.Context, actor authz.Actor, people []string) (map[string]string, error) {
	ag, err := s.begin(ctx, actor, authz.SeeCases, "parties")
	if err != nil {
		return nil, err
	}
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return nil, err
	}
	var parties []partyRow
	var keys keyRows
	var work []workRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &parties, sqlCalled, people)
		postgres.Many(b, &keys.nodes, sqlCalledNodes, people)
		postgres.Many(b, &keys.grants, sqlCalledGrants, people)
		postgres.Many(b, &work, sqlCalledWork, people)
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load who is called: %w", err))
	}
	names := map[string]string{}
	for _, p := range parties {
		if names[p.PersonID] != "" {
			continue
		}
		if names[p.PersonID], err = s.partyName(ctx, ag, actor, named{&keys, work}, p); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// partyName opens the name of one party; "" for whoever holds no key, and for
// what does not open or was not stated, after its alarm.
func (s *Service) partyName(ctx context.Context, ag *agency.Agency, actor authz.Actor, n named, p partyRow) (string, error) {
	if err := s.checkParty(ctx, ag, p); err != nil {
		return "", notUnread(s.unstated(ctx, ag, p.File, err))
	}
	return s.nameIn(ctx, ag, actor, n, p.ApplicationID, p.File)
}
