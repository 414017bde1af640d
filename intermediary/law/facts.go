package law

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Facts are the answers to the questions of one table: a small value that is
// copied, not shared, made by [Table.Facts] and filled by [Facts.Set]. The zero
// Facts belong to no table and are refused everywhere.
type Facts struct {
	table *Table
	bits  [words]uint64 // a bit for each value that holds
	given uint64        // a bit for each input that was answered
	typed bool          // stated by whoever asks why: answered, never acted on
}

// Facts gives facts of the table without any answer. Nothing is signed.
func (t *Table) Facts() Facts {
	f := Facts{table: t}
	if t.signed >= 0 {
		f.given = 1 << t.signed
	}
	return f
}

// Set answers one question: exactly one value, or for an input that is a set
// any number, none included. A second answer replaces the first. A name or
// value that the table does not list is an error, and leaves the facts as they
// were. Signatures come by [Facts.Sign] only.
func (f *Facts) Set(name string, values ...string) error {
	if f.table == nil {
		return errNoTable
	}
	i := f.table.input(name)
	if i < 0 {
		return fmt.Errorf("table %s has no input %q", f.table.id, name)
	}
	if i == f.table.signed {
		return fmt.Errorf("table %s: a signature is given by itself, after it was verified", f.table.id)
	}
	return f.answer(i, values)
}

var errNoTable = errors.New("these facts belong to no table")

func (f *Facts) answer(input int, values []string) error {
	in, at := &f.table.inputs[input], &f.table.slots[input]
	if !in.Set && len(values) != 1 {
		return fmt.Errorf("%s needs one value, not %d", in.Name, len(values))
	}
	var mask uint64
	for _, v := range values {
		i := slices.Index(in.Values, v)
		if i < 0 {
			return fmt.Errorf("%s has a value that is not one of %s", in.Name, strings.Join(in.Values, ", "))
		}
		mask |= 1 << (at.shift + i)
	}
	f.bits[at.word] = f.bits[at.word]&^at.mask | mask
	f.given |= 1 << input
	return nil
}

// Flags are the policy flags of an agency: two named people have read the text
// that the open question names, and say so. The zero Flags open nothing.
type Flags struct {
	OQ1 bool // ISR 5A(4) to (6) was read: a15, a16, a18, a19 can be signed
	OQ9 bool // ISR(W) as amended was read: a14, a14a can be signed
}

// signable tells whether a row can be signed at all, and which flags it needs.
func signable(row RowID) (Flags, bool) {
	switch row {
	case "a25", "a30", "b04b", "b08b", "c05c", "d04", "f01a", "f27":
		return Flags{}, true
	case "a14", "a14a":
		return Flags{OQ9: true}, true
	case "a15", "a16", "a18", "a19":
		return Flags{OQ1: true}, true
	}
	return Flags{}, false
}

// FlagOf names the open question whose flag an agency has to set before anybody
// can sign a row: "OQ1", "OQ9", or "" for a row that needs none or that nobody
// can sign.
func FlagOf(row RowID) string {
	switch need, _ := signable(row); {
	case need.OQ1:
		return "OQ1"
	case need.OQ9:
		return "OQ9"
	}
	return ""
}

// signedInput makes the input signed of a table, from the rows that can be.
func signedInput(rows ...string) Input {
	return Input{Name: "signed", Values: rows, Set: true,
		Note: "The rows of this table that two named people have signed, for this evaluation and these facts."}
}

// Sign adds a signature on a REFER row. The caller has verified it: two named
// people with that authority, neither of whom prepared the case, reasons, a day
// of expiry that has not come, and the [Facts.Digest] of these facts. A row that
// cannot be signed, is of another table, or needs a flag that the agency has not
// set is an error.
func (f *Facts) Sign(row RowID, flags Flags) error {
	if f.table == nil {
		return errNoTable
	}
	need, ok := signable(row)
	if f.table.signed < 0 || !ok || !slices.Contains(f.table.inputs[f.table.signed].Values, string(row)) {
		return fmt.Errorf("table %s: this row cannot be signed", f.table.id)
	}
	if need.OQ1 && !flags.OQ1 || need.OQ9 && !flags.OQ9 {
		return fmt.Errorf("row %s can be signed only after the agency has set its flag", row)
	}
	at := f.table.slots[f.table.signed]
	f.bits[at.word] |= 1 << (at.shift + slices.Index(f.table.inputs[f.table.signed].Values, string(row)))
	return nil
}

// complete tells whether every question of the table was answered.
func (f *Facts) complete() error {
	if f.table == nil {
		return errNoTable
	}
	if f.given == f.table.all {
		return nil
	}
	for i := range f.table.inputs {
		if f.given&(1<<i) == 0 {
			return fmt.Errorf("table %s: %s is missing", f.table.id, f.table.inputs[i].Name)
		}
	}
	return nil
}

