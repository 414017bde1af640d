package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatepost/crypto/seal"
	"gatepost/internal/account"
	"gatepost/internal/authz"
	"gatepost/internal/backup"
	"gatepost/internal/demo"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
	"gatepost/internal/postgres/private"
)

// The drill: a whole agency is backed up, restored on another machine, and
// proved; a worker signs in there and a letter opens.
func TestDrill(t *testing.T) {
	w := newWorld(t)
	w.destroyedCopy(t)
	began := time.Now()
	file := w.write(t, "drill.age")
	t.Logf("the backup took %.2f s", time.Since(began).Seconds())
	w.readsAsNothing(t, file)
	w.stockPrograms(t, file)

	c := newCluster(t)
	began = time.Now()
	r, asked := w.restore(c, file), false
	r.After = func(_ context.Context, name string, m backup.Manifest) error {
		asked = true
		if name != database || m.Rows["public.letter"] < 5 || m.Rows["public.session"] != 0 {
			t.Errorf("database %s, rows %v", name, m.Rows)
		}
		return w.opensLetter(t, c)
	}
	_, err := backup.Read(t.Context(), r)
	must(t, err)
	t.Logf("DRILL: restored and proved in %.2f s", time.Since(began).Seconds())
	if !asked {
		t.Error("nobody was asked after the restore")
	}
	for _, sql := range []string{
		"select count(*)::text from letter", "select count(*)::text from audit_body", "select md5(string_agg(sealed, '' order by id, part, version)) from object",
		"select count(*) || ' ' || count(destroyed_on) || ' ' || md5(string_agg(sealed, '' order by id, part, version)) from casework",
		"select string_agg(tgname || tgenabled::text, ' ' order by tgname, tgrelid::regclass::text) from pg_trigger where not tgisinternal",
		"select string_agg(polname || polrelid::regclass::text || polcmd::text || coalesce(pg_get_expr(polqual, polrelid), '') || coalesce(pg_get_expr(polwithcheck, polrelid), ''), ' ' order by polrelid::regclass::text, polname) from pg_policy",
		"select string_agg(relname || relowner::regrole::text || relrowsecurity::text || relforcerowsecurity::text || coalesce(relacl::text, ''), ' ' order by relname) from pg_class where relnamespace = 'public'::regnamespace",
		"select string_agg(proname || proowner::regrole::text || prosecdef::text || coalesce(proacl::text, ''), ' ' order by oid::regprocedure::text) from pg_proc where pronamespace = 'public'::regnamespace",
		"select nspowner::regrole::text || nspacl::text from pg_namespace where nspname = 'public'",
		"select string_agg(rolname || rolbypassrls::text || coalesce(rolconfig::text, ''), ' ' order by rolname) from pg_roles where rolname like 'gatepost%'",
	} {
		want, got := text(t, w.db.DSN(postgres.RoleAdmin), sql), text(t, c.dsn(postgres.RoleAdmin), sql)
		if sql == "select count(*)::text from audit_body" {
			continue // the worker's reading stands in the restored one
		}
		if got != want {
			t.Errorf("%s:\nrestored %s\nwas      %s", sql, got, want)
		}
	}
	if got := text(t, c.dsn(postgres.RoleAdmin), databases); got != "gatepost postgres template0 template1" {
		t.Errorf("the databases are %s", got)
	}
	// A right on the database itself is in no dump.
	if got := text(t, c.dsn(postgres.RoleAdmin), "select has_database_privilege('gatepost_public', current_database(), 'temporary')::text"); got != "false" {
		t.Error("the families' role may make tables")
	}
	_, err = backup.Read(t.Context(), w.restore(c, file))
	refused(t, err, "is not empty and is not overwritten")
}

// readsAsNothing checks the seal and looks for what nobody may see.
func (w *world) readsAsNothing(t *testing.T, file string) {
	t.Helper()
	sealed, err := os.ReadFile(file)
	must(t, err)
	must(t, seal.CheckHeader(sealed, 1))
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the backup: %v, %v", info.Mode(), err)
	}
	words, err := demo.Planted()
	must(t, err)
	for _, word := range append(words, "exchange", "gatepost_public", w.stanza.ID) {
		if len(word) >= 6 && bytes.Contains(sealed, []byte(word)) {
			t.Errorf("%q lies in the backup", word)
		}
	}
}

