package screening

import "strings"

// findIdentifiers finds the numbers with letters that states, schools and banks give.
func (x *letter) findIdentifiers() {
	x.taken = make([]bool, len(x.tokens))
	list := x.chunks()
	for i := range list {
		x.steps++
		if !x.mayNumber(list, i) {
			continue
		}
		most := 5
		if strings.HasPrefix(shape(list[i].text), "aa00") {
			most = 9 // an IBAN in groups of four
		}
		for n := most; n >= 1; n-- {
			c, ok := x.joinedChunk(list, i, n)
			if !ok || len(c.text) > 40 || !x.identifier(c, n) {
				continue
			}
			for k := c.first; k <= c.last; k++ {
				x.taken[k] = true
			}
			break
		}
	}
}

// findNumbers finds those that are digits only.
func (x *letter) findNumbers() {
	for i := range x.runs {
		x.digitNumber(&x.runs[i])
	}
}

// mayNumber tells whether a chunk has a digit, or is a few letters before one.
func (x *letter) mayNumber(list []chunk, i int) bool {
	digit := func(c *chunk) bool {
		return c.first != c.last || x.tokens[c.first].digits
	}
	return digit(&list[i]) || len(list[i].text) <= 3 && i+1 < len(list) && digit(&list[i+1])
}

func (x *letter) identifier(c chunk, parts int) bool {
	s := shape(c.text)
	put := func(cat Category, code Code, sev Severity, because string) bool {
		x.addTokens(c.first, c.last, Finding{Category: cat, Code: code, Severity: sev, Rule: "pattern", Because: because})
		return true
	}
	switch {
	case len(s) == 9 && s == "aa000000a" && c.text[8] <= 'd':
		if nationalInsurance(c.text) {
			return put(CatNINO, "", High, "National Insurance number")
		}
		return put(CatNINO, "", Soft, "National Insurance number")
	case s == "aa0000000" && parts == 1:
		if x.word(c.first, c.last, 5, isPassport) {
			return put(CatPassport, "", High, "passport number")
		}
		if !c.upper {
			return put(CatPassport, "", Soft, "passport number")
		}
		return put(CatPassport, "", Medium, "passport number")
	case s == "000000000" && parts <= 3 && x.word(c.first, c.last, 4, isPassport):
		return put(CatPassport, "", High, "passport number")
	case s == "a0000aa" && x.word(c.first, c.last, 6, func(k string) bool { return k == "prison" || k == "prisoner" || k == "jail" || k == "hmp" }):
		return put(CatOther, "M02", Medium, "prisoner number")
	case len(s) == 13 && (s == "a000000000000" || s == "a00000000000a") && parts == 1:
		return put(CatPupil, "", High, "unique pupil number")
	case len(c.text) == 16 && parts <= 3 && drivingShape(s):
		if drivingLicence(c.text) {
			return put(CatDriving, "", High, "driving licence")
		}
		return put(CatDriving, "", Soft, "driving licence")
	case len(c.text) >= 15 && strings.HasPrefix(s, "aa00") && len(c.text) <= 34:
		if ibanValid(c.text) {
			return put(CatBank, "M07", High, "IBAN")
		}
		if strings.HasPrefix(c.text, "gb") && len(c.text) == 22 {
			return put(CatBank, "M07", Soft, "IBAN")
		}
	}
	return parts <= 3 && x.plate(c, s, parts)
}

func isPassport(k string) bool {
	return k == "passport" || k == "passports" || k == "pasbort" || k == "pasport"
}

// nationalInsurance: HMRC's rule of the letters. What breaks it ranks lower and
// is shown all the same: a slip of the pen is a number still.
func nationalInsurance(s string) bool {
	if strings.IndexByte("dfiquv", s[0]) >= 0 || strings.IndexByte("dfioquv", s[1]) >= 0 {
		return false
	}
	switch s[:2] {
	case "bg", "gb", "nk", "kn", "nt", "tn", "zz":
		return false
	}
	return true
}

// drivingShape: five of the surname (9 where it is shorter), the date, initials, and three more.
func drivingShape(s string) bool {
	if s[5:11] != "000000" || s[0] != 'a' || s[14:] != "aa" {
		return false
	}
	return true
}

func drivingLicence(s string) bool {
	for i := 1; i < 5; i++ {
		if isDigit(s[i]) && s[i] != '9' || s[i-1] == '9' && s[i] != '9' {
			return false
		}
	}
	month := int(s[6]-'0')*10 + int(s[7]-'0')
	day := int(s[8]-'0')*10 + int(s[9]-'0')
	return (month >= 1 && month <= 12 || month >= 51 && month <= 62) && day >= 1 && day <= 31 && !isDigit(s[11])
}

// ibanValid is the check of ISO 7064, mod 97.
func ibanValid(s string) bool {
	sum := 0
	for i := range len(s) {
		c := s[(i+4)%len(s)]
		switch {
		case isDigit(c):
			sum = (sum*10 + int(c-'0')) % 97
		case c >= 'a' && c <= 'z':
			sum = (sum*100 + int(c-'a') + 10) % 97
		default:
			return false
		}
	}
	return sum == 1
}

