package studio

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"syscall"

	"gatepost/letterbox/voice"
)

// isOpen is the answer of a child that could not shut itself in. No frame begins so.
const isOpen = "open"

// Serve is the child: it shuts this process in for good and becomes ffmpeg, which
// reads the file from its standard input. args are the kind of the file, where ffmpeg
// is, and the limits. It returns only where that fails, and has told the parent by
// out; what it returns is for nobody but a test, for a child has no one to tell.
func Serve(args []string, out io.Writer) error {
	err := serve(args)
	_, write := io.WriteString(out, isOpen)
	return errors.Join(err, write)
}

func serve(args []string) error {
	if len(args) != 4 || !slices.Contains(voice.Kinds(), voice.Kind(args[0])) {
		return errors.New("make a recording: it is not said of what")
	}
	memory, err := strconv.ParseUint(args[2], 10, 63)
	seconds, more := strconv.ParseUint(args[3], 10, 16)
	if err := errors.Join(err, more); err != nil {
		return fmt.Errorf("make a recording: %w", err)
	}
	// What is taken from a thread is taken from the program that it becomes.
	runtime.LockOSThread()
	if err := confine(memory, seconds); err != nil {
		return fmt.Errorf("shut a child in: %w", err)
	}
	return fmt.Errorf("become ffmpeg: %w", syscall.Exec(args[1], append([]string{"ffmpeg"}, options(voice.Kind(args[0]))...), []string{"LC_ALL=C"}))
}

// A way is how a kind of file is opened: by one demuxer, with these decoders.
type way struct{ demuxer, decoders string }

func wayOf(kind voice.Kind) way {
	switch kind {
	case voice.MP4:
		return way{"mov", "aac,alac,amrnb,amrwb,mp3float,pcm_s16le,pcm_s16be"}
	case voice.MP3:
		return way{"mp3", "mp3float"}
	case voice.Ogg:
		return way{"ogg", "opus,vorbis,libopus,libvorbis"}
	case voice.WebM:
		return way{"matroska", "opus,vorbis,libopus,libvorbis"}
	case voice.WAV:
		return way{"wav", "pcm_u8,pcm_s16le,pcm_s24le,pcm_s32le,pcm_f32le,pcm_alaw,pcm_mulaw"}
	default:
		return way{"amr", "amrnb,amrwb"}
	}
}

// options tell ffmpeg all that it does: nothing is left to the file.
func options(kind voice.Kind) []string {
	w := wayOf(kind)
	// A demuxer answers to all of its names, and the list has to have each.
	formats := map[string]string{"mov": "mov,mp4,m4a,3gp,3g2,mj2", "matroska": "matroska,webm"}[w.demuxer]
	if formats == "" {
		formats = w.demuxer
	}
	return []string{
		"-nostdin", "-hide_banner", "-loglevel", "error", "-nostats",
		"-protocol_whitelist", "pipe", "-format_whitelist", formats, "-codec_whitelist", w.decoders,
		"-threads", "1", "-f", w.demuxer, "-i", "pipe:0",
		"-map", "0:a:0", "-map_metadata", "-1", "-map_chapters", "-1", "-vn", "-sn", "-dn",
		"-t", strconv.Itoa(voice.Most + 2), "-ac", "1", "-ar", "44100", "-c:a", "aac", "-b:a", "48k", "-threads", "1",
		"-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "adts", "pipe:1",
	}
}
