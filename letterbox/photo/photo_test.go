package photo_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"gatepost/internal/fault"
	"gatepost/letterbox/photo"
	"gatepost/letterbox/photo/phototest"
)

// said gives the key of a fault's sentence.
func said(err error) string {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind == fault.Invalid {
		return f.Message
	}
	return fmt.Sprint(err)
}

func TestKindOf(t *testing.T) {
	small := phototest.Scene(32, 32)
	for name, of := range map[string]struct {
		file []byte
		want photo.Kind
	}{
		"JPEG":                  {phototest.JPEG(small), photo.JPEG},
		"PNG":                   {phototest.PNG(small), photo.PNG},
		"WebP":                  {phototest.RIFF(phototest.Chunk{Name: "VP8L"}), photo.WebP},
		"HEIC":                  {phototest.HEIC(phototest.Container{}), photo.HEIC},
		"AVIF":                  {[]byte("\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1heic"), ""},
		"a film":                {phototest.Film(), ""},
		"a film of HEVC":        {[]byte("\x00\x00\x00\x14ftypmp42\x00\x00\x00\x00hvc1"), ""},
		"GIF":                   {[]byte("GIF89a..............."), ""},
		"TIFF":                  {[]byte("II*\x00................."), ""},
		"SVG":                   {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), ""},
		"PDF":                   {[]byte("%PDF-1.7 ............"), ""},
		"DOCX":                  {phototest.Archive(), ""},
		"BMP":                   {[]byte("BM......................"), ""},
		"sound in RIFF":         {[]byte("RIFF\x00\x00\x00\x00WAVEfmt ...."), ""},
		"a page":                {phototest.Page(), ""},
		"a picture after space": {append([]byte(" "), phototest.JPEG(small)...), ""},
		"nothing":               {nil, ""},
	} {
		got, err := photo.KindOf(of.file)
		if got != of.want || (err == nil) != (of.want != "") {
			t.Errorf("%s: %q (%v), want %q", name, got, err, of.want)
		}
		if err != nil && said(err) != "fault.photo.kind" {
			t.Errorf("%s: said %q", name, said(err))
		}
	}
}

