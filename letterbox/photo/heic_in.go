//go:build nodynamic

package photo

import (
	"image"
	"io"

	"github.com/gen2brain/heic"
)

// HasHEIC tells whether this program was built with the decoder.
const HasHEIC = true

func decodeHEIC(r io.Reader) (image.Image, error) { return heic.Decode(r) }
