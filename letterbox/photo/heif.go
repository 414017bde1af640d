package photo

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
)

// isHEIC tells a HEIC by the brands of its first box. AVIF is in the same box
// with another decoder, and is not taken.
func isHEIC(b []byte) bool {
	if len(b) < 16 || string(b[4:8]) != "ftyp" {
		return false
	}
	n := min(int64(binary.BigEndian.Uint32(b)), int64(len(b)))
	heic := false
	for at := int64(8); at+4 <= n; at += 4 {
		if at == 12 { // the version of the first brand
			continue
		}
		switch string(b[at : at+4]) {
		case "heic", "heix", "heim", "heis", "hevc", "hevx":
			heic = true
		case "avif", "avis":
			return false
		}
	}
	return heic
}

// box is one of a HEIC: its head (length and name) and what is in it.
type box struct {
	name       string
	head, body []byte
}

// boxes visits the boxes in b and gives what is left when no box follows.
func boxes(b []byte, visit func(box) error) (rest []byte, err error) {
	for len(b) >= 8 {
		n, header := uint64(binary.BigEndian.Uint32(b)), uint64(8)
		switch {
		case n == 0: // to the end
			n = uint64(len(b))
		case n == 1 && len(b) >= 16:
			n, header = binary.BigEndian.Uint64(b[8:]), 16
		}
		if n < header || n > uint64(len(b)) || !boxName(b[4:8]) {
			return b, nil
		}
		if err := visit(box{string(b[4:8]), b[:header], b[header:n]}); err != nil {
			return nil, err
		}
		b = b[n:]
	}
	return b, nil
}

