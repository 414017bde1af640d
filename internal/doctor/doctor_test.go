package doctor_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/internal/authz"
	"gatepost/internal/config"
	"gatepost/internal/doctor"
	"gatepost/internal/postgres/postgrestest"
)

// illness is one thing that is not as it should be, how it is mended, and the
// finding that has to name it.
type illness struct {
	name    string
	cause   func(*world)
	cure    func(*world)
	verdict doctor.Verdict
	text    string // part of the finding's line
}

// byConfig changes the configuration for one look; ill puts it back.
func byConfig(change func(*config.Config)) func(*world) { return func(w *world) { change(&w.cfg) } }

func bySQL(sql string) func(*world) { return func(w *world) { w.Helper(); w.sql(sql) } }

func byRaw(sql string) func(*world) { return func(w *world) { w.Helper(); w.raw(sql) } }

func none(*world) {}

// programs is where this machine has its own.
var programs = os.Getenv("PATH")

var illnesses = []illness{
	{"no ffmpeg", func(w *world) { w.Setenv("PATH", w.TempDir()) }, func(w *world) { w.Setenv("PATH", programs) }, doctor.Look, "recordings: ffmpeg is not on this host"},
	// Files of this host.
	{"configuration", byConfig(func(c *config.Config) { c.Staff.State = "" }), none, doctor.Wrong, "configuration: staff.state is missing"},
	{"open key", func(w *world) { must(w, os.Chmod(w.path("keys/public/login.key"), 0o644)) },
		func(w *world) { must(w, os.Chmod(w.path("keys/public/login.key"), 0o600)) }, doctor.Wrong, "keys of the public tier: "},
	{"no key", func(w *world) { must(w, os.Rename(w.path("keys/staff/notify.key"), w.path("away"))) },
		func(w *world) { must(w, os.Rename(w.path("away"), w.path("keys/staff/notify.key"))) }, doctor.Wrong, "notify.key is missing"},
	{"other code key", func(w *world) { swapKeys(w, "keys/staff/code.key", "keys/staff/login.key") },
		func(w *world) { swapKeys(w, "keys/staff/code.key", "keys/staff/login.key") }, doctor.Wrong, "is not the same on both tiers"},
	{"other agency's key", byConfig(func(c *config.Config) {
		c.Agencies = []config.Agency{c.Agencies[0]}
		c.Agencies[0].Log = c.Agencies[0].System
	}),
		none, doctor.Wrong, "take stanza and keys from the same gatepost agency add"},

	// The server, by what each session sees.
	{"role kept out", bySQL("alter role gatepost_notify nologin"), bySQL("alter role gatepost_notify login"), doctor.Wrong, "database as gatepost_notify: it does not let us in"},
	{"no database", byConfig(func(c *config.Config) { c.Database.Public += " dbname=nowhere" }), none, doctor.Wrong, "database as gatepost_public: it does not let us in"},
	{"another role", byConfig(func(c *config.Config) { c.Database.Staff = c.Database.Public }), none, doctor.Wrong, "name user=gatepost_staff"},
	{"statements logged", bySQL("alter role gatepost_public set log_statement = 'all'"), bySQL("alter role gatepost_public reset log_statement"),
		doctor.Wrong, "database as gatepost_public: log_statement is all and should be none"},
	{"failing statements logged", bySQL("alter role gatepost_staff set log_min_error_statement = 'error'"), bySQL("alter role gatepost_staff reset log_min_error_statement"),
		doctor.Wrong, "log_min_error_statement is error and should be panic"},
	{"errors logged", bySQL("alter role gatepost_staff set log_min_messages = 'error'"), bySQL("alter role gatepost_staff reset log_min_messages"), doctor.Wrong, "log_min_messages is error"},
	{"slow statements logged", bySQL("alter role gatepost_staff set log_min_duration_statement = 100"), bySQL("alter role gatepost_staff reset log_min_duration_statement"),
		doctor.Wrong, "log_min_duration_statement is 100"},
	{"parameters logged", bySQL("alter role gatepost_staff set log_parameter_max_length = 10"), bySQL("alter role gatepost_staff reset log_parameter_max_length"),
		doctor.Wrong, "log_parameter_max_length is 10"},
	{"no wait for the disk", bySQL("alter role gatepost_public set synchronous_commit = off"), bySQL("alter role gatepost_public reset synchronous_commit"),
		doctor.Wrong, "synchronous_commit is off and should be on, so an acknowledged act can be lost"},
	{"no sync", func(w *world) { w.setting("alter system set fsync = off", "off") }, func(w *world) { w.setting("alter system reset fsync", "on") }, doctor.Wrong, "fsync is off"},

	// The schema and who may do what.
	{"older", bySQL("update schema_version set version = version - 1"), bySQL("update schema_version set version = version + 1"), doctor.Wrong, "run gatepost migrate"},
	{"newer", bySQL("update schema_version set version = version + 1"), bySQL("update schema_version set version = version - 1"), doctor.Wrong, "start the newer program"},
	{"superuser", bySQL("create role gatepost_spare superuser"), bySQL("drop role gatepost_spare"), doctor.Wrong, "gatepost_spare is a superuser"},
	{"tier as superuser", bySQL("alter role gatepost_public superuser"), bySQL("alter role gatepost_public nosuperuser"), doctor.Wrong, "run: alter role gatepost_public nosuperuser"},
	{"makes roles", bySQL("alter role gatepost_staff createrole"), bySQL("alter role gatepost_staff nocreaterole"), doctor.Wrong, "gatepost_staff may make roles"},
	{"replicates", bySQL("alter role gatepost_audit replication"), bySQL("alter role gatepost_audit noreplication"), doctor.Wrong, "gatepost_audit may copy the whole server"},
	{"sees all", bySQL("alter role gatepost_staff bypassrls"), bySQL("alter role gatepost_staff nobypassrls"), doctor.Wrong, "gatepost_staff sees the rows of every agency"},
	{"thin backups", bySQL("alter role gatepost_backup nobypassrls"), bySQL("alter role gatepost_backup bypassrls"), doctor.Wrong, "gatepost_backup would write thin backups"},
	{"member", bySQL("grant gatepost_owner to gatepost_public"), bySQL("revoke gatepost_owner from gatepost_public"), doctor.Wrong, "gatepost_public is a member"},
	{"no role", bySQL("alter role gatepost_retention rename to elsewhere"), bySQL("alter role elsewhere rename to gatepost_retention"), doctor.Wrong, "gatepost_retention is not there"},
	{"table granted", bySQL("grant select on worker to gatepost_public"), bySQL("revoke select on worker from gatepost_public"),
		doctor.Wrong, "rights: gatepost_public select worker: no migration gives that"},
	{"column granted", bySQL("grant select (state) on letter to gatepost_public"), bySQL("revoke select (state) on letter from gatepost_public"), doctor.Wrong, "rights: gatepost_public select letter ("},
	{"function for all", bySQL("grant execute on function enqueue(text, jsonb) to public"), bySQL("revoke execute on function enqueue(text, jsonb) from public"),
		doctor.Wrong, "rights: everybody execute enqueue()"},
	{"right gone", bySQL("revoke delete on claim from gatepost_staff"), bySQL("grant delete on claim to gatepost_staff"), doctor.Wrong, "gatepost_staff delete claim: a migration gives that and it is gone"},
	{"rows unguarded", bySQL("alter table letter disable row level security"), bySQL("alter table letter enable row level security"), doctor.Wrong, "row-level security: letter has none"},
	{"owner unguarded", bySQL("alter table agency no force row level security"), bySQL("alter table agency force row level security"), doctor.Wrong, "row-level security: agency has none or does not force it"},
	{"trigger off", bySQL("alter table letter disable trigger user"), bySQL("alter table letter enable trigger user"), doctor.Wrong, "triggers: letter."},
	{"loose function", bySQL("alter function nudge_desk() reset search_path"), bySQL("alter function nudge_desk() set search_path = public, pg_temp"),
		doctor.Wrong, "run: alter function nudge_desk set search_path"},

	// Agencies and their logs.
	{"families' tier", bySQL("update agency set public_seen = null"), bySQL("update agency set public_seen = stanza"), doctor.Wrong, "no families' tier has been started with this stanza"},
	{"workers' tier", bySQL("update agency set staff_seen = null"), bySQL("update agency set staff_seen = stanza"), doctor.Wrong, "no workers' tier has been started with this stanza"},
	{"two promises", bySQL("update agency set public_promise = 15"), bySQL("update agency set public_promise = staff_promise"), doctor.Wrong, "the two tiers were started with another promise each"},
	{"two second readers", bySQL("update agency set public_readers = 'always'"), bySQL("update agency set public_readers = staff_readers"), doctor.Wrong, "the two tiers were started with another second_reader each"},
	{"other stanza", byRaw("update agency set stanza = sha256(stanza)"), byRaw("update agency set stanza = public_seen"), doctor.Wrong, "is not the one of gatepost agency add"},
	{"not open", byRaw("update agency set opened_at = null"), byRaw("update agency set opened_at = now()"), doctor.Look, "it has no manager yet"},
	{"unknown agency", byRaw("update agency set id = 'elsewhere'"), byRaw("update agency set id = '" + demoAgency + "'"), doctor.Wrong, "the database does not know it"},
	{"pepper", byRaw("insert into credential_worker (agency_id, account_id, login_index, wrap, pepper_version) values ('" + demoAgency + "', 'wk' || repeat('a', 20), sha256('x'), 'x', 7)"),
		byRaw("delete from credential_worker"), doctor.Wrong, "pepper-7.key is needed and not in the folder"},
	{"edited entry", byRaw("update audit_body set body = body || 'x'"), byRaw("update audit_body set body = substring(body for octet_length(body) - 1)"), doctor.Wrong, "is not what was written there"},
	{"unsigned entry", byRaw("insert into audit_body (agency_id, idx, body) select agency_id, max(idx) + 1, convert_to(repeat('no statement ', 20), 'UTF8') from audit_body group by agency_id"),
		byRaw("delete from audit_body where body = convert_to(repeat('no statement ', 20), 'UTF8')"), doctor.Wrong, "are not signed by who should have signed them; somebody other"},
	{"unsigned checkpoint", byRaw("insert into audit_checkpoint (agency_id, size, note) select agency_id, 4321, decode(repeat('ff', 200), 'hex') from audit_body limit 1"),
		byRaw("delete from audit_checkpoint where size = 4321"), doctor.Wrong, "as the staff tier sees it: checkpoints that its key did not sign are in the database, and passed over (1); somebody other than this program wrote them: change the roles' passwords, find out who it was, and delete the rows as gatepost_owner (table audit_checkpoint, size 4321)"},
	{"unsigned checkpoint, from the families' tier", byRaw("insert into audit_checkpoint (agency_id, size, note) select agency_id, 4321, decode(repeat('ff', 200), 'hex') from audit_body limit 1"),
		byRaw("delete from audit_checkpoint where size = 4321"), doctor.Wrong, "as the public tier sees it: checkpoints that its key did not sign are in the database, and passed over (1)"},
	{"no checkpoint for long", byRaw("update audit_body set at = now() - interval '3 minutes'; create table kept as table audit_checkpoint; delete from audit_checkpoint"),
		byRaw("insert into audit_checkpoint table kept; drop table kept"), doctor.Wrong, "have had no checkpoint for two minutes"},
	{"families' tier saw more", func(w *world) {
		text, err := os.ReadFile(w.path("state/staff/" + demoAgency + ".checkpoint"))
		must(w, err)
		w.write("state/public/"+demoAgency+".checkpoint", string(text))
		w.raw("create table kept as table audit_checkpoint; delete from audit_checkpoint")
	}, func(w *world) {
		must(w, os.Remove(w.path("state/public/"+demoAgency+".checkpoint")))
		w.raw("insert into audit_checkpoint table kept; drop table kept")
	}, doctor.Wrong, "as the public tier sees it: the log of agency fernleigh has 0 entries, and this tier has seen 1"},
	{"damaged state", func(w *world) { w.write("state/public/"+demoAgency+".checkpoint", "elsewhere") },
		func(w *world) { must(w, os.Remove(w.path("state/public/"+demoAgency+".checkpoint"))) }, doctor.Wrong, "is no checkpoint of the agency"},
	{"state lost", func(w *world) { must(w, os.Rename(w.path("state/staff"), w.path("away"))) },
		func(w *world) { must(w, os.Rename(w.path("away"), w.path("state/staff"))) }, doctor.Wrong, "folder of state of the staff tier: it is not there"},
	{"state open", func(w *world) { must(w, os.Chmod(w.path("state/staff"), 0o770)) },
		func(w *world) { must(w, os.Chmod(w.path("state/staff"), 0o700)) }, doctor.Wrong, "it can be written by others"},
	{"no canary", byRaw("create table kept as table canary; delete from canary"), byRaw("insert into canary table kept; drop table kept"), doctor.Wrong, "there is none; start a workers' tier"},
	{"another's canary", otherNotifier, func(w *world) { must(w, os.Rename(w.path("away"), w.path("keys/staff/notify.key"))) }, doctor.Wrong, "it does not open with notify.key"},

	{"a store that is forgotten", byRaw("insert into part_gone (agency_id, key) values ('" + demoAgency + "', repeat('a', 26))"), byRaw("delete from part_gone"),
		doctor.Wrong, "the configuration has no [parts]; put it back"},

	// The queue, mail, clocks, other instances.
	{"stuck job", byRaw("insert into jobs.river_job (kind, max_attempts, args, scheduled_at) values ('notice', 25, '{}', now() - interval '10 minutes')"),
		byRaw("delete from jobs.river_job where kind = 'notice'"), doctor.Wrong, "a job has been due for 1"},
	{"job given up", byRaw("insert into jobs.river_job (kind, max_attempts, args, state, finalized_at) values ('notice', 25, '{}', 'discarded', now())"),
		byRaw("delete from jobs.river_job where kind = 'notice'"), doctor.Wrong, "jobs were given up"},
	{"clock stands", byRaw("update jobs.river_job set finalized_at = finalized_at - interval '1 hour' where kind = 'clock'"),
		byRaw("update jobs.river_job set finalized_at = finalized_at + interval '1 hour' where kind = 'clock'"), doctor.Wrong, "the clock's work was last done 1h"},
	{"late notice", byRaw(lateNotice), byRaw("delete from notice"), doctor.Wrong, "notices: the oldest has been due for 2h0m0s; start"},
	{"failed notice", byRaw(lateNotice + "; update notice set error = 'refused'"), byRaw("delete from notice"), doctor.Wrong, "the mail server does not take it"},
	{"no mail server", byConfig(func(c *config.Config) { c.Mail.Port = 1 }), none, doctor.Wrong, "mail server: it does not answer"},
	{"mail off", byConfig(func(c *config.Config) { c.Mail.Off = true }), none, doctor.Look, "mail is off"},
	{"ahead", func(w *world) { w.now = func() time.Time { return time.Now().Add(time.Minute) } }, func(w *world) { w.now = time.Now }, doctor.Wrong, "apart; set both by NTP"},
	{"behind", func(w *world) { w.now = func() time.Time { return time.Now().Add(-time.Minute) } }, func(w *world) { w.now = time.Now }, doctor.Wrong, "apart; set both by NTP"},

	// Certificates, disks, backups.
	{"certificate ended", func(w *world) { w.certificate("public", w.stanza.PublicHost, -time.Hour) }, goodCertificate, doctor.Wrong, "certificate of the public tier: it ended"},
	{"certificate ends", func(w *world) { w.certificate("public", w.stanza.PublicHost, 29*24*time.Hour) }, goodCertificate, doctor.Look, "certificate of the public tier: it ends"},
	{"another host's", func(w *world) { w.certificate("public", w.stanza.StaffHost, 90*24*time.Hour) }, goodCertificate, doctor.Wrong, "is not for the host of agency"},
	{"another's key", byConfig(func(c *config.Config) { c.Public.CertificateKey = c.Staff.CertificateKey }), none, doctor.Wrong, "it cannot be used with its key"},
	{"no certificate", byConfig(func(c *config.Config) { c.Public.Certificate += "x" }), none, doctor.Wrong, "it cannot be read; name the PEM file"},
	{"disk full", func(w *world) { w.free = 1 << 20 }, func(w *world) { w.free = 50 << 30 }, doctor.Wrong, "disk of PostgreSQL: 1 MB are free; make room"},
	{"disk filling", func(w *world) { w.free = 9 << 30 }, func(w *world) { w.free = 50 << 30 }, doctor.Look, "disk of PostgreSQL: less than a tenth"},
	{"old backup", func(w *world) { w.backedUp(27 * time.Hour) }, func(w *world) { w.backedUp(time.Hour) }, doctor.Wrong, "the newest is 27 hours old"},
	{"backup exchanged", func(w *world) { w.write("backups/night.age", strings.Repeat("b", 5000)) }, func(w *world) { w.backedUp(time.Hour) }, doctor.Wrong, "there is none in backup.folder"},
	{"no folder", byConfig(func(c *config.Config) { c.Backup.Folder = "" }), none, doctor.Look, "backup.folder is not named"},
}

