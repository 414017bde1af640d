package intermediary

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

const (
	sqlEnquiryColumns = `e.id, e.application_id, e.whom, coalesce(e.to_agency, '') as to_agency, e.state, e.asked_by, e.asked_on, e.due_on,
		e.chased_on, e.answered_on, e.heard, e.leaf, (select count(*)::int from enquiry_words(e.id) w where w.version > e.heard) as unheard`
	sqlEnquiries    = `select ` + sqlEnquiryColumns + ` from enquiry e where e.agency_id = agency() and e.application_id = $1 order by e.asked_on, e.id`
	sqlEnquiry      = `select ` + sqlEnquiryColumns + ` from enquiry e where e.agency_id = agency() and e.id = $1`
	sqlEnquiryLock  = `select state, heard, due_on from enquiry where agency_id = agency() and id = $1 for update`
	sqlEnquiryWork  = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.id = $1 order by w.part, w.version`
	sqlOtherAnswers = `select ` + sqlWorkColumns + ` from enquiry e join casework w on w.agency_id = e.agency_id and w.id = e.id and w.part in ('answer', 'word')
		and w.kind = 'enquiry' where e.agency_id = agency() and e.application_id = $1 order by w.id, w.version`
	sqlEnquiryWords  = `select version, kind, due_on, sealed, statement, said_on from enquiry_words($1)`
	sqlAskedBefore   = `select id from enquiry where agency_id = agency() and id = $1 and application_id = $2 and asked_by = account()`
	sqlInsertEnquiry = `insert into enquiry (agency_id, id, application_id, whom, to_agency, state, asked_by, asked_on, due_on, leaf)
		values (agency(), @id, @application, @whom, @to, 'asked', account(), @on, @due, @leaf)`
	sqlEnquiryArrives = `select enquiry_arrives($1, $2, $3, $4, $5)`
	sqlEnquiryFollows = `select enquiry_follows($1)`
	sqlNudgeDesk      = `select nudge_desk()`
	sqlHearNotBefore  = `update application set hear_by = greatest(hear_by, $2) where agency_id = agency() and id = $1 and state = 'open'`
)

var (
	guardedChase   = postgres.Guarded(`update enquiry set chased_on = $2 where agency_id = agency() and id = $1 and state = 'asked' returning 1`)
	guardedDue     = postgres.Guarded(`update enquiry set due_on = $2 where agency_id = agency() and id = $1 and state = 'asked' and due_on = $3 returning 1`)
	guardedCallOff = postgres.Guarded(`update enquiry set state = 'called off' where agency_id = agency() and id = $1 and state = 'asked' returning 1`)
	guardedAnswer  = postgres.Guarded(`update enquiry set state = 'answered', answered_on = $2, heard = $4 where agency_id = agency() and id = $1
		and state <> 'called off' and heard = $3 returning 1`)
	guardedHeard = postgres.Guarded(`update enquiry set heard = $3 where agency_id = agency() and id = $1 and state <> 'called off' and heard = $2 returning 1`)
)

// Enquiry is one enquiry of a case, as its page shows it. Texts are only in what
// ReadEnquiry gives.
type Enquiry struct {
	ID          EnquiryID
	Application ApplicationID
	Reference   string // of the case
	Whom        Whom
	ToAgency    string // id of the agency of this deployment; "" for one that went by post
	ToName      string // that agency's name
	State       string // asked, answered, called off
	AskedBy     string // the worker's id
	AskedOn     time.Time
	DueOn       time.Time
	ChasedOn    *time.Time
	AnsweredOn  *time.Time
	Overdue     int // working days; 0 until it is
	Unheard     int // words of the other agency that nobody has read into the case
	Version     int // of what was recorded: the next answer says which it saw

	Addressee string
	By        string // letter, email
	About     string
	Text      string
	Questions []Question
	Juris     string // E, W, unknown
	Subjects  []string
	Entries   []EnquiryEntry // oldest first
	Unread    bool           // the enquiry itself does not open
}

// EnquiryEntry is something that was written down of an enquiry.
type EnquiryEntry struct {
	What    string // progress, chased, due, callOff; theirProgress; answer
	By      string // the worker who wrote it down
	ByName  string // "" where the directory does not open
	At      time.Time
	Text    string
	DueOn   time.Time // a day that was agreed or offered; zero for none
	Answer  *EnquiryAnswer
	Theirs  bool // said by the other agency of this deployment, under its worker's signature
	Unread  bool // it does not open
	version uint64
	part    string
}

// entryContent is what is sealed of an entry.
type entryContent struct {
	What   string         `json:"what"`
	Text   string         `json:"text,omitempty"`
	DueOn  string         `json:"dueOn,omitempty"`
	Answer *EnquiryAnswer `json:"answer,omitempty"`
	Said   string         `json:"said,omitempty"` // base64 of the other agency's statement with the word for its key
}

type enquiryRow struct {
	ID            string
	ApplicationID string
	Whom          string
	ToAgency      string
	State         string
	AskedBy       string
	AskedOn       time.Time
	DueOn         time.Time
	ChasedOn      *time.Time
	AnsweredOn    *time.Time
	Heard         int
	Leaf          []byte
	Unheard       int
}

// wordRow is what another agency said of an enquiry, as the database has it.
type wordRow struct {
	Version   int
	Kind      string
	DueOn     *time.Time
	Sealed    []byte
	Statement []byte
	SaidOn    time.Time
}

// enquiryLock is what an act on an enquiry looks at once more under its lock.
type enquiryLock struct {
	State string
	Heard int
	DueOn time.Time
}

func (s *Service) enquiryOf(r enquiryRow) Enquiry {
	e := Enquiry{ID: EnquiryID(r.ID), Application: ApplicationID(r.ApplicationID), Whom: Whom(r.Whom), ToAgency: r.ToAgency, State: r.State,
		AskedBy: r.AskedBy, AskedOn: r.AskedOn, DueOn: r.DueOn, ChasedOn: r.ChasedOn, AnsweredOn: r.AnsweredOn, Unheard: r.Unheard,
		Overdue: s.overdue(r.State, r.DueOn)}
	if other, ok := s.agencies.Get(r.ToAgency); ok {
		e.ToName = other.Name
	}
	return e
}

// Enquiries lists the enquiries of a case, oldest first: states and days, no
// text and no name but the other agency's.
func (s *Service) Enquiries(ctx context.Context, actor authz.Actor, id ApplicationID) ([]Enquiry, error) {
	if _, err := s.begin(ctx, actor, authz.SeeCase, string(id)); err != nil {
		return nil, err
	}
	if !agency.ValidID("ap", string(id)) {
		return nil, notFound()
	}
	var rows []enquiryRow
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &rows, sqlEnquiries, string(id)) }); err != nil {
		return nil, s.db.Fault(fmt.Errorf("load the enquiries of %s: %w", id, err))
	}
	list := make([]Enquiry, len(rows))
	for i, r := range rows {
		list[i] = s.enquiryOf(r)
	}
	return list, nil
}

// enquiring is an act on an enquiry, or on the case that it is about to be made
// in, with the case's keys.
type enquiring struct {
	*acting
	rows *enquiryRows
	keys []*age.HybridIdentity // of the case
	fold folder
	read *factReader
}

// enquiryRows is everything that an act on an enquiry reads.
type enquiryRows struct {
	row   enquiryRow // the zero row of one that is not there yet
	kase  enquiryCase
	work  []workRow // of the enquiry
	other []workRow // answers of every enquiry of the case
	words []wordRow
	own   []agency.NodeRow
	keyRows
	facts    []factRow
	factWork []workRow
}

// enquiryCase is the case of an enquiry.
type enquiryCase struct {
	ID        string
	AdoptedID string
	State     string
	Reference string
	Subjects  []string
	Going     bool // at least one subject is open
}

const (
	sqlEnquiryCase = `select a.id, a.adopted_id, a.state, a.reference,
			array(select s.id::text from subject s where s.agency_id = a.agency_id and s.application_id = a.id order by s.id) as subjects,
			exists (select from subject s where s.agency_id = a.agency_id and s.application_id = a.id and s.state = 'open') as going
		from application a where a.agency_id = agency() and a.id = $1`
	ofEnquiryCase = `any(array(select $1::text union all select a.adopted_id::text from application a where a.agency_id = agency() and a.id = $1
		union all select s.id::text from subject s where s.agency_id = agency() and s.application_id = $1))`
	sqlEnquiryFacts    = `select ` + sqlFactColumns + ` from fact f where f.agency_id = agency() and f.on_id = ` + ofEnquiryCase + ` order by f.on_id, f.name, f.version desc`
	sqlEnquiryFactWork = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.kind = 'fact' and w.id = ` + ofEnquiryCase
)

