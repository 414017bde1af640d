package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/internal/config"
)

// An operator's day: a backup, a drill, a restore elsewhere, and the copy of
// the keys; what is missing or wrong is one sentence.
func TestBackup(t *testing.T) {
	d := newDeployment(t)
	in := func(name string) string { return filepath.Join(d.dir, name) }
	must(t, "", "migrate", "--config", d.config)
	must(t, "", "keys", "init", in("keys"))
	d.addElm(t)
	file := in("night.age")
	d.refuses(t, "database.backup is missing", "", "backup", file)
	cfg, err := config.Load(d.config)
	if err != nil {
		t.Fatal(err)
	}
	role := strings.Replace(cfg.Database.Staff, "gatepost_staff", "gatepost_backup", 1)
	d.text = strings.Replace(d.text, "[public]", "backup = \""+role+"\"\n[public]", 1)
	d.write(t, "gatepost.toml", d.text)
	d.refuses(t, "backup.recipient is missing", "", "backup", file)
	d.write(t, "gatepost.toml", d.text+"[backup]\nrecipient = \""+cfg.Agencies[0].Archive+"\"\n")
	d.refuses(t, "is the archive's", "", "backup", file)
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	d.text += "[backup]\nrecipient = \"" + id.Recipient().String() + "\"\n"
	d.write(t, "gatepost.toml", d.text)
	key := d.write(t, "backup.key", "# a key\n"+id.String()+"\n")

	// The staff tier's start makes the canary, and an entry of the log.
	must(t, agreed+"\n", "worker", "invite", "--agency", "elm", "--config", d.config)
	if out := must(t, "", "backup", file, "--config", d.config); !strings.Contains(out, "is whole and on the disk") || !strings.Contains(out, "Delete it") {
		t.Errorf("backup says %s", out)
	}
	d.refuses(t, "is not overwritten", "", "backup", file)
	if _, errs, code := gatepost(t, "", "backup", file, "--keep", "36", "--config", d.config); code != wrongUse || !strings.Contains(errs, "1 to 35 days") {
		t.Errorf("kept for 36 days: code %d, %s", code, errs)
	}
	d.refuses(t, "is not empty and is not overwritten", "", "restore", file, "--identity", key)
	out := must(t, "", "restore", file, "--identity", key, "--check", "--config", d.config)
	for _, want := range []string{"the file is whole", "as many as were counted", "the log of elm has its", "the canary of elm opens", "at this program's version", "is good. Nothing else was touched"} {
		if !strings.Contains(out, want) {
			t.Errorf("the drill does not say %q:\n%s", want, out)
		}
	}
	d.otherKeys(t, file, key)
	d.restoresElsewhere(t, file, key)

	out = must(t, "", "keys", "seal", in("keys"), in("keys.age"), "--config", d.config)
	if !strings.Contains(out, "11 key files") {
		t.Errorf("keys seal says %s", out)
	}
	d.refuses(t, "is not overwritten", "", "keys", "seal", in("keys"), in("keys.age"))
}

// otherKeys tries keys that are not this deployment's.
func (d *deployment) otherKeys(t *testing.T, file, key string) {
	t.Helper()
	another, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	d.refuses(t, "is sealed to another key", "", "restore", file, "--check", "--identity", d.write(t, "another.key", another.String()+"\n"))
	d.refuses(t, "is not one key that age-keygen -pq made", "", "restore", file, "--check", "--identity", d.write(t, "none.key", "a letter\n"))
	open := d.write(t, "open.key", another.String()+"\n")
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	d.refuses(t, "chmod 600", "", "restore", file, "--check", "--identity", open)

	// The notifier's key of another deployment opens no canary of this one.
	notify := filepath.Join(d.dir, "keys", "staff", "notify.key")
	mine, err := os.ReadFile(notify)
	if err != nil {
		t.Fatal(err)
	}
	defer d.write(t, "keys/staff/notify.key", string(mine))
	d.write(t, "keys/staff/notify.key", another.String()+"\n")
	d.refuses(t, "the canary of the agency elm does not open", "", "restore", file, "--check", "--identity", key)
	// The staff tier vouches for it when it starts, and sees that when it starts
	// again: the log is beyond the backup now.
	must(t, "", "worker", "list", "--agency", "elm", "--config", d.config)
	must(t, "", "worker", "list", "--agency", "elm", "--config", d.config)
}

// second makes an empty database beside, and gives the configuration that names it.
func (d *deployment) second(t *testing.T) string {
	t.Helper()
	cfg, err := config.Load(d.config)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), cfg.Database.Owner)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "create database second"); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d.write(t, "second.toml", strings.ReplaceAll(d.text, "dbname='gatepost'", "dbname='second'"))
}

// restoresElsewhere restores into a second database, as on another machine, and
// gives up what the tiers saw meanwhile.
func (d *deployment) restoresElsewhere(t *testing.T, file, key string) {
	t.Helper()
	second := d.second(t)
	if _, errs, code := gatepost(t, "no such worker\nno passphrase at all\n000000\n", "restore", file, "--identity", key, "--check", "--worker", "--config", second); code != failed || errs == "" {
		t.Errorf("nobody signs in: code %d, %s", code, errs)
	}
	out := must(t, "", "restore", file, "--identity", key, "--config", second)
	if !strings.Contains(out, "everybody signs in again") || !strings.Contains(out, "the log of elm states that it was restored") {
		t.Errorf("restore says %s", out)
	}
	must(t, "", "worker", "list", "--agency", "elm", "--config", second)
	// The database that was given up is refused from now on.
	if _, errs, code := gatepost(t, "", "worker", "list", "--agency", "elm", "--config", d.config); code != failed {
		t.Errorf("the old database is taken again: %s", errs)
	}
}
