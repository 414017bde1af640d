package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/config"
	"gatepost/internal/demo"
	"gatepost/internal/keyfile"
	"gatepost/internal/oplog"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/private"
	"gatepost/internal/tier"
	"gatepost/web/assets"
)

const (
	demoDatabase = "gatepost"
	demoPublic   = "127.0.0.1:8180"
	demoStaff    = "127.0.0.1:8181"

	// stopTime is how long the database may take to shut down.
	stopTime = 20 * time.Second

	// partTime is how long it may take from parting with its clients to its end.
	partTime = 5 * time.Second
)

// errDatabase: the private server has ended by itself.
var errDatabase = errors.New("the database server of the demo has ended; start the demo again, and see pg.log in its folder")

// demoFolder is where a demo lies unless somebody says otherwise. For root that
// is no home folder: the database server runs as another user, who could not
// enter it.
func demoFolder(env func(string) string) string {
	if os.Geteuid() == 0 {
		return "/var/lib/gatepost-demo"
	}
	if data := env("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return filepath.Join(data, "gatepost-demo")
	}
	return filepath.Join(env("HOME"), ".local", "share", "gatepost-demo")
}

// demoCall is one running demo.
type demoCall struct {
	*call
	dir           string
	public, staff string // addresses to listen on
	folder        demo.Folder
	database      *private.Server
	mail          *demo.Sink
}

func demoRun(ctx context.Context, c *call) (err error) {
	d := &demoCall{call: c}
	_, err = c.flags(func(fs *flag.FlagSet) {
		fs.StringVar(&d.dir, "data", demoFolder(c.env), "")
		fs.StringVar(&d.public, "public", demoPublic, "")
		fs.StringVar(&d.staff, "staff", demoStaff, "")
	})
	if err != nil {
		return err
	}
	for _, address := range []string{d.public, d.staff} {
		host, _, err := net.SplitHostPort(address)
		if err != nil || !agency.Loopback(host) {
			return wrong("%q is no address of this machine; the demo listens on addresses such as 127.0.0.1:8180 only.", address)
		}
	}
	if err := harden(); err != nil {
		return err
	}
	// Before the database is made, which takes its time.
	if _, err := assets.Load(c.assets); err != nil {
		return err
	}
	if d.dir, err = filepath.Abs(d.dir); err != nil {
		return fmt.Errorf("find the data folder: %w", err)
	}
	d.folder = demo.At(d.dir)
	fmt.Fprintf(c.stdout, "Gatepost demo. Everybody in it is made up.\n\n  Data folder  %s\n", d.dir)
	d.database, err = private.Start(ctx, private.Options{Dir: d.dir, Roles: postgres.Roles(), Log: slog.New(plainLog(c.stderr, slog.LevelInfo))})
	if err != nil {
		return err
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		err = errors.Join(err, d.database.Stop(stopping))
	}()
	return d.run(ctx)
}

