package postgrestest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	memory = "/dev/shm"
	// enough is how much room a test's cluster may want, with its write-ahead log.
	enough = 4 << 30
	// patience is how long a server may take to end that was told to.
	patience = time.Minute
)

// MkdirTemp makes a folder for a test's cluster: in memory where the system has
// room there, since each new database is a thousand small files, which a disk
// takes ten times as long to make; else where temporary files are. It is not
// under testing's own folders, which only root may enter. Who calls it removes it,
// by RemoveAll where a process may have been killed.
func MkdirTemp(pattern string) (string, error) {
	var room unix.Statfs_t
	if err := unix.Statfs(memory, &room); err == nil && room.Bavail*uint64(room.Bsize) >= enough {
		if dir, err := os.MkdirTemp(memory, pattern); err == nil {
			return dir, nil
		}
	}
	return os.MkdirTemp("", pattern)
}

// RemoveAll removes a folder from MkdirTemp once nobody works in it. A server
// whose parent was killed is told to end by the kernel, and writes until it has:
// a folder that is removed meanwhile fills again. It is an error if somebody
// stays.
func RemoveAll(dir string) error {
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		at, err := worker(dir)
		if err != nil {
			return err
		}
		if at == "" {
			return os.RemoveAll(dir)
		}
		if time.Now().After(end) {
			return fmt.Errorf("process %s still works in %s", filepath.Base(filepath.Dir(at)), dir)
		}
	}
}

// worker names the link in /proc of one whose working folder is below dir, as
// that of every process of a server is; empty if there is none.
func worker(dir string) (string, error) {
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		return "", err
	}
	for _, link := range links {
		if at, err := os.Readlink(link); err == nil && strings.HasPrefix(at, dir+"/") {
			return link, nil
		}
	}
	return "", nil
}
