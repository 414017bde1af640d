package studio

import "golang.org/x/sys/unix"

// own are the calls that this processor's libraries still make in an older form.
func own() []uint32 {
	return []uint32{unix.SYS_ARCH_PRCTL, unix.SYS_ACCESS, unix.SYS_READLINK, unix.SYS_STAT, unix.SYS_POLL}
}
