package private

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Admin is the cluster's superuser.
const Admin = "gatepost_admin"

// Options say where and for whom a private PostgreSQL runs.
type Options struct {
	// Dir is the folder. It is made if it is missing; its parents are too.
	Dir string
	// User is the OS user to run the server as, if the folder has no cluster
	// yet and we are root. Empty: postgres, gatepost or nobody, whichever
	// exists first. Not root: always ourselves.
	User string
	// Roles are the database roles that our OS user may connect as, besides
	// Admin. They need not exist yet.
	Roles []string
	// Log gets what a person who runs the program wants to know; nil is quiet.
	Log *slog.Logger
	// Fast leaves out every wait for the disk. A crash of the machine then
	// destroys the cluster: for tests only.
	Fast bool
}

// Server is a running private PostgreSQL. Its methods may be called by many
// goroutines at once.
type Server struct {
	place    place
	lock     *os.File
	child    *child
	log      *slog.Logger
	stopOnce sync.Once
	stopErr  error // written inside stopOnce
}

// Start takes the folder, makes a cluster there if there is none, stops the
// server that a killed process left behind, and starts one. It returns when the
// server answers, which is well under a second on an existing cluster, or when
// ctx ends. Errors say what to do; ErrInUse says that another process has the
// folder.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := checkRoles(o.Roles); err != nil {
		return nil, err
	}
	dir, err := takeDir(o.Dir)
	if err != nil {
		return nil, err
	}
	lock, err := takeLock(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	s := &Server{lock: lock, log: o.Log}
	if err := s.start(ctx, dir, o); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, dir string, o Options) error {
	p := place{dir: dir}
	var err error
	if p.owner, err = chooseOwner(p.cluster(), o.User); err != nil {
		return err
	}
	if p.bin, err = findBinaries(ctx, p.cluster()); err != nil {
		return err
	}
	if err := p.owner.canEnter(ctx, dir, p.bin); err != nil {
		return err
	}
	if err := stopSurvivor(ctx, p.cluster(), o.Log); err != nil {
		return err
	}
	if err := p.makeCluster(ctx, o.Fast); err != nil {
		return err
	}
	if err := p.checkCluster(o.Log); err != nil {
		return err
	}
	if p.socket, err = p.makeSocketDir(); err != nil {
		return err
	}
	s.place = p
	if err := p.writeConf(o.Roles, o.Fast); err != nil {
		return errors.Join(err, p.forgetSocket())
	}
	if s.child, err = startChild(ctx, p); err != nil {
		return errors.Join(err, p.forgetSocket())
	}
	return nil
}

// Done is closed when the server has ended, by Stop or by itself. A process
// whose server ends by itself has to end too: nothing here starts it again.
func (s *Server) Done() <-chan struct{} { return s.child.done }

// PID is the server's process id.
func (s *Server) PID() int { return s.child.pid }

// Stop ends the server: open transactions are rolled back, everything committed
// is on disk when it returns. Close the pools first. If ctx ends before the
// server does, the server is ended at once (it recovers at its next start) and
// the error says so. Stop may be called more than once; the lock on the folder
// is held until the first call returns.
func (s *Server) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() {
		s.stopErr = errors.Join(s.child.stop(ctx), s.place.forgetSocket(), s.lock.Close())
	})
	return s.stopErr
}

// DSN is the connection string for a role (Admin or one of Options.Roles).
func (s *Server) DSN(role, database string) string { return dsn(s.place.socket, role, database) }

// EnsureDatabase makes the database if it does not exist.
func (s *Server) EnsureDatabase(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, s.DSN(Admin, "postgres"))
	if err != nil {
		return fmt.Errorf("connect to the private database: %w", err)
	}
	_, err = conn.Exec(ctx, "create database "+pgx.Identifier{name}.Sanitize())
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && (pg.Code == "42P04" || pg.Code == "23505") {
		err = nil // it is there already, or somebody makes it in this moment
	}
	if err != nil {
		err = fmt.Errorf("make the database: %w", err)
	}
	return errors.Join(err, conn.Close(ctx))
}

// dsn writes key=value pairs; a folder may hold spaces and quotes.
func dsn(socket, role, database string) string {
	quote := func(s string) string {
		return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
	}
	return fmt.Sprintf("host=%s port=5432 user=%s dbname=%s sslmode=disable", quote(socket), quote(role), quote(database))
}

// every calls ready now and then until it reports true or fails, ctx ends, or
// stop is closed.
func every(ctx context.Context, interval time.Duration, stop <-chan struct{}, ready func() (bool, error)) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		if ok, err := ready(); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-stop:
			return errEnded
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

var errEnded = errors.New("it ended")
