package postgrestest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// Somebody who works in the folder is seen until they have ended.
func TestWorker(t *testing.T) {
	dir, err := MkdirTemp("gatepost-folder-")
	if err != nil {
		t.Fatal(err)
	}
	below := filepath.Join(dir, "below")
	if err := os.Mkdir(below, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/cat")
	cmd.Dir = below
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	at, err := worker(dir)
	if want := filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid), "cwd"); err != nil || at != want {
		t.Errorf("%q (%v), want %s", at, err, want)
	}
	if err := stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if at, err := worker(dir); err != nil || at != "" {
		t.Errorf("%q (%v) after it has ended", at, err)
	}
	if err := RemoveAll(dir); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}
