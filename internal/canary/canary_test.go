package canary_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/passphrase"
	"gatepost/crypto/passphrase/passphrasetest"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/darkroom/darkroomtest"
	"gatepost/internal/demo"
	"gatepost/internal/jobs"
	"gatepost/internal/keyfile"
	"gatepost/internal/notice"
	"gatepost/internal/oplog"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
	"gatepost/internal/postgres/private"
	"gatepost/internal/studio/studiotest"
	"gatepost/internal/tier"
	"gatepost/migrations"
)

const database = "gatepost"

func TestMain(m *testing.M) {
	darkroomtest.Child()
	studiotest.Child()
	os.Exit(m.Run())
}

// control is the one word that has to be found everywhere.
const control = "Quill~~?feather>>Hollow"

// world is the demo's world on a private PostgreSQL, and all that it leaves.
type world struct {
	dir, temp string
	mail      string // the folder of the mails that went out
	server    *private.Server
	admin     *pgx.Conn
	people    []demo.Person
	log       safeBuffer // of both tiers, at their most talkative
	oplog     safeBuffer // what an operator keeps of it
}

// safeBuffer takes the log of several goroutines.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer // guarded by mu
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) bytes() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.b.Bytes())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	// Not t.TempDir, which the database's user cannot enter.
	dir, err := postgrestest.MkdirTemp("gatepost-canary-")
	must(t, err)
	t.Cleanup(func() { must(t, postgrestest.RemoveAll(dir)) })
	must(t, os.Chmod(dir, 0o711))
	w := &world{dir: dir, temp: filepath.Join(dir, "temp")}
	must(t, os.Mkdir(w.temp, 0o777))
	t.Setenv("TMPDIR", w.temp)
	w.server, err = private.Start(t.Context(), private.Options{Dir: filepath.Join(dir, "data"), Roles: postgres.Roles()})
	must(t, err)
	t.Cleanup(func() { must(t, w.server.Stop(context.Background())) })
	must(t, w.server.EnsureDatabase(t.Context(), database))
	w.admin, err = pgx.Connect(t.Context(), w.dsn(postgres.RoleAdmin))
	must(t, err)
	t.Cleanup(func() { _ = w.admin.Close(context.Background()) }) // its server stops next
	must(t, postgres.Migrate(t.Context(), w.admin, migrations.Files))
	w.populate(t)
	return w
}

func (w *world) dsn(role string) string { return w.server.DSN(role, database) }

// populate lets the demo's people do everything that they do.
func (w *world) populate(t *testing.T) {
	t.Helper()
	made, err := demo.At(w.dir).Begin()
	must(t, err)
	must(t, tier.Register(t.Context(), w.dsn(postgres.RoleStaff), made.Stanza))
	tiers := w.tiers(t)
	w.people, err = demo.Seed(t.Context(), tiers[authz.Public], tiers[authz.Staff], time.Now())
	must(t, err)
	w.sendMails(t)
	for _, opened := range tiers {
		opened.Close()
	}
}

// logger logs at its most talkative, and beside it what an operator keeps.
func (w *world) logger(side string) *slog.Logger {
	all := &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}
	kept := oplog.New(slog.NewJSONHandler(&w.oplog, all)).Tier(side)
	return slog.New(slog.NewMultiHandler(slog.NewJSONHandler(&w.log, all), kept.Handler()))
}

// tiers opens both.
func (w *world) tiers(t *testing.T) map[authz.Tier]*tier.Tier {
	t.Helper()
	made, err := demo.At(w.dir).Load()
	must(t, err)
	tiers := map[authz.Tier]*tier.Tier{}
	for side, role := range map[authz.Tier]string{authz.Public: postgres.RolePublic, authz.Staff: postgres.RoleStaff} {
		keys, err := keyfile.Load(filepath.Join(w.dir, "keys", string(side)), side)
		must(t, err)
		tiers[side], err = tier.Open(t.Context(), tier.Config{Tier: side, DSN: w.dsn(role), Keys: keys, Stanzas: []agency.Stanza{made.Stanza},
			State: filepath.Join(w.dir, "state-"+string(side)), Gate: passphrase.NewGate(), Work: passphrasetest.Fast(), Log: w.logger(string(side))})
		must(t, err)
	}
	return tiers
}