func (s *Service) loadEnquiryCase(ctx context.Context, actor authz.Actor, id ApplicationID, r *enquiryRows) error {
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &r.kase, sqlEnquiryCase, string(id))
		postgres.Many(b, &r.nodes, sqlCaseNodes, string(id))
		postgres.Many(b, &r.grants, sqlCaseGrants, string(id))
		postgres.Many(b, &r.facts, sqlEnquiryFacts, string(id))
		postgres.Many(b, &r.factWork, sqlEnquiryFactWork, string(id))
		postgres.Many(b, &r.other, sqlOtherAnswers, string(id))
		queueOwn(b, &r.own, actor.Account())
		if r.row.ID != "" {
			postgres.Many(b, &r.work, sqlEnquiryWork, r.row.ID)
			postgres.Many(b, &r.words, sqlEnquiryWords, r.row.ID)
		}
	})
	if err != nil {
		return s.db.Fault(fmt.Errorf("load the case of an enquiry: %w", err))
	}
	return nil
}

// beginEnquiring begins an act in a case, with its keys.
func (s *Service) beginEnquiring(ctx context.Context, ag *agency.Agency, actor authz.Actor, id ApplicationID, r *enquiryRows) (*enquiring, error) {
	if err := s.loadEnquiryCase(ctx, actor, id, r); err != nil {
		return nil, err
	}
	kase, err := s.climb(ctx, ag, actor.Keys(), &r.keyRows, ring.Case(r.kase.ID))
	if err != nil {
		return nil, err
	}
	record, err := s.climb(ctx, ag, actor.Keys(), &r.keyRows, ring.Case(r.kase.AdoptedID))
	if err != nil {
		return nil, err
	}
	a, err := s.acts(ag, actor)
	if err != nil {
		return nil, err
	}
	return &enquiring{acting: a, rows: r, keys: kase.keys,
		fold: folder{of: r.kase.ID, application: r.kase.ID, node: kase.node},
		read: &factReader{Service: s, ag: ag, work: r.factWork, keys: slices.Concat(kase.keys, record.keys)}}, nil
}

