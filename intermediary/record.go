package intermediary

import (
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
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/postgres"
)

// Record is something that was written down in a case and stays: a fact in every
// version, an answer, a step, a decision, a stop. Fact, opinion and what somebody
// told are apart, each with who signed it and when (NMS 27).
type Record struct {
	On       string // whom or what it is about: ad…, ap…, sb…, it…
	ID       string // its own, where it has one (st…, sp…, sg…); else that of On
	What     string // fact, note, consent, veto, notice, stop, stopEnd, trace, approach, asked, after, proceed, view, resume, first, second, ending, hearby, contact, posted, received; of an enquiry entry and word
	Version  int
	By       string // the worker's id
	ByName   string // "" where the directory does not open
	At       time.Time
	Unread   bool // it does not open, and the operator was told
	Name     string
	Answer   string // a fact's value, what a subject said, what came of a step, a kind of veto, yes or no
	InForce  bool   // of a veto
	Confirms int    // of a fact: the version that it agrees to
	Said     Said   // fact, opinion, or what somebody told
	Scope    []string
	Way      string
	Row      string // of the law
	Day      string // received, answered, or until when, as 2006-01-02
	Texts    []RecordText
	Evidence []string
	Ended    bool // of a stop: a manager has ended it; of a signature: both have signed
}

// RecordText is free text of a record, by the name of what it answers.
type RecordText struct{ Name, Text string }

