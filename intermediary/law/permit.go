package law

import (
	"cmp"
	"errors"
	"slices"
	"sync/atomic"
)

// Version names a row of facts and its version, as the transaction read it.
type Version struct {
	Of      string
	Version uint64
}

func (v Version) compare(o Version) int {
	return cmp.Or(cmp.Compare(v.Of, o.Of), cmp.Compare(v.Version, o.Version))
}

// Evaluation is the key of one decision, by ids and never by names: what stops
// one subject does not stop another. A field that a table's key does not have
// stays empty.
type Evaluation struct {
	Applicant     string // also the registrant of 8d, the sender of 8g
	AdoptedPerson string
	Subject       string // also the relative of 8e, the recipient of 8g, the other party of 8h
	Item          string // also the letter of 8g, the event of 8h
	View          string // 8f: the person whose views are asked
}

// Act is one transaction in which the law is asked and obeyed. The caller
// begins it after it has taken the locks under which the facts are read, and
// ends it when the transaction has committed or not.
type Act struct {
	versions []Version
	begun    bool        // by Begin: the zero Act permits nothing
	ended    atomic.Bool // read by permits from any goroutine
}

// Begin begins an act. versions are the rows that the facts were read from.
// Nothing else does: no table permits anything in an Act that somebody made for
// themself.
func Begin(versions ...Version) *Act { return &Act{versions: slices.Clone(versions), begun: true} }

// goesOn tells whether the act was begun and has not ended.
func (a *Act) goesOn() bool { return a != nil && a.begun && !a.ended.Load() }

// End ends the act, and with it every permit that it made. It may be called
// more than once.
func (a *Act) End() { a.ended.Store(true) }

var (
	errEnded = errors.New("the law is asked outside of a transaction: none has begun, or it has ended")
	errTyped = errors.New("these facts were typed by somebody who asks why, and permit nothing")
)

// Decide asks a table for one evaluation. The Permit is valid only if the
// Finding permits; with an error the Finding permits nothing. Facts that came
// from [Table.ParseFacts] are an error here.
func (a *Act) Decide(t *Table, of Evaluation, f Facts) (Finding, Permit, error) {
	if !a.goesOn() {
		return Finding{}, Permit{}, errEnded
	}
	if f.typed {
		return Finding{}, Permit{}, errTyped
	}
	finding, err := t.Decide(f)
	if err != nil || !finding.Permits() {
		return finding, Permit{}, err
	}
	return finding, Permit{act: a, of: of, table: t, rule: finding.rule}, nil
}

// Permit is the law's leave for one act. Only [Act.Decide] makes one that is
// valid; what the law forbids without leave takes it as an argument. The zero
// Permit is refused.
type Permit struct {
	act   *Act
	of    Evaluation
	table *Table
	rule  *compiled
}

// Valid tells whether the permit was given by an act that has not ended.
func (p Permit) Valid() bool { return p.rule != nil && p.act.goesOn() }

// For tells whether the permit is valid, of this table, and for this evaluation.
func (p Permit) For(t *Table, of Evaluation) bool {
	return p.Valid() && t != nil && p.table == t && p.of == of
}

// Of tells whether this act made the permit, and it is valid.
func (p Permit) Of(a *Act) bool { return p.Valid() && p.act == a }

// Outcome is what is permitted, empty for the zero Permit.
func (p Permit) Outcome() Outcome {
	if p.rule == nil {
		return ""
	}
	return p.rule.outcome
}

// Row is the row that permits, to be written beside the act; empty for the zero
// Permit.
func (p Permit) Row() RowID {
	if p.rule == nil {
		return ""
	}
	return p.rule.row.ID
}

// Evaluation is what the permit is for.
func (p Permit) Evaluation() Evaluation { return p.of }

// Versions names the rows that the facts were read from.
func (p Permit) Versions() []Version {
	if p.act == nil {
		return nil
	}
	return slices.Clone(p.act.versions)
}
