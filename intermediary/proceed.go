package intermediary

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/intermediary/law"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

// ProceedReasons are what the agency has to weigh before it goes on with an
// application (ISR 6(2), (3)). Each is written, if only that there is nothing.
type ProceedReasons struct {
	Applicant     string `json:"applicant"`     // welfare of the applicant
	Subject       string `json:"subject"`       // welfare of the subject
	Others        string `json:"others"`        // welfare of others who may be identified or affected
	Children      string `json:"children"`      // particular regard to those of them who are under 18
	Agency        string `json:"agency"`        // what the appropriate adoption agency thinks
	Register      string `json:"register"`      // what the Adoption Contact Register says
	Circumstances string `json:"circumstances"` // everything else
	Conclusion    string `json:"conclusion"`    // why it is appropriate or not
}

// View is what a service user thinks of a decision about them, on their own
// record (NMS 16.5).
type View struct {
	Asked bool      // they were asked
	On    time.Time // when; for nobody who was not asked
	Words string    // what they said; or why they were not asked
}

// NewProceed is the decision under ISR 6 whether it is appropriate to go on with
// an application as to one subject.
type NewProceed struct {
	Subject     string
	Appropriate bool
	Was         int // the version of the fact approp that the worker saw, 0 for none
	Reasons     ProceedReasons
	View        View
}

type proceedText struct {
	Appropriate bool           `json:"appropriate"`
	Reasons     ProceedReasons `json:"reasons"`
}

type viewText struct {
	Of    string `json:"of"`
	Asked bool   `json:"asked"`
	On    string `json:"on,omitempty"`
	Words string `json:"words"`
}

// DecideProceed decides whether it is appropriate to go on, with the reasons and
// the applicant's view. "No" stops the subject in the same act; "yes" permits
// nothing by itself: each approach asks the law. A newer decision replaces it.
//
// Invalid on the name of a factor, or on "view" or "viewOn". Conflict: a newer
// decision than the worker saw, or the case has ended.
func (s *Service) DecideProceed(ctx context.Context, actor authz.Actor, n NewProceed) error {
	ag, err := s.begin(ctx, actor, authz.StateFact, n.Subject)
	if err != nil {
		return err
	}
	if n, err = s.checkProceed(n); err != nil {
		return err
	}
	p, err := s.loadPlace(ctx, actor, n.Subject)
	if err != nil {
		return err
	}
	fact := NewFact{On: n.Subject, Name: "approp", Value: yesNo(n.Appropriate), Was: n.Was, Why: n.Reasons.Conclusion, Said: SaidOpinion}
	newest := p.newestFact(fact.Name)
	switch {
	case newest.Version == n.Was+1 && newest.WorkerID == actor.Account() && newest.Value == fact.Value:
		return nil // the second of two clicks
	case newest.Version != n.Was:
		return fault.New(fault.Conflict, "fault.casework.newerFact")
	case p.row.Over:
		return fault.New(fault.Conflict, "fault.casework.ended")
	}
	a, f, err := s.actsAt(ctx, ag, actor, p)
	if err != nil {
		return err
	}
	if err := a.proceed(f, n, fact); err != nil {
		return err
	}
	var now stateRow
	return a.commit(ctx, "decideProceed", p.held(), look{
		read:  func(b *pgx.Batch) { postgres.One(b, &now, sqlStates, n.Subject) },
		check: func(*pgx.Batch) error { return now.open() },
	})
}

// proceed seals the decision and the view and states the fact, which rests on
// both.
func (a *acting) proceed(f folder, n NewProceed, fact NewFact) error {
	version := uint64(n.Was + 1)
	if _, err := a.seal(f, paper{id: n.Subject, part: "proceed", version: version, kind: seal.KindDecision}, proceedText{n.Appropriate, n.Reasons}); err != nil {
		return err
	}
	view := viewText{Of: "proceed", Asked: n.View.Asked, Words: n.View.Words}
	if n.View.Asked {
		view.On = n.View.On.Format(time.DateOnly)
	}
	if _, err := a.seal(f, paper{id: n.Subject, part: "view", version: version, kind: seal.KindView}, view); err != nil {
		return err
	}
	return a.stateFact(f, fact, 0, 0)
}

const sqlStates = `select s.state, a.state as application_state from subject s join application a on a.agency_id = s.agency_id and a.id = s.application_id
	where s.agency_id = agency() and s.id = $1`

type stateRow struct {
	State            string
	ApplicationState string
}

// open: a decision may be made anew about somebody who was stopped, too; it is
// Resume that lets them go on.
func (r stateRow) open() error {
	if r.State == "done" || r.ApplicationState != "open" {
		return fault.New(fault.Conflict, "fault.casework.ended")
	}
	return nil
}

