package intermediary

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

// What a subject may answer. Silence is an answer that permits nothing; so is
// one that will come later.
const (
	ConsentYes           = "yes"
	ConsentLettersOnly   = "lettersOnly"
	ConsentOnlyThroughUs = "onlyThroughUs"
	ConsentNotNow        = "notNow"
	ConsentNo            = "no"
	ConsentWithdrawn     = "withdrawn"
	ConsentNoReply       = "noReply"
)

// ConsentAnswers lists every answer, in the order of the page.
func ConsentAnswers() []string {
	return []string{ConsentYes, ConsentLettersOnly, ConsentOnlyThroughUs, ConsentNotNow, ConsentNo, ConsentWithdrawn, ConsentNoReply}
}

// ConsentScope lists the kinds of thing that a subject may agree to, one by one.
// The database has the same list.
func ConsentScope() []string {
	return []string{"name", "address", "phone", "email", "photo", "occupation", "relationship", "medical", "background", "letters"}
}

// direct are the kinds by which somebody could be reached without us: who wants
// letters only, or only through us, has not agreed to them.
func direct(kind string) bool { return slices.Contains([]string{"address", "phone", "email"}, kind) }

// agrees tells whether an answer can let anything be given.
func agrees(answer string) bool {
	return answer == ConsentYes || answer == ConsentLettersOnly || answer == ConsentOnlyThroughUs
}

// ConsentTalk is how a subject came to their answer (ISR 7(3)): who explained
// what it means, when, and what there is in writing.
type ConsentTalk struct {
	ExplainedBy string    // a name; never empty where something is agreed to
	On          time.Time // the day of the answer, in London
	Written     bool      // signed by the subject themselves
	Words       string    // what they said, as nearly as it can be told
	Evidence    []string  // what there is on paper, a line each
}

// NewConsent is a subject's own answer as a worker records it. It is never the
// adopted person's consent to an application proceeding, which is a fact.
type NewConsent struct {
	Subject string
	Answer  string   // of ConsentAnswers
	Scope   []string // of ConsentScope; what exactly is agreed to, empty for an answer that agrees to nothing
	Was     int      // the version that the worker saw, 0 for none
	Talk    ConsentTalk
}

// consentText is what is sealed of a consent; the row repeats answer and scope.
type consentText struct {
	Answer      string   `json:"answer"`
	Scope       []string `json:"scope,omitempty"`
	ExplainedBy string   `json:"explainedBy,omitempty"`
	On          string   `json:"on"`
	Written     bool     `json:"written"`
	Words       string   `json:"words,omitempty"`
	Evidence    []string `json:"evidence,omitempty"`
}

const (
	sqlInsertConsent = `insert into consent (agency_id, subject_id, version, answer, scope, worker_id, at, leaf)
		values (agency(), @subject, @version, @answer, @scope, account(), @at, @leaf)`
	sqlConsentsOf = `select c.version, c.answer, c.worker_id, s.state, a.state as application_state from subject s
		join application a on a.agency_id = s.agency_id and a.id = s.application_id
		left join consent c on c.agency_id = s.agency_id and c.subject_id = s.id
		where s.agency_id = agency() and s.id = $1 order by c.version desc nulls last`
)

// consentState is what an answer is held against, under the gate rows' lock.
type consentState struct {
	Version          *int
	Answer           *string
	WorkerID         *string
	State            string
	ApplicationState string
}

// RecordConsent records what a subject said about being known to the applicant.
// A refusal, a "not now" and a withdrawal are taken at any time, also when the
// case has ended; what agrees to something only in an open case, written, with
// the day, who explained it, and each kind of thing that is agreed to, of somebody
// who is known to live and to be able to decide (the fact subjectVital). No reply
// stands only where they have never answered: silence takes nothing back.
//
// Invalid on "answer", "scope", "explainedBy", "on", "written" or "words".
// Conflict: a newer answer than the worker saw, the case has ended, or they have
// answered before.
func (s *Service) RecordConsent(ctx context.Context, actor authz.Actor, n NewConsent) error {
	ag, err := s.begin(ctx, actor, authz.Approach, n.Subject)
	if err != nil {
		return err
	}
	if n, err = s.checkConsent(n); err != nil {
		return err
	}
	p, err := s.loadPlace(ctx, actor, n.Subject)
	if err != nil {
		return err
	}
	a, f, err := s.actsAt(ctx, ag, actor, p)
	if err != nil {
		return err
	}
	text := consentText{Answer: n.Answer, Scope: n.Scope, ExplainedBy: n.Talk.ExplainedBy, On: n.Talk.On.Format(time.DateOnly), Written: n.Talk.Written,
		Words: n.Talk.Words, Evidence: n.Talk.Evidence}
	leaf, err := a.seal(f, paper{id: n.Subject, part: "consent", version: uint64(n.Was + 1), kind: seal.KindConsent}, text)
	if err != nil {
		return err
	}
	a.write(sqlInsertConsent, pgx.StrictNamedArgs{"subject": n.Subject, "version": n.Was + 1, "answer": n.Answer, "scope": n.Scope,
		"at": a.moment, "leaf": leaf[:]})
	a.changes(func(st *standing) {
		st.consents = append(st.consents, standingConsent{SubjectID: n.Subject,
			gateConsent: gateConsent{Version: uint64(n.Was + 1), Answer: n.Answer, Scope: n.Scope, At: a.moment, Leaf: leaf[:], Place: newestPlace}})
	})
	var now []consentState
	var facts []factRow
	return a.commit(ctx, "consent", p.held(), look{
		read: func(b *pgx.Batch) {
			postgres.Many(b, &now, sqlConsentsOf, n.Subject)
			postgres.Many(b, &facts, sqlFactsOn, n.Subject)
		},
		check: func(*pgx.Batch) error {
			if agrees(n.Answer) && !lives(facts) {
				return fault.Field("answer", "fault.consent.living")
			}
			return mayAnswer(n, now)
		},
	})
}

