package screening

import "strings"

func address(sev Severity, because string) Finding {
	return Finding{Category: CatAddress, Code: "M02", Severity: sev, Rule: "pattern", Because: because}
}

// findPlaces finds what the list does not know: addresses, roads, schools, clubs.
func (x *letter) findPlaces() {
	for i := range x.tokens {
		x.steps++
		t := &x.tokens[i]
		if t.digits {
			x.busRoute(i)
			continue
		}
		if isStreet(t.key) {
			x.street(i)
		}
		if isHouse(t.key) {
			x.house(i)
		}
		if cat, tell := headNoun(t.key); cat != "" {
			x.institution(i, cat, tell)
		}
		if t.key == "st" || t.key == "saint" {
			x.saint(i)
		}
		x.roadNumber(i)
		x.postBox(i)
		x.workplace(i)
	}
}

// strictStreet are words that hardly mean anything but a street.
func strictStreet(k string) bool {
	switch k {
	case "road", "rd", "street", "lane", "ln", "avenue", "ave", "crescent", "cres", "cresent", "terrace", "terr", "gdns", "close", "drive", "heol", "stryd", "ffordd", "mews", "cilgant", "rhodfa":
		return true
	}
	return false
}

// named tells of a word that can be the name of a place: one with a capital that
// is no ordinary word of the beginning of a sentence.
func (x *letter) named(i int) bool {
	t := &x.tokens[i]
	if t.digits || !t.capital || x.shouting || len(t.key) < 2 {
		return false
	}
	return !t.first || !x.screen.lore.isWord(t.key)
}

// isFunction tells of words that no name of a place begins with.
func isFunction(k string) bool {
	switch k {
	case "the", "a", "an", "my", "our", "his", "her", "your", "their", "this", "that", "i", "we", "he", "she", "it", "they", "you", "in", "on", "at", "to", "of", "and", "or", "but", "for", "with", "from", "by", "so", "is", "was", "are", "as", "no", "not", "new", "old",
		"big", "little", "same", "next", "last", "first", "when", "if", "then", "long", "main", "whole", "every", "each", "another", "other", "down", "up", "along", "minutes", "miles", "mile", "times", "hours", "days", "weeks", "months", "years", "very", "dear", "love", "people", "children", "kids", "us", "me", "them", "per":
		return true
	}
	return false
}

// nameBefore counts the words of a name that stand before a general word.
func (x *letter) nameBefore(i, most int) int {
	n := 0
	for n < most && i-n-1 >= 0 {
		j := i - n - 1
		gap := x.gap(j + 1)
		if gap != " " && gap != "-" && gap != ". " && gap != "\n" || gap == ". " && x.key(j) != "st" {
			break
		}
		k := x.key(j)
		if x.named(j) && !isFunction(k) {
			n++
			continue
		}
		if n > 0 && (k == "of" || k == "the" || k == "and" || k == "y" || k == "yr" || k == "on") && j > 0 && x.named(j-1) && !isFunction(x.key(j-1)) {
			n++
			continue
		}
		break
	}
	return n
}

// street finds 27 Bellflower Crescent, and Mill Lane.
func (x *letter) street(i int) {
	k, name := x.key(i), x.nameBefore(i, 3)
	if welshStreet(k) {
		x.welshAddress(i)
		return
	}
	if name > 0 {
		first := i - name
		if n, ok := x.houseNumber(first); ok {
			x.addTokens(n, i, address(High, "address"))
			return
		}
		if !strictStreet(k) || !x.tokens[i].capital && !x.quiet {
			if x.tokens[i].capital && x.before(first, 2, isAtWord) && !knownStreet(x.key(i-1), k) && (k == "park" || k == "square" || k == "gardens" || k == "way" || k == "hill" || k == "grove" || k == "place" || k == "court") {
				x.addTokens(first, i, Finding{Category: CatLocation, Code: "M03", Severity: Soft, Rule: "pattern", Because: "a place with a name"})
			}
			return
		}
		if !knownStreet(x.key(i-1), k) {
			x.addTokens(first, i, address(Medium, "street"))
		}
		return
	}
	if !strictStreet(k) {
		return
	}
	// Without capitals a number has to stand before it, in digits.
	for n := 1; n <= 2 && i-n > 0; n++ {
		if w := x.key(i - n); isFunction(w) || x.tokens[i-n].digits || len(w) < 2 || x.gapBytes(i-n+1) > 2 {
			return
		}
		if h, ok := x.houseNumber(i - n); ok && x.tokens[i-n-1].digits || ok && x.key(i-n-1) != "" && h < i-n-1 {
			sev := Medium
			if !x.screen.lore.isWord(x.key(i - n)) {
				sev = High
			}
			x.addTokens(h, i, address(sev, "address"))
			return
		}
	}
	if w := x.key(i - 1); i > 0 && x.gap(i) == " " && x.quiet && len(w) > 4 && !x.screen.lore.isWord(w) && !isFunction(w) && k != "drive" && k != "close" {
		x.addTokens(i-1, i, address(Medium, "street"))
	}
}

