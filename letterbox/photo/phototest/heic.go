package phototest

import (
	"bytes"
	_ "embed"
	"encoding/binary"
)

//go:embed tiny.heic
var tiny []byte

// Container is a HEIC to be written around the pixels of tiny.heic.
type Container struct {
	Width, Height uint32  // that it states; 0: as they are, 128 by 64
	Turns         byte    // quarters to the left, of irot
	Mirror        string  // "": none; "lr": left to right; "tb": top to bottom, of imir
	Exif, XMP     []byte  // further items
	Name          string  // of the picture's item
	Thumbnail     bool    // a second item that is a small copy of the first
	Boxes         []Chunk // behind everything
	Aux           string  // what a further property says that some other item is
	Iloc          []byte  // in place of where the items are
}

// HEIC writes a container.
func HEIC(c Container) []byte {
	if c.Width == 0 {
		c.Width, c.Height = 128, 64
	}
	pieces := [][]byte{stream()}
	infe := [][]byte{entry(1, "hvc1", c.Name, "")}
	if c.Thumbnail {
		pieces = append(pieces, stream())
		infe = append(infe, entry(2, "hvc1", "", ""))
	}
	if c.Exif != nil {
		pieces = append(pieces, append([]byte{0, 0, 0, 6}, append([]byte("Exif\x00\x00"), c.Exif...)...))
		infe = append(infe, entry(len(pieces), "Exif", "", ""))
	}
	if c.XMP != nil {
		pieces = append(pieces, c.XMP)
		infe = append(infe, entry(len(pieces), "mime", "", "application/rdf+xml\x00"))
	}
	ftyp := box("ftyp", []byte("heic\x00\x00\x00\x00mif1heic"))
	// The places of the pieces are known once the length of all before them is.
	meta := c.meta(infe, pieces, 0)
	meta = c.meta(infe, pieces, len(ftyp)+len(meta)+8)
	out := append(append(ftyp, meta...), box("mdat", bytes.Join(pieces, nil))...)
	for _, b := range c.Boxes {
		out = append(out, box(b.Name, b.Data)...)
	}
	return out
}

func (c Container) meta(infe, pieces [][]byte, at int) []byte {
	iinf := append([]byte{0, 0, 0, 0}, binary.BigEndian.AppendUint16(nil, uint16(len(infe)))...)
	iloc := append([]byte{0, 0, 0, 0, 0x44, 0}, binary.BigEndian.AppendUint16(nil, uint16(len(pieces)))...)
	for i, p := range pieces {
		iloc = append(iloc, 0, byte(i+1), 0, 0, 0, 1)
		iloc = binary.BigEndian.AppendUint32(iloc, uint32(at))
		iloc = binary.BigEndian.AppendUint32(iloc, uint32(len(p)))
		at += len(p)
	}
	if c.Iloc != nil {
		iloc = c.Iloc
	}
	ispe := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(make([]byte, 4), c.Width), c.Height)
	properties := [][]byte{within(tiny, "hvcC"), box("ispe", ispe)}
	if c.Aux != "" {
		properties = append(properties, box("auxC", []byte("\x00\x00\x00\x00"+c.Aux+"\x00")))
	}
	// Which of them the picture has; the first must be understood, as must be those that turn it.
	has := []byte{0x81, 2}
	if c.Turns > 0 {
		properties = append(properties, box("irot", []byte{c.Turns}))
		has = append(has, 0x80|byte(len(properties)))
	}
	if c.Mirror != "" {
		axis := map[string]byte{"tb": 0, "lr": 1}[c.Mirror]
		properties = append(properties, box("imir", []byte{axis}))
		has = append(has, 0x80|byte(len(properties)))
	}
	ipma := append([]byte{0, 0, 0, 0, 0, 0, 0, 1, 0, 1, byte(len(has))}, has...)
	if c.Thumbnail {
		ipma[7]++
		ipma = append(ipma, 0, 2, 2, 0x81, 2)
	}
	body := bytes.Join([][]byte{
		make([]byte, 4),
		box("hdlr", append([]byte("\x00\x00\x00\x00\x00\x00\x00\x00pict"), make([]byte, 13)...)),
		box("pitm", []byte{0, 0, 0, 0, 0, 1}),
		box("iloc", iloc),
		box("iinf", append(iinf, bytes.Join(infe, nil)...)),
		box("iprp", append(box("ipco", bytes.Join(properties, nil)), box("ipma", ipma)...)),
	}, nil)
	if c.Thumbnail {
		body = append(body, box("iref", append(make([]byte, 4), box("thmb", []byte{0, 2, 0, 1, 0, 1})...))...)
	}
	return box("meta", body)
}

// entry is the line of an item.
func entry(id int, kind, name, rest string) []byte {
	return box("infe", append([]byte{2, 0, 0, 0, 0, byte(id), 0, 0}, kind+name+"\x00"+rest...))
}

func box(name string, body []byte) []byte {
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+8)), name...), body...)
}

// within gives the first box of a name, with its head, wherever it stands.
func within(b []byte, name string) []byte {
	at := bytes.Index(b, []byte(name)) - 4
	return b[at : at+int(binary.BigEndian.Uint32(b[at:]))]
}

// stream is the compressed picture: what is in the only mdat.
func stream() []byte { return within(tiny, "mdat")[8:] }
