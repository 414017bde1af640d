package intermediary

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
	"gatepost/intermediary/law"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

const (
	sqlInsertEvaluation = `insert into evaluation (agency_id, id, application_id, subject_id, item_id, tbl, row_id, outcome, effects, digest, at, act, worker_id, leaf)
		values (agency(), @id, @application, @subject, @item, @table, @row, @outcome, @effects, @digest, @at, @act, account(), @leaf)`
	sqlStopSubject = `update subject set state = 'stopped' where agency_id = agency() and id = $1 and state = 'open' returning 1`
)

var guardedStopSubject = postgres.Guarded(sqlStopSubject)

// Answer is what the law says of the next step, for the worker. Nothing in it is
// for an applicant.
type Answer struct {
	Table    string   // "8a"
	Row      string   // "a31"
	Outcome  string   // of law.Outcomes
	Effects  []string // what goes with it
	Permits  bool
	Reason   string // one sentence: what stands in the way and what to do next
	Meaning  string // for a lawyer
	Citation string
	Signable bool     // two people can sign this row, for these facts
	Flag     string   // two people could sign it if this policy flag were set: "OQ1", "OQ9"; "" for none
	Why      []Ground // what the row looked at
	Digest   [32]byte // of everything that was looked at
}

// Ground is one question that the row looked at, with its answer and the rows
// from which that answer came.
type Ground struct {
	Input    string // of the table
	Question string // what it asks, in the law's own words
	Answer   string
	Known    bool        // false: nobody has said anything that counts
	Facts    []GroundRow // none for what no worker states
}

// GroundRow names a row: a version of a fact, or of a veto or consent.
type GroundRow struct {
	On, Name string
	Version  uint64
}

// ruling is the law's answer inside an act, with what it was asked.
type ruling struct {
	*grounds
	of      law.Evaluation
	finding law.Finding
	permit  law.Permit // valid only where the finding permits
	facts   law.Facts
	digest  [32]byte
}

// forbids tells whether what was running must stop: it is barred, or was decided
// against (ISR 6(4)). What only waits is not stopped. That table 8a has nothing
// to say about an order of today's law stops no application under that law:
// there the agency's own decision does (ACA 61(2)).
func (r ruling) forbids() bool {
	if r.order() == "post" {
		return r.aboutSubject("approp", "undecided") == "no"
	}
	switch r.finding.Outcome() {
	case law.OutcomeReject, law.OutcomeBlock, law.OutcomeStop:
		return true
	}
	return false
}

// key is what the decision is about.
func (g *grounds) key() law.Evaluation {
	e := law.Evaluation{Applicant: g.head.ApplicationID, AdoptedPerson: g.head.AdoptedID, Subject: g.head.SubjectID}
	if g.item != nil {
		e.Item = g.item.ID
	}
	return e
}

// hear asks one table, in an act that ends with the transaction.
func (g *grounds) hear(act *law.Act, t *law.Table, f law.Facts) (ruling, error) {
	r := ruling{grounds: g, of: g.key(), facts: f}
	var err error
	if r.digest, err = f.Digest(g.versions()...); err != nil {
		return r, fmt.Errorf("ask table %s: %w", t.ID(), err)
	}
	if r.finding, r.permit, err = act.Decide(t, r.of, f); err != nil {
		return r, fmt.Errorf("ask table %s: %w", t.ID(), err)
	}
	return r, nil
}

// mayProceed asks table 8a about the subject. An item has no part in it.
func (a *acting) mayProceed(g *grounds) (ruling, error) {
	alone := *g
	alone.item, alone.used = nil, nil
	f, err := alone.proceedFacts()
	if err != nil {
		return ruling{}, err
	}
	return alone.hear(a.begins(&alone), law.Proceed(), f)
}

// mayGive asks the table that answers for the item, and the one that it sends
// to: 8f after commencement, else 8b for what identifies somebody and 8c for the
// rest. The last answer counts.
func (a *acting) mayGive(g *grounds) (ruling, error) {
	t := law.Background()
	switch {
	case g.order() == "post":
		t = law.PostCommencement()
	case g.item.Identifying:
		t = law.Identifying()
	}
	for redirected := false; ; redirected = true {
		fresh := *g
		fresh.used = nil
		f, err := fresh.factsOf(t, redirected)
		if err != nil {
			return ruling{}, err
		}
		r, err := fresh.hear(a.begins(&fresh), t, f)
		if err != nil {
			return ruling{}, err
		}
		next, more := r.finding.Next()
		if !more || redirected && next != law.Identifying() {
			return r, nil
		}
		t = next
	}
}