// crafted are files with what each is known to tell.
func crafted() map[string]struct {
	file []byte
	want photo.Traces
} {
	scene := phototest.Scene(64, 48)
	webp := func(chunks ...phototest.Chunk) []byte {
		all := append([]phototest.Chunk{phototest.VP8X(0x1c, 64, 48), {Name: "VP8L", Data: phototest.VP8L(phototest.NRGBA(scene))}}, chunks...)
		return phototest.RIFF(all...)
	}
	little, big := binary.LittleEndian, binary.BigEndian
	all := photo.Traces{Place: true, Camera: true, Date: true, Text: true, Thumbnail: true}
	xmp := photo.Traces{Place: true, Camera: true, Date: true, Text: true}
	wide := []byte{}
	for _, u := range utf16.Encode([]rune(string(phototest.XMP()))) {
		wide = little.AppendUint16(wide, u)
	}
	raw := func() string {
		return "\nexif\n    1\n" + hex.EncodeToString(append([]byte("Exif\x00\x00"), phototest.Everything(big)...))
	}
	type files = map[string]struct {
		file []byte
		want photo.Traces
	}
	return files{
		"a plain JPEG":             {phototest.JPEG(scene), photo.Traces{}},
		"EXIF of Intel":            {phototest.JPEG(scene, phototest.Exif(phototest.Everything(little))), all},
		"EXIF of Motorola":         {phototest.JPEG(scene, phototest.Exif(phototest.Everything(big))), all},
		"a place alone":            {phototest.JPEG(scene, phototest.Exif(phototest.TIFF(big, []phototest.Tag{phototest.GPS()}, nil))), photo.Traces{Place: true}},
		"a version of GPS alone":   {phototest.JPEG(scene, phototest.Exif(phototest.TIFF(big, []phototest.Tag{{Number: 0x8825, Folder: []phototest.Tag{{Number: 0, Short: 2}}}}, nil))), photo.Traces{}},
		"EXIF that nobody reads":   {phototest.JPEG(scene, phototest.Exif([]byte(phototest.Word))), photo.Traces{Text: true}},
		"XMP":                      {phototest.JPEG(scene, phototest.XMPSegment(phototest.XMP())), xmp},
		"XMP in UTF-16":            {phototest.JPEG(scene, phototest.XMPSegment(wide)), xmp},
		"IPTC":                     {phototest.JPEG(scene, phototest.IPTC()), photo.Traces{Place: true, Date: true, Text: true}},
		"a comment":                {phototest.JPEG(scene, phototest.Comment(phototest.Word)), photo.Traces{Text: true}},
		"a PDF in a comment":       {phototest.JPEG(scene, phototest.Comment("%PDF-1.4 "+phototest.Word)), photo.Traces{Text: true, Second: true}},
		"a segment of nobody":      {phototest.JPEG(scene, phototest.Segment{Marker: 0xe7, Body: []byte(phototest.Word)}), photo.Traces{Text: true}},
		"a JFIF with a small copy": {phototest.JPEG(scene, phototest.Segment{Marker: 0xe0, Body: append([]byte("JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x01\x01"), 1, 2, 3)}), photo.Traces{Thumbnail: true}},
		"a profile":                {phototest.JPEG(scene, phototest.Segment{Marker: 0xe2, Body: []byte("ICC_PROFILE\x00\x01\x01" + phototest.Word)}), photo.Traces{}},
		"a ZIP behind":             {append(phototest.JPEG(scene), phototest.Archive()...), photo.Traces{After: true, Second: true}},
		"a page behind":            {append(phototest.JPEG(scene), phototest.Page()...), photo.Traces{After: true, Second: true}},
		"a film behind":            {append(phototest.JPEG(scene), phototest.Film()...), photo.Traces{After: true, Motion: true}},
		"a picture behind":         {append(phototest.JPEG(scene), phototest.JPEG(scene)...), photo.Traces{After: true, Several: true}},
		"one byte behind":          {append(phototest.JPEG(scene), 0), photo.Traces{After: true}},

		"a plain PNG":      {phototest.PNG(scene), photo.Traces{}},
		"tEXt":             {phototest.PNG(scene, phototest.Chunk{Name: "tEXt", Data: []byte("Comment\x00" + phototest.Word)}), photo.Traces{Text: true}},
		"zTXt with a page": {phototest.PNG(scene, phototest.Chunk{Name: "zTXt", Data: append([]byte("Comment\x00\x00"), phototest.Deflated(phototest.Page())...)}), photo.Traces{Text: true, Second: true}},
		"iTXt with XMP":    {phototest.PNG(scene, phototest.Chunk{Name: "iTXt", Data: append([]byte("XML:com.adobe.xmp\x00\x00\x00en\x00\x00"), phototest.XMP()...)}), xmp},
		"iTXt with deflated XMP": {phototest.PNG(scene, phototest.Chunk{Name: "iTXt",
			Data: append([]byte("XML:com.adobe.xmp\x00\x01\x00\x00\x00"), phototest.Deflated(phototest.XMP())...)}), xmp},
		"EXIF as digits":     {phototest.PNG(scene, phototest.Chunk{Name: "zTXt", Data: append([]byte("Raw profile type exif\x00\x00"), phototest.Deflated([]byte(raw()))...)}), all},
		"eXIf":               {phototest.PNG(scene, phototest.Chunk{Name: "eXIf", Data: phototest.Everything(big)}), all},
		"tIME":               {phototest.PNG(scene, phototest.Chunk{Name: "tIME", Data: make([]byte, 7)}), photo.Traces{Date: true}},
		"an animated PNG":    {phototest.PNG(scene, phototest.Chunk{Name: "acTL", Data: make([]byte, 8)}), photo.Traces{Several: true}},
		"a chunk of nobody":  {phototest.PNG(scene, phototest.Chunk{Name: "gaTe", Data: []byte(phototest.Word)}), photo.Traces{Text: true}},
		"a ZIP behind a PNG": {append(phototest.PNG(scene), phototest.Archive()...), photo.Traces{After: true, Second: true}},

		"a plain WebP":          {phototest.RIFF(phototest.Chunk{Name: "VP8L", Data: phototest.VP8L(phototest.NRGBA(scene))}), photo.Traces{}},
		"a WebP with EXIF":      {webp(phototest.Chunk{Name: "EXIF", Data: phototest.Everything(little)}), all},
		"a WebP with XMP":       {webp(phototest.Chunk{Name: "XMP ", Data: phototest.XMP()}), xmp},
		"a WebP with a surplus": {webp(phototest.Chunk{Name: "gate", Data: []byte(phototest.Word)}), photo.Traces{Text: true}},
		"a page behind a WebP":  {append(webp(), phototest.Page()...), photo.Traces{After: true, Second: true}},
		"an animated WebP": {phototest.RIFF(phototest.VP8X(0x02, 64, 48), phototest.Chunk{Name: "ANIM", Data: make([]byte, 6)},
			phototest.Frame(phototest.NRGBA(scene)), phototest.Frame(phototest.NRGBA(phototest.Scene(64, 48)))), photo.Traces{Several: true}},
	}
}