// beginEnquiry begins an act on an enquiry: what its worker stated of it is
// opened and held to the row.
func (s *Service) beginEnquiry(ctx context.Context, actor authz.Actor, id EnquiryID) (*enquiring, enquiryContent, error) {
	var content enquiryContent
	ag, err := s.begin(ctx, actor, authz.Enquire, string(id))
	if err != nil {
		return nil, content, err
	}
	if !agency.ValidID("en", string(id)) {
		return nil, content, notFound()
	}
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return nil, content, err
	}
	r := &enquiryRows{}
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.One(b, &r.row, sqlEnquiry, string(id)) }); err != nil {
		return nil, content, s.db.Fault(fmt.Errorf("load enquiry %s: %w", id, err))
	}
	e, err := s.beginEnquiring(ctx, ag, actor, ApplicationID(r.row.ApplicationID), r)
	if err != nil {
		return nil, content, err
	}
	content, err = e.asked(ctx)
	return e, content, err
}

// errEnquiry: an enquiry's row and what its worker signed do not agree.
var errEnquiry = errors.New("the enquiry is not the one that was stated")

// asked opens the enquiry as it was stated.
func (e *enquiring) asked(ctx context.Context) (content enquiryContent, err error) {
	row := e.entry(partEnquiry, 1)
	if row == nil || !bytes.Equal(row.Leaf, e.rows.row.Leaf) || row.ApplicationID != e.rows.row.ApplicationID {
		return content, e.unstated(ctx, e.ag, e.rows.row.ID, errEnquiry)
	}
	if err := e.openAs(ctx, e.ag, *row, &content, e.keys...); err != nil {
		return content, err
	}
	if string(content.Whom) != e.rows.row.Whom || content.ToAgency != e.rows.row.ToAgency {
		return content, e.unstated(ctx, e.ag, e.rows.row.ID, errEnquiry)
	}
	return content, nil
}

// entry finds casework of the enquiry.
func (e *enquiring) entry(part string, version uint64) *workRow {
	for i := range e.rows.work {
		if w := &e.rows.work[i]; w.ID == e.rows.row.ID && w.Part == part && w.Version == version {
			return w
		}
	}
	return nil
}

// next is the version after those that there are of a part.
func (e *enquiring) next(part string) uint64 {
	newest := uint64(0)
	for _, w := range e.rows.work {
		if w.Part == part {
			newest = max(newest, w.Version)
		}
	}
	return newest + 1
}

