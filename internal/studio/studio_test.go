package studio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"gatepost/internal/fault"
	"gatepost/internal/studio"
	"gatepost/internal/studio/studiotest"
	"gatepost/letterbox/voice"
	"gatepost/letterbox/voice/voicetest"
)

// role tells a process that is a child of these tests what to be.
const role = "GATEPOST_TEST_STUDIO"

func TestMain(m *testing.M) {
	if as := os.Getenv(role); as != "" {
		act(as)
		os.Exit(0)
	}
	studiotest.Child()
	os.Exit(m.Run())
}

// act is what a child does that is not as it should be.
func act(as string) {
	switch as {
	case "silent":
	case "killed":
		_ = unix.Kill(os.Getpid(), unix.SIGKILL)
	case "rubbish":
		os.Stdout.WriteString("an MP3 that is none")
	case "liar":
		os.Stdout.Write(append(voicetest.Frames(100), voicetest.Word...))
	case "failing":
		os.Stdout.Write(voicetest.Frames(100, 100))
		os.Exit(1)
	case "long":
		for range 602 * 44100 / 1024 {
			os.Stdout.Write(voicetest.Frames(100))
		}
	case "flood":
		for b := voicetest.Frames(slices.Repeat([]int{700}, 64)...); ; {
			if _, err := os.Stdout.Write(b); err != nil {
				return
			}
		}
	case "open":
		_ = studio.Serve([]string{"mp3", "/usr/bin/ffmpeg", "none", "1"}, os.Stdout)
	case "hanging":
		os.Stderr.WriteString(strconv.Itoa(os.Getpid()) + "\n")
		for {
			_ = unix.Pause()
		}
	case "looping", "greedy":
		runtime.LockOSThread()
		if err := studio.Confine(64<<20, 1); err != nil {
			return
		}
		for size := 1 << 20; ; {
			if as == "greedy" {
				size *= 2
				_ = bytes.Repeat([]byte{1}, size)
			}
		}
	case "escaping":
		escape()
	}
}

func visit(t *testing.T, s *studio.Studio) *studio.Visit {
	t.Helper()
	v, err := s.TryEnter("one")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Leave)
	return v
}

func real(t *testing.T) *studio.Visit {
	t.Helper()
	s, err := studio.New(1, 1, studio.Standard())
	if err != nil {
		t.Fatal(err)
	}
	if !s.Ready() {
		t.Fatal("there is no ffmpeg on this machine")
	}
	return visit(t, s)
}

// said gives the key of a fault's sentence.
func said(err error) string {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f.Message
	}
	return fmt.Sprint(err)
}

