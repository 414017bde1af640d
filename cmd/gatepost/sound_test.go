package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"gatepost/internal/studio"
	"gatepost/letterbox/voice"
	"gatepost/letterbox/voice/voicetest"
)

// The child of the studio is a command of this program, which becomes ffmpeg and
// needs nothing but its parent, and which no help text names.
func TestSoundClean(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := studio.Program()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, studio.Word, "wav", program, "536870912", "20")
	cmd.Env, cmd.Dir, cmd.Stdin = []string{runMain + "=1"}, "/", strings.NewReader(string(voicetest.Sine(1)))
	frames, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := voice.Box(frames); err != nil {
		t.Error(err)
	}
	if strings.Contains(usage, studio.Word) {
		t.Error("the help text names a command that nobody types")
	}
}
