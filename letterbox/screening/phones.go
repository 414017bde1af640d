package screening

import (
	"slices"
	"strings"
)

// findDigits finds telephone numbers, however they were written.
func (x *letter) findDigits() {
	x.readRuns()
	used := make([]bool, len(x.runs))
	for i := range x.runs {
		used[i] = x.phoneIn(&x.runs[i])
	}
	x.joinRuns(used)
	for i := range x.runs {
		if r := &x.runs[i]; !used[i] && !x.taken[r.first] && !x.otherPhone(r) {
			x.lesserNumber(r)
		}
	}
}

func phoneFinding(sev Severity, rule string) Finding {
	return Finding{Category: CatPhone, Code: "M02", Severity: sev, Rule: rule, Because: "telephone number"}
}

// national writes a British number as it is dialled at home.
func national(d string) string {
	for _, prefix := range [...]string{"00440", "0044", "440", "44"} {
		if rest, ok := strings.CutPrefix(d, prefix); ok && len(rest) == 10 {
			return "0" + rest
		}
	}
	return d
}

// british is how many digits a British number has that begins here; 0 is none.
func british(d string, plus bool) int {
	for _, p := range [...]struct {
		prefix string
		plus   bool
	}{{"00440", false}, {"0044", false}, {"440", true}, {"44", true}} {
		if strings.HasPrefix(d, p.prefix) && (plus || !p.plus) {
			if n := len(p.prefix) + 10; len(d) >= n && strings.IndexByte("1237", d[len(p.prefix)]) >= 0 {
				return n
			}
		}
	}
	if len(d) >= 11 && d[0] == '0' && strings.IndexByte("123789", d[1]) >= 0 {
		return 11
	}
	return 0
}

// phoneIn finds whole numbers in one run.
func (x *letter) phoneIn(r *digitRun) bool {
	if x.listedPhone(r) {
		return true
	}
	found := false
	for i := 0; i+10 < len(r.digits); {
		n := 0
		if r.bounds(i) {
			n = british(r.digits[i:], r.plus && i == 0)
		}
		if n == 0 || !r.bounds(i+n) {
			i++
			continue
		}
		sev := High
		if d := r.digits[i]; d == '0' && r.digits[i+1] != '7' && (r.commas >= 3 || r.digits[i+1] > '7') || r.date {
			sev = Medium
		}
		x.addTokens(r.at[i], r.at[i+n-1], phoneFinding(sev, x.saidHow(r)))
		found = true
		i += n
	}
	return found
}

func (x *letter) saidHow(r *digitRun) string {
	if r.words > 0 {
		return "digits in words"
	}
	return "digits"
}

func (x *letter) listedPhone(r *digitRun) bool {
	for _, p := range x.screen.index.phones {
		x.steps++
		at := strings.Index(r.digits, p.text)
		if at < 0 {
			back := []byte(p.text)
			slices.Reverse(back)
			at = strings.Index(r.digits, string(back))
		}
		if at >= 0 {
			if at > 0 && r.digits[at-1] == '0' {
				at--
			}
			x.addTokens(r.at[at], r.last, x.ofList(p.entry, listed, High))
			return true
		}
	}
	return false
}

// otherPhone judges a run that holds no whole British number.
func (x *letter) otherPhone(r *digitRun) bool {
	if len(r.digits) < 6 || r.date || x.counts(r) {
		return false
	}
	d, symbols := r.digits, x.symbolCount(r)
	start := x.tokens[r.first].start
	bracket := x.byteAt(start-1) == '('
	back := []byte(d)
	slices.Reverse(back)
	near := x.nearPhoneWord(r.first, r.last)
	add := func(sev Severity, rule string) bool {
		x.addTokens(r.first, r.last, phoneFinding(sev, rule))
		return true
	}
	switch n := len(d); {
	case r.plus && n >= 8 && n <= 15:
		return add(High, "digits")
	case n == 11 && british(string(back), false) == 11 && (back[1] == '7' || x.turned(r)):
		return add(Medium, "digits backwards")
	case n == 10 && d[0] == '7' && r.commas == 0 && symbols <= 10:
		if near {
			return add(High, "digits without the first")
		}
		return add(Medium, "digits without the first")
	case n == 10 && (strings.HasPrefix(d, "01") || strings.HasPrefix(d, "02")) && r.commas == 0 && x.nhsNumber(r) == "":
		return add(Medium, "digits")
	case n == 12 && strings.HasPrefix(d, "447"):
		return add(Medium, "digits")
	case n == 10 && symbols == 3 && r.commas == 0 && d[0] >= '2' && d[3] >= '2' && x.nhsNumber(r) == "":
		return add(Medium, "digits of another country")
	case n >= 9 && n <= 13 && r.commas == 0 && symbols <= 5 && (bracket || d[0] == '0' && n <= 11) && x.nhsNumber(r) == "":
		return add(Medium, "digits of another country")
	case n >= 6 && n <= 15 && near && r.commas < 2 && (r.words > 0 || symbols*2 < n || symbols == n) && x.nhsNumber(r) == "":
		return add(Medium, "digits beside a word for a telephone")
	}
	return false
}

