package notice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/internal/agency"
	"gatepost/internal/jobs"
	"gatepost/internal/postgres"
)

const (
	sqlNotice = `select n.state, n.person_id as person, n.due, coalesce(c.mail, false) as mail, coalesce(c.version, 0) as version,
			o.sealed, o.leaf, coalesce(leaf_body(o.leaf), '') as body
		from notice n left join contact c on c.agency_id = n.agency_id and c.person_id = n.person_id
			left join object o on o.agency_id = c.agency_id and o.id = c.person_id and o.part = c.part and o.version = c.version
		where n.agency_id = agency() and n.id = $1`
	sqlDue     = `update notice set due = $2 where agency_id = agency() and id = $1 and state = 'waiting'`
	sqlSending = `update notice set state = 'sending' where agency_id = agency() and id = $1 and state in ('waiting', 'sending') returning 1`
	sqlSent    = `update notice set state = 'sent', sent_at = $2, error = null where agency_id = agency() and id = $1 and state = 'sending' returning 1`
	sqlOff     = `update notice set state = 'off', sent_at = $2, error = $3 where agency_id = agency() and id = $1 and state in ('waiting', 'sending') returning 1`
	// A notice that nobody wants to get now ends, and is made anew when they do. Not
	// where they switched mail on in the meantime: then the try is made again.
	sqlMissed   = `update contact set missed = true where agency_id = agency() and person_id = $1 and not mail`
	sqlUnwanted = `update notice set state = 'off', sent_at = $2 where agency_id = agency() and id = $1 and state in ('waiting', 'sending')
		and not exists (select from contact c where c.agency_id = notice.agency_id and c.person_id = notice.person_id and c.mail) returning 1`
	sqlFailed = `update notice set error = $2 where agency_id = agency() and id = $1 and state in ('waiting', 'sending')`
	// A row that has ended is needed for as long as its job could come back.
	sqlForget  = `delete from notice where agency_id = agency() and sent_at < $1`
	sqlShowDue = `select show_due()`
	sqlStop18  = `select stop_at_18()`
)

// forgetAfter is how long an ended notice is kept.
const forgetAfter = 30 * 24 * time.Hour

// MailerConfig is what a Mailer is made of. Every field is needed.
type MailerConfig struct {
	DB       *postgres.DB // in the role gatepost_notify
	Agencies *agency.Registry
	Key      *age.HybridIdentity // the notifier's
	Server   Server
	Now      func() time.Time
	Log      *slog.Logger
}

// Mailer sends notices. It is safe for use by many goroutines and processes.
type Mailer struct {
	MailerConfig
	london *time.Location
}

// NewMailer makes a mailer. Its error is a machine without London's time.
func NewMailer(c MailerConfig) (*Mailer, error) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		return nil, fmt.Errorf("load London's time: %w", err)
	}
	return &Mailer{c, london}, nil
}

type noticeRow struct {
	State   string
	Person  string
	Due     time.Time
	Mail    bool
	Version int
	Sealed  []byte
	Leaf    []byte
	Body    []byte
}

// Deliver sends the mail of one notice, or nothing if it was sent already or
// the person wants none; in quiet hours it is put off. It may be called again
// after any end, by any process.
func (m *Mailer) Deliver(ctx context.Context, job jobs.Job) error {
	ag, ok := m.Agencies.Get(job.Agency)
	if !ok || !agency.ValidID("no", job.ID) {
		return codeSettings
	}
	scope := postgres.Scope{Agency: ag.ID}
	var rows []noticeRow
	if err := m.DB.Read(ctx, scope, func(b *pgx.Batch) { postgres.Many(b, &rows, sqlNotice, job.ID) }); err != nil {
		return m.failed(ctx, ag, job, fmt.Errorf("read a notice: %w", err))
	}
	if len(rows) == 0 || rows[0].State == "sent" || rows[0].State == "off" {
		return nil
	}
	row := rows[0]
	if !row.Mail {
		return m.failed(ctx, ag, job, m.unwanted(ctx, scope, job.ID, row.Person))
	}
	found := contactRow{Mail: row.Mail, Version: row.Version, Sealed: row.Sealed, Leaf: row.Leaf, Body: row.Body}
	c, err := found.open(ctx, m.DB, opening{ag, row.Person, m.Key})
	if err != nil {
		m.Log.ErrorContext(ctx, "ALARM: contact details do not open", "agency", ag.ID, "object", row.Person, "error", err)
		return m.failed(ctx, ag, job, codeSealed)
	}
	return m.failed(ctx, ag, job, m.deliver(ctx, scope, job.ID, row, c))
}

