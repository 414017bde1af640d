package phototest

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
)

// Word is planted wherever a file can hold text. It is no place that there is.
const Word = "Wrenburyhithe"

// Corners of a Scene, clockwise from the upper left.
func Corners() [4]color.RGBA {
	return [4]color.RGBA{{200, 30, 30, 255}, {30, 160, 40, 255}, {30, 50, 200, 255}, {230, 220, 40, 255}}
}

// Scene is a picture of four plain quarters, so that its way up can be told.
func Scene(width, height int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	corners := Corners()
	for y := range height {
		for x := range width {
			quarter := 0
			switch right, below := x >= width/2, y >= height/2; {
			case right && below:
				quarter = 2
			case right:
				quarter = 1
			case below:
				quarter = 3
			}
			img.SetRGBA(x, y, corners[quarter])
		}
	}
	return img
}

// Segment is one of a JPEG.
type Segment struct {
	Marker byte
	Body   []byte
}

// JPEG encodes a picture and puts segments behind its first two bytes.
func JPEG(img image.Image, segments ...Segment) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		panic(err) // into memory, of a picture that is whole
	}
	out := []byte{0xff, 0xd8}
	for _, s := range segments {
		out = append(out, 0xff, s.Marker)
		out = binary.BigEndian.AppendUint16(out, uint16(len(s.Body)+2))
		out = append(out, s.Body...)
	}
	return append(out, b.Bytes()[2:]...)
}

// Exif is a segment of EXIF.
func Exif(block []byte) Segment { return Segment{0xe1, append([]byte("Exif\x00\x00"), block...)} }

// XMP is a packet that names a town, a camera and a day.
func XMP() []byte {
	return []byte(`<?xpacket begin=''?><x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:Description photoshop:City='` + Word +
		`' tiff:Model='` + Word + `' xmp:CreateDate='2026-05-04'/></x:xmpmeta>`)
}

// XMPSegment has the packet as a JPEG has it.
func XMPSegment(packet []byte) Segment {
	return Segment{0xe1, append([]byte("http://ns.adobe.com/xap/1.0/\x00"), packet...)}
}

// IPTC is a segment of Photoshop with a town and a day.
func IPTC() Segment {
	piece := func(number byte, text string) []byte {
		return append([]byte{0x1c, 2, number, 0, byte(len(text))}, text...)
	}
	data := append(piece(90, Word), piece(55, "20260504")...)
	body := append([]byte("Photoshop 3.0\x008BIM\x04\x04\x00\x00"), binary.BigEndian.AppendUint32(nil, uint32(len(data)))...)
	return Segment{0xed, append(body, data...)}
}

// Comment is a comment of a JPEG.
func Comment(text string) Segment { return Segment{0xfe, []byte(text)} }

// Tag is a field of EXIF: ASCII where Text is given, else a number of 16 bits, or a
// folder of its own.
type Tag struct {
	Number uint16
	Text   string
	Short  uint16
	Folder []Tag
}

// TIFF writes folders of EXIF: the first, and that of a small copy where next is
// given. The order is that of Intel or of Motorola.
func TIFF(order binary.AppendByteOrder, first, next []Tag) []byte {
	out := []byte("MM\x00*")
	if order.String() == "LittleEndian" {
		out = []byte("II*\x00")
	}
	out = order.AppendUint32(out, 8)
	out, link := folder(out, order, first)
	if next != nil {
		copy(out[link:], order.AppendUint32(nil, uint32(len(out))))
		out, _ = folder(out, order, next)
	}
	return out
}

