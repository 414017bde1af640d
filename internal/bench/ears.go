package bench

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// ears are the far ends of many WebSockets in one goroutine: a file number for
// each and nothing else, so that what a line takes of this process is what the
// server keeps for it. They know the frames that a server of ours sends: short
// texts, pings and goodbyes.
type ears struct {
	polls []unix.PollFd
	heard chan time.Time
	stop  chan struct{}
	done  chan struct{} // nil before listen
}

const (
	opText, opClose, opPing = 0x81, 0x88, 0x89
	maxShort                = 125 // bytes of a frame whose head has two bytes
	switching               = "HTTP/1.1 101 "
	answerTime              = 10  // seconds
	wait                    = 100 // milliseconds until listen looks whether it should stop
)

func newEars(n int) *ears {
	return &ears{heard: make(chan time.Time, n), stop: make(chan struct{})}
}

func (e *ears) n() int { return len(e.polls) }

// open opens one more line, as a browser's page would.
func (e *ears) open(at netip.AddrPort, cookie string) (err error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("make a socket: %w", err)
	}
	defer func() {
		if err != nil {
			_ = unix.Close(fd) // nothing was opened
		}
	}()
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: answerTime}); err != nil {
		return fmt.Errorf("limit a socket: %w", err)
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	request := fmt.Sprintf("GET /live HTTP/1.1\r\nHost: %[1]s\r\nOrigin: http://%[1]s\r\nCookie: %[2]s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", at, cookie)
	if _, err := unix.Write(fd, []byte(request)); err != nil {
		return fmt.Errorf("ask for a line: %w", err)
	}
	var answer []byte
	for one := make([]byte, 1); !bytes.HasSuffix(answer, []byte("\r\n\r\n")); answer = append(answer, one[0]) {
		if n, err := unix.Read(fd, one); err != nil || n == 0 {
			return fmt.Errorf("read the answer: %w", errors.Join(err, errors.New("it ended")))
		}
	}
	if !bytes.HasPrefix(answer, []byte(switching)) {
		return fmt.Errorf("the line was refused: %.12q", answer)
	}
	e.polls = append(e.polls, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	return nil
}

// listen notes when each text comes, until close. Lines that end are left out.
func (e *ears) listen() {
	e.done = make(chan struct{})
	go func() {
		defer close(e.done)
		buffer := make([]byte, 4*maxShort)
		for {
			select {
			case <-e.stop:
				return
			default:
			}
			if _, err := unix.Poll(e.polls, wait); err != nil && !errors.Is(err, unix.EINTR) {
				return // told says who has heard nothing
			}
			for i := range e.polls {
				if p := &e.polls[i]; p.Revents != 0 && !e.hear(int(p.Fd), buffer) {
					p.Fd = -p.Fd // poll passes over it, and close finds it
				}
			}
		}
	}()
}

// hear takes the frames that have come on a line; false when it is over.
func (e *ears) hear(fd int, buffer []byte) bool {
	n, err := unix.Read(fd, buffer)
	if err != nil || n == 0 {
		return false
	}
	for frames := buffer[:n]; len(frames) >= 2; {
		op, size := frames[0], int(frames[1])
		if size > maxShort || size+2 > len(frames) {
			return false // none of ours
		}
		frames = frames[2+size:]
		switch op {
		case opText:
			e.heard <- time.Now()
		case opPing: // a pong, masked with nothing
			if _, err := unix.Write(fd, []byte{0x8a, 0x80, 0, 0, 0, 0}); err != nil {
				return false
			}
		case opClose:
			return false
		}
	}
	return true
}

// close ends listen and every line.
func (e *ears) close() {
	close(e.stop)
	if e.done != nil {
		<-e.done
	}
	for _, p := range e.polls {
		_ = unix.Close(max(int(p.Fd), -int(p.Fd))) // its server is gone already
	}
}
