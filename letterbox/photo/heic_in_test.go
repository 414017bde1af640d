//go:build nodynamic

package photo_test

import (
	"encoding/binary"
	"fmt"
	"image/color"
	"testing"

	"gatepost/letterbox/photo"
	"gatepost/letterbox/photo/phototest"
)

func TestClean_HEIC(t *testing.T) {
	for name, of := range craftedHEIC() {
		t.Run(name, func(t *testing.T) {
			p := clean(t, of.file)
			if p.Traces != of.want {
				t.Errorf("%+v, want %+v", p.Traces, of.want)
			}
			isClean(t, p)
			hasCorners(t, p, phototest.Corners())
		})
	}
}

// A HEIC is turned and mirrored by its properties, in this order, and not by its
// EXIF, which says the same a second time.
func TestClean_HEICOrientation(t *testing.T) {
	corners := phototest.Corners()
	turned := func(quarters byte, mirror string) (want [4]color.RGBA) {
		for i := range want {
			// A quarter to the left brings the upper right corner to the upper left.
			want[i] = corners[(i+int(quarters))%4]
		}
		switch mirror {
		case "lr":
			return [4]color.RGBA{want[1], want[0], want[3], want[2]}
		case "tb":
			return [4]color.RGBA{want[3], want[2], want[1], want[0]}
		}
		return want
	}
	misled := phototest.TIFF(binary.BigEndian, []phototest.Tag{{Number: 0x0112, Short: 3}}, nil)
	for quarters := range byte(4) {
		for _, mirror := range []string{"", "lr", "tb"} {
			t.Run(fmt.Sprint(quarters, mirror), func(t *testing.T) {
				p := clean(t, phototest.HEIC(phototest.Container{Turns: quarters, Mirror: mirror, Exif: misled}))
				hasCorners(t, p, turned(quarters, mirror))
				if upright := quarters%2 == 0; (p.Width == 128) != upright {
					t.Errorf("it is %d by %d", p.Width, p.Height)
				}
			})
		}
	}
}

// A damaged HEIC is told as what helps: send a JPEG.
func TestClean_HEICDamaged(t *testing.T) {
	file := phototest.HEIC(phototest.Container{})
	for _, n := range []int{len(file) - 8, len(file) - 100, len(file) - 200} {
		if _, err := photo.Clean(file[:n:n], photo.Standard()); err == nil {
			t.Errorf("%d of %d bytes were cleaned", n, len(file))
		}
	}
}
