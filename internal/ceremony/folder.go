package ceremony

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"filippo.io/age"
)

// Files of the folder. None is secret: without two sheets they open nothing.
const (
	publicFile    = "archive.pub"
	canaryFile    = "canary.age"
	recordFile    = "record.txt"
	checklistFile = "checklist.txt"

	// unfinished ends the name of a folder or file that is not yet proved.
	unfinished = ".unfinished"
)

var pairFile = regexp.MustCompile(`^archive-([A-Z])([A-Z])\.age$`)

// folder is what a ceremony left.
type folder struct {
	dir      string
	officers []string // three letters, in order
	archive  *age.HybridRecipient
	practice bool // its record says that it came of a rehearsal
}

// openFolder reads DIR and says whether all is there.
func openFolder(dir string) (*folder, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read %s, where the ceremony's files should be: %w", dir, err)
	}
	f := &folder{dir: dir}
	var pairs int
	for _, e := range entries {
		if m := pairFile.FindStringSubmatch(e.Name()); m != nil {
			pairs++
			f.officers = append(f.officers, m[1], m[2])
		}
	}
	slices.Sort(f.officers)
	f.officers = slices.Compact(f.officers)
	if pairs != 3 || len(f.officers) != 3 {
		return nil, fmt.Errorf("%s should have three files archive-…age of three officers; take another copy of the folder", dir)
	}
	line, err := readSmall(filepath.Join(dir, publicFile))
	if err != nil {
		return nil, err
	}
	if f.archive, err = age.ParseHybridRecipient(strings.TrimSpace(string(line))); err != nil {
		return nil, fmt.Errorf("%s is not one age1pq1 line; take another copy of the folder", publicFile)
	}
	record, err := f.read(recordFile)
	if err != nil {
		return nil, err
	}
	first, _, _ := strings.Cut(string(record), "\n")
	f.practice = strings.Contains(first, forPractice(true))
	return f, nil
}

// agrees refuses a folder that is for practice where no rehearsal was asked for,
// and the other way round. Nobody signed the record: that the machine need not be
// fit is only for the people at the keyboard to say.
func (f *folder) agrees(practice bool) error {
	switch {
	case f.practice && !practice:
		return fmt.Errorf("%s says that this folder is for practice; rehearse with --practice, or take another copy of the folder", recordFile)
	case !f.practice && practice:
		return fmt.Errorf("%s says that this folder is no rehearsal's; leave out --practice", recordFile)
	}
	return nil
}

func (f *folder) read(name string) ([]byte, error) { return readSmall(filepath.Join(f.dir, name)) }

func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("look for a file of the ceremony: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxPair {
		return nil, fmt.Errorf("%s is not a file of the ceremony", path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read a file of the ceremony: %w", err)
	}
	return content, nil
}

// write makes a file that is not there yet and puts it on the disk.
func write(path string, content []byte) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write a file of the ceremony: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := file.Write(content); err != nil {
		return fmt.Errorf("write a file of the ceremony: %w", err)
	}
	return file.Sync()
}

// replace puts a file in the place of another in one step.
func replace(path string, content []byte) error {
	if err := os.Remove(path + unfinished); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove what a run before this left: %w", err)
	}
	if err := write(path+unfinished, content); err != nil {
		return err
	}
	if err := os.Rename(path+unfinished, path); err != nil {
		return fmt.Errorf("write a file of the ceremony: %w", err)
	}
	return syncFolder(filepath.Dir(path))
}

// publish makes a folder of files that is there whole or not at all: prove looks
// at it on the disk before it gets its name.
func publish(dir string, files map[string][]byte, prove func(*folder) error) (err error) {
	part := dir + unfinished
	if err := os.Mkdir(part, 0o700); err != nil {
		return fmt.Errorf("make the folder: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(part))
		}
	}()
	for name, content := range files {
		if err := write(filepath.Join(part, name), content); err != nil {
			return err
		}
	}
	f, err := openFolder(part)
	if err != nil {
		return err
	}
	if err := prove(f); err != nil {
		return err
	}
	if err := syncFolder(part); err != nil {
		return err
	}
	if err := os.Rename(part, dir); err != nil {
		return fmt.Errorf("give the folder its name: %w", err)
	}
	return syncFolder(filepath.Dir(dir))
}

// syncFolder puts the names of a folder's files on the disk.
func syncFolder(dir string) (err error) {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("put a folder on the disk: %w", err)
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return d.Sync()
}

// recorded is what was done with this archive so far, with a line more.
func (f *folder) recorded(line string) ([]byte, error) {
	before, err := f.read(recordFile)
	if err != nil {
		return nil, err
	}
	return append(before, line+"\n"...), nil
}

// absent: a new folder is never mixed with what is there.
func absent(dir string) error {
	for _, path := range []string{dir, dir + unfinished} {
		switch _, err := os.Lstat(path); {
		case err == nil && path != dir:
			return fmt.Errorf("%s is left from a run that was cut off; burn what that run printed, remove the folder and begin again", path)
		case err == nil:
			return fmt.Errorf("%s is there already; name a new folder", path)
		case !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("look for the folder: %w", err)
		}
	}
	return nil
}
