package intermediary

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/intermediary/law"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

// ApplicationID names an application ("ap…"); its applicant's file has the same
// id, its case is case/ap….
type ApplicationID string

// AdoptedID names an adopted person's record ("ad…").
type AdoptedID string

// SubjectID names a subject and their file ("sb…").
type SubjectID string

// NewApplicationID chooses the id of a case that is about to be opened.
func NewApplicationID() ApplicationID { return ApplicationID(agency.NewID("ap")) }

// Pairs lists who may look for whom, as the law's tables name them: AP the
// adopted person, REL a relative, PR a person with a prescribed relationship.
func Pairs() []string { return []string{"AP>REL", "REL>AP", "REL>PR", "PR>REL", "other"} }

// MaxSubjects is how many subjects one application may have.
const MaxSubjects = 20

// NewCase is an application as a worker opens it.
type NewCase struct {
	ID            ApplicationID // chosen when the form was shown, so that two clicks are one; "" for a new one
	Adopted       AdoptedID     // a record that is there already; "" for a new one
	AdoptedPerson Particulars   // of a new record; name and birth are the applicant's or the subject's where the pair says so and they are empty
	Applicant     Particulars
	Subjects      []Particulars // one at least
	Pair          string        // of Pairs
	Distinct      bool          // the worker has looked at the records that may be the same person (KnownRecords) and says they are not
	Intake        string        // "in…" of the first enquiry that it came from, which is taken by this act; or ""
}

// caseText is what is sealed of an application beside who it is about: the rows
// repeat it in clear, and both must agree.
type caseText struct {
	Adopted   string `json:"adopted"`
	Pair      string `json:"pair"`
	Reference string `json:"reference"`
	Intake    string `json:"intake,omitempty"`
}

// casePart is the part of an application's casework that holds caseText.
const casePart = "case"

const (
	sqlInsertAdopted     = `insert into adopted (agency_id, id, opened_by) values (agency(), $1, account())`
	sqlInsertApplication = `insert into application (agency_id, id, adopted_id, intake_id, pair, reference, state, hear_by, opened_by)
		values (agency(), @id, @adopted, @intake, @pair, @reference, 'open', @hearBy, account())`
	sqlInsertSubject = `insert into subject (agency_id, id, application_id, adopted_id, state) values (agency(), $1, $2, $3, 'open')`
	sqlOpenedByMe    = `select a.id from application a where a.agency_id = agency() and a.id = $1 and a.opened_by = account()`
	sqlTeam          = `select ` + sqlNodeColumns + ` from node n where n.agency_id = agency() and n.id = 'team/intermediary' and n.key_leaf is not null
		order by n.epoch desc limit 1`
	sqlLockOpen = `select a.state as state from application a where a.agency_id = agency() and a.id = $1 for no key update`
)

var (
	guardedTaken = postgres.Guarded(`update intake set state = 'taken' where agency_id = agency() and id = $1 and state = 'received' returning 1`)
	guardedHear  = postgres.Guarded(`update application set hear_by = $2 where agency_id = agency() and id = $1 and state = 'open' returning 1`)
	guardedEnd   = postgres.Guarded(`update application set state = $2, ended_on = coalesce(ended_on, current_date)
		where agency_id = agency() and id = $1 and state = any($3) returning 1`)
	guardedReopen = postgres.Guarded(`update application set state = 'open', ended_on = null, hear_by = $2
		where agency_id = agency() and id = $1 and state = 'stopped' returning 1`)
)

