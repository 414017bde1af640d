package screening

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// deepest is how often a text within a text is decoded.
const deepest = 2

// findCodes decodes what looks encoded and reads it again. What it decodes to
// is shorter than what it stood in, so the work stays in proportion.
func (x *letter) findCodes() {
	x.findBase64()
	x.findPairs()
	x.findMorse()
	x.findNumbered()
	x.findBackwards()
}

// rescan tells how grave what a decoded text holds is.
func (x *letter) rescan(plain string) (Finding, bool) {
	inner := x.screen.read(plain, x.depth+1)
	x.steps += inner.steps
	best := Finding{}
	for _, f := range inner.settled() {
		if f.Category != CatCare && f.Severity.rank() > best.Severity.rank() {
			best = f
		}
	}
	return best, best.Severity != ""
}

func (x *letter) coded(start, end int, sev Severity, rule, because string) {
	x.add(start, end, Finding{Category: CatCode, Code: "M10", Severity: sev, Rule: rule, Because: because})
}

// readable tells of a text that a person could have meant.
func readable(b []byte) bool {
	good := 0
	for _, c := range b {
		if c >= ' ' && c < 0x7f || c == '\n' {
			good++
		}
	}
	return len(b) >= 3 && good*10 >= len(b)*9
}

// findBase64 takes long words of letters, digits, + and / with their case.
func (x *letter) findBase64() {
	is := func(c byte) bool {
		return c < 0x80 && (isAlnum(c) || c >= 'A' && c <= 'Z' || c == '+' || c == '/' || c == '=' || c == '-' || c == '_')
	}
	for i := 0; i < len(x.text); {
		if !is(x.text[i]) {
			i++
			continue
		}
		j := i
		for j < len(x.text) && is(x.text[j]) {
			j++
		}
		word := strings.TrimRight(x.text[i:j], "=")
		x.steps += len(word)
		if len(word) >= 12 && len(word)%4 != 1 && strings.ToLower(word) != word {
			word = strings.NewReplacer("-", "+", "_", "/").Replace(word)
			if plain, err := base64.RawStdEncoding.DecodeString(word); err == nil && readable(plain) {
				if f, ok := x.rescan(string(plain)); ok {
					x.found = append(x.found, Finding{Start: i, End: j, Category: CatCode, Code: "M10", Severity: f.Severity, Rule: "base64", Because: f.Because})
				}
			}
		}
		i = j
	}
}

// findPairs reads bytes that are written as hex or as zeros and ones.
func (x *letter) findPairs() {
	list := x.chunks()
	for i := 0; i < len(list); {
		unit := pairUnit(list[i].text)
		if unit == 0 {
			i++
			continue
		}
		var text strings.Builder
		j := i
		for j < len(list) && pairUnit(list[j].text) == unit && (j == i || len(x.gap(list[j].first)) <= 2) {
			text.WriteString(list[j].text)
			j++
		}
		if j > i+1 || unit == 1 || unit == 8 {
			x.pairs(list[i].first, list[j-1].last, text.String(), unit)
		}
		i = max(j, i+1)
	}
}

// pairUnit: 8 for bits, 2 for a pair of hex, 1 for a long row of hex.
func pairUnit(s string) int {
	switch {
	case len(s) != 2 && len(s) < 8:
		return 0
	case len(s)%8 == 0 && strings.Trim(s, "01") == "":
		return 8
	case len(s) >= 8 && len(s)%2 == 0 && strings.Trim(s, "0123456789abcdef") == "" && (strings.ContainsAny(s, "abcdef") || len(s) >= 12):
		return 1
	case len(s) == 2 && strings.Trim(s, "0123456789abcdef") == "":
		return 2
	}
	return 0
}

func (x *letter) pairs(first, last int, text string, unit int) {
	var plain []byte
	rule := "hex"
	if unit == 8 {
		rule = "binary"
		for i := 0; i+8 <= len(text); i += 8 {
			c := byte(0)
			for _, bit := range []byte(text[i : i+8]) {
				c = c<<1 | (bit - '0')
			}
			plain = append(plain, c)
		}
	} else {
		plain, _ = hex.DecodeString(text) // its runes were looked at
	}
	x.steps += len(text)
	if !readable(plain) {
		return
	}
	f, ok := x.rescan(string(plain))
	start, end := x.tokens[first].start, x.tokens[last].end
	switch {
	case ok && (f.Severity != Soft || f.Category == CatName):
		x.coded(start, end, High, rule, f.Because)
	case ok, unit == 8: // nobody writes bits into a letter by chance
		x.coded(start, end, Medium, rule, "an encoded text")
	}
}

