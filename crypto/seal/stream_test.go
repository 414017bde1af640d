package seal_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"filippo.io/age"

	"gatepost/crypto/seal"
)

func streamed(t *testing.T, plain []byte, to *age.HybridRecipient) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := seal.Stream(&file, to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func openStream(b []byte, id *age.HybridIdentity) ([]byte, error) {
	r, err := seal.OpenStream(bytes.NewReader(b), id)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// A stream opens with its key as what it was, and with nothing missing, changed
// or added; a short, a whole and a longer last block.
func TestStream(t *testing.T) {
	id, other := newIdentity(t), newIdentity(t)
	for _, size := range []int{0, 1, 64 << 10, 64<<10 + 1, 200_000} {
		plain := bytes.Repeat([]byte("gatepost"), size/8+1)[:size]
		file := streamed(t, plain, id.Recipient())
		got, err := openStream(file, id)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%d bytes: got %d, %v", size, len(got), err)
		}
		if _, err := openStream(file, other); !errors.Is(err, seal.ErrKey) {
			t.Errorf("%d bytes, another key: %v", size, err)
		}
		for _, cut := range []int{1, 16, 17, min(len(plain)+16, 64<<10+16)} {
			if _, err := openStream(file[:len(file)-cut], id); !errors.Is(err, seal.ErrFrame) && !errors.Is(err, seal.ErrHeader) {
				t.Errorf("%d bytes without the last %d: %v", size, cut, err)
			}
		}
		if _, err := openStream(append(bytes.Clone(file), 0), id); !errors.Is(err, seal.ErrFrame) {
			t.Errorf("%d bytes and one more: %v", size, err)
		}
		for at := 0; at < len(file); at += 97 + len(file)/50 {
			changed := bytes.Clone(file)
			changed[at] ^= 1
			if _, err := openStream(changed, id); err == nil {
				t.Errorf("%d bytes, byte %d changed: opens", size, at)
			}
		}
	}
}

// Only one hybrid reader, and no nil key.
func TestStream_Header(t *testing.T) {
	id := newIdentity(t)
	var two bytes.Buffer
	w, err := age.Encrypt(&two, id.Recipient(), newIdentity(t).Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{"two readers": two.Bytes(), "nothing": nil, "text": []byte("a letter")} {
		if _, err := openStream(file, id); !errors.Is(err, seal.ErrHeader) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := openStream(streamed(t, nil, id.Recipient()), nil); !errors.Is(err, seal.ErrKey) {
		t.Errorf("no key: %v", err)
	}
	if _, err := seal.Stream(&two, nil); err == nil {
		t.Error("seals to nobody")
	}
}
