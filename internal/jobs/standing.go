package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

const sqlQueue = `select count(*) filter (where state in ('available', 'retryable', 'scheduled') and scheduled_at <= now())::int,
	coalesce(extract(epoch from now() - min(scheduled_at) filter (where state in ('available', 'retryable', 'scheduled') and scheduled_at <= now())), 0)::float8,
	count(*) filter (where state = 'discarded' and finalized_at > now() - interval '1 day')::int,
	coalesce(extract(epoch from now() - max(finalized_at) filter (where kind = 'clock' and state = 'completed')), -1)::float8
	from jobs.river_job`

// Queue is how the queue stands, that of all processes.
type Queue struct {
	Due    int           // jobs whose time has come and that nobody works
	Oldest time.Duration // how long the first of them has been due
	Given  int           // jobs given up within a day
	Clock  time.Duration // since the clock's work was last done; below zero if it was not within a day
}

// Queue asks how the queue stands.
func (c *Client) Queue(ctx context.Context) (Queue, error) { return QueueIn(ctx, c.pool) }

// QueueIn asks how the queue stands, for a check that works no job. The role of
// db has to be gatepost_notify.
func QueueIn(ctx context.Context, db interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}) (q Queue, err error) {
	var oldest, clock float64
	if err := db.QueryRow(ctx, sqlQueue).Scan(&q.Due, &oldest, &q.Given, &clock); err != nil {
		return q, errors.New("look at the queue of jobs: the database did not answer")
	}
	q.Oldest, q.Clock = seconds(oldest), seconds(clock)
	return q, nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Alive tells whether this process works the queue: it was started, was not
// stopped, and reaches the database.
func (c *Client) Alive(ctx context.Context) error {
	select {
	case <-c.river.Stopped():
		return errors.New("the jobs have stopped")
	default:
	}
	if !c.started.Load() {
		return errors.New("the jobs have not begun")
	}
	if err := c.pool.Ping(ctx); err != nil {
		return errors.New("the jobs do not reach the database")
	}
	return nil
}
