package law

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// Table is one decision table. Its fields are not exported, so that nobody who
// imports this package can change the law. Tables are made once and may be used
// from any goroutine.
type Table struct {
	id, title, key string
	inputs         []Input
	rows           []Row
	duties         []duty

	// The compiled form.
	slots   []slot     // one for each input
	all     uint64     // a bit for each input: the facts that must be given
	signed  int        // the index of the input signed, or -1
	rules   []compiled // one for each row
	helpful []compiled // one for each duty
}

// Input is a question of a table.
type Input struct {
	// Name as docs/law.md and "gatepost law decide" write it.
	Name string
	// Values lists every answer there is.
	Values []string
	// Star is the answer to give while it is not known or the question does not
	// arise; empty if the table may not be asked before it is known.
	Star string
	// Set tells that any number of the values may hold at once, none included.
	Set bool
	// Derived inputs are worked out by the program, never typed by a user.
	Derived bool
	// Note says what the question means.
	Note string
}

// RowID names a row, as "a14a". Ids never change and are not used again; the
// order in the table decides, not the number.
type RowID string

// Row is one rule.
type Row struct {
	ID RowID
	// When is the condition; see condition.go.
	When    string
	Outcome Outcome
	// Effects are to be carried out in the transaction that records the outcome,
	// whatever the outcome is.
	Effects []Effect
	// Meaning is the short legal meaning, for a lawyer.
	Meaning string
	// Citation names the provisions. "design" is a consequence that this program
	// draws, "practice" what agencies do, "default" that nothing else permits,
	// OQ1 an open question, R5 a row of the table of regimes.
	Citation string
	// Reason tells the worker what stands in the way and what to do next.
	Reason string
}

// Outcome is what a row says. The list is closed.
type Outcome string

// Outcomes. Those that begin with + permit, now, for one evaluation and one act.
const (
	OutcomeReject    Outcome = "REJECT"     // no acceptable request under this law; told neutrally
	OutcomeBlock     Outcome = "BLOCK"      // the law, or its safe reading, forbids it
	OutcomeStop      Outcome = "STOP"       // the agency decided that it is not appropriate
	OutcomeHold      Outcome = "HOLD"       // a fact, a step or a signature is missing
	OutcomeRefer     Outcome = "REFER"      // a manager and legal advice; not permitted until that row is signed
	OutcomeWithhold  Outcome = "WITHHOLD"   // the agency decided not to disclose, with reasons
	OutcomeStore     Outcome = "STORE"      // kept on the child's record, not relayed
	OutcomeReturn    Outcome = "RETURN"     // back to the writer with help
	OutcomeWish      Outcome = "WISH"       // recorded as an expressed wish
	OutcomeForward   Outcome = "FORWARD"    // passed the same day to the body that must decide
	OutcomeNothing   Outcome = "NOTHING"    // nothing to anybody, not even that an entry exists
	OutcomeRoute     Outcome = "ROUTE"      // another body or another right answers this
	OutcomeGoto      Outcome = "GOTO"       // the table named in the effects decides
	OutcomeEnd       Outcome = "END"        // relays of the thread end; all is kept
	OutcomeProceed   Outcome = "+PROCEED"   // tracing and approach
	OutcomeDisclose  Outcome = "+DISCLOSE"  // this item to this person
	OutcomeRegister  Outcome = "+REGISTER"  // a veto, its change or its end
	OutcomeTransmit  Outcome = "+TRANSMIT"  // the Registrar General's transmission
	OutcomeRelay     Outcome = "+RELAY"     // this letter to this recipient
	OutcomeAgreement Outcome = "+AGREEMENT" // a new agreement between adults
	OutcomeInform    Outcome = "+INFORM"    // general information
)

// Outcomes lists every outcome, those that permit last.
func Outcomes() []Outcome {
	return []Outcome{OutcomeReject, OutcomeBlock, OutcomeStop, OutcomeHold, OutcomeRefer, OutcomeWithhold, OutcomeStore, OutcomeReturn, OutcomeWish,
		OutcomeForward, OutcomeNothing, OutcomeRoute, OutcomeGoto, OutcomeEnd,
		OutcomeProceed, OutcomeDisclose, OutcomeRegister, OutcomeTransmit, OutcomeRelay, OutcomeAgreement, OutcomeInform}
}

// Permits tells whether an outcome permits anything. An outcome that is not in
// the list permits nothing.
func (o Outcome) Permits() bool {
	switch o {
	case OutcomeProceed, OutcomeDisclose, OutcomeRegister, OutcomeTransmit, OutcomeRelay, OutcomeAgreement, OutcomeInform:
		return true
	}
	return false
}

// forbids tells whether an outcome is a no that nobody can sign away.
func (o Outcome) forbids() bool {
	return o == OutcomeReject || o == OutcomeBlock || o == OutcomeStop
}

// Effect is something that must be done beside the outcome. The list is closed.
type Effect string

