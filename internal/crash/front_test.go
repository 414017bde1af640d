package crash_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"slices"
	"strings"
	"sync"
	"testing"

	"gatepost/internal/authz"
)

// front is one address for several servers, as a reverse proxy gives it: they
// take turns, and one that takes no connection is passed over.
type front struct {
	*running // asked like a server
	onward   *http.Transport

	mu      sync.Mutex // guards all below
	behind  map[authz.Tier][]*running
	turn    int
	answers map[int]int // by status
}

func newFront(t *testing.T, servers ...*running) *front {
	t.Helper()
	f := &front{running: &running{settings: settings{Name: "front"}, addresses: map[authz.Tier]string{}}, onward: &http.Transport{},
		behind: map[authz.Tier][]*running{}, answers: map[int]int{}}
	for _, s := range servers {
		f.add(s)
	}
	for _, side := range []authz.Tier{authz.Public, authz.Staff} {
		proxy := &httputil.ReverseProxy{Transport: turns{f, side}, ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", "behind", r.In.Host
			// Where the request comes from, as far as it says so itself.
			r.Out.Header["X-Forwarded-For"] = append(slices.Clone(r.In.Header["X-Forwarded-For"]), hostOf(r.In.RemoteAddr))
		}, ModifyResponse: func(r *http.Response) error {
			f.count(r.StatusCode)
			return nil
		}, ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			f.count(http.StatusBadGateway)
			w.WriteHeader(http.StatusBadGateway)
		}}
		site := httptest.NewServer(proxy)
		t.Cleanup(site.Close)
		f.addresses[side] = site.Listener.Addr().String()
	}
	t.Cleanup(f.onward.CloseIdleConnections)
	return f
}

func hostOf(address string) string {
	host, _, _ := strings.Cut(address, ":") // of version 4
	return host
}

func (f *front) count(status int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[status]++
}

// counted is how many answers of each status there were.
func (f *front) counted(status int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.answers[status]
}

func (f *front) add(s *running) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for side := range s.addresses {
		f.behind[side] = append(f.behind[side], s)
	}
}

func (f *front) remove(s *running) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for side, list := range f.behind {
		f.behind[side] = slices.DeleteFunc(slices.Clone(list), func(one *running) bool { return one == s })
	}
}

// next lists the servers of a tier, another one first each time.
func (f *front) next(side authz.Tier) []*running {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.behind[side]
	if len(list) == 0 {
		return nil
	}
	f.turn++
	at := f.turn % len(list)
	return slices.Concat(list[at:], list[:at])
}

// turns takes a request to the server whose turn it is.
type turns struct {
	front *front
	side  authz.Tier
}

func (p turns) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	err := errors.New("there is no server")
	for _, s := range p.front.next(p.side) {
		again := r.Clone(r.Context())
		again.URL.Host = s.addresses[p.side]
		if r.Body != nil {
			again.Body = io.NopCloser(bytes.NewReader(body))
			again.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		}
		var answer *http.Response
		if answer, err = p.front.onward.RoundTrip(again); err == nil || !unheard(err) {
			return answer, err
		}
	}
	return nil, err
}

// unheard tells whether a server has taken no connection, so that nothing of
// the request was said.
func unheard(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial" && !errors.Is(err, context.Canceled)
}
