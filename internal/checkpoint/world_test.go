package checkpoint_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/statement"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/audit"
	"gatepost/internal/checkpoint"
	"gatepost/internal/logbook"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is an agency with a log, a database that can be copied and put back,
// and the folders of both tiers.
type world struct {
	*accounttest.World
	t             *testing.T
	database      string // the one in use
	staff, public *postgres.DB
	state         string // holds the folders
	logged        lines
	clock         time.Time
	written       int
}

// lines is what the tiers log.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// count tells how many lines hold a text.
func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for line := range strings.Lines(l.text.String()) {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return worldOf(t, accounttest.NewClosed(t))
}

// newRealWorld has an agency in which people have done what they do first.
func newRealWorld(t *testing.T) *world {
	t.Helper()
	made := accounttest.NewWorld(t)
	_, birth, adoptive := made.OpenExchange(t)
	made.NewPerson(t, birth)
	made.NewPerson(t, adoptive)
	return worldOf(t, made)
}

func worldOf(t *testing.T, made *accounttest.World) *world {
	t.Helper()
	w := &world{World: made, t: t, state: t.TempDir(), clock: noon}
	// Its pools would keep the database from being copied.
	w.StaffDB.Close()
	w.PublicDB.Close()
	w.use(w.Database.Name())
	return w
}

func (w *world) dsn(role, database string) string {
	return strings.Replace(w.Database.DSN(role), w.Database.Name(), database, 1)
}

// use lets go of the database in use and takes another.
func (w *world) use(database string) {
	w.t.Helper()
	if w.staff != nil {
		w.staff.Close()
		w.public.Close()
	}
	w.database = database
	var err error
	w.staff, err = postgres.Open(w.t.Context(), w.dsn(postgres.RoleStaff, database))
	must(w.t, err)
	w.t.Cleanup(w.staff.Close)
	w.public, err = postgres.Open(w.t.Context(), w.dsn(postgres.RolePublic, database))
	must(w.t, err)
	w.t.Cleanup(w.public.Close)
}

// backup is a copy of the database in use, as it is.
func (w *world) backup() string {
	w.t.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	w.staff.Close()
	w.public.Close()
	w.outside("create database " + name + " template " + w.database + " strategy file_copy")
	w.t.Cleanup(func() { w.outside("drop database if exists " + name + " with (force)") })
	w.use(w.database)
	return name
}

// outside runs a statement on the server's own database.
func (w *world) outside(sql string) {
	w.t.Helper()
	conn, err := pgx.Connect(context.Background(), w.dsn(postgres.RoleAdmin, "postgres"))
	must(w.t, err)
	_, err = conn.Exec(context.Background(), sql)
	must(w.t, errors.Join(err, conn.Close(context.Background())))
}

// exec changes the database in use as its administrator.
func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	conn := w.admin()
	_, err := conn.Exec(context.Background(), sql, args...)
	must(w.t, errors.Join(err, conn.Close(context.Background())))
}

// ask reads one value as the administrator.
func (w *world) ask(into any, sql string, args ...any) {
	w.t.Helper()
	conn := w.admin()
	must(w.t, errors.Join(conn.QueryRow(context.Background(), sql, args...).Scan(into), conn.Close(context.Background())))
}

func (w *world) admin() *pgx.Conn {
	w.t.Helper()
	conn, err := pgx.Connect(context.Background(), w.dsn(postgres.RoleAdmin, w.database))
	must(w.t, err)
	return conn
}

func (w *world) log() *slog.Logger { return slog.New(slog.NewTextHandler(&w.logged, nil)) }

func (w *world) config(db *postgres.DB, folder string) checkpoint.Config {
	agencies := w.StaffAgencies.All()
	if db == w.public {
		agencies = w.PublicAgencies.All()
	}
	return checkpoint.Config{DB: db, Agencies: agencies, Folder: filepath.Join(w.state, folder), Now: func() time.Time { return w.clock }, Log: w.log()}
}

// keeper is a staff tier that was just started.
func (w *world) keeper(folder string) *checkpoint.Keeper {
	w.t.Helper()
	k, err := checkpoint.NewKeeper(w.config(w.staff, folder))
	must(w.t, err)
	return k
}

// watcher is a families' tier that was just started.
func (w *world) watcher() *checkpoint.Watcher {
	w.t.Helper()
	v, err := checkpoint.NewWatcher(w.config(w.public, "public"))
	must(w.t, err)
	return v
}

// runPublic has the families' tier look twice, so that it writes down what it saw.
func (w *world) runPublic(v *checkpoint.Watcher) error {
	for range 2 {
		if err := v.Look(w.t.Context(), "oak"); err != nil {
			return err
		}
		w.clock = w.clock.Add(time.Minute)
	}
	return nil
}

// start starts both tiers and lets each write down what it sees.
func (w *world) start() (staff, public error) {
	w.t.Helper()
	staff = w.keeper("staff").Start(w.t.Context())
	return staff, w.runPublic(w.watcher())
}

// receipt is a statement of the door's.
func (w *world) receipt(object string, version uint64) []byte {
	w.t.Helper()
	body, err := w.Door.State(statement.Statement{Event: statement.EventReceipt, Object: object, Part: "text", Version: version, Commit: [32]byte{1}, At: noon}, "door")
	must(w.t, err)
	return body
}

// write appends n statements, each another one, by the families' role.
func (w *world) write(n int) {
	w.t.Helper()
	for range n {
		w.written++
		must(w.t, w.append(w.receipt("lt", uint64(w.written))))
	}
}

func (w *world) append(body []byte) error {
	return w.public.Act(context.Background(), postgres.Scope{Agency: "oak"}, nil, func(b *pgx.Batch) error {
		audit.Append(b, body)
		return nil
	})
}

// checkpoints are the sizes that are stored.
func (w *world) checkpoints() (sizes []int64) {
	w.t.Helper()
	w.ask(&sizes, `select coalesce(array_agg(size order by size), '{}') from audit_checkpoint`)
	return sizes
}

// entries counts the bodies.
func (w *world) entries() (n int) {
	w.t.Helper()
	w.ask(&n, `select count(*) from audit_body`)
	return n
}

// high is what a tier has written down; zero for nothing.
func (w *world) high(folder string) int64 {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.state, folder, "oak.checkpoint"))
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	must(w.t, err)
	return w.parse(text).Size
}

func (w *world) parse(text []byte) logbook.Checkpoint {
	w.t.Helper()
	c, err := logbook.ParseCheckpoint(text, "oak", note.VerifierList(w.verifier()))
	must(w.t, err)
	return c
}

func (w *world) verifier() note.Verifier {
	w.t.Helper()
	v, err := note.NewVerifier(w.Home.Log)
	must(w.t, err)
	return v
}

// refused checks that err refuses for that reason, and names the entry where
// index is not -1.
func refused(t *testing.T, what string, err, cause error, index int64) {
	t.Helper()
	r, ok := errors.AsType[*checkpoint.Refusal](err)
	if !ok || !errors.Is(err, cause) || r.Index != index || !strings.Contains(r.Error(), "oak") {
		t.Errorf("%s: %v, want a refusal because %v, at %d", what, err, cause, index)
	}
	if ok && strings.Count(fmt.Sprint(r), "\n") > 0 {
		t.Errorf("%s: %q is more than a sentence", what, r)
	}
}
