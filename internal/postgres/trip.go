package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

var (
	// ErrUnknownOutcome: the connection was lost after the commit was sent, so
	// the act may or may not have happened. It is never tried again. Whoever
	// gets it looks for the act by an id of its own.
	ErrUnknownOutcome = errors.New("the database did not say whether the act was stored")

	// ErrCommitted: the act is stored, but reading what it returned went
	// wrong. Doing it again would do it twice.
	ErrCommitted = errors.New("the act is stored, but its result could not be read")

	// ErrTransactionControl: a queued statement begins or ends a transaction,
	// which Read and Act do themselves. Nothing was sent.
	ErrTransactionControl = errors.New("a statement begins or ends a transaction of its own")
)

const (
	sqlBeginAct = "begin isolation level read committed read write"
	sqlScope    = "select set_config('gatepost.agency', $1, true), set_config('gatepost.account', $2, true)"
	sqlCommit   = "commit"

	// tries is how often an act is begun in all when it meets a deadlock or
	// waits too long for a lock.
	tries = 3

	// finishWithin limits the trip that commits and the rollback. They do not
	// end with the caller's context: a reader who closes the page in that
	// moment must not leave an act of unknown outcome.
	finishWithin = 30 * time.Second
)

// Read runs the queued reads in one round trip, scope first. What stands between
// two Syncs of the protocol is one transaction, here of the connection's
// defaults: all see one snapshot, a write is refused by the server, and neither
// begin nor commit costs a statement. Results come
// through the callbacks of the queued queries (QueryRow, Query, Exec), which
// run before Read returns, in order; the first one that returns an error is
// the last that runs. pgx.ErrNoRows comes back as itself.
//
// The first time that a connection meets a statement costs one more trip, in
// which the statement is prepared; a connection idle for over a second costs a
// ping.
func (db *DB) Read(ctx context.Context, scope Scope, queue func(*pgx.Batch)) error {
	conn, err := db.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("get a database connection: %w", clean(err))
	}
	defer conn.Release()
	t := newTrip()
	t.own(sqlScope, scope.Agency, scope.Account)
	if err := t.callers(func(b *pgx.Batch) error { queue(b); return nil }); err != nil {
		return err
	}
	if err := t.run(ctx, conn.Conn()); err != nil {
		rollback(ctx, conn.Conn())
		return clean(err)
	}
	return nil
}

// Act runs one act: exactly two round trips, or one where read is nil.
//
// The first trip begins a READ COMMITTED transaction, sets the scope and runs
// what read queues: first the locks (select ... for update), then the facts.
// Then write decides, by returning an error or by queueing the writes; it must
// not wait for anything. The second trip runs them and commits. What write
// assumes about row counts is said with Guarded: its callbacks see results
// only after the commit is on its way, and an error of theirs comes back as
// ErrCommitted.
//
// After any other error nothing is stored, except ErrUnknownOutcome, where
// nobody can tell. After a deadlock or a lock that did not come free (SQLSTATE
// 40P01, 55P03) the whole act is begun again, three times at most, so read and
// write must be callable again: what they collect, they reset first.
func (db *DB) Act(ctx context.Context, scope Scope, read func(*pgx.Batch), write func(*pgx.Batch) error) error {
	var err error
	for range tries {
		err = db.try(ctx, scope, read, write)
		if !again(err) {
			break
		}
	}
	return clean(err)
}

func (db *DB) try(ctx context.Context, scope Scope, read func(*pgx.Batch), write func(*pgx.Batch) error) error {
	conn, err := db.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("get a database connection: %w", err)
	}
	// Last of all: the pool closes a connection that is still in a transaction,
	// so a panic in read or write ends the transaction too.
	defer conn.Release()
	if err := actOn(ctx, conn, scope, read, write); err != nil {
		rollback(ctx, conn.Conn())
		return err
	}
	return nil
}

func actOn(ctx context.Context, conn *pgxpool.Conn, scope Scope, read func(*pgx.Batch), write func(*pgx.Batch) error) error {
	t := newTrip()
	t.own(sqlBeginAct)
	t.own(sqlScope, scope.Agency, scope.Account)
	if read != nil {
		if err := t.callers(func(b *pgx.Batch) error { read(b); return nil }); err != nil {
			return err
		}
		if err := t.run(ctx, conn.Conn()); err != nil {
			return err
		}
		t = newTrip()
	}
	if err := t.callers(write); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	t.commit()
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishWithin)
	defer cancel()
	return t.outcome(t.run(finish, conn.Conn()))
}

