package letterbox

import (
	"strings"
	"unicode"
)

// Change is a run of words of two texts laid side by side: in both, only in the
// one before, or only in the one after.
type Change struct {
	Text    Text
	Added   bool
	Removed bool
}

// maxEdits is how many words may differ before two texts are shown as two, one
// after the other: nobody reads more as a change. It bounds the work, too.
const maxEdits = 2000

// Compare tells which words of a text are not in another, and the other way round,
// in the order of both. Spaces go with the word before them. It takes memory for the words and no more.
func Compare(before, after Text) []Change {
	c := comparing{a: wordsWithSpace(string(before)), b: wordsWithSpace(string(after))}
	c.between(0, len(c.a), 0, len(c.b))
	return c.out
}

type comparing struct {
	a, b []string
	out  []Change
}

// wordsWithSpace cuts a text into words with the spaces behind them.
func wordsWithSpace(text string) (list []string) {
	start, space := 0, false
	for i, r := range text {
		if space && !unicode.IsSpace(r) {
			list, start = append(list, text[start:i]), i
		}
		space = unicode.IsSpace(r)
	}
	if start < len(text) {
		list = append(list, text[start:])
	}
	return list
}

// same tells whether two words are one, whatever spaces stand behind them.
func (c *comparing) same(i, j int) bool {
	return strings.TrimSpace(c.a[i]) == strings.TrimSpace(c.b[j])
}

// add puts words at the end, with those before them where they are of one kind.
func (c *comparing) add(words []string, added, removed bool) {
	if len(words) == 0 {
		return
	}
	text := Text(strings.Join(words, ""))
	if n := len(c.out); n > 0 && c.out[n-1].Added == added && c.out[n-1].Removed == removed {
		c.out[n-1].Text += text
		return
	}
	c.out = append(c.out, Change{text, added, removed})
}

// between compares a[a0:a1] with b[b0:b1]: what is the same at both ends, and in
// the middle what Myers' algorithm finds, halved where a shortest way between the
// two has its middle, so that no more than two rows of it are kept.
func (c *comparing) between(a0, a1, b0, b1 int) {
	start := a0
	for a0 < a1 && b0 < b1 && c.same(a0, b0) {
		a0, b0 = a0+1, b0+1
	}
	c.add(c.b[b0-(a0-start):b0], false, false)
	end := a1
	for a0 < a1 && b0 < b1 && c.same(a1-1, b1-1) {
		a1, b1 = a1-1, b1-1
	}
	x, y, found := 0, 0, false
	if a0 < a1 && b0 < b1 {
		x, y, found = c.middle(a0, a1, b0, b1)
	}
	if found && (x > a0 || y > b0) && (x < a1 || y < b1) {
		c.between(a0, x, b0, y)
		c.between(x, a1, y, b1)
	} else {
		c.add(c.a[a0:a1], false, true)
		c.add(c.b[b0:b1], true, false)
	}
	c.add(c.b[b1:b1+end-a1], false, false)
}

// middle finds where a shortest way from one text to the other meets when it is
// looked for from both ends. Not found: it is longer than maxEdits.
func (c *comparing) middle(a0, a1, b0, b1 int) (x, y int, found bool) {
	n, m := a1-a0, b1-b0
	most := min((n+m+1)/2, maxEdits)
	delta, odd := n-m, (n-m)%2 != 0
	forth, back := make([]int, 2*most+3), make([]int, 2*most+3)
	at := func(k int) int { return k + most + 1 }
	for d := range most + 1 {
		for k := -d; k <= d; k += 2 {
			i := forth[at(k-1)] + 1
			if k == -d || k != d && forth[at(k-1)] < forth[at(k+1)] {
				i = forth[at(k+1)]
			}
			if d == 0 {
				i = 0
			}
			for i < n && i-k < m && i-k >= 0 && c.same(a0+i, b0+i-k) {
				i++
			}
			forth[at(k)] = i
			if r := delta - k; odd && r > -d && r < d && i <= n && i-k <= m && i-k >= 0 && i+back[at(r)] >= n {
				return a0 + i, b0 + i - k, true
			}
		}
		for k := -d; k <= d; k += 2 {
			i := back[at(k-1)] + 1
			if k == -d || k != d && back[at(k-1)] < back[at(k+1)] {
				i = back[at(k+1)]
			}
			if d == 0 {
				i = 0
			}
			for i < n && i-k < m && i-k >= 0 && c.same(a1-1-i, b1-1-i+k) {
				i++
			}
			back[at(k)] = i
			if r := delta - k; !odd && r >= -d && r <= d && i <= n && i-k <= m && i-k >= 0 && i+forth[at(r)] >= n {
				return a1 - i, b1 - i + k, true
			}
		}
	}
	return 0, 0, false
}
