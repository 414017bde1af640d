package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sys/unix"

	"gatepost/crypto/seal"
	"gatepost/internal/demo"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/private"
)

func startDemo(t *testing.T, dir string) *child {
	t.Helper()
	return start(t, "demo", "--data", dir, "--public", "127.0.0.1:0", "--staff", "127.0.0.1:0")
}

// port reads the port from the line on which a tier's address stands.
func port(t *testing.T, line string) string {
	t.Helper()
	m := regexp.MustCompile(`:(\d+)$`).FindStringSubmatch(line)
	if m == nil {
		t.Fatalf("no address in %q", line)
	}
	return m[1]
}

// answers asks both tiers for their first pages by both host names.
func answers(t *testing.T, c *child) {
	t.Helper()
	public, staff := port(t, c.until("Families")), port(t, c.until("Workers"))
	for _, p := range []struct {
		port, host, path string
		want             int
	}{
		{public, demo.PublicHost, "/", http.StatusOK},
		{public, "127.0.0.1", "/sign-in", http.StatusOK},
		{public, "elsewhere.example", "/", http.StatusNotFound},
		{staff, demo.StaffHost, "/sign-in", http.StatusOK},
		{public, demo.PublicHost, "/desk", http.StatusNotFound},
		{staff, demo.StaffHost, "/letters", http.StatusNotFound},
	} {
		if got := status(t, "http://127.0.0.1:"+p.port+p.path, p.host); got != p.want {
			t.Errorf("%s%s: %d, want %d", p.host, p.path, got, p.want)
		}
	}
}

// look runs a query on the demo's database as a role.
func look(t *testing.T, dir, role, sql string, args ...any) []map[string]any {
	t.Helper()
	attached, err := private.Attach(dir)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), attached.DSN(role, demoDatabase))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := conn.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	rows, err := conn.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToMap)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// world counts what the seeding has to have made.
func world(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	counts := map[string]int64{}
	for _, row := range look(t, dir, postgres.RoleBackup, `
		select 'letter '||state as what, count(*) as n from letter group by state
		union all select 'late', count(*) from letter where state in ('received', 'held') and hear_by < current_date
		union all select 'waits long', count(*) from letter where state in ('received', 'held') and hear_by >= current_date and submitted_on <= current_date - 5
		union all select 'stopped, and may go on', count(*) from letter l join exchange x on x.agency_id = l.agency_id and x.id = l.exchange_id
			join side s on s.agency_id = l.agency_id and s.id = l.to_side where l.stop and l.state = 'waiting' and x.state = 'active' and s.state = 'ready'
		union all select 'resting', count(*) from exchange where state = 'paused'
		union all select 'draft', count(*) from draft
		union all select 'exchange', count(*) from exchange
		union all select 'protected list', count(*) from object o join exchange x on x.agency_id = o.agency_id and x.id = o.id where o.kind = 'list'
		union all select 'person '||state, count(*) from person group by state
		union all select 'worker '||state, count(*) from worker group by state
		union all select 'couple', count(*) from (select side_id from side_member group by side_id having count(*) = 2) c
		union all select 'rewrite', count(*) from letter where replaces is not null
		union all select 'application ' || state, count(*) from application group by state
		union all select 'court permits', count(*) from exchange where contact_order = 'permits'
		union all select 'sibling homes', count(*) from exchange x where not exists
			(select from side s where s.agency_id = x.agency_id and s.exchange_id = x.id and s.book = 'birth')`) {
		counts[row["what"].(string)] = row["n"].(int64)
	}
	return counts
}

var whole = map[string]int64{
	"letter held": 1, "letter escalated": 1, "letter refused": 1, "letter keptOnFile": 1, "letter withdrawn": 1, "letter passed": 1,
	"letter keptForLater": 1, "letter recalled": 1, "letter undeliverable": 1, "letter proposed": 1, "letter toTranslate": 1, "court permits": 1,
	"letter stoppedAt18": 1, "late": 1, "waits long": 1, "stopped, and may go on": 1, "resting": 1,
	"letter received": 8, "letter returned": 1, "letter replaced": 1, "letter waiting": 3, "letter opened": 4, "rewrite": 1,
	"draft": 2, "exchange": 9, "protected list": 9, "sibling homes": 1, "couple": 5, "person active": 18, "person hold": 1, "worker active": 11,
	"application open": 6, "application closed": 1,
}

