package screening

import (
	"cmp"
	"slices"
	"strings"
)

// An address of the net is found from its end: a name of a domain after a dot,
// written as one or said. From there it is read to the left.

// isTop tells of the last label of a domain. Those that are also words (me, it,
// is, to) count only where nothing but an address can stand.
func isTop(k string) bool {
	switch k {
	case "com", "org", "net", "uk", "info", "biz", "wales", "cymru", "scot", "edu", "gov", "eu", "ie", "fr", "de", "es", "pl", "io", "xyz", "online", "website", "co", "tv", "page", "uk2", "nhs", "blog", "london", "earth":
		return true
	}
	return false
}

// plainTop are those that a spaced or said dot may stand before.
func plainTop(k string) bool {
	switch k {
	case "com", "org", "net", "uk", "info", "biz", "co", "ie", "wales", "cymru", "scot", "eu", "gov", "edu", "me", "io", "tv":
		return true
	}
	return false
}

// isHost are short links and others whose last label is a word.
func isHost(k, top string) bool {
	switch k + "." + top {
	case "bit.ly", "youtu.be", "goo.gl", "t.me", "wa.me", "fb.me", "m.me", "discord.gg", "tinyurl.com", "t.co", "linktr.ee", "is.gd", "ow.ly", "cutt.ly", "rb.gy", "g.co", "tr.ee", "snap.me", "instagr.am", "redd.it", "amzn.to", "we.tl", "chat.app":
		return true
	}
	return false
}

// joint is what stands between two parts of an address.
type joint struct {
	kind byte // '.', '@', '_', '-', '/' or 0
	next int  // the token after it
	said bool // in words, or with spaces
}

// jointAfter reads what follows a token: a sign, or a word for one, in brackets
// or not.
func (x *letter) jointAfter(i int) joint {
	if i+1 >= len(x.tokens) {
		return joint{}
	}
	gap := x.gap(i + 1)
	if len(gap) > 6 || gap == " " && signWord(x.key(i+1)) == 0 && x.key(i+1) != "full" {
		return joint{}
	}
	if sign := strings.Trim(gap, " []()<>{}"); len(sign) == 1 && strings.Contains(".@_-/", sign) {
		return joint{sign[0], i + 1, gap != sign}
	}
	if strings.Contains(gap, "\n") || i+2 >= len(x.tokens) || strings.Trim(gap, " []()<>{}.-_*") != "" {
		return joint{}
	}
	if len(x.gap(i+2)) > 4 || strings.Trim(x.gap(i+2), " []()<>{}.-_*") != "" {
		return joint{}
	}
	if c := signWord(x.key(i + 1)); c != 0 {
		return joint{c, i + 2, true}
	}
	if x.key(i+1) == "full" && x.key(i+2) == "stop" && i+3 < len(x.tokens) {
		return joint{'.', i + 3, true}
	}
	return joint{}
}

func signWord(k string) byte {
	switch k {
	case "dot", "dott", "dotty", "dit", "punkt", "point", "period", "stop":
		if k == "dotty" || k == "point" || k == "dit" || k == "period" || k == "stop" {
			return 0
		}
		return '.'
	case "at", "att", "arobase":
		return '@'
	case "underscore", "underline", "undrscore", "tanlinell":
		return '_'
	case "dash", "hyphen", "minus":
		return '-'
	case "slash":
		return '/'
	}
	return 0
}

// findNet finds addresses of web and mail.
func (x *letter) findNet() {
	x.findGlued()
	x.findSchemes()
	x.findAts()
	for i := 0; i < len(x.tokens); i++ {
		x.steps++
		j := x.jointAfter(i)
		if j.kind != '.' || j.next >= len(x.tokens) {
			continue
		}
		top := x.key(j.next)
		host := !j.said && isHost(x.key(i), top)
		if !host && !(isTop(top) && !j.said || j.said && x.saidTop(i, j)) {
			continue
		}
		if !j.said && !host && !x.endsHere(j.next) || len(x.key(i)) < 1 {
			continue
		}
		i = x.address(i, j.next)
	}
}

