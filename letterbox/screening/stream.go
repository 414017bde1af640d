package screening

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// stream is a text as it is searched: folded to lower case without accents,
// look-alikes, invisible runes and apostrophes, a byte for each letter, with the
// way back. A letter of a script that is not written with these has a byte above
// 0x7f, so that it can still equal itself.
type stream struct {
	text   string
	b      []byte
	folded string  // b as text, which the keys of tokens are cut from
	from   []int32 // by byte of b: where in text it begins
	to     []int32 // and ends
	marks  []mark
	tokens []token
}

// mark is what folding took from a byte.
type mark uint8

const (
	wasUpper   mark = 1 << iota
	afterQuote      // an apostrophe stood before it
)

// degree stands for the sign of degrees in b, odd for any other sign.
const (
	degree = 0x01
	odd    = 0x02
)

// token is a run of letters or of digits.
type token struct {
	start, end int // in b
	key        string
	digits     bool
	glued      bool // nothing stands between it and the token before
	capital    bool // begins with one
	upper      bool // all capitals
	camel      bool // a capital after a small letter
	first      bool // begins a sentence
	apostrophe int  // how many letters stand after the last apostrophe, or 0
	sentence   int
	line       int
}

func newStream(text string) *stream {
	s := &stream{text: text}
	n := len(text) + len(text)/8
	s.b, s.from, s.to, s.marks = make([]byte, 0, n), make([]int32, 0, n), make([]int32, 0, n), make([]mark, 0, n)
	s.fold()
	s.dropApostrophes()
	s.folded = string(s.b)
	s.tokenise()
	return s
}

// put adds a byte that stands for text[from:to].
func (s *stream) put(c byte, from, to int, upper bool) {
	m := mark(0)
	if upper {
		m = wasUpper
	}
	s.b, s.from, s.to, s.marks = append(s.b, c), append(s.from, int32(from)), append(s.to, int32(to)), append(s.marks, m)
}

func (s *stream) fold() {
	var script alphabet
	var buf [64]byte
	for i := 0; i < len(s.text); {
		if s.text[i] < utf8.RuneSelf {
			i = s.foldASCII(i)
			continue
		}
		r, size := utf8.DecodeRuneInString(s.text[i:])
		to := i + size
		switch {
		case r == utf8.RuneError && size == 1:
			s.put(odd, i, to, false)
		case unicode.In(r, unicode.Cyrillic, unicode.Greek) && unicode.IsLetter(r):
			script.meet(s.text, i)
			s.putLetter(script.latin(r), i, to, unicode.IsUpper(r))
		default:
			for _, d := range string(norm.NFKD.AppendString(buf[:0], s.text[i:to])) {
				s.putRune(d, i, to)
			}
		}
		i = to
	}
}

// foldASCII folds a run of plain bytes, which nearly all of most letters is, and
// gives its end.
func (s *stream) foldASCII(i int) int {
	b, from, to, marks := s.b, s.from, s.to, s.marks
	for ; i < len(s.text) && s.text[i] < utf8.RuneSelf; i++ {
		c, m := s.text[i], mark(0)
		switch {
		case c >= 'A' && c <= 'Z':
			c, m = c+'a'-'A', wasUpper
		case c < ' ' && c != '\n' && c != '\t':
			c = ' '
		}
		b, from, to, marks = append(b, c), append(from, int32(i)), append(to, int32(i+1)), append(marks, m)
	}
	s.b, s.from, s.to, s.marks = b, from, to, marks
	return i
}

func (s *stream) putASCII(c byte, from, to int) {
	switch {
	case c >= 'A' && c <= 'Z':
		s.put(c+'a'-'A', from, to, true)
	case c < ' ' && c != '\n' && c != '\t':
		s.put(' ', from, to, false)
	default:
		s.put(c, from, to, false)
	}
}

func (s *stream) putLetter(latin string, from, to int, upper bool) {
	for i := range len(latin) {
		s.put(latin[i], from, to, upper)
	}
}

