package intermediary

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

// ScriptVersion is which words for an approach are in the catalogue. They say
// who calls and ask whether now is a good time, and reveal nothing to others in
// the house: neither adoption, nor a search, nor the kind of agency.
const ScriptVersion = "2026-11"

// Ways lists how a subject may be approached, in the order of the page. Each has
// words of its own in the catalogue: "casework.script." and the way.
func Ways() []string { return []string{"letter", "phone", "visit"} }

// What came of a step. A trace is something tried to find the subject, an
// approach is something sent or said to them.
const (
	TraceTried     = "tried"
	TraceFound     = "traced"
	TraceNotFound  = "notTraced"
	TraceStopPoint = "stopPoint" // looking on needs a manager's decision
	ApproachSent   = "sent"
	ApproachSpoke  = "spoke"
	ApproachNobody = "noAnswer"
	ApproachBack   = "returned"
)

// NewTrace is something that was tried to find a subject.
type NewTrace struct {
	ID       string // st…, made with the page, so that two clicks are one; "" for a new one
	Subject  string
	Outcome  string // tried, traced, notTraced, stopPoint
	Where    string // which source was asked
	Words    string
	Evidence []string
}

// NewApproach is an approach that is made, or was made just now.
type NewApproach struct {
	ID      string // as in NewTrace
	Subject string
	Outcome string // sent, spoke, noAnswer, returned
	Way     string // of Ways
	Script  string // the ScriptVersion whose words are used
	Words   string // what was said and by whom, beside the script
}

type stepText struct {
	Outcome  string   `json:"outcome"`
	Where    string   `json:"where,omitempty"`
	Way      string   `json:"way,omitempty"`
	Script   string   `json:"script,omitempty"`
	Words    string   `json:"words,omitempty"`
	Evidence []string `json:"evidence,omitempty"`
}

const (
	sqlInsertStep = `insert into step (agency_id, id, subject_id, kind, outcome, evaluation_id, worker_id, at, leaf)
		values (agency(), @id, @subject, @kind, @outcome, @evaluation, account(), @at, @leaf)`
	sqlStepDone = `select exists (select from step t where t.agency_id = agency() and t.id = $1 and t.subject_id = $2 and t.worker_id = account()) as done`
)

// Trace records what was tried to find a subject. To look for somebody is to go
// on with the application, so the law is asked in the same transaction, and a
// stop in force forbids it. A stop point needs no leave: it begins a stop, which
// only a manager ends, and until then nobody looks on or approaches.
//
// Invalid on "outcome", "where" or "words". Conflict: the law does not permit
// it now, or the case has ended.
func (s *Service) Trace(ctx context.Context, actor authz.Actor, n NewTrace) error {
	if !slices.Contains([]string{TraceTried, TraceFound, TraceNotFound, TraceStopPoint}, n.Outcome) {
		return fault.Field("outcome", "fault.step.outcome")
	}
	var err error
	if n.Where, err = prose.Line("where", n.Where); err != nil {
		return err
	}
	if n.Words, err = prose.Clean("words", n.Words, MaxWhy); err != nil {
		return err
	}
	if n.Evidence, err = cleanLines("evidence", n.Evidence); err != nil {
		return err
	}
	if prose.Blank(n.Where + n.Words) {
		return fault.Field("words", "fault.casework.why")
	}
	st := stepping{id: n.ID, kind: "trace", subject: n.Subject, outcome: n.Outcome, part: "trace", seal: seal.KindTrace, act: "proceed",
		text: stepText{Outcome: n.Outcome, Where: n.Where, Words: n.Words, Evidence: n.Evidence}}
	return s.step(ctx, actor, st)
}

// Approach records an approach to a subject, by leave of the law in its own
// transaction and no other: every fact, veto, stop and consent is read again
// with the gate rows held, and must be what workers signed. A letter is posted,
// and a number dialled, after this has returned.
//
// Invalid on "outcome", "way", "script" or "words". Conflict: the law does not
// permit it now (Ask says why), something changed in this moment, the subject
// has said no, or the case has ended.
func (s *Service) Approach(ctx context.Context, actor authz.Actor, n NewApproach) error {
	var err error
	switch {
	case !slices.Contains([]string{ApproachSent, ApproachSpoke, ApproachNobody, ApproachBack}, n.Outcome):
		return fault.Field("outcome", "fault.step.outcome")
	case !slices.Contains(Ways(), n.Way):
		return fault.Field("way", "fault.step.how")
	case n.Script != ScriptVersion:
		return fault.Field("script", "fault.step.script")
	}
	if n.Words, err = prose.Clean("words", n.Words, MaxWhy); err != nil {
		return err
	}
	st := stepping{id: n.ID, kind: "approach", subject: n.Subject, outcome: n.Outcome, part: "approach", seal: seal.KindApproach, act: "approach",
		text: stepText{Outcome: n.Outcome, Way: n.Way, Script: n.Script, Words: n.Words}}
	return s.step(ctx, actor, st)
}

// stepping is a step under way.
type stepping struct {
	id, kind, subject, outcome, part, act string
	seal                                  seal.Kind
	text                                  stepText
}