// counts tells of numbers that go up or down by one step: one to ten, 10, 20, 30.
func (x *letter) counts(r *digitRun) bool {
	var steps, last, step int
	for i := 0; i < len(r.digits); {
		j := i + 1
		for !r.bounds(j) {
			j++
		}
		n := number(r.digits[i:j])
		if i > 0 && (steps == 0 || n-last == step) {
			steps, step = steps+1, n-last
		} else if i > 0 {
			return false
		}
		last, i = n, j
	}
	return steps >= 3 && step != 0
}

// turned: backwards, the other way round.
func (x *letter) turned(r *digitRun) bool {
	return x.word(r.first, r.last, 10, func(k string) bool {
		return k == "backwards" || k == "back" || k == "reverse" || k == "reversed" || k == "turn" || k == "round" || k == "mirror" || k == "flip"
	})
}

func (x *letter) symbolCount(r *digitRun) int {
	n := 0
	for i := range r.at {
		if r.bounds(i) {
			n++
		}
	}
	return n
}

// lesserNumber shows a long number that is nothing else, and the end of one that
// the reader is said to know.
func (x *letter) lesserNumber(r *digitRun) {
	switch n := len(r.digits); {
	case n >= 3 && n <= 6 && x.tellsPart(r.first) && x.nearPhoneWord(r.first, r.last):
		x.addTokens(r.first, r.last, phoneFinding(Medium, "a part of a number"))
	case n >= 9 && r.commas == 0 && !r.date && !x.counts(r) && x.symbolCount(r) <= 4 && r.weak == 0:
		x.addTokens(r.first, r.last, phoneFinding(Soft, "a long number"))
	}
}

// tellsPart: ends, starts, last four ... before a number.
func (x *letter) tellsPart(i int) bool {
	for j := max(0, i-4); j < i; j++ {
		switch x.tokens[j].key {
		case "ends", "ending", "end", "last", "starts", "first", "begins", "half", "rest", "finishes", "gorffen":
			return true
		}
	}
	return false
}

func (x *letter) nearPhoneWord(first, last int) bool {
	for j := max(0, first-9); j < min(len(x.tokens), last+9); j++ {
		if j >= first && j <= last {
			continue
		}
		switch x.tokens[j].key {
		case "ring", "call", "phone", "fone", "mobile", "mob", "moby", "mobil", "text", "txt", "number", "numbers", "numba", "tel", "telephone", "whatsapp", "sms", "landline", "ffon", "ffonia", "ffoniwch", "rhif", "tecstia", "nought", "digits", "dial", "cell", "fax", "bell":
			return abs(x.tokens[j].sentence-x.tokens[first].sentence) <= 1
		}
	}
	return false
}

// joinRuns puts halves together: 07700 ... and the rest is 900123.
func (x *letter) joinRuns(used []bool) {
	for i := range x.runs {
		if used[i] || len(x.runs[i].digits) > 9 || x.runs[i].date {
			continue
		}
		x.joinFrom(i, used)
	}
}

// joinFrom tries the runs after one; each start looks at a dozen of them at most.
func (x *letter) joinFrom(i int, used []bool) {
	list := []int{i}
	digits, weak := x.runs[i].digits, x.runs[i].weak
	forward, backward := couldBegin(digits), len(digits) >= 4 && x.runs[i].weak == 0
	for j := i + 1; j < min(i+12, len(x.runs)) && (forward || backward && j == i+1); j++ {
		x.steps++
		r, prev := &x.runs[j], &x.runs[list[len(list)-1]]
		if used[j] || r.first-prev.last > 16 || x.tokens[r.first].sentence-x.tokens[prev.last].sentence > 2 {
			return
		}
		if r.weak == len(r.digits) || r.date {
			continue
		}
		if backward && j == i+1 && len(digits)+len(r.digits) == 11 && r.digits[0] == '0' && len(r.digits) >= 4 && british(r.digits+digits, false) == 11 {
			x.addJoinedRuns([]int{i, j}, used, Medium)
			return
		}
		list, digits, weak = append(list, j), digits+r.digits, weak+r.weak
		if len(digits) > 11 || weak*3 > len(digits) {
			return
		}
		if len(digits) == 11 && british(digits, false) == 11 {
			sev := Medium
			if digits[1] == '7' || x.nearPhoneWord(x.runs[i].first, r.last) {
				sev = High
			}
			x.addJoinedRuns(list, used, sev)
			return
		}
	}
}

// couldBegin: a number of this country in pieces begins with a nought and 7, or
// with a whole code.
func couldBegin(d string) bool {
	return strings.HasPrefix(d, "07") || len(d) >= 3 && d[0] == '0' && d[1] >= '1' && d[1] <= '3' || d == "0"
}

func (x *letter) addJoinedRuns(list []int, used []bool, sev Severity) {
	for _, k := range list {
		used[k] = true
		x.addTokens(x.runs[k].first, x.runs[k].last, phoneFinding(sev, "digits in pieces"))
	}
}
