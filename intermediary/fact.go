package intermediary

import (
	"context"
	"errors"
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
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

// FactValue is one value that a fact may have.
type FactValue struct {
	About string // adopted, application, subject, item
	Name  string
	Value string
	Two   bool // it counts only once a second worker has agreed
}

// factList is the closed list, a fact a line: about, name, values; a value that
// asks for two workers ends in +. The table fact_value is the same list.
const factList = `
adopted     order             pre post boundaryW unknown
adopted     juris             E W other unknown
adopted     interviewRequired yes no
adopted     apAge             ge18 lt18 unknown
adopted     apVital           living died incapable unknown
application appAge            ge18 lt18 unknown
application reg11             pending passed+ failed
application linkProven        yes+ no
application met               no inPerson liveVideo+
application idVerified        yes+ no
application repAuthority      yes+ no
application aaa               self+ answered exhausted+ pending notFound
application vetoAnswer        none absolute qualified unknown
application qualified         met+ notMet unclear
application apConsent         given+ refused withdrawn notSought noReply died+ incapable+ untraced+
application cnsl              yes no
application req               s60_2a+ s60_2b+ s60_4court+ s61_62
application orderSixty        inForce applied none+
application writtenReasons    yes no
application publicPolicy      none risk refusedByRG
application interviewHeld     yes no
application residence         uk abroad
application rgSent            yes no
subject     subjAge           ge18 lt18 unknown
subject     subjectVital      living died incapable+ untraced
subject     acr               checked notChecked
subject     acrNoContact      yes no
subject     approp            yes no undecided
subject     evidence          yes+ no
subject     sixDecision       yes+ no
subject     asked             searched unknown
subject     cnsl              yes no
subject     views             yes no
subject     expressed         agree object none notFound died incapable+ notAsked
subject     anyChild          none adoptedChild otherChild both notKnown
subject     childViews        yes no
subject     childWelfare      supports+ against undecided
subject     regard            yes no
item        jigsaw            safe+ beyondScope identifiesOther unsure
item        thirdConsent      yes+ no
item        decision          disclose+ refuse undecided
item        standstill        notStarted running notApplicable
item        panel             notRequested+ pending recommendationConsidered+
`

// FactValues lists every value that a fact may have, in the order of the pages.
// The database has the same list, and refuses any other.
func FactValues() []FactValue {
	var list []FactValue
	for line := range strings.Lines(strings.TrimSpace(factList)) {
		f := strings.Fields(line)
		for _, v := range f[2:] {
			value, two := strings.CutSuffix(v, "+")
			list = append(list, FactValue{About: f[0], Name: f[1], Value: value, Two: two})
		}
	}
	return list
}

// factValue finds a value in the list.
func factValue(about, name, value string) (FactValue, bool) {
	list := FactValues()
	i := slices.IndexFunc(list, func(v FactValue) bool { return v.About == about && v.Name == name && v.Value == value })
	if i < 0 {
		return FactValue{}, false
	}
	return list[i], true
}

// derived tells whether a fact follows from the particulars and is typed by
// nobody.
func derived(name string) bool {
	return slices.Contains([]string{"order", "juris", "interviewRequired", "apAge", "appAge", "subjAge"}, name)
}

// Typed tells whether a worker may state a value in their own words (StateFact).
// What follows from the particulars is stated with them. What another agency
// said about a veto, and that it said something or that nobody is left to ask, is
// stated with the enquiry that it answers: its answer lifts nothing by one
// worker's word. What somebody was asked is stated with their answer
// (RecordAdoptedConsent, RecordViews).
func Typed(name, value string) bool {
	switch name {
	case "vetoAnswer":
		return false
	case "aaa":
		return value == "self" || value == "pending" || value == "notFound"
	}
	return !derived(name) && !restsOnAsking(name, value)
}

// Said is what kind of statement a fact rests on (NMS 27).
type Said string

// The kinds of statement that a record keeps apart.
const (
	SaidFact       Said = "fact"       // seen in a document, or by the worker
	SaidOpinion    Said = "opinion"    // the worker's judgement
	SaidThirdParty Said = "thirdParty" // what somebody told
)

const (
	// MaxWhy is the longest reason for a fact, in bytes of UTF-8.
	MaxWhy = 8 << 10
	// MaxEvidence is how many pieces of evidence a fact may name.
	MaxEvidence = 20
)

// NewFact is a fact as a worker states it.
type NewFact struct {
	On       string   // ad…, ap…, sb… or it…: whom it is about
	Name     string   // of the list
	Value    string   // of the list
	Was      int      // the version that the worker saw; 0 for none
	Why      string   // in the worker's words; never empty
	Evidence []string // what it rests on, a line each
	Said     Said

	asked Asked        // of somebody's own word
	talk  *ConsentTalk // how it came about
}

// Fact is a fact of a case as its page shows it.
type Fact struct {
	On, About, Name, Value string
	Version                int
	Counts                 bool   // the law is asked with it
	Waits                  bool   // a second worker has to agree; until then it does not count
	By                     string // the worker's id
	ByName                 string // "" where the directory does not open
	Second, SecondName     string // who agreed, where two are asked for
	At                     time.Time
	Why                    string
	Evidence               []string
	Said                   Said
	Derived                bool   // it follows from the particulars
	Unread                 bool   // row and statement differ: it counts as not given
	Asked                  string // of somebody's own word: when they were asked, or came

	talk *ConsentTalk
}

// factText is what is sealed of a fact. The row repeats name, value and
// confirms in clear; both must agree, or the fact counts as not given.
type factText struct {
	Name     string   `json:"name"`
	Value    string   `json:"value"`
	Why      string   `json:"why,omitempty"`
	Evidence []string `json:"evidence,omitempty"`
	Said     Said     `json:"said"`
	Confirms int      `json:"confirms,omitempty"`
	Rests    uint64   `json:"rests,omitempty"` // the version of the particulars that it follows from

	// Of somebody's own word: when they were asked, and how the answer came about.
	Asked       string `json:"asked,omitempty"`
	ExplainedBy string `json:"explainedBy,omitempty"`
	On          string `json:"on,omitempty"`
	Written     bool   `json:"written,omitempty"`
}

// factRow is a version of a fact as the database has it.
type factRow struct {
	OnID     string
	About    string
	Name     string
	Version  int
	Value    string
	Confirms int // 0 for none
	WorkerID string
	At       time.Time
	Leaf     []byte
}

const (
	sqlFactColumns = `f.on_id, f.about, f.name, f.version, f.value, coalesce(f.confirms, 0) as confirms, f.worker_id, f.at, f.leaf`
	sqlFactsOn     = `select ` + sqlFactColumns + ` from fact f where f.agency_id = agency() and f.on_id = $1 order by f.name, f.version desc`
	sqlFactWorkOn  = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.id = $1 and w.kind = 'fact' order by w.part, w.version desc`
	sqlInsertFact  = `insert into fact (agency_id, on_id, about, name, version, value, confirms, worker_id, at, leaf)
		values (agency(), @on, @about, @name, @version, @value, @confirms, account(), @at, @leaf)`
)

// factPart is the part of casework that a fact's reasons are sealed in: f and
// the letters of its name, for a part has nothing else. No two facts share one.
func factPart(name string) string {
	return "f" + strings.Map(func(r rune) rune {
		if r < 'a' || r > 'z' {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

// two tells whether the row's value counts only with a second worker. A value
// that is not of the list counts never.
func (r factRow) two() bool {
	v, ok := factValue(r.About, r.Name, r.Value)
	return !ok || v.Two
}

// counting gives, of the versions of one fact, newest first, the one that counts
// (the newest that needs no second worker or has one) and those after it; nil
// and all of them where none counts. It is the rule of fact_of in the database.
func counting(versions []factRow) (counts *factRow, after []factRow) {
	for i := range versions {
		if !versions[i].two() || versions[i].Confirms != 0 {
			return &versions[i], versions[:i]
		}
	}
	return nil, versions
}

// factsBy groups rows by what they are about and their name, each newest first.
func factsBy(rows []factRow) map[[2]string][]factRow {
	by := map[[2]string][]factRow{}
	for _, r := range rows {
		key := [2]string{r.OnID, r.Name}
		by[key] = append(by[key], r)
	}
	for _, list := range by {
		slices.SortFunc(list, func(a, b factRow) int { return b.Version - a.Version })
	}
	return by
}

// errFact: a fact's row and what its worker signed do not agree.
var errFact = errors.New("the fact is not the one that was stated")

// factReader reads facts with the keys of their case.
type factReader struct {
	*Service
	ag   *agency.Agency
	work []workRow
	keys []*age.HybridIdentity
}

// row finds the casework of a version of a fact.
func (f *factReader) row(on, name string, version int) *workRow {
	for i := range f.work {
		w := &f.work[i]
		if w.ID == on && w.Part == factPart(name) && w.Version == uint64(version) && w.Kind == string(seal.KindFact) {
			return w
		}
	}
	return nil
}

// text opens a version of a fact and holds it to its row: value, time, worker
// and what it confirms.
func (f *factReader) text(ctx context.Context, r factRow) (factText, error) {
	w := f.row(r.OnID, r.Name, r.Version)
	if w == nil || !slices.Equal(w.Leaf, r.Leaf) {
		return factText{}, errFact
	}
	content, st, err := f.tryOpen(ctx, f.ag, *w, f.keys)
	if err != nil {
		return factText{}, err
	}
	var t factText
	if err := parse(content, &t); err != nil {
		return factText{}, err
	}
	if restsOnAsking(r.Name, r.Value) && t.Asked == "" {
		return factText{}, errFact
	}
	if t.Name != r.Name || t.Value != r.Value || t.Confirms != r.Confirms || !st.At.Equal(r.At) || prefixAbout(r.OnID) != r.About ||
		!slices.Equal(st.Signers(), []string{statement.WorkerKeyName(f.ag.ID, r.WorkerID)}) {
		return factText{}, errFact
	}
	return t, nil
}

// chain reads the versions of one fact, newest first, down to the one that
// counts: each is what its worker signed, none is missing, none newer is in the
// log, and what one confirms was stated by another worker. Any doubt is an error,
// and then the fact counts as not given.
func (f *factReader) chain(ctx context.Context, versions []factRow) (counts *Fact, after []Fact, err error) {
	if len(versions) != versions[0].Version {
		return nil, nil, fmt.Errorf("%w: a version is missing", errFact)
	}
	w := f.row(versions[0].OnID, versions[0].Name, versions[0].Version)
	if w == nil {
		return nil, nil, errFact
	}
	if err := f.newest(ctx, f.ag, *w); err != nil {
		return nil, nil, err
	}
	of, later := counting(versions)
	for _, r := range later {
		fact, err := f.fact(ctx, versions, r)
		if err != nil {
			return nil, nil, err
		}
		after = append(after, fact)
	}
	if of == nil {
		return nil, after, nil
	}
	fact, err := f.fact(ctx, versions, *of)
	if err != nil {
		return nil, nil, err
	}
	fact.Counts = true
	return &fact, after, nil
}

// dayOf reads a day as it was sealed; the zero time for none.
func dayOf(text string) time.Time {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}
	}
	return day
}

// fact reads one version among those of its fact.
func (f *factReader) fact(ctx context.Context, versions []factRow, r factRow) (Fact, error) {
	t, err := f.text(ctx, r)
	if err != nil {
		return Fact{}, err
	}
	fact := Fact{On: r.OnID, About: r.About, Name: r.Name, Value: r.Value, Version: r.Version, By: r.WorkerID, At: r.At,
		Why: t.Why, Evidence: t.Evidence, Said: t.Said, Derived: derived(r.Name), Asked: t.Asked}
	if t.Asked != "" {
		fact.talk = &ConsentTalk{ExplainedBy: t.ExplainedBy, On: dayOf(t.On), Written: t.Written}
	}
	if r.Confirms == 0 {
		return fact, nil
	}
	i := slices.IndexFunc(versions, func(v factRow) bool { return v.Version == r.Confirms })
	if i < 0 || r.Confirms != r.Version-1 || versions[i].Value != r.Value || versions[i].WorkerID == r.WorkerID || versions[i].Confirms != 0 {
		return Fact{}, fmt.Errorf("%w: it confirms something else", errFact)
	}
	if _, err := f.text(ctx, versions[i]); err != nil {
		return Fact{}, err
	}
	fact.By, fact.Second = versions[i].WorkerID, r.WorkerID
	return fact, nil
}

// facts reads every fact among rows: those that count, and the newest that waits
// for a second worker. One that is in doubt is told to the operator, marked
// Unread and does not count.
func (f *factReader) facts(ctx context.Context, rows []factRow) ([]Fact, error) {
	var list []Fact
	for _, versions := range factsBy(rows) {
		counts, after, err := f.chain(ctx, versions)
		if err != nil {
			if err := f.unstated(ctx, f.ag, versions[0].OnID, err); !unread(err) {
				return nil, err
			}
			list = append(list, Fact{On: versions[0].OnID, About: versions[0].About, Name: versions[0].Name, Version: versions[0].Version, Unread: true})
			continue
		}
		if counts != nil {
			list = append(list, *counts)
		}
		if len(after) > 0 {
			after[0].Waits = true
			list = append(list, after[0])
		}
	}
	slices.SortFunc(list, compareFacts)
	return list, nil
}

// compareFacts puts facts in the order of the list, what waits behind what counts.
func compareFacts(a, b Fact) int {
	if n := strings.Index(factList, "\n"+a.About) - strings.Index(factList, "\n"+b.About); n != 0 {
		return n
	}
	if n := strings.Compare(a.On, b.On); n != 0 {
		return n
	}
	if n := strings.Index(factList, " "+a.Name+" ") - strings.Index(factList, " "+b.Name+" "); n != 0 {
		return n
	}
	return a.Version - b.Version
}

// prefixAbout says what an id names.
func prefixAbout(id string) string {
	switch {
	case agency.ValidID("ad", id):
		return "adopted"
	case agency.ValidID("ap", id):
		return "application"
	case agency.ValidID("sb", id):
		return "subject"
	case agency.ValidID("it", id):
		return "item"
	}
	return ""
}

// placeRow is where something that facts are about belongs.
type placeRow struct {
	AdoptedID     string
	ApplicationID string // "" for the adopted person
	SubjectID     string // "" for the adopted person and the application
	State         string // of the application, or of the subject where it is not open
	Over          bool   // nothing is stated any more: the application is not open, or the subject is done
}

const sqlPlace = `select d.id as adopted_id, '' as application_id, '' as subject_id, 'open' as state, false as over from adopted d where d.agency_id = agency() and d.id = $1
	union all select a.adopted_id, a.id, '', a.state, a.state <> 'open' from application a where a.agency_id = agency() and a.id = $1
	union all select s.adopted_id, s.application_id, s.id, case a.state when 'open' then s.state else a.state end, a.state <> 'open' or s.state = 'done' from subject s
		join application a on a.agency_id = s.agency_id and a.id = s.application_id where s.agency_id = agency() and s.id = $1
	union all select s.adopted_id, s.application_id, s.id, case a.state when 'open' then s.state else a.state end, a.state <> 'open' or s.state = 'done' from item i
		join subject s on s.agency_id = i.agency_id and s.id = i.subject_id
		join application a on a.agency_id = s.agency_id and a.id = s.application_id where i.agency_id = agency() and i.id = $1`

// placeNode joins the key of the case, or of the record, that a place is sealed to.
const (
	placeCase = `from (select coalesce((select s.application_id from subject s where s.agency_id = agency() and s.id = $1),
			(select i.application_id from item i where i.agency_id = agency() and i.id = $1), $1)::text as id) p `
	sqlPlaceNodes = `select ` + sqlNodeColumns + ` ` + placeCase + `join node n on n.agency_id = agency() and n.id = 'case/' || p.id
		where n.key_leaf is not null order by n.epoch desc`
	sqlPlaceGrants = `select g.child, g.child_epoch, g.parent, g.parent_epoch, g.sealed ` + placeCase + `
		join ring_grant_staff g on g.agency_id = agency() and g.child = 'case/' || p.id and g.parent <> 'archive'`
)

// place is everything that stating a fact about something needs.
type place struct {
	on    string
	row   placeRow
	facts []factRow
	work  []workRow
	keyRows
	parts []workRow // the newest particulars of it
}

const sqlParticularsOf = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.id = $1
	and w.kind = 'particulars' and w.part = 'particulars' order by w.version desc limit 1`

// loadPlace reads it in one trip, and opens nothing. NotFound for an id that is
// none of an adopted person, application, subject or item of this agency. begin
// has refused who knows somebody there.
func (s *Service) loadPlace(ctx context.Context, actor authz.Actor, on string) (*place, error) {
	if prefixAbout(on) == "" {
		return nil, notFound()
	}
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return nil, err
	}
	p := &place{on: on}
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &p.row, sqlPlace, on)
		postgres.Many(b, &p.facts, sqlFactsOn, on)
		postgres.Many(b, &p.work, sqlFactWorkOn, on)
		postgres.Many(b, &p.nodes, sqlPlaceNodes, on)
		postgres.Many(b, &p.grants, sqlPlaceGrants, on)
		postgres.Many(b, &p.parts, sqlParticularsOf, on)
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load %s: %w", on, err))
	}
	return p, nil
}

