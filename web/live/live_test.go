package live_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5"

	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/internal/nudge"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
	"gatepost/web"
	"gatepost/web/live"
	"gatepost/web/page/pagetest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// site is one process of the staff tier, with its own hub and listener.
type site struct {
	*accounttest.World
	t      *testing.T
	lines  *live.Lines
	server *httptest.Server
	host   string
	query  string // with which lines are opened
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newSite(t *testing.T, w *accounttest.World) *site {
	t.Helper()
	s := &site{World: w, t: t}
	hub := nudge.New(w.StaffDB, w.Database.DSN(postgres.RoleStaff), accounttest.Log(t))
	s.lines = live.New(hub)
	router, err := web.Staff(web.Config{Assets: pagetest.Assets(t), Now: w.Clock.Now, Log: accounttest.Log(t), Live: s.lines,
		Accounts: w.Staff, Letters: w.Desk, Agencies: w.StaffAgencies, Address: func(string, authz.Tier) string { return "" }})
	must(t, err)
	s.server = httptest.NewServer(router)
	s.host = "desk.oak.example"
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan struct{})
	go func() { hub.Run(ctx); close(ended) }()
	t.Cleanup(func() { s.lines.Close(); s.server.Close(); cancel(); <-ended })
	return s
}

// dial opens a line as a browser with those headers.
func (s *site) dial(token, origin string) (*websocket.Conn, *http.Response, error) {
	s.t.Helper()
	d := websocket.Dialer{NetDialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", s.server.Listener.Addr().String())
	}}
	h := http.Header{"Cookie": {"gps=" + token}}
	if origin != "" {
		h.Set("Origin", origin)
	}
	conn, res, err := d.DialContext(s.t.Context(), "ws://"+s.host+live.Path+s.query, h)
	if conn != nil {
		s.t.Cleanup(func() { _ = conn.Close() })
	}
	return conn, res, err
}

// open opens a line of the world's worker.
func (s *site) open() *websocket.Conn {
	s.t.Helper()
	conn, _, err := s.dial(s.WorkerLogin.Token.Cookie(), "http://"+s.host)
	must(s.t, err)
	return conn
}

func (s *site) nudge(role string) {
	s.t.Helper()
	must(s.t, s.Database.DB(role).Act(s.t.Context(), postgres.Scope{Agency: "oak"}, nil, func(b *pgx.Batch) error {
		b.Queue("select nudge_desk()")
		return nil
	}))
}

// says reads one message.
func says(t *testing.T, conn *websocket.Conn) string {
	t.Helper()
	_, text, err := conn.ReadMessage()
	must(t, err)
	return string(text)
}

// listening waits until both hubs listen, as the database sees it.
func listening(t *testing.T, w *accounttest.World, n int) {
	t.Helper()
	for {
		var got int
		must(t, w.Database.Admin().QueryRow(t.Context(), `select count(*) from pg_stat_activity
			where datname = current_database() and application_name = 'gatepost nudges' and state = 'idle' and query = 'listen gatepost'`).Scan(&got))
		if got == n {
			return
		}
		must(t, t.Context().Err())
	}
}

// Desks of two processes hear of one act, whichever role did it, and of nobody
// else's agency. What is forged does no more.
func TestTwoInstances(t *testing.T) {
	w := accounttest.NewWorld(t)
	one, two := newSite(t, w), newSite(t, w)
	listening(t, w, 2)
	lines := []*websocket.Conn{one.open(), one.open(), two.open()}
	for _, role := range []string{postgres.RolePublic, postgres.RoleStaff, postgres.RoleNotify} {
		one.nudge(role)
		for i, line := range lines {
			if got := says(t, line); got != "reload" {
				t.Errorf("line %d after %s: %q", i, role, got)
			}
		}
	}
	conn := w.Database.Conn(postgres.RolePublic)
	for _, payload := range []string{"", "reload", "nobodysword", strings.Repeat("x", 7000), `{"script":"alert(1)"}`} {
		_, err := conn.Exec(t.Context(), `select pg_notify('gatepost', $1)`, payload)
		must(t, err)
	}
	var topic string
	must(t, w.Database.Admin().QueryRow(t.Context(), `select topic from desk_topic where agency_id = 'oak'`).Scan(&topic))
	_, err := conn.Exec(t.Context(), `select pg_notify('gatepost', $1)`, topic) // overheard and sent again
	must(t, err)
	for i, line := range lines {
		if got := says(t, line); got != "reload" {
			t.Errorf("line %d after forged nudges: %q", i, got)
		}
	}
}

