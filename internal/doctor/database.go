package doctor

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/internal/postgres"
	"gatepost/migrations"
)

const (
	sqlSession  = `select current_user::text, current_setting('is_superuser') = 'on', current_setting('server_version_num')::int / 10000`
	sqlSettings = `select name, setting from pg_settings where name = any($1)`
	sqlTime     = `select clock_timestamp()`
	sqlRoles    = `select r.rolname::text, r.rolsuper and r.oid <> 10, r.rolcreaterole and not r.rolsuper, r.rolreplication and not r.rolsuper, r.rolbypassrls and not r.rolsuper,
		exists (select from pg_auth_members m where m.member = r.oid)
		from pg_roles r where r.rolname like 'gatepost\_%' order by 1`
	sqlUnguarded = `select c.relname::text from pg_class c
		where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and not (c.relrowsecurity and c.relforcerowsecurity)
			and (c.relname = 'agency' or exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'agency_id' and not a.attisdropped))
		order by 1`
	sqlSleeping = `select c.relname || '.' || t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
		where c.relnamespace = 'public'::regnamespace and t.tgenabled not in ('O', 'A') order by 1`
	sqlLoose = `select p.proname::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
		where n.nspname in ('public', 'jobs') and p.prosecdef and not coalesce('search_path=public, pg_temp' = any(p.proconfig), false) order by 1`
	sqlRights = `with held as (
			select c.relname::text as what, a.grantee, lower(a.privilege_type) as may, null::text as col
			from pg_class c join pg_namespace n on n.oid = c.relnamespace cross join lateral aclexplode(c.relacl) a
			where n.nspname in ('public', 'jobs') and a.grantee <> c.relowner
			union all
			select c.relname::text, a.grantee, lower(a.privilege_type), t.attname::text
			from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute t on t.attrelid = c.oid and not t.attisdropped cross join lateral aclexplode(t.attacl) a
			where n.nspname in ('public', 'jobs') and a.grantee <> c.relowner
			union all
			select p.proname || '()', a.grantee, 'execute', null
			from pg_proc p join pg_namespace n on n.oid = p.pronamespace cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
			where n.nspname in ('public', 'jobs') and p.prosecdef and a.grantee <> p.proowner
			union all
			select 'schema ' || n.nspname, a.grantee, lower(a.privilege_type), null
			from pg_namespace n cross join lateral aclexplode(n.nspacl) a where n.nspname in ('public', 'jobs') and a.grantee <> n.nspowner)
		select case grantee when 0 then 'everybody' else grantee::regrole::text end || ' ' || may || ' ' || what
			|| coalesce(' (' || string_agg(col, ' ' order by col) || ')', '')
		from held group by grantee, may, what, col is null order by 1`
	sqlInstances = `select exists (select from pg_stat_activity where datname = current_database()
		and application_name ~ '^gatepost( [0-9a-f]{12})?$' and application_name <> $1)`

	// maxSkew is how far a clock may be away: one-time codes hold for half a
	// minute, and claims and statements are compared by their times.
	maxSkew = 2 * time.Second
)

// rights is every grant that the migrations give, a line each: role, right,
// table (with columns, where only some), function or schema.
//
//go:embed rights.txt
var rights string

// quiet are the settings with which PostgreSQL's own log holds no value of a
// row. The text of an error quotes values, so errors of statements stay out.
var quiet = map[string][]string{
	"log_min_messages":                  {"log", "fatal", "panic"},
	"log_min_error_statement":           {"panic", "fatal"},
	"log_statement":                     {"none"},
	"log_min_duration_statement":        {"-1"},
	"log_min_duration_sample":           {"-1"},
	"log_transaction_sample_rate":       {"0"},
	"log_parameter_max_length":          {"0"},
	"log_parameter_max_length_on_error": {"0"},
	"debug_print_parse":                 {"off"},
	"debug_print_plan":                  {"off"},
	"debug_print_rewritten":             {"off"},
	"auto_explain.log_min_duration":     {"-1"},  // where the module is loaded
	"pgaudit.log_parameter":             {"off"}, // the same
}

// durable are the settings with which an act that was acknowledged is on the disk.
var durable = map[string][]string{
	"fsync":              {"on"},
	"full_page_writes":   {"on"},
	"synchronous_commit": {"on", "local", "remote_write", "remote_apply"},
}

