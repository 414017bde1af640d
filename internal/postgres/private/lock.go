package private

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// ErrInUse: another process has the folder.
type ErrInUse struct {
	// PID is that process, or 0 if it has not written it yet.
	PID int
	// Dir is the folder's lock file.
	Dir string
}

// Error names the process.
func (e *ErrInUse) Error() string { return fmt.Sprintf("%s is in use by pid %d", e.Dir, e.PID) }

// takeLock takes the folder for this process. The kernel lets go of it when the
// process ends, however it ends; the server does not inherit it, since Go opens
// files close-on-exec.
func takeLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock of the data folder: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		inUse := &ErrInUse{PID: readPID(path), Dir: path}
		return nil, errors.Join(inUse, f.Close())
	}
	if err == nil {
		err = writePID(f)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock the data folder: %w", err), f.Close())
	}
	return f, nil
}

func writePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// readPID reads the first line of a pid file, 0 if there is none.
func readPID(path string) int {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	first, _, _ := bytes.Cut(b, []byte("\n"))
	pid, err := strconv.Atoi(string(bytes.TrimSpace(first)))
	if err != nil || pid <= 0 {
		return 0
	}
	return pid
}