// value is what counts of a fact and is signed; "" for nothing. A fact in doubt
// counts as not given, and the operator is told.
func (e *enquiring) value(ctx context.Context, on, name string) string {
	versions := factsBy(e.rows.facts)[[2]string{on, name}]
	if len(versions) == 0 {
		return ""
	}
	counts, _, err := e.read.chain(ctx, versions)
	if err != nil {
		_ = e.unstated(ctx, e.ag, on, err)
		return ""
	}
	if counts == nil {
		return ""
	}
	return counts.Value
}

// states adds facts that follow from an act to it.
func (e *enquiring) states(facts []answerFact, why string, evidence ...string) error {
	by := factsBy(e.rows.facts)
	for _, f := range facts {
		was := 0
		if versions := by[[2]string{f.on, f.name}]; len(versions) > 0 {
			was = versions[0].Version
		}
		err := e.stateFact(e.fold, NewFact{On: f.on, Name: f.name, Value: f.value, Was: was, Why: why, Evidence: evidence, Said: SaidThirdParty}, 0, 0)
		if err != nil {
			return err
		}
	}
	return nil
}

// Enquire asks whoever is to be asked: the appropriate adoption agency of this
// deployment from agency to agency, or anybody by a letter that is written down
// here. The day by which it is to be answered is the one that was agreed, or
// DefaultDue working days from now; the applicant hears nothing of it but a day
// that may be later. The same form sent twice is one enquiry.
//
// Invalid on "whom", "toAgency", "by", "addressee", "about", "text", "due".
// Conflict: the case has ended or no subject's is open, or the adoption is of the
// other regime, for which there is no such enquiry (ISR 2).
func (s *Service) Enquire(ctx context.Context, actor authz.Actor, n NewEnquiry) error {
	ag, err := s.begin(ctx, actor, authz.Enquire, string(n.Application))
	if err != nil {
		return err
	}
	known := func(id string) bool { _, ok := s.agencies.Get(id); return ok }
	if n, err = checkEnquiry(n, ag.ID, known, s.due); err != nil {
		return err
	}
	if err := s.index.Follow(ctx, ag.ID); err != nil {
		return err
	}
	e, err := s.beginEnquiring(ctx, ag, actor, n.Application, &enquiryRows{})
	if err != nil {
		return err
	}
	if e.rows.kase.State != "open" || !e.rows.kase.Going {
		return fault.New(fault.Conflict, "fault.casework.ended")
	}
	if e.value(ctx, e.rows.kase.AdoptedID, "order") == "post" {
		return fault.New(fault.Conflict, "fault.enquiry.post")
	}
	if err := e.ask(ctx, n); err != nil {
		return err
	}
	var lock struct{ State string }
	err = e.commit(ctx, "enquire", held{adopted: e.rows.kase.AdoptedID}, look{
		read: func(b *pgx.Batch) { postgres.One(b, &lock, sqlLockOpen, string(n.Application)) },
		check: func(*pgx.Batch) error {
			if lock.State != "open" {
				return fault.New(fault.Conflict, "fault.casework.ended")
			}
			return nil
		}})
	if err != nil {
		return s.askedBefore(ctx, actor, n, fmt.Errorf("enquire: %w", err))
	}
	return nil
}

// askedBefore: the same click has made the enquiry already.
func (s *Service) askedBefore(ctx context.Context, actor authz.Actor, n NewEnquiry, failed error) error {
	var mine []struct{ ID string }
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &mine, sqlAskedBefore, string(n.ID), string(n.Application)) })
	if err != nil || len(mine) == 0 {
		return failed
	}
	return nil
}