// An act between the reading of a desk and the opening of its line is not lost:
// the page carries when it was read, and its line says so.
func TestBetweenPageAndLine(t *testing.T) {
	w := accounttest.NewWorld(t)
	s := newSite(t, w)
	listening(t, w, 1)
	other := s.open()
	read := func() string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.URL+"/desk", nil)
		must(t, err)
		req.Host = s.host
		req.Header.Set("Cookie", "gps="+w.WorkerLogin.Token.Cookie())
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		body, err := io.ReadAll(res.Body)
		must(t, errors.Join(err, res.Body.Close()))
		_, after, ok := strings.Cut(string(body), `data-live="`)
		mark, _, closed := strings.Cut(after, `"`)
		if !ok || !closed || mark == "" {
			t.Fatalf("the desk, %d, has no mark", res.StatusCode)
		}
		return "?" + live.Since + "=" + mark
	}
	s.query = read()
	s.nudge(postgres.RolePublic)
	if got := says(t, other); got != "reload" {
		t.Error(got)
	}
	if got := says(t, s.open()); got != "reload" { // or it waits for ever
		t.Errorf("a line that opened after the act says %q", got)
	}
}

// Who may open a line at all.
func TestRefused(t *testing.T) {
	w := accounttest.NewTwoAgencies(t)
	s := newSite(t, w)
	_, birth, _ := w.OpenExchange(t)
	family, _ := w.NewPerson(t, birth)
	worker, own := w.WorkerLogin.Token.Cookie(), "http://desk.oak.example"
	for _, c := range []struct {
		name, token, origin, host string
		want                      int
	}{
		{"our page", worker, own, "desk.oak.example", 101},
		{"no origin", worker, "", "desk.oak.example", 403},
		{"another site", worker, "http://desk.oak.example.evil.example", "desk.oak.example", 403},
		{"another port", worker, "http://desk.oak.example:8080", "desk.oak.example", 403},
		{"another scheme", worker, "https://desk.oak.example", "desk.oak.example", 403},
		{"no site", worker, "null", "desk.oak.example", 403},
		{"the families' pages", worker, "http://letters.oak.example", "desk.oak.example", 403},
		{"nobody", "", own, "desk.oak.example", 401},
		{"a made-up session", strings.Repeat("A", 43), own, "desk.oak.example", 401},
		{"a family's session", family.Token.Cookie(), own, "desk.oak.example", 401},
		{"another agency's desk", worker, "http://desk.elm.example", "desk.elm.example", 401},
		{"no agency", worker, "http://desk.ash.example", "desk.ash.example", 404},
	} {
		s.host = c.host
		_, res, err := s.dial(c.token, c.origin)
		if res == nil || res.StatusCode != c.want {
			t.Errorf("%s: %v, %v; want %d", c.name, res, err, c.want)
		}
	}
	// Without the upgrade it is no page.
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.URL+live.Path, nil)
	must(t, err)
	req.Host = "desk.oak.example"
	req.Header.Set("Origin", own)
	req.Header.Set("Cookie", "gps="+worker)
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	must(t, res.Body.Close())
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a plain GET gives %d", res.StatusCode)
	}
}

