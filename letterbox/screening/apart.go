package screening

import "strings"

// gradePart grades a word of a place of several words by what stands around it.
func (x *letter) gradePart(i int) {
	h := x.hits[i]
	f := &x.screen.forms[h.form]
	p := x.screen.index.places[f.entry]
	first, last, others, general := i, i, 0, 0
	for _, step := range [2]int{-1, 1} {
		for j, misses := i+step, 0; j >= 0 && j < len(x.tokens) && abs(j-i) <= 5 && misses < 2; j += step {
			t := &x.tokens[j]
			same := x.hits[j].form >= 0 && x.screen.forms[x.hits[j].form].entry == f.entry
			switch {
			case abs(t.line-x.tokens[i].line) > 1 || t.sentence-x.tokens[i].sentence > 1:
				misses = 2
				continue
			case same:
				others++
			case len(t.key) > 2 && !t.digits && cutFrom(p.words, t.key):
				others++
			case t.digits && step < 0 || isGeneral(t.key) && sharesClass(p.words, t.key):
				general++
			default:
				misses++
				continue
			}
			first, last = min(first, j), max(last, j)
		}
	}
	word := x.screen.lore.isWord(x.tokens[i].key)
	sev := Soft
	switch {
	case others > 0 || general > 0 && (!word || x.tokens[i].capital):
		sev = High
		if h.how >= near && others == 0 {
			sev = Medium
		}
	case word && (general >= 2 || general > 0 && x.quiet):
		sev = Medium
	case word && !x.inside(i), word && p.distinct > 1, len(f.text) < 4:
		return
	case !word && (x.tokens[i].capital || x.quiet) && (p.distinct == 1 || h.how < near):
		sev = Medium
	}
	if sev == Soft && h.how >= near && !x.tokens[i].capital {
		return
	}
	x.addTokens(first, last, x.ofList(f.entry, h.how, sev))
}

// cutFrom tells whether a word is the beginning of a longer one of a place: Gym.
func cutFrom(words []string, w string) bool {
	for _, have := range words {
		if len(have) > len(w)+2 && strings.HasPrefix(have, w) {
			return true
		}
	}
	return false
}

// sharesClass tells whether a general word is of the same sort as one of a
// place's: Lane and Ln, Primary and School, Veterinary and Vets.
func sharesClass(words []string, w string) bool {
	switch w {
	case "the", "of", "and", "at", "in", "on", "by", "y", "yr":
		return false
	}
	for _, have := range words {
		if have == w || isStreet(have) && isStreet(w) || isHouse(have) && isHouse(w) {
			return true
		}
		if isGeneral(have) && !isStreet(have) && !isHouse(have) && len(have) > 2 && !isStreet(w) && !isHouse(w) && (len(w) > 2 && have[:2] == w[:2]) {
			return true
		}
	}
	return false
}

// findJoined looks at two or three words as one: Lud low, Pem-\nberton.
func (x *letter) findJoined() {
	var buf [3 * maxFuzzy]byte
	for i := range x.tokens {
		if x.tokens[i].digits || len(x.tokens[i].key) > maxFuzzy {
			continue
		}
		n := copy(buf[:], x.tokens[i].key)
		for j := i + 1; j < min(i+3, len(x.tokens)); j++ {
			t := &x.tokens[j]
			if t.digits || len(t.key) > maxFuzzy || x.gapBytes(j) > 4 || t.glued {
				break
			}
			n += copy(buf[n:], t.key)
			x.steps++
			if n < 4 || len(t.key) == 1 && len(x.tokens[i].key) == 1 {
				continue
			}
			if at := x.exact(string(buf[:n])); at.form >= 0 && (at.how <= joined || at.how == reversed) {
				x.addJoined(i, j, at)
			}
		}
	}
}

// findAcross looks at two parts of a word with a few words between: Pem and then
// berton.
func (x *letter) findAcross() {
	var buf [2 * maxFuzzy]byte
	for i := range x.tokens {
		a := &x.tokens[i]
		if a.digits || len(a.key) > maxFuzzy || len(a.key) < 2 || x.hits[i].form >= 0 {
			continue
		}
		for j := i + 1; j < min(i+4, len(x.tokens)) && isBetween(x.key(j)); j++ {
			b := x.key(j + 1)
			x.steps++
			if len(b) < 2 || len(a.key)+len(b) < 5 || len(b) > maxFuzzy || x.screen.lore.isWord(a.key) && x.screen.lore.isWord(b) {
				continue
			}
			n := copy(buf[:], a.key)
			n += copy(buf[n:], b)
			if h := x.exact(string(buf[:n])); h.form >= 0 && h.how <= joined {
				f := x.ofList(x.screen.forms[h.form].entry, joined, Medium)
				x.addTokens(i, i, f)
				x.addTokens(j+1, j+1, f)
			}
		}
	}
}