// session looks at what one role's session shows: who it is, and the settings
// that may differ from role to role.
func (e *examination) session(ctx context.Context, about, role string, conn *pgx.Conn) {
	var name string
	var superuser bool
	var version int
	if err := conn.QueryRow(ctx, sqlSession).Scan(&name, &superuser, &version); err != nil {
		e.unanswered(about)
		return
	}
	switch {
	case name != role:
		e.say(Wrong, about, "the connection is another role's; name user=%s in the connection string", role)
	case superuser:
		e.say(Wrong, about, "the role is a superuser, whom nothing stops; run: alter role %s nosuperuser", role)
	}
	if version < postgres.OldestVersion || version > postgres.NewestVersion {
		e.say(Wrong, about, "the server is PostgreSQL %d; this program needs %d to %d", version, postgres.OldestVersion, postgres.NewestVersion)
	}
	loud, err := settings(ctx, conn, quiet)
	lax, err2 := settings(ctx, conn, durable)
	if errors.Join(err, err2) != nil {
		e.unanswered(about)
		return
	}
	for _, s := range loud {
		e.say(Wrong, about, "%s, so PostgreSQL's log may hold values; set it with alter system or alter role", s)
	}
	for _, s := range lax {
		e.say(Wrong, about, "%s, so an acknowledged act can be lost; set it with alter system or alter role", s)
	}
	if name == role && !superuser && len(loud)+len(lax) == 0 {
		e.say(OK, about, "PostgreSQL %d, which writes to the disk before it answers and no value into its log", version)
	}
}

// settings gives those that are not what they have to be, as "x is a and should be b".
func settings(ctx context.Context, conn *pgx.Conn, want map[string][]string) (list []string, err error) {
	names := slices.Sorted(maps.Keys(want))
	rows, err := conn.Query(ctx, sqlSettings, names)
	if err != nil {
		return nil, fmt.Errorf("read the settings: %w", err)
	}
	var name, value string
	_, err = pgx.ForEachRow(rows, []any{&name, &value}, func() error {
		if !slices.Contains(want[name], value) {
			list = append(list, fmt.Sprintf("%s is %s and should be %s", name, value, want[name][0]))
		}
		return nil
	})
	slices.Sort(list)
	return list, err
}

func (e *examination) unanswered(about string) {
	e.say(Wrong, about, "the database did not answer; run gatepost doctor again, and look at PostgreSQL's log if it says so again")
}

// server looks at what is the same for all sessions.
func (e *examination) server(ctx context.Context, conn *pgx.Conn) {
	const about = "server"
	off, err := settings(ctx, conn, map[string][]string{"data_checksums": {"on"}})
	switch {
	case err != nil:
		e.unanswered(about)
	case len(off) > 0:
		e.say(Look, about, "pages have no checksums, so a bad disk is found late; stop PostgreSQL some day and run pg_checksums --enable")
	default:
		e.say(OK, about, "pages have checksums")
	}
}

// schema looks at the tables and at who may do what.
func (e *examination) schema(ctx context.Context, conn *pgx.Conn) {
	const about = "schema"
	if err := postgres.CheckVersion(ctx, conn, migrations.Files); err != nil {
		if errors.Is(err, postgres.ErrVersion) {
			e.say(Wrong, about, "%v", err)
		} else {
			e.say(Wrong, about, "its version cannot be read; run gatepost migrate, or look whether this is the right database")
		}
		return
	}
	e.say(OK, about, "it is at this program's version")
	e.roleRights(ctx, conn)
	e.grants(ctx, conn)
	for _, one := range []struct{ sql, about, ok, wrong string }{
		{sqlUnguarded, "row-level security", "it is on and forced on every table of an agency", "%s has none or does not force it; run: alter table %[1]s enable row level security, force row level security"},
		{sqlSleeping, "triggers", "all are on", "%s is off, so the database refuses less than it should; find out who did that, and enable it again"},
		{sqlLoose, "definer functions", "all have their search path", "%s() has no search path of its own; run: alter function %[1]s set search_path = public, pg_temp"},
	} {
		rows, err := conn.Query(ctx, one.sql)
		list, err := collect(rows, err)
		if err != nil {
			e.unanswered(one.about)
			continue
		}
		for _, name := range list {
			e.say(Wrong, one.about, one.wrong, name)
		}
		if len(list) == 0 {
			e.say(OK, one.about, "%s", one.ok)
		}
	}
}

