package demo_test

import (
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"gatepost/crypto/passphrase"
	"gatepost/crypto/passphrase/passphrasetest"
	"gatepost/intermediary"
	"gatepost/intermediary/register"
	"gatepost/internal/account"
	"gatepost/internal/authz"
	"gatepost/internal/demo"
	"gatepost/internal/keyfile"
	"gatepost/internal/postgres"
	"gatepost/internal/postgres/postgrestest"
	"gatepost/internal/tier"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// Each story stands where whoever tries the demo goes on with it: the law's row
// is what the first page of the case shows.
func TestCases(t *testing.T) {
	public, staff := open(t)
	people, err := demo.Seed(t.Context(), public, staff, time.Now())
	must(t, err)
	world := demo.World{People: people}
	bronwen := signIn(t, staff, world, "bronwen")
	services, err := staff.At(time.Now)
	must(t, err)
	cases := services.Cases

	got := map[string]string{}
	for _, ended := range []bool{false, true} {
		list, err := cases.Cases(t.Context(), bronwen, intermediary.CasesAsked{Ended: ended})
		must(t, err)
		for _, line := range list.Cases {
			c, err := cases.Case(t.Context(), bronwen, line.ID)
			must(t, err)
			got[line.Applicant] = line.State + " " + c.Subjects[0].State
			if line.State == "open" && c.Subjects[0].State == "open" {
				answer, err := cases.Ask(t.Context(), bronwen, c.Subjects[0].ID)
				must(t, err)
				got[line.Applicant] = answer.Row
			}
		}
	}
	want := map[string]string{"Maureen Tolley": "a31", "Callan Frith": "a31", "Sheila Orme": "open stopped", "Bernard Coe": "a26",
		"Imogen Sparrow": "a27", "Jodie Marlow": "closed open", "Gethin Prosser": "a14"}
	for name, row := range want {
		if got[name] != row {
			t.Errorf("the case of %s stands at %q, want %q", name, got[name], row)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d cases, want %d", len(got), len(want))
	}

	if found, err := cases.SearchRegister(t.Context(), bronwen, ""); err != nil || len(found.Pairs) != 1 || found.Pairs[0].One.Name != "Maureen Tolley" || found.Pairs[0].Band != register.Proposed {
		t.Errorf("the contact register has the pairs %+v (%v)", found.Pairs, err)
	}
	maureen := signIn(t, public, world, "maureen")
	services, err = public.At(time.Now)
	must(t, err)
	packs, err := services.Cases.Packs(t.Context(), maureen)
	must(t, err)
	if len(packs) != 1 || packs[0].Opened {
		t.Errorf("%d things wait for Maureen, want one that nobody opened", len(packs))
	}
}

// open makes a deployment of two agencies.
func open(t *testing.T) (public, staff *tier.Tier) {
	t.Helper()
	database, folder := postgrestest.New(t), demo.At(t.TempDir())
	world, err := folder.Begin()
	must(t, err)
	world, err = folder.AddNeighbour(world)
	must(t, err)
	for _, s := range world.Stanzas() {
		must(t, tier.Register(t.Context(), database.DSN(postgres.RoleStaff), s))
	}
	gate := passphrase.NewGate()
	one := func(of authz.Tier, role string) *tier.Tier {
		keys, err := keyfile.Load(folder.Path("keys/"+string(of)), of)
		must(t, err)
		opened, err := tier.Open(t.Context(), tier.Config{Tier: of, DSN: database.DSN(role), Keys: keys, Stanzas: world.Stanzas(),
			State: folder.Path("state/" + string(of)), Gate: gate, Work: passphrasetest.Fast(), Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
		must(t, err)
		t.Cleanup(opened.Close)
		return opened
	}
	return one(authz.Public, postgres.RolePublic), one(authz.Staff, postgres.RoleStaff)
}

func signIn(t *testing.T, of *tier.Tier, world demo.World, key string) authz.Actor {
	t.Helper()
	who, ok := world.Person(key)
	if !ok {
		t.Fatalf("nobody is called %s", key)
	}
	services, err := of.At(time.Now)
	must(t, err)
	in := account.SignIn{Name: who.Login, Passphrase: who.Passphrase, From: netip.IPv6Loopback(), Browser: "Test"}
	if who.TOTP != "" {
		in.Code, _, err = who.Code(time.Now())
		must(t, err)
	}
	token, err := services.Accounts.SignIn(t.Context(), demo.AgencyID, in)
	must(t, err)
	actor, err := services.Accounts.Load(t.Context(), demo.AgencyID, token, account.Writing)
	must(t, err)
	return actor
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
