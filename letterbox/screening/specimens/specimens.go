// Package specimens holds made-up lines of letters with what hides in them, and
// lines that hide nothing, so that a test and a bench can say how much the screen
// finds and how often it is wrong.
//
// There are three sets. The lines of "development" were written before the screen,
// with the cases A to D. Those of the other two, with the cases E to G, were written
// at one sitting by the hand that wrote the screen, after its first version and
// before it was tuned: every other one was then looked at ("tuned"), and every other
// one was not ("unseen").
//
// Nobody in them lives or has lived; telephone numbers are of the ranges kept for
// drama or visibly false. It guards nothing and trusts nobody: it is read-only text.
package specimens

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"

	"gatepost/letterbox/screening"
)

//go:embed letters.jsonl
var lettersText []byte

//go:embed innocent.jsonl
var innocentText []byte

//go:embed lists.json
var listsText []byte

// Line is a piece of a letter. One that hides nothing has no spans.
type Line struct {
	ID        string `json:"id"`
	Set       string `json:"set"`  // development, tuned or unseen
	Case      string `json:"case"` // whose protected list is meant
	Technique string `json:"technique"`
	Detect    string `json:"detect"` // list, pattern, cue, or human: nothing but a reader finds it
	Hard      bool   `json:"hard"`   // hides nothing, and looks as if
	Text      string `json:"text"`
	Spans     []Span `json:"spans"`
}

// Span is what hides in a line, in code points.
type Span struct {
	Start    int    `json:"start"`
	End      int    `json:"end"`
	Category string `json:"category"`
}

// Letters are the lines that hide something.
func Letters() ([]Line, error) { return read(lettersText) }

// Innocent are the lines that hide nothing.
func Innocent() ([]Line, error) { return read(innocentText) }

func read(text []byte) ([]Line, error) {
	var list []Line
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		var l Line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("specimen %d: %w", len(list)+1, err)
		}
		list = append(list, l)
	}
	return list, lines.Err()
}

// Lists are the protected lists of the cases.
func Lists() (map[string][]screening.Entry, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(listsText, &raw); err != nil {
		return nil, fmt.Errorf("the lists of the specimens: %w", err)
	}
	lists := map[string][]screening.Entry{}
	for id, text := range raw {
		list, err := screening.ParseList(text)
		if err != nil {
			return nil, fmt.Errorf("the list of case %s: %w", id, err)
		}
		lists[id] = list
	}
	return lists, nil
}

// Caught tells whether findings cover half of a span at all, and at high or
// medium. A phrase counts for a span that is a phrase, and for no other.
func Caught(text string, s Span, findings []screening.Finding) (found, grave bool) {
	any, much, points, all := 0, 0, 0, 0
	for i := range text {
		if points >= s.Start && points < s.End {
			all++
			hit, hard := false, false
			for _, f := range findings {
				if f.Start <= i && i < f.End && (f.Category != screening.CatCue || s.Category == "CUE") {
					hit, hard = true, hard || f.Severity != screening.Soft
				}
			}
			if hit {
				any++
			}
			if hard {
				much++
			}
		}
		points++
	}
	return all > 0 && any*2 >= all, all > 0 && much*2 >= all
}
