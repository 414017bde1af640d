package crash_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"gatepost/crypto/passphrase"
	"gatepost/crypto/passphrase/passphrasetest"
	"gatepost/crypto/session"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/demo"
	"gatepost/internal/keyfile"
	"gatepost/internal/nudge"
	"gatepost/internal/postgres"
	"gatepost/internal/server"
	"gatepost/internal/tier"
	"gatepost/letterbox"
	"gatepost/web"
	"gatepost/web/assets"
	"gatepost/web/live"
)

// envServe makes this test's binary a server, with settings.
const envServe = "GATEPOST_TEST_CRASH_SERVE"

// settings are those of one server.
type settings struct {
	Dir    string // with keys and stanza
	Socket string // the folder of its database's socket
	Name   string // by which the database knows it

	Tiers   []authz.Tier // which it serves
	Proxied bool         // what stands before it on this machine is believed about addresses
	Beside  bool         // with what runs beside the pages: the clock, the queue, open desks
	Direct  string       // the folder of the database's own socket, for what runs beside the pages
	Costly  bool         // passphrases cost as much as in use
	Most    int          // connections; 0 for what is usual
}

// loopback is where proxies of the test stand.
func (s settings) proxies() []netip.Prefix {
	if !s.Proxied {
		return nil
	}
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
}

func (s settings) work() *passphrase.Work {
	if s.Costly {
		return &passphrase.Work{}
	}
	return passphrasetest.Fast()
}

const database = "gatepost"

func (s settings) dsn(role string) string {
	return fmt.Sprintf("host='%s' port=5432 user=%s dbname=%s sslmode=disable application_name=%s", s.Socket, role, database, s.Name)
}

// openTier opens a tier as a server has it.
func (s settings) openTier(ctx context.Context, side authz.Tier, log *slog.Logger) (*tier.Tier, error) {
	world, err := demo.At(s.Dir).Load()
	if err != nil {
		return nil, err
	}
	keys, err := keyfile.Load(filepath.Join(s.Dir, "keys", string(side)), side)
	if err != nil {
		return nil, err
	}
	role := map[authz.Tier]string{authz.Public: postgres.RolePublic, authz.Staff: postgres.RoleStaff}[side]
	return tier.Open(ctx, tier.Config{Tier: side, DSN: s.dsn(role), Keys: keys, Stanzas: []agency.Stanza{world.Stanza}, State: filepath.Join(s.Dir, "state-"+string(side)),
		Gate: passphrase.NewGate(), Work: s.work(), Log: log})
}

