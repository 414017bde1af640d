package screening

import "strings"

// symbol is what one token says when letters and digits are spelt out.
type symbol struct {
	token int
	text  string
	plain bool // a letter or digit as such, and no word that sounds like one
}

// speltLetter is the letter that a word names.
func speltLetter(k string) byte {
	switch k {
	case "alpha", "alfa", "ay", "eh":
		return 'a'
	case "bravo", "bee", "be":
		return 'b'
	case "charlie", "cee", "see", "sea":
		return 'c'
	case "delta", "dee":
		return 'd'
	case "echo", "ee":
		return 'e'
	case "foxtrot", "ef", "eff":
		return 'f'
	case "golf", "gee", "jee":
		return 'g'
	case "hotel", "aitch", "haitch", "aych":
		return 'h'
	case "india", "eye", "aye":
		return 'i'
	case "juliet", "juliett", "jay":
		return 'j'
	case "kilo", "kay", "cay":
		return 'k'
	case "lima", "el", "ell":
		return 'l'
	case "mike", "em":
		return 'm'
	case "november", "en":
		return 'n'
	case "oscar", "oh", "owe":
		return 'o'
	case "papa", "pee", "pea":
		return 'p'
	case "quebec", "queue", "cue", "kew":
		return 'q'
	}
	return speltLetterRest(k)
}

func speltLetterRest(k string) byte {
	switch k {
	case "romeo", "ar", "are":
		return 'r'
	case "sierra", "ess", "es":
		return 's'
	case "tango", "tee", "tea":
		return 't'
	case "uniform", "you", "yoo", "ewe":
		return 'u'
	case "victor", "vee":
		return 'v'
	case "whiskey", "whisky", "doubleyou", "dubya", "doubleu":
		return 'w'
	case "xray", "ex", "eks":
		return 'x'
	case "yankee", "why", "wye", "wy":
		return 'y'
	case "zulu", "zed", "zee":
		return 'z'
	}
	return 0
}

// symbolAt is what a token says as a symbol.
func (x *letter) symbolAt(i int) (symbol, bool) {
	t := &x.tokens[i]
	switch {
	case t.digits && len(t.key) <= 8:
		return symbol{i, t.key, true}, true
	case t.digits:
		return symbol{}, false
	case len(t.key) == 1:
		return symbol{i, t.key, true}, true
	}
	if c := speltLetter(t.key); c != 0 {
		return symbol{i, string([]byte{c}), false}, true
	}
	if d, strong := digitWord(t.key); d != "" && strong {
		return symbol{i, d, false}, true
	}
	if c := tensWord(t.key); c != 0 {
		if u, strong := digitWord(x.key(i + 1)); len(u) == 1 && strong {
			return symbol{i, string([]byte{c}), false}, true // its next word says the rest
		}
		return symbol{i, string([]byte{c, '0'}), false}, true
	}
	if len(t.key) == 2 && isArea(t.key) && !x.screen.lore.isWord(t.key) && i+1 < len(x.tokens) {
		if d, _ := digitWord(x.key(i + 1)); x.tokens[i+1].digits || d != "" || tensWord(x.key(i+1)) != 0 {
			return symbol{i, t.key, false}, true
		}
	}
	return symbol{}, false
}

// longestSpelt is how many symbols of one run are joined.
const longestSpelt = 4000

// findSpelt reads runs of letters and digits that stand alone: I s l a, pee ee em,
// Sierra Yankee eight.
func (x *letter) findSpelt() {
	var run []symbol
	flush := func() {
		if len(run) >= 3 {
			x.spelt(run)
		}
		run = run[:0]
	}
	for i := range x.tokens {
		s, ok := x.symbolAt(i)
		if !ok || len(run) == longestSpelt {
			flush()
		}
		if !ok {
			continue
		}
		if len(run) > 0 && x.gapBytes(i) > 4 {
			flush()
		}
		run = append(run, s)
	}
	flush()
}

func (x *letter) spelt(run []symbol) {
	var text []byte
	var at []int // by byte of text: its symbol
	letters := 0
	for n, s := range run {
		for k := range len(s.text) {
			text, at = append(text, s.text[k]), append(at, n)
			if isLetter(s.text[k]) {
				letters++
			}
		}
	}
	x.steps += len(text)
	if letters < 2 {
		return
	}
	for i := 0; i+4 <= len(text); {
		if n := x.speltForm(text[i:], at[i:], run); n > 0 {
			i += n
		} else if n := x.speltPattern(text[i:], at[i:], run); n > 0 {
			i += n
		} else {
			i++
		}
	}
}

func (x *letter) speltForm(text []byte, at []int, run []symbol) int {
	for _, n := range x.screen.index.starts[[4]byte(text[:4])] {
		f := &x.screen.forms[n]
		x.steps++
		if len(f.text) <= len(text) && string(text[:len(f.text)]) == f.text {
			found := x.ofList(f.entry, listed, High)
			found.Rule = "spelt out"
			x.addTokens(run[at[0]].token, run[at[len(f.text)-1]].token, found)
			return len(f.text)
		}
	}
	for _, n := range x.screen.index.compact[[4]byte(text[:4])] {
		f := &x.screen.index.packed[n]
		x.steps++
		if len(f.text) <= len(text) && string(text[:len(f.text)]) == f.text {
			found := x.ofList(f.entry, listed, High)
			found.Rule = "spelt out"
			x.addTokens(run[at[0]].token, run[at[len(f.text)-1]].token, found)
			return len(f.text)
		}
	}
	return 0
}