// ask seals and queues a new enquiry.
func (e *enquiring) ask(ctx context.Context, n NewEnquiry) error {
	juris := e.value(ctx, e.rows.kase.AdoptedID, "juris")
	if juris != "E" && juris != "W" {
		juris = "unknown"
	}
	content := enquiryContent{Whom: n.Whom, ToAgency: n.ToAgency, Addressee: n.Addressee, By: n.By, About: n.About, Text: n.Text,
		Questions: Questions(n.Whom), Juris: juris, Due: dayText(n.Due)}
	leaf, err := e.seal(e.fold, paper{id: string(n.ID), part: partEnquiry, version: 1, kind: seal.KindEnquiry}, content)
	if err != nil {
		return err
	}
	e.write(sqlInsertEnquiry, pgx.StrictNamedArgs{"id": string(n.ID), "application": e.rows.kase.ID, "whom": string(n.Whom), "to": null(n.ToAgency),
		"on": calendar.Today(e.moment), "due": n.Due, "leaf": leaf[:]})
	e.write(sqlHearNotBefore, e.rows.kase.ID, e.agencies.Days().Add(n.Due, Promise))
	if other, ok := e.agencies.Get(n.ToAgency); ok {
		l := letter{from: e.ag, to: other, id: string(n.ID), part: partAsked, version: 1}
		road, err := e.send(ctx, l, nodesOf(e.rows.own, ring.Worker(e.actor.Account())), [][32]byte{leaf}, roadContent{From: e.ag.Name, Phone: e.ag.Phone,
			Reference: e.rows.kase.Reference, About: n.About, Text: n.Text, Questions: content.Questions, Juris: juris, Due: content.Due})
		if err != nil {
			return err
		}
		e.write(sqlEnquiryArrives, string(n.ID), other.ID, n.Due, road.sealed, road.said)
	}
	if known := e.value(ctx, e.rows.kase.ID, "aaa"); n.Whom == AskAgency && (known == "notFound" || known == "exhausted") {
		return e.states([]answerFact{{e.rows.kase.ID, "application", "aaa", "pending"}}, "An agency was found and is asked.")
	}
	return nil
}

// ReadEnquiry shows an enquiry with what was written down of it. The reading is
// in the log before anything is shown.
func (s *Service) ReadEnquiry(ctx context.Context, actor authz.Actor, id EnquiryID) (*Enquiry, error) {
	e, content, err := s.beginEnquiry(ctx, actor, id)
	if err != nil && !unread(err) || e == nil {
		return nil, err
	}
	enquiry := s.enquiryOf(e.rows.row)
	enquiry.Unread, enquiry.Reference, enquiry.Subjects, enquiry.Version = err != nil, e.rows.kase.Reference, e.rows.kase.Subjects, int(e.next("answer"))-1
	if err := e.reads(ctx, partEnquiry, 1, e.rows.kase.ID); err != nil {
		return nil, err
	}
	enquiry.Addressee, enquiry.By, enquiry.About, enquiry.Text = content.Addressee, content.By, content.About, content.Text
	enquiry.Questions, enquiry.Juris = content.Questions, content.Juris
	enquiry.Entries, err = e.entries(ctx)
	return &enquiry, err
}

// partEnquiry is the enquiry itself among its casework.
const partEnquiry = "enquiry"

// reads states that the worker reads something, before it is shown.
func (e *enquiring) reads(ctx context.Context, part string, version uint64, exchange string) error {
	body, err := e.ag.State(statement.Statement{Event: statement.EventAccess, Object: e.rows.row.ID, Part: part, Version: version,
		Exchange: exchange, From: "worker/" + e.actor.Account(), At: hour(e.moment)}, "", e.signer)
	if err != nil {
		return err
	}
	e.bodies = append(e.bodies, body)
	return e.commit(ctx, "readEnquiry", held{})
}

// entries opens what was written down of an enquiry, in the order of the days.
func (e *enquiring) entries(ctx context.Context) ([]EnquiryEntry, error) {
	var list []EnquiryEntry
	for _, w := range e.rows.work {
		if w.Part == partEnquiry {
			continue
		}
		entry, err := e.openEntry(ctx, w)
		if err != nil {
			if err := e.unopened(ctx, e.ag, w, err); !unread(err) {
				return nil, err
			}
			entry = EnquiryEntry{Unread: true, At: w.Created}
		}
		entry.version, entry.part = w.Version, w.Part
		list = append(list, entry)
	}
	slices.SortStableFunc(list, func(a, b EnquiryEntry) int { return a.At.Compare(b.At) })
	return list, e.named(ctx, list)
}

const sqlNamesOf = `select r.book, r.id, r.epoch, r.name, ''::bytea as details from directory r where r.agency_id = agency() and r.book = 'staff' and r.id = any($1)`

// named puts the names of the workers to entries.
func (a *acting) named(ctx context.Context, list []EnquiryEntry) error {
	ids := make([]string, len(list))
	for i, entry := range list {
		ids[i] = entry.By
	}
	var rows []agency.RecordRow
	if err := a.db.Read(ctx, scope(a.actor), func(b *pgx.Batch) { postgres.Many(b, &rows, sqlNamesOf, ids) }); err != nil {
		return a.db.Fault(fmt.Errorf("load the names of workers: %w", err))
	}
	for i := range list {
		for _, r := range rows {
			if r.ID == list[i].By {
				list[i].ByName, _ = agency.OpenName(a.actor.Keys(), r) // without it the page shows none
			}
		}
	}
	return nil
}

