package doctor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/checkpoint"
	"gatepost/internal/jobs"
	"gatepost/internal/notice"
	"gatepost/internal/postgres"
)

const (
	sqlStanding = `select stanza = $1, coalesce(public_seen = $1, false), coalesce(staff_seen = $1, false), coalesce(public_promise = staff_promise, true), coalesce(public_readers = staff_readers, true), opened_at is not null
		from agency where id = agency()`
	sqlPublicPeppers = `select distinct pepper_version from credential_person where agency_id = agency()`
	sqlStaffPeppers  = `select distinct pepper_version from credential_worker where agency_id = agency()`
	sqlUncovered     = `select coalesce(extract(epoch from now() - min(b.at)), 0)::float8 from audit_body b where b.agency_id = agency()
		and b.idx >= (select coalesce(max(c.size), 0) from audit_checkpoint c where c.agency_id = agency())`
	sqlNotices = `select coalesce(extract(epoch from now() - min(due)), 0)::float8, bool_or(error is not null)
		from notice where agency_id = agency() and state in ('waiting', 'sending') and due <= now()`

	lateCheckpoint = 2 * time.Minute
	lateJob        = 5 * time.Minute
	lateClock      = 3 * jobs.ClockEvery
	lateNotice     = time.Hour
)

// atTier looks at the agencies, their logs and canaries as a tier sees them.
func (e *examination) atTier(ctx context.Context, t authz.Tier) {
	agencies := e.agencies[t]
	if len(agencies) == 0 || e.conns[string(t)] == nil {
		return // said above: keys, configuration or connection
	}
	db, err := postgres.Open(ctx, e.Config.Config.DSN(t), postgres.WithConnections(2))
	if err != nil {
		e.unanswered("agencies as the " + string(t) + " tier sees them")
		return
	}
	defer db.Close()
	for _, a := range agencies {
		e.standing(ctx, db, t, a)
		e.peppers(ctx, db, t, a)
		e.log(ctx, db, t, a)
		if t == authz.Staff {
			e.canary(ctx, db, a)
		}
	}
}

