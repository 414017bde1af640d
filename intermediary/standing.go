package intermediary

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

const (
	// Where a statement stands in the log; 0 for one that is not there, which is before everything.
	placeOf = `coalesce((select p.idx + 1 from audit_body p where p.agency_id = agency() and p.leaf = `
	// The ids of an adopted person, with every application and subject.
	aboutAdopted = `select $1::text union all select a.id from application a where a.agency_id = agency() and a.adopted_id = $1
		union all select s.id from subject s join application a on a.agency_id = s.agency_id and a.id = s.application_id where s.agency_id = agency() and a.adopted_id = $1`
	theirSubjects = `select s.id from subject s join application a on a.agency_id = s.agency_id and a.id = s.application_id where s.agency_id = agency() and a.adopted_id = $1`

	sqlHeads = `select a.id as application_id, a.adopted_id, a.pair, a.state, s.id as subject_id, s.state as subject_state,
			exists (select from party p where p.agency_id = a.agency_id and p.file = a.id and p.kind = 'representative') as represented,
			exists (select from step t where t.agency_id = s.agency_id and t.subject_id = s.id and t.kind = 'approach') as approached, looked(s.id) as looked
		from application a join subject s on s.agency_id = a.agency_id and s.application_id = a.id
		where a.agency_id = agency() and a.adopted_id = $1 order by s.id`
	sqlGateFacts = `select f.on_id, f.about, f.name, f.version, f.value, v.two, f.confirms, f.worker_id, f.at, f.leaf, ` + placeOf + `f.leaf), 0) as place
		from fact f join fact_value v on v.about = f.about and v.name = f.name and v.value = f.value
		where f.agency_id = agency() and f.on_id = any(array(` + aboutAdopted + ` union all select unnest($2::text[]))) order by f.on_id, f.name, f.version`
	sqlVetoes = `select v.version, v.kind, v.in_force, v.worker_id, v.at, v.leaf, ` + placeOf + `v.leaf), 0) as place
		from veto v where v.agency_id = agency() and v.adopted_id = $1 order by v.version`
	// Those that ended come too: that they did is believed from a manager's statement alone.
	sqlStops = `select p.id, p.subject_id, p.worker_id, p.leaf, p.ended_by, p.end_leaf, coalesce(leaf_body(p.end_leaf), '') as ended
		from stop p where p.agency_id = agency() and p.adopted_id = $1 order by p.id`
	sqlConsents = `select c.subject_id, c.version, c.answer, c.scope, c.at, c.leaf, ` + placeOf + `c.leaf), 0) as place
		from consent c where c.agency_id = agency() and c.subject_id = any(array(` + theirSubjects + `)) order by c.subject_id, c.version`
	sqlAsked = `select e.id, e.application_id, coalesce(e.to_agency, '') as to_agency, e.whom, e.state, e.answered_on,
			coalesce((select max(p.idx) + 1 from casework w join audit_body p on p.agency_id = w.agency_id and p.leaf = w.leaf
				where w.agency_id = e.agency_id and w.id = e.id and w.kind = 'enquiry' and w.part in ('answer', 'word')), 0) as place,
			exists (select from enquiry_words(e.id) o where o.kind = 'answer' and o.version > e.heard) as unheard from enquiry e
		join application a on a.agency_id = e.agency_id and a.id = e.application_id where e.agency_id = agency() and a.adopted_id = $1 order by e.id`
	sqlSignatures = `select g.id, g.subject_id, g.item_id, g.row_id, g.digest, g.first_id, g.second_id, g.expires_on, g.leaf, coalesce(g.second_leaf, '') as second
		from signature g where g.agency_id = agency() and g.subject_id = any(array(` + theirSubjects + `)) order by g.id`
	// The last approach or disclosure of each application, by its place in the log.
	sqlLastActs = `select x.application_id, max(x.place) as place, max(x.day) as on
		from (select s.application_id, ` + placeOf + `t.leaf), 0) as place, (t.at at time zone 'Europe/London')::date as day
				from step t join subject s on s.agency_id = t.agency_id and s.id = t.subject_id
				where t.agency_id = agency() and t.kind = 'approach' and t.subject_id = any(array(` + theirSubjects + `))
			union all select d.application_id, ` + placeOf + `d.leaf), 0), (d.at at time zone 'Europe/London')::date
				from disclosure d join application a on a.agency_id = d.agency_id and a.id = d.application_id
				where d.agency_id = agency() and a.adopted_id = $1) x
		group by x.application_id`
	// The last thing that whoever reads an applicant's file was given, in whatever case of theirs.
	sqlGiven = `select a.id as application_id, max(` + placeOf + `d.leaf), 0)) as place
		from application a join disclosure d on d.agency_id = a.agency_id and (d.application_id = a.id
			or d.application_id in (select o.application_id from party p join party o on o.agency_id = p.agency_id and o.person_id = p.person_id and o.kind <> 'subject'
				where p.agency_id = a.agency_id and p.file = a.id and p.kind <> 'subject'))
		where a.agency_id = agency() and a.adopted_id = $1 group by a.id`
	sqlGateItems = `select i.id, i.subject_id, i.kind, i.about, i.identifying, i.prepared_by, i.checked_by, i.version,
			coalesce((select max(p.idx) + 1 from casework w join audit_body p on p.agency_id = w.agency_id and p.leaf = w.leaf
				where w.agency_id = i.agency_id and w.id = i.id and w.kind = 'item'), 0) as place,
			exists (select from disclosure d where d.agency_id = i.agency_id and d.item_id = i.id) as given
		from item i where i.agency_id = agency() and i.id = any($1::text[]) order by i.id`
	// The sealed casework that repeats what those rows say: of the application, the subjects' belonging to it, and the rest.
	sqlStandingWork = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency()
			and (w.kind in ('fact', 'veto', 'consent') or w.part in ('case', 'particulars'))
			and w.id = any(array(` + aboutAdopted + ` union all select unnest($2::text[])))
		union all select ` + sqlWorkColumns + ` from casework w join signature g on g.agency_id = w.agency_id and g.id = w.id
			where w.agency_id = agency() and w.part in ('first', 'second') and g.subject_id = any(array(` + theirSubjects + `))
		union all select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.part = 'why' and w.id like 'sp%'
			and (w.to_node = 'case/' || $1 or w.application_id in (select a.id from application a where a.agency_id = agency() and a.adopted_id = $1))
		union all ` + sqlWishWork + `
		order by id, part, version desc`
)

// rows of an adopted person's whole standing, each with whom it is about.
type (
	standingStop struct {
		gateStop
		EndedBy *string
		EndLeaf []byte
		Ended   []byte // the manager's statement
	}
	standingConsent struct {
		SubjectID string
		gateConsent
	}
	standingEnquiry struct {
		ApplicationID string
		ToAgency      string
		gateEnquiry
	}
	standingSignature struct {
		SubjectID string
		gateSignature
	}
	standingFlag struct {
		gateFlag
		FirstID    string
		FirstLeaf  []byte
		First      []byte // the first one's statement
		SecondID   string
		SecondLeaf []byte
		Second     []byte
	}
	standingAct struct {
		ApplicationID string
		gateAct
	}
	standingGiven struct {
		ApplicationID string
		gateGiven
	}
	standingItem struct {
		SubjectID string
		gateItem
	}
)

// standing is everything that the law is asked with about one adopted person:
// every application, every subject, and the items that were named. In an act it
// is read with the gate rows held.
type standing struct {
	adopted    string
	heads      []gateHead
	facts      []gateFact
	vetoes     []gateVeto
	stops      []standingStop
	consents   []standingConsent
	enquiries  []standingEnquiry
	signatures []standingSignature
	flags      []standingFlag
	last       []standingAct
	given      []standingGiven
	items      []standingItem
	wishes     []standingWish
	words      []standingWord
	looks      []standingLook // the newest of each subject
}

// queue reads it.
func (st *standing) queue(b *pgx.Batch, adopted string, items []string) {
	*st = standing{adopted: adopted}
	if items == nil {
		items = []string{}
	}
	postgres.Many(b, &st.heads, sqlHeads, adopted)
	postgres.Many(b, &st.facts, sqlGateFacts, adopted, items)
	postgres.Many(b, &st.vetoes, sqlVetoes, adopted)
	postgres.Many(b, &st.stops, sqlStops, adopted)
	postgres.Many(b, &st.consents, sqlConsents, adopted)
	postgres.Many(b, &st.enquiries, sqlAsked, adopted)
	postgres.Many(b, &st.signatures, sqlSignatures, adopted)
	postgres.Many(b, &st.flags, sqlFlagsSet)
	postgres.Many(b, &st.last, sqlLastActs, adopted)
	postgres.Many(b, &st.given, sqlGiven, adopted)
	postgres.Many(b, &st.items, sqlGateItems, items)
	postgres.Many(b, &st.wishes, sqlWishes, adopted)
	postgres.Many(b, &st.words, sqlWishWords, adopted)
	postgres.Many(b, &st.looks, sqlLooks, adopted)
}

// doubts are what row and statement do not agree about. The zero value doubts
// nothing: so is only what can make the answer stricter asked.
type doubts struct {
	leaves map[[32]byte]bool
	stops  map[string]bool // ended stops whose end nobody signed
	veto   bool            // the log has a veto and no row has
	// consents: the log has an answer of the subject's and no row has; stopped: a stop's reasons are sealed and no row has it.
	consents, stopped bool
	flags             map[string]bool // settings that two people did not sign, or that a manager has ended
	wishLost          bool            // a look found a wish that has no row
	unlooked          bool            // the newest look does not open
	words             map[string]bool // enquiries of which the other agency's log has a word that is not read into the case
}

func (d *doubts) leaf(leaf []byte) {
	if len(leaf) != len([32]byte{}) {
		return
	}
	if d.leaves == nil {
		d.leaves = map[[32]byte]bool{}
	}
	d.leaves[[32]byte(leaf)] = true
}

// head finds a subject.
func (st *standing) head(subject string) (gateHead, bool) {
	i := slices.IndexFunc(st.heads, func(h gateHead) bool { return h.SubjectID == subject })
	if i < 0 {
		return gateHead{}, false
	}
	return st.heads[i], true
}

// grounds are what a decision about one subject, and one item or none, rests on.
// The agency is registered for this work if its configuration says under which
// country's rules. False if there is no such subject here, or the item is another subject's.
func (a *acting) grounds(st *standing, d doubts, subject, item string) (*grounds, bool) {
	head, ok := st.head(subject)
	if !ok {
		return nil, false
	}
	g := &grounds{head: head, facts: st.facts, vetoes: st.vetoes, registered: a.ag.Country != "", doubted: d.leaves, now: a.moment, days: a.agencies.Days(),
		vetoTaken: d.veto, consentsTaken: d.consents, wishLost: d.wishLost, unlooked: d.unlooked}
	if d.stopped {
		g.stops = append(g.stops, gateStop{})
	}
	for _, p := range st.stops {
		if (p.EndedBy == nil || d.stops[p.ID]) && (p.SubjectID == nil || *p.SubjectID == subject || st.adoptedIs(*p.SubjectID)) {
			g.stops = append(g.stops, p.gateStop)
		}
	}
	g.consents = pick(st.consents, func(c standingConsent) (gateConsent, bool) { return c.gateConsent, c.SubjectID == subject })
	g.enquiries = pick(st.enquiries, func(e standingEnquiry) (gateEnquiry, bool) {
		e.Unheard = e.Unheard || d.words[e.ID]
		return e.gateEnquiry, e.ApplicationID == head.ApplicationID
	})
	g.unheard = slices.ContainsFunc(st.enquiries, func(e standingEnquiry) bool {
		return e.ApplicationID != head.ApplicationID && (e.Unheard || d.words[e.ID])
	})
	g.wishes = pick(st.wishes, func(w standingWish) (standingWish, bool) { return w, w.SubjectID == subject })
	g.words = pick(st.words, func(w standingWord) (standingWord, bool) { return w, w.SubjectID == subject })
	g.signatures = pick(st.signatures, func(s standingSignature) (gateSignature, bool) { return s.gateSignature, s.SubjectID == subject })
	g.flags = pick(st.flags, func(f standingFlag) (gateFlag, bool) { return f.gateFlag, !d.flags[f.ID] })
	for _, a := range pick(st.last, func(a standingAct) (gateAct, bool) { return a.gateAct, a.ApplicationID == head.ApplicationID }) {
		g.last = a
	}
	for _, a := range pick(st.given, func(a standingGiven) (gateGiven, bool) { return a.gateGiven, a.ApplicationID == head.ApplicationID }) {
		g.given = a
	}
	for _, i := range pick(st.items, func(i standingItem) (gateItem, bool) { return i.gateItem, i.ID == item && i.SubjectID == subject }) {
		g.item = &i
	}
	return g, item == "" || g.item != nil
}

// adoptedIs tells whether a subject is the adopted person, whose protection is
// the same under both ids.
func (st *standing) adoptedIs(subject string) bool {
	h, ok := st.head(subject)
	return ok && h.Pair == "REL>AP"
}

func pick[A, B any](list []A, of func(A) (B, bool)) (picked []B) {
	for _, a := range list {
		if b, ok := of(a); ok {
			picked = append(picked, b)
		}
	}
	return picked
}

// leaves lists every statement on which the standing of one application's
// subject rests, and the marks of rows that change without one, in a fixed order.
// Two readings with the same marks give the same answer.
func (st *standing) marks(subject string) []byte {
	head, _ := st.head(subject)
	var b bytes.Buffer
	fmt.Fprintln(&b, head)
	for _, f := range st.facts {
		if f.OnID == st.adopted || f.OnID == head.ApplicationID || f.OnID == subject || prefixAbout(f.OnID) == "item" || f.Name == "vetoAnswer" {
			fmt.Fprintf(&b, "fact %x %s\n", f.Leaf, f.Value)
		}
	}
	for _, v := range st.vetoes {
		fmt.Fprintf(&b, "veto %x %s %t\n", v.Leaf, v.Kind, v.InForce)
	}
	for _, p := range st.stops {
		fmt.Fprintf(&b, "stop %x %x\n", p.Leaf, p.EndLeaf)
	}
	for _, c := range st.consents {
		if c.SubjectID == subject {
			fmt.Fprintf(&b, "consent %x %s %v\n", c.Leaf, c.Answer, c.Scope)
		}
	}
	for _, g := range st.signatures {
		if g.SubjectID == subject {
			fmt.Fprintf(&b, "signature %x %x %s %x\n", g.Leaf, g.Second, g.RowID, g.Digest)
		}
	}
	for _, f := range st.flags {
		fmt.Fprintf(&b, "flag %s %s\n", f.ID, f.Flag)
	}
	for _, e := range st.enquiries {
		fmt.Fprintf(&b, "enquiry %s %s %t %d %t\n", e.ID, e.State, e.AnsweredOn != nil, e.Place, e.Unheard)
	}
	for _, a := range st.last {
		if a.ApplicationID == head.ApplicationID {
			fmt.Fprintf(&b, "act %d\n", a.Place)
		}
	}
	for _, a := range st.given {
		if a.ApplicationID == head.ApplicationID {
			fmt.Fprintf(&b, "given %d\n", a.Place)
		}
	}
	st.wishMarks(subject, &b)
	for _, i := range st.items {
		fmt.Fprintf(&b, "item %s %d %t\n", i.ID, i.Version, i.CheckedBy != nil)
	}
	return b.Bytes()
}

// belief is the standing of one subject, and of items of theirs, opened with the
// keys of their case and held to what workers signed.
type belief struct {
	standing
	subject string
	items   []string
	doubted doubts
	keys    []*age.HybridIdentity
	node    agency.Node // of the case, for sealing

	wishKeys map[string][]*age.HybridIdentity // of the records on which relatives' wishes stand
}

// sqlOfSubject finds a subject's place for whoever knows its id.
const sqlOfSubject = `select s.adopted_id, s.application_id from subject s where s.agency_id = agency() and s.id = $1`

type subjectOf struct {
	AdoptedID     string
	ApplicationID string
}

// believe loads the standing of a subject, opens what was sealed of it, and
// says what row and statement do not agree about: the operator is told, and
// whatever is in doubt counts as not given. NotFound: no such subject, or an item
// that is not theirs. Forbidden: the session holds no key of the case.
func (s *Service) believe(ctx context.Context, ag *agency.Agency, actor authz.Actor, subject string, items ...string) (*belief, error) {
	of, rows, err := s.loadStanding(ctx, actor, subject, items)
	if err != nil {
		return nil, err
	}
	if _, ok := rows.head(subject); !ok {
		return nil, notFound()
	}
	for _, id := range items {
		if !slices.ContainsFunc(rows.items, func(i standingItem) bool { return i.ID == id && i.SubjectID == subject }) {
			return nil, notFound()
		}
	}
	k, err := s.climb(ctx, ag, actor.Keys(), &rows.keyRows, ring.Case(of.ApplicationID))
	if err != nil {
		return nil, err
	}
	record, err := s.climb(ctx, ag, actor.Keys(), &rows.keyRows, ring.Case(of.AdoptedID))
	if err != nil {
		return nil, err
	}
	b := &belief{standing: rows.standing, subject: subject, items: items, keys: append(k.keys, record.keys...), node: k.node}
	if b.wishKeys, err = s.entryKeys(ctx, ag, actor, &rows.standing, &rows.wishKeys); err != nil {
		return nil, err
	}
	r := &factReader{Service: s, ag: ag, work: rows.work, keys: b.keys}
	if err := s.believeHead(ctx, b, r); err != nil {
		return nil, s.unstated(ctx, ag, subject, err)
	}
	return b, s.doubt(ctx, b, r)
}

// standingRows are a standing with what was sealed of it and the keys.
type standingRows struct {
	standing
	work []workRow
	keyRows
	wishKeys keyRows
}

func (s *Service) loadStanding(ctx context.Context, actor authz.Actor, subject string, items []string) (of subjectOf, rows standingRows, err error) {
	if !agency.ValidID("sb", subject) || slices.ContainsFunc(items, func(id string) bool { return !agency.ValidID("it", id) }) {
		return of, rows, notFound()
	}
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return of, rows, err
	}
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &of, sqlOfSubject, subject)
	})
	if err != nil {
		return of, rows, s.db.Fault(fmt.Errorf("find a subject: %w", err))
	}
	if items == nil {
		items = []string{}
	}
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		rows.queue(b, of.AdoptedID, items)
		postgres.Many(b, &rows.work, sqlStandingWork, of.AdoptedID, items)
		postgres.Many(b, &rows.nodes, sqlCaseNodes, of.ApplicationID)
		postgres.Many(b, &rows.grants, sqlCaseGrants, of.ApplicationID)
		postgres.Many(b, &rows.wishKeys.nodes, sqlWishNodes, of.AdoptedID)
		postgres.Many(b, &rows.wishKeys.grants, sqlWishGrants, of.AdoptedID)
	})
	return of, rows, s.db.Fault(err)
}

// believeHead holds the application to what was stated of it: whose adoption it
// is about, who looks for whom, and that the subject is of this application.
// Nothing is asked about a case whose rows say otherwise.
func (s *Service) believeHead(ctx context.Context, b *belief, r *factReader) error {
	head, _ := b.head(b.subject)
	var text caseText
	w := r.newestOf(head.ApplicationID, casePart)
	if w == nil {
		return errRow
	}
	if err := r.opened(ctx, w.ID, w.Part, w.Version, w.Leaf, &text); err != nil {
		return err
	}
	if err := r.last(ctx, w.ID, w.Part, w.Leaf); err != nil {
		return err
	}
	if text.Adopted != b.adopted || text.Pair != head.Pair {
		return errRow
	}
	p := r.newestOf(b.subject, "particulars")
	if p == nil || p.ApplicationID != head.ApplicationID {
		return errRow
	}
	_, err := s.stated(ctx, r.ag, *p)
	return err
}

// newestOf finds the newest version of a part among the rows.
func (r *factReader) newestOf(id, part string) *workRow {
	var newest *workRow
	for i := range r.work {
		if w := &r.work[i]; w.ID == id && w.Part == part && (newest == nil || w.Version > newest.Version) {
			newest = w
		}
	}
	return newest
}

// doubt fills in what is in doubt of a belief.
func (s *Service) doubt(ctx context.Context, b *belief, r *factReader) error {
	for _, check := range []func(context.Context, *belief, *factReader) error{s.doubtFacts, s.doubtVetoes, s.doubtConsents, s.doubtSignatures, s.doubtFlags, s.doubtStops, s.doubtEnquiries, s.doubtWishes} {
		if err := check(ctx, b, r); err != nil {
			return err
		}
	}
	return nil
}

// told tells the operator of a doubt. Its error is none about the rows.
func (s *Service) told(ctx context.Context, ag *agency.Agency, id string, err error) error {
	if err == nil {
		return nil
	}
	if err := s.unstated(ctx, ag, id, err); !unread(err) {
		return err
	}
	return nil
}

// doubtFacts opens each fact of the case down to the version that counts; of the
// adopted person's consent every version, since a refusal before binds.
func (s *Service) doubtFacts(ctx context.Context, b *belief, r *factReader) error {
	head, _ := b.head(b.subject)
	var rows []factRow
	for _, f := range b.facts {
		if f.OnID == b.adopted || f.OnID == head.ApplicationID || f.OnID == b.subject || slices.Contains(b.items, f.OnID) {
			rows = append(rows, f.row())
		}
	}
	for key, versions := range factsBy(rows) {
		_, _, err := r.chain(ctx, versions)
		for _, v := range versions {
			if err == nil && v.Name == "apConsent" {
				_, err = r.text(ctx, v)
			}
		}
		if err == nil {
			continue
		}
		for _, v := range versions {
			b.doubted.leaf(v.Leaf)
		}
		if err := s.told(ctx, r.ag, key[0], err); err != nil {
			return err
		}
	}
	return nil
}

func (f gateFact) row() factRow {
	r := factRow{OnID: f.OnID, About: f.About, Name: f.Name, Version: int(f.Version), Value: f.Value, WorkerID: f.WorkerID, At: f.At, Leaf: f.Leaf}
	if f.Confirms != nil {
		r.Confirms = int(*f.Confirms)
	}
	return r
}

// errRow: a row and what its worker signed do not agree.
var errRow = errors.New("the row is not the one that was stated")

// opened opens one piece of casework for its row, into a value.
func (r *factReader) opened(ctx context.Context, id, part string, version uint64, leaf []byte, into any) error {
	i := slices.IndexFunc(r.work, func(w workRow) bool { return w.ID == id && w.Part == part && w.Version == version })
	if i < 0 || !bytes.Equal(r.work[i].Leaf, leaf) {
		return errRow
	}
	content, _, err := r.tryOpen(ctx, r.ag, r.work[i], r.keys)
	if err != nil {
		return err
	}
	return parse(content, into)
}

// last checks that a version is the newest in the log.
func (r *factReader) last(ctx context.Context, id, part string, leaf []byte) error {
	if len(leaf) != len([32]byte{}) {
		return seal.ErrUnsigned
	}
	return r.index.Newest(ctx, r.ag.ID, id, part, [32]byte(leaf))
}

// errTaken: the log has what no row has any more.
var errTaken = errors.New("what was stated has no row")

// doubtVetoes holds the newest veto to its notice. If no row of any is left that
// the log has, there is one, and nobody knows which.
func (s *Service) doubtVetoes(ctx context.Context, b *belief, r *factReader) error {
	if len(b.vetoes) == 0 {
		_, stated, err := s.index.Latest(ctx, r.ag.ID, b.adopted, "veto")
		if err != nil || !stated {
			return err
		}
		b.doubted.veto = true
		return s.told(ctx, r.ag, b.adopted, errTaken)
	}
	v := b.vetoes[len(b.vetoes)-1]
	var text vetoText
	err := r.opened(ctx, b.adopted, "veto", v.Version, v.Leaf, &text)
	if err == nil && (text.Kind != v.Kind || text.InForce != v.InForce) {
		err = errRow
	}
	if err == nil {
		err = r.last(ctx, b.adopted, "veto", v.Leaf)
	}
	if err != nil {
		b.doubted.leaf(v.Leaf)
	}
	return s.told(ctx, r.ag, b.adopted, err)
}

// doubtConsents does the same of each answer of the subject.
func (s *Service) doubtConsents(ctx context.Context, b *belief, r *factReader) error {
	if !slices.ContainsFunc(b.consents, func(c standingConsent) bool { return c.SubjectID == b.subject }) {
		_, stated, err := s.index.Latest(ctx, r.ag.ID, b.subject, "consent")
		if err != nil || !stated {
			return err
		}
		b.doubted.consents = true
		return s.told(ctx, r.ag, b.subject, errTaken)
	}
	for i, c := range b.consents {
		if c.SubjectID != b.subject {
			continue
		}
		var text consentText
		err := r.opened(ctx, b.subject, "consent", c.Version, c.Leaf, &text)
		if err == nil && (text.Answer != c.Answer || !slices.Equal(text.Scope, c.Scope) && len(text.Scope)+len(c.Scope) > 0) {
			err = errRow
		}
		if err == nil && (i+1 == len(b.consents) || b.consents[i+1].SubjectID != b.subject) {
			err = r.last(ctx, b.subject, "consent", c.Leaf)
		}
		if err != nil {
			b.doubted.leaf(c.Leaf)
		}
		if err := s.told(ctx, r.ag, b.subject, err); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) doubtSignatures(ctx context.Context, b *belief, r *factReader) error {
	for _, g := range b.signatures {
		if g.SubjectID != b.subject || g.SecondID == nil {
			continue
		}
		err := r.signature(ctx, g, "first", g.Leaf)
		if err == nil {
			err = r.signature(ctx, g, "second", g.Second)
		}
		if err != nil {
			b.doubted.leaf(g.Leaf)
		}
		if err := s.told(ctx, r.ag, g.ID, err); err != nil {
			return err
		}
	}
	return nil
}

// doubtStops holds the end of a stop to the manager's statement: a stop whose
// end nobody signed is in force, and so is one whose reasons are there without it.
func (s *Service) doubtStops(ctx context.Context, b *belief, r *factReader) error {
	for _, w := range r.work {
		if w.Part != "why" || !strings.HasPrefix(w.ID, "sp") || slices.ContainsFunc(b.stops, func(p standingStop) bool { return p.ID == w.ID }) {
			continue
		}
		b.doubted.stopped = true
		if err := s.told(ctx, r.ag, w.ID, errTaken); err != nil {
			return err
		}
	}
	for _, p := range b.stops {
		if p.EndedBy == nil {
			continue
		}
		err := s.ended(ctx, r.ag, p)
		if err == nil {
			continue
		}
		if b.doubted.stops == nil {
			b.doubted.stops = map[string]bool{}
		}
		b.doubted.stops[p.ID] = true
		if err := s.told(ctx, r.ag, p.ID, err); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) ended(ctx context.Context, ag *agency.Agency, p standingStop) error {
	leaf := statement.Leaf(p.Ended)
	if !bytes.Equal(leaf[:], p.EndLeaf) {
		return errRow
	}
	st, err := ag.Verify(ctx, s.db, p.Ended)
	if err != nil {
		return err
	}
	if st.Event != statement.EventCasework || st.Object != p.ID || st.Part != "end" || st.From != "worker/"+*p.EndedBy || *p.EndedBy == p.WorkerID ||
		!slices.Equal(st.Signers(), []string{statement.WorkerKeyName(ag.ID, *p.EndedBy)}) {
		return errRow
	}
	return nil
}

// again is the same standing read under the gate rows' lock. A Conflict if
// anything of it has changed since it was believed.
func (b *belief) again(then func(batch *pgx.Batch, st *standing) error) look {
	var now standing
	return look{
		read: func(batch *pgx.Batch) { now.queue(batch, b.adopted, b.items) },
		check: func(batch *pgx.Batch) error {
			if !bytes.Equal(now.marks(b.subject), b.marks(b.subject)) {
				return fault.New(fault.Conflict, "fault.casework.changed")
			}
			return then(batch, &now)
		},
	}
}
