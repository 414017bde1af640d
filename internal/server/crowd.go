package server

import (
	"container/list"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
)

// MaxConnections is how many connections a site holds open at once where
// nothing else is set. Each takes some 20 KiB, and a file of the process.
const MaxConnections = 4096

// share is the part of all connections that one address may hold, unless it is
// a trusted proxy: one in so many. A whole office behind one address stays far
// below it.
const share = 8

// crowd is a listener that holds so many connections open and no more. When it
// is full, whoever has waited longest without asking for anything makes room.
// Where all are asking, a newcomer is turned away. So somebody who opens
// thousands and says nothing shuts nobody out.
type crowd struct {
	net.Listener
	most    int
	trusted []netip.Prefix

	mu      sync.Mutex // guards all below
	open    int
	from    map[netip.Prefix]int
	waiting *list.List // of *guest, who waits longest first
}

// guest is one connection. It leaves the crowd when it is closed, whoever has
// taken it over by then.
type guest struct {
	net.Conn
	crowd *crowd
	home  netip.Prefix
	place *list.Element // in waiting; nil while it asks. Guarded by the crowd's mu.
	gone  bool          // guarded by the crowd's mu
}

func newCrowd(site Site) *crowd {
	most := site.Connections
	if most <= 0 {
		most = MaxConnections
	}
	return &crowd{Listener: site.Listener, most: most, trusted: site.Proxies, from: map[netip.Prefix]int{}, waiting: list.New()}
}

// Accept gives the next connection for which there is room.
func (c *crowd) Accept() (net.Conn, error) {
	for {
		conn, err := c.Listener.Accept()
		if err != nil {
			return nil, fmt.Errorf("take a connection: %w", err)
		}
		g := &guest{Conn: conn, crowd: c, home: homeOf(conn)}
		if c.enter(g) {
			return g, nil
		}
		_ = conn.Close() // there is nobody to tell
	}
}

// enter finds room for a newcomer, or says that there is none.
func (c *crowd) enter(g *guest) bool {
	c.mu.Lock()
	full := c.from[g.home] >= max(1, c.most/share) && !c.trusts(g.home)
	var leaves *guest
	if !full && c.open >= c.most {
		if first := c.waiting.Front(); first != nil {
			leaves, _ = first.Value.(*guest)
			c.forget(leaves)
		}
		full = leaves == nil
	}
	if !full {
		c.open++
		c.from[g.home]++
		g.place = c.waiting.PushBack(g)
	}
	c.mu.Unlock()
	if leaves != nil {
		_ = leaves.Conn.Close() // it has said nothing; a browser opens another
	}
	return !full
}

func (c *crowd) trusts(home netip.Prefix) bool {
	return slices.ContainsFunc(c.trusted, func(p netip.Prefix) bool { return p.Contains(home.Addr()) })
}

// forget takes a guest out of the count, once.
func (c *crowd) forget(g *guest) {
	if g.gone {
		return
	}
	g.gone = true
	c.settle(g, false)
	c.open--
	if c.from[g.home]--; c.from[g.home] == 0 {
		delete(c.from, g.home)
	}
}

// settle notes whether a guest waits. What waited already keeps its place.
func (c *crowd) settle(g *guest, waits bool) {
	switch {
	case waits && g.place == nil && !g.gone:
		g.place = c.waiting.PushBack(g)
	case !waits && g.place != nil:
		c.waiting.Remove(g.place)
		g.place = nil
	}
}

// Close leaves the crowd.
func (g *guest) Close() error {
	g.crowd.mu.Lock()
	g.crowd.forget(g)
	g.crowd.mu.Unlock()
	return g.Conn.Close()
}

// CloseWrite says that nothing more comes, so that net/http can end an answer to
// a request that it did not read to the end without the client losing it.
func (g *guest) CloseWrite() error {
	half, ok := g.Conn.(interface{ CloseWrite() error })
	if !ok {
		return nil
	}
	return half.CloseWrite()
}

// watch is the server's ConnState: a connection waits while it is new or
// between two requests.
func (c *crowd) watch(conn net.Conn, state http.ConnState) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	g, ok := conn.(*guest)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(g, state == http.StateNew || state == http.StateIdle)
}

// homeOf is what counts as one address: one of version 4, or a network of 64
// bits of version 6, which is the least that anybody is given (RFC 6177).
func homeOf(conn net.Conn) netip.Prefix {
	tcp, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	addr := tcp.AddrPort().Addr().Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