func isWhole(t *testing.T, dir string) {
	t.Helper()
	got := world(t, dir)
	for what, n := range whole {
		if got[what] != n {
			t.Errorf("%d of %q, want %d", got[what], what, n)
		}
		delete(got, what)
	}
	if len(got) > 0 {
		t.Errorf("more than there should be: %v", got)
	}
}

// The life of one folder: made, looked at, stopped, gone on, killed, gone on.
func TestDemo(t *testing.T) {
	dir := folder(t)
	d := startDemo(t, dir)
	answers(t, d)
	d.until("What to try first")
	isWhole(t, dir)
	if claims := look(t, dir, postgres.RoleAdmin, `select until > now() + interval '25 minutes' as fresh from claim`); len(claims) != 1 || claims[0]["fresh"] != true {
		t.Errorf("claims %v, want one that has just begun", claims)
	}
	if sessions := look(t, dir, postgres.RoleAdmin, `select 1 from session`); len(sessions) != 0 {
		t.Errorf("the seeding left %d sessions", len(sessions))
	}
	t.Run("archive", func(t *testing.T) { archiveOpens(t, dir) })
	t.Run("codes", func(t *testing.T) { codes(t, dir) })
	t.Run("private", func(t *testing.T) { keptPrivate(t, dir, d) })
	t.Run("second start", func(t *testing.T) {
		second := startDemo(t, dir)
		if code := second.wait(); code != failed || !strings.Contains(second.text.String(), fmt.Sprintf("is in use by pid %d;", d.cmd.Process.Pid)) {
			t.Errorf("code %d\n%s", code, second.text.String())
		}
	})
	t.Run("agency list beside it", func(t *testing.T) {
		if out := must(t, "", "agency", "list", "--config", filepath.Join(dir, "gatepost.toml")); !regexp.MustCompile(`fernleigh +yes +yes +yes`).MatchString(out) {
			t.Error(out)
		}
	})
	made := read(t, filepath.Join(dir, "world.json"))

	if code := d.stop(syscall.SIGTERM); code != done {
		t.Fatalf("SIGTERM: code %d\n%s", code, d.text.String())
	}
	goesOn := func(how string) *child {
		d := startDemo(t, dir)
		answers(t, d)
		d.until("What to try first")
		if strings.Contains(d.text.String(), "move in") || read(t, filepath.Join(dir, "world.json")) != made {
			t.Errorf("%s: the families were made again", how)
		}
		isWhole(t, dir)
		return d
	}
	d = goesOn("after SIGTERM")
	if code := d.stop(syscall.SIGKILL); code != -1 {
		t.Fatalf("SIGKILL: code %d", code)
	}
	// At once, while the database server of the killed one may be alive.
	d = goesOn("after SIGKILL")
	if code := d.stop(syscall.SIGINT); code != done {
		t.Fatalf("Ctrl-C: code %d", code)
	}
	stalePID(t, dir)
	d = goesOn("with a stale pid file")

	// The server of the database goes: so do we, and say so.
	pid, err := strconv.Atoi(strings.SplitN(read(t, filepath.Join(dir, "pg", "postmaster.pid")), "\n", 2)[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Kill(pid, unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := d.wait(); code != failed || !strings.Contains(d.text.String(), "database server of the demo has ended") {
		t.Errorf("without a database: code %d\n%s", code, d.text.String())
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// stalePID leaves a pid file that names a living process of the database's
// user, as happens in containers, where pids are few.
func stalePID(t *testing.T, dir string) {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, "pg"))
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	sleeper := exec.Command("sleep", "600")
	sleeper.Dir = "/"
	if os.Geteuid() == 0 {
		sleeper.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
	}
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = sleeper.Process.Kill()
		_ = sleeper.Wait() // killed
	})
	path := filepath.Join(dir, "pg", "postmaster.pid")
	text := fmt.Sprintf("%d\n%s\n1\n5432\n%s\n\n  1 1\nready   \n", sleeper.Process.Pid, filepath.Join(dir, "pg"), filepath.Join(dir, "run"))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, int(owner.Uid), int(owner.Gid)); err != nil {
		t.Fatal(err)
	}
}

