package tier

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/ops"
	"gatepost/internal/postgres"
	"gatepost/migrations"
)

const (
	// What waits for a decision or for the safeguarding lead, what its writers were promised, and the oldest of it.
	sqlWaiting = `select count(*) filter (where state = 'received')::int, count(*) filter (where state = 'held')::int,
		count(*) filter (where state = 'escalated')::int, count(*) filter (where state in ('recalled', 'undeliverable'))::int,
		count(*) filter (where hear_by < current_date)::int,
		coalesce(current_date - min(submitted_on) filter (where state in ('received', 'held', 'escalated', 'toTranslate')), 0)::int
		from letter where agency_id = agency() and state in ('received', 'held', 'escalated', 'toTranslate', 'recalled', 'undeliverable')`
	sqlStates   = `select state, count(*)::int from letter where agency_id = agency() group by state`
	sqlSignIns  = `select count(*)::int from sign_in where agency_id = agency() and at > now() - interval '1 hour' and outcome = 'refused'`
	sqlRefusals = `select count(*)::int from refusal where agency_id = agency() and at > now() - interval '1 hour'`
	sqlNotices  = `select count(*) filter (where state in ('waiting', 'sending'))::int, count(*) filter (where state in ('waiting', 'sending') and error is not null)::int,
		coalesce(extract(epoch from now() - min(due) filter (where state in ('waiting', 'sending') and due <= now())), 0)::float8
		from notice where agency_id = agency()`

	sqlPartsLost = `select exists (select from part_lost where agency_id = agency() and written_off_at is null)::int`
	sqlPartsGone = `select exists (select from part_gone where agency_id = agency() and gone_at < now() - interval '1 hour')::int`

	// statesEvery is how often all letters are counted, which reads every row.
	statesEvery = 10 * time.Minute

	// lateCheckpoint is after how long without a checkpoint nobody should be sent here.
	lateCheckpoint = 2 * time.Minute
)

// Checks are what has to hold for people to be sent to this tier.
func (t *Tier) Checks() []ops.Check {
	list := []ops.Check{{Name: "database", Ask: func(ctx context.Context) error { return t.db.Check(ctx, migrations.Files) }}}
	if t.keeper != nil {
		list = append(list, ops.Check{Name: "log", Ask: func(context.Context) error {
			if t.uncovered() > lateCheckpoint {
				return errors.New("the log has had no checkpoint for two minutes; the process's log says why")
			}
			return nil
		}})
	}
	return list
}

// uncovered is for how long an entry of any agency's log may have been without
// a checkpoint. Staff tier only.
func (t *Tier) uncovered() (longest time.Duration) {
	for _, s := range t.keeper.Standings() {
		longest = max(longest, time.Since(s.Covered))
	}
	return longest
}

func (t *Tier) checkpoints(context.Context) []ops.Figure {
	return []ops.Figure{{Name: "gatepost_log_uncovered_seconds", Help: "For how long an entry of a log may have been without a checkpoint; under 60 while all is well.", Value: t.uncovered().Seconds()}}
}

// Figures are the tier's numbers, over all its agencies together.
func (t *Tier) Figures() []ops.Source {
	list := []ops.Source{{Ask: func(context.Context) []ops.Figure { return pool(string(t.config.Tier), t.db) }}, {Ask: t.signIns}}
	if t.config.Parts != nil {
		list = append(list, ops.Source{Ask: t.parts})
	}
	if t.config.Tier == authz.Staff {
		list = append(list, ops.Source{Ask: t.waiting}, ops.Source{Every: statesEvery, Ask: t.states}, ops.Source{Ask: t.checkpoints})
	}
	return list
}

// parts tells of the store of large parts. Letters go without it, so readiness does not ask.
func (t *Tier) parts(ctx context.Context) []ops.Figure {
	down := 0.0
	if t.config.Parts.Reach(ctx) != nil {
		down = 1
	}
	list := []ops.Figure{{Name: "gatepost_parts_down", Help: "1 while the store of large parts does not answer this tier: photos and recordings wait, letters go.", Value: down}}
	if t.config.Tier != authz.Staff {
		return list
	}
	worst := func(name, help, sql string) {
		most, n := 0, 0
		if count(ctx, t.db, t.Agencies.All(), sql, func(row pgx.Row) error { err := row.Scan(&n); most = max(most, n); return err }) {
			list = append(list, ops.Figure{Name: name, Help: help, Value: float64(most)})
		}
	}
	worst("gatepost_parts_delete_late", "1 where large parts have waited for an hour to be deleted in their store.", sqlPartsGone)
	worst("gatepost_parts_lost", "1 where the store has lost large parts, or changed them, that nobody has written off.", sqlPartsLost)
	return list
}
func pool(name string, db *postgres.DB) []ops.Figure {
	p := db.Pool()
	figure := func(what, help string, value float64) ops.Figure {
		return ops.Figure{Name: "gatepost_pool_" + what, Help: help, Label: "pool", Of: name, Value: value}
	}
	waits, waited := figure("waits_total", "Times that a request waited for a connection to the database.", float64(p.Waits)),
		figure("waited_seconds_total", "Time that requests waited for a connection to the database.", p.Waited.Seconds())
	waits.Total, waited.Total = true, true
	return []ops.Figure{figure("max_connections", "Connections to the database that the pool may open.", float64(p.Max)),
		figure("open_connections", "Connections to the database that are open.", float64(p.Open)),
		figure("used_connections", "Connections to the database that are at work.", float64(p.Used)), waits, waited}
}