// OpenCase opens an application: the adopted person's record unless there is
// one, the case, a file for the applicant and each subject, who they all are,
// and what follows from that (regime, country, ages). The keys are made here and
// vouched for by the registrar, the case's granted to the intermediary team and
// the archive. On a record that is there already the law is asked about each
// subject, and stops whom it has to. The same ID by the same worker again is the case that is there.
//
// Invalid names the first field that cannot be used ("applicant.name",
// "subjects.0.born", "adopted.orderDate", "pair", "subjects"). NotFound: no such
// record of an adopted person, or first enquiry. Conflict: a colleague has taken
// the first enquiry, or it asks for a veto or states a wish, which is written on a
// record ("fault.intake.record"), or a record may be of the same adopted person and the worker has not said
// otherwise ("fault.casework.known").
func (s *Service) OpenCase(ctx context.Context, actor authz.Actor, n NewCase) (ApplicationID, error) {
	ag, err := s.begin(ctx, actor, authz.OpenCase, "application")
	if err != nil {
		return "", err
	}
	if n.ID == "" {
		n.ID = NewApplicationID()
	}
	if !agency.ValidID("ap", string(n.ID)) || n.Adopted != "" && !agency.ValidID("ad", string(n.Adopted)) || n.Intake != "" && !agency.ValidID("in", n.Intake) {
		return "", notFound()
	}
	if err := s.becomesCase(ctx, ag, actor, IntakeID(n.Intake)); err != nil {
		return "", err
	}
	if n, err = checkCase(n); err != nil {
		return "", err
	}
	if again, err := s.openedBefore(ctx, actor, n.ID, nil); again != "" || err != nil {
		return again, err
	}
	if err := s.keptOut(ctx, actor, string(n.Adopted)); err != nil {
		return "", err
	}
	if err := s.notKnown(ctx, ag, actor, n); err != nil {
		return "", err
	}
	a, err := s.acts(ag, actor)
	if err != nil {
		return "", err
	}
	if err := s.openCase(ctx, a, n); err != nil {
		return "", err
	}
	if err := a.commit(ctx, "openCase", held{adopted: string(n.Adopted)}); err != nil { // a new record holds no veto or stop, and has no gate row yet
		return s.openedBefore(ctx, actor, n.ID, fmt.Errorf("open a case: %w", err))
	}
	return n.ID, nil
}

// becomesCase refuses a first enquiry that is no search.
func (s *Service) becomesCase(ctx context.Context, ag *agency.Agency, actor authz.Actor, id IntakeID) error {
	if id == "" {
		return nil
	}
	rows, err := s.loadSent(ctx, actor, id)
	if err != nil {
		return err
	}
	purpose, err := s.intakeFor(ctx, ag, actor, rows)
	if err == nil && purpose != PurposeSearch {
		err = fault.New(fault.Conflict, "fault.intake.record")
	}
	return err
}

// openedBefore finds the case that the same click has opened: it is the answer
// to the second one. Anything else keeps its error.
func (s *Service) openedBefore(ctx context.Context, actor authz.Actor, id ApplicationID, failed error) (ApplicationID, error) {
	var mine []struct{ ID string }
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &mine, sqlOpenedByMe, string(id)) })
	if err != nil || len(mine) == 0 {
		return "", failed
	}
	return id, nil
}

// openCase makes and queues everything of a new case.
func (s *Service) openCase(ctx context.Context, a *acting, n NewCase) error {
	team, archive, err := s.parents(ctx, a)
	if err != nil {
		return err
	}
	if n.Adopted == "" {
		n.Adopted = AdoptedID(agency.NewID("ad"))
		if _, err := a.openRecord(n, team, archive); err != nil {
			return err
		}
	}
	text := caseText{Adopted: string(n.Adopted), Pair: n.Pair, Reference: newReference(), Intake: n.Intake}
	kase, err := a.newKey(ring.Case(string(n.ID)), team, archive)
	if err != nil {
		return err
	}
	if _, err := a.newKey(ring.Side(string(n.ID)), kase); err != nil {
		return err
	}
	hearBy := s.agencies.Days().Add(calendar.Today(s.now()), Promise)
	a.write(sqlInsertApplication, pgx.StrictNamedArgs{"id": string(n.ID), "adopted": string(n.Adopted), "intake": null(n.Intake), "pair": n.Pair,
		"reference": text.Reference, "hearBy": hearBy})
	if n.Intake != "" { // the database asks for the case that it became
		a.write(guardedTaken, n.Intake)
	}
	f := folder{of: string(n.ID), application: string(n.ID), node: kase}
	if _, err := a.seal(f, paper{id: string(n.ID), part: casePart, version: 1, kind: seal.KindParticulars}, text); err != nil {
		return err
	}
	if err := a.describe(f, string(n.ID), n.Applicant); err != nil {
		return err
	}
	for _, p := range n.Subjects {
		if _, err := a.addSubject(f, string(n.Adopted), n.Pair, p); err != nil {
			return err
		}
	}
	return nil
}

