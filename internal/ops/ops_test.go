package ops_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatepost/internal/ops"
)

// watched is a Watch with a clock and a check that can be made to fail.
type watched struct {
	*ops.Watch
	now    atomic.Int64 // seconds
	broken atomic.Pointer[error]
	asked  atomic.Int64
	log    strings.Builder
}

func newWatched(figures ...ops.Source) *watched {
	w := &watched{}
	w.now.Store(1900000000)
	w.Watch = ops.New(ops.Config{Tier: "staff", Figures: figures, Now: func() time.Time { return time.Unix(w.now.Load(), 0) },
		Log: slog.New(slog.NewTextHandler(&w.log, nil)),
		Checks: []ops.Check{{Name: "database", Ask: func(context.Context) error {
			w.asked.Add(1)
			if err := w.broken.Load(); err != nil {
				return *err
			}
			return nil
		}}, {Name: "jobs", Ask: func(context.Context) error { return nil }}}})
	return w
}

func ask(h http.Handler, method, host, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	r.Host = host
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

// A stranger learns one bit, and an operator which check it is.
func TestReady(t *testing.T) {
	w := newWatched()
	passed := 0
	front := w.Front(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { passed++; rw.WriteHeader(http.StatusTeapot) }))
	expect := func(when, path, body string, status int) {
		t.Helper()
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			rec := ask(front, method, "203.0.113.9", path)
			if rec.Code != status || rec.Body.String() != body || rec.Header().Get("Cache-Control") != "no-store" || len(rec.Header()) != 3 {
				t.Errorf("%s, %s: %d %q %v", when, path, rec.Code, rec.Body, rec.Header())
			}
		}
	}
	expect("sound", "/healthz", "ok\n", 200)
	expect("sound", "/readyz", "ok\n", 200)

	bad := errors.New("a secret of the database")
	w.broken.Store(&bad)
	expect("an answer of this second", "/readyz", "ok\n", 200)
	w.now.Add(2)
	expect("broken", "/readyz", "not ready\n", 503)
	expect("broken", "/healthz", "ok\n", 200)
	detail := ask(w.Handler(), http.MethodGet, "127.0.0.1:9101", "/readyz")
	if detail.Code != 503 || detail.Body.String() != "database wrong\njobs ok\nserving ok\n" {
		t.Errorf("the ops listener says %d %q", detail.Code, detail.Body)
	}
	if n := strings.Count(w.log.String(), "not ready"); n != 1 || !strings.Contains(w.log.String(), "check=database") {
		t.Errorf("the log was told %d times: %s", n, w.log.String())
	}
	w.broken.Store(nil)
	w.now.Add(2)
	expect("mended", "/readyz", "ok\n", 200)
	w.Stop()
	expect("told to stop", "/readyz", "not ready\n", 503)
	expect("told to stop", "/healthz", "ok\n", 200)

	for _, r := range []struct{ method, path string }{{http.MethodPost, "/healthz"}, {http.MethodGet, "/metrics"}, {http.MethodGet, "/healthz/"}, {http.MethodGet, "/"}} {
		if rec := ask(front, r.method, "letters.oak.example", r.path); rec.Code != http.StatusTeapot {
			t.Errorf("%s %s is not a page any more: %d", r.method, r.path, rec.Code)
		}
	}
	if passed != 4 {
		t.Errorf("%d requests passed", passed)
	}
}

// However many ask, the database is asked once a second.
func TestAskingCostsNothing(t *testing.T) {
	w := newWatched()
	front := w.Front(http.NotFoundHandler())
	var asking sync.WaitGroup
	for range 200 {
		asking.Go(func() { ask(front, http.MethodGet, "x", "/readyz") })
	}
	asking.Wait()
	if n := w.asked.Load(); n != 1 {
		t.Errorf("the database was asked %d times", n)
	}
}

// Below five nothing is told of people and letters, not even that there are none.
func TestFew(t *testing.T) {
	people := func(of string, n float64) ops.Figure {
		return ops.Figure{Name: "gatepost_letters_waiting", Help: "x", Label: "queue", Of: of, Value: n, People: true}
	}
	times := 0
	w := newWatched(ops.Source{Ask: func(context.Context) []ops.Figure {
		times++
		return []ops.Figure{people("none", 0), people("one", 1), people("four", 4), people("five", 5), people("many", 40),
			{Name: "gatepost_promise_broken", Help: "x", Value: 0}, {Name: "gatepost_oldest_letter_seconds", Help: "x", Value: ops.Ages(100 * time.Minute)}}
	}})
	w.Answered("POST /letters/{draft}/send", 303, "", 30*time.Millisecond)
	w.Answered("POST /sign-in", 422, "invalid", time.Second)
	w.Answered("GET /desk/live", 101, "", time.Hour)
	text := ask(w.Handler(), http.MethodGet, "localhost:9101", "/metrics").Body.String()
	for _, want := range []string{`gatepost_letters_waiting{queue="five"} 5`, `gatepost_letters_waiting{queue="many"} 40`, "gatepost_promise_broken 0", "gatepost_oldest_letter_seconds 3600",
		`gatepost_requests_total{route="POST /letters/{draft}/send",status="3xx"} 1`, `gatepost_refusals_total{kind="invalid"} 1`, "gatepost_ready 1",
		`gatepost_check_ok{check="database"} 1`, `gatepost_request_seconds_count{route="POST /sign-in"} 1`, "process_open_fds", "go_goroutines"} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	for _, not := range []string{`"none"`, `"one"`, `"four"`, `gatepost_request_seconds_count{route="GET /desk/live"}`} {
		if strings.Contains(text, not) {
			t.Errorf("the metrics tell %s", not)
		}
	}
	ask(w.Handler(), http.MethodGet, "localhost:9101", "/metrics")
	if times != 1 {
		t.Errorf("the figures were asked for %d times within a quarter of a minute", times)
	}
}

// The ops listener answers to this machine's names only, so that a page in a
// browser that gave itself this machine's address reads nothing.
func TestOpsListener(t *testing.T) {
	w := newWatched()
	for host, want := range map[string]int{"127.0.0.1:9101": 200, "localhost": 200, "[::1]:9101": 200, "evil.example:9101": 403, "203.0.113.9": 403} {
		for _, path := range []string{"/metrics", "/readyz", "/healthz"} {
			if rec := ask(w.Handler(), http.MethodGet, host, path); rec.Code != want {
				t.Errorf("%s%s: %d", host, path, rec.Code)
			}
		}
	}
	if rec := ask(w.Handler(), http.MethodPost, "localhost", "/metrics"); rec.Code != http.StatusMethodNotAllowed {
		t.Errorf("a POST: %d", rec.Code)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- w.Serve(ctx, l) }()
	r, err := http.Get("http://" + l.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil || r.StatusCode != 200 {
		t.Errorf("%d %v", r.StatusCode, err)
	}
	_ = r.Body.Close()
	stop()
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
}
