package server_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/internal/server"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func quiet(t *testing.T) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }

// get asks for a page; client is nil for one without TLS.
func get(t *testing.T, client *http.Client, url string, header http.Header) (int, string, error) {
	t.Helper()
	if client == nil {
		client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	answer, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(body), err
}

// A page that was begun when we are told to stop is finished; none after it is
// begun, on either tier; and Run waits for the last one.
func TestDrain(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-finish
		if r.Context().Err() != nil {
			t.Error("the request was cut off")
		}
		_, _ = io.WriteString(w, "whole") // the client tells
	})
	public, staff := listen(t), listen(t)
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() {
		ran <- server.Run(ctx, quiet(t), server.Site{Name: "public", Listener: public, Handler: slow}, server.Site{Name: "staff", Listener: staff, Handler: slow})
	}()
	type answer struct {
		body string
		err  error
	}
	answered := make(chan answer, 1)
	go func() {
		_, body, err := get(t, nil, "http://"+public.Addr().String(), nil)
		answered <- answer{body, err}
	}()
	<-begun
	stop()
	for _, l := range []net.Listener{public, staff} {
		// Closed by Shutdown: accepting again says so.
		for {
			conn, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				break
			}
			if err := conn.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	select {
	case err := <-ran:
		t.Fatalf("Run did not wait: %v", err)
	default:
	}
	close(finish)
	if a := <-answered; a.err != nil || a.body != "whole" {
		t.Errorf("the page that was begun: %q, %v", a.body, a.err)
	}
	if err := <-ran; err != nil {
		t.Errorf("Run: %v", err)
	}
}

// A listener that breaks ends both tiers, with an error.
func TestBrokenListener(t *testing.T) {
	public, staff := listen(t), listen(t)
	if err := staff.Close(); err != nil {
		t.Fatal(err)
	}
	err := server.Run(t.Context(), quiet(t), server.Site{Name: "public", Listener: public, Handler: http.NotFoundHandler()},
		server.Site{Name: "staff", Listener: staff, Handler: http.NotFoundHandler()})
	if err == nil || !strings.Contains(err.Error(), "serve the staff tier") {
		t.Errorf("got %v", err)
	}
}

func run(t *testing.T, log *slog.Logger, site server.Site) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- server.Run(ctx, log, site) }()
	t.Cleanup(func() {
		stop()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
}

func TestHeaderLimit(t *testing.T) {
	l := listen(t)
	run(t, quiet(t), server.Site{Name: "public", Listener: l, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {})})
	for size, want := range map[int]int{server.MaxHeader / 2: http.StatusOK, server.MaxHeader * 2: http.StatusRequestHeaderFieldsTooLarge} {
		code, _, err := get(t, nil, "http://"+l.Addr().String(), http.Header{"X": {strings.Repeat("x", size)}})
		if err != nil || code != want {
			t.Errorf("a header of %d bytes: %d, %v", size, code, err)
		}
	}
}

// Over TLS, and what net/http says about strangers' connections is not quoted.
// Of TLS 1.2 a client finds no cipher in the CBC mode, and none without forward
// secrecy.
func TestTLS_Ciphers(t *testing.T) {
	certificate, key, pool := selfSigned(t)
	pair, err := server.NewCertificate(certificate, key, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if !slices.Contains(suite.SupportedVersions, tls.VersionTLS12) || strings.Contains(suite.Name, "_RSA_WITH_AES_128_GCM") || strings.Contains(suite.Name, "ECDHE_RSA") {
			continue // the certificate of this test is for ECDSA
		}
		ours, theirs := net.Pipe()
		go func() { _ = tls.Server(ours, pair.TLS()).Handshake() }() // the client tells how it went
		err := tls.Client(theirs, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1", MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite.ID}}).HandshakeContext(t.Context())
		want := strings.HasPrefix(suite.Name, "TLS_ECDHE_ECDSA_") && (strings.Contains(suite.Name, "GCM") || strings.Contains(suite.Name, "POLY1305"))
		if (err == nil) != want {
			t.Errorf("%s: %v", suite.Name, err)
		}
		_, _ = ours.Close(), theirs.Close() // a pipe in memory
	}
}

func TestTLS(t *testing.T) {
	certificate, key, pool := selfSigned(t)
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	pair, err := server.NewCertificate(certificate, key, time.Now, log)
	if err != nil {
		t.Fatal(err)
	}
	l := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() {
		ran <- server.Run(ctx, log, server.Site{Name: "public", Listener: l, TLS: pair.TLS(), Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			panic("Wren Vale, 01632 960001")
		})})
	}()
	client := func(version uint16) *http.Client {
		return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: version, MaxVersion: version}}}
	}
	if _, _, err := get(t, client(tls.VersionTLS11), "https://"+l.Addr().String(), nil); err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("TLS 1.1: %v", err)
	}
	if _, _, err := get(t, client(tls.VersionTLS13), "https://"+l.Addr().String(), nil); err == nil || strings.Contains(err.Error(), "tls:") {
		t.Errorf("a panic answers %v", err)
	}
	stop()
	if err := <-ran; err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"kind":"tls"`, `"kind":"panic"`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the log lacks %s: %s", want, out.String())
		}
	}
	for _, not := range []string{"127.0.0.1", "Wren", "960001"} {
		if strings.Contains(out.String(), not) {
			t.Errorf("the log says %s", not)
		}
	}
}

// selfSigned makes a certificate for 127.0.0.1.
func selfSigned(t *testing.T) (certificate, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificate, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	return certificate, key, pool
}

func TestOnlyFrom(t *testing.T) {
	networks := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8")}
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for _, c := range []struct {
		remote, proto string
		networks      []netip.Prefix
		want          int
	}{
		{"10.1.2.3:1", "https", networks, 204},
		{"10.1.2.3:1", "", networks, 204},
		{"[::ffff:10.1.2.3]:1", "https", networks, 204},
		{"[fd00::1]:1", "https", networks, 204},
		{"10.1.2.3:1", "http", networks, 403},
		{"10.2.2.3:1", "https", networks, 403},
		{"192.0.2.1:1", "https", networks, 403},
		{"@", "https", networks, 403},
		{"192.0.2.1:1", "http", nil, 204},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		if c.proto != "" {
			r.Header.Set("X-Forwarded-Proto", c.proto)
		}
		w := httptest.NewRecorder()
		server.OnlyFrom(c.networks, next).ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("from %s by %q: %d, want %d", c.remote, c.proto, w.Code, c.want)
		}
	}
}
