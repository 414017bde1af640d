package crash_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatepost/internal/darkroom"
	"gatepost/letterbox/photo"
	"gatepost/letterbox/photo/phototest"
)

// snapshot is a photo of a phone that says where it was taken.
func snapshot(width, height int) []byte {
	return phototest.JPEG(phototest.Scene(width, height), phototest.Exif(phototest.Everything(binary.BigEndian)), phototest.Comment(phototest.Word))
}

var picturePattern = regexp.MustCompile(`src="(/draft/dr[a-z2-7]{20}/photo/ph[a-z2-7]{20})"`)

// pictures are those of a draft, as its writer's page shows them: each is whole, and tells nothing.
func (l *letter) pictures(t *testing.T, s *running) int {
	t.Helper()
	shown, err := s.get(l.writer, "/draft/"+l.draft+"/photos")
	must(t, err)
	if shown.status != http.StatusOK {
		t.Fatalf("the page of photos gives %d", shown.status)
	}
	found := picturePattern.FindAllStringSubmatch(shown.body, -1)
	for _, at := range found {
		p, err := s.get(l.writer, at[1])
		must(t, err)
		if _, _, err := photo.Check([]byte(p.body)); p.status != http.StatusOK || err != nil {
			t.Errorf("a picture gives %d and is none: %v", p.status, err)
		}
	}
	must(t, l.shows(s, l.writer, "/draft/"+l.draft))
	return len(found)
}

// A server is killed on the way of a photo, from the first look at its draft over
// its cleaning to the answer: the photo is there whole or not at all, the letter's
// words stand, and nothing of it lies about. Whoever sends it again has it.
func TestKilledPhoto(t *testing.T) {
	w := theWorld(t)
	_, err := w.admin.Exec(t.Context(), `update side set photos = 'permitted' where id = $1`, w.from)
	must(t, err)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	file := snapshot(320, 240)

	l, s := w.newLetter(), w.start(t)
	must(t, l.press(t, s, written))
	add := func(s *running) error {
		_, err := sees(s.upload(l.writer, "/draft/"+l.draft+"/photos", "photo", file, []string{"form-token", l.writer.form}))
		return err
	}
	s.relay.arm(nil)
	must(t, add(s))
	trips, _ := s.relay.disarm()
	if n := l.pictures(t, s); n != 1 {
		t.Fatalf("the page shows %d photos", n)
	}

	left := map[int]int{}
	for trip := 1; trip <= trips; trip++ {
		for _, fate := range fates() {
			t.Run(fmt.Sprintf("photo_trip_%d_%s", trip, fate), func(t *testing.T) {
				must(t, l.write(s))
				killed := w.start(t)
				killed.relay.arm(&ambush{trip: trip, fate: fate, part: chance(t.Name()).Float64(), kill: func() bool { killed.kill(); return true }})
				err := add(killed)
				// Once the last answer is read, the browser may be told before the server dies.
				if _, sprung := killed.relay.disarm(); !sprung || err == nil && fate != answered {
					t.Errorf("the server was not killed there: %v", err)
				}
				killed.kill()
				w.settle(t, killed)
				n := l.pictures(t, s)
				if left[n]++; n > 1 {
					t.Errorf("%d photos", n)
				}
				must(t, add(s))
				if again := l.pictures(t, s); again != n+1 {
					t.Errorf("sent again, the page shows %d photos, and %d before", again, n)
				}
			})
		}
	}
	t.Logf("%d kills in %d trips left so many photos: %v", trips*len(fates()), trips, left)
	if left[0] == 0 || left[1] == 0 {
		t.Error("no kill left a photo, or each did: nothing is proved")
	}

	// While the picture is being cleaned: the child goes with its server.
	must(t, l.write(s))
	killed := w.start(t)
	file = snapshot(6000, 4000)
	told := make(chan error, 1)
	go func() { told <- add(killed) }()
	child := 0
	for child == 0 {
		select {
		case err := <-told:
			t.Fatalf("no child was seen at work: %v", err)
		default:
			child = childOf(t, killed.cmd.Process.Pid)
		}
	}
	killed.kill()
	if err := <-told; err == nil {
		t.Error("a killed server has said that the photo is there")
	}
	for end := time.Now().Add(time.Minute); alive(child); { // its death is the machine's to bring about
		if time.Now().After(end) {
			t.Error("the child outlives its server")
			must(t, syscall.Kill(child, syscall.SIGKILL))
			break
		}
	}
	w.settle(t, killed)
	if n := l.pictures(t, s); n != 0 {
		t.Errorf("%d photos of which none was stored", n)
	}

	entries, err := os.ReadDir(temp)
	must(t, err)
	for _, e := range entries {
		t.Errorf("%s lies about", e.Name())
	}
	l.told = written + 1
	l.advance(t, s, sent)
}

// childOf finds a process that cleans a picture for a server.
func childOf(t *testing.T, server int) int {
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
		if bytes.HasSuffix(line, []byte(darkroom.Word+"\x00")) && strings.Contains(string(status), fmt.Sprintf("\nPPid:\t%d\n", server)) {
			return pid
		}
	}
	return 0
}

// alive: neither gone nor dead and not yet fetched.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	return err == nil && !strings.Contains(string(status), "State:\tZ")
}
