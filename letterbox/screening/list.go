package screening

import (
	"slices"
	"strings"
)

// how tells by what way a word is that of the list; an earlier one is surer.
type how uint8

const (
	listed how = iota
	spelling
	joined
	nickname
	acronym
	reversed
	vowelless
	shifted
	related
	near
	sounding
	glued
	shortened
	masked
)

func (h how) String() string {
	return [...]string{"on the list", "other spelling", "joined", "form of the name", "first letters", "backwards", "vowels left out", "shifted letters",
		"related name", "near spelling", "sounds like it", "within a word", "cut short", "letters hidden"}[h]
}

// form is one text that stands for an entry.
type form struct {
	text  string
	entry int32
	how   how
	part  bool // one word of several, which says less alone
	mask  uint32
	sound string
	full  string // with its vowels
}

// place is what is known of an entry of several words.
type place struct {
	words    []string
	distinct int // how many of them are not general
}

// index finds forms.
type index struct {
	exact    map[string][]int32
	byLength [maxFuzzy + 1][]int32 // only what is on the list itself
	sounds   map[string][]int32
	starts   map[[4]byte][]int32 // forms of four letters or more that are on the list
	compact  map[[4]byte][]int32
	packed   []form // what is compared without its spaces
	initials map[[2]byte]int32
	places   map[int32]place
	phones   []form
	births   []birth
}

// birth is a day of the list.
type birth struct {
	entry int32
	date
}

// maxFuzzy is how long a word may be and still be compared letter by letter.
const maxFuzzy = 24

func (s *Screen) compile() {
	s.index = index{exact: map[string][]int32{}, sounds: map[string][]int32{}, starts: map[[4]byte][]int32{}, compact: map[[4]byte][]int32{},
		initials: map[[2]byte]int32{}, places: map[int32]place{}}
	var names, surnames []int32
	for i, e := range s.entries {
		n := int32(i)
		words := foldWords(e.Value)
		if len(words) == 0 {
			continue
		}
		switch e.Kind {
		case Name, Surname, Nickname:
			s.compileName(n, e.Kind, words)
			if e.Kind == Name {
				names = append(names, n)
			} else if e.Kind == Surname {
				surnames = append(surnames, n)
			}
		case Phone:
			s.compilePhone(n, e.Value)
		case DateOfBirth:
			if d, ok := parseDate(e.Value); ok {
				s.index.births = append(s.index.births, birth{n, d})
			}
			s.pack(n, words)
		case Postcode, Vehicle:
			s.pack(n, words)
		case Email:
			s.pack(n, words)
			if local, _, ok := strings.Cut(strings.ToLower(e.Value), "@"); ok {
				s.pack(n, foldWords(local))
			}
		default:
			s.compilePlace(n, words)
		}
	}
	s.pairInitials(names, surnames)
}

// pairInitials: who belongs to whom is not said, so every forename goes with
// every surname.
func (s *Screen) pairInitials(names, surnames []int32) {
	for _, n := range names {
		for _, m := range surnames {
			a, b := foldWords(s.entries[n].Value)[0], foldWords(s.entries[m].Value)[0]
			if pair := [2]byte{a[0], b[0]}; !ordinaryPair(pair) {
				if _, there := s.index.initials[pair]; !there {
					s.index.initials[pair] = m
				}
			}
		}
	}
}

// ordinaryPair are two letters with dots that mean something else.
func ordinaryPair(p [2]byte) bool {
	switch string(p[:]) {
	case "ps", "eg", "ie", "am", "pm", "pe", "re", "tv", "uk", "us", "ad", "dj", "pj", "id", "ok", "nb", "bc", "gp", "mp", "pc", "dr", "mr", "ms", "st", "xx", "cd", "ta", "hq", "rs", "mc", "vs":
		return true
	}
	return false
}

// foldWords are the words of a value as a letter's words are folded.
func foldWords(value string) []string {
	st := newStream(value)
	var out []string
	for i, t := range st.tokens {
		if t.glued && i > 0 {
			out[len(out)-1] += t.key
		} else {
			out = append(out, strings.Clone(t.key))
		}
	}
	return out
}

