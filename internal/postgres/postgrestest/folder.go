package postgrestest

import (
	"os"

	"golang.org/x/sys/unix"
)

const (
	memory = "/dev/shm"
	// enough is how much room a test's cluster may want, with its write-ahead log.
	enough = 4 << 30
)

// MkdirTemp makes a folder for a test's cluster: in memory where the system has
// room there, since each new database is a thousand small files, which a disk
// takes ten times as long to make; else where temporary files are. It is not
// under testing's own folders, which only root may enter. Who calls it removes it.
func MkdirTemp(pattern string) (string, error) {
	var room unix.Statfs_t
	if err := unix.Statfs(memory, &room); err == nil && room.Bavail*uint64(room.Bsize) >= enough {
		if dir, err := os.MkdirTemp(memory, pattern); err == nil {
			return dir, nil
		}
	}
	return os.MkdirTemp("", pattern)
}
