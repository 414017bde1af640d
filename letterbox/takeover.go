package letterbox

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/postgres"
)

const (
	sqlHolder = `select l.exchange_id, coalesce(c.worker_id, '') as worker, is_party(l.exchange_id) as connected from letter l
		left join claim c on c.agency_id = l.agency_id and c.letter_id = l.id and c.until > now()
		where l.agency_id = agency() and l.id = $1`
	// Who may not decide about a letter l of an exchange x: a worker w who could not claim it, or only read it.
	barred = `w.state <> 'active' or not 'letterboxWorker' = any (w.roles)
				or x.restricted and not holds_case(w.id, x.id)
				or exists (select from connection k where k.agency_id = l.agency_id and k.exchange_id = l.exchange_id and k.worker_id = w.id)
				or exists (select from side_member m join side s on s.agency_id = m.agency_id and s.id = m.side_id
					where m.agency_id = w.agency_id and m.person_id = w.person_id and s.exchange_id = l.exchange_id)
				or exists (select from letter_helper h where h.agency_id = l.agency_id and h.letter_id = l.id and h.worker_id = w.id)
				or coalesce(translated_by(l.id) = w.id, false)
				or case when l.second and l.state in ('received', 'held') then decided_before(l.id, w.id) else false end
				or l.state in ('received', 'held') and case when (exists (select from first_reading f where f.agency_id = l.agency_id and f.letter_id = l.id and f.worker_id = w.id)
					or exists (select from letter_cut f where f.agency_id = l.agency_id and f.letter_id = l.id and f.worker_id = w.id))
					then first_reader(l.id, '') = w.id and first_reader(l.id, w.id) is null else false end`
	readers = `select w.id, (select count(*) from claim o where o.agency_id = w.agency_id and o.worker_id = w.id and o.until > now() and o.letter_id <> l.id)::int as holds,
			` + barred + ` as barred
		from letter l join exchange x on x.agency_id = l.agency_id and x.id = l.exchange_id join worker w on w.agency_id = l.agency_id
		where l.agency_id = agency() and l.id = $1`
	sqlReaders    = `select r.id, r.holds, r.barred from (` + readers + `) r where not r.barred order by r.holds, r.id`
	sqlReader     = readers + ` and w.id = $2`
	sqlLockReader = `select id from worker where agency_id = agency() and id = $1 for no key update`
	sqlReaderName = `select id as of, book, id, epoch, name, ''::bytea as details from directory where agency_id = agency() and book = 'staff'`
	sqlTakeAway   = `delete from claim where agency_id = agency() and letter_id = $1 and worker_id = $2 and until > now() returning 1`
	sqlGive       = `insert into claim (agency_id, letter_id, worker_id, until) values (agency(), $1, $2, now() + interval '30 minutes')
		on conflict (agency_id, letter_id) do update set worker_id = excluded.worker_id, until = excluded.until, read_at = null returning 1`
	sqlTaken = `insert into takeover (agency_id, letter_id, worker_id) values (agency(), $1, $2)
		on conflict (agency_id, letter_id, worker_id) do update set at = excluded.at`
)

// Reader is a worker who may be given a letter.
type Reader struct {
	ID    string
	Name  string // "" where the directory does not open
	Holds int    // letters that they have claimed
}

type holderRow struct {
	ExchangeID string
	Worker     string
	Connected  bool // the actor is a party, or declared a connection
}

// may refuses somebody who is connected to the family: who reads its letters is
// not theirs to say.
func (r holderRow) may() error {
	if r.Connected {
		return fault.New(fault.Forbidden, "fault.letter.connected")
	}
	return nil
}

type readerRow struct {
	ID     string
	Holds  int
	Barred bool
}

// takingOver is a manager's act about a claim, before it is stored.
type takingOver struct {
	letter string
	from   string // who holds it; "" for nobody
	to     string // who gets it; "" for nobody
	body   []byte
}

// TakeAway takes a letter from the worker who holds it, before their time is
// over: it is free for everybody again, and they are told so at their next act
// about it. It is a manager's act and in the log. Conflict: nobody holds it, or
// somebody else does by now. Forbidden: the actor is connected to the family.
func (s *Service) TakeAway(ctx context.Context, actor authz.Actor, id LetterID) error {
	t, err := s.takeOver(ctx, actor, id, "")
	if err != nil {
		return err
	}
	if t.from == "" {
		return errNotHeld()
	}
	var lock lockRow
	s.at("takeAway")
	err = s.db.Act(ctx, scope(actor), func(b *pgx.Batch) { lockLetter(b, &lock, t.letter) }, func(b *pgx.Batch) error {
		if !lock.Held || lock.ClaimedBy != t.from {
			return errNotHeld()
		}
		s.at("takeAway locked")
		b.Queue(postgres.Guarded(sqlTakeAway), t.letter, t.from)
		b.Queue(sqlTaken, t.letter, t.from)
		b.Queue(sqlNudge)
		audit.Append(b, t.body)
		return nil
	})
	return s.db.Fault(err)
}

func errNotHeld() error { return fault.New(fault.Conflict, "fault.manage.letter") }