func (s *Screen) addForm(f form) {
	if len(f.text) < 2 || f.text == "" {
		return
	}
	for _, have := range s.index.exact[f.text] {
		if h := s.forms[have]; h.entry == f.entry && h.how <= f.how {
			return
		}
	}
	n := int32(len(s.forms))
	f.mask = letterMask(f.text)
	if f.how == listed || f.how == joined && len(f.text) >= 6 {
		f.sound, f.full = sound(f.text)
	}
	s.forms = append(s.forms, f)
	s.index.exact[f.text] = append(s.index.exact[f.text], n)
	if f.how != listed && f.how != joined {
		return
	}
	if f.sound != "" && len(f.text) >= 4 && len(f.text) <= maxFuzzy {
		s.index.byLength[len(f.text)] = append(s.index.byLength[len(f.text)], n)
		if len(f.sound) >= 3 {
			s.index.sounds[f.sound] = append(s.index.sounds[f.sound], n)
		}
	}
	if len(f.text) >= 4 {
		k := [4]byte([]byte(f.text[:4]))
		s.index.starts[k] = append(s.index.starts[k], n)
	}
}

func (s *Screen) compileName(n int32, kind Kind, words []string) {
	for _, w := range words {
		if len(words) > 1 && (isKin(w) || isTitle(w)) {
			continue
		}
		s.addForm(form{text: w, entry: n, how: listed})
		s.derive(n, w)
		for _, other := range s.lore.otherSpellings(w) {
			s.addForm(form{text: other, entry: n, how: spelling})
		}
		if kind == Surname {
			if rest, ok := strings.CutPrefix(w, "mac"); ok && len(rest) > 3 {
				s.addForm(form{text: "mc" + rest, entry: n, how: spelling})
			} else if rest, ok := strings.CutPrefix(w, "mc"); ok && len(rest) > 3 {
				s.addForm(form{text: "mac" + rest, entry: n, how: spelling})
			}
			continue
		}
		certain, others := s.lore.nicknames(w)
		s.addOthers(n, nickname, certain)
		s.addOthers(n, related, others)
	}
	if len(words) > 1 {
		s.addForm(form{text: strings.Join(words, ""), entry: n, how: joined})
	}
}

func (s *Screen) addOthers(n int32, by how, names []string) {
	for _, other := range names {
		if !isKin(other) && !isCalendar(other) {
			s.addForm(form{text: other, entry: n, how: by})
		}
	}
}

// derive adds what a word becomes when it is written in a way of hiding it.
func (s *Screen) derive(n int32, w string) {
	if len(w) < 4 {
		return
	}
	back := []byte(w)
	slices.Reverse(back)
	if b := string(back); b != w && !s.lore.isWord(b) && !s.lore.isName(b) {
		s.addForm(form{text: b, entry: n, how: reversed})
	}
	if v := withoutVowels(w); len(v) >= 4 && len(v) < len(w) {
		s.addForm(form{text: v, entry: n, how: vowelless})
	}
	rot, atbash := []byte(w), []byte(w)
	for i, c := range rot {
		if c < 'a' || c > 'z' {
			return
		}
		rot[i], atbash[i] = 'a'+(c-'a'+13)%26, 'z'-(c-'a')
	}
	for _, code := range []string{string(rot), string(atbash)} {
		if !s.lore.isWord(code) && !s.lore.isName(code) {
			s.addForm(form{text: code, entry: n, how: shifted})
		}
	}
}

func withoutVowels(w string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("aeiou", r) {
			return -1
		}
		return r
	}, w)
}

// compilePlace takes the name of a place apart: what is its own, and what many have.
func (s *Screen) compilePlace(n int32, words []string) {
	var p place
	letters, whole := "", ""
	for _, w := range words {
		if isDigit(w[0]) {
			continue
		}
		p.words = append(p.words, w)
		letters += w[:1]
		if w == "rc" || w == "ce" || w == "cofe" {
			whole += w
		} else {
			whole += w[:1]
		}
		if !isGeneral(w) {
			p.distinct++
		}
	}
	if p.distinct == 0 { // "The High School": its words are said together or not at all
		s.pack(n, words)
		return
	}
	s.index.places[n] = p
	for _, w := range p.words {
		if isGeneral(w) || len(w) < 3 {
			continue
		}
		s.addForm(form{text: w, entry: n, how: listed, part: len(words) > 1})
		if !s.lore.isWord(w) {
			s.derive(n, w)
		}
	}
	if len(letters) >= 3 {
		s.addForm(form{text: letters, entry: n, how: acronym})
		s.addForm(form{text: whole, entry: n, how: acronym})
	}
	if len(p.words) > 1 {
		s.addForm(form{text: strings.Join(p.words, ""), entry: n, how: joined})
		s.pack(n, words)
	}
}

