package postgrestest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/postgres"
	"gatepost/internal/postgres/private"
	"gatepost/migrations"
)

// cluster is what all tests of a binary share. It is a package variable since
// TestMain has no other way to hand something to a test.
var cluster struct {
	mu        sync.Mutex // guards all below
	running   bool       // Main is at work
	dir       string
	server    *private.Server // started by the first New
	templates map[string]string
}

// Main runs the tests of a binary and ends the process with their result. The
// server starts with the first New and is removed at the end.
func Main(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) (code int) {
	cluster.mu.Lock()
	cluster.running, cluster.templates = true, map[string]string{}
	cluster.mu.Unlock()
	defer func() {
		if err := stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stop the test database:", err)
			code = 1
		}
	}()
	return m.Run()
}

func stop() error {
	cluster.mu.Lock()
	defer cluster.mu.Unlock()
	cluster.running = false
	if cluster.server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return errors.Join(cluster.server.Stop(ctx), os.RemoveAll(cluster.dir))
}

// Database is a database of one test. It is dropped when the test ends.
type Database struct {
	t      testing.TB
	server *private.Server
	name   string
}

// Option changes what New makes.
type Option func(*settings)

type settings struct{ files fs.FS }

// WithMigrations takes other migrations than the program's. They create what
// roles they need and do not find.
func WithMigrations(files fs.FS) Option { return func(s *settings) { s.files = files } }

// New makes a migrated database that no other test sees. It ends the test if
// that does not work. Roles are the cluster's: tests share them.
func New(t testing.TB, opts ...Option) *Database {
	t.Helper()
	s := settings{files: migrations.Files}
	for _, opt := range opts {
		opt(&s)
	}
	ctx := context.Background()
	server, template, err := prepare(ctx, s.files)
	if err != nil {
		t.Fatalf("prepare the test database: %v", err)
	}
	d := &Database{t: t, server: server, name: "test_" + strings.ToLower(rand.Text())}
	// file_copy: a copy of a few files; the default writes every block to the
	// write-ahead log.
	d.admin(ctx, fmt.Sprintf("create database %s template %s strategy file_copy", d.name, template))
	t.Cleanup(func() { d.admin(context.Background(), fmt.Sprintf("drop database %s with (force)", d.name)) })
	return d
}

// DB opens a pool as one of postgres.Roles, or as postgres.RoleAdmin. It is
// closed when the test ends.
func (d *Database) DB(role string, opts ...postgres.Option) *postgres.DB {
	d.t.Helper()
	db, err := postgres.Open(context.Background(), d.DSN(role), opts...)
	if err != nil {
		d.t.Fatalf("open the test database as %s: %v", role, err)
	}
	d.t.Cleanup(db.Close)
	return db
}

// DSN is the connection string for a role.
func (d *Database) DSN(role string) string { return d.server.DSN(role, d.name) }

// Name is the database's name.
func (d *Database) Name() string { return d.name }

// Admin opens a connection of the superuser, whom neither rights nor row-level
// security stop: to look at what is really there. It is closed when the test
// ends.
func (d *Database) Admin() *pgx.Conn { return d.Conn(postgres.RoleAdmin) }

// Conn opens a single connection as a role. It is closed when the test ends.
func (d *Database) Conn(role string) *pgx.Conn {
	d.t.Helper()
	conn, err := pgx.Connect(context.Background(), d.DSN(role))
	if err != nil {
		d.t.Fatalf("connect to the test database as %s: %v", role, err)
	}
	d.t.Cleanup(func() {
		if err := conn.Close(context.Background()); err != nil {
			d.t.Errorf("close a connection: %v", err)
		}
	})
	return conn
}

// admin runs one statement on the server's own database.
func (d *Database) admin(ctx context.Context, sql string) {
	d.t.Helper()
	if err := execute(ctx, d.server, sql); err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
}

func execute(ctx context.Context, server *private.Server, sql string) error {
	conn, err := pgx.Connect(ctx, server.DSN(postgres.RoleAdmin, "postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}

// prepare gives the running server and the name of a template with files.
func prepare(ctx context.Context, files fs.FS) (*private.Server, string, error) {
	cluster.mu.Lock()
	defer cluster.mu.Unlock()
	if !cluster.running {
		return nil, "", errors.New("TestMain must call postgrestest.Main")
	}
	if cluster.server == nil {
		if err := startLocked(ctx); err != nil {
			return nil, "", err
		}
	}
	key, err := sum(files)
	if err != nil {
		return nil, "", err
	}
	if name, ok := cluster.templates[key]; ok {
		return cluster.server, name, nil
	}
	name := "template_" + key[:20]
	if err := makeTemplate(ctx, cluster.server, name, files); err != nil {
		return nil, "", err
	}
	cluster.templates[key] = name
	return cluster.server, name, nil
}

func startLocked(ctx context.Context) error {
	dir, err := MkdirTemp("gatepost-test-")
	if err != nil {
		return err
	}
	server, err := private.Start(ctx, private.Options{
		Dir: dir, Roles: postgres.Roles(), Log: slog.New(slog.DiscardHandler), Fast: true,
	})
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	cluster.dir, cluster.server = dir, server
	return nil
}

func makeTemplate(ctx context.Context, server *private.Server, name string, files fs.FS) error {
	// Again after a failed migration: the next test reports the same error.
	if err := execute(ctx, server, "drop database if exists "+name+" with (force)"); err != nil {
		return err
	}
	if err := server.EnsureDatabase(ctx, name); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, server.DSN(postgres.RoleAdmin, name))
	if err != nil {
		return err
	}
	// Closed before the first copy: a template may have no session.
	return errors.Join(postgres.Migrate(ctx, conn, files), conn.Close(ctx))
}

// sum tells sets of migrations apart.
func sum(files fs.FS) (string, error) {
	h := sha256.New()
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(files, path)
		fmt.Fprintf(h, "%d %s %d ", len(path), path, len(b))
		h.Write(b)
		return err
	})
	return hex.EncodeToString(h.Sum(nil)), err
}
