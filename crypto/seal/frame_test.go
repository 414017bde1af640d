package seal_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gatepost/crypto/seal"
)

var update = flag.Bool("update", false, "write testdata/go-frame.age anew")

// rawFrame builds a frame from the package's description, apart from its code.
func rawFrame(salt, context, content string, padded int) []byte {
	b := []byte("gatepost/frame/v1\n" + salt)
	b = binary.BigEndian.AppendUint32(b, uint32(len(context)))
	b = append(b, context...)
	b = binary.BigEndian.AppendUint64(b, uint64(len(content)))
	b = append(b, content...)
	return append(b, make([]byte, max(0, padded-len(b)))...)
}

func rawCommit(salt, context, content string) (c seal.Commitment) {
	b := []byte("gatepost/commit/v1\n" + salt)
	b = binary.BigEndian.AppendUint64(b, uint64(len(context)))
	b = append(b, context...)
	b = binary.BigEndian.AppendUint64(b, uint64(len(content)))
	b = append(b, content...)
	return sha256.Sum256(b)
}

const (
	testSalt    = "0123456789abcdef0123456789abcdef"
	testContext = "kind submission\nagency ag1\nexchange ex9\nobject lt42\npart text\nfrom side/7\nto side/8\nversion 3\n"
)

func TestFrameBytes(t *testing.T) {
	id := newIdentity(t)
	bare := seal.Context{Kind: seal.KindCanary, Agency: "ag1", Object: "x"}
	for _, c := range []struct {
		context seal.Context
		lines   string
	}{
		{letter(), testContext},
		{bare, "kind canary\nagency ag1\nexchange -\nobject x\npart -\nfrom -\nto -\nversion 0\n"},
	} {
		sealed := mustSeal(t, c.context, []byte("words"), id.Recipient())
		plain := decrypt(t, sealed.Bytes, id)
		salt := string(plain[18:50])
		if want := rawFrame(salt, c.lines, "words", 4096); !bytes.Equal(plain, want) {
			t.Errorf("got frame %q, want %q", plain, want)
		}
		if want := rawCommit(salt, c.lines, "words"); sealed.Commit != want {
			t.Errorf("got commitment %x, want %x", sealed.Commit, want)
		}
	}
}

func TestGoldenFrame(t *testing.T) {
	golden := readFixture(t, "frame-v1.golden")
	context, content, commit, err := seal.ParseFrame(golden)
	if err != nil {
		t.Fatal(err)
	}
	want := letter()
	want.Version = 1
	if context != want {
		t.Errorf("got context %+v, want %+v", context, want)
	}
	const words = "Annwyl Efa, mae'r ŵyn yn y cae. 🐑\nYour sister lost a tooth.\n"
	if string(content) != words {
		t.Errorf("got content %q, want %q", content, words)
	}
	if got, want := hex.EncodeToString(commit[:]), strings.TrimSpace(string(readFixture(t, "typage-frame.commit"))); got != want {
		t.Errorf("got commitment %s, want %s", got, want)
	}
	opened, openedCommit, err := seal.Open(readFixture(t, "typage-frame.age"), want, fixtureIdentity(t))
	if err != nil || string(opened) != words || openedCommit != commit {
		t.Errorf("what typage sealed opens to %q, %x, %v", opened, openedCommit, err)
	}
}

