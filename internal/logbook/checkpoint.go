package logbook

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"gatepost/crypto/statement"
)

// MaxCheckpoint is the size in bytes of the largest checkpoint, with the
// signatures of witnesses.
const MaxCheckpoint = 4096

// ErrCheckpoint: no checkpoint of that log, or not signed by its key.
var ErrCheckpoint = errors.New("not a checkpoint of this log")

// Checkpoint says how many entries a log has and what its tree's root is
// (c2sp.org/tlog-checkpoint). Its origin is the name of the log's key, such as
// "oak/log". It has no time: the same tree gives the same note, whoever signs.
type Checkpoint struct {
	Size int64     // entries
	Root tlog.Hash // RFC 6962, 2.1
}

// Sign makes the note of a checkpoint. by is the agency's log key; any other
// name is ErrCheckpoint.
func (c Checkpoint) Sign(agency string, by note.Signer) ([]byte, error) {
	origin := statement.KeyName(agency, statement.RoleLog)
	if by.Name() != origin || c.Size < 1 {
		return nil, fmt.Errorf("sign a checkpoint: %w", ErrCheckpoint)
	}
	text, err := note.Sign(&note.Note{Text: c.text(origin)}, by)
	if err != nil {
		return nil, fmt.Errorf("sign a checkpoint: %w", err)
	}
	return text, nil
}

func (c Checkpoint) text(origin string) string {
	return fmt.Sprintf("%s\n%d\n%s\n", origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
}

// ParseCheckpoint reads a checkpoint of an agency's log. The log's own key,
// which v must know, has to have signed it; other signatures, such as those of
// witnesses, are let be. There is one form only. The error is ErrCheckpoint.
func ParseCheckpoint(text []byte, agency string, v note.Verifiers) (Checkpoint, error) {
	c, _, err := openCheckpoint(text, agency, v)
	return c, err
}

func openCheckpoint(text []byte, agency string, v note.Verifiers) (Checkpoint, *note.Note, error) {
	if len(text) > MaxCheckpoint {
		return Checkpoint{}, nil, fmt.Errorf("%w: larger than %d bytes", ErrCheckpoint, MaxCheckpoint)
	}
	origin := statement.KeyName(agency, statement.RoleLog)
	n, err := note.Open(text, v)
	if err != nil {
		return Checkpoint{}, nil, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	signed := false
	for _, sig := range n.Sigs {
		signed = signed || sig.Name == origin
	}
	if !signed {
		return Checkpoint{}, nil, fmt.Errorf("%w: the log's key has not signed it", ErrCheckpoint)
	}
	c, err := readCheckpoint(n.Text, origin)
	return c, n, err
}

// Newest gives the largest of these checkpoints that the log's key signed, its
// note, and how many of them it did not sign; nil where none is signed. It is
// asked for the sixteen largest rows of a database: who may write any row there
// can neither have one believed nor, by a few, keep the true one from being
// found. The size is the note's own: an older note may stand in a newer row.
func Newest(notes [][]byte, agency string, keys note.Verifiers) (c Checkpoint, newest []byte, unsigned int) {
	for _, text := range notes {
		one, err := ParseCheckpoint(text, agency, keys)
		switch {
		case err != nil:
			unsigned++
		case one.Size > c.Size:
			c, newest = one, text
		}
	}
	return c, newest, unsigned
}

// readCheckpoint reads the text of a note, whoever signed it.
func readCheckpoint(text, origin string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] != origin {
		return Checkpoint{}, fmt.Errorf("%w: not three lines of that log", ErrCheckpoint)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	root, err2 := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || err2 != nil || size < 1 || len(root) != tlog.HashSize {
		return Checkpoint{}, fmt.Errorf("%w: no size and root", ErrCheckpoint)
	}
	c := Checkpoint{Size: size, Root: tlog.Hash(root)}
	if c.text(origin) != text {
		return Checkpoint{}, fmt.Errorf("%w: not in its one form", ErrCheckpoint)
	}
	return c, nil
}
