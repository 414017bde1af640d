package logbook

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"gatepost/crypto/statement"
)

// chunk is how many entries a file of an export has.
const chunk = 10_000

// The files of an export. Their form is told to people in its README.txt.
const (
	entriesForm     = "entries-%010d.txt"
	hashesFile      = "hashes.bin"
	checkpointsFile = "checkpoints.txt"
	readmeFile      = "README.txt"

	timeForm = "2006-01-02T15:04:05Z"
)

// Entry is a place of a log.
type Entry struct {
	Index int64
	At    time.Time // when the database took it in; not signed, and for people only
	Body  []byte    // the signed note, or what stands in its place
}

// Writer writes an export into a folder: checkpoints and entries in their
// orders, a page at a time.
type Writer struct {
	agency, dir string
	next        int64
	began       int64 // the first entry of the file in hand
	unknown     int64 // entries since the last one with a hash
	file        *os.File
	hashes      *os.File
	notes       *os.File
}

// NewWriter makes the folder, which must not be there yet, so that no export is
// mixed with another.
func NewWriter(dir, agency string) (*Writer, error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("%s is there already; name a new folder", dir)
		}
		return nil, fmt.Errorf("make the folder of the export: %w", err)
	}
	hashes, err := os.Create(filepath.Join(dir, hashesFile))
	if err != nil {
		return nil, fmt.Errorf("begin the export: %w", err)
	}
	notes, err := os.Create(filepath.Join(dir, checkpointsFile))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("begin the export: %w", err), hashes.Close())
	}
	return &Writer{agency: agency, dir: dir, began: -chunk, hashes: hashes, notes: notes}, nil
}

