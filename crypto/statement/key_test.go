package statement_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/statement"
)

func TestKeyNames(t *testing.T) {
	if got, want := statement.KeyName("ag1", statement.RoleDoor), "ag1/door"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := statement.WorkerKeyName("ag1", "w3"), "ag1/worker/w3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, name := range []string{"", "ag1", "ag1/a b", "ag1/a+b", "ag1/ŵ", "ag1/" + strings.Repeat("a", 128)} {
		if _, _, err := statement.NewKey(name); err == nil {
			t.Errorf("%q: made", name)
		}
	}
}

func TestVerifiers(t *testing.T) {
	_, old, err := statement.NewKey("ag1/door")
	if err != nil {
		t.Fatal(err)
	}
	_, rotated, err := statement.NewKey("ag1/door")
	if err != nil {
		t.Fatal(err)
	}
	known, err := statement.NewVerifiers(old, rotated, old)
	if err != nil {
		t.Fatal(err)
	}
	if len(known) != 2 {
		t.Errorf("got %d keys, want 2", len(known))
	}
	for _, vkey := range []string{old, rotated} {
		want, err := note.NewVerifier(vkey)
		if err != nil {
			t.Fatal(err)
		}
		got, err := known.Verifier("ag1/door", want.KeyHash())
		if err != nil || got.KeyHash() != want.KeyHash() {
			t.Errorf("got %v, %v", got, err)
		}
		if _, err := known.Verifier("ag2/door", want.KeyHash()); err == nil {
			t.Error("a key is known under another name")
		}
	}
	_, err = known.Verifier("ag1/door", 1)
	if _, ok := errors.AsType[*note.UnknownVerifierError](err); !ok {
		t.Errorf("got %v, want an unknown verifier", err)
	}
	for name, vkey := range map[string]string{
		"empty":      "",
		"cut":        old[:len(old)-4],
		"more":       old + "AAAA",
		"upper case": upperHash(old),
		"line end":   old[:len(old)-8] + "\n" + old[len(old)-8:],
	} {
		if _, err := statement.NewVerifiers(vkey); err == nil {
			t.Errorf("%s: added", name)
		}
	}
}

// upperHash writes the key hash in capitals, which the note package accepts.
// A hash of digits alone stays as it is, so a letter is put in by cutting it.
func upperHash(vkey string) string {
	name, rest, _ := strings.Cut(vkey, "+")
	hash, key, _ := strings.Cut(rest, "+")
	if upper := strings.ToUpper(hash); upper != hash {
		return name + "+" + upper + "+" + key
	}
	return name + "+" + hash[:7] + "+" + key
}

func FuzzVerifiers(f *testing.F) {
	_, vkey, err := statement.NewKey("ag1/worker/w3")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(vkey)
	f.Add("ag1/door+00000000+AQ==")
	f.Add("++")
	f.Fuzz(func(t *testing.T, vkey string) {
		known, err := statement.NewVerifiers(vkey)
		if err != nil {
			return
		}
		// One key has one text, which begins with the name it is found under.
		for id := range known {
			if !strings.HasPrefix(vkey, id+"+") {
				t.Fatalf("%q is kept as %q", vkey, id)
			}
		}
	})
}
