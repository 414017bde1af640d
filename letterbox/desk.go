package letterbox

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

// A letter as a line of the desk: deskLine, which letters these are (their ids as
// a subquery), deskJoins. Each letter is looked up by its key and nothing is
// joined before that (offset 0): a planner without statistics would read all
// letters of the agency to find the few that wait.
const (
	deskLine = `select l.id, l.exchange_id, x.reference, l.from_side, l.to_side, l.state, l.told, coalesce(l.replaces, '') as replaces,
			l.submitted_on, l.hear_by, coalesce(l.held_until, 'epoch') as held_until, l.second, l.paper, l.stop, coalesce(l.stopped_on, l.decided_on, l.submitted_on) as stopped_on,
			coalesce(case l.state when 'proposed' then l.decided_on end, 'epoch') as asked_on,
			coalesce(c.worker_id, '') as claimed_by, coalesce(c.until, 'epoch') as claim_until,
			exists (select from connection k where k.agency_id = l.agency_id and k.exchange_id = l.exchange_id and k.worker_id = account()) as connected,
			case when l.second and l.state in ('received', 'held') then decided_before(l.id, account()) else false end as refused_by_me,
			l.state in ('received', 'held') and case when (exists (select from first_reading f where f.agency_id = l.agency_id and f.letter_id = l.id) or exists (select from letter_cut f where f.agency_id = l.agency_id and f.letter_id = l.id)) then first_reader(l.id, '') is not null else false end as read_first,
			coalesce(l.state in ('received', 'held') and case when (exists (select from first_reading f where f.agency_id = l.agency_id and f.letter_id = l.id and f.worker_id = account())
				or exists (select from letter_cut f where f.agency_id = l.agency_id and f.letter_id = l.id and f.worker_id = account()))
				then first_reader(l.id, '') = account() and first_reader(l.id, account()) is null else false end, false) as first_by_me,
			x.restricted and not exists (select from ring_grant_staff g where g.agency_id = l.agency_id and g.child = 'case/' || l.exchange_id and g.parent = 'worker/' || account()) as restricted,
			l.language, coalesce(g.worker_id, '') as translator, coalesce(g.given_on, 'epoch') as given_on
		from `
	deskJoins = ` w cross join lateral (select agency_id, id, exchange_id, from_side, to_side, state, told, replaces, submitted_at, submitted_on, hear_by, held_until, second, paper, stop, stopped_on, decided_on, language
			from letter where agency_id = agency() and id = w.id offset 0) l
		cross join lateral (select reference, restricted from exchange where agency_id = agency() and id = l.exchange_id offset 0) x
		left join lateral (select worker_id, until from claim where agency_id = agency() and letter_id = l.id and until > now() offset 0) c on true
		left join lateral (select worker_id, given_on from translation where agency_id = agency() and letter_id = l.id and state = 'given' offset 0) g on true
		order by l.submitted_at`
	// Which letters wait for workers: two parts, for each has its own index.
	waits = `(select a.id, a.exchange_id, a.submitted_at from letter a where a.agency_id = agency() and a.state in ('received', 'held', 'toTranslate', 'recalled', 'undeliverable')
		union all
		select a.id, a.exchange_id, a.submitted_at from letter a where a.agency_id = agency() and a.stop and a.state in ('passed', 'waiting', 'keptForLater')
		order by submitted_at limit 500)`
	sqlDesk    = deskLine + waits + deskJoins
	sqlDeskOne = deskLine + `(select $1::text as id)` + deskJoins

	// Whose names a line shows: who is on the sides of these exchanges, whose children
	// they are about (as the book of each side has them), and who reads what. Sealed names only.
	namesOf = `, ends as (select s.id, s.book, s.exchange_id from at cross join lateral
			(select id, book, exchange_id from side where agency_id = agency() and exchange_id = at.exchange_id offset 0) s)
		select s.id as of, s.book, m.person_id as id, r.epoch, r.name, ''::bytea as details from ends s
		cross join lateral (select person_id from side_member where agency_id = agency() and side_id = s.id offset 0) m
		cross join lateral (select epoch, name from directory where agency_id = agency() and book = s.book and id = m.person_id offset 0) r
		union all
		select 'child/' || s.id, s.book, e.child_id, r.epoch, r.name, '' from ends s
		cross join lateral (select child_id from exchange_child where agency_id = agency() and exchange_id = s.exchange_id offset 0) e
		cross join lateral (select epoch, name from directory where agency_id = agency() and book = s.book and id = e.child_id offset 0) r
		union all
		select c.worker_id, r.book, r.id, r.epoch, r.name, ''
		from (select worker_id from claim where agency_id = agency() and until > now()
			union select worker_id from translation where agency_id = agency() and state = 'given') c
		join directory r on r.agency_id = agency() and r.id = c.worker_id and r.book = 'staff'`
	sqlDeskNames = `with at as (select distinct w.exchange_id from ` + waits + ` w)` + namesOf
	sqlCaseNames = `with at as (select l.exchange_id from letter l where l.agency_id = agency() and l.id = $1)` + namesOf

	// Locked first, read after it: a statement that waits for a lock reads the locked row
	// anew, but what it joins to it as it was before the wait.
	sqlLockLetter = `select id from letter where agency_id = agency() and id = $1 for update`
	sqlLocked     = `select l.state, l.stop, coalesce(c.worker_id, '') as claimed_by, coalesce(c.until > now(), false) as held,
			(select count(*) from claim o where o.agency_id = l.agency_id and o.worker_id = account() and o.until > now() and o.letter_id <> l.id)::int as mine,
			exists (select from takeover t where t.agency_id = l.agency_id and t.letter_id = l.id and t.worker_id = account()) as taken
		from letter l left join claim c on c.agency_id = l.agency_id and c.letter_id = l.id
		where l.agency_id = agency() and l.id = $1`
	// One worker's claims are counted one after the other.
	sqlLockWorker = `select id from worker where agency_id = agency() and id = account() for update`
	sqlClaim      = `insert into claim (agency_id, letter_id, worker_id, until) values (agency(), $1, account(), now() + interval '30 minutes')
		on conflict (agency_id, letter_id) do update set worker_id = excluded.worker_id, until = excluded.until,
				read_at = case when claim.until > now() then claim.read_at end
			where claim.until <= now() or claim.worker_id = excluded.worker_id
		returning 1`
	// A look at a claimed letter renews the claim, and the first one of a claim is where its reading begins.
	sqlLook = `update claim set until = now() + interval '30 minutes', read_at = coalesce(read_at, now())
		where agency_id = agency() and letter_id = $1 and worker_id = account() and until > now() returning 1`
	sqlIsRestricted = `select exists (select from letter l join exchange x on x.agency_id = l.agency_id and x.id = l.exchange_id
		where l.agency_id = agency() and l.id = $1 and x.restricted
			and not exists (select from ring_grant_staff g where g.agency_id = x.agency_id and g.child = 'case/' || x.id and g.parent = 'worker/' || account()))`
	sqlRelease = `delete from claim where agency_id = agency() and letter_id = $1 and worker_id = account()`
)