func welshStreet(k string) bool {
	switch k {
	case "heol", "stryd", "ffordd", "lon", "maes", "clos", "rhodfa", "cilgant":
		return true
	}
	return false
}

// welshAddress finds 5 Heol y Bryn, whose general word comes first.
func (x *letter) welshAddress(i int) {
	last := i
	for j := i + 1; j < min(i+4, len(x.tokens)) && x.gap(j) == " " && (x.named(j) || (x.key(j) == "y" || x.key(j) == "yr") && j+1 < len(x.tokens) && x.named(j+1)); j++ {
		last = j
	}
	if last == i {
		return
	}
	if n, ok := x.houseNumber(i); ok {
		x.addTokens(n, last, address(High, "address"))
	} else if x.tokens[i].capital {
		x.addTokens(i, last, address(Medium, "street"))
	}
}

// knownStreet are streets that nobody lives in for a letter's purposes.
func knownStreet(name, k string) bool {
	switch name + " " + k {
	case "sesame street", "coronation street", "quality street", "penny lane", "abbey road", "drury lane", "downing street", "fleet street", "oxford street", "jump street", "privet drive", "albert square", "trafalgar square", "milky way",
		"hyde park", "park lane", "jurassic park", "south park", "alton park", "bond street", "pudding lane", "high street", "mary lane", "cherry lane", "electric avenue", "wall street", "elm street", "yellow road", "brick road":
		return true
	}
	return false
}

func isAtWord(k string) bool {
	switch k {
	case "at", "in", "to", "near", "by", "on", "from", "past", "round", "around":
		return true
	}
	return false
}

// houseNumber reads the number before a token: 14, 14a, number fourteen, Flat 3,
// 112. It gives the first of its tokens.
func (x *letter) houseNumber(i int) (int, bool) {
	if i == 0 {
		return 0, false
	}
	gap := strings.TrimSpace(x.gap(i))
	if gap != "" && gap != "," && gap != "/" || len(x.gap(i)) > 3 {
		return 0, false
	}
	j := i - 1
	if len(x.key(j)) == 1 && x.tokens[j].glued && j > 0 && x.tokens[j-1].digits {
		j--
	}
	w, strong := digitWord(x.key(j))
	switch {
	case x.tokens[j].digits && len(x.key(j)) <= 4:
	case len(w) > 0 && strong:
		if j > 0 && tensWord(x.key(j-1)) != 0 {
			j--
		}
	case tensWord(x.key(j)) != 0:
	default:
		return 0, false
	}
	for n := 0; n < 4 && j > 0; n++ {
		switch k := x.key(j - 1); {
		case k == "number" || k == "no" || k == "flat" || k == "apartment" || k == "apt" || k == "unit" || k == "rhif":
			j--
		case x.tokens[j-1].digits && len(x.key(j-1)) <= 3 && strings.Contains(x.gap(j), ",") && j > 1 && (x.key(j-2) == "flat" || x.key(j-2) == "apartment" || x.key(j-2) == "unit"):
			j -= 2
		default:
			return j, true
		}
	}
	return j, true
}

