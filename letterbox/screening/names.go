package screening

import (
	"math/bits"
	"strings"
)

// hit is the form of the list that a word is, or may be.
type hit struct {
	form  int32 // -1: none
	how   how
	plain bool // without an ending that was taken off
}

var noHit = hit{form: -1}

// findNames looks at each word, and at words that were taken apart or joined.
func (x *letter) findNames() {
	x.hits = make([]hit, len(x.tokens))
	for i := range x.tokens {
		x.hits[i] = noHit
		if t := &x.tokens[i]; !t.digits {
			x.hits[i] = x.look(t)
		}
	}
	shown := map[int32]bool{} // entries that are ordinary words, once each
	for i, h := range x.hits {
		if h.form < 0 {
			continue
		}
		if f := &x.screen.forms[h.form]; f.part {
			x.gradePart(i)
		} else {
			x.gradeName(i, shown)
		}
	}
	x.findJoined()
	x.findAcross()
	x.findRough()
	x.findInitials()
	x.findHalves()
}

// look finds a word in the list.
func (x *letter) look(t *token) hit {
	k := t.key
	if len(k) < 2 {
		return noHit
	}
	if t.camel || len(k) > 40 {
		if h := x.lookOnce(k); h.form >= 0 {
			return h
		}
		return noHit
	}
	if h, ok := x.memo[k]; ok {
		return h
	}
	h := x.lookOnce(k)
	if len(x.memo) < 50_000 {
		x.memo[k] = h
	}
	return h
}

func (x *letter) lookOnce(k string) hit {
	x.steps++
	if h := x.exact(k); h.form >= 0 {
		h.plain = true
		return h
	}
	stem := strings.TrimSuffix(k, "s")
	if len(stem) >= 2 && stem != k {
		if h := x.exact(stem); h.form >= 0 && h.how < reversed && h.how != acronym {
			return h
		}
	}
	if y, ok := strings.CutSuffix(k, "ies"); ok && len(y) > 1 {
		if h := x.exact(y + "y"); h.form >= 0 && h.how < acronym {
			return h
		}
	}
	if short := unstretch(k); short != k {
		if h := x.exact(short); h.form >= 0 {
			return hit{form: h.form, how: near}
		}
	}
	if len(k) < 4 || x.screen.lore.isWord(k) {
		return noHit
	}
	if h := x.nearest(k); h.form >= 0 {
		return h
	}
	if stem != k {
		if h := x.nearest(stem); h.form >= 0 {
			return h
		}
	}
	return x.within(k)
}

// exact is the surest form that is this word.
func (x *letter) exact(k string) hit {
	best := noHit
	for _, n := range x.screen.index.exact[k] {
		f := &x.screen.forms[n]
		if best.form < 0 || f.how < best.how || f.how == best.how && x.screen.forms[best.form].part && !f.part {
			best = hit{form: n, how: f.how}
		}
	}
	return best
}

// unstretch writes three or more of one letter once.
func unstretch(k string) string {
	n := 1
	for i := 1; i < len(k); i++ {
		if k[i] != k[i-1] {
			n = 1
		} else if n++; n == 3 {
			break
		}
	}
	if n < 3 {
		return k
	}
	out := make([]byte, 0, len(k))
	for i := 0; i < len(k); {
		j := i
		for j < len(k) && k[j] == k[i] {
			j++
		}
		out = append(out, k[i])
		if j-i == 2 {
			out = append(out, k[i])
		}
		i = j
	}
	return string(out)
}

// nearest is a form that this word may be a slip for, or a way to write it by ear.
func (x *letter) nearest(k string) hit {
	if len(k) < 4 || len(k) > maxFuzzy {
		return noHit
	}
	best, least, mask := noHit, 3, letterMask(k)
	for n := max(4, len(k)-2); n <= min(maxFuzzy, len(k)+2); n++ {
		limit := 1
		if min(n, len(k)) >= 8 {
			limit = 2
		}
		if abs(n-len(k)) > limit {
			continue
		}
		forms := x.screen.index.byLength[n]
		x.steps += len(forms)
		for _, at := range forms {
			f := &x.screen.forms[at]
			if bits.OnesCount32(f.mask^mask) > 2*limit || len(k) < 6 && f.text[0] != k[0] && f.text[0] != k[1] {
				continue
			}
			x.steps += len(k)
			if d := edits(k, f.text, limit); d <= limit && d < least {
				best, least = hit{form: at, how: near}, d
			}
		}
	}
	if best.form >= 0 {
		return best
	}
	key, full := sound(k)
	for _, at := range x.screen.index.sounds[key] {
		f := &x.screen.forms[at]
		x.steps += len(k)
		if edits(k, f.text, 3) <= 3 && abs(len(k)-len(f.text)) <= 3 || full == f.full && len(full) >= 5 {
			return hit{form: at, how: sounding}
		}
	}
	return noHit
}

