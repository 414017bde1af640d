package logbook_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"gatepost/crypto/statement"
	"gatepost/internal/logbook"
)

// stored keeps hashes as the stock package numbers them.
type stored []tlog.Hash

func (s stored) ReadHashes(at []int64) ([]tlog.Hash, error) {
	var list []tlog.Hash
	for _, i := range at {
		if i >= int64(len(s)) {
			return nil, errors.New("no such hash")
		}
		list = append(list, s[i])
	}
	return list, nil
}

func entry(i int) []byte { return fmt.Appendf(nil, "entry %d", i) }

// Hash for hash what the stock package makes, at every size.
func TestTree_Stock(t *testing.T) {
	var tree logbook.Tree
	var hashes stored
	if want, err := tlog.TreeHash(0, hashes); err != nil || tree.Root() != want {
		t.Errorf("nothing: %v, want %v, %v", tree.Root(), want, err)
	}
	for n := range 300 {
		want, err := tlog.StoredHashes(int64(n), entry(n), hashes)
		if err != nil {
			t.Fatal(err)
		}
		got := tree.Append(entry(n))
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("entry %d completes %v, want %v", n, got, want)
		}
		hashes = append(hashes, want...)
		root, err := tlog.TreeHash(int64(n+1), hashes)
		if err != nil || tree.Root() != root || tree.Size() != int64(n+1) {
			t.Fatalf("root of %d: %v, want %v, %v", n+1, tree.Root(), root, err)
		}
		again, err := logbook.NewTree(int64(n+1), hashes)
		if err != nil || again.Root() != root {
			t.Fatalf("taken up at %d: %v, %v", n+1, again, err)
		}
	}
}

func keys(t testing.TB, agency string) (note.Signer, statement.Verifiers) {
	t.Helper()
	skey, vkey, err := statement.NewKey(statement.KeyName(agency, statement.RoleLog))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	known, err := statement.NewVerifiers(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return signer, known
}

func TestCheckpoint(t *testing.T) {
	signer, known := keys(t, "oak")
	other, _ := keys(t, "oak")
	want := logbook.Checkpoint{Size: 7, Root: tlog.RecordHash(entry(1))}
	text, err := want.Sign("oak", signer)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := logbook.ParseCheckpoint(text, "oak", known); err != nil || got != want {
		t.Errorf("read as %v, %v", got, err)
	}
	again, err := want.Sign("oak", signer)
	if err != nil || string(again) != string(text) {
		t.Error("the same checkpoint has two notes")
	}
	forged, err := want.Sign("oak", other)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{"nothing": nil, "cut": text[:len(text)-9], "another key": forged, "more": append(text, "x\n"...)} {
		if _, err := logbook.ParseCheckpoint(bad, "oak", known); !errors.Is(err, logbook.ErrCheckpoint) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := logbook.ParseCheckpoint(text, "elm", known); !errors.Is(err, logbook.ErrCheckpoint) {
		t.Errorf("another agency's: %v", err)
	}
	for _, lines := range []string{"oak/log\n07\n" + want.Root.String() + "\n", "oak/log\n7\n" + want.Root.String() + "\nmore\n", "oak/log\n0\n" + want.Root.String() + "\n"} {
		text, err := note.Sign(&note.Note{Text: lines}, signer)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := logbook.ParseCheckpoint(text, "oak", known); !errors.Is(err, logbook.ErrCheckpoint) {
			t.Errorf("%q: %v", lines, err)
		}
	}
}

// grown is a tree of so many entries, of which the ones from fork on are others.
func grown(n, fork int) (logbook.Checkpoint, stored) {
	var tree logbook.Tree
	var hashes stored
	for i := range n {
		body := entry(i)
		if i >= fork {
			body = entry(-i)
		}
		hashes = append(hashes, tree.Append(body)...)
	}
	return tree.Checkpoint(), hashes
}

func TestFollows(t *testing.T) {
	seen, _ := grown(20, 99)
	for _, c := range []struct {
		name    string
		n, fork int
		given   []logbook.Restored
		want    error
	}{
		{"the same", 20, 99, nil, nil},
		{"longer", 33, 99, nil, nil},
		{"shorter", 19, 99, nil, logbook.ErrRolledBack},
		{"other at that size", 20, 3, nil, logbook.ErrForked},
		{"other and longer", 33, 19, nil, logbook.ErrForked},
		{"restored", 13, 12, []logbook.Restored{{Kept: 12, Lost: seen}}, nil},
		{"restored and grown again", 40, 12, []logbook.Restored{{Kept: 12, Lost: seen}}, nil},
		{"restored before what was seen was known", 40, 12, []logbook.Restored{{Kept: 12, Lost: logbook.Checkpoint{Size: 19}}}, logbook.ErrForked},
		{"restored to after it", 40, 12, []logbook.Restored{{Kept: 20, Lost: logbook.Checkpoint{Size: 30}}}, logbook.ErrForked},
		{"a word that is not in the log", 12, 99, []logbook.Restored{{Kept: 12, Lost: seen}}, logbook.ErrRolledBack},
	} {
		now, hashes := grown(c.n, c.fork)
		if err := logbook.Follows(seen, now, hashes, c.given); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	// Hashes that were made up prove nothing.
	now, hashes := grown(33, 3)
	_, old := grown(20, 99)
	if err := logbook.Follows(seen, now, append(append(stored{}, old...), hashes[len(old):]...), nil); !errors.Is(err, logbook.ErrForked) {
		t.Errorf("made up hashes: %v", err)
	}
}

func TestRestored(t *testing.T) {
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	want := logbook.Restored{Kept: 12, Lost: logbook.Checkpoint{Size: 20, Root: tlog.RecordHash(entry(3))}, At: at}
	st := want.Statement("oak", at)
	if got, err := logbook.RestoredOf(&st); err != nil || got != want {
		t.Errorf("came back as %v, %v", got, err)
	}
	for _, change := range []func(*statement.Statement){
		func(s *statement.Statement) { s.Event = statement.EventDestroy },
		func(s *statement.Statement) { s.Object = "lot" },
		func(s *statement.Statement) { s.Part = "012" },
		func(s *statement.Statement) { s.Part = "-1" },
		func(s *statement.Statement) { s.Version = 0 },
	} {
		bad := st
		change(&bad)
		if _, err := logbook.RestoredOf(&bad); err == nil {
			t.Errorf("taken: %v", bad)
		}
	}
}

func FuzzParseCheckpoint(f *testing.F) {
	signer, known := keys(f, "oak")
	text, err := logbook.Checkpoint{Size: 7}.Sign("oak", signer)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("oak/log\n7\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := logbook.ParseCheckpoint(text, "oak", known)
		if err != nil {
			return
		}
		if c.Size < 1 {
			t.Errorf("taken: %v", c)
		}
	})
}
