package logbook_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/cosign"
	"gatepost/internal/logbook"
)

var sunday = time.Date(2026, 11, 22, 6, 30, 0, 0, time.UTC)

func newWitness(t testing.TB) *cosign.Signer {
	t.Helper()
	skey, _, err := cosign.NewKey("witness.example/oak")
	if err != nil {
		t.Fatal(err)
	}
	s, err := cosign.ParseSigner(skey, func() time.Time { return sunday })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A cosigned checkpoint is the log's and the witness's; without either it is not.
func TestCosign(t *testing.T) {
	s, w := newSigners(t), newWitness(t)
	keys := s.keys(t)
	plain := s.signed(t, s.history(t, 4))
	// Lines that nobody has checked make no note larger than it may be.
	junk := append(bytes.Clone(plain), []byte(strings.Repeat("— somebody/else "+strings.Repeat("A", 200)+"\n", 17))...)
	for name, text := range map[string][]byte{"plain": plain, "with junk": junk} {
		both, err := logbook.Cosign(text, "oak", keys.Log, w)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := logbook.ParseCosigned(both, "oak", keys.Log, w.Verifier())
		if err != nil || got.Size != 9 || got.By != "witness.example/oak" || !got.At.Equal(sunday) || bytes.Contains(both, []byte("somebody")) {
			t.Errorf("%s: %+v, %v\n%s", name, got, err, both)
		}
		if c, err := logbook.ParseCheckpoint(both, "oak", keys.Log); err != nil || c != got.Checkpoint {
			t.Errorf("%s: for who knows no witness: %+v, %v", name, c, err)
		}
		if _, err := logbook.ParseCosigned(both, "oak", keys.Log, newWitness(t).Verifier()); !errors.Is(err, logbook.ErrCheckpoint) {
			t.Errorf("%s: by another key of that name: %v", name, err)
		}
		again, err := logbook.Cosign(both, "oak", keys.Log, newWitness(t))
		if err != nil || bytes.Count(again, []byte("— witness.example/oak ")) != 1 {
			t.Errorf("%s: a line that was not checked stays: %v\n%s", name, err, again)
		}
	}
	if _, err := logbook.ParseCosigned(plain, "oak", keys.Log, w.Verifier()); !errors.Is(err, logbook.ErrCheckpoint) {
		t.Errorf("not cosigned: %v", err)
	}
	alone, err := note.Sign(&note.Note{Text: string(plain[:bytes.Index(plain, []byte("\n\n"))+1])}, w)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := logbook.ParseCosigned(alone, "oak", keys.Log, w.Verifier()); !errors.Is(err, logbook.ErrCheckpoint) {
		t.Errorf("without the log's signature: %v", err)
	}
	if _, err := logbook.Cosign(alone, "oak", keys.Log, w); !errors.Is(err, logbook.ErrCheckpoint) {
		t.Errorf("what the log did not sign is cosigned: %v", err)
	}
}

// A reader's --seen may be cosigned, and has to be by the one that --witness names.
func TestInspect_Witness(t *testing.T) {
	s, w := newSigners(t), newWitness(t)
	bodies := s.history(t, 6)
	dir := log{bodies, nil, [][]byte{s.signed(t, bodies)}}.write(t)
	both, err := logbook.Cosign(s.signed(t, bodies[:5]), "oak", s.keys(t).Log, w)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	put := func(name string, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key := put("keys", logbook.Keys{Agency: "oak"}.Text(s.text...))
	seen, plain := put("seen", string(both)), put("plain", string(s.signed(t, bodies[:5])))
	known, other := put("known", w.Verifier().String()+"\n"), put("other", newWitness(t).Verifier().String()+"\n")
	for _, c := range []struct {
		name string
		args []string
		says string // in the report; "" for an error
		err  error  // where a certain one is wanted
	}{
		{"cosigned, and nobody asks by whom", []string{"--seen", seen}, "what you have seen before (1 checkpoint)", nil},
		{"cosigned", []string{"--seen", seen, "--witness", known}, "witness.example/oak has said of 5 entries, by its own clock on 22 November 2026 06:30 UTC", nil},
		{"by another", []string{"--seen", seen, "--witness", other}, "", logbook.ErrCheckpoint},
		{"by nobody", []string{"--seen", plain, "--witness", known}, "", logbook.ErrCheckpoint},
		{"one of two", []string{"--seen", seen, "--seen", plain, "--witness", known}, "", logbook.ErrCheckpoint},
		{"no key", []string{"--seen", seen, "--witness", key}, "", nil},
		{"of nothing", []string{"--witness", known}, "", logbook.ErrUse},
	} {
		var out bytes.Buffer
		err := logbook.Inspect(t.Context(), append([]string{"--log", dir, "--key", key}, c.args...), &out)
		switch {
		case c.says == "" && (err == nil || c.err != nil && !errors.Is(err, c.err)):
			t.Errorf("%s: %v", c.name, err)
		case c.says != "" && (err != nil || !strings.Contains(out.String(), c.says)):
			t.Errorf("%s: %v\n%s", c.name, err, out.String())
		}
	}
	short := log{bodies[:4], nil, [][]byte{s.signed(t, bodies[:4])}}.write(t)
	if err := logbook.Inspect(t.Context(), []string{"--log", short, "--key", key, "--seen", seen, "--witness", known}, io.Discard); !errors.Is(err, logbook.ErrUnsound) {
		t.Errorf("a log that was cut off after the witness saw it: %v", err)
	}
}

// What is read as cosigned is a checkpoint for everybody else too.
func FuzzParseCosigned(f *testing.F) {
	s, w := newSigners(f), newWitness(f)
	keys := s.keys(f)
	plain := s.signed(f, s.history(f, 2))
	both, err := logbook.Cosign(plain, "oak", keys.Log, w)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{both, plain, nil, both[:len(both)-3], bytes.Replace(both, []byte("\n5\n"), []byte("\n6\n"), 1)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := logbook.ParseCosigned(text, "oak", keys.Log, w.Verifier())
		if err != nil {
			return
		}
		if plain, err := logbook.ParseCheckpoint(text, "oak", keys.Log); err != nil || plain != c.Checkpoint || c.Size != 5 {
			t.Errorf("%+v and %+v, %v", c, plain, err)
		}
	})
}
