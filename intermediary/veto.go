package intermediary

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/intermediary/law"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

// The kinds of veto.
const (
	VetoAbsolute  = "absolute"  // no agency may approach them for an application
	VetoQualified = "qualified" // only in the circumstances that they name
)

// MaxCircumstances is how many circumstances a qualified veto may name.
const MaxCircumstances = 20

// Circumstance is one in which a qualified veto lets somebody be approached; in
// Wales it may name persons.
type Circumstance struct {
	What    string `json:"what"`
	Persons string `json:"persons,omitempty"`
}

// VetoNotice is what somebody asks about an adopted person's veto, as a worker
// writes it down. The yes and no are the worker's own word for what they saw;
// what is not known is left at its zero value, which never weakens anything.
type VetoNotice struct {
	Adopted string // ad…: whose veto it is
	Was     int    // the version that the worker saw, 0 for none

	Registrant  string // adoptedPerson, rep, relative, adopter; anything else is other
	Authority   bool   // a representative's authority is confirmed
	Capacity    bool   // the adopted person can decide this themselves; for a representative
	PersonMet   bool   // the adopted person was met and verified; for a representative
	MetVerified bool   // whoever makes the statement was met and verified
	LinkProven  bool   // the person bound by it is shown to be this adopted person

	Form        string // writing, electronicVerified; anything else is oral
	Addressee   string // AAA if this agency is the appropriate one, otherAgency; anything else is IA
	Information string // given, offeredRefused: what a veto does and does not (NMS 16.1); anything else is no

	Kind          string // VetoAbsolute or VetoQualified; not asked for a withdrawal
	Circumstances []Circumstance
	Direction     string // strengthen, weaken, for a change; anything else is unclear

	ReceivedOn time.Time // the day, in London
	Wishes     string    // in their own words
	Why        string    // the worker's note
	Evidence   []string
}

// vetoText is what is sealed of a veto and of a notice about one. The row
// repeats kind and inForce.
type vetoText struct {
	Kind          string            `json:"kind"`
	InForce       bool              `json:"inForce"`
	Circumstances []Circumstance    `json:"circumstances,omitempty"`
	Asked         map[string]string `json:"asked"` // the inputs of table 8d
	Row           string            `json:"row"`   // which answered
	ReceivedOn    string            `json:"receivedOn"`
	Wishes        string            `json:"wishes,omitempty"`
	Why           string            `json:"why,omitempty"`
	Evidence      []string          `json:"evidence,omitempty"`
}

const (
	sqlInsertVeto = `insert into veto (agency_id, adopted_id, version, kind, in_force, worker_id, at, leaf)
		values (agency(), @adopted, @version, @kind, @inForce, account(), @at, @leaf)`
)

// RegisterVeto registers an adopted person's veto, or does what table 8d says
// instead: from the notice on somebody is protected by a provisional stop, or a
// wish is on record, whatever else is missing. Every open case of that adopted
// person is asked anew in the same transaction. The answer says which row it was
// and what goes with it.
//
// Invalid on "kind", "circumstances", "receivedOn", "wishes", "why" or
// "evidence". Conflict: a veto stands already (amend it), or a newer version
// than the worker saw.
func (s *Service) RegisterVeto(ctx context.Context, actor authz.Actor, n VetoNotice) (Answer, error) {
	return s.veto(ctx, actor, n, "register")
}

// AmendVeto changes a veto: the old version is kept. A change whose direction is
// not clear stops everything until somebody has asked. Errors as for
// RegisterVeto; Conflict where none stands.
func (s *Service) AmendVeto(ctx context.Context, actor authz.Actor, n VetoNotice) (Answer, error) {
	return s.veto(ctx, actor, n, "amend")
}

// WithdrawVeto ends a veto. What it stopped starts by itself no more. What protects
// somebody needs one person's word and what ends it two: only a manager withdraws a
// veto, and never one that they wrote down themselves. AmendVeto to a qualified
// veto is the same act, for its circumstances may be wider. Errors as for AmendVeto; Forbidden to anybody else.
func (s *Service) WithdrawVeto(ctx context.Context, actor authz.Actor, n VetoNotice) (Answer, error) {
	return s.veto(ctx, actor, n, "withdraw")
}

