package darkroom_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"gatepost/internal/darkroom"
	"gatepost/internal/fault"
	"gatepost/letterbox/photo"
	"gatepost/letterbox/photo/phototest"
)

// role tells a process that is a child of these tests what to be.
const role = "GATEPOST_TEST_DARKROOM"

func TestMain(m *testing.M) {
	if as := os.Getenv(role); as != "" {
		act(as)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// act is what a child does that is not as it should be.
func act(as string) {
	switch as {
	case "serve":
		_ = darkroom.Serve(os.Stdin, os.Stdout) // the answer tells
	case "exit":
	case "killed":
		_ = unix.Kill(os.Getpid(), unix.SIGKILL)
	case "half":
		os.Stdout.WriteString("\x01\x00\x00\x00")
	case "rubbish":
		os.Stdout.WriteString("panic: a decoder prints what it likes")
	case "flood":
		for b := bytes.Repeat([]byte{1, 0}, 1<<15); ; {
			if _, err := os.Stdout.Write(b); err != nil {
				return
			}
		}
	case "endless":
		for b := bytes.Repeat([]byte{2, 0}, 1<<15); ; {
			if _, err := os.Stdout.Write(b); err != nil {
				return
			}
		}
	case "liar":
		_ = darkroom.WritePicture(os.Stdout, &photo.Picture{Width: 64, Height: 48,
			JPEG: phototest.JPEG(phototest.Scene(64, 48), phototest.Comment(phototest.Word)), Small: phototest.JPEG(phototest.Scene(64, 48))})
	case "hanging":
		os.Stderr.WriteString("here\n")
		for {
			_ = unix.Pause()
		}
	case "parent":
		// Starts a child that hangs, and would wait for it.
		room := darkroom.NewWith(darkroom.Standard(), os.Stderr, role+"=hanging")
		_, _ = visit(room).Clean(context.Background(), phototest.JPEG(phototest.Scene(64, 48)))
	case "looping", "greedy":
		if _, err := darkroom.Asked(os.Stdin); err != nil {
			os.Stderr.WriteString("not shut in: " + err.Error())
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

func visit(r *darkroom.Room) *darkroom.Visit {
	v, err := r.TryEnter()
	if err != nil {
		panic(err)
	}
	return v
}

// said gives the key of a fault's sentence.
func said(err error) string {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f.Message
	}
	return fmt.Sprint(err)
}

func TestVisit(t *testing.T) {
	v := visit(darkroom.NewWith(darkroom.Standard(), os.Stderr, role+"=serve"))
	defer v.Leave()
	file := append(phototest.JPEG(phototest.Scene(128, 96), phototest.XMPSegment(phototest.XMP())), phototest.Film()...)
	p, err := v.Clean(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	want := photo.Traces{Place: true, Camera: true, Date: true, Text: true, After: true, Motion: true}
	if p.Width != 128 || p.Height != 96 || p.Traces != want {
		t.Errorf("%d by %d, %+v", p.Width, p.Height, p.Traces)
	}
	cut, err := v.Crop(t.Context(), p.JPEG, image.Rect(16, 16, 64, 48))
	if err != nil || cut.Width != 48 || cut.Height != 32 {
		t.Errorf("cropped: %v (%v)", cut, err)
	}
	blurred, err := v.Blur(t.Context(), p.JPEG, image.Rect(16, 16, 64, 48))
	if err != nil || blurred.Width != 128 || bytes.Equal(blurred.JPEG, p.JPEG) {
		t.Errorf("blurred: %v", err)
	}
}

// Each sentence of the child reaches the person, and is about the right field.
func TestVisit_Faults(t *testing.T) {
	v := visit(darkroom.NewWith(darkroom.Standard(), os.Stderr, role+"=serve"))
	defer v.Leave()
	scene := phototest.Scene(64, 48)
	jpeg := phototest.JPEG(scene)
	for name, file := range map[string]struct {
		bytes []byte
		want  string
	}{
		"no picture":        {phototest.Page(), "fault.photo.kind"},
		"a bomb":            {phototest.BombPNG(60_000, 60_000), "fault.photo.wide"},
		"a part of a file":  {jpeg[:len(jpeg)/2], "fault.photo.broken"},
		"more bytes":        {append([]byte("\xff\xd8\xff"), make([]byte, 20<<20)...), "fault.photo.large"},
		"a HEIC of nothing": {phototest.HEIC(phototest.Container{})[:500], "fault.photo.heic"},
	} {
		if _, err := v.Clean(t.Context(), file.bytes); said(err) != file.want || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: said %q, want %q", name, said(err), file.want)
		}
	}
	p, err := v.Clean(t.Context(), jpeg)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []image.Rectangle{{}, {Min: image.Pt(48, 48), Max: image.Pt(0, 0)}, image.Rect(0, 0, 65, 48)} {
		_, err = v.Crop(t.Context(), p.JPEG, part)
		if f, ok := errors.AsType[*fault.Error](err); !ok || f.Message != "fault.photo.part" || f.Field != "part" {
			t.Errorf("crop %v: %v", part, err)
		}
	}
}

// Whatever becomes of a child, the person is told one thing.
func TestVisit_BadChildren(t *testing.T) {
	limits := darkroom.Standard()
	limits.CPU, limits.Memory = time.Second, 128<<20
	for _, as := range []string{"exit", "killed", "half", "rubbish", "flood", "endless", "liar", "looping", "greedy"} {
		t.Run(as, func(t *testing.T) {
			var stderr bytes.Buffer
			v := visit(darkroom.NewWith(limits, &stderr, role+"="+as))
			defer v.Leave()
			p, err := v.Clean(t.Context(), phototest.JPEG(phototest.Scene(64, 48)))
			if p != nil || said(err) != "fault.photo.broken" || fault.KindOf(err) != fault.Invalid {
				t.Errorf("%v, %v", p, err)
			}
			if strings.Contains(stderr.String(), "not shut in") {
				t.Error(stderr.String())
			}
			// For want of memory Go ends with words, of one kind or another; the limit of
			// the processor's time lets nobody say anything.
			if as == "greedy" && stderr.Len() == 0 || as == "looping" && stderr.Len() > 0 {
				t.Errorf("it was ended by another limit: %.300s", stderr.String())
			}
		})
	}
}

// Whoever sent a HEIC is told what helps, whether the file or its size was too much.
func TestVisit_BadChildOfHEIC(t *testing.T) {
	v := visit(darkroom.NewWith(darkroom.Standard(), nil, role+"=killed"))
	defer v.Leave()
	if _, err := v.Clean(t.Context(), phototest.HEIC(phototest.Container{})); said(err) != "fault.photo.heic" || fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
}

// A child that only waits is ended by the clock on the wall.
func TestVisit_Hanging(t *testing.T) {
	limits := darkroom.Standard()
	limits.Wall = 50 * time.Millisecond
	v := visit(darkroom.NewWith(limits, nil, role+"=hanging"))
	defer v.Leave()
	if _, err := v.Clean(t.Context(), phototest.JPEG(phototest.Scene(64, 48))); said(err) != "fault.photo.broken" {
		t.Errorf("said %q", said(err))
	}
}

// Who asks and goes away ends the child, and is told nothing of the picture.
func TestVisit_Cancelled(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		line := make([]byte, 5)
		_, _ = io.ReadFull(r, line) // it is there
		cancel()
	}()
	v := visit(darkroom.NewWith(darkroom.Standard(), w, role+"=hanging"))
	defer v.Leave()
	if _, err := v.Clean(ctx, phototest.JPEG(phototest.Scene(64, 48))); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	gone(t, r, w)
}

// gone waits until nobody but us can write to a pipe.
func gone(t *testing.T, r, w *os.File) {
	t.Helper()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
		t.Errorf("%q (%v)", rest, err)
	}
}

// When the server is killed, its child goes with it.
func TestChild_DiesWithItsParent(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env, cmd.Stderr = []string{role + "=parent"}, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 5)
	if _, err := io.ReadFull(r, line); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	gone(t, r, w)
}

// escape tries to get out, and says how it went.
func escape() {
	parent := os.Getppid()
	if err := darkroom.Confine(darkroom.Standard()); err != nil {
		fmt.Println("confine:", err)
		return
	}
	for _, try := range []struct {
		what string
		do   func() error
	}{
		{"read a file", func() error { _, err := os.ReadFile("/etc/passwd"); return err }},
		{"write a file", func() error { return os.WriteFile("/tmp/gatepost-escaped", nil, 0o600) }},
		{"make a file in memory", func() error { _, err := unix.MemfdCreate("x", 0); return err }},
		{"open a socket", func() error { _, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0); return err }},
		{"dial", func() error { _, err := net.Dial("tcp", "127.0.0.1:1"); return err }},
		{"open a socket of files", func() error { _, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0); return err }},
		{"start a program", func() error { return exec.Command("/bin/true").Run() }},
		{"become a program", func() error { return unix.Exec("/bin/true", []string{"true"}, nil) }},
		{"fork", func() error {
			_, _, e := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
			return errno(e)
		}},
		{"signal its parent", func() error { return unix.Kill(parent, 0) }},
		{"signal a thread of its parent", func() error { return unix.Tgkill(parent, parent, 0) }},
		{"look into its parent", func() error { return unix.PtraceAttach(parent) }},
		{"read its parent's memory", func() error { _, err := unix.ProcessVMReadv(parent, nil, nil, 0); return err }},
		{"have more memory", func() error {
			return unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY})
		}},
		{"be looked into", func() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0) }},
		{"enter a namespace", func() error { return unix.Unshare(unix.CLONE_NEWUSER) }},
		{"use io_uring", func() error { _, _, e := unix.RawSyscall(unix.SYS_IO_URING_SETUP, 1, 0, 0); return errno(e) }},
		{"change folders", func() error { return unix.Chdir("/") }},
		{"list what is open", func() error { _, err := os.ReadDir("/proc/self/fd"); return err }},
	} {
		err := try.do()
		fmt.Printf("%s: %t %v\n", try.what, errors.Is(err, unix.EPERM), err)
	}
	// What a decoder needs still works.
	done := make(chan []byte)
	go func() { done <- make([]byte, 64<<20) }()
	fmt.Println("memory and threads: true", len(<-done))
}

