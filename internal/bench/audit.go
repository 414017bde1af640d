package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"gatepost/crypto/statement"
	"gatepost/internal/audit"
	"gatepost/internal/logbook"
	"gatepost/internal/postgres"
)

const (
	// appends is how many acts with an entry are measured.
	appends = 2000
	// logged is how many entries the log has that is verified.
	logged = 1_000_000
)

// auditing measures two things: what an entry adds to an act, and the check of
// a whole log.
func auditing(ctx context.Context, print func(Result) error) (err error) {
	w, err := newWorld(ctx, 1, 1)
	if err != nil {
		return fmt.Errorf("make the bench's world: %w", err)
	}
	defer func() { err = errors.Join(err, w.close(ctx)) }()
	r, err := w.appending(ctx)
	if err != nil {
		return err
	}
	if err := print(r); err != nil {
		return err
	}
	if r, err = verifying(ctx, filepath.Join(w.dir, "million")); err != nil {
		return err
	}
	return print(r)
}

// appending measures a small act that signs a statement, changes a row and
// appends the statement, all in one transaction. The floor signs the same and
// inserts the same bytes.
func (w *world) appending(ctx context.Context) (Result, error) {
	f, err := w.newFloor(ctx, 200)
	if err != nil {
		return Result{}, err
	}
	if err := w.makeTable(ctx); err != nil {
		return Result{}, err
	}
	of := w.staff.Agencies.All()[0]
	body := func() ([]byte, error) {
		return of.State(statement.Statement{Event: statement.EventLapse, Object: "lt" + strconv.FormatInt(w.turn.Add(1), 36), Version: 1, At: w.now()}, "system")
	}
	db, err := postgres.Open(ctx, w.server.DSN(postgres.RoleStaff, database))
	if err != nil {
		return Result{}, err
	}
	real := func(ctx context.Context) error {
		st, err := body()
		if err != nil {
			return err
		}
		return db.Act(ctx, postgres.Scope{Agency: home}, nil, func(b *pgx.Batch) error {
			b.Queue("insert into bench_act (body) values ($1)", st)
			audit.Append(b, st)
			return nil
		})
	}
	floor := func(ctx context.Context) error {
		st, err := body()
		if err != nil {
			return err
		}
		return db.Act(ctx, postgres.Scope{Agency: home}, nil, func(b *pgx.Batch) error {
			b.Queue("insert into bench_act (body) values ($1)", st)
			return nil
		})
	}
	result, err := w.beside(ctx, "audit append", appends, real, floor)
	db.Close()
	if err != nil {
		return result, err
	}
	w.pools = append(w.pools, f.pool)
	result.Commits, err = w.commitsOf(ctx, func(ctx context.Context, again *postgres.DB) job {
		db = again
		return real
	})
	return result, err
}

// makeTable makes the table whose rows the small act adds. Its connection is
// closed then: flushes are counted while nobody else is connected.
func (w *world) makeTable(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, w.server.DSN(postgres.RoleAdmin, database))
	if err != nil {
		return fmt.Errorf("connect to make a table: %w", err)
	}
	_, err = conn.Exec(ctx, "create table bench_act (id bigint generated always as identity primary key, body bytea); grant insert on bench_act to gatepost_staff")
	if err != nil {
		err = fmt.Errorf("make a table: %w", err)
	}
	return errors.Join(err, conn.Close(ctx))
}

