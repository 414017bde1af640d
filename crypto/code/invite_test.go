package code_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"gatepost/crypto/code"
)

// counted is the key with the bytes 0 to 31.
func counted() (key [32]byte) {
	for i := range key {
		key[i] = byte(i)
	}
	return key
}

func mustInvite(t testing.TB, typed string) code.Invite {
	t.Helper()
	c, err := code.ParseInvite(typed)
	if err != nil {
		t.Fatalf("%q: %v", typed, err)
	}
	return c
}

// The check characters were computed apart from this program, in Python with
// tables of logarithms and a weight for each position.
func TestInviteKnownAnswers(t *testing.T) {
	for _, text := range []string{"0000-0000-0000-0000", "7K3M-9Q2X-W4TB-8NDS", "ZYXW-VTSR-QPNM-KJHH", "0123-4567-89AB-CDE4", "1111-1111-1111-111M"} {
		if got := mustInvite(t, text).Text(); got != text {
			t.Errorf("%s comes back as %s", text, got)
		}
	}
	const want = "09f4971e71c3d80e6afde729691fb9796f2817a22b6d2656823bb8a0170d6e0d"
	if got := fmt.Sprintf("%x", code.InviteHash(counted(), mustInvite(t, "7K3M-9Q2X-W4TB-8NDS"))); got != want {
		t.Errorf("hash %s", got)
	}
}