// serve is a server, composed as the program's own. It says on standard output
// where it listens, and ends as in use when it is told to, or when its standard
// input does.
func serve(text string) error {
	var s settings
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return err
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	set, err := assets.Load(fstest.MapFS{"app.css": {}, "app.js": {}, "favicon.svg": {}})
	if err != nil {
		return err
	}
	p := &process{settings: s, log: log, addresses: map[authz.Tier]string{}}
	defer func() { p.running.Wait() }()
	for _, side := range s.Tiers {
		t, err := s.openTier(ctx, side, log)
		if err != nil {
			return err
		}
		defer t.Close()
		if err := p.add(ctx, side, t, set); err != nil {
			return err
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // until the test is gone
		cancel()
	}()
	if err := json.NewEncoder(os.Stdout).Encode(p.addresses); err != nil {
		return err
	}
	err = server.Run(ctx, log, p.sites...)
	cancel()
	return err
}

// process is one server while it is put together.
type process struct {
	settings
	log       *slog.Logger
	sites     []server.Site
	addresses map[authz.Tier]string
	running   sync.WaitGroup // what runs beside the pages
}

// add puts a tier's pages together.
func (p *process) add(ctx context.Context, side authz.Tier, t *tier.Tier, set *assets.Set) error {
	// One person writes all the letters here.
	letters := t.Letters.WithLimits(letterbox.Limits{Text: letterbox.MaxText, LettersADay: 1 << 20})
	config := web.Config{Accounts: t.Accounts, Letters: letters, Cases: t.Cases, Notices: t.Notices, Agencies: t.Agencies, Assets: set, Now: time.Now, Log: p.log,
		Proxies: p.proxies(), Address: func(string, authz.Tier) string { return "http://" + demo.PublicHost }}
	site := server.Site{Name: string(side), Connections: p.Most, Proxies: p.proxies()}
	if p.Beside {
		if err := p.beside(ctx, side, t, &config, &site); err != nil {
			return err
		}
	}
	pages := web.Public
	if side == authz.Staff {
		pages = web.Staff
	}
	var err error
	if site.Handler, err = pages(config); err != nil {
		return err
	}
	if site.Listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	p.sites, p.addresses[side] = append(p.sites, site), site.Listener.Addr().String()
	return nil
}

// beside starts what runs beside the pages. It asks the database by a way of
// its own, so that trips of requests can be counted.
func (p *process) beside(ctx context.Context, side authz.Tier, t *tier.Tier, config *web.Config, site *server.Site) error {
	p.running.Go(func() { t.Sweep(ctx) })
	if side != authz.Staff {
		p.guard(ctx, t, nil)
		return nil
	}
	direct := p.settings
	direct.Socket = p.Direct
	keys, err := keyfile.Load(filepath.Join(p.Dir, "keys", string(side)), side)
	if err != nil {
		return err
	}
	n, err := tier.OpenNotifier(ctx, tier.NotifierConfig{DSN: direct.dsn(postgres.RoleNotify), Agencies: t.Agencies, Keys: keys, Log: p.log})
	if err != nil {
		return err
	}
	p.running.Go(func() {
		if err := n.Run(ctx, server.DrainTime); err != nil {
			p.log.Error("the jobs", "error", err)
		}
		n.Close()
	})
	db, err := postgres.Open(ctx, direct.dsn(postgres.RoleStaff), postgres.WithConnections(1))
	if err != nil {
		return err
	}
	hub := nudge.New(db, direct.dsn(postgres.RoleStaff), p.log)
	p.running.Go(func() {
		hub.Run(ctx)
		db.Close()
	})
	p.guard(ctx, t, hub)
	config.Live = live.New(hub)
	site.Drain = config.Live.Close
	return nil
}

// guard holds a tier to the log that it has seen. What it has against it is
// said in the log of the server, and no test takes that.
func (p *process) guard(ctx context.Context, t *tier.Tier, hub *nudge.Hub) {
	p.running.Go(func() {
		if err := t.Guard(ctx, hub); err != nil {
			p.log.Error("ALARM: the log", "error", err)
		}
	})
}

// running is a server in a process of its own, behind a relay of its own.
type running struct {
	settings
	relay     *relay
	cmd       *exec.Cmd
	addresses map[authz.Tier]string
	ended     chan struct{} // closed when the process has ended

	mu  sync.Mutex
	log bytes.Buffer // guarded by mu
}

// Write takes in what the server logs.
func (s *running) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(b)
}

func (s *running) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// start starts a server and waits until it listens. It is killed at the end of
// the test, whose log then has what it said if the test has failed. A server
// never sees anything wrong with what is stored.
func (w *world) start(t *testing.T) *running {
	t.Helper()
	return w.startAs(t, settings{Tiers: []authz.Tier{authz.Public, authz.Staff}})
}

