package letterbox

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

// PrepareMediated prepares an exchange between two grown-up people, or homes,
// who agreed to letters through the agency: about no child, restricted from the
// beginning to the workers who are named, and with nobody's name in a directory,
// for that somebody searched is not the team's to know. people are those of each
// side, who have accounts; called is what each side is called by the other. What
// it gives is read and then written by the caller's own transaction, which
// appends the statements that write gives: whether the two may meet at all is the
// caller's to decide, and the database's.
//
// Invalid: field "named" (fewer than MinNamed, or somebody who cannot be named),
// "called". Conflict: somebody has no account, or their keys changed in this
// moment.
func (s *Service) PrepareMediated(ctx context.Context, actor authz.Actor, id string, people [2][]string, called [2]string, named []string) (
	read func(*pgx.Batch), write func(*pgx.Batch) ([][]byte, error), err error) {
	ag, err := s.begin(ctx, actor, authz.OpenExchange, "exchange")
	if err != nil {
		return nil, nil, err
	}
	if !agency.ValidID("ex", id) {
		return nil, nil, notFound()
	}
	n, err := mediated(people, called)
	if err != nil {
		return nil, nil, err
	}
	signer, err := actor.Keys().Signer()
	if err != nil {
		return nil, nil, err
	}
	o := &opening{ag: ag, actor: actor, signer: signer, at: s.now(), id: id, sides: [2]string{agency.NewID("sd"), agency.NewID("sd")}}
	known := slices.Concat(people[0], people[1])
	if _, err := s.keysFor(ctx, o, known); err != nil {
		return nil, nil, err
	}
	if len(o.active) != len(known) {
		return nil, nil, fault.New(fault.Conflict, "fault.contact.account")
	}
	holders, err := s.holders(ctx, o, named)
	if err != nil {
		return nil, nil, err
	}
	if err := o.keys(&n, holders...); err != nil {
		return nil, nil, err
	}
	if err := o.people(&n); err != nil {
		return nil, nil, err
	}
	if err := o.records(n); err != nil {
		return nil, nil, err
	}
	// Its first list is empty: what each is called was agreed, and of an intermediary case nothing else is known here.
	if err := o.list(protectedList{Words: []ProtectedWord{}, LeftOut: []ProtectedWord{}}); err != nil {
		return nil, nil, err
	}
	o.then(func(b *pgx.Batch) { b.Queue(guardedRestrict, id) })
	var now []standing
	var keys []newestKey
	return func(b *pgx.Batch) {
			postgres.Many(b, &now, sqlStanding, known)
			postgres.Many(b, &keys, sqlPersonKeys, known)
		}, func(b *pgx.Batch) ([][]byte, error) {
			if err := o.still(now, keys); err != nil {
				return nil, err
			}
			for _, q := range o.queue {
				if err := q(b); err != nil {
					return nil, err
				}
			}
			return o.bodies, nil
		}, nil
}

// mediated is the exchange as OpenExchange would have it. Each side signs with
// what the other calls it.
func mediated(people [2][]string, called [2]string) (NewExchange, error) {
	var n NewExchange
	for i := range called {
		name, err := prose.Line("called", called[i])
		if err != nil {
			return n, err
		}
		if prose.Blank(name) {
			return n, fault.Field("called", "fault.exchange.names")
		}
		called[i] = name
	}
	for i := range n.Sides {
		n.Sides[i] = NewSide{Book: string(agency.Birth), Names: Names{Children: []string{}, Other: called[1-i], Self: called[i]},
			MaySend: []string{"letter", "card", "photo"}, TimesAYear: 12, Months: []int{}}
		for _, id := range people[i] {
			n.Sides[i].People = append(n.Sides[i].People, NewPerson{ID: PersonID(id), Name: called[i]})
		}
	}
	return n, nil
}

// holders gives the keys of the workers who are named: two at least, all of them
// of the letterbox or managers, and no party.
func (s *Service) holders(ctx context.Context, o *opening, named []string) ([]agency.Node, error) {
	named = slices.Compact(slices.Sorted(slices.Values(named)))
	if len(named) < MinNamed {
		return nil, fault.Field("named", "fault.exchange.named")
	}
	r := &keyRows{exchange: keyExchange{ID: o.id}}
	if err := s.db.Read(ctx, scope(o.actor), func(b *pgx.Batch) { postgres.Many(b, &r.colleagues, sqlColleagues, o.id) }); err != nil {
		return nil, s.db.Fault(err)
	}
	k := &rekeying{Service: s, ag: o.ag, actor: o.actor, signer: o.signer, at: o.at, rows: r, named: named}
	nodes := make([]agency.Node, len(named))
	for i, id := range named {
		if r.colleague(id) == nil {
			return nil, fault.Field("named", "fault.exchange.notToName")
		}
		var err error
		if nodes[i], err = k.worker(ctx, id); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}
