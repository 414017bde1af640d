package demo

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/emersion/go-smtp"
)

// MailFrom is the sender of the demo's mails.
const MailFrom = "post@notices.example"

// Sink is a mail server on this machine that keeps every mail as a file and
// passes none on, so that a demo shows what people would get.
type Sink struct {
	server   *smtp.Server
	listener net.Listener
	dir      string
	served   chan error
}

const (
	maxMail  = 64 << 10 // ours have some hundred bytes
	mailTime = 30 * time.Second
)

// OpenSink listens on a free loopback port and writes to the folder's mail/.
func (f Folder) OpenSink() (*Sink, error) {
	s := &Sink{dir: f.Path("mail"), served: make(chan error, 1)}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the demo's mail folder: %w", err)
	}
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("listen for the demo's mail: %w", err)
	}
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return arrival{s}, nil }))
	s.server.Domain, s.server.MaxMessageBytes, s.server.ReadTimeout, s.server.WriteTimeout = "localhost", maxMail, mailTime, mailTime
	go func() { s.served <- s.server.Serve(s.listener) }()
	return s, nil
}

// Dir is where the mails are.
func (s *Sink) Dir() string { return s.dir }

// Port is where it listens, on 127.0.0.1.
func (s *Sink) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// Close stops it; mails stay.
func (s *Sink) Close() error {
	err := s.server.Close()
	if served := <-s.served; !errors.Is(served, smtp.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// arrival is one mail as it comes in. It takes any.
type arrival struct{ sink *Sink }

// Mail takes any sender.
func (arrival) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt takes any recipient.
func (arrival) Rcpt(string, *smtp.RcptOptions) error { return nil }

// Reset has nothing to forget.
func (arrival) Reset() {}

// Logout has nothing to let go of.
func (arrival) Logout() error { return nil }

var messageID = regexp.MustCompile(`(?mi)^Message-ID: <([0-9a-f]{8,64})@`)

// Data keeps the mail. One that comes twice is one file, as a real server drops
// the second of one Message-ID.
func (a arrival) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	name := "mail"
	if found := messageID.FindSubmatch(text); found != nil {
		name = string(found[1])
	}
	return os.WriteFile(filepath.Join(a.sink.dir, name+".eml"), text, 0o600)
}