// parents gives the team's key, newest and vouched for, and the archive's.
func (s *Service) parents(ctx context.Context, a *acting) (team, archive agency.Node, err error) {
	rows := &keyRows{}
	if err := s.db.Read(ctx, scope(a.actor), func(b *pgx.Batch) { postgres.Many(b, &rows.nodes, sqlTeam) }); err != nil {
		return team, archive, s.db.Fault(fmt.Errorf("load the team's key: %w", err))
	}
	if team, err = s.node(ctx, a.ag, rows, ring.TeamIntermediary); err != nil {
		return team, archive, err
	}
	archive, err = a.ag.ArchiveNode()
	return team, archive, err
}

// openRecord opens the record of an adopted person, and gives its folder.
func (a *acting) openRecord(n NewCase, team, archive agency.Node) (folder, error) {
	node, err := a.newKey(ring.Case(string(n.Adopted)), team, archive)
	if err != nil {
		return folder{}, err
	}
	a.write(sqlInsertAdopted, string(n.Adopted))
	f := folder{of: string(n.Adopted), node: node}
	return f, a.describe(f, string(n.Adopted), n.AdoptedPerson)
}

// describe seals the first particulars of somebody and states what follows.
func (a *acting) describe(f folder, of string, p Particulars) error {
	if _, err := a.seal(f, paper{id: of, part: "particulars", version: 1, kind: seal.KindParticulars}, p); err != nil {
		return err
	}
	for _, d := range derive(prefixAbout(of), p, "", law.Country(a.ag.Country), a.moment) {
		if err := a.stateFact(f, NewFact{On: of, Name: d[0], Value: d[1], Said: SaidFact}, 0, 1); err != nil {
			return err
		}
	}
	return nil
}

// addSubject makes a subject with their file. What is known already may forbid to
// go on as to them, too: the act asks the law about them as about any other.
// pair is empty for that of the application, which is there.
func (a *acting) addSubject(f folder, adopted, pair string, p Particulars) (SubjectID, error) {
	id := agency.NewID("sb")
	if _, err := a.newKey(ring.Side(id), f.node); err != nil {
		return "", err
	}
	a.write(sqlInsertSubject, id, f.application, adopted)
	a.changes(func(st *standing) {
		head := gateHead{ApplicationID: f.application, AdoptedID: adopted, Pair: pair, State: "open", SubjectID: id, SubjectState: "open"}
		if i := slices.IndexFunc(st.heads, func(h gateHead) bool { return h.ApplicationID == f.application }); i >= 0 {
			head.Pair, head.Represented = st.heads[i].Pair, st.heads[i].Represented
		}
		st.heads = append(st.heads, head)
	})
	return SubjectID(id), a.describe(f, id, p)
}