// craftedHEIC are those that only a program with the decoder can clean.
func craftedHEIC() map[string]struct {
	file []byte
	want photo.Traces
} {
	return map[string]struct {
		file []byte
		want photo.Traces
	}{
		"a plain HEIC":                {phototest.HEIC(phototest.Container{}), photo.Traces{}},
		"a HEIC with EXIF":            {phototest.HEIC(phototest.Container{Exif: phototest.Everything(binary.BigEndian)}), photo.Traces{Place: true, Camera: true, Date: true, Text: true, Thumbnail: true}},
		"a HEIC with XMP":             {phototest.HEIC(phototest.Container{XMP: phototest.XMP()}), photo.Traces{Place: true, Camera: true, Date: true, Text: true}},
		"a HEIC whose item is named":  {phototest.HEIC(phototest.Container{Name: phototest.Word}), photo.Traces{Text: true}},
		"a HEIC with a small copy":    {phototest.HEIC(phototest.Container{Thumbnail: true}), photo.Traces{Thumbnail: true}},
		"a HEIC with a film":          {phototest.HEIC(phototest.Container{Boxes: []phototest.Chunk{{Name: "mpvd", Data: phototest.Film()}}}), photo.Traces{Motion: true, Several: true}},
		"a HEIC with a box of nobody": {phototest.HEIC(phototest.Container{Boxes: []phototest.Chunk{{Name: "uuid", Data: []byte(phototest.Word)}}}), photo.Traces{Text: true}},
		"a HEIC that is half clear":   {phototest.HEIC(phototest.Container{Aux: "urn:mpeg:hevc:2015:auxid:1"}), photo.Traces{}},
		"a HEIC with a map of depth":  {phototest.HEIC(phototest.Container{Aux: "urn:mpeg:hevc:2015:auxid:2"}), photo.Traces{Several: true}},
		"a ZIP behind a HEIC":         {append(phototest.HEIC(phototest.Container{}), phototest.Archive()...), photo.Traces{After: true, Second: true}},
	}
}

func TestInspect(t *testing.T) {
	for _, files := range []map[string]struct {
		file []byte
		want photo.Traces
	}{crafted(), craftedHEIC()} {
		for name, of := range files {
			got, err := photo.Inspect(of.file)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if got != of.want {
				t.Errorf("%s: %+v, want %+v", name, got, of.want)
			}
		}
	}
}

func TestTraces_Bits(t *testing.T) {
	for bits := range uint16(1 << 9) {
		traces, ok := photo.TracesOf(bits)
		if !ok || traces.Bits() != bits {
			t.Fatalf("%b: %+v, %b", bits, traces, traces.Bits())
		}
	}
	if _, ok := photo.TracesOf(1 << 9); ok {
		t.Error("a mark that there is not was taken")
	}
}

// spellings are the planted word as a search would find it.
func spellings() (list [][]byte) {
	little, big := []byte{}, []byte{}
	for _, u := range utf16.Encode([]rune(phototest.Word)) {
		little, big = binary.LittleEndian.AppendUint16(little, u), binary.BigEndian.AppendUint16(big, u)
	}
	list = [][]byte{[]byte(phototest.Word), little, big, []byte(hex.EncodeToString([]byte(phototest.Word)))}
	// What base64 makes of a word depends on where in the text it begins.
	for shift := range 3 {
		whole := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + phototest.Word))
		list = append(list, []byte(whole[4:len(whole)-4]))
	}
	return list
}

