package oplog

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
)

// Log stands in front of a handler and lets through what a deployment's log may
// say. It is safe for use by many goroutines.
type Log struct {
	next    slog.Handler
	dropped atomic.Uint64
	alarms  atomic.Uint64
}

// New makes a Log that writes to next.
func New(next slog.Handler) *Log { return &Log{next: next} }

// Tier gives the logger of a tier. On the one named "public" ids of exchanges and
// sides are left out. The name "" is for what belongs to no tier.
func (l *Log) Tier(name string) *slog.Logger {
	return slog.New(&handler{log: l, next: l.next, public: name == "public"})
}

// Dropped counts the attributes and values that were left out since the start.
// Any is a mistake in the program.
func (l *Log) Dropped() uint64 { return l.dropped.Load() }

// Alarms counts the lines that begin with "alarm", in any case: a sealed object
// that does not open, a row that nobody signed.
func (l *Log) Alarms() uint64 { return l.alarms.Load() }

// handler is a Log as one tier has it.
type handler struct {
	log    *Log
	next   slog.Handler
	public bool
}

// Enabled is the next handler's.
func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle writes the record without what may not be said.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	if strings.HasPrefix(strings.ToLower(r.Message), "alarm") {
		h.log.alarms.Add(1)
	}
	var attrs []slog.Attr
	dropped := 0
	r.Attrs(func(a slog.Attr) bool {
		if said, ok := h.say(a, r.Message); ok {
			attrs = append(attrs, said)
		} else {
			dropped++
		}
		return true
	})
	if dropped > 0 {
		h.log.dropped.Add(uint64(dropped))
		attrs = append(attrs, slog.Int("dropped", dropped))
	}
	clean := slog.NewRecord(r.Time, r.Level, blot(r.Message, h.public), 0)
	clean.AddAttrs(attrs...)
	return h.next.Handle(ctx, clean)
}

// WithAttrs keeps what may be said and counts the rest once.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	var kept []slog.Attr
	for _, a := range attrs {
		if said, ok := h.say(a, ""); ok {
			kept = append(kept, said)
		} else {
			h.log.dropped.Add(1)
		}
	}
	next := *h
	next.next = h.next.WithAttrs(kept)
	return &next
}

// WithGroup gives the same handler: lines are flat.
func (h *handler) WithGroup(string) slog.Handler { return h }

// say gives an attribute as it may stand on a line with that message.
func (h *handler) say(a slog.Attr, message string) (slog.Attr, bool) {
	f, known := formOf(a.Key)
	if !known || h.public && hidden(a.Key) || a.Key == "address" && message != "listening" {
		return a, false
	}
	v := a.Value.Resolve()
	if f == number || f == id && isNumber(v) {
		return slog.Attr{Key: a.Key, Value: v}, isNumber(v)
	}
	text, ok := textOf(v)
	if !ok {
		return a, false
	}
	if f == prose {
		return slog.String(a.Key, blot(text, h.public)), true
	}
	fits := patterns()[f].MatchString(text) && (f != route || !rowID().MatchString(text))
	return slog.String(a.Key, text), fits
}

func isNumber(v slog.Value) bool {
	switch v.Kind() {
	case slog.KindBool, slog.KindInt64, slog.KindUint64, slog.KindFloat64, slog.KindDuration:
		return true
	}
	return false
}

// textOf takes strings and errors, and nothing that would have to be printed.
func textOf(v slog.Value) (string, bool) {
	switch v.Kind() {
	case slog.KindString:
		return v.String(), true
	case slog.KindDuration:
		return v.Duration().String(), true
	}
	if err, ok := v.Any().(error); ok {
		return err.Error(), true
	}
	return "", false
}