func (p *place) nodeID() ring.NodeID {
	if p.row.ApplicationID != "" {
		return ring.Case(p.row.ApplicationID)
	}
	return ring.Case(p.row.AdoptedID)
}

// folder is where casework about the place is sealed.
func (s *Service) folder(ctx context.Context, ag *agency.Agency, p *place) (folder, error) {
	node, err := s.node(ctx, ag, &p.keyRows, p.nodeID())
	of := p.row.ApplicationID
	if of == "" {
		of = p.row.AdoptedID
	}
	return folder{of: of, application: p.row.ApplicationID, node: node}, err
}

// actsAt begins an act of a worker at a place, with the folder of what it seals.
func (s *Service) actsAt(ctx context.Context, ag *agency.Agency, actor authz.Actor, p *place) (*acting, folder, error) {
	f, err := s.folder(ctx, ag, p)
	if err != nil {
		return nil, f, err
	}
	a, err := s.acts(ag, actor)
	return a, f, err
}

func (p *place) held() held { return held{p.row.AdoptedID, p.row.SubjectID} }

// newestFact gives the newest version of one fact; the zero row for none.
func (p *place) newestFact(name string) (newest factRow) {
	for _, r := range p.facts {
		if r.Name == name && r.Version > newest.Version {
			newest = r
		}
	}
	return newest
}

