package desk

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"gatepost/internal/authz"
	"gatepost/letterbox"
	"gatepost/letterbox/screening"
	"gatepost/web/page"
)

// findingView is what the screen would have a worker look at, with the question
// about it.
type findingView struct {
	letterbox.Finding
	Number int
	Quote  string // the letter's own words
	Items  []page.Choice
}

// markedPart is a piece of a line of a letter: marked by a severity, or "".
// Numbers are those of the findings that end with it.
type markedPart struct {
	Text     string
	Severity string
	Numbers  []int
}

// looked fills the page with what the screen found in the letter and in its
// translation, and marks it there. Whoever is not asked about it sees no marks.
func (p *letterPage) looked(found []letterbox.Finding, of letterbox.TranslationRead) {
	if !p.MayDecide || !p.Undecided() {
		found, of.Findings = nil, nil
	}
	numbers := map[string]int{} // the same words have one number, and one question
	for _, f := range slices.Concat(found, of.Findings) {
		if numbers[f.Key] != 0 {
			continue
		}
		numbers[f.Key] = len(numbers) + 1
		text := p.Letter
		if f.Translated {
			text = string(of.Text)
		}
		view := findingView{Finding: f, Number: numbers[f.Key], Quote: text[f.Start:f.End]}
		list := &p.AlsoFound
		switch {
		case f.News():
			list = &p.News
		case f.Asked():
			list = &p.Asked
		}
		if len(*list) < letterbox.MaxAsked {
			*list = append(*list, view)
		} else {
			p.MoreFound++
		}
	}
	for _, list := range [][]findingView{p.Asked, p.AlsoFound, p.News} {
		for i := range list {
			list[i].Items = p.answers(list[i])
		}
	}
	all := marked(p.Letter, found, numbers)
	// An empty line stands between the two, so no paragraph is of both.
	own := len(marked(string(p.Text), nil, nil))
	p.Marked, p.Told = all[:own], all[own:]
	p.Translated.Marked = marked(string(of.Text), of.Findings, numbers)
}

// answers are what a worker can say of a finding.
func (p *letterPage) answers(f findingView) []page.Choice {
	values := []string{"yes", "no"}
	if f.News() {
		if values = []string{"warned", "news", "notNews"}; p.Adopters {
			values = []string{"grave", "notNews"}
		}
	}
	list := make([]page.Choice, len(values))
	for i, value := range values {
		list[i] = page.Choice{Value: value, Text: p.Words.T("desk.finding.answer." + value)}
	}
	return list
}

// marked takes a letter apart into paragraphs, lines and pieces, with the
// findings marked. What several findings mark has the colour of the gravest.
// found is in the order of the text, and is gone through once; numbers are those of its keys.
func marked(text string, found []letterbox.Finding, numbers map[string]int) (paragraphs [][][]markedPart) {
	m := marker{text: text, found: found, numbers: numbers}
	var lines [][]markedPart
	at := 0
	for line := range strings.SplitSeq(text, "\n") {
		if strings.TrimSpace(line) == "" {
			if len(lines) > 0 {
				paragraphs, lines = append(paragraphs, lines), nil
			}
		} else {
			lines = append(lines, m.line(at, at+len(line)))
		}
		at += len(line) + 1
	}
	if len(lines) > 0 {
		paragraphs = append(paragraphs, lines)
	}
	return paragraphs
}

// marker goes through a letter's findings with its lines.
type marker struct {
	text    string
	found   []letterbox.Finding
	numbers map[string]int
	next    int   // the first that does not begin before the line
	open    []int // those that began before it and have not ended
}

func (m *marker) line(start, end int) (parts []markedPart) {
	for m.next < len(m.found) && m.found[m.next].Start < end {
		m.open = append(m.open, m.next)
		m.next++
	}
	cuts := []int{start, end}
	for _, n := range m.open {
		for _, cut := range []int{m.found[n].Start, m.found[n].End} {
			if cut > start && cut < end {
				cuts = append(cuts, cut)
			}
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	here, later := []int{}, m.open
	for i := 1; i < len(cuts); i++ {
		for len(later) > 0 && m.found[later[0]].Start < cuts[i] {
			here, later = append(here, later[0]), later[1:]
		}
		part := markedPart{Text: m.text[cuts[i-1]:cuts[i]]}
		here = slices.DeleteFunc(here, func(n int) bool {
			f := m.found[n]
			if f.End <= cuts[i-1] {
				return true
			}
			if rank(f.Severity) > rank(screening.Severity(part.Severity)) {
				part.Severity = string(f.Severity)
			}
			// A finding over several lines is numbered where it ends, wherever its last line breaks.
			if f.End == cuts[i] || i == len(cuts)-1 && f.End > end && strings.TrimSpace(m.text[end:f.End]) == "" {
				part.Numbers = append(part.Numbers, m.numbers[f.Key])
			}
			return false
		})
		parts = append(parts, part)
	}
	m.open = slices.DeleteFunc(m.open, func(n int) bool { return m.found[n].End <= end })
	return parts
}

func rank(s screening.Severity) int {
	switch s {
	case screening.High:
		return 3
	case screening.Medium:
		return 2
	case screening.Soft:
		return 1
	}
	return 0
}

// Prefixes of the fields about findings; the key of a finding follows.
const (
	findingField = "finding-"
	wordField    = "word-"
)

// aboutFinding tells whether a field of a form is about a finding.
func aboutFinding(name string) bool {
	return strings.HasPrefix(name, findingField) || strings.HasPrefix(name, wordField)
}

// answersOf reads what a worker said of findings from a form.
func answersOf(form page.Form) (list []letterbox.Answer) {
	for _, name := range form.Names() {
		key, ok := strings.CutPrefix(name, findingField)
		if !ok {
			continue
		}
		a := letterbox.Answer{Finding: key, Word: form.Get(wordField + key)}
		switch form.Get(name) {
		case "yes", "news":
			a.Confirmed = true
		case "warned":
			a.Confirmed, a.Warned = true, true
		case "grave":
			a.Confirmed, a.Grave = true, true
		case "no", "notNews":
		default:
			continue
		}
		list = append(list, a)
	}
	return list
}

// readFirst says, as the first of two readers, that a letter may go on.
func (room Room) readFirst(w http.ResponseWriter, r *http.Request) error {
	return room.decide(w, r, func(ctx context.Context, actor authz.Actor, id letterbox.LetterID, form page.Form) error {
		return room.Letters.ReadFirst(ctx, actor, id, form.Get("note"), answersOf(form)...)
	}, room.showLetter)
}