// factsOf gathers the facts of a table.
func (g *grounds) factsOf(t *law.Table, redirected bool) (law.Facts, error) {
	switch t {
	case law.Proceed():
		return g.proceedFacts()
	case law.Identifying():
		return g.identifyingFacts()
	case law.Background():
		return g.backgroundFacts(redirected)
	case law.PostCommencement():
		return g.postCommencementFacts(redirected)
	case law.BirthRecord():
		return g.birthRecordFacts()
	}
	return law.Facts{}, fmt.Errorf("gather facts: nothing here is asked of table %s", t.ID())
}

// begins begins the law's part of an act; commit ends it.
func (a *acting) begins(g *grounds) *law.Act {
	act := law.Begin(g.versions()...)
	a.hearings = append(a.hearings, act)
	return act
}

// adjourn ends what the law permitted: nothing of it is left after the
// transaction, and a transaction that runs again asks again.
func (a *acting) adjourn() {
	for _, h := range a.hearings {
		h.End()
	}
	a.hearings = nil
}

// record writes the answer down in the act's transaction, under the name of the
// act that asked (asked, proceed, approach, disclose, changed), and gives the
// evaluation's id, which an approach or a disclosure of the same transaction has
// to name. Its statement holds every column, so that a changed row is found out.
func (a *acting) record(b *pgx.Batch, r ruling, act string) (string, error) {
	id := agency.NewID("ev")
	effects := make([]string, 0, len(r.finding.Effects()))
	for _, e := range r.finding.Effects() {
		effects = append(effects, string(e))
	}
	t, row, outcome := r.finding.Table().ID(), string(r.finding.Row()), string(r.finding.Outcome())
	commit := sha256.Sum256(fmt.Appendf(nil, "gatepost evaluation\n%s %s %s %s\n%s %s %s %s\n%x\n", t, row, outcome, strings.Join(effects, ","),
		act, r.of.Applicant, r.of.Subject, r.of.Item, r.digest))
	body, err := a.ag.State(statement.Statement{Event: statement.EventCasework, Object: id, Part: "evaluation", Version: 1, Exchange: r.of.Applicant,
		From: "worker/" + a.actor.Account(), To: "case/" + r.of.Applicant, Commit: commit, At: a.moment}, "", a.signer)
	if err != nil {
		return "", err
	}
	leaf := statement.Leaf(body)
	b.Queue(sqlInsertEvaluation, pgx.StrictNamedArgs{"id": id, "application": r.of.Applicant, "subject": null(r.of.Subject), "item": null(r.of.Item),
		"table": t, "row": row, "outcome": outcome, "effects": effects, "digest": r.digest[:], "at": a.moment, "act": act, "leaf": leaf[:]})
	a.late = append(a.late, body)
	return id, nil
}

// change is what an act is about to write, and so was not there to be read.
type change func(*standing)

// changes notes what an act writes of the things that the law is asked with.
// commit then asks table 8a anew for every open subject of that adopted person
// and stops what has to stop, in the same transaction (ISR 6 is a continuing
// duty). Whoever writes a fact, a veto, a stop or a consent calls it.
func (a *acting) changes(c change) { a.changed = append(a.changed, c) }

// newest is the place of a row that is being written: after everything.
const newestPlace = 1 << 62

// factStated is a fact that the act states.
func (a *acting) factStated(n NewFact, confirms int) change {
	v, known := factValue(prefixAbout(n.On), n.Name, n.Value)
	f := gateFact{OnID: n.On, About: prefixAbout(n.On), Name: n.Name, Version: uint64(n.Was + 1), Value: n.Value, Two: !known || v.Two,
		WorkerID: a.actor.Account(), At: a.moment, Place: newestPlace}
	if confirms != 0 {
		c := int64(confirms)
		f.Confirms = &c
	}
	return func(st *standing) { st.facts = append(st.facts, f) }
}

