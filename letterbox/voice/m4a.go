package voice

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
)

// How the sound is encoded: AAC of low complexity, one channel.
const (
	rate    = 44100 // samples a second
	inFrame = 1024  // samples a frame
	// A channel's frame is never larger; most are near 140 bytes.
	maxFrame = 768
	// A little more than ffmpeg is asked for (Most + 2 seconds), so that what is too long is known to be.
	maxFrames = (Most + 4) * rate / inFrame
)

// errFrames is a child's answer that is none.
var errFrames = errors.New("no row of AAC frames")

// errFile is a file that Box did not make.
var errFile = errors.New("no recording of ours")

// Box makes an M4A of AAC frames that follow one another, each behind a head of
// seven bytes (ADTS). The heads have to be those of our own encoding.
func Box(adts []byte) ([]byte, error) {
	var sizes []uint32
	var sound []byte
	for len(adts) > 0 {
		if len(adts) < 7 {
			return nil, errFrames
		}
		// Twelve ones; MPEG-4; no checksum; low complexity; 44,100 Hz; one channel; one block.
		size := int(adts[3]&3)<<11 | int(adts[4])<<3 | int(adts[5])>>5
		if adts[0] != 0xff || adts[1] != 0xf1 || adts[2] != 0x50 || adts[3]&0xfc != 0x40 || adts[6]&3 != 0 ||
			size <= 7 || size > 7+maxFrame || size > len(adts) || len(sizes) == maxFrames {
			return nil, errFrames
		}
		sizes, sound = append(sizes, uint32(size-7)), append(sound, adts[7:size]...)
		adts = adts[size:]
	}
	if len(sizes) == 0 {
		return nil, errFrames
	}
	return append(head(sizes), sound...), nil
}

// Check looks that a file is one that Box makes, to the byte, and gives how long it
// is, in seconds.
func Check(file []byte) (seconds int, err error) {
	// The number of frames and their sizes are the last that stands before the sound.
	at := len(head(nil)) - 8
	if len(file) < at {
		return 0, errFile
	}
	n := int(binary.BigEndian.Uint32(file[at-4:]))
	if n < 1 || n > maxFrames || len(file) < at+4*n+8 {
		return 0, errFile
	}
	sizes, all := make([]uint32, n), 0
	for i := range sizes {
		sizes[i] = binary.BigEndian.Uint32(file[at+4*i:])
		if sizes[i] < 1 || sizes[i] > maxFrame {
			return 0, errFile
		}
		all += int(sizes[i])
	}
	made := head(sizes)
	if len(file) != len(made)+all || !bytes.HasPrefix(file, made) {
		return 0, errFile
	}
	return (n*inFrame + rate - 1) / rate, nil
}

// head is an M4A before its sound: what plays it knows all before the first frame.
func head(sizes []uint32) []byte {
	n, all := uint32(len(sizes)), uint32(0)
	for _, size := range sizes {
		all += size
	}
	ftyp := boxOf("ftyp", text("M4A "), num(0), text("M4A "), text("mp42"), text("isom"))
	moov := func(at uint32) []byte {
		long := n * inFrame
		matrix := num(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
		stbl := boxOf("stbl",
			boxOf("stsd", num(0, 1), boxOf("mp4a", num(0, 1, 0, 0, 1<<16|16, 0, rate<<16), esds())),
			boxOf("stts", num(0, 1, n, inFrame)),
			boxOf("stsc", num(0, 1, 1, n, 1)),
			boxOf("stco", num(0, 1, at)),
			boxOf("stsz", num(0, 0, n), num(sizes...)))
		minf := boxOf("minf", boxOf("smhd", num(0, 0)), boxOf("dinf", boxOf("dref", num(0, 1), boxOf("url ", num(1)))), stbl)
		mdia := boxOf("mdia", boxOf("mdhd", num(0, 0, 0, rate, long, 0x55c4<<16)),
			boxOf("hdlr", num(0, 0), text("soun"), num(0, 0, 0), []byte{0}), minf)
		trak := boxOf("trak", boxOf("tkhd", num(7, 0, 0, 1, 0, long, 0, 0, 0, 0x01000000), matrix, num(0, 0)), mdia)
		return boxOf("moov", boxOf("mvhd", num(0, 0, 0, rate, long, 0x10000, 0x01000000, 0, 0), matrix, num(0, 0, 0, 0, 0, 0, 2)), trak)
	}
	sound := uint32(len(ftyp) + len(moov(0)) + 8)
	return slices.Concat(ftyp, moov(sound), num(8+all), text("mdat"))
}

// esds tells a player how to decode the frames.
func esds() []byte {
	special := []byte{5, 2, 0x12, 0x08} // low complexity, 44,100 Hz, one channel
	decoder := append([]byte{4, byte(13 + len(special)), 0x40, 0x15, 0, 0x03, 0x00}, num(96_000, 48_000)...)
	decoder = append(decoder, special...)
	stream := append([]byte{3, byte(3 + len(decoder) + 3), 0, 1, 0}, decoder...)
	return boxOf("esds", num(0), append(stream, 6, 1, 2))
}

func text(s string) []byte { return []byte(s) }

func num(list ...uint32) (b []byte) {
	for _, n := range list {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

func boxOf(name string, parts ...[]byte) []byte {
	content := slices.Concat(parts...)
	return slices.Concat(num(uint32(8+len(content))), text(name), content)
}
