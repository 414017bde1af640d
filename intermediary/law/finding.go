package law

import (
	"errors"
	"fmt"
)

// Finding is a table's answer to one set of facts. Only [Table.Decide] and
// [Act.Decide] make one; the zero Finding permits nothing and has no row.
type Finding struct {
	table   *Table
	rule    *compiled
	effects effects
}

// Decide gives the first row whose condition holds. Facts of another table, or
// facts that lack an answer, are an error and the Finding permits nothing.
func (t *Table) Decide(f Facts) (Finding, error) {
	if f.table != t {
		return Finding{}, fmt.Errorf("table %s: %w", t.id, errOtherTable)
	}
	if f.given != t.all {
		return Finding{}, f.complete()
	}
	for i := range t.rules {
		rule := &t.rules[i]
		if !rule.holds(&f.bits) {
			continue
		}
		set := rule.effects
		for j := range t.helpful {
			if t.helpful[j].holds(&f.bits) {
				set |= t.helpful[j].effects
			}
		}
		return Finding{table: t, rule: rule, effects: set}, nil
	}
	return Finding{}, fmt.Errorf("table %s: no row holds", t.id) // the last row always does
}

var errOtherTable = errors.New("these facts belong to another table")

// Table is the table that answered, nil for the zero Finding.
func (f Finding) Table() *Table { return f.table }

// Row is the id of the row that decided, empty for the zero Finding.
func (f Finding) Row() RowID {
	if f.rule == nil {
		return ""
	}
	return f.rule.row.ID
}

// Outcome is what the row says, empty for the zero Finding.
func (f Finding) Outcome() Outcome {
	if f.rule == nil {
		return ""
	}
	return f.rule.outcome
}

// Permits tells whether the act is permitted now, for this evaluation.
func (f Finding) Permits() bool { return f.rule != nil && f.rule.outcome.Permits() }

// Effects lists what must be done in the transaction that records the outcome,
// whatever the outcome is: the row's effects and the duties that the facts start
// by themselves, in the order of [Effects], none twice; empty, not nil, if there
// are none.
func (f Finding) Effects() []Effect { return f.effects.list() }

// Has tells whether an effect is among the finding's.
func (f Finding) Has(e Effect) bool {
	set, err := effectsOf([]Effect{e})
	return err == nil && f.effects&set != 0
}

// Meaning is the row's short legal meaning, for a lawyer.
func (f Finding) Meaning() string {
	if f.rule == nil {
		return ""
	}
	return f.rule.row.Meaning
}

// Citation names the provisions.
func (f Finding) Citation() string {
	if f.rule == nil {
		return ""
	}
	return f.rule.row.Citation
}

// Reason is the sentence for the worker. It may tell of a veto or a refusal and
// is never shown to an applicant; they are told what [Finding.Neutral] allows.
func (f Finding) Reason() string {
	if f.rule == nil {
		return ""
	}
	return f.rule.row.Reason
}

// Next is the table that a GOTO names, whose finding counts instead. The caller
// asks it with facts of its own; between 8c and 8f its input redirected is yes,
// and neither sends back what came with it.
func (f Finding) Next() (*Table, bool) {
	if f.Outcome() != OutcomeGoto {
		return nil, false
	}
	for effect, id := range map[Effect]string{EffectTo8a: "8a", EffectTo8b: "8b", EffectTo8c: "8c", EffectTo8f: "8f"} {
		if f.Has(effect) {
			return Lookup(id)
		}
	}
	return nil, false
}

// Wording is what an applicant may be told by the program; the words are in the
// web's catalogues. The list is closed. It depends on nothing but the outcome,
// so that a veto, a refusal, a wish for no contact, a welfare decision and work
// that simply goes on are one and the same to the applicant.
type Wording uint8

const (
	// WordingNothingNew says that the agency will be in touch by the day that it
	// gave. It is the zero value, and the wording of everything that does not put
	// something into the applicant's hands: a permit to trace and approach reads
	// like a refusal.
	WordingNothingNew Wording = iota
	// WordingElsewhere says that another body or another right answers what was
	// asked; it follows from the applicant's own request alone.
	WordingElsewhere
	// WordingGiven says that what was asked for is there.
	WordingGiven
)

// Neutral is what the applicant may be told. A worker may say more, by letter
// and by name; the program does not.
func (f Finding) Neutral() Wording { return f.Outcome().Neutral() }

// Neutral is what the applicant may be told of an outcome; see
// [Finding.Neutral].
func (o Outcome) Neutral() Wording {
	switch {
	case o == OutcomeRoute:
		return WordingElsewhere
	case o.Permits() && o != OutcomeProceed:
		return WordingGiven
	}
	return WordingNothingNew
}
