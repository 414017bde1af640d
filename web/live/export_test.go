package live

import (
	"time"

	"gatepost/internal/nudge"
)

// Beat sets how often lines opened from now on ping; every second time they look at
// the session.
func (l *Lines) Beat(d time.Duration) { l.beat = d }

// Rest sets how long lines opened from now on rest after a nudge.
func (l *Lines) Rest(d time.Duration) { l.rest = func(*nudge.Page) time.Duration { return d } }
