package voice

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
)

// box is where a box of an MP4 lies in what was walked: its head begins at start,
// its content at in.
type box struct {
	name           string
	start, in, end int
}

// boxes walks the boxes of b until its end, or until what is no box.
func boxes(b []byte) (list []box) {
	for at := 0; len(b)-at >= 8; {
		size, in := uint64(binary.BigEndian.Uint32(b[at:])), at+8
		switch {
		case size == 0:
			size = uint64(len(b) - at)
		case size == 1 && len(b)-at >= 16:
			size, in = binary.BigEndian.Uint64(b[at+8:]), at+16
		}
		if size < uint64(in-at) || size > uint64(len(b)-at) {
			return list
		}
		list = append(list, box{string(b[at+4 : at+8]), at, in, at + int(size)})
		at += int(size)
	}
	return list
}

// Arrange gives an MP4 in parts whose table comes before the sound, where it came
// after it. What needs no such thing, and what cannot be read so, is given as it is.
// file is not changed.
func Arrange(file []byte) [][]byte {
	all := boxes(file)
	data := slices.IndexFunc(all, func(x box) bool { return x.name == "mdat" })
	table := slices.IndexFunc(all, func(x box) bool { return x.name == "moov" })
	if data < 0 || table < data || slices.ContainsFunc(all, func(x box) bool { return x.name == "moof" }) {
		return [][]byte{file}
	}
	sound, moov := all[data], all[table]
	// Places in the file between the sound's beginning and the table move by its size.
	moved := bytes.Clone(file[moov.start:moov.end])
	shift(moved[moov.in-moov.start:], uint64(sound.start), uint64(moov.start), uint64(len(moved)), []string{"trak", "mdia", "minf", "stbl"})
	return [][]byte{file[:sound.start], moved, file[sound.start:moov.start], file[moov.end:]}
}

// shift adds by to each place of a chunk from first to before last, in the tables
// that lie in b below the boxes of path.
func shift(b []byte, first, last, by uint64, path []string) {
	for _, x := range boxes(b) {
		content := b[x.in:x.end]
		if len(path) > 0 {
			if x.name == path[0] {
				shift(content, first, last, by, path[1:])
			}
			continue
		}
		if len(content) < 8 || x.name != "stco" && x.name != "co64" {
			continue
		}
		for list := content[8:]; x.name == "stco" && len(list) >= 4; list = list[4:] {
			if at := uint64(binary.BigEndian.Uint32(list)); at >= first && at < last && at+by <= math.MaxUint32 {
				binary.BigEndian.PutUint32(list, uint32(at+by))
			}
		}
		for list := content[8:]; x.name == "co64" && len(list) >= 8; list = list[8:] {
			if at := binary.BigEndian.Uint64(list); at >= first && at < last {
				binary.BigEndian.PutUint64(list, at+by)
			}
		}
	}
}
