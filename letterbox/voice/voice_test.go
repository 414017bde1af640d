package voice_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"gatepost/internal/fault"
	"gatepost/letterbox/voice"
	"gatepost/letterbox/voice/voicetest"
)

func TestKindOf(t *testing.T) {
	for begins, want := range map[string]voice.Kind{
		"\x00\x00\x00\x20ftypM4A ":         voice.MP4,
		"\x00\x00\x00\x18ftyp3gp4":         voice.MP4,
		"OggS\x00\x02":                     voice.Ogg,
		"\x1a\x45\xdf\xa3\x01":             voice.WebM,
		"RIFF\x24\x00\x00\x00WAVEfmt ":     voice.WAV,
		"#!AMR\n\x3c":                      voice.AMR,
		"#!AMR-WB\n\x3c":                   voice.AMR,
		"ID3\x03\x00":                      voice.MP3,
		"\xff\xfb\x90\x64":                 voice.MP3,
		"":                                 "",
		"\xff":                             "",
		"\xff\xf1\x50\x80":                 "", // AAC without a file around it
		"\xff\xd8\xff\xe0":                 "",
		"RIFF\x24\x00\x00\x00AVI LIST":     "",
		"#EXTM3U\n#EXTINF:1,\n/etc/passwd": "",
		"ffconcat version 1.0\nfile /etc/passwd\n":  "",
		"<smil><audio src=\"/etc/passwd\"/></smil>": "",
		"WEBVTT\n\n":                      "",
		"fLaC\x00":                        "",
		"[playlist]\nFile1=/etc/passwd\n": "",
	} {
		got, err := voice.KindOf([]byte(begins))
		if got != want || (want == "") != (fault.KindOf(err) == fault.Invalid) {
			t.Errorf("%q is %q (%v), want %q", begins, got, err, want)
		}
	}
}

// What Box makes is what Check takes, and one bit more or less is not.
func TestBox(t *testing.T) {
	frames := voicetest.Frames(10, 768, 1)
	file, err := voice.Box(frames)
	if err != nil {
		t.Fatal(err)
	}
	if seconds, err := voice.Check(file); err != nil || seconds != 1 {
		t.Fatalf("%d seconds (%v)", seconds, err)
	}
	for i := range len(file) - 779 { // all but the frames themselves
		bad := bytes.Clone(file)
		bad[i] ^= 1
		if _, err := voice.Check(bad); err == nil {
			t.Errorf("byte %d can be another one", i)
		}
	}
	for name, bad := range map[string][]byte{"shorter": file[:len(file)-1], "longer": append(bytes.Clone(file), 0), "nothing": nil,
		"a box after it": append(bytes.Clone(file), "\x00\x00\x00\x10free Kestrel"...)} {
		if _, err := voice.Check(bad); err == nil {
			t.Error(name)
		}
	}
	for name, bad := range map[string][]byte{
		"nothing": nil, "an empty frame": voicetest.Frames(0), "a frame too large": voicetest.Frames(769),
		"half": frames[:len(frames)-1], "a word behind": append(bytes.Clone(frames), voicetest.Word...),
		"two channels": slices.Concat([]byte{0xff, 0xf1, 0x50, 0x80}, frames[4:]), "another rate": slices.Concat([]byte{0xff, 0xf1, 0x4c, 0x40}, frames[4:]),
		"too many": voicetest.Frames(slices.Repeat([]int{1}, 27_000)...),
	} {
		if _, err := voice.Box(bad); err == nil {
			t.Error(name)
		}
	}
}

// boxOf is a box of an MP4.
func boxOf(name string, content ...[]byte) []byte {
	all := slices.Concat(content...)
	return slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(8+len(all))), []byte(name), all)
}

// The table comes before the sound, and names the places where it is then.
func TestArrange(t *testing.T) {
	ftyp, mdat := boxOf("ftyp", []byte("M4A ")), boxOf("mdat", []byte("the sound"))
	be := binary.BigEndian
	at := uint32(len(ftyp) + 8)
	table := func(at uint32) []byte {
		stco := be.AppendUint32(be.AppendUint32(make([]byte, 4), 1), at)
		co64 := be.AppendUint64(be.AppendUint32(make([]byte, 4), 1), uint64(at))
		return boxOf("moov", boxOf("mvhd"), boxOf("trak", boxOf("mdia", boxOf("minf", boxOf("stbl", boxOf("stco", stco), boxOf("co64", co64))))))
	}
	moov := table(at)
	file := slices.Concat(ftyp, mdat, moov, boxOf("free"))
	before := bytes.Clone(file)
	got := slices.Concat(voice.Arrange(file)...)
	if want := slices.Concat(ftyp, table(at+uint32(len(moov))), mdat, boxOf("free")); !bytes.Equal(got, want) {
		t.Errorf("arranged %q, want %q", got, want)
	}
	if !bytes.Equal(file, before) {
		t.Error("what came in is changed")
	}
	for name, same := range map[string][]byte{"in order": slices.Concat(ftyp, moov, mdat), "in fragments": slices.Concat(ftyp, mdat, moov, boxOf("moof")),
		"no table": slices.Concat(ftyp, mdat), "half a table": file[:len(file)-20], "no boxes": []byte("ID3 and more"), "nothing": nil} {
		if got := slices.Concat(voice.Arrange(same)...); !bytes.Equal(got, same) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func FuzzArrange(f *testing.F) {
	f.Add(slices.Concat(boxOf("ftyp", []byte("M4A ")), boxOf("mdat", []byte("x")), boxOf("moov", boxOf("trak", boxOf("mdia", boxOf("minf", boxOf("stbl", boxOf("stco", make([]byte, 20)))))))))
	f.Add([]byte("\x00\x00\x00\x01mdat\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, file []byte) {
		before := bytes.Clone(file)
		if got := slices.Concat(voice.Arrange(file)...); len(got) != len(file) || !bytes.Equal(file, before) {
			t.Errorf("%d bytes of %d", len(got), len(file))
		}
		_, _ = voice.KindOf(file)
	})
}

func FuzzBox(f *testing.F) {
	f.Add(voicetest.Frames(3, 5))
	f.Fuzz(func(t *testing.T, frames []byte) {
		if file, err := voice.Box(frames); err == nil {
			if _, err := voice.Check(file); err != nil {
				t.Errorf("what was made is not taken: %v", err)
			}
		}
		if seconds, err := voice.Check(frames); err == nil && seconds < 1 {
			t.Errorf("%d seconds", seconds)
		}
	})
}
