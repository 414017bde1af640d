//go:build nodynamic

package darkroom_test

import (
	"encoding/binary"
	"os"
	"testing"

	"gatepost/internal/darkroom"
	"gatepost/letterbox/photo"
	"gatepost/letterbox/photo/phototest"
)

// The decoder of HEIC works in a child that is shut in.
func TestVisit_HEIC(t *testing.T) {
	v := visit(darkroom.NewWith(darkroom.Standard(), os.Stderr, role+"=serve"))
	defer v.Leave()
	p, err := v.Clean(t.Context(), phototest.HEIC(phototest.Container{Turns: 1, Exif: phototest.Everything(binary.BigEndian)}))
	if err != nil {
		t.Fatal(err)
	}
	want := photo.Traces{Place: true, Camera: true, Date: true, Text: true, Thumbnail: true}
	if p.Width != 64 || p.Height != 128 || p.Traces != want {
		t.Errorf("%d by %d, %+v", p.Width, p.Height, p.Traces)
	}
}
