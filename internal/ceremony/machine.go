package ceremony

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Faults says what keeps this machine from holding an archive's key: a network
// interface that is up, or swap, which writes memory to a disk. It cannot see
// what else a machine may do; the script asks for a verified live system.
func Faults() ([]string, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("look for networks: %w", err)
	}
	var found []string
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback == 0 && i.Flags&net.FlagUp != 0 && i.Flags&net.FlagRunning != 0 {
			found = append(found, fmt.Sprintf("This machine has a network (%s): pull the cable, switch the radio off.", i.Name))
		}
	}
	swaps, err := os.ReadFile("/proc/swaps")
	if err != nil {
		return nil, fmt.Errorf("look for swap: %w", err)
	}
	return append(found, swapFaults(string(swaps))...), nil
}

// swapFaults reads /proc/swaps (proc(5)): a heading, then a line for each.
func swapFaults(text string) []string {
	var found []string
	lines := bufio.NewScanner(strings.NewReader(text))
	for first := true; lines.Scan(); first = false {
		// What lies in memory itself does not reach a disk.
		if name, _, _ := strings.Cut(lines.Text(), " "); !first && name != "" && !strings.HasPrefix(name, "/dev/zram") {
			found = append(found, "This machine writes memory to a disk: run swapoff -a.")
			break
		}
	}
	return found
}

// MemoryFolder makes a folder of our own below parent, which must lie in memory,
// and gives what removes it with all that is in it.
func MemoryFolder(parent string) (dir string, remove func() error, err error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(parent, &stat); err != nil {
		return "", nil, fmt.Errorf("look at %s: %w", parent, err)
	}
	if stat.Type != unix.TMPFS_MAGIC && stat.Type != unix.RAMFS_MAGIC {
		return "", nil, errors.New(parent + " is on a disk, which would keep the sheets; name a folder in memory with --print")
	}
	if dir, err = os.MkdirTemp(parent, "gatepost-ceremony-"); err != nil {
		return "", nil, fmt.Errorf("make a folder in memory: %w", err)
	}
	return dir, func() error { return os.RemoveAll(dir) }, nil
}
