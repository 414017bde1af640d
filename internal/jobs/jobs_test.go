package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/jobs"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// queue is a database with an agency, and the jobs that were put in.
type queue struct {
	t     *testing.T
	db    *postgrestest.Database
	admin *pgx.Conn
	ids   []string
}

func newQueue(t *testing.T) *queue {
	q := &queue{t: t, db: postgrestest.New(t)}
	q.admin = q.db.Admin()
	_, err := q.admin.Exec(t.Context(), `insert into agency (id, stanza) values ('oak', sha256('x'))`)
	must(t, err)
	return q
}

// put enqueues a notice as the staff tier does.
func (q *queue) put() {
	q.t.Helper()
	id := "no" + strings.Repeat("a", 19) + string(rune('a'+len(q.ids)))
	conn := q.db.Conn(postgres.RoleStaff)
	_, err := conn.Exec(q.t.Context(), `begin; set local gatepost.agency = 'oak'; select enqueue('notice', '{"agency":"oak","id":"`+id+`"}'); commit`)
	must(q.t, err)
	q.ids = append(q.ids, id)
}

func (q *queue) client(notice jobs.Work, clock jobs.Work) *jobs.Client {
	q.t.Helper()
	c, err := jobs.New(q.t.Context(), jobs.Config{DSN: q.db.DSN(postgres.RoleNotify), Agencies: []string{"oak"}, Clock: clock, Notice: notice,
		Log: slog.New(slog.NewTextHandler(q.t.Output(), nil))})
	must(q.t, err)
	must(q.t, c.Start(context.WithoutCancel(q.t.Context())))
	return c
}

func (q *queue) stop(c *jobs.Client) {
	q.t.Helper()
	must(q.t, c.Stop(context.WithoutCancel(q.t.Context())))
}

func idle(context.Context, jobs.Job) error { return nil }

// Two processes work one queue: each job is done once, and each gets its own id.
func TestTwoClients(t *testing.T) {
	q := newQueue(t)
	const n = 20
	for range n {
		q.put()
	}
	var mu sync.Mutex
	var done []string
	all := make(chan struct{})
	work := func(_ context.Context, job jobs.Job) error {
		mu.Lock()
		defer mu.Unlock()
		done = append(done, job.ID)
		if len(done) == n {
			close(all)
		}
		return nil
	}
	one, two := q.client(work, idle), q.client(work, idle)
	<-all
	q.stop(one)
	q.stop(two)
	slices.Sort(done)
	if !slices.Equal(done, q.ids) {
		t.Errorf("%d jobs were done as %v", n, done)
	}
}

// A client is alive from its start to its stop, and the queue says how it stands.
func TestStanding(t *testing.T) {
	q := newQueue(t)
	c, err := jobs.New(t.Context(), jobs.Config{DSN: q.db.DSN(postgres.RoleNotify), Agencies: []string{"oak"}, Clock: idle, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	if err := c.Alive(t.Context()); err == nil {
		t.Error("alive before it was started")
	}
	q.put()
	s, err := c.Queue(t.Context())
	must(t, err)
	if s.Due != 1 || s.Oldest < 0 || s.Clock >= 0 || s.Given != 0 {
		t.Errorf("a notice waits, and the clock was never done: %+v", s)
	}
	must(t, c.Start(context.WithoutCancel(t.Context())))
	must(t, c.Alive(t.Context()))
	for s.Clock < 0 { // the clock's first round, within go test's own limit
		s, err = c.Queue(t.Context())
		must(t, err)
	}
	q.stop(c)
	if err := c.Alive(t.Context()); err == nil {
		t.Error("alive after it was stopped")
	}
}

// Every statement is one that the database takes.
func TestStatements(t *testing.T) {
	postgrestest.Prepare(t, postgrestest.New(t).Conn(postgres.RoleNotify), ".")
}

// Whatever work says, River keeps one word.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		work func() error
		want string
	}{
		{"a code", func() error { return fmt.Errorf("to planted@example.org: %w", jobs.Code("refused")) }, "refused"},
		{"another error", func() error { return errors.New("planted@example.org does not exist") }, "failed"},
		{"a panic", func() error { panic("planted@example.org") }, "panic"},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := newQueue(t)
			q.put()
			began := make(chan struct{})
			client := q.client(func(context.Context, jobs.Job) error { close(began); return c.work() }, idle)
			<-began
			q.stop(client) // waits for the job's row
			var kept, row string
			must(t, q.admin.QueryRow(t.Context(), `select errors[1] ->> 'error', errors::text from jobs.river_job where kind = 'notice'`).Scan(&kept, &row))
			if kept != c.want || strings.Contains(row, "planted") {
				t.Errorf("River keeps %q in %s", kept, row)
			}
		})
	}
}

