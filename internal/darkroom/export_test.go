package darkroom

import (
	"io"
	"os"

	"gatepost/letterbox/photo"
)

// NewWith makes a room whose child is this test itself, told by its environment
// what to be, with its errors on stderr.
func NewWith(limits Limits, stderr io.Writer, env ...string) *Room {
	return &Room{limits: limits, places: make(chan struct{}, 1), command: []string{os.Args[0]}, env: env, stderr: stderr}
}

// Confine shuts this process in as a child is.
func Confine(l Limits) error { return confine(l) }

// Asked reads what a child is asked, with the picture, and shuts it in.
func Asked(in io.Reader) ([]byte, error) {
	q, err := readRequest(in)
	if err != nil {
		return nil, err
	}
	if err := confine(q.limits); err != nil {
		return nil, err
	}
	file := make([]byte, q.size)
	_, err = io.ReadFull(in, file)
	return file, err
}

// The two halves of an answer, and of a request.
func ReadAnswer(r io.Reader, l photo.Limits) (*photo.Picture, error) { return readAnswer(r, l) }
func WritePicture(w io.Writer, p *photo.Picture) error               { return writePicture(w, p) }
func WriteFault(w io.Writer, err error) error                        { return writeFault(w, err) }
func ReadRequest(r io.Reader) error {
	_, err := readRequest(r)
	return err
}
func Request(l Limits, size int) []byte {
	q := request{op: opClean, limits: l, size: size}
	return q.marshal()
}
