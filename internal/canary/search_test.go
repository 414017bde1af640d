package canary_test

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// short is the shortest pattern that is looked for: a shorter one stands in
// random bytes by chance.
const short = 7

// form is one way in which a word may lie about.
type form struct {
	name   string
	encode func(word string) []string
}

func forms() []form {
	return []form{
		{"as it is", func(w string) []string { return []string{w} }},
		{"base64", func(w string) []string { return based(base64.RawStdEncoding, w) }},
		{"base64url", func(w string) []string { return based(base64.RawURLEncoding, w) }},
		{"hex", func(w string) []string {
			text := hex.EncodeToString([]byte(w))
			return []string{text, strings.ToUpper(text)}
		}},
	}
}

// based gives what all base64 texts that hold a word have in common, for each
// of the three places at which it can begin: without the characters at both
// ends, which depend on what stands beside it.
func based(e *base64.Encoding, word string) []string {
	var list []string
	for lead := range 3 {
		text := e.EncodeToString(append(make([]byte, lead), word...))
		from, to := 0, len(text)
		if lead > 0 {
			from = lead + 1
		}
		if (lead+len(word))%3 != 0 {
			to--
		}
		list = append(list, text[from:to])
	}
	return list
}

// pattern is one text to look for.
type pattern struct {
	text string
	word int // which planted word, by its place in the list
	form string
}

// searcher looks for many patterns in one pass: at each byte the next four
// decide, by a table, whether anything can begin there.
type searcher struct {
	may     []uint64 // bits, by a hash of four bytes
	by      map[uint32][]pattern
	longest int
}

const tableBits = 20

func hash(four uint32) uint32 { return four * 2654435761 >> (32 - tableBits) } // Knuth, Sorting and Searching, 6.4

func newSearcher(words []string) *searcher {
	s := &searcher{may: make([]uint64, 1<<tableBits/64), by: map[uint32][]pattern{}}
	for i, word := range words {
		for _, f := range forms() {
			for _, text := range f.encode(word) {
				if len(text) < short {
					continue
				}
				four := binary.LittleEndian.Uint32([]byte(text[:4]))
				if !slices.ContainsFunc(s.by[four], func(p pattern) bool { return p.text == text }) {
					s.by[four] = append(s.by[four], pattern{text: text, word: i, form: f.name})
				}
				h := hash(four)
				s.may[h/64] |= 1 << (h % 64)
				s.longest = max(s.longest, len(text))
			}
		}
	}
	return s
}

// found is where a word lies.
type found struct {
	word int
	form string
}

// read looks through everything that r gives.
func (s *searcher) read(r io.Reader, hit func(found)) error {
	in := bufio.NewReaderSize(r, 1<<20)
	var keep []byte
	block := make([]byte, 1<<20)
	for {
		n, err := io.ReadFull(in, block)
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return err
		}
		data := append(keep, block[:n]...)
		end := len(data) - s.longest
		if last {
			end = len(data) - 4
		}
		s.scan(data, end, hit)
		if last {
			return nil
		}
		keep = slices.Clone(data[max(0, end+1):])
	}
}

// scan looks at every place of data up to and with end.
func (s *searcher) scan(data []byte, end int, hit func(found)) {
	for i := 0; i <= end; i++ {
		four := binary.LittleEndian.Uint32(data[i:])
		if h := hash(four); s.may[h/64]&(1<<(h%64)) == 0 {
			continue
		}
		for _, p := range s.by[four] {
			if len(data)-i >= len(p.text) && string(data[i:i+len(p.text)]) == p.text {
				hit(found{p.word, p.form})
			}
		}
	}
}

// folder looks through every file below a folder.
func (s *searcher) folder(dir string, hit func(found)) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		return errors.Join(s.read(f, hit), f.Close())
	})
}
