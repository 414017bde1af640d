package crash_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatepost/letterbox/voice"
	"gatepost/letterbox/voice/voicetest"
)

// sound is the recording of a draft, as its writer's page plays it: whole, or not there.
func (l *letter) sound(t *testing.T, s *running) int {
	t.Helper()
	p, err := s.get(l.writer, "/draft/"+l.draft+"/recording/sound")
	must(t, err)
	if p.status == http.StatusNotFound {
		must(t, l.shows(s, l.writer, "/draft/"+l.draft))
		return 0
	}
	seconds, err := voice.Check([]byte(p.body))
	if p.status != http.StatusOK || err != nil {
		t.Errorf("a recording gives %d and is none: %v", p.status, err)
	}
	must(t, l.shows(s, l.writer, "/draft/"+l.draft))
	return seconds
}

// A server is killed on the way of a recording that takes the place of another: the
// old one is there or the new one, each whole, the letter's words stand, and nothing
// of either lies about. Whoever sends it again has it. The child goes with its server.
func TestKilledRecording(t *testing.T) {
	w := theWorld(t)
	_, err := w.admin.Exec(t.Context(), `update side set recordings = 'permitted' where id = $1`, w.from)
	must(t, err)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)

	l, s := w.newLetter(), w.start(t)
	must(t, l.press(t, s, written))
	add := func(s *running, file []byte) error {
		_, err := sees(s.upload(l.writer, "/draft/"+l.draft+"/recording", "recording", file, []string{"form-token", l.writer.form}))
		return err
	}
	old, other := voicetest.Sine(1), voicetest.Sine(3)
	s.relay.arm(nil)
	must(t, add(s, old))
	trips, _ := s.relay.disarm()
	was := l.sound(t, s)

	left := map[bool]int{}
	for trip := 1; trip <= trips; trip++ {
		fate := fates()[trip%len(fates())]
		t.Run(fmt.Sprintf("recording_trip_%d_%s", trip, fate), func(t *testing.T) {
			killed := w.start(t)
			killed.relay.arm(&ambush{trip: trip, fate: fate, part: chance(t.Name()).Float64(), kill: func() bool { killed.kill(); return true }})
			err := add(killed, other)
			// Once the last answer is read, the browser may be told before the server dies.
			if _, sprung := killed.relay.disarm(); !sprung || err == nil && fate != answered {
				t.Errorf("the server was not killed there: %v", err)
			}
			killed.kill()
			w.settle(t, killed)
			now := l.sound(t, s)
			if now == 0 {
				t.Error("neither the old one is there nor the new")
			}
			left[now == was]++
			must(t, add(s, old))
			if again := l.sound(t, s); again != was {
				t.Errorf("sent again, it is %d seconds long", again)
			}
		})
	}
	t.Logf("%d kills left the old one so often: %v", trips, left)
	if left[true] == 0 {
		t.Error("no kill left the old recording: nothing is proved")
	}

	// While it is being made anew: the child, ffmpeg by now, goes with its server.
	killed := w.start(t)
	told := make(chan error, 1)
	go func() { told <- add(killed, voicetest.Sine(600)) }()
	child := 0
	for child == 0 {
		select {
		case err := <-told:
			t.Fatalf("no child was seen at work: %v", err)
		default:
			child = ffmpegOf(t, killed.cmd.Process.Pid)
		}
	}
	killed.kill()
	if err := <-told; err == nil {
		t.Error("a killed server has said that the recording is there")
	}
	for end := time.Now().Add(time.Minute); alive(child); { // its death is the machine's to bring about
		if time.Now().After(end) {
			t.Error("the child outlives its server")
			must(t, syscall.Kill(child, syscall.SIGKILL))
			break
		}
	}
	w.settle(t, killed)
	if now := l.sound(t, s); now != was {
		t.Errorf("%d seconds of which none was stored", now)
	}
	entries, err := os.ReadDir(temp)
	must(t, err)
	for _, e := range entries {
		t.Errorf("%s lies about", e.Name())
	}
	must(t, l.write(s))
	l.told = written + 1
	l.advance(t, s, sent)
}

// ffmpegOf finds the ffmpeg that a child of a server became.
func ffmpegOf(t *testing.T, server int) int {
	t.Helper()
	all, err := os.ReadDir("/proc")
	must(t, err)
	for _, e := range all {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		line, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline") // it may have ended
		status, _ := os.ReadFile("/proc/" + e.Name() + "/status")
		if bytes.HasPrefix(line, []byte("ffmpeg\x00")) && strings.Contains(string(status), fmt.Sprintf("\nPPid:\t%d\n", server)) {
			return pid
		}
	}
	return 0
}