func clean(t *testing.T, file []byte) *photo.Picture {
	t.Helper()
	p, err := photo.Clean(file, photo.Standard())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// isClean looks at what came out: nothing planted, nothing but a picture.
func isClean(t *testing.T, p *photo.Picture) {
	t.Helper()
	for _, b := range [][]byte{p.JPEG, p.Small} {
		if _, _, err := photo.Check(b); err != nil {
			t.Error(err)
		}
		if traces, err := photo.Inspect(b); err != nil || traces != (photo.Traces{}) {
			t.Errorf("the new picture tells %+v (%v)", traces, err)
		}
		for _, word := range spellings() {
			if bytes.Contains(b, word) {
				t.Errorf("%q is in the new picture", word)
			}
		}
	}
	img, err := jpeg.Decode(bytes.NewReader(p.JPEG))
	if err != nil {
		t.Fatal(err)
	}
	if size := img.Bounds().Size(); size != image.Pt(p.Width, p.Height) {
		t.Errorf("it is %v and says %d by %d", size, p.Width, p.Height)
	}
}

func TestClean(t *testing.T) {
	for name, of := range crafted() {
		t.Run(name, func(t *testing.T) {
			p := clean(t, of.file)
			if p.Traces != of.want {
				t.Errorf("%+v, want %+v", p.Traces, of.want)
			}
			isClean(t, p)
			hasCorners(t, p, phototest.Corners())
		})
	}
}

// The search finds what is there: each crafted file that says so holds the word.
func TestClean_WordsWerePlanted(t *testing.T) {
	planted := 0
	for _, of := range crafted() {
		for _, word := range spellings() {
			if bytes.Contains(of.file, word) {
				planted++
			}
		}
	}
	if planted < 15 {
		t.Errorf("planted %d words", planted)
	}
	for i, word := range spellings() {
		var file []byte
		switch at := i - 4; {
		case at < 0:
			file = word
		default:
			file = []byte(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", at+3) + phototest.Word + " more")))
		}
		if !bytes.Contains(file, word) {
			t.Errorf("spelling %d is not found in %q", i, file)
		}
	}
}

// hasCorners compares the four quarters of a picture, clockwise from the upper left.
func hasCorners(t *testing.T, p *photo.Picture, want [4]color.RGBA) {
	t.Helper()
	for _, b := range [][]byte{p.JPEG, p.Small} {
		img, err := jpeg.Decode(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		w, h := img.Bounds().Dx(), img.Bounds().Dy()
		for i, at := range []image.Point{{w / 4, h / 4}, {3 * w / 4, h / 4}, {3 * w / 4, 3 * h / 4}, {w / 4, 3 * h / 4}} {
			if got := img.At(at.X, at.Y); !near(got, want[i]) {
				t.Errorf("corner %d is %v, want %v", i, got, want[i])
			}
		}
	}
}

func near(got color.Color, want color.RGBA) bool {
	r, g, b, _ := got.RGBA()
	for _, d := range []int{int(r>>8) - int(want.R), int(g>>8) - int(want.G), int(b>>8) - int(want.B)} {
		if d < -14 || d > 14 {
			return false
		}
	}
	return true
}

// EXIF 2.32, tag 0112: where the first row and the first column of what is stored
// belong in what is seen. So the stored corners, clockwise from the upper left, are
// these corners of the scene.
var orientations = map[uint16][4]int{
	1: {0, 1, 2, 3}, 2: {1, 0, 3, 2}, 3: {2, 3, 0, 1}, 4: {3, 2, 1, 0},
	5: {0, 3, 2, 1}, 6: {1, 2, 3, 0}, 7: {2, 1, 0, 3}, 8: {3, 0, 1, 2},
}

func TestClean_Orientation(t *testing.T) {
	corners := phototest.Corners()
	for turn, stored := range orientations {
		// What is seen lies on its side where rows are stored as columns.
		width, height := 64, 32
		if turn >= 5 {
			width, height = 32, 64
		}
		img := phototest.Scene(width, height)
		for y := range height {
			for x := range width {
				quarter := []int{0, 1, 3, 2}[2*(y*2/height)+x*2/width]
				img.SetRGBA(x, y, corners[stored[quarter]])
			}
		}
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			block := phototest.TIFF(order, []phototest.Tag{{Number: 0x0112, Short: turn}}, nil)
			for name, file := range map[string][]byte{
				"JPEG": phototest.JPEG(img, phototest.Exif(block)),
				"PNG":  phototest.PNG(img, phototest.Chunk{Name: "eXIf", Data: block}),
				"WebP": phototest.RIFF(phototest.VP8X(0x18, width, height), phototest.Chunk{Name: "VP8L", Data: phototest.VP8L(phototest.NRGBA(img))}, phototest.Chunk{Name: "EXIF", Data: block}),
			} {
				t.Run(fmt.Sprint(name, turn, order), func(t *testing.T) {
					p := clean(t, file)
					if p.Width != 64 || p.Height != 32 {
						t.Errorf("it is %d by %d", p.Width, p.Height)
					}
					hasCorners(t, p, corners)
				})
			}
		}
	}
}

// A HEIC can tell of thousands of millions of pieces in no bytes, and give the whole
// file as each of them. A walk looks at no more than there is; else this test would
// go on for minutes.
func TestInspect_PiecesOfHEIC(t *testing.T) {
	items := make([]byte, 6<<16)
	for i := range 1 << 16 {
		// Number, place of data, and how many pieces.
		copy(items[6*i:], []byte{0, 2, 0, 0, 0xff, 0xff})
	}
	for _, sizes := range []byte{0x00, 0x04, 0x40, 0x44} { // of the numbers that tell a place and a length
		iloc := slices.Concat([]byte{0, 0, 0, 0, sizes, 0, 0xff, 0xff}, items)
		if _, err := photo.Inspect(phototest.HEIC(phototest.Container{XMP: phototest.XMP(), Iloc: iloc})); err != nil {
			t.Errorf("%x: %v", sizes, err)
		}
	}
}

// A size that no memory holds is refused before anything is decoded: little is
// allocated.
func TestClean_Bombs(t *testing.T) {
	scene := phototest.Scene(64, 48)
	vp8l := []byte{0x2f, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0} // 16,384 by 16,384
	for name, file := range map[string][]byte{
		"PNG of 2^31 by 2^31":       phototest.BombPNG(1<<31-1, 1<<31-1),
		"PNG of 60,000 by 60,000":   phototest.BombPNG(60_000, 60_000),
		"PNG of 40 million by 1":    phototest.BombPNG(40_000_000, 1),
		"PNG of 7,072 by 7,072":     phototest.BombPNG(7072, 7072),
		"JPEG of 65,535 by 65,535":  phototest.Resized(phototest.JPEG(scene), 65535, 65535),
		"WebP of 16,384 by 16,384":  phototest.RIFF(phototest.Chunk{Name: "VP8L", Data: vp8l}),
		"WebP behind a small frame": phototest.RIFF(phototest.VP8X(0, 16, 16), phototest.Chunk{Name: "VP8L", Data: vp8l}),
		"WebP in an animation":      phototest.RIFF(phototest.VP8X(2, 16, 16), phototest.Chunk{Name: "ANMF", Data: append(make([]byte, 16), phototest.RIFF(phototest.Chunk{Name: "VP8L", Data: vp8l})[12:]...)}),
		"WebP of a large canvas":    phototest.RIFF(phototest.VP8X(0, 1<<24, 1<<24), phototest.Chunk{Name: "VP8L", Data: phototest.VP8L(phototest.NRGBA(scene))}),
		"HEIC of 2^32 by 2^32":      phototest.HEIC(phototest.Container{Width: 1<<32 - 1, Height: 1<<32 - 1}),
		"HEIC of 6,000 by 4,200":    phototest.HEIC(phototest.Container{Width: 6000, Height: 4200}),
		"JPEG in scans, 4:4:4":      bytes.Replace(phototest.Progressive(6000, 4500), []byte{1, 0x22, 0}, []byte{1, 0x11, 0}, 1),
		"HEIC of 8,000 by 8,000":    phototest.HEIC(phototest.Container{Width: 8000, Height: 8000}),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := photo.Clean(file, photo.Standard())
		runtime.ReadMemStats(&after)
		if said(err) != "fault.photo.wide" {
			t.Errorf("%s: said %q", name, said(err))
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
			t.Errorf("%s: took %d bytes before it was refused", name, took)
		}
	}
}

// What decoding would take is counted from the header and held, too.
func TestClean_Memory(t *testing.T) {
	l := photo.Standard()
	l.Memory = 64*48*4 - 1
	if _, err := photo.Clean(phototest.PNG(phototest.Scene(64, 48)), l); said(err) != "fault.photo.wide" {
		t.Errorf("said %q", said(err))
	}
	l.Memory++
	if _, err := photo.Clean(phototest.PNG(phototest.Scene(64, 48)), l); err != nil {
		t.Error(err)
	}
}

// A JPEG that comes in scans is cleaned as any other.
func TestClean_Progressive(t *testing.T) {
	grey := color.RGBA{128, 128, 128, 255}
	p := clean(t, phototest.Progressive(80, 50))
	isClean(t, p)
	hasCorners(t, p, [4]color.RGBA{grey, grey, grey, grey})
}

// A decoder walks over the whole picture for each scan, and a scan can take a few
// bytes of the file.
func TestInspect_Scans(t *testing.T) {
	file := phototest.Progressive(32, 32)
	at := bytes.Index(file, []byte{0xff, 0xda})
	for scans, want := range map[int]string{1: "<nil>", 100: "<nil>", 101: "fault.photo.broken"} {
		many := slices.Concat(file[:at], bytes.Repeat(file[at:len(file)-2], scans), file[len(file)-2:])
		if _, err := photo.Inspect(many); said(err) != want {
			t.Errorf("%d scans: said %q, want %q", scans, said(err), want)
		}
	}
}

// Noise takes more than a picture may; its quality gives way, and where that does
// not help it is refused.
func TestClean_Out(t *testing.T) {
	img := phototest.Scene(128, 128)
	state := uint32(1)
	for i := range img.Pix {
		state = state*1664525 + 1013904223
		img.Pix[i] = byte(state >> 24)
	}
	l := photo.Standard()
	l.Small, l.Out = 16, 11_000
	p, err := photo.Clean(phototest.JPEG(img), l)
	if err != nil {
		t.Fatal(err)
	}
	if whole := len(clean(t, phototest.JPEG(img)).JPEG); whole <= l.Out || len(p.JPEG) > l.Out {
		t.Errorf("%d bytes of %d, and %d where more is allowed", len(p.JPEG), l.Out, whole)
	}
	l.Out = 2000
	if _, err := photo.Clean(phototest.JPEG(img), l); said(err) != "fault.photo.wide" {
		t.Errorf("said %q", said(err))
	}
}

func TestClean_Bytes(t *testing.T) {
	file := phototest.JPEG(phototest.Scene(32, 32))
	l := photo.Standard()
	l.Bytes = len(file) - 1
	if _, err := photo.Clean(file, l); said(err) != "fault.photo.large" {
		t.Errorf("said %q", said(err))
	}
}

// A file that ends too early, wherever it does, is refused and breaks nothing.
func TestClean_Truncated(t *testing.T) {
	scene := phototest.Scene(16, 16)
	for name, file := range map[string][]byte{
		"JPEG": phototest.JPEG(scene, phototest.Exif(phototest.Everything(binary.BigEndian))),
		"PNG":  phototest.PNG(scene, phototest.Chunk{Name: "eXIf", Data: phototest.Everything(binary.BigEndian)}),
		"WebP": phototest.RIFF(phototest.VP8X(8, 16, 16), phototest.Chunk{Name: "VP8L", Data: phototest.VP8L(phototest.NRGBA(scene))},
			phototest.Chunk{Name: "EXIF", Data: phototest.Everything(binary.LittleEndian)}),
	} {
		for n := range file {
			if _, err := photo.Clean(file[:n:n], photo.Standard()); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%s of %d bytes: %v", name, n, err)
			}
		}
	}
	// A HEIC that lacks some of its pixels is still a whole walk; none may panic.
	file := phototest.HEIC(phototest.Container{Exif: phototest.Everything(binary.BigEndian), XMP: phototest.XMP()})
	for n := range file {
		if _, err := photo.Inspect(file[:n:n]); err != nil && fault.KindOf(err) != fault.Invalid {
			t.Errorf("HEIC of %d bytes: %v", n, err)
		}
	}
}

// Clear is white, as on paper, and half clear is in between.
func TestClean_Transparent(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 64, 48))
	for y := range 48 {
		for x := 32; x < 64; x++ {
			img.SetNRGBA(x, y, color.NRGBA{0, 0, 0, 128})
		}
	}
	for name, file := range map[string][]byte{
		"PNG":  phototest.PNG(img),
		"WebP": phototest.RIFF(phototest.Chunk{Name: "VP8L", Data: phototest.VP8L(img)}),
	} {
		t.Run(name, func(t *testing.T) {
			white, grey := color.RGBA{255, 255, 255, 255}, color.RGBA{127, 127, 127, 255}
			hasCorners(t, clean(t, file), [4]color.RGBA{white, grey, grey, white})
		})
	}
}