// within is a form that stands inside a longer word.
func (x *letter) within(k string) hit {
	for i := 0; i+5 <= len(k); i++ {
		for _, at := range x.screen.index.starts[[4]byte([]byte(k[i:i+4]))] {
			f := &x.screen.forms[at]
			x.steps++
			if len(f.text) < 5 || !strings.HasPrefix(k[i:], f.text) {
				continue
			}
			// An ordinary word is inside too many others, unless it ends the word or begins it.
			if x.screen.lore.isWord(f.text) && (i != 0 && i+len(f.text) != len(k) || len(k)-len(f.text) < 4) {
				continue
			}
			return hit{form: at, how: glued}
		}
	}
	return noHit
}

// gradeName says how much a name weighs where it stands.
func (x *letter) gradeName(i int, shown map[int32]bool) {
	h := x.hits[i]
	f := &x.screen.forms[h.form]
	sev := x.weigh(i, h)
	if sev == "" {
		return
	}
	if sev == Soft && x.screen.lore.isWord(x.tokens[i].key) {
		if shown[f.entry] {
			return
		}
		shown[f.entry] = true
	}
	first, last := x.wholeWord(i)
	start := x.tokens[first].start
	if start > 0 && x.byteAt(start-1) == '#' {
		start--
	}
	x.add(start, x.tokens[last].end, x.ofList(f.entry, h.how, sev))
}

// wholeWord is the run of glued tokens that a token stands in.
func (x *letter) wholeWord(i int) (first, last int) {
	first, last = i, i
	for n := 0; n < 8 && first > 0 && x.tokens[first].glued; n++ {
		first--
	}
	for n := 0; n < 8 && last+1 < len(x.tokens) && x.tokens[last+1].glued; n++ {
		last++
	}
	return first, last
}

// inside tells of a capital that only a name has there.
func (x *letter) inside(i int) bool {
	t := &x.tokens[i]
	return t.capital && !t.first && !x.shouting
}

func (x *letter) weigh(i int, h hit) Severity {
	t := &x.tokens[i]
	word := x.screen.lore.isWord(t.key)
	switch h.how {
	case listed, spelling, joined:
		return x.weighListed(i, h, word)
	case nickname:
		switch {
		case isCalendar(t.key), isKin(t.key):
			return ""
		case x.inside(i) || x.beside(i):
			return Medium
		case word:
			return ""
		case t.capital:
			return Medium
		}
		return Soft
	case acronym:
		if t.upper && !x.shouting && len(t.key) >= 3 && !word {
			return Medium
		}
		return ""
	case reversed, shifted, vowelless:
		if word && !x.inside(i) || len(t.key) < 5 && !t.capital && x.screen.lore.isName(t.key) {
			return ""
		}
		return Medium
	}
	if h.how == related {
		if t.capital && !x.shouting && !word {
			return Soft
		}
		return ""
	}
	return x.weighNear(i)
}

// weighListed grades the very word of the list.
func (x *letter) weighListed(i int, h hit, word bool) Severity {
	t := &x.tokens[i]
	possessive := t.apostrophe == 1 && t.capital
	if word && !t.capital && !x.quiet && !x.beside(i) {
		return "" // where capitals are used, a word without one is a word: marks, summers
	}
	if !h.plain && word && !x.inside(i) {
		return Soft
	}
	if kind := x.screen.entries[x.screen.forms[h.form].entry].Kind; !h.plain && kind == Town && t.apostrophe == 0 {
		return Soft // leeks of the allotment
	}
	if !word && len(t.key) > 2 {
		return High
	}
	switch {
	case x.shouting:
		return Soft
	case isCalendar(t.key) && x.beforeDay(i):
		return Soft
	case x.inside(i), possessive, x.beside(i) && t.capital:
		return High
	case t.capital && t.first && (x.actsNext(i) || !word):
		return Medium
	}
	return Soft
}

