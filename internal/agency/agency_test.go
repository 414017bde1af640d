package agency_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"gatepost/crypto/field"
	"gatepost/crypto/ring"
	"gatepost/crypto/statement"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/agency"
	"gatepost/internal/authz"
	"gatepost/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestNew_Refuses(t *testing.T) {
	door, desk, _ := accounttest.NewAgency(t, "oak")
	other, _, _ := accounttest.NewAgency(t, "elm")
	skey, _, err := statement.NewKey("oak/door")
	must(t, err)
	for name, tt := range map[string]struct {
		change func(s *agency.Stanza)
		keys   []string
	}{
		"an archive without post-quantum keys":   {func(s *agency.Stanza) { s.Archive = "age1abc" }, nil},
		"another agency's verifier":              {func(s *agency.Stanza) { s.Registrar = other.Registrar }, nil},
		"verifiers in each other's place":        {func(s *agency.Stanza) { s.Door, s.System = s.System, s.Door }, nil},
		"no verifier":                            {func(s *agency.Stanza) { s.Log = "" }, nil},
		"a signing key that is not the stanza's": {func(*agency.Stanza) {}, []string{skey}},
		"no signing key":                         {func(*agency.Stanza) {}, []string{"PRIVATE+KEY"}},
	} {
		s := desk.Stanza
		tt.change(&s)
		if _, err := agency.New(s, tt.keys...); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if door.Fingerprint() != desk.Fingerprint() {
		t.Error("the two tiers of one stanza differ")
	}
	changed := desk.Stanza
	changed.Archive = other.Stanza.Archive
	if changed.Fingerprint() == desk.Fingerprint() {
		t.Error("another archive has the same fingerprint")
	}
	_, err = door.State(statement.Statement{Event: statement.EventVoid, Object: "x", At: noon}, "registrar")
	if !errors.Is(err, agency.ErrNoSigner) {
		t.Errorf("the door signs as registrar: %v", err)
	}
}

func TestForHost(t *testing.T) {
	oak, _, _ := accounttest.NewAgency(t, "oak")
	elm, _, _ := accounttest.NewAgency(t, "elm")
	one, two := agency.NewRegistry(oak), agency.NewRegistry(oak, elm)
	ash, _, _ := accounttest.NewAgency(t, "ash")
	ash.PublicHost, ash.StaffHost = "letters.localhost", "desk.localhost"
	demo := agency.NewRegistry(oak, ash, elm)
	for _, tt := range []struct {
		registry *agency.Registry
		tier     authz.Tier
		host     string
		want     string
	}{
		{one, authz.Public, "letters.oak.example", "oak"},
		{one, authz.Public, "LETTERS.oak.example.:8443", "oak"},
		{one, authz.Public, "desk.oak.example", ""},
		{one, authz.Staff, "desk.oak.example", "oak"},
		{one, authz.Public, "letters.localhost:80", "oak"},
		{one, authz.Staff, "127.0.0.1:8702", "oak"},
		{one, authz.Staff, "[::1]:8702", "oak"},
		{one, authz.Public, "localhost.evil.example", ""},
		{two, authz.Public, "letters.elm.example", "elm"},
		{two, authz.Public, "localhost", ""},
		{two, authz.Public, "", ""},
		{demo, authz.Public, "127.0.0.1:8180", "ash"},
		{demo, authz.Staff, "[::1]:8181", "ash"},
		{demo, authz.Staff, "desk.elm.example", "elm"},
		{demo, authz.Staff, "elsewhere.example", ""},
	} {
		a, ok := tt.registry.ForHost(tt.tier, tt.host)
		got := ""
		if ok {
			got = a.ID
		}
		if got != tt.want {
			t.Errorf("%s on the %s tier of %d: %q, want %q", tt.host, tt.tier, len(tt.registry.All()), got, tt.want)
		}
	}
}

func TestIDs(t *testing.T) {
	form := regexp.MustCompile(`^lt[a-z2-7]{20}$`)
	seen := map[string]bool{}
	for range 1000 {
		id := agency.NewID("lt")
		if !form.MatchString(id) || !agency.ValidID("lt", id) || agency.ValidID("dr", id) || seen[id] {
			t.Fatalf("%q is no new id of a letter", id)
		}
		seen[id] = true
	}
	for _, id := range []string{"", "lt", "lt" + strings.Repeat("a", 19), "lt" + strings.Repeat("a", 21), "lt" + strings.Repeat("A", 20), "lt" + strings.Repeat("1", 20), "lt'aaaaaaaaaaaaaaaaaaa"} {
		if agency.ValidID("lt", id) {
			t.Errorf("%q is taken as an id", id)
		}
	}
}

