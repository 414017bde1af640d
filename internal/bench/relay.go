package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/session"
	"gatepost/internal/account"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/postgres"
	"gatepost/letterbox"
)

// serial is over how many letters commits are counted.
const serial = 20

// couples and exchanges are the families of the bench: each person is on ten
// sides, which is many, and each exchange gets a few letters, as in some years.
const (
	couples   = 4
	exchanges = 10
)

// relay measures the main job: a draft is kept and sent, a worker claims it,
// reads it and passes it on, the other side finds it and opens it.
func relay(ctx context.Context, print func(Result) error) error {
	for _, size := range []struct {
		name  string
		bytes int
		n     int
	}{{"relay 2 KB", 2 << 10, 200}, {"relay 2 MB", 2 << 20, 30}} {
		if err := relayOf(ctx, size.name, size.bytes, size.n, print); err != nil {
			return err
		}
	}
	return nil
}

// relayOf measures one size in a world of its own.
func relayOf(ctx context.Context, name string, size, n int, print func(Result) error) (err error) {
	w, err := newWorld(ctx, couples, exchanges)
	if err != nil {
		return fmt.Errorf("make the bench's world: %w", err)
	}
	defer func() { err = errors.Join(err, w.close(ctx)) }()
	r, err := w.newRelay(ctx, size)
	if err != nil {
		return err
	}
	result, err := w.beside(ctx, name, n, r.letter, r.floor)
	if err != nil {
		return err
	}
	if result.Commits, err = w.commits(ctx, r.letter); err != nil {
		return err
	}
	return print(result)
}

// commits counts flushes over letters that cross one after the other. It closes
// the world's pools, since only then PostgreSQL has counted everything.
func (w *world) commits(ctx context.Context, do job) (perItem float64, err error) {
	conn, err := pgx.Connect(ctx, w.server.DSN(postgres.RoleAdmin, database))
	if err != nil {
		return 0, fmt.Errorf("connect to count: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	// The writer in the background would flush large letters early: what counts is the acts' own flushes.
	for _, sql := range []string{"alter system set wal_writer_delay = '10s'", "alter system set wal_writer_flush_after = 0", "select pg_reload_conf()"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return 0, fmt.Errorf("quieten the log's writer: %w", err)
		}
	}
	stanza := w.public.Agencies.All()[0].Stanza
	if err := w.quiet(ctx, conn); err != nil {
		return 0, err
	}
	// Opening a tier writes too; once without letters tells how much.
	empty, err := w.flushes(ctx, conn, stanza, 0, do)
	if err != nil {
		return 0, err
	}
	n, err := w.flushes(ctx, conn, stanza, serial, do)
	return float64(n-empty) / serial, err
}

// flushes opens both tiers, does n items one after the other, closes the tiers,
// and counts.
func (w *world) flushes(ctx context.Context, conn *pgx.Conn, stanza agency.Stanza, n int, do job) (int64, error) {
	before, err := postgres.Commits(ctx, conn)
	if err != nil {
		return 0, err
	}
	if err := w.open(ctx, stanza); err != nil {
		return 0, err
	}
	for range n {
		if err := do(ctx); err != nil {
			return 0, err
		}
	}
	if err := w.quiet(ctx, conn); err != nil {
		return 0, err
	}
	after, err := postgres.Commits(ctx, conn)
	return after - before, err
}

// quiet closes the world's pools, the floor's too, and waits until every session
// has ended, and so has counted what it did.
func (w *world) quiet(ctx context.Context, conn *pgx.Conn) error {
	w.closePools()
	for _, pool := range w.pools {
		pool.Reset()
	}
	for {
		var open int
		err := conn.QueryRow(ctx, `select count(*) from pg_stat_activity
			where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`).Scan(&open)
		if err != nil || open == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// relaying is the real thing and its floor, for letters of one size.
type relaying struct {
	*world
	text string
	base *floor
}

func (w *world) newRelay(ctx context.Context, size int) (*relaying, error) {
	base, err := w.newFloor(ctx, size)
	// Words in which the screen finds nothing that has to be answered.
	text := strings.Repeat("The garden is full of snails this week, and we laugh about it every day. ", size/64+1)
	return &relaying{w, text[:size-1] + ".", base}, err
}

// limits are the bench's: its letters may be large and its two people write all day.
func (w *world) letters(at *letterbox.Service) *letterbox.Service {
	return at.WithLimits(letterbox.Limits{Text: 4 << 20, LettersADay: 1 << 30})
}

func (w *world) load(ctx context.Context, door *account.Service, token session.Token) (authz.Actor, error) {
	return door.Load(ctx, home, token, account.Short)
}

// letter brings one letter across, each step with a session of its own, as pages do.
func (r *relaying) letter(ctx context.Context) error {
	families, desk := r.world.letters(r.doors.Letters), r.world.letters(r.desk.Letters)
	turn := int(r.turn.Add(1))
	pair := r.couples[turn%len(r.couples)]
	side := pair.sides[turn/len(r.couples)%len(pair.sides)]
	var draft letterbox.DraftID
	var letter letterbox.LetterID
	var delivery letterbox.DeliveryID
	steps := []struct {
		door  *account.Service
		token session.Token
		do    func(actor authz.Actor) error
	}{
		{r.doors.Accounts, pair.writer, func(a authz.Actor) (err error) {
			draft, err = families.NewDraft(ctx, a, side.from, r.text)
			return err
		}},
		{r.doors.Accounts, pair.writer, func(a authz.Actor) (err error) {
			letter, err = families.Send(ctx, a, draft, 1)
			return err
		}},
		{r.desk.Accounts, r.worker, func(a authz.Actor) error { return desk.Claim(ctx, a, letter) }},
		{r.desk.Accounts, r.worker, func(a authz.Actor) error {
			reading, err := desk.Read(ctx, a, letter)
			if err == nil && string(reading.Text) != r.text {
				err = errors.New("the worker read another text")
			}
			return err
		}},
		{r.desk.Accounts, r.worker, func(a authz.Actor) error { return desk.Pass(ctx, a, letter, "") }},
		{r.doors.Accounts, pair.reader, func(a authz.Actor) error {
			page, err := families.Side(ctx, a, side.to)
			if err != nil {
				return err
			}
			for _, c := range page.Came {
				if !c.Opened {
					delivery = c.ID
				}
			}
			if delivery == "" {
				return errors.New("nothing came")
			}
			return nil
		}},
		{r.doors.Accounts, pair.reader, func(a authz.Actor) error {
			came, err := families.Open(ctx, a, delivery)
			if err == nil && string(came.Text) != r.text {
				err = errors.New("the recipient read another text")
			}
			return err
		}},
	}
	for i, step := range steps {
		actor, err := r.load(ctx, step.door, step.token)
		if err == nil {
			err = step.do(actor)
		}
		if err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return nil
}