const lateNotice = "insert into notice (agency_id, id, person_id, due) values ('" + demoAgency + "', 'nt' || repeat('a', 20), 'pe' || repeat('a', 20), now() - interval '2 hours')"

func goodCertificate(w *world) { w.certificate("public", w.stanza.PublicHost, 90*24*time.Hour) }

// otherNotifier puts another deployment's key in the place of ours.
func otherNotifier(w *world) {
	key, err := age.GenerateHybridIdentity()
	must(w, err)
	must(w, os.Rename(w.path("keys/staff/notify.key"), w.path("away")))
	w.write("keys/staff/notify.key", key.String()+"\n")
}

const demoAgency = "fernleigh"

func swapKeys(w *world, a, b string) {
	w.Helper()
	must(w, os.Rename(w.path(a), w.path("away")))
	must(w, os.Rename(w.path(b), w.path(a)))
	must(w, os.Rename(w.path("away"), w.path(b)))
}

// setting waits until the server goes by what was set.
func (w *world) setting(sql, want string) {
	w.Helper()
	w.sql(sql)
	w.sql("select pg_reload_conf()")
	for have := ""; have != want; {
		must(w, w.admin.QueryRow(w.Context(), "show fsync").Scan(&have))
	}
}

// A deployment in which all is well is sound; each illness is named by its own
// sentence, turns the verdict where it has to, and hides nothing else.
func TestExamine(t *testing.T) {
	w := newWorld(t)
	healthy, sound := w.examine()
	if !sound || len(healthy) < 25 {
		t.Fatalf("all is well, and it says:\n%s", lines(healthy, ""))
	}
	before := w.dump()
	for _, ill := range illnesses {
		w.cfg, w.T = clone(w.cfg), t
		kept := clone(w.cfg)
		ill.cause(w)
		found, sound := w.examine()
		w.cfg = kept
		ill.cure(w)
		if !slices.ContainsFunc(found, func(f doctor.Finding) bool { return f.Verdict == ill.verdict && strings.Contains(f.String(), ill.text) }) {
			t.Errorf("%s: nothing says %q, but:\n%s", ill.name, ill.text, lines(found, doctor.OK))
		}
		if sound != (ill.verdict != doctor.Wrong) {
			t.Errorf("%s: sound is %v", ill.name, sound)
		}
	}
	if found, sound := w.examine(); !sound {
		t.Errorf("after all cures:\n%s", lines(found, doctor.OK))
	}
	if after := w.dump(); !bytes.Equal(before, after) {
		t.Error("the illnesses, or looking at them, changed the log")
	}
	w.instances()
	w.parts()
	w.publicHost()
	w.noDatabase()
	postgrestest.Prepare(t, w.admin, ".")
}

