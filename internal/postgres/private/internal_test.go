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
