package nudge

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/postgres"
)

// Channel is the one channel of PostgreSQL that nudges take.
const Channel = "gatepost"

const (
	sqlTopic = `select desk_topic()`

	// Apart is the least time between two nudges of one page.
	Apart = time.Second

	// After a lost connection the hub tries again, sooner at first.
	firstWait, lastWait = 100 * time.Millisecond, 10 * time.Second

	// A connection that says nothing for so long is asked whether it lives.
	silence = 30 * time.Second
)

// Hub hears nudges and passes them to the open pages of one process. Run it
// once. It is safe for use by many goroutines.
type Hub struct {
	db  *postgres.DB
	dsn string
	log *slog.Logger

	id string // of this hub, in the marks that it gives

	mu     sync.Mutex
	topics map[string]string             // guarded by mu: by agency
	pages  map[string]map[*Page]struct{} // guarded by mu: by topic
	told   map[string]time.Time          // guarded by mu: when each known topic was told last
	others time.Time                     // guarded by mu: when one was told that no page has asked for yet
	deaf   time.Time                     // guarded by mu: until when something may have been missed
}

// New makes a hub. db and dsn are in the role of the staff tier.
func New(db *postgres.DB, dsn string, log *slog.Logger) *Hub {
	return &Hub{db: db, dsn: dsn, log: log, id: strings.ToLower(rand.Text()[:idLength]), topics: map[string]string{}, pages: map[string]map[*Page]struct{}{},
		told: map[string]time.Time{}}
}

// Page is one open page. One goroutine waits on it.
type Page struct {
	hub   *Hub
	topic string
	slot  chan struct{}
	last  time.Time // of the latest nudge that was taken
}

// Open adds a page of an agency. Close it. since is the Mark of the moment at which
// the page was read: what was told between then and now nudges it at once. "", and
// what is no mark, stand for a page that shows nothing yet.
func (h *Hub) Open(ctx context.Context, agency, since string) (*Page, error) {
	topic, err := h.topic(ctx, agency)
	if err != nil {
		return nil, err
	}
	p := &Page{hub: h, topic: topic, slot: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pages[topic] == nil {
		h.pages[topic] = map[*Page]struct{}{}
	}
	h.pages[topic][p] = struct{}{}
	if from, ok := h.moment(since); ok && (!h.told[topic].Before(from) || !h.deaf.Before(from)) {
		p.nudge()
	}
	return p, nil
}

// Mark is now, for a page that is about to be read, and for Open. It says which hub
// it is of and what the clock shows, and no more.
func (h *Hub) Mark() string { return h.id + "." + strconv.FormatInt(time.Now().UnixMilli(), 36) }

// idLength is how many characters of a mark say whose it is.
const idLength = 8

// moment reads a mark. Another process may have another clock, so of its marks a
// second is taken off: such a page may look once more than it has to.
func (h *Hub) moment(mark string) (time.Time, bool) {
	id, at, ok := strings.Cut(mark, ".")
	ms, err := strconv.ParseInt(at, 36, 64)
	if !ok || err != nil || len(id) != idLength || len(at) > maxAt {
		return time.Time{}, false
	}
	from := time.UnixMilli(ms)
	if id != h.id {
		from = from.Add(-Apart)
	}
	return from, true
}

// maxAt is more characters than a moment has for some thousand years.
const maxAt = 10

// topic is the agency's word; it never changes.
func (h *Hub) topic(ctx context.Context, agency string) (string, error) {
	h.mu.Lock()
	topic, ok := h.topics[agency]
	h.mu.Unlock()
	if ok {
		return topic, nil
	}
	// An act, not a read: the first one makes the word.
	err := h.db.Act(ctx, postgres.Scope{Agency: agency}, nil, func(b *pgx.Batch) error {
		b.Queue(sqlTopic).QueryRow(func(row pgx.Row) error { return row.Scan(&topic) })
		return nil
	})
	if err != nil {
		return "", h.db.Fault(fmt.Errorf("read the desk's topic: %w", err))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.topics[agency]; !ok {
		h.topics[agency], h.told[topic] = topic, h.others
	}
	return topic, nil
}

// Close removes the page.
func (p *Page) Close() {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	delete(p.hub.pages[p.topic], p)
	if len(p.hub.pages[p.topic]) == 0 {
		delete(p.hub.pages, p.topic)
	}
}

// C has something in it when the page should look again.
func (p *Page) C() <-chan struct{} { return p.slot }

// Rest is how long the page has to wait before it takes the next nudge from C:
// zero, or what is left of Apart.
func (p *Page) Rest(now time.Time) time.Duration { return max(0, Apart-now.Sub(p.last)) }

// Took notes that a nudge was taken.
func (p *Page) Took(now time.Time) { p.last = now }

// tell nudges the pages of a topic. A page that has one waiting needs no second.
func (h *Hub) tell(topic string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.told[topic]; ok {
		h.told[topic] = time.Now()
	} else {
		h.others = time.Now() // a word that nobody knows, or a forged one: they take no room
	}
	for p := range h.pages[topic] {
		p.nudge()
	}
}

// hears notes that from now on nothing is missed. Every page that is open already
// looks again.
func (h *Hub) hears() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deaf = time.Now()
	for _, pages := range h.pages {
		for p := range pages {
			p.nudge()
		}
	}
}

func (p *Page) nudge() {
	select {
	case p.slot <- struct{}{}:
	default:
	}
}

// Run listens until ctx ends, over as many connections as it takes.
func (h *Hub) Run(ctx context.Context) {
	wait := firstWait
	for ctx.Err() == nil {
		began := time.Now()
		err := h.listen(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > lastWait {
			wait = firstWait
		}
		h.log.WarnContext(ctx, "nudges are not heard; trying again", "in", wait.String(), "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(wait/2 + jitter(wait/2)):
		}
		wait = min(2*wait, lastWait)
	}
}

// jitter is a random part of d, so that many processes do not come at once.
func jitter(d time.Duration) time.Duration {
	var b [8]byte
	rand.Read(b[:]) // never errs (crypto/rand)
	return time.Duration(binary.LittleEndian.Uint64(b[:]) % uint64(d))
}

// listen hears nudges on one connection until it breaks.
func (h *Hub) listen(ctx context.Context) error {
	cfg, err := pgx.ParseConfig(h.dsn)
	if err != nil {
		return fmt.Errorf("read the database address")
	}
	cfg.RuntimeParams["application_name"] = "gatepost nudges"
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return fmt.Errorf("connect to the database: not reached")
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(closing) // broken or ours to end: either way it is gone
	}()
	if _, err := conn.Exec(ctx, "listen "+Channel); err != nil {
		return fmt.Errorf("listen: refused")
	}
	h.hears()
	for {
		n, err := h.next(ctx, conn)
		switch {
		case err != nil:
			return err
		case n != "":
			h.tell(n)
		}
	}
}

// next waits for a notification; "" means that the connection was silent and lives.
func (h *Hub) next(ctx context.Context, conn *pgx.Conn) (string, error) {
	waiting, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	n, err := conn.WaitForNotification(waiting)
	if err == nil {
		return n.Payload, nil
	}
	if ctx.Err() == nil && waiting.Err() != nil {
		asking, cancel := context.WithTimeout(ctx, silence)
		defer cancel()
		err = conn.Ping(asking)
	}
	if err != nil {
		return "", fmt.Errorf("the connection is lost")
	}
	return "", nil
}