// sendMails sends every notice that waits, at a time of day at which nobody
// sleeps.
func (w *world) sendMails(t *testing.T) {
	t.Helper()
	sink, err := demo.At(w.dir).OpenSink()
	must(t, err)
	w.mail = sink.Dir()
	before, err := os.ReadDir(w.mail)
	must(t, err)
	made, err := demo.At(w.dir).Load()
	must(t, err)
	keys, err := keyfile.Load(filepath.Join(w.dir, "keys", string(authz.Staff)), authz.Staff)
	must(t, err)
	db, err := postgres.Open(t.Context(), w.dsn(postgres.RoleNotify), postgres.WithConnections(1))
	must(t, err)
	defer db.Close()
	noon := time.Now().UTC().Truncate(24 * time.Hour).Add(36 * time.Hour)
	home, err := keys.Agency(made.Stanza)
	must(t, err)
	mailer, err := notice.NewMailer(notice.MailerConfig{DB: db, Agencies: agency.NewRegistry(home), Key: keys.Notify,
		Server: notice.Server{Host: "127.0.0.1", Port: sink.Port(), From: demo.MailFrom}, Now: func() time.Time { return noon }, Log: w.logger(string(authz.Staff))})
	must(t, err)
	rows, err := w.admin.Query(t.Context(), "select id from notice where state = 'waiting'")
	must(t, err)
	waiting, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	if len(waiting) == 0 {
		t.Fatal("nothing waits that could be mailed")
	}
	for _, id := range waiting {
		must(t, mailer.Deliver(t.Context(), jobs.Job{Agency: demo.AgencyID, ID: id}))
	}
	must(t, sink.Close())
	if mails, err := os.ReadDir(w.mail); err != nil || len(mails) != len(before)+len(waiting) {
		t.Fatalf("%d mails for %d notices: %v", len(mails)-len(before), len(waiting), err)
	}
}

// secrets are what only people and key files have: passphrases, second steps,
// log-in references, and every key of both tiers.
func (w *world) secrets(t *testing.T) (list []string) {
	t.Helper()
	for _, p := range w.people {
		list = append(list, p.Passphrase, p.Login)
		if p.TOTP != "" {
			list = append(list, p.TOTP)
		}
	}
	must(t, filepath.WalkDir(filepath.Join(w.dir, "keys"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		for _, word := range strings.Fields(string(text)) {
			// The name of a signing key stands in each of its statements; its seed stands last.
			if parts := strings.Split(word, "+"); strings.HasPrefix(word, "PRIVATE+KEY+") {
				word = parts[len(parts)-1]
			}
			if len(word) >= 32 && !strings.HasPrefix(word, "age1pq1") {
				list = append(list, word)
			}
		}
		return err
	}))
	return list
}

// plant writes the word that must be found, in each form, wherever is searched.
func (w *world) plant(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	texts := []string{control, base64.StdEncoding.EncodeToString([]byte(control)), base64.URLEncoding.EncodeToString([]byte("x" + control)), hex.EncodeToString([]byte(control))}
	_, err := w.admin.Exec(ctx, "create table planted (text text)")
	must(t, err)
	for i, text := range texts {
		// Three times: the pages of the write-ahead log have headers, and one word may lie across one.
		_, err = w.admin.Exec(ctx, "insert into planted select $1 from generate_series(1, 3)", text)
		must(t, err)
		_, err = w.admin.Exec(ctx, fmt.Sprintf("do $$ begin raise log '%s'; end $$", text))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(w.temp, fmt.Sprint("planted", i)), []byte(text), 0o600))
		must(t, os.WriteFile(filepath.Join(w.mail, fmt.Sprint("planted", i)), []byte(text), 0o600))
		slog.New(slog.NewJSONHandler(&w.log, nil)).Info(text)
		slog.New(slog.NewJSONHandler(&w.oplog, nil)).Info(text)
	}
	_, err = w.admin.Exec(ctx, "checkpoint")
	must(t, err)
}

