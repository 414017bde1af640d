package intermediary

import (
	"context"
	"slices"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/prose"
)

// AdoptedAnswers lists what an adopted person may say of an application about
// their family, in the order of the page (ISR 5A). It is never the consent of
// whoever is looked for.
func AdoptedAnswers() []string { return []string{"given", "refused", "withdrawn", "noReply"} }

// AdoptedAnswer is what the adopted person said of an application going on.
type AdoptedAnswer struct {
	Application ApplicationID
	Answer      string // of AdoptedAnswers
	Asked       string // ak…: when they were asked, or came
	Was         int    // the version of the fact apConsent that the worker saw, 0 for none
	Talk        ConsentTalk
}

// AskAdopted records that the adopted person is asked whether an application may go
// on in which they are neither applicant nor subject. They are asked only where
// nothing but their word is missing: the law answers by row a27 in the same
// transaction, so that a veto, a stop or an earlier no comes first, whoever signed
// what. That they came by themselves (AskedTheirs) is always taken.
//
// Invalid on "outcome", "way", "script" or "words". NotFound: no such subject.
// Conflict: the law does not let them be asked now (Ask says why), or the case has
// ended.
func (s *Service) AskAdopted(ctx context.Context, actor authz.Actor, n NewAsking) error {
	ag, err := s.begin(ctx, actor, authz.Approach, n.Of)
	if err != nil {
		return err
	}
	if n, err = checkAsking(n); err != nil {
		return err
	}
	if prefixAbout(n.Of) != "subject" {
		return notFound()
	}
	return s.ask(ctx, ag, actor, asking{NewAsking: n, what: askedConsent, subject: n.Of})
}

// RecordAdoptedConsent states what the adopted person said (the fact apConsent),
// which rests on their having been asked or having come. A yes is written, with the
// day and who explained it, and counts once a second worker has agreed; a no and a
// withdrawal count at once and stop what has to stop. Silence is that of somebody
// who was asked.
//
// Invalid on "answer", "asked", "explainedBy", "on", "written" or "words". Conflict:
// a newer answer than the worker saw, or the case has ended.
func (s *Service) RecordAdoptedConsent(ctx context.Context, actor authz.Actor, n AdoptedAnswer) error {
	ag, err := s.begin(ctx, actor, authz.Approach, string(n.Application))
	if err != nil {
		return err
	}
	if prefixAbout(string(n.Application)) != "application" {
		return notFound()
	}
	if !slices.Contains(AdoptedAnswers(), n.Answer) {
		return fault.Field("answer", "fault.casework.value")
	}
	if n.Talk, err = s.checkSaid(n.Talk, n.Answer == "given"); err != nil {
		return err
	}
	p, err := s.loadPlace(ctx, actor, string(n.Application))
	if err != nil {
		return err
	}
	on, err := s.rests(ctx, ag, actor, string(n.Application), n.Asked, func(a Asked) bool { return a.Consent && !(n.Answer == "noReply" && a.Theirs) })
	if err != nil {
		return err
	}
	f, err := s.folder(ctx, ag, p)
	if err != nil {
		return err
	}
	fact := NewFact{On: string(n.Application), Name: "apConsent", Value: n.Answer, Was: n.Was, Why: n.Talk.Words, Evidence: n.Talk.Evidence, Said: SaidThirdParty,
		asked: on, talk: &n.Talk}
	a, err := s.acts(ag, actor)
	if err != nil {
		return err
	}
	if done, err := p.stateSaid(a, f, fact); done || err != nil {
		return err
	}
	return a.commit(ctx, "adoptedConsent", p.held())
}

// checkSaid cleans how an answer came about; a yes has to be written and explained.
func (s *Service) checkSaid(t ConsentTalk, yes bool) (ConsentTalk, error) {
	t, err := s.checkTalk(t)
	switch {
	case err != nil:
		return t, err
	case prose.Blank(t.Words):
		return t, fault.Field("words", "fault.casework.why")
	case yes && prose.Blank(t.ExplainedBy):
		return t, fault.Field("explainedBy", "fault.consent.explained")
	case yes && !t.Written:
		return t, fault.Field("written", "fault.consent.written")
	}
	return t, nil
}

// stateSaid states somebody's own word as the next version of a fact. A no is taken
// at any time; done is the second of two clicks.
func (p *place) stateSaid(a *acting, f folder, n NewFact) (done bool, err error) {
	newest := p.newestFact(n.Name)
	protects := n.Value == "refused" || n.Value == "withdrawn" || n.Value == "object"
	switch {
	case newest.Version == n.Was+1 && newest.WorkerID == a.actor.Account() && newest.Value == n.Value && newest.Confirms == 0:
		return true, nil
	case newest.Version != n.Was:
		return false, fault.New(fault.Conflict, "fault.casework.newerFact")
	case p.row.Over && !protects:
		return false, fault.New(fault.Conflict, "fault.casework.ended")
	}
	return false, a.stateFact(f, n, 0, 0)
}
