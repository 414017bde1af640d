// Package enclosure has what every child is shut in by that reads what a stranger sent:
// limits, and a filter of system calls. The pictures' child (package darkroom) and the
// recordings' (package studio) each add what is their own.
package enclosure

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Limit takes from this process, for good, what a computation does not need: dumps,
// files to write, memory that is locked, more than sixteen open files, and beyond so
// many bytes and seconds of the processor everything. What cannot be taken is an error.
func Limit(memory, seconds uint64) error {
	for _, limit := range []struct {
		of   int
		most uint64
	}{
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_FSIZE, 0},
		{unix.RLIMIT_MEMLOCK, 0},
		{unix.RLIMIT_NOFILE, 16}, // Go's own waiting needs a few, and libraries are opened one by one
		// The hard limit kills; at the soft one Go would only be told.
		{unix.RLIMIT_CPU, max(1, seconds)},
		{unix.RLIMIT_DATA, memory},
	} {
		if err := unix.Setrlimit(limit.of, &unix.Rlimit{Cur: limit.most, Max: limit.most}); err != nil {
			return fmt.Errorf("set limit %d: %w", limit.of, err)
		}
	}
	return nil
}

// The filter looks at these words of a system call, as the kernel lays them out.
const (
	atNumber = 0
	atArch   = 4
	atFirst  = 16 // the lower half of the first argument; both machines have it first
)

// Filter is a filter of system calls as the kernel runs it (prctl, SECCOMP_MODE_FILTER):
// the allowed numbers pass, whatever they are called with; threads may begin and
// processes not; a signal goes to this process's own threads. Everything else fails
// with refused. The error is for a processor that it was not written for.
func Filter(refused unix.Errno, allowed []uint32) ([]unix.SockFilter, error) {
	var arch uint32
	switch runtime.GOARCH {
	case "amd64":
		arch = unix.AUDIT_ARCH_X86_64
	case "arm64":
		arch = unix.AUDIT_ARCH_AARCH64
	default:
		return nil, errors.New("no filter of system calls was written for this processor")
	}
	load := func(at uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
	}
	give := func(what uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: what}
	}
	// unless skips so many instructions when the word is another one.
	unless := func(k uint32, skip uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: skip, K: k}
	}
	refuse := give(unix.SECCOMP_RET_ERRNO | uint32(refused))
	// A call as another machine numbers them ends at the first refusal; ours pass over it.
	ours := unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 1, K: arch}
	program := []unix.SockFilter{load(atArch), ours, refuse, load(atNumber)}
	for _, number := range allowed {
		program = append(program, unless(number, 1), give(unix.SECCOMP_RET_ALLOW))
	}
	return append(program,
		// A thread, and no process.
		unless(unix.SYS_CLONE, 3), load(atFirst),
		unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, Jf: 1, K: unix.CLONE_THREAD}, give(unix.SECCOMP_RET_ALLOW),
		load(atNumber),
		// Go stops its threads by a signal.
		unless(unix.SYS_TGKILL, 3), load(atFirst), unless(uint32(os.Getpid()), 1), give(unix.SECCOMP_RET_ALLOW),
		refuse,
	), nil
}
