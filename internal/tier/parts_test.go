package tier_test

import (
	"context"
	"io"
	"log/slog"
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
	gate.Stop()
	figure(t, staff, "gatepost_parts_down", 1)
	for _, c := range staff.Checks() {
		if err := c.Ask(t.Context()); err != nil {
			t.Errorf("not ready: %s: %v", c.Name, err)
		}
	}
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
