package intermediary

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/intermediary/law"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/prose"
)

// MaxPack is how many items one act may give.
const MaxPack = 20

const (
	sqlInsertDisclosure = `insert into disclosure (agency_id, id, application_id, adopted_id, subject_id, item_id, evaluation_id, row_id, worker_id, second_id, at, leaf)
		values (agency(), @id, @application, @adopted, @subject, @item, @evaluation, @row, account(), @second, @at, @leaf)`
	sqlGivenByMe = `select d.id, d.item_id from disclosure d where d.agency_id = agency() and d.item_id = any($1::text[]) and d.worker_id = account() order by d.item_id`
	// Something waits, and no more: for everybody who can open the file and is not on hold.
	sqlNotifyFile = `select notify_person(x.person_id) from (select p.person_id from party p join person r on r.agency_id = p.agency_id and r.id = p.person_id and r.state = 'active'
		where p.agency_id = agency() and p.file = $1 and p.kind <> 'subject'
			and exists (select from ring_grant_person g where g.agency_id = p.agency_id and g.child = 'side/' || p.file and g.parent = 'person/' || p.person_id)
		order by p.person_id) x`
	sqlAgreement = `select ` + sqlWorkColumns + ` from casework w where w.agency_id = agency() and w.id = $1 and w.part = 'agreement' order by w.version desc limit 1`
)

// NewAgreement is the applicant's written agreement to keep confidential what
// they learn of others (NMS 27.3).
type NewAgreement struct {
	Application ApplicationID
	On          time.Time // when they signed it
	Words       string    // which form of words, and where the paper is
}

type agreementText struct {
	On    string `json:"on"`
	Words string `json:"words"`
}

// RecordAgreement records that the applicant has signed a confidentiality
// agreement. Nothing is given before (Disclose).
//
// Invalid on "on" or "words". Conflict: the case has ended.
func (s *Service) RecordAgreement(ctx context.Context, actor authz.Actor, n NewAgreement) error {
	id := string(n.Application)
	ag, err := s.begin(ctx, actor, authz.PrepareItem, id)
	if err != nil {
		return err
	}
	if prefixAbout(id) != "application" {
		return notFound()
	}
	if n.Words, err = prose.Clean("words", n.Words, MaxWhy); err != nil {
		return err
	}
	switch {
	case n.On.IsZero() || calendar.Today(n.On).After(calendar.Today(s.now())):
		return fault.Field("on", "fault.agreement.on")
	case prose.Blank(n.Words):
		return fault.Field("words", "fault.agreement.words")
	}
	p, err := s.loadPlace(ctx, actor, id)
	if err != nil {
		return err
	}
	if p.row.Over {
		return fault.New(fault.Conflict, "fault.casework.ended")
	}
	next, err := s.nextVersion(ctx, actor, id, "agreement")
	if err != nil {
		return err
	}
	a, f, err := s.actsAt(ctx, ag, actor, p)
	if err != nil {
		return err
	}
	text := agreementText{calendar.Today(n.On).Format(time.DateOnly), n.Words}
	if _, err := a.seal(f, paper{id: id, part: "agreement", version: next, kind: seal.KindNote}, text); err != nil {
		return err
	}
	return a.commit(ctx, "recordAgreement", p.held(), stillOpen(id))
}

// Refused says which item the law does not let be given now, and by which row.
// It is what the fault of Disclose wraps.
type Refused struct {
	Item   string
	Answer Answer // for the worker
}

// Error names the item and the row.
func (r *Refused) Error() string {
	return fmt.Sprintf("item %s is not given, by row %s of table %s", r.Item, r.Answer.Row, r.Answer.Table)
}

