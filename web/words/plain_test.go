package words_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"gatepost/web/words"
)

// banned are words that hurt, that are wrong in law, or that only a machine
// says. Who a person is to a child is for that person to say.
var banned = regexp.MustCompile(`(?i)\b(natural (parent|mother|father)s?|real (parent|mother|father|mum|dad|famil)\w*|contact orders?|third part(y|ies)|submit\w*|fail(ed|ure)?|invalid|illegal|abort\w*|given up)\b`)

func TestBannedWords(t *testing.T) {
	w := load(t)
	for _, key := range w.Keys() {
		if m := banned.FindString(text(w, key)); m != "" {
			t.Errorf("%s says %q", key, m)
		}
	}
}

// highest is the school year of reading that a room's texts may ask for, on
// average. A reading age of nine is grade four; the formula counts syllables
// and not sense, so it is a smoke alarm with some room and no more. Workers'
// pages (desk) and the law's own words are not held to it.
func highest() map[string]float64 {
	return map[string]float64{"family": 6, "account": 6, "static": 6, "common": 6, "fault": 6, "letters": 6, "apply": 6, "protect": 6}
}

func TestReadability(t *testing.T) {
	sums, counts := map[string]float64{}, map[string]int{}
	w := load(t)
	for _, key := range w.Keys() {
		room, _, _ := strings.Cut(key, ".")
		said := text(w, key)
		if len(strings.Fields(said)) < 5 || !strings.ContainsAny(said, ".?!") {
			continue // a heading or a label has no sentence to measure
		}
		sums[room] += grade(said)
		counts[room]++
	}
	for room, n := range counts {
		mean := sums[room] / float64(n)
		t.Logf("%s: grade %.1f over %d texts", room, mean, n)
		if most, held := highest()[room]; held && mean > most {
			t.Errorf("the texts of %s need grade %.1f, more than %.1f: use shorter words and sentences", room, mean, most)
		}
	}
}

// text is the text of a key, its places as one short word.
func text(w *words.Words, key string) string {
	if said, err := w.Text(key); err == nil {
		return said
	}
	return words.Raw(w, key)
}

// grade is the Flesch-Kincaid grade level (Kincaid and others, 1975).
func grade(text string) float64 {
	sentences, syllables, count := 0, 0, 0
	for _, r := range text {
		if strings.ContainsRune(".?!:", r) {
			sentences++
		}
	}
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' }) {
		count++
		syllables += syllablesIn(strings.ToLower(word))
	}
	if count == 0 {
		return 0
	}
	return 0.39*float64(count)/float64(max(sentences, 1)) + 11.8*float64(syllables)/float64(count) - 15.59
}

// syllablesIn counts groups of vowels, without a silent e at the end.
func syllablesIn(word string) int {
	n, before := 0, false
	for _, r := range word {
		vowel := strings.ContainsRune("aeiouy", r)
		if vowel && !before {
			n++
		}
		before = vowel
	}
	if strings.HasSuffix(word, "e") && !strings.HasSuffix(word, "le") && n > 1 {
		n--
	}
	return max(n, 1)
}

func TestGrade(t *testing.T) {
	if g := grade("The cat sat on the mat."); g > 1 {
		t.Errorf("a first sentence needs grade %.1f", g)
	}
	if g := grade("Notwithstanding the aforementioned considerations, intermediary organisations shall facilitate communication."); g < 15 {
		t.Errorf("a lawyer's sentence needs only grade %.1f", g)
	}
}
