package photo

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// errUnclean is the after-check's no. It is our own mistake or an attack on the
// process that cleaned, and never the fault of who sent the picture.
var errUnclean = errors.New("a cleaned picture holds more than a picture")

// Check walks a JPEG that was cleaned and gives its size. It passes only what
// [Clean] writes: one picture in one scan, with its tables, from the first byte to
// the last. No EXIF, XMP, IPTC, profile or comment has a place in that, nor have
// bytes before, between and after the segments.
//
// What the pixels themselves carry it cannot see.
func Check(b []byte) (width, height int, err error) {
	frames, scans, tables := 0, 0, 0
	after, err := segments(b, func(marker byte, body []byte) error {
		switch {
		case scans > 0: // nothing comes after the one scan
		case marker == dqt, marker == dht:
			// Two for light and two for colour, of numbers and of codes at most.
			n := tablesIn(marker, body)
			if tables += n; n > 0 && tables <= 8 {
				return nil
			}
		case marker == sof0 && frames == 0 && len(body) == 6+3*3 && body[0] == 8 && body[5] == 3:
			frames++
			height, width = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
			return nil
		case marker == sos && frames == 1 && len(body) == 1+3*2+3 && body[0] == 3:
			scans++
			return nil
		}
		return fmt.Errorf("marker %02x: %w", marker, errUnclean)
	})
	switch {
	case err != nil:
		return 0, 0, fmt.Errorf("check a cleaned picture: %w", err)
	case len(after) > 0, scans != 1, width == 0, height == 0:
		return 0, 0, fmt.Errorf("check a cleaned picture: %w", errUnclean)
	}
	return width, height, nil
}

// tablesIn counts the tables of a segment; 0 for one that has anything else.
func tablesIn(marker byte, body []byte) (n int) {
	for ; len(body) > 0; n++ {
		size := 1 + 64
		if marker == dht {
			size = 1 + 16
			for _, codes := range body[1:min(size, len(body))] {
				size += int(codes)
			}
		}
		if len(body) < size {
			return 0
		}
		body = body[size:]
	}
	return n
}
