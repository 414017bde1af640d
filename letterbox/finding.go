package letterbox

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"gatepost/internal/fault"
	"gatepost/internal/prose"
	"gatepost/letterbox/screening"
)

// MaxAsked is how many findings of a letter can be answered, the same words once. One with more is not
// passed on: nobody reads so many with care, and its writer can be asked.
const MaxAsked = 50

// MaxWord is the longest word that a worker says about a finding, in runes.
const MaxWord = 200

// Code is what a reader finds in a letter, M01 to M16 of the practice of
// letterbox services; M09 is M09a (the child is gravely ill or hurt) or M09b
// (news that the child needs: what runs in the family, a birth, a death).
type Code = screening.Code

// Finding is a place in a letter that the screen would have a worker look at. It
// is a candidate: only what a worker confirms is judged.
type Finding struct {
	screening.Finding
	// Key names it for an Answer: its place and its kind. The same words found as
	// the same elsewhere in the letter have the Key of their first place, and one answer.
	// Those of a translation are their own.
	Key        string
	Translated bool // it is in the letter's translation
	// Closed: the writer is not pointed at it (Propose). It is found only because of
	// what somebody else told us, or may as well be.
	Closed bool
}

// Asked tells whether the letter waits for an answer about this finding before
// it is passed on.
func (f Finding) Asked() bool { return f.Severity == screening.High }

// News tells whether it is illness or a death: wanted content, for somebody to
// be told first, and no fault.
func (f Finding) News() bool { return f.Category == screening.CatCare }

// Answer is what a worker says of one finding.
type Answer struct {
	Finding   string // its Key
	Confirmed bool   // it is what it looks like; else it is not
	Warned    bool   // of News: the adopters were told before, by a worker
	Grave     bool   // of News from adopters: the child is gravely ill or hurt
	Word      string // why, MaxWord runes at most; asked for where a finding that must be answered is none
}

// Answered is a finding with its answer, as it is kept with a decision.
type Answered struct {
	Category  screening.Category `json:"category"`
	Code      Code               `json:"code,omitempty"`
	Severity  screening.Severity `json:"severity"`
	Rule      string             `json:"rule"`
	Because   string             `json:"because"`
	Start     int                `json:"start"` // bytes of the text
	End       int                `json:"end"`
	Confirmed bool               `json:"confirmed"`
	Warned    bool               `json:"warned,omitempty"`
	Word      string             `json:"word,omitempty"`
	// In the translation: Start and End are places there.
	Translated bool `json:"translated,omitempty"`
}

// findings marks a text for the worker who reads it.
func findings(screen *screening.Screen, text string) []Finding {
	found := screen.Scan(text)
	list, first := make([]Finding, len(found)), map[string]string{}
	for i, f := range found {
		same := fmt.Sprintf("%s %s %s", f.Severity, f.Category, text[f.Start:f.End])
		if first[same] == "" {
			first[same] = fmt.Sprintf("%d-%d-%s", f.Start, f.End, f.Category)
		}
		list[i] = Finding{Finding: f, Key: first[same]}
	}
	return list
}

// InLetter tells whether a finding stands in the letter's own text: not in its
// translation, nor in what was written down of its recording.
func (f Finding) InLetter(text string) bool { return !f.Translated && f.End <= len(text) }

// inText are the findings that stand in the letter's own text, of which parts can be left out.
func inText(found []Finding, text string) (list []Finding) {
	for _, f := range found {
		if f.InLetter(text) {
			list = append(list, f)
		}
	}
	return list
}

// translatedFindings marks a translation, under keys of its own.
func translatedFindings(screen *screening.Screen, text string) []Finding {
	list := findings(screen, text)
	for i := range list {
		list[i].Key, list[i].Translated = "t"+list[i].Key, true
	}
	return list
}

// answered puts answers to findings, in the order of the letter. An answer to
// what is not found (any more) is left out. adopters tells who wrote the letter:
// the news of adopters about the child's health is another finding than that of
// a birth family. Invalid on "word-…" of a finding whose word is too long.
func answered(found []Finding, answers []Answer, adopters bool) ([]Answered, error) {
	var list []Answered
	for _, f := range found {
		i := slices.IndexFunc(answers, func(a Answer) bool { return a.Finding == f.Key })
		if i < 0 {
			continue
		}
		a := answers[i]
		word, err := prose.Clean("word-"+f.Key, a.Word, MaxWord*4)
		if err != nil {
			return nil, err
		}
		if utf8.RuneCountInString(word) > MaxWord {
			return nil, fault.Field("word-"+f.Key, "fault.finding.wordLong")
		}
		list = append(list, Answered{Category: f.Category, Code: codeOf(f, a, adopters), Severity: f.Severity, Rule: f.Rule, Because: f.Because,
			Start: f.Start, End: f.End, Confirmed: a.Confirmed, Warned: a.Warned, Word: word, Translated: f.Translated})
	}
	return list, nil
}

// codeOf is what a confirmed finding is. What the screen has no code for is
// somebody's personal data.
func codeOf(f Finding, a Answer, adopters bool) Code {
	switch {
	case f.News() && adopters && a.Grave:
		return "M09a"
	case f.News():
		return "M09b"
	case f.Code == "":
		return "M12"
	}
	return f.Code
}

// unanswered are the findings that must be answered before the letter is passed
// on and are not, each as Invalid on "finding-…", or on "word-…" where it was
// said to be none without saying why. Invalid for more than MaxAsked of them.
func unanswered(found []Finding, answers []Answer) error {
	var missing []error
	asked := map[string]bool{}
	for _, f := range found {
		if !f.Asked() || asked[f.Key] {
			continue
		}
		if asked[f.Key] = true; len(asked) > MaxAsked {
			return fault.New(fault.Invalid, "fault.finding.tooMany")
		}
		i := slices.IndexFunc(answers, func(a Answer) bool { return a.Finding == f.Key })
		switch {
		case i < 0:
			missing = append(missing, fault.Field("finding-"+f.Key, "fault.finding.answer"))
		case !answers[i].Confirmed && prose.Blank(answers[i].Word):
			missing = append(missing, fault.Field("word-"+f.Key, "fault.finding.word"))
		}
	}
	return errors.Join(missing...)
}

// confirmed are the codes that a worker stands by, none twice, and whether the
// adopters were warned of all the news among them.
func confirmed(list []Answered) (codes []Code, warned bool) {
	warned = true
	for _, a := range list {
		if !a.Confirmed {
			continue
		}
		if !slices.Contains(codes, a.Code) {
			codes = append(codes, a.Code)
		}
		if a.Code == "M09b" && !a.Warned {
			warned = false
		}
	}
	return codes, warned
}
