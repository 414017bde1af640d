// Package voicetest makes sounds for tests, and files that hold more than a
// sound. Nothing of it was ever said by anybody.
package voicetest

import (
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// Word stands in every place of a file that is not its sound.
const Word = "Kestrelhithe"

// Sine is a WAV with a tone of so many seconds, 8,000 samples each.
func Sine(seconds int) []byte {
	data := make([]byte, 0, seconds*16000)
	for i := range seconds * 8000 {
		data = binary.LittleEndian.AppendUint16(data, uint16(int16(12000*math.Sin(float64(i)*2*math.Pi*440/8000))))
	}
	return WAV(data, uint32(len(data)))
}

// WAV is a file of 8,000 samples of 16 bits a second, which says that there are
// declared bytes of them.
func WAV(data []byte, declared uint32) []byte {
	le := binary.LittleEndian
	b := append(le.AppendUint32([]byte("RIFF"), declared+36), "WAVEfmt "...)
	b = le.AppendUint16(le.AppendUint16(le.AppendUint32(b, 16), 1), 1)
	b = le.AppendUint32(le.AppendUint32(b, 8000), 16000)
	b = le.AppendUint16(le.AppendUint16(b, 2), 16)
	return append(le.AppendUint32(append(b, "data"...), declared), data...)
}

// Frames is a row of AAC frames with heads of ours. What is in them is no sound.
func Frames(sizes ...int) (b []byte) {
	for _, size := range sizes {
		all := size + 7
		b = append(b, 0xff, 0xf1, 0x50, 0x40|byte(all>>11), byte(all>>3), byte(all<<5)|0x1f, 0xfc)
		for i := range size {
			b = append(b, byte(i))
		}
	}
	return b
}

// Convert lets ffmpeg write a file of another kind; what comes before its name are its
// options. The folder is the test's.
func Convert(t testing.TB, wav []byte, name string, options ...string) []byte {
	t.Helper()
	from, to := filepath.Join(t.TempDir(), "from.wav"), filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(from, wav, 0o600); err != nil {
		t.Fatal(err)
	}
	args := slices.Concat([]string{"-nostdin", "-v", "error", "-i", from}, options, []string{to})
	if out, err := exec.CommandContext(t.Context(), "ffmpeg", args...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, out)
	}
	made, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// Tagged puts words, a place, a picture and a chapter before an MP3.
func Tagged(mp3 []byte) []byte {
	frame := func(name string, content string) string {
		return name + string(binary.BigEndian.AppendUint32(nil, uint32(len(content)))) + "\x00\x00" + content
	}
	tag := frame("TIT2", "\x00"+Word) + frame("TXXX", "\x00location\x00+53.1-004.2/"+Word) + frame("COMM", "\x00eng\x00"+Word) +
		frame("APIC", "\x00image/jpeg\x00\x03"+Word+"\x00\xff\xd8\xff\xe0"+Word+"\xff\xd9") +
		frame("CHAP", "one\x00\x00\x00\x00\x00\x00\x00\x03\xe8\xff\xff\xff\xff\xff\xff\xff\xff"+frame("TIT2", "\x00"+Word))
	n := len(tag)
	head := []byte{'I', 'D', '3', 3, 0, 0, byte(n >> 21 & 127), byte(n >> 14 & 127), byte(n >> 7 & 127), byte(n & 127)}
	return slices.Concat(head, []byte(tag), mp3, []byte("TAG"+Word), make([]byte, 128-3-len(Word)))
}
