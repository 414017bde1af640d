package passphrase_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"filippo.io/age"

	"gatepost/crypto/passphrase"
	"gatepost/crypto/passphrase/passphrasetest"
)

const words = "oak-river-candle-button-train"

func mustWrap(t testing.TB, w *passphrase.Work, p passphrase.Pepper, b passphrase.Bundle) []byte {
	t.Helper()
	wrap, err := w.Wrap(p, "public", "p1", words, b)
	if err != nil {
		t.Fatal(err)
	}
	return wrap
}

func TestWrapAtFullCost(t *testing.T) {
	work, pepper, b := passphrase.Standard(), mustPepper(t, 3), mustBundle(t, true)
	wrap := mustWrap(t, work, pepper, b)
	if got := work.Runs(); got != 2 {
		t.Errorf("wrapping ran scrypt %d times, want 2: once to make and once to prove", got)
	}
	head := "gatepost/wrap/v1 3\nage-encryption.org/v1\n-> scrypt "
	if !strings.HasPrefix(string(wrap), head) || string(wrap[len(head)+22:len(head)+26]) != " 17\n" {
		t.Errorf("the wrap does not begin as an age file of work factor 17: %q", wrap[:len(head)+30])
	}
	// A wrap that was made cheaply opens at the standard, and is to be made anew.
	cheap := mustWrap(t, passphrasetest.Fast(), pepper, b)
	got, stale, err := work.Unwrap(mustPeppers(t, pepper), "public", "p1", words, cheap)
	if err != nil || !stale || !bytes.Equal(got.Text(), b.Text()) {
		t.Errorf("a cheap wrap: stale %v, error %v", stale, err)
	}
}

func TestWrapOpens(t *testing.T) {
	for _, signs := range []bool{false, true} {
		work, pepper, b := passphrasetest.Fast(), mustPepper(t, 1), mustBundle(t, signs)
		wrap := mustWrap(t, work, pepper, b)
		if work.Runs() != 2 {
			t.Errorf("wrapping ran scrypt %d times, want 2", work.Runs())
		}
		got, stale, err := work.Unwrap(mustPeppers(t, pepper), "public", "p1", words, wrap)
		if err != nil {
			t.Fatal(err)
		}
		if stale {
			t.Error("a fresh wrap is called stale")
		}
		if !bytes.Equal(got.Text(), b.Text()) {
			t.Error("other keys come back")
		}
		if work.Runs() != 3 {
			t.Errorf("opening ran scrypt %d times, want once", work.Runs()-2)
		}
	}
}

// Stock age opens a wrap, given the password and without the first line.
func TestWrapIsAnAgeFile(t *testing.T) {
	pepper, b := mustPepper(t, 1), mustBundle(t, true)
	wrap := mustWrap(t, passphrasetest.Fast(), pepper, b)
	_, file, _ := bytes.Cut(wrap, []byte("\n"))
	id, err := age.NewScryptIdentity(passphrase.Password(pepper, "public", "p1", words))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := age.Decrypt(bytes.NewReader(file), id)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(plain)
	if err != nil || !bytes.Equal(text, b.Text()) {
		t.Errorf("stock age reads something else (error %v)", err)
	}
}

func TestWrapOpensForNobodyElse(t *testing.T) {
	one, two := mustPepper(t, 1), mustPepper(t, 2)
	wrap := mustWrap(t, passphrasetest.Fast(), one, mustBundle(t, true))
	var otherKey [32]byte
	copy(otherKey[:], "another 32 bytes of the same version")
	impostor, err := passphrase.NewPepper(1, otherKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name                      string
		peppers                   passphrase.Peppers
		role, account, passphrase string
		want                      error
		runs                      int64
	}{
		{"right", mustPeppers(t, two, one), "public", "p1", words, nil, 1},
		{"wrong passphrase", mustPeppers(t, one), "public", "p1", words + "s", passphrase.ErrPassphrase, 1},
		{"empty passphrase", mustPeppers(t, one), "public", "p1", "", passphrase.ErrPassphrase, 1},
		{"other case", mustPeppers(t, one), "public", "p1", strings.ToUpper(words), passphrase.ErrPassphrase, 1},
		{"moved to another account", mustPeppers(t, one), "public", "p2", words, passphrase.ErrPassphrase, 1},
		{"moved to the other role", mustPeppers(t, one), "staff", "p1", words, passphrase.ErrPassphrase, 1},
		{"other pepper, same version", mustPeppers(t, impostor), "public", "p1", words, passphrase.ErrPassphrase, 1},
		{"pepper not at hand", mustPeppers(t, two), "public", "p1", words, passphrase.ErrWrap, 0},
		{"no peppers", passphrase.Peppers{}, "public", "p1", words, passphrase.ErrWrap, 0},
	} {
		work := passphrasetest.Fast()
		_, _, err := work.Unwrap(c.peppers, c.role, c.account, c.passphrase, wrap)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if work.Runs() != c.runs {
			t.Errorf("%s: scrypt ran %d times, want %d", c.name, work.Runs(), c.runs)
		}
	}
}

