package server_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"testing"
	"time"

	"gatepost/internal/server"
)

// crowded serves with room for so many, on one address. A page is as long as
// the test lets it take.
type crowded struct {
	address       string
	begun, finish chan struct{}
}

func newCrowded(t *testing.T, most int, proxies ...netip.Prefix) *crowded {
	t.Helper()
	c := &crowded{begun: make(chan struct{}), finish: make(chan struct{})}
	l := listen(t)
	c.address = l.Addr().String()
	run(t, quiet(t), server.Site{Name: "public", Listener: l, Connections: most, Proxies: proxies,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				c.begun <- struct{}{}
				<-c.finish
			}
			w.WriteHeader(http.StatusNoContent)
		})})
	return c
}

// dial connects from an address of this machine.
func (c *crowded) dial(t *testing.T, from string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := d.DialContext(t.Context(), "tcp", c.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// asks sends a request and gives the status, or 0 where the connection was closed.
func asks(t *testing.T, conn net.Conn, path string) int {
	t.Helper()
	if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: letters.oak.example\r\n\r\n"); err != nil {
		return 0
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	return answer.StatusCode
}

// closed waits until the other end has closed, for less than it takes the server
// to lose patience with somebody who says nothing.
func closed(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(server.HeaderTime / 2)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 1)); n != 0 || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("something was said: %d, %v", n, err)
	}
}

// Who waits longest in silence makes room; who asked and waits for the answer
// does not.
func TestCrowd_MakesRoom(t *testing.T) {
	c := newCrowded(t, 4, netip.MustParsePrefix("127.0.0.0/8"))
	busy := c.dial(t, "127.0.0.2")
	answered := make(chan int, 1)
	go func() { answered <- asks(t, busy, "/slow") }()
	<-c.begun
	kept := c.dial(t, "127.0.0.3") // asked once, and waits since
	if got := asks(t, kept, "/"); got != http.StatusNoContent {
		t.Fatalf("got %d", got)
	}
	silent := []net.Conn{c.dial(t, "127.0.0.4"), c.dial(t, "127.0.0.5")}
	for i := range 3 {
		if got := asks(t, c.dial(t, "127.0.0.6"), "/"); got != http.StatusNoContent {
			t.Errorf("newcomer %d: %d", i, got)
		}
	}
	for _, conn := range append(silent, kept) {
		closed(t, conn)
	}
	close(c.finish)
	if got := <-answered; got != http.StatusNoContent {
		t.Errorf("who was being answered got %d", got)
	}
}

// Where all are being answered, a newcomer is turned away, and comes in later.
func TestCrowd_Full(t *testing.T) {
	c := newCrowded(t, 2, netip.MustParsePrefix("127.0.0.0/8"))
	answered := make(chan int, 2)
	for range 2 {
		conn := c.dial(t, "127.0.0.2")
		go func() { answered <- asks(t, conn, "/slow") }()
		<-c.begun
	}
	closed(t, c.dial(t, "127.0.0.3"))
	close(c.finish)
	for range 2 {
		if got := <-answered; got != http.StatusNoContent {
			t.Errorf("who was being answered got %d", got)
		}
	}
	// The server knows a moment after the client that an answer was the last.
	for asks(t, c.dial(t, "127.0.0.3"), "/") != http.StatusNoContent {
	}
}

// One address has its share, and others come in. A trusted proxy has all.
func TestCrowd_Share(t *testing.T) {
	c := newCrowded(t, 16)
	first, second := c.dial(t, "127.0.0.2"), c.dial(t, "127.0.0.2")
	for _, conn := range []net.Conn{first, second} {
		if got := asks(t, conn, "/"); got != http.StatusNoContent {
			t.Fatalf("got %d", got)
		}
	}
	closed(t, c.dial(t, "127.0.0.2"))
	if got := asks(t, c.dial(t, "127.0.0.3"), "/"); got != http.StatusNoContent {
		t.Errorf("another address: %d", got)
	}
	if got := asks(t, first, "/"); got != http.StatusNoContent {
		t.Errorf("who was there: %d", got)
	}
	if err := errors.Join(first.Close(), second.Close()); err != nil {
		t.Fatal(err)
	}
	// Closed here is closed there in a moment.
	for asks(t, c.dial(t, "127.0.0.2"), "/") == 0 {
	}
	proxied := newCrowded(t, 16, netip.MustParsePrefix("127.0.0.2/32"))
	for range 8 {
		if got := asks(t, proxied.dial(t, "127.0.0.2"), "/"); got != http.StatusNoContent {
			t.Errorf("a trusted proxy: %d", got)
		}
	}
}