// run has the folder and its database to itself.
func (d *demoCall) run(ctx context.Context) (err error) {
	file, err := os.OpenFile(d.folder.Path("gatepost.log"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open the demo's log: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	log := oplog.New(slog.NewMultiHandler(slog.NewJSONHandler(file, nil), plainLog(d.stderr, slog.LevelError)))

	world, err := d.prepare(ctx)
	if err != nil {
		return ignoreStop(ctx, err)
	}
	if err := keyfile.EnsureNotify(d.folder.Path("keys")); err != nil {
		return err // a demo that an earlier program made has no notifier
	}
	if err := d.folder.EnsureState(); err != nil {
		return err
	}
	if d.mail, err = d.folder.OpenSink(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.mail.Close()) }()
	cfg := d.config(world)
	if cfg.Backup.Recipient, cfg.Backup.Folder, err = d.folder.BackupKey(); err != nil {
		return err
	}
	text, err := cfg.Text()
	if err != nil {
		return err
	}
	if err := d.folder.Write("gatepost.toml", text); err != nil {
		return err
	}
	p, err := d.assemble(ctx, cfg, []authz.Tier{authz.Public, authz.Staff}, log)
	if err != nil {
		return ignoreStop(ctx, err)
	}
	defer p.close()
	return d.serve(ctx, p, world, log.Tier(""))
}

// ignoreStop: who is told to stop while starting has done what it was asked.
func ignoreStop(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// prepare gives a world whose agency is registered in a migrated database. What
// an interrupted seeding left is thrown away: it has nothing that anybody made.
func (d *demoCall) prepare(ctx context.Context) (demo.World, error) {
	world, err := d.folder.Load()
	if err != nil {
		return world, err
	}
	if !world.Complete {
		if err := d.dropDatabase(ctx); err != nil {
			return world, err
		}
	}
	if err := d.database.EnsureDatabase(ctx, demoDatabase); err != nil {
		return world, err
	}
	if err := migrateTo(ctx, d.database.DSN(postgres.RoleAdmin, demoDatabase)); err != nil {
		return world, err
	}
	staff := d.database.DSN(postgres.RoleStaff, demoDatabase)
	if world.Complete {
		if _, err := tier.StandingOf(ctx, staff, demo.AgencyID); errors.Is(err, tier.ErrUnknown) {
			return world, fmt.Errorf("the database in %s is not the one of its world.json; remove the folder to begin with a new demo", d.dir)
		} else if err != nil {
			return world, err
		}
		return world, nil
	}
	if world, err = d.folder.Begin(); err != nil {
		return world, err
	}
	if world, err = d.folder.AddNeighbour(world); err != nil {
		return world, err
	}
	for _, s := range world.Stanzas() {
		if err := tier.Register(ctx, staff, s); err != nil {
			return world, err
		}
	}
	return world, nil
}

func (d *demoCall) dropDatabase(ctx context.Context) (err error) {
	conn, err := pgx.Connect(ctx, d.database.DSN(postgres.RoleAdmin, "postgres"))
	if err != nil {
		return fmt.Errorf("connect to the demo's database: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if _, err := conn.Exec(ctx, "drop database if exists "+demoDatabase+" with (force)"); err != nil {
		return fmt.Errorf("remove an unfinished demo: %w", err)
	}
	return nil
}

// config is the demo as a deployment, by which other commands find it too.
func (d *demoCall) config(world demo.World) *config.Config {
	dsn := func(role string) string { return d.database.DSN(role, demoDatabase) }
	var agencies []config.Agency
	for _, s := range world.Stanzas() {
		agencies = append(agencies, config.Agency(s))
	}
	return &config.Config{
		OneProcess: true,
		Database: config.Database{Owner: dsn(postgres.RoleAdmin), Public: dsn(postgres.RolePublic), Staff: dsn(postgres.RoleStaff), Notify: dsn(postgres.RoleNotify),
			Backup: dsn(postgres.RoleBackup)},
		Public:   config.Door{Listen: d.public, Keys: d.folder.Path("keys/public"), State: d.folder.Path("state/public")},
		Staff:    config.Door{Listen: d.staff, Keys: d.folder.Path("keys/staff"), State: d.folder.Path("state/staff")},
		Mail:     config.Mail{Host: "127.0.0.1", Port: d.mail.Port(), From: demo.MailFrom},
		Agencies: agencies,
	}
}

// serve answers from the first moment, and makes the families meanwhile if
// there are none yet.
func (d *demoCall) serve(ctx context.Context, p *process, world demo.World, log *slog.Logger) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-d.database.Done():
			cancel(errDatabase)
		case <-ctx.Done():
		}
	}()
	serving := make(chan error, 1)
	go func() {
		err := p.run(ctx, log)
		cancel(err)
		serving <- err
	}()
	d.sayWhere(p, world)
	if !world.Complete {
		fmt.Fprintf(d.stdout, "\nThe pages answer. The people move in now, which takes about half a minute.\n")
		if err := d.seed(ctx, p, &world); err != nil && ctx.Err() == nil {
			cancel(err)
		}
	}
	if world.Complete && ctx.Err() == nil {
		sayWho(d.stdout, world)
		d.sayFirst()
	}
	err := <-serving
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) && !errors.Is(cause, err) {
		err = errors.Join(cause, err)
	}
	if err != nil && !errors.Is(err, errDatabase) && d.databaseEnds() {
		err = errors.Join(errDatabase, err)
	}
	if err == nil {
		fmt.Fprintln(d.stdout, "Stopped. The same command goes on from here.")
	}
	return err
}

