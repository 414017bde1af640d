//go:build browser

package journey_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/code"
	"gatepost/crypto/passphrase"
	"gatepost/crypto/passphrase/passphrasetest"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/darkroom/darkroomtest"
	"gatepost/internal/demo"
	"gatepost/internal/keyfile"
	"gatepost/internal/notice"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
	"gatepost/internal/server"
	"gatepost/internal/studio/studiotest"
	"gatepost/internal/tier"
	"gatepost/web"
	"gatepost/web/assets"
	"gatepost/web/live"
	"gatepost/web/page"
)

func TestMain(m *testing.M) {
	darkroomtest.Child()
	studiotest.Child()
	postgrestest.Main(m)
}

// clock goes on by itself and can be set forward.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration // guarded by mu
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// world is a demo of its own with both tiers listening on loopback.
type world struct {
	t        *testing.T
	secure   bool
	clock    clock
	database *postgrestest.Database
	gate     *passphrase.Gate
	tls      *tls.Config
	people   []demo.Person

	neighbour *neighbour

	lines   *live.Lines // to open desks
	routers map[authz.Tier]*page.Router
	bases   map[authz.Tier]string // "http://letters.localhost:40123"
	// weather is the address of the server that stands for the page of the
	// quick exit, and control that of the entrance of the test.
	weather, control string
}

// newWorld makes a world; secure lets its tiers be reached by TLS only.
func newWorld(t *testing.T, secure bool) *world {
	t.Helper()
	w := &world{t: t, secure: secure, database: postgrestest.New(t), gate: passphrase.NewGate(),
		routers: map[authz.Tier]*page.Router{}, bases: map[authz.Tier]string{}}
	w.serveWeather()

	folder := demo.At(t.TempDir())
	begun, err := folder.Begin()
	w.must(err)
	begun, err = folder.AddNeighbour(begun)
	w.must(err)
	stanzas := begun.Stanzas()
	for _, s := range stanzas {
		w.must(tier.Register(t.Context(), w.database.DSN(postgres.RoleStaff), s))
	}
	public, staff := w.open(authz.Public, folder, stanzas), w.open(authz.Staff, folder, stanzas)
	w.people, err = demo.Seed(t.Context(), public, staff, time.Now())
	w.must(err)
	w.openNeighbour(staff)
	w.serveControl()
	w.notify(folder, staff)
	w.serve(w.site(public, authz.Public, demo.PublicHost), w.site(staff, authz.Staff, demo.StaffHost))
	return w
}

