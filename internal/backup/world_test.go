package backup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/passphrase"
	"gatepost/crypto/passphrase/passphrasetest"
	"gatepost/crypto/seal"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/backup"
	"gatepost/internal/demo"
	"gatepost/internal/keyfile"
	"gatepost/internal/logbook"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
	"gatepost/internal/postgres/private"
	"gatepost/internal/tier"
)

const database = "gatepost"

func TestMain(m *testing.M) {
	if step := os.Getenv(stepVariable); step != "" {
		os.Exit(child(step))
	}
	postgrestest.Main(m)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused checks that an error is one sentence that holds words.
func refused(t *testing.T, err error, words string) {
	t.Helper()
	if err == nil {
		t.Fatalf("not refused; want %q", words)
	}
	if !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "\n") {
		t.Errorf("refused with %q, want %q in one line", err, words)
	}
}

// folder is one that the database's user can enter, unlike those of t.TempDir.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := postgrestest.MkdirTemp("gatepost-backup-")
	must(t, err)
	t.Cleanup(func() { must(t, postgrestest.RemoveAll(dir)) })
	must(t, os.Chmod(dir, 0o711))
	return dir
}

func newKey(t testing.TB) *age.HybridIdentity {
	t.Helper()
	id, err := age.GenerateHybridIdentity()
	must(t, err)
	return id
}

// cluster is a PostgreSQL of its own with an empty database: the machine on
// which somebody restores.
type cluster struct {
	t      testing.TB
	server *private.Server
}

func newCluster(t testing.TB) *cluster {
	t.Helper()
	server, err := private.Start(t.Context(), private.Options{Dir: filepath.Join(folder(t), "data"), Roles: postgres.Roles(), Fast: true})
	must(t, err)
	t.Cleanup(func() { must(t, server.Stop(context.Background())) })
	must(t, server.EnsureDatabase(t.Context(), database))
	return &cluster{t, server}
}

func (c *cluster) dsn(role string) string { return c.server.DSN(role, database) }

// admin runs statements as the superuser.
func (c *cluster) admin(sql string) {
	c.t.Helper()
	execute(c.t, c.dsn(postgres.RoleAdmin), sql)
}

func execute(t testing.TB, dsn, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	must(t, err)
	defer func() { must(t, conn.Close(context.Background())) }()
	_, err = conn.Exec(t.Context(), sql)
	must(t, err)
}

// text is one value of a database, as text.
func text(t testing.TB, dsn, sql string) (value string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	must(t, err)
	defer func() { must(t, conn.Close(context.Background())) }()
	must(t, conn.QueryRow(t.Context(), sql).Scan(&value))
	return value
}

const (
	relations = `select count(*)::text from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname in ('public', 'jobs')`
	databases = `select string_agg(datname, ' ' order by datname) from pg_database`
)

// isEmpty checks that nothing was left behind.
func (c *cluster) isEmpty() {
	c.t.Helper()
	if n := text(c.t, c.dsn(postgres.RoleAdmin), relations); n != "0" {
		c.t.Errorf("%s tables and indexes are left in the database", n)
	}
	if got := text(c.t, c.dsn(postgres.RoleAdmin), databases); got != "gatepost postgres template0 template1" {
		c.t.Errorf("the databases are %s", got)
	}
}

// world is the demo's, with a checkpoint over all of its log.
type world struct {
	dir    string
	db     *postgrestest.Database
	stanza agency.Stanza
	people []demo.Person
	key    *age.HybridIdentity // of backups
}

// newAgency makes an agency in which nobody is yet.
func newAgency(t testing.TB) *world {
	t.Helper()
	w := &world{dir: folder(t), db: postgrestest.New(t), key: newKey(t)}
	made, err := demo.At(w.dir).Begin()
	must(t, err)
	w.stanza = made.Stanza
	must(t, tier.Register(t.Context(), w.db.DSN(postgres.RoleStaff), made.Stanza))
	return w
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := newAgency(t)
	public, staff := w.open(t, authz.Public, w.db.DSN(postgres.RolePublic)), w.open(t, authz.Staff, w.db.DSN(postgres.RoleStaff))
	var err error
	w.people, err = demo.Seed(t.Context(), public, staff, time.Now())
	must(t, err)
	public.Close()
	staff.Close()
	w.checkpoint(t)
	return w
}

func (w *world) keys(t testing.TB, side authz.Tier) *keyfile.Keys {
	t.Helper()
	keys, err := keyfile.Load(filepath.Join(w.dir, "keys", string(side)), side)
	must(t, err)
	return keys
}

