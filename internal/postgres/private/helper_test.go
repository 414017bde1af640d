package private_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/postgres/postgrestest"
	"gatepost/internal/postgres/private"
)

// envDir makes the test binary a second process of the program, which runs a
// private PostgreSQL in the folder until somebody kills it.
const envDir = "GATEPOST_TEST_PRIVATE_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(envDir); dir != "" {
		os.Exit(second(dir))
	}
	os.Exit(run(m))
}

// template is a folder with a cluster that most tests begin with a copy of:
// making one takes half a second. It is filled by the first that needs it.
var template struct {
	once sync.Once
	dir  string
	err  error
}

func run(m *testing.M) int {
	code := m.Run()
	if template.dir != "" {
		if err := os.RemoveAll(template.dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

func makeTemplate() error {
	var err error
	if template.dir, err = postgrestest.MkdirTemp("gatepost-private-template-"); err != nil {
		return err
	}
	s, err := private.Start(context.Background(), private.Options{Dir: template.dir, Fast: true})
	if err != nil {
		return err
	}
	return s.Stop(context.Background())
}

// made fills dir with a cluster that is shut down, and returns dir.
func made(t *testing.T, dir string) string {
	t.Helper()
	template.once.Do(func() { template.err = makeTemplate() })
	if template.err != nil {
		t.Fatal(template.err)
	}
	if err := os.MkdirAll(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cp", "-a", filepath.Join(template.dir, "pg"), dir).CombinedOutput(); err != nil {
		t.Fatalf("copy the cluster: %v: %s", err, out)
	}
	return dir
}

// second says on standard output what became of its start, and stays.
func second(dir string) int {
	_, err := private.Start(context.Background(), private.Options{Dir: dir, Fast: true})
	inUse := new(private.ErrInUse)
	switch {
	case errors.As(err, &inUse):
		fmt.Println("in use by", inUse.PID)
		return 1
	case err != nil:
		fmt.Println(err)
		return 1
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test is gone
	return 0
}

// startSecond starts such a process and returns its first line.
func startSecond(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	return startSecondWithin(t, dir, make(chan int, 1))
}

// startSecondWithin tells the pid at once, on a channel with room for it.
func startSecondWithin(t *testing.T, dir string, pid chan<- int) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envDir+"="+dir)
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid <- cmd.Process.Pid
	t.Cleanup(func() { kill(cmd) })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return cmd, strings.TrimSpace(line)
}

// kill ends a process of ours the hard way; it may have ended already.
func kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// folder is a data folder that the server's user can reach. t.TempDir is not:
// it lies under a folder that is ours alone.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := postgrestest.MkdirTemp("gatepost-private-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := postgrestest.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return filepath.Join(dir, "data")
}

// start starts a server that is stopped at the end of the test.
func start(t *testing.T, o private.Options) *private.Server {
	t.Helper()
	s, err := private.Start(t.Context(), o)
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

// stop may be called again.
func stop(t *testing.T, s *private.Server) {
	t.Helper()
	if err := s.Stop(context.Background()); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// fast starts a server that does not wait for the disk.
func fast(t *testing.T, dir string) *private.Server {
	t.Helper()
	return start(t, private.Options{Dir: dir, Fast: true})
}

// refused is for a start that must not work; it returns the error.
func refused(t *testing.T, o private.Options) error {
	t.Helper()
	s, err := private.Start(t.Context(), o)
	if err == nil {
		stop(t, s)
		t.Fatal("it started")
	}
	return err
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the server may be gone
	return conn
}

func do(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// number runs a query that yields one number.
func number(t *testing.T, s *private.Server, sql string) (n int) {
	t.Helper()
	if err := connect(t, s.DSN(private.Admin, "postgres")).QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func owner(t *testing.T, path string) (uid int, mode os.FileMode) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Sys().(*syscall.Stat_t).Uid), info.Mode().Perm()
}

// serverUID is whom the server should run as in an empty folder: as us, or, if
// we are root, as the user that the package prefers.
func serverUID(t *testing.T) int {
	t.Helper()
	if os.Geteuid() != 0 {
		return os.Geteuid()
	}
	for _, name := range []string{"postgres", "gatepost", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, err := strconv.Atoi(u.Uid)
			if err != nil {
				t.Fatal(err)
			}
			return uid
		}
	}
	t.Fatal("this machine has no user to run PostgreSQL as")
	return 0
}

// as makes cmd run as another user, if we may.
func as(cmd *exec.Cmd, uid int) *exec.Cmd {
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	}
	return cmd
}

// bystander is a process of the server's user that is not PostgreSQL, working
// in dir. It ends with the test.
func bystander(t *testing.T, uid int, dir string) *exec.Cmd {
	t.Helper()
	cmd := as(exec.Command("/bin/cat"), uid)
	cmd.Dir = dir
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(cmd) })
	return cmd
}

// worker finds the process of a program that works in a folder, 0 if none does.
func worker(t *testing.T, folder, program string) int {
	t.Helper()
	exes, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		t.Fatal(err)
	}
	for _, exe := range exes {
		cwd, err := os.Readlink(filepath.Join(filepath.Dir(exe), "cwd"))
		if err != nil || cwd != folder {
			continue
		}
		if path, err := os.Readlink(exe); err == nil && filepath.Base(path) == program {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(exe)))
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	return 0
}

// gone reports that a process has ended; whoever inherited it may not have
// looked yet.
func gone(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) || strings.Contains(string(stat), ") Z ")
}

// quiet is a logger into a builder.
func quiet(sb *strings.Builder) *slog.Logger { return slog.New(slog.NewTextHandler(sb, nil)) }
