package register

import (
	"math/bits"
	"strings"

	"gatepost/internal/forename"
)

// valueID is the number of a cleaned value; 0 is the one that is not known.
type valueID uint32

// value is what is known of one cleaned text, once for all entries that have it.
type value struct {
	text      []rune
	firstWord string
	lastWord  string
	whole     uint16   // Soundex of all of it
	root      uint16   // Soundex of the root of its first word as a forename
	forenames []uint16 // lines of the table of forenames that its first word stands in
	surnames  []uint16 // lines of the table of surnames that it stands in
}

// sign is what can be told of two values without looking at their letters one by
// one: which letters a text has, how many, the first, and whether it may be more
// alike to another than its letters say.
type sign uint64

const (
	signLetters   = 1<<26 - 1
	signOther     = 1 << 26 // not only letters from a to z
	signForename  = 1 << 27 // stands in the table of forenames
	signSurname   = 1 << 28 // and of surnames
	signLengthAt  = 32
	signInitialAt = 40
)

func signOf(v *value) sign {
	s := sign(len(v.text)) << signLengthAt
	for i, r := range v.text {
		if r < 'a' || r > 'z' {
			s |= signOther
			continue
		}
		s |= 1 << (r - 'a')
		if i == 0 {
			s |= sign(r-'a'+1) << signInitialAt
		}
	}
	if v.forenames != nil {
		s |= signForename
	}
	if v.surnames != nil {
		s |= signSurname
	}
	return s
}

func (s sign) length() int { return int(s >> signLengthAt & 63) }

// common is the most letters that two texts can have in common.
func common(a, b sign) int {
	return min(a.length()-bits.OnesCount64(uint64(a&^b&signLetters)), b.length()-bits.OnesCount64(uint64(b&^a&signLetters)))
}

// values numbers the texts of a register. It only grows, and only while an index
// is made; then any number of searches may read it.
type values struct {
	forms, surnames variants
	list            []value
	signs           []sign // of each of list
	cleaned         map[string]valueID
	names, texts    map[string]valueID // by what was written
}

func newValues() *values {
	return &values{forms: readVariants(forename.Text()), surnames: readVariants(surnamesText), list: make([]value, 1), signs: make([]sign, 1),
		cleaned: map[string]valueID{"": 0}, names: map[string]valueID{"": 0}, texts: map[string]valueID{"": 0}}
}

// name numbers a name of a person.
func (v *values) name(raw string) valueID { return v.number(raw, v.names, cleanName) }

// other numbers anything else: a place, an agency, a number.
func (v *values) other(raw string) valueID { return v.number(raw, v.texts, cleanText) }

func (v *values) number(raw string, known map[string]valueID, clean func(string) string) valueID {
	if id, ok := known[raw]; ok {
		return id
	}
	text := clean(raw)
	id, ok := v.cleaned[text]
	if !ok {
		id = valueID(len(v.list))
		v.list = append(v.list, v.make(text))
		v.signs = append(v.signs, signOf(&v.list[id]))
		v.cleaned[text] = id
	}
	if len(raw) <= 2*longest { // what is longer is hardly said twice
		known[raw] = id
	}
	return id
}

func (v *values) make(text string) value {
	first, rest, _ := strings.Cut(text, " ")
	last := first
	if i := strings.LastIndexByte(rest, ' '); rest != "" {
		last = rest[i+1:]
	}
	return value{text: []rune(text), firstWord: first, lastWord: last, whole: soundex(text), root: soundex(v.forms.root(first)),
		forenames: v.forms.lines[first], surnames: v.surnames.lines[text]}
}

// probeValues are the values of one search beside those of the index, which they
// do not change.
type probeValues struct {
	of    *values
	extra []value
}

func (p *probeValues) name(raw string) valueID { return p.number(raw, p.of.names, cleanName) }

func (p *probeValues) other(raw string) valueID { return p.number(raw, p.of.texts, cleanText) }

func (p *probeValues) number(raw string, known map[string]valueID, clean func(string) string) valueID {
	if id, ok := known[raw]; ok {
		return id
	}
	text := clean(raw)
	if id, ok := p.of.cleaned[text]; ok {
		return id
	}
	for i := range p.extra {
		if string(p.extra[i].text) == text {
			return valueID(len(p.of.list) + i)
		}
	}
	p.extra = append(p.extra, p.of.make(text))
	return valueID(len(p.of.list) + len(p.extra) - 1)
}

func (p *probeValues) at(id valueID) *value {
	if int(id) < len(p.of.list) {
		return &p.of.list[id]
	}
	return &p.extra[int(id)-len(p.of.list)]
}

// row is an entry as it is compared.
type row struct {
	forename, surname valueID
	mother            valueID // her forename
	maiden, married   valueID // her surname and the other one
	place, agency     valueID
	born              birth
	sex               byte
	oneSurname        bool              // the child has the mother's surname
	also              *[maxAlso]valueID // nil for none
	_                 [8]byte           // makes a row a line of the processor's cache
}

type numberer interface {
	name(string) valueID
	other(string) valueID
}

func rowOf(v numberer, e *Entry) row {
	r := row{forename: v.name(e.Forename), surname: v.name(e.Surname), mother: v.name(e.MotherForename), maiden: v.name(e.MotherSurname),
		married: v.name(e.MotherOtherSurname), place: v.other(e.Place), agency: v.other(e.Agency), born: birthOf(e)}
	if r.maiden == 0 {
		r.maiden, r.married = r.married, 0
	}
	r.oneSurname = r.surname != 0 && (r.surname == r.maiden || r.surname == r.married)
	r.sex = sexOf(e.Sex)
	if n := min(len(e.Also), maxAlso); n > 0 {
		r.also = new([maxAlso]valueID)
		for i := range n {
			r.also[i] = v.other(e.Also[i])
		}
	}
	return r
}

func sexOf(raw string) byte {
	switch word := cleanText(raw); {
	case word == "":
		return 0
	case word[0] == 'f', word[0] == 'w', word[0] == 'g':
		return 'f'
	case word[0] == 'm', word[0] == 'b':
		return 'm'
	}
	return 0
}
