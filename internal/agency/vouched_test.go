package agency_test

import (
	"bytes"
	"errors"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/ring"
	"gatepost/crypto/seal"
	"gatepost/crypto/statement"
	"gatepost/internal/account/accounttest"
	"gatepost/internal/agency"
)

// worker is somebody whose key an agency's registrar vouched for.
type worker struct {
	signer note.Signer
	row    agency.NodeRow
}

func newVouchedWorker(t *testing.T, at *agency.Agency, id string) worker {
	t.Helper()
	skey, vkey, err := statement.NewKey(at.ID + "/worker/" + id)
	must(t, err)
	signer, err := note.NewSigner(skey)
	must(t, err)
	_, node, err := ring.NewNode(ring.Worker(id), 1)
	must(t, err)
	body, err := at.Vouch(node, vkey, noon)
	must(t, err)
	leaf := statement.Leaf(body)
	return worker{signer, agency.NodeRow{ID: "worker/" + id, Epoch: 1, Recipient: node.Public(), Verifier: vkey, KeyLeaf: leaf[:], Body: body}}
}

func (w worker) says(t *testing.T, at *agency.Agency) []byte {
	t.Helper()
	body, err := at.State(statement.Statement{Event: statement.EventCasework, Object: "enaaaaaaaaaaaaaaaaaaaa", Part: "asked", Version: 1, At: noon}, "", w.signer)
	must(t, err)
	return body
}

// What another agency checks without reading a table: registrar, worker, word.
func TestVerifyVouched(t *testing.T) {
	_, oak, _ := accounttest.NewAgency(t, "oak")
	_, elm, _ := accounttest.NewAgency(t, "elm")
	_, forged, _ := accounttest.NewAgency(t, "oak") // who can write the database has keys of their own
	rhys, morwenna := newVouchedWorker(t, oak, "wkaaaaaaaaaaaaaaaaaaaa"), newVouchedWorker(t, oak, "wkbbbbbbbbbbbbbbbbbbbb")
	nobody := newVouchedWorker(t, forged, "wkaaaaaaaaaaaaaaaaaaaa")
	v, err := oak.VouchFor([]agency.NodeRow{morwenna.row, rhys.row}, rhys.signer, rhys.says(t, oak))
	must(t, err)
	st, err := oak.VerifyVouched(v.Bytes())
	if err != nil || st.Part != "asked" {
		t.Fatalf("a true word is not believed: %v", err)
	}
	byDoor, err := oak.State(statement.Statement{Event: statement.EventVoid, Object: "x", At: noon}, "registrar")
	must(t, err)
	changed := bytes.Replace(v.Body, []byte("part asked"), []byte("part other"), 1)
	for name, tt := range map[string]struct {
		by *agency.Agency
		v  agency.Vouched
	}{
		"by another agency's verifiers":            {elm, v},
		"a changed statement":                      {oak, agency.Vouched{Key: v.Key, Body: changed}},
		"another worker's key":                     {oak, agency.Vouched{Key: morwenna.row.Body, Body: v.Body}},
		"a key that another registrar vouched for": {oak, agency.Vouched{Key: nobody.row.Body, Body: nobody.says(t, forged)}},
		"a statement as a key":                     {oak, agency.Vouched{Key: v.Body, Body: v.Body}},
		"a statement of the registrar's":           {oak, agency.Vouched{Key: v.Key, Body: byDoor}},
		"nothing":                                  {oak, agency.Vouched{}},
	} {
		if _, err := tt.by.VerifyVouched(tt.v.Bytes()); !errors.Is(err, seal.ErrUnsigned) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := oak.VouchFor([]agency.NodeRow{morwenna.row, nobody.row}, rhys.signer, v.Body); !errors.Is(err, agency.ErrUntrusted) {
		t.Errorf("a word was found for a key that nobody vouched for: %v", err)
	}
}

func FuzzParseVouched(f *testing.F) {
	f.Add(agency.Vouched{Key: []byte("key\n"), Body: []byte("body\n")}.Bytes())
	f.Add([]byte("gatepost/vouched/v1 0 0\n"))
	f.Add([]byte("gatepost/vouched/v1 00 1\nx"))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := agency.ParseVouched(b)
		if err == nil && !bytes.Equal(v.Bytes(), b) {
			t.Errorf("%q has two forms", b)
		}
	})
}
