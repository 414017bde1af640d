package intermediary

import (
	"context"
	"slices"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
)

// ViewAnswers lists what somebody may say of protected information about them
// being given, in the order of the page (ACA 61(3), 62(3)). That they died, cannot
// decide or were not found is no word of theirs, and a fact like any other.
func ViewAnswers() []string { return []string{"agree", "object", "none"} }

// ViewAnswer is what somebody said of it. none is silence.
type ViewAnswer struct {
	Subject  string
	Answer   string // of ViewAnswers
	Asked    string // ak…: when they were asked, or came
	Was      int    // the version of the fact expressed that the worker saw, 0 for none
	WasViews int    // and of the fact views
	Talk     ConsentTalk
}

// AskViews records that somebody is asked what they think of an item about them
// being given to the applicant. They are asked only where nothing but their view is
// missing: table 8f answers by row f18 in the same transaction, so the applicant was
// met, the application is in writing, and somebody has decided that it is right to
// go on. They are told neither who applies nor that anything will be given. That they
// came by themselves (AskedTheirs) is always taken.
//
// Invalid on "outcome", "way", "script" or "words". NotFound: no such item.
// Conflict: the law does not let them be asked now (Ask says why), or the case has
// ended.
func (s *Service) AskViews(ctx context.Context, actor authz.Actor, n NewAsking) error {
	ag, err := s.begin(ctx, actor, authz.Approach, n.Of)
	if err != nil {
		return err
	}
	if n, err = checkAsking(n); err != nil {
		return err
	}
	if prefixAbout(n.Of) != "item" {
		return notFound()
	}
	subject, items, err := s.askedAbout(ctx, actor, n.Of)
	if err != nil {
		return err
	}
	return s.ask(ctx, ag, actor, asking{NewAsking: n, what: askedViews, subject: subject, items: items})
}

// RecordViews states what somebody thinks (the facts expressed, and that their views
// were sought), which rests on their having been asked or having come.
//
// Invalid on "answer", "asked", "on" or "words". Conflict: a newer answer than the
// worker saw, or the case has ended.
func (s *Service) RecordViews(ctx context.Context, actor authz.Actor, n ViewAnswer) error {
	ag, err := s.begin(ctx, actor, authz.Approach, n.Subject)
	if err != nil {
		return err
	}
	if prefixAbout(n.Subject) != "subject" {
		return notFound()
	}
	if !slices.Contains(ViewAnswers(), n.Answer) {
		return fault.Field("answer", "fault.casework.value")
	}
	if n.Talk, err = s.checkSaid(n.Talk, false); err != nil {
		return err
	}
	p, err := s.loadPlace(ctx, actor, n.Subject)
	if err != nil {
		return err
	}
	on, err := s.rests(ctx, ag, actor, p.row.ApplicationID, n.Asked, func(a Asked) bool {
		return !a.Consent && a.Subject == n.Subject && !(n.Answer == "none" && a.Theirs)
	})
	if err != nil {
		return err
	}
	a, f, err := s.actsAt(ctx, ag, actor, p)
	if err != nil {
		return err
	}
	fact := NewFact{On: n.Subject, Name: "expressed", Value: n.Answer, Was: n.Was, Why: n.Talk.Words, Evidence: n.Talk.Evidence, Said: SaidThirdParty, asked: on, talk: &n.Talk}
	if done, err := p.stateSaid(a, f, fact); done || err != nil {
		return err
	}
	if views := p.newestFact("views"); views.Version != n.WasViews {
		return fault.New(fault.Conflict, "fault.casework.newerFact")
	} else if views.Value != "yes" {
		if err := a.stateFact(f, NewFact{On: n.Subject, Name: "views", Value: "yes", Was: n.WasViews, Why: n.Talk.Words, Said: SaidFact}, 0, 0); err != nil {
			return err
		}
	}
	return a.commit(ctx, "views", p.held())
}
