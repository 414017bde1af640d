package screening

import "strings"

// cue is a phrase that asks to be read twice.
type cue struct {
	words []cueWord
	f     Finding
}

// cueWord is what one word of a phrase may be.
type cueWord struct {
	any      []string
	optional bool
	gap      bool // up to three words of any kind
}

// readCues reads the phrases: a head in brackets says what those below it are,
// severity, category, code (- for none) and name; a/b is either, word? may be
// missing, .. is up to three words.
func readCues(text string) map[string][]cue {
	out := map[string][]cue{}
	var head Finding
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			continue
		case strings.HasPrefix(line, "["):
			part := strings.SplitN(strings.Trim(line, "[]"), " ", 4)
			head = Finding{Severity: Severity(part[0]), Category: Category(part[1]), Code: Code(strings.TrimPrefix(part[2], "-")), Rule: "phrase", Because: part[3]}
			continue
		}
		c := cue{f: head}
		for _, w := range strings.Fields(line) {
			if w == ".." {
				c.words = append(c.words, cueWord{gap: true})
				continue
			}
			plain, optional := strings.CutSuffix(w, "?")
			c.words = append(c.words, cueWord{any: strings.Split(plain, "/"), optional: optional})
		}
		for _, first := range c.words[0].any {
			out[first] = append(out[first], c)
		}
	}
	return out
}

// findCues finds the phrases. A phrase is a few words, so each start costs little.
func (x *letter) findCues() {
	for i := range x.tokens {
		for _, c := range x.screen.lore.cues[x.tokens[i].key] {
			if last := x.follows(i, c.words); last >= 0 {
				x.addTokens(i, last, c.f)
			}
		}
	}
	x.signsAs()
}

// follows tells the last token of a phrase that begins at i, or -1.
func (x *letter) follows(i int, words []cueWord) int {
	last, room := i-1, 0
	for n := range words {
		w := &words[n]
		if w.gap {
			room = 3
			continue
		}
		at := -1
		for j := last + 1; j <= min(last+1+room, len(x.tokens)-1); j++ {
			x.steps++
			if matches(w.any, x.tokens[j].key) {
				at = j
				break
			}
		}
		switch {
		case at >= 0 && (n == 0 || x.tokens[at].line-x.tokens[last].line <= 1 && x.gapBytes(at) < 8):
			last, room = at, 0
		case !w.optional:
			return -1
		}
	}
	return last
}

func matches(any []string, k string) bool {
	for _, w := range any {
		if w == k {
			return true
		}
	}
	return false
}

// signsAs finds a letter that is signed Mummy or Daddy (M05): a birth parent is
// asked for the first name.
func (x *letter) signsAs() {
	for i := max(0, len(x.tokens)-12); i < len(x.tokens); i++ {
		switch x.key(i) {
		case "mummy", "daddy", "mum", "dad", "mam", "mammy":
		default:
			continue
		}
		if !x.signedBy(i) {
			continue
		}
		end := true
		for j := i + 1; j < len(x.tokens); j++ {
			if k := x.key(j); strings.Trim(k, "xo") != "" {
				end = false
			}
		}
		if end {
			x.addTokens(i, i, Finding{Category: CatCue, Code: "M05", Severity: Soft, Rule: "phrase", Because: "signed as a parent"})
		}
	}
}

// signedBy: love Mummy, from your mum, always your daddy; not: for your mum and dad.
func (x *letter) signedBy(i int) bool {
	closes := func(k string) bool {
		switch k {
		case "love", "luv", "from", "always", "forever", "xx", "xxx", "cariad", "oddi":
			return true
		}
		return false
	}
	return closes(x.key(i-1)) || (x.key(i-1) == "your" || x.key(i-1) == "birth" || x.key(i-1) == "tummy") && (closes(x.key(i-2)) || closes(x.key(i-3)))
}