// databaseEnds tells whether the database server has ended or is about to: it
// parts from its clients first, and they may have fallen before it has.
func (d *demoCall) databaseEnds() bool {
	select {
	case <-d.database.Done():
		return true
	case <-time.After(partTime):
		return false
	}
}

func (d *demoCall) seed(ctx context.Context, p *process, world *demo.World) error {
	people, err := demo.Seed(ctx, p.tiers[0], p.tiers[1], time.Now())
	if err != nil {
		return err
	}
	if err := d.letBirthdayCome(ctx); err != nil {
		return err
	}
	world.People, world.Complete = people, true
	return d.folder.Save(*world)
}

// The clock of the letters' days is the database's, which no demo can set: so
// the day comes to the letter. It is the one thing of the demo that nobody did
// by a page.
const (
	sqlDayComes = `update exchange_child c set relays_end_on = date_trunc('month', current_date)
		where c.agency_id = $1 and c.relays_end_on = (select min(o.relays_end_on) from exchange_child o where o.agency_id = c.agency_id)`
	sqlDemoAgency = `select set_config('gatepost.agency', $1, true)`
	sqlStopAt18   = `select stop_at_18()`
)

// letBirthdayCome stops the letter to the home of the child who is nearly
// eighteen, by the function that does so in a deployment.
func (d *demoCall) letBirthdayCome(ctx context.Context) error {
	steps := []struct{ role, sql string }{{postgres.RoleAdmin, sqlDayComes}, {postgres.RoleNotify, sqlStopAt18}}
	for _, step := range steps {
		conn, err := pgx.Connect(ctx, d.database.DSN(step.role, demoDatabase))
		if err != nil {
			return fmt.Errorf("connect to the demo's database: %w", err)
		}
		err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, sqlDemoAgency, demo.AgencyID); err != nil {
				return err
			}
			var args []any
			if step.role == postgres.RoleAdmin {
				args = append(args, demo.AgencyID)
			}
			_, err := tx.Exec(ctx, step.sql, args...)
			return err
		})
		if err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))); err != nil {
			return fmt.Errorf("let a birthday come: %w", err)
		}
	}
	return nil
}

func (d *demoCall) sayWhere(p *process, world demo.World) {
	urls, elm := make([]string, len(p.sites)), ""
	for i, site := range p.sites {
		_, port, err := net.SplitHostPort(site.Listener.Addr().String())
		if err == nil {
			urls[i] = "http://" + net.JoinHostPort([]string{demo.PublicHost, demo.StaffHost}[i], port)
			elm = "http://" + net.JoinHostPort(world.Neighbour.StaffHost, port) // the last is the workers'
		}
	}
	fmt.Fprintf(d.stdout, "  Families     %s\n  Workers      %s\n  Log          %s\n  Mail         %s (kept here, sent to nobody)\n", urls[0], urls[1],
		d.folder.Path("gatepost.log"), d.mail.Dir())
	if world.Neighbour.ID != "" {
		fmt.Fprintf(d.stdout, "  Elm Row      %s (workers of another agency, which ours asks)\n", elm)
	}
}