func (e *enquiring) openEntry(ctx context.Context, w workRow) (EnquiryEntry, error) {
	if w.Version+1 == e.next(w.Part) {
		if err := e.newest(ctx, e.ag, w); err != nil {
			return EnquiryEntry{}, err
		}
	}
	text, st, err := e.tryOpen(ctx, e.ag, w, e.keys)
	if err != nil {
		return EnquiryEntry{}, err
	}
	var c entryContent
	if err := parse(text, &c); err != nil {
		return EnquiryEntry{}, err
	}
	entry := EnquiryEntry{What: c.What, By: trimWorker(st.From), At: st.At, Text: c.Text, Answer: c.Answer, Theirs: w.Part == partWord}
	if c.DueOn != "" {
		if entry.DueOn, err = time.Parse(time.DateOnly, c.DueOn); err != nil {
			return EnquiryEntry{}, errContent
		}
	}
	return entry, nil
}

func trimWorker(node string) string {
	if len(node) > len("worker/") {
		return node[len("worker/"):]
	}
	return ""
}

// note seals an entry that is the worker's own.
func (e *enquiring) note(c entryContent) error {
	_, err := e.seal(e.fold, paper{id: e.rows.row.ID, part: "note", version: e.next("note"), kind: seal.KindNote}, c)
	return err
}

// stillAsked holds the enquiry's row and asks that it is as it was read.
func (e *enquiring) stillAsked() look {
	var now enquiryLock
	return look{
		read: func(b *pgx.Batch) { postgres.One(b, &now, sqlEnquiryLock, e.rows.row.ID) },
		check: func(*pgx.Batch) error {
			if now.State != e.rows.row.State || now.Heard != e.rows.row.Heard || !now.DueOn.Equal(e.rows.row.DueOn) {
				return fault.New(fault.Conflict, "fault.enquiry.moved")
			}
			return nil
		}}
}

// noted is an act that writes an entry down and does one more thing.
func (s *Service) noted(ctx context.Context, actor authz.Actor, id EnquiryID, c entryContent, more func(*enquiring)) error {
	e, _, err := s.beginEnquiry(ctx, actor, id)
	if err != nil {
		return err
	}
	if err := cleanTexts(typed{"text", &c.Text}); err != nil {
		return err
	}
	if c.What == "progress" && prose.Blank(c.Text) {
		return fault.Field("text", "fault.enquiry.text")
	}
	if c.What != "progress" && e.rows.row.State != "asked" {
		return fault.New(fault.Conflict, "fault.enquiry.moved")
	}
	if err := e.note(c); err != nil {
		return err
	}
	if more != nil {
		more(e)
	}
	return e.commit(ctx, c.What, held{}, e.stillAsked())
}

// NoteProgress writes down how an enquiry goes (NMS 16.3).
func (s *Service) NoteProgress(ctx context.Context, actor authz.Actor, id EnquiryID, text string) error {
	return s.noted(ctx, actor, id, entryContent{What: "progress", Text: text}, nil)
}

// Chase writes down that whoever was asked was reminded; an agency of this
// deployment sees it beside the enquiry. Conflict: it was answered or called off.
func (s *Service) Chase(ctx context.Context, actor authz.Actor, id EnquiryID, text string) error {
	return s.noted(ctx, actor, id, entryContent{What: "chased", Text: text}, func(e *enquiring) {
		e.write(guardedChase, e.rows.row.ID, calendar.Today(e.moment))
		e.write(sqlEnquiryFollows, e.rows.row.ID)
	})
}

// AgreeDue writes down another day by which an enquiry is to be answered, as both
// agencies agreed. Invalid on "due". Conflict: it was answered or called off.
func (s *Service) AgreeDue(ctx context.Context, actor authz.Actor, id EnquiryID, due time.Time, text string) error {
	if due.IsZero() {
		return fault.Field("due", "fault.enquiry.due")
	}
	due, err := s.due(due)
	if err != nil {
		return err
	}
	return s.noted(ctx, actor, id, entryContent{What: "due", Text: text, DueOn: dayText(due)}, func(e *enquiring) {
		e.write(guardedDue, e.rows.row.ID, due, e.rows.row.DueOn)
		e.write(sqlHearNotBefore, e.rows.kase.ID, e.agencies.Days().Add(due, Promise))
		e.write(sqlEnquiryFollows, e.rows.row.ID)
	})
}