// notify runs what sends notices, and hears what open desks are told, beside the
// staff tier as the program does. Mails go to the sink of the demo.
func (w *world) notify(folder demo.Folder, staff *tier.Tier) {
	w.t.Helper()
	keys, err := keyfile.Load(folder.Path("keys/staff"), authz.Staff)
	w.must(err)
	sink, err := folder.OpenSink()
	w.must(err)
	notifier, err := tier.OpenNotifier(w.t.Context(), tier.NotifierConfig{DSN: w.database.DSN(postgres.RoleNotify), Agencies: staff.Agencies, Keys: keys,
		Mail: &notice.Server{Host: "127.0.0.1", Port: sink.Port(), From: demo.MailFrom}, Log: w.log()})
	w.must(err)
	hub := staff.Nudges()
	w.lines = live.New(hub)
	// Not the test's context: it ends before the clean-up, which waits here.
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { hub.Run(ctx) })
	ended := make(chan error, 1)
	running.Go(func() { ended <- notifier.Run(ctx, server.DrainTime) })
	w.t.Cleanup(func() {
		stop()
		running.Wait()
		notifier.Close()
		if err := errors.Join(<-ended, sink.Close()); err != nil {
			w.t.Errorf("the notifier ends: %v", err)
		}
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// open connects a tier as the program does, but for the cost of passphrases.
func (w *world) open(of authz.Tier, folder demo.Folder, stanzas []agency.Stanza) *tier.Tier {
	w.t.Helper()
	keys, err := keyfile.Load(folder.Path("keys/"+string(of)), of)
	w.must(err)
	role := map[authz.Tier]string{authz.Public: postgres.RolePublic, authz.Staff: postgres.RoleStaff}[of]
	opened, err := tier.Open(w.t.Context(), tier.Config{Tier: of, DSN: w.database.DSN(role), Keys: keys,
		Stanzas: stanzas, State: folder.Path("state-" + string(of)), Gate: w.gate, Work: passphrasetest.Fast(), Log: w.log()})
	w.must(err)
	w.t.Cleanup(opened.Close)
	return opened
}

// log shows what goes wrong, beside the output of the walker.
func (w *world) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(w.t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
}

// site makes a tier's pages by the world's clock, on a free port.
func (w *world) site(of *tier.Tier, name authz.Tier, host string) server.Site {
	w.t.Helper()
	services, err := of.At(w.clock.now)
	w.must(err)
	set, err := assets.Load(assets.FS())
	w.must(err)
	listener, err := (&net.ListenConfig{}).Listen(w.t.Context(), "tcp", "127.0.0.1:0")
	w.must(err)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	w.must(err)
	site := server.Site{Name: string(name), Listener: listener}
	scheme := "http"
	if w.secure {
		scheme, site.TLS = "https", w.tls
	}
	w.bases[name] = scheme + "://" + net.JoinHostPort(host, port)
	c := web.Config{Accounts: services.Accounts, Letters: services.Letters, Cases: services.Cases, Notices: services.Notices, Agencies: of.Agencies, Secure: w.secure, Assets: set,
		Now: w.clock.now, Log: w.log(), Address: func(_ string, of authz.Tier) string { return w.bases[of] }}
	build := web.Public
	if name == authz.Staff {
		build, c.Live, site.Drain = web.Staff, w.lines, w.lines.Close
	}
	router, err := build(c)
	w.must(err)
	w.routers[name], site.Handler = router, withAxe(router)
	return site
}

// withAxe serves axe-core beside the pages. The browser keeps it, and keeps it
// compiled: to be told it anew for each page was most of what looking cost.
func withAxe(pages http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/axe.min.js" {
			pages.ServeHTTP(rw, r)
			return
		}
		rw.Header().Set("Cache-Control", "max-age=3600, immutable")
		http.ServeFile(rw, r, filepath.Join(root, "node_modules/axe-core/axe.min.js"))
	})
}

func (w *world) serve(sites ...server.Site) {
	// Not the test's context: it ends before the clean-up, which waits here.
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, w.log(), sites...) }()
	w.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			w.t.Errorf("the tiers end: %v", err)
		}
	})
}

// serveWeather answers in the place of the page that the quick exit goes to,
// and lends its certificate to the tiers.
func (w *world) serveWeather() {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(rw, `<!DOCTYPE html><html lang="en"><title>Weather</title><main><h1>Weather</h1></main></html>`)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of a certificate that no browser trusts
	s.StartTLS()
	w.t.Cleanup(s.Close)
	w.weather = s.Listener.Addr().String()
	w.tls = &tls.Config{Certificates: s.TLS.Certificates, MinVersion: tls.VersionTLS12}
}

// serveControl opens the entrance of the test: each path is one thing that the
// walker cannot do from a browser.
func (w *world) serveControl() {
	hold := &holder{gate: w.gate}
	mux := http.NewServeMux()
	for path, do := range map[string]func(string) (string, error){
		"/code":  w.code,
		"/clock": w.setForward,
		"/day":   w.workday,
		// A table that is not where it should be: our own mistake, for every page
		// that needs it.
		"/break": func(string) (string, error) { return "", w.exec(`alter table draft rename to draft_away`) },
		"/mend":  func(string) (string, error) { return "", w.exec(`alter table draft_away rename to draft`) },
		// What is sealed, damaged: it does not open any more.
		"/spoil": func(kind string) (string, error) {
			_, err := w.database.Admin().Exec(context.Background(), `update object set sealed = set_byte(sealed, octet_length(sealed) - 1, get_byte(sealed, octet_length(sealed) - 1) # 1) where kind = $1`, kind)
			return "", err
		},
		// No part of the replacing of keys succeeds, as if it took long.
		"/hold": func(string) (string, error) {
			return "", w.exec(`alter table rotation add constraint held check (done = 0 and state <> 'done') not valid`)
		},
		"/release":  func(string) (string, error) { return "", w.exec(`alter table rotation drop constraint held`) },
		"/eighteen": w.comesOfAge,
		// What the other agency of the deployment does.
		"/asks":    w.neighbour.asks,
		"/answers": w.neighbour.answers,
		// As many sign-ins at once as there are turns and places to wait.
		"/busy": hold.take,
		"/calm": hold.free,
	} {
		mux.HandleFunc("POST "+path, func(rw http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(io.LimitReader(r.Body, 1<<10))
			if err == nil {
				var said string
				if said, err = do(string(body)); err == nil {
					fmt.Fprint(rw, said)
					return
				}
			}
			http.Error(rw, err.Error(), http.StatusInternalServerError)
		})
	}
	s := httptest.NewServer(mux)
	w.t.Cleanup(s.Close)
	w.t.Cleanup(func() { _, _ = hold.free("") }) // never errs
	w.control = s.URL
}

