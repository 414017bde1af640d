package screening

import (
	"strings"
	"unicode"
)

// MayBeForeign tells whether a text may be in another language than English: of
// more than forty ordinary words fewer than half are in our English list. It is a
// hint for who reads the letter and knows nothing; a short text gives none.
func MayBeForeign(text string) bool {
	l, words, english := ourLore(), 0, 0
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '’' }) {
		word = strings.NewReplacer("'", "", "’", "").Replace(word)
		if first := []rune(word); len(first) == 0 || unicode.IsUpper(first[0]) {
			continue // a name, or the beginning of a sentence
		}
		words++
		if l.isWord(word) {
			english++
		}
	}
	return words > 40 && 2*english < words
}
