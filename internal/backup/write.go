package backup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"filippo.io/age"

	"gatepost/crypto/seal"
	"gatepost/internal/parts"
	"gatepost/internal/postgres/private"
)

// Order is one backup to be written. Every field is needed but Folder, Verifiers
// and, where no large part lies in a store, Parts.
type Order struct {
	DSN    string // of gatepost_backup
	To     *age.HybridRecipient
	File   string        // is not overwritten
	Folder string        // where older ones are deleted, if File lies in it
	Keep   time.Duration // for how long they are kept, MaxAge at most
	Now    func() time.Time
	// Verifiers are the verifier strings of the agencies' log keys, from their
	// stanzas, by agency. Where one is missing, no checkpoint of that log is
	// believed, and a restore can compare its length only.
	Verifiers map[string]string
	Parts     *parts.Store // with the staff tier's key
}

// MaxAge is for how long a backup is kept, and after which it is not restored:
// what was destroyed is gone when the last backup of before is.
const MaxAge = 35 * 24 * time.Hour

// Written is what Write has done.
type Written struct {
	Manifest
	Size    int64    // of the file
	Listed  bool     // it lies in the folder and will be deleted in its time
	Deleted []string // older ones
	Kept    []string // older ones that are no longer what was written, and stay
	// Unfinished are those that killed runs had left and that were deleted.
	Unfinished []string

	missing []placed // what the store has lost
}

// Write writes a backup. What the store of large parts has lost is counted in the
// manifest, and the rest is in the backup: see Tell. If it ends with an error, there is no file of that name,
// and no part of one unless the process is killed; the next run of that name
// takes its place. Only in Folder a finished backup is listed, and older ones and
// what was left unfinished for a day are deleted. After an error those older than
// MaxAge go all the same, and none that may still be restored: what was destroyed
// does not wait until backups work again.
//
// Each error that an operator can do something about says what.
func Write(ctx context.Context, o Order) (w Written, err error) {
	if o.Keep < 24*time.Hour || o.Keep > MaxAge {
		return Written{}, errors.New("backups are kept for 1 to 35 days: what is destroyed has to be gone from them too")
	}
	w, err = write(ctx, o)
	keep := o.Keep
	if err != nil {
		keep = MaxAge
	}
	if o.cleans() {
		failed := w.expire(o.Folder, o.Now(), keep)
		if err != nil && failed != nil && failed.Error() == err.Error() {
			return w, err // a list that cannot be read is told once
		}
		err = errors.Join(err, failed)
	}
	return w, err
}

// cleans tells whether the file lies where older ones are deleted.
func (o Order) cleans() bool { return o.Folder != "" && sameFolder(filepath.Dir(o.File), o.Folder) }

// write takes a snapshot and writes it.
func write(ctx context.Context, o Order) (_ Written, err error) {
	if _, err := os.Lstat(o.File); err == nil {
		return Written{}, fmt.Errorf("%s is there already and is not overwritten; name another file", o.File)
	}
	s, err := openSnapshot(ctx, o.DSN, "", keepParts)
	if err != nil {
		return Written{}, err
	}
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	program, major, err := private.Client(ctx, "pg_dump", s.server)
	if err != nil {
		return Written{}, err
	}
	w := Written{Manifest: Manifest{At: o.Now().UTC().Truncate(time.Second), Server: s.server, Dump: major, Schema: s.schema}}
	if w.Rows, err = s.rows(ctx); err != nil {
		return Written{}, err
	}
	if w.Logs, err = s.logs(ctx, o.Verifiers); err != nil {
		return Written{}, err
	}
	places, err := s.places(ctx)
	if err != nil {
		return Written{}, err
	}
	if len(places) > 0 {
		if o.Parts == nil {
			return Written{}, fmt.Errorf("%d large parts lie in a store, and the configuration has no [parts]; a backup without them would be thin: put it back", len(places))
		}
	}
	if err := w.put(ctx, o, s, program, places); err != nil {
		return Written{}, err
	}
	return w, nil
}

// put writes the file and gives it its name.
func (w *Written) put(ctx context.Context, o Order, s *snapshot, program string, places []placed) (err error) {
	p, err := openPart(o.File)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close(err)) }()
	for again := true; again; {
		w.hold(places, w.missing)
		there, missing, err := w.fill(ctx, o, s, p.f, program, places)
		if err != nil {
			return p.full(err)
		}
		// What is lost is found out behind the manifest, which has to say so: once more, without it.
		again, places, w.missing = len(missing) > 0, there, append(w.missing, missing...)
	}
	if w.Size, err = p.f.Seek(0, io.SeekEnd); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	if w.Listed = o.cleans(); w.Listed {
		// Before it has its name: a backup that is not listed would never go.
		if err := list(o.Folder, p.f, filepath.Base(o.File), w.At); err != nil {
			return p.full(err)
		}
	}
	return p.name(o.File)
}

