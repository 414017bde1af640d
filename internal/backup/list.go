package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// ListFile stands in the folder of backups and names those that were written
// there: only they are deleted when they are old.
const ListFile = "gatepost-backups.txt"

// listed is a line of the list: when, what the file begins with, its name.
type listed struct {
	at   time.Time
	sum  [32]byte // SHA-256 of the first listedHead bytes: header and first block
	name string   // without a folder
}

const listedHead = 4096

func (l listed) String() string {
	return fmt.Sprintf("%s %x %s", l.at.UTC().Format(time.RFC3339), l.sum, l.name)
}

// parseList reads a list; the error says which line is none.
func parseList(text string) (list []listed, err error) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		l, ok := parseListed(strings.TrimSuffix(line, "\n"))
		if !ok {
			return nil, fmt.Errorf("line %d of %s is none of ours; remove it, and look after that backup by hand", n, ListFile)
		}
		list = append(list, l)
	}
	return list, nil
}

func parseListed(line string) (l listed, ok bool) {
	words := strings.SplitN(line, " ", 3)
	if len(words) != 3 {
		return l, false
	}
	at, err := time.Parse(time.RFC3339, words[0])
	sum, bad := hex.DecodeString(words[1])
	name := words[2]
	// A name that leads elsewhere would have this program delete elsewhere.
	if err != nil || bad != nil || len(sum) != 32 || name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\n\x00") {
		return l, false
	}
	l = listed{at.UTC(), [32]byte(sum), name}
	return l, l.String() == line
}

// ErrNoBackup: the folder has no backup that is listed, whole and still there.
var ErrNoBackup = errors.New("there is no backup in the folder")

// Newest tells when the newest listed backup was made whose file still begins as
// it was written. It changes nothing. Errors but ErrNoBackup are sentences for
// the operator.
func Newest(folder string) (at time.Time, err error) {
	text, err := os.ReadFile(filepath.Join(folder, ListFile))
	if errors.Is(err, fs.ErrNotExist) {
		return at, ErrNoBackup
	}
	if err != nil {
		return at, fmt.Errorf("the list of backups cannot be read; check whose it is: %w", err)
	}
	all, err := parseList(string(text))
	if err != nil {
		return at, err
	}
	for _, l := range all {
		if l.at.After(at) && l.there(folder) {
			at = l.at
		}
	}
	if at.IsZero() {
		return at, ErrNoBackup
	}
	return at, nil
}

// there tells whether the file is the one that was listed.
func (l listed) there(folder string) bool {
	f, err := os.Open(filepath.Join(folder, l.name))
	if err != nil {
		return false
	}
	defer f.Close()
	sum, err := sumOf(f)
	return err == nil && sum == l.sum
}

func sumOf(r io.Reader) (sum [32]byte, err error) {
	var begin [listedHead]byte
	if _, err := io.ReadFull(r, begin[:]); err != nil {
		return sum, fmt.Errorf("read the beginning of a backup: %w", err)
	}
	return sha256.Sum256(begin[:]), nil
}

// list adds a backup to the folder's list.
func list(folder string, f *os.File, name string, at time.Time) error {
	sum, err := sumOf(io.NewSectionReader(f, 0, listedHead))
	if err != nil {
		return err
	}
	one := listed{at, sum, name}
	if back, ok := parseListed(one.String()); !ok || back.name != name {
		return errors.New("the name of a backup has no line ends in it; name another file")
	}
	return changeList(folder, func(have []listed) ([]listed, error) { return append(have, one), nil })
}

// unfinished is for how long a part that nobody writes stays, in case it is
// looked for.
const unfinished = 24 * time.Hour

// expire deletes the listed backups that are older than keep, and what killed
// runs left. A file that is no longer what was written stays, and its name is
// given in Kept.
func (w *Written) expire(folder string, now time.Time, keep time.Duration) error {
	return changeList(folder, func(have []listed) (rest []listed, err error) {
		for _, l := range have {
			if !l.at.Before(now.Add(-keep)) {
				rest = append(rest, l)
				continue
			}
			switch gone, err := l.remove(folder); {
			case errors.Is(err, fs.ErrNotExist): // deleted by somebody, or never finished
			case err != nil:
				return nil, fmt.Errorf("delete an old backup: %w", err)
			case gone:
				w.Deleted = append(w.Deleted, l.name)
			default:
				w.Kept = append(w.Kept, l.name)
			}
			// Between the list and its name a whole backup is called so.
			if err := w.removePart(folder, l.name+partEnd, now); err != nil {
				return nil, err
			}
		}
		return rest, w.removeParts(folder, now.Add(-unfinished))
	})
}

// removeParts deletes what killed runs left in the folder before a time: each
// run has a name of its own, so no later one takes its place.
func (w *Written) removeParts(folder string, before time.Time) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("look for unfinished backups: %w", err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), partEnd) {
			continue
		}
		if err := w.removePart(folder, e.Name(), before); err != nil {
			return err
		}
	}
	return nil
}

// removePart deletes an unfinished backup that was last written before a time:
// a regular file that nobody writes, and that is empty or begins like a sealed
// one.
func (w *Written) removePart(folder, name string, before time.Time) (err error) {
	path := filepath.Join(folder, name)
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil // gone, a link, or somebody else's
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("look at an unfinished backup: %w", err)
	}
	if !info.Mode().IsRegular() || !info.ModTime().Before(before) || !begun(f, info.Size()) {
		return nil
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil // it is being written
	}
	// Whoever had the lock until now may have given this file its name.
	if there, err := os.Lstat(path); err != nil || !os.SameFile(info, there) {
		return nil // then it is no part any more
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("delete an unfinished backup: %w", err)
	}
	w.Unfinished = append(w.Unfinished, name)
	return nil
}

// begun tells whether a file is the beginning of one that age seals
// (C2SP age.md: the version line).
func begun(r io.ReaderAt, size int64) bool {
	const version = "age-encryption.org/v1\n"
	begin := make([]byte, min(size, int64(len(version))))
	_, err := r.ReadAt(begin, 0)
	return (err == nil || errors.Is(err, io.EOF)) && strings.HasPrefix(version, string(begin))
}

// remove deletes the file if it is the one that was listed.
func (l listed) remove(folder string) (bool, error) {
	path := filepath.Join(folder, l.name)
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		if errors.Is(err, syscall.ELOOP) {
			return false, nil
		}
		return false, err
	}
	sum, err := sumOf(f)
	if closing := f.Close(); closing != nil {
		return false, closing
	}
	if err != nil || sum != l.sum {
		return false, nil // a shorter file, or another one
	}
	return true, os.Remove(path)
}

// changeList rewrites the list, one at a time.
func changeList(folder string, change func([]listed) ([]listed, error)) (err error) {
	dir, err := os.Open(folder)
	if err != nil {
		return fmt.Errorf("open the folder of backups: %w", err)
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock the folder of backups: %w", err)
	}
	path := filepath.Join(folder, ListFile)
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the list of backups: %w", err)
	}
	have, err := parseList(string(text))
	if err != nil {
		return err
	}
	next, err := change(have)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, l := range next {
		fmt.Fprintln(&b, l)
	}
	if b.String() == string(text) {
		return nil
	}
	if err := replace(path, b.String()); err != nil {
		return err
	}
	return dir.Sync()
}

// replace writes a file whole or not at all.
func replace(path, text string) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return fmt.Errorf("write the list of backups: %w", err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write the list of backups: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("write the list of backups: %w", err)
	}
	return nil
}
