package screening

import (
	"slices"
	"strings"
)

// MayName gives the words of a text that may be the name of somebody or of a place,
// whosever, each once and folded, but for those of some names: words with a capital inside
// a sentence, and words with one that are not ordinary English. Where hardly any
// capital is used, none is asked for; of a text in another language, only capitals inside a
// sentence say anything. Christmas, weekdays and what families call their own are no names.
func MayName(text string, but ...string) (words []string) {
	l, x := ourLore(), &letter{stream: newStream(text)}
	x.temper()
	known := foldWords(strings.Join(but, "\n"))
	foreign := x.foreign(l)
	for i, t := range x.tokens {
		word := t.key
		if t.apostrophe == 1 {
			word = strings.TrimSuffix(word, "s") // Kelly's
		}
		ordinary := l.isWord(word)
		name := l.isName(word) || l.isName(strings.TrimSuffix(word, "s")) // April, too
		switch {
		case t.digits || len(word) < 2 || slices.Contains(known, word) || slices.Contains(words, word):
		case isKin(word) || !name && (isCalendar(word) || isCalendar(strings.TrimSuffix(word, "s"))):
		case ordinary && slices.Contains(inLetters, word):
		case x.inside(i) || !ordinary && !foreign && (t.capital || x.quiet):
			words = append(words, word)
		}
	}
	return words
}

// foreign tells of a text in which fewer than half of the words without a capital are English.
func (x *letter) foreign(l *lore) bool {
	words, english := 0, 0
	for _, t := range x.tokens {
		if t.digits || t.capital {
			continue
		}
		words++
		if l.isWord(t.key) {
			english++
		}
	}
	return 2*english < words
}

// inLetters are ordinary words that have a capital inside a sentence in many letters, and name nobody.
var inLetters = strings.Fields(`a adoption after all also am an and are as at be because best birthday but by can dear do for from good happy have
	hello here hi hope how i if in is it its kind letter letterbox life lots love many me merry my new no not of oh ok on one or our please regards social so some
	sorry story team thank thanks that the their then there these they this to very was we well were what when where which who wishes with worker xmas yes you your yours`)