// StateFact states a fact anew. Nothing is changed: it is the next version, with
// who says so, why and on what evidence, under the worker's signature. A value
// that asks for two workers counts once another has agreed (ConfirmFact); until
// then what counted before still does. A fact that follows from the particulars
// is stated with them and not here, but that somebody has died, or lives, states
// their age anew; nor is what an enquiry has to answer (Typed).
// The same by the same worker again is one.
//
// Invalid on "name", "value", "why", "evidence", "said". Conflict: a colleague has
// stated it anew since the page was shown, or the case has ended. NotFound: no
// such person, application, subject or item.
func (s *Service) StateFact(ctx context.Context, actor authz.Actor, n NewFact) error {
	ag, err := s.begin(ctx, actor, authz.StateFact, n.On)
	if err != nil {
		return err
	}
	if n, err = checkFact(n); err != nil {
		return err
	}
	p, err := s.loadPlace(ctx, actor, n.On)
	if err != nil {
		return err
	}
	newest := p.newestFact(n.Name)
	switch {
	case newest.Version == n.Was+1 && newest.WorkerID == actor.Account() && newest.Value == n.Value && newest.Confirms == 0:
		return nil // the second of two clicks
	case newest.Version != n.Was:
		return fault.New(fault.Conflict, "fault.casework.newerFact")
	case p.row.Over:
		return fault.New(fault.Conflict, "fault.casework.ended")
	case n.Name == "acrNoContact" && n.Value == "no" && newest.Value == "yes":
		return fault.Field("value", "fault.casework.wish") // the Register's newer answer takes it back, or two sign
	}
	a, f, err := s.actsAt(ctx, ag, actor, p)
	if err != nil {
		return err
	}
	if err := a.stateFact(f, n, 0, 0); err != nil {
		return err
	}
	if n.Name == "apVital" || n.Name == "subjectVital" {
		if err := a.agesAnew(ctx, f, p, n.Value); err != nil {
			return err
		}
	}
	return a.commit(ctx, "stateFact", p.held())
}

