package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"gatepost/crypto/code"
	"gatepost/crypto/passphrase"
	"gatepost/crypto/session"
	"gatepost/internal/account"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/keyfile"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/private"
	"gatepost/internal/tier"
	"gatepost/letterbox"
	"gatepost/migrations"
)

const (
	home        = "bench"
	database    = "gatepost"
	passphrase5 = "marmalade on a wet tuesday"
	fact        = "the blue gate"
)

// world is a private PostgreSQL with an opened agency, a worker, and one
// person on each side of every exchange. All are made up.
type world struct {
	dir     string
	server  *private.Server
	public  *tier.Tier
	staff   *tier.Tier
	doors   tier.Services // public
	desk    tier.Services // staff
	ahead   atomic.Int64  // how far the world's clock is ahead, so that no one-time code has to be waited for
	archive *age.HybridIdentity

	worker   session.Token
	login    *login // the worker's
	manager  *login
	workerID string
	couples  []couple
	pools    []*pgxpool.Pool // the floor's
	turn     atomic.Int64
}

// couple is somebody who writes and somebody who reads, with the exchanges
// between them.
type couple struct {
	writer, reader     session.Token
	writerID, readerID string
	logins             [2]login // the writer's and the reader's
	sides              []ends
}

// ends are the two sides of an exchange.
type ends struct{ from, to letterbox.SideID }

func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }

// newWorld makes a world in a new folder below the system's temporary one, with
// so many couples, and so many exchanges between each two.
func newWorld(ctx context.Context, couples, exchanges int) (w *world, err error) {
	dir, err := os.MkdirTemp("", "gatepost-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the bench: %w", err)
	}
	// The database's user passes through on the way to its own folder.
	if err := os.Chmod(dir, 0o711); err != nil {
		return nil, fmt.Errorf("make a folder for the bench: %w", err)
	}
	w = &world{dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close(ctx))
		}
	}()
	if w.server, err = private.Start(ctx, private.Options{Dir: filepath.Join(dir, "data"), Roles: postgres.Roles()}); err != nil {
		return w, err
	}
	if err := w.migrate(ctx); err != nil {
		return w, err
	}
	stanza, err := w.keys(ctx)
	if err != nil {
		return w, err
	}
	if err := w.open(ctx, stanza); err != nil {
		return w, err
	}
	return w, w.people(ctx, couples, exchanges)
}