// AddSubject adds somebody whom the applicant looks for to an open case. The law
// is asked about them in the same act: whom it forbids to go on about begins
// stopped, as somebody under another name may be who was stopped before.
// Invalid as for OpenCase, under "subject". Conflict: the case has ended.
func (s *Service) AddSubject(ctx context.Context, actor authz.Actor, id ApplicationID, p Particulars) (SubjectID, error) {
	ag, err := s.begin(ctx, actor, authz.OpenCase, string(id))
	if err != nil {
		return "", err
	}
	if !agency.ValidID("ap", string(id)) {
		return "", notFound()
	}
	if p, err = checkParticulars("subject", p); err != nil {
		return "", err
	}
	at, err := s.loadPlace(ctx, actor, string(id))
	if err != nil {
		return "", err
	}
	a, f, err := s.actsAt(ctx, ag, actor, at)
	if err != nil {
		return "", err
	}
	subject, err := a.addSubject(f, at.row.AdoptedID, "", p)
	if err != nil {
		return "", err
	}
	return subject, a.commit(ctx, "addSubject", held{adopted: at.row.AdoptedID}, stillOpen(string(id)))
}

// stillOpen asks, under the lock, that an application is open.
func stillOpen(id string) look {
	var now struct{ State string }
	return look{read: func(b *pgx.Batch) { postgres.One(b, &now, sqlLockOpen, id) }, check: func(*pgx.Batch) error {
		if now.State != "open" {
			return fault.New(fault.Conflict, "fault.casework.ended")
		}
		return nil
	}}
}

// AmendParticulars writes down anew who somebody is: of is the adopted person's
// id, the application's (its applicant) or a subject's; was is the version that
// the worker saw. What follows from it is stated in the same act. The earlier
// version stays. What would put a case under another law, or make somebody
// older who was under 18, needs two people: a manager writes it down, who did
// not write what stood there.
//
// Invalid under "particulars"; so is such a change by anybody else. Conflict: a
// newer version, or the case has ended.
func (s *Service) AmendParticulars(ctx context.Context, actor authz.Actor, of string, was int, p Particulars) error {
	ag, err := s.begin(ctx, actor, authz.StateFact, of)
	if err != nil {
		return err
	}
	if p, err = checkParticulars("particulars", p); err != nil {
		return err
	}
	at, err := s.loadPlace(ctx, actor, of)
	if err != nil {
		return err
	}
	switch {
	case len(at.parts) != 1:
		return notFound() // an item has none
	case at.parts[0].Version != uint64(was):
		return fault.New(fault.Conflict, "fault.casework.newerFact")
	case at.row.State != "open":
		return fault.New(fault.Conflict, "fault.casework.ended")
	}
	a, f, err := s.actsAt(ctx, ag, actor, at)
	if err != nil {
		return err
	}
	before, err := a.who(ctx, at)
	if err != nil {
		return err
	}
	if field := at.otherLaw(actor, before, p, law.Country(ag.Country), a.moment); field != "" {
		return fault.Field("particulars."+field, "fault.casework.otherLaw")
	}
	version := uint64(was) + 1
	if _, err := a.seal(f, paper{id: of, part: "particulars", version: version, kind: seal.KindParticulars}, p); err != nil {
		return err
	}
	if err := a.stateDerived(f, at, p, derivedFrom{version, at.vital()}); err != nil {
		return err
	}
	return a.commit(ctx, "amendParticulars", at.held())
}

// otherLaw names what was amended that leads to another law, or makes of somebody
// under 18 somebody who is not, where the actor may not say so: only a manager
// does, and not the one who said what was last known. "" for nothing.
func (p *place) otherLaw(actor authz.Actor, before, after Particulars, own law.Country, now time.Time) string {
	for _, d := range derive(prefixAbout(p.on), after, p.vital(), own, now) {
		name, value := d[0], d[1]
		known := p.lastKnown(name)
		if value == "unknown" || known.Value == "" || known.Value == value || actor.Has(authz.Manager) && known.WorkerID != actor.Account() {
			continue
		}
		switch {
		case value == string(law.AdulthoodReached) && (before.Born != after.Born || before.Died != after.Died):
			return "born" // and not by a birthday
		case name != "order" && name != "juris":
		case before.OrderDate != after.OrderDate:
			return "orderDate"
		default:
			return "courtCountry"
		}
	}
	return ""
}

