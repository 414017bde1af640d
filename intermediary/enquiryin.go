package intermediary

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/ring"
	"gatepost/crypto/statement"
	"gatepost/intermediary/law"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

const (
	sqlEnquiryInColumns = `i.id, i.from_agency, i.state, i.due_on, i.arrived_on, i.chased_on, coalesce(i.adopted_id, '') as adopted_id, i.sealed, i.statement`
	sqlEnquiriesIn      = `select ` + sqlEnquiryInColumns + ` from enquiry_in i where i.agency_id = agency()
		order by i.state <> 'received', i.due_on, i.id limit 500`
	sqlEnquiryIn     = `select ` + sqlEnquiryInColumns + ` from enquiry_in i where i.agency_id = agency() and i.id = $1`
	sqlEnquiriesOf   = `select ` + sqlEnquiryInColumns + ` from enquiry_in i where i.agency_id = agency() and i.adopted_id = $1 and i.state <> 'called off' order by i.id`
	sqlOurWords      = `select version, kind, due_on, sealed, statement, said_on from enquiry_word where agency_id = agency() and id = $1 order by version`
	sqlEnquiryInLock = `select i.state, coalesce(i.adopted_id, '') as adopted_id from enquiry_in i where i.agency_id = agency() and i.id = $1 for update`
	// Queries of their own, for they have to see what was said while the one before waited.
	sqlCountWords      = `select count(*)::int as words from enquiry_word w where w.agency_id = agency() and w.id = $1`
	sqlEnquiriesOfLock = `select i.id from enquiry_in i where i.agency_id = agency() and i.adopted_id = $1 and i.state <> 'called off' order by i.id for update`
	sqlCountWordsOf    = `select i.id, (select count(*)::int from enquiry_word w where w.agency_id = i.agency_id and w.id = i.id) as words
		from enquiry_in i where i.agency_id = agency() and i.adopted_id = $1 and i.state <> 'called off' order by i.id`
	sqlInsertWord = `insert into enquiry_word (agency_id, id, version, kind, due_on, sealed, statement, worker_id, leaf, said_on)
		values (agency(), @id, @version, @kind, @due, @sealed, @statement, account(), @leaf, @on)`
	sqlVetoUnread = `select exists (select from intake i where i.agency_id = agency() and i.state = 'received' and i.purpose = 'veto') as waits`
	// What our own record says of a veto: the newest in force, or a stop, which may stand for one.
	sqlOwnVeto = `select coalesce((select case when v.in_force then v.kind end from veto v where v.agency_id = agency() and v.adopted_id = $1 order by v.version desc limit 1), '') as kind,
		exists (select from stop p where p.agency_id = agency() and p.adopted_id = $1 and p.ended_by is null) as stopped`
)

var guardedRecord = postgres.Guarded(`update enquiry_in set adopted_id = $2 where agency_id = agency() and id = $1 and (adopted_id is null or adopted_id = $2) returning 1`)

// EnquiryIn is an enquiry of another agency of this deployment, where it arrives.
type EnquiryIn struct {
	ID        EnquiryID
	From      string // id of the asking agency
	FromName  string
	State     string // received, answered, called off
	ArrivedOn time.Time
	DueOn     time.Time
	ChasedOn  *time.Time // when the other agency reminded us
	Overdue   int        // working days
	Adopted   AdoptedID  // whose record it is about; "" until somebody says

	FromPhone string
	Reference string // of the other agency's case
	About     string
	Text      string
	Questions []Question
	Juris     string
	Words     []EnquiryEntry // what we have said so far
	Version   int            // how many words there are: the next one says which it saw
}

type enquiryInRow struct {
	ID         string
	FromAgency string
	State      string
	DueOn      time.Time
	ArrivedOn  time.Time
	ChasedOn   *time.Time
	AdoptedID  string
	Sealed     []byte
	Statement  []byte
}

func (s *Service) enquiryInOf(r enquiryInRow) EnquiryIn {
	in := EnquiryIn{ID: EnquiryID(r.ID), From: r.FromAgency, State: r.State, ArrivedOn: r.ArrivedOn, DueOn: r.DueOn, ChasedOn: r.ChasedOn,
		Overdue: s.overdue(r.State, r.DueOn), Adopted: AdoptedID(r.AdoptedID)}
	if from, ok := s.agencies.Get(r.FromAgency); ok {
		in.FromName = from.Name
	}
	return in
}