// Disclose gives items of one subject to the applicant: all of them, or none. It
// is one transaction that holds the gate rows, reads every fact, veto, stop and
// consent again, asks the law about each item, and writes the law's answer, the
// pack, the disclosure and their statements. What was sealed is opened before,
// held to its rows, and the rows are compared under the lock. Each item becomes a
// pack of its own in the applicant's file, for them to open (OpenPack) or for the
// agency to print. It gives the packs' ids, in the order of the items. The same
// items by the same worker again are the same packs.
//
// code is a fresh one-time code of the worker, who is not the second person. What
// an item gives away was judged (jigsaw) after the newest words of every other
// item of the pack were there to be looked at.
//
// Invalid on "code". NotFound: no such item, or of another subject. Forbidden:
// the actor checked one of them. Conflict: one was not checked or was given, no
// confidentiality agreement is recorded, something changed in this moment, or
// the law does not permit it: the fault wraps a *Refused. Sealed: a row is not
// what was signed.
func (s *Service) Disclose(ctx context.Context, actor authz.Actor, items []string, code string) ([]string, error) {
	if len(items) == 0 || len(items) > MaxPack {
		return nil, notFound()
	}
	ag, err := s.begin(ctx, actor, authz.Disclose, items[0])
	if err != nil {
		return nil, err
	}
	subject, _, err := s.askedAbout(ctx, actor, items[0])
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(items, func(id string) bool { return prefixAbout(id) != "item" }) || len(slices.Compact(slices.Sorted(slices.Values(items)))) != len(items) {
		return nil, notFound()
	}
	if done, err := s.givenByMe(ctx, actor, items); err != nil || done != nil {
		return done, err
	}
	g, err := s.beginGiving(ctx, ag, actor, subject, items)
	if err != nil {
		return nil, err
	}
	ids, err := g.disclose(ctx, code)
	if refused, ok := errors.AsType[*Refused](err); ok {
		return nil, s.recordRefused(ctx, g, refused, err)
	}
	return ids, err
}

// disclose asks the law before the code, which is not used up by what would be
// refused, and again in the transaction.
func (g *giving) disclose(ctx context.Context, code string) ([]string, error) {
	defer g.adjourn()
	for _, in := range g.items {
		if r, err := g.rule(&g.belief.standing, in.row.ID); err != nil {
			return nil, err
		} else if err := g.allowed(r, in); err != nil {
			return nil, err
		}
	}
	keep, err := g.freshCode(ctx, g.actor, code)
	if err != nil {
		return nil, err
	}
	g.then(keep)
	ids, err := g.packs()
	if err != nil {
		return nil, err
	}
	if err := g.commit(ctx, "disclose", held{g.belief.adopted, g.belief.subject}, g.readersHeld(), g.still(), g.look()); err != nil {
		return nil, err
	}
	return ids, nil
}

type givenRow struct{ ID, ItemID string }

// givenByMe finds the packs of items that the actor has given already, all of
// them; nil for none.
func (s *Service) givenByMe(ctx context.Context, actor authz.Actor, items []string) ([]string, error) {
	var rows []givenRow
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.Many(b, &rows, sqlGivenByMe, items) }); err != nil {
		return nil, s.db.Fault(err)
	}
	if len(rows) != len(items) {
		return nil, nil
	}
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = rows[slices.IndexFunc(rows, func(r givenRow) bool { return r.ItemID == item })].ID
	}
	return ids, nil
}

// giving is a disclosure under way.
type giving struct {
	*acting
	belief    *belief
	items     []givingItem // in the order in which they were asked for
	agreement [32]byte     // the statement of the confidentiality agreement
	folder    folder
	file      agency.Node
}

type givingItem struct {
	row  itemRow
	text itemText
	rest [][32]byte // the statements of its words and of their check
	id   string     // of the pack
	leaf [32]byte
}

