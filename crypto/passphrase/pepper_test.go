package passphrase_test

import (
	"testing"

	"gatepost/crypto/passphrase"
)

// mustPepper gives a pepper whose key is the version, over and over.
func mustPepper(t testing.TB, version uint16) passphrase.Pepper {
	t.Helper()
	var key [32]byte
	for i := range key {
		key[i] = byte(version)
	}
	p, err := passphrase.NewPepper(version, key)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func mustPeppers(t testing.TB, current passphrase.Pepper, older ...passphrase.Pepper) passphrase.Peppers {
	t.Helper()
	ps, err := passphrase.NewPeppers(current, older...)
	if err != nil {
		t.Fatal(err)
	}
	return ps
}

// The expected values were computed apart from this program, with Python's
// hmac and unicodedata.
func TestPasswordKnownAnswers(t *testing.T) {
	var key [32]byte
	for i := range key {
		key[i] = byte(i)
	}
	p, err := passphrase.NewPepper(1, key)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ role, account, passphrase, want string }{
		{"public", "pe4k7q2m5x8r1t6w9z3c", "oak-river-candle-button-train", "x2a+cpTe8C9eRXdJzmOwSzDtg6YwK0dzSZwvamWNKSw="},
		{"staff", "w3", "T\u0177\u2019r Ysgol 1987", "n/Z2z6JEJYOwF+IsXZ8RHJ18iefg8xqWRadFie5I4DQ="},
		{"staff", "w3", "Ty\u0302\u2019r Ysgol 1987", "n/Z2z6JEJYOwF+IsXZ8RHJ18iefg8xqWRadFie5I4DQ="},  // decomposed
		{"public", "p1", "\ufb01ne \u212b passphrase", "8bda8ridzvNqaVaQRuDBStAT9ft/pR2EDd+/jli4Gxg="}, // ligature, Ångström sign
		{"public", "p1", "fine \u00c5 passphrase", "8bda8ridzvNqaVaQRuDBStAT9ft/pR2EDd+/jli4Gxg="},
	} {
		if got := passphrase.Password(p, c.role, c.account, c.passphrase); got != c.want {
			t.Errorf("%s %s %q: got %s, want %s", c.role, c.account, c.passphrase, got, c.want)
		}
	}
}

func TestPeppersAreValidByConstruction(t *testing.T) {
	if _, err := passphrase.NewPepper(0, [32]byte{1}); err == nil {
		t.Error("version 0 was taken")
	}
	if _, err := passphrase.NewPepper(1, [32]byte{}); err == nil {
		t.Error("a key of zeros was taken")
	}
	one, two := mustPepper(t, 1), mustPepper(t, 2)
	if _, err := passphrase.NewPeppers(passphrase.Pepper{}); err == nil {
		t.Error("a zero pepper was taken as current")
	}
	if _, err := passphrase.NewPeppers(one, passphrase.Pepper{}); err == nil {
		t.Error("a zero pepper was taken as older")
	}
	if _, err := passphrase.NewPeppers(two, one, two); err == nil {
		t.Error("the same version was taken twice")
	}
	if got := mustPeppers(t, two, one).Current().Version(); got != 2 {
		t.Errorf("current is version %d, want 2", got)
	}
}
