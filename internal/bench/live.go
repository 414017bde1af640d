package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"gatepost/internal/authz"
	"gatepost/internal/nudge"
	"gatepost/internal/postgres"
	"gatepost/web"
	"gatepost/web/assets"
	"gatepost/web/live"
)

// How many desks lie open, over how many instances, and how often they are told.
const (
	desks      = 1000
	instances  = 2
	liveRounds = 10
	lineBuffer = 512
	hearTime   = 30 * time.Second
)

// measureLive has desks lie open over two instances of the staff tier (two
// listeners, two hubs) on one PostgreSQL, and measures from the beginning of an
// act until each desk has heard of it. The floor is a hub of gorilla/websocket
// and nothing else: no database, no session, no agency, no pause; its act is a
// call. Memory is the growth of this process for one line; whoever hears at its
// other end has no more than a number of the kernel's.
func measureLive(ctx context.Context, print func(Result) error) (err error) {
	files, err := assets.Load(assets.FS())
	if err != nil {
		return err
	}
	w, err := newWorld(ctx, 1, 1)
	if err != nil {
		return fmt.Errorf("make the bench's world: %w", err)
	}
	defer func() { err = errors.Join(err, w.close(ctx)) }()
	result, err := w.live(ctx, files, desks, liveRounds)
	if err != nil {
		return err
	}
	return print(result)
}

// live measures n desks, which are told so many times.
func (w *world) live(ctx context.Context, files *assets.Set, n, rounds int) (r Result, err error) {
	pool, err := pgxpool.New(ctx, w.server.DSN(postgres.RoleStaff, database))
	if err != nil {
		return r, errors.New("connect the bench's acts")
	}
	w.pools = append(w.pools, pool)
	ours, err := w.openDesks(ctx, files, n)
	defer func() { err = errors.Join(err, ours.close()) }()
	if err != nil {
		return r, err
	}
	bare, err := openBare(n)
	defer func() { err = errors.Join(err, bare.close()) }()
	if err != nil {
		return r, err
	}
	real := func() error { return act(ctx, pool) }
	conn, err := pgx.Connect(ctx, w.server.DSN(postgres.RoleAdmin, database))
	if err != nil {
		return r, errors.New("connect to count")
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	var our, their sample
	var before int64
	for round := range rounds + 1 {
		o, err := w.told(ours, real)
		if err != nil {
			return r, fmt.Errorf("live: %w", err)
		}
		f, err := w.told(&bare.room, bare.tell)
		if err != nil {
			return r, fmt.Errorf("floor of live: %w", err)
		}
		time.Sleep(nudge.Apart + 100*time.Millisecond) // a desk takes one nudge a second
		if round > 0 {
			our.add(o)
			their.add(f)
		} else if before, err = postgres.Commits(ctx, conn); err != nil {
			return r, err
		}
	}
	after, err := postgres.Commits(ctx, conn)
	if err != nil {
		return r, err
	}
	return Result{Bench: "live", N: len(our.items), PerSecond: our.perSecond(), P50: our.percentile(0.5), P99: our.percentile(0.99),
		CPU: our.perItem(our.cpu.own + our.cpu.database), CPUDatabase: our.perItem(our.cpu.database),
		FloorCPU: their.perItem(their.cpu.own + their.cpu.database), Commits: float64(after-before) / float64(len(our.items)),
		FloorPerSecond: their.perSecond(), Ratio: our.perSecond() / their.perSecond(), RSS: highWater(),
		PerConnection: ours.perLine, FloorPerConnection: bare.perLine}, nil
}

// act is an act of a worker that writes something and nudges the desks.
func act(ctx context.Context, pool *pgxpool.Pool) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		b.Queue(`select set_config('gatepost.agency', $1, true)`, home)
		b.Queue(`insert into refusal (agency_id, account_id, act, object) values (agency(), 'bench', 'seeDesk', '-')`)
		b.Queue(`select nudge_desk()`)
		return tx.SendBatch(ctx, b).Close()
	})
}

// room is some servers with lines to them.
type room struct {
	servers []*http.Server
	ears    *ears
	perLine float64 // KiB of this process for a line
	ends    []func()
}

// add serves a handler on loopback and gives its address.
func (r *room) add(h http.Handler) (netip.AddrPort, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("listen for the bench: %w", err)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	r.servers = append(r.servers, s)
	go func() { _ = s.Serve(l) }() // ends when the bench closes it
	return l.Addr().(*net.TCPAddr).AddrPort(), nil
}