// beginGiving opens and believes everything that the disclosure rests on.
func (s *Service) beginGiving(ctx context.Context, ag *agency.Agency, actor authz.Actor, subject string, items []string) (*giving, error) {
	b, err := s.believe(ctx, ag, actor, subject, items...)
	if err != nil {
		return nil, err
	}
	head, _ := b.head(subject)
	g := &giving{belief: b, folder: folder{of: head.ApplicationID, application: head.ApplicationID, node: b.node}}
	if g.file, err = s.fileNode(ctx, ag, actor, head.ApplicationID); err != nil {
		return nil, err
	}
	if g.acting, err = s.acts(ag, actor); err != nil {
		return nil, err
	}
	var rows []itemRow
	var work, agreement []workRow
	err = s.db.Read(ctx, scope(actor), func(batch *pgx.Batch) {
		postgres.Many(batch, &rows, sqlItems, items)
		postgres.Many(batch, &work, sqlItemWork, items)
		postgres.Many(batch, &agreement, sqlAgreement, head.ApplicationID)
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load items: %w", err))
	}
	for _, id := range items {
		i := slices.IndexFunc(rows, func(r itemRow) bool { return r.ID == id && r.SubjectID == subject })
		if i < 0 {
			return nil, notFound()
		}
		if err := g.add(ctx, rows[i], work); err != nil {
			return nil, err
		}
	}
	return g, g.agreed(ctx, agreement, b.keys)
}

// add believes an item that is to be given.
func (g *giving) add(ctx context.Context, row itemRow, work []workRow) error {
	switch {
	case row.Given:
		return fault.New(fault.Conflict, "fault.casework.given")
	case row.CheckedBy == g.actor.Account():
		return fault.New(fault.Forbidden, "fault.casework.another")
	}
	text, words, err := g.believeItem(ctx, g.ag, row, work, g.belief.keys)
	if err != nil {
		return g.unstated(ctx, g.ag, row.ID, err)
	}
	in := givingItem{row: row, text: text, rest: [][32]byte{words}, id: agency.NewID("dc")}
	if row.CheckedBy != "" {
		in.rest = append(in.rest, [32]byte(row.CheckLeaf))
	}
	g.items = append(g.items, in)
	return nil
}

// agreed opens the newest confidentiality agreement.
func (g *giving) agreed(ctx context.Context, rows []workRow, keys []*age.HybridIdentity) error {
	if len(rows) == 0 {
		return fault.New(fault.Conflict, "fault.agreement.none")
	}
	var text agreementText
	if err := g.openAs(ctx, g.ag, rows[0], &text, keys...); err != nil {
		return err
	}
	g.agreement = [32]byte(rows[0].Leaf)
	return nil
}

// packs seals each item to the applicant's file, the case and the archive.
func (g *giving) packs() ([]string, error) {
	var ids []string
	for i := range g.items {
		in := &g.items[i]
		text := packText{Item: in.row.ID, Kind: in.row.Kind, Words: in.text.Words, On: calendar.Today(g.moment).Format(time.DateOnly)}
		leaf, err := g.seal(g.folder, paper{id: in.id, part: "pack", version: 1, kind: seal.KindPack, file: g.file,
			refs: append(slices.Clone(in.rest), g.agreement)}, text)
		if err != nil {
			return nil, err
		}
		in.leaf = leaf
		ids = append(ids, in.id)
	}
	return ids, nil
}

// sqlHoldReaders holds everybody who reads an applicant's file. Two cases of one
// applicant have gate rows of their own: without it each could be given something
// in the same moment, and nobody would have judged the two together.
const sqlHoldReaders = `select r.id from person r join party p on p.agency_id = r.agency_id and p.person_id = r.id
	where p.agency_id = agency() and p.file = $1 and p.kind <> 'subject' order by r.id for update of r`

// readersHeld takes them before anything is read of what they were given.
func (g *giving) readersHeld() look {
	return look{read: func(b *pgx.Batch) { b.Queue(sqlHoldReaders, g.folder.application) }, check: func(*pgx.Batch) error { return nil }}
}

// still asks under the lock that the items are those that were believed.
func (g *giving) still() look {
	var now []itemRow
	var ids []string
	for _, in := range g.items {
		ids = append(ids, in.row.ID)
	}
	return look{
		read: func(b *pgx.Batch) { postgres.Many(b, &now, sqlItems, ids) },
		check: func(*pgx.Batch) error {
			for _, in := range g.items {
				i := slices.IndexFunc(now, func(r itemRow) bool { return r.ID == in.row.ID })
				switch {
				case i < 0 || !now[i].same(in.row):
					return fault.New(fault.Conflict, "fault.casework.changed")
				case now[i].Given:
					return fault.New(fault.Conflict, "fault.casework.given")
				}
			}
			return nil
		},
	}
}

// look asks the law about each item, and gives it.
func (g *giving) look() look {
	return g.belief.again(func(b *pgx.Batch, st *standing) error {
		for _, in := range g.items {
			r, err := g.rule(st, in.row.ID)
			if err != nil {
				return err
			}
			if err := g.give(b, r, in); err != nil {
				return err
			}
		}
		b.Queue(sqlNotifyFile, g.folder.application)
		return nil
	})
}

// rule asks the law about one item of the pack. What the others of the pack say
// counts as given: what this one gives away was judged with them in sight.
func (g *giving) rule(st *standing, item string) (ruling, error) {
	grounds, ok := g.grounds(st, g.belief.doubted, g.belief.subject, item)
	if !ok {
		return ruling{}, notFound()
	}
	for _, o := range st.items {
		if o.ID != item {
			grounds.given.Place = max(grounds.given.Place, o.Place)
		}
	}
	return g.mayGive(grounds)
}

// give writes one disclosure. It refuses without the law's permit for exactly
// this item, which only an act that has not ended can give.
func (g *giving) give(b *pgx.Batch, r ruling, in givingItem) error {
	if err := g.allowed(r, in); err != nil {
		return err
	}
	evaluation, err := g.record(b, r, "disclose")
	if err != nil {
		return err
	}
	b.Queue(sqlInsertDisclosure, pgx.StrictNamedArgs{"id": in.id, "application": r.head.ApplicationID, "adopted": r.head.AdoptedID, "subject": r.head.SubjectID,
		"item": in.row.ID, "evaluation": evaluation, "row": string(r.permit.Row()), "second": in.row.CheckedBy, "at": g.moment, "leaf": in.leaf[:]})
	return nil
}

// allowed refuses without the law's permit for exactly this item, in a stop, in a
// case that has ended, and what nobody has checked.
func (g *giving) allowed(r ruling, in givingItem) error {
	switch {
	case !r.permit.For(r.finding.Table(), r.of) || r.permit.Outcome() != law.OutcomeDisclose || r.permit.Evaluation().Item != in.row.ID,
		len(r.stops) > 0, r.over(in.row.Identifying):
		return fault.Wrap(fault.Conflict, "fault.casework.askAgain", &Refused{Item: in.row.ID, Answer: r.answer()})
	case in.row.CheckedBy == "":
		return fault.New(fault.Conflict, "fault.item.unchecked")
	}
	return nil
}

// over tells whether nothing is given in this case any more. A veto or a wish
// stops a subject, and what identifies nobody may be given all the same (ISR 9).
func (g *grounds) over(identifying bool) bool {
	return g.head.State != "open" || g.head.SubjectState == "done" || identifying && g.head.SubjectState != "open"
}

// recordRefused writes down what the law answered to a disclosure that it did
// not permit, and gives the act's fault.
func (s *Service) recordRefused(ctx context.Context, g *giving, refused *Refused, why error) error {
	a, err := s.acts(g.ag, g.actor)
	if err != nil {
		return err
	}
	again := *g
	again.acting = a
	err = a.commit(ctx, "refused", held{g.belief.adopted, g.belief.subject}, g.belief.again(func(b *pgx.Batch, st *standing) error {
		r, err := again.rule(st, refused.Item)
		if err != nil {
			return err
		}
		_, err = a.record(b, r, "asked")
		return err
	}))
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return err
	}
	return why
}