func (w *world) open(t testing.TB, side authz.Tier, dsn string) *tier.Tier {
	t.Helper()
	opened, err := tier.Open(t.Context(), tier.Config{Tier: side, DSN: dsn, Keys: w.keys(t, side), Stanzas: []agency.Stanza{w.stanza},
		State: filepath.Join(t.TempDir(), "state"), Gate: passphrase.NewGate(), Work: passphrasetest.Fast(), Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	return opened
}

// checkpoint signs the log as it is, as the staff tier does.
func (w *world) checkpoint(t testing.TB) {
	t.Helper()
	conn := w.db.Admin()
	rows, err := conn.Query(t.Context(), "select body from audit_body where agency_id = $1 order by idx", w.stanza.ID)
	must(t, err)
	bodies, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	must(t, err)
	var tree logbook.Tree
	for i, body := range bodies {
		var hashes []byte
		for _, h := range tree.Append(body) {
			hashes = append(hashes, h[:]...)
		}
		_, err := conn.Exec(t.Context(), "insert into audit_hash (agency_id, idx, hashes) values ($1, $2, $3) on conflict do nothing", w.stanza.ID, i, hashes)
		must(t, err)
	}
	secret, err := os.ReadFile(filepath.Join(w.dir, "keys", "staff", w.stanza.ID+"-log.key"))
	must(t, err)
	signer, err := note.NewSigner(strings.TrimSpace(string(secret)))
	must(t, err)
	signed, err := tree.Checkpoint().Sign(w.stanza.ID, signer)
	must(t, err)
	_, err = conn.Exec(t.Context(), "select set_config('gatepost.agency', $1, false)", w.stanza.ID)
	must(t, err)
	_, err = conn.Exec(t.Context(), "insert into audit_checkpoint (agency_id, size, note) values ($1, $2, $3) on conflict do nothing", w.stanza.ID, tree.Size(), signed)
	must(t, err)
}

func (w *world) order(t testing.TB, name string) backup.Order {
	t.Helper()
	return backup.Order{DSN: w.db.DSN(postgres.RoleBackup), To: w.key.Recipient(), File: filepath.Join(w.dir, name), Keep: backup.MaxAge, Now: time.Now,
		Verifiers: map[string]string{w.stanza.ID: w.stanza.Log}}
}

// write writes a backup and gives its path.
func (w *world) write(t testing.TB, name string) string {
	t.Helper()
	o := w.order(t, name)
	_, err := backup.Write(t.Context(), o)
	must(t, err)
	return o.File
}

// restore prepares a restore of a file into a cluster.
func (w *world) restore(c *cluster, file string) backup.Restore {
	return backup.Restore{File: file, Identity: w.key, Owner: c.dsn(postgres.RoleAdmin), Backup: c.dsn(postgres.RoleBackup),
		Verifiers: map[string]string{w.stanza.ID: w.stanza.Log}, Now: time.Now,
		Prove: func(context.Context, string, backup.Manifest) error { return nil },
		After: func(context.Context, string, backup.Manifest) error { return nil },
		Say:   func(what string, took time.Duration) { c.t.Logf("%s (%.2f s)", what, took.Seconds()) }}
}

// person is somebody of the demo.
func (w *world) person(t testing.TB, key string) demo.Person {
	t.Helper()
	i := slices.IndexFunc(w.people, func(p demo.Person) bool { return p.Key == key })
	if i < 0 {
		t.Fatalf("nobody is %s", key)
	}
	return w.people[i]
}

// forge seals a backup whose manifest is not what Write made of it.
func (w *world) forge(t testing.TB, file, name string, change func(*backup.Manifest)) string {
	t.Helper()
	sealed, err := os.ReadFile(file)
	must(t, err)
	plain, err := seal.OpenStream(bytes.NewReader(sealed), w.key)
	must(t, err)
	m, err := backup.ParseManifest(plain)
	must(t, err)
	dump, err := io.ReadAll(plain)
	must(t, err)
	change(&m)
	head, err := json.Marshal(m)
	must(t, err)
	var out bytes.Buffer
	again, err := seal.Stream(&out, w.key.Recipient())
	must(t, err)
	for _, part := range [][]byte{head, bytes.Repeat([]byte("\n"), backup.Block-len(head)), dump} {
		_, err = again.Write(part)
		must(t, err)
	}
	must(t, again.Close())
	path := filepath.Join(w.dir, name)
	must(t, os.WriteFile(path, out.Bytes(), 0o600))
	return path
}

// names lists a folder's files.
func names(t testing.TB, dir, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	must(t, err)
	for i, path := range found {
		found[i] = filepath.Base(path)
	}
	return fmt.Sprint(found)
}