// putRune adds one rune of a decomposed text.
func (s *stream) putRune(r rune, from, to int) {
	if r < utf8.RuneSelf {
		s.putASCII(byte(r), from, to)
		return
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) || r == '\u115f' || r == '\u1160' || r == '\u3164' {
		return // accents, what encloses a digit, what is not seen
	}
	if latin := letterLike(r); latin != "" {
		s.putLetter(latin, from, to, unicode.IsUpper(r))
		return
	}
	switch {
	case r >= 0x1f1e6 && r <= 0x1f1ff: // letters that flags are made of
		s.put('a'+byte(r-0x1f1e6), from, to, true)
	case unicode.IsDigit(r):
		s.put('0'+digitOf(r), from, to, false)
	case unicode.IsLetter(r):
		s.put(0x80|byte(r%127), from, to, unicode.IsUpper(r))
	case unicode.In(r, unicode.Pd):
		s.put('-', from, to, false)
	case unicode.IsSpace(r):
		s.put(' ', from, to, false)
	default:
		s.put(signLike(r), from, to, false)
	}
}

// digitOf is the value of a digit of another script: their ten stand in a row.
func digitOf(r rune) byte {
	n := byte(0)
	for n < 9 && unicode.IsDigit(r-1) {
		r--
		n++
	}
	return n
}

func signLike(r rune) byte {
	switch r {
	case '‘', '’', 'ʼ', '′', '`', '´':
		return '\''
	case '“', '”', '″', '«', '»':
		return '"'
	case '°', '˚':
		return degree
	case '•', '·', '∙', '。', '․':
		return '.'
	case '\u2028', '\u2029':
		return '\n'
	case '⁄', '∕':
		return '/'
	}
	return odd
}

// dropApostrophes leaves out what stands inside words: don't is one word.
func (s *stream) dropApostrophes() {
	if bytes.IndexByte(s.b, '\'') < 0 {
		return
	}
	n := 0
	for i, c := range s.b {
		if c == '\'' && i > 0 && i+1 < len(s.b) && isLetter(s.b[i-1]) && isLetter(s.b[i+1]) {
			s.marks[i+1] |= afterQuote
			continue
		}
		s.b[n], s.from[n], s.to[n], s.marks[n] = c, s.from[i], s.to[i], s.marks[i]
		n++
	}
	s.b, s.from, s.to, s.marks = s.b[:n], s.from[:n], s.to[:n], s.marks[:n]
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 0x80 }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isAlnum(c byte) bool  { return isLetter(c) || isDigit(c) }

func (s *stream) tokenise() {
	s.tokens = make([]token, 0, len(s.b)/5+4)
	sentence, line, first := 0, 0, true
	for i := 0; i < len(s.b); {
		c := s.b[i]
		if !isAlnum(c) {
			if c == '\n' {
				line++
			}
			if !first && (c == '\n' || (c == '.' || c == '!' || c == '?') && (i+1 == len(s.b) || !isAlnum(s.b[i+1]))) {
				sentence, first = sentence+1, true
			}
			i++
			continue
		}
		t := s.token(i)
		t.first, t.sentence, t.line = first && !t.digits, sentence, line
		s.tokens = append(s.tokens, t)
		first, i = false, t.end
	}
}

// token reads the token that begins at i.
func (s *stream) token(i int) token {
	t := token{start: i, digits: isDigit(s.b[i]), upper: true, glued: i > 0 && isAlnum(s.b[i-1])}
	j := i
	for ; j < len(s.b) && isAlnum(s.b[j]) && isDigit(s.b[j]) == t.digits; j++ {
		up := s.marks[j]&wasUpper != 0
		switch {
		case j == i:
			t.capital = up
		case up && s.marks[j-1]&wasUpper == 0:
			t.camel = true
		}
		t.upper = t.upper && up
		if s.marks[j]&afterQuote != 0 {
			t.apostrophe = i - j
		}
	}
	if t.apostrophe < 0 {
		t.apostrophe += j - i
	}
	t.end, t.key = j, s.folded[i:j]
	return t
}

// gap is what stands between a token and the one before it.
func (s *stream) gap(i int) string {
	if i <= 0 || i >= len(s.tokens) {
		return ""
	}
	return s.folded[s.tokens[i-1].end:s.tokens[i].start]
}

// gapBytes is how much that is.
func (s *stream) gapBytes(i int) int { return s.tokens[i].start - s.tokens[i-1].end }

// key is that of a token, and of one that is not there nothing.
func (s *stream) key(i int) string {
	if i < 0 || i >= len(s.tokens) {
		return ""
	}
	return s.tokens[i].key
}

// byteAt is a byte of the folded text, and outside of it a space.
func (s *stream) byteAt(i int) byte {
	if i < 0 || i >= len(s.b) {
		return ' '
	}
	return s.b[i]
}