var (
	guardedClaim = postgres.Guarded(sqlClaim)
	guardedLook  = postgres.Guarded(sqlLook)
)

type deskRow struct {
	ID          string
	ExchangeID  string
	Reference   string
	FromSide    string
	ToSide      string
	State       string
	Told        string
	Replaces    string
	SubmittedOn time.Time
	HearBy      time.Time
	HeldUntil   time.Time
	Second      bool
	Paper       bool
	Stop        bool
	StoppedOn   time.Time
	AskedOn     time.Time // of a letter that waits for its writer
	ClaimedBy   string
	ClaimUntil  time.Time
	Connected   bool
	Restricted  bool // only those whom a manager named hold the case's key, and the actor is none of them
	RefusedByMe bool
	ReadFirst   bool
	FirstByMe   bool
	Language    string
	Translator  string // who has it to translate
	GivenOn     time.Time
}

// nameRow is a sealed name and whose it is: a side's, or a worker's.
type nameRow struct {
	Of string
	agency.RecordRow
}

type deskRows struct {
	letters []deskRow
	names   []nameRow // of sides, of workers, and of children under "child/" and their parents' side
}

// lockLetter locks a letter until the act ends and reads how it stands then.
func lockLetter(b *pgx.Batch, row *lockRow, id string) {
	b.Queue(sqlLockLetter, id)
	postgres.One(b, row, sqlLocked, id)
}

