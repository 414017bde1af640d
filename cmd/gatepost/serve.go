package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"gatepost/crypto/passphrase"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/config"
	"gatepost/internal/keyfile"
	"gatepost/internal/notice"
	"gatepost/internal/nudge"
	"gatepost/internal/oplog"
	"gatepost/internal/parts"
	"gatepost/internal/server"
	"gatepost/internal/tier"
	"gatepost/web"
	"gatepost/web/assets"
	"gatepost/web/live"
	"gatepost/web/page"
)

func serve(ctx context.Context, c *call) error {
	which := ""
	cfg, _, err := c.configured(func(fs *flag.FlagSet) { fs.StringVar(&which, "tier", "", "") })
	if err != nil {
		return err
	}
	tiers, ok := map[string][]authz.Tier{"public": {authz.Public}, "staff": {authz.Staff}, "both": {authz.Public, authz.Staff}}[which]
	if !ok {
		return wrong("--tier is public, staff or both.")
	}
	if err := harden(); err != nil {
		return err
	}
	log := oplog.New(slog.NewJSONHandler(c.stderr, nil))
	slog.SetDefault(log.Tier("")) // what has no logger of its own is filtered too
	p, err := c.assemble(ctx, cfg, tiers, log)
	if err != nil {
		return err
	}
	defer p.close()
	for _, site := range p.sites {
		log.Tier(site.Name).Info("listening", "tier", site.Name, "address", site.Listener.Addr().String())
	}
	for i, w := range p.watches {
		if w.listener != nil {
			log.Tier("").Info("listening", "tier", p.sites[i].Name, "kind", "ops", "address", w.listener.Addr().String())
		}
	}
	return p.run(ctx, log.Tier(""))
}

// process is what one process serves.
type process struct {
	tiers    []*tier.Tier
	sites    []server.Site
	watches  []watched
	delay    time.Duration  // between being told to stop and taking no new connection
	notifier *tier.Notifier // nil without the staff tier
	hub      *nudge.Hub     // nil without the staff tier
	lines    *live.Lines    // nil without the staff tier
}

// part is a tier before it is connected.
type part struct {
	tier authz.Tier
	keys *keyfile.Keys
	tls  *server.Certificate // nil without TLS here
	mail *notice.Server      // staff tier, where mail is on
	// parts is where large parts lie; nil for the database.
	parts *parts.Store
}

// assemble checks everything that can be checked without the database, all at
// once, then connects the tiers and opens their listeners.
func (pr program) assemble(ctx context.Context, cfg *config.Config, tiers []authz.Tier, all *oplog.Log) (*process, error) {
	set, missing := assets.Load(pr.assets)
	parts, err := check(cfg, tiers, all)
	if err := errors.Join(err, missing); err != nil {
		return nil, err
	}
	p := &process{}
	gate := passphrase.NewGate()
	callers := oplog.NewCallers(time.Now)
	for _, part := range parts {
		log := all.Tier(string(part.tier))
		t, err := tier.Open(ctx, tier.Config{Tier: part.tier, DSN: cfg.DSN(part.tier), Keys: part.keys, Stanzas: cfg.Stanzas(),
			State: cfg.Door(part.tier).State, Gate: gate, Work: pr.work, Log: log, Parts: part.parts, Days: cfg.Days()})
		if err == nil {
			p.tiers = append(p.tiers, t)
			err = p.notify(ctx, cfg, part, t, log)
		}
		if err == nil {
			p.watch(part, t, all)
			err = p.listen(ctx, cfg, part, web.Config{Agencies: t.Agencies, Accounts: t.Accounts, Letters: t.Letters, Cases: t.Cases, Notices: t.Notices, Assets: set, Log: log, Caller: callers.Name})
		}
		if err != nil {
			p.close()
			return nil, err
		}
	}
	return p, nil
}

// check reads what the tiers need from files and tells everything that is wrong.
func check(cfg *config.Config, tiers []authz.Tier, log *oplog.Log) ([]part, error) {
	found := []error{cfg.Serves(tiers...)}
	var parts []part
	for _, t := range tiers {
		door := cfg.Door(t)
		one := part{tier: t}
		var err error
		if door.Keys != "" {
			if one.keys, err = keyfile.Load(door.Keys, t); err != nil {
				found = append(found, err)
			} else {
				found = append(found, checkAgencies(one.keys, cfg))
			}
		}
		if door.Certificate != "" && door.CertificateKey != "" {
			one.tls, err = server.NewCertificate(door.Certificate, door.CertificateKey, time.Now, log.Tier(string(t)))
			found = append(found, err)
		}
		if found[0] == nil {
			one.parts, err = cfg.Parts.Store(t)
			found = append(found, err)
		}
		if t == authz.Staff && cfg.Mail.Set() {
			s, err := cfg.Mail.Server()
			one.mail, found = &s, append(found, err)
		}
		parts = append(parts, one)
	}
	return parts, errors.Join(found...)
}

func checkAgencies(keys *keyfile.Keys, cfg *config.Config) error {
	var found []error
	for _, s := range cfg.Stanzas() {
		_, err := keys.Agency(s)
		found = append(found, err)
	}
	return errors.Join(found...)
}

