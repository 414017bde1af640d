package logbook

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"gatepost/crypto/statement"
)

// ErrProof: no proof, or one that does not lead to its checkpoint.
var ErrProof = errors.New("the proof does not hold")

const (
	proofHeader = "c2sp.org/tlog-proof@v1"

	// MaxProof is the size in bytes of the largest proof, entry included.
	MaxProof = 64 << 10
)

// Proof shows that one entry stands in a log, without the rest of it: in the
// form of c2sp.org/tlog-proof, with the entry itself as the "extra" line.
type Proof struct {
	Index      int64
	Body       []byte
	Path       tlog.RecordProof
	Checkpoint []byte // the note
}

// Prove makes the proof of an entry under a checkpoint from stored hashes.
func Prove(index int64, body []byte, under Checkpoint, note []byte, hashes tlog.HashReader) (Proof, error) {
	path, err := tlog.ProveRecord(under.Size, index, hashes)
	if err != nil {
		return Proof{}, fmt.Errorf("prove entry %d: %w", index, err)
	}
	return Proof{index, body, path, note}, nil
}

// Text is the file.
func (p Proof) Text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\nextra %s\nindex %d\n", proofHeader, base64.StdEncoding.EncodeToString(p.Body), p.Index)
	for _, h := range p.Path {
		fmt.Fprintf(&b, "%s\n", h)
	}
	fmt.Fprintf(&b, "\n%s", p.Checkpoint)
	return b.Bytes()
}

// ParseProof reads a proof. It checks nothing: Check does. The error is ErrProof.
func ParseProof(text []byte) (Proof, error) {
	head, checkpoint, ok := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if len(text) > MaxProof || !ok || len(lines) < 3 || lines[0] != proofHeader {
		return Proof{}, fmt.Errorf("%w: it is no %s with its entry", ErrProof, proofHeader)
	}
	extra, ok1 := strings.CutPrefix(lines[1], "extra ")
	number, ok2 := strings.CutPrefix(lines[2], "index ")
	body, err := base64.StdEncoding.Strict().DecodeString(extra)
	index, err2 := strconv.ParseInt(number, 10, 64)
	if !ok1 || !ok2 || err != nil || err2 != nil || index < 0 || strconv.FormatInt(index, 10) != number {
		return Proof{}, fmt.Errorf("%w: no entry and index", ErrProof)
	}
	p := Proof{Index: index, Body: body, Checkpoint: []byte(checkpoint)}
	for _, line := range lines[3:] {
		h, err := tlog.ParseHash(line)
		if err != nil || len(p.Path) == 64 {
			return Proof{}, fmt.Errorf("%w: a line is no hash", ErrProof)
		}
		p.Path = append(p.Path, h)
	}
	return p, nil
}

// Check gives the checkpoint that the entry is proved under, and its statement
// without its signature checked: a worker's key stands in the log, not here.
// Where the keys at hand are those that the event asks for, signed is true.
func (p Proof) Check(keys Keys) (under Checkpoint, st *statement.Statement, signed bool, err error) {
	under, err = ParseCheckpoint(p.Checkpoint, keys.Agency, keys.Log)
	if err != nil {
		return under, nil, false, fmt.Errorf("%w: %w", ErrProof, err)
	}
	if err := tlog.CheckRecord(p.Path, under.Size, under.Root, p.Index, tlog.RecordHash(p.Body)); err != nil {
		return under, nil, false, fmt.Errorf("%w: the entry does not lead to the checkpoint's root", ErrProof)
	}
	if st, err = statement.Parse(p.Body, keys.Others); err == nil {
		return under, st, true, nil
	}
	st, err = statement.ParseUnverified(p.Body)
	if err != nil {
		return under, nil, false, fmt.Errorf("%w: the entry is no statement", ErrProof)
	}
	return under, st, false, nil
}

// Workers gives the nodes of the workers under whose names an entry is signed,
// such as "worker/w3", unchecked: to check its signature one needs the entries
// in which the registrar vouches for their keys.
func Workers(body []byte) (nodes []string) {
	for line := range strings.Lines(string(body)) {
		name, ok := strings.CutPrefix(line, "— ")
		if !ok {
			continue
		}
		name, _, _ = strings.Cut(name, " ")
		if _, node, ok := strings.Cut(name, "/"); ok && strings.HasPrefix(node, "worker/") {
			nodes = append(nodes, node)
		}
	}
	return nodes
}