// archiveOpens: the public age program and the archive's key are enough.
func archiveOpens(t *testing.T, dir string) {
	open := func(kind, want string) {
		t.Helper()
		for _, row := range look(t, dir, postgres.RoleBackup, `select sealed from object where kind = $1`, kind) {
			file := filepath.Join(t.TempDir(), "object.age")
			if err := os.WriteFile(file, row["sealed"].([]byte), 0o600); err != nil {
				t.Fatal(err)
			}
			age := exec.Command("go", "tool", "age", "-d", "-i", filepath.Join(dir, "archive.key"), file)
			age.Stderr = t.Output()
			frame, err := age.Output()
			if err != nil {
				t.Fatalf("age does not open a %s: %v", kind, err)
			}
			_, content, _, err := seal.ParseFrame(frame)
			if err != nil {
				t.Fatalf("a %s has no frame: %v", kind, err)
			}
			if strings.Contains(string(content), want) {
				return
			}
		}
		t.Errorf("no %s says %q", kind, want)
	}
	open("submission", "a cake in the shape of a hedgehog")
	open("delivery", "the biggest hole in the street")
	open("parties", "Kelly Marsh, birth mother")
	open("reason", "identifying")
}

func codes(t *testing.T, dir string) {
	for _, who := range []string{"owen", "Owen Pritchard"} {
		if out := must(t, "", "demo", "code", who, "--data", dir); !regexp.MustCompile(`^\d{6}\n$`).MatchString(out) {
			t.Errorf("%s: %q", who, out)
		}
	}
	for _, c := range []struct {
		who, want string
		code      int
	}{
		{"kelly", "uses no one-time codes", failed},
		{"nobody", "it knows", wrongUse},
	} {
		if _, errs, code := gatepost(t, "", "demo", "code", c.who, "--data", dir); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%s: code %d, %s", c.who, code, errs)
		}
	}
	if _, errs, code := gatepost(t, "", "demo", "code", "owen", "--data", t.TempDir()); code != failed || !strings.Contains(errs, "no families") {
		t.Errorf("without a demo: code %d, %s", code, errs)
	}
}

// keptPrivate: nobody else reads the folder's secrets, and no core is dumped.
func keptPrivate(t *testing.T, dir string, d *child) {
	for _, name := range []string{"world.json", "archive.key", "gatepost.toml", "gatepost.log", "keys/public/login.key", "keys/staff/fernleigh-registrar.key"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		} else if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", name, info.Mode().Perm())
		}
	}
	limits := read(t, fmt.Sprintf("/proc/%d/limits", d.cmd.Process.Pid))
	if !regexp.MustCompile(`Max core file size +0 +0 `).MatchString(limits) {
		t.Error("cores may be dumped")
	}
	log := read(t, filepath.Join(dir, "gatepost.log")) + read(t, filepath.Join(dir, "pg.log"))
	for _, secret := range []string{"Kelly", "Marsh", "hedgehog", "AGE-SECRET"} {
		if strings.Contains(log, secret) {
			t.Errorf("a log says %q", secret)
		}
	}
}

func TestHarden(t *testing.T) {
	if err := harden(); err != nil {
		t.Fatal(err)
	}
	if dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || dumpable != 0 {
		t.Errorf("dumpable is %d, %v", dumpable, err)
	}
}

// A demo that was killed while the people moved in begins again, cleanly.
func TestDemoInterrupted(t *testing.T) {
	dir := folder(t)
	d := startDemo(t, dir)
	d.until("people move in now")
	d.stop(syscall.SIGKILL)
	d = startDemo(t, dir)
	d.until("people move in now")
	if code := d.stop(syscall.SIGTERM); code != done {
		t.Fatalf("SIGTERM while the people move in: code %d\n%s", code, d.text.String())
	}
	d = startDemo(t, dir)
	d.until("What to try first")
	isWhole(t, dir)
	if err := os.Remove(filepath.Join(dir, "world.json")); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := gatepost(t, "", "demo", "code", "owen", "--data", dir); code != failed || !strings.Contains(errs, "no families") {
		t.Errorf("an unfinished demo gives codes: %d, %s", code, errs)
	}
	if code := d.stop(syscall.SIGTERM); code != done {
		t.Errorf("code %d", code)
	}
}
