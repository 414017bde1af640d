package tier

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"gatepost/crypto/passphrase"
	"gatepost/intermediary"
	"gatepost/internal/account"
	"gatepost/internal/agency"
	"gatepost/internal/audit"
	"gatepost/internal/authz"
	"gatepost/internal/calendar"
	"gatepost/internal/checkpoint"
	"gatepost/internal/darkroom"
	"gatepost/internal/keyfile"
	"gatepost/internal/notice"
	"gatepost/internal/nudge"
	"gatepost/internal/parts"
	"gatepost/internal/postgres"
	"gatepost/internal/studio"
	"gatepost/letterbox"
	"gatepost/migrations"
)

// Config is what a Tier is made of. Every field but Parts is needed.
type Config struct {
	Tier    authz.Tier
	DSN     string // in the tier's role
	Keys    *keyfile.Keys
	Stanzas []agency.Stanza
	State   string           // folder in which this tier writes down what it has seen of the logs
	Gate    *passphrase.Gate // one for the process
	Work    *passphrase.Work
	Log     *slog.Logger
	Parts   *parts.Store  // nil: large parts are in the database
	Days    calendar.Days // that the agencies count in; the zero value knows of no holiday that was proclaimed for one year
}

// Tier is one tier, ready to be served. It is safe for use by many goroutines.
type Tier struct {
	Services
	Agencies *agency.Registry

	config Config
	db     *postgres.DB
	index  *audit.Index // staff tier only
	photos *darkroom.Room
	voices *studio.Studio // public tier only

	keeper  *checkpoint.Keeper  // staff tier only
	watcher *checkpoint.Watcher // public tier only
}

// Services are what pages ask, by one clock.
type Services struct {
	Accounts *account.Service
	Letters  *letterbox.Service
	Cases    *intermediary.Service
	Notices  *notice.Service // public tier only
}

// photosAtOnce is how many pictures a tier takes in or cuts at a time: each holds
// some 25 MB here and half a gigabyte in its child.
const photosAtOnce = 2

// voicesComing is how many recordings a tier takes in at a time, each of 20 MB at most,
// and voicesAtOnce how many are made anew, of which a child has work for some seconds:
// 160 MB, and 52 MB more for each of the two.
const (
	voicesComing = 8
	voicesAtOnce = 2
)