// agesAnew states somebody's age anew when it is said whether they live: of the
// dead it is the age at which they died, and unknown until that day is.
func (a *acting) agesAnew(ctx context.Context, f folder, p *place, vital string) error {
	who, err := a.who(ctx, p)
	if err != nil {
		return err
	}
	return a.stateDerived(f, p, who, derivedFrom{p.parts[0].Version, vital})
}

// who opens the newest particulars of somebody.
func (a *acting) who(ctx context.Context, p *place) (who Particulars, err error) {
	if len(p.parts) != 1 {
		return who, a.unstated(ctx, a.ag, p.on, errCase)
	}
	u, err := a.climb(ctx, a.ag, a.actor.Keys(), &p.keyRows, p.nodeID())
	if err != nil {
		return who, err
	}
	return who, a.openAs(ctx, a.ag, p.parts[0], &who, u.keys...)
}

// stateFact seals, states and queues the version after n.Was. confirms is the
// version that it agrees to, rests that of the particulars it follows from; 0
// for none. Other acts that state facts call it.
func (a *acting) stateFact(f folder, n NewFact, confirms int, rests uint64) error {
	version := n.Was + 1
	text := factText{Name: n.Name, Value: n.Value, Why: n.Why, Evidence: n.Evidence, Said: n.Said, Confirms: confirms, Rests: rests, Asked: n.asked.ID}
	if n.talk != nil {
		text.ExplainedBy, text.On, text.Written = n.talk.ExplainedBy, n.talk.On.Format(time.DateOnly), n.talk.Written
	}
	p := paper{id: n.On, part: factPart(n.Name), version: uint64(version), kind: seal.KindFact}
	if n.asked.leaf != ([32]byte{}) {
		p.refs = [][32]byte{n.asked.leaf}
	}
	leaf, err := a.seal(f, p, text)
	if err != nil {
		return err
	}
	var agreed *int
	if confirms != 0 {
		agreed = &confirms
	}
	a.write(sqlInsertFact, pgx.StrictNamedArgs{"on": n.On, "about": prefixAbout(n.On), "name": n.Name, "version": version, "value": n.Value,
		"confirms": agreed, "at": a.moment, "leaf": leaf[:]})
	if prefixAbout(n.On) != "item" { // what is said of an item has no part in whether the case goes on
		a.changes(a.factStated(n, confirms))
	}
	return nil
}