// trip is one pipeline: everything queued goes out together, ended by a Sync.
type trip struct {
	batch     *pgx.Batch
	callback  error // the first error that a caller's callback returned
	committed bool  // the server answered COMMIT
}

func newTrip() *trip { return &trip{batch: &pgx.Batch{}} }

func (t *trip) own(sql string, args ...any) { t.batch.Queue(sql, args...) }

// commit queues the commit. A commit of a failed transaction is answered with
// ROLLBACK and no error, hence the look at the tag.
func (t *trip) commit() {
	t.batch.Queue(sqlCommit).Exec(func(tag pgconn.CommandTag) error {
		if tag.String() != "COMMIT" {
			return fmt.Errorf("the transaction was ended with %s", tag.String())
		}
		t.committed = true
		return nil
	})
}

// callers lets the caller queue into the trip. Its callbacks are wrapped: pgx
// stops reading at the first callback that returns an error, and then nobody
// would see what became of the commit behind it.
func (t *trip) callers(queue func(*pgx.Batch) error) error {
	first := len(t.batch.QueuedQueries)
	if err := queue(t.batch); err != nil {
		return err
	}
	for _, q := range t.batch.QueuedQueries[first:] {
		if controlsTransaction(q.SQL) {
			return ErrTransactionControl
		}
		if q.Fn == nil {
			continue
		}
		fn := q.Fn
		q.Fn = func(results pgx.BatchResults) error {
			if t.callback != nil {
				// A server error here comes back from Close.
				_, _ = results.Exec()
				return nil
			}
			t.callback = fn(results)
			return nil
		}
	}
	return nil
}

// run sends the trip and reads all of it. The caller's own error comes first,
// since a callback sees a server error before anyone else and may explain it.
func (t *trip) run(ctx context.Context, conn *pgx.Conn) error {
	err := conn.SendBatch(ctx, t.batch).Close()
	if t.callback == nil {
		return err
	}
	if err != nil && !errors.Is(t.callback, err) {
		return fmt.Errorf("%w (then: %w)", t.callback, err)
	}
	return t.callback
}

// outcome tells what err of the committing trip means.
func (t *trip) outcome(err error) error {
	switch {
	case err == nil:
		return nil
	case t.committed:
		return fmt.Errorf("%w: %w", ErrCommitted, err)
	case certainlyNot(err):
		return err
	default:
		return fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
	}
}

// certainlyNot reports whether err proves that the commit was not carried out:
// an error of a statement makes the server skip to the end of the pipeline,
// past the commit; an error of the commit itself (a deferred constraint) undoes
// the transaction; and a batch that could not be built was sent without its
// end. A session that the server ended (FATAL) may have committed before, save
// for the two limits that only strike while the session waits for us.
func certainlyNot(err error) bool {
	if _, ok := errors.AsType[pgx.ErrPreprocessingBatch](err); ok {
		return true
	}
	if pgconn.SafeToRetry(err) {
		return true
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return false
	}
	fatal := pg.SeverityUnlocalized == "FATAL" || pg.SeverityUnlocalized == "PANIC"
	return !fatal || pg.Code == "25P03" || pg.Code == "57P05"
}

// again reports whether the act may be begun anew: it lost a race for a lock
// and is certainly not stored.
func again(err error) bool {
	if err == nil || errors.Is(err, ErrUnknownOutcome) || errors.Is(err, ErrCommitted) {
		return false
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40P01" || pg.Code == "55P03")
}

// rollback ends what is left of a transaction before the connection goes back.
// Where that does not work the connection is closed, which ends it as well.
func rollback(ctx context.Context, conn *pgx.Conn) {
	if conn.IsClosed() || conn.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishWithin)
	defer cancel()
	if _, err := conn.PgConn().Exec(ctx, "rollback").ReadAll(); err != nil {
		// The server ends the transaction of a closed connection by itself.
		_ = conn.Close(ctx)
	}
}

// controlsTransaction looks at the first word. It is there to catch a slip, not
// an enemy: SQL in this program is constant text.
func controlsTransaction(sql string) bool {
	letter := func(r rune) bool { return 'a' <= r|0x20 && r|0x20 <= 'z' }
	word := strings.TrimLeftFunc(sql, func(r rune) bool { return !letter(r) })
	if end := strings.IndexFunc(word, func(r rune) bool { return !letter(r) }); end >= 0 {
		word = word[:end]
	}
	switch strings.ToLower(word) {
	case "begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release", "prepare":
		return true
	}
	return false
}
