package ops

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// kept is an answer that is asked for again only when it is old. While one
// caller asks, the others get the last one.
type kept[T any] struct {
	every  time.Duration
	within time.Duration // how long asking may take
	now    func() time.Time
	ask    func(context.Context) T

	asking sync.Mutex
	last   atomic.Pointer[answer[T]]
}

type answer[T any] struct {
	value T
	at    time.Time
}

// get gives the answer. It does not end with the caller's context: others wait for it too.
func (k *kept[T]) get(ctx context.Context) T {
	last := k.last.Load()
	if last != nil && k.now().Sub(last.at) < k.every {
		return last.value
	}
	if last != nil && !k.asking.TryLock() {
		return last.value
	}
	if last == nil {
		k.asking.Lock()
	}
	defer k.asking.Unlock()
	if now := k.last.Load(); now != nil && k.now().Sub(now.at) < k.every {
		return now.value // somebody has asked while we waited
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), k.within)
	defer cancel()
	fresh := &answer[T]{value: k.ask(ctx), at: k.now()}
	k.last.Store(fresh)
	return fresh.value
}