func TestClean_Smaller(t *testing.T) {
	l := photo.Standard()
	l.Side, l.Small = 100, 64
	p, err := photo.Clean(phototest.JPEG(phototest.Scene(333, 127)), l)
	if err != nil {
		t.Fatal(err)
	}
	isClean(t, p)
	hasCorners(t, p, phototest.Corners())
	if p.Width != 100 || p.Height != 38 {
		t.Errorf("it is %d by %d", p.Width, p.Height)
	}
	if w, h, err := photo.Check(p.Small); w != 64 || h != 24 || err != nil {
		t.Errorf("the small copy is %d by %d (%v)", w, h, err)
	}
}

// Making smaller takes means: fine stripes become grey, and light is neither won
// nor lost.
func TestShrink(t *testing.T) {
	for _, size := range []image.Point{{100, 100}, {101, 64}, {64, 257}, {1000, 3}, {33, 33}} {
		img := image.NewGray(image.Rect(7, 7, 7+size.X, 7+size.Y))
		sum := 0
		for i := range img.Pix {
			img.Pix[i] = uint8(i * 37 % 251)
			sum += int(img.Pix[i])
		}
		want := float64(sum) / float64(len(img.Pix))
		out := photo.Shrink(img, 32)
		sum = 0
		for i := 0; i < len(out.Pix); i += 4 {
			sum += int(out.Pix[i])
			if out.Pix[i+3] != 255 {
				t.Fatalf("%v: not opaque", size)
			}
		}
		if got := float64(sum) / float64(len(out.Pix)/4); got < want-1.5 || got > want+1.5 {
			t.Errorf("%v: mean %.2f, want %.2f", size, got, want)
		}
	}
}