// commitsOf counts flushes over acts on a pool of their own, one after the other.
func (w *world) commitsOf(ctx context.Context, on func(context.Context, *postgres.DB) job) (float64, error) {
	conn, err := pgx.Connect(ctx, w.server.DSN(postgres.RoleAdmin, database))
	if err != nil {
		return 0, fmt.Errorf("connect to count: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // the count is taken
	count := func(n int) (int64, error) {
		before, err := postgres.Commits(ctx, conn)
		if err != nil {
			return 0, err
		}
		db, err := postgres.Open(ctx, w.server.DSN(postgres.RoleStaff, database))
		if err != nil {
			return 0, err
		}
		do := on(ctx, db)
		for range n {
			if err := do(ctx); err != nil {
				db.Close()
				return 0, err
			}
		}
		db.Close()
		if err := w.quiet(ctx, conn); err != nil {
			return 0, err
		}
		after, err := postgres.Commits(ctx, conn)
		return after - before, err
	}
	if err := w.quiet(ctx, conn); err != nil {
		return 0, err
	}
	const acts = 200
	n, err := count(acts)
	return float64(n) / acts, err
}

// verifying writes the export of a log of a million signed entries and has it
// checked by a process of its own, the tree first and then every signature.
func verifying(ctx context.Context, dir string) (r Result, err error) {
	keys, err := madeLog(dir, logged)
	if err != nil {
		return r, fmt.Errorf("write a log of %d entries: %w", logged, err)
	}
	r = Result{Bench: "audit verify", N: logged}
	if r.VerifySeconds, r.RSS, err = inspected(ctx, dir, keys, "--tree"); err != nil {
		return r, err
	}
	if r.SignaturesSeconds, _, err = inspected(ctx, dir, keys); err != nil {
		return r, err
	}
	r.PerSecond = logged / r.VerifySeconds
	// The floor reads the same bytes and hashes each entry once.
	took, err := readOnce(dir)
	r.FloorPerSecond, r.Ratio = logged/took, took/r.VerifySeconds
	return r, err
}

// madeLog writes an export with its key file beside it.
func madeLog(dir string, n int) (keys string, err error) {
	signers := map[statement.Role]note.Signer{}
	var verifiers []string
	for _, role := range []statement.Role{statement.RoleLog, statement.RoleDoor, statement.RoleRegistrar, statement.RoleSystem} {
		skey, vkey, err := statement.NewKey(statement.KeyName(home, role))
		if err != nil {
			return "", err
		}
		if signers[role], err = note.NewSigner(skey); err != nil {
			return "", err
		}
		verifiers = append(verifiers, vkey)
	}
	keys = dir + ".keys"
	if err := os.WriteFile(keys, []byte(logbook.Keys{Agency: home}.Text(verifiers...)), 0o600); err != nil {
		return "", err
	}
	w, err := logbook.NewWriter(dir, home)
	if err != nil {
		return "", err
	}
	var tree logbook.Tree
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for i := range n {
		body, err := statement.Sign(statement.Statement{Agency: home, Event: statement.EventReceipt, Object: made("lt", i), Part: "text", Version: 1,
			Exchange: made("ex", i/lettersEach), From: "side/" + made("sd", i/lettersEach), To: "case/" + made("ex", i/lettersEach), Commit: [32]byte{1}, At: at}, signers[statement.RoleDoor])
		if err != nil {
			return "", err
		}
		if err := w.Add(logbook.Entry{Index: int64(i), At: at, Body: body}, tree.Append(body)[0]); err != nil {
			return "", err
		}
	}
	signed, err := tree.Checkpoint().Sign(home, signers[statement.RoleLog])
	if err != nil {
		return "", err
	}
	return keys, errors.Join(w.Checkpoint(signed), w.Close())
}

// inspected runs this program's verify and gives its time and its memory.
func inspected(ctx context.Context, dir, keys string, more ...string) (seconds, rss float64, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, 0, err
	}
	cmd := exec.CommandContext(ctx, self, append([]string{"verify", "--log", dir, "--key", keys}, more...)...)
	cmd.Stderr = os.Stderr
	start := time.Now()
	out, err := cmd.Output()
	seconds = time.Since(start).Seconds()
	if err != nil || !strings.Contains(string(out), "Nothing is wrong.") {
		return 0, 0, errors.Join(fmt.Errorf("verify says %q", out), err)
	}
	return seconds, childMemory(cmd), nil
}

// childMemory is the most memory that an ended process had, in megabytes.
func childMemory(cmd *exec.Cmd) float64 {
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		return float64(usage.Maxrss) / 1024
	}
	return 0
}

// readOnce reads an export and computes its tree, and compares nothing.
func readOnce(dir string) (seconds float64, err error) {
	start := time.Now()
	x, err := logbook.OpenExport(os.DirFS(dir))
	if err != nil {
		return 0, err
	}
	var tree logbook.Tree
	err = x.Chunks(func(list []logbook.Entry) error {
		leaves := make([]tlog.Hash, len(list))
		var both sync.WaitGroup
		for half := range 2 {
			both.Go(func() {
				for i := half; i < len(list); i += 2 {
					leaves[i] = tlog.RecordHash(list[i].Body)
				}
			})
		}
		both.Wait()
		for _, leaf := range leaves {
			tree.AppendLeaf(leaf)
		}
		return nil
	})
	if tree.Root() == (tlog.Hash{}) {
		err = errors.Join(err, errors.New("no root"))
	}
	return time.Since(start).Seconds(), err
}
