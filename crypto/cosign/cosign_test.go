package cosign_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/cosign"
)

const text = "oak/log\n12\nEblH8JpchkrXI7zTBqrQciVUTCB1oTsuihAZFVjFWPg=\n"

var at = time.Date(2026, 11, 22, 6, 30, 0, 0, time.UTC)

func newSigner(t testing.TB, name string) *cosign.Signer {
	t.Helper()
	skey, vkey, err := cosign.NewKey(name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := cosign.ParseSigner(skey, func() time.Time { return at })
	if err != nil || s.Verifier().String() != vkey {
		t.Fatalf("%v, %v, want %s", err, s.Verifier(), vkey)
	}
	return s
}

// A checkpoint of a public log, as a witness that runs other code cosigned it on
// 23 May 2026 (arche2025h1.staging.ct.transparency.dev, remora.n621.de).
func TestVerifier_PublicWitness(t *testing.T) {
	v, err := cosign.ParseVerifier("remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2")
	if err != nil {
		t.Fatal(err)
	}
	public := "arche2025h1.staging.ct.transparency.dev\n1432088532\nU7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n"
	signed := public + "\n— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n"
	n, err := note.Open([]byte(signed), note.VerifierList(v))
	if err != nil {
		t.Fatal(err)
	}
	if when, ok := v.Time(n); !ok || when.Format(time.DateOnly) != "2026-05-23" {
		t.Errorf("cosigned at %v, %v", when, ok)
	}
	if _, err := note.Open([]byte(strings.Replace(signed, "\n1432088532\n", "\n1432088533\n", 1)), note.VerifierList(v)); err == nil {
		t.Error("another size is cosigned")
	}
}

// What is cosigned is a note that holds; whatever is changed in it does not.
func TestSigner(t *testing.T) {
	s := newSigner(t, "witness.example/oak")
	v := s.Verifier()
	signed, err := note.Sign(&note.Note{Text: text}, s)
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		t.Fatal(err)
	}
	if when, ok := v.Time(n); !ok || !when.Equal(at) {
		t.Errorf("cosigned at %v, %v", when, ok)
	}
	if _, ok := newSigner(t, "witness.example/oak").Verifier().Time(n); ok {
		t.Error("it is another key's of that name")
	}
	sig, err := s.Sign([]byte(text))
	if err != nil || !v.Verify([]byte(text), sig) {
		t.Fatalf("its own signature does not hold: %v", err)
	}
	for i := range sig {
		changed := bytes.Clone(sig)
		changed[i] ^= 1
		if v.Verify([]byte(text), changed) {
			t.Errorf("with byte %d changed it holds", i)
		}
	}
	if v.Verify([]byte(text), sig[8:]) || v.Verify([]byte(text), append(sig, 0)) || v.Verify([]byte(text), nil) || v.Verify([]byte(text+"\n"), sig) {
		t.Error("too short, too long, or of another text, it holds")
	}
	skey, _, err := cosign.NewKey("w")
	if err != nil {
		t.Fatal(err)
	}
	early, err := cosign.ParseSigner(skey, func() time.Time { return time.Unix(-1, 0) })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := early.Sign([]byte(text)); err == nil {
		t.Error("a time before 1970 is signed")
	}
}

// A key that cosigns is none that signs a log, and the other way round.
func TestKeys(t *testing.T) {
	skey, vkey, err := cosign.NewKey("witness.example/oak")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.NewSigner(skey); err == nil {
		t.Error("it signs notes")
	}
	if _, err := note.NewVerifier(vkey); err == nil {
		t.Error("it verifies notes")
	}
	logKey, logVerifier, err := note.GenerateKey(rand.Reader, "oak/log")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.SplitN(vkey, "+", 3) // the third may hold a plus
	other := "0" + parts[1][1:]
	if parts[1][0] == '0' {
		other = "1" + parts[1][1:]
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	short := base64.StdEncoding.EncodeToString(raw[:32])
	for _, bad := range []string{"", "+", logVerifier, logKey, skey, parts[0] + "+" + other + "+" + parts[2], parts[0] + "+" + strings.ToUpper(parts[1]) + "A+" + parts[2],
		"elsewhere+" + parts[1] + "+" + parts[2], parts[0] + "+" + parts[1] + "+" + short, vkey + "\n", "a b+" + parts[1] + "+" + parts[2]} {
		if _, err := cosign.ParseVerifier(bad); !errors.Is(err, cosign.ErrKey) {
			t.Errorf("%q is taken for a verifier: %v", bad, err)
		}
	}
	for _, bad := range []string{"", vkey, logKey, "PRIVATE+KEY+" + vkey, strings.Replace(skey, "witness.", "wotness.", 1)} {
		if _, err := cosign.ParseSigner(bad, time.Now); !errors.Is(err, cosign.ErrKey) {
			t.Errorf("%q is taken for a secret: %v", bad, err)
		}
	}
	for _, name := range []string{"", "a b", "a+b", "a\nb", strings.Repeat("a", 129), "a\xff"} {
		if _, _, err := cosign.NewKey(name); !errors.Is(err, cosign.ErrKey) {
			t.Errorf("%q is a name: %v", name, err)
		}
	}
}

// Whatever is read as a key is written as it was.
func FuzzParseVerifier(f *testing.F) {
	skey, vkey, err := cosign.NewKey("witness.example/oak")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{skey, vkey, "", "a+00000000+BA==", "PRIVATE+KEY+a+00000000+BA=="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if v, err := cosign.ParseVerifier(key); err == nil && v.String() != key {
			t.Errorf("%q is read and written as %q", key, v)
		}
		if s, err := cosign.ParseSigner(key, func() time.Time { return at }); err == nil {
			if sig, err := s.Sign([]byte(text)); err != nil || !s.Verifier().Verify([]byte(text), sig) {
				t.Errorf("%q signs what does not hold: %v", key, err)
			}
		}
	})
}
