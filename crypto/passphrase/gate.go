package passphrase

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"
)

// ErrBusy says that too many people are signing in at once. The same request
// may work soon: the page answers 503 with Retry-After.
var ErrBusy = errors.New("too many sign-ins at once")

const (
	// gateWait is how long somebody waits for a turn. At half a second a run
	// and two processors it lets about sixty through; a browser waits longer.
	gateWait = 15 * time.Second

	// gateQueue is how many may wait, each with an open request. More could not
	// be served within gateWait by two processors anyway.
	gateQueue = 64
)

// Gate lets as many scrypt runs go on at once as there are processors, since
// more would only share the same processors while each holds 128 MiB. The rest
// wait in the order in which they came. Make one for a process with NewGate; it
// is safe for many goroutines. The zero Gate is always busy.
type Gate struct {
	turns   chan struct{} // one element for each run going on
	waiting chan struct{} // one element for each caller in the queue
}

// NewGate makes a gate as wide as the machine: the processors there are, or
// those that a container is allowed, whichever is fewer.
func NewGate() *Gate {
	return &Gate{
		turns:   make(chan struct{}, min(runtime.NumCPU(), runtime.GOMAXPROCS(0))),
		waiting: make(chan struct{}, gateQueue),
	}
}

// Do runs work in the caller's goroutine when its turn comes and gives back
// what it returns. When the queue is full, or no turn came within 15 seconds, it
// returns ErrBusy, and when ctx ends first, the error of ctx; work has then not
// run. Work should be one Unwrap, Dummy or Wrap and nothing that waits.
func (g *Gate) Do(ctx context.Context, work func() error) error {
	if err := g.enter(ctx); err != nil {
		return err
	}
	defer func() { <-g.turns }()
	return work()
}

// enter takes a turn, at once or through the queue.
func (g *Gate) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("wait to sign in: %w", err)
	}
	// A free turn means that nobody is waiting: a turn that is given back goes
	// to the first in the queue before anybody else can see it free.
	select {
	case g.turns <- struct{}{}:
		return nil
	default:
	}
	select {
	case g.waiting <- struct{}{}:
		defer func() { <-g.waiting }()
	default:
		return ErrBusy
	}
	patience := time.NewTimer(gateWait)
	defer patience.Stop()
	select {
	case g.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait to sign in: %w", ctx.Err())
	case <-patience.C:
		return ErrBusy
	}
}
