package private

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// stopSurvivor clears the cluster of whatever an earlier run left, while we
// hold the lock: a postmaster that outlived its parent is shut down, sessions
// that outlived their postmaster are ended, and a pid file that would wrongly
// keep the server from starting is removed.
func stopSurvivor(ctx context.Context, cluster string, log *slog.Logger) error {
	dir, err := os.Stat(cluster)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the cluster: %w", err)
	}
	pidFile := filepath.Join(cluster, "postmaster.pid")
	if pid := readPID(pidFile); pid != 0 && isPostgres(pid) && worksIn(pid, dir) {
		log.Info("stopping the database server that an earlier run left", "pid", pid)
		if err := end(ctx, pid, unix.SIGINT, dir); err != nil {
			return err
		}
	}
	if err := endAllIn(ctx, cluster, unix.SIGTERM); err != nil {
		return err
	}
	return removeStalePID(pidFile, dir)
}

// endAllIn ends every process of PostgreSQL that works in the folder, such as a
// session in a long query that has not noticed yet that its postmaster is gone.
func endAllIn(ctx context.Context, folder string, sig unix.Signal) error {
	dir, err := os.Stat(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the cluster: %w", err)
	}
	left, err := processesIn(dir)
	if err != nil {
		return err
	}
	for _, pid := range left {
		if !isPostgres(pid) && !leaving(pid) {
			continue // somebody's shell
		}
		if err := end(ctx, pid, sig, dir); err != nil {
			return err
		}
	}
	return nil
}

// removeStalePID removes the pid file in the one case in which that is safe
// and needed: its pid is alive but belongs to another program (pids are small
// and come back soon in a container), and nobody works in the cluster. The
// file of a dead pid stays: PostgreSQL uses it to look for sessions that are
// still attached to the shared memory of the dead server.
func removeStalePID(pidFile string, dir os.FileInfo) error {
	pid := readPID(pidFile)
	if pid == 0 || !alive(pid) || isPostgres(pid) {
		return nil
	}
	left, err := processesIn(dir)
	if err != nil || len(left) > 0 {
		return err
	}
	if err := os.Remove(pidFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove a stale pid file: %w", err)
	}
	return nil
}

// end signals a process and waits until it is gone. A pidfd keeps hold of the
// process, so a pid that has passed to another one in between is not hit.
func end(ctx context.Context, pid int, sig unix.Signal, dir os.FileInfo) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("get hold of the left-over server %d: %w", pid, err)
	}
	defer unix.Close(fd)
	if !worksIn(pid, dir) || !isPostgres(pid) && !leaving(pid) {
		return nil // it ended, and the pid is somebody else's
	}
	if err := unix.PidfdSendSignal(fd, sig, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("stop the left-over server %d: %w", pid, err)
	}
	err = every(ctx, 5*time.Millisecond, nil, func() (bool, error) {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		if errors.Is(err, unix.EINTR) {
			return false, nil
		}
		return n > 0, err
	})
	if err != nil {
		return fmt.Errorf("wait for the left-over server %d to end: %w", pid, err)
	}
	return nil
}

func proc(pid int, name string) string { return filepath.Join("/proc", strconv.Itoa(pid), name) }

// alive counts a process of another user too, which may only not be signalled.
func alive(pid int) bool {
	err := unix.Kill(pid, 0)
	return err == nil || errors.Is(err, unix.EPERM)
}

// isPostgres tells by the program, since a name can be chosen.
func isPostgres(pid int) bool {
	exe, err := os.Readlink(proc(pid, "exe"))
	// The binary of a running server may have been replaced by an update.
	if err != nil {
		return false
	}
	name := filepath.Base(strings.TrimSuffix(exe, " (deleted)"))
	return name == "postgres" || name == "initdb"
}

// leaving tells that a process is ending: it has no program any more and still
// its folder. Its shared memory may be in use until it is gone, and a server
// does not start beside that.
func leaving(pid int) bool {
	_, err := os.Readlink(proc(pid, "exe"))
	return errors.Is(err, fs.ErrNotExist)
}

// worksIn reports whether the process has the folder as its working folder, as
// every process of a server has.
func worksIn(pid int, dir os.FileInfo) bool {
	cwd, err := os.Stat(proc(pid, "cwd"))
	return err == nil && os.SameFile(cwd, dir)
}

// processesIn lists the processes whose working folder is dir. Those of other
// users that we may not look at are left out: they cannot enter it either.
func processesIn(dir os.FileInfo) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list the processes: %w", err)
	}
	var pids []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil && worksIn(pid, dir) {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}