func errno(e syscall.Errno) error {
	if e == 0 {
		return nil
	}
	return e
}

func TestChild_ShutIn(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = []string{role + "=escaping"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v", err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	for _, line := range lines {
		if _, how, _ := strings.Cut(line, ": "); !strings.HasPrefix(how, "true") {
			t.Error(line)
		}
	}
	if len(lines) != 20 {
		t.Errorf("%d attempts:\n%s", len(lines), out)
	}
}

// The child sees none of our environment.
func TestRoom_Environment(t *testing.T) {
	t.Setenv(role, "killed")
	v := visit(darkroom.NewWith(darkroom.Standard(), os.Stderr, role+"=serve"))
	defer v.Leave()
	if _, err := v.Clean(t.Context(), phototest.JPEG(phototest.Scene(64, 48))); err != nil {
		t.Error(err)
	}
}

func TestRoom_Places(t *testing.T) {
	room, err := darkroom.New(1, darkroom.Standard())
	if err != nil {
		t.Fatal(err)
	}
	first, err := room.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := room.TryEnter(); fault.KindOf(err) != fault.Busy {
		t.Errorf("a second place at once: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := room.Enter(gone); fault.KindOf(err) != fault.Busy || !errors.Is(err, context.Canceled) {
		t.Errorf("a second place: %v", err)
	}
	first.Leave()
	first.Leave()
	second, err := room.TryEnter()
	if err != nil {
		t.Fatal(err)
	}
	defer second.Leave()
	if _, err := room.TryEnter(); fault.KindOf(err) != fault.Busy {
		t.Error("leaving twice made two places")
	}
	if _, err := first.Clean(t.Context(), phototest.JPEG(phototest.Scene(64, 48))); err == nil {
		t.Error("who had left was served")
	}
}