// notify opens what sends notices, keeps the clock and nudges open desks, beside
// the staff tier.
func (p *process) notify(ctx context.Context, cfg *config.Config, part part, t *tier.Tier, log *slog.Logger) (err error) {
	if part.tier != authz.Staff {
		return nil
	}
	p.hub = t.Nudges()
	p.lines = live.New(p.hub)
	p.notifier, err = tier.OpenNotifier(ctx, tier.NotifierConfig{DSN: cfg.Database.Notify, Agencies: t.Agencies, Keys: part.keys, Mail: part.mail, Remind: t.Cases.RemindOverdue, Shed: t.Cases.ShedScans, Letters: t.Letters, Log: log})
	return err
}

// listen makes the pages of a tier and opens its listener.
func (p *process) listen(ctx context.Context, cfg *config.Config, part part, w web.Config) error {
	door := cfg.Door(part.tier)
	w.Secure, w.Proxies, w.Address, w.Now = door.Secure(), door.Proxies(), addresses(cfg, w.Agencies), time.Now
	var drain func()
	if part.tier == authz.Staff {
		w.Live, drain = p.lines, p.lines.Close
	}
	watch := p.watches[len(p.watches)-1].Watch
	w.Answered = func(a page.Answered) { watch.Answered(a.Route, a.Status, a.Kind, a.Took) }
	router, err := pages(part.tier, w)
	if err != nil {
		return fmt.Errorf("make the pages of the %s tier: %w", part.tier, err)
	}
	listener, err := listenOn(ctx, door.Listen)
	if err != nil {
		return fmt.Errorf("the %s tier cannot listen on %s; stop what listens there, or choose another address: %w", part.tier, door.Listen, err)
	}
	site := server.Site{Name: string(part.tier), Listener: listener, Handler: watch.Front(server.OnlyFrom(door.Proxies(), router)), Drain: drain,
		Connections: door.Connections, Proxies: door.Proxies()}
	if part.tls != nil {
		site.TLS = part.tls.TLS()
	}
	p.sites = append(p.sites, site)
	p.delay = max(p.delay, time.Duration(door.DrainDelay)*time.Second)
	if door.Ops == "" {
		return nil
	}
	if p.watches[len(p.watches)-1].listener, err = listenOn(ctx, door.Ops); err != nil {
		return fmt.Errorf("the %s tier cannot give its metrics on %s; stop what listens there, or choose another address: %w", part.tier, door.Ops, err)
	}
	return nil
}

func listenOn(ctx context.Context, address string) (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(ctx, "tcp", address)
}

func pages(t authz.Tier, c web.Config) (http.Handler, error) {
	if t == authz.Staff {
		return web.Staff(c)
	}
	return web.Public(c)
}

// addresses tells where people of a tier sign in, as it is printed on paper.
func addresses(cfg *config.Config, agencies *agency.Registry) func(string, authz.Tier) string {
	return func(agencyID string, of authz.Tier) string {
		a, ok := agencies.Get(agencyID)
		if !ok {
			return ""
		}
		host := a.PublicHost
		if of == authz.Staff {
			host = a.StaffHost
		}
		return address(cfg.Door(of), host)
	}
}

// address is a URL without a path. A tier without TLS is on loopback, where
// its port counts; all others are reached by the usual one.
func address(door config.Door, host string) string {
	if door.Secure() || door.Listen == "" {
		return "https://" + host
	}
	if _, port, err := net.SplitHostPort(door.Listen); err == nil && port != "80" {
		host = net.JoinHostPort(host, port)
	}
	return "http://" + host
}

// run serves until ctx ends, and lets what was begun finish.
func (p *process) run(ctx context.Context, log *slog.Logger) error {
	for _, t := range p.tiers {
		go t.Sweep(ctx)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	go p.leave(ctx, serving, stop)
	watching := p.beWatched(serving, log)
	var hearing sync.WaitGroup
	if p.hub != nil {
		hearing.Go(func() { p.hub.Run(serving) })
	}
	notified := make(chan error, 1)
	go func() {
		err := error(nil)
		if p.notifier != nil {
			err = p.notifier.Run(ctx, server.DrainTime)
		}
		if err != nil {
			cancel() // pages without a clock would promise what nobody keeps
		}
		notified <- err
	}()
	guarded := p.guard(serving, func() { cancel(); stop() })
	err := server.Run(serving, log, p.sites...)
	cancel()
	stop()
	if p.lines != nil {
		p.lines.Close() // all are ending since the drain began
	}
	hearing.Wait()
	return errors.Join(err, <-notified, watching(), <-guarded)
}

// guard holds each tier to the logs that it has seen, until ctx ends. A database
// that is not the one of before ends the process, so that its next start refuses.
func (p *process) guard(ctx context.Context, end func()) <-chan error {
	all := make([]error, len(p.tiers))
	var guards sync.WaitGroup
	for i, t := range p.tiers {
		guards.Go(func() {
			if all[i] = t.Guard(ctx, p.hub); all[i] != nil {
				end()
			}
		})
	}
	ended := make(chan error, 1)
	go func() {
		guards.Wait()
		ended <- errors.Join(all...)
	}()
	return ended
}

// close lets go of listeners and connections.
func (p *process) close() {
	for _, site := range p.sites {
		_ = site.Listener.Close() // run has closed it already, unless it never ran
	}
	for _, w := range p.watches {
		if w.listener != nil {
			_ = w.listener.Close() // the same
		}
	}
	if p.notifier != nil {
		p.notifier.Close()
	}
	for _, t := range p.tiers {
		t.Close()
	}
}
