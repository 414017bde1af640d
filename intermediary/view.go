package intermediary

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// Case is an application as its workers see it.
type Case struct {
	ID        ApplicationID
	Reference string // IS-XXXXX
	Pair      string
	State     string // open, stopped, closed
	Told      string // what the applicant is told: inProgress, ended
	HearBy    time.Time
	Late      bool // that day is past
	OpenedOn  time.Time
	EndedOn   time.Time // zero while it is open

	Adopted   Person // the record; "" in ID never
	Applicant Person
	Subjects  []Person
	Items     []Fact // facts about items, which belong to a subject
	Endings   []Ended
	Letters   []CaseLetter
	// Unread: what the rows say of this case is not what was stated, or its own
	// object does not open. Nothing of it is shown, and the operator was told.
	Unread bool
}

// Person is an adopted person, an applicant or a subject of a case.
type Person struct {
	ID          string // ad…, ap…, sb…
	State       string // of a subject: open, stopped, done; "" for the others
	Particulars Particulars
	Version     int // of the particulars
	Facts       []Fact
	Parties     []Party  // of their file; the adopted person's record has none
	Contact     *Contact // of a subject: letters with the applicant; nil for none
	Unread      bool     // the particulars do not open: a notice in their place
}

// Ended is one ending or reopening of a case.
type Ended struct {
	State   string // stopped, closed, open
	Reasons string
	By      string // a worker's name; "" where the directory does not open
	At      time.Time
}

// CaseLetter is a letter of the agency in somebody's file.
type CaseLetter struct {
	ID     string // cm…
	File   string
	Text   string
	By     string
	At     time.Time
	Unread bool
}

// CaseLine is a case in the list.
type CaseLine struct {
	ID        ApplicationID
	Reference string
	Pair      string
	State     string
	Applicant string // their name; "" where this worker holds no key or it does not open
	HearBy    time.Time
	Late      bool
	OpenedOn  time.Time
	EndedOn   time.Time // zero while it is open
	Second    int       // facts that wait for a second worker
	Messages  int       // messages of parties that nobody has answered
	Overdue   int       // enquiries past their day
	Stopped   bool      // somebody asked for protection, and it is not settled
	Connected bool      // the worker knows somebody in it, and sees nothing more of it
}

// ListedCases is one page of the list.
type ListedCases struct {
	Cases []CaseLine
	More  bool // there is another page
}

// CasesShown is how many cases a page of the list has.
const CasesShown = 50

type applicationRow struct {
	ID        string
	AdoptedID string
	Pair      string
	Reference string
	State     string
	Told      string
	HearBy    time.Time
	OpenedOn  time.Time
	EndedOn   *time.Time
}

type caseSubjectRow struct{ ID, State string }