// fill opens n lines, by turns to each address, and measures what they take:
// what the first tenth brings up once (connections to the database, buffers,
// caches) is not counted.
func (r *room) fill(n int, addresses []netip.AddrPort, cookie string) error {
	r.ears = newEars(n)
	before := 0.0
	for i := range n {
		if i == n/10 {
			before = resident()
		}
		if err := r.ears.open(addresses[i%len(addresses)], cookie); err != nil {
			return fmt.Errorf("open lines: %w", err)
		}
	}
	r.perLine = (resident() - before) / float64(n-n/10)
	r.ears.listen()
	return nil
}

func (r *room) close() error {
	if r == nil {
		return nil
	}
	for _, end := range r.ends {
		end()
	}
	var err error
	for _, s := range r.servers {
		err = errors.Join(err, s.Close())
	}
	if r.ears != nil {
		r.ears.close()
	}
	return err
}

// told does something once and waits until every line has heard of it.
func (w *world) told(r *room, do func() error) (sample, error) {
	late := time.NewTimer(hearTime)
	defer late.Stop()
	cpu, began := w.cpu(), time.Now()
	if err := do(); err != nil {
		return sample{}, err
	}
	s := sample{}
	for range r.ears.n() {
		select {
		case at := <-r.ears.heard:
			s.items = append(s.items, at.Sub(began))
		case <-late.C:
			return s, fmt.Errorf("%d of %d lines have heard nothing", r.ears.n()-len(s.items), r.ears.n())
		}
	}
	s.wall, s.cpu = time.Since(began), w.cpu().since(cpu)
	return s, nil
}

// openDesks has a worker's desks lie open over the instances.
func (w *world) openDesks(ctx context.Context, files *assets.Set, n int) (*room, error) {
	r := &room{}
	var addresses []netip.AddrPort
	for range instances {
		hub := w.staff.Nudges()
		lines := live.New(hub)
		router, err := web.Staff(web.Config{Accounts: w.desk.Accounts, Letters: w.desk.Letters, Cases: w.desk.Cases, Agencies: w.staff.Agencies, Now: w.now, Live: lines,
			Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Assets: files, Address: func(string, authz.Tier) string { return "" }})
		if err != nil {
			return r, err
		}
		address, err := r.add(router)
		if err != nil {
			return r, err
		}
		addresses = append(addresses, address)
		listening, stop := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() { hub.Run(listening); close(done) }()
		r.ends = append(r.ends, func() { lines.Close(); stop(); <-done })
	}
	return r, r.fill(n, addresses, "gps="+w.worker.Cookie())
}

// bareHub is the floor: two servers, and one loop over all lines.
type bareHub struct {
	room
	mu    sync.Mutex
	conns []chan struct{} // guarded by mu
}

// openBare opens lines to a hub that asks for nothing.
func openBare(n int) (*bareHub, error) {
	h := &bareHub{}
	up := websocket.Upgrader{ReadBufferSize: lineBuffer, WriteBufferSize: lineBuffer, WriteBufferPool: &sync.Pool{}}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := up.Upgrade(w, r, nil); err == nil {
			h.take(conn)
		}
	})
	var addresses []netip.AddrPort
	for range instances {
		address, err := h.add(handler)
		if err != nil {
			return h, err
		}
		addresses = append(addresses, address)
	}
	return h, h.fill(n, addresses, "none=none")
}

// take adds a line: one goroutine writes, one reads until the end.
func (h *bareHub) take(conn *websocket.Conn) {
	slot := make(chan struct{}, 1)
	gone := make(chan struct{})
	h.mu.Lock()
	h.conns = append(h.conns, slot)
	h.mu.Unlock()
	go func() {
		defer close(gone)
		for {
			if _, _, err := conn.NextReader(); err != nil {
				return
			}
		}
	}()
	go func() {
		defer func() { _ = conn.Close() }() // the other end may be gone already
		for {
			select {
			case <-slot:
				if conn.WriteMessage(websocket.TextMessage, []byte("reload")) != nil {
					return
				}
			case <-gone:
				return
			}
		}
	}()
}

func (h *bareHub) tell() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, slot := range h.conns {
		slot <- struct{}{}
	}
	return nil
}

// resident is the memory of this process after everything that is garbage was
// given back, in KiB.
func resident() float64 {
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				return 0
			}
			return kib
		}
	}
	return 0
}
