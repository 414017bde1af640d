package field

import (
	"bytes"
	"errors"
	"testing"
)

// What unpad sees has been authenticated, so only a holder of the key could send
// it anything but what pad wrote; from outside the package it cannot be reached.

func TestUnpadTakesOnlyWhatPadWrote(t *testing.T) {
	good := pad([]byte("value"))
	for name, bad := range map[string][]byte{
		"empty":            {},
		"short":            good[:3],
		"half a step":      good[:32],
		"a step too many":  append(bytes.Clone(good), make([]byte, 64)...),
		"a length beyond":  append([]byte{0, 0, 0, 61}, make([]byte, 60)...),
		"a huge length":    append([]byte{255, 255, 255, 255}, make([]byte, 60)...),
		"more than a cell": append([]byte{0, 1, 0, 1}, make([]byte, 1<<16+60)...),
		"padding not zero": append(bytes.Clone(good[:63]), 1),
	} {
		if got, err := unpad(bad); !errors.Is(err, ErrField) || got != nil {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

func FuzzUnpad(f *testing.F) {
	f.Add(pad([]byte("value")))
	f.Add(pad(nil))
	f.Fuzz(func(t *testing.T, plain []byte) {
		if value, err := unpad(plain); err == nil && !bytes.Equal(pad(value), plain) {
			t.Fatal("two paddings of one value")
		}
	})
}