// Review is how somebody may ask that a refusal is looked at again.
type Review string

// The two roads of a refusal.
const (
	ReviewPanel     Review = "panel"     // an independent review panel: England, a qualifying determination (DAIR 15)
	ReviewComplaint Review = "complaint" // the agency's complaints procedure
)

// Review is which road the law opens for a refusal by this answer.
func (a Answer) Review() Review {
	if slices.Contains(a.Effects, string(law.EffectQualifyingDetermination)) {
		return ReviewPanel
	}
	return ReviewComplaint
}

// Refusal is a decision that something is not given.
type Refusal struct {
	Of      string // an item, or a subject for everything about them
	Reasons string // for colleagues and the archive
	Letter  string // to the applicant: neutral words, which do not tell that anybody was found
}

type refusalText struct {
	Of      string `json:"of"`
	Table   string `json:"table"`
	Row     string `json:"row"`
	Review  Review `json:"review"`
	Until   string `json:"until,omitempty"`
	Reasons string `json:"reasons"`
}

// Refuse records that an item, or everything about a subject, is not given: the
// reasons are sealed to case and archive with the law's answer of that moment, and
// a letter lies in the applicant's file. It answers with the road of a review and
// the last day for it, forty working days after today (DAIR 15); a complaint has
// no last day. Nothing keeps a later decision from being another.
//
// Invalid on "reasons" or "letter". NotFound: neither an item nor a subject.
// Conflict: given already, or the case has ended.
func (s *Service) Refuse(ctx context.Context, actor authz.Actor, n Refusal) (Review, law.Date, error) {
	ag, err := s.begin(ctx, actor, authz.Disclose, n.Of)
	if err != nil {
		return "", law.Date{}, err
	}
	if n, err = checkRefusal(n); err != nil {
		return "", law.Date{}, err
	}
	subject, items, err := s.askedAbout(ctx, actor, n.Of)
	if err != nil {
		return "", law.Date{}, err
	}
	b, err := s.believe(ctx, ag, actor, subject, items...)
	if err != nil {
		return "", law.Date{}, err
	}
	head, _ := b.head(subject)
	if slices.ContainsFunc(b.standing.items, func(i standingItem) bool { return i.Given }) {
		return "", law.Date{}, fault.New(fault.Conflict, "fault.casework.given")
	}
	file, err := s.fileNode(ctx, ag, actor, head.ApplicationID)
	if err != nil {
		return "", law.Date{}, err
	}
	a, err := s.acts(ag, actor)
	if err != nil {
		return "", law.Date{}, err
	}
	return s.refuse(ctx, a, refusing{n, b, items, file})
}

