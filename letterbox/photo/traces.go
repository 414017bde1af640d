package photo

import "bytes"

// foreign tells whether the beginning of another kind of file stands in b. It is
// asked of what lies outside a picture only, where none of these belongs.
func foreign(b []byte) bool {
	low := bytes.ToLower(b)
	for _, mark := range []string{"<html", "<script", "<!doctype", "<svg", "<?php"} {
		if bytes.Contains(low, []byte(mark)) {
			return true
		}
	}
	for _, magic := range []string{
		"PK\x03\x04", "PK\x05\x06", "%PDF-", "Rar!\x1a", "7z\xbc\xaf\x27\x1c", "\x1f\x8b\x08", "\x7fELF", "\xd0\xcf\x11\xe0\xa1\xb1",
		"GIF87a", "GIF89a", pngMagic,
	} {
		if bytes.Contains(b, []byte(magic)) {
			return true
		}
	}
	return false
}

// tail marks what stands after the end of a picture.
func (s *survey) tail(b []byte) {
	if len(b) == 0 {
		return
	}
	s.After = true
	// A phone hangs its short film behind the picture: an MP4, whose first box says so.
	if bytes.Contains(b, []byte("ftyp")) || bytes.Contains(b, []byte("MotionPhoto_Data")) {
		s.Motion = true
	}
	// Or the second picture of two: a map of brightness, the view of the other lens.
	if bytes.Contains(b, []byte("\xff\xd8\xff")) {
		s.Several = true
	}
	s.Second = s.Second || foreign(b)
}

// words marks a piece of metadata that is text, or that nobody can name.
func (s *survey) words(b []byte) {
	s.Text = true
	s.Second = s.Second || foreign(b)
}

// xmp marks what a packet of XMP tells. It is not parsed: a name that stands in it
// at all is enough for a mark. Without its zero bytes also one in UTF-16 is read.
func (s *survey) xmp(b []byte) {
	b = bytes.ReplaceAll(b, []byte{0}, nil)
	s.words(b)
	for _, of := range []struct {
		mark  *bool
		names []string
	}{
		{&s.Place, []string{"GPSL", "photoshop:City", "photoshop:State", "photoshop:Country", "Iptc4xmpCore:Location", "LocationCreated", "LocationShown"}},
		{&s.Camera, []string{"tiff:Make", "tiff:Model", "aux:", "exifEX:Lens", "SerialNumber"}},
		{&s.Date, []string{"CreateDate", "ModifyDate", "DateTime", "DateCreated", "MetadataDate"}},
		{&s.Thumbnail, []string{"xmpGImg:"}},
		{&s.Motion, []string{"MotionPhoto", "MicroVideo"}},
	} {
		for _, name := range of.names {
			*of.mark = *of.mark || bytes.Contains(b, []byte(name))
		}
	}
}

// iptc marks what a block of IPTC tells: pieces of 1C, record, number, length.
func (s *survey) iptc(b []byte) {
	s.words(b)
	for len(b) >= 5 && b[0] == 0x1c {
		record, number, n := b[1], b[2], int(b[3])<<8|int(b[4])
		// A longer piece has its length elsewhere; nothing that we look for is one.
		if n&0x8000 != 0 || 5+n > len(b) {
			return
		}
		if record == 2 {
			switch number {
			case 90, 92, 95, 100, 101: // city, part of it, state, country
				s.Place = true
			case 55, 60, 62, 63: // day and time, of the picture and of its copy
				s.Date = true
			case 65, 70: // the program and its version
				s.Camera = true
			}
		}
		b = b[5+n:]
	}
}
