package oplog

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// Callers gives a name to each address for a day, so that the log shows that
// many requests are one caller's without saying whose. The key is made anew each
// day (UTC), in memory alone: nobody can turn a name back, follow it into the
// next day, or compare it with another process's. It is safe for use by many
// goroutines.
type Callers struct {
	now func() time.Time

	mu  sync.Mutex
	day string   // guarded by mu
	key [32]byte // guarded by mu
}

// NewCallers makes Callers by a clock.
func NewCallers(now func() time.Time) *Callers { return &Callers{now: now} }

// Name gives ten letters (50 bits) for an address. IPv6 addresses of one /64 are
// one caller. What is no address has no name.
func (c *Callers) Name(from netip.Addr) string {
	if !from.IsValid() {
		return ""
	}
	from = from.Unmap().WithZone("")
	if from.Is6() {
		if network, err := from.Prefix(64); err == nil {
			from = network.Addr()
		}
	}
	key := c.today()
	mac := hmac.New(sha256.New, key[:])
	b := from.As16()
	mac.Write(b[:])
	return strings.ToLower(base32.StdEncoding.EncodeToString(mac.Sum(nil))[:10])
}

// today is the day's key.
func (c *Callers) today() [32]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if day := c.now().UTC().Format(time.DateOnly); day != c.day {
		c.day = day
		rand.Read(c.key[:]) // never errs (crypto/rand)
	}
	return c.key
}
