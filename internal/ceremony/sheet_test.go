package ceremony_test

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"filippo.io/age"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"gatepost/internal/ceremony"
)

var update = flag.Bool("update", false, "write the golden files anew")

var made = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func mustKey(t testing.TB, text string) *age.HybridIdentity {
	t.Helper()
	id, err := age.ParseHybridIdentity(text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// sheetOf is officer B's sheet with a key that is nobody's; the archive is that
// key's own public half.
func sheetOf(t testing.TB, key string) ceremony.Sheet {
	id := mustKey(t, key)
	return ceremony.NewSheet(ceremony.Sheet{Agency: "Oak & <Elm> Adoption", Officer: "B", Officers: []string{"A", "B", "C"},
		Made: made, Practice: true}, id, id.Recipient())
}

func mustHTML(t testing.TB, s ceremony.Sheet) string {
	t.Helper()
	page, err := s.HTML()
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

func TestSheet_Golden(t *testing.T) {
	s := sheetOf(t, vector)
	for name, got := range map[string]string{"sheet.html": mustHTML(t, s), "sheet.txt": s.Text()} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s differs; look at it and run go test -update", name)
		}
	}
}

// Both sheets hold the key in groups that read back, as a person would type them.
func TestSheet_ReadsBack(t *testing.T) {
	cell := regexp.MustCompile(`<small>(\d+)</small>([A-Z0-9-]+)</td>`)
	for range 20 {
		id, err := age.GenerateHybridIdentity()
		if err != nil {
			t.Fatal(err)
		}
		s := sheetOf(t, id.String())
		var html, text []string
		for i, m := range cell.FindAllStringSubmatch(mustHTML(t, s), -1) {
			if m[1] != strconv.Itoa(i+1) {
				t.Fatalf("group %s stands in place %d", m[1], i+1)
			}
			html = append(html, m[2])
		}
		for _, line := range strings.Split(s.Text(), "\n") {
			if cells, _, ok := strings.Cut(line, "check "); ok && strings.HasPrefix(line, "  ") {
				for i, word := range strings.Fields(cells) {
					if i%2 == 1 {
						text = append(text, word)
					}
				}
			}
		}
		for form, groups := range map[string][]string{"html": html, "text": text} {
			got, err := ceremony.ParseSheet(strings.Join(groups, " "))
			if err != nil || got.String() != id.String() {
				t.Fatalf("%s: %v", form, err)
			}
		}
	}
}

// drawnSquare tells the reader that the picture is the square alone. Looking for
// one in a photograph it takes a part of the key's own dots for a corner now and
// then, and finds nothing.
var drawnSquare = map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true}

// The square holds the key and nothing else, says a reader of other hands.
func TestSheet_QR(t *testing.T) {
	for range 5 {
		id, err := age.GenerateHybridIdentity()
		if err != nil {
			t.Fatal(err)
		}
		bitmap, err := gozxing.NewBinaryBitmapFromImage(drawn(t, mustHTML(t, sheetOf(t, id.String()))))
		if err != nil {
			t.Fatal(err)
		}
		read, err := qrcode.NewQRCodeReader().Decode(bitmap, drawnSquare)
		if err != nil {
			t.Fatal(err)
		}
		if read.GetText() != id.String() {
			t.Fatalf("the square says something else")
		}
	}
}

// drawn makes an image of the page's svg, four pixels a module.
func drawn(t *testing.T, page string) image.Image {
	t.Helper()
	box := regexp.MustCompile(`viewBox="0 0 (\d+) `).FindStringSubmatch(page)
	if box == nil {
		t.Fatal("no square on the page")
	}
	size, err := strconv.Atoi(box[1])
	if err != nil {
		t.Fatal(err)
	}
	const scale = 4
	img := image.NewGray(image.Rect(0, 0, size*scale, size*scale))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	runs := regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1`).FindAllStringSubmatch(page, -1)
	for _, run := range runs {
		var x, y, w int
		if _, err := fmt.Sscan(run[1], &x); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscan(run[2]+" "+run[3], &y, &w); err != nil {
			t.Fatal(err)
		}
		for px := x * scale; px < (x+w)*scale; px++ {
			for py := y * scale; py < (y+1)*scale; py++ {
				img.SetGray(px, py, color.Gray{})
			}
		}
	}
	return img
}

// A page for a printer: it asks for nothing, runs nothing, and keeps the name in
// its place.
func TestSheet_StandsAlone(t *testing.T) {
	page := mustHTML(t, sheetOf(t, vector))
	for _, no := range []string{"<script", "src=", "href=", "url(", "@import", "onload", "<Elm>"} {
		if strings.Contains(page, no) {
			t.Errorf("the page has %q", no)
		}
	}
	// The name of the svg's language is the only address, and is not fetched.
	if rest := strings.ReplaceAll(page, `xmlns="http://www.w3.org/2000/svg"`, ""); strings.Contains(rest, "://") {
		t.Error("the page has an address")
	}
	for _, want := range []string{"Oak &amp; &lt;Elm&gt; Adoption", "officer B of A, B and C", "22 November 2026", "For practice only", "size: A4",
		"age -d -i b.key archive-AB.age | age -d -i a.key &gt; archive.key", "age -d -i c.key archive-BC.age | age -d -i b.key &gt; archive.key"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// Sixty-six lines of eighty characters are what the plainest printer has.
func TestSheet_Plain(t *testing.T) {
	lines := strings.Split(sheetOf(t, vector).Text(), "\n")
	if len(lines) > 66 {
		t.Errorf("%d lines", len(lines))
	}
	for i, line := range lines {
		if utf8.RuneCountInString(line) > 80 {
			t.Errorf("line %d has %d characters: %s", i+1, utf8.RuneCountInString(line), line)
		}
	}
}

// The digits on a sheet are what a stock sha256sum says of what was typed.
func TestSheet_Digits(t *testing.T) {
	s := sheetOf(t, vector)
	sum := func(text string) string {
		cmd := exec.CommandContext(t.Context(), "sha256sum")
		cmd.Stdin = strings.NewReader(text)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out[:64])
	}
	plain := func(text string) string { return strings.ReplaceAll(text, " ", "") }
	if want := sum(vector + "\n"); plain(s.Hash()) != want {
		t.Errorf("key: %s, want %s", s.Hash(), want)
	}
	if want := sum(mustKey(t, vector).Recipient().String() + "\n"); plain(s.Print()) != want {
		t.Errorf("public line: %s, want %s", s.Print(), want)
	}
	for i, row := range s.Rows() {
		if want := sum(vector[i*20 : min((i+1)*20, 77)])[:4]; row.Check != want {
			t.Errorf("row %d: %s, want %s", i+1, row.Check, want)
		}
	}
}

// A sheet that is printed by accident says nothing.
func TestSheet_PrintsAsSecret(t *testing.T) {
	var b bytes.Buffer
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		fmt.Fprintf(&b, format+" "+format, sheetOf(t, vector), []ceremony.Sheet{sheetOf(t, vector)})
	}
	if strings.Contains(b.String(), vector[30:40]) || strings.Contains(b.String(), "0x") {
		t.Error(b.String())
	}
}