// Effects.
const (
	EffectProvisionalStop         Effect = "provisionalStop"         // no approach, disclosure or contact until a named manager clears it with reasons
	EffectRecordWish              Effect = "recordWish"              // an expressed wish is recorded
	EffectFactor                  Effect = "factor"                  // a matter for the next decision under ISR 6 or s.61(5)
	EffectRecord                  Effect = "record"                  // a disclosure record or register version is written
	EffectNotifyOpenCases         Effect = "notifyOpenCases"         // each agency with an open enquiry is told, and 8a is asked again
	EffectQualifyingDetermination Effect = "qualifyingDetermination" // notice under DAIR 15
	EffectOfferComplaint          Effect = "offerComplaint"
	EffectSealed                  Effect = "sealed"
	EffectSameDayReferral         Effect = "sameDayReferral" // to the safeguarding lead
	EffectToManager               Effect = "toManager"
	EffectToWorker                Effect = "toWorker"
	EffectToReview                Effect = "toReview" // a second reviewer
	EffectCorrectData             Effect = "correctData"
	EffectItemProtected           Effect = "itemProtected"       // the item is protected information from now on
	EffectAgencyClock             Effect = "agencyClock"         // the agency has a short configured time to end its own hold
	EffectWithinCircumstances     Effect = "withinCircumstances" // only within those that a qualified veto names
	EffectNoRelay                 Effect = "noRelay"
	EffectTo8a                    Effect = "to8a"
	EffectTo8b                    Effect = "to8b"
	EffectTo8c                    Effect = "to8c"
	EffectTo8f                    Effect = "to8f"
	EffectToAAARecords            Effect = "toAAARecords" // the records officer of the appropriate adoption agency
	EffectToRG                    Effect = "toRG"         // the Registrar General
	EffectToCourt                 Effect = "toCourt"
)

// Effects lists every effect, in the order in which they are printed.
func Effects() []Effect {
	return []Effect{EffectProvisionalStop, EffectRecordWish, EffectFactor, EffectRecord, EffectNotifyOpenCases, EffectQualifyingDetermination,
		EffectOfferComplaint, EffectSealed, EffectSameDayReferral, EffectToManager, EffectToWorker, EffectToReview, EffectCorrectData,
		EffectItemProtected, EffectAgencyClock, EffectWithinCircumstances, EffectNoRelay, EffectTo8a, EffectTo8b, EffectTo8c, EffectTo8f,
		EffectToAAARecords, EffectToRG, EffectToCourt}
}

// effects is a set of effects: bit i is the i-th of Effects.
type effects uint32

func effectsOf(list []Effect) (effects, error) {
	var set effects
	all := Effects()
	for _, e := range list {
		i := slices.Index(all, e)
		if i < 0 {
			return 0, fmt.Errorf("%q is no effect", e)
		}
		if set&(1<<i) != 0 {
			return 0, fmt.Errorf("effect %s stands there twice", e)
		}
		set |= 1 << i
	}
	return set, nil
}

func (s effects) list() []Effect {
	list := make([]Effect, 0, bits.OnesCount32(uint32(s)))
	for i, e := range Effects() {
		if s&(1<<i) != 0 {
			list = append(list, e)
		}
	}
	return list
}

// duty adds effects to whatever row wins.
type duty struct {
	When    string
	Effects []Effect
}

// definition is a table as its file writes it.
type definition struct {
	ID    string // "8a"
	Title string
	Key   string // what one evaluation is about
	// Inputs in the order in which a person would ask. The input signed, if the
	// table has one, is last and made by signedInput.
	Inputs []Input
	Rows   []Row
	Duties []duty
}

// slot is where an input's bits are.
type slot struct {
	word  int
	shift int
	mask  uint64 // all values of the input
}

// words is how many words the facts of a table need: a bit for each value of
// each input. No input lies in two words.
const words = 2

// compiled is a row as it runs.
type compiled struct {
	when    *node
	terms   []term // any of them
	outcome Outcome
	effects effects
	row     *Row
}

// must compiles a table, once, when it is first asked for. The definitions are
// constants of the program; a wrong one is found by every test.
func must(d definition) *Table {
	t, err := compile(d)
	if err != nil {
		panic(fmt.Sprintf("law: table %s: %v", d.ID, err))
	}
	return t
}

// compile turns a definition into a table.
func compile(d definition) (*Table, error) {
	t := &Table{id: d.ID, title: d.Title, key: d.Key, inputs: d.Inputs, rows: d.Rows, duties: d.Duties, signed: -1}
	if err := t.place(); err != nil {
		return nil, err
	}
	for i := range t.rows {
		r := &t.rows[i]
		c, err := t.compileRule(r.When, r.Effects)
		if err != nil {
			return nil, fmt.Errorf("row %s: %w", r.ID, err)
		}
		if !slices.Contains(Outcomes(), r.Outcome) {
			return nil, fmt.Errorf("row %s: %q is no outcome", r.ID, r.Outcome)
		}
		c.outcome, c.row = r.Outcome, r
		t.rules = append(t.rules, c)
	}
	for _, d := range t.duties {
		c, err := t.compileRule(d.When, d.Effects)
		if err != nil {
			return nil, fmt.Errorf("duty %q: %w", d.When, err)
		}
		t.helpful = append(t.helpful, c)
	}
	return t, t.check()
}

