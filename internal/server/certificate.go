package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookEvery is how long a certificate is used before its files are looked at again.
const lookEvery = 10 * time.Second

// Certificate is a certificate with its key, in PEM files that may be replaced
// while the server runs. It is safe for use by many goroutines.
type Certificate struct {
	certificate, key string
	log              *slog.Logger
	now              func() time.Time

	mu     sync.Mutex
	pair   *tls.Certificate // guarded by mu; never nil
	stamp  [2]stamp         // guarded by mu: of the files that were last looked at
	looked time.Time        // guarded by mu
}

// stamp tells one state of a file from another.
type stamp struct {
	size int64
	at   time.Time
}

// NewCertificate reads the files. The error names them and says what to do.
func NewCertificate(certificate, key string, now func() time.Time, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{certificate: certificate, key: key, log: log, now: now}
	var err error
	c.stamp = c.stamps()
	if c.pair, err = c.read(); err != nil {
		return nil, err
	}
	c.looked = now()
	return c, nil
}

// TLS is the configuration of a listener that serves with the certificate as it
// is at each handshake. TLS 1.2 is the oldest that a browser within our floor
// speaks, and of its ciphers only those with forward secrecy that seal and
// authenticate at once: those browsers speak them all, and CBC has had its day.
func (c *Certificate) TLS() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, CipherSuites: []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305,
	}, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current(), nil }}
}

// Expires is when the certificate in use ends.
func (c *Certificate) Expires() time.Time { return c.current().Leaf.NotAfter }

// Reload looks at the files now.
func (c *Certificate) Reload() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.look()
}

// current gives the pair, after a look at the files if the last was a while ago.
func (c *Certificate) current() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now().Sub(c.looked) >= lookEvery {
		c.look()
	}
	return c.pair
}

// look takes up new files. Bad ones are told once, and the old pair stays. The
// caller holds mu.
func (c *Certificate) look() {
	c.looked = c.now()
	stamp := c.stamps()
	if stamp == c.stamp {
		return
	}
	pair, err := c.read()
	if err != nil {
		c.log.WarnContext(context.Background(), "a new certificate cannot be used; the old one stays", "error", err)
	} else {
		c.pair = pair
		c.log.InfoContext(context.Background(), "a new certificate is in use")
	}
	c.stamp = stamp
}

// stamps does not follow what is in the files; a file that is away has none.
func (c *Certificate) stamps() (list [2]stamp) {
	for i, path := range []string{c.certificate, c.key} {
		if info, err := os.Stat(path); err == nil {
			list[i] = stamp{size: info.Size(), at: info.ModTime()}
		}
	}
	return list
}

func (c *Certificate) read() (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(c.certificate, c.key)
	if err != nil {
		return nil, fmt.Errorf("the certificate %s cannot be used with its key: %w", c.certificate, err)
	}
	return &pair, nil
}

// Leaf reads the certificate in a PEM file, for a check that has no right to its
// key: until when it holds, and for which names.
func Leaf(certificate string) (*x509.Certificate, error) {
	text, err := os.ReadFile(certificate)
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return nil, errors.New("there is no certificate in the file; name the PEM file with the chain")
		}
		if block.Type == "CERTIFICATE" {
			leaf, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("read the certificate: %w", err)
			}
			return leaf, nil
		}
		text = rest
	}
}