// queueDesk reads every letter that waits; queueLetter reads one, wherever it stands.
func (d *deskRows) queueDesk(b *pgx.Batch) {
	postgres.Many(b, &d.letters, sqlDesk)
	postgres.Many(b, &d.names, sqlDeskNames)
}

func (d *deskRows) queueLetter(b *pgx.Batch, id LetterID) {
	postgres.Many(b, &d.letters, sqlDeskOne, string(id))
	postgres.Many(b, &d.names, sqlCaseNames, string(id))
}

// Desk is what waits for workers, oldest first, 500 at most: received, held,
// recalled and undeliverable letters, and those that were stopped after they
// were passed on. It shows names from the directories and no text; of a
// restricted case that is not the actor's, neither.
func (s *Service) Desk(ctx context.Context, actor authz.Actor) (Desk, error) {
	ag, err := s.begin(ctx, actor, authz.SeeDesk, "desk")
	if err != nil {
		return Desk{}, err
	}
	var rows deskRows
	if err := s.db.Read(ctx, scope(actor), rows.queueDesk); err != nil {
		return Desk{}, s.db.Fault(fmt.Errorf("load desk: %w", err))
	}
	desk := Desk{Letters: make([]DeskLine, len(rows.letters))}
	for i, l := range rows.letters {
		desk.Letters[i] = s.line(ag, actor, l, &rows)
	}
	return desk, nil
}

func (s *Service) line(ag *agency.Agency, actor authz.Actor, l deskRow, rows *deskRows) DeskLine {
	today := calendar.Today(s.now())
	amber, late := waitsLong(ag, l, today, s.agencies.Days())
	line := DeskLine{ID: LetterID(l.ID), Exchange: ExchangeID(l.ExchangeID), Reference: l.Reference,
		Rewrite: l.Replaces != "", SentOn: l.SubmittedOn, HearBy: l.HearBy, WorkDays: s.agencies.Days().Between(l.SubmittedOn, today),
		Amber: amber, Late: late,
		ClaimedBy: names(actor, rows.names, l.ClaimedBy), Mine: l.ClaimedBy == actor.Account(), ClaimUntil: l.ClaimUntil, Connected: l.Connected, RefusedByMe: l.RefusedByMe,
		ReadFirst: l.ReadFirst, FirstByMe: l.FirstByMe,
		State: State(l.State), Second: l.Second, Paper: l.Paper, Stopped: l.Stop && passedOn(State(l.State)), Restricted: l.Restricted}
	if line.State == Held {
		line.HeldUntil = l.HeldUntil
	}
	if line.Language = l.Language; l.Translator != "" {
		line.Translator, line.GivenOn = names(actor, rows.names, l.Translator), l.GivenOn
		line.Slow = s.agencies.Days().Between(l.GivenOn, today) > TranslatePromise
	}
	if line.Stopped {
		line.StoppedOn = l.StoppedOn
	}
	if line.State == ProposedToWriter {
		line.AskedOn = l.AskedOn
	}
	if !l.Restricted {
		line.From, line.Children = names(actor, rows.names, l.FromSide), names(actor, rows.names, "child/"+l.FromSide)
	}
	return line
}

