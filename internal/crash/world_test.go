package crash_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/statement"
	"gatepost/internal/account"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/darkroom/darkroomtest"
	"gatepost/internal/demo"
	"gatepost/internal/keyfile"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
	"gatepost/internal/postgres/private"
	"gatepost/internal/studio/studiotest"
	"gatepost/internal/tier"
	"gatepost/migrations"
)

var (
	seed  = flag.Uint64("seed", given(envSeed, 1), "of the moments in which servers are killed")
	lives = flag.Uint64("kills", given(envKills, 22), "how often TestLongLived kills, one in eleven the database server")
)

// Other ways to give them.
const (
	envSeed  = "GATEPOST_CRASH_SEED"
	envKills = "GATEPOST_CRASH_KILLS"
)

// given is a number of the environment, or what is usual.
func given(name string, usual uint64) uint64 {
	if n, err := strconv.ParseUint(os.Getenv(name), 10, 32); err == nil {
		return n
	}
	return usual
}

func TestMain(m *testing.M) {
	darkroomtest.Child()
	studiotest.Child()
	if text := os.Getenv(envServe); text != "" {
		if err := serve(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	code := m.Run()
	if err := shared.close(); err != nil {
		fmt.Fprintln(os.Stderr, "close the world:", err)
		code = 1
	}
	os.Exit(code)
}

// shared is the world of all tests, made by the first one. It is kept: what a
// kill breaks, the next test finds.
var shared world

// world is the demo's agency on a private PostgreSQL that waits for its disk,
// with everything that browsers were told to be done.
type world struct {
	dir, relays string
	postgres    *private.Server
	people      []demo.Person
	agency      *agency.Agency // as the staff tier has it
	staff       *postgres.DB
	admin       *pgx.Conn
	started     int           // servers
	ahead       time.Duration // how far the clock of the last sign-in was ahead

	writer, worker, colleague, reader visitor
	exchange, from, to                string // the writer's exchange, and its sides

	letters []*letter
	log     [][]byte // leaves of the log when it was last looked at
	known   map[[32]byte]*statement.Statement
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// theWorld makes the world, or gives the one that was made.
func theWorld(t *testing.T) *world {
	t.Helper()
	w := &shared
	if w.dir == "" {
		w.make(t)
	}
	return w
}

func (w *world) make(t *testing.T) {
	t.Helper()
	w.known = map[[32]byte]*statement.Statement{}
	var err error
	// Not t.TempDir, which the database's user cannot enter.
	w.dir, err = postgrestest.MkdirTemp("gatepost-crash-")
	must(t, err)
	must(t, os.Chmod(w.dir, 0o711))
	w.relays = filepath.Join(w.dir, "relays")
	must(t, os.Mkdir(w.relays, 0o700))
	w.startDatabase(t)
	must(t, w.postgres.EnsureDatabase(t.Context(), database))
	w.connect(t)
	must(t, postgres.Migrate(t.Context(), w.admin, migrations.Files))
	made, err := demo.At(w.dir).Begin()
	must(t, err)
	must(t, tier.Register(t.Context(), w.own().dsn(postgres.RoleStaff), made.Stanza))
	keys, err := keyfile.Load(filepath.Join(w.dir, "keys", string(authz.Staff)), authz.Staff)
	must(t, err)
	w.agency, err = keys.Agency(made.Stanza)
	must(t, err)
	w.populate(t)
	w.staff, err = postgres.Open(t.Context(), w.own().dsn(postgres.RoleStaff), postgres.WithConnections(1))
	must(t, err)
}

// own are settings by which the test itself connects.
func (w *world) own() settings {
	return settings{Dir: w.dir, Socket: filepath.Join(w.dir, "data", "run"), Name: "test"}
}

// socket is the folder of the database's socket.
func (w *world) socket(t *testing.T) string {
	t.Helper()
	c, err := pgx.ParseConfig(w.postgres.DSN(postgres.RoleAdmin, database))
	must(t, err)
	return c.Host
}

func (w *world) startDatabase(t *testing.T) {
	t.Helper()
	var err error
	w.postgres, err = private.Start(t.Context(), private.Options{Dir: filepath.Join(w.dir, "data"), Roles: postgres.Roles()})
	must(t, err)
}

func (w *world) connect(t *testing.T) {
	t.Helper()
	var err error
	w.admin, err = pgx.Connect(t.Context(), w.postgres.DSN(postgres.RoleAdmin, database))
	must(t, err)
}

// populate makes the demo's people and letters.
func (w *world) populate(t *testing.T) {
	t.Helper()
	tiers := w.tiers(t)
	var err error
	w.people, err = demo.Seed(t.Context(), tiers[authz.Public], tiers[authz.Staff], time.Now())
	must(t, err)
	for _, opened := range tiers {
		opened.Close()
	}
	// The hands of this world give the safeguarding lead something now and then, and pass on by themselves all the same: who reads second is tried
	// in letterbox.
	_, err = w.admin.Exec(t.Context(), `create or replace function two_readers(letter text) returns bool language sql stable security definer
		set search_path = public, pg_temp as 'select false'`)
	must(t, err)
	writer, reader := w.signIn(t)
	must(t, w.admin.QueryRow(t.Context(), `select s.exchange_id, s.id, o.id from side_member m
		join side s on s.id = m.side_id join side o on o.exchange_id = s.exchange_id and o.id <> s.id
		join side_member r on r.side_id = o.id where m.person_id = $1 and r.person_id = $2`, writer, reader).
		Scan(&w.exchange, &w.from, &w.to))
}

func (w *world) tiers(t *testing.T) map[authz.Tier]*tier.Tier {
	t.Helper()
	tiers := map[authz.Tier]*tier.Tier{}
	for _, side := range []authz.Tier{authz.Public, authz.Staff} {
		opened, err := w.own().openTier(t.Context(), side, slog.New(slog.NewTextHandler(t.Output(), nil)))
		must(t, err)
		tiers[side] = opened
	}
	return tiers
}

// signIn signs in who is needed in these tests, and gives the accounts of the two families. A
// worker's code counts once, so this door's clock is ahead by one more step
// each time.
func (w *world) signIn(t *testing.T) (writer, reader string) {
	t.Helper()
	w.ahead += 30 * time.Second
	now := func() time.Time { return time.Now().Add(w.ahead) }
	tiers := w.tiers(t)
	one := func(key string, into *visitor) string {
		p := w.person(key)
		services, err := tiers[p.Tier].At(now)
		must(t, err)
		in := account.SignIn{Name: p.Login, Passphrase: p.Passphrase, From: netip.IPv6Loopback(), Browser: "Test"}
		if p.TOTP != "" {
			in.Code, _, err = p.Code(now())
			must(t, err)
		}
		token, err := services.Accounts.SignIn(t.Context(), demo.AgencyID, in)
		must(t, err)
		actor, err := services.Accounts.Load(t.Context(), demo.AgencyID, token, account.Writing)
		must(t, err)
		*into = visitorOf(p.Tier, token)
		return actor.Account()
	}
	writer, reader = one("kelly", &w.writer), one("rachel", &w.reader)
	one("owen", &w.worker)
	one("nasreen", &w.colleague)
	for _, opened := range tiers {
		opened.Close()
	}
	return writer, reader
}

// usedCodesCount lets one-time codes that were used count again, since the clock
// does not wait for the next test.
func (w *world) usedCodesCount(t *testing.T) {
	t.Helper()
	for _, table := range []string{"credential_person", "credential_worker"} {
		_, err := w.admin.Exec(t.Context(), `update `+table+` set totp_last_step = 0 where totp_last_step > 0`)
		must(t, err)
	}
}

func (w *world) person(key string) demo.Person {
	i := slices.IndexFunc(w.people, func(p demo.Person) bool { return p.Key == key })
	return w.people[i]
}

// killDatabase ends a postmaster with SIGKILL and returns when it has ended.
func killDatabase(s *private.Server) {
	_ = syscall.Kill(s.PID(), syscall.SIGKILL) // our child until Done, so the pid is its own
	<-s.Done()
}

// restartDatabase starts a database server on what the killed one has left.
func (w *world) restartDatabase(t *testing.T) {
	t.Helper()
	must(t, w.postgres.Stop(t.Context())) // gives the folder back
	_ = w.admin.Close(t.Context())        // its server is gone
	w.staff.Close()
	w.startDatabase(t)
	w.connect(t)
	var err error
	w.staff, err = postgres.Open(t.Context(), w.own().dsn(postgres.RoleStaff), postgres.WithConnections(1))
	must(t, err)
}

// settle waits until the database has noticed that a killed server is gone, and
// so has finished or undone what it had begun.
func (w *world) settle(t *testing.T, s *running) {
	t.Helper()
	for n := 1; n > 0; {
		must(t, w.admin.QueryRow(t.Context(), `select count(*) from pg_stat_activity where application_name = $1`, s.Name).Scan(&n))
	}
}

func (w *world) close() error {
	if w.dir == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var err error
	if w.staff != nil {
		w.staff.Close()
	}
	if w.admin != nil {
		_ = w.admin.Close(ctx) // its server may be gone
	}
	if w.postgres != nil {
		err = w.postgres.Stop(ctx)
	}
	return errors.Join(err, postgrestest.RemoveAll(w.dir))
}
