package ops

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"gatepost/internal/agency"
)

const (
	checksEvery  = time.Second
	checksWithin = 4 * time.Second

	figuresEvery  = 15 * time.Second
	figuresWithin = 8 * time.Second

	headerTime  = 5 * time.Second
	answerTime  = 30 * time.Second
	maxHeader   = 8 << 10
	closeWithin = 2 * time.Second
)

// Check is one thing that has to hold for people to be sent here. Ask returns
// nil if it does; its error is not shown to anybody. Name is one word, which is
// a label: database, jobs, log.
type Check struct {
	Name string
	Ask  func(context.Context) error
}

// Config is what a Watch is made of. Checks and Figures may be empty.
type Config struct {
	Tier    string // for the log
	Checks  []Check
	Figures []Source
	Now     func() time.Time
	Log     *slog.Logger
}

// Watch knows how one tier's process is. It is safe for use by many goroutines.
type Watch struct {
	config   Config
	registry *prometheus.Registry
	counters counters
	checks   kept[[]result]
	stopping atomic.Bool
	unready  atomic.Bool // the log has been told
}

// result is how a check went.
type result struct {
	name string
	err  error
}

// New makes a Watch. It asks nothing yet.
func New(c Config) *Watch {
	w := &Watch{config: c, registry: prometheus.NewRegistry(), counters: newCounters()}
	w.checks = kept[[]result]{every: checksEvery, within: checksWithin, now: c.Now, ask: w.ask}
	w.counters.register(w.registry)
	w.registry.MustRegister(newCollector(w))
	return w
}

// ask makes all checks at once.
func (w *Watch) ask(ctx context.Context) []result {
	results := make([]result, len(w.config.Checks))
	done := make(chan struct{})
	for i, c := range w.config.Checks {
		go func() {
			defer func() { done <- struct{}{} }()
			defer func() {
				if p := recover(); p != nil {
					results[i] = result{c.Name, fmt.Errorf("panic: %v", p)}
				}
			}()
			results[i] = result{c.Name, c.Ask(ctx)}
		}()
	}
	for range w.config.Checks {
		<-done
	}
	w.tell(ctx, results)
	return results
}

// tell writes to the log when readiness changes, and what is missing.
func (w *Watch) tell(ctx context.Context, results []result) {
	missing := ""
	var cause error
	for _, r := range results {
		if r.err != nil && missing == "" {
			missing, cause = r.name, r.err
		}
	}
	if was := w.unready.Swap(missing != ""); was == (missing != "") {
		return
	}
	if missing == "" {
		w.config.Log.InfoContext(ctx, "ready", "tier", w.config.Tier)
		return
	}
	w.config.Log.WarnContext(ctx, "not ready", "tier", w.config.Tier, "check", missing, "error", cause)
}

// errStopping: nobody new should be sent here.
var errStopping = errors.New("told to stop")

// results gives every check and whether we were told to stop.
func (w *Watch) results(ctx context.Context) []result {
	list := append([]result{}, w.checks.get(ctx)...)
	stopping := result{name: "serving"}
	if w.stopping.Load() {
		stopping.err = errStopping
	}
	return append(list, stopping)
}

// Ready tells whether people may be sent here.
func (w *Watch) Ready(ctx context.Context) bool {
	if w.stopping.Load() {
		return false
	}
	for _, r := range w.results(ctx) {
		if r.err != nil {
			return false
		}
	}
	return true
}

// Stop makes the tier unready for good, at once.
func (w *Watch) Stop() { w.stopping.Store(true) }

// Front answers /healthz and /readyz with one word, whatever host was asked for,
// and leaves everything else to next. It writes no line to the log.
func (w *Watch) Front(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		read := r.Method == http.MethodGet || r.Method == http.MethodHead
		switch {
		case read && r.URL.Path == "/healthz":
			say(rw, http.StatusOK, "ok\n")
		case read && r.URL.Path == "/readyz":
			if w.Ready(r.Context()) {
				say(rw, http.StatusOK, "ok\n")
			} else {
				say(rw, http.StatusServiceUnavailable, "not ready\n")
			}
		default:
			next.ServeHTTP(rw, r)
		}
	})
}

func say(rw http.ResponseWriter, status int, text string) {
	h := rw.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	rw.WriteHeader(status)
	_, _ = rw.Write([]byte(text)) // whoever asked is gone
}

// Handler is the ops listener's.
func (w *Watch) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(rw http.ResponseWriter, _ *http.Request) { say(rw, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", w.readyz)
	mux.Handle("GET /metrics", promhttp.HandlerFor(w.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2, ErrorHandling: promhttp.ContinueOnError}))
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		if !agency.Loopback(host) {
			say(rw, http.StatusForbidden, "ask on this machine, by its own name\n")
			return
		}
		mux.ServeHTTP(rw, r)
	})
}

// readyz names each check, a line each.
func (w *Watch) readyz(rw http.ResponseWriter, r *http.Request) {
	status, text := http.StatusOK, ""
	for _, c := range w.results(r.Context()) {
		word := "ok"
		if c.err != nil {
			status, word = http.StatusServiceUnavailable, "wrong"
		}
		text += c.name + " " + word + "\n"
	}
	say(rw, status, text)
}

// Serve answers on the ops listener until ctx ends. What is being answered then
// is cut off after a moment.
func (w *Watch) Serve(ctx context.Context, l net.Listener) error {
	s := &http.Server{Handler: w.Handler(), MaxHeaderBytes: maxHeader, ReadHeaderTimeout: headerTime, ReadTimeout: headerTime, WriteTimeout: answerTime,
		IdleTimeout: answerTime, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) }}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
		defer cancel()
		if s.Shutdown(closing) != nil {
			_ = s.Close() // its errors are those of connections
		}
	})
	err := s.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		<-stopped
		return nil
	}
	stop()
	return fmt.Errorf("serve metrics: %w", err)
}