func sayWho(out io.Writer, world demo.World) {
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "  person\twho\tlog-in name\tpassphrase\tcode")
	last := world.People[0]
	for _, p := range world.People {
		if p.Tier != last.Tier || p.Agency != last.Agency || p.Case != last.Case {
			fmt.Fprintln(w, "  \t\t\t\t")
		}
		last = p
		role, codes := p.Role, "-"
		if p.OnHold {
			role += ", waits for a call"
		}
		if p.TOTP != "" {
			codes = "demo code " + p.Key
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\n", p.Name, role, p.Login, p.Passphrase, codes)
	}
	_ = w.Flush() // a closed terminal is no reason to stop
}

func (d *demoCall) sayFirst() {
	program := "gatepost"
	if path, err := os.Executable(); err == nil {
		program = path
		if here, err := os.Getwd(); err == nil {
			if rel, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(rel) {
				program = rel
			}
		}
	}
	data := ""
	if d.dir != demoFolder(d.env) {
		data = " --data " + d.dir
	}
	fmt.Fprintf(d.stdout, `
One-time codes: a worker needs one to sign in. Each counts once; the next comes within half a minute.
  %s demo code owen%s

What to try first
  1. Sign in as Owen on the workers' page. Mark's letter on paper is late: a colleague
     decides about it, since you typed it in. Take Kelly's, read it, and pass it on.
  2. Sign in as Rachel on the families' page: the letter is there. Open it and answer it.
  3. Sign in as Margaret. A letter of hers came back; read why, and write it again.
  4. Mark waits for a call. Sign in as him to see his four words, then confirm him as Owen under People.
  5. Lorna's letter was stopped while the other home moved. As Owen, look under Stopped on the desk
     why it was, and let it go on. Then sign in as Imelda: it is there.
  6. Sign in as Clive: his letters rest. As Nasreen, open his exchange and let them go on.
  7. Sign in as Lorna: a worker asks her to leave one thing out of another letter. Send it like that,
     and pass it on as Nasreen.
  8. A letter to Clive is in Welsh. Ifan translates it on a page of his own; then Owen reads both.

And for those who look for each other
  9. Sign in as Bronwen. Under Cases are six people who look for somebody, each as far as the law lets
     it go, and under "Show those that have ended" a seventh; the first page of a case says what stands
     in the way, and by which rule.
 10. Sign in as Maureen on the families' page: something lies ready for her. Open it.
 11. Sheila is a birth mother, and her son has a veto. Read her page: it tells nothing of that.
 12. Callan's mother wants letters and nothing else. As Idris, open Callan's case and let them write.
 13. Gethin asks in Wales what Bernard asks in England. Compare what stands in the way of each.
 14. Maureen hopes for a sister. As Bronwen, look for pairs in the contact register; as Idris, say the same.
 15. On the families' page under /apply ask that nobody contacts you. Until Bronwen has read it, nobody is approached.

Ctrl-C stops the demo. The same command goes on from here.
`, program, data)
}

func demoCode(_ context.Context, c *call) error {
	dir := ""
	words, err := c.flags(func(fs *flag.FlagSet) { fs.StringVar(&dir, "data", demoFolder(c.env), "") }, "the person")
	if err != nil {
		return err
	}
	world, err := demo.At(dir).Load()
	if err != nil {
		return err
	}
	if !world.Complete {
		return fmt.Errorf("there are no families in %s yet; start the demo there, and try again when it has said who they are", dir)
	}
	p, ok := world.Person(words[0])
	if !ok {
		return wrong("nobody of the demo is called %q; it knows %v.", words[0], demo.All())
	}
	if p.TOTP == "" {
		return fmt.Errorf("%s uses no one-time codes; leave the field empty", p.Name)
	}
	digits, left, err := p.Code(time.Now())
	if err != nil {
		return fmt.Errorf("make a code: %w", err)
	}
	fmt.Fprintln(c.stdout, digits)
	fmt.Fprintf(c.stderr, "It counts once. The next one comes in %d seconds.\n", int(left.Seconds())+1)
	return nil
}