// lives tells whether the facts about a subject say that they live and can
// decide: nobody else agrees to anything.
func lives(facts []factRow) bool {
	var versions []factRow
	for _, f := range facts {
		if f.Name == "subjectVital" {
			versions = append(versions, f) // the newest first
		}
	}
	counts, after := counting(versions)
	return counts != nil && counts.Value == "living" && len(after) == 0
}

// mayAnswer holds an answer to those before it.
func mayAnswer(n NewConsent, now []consentState) error {
	switch {
	case len(now) == 0:
		return notFound()
	case now[0].Version == nil && n.Was != 0, now[0].Version != nil && *now[0].Version != n.Was:
		return fault.New(fault.Conflict, "fault.casework.newerFact")
	case agrees(n.Answer) && (now[0].State != "open" || now[0].ApplicationState != "open"):
		return fault.New(fault.Conflict, "fault.casework.ended")
	case n.Answer == ConsentNoReply && slices.ContainsFunc(now, func(c consentState) bool { return c.Answer != nil && *c.Answer != ConsentNoReply }):
		return fault.Field("answer", "fault.consent.answered")
	}
	return nil
}

// checkConsent cleans an answer and holds it to the lists.
func (s *Service) checkConsent(n NewConsent) (NewConsent, error) {
	if prefixAbout(n.Subject) != "subject" {
		return n, notFound()
	}
	if !slices.Contains(ConsentAnswers(), n.Answer) {
		return n, fault.Field("answer", "fault.consent.answer")
	}
	n.Scope = slices.Compact(slices.Sorted(slices.Values(n.Scope)))
	known := !slices.ContainsFunc(n.Scope, func(k string) bool { return !slices.Contains(ConsentScope(), k) })
	if !known || agrees(n.Answer) != (len(n.Scope) > 0) {
		return n, fault.Field("scope", "fault.consent.scope")
	}
	if n.Answer != ConsentYes && slices.ContainsFunc(n.Scope, direct) {
		return n, fault.Field("scope", "fault.consent.direct")
	}
	if n.Scope == nil {
		n.Scope = []string{}
	}
	var err error
	if n.Talk, err = s.checkTalk(n.Talk); err != nil {
		return n, err
	}
	switch {
	case agrees(n.Answer) && prose.Blank(n.Talk.ExplainedBy):
		return n, fault.Field("explainedBy", "fault.consent.explained")
	case agrees(n.Answer) && !n.Talk.Written:
		return n, fault.Field("written", "fault.consent.written")
	}
	return n, nil
}

func (s *Service) checkTalk(t ConsentTalk) (ConsentTalk, error) {
	if t.On.IsZero() || t.On.After(calendar.Today(s.now()).AddDate(0, 0, 1)) {
		return t, fault.Field("on", "fault.consent.on")
	}
	var err error
	if t.ExplainedBy, err = prose.Line("explainedBy", t.ExplainedBy); err != nil {
		return t, err
	}
	if t.Words, err = prose.Clean("words", t.Words, MaxWhy); err != nil {
		return t, err
	}
	t.Evidence, err = cleanLines("evidence", t.Evidence)
	return t, err
}

// cleanLines cleans a list of lines and drops the empty ones.
func cleanLines(field string, lines []string) ([]string, error) {
	if len(lines) > MaxEvidence {
		return nil, fault.Field(field, "fault.casework.evidence")
	}
	var list []string
	for _, line := range lines {
		line, err := prose.Line(field, line)
		if err != nil {
			return nil, err
		}
		if !prose.Blank(line) {
			list = append(list, line)
		}
	}
	return list, nil
}