// Each kind becomes a file of ours, of the same length, without a word that stood
// beside its sound.
func TestClean(t *testing.T) {
	v := real(t)
	wav := voicetest.Sine(3)
	tell := []string{"-metadata", "title=" + voicetest.Word, "-metadata", "location=+53.1-004.2/", "-metadata", "comment=" + voicetest.Word}
	chapters := filepath.Join(t.TempDir(), "chapters")
	if err := os.WriteFile(chapters, []byte(";FFMETADATA1\ntitle="+voicetest.Word+"\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle="+voicetest.Word+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	kinds := map[string][]byte{
		"wav":         append(bytes.Clone(wav), "LIST\x10\x00\x00\x00INFOINAM"+voicetest.Word...),
		"mp3":         voicetest.Tagged(voicetest.Convert(t, wav, "x.mp3", "-c:a", "libmp3lame")),
		"m4a":         voicetest.Convert(t, wav, "x.m4a", append([]string{"-i", chapters, "-map_chapters", "1", "-c:a", "aac"}, tell...)...),
		"in parts":    voicetest.Convert(t, wav, "x.mp4", append([]string{"-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"}, tell...)...),
		"ogg":         voicetest.Convert(t, wav, "x.ogg", append([]string{"-c:a", "libopus"}, tell...)...),
		"ogg, vorbis": voicetest.Convert(t, wav, "y.ogg", append([]string{"-c:a", "libvorbis"}, tell...)...),
		"webm":        voicetest.Convert(t, wav, "x.webm", append([]string{"-c:a", "libopus"}, tell...)...),
		"polyglot":    append(voicetest.Convert(t, wav, "z.mp3", "-c:a", "libmp3lame"), "PK\x03\x04"+voicetest.Word+"<script>alert(1)</script>"...),
		"a film":      film(t, tell),
		"amr":         []byte("#!AMR\n" + strings.Repeat("\x3c"+voicetest.Word+strings.Repeat("\x55", 31-len(voicetest.Word)), 150)),
		"longer said": voicetest.WAV(wav[44:], 0xfffffff0),
	}
	for name, file := range kinds {
		made, seconds, err := v.Clean(t.Context(), file)
		if err != nil || seconds < 3 || seconds > 4 {
			t.Errorf("%s: %d seconds, %v", name, seconds, err)
			continue
		}
		if _, err := voice.Check(made); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, trace := range []string{voicetest.Word, "53.1", "Lavc", "Lavf", "script", "\xff\xd8\xff"} {
			if bytes.Contains(made, []byte(trace)) {
				t.Errorf("%s: %q is still there", name, trace)
			}
		}
		if name != "longer said" && !bytes.Contains(file, []byte(voicetest.Word)) {
			t.Errorf("%s: nothing was there to be taken off", name)
		}
		if told := probe(t, made); strings.Count(told, "TAG:") != 5 || strings.Count(told, "[STREAM]") != 1 || strings.Contains(told, "[CHAPTER]") {
			t.Errorf("%s: it tells %s", name, told) // the three of the brand, no language, no maker
		}
	}
}

// An MP4 with its table behind its sound, as phones write it, comes through a pipe.
func TestClean_TableLast(t *testing.T) {
	file := voicetest.Convert(t, voicetest.Sine(60), "long.m4a", "-c:a", "aac", "-b:a", "96k")
	if bytes.Index(file, []byte("moov")) < bytes.Index(file, []byte("mdat")) {
		t.Fatal("its table is at its beginning")
	}
	if _, seconds, err := real(t).Clean(t.Context(), file); err != nil || seconds < 60 || seconds > 61 {
		t.Errorf("%d seconds, %v", seconds, err)
	}
}

// film is a recording with a moving picture, as phones send.
func film(t *testing.T, tell []string) []byte {
	t.Helper()
	return voicetest.Convert(t, voicetest.Sine(3), "film.mp4", append([]string{"-f", "lavfi", "-i", "color=red:s=64x64:r=5:d=3", "-map", "0:a", "-map", "1:v", "-c:v", "mpeg4", "-c:a", "aac"}, tell...)...)
}

// probe is what ffprobe reads of a file.
func probe(t *testing.T, file []byte) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-show_format", "-show_streams", "-show_chapters", "-")
	cmd.Stdin = bytes.NewReader(file)
	told, err := cmd.Output()
	if err != nil {
		t.Fatalf("ffprobe: %v", err)
	}
	return string(told)
}

// Each refusal is a sentence that the person can do something with.
func TestClean_Refused(t *testing.T) {
	v := real(t)
	wav := voicetest.Sine(2)
	m4a := voicetest.Convert(t, wav, "x.m4a", "-c:a", "aac")
	quiet := voicetest.Convert(t, voicetest.WAV(make([]byte, 16000), 16000), "quiet.ogg", "-af", "apad=whole_dur=900", "-c:a", "libopus", "-b:a", "6k")
	for name, file := range map[string]struct {
		bytes []byte
		want  string
	}{
		"nothing":                    {nil, "fault.recording.kind"},
		"a list of files":            {[]byte("#EXTM3U\n/etc/passwd\n"), "fault.recording.kind"},
		"a list behind a tag":        {append([]byte("ID3\x03\x00\x00\x00\x00\x00\x00"), "#EXTM3U\n/etc/passwd\n"...), "fault.recording.broken"},
		"a list behind a name":       {[]byte("#!AMR\nffconcat version 1.0\nfile /etc/passwd\n"), "fault.recording.broken"},
		"a list in a box":            {[]byte("\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A isom#EXTM3U\n/etc/passwd\n"), "fault.recording.broken"},
		"half of it":                 {m4a[:len(m4a)/2], "fault.recording.broken"},
		"a film without a sound":     {voicetest.Convert(t, wav, "mute.mp4", "-f", "lavfi", "-i", "color=red:s=64x64:r=5:d=1", "-map", "1:v", "-c:v", "mpeg4"), "fault.recording.broken"},
		"no sound":                   {voicetest.WAV(nil, 0), "fault.recording.broken"},
		"fifteen minutes of silence": {quiet, "fault.recording.long"},
		"more bytes than are taken":  {append(bytes.Clone(wav), make([]byte, 20<<20)...), "fault.recording.large"},
	} {
		if made, _, err := v.Clean(t.Context(), file.bytes); said(err) != file.want || made != nil {
			t.Errorf("%s: %v, want %s", name, err, file.want)
		}
	}
	// An answer that came before the file's end leaves the place as it was.
	if _, _, err := v.Clean(t.Context(), wav); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// What a child says is not believed, and how it ends is one fault for the person.
func TestClean_Children(t *testing.T) {
	for as, want := range map[string]string{"silent": "fault.recording.broken", "killed": "fault.recording.broken", "rubbish": "fault.recording.broken",
		"liar": "fault.recording.broken", "failing": "fault.recording.broken", "flood": "fault.recording.broken", "long": "fault.recording.long",
		"looping": "fault.recording.broken", "greedy": "fault.recording.broken"} {
		v := visit(t, studio.NewWith(studio.Standard(), nil, role+"="+as))
		if made, _, err := v.Clean(t.Context(), voicetest.Sine(1)); said(err) != want || made != nil {
			t.Errorf("%s: %v", as, err)
		}
	}
	v := visit(t, studio.NewWith(studio.Standard(), nil, role+"=open"))
	if _, _, err := v.Clean(t.Context(), voicetest.Sine(1)); fault.KindOf(err) != fault.Internal {
		t.Errorf("a child that is not shut in: %v", err)
	}
}

// Whoever asks and goes away takes the child along, and nothing stays behind.
func TestClean_Killed(t *testing.T) {
	reader, stderr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	v := visit(t, studio.NewWith(studio.Standard(), stderr, role+"=hanging"))
	ctx, leave := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, _, err := v.Clean(ctx, voicetest.Sine(1))
		ended <- err
	}()
	line := make([]byte, 16)
	n, err := reader.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(line[:n])))
	if err != nil {
		t.Fatal(err)
	}
	leave()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	if err := unix.Kill(pid, 0); !errors.Is(err, unix.ESRCH) {
		t.Errorf("the child is still there: %v", err)
	}
}

