package screening

import "strings"

// digitRun is a row of tokens that say digits, with nothing but signs between.
type digitRun struct {
	first, last int
	digits      string
	at          []int // by digit: its token
	words       int   // how many digits were said in words
	weak        int   // of those, in words that mean something else as well
	plus        bool  // a plus stands before it
	commas      int
	date        bool
}

// digitWord gives the digits of a word, English or Welsh, and whether it means
// nothing else.
func digitWord(k string) (digits string, strong bool) {
	switch k {
	case "zero", "nought", "naught", "sero", "nil", "zeros", "noughts":
		return "0", true
	case "oh", "owe", "ow", "o", "dim", "null", "nowt", "ohh":
		return "0", false
	case "one", "un":
		return "1", k == "one"
	case "won", "wun":
		return "1", false
	case "two", "dau", "dwy":
		return "2", true
	case "too", "to":
		return "2", false
	case "three", "tri", "tair":
		return "3", k != "tri"
	case "tree", "free", "thre":
		return "3", false
	case "four", "pedwar", "pedair":
		return "4", true
	case "for", "fore", "fower":
		return "4", false
	case "five", "pump":
		return "5", k == "five"
	case "fife", "pum":
		return "5", false
	case "six", "chwech":
		return "6", true
	case "sicks", "siks", "sics", "chwe":
		return "6", false
	case "seven", "saith":
		return "7", true
	case "eight", "wyth":
		return "8", true
	case "ate", "ait":
		return "8", false
	case "nine", "naw":
		return "9", true
	case "niner", "nein":
		return "9", false
	}
	return teenWord(k)
}

func teenWord(k string) (digits string, strong bool) {
	words := [...]string{"ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"}
	if len(k) < 3 || len(k) > 9 || k[len(k)-1] != 'n' && k != "twelve" && k != "deg" {
		return "", false
	}
	for i, w := range words {
		if w == k {
			return "1" + string(rune('0'+i)), true
		}
	}
	if k == "deg" {
		return "10", true
	}
	return "", false
}

// tensWord is the first digit of twenty, thirty ...
func tensWord(k string) byte {
	switch k {
	case "twenty", "ugain":
		return '2'
	case "thirty":
		return '3'
	case "forty", "fourty":
		return '4'
	case "fifty", "hanner":
		return '5'
	case "sixty":
		return '6'
	case "seventy":
		return '7'
	case "eighty":
		return '8'
	case "ninety", "ninty":
		return '9'
	}
	return 0
}

// timesWord is how often the next digit is meant.
func timesWord(k string) int {
	switch k {
	case "double", "dubble", "dwbl", "twice", "dbl":
		return 2
	case "triple", "treble", "tripple":
		return 3
	}
	return 0
}

// said is what a few tokens say as digits.
type said struct {
	digits string
	last   int // the last token of it
	word   bool
	weak   bool
}

// digitsAt reads the digits that begin at a token. In a run, what could be a slip
// for a number word is taken for one.
func (x *letter) digitsAt(i int, inRun bool) (said, bool) {
	x.steps++
	t := &x.tokens[i]
	if t.digits {
		if len(t.key) == 1 && x.key(i+1) == "hundred" {
			return x.hundreds(t.key, i+1), true
		}
		return said{t.key, i, false, false}, true
	}
	k := t.key
	if n := timesWord(k); n > 0 && i+1 < len(x.tokens) {
		if next, ok := x.oneDigit(i + 1); ok && x.gapBytes(i+1) <= 2 {
			return said{strings.Repeat(next[:1], n) + next[1:], i + 1, true, false}, true
		}
		return said{}, false
	}
	if c := tensWord(k); c != 0 {
		if u, strong := digitWord(x.key(i + 1)); i+1 < len(x.tokens) && len(u) == 1 && strong && u != "0" && x.gapBytes(i+1) <= 1 {
			return said{string(c) + u, i + 1, true, false}, true
		}
		return said{string(c) + "0", i, true, false}, true
	}
	if d, strong := digitWord(k); d != "" {
		if len(d) == 1 && (x.key(i+1) == "hundred" || x.key(i+1) == "cant") {
			return x.hundreds(d, i+1), true
		}
		return said{d, i, true, !strong}, true
	}
	if d, ok := x.looksLikeDigits(i); ok {
		return said{d, i, false, !t.glued && !(i+1 < len(x.tokens) && x.tokens[i+1].glued)}, true
	}
	if d := gluedDigits(k); d != "" {
		return said{d, i, true, false}, true
	}
	if inRun && len(k) >= 3 && len(k) <= 7 && !x.screen.lore.isWord(k) {
		if d := misspeltDigit(k); d != "" {
			return said{d, i, true, true}, true
		}
	}
	if c := romanDigit(k); inRun && c != 0 && t.upper {
		return said{string(c), i, true, true}, true
	}
	return said{}, false
}

func (x *letter) oneDigit(i int) (string, bool) {
	if t := &x.tokens[i]; t.digits {
		return t.key, true
	}
	d, _ := digitWord(x.tokens[i].key)
	if len(d) == 1 {
		return d, true
	}
	if l, ok := x.looksLikeDigits(i); ok {
		return l, true
	}
	return "", false
}

// hundreds reads nine hundred, and nine hundred and one.
func (x *letter) hundreds(d string, i int) said {
	s := said{d + "00", i, true, false}
	j := i + 1
	if x.key(j) != "and" {
		return s
	}
	j++
	if u, strong := digitWord(x.key(j)); strong && len(u) <= 2 && u != "" {
		s.digits, s.last = d+"00"[len(u)-1:][:2-len(u)]+u, j
	} else if c := tensWord(x.key(j)); c != 0 {
		s.digits, s.last = d+string(c)+"0", j
		if u, strong := digitWord(x.key(j + 1)); strong && len(u) == 1 {
			s.digits, s.last = d+string(c)+u, j+1
		}
	}
	return s
}