// folder appends a folder and what it points at, and gives where the link to the
// next one stands.
func folder(out []byte, order binary.AppendByteOrder, tags []Tag) (all []byte, link int) {
	out = order.AppendUint16(out, uint16(len(tags)))
	link = len(out) + 12*len(tags)
	type later struct {
		at  int
		tag Tag
	}
	var rest []later
	for _, t := range tags {
		out = order.AppendUint16(out, t.Number)
		kind, n := uint16(3), 1
		switch {
		case t.Folder != nil:
			kind = 4
		case t.Text != "":
			kind, n = 2, len(t.Text)+1
		}
		out = order.AppendUint32(order.AppendUint16(out, kind), uint32(n))
		if kind == 3 {
			out = append(order.AppendUint16(out, t.Short), 0, 0)
			continue
		}
		rest = append(rest, later{len(out), t})
		out = append(out, 0, 0, 0, 0)
	}
	out = append(out, 0, 0, 0, 0)
	for _, l := range rest {
		copy(out[l.at:], order.AppendUint32(nil, uint32(len(out))))
		if l.tag.Folder != nil {
			out, _ = folder(out, order, l.tag.Folder)
			continue
		}
		out = append(append(out, l.tag.Text...), 0)
	}
	return out, link
}

// GPS is the folder of a place.
func GPS() Tag {
	return Tag{Number: 0x8825, Folder: []Tag{{Number: 1, Text: "N"}, {Number: 2, Text: Word}}}
}

// Everything is EXIF with a place, a camera, a day, words and a small copy.
func Everything(order binary.AppendByteOrder) []byte {
	return TIFF(order, []Tag{
		{Number: 0x010e, Text: Word}, {Number: 0x010f, Text: Word + " cameras"}, {Number: 0x0112, Short: 1}, {Number: 0x0132, Text: "2026:05:04 10:00:00"},
		{Number: 0x8769, Folder: []Tag{{Number: 0x9003, Text: "2026:05:04 10:00:00"}, {Number: 0x927c, Text: Word}}}, GPS(),
	}, []Tag{{Number: 0x0201, Text: "small " + Word}})
}

// Chunk is one of a PNG or of a WebP.
type Chunk struct {
	Name string
	Data []byte
}

// PNG encodes a picture and puts chunks behind its first one.
func PNG(img image.Image, chunks ...Chunk) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err) // into memory, of a picture that is whole
	}
	const first = 8 + 12 + 13
	out := bytes.Clone(b.Bytes()[:first])
	for _, c := range chunks {
		out = appendPNG(out, c)
	}
	return append(out, b.Bytes()[first:]...)
}

func appendPNG(out []byte, c Chunk) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(c.Data)))
	from := len(out)
	out = append(append(out, c.Name...), c.Data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[from:]))
}

// BombPNG states a size and holds next to nothing.
func BombPNG(width, height uint32) []byte {
	ihdr := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	out := appendPNG([]byte("\x89PNG\r\n\x1a\n"), Chunk{"IHDR", append(ihdr, 8, 2, 0, 0, 0)})
	out = appendPNG(out, Chunk{"IDAT", Deflated(make([]byte, 100))})
	return appendPNG(out, Chunk{"IEND", nil})
}

// Deflated compresses as zTXt does.
func Deflated(b []byte) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		panic(err) // into memory
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// Resized changes the size that the frame of a JPEG states.
func Resized(b []byte, width, height uint16) []byte {
	b = bytes.Clone(b)
	at := bytes.Index(b, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(b[at+5:], height)
	binary.BigEndian.PutUint16(b[at+7:], width)
	return b
}

// Archive is the beginning of a ZIP file with the word in it, and Page that of a
// web page.
func Archive() []byte { return []byte("PK\x03\x04 " + Word) }

// Page is a web page with the word in it.
func Page() []byte { return []byte("<!DOCTYPE html><script>" + Word + "</script>") }

// Film is the beginning of an MP4 with the word in it, as phones hang it behind a
// picture.
func Film() []byte { return []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + Word) }

// bits writes as VP8L reads: the lowest bit first.
type bits struct {
	out []byte
	n   int
}

func (b *bits) put(value uint32, n int) {
	for i := range n {
		if b.n%8 == 0 {
			b.out = append(b.out, 0)
		}
		b.out[b.n/8] |= byte(value>>i&1) << (b.n % 8)
		b.n++
	}
}

