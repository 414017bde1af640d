package screening

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// settled gives what was found in the order of the text: what overlaps or stands
// side by side and is of one kind is one finding, and what lies inside a finding
// that asks as much or more is left to that one.
func (x *letter) settled() []Finding {
	list := x.found
	for i := range list {
		list[i].Start, list[i].End = onRunes(x.text, list[i].Start, list[i].End)
	}
	slices.SortStableFunc(list, before)
	list = slices.Compact(list)
	list = x.joinSame(list)
	list = dropInner(list)
	slices.SortStableFunc(list, before)
	return list
}

func before(a, b Finding) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End), cmp.Compare(b.Severity.rank(), a.Severity.rank()),
		strings.Compare(string(a.Category), string(b.Category)), strings.Compare(a.Because, b.Because), strings.Compare(a.Rule, b.Rule), strings.Compare(string(a.Code), string(b.Code)))
}

// onRunes moves the ends of a span to the borders of runes.
func onRunes(text string, start, end int) (int, int) {
	for start > 0 && !utf8.RuneStart(text[start]) {
		start--
	}
	for end < len(text) && !utf8.RuneStart(text[end]) {
		end++
	}
	return start, end
}

// joinSame makes one of neighbours of one category.
func (x *letter) joinSame(list []Finding) []Finding {
	latest := map[Category]int{} // by category: its last finding in out
	out := list[:0:0]
	for _, f := range list {
		n, ok := latest[f.Category]
		if !ok || f.Category == CatCue || f.Category == CatCare || !x.touch(&out[n], &f) {
			latest[f.Category] = len(out)
			out = append(out, f)
			continue
		}
		have := &out[n]
		if f.Category == CatAddress && f.Start > have.End {
			f.Severity, have.Severity = High, High // a house and its street are an address
		}
		if !strings.Contains(have.Because, f.Because) && len(have.Because)+len(f.Because) < 200 && f.Start >= have.End {
			have.Because += ", " + f.Because
		}
		if f.Severity.rank() > have.Severity.rank() {
			have.Severity, have.Rule, have.Code = f.Severity, f.Rule, f.Code
			if f.Start < have.End {
				have.Because = f.Because
			}
		}
		have.End = max(have.End, f.End)
	}
	return out
}

// touch tells whether two findings of a category are of one thing.
func (x *letter) touch(a, b *Finding) bool {
	if b.Start < a.End {
		return true
	}
	between := x.text[a.End:b.Start]
	if len(between) > 3 {
		return false
	}
	switch a.Category {
	case CatName:
		return between == " " || between == "-" || between == ". "
	case CatAddress:
		return strings.Trim(between, " ,\n") == ""
	}
	return false
}

// dropInner leaves out what lies inside a finding that asks as much.
func dropInner(list []Finding) []Finding {
	out := list[:0:0]
	var open []Finding // those that may still hold the next ones; few overlap
	for _, f := range list {
		n := 0
		inner := false
		for _, o := range open {
			if o.End <= f.Start {
				continue
			}
			open[n] = o
			n++
			same := o.Start == f.Start && o.End == f.End
			if o.End >= f.End && (o.Severity.rank() > f.Severity.rank() || o.Severity.rank() == f.Severity.rank() && (!same || f.Category != CatCare)) {
				inner = inner || f.Category != CatCare && o.Category != CatCare && (o.Category != CatCue || f.Category == CatCue)
			}
		}
		open = open[:n]
		if inner {
			continue
		}
		out = append(out, f)
		if len(open) < 16 {
			open = append(open, f)
		}
	}
	return out
}
