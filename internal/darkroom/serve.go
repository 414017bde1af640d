package darkroom

import (
	"errors"
	"fmt"
	"io"
	"os"

	"gatepost/letterbox/photo"
)

// Serve is the child: it shuts this process in for good, reads what to do and a
// picture from in, and writes one answer to out. What it returns is for nobody
// but a test: a child has no one to tell.
//
// What a decoder prints must not get into the answer, so [os.Stdout] is set to
// another file.
func Serve(in io.Reader, out io.Writer) error {
	os.Stdout = os.Stderr
	q, err := readRequest(in)
	if err != nil {
		return err
	}
	if err := confine(q.limits); err != nil {
		_, write := out.Write([]byte{isOpen})
		return fmt.Errorf("shut a child in: %w", errors.Join(err, write))
	}
	file := make([]byte, q.size)
	if _, err := io.ReadFull(in, file); err != nil {
		return fmt.Errorf("read a picture: %w", err)
	}
	p, err := develop(q, file)
	if err != nil {
		return writeFault(out, err)
	}
	return writePicture(out, p)
}

func develop(q request, file []byte) (*photo.Picture, error) {
	l := q.limits.Photo
	switch q.op {
	case opCrop:
		return photo.Crop(file, q.part, l)
	case opBlur:
		return photo.Blur(file, q.part, l)
	default:
		return photo.Clean(file, l)
	}
}
