package screening

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"gatepost/internal/forename"
)

//go:embed words.txt
var wordsText string

//go:embed spellings.txt
var spellingsText string

//go:embed cues.txt
var cuesText string

// lore is what the screen knows before it knows a list.
type lore struct {
	english   map[string]bool
	forenames map[string][]int // by form: the lines of forms that it stands in
	forms     [][]string
	spellings map[string][]int
	spelt     [][]string
	cues      map[string][]cue // by first word
}

// ourLore is read once; nothing changes it afterwards.
var ourLore = sync.OnceValue(func() *lore {
	l := &lore{english: map[string]bool{}}
	for line := range strings.Lines(wordsText) {
		if !strings.HasPrefix(line, "#") {
			for _, w := range strings.Fields(line) {
				l.english[w] = true
			}
		}
	}
	l.forms, l.forenames = readForms(forename.Text())
	l.spelt, l.spellings = readForms(spellingsText)
	l.cues = readCues(cuesText)
	return l
})

func readForms(text string) ([][]string, map[string][]int) {
	var lines [][]string
	at := map[string][]int{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		forms := strings.Fields(line)
		for _, f := range forms {
			if !slices.Contains(at[f], len(lines)) {
				at[f] = append(at[f], len(lines))
			}
		}
		lines = append(lines, forms)
	}
	return lines, at
}

// nicknames are the forms that one person of this name may be called by. The
// root has all of its line. A short form has the root, and no other short form of
// it: not every Liz is a Betty; and where it is short for several names it is only
// perhaps one of them.
func (l *lore) nicknames(name string) (certain, perhaps []string) {
	lines := l.forenames[name]
	for _, i := range lines {
		switch {
		case l.forms[i][0] == name:
			certain = append(certain, l.forms[i]...)
		case len(lines) == 1:
			certain = append(certain, l.forms[i][0])
		default:
			perhaps = append(perhaps, l.forms[i][0])
		}
	}
	return certain, perhaps
}

// otherSpellings are those of a name that no rule of English gives.
func (l *lore) otherSpellings(name string) []string {
	var out []string
	for _, i := range l.spellings[name] {
		out = append(out, l.spelt[i]...)
	}
	return out
}

// isWord tells whether a folded word is an ordinary English one, with the
// endings that it may have.
func (l *lore) isWord(w string) bool {
	if l.english[w] {
		return true
	}
	for _, end := range [...]string{"s", "es", "d", "ed", "r", "er", "st", "est", "ing", "ly", "y", "ies", "ier", "iest", "ied", "ily", "ness", "ful", "fully", "less", "ment", "able", "ings", "ers", "ish", "like", "al"} {
		stem, ok := strings.CutSuffix(w, end)
		if !ok || len(stem) < 2 {
			continue
		}
		if l.english[stem] && len(stem) > 2 || l.english[stem+"e"] || end[0] == 'i' && l.english[stem+"y"] {
			return true
		}
		if n := len(stem); n > 3 && stem[n-1] == stem[n-2] && l.english[stem[:n-1]] {
			return true
		}
	}
	return false
}

// isName tells whether a word is a forename that is known, whosever.
func (l *lore) isName(w string) bool { return len(l.forenames[w]) > 0 }

// isCalendar tells of the names of months and days, which letters are full of.
func isCalendar(w string) bool {
	switch w {
	case "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
		"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "sun", "mon", "tue", "wed", "thu", "fri", "sat",
		"christmas", "easter", "summer", "autumn", "winter", "spring":
		return true
	}
	return false
}