// stockPrograms reads the backup without this program, as docs/running.md says.
func (w *world) stockPrograms(t *testing.T, file string) {
	t.Helper()
	key := filepath.Join(w.dir, "backup.key")
	must(t, os.WriteFile(key, []byte(w.key.String()+"\n"), 0o600))
	restore, _, err := private.Client(t.Context(), "pg_restore", postgres.OldestVersion)
	must(t, err)
	out, err := exec.CommandContext(t.Context(), "bash", "-euc",
		`go tool age -d -i "$1" "$2" | tail -c +1048577 | "$3" -l`, "-", key, file, restore).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "TABLE DATA public letter gatepost_owner") || strings.Contains(string(out), "TABLE DATA public session ") {
		t.Errorf("stock programs: %v\n%.3000s", err, out)
	}
}

// opensLetter signs Owen in on the restored database and opens a letter.
func (w *world) opensLetter(t *testing.T, c *cluster) error {
	staff := w.open(t, authz.Staff, c.dsn(postgres.RoleStaff))
	defer staff.Close()
	owen := w.person(t, "owen")
	services, err := staff.At(func() time.Time { return time.Now().Add(time.Minute) }) // no code counts twice
	must(t, err)
	digits, _, err := owen.Code(time.Now().Add(time.Minute))
	must(t, err)
	token, err := services.Accounts.SignIn(t.Context(), w.stanza.ID, account.SignIn{Name: owen.Login, Passphrase: owen.Passphrase, Code: digits,
		From: netip.IPv6Loopback(), Browser: "drill"})
	if err != nil {
		return err
	}
	actor, err := services.Accounts.Load(t.Context(), w.stanza.ID, token, account.Short)
	if err != nil {
		return err
	}
	id, err := services.Letters.TryOut(t.Context(), actor)
	if err != nil {
		return err
	}
	// Who read it in the same hour has stated the same; in the hour before, once more.
	reading := `select count(*)::text from audit_body where body like convert_to(E'%\nevent access\nobject ` + string(id) + `\npart text\n%from worker/` + actor.Account() + `\n%', 'UTF8')`
	if n := text(t, c.dsn(postgres.RoleAdmin), reading); n == "0" {
		t.Errorf("letter %q was opened, and its reading is not in the log", id)
	}
	return nil
}

// destroyedCopy leaves what the clock leaves of the copy of an identity document:
// a row that nobody can open any more. It is a row like any other.
func (w *world) destroyedCopy(t *testing.T) {
	t.Helper()
	execute(t, w.db.DSN(postgres.RoleAdmin), `set session_replication_role = replica;
		insert into casework (agency_id, id, part, version, kind, application_id, from_node, to_node, sealed, commit, leaf, shed_on, destroyed_on, destroyed_leaf)
		select agency_id, application_id, 'scan', 1, 'identity', application_id, from_node, 'case/' || application_id, '', commit, leaf, current_date + 180, current_date, leaf
			from casework where id = application_id limit 1`)
	if n := text(t, w.db.DSN(postgres.RoleAdmin), "select count(*)::text from casework where destroyed_on is not null"); n != "1" {
		t.Fatalf("%s copies that were destroyed", n)
	}
}

// changes tells whether anybody wrote a table or changed its shape.
const changes = `select string_agg(relname || relfilenode || (pg_stat_get_tuples_inserted(oid) + pg_stat_get_tuples_updated(oid) + pg_stat_get_tuples_deleted(oid)), ' ' order by oid)
	from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`

