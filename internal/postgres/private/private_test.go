package private_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/postgres/private"
)

func TestStartAndStop(t *testing.T) {
	dir := folder(t)
	s := fast(t, dir)
	uid := serverUID(t)
	for path, want := range map[string]struct {
		uid  int
		mode os.FileMode
	}{
		dir:                              {os.Geteuid(), 0o711},
		filepath.Join(dir, "lock"):       {os.Geteuid(), 0o600},
		filepath.Join(dir, "pg.log"):     {os.Geteuid(), 0o600},
		filepath.Join(dir, "conf"):       {os.Geteuid(), 0o755},
		filepath.Join(dir, "pg"):         {uid, 0o700},
		filepath.Join(dir, "run"):        {uid, 0o700},
		"/proc/" + strconv.Itoa(s.PID()): {uid, 0o555},
	} {
		if uid, mode := owner(t, path); uid != want.uid || mode != want.mode {
			t.Errorf("%s: uid %d, mode %o, want %d, %o", path, uid, mode, want.uid, want.mode)
		}
	}
	// A group of its own, so that Ctrl-C at the terminal does not reach it.
	if group, err := syscall.Getpgid(s.PID()); err != nil || group != s.PID() {
		t.Errorf("the server is in process group %d (%v), want its own", group, err)
	}
	do(t, connect(t, s.DSN(private.Admin, "postgres")), "create table kept as select 7 as n")
	stop(t, s)
	stop(t, s)
	<-s.Done()
	if n := number(t, fast(t, dir), "select n from kept"); n != 7 {
		t.Errorf("after a restart: %d", n)
	}
}

func TestEnsureDatabase(t *testing.T) {
	s := fast(t, made(t, folder(t)))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := s.EnsureDatabase(t.Context(), `odd "name`); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := number(t, s, `select count(*) from pg_database where datname = 'odd "name'`); n != 1 {
		t.Errorf("%d databases", n)
	}
	connect(t, s.DSN(private.Admin, `odd "name`))
}

// Only our own OS user comes in, and only in the roles that were named.
func TestWhoMayConnect(t *testing.T) {
	dir := made(t, folder(t))
	s := start(t, private.Options{Dir: dir, Fast: true, Roles: []string{"clerk"}})
	admin := connect(t, s.DSN(private.Admin, "postgres"))
	do(t, admin, "create role clerk login")
	do(t, admin, "create role stranger login superuser")
	connect(t, s.DSN("clerk", "postgres"))
	if _, err := pgx.Connect(t.Context(), s.DSN("stranger", "postgres")); err == nil {
		t.Error("a role that was not named may connect")
	}
	// The server's own user reaches the socket and is not let in; others do not
	// even reach it. Not root: there is no other user to try as.
	for _, name := range []string{strconv.Itoa(serverUID(t)), "65534"} {
		uid, err := strconv.Atoi(name)
		if err != nil {
			t.Fatal(err)
		}
		if os.Geteuid() != 0 {
			break
		}
		cmd := as(exec.Command("psql", "-h", filepath.Join(dir, "run"), "-U", private.Admin, "-c", "select 1", "postgres"), uid)
		cmd.Dir = "/"
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "authentication failed") && !strings.Contains(string(out), "Permission denied") {
			t.Errorf("uid %d: %v: %s", uid, err, out)
		}
	}
	// The roles are written anew at each start.
	stop(t, s)
	s = fast(t, dir)
	if _, err := pgx.Connect(t.Context(), s.DSN("clerk", "postgres")); err == nil {
		t.Error("a role that is no longer named may connect")
	}
}

func TestRoleNames(t *testing.T) {
	for _, role := range []string{"", "+admins", "a b", "x\ngatepost root " + private.Admin, `/^(.*)$`} {
		if err := refused(t, private.Options{Dir: folder(t), Fast: true, Roles: []string{role}}); !strings.Contains(err.Error(), "cannot be the name") {
			t.Errorf("%q: %v", role, err)
		}
	}
}

// What people write must not come into the server's log, whatever goes wrong.
func TestLogHoldsNoValues(t *testing.T) {
	dir := made(t, folder(t))
	s := fast(t, dir)
	conn := connect(t, s.DSN(private.Admin, "postgres"))
	do(t, conn, "create table person (name text primary key, age int check (age > 0))")
	do(t, conn, "insert into person values ('Ada Made-Up', 5)")
	for _, tt := range []struct {
		sql  string
		args []any
	}{
		{"select $1::text::int", []any{"Ada Made-Up"}},
		{"insert into person values ($1, 5)", []any{"Ada Made-Up"}},
		{"insert into person values ($1, -5)", []any{"Ada Made-Up"}},
		{"select 'Ada Made-Up'::int", nil},
		{"Ada Made-Up", nil},
		{"do $$ begin raise exception 'Ada Made-Up'; end $$", nil},
	} {
		if _, err := conn.Exec(t.Context(), tt.sql, tt.args...); err == nil {
			t.Errorf("%s worked", tt.sql)
		}
	}
	do(t, conn, "do $$ begin raise warning 'Ada Made-Up'; end $$")
	stop(t, s)
	b, err := os.ReadFile(filepath.Join(dir, "pg.log"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), "database system is shut down") {
		t.Error("the log does not even say that the server stopped")
	}
	if strings.Contains(string(b), "Ada") {
		t.Errorf("the log holds a name:\n%s", b)
	}
}