// Add writes the next entry with the hash of its leaf as it is stored; the zero
// hash where none is, as for the newest entries. An entry that is not there has
// no Body: Verify names it as missing.
func (w *Writer) Add(e Entry, leaf tlog.Hash) error {
	if e.Index != w.next {
		return fmt.Errorf("write entry %d: %d comes next", e.Index, w.next)
	}
	w.next++
	w.unknown++
	if leaf != (tlog.Hash{}) {
		before := make([]byte, (w.unknown-1)*tlog.HashSize)
		if _, err := w.hashes.Write(append(before, leaf[:]...)); err != nil {
			return fmt.Errorf("write the hash of entry %d: %w", e.Index, err)
		}
		w.unknown = 0
	}
	if e.Body == nil {
		return nil
	}
	if e.Index >= w.began+chunk {
		if err := w.turn(e.Index - e.Index%chunk); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(w.file, "entry %d %d %s\n%s\n", e.Index, len(e.Body), e.At.UTC().Format(timeForm), e.Body); err != nil {
		return fmt.Errorf("write entry %d: %w", e.Index, err)
	}
	return nil
}

func (w *Writer) turn(first int64) (err error) {
	if w.file != nil {
		if err := w.file.Close(); err != nil {
			return fmt.Errorf("write entries: %w", err)
		}
	}
	w.file, err = os.Create(filepath.Join(w.dir, fmt.Sprintf(entriesForm, first)))
	if err != nil {
		return fmt.Errorf("begin a file of entries: %w", err)
	}
	w.began = first
	return nil
}

// Checkpoint writes the next checkpoint's note.
func (w *Writer) Checkpoint(note []byte) error {
	if _, err := fmt.Fprintf(w.notes, "checkpoint %d\n%s\n", len(note), note); err != nil {
		return fmt.Errorf("write a checkpoint: %w", err)
	}
	return nil
}

// Close writes the page that tells the form, and ends the export. It is called
// once, also after an error.
func (w *Writer) Close() error {
	errs := []error{os.WriteFile(filepath.Join(w.dir, readmeFile), []byte(readme(w.agency, w.next)), 0o644), w.hashes.Close(), w.notes.Close()}
	if w.file != nil {
		errs = append(errs, w.file.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("end the export: %w", err)
	}
	return nil
}

func readme(agency string, n int64) string {
	return fmt.Sprintf(`The log of the agency %s, %d entries.

entries-N.txt      The entries from number N on. Each is a line "entry NUMBER LENGTH TIME", then LENGTH bytes, then
                   an empty line's end. The bytes are a signed note (c2sp.org/signed-note): lines that say what was done
                   to which object and when, an empty line, and one signature a line. TIME is when the database took
                   the entry in; it is not signed.
%s         32 bytes for each entry, in order: SHA-256 of a zero byte and the entry's bytes (RFC 6962).
                   The newest entries, which no checkpoint covers yet, have none.
%s    Every checkpoint (c2sp.org/tlog-checkpoint): "checkpoint LENGTH", then a note that says how many
                   entries the tree has and what its root is, signed by the log's key.

There are no names here, no addresses and no letters: only numbers of people and cases, times, and what was done.

To check it: gatepost-verify --log THIS-FOLDER --key FILE
FILE has the agency's keys, which you have from elsewhere: printed, or from your last visit. The signature of one entry
or checkpoint can be checked with any program that reads signed notes, and the tree with any that knows RFC 6962.
`, agency, n, hashesFile, checkpointsFile)
}

// Export is an export that is being read.
type Export struct{ dir fs.FS }

// OpenExport opens a folder that Writer made.
func OpenExport(dir fs.FS) (*Export, error) {
	if _, err := fs.Stat(dir, checkpointsFile); err != nil {
		return nil, errors.New("there is no export of a log in that folder; name the one that gatepost audit export made")
	}
	return &Export{dir}, nil
}

// maxHashes is the size in bytes of the largest file of an export: sixty million entries' hashes.
const maxHashes = 2 << 30

// read takes a file of the export into memory: a regular one, and no larger than it can be.
func (x *Export) read(name string, most int64) ([]byte, error) {
	info, err := fs.Stat(x.dir, name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("%s is no file of an export, or larger than one can be", name)
	}
	text, err := fs.ReadFile(x.dir, name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return text, nil
}

// Hashes gives the hashes of all leaves as they were written: 32 bytes an entry in memory.
func (x *Export) Hashes() ([]tlog.Hash, error) {
	text, err := x.read(hashesFile, maxHashes)
	if err != nil {
		return nil, err
	}
	list := make([]tlog.Hash, len(text)/tlog.HashSize)
	for i := range list {
		copy(list[i][:], text[i*tlog.HashSize:])
	}
	return list, nil
}

// Checkpoints gives every checkpoint's note, unchecked.
func (x *Export) Checkpoints() ([][]byte, error) {
	text, err := x.read(checkpointsFile, maxHashes)
	if err != nil {
		return nil, err
	}
	return parseCheckpoints(text), nil
}

func parseCheckpoints(text []byte) (list [][]byte) {
	for len(text) > 0 {
		head, rest, _ := bytes.Cut(text, []byte("\n"))
		length, ok := strings.CutPrefix(string(head), "checkpoint ")
		n, err := strconv.Atoi(length)
		if !ok || err != nil || n < 0 || n > len(rest) {
			return append(list, text) // no note; whoever checks it says so
		}
		list, text = append(list, rest[:n]), bytes.TrimPrefix(rest[n:], []byte("\n"))
	}
	return list
}

// Chunks gives the entries of each file in turn. An entry whose frame is broken
// has Index -1 and what was found in Body.
func (x *Export) Chunks(each func([]Entry) error) error {
	names, err := fs.Glob(x.dir, "entries-*.txt")
	if err != nil {
		return fmt.Errorf("list the entries: %w", err)
	}
	for _, name := range names {
		text, err := x.read(name, chunk*(2*statement.MaxSize+100))
		if err != nil {
			return err
		}
		if err := each(parseEntries(text)); err != nil {
			return err
		}
	}
	return nil
}

// parseEntries takes the entries out of a file. Where a length is wrong it goes
// on at the next line that can be the head of an entry.
func parseEntries(text []byte) (list []Entry) {
	for len(text) > 0 {
		e, rest, ok := parseEntry(text)
		if !ok {
			end := bytes.Index(text, []byte("\nentry "))
			if end < 0 {
				end = len(text) - 1
			}
			e, rest = broken(text[:end+1]), text[end+1:]
		}
		list, text = append(list, e), rest
	}
	return list
}

// broken is an entry whose length does not fit, with its number if the head can be read.
func broken(text []byte) Entry {
	head, body, _ := bytes.Cut(text, []byte("\n"))
	e := Entry{Index: -1, Body: bytes.TrimSuffix(body, []byte("\n"))}
	if index, _, at, ok := parseHead(string(head)); ok {
		e.Index, e.At = index, at
	}
	return e
}

func parseEntry(text []byte) (e Entry, rest []byte, ok bool) {
	head, body, _ := bytes.Cut(text, []byte("\n"))
	index, length, at, ok := parseHead(string(head))
	if !ok || length >= len(body) || body[length] != '\n' {
		return e, nil, false
	}
	rest = body[length+1:]
	if len(rest) > 0 && !bytes.HasPrefix(rest, []byte("entry ")) {
		return e, nil, false
	}
	return Entry{index, at, body[:length]}, rest, true
}

func parseHead(line string) (index int64, length int, at time.Time, ok bool) {
	fields := strings.Split(line, " ")
	if len(fields) != 4 || fields[0] != "entry" {
		return 0, 0, at, false
	}
	index, err := strconv.ParseInt(fields[1], 10, 64)
	length, err2 := strconv.Atoi(fields[2])
	at, err3 := time.Parse(timeForm, fields[3])
	return index, length, at, errors.Join(err, err2, err3) == nil && index >= 0 && length >= 0 && length <= 2*statement.MaxSize
}

// ReadFile reads a small file that a person names, such as one of keys.
func ReadFile(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", path, err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", path, err)
	}
	if int64(len(text)) > most {
		return nil, fmt.Errorf("%s is too large to be what it should be", path)
	}
	return text, nil
}
