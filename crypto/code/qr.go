package code

import (
	"fmt"
	"image/color"
	"strconv"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
)

// quiet is the white border around a QR code, in modules; ISO/IEC 18004 asks
// for four.
const quiet = 4

// Wear says what a QR code has to bear.
type Wear int

const (
	// OnScreen is for a screen that may be scratched or shine: level M, 15 %
	// redundancy.
	OnScreen Wear = iota
	// OnPaper is for paper that is folded and put away for years: level H, 30 %.
	OnPaper
)

func (w Wear) level() qr.ErrorCorrectionLevel {
	if w == OnPaper {
		return qr.H
	}
	return qr.M
}

// QR draws a text as a QR code: one svg element without any script, style or
// reference, made of digits and constant markup only, so that a page can carry
// it inline under any content security policy and nothing is fetched. It has a
// viewBox and no size, and no text alternative: the page gives both, with the
// text beside it for those who cannot scan. Letters in capitals, digits and a
// few signs make a smaller code than anything else.
func QR(text string, wear Wear) (string, error) {
	matrix, err := qr.Encode(text, wear.level(), qr.Auto)
	if err != nil {
		return "", fmt.Errorf("draw a QR code: %w", err)
	}
	size := strconv.Itoa(matrix.Bounds().Dx() + 2*quiet)
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ` + size + ` ` + size + `" shape-rendering="crispEdges">` +
		`<path fill="#fff" d="M0 0h` + size + `v` + size + `H0z"/><path fill="#000" d="` + outline(matrix) + `"/></svg>`, nil
}

// outline draws each run of black modules in a row as one rectangle.
func outline(matrix barcode.Barcode) string {
	var path strings.Builder
	size := matrix.Bounds().Dx()
	black := func(x, y int) bool { return x < size && matrix.At(x, y) == color.Black }
	for y := range size {
		for x := 0; x < size; x++ {
			run := 0
			for black(x+run, y) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, run, run)
				x += run
			}
		}
	}
	return path.String()
}