// A drill beside a database that is in use touches nothing of it.
func TestCheck(t *testing.T) {
	w, c := newAgency(t), newCluster(t)
	file := w.write(t, "check.age")
	_, err := backup.Read(t.Context(), w.restore(c, file))
	must(t, err)
	state := text(t, c.dsn(postgres.RoleAdmin), changes)

	// What a drill that was killed has left goes with the next one.
	c.admin("create database gatepost_check_" + strings.Repeat("a", 26))
	c.admin("create database gatepost_check_mine")
	r, beside := w.restore(c, file), ""
	r.Check = true
	r.Prove = func(_ context.Context, name string, _ backup.Manifest) error { beside = name; return nil }
	_, err = backup.Read(t.Context(), r)
	must(t, err)
	if beside == database || beside == "" {
		t.Errorf("the drill was in %q", beside)
	}
	c.admin("drop database gatepost_check_mine")
	if got := text(t, c.dsn(postgres.RoleAdmin), databases); got != "gatepost postgres template0 template1" {
		t.Errorf("the databases are %s", got)
	}
	if after := text(t, c.dsn(postgres.RoleAdmin), changes); after != state {
		t.Errorf("the drill changed the database beside it: %s, was %s", after, state)
	}
	r.After = func(context.Context, string, backup.Manifest) error { return errors.New("no letter opens") }
	_, err = backup.Read(t.Context(), r)
	refused(t, err, "no letter opens")
	if got := text(t, c.dsn(postgres.RoleAdmin), databases); got != "gatepost postgres template0 template1" {
		t.Errorf("the databases are %s", got)
	}
}

// What is no good is refused with a sentence, and nothing is left behind.
func TestRestore_Refused(t *testing.T) {
	w, c := newWorld(t), newCluster(t)
	file := w.write(t, "good.age")
	sealed, err := os.ReadFile(file)
	must(t, err)
	with := func(name string, content []byte) string {
		path := filepath.Join(w.dir, name)
		must(t, os.WriteFile(path, content, 0o600))
		return path
	}
	try := func(name, path, words string, change func(*backup.Restore)) {
		t.Helper()
		r := w.restore(c, path)
		if change != nil {
			change(&r)
		}
		_, err := backup.Read(t.Context(), r)
		t.Run(name, func(t *testing.T) { refused(t, err, words) })
		c.isEmpty()
	}
	try("not there", filepath.Join(w.dir, "none.age"), "is not there", nil)
	try("a folder", w.dir, "is no file", nil)
	try("another key", file, "sealed to another key", func(r *backup.Restore) { r.Identity = newKey(t) })
	try("no backup", with("text", []byte("a letter")), "no backup that gatepost has sealed", nil)
	for _, n := range []int{0, 100, 2000, 70_000, backup.Block + 5000, len(sealed) / 2, len(sealed) - 20, len(sealed) - 1} {
		words := "damaged or cut short"
		if n <= 100 {
			words = "no backup that gatepost has sealed"
		}
		try("cut short", with("short", sealed[:n]), words, nil)
	}
	for _, at := range []int{1700, 500_000, backup.Block + 10_000, len(sealed) - 5} {
		changed := bytes.Clone(sealed)
		changed[at] ^= 1
		try("changed byte", with("changed", changed), "damaged or cut short", nil)
	}
	try("lengthened", with("longer", append(bytes.Clone(sealed), 0)), "damaged or cut short", nil)
	// Not even the roles were made: each of these was refused before anything was touched.
	if got := text(t, c.dsn(postgres.RoleAdmin), "select string_agg(rolname, ' ') from pg_roles where rolname like 'gatepost%'"); got != "gatepost_admin" {
		t.Errorf("the roles are %s", got)
	}
	try("older than 35 days", file, "older than 35 days", func(r *backup.Restore) {
		r.Now = func() time.Time { return time.Now().Add(backup.MaxAge + time.Minute) }
	})
	try("of tomorrow", file, "of a day that has not come", func(r *backup.Restore) { r.Now = func() time.Time { return time.Now().AddDate(0, 0, -2) } })
	try("an agency without a stanza", file, "the configuration has no agency fernleigh", func(r *backup.Restore) { r.Verifiers = nil })
	try("a newer program's", w.forge(t, file, "newer.age", func(m *backup.Manifest) { m.Schema = 999 }), "a newer program wrote this backup", nil)
	try("a newer format", w.forge(t, file, "format.age", func(m *backup.Manifest) { m.Format = backup.Format + 1 }), "a newer program wrote this backup", nil)
	try("a newer server's", w.forge(t, file, "server.age", func(m *backup.Manifest) { m.Server = 99 }), "start one that is as new", nil)

	// These are found after the restore, and it is undone.
	try("a row less", w.forge(t, file, "thin.age", func(m *backup.Manifest) { m.Rows["public.letter"]++ }), "public.letter has ", nil)
	try("a table less", w.forge(t, file, "table.age", func(m *backup.Manifest) { delete(m.Rows, "public.letter") }), "tables and were", nil)
	try("an entry less", w.forge(t, file, "log.age", func(m *backup.Manifest) { m.Logs[0].Size++ }), "take another backup", nil)
	try("another log key", file, "not signed by the log key of its stanza", func(r *backup.Restore) { r.Verifiers = map[string]string{w.stanza.ID: w.stanza.Door} })
	try("a canary that stays shut", file, "the canary does not open", func(r *backup.Restore) {
		r.Prove = func(context.Context, string, backup.Manifest) error { return errors.New("the canary does not open") }
	})
	stopped, stop := context.WithCancel(t.Context())
	r := w.restore(c, file)
	r.Prove = func(context.Context, string, backup.Manifest) error { stop(); return stopped.Err() }
	if _, err := backup.Read(stopped, r); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	c.isEmpty()

	// The entry that somebody exchanged is not what was signed.
	execute(t, w.db.DSN(postgres.RoleAdmin), `set session_replication_role = replica;
		update audit_body set body = body || 'x' where idx = (select max(idx) from audit_body where position(convert_to(E'\nevent access\n', 'UTF8') in body) > 0)`)
	try("an edited entry", w.write(t, "edited.age"), "is not the one that its key has signed", nil)

	_, err = backup.Read(t.Context(), w.restore(c, file))
	must(t, err)
}