// CallOff ends an enquiry that nobody has answered: what is not needed any more
// is not gathered. Conflict: an answer has come, and has to be read.
func (s *Service) CallOff(ctx context.Context, actor authz.Actor, id EnquiryID, text string) error {
	return s.noted(ctx, actor, id, entryContent{What: "callOff", Text: text}, func(e *enquiring) {
		e.write(guardedCallOff, e.rows.row.ID)
		e.write(sqlEnquiryFollows, e.rows.row.ID)
	})
}

// RecordAnswer writes down an answer that came on paper, by e-mail or by
// telephone, and states what follows from it in the same act: whether the agency
// answered and what it said of a veto, or what the register has. was is how many
// answers the worker saw: an answer may be followed by a newer one, which then
// counts. Nobody's silence is an answer.
//
// Invalid names the field. Conflict: a colleague was first, or it was called off.
func (s *Service) RecordAnswer(ctx context.Context, actor authz.Actor, id EnquiryID, was int, answer EnquiryAnswer) error {
	e, content, err := s.beginEnquiry(ctx, actor, id)
	if err != nil {
		return err
	}
	today := calendar.Today(s.now())
	answer, err = checkAnswer(answer, asked{whom: content.Whom, juris: content.Juris, since: e.rows.row.AskedOn, subjects: e.rows.kase.Subjects}, today)
	if err != nil {
		return err
	}
	if e.recorded(ctx, was, answer) {
		return nil // the second of two clicks
	}
	if e.rows.row.State == "called off" || int(e.next("answer")) != was+1 {
		return fault.New(fault.Conflict, "fault.enquiry.moved")
	}
	_, err = e.seal(e.fold, paper{id: e.rows.row.ID, part: "answer", version: e.next("answer"), kind: seal.KindEnquiry}, entryContent{What: "answer", Answer: &answer})
	if err != nil {
		return err
	}
	return e.answered(ctx, "recordAnswer", content, answer, e.rows.row.Heard)
}

// recorded tells whether the actor has just written this very answer down.
func (e *enquiring) recorded(ctx context.Context, was int, answer EnquiryAnswer) bool {
	if int(e.next("answer")) != was+2 {
		return false
	}
	entry, err := e.openEntry(ctx, *e.entry("answer", uint64(was+1)))
	return err == nil && entry.By == e.actor.Account() && entry.Answer != nil && entry.Answer.same(answer)
}

// answered states what follows from the newest answer and commits.
func (e *enquiring) answered(ctx context.Context, name string, content enquiryContent, answer EnquiryAnswer, heard int) error {
	of := asked{whom: content.Whom, juris: content.Juris, subjects: e.rows.kase.Subjects}
	others, err := e.searched(ctx)
	if err != nil {
		return err
	}
	others.add(content.Whom, answer.Held)
	facts := answerFacts(e.rows.kase.ID, of, answer, e.value(ctx, e.rows.kase.ID, "aaa"), others)
	if err := e.states(facts, "From the answer to enquiry "+e.rows.row.ID+".", e.rows.row.ID); err != nil {
		return err
	}
	e.write(guardedAnswer, e.rows.row.ID, answer.On, e.rows.row.Heard, heard)
	e.changes(func(st *standing) {
		for i := range st.enquiries {
			if st.enquiries[i].ID == e.rows.row.ID {
				st.enquiries[i].State, st.enquiries[i].AnsweredOn = "answered", &answer.On
				st.enquiries[i].Unheard = st.enquiries[i].Unheard && heard == e.rows.row.Heard
			}
		}
	})
	return e.commit(ctx, name, held{adopted: e.rows.kase.AdoptedID}, e.stillAsked())
}

// searched reads from the other answers of the case who cannot name an agency.
// One that does not open says nothing.
func (e *enquiring) searched(ctx context.Context) (found searched, err error) {
	var rows []enquiryRow
	if err := e.db.Read(ctx, scope(e.actor), func(b *pgx.Batch) { postgres.Many(b, &rows, sqlEnquiries, e.rows.kase.ID) }); err != nil {
		return found, e.db.Fault(fmt.Errorf("load the other enquiries: %w", err))
	}
	for _, r := range rows {
		var newest *workRow
		for i := range e.rows.other {
			if w := &e.rows.other[i]; w.ID == r.ID {
				newest = w
			}
		}
		if newest == nil || r.State != "answered" {
			continue
		}
		var c entryContent
		if err := e.openAs(ctx, e.ag, *newest, &c, e.keys...); err != nil {
			if !unread(err) {
				return found, err
			}
			continue
		}
		if c.Answer != nil {
			found.add(Whom(r.Whom), c.Answer.Held)
		}
	}
	return found, nil
}