func (x *letter) weighNear(i int) Severity {
	t := &x.tokens[i]
	capital := t.capital && !x.shouting
	switch {
	case x.screen.lore.isName(t.key), len(x.screen.lore.spellings[t.key]) > 0: // somebody else's name, it may be
		if capital {
			return Soft
		}
		return ""
	case !capital && len(t.key) < 5 && !x.quiet:
		return ""
	case capital, x.hits[i].how == glued, len(t.key) >= 6, x.quiet && len(t.key) >= 5:
		return Medium
	}
	return Soft
}

// beforeDay tells of a month that is one: in April, 3rd of June, last May.
func (x *letter) beforeDay(i int) bool {
	if i == 0 {
		return false
	}
	prev := x.tokens[i-1]
	if prev.digits || isOrdinalEnd(prev.key) || i+1 < len(x.tokens) && x.tokens[i+1].digits && x.gap(i+1) == " " {
		return true
	}
	switch prev.key {
	case "in", "of", "since", "until", "till", "by", "this", "last", "next", "every", "each", "early", "late", "mid", "during", "from", "to", "before", "after", "end", "a", "the", "first", "second", "third", "on", "for", "around", "about", "through", "and", "or", "between", "is":
		return prev.key != "and" && prev.key != "for" && prev.key != "to" && prev.key != "is" && prev.key != "from" && prev.key != "about" || isCalendar(x.key(i-2)) || isCalendar(x.key(i+1))
	}
	return false
}

func isOrdinalEnd(k string) bool { return k == "st" || k == "nd" || k == "rd" || k == "th" }

// beside tells of a word next to another name of the list: Mark and April,
// Grace Summers.
func (x *letter) beside(i int) bool {
	for _, j := range [...]int{i - 2, i - 1, i + 1, i + 2} {
		if j < 0 || j >= len(x.hits) || x.hits[j].form < 0 || x.hits[j].how > nickname || !x.tokens[j].capital {
			continue
		}
		if x.screen.forms[x.hits[j].form].part || isCalendar(x.key(j)) && x.beforeDay(j) {
			continue
		}
		lo, hi := min(i, j), max(i, j)
		between := x.folded[x.tokens[lo].end:x.tokens[hi].start]
		switch strings.TrimSpace(between) {
		case "", ",", "-", "&", "and", "+", "/":
			if len(between) <= 6 {
				return true
			}
		}
	}
	return false
}

// actsNext tells of a word at the beginning of a sentence that does something.
func (x *letter) actsNext(i int) bool {
	switch x.key(i + 1) {
	case "has", "is", "was", "said", "says", "loves", "likes", "went", "goes", "wants", "wanted", "had", "does", "did", "got", "gets", "cant", "isnt", "wasnt", "doesnt", "didnt", "still", "sends", "came", "made", "makes", "asked", "asks", "thinks", "started", "passed", "turned", "plays", "enjoys", "hates", "wrote", "writes", "drew", "lost", "won", "broke", "learned", "learnt":
		return !isCalendar(x.key(i)) || x.key(i+1) != "is" && x.key(i+1) != "was"
	}
	return false
}

// ofList is a finding of an entry.
func (x *letter) ofList(entry int32, by how, sev Severity) Finding {
	e := x.screen.entries[entry]
	f := Finding{Severity: sev, Rule: by.String(), Because: e.Value}
	f.Category, f.Code = e.Kind.category()
	if int(entry) >= x.screen.own {
		f.Code = "M13"
	}
	if by == shifted {
		f.Category, f.Code = CatCode, "M10"
	}
	return f
}

// category is what kind of finding an entry makes, and its code. A nickname or a
// forename is the child's new name as often as not (M04); a worker says whose.
func (k Kind) category() (Category, Code) {
	switch k {
	case Name, Nickname:
		return CatName, "M04"
	case Surname:
		return CatName, "M01"
	case Address:
		return CatAddress, "M02"
	case Town:
		return CatLocation, "M03"
	case Postcode:
		return CatPostcode, "M02"
	case School:
		return CatSchool, "M03"
	case Workplace:
		return CatWorkplace, "M03"
	case Club:
		return CatClub, "M03"
	case Surgery:
		return CatPlace, "M03"
	case Phone:
		return CatPhone, "M02"
	case Email:
		return CatEmail, "M02"
	case Vehicle:
		return CatVehicle, "M03"
	case DateOfBirth:
		return CatBirth, ""
	}
	return CatOther, ""
}
