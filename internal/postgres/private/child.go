package private

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// child is the postmaster, whose parent we are.
type child struct {
	pid     int
	process *os.Process
	done    chan struct{} // closed once it has ended
}

// startChild starts the server and waits until it answers.
func startChild(ctx context.Context, p place) (*child, error) {
	logFile, from, err := openLog(p.logFile())
	if err != nil {
		return nil, err
	}
	defer logFile.Close()
	// Not CommandContext: ctx limits the start, not the life of the server.
	cmd := p.owner.command(context.WithoutCancel(ctx), p.cluster(), filepath.Join(p.bin, "postgres"),
		"-D", p.cluster(), "-c", "config_file="+filepath.Join(p.conf(), "postgresql.conf"))
	cmd.Stdout, cmd.Stderr = logFile, logFile
	// A group of its own: Ctrl-C at the terminal must not reach the server
	// before we have finished with it.
	cmd.SysProcAttr.Setpgid = true
	cmd.SysProcAttr.Pdeathsig = syscall.SIGINT

	c, err := run(cmd)
	if err != nil {
		return nil, fmt.Errorf("start the database server: %w", err)
	}
	if err := c.untilReady(ctx, p); err != nil {
		// The error that stopped us matters more than how the child ends.
		_ = c.kill()
		if errors.Is(err, errEnded) {
			return nil, fmt.Errorf("the database server did not start: %s", reason(p.logFile(), from))
		}
		return nil, fmt.Errorf("wait for the database server: %w", err)
	}
	return c, nil
}

// run starts cmd and waits for its end on one thread. PDEATHSIG follows the
// thread that forked, not the process: were it to end or go back to the
// scheduler's pool and end there, the server would be shut down under us. The
// goroutine never unlocks the thread, so nothing else runs on it either.
func run(cmd *exec.Cmd) (*child, error) {
	c := &child{done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		if err == nil {
			c.pid, c.process = cmd.Process.Pid, cmd.Process
		}
		started <- err
		if err != nil {
			return
		}
		// How it ended is in its log; that it ended is what Done says.
		_ = cmd.Wait()
		close(c.done)
	}()
	return c, <-started
}

// untilReady waits for the word "ready" on the eighth line of postmaster.pid.
// To try and connect instead would fill the log with refusals.
func (c *child) untilReady(ctx context.Context, p place) error {
	path := filepath.Join(p.cluster(), "postmaster.pid")
	return every(ctx, 2*time.Millisecond, c.done, func() (bool, error) {
		b, err := os.ReadFile(path)
		if err != nil {
			return false, nil // not written yet, or the server is gone: done tells
		}
		return readyIn(string(b), c.pid), nil
	})
}

// readyIn tells whether a pid file says that the server with this pid is ready.
// Both come from one reading: the file that a killed server left says "ready",
// too, until the new one has written its own.
func readyIn(pidFile string, pid int) bool {
	lines := strings.Split(pidFile, "\n")
	return len(lines) > 7 && strings.TrimSpace(lines[0]) == strconv.Itoa(pid) && strings.TrimSpace(lines[7]) == "ready"
}

// stop asks for a fast shutdown and waits for it; when ctx ends first, for an
// immediate one.
func (c *child) stop(ctx context.Context) error {
	if err := c.signal(unix.SIGINT); err != nil {
		return err
	}
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("the database server was ended at once: %w", ctx.Err()), c.kill())
	}
}

// kill ends the server without a checkpoint. SIGQUIT and not SIGKILL: the
// postmaster takes its own children with it.
func (c *child) kill() error {
	err := c.signal(unix.SIGQUIT)
	<-c.done
	return err
}

// signal does nothing once the child has ended. os.Process knows whether Wait
// has given the pid back, so nobody else's process can be hit.
func (c *child) signal(sig os.Signal) error {
	if err := c.process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal the database server: %w", err)
	}
	return nil
}

// largestLog is the size at which a start begins a new log and keeps one old.
const largestLog = 16 << 20

// openLog opens the log for appending and says where this start begins. The
// server inherits the open file, so its user needs no right to write in DIR.
func openLog(path string) (*os.File, int64, error) {
	if info, err := os.Stat(path); err == nil && info.Size() > largestLog {
		if err := os.Rename(path, path+".old"); err != nil {
			return nil, 0, fmt.Errorf("put the old server log aside: %w", err)
		}
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, 0, fmt.Errorf("open the server log: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("look at the server log: %w", err), f.Close())
	}
	return f, info.Size(), nil
}

// reason is the last FATAL line that the server wrote since from, or its last
// line. Its log holds no values, so it may be shown.
func reason(path string, from int64) string {
	f, err := os.Open(path)
	if err != nil {
		return "see " + path
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, from, 1<<20))
	if err != nil || len(b) == 0 {
		return "see " + path
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.Contains(lines[i], "FATAL:") {
			return lines[i]
		}
	}
	return lines[len(lines)-1]
}
