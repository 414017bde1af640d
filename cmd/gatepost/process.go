package main

import (
	"fmt"
	"io"
	"log/slog"

	"golang.org/x/sys/unix"

	"gatepost/internal/oplog"
)

// harden keeps what lies open in our memory from the disk and from others: no
// core dump of ours or of a child, and no debugger of the same user. It comes
// before the first key is read. That the database server is told when we die
// does not depend on it: PDEATHSIG is the child's own and survives.
func harden() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("forbid core dumps: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("forbid others to look into this process: %w", err)
	}
	return nil
}

// jsonLog is the log of a deployment, for a command beside it.
func jsonLog(w io.Writer) *slog.Logger { return oplog.New(slog.NewJSONHandler(w, nil)).Tier("") }

// plainLog is for the person at the keyboard: no time, and only what they must know.
func plainLog(w io.Writer, level slog.Level) slog.Handler {
	return slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
}
