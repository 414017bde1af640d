package private_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"gatepost/internal/postgres/private"
)

// A cluster whose making was interrupted is made again.
func TestUnfinishedCluster(t *testing.T) {
	dir := folder(t)
	unfinished := filepath.Join(dir, "pg.new")
	if err := os.MkdirAll(filepath.Join(unfinished, "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(unfinished, "PG_VERSION"), []byte("1"), 0o600); err != nil {
		t.Fatal(err)
	}
	number(t, fast(t, dir), "select 1")
	if _, err := os.Lstat(unfinished); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the unfinished cluster is still there")
	}
}

// Killed in the middle of initdb, which goes on without us: the next start ends
// it and makes a cluster of its own.
func TestKilledInInitdb(t *testing.T) {
	dir := folder(t)
	lines, second := make(chan string), make(chan int, 1)
	go func() {
		_, line := startSecondWithin(t, dir, second)
		lines <- line
	}()
	pid, initdb := <-second, 0
	for initdb == 0 {
		initdb = worker(t, filepath.Join(dir, "pg.new"), "initdb")
	}
	// Held, so that it cannot have finished when we look.
	if err := errors.Join(syscall.Kill(initdb, syscall.SIGSTOP), syscall.Kill(pid, syscall.SIGKILL)); err != nil {
		t.Fatal(err)
	}
	if line := <-lines; line == "ready" {
		t.Fatal("it was not killed in time")
	}
	s := fast(t, dir)
	if !gone(initdb) {
		t.Error("the older initdb is still there")
	}
	if n := number(t, s, "select count(*) from pg_class"); n < 100 {
		t.Errorf("the new cluster has %d relations", n)
	}
}

func TestRefusedFolders(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(t *testing.T, dir string) string
		want    string
		root    bool // can only be had as root
	}{
		{"no folder", func(*testing.T, string) string { return "" }, "needs a plain path", false},
		{"a line break", func(_ *testing.T, dir string) string { return dir + "\nlisten_addresses = '*'" }, "needs a plain path", false},
		{"a file", func(t *testing.T, dir string) string {
			write(t, dir, "")
			return dir
		}, "make the data folder", false},
		{"a shared folder", func(t *testing.T, dir string) string {
			mkdir(t, dir, 0o777)
			mode(t, dir, 0o777|os.ModeSticky)
			return dir
		}, "is shared by everyone", false},
		{"somebody else's folder", func(t *testing.T, dir string) string {
			mkdir(t, dir, 0o755)
			give(t, dir, serverUID(t))
			return dir
		}, "belongs to uid", true},
		{"a parent that the server's user cannot enter", func(t *testing.T, dir string) string {
			mkdir(t, dir, 0o700)
			return filepath.Join(dir, "below", "data")
		}, "/data: chmod o+x", true},
		{"a cluster of root", func(t *testing.T, dir string) string {
			made(t, dir)
			give(t, filepath.Join(dir, "pg"), 0)
			return dir
		}, "belongs to root", true},
		{"a file of root in the cluster", func(t *testing.T, dir string) string {
			made(t, dir)
			give(t, filepath.Join(dir, "pg", "global", "pg_control"), 0)
			return dir
		}, "chown -R", true},
		{"a cluster of an unknown version", func(t *testing.T, dir string) string {
			made(t, dir)
			write(t, filepath.Join(dir, "pg", "PG_VERSION"), "14\n")
			return dir
		}, "made by PostgreSQL 14", false},
		{"no cluster but a file of its name", func(t *testing.T, dir string) string {
			mkdir(t, dir, 0o711)
			write(t, filepath.Join(dir, "pg"), "")
			return dir
		}, "is not a folder", false},
		{"a link in place of the socket's folder", func(t *testing.T, dir string) string {
			made(t, dir)
			if err := errors.Join(os.RemoveAll(filepath.Join(dir, "run")), os.Symlink("/", filepath.Join(dir, "run"))); err != nil {
				t.Fatal(err)
			}
			return dir
		}, "is not a folder", false},
	}
	for _, tt := range tests {
		if tt.root && os.Geteuid() != 0 {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			dir := tt.prepare(t, folder(t))
			if err := refused(t, private.Options{Dir: dir, Fast: true}); !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, want %q", err, tt.want)
			}
		})
	}
}

// A cluster that a copy has left open to others is closed, and somebody is told.
func TestOpenCluster(t *testing.T) {
	dir := folder(t)
	made(t, dir)
	mode(t, filepath.Join(dir, "pg"), 0o755)
	var log strings.Builder
	start(t, private.Options{Dir: dir, Fast: true, Log: quiet(&log)})
	if _, mode := owner(t, filepath.Join(dir, "pg")); mode != 0o700 || !strings.Contains(log.String(), "open to others") {
		t.Errorf("mode %o, log %q", mode, log.String())
	}
}

// The user that is configured counts for a new cluster only: an old one keeps
// its owner.
func TestConfiguredUser(t *testing.T) {
	if os.Geteuid() != 0 {
		return // only root has a choice
	}
	dir := folder(t)
	s := start(t, private.Options{Dir: dir, Fast: true, User: "nobody"})
	first, _ := owner(t, filepath.Join(dir, "pg"))
	stop(t, s)
	s = fast(t, dir)
	if second, _ := owner(t, filepath.Join(dir, "pg")); first != 65534 || second != first {
		t.Errorf("made as uid %d, then run as %d", first, second)
	}
	number(t, s, "select 1")
	for user, want := range map[string]string{"root": "is root", "no-such-user": "there is no user"} {
		if err := refused(t, private.Options{Dir: folder(t), Fast: true, User: user}); !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", user, err)
		}
	}
}

func mkdir(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Mkdir(path, mode); err != nil {
		t.Fatal(err)
	}
}

func mode(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func give(t *testing.T, path string, uid int) {
	t.Helper()
	if err := os.Chown(path, uid, -1); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
