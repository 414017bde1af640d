package notice_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/emersion/go-smtp"
	"github.com/jackc/pgx/v5/pgconn"

	"gatepost/crypto/seal"
	"gatepost/internal/authz"
	"gatepost/internal/fault"
	"gatepost/internal/jobs"
	"gatepost/internal/notice"
	"gatepost/internal/postgres/postgrestest"
)

func TestSQL(t *testing.T) { postgrestest.Prepare(t, postgrestest.New(t).Admin(), ".") }

// One mail, without a word of what it is about, and never a second.
func TestDeliver(t *testing.T) {
	w := newWorld(t)
	w.save(nil)
	w.notify()
	w.notify() // one waits at a time
	if got := w.states(); got != "waiting" {
		t.Fatalf("notices are %q", got)
	}
	job := w.job()
	for range 3 {
		must(t, w.mailer().Deliver(t.Context(), job))
	}
	mails := w.post.got()
	if len(mails) != 1 || w.states() != "sent" {
		t.Fatalf("%d mails, notices %q", len(mails), w.states())
	}
	m := mails[0]
	if m.to != address || m.header("From") != `"Notices" <post@notices.example>` || m.header("Subject") != "Something is waiting" ||
		m.header("Message-ID") != "<"+w.post.server().MessageID(job.ID)+">" {
		t.Errorf("the mail is\n%s", m.text)
	}
	for _, never := range []string{"http", "www", "://", "oak", "agency", "adopt", "Tamsin", "Vale", "letter", "gatepost", "child", "family", w.person, job.ID, "X-Mailer", "User-Agent", "01632"} {
		if body := strings.ReplaceAll(m.text, address, ""); strings.Contains(strings.ToLower(body), strings.ToLower(never)) {
			t.Errorf("the mail has %q:\n%s", never, m.text)
		}
	}
	w.notify()
	if got := w.states(); got != "sent waiting" {
		t.Errorf("after the next act notices are %q", got)
	}
}

// Switched off, nothing goes out and nothing is lost.
func TestSwitch(t *testing.T) {
	w := newWorld(t)
	w.notify()
	if w.states() != "" {
		t.Error("somebody who never asked for mail has a notice")
	}
	if err := w.service.Switch(t.Context(), w.actor, true); fault.KindOf(err) != fault.NotFound {
		t.Errorf("mail to nowhere was switched on: %v", err)
	}
	w.save(func(d *notice.Details) { d.QuietFrom, d.QuietTo, d.Words = "21:30", "07:15", notice.Reminder })
	w.notify()
	job := w.job()
	must(t, w.service.Switch(t.Context(), w.actor, false))
	must(t, w.mailer().Deliver(t.Context(), job))
	w.notify()
	if got := w.states(); got != "off" || len(w.post.got()) != 0 {
		t.Errorf("switched off, notices are %q and %d mails went out", got, len(w.post.got()))
	}
	must(t, w.service.Switch(t.Context(), w.actor, true))
	d, err := w.service.Details(t.Context(), w.actor)
	must(t, err)
	if want := (notice.Details{On: true, Mail: address, QuietFrom: "21:30", QuietTo: "07:15", Words: notice.Reminder, Version: 1}); d != want {
		t.Errorf("after off and on: %+v", d)
	}
	// What was switched off, and what came up meanwhile, is one notice now.
	must(t, w.mailer().Deliver(t.Context(), w.job()))
	if m := w.post.got(); len(m) != 1 || m[0].header("Subject") != "A reminder" || w.states() != "off sent" {
		t.Errorf("switched on again: %d mails, notices %q", len(m), w.states())
	}
	for _, on := range []bool{true, false, true} { // nothing was missed
		must(t, w.service.Switch(t.Context(), w.actor, on))
	}
	if got := w.states(); got != "off sent" {
		t.Errorf("with nothing to say, notices are %q", got)
	}
}

// Off before its job runs, or off while something comes up: each alone is told once
// mail is on again, by the switch and by the form; and it is not told when a notice
// waits already.
func TestSwitch_Missed(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(*world)
		want      string
	}{
		"its job ran":     {func(w *world) { w.notify(); w.off(); must(w.t, w.mailer().Deliver(w.t.Context(), w.job())) }, "off waiting"},
		"it came up":      {func(w *world) { w.off(); w.notify(); w.notify() }, "waiting"},
		"its job has not": {func(w *world) { w.notify(); w.off(); w.notify() }, "waiting"},
		"nothing":         {func(w *world) { w.off() }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.save(nil)
			for _, on := range []func(){func() { must(t, w.service.Switch(t.Context(), w.actor, true)) }, func() { w.save(nil) }} {
				c.meanwhile(w)
				on()
				if got := w.states(); got != c.want {
					t.Errorf("notices are %q, want %q", got, c.want)
				}
				if n := one[int](w, `select count(*) from jobs.river_job where queue = 'mail'`); n != len(strings.Fields(c.want)) {
					t.Errorf("%d jobs", n)
				}
				_, err := w.Database.Admin().Exec(t.Context(), `delete from notice; delete from jobs.river_job`)
				must(t, err)
			}
		})
	}
}

