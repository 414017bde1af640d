package postgres_test

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"

	"gatepost/internal/postgres"
)

// wire is what connections of a pool go through in a test: it counts round
// trips and can lose one.
type wire struct {
	mu    sync.Mutex // guards all below
	trips int
	wrote bool
	// onTrip is called before a write that begins a trip, if it is set.
	onTrip func() fate
	lost   bool // what comes back of this trip is lost
}

// fate is what becomes of a trip.
type fate int

const (
	arrives    fate = iota
	lostBefore      // the connection breaks before the server gets it
	lostAfter       // the server carries it out and its answer is lost
)

var errCut = errors.New("the cable is cut")

// option puts the wire under a pool.
func (w *wire) option() postgres.Option {
	return func(cfg *pgxpool.Config, _ *postgres.DB) {
		dial := cfg.ConnConfig.DialFunc
		cfg.ConnConfig.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(ctx, network, addr)
			return &wireConn{Conn: conn, wire: w}, err
		}
	}
}

// count says how many round trips do makes.
func (w *wire) count(do func()) int {
	w.mu.Lock()
	before := w.trips
	w.mu.Unlock()
	do()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.trips - before
}

// arm sets what is asked about each trip from now on.
func (w *wire) arm(f func() fate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.onTrip, w.lost = f, false
}

type wireConn struct {
	net.Conn
	wire *wire
}

func (c *wireConn) Write(b []byte) (int, error) {
	c.wire.mu.Lock()
	becomes := arrives
	if !c.wire.wrote && c.wire.onTrip != nil {
		becomes = c.wire.onTrip()
	}
	c.wire.wrote = true
	c.wire.lost = becomes != arrives
	c.wire.mu.Unlock()
	if becomes == lostBefore {
		return len(b), c.Conn.Close()
	}
	return c.Conn.Write(b)
}

// Read counts a trip when the first answer after a write comes.
func (c *wireConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.wire.mu.Lock()
	defer c.wire.mu.Unlock()
	if c.wire.lost {
		return 0, errors.Join(errCut, c.Conn.Close())
	}
	if n > 0 && c.wire.wrote {
		c.wire.trips++
		c.wire.wrote = false
	}
	return n, err
}