// EnquiriesIn lists what other agencies ask us: those to be answered first, the
// longest due before the others; 500 at most, and no text.
func (s *Service) EnquiriesIn(ctx context.Context, actor authz.Actor) ([]EnquiryIn, error) {
	if _, err := s.begin(ctx, actor, authz.AnswerEnquiry, "enquiries"); err != nil {
		return nil, err
	}
	var rows []enquiryInRow
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &rows, sqlEnquiriesIn) }); err != nil {
		return nil, s.db.Fault(fmt.Errorf("load the enquiries of other agencies: %w", err))
	}
	list := make([]EnquiryIn, len(rows))
	for i, r := range rows {
		list[i] = s.enquiryInOf(r)
	}
	return list, nil
}

// answering is an act on an enquiry of another agency.
type answering struct {
	*acting
	row   enquiryInRow
	words []wordRow
	own   []agency.NodeRow
	from  *agency.Agency
	st    *statement.Statement // the other agency's, verified
}

func (a *answering) asked() letter {
	return letter{from: a.from, to: a.ag, id: a.row.ID, part: partAsked, version: 1}
}

func (a *answering) word(version uint64) letter {
	return letter{from: a.ag, to: a.from, id: a.row.ID, part: partWord, version: version}
}

// beginAnswering loads an enquiry and believes it only as the other agency's
// worker signed it. Sealed, and an alarm, for any other.
func (s *Service) beginAnswering(ctx context.Context, actor authz.Actor, id EnquiryID) (*answering, error) {
	ag, err := s.begin(ctx, actor, authz.AnswerEnquiry, string(id))
	if err != nil {
		return nil, err
	}
	if !agency.ValidID("en", string(id)) {
		return nil, notFound()
	}
	a := &answering{}
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &a.row, sqlEnquiryIn, string(id))
		postgres.Many(b, &a.words, sqlOurWords, string(id))
		queueOwn(b, &a.own, actor.Account())
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load enquiry %s of another agency: %w", id, err))
	}
	if a.acting, err = s.acts(ag, actor); err != nil {
		return nil, err
	}
	from, ok := s.agencies.Get(a.row.FromAgency)
	if !ok || from.ID == ag.ID {
		return nil, s.unstated(ctx, ag, a.row.ID, errEnquiry)
	}
	a.from = from
	if a.st, err = s.received(ctx, a.asked(), a.row.Statement, nil); err != nil {
		return nil, s.unstated(ctx, ag, a.row.ID, err)
	}
	return a, nil
}

// open opens the enquiry with the keys of our intake.
func (a *answering) open(ctx context.Context) (content roadContent, err error) {
	if err := openRoad(a.asked(), a.row.Sealed, a.st, intakeKeys(a.actor.Keys(), a.own), &content); err != nil {
		return content, a.alarmed(ctx, "an enquiry of another agency does not open", err, "agency", a.ag.ID, "object", a.row.ID)
	}
	return content, nil
}