// Another build that is connected is named for as long as it is.
func (w *world) instances() {
	w.Helper()
	conn, err := pgx.Connect(w.Context(), w.cfg.Database.Staff+" application_name='gatepost 0123456789ab'")
	must(w, err)
	found, sound := w.examine()
	must(w, conn.Close(w.Context()))
	if sound || !strings.Contains(lines(found, doctor.OK), "one of another build is connected") {
		w.Errorf("another build:\n%s", lines(found, doctor.OK))
	}
}

// The public host has no key of the staff tier, and is asked for none.
func (w *world) publicHost() {
	w.Helper()
	must(w, os.Rename(w.path("keys/staff"), w.path("away")))
	kept := clone(w.cfg)
	w.cfg.Database.Staff, w.cfg.Database.Notify, w.cfg.Database.Backup, w.cfg.Database.Owner = "", "", "", ""
	var found []doctor.Finding
	if !doctor.Examine(w.Context(), doctor.Config{Config: &w.cfg, Tiers: []authz.Tier{authz.Public}, Now: time.Now, Space: doctor.Space,
		Say: func(f doctor.Finding) { found = append(found, f) }}) || strings.Contains(lines(found, ""), "staff tier") {
		w.Errorf("the families' host:\n%s", lines(found, ""))
	}
	w.cfg = kept
	must(w, os.Rename(w.path("away"), w.path("keys/staff")))
}

