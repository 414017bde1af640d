package register

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// columns are the columns of a table of entries and where their cells go.
func columns() map[string]func(*Entry, string) {
	return map[string]func(*Entry, string){
		"id":                   func(e *Entry, s string) { e.ID = s },
		"forename":             func(e *Entry, s string) { e.Forename = s },
		"surname":              func(e *Entry, s string) { e.Surname = s },
		"sex":                  func(e *Entry, s string) { e.Sex = s },
		"dob":                  func(e *Entry, s string) { e.Born = s },
		"dob_text":             func(e *Entry, s string) { e.BornText = s },
		"place":                func(e *Entry, s string) { e.Place = s },
		"mother_forename":      func(e *Entry, s string) { e.MotherForename = s },
		"mother_surname":       func(e *Entry, s string) { e.MotherSurname = s },
		"mother_other_surname": func(e *Entry, s string) { e.MotherOtherSurname = s },
		"agency":               func(e *Entry, s string) { e.Agency = s },
	}
}

const (
	// longestCell is more than any name, and less than a whole file that lost a quote.
	longestCell = 64 << 10
	// longestID is what an ID may have in bytes: it stands in every line of the answer.
	longestID = 200
)

// ParseEntries reads a table of entries: CSV (RFC 4180) with a header, whose
// columns come in any order. Only id has to be there; columns that it does not
// know are left out and named in ignored. Every id is there once. An error is
// one sentence, with the number of the line where there is one, and tells no
// cell but an id.
func ParseEntries(r io.Reader) (entries []Entry, ignored []string, err error) {
	table := csv.NewReader(r)
	table.ReuseRecord = true
	header, err := table.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil, errors.New("the file is empty; its first line has to name the columns")
	}
	if err != nil {
		return nil, nil, tableError(err)
	}
	set, ignored, err := parseHeader(header)
	if err != nil {
		return nil, nil, err
	}
	lines := map[string]int{}
	for {
		record, err := table.Read()
		if errors.Is(err, io.EOF) {
			return entries, ignored, nil
		}
		if err != nil {
			return nil, nil, tableError(err)
		}
		line, _ := table.FieldPos(0)
		e, err := parseEntry(record, set)
		if err != nil {
			return nil, nil, fmt.Errorf("line %d: %w", line, err)
		}
		if first, twice := lines[e.ID]; twice {
			return nil, nil, fmt.Errorf("line %d: the id %q was given in line %d already", line, e.ID, first)
		}
		lines[e.ID] = line
		entries = append(entries, e)
	}
}

func parseHeader(header []string) (set []func(*Entry, string), ignored []string, err error) {
	known, seen := columns(), map[string]bool{}
	for i, name := range header {
		if i == 0 {
			name = strings.TrimPrefix(name, "\ufeff") // what a spreadsheet puts before a file
		}
		name = strings.ToLower(strings.TrimSpace(name))
		put, ok := known[name]
		if !ok {
			set, ignored = append(set, nil), append(ignored, name)
			continue
		}
		if seen[name] {
			return nil, nil, fmt.Errorf("line 1: there are two columns %q", name)
		}
		seen[name] = true
		set = append(set, put)
	}
	if !seen["id"] {
		return nil, nil, errors.New("line 1: there is no column id; the first line has to name the columns")
	}
	return set, ignored, nil
}

func parseEntry(record []string, set []func(*Entry, string)) (Entry, error) {
	var e Entry
	for i, cell := range record {
		if len(cell) > longestCell {
			return e, errors.New("a cell is longer than 64 KiB; a quotation mark may be missing")
		}
		if set[i] != nil && cell != "" {
			set[i](&e, cell)
		}
	}
	switch e.ID = strings.TrimSpace(e.ID); {
	case e.ID == "":
		return e, errors.New("the id is missing")
	case len(e.ID) > longestID || !utf8.ValidString(e.ID):
		return e, errors.New("the id is too long, or no text")
	}
	return e, nil
}

// tableError says in a sentence what is wrong with the form of a file.
func tableError(err error) error {
	wrong, ok := errors.AsType[*csv.ParseError](err)
	if !ok {
		return fmt.Errorf("read the file: %w", err)
	}
	switch {
	case errors.Is(err, csv.ErrFieldCount):
		return fmt.Errorf("line %d: it has more or fewer columns than the first line", wrong.Line)
	case errors.Is(err, csv.ErrQuote), errors.Is(err, csv.ErrBareQuote):
		return fmt.Errorf("line %d: a quotation mark is missing or in the wrong place", wrong.Line)
	}
	return fmt.Errorf("line %d: it cannot be read as CSV", wrong.Line)
}