// lastKnown gives the newest version of a fact that says something; the zero row
// for none. That it was unknown in between takes nothing back.
func (p *place) lastKnown(name string) (known factRow) {
	for _, r := range p.facts {
		if r.Name == name && r.Value != "unknown" && r.Version > known.Version {
			known = r
		}
	}
	return known
}

// derivedFrom is what facts follow from beside the text of the particulars.
type derivedFrom struct {
	version uint64 // of the particulars
	vital   string // whether the person lives, as far as that counts
}

// vital is what counts of whether the person of a place lives; "" for nothing.
func (p *place) vital() (vital string) {
	facts := factsBy(p.facts)
	for _, name := range []string{"apVital", "subjectVital"} {
		if counts, _ := counting(facts[[2]string{p.on, name}]); counts != nil {
			vital = counts.Value
		}
	}
	return vital
}

// stateDerived states anew what follows from somebody's particulars today and
// differs from what counts: after they were amended, on a birthday, or when it
// became known that they died. Of the dead all of it is stated: an age counts only
// if it was worked out after that.
func (a *acting) stateDerived(f folder, at *place, p Particulars, from derivedFrom) error {
	for _, d := range derive(prefixAbout(at.on), p, from.vital, law.Country(a.ag.Country), a.moment) {
		newest := at.newestFact(d[0])
		if newest.Value == d[1] && from.vital != "died" {
			continue
		}
		if err := a.stateFact(f, NewFact{On: at.on, Name: d[0], Value: d[1], Was: newest.Version, Said: SaidFact}, 0, from.version); err != nil {
			return err
		}
	}
	return nil
}

// SetHearBy says by which day the applicant hears from us next. They see the
// day and nothing else. Invalid on "day": it has passed. Conflict: ended.
func (s *Service) SetHearBy(ctx context.Context, actor authz.Actor, id ApplicationID, day time.Time) error {
	ag, err := s.begin(ctx, actor, authz.StateFact, string(id))
	if err != nil {
		return err
	}
	if !agency.ValidID("ap", string(id)) {
		return notFound()
	}
	today := calendar.Today(s.now())
	if day.Before(today) || day.After(today.AddDate(1, 0, 0)) {
		return fault.Field("day", "fault.casework.day")
	}
	at, err := s.loadPlace(ctx, actor, string(id))
	if err != nil {
		return err
	}
	f, err := s.folder(ctx, ag, at)
	if err != nil {
		return err
	}
	newest, err := s.newestOf(ctx, actor, string(id), "hearby")
	if err != nil {
		return err
	}
	a, err := s.acts(ag, actor)
	if err != nil {
		return err
	}
	text := struct {
		Day string `json:"day"`
	}{day.Format(time.DateOnly)}
	if _, err := a.seal(f, paper{id: string(id), part: "hearby", version: newest.Version + 1, kind: seal.KindNote}, text); err != nil {
		return err
	}
	a.write(guardedHear, string(id), day)
	return a.commit(ctx, "setHearBy", held{adopted: at.row.AdoptedID})
}

const sqlNewest = `select w.version, w.from_node from casework w where w.agency_id = agency() and w.id = $1 and w.part = $2 order by w.version desc limit 1`

// newestRow is the newest version of a part of something, and who wrote it.
type newestRow struct {
	Version  uint64
	FromNode string
}

// newestOf gives it; the zero row for none.
func (s *Service) newestOf(ctx context.Context, actor authz.Actor, id, part string) (newestRow, error) {
	var list []newestRow
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &list, sqlNewest, id, part) })
	if err != nil {
		return newestRow{}, s.db.Fault(fmt.Errorf("count versions: %w", err))
	}
	if len(list) == 0 {
		return newestRow{}, nil
	}
	return list[0], nil
}

// Ending is how a case ends.
type Ending struct {
	State   string // stopped: a manager may open it again; closed: for good
	Reasons string // for colleagues and the archive
	Letter  string // to the applicant: neutral words that tell nothing of why
}