// One that takes too long ends at its time on the wall.
func TestClean_Wall(t *testing.T) {
	limits := studio.Standard()
	limits.Wall = 300 * time.Millisecond
	v := visit(t, studio.NewWith(limits, io.Discard, role+"=hanging"))
	if _, _, err := v.Clean(t.Context(), voicetest.Sine(1)); said(err) != "fault.recording.broken" {
		t.Error(err)
	}
}

// Places are counted, and a place that was left is nobody's.
func TestTryEnter(t *testing.T) {
	s := studio.NewWith(studio.Standard(), nil)
	v, err := s.TryEnter("one")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.TryEnter("one"); fault.KindOf(err) != fault.Busy {
		t.Errorf("a second one: %v", err)
	}
	v.Leave()
	v.Leave()
	if _, _, err := v.Clean(t.Context(), voicetest.Sine(1)); fault.KindOf(err) != fault.Internal {
		t.Errorf("after it was left: %v", err)
	}
	again, err := s.TryEnter("one")
	if err != nil {
		t.Fatal(err)
	}
	again.Leave()
}

// Nobody has more than two places, so that whoever sends slowly, however often, leaves
// some to others; and who sends has no child until all is here.
func TestTryEnter_Each(t *testing.T) {
	s, err := studio.New(3, 1, studio.Standard())
	if err != nil {
		t.Fatal(err)
	}
	enter := func(who string) *studio.Visit {
		t.Helper()
		v, err := s.TryEnter(who)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	slow, slower := enter("one"), enter("one")
	if _, err := s.TryEnter("one"); fault.KindOf(err) != fault.Busy {
		t.Errorf("a third one of the same: %v", err)
	}
	other := enter("two")
	if _, _, err := other.Clean(t.Context(), voicetest.Sine(1)); err != nil {
		t.Errorf("beside two that are on their way: %v", err)
	}
	// One has the child by now: another waits for it, and is gone with who asked.
	gone, end := context.WithCancel(t.Context())
	end()
	if _, _, err := slow.Clean(gone, voicetest.Sine(1)); !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "wait for a child") {
		t.Errorf("without a child: %v", err)
	}
	other.Leave()
	if _, _, err := slow.Clean(t.Context(), voicetest.Sine(1)); err != nil {
		t.Errorf("once it is free: %v", err)
	}
	slow.Leave()
	slower.Leave()
	for range 2 {
		enter("one")
	}
}