// ReadEnquiryIn shows what another agency asks, and what we have said. The
// reading is in our log, with what it rests on in the other's, before anything is
// opened.
func (s *Service) ReadEnquiryIn(ctx context.Context, actor authz.Actor, id EnquiryID) (*EnquiryIn, error) {
	a, err := s.beginAnswering(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	leaf, err := saidLeaf(a.row.Statement)
	if err != nil {
		return nil, err
	}
	body, err := a.ag.State(statement.Statement{Event: statement.EventAccess, Object: a.row.ID, Part: partAsked, Version: 1,
		From: "worker/" + actor.Account(), Refs: [][32]byte{leaf}, At: hour(a.moment)}, "", a.signer)
	if err != nil {
		return nil, err
	}
	a.bodies = append(a.bodies, body)
	if err := a.commit(ctx, "readEnquiryIn", held{}); err != nil {
		return nil, err
	}
	content, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	in := s.enquiryInOf(a.row)
	in.FromPhone, in.Reference, in.About, in.Text, in.Questions, in.Juris = content.Phone, content.Reference, content.About, content.Text, content.Questions, content.Juris
	in.Words, in.Version = a.said(ctx), len(a.words)
	return &in, a.named(ctx, in.Words)
}

// said opens what we have said before; what does not open shows a notice.
func (a *answering) said(ctx context.Context) []EnquiryEntry {
	list := make([]EnquiryEntry, len(a.words))
	for i, w := range a.words {
		list[i] = EnquiryEntry{At: w.SaidOn, Unread: true}
		st, err := a.ownWord(ctx, w, i == len(a.words)-1)
		var c wordContent
		if err == nil {
			err = openRoad(a.word(uint64(w.Version)), w.Sealed, st, intakeKeys(a.actor.Keys(), a.own), &c)
		}
		if err != nil {
			_ = a.alarmed(ctx, "what we said to another agency does not open", err, "agency", a.ag.ID, "object", a.row.ID)
			continue
		}
		list[i] = EnquiryEntry{What: c.Kind, By: signerID(st), At: st.At, Text: c.Text, Answer: c.Answer}
		if w.DueOn != nil {
			list[i].DueOn = *w.DueOn
		}
	}
	return list
}

// saidBefore tells whether the actor has just given this very answer.
func (a *answering) saidBefore(ctx context.Context, was int, answer EnquiryAnswer) bool {
	if len(a.words) != was+1 {
		return false
	}
	w := a.words[was]
	st, err := a.ownWord(ctx, w, true)
	var c wordContent
	if err == nil {
		err = openRoad(a.word(uint64(w.Version)), w.Sealed, st, intakeKeys(a.actor.Keys(), a.own), &c)
	}
	return err == nil && signerID(st) == a.actor.Account() && c.Answer != nil && c.Answer.same(answer)
}

// ownWord checks a word of ours by our own log.
func (a *answering) ownWord(ctx context.Context, w wordRow, last bool) (*statement.Statement, error) {
	st, err := a.received(ctx, a.word(uint64(w.Version)), w.Statement, a.st.Refs[0][:])
	if err != nil || !last {
		return st, err
	}
	leaf, err := saidLeaf(w.Statement)
	if err != nil {
		return nil, err
	}
	return st, a.index.Newest(ctx, a.ag.ID, a.row.ID, partWord, leaf)
}

// signerID is the worker who signed a verified statement.
func signerID(st *statement.Statement) string {
	signers := st.Signers()
	if prefix := st.Agency + "/worker/"; len(signers) == 1 && len(signers[0]) > len(prefix) {
		return signers[0][len(prefix):]
	}
	return ""
}

// inLock is what an act of ours looks at once more under the enquiry's lock.
type inLock struct {
	State     string
	AdoptedID string
}

// still holds the enquiry's row and asks that nobody has said anything since.
func (a *answering) still() look {
	var now inLock
	var count struct{ Words int }
	return look{
		read: func(b *pgx.Batch) {
			postgres.One(b, &now, sqlEnquiryInLock, a.row.ID)
			postgres.One(b, &count, sqlCountWords, a.row.ID)
		},
		check: func(*pgx.Batch) error {
			if now.State != a.row.State || now.AdoptedID != a.row.AdoptedID || count.Words != len(a.words) {
				return fault.New(fault.Conflict, "fault.enquiry.moved")
			}
			return nil
		}}
}

// say seals and queues the next word.
func (a *answering) say(ctx context.Context, c wordContent, due *time.Time) error {
	version := uint64(len(a.words) + 1)
	road, err := a.send(ctx, a.word(version), nodesOf(a.own, ring.Worker(a.actor.Account())), a.st.Refs, c)
	if err != nil {
		return err
	}
	a.write(sqlInsertWord, pgx.StrictNamedArgs{"id": a.row.ID, "version": version, "kind": c.Kind, "due": due,
		"sealed": road.sealed, "statement": road.said, "leaf": road.leaf[:], "on": calendar.Today(a.moment)})
	return nil
}

// TellProgress tells the asking agency how far we are, and offers another day if
// due is not zero; the asking agency agrees to it or not (NMS 16.3). was is how
// many words there were when the page was shown.
//
// Invalid on "text", "due". Conflict: it was answered or called off meanwhile, or
// somebody said something.
func (s *Service) TellProgress(ctx context.Context, actor authz.Actor, id EnquiryID, was int, text string, due time.Time) error {
	a, err := s.beginAnswering(ctx, actor, id)
	if err != nil {
		return err
	}
	if err := cleanTexts(typed{"text", &text}); err != nil {
		return err
	}
	if prose.Blank(text) {
		return fault.Field("text", "fault.enquiry.text")
	}
	c := wordContent{Kind: "progress", Text: text}
	var day *time.Time
	if !due.IsZero() {
		if due, err = s.due(due); err != nil {
			return err
		}
		day, c.DueOn = &due, dayText(due)
	}
	if a.row.State != "received" || was != len(a.words) {
		return fault.New(fault.Conflict, "fault.enquiry.moved")
	}
	if err := a.say(ctx, c, day); err != nil {
		return err
	}
	return a.commit(ctx, "tellProgress", held{}, a.still())
}

// AnswerEnquiryIn answers what another agency asks, or answers it anew: the
// newest answer counts there. It is sealed to both agencies' intakes and archives
// and signed by the worker. of is whose record of ours it is about, or "" where we
// have none here: then a later veto of theirs finds its way (ISR 8(2)). Where our
// record has a veto or a stop, no answer may say otherwise; that is looked at
// again under the record's lock.
//
// Invalid names the field. NotFound: no such record. Conflict: called off, or a
// colleague was first, the record has changed, or somebody asks online for a veto
// and nobody has read it ("fault.intake.protects").
func (s *Service) AnswerEnquiryIn(ctx context.Context, actor authz.Actor, id EnquiryID, was int, of AdoptedID, answer EnquiryAnswer) error {
	a, err := s.beginAnswering(ctx, actor, id)
	if err != nil {
		return err
	}
	content, err := a.open(ctx)
	if err != nil {
		return err
	}
	today := calendar.Today(a.moment)
	answer.On, answer.CameBy = today, ""
	if answer, err = checkAnswer(answer, asked{whom: AskAgency, juris: content.Juris, online: true}, today); err != nil {
		return err
	}
	switch {
	case of != "" && !agency.ValidID("ad", string(of)):
		return notFound()
	case a.row.State == "called off":
		return fault.New(fault.Conflict, "fault.enquiry.off")
	case a.saidBefore(ctx, was, answer) && string(of) == a.row.AdoptedID:
		return nil // the second of two clicks
	case was != len(a.words) || a.row.AdoptedID != "" && string(of) != a.row.AdoptedID:
		return fault.New(fault.Conflict, "fault.enquiry.moved")
	}
	if err := a.say(ctx, wordContent{Kind: "answer", Answer: &answer}, nil); err != nil {
		return err
	}
	if of == "" {
		return a.commit(ctx, "answerEnquiry", held{}, a.still(), noVetoUnread(answer))
	}
	a.write(guardedRecord, a.row.ID, string(of))
	return a.commit(ctx, "answerEnquiry", held{adopted: string(of)}, a.still(), noVetoUnread(answer), asOurRecord(string(of), answer))
}

// noVetoUnread refuses to answer that there is no veto while somebody asks for
// one whom nobody has read: it may be theirs.
func noVetoUnread(answer EnquiryAnswer) look {
	var row struct{ Waits bool }
	return look{read: func(b *pgx.Batch) { postgres.One(b, &row, sqlVetoUnread) }, check: func(*pgx.Batch) error {
		if row.Waits && answer.Veto == "none" {
			return fault.New(fault.Conflict, "fault.intake.protects")
		}
		return nil
	}}
}

// ownVeto is what our own record says.
type ownVeto struct {
	Kind    string // absolute, qualified; "" for none in force
	Stopped bool
}

// asOurRecord reads our own record of a veto in the act, and refuses an answer
// that says otherwise.
func asOurRecord(adopted string, answer EnquiryAnswer) look {
	var own ownVeto
	return look{
		read: func(b *pgx.Batch) { postgres.One(b, &own, sqlOwnVeto, adopted) },
		check: func(*pgx.Batch) error {
			return own.agrees(answer)
		}}
}

func (v ownVeto) agrees(a EnquiryAnswer) error {
	switch {
	case a.Held != "yes":
		return fault.Field("held", "fault.enquiry.record")
	case v.Kind != "" && a.Veto != v.Kind, v.Kind == "" && a.Veto != "none" && a.Veto != "unknown":
		return fault.Field("veto", "fault.enquiry.record")
	case v.Kind == "" && v.Stopped && a.Veto != "unknown":
		return fault.Field("veto", "fault.enquiry.stop")
	}
	return nil
}

// tell tells what the act about a veto does to every agency that has asked about
// that adopted person: the veto as it stands now, or, while a stop protects them
// and there is none, or a notice is not settled, that it is not known.
func (v *vetoing) tell(ctx context.Context, finding law.Finding) (look, error) {
	switch {
	case finding.Permits() && v.op == "withdraw":
		own, err := v.ownVeto(ctx, v.n.Adopted)
		if err != nil {
			return look{}, err
		}
		var unread struct{ Waits bool }
		if err := v.db.Read(ctx, scope(v.actor), func(b *pgx.Batch) { postgres.One(b, &unread, sqlVetoUnread) }); err != nil {
			return look{}, v.db.Fault(err)
		}
		if own.Stopped || unread.Waits {
			return v.pushVeto(ctx, v.n.Adopted, "unknown", "")
		}
		return v.pushVeto(ctx, v.n.Adopted, "none", "")
	case finding.Permits() && v.n.Kind == VetoQualified:
		return v.pushVeto(ctx, v.n.Adopted, VetoQualified, terms(v.n.Circumstances))
	case finding.Permits():
		return v.pushVeto(ctx, v.n.Adopted, v.n.Kind, "")
	case finding.Has(law.EffectProvisionalStop):
		return v.pushVeto(ctx, v.n.Adopted, "unknown", "")
	}
	return nothingTold(), nil
}

func nothingTold() look {
	return look{read: func(*pgx.Batch) {}, check: func(*pgx.Batch) error { return nil }}
}

func (a *acting) ownVeto(ctx context.Context, adopted string) (own ownVeto, err error) {
	err = a.db.Read(ctx, scope(a.actor), func(b *pgx.Batch) { postgres.One(b, &own, sqlOwnVeto, adopted) })
	if err != nil {
		return own, a.db.Fault(fmt.Errorf("load what our record says: %w", err))
	}
	return own, nil
}

// alert tells every agency that has asked us about an adopted person that, while
// somebody is protected by a stop of this act, nobody knows whether there is a
// veto: what was said before must let nobody go on (law.md 8.0 rules 5 and 9). It
// says neither that there is a stop nor for whom. Whoever was told of an absolute
// veto goes on with nothing, and is told no less. When the stop has ended, a worker
// answers them anew.
func (a *acting) alert(ctx context.Context, adopted string) (look, error) {
	own, err := a.ownVeto(ctx, adopted)
	if err != nil {
		return look{}, err
	}
	if own.Kind == VetoAbsolute {
		return nothingTold(), nil
	}
	return a.pushVeto(ctx, adopted, "unknown", "")
}

// terms writes the circumstances of a qualified veto, a line each.
func terms(list []Circumstance) string {
	var b strings.Builder
	for _, c := range list {
		b.WriteString(c.What)
		if c.Persons != "" {
			b.WriteString(" (" + c.Persons + ")")
		}
		b.WriteString("\n")
	}
	return strings.TrimSpace(b.String())
}

// pushVeto tells every agency that has asked us about an adopted person that
// their veto has changed (law.md d12): kind is absolute, qualified with its terms,
// none, or unknown. It is part of the act that changes it. The look it gives has to be
// asked in that act: somebody who links or answers an enquiry meanwhile makes it
// a Conflict, to be tried again.
func (a *acting) pushVeto(ctx context.Context, adopted, kind, terms string) (look, error) {
	var rows []enquiryInRow
	var own []agency.NodeRow
	err := a.db.Read(ctx, scope(a.actor), func(b *pgx.Batch) {
		postgres.Many(b, &rows, sqlEnquiriesOf, adopted)
		queueOwn(b, &own, a.actor.Account())
	})
	if err != nil {
		return look{}, a.db.Fault(fmt.Errorf("load the enquiries about a record: %w", err))
	}
	answer := EnquiryAnswer{On: calendar.Today(a.moment), Held: "yes", Veto: kind, VetoTerms: terms, Views: "unknown", Appropriate: "noView"}
	counts := map[string]int{}
	for _, row := range rows {
		from, ok := a.agencies.Get(row.FromAgency)
		if !ok {
			continue
		}
		one := &answering{acting: a, row: row, own: own, from: from}
		if err := one.push(ctx, answer); err != nil {
			return look{}, err
		}
		counts[row.ID] = len(one.words)
	}
	return sameEnquiries(adopted, counts), nil
}

// push says an answer of the record's to one agency. An enquiry that does not
// hold is answered to nobody, and the operator is told.
func (a *answering) push(ctx context.Context, answer EnquiryAnswer) (err error) {
	err = a.db.Read(ctx, scope(a.actor), func(b *pgx.Batch) { postgres.Many(b, &a.words, sqlOurWords, a.row.ID) })
	if err != nil {
		return a.db.Fault(fmt.Errorf("load what was said of an enquiry: %w", err))
	}
	if a.st, err = a.received(ctx, a.asked(), a.row.Statement, nil); err != nil {
		if err := a.unstated(ctx, a.ag, a.row.ID, err); !unread(err) {
			return err
		}
		return nil
	}
	return a.say(ctx, wordContent{Kind: "answer", Answer: &answer}, nil)
}

// sameEnquiries asks that the enquiries about a record are those that were told.
func sameEnquiries(adopted string, told map[string]int) look {
	type count struct {
		ID    string
		Words int
	}
	var now []count
	return look{
		read: func(b *pgx.Batch) {
			b.Queue(sqlEnquiriesOfLock, adopted)
			postgres.Many(b, &now, sqlCountWordsOf, adopted)
		},
		check: func(*pgx.Batch) error {
			same := !slices.ContainsFunc(now, func(c count) bool { words, ok := told[c.ID]; return !ok || words != c.Words })
			if len(now) != len(told) || !same {
				return fault.New(fault.Conflict, "fault.enquiry.moved")
			}
			return nil
		}}
}