func (t *Table) compileRule(when string, list []Effect) (compiled, error) {
	n, err := t.parse(when)
	if err != nil {
		return compiled{}, err
	}
	set, err := effectsOf(list)
	if err != nil {
		return compiled{}, err
	}
	return compiled{when: n, terms: n.flatten(), effects: set}, nil
}

// place gives each input its bits.
func (t *Table) place() error {
	word, next := 0, 0
	for i, in := range t.inputs {
		n := len(in.Values)
		if n == 0 || n > 64 || i >= 64 {
			return fmt.Errorf("input %s: %d values, and %d inputs before it", in.Name, n, i)
		}
		if next+n > 64 {
			word, next = word+1, 0
		}
		if word >= words {
			return fmt.Errorf("input %s has no room", in.Name)
		}
		if in.Star != "" && !slices.Contains(in.Values, in.Star) {
			return fmt.Errorf("input %s: the value * is not listed", in.Name)
		}
		t.slots = append(t.slots, slot{word: word, shift: next, mask: (1<<n - 1) << next})
		next += n
		t.all |= 1 << i
		if in.Name == "signed" {
			t.signed = i
		}
	}
	return nil
}

// check holds what every table owes: ids of its own letter and no two alike, a
// last row that is always true and permits nothing, and signatures on rows that
// can be signed.
func (t *Table) check() error {
	seen := map[RowID]Outcome{}
	for i, r := range t.rows {
		if !strings.HasPrefix(string(r.ID), strings.TrimPrefix(t.id, "8")) {
			return fmt.Errorf("row %s is of another table", r.ID)
		}
		if _, twice := seen[r.ID]; twice {
			return fmt.Errorf("two rows %s", r.ID)
		}
		seen[r.ID] = r.Outcome
		if last := i == len(t.rows)-1; last != (t.rules[i].when.kind == always) {
			return fmt.Errorf("row %s: the last row, and no other, is for anything else", r.ID)
		}
	}
	if len(t.rows) == 0 || t.rows[len(t.rows)-1].Outcome.Permits() {
		return fmt.Errorf("the last row must withhold")
	}
	if t.signed < 0 {
		return nil
	}
	for _, id := range t.inputs[t.signed].Values {
		if _, ok := signable(RowID(id)); !ok || seen[RowID(id)] != OutcomeRefer {
			return fmt.Errorf("row %s cannot be signed", id)
		}
	}
	return nil
}

// input finds an input by its name, or -1.
func (t *Table) input(name string) int {
	for i := range t.inputs {
		if t.inputs[i].Name == name {
			return i
		}
	}
	return -1
}

// ID is the table's name, "8a" to "8i".
func (t *Table) ID() string { return t.id }

// Title says what is decided.
func (t *Table) Title() string { return t.title }

// Key says what one evaluation is about.
func (t *Table) Key() string { return t.key }

// Inputs gives a copy of the table's questions.
func (t *Table) Inputs() []Input {
	list := slices.Clone(t.inputs)
	for i := range list {
		list[i].Values = slices.Clone(list[i].Values)
	}
	return list
}

// Rows gives a copy of the table's rules, in the order that decides.
func (t *Table) Rows() []Row {
	list := slices.Clone(t.rows)
	for i := range list {
		list[i].Effects = slices.Clone(list[i].Effects)
	}
	return list
}

// Lookup finds a table by its id.
func Lookup(id string) (*Table, bool) {
	for _, t := range Tables() {
		if t.id == id {
			return t, true
		}
	}
	return nil, false
}

// choice makes an input of which exactly one value holds, from the list as
// docs/law.md writes it: "yes | *no".
func choice(name, values, note string) Input {
	in := Input{Name: name, Note: note}
	for v := range strings.SplitSeq(values, "|") {
		v = strings.TrimSpace(v)
		if plain, star := strings.CutPrefix(v, "*"); star {
			v, in.Star = plain, plain
		}
		in.Values = append(in.Values, v)
	}
	return in
}

// derivedChoice is a choice that the program works out.
func derivedChoice(name, values, note string) Input {
	in := choice(name, values, note)
	in.Derived = true
	return in
}

// choiceOfMany makes an input of which any number of values may hold.
func choiceOfMany(name, values, note string) Input {
	in := choice(name, values, note)
	in.Set = true
	return in
}

// caseRow is the input that holds the row which 8a gives now.
func caseRow() Input {
	in := Input{Name: "caseRow", Star: "a05", Derived: true, Note: "The row that 8a gives now; a05 where there is no application."}
	for _, r := range Proceed().rows {
		in.Values = append(in.Values, string(r.ID))
	}
	return in
}