const (
	// Everything sealed that a record is made of: of the application, its adopted person, subjects and items, and of their steps, stops and signatures.
	sqlRecords = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.kind in ('fact', 'veto', 'consent', 'trace', 'approach', 'decision', 'view', 'note')
			and (w.kind <> 'view' or w.file is null) -- what people of the case wrote is apart (Views)
			and (w.application_id = $1 or w.id in (select a.adopted_id from application a where a.agency_id = agency() and a.id = $1)
				or w.id in (select p.id from stop p join application a on a.agency_id = p.agency_id and a.adopted_id = p.adopted_id
					where a.agency_id = agency() and a.id = $1 and p.subject_id is null))
		order by w.id, w.part, w.version`
	sqlRecordSteps = `select t.id, t.subject_id as of, false as ended from step t join subject s on s.agency_id = t.agency_id and s.id = t.subject_id
			where t.agency_id = agency() and s.application_id = $1
		union all select p.id, coalesce(p.subject_id, p.adopted_id), p.ended_by is not null from stop p
			join application a on a.agency_id = p.agency_id and a.adopted_id = p.adopted_id where a.agency_id = agency() and a.id = $1
		union all select k.id, k.subject_id, false from asking k where k.agency_id = agency() and k.application_id = $1
		union all select g.id, coalesce(g.item_id, g.subject_id), g.second_id is not null from signature g join subject s on s.agency_id = g.agency_id and s.id = g.subject_id
			where g.agency_id = agency() and s.application_id = $1`
	sqlRecordWorkers = `select r.book, r.id, r.epoch, r.name, ''::bytea as details from directory r where r.agency_id = agency() and r.book = 'staff'`
)

// recordOf is whom a step, a stop or a signature is about.
type recordOf struct {
	ID    string
	Of    string
	Ended bool
}

// recordRows are what the records of a case are made of.
type recordRows struct {
	application applicationRow
	work        []workRow
	of          []recordOf
	workers     []agency.RecordRow
	keyRows
}

// Records opens everything that was written down in a case, the newest first.
// The reading is in the log before anything is opened. Errors as for Case.
func (s *Service) Records(ctx context.Context, actor authz.Actor, id ApplicationID) ([]Record, error) {
	ag, err := s.begin(ctx, actor, authz.SeeCase, string(id))
	if err != nil {
		return nil, err
	}
	rows, err := s.loadRecords(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	if err := s.logAccess(ctx, ag, actor, string(id), "records", string(id)); err != nil {
		return nil, err
	}
	kase, err := s.climb(ctx, ag, actor.Keys(), &rows.keyRows, ring.Case(rows.application.ID))
	if err != nil {
		return nil, err
	}
	record, err := s.climb(ctx, ag, actor.Keys(), &rows.keyRows, ring.Case(rows.application.AdoptedID))
	if err != nil {
		return nil, err
	}
	return s.written(ctx, ag, actor, rows, append(slices.Clone(kase.keys), record.keys...))
}

// written opens what was written down, the newest first.
func (s *Service) written(ctx context.Context, ag *agency.Agency, actor authz.Actor, rows *recordRows, keys []*age.HybridIdentity) ([]Record, error) {
	var list []Record
	for _, w := range rows.work {
		r, err := s.record(ctx, ag, rows, w, keys)
		if err != nil {
			return nil, err
		}
		r.ByName = nameOfWorker(actor, rows.workers, r.By)
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(a, b Record) int {
		if n := b.At.Compare(a.At); n != 0 {
			return n
		}
		return b.Version - a.Version
	})
	return list, nil
}

func (s *Service) loadRecords(ctx context.Context, actor authz.Actor, id ApplicationID) (*recordRows, error) {
	if !agency.ValidID("ap", string(id)) {
		return nil, notFound()
	}
	if err := s.index.Follow(ctx, actor.Agency()); err != nil {
		return nil, err
	}
	r := &recordRows{}
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &r.application, sqlApplication, string(id))
		postgres.Many(b, &r.work, sqlRecords, string(id))
		postgres.Many(b, &r.of, sqlRecordSteps, string(id))
		postgres.Many(b, &r.workers, sqlRecordWorkers)
		postgres.Many(b, &r.nodes, sqlCaseNodes, string(id))
		postgres.Many(b, &r.grants, sqlCaseGrants, string(id))
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load the records of a case: %w", err))
	}
	return r, nil
}

// nameOfWorker opens a worker's name in the staff's directory; "" where it does
// not open.
func nameOfWorker(actor authz.Actor, rows []agency.RecordRow, id string) string {
	for _, r := range rows {
		if r.ID == id {
			if name, err := agency.OpenName(actor.Keys(), r); err == nil {
				return name
			}
		}
	}
	return ""
}

// record opens one. What does not open is marked, after its alarm.
func (s *Service) record(ctx context.Context, ag *agency.Agency, rows *recordRows, w workRow, keys []*age.HybridIdentity) (Record, error) {
	r := Record{On: w.ID, ID: w.ID, What: w.Part, Version: int(w.Version), By: strings.TrimPrefix(w.FromNode, "worker/"), At: w.Created}
	if i := slices.IndexFunc(rows.of, func(of recordOf) bool { return of.ID == w.ID }); i >= 0 {
		r.On, r.Ended = rows.of[i].Of, rows.of[i].Ended
	}
	switch {
	case w.Kind == string(seal.KindFact):
		r.What = "fact"
	case strings.HasPrefix(w.ID, "sp") && w.Part == "why":
		r.What = "stop"
	case strings.HasPrefix(w.ID, "sp") && w.Part == "end":
		r.What = "stopEnd"
	case strings.HasPrefix(w.ID, "en") && w.Part == "note":
		r.What = "entry"
	}
	content, st, err := s.tryOpen(ctx, ag, w, keys)
	if err == nil {
		err = r.read(content)
	}
	if err != nil {
		r.Unread = true
		return r, notUnread(s.unopened(ctx, ag, w, err))
	}
	r.At = st.At
	return r, nil
}

// read takes in what was sealed. Each kind has its own text; their fields have
// the same name where they mean the same.
func (r *Record) read(content []byte) error {
	var t struct {
		factText
		Answer        string         `json:"answer"`
		Scope         []string       `json:"scope"`
		ExplainedBy   string         `json:"explainedBy"`
		On            string         `json:"on"`
		From          string         `json:"from"`
		Text          string         `json:"text"`
		Written       bool           `json:"written"`
		Words         string         `json:"words"`
		Outcome       string         `json:"outcome"`
		Where         string         `json:"where"`
		Way           string         `json:"way"`
		Kind          string         `json:"kind"`
		InForce       bool           `json:"inForce"`
		Circumstances []Circumstance `json:"circumstances"`
		Row           string         `json:"row"`
		ReceivedOn    string         `json:"receivedOn"`
		Wishes        string         `json:"wishes"`
		Until         string         `json:"until"`
		Appropriate   *bool          `json:"appropriate"`
		Reasons       json.RawMessage
		Asked         json.RawMessage `json:"asked"` // also of a fact, where it is another thing
		State         string          `json:"state"`
		Day           string          `json:"day"`
		Says          string          `json:"says"`
	}
	if json.Unmarshal(content, &t) != nil {
		return errContent
	}
	r.Name, r.Said, r.Confirms, r.Evidence = t.Name, t.Said, t.Confirms, t.Evidence
	if r.What != "fact" && r.What != partNote {
		r.Said = saidOf(r.What)
	}
	r.Answer = first(t.Value, t.Answer, t.Outcome, t.Kind, t.State, t.Says)
	r.Scope, r.Way, r.Row, r.InForce = t.Scope, t.Way, t.Row, t.InForce
	r.Day = first(t.On, t.ReceivedOn, t.Until, t.Day)
	if t.Appropriate != nil {
		r.Answer = yesNo(*t.Appropriate)
	}
	r.texts("where", t.Where, "explainedBy", t.ExplainedBy, "from", t.From, "words", t.Words, "entry", t.Text, "wishes", t.Wishes, "why", t.Why)
	for _, c := range t.Circumstances {
		r.texts("circumstance", c.What, "persons", c.Persons)
	}
	return r.reasons(t.Reasons)
}

// reasons are one text, or the factors of a decision (ISR 6).
func (r *Record) reasons(raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	var one string
	if json.Unmarshal(raw, &one) == nil {
		r.texts("reasons", one)
		return nil
	}
	var p ProceedReasons
	if json.Unmarshal(raw, &p) != nil {
		return errContent
	}
	r.texts("applicant", p.Applicant, "subject", p.Subject, "others", p.Others, "children", p.Children, "agency", p.Agency, "register", p.Register,
		"circumstances", p.Circumstances, "conclusion", p.Conclusion)
	return nil
}

// texts adds those that say something.
func (r *Record) texts(pairs ...string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			r.Texts = append(r.Texts, RecordText{Name: pairs[i], Text: pairs[i+1]})
		}
	}
}

// first is the first of texts that is not empty.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
