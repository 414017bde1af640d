package photo

import (
	"bytes"
	"encoding/binary"
)

// webp walks a WebP: name, length and data of even length of each chunk.
func (s *survey) webp(b []byte) error {
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WEBP" {
		return errShort
	}
	n := int64(binary.LittleEndian.Uint32(b[4:]))
	if n < 4 || n > int64(len(b)-8) {
		return errShort
	}
	body, after := b[12:8+n], b[8+n:]
	if n&1 == 1 && len(after) > 0 && after[0] == 0 {
		after = after[1:]
	}
	s.still = b[:8+n]
	frames := 0
	err := riff(body, func(name string, data []byte) error {
		if name == "ANMF" {
			if frames++; frames == 1 {
				return s.anmf(data)
			}
			return nil
		}
		return s.riffChunk(name, data)
	})
	if err != nil {
		return err
	}
	s.tail(after)
	return nil
}

// riff visits chunks until there is none left.
func riff(b []byte, visit func(name string, data []byte) error) error {
	for len(b) > 0 {
		if len(b) < 8 {
			return errShort
		}
		n := int64(binary.LittleEndian.Uint32(b[4:]))
		if n > int64(len(b)-8) {
			return errShort
		}
		if err := visit(string(b[:4]), b[8:8+n]); err != nil {
			return err
		}
		b = b[min(8+n+n&1, int64(len(b))):]
	}
	return nil
}

// riffChunk marks what one chunk tells, and reads the sizes that it states: the
// canvas and the picture may differ.
func (s *survey) riffChunk(name string, data []byte) error {
	switch name {
	case "VP8X":
		if len(data) < 10 {
			return errShort
		}
		s.grow(1+u24(data[4:]), 1+u24(data[7:]))
	case "VP8 ":
		// Three bytes of frame, three that never change, two sides of 14 bits.
		if len(data) < 10 || !bytes.Equal(data[3:6], []byte{0x9d, 0x01, 0x2a}) {
			return errShort
		}
		s.grow(int(binary.LittleEndian.Uint16(data[6:])&0x3fff), int(binary.LittleEndian.Uint16(data[8:])&0x3fff))
		s.memory = max(s.memory, s.pixels()*4)
	case "VP8L":
		if len(data) < 5 || data[0] != 0x2f {
			return errShort
		}
		sides := binary.LittleEndian.Uint32(data[1:])
		s.grow(1+int(sides&0x3fff), 1+int(sides>>14&0x3fff))
		s.memory = max(s.memory, s.pixels()*8)
	case "EXIF":
		s.exif(data)
	case "XMP ":
		s.xmp(data)
	case "ANIM":
		s.Several = true
	case "ALPH", "ICCP":
	default:
		s.words(data)
	}
	return nil
}

// anmf takes the first picture of an animated WebP and makes a file of it, since
// the decoder knows no animation: a header, then the chunks of the frame.
func (s *survey) anmf(data []byte) error {
	const header = 16
	if len(data) < header {
		return errShort
	}
	s.Several = true
	width, height := data[6:9], data[9:12]
	frame, alpha := []byte{}, byte(0)
	err := riff(data[header:], func(name string, data []byte) error {
		switch name {
		case "ALPH":
			alpha = 0x10
		case "VP8 ", "VP8L":
		default:
			return s.riffChunk(name, data)
		}
		frame = appendChunk(frame, name, data)
		return s.riffChunk(name, data)
	})
	if err != nil {
		return err
	}
	vp8x := append([]byte{alpha, 0, 0, 0}, width...)
	out := appendChunk([]byte("WEBP"), "VP8X", append(vp8x, height...))
	s.still = appendChunk(nil, "RIFF", append(out, frame...))
	return nil
}

// appendChunk appends a chunk of RIFF.
func appendChunk(to []byte, name string, data []byte) []byte {
	to = append(to, name...)
	to = binary.LittleEndian.AppendUint32(to, uint32(len(data)))
	to = append(to, data...)
	if len(data)&1 == 1 {
		to = append(to, 0)
	}
	return to
}

// u24 reads three bytes, the lowest first.
func u24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }
