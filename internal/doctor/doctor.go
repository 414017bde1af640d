package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/config"
	"gatepost/internal/keyfile"
	"gatepost/internal/postgres"
)

// Verdict is how one thing is.
type Verdict string

// Verdicts. Only Wrong makes a deployment unsound.
const (
	OK    Verdict = "ok"
	Look  Verdict = "look"
	Wrong Verdict = "wrong"
)

// Finding is how one thing is, and what to do about it.
type Finding struct {
	Verdict Verdict
	About   string // what was looked at, in a few words
	Text    string // one sentence
}

// String is the finding as one line.
func (f Finding) String() string { return fmt.Sprintf("%-5s  %s: %s", f.Verdict, f.About, f.Text) }

// Config is what to look at. Every field but Whole is needed.
type Config struct {
	Config *config.Config
	Tiers  []authz.Tier // those of this host
	Whole  bool         // verify every signature of the logs, which takes longer
	Now    func() time.Time
	Space  func(folder string) (free, all uint64, err error) // bytes of the disk below; Space
	Say    func(Finding)
}

// Examine looks at everything and says each finding as it is found. It gives
// whether nothing was wrong.
func Examine(ctx context.Context, c Config) (sound bool) {
	e := &examination{Config: c, sound: true, keys: map[authz.Tier]*keyfile.Keys{}, agencies: map[authz.Tier][]*agency.Agency{}, conns: map[string]*pgx.Conn{}}
	defer e.close(ctx)
	e.configuration()
	for _, t := range c.Tiers {
		e.keyFiles(t)
	}
	e.connections(ctx)
	if first := e.first(); first != nil {
		e.server(ctx, first)
		e.schema(ctx, first)
		e.instances(ctx, first)
		e.clock(ctx, first)
	}
	for _, t := range c.Tiers {
		e.atTier(ctx, t)
		e.parts(ctx, t)
	}
	if e.here(authz.Staff) {
		e.queue(ctx)
		e.mail(ctx)
		e.backup()
	}
	for _, t := range c.Tiers {
		e.certificate(t)
	}
	e.recordings()
	e.disks(ctx)
	return e.sound
}

// examination is one call of Examine.
type examination struct {
	Config
	sound    bool
	keys     map[authz.Tier]*keyfile.Keys
	agencies map[authz.Tier][]*agency.Agency
	conns    map[string]*pgx.Conn // by the configuration's name of the role
	order    []string             // of conns
}

func (e *examination) say(v Verdict, about, format string, args ...any) {
	if v == Wrong {
		e.sound = false
	}
	e.Say(Finding{v, about, fmt.Sprintf(format, args...)})
}

// problems says each line of an error as a finding of its own.
func (e *examination) problems(about string, err error) {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		e.say(Wrong, about, "%s", line)
	}
}

func (e *examination) here(t authz.Tier) bool { return slices.Contains(e.Tiers, t) }

func (e *examination) configuration() {
	found := false
	for _, t := range e.Tiers {
		if err := e.Config.Config.Serves(t); err != nil {
			found = true
			e.problems("configuration", err)
		}
	}
	if !found {
		e.say(OK, "configuration", "it has what the tiers of this host need")
	}
}

// keyFiles reads a tier's keys and joins them with the agencies.
func (e *examination) keyFiles(t authz.Tier) {
	about := "keys of the " + string(t) + " tier"
	folder := e.Config.Config.Door(t).Keys
	if folder == "" {
		return // the configuration's finding
	}
	keys, err := keyfile.Load(folder, t)
	if err != nil {
		e.problems(about, err)
		return
	}
	e.keys[t] = keys
	found := false
	for _, s := range e.Config.Config.Stanzas() {
		a, err := keys.Agency(s)
		if err != nil {
			found = true
			e.problems(about, err)
			continue
		}
		e.agencies[t] = append(e.agencies[t], a)
	}
	if p, s := e.keys[authz.Public], e.keys[authz.Staff]; p != nil && s != nil && (p.LoginKey != s.LoginKey || p.CodeKey != s.CodeKey) {
		found = true
		e.say(Wrong, about, "login.key or code.key is not the same on both tiers; copy both again from where gatepost keys init made them")
	}
	if !found {
		e.say(OK, about, "all are there, are read by nobody else, and are those of the stanzas")
	}
}

// roles are the connections that the tiers of this host need, by the names of
// the configuration.
func (e *examination) roles() (list []string) {
	if e.here(authz.Public) {
		list = append(list, "public")
	}
	if e.here(authz.Staff) {
		list = append(list, "staff", "notify")
		if e.Config.Config.Database.Backup != "" {
			list = append(list, "backup")
		}
	}
	return list
}

func (e *examination) dsn(role string) string {
	d := e.Config.Config.Database
	return map[string]string{"public": d.Public, "staff": d.Staff, "notify": d.Notify, "backup": d.Backup, "owner": d.Owner}[role]
}

// connections connects each role, and looks at what only that role's session shows.
func (e *examination) connections(ctx context.Context) {
	for _, role := range e.roles() {
		about := "database as gatepost_" + role
		if e.dsn(role) == "" {
			continue // the configuration's finding
		}
		conn, err := connect(ctx, e.dsn(role))
		if err != nil {
			e.say(Wrong, about, "it does not let us in or does not answer; check database.%s, that PostgreSQL runs, and that gatepost migrate was run", role)
			continue
		}
		e.conns[role], e.order = conn, append(e.order, role)
		e.session(ctx, about, "gatepost_"+role, conn)
	}
}

// connect opens a session that can change nothing.
func connect(ctx context.Context, dsn string) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("the connection string cannot be read")
	}
	for name, value := range map[string]string{"default_transaction_read_only": "on", "lock_timeout": "5s", "statement_timeout": "30s",
		"application_name": postgres.Application(), "timezone": "Europe/London"} {
		cfg.RuntimeParams[name] = value
	}
	return pgx.ConnectConfig(ctx, cfg)
}

func (e *examination) first() *pgx.Conn {
	if len(e.order) == 0 {
		return nil
	}
	return e.conns[e.order[0]]
}

func (e *examination) close(ctx context.Context) {
	for _, conn := range e.conns {
		_ = conn.Close(context.WithoutCancel(ctx)) // it has said all that was asked
	}
}