type refusing struct {
	Refusal
	belief *belief
	items  []string
	file   agency.Node
}

// refuse seals the decision and the letter. The law is asked before, so that its
// answer can be sealed, and again in the transaction, in which it must be the same.
func (s *Service) refuse(ctx context.Context, a *acting, n refusing) (Review, law.Date, error) {
	b := n.belief
	before, err := a.rule(b, &b.standing, n.items)
	if err != nil {
		return "", law.Date{}, err
	}
	answer := before.answer()
	text := refusalText{Of: n.Of, Table: answer.Table, Row: answer.Row, Review: answer.Review(), Reasons: n.Reasons}
	var last law.Date
	if text.Review == ReviewPanel {
		clock, err := law.StartClock(law.DayOf(s.now()), 0, s.agencies.Days())
		if err != nil {
			return "", law.Date{}, fmt.Errorf("count working days: %w", err)
		}
		last, text.Until = clock.Last(), clock.Last().String()
	}
	next, err := s.nextVersion(ctx, a.actor, n.Of, "refusal")
	if err != nil {
		return "", law.Date{}, err
	}
	f := folder{of: before.head.ApplicationID, application: before.head.ApplicationID, node: b.node}
	decided, err := a.seal(f, paper{id: n.Of, part: "refusal", version: next, kind: seal.KindDecision}, text)
	if err != nil {
		return "", law.Date{}, err
	}
	if err := a.letter(f, n.file, n.Letter, decided); err != nil {
		return "", law.Date{}, err
	}
	err = a.commit(ctx, "refuse", held{b.adopted, b.subject}, stillOpen(before.head.ApplicationID), b.again(func(batch *pgx.Batch, st *standing) error {
		r, err := a.rule(b, st, n.items)
		if err != nil {
			return err
		}
		if r.finding.Row() != before.finding.Row() {
			return fault.New(fault.Conflict, "fault.casework.changed")
		}
		batch.Queue(sqlNotifyFile, before.head.ApplicationID)
		_, err = a.record(batch, r, "asked")
		return err
	}))
	return text.Review, last, err
}

func checkRefusal(n Refusal) (Refusal, error) {
	if about := prefixAbout(n.Of); about != "item" && about != "subject" {
		return n, notFound()
	}
	e, err := checkEnding(Ending{State: "stopped", Reasons: n.Reasons, Letter: n.Letter})
	n.Reasons, n.Letter = e.Reasons, e.Letter
	return n, err
}
