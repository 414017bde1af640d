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

// Timeline is what happened in an exchange as one side may know it, newest
// first, with the next day to expect something from the agency. It never says
// what the other side did with a letter, nor when the other side wrote.
type Timeline struct {
	Side   SideID
	Names  Names
	Unread bool      // the sealed names did not open: show a notice in their place
	Next   time.Time // the earliest day by which the agency owes an answer; zero if it owes none
	Late   bool      // such a day is past
	Events []Event
}

// Event is one line of a timeline. The words for What stand in the catalogues
// as "timeline.<What>".
type Event struct {
	On       time.Time
	What     string
	Letter   LetterID   // of a letter that this side sent
	Delivery DeliveryID // of a letter that came
	HearBy   time.Time  // for withUs, backWithUs, weAreLate, and youTold without an answer
	Late     bool       // for weAreLate, and for youTold after that day
}

// What an Event says.
const (
	EventYouSent     = "youSent"
	EventWithUs      = "withUs"      // a worker has the letter or will; HearBy says by when
	EventWeAreLate   = "weAreLate"   // the day on which it became later than the agency said
	EventProposed    = "proposed"    // the writer is asked to leave parts out
	EventYouAnswered = "youAnswered" // what they were asked; the letter is with the agency again
	EventTakenBack   = "takenBack"   // what the writer was asked: they need not answer, and the letter is with the agency again
	EventCameBack    = "cameBack"    // with a reason
	EventYouRewrote  = "youRewrote"  // sent in place of one that came back
	EventRefused     = "refused"
	EventAskedAgain  = "askedAgain" // a second opinion was asked for
	EventKeptOnFile  = "keptOnFile"
	EventWithdrawn   = "withdrawn"
	EventPassedOn    = "passedOn"
	EventBackWithUs  = "backWithUs" // passed on, and with the agency again; HearBy says by when the writer hears
	EventCame        = "came"
	EventYouOpened   = "youOpened"
	EventYouKept     = "youKept" // kept for another day
	EventYouTold     = "youTold" // a message to the agency
	EventWeAnswered  = "weAnswered"
	EventNewKey      = "newKey" // somebody on this side lost their key and has a new one
)

// Happenings lists every value of Event.What, for the catalogues' tests.
func Happenings() []string {
	return []string{EventYouSent, EventWithUs, EventWeAreLate, EventProposed, EventYouAnswered, EventTakenBack, EventCameBack, EventYouRewrote, EventRefused, EventAskedAgain, EventKeptOnFile,
		EventWithdrawn, EventPassedOn, EventBackWithUs, EventCame, EventYouOpened, EventYouKept, EventYouTold, EventWeAnswered, EventNewKey}
}

// What one side may know of its letters' days comes from my_days; the rest of a
// timeline is from rows that the person may read anyway.
const (
	sqlMyDays          = `select letter_id, delivery_id, what, on_day from my_days($1)`
	sqlTimelineLetters = `select l.id, l.told, l.hear_by, coalesce(l.replaces, '') as replaces from letter l
		where l.agency_id = agency() and l.from_side = $1 order by l.submitted_on desc, l.id limit 200`
	sqlMyNewKeys = `select on_day from my_recoveries() where side_id = $1`
)

type dayRow struct {
	LetterID   string
	DeliveryID string
	What       string // told, of a letter sent; waiting, keptForLater or opened, of one that came
	OnDay      time.Time
}

type timelineLetterRow struct {
	ID       string
	Told     string
	HearBy   time.Time
	Replaces string
}

type timelineRows struct {
	sides    []sideRow
	names    []objectRow
	days     []dayRow
	letters  []timelineLetterRow
	messages []messageRow
	keys     []time.Time
}

func (r *timelineRows) queue(b *pgx.Batch, side string) {
	postgres.Many(b, &r.sides, sqlMySides, side)
	queueObjects(b, &r.names, sqlMyNames, side)
	postgres.Many(b, &r.days, sqlMyDays, side)
	postgres.Many(b, &r.letters, sqlTimelineLetters, side)
	postgres.Many(b, &r.messages, sqlMyMessages, side)
	b.Queue(sqlMyNewKeys, side).Query(func(rows pgx.Rows) (err error) {
		r.keys, err = pgx.CollectRows(rows, pgx.RowTo[time.Time])
		return err
	})
}