// waitsLong tells the age of a letter by the day that its writer was told: late
// once it is past, amber when no more of the promise is left than after the
// agency's days of amber. A letter
// that came back to us has a day anew; of one that was stopped the writer knows
// nothing.
func waitsLong(ag *agency.Agency, l deskRow, today time.Time, days calendar.Days) (amber, late bool) {
	if !slices.Contains([]State{Received, Held, ToTranslate, Recalled, Undeliverable}, State(l.State)) {
		return false, false
	}
	if l.HearBy.Before(today) {
		return false, true
	}
	return days.Between(today, l.HearBy) <= ag.Promise-ag.Amber, false
}

// names opens the names of somebody's rows and joins them. A name that does
// not open is left out; the line around it stays.
func names(actor authz.Actor, rows []nameRow, of string) string {
	var list []string
	for _, r := range rows {
		if r.Of != of || of == "" {
			continue
		}
		if name, err := agency.OpenName(actor.Keys(), r.RecordRow); err == nil && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	slices.SortFunc(list, cmp.Compare[string])
	return strings.Join(list, ", ")
}

type lockRow struct {
	State     State
	Stop      bool
	ClaimedBy string
	Held      bool
	Mine      int
	Taken     bool // a manager took it from the actor, who has not claimed it since
}

// passedOn tells whether the recipient's side has a letter, or will, unopened.
func passedOn(state State) bool {
	return state == Passed || state == Waiting || state == KeptForLater
}

// waiting tells whether a letter waits for workers: whether it is on the desk.
func (r lockRow) waiting() bool {
	return slices.Contains([]State{Received, Held, ToTranslate, Recalled, Undeliverable}, r.State) || r.Stop && passedOn(r.State)
}

// Claim takes a letter that is on the desk for half an hour. Conflict: another
// worker has it, the actor has MaxClaims already, or it is decided. Forbidden:
// the actor is connected to the family, or is not named for a restricted case;
// somebody who only helped to write may read, but not decide.
func (s *Service) Claim(ctx context.Context, actor authz.Actor, id LetterID) error {
	if _, err := s.begin(ctx, actor, authz.Claim, string(id)); err != nil {
		return err
	}
	if !agency.ValidID("lt", string(id)) {
		return notFound()
	}
	var row lockRow
	var connected, restricted bool
	s.at("claim")
	err := s.db.Act(ctx, scope(actor), func(b *pgx.Batch) {
		b.Queue(sqlLockWorker)
		lockLetter(b, &row, string(id))
		b.Queue(sqlIsConnected, string(id)).QueryRow(func(r pgx.Row) error { return r.Scan(&connected) })
		b.Queue(sqlIsRestricted, string(id)).QueryRow(func(r pgx.Row) error { return r.Scan(&restricted) })
	}, func(b *pgx.Batch) error {
		switch {
		case connected:
			return fault.New(fault.Forbidden, "fault.letter.connected")
		case restricted:
			return fault.New(fault.Forbidden, "fault.exchange.restricted")
		case !row.waiting():
			return fault.New(fault.Conflict, "fault.letter.decided")
		case row.Held && row.ClaimedBy != actor.Account():
			return fault.New(fault.Conflict, "fault.letter.claimed")
		case row.Mine >= MaxClaims:
			return fault.New(fault.Conflict, "fault.letter.tooManyClaims")
		}
		s.at("claim locked")
		b.Queue(guardedClaim, string(id))
		return nil
	})
	return s.db.Fault(err)
}

// Release puts a claimed letter back. Putting back what one does not hold changes nothing.
func (s *Service) Release(ctx context.Context, actor authz.Actor, id LetterID) error {
	if _, err := s.begin(ctx, actor, authz.Claim, string(id)); err != nil {
		return err
	}
	if !agency.ValidID("lt", string(id)) {
		return notFound()
	}
	err := s.db.Act(ctx, scope(actor), nil, func(b *pgx.Batch) error {
		b.Queue(sqlRelease, string(id))
		return nil
	})
	return s.db.Fault(err)
}
