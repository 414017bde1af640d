package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"gatepost/crypto/seal"
	"gatepost/internal/parts"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/private"
	"gatepost/migrations"
)

// Restore is one backup to be brought back. Every field is needed but Check and Parts.
type Restore struct {
	File     string
	Identity *age.HybridIdentity // of the recipient that it was sealed to
	Owner    string              // connection string of database.owner; the database in it must be empty
	Backup   string              // connection string of gatepost_backup
	Check    bool                // into a database of its own beside, which is dropped again
	// Verifiers are the verifier strings of the agencies' log keys, from their
	// stanzas, by agency.
	Verifiers map[string]string
	// Missing is how many large parts the backup may lack: as many as it does.
	Missing int
	// Parts is where large parts are brought back to, with the staff tier's key; not
	// needed for a backup without any.
	Parts *parts.Store
	// Prove proves more of the restored database, of that name, before it
	// counts: that the canary opens. An error undoes the restore.
	Prove func(ctx context.Context, database string, m Manifest) error
	// After is asked once everything is proved, with a database that is at this
	// program's version. An error is told and undoes nothing, but for Check.
	After func(ctx context.Context, database string, m Manifest) error
	// Say is told each thing that was proved, and how long that took.
	Say func(what string, took time.Duration)
	Now func() time.Time
}

// restoring is a Restore at work.
type restoring struct {
	Restore
	manifest Manifest
	program  string    // pg_restore
	owner    *pgx.Conn // to the database that is restored into
	database string    // its name
	began    time.Time // of what is being proved
}

// Read restores. If it ends with an error before Restore.After, the database is
// as empty as before, or dropped if Read made it.
func Read(ctx context.Context, r Restore) (_ Manifest, err error) {
	w := &restoring{Restore: r, began: r.Now()}
	if err := w.look(ctx); err != nil {
		return Manifest{}, err
	}
	if w.owner, err = w.connectOwner(ctx, ""); err != nil {
		return Manifest{}, err
	}
	defer func() { err = errors.Join(err, w.owner.Close(context.WithoutCancel(ctx))) }()
	w.database = w.owner.Config().Database
	if err := w.server(ctx); err != nil {
		return Manifest{}, err
	}
	if !r.Check {
		if err := w.empty(ctx); err != nil {
			return Manifest{}, err
		}
	}
	if err := w.roles(ctx); err != nil {
		return Manifest{}, err
	}
	if r.Check {
		return w.manifest, w.beside(ctx)
	}
	if err := w.prove(ctx); err != nil {
		return Manifest{}, errors.Join(err, w.clear(ctx))
	}
	return w.manifest, w.After(ctx, w.database, w.manifest)
}

func (w *restoring) proved(format string, args ...any) {
	now := w.Now()
	w.Say(fmt.Sprintf(format, args...), now.Sub(w.began))
	w.began = now
}

// open gives what the file holds, from the manifest on.
func (w *restoring) open(do func(io.Reader) error) (err error) {
	f, err := os.Open(w.File)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is not there; name a backup", w.File)
	}
	if err != nil {
		return fmt.Errorf("open the backup: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	// Twice read, so a pipe will not do.
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return errors.Join(fmt.Errorf("%s is no file; name a backup", w.File), err)
	}
	plain, err := seal.OpenStream(f, w.Identity)
	if err == nil {
		err = do(plain)
	}
	switch {
	case errors.Is(err, seal.ErrKey):
		return errors.New("the backup is sealed to another key; name the one whose public line is backup.recipient of the host that wrote it")
	case errors.Is(err, seal.ErrHeader):
		return fmt.Errorf("%s is no backup that gatepost has sealed; name another file", w.File)
	case errors.Is(err, seal.ErrFrame):
		return fmt.Errorf("%s is damaged or cut short, and nothing of it was restored; take another copy or an older backup", w.File)
	}
	return err
}

// look reads the whole file and judges it, before anything is touched.
func (w *restoring) look(ctx context.Context) error {
	err := w.open(func(plain io.Reader) (err error) {
		if w.manifest, err = ParseManifest(plain); err != nil {
			return err
		}
		in := contextReader{ctx, plain}
		if err := w.manifest.readParts(in, func(parts.Place, []byte) error { return nil }); err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, in)
		return err
	})
	if err != nil {
		return err
	}
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		return fmt.Errorf("list the migrations: %w", err)
	}
	age := w.Now().Sub(w.manifest.At)
	switch {
	case w.manifest.Parts > 0 && w.Parts == nil && !w.Check:
		return fmt.Errorf("the backup holds %d large parts of a store, and the configuration has no [parts]; name a store there, and if they are to be in the database, run gatepost parts move afterwards", w.manifest.Parts)
	case w.manifest.Missing != w.Missing && w.manifest.Missing == 0:
		return errors.New("the backup has all of its large parts; leave --missing out")
	case w.manifest.Missing != w.Missing:
		return fmt.Errorf("the store had lost %d large parts when this backup was written (%s), and they are not in it; an older backup may have them: to restore without them, add --missing %d", w.manifest.Missing, named(w.manifest.MissingKeys), w.manifest.Missing)
	case w.manifest.Schema > len(names):
		return errors.New("a newer program wrote this backup; restore it with that one")
	case age > MaxAge:
		return fmt.Errorf("the backup is of %s, older than 35 days: what was destroyed since would come back; if that is meant, age -d and pg_restore do it by hand (docs/running.md)",
			w.manifest.At.Format("2 January 2006"))
	case age < -24*time.Hour:
		return errors.New("the backup is of a day that has not come; set the clock of this machine")
	}
	for _, l := range w.manifest.Logs {
		if w.Verifiers[l.Agency] == "" {
			return fmt.Errorf("the configuration has no agency %s, which is in the backup; put its stanza there", l.Agency)
		}
	}
	if w.program, _, err = private.Client(ctx, "pg_restore", w.manifest.Dump); err != nil {
		return err
	}
	w.proved("the file is whole: a backup of %s", w.manifest.At.Format("2 January 2006 at 15:04 MST"))
	return nil
}