// Complete tells whether every question of the table was answered, and which is
// the first that was not.
func (f Facts) Complete() error { return f.complete() }

// Digest is what a signature on a REFER row is made for: SHA-256 over the
// table, every answer but signed, and the versions of the recorded wishes,
// vetoes and consents behind them. A change of any of them makes another digest.
// Incomplete facts have none.
func (f Facts) Digest(behind ...Version) ([sha256.Size]byte, error) {
	if err := f.complete(); err != nil {
		return [sha256.Size]byte{}, err
	}
	b := []byte("gatepost law " + f.table.id + "\n")
	for i, in := range f.table.inputs {
		if i == f.table.signed {
			continue
		}
		b = append(append(append(b, in.Name...), '='), strings.Join(f.values(i), ",")...)
		b = append(b, '\n')
	}
	behind = slices.Clone(behind)
	slices.SortFunc(behind, Version.compare)
	for _, v := range behind {
		b = append(strconv.AppendQuote(b, v.Of), '@')
		b = append(strconv.AppendUint(b, v.Version, 10), '\n')
	}
	return sha256.Sum256(b), nil
}

// values gives an input's answer.
func (f *Facts) values(input int) []string {
	var list []string
	at := f.table.slots[input]
	for i, v := range f.table.inputs[input].Values {
		if f.bits[at.word]&(1<<(at.shift+i)) != 0 {
			list = append(list, v)
		}
	}
	return list
}

// Get gives the answer to one question: nothing if it was not answered.
func (f Facts) Get(name string) []string {
	if f.table == nil {
		return nil
	}
	if i := f.table.input(name); i >= 0 {
		return f.values(i)
	}
	return nil
}

// MarshalJSON writes facts as [Table.ParseFacts] reads them, in the order of the
// table. Incomplete facts are an error.
func (f Facts) MarshalJSON() ([]byte, error) {
	if err := f.complete(); err != nil {
		return nil, err
	}
	b := []byte{'{'}
	for i, in := range f.table.inputs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(strconv.AppendQuote(b, in.Name), ':')
		values := f.values(i)
		if !in.Set {
			b = strconv.AppendQuote(b, values[0])
			continue
		}
		b = append(b, '[')
		for j, v := range values {
			if j > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendQuote(b, v)
		}
		b = append(b, ']')
	}
	return append(b, '}'), nil
}

// ParseFacts reads facts that somebody states in order to ask why: one JSON
// object, every input of the table once, a word each, a list of words for a set.
// signed counts as stated, its flags with it. Such facts are decided by
// [Table.Decide]; [Act.Decide] makes no permit from them. The errors name inputs
// of the table and repeat nothing else of what was read.
func (t *Table) ParseFacts(text []byte) (Facts, error) {
	f := Facts{table: t, typed: true}
	d := json.NewDecoder(bytes.NewReader(text))
	if err := expect(d, json.Delim('{')); err != nil {
		return Facts{}, err
	}
	for place := 1; d.More(); place++ {
		name, err := word(d)
		if err != nil {
			return Facts{}, err
		}
		i := t.input(name)
		if i < 0 {
			return Facts{}, fmt.Errorf("the name in place %d is no input of table %s", place, t.id)
		}
		if f.given&(1<<i) != 0 {
			return Facts{}, fmt.Errorf("%s stands there twice", t.inputs[i].Name)
		}
		values, err := f.read(d, i)
		if err != nil {
			return Facts{}, err
		}
		if err := f.answer(i, values); err != nil {
			return Facts{}, err
		}
	}
	if err := expect(d, json.Delim('}')); err != nil {
		return Facts{}, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Facts{}, errors.New("something follows the object")
	}
	return f, f.complete()
}

// read reads the value of an input: a word, or a list for a set.
func (f *Facts) read(d *json.Decoder, input int) ([]string, error) {
	in := &f.table.inputs[input]
	if !in.Set {
		v, err := word(d)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.Name, err)
		}
		return []string{v}, nil
	}
	if err := expect(d, json.Delim('[')); err != nil {
		return nil, fmt.Errorf("%s: %w", in.Name, err)
	}
	var list []string
	for d.More() {
		v, err := word(d)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.Name, err)
		}
		if slices.Contains(list, v) {
			return nil, fmt.Errorf("%s names one value twice", in.Name)
		}
		list = append(list, v)
	}
	return list, expect(d, json.Delim(']'))
}

// expect takes one mark of JSON.
func expect(d *json.Decoder, mark json.Delim) error {
	if t, err := d.Token(); err != nil || t != mark {
		return fmt.Errorf("this is no JSON object of facts: %s is missing", mark)
	}
	return nil
}

// word takes one JSON string.
func word(d *json.Decoder) (string, error) {
	t, err := d.Token()
	if err != nil {
		return "", errors.New("this is no JSON object of facts")
	}
	s, ok := t.(string)
	if !ok {
		return "", errors.New("a word in quotation marks is needed here")
	}
	return s, nil
}
