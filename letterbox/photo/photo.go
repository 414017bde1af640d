package photo

import (
	"bytes"
	"errors"
	"fmt"
	"image"

	"gatepost/internal/fault"
)

// Kind is what a file is, told by its bytes.
type Kind string

// The kinds that are taken.
const (
	JPEG Kind = "jpeg"
	PNG  Kind = "png"
	WebP Kind = "webp"
	HEIC Kind = "heic"
)

// Limits hold back a picture before it is decoded.
type Limits struct {
	Bytes  int   // of the file
	Pixels int64 // of any picture that a header in it states
	Memory int64 // in bytes, that decoding takes by a rough count from the headers
	Side   int   // the longest side of what comes out, in pixels
	Small  int   // the same for the small copy beside it
	Out    int   // bytes of the new picture, whose quality gives way to that; a 16th of it for the small copy
}

// Standard gives the limits of a letterbox.
//
// 20 MB and 50 million pixels take every phone but in its rawest setting; a HEIC
// takes more memory and may have 25 million, what a phone writes unless it is told
// otherwise. A side
// of 2,560 pixels prints on A4 at 210 dots an inch and fills the screens that
// people have; more would be detail that nobody looks at and that tells more: a
// name on a badge far behind, the noise of one camera's sensor.
func Standard() Limits {
	return Limits{Bytes: 20 << 20, Pixels: 50_000_000, Memory: 384 << 20, Side: 2560, Small: 320, Out: 4 << 20}
}

// Picture is a cleaned one: upright, JPEG, and nothing but pixels.
type Picture struct {
	JPEG          []byte
	Width, Height int
	Small         []byte // a small copy, also JPEG
	Traces        Traces // what the original told; none for a part of a cleaned picture
}

// Traces are marks, for a worker, of what a file told beside its picture.
type Traces struct {
	Place     bool // GPS, or the name of a town or country
	Camera    bool // make, model, lens, serial number or a maker's own notes
	Date      bool // when it was taken or changed
	Text      bool // XMP, IPTC, a comment, an author, or bytes that nobody can name
	Thumbnail bool // a small copy of the picture, perhaps from before it was cropped
	After     bool // bytes after the picture's end
	Motion    bool // a film beside the picture
	Second    bool // a file of another kind inside: an archive, a document, a page
	Several   bool // more than one picture; only the first is kept
}

// list is the order of the marks wherever they are written as bits.
func (t *Traces) list() []*bool {
	return []*bool{&t.Place, &t.Camera, &t.Date, &t.Text, &t.Thumbnail, &t.After, &t.Motion, &t.Second, &t.Several}
}

// Bits gives the marks as bits of a number, Place the lowest.
func (t Traces) Bits() (bits uint16) {
	for i, mark := range t.list() {
		if *mark {
			bits |= 1 << i
		}
	}
	return bits
}

// TracesOf reads what [Traces.Bits] gave; false for a number that it never gives.
func TracesOf(bits uint16) (t Traces, ok bool) {
	list := t.list()
	for i, mark := range list {
		*mark = bits&(1<<i) != 0
	}
	return t, bits>>len(list) == 0
}

// The faults that a person can do something about. Kept as functions: an error
// that is shared could be changed.
func errKind() error { return fault.Field("photo", "fault.photo.kind") }
func errWide() error { return fault.Field("photo", "fault.photo.wide") }

func errBroken(cause error) error {
	return fault.Wrap(fault.Invalid, "fault.photo.broken", cause)
}

// errShort is any place where a file ends too early or contradicts itself. Which
// one it was helps nobody and would tell of the file.
var errShort = errors.New("the file does not hold together")

// KindOf tells what a file is. Its name and the type that its sender gives count
// for nothing.
func KindOf(b []byte) (Kind, error) {
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return JPEG, nil
	case bytes.HasPrefix(b, []byte(pngMagic)):
		return PNG, nil
	case len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP":
		return WebP, nil
	case isHEIC(b):
		return HEIC, nil
	}
	return "", errKind()
}

// Inspect walks a file and marks what it tells beside the picture. It decodes
// nothing. A file that is no picture, or ends too early, is a fault.
func Inspect(b []byte) (Traces, error) {
	s, err := look(b)
	if err != nil {
		return Traces{}, err
	}
	return s.Traces, nil
}

// survey is what a walk through a file finds.
type survey struct {
	Traces
	kind    Kind
	size    image.Point // the largest that a header states
	memory  int64       // rough bytes that decoding takes
	turn    int         // the EXIF orientation, 1 to 8; 0: none
	inflate int         // bytes of compressed text that were looked at
	still   []byte      // the file that the decoder gets: the first picture alone
}

// grow notes the size that a header states.
func (s *survey) grow(width, height int) {
	if int64(width)*int64(height) >= int64(s.size.X)*int64(s.size.Y) {
		s.size = image.Pt(width, height)
	}
}

func (s *survey) pixels() int64 { return int64(s.size.X) * int64(s.size.Y) }

// look walks a file of any kind.
func look(b []byte) (*survey, error) {
	kind, err := KindOf(b)
	if err != nil {
		return nil, err
	}
	s := &survey{kind: kind, still: b}
	switch kind {
	case JPEG:
		err = s.jpeg(b)
	case PNG:
		err = s.png(b)
	case WebP:
		err = s.webp(b)
	case HEIC:
		err = s.heic(b)
	}
	if err == nil && (s.size.X <= 0 || s.size.Y <= 0) {
		err = errShort
	}
	if err != nil {
		return nil, errBroken(fmt.Errorf("walk a %s file: %w", kind, err))
	}
	return s, nil
}

// mostSide is the longest that a JPEG can be. Of what is longer a single row would
// already be a burden.
const mostSide = 1 << 16

// within holds a survey against the limits.
func (s *survey) within(l Limits) error {
	if s.pixels() > l.Pixels || max(s.size.X, s.size.Y) > mostSide || s.memory > l.Memory {
		return errWide()
	}
	return nil
}
