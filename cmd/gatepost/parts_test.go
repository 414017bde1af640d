package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/internal/config"
	"gatepost/internal/parts"
	"gatepost/internal/parts/partstest"
)

// An operator moves parts, with a store that is configured and lets them.
func TestPartsMove(t *testing.T) {
	d := newDeployment(t)
	must(t, "", "migrate", "--config", d.config)
	if _, errs, code := gatepost(t, "", "parts", "move", "elsewhere", "--config", d.config); code != wrongUse || !strings.Contains(errs, "into the store or the database") {
		t.Errorf("elsewhere: code %d, %s", code, errs)
	}
	d.refuses(t, "the configuration has no [parts]", "", "parts", "move", "store")
	store := func(g *partstest.Gateway) {
		key := d.write(t, "parts.key", g.Staff.Access+"\n"+g.Staff.Secret+"\n")
		d.write(t, "gatepost.toml", d.text+"[parts]\nendpoint = \""+g.Staff.Endpoint.String()+"\"\nbucket = \""+g.Staff.Bucket+"\"\nregion = \""+g.Staff.Region+"\"\nstaff_key_file = \""+key+"\"\n")
	}
	store(partstest.Versioned(t))
	d.refuses(t, "the bucket keeps versions", "", "parts", "move", "store")
	g := partstest.New(t)
	store(g)
	if out := must(t, "", "parts", "move", "store", "--config", d.config); !strings.Contains(out, "0 parts were moved into the store.") {
		t.Errorf("it says %s", out)
	}
	if out := must(t, "", "parts", "move", "database", "--config", d.config); !strings.Contains(out, "0 parts were moved into the database.") || !strings.Contains(out, "read_only = true") {
		t.Errorf("it says %s", out)
	}
	g.Stop()
	d.refuses(t, "does not answer", "", "parts", "move", "store")
}

// kept makes a deployment with a store, in which a row names a part that is not there.
func kept(t *testing.T) (d *deployment, g *partstest.Gateway, key parts.Key) {
	t.Helper()
	d, g = newDeployment(t), partstest.New(t)
	must(t, "", "migrate", "--config", d.config)
	must(t, "", "keys", "init", filepath.Join(d.dir, "keys"))
	d.addElm(t)
	cfg, err := config.Load(d.config)
	if err != nil {
		t.Fatal(err)
	}
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	d.write(t, "backup.key", id.String()+"\n")
	d.text = strings.Replace(d.text, "[public]", "backup = \""+strings.Replace(cfg.Database.Staff, "gatepost_staff", "gatepost_backup", 1)+"\"\n[public]", 1) +
		"[backup]\nrecipient = \"" + id.Recipient().String() + "\"\n[parts]\nendpoint = \"" + g.Staff.Endpoint.String() + "\"\nbucket = \"" + g.Staff.Bucket +
		"\"\nregion = \"" + g.Staff.Region + "\"\nstaff_key_file = \"" + d.write(t, "parts.key", g.Staff.Access+"\n"+g.Staff.Secret+"\n") + "\"\n"
	d.write(t, "gatepost.toml", d.text)
	must(t, agreed+"\n", "worker", "invite", "--agency", "elm", "--config", d.config)

	column, err := g.Open(g.Staff).Put(t.Context(), parts.Large, func(w io.Writer) error {
		_, err := w.Write(make([]byte, parts.Large))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	place, _, err := parts.ParsePlace(column)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), cfg.Database.Owner)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), `insert into object (agency_id, id, part, version, kind, from_node, to_node, sealed, commit, leaf)
		select 'elm', 'ph' || repeat('a', 20), 'picture', 1, 'submission', 'x', 'y', $1, sha256('x'), leaf from audit_body limit 1`, column)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(g.Path(place.Key)); err != nil {
		t.Fatal(err)
	}
	return d, g, place.Key
}

// A backup without what the store has lost ends with a code of its own until that is
// written off, and is restored by who says how much is missing.
func TestPartsLost(t *testing.T) {
	d, _, key := kept(t)
	in := func(name string) string { return filepath.Join(d.dir, name) }
	d.refuses(t, "no part of this key is known to be lost", "", "parts", "write-off", string(key))
	out, errs, code := gatepost(t, "", "backup", in("first.age"), "--config", d.config)
	if code != lacks || !strings.Contains(out, "is whole and on the disk") || !strings.Contains(out, "restore it with --missing 1") || !strings.Contains(errs, "THE STORE HAS LOST 1 LARGE PARTS") {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
	if out := must(t, "", "parts", "write-off", string(key), "--config", d.config); !strings.Contains(out, string(key)+" is written off") {
		t.Errorf("it says %s", out)
	}
	d.refuses(t, "no part of this key is known to be lost", "", "parts", "write-off", string(key))
	if out := must(t, "", "backup", in("second.age"), "--config", d.config); !strings.Contains(out, "1 large parts are not in it") {
		t.Errorf("it says %s", out)
	}
	d.refuses(t, "add --missing 1", "", "restore", in("second.age"), "--identity", in("backup.key"), "--check")
	if out := must(t, "", "restore", in("second.age"), "--identity", in("backup.key"), "--check", "--missing", "1", "--config", d.config); !strings.Contains(out, "0 large parts are what their rows say, and 1 are missing") {
		t.Errorf("the drill says %s", out)
	}
}

// A bucket is one database's: nothing is moved there for another, until it is taken
// over; a restored copy is another.
func TestPartsTake(t *testing.T) {
	d, g, _ := kept(t)
	d.refuses(t, "has no mark of ours, although parts are to be in it", "", "parts", "move", "store")
	must(t, "", "parts", "take", "--config", d.config)
	must(t, "", "parts", "move", "store", "--config", d.config)
	mark := filepath.Join(g.Folder, "gatepost-mark")
	if b, err := os.ReadFile(mark); err != nil || len(b) != 32 {
		t.Fatalf("it was taken with a mark of %d bytes, %v", len(b), err)
	}
	if err := os.WriteFile(mark, []byte("another deployment's"), 0o600); err != nil {
		t.Fatal(err)
	}
	const another = "the bucket of [parts] is another deployment's"
	d.refuses(t, another, "", "parts", "move", "store")
	d.refuses(t, another, "", "parts", "move", "database")
	if out := must(t, "", "parts", "take", "--config", d.config); !strings.Contains(out, "The bucket is this deployment's.") {
		t.Errorf("it says %s", out)
	}
	must(t, "", "parts", "move", "store", "--config", d.config)

	file, identity := filepath.Join(d.dir, "night.age"), filepath.Join(d.dir, "backup.key")
	if _, errs, code := gatepost(t, "", "backup", file, "--config", d.config); code != lacks {
		t.Fatalf("code %d: %s", code, errs)
	}
	second := d.second(t)
	if _, errs, code := gatepost(t, "", "restore", file, "--identity", identity, "--missing", "1", "--config", second); code != failed || !strings.Contains(errs, "is restored and proved, but its tiers will not start: "+another) {
		t.Errorf("restored beside: code %d, %s", code, errs)
	}
	if _, errs, code := gatepost(t, "", "parts", "move", "store", "--config", second); code != failed || !strings.Contains(errs, another) {
		t.Errorf("the copy moves: code %d, %s", code, errs)
	}
	must(t, "", "parts", "take", "--config", second)
	must(t, "", "parts", "move", "store", "--config", second)
	d.refuses(t, another, "", "parts", "move", "store")
}
