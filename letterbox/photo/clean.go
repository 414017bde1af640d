package photo

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"

	"gatepost/internal/fault"
)

// qualities of the pictures that are written, the first that is small enough:
// above 85 a file grows and nobody sees why. Only noise needs another.
func qualities() []int { return []int{85, 70, 50, 25} }

// Clean makes a new picture of what a file shows. It decodes what a stranger
// made: call it in a process that may die.
//
// A file that is too large, of another kind or damaged is a fault of kind
// Invalid, and its sentence says what to do.
func Clean(b []byte, l Limits) (*Picture, error) {
	if len(b) > l.Bytes {
		return nil, fault.Field("photo", "fault.photo.large")
	}
	s, err := look(b)
	if err != nil {
		return nil, err
	}
	if err := s.within(l); err != nil {
		return nil, err
	}
	img, err := s.decode()
	if err != nil {
		return nil, err
	}
	p, err := finish(upright(shrink(img, l.Side), s.turn), l)
	if err != nil {
		return nil, err
	}
	p.Traces = s.Traces
	return p, nil
}

// decode reads the pixels. A decoder that panics has met a damaged file.
func (s *survey) decode() (img image.Image, err error) {
	defer func() {
		if r := recover(); r != nil {
			img, err = nil, errBroken(fmt.Errorf("the decoder of %s gave up", s.kind))
			if s.kind == HEIC {
				err = errHEIC()
			}
		}
	}()
	r := bytes.NewReader(s.still)
	switch s.kind {
	case JPEG:
		img, err = jpeg.Decode(r)
	case PNG:
		img, err = png.Decode(r)
	case WebP:
		img, err = webp.Decode(r)
	case HEIC:
		// Whether this program or this file is to blame, a JPEG helps.
		if img, err = decodeHEIC(r); err != nil {
			return nil, errHEIC()
		}
	}
	if err != nil {
		return nil, errBroken(fmt.Errorf("decode %s: %w", s.kind, err))
	}
	// What was decoded is what was counted: else a header said one thing and the
	// pixels another.
	if size := img.Bounds().Size(); size.X <= 0 || size.Y <= 0 || int64(size.X)*int64(size.Y) > s.pixels() {
		return nil, errBroken(errShort)
	}
	return img, nil
}

// errHEIC asks for a JPEG.
func errHEIC() error { return fault.Field("photo", "fault.photo.heic") }

// smallPart is how much less the small copy may take than the picture.
const smallPart = 16

// finish writes a picture and its small copy and checks both.
func finish(img *image.RGBA, l Limits) (*Picture, error) {
	p := &Picture{Width: img.Rect.Dx(), Height: img.Rect.Dy()}
	var err error
	if p.JPEG, err = written(img, l.Out); err != nil {
		return nil, err
	}
	p.Small, err = written(shrink(img, l.Small), l.Out/smallPart)
	return p, err
}

// written encodes and checks.
func written(img *image.RGBA, most int) ([]byte, error) {
	for _, quality := range qualities() {
		var out bytes.Buffer
		if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: quality}); err != nil {
			return nil, fmt.Errorf("write a picture: %w", err)
		}
		if out.Len() > most {
			continue
		}
		width, height, err := Check(out.Bytes())
		if err != nil {
			return nil, err
		}
		if width != img.Rect.Dx() || height != img.Rect.Dy() {
			return nil, errUnclean
		}
		return out.Bytes(), nil
	}
	return nil, errWide()
}

// Crop makes a picture of a part of a cleaned one. What lies outside is in
// neither the new picture nor its small copy.
func Crop(cleaned []byte, part image.Rectangle, l Limits) (*Picture, error) {
	img, err := reopen(cleaned, part, l)
	if err != nil {
		return nil, err
	}
	// A copy: a part of the same pixels would still be all of them in memory.
	out := image.NewRGBA(image.Rect(0, 0, part.Dx(), part.Dy()))
	for y := range part.Dy() {
		from := img.PixOffset(part.Min.X, part.Min.Y+y)
		copy(out.Pix[y*out.Stride:], img.Pix[from:from+4*part.Dx()])
	}
	return finish(out, l)
}

// block is the side of the squares in which a JPEG with half as much colour as
// light is written.
const block = 16

// Blur makes a picture whose part is one plain colour: the mean of what was there,
// rounded to 16 steps.
//
// It is called after what people ask for. A true blur with a small kernel is
// undone by arithmetic, and of squares of mean colours a number plate is found
// by trying all plates and comparing. One rounded colour says nothing but light or dark.
// The part is widened to the blocks of the JPEG: within a block, each pixel leaves
// ripples in all the others.
func Blur(cleaned []byte, part image.Rectangle, l Limits) (*Picture, error) {
	img, err := reopen(cleaned, part, l)
	if err != nil {
		return nil, err
	}
	part = image.Rect(part.Min.X/block*block, part.Min.Y/block*block,
		(part.Max.X+block-1)/block*block, (part.Max.Y+block-1)/block*block).Intersect(img.Rect)
	fill := plain(img, part)
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			img.SetRGBA(x, y, fill)
		}
	}
	return finish(img, l)
}

// plain is the rounded mean of a part.
func plain(img *image.RGBA, part image.Rectangle) color.RGBA {
	var sum [3]uint64
	for y := part.Min.Y; y < part.Max.Y; y++ {
		row := img.Pix[img.PixOffset(part.Min.X, y) : img.PixOffset(part.Max.X-1, y)+4]
		for ; len(row) > 0; row = row[4:] {
			for c := range sum {
				sum[c] += uint64(row[c])
			}
		}
	}
	n := uint64(part.Dx()) * uint64(part.Dy())
	round := func(c int) uint8 { return uint8(sum[c]/n)&^15 | 8 }
	return color.RGBA{round(0), round(1), round(2), 255}
}

// reopen decodes a cleaned picture for a change of one part, which has to lie in
// it and be large enough to see.
func reopen(cleaned []byte, part image.Rectangle, l Limits) (*image.RGBA, error) {
	width, height, err := Check(cleaned)
	if err != nil {
		return nil, err
	}
	if width > l.Side || height > l.Side {
		return nil, errWide()
	}
	if !part.In(image.Rect(0, 0, width, height)) || part.Dx() < block || part.Dy() < block {
		return nil, fault.Field("part", "fault.photo.part")
	}
	img, err := jpeg.Decode(bytes.NewReader(cleaned))
	if err != nil {
		return nil, errBroken(fmt.Errorf("decode a cleaned picture: %w", err))
	}
	return shrink(img, l.Side), nil
}
