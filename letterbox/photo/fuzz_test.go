package photo_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"gatepost/internal/fault"
	"gatepost/letterbox/photo"
	"gatepost/letterbox/photo/phototest"
)

// seed gives every crafted file and the pieces that the walkers read alone.
func seed(f *testing.F) {
	for _, of := range crafted() {
		f.Add(of.file)
	}
	for _, of := range craftedHEIC() {
		f.Add(of.file)
	}
	f.Add(phototest.HEIC(phototest.Container{Turns: 1, Mirror: "lr"}))
	f.Add(phototest.Everything(binary.BigEndian))
	f.Add(phototest.Everything(binary.LittleEndian))
	f.Add(phototest.IPTC().Body[len("Photoshop 3.0\x00"):])
	f.Add(phototest.BombPNG(60_000, 60_000))
}

// A walk never panics, changes nothing, and ends in marks or in a fault that a
// person can read.
func FuzzInspect(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		traces, err := photo.Inspect(b)
		if err != nil && fault.KindOf(err) != fault.Invalid {
			t.Errorf("not a fault of the file: %v", err)
		}
		if again, _ := photo.Inspect(b); again != traces {
			t.Errorf("%+v, then %+v", traces, again)
		}
		if !bytes.Equal(b, before) {
			t.Error("the file was changed")
		}
		if read, ok := photo.TracesOf(traces.Bits()); !ok || read != traces {
			t.Errorf("%+v, read as %+v", traces, read)
		}
	})
}

// Each walker alone, whatever the file begins with.
func FuzzWalkJPEG(f *testing.F) {
	seed(f)
	f.Fuzz(func(_ *testing.T, b []byte) { _ = photo.WalkJPEG(b) })
}

func FuzzWalkPNG(f *testing.F) {
	seed(f)
	f.Fuzz(func(_ *testing.T, b []byte) { _ = photo.WalkPNG(b) })
}

func FuzzWalkWebP(f *testing.F) {
	seed(f)
	f.Fuzz(func(_ *testing.T, b []byte) { _ = photo.WalkWebP(b) })
}

func FuzzWalkHEIC(f *testing.F) {
	seed(f)
	f.Fuzz(func(_ *testing.T, b []byte) { _ = photo.WalkHEIC(b) })
}

func FuzzWalkEXIF(f *testing.F) {
	seed(f)
	f.Fuzz(func(_ *testing.T, b []byte) { photo.WalkEXIF(b); photo.WalkBlocks(b) })
}

// What the after-check passes tells nothing to a walk.
func FuzzCheck(f *testing.F) {
	seed(f)
	p, err := photo.Clean(phototest.JPEG(phototest.Scene(32, 32)), photo.Standard())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(p.JPEG)
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, _, err := photo.Check(b); err != nil {
			return
		}
		if traces, err := photo.Inspect(b); err != nil || traces != (photo.Traces{}) {
			t.Errorf("passed, and tells %+v (%v)", traces, err)
		}
	})
}

// Cleaning gives a picture that passes the after-check, or a fault of the file.
func FuzzClean(f *testing.F) {
	seed(f)
	l := photo.Limits{Bytes: 1 << 16, Pixels: 1 << 13, Memory: 1 << 17, Side: 48, Small: 16, Out: 1 << 16}
	f.Fuzz(func(t *testing.T, b []byte) {
		// The decoder of HEIC keeps its memory, and would fill that of the fuzzer.
		if kind, err := photo.KindOf(b); err == nil && kind == photo.HEIC {
			return
		}
		p, err := photo.Clean(b, l)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Errorf("not a fault of the file: %v", err)
			}
			return
		}
		for _, b := range [][]byte{p.JPEG, p.Small} {
			if w, h, err := photo.Check(b); err != nil || max(w, h) > l.Side {
				t.Errorf("%d by %d: %v", w, h, err)
			}
		}
	})
}