// The person switches mail on between the job's look and its mark: the notice stays.
func TestSwitch_MeanwhileOn(t *testing.T) {
	w := newWorld(t)
	w.save(nil)
	w.notify()
	job := w.job()
	w.off()
	tx, err := w.Database.Admin().Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), `set local gatepost.agency = 'oak'; update contact set mail = true`)
	must(t, err)
	done := make(chan error, 1)
	go func() { done <- w.mailer().Deliver(context.WithoutCancel(t.Context()), job) }()
	for looks, waits := w.Database.Admin(), 0; waits == 0; {
		must(t, looks.QueryRow(t.Context(), `select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`).Scan(&waits))
		if len(done) > 0 {
			t.Fatal("the job did not wait for the switch")
		}
	}
	must(t, tx.Commit(t.Context()))
	if <-done == nil {
		t.Error("the job ended")
	}
	must(t, w.mailer().Deliver(t.Context(), job))
	if w.states() != "sent" || len(w.post.got()) != 1 {
		t.Errorf("notices are %q", w.states())
	}
}

func (w *world) off() {
	w.t.Helper()
	must(w.t, w.service.Switch(w.t.Context(), w.actor, false))
}

// A notice that comes due in quiet hours waits for their end, by London's clock.
func TestQuietHours(t *testing.T) {
	w := newWorld(t)
	w.save(nil)
	w.Clock.Advance(11 * time.Hour) // 21:00
	w.notify()
	job := w.job()
	err := w.mailer().Deliver(t.Context(), job)
	if err == nil || len(w.post.got()) != 0 || w.states() != "waiting" {
		t.Fatalf("in quiet hours: %v, %d mails, %q", err, len(w.post.got()), w.states())
	}
	due := one[time.Time](w, `select due from notice`)
	if local := due.In(time.UTC); local.Hour() != 8 || local.Minute() != 0 || !due.After(w.Clock.Now()) {
		t.Errorf("put off to %v", local)
	}
	w.Clock.Advance(due.Sub(w.Clock.Now()))
	must(t, w.mailer().Deliver(t.Context(), job))
	if len(w.post.got()) != 1 {
		t.Error("at the end of quiet hours no mail went out")
	}
}

// What a refusing server says is stored nowhere: not by us, not by River, not in the log.
func TestRefused(t *testing.T) {
	w := newWorld(t)
	w.save(nil)
	w.notify()
	w.post.on(func(to string) error {
		return &smtp.SMTPError{Code: 550, Message: "no such user <" + to + "> here"}
	}, nil)
	job := w.job()
	if err := w.mailer().Deliver(t.Context(), job); err == nil || strings.Contains(err.Error(), "planted") {
		t.Errorf("a refusal came back as %v", err)
	}
	if got := one[string](w, `select state || ' ' || error from notice`); got != "sending refused" {
		t.Errorf("the notice is %q", got)
	}
	w.post.on(func(string) error { return &smtp.SMTPError{Code: 451, Message: "later, " + address} }, nil)
	job.Last = true
	if err := w.mailer().Deliver(t.Context(), job); !errors.Is(err, jobs.Code("deferred")) {
		t.Errorf("a deferral came back as %v", err)
	}
	if got := one[string](w, `select state || ' ' || error from notice`); got != "off deferred" {
		t.Errorf("after the last try the notice is %q", got)
	}
	w.planted()
}

// planted looks for the address everywhere.
func (w *world) planted() {
	w.t.Helper()
	for _, table := range []string{"notice", "contact", "object", "audit_body", "jobs.river_job", "jobs.river_queue", "jobs.river_leader"} {
		if n := one[int](w, `select count(*) from `+table+` x where x::text ilike '%planted%' or x::text ilike '%'||encode('planted', 'hex')||'%'`); n != 0 {
			w.t.Errorf("%s holds the address in clear", table)
		}
	}
	if strings.Contains(w.log.String(), "planted") {
		w.t.Error("the log holds the address")
	}
}