// house finds Orchard House, Rose Cottage, Flat 3.
func (x *letter) house(i int) {
	k := x.key(i)
	if k == "flat" || k == "apartment" || k == "apt" || k == "caravan" || k == "unit" {
		if i+1 < len(x.tokens) && x.tokens[i+1].digits && len(x.key(i+1)) <= 3 && x.gapBytes(i+1) <= 2 && !isUnitAfter(x.key(i+2)) {
			last := i + 1
			if i+2 < len(x.tokens) && x.tokens[i+2].glued && len(x.key(i+2)) == 1 {
				last++
			}
			x.addTokens(i, last, address(Medium, "flat"))
		}
		return
	}
	name := x.nameBefore(i, 3)
	if name == 0 || !x.tokens[i].capital || x.tokens[i-1].apostrophe > 0 || knownHouse(x.key(i-1)) {
		return
	}
	sev := Soft
	if n, ok := x.houseNumber(i - name); ok {
		x.addTokens(n, i, address(High, "address"))
		return
	}
	if k == "cottage" || k == "farm" || k == "bungalow" || k == "villa" || k == "farmhouse" || k == "lodge" || x.before(i-name, 3, isAtWord) || strings.HasPrefix(x.gap(i+1), ",") && i+1 < len(x.tokens) && x.tokens[i+1].capital {
		sev = Medium
	}
	x.addTokens(i-name, i, address(sev, "house with a name"))
}

func isUnitAfter(k string) bool {
	return k == "months" || k == "weeks" || k == "years" || k == "days" || k == "times" || k == "hours"
}

func knownHouse(k string) bool {
	switch k {
	case "full", "white", "open", "wendy", "opera", "mouse", "moving", "big", "play", "clover", "ladybird", "animal", "treasure", "monkey", "village", "church", "school", "town", "music", "ice", "eiffel", "london", "blackpool", "royal", "festival", "albert", "alton", "camp", "tree", "bbc", "old", "peppa":
		return true
	}
	return false
}

// headNoun is what kind of place a word names, and whether it tells one alone.
func headNoun(k string) (cat Category, firm bool) {
	switch k {
	case "school", "primary", "academy", "nursery", "preschool", "playgroup", "kindergarten", "college", "infants", "juniors", "comprehensive", "comp", "grammar", "secondary", "montessori", "skool", "ysgol", "meithrin", "creche", "childminders":
		return CatSchool, k != "primary" && k != "grammar" && k != "secondary"
	case "surgery", "hospital", "clinic", "infirmary", "hospice", "dentist", "dental", "pharmacy", "ysbyty":
		return CatPlace, true
	case "church", "chapel", "mosque", "temple", "synagogue", "cathedral", "eglwys", "gurdwara", "parish":
		return CatClub, true
	case "club", "fc", "afc", "rfc", "brownies", "guides", "rainbows", "cubs", "scouts", "beavers", "rovers", "rangers", "wanderers", "tigers", "harriers", "juniors'", "gymnastics", "majorettes", "cheerleaders", "squirrels", "clwb", "colts", "warriors", "lionesses", "dolphins", "panthers", "falcons", "swifts":
		return CatClub, k == "club" || k == "fc" || k == "afc" || k == "rfc" || k == "harriers" || k == "clwb"
	case "vets", "bakery", "salon", "cafe", "tavern", "arms", "inn", "garage", "solicitors", "butchers", "farmshop", "hairdressers", "ltd", "plc", "florist":
		return CatWorkplace, k != "arms" && k != "inn" && k != "garage"
	case "centre", "center", "practice":
		return CatPlace, false
	case "unders", "under", "u7s", "u9s":
		return CatClub, false
	}
	return "", false
}