// Without a database there is still all that the host itself can say.
func (w *world) noDatabase() {
	w.Helper()
	for _, dsn := range []*string{&w.cfg.Database.Public, &w.cfg.Database.Staff, &w.cfg.Database.Notify, &w.cfg.Database.Backup, &w.cfg.Database.Owner} {
		*dsn += " port=1"
	}
	found, sound := w.examine()
	if text := lines(found, ""); sound || strings.Count(text, "it does not let us in or does not answer") != 4 || !strings.Contains(text, "ok     certificate") || !strings.Contains(text, "ok     mail server") {
		w.Errorf("no database:\n%s", text)
	}
}

func clone(c config.Config) config.Config {
	c.Agencies = slices.Clone(c.Agencies)
	return c
}

// lines are findings as they are printed, without those of one verdict.
func lines(list []doctor.Finding, without doctor.Verdict) string {
	var text strings.Builder
	for _, f := range list {
		if f.Verdict != without {
			text.WriteString(f.String() + "\n")
		}
	}
	return text.String()
}

// dump is the log as it stands.
func (w *world) dump() (all []byte) {
	w.Helper()
	must(w, w.admin.QueryRow(w.Context(), "select string_agg(body, ''::bytea order by idx) from audit_body").Scan(&all))
	return all
}
