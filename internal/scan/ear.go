package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// ear is where wapiti's requests on behalf of a server arrive: it puts an
// address of ours into every field, and asks afterwards who called. The paths
// and the answer are wapiti's own protocol (its get_ssrf.php).
type ear struct {
	server *http.Server
	base   string
	mu     sync.Mutex
	heard  map[string]map[string]map[string][]call // session, request, field
}

// call is one request that somebody made to the ear.
type call struct {
	URL    string `json:"url"`
	Date   string `json:"date"`
	IP     string `json:"ip"`
	Method string `json:"method"`
}

func newEar() (*ear, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for requests of the server: %w", err)
	}
	e := &ear{base: "http://" + l.Addr().String() + "/", heard: map[string]map[string]map[string][]call{}}
	e.server = &http.Server{Handler: e, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = e.server.Serve(l) }() // ends with stop
	return e, nil
}

func (e *ear) stop() error { return e.server.Shutdown(context.Background()) }

// ServeHTTP takes a call, or tells what was heard.
func (e *ear) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if r.URL.Path == "/get_ssrf.php" {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(e.heard[r.URL.Query().Get("id")]) // who asked may have gone
		return
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) != 4 || parts[0] != "ssrf" {
		return
	}
	session := e.heard[parts[1]]
	if session == nil {
		session = map[string]map[string][]call{}
		e.heard[parts[1]] = session
	}
	if session[parts[2]] == nil {
		session[parts[2]] = map[string][]call{}
	}
	session[parts[2]][parts[3]] = append(session[parts[2]][parts[3]], call{r.URL.String(), time.Now().Format(time.RFC3339), r.RemoteAddr, r.Method})
}