// typage read go-frame.age and wrote down what it found; both must agree, and
// so must Go today.
func TestTypageReadGo(t *testing.T) {
	id := fixtureIdentity(t)
	const words = "Y mae 'na gi newydd yma. His name is Taff.\n"
	if *update {
		sealed := mustSeal(t, letter(), []byte(words), newIdentity(t).Recipient(), id.Recipient())
		if err := os.WriteFile(filepath.Join("testdata", "go-frame.age"), sealed.Bytes, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	content, commit, err := seal.Open(readFixture(t, "go-frame.age"), letter(), id)
	if err != nil {
		t.Fatal(err)
	}
	got := hex.EncodeToString(commit[:]) + "\n" + testContext + string(content)
	if want := string(readFixture(t, "go-frame.read")); got != want || string(content) != words {
		t.Errorf("got %q, typage read %q", got, want)
	}
}

// A century from now there may be nothing but a key, an age program and the
// description of the frame.
func TestStockAgeProgram(t *testing.T) {
	id := newIdentity(t)
	words := strings.Repeat("a long letter ", 10_000)
	sealed := mustSeal(t, letter(), []byte(words), newIdentity(t).Recipient(), id.Recipient())
	key := filepath.Join(t.TempDir(), "key.txt")
	if err := os.WriteFile(key, []byte(id.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "go", "tool", "age", "-d", "-i", key)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(sealed.Bytes), &errs
	plain, err := cmd.Output()
	if err != nil {
		t.Fatalf("age -d: %v: %s", err, errs.String())
	}
	context, content, commit, err := seal.ParseFrame(plain)
	if err != nil {
		t.Fatal(err)
	}
	if context != letter() || string(content) != words || commit != sealed.Commit {
		t.Errorf("got %+v, %d bytes, %x", context, len(content), commit)
	}
}

func TestMalformedFrames(t *testing.T) {
	id := newIdentity(t)
	good := rawFrame(testSalt, testContext, "words", 4096)
	if got, _, err := seal.Open(encrypt(t, good, id.Recipient()), letter(), id); err != nil || string(got) != "words" {
		t.Fatalf("the frame that the others are made from does not open: %v", err)
	}
	changed := func(at int, with string) []byte {
		b := bytes.Clone(good)
		copy(b[at:], with)
		return b
	}
	const contextAt = 18 + 32 + 4
	contentAt := contextAt + len(testContext) + 8
	for name, b := range map[string][]byte{
		"nothing":                   {},
		"text":                      []byte("Dear Efa"),
		"magic only":                []byte("gatepost/frame/v1\n"),
		"another version":           changed(14, "v2"),
		"context longer than frame": changed(18+32, "\xff\xff\xff\xff"),
		"context just too long":     changed(18+32, "\x00\x00\x10\x00"),
		"content longer than frame": changed(contentAt-8, "\x7f\xff\xff\xff\xff\xff\xff\xff"),
		"content length overflows":  changed(contentAt-8, "\xff\xff\xff\xff\xff\xff\xff\xff"),
		"padding not zero, first":   changed(contentAt+5, "x"),
		"padding not zero, last":    changed(len(good)-1, "x"),
		"not padded":                rawFrame(testSalt, testContext, "words", 0),
		"padded too much":           rawFrame(testSalt, testContext, "words", 8192),
		"padded as a key":           rawFrame(testSalt, testContext, "words", 512),
	} {
		t.Run(name, func(t *testing.T) {
			mustRefuse(t, encrypt(t, b, id.Recipient()), letter(), id, seal.ErrFrame)
			if _, content, _, err := seal.ParseFrame(b); !errors.Is(err, seal.ErrFrame) || content != nil {
				t.Errorf("ParseFrame: got %v, want ErrFrame", err)
			}
		})
	}
}

// An archive believes nothing but the one form of a context.
func TestMalformedContexts(t *testing.T) {
	for name, context := range map[string]string{
		"empty":         "",
		"line missing":  strings.Replace(testContext, "part text\n", "", 1),
		"extra line":    testContext + "note x\n",
		"repeated line": strings.Replace(testContext, "part text\n", "part text\npart text\n", 1),
		"order":         strings.Replace(testContext, "agency ag1\nexchange ex9\n", "exchange ex9\nagency ag1\n", 1),
		"CRLF":          strings.ReplaceAll(testContext, "\n", "\r\n"),
		"two spaces":    strings.Replace(testContext, "part text", "part  text", 1),
		"empty value":   strings.Replace(testContext, "part text", "part ", 1),
		"leading zero":  strings.Replace(testContext, "version 3", "version 03", 1),
		"sign":          strings.Replace(testContext, "version 3", "version +3", 1),
		"too large":     strings.Replace(testContext, "version 3", "version 18446744073709551616", 1),
		"no last end":   strings.TrimSuffix(testContext, "\n"),
		"unknown kind":  strings.Replace(testContext, "submission", "epistle", 1),
		"no object":     strings.Replace(testContext, "object lt42", "object -", 1),
	} {
		_, content, _, err := seal.ParseFrame(rawFrame(testSalt, context, "words", 4096))
		if !errors.Is(err, seal.ErrFrame) || content != nil {
			t.Errorf("%s: got %v, want ErrFrame", name, err)
		}
	}
}

func TestPaddedSize(t *testing.T) {
	for _, c := range []struct {
		kind    seal.Kind
		n, want int
	}{
		{seal.KindDelivery, -1, 4096},
		{seal.KindDelivery, 0, 4096},
		{seal.KindDelivery, 4096, 4096},
		{seal.KindDelivery, 4097, 8192},
		{seal.KindDelivery, 65536, 65536},
		{seal.KindDelivery, 65537, 65536 + 2048}, // Padmé: exponent 16, of which 5 bits stay
		{seal.KindDelivery, 1 << 20, 1 << 20},
		{seal.KindDelivery, 1<<20 + 1, 1<<20 + 1<<15},
		{seal.KindGrant, 1, 512},
		{seal.KindGrant, 513, 1024},
		{seal.KindTOTP, 200, 512},
	} {
		if got := seal.PaddedSize(c.kind, c.n); got != c.want {
			t.Errorf("%s %d: got %d, want %d", c.kind, c.n, got, c.want)
		}
	}
	last := 0
	for n := 1; n < 1<<24; n += 997 {
		got := seal.PaddedSize(seal.KindDelivery, n)
		if got < n || got < last || n > 64<<10 && got > n+n*12/100 {
			t.Fatalf("%d is padded to %d after %d", n, got, last)
		}
		last = got
	}
}

func TestEverydayLettersAreOneSize(t *testing.T) {
	id := newIdentity(t)
	short := mustSeal(t, letter(), []byte("x"), id.Recipient())
	long := mustSeal(t, letter(), make([]byte, 3500), id.Recipient())
	if len(short.Bytes) != len(long.Bytes) {
		t.Errorf("got %d and %d bytes, want the same", len(short.Bytes), len(long.Bytes))
	}
}

func FuzzParseFrame(f *testing.F) {
	f.Add(rawFrame(testSalt, testContext, "words", 4096))
	f.Add(rawFrame(testSalt, testContext, "words", 0))
	f.Add(readFixture(f, "frame-v1.golden"))
	f.Fuzz(func(t *testing.T, b []byte) {
		context, content, commit, err := seal.ParseFrame(b)
		if err != nil {
			if content != nil || context != (seal.Context{}) || commit != (seal.Commitment{}) {
				t.Fatal("something came with the error")
			}
			return
		}
		// A frame has one form: building it again from what was read gives it back.
		size := int(binary.BigEndian.Uint32(b[50:]))
		lines := string(b[54 : 54+size])
		if again := rawFrame(string(b[18:50]), lines, string(content), len(b)); !bytes.Equal(again, b) {
			t.Fatal("two frames read as one")
		}
		if commit != rawCommit(string(b[18:50]), lines, string(content)) {
			t.Fatal("commitment differs from its description")
		}
	})
}