func TestInUse(t *testing.T) {
	dir := made(t, folder(t))
	s := fast(t, dir)
	err := refused(t, private.Options{Dir: dir, Fast: true})
	inUse := new(private.ErrInUse)
	if !errors.As(err, &inUse) || inUse.PID != os.Getpid() {
		t.Errorf("got %v, want in use by pid %d", err, os.Getpid())
	}
	if _, line := startSecond(t, dir); line != "in use by "+strconv.Itoa(os.Getpid()) {
		t.Errorf("another process: %q", line)
	}
	number(t, s, "select 1") // the first one was not disturbed
	stop(t, s)
	if _, line := startSecond(t, dir); line != "ready" {
		t.Errorf("after the stop: %q", line)
	}
}

// Of several that start on an empty folder at once, one gets it.
func TestStartAtOnce(t *testing.T) {
	dir := folder(t)
	var all sync.WaitGroup
	results := make(chan string, 3)
	for range 3 {
		all.Go(func() {
			_, line := startSecond(t, dir)
			results <- line
		})
	}
	all.Wait()
	close(results)
	ready := 0
	for line := range results {
		if line == "ready" {
			ready++
		} else if !strings.HasPrefix(line, "in use by ") {
			t.Error(line)
		}
	}
	if ready != 1 {
		t.Errorf("%d of them have the folder", ready)
	}
}

func TestAttach(t *testing.T) {
	dir := folder(t)
	if _, err := private.Attach(dir); err == nil {
		t.Error("attached to nothing")
	}
	s := fast(t, dir)
	a, err := private.Attach(dir)
	if err != nil {
		t.Fatal(err)
	}
	if a.DSN("x", "y") != s.DSN("x", "y") {
		t.Errorf("attached to %s and not to %s", a.DSN("x", "y"), s.DSN("x", "y"))
	}
	connect(t, a.DSN(private.Admin, "postgres"))
	stop(t, s)
	if _, err := private.Attach(dir); err == nil {
		t.Error("attached to a server that has ended")
	}
}

// Paths that a socket or a connection string cannot take.
func TestPaths(t *testing.T) {
	for name, under := range map[string]string{
		"long":            strings.Repeat("0123456789/", 12),
		"a list of hosts": "one,two",
		"quoted":          `it's "here" \ and there`,
		"with spaces":     "one two",
	} {
		t.Run(name, func(t *testing.T) {
			dir := made(t, filepath.Join(folder(t), under))
			s := fast(t, dir)
			do(t, connect(t, s.DSN(private.Admin, "postgres")), "create table kept as select 7 as n")
			a, err := private.Attach(dir)
			if err != nil {
				t.Fatal(err)
			}
			connect(t, a.DSN(private.Admin, "postgres"))
			stop(t, s)
			b, err := os.ReadFile(filepath.Join(dir, "socket"))
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the socket's folder is still remembered: %s, %v", b, err)
			}
			if n := number(t, fast(t, dir), "select n from kept"); n != 7 {
				t.Errorf("after a restart: %d", n)
			}
		})
	}
}

// A random socket folder survives a kill only if it is still ours alone.
func TestRememberedSocket(t *testing.T) {
	dir := made(t, filepath.Join(folder(t), strings.Repeat("0123456789/", 12)))
	remembered := func() string {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(dir, "socket"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(b))
	}
	killSecond := func() {
		t.Helper()
		cmd, line := startSecond(t, dir)
		if line != "ready" {
			t.Fatal(line)
		}
		kill(cmd)
	}
	killSecond()
	first := remembered()
	killSecond()
	if got := remembered(); got != first {
		t.Errorf("a good folder was not used again: %s, then %s", first, got)
	}
	if err := os.Chmod(first, 0o777); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(first) })
	s := fast(t, dir)
	if got := remembered(); got == first {
		t.Error("a folder that anybody can write to was used again")
	}
	number(t, s, "select 1")
}

// The signal that tells the server of our death follows the thread that forked.
// The thread of the caller ends here, and the server must not.
func TestThreadOfTheCallerEnds(t *testing.T) {
	dir := made(t, folder(t))
	servers := make(chan *private.Server, 1)
	thread := onAnotherThread(func() {
		s, err := private.Start(context.Background(), private.Options{Dir: dir, Fast: true})
		if err != nil {
			t.Error(err)
		}
		servers <- s
	})
	s := <-servers
	if s == nil {
		return
	}
	defer stop(t, s)
	for {
		if _, err := os.Stat("/proc/self/task/" + strconv.Itoa(thread)); errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	// A server that is shutting down takes no new connection.
	for range 50 {
		number(t, s, "select 1")
	}
}

// onAnotherThread runs f on a thread that ends with it, and gives its id. The
// main thread of a process never ends, so it is left waiting meanwhile.
func onAnotherThread(f func()) (thread int) {
	threads := make(chan int)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		if syscall.Gettid() == os.Getpid() {
			threads <- onAnotherThread(f)
			return
		}
		f()
		threads <- syscall.Gettid()
	}()
	return <-threads
}

// A server that does not get to its end in time is ended all the same.
func TestStopInAHurry(t *testing.T) {
	dir := made(t, folder(t))
	s, err := private.Start(t.Context(), private.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	do(t, connect(t, s.DSN(private.Admin, "postgres")), "create table kept as select 7 as n")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Stop(ctx); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-s.Done()
	if n := number(t, fast(t, dir), "select n from kept"); n != 7 {
		t.Errorf("after a restart: %d", n)
	}
}

func TestStartIsCalledOff(t *testing.T) {
	dir := made(t, folder(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := private.Start(ctx, private.Options{Dir: dir, Fast: true}); err == nil {
		stop(t, s)
		t.Error("it started")
	}
	number(t, fast(t, dir), "select 1") // nothing holds the folder or the cluster
}