// standing tells whether people are let in at an agency.
func (e *examination) standing(ctx context.Context, db *postgres.DB, t authz.Tier, a *agency.Agency) {
	about := "agency " + a.ID + " on the " + string(t) + " tier"
	print := a.Fingerprint()
	var ours, public, staff, promise, readers, opened bool
	err := db.Read(ctx, postgres.Scope{Agency: a.ID}, func(b *pgx.Batch) {
		b.Queue(sqlStanding, print[:]).QueryRow(func(row pgx.Row) error { return row.Scan(&ours, &public, &staff, &promise, &readers, &opened) })
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		e.say(Wrong, about, "the database does not know it; run gatepost agency add, or remove its stanza")
	case err != nil:
		e.unanswered(about)
	case !ours:
		e.say(Wrong, about, "its stanza is not the one of gatepost agency add, so nobody can sign in; put that one back, and find out who changed it")
	case !public:
		e.say(Wrong, about, "no families' tier has been started with this stanza, so nobody can sign in; put it into that host's configuration and start it")
	case !staff:
		e.say(Wrong, about, "no workers' tier has been started with this stanza, so nobody can sign in; put it into that host's configuration and start it")
	case !promise:
		e.say(Wrong, about, "the two tiers were started with another promise each, so nobody can sign in; put the same into both configurations and start both anew")
	case !readers:
		e.say(Wrong, about, "the two tiers were started with another second_reader each, so nobody can sign in; put the same into both configurations and start both anew")
	case !opened:
		e.say(Look, about, "it has no manager yet; gatepost worker invite and agency open come next")
	default:
		e.say(OK, about, "both tiers believe the same stanza")
	}
}

// peppers looks whether the folder has every pepper that a passphrase needs.
func (e *examination) peppers(ctx context.Context, db *postgres.DB, t authz.Tier, a *agency.Agency) {
	about := "peppers of agency " + a.ID + " on the " + string(t) + " tier"
	sql := sqlPublicPeppers
	if t == authz.Staff {
		sql = sqlStaffPeppers
	}
	var needed []int
	err := db.Read(ctx, postgres.Scope{Agency: a.ID}, func(b *pgx.Batch) {
		b.Queue(sql).Query(func(rows pgx.Rows) (err error) {
			needed, err = pgx.CollectRows(rows, pgx.RowTo[int])
			return err
		})
	})
	if err != nil {
		e.unanswered(about)
		return
	}
	missing := false
	for _, version := range needed {
		if !e.keys[t].Peppers.Has(uint16(version)) {
			missing = true
			e.say(Wrong, about, "pepper-%d.key is needed and not in the folder, so some people cannot sign in; put it back from a copy of the keys", version)
		}
	}
	if !missing {
		e.say(OK, about, "all that passphrases need are there")
	}
}

// log looks through an agency's log, as far as the tier may.
func (e *examination) log(ctx context.Context, db *postgres.DB, t authz.Tier, a *agency.Agency) {
	about := "log of " + a.ID + " as the " + string(t) + " tier sees it"
	c := checkpoint.Config{DB: db, Folder: e.Config.Config.Door(t).State, Now: e.Now, Log: slog.New(slog.DiscardHandler)}
	var found checkpoint.Inspected
	var err error
	if t == authz.Staff {
		found, err = checkpoint.Inspect(ctx, c, a, e.Whole)
	} else {
		found, err = checkpoint.InspectSeen(ctx, c, a)
	}
	refusal, refused := errors.AsType[*checkpoint.Refusal](err)
	switch {
	case refused:
		e.say(Wrong, about, "%v", refusal)
		return
	case errors.Is(err, checkpoint.ErrUnsignedEntries):
		e.say(Wrong, about, "%v; somebody other than this program writes the database: change the roles' passwords, and start the workers' tier, which voids them", err)
		return
	case errors.As(err, new(*checkpoint.StateError)):
		e.say(Wrong, about, "%v", err)
		return
	case err != nil:
		e.unanswered(about)
		return
	}
	if found.Unsigned > 0 {
		e.say(Wrong, about, "checkpoints that its key did not sign are in the database, and passed over (%d); somebody other than this program wrote them: change the roles' passwords, find out who it was, and delete the rows as gatepost_owner (table audit_checkpoint%s)",
			found.Unsigned, sizes(found.Sizes))
		return
	}
	if t == authz.Staff && e.uncovered(ctx, db, a) {
		e.say(Wrong, about, "its newest entries have had no checkpoint for two minutes; start a workers' tier, or look into its log")
		return
	}
	switch {
	case found.Voided > 0:
		e.say(Look, about, "%d entries hold together; %d were not signed as they should and are voided", found.Entries, found.Voided)
	case found.Seen == 0 && found.Entries > 0:
		e.say(Look, about, "%d entries hold together, and this tier has seen none of them before: was its folder of state lost?", found.Entries)
	default:
		e.say(OK, about, "%d entries hold together and go on from the %d that this tier has seen%s", found.Entries, found.Seen, e.signatures(t))
	}
}

// sizes names rows of checkpoints by their sizes, as far as they are known.
func sizes(list []int64) string {
	if len(list) == 0 {
		return ""
	}
	return ", size " + strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ", "), "[]")
}

func (e *examination) signatures(t authz.Tier) string {
	if e.Whole && t == authz.Staff {
		return "; every signature was verified"
	}
	return ""
}

func (e *examination) uncovered(ctx context.Context, db *postgres.DB, a *agency.Agency) bool {
	var seconds float64
	err := db.Read(ctx, postgres.Scope{Agency: a.ID}, func(b *pgx.Batch) {
		b.Queue(sqlUncovered).QueryRow(func(row pgx.Row) error { return row.Scan(&seconds) })
	})
	return err == nil && seconds > lateCheckpoint.Seconds()
}