// boxName tells whether four bytes can be the name of a box.
func boxName(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// heif is what the boxes of a HEIC say about its items.
type heif struct {
	file       []byte
	idat       []byte
	iloc       []byte            // where the items are
	kinds      map[uint32]string // of the items that are metadata: "Exif" or "xmp"
	primary    []byte            // which item is the picture
	properties []box
	ipma       []byte // which of them an item has
}

// heic walks a HEIC. Its EXIF orientation is not used: what turns the picture are
// properties of it. They are taken out of the copy that the decoder gets, for it
// reads beyond its memory where a picture lies on its side.
func (s *survey) heic(b []byte) error {
	b = bytes.Clone(b)
	s.still = b
	h := &heif{file: b, kinds: map[uint32]string{}}
	meta := false
	rest, err := boxes(b, func(x box) error {
		switch x.name {
		case "meta":
			if meta {
				return errShort
			}
			meta = true
			return s.meta(h, x.body)
		case "moov", "mpvd":
			s.Motion, s.Several = true, true
		case "ftyp", "mdat", "free", "skip", "wide":
		default:
			s.words(x.body)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !meta {
		return errShort
	}
	s.items(h)
	s.turn = h.turn()
	// Measured: planes, what the decoder keeps beside them, their copy on the way
	// out, and all of that twice whenever the memory of WebAssembly grows.
	s.memory = s.pixels() * 16
	s.tail(rest)
	return nil
}

// meta reads the box that lists what is in the file.
func (s *survey) meta(h *heif, body []byte) error {
	if len(body) < 4 {
		return errShort
	}
	rest, err := boxes(body[4:], func(x box) error {
		switch x.name {
		case "iinf":
			return s.iinf(h, x.body)
		case "iloc":
			h.iloc = x.body
		case "idat":
			h.idat = x.body
		case "iprp":
			return s.properties(h, x.body)
		case "iref":
			return s.references(x.body)
		case "pitm":
			h.primary = x.body
		case "hdlr", "dinf", "grpl", "ipro", "free":
		default:
			s.words(x.body)
		}
		return nil
	})
	if err == nil && len(rest) > 0 {
		err = errShort
	}
	return err
}

// iinf reads which items are metadata.
func (s *survey) iinf(h *heif, body []byte) error {
	skip := 6
	if len(body) > 0 && body[0] != 0 {
		skip = 8
	}
	if len(body) < skip {
		return errShort
	}
	_, err := boxes(body[skip:], func(x box) error {
		b := x.body
		if x.name != "infe" || len(b) < 4 {
			return errShort
		}
		wide := 2
		if b[0] >= 3 {
			wide = 4
		}
		if len(b) < 4+wide+2+4 {
			return errShort
		}
		id := number(b[4 : 4+wide])
		b = b[4+wide+2:]
		switch kind := string(b[:4]); kind {
		case "Exif":
			h.kinds[id] = "Exif"
		case "mime", "uri ":
			h.kinds[id] = "xmp"
		case "hvc1", "hev1", "grid", "iden", "iovl":
		default:
			s.Text = true
		}
		// An item may have a name, which is text that somebody wrote.
		if name, _, _ := strings.Cut(string(b[4:]), "\x00"); name != "" {
			s.Text = true
		}
		return nil
	})
	return err
}

// properties reads the sizes that are stated, of whichever item: the decoder may
// follow any of them. It also keeps what the items have.
func (s *survey) properties(h *heif, body []byte) error {
	_, err := boxes(body, func(x box) error {
		switch x.name {
		case "ipma":
			h.ipma = x.body
		case "ipco":
			_, err := boxes(x.body, func(x box) error {
				h.properties = append(h.properties, x)
				return s.property(x)
			})
			return err
		}
		return nil
	})
	return err
}

func (s *survey) property(x box) error {
	switch x.name {
	case "ispe":
		if len(x.body) < 12 {
			return errShort
		}
		width, height := binary.BigEndian.Uint32(x.body[4:]), binary.BigEndian.Uint32(x.body[8:])
		if width > 1<<20 || height > 1<<20 { // far beyond any limit: as large as that
			width, height = 1<<20, 1<<20
		}
		s.grow(int(width), int(height))
	case "irot", "imir":
		if len(x.body) < 1 {
			return errShort
		}
	case "auxC":
		// How clear the picture is belongs to it; a map of depth or of light does not.
		if kind := string(x.body); !strings.Contains(kind, "auxid:1\x00") && !strings.Contains(kind, "auxiliary:alpha\x00") {
			s.Several = true
		}
	case "udes", "altt":
		s.words(x.body)
	}
	return nil
}

// references marks a small copy of the picture.
func (s *survey) references(body []byte) error {
	if len(body) < 4 {
		return errShort
	}
	_, err := boxes(body[4:], func(x box) error {
		s.Thumbnail = s.Thumbnail || x.name == "thmb"
		return nil
	})
	return err
}

// items looks into those items that are metadata. Where one cannot be found, that
// it is there is marked as text.
func (s *survey) items(h *heif) {
	if len(h.kinds) > 0 {
		s.Text = true
	}
	h.extents(func(id uint32, b []byte) {
		switch h.kinds[id] {
		case "Exif":
			// Four bytes say where in what follows EXIF begins.
			if len(b) >= 4 {
				if skip := int64(binary.BigEndian.Uint32(b)); skip <= int64(len(b)-4) {
					s.exif(b[4+skip:])
				}
			}
		case "xmp":
			s.xmp(b)
		}
	})
}

// turn gives how the picture has to be turned, as EXIF counts it, and makes every
// property that turns into one that does not.
func (h *heif) turn() int {
	// Which corner of what is stored is seen in each corner, clockwise from the upper left.
	seen := [4]int{0, 1, 2, 3}
	for _, index := range h.associated() {
		if index < 1 || index > len(h.properties) {
			continue
		}
		switch x := h.properties[index-1]; {
		case x.name == "irot": // quarters to the left
			by, old := int(x.body[0]&3), seen
			for i := range seen {
				seen[i] = old[(i+by)%4]
			}
		case x.name == "imir" && x.body[0]&1 == 0: // top to bottom
			seen = [4]int{seen[3], seen[2], seen[1], seen[0]}
		case x.name == "imir":
			seen = [4]int{seen[1], seen[0], seen[3], seen[2]}
		}
	}
	for _, x := range h.properties {
		if x.name == "irot" || x.name == "imir" {
			copy(x.head[4:], "irot")
			x.body[0] = 0
		}
	}
	// The same corners for each orientation of EXIF, from 1 to 8.
	return 1 + slices.Index([][4]int{
		{0, 1, 2, 3}, {1, 0, 3, 2}, {2, 3, 0, 1}, {3, 2, 1, 0}, {0, 3, 2, 1}, {3, 0, 1, 2}, {2, 1, 0, 3}, {1, 2, 3, 0},
	}, seen)
}

// associated gives the numbers of the properties that the picture has, in the
// order in which they are followed.
func (h *heif) associated() (list []int) {
	p := cut{b: h.primary}
	version := p.number(1)
	p.number(3)
	id := p.number(map[bool]int{true: 2, false: 4}[version == 0])
	c := cut{b: h.ipma}
	version = c.number(1)
	flags := c.number(3)
	for range c.number(4) {
		item := c.number(map[bool]int{true: 2, false: 4}[version == 0])
		for range c.number(1) {
			// The highest bit says that the property has to be understood.
			index := int(c.number(1) & 0x7f)
			if flags&1 == 1 {
				index = index<<8 | int(c.number(1))
			}
			if item == id && !c.short && !p.short {
				list = append(list, index)
			}
		}
		if c.short {
			return list
		}
	}
	return list
}

// mostPieces is how many pieces of items are looked for. They can be told in no
// bytes at all, sixty thousand of each item.
const mostPieces = 1 << 12

// extents visits the pieces of metadata items, as iloc tells them: no more of
// them together than the file has bytes, as they may all be the same ones.
func (h *heif) extents(visit func(id uint32, b []byte)) {
	pieces, left := mostPieces, uint64(len(h.file))
	c := cut{b: h.iloc}
	version := c.number(1)
	c.number(3)
	sizes := c.number(2)
	wide := func(shift int) int { return int(sizes >> shift & 15) }
	idWide := 2
	if version >= 2 {
		idWide = 4
	}
	for range c.number(idWide) {
		id, method := c.number(idWide), uint64(0)
		if version > 0 {
			method = c.number(2) & 15
		}
		c.number(2)
		base := c.number(wide(4))
		for range c.number(2) {
			if version > 0 {
				c.number(wide(0))
			}
			offset, n := base+c.number(wide(12)), c.number(wide(8))
			if pieces--; c.short || pieces < 0 {
				return
			}
			from := h.file
			if method == 1 {
				from = h.idat
			}
			size := uint64(len(from))
			if _, ok := h.kinds[uint32(id)]; ok && offset <= size && n <= size-offset && n <= left {
				left -= n
				visit(uint32(id), from[offset:offset+n])
			}
		}
		if c.short {
			return
		}
	}
}

// cut takes numbers from the front of bytes.
type cut struct {
	b     []byte
	short bool // there was less than was asked for
}

func (c *cut) number(wide int) uint64 {
	if wide > 8 || wide > len(c.b) {
		c.short = true
		return 0
	}
	var b [8]byte
	copy(b[8-wide:], c.b[:wide])
	c.b = c.b[wide:]
	return binary.BigEndian.Uint64(b[:])
}

// number reads two or four bytes.
func number(b []byte) uint32 {
	if len(b) == 2 {
		return uint32(binary.BigEndian.Uint16(b))
	}
	return binary.BigEndian.Uint32(b)
}
