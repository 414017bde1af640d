//go:build browser && pictures

package journey_test

import (
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Makes the pictures of the README and of docs anew:
//
//	go test -count=1 -tags 'browser pictures' -run TestPictures ./internal/journey
func TestPictures(t *testing.T) {
	dir, err := filepath.Abs(filepath.Join(root, "docs/pictures"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	walk(t, newWorld(t, false), "shots.mjs", "on", map[string]string{"pictures": dir})
	for _, name := range []string{"desk.png", "desk-back.png", "safeguarding.png", "workers.png", "timeline.png", "letter.png"} {
		if size := reduce(t, filepath.Join(dir, name)); size > 75<<10 {
			t.Errorf("%s takes %d bytes", name, size)
		}
	}
}

// reduce writes a picture again with 256 colours, which is less than half the
// size, and gives the size. Pages have few colours; what is left out are steps
// between the grey of a letter and its ground.
func reduce(t *testing.T, path string) int64 {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	full, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	small := image.NewPaletted(full.Bounds(), commonest(full))
	draw.Draw(small, small.Bounds(), full, full.Bounds().Min, draw.Src)
	if file, err = os.Create(path); err != nil {
		t.Fatal(err)
	}
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(file, small); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// commonest is the 256 colours that a picture has most of.
func commonest(full image.Image) color.Palette {
	counts := map[color.Color]int{}
	for y := full.Bounds().Min.Y; y < full.Bounds().Max.Y; y++ {
		for x := full.Bounds().Min.X; x < full.Bounds().Max.X; x++ {
			counts[full.At(x, y)]++
		}
	}
	all := slices.SortedFunc(maps.Keys(counts), func(a, b color.Color) int { return cmp.Compare(counts[b], counts[a]) })
	return all[:min(len(all), 256)]
}
