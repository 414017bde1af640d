package postgres_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"gatepost/internal/fault"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

var north = postgres.Scope{Agency: "north", Account: "ac1"}

const (
	sqlInsert = "insert into parcel (id, agency_id, state) values ($1, 'north', 'here')"
	sqlMove   = "update parcel set state = 'gone' where id = $1 and state = 'here' returning 1"
)

func world(t *testing.T) *postgrestest.Database {
	t.Helper()
	return postgrestest.New(t, postgrestest.WithMigrations(os.DirFS("testdata/world")))
}

// one says that a pool has one connection: what an act leaves on it, the next
// one finds.
func one() postgres.Option { return postgres.WithConnections(1) }

// ids lists the parcels that are really there.
func ids(t *testing.T, admin *pgx.Conn, where string) string {
	t.Helper()
	var s string
	sql := "select coalesce(string_agg(id, ' ' order by id), '') from parcel where " + where
	if err := admin.QueryRow(context.Background(), sql).Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

func queue(sql string, args ...any) func(*pgx.Batch) error {
	return func(b *pgx.Batch) error { b.Queue(sql, args...); return nil }
}

func look(sql string, args ...any) func(*pgx.Batch) {
	return func(b *pgx.Batch) { b.Queue(sql, args...) }
}

func TestTrips(t *testing.T) {
	d, w := world(t), &wire{}
	db := d.DB(postgres.RoleStaff, one(), w.option())
	lock := look("select state from parcel where id = 'a' for update")
	var n atomic.Int32
	tests := []struct {
		name string
		want int
		do   func() error
	}{
		{"read", 1, func() error {
			return db.Read(t.Context(), north, func(b *pgx.Batch) {
				b.Queue("select count(*) from parcel")
				b.Queue("select id from parcel where id = $1", "a")
			})
		}},
		{"act", 2, func() error {
			return db.Act(t.Context(), north, lock, queue(postgres.Guarded("update parcel set label = $1 where id = 'a' returning 1"), "x"))
		}},
		{"act without reading", 1, func() error {
			return db.Act(t.Context(), north, nil, queue(sqlInsert, strings.Repeat("n", int(n.Add(1)))))
		}},
	}
	for _, tt := range tests {
		// The first time, the statements are prepared.
		if err := tt.do(); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		got := w.count(func() {
			if err := tt.do(); err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
		})
		if got != tt.want {
			t.Errorf("%s made %d round trips, want %d", tt.name, got, tt.want)
		}
	}
}

func TestScope(t *testing.T) {
	db := world(t).DB(postgres.RoleStaff, one())
	const sql = "select current_setting('gatepost.agency', true) || '/' || current_setting('gatepost.account', true)"
	var seen string
	see := func(b *pgx.Batch) { b.Queue(sql).QueryRow(func(row pgx.Row) error { return row.Scan(&seen) }) }
	for _, tt := range []struct {
		scope postgres.Scope
		want  string
	}{
		{north, "north/ac1"},
		{postgres.Scope{Agency: "south"}, "south/"}, // nothing of the last one stays
		{postgres.Scope{}, "/"},
	} {
		if err := db.Read(t.Context(), tt.scope, see); err != nil || seen != tt.want {
			t.Errorf("read: got %q, %v, want %q", seen, err, tt.want)
		}
		seen = "unseen"
		if err := db.Act(t.Context(), tt.scope, see, func(*pgx.Batch) error { return nil }); err != nil || seen != tt.want {
			t.Errorf("act, first trip: got %q, %v, want %q", seen, err, tt.want)
		}
		seen = "unseen"
		if err := db.Act(t.Context(), tt.scope, nil, func(b *pgx.Batch) error { see(b); return nil }); err != nil || seen != tt.want {
			t.Errorf("act in one trip: got %q, %v, want %q", seen, err, tt.want)
		}
	}
}

func TestReadChangesNothing(t *testing.T) {
	d := world(t)
	err := d.DB(postgres.RoleStaff).Read(t.Context(), north, look(sqlInsert, "new"))
	if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "25006" {
		t.Errorf("a write in a read got %v, want SQLSTATE 25006", err)
	}
	if got := ids(t, d.Admin(), "id = 'new'"); got != "" {
		t.Error("a read has written")
	}
}

// All answers of one read are of one moment: another session commits between
// the first question and the last.
func TestReadSeesOneSnapshot(t *testing.T) {
	d := world(t)
	admin := d.Admin()
	if _, err := admin.Exec(t.Context(), "select pg_advisory_lock(7)"); err != nil {
		t.Fatal(err)
	}
	db := d.DB(postgres.RoleStaff)
	var first, second int
	done := make(chan error)
	go func() {
		done <- db.Read(t.Context(), north, func(b *pgx.Batch) {
			const sql = "select count(*) from parcel"
			b.Queue(sql).QueryRow(func(row pgx.Row) error { return row.Scan(&first) })
			b.Queue("select pg_advisory_xact_lock(7)")
			b.Queue(sql).QueryRow(func(row pgx.Row) error { return row.Scan(&second) })
		})
	}()
	for waiting := false; !waiting; {
		const sql = "select exists (select from pg_locks where locktype = 'advisory' and not granted)"
		if err := admin.QueryRow(t.Context(), sql).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	for _, sql := range []string{"insert into parcel values ('new', 'north', 'here')", "select pg_advisory_unlock(7)"} {
		if _, err := admin.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; err != nil || first != 3 || second != 3 {
		t.Errorf("one read counted %d and then %d parcels (%v)", first, second, err)
	}
}

// Whatever goes wrong, nothing of the act is stored, its locks are free, and
// the same connection serves the next act.
func TestActIsWholeOrNotThere(t *testing.T) {
	own := errors.New("no")
	lock := look("select 1 from parcel where id = 'a' for update")
	tests := []struct {
		name  string
		read  func(*pgx.Batch)
		write func(*pgx.Batch) error
		want  error // if the error is our own
		loses bool  // the driver gives the connection up, which is as good
	}{
		{"a read fails", look("select 1/0"), queue(sqlInsert, "new"), nil, false},
		{"a read's callback fails", func(b *pgx.Batch) {
			b.Queue("select 1").QueryRow(func(pgx.Row) error { return own })
		}, queue(sqlInsert, "new"), own, false},
		{"the decision is no", lock, func(b *pgx.Batch) error { b.Queue(sqlInsert, "new"); return own }, own, false},
		{"a write fails", lock, func(b *pgx.Batch) error {
			b.Queue(sqlInsert, "new")
			b.Queue("select 1/0")
			b.Queue(sqlInsert, "new2")
			return nil
		}, nil, false},
		{"the first write fails", lock, func(b *pgx.Batch) error {
			b.Queue("select 1/0")
			b.Queue(sqlInsert, "new")
			return nil
		}, nil, false},
		{"a write fails, and its callback says nothing", lock, func(b *pgx.Batch) error {
			b.Queue(sqlInsert, "new")
			b.Queue("select 1/0").QueryRow(func(row pgx.Row) error { _ = row.Scan(new(int)); return nil })
			return nil
		}, nil, false},
		{"a write cannot be prepared", lock, func(b *pgx.Batch) error {
			b.Queue(sqlInsert, "new")
			b.Queue("select no_such_column from parcel")
			return nil
		}, nil, false},
		{"an argument does not fit", lock, func(b *pgx.Batch) error {
			b.Queue(sqlInsert, "new")
			b.Queue("update parcel set weight = $1", []string{"heavy"})
			return nil
		}, nil, true},
		{"the commit fails", lock, func(b *pgx.Batch) error {
			b.Queue("update parcel set weight = 5 where id in ('b', 'c')")
			b.Queue(sqlInsert, "new")
			return nil
		}, nil, false},
		{"one trip, a write fails", nil, func(b *pgx.Batch) error {
			b.Queue(sqlInsert, "new")
			b.Queue("select 1/0")
			return nil
		}, nil, false},
	}
	d := world(t)
	db, admin := d.DB(postgres.RoleStaff, one()), d.Admin()
	if _, err := admin.Exec(t.Context(), "set lock_timeout = '30s'"); err != nil {
		t.Fatal(err)
	}
	backend := func() (pid int) {
		t.Helper()
		err := db.Read(t.Context(), north, func(b *pgx.Batch) {
			b.Queue("select pg_backend_pid()").QueryRow(func(row pgx.Row) error { return row.Scan(&pid) })
		})
		if err != nil {
			t.Fatal(err)
		}
		return pid
	}
	before, session := ids(t, admin, "weight is null"), backend()
	for _, tt := range tests {
		err := db.Act(t.Context(), north, tt.read, tt.write)
		switch {
		case err == nil:
			t.Errorf("%s: no error", tt.name)
		case errors.Is(err, postgres.ErrUnknownOutcome) || errors.Is(err, postgres.ErrCommitted):
			t.Errorf("%s: got %v, though nothing is stored", tt.name, err)
		case tt.want != nil && !errors.Is(err, tt.want):
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
		if got := ids(t, admin, "weight is null"); got != before {
			t.Errorf("%s: parcels are now %q, want %q", tt.name, got, before)
		}
		free := "select 1 from parcel where id = 'a' for update"
		if !tt.loses { // else the server needs a moment to see that nobody is there
			free += " nowait"
		}
		if _, err := admin.Exec(t.Context(), free); err != nil {
			t.Errorf("%s: its lock is still held: %v", tt.name, err)
		}
		got := backend()
		if got != session && !tt.loses {
			t.Errorf("%s: the connection was thrown away", tt.name)
		}
		session = got
	}
}

func TestGuarded(t *testing.T) {
	tests := []struct {
		name, sql string
		args      []any
		want      fault.Kind
		after     string
	}{
		{"one row", sqlMove, []any{"a"}, "", "a new"},
		{"no row, wrong state", sqlMove, []any{"a"}, fault.Conflict, "a new"},
		{"no row, no such parcel", sqlMove, []any{"z"}, fault.Conflict, "a new"},
		{"two rows", "update parcel set state = 'gone' where state = 'here' and agency_id <> $1 returning 1", []any{"x"}, fault.Conflict, "a new"},
		{"an insert that finds its row there", "insert into parcel values ($1, 'north', 'gone') on conflict do nothing returning 1", []any{"b"}, fault.Conflict, "a new"},
		{"a statement that ends in a comment", sqlMove + " -- moved", []any{"b"}, "", "a b new"},
	}
	d := world(t)
	db, admin := d.DB(postgres.RoleStaff, one()), d.Admin()
	for i, tt := range tests {
		err := db.Fault(db.Act(t.Context(), north, nil, func(b *pgx.Batch) error {
			if i == 0 {
				b.Queue("insert into parcel values ('new', 'south', 'gone')")
			}
			b.Queue("update parcel set label = 'x'")
			b.Queue(postgres.Guarded(tt.sql), tt.args...)
			b.Queue("update parcel set label = null")
			return nil
		}))
		if got := fault.KindOf(err); got != tt.want {
			t.Errorf("%s: got %q (%v), want %q", tt.name, got, err, tt.want)
		}
		if got := ids(t, admin, "state = 'gone'"); got != tt.after {
			t.Errorf("%s: gone are %q, want %q", tt.name, got, tt.after)
		}
		if got := ids(t, admin, "label is not null"); got != "" {
			t.Errorf("%s: half of the act is stored", tt.name)
		}
	}
}

// Two acts take two rows in opposite order. PostgreSQL ends one; it is begun
// again and both are done.
func TestDeadlockIsTriedAgain(t *testing.T) {
	d := world(t)
	if _, err := d.Admin().Exec(t.Context(), "alter database "+d.Name()+" set deadlock_timeout = '10ms'"); err != nil {
		t.Fatal(err)
	}
	db := d.DB(postgres.RoleStaff)
	var tried atomic.Int32
	var both, acts sync.WaitGroup
	both.Add(2)
	cross := func(first, second string) {
		met := false
		err := db.Act(t.Context(), north,
			look("select 1 from parcel where id = $1 for update", first),
			func(b *pgx.Batch) error {
				tried.Add(1)
				if !met { // each holds its first row before one asks for its second
					met = true
					both.Done()
					both.Wait()
				}
				b.Queue("update parcel set label = 'x' where id = $1", second)
				return nil
			})
		if err != nil {
			t.Error(err)
		}
	}
	acts.Go(func() { cross("a", "b") })
	acts.Go(func() { cross("b", "a") })
	acts.Wait()
	if tried.Load() < 3 {
		t.Errorf("%d tries: the two did not meet in a deadlock", tried.Load())
	}
}

func TestTries(t *testing.T) {
	tests := []struct {
		code string
		want int
		kind fault.Kind
	}{
		{"40P01", 3, fault.Busy},
		{"55P03", 3, fault.Busy},
		{"40001", 1, fault.Internal}, // nothing here is serializable: a mistake
		{"23505", 1, fault.Internal},
		{"GP409", 1, fault.Conflict},
	}
	db := world(t).DB(postgres.RoleStaff)
	for _, tt := range tests {
		for _, trip := range []string{"first", "second"} {
			tried := 0
			refuse := look("select refuse($1)", tt.code)
			err := db.Act(t.Context(), north, func(b *pgx.Batch) {
				tried++
				if trip == "first" {
					refuse(b)
				}
			}, func(b *pgx.Batch) error { refuse(b); return nil })
			if tried != tt.want || fault.KindOf(db.Fault(err)) != tt.kind {
				t.Errorf("%s in the %s trip: %d tries and %v, want %d and %s", tt.code, trip, tried, err, tt.want, tt.kind)
			}
		}
	}
}

// The connection breaks when the commit is under way. Nobody can tell, and it
// is not tried again: once because it is stored, once though it is not.
func TestUnknownOutcome(t *testing.T) {
	for name, tt := range map[string]struct {
		fate fate
		want string
	}{
		"the answer is lost":  {lostAfter, "new"},
		"the message is lost": {lostBefore, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d, w := world(t), &wire{}
			db, admin := d.DB(postgres.RoleStaff, one(), w.option()), d.Admin()
			warm(t, db)
			tried := 0
			err := db.Act(t.Context(), north, look("select 1"), func(b *pgx.Batch) error {
				tried++
				w.arm(func() fate { return tt.fate })
				return queue(sqlInsert, "new")(b)
			})
			w.arm(nil)
			if !errors.Is(err, postgres.ErrUnknownOutcome) || tried != 1 {
				t.Errorf("got %v after %d tries, want ErrUnknownOutcome after one", err, tried)
			}
			if fault.KindOf(db.Fault(err)) != fault.Internal {
				t.Error("an unknown outcome must not look like a known one")
			}
			if got := ids(t, admin, "id = 'new'"); got != tt.want {
				t.Errorf("stored: %q, want %q", got, tt.want)
			}
			if err := db.Ping(t.Context()); err != nil {
				t.Errorf("the pool does not work afterwards: %v", err)
			}
		})
	}
}

// warm prepares the statements of an insert, so that the trip that commits is
// the only one after the decision.
func warm(t *testing.T, db *postgres.DB) {
	t.Helper()
	for _, id := range []string{"warm1", "warm2"} {
		if err := db.Act(t.Context(), north, look("select 1"), queue(sqlInsert, id)); err != nil {
			t.Fatal(err)
		}
	}
}

// A connection that breaks in the first trip is no unknown outcome.
func TestLostInTheFirstTrip(t *testing.T) {
	d, w := world(t), &wire{}
	db := d.DB(postgres.RoleStaff, one(), w.option())
	warm(t, db)
	w.arm(func() fate { return lostAfter })
	err := db.Act(t.Context(), north, look("select 1"), queue(sqlInsert, "new"))
	w.arm(nil)
	if !errors.Is(err, errCut) || errors.Is(err, postgres.ErrUnknownOutcome) {
		t.Errorf("got %v, want the broken connection and no doubt about the act", err)
	}
	if got := ids(t, d.Admin(), "id = 'new'"); got != "" {
		t.Error("stored all the same")
	}
}

// One that breaks while statements are prepared is not taken for a mistake in them.
func TestLostWhilePreparing(t *testing.T) {
	d, w := world(t), &wire{}
	db := d.DB(postgres.RoleStaff, one(), w.option())
	w.arm(func() fate { return lostAfter })
	err := db.Act(t.Context(), north, nil, queue(sqlInsert, "new"))
	w.arm(nil)
	if errors.Is(err, postgres.ErrUnknownOutcome) || !errors.Is(err, errCut) || !strings.Contains(err.Error(), errCut.Error()) {
		t.Errorf("got %v, want the broken connection and no doubt about the act", err)
	}
}

func TestContext(t *testing.T) {
	d, w := world(t), &wire{}
	db, admin := d.DB(postgres.RoleStaff, one(), w.option()), d.Admin()
	warm(t, db)

	ctx, cancel := context.WithCancel(t.Context())
	err := db.Act(ctx, north, look("select 1"), func(b *pgx.Batch) error { cancel(); return queue(sqlInsert, "early")(b) })
	if !errors.Is(err, context.Canceled) || errors.Is(err, postgres.ErrUnknownOutcome) {
		t.Errorf("ended before the commit: got %v", err)
	}

	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	err = db.Act(ctx, north, look("select 1"), func(b *pgx.Batch) error {
		w.arm(func() fate { cancel(); return arrives })
		return queue(sqlInsert, "late")(b)
	})
	w.arm(nil)
	if err != nil {
		t.Errorf("ended while the commit was under way: got %v, want the act to be finished", err)
	}
	if got := ids(t, admin, "id in ('early', 'late')"); got != "late" {
		t.Errorf("stored: %q, want %q", got, "late")
	}
}

// The server ends a session that waits for us: the act is certainly not stored.
func TestIdleInTransaction(t *testing.T) {
	d := world(t)
	admin := d.Admin()
	db := d.DB(postgres.RoleStaff, one(), func(cfg *pgxpool.Config, _ *postgres.DB) {
		cfg.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "1ms"
	})
	var pid int
	err := db.Act(t.Context(), north, func(b *pgx.Batch) {
		b.Queue("select pg_backend_pid()").QueryRow(func(row pgx.Row) error { return row.Scan(&pid) })
	}, func(b *pgx.Batch) error {
		for n := 1; n > 0; {
			if err := admin.QueryRow(t.Context(), "select count(*) from pg_stat_activity where pid = $1", pid).Scan(&n); err != nil {
				return err
			}
		}
		return queue(sqlInsert, "new")(b)
	})
	if err == nil || errors.Is(err, postgres.ErrUnknownOutcome) {
		t.Errorf("got %v, want a certain no", err)
	}
	if got := ids(t, admin, "id = 'new'"); got != "" {
		t.Error("stored all the same")
	}
}

// A session that the server ends after the commit was sent may have committed.
func TestEndedByTheServer(t *testing.T) {
	d := world(t)
	db := d.DB(postgres.RoleStaff)
	err := db.Act(t.Context(), north, look("select 1"), queue("select pg_terminate_backend(pg_backend_pid())"))
	if !errors.Is(err, postgres.ErrUnknownOutcome) {
		t.Errorf("got %v, want ErrUnknownOutcome", err)
	}
}

func TestCallbackAfterTheCommit(t *testing.T) {
	d := world(t)
	own := errors.New("no")
	calls := 0
	err := d.DB(postgres.RoleStaff).Act(t.Context(), north, nil, func(b *pgx.Batch) error {
		b.Queue(sqlInsert+" returning id", "new").QueryRow(func(pgx.Row) error { calls++; return own })
		b.Queue("select 1").QueryRow(func(pgx.Row) error { calls++; return nil })
		return nil
	})
	if !errors.Is(err, postgres.ErrCommitted) || !errors.Is(err, own) || calls != 1 {
		t.Errorf("got %v after %d callbacks, want ErrCommitted after one", err, calls)
	}
	if got := ids(t, d.Admin(), "id = 'new'"); got != "new" {
		t.Error("not stored")
	}
}

func TestPanicEndsTheTransaction(t *testing.T) {
	d := world(t)
	db := d.DB(postgres.RoleStaff, one())
	func() {
		defer func() { _ = recover() }()
		_ = db.Act(t.Context(), north, look("select 1 from parcel where id = 'a' for update"), func(*pgx.Batch) error { panic("oh") })
	}()
	// The database may hear a moment later that the connection has gone.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // for a lock that stays
	defer cancel()
	if err := db.Act(ctx, north, look("select 1 from parcel where id = 'a' for update"), queue(sqlInsert, "new")); err != nil {
		t.Errorf("after a panic: %v", err)
	}
}

func TestTransactionControl(t *testing.T) {
	d := world(t)
	db := d.DB(postgres.RoleStaff)
	for _, sql := range []string{"begin", "COMMIT", " rollback", "savepoint a", "start transaction", "end", "abort", "release a", "prepare transaction 'a'"} {
		if err := db.Act(t.Context(), north, nil, func(b *pgx.Batch) error {
			b.Queue(sqlInsert, "new")
			b.Queue(sql)
			return nil
		}); !errors.Is(err, postgres.ErrTransactionControl) {
			t.Errorf("%q in an act: got %v", sql, err)
		}
		if err := db.Read(t.Context(), north, look(sql)); !errors.Is(err, postgres.ErrTransactionControl) {
			t.Errorf("%q in a read: got %v", sql, err)
		}
	}
	if got := ids(t, d.Admin(), "id = 'new'"); got != "" {
		t.Error("stored all the same")
	}
}
