package tier

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"gatepost/internal/agency"
	"gatepost/internal/jobs"
	"gatepost/internal/keyfile"
	"gatepost/internal/notice"
	"gatepost/internal/postgres"
	"gatepost/letterbox"
)

// NotifierConfig is what a Notifier is made of. Every field but Mail, Remind, Shed
// and Letters is needed.
type NotifierConfig struct {
	DSN      string // of gatepost_notify
	Agencies *agency.Registry
	Keys     *keyfile.Keys  // of the staff tier
	Mail     *notice.Server // nil: notices wait
	// Remind is what the clock does for an agency in the staff tier's own role:
	// intermediary.Service.RemindOverdue. nil: nothing.
	Remind func(ctx context.Context, agencyID string) error
	// Shed is the same for what is kept for some days only:
	// intermediary.Service.ShedScans. nil: nothing.
	Shed func(ctx context.Context, agencyID string) error
	// Letters deletes in the store of large parts what is no row's any more. nil:
	// nobody does.
	Letters *letterbox.Service
	Log     *slog.Logger
}

// Notifier sends notices and does the clock's work, in the staff tier's
// process. Any number may run.
type Notifier struct {
	db       *postgres.DB
	jobs     *jobs.Client
	agencies []*agency.Agency
}

// OpenNotifier connects. It works nothing before Start.
func OpenNotifier(ctx context.Context, c NotifierConfig) (*Notifier, error) {
	if err := CheckVersion(ctx, c.DSN); err != nil {
		return nil, err
	}
	db, err := postgres.Open(ctx, c.DSN)
	if err != nil {
		return nil, err
	}
	queue := jobs.Config{DSN: c.DSN, Clock: c.clock(notice.Clock(db, time.Now, c.Log)), Log: c.Log}
	for _, a := range c.Agencies.All() {
		queue.Agencies = append(queue.Agencies, a.ID)
	}
	if c.Mail != nil {
		mailer, err := notice.NewMailer(notice.MailerConfig{DB: db, Agencies: c.Agencies, Key: c.Keys.Notify, Server: *c.Mail, Now: time.Now, Log: c.Log})
		if err != nil {
			db.Close()
			return nil, err
		}
		queue.Notice = mailer.Deliver
	}
	n := &Notifier{db: db, agencies: c.Agencies.All()}
	if n.jobs, err = jobs.New(ctx, queue); err != nil {
		db.Close()
		return nil, err
	}
	return n, nil
}

// clock does the clock's work, reminds and sheds; none of them stops another.
func (c NotifierConfig) clock(work jobs.Work) jobs.Work {
	var swept sweep
	return func(ctx context.Context, job jobs.Job) error {
		err := work(ctx, job)
		for _, also := range []struct {
			do     func(ctx context.Context, agencyID string) error
			failed string
			code   jobs.Code
		}{{c.Remind, "nobody was reminded of overdue enquiries", "remind"}, {c.Shed, "copies of identity documents were not destroyed on their day", "shed"},
			{c.deleteParts(&swept), "large parts were not deleted in their store", "parts"}} {
			if also.do == nil {
				continue
			}
			if failed := also.do(ctx, job.Agency); failed != nil {
				c.Log.ErrorContext(ctx, also.failed, "agency", job.Agency, "error", failed)
				err = also.code
			}
		}
		return err
	}
}

// sweepEvery is how often the store is looked through for what no row names.
const sweepEvery = 24 * time.Hour

// sweep is when that was last begun here.
type sweep struct {
	mu sync.Mutex // guards at
	at time.Time
}

// due tells whether it is time, once for all agencies.
func (s *sweep) due(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.at) < sweepEvery {
		return false
	}
	s.at = now
	return true
}

// deleteParts deletes what is no row's any more, looks for what is lost, and now and
// then deletes what never was a row's.
func (c NotifierConfig) deleteParts(swept *sweep) func(ctx context.Context, agencyID string) error {
	if c.Letters == nil {
		return nil
	}
	return func(ctx context.Context, agencyID string) error {
		err := errors.Join(c.Letters.DeleteParts(ctx, agencyID), c.Letters.FindParts(ctx, agencyID))
		if swept.due(time.Now()) {
			err = errors.Join(err, c.Letters.SweepParts(ctx, agencyID))
		}
		return err
	}
}

// Run works until ctx ends and then for as long as what was begun takes, at
// most within.
func (n *Notifier) Run(ctx context.Context, within time.Duration) error {
	if err := n.jobs.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	<-ctx.Done()
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	return n.jobs.Stop(stopping)
}

// Close lets go of the connections, after Run or without it.
func (n *Notifier) Close() {
	n.jobs.Close()
	n.db.Close()
}