// contextReader stops reading when ctx ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// prove restores and proves, up to a database at this program's version.
func (w *restoring) prove(ctx context.Context) error {
	if err := w.restore(ctx); err != nil {
		return err
	}
	switch {
	case w.manifest.Missing > 0:
		w.proved("%d large parts are what their rows say, and %d are missing; the database is restored, in one transaction", w.manifest.Parts, w.manifest.Missing)
	case w.manifest.Parts > 0:
		w.proved("%d large parts are what their rows say; the database is restored, in one transaction", w.manifest.Parts)
	default:
		w.proved("the database is restored, in one transaction")
	}
	if err := w.compare(ctx); err != nil {
		return err
	}
	if err := w.Prove(ctx, w.database, w.manifest); err != nil {
		return err
	}
	w.began = w.Now() // Prove has told its own
	// What a dump of one database has not: a right on the database itself.
	name := pgx.Identifier{w.database}.Sanitize()
	if _, err := w.owner.Exec(ctx, "revoke temporary on database "+name+" from public"); err != nil {
		return fmt.Errorf("take the right to temporary tables: %w", err)
	}
	if err := postgres.Migrate(ctx, w.owner, migrations.Files); err != nil {
		return err
	}
	if _, err := w.owner.Exec(ctx, "analyze"); err != nil {
		return fmt.Errorf("count for the planner: %w", err)
	}
	w.proved("the schema is at this program's version")
	return nil
}

// restore lets pg_restore bring everything back, or nothing.
func (w *restoring) restore(ctx context.Context) error {
	dsn, err := Database(w.Owner, w.database)
	if err != nil {
		return err
	}
	return w.open(func(plain io.Reader) error {
		m, err := ParseManifest(plain)
		if err != nil {
			return err
		}
		// The parts are there before their rows.
		if err := m.readParts(contextReader{ctx, plain}, func(p parts.Place, b []byte) error {
			if w.Check {
				return nil // a drill touches no store
			}
			return w.Parts.Restore(ctx, p, b)
		}); err != nil {
			return fmt.Errorf("bring the large parts back: %w", err)
		}
		cmd := client(ctx, w.program, "--single-transaction", "--no-password", "--dbname="+dsn)
		in := &source{r: plain}
		cmd.Stdin = in
		err = run(cmd, "pg_restore")
		if in.err != nil {
			return in.err // the file has changed since it was looked at
		}
		if err != nil {
			return fmt.Errorf("%w; nothing was restored", err)
		}
		return nil
	})
}

// source remembers the error of what is read, which the end of the other
// program hides.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// compare counts every table again and computes every log.
func (w *restoring) compare(ctx context.Context) (err error) {
	s, err := openSnapshot(ctx, w.Backup, w.database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	rows, err := s.rows(ctx)
	if err != nil {
		return err
	}
	var all int64
	for _, table := range slices.Sorted(maps.Keys(w.manifest.Rows)) {
		if got, want := rows[table], w.manifest.Rows[table]; got != want {
			return fmt.Errorf("%s has %d rows and had %d when the backup was written; take another backup", table, got, want)
		}
		all += rows[table]
	}
	if len(rows) != len(w.manifest.Rows) {
		return fmt.Errorf("there are %d tables and were %d when the backup was written; take another backup", len(rows), len(w.manifest.Rows))
	}
	w.proved("%d rows in %d tables, as many as were counted when the backup was written", all, len(rows))
	for _, l := range w.manifest.Logs {
		if err := w.log(ctx, s, l); err != nil {
			return err
		}
	}
	return nil
}

// beside does all of it in a database that is dropped again.
func (w *restoring) beside(ctx context.Context) error {
	return w.scratch(ctx, func(name string) (err error) {
		live := w.owner
		if w.owner, err = w.connectOwner(ctx, name); err != nil {
			w.owner = live
			return err
		}
		w.database = name
		defer func() {
			err = errors.Join(err, w.owner.Close(context.WithoutCancel(ctx)))
			w.owner = live
		}()
		if err := w.prove(ctx); err != nil {
			return err
		}
		return w.After(ctx, name, w.manifest)
	})
}

func (w *restoring) connectOwner(ctx context.Context, database string) (*pgx.Conn, error) {
	return connect(ctx, "owner", w.Owner, database)
}

// code is what the server answered, "" for anything else.
func code(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code
	}
	return ""
}
