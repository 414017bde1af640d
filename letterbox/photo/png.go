package photo

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"io"
	"strings"
)

const pngMagic = "\x89PNG\r\n\x1a\n"

// png walks a PNG: length, name, data and checksum of each chunk.
func (s *survey) png(b []byte) error {
	if !bytes.HasPrefix(b, []byte(pngMagic)) {
		return errShort
	}
	b = b[len(pngMagic):]
	for first := true; ; first = false {
		if len(b) < 12 {
			return errShort
		}
		n, name := int64(binary.BigEndian.Uint32(b)), string(b[4:8])
		if n > int64(len(b)-12) || first != (name == "IHDR") {
			return errShort
		}
		data := b[8 : 8+n]
		b = b[12+n:]
		if name == "IEND" {
			if n > 0 {
				s.words(data)
			}
			break
		}
		if err := s.chunk(name, data); err != nil {
			return err
		}
	}
	s.tail(b)
	return nil
}

// chunk marks what one chunk tells. One that is not known is words: it may be
// anything that somebody put there.
func (s *survey) chunk(name string, data []byte) error {
	switch name {
	case "IHDR":
		return s.ihdr(data)
	case "tEXt", "zTXt", "iTXt":
		s.pngText(name, data)
	case "eXIf":
		s.exif(data)
	case "tIME":
		s.Date = true
	case "acTL", "fcTL", "fdAT":
		s.Several = true
	case "PLTE", "IDAT", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "sBIT", "bKGD", "hIST", "pHYs", "cICP", "mDCV", "cLLI":
	default:
		s.words(data)
	}
	return nil
}

// ihdr reads the size and counts what decoding takes.
func (s *survey) ihdr(data []byte) error {
	if len(data) != 13 {
		return errShort
	}
	width, height := binary.BigEndian.Uint32(data), binary.BigEndian.Uint32(data[4:])
	if width == 0 || height == 0 || width > 1<<31-1 || height > 1<<31-1 {
		return errShort
	}
	s.grow(int(width), int(height))
	each := int64(4)
	switch depth, colour := data[8], data[9]; {
	case depth == 16:
		each = 8
	case colour == 3:
		each = 1
	}
	if data[12] != 0 { // interlaced: seven pictures that are put together
		each *= 2
	}
	// It can run over where the pixels alone are far beyond any limit.
	s.memory = s.pixels() * each
	return nil
}

// pngText marks what a chunk of text tells. ImageMagick writes EXIF and IPTC as
// text of hexadecimal digits, and XMP has a keyword of its own.
func (s *survey) pngText(name string, data []byte) {
	s.words(data)
	keyword, text, ok := strings.Cut(string(data), "\x00")
	if !ok {
		return
	}
	if name == "zTXt" && len(text) > 1 {
		text = s.inflated(text[1:])
	}
	if name == "iTXt" && len(text) > 2 {
		compressed := text[0] == 1
		text = text[2:]
		for range 2 { // language, and the keyword in it
			_, text, _ = strings.Cut(text, "\x00")
		}
		if compressed {
			text = s.inflated(text)
		}
	}
	switch low := strings.ToLower(keyword); {
	case strings.Contains(low, "xmp"):
		s.xmp([]byte(text))
	case strings.HasPrefix(low, "raw profile type"):
		s.raw(low, text)
	case strings.Contains(low, "time"), strings.Contains(low, "date"):
		s.Date = true
	case low == "software", low == "source", low == "make", low == "model":
		s.Camera = true
	}
	s.words([]byte(text))
}

// raw reads what ImageMagick writes: a name, a count, and the bytes as digits.
func (s *survey) raw(keyword, text string) {
	fields := strings.Fields(text)
	if len(fields) < 3 {
		return
	}
	b, err := hex.DecodeString(strings.Join(fields[2:], ""))
	if err != nil {
		return // it stays marked as text
	}
	switch {
	case strings.HasSuffix(keyword, "exif"), strings.HasSuffix(keyword, "app1"):
		s.exif(b)
	case strings.HasSuffix(keyword, "iptc"):
		s.photoshop(bytes.TrimPrefix(b, []byte("Photoshop 3.0\x00")))
		s.iptc(b)
	}
}

// mostText is how much compressed text of one file is looked at: a small file can
// hold thousands of pieces that grow a thousandfold each.
const mostText = 4 << 20

func (s *survey) inflated(text string) string {
	z, err := zlib.NewReader(strings.NewReader(text))
	if err != nil {
		return ""
	}
	// What came before an error is looked at all the same.
	out, _ := io.ReadAll(io.LimitReader(z, int64(mostText-s.inflate)))
	s.inflate += len(out)
	return string(out)
}
