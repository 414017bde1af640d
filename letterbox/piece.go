package letterbox

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatepost/internal/fault"
	"gatepost/letterbox/screening"
)

// LeftOut stands in a letter where something was left out. It is one for every
// part, so that it tells neither how long the part was nor of what kind.
const LeftOut = "[…]"

// MaxParts is how many parts of one letter can be named to be left out: a letter
// with more is better written again.
const MaxParts = 50

// Part is what a worker would leave out of a letter: what a finding marks, or
// words of the worker's own that stand in it. Every place with the same words is meant.
type Part struct {
	Finding string // the Key of a finding; "" for Words
	Words   Text
	Row     int          // the number of its row on the page, for a fault about Words
	Reason  ReturnReason // what the writer is told about it
}

// Piece is a piece of a letter, in the letter's order.
type Piece struct {
	Text   Text         `json:"text"`
	Reason ReturnReason `json:"reason,omitempty"` // of one that is left out; "" for one that stays
	Told   string       `json:"told,omitempty"`   // its sentence as it was then, of one that is left out
}

// span is a place in a text that is left out, in bytes.
type span struct {
	start, end int
	reason     Reason
}

// piecesOf takes a text apart by what is left out of it, as far as its writer may be
// pointed at it: Invalid where a part may not. Invalid on "part-…" or
// "words-…" (with its number) too for a part without a reason or place, and for
// parts that leave nothing of the letter. reasons are the agency's.
func piecesOf(text string, found []Finding, parts []Part, may pointing, reasons Reasons) ([]Piece, error) {
	if len(parts) == 0 {
		return nil, fault.New(fault.Invalid, "fault.proposal.none")
	}
	if len(parts) > MaxParts {
		return nil, fault.New(fault.Invalid, "fault.proposal.tooMany")
	}
	var spans []span
	var faults []error
	for _, p := range parts {
		field, at := "part-"+p.Finding, [][2]int(nil)
		if p.Finding == "" {
			field, at = fmt.Sprintf("words-%d", p.Row), places(text, string(p.Words))
		}
		for _, f := range found {
			// What was found in a transcript is changed where that is written, and is no part of the letter.
			if p.Finding != "" && f.Key == p.Finding && f.End <= len(text) {
				at = append(append(at, [2]int{f.Start, f.End}), places(text, text[f.Start:f.End])...)
			}
		}
		reason, offered := reasons.Find(LetterReasons, string(p.Reason))
		switch {
		case len(at) == 0:
			faults = append(faults, fault.Field(field, "fault.proposal.where"))
		case !offered:
			faults = append(faults, fault.Field(field, "fault.reason.choose"))
		}
		for _, place := range at {
			if may.closed(found, place, p.Reason) {
				faults = append(faults, fault.Field(field, "fault.proposal.closed"))
				break
			}
			spans = append(spans, span{place[0], place[1], reason})
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	list := cut(text, spans)
	if !strings.ContainsFunc(strings.ReplaceAll(asItGoes(list), LeftOut, ""), wordRune) {
		return nil, fault.New(fault.Invalid, "fault.proposal.nothingLeft")
	}
	return list, nil
}

// cut takes a text apart. Parts with nothing said between them are one, with the reason of the first: what would go with them is shown with them.
func cut(text string, spans []span) (list []Piece) {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(a.start-b.start, b.end-a.end) })
	at := 0
	for i := 0; i < len(spans); {
		s := spans[i]
		for i++; i < len(spans) && (spans[i].start <= s.end || !strings.ContainsFunc(text[s.end:spans[i].start], wordRune)); i++ {
			s.end = max(s.end, spans[i].end)
		}
		if s.start > at {
			list = append(list, Piece{Text: Text(text[at:s.start])})
		}
		list = append(list, Piece{Text(text[s.start:s.end]), ReturnReason(s.reason.ID), s.reason.Words})
		at = s.end
	}
	if at < len(text) {
		list = append(list, Piece{Text: Text(text[at:])})
	}
	return list
}

// asItGoes is the text without what is left out, with one LeftOut for each place:
// also where only spaces and stops stood between two, which would tell what they were.
func asItGoes(pieces []Piece) string {
	var b strings.Builder
	for i, p := range pieces {
		between := i > 0 && i < len(pieces)-1 && !strings.ContainsFunc(string(p.Text), wordRune)
		switch {
		case p.Reason == "" && !between:
			b.WriteString(string(p.Text))
		case p.Reason != "" && !strings.HasSuffix(b.String(), LeftOut):
			b.WriteString(LeftOut)
		}
	}
	return b.String()
}

// places are the places in a text where some words stand as words of their own, in
// small letters or capitals, on one line or broken over several.
func places(text, words string) (at [][2]int) {
	words = strings.TrimSpace(words)
	if words == "" {
		return nil
	}
	last := ' ' // the rune before
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		n := 0
		if first, _ := utf8.DecodeRuneInString(words); !wordRune(first) || !wordRune(last) {
			n = begins(text[i:], words)
		}
		if n > 0 {
			at = append(at, [2]int{i, i + n})
			last, _ = utf8.DecodeLastRuneInString(text[:i+n])
			i += n
			continue
		}
		last = r
		i += size
	}
	return at
}

// begins is how many bytes of a text its first words take, if they are these; 0 otherwise.
func begins(text, words string) int {
	i, last := 0, ' '
	for words != "" {
		w, size := utf8.DecodeRuneInString(words)
		t, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case n == 0:
			return 0
		case unicode.IsSpace(w) && unicode.IsSpace(t):
			words = strings.TrimLeftFunc(words, unicode.IsSpace)
			i = len(text) - len(strings.TrimLeftFunc(text[i:], unicode.IsSpace))
		case w == t || unicode.ToLower(w) == unicode.ToLower(t) || unicode.ToUpper(w) == unicode.ToUpper(t):
			words, i = words[size:], i+n
		default:
			return 0
		}
		last = w
	}
	if next, n := utf8.DecodeRuneInString(text[i:]); n > 0 && wordRune(last) && wordRune(next) {
		return 0
	}
	return i
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

// pointing is what the writer of a text may be pointed at: what is found in it by a
// pattern, or because of what their own side told us, and what names nobody and no
// place. What somebody else told us is nothing of that; and where a worker would say
// that words tell who or where somebody is or are about another child, or may say it in
// words of their own or of the agency's list, only what is found so counts, or the
// asking would tell a right guess from a wrong one.
type pointing struct {
	own      []screening.Finding // what is found so
	anything bool                // nobody is pointed at it: another worker looks
}

// covers tells whether a place is within what may be shown.
func (p pointing) covers(place [2]int) bool {
	return slices.ContainsFunc(p.own, func(o screening.Finding) bool {
		return o.Severity != screening.Soft && o.Start <= place[0] && o.End >= place[1]
	})
}

// at tells whether the writer may be pointed at a finding.
func (p pointing) at(f Finding) bool {
	return p.anything || p.covers([2]int{f.Start, f.End}) ||
		(f.Category == screening.CatCue || f.Category == screening.CatCare) && slices.Contains(p.own, f.Finding)
}

// closed tells whether a part at a place may not be pointed at, for that reason.
func (p pointing) closed(found []Finding, place [2]int, reason ReturnReason) bool {
	return !p.anything && (reason == identifying || reason == "others" || reason.inOwnWords()) && !p.covers(place) ||
		slices.ContainsFunc(found, func(f Finding) bool { return f.Start < place[1] && place[0] < f.End && !p.at(f) })
}

// identifying is the reason that says that words tell who or where somebody is.
const identifying ReturnReason = "identifying"