// The fields of the form, and two pages at once.
func TestSaveDetails(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name  string
		d     notice.Details
		field string
	}{
		{"no address", notice.Details{On: true}, "mail"},
		{"no at", notice.Details{On: true, Mail: "tamsin.example.org"}, "mail"},
		{"a name", notice.Details{On: true, Mail: "Tamsin <t@example.org>"}, "mail"},
		{"two", notice.Details{On: true, Mail: "a@example.org,b@example.org"}, "mail"},
		{"a second header", notice.Details{On: true, Mail: "a@example.org\r\nBcc: b@example.org"}, "mail"},
		{"no domain", notice.Details{On: true, Mail: "a@localhost"}, "mail"},
		{"other letters", notice.Details{On: true, Mail: "siân@example.org"}, "mail"},
		{"too long", notice.Details{On: true, Mail: strings.Repeat("a", 250) + "@example.org"}, "mail"},
		{"wrong although off", notice.Details{Mail: "nowhere"}, "mail"},
		{"no time", notice.Details{QuietFrom: "late", QuietTo: "08:00"}, "quiet-from"},
		{"one time", notice.Details{QuietFrom: "20:00"}, "quiet-to"},
		{"no hours", notice.Details{QuietFrom: "20:00", QuietTo: "20:00"}, "quiet-to"},
		{"other words", notice.Details{Words: "Your letter came"}, "words"},
	} {
		err := w.service.SaveDetails(t.Context(), w.actor, c.d)
		f, ok := errors.AsType[*fault.Error](err)
		if !ok || f.Kind != fault.Invalid || f.Field != c.field || strings.Contains(err.Error(), "example.org") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	w.save(nil)
	stale := notice.Details{On: true, Mail: "other@example.org"}
	if err := w.service.SaveDetails(t.Context(), w.actor, stale); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a page that knew of no details: %v", err)
	}
	w.save(nil)
	stale.Version = 1
	if err := w.service.SaveDetails(t.Context(), w.actor, stale); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a page that knew the version before: %v", err)
	}
	if _, err := w.service.Details(t.Context(), w.Worker); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("a worker asked the families' service: %v", err)
	}
	if _, err := w.service.Details(t.Context(), authz.Actor{}); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("nobody asked: %v", err)
	}
	w.planted()
}

// The details open for the person, the notifier and the case, and for nobody else.
func TestSealedTo(t *testing.T) {
	w := newWorld(t)
	w.save(nil)
	sealed := one[[]byte](w, `select sealed from object where kind = 'contact'`)
	at := seal.Context{Kind: seal.KindContact, Agency: w.Home.ID, Object: w.person, Part: "contact", From: "person/" + w.person, To: "notify", Version: 1}
	if _, _, err := seal.Open(sealed, at, w.key); err != nil {
		t.Errorf("the notifier: %v", err)
	}
	if _, _, err := seal.Open(sealed, at, w.Archive); err == nil {
		t.Error("the archive opens an address that nobody needs in a century")
	}
	other, err := age.GenerateHybridIdentity()
	must(t, err)
	if _, _, err := seal.Open(sealed, at, other); err == nil {
		t.Error("a key that was granted nothing opens the address")
	}
	// Another notifier's key is the next epoch; the old one is not sealed to any more.
	must(t, notice.Vouch(t.Context(), w.StaffDB, w.Home, other.Recipient(), w.Clock.Now()))
	must(t, notice.Vouch(t.Context(), w.StaffDB, w.Home, other.Recipient(), w.Clock.Now()))
	if got := one[int](w, `select max(epoch) from node where id = 'notify'`); got != 2 {
		t.Errorf("the notifier's node is at epoch %d", got)
	}
	w.save(nil)
	sealed, at.Version = one[[]byte](w, `select sealed from object where kind = 'contact' and version = 2`), 2
	if _, _, err := seal.Open(sealed, at, w.key); err == nil {
		t.Error("the notifier before opens new details")
	}
	// The mailer with the former key says so and sends nothing.
	w.notify()
	if err := w.mailer().Deliver(t.Context(), w.job()); !errors.Is(err, jobs.Code("sealed")) || len(w.post.got()) != 0 {
		t.Errorf("with the former key: %v", err)
	}
}

// A row that somebody wrote into the database is not believed.
func TestForgedDetails(t *testing.T) {
	w := newWorld(t)
	w.save(nil)
	w.notify()
	forged, err := seal.Seal(seal.Context{Kind: seal.KindContact, Agency: w.Home.ID, Object: w.person, Part: "contact", From: "person/" + w.person, To: "notify", Version: 1},
		[]byte(`{"mail":"thief@example.org","quietFrom":"20:00","quietTo":"08:00","words":"waiting"}`), w.key.Recipient())
	must(t, err)
	w.Exec(t, `alter table object disable trigger user`)
	w.Exec(t, `update object set sealed = $1, commit = $2 where kind = 'contact'`, forged.Bytes, forged.Commit[:])
	if err := w.mailer().Deliver(t.Context(), w.job()); !errors.Is(err, jobs.Code("sealed")) || len(w.post.got()) != 0 {
		t.Errorf("forged details: %v, %d mails", err, len(w.post.got()))
	}
	if !strings.Contains(w.log.String(), "ALARM") {
		t.Error("no alarm")
	}
}