// The after-check sees each thing that must not be there.
func TestCheck_Refuses(t *testing.T) {
	good := clean(t, phototest.JPEG(phototest.Scene(64, 48))).JPEG
	if w, h, err := photo.Check(good); w != 64 || h != 48 || err != nil {
		t.Fatal(w, h, err)
	}
	with := func(s phototest.Segment) []byte {
		segment := append([]byte{0xff, s.Marker, byte((len(s.Body) + 2) >> 8), byte(len(s.Body) + 2)}, s.Body...)
		return slices.Concat(good[:2], segment, good[2:])
	}
	end := len(good) - 2
	for name, b := range map[string][]byte{
		"EXIF":                          with(phototest.Exif(phototest.Everything(binary.BigEndian))),
		"empty EXIF":                    with(phototest.Exif(nil)),
		"XMP":                           with(phototest.XMPSegment(phototest.XMP())),
		"IPTC":                          with(phototest.IPTC()),
		"a comment":                     with(phototest.Comment("")),
		"a profile":                     with(phototest.Segment{Marker: 0xe2, Body: []byte("ICC_PROFILE\x00")}),
		"JFIF":                          with(phototest.Segment{Marker: 0xe0, Body: []byte("JFIF\x00")}),
		"a byte behind":                 append(bytes.Clone(good), 0),
		"a picture behind":              append(bytes.Clone(good), good...),
		"loose bytes before":            slices.Concat(good[:2], []byte("x"), good[2:]),
		"a restart before":              slices.Concat(good[:2], []byte{0xff, 0xd0}, good[2:]),
		"a comment at the end":          slices.Concat(good[:end], []byte{0xff, 0xfe, 0, 3, 'x'}, good[end:]),
		"no end":                        good[:end],
		"components that are not there": changed(good, 0xc0, 5, 235),
		"a frame of twelve bits":        changed(good, 0xc0, 0, 12),
		"a scan of one component":       changed(good, 0xda, 0, 1),
		"a table with a surplus":        slices.Concat(good[:2], []byte{0xff, 0xdb, 0, 3, 0}, good[2:]),
		"a table of nothing":            slices.Concat(good[:2], []byte{0xff, 0xc4, 0, 2}, good[2:]),
		"seven tables more":             slices.Concat(good[:2], bytes.Repeat(append([]byte{0xff, 0xdb, 0, 67}, make([]byte, 65)...), 7), good[2:]),
		"a table behind the pixels":     slices.Concat(good[:end], []byte{0xff, 0xdb, 0, 67}, make([]byte, 65), good[end:]),
		"no picture":                    {0xff, 0xd8, 0xff, 0xd9},
		"a PNG":                         phototest.PNG(phototest.Scene(8, 8)),
		"nothing":                       nil,
		"a size of nothing":             phototest.Resized(good, 0, 0),
	} {
		if _, _, err := photo.Check(b); err == nil {
			t.Errorf("%s passed", name)
		}
	}
}

