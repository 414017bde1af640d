package studio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"gatepost/internal/fault"
	"gatepost/letterbox/voice"
)

// Word is the command of this program that is the child. It is in no help text:
// nobody types it.
const Word = "sound-clean"

// Limits hold back a child, and what it is given.
type Limits struct {
	Bytes  int           // of a file that comes in
	Out    int           // bytes of the child's answer
	Memory int64         // bytes that the child can write to
	CPU    time.Duration // of the processor, in whole seconds
	Wall   time.Duration // from its start to its end
}

// Standard gives the limits of a letterbox. Ten minutes take some 3 of the 20
// seconds; the time on the wall is longer, for a machine with other things to do.
func Standard() Limits {
	return Limits{Bytes: 20 << 20, Out: 6 << 20, Memory: 512 << 20, CPU: 20 * time.Second, Wall: 60 * time.Second}
}

// Program gives where ffmpeg is on this machine; an error, where it is not.
func Program() (string, error) {
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		return "", fmt.Errorf("look for ffmpeg: %w", err)
	}
	return path, nil
}

// eachMost is how many places one person has at once: a line that broke may not have
// been noticed here when they send it again.
const eachMost = 2

// Studio is where recordings are made anew, a few at once.
type Studio struct {
	limits Limits
	places chan struct{} // one for each recording that comes in
	work   chan struct{} // one for each child
	mu     sync.Mutex
	of     map[string]int // places by who has them; guarded by mu
	// What is started, and what it sees of the world. Tests start themselves.
	command []string
	env     []string
	stderr  io.Writer
}

// New makes a studio with so many places, each with a recording in our memory, and so
// many children at once.
func New(places, children int, limits Limits) (*Studio, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	return &Studio{limits: limits, places: make(chan struct{}, max(1, places)), work: make(chan struct{}, max(1, children)),
		of: make(map[string]int), command: []string{self, Word}}, nil
}

// Ready tells whether recordings can be made here at all: ffmpeg is there. It is
// looked for each time, so one that is installed needs no restart.
func (s *Studio) Ready() bool {
	_, err := Program()
	return err == nil
}

// Visit is a place in the studio. It is given back with Leave.
type Visit struct {
	studio *Studio
	who    string
	works  bool // a child is this visit's
}

// TryEnter takes a place for somebody if there is one, and they have not two by now;
// else it is a fault of kind Busy.
func (s *Studio) TryEnter(who string) (*Visit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[who] >= eachMost {
		return nil, fault.New(fault.Busy, "fault.recording.busy")
	}
	select {
	case s.places <- struct{}{}:
		s.of[who]++
		return &Visit{studio: s, who: who}, nil
	default:
		return nil, fault.New(fault.Busy, "fault.recording.busy")
	}
}

// Leave gives the place back. A second time does nothing.
func (v *Visit) Leave() {
	s := v.studio
	if s == nil {
		return
	}
	v.studio = nil
	if v.works {
		<-s.work
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[v.who]--; s.of[v.who] == 0 {
		delete(s.of, v.who)
	}
	<-s.places
}

// errLeft is a programmer's mistake.
var errLeft = errors.New("a visit to the studio that has ended")

// errOpen is for the operator: on this machine no recording can be made anew.
var errOpen = errors.New("a child for a recording could not shut itself in: this machine or its service file forbids Landlock, prctl or setrlimit")

// errRubbish is a child that died.
var errRubbish = errors.New("a child for a recording ended before its work")

// broken is the one fault for whatever became of a child.
func broken(cause error) error {
	return fault.Wrap(fault.Invalid, "fault.recording.broken", cause)
}

// Clean makes an M4A of the sound of a file, of one channel, and nothing else of it
// ([voice.Box]). It gives how long it is, in seconds. It waits for one of the children;
// the visit has it until it leaves.
//
// Invalid on "recording": a kind that is not taken, larger or longer than may be, or
// one that cannot be opened. Busy: there is no ffmpeg.
func (v *Visit) Clean(ctx context.Context, file []byte) (made []byte, seconds int, err error) {
	if v.studio == nil {
		return nil, 0, errLeft
	}
	// What a child would refuse first needs no child.
	if len(file) > v.studio.limits.Bytes {
		return nil, 0, fault.Field("recording", "fault.recording.large")
	}
	kind, err := voice.KindOf(file)
	if err != nil {
		return nil, 0, err
	}
	program, err := Program()
	if err != nil {
		return nil, 0, fault.Wrap(fault.Busy, "fault.recording.away", err)
	}
	// One who sends slowly waits for their own line alone: a child is taken once all is here.
	if !v.works {
		select {
		case v.studio.work <- struct{}{}:
			v.works = true
		case <-ctx.Done():
			return nil, 0, fmt.Errorf("wait for a child: %w", context.Cause(ctx))
		}
	}
	frames, err := v.studio.child(ctx, kind, program, file)
	if err != nil && ctx.Err() != nil {
		// Not the recording's doing: whoever asked has gone.
		return nil, 0, fmt.Errorf("clean a recording: %w", context.Cause(ctx))
	}
	if err != nil {
		return nil, 0, err
	}
	if made, err = voice.Box(frames); err != nil {
		return nil, 0, broken(err)
	}
	seconds, err = voice.Check(made)
	if err != nil {
		return nil, 0, broken(err)
	}
	// An encoder begins with a part of a frame that is empty.
	if seconds > voice.Most+1 {
		return nil, 0, fault.Field("recording", "fault.recording.long")
	}
	return made, seconds, nil
}

// child runs one child to its end, whatever that is.
func (s *Studio) child(ctx context.Context, kind voice.Kind, program string, file []byte) ([]byte, error) {
	ctx, stop := context.WithTimeout(ctx, s.limits.Wall)
	defer stop()
	args := append(s.command[1:len(s.command):len(s.command)], string(kind), program,
		strconv.FormatInt(s.limits.Memory, 10), strconv.FormatInt(int64(s.limits.CPU/time.Second), 10))
	cmd := exec.CommandContext(ctx, s.command[0], args...)
	cmd.Dir = "/"
	cmd.Env = append([]string{"GOTRACEBACK=none"}, s.env...)
	parts := []io.Reader{}
	for _, part := range voice.Arrange(file) {
		parts = append(parts, bytes.NewReader(part))
	}
	cmd.Stdin = io.MultiReader(parts...)
	cmd.Stderr = s.stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	// The whole group: it should be one process, and who says that it stayed one?
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe for a child: %w", err)
	}
	// The death signal follows the thread that starts the child.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a child for a recording: %w", err)
	}
	frames, err := io.ReadAll(io.LimitReader(out, int64(s.limits.Out)+1))
	if err != nil || len(frames) > s.limits.Out {
		stop()
		_ = cmd.Wait()
		return nil, broken(errors.Join(errRubbish, err))
	}
	// What was decoded counts only where the child came to its end by itself. That it
	// did not want all of the file is no matter.
	switch err := cmd.Wait(); {
	case string(frames) == isOpen:
		return nil, errOpen
	case !cmd.ProcessState.Success():
		return nil, broken(errors.Join(errRubbish, err))
	}
	return frames, nil
}