// code is a one-time code that was not used before: it sets the clock forward.
func (w *world) code(secret string) (string, error) {
	w.clock.advance(30 * time.Second)
	return code.Current(secret, w.clock.now())
}

func (w *world) setForward(by string) (string, error) {
	d, err := time.ParseDuration(by)
	if err == nil {
		w.clock.advance(d)
	}
	return "", err
}

// workday is the day so many working days from today.
func (w *world) workday(ahead string) (string, error) {
	n, err := strconv.Atoi(ahead)
	return calendar.AddWorkingDays(calendar.Today(w.clock.now()), n).Format("2 1 2006"), err
}

// comesOfAge lets the day come for the child who is nearly eighteen, and the clock
// do what it does on it. The day is the database's own, which no test sets forward.
func (w *world) comesOfAge(string) (string, error) {
	err := w.exec(`update exchange_child set relays_end_on = date_trunc('month', current_date)
		where agency_id = '` + demo.AgencyID + `' and relays_end_on = (select min(relays_end_on) from exchange_child where agency_id = '` + demo.AgencyID + `')`)
	if err != nil {
		return "", err
	}
	db, err := postgres.Open(context.Background(), w.database.DSN(postgres.RoleNotify), postgres.WithConnections(1))
	if err != nil {
		return "", err
	}
	defer db.Close()
	return "", db.Act(context.Background(), postgres.Scope{Agency: demo.AgencyID}, nil, func(b *pgx.Batch) error {
		b.Queue(`select stop_at_18()`)
		return nil
	})
}

func (w *world) exec(sql string) error {
	_, err := w.database.Admin().Exec(context.Background(), sql)
	return err
}

// holder keeps the gate of the passphrases full.
type holder struct {
	gate *passphrase.Gate
	mu   sync.Mutex
	let  context.CancelFunc // guarded by mu; nil when nothing is held
	all  sync.WaitGroup
}

// crowd is more than all turns and places of a gate.
func crowd() int { return 128 + runtime.NumCPU() }

// take lets a crowd come that never goes; the first who is sent away shows that
// the gate is full.
func (h *holder) take(string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	ctx, let := context.WithCancel(context.Background())
	h.let = let
	sentAway := make(chan struct{}, crowd())
	for range crowd() {
		h.all.Go(func() {
			if err := h.gate.Do(ctx, func() error { <-ctx.Done(); return nil }); errors.Is(err, passphrase.ErrBusy) {
				sentAway <- struct{}{}
			}
		})
	}
	<-sentAway
	return "", nil
}

func (h *holder) free(string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.let != nil {
		h.let()
		h.let = nil
	}
	h.all.Wait()
	return "", nil
}

// brief is what the walker is told, as JSON in its environment.
func (w *world) brief(mode string, more map[string]string) string {
	w.t.Helper()
	told := map[string]any{"mode": mode, "public": w.bases[authz.Public], "staff": w.bases[authz.Staff],
		"weather": w.weather, "control": w.control, "people": w.people}
	for k, v := range more {
		told[k] = v
	}
	text, err := json.Marshal(told)
	w.must(err)
	return string(text)
}
