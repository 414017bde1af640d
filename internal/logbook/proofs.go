package logbook

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"gatepost/crypto/statement"
)

// MaxProofs is the size in bytes of the largest file of proofs.
const MaxProofs = 32 << 20

// ParseProofs reads a file of proofs, each in its own form (c2sp.org/tlog-proof)
// and one after the other: whoever wants a single one cuts at the header's line.
// It checks nothing: CheckProofs does. The error is ErrProof.
func ParseProofs(text []byte) ([]Proof, error) {
	if len(text) > MaxProofs {
		return nil, fmt.Errorf("%w: the file is too large", ErrProof)
	}
	parts := strings.Split(string(text), "\n"+proofHeader+"\n")
	list := make([]Proof, 0, len(parts))
	for i, part := range parts {
		if i > 0 {
			part = proofHeader + "\n" + part
		}
		if i < len(parts)-1 {
			part += "\n"
		}
		p, err := ParseProof([]byte(part))
		if err != nil {
			return nil, fmt.Errorf("proof %d of the file: %w", i+1, err)
		}
		list = append(list, p)
	}
	return list, nil
}

// Checked is an entry that stands in a log.
type Checked struct {
	CaseEntry
	Under  Checkpoint
	Signed bool // as its event requires, by keys at hand or vouched for by an earlier entry of the same file
}

// CheckProofs checks proofs of one log and gives their entries in the order of
// the log. Where the file has the registrar's word for a worker's key, what
// that worker signed after it is checked as well. ErrProof: one of them does
// not lead to its checkpoint.
func CheckProofs(proofs []Proof, keys Keys) ([]Checked, error) {
	proofs = slices.SortedStableFunc(slices.Values(proofs), func(a, b Proof) int { return cmp.Compare(a.Index, b.Index) })
	known := maps.Clone(keys.Others)
	list := make([]Checked, 0, len(proofs))
	at := map[[32]byte]int64{}
	for _, p := range proofs {
		under, st, signed, err := p.Check(keys)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", p.Index, err)
		}
		if verified, err := statement.Parse(p.Body, known); err == nil {
			st, signed = verified, true
		}
		signed = signed && st.Agency == keys.Agency
		if signed && st.Event == statement.EventKey && st.Verifier != "" {
			if err := known.Add(st.Verifier); err != nil {
				signed = false
			}
		}
		e := CaseEntry{Index: p.Index, Statement: st}
		for _, ref := range st.Refs {
			if on, ok := at[ref]; ok {
				e.Rests = append(e.Rests, on)
			}
		}
		at[statement.Leaf(p.Body)] = p.Index
		list = append(list, Checked{e, under, signed})
	}
	return list, nil
}

// inspectProofs prints what a file of proofs shows.
func inspectProofs(proofs []Proof, keys Keys, out io.Writer) error {
	list, err := CheckProofs(proofs, keys)
	if err != nil {
		return err
	}
	under := list[0].Under
	r := &Report{Agency: keys.Agency}
	for _, e := range list {
		if e.Under.Size > under.Size {
			under = e.Under
		}
		if e.Signed || len(keys.Others) == 0 {
			r.Case = append(r.Case, e.CaseEntry)
		} else {
			r.found(Unsigned, e.Index, e.Index)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s in the log of %s, under the checkpoint of %s: %s\n\n", count(int64(len(list)), "entry stands", "entries stand"), keys.Agency,
		count(under.Size, "entry", "entries"), under.Root)
	b.WriteString(r.CaseText("What they state"))
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "WRONG: %s\n", f)
	}
	switch {
	case len(keys.Others) == 0:
		b.WriteString("The file of keys has the log's alone: who signed was not checked.\n")
	case r.Sound():
		b.WriteString("Each is signed as it has to be. Nothing is wrong.\n")
	}
	if _, err := io.WriteString(out, b.String()); err != nil {
		return err
	}
	if !r.Sound() {
		return ErrUnsound
	}
	return nil
}