// Anywhere but on this machine a mail goes by TLS or not at all.
func TestTLS(t *testing.T) {
	w := newWorld(t)
	w.save(nil)
	cert, roots := certificate(t)
	for _, c := range []struct {
		name string
		tls  *tls.Config
		code error
	}{{"with", &tls.Config{Certificates: []tls.Certificate{cert}}, nil}, {"without", nil, jobs.Code("unreachable")}} {
		w.post = newPost(t, c.tls)
		w.notify()
		server := w.post.server()
		server.Roots = roots
		m, err := notice.NewMailer(notice.MailerConfig{DB: w.db, Agencies: w.StaffAgencies, Key: w.key, Server: server, Now: w.Clock.Now, Log: w.logger()})
		must(t, err)
		if err := m.Deliver(t.Context(), w.job()); !errors.Is(err, c.code) {
			t.Errorf("%s TLS: %v", c.name, err)
		}
		if sent := len(w.post.got()) == 1; sent != (c.code == nil) {
			t.Errorf("%s TLS: sent %v", c.name, sent)
		}
	}
}

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	parsed, err := x509.ParseCertificate(der)
	must(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// What each role may do, asked of the database itself.
func TestRoles(t *testing.T) {
	w := newWorld(t)
	w.save(nil)
	w.notify()
	id := w.job().ID
	jobArgs := `'{"agency":"oak","id":"` + id + `"}'`
	for _, c := range []struct {
		role, sql, code string // "" allowed
	}{
		{"gatepost_public", `select enqueue('notice', ` + jobArgs + `)`, "42501"},
		{"gatepost_public", `select notify_person('` + w.person + `')`, "42501"},
		{"gatepost_public", `select count(*) from notice`, "42501"},
		{"gatepost_public", `select count(*) from jobs.river_job`, "42501"},
		{"gatepost_public", `select nudge_desk()`, ""},
		{"gatepost_public", `select topic from desk_topic`, "42501"},
		{"gatepost_public", `select show_due()`, "42501"},
		{"gatepost_staff", `select enqueue('notice', ` + jobArgs + `)`, ""},
		{"gatepost_staff", `select enqueue('clock', '{"agency":"oak"}')`, "23514"},
		{"gatepost_staff", `select enqueue('anything', '{"agency":"oak"}')`, "23514"},
		{"gatepost_staff", `select enqueue('notice', '{"agency":"elm"}')`, "23514"},
		{"gatepost_staff", `select enqueue('notice', '{"agency":"oak","mail":"a@example.org"}')`, "23514"},
		{"gatepost_staff", `select enqueue('notice', '{"agency":"oak","id":"a@example.org"}')`, "23514"},
		{"gatepost_staff", `select count(*) from jobs.river_job`, "42501"},
		{"gatepost_staff", `select count(*) from contact`, "42501"},
		{"gatepost_staff", `update notice set state = 'sent'`, "42501"},
		{"gatepost_notify", `select enqueue('clock', '{"agency":"oak"}')`, ""},
		{"gatepost_notify", `select show_due(), stop_at_18()`, ""},
		{"gatepost_notify", `select count(*) from letter`, "42501"},
		{"gatepost_notify", `select count(*) from directory`, "42501"},
		{"gatepost_notify", `select count(*) from ring_grant_staff`, "42501"},
		{"gatepost_notify", `select log_append('x')`, "42501"},
		{"gatepost_notify", `update notice set person_id = person_id`, "42501"},
		{"gatepost_notify", `update notice set state = 'sending'; update notice set state = 'waiting'`, "23514"},
		{"gatepost_notify", `update notice set state = 'sent', sent_at = now(); update notice set state = 'sending', sent_at = null`, "23514"},
		{"gatepost_audit", `select nudge_desk()`, "42501"},
	} {
		conn := w.Database.Conn(c.role)
		_, err := conn.Exec(context.Background(), `begin; set local gatepost.agency = 'oak'; `+c.sql+`; rollback`)
		code := ""
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
			code = pg.Code
		} else if err != nil {
			code = err.Error()
		}
		if code != c.code {
			t.Errorf("%s: %s: got %q, want %q", c.role, c.sql, code, c.code)
		}
	}
	// Of the objects the notifier sees contact details only, and of another agency nothing.
	conn := w.Database.Conn("gatepost_notify")
	for agency, want := range map[string]string{"oak": "contact", "elm": ""} {
		var kinds string
		_, err := conn.Exec(context.Background(), `select set_config('gatepost.agency', '`+agency+`', false)`)
		must(t, err)
		must(t, conn.QueryRow(context.Background(), `select coalesce(string_agg(distinct kind, ' '), '') from object`).Scan(&kinds))
		if kinds != want {
			t.Errorf("the notifier sees %q of %s", kinds, agency)
		}
	}
}
