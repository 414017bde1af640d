//go:build !nodynamic

package photo_test

import (
	"testing"

	"gatepost/letterbox/photo"
)

// Without its decoder a HEIC is looked into, and refused with what helps.
func TestClean_HEICWithout(t *testing.T) {
	for name, of := range craftedHEIC() {
		if _, err := photo.Clean(of.file, photo.Standard()); said(err) != "fault.photo.heic" {
			t.Errorf("%s: said %q", name, said(err))
		}
	}
}
