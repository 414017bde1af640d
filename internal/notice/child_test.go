package notice_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/internal/agency"
	"gatepost/internal/jobs"
	"gatepost/internal/notice"
	"gatepost/internal/postgres"
)

// envChild makes this test's binary a notifier, with settings.
const envChild = "GATEPOST_TEST_NOTICE"

type settings struct {
	DSN    string
	Stanza agency.Stanza
	Key    string
	Server notice.Server
	Now    time.Time
}

// child works the queue until it is killed.
func child(text string) {
	var s settings
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		panic(err)
	}
	client, err := s.client(context.Background(), slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err == nil {
		err = client.Start(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	select {}
}

func (s settings) client(ctx context.Context, log *slog.Logger) (*jobs.Client, error) {
	ag, err := agency.New(s.Stanza)
	if err != nil {
		return nil, err
	}
	key, err := age.ParseHybridIdentity(s.Key)
	if err != nil {
		return nil, err
	}
	db, err := postgres.Open(ctx, s.DSN)
	if err != nil {
		return nil, err
	}
	m, err := notice.NewMailer(notice.MailerConfig{DB: db, Agencies: agency.NewRegistry(ag), Key: key, Server: s.Server,
		Now: func() time.Time { return s.Now }, Log: log})
	if err != nil {
		return nil, err
	}
	return jobs.New(ctx, jobs.Config{DSN: s.DSN, Clock: notice.Clock(db, time.Now, log), Notice: m.Deliver, Agencies: []string{ag.ID},
		Log: log})
}

// A notifier is killed at the worst moments; another one finishes. The mail has
// the same Message-ID whenever it comes, so that the receiving server may show one.
func TestKilled(t *testing.T) {
	for _, c := range []struct {
		name   string
		before bool // before the server has taken the mail, or after
		mails  int  // that the server has seen in the end
	}{{"before acceptance", true, 1}, {"between acceptance and mark", false, 2}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.save(nil)
			w.notify()
			s := settings{w.Database.DSN(postgres.RoleNotify), w.Home.Stanza, w.key.String(), w.post.server(), w.Clock.Now()}
			text, err := json.Marshal(s)
			must(t, err)
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env, cmd.Stderr = append(os.Environ(), envChild+"="+string(text)), t.Output()
			killed := make(chan struct{})
			kill := func() error {
				if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
					t.Error(err)
				}
				<-killed
				return nil
			}
			if c.before {
				w.post.on(func(string) error { return kill() }, nil)
			} else {
				w.post.on(nil, kill)
			}
			must(t, cmd.Start())
			if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
				t.Fatalf("the notifier ended with %v", err)
			}
			w.post.on(nil, nil)
			close(killed)
			if got := w.states(); got != "sending" {
				t.Fatalf("after the kill the notice is %q", got)
			}
			w.finish(s)
			mails := w.post.got()
			ids := []string{}
			for _, m := range mails {
				ids = append(ids, m.header("Message-ID"))
			}
			if len(mails) != c.mails || len(slices.Compact(ids)) != 1 {
				t.Errorf("the server has seen %v", ids)
			}
			w.planted()
		})
	}
}

// finish runs another notifier until the notice is sent, minutes later: the
// killed one's term as the leader is over, and its job has run for too long.
func (w *world) finish(s settings) {
	w.t.Helper()
	w.Exec(w.t, `delete from jobs.river_leader`)
	w.Exec(w.t, `update jobs.river_job set attempted_at = attempted_at - interval '1 hour' where state = 'running'`)
	sent := w.listen()
	client, err := s.client(w.t.Context(), w.logger())
	must(w.t, err)
	must(w.t, client.Start(context.WithoutCancel(w.t.Context())))
	sent()
	must(w.t, client.Stop(context.WithoutCancel(w.t.Context())))
}

// listen gives a wait for a notice's being sent, told by the database.
func (w *world) listen() (wait func()) {
	w.t.Helper()
	conn := w.Database.Admin()
	_, err := conn.Exec(w.t.Context(), `create function told() returns trigger language plpgsql as $$ begin perform pg_notify('told', ''); return null; end $$;
		create trigger told after update on notice for each row when (new.state in ('sent', 'off')) execute function told(); listen told`)
	must(w.t, err)
	return func() {
		_, err := conn.WaitForNotification(w.t.Context())
		must(w.t, err)
	}
}

// The whole way by the queue: the act commits, the job runs, the mail is there;
// an act that rolls back leaves nothing.
func TestQueue(t *testing.T) {
	w := newWorld(t)
	w.save(nil)
	s := settings{w.Database.DSN(postgres.RoleNotify), w.Home.Stanza, w.key.String(), w.post.server(), w.Clock.Now()}
	client, err := s.client(t.Context(), w.logger())
	must(t, err)
	must(t, client.Start(context.WithoutCancel(t.Context())))
	defer func() { must(t, client.Stop(context.WithoutCancel(t.Context()))) }()
	sent := w.listen()
	err = w.StaffDB.Act(t.Context(), postgres.Scope{Agency: w.Home.ID}, nil, func(b *pgx.Batch) error {
		b.Queue("select notify_side($1)", w.side)
		b.Queue("select 1/0")
		return nil
	})
	if err == nil || w.states() != "" || one[int](w, `select count(*) from jobs.river_job where kind = 'notice'`) != 0 {
		t.Fatalf("an act that failed left a notice: %v", err)
	}
	w.notify()
	sent()
	if len(w.post.got()) != 1 {
		t.Errorf("%d mails", len(w.post.got()))
	}
	w.planted()
}