// checkFact cleans a fact and holds it to the list.
func checkFact(n NewFact) (NewFact, error) {
	about := prefixAbout(n.On)
	if about == "" {
		return n, notFound()
	}
	list := FactValues()
	if derived(n.Name) || !slices.ContainsFunc(list, func(v FactValue) bool { return v.About == about && v.Name == n.Name }) {
		return n, fault.Field("name", "fault.casework.fact")
	}
	if _, ok := factValue(about, n.Name, n.Value); !ok {
		return n, fault.Field("value", "fault.casework.value")
	}
	if !Typed(n.Name, n.Value) {
		if restsOnAsking(n.Name, n.Value) {
			return n, fault.Field("value", "fault.casework.asked")
		}
		return n, fault.Field("value", "fault.casework.heard")
	}
	if n.Name == "approp" && n.Value == "yes" { // DecideProceed weighs what ISR 6 asks to be weighed
		return n, fault.Field("value", "fault.proceed.factor")
	}
	if n.Said != SaidFact && n.Said != SaidOpinion && n.Said != SaidThirdParty {
		return n, fault.Field("said", "fault.casework.said")
	}
	var err error
	if n.Why, err = prose.Clean("why", n.Why, MaxWhy); err != nil {
		return n, err
	}
	if prose.Blank(n.Why) {
		return n, fault.Field("why", "fault.casework.why")
	}
	if len(n.Evidence) > MaxEvidence {
		return n, fault.Field("evidence", "fault.casework.evidence")
	}
	n.Evidence = slices.Clone(n.Evidence)
	for i := range n.Evidence {
		if n.Evidence[i], err = prose.Line("evidence", n.Evidence[i]); err != nil {
			return n, err
		}
	}
	n.Evidence = slices.DeleteFunc(n.Evidence, prose.Blank)
	return n, nil
}

