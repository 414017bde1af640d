package screening

import "strings"

func position(sev Severity, cat Category, because string) Finding {
	return Finding{Category: cat, Code: "M02", Severity: sev, Rule: "pattern", Because: because}
}

// findPositions finds places that are given as numbers or as three words.
func (x *letter) findPositions() {
	for i := range x.tokens {
		x.steps++
		if x.tokens[i].digits {
			x.coordinates(i)
			x.degrees(i)
		} else {
			x.threeWords(i)
			x.grid(i)
		}
	}
	x.plusCodes()
}

// coordinates: 52.3676, -2.7182.
func (x *letter) coordinates(i int) {
	lat, ok := x.decimal(i, 3)
	if !ok || i+2 >= len(x.tokens) {
		return
	}
	gap := x.gap(i + 2)
	if len(gap) > 4 || strings.Trim(gap, " ,;-+/nw") != "" || gap == "" || !x.tokens[i+2].digits {
		if !(len(x.key(i+2)) == 1 && (x.key(i+2) == "n" || x.key(i+2) == "s")) {
			return
		}
		i++
	}
	if i+2 >= len(x.tokens) {
		return
	}
	if _, ok := x.decimal(i+2, 3); !ok {
		return
	}
	sev := Medium
	if lat >= 49 && lat <= 61 {
		sev = High
	}
	first := i
	if x.key(first) == "" || !x.tokens[first].digits {
		first--
	}
	for first > 0 && x.gap(first) == "." {
		first--
	}
	x.addTokens(first, min(i+3, len(x.tokens)-1), position(sev, CatGPS, "coordinates"))
}

// decimal reads a number with so many places after its point.
func (x *letter) decimal(i, places int) (whole int, ok bool) {
	if i+1 >= len(x.tokens) || !x.tokens[i].digits || !x.tokens[i+1].digits || x.gap(i+1) != "." || len(x.key(i)) > 3 || len(x.key(i+1)) < places {
		return 0, false
	}
	return number(x.key(i)), true
}

// degrees: 52°22'03"N 2°43'06"W.
func (x *letter) degrees(i int) {
	if i+1 >= len(x.tokens) || x.byteAt(x.tokens[i].end) != degree {
		return
	}
	last := i
	for j := i + 1; j < min(i+9, len(x.tokens)); j++ {
		k := x.key(j)
		if x.gapBytes(j) > 4 || !x.tokens[j].digits && k != "n" && k != "s" && k != "e" && k != "w" {
			break
		}
		last = j
	}
	if last-i >= 2 {
		x.addTokens(i, last, position(High, CatGPS, "coordinates"))
	}
}

// threeWords: ///filled.count.soap, or the words after the name of the app.
func (x *letter) threeWords(i int) {
	if i+2 < len(x.tokens) && x.gap(i+1) == "." && x.gap(i+2) == "." && !x.tokens[i+1].digits && !x.tokens[i+2].digits {
		a, b, c := x.key(i), x.key(i+1), x.key(i+2)
		slashes := strings.HasSuffix(x.folded[:x.tokens[i].start], "//")
		if len(a) >= 3 && len(b) >= 3 && len(c) >= 3 && a != "www" && !isTop(c) && !isTop(b) && x.gap(i+3) != "." && (i == 0 || x.gap(i) != ".") {
			start, sev := x.tokens[i].start, Medium
			for start > 0 && x.b[start-1] == '/' {
				start--
			}
			if slashes {
				sev = High
			} else if x.tokens[i+1].capital || x.tokens[i+2].capital {
				return
			}
			x.add(start, x.tokens[i+2].end, position(sev, CatWords, "what3words"))
		}
	}
	if k := x.key(i); k == "w3w" || (k == "what" || k == "whatthree") && (x.key(i+1) == "three" && x.key(i+2) == "words" || x.key(i+2) == "words" && x.key(i+1) == "3") || k == "wordsapp" {
		j := i + 1
		for j < len(x.tokens) && j < i+6 && (x.key(j) == "three" || x.key(j) == "3" || x.key(j) == "words" || x.key(j) == "is" || x.key(j) == "are" || x.key(j) == "location" || x.key(j) == "our") {
			j++
		}
		x.addTokens(i, max(i, min(j, len(x.tokens))-1), Finding{Category: CatCue, Code: "M02", Severity: Medium, Rule: "phrase", Because: "what3words"})
		if j+2 < len(x.tokens) && x.tokens[j+2].sentence-x.tokens[i].sentence <= 1 {
			x.addTokens(j, j+2, position(High, CatWords, "what3words"))
		}
	}
}

// grid: SO 512 746, SO5174.
func (x *letter) grid(i int) {
	k := x.key(i)
	if len(k) != 2 || strings.IndexByte("hjnost", k[0]) < 0 || k[1] == 'i' || !x.tokens[i].upper || i+1 >= len(x.tokens) || !x.tokens[i+1].digits || x.gapBytes(i+1) > 1 {
		return
	}
	said := x.word(i, i+2, 6, func(w string) bool { return w == "grid" || w == "ref" || w == "os" || w == "map" || w == "reference" })
	n := len(x.key(i + 1))
	if two := i + 2; two < len(x.tokens) && x.tokens[two].digits && len(x.key(two)) == n && n >= 2 && n <= 5 && x.gap(two) == " " && (said || n >= 3) {
		sev := Medium
		if said {
			sev = High
		}
		x.addTokens(i, two, position(sev, CatGPS, "grid reference"))
		return
	}
	if said && (n == 4 || n == 6 || n == 8 || n == 10) {
		x.addTokens(i, i+1, position(High, CatGPS, "grid reference"))
	}
}

// plusCodes: 9C4VF7FW+J2.
func (x *letter) plusCodes() {
	const signs = "23456789cfghjmpqrvwx"
	for i, c := range x.b {
		if c != '+' {
			continue
		}
		first, last := i, i+1
		for first > 0 && i-first < 8 && strings.IndexByte(signs, x.b[first-1]) >= 0 {
			first--
		}
		for last < len(x.b) && last-i < 5 && strings.IndexByte(signs, x.b[last]) >= 0 {
			last++
		}
		n, m := i-first, last-i-1
		if (n == 4 || n == 6 || n == 8) && (m == 2 || m == 3) && !isAlnum(x.byteAt(first-1)) && !isAlnum(x.byteAt(last)) && strings.ContainsAny(x.folded[first:last], signs[8:]) {
			x.add(first, last, position(High, CatGPS, "plus code"))
		}
	}
}