// dump is the database as a backup has it, as text.
func (w *world) dump(t *testing.T) []byte {
	t.Helper()
	program, err := pgDump()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), program, "--dbname", w.dsn(postgres.RoleAdmin))
	var errs bytes.Buffer
	cmd.Stderr = &errs
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("pg_dump: %v: %s", err, errs.String())
	}
	return text
}

// pgDump finds the program beside the server's own, newest first.
func pgDump() (string, error) {
	if path, err := exec.LookPath("pg_dump"); err == nil {
		return path, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pg_dump")
	if err != nil || len(found) == 0 {
		return "", errors.New("no pg_dump; scripts/install postgresql installs it")
	}
	return found[len(found)-1], nil
}

// Nothing that anybody would recognise lies anywhere.
func TestCanary(t *testing.T) {
	w := newWorld(t)
	words, err := demo.Planted()
	must(t, err)
	w.lie(t, append(words, w.secrets(t)...))
}

// lie looks for words wherever something lies. They must be nowhere.
func (w *world) lie(t *testing.T, words []string) {
	t.Helper()
	w.plant(t)
	words = append(words, control)
	s := newSearcher(words)

	in := func(place string, look func(hit func(found)) error) {
		t.Helper()
		t.Run(place, func(t *testing.T) {
			seen, told := map[string]bool{}, map[found]bool{}
			must(t, look(func(f found) {
				switch {
				case words[f.word] == control:
					seen[f.form] = true
				case place == "mails" && strings.Contains(words[f.word], "@"): // a mail says to whom it goes, and no more
				case !told[f]:
					told[f] = true
					t.Errorf("%q lies there, %s", words[f.word], f.form)
				}
			}))
			for _, f := range forms() {
				if !seen[f.name] {
					t.Errorf("the search is blind: it does not find the planted word %s", f.name)
				}
			}
		})
	}
	text := func(b []byte) func(func(found)) error {
		return func(hit func(found)) error { return s.read(bytes.NewReader(b), hit) }
	}
	in("dump", text(w.dump(t)))
	in("our log", text(w.log.bytes()))
	in("the operator's log", text(w.oplog.bytes()))
	in("mails", func(hit func(found)) error { return s.folder(w.mail, hit) })
	in("temporary files", func(hit func(found)) error { return s.folder(w.temp, hit) })
	var data []string
	must(t, filepath.WalkDir(filepath.Join(w.dir, "data"), func(path string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() && (entry.Name() == "pg_wal" || entry.Name() == "base") {
			data = append(data, path)
		}
		if entry != nil && entry.Name() == "pg.log" {
			data = append(data, path)
		}
		return err
	}))
	if len(data) != 3 {
		t.Fatalf("the data folder has %v", data)
	}
	for _, path := range data {
		in(filepath.Base(path), func(hit func(found)) error { return s.folder(path, hit) })
	}
}

// Every form is found at every alignment and across the edge of a block.
func TestSearch(t *testing.T) {
	s := newSearcher([]string{control})
	for _, f := range forms() {
		for lead := range 4 {
			for _, at := range []int{0, 1, 1<<20 - 12, 1<<20 + 3} {
				plain := strings.Repeat("x", lead) + control + strings.Repeat("y", lead)
				text := map[string]string{"as it is": plain, "base64": base64.StdEncoding.EncodeToString([]byte(plain)),
					"base64url": base64.URLEncoding.EncodeToString([]byte(plain)), "hex": hex.EncodeToString([]byte(plain))}[f.name]
				data := append(bytes.Repeat([]byte{0}, at), text...)
				n := 0
				must(t, s.read(bytes.NewReader(data), func(found) { n++ }))
				if n != 1 {
					t.Errorf("%s behind %d bytes at %d: found %d times", f.name, lead, at, n)
				}
			}
		}
	}
}