// canary opens the object that is there for nothing else.
func (e *examination) canary(ctx context.Context, db *postgres.DB, a *agency.Agency) {
	about := "canary of " + a.ID
	_, err := notice.OpenCanary(ctx, db, a.ID, e.keys[authz.Staff].Notify)
	switch {
	case err == nil:
		e.say(OK, about, "it opens, so keys and database belong together")
	case errors.Is(err, notice.ErrNoCanary):
		e.say(Wrong, about, "there is none; start a workers' tier, which makes it")
	case notice.SealedElsewhere(err):
		e.say(Wrong, about, "it does not open with notify.key, so keys or database are another deployment's; put the right keys back from a copy")
	default:
		e.unanswered(about)
	}
}

// queue looks at jobs and notices.
func (e *examination) queue(ctx context.Context) {
	const about = "queue"
	conn := e.conns["notify"]
	if conn == nil {
		return
	}
	q, err := jobs.QueueIn(ctx, conn)
	switch {
	case err != nil:
		e.unanswered(about)
		return
	case q.Oldest > lateJob:
		e.say(Wrong, about, "a job has been due for %s and nobody works it; start a workers' tier, or look into its log", q.Oldest.Round(time.Minute))
	case q.Clock < 0 || q.Clock > lateClock:
		e.say(Wrong, about, "the clock's work was last done %s, so letters are not shown or stopped on their day; start a workers' tier", ago(q.Clock))
	case q.Given > 0:
		e.say(Wrong, about, "jobs were given up within a day; look for their kind and code in the workers' tier's log")
	default:
		e.say(OK, about, "jobs are worked, and none was given up")
	}
	e.notices(ctx, conn)
}

func ago(d time.Duration) string {
	if d < 0 {
		return "more than a day ago or never"
	}
	return d.Round(time.Minute).String() + " ago"
}

func (e *examination) notices(ctx context.Context, conn *pgx.Conn) {
	const about = "notices"
	oldest, failed := 0.0, false
	for _, a := range e.agencies[authz.Staff] {
		err := pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
			var seconds float64
			var errs *bool
			if _, err := tx.Exec(ctx, sqlScope, a.ID); err != nil {
				return err
			}
			if err := tx.QueryRow(ctx, sqlNotices).Scan(&seconds, &errs); err != nil {
				return err
			}
			oldest, failed = max(oldest, seconds), failed || errs != nil && *errs
			return nil
		})
		if err != nil {
			e.unanswered(about)
			return
		}
	}
	late := time.Duration(oldest * float64(time.Second))
	switch {
	case late <= lateNotice:
		e.say(OK, about, "none is late")
	case !e.Config.Config.Mail.Set():
		e.say(Look, about, "the oldest has waited for %s, for mail is off", late.Round(time.Hour))
	case failed:
		e.say(Wrong, about, "the oldest has been due for %s and the mail server does not take it; the table notice has a code for each", late.Round(time.Hour))
	default:
		e.say(Wrong, about, "the oldest has been due for %s; start a workers' tier, or look into its log", late.Round(time.Hour))
	}
}

const sqlScope = `select set_config('gatepost.agency', $1, true)`

// mail greets the mail server, and sends nothing.
func (e *examination) mail(ctx context.Context) {
	const about = "mail server"
	m := e.Config.Config.Mail
	if !m.Set() {
		e.say(Look, about, "mail is off, so nobody hears that something waits for them")
		return
	}
	if slices.Contains([]string{"", "@"}, m.From) {
		return // the configuration's finding
	}
	s, err := m.Server()
	if err != nil {
		e.problems(about, err)
		return
	}
	if err := s.Reach(ctx); err != nil {
		e.say(Wrong, about, "it does not answer, or not with TLS that this host trusts, or does not let us in; check mail.host, mail.port and the password, and try again")
		return
	}
	e.say(OK, about, "it answers and would take mail")
}
