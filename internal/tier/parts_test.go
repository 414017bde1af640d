package tier_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"gatepost/crypto/passphrase"
	"gatepost/crypto/passphrase/passphrasetest"
	"gatepost/internal/authz"
	"gatepost/internal/keyfile"
	"gatepost/internal/ops"
	"gatepost/internal/parts"
	"gatepost/internal/parts/partstest"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
	"gatepost/internal/tier"
)

// The clock deletes in the store what is no row's any more, and the tier tells when
// the store is away and stays ready.
func TestTier_Parts(t *testing.T) {
	db := postgrestest.New(t)
	_, _, stanzas, dir := opened(t, db)
	keys, err := keyfile.Load(filepath.Join(dir, "staff"), authz.Staff)
	must(t, err)
	gate := partstest.New(t)
	store := gate.Open(gate.Staff)
	column, err := store.Put(t.Context(), parts.Large, func(w io.Writer) error {
		_, err := w.Write(make([]byte, parts.Large))
		return err
	})
	must(t, err)
	place, _, err := parts.ParsePlace(column)
	must(t, err)
	admin := db.Admin()
	_, err = admin.Exec(t.Context(), `insert into part_gone (agency_id, key, gone_at) values ('oak', $1, now() - interval '2 hours')`, place.Key)
	must(t, err)
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	staff, err := tier.Open(t.Context(), tier.Config{Tier: authz.Staff, DSN: db.DSN(postgres.RoleStaff), Keys: keys, Stanzas: stanzas, State: filepath.Join(t.TempDir(), "state"),
		Gate: passphrase.NewGate(), Work: passphrasetest.Fast(), Log: log, Parts: store})
	must(t, err)
	t.Cleanup(staff.Close)
	figure(t, staff, "gatepost_parts_down", 0)
	figure(t, staff, "gatepost_parts_delete_late", 1)
	figure(t, staff, "gatepost_parts_lost", 0)
	_, err = admin.Exec(t.Context(), `insert into part_lost (agency_id, key) values ('oak', repeat('a', 26))`)
	must(t, err)
	figure(t, staff, "gatepost_parts_lost", 1)

	_, err = admin.Exec(t.Context(), `create function told() returns trigger language plpgsql as $$ begin perform pg_notify('told', new.args ->> 'agency'); return null; end $$;
		create trigger told after update of state on jobs.river_job for each row when (new.kind = 'clock' and new.finalized_at is not null) execute function told(); listen told`)
	must(t, err)
	n, err := tier.OpenNotifier(t.Context(), tier.NotifierConfig{DSN: db.DSN(postgres.RoleNotify), Agencies: staff.Agencies, Keys: &keyfile.Keys{}, Letters: staff.Letters, Log: log})
	must(t, err)
	t.Cleanup(n.Close)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx, 0) }()
	for did := ""; did != "oak"; { // within go test's own limit
		told, err := admin.WaitForNotification(t.Context())
		must(t, err)
		did = told.Payload
	}
	stop()
	if err := <-done; err != nil {
		t.Log(err) // cut off in the middle of its round
	}
	if left := len(gate.Objects()); left != 0 {
		t.Errorf("%d objects are left", left)
	}
	figure(t, staff, "gatepost_parts_delete_late", 0)
	figure(t, staff, "gatepost_parts_lost", 0) // no row names it, says the clock's work
	gate.Stop()
	figure(t, staff, "gatepost_parts_down", 1)
	for _, c := range staff.Checks() {
		if err := c.Ask(t.Context()); err != nil {
			t.Errorf("not ready: %s: %v", c.Name, err)
		}
	}
}

// A tier does not start with another deployment's bucket, or with one that has neither a
// mark nor what is to be in it, and starts while nobody can say whose it is.
func TestTier_AnothersStore(t *testing.T) {
	db := postgrestest.New(t)
	_, _, stanzas, dir := opened(t, db)
	gate := partstest.New(t)
	open := func(side authz.Tier) error {
		t.Helper()
		keys, err := keyfile.Load(filepath.Join(dir, string(side)), side)
		must(t, err)
		role, key := postgres.RoleStaff, gate.Staff
		if side == authz.Public {
			role, key = postgres.RolePublic, gate.Families
		}
		opened, err := tier.Open(t.Context(), tier.Config{Tier: side, DSN: db.DSN(role), Keys: keys, Stanzas: stanzas, State: filepath.Join(t.TempDir(), "state"),
			Gate: passphrase.NewGate(), Work: passphrasetest.Fast(), Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Parts: gate.Open(key)})
		if err == nil {
			opened.Close()
		}
		return err
	}
	for range 2 { // the first marks it
		must(t, open(authz.Staff))
		must(t, open(authz.Public))
	}
	// A row names a part that its bucket has not: it is a wrong one, or was emptied.
	part := make([]byte, parts.Large)
	column, err := gate.Open(gate.Staff).Put(t.Context(), len(part), func(w io.Writer) error {
		_, err := w.Write(part)
		return err
	})
	must(t, err)
	place, _, err := parts.ParsePlace(column)
	must(t, err)
	_, err = db.Admin().Exec(t.Context(), `insert into object (agency_id, id, part, version, kind, from_node, to_node, sealed, commit, leaf)
		select agency_id, 'ph' || repeat('a', 20), 'picture', 1, 'submission', 'x', 'y', $1, sha256('x'), leaf from audit_body limit 1`, column)
	must(t, err)
	must(t, os.Remove(gate.Path(place.Key)))
	must(t, os.Remove(gate.Path("gatepost-mark")))
	for _, side := range []authz.Tier{authz.Staff, authz.Public} {
		if err := open(side); !errors.Is(err, parts.ErrUnmarked) {
			t.Errorf("the %s tier starts without a mark: %v", side, err)
		}
	}
	must(t, os.WriteFile(gate.Path(place.Key), part, 0o600))
	must(t, open(authz.Public)) // may not mark it
	must(t, open(authz.Staff))
	if mark, err := os.ReadFile(gate.Path("gatepost-mark")); err != nil || len(mark) != 32 {
		t.Errorf("it is not marked again: %x, %v", mark, err)
	}
	must(t, gate.Open(gate.Staff).For(parts.Mark("another database's"), nil).Take(t.Context()))
	for _, side := range []authz.Tier{authz.Staff, authz.Public} {
		if err := open(side); !errors.Is(err, parts.ErrAnother) {
			t.Errorf("the %s tier starts with it: %v", side, err)
		}
	}
	gate.Stop()
	must(t, open(authz.Staff))
	must(t, open(authz.Public))
}

func figure(t *testing.T, of *tier.Tier, name string, want float64) {
	t.Helper()
	var got []ops.Figure
	for _, s := range of.Figures() {
		for _, f := range s.Ask(t.Context()) {
			if f.Name == name {
				got = append(got, f)
			}
		}
	}
	if len(got) != 1 || got[0].Value != want {
		t.Errorf("%s: %+v, want %v", name, got, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