// vetoing is an act about a veto under way.
type vetoing struct {
	*acting
	n       VetoNotice
	op      string
	stands  *gateVeto // the newest version, nil for none
	notice  uint64    // the version of what registers nothing
	doubted bool      // the record of the adopted person does not open
	folder  folder
	rows    vetoRows
}

// vetoRows are what table 8d is asked with, beside the notice.
type vetoRows struct {
	facts  []gateFact
	vetoes []gateVeto
}

func (r *vetoRows) queue(b *pgx.Batch, adopted string) {
	postgres.Many(b, &r.facts, sqlGateFacts, adopted, []string{})
	postgres.Many(b, &r.vetoes, sqlVetoes, adopted)
}

func (r *vetoRows) marks() []byte {
	st := standing{facts: r.facts, vetoes: r.vetoes}
	if len(r.facts) > 0 {
		st.adopted = r.facts[0].OnID
	}
	return st.marks("")
}

func (s *Service) veto(ctx context.Context, actor authz.Actor, n VetoNotice, op string) (Answer, error) {
	v, err := s.beginVeto(ctx, actor, n, op)
	if err != nil {
		return Answer{}, err
	}
	f, asked, err := v.facts()
	if err != nil {
		return Answer{}, err
	}
	finding, err := law.Veto().Decide(f)
	if err != nil {
		return Answer{}, err
	}
	if err := v.write(finding, asked); err != nil {
		return Answer{}, err
	}
	told, err := v.tell(ctx, finding)
	if err != nil {
		return Answer{}, err
	}
	var now vetoRows
	err = v.commit(ctx, "veto", held{adopted: n.Adopted}, told, look{
		read: func(b *pgx.Batch) { now = vetoRows{}; now.queue(b, n.Adopted) },
		check: func(*pgx.Batch) error {
			if !bytes.Equal(now.marks(), v.rows.marks()) {
				return fault.New(fault.Conflict, "fault.casework.newerFact")
			}
			return v.permitted(f, finding)
		},
	})
	if err != nil {
		return Answer{}, err
	}
	g := &grounds{}
	return ruling{grounds: g, finding: finding, facts: f}.answer(), nil
}

// permitted asks table 8d in the transaction: what is registered is registered
// by its leave and no other.
func (v *vetoing) permitted(f law.Facts, finding law.Finding) error {
	act := law.Begin(law.Version{Of: v.n.Adopted + "/veto", Version: uint64(v.n.Was)})
	v.hearings = append(v.hearings, act)
	of := law.Evaluation{Applicant: v.n.Adopted, AdoptedPerson: v.n.Adopted}
	now, permit, err := act.Decide(law.Veto(), of, f)
	if err != nil {
		return err
	}
	if now.Row() != finding.Row() || finding.Permits() && !permit.For(law.Veto(), of) {
		return fault.New(fault.Conflict, "fault.casework.askAgain")
	}
	return nil
}

func (s *Service) beginVeto(ctx context.Context, actor authz.Actor, n VetoNotice, op string) (*vetoing, error) {
	may := authz.StateVeto
	if op == "withdraw" {
		may = authz.EndVeto
	}
	ag, err := s.begin(ctx, actor, may, n.Adopted)
	if err != nil {
		return nil, err
	}
	if n, err = s.checkNotice(n, op); err != nil {
		return nil, err
	}
	p, err := s.loadPlace(ctx, actor, n.Adopted)
	if err != nil {
		return nil, err
	}
	v := &vetoing{n: n, op: op}
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { v.rows.queue(b, n.Adopted) }); err != nil {
		return nil, s.db.Fault(err)
	}
	if v.notice, err = s.nextVersion(ctx, actor, n.Adopted, "notice"); err != nil {
		return nil, err
	}
	if l := len(v.rows.vetoes); l > 0 {
		v.stands = &v.rows.vetoes[l-1]
	}
	if err := v.mayAsk(); err != nil {
		return nil, err
	}
	if err := v.mayEnd(actor); err != nil {
		return nil, err
	}
	if v.folder, err = s.folder(ctx, ag, p); err != nil {
		return nil, err
	}
	if v.acting, err = s.acts(ag, actor); err != nil {
		return nil, err
	}
	return v, v.believe(ctx, actor, p)
}

