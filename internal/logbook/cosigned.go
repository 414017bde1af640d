package logbook

import (
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"

	"gatepost/crypto/cosign"
)

// Cosigned is what a witness has said of a log: that at this time it was the
// largest of all trees that the witness had seen, each of which contains the
// ones before.
type Cosigned struct {
	Checkpoint
	By string // the witness's name
	At time.Time
}

// Cosign adds a witness's signature to the note of a checkpoint
// (c2sp.org/tlog-cosignature). The log's own signature stays; any other, which
// nobody here has checked, is left out. That the witness may say so is for the
// caller to know. ErrCheckpoint as of ParseCheckpoint.
func Cosign(text []byte, agency string, log note.Verifiers, by *cosign.Signer) ([]byte, error) {
	_, n, err := openCheckpoint(text, agency, log)
	if err != nil {
		return nil, fmt.Errorf("cosign a checkpoint: %w", err)
	}
	signed, err := note.Sign(&note.Note{Text: n.Text, Sigs: n.Sigs}, by)
	if err != nil {
		return nil, fmt.Errorf("cosign a checkpoint: %w", err)
	}
	return signed, nil
}

// ParseCosigned reads a checkpoint that both the log's key and a witness have
// signed. The error is ErrCheckpoint.
func ParseCosigned(text []byte, agency string, log note.Verifiers, by *cosign.Verifier) (Cosigned, error) {
	c, n, err := openCheckpoint(text, agency, withWitness{log, by})
	if err != nil {
		return Cosigned{}, err
	}
	at, ok := by.Time(n)
	if !ok {
		return Cosigned{}, fmt.Errorf("%w: %s has not cosigned it", ErrCheckpoint, by.Name())
	}
	return Cosigned{c, by.Name(), at}, nil
}

// withWitness knows the log's keys and a witness's.
type withWitness struct {
	note.Verifiers
	witness *cosign.Verifier
}

// Verifier is the note package's.
func (w withWitness) Verifier(name string, hash uint32) (note.Verifier, error) {
	if name == w.witness.Name() && hash == w.witness.KeyHash() {
		return w.witness, nil
	}
	return w.Verifiers.Verifier(name, hash)
}
