package doctor_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/passphrase"
	"gatepost/crypto/passphrase/passphrasetest"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/backup"
	"gatepost/internal/config"
	"gatepost/internal/demo"
	"gatepost/internal/doctor"
	"gatepost/internal/jobs"
	"gatepost/internal/keyfile"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
	"gatepost/internal/postgres/private"
	"gatepost/internal/tier"
	"gatepost/migrations"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is a deployment in which everything is as it should be: a PostgreSQL of
// its own that waits for the disk, for its settings are looked at.
type world struct {
	*testing.T
	dir    string
	cfg    config.Config
	admin  *pgx.Conn
	stanza agency.Stanza
	now    func() time.Time
	free   uint64
	whole  bool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir, err := postgrestest.MkdirTemp("gatepost-doctor-")
	must(t, err)
	t.Cleanup(func() { must(t, postgrestest.RemoveAll(dir)) })
	must(t, os.Chmod(dir, 0o711))
	server, err := private.Start(t.Context(), private.Options{Dir: filepath.Join(dir, "data"), Roles: postgres.Roles()})
	must(t, err)
	t.Cleanup(func() { must(t, server.Stop(context.Background())) })
	must(t, server.EnsureDatabase(t.Context(), "gatepost"))
	w := &world{T: t, dir: dir, now: time.Now, free: 50 << 30, whole: true}
	w.admin, err = pgx.Connect(t.Context(), server.DSN(postgres.RoleAdmin, "gatepost"))
	must(t, err)
	t.Cleanup(func() { must(t, w.admin.Close(context.Background())) })
	must(t, postgres.Migrate(t.Context(), w.admin, migrations.Files))
	made, err := demo.At(dir).Begin()
	must(t, err)
	w.stanza = made.Stanza
	dsn := func(role string) string { return server.DSN(role, "gatepost") }
	w.cfg = config.Config{Database: config.Database{Owner: dsn(postgres.RoleOwner), Public: dsn(postgres.RolePublic), Staff: dsn(postgres.RoleStaff),
		Notify: dsn(postgres.RoleNotify), Backup: dsn(postgres.RoleBackup)}, Agencies: []config.Agency{config.Agency(made.Stanza)}}
	for _, one := range []struct {
		door *config.Door
		name string
		host string
	}{{&w.cfg.Public, "public", made.Stanza.PublicHost}, {&w.cfg.Staff, "staff", made.Stanza.StaffHost}} {
		*one.door = config.Door{Listen: "127.0.0.1:0", Keys: w.path("keys", one.name), State: w.path("state", one.name),
			Certificate: w.path(one.name + ".pem"), CertificateKey: w.path(one.name + ".tls")}
		w.certificate(one.name, one.host, 90*24*time.Hour)
	}
	w.cfg.Backup.Folder = w.path("backups")
	must(t, os.Mkdir(w.cfg.Backup.Folder, 0o700))
	w.backedUp(time.Hour)
	w.cfg.Mail = config.Mail{Host: "127.0.0.1", Port: w.mailServer(), From: "post@notices.example"}
	w.serve()
	return w
}

func (w *world) path(names ...string) string {
	return filepath.Join(append([]string{w.dir}, names...)...)
}

func (w *world) write(name, text string) { must(w, os.WriteFile(w.path(name), []byte(text), 0o600)) }

func (w *world) sql(sql string, args ...any) {
	w.Helper()
	if _, err := w.admin.Exec(w.Context(), sql, args...); err != nil {
		w.Fatalf("%s: %v", sql, err)
	}
}

// raw runs statements that the database's own triggers would refuse.
func (w *world) raw(sql string, args ...any) {
	w.Helper()
	w.sql("set session_replication_role = replica")
	w.sql(sql, args...)
	w.sql("reset session_replication_role")
}

// serve starts both tiers once and has the clock's work done, as a deployment does.
func (w *world) serve() {
	w.Helper()
	must(w, tier.Register(w.Context(), w.cfg.Database.Staff, w.stanza))
	w.sql("update agency set opened_at = now()")
	for _, side := range []authz.Tier{authz.Staff, authz.Staff, authz.Public} { // the first writes what the second signs
		keys, err := keyfile.Load(w.cfg.Door(side).Keys, side)
		must(w, err)
		opened, err := tier.Open(w.Context(), tier.Config{Tier: side, DSN: w.cfg.DSN(side), Keys: keys, Stanzas: []agency.Stanza{w.stanza},
			State: w.cfg.Door(side).State, Gate: passphrase.NewGate(), Work: passphrasetest.Fast(), Log: slog.New(slog.DiscardHandler)})
		must(w, err)
		if side == authz.Staff {
			w.clockWork(opened, keys)
		}
		opened.Close()
	}
}

func (w *world) clockWork(staff *tier.Tier, keys *keyfile.Keys) {
	w.Helper()
	n, err := tier.OpenNotifier(w.Context(), tier.NotifierConfig{DSN: w.cfg.Database.Notify, Agencies: staff.Agencies, Keys: keys, Log: slog.New(slog.DiscardHandler)})
	must(w, err)
	ctx, stop := context.WithCancel(w.Context())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx, 10*time.Second) }()
	for done := false; !done; {
		q, err := jobs.QueueIn(w.Context(), w.admin)
		must(w, err)
		done = q.Clock >= 0
	}
	stop()
	must(w, <-ended)
	n.Close()
}

// certificate writes one with its key, for a host and a time.
func (w *world) certificate(name, host string, holds time.Duration) {
	w.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(w, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotBefore: time.Now().Add(-100 * 24 * time.Hour), NotAfter: time.Now().Add(holds)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(w, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	must(w, err)
	w.write(name+".pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	w.write(name+".tls", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
}

// backedUp leaves one backup in the folder, as old as that.
func (w *world) backedUp(age time.Duration) {
	w.Helper()
	content := strings.Repeat("a backup", 512)
	w.write("backups/night.age", content)
	w.write("backups/"+backup.ListFile, fmt.Sprintf("%s %x night.age\n", time.Now().Add(-age).UTC().Format(time.RFC3339), sha256.Sum256([]byte(content))))
}

// mailServer answers EHLO and QUIT and takes no mail.
func (w *world) mailServer() (port int) {
	w.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(w, err)
	w.Cleanup(func() { must(w, listener.Close()) })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.WriteString(conn, "220 mail.example\r\n")
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					answer := "250 as you say\r\n"
					if strings.HasPrefix(lines.Text(), "MAIL") {
						w.Error("a mail was begun")
					}
					_, _ = io.WriteString(conn, answer)
				}
			}()
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port
}

// examine gives all findings.
func (w *world) examine() (list []doctor.Finding, sound bool) {
	w.Helper()
	cfg := w.cfg
	sound = doctor.Examine(w.Context(), doctor.Config{Config: &cfg, Tiers: []authz.Tier{authz.Public, authz.Staff}, Whole: w.whole, Now: w.now,
		Space: func(string) (uint64, uint64, error) { return w.free, 100 << 30, nil }, Say: func(f doctor.Finding) { list = append(list, f) }})
	return list, sound
}