func collect(rows pgx.Rows, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// roleRights looks at what roles may beyond tables.
func (e *examination) roleRights(ctx context.Context, conn *pgx.Conn) {
	const about = "roles"
	rows, err := conn.Query(ctx, sqlRoles)
	if err != nil {
		e.unanswered(about)
		return
	}
	var wrong []string
	var name string
	var super, makes, replicates, bypasses, member bool
	there := map[string]bool{}
	_, err = pgx.ForEachRow(rows, []any{&name, &super, &makes, &replicates, &bypasses, &member}, func() error {
		there[name] = true
		owner, backup := name == postgres.RoleOwner, name == postgres.RoleBackup
		for _, c := range []struct {
			bad  bool
			text string
		}{
			{super, "is a superuser; run: alter role %[1]s nosuperuser"},
			{makes && !owner, "may make roles; run: alter role %[1]s nocreaterole"},
			{replicates, "may copy the whole server; run: alter role %[1]s noreplication"},
			{bypasses && !backup, "sees the rows of every agency; run: alter role %[1]s nobypassrls"},
			{backup && !bypasses && !super, "would write thin backups; run as a superuser: alter role %[1]s bypassrls"},
			{member && !owner && name != postgres.RoleAdmin, "is a member of another role and has its rights; revoke that"},
		} {
			if c.bad {
				wrong = append(wrong, strings.ReplaceAll("%[1]s "+c.text, "%[1]s", name))
			}
		}
		return nil
	})
	if err != nil {
		e.unanswered(about)
		return
	}
	for _, role := range postgres.Roles() {
		if !there[role] {
			wrong = append(wrong, role+" is not there; run: create role "+role+" login, and then gatepost restore or a fresh gatepost migrate for its rights")
		}
	}
	for _, text := range wrong {
		e.say(Wrong, about, "%s", text)
	}
	if len(wrong) == 0 {
		e.say(OK, about, "none is a superuser, and only gatepost_backup sees every agency")
	}
}

// grants compares every right with those that the migrations give.
func (e *examination) grants(ctx context.Context, conn *pgx.Conn) {
	const about = "rights"
	rows, err := conn.Query(ctx, sqlRights)
	have, err := collect(rows, err)
	if err != nil {
		e.unanswered(about)
		return
	}
	want := strings.Split(strings.TrimSpace(rights), "\n")
	extra := without(have, want)
	for _, line := range extra {
		e.say(Wrong, about, "%s: no migration gives that; revoke it, and find out who granted it", line)
	}
	missing := without(want, have)
	for _, line := range missing {
		e.say(Wrong, about, "%s: a migration gives that and it is gone; grant it again as gatepost_owner", line)
	}
	if len(extra)+len(missing) == 0 {
		e.say(OK, about, "each role has the %d that the migrations give, and no other", len(want))
	}
}

func without(list, these []string) (rest []string) {
	for _, one := range list {
		if !slices.Contains(these, one) {
			rest = append(rest, one)
		}
	}
	return rest
}

// instances looks for processes of another build.
func (e *examination) instances(ctx context.Context, conn *pgx.Conn) {
	const about = "other instances"
	other := false
	if err := conn.QueryRow(ctx, sqlInstances, postgres.Application()).Scan(&other); err != nil {
		e.unanswered(about)
		return
	}
	if other {
		e.say(Wrong, about, "one of another build is connected; finish the upgrade on every host, or stop the instance that should not be there")
		return
	}
	e.say(OK, about, "none of another build is connected")
}

// clock compares ours with the server's.
func (e *examination) clock(ctx context.Context, conn *pgx.Conn) {
	const about = "clock"
	var there time.Time
	before := e.Now()
	if err := conn.QueryRow(ctx, sqlTime).Scan(&there); err != nil {
		e.unanswered(about)
		return
	}
	// It said so at some moment between the two.
	skew := max(before.Sub(there), there.Sub(e.Now()), 0)
	if skew > maxSkew {
		e.say(Wrong, about, "this host and the database's are %s apart; set both by NTP, for codes and claims go by them", skew.Round(time.Second))
		return
	}
	e.say(OK, about, "it agrees with the database's")
}