// institution finds a school, a surgery or a club by its general word and the name before.
func (x *letter) institution(i int, cat Category, firm bool) {
	k := x.key(i)
	if k == "ysgol" || k == "ysbyty" || k == "eglwys" || k == "clwb" {
		x.welshPlace(i, cat)
		return
	}
	if k == "under" || k == "unders" {
		x.ageGroup(i)
		return
	}
	head := i
	for n := 0; n < 3 && head > 0 && isMiddle(x.key(head-1)) && x.gap(head) == " "; n++ {
		head--
	}
	name := x.nameBefore(head, 4)
	last := i
	if i+1 < len(x.tokens) && x.gap(i+1) == " " && (k == "primary" || k == "infants" || k == "grammar" || k == "secondary" || k == "dental" || k == "comprehensive" || k == "gymnastics") {
		if n := x.key(i + 1); n == "school" || n == "academy" || n == "practice" || n == "club" || n == "surgery" {
			return // its next word says it
		}
	}
	f := Finding{Category: cat, Code: "M03", Severity: Medium, Rule: "pattern", Because: "a place by its name: " + k}
	if k == "centre" || k == "center" || k == "practice" {
		if head == i {
			return
		}
		switch x.key(i - 1) {
		case "garden", "shopping", "leisure", "sports":
			f.Category = CatWorkplace
		}
	}
	if name == 0 {
		if x.calledSo(i, f) {
			return
		}
		if !firm || !x.plainName(head, cat) {
			return
		}
		name, f.Severity = 1, Soft
		if x.before(head-1, 3, goesTo) {
			f.Severity = Medium
		}
	} else if !x.ownName(head-name, head, i, firm) {
		return
	}
	first := head - name
	if n := first - 2; n >= 0 && x.tokens[n].digits && isOrdinalEnd(x.key(n+1)) && x.tokens[n+1].glued {
		first = n
	}
	x.addTokens(first, last, f)
}

// calledSo finds a name that is said of a place and stands behind it: the school
// is St Annes, a nursery called Busy Bees.
func (x *letter) calledSo(i int, f Finding) bool {
	j := i + 1
	for j < min(i+3, len(x.tokens)) && x.gap(j) == " " && isCalled(x.key(j)) {
		j++
	}
	if j == i+1 || j >= len(x.tokens) || x.gap(j) != " " || !x.named(j) || isCalendar(x.key(j)) {
		return false
	}
	last := j
	for last+1 < min(j+4, len(x.tokens)) && x.gap(last+1) == " " && x.named(last+1) {
		last++
	}
	x.addTokens(i, last, f)
	return true
}

func isCalled(k string) bool {
	switch k {
	case "is", "was", "called", "named", "its", "name":
		return true
	}
	return false
}

// isMiddle are words between the name and the general word.
func isMiddle(k string) bool {
	switch k {
	case "primary", "infant", "infants", "junior", "high", "comprehensive", "grammar", "secondary", "community", "c", "e", "ce", "rc", "catholic", "special", "day", "football", "swimming", "rugby", "cricket", "netball", "hockey", "dance", "judo", "karate", "gymnastics", "athletics", "running", "youth", "boys", "girls", "ladies",
		"health", "medical", "dental", "doctors", "garden", "shopping", "leisure", "sports", "community's", "sixth", "form", "childrens", "children", "general", "district", "tennis", "golf", "riding", "cycling", "drama", "theatre", "after", "breakfast", "holiday", "sea", "brass", "nursery", "forest", "parish", "baptist", "methodist", "veterinary", "academy", "under", "of":
		return true
	}
	return false
}

// saint finds St Stephen's, which is a school's or a church's name as a rule, and
// the St of an address.
func (x *letter) saint(i int) {
	if n := x.nameBefore(i, 3); n > 0 && !(x.gap(i+1) == " " && i+1 < len(x.tokens) && x.tokens[i+1].capital) {
		if first, ok := x.houseNumber(i - n); ok {
			x.addTokens(first, i, address(High, "address"))
		}
		return
	}
	if i+1 >= len(x.tokens) || !x.tokens[i+1].capital || x.gapBytes(i+1) > 2 || !(x.tokens[i+1].apostrophe == 1 || x.before(i, 1, isAtWord)) {
		return
	}
	switch x.key(i + 2) {
	case "day", "ambulance", "eve", "flag", "cross", "night", "weekend", "parade":
		return
	}
	f := Finding{Category: CatPlace, Code: "M03", Severity: Soft, Rule: "pattern", Because: "a saint's name"}
	if x.word(i, i+1, 10, func(k string) bool {
		return k == "school" || k == "skool" || k == "class" || k == "teacher" || k == "year" || k == "pupils" || k == "nursery" || k == "reception" || k == "church"
	}) {
		f.Category, f.Severity = CatSchool, Medium
	}
	x.addTokens(i, i+1, f)
}