// Open connects, refuses a database at another version, joins stanzas and keys,
// holds the agencies' logs against what this tier has seen of them (the error is
// a checkpoint.Refusal), and writes down which stanzas this tier believes. A store
// whose bucket is another deployment's is refused (parts.ErrAnother); one that does not
// answer is asked again before anything is put there or deleted. Close it in the end.
func Open(ctx context.Context, c Config) (*Tier, error) {
	if err := CheckVersion(ctx, c.DSN); err != nil {
		return nil, err
	}
	agencies := make([]*agency.Agency, len(c.Stanzas))
	var problems []error
	for i, s := range c.Stanzas {
		var err error
		if agencies[i], err = c.Keys.Agency(s); err != nil {
			problems = append(problems, err)
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	db, err := postgres.Open(ctx, c.DSN, postgres.WithConstraints(letterbox.Constraints()), postgres.WithConstraints(intermediary.Constraints()))
	if err != nil {
		return nil, err
	}
	photos, err := darkroom.New(photosAtOnce, darkroom.Standard())
	if err != nil {
		db.Close()
		return nil, err
	}
	voices, err := studio.New(voicesComing, voicesAtOnce, studio.Standard())
	if err != nil {
		db.Close()
		return nil, err
	}
	if err := c.ownStore(ctx, db); err != nil {
		db.Close()
		return nil, err
	}
	t := &Tier{photos: photos, voices: voices, Agencies: agency.NewRegistry(agencies...).Counting(c.Days), config: c, db: db}
	if c.Tier == authz.Staff {
		t.index = audit.NewIndex(db, t.Agencies.VerifyIn(db))
	}
	if t.Services, err = t.At(time.Now); err == nil {
		err = t.begin(ctx)
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	return t, nil
}

// ownStore opens the store for this database's deployment, and refuses another's.
func (c *Config) ownStore(ctx context.Context, db *postgres.DB) error {
	if c.Parts == nil {
		return nil
	}
	var mark parts.Mark
	err := db.Read(ctx, postgres.Scope{}, func(b *pgx.Batch) {
		b.Queue(parts.SQLMark).QueryRow(func(row pgx.Row) error { return row.Scan((*[]byte)(&mark)) })
	})
	if err != nil {
		return fmt.Errorf("ask the database for the mark of its store: %w", err)
	}
	c.Parts = c.Parts.For(mark, func(ctx context.Context) (places [][]byte, err error) {
		err = db.Read(ctx, postgres.Scope{}, func(b *pgx.Batch) {
			b.Queue(parts.SQLPlaces, parts.PlacesAsked).Query(func(r pgx.Rows) (err error) {
				places, err = pgx.CollectRows(r, pgx.RowTo[[]byte])
				return err
			})
		})
		return places, err
	})
	switch err := c.Parts.Ours(ctx); {
	case errors.Is(err, parts.ErrAnother):
		return err
	case err != nil:
		c.Log.ErrorContext(ctx, "the store of large parts does not say whose it is; photos and recordings wait until it does", "error", err)
	}
	return nil
}

// begin compares the logs before anything is written, for the database may be
// one that was rolled back.
func (t *Tier) begin(ctx context.Context) (err error) {
	c := checkpoint.Config{DB: t.db, Agencies: t.Agencies.All(), Folder: t.config.State, Now: time.Now, Log: t.config.Log}
	if t.config.Tier == authz.Public {
		if t.watcher, err = checkpoint.NewWatcher(c); err == nil {
			err = t.watcher.Start(ctx)
		}
	} else {
		if t.keeper, err = checkpoint.NewKeeper(c); err == nil {
			err = t.keeper.Start(ctx)
		}
	}
	if err != nil {
		return err
	}
	return t.believe(ctx)
}

// Guard makes checkpoints on the staff tier, which needs its hub for it, and
// looks at them on the other, until ctx ends. An error is a checkpoint.Refusal:
// the database is not the one of before, and the process must end.
func (t *Tier) Guard(ctx context.Context, hub *nudge.Hub) error {
	if t.keeper != nil {
		return t.keeper.Run(ctx, hub)
	}
	return t.watcher.Run(ctx)
}

// Checkpoints tells how far the checkpoints of each agency are; nothing on the
// public tier.
func (t *Tier) Checkpoints() []checkpoint.Standing {
	if t.keeper == nil {
		return nil
	}
	return t.keeper.Standings()
}

// Close waits for what is being asked of the database and closes the pool.
func (t *Tier) Close() { t.db.Close() }

// Nudges makes the hub of this process, which the caller runs. Staff tier only.
func (t *Tier) Nudges() *nudge.Hub { return nudge.New(t.db, t.config.DSN, t.config.Log) }

// At makes the services anew by another clock, on the same pool: for a world
// that is made up, and for tests.
func (t *Tier) At(now func() time.Time) (Services, error) {
	accounts, err := account.New(account.Config{DB: t.db, Agencies: t.Agencies, Tier: t.config.Tier, Peppers: t.config.Keys.Peppers,
		LoginKey: t.config.Keys.LoginKey, CodeKey: t.config.Keys.CodeKey, Gate: t.config.Gate, Work: t.config.Work, Now: now, Log: t.config.Log,
		Index: t.index})
	if err != nil {
		return Services{}, err
	}
	reasons, err := Reasons()
	if err != nil {
		return Services{}, err
	}
	made := Services{Accounts: accounts, Letters: letterbox.New(t.db, t.Agencies, t.index, now, t.config.Log).WithDarkroom(t.photos).WithParts(t.config.Parts).WithReasons(reasons),
		Cases: intermediary.New(t.db, t.Agencies, t.index, now, t.config.Log)}
	if t.config.Tier == authz.Staff {
		made.Letters = made.Letters.WithCodes(accounts).WithRelay(Relay)
		made.Cases = made.Cases.WithCodes(accounts).WithExchanges(made.Letters)
	}
	if t.config.Tier == authz.Public {
		made.Letters = made.Letters.WithStudio(t.voices)
		made.Notices = notice.New(t.db, t.Agencies, now, t.config.Log)
		made.Cases = made.Cases.WithStrangers(accounts)
	}
	return made, nil
}

// CheckVersion refuses a database that cannot be reached, or that is at another
// version than the program.
func CheckVersion(ctx context.Context, dsn string) (err error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return unreached(err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	return postgres.CheckVersion(ctx, conn, migrations.Files)
}

// unreached says what to do about a connection that was refused. The driver's
// own words hold the whole address, so only the server's code is told.
func unreached(err error) error {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		// Class 28 is a role that may not connect, or is not there.
		if strings.HasPrefix(pg.Code, "28") {
			return fmt.Errorf("the database does not let this role in (%s); run gatepost migrate if it is new, else check the connection string", pg.Code)
		}
		return fmt.Errorf("the database cannot be reached (%s); check its connection string", pg.Code)
	}
	return errors.New("the database cannot be reached; check its connection string and that it runs")
}

const (
	sqlInsertAgency = `insert into agency (id, stanza) values (agency(), $1)`
	sqlInsertGate   = `insert into audit_gate (agency_id) values (agency())`
	sqlPublicSeen   = `update agency set public_seen = $1, public_promise = $2, public_readers = $3 where id = agency()
		returning stanza = $1, coalesce(staff_promise = $2, true), coalesce(staff_readers = $3, true)`
	sqlStaffSeen = `update agency set staff_seen = $1, staff_promise = $2, staff_readers = $3 where id = agency()
		returning stanza = $1, coalesce(public_promise = $2, true), coalesce(public_readers = $3, true)`
	sqlAgency = `select coalesce(public_seen = stanza, false), coalesce(staff_seen = stanza, false), opened_at is not null
		from agency where id = agency()`
)

// believe writes down the stanza of each agency that this tier was started with.
func (t *Tier) believe(ctx context.Context) error {
	sql := sqlPublicSeen
	if t.config.Tier == authz.Staff {
		sql = sqlStaffSeen
	}
	for _, a := range t.Agencies.All() {
		print := a.Fingerprint()
		found, same, agreed, readers := false, false, false, false
		err := t.db.Act(ctx, postgres.Scope{Agency: a.ID}, nil, func(b *pgx.Batch) error {
			b.Queue(sql, print[:], a.Promise, a.SecondReader).Query(func(rows pgx.Rows) error {
				for rows.Next() {
					found = true
					if err := rows.Scan(&same, &agreed, &readers); err != nil {
						return err
					}
				}
				return rows.Err()
			})
			return nil
		})
		switch {
		case err != nil:
			return fmt.Errorf("write down the stanza of agency %s: %w", a.ID, err)
		case !found:
			return fmt.Errorf("the database does not know the agency %s; run gatepost agency add, or remove its stanza", a.ID)
		case !same:
			t.config.Log.ErrorContext(ctx, "ALARM: the stanza of an agency is not the one of gatepost agency add; nobody can sign in there", "agency", a.ID)
			continue
		case !agreed:
			t.config.Log.WarnContext(ctx, "the other tier promises another day; nobody can sign in there until both are started with the same promise", "agency", a.ID)
		case !readers:
			t.config.Log.WarnContext(ctx, "the other tier has another second reader for new exchanges; nobody can sign in there until both are started with the same", "agency", a.ID)
		}
		if t.config.Tier == authz.Staff && t.config.Keys.Notify != nil {
			if err := notice.RenewCanary(ctx, t.db, a, t.config.Keys.Notify, time.Now()); err != nil {
				return err
			}
		}
	}
	return nil
}

// Standing is how far an agency is.
type Standing struct {
	Public, Staff bool // that tier was started with the agency's stanza
	Opened        bool // its first manager has made its keys
}

// Register writes an agency into the database, inactive until both tiers have
// been started with its stanza. dsn is of the staff role. An agency with that
// id is an error.
func Register(ctx context.Context, dsn string, s agency.Stanza) error {
	return with(ctx, dsn, func(db *postgres.DB) error {
		print := s.Fingerprint()
		return db.Act(ctx, postgres.Scope{Agency: s.ID}, nil, func(b *pgx.Batch) error {
			b.Queue(sqlInsertAgency, print[:])
			b.Queue(sqlInsertGate)
			return nil
		})
	})
}

// ErrUnknown: the database has no such agency.
var ErrUnknown = errors.New("the database does not know that agency")

// StandingOf tells how far an agency is; ErrUnknown for one that was not
// registered. dsn is of the staff role.
func StandingOf(ctx context.Context, dsn, id string) (s Standing, err error) {
	found := false
	err = with(ctx, dsn, func(db *postgres.DB) error {
		return db.Read(ctx, postgres.Scope{Agency: id}, func(b *pgx.Batch) {
			b.Queue(sqlAgency).Query(func(rows pgx.Rows) error {
				for rows.Next() {
					found = true
					if err := rows.Scan(&s.Public, &s.Staff, &s.Opened); err != nil {
						return err
					}
				}
				return rows.Err()
			})
		})
	})
	if err == nil && !found {
		err = ErrUnknown
	}
	return s, err
}

func with(ctx context.Context, dsn string, do func(*postgres.DB) error) error {
	if err := CheckVersion(ctx, dsn); err != nil {
		return err
	}
	db, err := postgres.Open(ctx, dsn, postgres.WithConnections(1))
	if err != nil {
		return err
	}
	defer db.Close()
	return do(db)
}

// Sweep removes what has run out, once an hour until ctx ends.
func (t *Tier) Sweep(ctx context.Context) {
	hourly := time.NewTicker(time.Hour)
	defer hourly.Stop()
	for {
		for _, a := range t.Agencies.All() {
			if err := t.Accounts.Sweep(ctx, a.ID); err != nil && ctx.Err() == nil {
				t.config.Log.ErrorContext(ctx, "what has run out was not removed", "agency", a.ID, "error", err)
			}
		}
		select {
		case <-hourly.C:
		case <-ctx.Done():
			return
		}
	}
}
