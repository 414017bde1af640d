package darkroom

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// confine shuts this process in, for good. Each step is taken on all threads, and
// one that cannot be taken is an error.
func confine(l Limits) error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("forbid others to look into this process: %w", err)
	}
	seconds := uint64(max(1, l.CPU/time.Second))
	for _, limit := range []struct {
		of   int
		most uint64
	}{
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_FSIZE, 0},
		{unix.RLIMIT_MEMLOCK, 0},
		{unix.RLIMIT_NOFILE, 16}, // Go's own waiting needs a few
		// The hard limit kills; at the soft one Go would only be told.
		{unix.RLIMIT_CPU, seconds},
		{unix.RLIMIT_DATA, uint64(l.Memory)},
	} {
		if err := unix.Setrlimit(limit.of, &unix.Rlimit{Cur: limit.most, Max: limit.most}); err != nil {
			return fmt.Errorf("set limit %d: %w", limit.of, err)
		}
	}
	return filter()
}

// The filter looks at these words of a system call, as the kernel lays them out.
const (
	atNumber = 0
	atArch   = 4
	atFirst  = 16 // the lower half of the first argument; both machines have it first
)

// filter lets this process do what a Go program does that only computes. prctl
// and not seccomp(2): the filter of our service files knows the first alone.
func filter() error {
	program, err := instructions()
	if err != nil {
		return err
	}
	if err := everywhere(unix.PR_SET_NO_NEW_PRIVS, 1, 0); err != nil {
		return fmt.Errorf("forbid new rights: %w", err)
	}
	prog := &unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	err = everywhere(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(prog)))
	runtime.KeepAlive(program)
	runtime.KeepAlive(prog)
	if err != nil {
		return fmt.Errorf("filter system calls: %w", err)
	}
	return nil
}

// everywhere calls prctl on every thread that there is; those that come later
// inherit what it set.
func everywhere(option, a, b uintptr) error {
	if _, _, e := syscall.AllThreadsSyscall6(unix.SYS_PRCTL, option, a, b, 0, 0, 0); e != 0 {
		return e
	}
	return nil
}

// allowed are the calls that need no look at what they are called with: memory,
// threads, time, and what is open already.
func allowed() []uint32 {
	return []uint32{
		unix.SYS_READ, unix.SYS_WRITE, unix.SYS_READV, unix.SYS_WRITEV, unix.SYS_CLOSE, unix.SYS_FSTAT,
		unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_MPROTECT, unix.SYS_MADVISE, unix.SYS_MREMAP, unix.SYS_BRK,
		unix.SYS_FUTEX, unix.SYS_SCHED_YIELD, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_CLOCK_GETTIME, unix.SYS_RESTART_SYSCALL,
		unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK,
		unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_GETRANDOM, unix.SYS_EXIT, unix.SYS_EXIT_GROUP, unix.SYS_SET_ROBUST_LIST,
		unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2,
	}
}

// instructions is the filter as the kernel runs it.
func instructions() ([]unix.SockFilter, error) {
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
	refuse := give(unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM))
	// A call as another machine numbers them ends at the first refusal; ours pass over it.
	ours := unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 1, K: arch}
	program := []unix.SockFilter{load(atArch), ours, refuse, load(atNumber)}
	for _, number := range allowed() {
		program = append(program, unless(number, 1), give(unix.SECCOMP_RET_ALLOW))
	}
	return append(program,
		// A thread, and no process.
		unless(unix.SYS_CLONE, 3), load(atFirst),
		unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, Jf: 1, K: unix.CLONE_THREAD}, give(unix.SECCOMP_RET_ALLOW),
		load(atNumber),
		// A signal to one of our own threads: Go stops them so.
		unless(unix.SYS_TGKILL, 3), load(atFirst), unless(uint32(os.Getpid()), 1), give(unix.SECCOMP_RET_ALLOW),
		refuse,
	), nil
}