func (w *world) migrate(ctx context.Context) (err error) {
	if err := w.server.EnsureDatabase(ctx, database); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, w.server.DSN(postgres.RoleAdmin, database))
	if err != nil {
		return fmt.Errorf("connect to migrate: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	return postgres.Migrate(ctx, conn, migrations.Files)
}

func (w *world) keys(ctx context.Context) (agency.Stanza, error) {
	var err error
	if w.archive, err = age.GenerateHybridIdentity(); err != nil {
		return agency.Stanza{}, fmt.Errorf("make the archive: %w", err)
	}
	keys := filepath.Join(w.dir, "keys")
	if err := keyfile.Init(keys); err != nil {
		return agency.Stanza{}, err
	}
	stanza, err := keyfile.AddAgency(keys, agency.Stanza{ID: home, Name: "The bench", Phone: "01632 960000", Hours: "always",
		PublicHost: "letters.localhost", StaffHost: "desk.localhost", Country: "E", Archive: w.archive.Recipient().String()})
	if err != nil {
		return stanza, err
	}
	return stanza, tier.Register(ctx, w.server.DSN(postgres.RoleStaff, database), stanza)
}

func (w *world) open(ctx context.Context, stanza agency.Stanza) error {
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	gate := passphrase.NewGate()
	for _, side := range []struct {
		tier authz.Tier
		role string
		into **tier.Tier
		at   *tier.Services
	}{{authz.Public, postgres.RolePublic, &w.public, &w.doors}, {authz.Staff, postgres.RoleStaff, &w.staff, &w.desk}} {
		keys, err := keyfile.Load(filepath.Join(w.dir, "keys", string(side.tier)), side.tier)
		if err != nil {
			return err
		}
		t, err := tier.Open(ctx, tier.Config{Tier: side.tier, DSN: w.server.DSN(side.role, database), Keys: keys,
			Stanzas: []agency.Stanza{stanza}, State: filepath.Join(w.dir, "state-"+string(side.tier)), Gate: gate, Work: passphrase.Standard(), Log: log})
		if err != nil {
			return err
		}
		*side.into = t
		if *side.at, err = t.At(w.now); err != nil {
			return err
		}
	}
	return nil
}

// close ends everything and removes the folder.
func (w *world) close(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	w.closePools()
	var err error
	for _, pool := range w.pools {
		pool.Close()
	}
	if w.server != nil {
		err = w.server.Stop(ctx)
	}
	return errors.Join(err, os.RemoveAll(w.dir))
}

func (w *world) closePools() {
	for _, t := range []**tier.Tier{&w.public, &w.staff} {
		if *t != nil {
			(*t).Close()
			*t = nil
		}
	}
}

// login is somebody's way in.
type login struct{ id, reference, secret string }

// enrol takes somebody from their paper to a session on hold.
func (w *world) enrol(ctx context.Context, door *account.Service, paper account.Paper) (login, session.Token, error) {
	token, err := door.Redeem(ctx, home, netip.MustParseAddr("127.0.0.1"), paper.Code, fact)
	if err != nil {
		return login{}, token, fmt.Errorf("redeem: %w", err)
	}
	if token, _, err = door.Choose(ctx, home, token, passphrase5, "bench"); err != nil {
		return login{}, token, fmt.Errorf("choose: %w", err)
	}
	actor, err := door.Load(ctx, home, token, account.Short)
	if err != nil {
		return login{}, token, err
	}
	return login{id: actor.Account(), reference: paper.Reference}, token, nil
}

// secondStep gives a worker one-time codes.
func (w *world) secondStep(ctx context.Context, l *login, token session.Token) error {
	actor, err := w.desk.Accounts.Load(ctx, home, token, account.Short)
	if err != nil {
		return err
	}
	offer, err := w.desk.Accounts.OfferTOTP(ctx, actor, token)
	if err != nil {
		return fmt.Errorf("offer codes: %w", err)
	}
	l.secret = strings.ReplaceAll(offer.Secret, " ", "")
	digits, err := w.code(l)
	if err != nil {
		return err
	}
	// The offered secret waits in the session: a request of its own keeps it.
	if actor, err = w.desk.Accounts.Load(ctx, home, token, account.Short); err != nil {
		return err
	}
	return w.desk.Accounts.KeepTOTP(ctx, actor, token, digits)
}

// code is a one-time code that was not used before: the clock goes on for it.
func (w *world) code(l *login) (string, error) {
	w.ahead.Add(int64(30 * time.Second))
	return code.Current(l.secret, w.now())
}

func (w *world) signIn(ctx context.Context, door *account.Service, l *login) (session.Token, error) {
	in := account.SignIn{Name: l.reference, Passphrase: passphrase5, From: netip.MustParseAddr("127.0.0.1"), Browser: "bench"}
	if l.secret != "" {
		digits, err := w.code(l)
		if err != nil {
			return session.Token{}, err
		}
		in.Code = digits
	}
	return door.SignIn(ctx, home, in)
}

// people makes a manager, a worker, the exchanges and the two who write.
func (w *world) people(ctx context.Context, couples, exchanges int) error {
	paper, _, err := w.desk.Accounts.InviteFirst(ctx, home, fact)
	if err != nil {
		return fmt.Errorf("invite the manager: %w", err)
	}
	manager, token, err := w.enrol(ctx, w.desk.Accounts, paper)
	if err != nil {
		return err
	}
	if err := w.secondStep(ctx, &manager, token); err != nil {
		return err
	}
	digits, err := w.code(&manager)
	if err != nil {
		return err
	}
	opening := account.Opening{Name: manager.reference, Passphrase: passphrase5, Code: digits, Display: "Carys Marlowe"}
	if err := w.desk.Accounts.OpenAgency(ctx, home, opening); err != nil {
		return fmt.Errorf("open the agency: %w", err)
	}
	w.manager = &manager
	worker, err := w.newWorker(ctx, &manager, authz.LetterboxWorker)
	if err != nil {
		return err
	}
	w.workerID, w.login = worker.id, worker
	if w.worker, err = w.signIn(ctx, w.desk.Accounts, worker); err != nil {
		return err
	}
	for range couples {
		c, err := w.couple(ctx, worker, exchanges)
		if err != nil {
			return err
		}
		w.couples = append(w.couples, c)
	}
	return nil
}

func (w *world) newWorker(ctx context.Context, manager *login, role authz.Role) (*login, error) {
	token, err := w.signIn(ctx, w.desk.Accounts, manager)
	if err != nil {
		return nil, fmt.Errorf("sign the manager in: %w", err)
	}
	actor, err := w.desk.Accounts.Load(ctx, home, token, account.Short)
	if err != nil {
		return nil, err
	}
	paper, err := w.desk.Accounts.InviteWorker(ctx, actor, "Rhys Penhaligon", fact)
	if err != nil {
		return nil, fmt.Errorf("invite the worker: %w", err)
	}
	worker, enrolling, err := w.enrol(ctx, w.desk.Accounts, paper)
	if err != nil {
		return nil, err
	}
	if err := w.secondStep(ctx, &worker, enrolling); err != nil {
		return nil, err
	}
	digits, err := w.code(manager)
	if err != nil {
		return nil, err
	}
	return &worker, w.desk.Accounts.ConfirmWorker(ctx, actor, worker.id, []authz.Role{role}, digits)
}

// couple opens exchanges between two new people and brings both in.
func (w *world) couple(ctx context.Context, worker *login, exchanges int) (c couple, err error) {
	actor, err := w.desk.Accounts.Load(ctx, home, w.worker, account.Short)
	if err != nil {
		return c, err
	}
	birth, adoptive := letterbox.NewPerson{Name: "Tamsin Vale", Relation: "birth mother"}, letterbox.NewPerson{Name: "Morwenna Hale", Relation: "adopter"}
	child := letterbox.NewChild{BirthName: "Wren Vale", AdoptiveName: "Wren Hale", Born: calendar.Today(w.now()).AddDate(-7, 0, 0)}
	side := func(book string, p letterbox.NewPerson) letterbox.NewSide {
		return letterbox.NewSide{Book: book, People: []letterbox.NewPerson{p}, MaySend: []string{"letter"}, TimesAYear: 2,
			Names: letterbox.Names{Children: []string{"Wren"}, Other: "the other family", Self: "us"}}
	}
	for range exchanges {
		id, err := w.desk.Letters.OpenExchange(ctx, actor, letterbox.NewExchange{
			Sides: [2]letterbox.NewSide{side("birth", birth), side("adoptive", adoptive)}, Children: []letterbox.NewChild{child}})
		if err != nil {
			return c, fmt.Errorf("open an exchange: %w", err)
		}
		x, err := w.desk.Letters.Exchange(ctx, actor, id)
		if err != nil {
			return c, err
		}
		// The same two people and the same child in every exchange.
		birth, adoptive, child = letterbox.NewPerson{ID: x.Sides[0].People[0].ID}, letterbox.NewPerson{ID: x.Sides[1].People[0].ID}, letterbox.NewChild{ID: x.Children[0].ID}
		c.sides = append(c.sides, ends{x.Sides[0].ID, x.Sides[1].ID})
	}
	c.writerID, c.readerID = string(birth.ID), string(adoptive.ID)
	for i, id := range []string{c.writerID, c.readerID} {
		if c.logins[i], err = w.person(ctx, actor, worker, id); err != nil {
			return c, err
		}
	}
	return c, w.comeIn(ctx, &c)
}

// person enrols somebody, and confirms them.
func (w *world) person(ctx context.Context, actor authz.Actor, worker *login, id string) (login, error) {
	paper, err := w.desk.Accounts.InvitePerson(ctx, actor, id, fact)
	if err != nil {
		return login{}, fmt.Errorf("invite a person: %w", err)
	}
	l, _, err := w.enrol(ctx, w.doors.Accounts, paper)
	if err != nil {
		return login{}, err
	}
	digits, err := w.code(worker)
	if err != nil {
		return login{}, err
	}
	if err := w.desk.Accounts.ConfirmPerson(ctx, actor, id, digits); err != nil {
		return login{}, fmt.Errorf("confirm a person: %w", err)
	}
	return l, nil
}

// comeIn signs both of a couple in.
func (w *world) comeIn(ctx context.Context, c *couple) (err error) {
	if c.writer, err = w.signIn(ctx, w.doors.Accounts, &c.logins[0]); err != nil {
		return err
	}
	c.reader, err = w.signIn(ctx, w.doors.Accounts, &c.logins[1])
	return err
}

// signInAgain gives everybody a new session, as after a time in which nobody
// did anything.
func (w *world) signInAgain(ctx context.Context) (err error) {
	if w.worker, err = w.signIn(ctx, w.desk.Accounts, w.login); err != nil {
		return err
	}
	for i := range w.couples {
		if err := w.comeIn(ctx, &w.couples[i]); err != nil {
			return err
		}
	}
	return nil
}

// cpuTime is computing time, user and system.
type cpuTime struct{ own, database time.Duration }

func (c cpuTime) since(before cpuTime) cpuTime {
	return cpuTime{c.own - before.own, c.database - before.database}
}

// cpu is the time that this process and every process of PostgreSQL have
// computed for.
func (w *world) cpu() (c cpuTime) {
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err == nil {
		c.own = time.Duration(own.Utime.Nano() + own.Stime.Nano())
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return c
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if parent, ticks := stat(pid); pid == w.server.PID() || parent == w.server.PID() {
			c.database += time.Duration(ticks) * time.Second / 100 // proc(5): clock ticks, 100 a second on Linux
		}
	}
	return c
}

// stat reads parent and computed ticks of a process, with those of its ended children (proc(5)).
func stat(pid int) (parent int, ticks int64) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, 0
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 15 {
		return 0, 0
	}
	parent, err = strconv.Atoi(fields[1])
	if err != nil {
		return 0, 0
	}
	for _, f := range fields[11:15] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, 0
		}
		ticks += n
	}
	return parent, ticks
}

// highWater is the most memory that this process has had, in megabytes.
func highWater() float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				return 0
			}
			return kb / 1024
		}
	}
	return 0
}
