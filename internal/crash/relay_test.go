package crash_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
)

// fate is the moment of a trip in which somebody is killed.
type fate int

const (
	unsent   fate = iota // nothing of the trip has reached the database
	torn                 // a part of it has, as long as chance will have it
	unended              // all but its last statement has: mostly the commit
	flying               // all of it has; the database is at work
	unread               // the database has answered; nobody has read it
	answered             // the answer was read; the browser knows nothing yet
)

func fates() []fate { return []fate{unsent, torn, unended, flying, unread, answered} }

func (f fate) String() string {
	return [...]string{"unsent", "torn", "unended", "flying", "unread", "answered"}[f]
}

// ambush is a kill that waits on the way.
type ambush struct {
	trip int     // the one to kill in, from 1
	fate fate    // when in it
	part float64 // how much of a torn trip is sent, in [0, 1)
	// kill ends somebody and returns when they have ended. cut says that the
	// server is gone, and its connections with it.
	kill func() (cut bool)

	sprung bool
}

// relay stands between one server and PostgreSQL. It passes on a trip at a time
// and counts those that run statements. The ones that only prepare, or look
// whether a connection lives, depend on what the pool has done before, and are
// not counted.
type relay struct {
	listener net.Listener
	upstream string // PostgreSQL's socket

	mu     sync.Mutex // guards all below
	trips  int
	ambush *ambush
	conns  sync.WaitGroup
}

// socketName is where a client of PostgreSQL looks in the folder it is given.
const socketName = ".s.PGSQL.5432"

// newRelay listens in dir for connections to the socket in the folder upstream.
func newRelay(dir, upstream string) (*relay, error) {
	l, err := net.Listen("unix", filepath.Join(dir, socketName))
	if err != nil {
		return nil, err
	}
	r := &relay{listener: l, upstream: filepath.Join(upstream, socketName)}
	r.conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed
			}
			r.conns.Go(func() { r.pass(conn) })
		}
	})
	return r, nil
}

// close ends the relay once its server has ended.
func (r *relay) close() {
	_ = r.listener.Close() // nobody dials any more
	r.conns.Wait()
}

// arm counts from now on and waits with a, if it is not nil.
func (r *relay) arm(a *ambush) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trips, r.ambush = 0, a
}

// disarm says how many trips there were and whether the ambush was sprung.
func (r *relay) disarm() (trips int, sprung bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	sprung = r.ambush != nil && r.ambush.sprung
	r.ambush = nil
	return r.trips, sprung
}

// waits counts a trip and gives the ambush that lies in it, if any.
func (r *relay) waits() *ambush {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trips++
	if r.ambush == nil || r.trips != r.ambush.trip {
		return nil
	}
	r.ambush.sprung = true
	return r.ambush
}

// pass carries one connection, trip by trip: the client of a trip waits for
// all of its answer before it begins the next one.
func (r *relay) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("unix", r.upstream)
	if err != nil {
		return // the database is down; so is the connection to it
	}
	defer server.Close()
	from, to := bufio.NewReader(client), bufio.NewReader(server)
	greeting, err := packet(from, nil)
	if err != nil || carry(greeting, client, server, to) != nil {
		return
	}
	for {
		trip, runs, err := readTrip(from)
		if err != nil {
			_, _ = server.Write(trip) // its goodbye, if it said one
			return
		}
		var a *ambush
		if runs {
			a = r.waits()
		}
		if a == nil {
			err = carry(trip, client, server, to)
		} else {
			err = a.carry(trip, client, server, to)
		}
		if err != nil {
			return
		}
	}
}

// carry takes a trip there and its answer back.
func carry(trip []byte, client, server net.Conn, to *bufio.Reader) error {
	if _, err := server.Write(trip); err != nil {
		return err
	}
	return back(client, to)
}

// back carries an answer. Of one that breaks off, what there is: it may say why.
func back(client net.Conn, to *bufio.Reader) error {
	answer, err := readAnswer(to)
	_, unheard := client.Write(answer)
	return errors.Join(err, unheard)
}

var errCut = errors.New("killed")

// carry does the same and kills on the way.
func (a *ambush) carry(trip []byte, client, server net.Conn, to *bufio.Reader) error {
	var answer []byte
	send := func(b []byte) error { _, err := server.Write(b); return err }
	cut := 1 + int(a.part*float64(len(trip)-1))
	if a.fate == unended {
		cut = lastStatement(trip)
	}
	for _, step := range []struct {
		at fate
		do func() error
	}{
		{unsent, func() error { return send(trip[:cut]) }},
		{torn, func() error { return nil }},
		{unended, func() error { return send(trip[cut:]) }},
		{flying, func() (err error) { answer, err = readAnswer(to); return err }},
		{unread, func() error { _, err := client.Write(answer); return err }},
		{answered, func() error { return nil }},
	} {
		if step.at == a.fate && a.kill() {
			return errCut
		}
		if err := step.do(); err != nil {
			return err
		}
	}
	return nil
}

// readTrip reads messages up to the end of a pipeline, or one simple query
// (PostgreSQL 53.2.3, 53.2.4, 53.7). runs: it executes something. At the end of
// the connection it gives what was said before, with an error.
func readTrip(r *bufio.Reader) (trip []byte, runs bool, err error) {
	for {
		kind, err := r.ReadByte()
		if err != nil {
			return trip, runs, err
		}
		if trip, err = packet(r, append(trip, kind)); err != nil {
			return nil, runs, err
		}
		switch kind {
		case 'E': // Execute
			runs = true
		case 'S', 'Q', 'H': // Sync, Query, Flush
			return trip, runs, nil
		case 'X': // Terminate
			return trip, runs, io.EOF
		}
	}
}

// lastStatement is where the last statement of a trip begins: its Bind.
func lastStatement(trip []byte) (last int) {
	for at := 0; at < len(trip); at += 1 + int(binary.BigEndian.Uint32(trip[at+1:])) {
		if trip[at] == 'B' {
			last = at
		}
	}
	return last
}

// readAnswer reads messages until the server is ready for more, and gives what
// there was if it never is.
func readAnswer(r *bufio.Reader) (answer []byte, err error) {
	for {
		kind, err := r.ReadByte()
		if err != nil {
			return answer, err
		}
		whole, err := packet(r, append(answer, kind))
		if err != nil {
			return answer, err
		}
		if answer = whole; kind == 'Z' { // ReadyForQuery
			return answer, nil
		}
	}
}

// packet appends a length and what it counts.
func packet(r *bufio.Reader, to []byte) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n < 4 || n > 64<<20 {
		return nil, fmt.Errorf("a message of %d bytes", n)
	}
	body := make([]byte, n-4)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	return append(append(to, head[:]...), body...), nil
}
