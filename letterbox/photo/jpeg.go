package photo

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// The markers of a JPEG that are named here.
const (
	sof0 = 0xc0
	sof2 = 0xc2
	dht  = 0xc4
	jpg  = 0xc8
	dac  = 0xcc
	rst0 = 0xd0
	rst7 = 0xd7
	soi  = 0xd8
	eoi  = 0xd9
	sos  = 0xda
	dqt  = 0xdb
	app0 = 0xe0
	appF = 0xef
	com  = 0xfe
	// loose stands for bytes between two segments, which decoders pass over.
	loose = 0x00
)

// segments visits the segments of a JPEG in their order and gives what stands
// after its end.
func segments(b []byte, visit func(marker byte, body []byte) error) (after []byte, err error) {
	if !bytes.HasPrefix(b, []byte{0xff, soi}) {
		return nil, errShort
	}
	for b = b[2:]; ; {
		gap := bytes.IndexByte(b, 0xff)
		if gap < 0 {
			return nil, errShort
		}
		if gap > 0 {
			if err := visit(loose, b[:gap]); err != nil {
				return nil, err
			}
		}
		// A marker may have more than one FF before it.
		for b = b[gap:]; len(b) > 0 && b[0] == 0xff; b = b[1:] {
		}
		if len(b) == 0 {
			return nil, errShort
		}
		marker := b[0]
		b = b[1:]
		switch {
		case marker == eoi:
			return b, nil
		case marker == 0x00, marker == 0x01, marker >= rst0 && marker <= soi:
			if err := visit(loose, []byte{marker}); err != nil {
				return nil, err
			}
			continue
		}
		if len(b) < 2 {
			return nil, errShort
		}
		n := int(binary.BigEndian.Uint16(b))
		if n < 2 || n > len(b) {
			return nil, errShort
		}
		if err := visit(marker, b[2:n]); err != nil {
			return nil, err
		}
		if b = b[n:]; marker == sos {
			b = b[scan(b):]
		}
	}
}

// scan gives where the compressed pixels at the start of b end: at the first FF
// that is neither written for itself nor a restart.
func scan(b []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], 0xff)
		if i < 0 {
			return len(b)
		}
		at += i
		if at+1 >= len(b) {
			return len(b)
		}
		if next := b[at+1]; next != 0 && (next < rst0 || next > rst7) {
			return at
		}
		at += 2
	}
}

// jpeg walks a JPEG.
func (s *survey) jpeg(b []byte) error {
	scans := 0
	after, err := segments(b, func(marker byte, body []byte) error {
		switch {
		case marker >= sof0 && marker < rst0 && marker != dht && marker != jpg && marker != dac:
			return s.frame(marker, body)
		case marker == sos:
			scans++
		case marker >= app0 && marker <= appF:
			s.app(marker, body)
		case marker == com, marker == loose && len(body) > 1:
			s.words(body)
		}
		return nil
	})
	if err != nil {
		return err
	}
	// A scan is walked over every pixel: thousands of them in a small file keep a decoder busy for minutes.
	if scans == 0 || scans > 100 {
		return fmt.Errorf("a JPEG with %d scans: %w", scans, errShort)
	}
	s.tail(after)
	return nil
}

// frame reads the size of a JPEG and counts what decoding takes: one byte a
// sample, and four more while the picture comes in several scans.
func (s *survey) frame(marker byte, body []byte) error {
	if len(body) < 6 || len(body) != 6+3*int(body[5]) {
		return errShort
	}
	height, width := int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
	if height == 0 || width == 0 {
		return errShort
	}
	s.grow(width, height)
	var most, all int64 = 1, 0
	for c := body[6:]; len(c) > 0; c = c[3:] {
		n := int64(c[1]>>4) * int64(c[1]&15)
		most, all = max(most, n), all+n
	}
	each := int64(1)
	if marker >= sof2 {
		each = 5
	}
	s.memory = max(s.memory, s.pixels()*all*each/most)
	return nil
}

// app marks what a segment of an application tells.
func (s *survey) app(marker byte, body []byte) {
	of := func(name string) bool { return bytes.HasPrefix(body, []byte(name)) }
	switch {
	case marker == app0 && of("JFIF\x00"):
		// It may hold a small copy without any compression.
		s.Thumbnail = s.Thumbnail || len(body) >= 14 && body[12] != 0 && body[13] != 0
	case marker == app0 && of("JFXX\x00"):
		s.Thumbnail = true
	case marker == app0+1 && of("Exif\x00"):
		s.exif(body)
	case marker == app0+1 && of("http://ns.adobe.com/x"):
		s.xmp(body)
	case marker == app0+2 && of("ICC_PROFILE\x00"):
	case marker == app0+2 && of("MPF\x00"):
		s.Several = true
	case marker == app0+13 && of("Photoshop 3.0\x00"):
		s.photoshop(body[len("Photoshop 3.0\x00"):])
	case marker == app0+14 && of("Adobe") && len(body) == 12:
	default:
		s.words(body)
	}
}

// photoshop marks what the blocks of Photoshop tell: 8BIM, number, a name of even
// length, size, data of even length.
func (s *survey) photoshop(b []byte) {
	s.words(b)
	for len(b) >= 12 && string(b[:4]) == "8BIM" {
		number := binary.BigEndian.Uint16(b[4:])
		at := 6 + (int(b[6])+2)&^1
		if at+4 > len(b) {
			return
		}
		n := int64(binary.BigEndian.Uint32(b[at:]))
		b = b[at+4:]
		if n > int64(len(b)) {
			return
		}
		switch number {
		case 0x0404:
			s.iptc(b[:n])
		case 0x0409, 0x040c:
			s.Thumbnail = true
		case 0x0422:
			s.exif(b[:n])
		case 0x0424:
			s.xmp(b[:n])
		}
		b = b[min(n+n&1, int64(len(b))):]
	}
}