const (
	morseSigns = "abcdefghijklmnopqrstuvwxyz0123456789"
	morseCodes = ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.. ----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----."
)

// findMorse reads rows of dots and dashes.
func (x *letter) findMorse() {
	var table map[string]byte
	for i := 0; i < len(x.b); {
		if c := x.b[i]; c != '.' && c != '-' {
			i++
			continue
		}
		j := i
		for j < len(x.b) && strings.IndexByte(".- /|\n", x.b[j]) >= 0 {
			j++
		}
		for x.b[j-1] != '.' && x.b[j-1] != '-' {
			j--
		}
		words := strings.FieldsFunc(x.folded[i:j], func(r rune) bool { return r != '.' && r != '-' })
		if x.steps += j - i; len(words) >= 4 && strings.Contains(x.folded[i:j], "-") && strings.Contains(x.folded[i:j], ".") {
			if table == nil {
				table = map[string]byte{}
				for n, code := range strings.Fields(morseCodes) {
					table[code] = morseSigns[n]
				}
			}
			x.morse(i, j, words, table)
		}
		i = j
	}
}

func (x *letter) morse(start, end int, words []string, table map[string]byte) {
	plain := make([]byte, 0, len(words))
	for _, w := range words {
		c, ok := table[w]
		if !ok {
			return
		}
		plain = append(plain, c)
	}
	f, ok := x.rescan(string(plain))
	sev, because := Medium, "an encoded text"
	if ok && (f.Severity != Soft || f.Category == CatName) {
		sev, because = High, f.Because
	}
	x.coded(start, end, sev, "morse", because)
}

// findNumbered reads 9-19-12-1, A being 1.
func (x *letter) findNumbered() {
	var plain []byte
	first := 0
	flush := func(last int) {
		if len(plain) >= 4 {
			x.numbered(first, plain)
		}
		plain = plain[:0]
	}
	for i := range x.tokens {
		t := &x.tokens[i]
		n := 0
		if t.digits && len(t.key) <= 2 && !t.glued {
			n = number(t.key)
		}
		if n < 1 || n > 26 || len(plain) > 0 && x.gapBytes(i) > 3 {
			flush(i - 1)
		}
		if n >= 1 && n <= 26 {
			if len(plain) == 0 {
				first = i
			}
			plain = append(plain, 'a'+byte(n-1))
		}
	}
	flush(len(x.tokens) - 1)
}

func (x *letter) numbered(first int, plain []byte) {
	for i := 0; i+4 <= len(plain); i++ {
		for _, n := range x.screen.index.starts[[4]byte(plain[i:i+4])] {
			f := &x.screen.forms[n]
			x.steps++
			if strings.HasPrefix(string(plain[i:min(len(plain), i+len(f.text))]), f.text) {
				x.coded(x.tokens[first+i].start, x.tokens[first+i+len(f.text)-1].end, High, "numbered letters", x.screen.entries[f.entry].Value)
				return
			}
		}
	}
	cue := x.word(first, first+len(plain)-1, 6, func(k string) bool { return k == "code" || k == "cipher" || k == "secret" || k == "cod" })
	if cue {
		x.coded(x.tokens[first].start, x.tokens[first+len(plain)-1].end, Medium, "numbered letters", "an encoded text")
	}
}

// findBackwards reads moc.liamg: an address from its end.
func (x *letter) findBackwards() {
	for i := range x.tokens {
		switch x.key(i) {
		case "moc", "ku", "gro", "ten":
		default:
			continue
		}
		if x.gap(i+1) != "." || i+1 >= len(x.tokens) || x.key(i) == "ten" && x.tokens[i+1].first {
			continue
		}
		end := x.tokens[i].end
		for stop := min(len(x.b), end+80); end < stop && !isSpace(x.b[end]); {
			end++
		}
		x.coded(x.tokens[i].start, end, High, "backwards", "an address")
	}
}