func TestNewInvite(t *testing.T) {
	printed := regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$`)
	seen := make(map[string]bool)
	var counts [16]map[byte]bool
	for i := range counts {
		counts[i] = make(map[byte]bool)
	}
	for range 2000 {
		text := code.NewInvite().Text()
		if !printed.MatchString(text) {
			t.Fatalf("printed as %q", text)
		}
		if seen[text] {
			t.Fatal("the same code twice")
		}
		seen[text] = true
		if got := mustInvite(t, text).Text(); got != text {
			t.Errorf("%s comes back as %s", text, got)
		}
		for i, c := range []byte(strings.ReplaceAll(text, "-", "")) {
			counts[i][c] = true
		}
		for group := range strings.SplitSeq(text, "-") {
			if !strings.ContainsAny(group, "0123456789") {
				t.Errorf("a group of letters only in %s", text)
			}
		}
	}
	for i, c := range counts {
		if len(c) != 32 {
			t.Errorf("place %d takes only %d of 32 characters", i, len(c))
		}
	}
}

func TestParseInviteForgives(t *testing.T) {
	const want = "0123-4567-89AB-CDE4"
	for _, typed := range []string{
		"0123-4567-89AB-CDE4", "0123456789abcde4", "0123 4567 89ab cde4", "  0123-4567-89AB-CDE4\n", "O123-4567-89AB-CDE4", "oi23-4567-89ab-cde4",
		"oL23-4567-89ab-cde4", "ol23--4567--89ab--cde4", "0123\u20114567\u201389AB\u2014CDE4", "0123\u00a04567\u200989AB\tCDE4", "0123\u22124567\u00ad89ABCDE4",
		"0-1-2-3-4-5-6-7-8-9-A-B-C-D-E-4",
	} {
		if got := mustInvite(t, typed).Text(); got != want {
			t.Errorf("%q is read as %s", typed, got)
		}
	}
}

func TestParseInviteRefuses(t *testing.T) {
	for _, c := range []struct {
		typed string
		want  error
	}{
		{"", code.ErrLength},
		{"----", code.ErrLength},
		{"0123-4567-89AB-CDE", code.ErrLength},
		{"0123-4567-89AB-CDE44", code.ErrLength},
		{strings.Repeat("-", 129), code.ErrLength},
		{strings.Repeat("0", 1<<20), code.ErrLength},
		{strings.Repeat("*", 129), code.ErrLength}, // not even looked at
		{"0123-4567-89AB-CDU4", code.ErrCharacter},
		{"0123-4567-89AB-CD*4", code.ErrCharacter},
		{"0123-4567-89AB-CDÉ4", code.ErrCharacter},
		{"0123-4567-89AB-CD\xff4", code.ErrCharacter},
		{"0123-4567-89AB-CDE\uff14", code.ErrCharacter},
		{"0123.4567.89AB.CDE4", code.ErrCharacter},
		{"012U", code.ErrCharacter},
		{"0123-4567-89AB-CDE5", code.ErrCheck},
		{"1023-4567-89AB-CDE4", code.ErrCheck},
	} {
		if _, err := code.ParseInvite(c.typed); err != c.want {
			t.Errorf("%.40q: got %v, want %v alone", c.typed, err, c.want)
		}
	}
}

// Every wrong character and every swap, neighbours or not. The fingerprint is
// linear, so that what is found depends on the difference alone; the differences
// are few and are all tried. Then the same through the front door.
func TestCheckCharacterFindsEverySlip(t *testing.T) {
	const n = 16
	for range 1000 {
		var x, y, sum [n]byte
		_, _ = rand.Read(x[:])
		_, _ = rand.Read(y[:])
		for i := range sum {
			x[i] &= 31
			y[i] &= 31
			sum[i] = x[i] ^ y[i]
		}
		if code.Fingerprint(sum[:]) != code.Fingerprint(x[:])^code.Fingerprint(y[:]) {
			t.Fatal("the fingerprint is not linear, and the rest proves nothing")
		}
	}
	for i := range n {
		for d := byte(1); d < 32; d++ {
			var wrong [n]byte
			wrong[i] = d
			if code.Fingerprint(wrong[:]) == 0 {
				t.Errorf("a difference of %d at place %d is missed", d, i)
			}
			for j := range i {
				var swapped [n]byte
				swapped[i], swapped[j] = d, d
				if code.Fingerprint(swapped[:]) == 0 {
					t.Errorf("characters that differ by %d and change places %d and %d are missed", d, j, i)
				}
			}
		}
	}
	for range 20 {
		good := strings.ReplaceAll(code.NewInvite().Text(), "-", "")
		for i := range good {
			for _, c := range code.Alphabet {
				if bad := good[:i] + string(c) + good[i+1:]; bad != good {
					refuse(t, bad)
				}
			}
			for j := range i {
				swapped := []byte(good)
				swapped[i], swapped[j] = swapped[j], swapped[i]
				if string(swapped) != good {
					refuse(t, string(swapped))
				}
			}
		}
	}
}

func refuse(t *testing.T, typed string) {
	t.Helper()
	if _, err := code.ParseInvite(typed); !errors.Is(err, code.ErrCheck) {
		t.Fatalf("%s: got %v, want ErrCheck", typed, err)
	}
}

func TestFact(t *testing.T) {
	key := counted()
	invite := code.InviteHash(key, mustInvite(t, "7K3M-9Q2X-W4TB-8NDS"))
	want := code.FactHash(key, invite, "Tŷ Gwyn, no. 3")
	if got := fmt.Sprintf("%x", want); got != "dee8777da53e7cf3a210b06f1bd2974a731699bb614a7ca0c2db8624bb4e03d8" {
		t.Errorf("hash %s", got)
	}
	for _, same := range []string{"ty gwyn no 3", "TY\u0302 GWYN NO.3", "  tŷ-gwyn / no 3 ", "tygwynno3", "Tŷ Gwyn, no. \uff13"} {
		if code.FactHash(key, invite, same) != want {
			t.Errorf("%q is another fact", same)
		}
	}
	for _, other := range []string{"", "ty gwyn no 4", "ty gwyn no", "ty gwyn no 33"} {
		if code.FactHash(key, invite, other) == want {
			t.Errorf("%q is the same fact", other)
		}
	}
	if code.FactHash(key, [32]byte{}, "Tŷ Gwyn, no. 3") == want || code.FactHash([32]byte{}, invite, "Tŷ Gwyn, no. 3") == want {
		t.Error("the fact is not bound to its invitation and key")
	}
	for _, empty := range []string{"", "  ", "...", "a-b", "\u0302\u0301\u0300"} {
		if err := code.CheckFact(empty); !errors.Is(err, code.ErrFact) {
			t.Errorf("%q: got %v, want ErrFact", empty, err)
		}
	}
	for _, enough := range []string{"oak", "tŷ 3", "我家门"} {
		if err := code.CheckFact(enough); err != nil {
			t.Errorf("%q: %v", enough, err)
		}
	}
}

func FuzzParseInvite(f *testing.F) {
	f.Add("7K3M-9Q2X-W4TB-8NDS")
	f.Add("7k3m 9q2x w4tb 8nds")
	f.Add("oil-oil")
	f.Add("\u2011\u2212\u00ad")
	f.Fuzz(func(t *testing.T, typed string) {
		c, err := code.ParseInvite(typed)
		if err != nil {
			if err != code.ErrLength && err != code.ErrCharacter && err != code.ErrCheck {
				t.Fatalf("got %v", err)
			}
			return
		}
		again, err := code.ParseInvite(c.Text())
		if err != nil || again.Text() != c.Text() || len(c.Text()) != 19 {
			t.Fatalf("%q is read as %q, which is read otherwise (%v)", typed, c.Text(), err)
		}
	})
}