// fill writes the file from its beginning. It gives which parts are there and which are
// missing: where any is, the file is not whole.
func (w *Written) fill(ctx context.Context, o Order, s *snapshot, f *os.File, program string, places []placed) (there, missing []placed, err error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, nil, fmt.Errorf("write the backup: %w", err)
	}
	if err := f.Truncate(0); err != nil {
		return nil, nil, fmt.Errorf("write the backup: %w", err)
	}
	block, err := w.block()
	if err != nil {
		return nil, nil, err
	}
	out := bufio.NewWriterSize(f, 1<<18)
	sealed, err := seal.Stream(out, o.To)
	if err != nil {
		return nil, nil, err
	}
	if _, err := sealed.Write(block); err != nil {
		return nil, nil, err
	}
	if there, missing, err = writeParts(ctx, sealed, o.Parts, places); err != nil || len(missing) > 0 {
		return there, missing, err
	}
	if err := dump(ctx, program, s.name, o.DSN, sealed); err != nil {
		return nil, nil, err
	}
	return there, nil, errors.Join(sealed.Close(), out.Flush(), f.Sync())
}

// dump lets pg_dump write the snapshot to w.
func dump(ctx context.Context, program, snapshot, dsn string, w io.Writer) error {
	out := &tracked{w: w}
	cmd := client(ctx, program, "--format=custom", "--compress=1", "--snapshot="+snapshot, "--no-unlogged-table-data", "--no-password", "--dbname="+dsn)
	cmd.Stdout = out
	err := run(cmd, "pg_dump")
	if out.err != nil {
		return fmt.Errorf("write the backup: %w", out.err)
	}
	return err
}

// tracked remembers the first error, which the end of the other program hides.
type tracked struct {
	w   io.Writer
	err error
}

func (t *tracked) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	if err != nil && t.err == nil {
		t.err = err
	}
	return n, err
}

// client prepares one of PostgreSQL's programs, which ends with us.
func client(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "PGOPTIONS=")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// run runs it to its end. Of what it says only the first error is told: later
// lines may quote rows.
func run(cmd *exec.Cmd, name string) error {
	// The death signal follows the thread that starts the program.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	said := &head{}
	cmd.Stderr = said
	err := cmd.Run()
	if err == nil {
		return nil
	}
	for line := range strings.Lines(said.String()) {
		if _, text, ok := strings.Cut(line, "error: "); ok {
			text = strings.TrimSpace(text)
			return fmt.Errorf("%s: %s", name, text[:min(len(text), 300)])
		}
	}
	return fmt.Errorf("%s: %w", name, err)
}

// head keeps the beginning of what is written to it.
type head struct{ strings.Builder }

func (h *head) Write(p []byte) (int, error) {
	if room := 4096 - h.Len(); room > 0 {
		h.Builder.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}

// part is the file while it grows. Whoever holds its lock writes it.
type part struct {
	f    *os.File
	path string
}

// partEnd ends the name of a backup that is not yet whole.
const partEnd = ".part"

func openPart(file string) (*part, error) {
	path := file + partEnd
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the backup cannot be written there: %w", err)
	}
	p := &part{f, path}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("another backup is writing %s; let it end", path), f.Close())
	}
	mine, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("look at %s: %w", path, err), f.Close())
	}
	// Whoever had the lock until now may have given this file its name.
	if there, err := os.Lstat(path); err != nil || !os.SameFile(mine, there) {
		return nil, errors.Join(fmt.Errorf("another backup has written %s; look for it before you write one more", file), f.Close())
	}
	// What a killed run left is written over, and readable by nobody else.
	if err := errors.Join(f.Truncate(0), f.Chmod(0o600)); err != nil {
		return nil, errors.Join(fmt.Errorf("empty %s: %w", path, err), f.Close())
	}
	return p, nil
}

// name gives the file its name, and puts that on the disk.
func (p *part) name(file string) error {
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("%s was made meanwhile and is not overwritten; name another file", file)
	}
	if err := os.Rename(p.path, file); err != nil {
		return fmt.Errorf("give the backup its name: %w", err)
	}
	return syncFolder(filepath.Dir(file))
}

// close ends the writing; after an error nothing is left.
func (p *part) close(failed error) error {
	if failed == nil {
		return p.f.Close()
	}
	return errors.Join(os.Remove(p.path), p.f.Close())
}

// full says of a disk without room what to do.
func (p *part) full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("there is no room for the backup in %s; make room there or name a file elsewhere, and run it again", filepath.Dir(p.path))
	}
	return err
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open a folder: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("put a folder on the disk: %w", err)
	}
	return nil
}

func sameFolder(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	two, err := os.Stat(b)
	return err == nil && os.SameFile(one, two)
}