// saidTop: "example dot com" is an address, "home . Uk weather" is none.
func (x *letter) saidTop(i int, j joint) bool {
	top := x.key(j.next)
	gap := x.gap(i + 1)
	sign := strings.ContainsAny(gap, ".") && j.next == i+1
	if sign && (!strings.HasPrefix(gap, " ") && !strings.ContainsAny(gap, "[(") || gap == " .") {
		return false // an ordinary full stop
	}
	return plainTop(top)
}

// endsHere: after com nothing of the same word may follow.
func (x *letter) endsHere(i int) bool {
	return !(i+1 < len(x.tokens) && x.tokens[i+1].glued)
}

// reach is how many tokens of an address are read to each side.
const reach = 24

// address reads an address around its last dot, and gives its last token.
func (x *letter) address(i, top int) int {
	last, end := x.rightOf(top)
	first := x.leftLabels(i)
	at := -1
	if j := first; j > 0 {
		at = x.atBefore(j)
	}
	if at >= 0 {
		first = x.localPart(at)
		x.add(x.tokens[first].start, end, Finding{Category: CatEmail, Code: "M02", Severity: High, Rule: "pattern", Because: "e-mail address"})
		return last
	}
	start := x.tokens[first].start
	x.add(start, end, Finding{Category: CatURL, Code: "M02", Severity: High, Rule: "pattern", Because: "web address"})
	return last
}

