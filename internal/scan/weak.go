package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"gatepost/internal/postgres/private"
)

// weakServer does on purpose what no server may do. Every scanner has to see it.
type weakServer struct {
	plain, tls, authority string
	ear                   *ear
	database              *private.Server
	pool                  *pgxpool.Pool
	servers               []*http.Server
}

func newWeakServer(ctx context.Context, dir string) (w *weakServer, err error) {
	w = &weakServer{}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.stop())
		}
	}()
	if w.ear, err = newEar(); err != nil {
		return w, err
	}
	if w.database, err = private.Start(ctx, private.Options{Dir: filepath.Join(dir, "weak"), Fast: true}); err != nil {
		return w, err
	}
	if w.pool, err = pgxpool.New(ctx, w.database.DSN(private.Admin, "postgres")); err != nil {
		return w, fmt.Errorf("connect the weak server: %w", err)
	}
	if w.plain, err = w.serve(nil); err != nil {
		return w, err
	}
	weakDir := filepath.Join(dir, "weak-tls")
	if err := os.MkdirAll(weakDir, 0o700); err != nil {
		return w, fmt.Errorf("make a folder for the weak certificate: %w", err)
	}
	pair, err := newCertificates(weakDir, "weak.localhost")
	if err != nil {
		return w, err
	}
	certificate, err := tls.LoadX509KeyPair(pair.certificate, pair.key)
	if err != nil {
		return w, fmt.Errorf("read the weak certificate: %w", err)
	}
	w.authority = pair.authority
	// TLS of 1999, and a cipher without a hash that counts.
	w.tls, err = w.serve(&tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS12,
		CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}})
	return w, err
}

func (w *weakServer) serve(c *tls.Config) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen as the weak server: %w", err)
	}
	base := "http://" + l.Addr().String()
	if c != nil {
		// Not ServeTLS: it refuses so weak a configuration for HTTP/2.
		l, base = tls.NewListener(l, c), "https://"+l.Addr().String()
	}
	s := &http.Server{Handler: w.handler(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	w.servers = append(w.servers, s)
	go func() { _ = s.Serve(l) }() // ends with stop
	return base, nil
}

func (w *weakServer) stop() error {
	var faults []error
	for _, s := range w.servers {
		faults = append(faults, s.Close())
	}
	if w.pool != nil {
		w.pool.Close()
	}
	if w.ear != nil {
		faults = append(faults, w.ear.stop())
	}
	if w.database != nil {
		ctx, cancel := context.WithTimeout(context.Background(), stopTime)
		defer cancel()
		faults = append(faults, w.database.Stop(ctx))
	}
	return errors.Join(faults...)
}

// handler has one page for each fault.
func (w *weakServer) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(rw http.ResponseWriter, _ *http.Request) {
		http.SetCookie(rw, &http.Cookie{Name: "session", Value: "1"})
		fmt.Fprint(rw, `<html><body><a href="/sql?id=1">a</a> <a href="/xss?word=b">b</a> <a href="/go?to=/">c</a>
			<a href="/file?name=a.txt">d</a> <a href="/fetch?from=a">e</a></body></html>`)
	})
	mux.HandleFunc("GET /sql", w.sql)
	mux.HandleFunc("GET /xss", func(rw http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(rw, "<html><body>%s</body></html>", r.FormValue("word"))
	})
	mux.HandleFunc("GET /go", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Location", r.FormValue("to"))
		rw.WriteHeader(http.StatusFound)
	})
	mux.HandleFunc("GET /file", func(rw http.ResponseWriter, r *http.Request) {
		// Everybody on the machine may read this one; no other is opened.
		if strings.HasSuffix(r.FormValue("name"), "/etc/passwd") {
			http.ServeFile(rw, r, "/etc/passwd")
		}
	})
	mux.HandleFunc("GET /fetch", w.fetch)
	mux.HandleFunc("GET /admin", func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprint(rw, "<html><body>admin</body></html>") })
	return mux
}

// sql puts a parameter into a query and shows the database's complaint.
func (w *weakServer) sql(rw http.ResponseWriter, r *http.Request) {
	var n int
	err := w.pool.QueryRow(r.Context(), "select count(*) from pg_class where oid = "+r.FormValue("id")).Scan(&n)
	if err != nil {
		rw.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(rw, "<html><body>PostgreSQL query failed: %v</body></html>", err)
		return
	}
	fmt.Fprintf(rw, "<html><body>%d</body></html>", n)
}

// fetch asks where a parameter says, on the scan's own ear only.
func (w *weakServer) fetch(rw http.ResponseWriter, r *http.Request) {
	from := r.FormValue("from")
	if !strings.HasPrefix(from, w.ear.base) {
		return
	}
	got, err := newClient().Get(from)
	if err != nil {
		return
	}
	defer got.Body.Close() // only read
	_, _ = io.Copy(rw, got.Body)
}
