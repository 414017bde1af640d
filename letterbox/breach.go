package letterbox

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/postgres"
)

// Who may pass a letter on: a part of readers, for every letter that waits, and of them who reads it as it was written or what it is
// translated into, as the database has it (reads_one).
const mayRead = `from worker w join side r on r.agency_id = l.agency_id and r.id = l.to_side
		where w.agency_id = l.agency_id and not (` + barred + `)
		and ('en' in (l.language, into_language(l.language, r.language)) or 'cy' in (l.language, into_language(l.language, r.language)) and reads_welsh(w.id))`

const (
	// Letters whose writers hear by that day or should have heard: whose letter is back with us as well.
	overdue = `from letter o where o.agency_id = agency() and o.state in ('received', 'held', 'toTranslate', 'recalled', 'undeliverable')
		and o.hear_by <= $1 order by o.hear_by, o.submitted_at limit 500`
	sqlOverdue      = deskLine + `(select o.id ` + overdue + `)` + deskJoins
	sqlOverdueNames = `with at as (select distinct w.exchange_id from (select o.exchange_id ` + overdue + `) w)` + namesOf
	// Letters that were stopped before they were opened. Their writers read that they were passed on, and ask nobody.
	stopped = `from letter o where o.agency_id = agency() and o.stop and o.state in ('passed', 'waiting', 'keptForLater')
		order by o.submitted_at limit 500`
	sqlStopped      = deskLine + `(select o.id ` + stopped + `)` + deskJoins
	sqlStoppedNames = `with at as (select distinct w.exchange_id from (select o.exchange_id ` + stopped + `) w)` + namesOf
	// Letters that nobody may pass on, but perhaps with the worker $1: whoever may is nobody, or one alone where two have to read and nobody has.
	readersBut = `(select count(*) from (select ` + mayRead + ` and w.id <> `
	areFewer   = ` limit 2) m) < case when two_readers(l.id) and first_reader(l.id, `
	thanNeeded = `) is null then 2 else 1 end`
	nobody     = `from letter l join exchange x on x.agency_id = l.agency_id and x.id = l.exchange_id
		where l.agency_id = agency() and l.state in ('received', 'held') and ` + readersBut + `$1` + areFewer + `$1` + thanNeeded
	nobodyOldest = `(select l.id, l.exchange_id ` + nobody + ` order by l.submitted_at limit 500)`
	sqlNobody    = deskLine + nobodyOldest + deskJoins
	// Letters that a translator has, those given first first.
	translating = `from letter o join translation t on t.agency_id = o.agency_id and t.letter_id = o.id and t.state = 'given'
		where o.agency_id = agency() and o.state = 'toTranslate' order by t.given_on, o.submitted_at limit 500`
	sqlTranslating      = deskLine + `(select o.id ` + translating + `)` + deskJoins
	sqlTranslatingNames = `with at as (select distinct w.exchange_id from (select o.exchange_id ` + translating + `) w)` + namesOf
	sqlNobodyNames      = `with at as (select distinct n.exchange_id from ` + nobodyOldest + ` n)` + namesOf
	sqlOnly             = `select count(*)::int ` + nobody + ` and not ` + readersBut + `''` + areFewer + `''` + thanNeeded
	// Letters whose writers were asked to leave parts out, and have not answered: those asked first first.
	asked         = `from letter o where o.agency_id = agency() and o.state = 'proposed' and o.decided_on <= $1 order by o.decided_on, o.submitted_at limit 500`
	sqlAsked      = deskLine + `(select o.id ` + asked + `)` + deskJoins
	sqlAskedNames = `with at as (select distinct w.exchange_id from (select o.exchange_id ` + asked + `) w)` + namesOf
	// Whoever told the agency something, and should have had an answer.
	sqlMessagesLate = `select count(*)::int from message where agency_id = agency() and by_worker is null and answered_on is null and hear_by < $1`
	// Exchanges in which a court's order and what happens go apart: it permits what rests, letters wait that it prohibits, or people whom it keeps
	// apart have another exchange that goes on. So are those of which a worker alone said that it prohibits them.
	sqlOrders = `select x.id, x.reference, x.state, x.opened_at, x.restricted, x.delay_days, x.second_reader, x.contact_order, x.order_unseen, x.restricted and case_closed(x.id) as closed
		from exchange x where x.agency_id = agency() and (x.contact_order = 'permits' and x.state <> 'active' or x.order_unseen
			or x.state = 'active' and exists (select from exchange f where f.agency_id = x.agency_id and f.contact_order = 'prohibits') and meets_forbidden(x.id)
			or x.contact_order = 'prohibits' and exists (select from letter l where l.agency_id = x.agency_id and l.exchange_id = x.id and l.state in ('received', 'held', 'toTranslate', 'proposed', 'escalated')))
		order by x.opened_at, x.id limit 500`
	// Exchanges of which the store has lost a photo or a recording, and somebody looks for it.
	sqlLostIn = `select x.id, x.reference, x.state, x.opened_at, x.restricted, x.delay_days, x.second_reader, x.contact_order, x.order_unseen, x.restricted and case_closed(x.id) as closed
		from exchange x where x.agency_id = agency() and x.id in (select o.exchange_id from part_lost p join object o on o.agency_id = p.agency_id and o.sealed_part = p.key
			where p.agency_id = agency() and p.written_off_at is null)
		order by x.opened_at, x.id limit 500`
	sqlReferredLate = `select count(*)::int from letter where agency_id = agency() and state = 'escalated' and hear_by < $1`
)