func isBetween(k string) bool {
	switch k {
	case "and", "then", "plus", "with", "add", "followed", "by", "after", "the", "a", "wedyn":
		return true
	}
	return false
}

func (x *letter) addJoined(i, j int, h hit) {
	sev, ordinary := High, true
	for k := i; k <= j; k++ {
		ordinary = ordinary && (x.screen.lore.isWord(x.tokens[k].key) || len(x.tokens[k].key) == 1)
		if x.hits[k].form >= 0 && x.hits[k].how <= joined && h.how != joined {
			return // said already by its own word
		}
	}
	if strings.TrimSpace(x.folded[x.tokens[i].end:x.tokens[j].start]) == "" && ordinary && h.how != joined {
		if !x.inside(i) {
			return
		}
		sev = Soft
	}
	x.addTokens(i, j, x.ofList(x.screen.forms[h.form].entry, joined, sev))
}

// findRough looks at words with digits and signs among their letters: P3mb3rt0n,
// P*mb*rton.
func (x *letter) findRough() {
	var buf [maxFuzzy]byte
	for i := 0; i < len(x.b); {
		if c := x.b[i]; !isAlnum(c) && c != '@' && c != '$' {
			i++
			continue
		}
		j, letters, signs, stars := i, 0, 0, 0
		for j < len(x.b) && (isAlnum(x.b[j]) || strings.IndexByte("@$!|+*_", x.b[j]) >= 0) {
			switch c := x.b[j]; {
			case isLetter(c):
				letters++
			case c == '*' || c == '_':
				stars++
			default:
				signs++
			}
			j++
		}
		end := j
		for end > i && x.b[end-1] == '!' {
			end--
			signs--
		}
		if n := end - i; letters > 0 && signs+stars > 0 && n >= 4 && n <= maxFuzzy {
			x.rough(i, end, buf[:n], stars > 0)
		}
		i = j
	}
}

func (x *letter) rough(start, end int, buf []byte, stars bool) {
	for _, one := range [2]byte{'i', 'l'} {
		for k, c := range x.b[start:end] {
			buf[k] = unleet(c, one)
		}
		x.steps += len(buf)
		if h := x.exact(string(buf)); h.form >= 0 && h.how <= nickname {
			x.add(start, end, x.ofList(x.screen.forms[h.form].entry, h.how, High))
			return
		}
	}
	if stars && x.masked(start, end, buf) {
		return
	}
	if !stars && len(buf) >= 5 && !x.screen.lore.isWord(string(buf)) {
		if h := x.nearest(string(buf)); h.form >= 0 && h.how == near {
			x.add(start, end, x.ofList(x.screen.forms[h.form].entry, h.how, Medium))
		}
	}
}

// masked finds a form some of whose letters are stars.
func (x *letter) masked(start, end int, buf []byte) bool {
	for _, at := range x.screen.index.byLength[len(buf)] {
		f := &x.screen.forms[at]
		shown := 0
		for k, c := range buf {
			if c == '*' || c == '_' {
				continue
			}
			if c != f.text[k] {
				shown = -1
				break
			}
			shown++
		}
		x.steps += len(buf)
		if shown >= 2 && shown*3 >= len(buf) {
			sev := Soft
			if shown*2 >= len(buf) {
				sev = Medium
			}
			x.add(start, end, x.ofList(f.entry, masked, sev))
			return true
		}
	}
	return false
}

func unleet(c, one byte) byte {
	switch c {
	case '0':
		return 'o'
	case '1', '!', '|':
		return one
	case '3':
		return 'e'
	case '4', '@':
		return 'a'
	case '5', '$':
		return 's'
	case '6', '9':
		return 'g'
	case '7', '+':
		return 't'
	case '8':
		return 'b'
	case '2':
		return 'z'
	}
	return c
}

