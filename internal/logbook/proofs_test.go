package logbook_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatepost/crypto/statement"
	"gatepost/internal/logbook"
)

// proofsOf gives a log of three letters, and the file that proves these of its entries.
func proofsOf(t testing.TB, s *signers, bodies [][]byte, places ...int) []byte {
	t.Helper()
	var tree logbook.Tree
	var hashes stored
	for _, b := range bodies {
		hashes = append(hashes, tree.Append(b)...)
	}
	signed := s.signed(t, bodies)
	var file []byte
	for _, i := range places {
		p, err := logbook.Prove(int64(i), bodies[i], tree.Checkpoint(), signed, hashes)
		if err != nil {
			t.Fatal(err)
		}
		file = append(file, p.Text()...)
	}
	return file
}

// inspect runs the inspector's program over a file of proofs.
func inspect(t *testing.T, s *signers, file []byte) (string, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string][]byte{"proofs": file, "keys": []byte(logbook.Keys{Agency: "oak"}.Text(s.text...))} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	err := logbook.Inspect(t.Context(), []string{"--proof", filepath.Join(dir, "proofs"), "--key", filepath.Join(dir, "keys")}, &out)
	return out.String(), err
}

// A file of proofs says of each entry that it stands in the log, and with the
// registrar's word for the worker that it is signed.
func TestCheckProofs(t *testing.T) {
	s := newSigners(t)
	bodies := s.history(t, 3) // the registrar's word, then receipt and approval of each
	vouch := slices.IndexFunc(bodies, func(b []byte) bool { return bytes.Contains(b, []byte("event key\n")) })
	all := make([]int, len(bodies))
	for i := range all {
		all[i] = i
	}
	text, err := inspect(t, s, proofsOf(t, s, bodies, all...))
	if err != nil || !strings.Contains(text, "Nothing is wrong.") || strings.Contains(text, "WRONG") {
		t.Errorf("all: %v\n%s", err, text)
	}
	text, err = inspect(t, s, proofsOf(t, s, bodies, slices.DeleteFunc(slices.Clone(all), func(i int) bool { return i == vouch })...))
	if !errors.Is(err, logbook.ErrUnsound) || strings.Count(text, "WRONG") != 3 {
		t.Errorf("without the word for the worker: %v\n%s", err, text)
	}
	// The word for the worker counts for what stands after it.
	late := append(slices.Delete(slices.Clone(bodies), vouch, vouch+1), bodies[vouch])
	if _, err = inspect(t, s, proofsOf(t, s, late, all...)); !errors.Is(err, logbook.ErrUnsound) {
		t.Errorf("with the word at the end: %v", err)
	}
	forged := slices.Clone(bodies)
	forged[len(forged)-1] = bytes.Replace(forged[len(forged)-1], []byte("event "+string(statement.EventApprove)), []byte("event "+string(statement.EventRefuse)), 1)
	if text, err = inspect(t, s, proofsOf(t, s, forged, all...)); !errors.Is(err, logbook.ErrUnsound) || strings.Count(text, "WRONG") != 1 {
		t.Errorf("one that nobody signed: %v\n%s", err, text)
	}
	file := proofsOf(t, s, bodies, 1, 2)
	if _, err = inspect(t, s, bytes.Replace(file, []byte("index 2"), []byte("index 3"), 1)); !errors.Is(err, logbook.ErrProof) {
		t.Errorf("at another place: %v", err)
	}
	for name, bad := range map[string][]byte{"cut": file[:len(file)/2], "something after": append(slices.Clone(file), "\nc2sp.org/tlog-proof@v1\nx"...), "nothing": nil} {
		if _, err := inspect(t, s, bad); !errors.Is(err, logbook.ErrProof) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseProofs(f *testing.F) {
	s := newSigners(f)
	f.Add(proofsOf(f, s, s.history(f, 2), 0, 1, 2))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := logbook.ParseProofs(text)
		if err != nil {
			return
		}
		var again []byte
		for _, p := range list {
			again = append(again, p.Text()...)
		}
		if more, err := logbook.ParseProofs(again); err != nil || len(more) != len(list) {
			t.Errorf("%d proofs come back as %d: %v", len(list), len(more), err)
		}
	})
}