// Where mail is off its jobs wait, untouched, and the clock goes on.
func TestMailOff(t *testing.T) {
	q := newQueue(t)
	q.put()
	ticked := make(chan jobs.Job, 1)
	client := q.client(nil, func(_ context.Context, job jobs.Job) error { ticked <- job; return nil })
	if job := <-ticked; job.Agency != "oak" || job.ID != "" {
		t.Errorf("the clock's job is %+v", job)
	}
	q.stop(client)
	var state string
	var attempt int
	must(t, q.admin.QueryRow(t.Context(), `select state, attempt from jobs.river_job where kind = 'notice'`).Scan(&state, &attempt))
	if state != "available" || attempt != 0 {
		t.Errorf("the notice's job is %s after %d tries", state, attempt)
	}
}

// Put off is no failure.
func TestLater(t *testing.T) {
	q := newQueue(t)
	q.put()
	began := make(chan struct{})
	client := q.client(func(context.Context, jobs.Job) error { close(began); return jobs.Later(1e12) }, idle)
	<-began
	q.stop(client)
	var state string
	var failures int
	must(t, q.admin.QueryRow(t.Context(), `select state, coalesce(cardinality(errors), 0) from jobs.river_job where kind = 'notice'`).Scan(&state, &failures))
	if state != "scheduled" || failures != 0 {
		t.Errorf("put off, the job is %s with %d failures", state, failures)
	}
}

// A NOTIFY on River's own channels, which any role may send, cancels nothing.
func TestForgedOrders(t *testing.T) {
	q := newQueue(t)
	q.put()
	began, going := make(chan struct{}), make(chan struct{})
	var ended error
	client := q.client(func(ctx context.Context, _ jobs.Job) error {
		close(began)
		<-going
		ended = ctx.Err()
		return nil
	}, idle)
	<-began
	conn := q.db.Conn(postgres.RolePublic)
	for _, channel := range []string{"jobs.river_control", "river_control", "jobs.river_leadership"} {
		_, err := conn.Exec(t.Context(), `select pg_notify($1, '{"action":"cancel","job_id":1,"queue":"mail"}')`, channel)
		must(t, err)
	}
	close(going)
	q.stop(client)
	var state string
	must(t, q.admin.QueryRow(t.Context(), `select state from jobs.river_job where kind = 'notice'`).Scan(&state))
	if state != "completed" || ended != nil {
		t.Errorf("after forged orders the job is %s, its context %v", state, ended)
	}
}

// A database without the queue's tables, or with older ones, is refused.
func TestVersion(t *testing.T) {
	q := newQueue(t)
	_, err := q.admin.Exec(t.Context(), `delete from jobs.river_migration where version = (select max(version) from jobs.river_migration)`)
	must(t, err)
	_, err = jobs.New(t.Context(), jobs.Config{DSN: q.db.DSN(postgres.RoleNotify), Clock: idle, Log: slog.New(slog.DiscardHandler)})
	if !errors.Is(err, postgres.ErrVersion) {
		t.Errorf("an older queue: %v", err)
	}
}