// A node counts only as the registrar vouched for it: every change of its row
// is refused, also after the true one is in the cache.
func TestTrusted(t *testing.T) {
	_, desk, _ := accounttest.NewAgency(t, "oak")
	_, elm, _ := accounttest.NewAgency(t, "elm")
	id := "side/" + agency.NewID("sd")
	_, node, body, err := desk.NewNode(ring.NodeID(id), noon)
	must(t, err)
	leaf := statement.Leaf(body)
	row := agency.NodeRow{ID: id, Epoch: 1, Recipient: node.Public(), KeyLeaf: leaf[:], Body: body}
	trusted, err := desk.Trusted([]agency.NodeRow{row}, id)
	must(t, err)
	if trusted.Name() != id+"/1" || trusted.Public() != node.Public() {
		t.Errorf("the node is %s", trusted.Name())
	}
	foreign, err := age.GenerateHybridIdentity()
	must(t, err)
	_, otherNode, otherBody, err := desk.NewNode(ring.NodeID("side/"+agency.NewID("sd")), noon)
	must(t, err)
	elmBody, err := elm.Vouch(node.Node, "", noon)
	must(t, err)
	for name, change := range map[string]func(r *agency.NodeRow){
		"another key":              func(r *agency.NodeRow) { r.Recipient = foreign.Recipient().String() },
		"another vouched-for key":  func(r *agency.NodeRow) { r.Recipient = otherNode.Public() },
		"another node's statement": func(r *agency.NodeRow) { r.Body = otherBody; l := statement.Leaf(otherBody); r.KeyLeaf = l[:] },
		"another agency's word":    func(r *agency.NodeRow) { r.Body = elmBody; l := statement.Leaf(elmBody); r.KeyLeaf = l[:] },
		"another epoch":            func(r *agency.NodeRow) { r.Epoch = 2 },
		"a verifier beside it":     func(r *agency.NodeRow) { r.Verifier = desk.Door },
		"another leaf":             func(r *agency.NodeRow) { r.KeyLeaf = make([]byte, 32) },
		"no statement":             func(r *agency.NodeRow) { r.Body = nil },
		"no key":                   func(r *agency.NodeRow) { r.Recipient = "" },
	} {
		r := row
		change(&r)
		if _, err := desk.Trusted([]agency.NodeRow{r}, id); !errors.Is(err, agency.ErrUntrusted) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := desk.Trusted(nil, id); !errors.Is(err, agency.ErrUntrusted) {
		t.Errorf("a node that is not there: %v", err)
	}
}

// A worker's word counts while the registrar's statement names their key, and
// nobody else's does in its place.
func TestVerify(t *testing.T) {
	w := accounttest.NewWorld(t)
	signer, err := w.Worker.Keys().Signer()
	must(t, err)
	st := statement.Statement{Agency: "oak", Event: statement.EventApprove, Object: agency.NewID("lt"), Part: "decision", Version: 1, At: noon}
	good, err := statement.Sign(st, signer)
	must(t, err)
	if _, err := w.Home.Verify(t.Context(), w.StaffDB, good); err != nil {
		t.Errorf("a worker's word: %v", err)
	}
	if _, err := w.Door.Verify(t.Context(), w.PublicDB, good); err != nil {
		t.Errorf("a worker's word on the families' tier: %v", err)
	}
	unknown, err := statement.Sign(st, newSigner(t, "oak/worker/"+agency.NewID("wk")))
	must(t, err)
	forged, err := statement.Sign(st, newSigner(t, signer.Name()))
	must(t, err)
	for name, body := range map[string][]byte{"an unknown worker": unknown, "a worker's name with another key": forged, "nothing": nil, "half": good[:len(good)/2]} {
		if _, err := w.Home.Verify(t.Context(), w.StaffDB, body); err == nil {
			t.Errorf("%s was believed", name)
		}
	}
}

func newSigner(t *testing.T, name string) interface {
	Name() string
	KeyHash() uint32
	Sign(msg []byte) ([]byte, error)
} {
	t.Helper()
	skey, _, err := statement.NewKey(name)
	must(t, err)
	keys := authz.NewKeyring()
	keys.PutSecret(authz.SignKey, skey)
	signer, err := keys.Signer()
	must(t, err)
	return signer
}

// A record opens in its own place under its own book's key, and prints nothing.
func TestRecord(t *testing.T) {
	keys := authz.NewKeyring()
	keys.PutSecret("directory/birth/1", field.NewDirectoryKey().Text())
	record := agency.Record{Name: "Tamsin Vale", Relation: "birth mother", Address: "2 Quay Row", Phone: "07700 900123"}
	id, other := agency.NewID("pe"), agency.NewID("pe")
	var b pgx.Batch
	must(t, agency.QueueRecord(&b, keys, agency.Birth, id, record))
	args := b.QueuedQueries[0].Arguments
	row := agency.RecordRow{Book: "birth", ID: id, Epoch: 1, Name: args[3].([]byte), Details: args[4].([]byte)}
	if got, err := agency.OpenRecord(keys, row); err != nil || got != record {
		t.Errorf("the record comes back as %#v, %v", got, err)
	}
	if name, err := agency.OpenName(keys, row); err != nil || name != record.Name {
		t.Errorf("the name comes back as %q, %v", name, err)
	}
	moved, swapped := row, row
	moved.ID = other
	swapped.Name, swapped.Details = row.Details, row.Name
	for name, r := range map[string]agency.RecordRow{"moved to another person": moved, "cells swapped": swapped} {
		if _, err := agency.OpenRecord(keys, r); err == nil {
			t.Errorf("%s, it opens", name)
		}
		if _, err := agency.OpenName(keys, r); err == nil {
			t.Errorf("%s, its name opens", name)
		}
	}
	if err := agency.QueueRecord(&b, keys, agency.Adoptive, id, record); !errors.Is(err, agency.ErrNoDirectory) {
		t.Errorf("without the book's key: %v", err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", record, record, record, record); strings.Contains(text, "Tamsin") || strings.Contains(text, "Quay") {
		t.Errorf("a record prints: %s", text)
	}
}
