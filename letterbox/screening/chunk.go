package screening

import "strings"

// chunk is a run of letters and digits with nothing between: AB51, 9zz, isla.
type chunk struct {
	first, last int // tokens
	text        string
	upper       bool // its letters are capitals
}

// chunks cuts the letter into them, once.
func (x *letter) chunks() []chunk {
	if x.list != nil {
		return x.list
	}
	out := make([]chunk, 0, len(x.tokens))
	for i := range x.tokens {
		t := &x.tokens[i]
		up := t.digits || t.upper
		if t.glued && len(out) > 0 {
			c := &out[len(out)-1]
			c.last, c.upper = i, c.upper && up
			c.text = x.folded[x.tokens[c.first].start:t.end]
			continue
		}
		out = append(out, chunk{i, i, t.key, up})
	}
	x.list = out
	return out
}

// only tells whether a text has no other bytes than some.
func only(text, some string) bool {
	for i := range len(text) {
		if strings.IndexByte(some, text[i]) < 0 {
			return false
		}
	}
	return true
}

// joinedChunk is n chunks from i as one, if only little stands between them.
func (x *letter) joinedChunk(list []chunk, i, n int) (chunk, bool) {
	if i+n > len(list) {
		return chunk{}, false
	}
	c := list[i]
	if n == 1 {
		return c, true
	}
	var buf [48]byte
	b := append(buf[:0], c.text...)
	for _, next := range list[i+1 : i+n] {
		gap := x.gap(next.first)
		if len(gap) > 3 || len(next.text) > 12 || len(b) > 40 || len(next.text) > 4 && next.first == next.last && !x.tokens[next.first].digits || !only(gap, " .-_\n/") {
			return chunk{}, false
		}
		b = append(b, next.text...)
		c.last, c.upper = next.last, c.upper && next.upper
	}
	c.text = string(b)
	return c, true
}

// shape writes a for each letter and 0 for each digit of a short text.
func shape(text string) string {
	var out [24]byte
	if len(text) > len(out) {
		return ""
	}
	for i := range len(text) {
		out[i] = 'a'
		if isDigit(text[i]) {
			out[i] = '0'
		}
	}
	return string(out[:len(text)])
}

// word tells whether one of some words stands around tokens, in the same sentence
// or beside it.
func (x *letter) word(first, last, reach int, is func(string) bool) bool {
	for j := max(0, first-reach); j <= min(len(x.tokens)-1, last+reach); j++ {
		if (j < first || j > last) && abs(x.tokens[j].sentence-x.tokens[first].sentence) <= 1 && is(x.tokens[j].key) {
			return true
		}
	}
	return false
}

// before is word for what stands before a token only.
func (x *letter) before(first, reach int, is func(string) bool) bool {
	for j := max(0, first-reach); j < first; j++ {
		if x.tokens[j].sentence == x.tokens[first].sentence && is(x.tokens[j].key) {
			return true
		}
	}
	return false
}
