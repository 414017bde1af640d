package backup_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"maps"
	"os"
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
		_, err = admin.Exec(t.Context(), `update object set sealed = $2 where id = $1 and part = 'text'`, id, column)
		must(t, err)
	}
	return all
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

// A part that is gone or changed ends a backup, which leaves no file.
func TestParts_Lost(t *testing.T) {
	w, gate := newWorld(t), partstest.New(t)
	store := gate.Open(gate.Staff)
	all := w.stored(t, store)
	o := w.order(t, "night.age")
	o.Parts = store
	for key, b := range all {
		changed := bytes.Clone(b)
		changed[0] ^= 1
		must(t, os.WriteFile(gate.Path(key), changed, 0o600))
		_, err := backup.Write(t.Context(), o)
		refused(t, err, "the store does not have "+string(key)+" as its row says")
		must(t, os.Remove(gate.Path(key)))
		_, err = backup.Write(t.Context(), o)
		refused(t, err, "the store does not have "+string(key)+" as its row says")
		must(t, os.WriteFile(gate.Path(key), b, 0o600))
	}
	gate.Stop()
	_, err := backup.Write(t.Context(), o)
	refused(t, err, "does not answer")
	for _, name := range []string{o.File, o.File + ".part"} {
		if _, err := os.Stat(name); err == nil {
			t.Errorf("%s is there", name)
		}
	}
}