func (s *Service) checkProceed(n NewProceed) (NewProceed, error) {
	if prefixAbout(n.Subject) != "subject" {
		return n, notFound()
	}
	for _, f := range []struct {
		field string
		text  *string
	}{{"applicant", &n.Reasons.Applicant}, {"subject", &n.Reasons.Subject}, {"others", &n.Reasons.Others}, {"children", &n.Reasons.Children},
		{"agency", &n.Reasons.Agency}, {"register", &n.Reasons.Register}, {"circumstances", &n.Reasons.Circumstances}, {"conclusion", &n.Reasons.Conclusion}} {
		var err error
		if *f.text, err = prose.Clean(f.field, *f.text, MaxWhy); err != nil {
			return n, err
		}
		if prose.Blank(*f.text) {
			return n, fault.Field(f.field, "fault.proceed.factor")
		}
	}
	var err error
	if n.View.Words, err = prose.Clean("view", n.View.Words, MaxWhy); err != nil {
		return n, err
	}
	if prose.Blank(n.View.Words) {
		return n, fault.Field("view", "fault.proceed.view")
	}
	if n.View.Asked && (n.View.On.IsZero() || n.View.On.After(calendar.Today(s.now()).AddDate(0, 0, 1))) {
		return n, fault.Field("viewOn", "fault.consent.on")
	}
	return n, nil
}

const sqlNextVersion = `select coalesce(max(w.version), 0) + 1 as next from casework w where w.agency_id = agency() and w.id = $1 and w.part = $2`

// nextVersion is the next version of a part that nobody but its writers numbers;
// two at once get one number, and the second is a Conflict.
func (s *Service) nextVersion(ctx context.Context, actor authz.Actor, id, part string) (uint64, error) {
	var row struct{ Next uint64 }
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.One(b, &row, sqlNextVersion, id, part) })
	return row.Next, s.db.Fault(err)
}

const sqlResumeSubject = `update subject set state = 'open' where agency_id = agency() and id = $1 and state = 'stopped' returning 1`

var guardedResumeSubject = postgres.Guarded(sqlResumeSubject)

// Resume lets a subject go on who was stopped, with a manager's reasons: after a
// veto was withdrawn, say. Nothing restarts by itself. It is refused while the
// law would stop it at once.
//
// Invalid on "why". Conflict: not stopped, the case has ended, or the law still
// forbids it.
func (s *Service) Resume(ctx context.Context, actor authz.Actor, subject, why string) error {
	ag, err := s.begin(ctx, actor, authz.EndStop, subject)
	if err != nil {
		return err
	}
	if why, err = reasons(why); err != nil {
		return err
	}
	if prefixAbout(subject) != "subject" {
		return notFound()
	}
	b, err := s.believe(ctx, ag, actor, subject)
	if err != nil {
		return err
	}
	a, err := s.acts(ag, actor)
	if err != nil {
		return err
	}
	head, _ := b.head(subject)
	if head.State != "open" || head.SubjectState != "stopped" {
		return fault.New(fault.Conflict, "fault.casework.notStopped")
	}
	next, err := s.nextVersion(ctx, actor, subject, "resume")
	if err != nil {
		return err
	}
	f := folder{of: head.ApplicationID, application: head.ApplicationID, node: b.node}
	if _, err := a.seal(f, paper{id: subject, part: "resume", version: next, kind: seal.KindDecision}, reasonText{Why: why}); err != nil {
		return err
	}
	return a.commit(ctx, "resume", held{b.adopted, subject}, b.again(func(batch *pgx.Batch, st *standing) error {
		r, err := a.rule(b, st, nil)
		if err != nil {
			return err
		}
		if r.forbids() {
			return r.forbidden()
		}
		batch.Queue(guardedResumeSubject, subject)
		_, err = a.record(batch, r, "proceed")
		return err
	}))
}

// leave is the law's leave to go on with the application in this transaction:
// looking for the subject, and approaching them. It writes the answer down under
// the act's name and gives the evaluation's id. Conflict without leave.
func (a *acting) leave(batch *pgx.Batch, b *belief, st *standing, act string) (string, error) {
	r, err := a.rule(b, st, nil)
	if err != nil {
		return "", err
	}
	if r.finding.Outcome() != law.OutcomeProceed || !r.permit.For(law.Proceed(), r.of) || st.closed(b.subject) {
		return "", fault.Wrap(fault.Conflict, "fault.casework.askAgain", errRefused)
	}
	return a.record(batch, r, act)
}

// touching is the law's leave to bring a subject what they did not ask for: an
// invitation to a file, a letter. Before the first approach it is the leave to
// approach; after it, and under the Act of 2002, whose agency approaches for its
// own duty once the applicant is met and known and it has decided that it is
// right, nothing may forbid to go on. An answer about a veto that nobody has read
// forbids it. Conflict without leave.
func (a *acting) touching(b *belief) look {
	return b.again(func(batch *pgx.Batch, st *standing) error {
		r, err := a.rule(b, st, nil)
		if err != nil {
			return err
		}
		own := r.order() == "post" && r.met() != "no" && r.idVerified() == "yes" && r.aboutSubject("approp", "undecided") == "yes"
		begun := r.head.Approached || own || r.finding.Outcome() == law.OutcomeProceed
		if r.forbids() || r.pair() != "AP>REL" && r.unread() || len(r.stops) > 0 || st.closed(b.subject) || !begun {
			return fault.Wrap(fault.Conflict, "fault.casework.askAgain", errRefused)
		}
		_, err = a.record(batch, r, "proceed")
		return err
	})
}

// closed tells whether the subject's case is open no more.
func (st *standing) closed(subject string) bool {
	h, ok := st.head(subject)
	return !ok || h.State != "open" || h.SubjectState != "open"
}