func (m *Mailer) deliver(ctx context.Context, scope postgres.Scope, id string, row noticeRow, c content) error {
	now := m.Now()
	if at := c.speaksAt(now, m.london); at.After(now) {
		if err := m.write(ctx, scope, sqlDue, id, at); err != nil {
			return err
		}
		return jobs.Later(at.Sub(now))
	}
	// What comes up from here on is a new notice: the person may look before we have marked this one.
	if err := m.write(ctx, scope, postgres.Guarded(sqlSending), id); err != nil {
		return err
	}
	if err := m.Server.send(ctx, c.Mail, c.Words, m.Server.MessageID(id), now); err != nil {
		return err
	}
	return m.write(ctx, scope, postgres.Guarded(sqlSent), id, m.Now())
}

// unwanted ends a notice of somebody whose mail is off, and notes that they missed one.
func (m *Mailer) unwanted(ctx context.Context, scope postgres.Scope, id, person string) error {
	return m.DB.Act(ctx, scope, nil, func(b *pgx.Batch) error {
		b.Queue(sqlMissed, person) // holds the switch until the notice has ended
		b.Queue(postgres.Guarded(sqlUnwanted), id, m.Now())
		return nil
	})
}

func (m *Mailer) write(ctx context.Context, scope postgres.Scope, sql string, args ...any) error {
	return m.DB.Act(ctx, scope, nil, func(b *pgx.Batch) error {
		b.Queue(sql, args...)
		return nil
	})
}

// failed keeps the code of what went wrong with a notice, and ends the notice
// after the last try: a new one is made at the next act.
func (m *Mailer) failed(ctx context.Context, ag *agency.Agency, job jobs.Job, err error) error {
	code, ok := errors.AsType[jobs.Code](err)
	if !ok {
		return err // done, put off, or the database's: nothing to write down
	}
	m.Log.WarnContext(ctx, "a notice was not sent", "agency", ag.ID, "notice", job.ID, "code", string(code), "last", job.Last)
	scope := postgres.Scope{Agency: ag.ID}
	if job.Last {
		err = m.write(ctx, scope, postgres.Guarded(sqlOff), job.ID, m.Now(), string(code))
	} else {
		err = m.write(ctx, scope, sqlFailed, job.ID, string(code))
	}
	return errors.Join(code, err)
}

// Clock does what the clock does for one agency: letters whose day has come are
// shown, letters for a child who comes of age are stopped, and ended notices
// are forgotten. Each in an act of its own: one that fails keeps none from the
// others. db is in the role gatepost_notify.
func Clock(db *postgres.DB, now func() time.Time, log *slog.Logger) jobs.Work {
	return func(ctx context.Context, job jobs.Job) error {
		scope := postgres.Scope{Agency: job.Agency}
		var failed error
		for _, part := range []struct {
			name, sql string
			args      []any
		}{{"stop", sqlStop18, nil}, {"show", sqlShowDue, nil}, {"forget", sqlForget, []any{now().Add(-forgetAfter)}}} {
			err := db.Act(ctx, scope, nil, func(b *pgx.Batch) error {
				b.Queue(part.sql, part.args...)
				return nil
			})
			if err != nil {
				log.ErrorContext(ctx, "the clock's work was not done", "agency", job.Agency, "part", part.name, "error", err)
				failed = jobs.Code("clock")
			}
		}
		return failed
	}
}
