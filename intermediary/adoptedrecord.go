package intermediary

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/intermediary/law"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/postgres"
)

// AdoptedRecord is the record of an adopted person, with or without cases: who they
// are, and what protects them whoever applies.
type AdoptedRecord struct {
	ID       AdoptedID
	Adopted  Person
	Written  []Record // vetoes, notices, stops, facts, and the enquiry that it came from; the newest first
	Cases    []RecordCase
	Relative bool       // it says what a relative told the contact register: no veto and no case stands on it
	Waiting  []IntakeID // requests for a veto that a worker put here; a colleague has to look whether this is the right person
	Veto     *VetoWord  // the newest that was said about a veto; nil for nothing
}

// RecordCase is a case about an adopted person, by its reference alone.
type RecordCase struct {
	ID        ApplicationID
	Reference string
	State     string // open, stopped, closed
}

// VetoWord is what was said about a veto, and what the law answered: registered, or
// written down as a notice until nothing is missing.
type VetoWord struct {
	Op         string // register, amend, withdraw
	Kind       string
	InForce    bool   // what is registered stands; of a notice, what is asked for would
	Registrant string // adoptedPerson, rep, relative, adopter, other

	Circumstances []Circumstance
	ReceivedOn    time.Time // the day, in London
	At            time.Time

	Row, Outcome, Reason, Meaning, Citation string // of table 8d
	Permits                                 bool   // it is registered
	Stops                                   bool   // a stop goes with it
	Needs                                   []string
	Unread                                  bool // it does not open, and the operator was told
}

// Needs lists what may be missing before a veto is registered, changed or ended, in
// the order in which the law asks for it; the words of each are the pages'.
func Needs() []string {
	return []string{"facts", "authority", "sign", "born", "writing", "met", "link", "person", "meaning", "cases", "info", "forward"}
}

