package darkroom

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"slices"
	"time"

	"gatepost/internal/fault"
	"gatepost/letterbox/photo"
)

// op is what a child is asked to do.
type op byte

const (
	opClean op = 1
	opCrop  op = 2
	opBlur  op = 3
)

// request comes before the picture. The child believes it: it comes from us.
type request struct {
	op     op
	part   image.Rectangle
	limits Limits
	size   int // bytes of the picture that follows
}

// numbers lists a request as it is written, 64 bits each.
func (q *request) numbers() []int64 {
	p := q.limits.Photo
	return []int64{
		int64(q.op), int64(q.part.Min.X), int64(q.part.Min.Y), int64(q.part.Max.X), int64(q.part.Max.Y),
		int64(p.Bytes), p.Pixels, p.Memory, int64(p.Side), int64(p.Small), int64(p.Out), q.limits.Memory, int64(q.limits.CPU), int64(q.size),
	}
}

func (q *request) marshal() (b []byte) {
	for _, n := range q.numbers() {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return b
}

// readRequest reads what marshal wrote.
func readRequest(r io.Reader) (q request, err error) {
	n := make([]int64, len(q.numbers()))
	if err := binary.Read(r, binary.BigEndian, n); err != nil {
		return q, fmt.Errorf("read what to do: %w", err)
	}
	q = request{
		op: op(n[0]), part: image.Rect(0, 0, 0, 0), size: int(n[13]),
		limits: Limits{Memory: n[11], CPU: time.Duration(n[12]),
			Photo: photo.Limits{Bytes: int(n[5]), Pixels: n[6], Memory: n[7], Side: int(n[8]), Small: int(n[9]), Out: int(n[10])}},
	}
	// Not image.Rect, which would put corners right that are wrong.
	q.part.Min, q.part.Max = image.Pt(int(n[1]), int(n[2])), image.Pt(int(n[3]), int(n[4]))
	if q.op < opClean || q.op > opBlur || q.size < 0 || q.size > q.limits.Photo.Bytes {
		return q, errors.New("read what to do: it makes no sense")
	}
	return q, nil
}

// The first byte of an answer.
const (
	isPicture byte = 1
	isFault   byte = 2 // followed by its place in sentences
	isOpen    byte = 3 // the child could not shut itself in
)

// sentences are what a child may have a person told, with the field of the form.
func sentences() []*fault.Error {
	return []*fault.Error{
		fault.Field("photo", "fault.photo.broken"),
		fault.Field("photo", "fault.photo.kind"),
		fault.Field("photo", "fault.photo.large"),
		fault.Field("photo", "fault.photo.wide"),
		fault.Field("photo", "fault.photo.heic"),
		fault.Field("part", "fault.photo.part"),
	}
}

// errOpen is for the operator: on this machine no picture can be cleaned.
var errOpen = errors.New("a child for a picture could not shut itself in: this machine or its service file forbids prctl or setrlimit, or the program was built with cgo")

// errRubbish is a child that died or does not speak as one of ours.
var errRubbish = errors.New("a child for a picture ended without an answer")

// broken is the one fault for whatever became of a child.
func broken(cause error) error { return fault.Wrap(fault.Invalid, "fault.photo.broken", cause) }

// head is how an answer with a picture begins, behind its first byte.
type head struct {
	Traces        uint16
	Width, Height uint32
	JPEG, Small   uint32 // bytes of each, which follow
}

// writePicture writes an answer with a picture.
func writePicture(w io.Writer, p *photo.Picture) error {
	h := head{p.Traces.Bits(), uint32(p.Width), uint32(p.Height), uint32(len(p.JPEG)), uint32(len(p.Small))}
	b, err := binary.Append([]byte{isPicture}, binary.BigEndian, h)
	if err != nil {
		return fmt.Errorf("write an answer: %w", err)
	}
	for _, b := range [][]byte{b, p.JPEG, p.Small} {
		if _, err := w.Write(b); err != nil {
			return fmt.Errorf("write an answer: %w", err)
		}
	}
	return nil
}

// writeFault writes an answer with a sentence; any that is not in the list
// becomes the first.
func writeFault(w io.Writer, cause error) error {
	at := 0
	if f, ok := errors.AsType[*fault.Error](cause); ok {
		at = max(0, slices.IndexFunc(sentences(), func(s *fault.Error) bool { return s.Message == f.Message }))
	}
	if _, err := w.Write([]byte{isFault, byte(at)}); err != nil {
		return fmt.Errorf("write an answer: %w", err)
	}
	return nil
}

// readAnswer reads the answer of a child, which is not trusted: no size that it
// states is taken before it is held against the limits, and what it calls a
// picture has to be a cleaned one.
func readAnswer(r io.Reader, l photo.Limits) (*photo.Picture, error) {
	var first [1]byte
	if _, err := io.ReadFull(r, first[:]); err != nil {
		return nil, broken(errRubbish)
	}
	switch first[0] {
	case isPicture:
		p, err := readPicture(r, l)
		if err != nil {
			return nil, broken(err)
		}
		return p, nil
	case isFault:
		var at [1]byte
		list := sentences()
		if _, err := io.ReadFull(r, at[:]); err != nil || int(at[0]) >= len(list) || !ended(r) {
			return nil, broken(errRubbish)
		}
		return nil, list[at[0]]
	case isOpen:
		return nil, errOpen
	}
	return nil, broken(errRubbish)
}

func readPicture(r io.Reader, l photo.Limits) (*photo.Picture, error) {
	var h head
	if err := binary.Read(r, binary.BigEndian, &h); err != nil {
		return nil, errRubbish
	}
	traces, ok := photo.TracesOf(h.Traces)
	if !ok || int64(h.JPEG) > int64(l.Out) || int64(h.Small) > int64(l.Out)/16 || int64(max(h.Width, h.Height)) > int64(l.Side) {
		return nil, errRubbish
	}
	p := &photo.Picture{Width: int(h.Width), Height: int(h.Height), Traces: traces}
	for _, part := range []struct {
		to   *[]byte
		size uint32
	}{{&p.JPEG, h.JPEG}, {&p.Small, h.Small}} {
		*part.to = make([]byte, part.size)
		if _, err := io.ReadFull(r, *part.to); err != nil {
			return nil, errRubbish
		}
	}
	if !ended(r) {
		return nil, errRubbish
	}
	return p, checked(p, l)
}

// ended tells whether nothing more comes.
func ended(r io.Reader) bool {
	var more [1]byte
	n, err := io.ReadFull(r, more[:])
	return n == 0 && err == io.EOF
}

// checked walks both pictures on our side.
func checked(p *photo.Picture, l photo.Limits) error {
	width, height, err := photo.Check(p.JPEG)
	if err != nil {
		return err
	}
	smallWidth, smallHeight, err := photo.Check(p.Small)
	if err != nil {
		return err
	}
	if width != p.Width || height != p.Height || max(smallWidth, smallHeight) > l.Small {
		return errRubbish
	}
	return nil
}
