package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"gatepost/internal/oplog"
	"gatepost/internal/ops"
	"gatepost/internal/server"
	"gatepost/internal/tier"
)

// watched is what tells operators about one tier.
type watched struct {
	*ops.Watch
	listener    net.Listener        // nil without an ops address
	certificate *server.Certificate // nil without TLS here
}

// watch makes what tells about a tier that is connected.
func (p *process) watch(part part, t *tier.Tier, log *oplog.Log) {
	c := ops.Config{Tier: string(part.tier), Now: time.Now, Log: log.Tier(string(part.tier)), Checks: t.Checks(), Figures: t.Figures()}
	if p.notifier != nil {
		c.Checks, c.Figures = append(c.Checks, p.notifier.Checks()...), append(c.Figures, p.notifier.Figures()...)
	}
	c.Figures = append(c.Figures, ops.Source{Ask: func(context.Context) []ops.Figure { return ownFigures(part.tls, log) }})
	p.watches = append(p.watches, watched{Watch: ops.New(c), certificate: part.tls})
}

// ownFigures are those of the process.
func ownFigures(certificate *server.Certificate, log *oplog.Log) []ops.Figure {
	list := []ops.Figure{
		{Name: "gatepost_alarms_total", Help: "Alarms in the log: look at each.", Value: float64(log.Alarms()), Total: true},
		{Name: "gatepost_log_dropped_total", Help: "Attributes that the log left out: a mistake in the program.", Value: float64(log.Dropped()), Total: true}}
	if certificate != nil {
		list = append(list, ops.Figure{Name: "gatepost_certificate_expires_timestamp_seconds", Help: "When the certificate in use ends.", Value: float64(certificate.Expires().Unix())})
	}
	return list
}

// leave waits until we are told to stop, says so to whoever asks, and after the
// drain delay ends what serves.
func (p *process) leave(ctx, serving context.Context, stop context.CancelFunc) {
	select {
	case <-ctx.Done():
	case <-serving.Done():
		return
	}
	for _, w := range p.watches {
		w.Stop()
	}
	_, _ = daemon.SdNotify(false, daemon.SdNotifyStopping) // we stop whether systemd hears it or not
	delay := time.NewTimer(p.delay)
	defer delay.Stop()
	select {
	case <-delay.C:
	case <-serving.Done():
	}
	stop()
}

// beWatched answers on the ops listeners, tells systemd how we are, and reads
// certificates again at SIGHUP, until serving has ended and the function that it
// gives is called.
func (p *process) beWatched(serving context.Context, log *slog.Logger) func() error {
	ctx, end := context.WithCancel(context.WithoutCancel(serving))
	errs := make([]error, len(p.watches))
	var busy sync.WaitGroup
	for i, w := range p.watches {
		if w.listener != nil {
			busy.Go(func() { errs[i] = w.Serve(ctx, w.listener) })
		}
	}
	again := make(chan os.Signal, 1)
	signal.Notify(again, syscall.SIGHUP)
	busy.Go(func() { p.tellSystemd(ctx, again, log) })
	return func() error {
		signal.Stop(again)
		end()
		busy.Wait()
		return errors.Join(errs...)
	}
}

// tellSystemd says that we serve, that we live, that we read again, and that we
// stop (sd_notify(3)). Where systemd did not start us it has nothing to say. The
// watchdog's beat proves that the process runs, and nothing of what it serves:
// that is /readyz.
func (p *process) tellSystemd(ctx context.Context, again <-chan os.Signal, log *slog.Logger) {
	tell := func(state string) {
		if _, err := daemon.SdNotify(false, state); err != nil {
			log.WarnContext(ctx, "systemd was not told how we are", "error", err)
		}
	}
	tell(daemon.SdNotifyReady)
	var beat <-chan time.Time
	if every, err := daemon.SdWatchdogEnabled(false); err == nil && every > 0 {
		ticker := time.NewTicker(every / 3)
		defer ticker.Stop()
		beat = ticker.C
	}
	for {
		select {
		case <-beat:
			tell(daemon.SdNotifyWatchdog)
		case <-again:
			tell(daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec())
			for _, w := range p.watches {
				if w.certificate != nil {
					w.certificate.Reload()
				}
			}
			tell(daemon.SdNotifyReady)
		case <-ctx.Done():
			return
		}
	}
}
