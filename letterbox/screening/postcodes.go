package screening

import "strings"

// areas are the letters that a postcode begins with.
const areas = " ab al b ba bb bd bh bl bn br bs bt ca cb cf ch cm co cr ct cv cw da dd de dg dh dl dn dt dy e ec eh en ex fk fy g gl gu gy ha hd hg hp hr hs hu hx ig im ip iv je ka kt kw ky l la ld le ll ln ls lu m me mk ml n ne ng nn np nr nw ol ox pa pe ph pl po pr rg rh rm s sa se sg sk sl sm sn so sp sr ss st sw sy ta td tf tn tq tr ts tw ub w wa wc wd wf wn wr ws wv yo ze "

func isArea(a string) bool {
	return len(a) > 0 && len(a) <= 2 && strings.Contains(areas, " "+a+" ")
}

// asPostcode reads a text as a whole postcode, O and 0 and I, l and 1 being one
// where the place says which. valid: the area is there, and the last letters are
// of those that are used.
func asPostcode(t string) (code string, valid bool) {
	if len(t) < 5 || len(t) > 7 {
		return "", false
	}
	in := t[len(t)-3:]
	d := toDigit(in[0])
	if d == 0 || isDigit(in[1]) && toLetter(in[1]) == 0 || isDigit(in[2]) && toLetter(in[2]) == 0 {
		return "", false
	}
	out, ok := outward(t[:len(t)-3])
	if !ok {
		return "", false
	}
	a, b := in[1], in[2]
	if isDigit(a) {
		a = toLetter(a)
	}
	if isDigit(b) {
		b = toLetter(b)
	}
	if a > 'z' || b > 'z' {
		return "", false
	}
	valid = !strings.ContainsAny(string([]byte{a, b}), "cikmov") && (out == "gir0" || isArea(districtArea(out)))
	return out + string([]byte{d, a, b}), valid
}

// districtArea is the letters before the first digit.
func districtArea(out string) string {
	i := strings.IndexAny(out, "0123456789")
	if i < 0 {
		return ""
	}
	return out[:i]
}

// outward reads the first half: one or two letters, a digit, a digit or a letter.
func outward(t string) (string, bool) {
	if len(t) < 2 || len(t) > 4 {
		return "", false
	}
	if t == "gir0" || t == "giro" {
		return "gir0", true
	}
	for _, letters := range [2]int{2, 1} {
		rest := len(t) - letters
		if rest < 1 || rest > 2 {
			continue
		}
		b, ok := []byte(t), true
		for i := range b {
			switch {
			case i < letters:
				ok = ok && b[i] >= 'a' && b[i] <= 'z'
			case i == letters:
				b[i] = toDigit(b[i])
				ok = ok && b[i] != 0
			default: // a second digit, or the letter of a district
				if d := toDigit(b[i]); d != 0 {
					b[i] = d
				} else {
					ok = ok && b[i] >= 'a' && b[i] <= 'z'
				}
			}
		}
		if ok {
			return string(b), true
		}
	}
	return "", false
}

func toDigit(c byte) byte {
	switch {
	case isDigit(c):
		return c
	case c == 'o':
		return '0'
	case c == 'i', c == 'l':
		return '1'
	}
	return 0
}

func toLetter(c byte) byte {
	switch c {
	case '0':
		return 'o'
	case '1':
		return 'i'
	}
	return 0
}

// findPostcodes finds whole ones, halves, and first halves that are said to be one.
func (x *letter) findPostcodes() {
	list := x.chunks()
	for i := 0; i < len(list); i++ {
		x.steps++
		if x.wholePostcode(list, i) {
			continue
		}
		c := list[i]
		if shape(c.text) == "0aa" && !notInward(c.text) && x.before(c.first, 5, func(k string) bool { return k == "postcode" || k == "postal" }) {
			x.addTokens(c.first, c.last, postcodeFinding(Medium, "second half"))
			continue
		}
		if len(c.text) >= 2 && len(c.text) <= 4 && c.first != c.last {
			x.halfPostcode(list, i)
		}
	}
}

func postcodeFinding(sev Severity, rule string) Finding {
	return Finding{Category: CatPostcode, Code: "M02", Severity: sev, Rule: rule, Because: "postcode"}
}

func (x *letter) wholePostcode(list []chunk, i int) bool {
	if c := list[i]; len(c.text) > 7 || c.text[0] < 'a' || !x.mayNumber(list, i) {
		return false
	}
	for n := 4; n >= 1; n-- {
		c, ok := x.joinedChunk(list, i, n)
		if ok && n == 4 && c.upper && len(list[i].text) <= 2 && len(list[i+3].text) == 2 && len(list[i+2].text) == 1 {
			if _, valid := asPostcode(c.text); valid {
				x.addTokens(c.first, c.last, postcodeFinding(High, "pattern"))
				return true
			}
		}
		if !ok || n == 4 || len(c.text) > 7 || n == 3 && len(list[i].text) > 2 {
			continue
		}
		_, valid := asPostcode(c.text)
		code, _ := asPostcode(c.text)
		if code == "" || !strings.ContainsAny(c.text, "0123456789") {
			continue
		}
		// The join must be where the halves meet, and be no 4th or 5pm.
		end := list[i+n-1].text
		if n > 1 && (len(end) != 3 || notInward(end) || !isDigit(list[i].text[len(list[i].text)-1]) && n == 2 && len(list[i].text) < 3) {
			continue
		}
		digits := strings.Count(shape(c.text), "0")
		sev := High
		switch {
		case !valid:
			sev = Soft
		case digits < 2:
			sev = Medium
		case n == 1 && !c.upper && len(c.text) == 5:
			sev = Medium
		}
		if valid || c.upper {
			x.addTokens(c.first, c.last, postcodeFinding(sev, "pattern"))
		}
		return true
	}
	return false
}

// notInward tells of an end of an ordinal, a time, a weight.
func notInward(s string) bool {
	switch s[1:] {
	case "st", "nd", "rd", "th", "pm", "am", "kg", "lb", "oz", "cm", "mm", "km", "ml", "ft", "hr", "yr", "do", "in", "of", "to", "is":
		return true
	}
	return false
}

// halfPostcode finds SY8 where the letter says that it is one, and 7QB after it.
func (x *letter) halfPostcode(list []chunk, i int) {
	c := list[i]
	out, ok := outward(c.text)
	if !ok || !isArea(districtArea(out)) || !strings.ContainsAny(c.text, "0123456789") {
		return
	}
	said := x.word(c.first, c.last, 6, func(k string) bool {
		return k == "postcode" || k == "code" || k == "cod" || k == "half" || k == "postal"
	})
	for j := i + 1; j < min(i+10, len(list)); j++ {
		in := list[j]
		if len(in.text) == 3 && shape(in.text) == "0aa" && !notInward(in.text) && in.upper == c.upper &&
			x.before(in.first, 6, func(k string) bool {
				return k == "half" || k == "rest" || k == "then" || k == "ends" || k == "second" || k == "end"
			}) {
			x.addTokens(c.first, c.last, postcodeFinding(High, "in halves"))
			x.addTokens(in.first, in.last, postcodeFinding(High, "in halves"))
			return
		}
	}
	place := x.before(c.first, 1, func(k string) bool { return k == "in" || k == "near" || k == "around" || k == "is" })
	switch {
	case said:
		x.addTokens(c.first, c.last, postcodeFinding(Medium, "first half"))
	case place && c.upper && len(c.text) >= 3 && len(districtArea(out)) == 2:
		x.addTokens(c.first, c.last, postcodeFinding(Medium, "first half"))
	}
}