// mayAsk holds the notice to what stands.
func (v *vetoing) mayAsk() error {
	version, inForce := 0, false
	if v.stands != nil {
		version, inForce = int(v.stands.Version), v.stands.InForce
	}
	switch {
	case version != v.n.Was:
		return fault.New(fault.Conflict, "fault.casework.newerFact")
	case v.op == "register" && inForce:
		return fault.New(fault.Conflict, "fault.veto.stands")
	case v.op != "register" && !inForce:
		return fault.New(fault.Conflict, "fault.veto.none")
	}
	return nil
}

// mayEnd holds what may weaken a veto to two people: who wrote it down, and a
// manager. Other circumstances of a qualified one may be wider, whatever is ticked.
func (v *vetoing) mayEnd(actor authz.Actor) error {
	weaker := v.op == "withdraw" || v.op == "amend" && v.n.Kind == VetoQualified
	if weaker && (!actor.Can(authz.EndVeto) || v.stands.WorkerID == actor.Account()) {
		return fault.New(fault.Forbidden, "fault.veto.manager")
	}
	return nil
}

// believe opens what is stated of the adopted person: their adoption's date and
// country, and their age, must be what workers signed.
func (v *vetoing) believe(ctx context.Context, actor authz.Actor, p *place) error {
	u, err := v.climb(ctx, v.ag, actor.Keys(), &p.keyRows, ring.Case(v.n.Adopted))
	if err != nil {
		return err
	}
	r := &factReader{Service: v.Service, ag: v.ag, work: p.work, keys: u.keys}
	for _, versions := range factsBy(p.facts) {
		if _, _, err := r.chain(ctx, versions); err != nil {
			v.doubted = true
			if err := v.told(ctx, v.ag, v.n.Adopted, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// facts are the inputs of table 8d: the record's, and the notice's.
func (v *vetoing) facts() (law.Facts, map[string]string, error) {
	g := &grounds{head: gateHead{AdoptedID: v.n.Adopted}, facts: v.rows.facts, now: v.now()}
	order, juris, age := g.order(), g.juris(), g.fact(v.n.Adopted, "apAge", "unknown")
	if v.doubted {
		order, juris, age = "unknown", "unknown", "unknown"
	}
	n := v.n
	capacity := "lacks"
	if n.Capacity {
		capacity = "has"
	}
	authority := "notConfirmed"
	if n.Authority {
		authority = "confirmed"
	}
	circumstances := "empty"
	if len(n.Circumstances) > 0 {
		circumstances = "nonEmpty"
	}
	pairs := []string{"order", order, "juris", juris, "registrant", oneOf(n.Registrant, "other", "adoptedPerson", "rep", "relative", "adopter"),
		"authority", authority, "capacity", capacity, "personMet", yesNo(n.PersonMet), "metVerified", yesNo(n.MetVerified),
		"linkProven", yesNo(n.LinkProven), "age18", yesNo(age == "ge18"), "form", oneOf(n.Form, "oral", "writing", "electronicVerified"),
		"addressee", oneOf(n.Addressee, "IA", "AAA", "otherAgency"), "info", oneOf(n.Information, "no", "given", "offeredRefused"),
		"kind", n.Kind, "circumstances", circumstances, "op", v.op, "direction", v.direction()}
	f, err := answers(law.Veto(), pairs...)
	asked := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		asked[pairs[i]] = pairs[i+1]
	}
	return f, asked, err
}

// oneOf is v if it is one of the list, else star.
func oneOf(v, star string, list ...string) string {
	if slices.Contains(list, v) {
		return v
	}
	return star
}

// direction is where a change leads. From absolute to qualified is weaker and
// the other way stronger, whatever somebody ticked.
func (v *vetoing) direction() string {
	if v.op != "amend" {
		return "unclear"
	}
	switch {
	case v.stands.Kind == VetoAbsolute && v.n.Kind == VetoQualified:
		return "weaken"
	case v.stands.Kind == VetoQualified && v.n.Kind == VetoAbsolute:
		return "strengthen"
	}
	return oneOf(v.n.Direction, "unclear", "strengthen", "weaken")
}

// write queues what the finding asks for: the veto, the stop, the wish. What
// registers nothing is kept as a notice.
func (v *vetoing) write(finding law.Finding, asked map[string]string) error {
	text := vetoText{Kind: v.n.Kind, InForce: v.op != "withdraw", Circumstances: v.n.Circumstances, Asked: asked, Row: string(finding.Row()),
		ReceivedOn: v.n.ReceivedOn.Format(time.DateOnly), Wishes: v.n.Wishes, Why: v.n.Why, Evidence: v.n.Evidence}
	if finding.Permits() {
		if err := v.register(text); err != nil {
			return err
		}
	} else if _, err := v.seal(v.folder, paper{id: v.n.Adopted, part: "notice", version: v.notice, kind: seal.KindNote}, text); err != nil {
		return err
	}
	if !finding.Has(law.EffectProvisionalStop) {
		return nil
	}
	_, err := v.stop(v.folder, v.n.Adopted, "", reasonText{Why: v.n.Why, Of: "veto " + string(finding.Row())})
	return err
}

func (v *vetoing) register(text vetoText) error {
	version := uint64(v.n.Was + 1)
	leaf, err := v.seal(v.folder, paper{id: v.n.Adopted, part: "veto", version: version, kind: seal.KindVeto}, text)
	if err != nil {
		return err
	}
	v.acting.write(sqlInsertVeto, pgx.StrictNamedArgs{"adopted": v.n.Adopted, "version": version, "kind": text.Kind, "inForce": text.InForce,
		"at": v.moment, "leaf": leaf[:]})
	v.changes(func(st *standing) {
		st.vetoes = append(st.vetoes, gateVeto{Version: version, Kind: text.Kind, InForce: text.InForce, WorkerID: v.actor.Account(), At: v.moment, Leaf: leaf[:], Place: newestPlace})
	})
	return nil
}

// checkNotice cleans a notice. The day may be any that has come.
func (s *Service) checkNotice(n VetoNotice, op string) (VetoNotice, error) {
	if prefixAbout(n.Adopted) != "adopted" {
		return n, notFound()
	}
	if op == "withdraw" && n.Kind == "" {
		n.Kind = VetoAbsolute
	}
	if n.Kind != VetoAbsolute && n.Kind != VetoQualified {
		return n, fault.Field("kind", "fault.veto.kind")
	}
	if n.ReceivedOn.IsZero() || n.ReceivedOn.After(calendar.Today(s.now()).AddDate(0, 0, 1)) {
		return n, fault.Field("receivedOn", "fault.consent.on")
	}
	if len(n.Circumstances) > MaxCircumstances {
		return n, fault.Field("circumstances", "fault.veto.circumstances")
	}
	var list []Circumstance
	for _, c := range n.Circumstances {
		what, err := prose.Clean("circumstances", c.What, MaxWhy)
		if err != nil {
			return n, err
		}
		persons, err := prose.Clean("circumstances", c.Persons, MaxWhy)
		if err != nil {
			return n, err
		}
		if !prose.Blank(what) || !prose.Blank(persons) {
			list = append(list, Circumstance{what, persons})
		}
	}
	n.Circumstances = list
	if n.Kind == VetoAbsolute {
		n.Circumstances = nil
	}
	var err error
	if n.Wishes, err = prose.Clean("wishes", n.Wishes, MaxWhy); err != nil {
		return n, err
	}
	if n.Why, err = reasons(n.Why); err != nil {
		return n, err
	}
	n.Evidence, err = cleanLines("evidence", n.Evidence)
	return n, err
}