// ownName: Big School, Sunday School and The Church are nobody's own name.
func (x *letter) ownName(from, head, i int, firm bool) bool {
	own := 0
	for j := from; j < head; j++ {
		switch k := x.key(j); k {
		case "sunday", "saturday", "monday", "tuesday", "wednesday", "thursday", "friday", "big", "year", "after", "high", "forest", "breakfast", "holiday", "youth", "primary", "junior", "infant", "reception", "welsh", "english", "british", "catholic", "special", "mr", "mrs", "miss", "ms", "dr", "police", "harry",
			"christmas", "easter", "summer", "winter", "book", "chess", "lego", "mickey", "disney", "mouse", "drama", "dance", "swimming", "football", "art", "ballet", "art's", "science", "lunch", "homework", "hogwarts", "fight", "youtube", "casualty", "holby", "nhs", "a", "e", "boarding", "cooking", "gardening", "music", "sewing", "coding", "maths", "kids", "baby", "toddler", "mums", "cub", "the", "of", "and", "malory", "st", "saint":
			if (k == "st" || k == "saint") && j+1 < head {
				own++
			}
		default:
			if x.tokens[j].first && !x.screen.lore.isName(k) && x.screen.lore.isWord(k) {
				continue
			}
			own++
		}
	}
	if own == 0 {
		return false
	}
	// Not firm: Tigers and Guides are a club's where a capital says so.
	return firm || head < i || x.tokens[i].capital
}

// plainName: without capitals a name is a word that is none, before its kind.
func (x *letter) plainName(head int, cat Category) bool {
	if head == 0 || x.gap(head) != " " || cat == CatClub && x.key(head) != "club" {
		return false
	}
	k := x.key(head - 1)
	return !x.tokens[head-1].digits && len(k) >= 5 && !x.screen.lore.isWord(k) && !isFunction(k) && !isMiddle(k) && !x.screen.lore.isName(k)
}

func goesTo(k string) bool {
	switch k {
	case "at", "to", "goes", "gos", "go", "going", "attends", "starts", "started", "joined", "joins", "in", "called", "yn", "i":
		return true
	}
	return false
}

// welshPlace finds Ysgol y Bryn: the general word comes first.
func (x *letter) welshPlace(i int, cat Category) {
	last := i
	for j := i + 1; j < min(i+5, len(x.tokens)) && x.gap(j) == " "; j++ {
		k := x.key(j)
		if x.named(j) {
			last = j
		} else if k != "y" && k != "yr" && k != "gynradd" && k != "gyfun" && k != "uwchradd" && k != "feithrin" && k != "bro" && k != "pel" && k != "droed" {
			break
		}
	}
	if last > i {
		x.addTokens(i, last, Finding{Category: cat, Code: "M03", Severity: Medium, Rule: "pattern", Because: "a place by its name: " + x.key(i)})
	}
}

// ageGroup finds Temeside Tigers Under 9s.
func (x *letter) ageGroup(i int) {
	if i+1 >= len(x.tokens) || !x.tokens[i+1].digits || len(x.key(i+1)) > 2 || x.gapBytes(i+1) > 1 {
		return
	}
	name := x.nameBefore(i, 4)
	if name == 0 {
		return
	}
	last := i + 1
	if i+2 < len(x.tokens) && x.tokens[i+2].glued {
		last = i + 2
	}
	x.addTokens(i-name, last, Finding{Category: CatClub, Code: "M03", Severity: Medium, Rule: "pattern", Because: "a team"})
}

// roadNumber finds the A49, junction 7 of the M5.
func (x *letter) roadNumber(i int) {
	k := x.key(i)
	if k == "junction" && i+1 < len(x.tokens) && x.tokens[i+1].digits {
		last := i + 1
		for j := i + 2; j < min(i+6, len(x.tokens)); j++ {
			if x.tokens[j].digits && x.tokens[j].glued && (x.key(j-1) == "m" || x.key(j-1) == "a") {
				last = j
			}
		}
		x.addTokens(i, last, Finding{Category: CatLocation, Code: "M03", Severity: Medium, Rule: "pattern", Because: "a road"})
		return
	}
	if k != "a" && k != "b" && k != "m" || i+1 >= len(x.tokens) || !x.tokens[i+1].glued || !x.tokens[i+1].digits || x.tokens[i].glued || i+2 < len(x.tokens) && x.tokens[i+2].glued {
		return
	}
	n := len(x.key(i + 1))
	prev := x.key(i - 1)
	by := prev == "the" && x.before(i, 4, func(w string) bool {
		switch w {
		case "off", "along", "on", "down", "up", "from", "near", "junction", "of", "take", "by", "past", "onto":
			return true
		}
		return false
	}) || prev == "off" || prev == "near"
	if !by && !(prev == "the" && (k == "a" && n >= 2 || k == "b" && n >= 3 || k == "m")) || n > 4 || k == "b" && n < 3 || k == "m" && n > 2 {
		return
	}
	if next := x.key(i + 2); k == "a" && n == 1 && (next == "paper" || next == "sheet" || next == "page" || next == "card" || next == "pad" || !by) {
		return
	}
	sev := Soft
	if by && x.before(i, 8, livesBy) {
		sev = Medium // a road that somebody lives by, not one that was driven on
	}
	x.addTokens(i, i+1, Finding{Category: CatLocation, Code: "M03", Severity: sev, Rule: "pattern", Because: "a road"})
}

