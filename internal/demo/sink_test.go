package demo_test

import (
	"net/smtp"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"gatepost/internal/demo"
)

// A mail becomes a file; the same one again stays one file.
func TestSink(t *testing.T) {
	sink, err := demo.At(t.TempDir()).OpenSink()
	if err != nil {
		t.Fatal(err)
	}
	text := "From: Notices <post@notices.example>\r\nMessage-ID: <0123456789abcdef@notices.example>\r\nSubject: Something is waiting\r\n\r\nSomething is waiting for you.\r\n"
	for range 2 {
		if err := smtp.SendMail("127.0.0.1:"+strconv.Itoa(sink.Port()), nil, demo.MailFrom, []string{"kelly@example.org"}, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := sink.Close(); err != nil {
		t.Error(err)
	}
	files, err := filepath.Glob(filepath.Join(sink.Dir(), "*.eml"))
	if err != nil || len(files) != 1 {
		t.Fatalf("two mails of one Message-ID are %d files, %v", len(files), err)
	}
	kept, err := os.ReadFile(files[0])
	if err != nil || !strings.Contains(string(kept), "Something is waiting for you.") {
		t.Errorf("the file is not the mail: %v", err)
	}
}
