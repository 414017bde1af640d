package server_test

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"gatepost/internal/server"
)

// served is the certificate that a handshake gets, by its expiry and raw bytes.
func served(t *testing.T, config *tls.Config) []byte {
	t.Helper()
	pair, err := config.GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	return pair.Certificate[0]
}

func replace(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	// As certbot and install do it: a new file in the place of the old one.
	if err := os.WriteFile(to+".new", text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(to+".new", to); err != nil {
		t.Fatal(err)
	}
}

// New files are taken up without a restart; a pair that does not fit is told
// once, and the old one goes on.
func TestCertificateIsReadAgain(t *testing.T) {
	certificate, key, _ := selfSigned(t)
	newCertificate, newKey, _ := selfSigned(t)
	now := time.Now()
	var out bytes.Buffer
	c, err := server.NewCertificate(certificate, key, func() time.Time { return now }, slog.New(slog.NewTextHandler(&out, nil)))
	if err != nil {
		t.Fatal(err)
	}
	config := c.TLS()
	old := served(t, config)

	replace(t, newCertificate, certificate)
	if !bytes.Equal(served(t, config), old) {
		t.Error("the files are looked at for each handshake")
	}
	for range 3 {
		now = now.Add(time.Minute)
		if !bytes.Equal(served(t, config), old) {
			t.Fatal("half a pair is in use")
		}
	}
	if n := strings.Count(out.String(), "the old one stays"); n != 1 {
		t.Errorf("a pair that does not fit was told %d times: %s", n, out.String())
	}
	if strings.Contains(out.String(), "PRIVATE") {
		t.Error("the log quotes a key")
	}

	replace(t, newKey, key)
	c.Reload()
	if bytes.Equal(served(t, config), old) {
		t.Error("the new pair is not in use")
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	if bytes.Equal(served(t, config), old) || strings.Count(out.String(), "the old one stays") != 2 {
		t.Errorf("a key that is gone: %s", out.String())
	}
	if leaf, err := server.Leaf(certificate); err != nil || !leaf.NotAfter.Equal(c.Expires()) || leaf.NotAfter.Before(now) {
		t.Errorf("it ends at another time: %v", err)
	}
	if _, err := server.Leaf(newKey); err == nil {
		t.Error("a key has an expiry")
	}
	if _, err := server.NewCertificate(certificate, newCertificate, time.Now, slog.Default()); err == nil {
		t.Error("a certificate was taken as its key")
	}
}
