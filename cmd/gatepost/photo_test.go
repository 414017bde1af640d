package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"gatepost/internal/darkroom"
)

// The child of the darkroom is a command of this program, which needs nothing but
// its parent, and which no help text names.
func TestPhotoClean(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, darkroom.Word)
	cmd.Env, cmd.Dir = []string{runMain + "=1"}, "/"
	out, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != failed || !strings.Contains(string(out), "read what to do") {
		t.Errorf("code %d (%v): %s", code, err, out)
	}
	if strings.Contains(usage, darkroom.Word) {
		t.Error("the help text names a command that nobody types")
	}
}