// Breaches is what waits longer than it should, for a manager: lines of the
// desk, with who holds each, and no text.
type Breaches struct {
	Late  []DeskLine // longer than the promise, the oldest first, but for those in Nobody
	Amber []DeskLine // long, and still within it
	// Nobody lists letters, however old, that the workers here may not pass on: a
	// second opinion where whoever refused is alone, a letter on paper whose
	// typist is alone, a family that everybody knows, one reader where two are
	// needed, a letter of which nobody reads either language. They wait for a manager.
	Nobody []DeskLine
	// Stopped lists letters that were stopped after they were passed on, those
	// that have been so the longest first: no writer waits for them, for none
	// knows, and so somebody here has to.
	Stopped []DeskLine
	// Orders lists exchanges about which a court has spoken and that somebody has to
	// look at the same day: it permits a contact that rests or is over, letters wait in
	// one that it prohibits, no manager has written the prohibition down yet
	// (OrderUnseen), or the same people go on in another exchange. No names.
	Orders []ExchangeLine
	// Lost lists exchanges of which our store has lost a photo or a recording. No names.
	Lost []ExchangeLine
	// Asked lists letters whose writers have been asked for as long as makes another
	// letter amber to leave parts out, and have not answered: they can be taken back.
	Asked []DeskLine
	// Slow lists letters that a translator has had for longer than TranslatePromise.
	Slow []DeskLine
	// Referred counts letters with the safeguarding lead whose writers should
	// have heard. Which ones they are is the lead's to know.
	Referred int
	// Messages counts what people told the agency apart from letters, and should
	// have been answered. Whose they are is for who answers them.
	Messages int
}

// Breaches lists the letters that wait long, those that nobody may decide about
// and those that were stopped, 500 of each at most. Of a restricted case that is not the actor's it shows no name.
func (s *Service) Breaches(ctx context.Context, actor authz.Actor) (Breaches, error) {
	ag, err := s.begin(ctx, actor, authz.SeeBreaches, "breaches")
	if err != nil {
		return Breaches{}, err
	}
	today := calendar.Today(s.now())
	var rows, alone, stops, given, waits deskRows
	var orders, lost []exchangeRow
	var list Breaches
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		by := s.amberBy(ag, today)
		postgres.Many(b, &rows.letters, sqlOverdue, by)
		postgres.Many(b, &rows.names, sqlOverdueNames, by)
		postgres.Many(b, &stops.letters, sqlStopped)
		postgres.Many(b, &stops.names, sqlStoppedNames)
		postgres.Many(b, &given.letters, sqlTranslating)
		postgres.Many(b, &given.names, sqlTranslatingNames)
		postgres.Many(b, &alone.letters, sqlNobody, "")
		postgres.Many(b, &alone.names, sqlNobodyNames, "")
		postgres.Many(b, &waits.letters, sqlAsked, today)
		postgres.Many(b, &waits.names, sqlAskedNames, today)
		postgres.Many(b, &orders, sqlOrders)
		postgres.Many(b, &lost, sqlLostIn)
		b.Queue(sqlReferredLate, today).QueryRow(func(row pgx.Row) error { return row.Scan(&list.Referred) })
		b.Queue(sqlMessagesLate, today).QueryRow(func(row pgx.Row) error { return row.Scan(&list.Messages) })
	})
	if err != nil {
		return Breaches{}, s.db.Fault(fmt.Errorf("load what waits long: %w", err))
	}
	for _, r := range orders {
		list.Orders = append(list.Orders, r.line())
	}
	for _, r := range lost {
		list.Lost = append(list.Lost, r.line())
	}
	for _, r := range alone.letters {
		list.Nobody = append(list.Nobody, s.line(ag, actor, r, &alone))
	}
	for _, r := range rows.letters {
		switch line := s.line(ag, actor, r, &rows); {
		case slices.ContainsFunc(list.Nobody, func(l DeskLine) bool { return l.ID == line.ID }): // it stands there already
		case line.Late:
			list.Late = append(list.Late, line)
		case line.Amber:
			list.Amber = append(list.Amber, line)
		}
	}
	for _, r := range given.letters {
		if line := s.line(ag, actor, r, &given); line.Slow {
			list.Slow = append(list.Slow, line)
		}
	}
	for _, r := range waits.letters {
		if s.agencies.Days().Between(r.AskedOn, today) >= ag.Amber {
			list.Asked = append(list.Asked, s.line(ag, actor, r, &waits))
		}
	}
	slices.SortStableFunc(list.Asked, func(a, b DeskLine) int { return a.AskedOn.Compare(b.AskedOn) })
	for _, r := range stops.letters {
		list.Stopped = append(list.Stopped, s.line(ag, actor, r, &stops))
	}
	slices.SortStableFunc(list.Stopped, func(a, b DeskLine) int { return a.StoppedOn.Compare(b.StoppedOn) })
	return list, nil
}

// LeftBehind counts the letters that wait and that nobody could pass on without
// this worker, who may decide about them, reads what they are written in or translated into, or is the first or the second of two readers.
// A manager's question before they let a worker leave or suspend them.
func (s *Service) LeftBehind(ctx context.Context, actor authz.Actor, worker string) (count int, err error) {
	if _, err := s.begin(ctx, actor, authz.SeeBreaches, worker); err != nil {
		return 0, err
	}
	if !agency.ValidID("wk", worker) {
		return 0, notFound()
	}
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		b.Queue(sqlOnly, worker).QueryRow(func(row pgx.Row) error { return row.Scan(&count) })
	})
	if err != nil {
		return 0, s.db.Fault(fmt.Errorf("count what worker %s alone may decide: %w", worker, err))
	}
	return count, nil
}

// amberBy is a day after the last one by which the writer of an amber letter
// hears.
func (s *Service) amberBy(ag *agency.Agency, today time.Time) time.Time {
	return s.agencies.Days().Add(today, ag.Promise-ag.Amber+1)
}
