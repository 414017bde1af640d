package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// The limits of a connection. A letter of 64 KiB over a bad mobile network
// takes some twenty seconds; a sign-in may wait fifteen for its turn.
const (
	// MaxHeader is the most that the header of a request may take, in bytes.
	MaxHeader = 32 << 10

	// HeaderTime is how long the header of a request may take to come in.
	HeaderTime = 10 * time.Second

	readTime  = 60 * time.Second
	writeTime = 75 * time.Second
	idleTime  = 120 * time.Second

	// DrainTime is how long pages that were begun may take to finish.
	DrainTime = 20 * time.Second
)

// Site is one tier as it is listened for.
type Site struct {
	Name     string       // for the log
	Listener net.Listener // closed by Run
	Handler  http.Handler
	TLS      *tls.Config // nil for plain HTTP: loopback, or behind trusted proxies
	// Connections is how many are held open at once; 0 means MaxConnections. One
	// address holds an eighth of them at most, unless it is in Proxies, behind
	// which everybody has the same one.
	Connections int
	Proxies     []netip.Prefix
	// Drain ends what net/http does not wait for: connections that were taken
	// over. It is called once when stopping begins; nil for none.
	Drain func()
}

// Run serves the sites until ctx ends, then takes no new connection, lets every
// request that was begun finish within DrainTime, and returns nil. It returns
// an error if a listener breaks, or if requests had to be cut off.
func Run(ctx context.Context, logger *slog.Logger, sites ...Site) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	servers := make([]*http.Server, len(sites))
	var serving sync.WaitGroup
	for i, site := range sites {
		crowd := newCrowd(site)
		site.Listener = crowd
		servers[i] = newServer(site, logger)
		servers[i].ConnState = crowd.watch
		if site.Drain != nil {
			servers[i].RegisterOnShutdown(site.Drain)
		}
		serving.Go(func() {
			if err := serve(servers[i], site); !errors.Is(err, http.ErrServerClosed) {
				cancel(fmt.Errorf("serve the %s tier: %w", site.Name, err))
			}
		})
	}
	<-ctx.Done()
	broken := context.Cause(ctx)
	if errors.Is(broken, context.Canceled) || errors.Is(broken, context.DeadlineExceeded) {
		broken = nil
	}
	err := drain(servers)
	serving.Wait()
	return errors.Join(broken, err)
}

func newServer(site Site, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           site.Handler,
		MaxHeaderBytes:    MaxHeader,
		ReadHeaderTimeout: HeaderTime,
		ReadTimeout:       readTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		TLSConfig:         site.TLS,
		ErrorLog:          log.New(complaints{logger, site.Name}, "", 0),
		// Not ctx: a request that was begun is finished when we are told to stop.
		BaseContext: func(net.Listener) context.Context { return context.Background() },
	}
}

func serve(s *http.Server, site Site) error {
	if site.TLS != nil {
		return s.ServeTLS(site.Listener, "", "")
	}
	return s.Serve(site.Listener)
}

// drain stops all servers at once and waits for each.
func drain(servers []*http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), DrainTime)
	defer cancel()
	errs := make([]error, len(servers))
	var waiting sync.WaitGroup
	for i, s := range servers {
		waiting.Go(func() {
			if err := s.Shutdown(ctx); err != nil {
				errs[i] = errors.Join(fmt.Errorf("finish the pages that were begun: %w", err), s.Close())
			}
		})
	}
	waiting.Wait()
	return errors.Join(errs...)
}

// complaints turns what net/http logs into a line without addresses and values.
type complaints struct {
	log  *slog.Logger
	tier string
}

// Write takes one message of net/http.
func (c complaints) Write(b []byte) (int, error) {
	kind, level := "connection", slog.LevelDebug
	switch text := string(b); {
	case strings.Contains(text, "panic serving"):
		kind, level = "panic", slog.LevelError
	case strings.Contains(text, "TLS handshake"):
		kind = "tls"
	case strings.Contains(text, "Accept error"):
		kind, level = "accept", slog.LevelWarn
	}
	c.log.Log(context.Background(), level, "the server complains", "tier", c.tier, "kind", kind)
	return len(b), nil
}