// Timeline is what happened on one side's exchange. A person on hold sees what
// they told the agency and its answers, and nothing of the letters. NotFound
// for a side that is not the actor's.
func (s *Service) Timeline(ctx context.Context, actor authz.Actor, side SideID) (Timeline, error) {
	ag, err := s.begin(ctx, actor, authz.ReadOwn, string(side))
	if err != nil {
		return Timeline{}, err
	}
	if !agency.ValidID("sd", string(side)) {
		return Timeline{}, notFound()
	}
	var rows timelineRows
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { rows.queue(b, string(side)) }); err != nil {
		return Timeline{}, s.db.Fault(fmt.Errorf("load timeline of side %s: %w", side, err))
	}
	if len(rows.sides) != 1 {
		return Timeline{}, notFound()
	}
	t := Timeline{Side: side}
	t.Names, err = s.openNames(ctx, ag, actor, rows.names, string(side))
	t.Unread = err != nil
	today := calendar.Today(s.now())
	t.Events = rows.letterEvents(today)
	for _, m := range rows.messages {
		t.Events = append(t.Events, m.event(today))
	}
	for _, on := range rows.keys {
		t.Events = append(t.Events, Event{On: on, What: EventNewKey})
	}
	t.expect()
	slices.SortStableFunc(t.Events, func(a, b Event) int { return b.On.Compare(a.On) })
	return t, nil
}

// letterEvents are those of letters, newest first: of each that was sent, every
// change of what its writer is told and, while it is with the agency, by when
// they hear; of each that came, what this side saw and did.
func (r *timelineRows) letterEvents(today time.Time) (list []Event) {
	before := r.toldBefore()
	letters, first, told := map[string]timelineLetterRow{}, map[string]int{}, map[string]bool{}
	for _, l := range r.letters {
		letters[l.ID] = l
	}
	for i, d := range r.days {
		first[d.LetterID] = i // the last one to be seen is the oldest
	}
	for i, d := range r.days {
		l, ok := letters[d.LetterID]
		switch {
		case d.DeliveryID != "":
			list = append(list, Event{On: d.OnDay, What: cameEvent(d.What), Delivery: DeliveryID(d.DeliveryID)})
			continue
		case !ok:
			continue // one of the oldest letters of very many
		}
		newest := !told[l.ID]
		told[l.ID] = true
		if newest && waitsToHear(Told(l.Told)) && (Told(l.Told) == WithUs || today.After(l.HearBy)) {
			list = append(list, l.expected(d.OnDay, today))
		}
		if what := l.event(Told(d.What), before[i], i == first[l.ID]); what != "" {
			e := Event{On: d.OnDay, What: what, Letter: LetterID(l.ID)}
			if newest && what == EventBackWithUs && !today.After(l.HearBy) {
				e.HearBy = l.HearBy
			}
			list = append(list, e)
		}
	}
	return list
}

// expected says by when the writer of a letter hears, or since when the agency
// is late.
func (l timelineLetterRow) expected(since, today time.Time) Event {
	e := Event{On: since, What: EventWithUs, Letter: LetterID(l.ID), HearBy: l.HearBy}
	if today.After(l.HearBy) {
		e.On, e.What, e.Late = l.HearBy.AddDate(0, 0, 1), EventWeAreLate, true
	}
	return e
}

// toldBefore is what each letter's writer was told before each of its days.
func (r *timelineRows) toldBefore() []Told {
	before, older := make([]Told, len(r.days)), map[string]Told{}
	for i, d := range slices.Backward(r.days) {
		before[i], older[d.LetterID] = older[d.LetterID], Told(d.What)
	}
	return before
}

// event is what a writer is told at one change; "" for a change that the
// timeline says elsewhere.
func (l timelineLetterRow) event(told, before Told, first bool) string {
	switch told {
	case WithUs:
		switch {
		case before == toldTakenBack:
			return "" // with the agency as it was
		case before == Proposed:
			return EventYouAnswered
		case !first:
			return EventAskedAgain
		case l.Replaces != "":
			return EventYouRewrote
		}
		return EventYouSent
	case toldTakenBack:
		return EventTakenBack
	case Proposed:
		return EventProposed
	case Returned:
		return EventCameBack
	case Refused:
		return EventRefused
	case KeptOnFile:
		return EventKeptOnFile
	case Withdrawn:
		return EventWithdrawn
	case PassedOn:
		return EventPassedOn
	case BackWithUs:
		return EventBackWithUs
	}
	return "" // replaced: the letter in its place says so
}

// toldTakenBack is what stands at the day on which the agency took back what it had
// asked the writer; what they are told since is that the letter is with the agency.
const toldTakenBack Told = "takenBack"

// cameEvent is what a recipient sees of a letter's state.
func cameEvent(state string) string {
	switch State(state) {
	case Opened:
		return EventYouOpened
	case KeptForLater:
		return EventYouKept
	}
	return EventCame
}

func (m messageRow) event(today time.Time) Event {
	if m.ByWorker != "" {
		return Event{On: m.SentOn, What: EventWeAnswered}
	}
	e := Event{On: m.SentOn, What: EventYouTold}
	if !m.Answered {
		e.HearBy, e.Late = m.HearBy, today.After(m.HearBy)
	}
	return e
}

// expect finds what the agency owes, and whether it is late.
func (t *Timeline) expect() {
	for _, e := range t.Events {
		if e.HearBy.IsZero() {
			continue
		}
		if t.Next.IsZero() || e.HearBy.Before(t.Next) {
			t.Next = e.HearBy
		}
		t.Late = t.Late || e.Late
	}
}
