package canary_test

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gatepost/crypto/passphrase"
	"gatepost/crypto/passphrase/passphrasetest"
	"gatepost/internal/authz"
	"gatepost/internal/keyfile"
)

// guesses is how many words a thief tries for a person and for a worker; for
// everybody else they try all passphrases that anybody has.
const guesses = 10_000

// stolen is one wrap as it stands in a dump.
type stolen struct {
	role, account string
	wrap          []byte
}

var (
	wrapLine    = regexp.MustCompile(`(?m)^.*\\\\x(` + hex.EncodeToString([]byte("gatepost/wrap/")) + `[0-9a-f]+)\t.*$`)
	accountWord = regexp.MustCompile(`\b(pe|wk)[a-z0-9]{20}\b`)
)

// A thief who has a dump and not the pepper learns nothing by guessing, not
// even with everybody's right passphrase among ten thousand words: no word
// opens a wrap. The right ones with the pepper open every one, so the search is
// not blind.
func TestDictionary(t *testing.T) {
	w := newWorld(t)
	var wraps []stolen
	for _, line := range wrapLine.FindAllStringSubmatch(string(w.dump(t)), -1) {
		raw, err := hex.DecodeString(line[1])
		must(t, err)
		account := accountWord.FindString(line[0])
		role := map[string]string{"pe": "person", "wk": "worker"}[account[:2]]
		wraps = append(wraps, stolen{role, account, raw})
	}
	if len(wraps) != len(w.people) {
		t.Fatalf("%d wraps in the dump, want %d", len(wraps), len(w.people))
	}
	words := w.dictionary()
	if len(words) != guesses {
		t.Fatalf("%d words", len(words))
	}
	right := words[guesses-len(w.people):]
	thief, owner, done := passphrasetest.Fast(), passphrasetest.Fast(), map[string]bool{}
	tries, opened := 0, 0
	for _, s := range wraps {
		list := right
		if !done[s.role] {
			list = words
		}
		done[s.role] = true
		tries += len(list)
		if n := s.open(thief, guessed(t, s.wrap), list); n > 0 {
			t.Errorf("%d words open the wrap of a %s without the pepper", n, s.role)
		}
		opened += s.open(owner, w.peppers(t, s.role), right)
	}
	if thief.Runs() != int64(tries) || tries < 2*guesses {
		t.Errorf("scrypt ran %d times for %d guesses", thief.Runs(), tries)
	}
	if opened != len(wraps) {
		t.Errorf("with the pepper %d of %d wraps open: the search is blind", opened, len(wraps))
	}
}

// open tells how many of the words open a wrap.
func (s stolen) open(work *passphrase.Work, ps passphrase.Peppers, words []string) (n int) {
	for _, word := range words {
		if _, _, err := work.Unwrap(ps, s.role, s.account, word, s.wrap); err == nil {
			n++
		}
	}
	return n
}

// dictionary is words that people choose, and at its end those that they chose.
func (w *world) dictionary() (words []string) {
	for n := range guesses - len(w.people) {
		words = append(words, fmt.Sprintf("%s %s %d", []string{"correct horse", "weldbridge", "harbour row", "lily and noah", "letterbox"}[n%5], "battery staple", n))
	}
	for _, p := range w.people {
		words = append(words, p.Passphrase)
	}
	return words
}

// guessed is a pepper that a thief makes up, of the version that the wrap names.
func guessed(t *testing.T, wrap []byte) passphrase.Peppers {
	t.Helper()
	version, err := passphrase.PepperVersion(wrap)
	must(t, err)
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails (crypto/rand)
	p, err := passphrase.NewPepper(version, key)
	must(t, err)
	ps, err := passphrase.NewPeppers(p)
	must(t, err)
	return ps
}

// peppers are a tier's own.
func (w *world) peppers(t *testing.T, role string) passphrase.Peppers {
	t.Helper()
	tier := map[string]authz.Tier{"person": authz.Public, "worker": authz.Staff}[role]
	keys, err := keyfile.Load(filepath.Join(w.dir, "keys", strings.ToLower(string(tier))), tier)
	must(t, err)
	return keys.Peppers
}