// MaxLetter is the longest letter of the agency in a case, in bytes of UTF-8.
const MaxLetter = 16 << 10

// endText is what is sealed of an ending.
type endText struct {
	State   string `json:"state"`
	Reasons string `json:"reasons"`
}

// EndCase stops or closes a case: the reasons are sealed to case and archive, and
// a letter to the applicant lies in their file, in one act. The applicant is told
// "ended" either way. A stopped case can be closed. Ended so already by the same
// worker, it is no error.
//
// Invalid on "state", "reasons", "letter". Conflict: it has ended so.
func (s *Service) EndCase(ctx context.Context, actor authz.Actor, id ApplicationID, e Ending) error {
	ag, err := s.begin(ctx, actor, authz.EndCase, string(id))
	if err != nil {
		return err
	}
	if e, err = checkEnding(e); err != nil {
		return err
	}
	from := []string{"open"}
	if e.State == "closed" {
		from = []string{"open", "stopped"}
	}
	return s.moveCase(ctx, ag, actor, id, e.State, func(a *acting, m moving) error {
		if !slices.Contains(from, m.at.row.State) {
			return fault.New(fault.Conflict, "fault.casework.ended")
		}
		decided, err := a.seal(m.folder, paper{id: string(id), part: "ending", version: m.version + 1, kind: seal.KindDecision}, endText{e.State, e.Reasons})
		if err != nil {
			return err
		}
		if err := a.letter(m.folder, m.file, e.Letter, decided); err != nil {
			return err
		}
		a.write(guardedEnd, string(id), e.State, from)
		return nil
	})
}

// ReopenCase opens a stopped case again: a manager's act, with reasons. Forbidden
// for anybody else; Conflict: it is not stopped.
func (s *Service) ReopenCase(ctx context.Context, actor authz.Actor, id ApplicationID, reasons string) error {
	ag, err := s.begin(ctx, actor, authz.EndStop, string(id))
	if err != nil {
		return err
	}
	if reasons, err = prose.Clean("reasons", reasons, MaxWhy); err != nil {
		return err
	}
	if prose.Blank(reasons) {
		return fault.Field("reasons", "fault.casework.reasons")
	}
	return s.moveCase(ctx, ag, actor, id, "open", func(a *acting, m moving) error {
		if m.at.row.State != "stopped" {
			return fault.New(fault.Conflict, "fault.casework.notStopped")
		}
		if _, err := a.seal(m.folder, paper{id: string(id), part: "ending", version: m.version + 1, kind: seal.KindDecision}, endText{"open", reasons}); err != nil {
			return err
		}
		a.write(guardedReopen, string(id), s.agencies.Days().Add(calendar.Today(s.now()), Promise))
		return nil
	})
}

// moving is what an act that ends or opens a case starts from.
type moving struct {
	at      *place
	folder  folder
	file    agency.Node // the applicant's
	version uint64      // how many decisions about it there are
}

func (s *Service) moveCase(ctx context.Context, ag *agency.Agency, actor authz.Actor, id ApplicationID, to string, write func(*acting, moving) error) error {
	if !agency.ValidID("ap", string(id)) {
		return notFound()
	}
	at, err := s.loadPlace(ctx, actor, string(id))
	if err != nil {
		return err
	}
	f, err := s.folder(ctx, ag, at)
	if err != nil {
		return err
	}
	file, err := s.fileNode(ctx, ag, actor, string(id))
	if err != nil {
		return err
	}
	newest, err := s.newestOf(ctx, actor, string(id), "ending")
	if err != nil {
		return err
	}
	if at.row.State == to && newest.FromNode == "worker/"+actor.Account() {
		return nil // the second of two clicks
	}
	a, err := s.acts(ag, actor)
	if err != nil {
		return err
	}
	if err := write(a, moving{at, f, file, newest.Version}); err != nil {
		return err
	}
	return a.commit(ctx, "endCase", held{adopted: at.row.AdoptedID})
}

