package photo

import (
	"bytes"
	"encoding/binary"
)

// tiff is a block of EXIF: folders of tags that point at each other.
type tiff struct {
	b     []byte
	order binary.ByteOrder
	left  int // folders that may still be read: they can point in a circle
}

// exif marks what a block of EXIF tells and keeps the way up. One that cannot be
// read is marked as text: it holds something, and nobody can say what.
func (s *survey) exif(b []byte) {
	b = bytes.TrimPrefix(b, []byte("Exif\x00\x00"))
	t := tiff{b: b, left: 8}
	switch {
	case bytes.HasPrefix(b, []byte("II*\x00")):
		t.order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte("MM\x00*")):
		t.order = binary.BigEndian
	default:
		s.words(b)
		return
	}
	if len(b) < 8 {
		s.words(b)
		return
	}
	s.Second = s.Second || foreign(b)
	next := t.folder(t.order.Uint32(b[4:]), s.tag)
	if next != 0 {
		// The second folder is that of the small copy.
		s.Thumbnail = true
		t.folder(next, s.tag)
	}
}

// folder visits the tags of a folder, each with its four bytes of value, and
// gives where the next one is: 0 for none, or for a folder that is not whole.
func (t *tiff) folder(at uint32, visit func(*tiff, uint16, []byte)) (next uint32) {
	if t.left == 0 || int64(at)+2 > int64(len(t.b)) {
		return 0
	}
	t.left--
	b := t.b[at:]
	n := int(t.order.Uint16(b))
	b = b[2:]
	for range n {
		if len(b) < 12 {
			return 0
		}
		visit(t, t.order.Uint16(b), b[8:12])
		b = b[12:]
	}
	if len(b) < 4 {
		return 0
	}
	return t.order.Uint32(b)
}

// tag marks what one tag of EXIF tells.
func (s *survey) tag(t *tiff, number uint16, value []byte) {
	switch number {
	case 0x0112: // orientation
		if turn := int(t.order.Uint16(value)); s.turn == 0 && turn >= 1 && turn <= 8 {
			s.turn = turn
		}
	case 0x010f, 0x0110, 0x0131, 0x013c, // make, model, program, computer
		0x927c, 0xa420, 0xa431, 0xa433, 0xa434, 0xa435, 0xc62f: // maker's notes, ids and serial numbers, lens
		s.Camera = true
	case 0x0132, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012: // dates and their zones
		s.Date = true
	case 0x010d, 0x010e, 0x013b, 0x8298, 0x9286, 0xa430, // name, description, artist, rights, comment, owner
		0x02bc, 0x83bb, 0x8649, // XMP, IPTC and Photoshop, as TIFF has them
		0x9c9b, 0x9c9c, 0x9c9d, 0x9c9e, 0x9c9f: // what Windows writes
		s.Text = true
	case 0x0201, 0x0202: // the small copy
		s.Thumbnail = true
	case 0x8769: // the folder of the exposure
		t.folder(t.order.Uint32(value), s.tag)
	case 0x8825: // the folder of the place
		t.folder(t.order.Uint32(value), func(_ *tiff, number uint16, _ []byte) {
			// A version alone is written by cameras that know no place.
			s.Place = s.Place || number != 0
		})
	}
}
