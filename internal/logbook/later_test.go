package logbook_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gatepost/crypto/statement"
	"gatepost/internal/logbook"
)

// A restore gives up what was there before it. What was kept after it and is
// gone was cut off, whatever the registrar said once.
func TestVerify_CutAfterRestore(t *testing.T) {
	s := newSigners(t)
	old := s.history(t, 30)
	var tree logbook.Tree
	for _, b := range old {
		tree.Append(b)
	}
	word := s.sign(t, logbook.Restored{Kept: 11, Lost: tree.Checkpoint()}.Statement("oak", noon), "registrar")
	again := append(slices.Clone(old[:11]), word)
	for n := range 20 {
		again = append(again, s.receipt(t, 100+n))
	}
	cut := log{again[:15], nil, [][]byte{s.signed(t, again[:15])}}.write(t)
	kept := [][]byte{s.signed(t, again[:25])}
	want := []logbook.Finding{{Kind: logbook.BeforeRestore, From: 0, To: 24}}
	if r := check(t, cut, s.keys(t), logbook.Options{Seen: kept}); !slices.Equal(r.Findings, want) {
		t.Errorf("kept after the restore: %s", r.Text())
	}
	earlier := [][]byte{s.signed(t, old[:25])}
	if r := check(t, cut, s.keys(t), logbook.Options{Before: earlier}); !r.Sound() || len(r.GivenUp) != 1 {
		t.Errorf("kept before it, and said so: %s", r.Text())
	}
	if r := check(t, cut, s.keys(t), logbook.Options{Seen: [][]byte{s.signed(t, old)}}); !r.Sound() || len(r.GivenUp) != 1 {
		t.Errorf("the very one that the registrar names: %s", r.Text())
	}
}

// What no checkpoint covers proves nothing: that is said, and it is a fault once it is old.
func TestVerify_Tail(t *testing.T) {
	s := newSigners(t)
	bodies := s.history(t, 10)
	at := func(n int, after time.Duration) []byte {
		return s.sign(t, statement.Statement{Event: statement.EventReceipt, Object: "lt9", Version: uint64(n), Commit: [32]byte{1}, At: noon.Add(after)}, "door")
	}
	signed := [][]byte{s.signed(t, bodies)}
	recent := log{append(slices.Clone(bodies), at(1, 0), at(2, 5*time.Minute)), nil, signed}.write(t)
	if r := check(t, recent, s.keys(t), logbook.Options{}); !r.Sound() || r.Uncovered != 2 {
		t.Errorf("five minutes: %s", r.Text())
	}
	old := log{append(slices.Clone(bodies), at(1, 0), at(2, time.Hour)), nil, signed}.write(t)
	want := []logbook.Finding{{Kind: logbook.Unvouched, From: 21, To: 22}}
	if r := check(t, old, s.keys(t), logbook.Options{}); !slices.Equal(r.Findings, want) {
		t.Errorf("an hour: %s", r.Text())
	}
	if r := check(t, log{}.write(t), s.keys(t), logbook.Options{}); r.Sound() {
		t.Errorf("nothing at all: %s", r.Text())
	}
}

// Files that no export has are refused, and not read.
func TestVerify_NoSuchExport(t *testing.T) {
	s := newSigners(t)
	bodies := s.history(t, 3)
	whole := log{bodies, nil, [][]byte{s.signed(t, bodies)}}
	huge, folder := whole.write(t), whole.write(t)
	if err := os.Truncate(filepath.Join(huge, "hashes.bin"), 200<<30); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(filepath.Join(folder, "hashes.bin")), os.Mkdir(filepath.Join(folder, "hashes.bin"), 0o700)); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{huge, folder} {
		x, err := logbook.OpenExport(os.DirFS(dir))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := logbook.Verify(t.Context(), x, s.keys(t), logbook.Options{}); err == nil {
			t.Errorf("%s was read", dir)
		}
	}
}

// With the log's key alone no entry counts, so no case can be shown.
func TestInspect_CaseNeedsKeys(t *testing.T) {
	s := newSigners(t)
	bodies := s.history(t, 3)
	dir := log{bodies, nil, [][]byte{s.signed(t, bodies)}}.write(t)
	key := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(key, []byte(s.text[0]+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := logbook.Inspect(t.Context(), []string{"--log", dir, "--key", key, "--case", "ex1"}, io.Discard); !errors.Is(err, logbook.ErrUse) {
		t.Errorf("shown: %v", err)
	}
}
