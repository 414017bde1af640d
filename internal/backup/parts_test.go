package backup_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatepost/crypto/seal"
	"gatepost/internal/backup"
	"gatepost/internal/parts"
	"gatepost/internal/parts/partstest"
	"gatepost/internal/postgres"
)

// stored puts the sealed bytes of some rows into a store and gives them, by key.
func (w *world) stored(t *testing.T, store *parts.Store) map[parts.Key][]byte {
	t.Helper()
	admin := w.db.Admin()
	rows, err := admin.Query(t.Context(), `select id from object where part = 'text' order by id limit 3`)
	must(t, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	all := map[parts.Key][]byte{}
	for _, id := range ids {
		column := put(t, store, all)
		_, err = admin.Exec(t.Context(), `update object set sealed = $2 where id = $1 and part = 'text'`, id, column)
		must(t, err)
	}
	return all
}

// put puts a part of its own size into a store, and gives what its row holds.
func put(t *testing.T, store *parts.Store, all map[parts.Key][]byte) []byte {
	t.Helper()
	b := make([]byte, parts.Large+len(all))
	_, _ = rand.Read(b)
	column, err := store.Put(t.Context(), len(b), func(out io.Writer) error {
		_, err := out.Write(b)
		return err
	})
	must(t, err)
	place, _, err := parts.ParsePlace(column)
	must(t, err)
	all[place.Key] = b
	return column
}

// What a draft and a recording have in a store is in the backup as what a letter has.
func TestParts_Drafts(t *testing.T) {
	w, gate := newWorld(t), partstest.New(t)
	store := gate.Open(gate.Staff)
	all := map[parts.Key][]byte{}
	admin := w.db.Admin()
	for _, sql := range []string{"set session_replication_role = replica", // no side of this world agreed to any
		`insert into draft_recording (agency_id, id, draft_id, sealed, mac, original, original_commit, original_mac)
			select agency_id, 'au' || repeat('a', 20), id, $1, sha256('m'), $2, sha256('c'), sha256('o') from draft limit 1`,
		`insert into draft_photo (agency_id, id, draft_id, place, sealed, mac, original, original_commit, original_mac)
			select agency_id, 'ph' || repeat('a', 20), id, 1, $1, sha256('m'), $2, sha256('c'), sha256('o') from draft limit 1`,
		`update object set sealed = $1 where id = (select min(id) from object where kind = 'delivery') and $2::bytea is not null`,
		"reset session_replication_role"} {
		args := []any{}
		if strings.Contains(sql, "$1") {
			args = append(args, put(t, store, all), put(t, store, all))
		}
		_, err := admin.Exec(t.Context(), sql, args...)
		must(t, err)
	}
	o := w.order(t, "night.age")
	o.Parts = store
	done, err := backup.Write(t.Context(), o)
	if must(t, err); done.Parts != 5 { // of the last pair, no row names the second
		t.Errorf("%d parts", done.Parts)
	}
	c, other := newCluster(t), partstest.New(t)
	r := w.restore(c, o.File)
	r.Parts = other.Open(other.Staff)
	_, err = backup.Read(t.Context(), r)
	must(t, err)
	for key, b := range other.Objects() {
		if !bytes.Equal(b, all[key]) {
			t.Errorf("%s came back as something else", key)
		}
	}
	const sql = `select (select encode(sealed, 'hex') || encode(original, 'hex') from draft_recording) || (select encode(sealed, 'hex') || encode(original, 'hex') from draft_photo)`
	if n := len(other.Objects()); n != 5 || text(t, c.dsn(postgres.RoleAdmin), sql) != text(t, w.db.DSN(postgres.RoleAdmin), sql) {
		t.Errorf("%d objects came back, or the rows name something else", n)
	}
}

const sqlColumns = `select string_agg(id || encode(sealed, 'hex'), ' ' order by id) from object where part_key(sealed) is not null`

// What lies in a store is in the backup, sealed once more, and comes back into
// another store before the rows that name it.
func TestParts(t *testing.T) {
	w, gate := newWorld(t), partstest.New(t)
	store := gate.Open(gate.Staff)
	all := w.stored(t, store)
	o := w.order(t, "night.age")
	_, err := backup.Write(t.Context(), o)
	refused(t, err, "3 large parts lie in a store, and the configuration has no [parts]")
	o.Parts = store
	held := false
	o.Now = func() time.Time { // asked between the snapshot and the parts
		var free bool
		must(t, w.db.Admin().QueryRow(t.Context(), `select pg_try_advisory_xact_lock($1)`, parts.BackupLock).Scan(&free))
		held = !free
		return time.Now()
	}
	done, err := backup.Write(t.Context(), o)
	must(t, err)
	if done.Parts != 3 || done.Format != 2 || !held {
		t.Errorf("%d parts, format %d, kept in the store %v", done.Parts, done.Format, held)
	}
	w.stock(t, o.File, done.PartBytes)

	// A drill touches no store.
	c := newCluster(t)
	r := w.restore(c, o.File)
	r.Check = true
	gate.Stop()
	_, err = backup.Read(t.Context(), r)
	must(t, err)
	r.Check = false
	_, err = backup.Read(t.Context(), r)
	refused(t, err, "holds 3 large parts of a store, and the configuration has no [parts]")
	c.isEmpty()
	r.Parts = store
	if _, err = backup.Read(t.Context(), r); err == nil {
		t.Error("restored without its parts")
	}
	c.isEmpty()

	other := partstest.New(t)
	r.Parts = other.Open(other.Staff)
	_, err = backup.Read(t.Context(), r)
	must(t, err)
	if !maps.EqualFunc(all, other.Objects(), bytes.Equal) {
		t.Error("the store does not have what it had")
	}
	if text(t, c.dsn(postgres.RoleAdmin), sqlColumns) != text(t, w.db.DSN(postgres.RoleAdmin), sqlColumns) {
		t.Error("the rows name something else")
	}
}

// stock: behind the block and the parts stands what pg_restore reads.
func (w *world) stock(t *testing.T, file string, skip int64) {
	t.Helper()
	f, err := os.Open(file)
	must(t, err)
	defer func() { must(t, f.Close()) }()
	plain, err := seal.OpenStream(f, w.key)
	must(t, err)
	_, err = io.CopyN(io.Discard, plain, backup.Block+skip)
	must(t, err)
	magic := make([]byte, 5)
	_, err = io.ReadFull(plain, magic)
	if must(t, err); string(magic) != "PGDMP" {
		t.Errorf("behind the parts stands %q", magic)
	}
}

// What the store has lost or changed is counted and named, and the rest is in a whole
// backup, which is restored by who knows how much is missing.
func TestParts_Lost(t *testing.T) {
	w, gate := newWorld(t), partstest.New(t)
	store := gate.Open(gate.Staff)
	all := w.stored(t, store)
	keys := slices.Sorted(maps.Keys(all))
	changed := bytes.Clone(all[keys[1]])
	changed[0] ^= 1
	must(t, os.WriteFile(gate.Path(keys[1]), changed, 0o600))
	must(t, os.Remove(gate.Path(keys[2])))
	o := w.order(t, "night.age")
	o.Parts = store
	done, err := backup.Write(t.Context(), o)
	must(t, err)
	if done.Parts != 1 || done.Missing != 2 || done.Format != 3 || !slices.Equal(done.MissingKeys, keys[1:]) {
		t.Errorf("the backup says %+v", done.Manifest)
	}
	w.stock(t, o.File, done.PartBytes)
	open := func(want int) {
		t.Helper()
		if n, err := done.Tell(t.Context(), o.DSN); err != nil || n != want {
			t.Errorf("%d are open, want %d: %v", n, want, err)
		}
	}
	open(2)
	open(2)
	if got := text(t, w.db.DSN(postgres.RoleAdmin), `select string_agg(key, ' ' order by key) from part_lost`); got != string(keys[1]+" "+keys[2]) {
		t.Errorf("the database knows of %s", got)
	}
	owner, err := pgx.Connect(t.Context(), w.db.DSN(postgres.RoleAdmin))
	must(t, err)
	defer func() { must(t, owner.Close(context.Background())) }()
	must(t, parts.WriteOff(t.Context(), owner, keys[1]))
	if err := parts.WriteOff(t.Context(), owner, keys[1]); !errors.Is(err, parts.ErrNotLost) {
		t.Errorf("written off twice: %v", err)
	}
	open(1)

	other := partstest.New(t)
	r := w.restore(newCluster(t), o.File)
	r.Parts = other.Open(other.Staff)
	for _, r.Missing = range []int{0, 1} {
		_, err = backup.Read(t.Context(), r)
		refused(t, err, "the store had lost 2 large parts when this backup was written ("+string(keys[1]+", "+keys[2])+")")
	}
	if len(other.Objects()) != 0 {
		t.Error("a restore that was refused put something")
	}
	r.Missing = 2
	_, err = backup.Read(t.Context(), r)
	must(t, err)
	if left := other.Objects(); len(left) != 1 || !bytes.Equal(left[keys[0]], all[keys[0]]) {
		t.Errorf("%d objects came back", len(left))
	}

	// Whole again: nothing is missing, and nobody says so.
	must(t, os.WriteFile(gate.Path(keys[1]), all[keys[1]], 0o600))
	must(t, os.WriteFile(gate.Path(keys[2]), all[keys[2]], 0o600))
	o.File = w.order(t, "next.age").File
	done, err = backup.Write(t.Context(), o)
	if must(t, err); done.Parts != 3 || done.Missing != 0 || done.Format != 2 {
		t.Errorf("the next backup says %+v", done.Manifest)
	}
	open(0)
	r.File = o.File
	_, err = backup.Read(t.Context(), r)
	refused(t, err, "the backup has all of its large parts")

	// A store that is emptied ends no backup either.
	for _, k := range keys {
		must(t, os.Remove(gate.Path(k)))
	}
	o.File = w.order(t, "emptied.age").File
	done, err = backup.Write(t.Context(), o)
	if must(t, err); done.Parts != 0 || done.Missing != 3 || done.PartBytes != 0 {
		t.Errorf("of an emptied store the backup says %+v", done.Manifest)
	}
	w.stock(t, o.File, 0)
}

// A store that does not answer, or forbids, has lost nothing: no backup, and no file.
func TestParts_Away(t *testing.T) {
	w, gate := newWorld(t), partstest.New(t)
	w.stored(t, gate.Open(gate.Staff))
	o := w.order(t, "night.age")
	stranger := gate.Staff
	stranger.Secret = "guessed"
	o.Parts = gate.Open(stranger)
	_, err := backup.Write(t.Context(), o)
	refused(t, err, "does not answer")
	o.Parts = gate.Open(gate.Staff)
	gate.Stop()
	_, err = backup.Write(t.Context(), o)
	refused(t, err, "does not answer")
	for _, name := range []string{o.File, o.File + ".part"} {
		if _, err := os.Stat(name); err == nil {
			t.Errorf("%s is there", name)
		}
	}
	if n := text(t, w.db.DSN(postgres.RoleAdmin), `select count(*)::text from part_lost`); n != "0" {
		t.Errorf("%s are said to be lost", n)
	}
}