// startAs starts a server with settings of its own, of which the places and the
// name are filled in.
func (w *world) startAs(t *testing.T, own settings) *running {
	t.Helper()
	w.started++
	own.Dir, own.Name, own.Direct = w.dir, fmt.Sprintf("server%d", w.started), w.socket(t)
	s := &running{settings: own, ended: make(chan struct{})}
	s.Socket = filepath.Join(w.relays, s.Name)
	must(t, os.Mkdir(s.Socket, 0o700))
	var err error
	s.relay, err = newRelay(s.Socket, s.Direct)
	must(t, err)
	text, err := json.Marshal(s.settings)
	must(t, err)
	self, err := os.Executable()
	must(t, err)
	s.cmd = exec.Command(self)
	s.cmd.Env, s.cmd.Stderr = append(os.Environ(), envServe+"="+string(text)), s
	_, err = s.cmd.StdinPipe()
	must(t, err)
	out, err := s.cmd.StdoutPipe()
	must(t, err)
	must(t, s.cmd.Start())
	line, err := bufio.NewReader(out).ReadBytes('\n')
	go func() {
		_ = s.cmd.Wait() // it ends because it was killed
		close(s.ended)
	}()
	t.Cleanup(func() { s.end(t) })
	if err != nil || json.Unmarshal(line, &s.addresses) != nil {
		t.Fatalf("%s does not start: %v", s.Name, err)
	}
	return s
}

// kill ends it with SIGKILL and returns when it has ended.
func (s *running) kill() {
	_ = s.cmd.Process.Kill() // it may have ended
	<-s.ended
}

func (s *running) end(t *testing.T) {
	s.kill()
	s.relay.close()
	said := s.said()
	if strings.Contains(said, "ALARM") {
		t.Errorf("%s has raised an alarm", s.Name)
	}
	if t.Failed() {
		t.Logf("%s:\n%s", s.Name, said)
	}
}

// visitor is somebody's browser. Without a cookie nobody is signed in.
type visitor struct {
	tier   authz.Tier
	cookie string // of the session
	form   string // what its forms carry
}

func visitorOf(side authz.Tier, token session.Token) visitor {
	return visitor{side, token.Cookie(), token.FormToken()}
}

// page is what a browser was given.
type page struct {
	status int
	to     string // where it is sent
	body   string
	cookie map[string]string // set
	retry  string            // when to come again, in seconds
}

func (s *running) get(v visitor, path string) (page, error) {
	return s.ask(v, http.MethodGet, path, nil, nil)
}

// post sends a form of the session's own.
func (s *running) post(v visitor, path string, fields ...string) (page, error) {
	return s.ask(v, http.MethodPost, path, form(append(fields, "form-token", v.form)), nil)
}

func form(fields []string) url.Values {
	values := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	return values
}

// tokenPattern finds what a form of a stranger has to carry.
var tokenPattern = regexp.MustCompile(`name="form-token" value="([^"]+)"`)

// ask makes one request on a connection of its own, so that nothing is sent a
// second time by itself. An error is a browser that was told nothing.
func (s *running) ask(v visitor, method, path string, values url.Values, cookies map[string]string) (page, error) {
	return s.askWith(v, method, path, "application/x-www-form-urlencoded", strings.NewReader(values.Encode()), cookies)
}

func (s *running) askWith(v visitor, method, path, kind string, body io.Reader, cookies map[string]string) (page, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // for a test that hangs
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+s.addresses[v.tier]+path, body)
	if err != nil {
		return page{}, err
	}
	name := "gp"
	if r.Host = demo.PublicHost; v.tier == authz.Staff {
		r.Host, name = demo.StaffHost, "gps"
	}
	r.Header.Set("Content-Type", kind)
	if v.cookie != "" {
		r.AddCookie(&http.Cookie{Name: name, Value: v.cookie})
	}
	for name, value := range cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return fetch(r)
}

// fetch makes a request on a connection of its own.
func fetch(r *http.Request) (page, error) {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DisableKeepAlives: true}}
	got, err := client.Do(r)
	if err != nil {
		return page{}, err
	}
	body, err := io.ReadAll(got.Body)
	if err := errors.Join(err, got.Body.Close()); err != nil {
		return page{}, err
	}
	p := page{status: got.StatusCode, to: got.Header.Get("Location"), body: string(body), cookie: map[string]string{}, retry: got.Header.Get("Retry-After")}
	for _, c := range got.Cookies() {
		p.cookie[c.Name] = c.Value
	}
	return p, nil
}