// findInitials finds I.P., and a form that was cut short: Hargr.
func (x *letter) findInitials() {
	for i := range x.tokens {
		t := &x.tokens[i]
		if t.digits || !t.capital {
			continue
		}
		if len(t.key) == 1 && i+1 < len(x.tokens) {
			n := &x.tokens[i+1]
			if x.threeInitials(i) {
				continue
			}
			if gap := x.gap(i + 1); len(n.key) == 1 && n.capital && (gap == "." || gap == ". ") {
				if entry, ok := x.screen.index.initials[[2]byte{t.key[0], n.key[0]}]; ok && !x.initialsGoOn(i) {
					end := n.end
					if x.byteAt(end) == '.' {
						end++
					}
					x.add(t.start, end, x.ofList(entry, acronym, Medium))
				}
			}
			if x.hits[i+1].form >= 0 && x.hits[i+1].how <= spelling && n.capital && len(x.gap(i+1)) <= 2 && !x.screen.forms[x.hits[i+1].form].part && t.key != "i" {
				x.addTokens(i, i+1, x.ofList(x.screen.forms[x.hits[i+1].form].entry, listed, High))
			}
		}
		if next := x.byteAt(t.end); len(t.key) >= 4 && (next == '.' || next == '-' || next == '*') && x.hits[i].form < 0 && !x.screen.lore.isWord(t.key) {
			x.cutShort(i)
		}
	}
}

// threeInitials finds E.M.C., whose second letter the list need not know.
func (x *letter) threeInitials(i int) bool {
	if i+2 >= len(x.tokens) || x.gap(i+1) != "." || x.gap(i+2) != "." || i > 0 && x.gap(i) == "." {
		return false
	}
	b, c := &x.tokens[i+1], &x.tokens[i+2]
	entry, ok := x.screen.index.initials[[2]byte{x.key(i)[0], c.key[0]}]
	if !ok || len(b.key) != 1 || len(c.key) != 1 || !b.capital || !c.capital || x.gap(i+3) == "." && len(x.key(i+3)) == 1 {
		return false
	}
	x.addTokens(i, i+2, x.ofList(entry, acronym, Medium))
	return true
}

// initialsGoOn tells of letters with dots before or after two of them: a longer word.
func (x *letter) initialsGoOn(i int) bool {
	one := func(j int) bool {
		return j >= 0 && j < len(x.tokens) && len(x.tokens[j].key) == 1 && !x.tokens[j].digits
	}
	return one(i-1) && x.gap(i) == "." || one(i+2) && strings.HasPrefix(x.gap(i+2), ".") && len(x.gap(i+2)) == 1
}

func (x *letter) cutShort(i int) {
	k := x.tokens[i].key
	for _, at := range x.screen.index.starts[[4]byte([]byte(k[:4]))] {
		f := &x.screen.forms[at]
		x.steps++
		if strings.HasPrefix(f.text, k) && len(f.text) >= len(k)+2 && len(f.text) <= 3*len(k) {
			x.addTokens(i, i, x.ofList(f.entry, shortened, Medium))
			return
		}
	}
}

// findHalves finds a name that is told by its beginning and its end.
func (x *letter) findHalves() {
	asked := 0 // each one looks at the whole list
	for i := range x.tokens {
		if asked == 50 {
			return
		}
		var begins bool
		switch x.tokens[i].key {
		case "starts", "start", "starting", "begins", "begin", "beginning", "dechrau":
			begins = true
		case "ends", "end", "ending", "finishes", "gorffen":
		default:
			continue
		}
		j := i + 1
		for n := 0; n < 3 && (x.key(j) == "with" || x.key(j) == "in" || x.key(j) == "like" || x.key(j) == "off"); n++ {
			j++
		}
		if j == i+1 || j >= len(x.tokens) || x.tokens[j].digits {
			continue
		}
		asked++
		x.half(j, begins)
	}
}

func (x *letter) half(j int, begins bool) {
	k := x.tokens[j].key
	if len(k) < 2 || len(k) > maxFuzzy {
		return
	}
	for at := range x.screen.forms {
		f := &x.screen.forms[at]
		x.steps++
		if f.how != listed || len(f.text) < len(k)+2 {
			continue
		}
		if begins && strings.HasPrefix(f.text, k) || !begins && strings.HasSuffix(f.text, k) {
			sev := Soft
			if len(k) >= 3 && (!x.screen.lore.isWord(k) || !begins) {
				sev = Medium
			}
			x.addTokens(j, j, x.ofList(f.entry, shortened, sev))
			return
		}
	}
}
