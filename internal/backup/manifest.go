package backup

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"gatepost/internal/parts"
)

// Block is the size in bytes of what stands before the dump: the manifest and
// line ends up to there.
const Block = 1 << 20

// Format is the version of the file's inside. One without parts is of version 1 and one
// with all of them of version 2, which older programs read.
const Format = 3

const (
	about = "Gatepost backup. These 1048576 bytes say what it is; behind them is a dump of PostgreSQL in its custom format, for pg_restore."
	// aboutParts is the same of a file with parts.
	aboutParts = "Gatepost backup. These 1048576 bytes say what it is; behind them are part_bytes of large parts, and behind those a dump of PostgreSQL in its custom format, for pg_restore."
	// aboutMissing is the same where the store had lost some.
	aboutMissing = aboutParts + " Parts are missing that the store had lost: rows of the dump name them."

	// namedMissing is how many missing parts are named: the block has an end.
	namedMissing = 10000
)

// Manifest says what a backup holds. It has no name of a person in it.
type Manifest struct {
	About  string           `json:"about"`
	Format int              `json:"format"`
	At     time.Time        `json:"at"`         // when the snapshot was taken, by the clock of the machine that wrote it
	Server int              `json:"postgresql"` // major version of the server
	Dump   int              `json:"pg_dump"`    // major version of the program that wrote the dump
	Schema int              `json:"schema"`     // migrations that were applied
	Rows   map[string]int64 `json:"rows"`       // by table, as schema.table
	Logs   []Log            `json:"logs"`       // one an agency

	// Large parts that lay in a store, and what they take between this and the dump.
	Parts     int   `json:"parts,omitempty"`
	PartBytes int64 `json:"part_bytes,omitempty"`
	// How many more the store did not have as their rows said, and the first 10,000 of them.
	Missing     int         `json:"missing,omitempty"`
	MissingKeys []parts.Key `json:"missing_keys,omitempty"`
}

// Log is how far an agency's log was.
type Log struct {
	Agency     string `json:"agency"`
	Size       int64  `json:"size"`       // entries
	Checkpoint string `json:"checkpoint"` // the newest one that the log's key signed, a note; "" if there is none
	Unsigned   int    `json:"-"`          // checkpoints among the newest sixteen that it did not sign; of Write only
}

// ErrManifest: what was sealed is no backup of this program.
var ErrManifest = errors.New("this file holds no backup of gatepost; name another file")

// block prints the manifest in its fixed size.
func (m Manifest) block() ([]byte, error) {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write what the backup holds: %w", err)
	}
	if len(text) >= Block {
		return nil, errors.New("there are too many agencies for one backup; write to who maintains the program")
	}
	block := bytes.Repeat([]byte{'\n'}, Block)
	copy(block, text)
	return block, nil
}

// ParseManifest reads the block before the dump from r and nothing after it.
// The error is ErrManifest for anything else than what Write writes, says so if a
// newer program wrote it, or is r's.
func ParseManifest(r io.Reader) (Manifest, error) {
	block := make([]byte, Block)
	if _, err := io.ReadFull(r, block); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return Manifest{}, ErrManifest
	} else if err != nil {
		return Manifest{}, err
	}
	return parseManifest(bytes.TrimRight(block, "\n"))
}

// parseManifest reads the block without the line ends that fill it.
func parseManifest(text []byte) (m Manifest, err error) {
	var version struct {
		Format int `json:"format"`
	}
	if json.Unmarshal(text, &version) != nil || version.Format < 1 {
		return m, ErrManifest
	}
	if version.Format > Format {
		return m, errors.New("a newer program wrote this backup; restore it with that one")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if d.Decode(&m) != nil || !m.told() || m.Server < 1 || m.Dump < 1 || m.Schema < 1 || len(m.Rows) == 0 {
		return Manifest{}, ErrManifest
	}
	return m, nil
}

// hold writes down which parts are in the file, and which are not.
func (m *Manifest) hold(places, missing []placed) {
	m.Parts, m.PartBytes, m.Missing, m.MissingKeys = len(places), partsOf(places), len(missing), nil
	for _, p := range missing[:min(len(missing), namedMissing)] {
		m.MissingKeys = append(m.MissingKeys, p.Key)
	}
	switch {
	case m.Missing > 0:
		m.About, m.Format = aboutMissing, 3
	case m.Parts > 0:
		m.About, m.Format = aboutParts, 2
	default:
		m.About, m.Format = about, 1
	}
}

// told tells whether the text for a person, the version and the parts go together.
func (m Manifest) told() bool {
	if m.Parts < 0 || m.Missing < 0 || (m.Parts > 0) != (m.PartBytes > 0) || len(m.MissingKeys) != min(m.Missing, namedMissing) {
		return false
	}
	for _, k := range m.MissingKeys {
		if !k.Valid() {
			return false
		}
	}
	switch m.Format {
	case 1:
		return m.About == about && m.Parts == 0 && m.Missing == 0
	case 2:
		return m.About == aboutParts && m.Parts > 0 && m.Missing == 0
	}
	return m.About == aboutMissing && m.Missing > 0
}
