package darkroom

import (
	"fmt"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"gatepost/internal/enclosure"
)

// confine shuts this process in, for good. Each step is taken on all threads, and
// one that cannot be taken is an error.
func confine(l Limits) error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("forbid others to look into this process: %w", err)
	}
	if err := enclosure.Limit(uint64(l.Memory), uint64(l.CPU/time.Second)); err != nil {
		return err
	}
	return filter()
}

// filter lets this process do what a Go program does that only computes. prctl
// and not seccomp(2): the filter of our service files knows the first alone.
func filter() error {
	program, err := enclosure.Filter(unix.EPERM, allowed())
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
