package logbook

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// ErrExtension: no extension of a log, or not from what was seen.
var ErrExtension = errors.New("not a proof that the log goes on")

const (
	// MaxExtension is the size in bytes of the largest extension.
	MaxExtension = MaxCheckpoint + 4096

	maxExtensionPath = 63 // c2sp.org/tlog-witness, "add-checkpoint"
)

// Extension shows that a log which is signed as it is now contains one of Old
// entries, without any entry of it: in the form in which a log asks a witness
// (the body of add-checkpoint in c2sp.org/tlog-witness).
type Extension struct {
	Old        int64 // 0 for a witness that has seen nothing
	Path       tlog.TreeProof
	Checkpoint []byte // the note
}

// Extend makes the proof from stored hashes, which are not believed by who checks
// it. now is the checkpoint of note. ErrExtension: old is beyond it.
func Extend(old int64, now Checkpoint, note []byte, hashes tlog.HashReader) (Extension, error) {
	e := Extension{Old: old, Checkpoint: note}
	switch {
	case old < 0 || old > now.Size:
		return e, fmt.Errorf("%w: %d entries are signed for, fewer than %d", ErrExtension, now.Size, old)
	case old == 0 || old == now.Size:
		return e, nil
	}
	path, err := tlog.ProveTree(now.Size, old, hashes)
	if err != nil {
		return e, fmt.Errorf("prove that the log goes on: %w", err)
	}
	e.Path = path
	return e, nil
}

// Text is the file.
func (e Extension) Text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "old %d\n", e.Old)
	for _, h := range e.Path {
		fmt.Fprintf(&b, "%s\n", h)
	}
	fmt.Fprintf(&b, "\n%s", e.Checkpoint)
	return b.Bytes()
}

// ParseExtension reads an extension. It checks nothing: Check does. The error is
// ErrExtension.
func ParseExtension(text []byte) (Extension, error) {
	head, checkpoint, ok := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	number, ok1 := strings.CutPrefix(lines[0], "old ")
	old, err := strconv.ParseInt(number, 10, 64)
	if len(text) > MaxExtension || !ok || !ok1 || err != nil || old < 0 || strconv.FormatInt(old, 10) != number || len(lines) > 1+maxExtensionPath {
		return Extension{}, fmt.Errorf("%w: it has no form of one (c2sp.org/tlog-witness)", ErrExtension)
	}
	e := Extension{Old: old, Checkpoint: []byte(checkpoint)}
	for _, line := range lines[1:] {
		h, err := tlog.ParseHash(line)
		if err != nil || h.String() != line {
			return Extension{}, fmt.Errorf("%w: a line is no hash", ErrExtension)
		}
		e.Path = append(e.Path, h)
	}
	return e, nil
}

// Check gives the checkpoint that contains what was seen; seen is of size 0 for
// nothing. ErrCheckpoint: the log's key has not signed it. ErrRolledBack: it has
// fewer entries. ErrForked: the proof does not lead from the one to the other.
// ErrExtension: it begins elsewhere than at what was seen.
func (e Extension) Check(seen Checkpoint, keys Keys) (Checkpoint, error) {
	now, err := ParseCheckpoint(e.Checkpoint, keys.Agency, keys.Log)
	switch {
	case err != nil:
		return now, err
	case now.Size < seen.Size:
		return now, fmt.Errorf("%w: entries %d to %d were seen and are not there", ErrRolledBack, now.Size, seen.Size-1)
	case e.Old != seen.Size:
		return now, fmt.Errorf("%w: it begins at %d entries and %d were seen; ask for gatepost audit extend %d", ErrExtension, e.Old, seen.Size, seen.Size)
	case seen.Size == 0 && len(e.Path) == 0, seen == now && len(e.Path) == 0:
		return now, nil
	case seen.Size == 0 || seen.Size == now.Size && len(e.Path) > 0:
		return now, fmt.Errorf("%w: it has hashes and needs none", ErrExtension)
	}
	if seen.Size == now.Size || tlog.CheckTree(e.Path, now.Size, now.Root, seen.Size, seen.Root) != nil {
		return now, fmt.Errorf("%w: the proof does not lead from the entries 0 to %d that were seen to these %d", ErrForked, seen.Size-1, now.Size)
	}
	return now, nil
}