// count adds up one row of numbers over agencies. It gives no figures at all
// where one agency could not be asked: half a sum would be wrong.
func count(ctx context.Context, db *postgres.DB, agencies []*agency.Agency, sql string, add func(pgx.Row) error) bool {
	for _, a := range agencies {
		err := db.Read(ctx, postgres.Scope{Agency: a.ID}, func(b *pgx.Batch) { b.Queue(sql).QueryRow(add) })
		if err != nil {
			return false
		}
	}
	return true
}

func (t *Tier) signIns(ctx context.Context) []ops.Figure {
	failed, refused, n := 0, 0, 0
	if !count(ctx, t.db, t.Agencies.All(), sqlSignIns, func(row pgx.Row) error { err := row.Scan(&n); failed += n; return err }) {
		return nil
	}
	list := []ops.Figure{{Name: "gatepost_sign_ins_failed_last_hour", Help: "Sign-ins that failed within an hour, on this tier; left out below five.", Value: float64(failed), People: true}}
	if t.config.Tier != authz.Staff {
		return list
	}
	if count(ctx, t.db, t.Agencies.All(), sqlRefusals, func(row pgx.Row) error { err := row.Scan(&n); refused += n; return err }) {
		list = append(list, ops.Figure{Name: "gatepost_refused_acts_last_hour", Help: "Acts that somebody who was signed in may not do, within an hour; left out below five.", Value: float64(refused), People: true})
	}
	return list
}

func (t *Tier) waiting(ctx context.Context) []ops.Figure {
	names := []string{"received", "held", "escalated", "back"}
	sums := make([]int, len(names))
	late, oldest := 0, 0
	ok := count(ctx, t.db, t.Agencies.All(), sqlWaiting, func(row pgx.Row) error {
		var n [4]int
		var overdue, age int
		if err := row.Scan(&n[0], &n[1], &n[2], &n[3], &overdue, &age); err != nil {
			return err
		}
		for i := range sums {
			sums[i] += n[i]
		}
		late, oldest = late+overdue, max(oldest, age)
		return nil
	})
	if !ok {
		return nil
	}
	broken := 0.0
	if late > 0 {
		broken = 1
	}
	list := []ops.Figure{
		{Name: "gatepost_letters_overdue", Help: "Letters whose writer should have heard by now; left out below five.", Value: float64(late), People: true},
		{Name: "gatepost_promise_broken", Help: "1 if some writer should have heard by now.", Value: broken},
		{Name: "gatepost_oldest_letter_days", Help: "How many days ago the oldest letter that waits was sent.", Value: float64(oldest)}}
	for i, name := range names {
		list = append(list, ops.Figure{Name: "gatepost_letters_waiting", Help: "Letters that wait for a worker; left out below five.", Label: "queue", Of: name, Value: float64(sums[i]), People: true})
	}
	return list
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func (t *Tier) states(ctx context.Context) []ops.Figure {
	sums := map[string]int{}
	for _, a := range t.Agencies.All() {
		err := t.db.Read(ctx, postgres.Scope{Agency: a.ID}, func(b *pgx.Batch) {
			b.Queue(sqlStates).Query(func(rows pgx.Rows) error {
				var state string
				var n int
				_, err := pgx.ForEachRow(rows, []any{&state, &n}, func() error { sums[state] += n; return nil })
				return err
			})
		})
		if err != nil {
			return nil
		}
	}
	var list []ops.Figure
	for state, n := range sums {
		list = append(list, ops.Figure{Name: "gatepost_letters", Help: "All letters by state, every ten minutes; left out below five.", Label: "state", Of: state, Value: float64(n), People: true})
	}
	return list
}

// Checks are what has to hold for the staff tier beside its pages.
func (n *Notifier) Checks() []ops.Check { return []ops.Check{{Name: "jobs", Ask: n.jobs.Alive}} }

// Figures are the queue's and the notices' numbers, over all agencies together.
func (n *Notifier) Figures() []ops.Source {
	return []ops.Source{{Ask: n.queue}, {Ask: n.notices}, {Ask: func(context.Context) []ops.Figure { return pool("notify", n.db) }}}
}

func (n *Notifier) queue(ctx context.Context) []ops.Figure {
	q, err := n.jobs.Queue(ctx)
	if err != nil {
		return nil
	}
	list := []ops.Figure{
		{Name: "gatepost_jobs_due", Help: "Jobs whose time has come and that nobody works yet; left out below five.", Value: float64(q.Due), People: true},
		{Name: "gatepost_jobs_oldest_seconds", Help: "How long the oldest of them has been due.", Value: q.Oldest.Truncate(time.Minute).Seconds()},
		{Name: "gatepost_jobs_given_up", Help: "Jobs given up within a day; left out below five.", Value: float64(q.Given), People: true}}
	if q.Clock >= 0 {
		list = append(list, ops.Figure{Name: "gatepost_clock_seconds", Help: "Since the clock's work was last done; missing if it was not within a day.", Value: q.Clock.Seconds()})
	}
	return list
}

func (n *Notifier) notices(ctx context.Context) []ops.Figure {
	waiting, failed, oldest := 0, 0, 0.0
	ok := count(ctx, n.db, n.agencies, sqlNotices, func(row pgx.Row) error {
		var w, f int
		var age float64
		err := row.Scan(&w, &f, &age)
		waiting, failed, oldest = waiting+w, failed+f, max(oldest, age)
		return err
	})
	if !ok {
		return nil
	}
	return []ops.Figure{
		{Name: "gatepost_notices_waiting", Help: "Notices that wait to be sent; left out below five.", Value: float64(waiting), People: true},
		{Name: "gatepost_notices_failed", Help: "Notices that a mail server did not take and that will be tried again; left out below five.", Value: float64(failed), People: true},
		{Name: "gatepost_notices_oldest_seconds", Help: "How long the oldest notice has been due, in whole hours.", Value: ops.Ages(seconds(oldest))}}
}