// continuing is the continuing duty of an act: what it reads and asks.
func (a *acting) continuing(adopted string) look {
	var now standing
	return look{
		read: func(b *pgx.Batch) { now.queue(b, adopted, nil) },
		check: func(b *pgx.Batch) error {
			for _, c := range a.changed {
				c(&now)
			}
			for _, h := range now.heads {
				if h.State != "open" || h.SubjectState != "open" {
					continue
				}
				if err := a.askAgain(b, &now, h.SubjectID); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// askAgain asks table 8a about one subject and carries out what it says. It
// believes the rows as they are: they can only stop something here, and what
// may go on is asked again, of what was signed, by the next act.
func (a *acting) askAgain(b *pgx.Batch, now *standing, subject string) error {
	g, ok := a.grounds(now, doubts{}, subject, "")
	if !ok {
		return notFound()
	}
	r, err := a.mayProceed(g)
	if err != nil {
		return err
	}
	if _, err := a.record(b, r, "changed"); err != nil {
		return err
	}
	if r.forbids() {
		b.Queue(guardedStopSubject, subject)
	}
	return nil
}

// Ask asks what stands in the way of the next step: for a subject whether the
// application may go on (table 8a), for an item whether it may be given (8b, 8c
// or 8f). The answer is written down and permits nothing: each act asks again
// in its own transaction. id is a subject's or an item's.
//
// NotFound: neither. Forbidden: the session holds no key of the case. Conflict:
// something changed while it was asked; ask again.
func (s *Service) Ask(ctx context.Context, actor authz.Actor, id string) (Answer, error) {
	ag, err := s.begin(ctx, actor, authz.Ask, id)
	if err != nil {
		return Answer{}, err
	}
	subject, items, err := s.askedAbout(ctx, actor, id)
	if err != nil {
		return Answer{}, err
	}
	b, err := s.believe(ctx, ag, actor, subject, items...)
	if err != nil {
		return Answer{}, err
	}
	a, err := s.acts(ag, actor)
	if err != nil {
		return Answer{}, err
	}
	var answer Answer
	err = a.commit(ctx, "ask", held{b.adopted, subject}, b.again(func(batch *pgx.Batch, st *standing) error {
		r, err := a.rule(b, st, items)
		if err != nil {
			return err
		}
		answer = r.answer()
		_, err = a.record(batch, r, "asked")
		return err
	}))
	if err != nil {
		return Answer{}, err
	}
	return answer, nil
}

// rule asks what Ask asks: about the one item, or about the subject.
func (a *acting) rule(b *belief, st *standing, items []string) (ruling, error) {
	item := ""
	if len(items) > 0 {
		item = items[0]
	}
	g, ok := a.grounds(st, b.doubted, b.subject, item)
	switch {
	case !ok:
		return ruling{}, notFound()
	case item != "":
		return a.mayGive(g)
	}
	return a.mayProceed(g)
}

const sqlSubjectOfItem = `select subject_id from item where agency_id = agency() and id = $1`

// askedAbout finds the subject of whatever is asked about, and the item.
func (s *Service) askedAbout(ctx context.Context, actor authz.Actor, id string) (subject string, items []string, err error) {
	switch prefixAbout(id) {
	case "subject":
		return id, nil, nil
	case "item":
		var row struct{ SubjectID string }
		err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.One(b, &row, sqlSubjectOfItem, id) })
		return row.SubjectID, []string{id}, s.db.Fault(err)
	}
	return "", nil, notFound()
}

// answer tells a ruling to the worker.
func (r ruling) answer() Answer {
	f := r.finding
	a := Answer{Table: f.Table().ID(), Row: string(f.Row()), Outcome: string(f.Outcome()), Permits: f.Permits(), Reason: f.Reason(),
		Meaning: f.Meaning(), Citation: f.Citation(), Digest: r.digest, Why: r.why()}
	for _, e := range f.Effects() {
		a.Effects = append(a.Effects, string(e))
	}
	if signed := r.facts; f.Outcome() == law.OutcomeRefer {
		a.Signable = signed.Sign(f.Row(), r.flagsSet()) == nil
		if !a.Signable {
			a.Flag = law.FlagOf(f.Row())
		}
	}
	return a
}

// why lists the inputs that the row names, with the rows behind each.
func (r ruling) why() []Ground {
	rows := r.finding.Table().Rows()
	i := slices.IndexFunc(rows, func(row law.Row) bool { return row.ID == r.finding.Row() })
	if i < 0 {
		return nil
	}
	named := strings.FieldsFunc(rows[i].When, func(c rune) bool { return !strings.ContainsRune("_", c) && !letterOrDigit(c) })
	var list []Ground
	for _, in := range r.finding.Table().Inputs() {
		if in.Name == "signed" || !slices.Contains(named, in.Name) {
			continue
		}
		g := Ground{Input: in.Name, Question: in.Note, Answer: strings.Join(r.facts.Get(in.Name), ", ")}
		for _, of := range r.behindInput(in.Name) {
			if v, ok := r.used[of.On+"/"+of.Name]; ok {
				of.Version = v.Version
				g.Facts = append(g.Facts, of)
			}
		}
		g.Known = len(g.Facts) > 0 || len(r.behindInput(in.Name)) == 0
		list = append(list, g)
	}
	return list
}

func letterOrDigit(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// behindInput says which rows an input is made of. None: it is no worker's word.
func (g *grounds) behindInput(input string) []GroundRow {
	app, sub, ad, it := g.head.ApplicationID, g.head.SubjectID, g.head.AdoptedID, ""
	if g.item != nil {
		it = g.item.ID
	}
	switch input {
	case "order", "juris", "apAge", "interviewRequired":
		return []GroundRow{{On: ad, Name: input}}
	case "regime":
		return []GroundRow{{On: ad, Name: "order"}, {On: ad, Name: "juris"}}
	case "appAge", "reg11", "linkProven", "met", "idVerified", "repAuthority", "aaa":
		return []GroundRow{{On: app, Name: input}}
	case "metVerified":
		return []GroundRow{{On: app, Name: "met"}, {On: app, Name: "idVerified"}}
	case "veto", "vetoNow":
		return []GroundRow{{On: ad, Name: "veto"}, {On: app, Name: "vetoAnswer"}, {On: app, Name: "qualified"}}
	case "vetoFresh":
		return []GroundRow{{On: app, Name: "vetoAnswer"}}
	case "apConsent":
		return []GroundRow{{On: app, Name: input}, {On: ad, Name: "apVital"}}
	case "acr":
		return []GroundRow{{On: sub, Name: input}, {On: sub, Name: "register"}}
	case "acrNoContact":
		rows := []GroundRow{{On: sub, Name: input}}
		for _, w := range g.wishes {
			rows = append(rows, GroundRow{On: w.ID, Name: "wish"})
		}
		return rows
	case "subjAge", "approp", "subjectVital", "evidence", "sixDecision":
		return []GroundRow{{On: sub, Name: input}}
	case "consent", "reason":
		return []GroundRow{{On: sub, Name: "consent"}, {On: sub, Name: "asked"}}
	case "req", "writtenReasons", "publicPolicy", "interviewHeld", "residence", "rgSent":
		return []GroundRow{{On: app, Name: input}}
	case "order60_3":
		return []GroundRow{{On: app, Name: "orderSixty"}}
	case "proceed":
		return []GroundRow{{On: sub, Name: "approp"}}
	case "views", "expressed", "anyChild", "childViews", "childWelfare", "regard":
		return []GroundRow{{On: sub, Name: input}}
	case "decision", "standstill", "panel":
		return []GroundRow{{On: it, Name: input}}
	case "decisionMaker":
		return []GroundRow{{On: it, Name: "decision"}}
	case "cnsl":
		return []GroundRow{{On: app, Name: input}, {On: sub, Name: input}}
	case "jigsaw", "thirdConsent":
		return []GroundRow{{On: it, Name: input}}
	}
	return nil
}

// forbidden is the fault for an act that the law does not permit now: the
// worker's page asks (Ask) and shows the row; the fault says no more than that.
func (r ruling) forbidden() error {
	return fault.New(fault.Conflict, "fault.casework.askAgain")
}
