package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"gatepost/internal/postgres"
)

const (
	// ClockEvery is how often the clock's work is done for each agency.
	ClockEvery = 5 * time.Minute

	// workTime is how long one piece of work may take. A job that has been
	// running for longer than rescue belonged to a process that is gone.
	workTime   = time.Minute
	rescue     = 5 * time.Minute
	keepDone   = 24 * time.Hour
	keepFailed = 30 * 24 * time.Hour

	// A small pool: River holds a connection only while it asks.
	connections = 4
	mailWorkers = 4
	mailQueue   = "mail"
)

// Job is one piece of work.
type Job struct {
	Agency string
	ID     string // what it is about; "" for the clock
	Last   bool   // it will not be tried again
}

// Work does a job. nil: done. Later puts it off; any other error is tried again
// with growing distance, 25 times over some three weeks. Only a Code keeps its
// words.
type Work func(context.Context, Job) error

// Code is an error that may be kept: one word of a to z, never anything that
// came from outside.
type Code string

// Error is the code itself.
func (c Code) Error() string { return string(c) }

// later puts a job off.
type later time.Duration

func (later) Error() string { return "later" }

// Later is the answer of work whose time has not come. It is no failure.
func Later(d time.Duration) error { return later(max(d, time.Second)) }

// Config is what a Client is made of.
type Config struct {
	DSN      string   // of gatepost_notify
	Agencies []string // for which the clock works
	Clock    Work     // needed
	Notice   Work     // nil: notices wait
	Log      *slog.Logger
}

// Client works the queue. Start it once, and Stop it in the end.
type Client struct {
	pool    *pgxpool.Pool
	river   *river.Client[pgx.Tx]
	started atomic.Bool
}

type noticeArgs struct {
	Agency string `json:"agency"`
	ID     string `json:"id"`
}

// Kind names the job in the database; its function enqueue knows the same names.
func (noticeArgs) Kind() string { return "notice" }

type clockArgs struct {
	Agency string `json:"agency"`
}

// Kind names the job in the database.
func (clockArgs) Kind() string { return "clock" }

// New connects and checks that the queue's tables are at the version of this
// program. It works nothing yet.
func New(ctx context.Context, c Config) (*Client, error) {
	if c.Clock == nil || c.Log == nil {
		return nil, errors.New("work the queue: a part is missing")
	}
	cfg, err := pgxpool.ParseConfig(c.DSN)
	if err != nil {
		return nil, errors.New("read the database address of the jobs")
	}
	cfg.MaxConns = connections
	for name, value := range map[string]string{"application_name": "gatepost jobs", "timezone": "Europe/London"} {
		cfg.ConnConfig.RuntimeParams[name] = value
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, errors.New("connect the jobs to the database")
	}
	client, err := c.client(ctx, pool)
	if err != nil {
		pool.Close()
		return nil, err
	}
	return &Client{pool: pool, river: client}, nil
}

func (c Config) client(ctx context.Context, pool *pgxpool.Pool) (*river.Client[pgx.Tx], error) {
	driver := riverpgxv5.New(pool)
	log := slog.New(level{c.Log.Handler()})
	if err := atVersion(ctx, driver); err != nil {
		return nil, err
	}
	workers := river.NewWorkers()
	queues := map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 1}}
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, j *river.Job[clockArgs]) error {
		return answer(ctx, c.Clock, Job{Agency: j.Args.Agency, Last: j.Attempt >= j.MaxAttempts})
	}))
	if c.Notice != nil {
		queues[mailQueue] = river.QueueConfig{MaxWorkers: mailWorkers}
		river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, j *river.Job[noticeArgs]) error {
			return answer(ctx, c.Notice, Job{Agency: j.Args.Agency, ID: j.Args.ID, Last: j.Attempt >= j.MaxAttempts})
		}))
	}
	client, err := river.NewClient(driver, &river.Config{
		// The default name is the host's, and it stands in every row.
		ID:                          "gatepost-" + rand.Text()[:12],
		Schema:                      postgres.JobsSchema,
		PollOnly:                    true,
		ReindexerSchedule:           river.NeverSchedule(), // only the owner may reindex
		Workers:                     workers,
		Queues:                      queues,
		PeriodicJobs:                c.periodic(),
		JobTimeout:                  workTime,
		RescueStuckJobsAfter:        rescue,
		CompletedJobRetentionPeriod: keepDone,
		CancelledJobRetentionPeriod: keepDone,
		DiscardedJobRetentionPeriod: keepFailed,
		Logger:                      log,
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the queue: %w", err)
	}
	return client, nil
}

// atVersion refuses a queue that another program's River made.
func atVersion(ctx context.Context, driver *riverpgxv5.Driver) error {
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Schema: postgres.JobsSchema, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("prepare the queue: %w", err)
	}
	result, err := m.Validate(ctx, nil)
	if err != nil {
		return errors.New("the queue of jobs cannot be read; run gatepost migrate, and check database.notify")
	}
	if !result.OK {
		return fmt.Errorf("the queue of jobs: %w; run gatepost migrate", postgres.ErrVersion)
	}
	return nil
}

// periodic makes the clock's jobs. One that waits or runs is not made again.
func (c Config) periodic() []*river.PeriodicJob {
	var list []*river.PeriodicJob
	for _, id := range c.Agencies {
		list = append(list, river.NewPeriodicJob(river.PeriodicInterval(ClockEvery), func() (river.JobArgs, *river.InsertOpts) {
			return clockArgs{id}, &river.InsertOpts{MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: ClockEvery}}
		}, &river.PeriodicJobOpts{RunOnStart: true, ID: "clock-" + id}))
	}
	return list
}

// answer does the work and turns what it says into what River may keep.
func answer(ctx context.Context, work Work, job Job) (err error) {
	defer func() {
		if recover() != nil {
			err = Code("panic") // its value and its stack can hold anything
		}
	}()
	err = work(ctx, job)
	if err == nil {
		return nil
	}
	if d, ok := errors.AsType[later](err); ok {
		return river.JobSnooze(time.Duration(d))
	}
	if code, ok := errors.AsType[Code](err); ok {
		return code
	}
	return Code("failed")
}

// Start begins to work the queue and returns. ctx is for starting and, once it
// ends, for a stop as by Stop without a limit.
func (c *Client) Start(ctx context.Context) error {
	if err := c.river.Start(ctx); err != nil {
		return fmt.Errorf("start the jobs: %w", err)
	}
	c.started.Store(true)
	return nil
}

// Stop takes no new job and lets those that run finish until ctx ends; then
// they are cut off and will run again. It closes the connections.
func (c *Client) Stop(ctx context.Context) error {
	defer c.pool.Close()
	if err := c.river.Stop(ctx); err != nil {
		cut, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := c.river.StopAndCancel(cut); err != nil {
			return errors.New("the jobs did not stop in time; they will run again")
		}
	}
	return nil
}

// Close lets go of the connections of a client that was never started.
func (c *Client) Close() { c.pool.Close() }

// level lets through what an operator must know: River tells much.
type level struct{ slog.Handler }

// Enabled is false below a warning.
func (h level) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}

// WithAttrs keeps the level.
func (h level) WithAttrs(attrs []slog.Attr) slog.Handler { return level{h.Handler.WithAttrs(attrs)} }

// WithGroup keeps the level.
func (h level) WithGroup(name string) slog.Handler { return level{h.Handler.WithGroup(name)} }
