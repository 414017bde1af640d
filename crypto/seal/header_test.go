package seal_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"

	"gatepost/crypto/seal"
)

func readFixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fixtureIdentity is the identity that opens the files typage made.
func fixtureIdentity(t testing.TB) *age.HybridIdentity {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(string(readFixture(t, "typage-identity.txt"))), "\n")
	id, err := age.ParseHybridIdentity(lines[len(lines)-1])
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestCheckHeaderCountsStanzas(t *testing.T) {
	to := make([]*age.HybridRecipient, 10)
	for i := range to {
		to[i] = newIdentity(t).Recipient()
	}
	for _, n := range []int{1, 3, 10} {
		b := mustSeal(t, letter(), []byte("words"), to[:n]...).Bytes
		if err := seal.CheckHeader(b, n); err != nil {
			t.Errorf("%d stanzas: %v", n, err)
		}
		for _, wrong := range []int{-1, 0, n - 1, n + 1} {
			if err := seal.CheckHeader(b, wrong); !errors.Is(err, seal.ErrHeader) {
				t.Errorf("%d stanzas asked as %d: got %v, want ErrHeader", n, wrong, err)
			}
		}
	}
}

func TestForeignHeaders(t *testing.T) {
	id := fixtureIdentity(t)
	same := make([]age.Recipient, 500)
	for i := range same {
		same[i] = id.Recipient()
	}
	classic, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	whole := mustSeal(t, letter(), []byte("words"), id.Recipient()).Bytes
	const bodyEnd = 22 + 1557 // of the one stanza
	stanza := string(whole[22:bodyEnd])

	for _, c := range []struct {
		name    string
		b       []byte
		stanzas int
	}{
		{"post-quantum and X25519, by typage", readFixture(t, "typage-mixed.age"), 2},
		{"passphrase, by typage", readFixture(t, "typage-scrypt.age"), 1},
		{"X25519", encrypt(t, []byte("words"), classic.Recipient()), 1},
		{"500 stanzas", encrypt(t, []byte("words"), same...), 500},
		{"17 KiB, 11 stanzas", encrypt(t, []byte("words"), same[:11]...), 11},
		{"17 KiB, one long stanza", []byte(strings.Replace(string(whole), " mlkem", " "+strings.Repeat("a", 15<<10)+" mlkem", 1)), 1},
		{"armor", armoured(t, whole), 1},
		{"CRLF", []byte(strings.ReplaceAll(string(whole[:bodyEnd+48]), "\n", "\r\n")), 1},
		{"empty", nil, 0},
		{"intro only", []byte("age-encryption.org/v1\n"), 0},
		{"no stanza", append([]byte("age-encryption.org/v1\n"), whole[bodyEnd:]...), 0},
		{"no MAC", whole[:bodyEnd], 1},
		{"short MAC", []byte(strings.Replace(string(whole[:bodyEnd+48]), "--- ", "---  ", 1)), 1},
		{"another version", []byte(strings.Replace(string(whole), "/v1", "/v2", 1)), 1},
		{"second argument", []byte(strings.Replace(string(whole), stanza[:20], stanza[:20]+" ", 1)), 1},
		{"longer body", []byte(strings.Replace(string(whole), stanza, stanza[:len(stanza)-1]+"AA\n", 1)), 1},
		{"line ends inside", []byte(strings.Replace(string(whole), stanza[100:102], "\n\n", 1)), 1},
		{"no line end", []byte(strings.Replace(string(whole), stanza[1500:1512]+"\n", stanza[1500:1512]+" ", 1)), 1},
		{"stanza among others", []byte(strings.Replace(string(whole), stanza, stanza+"-> x-grease a\n\n", 1)), 2},
	} {
		if err := seal.CheckHeader(c.b, c.stanzas); !errors.Is(err, seal.ErrHeader) {
			t.Errorf("%s: got %v, want ErrHeader", c.name, err)
		}
		mustRefuse(t, c.b, letter(), id, seal.ErrHeader)
	}
}

// The files above are refused for their headers, not because they cannot be
// opened: age itself opens the dangerous one.
func TestAgeOpensTheMixedFile(t *testing.T) {
	plain := decrypt(t, readFixture(t, "typage-mixed.age"), fixtureIdentity(t))
	if _, _, _, err := seal.ParseFrame(plain); err != nil {
		t.Errorf("fixture holds no frame: %v", err)
	}
}

func armoured(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := armor.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// What the scanner accepts, age must read to the same byte: a header that the
// two understand differently could be shown to one and used by the other.
func FuzzCheckHeader(f *testing.F) {
	f.Add(readFixture(f, "typage-frame.age"))
	f.Add(readFixture(f, "typage-mixed.age"))
	f.Add(readFixture(f, "typage-scrypt.age"))
	f.Add(readFixture(f, "go-frame.age"))
	f.Add([]byte("age-encryption.org/v1\n--- "))
	f.Fuzz(func(t *testing.T, b []byte) {
		for n := range 11 {
			if seal.CheckHeader(b, n) != nil {
				continue
			}
			header, err := age.ExtractHeader(bytes.NewReader(b))
			if err != nil {
				t.Fatalf("age does not read it: %v", err)
			}
			if want := 22 + n*1557 + 48; len(header) != want || !bytes.HasPrefix(b, header) {
				t.Fatalf("age reads %d bytes of header, want %d", len(header), want)
			}
		}
	})
}

func FuzzOpen(f *testing.F) {
	id := fixtureIdentity(f)
	f.Add(readFixture(f, "typage-frame.age"))
	f.Add(readFixture(f, "typage-mixed.age"))
	f.Add(readFixture(f, "go-frame.age"))
	f.Add(mustSeal(f, letter(), []byte("words"), id.Recipient()).Bytes)
	f.Fuzz(func(t *testing.T, b []byte) {
		content, _, err := seal.Open(b, letter(), id)
		if err != nil && content != nil {
			t.Fatal("content came with an error")
		}
		if err == nil && decryptedLen(t, b, id) != seal.PaddedSize(seal.KindSubmission, len(content)+18+32+4+8+contextLen) {
			t.Fatal("a frame of the wrong size was opened")
		}
	})
}

// contextLen is the length of letter()'s eight lines.
const contextLen = len("kind submission\nagency ag1\nexchange ex9\nobject lt42\npart text\nfrom side/7\nto side/8\nversion 3\n")

func decryptedLen(t *testing.T, b []byte, id *age.HybridIdentity) int {
	t.Helper()
	r, err := age.Decrypt(bytes.NewReader(b), id)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, r)
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}
