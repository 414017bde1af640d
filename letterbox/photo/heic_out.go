//go:build !nodynamic

package photo

import (
	"errors"
	"image"
	"io"
)

// HasHEIC tells whether this program was built with the decoder.
const HasHEIC = false

func decodeHEIC(io.Reader) (image.Image, error) {
	return nil, errors.New("built without the decoder")
}