// rightOf reads more labels and a path.
func (x *letter) rightOf(top int) (last, end int) {
	last, end = top, x.tokens[top].end
	for n := 0; n < reach; n++ {
		j := x.jointAfter(last)
		if j.kind == '.' && (isTop(x.key(j.next)) && !j.said || j.said && x.saidTop(last, j)) || j.kind == '/' {
			last = j.next
			end = x.tokens[last].end
			continue
		}
		break
	}
	stop := min(len(x.b), end+300)
	for end < stop && end > 0 && !isSpace(x.b[end]) && (x.b[end] == '/' || end > x.tokens[last].end || x.b[end] == '-') {
		end++
	}
	for end > x.tokens[last].end && strings.IndexByte(".,;:!?)\"'", x.b[end-1]) >= 0 {
		end--
	}
	for last+1 < len(x.tokens) && x.tokens[last+1].start < end {
		last++
	}
	return last, max(end, x.tokens[last].end)
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' }

// leftLabels reads the labels before the last one: single letters are one label.
func (x *letter) leftLabels(i int) int {
	for n := 0; n < reach && i > 0; n++ {
		switch {
		case x.tokens[i].glued:
			i--
		case x.jointBefore(i, '.') >= 0:
			i = x.jointBefore(i, '.')
		case x.jointBefore(i, '-') >= 0 && x.gapBytes(i) == 1 || x.gap(i) == "--":
			i--
		case len(x.key(i)) == 1 && len(x.key(i-1)) == 1 && x.gapBytes(i) == 1:
			i--
		case x.gap(i) == "://":
			i--
			return i
		default:
			return i
		}
	}
	return i
}

// jointBefore is the token before a joint of one kind that ends at i, or -1.
func (x *letter) jointBefore(i int, kind byte) int {
	for _, back := range [2]int{1, 2} {
		if k := i - back; k >= 0 {
			if j := x.jointAfter(k); j.kind == kind && j.next == i {
				if kind == '.' && j.said && j.next == k+1 && !strings.HasPrefix(x.gap(i), " ") && !strings.ContainsAny(x.gap(i), "[(") {
					continue // a full stop
				}
				return k
			}
		}
	}
	return -1
}

// atBefore is the token before an at that ends at i, or -1.
func (x *letter) atBefore(i int) int { return x.jointBefore(i, '@') }

// localPart reads what stands before the at.
func (x *letter) localPart(i int) int {
	for n := 0; n < reach && i > 0; n++ {
		if x.tokens[i].glued {
			i--
			continue
		}
		found := -1
		for _, kind := range [...]byte{'.', '_', '-'} {
			if k := x.jointBefore(i, kind); k >= 0 {
				found = k
			}
		}
		if found >= 0 {
			i = found
			continue
		}
		k := x.tokens[i].key
		short := len(k) == 1 || x.tokens[i].digits || tensWord(k) != 0 || isUnit(k)
		if gap := x.gapBytes(i); gap == 1 && short && x.b[x.tokens[i].start-1] == ' ' && k != "i" && k != "a" {
			i--
			continue
		}
		return i
	}
	return i
}

func isUnit(k string) bool {
	d, strong := digitWord(k)
	return d != "" && strong
}

// findGlued finds donnabAThotmailDOTcom.
func (x *letter) findGlued() {
	for i := range x.tokens {
		k := x.tokens[i].key
		at := strings.LastIndex(k, "dot")
		if at < 4 || len(k) > 60 {
			continue
		}
		switch k[at+3:] {
		case "com", "co", "net", "org", "uk", "couk":
		default:
			continue
		}
		first, _ := x.wholeWord(i)
		f := Finding{Category: CatURL, Code: "M02", Severity: High, Rule: "pattern", Because: "web address"}
		if strings.Contains(k[1:at], "at") {
			f.Category, f.Because = CatEmail, "e-mail address"
		}
		x.addTokens(first, i, f)
	}
}

// findSchemes finds what begins as a link does, wherever it leads.
func (x *letter) findSchemes() {
	for i := range x.tokens {
		k := x.tokens[i].key
		gap := x.gap(i + 1)
		scheme := (k == "http" || k == "https" || k == "hxxp" || k == "hxxps" || k == "htp" || k == "ftp") && strings.HasPrefix(gap, ":") && strings.Contains(gap, "//")
		if !scheme && !(k == "www" && strings.HasPrefix(gap, ".") && len(gap) == 1) {
			continue
		}
		end := x.tokens[i].end
		for stop := min(len(x.b), end+400); end < stop && !isSpace(x.b[end]); {
			end++
		}
		for end > x.tokens[i].end && strings.IndexByte(".,;:!?)\"'", x.b[end-1]) >= 0 {
			end--
		}
		x.add(x.tokens[i].start, end, Finding{Category: CatURL, Code: "M02", Severity: High, Rule: "pattern", Because: "web address"})
	}
}

// findAts finds what has an at between its letters, whatever the last label is.
func (x *letter) findAts() {
	local := func(c byte) bool { return isAlnum(c) || strings.IndexByte("._%+-'", c) >= 0 }
	for i, c := range x.b {
		if c != '@' || !local(x.byteAt(i-1)) || !isAlnum(x.byteAt(i+1)) {
			if c == '@' {
				x.speltAround(i)
			}
			continue
		}
		first, last := i, i+1
		for first > 0 && i-first < 64 && local(x.b[first-1]) {
			first--
		}
		for last < len(x.b) && last-i < 120 && (isAlnum(x.b[last]) || x.b[last] == '.' || x.b[last] == '-') {
			last++
		}
		for !isAlnum(x.b[last-1]) {
			last--
		}
		f := Finding{Category: CatEmail, Code: "M02", Severity: High, Rule: "pattern", Because: "e-mail address"}
		if !strings.Contains(x.folded[i:last], ".") {
			f.Severity = Soft
		}
		x.add(first, last, f)
	}
}

// speltAround finds r y a n @ g m a i l . c o m.
func (x *letter) speltAround(at int) {
	right, _ := slices.BinarySearchFunc(x.tokens, at, func(t token, at int) int { return cmp.Compare(t.start, at) })
	first, last := right, right-1
	single := func(i int) bool { return len(x.key(i)) == 1 || x.tokens[i].digits && len(x.key(i)) <= 4 }
	for n := 0; n < 40 && first > 0 && single(first-1) && (first == right || x.gapBytes(first) <= 3); n++ {
		first--
	}
	for n := 0; n < 40 && last+1 < len(x.tokens) && (single(last+1) || signWord(x.key(last+1)) == '.' || isTop(x.key(last+1))) && (last+1 == right || x.gapBytes(last+1) <= 3); n++ {
		last++
	}
	if right-first >= 3 && last-right >= 3 && first < len(x.tokens) && x.tokens[right-1].end+3 > at {
		x.addTokens(first, last, Finding{Category: CatEmail, Code: "M02", Severity: High, Rule: "spelt out", Because: "e-mail address"})
	}
}
