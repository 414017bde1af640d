package checkpoint

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sys/unix"

	"gatepost/internal/logbook"
)

// Folder is where one tier keeps its high water: for each agency
//
//	ID.checkpoint  the newest checkpoint that the tier saw, as the log's key signed it
//	ID.restored    which statements of a restore it has gone along with, a leaf hash a line
//	ID.lock        held while the two are written
//
// Instances of a tier on one host share a folder.
type Folder struct{ dir string }

// OpenFolder makes the folder if it is not there; what it lies in must be. A
// folder that others may write is refused. The error is a sentence for the
// operator.
func OpenFolder(dir string) (Folder, error) {
	if dir == "" {
		return Folder{}, errors.New("no folder of state is named; name one in the configuration that only this program writes")
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return Folder{}, fmt.Errorf("the folder of state %s cannot be made; make what it lies in, or name another: %w", dir, reason(err))
	}
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return Folder{}, fmt.Errorf("the folder of state %s cannot be read; check whose it is: %w", dir, reason(err))
	case !info.IsDir():
		return Folder{}, fmt.Errorf("the folder of state %s is a file; name another", dir)
	case othersWrite(info):
		return Folder{}, fmt.Errorf("the folder of state %s can be written by others; chmod 700 it and look who was there", dir)
	}
	return Folder{dir}, nil
}

func othersWrite(info fs.FileInfo) bool { return info.Mode().Perm()&0o022 != 0 }

// reason is what was wrong with a file, without its name.
func reason(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// Checkpoint is the path of an agency's file: a note that stands alone.
func (f Folder) Checkpoint(agencyID string) string {
	return filepath.Join(f.dir, agencyID+".checkpoint")
}

// highWater is an agency's files in a folder.
type highWater struct {
	folder Folder
	agency string
	verify note.Verifiers
}

// seen is what a tier has seen. The zero value has seen nothing.
type seen struct {
	logbook.Checkpoint
	taken [][32]byte // statements of a restore that were gone along with, by leaf
}

// load reads the files, without the lock: each is put in its place whole. The
// list comes first, for it is written last. The error is a sentence for the
// operator.
func (h highWater) load() (seen, error) {
	var s seen
	path := h.path(".restored")
	text, err := readOwn(path)
	if err != nil {
		return seen{}, err
	}
	for line := range strings.Lines(string(text)) {
		leaf, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSuffix(line, "\n"))
		if err != nil || len(leaf) != 32 {
			return seen{}, fmt.Errorf("%s is damaged; find out who wrote it, and put it back from a copy", path)
		}
		s.taken = append(s.taken, [32]byte(leaf))
	}
	path = h.path(".checkpoint")
	if text, err = readOwn(path); err != nil || text == nil {
		return s, err
	}
	if s.Checkpoint, err = logbook.ParseCheckpoint(text, h.agency, h.verify); err != nil {
		return seen{}, fmt.Errorf("%s is no checkpoint of the agency %s; find out who wrote it, and put it back from a copy", path, h.agency)
	}
	return s, nil
}

// readOwn reads a file that nobody else may write; nil where there is none.
func readOwn(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read; check whose it is: %w", path, reason(err))
	}
	if !info.Mode().IsRegular() || othersWrite(info) {
		return nil, fmt.Errorf("%s can be written by others; chmod 600 it, and look whether it is the one that this program wrote", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read; check whose it is: %w", path, reason(err))
	}
	return text, nil
}

// raise writes down a newer checkpoint with its note. from is what the caller
// loaded and found the log to go on from, or to have given up by a statement of
// a restore; taken are all such statements of the log. Where another instance
// wrote meanwhile, the file only goes forwards.
func (h highWater) raise(from seen, to logbook.Checkpoint, text []byte, taken [][32]byte) (err error) {
	unlock, err := h.lock()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	now, err := h.load()
	if err != nil {
		return err
	}
	if now.Size == to.Size && now.Root != to.Root && now.Checkpoint != from.Checkpoint {
		return &Refusal{Agency: h.agency, Seen: now.Size, Now: to.Size, Index: -1, Cause: logbook.ErrForked}
	}
	if now.Checkpoint != to && (now.Checkpoint == from.Checkpoint || now.Size < to.Size) {
		if err := h.put(".checkpoint", text); err != nil {
			return err
		}
	}
	return h.take(now.taken, taken)
}

// take adds statements of a restore to the list.
func (h highWater) take(have, more [][32]byte) error {
	all := slices.Clone(have)
	for _, leaf := range more {
		if !slices.Contains(all, leaf) {
			all = append(all, leaf)
		}
	}
	if len(all) == len(have) {
		return nil
	}
	var text bytes.Buffer
	for _, leaf := range all {
		text.WriteString(base64.StdEncoding.EncodeToString(leaf[:]) + "\n")
	}
	return h.put(".restored", text.Bytes())
}

func (h highWater) path(end string) string { return filepath.Join(h.folder.dir, h.agency+end) }

// put writes a file whole or not at all, and is back when it is on the disk.
func (h highWater) put(end string, text []byte) error {
	path := h.path(end)
	if err := replace(path, text); err != nil {
		return fmt.Errorf("%s cannot be written; make room and check whose the folder is: %w", path, reason(err))
	}
	return nil
}

func replace(path string, text []byte) error {
	next := path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(next, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// lock waits until no other instance writes.
func (h highWater) lock() (unlock func() error, err error) {
	path := h.path(".lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be opened; check whose the folder is: %w", path, reason(err))
	}
	for {
		err = unix.Flock(int(file.Fd()), unix.LOCK_EX)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s cannot be locked; the folder of state has to be on a disk of this host: %w", path, err), file.Close())
	}
	return file.Close, nil // closing lets go of the lock
}
