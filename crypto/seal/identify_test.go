package seal_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"filippo.io/age"

	"gatepost/crypto/seal"
)

func TestIdentify(t *testing.T) {
	var keys []*age.HybridIdentity
	for range 3 {
		id, err := age.GenerateHybridIdentity()
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, id)
	}
	want := seal.Context{Kind: seal.KindCanary, Agency: "oak", Object: "canary", Version: 3}
	sealed := mustSeal(t, want, []byte("nothing"), keys[0].Recipient(), keys[1].Recipient())
	for _, id := range keys[:2] {
		if got, err := seal.Identify(sealed.Bytes, id); err != nil || got != want {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if got, err := seal.Identify(sealed.Bytes, keys[2]); !errors.Is(err, seal.ErrKey) || got != (seal.Context{}) {
		t.Errorf("another key: %+v, %v", got, err)
	}
	for _, cut := range []int{0, 10, len(sealed.Bytes) - 1} {
		if _, err := seal.Identify(sealed.Bytes[:cut], keys[0]); err == nil {
			t.Errorf("%d bytes of it were taken", cut)
		}
	}
}

func FuzzIdentify(f *testing.F) {
	id := fixtureIdentity(f)
	f.Add(readFixture(f, "typage-frame.age"))
	f.Add(readFixture(f, "typage-mixed.age"))
	f.Add(readFixture(f, "go-frame.age"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := seal.Identify(b, id)
		if (err == nil) != (c != seal.Context{}) {
			t.Fatalf("%+v, %v", c, err)
		}
	})
}

// What is no whole stream is an error before its end, and never a panic.
func FuzzOpenStream(f *testing.F) {
	id := fixtureIdentity(f)
	var whole bytes.Buffer
	w, err := seal.Stream(&whole, id.Recipient())
	if err != nil {
		f.Fatal(err)
	}
	if _, err := w.Write([]byte("a table")); err != nil {
		f.Fatal(err)
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Add(whole.Bytes()[:whole.Len()-1])
	f.Add(append(bytes.Clone(whole.Bytes()), 0))
	f.Add(readFixture(f, "typage-mixed.age"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := seal.OpenStream(bytes.NewReader(b), id)
		if err != nil {
			return
		}
		_, err = io.ReadAll(r)
		if err != nil && !errors.Is(err, seal.ErrFrame) {
			t.Fatalf("%v names no damage", err)
		}
		if err == nil && bytes.HasPrefix(b, whole.Bytes()) && len(b) > whole.Len() {
			t.Fatal("a stream that goes on after its end was taken")
		}
	})
}
