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
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
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
	"gatepost/internal/postgres"
	"gatepost/internal/server"
	"gatepost/internal/tier"
	"gatepost/letterbox"
	"gatepost/web"
	"gatepost/web/assets"
)

// envServe makes this test's binary a server, with settings.
const envServe = "GATEPOST_TEST_CRASH_SERVE"

// settings are those of one server.
type settings struct {
	Dir    string // with keys and stanza
	Socket string // the folder of its database's socket
	Name   string // by which the database knows it
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
	return tier.Open(ctx, tier.Config{Tier: side, DSN: s.dsn(role), Keys: keys, Stanzas: []agency.Stanza{world.Stanza},
		Gate: passphrase.NewGate(), Work: passphrasetest.Fast(), Log: log})
}

// serve is a server of both tiers. It says on standard output where it listens,
// and ends when its standard input does.
func serve(text string) error {
	var s settings
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	set, err := assets.Load(fstest.MapFS{"app.css": {}, "app.js": {}, "favicon.svg": {}})
	if err != nil {
		return err
	}
	var sites []server.Site
	addresses := map[authz.Tier]string{}
	for _, side := range []authz.Tier{authz.Public, authz.Staff} {
		t, err := s.openTier(ctx, side, log)
		if err != nil {
			return err
		}
		defer t.Close()
		// One person writes all the letters here.
		letters := t.Letters.WithLimits(letterbox.Limits{Text: letterbox.MaxText, LettersADay: 1 << 20})
		config := web.Config{Accounts: t.Accounts, Letters: letters, Notices: t.Notices, Agencies: t.Agencies, Assets: set, Now: time.Now, Log: log,
			Address: func(string, authz.Tier) string { return "http://" + demo.PublicHost }}
		site := server.Site{Name: string(side)}
		if side == authz.Public {
			site.Handler, err = web.Public(config)
		} else {
			site.Handler, err = web.Staff(config)
		}
		if err != nil {
			return err
		}
		if site.Listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return err
		}
		sites, addresses[side] = append(sites, site), site.Listener.Addr().String()
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // until the test is gone
		cancel()
	}()
	if err := json.NewEncoder(os.Stdout).Encode(addresses); err != nil {
		return err
	}
	return server.Run(ctx, log, sites...)
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
	w.started++
	s := &running{settings: settings{Dir: w.dir, Name: fmt.Sprintf("server%d", w.started)}, ended: make(chan struct{})}
	s.Socket = filepath.Join(w.relays, s.Name)
	must(t, os.Mkdir(s.Socket, 0o700))
	var err error
	s.relay, err = newRelay(s.Socket, w.socket(t))
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

// ask makes one request on a connection of its own, so that nothing is sent a
// second time by itself. An error is a browser that was told nothing.
func (s *running) ask(v visitor, method, path string, values url.Values, cookies map[string]string) (page, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // for a test that hangs
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+s.addresses[v.tier]+path, strings.NewReader(values.Encode()))
	if err != nil {
		return page{}, err
	}
	name := "gp"
	if r.Host = demo.PublicHost; v.tier == authz.Staff {
		r.Host, name = demo.StaffHost, "gps"
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if v.cookie != "" {
		r.AddCookie(&http.Cookie{Name: name, Value: v.cookie})
	}
	for name, value := range cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
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
	p := page{status: got.StatusCode, to: got.Header.Get("Location"), body: string(body), cookie: map[string]string{}}
	for _, c := range got.Cookies() {
		p.cookie[c.Name] = c.Value
	}
	return p, nil
}
