package intermediary

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// Exchanges opens exchanges of letters. letterbox.Service is one. people are
// those of each side; called is what each is called by the other; named are the
// workers who will read the letters. What it gives is read and written by the
// caller's transaction, which appends the statements that write gives.
type Exchanges interface {
	PrepareMediated(ctx context.Context, actor authz.Actor, id string, people [2][]string, called [2]string, named []string) (
		read func(*pgx.Batch), write func(*pgx.Batch) ([][]byte, error), err error)
}

// WithExchanges is the same service with somebody to open exchanges. One without
// opens none.
func (s *Service) WithExchanges(x Exchanges) *Service {
	other := *s
	other.exchanges = x
	return &other
}

// NewContact is contact by letters through the agency, between the applicant and
// a subject who agreed to it.
type NewContact struct {
	Exchange string    // ex…, made with the page (NewContactID), so that two clicks are one
	Subject  string    // sb…
	Called   [2]string // what the subject calls the applicant, and the applicant the subject: first names
	Named    []string  // the workers who read the letters, two at least
	Code     string    // a fresh one-time code of the worker
}

// NewContactID chooses the id of an exchange that is about to be opened.
func NewContactID() string { return agency.NewID("ex") }

// contactText is what is sealed of a contact; the row repeats the exchange.
type contactText struct {
	Exchange string   `json:"exchange"`
	Named    []string `json:"named"`
}

const (
	sqlInsertMediated = `insert into mediated (agency_id, exchange_id, application_id, adopted_id, subject_id, evaluation_id, worker_id, at, leaf)
		values (agency(), @exchange, @application, @adopted, @subject, @evaluation, account(), @at, @leaf)`
	sqlMediatedByMe = `select m.exchange_id as id from mediated m where m.agency_id = agency() and m.exchange_id = $1 and m.subject_id = $2 and m.worker_id = account()`
	// Who of those named knows the family: they look for this adopted person, or are looked for, in any case, or somebody said so.
	sqlNamedParties = `select w.id from worker w where w.agency_id = agency() and w.id = any($2::text[]) and exists (select from party p
		join application a on a.agency_id = p.agency_id and a.id = p.application_id where p.agency_id = w.agency_id and p.person_id = w.person_id and a.adopted_id = $1)
		union select c.worker_id from case_connection c where c.agency_id = agency() and c.adopted_id = $1 and c.worker_id = any($2::text[])`
)

// OpenContact opens an exchange of letters between the applicant and a subject.
// The newest answer of the subject agrees to letters, and the law is asked in the
// same transaction and lets the application go on. A veto, a stop, a withdrawal
// later stops the letters in its own transaction; nothing is passed on or opened
// from then. The actor works for the letterbox as well. It needs a fresh one-time
// code. The same exchange by the same worker again is the one that is there.
//
// Invalid on "named", "called" or "code". Conflict: no consent to letters, one
// side has no account yet, the law does not permit it now, or there is contact
// already.
func (s *Service) OpenContact(ctx context.Context, actor authz.Actor, n NewContact) error {
	ag, err := s.begin(ctx, actor, authz.Approach, n.Subject)
	if err != nil {
		return err
	}
	if !agency.ValidID("ex", n.Exchange) || prefixAbout(n.Subject) != "subject" {
		return notFound()
	}
	if s.exchanges == nil {
		return fault.New(fault.Forbidden, "fault.forbidden")
	}
	b, err := s.believe(ctx, ag, actor, n.Subject)
	if err != nil {
		return err
	}
	people, done, err := s.whoMeets(ctx, ag, actor, b, n)
	if err != nil || done {
		return err
	}
	read, write, err := s.exchanges.PrepareMediated(ctx, actor, n.Exchange, people, n.Called, n.Named)
	if err != nil {
		return err
	}
	keep, err := s.freshCode(ctx, actor, n.Code)
	if err != nil {
		return err
	}
	a, err := s.acts(ag, actor)
	if err != nil {
		return err
	}
	a.then(keep)
	head, _ := b.head(n.Subject)
	f := folder{of: head.ApplicationID, application: head.ApplicationID, node: b.node}
	version, err := s.nextVersion(ctx, actor, n.Subject, "contact")
	if err != nil {
		return err
	}
	leaf, err := a.seal(f, paper{id: n.Subject, part: "contact", version: version, kind: seal.KindDecision}, contactText{n.Exchange, n.Named})
	if err != nil {
		return err
	}
	opens := look{read: read, check: func(batch *pgx.Batch) error {
		bodies, err := write(batch)
		audit.Append(batch, bodies...)
		return err
	}}
	return a.commit(ctx, "openContact", held{b.adopted, n.Subject}, opens, b.again(func(batch *pgx.Batch, st *standing) error {
		evaluation, err := a.leave(batch, b, st, "proceed")
		if err != nil {
			return err
		}
		batch.Queue(sqlInsertMediated, pgx.StrictNamedArgs{"exchange": n.Exchange, "application": head.ApplicationID, "adopted": b.adopted,
			"subject": n.Subject, "evaluation": evaluation, "at": a.moment, "leaf": leaf[:]})
		return nil
	}))
}

// whoMeets lists the people of both files, each by a worker's statement, and
// tells whether this contact is there already.
func (s *Service) whoMeets(ctx context.Context, ag *agency.Agency, actor authz.Actor, b *belief, n NewContact) (people [2][]string, done bool, err error) {
	head, _ := b.head(n.Subject)
	var parties []partyRow
	var there, theirs []struct{ ID string }
	err = s.db.Read(ctx, scope(actor), func(batch *pgx.Batch) {
		postgres.Many(batch, &parties, sqlParties, head.ApplicationID)
		postgres.Many(batch, &there, sqlMediatedByMe, n.Exchange, n.Subject)
		postgres.Many(batch, &theirs, sqlNamedParties, b.adopted, n.Named)
	})
	if err != nil {
		return people, false, s.db.Fault(fmt.Errorf("load who meets: %w", err))
	}
	if len(there) > 0 {
		return people, true, nil
	}
	if len(theirs) > 0 {
		return people, false, fault.Field("named", "fault.exchange.notToName")
	}
	for _, p := range parties {
		if p.File != head.ApplicationID && p.File != n.Subject {
			continue
		}
		if err := s.checkParty(ctx, ag, p); err != nil {
			return people, false, s.unstated(ctx, ag, p.File, err)
		}
		side := 0
		if p.File == n.Subject {
			side = 1
		}
		people[side] = append(people[side], p.PersonID)
	}
	switch {
	case !b.agreesToLetters():
		return people, false, fault.New(fault.Conflict, "fault.contact.consent")
	case len(people[0]) == 0 || len(people[1]) == 0:
		return people, false, fault.New(fault.Conflict, "fault.contact.account")
	}
	return people, false, nil
}

// agreesToLetters tells whether the newest answer of the subject, as it was
// signed, agrees to letters.
func (b *belief) agreesToLetters() bool {
	var newest standingConsent
	for _, c := range b.consents {
		if c.SubjectID == b.subject && c.Version > newest.Version {
			newest = c
		}
	}
	return len(newest.Leaf) == len([32]byte{}) && !b.doubted.leaves[[32]byte(newest.Leaf)] && agrees(newest.Answer) && slices.Contains(newest.Scope, "letters")
}