// changed puts another byte into the first segment of a kind.
func changed(b []byte, marker byte, at int, to byte) []byte {
	b = bytes.Clone(b)
	b[bytes.Index(b, []byte{0xff, marker})+4+at] = to
	return b
}

func TestCrop(t *testing.T) {
	p := clean(t, phototest.JPEG(phototest.Scene(128, 96)))
	// The part is wholly in the upper right quarter.
	cut, err := photo.Crop(p.JPEG, image.Rect(72, 8, 120, 40), photo.Standard())
	if err != nil {
		t.Fatal(err)
	}
	isClean(t, cut)
	if cut.Width != 48 || cut.Height != 32 {
		t.Errorf("it is %d by %d", cut.Width, cut.Height)
	}
	green := phototest.Corners()[1]
	hasCorners(t, cut, [4]color.RGBA{green, green, green, green})
}

// What was blurred is one colour, in the picture and in its small copy, and two
// pictures that differ only there become the same.
func TestBlur(t *testing.T) {
	part := image.Rect(35, 37, 61, 55)
	blurred := func(flip bool) *photo.Picture {
		img := phototest.Scene(128, 96)
		for y := part.Min.Y; y < part.Max.Y; y++ {
			for x := part.Min.X; x < part.Max.X; x++ {
				img.Set(x, y, color.Gray{uint8(255 * ((x ^ y ^ map[bool]int{true: 1}[flip]) & 1))})
			}
		}
		p, err := photo.Blur(clean(t, phototest.PNG(img)).JPEG, part, photo.Standard())
		if err != nil {
			t.Fatal(err)
		}
		isClean(t, p)
		return p
	}
	one, other := blurred(false), blurred(true)
	if !bytes.Equal(one.JPEG, other.JPEG) || !bytes.Equal(one.Small, other.Small) {
		t.Error("the blurred part tells two pictures apart")
	}
	img, err := jpeg.Decode(bytes.NewReader(one.JPEG))
	if err != nil {
		t.Fatal(err)
	}
	// Widened to blocks of 16.
	first := color.RGBAModel.Convert(img.At(32, 32)).(color.RGBA)
	for y := 32; y < 64; y++ {
		for x := 32; x < 64; x++ {
			if !near(img.At(x, y), first) {
				t.Fatalf("%d, %d is %v, and the first %v", x, y, img.At(x, y), first)
			}
		}
	}
	// The rest is as it was.
	if red := phototest.Corners()[0]; !near(img.At(8, 8), red) {
		t.Errorf("the corner is %v", img.At(8, 8))
	}
}

func TestParts_Refused(t *testing.T) {
	p := clean(t, phototest.JPEG(phototest.Scene(64, 48)))
	for _, part := range []image.Rectangle{
		{}, image.Rect(-1, 0, 32, 32), image.Rect(0, 0, 65, 48), image.Rect(0, 0, 15, 48),
		{Min: image.Pt(32, 32), Max: image.Pt(0, 0)},
		image.Rect(1<<62, 1<<62, 1<<62+32, 1<<62+32),
	} {
		if _, err := photo.Crop(p.JPEG, part, photo.Standard()); said(err) != "fault.photo.part" {
			t.Errorf("crop %v: said %q", part, said(err))
		}
		if _, err := photo.Blur(p.JPEG, part, photo.Standard()); said(err) != "fault.photo.part" {
			t.Errorf("blur %v: said %q", part, said(err))
		}
	}
	// Only a cleaned picture has parts taken.
	original := phototest.JPEG(phototest.Scene(64, 48), phototest.Comment(phototest.Word))
	if _, err := photo.Crop(original, image.Rect(0, 0, 32, 32), photo.Standard()); err == nil {
		t.Error("a picture that was not cleaned was cropped")
	}
}
