package intermediary

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

const (
	sqlInsertStop = `insert into stop (agency_id, id, adopted_id, subject_id, worker_id, at, leaf)
		values (agency(), @id, @adopted, @subject, account(), @at, @leaf)`
	sqlEndStop = `update stop set ended_by = account(), ended_at = $2, end_leaf = $3 where agency_id = agency() and id = $1 and ended_by is null returning 1`
	sqlStop    = `select p.adopted_id, coalesce(p.subject_id, '') as subject_id, p.worker_id, coalesce(p.ended_by, '') as ended_by
		from stop p where p.agency_id = agency() and p.id = $1`
)

var guardedEndStop = postgres.Guarded(sqlEndStop)

// reasonText is what is sealed where an act has reasons and nothing else.
type reasonText struct {
	Why string `json:"why"`
	Of  string `json:"of,omitempty"` // what kind of thing asked for it
}

type stopRow struct {
	AdoptedID string
	SubjectID string
	WorkerID  string
	EndedBy   string
}

// AskForStop asks for protection at once: nobody is approached, nothing that
// identifies anybody is given, and nobody is put in touch, about the adopted
// person or this one subject, until a manager has looked into it (EndStop). It
// never ends by time. of is an adopted person's or a subject's id. Agencies that
// have asked us about the adopted person are told in the same act that nothing is
// known now. It gives the stop's id.
//
// Invalid on "why". NotFound: no such person. Conflict: an enquiry of another
// agency was answered in this moment.
func (s *Service) AskForStop(ctx context.Context, actor authz.Actor, of, why string) (string, error) {
	ag, err := s.begin(ctx, actor, authz.Stop, of)
	if err != nil {
		return "", err
	}
	if why, err = reasons(why); err != nil {
		return "", err
	}
	if about := prefixAbout(of); about != "adopted" && about != "subject" {
		return "", notFound()
	}
	p, err := s.loadPlace(ctx, actor, of)
	if err != nil {
		return "", err
	}
	a, f, err := s.actsAt(ctx, ag, actor, p)
	if err != nil {
		return "", err
	}
	id, err := a.stop(f, p.row.AdoptedID, p.row.SubjectID, reasonText{Why: why})
	if err != nil {
		return "", err
	}
	told, err := a.alert(ctx, p.row.AdoptedID)
	if err != nil {
		return "", err
	}
	return id, a.commit(ctx, "stop", p.held(), told)
}

// stop seals and queues a stop of an act. subject is empty for everything about
// the adopted person.
func (a *acting) stop(f folder, adopted, subject string, why reasonText) (string, error) {
	id := agency.NewID("sp")
	leaf, err := a.seal(f, paper{id: id, part: "why", version: 1, kind: seal.KindNote}, why)
	if err != nil {
		return "", err
	}
	a.write(sqlInsertStop, pgx.StrictNamedArgs{"id": id, "adopted": adopted, "subject": null(subject), "at": a.moment, "leaf": leaf[:]})
	a.changes(func(st *standing) {
		st.stops = append(st.stops, standingStop{gateStop: gateStop{ID: id, SubjectID: null(subject), WorkerID: a.actor.Account(), Leaf: leaf[:]}})
	})
	return id, nil
}

// reasons cleans the reasons of an act. Invalid on "why" where there are none.
func reasons(why string) (string, error) {
	why, err := prose.Clean("why", why, MaxWhy)
	if err != nil {
		return "", err
	}
	if prose.Blank(why) {
		return "", fault.Field("why", "fault.casework.why")
	}
	return why, nil
}

// EndStop ends a stop, with reasons. Only a manager does, and never whoever
// asked for it; what was stopped meanwhile starts by itself no more.
//
// Invalid on "why". Forbidden: the actor asked for it. Conflict: it has ended.
func (s *Service) EndStop(ctx context.Context, actor authz.Actor, id, why string) error {
	ag, err := s.begin(ctx, actor, authz.EndStop, id)
	if err != nil {
		return err
	}
	if why, err = reasons(why); err != nil {
		return err
	}
	row, p, err := s.loadStop(ctx, actor, id)
	if err != nil {
		return err
	}
	switch {
	case row.EndedBy != "":
		return fault.New(fault.Conflict, "fault.conflict")
	case row.WorkerID == actor.Account():
		return fault.New(fault.Forbidden, "fault.casework.another")
	}
	a, f, err := s.actsAt(ctx, ag, actor, p)
	if err != nil {
		return err
	}
	leaf, err := a.seal(f, paper{id: id, part: "end", version: 1, kind: seal.KindDecision}, reasonText{Why: why})
	if err != nil {
		return err
	}
	a.write(guardedEndStop, id, a.moment, leaf[:])
	a.changes(func(st *standing) {
		for i := range st.stops {
			if st.stops[i].ID == id {
				by := actor.Account()
				st.stops[i].EndedBy = &by
			}
		}
	})
	return a.commit(ctx, "endStop", p.held())
}

func (s *Service) loadStop(ctx context.Context, actor authz.Actor, id string) (row stopRow, p *place, err error) {
	if !agency.ValidID("sp", id) {
		return row, nil, notFound()
	}
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.One(b, &row, sqlStop, id) }); err != nil {
		return row, nil, s.db.Fault(fmt.Errorf("load a stop: %w", err))
	}
	of := row.SubjectID
	if of == "" {
		of = row.AdoptedID
	}
	p, err = s.loadPlace(ctx, actor, of)
	return row, p, err
}