// Rows that the log's key did not sign are not believed, and stop neither a
// backup nor its restore.
func TestWrite_Unsigned(t *testing.T) {
	w, c := newAgency(t), newCluster(t)
	unsigned := func(n int) {
		t.Helper()
		execute(t, w.db.DSN(postgres.RoleAdmin), fmt.Sprintf(`set session_replication_role = replica;
			insert into audit_checkpoint (agency_id, size, note) select '%s', (select max(size) from audit_checkpoint) + i, decode(repeat('ff', 200), 'hex')
				from generate_series(1, %d) as i`, w.stanza.ID, n))
	}
	write := func(name string, change func(*backup.Order)) backup.Log {
		t.Helper()
		o := w.order(t, name)
		change(&o)
		done, err := backup.Write(t.Context(), o)
		must(t, err)
		return done.Logs[0]
	}
	as := func(*backup.Order) {}
	execute(t, w.db.DSN(postgres.RoleAdmin), fmt.Sprintf(`set session_replication_role = replica;
		insert into audit_body (agency_id, idx, body) select '%s', i, convert_to(repeat('entry ' || i, 30), 'UTF8') from generate_series(0, 6) as i`, w.stanza.ID))
	w.checkpoint(t)
	if l := write("all signed.age", as); l.Unsigned != 0 || l.Size != 7 || !strings.Contains(l.Checkpoint, "\n7\n") {
		t.Errorf("all signed: %+v", l)
	}
	if l := write("no stanza.age", func(o *backup.Order) { o.Verifiers = nil }); l.Checkpoint != "" || l.Size != 7 {
		t.Errorf("without a stanza: %+v", l)
	}
	unsigned(15)
	if l := write("fifteen.age", as); l.Unsigned != 15 || !strings.Contains(l.Checkpoint, "\n7\n") {
		t.Errorf("fifteen unsigned: %+v", l)
	}
	var said []string
	r := w.restore(c, filepath.Join(w.dir, "fifteen.age"))
	r.Say = func(what string, _ time.Duration) { said = append(said, what) }
	_, err := backup.Read(t.Context(), r)
	must(t, err)
	if !strings.Contains(fmt.Sprint(said), "has its 7 entries, and the first 7 are the ones that its key has signed") {
		t.Errorf("the restore says %q", said)
	}
	unsigned(1)
	if l := write("sixteen.age", as); l.Unsigned != 16 || l.Checkpoint != "" || l.Size != 7 {
		t.Errorf("sixteen unsigned: %+v", l)
	}
	o := w.order(t, "no key.age")
	o.Verifiers = map[string]string{w.stanza.ID: "elsewhere"}
	_, err = backup.Write(t.Context(), o)
	refused(t, err, "has no verifier of its log")
}

