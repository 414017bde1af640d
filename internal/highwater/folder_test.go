package highwater_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"gatepost/internal/highwater"
)

func open(t *testing.T) (highwater.Folder, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	f, err := highwater.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f, dir
}

// A file is there whole and for its owner alone, whatever a killed run has left.
func TestFolder_Put(t *testing.T) {
	f, dir := open(t)
	if text, err := f.Read("oak"); text != nil || err != nil {
		t.Errorf("nothing was put there: %q, %v", text, err)
	}
	for _, name := range []string{"oak.new", "oak"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half of a"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Put("oak", []byte("whole\n")); err != nil {
		t.Fatal(err)
	}
	if text, err := f.Read("oak"); string(text) != "whole\n" || err != nil {
		t.Errorf("read %q, %v", text, err)
	}
	list, err := os.ReadDir(dir)
	if err != nil || len(list) != 1 {
		t.Errorf("there are %v, %v", list, err)
	}
	if info, err := os.Stat(f.Path("oak")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
	if err := highwater.At(filepath.Join(dir, "away")).Put("oak", nil); err == nil || !strings.Contains(err.Error(), "cannot be written; make room") {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// What others can write says nothing of its owner.
func TestFolder_Others(t *testing.T) {
	f, dir := open(t)
	if err := f.Put("oak", []byte("whole\n")); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o660, 0o602} {
		if err := os.Chmod(f.Path("oak"), mode); err != nil {
			t.Fatal(err)
		}
		if text, err := f.Read("oak"); err == nil || !strings.Contains(err.Error(), "chmod 600 it") {
			t.Errorf("%v: read %q, %v", mode, text, err)
		}
	}
	if err := os.Chmod(dir, 0o770); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{dir, "", filepath.Join(dir, "a", "b"), filepath.Join(dir, "oak")} {
		if _, err := highwater.Open(folder); err == nil {
			t.Errorf("%q is taken", folder)
		}
	}
}

// Who reads and puts under the lock loses nothing that another put meanwhile.
func TestFolder_Lock(t *testing.T) {
	f, dir := open(t)
	const writers, each = 8, 10
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			own, err := highwater.Open(dir)
			if err != nil {
				t.Error(err)
				return
			}
			for range each {
				if err := count(own); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if text, err := f.Read("n"); string(text) != strconv.Itoa(writers*each) || err != nil {
		t.Errorf("counted %s, %v", text, err)
	}
}

func count(f highwater.Folder) error {
	unlock, err := f.Lock("n.lock")
	if err != nil {
		return err
	}
	text, err := f.Read("n")
	if err != nil {
		return err
	}
	n, _ := strconv.Atoi(string(text)) // nothing yet is none
	if err := f.Put("n", []byte(strconv.Itoa(n+1))); err != nil {
		return err
	}
	return unlock()
}