// VP8L encodes a picture without loss and without any saving: every value has a
// code of eight bits.
func VP8L(img *image.NRGBA) []byte {
	b := &bits{out: []byte{0x2f}, n: 8}
	b.put(uint32(img.Rect.Dx()-1), 14)
	b.put(uint32(img.Rect.Dy()-1), 14)
	b.put(1, 1) // alpha is used
	b.put(0, 3) // version
	b.put(0, 3) // no transform, no cache of colours, one set of codes
	// Codes of green (with 24 lengths that are not used), red, blue and alpha.
	for _, symbols := range []int{256 + 24, 256, 256, 256} {
		b.put(0, 1)
		// Lengths are 0 or 8, which are the third and the twelfth in the format's
		// order, each with a code of one bit.
		b.put(12-4, 4)
		for i := range 12 {
			if i == 2 || i == 11 {
				b.put(1, 3)
			} else {
				b.put(0, 3)
			}
		}
		b.put(0, 1) // of all symbols
		for i := range symbols {
			if i < 256 {
				b.put(1, 1)
			} else {
				b.put(0, 1)
			}
		}
	}
	b.put(1, 4) // distances: one symbol, 0
	for i := 0; i < len(img.Pix); i += 4 {
		for _, c := range []int{1, 0, 2, 3} {
			for bit := 7; bit >= 0; bit-- {
				b.put(uint32(img.Pix[i+c]>>bit&1), 1)
			}
		}
	}
	return b.out
}

// RIFF puts chunks into a WebP.
func RIFF(chunks ...Chunk) []byte {
	body := []byte("WEBP")
	for _, c := range chunks {
		body = appendRIFF(body, c)
	}
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func appendRIFF(out []byte, c Chunk) []byte {
	out = binary.LittleEndian.AppendUint32(append(out, c.Name...), uint32(len(c.Data)))
	out = append(out, c.Data...)
	if len(c.Data)%2 == 1 {
		out = append(out, 0)
	}
	return out
}

// VP8X states the canvas of a WebP, and with flags what else is in it.
func VP8X(flags byte, width, height int) Chunk {
	w, h := width-1, height-1
	return Chunk{"VP8X", []byte{flags, 0, 0, 0, byte(w), byte(w >> 8), byte(w >> 16), byte(h), byte(h >> 8), byte(h >> 16)}}
}

// Frame is one picture of an animated WebP.
func Frame(img *image.NRGBA) Chunk {
	head := make([]byte, 16)
	copy(head[6:], VP8X(0, img.Rect.Dx(), img.Rect.Dy()).Data[4:])
	return Chunk{"ANMF", appendRIFF(head, Chunk{"VP8L", VP8L(img)})}
}

// NRGBA copies a picture into the form that VP8L takes.
func NRGBA(img image.Image) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			out.Set(x, y, img.At(x, y))
		}
	}
	return out
}

// String of a segment says which it is and not what is in it.
func (s Segment) String() string { return fmt.Sprintf("%02x", s.Marker) }

// Progressive is a plain grey JPEG in the form whose decoder keeps the whole
// picture as numbers before it has a pixel: some 150 kB of file for 50 million
// pixels, and 400 MB of memory.
func Progressive(width, height int) []byte {
	segment := func(out []byte, marker byte, body ...byte) []byte {
		out = append(out, 0xff, marker)
		return append(binary.BigEndian.AppendUint16(out, uint16(len(body)+2)), body...)
	}
	out := segment([]byte{0xff, 0xd8}, 0xdb, append([]byte{0}, bytes.Repeat([]byte{1}, 64)...)...)
	// Three components, the first with two by two samples for one of the others.
	out = segment(out, 0xc2, 8, byte(height>>8), byte(height), byte(width>>8), byte(width), 3, 1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0)
	// One code, of one bit: the same as in the block before.
	out = segment(out, 0xc4, append([]byte{0, 1}, make([]byte, 16)...)...)
	// One scan, of the mean of each block.
	out = segment(out, 0xda, 3, 1, 0, 2, 0, 3, 0, 0, 0, 0)
	blocks := 6 * ((width + 15) / 16) * ((height + 15) / 16)
	return append(append(out, make([]byte, blocks/8+1)...), 0xff, 0xd9)
}