const (
	sqlApplication = `select a.id, a.adopted_id, a.pair, a.reference, a.state, a.told, a.hear_by, a.opened_on, a.ended_on
		from application a where a.agency_id = agency() and a.id = $1`
	sqlSubjects = `select s.id, s.state from subject s where s.agency_id = agency() and s.application_id = $1 order by s.id`
	// What everything of an application is about: itself, the adopted person, its subjects and items.
	caseIDs = `(select a.id::text from application a where a.agency_id = agency() and a.id = $1
		union all select a.adopted_id from application a where a.agency_id = agency() and a.id = $1
		union all select s.id from subject s where s.agency_id = agency() and s.application_id = $1
		union all select i.id from item i where i.agency_id = agency() and i.application_id = $1)`
	sqlCaseFacts = `select ` + sqlFactColumns + ` from fact f where f.agency_id = agency() and f.on_id = any(array` + caseIDs + `)
		order by f.on_id, f.name, f.version desc`
	// The sealed texts that a case's page shows, the newest of the particulars and every version of the rest.
	sqlCaseWork = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency()
			and (w.id = any(array` + caseIDs + `) and (w.kind = 'fact' or w.kind = 'particulars' and not exists (select from casework n
					where n.agency_id = w.agency_id and n.id = w.id and n.part = w.part and n.version > w.version))
				or w.application_id = $1 and (w.kind = 'letter' or w.part = 'ending'))
		order by w.id, w.part, w.version desc`
	sqlCaseWorkers = `select r.book, r.id, r.epoch, r.name, ''::bytea as details from directory r where r.agency_id = agency() and r.book = 'staff'
		and (r.id = any(array(select f.worker_id from fact f where f.agency_id = agency() and f.on_id = any(array` + caseIDs + `)
			union select substr(w.from_node, 8) from casework w where w.agency_id = agency() and w.application_id = $1 and (w.kind = 'letter' or w.part = 'ending')))
			or exists (select from mediated m where m.agency_id = agency() and m.application_id = $1))` // who was named is sealed

	listed = ` from application a where a.agency_id = agency() and ($1 = '' or a.reference = $1) and (a.state = 'open') = $2
		order by a.hear_by, a.opened_on, a.id limit $3 offset $4`
	sqlListed = `select a.id, a.adopted_id, a.pair, a.reference, a.state, a.told, a.hear_by, a.opened_on, a.ended_on, connected(a.adopted_id) as connected,
			(select count(*) from fact f join fact_value v on v.about = f.about and v.name = f.name and v.value = f.value
				where f.agency_id = a.agency_id and v.two and f.confirms is null
				and (f.on_id in (a.id, a.adopted_id) or f.on_id in (select s.id from subject s where s.agency_id = a.agency_id and s.application_id = a.id)
					or f.on_id in (select i.id from item i where i.agency_id = a.agency_id and i.application_id = a.id))
				and not exists (select from fact n where n.agency_id = f.agency_id and n.on_id = f.on_id and n.name = f.name and n.version > f.version))::int as second,
			(select count(*) from case_message m where m.agency_id = a.agency_id and m.application_id = a.id and m.by_worker is null and m.answered_on is null)::int as messages,
			(select count(*) from enquiry e where e.agency_id = a.agency_id and e.application_id = a.id and e.state = 'asked' and e.due_on < $5)::int as overdue,
			exists (select from stop p where p.agency_id = a.agency_id and p.adopted_id = a.adopted_id and p.ended_by is null) as stopped` + listed
	listedIDs      = `(select a.id` + listed + `)`
	sqlListedNodes = `select ` + sqlNodeColumns + ` from node n where n.agency_id = agency() and n.key_leaf is not null
		and n.id = any(array(select 'case/' || l.id from ` + listedIDs + ` l)) order by n.id, n.epoch desc`
	sqlListedGrants = `select g.child, g.child_epoch, g.parent, g.parent_epoch, g.sealed from ring_grant_staff g where g.agency_id = agency() and g.parent <> 'archive'
		and g.child = any(array(select 'case/' || l.id from ` + listedIDs + ` l))`
	sqlListedWork = `select distinct on (w.id) ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.kind = 'particulars' and w.part = 'particulars'
		and w.id = any(array` + listedIDs + `) order by w.id, w.version desc`
)

// caseRows is everything that a case's page is made of, as the database has it.
type caseRows struct {
	application applicationRow
	subjects    []caseSubjectRow
	facts       []factRow
	work        []workRow
	parties     []partyRow
	workers     []agency.RecordRow
	contacts    []contactRow
	contactWork []workRow
	keyRows
}

// loadCase reads a case in one trip, and opens nothing.
func (s *Service) loadCase(ctx context.Context, actor authz.Actor, id ApplicationID) (*caseRows, error) {
	if !agency.ValidID("ap", string(id)) {
		return nil, notFound()
	}
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return nil, err
	}
	r := &caseRows{}
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &r.application, sqlApplication, string(id))
		postgres.Many(b, &r.subjects, sqlSubjects, string(id))
		postgres.Many(b, &r.facts, sqlCaseFacts, string(id))
		postgres.Many(b, &r.work, sqlCaseWork, string(id))
		postgres.Many(b, &r.parties, sqlParties, string(id))
		postgres.Many(b, &r.workers, sqlCaseWorkers, string(id))
		postgres.Many(b, &r.contacts, sqlContacts, string(id))
		postgres.Many(b, &r.contactWork, sqlContactWork, string(id))
		postgres.Many(b, &r.nodes, sqlCaseNodes, string(id))
		postgres.Many(b, &r.grants, sqlCaseGrants, string(id))
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load case %s: %w", id, err))
	}
	return r, nil
}

// find gives the row of a part of something; nil for none.
func (r *caseRows) find(id, part string, kind seal.Kind) *workRow {
	i := slices.IndexFunc(r.work, func(w workRow) bool { return w.ID == id && w.Part == part && w.Kind == string(kind) })
	if i < 0 {
		return nil
	}
	return &r.work[i]
}

// logAccess states that a worker opens something of a case, before it is opened.
// what is the page: "page", "messages".
func (s *Service) logAccess(ctx context.Context, ag *agency.Agency, actor authz.Actor, object, part, exchange string) error {
	signer, err := actor.Keys().Signer()
	if err != nil {
		return fmt.Errorf("sign a reading: %w", err)
	}
	body, err := ag.State(statement.Statement{Event: statement.EventAccess, Object: object, Part: part, Version: 1, Exchange: exchange,
		From: "worker/" + actor.Account(), At: hour(s.now())}, "", signer)
	if err != nil {
		return err
	}
	return s.db.Fault(s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		audit.Append(b, body)
		return nil
	}))
}

// Case opens a case for its page. The reading is in the log before anything is
// opened. What does not open, or differs from what was signed, is marked Unread,
// and the operator is told. NotFound: no such case. Forbidden: the actor is a
// party of it or knows somebody there, or holds no key of it.
func (s *Service) Case(ctx context.Context, actor authz.Actor, id ApplicationID) (*Case, error) {
	ag, err := s.begin(ctx, actor, authz.SeeCase, string(id))
	if err != nil {
		return nil, err
	}
	rows, err := s.loadCase(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	if err := s.logAccess(ctx, ag, actor, string(id), "page", string(id)); err != nil {
		return nil, err
	}
	return s.openedCase(ctx, ag, actor, rows)
}

// openedCase opens what was loaded, after its reading was logged.
func (s *Service) openedCase(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows *caseRows) (*Case, error) {
	a := rows.application
	c := &Case{ID: ApplicationID(a.ID), Reference: a.Reference, Pair: a.Pair, State: a.State, Told: a.Told, HearBy: a.HearBy, OpenedOn: a.OpenedOn,
		Late: a.State == "open" && calendar.Today(s.now()).After(a.HearBy)}
	if a.EndedOn != nil {
		c.EndedOn = *a.EndedOn
	}
	kase, err := s.climb(ctx, ag, actor.Keys(), &rows.keyRows, ring.Case(a.ID))
	if err != nil {
		return nil, err
	}
	record, err := s.climb(ctx, ag, actor.Keys(), &rows.keyRows, ring.Case(a.AdoptedID))
	if err != nil {
		return nil, err
	}
	o := &opening{Service: s, ag: ag, actor: actor, rows: rows, keys: append(slices.Clone(kase.keys), record.keys...)}
	if err := s.relations(ctx, ag, rows, o.keys); err != nil {
		c.Unread = true
		return c, notUnread(err)
	}
	return c, o.fill(ctx, c)
}

// notUnread is nil for what a page shows as a notice, and err for everything else.
func notUnread(err error) error {
	if unread(err) {
		return nil
	}
	return err
}

// errCase: the rows of a case and what was stated of it do not agree.
var errCase = fmt.Errorf("%w: the case is not the one that was stated", seal.ErrUnsigned)

// relations holds the rows of a case to what its workers signed: which adopted
// person and which pair it is about, and that each subject is of it. The pair
// decides whether a veto stands in the way, so a changed row must not be believed.
func (s *Service) relations(ctx context.Context, ag *agency.Agency, rows *caseRows, keys []*age.HybridIdentity) error {
	a := rows.application
	w := rows.find(a.ID, casePart, seal.KindParticulars)
	if w == nil {
		return s.unstated(ctx, ag, a.ID, errCase)
	}
	var text caseText
	if err := s.openAs(ctx, ag, *w, &text, keys...); err != nil {
		return err
	}
	if text.Adopted != a.AdoptedID || text.Pair != a.Pair || text.Reference != a.Reference {
		return s.unstated(ctx, ag, a.ID, errCase)
	}
	for _, sub := range rows.subjects {
		w := rows.find(sub.ID, "particulars", seal.KindParticulars)
		if w == nil || w.ApplicationID != a.ID {
			return s.unstated(ctx, ag, sub.ID, errCase)
		}
		if _, err := s.stated(ctx, ag, *w); err != nil {
			return s.unstated(ctx, ag, sub.ID, err)
		}
	}
	return nil
}

// opening opens the texts of a case with its keys.
type opening struct {
	*Service
	ag    *agency.Agency
	actor authz.Actor
	rows  *caseRows
	keys  []*age.HybridIdentity
}

// fill puts everything that opens into the case.
func (o *opening) fill(ctx context.Context, c *Case) error {
	reader := &factReader{Service: o.Service, ag: o.ag, work: o.rows.work, keys: o.keys}
	facts, err := reader.facts(ctx, o.rows.facts)
	if err != nil {
		return err
	}
	for i := range facts {
		facts[i].ByName, facts[i].SecondName = o.worker(facts[i].By), o.worker(facts[i].Second)
	}
	of := func(id string) (own []Fact) {
		return slices.DeleteFunc(slices.Clone(facts), func(f Fact) bool { return f.On != id })
	}
	parties, err := o.parties(ctx)
	if err != nil {
		return err
	}
	if c.Adopted, err = o.person(ctx, o.rows.application.AdoptedID, of); err != nil {
		return err
	}
	if c.Applicant, err = o.person(ctx, o.rows.application.ID, of); err != nil {
		return err
	}
	c.Applicant.Parties = parties[c.Applicant.ID]
	for _, sub := range o.rows.subjects {
		p, err := o.person(ctx, sub.ID, of)
		if err != nil {
			return err
		}
		p.State, p.Parties = sub.State, parties[sub.ID]
		if p.Contact, err = o.contact(ctx, sub.ID); err != nil {
			return err
		}
		c.Subjects = append(c.Subjects, p)
	}
	c.Items = slices.DeleteFunc(slices.Clone(facts), func(f Fact) bool { return f.About != "item" })
	return o.papers(ctx, c)
}

func (o *opening) person(ctx context.Context, id string, facts func(string) []Fact) (Person, error) {
	p := Person{ID: id, Facts: facts(id)}
	w := o.rows.find(id, "particulars", seal.KindParticulars)
	if w == nil {
		p.Unread = true
		return p, notUnread(o.unstated(ctx, o.ag, id, errCase))
	}
	p.Version = int(w.Version)
	if err := o.openAs(ctx, o.ag, *w, &p.Particulars, o.keys...); err != nil {
		p.Particulars, p.Unread = Particulars{}, true
		return p, notUnread(err)
	}
	return p, nil
}

// parties are those whom a worker stated, by file. A row that nobody stated is
// left out, after its alarm.
func (o *opening) parties(ctx context.Context) (map[string][]Party, error) {
	by := map[string][]Party{}
	for _, r := range o.rows.parties {
		if err := o.checkParty(ctx, o.ag, r); err != nil {
			if err := notUnread(o.unstated(ctx, o.ag, r.File, err)); err != nil {
				return nil, err
			}
			continue
		}
		by[r.File] = append(by[r.File], Party{File: r.File, Person: r.PersonID, Kind: r.Kind, State: r.State, Open: r.Granted})
	}
	return by, nil
}

// papers opens the endings and the letters of a case, the newest first.
func (o *opening) papers(ctx context.Context, c *Case) error {
	for _, w := range o.rows.work {
		if w.Kind != string(seal.KindLetter) && w.Part != "ending" {
			continue
		}
		content, st, err := o.tryOpen(ctx, o.ag, w, o.keys)
		if err != nil {
			err = o.unopened(ctx, o.ag, w, err)
		}
		if notUnread(err) != nil {
			return err
		}
		by := o.worker(strings.TrimPrefix(w.FromNode, "worker/"))
		var end endText
		switch {
		case w.Kind == string(seal.KindLetter) && err != nil:
			c.Letters = append(c.Letters, CaseLetter{ID: w.ID, File: w.File, By: by, At: w.Created, Unread: true})
		case w.Kind == string(seal.KindLetter):
			c.Letters = append(c.Letters, CaseLetter{ID: w.ID, File: w.File, Text: string(content), By: by, At: st.At})
		case err == nil && json.Unmarshal(content, &end) == nil:
			c.Endings = append(c.Endings, Ended{State: end.State, Reasons: end.Reasons, By: by, At: st.At})
		}
	}
	slices.SortStableFunc(c.Letters, func(a, b CaseLetter) int { return b.At.Compare(a.At) })
	slices.SortStableFunc(c.Endings, func(a, b Ended) int { return b.At.Compare(a.At) })
	return nil
}

// worker is a worker's name from the staff's directory; "" where it does not open.
func (o *opening) worker(id string) string {
	for _, r := range o.rows.workers {
		if r.ID == id {
			if name, err := agency.OpenName(o.actor.Keys(), r); err == nil {
				return name
			}
		}
	}
	return ""
}

// CasesAsked says which cases to list.
type CasesAsked struct {
	Reference string // one case by its reference; "" for all
	Ended     bool   // those that have ended instead of those that are open
	Page      int    // from 0
}

// Cases lists cases, those first whose applicant is to hear soonest, with
// what waits in each. Names are opened for those who hold the case's key; nobody's
// reading is logged, for nothing else is opened.
func (s *Service) Cases(ctx context.Context, actor authz.Actor, asked CasesAsked) (ListedCases, error) {
	ag, err := s.begin(ctx, actor, authz.SeeCases, "cases")
	if err != nil {
		return ListedCases{}, err
	}
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return ListedCases{}, err
	}
	var list []listedRow
	var keys keyRows
	var work []workRow
	args := []any{strings.ToUpper(strings.TrimSpace(asked.Reference)), !asked.Ended, CasesShown + 1, max(asked.Page, 0) * CasesShown}
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &list, sqlListed, append(slices.Clone(args), calendar.Today(s.now()))...)
		postgres.Many(b, &keys.nodes, sqlListedNodes, args...)
		postgres.Many(b, &keys.grants, sqlListedGrants, args...)
		postgres.Many(b, &work, sqlListedWork, args...)
	})
	if err != nil {
		return ListedCases{}, s.db.Fault(fmt.Errorf("list cases: %w", err))
	}
	listed := ListedCases{More: len(list) > CasesShown}
	for _, r := range list[:min(len(list), CasesShown)] {
		line := r.line(calendar.Today(s.now()))
		if !r.Connected {
			if line.Applicant, err = s.nameIn(ctx, ag, actor, named{&keys, work}, r.ID, r.ID); err != nil {
				return ListedCases{}, err
			}
		}
		listed.Cases = append(listed.Cases, line)
	}
	return listed, nil
}

type listedRow struct {
	applicationRow
	Connected bool // the worker knows somebody in it
	Second    int
	Messages  int
	Overdue   int
	Stopped   bool
}

func (r listedRow) line(today time.Time) CaseLine {
	l := CaseLine{ID: ApplicationID(r.ID), Reference: r.Reference, Pair: r.Pair, State: r.State, HearBy: r.HearBy, OpenedOn: r.OpenedOn,
		Late: r.State == "open" && today.After(r.HearBy), Second: r.Second, Messages: r.Messages, Overdue: r.Overdue, Stopped: r.Stopped, Connected: r.Connected}
	if r.EndedOn != nil {
		l.EndedOn = *r.EndedOn
	}
	return l
}

// named is what names are opened from: keys of cases, and particulars.
type named struct {
	keys *keyRows
	work []workRow
}

// nameIn opens the name of an applicant or a subject, by the id of their
// particulars; "" for whoever holds no key of the application, and for what does
// not open, after its alarm.
func (s *Service) nameIn(ctx context.Context, ag *agency.Agency, actor authz.Actor, n named, application, id string) (string, error) {
	p, err := s.particularsOf(ctx, ag, actor, n, application, id)
	return p.Name, err
}

// particularsOf opens somebody's particulars, which belong to an application, or for "" to
// their own record; the zero ones as nameIn says.
func (s *Service) particularsOf(ctx context.Context, ag *agency.Agency, actor authz.Actor, n named, application, id string) (p Particulars, err error) {
	i := slices.IndexFunc(n.work, func(w workRow) bool { return w.ID == id && w.ApplicationID == application })
	if i < 0 {
		return p, notUnread(s.unstated(ctx, ag, id, errCase))
	}
	u, err := s.climb(ctx, ag, actor.Keys(), n.keys, ring.Case(cmp.Or(application, id)))
	if fault.KindOf(err) == fault.Forbidden {
		return p, nil
	}
	if err == nil {
		err = s.openAs(ctx, ag, n.work[i], &p, u.keys...)
	}
	if err != nil {
		return Particulars{}, notUnread(err)
	}
	return p, nil
}
