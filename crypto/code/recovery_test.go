package code_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"gatepost/crypto/code"
)

func TestRecoveryCodes(t *testing.T) {
	shown := regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$`)
	seen := make(map[string]bool)
	for range 50 {
		codes := code.NewRecoveryCodes(10)
		if len(codes) != 10 {
			t.Fatalf("%d codes, want 10", len(codes))
		}
		for _, c := range codes {
			text := c.Text()
			if !shown.MatchString(text) || seen[text] {
				t.Fatalf("shown as %q, seen before: %v", text, seen[text])
			}
			seen[text] = true
			again, err := code.ParseRecovery(strings.ToLower(" " + strings.ReplaceAll(text, "-", " ")))
			if err != nil || again.Text() != text {
				t.Errorf("%s comes back as %v", text, err)
			}
		}
	}
	for typed, want := range map[string]error{
		"": code.ErrLength, "123456": code.ErrLength, "7K3M9-Q2XW": code.ErrLength, "7K3M9-Q2XW44": code.ErrLength,
		"7K3M9-Q2XWU": code.ErrCharacter, strings.Repeat("7", 1<<20): code.ErrLength,
	} {
		if _, err := code.ParseRecovery(typed); err != want {
			t.Errorf("%.20q: got %v, want %v", typed, err, want)
		}
	}
}

func TestRecoveryHash(t *testing.T) {
	c, err := code.ParseRecovery("7K3M9-Q2XW4")
	if err != nil {
		t.Fatal(err)
	}
	want, err := code.RecoveryHash(counted(), "ag1/w3", c)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%x", want); got != "211baa987e127a62ab1c4c62e76b52034e90936f76175c4a3ae268a50f0d222f" { // from Python
		t.Errorf("hash %s", got)
	}
	other, err := code.RecoveryHash(counted(), "ag1/w4", c)
	if err != nil || other == want {
		t.Errorf("another account's hash is the same, or %v", err)
	}
	for _, bad := range []string{"", "w\n3", strings.Repeat("w", 129)} {
		if _, err := code.RecoveryHash(counted(), bad, c); err == nil {
			t.Errorf("hashed for %q", bad)
		}
	}
}

func FuzzParseRecovery(f *testing.F) {
	f.Add("7K3M9-Q2XW4")
	f.Fuzz(func(t *testing.T, typed string) {
		c, err := code.ParseRecovery(typed)
		if err != nil {
			if !errors.Is(err, code.ErrLength) && !errors.Is(err, code.ErrCharacter) {
				t.Fatalf("got %v", err)
			}
			return
		}
		if again, err := code.ParseRecovery(c.Text()); err != nil || again.Text() != c.Text() {
			t.Fatalf("%q is read otherwise the second time", typed)
		}
	})
}

func TestReference(t *testing.T) {
	shape := regexp.MustCompile(`^[34679CDFGHJKMNPQRTWX]{8}$`)
	counts := make(map[rune]int)
	const n = 50000
	for range n {
		r := code.Reference()
		if !shape.MatchString(r) {
			t.Fatalf("%q", r)
		}
		for _, c := range r {
			counts[c]++
		}
	}
	if len(counts) != len(code.ReferenceAlphabet) {
		t.Errorf("only %d characters of %d come up", len(counts), len(code.ReferenceAlphabet))
	}
	// 20,000 of each are expected, with a standard deviation of 138; the biased
	// choice that is avoided would give the last four 18,750.
	for c, got := range counts {
		if got < 19000 || got > 21000 {
			t.Errorf("%c comes %d times in %d, want about %d", c, got, 8*n, 8*n/20)
		}
	}
	for _, confusing := range "AEIOUY015S8B2ZLV" {
		if strings.ContainsRune(code.ReferenceAlphabet, confusing) {
			t.Errorf("%c is in the alphabet", confusing)
		}
	}
}