// Only who sees the desk hears when something happens: each role, a worker who
// waits for the call, and one without a second step.
func TestWhoHears(t *testing.T) {
	w := accounttest.NewWorld(t)
	s := newSite(t, w)
	hears := func(name string, l accounttest.Login, want int) {
		t.Helper()
		_, res, err := s.dial(l.Token.Cookie(), "http://"+s.host)
		if res == nil || res.StatusCode != want {
			t.Errorf("%s: %v, %v; want %d", name, res, err, want)
		}
	}
	for _, role := range authz.Roles()[1:] {
		login, _ := w.NewWorker(t, "Worker of one role", role)
		want := http.StatusForbidden
		if role == authz.LetterboxWorker || role == authz.Manager {
			want = http.StatusSwitchingProtocols
		}
		hears(string(role), login, want)
	}
	paper, err := w.Staff.InviteWorker(t.Context(), w.SignInWorker(t, &w.ManagerLogin), "Iolo Parry", accounttest.Fact)
	must(t, err)
	hold := w.Enrol(t, w.Home.ID, true, paper)
	hears("without a second step", hold, http.StatusForbidden)
	w.SetTOTP(t, w.Home.ID, true, &hold)
	w.SignIn(t, w.Home.ID, true, &hold)
	hears("on hold", hold, http.StatusForbidden)
}

// A line that lies open keeps no session alive.
func TestIdle(t *testing.T) {
	w := accounttest.NewWorld(t)
	s := newSite(t, w)
	idleAt := func() (at time.Time) {
		must(t, w.Database.Admin().QueryRow(t.Context(), `select max(idle_at) from session where tier = 'staff' and account_id = $1`, w.Worker.Account()).Scan(&at))
		return at
	}
	before := idleAt()
	w.Clock.Advance(10 * time.Minute)
	s.open()
	if after := idleAt(); !after.Equal(before) {
		t.Errorf("opening a line moved the session's end from %v to %v", before, after)
	}
	w.Clock.Advance(11 * time.Minute)
	if _, res, err := s.dial(w.WorkerLogin.Token.Cookie(), "http://"+s.host); res == nil || res.StatusCode != http.StatusUnauthorized {
		t.Errorf("after 21 minutes: %v", err)
	}
}

// A line whose session has ended is closed, with the word that it is over.
func TestSignedOut(t *testing.T) {
	w := accounttest.NewWorld(t)
	s := newSite(t, w)
	s.lines.Beat(10 * time.Millisecond)
	listening(t, w, 1)
	line := s.open()
	must(t, w.Staff.SignOut(t.Context(), w.Home.ID, w.WorkerLogin.Token))
	if _, _, err := line.ReadMessage(); !websocket.IsCloseError(err, websocket.ClosePolicyViolation) {
		t.Errorf("after signing out: %v", err)
	}
}

// A line that was nudged hears nothing more while it rests, and the rest of it after.
func TestOnceASecond(t *testing.T) {
	w := accounttest.NewWorld(t)
	s := newSite(t, w)
	usual := newSite(t, w)
	listening(t, w, 2)
	other := usual.open()
	s.lines.Rest(time.Hour)
	line := s.open()
	for range 2 {
		s.nudge(postgres.RoleStaff)
		if got := says(t, other); got != "reload" {
			t.Error(got)
		}
	}
	if got := says(t, line); got != "reload" {
		t.Error(got)
	}
	s.lines.Close()
	if _, text, err := line.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Errorf("a line that rests hears %q, %v", text, err)
	}
}

// When the process drains every line is told, and no new one is taken.
func TestDrain(t *testing.T) {
	w := accounttest.NewWorld(t)
	s := newSite(t, w)
	listening(t, w, 1)
	line := s.open()
	s.lines.Close()
	_, _, err := line.ReadMessage()
	if !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Errorf("a line at the drain: %v", err)
	}
	if _, res, _ := s.dial(w.WorkerLogin.Token.Cookie(), "http://"+s.host); res == nil || res.StatusCode != http.StatusServiceUnavailable {
		t.Error("a line was opened after the drain")
	}
}

// Whoever sends more than a few bytes is cut off.
func TestReadLimit(t *testing.T) {
	w := accounttest.NewWorld(t)
	s := newSite(t, w)
	listening(t, w, 1)
	line := s.open()
	must(t, line.WriteMessage(websocket.TextMessage, make([]byte, 1000)))
	_, _, err := line.ReadMessage()
	if closed, ok := errors.AsType[*websocket.CloseError](err); !ok || closed.Code != websocket.CloseMessageTooBig {
		t.Errorf("a long message: %v", err)
	}
}
