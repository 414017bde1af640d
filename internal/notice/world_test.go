package notice_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"github.com/emersion/go-smtp"
	"github.com/jackc/pgx/v5"

	"gatepost/internal/account/accounttest"
	"gatepost/internal/authz"
	"gatepost/internal/jobs"
	"gatepost/internal/notice"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) {
	if text := os.Getenv(envChild); text != "" {
		child(text)
		return
	}
	postgrestest.Main(m)
}

// address is where the mails of the world go; it must stand nowhere in clear.
const address = "tamsin.planted@mail.example.org"

// world is an agency with one confirmed birth mother and a mail server.
type world struct {
	*accounttest.World
	t       *testing.T
	key     *age.HybridIdentity
	service *notice.Service
	db      *postgres.DB // of the notifier
	log     *bytes.Buffer
	person  string
	side    string
	actor   authz.Actor
	post    *post
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{World: accounttest.NewWorld(t), t: t, log: &bytes.Buffer{}, post: newPost(t, nil)}
	var err error
	w.key, err = age.GenerateHybridIdentity()
	must(t, err)
	must(t, notice.Vouch(t.Context(), w.StaffDB, w.Home, w.key.Recipient(), w.Clock.Now()))
	w.service = notice.New(w.PublicDB, w.PublicAgencies, w.Clock.Now, w.logger())
	w.db = w.Database.DB(postgres.RoleNotify)
	_, w.person, _ = w.OpenExchange(t)
	_, w.actor = w.NewPerson(t, w.person)
	w.side = one[string](w, `select side_id from side_member where person_id = $1`, w.person)
	return w
}

func (w *world) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(io.MultiWriter(w.log, w.t.Output()), nil))
}

func (w *world) mailer() *notice.Mailer {
	w.t.Helper()
	m, err := notice.NewMailer(notice.MailerConfig{DB: w.db, Agencies: w.StaffAgencies, Key: w.key, Server: w.post.server(), Now: w.Clock.Now, Log: w.logger()})
	must(w.t, err)
	return m
}

// save keeps details with the world's address.
func (w *world) save(change func(*notice.Details)) {
	w.t.Helper()
	d, err := w.service.Details(w.t.Context(), w.actor)
	must(w.t, err)
	d.On, d.Mail = true, address
	if change != nil {
		change(&d)
	}
	must(w.t, w.service.SaveDetails(w.t.Context(), w.actor, d))
}

// notify is an act of the staff tier that tells the side.
func (w *world) notify() {
	w.t.Helper()
	must(w.t, w.StaffDB.Act(w.t.Context(), postgres.Scope{Agency: w.Home.ID, Account: w.Worker.Account()}, nil, func(b *pgx.Batch) error {
		b.Queue("select notify_side($1)", w.side)
		return nil
	}))
}

// job is the job of the newest notice.
func (w *world) job() jobs.Job {
	w.t.Helper()
	return jobs.Job{Agency: w.Home.ID, ID: one[string](w, `select id from notice order by created desc limit 1`)}
}

func (w *world) states() string {
	w.t.Helper()
	return one[string](w, `select coalesce(string_agg(state, ' ' order by created), '') from notice`)
}

// one asks the administrator.
func one[T any](w *world, sql string, args ...any) (v T) {
	w.t.Helper()
	must(w.t, w.Database.Admin().QueryRow(context.Background(), sql, args...).Scan(&v))
	return v
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// post is a mail server on loopback.
type post struct {
	port int

	mu    sync.Mutex // guards all below
	mails []mail
	rcpt  func(to string) error
	data  func() error // after a mail was taken, before it is acknowledged
}

type mail struct{ to, text string }

func newPost(t testing.TB, cert *tls.Config) *post {
	t.Helper()
	p := &post{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p.port = l.Addr().(*net.TCPAddr).Port
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &visit{post: p}, nil }))
	s.Domain, s.TLSConfig, s.ErrorLog = "localhost", cert, quiet{}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		must(t, s.Close())
		if err := <-served; err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Error(err)
		}
	})
	return p
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func (p *post) server() notice.Server {
	return notice.Server{Host: "127.0.0.1", Port: p.port, From: "post@notices.example"}
}

func (p *post) got() []mail {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]mail(nil), p.mails...)
}

// on sets what the server does from now on.
func (p *post) on(rcpt func(string) error, data func() error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rcpt, p.data = rcpt, data
}

type visit struct {
	post *post
	to   string
}

func (v *visit) Mail(string, *smtp.MailOptions) error { return nil }
func (v *visit) Reset()                               {}
func (v *visit) Logout() error                        { return nil }
func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	v.to = to
	v.post.mu.Lock()
	rcpt := v.post.rcpt
	v.post.mu.Unlock()
	if rcpt != nil {
		return rcpt(to)
	}
	return nil
}

func (v *visit) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	v.post.mu.Lock()
	v.post.mails = append(v.post.mails, mail{v.to, string(text)})
	data := v.post.data
	v.post.mu.Unlock()
	if data != nil {
		return data()
	}
	return nil
}

// header is a line of a mail's head.
func (m mail) header(name string) string {
	for line := range strings.Lines(m.text) {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
