package highwater

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Folder is a folder of state. Processes of one host may share it. Every error
// of its methods is a sentence for the operator.
type Folder struct{ dir string }

// Open makes the folder if it is not there; what it lies in must be. A folder
// that others may write is refused.
func Open(dir string) (Folder, error) {
	if dir == "" {
		return Folder{}, errors.New("no folder of state is named; name one that only this program writes")
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

// At is a folder that is only read. It need not be there.
func At(dir string) Folder { return Folder{dir} }

// Path is where a file lies, for sentences and for people.
func (f Folder) Path(name string) string { return filepath.Join(f.dir, name) }

// Read gives a file that nobody else may write; nil where there is none. It
// needs no lock.
func (f Folder) Read(name string) ([]byte, error) {
	path := f.Path(name)
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

// Put writes a file whole or not at all, and is back when it is on the disk. Who
// puts what depends on what was read holds the lock.
func (f Folder) Put(name string, text []byte) error {
	path := f.Path(name)
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

// Lock waits until nobody else holds the lock of that name, which is a file.
func (f Folder) Lock(name string) (unlock func() error, err error) {
	path := f.Path(name)
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

func othersWrite(info fs.FileInfo) bool { return info.Mode().Perm()&0o022 != 0 }

// reason is what was wrong with a file, without its name.
func reason(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
