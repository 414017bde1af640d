package darkroom_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"gatepost/internal/darkroom"
	"gatepost/internal/fault"
	"gatepost/letterbox/photo"
	"gatepost/letterbox/photo/phototest"
)

// answer is a good one.
func answer(tb testing.TB) []byte {
	tb.Helper()
	p, err := photo.Clean(phototest.JPEG(phototest.Scene(64, 48), phototest.IPTC()), photo.Standard())
	if err != nil {
		tb.Fatal(err)
	}
	var b bytes.Buffer
	if err := darkroom.WritePicture(&b, p); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestAnswer(t *testing.T) {
	good := answer(t)
	p, err := darkroom.ReadAnswer(bytes.NewReader(good), photo.Standard())
	if err != nil || p.Width != 64 || p.Height != 48 || !p.Traces.Place || len(p.Small) == 0 {
		t.Fatalf("%+v (%v)", p, err)
	}
	changed := func(at int, to ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at:], to)
		return b
	}
	for name, b := range map[string][]byte{
		"nothing":                      nil,
		"another beginning":            changed(0, 9),
		"a mark that there is not":     changed(1, 0xff, 0xff),
		"another width":                changed(3, 0, 0, 0, 63),
		"a width beyond the limit":     changed(3, 0, 0, 10, 1),
		"a picture of 4 GB":            changed(11, 0xff, 0xff, 0xff, 0xff),
		"a picture beyond the limit":   changed(11, 0, 0x40, 0, 1),
		"a small copy beyond the same": changed(15, 0, 4, 0, 1),
		"a picture one shorter":        changed(11, binary.BigEndian.AppendUint32(nil, binary.BigEndian.Uint32(good[11:])-1)...),
		"one byte more":                append(bytes.Clone(good), 0),
		"a sentence that there is not": {2, 99},
		"a sentence, and more":         {2, 0, 0},
		"half a sentence":              {2},
	} {
		if p, err := darkroom.ReadAnswer(bytes.NewReader(b), photo.Standard()); p != nil && err == nil || said(err) != "fault.photo.broken" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := range good {
		if _, err := darkroom.ReadAnswer(bytes.NewReader(good[:n]), photo.Standard()); said(err) != "fault.photo.broken" {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
	// Not the person's doing: they are not told to take another picture.
	if _, err := darkroom.ReadAnswer(bytes.NewReader([]byte{3}), photo.Standard()); fault.KindOf(err) != fault.Internal {
		t.Errorf("a child that is not shut in: %v", err)
	}
}

// A fault keeps its sentence on the way, and no cause goes with it.
func TestAnswer_Fault(t *testing.T) {
	for sent, want := range map[error]string{
		fault.Field("photo", "fault.photo.wide"):                                          "fault.photo.wide",
		fault.Wrap(fault.Invalid, "fault.photo.broken", errors.New("at "+phototest.Word)): "fault.photo.broken",
		errors.New("no fault"):                   "fault.photo.broken",
		fault.New(fault.Internal, "fault.other"): "fault.photo.broken",
	} {
		var b bytes.Buffer
		if err := darkroom.WriteFault(&b, sent); err != nil {
			t.Fatal(err)
		}
		if b.Len() != 2 {
			t.Errorf("%v is %d bytes", sent, b.Len())
		}
		if _, err := darkroom.ReadAnswer(&b, photo.Standard()); said(err) != want {
			t.Errorf("%v: said %q", sent, said(err))
		}
	}
}

// What a child says never breaks its parent, and only a cleaned picture passes.
func FuzzAnswer(f *testing.F) {
	f.Add(answer(f))
	f.Add([]byte{2, 1})
	f.Add([]byte{3})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := darkroom.ReadAnswer(bytes.NewReader(b), photo.Standard())
		if err != nil {
			return
		}
		for _, b := range [][]byte{p.JPEG, p.Small} {
			if _, _, err := photo.Check(b); err != nil {
				t.Error(err)
			}
		}
	})
}

func FuzzRequest(f *testing.F) {
	f.Add(darkroom.Request(darkroom.Standard(), 1000))
	f.Fuzz(func(_ *testing.T, b []byte) { _ = darkroom.ReadRequest(bytes.NewReader(b)) })
}
