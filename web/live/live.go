package live

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/nudge"
	"gatepost/web/account"
	"gatepost/web/page"
)

// Path is where a page opens its line.
const Path = "/live"

// Since is the name under which a page says what Lines.Mark was when it was read.
const Since = "since"

// word is all that is ever said.
const word = "reload"

// The limits of a line. A ping goes out at each beat; every second one the
// session is looked at.
const (
	beat      = 30 * time.Second
	deadAfter = 75 * time.Second // without a sign of life
	writeTime = 10 * time.Second
	lookTime  = 10 * time.Second
	buffer    = 512 // bytes each way
	mayRead   = 64  // bytes of one message; a browser of ours sends none
)

// Lines are the open lines of one process. Make them once, and Close them when
// the process drains.
type Lines struct {
	hub     *nudge.Hub
	ending  chan struct{}
	end     sync.Once
	open    sync.WaitGroup
	upgrade websocket.Upgrader
	beat    time.Duration                   // between two pings
	rest    func(*nudge.Page) time.Duration // after a nudge, before the next
}

// New makes the lines of a process. The hub is run by the caller.
func New(hub *nudge.Hub) *Lines {
	l := &Lines{hub: hub, ending: make(chan struct{}), beat: beat, rest: func(p *nudge.Page) time.Duration { return p.Rest(time.Now()) }}
	l.upgrade = websocket.Upgrader{HandshakeTimeout: writeTime, ReadBufferSize: buffer, WriteBufferSize: buffer,
		WriteBufferPool: &sync.Pool{},
		// Looked at before, with an answer that is a page of ours.
		CheckOrigin: func(*http.Request) bool { return true },
		Error:       func(http.ResponseWriter, *http.Request, int, error) {}}
	return l
}

// Close says goodbye on every line and waits until all are gone. No new one is
// taken.
func (l *Lines) Close() {
	l.end.Do(func() { close(l.ending) })
	l.open.Wait()
}

// Mark is now, for a page that is about to be read: its line is told at once of
// what has changed by the time that it opens.
func (l *Lines) Mark() string { return l.hub.Mark() }

// Routes is the one line of the route table, for the staff tier.
func (l *Lines) Routes(s *account.Sessions) []page.Route {
	return []page.Route{{Method: http.MethodGet, Pattern: Path, Who: account.LeftOpen,
		Handler: func(w http.ResponseWriter, r *http.Request) error { return l.serve(w, r, s) }}}
}

// serve opens a line. Forbidden: the page that asks is not ours, or who asks sees
// no desk; Invalid: it
// asks for no WebSocket; Busy: we are stopping.
func (l *Lines) serve(w http.ResponseWriter, r *http.Request, s *account.Sessions) error {
	if !ours(r, s.Site.Secure) {
		return fault.New(fault.Forbidden, "fault.forbidden")
	}
	if err := s.LeftMay(r, authz.SeeDesk); err != nil {
		return err // the desk is the only page with a line; when something happens is nobody else's to hear
	}
	if !websocket.IsWebSocketUpgrade(r) {
		return fault.New(fault.Invalid, "fault.invalid")
	}
	select {
	case <-l.ending:
		return fault.New(fault.Busy, "fault.busy")
	default:
	}
	p, err := l.hub.Open(r.Context(), s.Agency(r).ID, page.Query(r).Get(Since))
	if err != nil {
		return err
	}
	conn, err := l.upgrade.Upgrade(w, r, http.Header{})
	if err != nil {
		p.Close()
		return fault.Wrap(fault.Invalid, "fault.invalid", fmt.Errorf("open a line: %w", err))
	}
	conn.SetReadLimit(mayRead)
	gone := make(chan struct{})
	l.open.Go(func() { listen(conn, gone) })
	still := s.Still(r)
	l.open.Go(func() { l.speak(conn, p, still, gone) })
	return nil
}

// ours tells whether the page that opens a line is one of this very site:
// scheme, host and port. The host was found to be an agency's before.
func ours(r *http.Request, secure bool) bool {
	scheme := "http://"
	if secure {
		scheme = "https://"
	}
	origins := r.Header.Values("Origin")
	return len(origins) == 1 && origins[0] == scheme+r.Host
}

// listen throws away what comes, and notices the end.
func listen(conn *websocket.Conn, gone chan<- struct{}) {
	defer close(gone)
	alive := func(string) error { return conn.SetReadDeadline(time.Now().Add(deadAfter)) }
	conn.SetPongHandler(alive)
	if alive("") != nil {
		return
	}
	for {
		if _, _, err := conn.NextReader(); err != nil {
			return
		}
	}
}

// speak says what there is to say until the line, the session or the process
// ends.
func (l *Lines) speak(conn *websocket.Conn, p *nudge.Page, still func(context.Context) error, gone <-chan struct{}) {
	defer p.Close()
	defer func() { _ = conn.Close() }() // the other end may be gone already
	beats := time.NewTicker(l.beat)
	defer beats.Stop()
	nudges, rested := p.C(), (<-chan time.Time)(nil)
	for n := 1; ; {
		select {
		case <-gone:
			return
		case <-l.ending:
			bye(conn, websocket.CloseGoingAway)
			return
		case <-nudges:
			p.Took(time.Now())
			if write(conn, websocket.TextMessage, []byte(word)) != nil {
				return
			}
			nudges, rested = nil, time.After(l.rest(p))
		case <-rested:
			nudges, rested = p.C(), nil
		case <-beats.C:
			if n++; n%2 == 0 && ended(still) {
				bye(conn, websocket.ClosePolicyViolation)
				return
			}
			if write(conn, websocket.PingMessage, nil) != nil {
				return
			}
		}
	}
}

// ended tells whether the session is over. A database that is away ends nothing.
func ended(still func(context.Context) error) bool {
	ctx, cancel := context.WithTimeout(context.Background(), lookTime)
	defer cancel()
	return fault.KindOf(still(ctx)) == fault.SignIn
}

func write(conn *websocket.Conn, kind int, text []byte) error {
	if err := conn.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	return conn.WriteMessage(kind, text)
}

func bye(conn *websocket.Conn, code int) {
	_ = write(conn, websocket.CloseMessage, websocket.FormatCloseMessage(code, "")) // whoever is gone hears nothing
}
