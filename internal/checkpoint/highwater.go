package checkpoint

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"gatepost/internal/highwater"
	"gatepost/internal/logbook"
)

// Each tier keeps its high water in a folder of state, for each agency
//
//	ID.checkpoint  the newest checkpoint that the tier saw, as the log's key signed it
//	ID.restored    which statements of a restore it has gone along with, a leaf hash a line
//	ID.lock        held while the two are written
//
// Instances of a tier on one host share a folder.
const (
	checkpointEnd = ".checkpoint"
	restoredEnd   = ".restored"
	lockEnd       = ".lock"
)

// highWater is an agency's files in a folder.
type highWater struct {
	folder highwater.Folder
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
	path := h.path(restoredEnd)
	text, err := h.folder.Read(h.agency + restoredEnd)
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
	path = h.path(checkpointEnd)
	if text, err = h.folder.Read(h.agency + checkpointEnd); err != nil || text == nil {
		return s, err
	}
	if s.Checkpoint, err = logbook.ParseCheckpoint(text, h.agency, h.verify); err != nil {
		return seen{}, fmt.Errorf("%s is no checkpoint of the agency %s; find out who wrote it, and put it back from a copy", path, h.agency)
	}
	return s, nil
}

// raise writes down a newer checkpoint with its note. from is what the caller
// loaded and found the log to go on from, or to have given up by a statement of
// a restore; taken are all such statements of the log. Where another instance
// wrote meanwhile, the file only goes forwards.
func (h highWater) raise(from seen, to logbook.Checkpoint, text []byte, taken [][32]byte) (err error) {
	unlock, err := h.folder.Lock(h.agency + lockEnd)
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
		if err := h.folder.Put(h.agency+checkpointEnd, text); err != nil {
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
	return h.folder.Put(h.agency+restoredEnd, text.Bytes())
}

func (h highWater) path(end string) string { return h.folder.Path(h.agency + end) }
