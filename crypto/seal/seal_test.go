package seal_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"filippo.io/age"

	"gatepost/crypto/seal"
)

// letter is the context that most tests seal in.
func letter() seal.Context {
	return seal.Context{
		Kind: seal.KindSubmission, Agency: "ag1", Exchange: "ex9", Object: "lt42",
		Part: "text", From: "side/7", To: "side/8", Version: 3,
	}
}

func newIdentity(t testing.TB) *age.HybridIdentity {
	t.Helper()
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func mustSeal(t testing.TB, c seal.Context, content []byte, to ...*age.HybridRecipient) seal.Sealed {
	t.Helper()
	s, err := seal.Seal(c, content, to...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// encrypt makes an age file around any plaintext, as an attacker can who knows
// the public keys.
func encrypt(t testing.TB, plain []byte, to ...age.Recipient) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func decrypt(t testing.TB, b []byte, id age.Identity) []byte {
	t.Helper()
	r, err := age.Decrypt(bytes.NewReader(b), id)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// mustRefuse checks that nothing at all comes out of b, with the given error.
func mustRefuse(t *testing.T, b []byte, want seal.Context, id *age.HybridIdentity, wantErr error) {
	t.Helper()
	content, commit, err := seal.Open(b, want, id)
	if !errors.Is(err, wantErr) {
		t.Errorf("got error %v, want %v", err, wantErr)
	}
	if content != nil || commit != (seal.Commitment{}) {
		t.Errorf("%d bytes of content and a commitment came with the error", len(content))
	}
}

func TestSealOpen(t *testing.T) {
	first, second, third := newIdentity(t), newIdentity(t), newIdentity(t)
	for _, size := range []int{0, 1, 600, 3500, 4096, 65000, 65536, 200_000} {
		content := bytes.Repeat([]byte("ŵ"), size)[:size]
		sealed := mustSeal(t, letter(), content, first.Recipient(), second.Recipient(), third.Recipient())
		for i, id := range []*age.HybridIdentity{first, second, third} {
			got, commit, err := seal.Open(sealed.Bytes, letter(), id)
			if err != nil {
				t.Fatalf("%d bytes, reader %d: %v", size, i, err)
			}
			if !bytes.Equal(got, content) {
				t.Errorf("%d bytes, reader %d: content differs", size, i)
			}
			if commit != sealed.Commit {
				t.Errorf("%d bytes, reader %d: commitment differs", size, i)
			}
		}
		if got := cap(sealed.Bytes); got != len(sealed.Bytes) {
			t.Errorf("%d bytes: %d set aside for %d, so the size was foretold wrongly", size, got, len(sealed.Bytes))
		}
		mustRefuse(t, sealed.Bytes, letter(), newIdentity(t), seal.ErrKey)
	}
}

func TestOpenWithoutIdentity(t *testing.T) {
	sealed := mustSeal(t, letter(), []byte("words"), newIdentity(t).Recipient())
	mustRefuse(t, sealed.Bytes, letter(), nil, seal.ErrKey)
}

func TestSealRefusesReaders(t *testing.T) {
	id := newIdentity(t)
	again, err := age.ParseHybridRecipient(id.Recipient().String())
	if err != nil {
		t.Fatal(err)
	}
	eleven := make([]*age.HybridRecipient, 11)
	for i := range eleven {
		eleven[i] = newIdentity(t).Recipient()
	}
	for name, to := range map[string][]*age.HybridRecipient{
		"none":     nil,
		"nil":      {id.Recipient(), nil},
		"repeated": {id.Recipient(), newIdentity(t).Recipient(), again},
		"eleven":   eleven,
	} {
		if sealed, err := seal.Seal(letter(), []byte("words"), to...); err == nil || sealed.Bytes != nil {
			t.Errorf("%s: sealed", name)
		}
	}
	mustSeal(t, letter(), []byte("words"), eleven[:10]...)
}

func TestContextIsBound(t *testing.T) {
	id := newIdentity(t)
	sealed := mustSeal(t, letter(), []byte("words"), id.Recipient())
	for name, change := range map[string]func(*seal.Context){
		"kind":           func(c *seal.Context) { c.Kind = seal.KindDelivery },
		"agency":         func(c *seal.Context) { c.Agency = "ag2" },
		"exchange":       func(c *seal.Context) { c.Exchange = "ex8" },
		"exchange empty": func(c *seal.Context) { c.Exchange = "" },
		"object":         func(c *seal.Context) { c.Object = "lt41" },
		"part":           func(c *seal.Context) { c.Part = "photo" },
		"from":           func(c *seal.Context) { c.From = "side/8" },
		"to":             func(c *seal.Context) { c.To = "side/7" },
		"version older":  func(c *seal.Context) { c.Version-- },
		"version newer":  func(c *seal.Context) { c.Version++ },
	} {
		want := letter()
		change(&want)
		mustRefuse(t, sealed.Bytes, want, id, seal.ErrContext)
		_, _, err := seal.Open(sealed.Bytes, want, id)
		// Asking for a newer version is how an old one put back looks.
		if got, stale := errors.Is(err, seal.ErrStale), name == "version newer"; got != stale {
			t.Errorf("%s: stale %v, want %v", name, got, stale)
		}
	}
}

func TestContextValues(t *testing.T) {
	id := newIdentity(t)
	for name, c := range map[string]seal.Context{
		"unknown kind": {Kind: "epistle", Agency: "ag1", Object: "lt1"},
		"no kind":      {Agency: "ag1", Object: "lt1"},
		"no agency":    {Kind: seal.KindDraft, Object: "lt1"},
		"no object":    {Kind: seal.KindDraft, Agency: "ag1"},
		"dash":         {Kind: seal.KindDraft, Agency: "ag1", Object: "lt1", Part: "-"},
		"line end":     {Kind: seal.KindDraft, Agency: "ag1", Object: "lt1", Part: "a\nfrom b"},
		"space":        {Kind: seal.KindDraft, Agency: "ag1", Object: "lt1", To: "a b"},
		"not ASCII":    {Kind: seal.KindDraft, Agency: "ag1", Object: "ŵyn"},
		"too long":     {Kind: seal.KindDraft, Agency: "ag1", Object: strings.Repeat("a", 129)},
	} {
		if _, err := seal.Seal(c, nil, id.Recipient()); !errors.Is(err, seal.ErrContext) {
			t.Errorf("%s: got %v, want ErrContext", name, err)
		}
	}
	longest := seal.Context{Kind: seal.KindDraft, Agency: "ag1", Object: strings.Repeat("a", 128)}
	mustSeal(t, longest, nil, id.Recipient())
}

func TestForgedObjectIsUnsigned(t *testing.T) {
	id := newIdentity(t)
	signed := mustSeal(t, letter(), []byte("what was written"), id.Recipient())
	forged := mustSeal(t, letter(), []byte("what was forged"), id.Recipient())
	// The same words sealed again have another salt and so are not it either.
	again := mustSeal(t, letter(), []byte("what was written"), id.Recipient())

	got, err := seal.OpenSigned(signed.Bytes, letter(), id, signed.Commit)
	if err != nil || string(got) != "what was written" {
		t.Fatalf("got %q and %v, want the letter", got, err)
	}
	for name, c := range map[string]struct {
		b      []byte
		commit seal.Commitment
	}{
		"forged":       {forged.Bytes, signed.Commit},
		"sealed again": {again.Bytes, signed.Commit},
		"no statement": {signed.Bytes, seal.Commitment{}},
	} {
		if got, err := seal.OpenSigned(c.b, letter(), id, c.commit); !errors.Is(err, seal.ErrUnsigned) || got != nil {
			t.Errorf("%s: got %d bytes and %v, want ErrUnsigned", name, len(got), err)
		}
	}
}

// A file around 64 KiB has two chunks; cut anywhere near the edge, or changed
// anywhere in its header, it must give nothing.
func TestDamage(t *testing.T) {
	id := newIdentity(t)
	content := bytes.Repeat([]byte("words "), 20_000) // two chunks
	whole := mustSeal(t, letter(), content, newIdentity(t).Recipient(), id.Recipient()).Bytes
	const header = 22 + 2*1557 + 48
	edge := header + 16 + 64<<10 + 16

	refused := func(t *testing.T, name string, at int, b []byte) {
		t.Helper()
		content, commit, err := seal.Open(b, letter(), id)
		if err == nil || content != nil || commit != (seal.Commitment{}) {
			t.Errorf("%s at %d: %d bytes, %v", name, at, len(content), err)
		}
		known := errors.Is(err, seal.ErrHeader) || errors.Is(err, seal.ErrKey) || errors.Is(err, seal.ErrFrame)
		if !known {
			t.Errorf("%s at %d: %v is none of the package's errors", name, at, err)
		}
	}
	for n := edge - 40; n <= edge+40; n++ {
		refused(t, "cut", n, whole[:n])
	}
	for _, n := range []int{0, 1, 21, 22, 100, header - 1, header, header + 15, header + 16, len(whole) - 1} {
		refused(t, "cut", n, whole[:n])
	}
	for n := range header {
		b := bytes.Clone(whole)
		b[n] ^= 1
		refused(t, "flip", n, b)
	}
	for _, n := range []int{header, header + 15, header + 16, edge - 1, edge, len(whole) - 1} {
		b := bytes.Clone(whole)
		b[n] ^= 1
		refused(t, "flip", n, b)
	}
	for _, tail := range []string{"\x00", "\n", "more", string(whole)} {
		refused(t, "lengthened by", len(tail), append(bytes.Clone(whole), tail...))
	}
	// The chunks of one file under the header of another.
	other := mustSeal(t, letter(), content, newIdentity(t).Recipient(), id.Recipient()).Bytes
	refused(t, "spliced", header, append(bytes.Clone(other[:header]), whole[header:]...))
}

func TestTwoTextsHaveTwoSalts(t *testing.T) {
	id := newIdentity(t)
	a := mustSeal(t, letter(), []byte("yes"), id.Recipient())
	b := mustSeal(t, letter(), []byte("yes"), id.Recipient())
	if a.Commit == b.Commit {
		t.Error("the same words have the same commitment, so a guess can be checked against the log")
	}
}

func TestErrorsTellNothing(t *testing.T) {
	id := newIdentity(t)
	forged := encrypt(t, append([]byte("gatepost/frame/v1\n"), "Dear Efa"...), id.Recipient())
	_, _, err := seal.Open(forged, letter(), id)
	if err == nil || strings.Contains(err.Error(), "Efa") {
		t.Errorf("got %v", err)
	}
}

func BenchmarkSeal3(b *testing.B) {
	to := []*age.HybridRecipient{newIdentity(b).Recipient(), newIdentity(b).Recipient(), newIdentity(b).Recipient()}
	for _, size := range []struct {
		name string
		n    int
	}{{"2KB", 2 << 10}, {"2MB", 2 << 20}} {
		content := make([]byte, size.n)
		b.Run(size.name, func(b *testing.B) {
			b.SetBytes(int64(size.n))
			b.ReportAllocs()
			for b.Loop() {
				mustSeal(b, letter(), content, to...)
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	id := newIdentity(b)
	for _, size := range []struct {
		name string
		n    int
	}{{"2KB", 2 << 10}, {"2MB", 2 << 20}} {
		sealed := mustSeal(b, letter(), make([]byte, size.n), id.Recipient(), newIdentity(b).Recipient())
		b.Run(size.name, func(b *testing.B) {
			b.SetBytes(int64(size.n))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := seal.Open(sealed.Bytes, letter(), id); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