// Give claims a letter that waits for a named worker, whoever holds it now, for
// as long as a claim lasts. Whoever held it is told so at their next act about
// it. It is a manager's act and in the log. What they hold already stays theirs,
// and nothing is stated.
//
// Invalid, field "worker": they hold MaxClaims letters, or may not decide about
// this one. Conflict: the letter does not wait, or changed hands in this moment.
// Forbidden: as for TakeAway.
func (s *Service) Give(ctx context.Context, actor authz.Actor, id LetterID, worker string) error {
	if _, err := s.begin(ctx, actor, authz.TakeOver, string(id)); err != nil {
		return err
	}
	if !agency.ValidID("wk", worker) {
		return fault.Field("worker", "fault.manage.mayNot")
	}
	t, err := s.takeOver(ctx, actor, id, worker)
	if err != nil {
		return err
	}
	if t.from == worker {
		return nil // the button was pressed again, as after an answer that got lost
	}
	var lock lockRow
	var to []readerRow
	err = s.db.Act(ctx, scope(actor), func(b *pgx.Batch) {
		b.Queue(sqlLockReader, worker)
		lockLetter(b, &lock, t.letter)
		postgres.Many(b, &to, sqlReader, t.letter, worker)
	}, func(b *pgx.Batch) error {
		switch {
		case !lock.waiting() || lock.holder() != t.from:
			return errNotHeld()
		case len(to) == 0 || to[0].Barred || to[0].Holds >= MaxClaims:
			return fault.Field("worker", "fault.manage.mayNot")
		}
		b.Queue(postgres.Guarded(sqlGive), t.letter, worker)
		if t.from != "" {
			b.Queue(sqlTaken, t.letter, t.from)
		}
		b.Queue(sqlNudge)
		audit.Append(b, t.body)
		return nil
	})
	return s.db.Fault(err)
}

// holder is who holds the letter now; "" for nobody.
func (r lockRow) holder() string {
	if !r.Held {
		return ""
	}
	return r.ClaimedBy
}

// takeOver is the gate of both acts, and signs their statement.
func (s *Service) takeOver(ctx context.Context, actor authz.Actor, id LetterID, to string) (*takingOver, error) {
	ag, err := s.begin(ctx, actor, authz.TakeOver, string(id))
	if err != nil {
		return nil, err
	}
	if !agency.ValidID("lt", string(id)) {
		return nil, notFound()
	}
	signer, err := actor.Keys().Signer()
	if err != nil {
		return nil, fmt.Errorf("sign take-over: %w", err)
	}
	var holder holderRow
	if err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) { postgres.One(b, &holder, sqlHolder, string(id)) }); err != nil {
		return nil, s.db.Fault(fmt.Errorf("load who holds letter %s: %w", id, err))
	}
	if err := holder.may(); err != nil {
		return nil, err
	}
	t := &takingOver{letter: string(id), from: holder.Worker, to: to}
	t.body, err = ag.State(statement.Statement{Event: statement.EventCasework, Object: t.letter, Part: "claim", Version: 1,
		Exchange: holder.ExchangeID, From: workerNode(t.from), To: workerNode(t.to), At: s.now()}, "", signer)
	return t, err
}

func workerNode(id string) string {
	if id == "" {
		return ""
	}
	return "worker/" + id
}

// Readers lists who may be given a letter, whoever holds fewest first. NotFound
// if there is no such letter; Forbidden if the actor is connected to the family.
func (s *Service) Readers(ctx context.Context, actor authz.Actor, id LetterID) ([]Reader, error) {
	if _, err := s.begin(ctx, actor, authz.TakeOver, string(id)); err != nil {
		return nil, err
	}
	if !agency.ValidID("lt", string(id)) {
		return nil, notFound()
	}
	var holder holderRow
	var rows []readerRow
	var staff []nameRow
	err := s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &holder, sqlHolder, string(id))
		postgres.Many(b, &rows, sqlReaders, string(id))
		postgres.Many(b, &staff, sqlReaderName)
	})
	if err != nil {
		return nil, s.db.Fault(fmt.Errorf("load who may read letter %s: %w", id, err))
	}
	if err := holder.may(); err != nil {
		return nil, err
	}
	var list []Reader
	for _, r := range rows {
		if r.Holds < MaxClaims {
			list = append(list, Reader{ID: r.ID, Name: names(actor, staff, r.ID), Holds: r.Holds})
		}
	}
	return list, nil
}

// Held is a letter as a manager sees it who takes it over: a line of the desk.
// NotFound if there is none; Forbidden if the actor is connected to the family.
func (s *Service) Held(ctx context.Context, actor authz.Actor, id LetterID) (DeskLine, error) {
	ag, err := s.begin(ctx, actor, authz.TakeOver, string(id))
	if err != nil {
		return DeskLine{}, err
	}
	if !agency.ValidID("lt", string(id)) {
		return DeskLine{}, notFound()
	}
	var rows deskRows
	var holder holderRow
	err = s.db.Read(ctx, scope(actor), func(b *pgx.Batch) {
		postgres.One(b, &holder, sqlHolder, string(id))
		rows.queueLetter(b, id)
	})
	if err != nil {
		return DeskLine{}, s.db.Fault(fmt.Errorf("load letter %s: %w", id, err))
	}
	if err := holder.may(); err != nil {
		return DeskLine{}, err
	}
	if len(rows.letters) == 0 {
		return DeskLine{}, notFound()
	}
	return s.line(ag, actor, rows.letters[0], &rows), nil
}
