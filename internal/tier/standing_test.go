package tier_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/passphrase"
	"gatepost/crypto/passphrase/passphrasetest"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/keyfile"
	"gatepost/internal/ops"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
	"gatepost/internal/tier"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// Every statement is one that the database takes.
func TestStatements(t *testing.T) { postgrestest.Prepare(t, postgrestest.New(t).Admin(), ".") }

// two agencies on one deployment, with their staff tier and notifier.
func open(t *testing.T, db *postgrestest.Database) (*tier.Tier, *tier.Notifier) {
	t.Helper()
	staff, notifier, _, _ := opened(t, db)
	return staff, notifier
}

// opened is open, with the stanzas and the folder of keys that it was opened with.
func opened(t *testing.T, db *postgrestest.Database) (*tier.Tier, *tier.Notifier, []agency.Stanza, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	if err := keyfile.Init(dir); err != nil {
		t.Fatal(err)
	}
	archive, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	var stanzas []agency.Stanza
	for _, id := range []string{"oak", "elm"} {
		s, err := keyfile.AddAgency(dir, agency.Stanza{ID: id, Name: id, Archive: archive.Recipient().String(), PublicHost: "letters." + id + ".example", StaffHost: "desk." + id + ".example", Phone: "01632 960111"})
		if err != nil {
			t.Fatal(err)
		}
		if err := tier.Register(t.Context(), db.DSN(postgres.RoleStaff), s); err != nil {
			t.Fatal(err)
		}
		stanzas = append(stanzas, s)
	}
	keys, err := keyfile.Load(filepath.Join(dir, "staff"), authz.Staff)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	staff, err := tier.Open(t.Context(), tier.Config{Tier: authz.Staff, DSN: db.DSN(postgres.RoleStaff), Keys: keys, Stanzas: stanzas, State: filepath.Join(t.TempDir(), "state"),
		Gate: passphrase.NewGate(), Work: passphrasetest.Fast(), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(staff.Close)
	notifier, err := tier.OpenNotifier(t.Context(), tier.NotifierConfig{DSN: db.DSN(postgres.RoleNotify), Agencies: staff.Agencies, Keys: keys, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(notifier.Close)
	return staff, notifier, stanzas, dir
}

// Each tier notes what it promises when it starts, an agency at a time.
func TestOpen_Promise(t *testing.T) {
	db := postgrestest.New(t)
	_, _, stanzas, dir := opened(t, db)
	keys, err := keyfile.Load(filepath.Join(dir, "public"), authz.Public)
	if err != nil {
		t.Fatal(err)
	}
	stanzas[1].Promise, stanzas[0].SecondReader = 15, "always"
	var said strings.Builder
	public, err := tier.Open(t.Context(), tier.Config{Tier: authz.Public, DSN: db.DSN(postgres.RolePublic), Keys: keys, Stanzas: stanzas, State: filepath.Join(t.TempDir(), "state"),
		Gate: passphrase.NewGate(), Work: passphrasetest.Fast(), Log: slog.New(slog.NewTextHandler(&said, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(public.Close)
	for id, want := range map[string][2]int{"oak": {10, 10}, "elm": {15, 10}} {
		var got [2]int
		if err := db.Admin().QueryRow(t.Context(), `select public_promise, staff_promise from agency where id = $1`, id).Scan(&got[0], &got[1]); err != nil || got != want {
			t.Errorf("%s: %v, %v", id, got, err)
		}
	}
	for id, want := range map[string][2]string{"oak": {"always", "risk"}, "elm": {"risk", "risk"}} {
		var got [2]string
		if err := db.Admin().QueryRow(t.Context(), `select public_readers, staff_readers from agency where id = $1`, id).Scan(&got[0], &got[1]); err != nil || got != want {
			t.Errorf("%s: %v, %v", id, got, err)
		}
	}
	if strings.Count(said.String(), "another second reader for new exchanges") != 1 || !strings.Contains(said.String(), "agency=oak") {
		t.Errorf("the log says %s", said.String())
	}
	if strings.Count(said.String(), "promises another day") != 1 || !strings.Contains(said.String(), "agency=elm") {
		t.Errorf("the log says %s", said.String())
	}
}

// put makes rows as they are, past every rule about how they come to be: the
// figures are about counting.
func put(t *testing.T, admin *pgx.Conn, agencyID, prefix string, n int, insert func(id string) string) {
	t.Helper()
	statements := "set session_replication_role = replica;"
	for i := range n {
		statements += insert(fmt.Sprintf("%s%020s", prefix, letters(agencyID, i))) + ";"
	}
	if _, err := admin.Exec(t.Context(), statements+"set session_replication_role = origin"); err != nil {
		t.Fatal(err)
	}
}

// letters is a number as twenty characters of an id.
func letters(agencyID string, i int) string {
	b := []byte("aaaaaaaaaaaaaaaaaaaa")
	copy(b, agencyID)
	b[18], b[19] = byte('a'+i/26), byte('a'+i%26)
	return string(b)
}

// Figures add up over agencies, and their checks hold.
func TestFigures(t *testing.T) {
	db := postgrestest.New(t)
	staff, notifier := open(t, db)
	admin := db.Admin()
	letter := func(agencyID, state, hear, more, value string) func(string) string {
		return func(id string) string {
			return fmt.Sprintf(`insert into letter (agency_id, id, exchange_id, from_side, to_side, author, state, submitted_on, hear_by%s)
				values ('%s', '%s', 'exaaaaaaaaaaaaaaaaaaaa', 'siaaaaaaaaaaaaaaaaaaaa', 'siaaaaaaaaaaaaaaaaaaab', 'peaaaaaaaaaaaaaaaaaaaa', '%s', current_date - 2, current_date + %s%s)`, more, agencyID, id, state, hear, value)
		}
	}
	put(t, admin, "oak", "lt", 4, letter("oak", "received", "3", "", ""))
	put(t, admin, "elm", "lt", 3, letter("elm", "received", "-1", "", ""))
	put(t, admin, "elm", "lr", 2, letter("elm", "recalled", "-1", "", "")) // its writer was told a day as well
	put(t, admin, "oak", "lh", 6, letter("oak", "held", "3", ", held_until", ", current_date + 9"))
	put(t, admin, "oak", "lo", 30, letter("oak", "opened", "-40", "", ""))
	put(t, admin, "oak", "no", 7, func(id string) string {
		return `insert into notice (agency_id, id, person_id, due, error) values ('oak', '` + id + `', 'pe' || right('` + id + `', 20), now() - interval '3 hours', 'refused')`
	})
	put(t, admin, "elm", "sn", 8, func(id string) string {
		return `insert into sign_in (agency_id, tier, id, account_id, at, outcome, label) values ('elm', 'staff', '` + id + `', 'wkaaaaaaaaaaaaaaaaaaaa', now(), 'refused', 'x')`
	})
	got := map[string]float64{}
	for _, s := range append(staff.Figures(), notifier.Figures()...) {
		for _, f := range s.Ask(t.Context()) {
			got[f.Name+"/"+f.Of] = f.Value
			if counts := f.Name == "gatepost_letters" || f.Name == "gatepost_letters_waiting" || f.Name == "gatepost_letters_overdue" || f.Name == "gatepost_notices_waiting"; counts && !f.People {
				t.Errorf("%s of %s would be told below five", f.Name, f.Of)
			}
		}
	}
	for name, want := range map[string]float64{"gatepost_letters_waiting/received": 7, "gatepost_letters_waiting/held": 6, "gatepost_letters_waiting/escalated": 0,
		"gatepost_letters_overdue/": 5, "gatepost_promise_broken/": 1, "gatepost_oldest_letter_days/": 2, "gatepost_letters/opened": 30, "gatepost_letters/received": 7,
		"gatepost_sign_ins_failed_last_hour/": 8, "gatepost_refused_acts_last_hour/": 0, "gatepost_notices_waiting/": 7, "gatepost_notices_failed/": 7,
		"gatepost_notices_oldest_seconds/": 3 * 3600, "gatepost_jobs_due/": 0} {
		if value, there := got[name]; !there || value != want {
			t.Errorf("%s is %v (%v), want %v", name, value, there, want)
		}
	}
	if got["gatepost_pool_max_connections/staff"] < 1 || got["gatepost_pool_max_connections/notify"] < 1 {
		t.Errorf("the pools: %v", got)
	}
	for name, err := range checked(t, staff.Checks()) {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if checked(t, notifier.Checks())["jobs"] == nil {
		t.Error("jobs that nobody started are alive")
	}
	if _, err := admin.Exec(t.Context(), "update schema_version set version = version + 1"); err != nil {
		t.Fatal(err)
	}
	if checked(t, staff.Checks())["database"] == nil {
		t.Error("a database of another version is sound")
	}
}

func checked(t *testing.T, checks []ops.Check) map[string]error {
	t.Helper()
	found := map[string]error{}
	for _, c := range checks {
		found[c.Name] = c.Ask(context.WithoutCancel(t.Context()))
	}
	return found
}