func TestOlderPepperIsStale(t *testing.T) {
	one, two := mustPepper(t, 1), mustPepper(t, 2)
	work := passphrasetest.Fast()
	wrap := mustWrap(t, work, one, mustBundle(t, false))
	_, stale, err := work.Unwrap(mustPeppers(t, two, one), "public", "p1", words, wrap)
	if err != nil || !stale {
		t.Errorf("stale %v, error %v; want stale", stale, err)
	}
	if v, err := passphrase.PepperVersion(wrap); err != nil || v != 1 {
		t.Errorf("pepper version %d, %v; want 1", v, err)
	}
}

// Whoever can write a row could otherwise make each sign-in as dear as they like.
func TestCostlyWrapIsRefusedUnrun(t *testing.T) {
	pepper := mustPepper(t, 1)
	wrap := string(mustWrap(t, passphrasetest.Fast(), pepper, mustBundle(t, false)))
	if !strings.Contains(wrap, " 4\n") {
		t.Fatal("the wrap has no work factor where this test looks for it")
	}
	for _, factor := range []string{"19", "22", "30", "63", "99", "100", "018", "0", "-1", "+4", "4x", "", "18446744073709551633"} {
		work := passphrasetest.Fast()
		_, _, err := work.Unwrap(mustPeppers(t, pepper), "public", "p1", words, []byte(strings.Replace(wrap, " 4\n", " "+factor+"\n", 1)))
		if !errors.Is(err, passphrase.ErrWrap) || work.Runs() != 0 {
			t.Errorf("work factor %q: got %v after %d runs, want ErrWrap after none", factor, err, work.Runs())
		}
	}
}

func TestDamagedWrap(t *testing.T) {
	pepper := mustPepper(t, 1)
	peppers := mustPeppers(t, pepper)
	wrap := mustWrap(t, passphrasetest.Fast(), pepper, mustBundle(t, true))
	try := func(name string, bad []byte) {
		t.Helper()
		b, _, err := passphrasetest.Fast().Unwrap(peppers, "public", "p1", words, bad)
		if !errors.Is(err, passphrase.ErrWrap) && !errors.Is(err, passphrase.ErrPassphrase) {
			t.Errorf("%s: got %v", name, err)
		}
		if fmt.Sprint(b) != "[secret]" || b.Signer() != nil {
			t.Errorf("%s: something comes back", name)
		}
	}
	for n := range wrap {
		try(fmt.Sprintf("cut to %d bytes", n), wrap[:n])
	}
	// The digit of the work factor is left alone: 5 to 9 only cost more, and
	// other tests change it.
	factor := bytes.Index(wrap, []byte(" 4\n")) + 1
	for i := range wrap {
		if i == factor {
			continue
		}
		bad := bytes.Clone(wrap)
		bad[i] ^= 1
		try(fmt.Sprintf("byte %d changed", i), bad)
	}
	try("a byte more", append(bytes.Clone(wrap), 0))
	try("too long", append(bytes.Clone(wrap), make([]byte, 5000)...))
	for _, first := range []string{"gatepost/wrap/v2 1", "gatepost/wrap/v1 01", "gatepost/wrap/v1 0", "gatepost/wrap/v1 65537", "gatepost/wrap/v1 ", ""} {
		_, file, _ := bytes.Cut(wrap, []byte("\n"))
		try("first line "+first, append([]byte(first+"\n"), file...))
	}
}

// A wrap that holds no bundle, though the passphrase is right.
func TestWrapOfSomethingElse(t *testing.T) {
	pepper := mustPepper(t, 1)
	recipient, err := age.NewScryptRecipient(passphrase.Password(pepper, "public", "p1", words))
	if err != nil {
		t.Fatal(err)
	}
	recipient.SetWorkFactor(4)
	var out bytes.Buffer
	out.WriteString("gatepost/wrap/v1 1\n")
	file, err := age.Encrypt(&out, recipient)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(file, "no keys here\n")
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	_, _, err = passphrasetest.Fast().Unwrap(mustPeppers(t, pepper), "public", "p1", words, out.Bytes())
	if !errors.Is(err, passphrase.ErrWrap) || !errors.Is(err, passphrase.ErrBundle) {
		t.Errorf("got %v, want ErrWrap for ErrBundle", err)
	}
}