// speltPattern finds a postcode or a number plate that was spelt out.
func (x *letter) speltPattern(text []byte, at []int, run []symbol) int {
	if at[0] > 0 && run[at[0]].text != string(text[:len(run[at[0]].text)]) {
		return 0 // inside a number
	}
	for n := min(7, len(text)); n >= 5; n-- {
		if n < len(text) && at[n] == at[n-1] || at[n-1]-at[0] < 3 {
			continue
		}
		first, last := run[at[0]].token, run[at[n-1]].token
		if code, valid := asPostcode(string(text[:n])); code != "" && valid && hasLetterFirst(text) {
			x.addTokens(first, last, Finding{Category: CatPostcode, Code: "M02", Severity: High, Rule: "spelt out", Because: "postcode"})
			return n
		}
		if n == 7 && currentPlate(string(text[:n])) {
			x.addTokens(first, last, Finding{Category: CatVehicle, Code: "M03", Severity: High, Rule: "spelt out", Because: "number plate"})
			return n
		}
	}
	return 0
}

func hasLetterFirst(text []byte) bool { return isLetter(text[0]) }

// findCompact finds an entry of several words, a postcode or a number plate of the
// list, whatever stands between its letters.
func (x *letter) findCompact() {
	if len(x.screen.index.packed) == 0 {
		return
	}
	text, at := make([]byte, 0, len(x.b)), make([]int32, 0, len(x.b))
	for i := range x.tokens {
		for k := range len(x.tokens[i].key) {
			text, at = append(text, x.tokens[i].key[k]), append(at, int32(i))
		}
	}
	for i := 0; i+4 <= len(text); i++ {
		if i > 0 && at[i] == at[i-1] {
			continue
		}
		for _, n := range x.screen.index.compact[[4]byte(text[i:i+4])] {
			f := &x.screen.index.packed[n]
			x.steps += 4
			end := i + len(f.text)
			if end > len(text) || string(text[i:end]) != f.text || end < len(text) && at[end] == at[end-1] {
				continue
			}
			first, last := x.tokens[at[i]].start, x.tokens[at[end-1]].end
			if last-first <= 3*len(f.text)+8 {
				x.add(first, last, x.ofList(f.entry, listed, High))
			}
		}
	}
}

// findAcrostics reads the first letters of lines, of sentences and of words.
func (x *letter) findAcrostics() {
	var lines, sentences []int
	words := make([]int, 0, len(x.tokens))
	for i := range x.tokens {
		t := &x.tokens[i]
		if i == 0 || t.line != x.tokens[i-1].line {
			lines = append(lines, i)
		}
		if i == 0 || t.sentence != x.tokens[i-1].sentence {
			sentences = append(sentences, i)
		}
		if !t.digits && !t.glued {
			words = append(words, i)
		}
	}
	told := x.tellsFirstLetters()
	x.acrostic(lines, 4, told, "first letters of lines")
	if len(sentences) != len(lines) {
		x.acrostic(sentences, 4, told, "first letters of sentences")
	}
	least := 7
	if told {
		least = 4
	}
	x.acrostic(words, least, told, "first letters of words")
}

// tellsFirstLetters: the letter itself speaks of them.
func (x *letter) tellsFirstLetters() bool {
	for i := range x.tokens {
		switch x.tokens[i].key {
		case "letter", "letters", "initial", "initials", "llythyren", "llythrennau":
			for j := max(0, i-3); j < i; j++ {
				if k := x.tokens[j].key; k == "first" || k == "each" || k == "every" || k == "capital" || k == "cyntaf" {
					return true
				}
			}
		case "acrostic":
			return true
		}
	}
	return false
}

func (x *letter) acrostic(tokens []int, least int, told bool, rule string) {
	if len(tokens) < least {
		return
	}
	var text strings.Builder
	text.Grow(len(tokens))
	for _, i := range tokens {
		text.WriteByte(x.tokens[i].key[0])
	}
	s := text.String()
	for i := 0; i+4 <= len(s); i++ {
		for _, n := range x.screen.index.starts[[4]byte([]byte(s[i:i+4]))] {
			f := &x.screen.forms[n]
			x.steps++
			if len(f.text) < least || !strings.HasPrefix(s[i:], f.text) {
				continue
			}
			found := x.ofList(f.entry, listed, Soft)
			found.Rule = rule
			if told || len(f.text) >= 6 || len(f.text) == len(s) {
				found.Severity = Medium
			}
			for k := range len(f.text) {
				start := x.tokens[tokens[i+k]].start
				x.add(start, start+1, found)
			}
		}
	}
}