// currentPlate: two letters of a place, the age since 2001, three letters.
func currentPlate(s string) bool {
	if len(s) != 7 || shape(s) != "aa00aaa" || strings.IndexByte("iqz", s[0]) >= 0 || strings.IndexByte("iqz", s[1]) >= 0 || strings.ContainsAny(s[4:], "iq") {
		return false
	}
	age := int(s[2]-'0')*10 + int(s[3]-'0')
	return age >= 2 && age <= 29 || age >= 51 && age <= 79
}

func (x *letter) plate(c chunk, s string, parts int) bool {
	put := func(sev Severity) bool {
		x.addTokens(c.first, c.last, Finding{Category: CatVehicle, Code: "M03", Severity: sev, Rule: "pattern", Because: "number plate"})
		return true
	}
	cue := func() bool { return x.word(c.first, c.last, 6, isCarWord) }
	switch {
	case len(s) < 2 || len(s) > 7 || parts == 3 && !cue():
		return false
	case currentPlate(c.text):
		if c.upper || cue() {
			return put(High)
		}
		return put(Medium)
	case s == "a0aaa" || s == "a00aaa" || s == "a000aaa": // 1983 to 2001
		if strings.IndexByte("ioquz", c.text[0]) < 0 && !strings.ContainsAny(c.text[2:], "iqz") && (c.upper || parts == 1 && (len(s) == 7 || cue()) || parts == 2 && len(s) == 7 && cue() && !x.screen.lore.isWord(c.text[len(c.text)-3:])) {
			return put(Medium)
		}
	case s == "aaa0a" || s == "aaa00a" || s == "aaa000a": // 1963 to 1982
		if strings.IndexByte("ioquz", c.text[len(s)-1]) < 0 && (c.upper && !x.screen.lore.isWord(c.text[:3]) || parts == 1 && cue()) {
			return put(Medium)
		}
	}
	if c.upper && strings.Contains(s, "a0") != strings.Contains(s, "0a") && len(s) >= 3 && strings.ContainsAny(s, "0") && x.before(c.first, 6, isPlateWord) {
		return put(Medium)
	}
	return c.upper && len(s) >= 4 && strings.Contains(s, "0") && strings.Contains(s, "a") && x.before(c.first, 5, isPlateWord) && put(Medium)
}

func isPlateWord(k string) bool {
	switch k {
	case "plate", "plates", "reg", "registration", "numberplate", "rhif":
		return true
	}
	return false
}

func isCarWord(k string) bool {
	switch k {
	case "car", "van", "golf", "mini", "fiesta", "corsa", "astra", "ford", "vauxhall", "nissan", "bmw", "audi", "toyota", "kia", "polo", "focus", "clio", "motor", "parked", "drive", "driving", "drives", "motorbike":
		return true
	}
	return isPlateWord(k)
}

// nhsNumber is why a run is an NHS number: ten digits, the last a check of the
// others (mod 11).
func (x *letter) nhsNumber(r *digitRun) Severity {
	if len(r.digits) != 10 || r.weak > 0 || r.commas > 0 {
		return ""
	}
	sum := 0
	for i := range 9 {
		sum += int(r.digits[i]-'0') * (10 - i)
	}
	valid := (11-sum%11)%11 == int(r.digits[9]-'0')
	cue := x.word(r.first, r.last, 8, func(k string) bool { return k == "nhs" || k == "gig" || k == "hospital" || k == "medical" }) ||
		x.word(r.first, r.last, 8, func(k string) bool { return k == "red" }) && x.word(r.first, r.last, 8, func(k string) bool { return k == "book" })
	switch {
	case cue && valid:
		return High
	case cue || valid && !x.nearPhoneWord(r.first, r.last):
		return Medium
	case x.symbolCount(r) == 3 && x.tokens[r.first].digits && len(x.tokens[r.first].key) == 3 && len(x.tokens[r.at[3]].key) == 3:
		return Soft
	}
	return ""
}

func (x *letter) digitNumber(r *digitRun) {
	put := func(cat Category, code Code, sev Severity, because string) {
		x.addTokens(r.first, r.last, Finding{Category: cat, Code: code, Severity: sev, Rule: "pattern", Because: because})
	}
	if sev := x.nhsNumber(r); sev != "" {
		put(CatNHS, "", sev, "NHS number")
		return
	}
	money := x.word(r.first, r.last, 6, isBankWord)
	switch n := len(r.digits); {
	case r.words > 0 || r.commas > 1:
	case n == 14 && r.bounds(6) && (r.bounds(2) && r.bounds(4) || money):
		put(CatBank, "M07", High, "sort code and account")
	case (n == 8 && !r.date || n == 6 && x.symbolCount(r) == 3) && money:
		put(CatBank, "M07", Medium, "sort code or account")
	case n >= 15 && n <= 19 && luhn(r.digits) && x.symbolCount(r) <= 5:
		put(CatBank, "M07", Medium, "payment card")
	}
}

func isBankWord(k string) bool {
	switch k {
	case "sort", "account", "acc", "bank", "acct", "barclays", "natwest", "lloyds", "monzo", "santander", "halifax", "banc", "cyfrif", "paypal", "revolut", "starling":
		return true
	}
	return false
}

func luhn(d string) bool {
	sum := 0
	for i := range len(d) {
		n := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			n *= 2
			if n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}
