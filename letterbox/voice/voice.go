package voice

import (
	"bytes"

	"gatepost/internal/fault"
)

// Most is how long a recording may be, in seconds.
const Most = 600

// Kind is a kind of file that can hold a voice.
type Kind string

// The kinds that are taken.
const (
	MP4  Kind = "mp4" // also M4A, 3GP and QuickTime
	MP3  Kind = "mp3"
	Ogg  Kind = "ogg"
	WebM Kind = "webm"
	WAV  Kind = "wav"
	AMR  Kind = "amr"
)

// Kinds lists the kinds that are taken.
func Kinds() []Kind { return []Kind{MP4, MP3, Ogg, WebM, WAV, AMR} }

// KindOf tells by its first bytes what a file is. A kind that is not taken is a
// fault: the field "recording".
func KindOf(file []byte) (Kind, error) {
	begins := func(with string) bool { return bytes.HasPrefix(file, []byte(with)) }
	at := func(n int, with string) bool { return len(file) >= n && bytes.HasPrefix(file[n:], []byte(with)) }
	switch {
	case at(4, "ftyp"):
		return MP4, nil
	case begins("OggS"):
		return Ogg, nil
	case begins("\x1a\x45\xdf\xa3"):
		return WebM, nil
	case begins("RIFF") && at(8, "WAVE"):
		return WAV, nil
	case begins("#!AMR\n"), begins("#!AMR-WB\n"):
		return AMR, nil
	case begins("ID3"), len(file) > 3 && layer3(file):
		return MP3, nil
	}
	return "", fault.Field("recording", "fault.recording.kind")
}

// layer3 tells whether a frame of MPEG audio, layer III, begins here.
func layer3(b []byte) bool {
	version, layer, rate, hertz := b[1]>>3&3, b[1]>>1&3, b[2]>>4, b[2]>>2&3
	return b[0] == 0xff && b[1]>>5 == 7 && version != 1 && layer == 1 && rate != 15 && hertz != 3
}