// A machine without ffmpeg says so, and says it as something that may pass.
func TestClean_Away(t *testing.T) {
	s, err := studio.New(1, 1, studio.Standard())
	if err != nil {
		t.Fatal(err)
	}
	v := visit(t, s)
	t.Setenv("PATH", t.TempDir())
	if s.Ready() {
		t.Fatal("it is ready without ffmpeg")
	}
	if _, _, err := v.Clean(t.Context(), voicetest.Sine(1)); said(err) != "fault.recording.away" || fault.KindOf(err) != fault.Busy {
		t.Error(err)
	}
}

// escape tries what a child must not be able to do, and says what it could.
func escape() {
	runtime.LockOSThread()
	if err := studio.Confine(512<<20, 20); err != nil {
		fmt.Println("confine:", err)
		return
	}
	for _, path := range []string{"/etc/passwd", "/etc/hostname", "/proc/self/environ", "/proc/self/maps", "/root", "/tmp", "/dev/null", "/home"} {
		if fd, err := unix.Open(path, unix.O_RDONLY, 0); err == nil {
			fmt.Println("opened", path)
			_ = unix.Close(fd)
		}
	}
	for _, path := range []string{"/tmp/gatepost-escaped", "/usr/gatepost-escaped", "/var/tmp/gatepost-escaped"} {
		if _, err := unix.Open(path, unix.O_CREAT|unix.O_WRONLY, 0o600); err == nil {
			fmt.Println("made", path)
			_ = os.Remove(path)
		}
	}
	for _, family := range []int{unix.AF_INET, unix.AF_INET6, unix.AF_UNIX, unix.AF_NETLINK} {
		if _, err := unix.Socket(family, unix.SOCK_STREAM, 0); err == nil {
			fmt.Println("a socket of family", family)
		}
	}
	if _, err := net.Dial("tcp", "127.0.0.1:1"); err == nil || errors.Is(err, syscall.ECONNREFUSED) {
		fmt.Println("a connection")
	}
	if err := exec.Command("/bin/true").Run(); err == nil {
		fmt.Println("a process")
	}
	if err := unix.Kill(os.Getppid(), 0); err == nil {
		fmt.Println("a signal to the parent")
	}
	if _, _, e := unix.RawSyscall(unix.SYS_PTRACE, unix.PTRACE_TRACEME, 0, 0); e == 0 {
		fmt.Println("ptrace")
	}
	if err := unix.Unlink("/tmp/gatepost-escaped"); err == nil || errors.Is(err, unix.ENOENT) {
		fmt.Println("a name taken away")
	}
	if _, err := unix.MemfdCreate("x", 0); err == nil {
		fmt.Println("a file in memory")
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1, Max: 1}); err == nil {
		fmt.Println("another limit")
	}
	fmt.Println("tried all")
}

func TestConfine(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env, cmd.Dir = []string{role + "=escaping"}, "/"
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "tried all\n" {
		t.Errorf("%v: %s", err, out)
	}
}

// ffmpeg is told all by us: a file of one kind is opened by one demuxer, from a pipe.
func TestServe(t *testing.T) {
	for _, args := range [][]string{nil, {"hls", "/usr/bin/ffmpeg", "1", "1"}, {"mp3", "/usr/bin/ffmpeg", "x", "1"}, {"mp3", "/usr/bin/ffmpeg", "1"}} {
		var told bytes.Buffer
		if err := studio.Serve(args, &told); err == nil || told.String() != "open" {
			t.Errorf("%q is taken", args)
		}
	}
}