func TestDummyDoesTheSameWork(t *testing.T) {
	pepper := mustPepper(t, 1)
	peppers := mustPeppers(t, pepper)
	wrap := mustWrap(t, passphrasetest.Fast(), pepper, mustBundle(t, false))

	known, unknown := passphrasetest.Fast(), passphrasetest.Fast()
	_, _, errKnown := known.Unwrap(peppers, "public", "p1", "not the passphrase", wrap)
	errUnknown := unknown.Dummy(peppers, "public", "nobody", "not the passphrase")
	if errKnown != errUnknown || errUnknown != passphrase.ErrPassphrase {
		t.Errorf("wrong passphrase gives %v, no account gives %v", errKnown, errUnknown)
	}
	if known.Runs() != 1 || unknown.Runs() != 1 {
		t.Errorf("scrypt ran %d and %d times, want once each", known.Runs(), unknown.Runs())
	}
}

func TestOwnerHasNoLineEnds(t *testing.T) {
	work, pepper, b := passphrasetest.Fast(), mustPepper(t, 1), mustBundle(t, false)
	for _, c := range [][2]string{{"", "p1"}, {"public", ""}, {"public\np1", "x"}, {"public", "p1\n"}, {"public", "p 1"}, {"public", strings.Repeat("p", 129)}} {
		if _, err := work.Wrap(pepper, c[0], c[1], words, b); err == nil {
			t.Errorf("wrapped for %q %q", c[0], c[1])
		}
	}
	if _, err := work.Wrap(passphrase.Pepper{}, "public", "p1", words, b); err == nil {
		t.Error("wrapped under a zero pepper")
	}
	if work.Runs() != 0 {
		t.Errorf("scrypt ran %d times for what could never be stored", work.Runs())
	}
}

// These wraps were made once and must open for as long as the format is read.
// The second is at the full cost.
func TestGoldenWraps(t *testing.T) {
	var key [32]byte
	for i := range key {
		key[i] = byte(i)
	}
	pepper, err := passphrase.NewPepper(9, key)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/bundle_v1.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"wrap_v1_cheap.hex", "wrap_v1_full.hex"} {
		coded, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		wrap, err := hex.DecodeString(strings.ReplaceAll(string(coded), "\n", ""))
		if err != nil {
			t.Fatal(err)
		}
		b, stale, err := passphrase.Standard().Unwrap(mustPeppers(t, pepper), "staff", "w3", words, wrap)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !bytes.Equal(b.Text(), want) {
			t.Errorf("%s holds other keys", name)
		}
		if stale != (name == "wrap_v1_cheap.hex") {
			t.Errorf("%s: stale is %v", name, stale)
		}
	}
}

func FuzzUnwrap(f *testing.F) {
	pepper := mustPepper(f, 1)
	peppers := mustPeppers(f, pepper)
	f.Add(mustWrap(f, passphrasetest.Fast(), pepper, mustBundle(f, true)))
	f.Add([]byte("gatepost/wrap/v1 1\nage-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 19\n"))
	dear := regexp.MustCompile(` 1[0-8]\n`)
	f.Fuzz(func(t *testing.T, wrap []byte) {
		if dear.Match(wrap) {
			return // allowed, and it would only slow the fuzzer down
		}
		_, _, err := passphrasetest.Fast().Unwrap(peppers, "public", "p2", words, wrap)
		if !errors.Is(err, passphrase.ErrWrap) && !errors.Is(err, passphrase.ErrPassphrase) {
			t.Fatalf("got %v", err)
		}
	})
}

// A wrap that does not open, or opens to something else, is never given out.
func TestBrokenWrapIsNotGivenOut(t *testing.T) {
	pepper, b := mustPepper(t, 3), mustBundle(t, true)
	other, err := passphrasetest.Fast().Wrap(pepper, "staff", "w3", "another passphrase", mustBundle(t, true))
	if err != nil {
		t.Fatal(err)
	}
	swapped, err := passphrasetest.Fast().Wrap(pepper, "staff", "w3", words, mustBundle(t, true))
	if err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func([]byte) []byte{
		"cut short":              func(wrap []byte) []byte { return wrap[:len(wrap)-93] },
		"one bit":                func(wrap []byte) []byte { wrap[len(wrap)-1] ^= 1; return wrap },
		"nothing":                func([]byte) []byte { return nil },
		"another passphrase's":   func([]byte) []byte { return other },
		"whole, with other keys": func([]byte) []byte { return swapped },
	} {
		work := passphrasetest.Fast()
		work.Spoil(damage)
		if wrap, err := work.Wrap(pepper, "staff", "w3", words, b); err == nil || wrap != nil {
			t.Errorf("%s: a broken wrap was given out (%v)", name, err)
		}
	}
}