// pack adds what is compared without its spaces and signs.
func (s *Screen) pack(n int32, words []string) {
	text := strings.Join(words, "")
	if len(text) < 5 {
		return
	}
	k := [4]byte([]byte(text[:4]))
	s.index.compact[k] = append(s.index.compact[k], int32(len(s.index.packed)))
	s.index.packed = append(s.index.packed, form{text: text, entry: n, how: joined})
}

func (s *Screen) compilePhone(n int32, value string) {
	var digits []byte
	for _, c := range newStream(value).b {
		if isDigit(c) {
			digits = append(digits, c)
		}
	}
	if d := national(string(digits)); len(d) >= 6 {
		s.index.phones = append(s.index.phones, form{text: strings.TrimPrefix(d, "0"), entry: n})
	}
}

func letterMask(w string) uint32 {
	m := uint32(0)
	for i := range len(w) {
		if c := w[i]; c >= 'a' && c <= 'z' {
			m |= 1 << (c - 'a')
		} else {
			m |= 1 << (26 + c%6)
		}
	}
	return m
}

func isKin(w string) bool {
	switch w {
	case "nan", "nana", "nanny", "nanna", "nain", "taid", "gran", "granny", "grandma", "grandad", "grandpa", "grampy", "gramps", "nonna", "aunt", "auntie", "aunty", "anti", "uncle", "mum", "mam", "mummy", "mammy",
		"mama", "mom", "dad", "daddy", "papa", "pop", "pops", "cousin", "baby", "sister", "brother", "big", "little", "the", "and", "of", "nin", "bopa", "modryb", "ewythr":
		return true
	}
	return false
}

func isTitle(w string) bool {
	switch w {
	case "mr", "mrs", "miss", "ms", "mx", "dr", "rev", "sir", "lady", "master":
		return true
	}
	return false
}

// isGeneral tells of words that many places have.
func isGeneral(w string) bool {
	if isStreet(w) || isHouse(w) || isTitle(w) {
		return true
	}
	switch w {
	case "the", "of", "and", "at", "in", "on", "by", "y", "yr", "st", "saint", "great", "little", "new", "old", "upper", "lower", "north", "south", "east", "west", "number", "no",
		"school", "primary", "secondary", "infant", "infants", "junior", "juniors", "nursery", "academy", "college", "high", "grammar", "community", "church", "ce", "rc", "catholic", "first", "middle", "special", "ysgol",
		"practice", "surgery", "medical", "health", "centre", "center", "clinic", "hospital", "dental", "vets", "veterinary", "company", "co", "ltd", "limited", "services", "group", "club", "football", "swimming", "rugby",
		"dance", "fc", "afc", "rfc", "town", "city", "village", "valley", "county", "road", "uk", "under", "preschool", "playgroup", "care", "home", "shop", "store", "salon", "cafe", "bakery", "council", "trust", "university":
		return true
	}
	return false
}

func isStreet(w string) bool {
	switch w {
	case "road", "rd", "street", "str", "lane", "ln", "avenue", "ave", "av", "close", "cl", "drive", "dr", "way", "crescent", "cres", "cresent", "court", "ct", "terrace", "terr", "gardens", "gdns", "grove", "place", "pl", "square", "sq",
		"hill", "view", "walk", "row", "mews", "park", "rise", "green", "parade", "croft", "mount", "vale", "heights", "wharf", "quay", "lon", "heol", "stryd", "ffordd", "maes", "clos", "rhodfa", "cilgant":
		return true
	}
	return false
}

func isHouse(w string) bool {
	switch w {
	case "house", "cottage", "farm", "flat", "apartment", "apt", "villa", "bungalow", "lodge", "hall", "manor", "tower", "towers", "block", "caravan", "unit", "farmhouse", "barn", "cottages", "mansions", "flats":
		return true
	}
	return false
}