// looksLikeDigits reads O, l and I beside digits.
func (x *letter) looksLikeDigits(i int) (string, bool) {
	t := &x.tokens[i]
	if len(t.key) > 6 {
		return "", false
	}
	beside := t.glued || i+1 < len(x.tokens) && x.tokens[i+1].glued
	if !beside && len(t.key) > 3 {
		return "", false
	}
	var out [6]byte
	for k := range len(t.key) {
		switch t.key[k] {
		case 'o':
			out[k] = '0'
		case 'l', 'i':
			out[k] = '1'
		case 'z':
			out[k] = '2'
		case 's':
			out[k] = '5'
		case 'b':
			out[k] = '8'
		default:
			return "", false
		}
		if !beside && t.key[k] != 'o' && t.key[k] != 'l' && t.key[k] != 'i' {
			return "", false
		}
	}
	if !beside && t.key != "o" && t.key != "l" && t.key != "i" && t.key != "oo" && t.key != "ooo" && t.key != "ll" {
		return "", false
	}
	return string(out[:len(t.key)]), true
}

// gluedDigits reads zerosevenseven, if nothing but number words is in it.
func gluedDigits(k string) string {
	if len(k) < 12 || len(k) > 80 {
		return ""
	}
	var out []byte
	for k != "" {
		n := 0
		for _, w := range [...]string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "nought", "oh", "sero", "un", "dau", "tri", "pedwar", "pump", "chwech", "saith", "wyth", "naw"} {
			if strings.HasPrefix(k, w) {
				d, _ := digitWord(w)
				out, n = append(out, d...), len(w)
				break
			}
		}
		if n == 0 {
			return ""
		}
		k = k[n:]
	}
	return string(out)
}

func misspeltDigit(k string) string {
	for _, w := range [...]string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "nought", "saith", "pedwar", "chwech"} {
		if k[0] == w[0] && edits(k, w, 1) <= 1 {
			d, _ := digitWord(w)
			return d
		}
	}
	return ""
}

func romanDigit(k string) byte {
	for i, r := range [...]string{"o", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"} {
		if k == r {
			return '0' + byte(i)
		}
	}
	return 0
}

// longestRun is how many digits are read as one run.
const longestRun = 64

// readRuns makes the runs of the letter.
func (x *letter) readRuns() {
	for i := 0; i < len(x.tokens); {
		s, ok := x.digitsAt(i, false)
		if !ok {
			i++
			continue
		}
		r := digitRun{first: i}
		x.extend(&r, s)
		for r.last+1 < len(x.tokens) && len(r.digits) < longestRun {
			next := r.last + 1
			if x.gapBytes(next) > 6 && !signsOnly(x.gap(next)) {
				break
			}
			s, ok := x.digitsAt(next, true)
			if !ok {
				break
			}
			if strings.Contains(x.gap(next), ",") {
				r.commas++
			}
			x.extend(&r, s)
		}
		i = r.last + 1
		r.plus = x.plusBefore(r.first)
		x.trim(&r)
		if r.digits != "" {
			_, r.date = x.dateAt(r.first)
			x.runs = append(x.runs, r)
		}
	}
}

func signsOnly(gap string) bool { return len(gap) <= 10 }

func (x *letter) extend(r *digitRun, s said) {
	if len(s.digits) > longestRun-len(r.digits) {
		s.digits = s.digits[:longestRun-len(r.digits)]
	}
	for k := range len(s.digits) {
		at := s.last
		if k == 0 && len(r.at) == 0 {
			at = r.first
		}
		r.at = append(r.at, at)
	}
	r.digits += s.digits
	if s.word {
		r.words += len(s.digits)
	}
	if s.weak {
		r.weak += len(s.digits)
	}
	r.last = s.last
}

func (x *letter) plusBefore(i int) bool {
	for j, n := x.tokens[i].start-1, 0; j >= 0 && n < 3; j, n = j-1, n+1 {
		switch x.b[j] {
		case '+':
			return true
		case ' ', '(':
			continue
		}
		return false
	}
	return false
}

// trim takes words that mean something else off the ends of a run: "four to".
func (x *letter) trim(r *digitRun) {
	if len(r.digits) >= 10 && r.weak*2 <= len(r.digits) && british(r.digits, r.plus) == len(r.digits) {
		return
	}
	weak := func(i int) bool {
		switch x.key(i) {
		case "to", "too", "for", "fore", "free", "tree", "won", "ate", "i", "l", "ll", "il":
			return true
		}
		return false
	}
	for r.digits != "" && weak(r.at[len(r.at)-1]) {
		r.digits, r.at, r.weak, r.words = r.digits[:len(r.digits)-1], r.at[:len(r.at)-1], max(0, r.weak-1), max(0, r.words-1)
		if len(r.at) > 0 {
			r.last = r.at[len(r.at)-1]
		}
	}
	for r.digits != "" && weak(r.at[0]) {
		r.digits, r.at, r.weak, r.words = r.digits[1:], r.at[1:], max(0, r.weak-1), max(0, r.words-1)
		if len(r.at) > 0 {
			r.first = r.at[0]
		}
	}
}

// bounds tells whether a token ends between two digits of a run.
func (r *digitRun) bounds(i int) bool {
	return i <= 0 || i >= len(r.at) || r.at[i] != r.at[i-1]
}