func livesBy(k string) bool {
	switch k {
	case "off", "near", "junction", "live", "lives", "house", "home", "from", "turn", "beside", "by", "minutes", "close", "above", "overlooking", "hear":
		return true
	}
	return false
}

// busRoute finds the number 435 bus.
func (x *letter) busRoute(i int) {
	if len(x.key(i)) > 3 {
		return
	}
	first, last := i, i
	if i+1 < len(x.tokens) && len(x.key(i+1)) == 1 && x.tokens[i+1].glued {
		last++
	}
	bus := func(k string) bool { return k == "bus" || k == "tram" || k == "bws" }
	switch {
	case bus(x.key(last+1)) && x.gapBytes(last+1) <= 1:
		last++
	case i > 0 && bus(x.key(i-1)):
		first--
	case i > 1 && bus(x.key(i-2)) && (x.key(i-1) == "number" || x.key(i-1) == "no"):
		first -= 2
	default:
		return
	}
	if x.tokens[first].glued && len(x.key(first-1)) == 1 {
		first-- // X75
	}
	if x.key(first-1) == "number" || x.key(first-1) == "no" {
		first--
	}
	sev := Soft
	if x.key(first-1) == "the" || x.key(first) == "number" || x.key(i-1) == "number" {
		sev = Medium
	}
	x.addTokens(first, last, Finding{Category: CatLocation, Code: "M03", Severity: sev, Rule: "pattern", Because: "a bus"})
}

// postBox finds PO Box 4417, and the town after it.
func (x *letter) postBox(i int) {
	box := i + 1
	if x.key(i) == "p" && x.key(i+1) == "o" {
		box = i + 2
	} else if x.key(i) != "po" {
		return
	}
	if x.key(box) != "box" || box+1 >= len(x.tokens) || !x.tokens[box+1].digits {
		return
	}
	last := box + 1
	if x.gap(last+1) == ", " && last+1 < len(x.tokens) && x.tokens[last+1].capital {
		last++
	}
	x.addTokens(i, last, address(High, "PO box"))
}

// workplace finds what follows works at, got a job at.
func (x *letter) workplace(i int) {
	if k := x.key(i); i == 0 || k != "at" && k != "for" && !(k == "in" && x.key(i-1) == "job") || x.shouting {
		return
	}
	switch x.key(i - 1) {
	case "works", "work", "working", "worked", "job", "started", "shifts", "manager", "weithio":
	default:
		return
	}
	j := i + 1
	for n := 0; n < 3 && j < len(x.tokens) && !x.tokens[j].capital && (isFunction(x.key(j)) || x.key(j) == "local"); n++ {
		j++
	}
	n := 0
	for n < 4 && j+n < len(x.tokens) && x.tokens[j+n].capital && x.tokens[j+n].sentence == x.tokens[i].sentence && (n == 0 || x.gap(j+n) == " ") {
		n++
	}
	if n == 0 || isCalendar(x.key(j)) || x.key(j) == "i" {
		return
	}
	last := j + n - 1
	if cat, _ := headNoun(x.key(last + 1)); cat != "" || x.key(last+1) == "dairy" || x.key(last+1) == "factory" || x.key(last+1) == "shop" || x.key(last+1) == "warehouse" {
		last++
	}
	x.addTokens(i+1, last, Finding{Category: CatWorkplace, Code: "M03", Severity: Medium, Rule: "pattern", Because: "a workplace"})
}
