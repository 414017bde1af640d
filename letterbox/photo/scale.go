package photo

import (
	"image"
	"image/draw"
)

// strip is how many rows of a large picture are turned into plain colours at
// once: all at once would take four bytes for each of its pixels.
const strip = 32

// shrink draws a picture on white, with no side longer than most. Each new pixel
// is the mean of the area that it stands for. A smaller picture keeps its size.
func shrink(src image.Image, most int) *image.RGBA {
	from := src.Bounds()
	width, height := from.Dx(), from.Dy()
	if longest := max(width, height); longest > most {
		width, height = max(1, width*most/longest), max(1, height*most/longest)
	}
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	if width == from.Dx() && height == from.Dy() {
		onWhite(out, src, from.Min)
		return out
	}
	m := newMean(out, from.Size())
	rows := image.NewRGBA(image.Rect(0, 0, from.Dx(), min(strip, from.Dy())))
	for y := 0; y < from.Dy(); y += strip {
		n := min(strip, from.Dy()-y)
		rows.Rect.Max.Y = n
		onWhite(rows, src, from.Min.Add(image.Pt(0, y)))
		for i := range n {
			m.add(rows.Pix[i*rows.Stride : i*rows.Stride+4*from.Dx()])
		}
	}
	return out
}

// onWhite draws the part of src that begins at from. Where src is clear the
// picture is white, as the paper it would be printed on.
func onWhite(dst *image.RGBA, src image.Image, from image.Point) {
	draw.Draw(dst, dst.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(dst, dst.Rect, src, from, draw.Over)
}

// mean adds up rows of a large picture into the rows of a smaller one.
type mean struct {
	out       *image.RGBA
	size      image.Point // of the large picture
	next      int         // the row of it that comes
	y         int         // the row of the small picture that is added up
	now, then []float32   // sums for that row and for the one below it
	x         []int       // for each column of the large picture: the first that it goes to
	share     []float32   // how much of it goes there; the rest goes to the next column
}

func newMean(out *image.RGBA, size image.Point) *mean {
	width := out.Rect.Dx()
	m := &mean{out: out, size: size, x: make([]int, size.X), share: make([]float32, size.X)}
	// One pixel more, for the share of nothing that the last column gives away.
	m.now, m.then = make([]float32, 3*(width+1)), make([]float32, 3*(width+1))
	for x := range m.x {
		m.x[x], m.share[x] = spread(x, size.X, width)
	}
	return m
}

// spread tells to which of n places the i-th of many goes, and with what share of
// what it is worth; the rest goes to the place after it. n is at most many.
func spread(i, many, n int) (place int, share float32) {
	place = i * n / many
	// Where the place ends, in units of 1/many: what lies beyond it is the rest.
	if beyond := (i+1)*n - (place+1)*many; beyond > 0 {
		return place, float32(n-beyond) / float32(n)
	}
	return place, 1
}

// add takes the next row, four bytes a pixel.
func (m *mean) add(row []byte) {
	y, share := spread(m.next, m.size.Y, m.out.Rect.Dy())
	if y > m.y {
		m.flush()
	}
	m.next++
	for x, place := range m.x {
		p := row[4*x : 4*x+3 : 4*x+3]
		at := 3 * place
		for c, v := range p {
			here := float32(v) * m.share[x]
			over := float32(v) - here
			m.now[at+c] += here * share
			m.now[at+3+c] += over * share
			if share < 1 {
				m.then[at+c] += here * (1 - share)
				m.then[at+3+c] += over * (1 - share)
			}
		}
	}
	if m.next == m.size.Y {
		m.flush()
	}
}

// flush writes the row that is whole.
func (m *mean) flush() {
	// Each of the sums holds as much as this many pixels of the large picture.
	each := float32(m.size.X) / float32(m.out.Rect.Dx()) * float32(m.size.Y) / float32(m.out.Rect.Dy())
	row := m.out.Pix[m.y*m.out.Stride:]
	for x := range m.out.Rect.Dx() {
		for c := range 3 {
			row[4*x+c] = uint8(min(255, m.now[3*x+c]/each+0.5))
		}
		row[4*x+3] = 255
	}
	m.y++
	m.now, m.then = m.then, m.now
	clear(m.then)
}

// upright turns a picture as its EXIF orientation says: 1 to 8, as in the
// standard; 0 for none.
func upright(src *image.RGBA, turn int) *image.RGBA {
	if turn < 2 || turn > 8 {
		return src
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if turn >= 5 {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			to := x
			ty := y
			switch turn {
			case 2: // mirrored
				to = w - 1 - x
			case 3: // upside down
				to, ty = w-1-x, h-1-y
			case 4:
				ty = h - 1 - y
			case 5: // as 6, mirrored
				to, ty = y, x
			case 6: // lies on its left side
				to, ty = h-1-y, x
			case 7:
				to, ty = h-1-y, w-1-x
			case 8: // lies on its right side
				to, ty = y, w-1-x
			}
			copy(out.Pix[out.PixOffset(to, ty):], src.Pix[src.PixOffset(x, y):][:4])
		}
	}
	return out
}
