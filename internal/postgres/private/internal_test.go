package private

import (
	"testing"

	"golang.org/x/sys/unix"
)

// Inside the package: there is no network disk to try it on.
func TestNetworkDisk(t *testing.T) {
	for magic, ok := range map[int64]bool{unix.NFS_SUPER_MAGIC: false, unix.EXT4_SUPER_MAGIC: true, unix.TMPFS_MAGIC: true} {
		if err := checkFilesystem("/srv/gatepost", magic); (err == nil) != ok {
			t.Errorf("%x: %v", magic, err)
		}
	}
}

// A server is ready when its own pid file says so, not the one that a killed
// server has left.
func TestReadyIn(t *testing.T) {
	file := func(pid, status string) string {
		return pid + "\n/data/pg\n1795325873\n5432\n/data/run\n\n  1234 5678\n" + status + "\n"
	}
	for _, c := range []struct {
		name, text string
		want       bool
	}{
		{"ready", file("15607", "ready   "), true},
		{"starting", file("15607", "starting"), false},
		{"what a killed server left", file("15578", "ready   "), false},
		{"half written", "15607\n/data/pg\n1795325873\n5432\n\n\n", false},
		{"empty", "", false},
	} {
		if got := readyIn(c.text, 15607); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