// A restore that has no superuser says what one has to do, and works then.
func TestRestore_Owner(t *testing.T) {
	w, c := newAgency(t), newCluster(t)
	file := w.write(t, "owner.age")
	c.admin("create role gatepost_owner login; alter database gatepost owner to gatepost_owner")
	r := w.restore(c, file)
	r.Owner = c.dsn(postgres.RoleOwner)
	_, err := backup.Read(t.Context(), r)
	refused(t, err, "alter role gatepost_owner createdb")
	c.admin("alter role gatepost_owner createdb")
	_, err = backup.Read(t.Context(), r)
	refused(t, err, "createrole createdb")
	c.isEmpty()
	c.admin("alter role gatepost_owner createrole")
	if _, err = backup.Read(t.Context(), r); err != nil {
		refused(t, err, "alter role gatepost_backup bypassrls")
		c.isEmpty()
		c.admin("alter role gatepost_backup bypassrls")
		_, err = backup.Read(t.Context(), r)
	}
	must(t, err)
}

// A role that row-level security thins out writes no backup.
func TestWrite_Thin(t *testing.T) {
	w := newAgency(t)
	admin := w.db.DSN(postgres.RoleAdmin)
	execute(t, admin, "alter role gatepost_backup nobypassrls")
	defer execute(t, admin, "alter role gatepost_backup bypassrls")
	o := w.order(t, "thin.age")
	_, err := backup.Write(t.Context(), o)
	refused(t, err, "does not see every row")
	execute(t, admin, "alter role gatepost_backup bypassrls")
	execute(t, admin, "revoke select on letter from gatepost_backup")
	_, err = backup.Write(t.Context(), o)
	refused(t, err, "may not read all of public.letter")
	if got := names(t, w.dir, "thin*"); got != "[]" {
		t.Errorf("left behind: %s", got)
	}
}

// A backup overwrites nothing.
func TestWrite_Refused(t *testing.T) {
	db, dir, key := postgrestest.New(t), folder(t), newKey(t)
	o := backup.Order{DSN: db.DSN(postgres.RoleBackup), To: key.Recipient(), File: filepath.Join(dir, "one.age"), Keep: backup.MaxAge, Now: time.Now}
	_, err := backup.Write(t.Context(), o)
	must(t, err)
	_, err = backup.Write(t.Context(), o)
	refused(t, err, "is not overwritten")
	o.File = filepath.Join(dir, "none", "two.age")
	_, err = backup.Write(t.Context(), o)
	refused(t, err, "cannot be written there")
	o.File, o.Keep = filepath.Join(dir, "three.age"), backup.MaxAge+time.Hour
	_, err = backup.Write(t.Context(), o)
	refused(t, err, "1 to 35 days")
	o.Keep, o.DSN = backup.MaxAge, "host=/nonexistent user=gatepost_backup dbname=secretive"
	_, err = backup.Write(t.Context(), o)
	refused(t, err, "check database.backup")
	if strings.Contains(err.Error(), "secretive") {
		t.Errorf("the error tells the address: %v", err)
	}
	if got := names(t, dir, "*"); got != "[one.age]" {
		t.Errorf("left behind: %s", got)
	}
}

func TestStatements(t *testing.T) {
	postgrestest.Prepare(t, postgrestest.New(t).Conn(postgres.RoleBackup), ".")
}