// ConfirmFact is a second worker's agreement to the newest version of a fact,
// where its value asks for two: from then on it counts. The worker opens what
// the first one signed, and agrees to that and nothing else. That the applicant
// was met by live video is agreed to by a manager (NMS 16.2).
//
// Forbidden: the actor stated it, or is no manager where one is needed. Conflict:
// a newer version, or agreed to already by somebody else; by the actor it is no
// error. Sealed: row and statement differ.
func (s *Service) ConfirmFact(ctx context.Context, actor authz.Actor, on, name string, version int) error {
	ag, err := s.begin(ctx, actor, authz.StateFact, on)
	if err != nil {
		return err
	}
	p, err := s.loadPlace(ctx, actor, on)
	if err != nil {
		return err
	}
	newest := p.newestFact(name)
	switch {
	case newest.Version == version+1 && newest.Confirms == version && newest.WorkerID == actor.Account():
		return nil // the second of two clicks
	case version == 0 || newest.Version != version || newest.Confirms != 0 || !newest.two():
		return fault.New(fault.Conflict, "fault.casework.newerFact")
	case newest.WorkerID == actor.Account():
		return fault.New(fault.Forbidden, "fault.casework.another")
	case newest.Value == "liveVideo" && !actor.Has(authz.Manager):
		return fault.New(fault.Forbidden, "fault.casework.manager")
	case p.row.Over:
		return fault.New(fault.Conflict, "fault.casework.ended")
	}
	u, err := s.climb(ctx, ag, actor.Keys(), &p.keyRows, p.nodeID())
	if err != nil {
		return err
	}
	r := &factReader{Service: s, ag: ag, work: p.work, keys: u.keys}
	_, after, err := r.chain(ctx, factsBy(p.facts)[[2]string{on, name}])
	if err != nil {
		return s.unstated(ctx, ag, on, err)
	}
	a, f, err := s.actsAt(ctx, ag, actor, p)
	if err != nil {
		return err
	}
	first := after[0]
	n := NewFact{On: on, Name: name, Value: first.Value, Was: version, Why: first.Why, Evidence: first.Evidence, Said: first.Said, asked: Asked{ID: first.Asked}, talk: first.talk}
	if err := a.stateFact(f, n, version, 0); err != nil {
		return err
	}
	return a.commit(ctx, "confirmFact", p.held())
}
