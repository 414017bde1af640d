package darkroom

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"gatepost/internal/fault"
	"gatepost/letterbox/photo"
)

// Word is the command of this program that is the child. It is in no help text:
// nobody types it.
const Word = "photo-clean"

// Limits hold back a child.
type Limits struct {
	Photo  photo.Limits
	Memory int64         // bytes that it can write to
	CPU    time.Duration // of the processor, in whole seconds
	Wall   time.Duration // from its start to its end
}

// Standard gives the limits of a letterbox. A picture of 12 million pixels takes
// some 4 of the 20 seconds in the slowest form, HEIC; the time on the wall is
// longer, for a machine with other things to do.
func Standard() Limits {
	return Limits{Photo: photo.Standard(), Memory: 512 << 20, CPU: 20 * time.Second, Wall: 60 * time.Second}
}

// Room is where pictures are cleaned, a few at once.
type Room struct {
	limits Limits
	places chan struct{}
	// What is started, and what it sees of the world. Tests start themselves.
	command []string
	env     []string
	stderr  io.Writer
}

// New makes a room with so many places. Each holds a picture in our memory and a
// child beside it.
func New(places int, limits Limits) (*Room, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	return &Room{limits: limits, places: make(chan struct{}, max(1, places)), command: []string{self, Word}}, nil
}

// Visit is a place in the room. It is given back with Leave.
type Visit struct{ room *Room }

// Enter waits for a place until ctx ends; then it is a fault of kind Busy.
func (r *Room) Enter(ctx context.Context) (*Visit, error) {
	select {
	case r.places <- struct{}{}:
		return &Visit{r}, nil
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Busy, "fault.photo.busy", ctx.Err())
	}
}

// TryEnter takes a place if there is one; else it is a fault of kind Busy.
func (r *Room) TryEnter() (*Visit, error) {
	select {
	case r.places <- struct{}{}:
		return &Visit{r}, nil
	default:
		return nil, fault.New(fault.Busy, "fault.photo.busy")
	}
}

// Leave gives the place back. A second time does nothing.
func (v *Visit) Leave() {
	if v.room != nil {
		<-v.room.places
		v.room = nil
	}
}

// Clean makes a new picture of a file, as [photo.Clean] does.
func (v *Visit) Clean(ctx context.Context, file []byte) (*photo.Picture, error) {
	return v.work(ctx, opClean, image.Rectangle{}, file)
}

// Crop makes a picture of a part of a cleaned one, as [photo.Crop] does.
func (v *Visit) Crop(ctx context.Context, cleaned []byte, part image.Rectangle) (*photo.Picture, error) {
	return v.work(ctx, opCrop, part, cleaned)
}

// Blur makes a picture whose part is one plain colour, as [photo.Blur] does.
func (v *Visit) Blur(ctx context.Context, cleaned []byte, part image.Rectangle) (*photo.Picture, error) {
	return v.work(ctx, opBlur, part, cleaned)
}

// errLeft is a programmer's mistake.
var errLeft = errors.New("a visit to the darkroom that has ended")

func (v *Visit) work(ctx context.Context, op op, part image.Rectangle, file []byte) (*photo.Picture, error) {
	if v.room == nil {
		return nil, errLeft
	}
	// What a child would refuse first needs no child.
	if len(file) > v.room.limits.Photo.Bytes {
		return nil, fault.Field("photo", "fault.photo.large")
	}
	kind, err := photo.KindOf(file)
	if err != nil {
		return nil, err
	}
	p, err := v.room.child(ctx, request{op: op, part: part, limits: v.room.limits, size: len(file)}, file)
	if err != nil && ctx.Err() != nil {
		// Not the picture's doing: whoever asked has gone.
		return nil, fmt.Errorf("clean a picture: %w", context.Cause(ctx))
	}
	if kind == photo.HEIC && errors.Is(err, errRubbish) {
		// Its decoder takes much more memory than the others: a large one that is in
		// order can end the child. As a JPEG it goes through.
		return nil, fault.Wrap(fault.Invalid, "fault.photo.heic", err)
	}
	return p, err
}

// child runs one child to its end, whatever that is.
func (r *Room) child(ctx context.Context, ask request, file []byte) (*photo.Picture, error) {
	ctx, stop := context.WithTimeout(ctx, r.limits.Wall)
	defer stop()
	cmd := exec.CommandContext(ctx, r.command[0], r.command[1:]...)
	cmd.Dir = "/"
	// Go's own limit is softer and comes before the machine's.
	cmd.Env = append([]string{"GOMEMLIMIT=" + strconv.FormatInt(r.limits.Memory/8*7, 10), "GOTRACEBACK=none"}, r.env...)
	cmd.Stdin = io.MultiReader(bytes.NewReader(ask.marshal()), bytes.NewReader(file))
	cmd.Stderr = r.stderr
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
		return nil, fmt.Errorf("start a child for a picture: %w", err)
	}
	p, err := readAnswer(out, r.limits.Photo)
	// Whatever it may still want to do, its answer is in.
	stop()
	// How it ended says nothing that the answer does not.
	_ = cmd.Wait()
	return p, err
}
