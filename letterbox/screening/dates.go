package screening

import "strings"

// date is a day; a year of 0 is one that was not said.
type date struct{ year, month, day int }

// parseDate reads a date of a list: 2017-03-14 or 14/3/2017.
func parseDate(s string) (date, bool) {
	x := letter{stream: newStream(s), screen: &Screen{lore: ourLore()}}
	for i := range x.tokens {
		if d, ok := x.dateAt(i); ok {
			return d.date, d.year != 0
		}
	}
	return date{}, false
}

// saidDate is a date and the last of its tokens.
type saidDate struct {
	date
	last  int
	words bool
}

// dateAt reads the date that begins at a token.
func (x *letter) dateAt(i int) (saidDate, bool) {
	if i >= len(x.tokens) {
		return saidDate{}, false
	}
	if x.tokens[i].digits {
		if d, ok := x.numericDate(i); ok {
			return d, true
		}
	}
	return x.wordDate(i)
}

func number(s string) int {
	n := 0
	for i := range len(s) {
		if n > 99999 {
			return n
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}

func (x *letter) numericDate(i int) (saidDate, bool) {
	if i+2 >= len(x.tokens) || !x.tokens[i+1].digits || !x.tokens[i+2].digits {
		return saidDate{}, false
	}
	sep := x.gap(i + 1)
	if sep != x.gap(i+2) || sep != "/" && sep != "-" && sep != "." && sep != " " && sep != " / " {
		return saidDate{}, false
	}
	a, b, c := x.tokens[i].key, x.tokens[i+1].key, x.tokens[i+2].key
	if i+3 < len(x.tokens) && x.tokens[i+3].digits && (x.gap(i+3) == sep || x.gap(i+3) == " " && len(x.key(i+3)) >= 6) {
		return saidDate{}, false
	}
	d := date{number(c), number(b), number(a)}
	switch {
	case len(a) == 4 && len(b) <= 2 && len(c) <= 2:
		d = date{number(a), number(b), number(c)}
	case len(a) <= 2 && len(b) <= 2 && (len(c) == 4 || len(c) == 2 && (sep != " " || x.before(i, 3, isBirthWord))):
		if len(c) == 2 {
			d.year = 2000 + d.year
		}
	default:
		return saidDate{}, false
	}
	if d.month > 12 && d.day <= 12 {
		d.month, d.day = d.day, d.month
	}
	return saidDate{d, i + 2, false}, d.month >= 1 && d.month <= 12 && d.day >= 1 && d.day <= 31 && d.year >= 1900 && d.year < 2100
}

// monthOf is the number of a month, English or Welsh.
func monthOf(k string) int {
	switch k {
	case "january", "jan", "ionawr":
		return 1
	case "february", "feb", "febuary", "chwefror":
		return 2
	case "march", "mar", "mawrth", "fawrth":
		return 3
	case "april", "apr", "ebrill":
		return 4
	case "may", "mai", "fai":
		return 5
	case "june", "jun", "mehefin", "fehefin":
		return 6
	case "july", "jul", "gorffennaf", "orffennaf":
		return 7
	case "august", "aug", "awst":
		return 8
	case "september", "sept", "sep", "setember", "medi", "fedi":
		return 9
	case "october", "oct", "hydref":
		return 10
	case "november", "nov", "tachwedd", "dachwedd":
		return 11
	case "december", "dec", "rhagfyr", "ragfyr":
		return 12
	}
	return 0
}

// dayAt reads the fourteenth, 14th, 14, twenty first; next is the token after it.
func (x *letter) dayAt(i int) (day, next int) {
	t := &x.tokens[i]
	if t.digits && len(t.key) <= 2 {
		if i+1 < len(x.tokens) && x.tokens[i+1].glued && (isOrdinalEnd(x.key(i+1)) || x.key(i+1) == "eg" || x.key(i+1) == "ydd" || x.key(i+1) == "fed") {
			return number(t.key), i + 2
		}
		return number(t.key), i + 1
	}
	if d := ordinal(t.key); d > 0 {
		return d, i + 1
	}
	if c := tensWord(t.key); c == '2' || c == '3' {
		if d := ordinal(x.key(i + 1)); d > 0 && d < 10 {
			return int(c-'0')*10 + d, i + 2
		}
	}
	return 0, i
}

func ordinal(k string) int {
	if len(k) < 5 || k[len(k)-1] != 'h' && k != "first" && k != "second" && k != "third" {
		return 0
	}
	for i, w := range [...]string{"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth"} {
		if k == w {
			return i + 1
		}
	}
	if k == "thirtieth" {
		return 30
	}
	return 0
}

// wordDate reads 14 March 2017, the fourteenth of March, March 14th 2017.
func (x *letter) wordDate(i int) (saidDate, bool) {
	if m := monthOf(x.key(i)); m > 0 && i+1 < len(x.tokens) && x.gapBytes(i+1) <= 2 {
		j := i + 1
		if x.key(j) == "the" && j+1 < len(x.tokens) {
			j++
		}
		if day, next := x.dayAt(j); day >= 1 && day <= 31 {
			return x.withYear(date{0, m, day}, next), true
		}
		return saidDate{}, false
	}
	day, next := x.dayAt(i)
	if day < 1 || day > 31 {
		return saidDate{}, false
	}
	for n := 0; n < 2 && (x.key(next) == "of" || x.key(next) == "o"); n++ {
		next++
	}
	if m := monthOf(x.key(next)); m > 0 && x.gapBytes(next) <= 2 {
		return x.withYear(date{0, m, day}, next+1), true
	}
	return saidDate{}, false
}

func (x *letter) withYear(d date, next int) saidDate {
	s := saidDate{d, next - 1, true}
	if next >= len(x.tokens) || x.gapBytes(next) > 3 || strings.Contains(x.gap(next), "\n") {
		return s
	}
	switch k := x.key(next); {
	case x.tokens[next].digits && len(k) == 4 && (k[:2] == "19" || k[:2] == "20"):
		s.year, s.last = number(k), next
	case k == "twenty" || k == "two" && x.key(next+1) == "thousand" || k == "nineteen":
		s.last = next
		for j := next + 1; j < min(next+5, len(x.tokens)) && x.gapBytes(j) <= 1; j++ {
			w, strong := digitWord(x.key(j))
			if !(w != "" && strong) && tensWord(x.key(j)) == 0 && x.key(j) != "thousand" && x.key(j) != "and" {
				break
			}
			s.last, s.year = j, 1
		}
	}
	return s
}

// findDates finds days that somebody was born on. Any other day is what letters
// are full of.
func (x *letter) findDates() {
	for i := 0; i < len(x.tokens); i++ {
		x.steps++
		d, ok := x.dateAt(i)
		if !ok {
			if last, ok := x.shortDate(i); ok {
				x.addTokens(i, last, Finding{Category: CatBirth, Severity: Medium, Rule: "pattern", Because: "date of birth"})
			}
			continue
		}
		if f, ok := x.judgeDate(i, d); ok {
			first := i
			if first > 0 && x.key(first-1) == "the" {
				first--
			}
			x.addTokens(first, d.last, f)
		}
		i = d.last
	}
}

func (x *letter) judgeDate(i int, d saidDate) (Finding, bool) {
	f := Finding{Category: CatBirth, Severity: Soft, Rule: "pattern", Because: "date"}
	for _, b := range x.screen.index.births {
		x.steps++
		if b.month == d.month && b.day == d.day && (d.year == 0 || d.year == b.year || d.year == 1 || d.year%100 == b.year%100) {
			f.Severity, f.Rule, f.Because = High, listed.String(), x.screen.entries[b.entry].Value
			return f, true
		}
	}
	birth := x.before(i, 9, isBirthWord) || x.word(i, d.last, 4, isBirthWord)
	f.Because = "date of birth"
	switch {
	case birth && d.year != 0:
		f.Severity = High
	case birth, x.turnsAge(i):
		f.Severity = Medium
	case d.year == 0 || x.alone(i, d.last):
		return f, false
	default:
		f.Because = "a full date"
	}
	return f, true
}

func isBirthWord(k string) bool {
	switch k {
	case "born", "dob", "birthday", "birthdays", "birthdate", "birth", "bday", "birfday", "ganwyd", "geni", "penblwydd", "ganed", "passport", "brthday":
		return true
	}
	return false
}

// shortDate finds birthday 12/4, which no year makes a date.
func (x *letter) shortDate(i int) (last int, ok bool) {
	if i+1 >= len(x.tokens) || !x.tokens[i].digits || !x.tokens[i+1].digits || x.gap(i+1) != "/" && x.gap(i+1) != "." || !x.before(i, 3, isBirthWord) {
		return 0, false
	}
	day, month := number(x.key(i)), number(x.key(i+1))
	return i + 1, day >= 1 && day <= 31 && month >= 1 && month <= 12 && len(x.key(i)) <= 2 && len(x.key(i+1)) <= 2
}

// turnsAge: will be nine on, turned six on.
func (x *letter) turnsAge(i int) bool {
	age := func(j int) bool {
		if j < 0 {
			return false
		}
		w, strong := digitWord(x.key(j))
		return x.tokens[j].digits && len(x.key(j)) <= 2 || w != "" && strong
	}
	for j := i - 1; j >= max(0, i-4); j-- {
		if !age(j) {
			continue
		}
		if x.key(j+1) == "on" && (j == 0 || x.tokens[j-1].sentence != x.tokens[j].sentence) {
			return true
		}
		if j == 0 {
			continue
		}
		switch x.key(j - 1) {
		case "be", "turns", "turned", "turn", "is", "was", "turning", "reaches", "becomes", "hes", "shes", "are":
			return true
		}
	}
	return false
}

// alone tells of a date on a line of its own: the day of the letter.
func (x *letter) alone(first, last int) bool {
	line := x.tokens[first].line
	return (first < 2 || x.tokens[first-2].line != line) && (last+1 >= len(x.tokens) || x.tokens[last+1].line != line) && len(x.tokens) > last-first+2
}