const sqlFileNode = `select ` + sqlNodeColumns + ` from node n where n.agency_id = agency() and n.id = 'side/' || $1 and n.key_leaf is not null order by n.epoch desc`

// fileNode is the newest vouched-for key of a file, to seal to.
func (s *Service) fileNode(ctx context.Context, ag *agency.Agency, actor authz.Actor, file string) (agency.Node, error) {
	rows := &keyRows{}
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &rows.nodes, sqlFileNode, file) }); err != nil {
		return agency.Node{}, s.db.Fault(fmt.Errorf("load a file's key: %w", err))
	}
	return s.node(ctx, ag, rows, ring.Side(file))
}

// letter seals a letter of the agency to a file. Its id is new; whoever holds the
// file's key may read it, and is told by mail that something waits.
func (a *acting) letter(f folder, file agency.Node, text string, refs ...[32]byte) error {
	return a.letterNamed(f, NewLetterID(), file, text, refs...)
}

func checkEnding(e Ending) (Ending, error) {
	if e.State != "stopped" && e.State != "closed" {
		return e, fault.Field("state", "fault.casework.state")
	}
	var err error
	if e.Reasons, err = prose.Clean("reasons", e.Reasons, MaxWhy); err != nil {
		return e, err
	}
	if e.Letter, err = prose.Clean("letter", e.Letter, MaxLetter); err != nil {
		return e, err
	}
	if prose.Blank(e.Reasons) {
		return e, fault.Field("reasons", "fault.casework.reasons")
	}
	if prose.Blank(e.Letter) {
		return e, fault.Field("letter", "fault.casework.letter")
	}
	return e, nil
}

// checkCase cleans what a worker wrote down. The adopted person is the
// applicant of AP>REL and the subject of REL>AP: their birth is one.
func checkCase(n NewCase) (NewCase, error) {
	if !slices.Contains(Pairs(), n.Pair) {
		return n, fault.Field("pair", "fault.casework.pair")
	}
	if len(n.Subjects) == 0 || len(n.Subjects) > MaxSubjects || n.Pair == "REL>AP" && len(n.Subjects) != 1 {
		return n, fault.Field("subjects", "fault.casework.subjects")
	}
	var err error
	if n.Applicant, err = checkParticulars("applicant", n.Applicant); err != nil {
		return n, err
	}
	n.Subjects = slices.Clone(n.Subjects)
	for i := range n.Subjects {
		if n.Subjects[i], err = checkParticulars(fmt.Sprintf("subjects.%d", i), n.Subjects[i]); err != nil {
			return n, err
		}
	}
	if n.Adopted != "" {
		return n, nil
	}
	same := &Particulars{}
	switch n.Pair {
	case "AP>REL":
		same = &n.Applicant
	case "REL>AP":
		same = &n.Subjects[0]
	}
	if n.AdoptedPerson.Name == "" {
		n.AdoptedPerson.Name = same.Name
	}
	if n.AdoptedPerson.Born == "" {
		n.AdoptedPerson.Born = same.Born
	}
	if same.Born != "" && same.Born != n.AdoptedPerson.Born {
		return n, fault.Field("adopted.born", "fault.casework.bornTwice")
	}
	n.AdoptedPerson, err = checkParticulars("adopted", n.AdoptedPerson)
	return n, err
}

const referenceAlphabet = "23456789BCDFGHJKLMNPQRSTVWXYZ" // no vowels, no 0 and 1

// newReference makes the short name by which workers speak of a case.
func newReference() string {
	var b [5]byte
	for i := range b {
		b[i] = referenceAlphabet[randomBelow(len(referenceAlphabet))]
	}
	return "IS-" + string(b[:])
}

// randomBelow is uniform: bytes past the last whole multiple are thrown away.
func randomBelow(n int) int {
	var b [1]byte
	for {
		rand.Read(b[:])
		if int(b[0]) < 256/n*n {
			return int(b[0]) % n
		}
	}
}
