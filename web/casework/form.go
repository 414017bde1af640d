package casework

import (
	"errors"
	"strings"
	"time"

	"gatepost/internal/fault"
	"gatepost/web/page"
	"gatepost/web/words"
)

// field is one thing that a form asks for.
type field struct {
	kind    string        // line, text, date, choice, many
	name    string        // in the form
	key     string        // of its words; what it hints stands under casework.hint
	options []string      // of choice and many
	of      string        // what the keys of the options begin with
	value   string        // at first; a date as 1974-11-03, 1974-11 or 1974
	values  []string      // of many
	rows    int           // of a text
	number  int           // of several alike, from 1
	choices []page.Choice // in the place of options, with words of their own
}

// fieldView is a field as the template shows it.
type fieldView struct {
	Kind, Name, Label string
	Hint              *page.Hint
	Items             []page.Choice
	Value             string
	Values            []string
	Dates             map[string]string
	Rows              int
}

// viewsOf gives fields their words.
func viewsOf(w *words.Words, fields []field) []fieldView {
	views := make([]fieldView, len(fields))
	for i, f := range fields {
		v := fieldView{Kind: f.kind, Name: f.name, Value: f.value, Values: f.values, Rows: max(f.rows, 3)}
		if f.key != "" && f.number == 0 {
			v.Label = w.T(f.key)
		}
		if hint := "casework.hint." + strings.TrimPrefix(f.key, "casework."); f.key != "" && w.Has(hint) {
			v.Hint = &page.Hint{Text: w.T(hint)}
		}
		for _, option := range f.options {
			key := f.of + strings.ReplaceAll(option, ">", "to")
			choice := page.Choice{Value: option, Text: w.T(key)}
			if hint := key + "Hint"; w.Has(hint) {
				choice.Hint = &page.Hint{Text: w.T(hint)}
			}
			v.Items = append(v.Items, choice)
		}
		v.Items = append(v.Items, f.choices...)
		if f.number > 0 {
			v.Label = w.T(f.key, "Number", f.number)
		}
		if f.kind == "date" {
			v.Dates = datesOf(f.name, f.value)
		}
		views[i] = v
	}
	return views
}

// datesOf are the three fields of a date that may be known in part.
func datesOf(name, value string) map[string]string {
	dates := map[string]string{}
	for i, part := range strings.SplitN(value, "-", 3) {
		dates[name+"-"+[]string{"year", "month", "day"}[i]] = strings.TrimLeft(part, "0")
	}
	return dates
}

// partly reads a date of which the day, or the day and the month, may be empty,
// into 1974-11-03, 1974-11 or 1974; "" where nothing was typed. What is no date
// comes out as what no calendar has.
func partly(form page.Form, name string) string {
	var parts []string
	for _, of := range []string{"day", "month", "year"} {
		parts = append(parts, strings.TrimSpace(form.Get(name+"-"+of)))
	}
	day, month, year := parts[0], parts[1], parts[2]
	if day+month+year == "" {
		return ""
	}
	text := year
	if month != "" || day != "" {
		text += "-" + twice(month)
	}
	if day != "" {
		text += "-" + twice(day)
	}
	return text
}

func twice(digits string) string {
	if len(digits) == 1 {
		return "0" + digits
	}
	return digits
}

// dayOf reads a whole date; false for anything else.
func dayOf(form page.Form, name string) (time.Time, bool) {
	day, err := time.Parse(time.DateOnly, partly(form, name))
	return day, err == nil
}

// onDays puts the faults of dates on the field of their day, where a page shows
// them. Several faults stay several.
func onDays(err error, dates ...string) error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, one := range joined.Unwrap() {
			all = append(all, onDays(one, dates...))
		}
		return errors.Join(all...)
	}
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind != fault.Invalid {
		return err
	}
	for _, name := range dates {
		if f.Field == name {
			return fault.Field(name+"-day", f.Message)
		}
	}
	return err
}

// onField puts a fault of one field on another, by which the page calls it.
func onField(err error, from, to string) error {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind == fault.Invalid && f.Field == from {
		return fault.Field(to, f.Message)
	}
	return err
}

// linesOf splits a text into lines that say something.
func linesOf(text string) (lines []string) {
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