func (s *Service) step(ctx context.Context, actor authz.Actor, n stepping) error {
	ag, err := s.begin(ctx, actor, authz.Approach, n.subject)
	if err != nil {
		return err
	}
	if n.id == "" {
		n.id = agency.NewID("st")
	}
	if !agency.ValidID("st", n.id) || prefixAbout(n.subject) != "subject" {
		return notFound()
	}
	var same struct{ Done bool }
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.One(b, &same, sqlStepDone, n.id, n.subject) }); err != nil || same.Done {
		return s.db.Fault(err)
	}
	b, err := s.believe(ctx, ag, actor, n.subject)
	if err != nil {
		return err
	}
	a, err := s.acts(ag, actor)
	if err != nil {
		return err
	}
	err = a.step(ctx, b, n)
	if errors.Is(err, errRefused) {
		return s.refused(ctx, ag, actor, b, n.act, err)
	}
	return err
}

// errRefused: the law was asked for an act and did not permit it.
var errRefused = errors.New("the law does not permit this now")

// step seals the step and commits it with the law's leave.
func (a *acting) step(ctx context.Context, b *belief, n stepping) error {
	head, _ := b.head(n.subject)
	f := folder{of: head.ApplicationID, application: head.ApplicationID, node: b.node}
	leaf, err := a.seal(f, paper{id: n.id, part: n.part, version: 1, kind: n.seal}, n.text)
	if err != nil {
		return err
	}
	told := nothingTold()
	if n.outcome == TraceStopPoint {
		if _, err := a.stop(f, b.adopted, n.subject, reasonText{Why: n.text.Words, Of: "stopPoint"}); err != nil {
			return err
		}
		if told, err = a.alert(ctx, b.adopted); err != nil {
			return err
		}
	}
	again := b.again(func(batch *pgx.Batch, st *standing) error {
		evaluation := ""
		if n.outcome != TraceStopPoint {
			var err error
			if evaluation, err = a.leave(batch, b, st, n.act); err != nil {
				return err
			}
		}
		if n.kind != "approach" {
			evaluation = "" // a trace names none; the law was asked all the same
		} else if err := a.approachable(b, st); err != nil {
			return err
		}
		batch.Queue(sqlInsertStep, pgx.StrictNamedArgs{"id": n.id, "subject": n.subject, "kind": n.kind, "outcome": n.outcome,
			"evaluation": null(evaluation), "at": a.moment, "leaf": leaf[:]})
		return nil
	})
	return a.commit(ctx, n.kind, held{b.adopted, n.subject}, told, again)
}

// approachable: table 8a asks neither whether the subject lives nor what they
// said to us before.
func (a *acting) approachable(b *belief, st *standing) error {
	g, ok := a.grounds(st, b.doubted, b.subject, "")
	switch {
	case !ok:
		return notFound()
	case g.aboutSubject("subjectVital", "") == "died":
		return fault.New(fault.Conflict, "fault.step.died")
	case len(g.consents) == 0:
		return nil
	}
	if last := g.consents[len(g.consents)-1].Answer; last == ConsentNo || last == ConsentWithdrawn {
		return fault.New(fault.Conflict, "fault.step.answered")
	}
	return nil
}

// refused writes down what the law answered to an act that it did not permit,
// and gives the act's fault. The answer is that of a moment later; if it has
// changed meanwhile the worker asks again.
func (s *Service) refused(ctx context.Context, ag *agency.Agency, actor authz.Actor, b *belief, act string, why error) error {
	a, err := s.acts(ag, actor)
	if err != nil {
		return err
	}
	err = a.commit(ctx, "refused", held{b.adopted, b.subject}, b.again(func(batch *pgx.Batch, st *standing) error {
		r, err := a.rule(b, st, b.items)
		if err != nil {
			return err
		}
		_, err = a.record(batch, r, act)
		return err
	}))
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return err
	}
	return why
}

const sqlStepSubject = `select s.id as subject_id, s.adopted_id from step t join subject s on s.agency_id = t.agency_id and s.id = t.subject_id where t.agency_id = agency() and t.id = $1`

// NoteStep adds to a step what came of it later: the letter came back, they
// called. It changes nothing that the law is asked with, so it is always taken.
// Invalid on "why".
func (s *Service) NoteStep(ctx context.Context, actor authz.Actor, id, words string) error {
	ag, err := s.begin(ctx, actor, authz.Approach, id)
	if err != nil {
		return err
	}
	if words, err = reasons(words); err != nil {
		return err
	}
	if !agency.ValidID("st", id) {
		return notFound()
	}
	var row struct {
		SubjectID string
		AdoptedID string
	}
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.One(b, &row, sqlStepSubject, id) }); err != nil {
		return s.db.Fault(err)
	}
	p, err := s.loadPlace(ctx, actor, row.SubjectID)
	if err != nil {
		return err
	}
	a, f, err := s.actsAt(ctx, ag, actor, p)
	if err != nil {
		return err
	}
	next, err := s.nextVersion(ctx, actor, id, "after")
	if err != nil {
		return err
	}
	if _, err := a.seal(f, paper{id: id, part: "after", version: next, kind: seal.KindNote}, reasonText{Why: words}); err != nil {
		return err
	}
	return a.commit(ctx, "noteStep", held{row.AdoptedID, row.SubjectID})
}