const (
	// Everything sealed to the record that its page shows.
	sqlWrittenOn = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and (w.id = $1 and w.kind in ('fact', 'veto', 'note')
			or w.id = any(array(select p.id::text from stop p where p.agency_id = agency() and p.adopted_id = $1 and p.subject_id is null))
			or w.part in ('became', 'confirmed') and w.to_node = 'case/' || $1)
		order by w.id, w.part, w.version`
	sqlStopsOn   = `select p.id, p.adopted_id as of, p.ended_by is not null as ended from stop p where p.agency_id = agency() and p.adopted_id = $1`
	sqlWaitingOn = `select i.id from intake i join casework w on w.agency_id = i.agency_id and w.id = i.id and w.part = 'became'
		where i.agency_id = agency() and i.state = 'received' and w.to_node = 'case/' || $1
			and not exists (select from casework n where n.agency_id = w.agency_id and n.id = w.id and n.part = 'became' and n.version > w.version) order by i.id`
	sqlRecordCases = `select a.id, a.reference, a.state from application a where a.agency_id = agency() and a.adopted_id = $1 order by a.opened_on, a.reference`
	sqlVetoWord    = `select w.part, w.version from casework w join audit_body b on b.agency_id = w.agency_id and b.leaf = w.leaf
		where w.agency_id = agency() and w.id = $1 and w.part in ('veto', 'notice') order by b.idx desc limit 1`
)

// adoptedRows are what a record's page is made of, beside its place.
type adoptedRows struct {
	recordRows
	cases []struct{ ID, Reference, State string }
	waits []struct{ ID string }
	word  []struct {
		Part    string
		Version uint64
	}
	about struct{ Relative bool }
}

// Record opens the record of an adopted person. The reading is in the log before
// anything is opened. What does not open is marked Unread, and the operator is told.
// NotFound: no such record. Forbidden: the actor knows somebody there, or holds no
// key of it.
func (s *Service) Record(ctx context.Context, actor authz.Actor, id AdoptedID) (*AdoptedRecord, error) {
	ag, err := s.begin(ctx, actor, authz.SeeCase, string(id))
	if err != nil {
		return nil, err
	}
	if !agency.ValidID("ad", string(id)) {
		return nil, notFound()
	}
	p, err := s.loadPlace(ctx, actor, string(id))
	if err != nil {
		return nil, err
	}
	rows, err := s.loadAdopted(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	if err := s.logAccess(ctx, ag, actor, string(id), "page", string(id)); err != nil {
		return nil, err
	}
	u, err := s.climb(ctx, ag, actor.Keys(), &p.keyRows, ring.Case(string(id)))
	if err != nil {
		return nil, err
	}
	r := &AdoptedRecord{ID: id, Relative: rows.about.Relative}
	for _, w := range rows.waits {
		r.Waiting = append(r.Waiting, IntakeID(w.ID))
	}
	for _, c := range rows.cases {
		r.Cases = append(r.Cases, RecordCase{ID: ApplicationID(c.ID), Reference: c.Reference, State: c.State})
	}
	o := &opening{Service: s, ag: ag, actor: actor, keys: u.keys,
		rows: &caseRows{facts: p.facts, work: slices.Concat(p.work, p.parts), workers: rows.workers}}
	if r.Adopted, err = o.alone(ctx, string(id)); err != nil {
		return nil, err
	}
	if r.Written, err = s.written(ctx, ag, actor, &rows.recordRows, u.keys); err != nil {
		return nil, err
	}
	r.Veto, err = s.vetoWord(ctx, ag, rows, u.keys)
	return r, err
}

func (s *Service) loadAdopted(ctx context.Context, actor authz.Actor, id AdoptedID) (*adoptedRows, error) {
	r := &adoptedRows{}
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.Many(b, &r.work, sqlWrittenOn, string(id))
		postgres.Many(b, &r.of, sqlStopsOn, string(id))
		postgres.Many(b, &r.workers, sqlRecordWorkers)
		postgres.Many(b, &r.cases, sqlRecordCases, string(id))
		postgres.Many(b, &r.waits, sqlWaitingOn, string(id))
		postgres.Many(b, &r.word, sqlVetoWord, string(id))
		postgres.One(b, &r.about, sqlOfRelative, string(id))
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load record %s: %w", id, err))
	}
	return r, nil
}

// alone opens one person with their facts.
func (o *opening) alone(ctx context.Context, id string) (Person, error) {
	reader := &factReader{Service: o.Service, ag: o.ag, work: o.rows.work, keys: o.keys}
	facts, err := reader.facts(ctx, o.rows.facts)
	if err != nil {
		return Person{}, err
	}
	for i := range facts {
		facts[i].ByName, facts[i].SecondName = o.worker(facts[i].By), o.worker(facts[i].Second)
	}
	return o.person(ctx, id, func(string) []Fact { return facts })
}

// vetoWord opens the newest veto or notice, and asks the law what is missing.
func (s *Service) vetoWord(ctx context.Context, ag *agency.Agency, rows *adoptedRows, keys []*age.HybridIdentity) (*VetoWord, error) {
	if len(rows.word) == 0 {
		return nil, nil
	}
	i := slices.IndexFunc(rows.work, func(w workRow) bool { return w.Part == rows.word[0].Part && w.Version == rows.word[0].Version })
	if i < 0 {
		return &VetoWord{Unread: true}, nil // it came between the two readings; the page is asked for again
	}
	w := rows.work[i]
	var text vetoText
	if err := s.openAs(ctx, ag, w, &text, keys...); err != nil {
		return &VetoWord{Unread: true}, notUnread(err)
	}
	v := &VetoWord{Op: text.Asked["op"], Kind: text.Kind, InForce: text.InForce, Registrant: text.Asked["registrant"], Circumstances: text.Circumstances,
		ReceivedOn: dayOf(text.ReceivedOn), Row: text.Row, Permits: w.Kind == string(seal.KindVeto), Needs: needs(text.Asked)}
	st, err := s.stated(ctx, ag, w)
	if err != nil {
		return nil, err // openAs has verified it
	}
	v.At = st.At
	for _, row := range law.Veto().Rows() {
		if string(row.ID) == text.Row {
			v.Outcome, v.Reason, v.Meaning, v.Citation = string(row.Outcome), row.Reason, row.Meaning, row.Citation
			v.Stops = slices.Contains(row.Effects, law.EffectProvisionalStop)
		}
	}
	return v, nil
}

// needs asks table 8d again and again, each time as if what its row waits for had
// come, until nothing is missing or somebody has to decide.
func needs(asked map[string]string) (list []string) {
	asked = maps.Clone(asked)
	for range len(Needs()) {
		var pairs []string
		for name, value := range asked {
			pairs = append(pairs, name, value)
		}
		f, err := answers(law.Veto(), pairs...)
		if err != nil {
			return list
		}
		finding, err := law.Veto().Decide(f)
		if err != nil || finding.Permits() {
			return list
		}
		need, input, value := settles(finding.Row(), asked)
		if need != "" {
			list = append(list, need)
		}
		if input == "" {
			return list
		}
		asked[input] = value
	}
	return list
}

// settles says what a row waits for, of Needs, and which answer would settle it; no
// need for a row that waits for nothing, no answer where somebody has to decide.
func settles(row law.RowID, asked map[string]string) (need, input, value string) {
	switch row {
	case "d01a":
		return "facts", "", ""
	case "d03":
		return "authority", "authority", "confirmed"
	case "d04":
		return "sign", "", ""
	case "d05":
		return "born", "", ""
	case "d06":
		return "writing", "form", "writing"
	case "d07":
		return "met", "metVerified", "yes"
	case "d07a":
		return "link", "linkProven", "yes"
	case "d08", "d08a":
		if asked["form"] == "oral" {
			return "writing", "form", "writing"
		}
		return "met", "metVerified", "yes"
	case "d08b":
		return "person", "personMet", "yes"
	case "d08c":
		return "meaning", "direction", "strengthen"
	case "d09":
		return "cases", "circumstances", "nonEmpty"
	case "d10":
		return "info", "info", "given"
	case "d11":
		return "forward", "", ""
	}
	return "", "", ""
}