// PullReply reads into the case what the other agency has said of an enquiry
// since it was last read: its progress, and its answers, of which the newest
// counts and states what follows from it (RecordAnswer). Each is signed by a
// worker of that agency for whom its registrar vouched, rests on our enquiry and
// stands in that agency's log; a word that does not hold is Sealed, tells the
// operator, and is not read. No word: nothing happens.
func (s *Service) PullReply(ctx context.Context, actor authz.Actor, id EnquiryID) error {
	e, content, err := s.beginEnquiry(ctx, actor, id)
	if err != nil {
		return err
	}
	other, ok := s.agencies.Get(content.ToAgency)
	if !ok {
		return fault.New(fault.Conflict, "fault.enquiry.byPost")
	}
	if err := e.wordsStand(ctx, other); err != nil {
		return err
	}
	var newest *EnquiryAnswer
	heard := e.rows.row.Heard
	for _, w := range e.rows.words {
		if w.Version <= e.rows.row.Heard {
			continue
		}
		answer, err := e.hear(ctx, other, w)
		if err != nil {
			return s.alarmed(ctx, "what another agency said does not hold", err, "agency", e.ag.ID, "object", e.rows.row.ID, "version", w.Version)
		}
		if answer != nil {
			newest = answer
		}
		heard = w.Version
	}
	switch {
	case heard == e.rows.row.Heard:
		return nil
	case newest == nil:
		e.write(guardedHeard, e.rows.row.ID, e.rows.row.Heard, heard)
		return e.commit(ctx, "pullReply", held{}, e.stillAsked())
	}
	return e.answered(ctx, "pullReply", content, *newest, heard)
}

// wordsStand checks that the newest word in the table is the newest in the other
// agency's log: none was taken away. Conflict: one came in this moment.
func (e *enquiring) wordsStand(ctx context.Context, other *agency.Agency) error {
	leaf, said, err := e.newestWord(ctx, other.ID, e.rows.row.ID)
	if err != nil || !said && len(e.rows.words) == 0 {
		return err
	}
	words := e.rows.words
	if err := e.db.Read(ctx, scope(e.actor), func(b *pgx.Batch) { postgres.Many(b, &words, sqlEnquiryWords, e.rows.row.ID) }); err != nil {
		return e.db.Fault(fmt.Errorf("load what was said of an enquiry: %w", err))
	}
	switch {
	case len(words) == 0:
		err = seal.ErrStale
	case len(words) > len(e.rows.words):
		return fault.New(fault.Conflict, "fault.enquiry.moved")
	default:
		var last [32]byte
		if last, err = saidLeaf(words[len(words)-1].Statement); err == nil && last != leaf {
			err = seal.ErrStale
		}
	}
	if err == nil && e.rows.row.Heard > len(words) {
		err = errEnquiry
	}
	if err != nil {
		return e.alarmed(ctx, "what another agency said is not all there", err, "agency", e.ag.ID, "object", e.rows.row.ID)
	}
	return nil
}

// hear checks and opens a word of the other agency, and seals it to the case.
func (e *enquiring) hear(ctx context.Context, other *agency.Agency, w wordRow) (*EnquiryAnswer, error) {
	l := letter{from: other, to: e.ag, id: e.rows.row.ID, part: partWord, version: uint64(w.Version)}
	st, err := e.received(ctx, l, w.Statement, e.rows.row.Leaf)
	if err != nil {
		return nil, err
	}
	leaf, err := saidLeaf(w.Statement)
	if err != nil {
		return nil, err
	}
	var c wordContent
	if err := openRoad(l, w.Sealed, st, intakeKeys(e.actor.Keys(), e.rows.own), &c); err != nil {
		return nil, err
	}
	if c.Kind != w.Kind || (c.Kind == "answer") != (c.Answer != nil) {
		return nil, errContent
	}
	entry := entryContent{What: "theirProgress", Text: c.Text, DueOn: c.DueOn, Said: base64.StdEncoding.EncodeToString(w.Statement)}
	kind := seal.KindNote
	if c.Answer != nil {
		answer, err := checkHeard(*c.Answer, calendar.Today(st.At))
		if err != nil {
			return nil, err
		}
		entry.What, entry.Answer, kind = "answer", &answer, seal.KindEnquiry
	}
	_, err = e.seal(e.fold, paper{id: e.rows.row.ID, part: partWord, version: uint64(w.Version), kind: kind, refs: [][32]byte{leaf}}, entry)
	return entry.Answer, err
}
