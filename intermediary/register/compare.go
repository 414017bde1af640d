package register

// The fields, in the order of evidence.
const (
	fieldForename = iota
	fieldSurnames
	fieldBorn
	fieldMother
	fieldPlace
	fieldSex
	fieldAgency
	fieldAlso // and the five after it
	fields    = fieldAlso + maxAlso
)

// maxLevels is more than any field has.
const maxLevels = 32

// missing is the level of a field that one of two entries lacks.
const missing = 0

// Levels of a name, and of a place, agency or other text, which have no variant.
const (
	nameExact   = 1 + iota
	nameVariant // another form of it: a pet form, a spelling, the Welsh for it
	nameClose   // Jaro-Winkler 0.92 or more
	nameNear    // 0.88
	nameLoose   // 0.70
	nameOther
	nameCrossed // forename and surname written in each other's place
)

// Levels of anything else that agrees or does not.
const (
	textExact = 1 + iota
	textClose
	textOther
)

// Levels of the surnames. The child's and the mother's are one name in most
// entries, so that to count both would count one fact twice: all surnames of a
// pair of entries together have one level.
const (
	both         = 1 + iota // two different surnames agree
	bothOne                 // they agree and are one surname
	childAndLike            // the child's agree, the mother's are alike
	motherAndLike
	alike       // neither is the same, both are alike
	childOnly   // the child's agree, the mother's do not
	motherOnly  // the mother's agree, the child's do not
	childLike   // the child's are alike, the mother's are not
	motherLike  //
	crosswise   // neither, but the child's surname here is the mother's there
	neither     //
	child       // the mother's is not known: the child's agree
	childClose  //
	childNear   //
	childCross  //
	childNot    //
	mother      // the child's is not known: the mother's agree
	motherClose //
	motherNear  //
	motherCross //
	motherNot   //
	cross       // only the child's of one entry and the mother's of the other are known
	crossClose
	crossNot
)

// levels is the outcome of one comparison.
type levels [fields]uint8

// alikeness of two names, from 0 for none.
const (
	unlike = iota
	loose
	near
	closeTo
	variant
	same
)

// comparer compares rows. It remembers how alike two names are, and is for one
// goroutine.
type comparer struct {
	values *probeValues
	parts  [longest + 1]float64 // 1/n
	cache  []uint64             // by a hash of the pair: first<<34 | second<<4 | alikeness
}

const cacheSize = 1 << 18

func newComparer(v *values) *comparer {
	c := &comparer{values: &probeValues{of: v}, cache: make([]uint64, cacheSize)}
	for i := 1; i < len(c.parts); i++ {
		c.parts[i] = 1 / float64(i)
	}
	return c
}

// kind of text that two values are compared as.
type kind uint64

const (
	asForename kind = iota
	asSurname
	asText
)

// alike tells how alike two values are, neither of which is unknown.
func (c *comparer) alike(a, b valueID, k kind) uint8 {
	if a == b {
		return same
	}
	if a > b {
		a, b = b, a
	}
	if int(b) >= len(c.values.of.list) { // of this search only
		return c.likeness(a, b, k)
	}
	if c.farApart(c.values.of.signs[a], c.values.of.signs[b], k) {
		return unlike
	}
	// Numbers below 2^28, of which there are never so many.
	key := (uint64(a)<<28|uint64(b))<<2 | uint64(k)
	slot := &c.cache[key*0x9e3779b97f4a7c15>>46]
	if *slot>>4 == key && *slot != 0 {
		return uint8(*slot & 15)
	}
	l := c.likeness(a, b, k)
	*slot = key<<4 | uint64(l)
	return l
}

// farApart tells of most pairs of names that they are unlike, by a bound of what
// Jaro and Winkler would give for letters in the best order. It never tells so of
// two that likeness finds alike, but for loose surnames and texts, which nobody
// asks for.
func (c *comparer) farApart(a, b sign, k kind) bool {
	switch {
	case (a|b)&signOther != 0, k == asForename && a&b&signForename != 0, k == asSurname && a&b&signSurname != 0:
		return false
	}
	m := common(a, b)
	if m <= 0 {
		return true
	}
	bound := (float64(m)*(c.parts[a.length()]+c.parts[b.length()]) + 1) / 3
	if a>>signInitialAt == b>>signInitialAt {
		bound += 0.4 * (1 - bound)
	}
	if k == asForename {
		return bound < 0.70
	}
	return bound < 0.88
}

func (c *comparer) likeness(a, b valueID, k kind) uint8 {
	x, y := c.values.at(a), c.values.at(b)
	switch k {
	case asForename:
		if x.firstWord == y.firstWord || share(x.forenames, y.forenames) {
			return variant
		}
	case asSurname:
		if share(x.surnames, y.surnames) || oneOfTwo(x, y) || oneOfTwo(y, x) {
			return variant
		}
	}
	switch s := jaroWinkler(x.text, y.text); {
	case s >= 0.92:
		return closeTo
	case s >= 0.88:
		return near
	case s >= 0.70:
		return loose
	}
	return unlike
}

// oneOfTwo tells whether a double-barrelled name has the other one as a half.
func oneOfTwo(double, single *value) bool {
	return double.firstWord != double.lastWord && single.firstWord == single.lastWord &&
		(double.firstWord == single.firstWord || double.lastWord == single.firstWord)
}

func (c *comparer) compare(a, b *row, l *levels) {
	*l = levels{}
	l[fieldBorn] = compareBirths(a.born, b.born)
	l[fieldForename] = c.name(a.forename, b.forename)
	if l[fieldForename] >= nameLoose && a.forename == b.surname && b.forename == a.surname && a.surname != 0 {
		l[fieldForename] = nameCrossed
	} else {
		l[fieldSurnames] = c.surnames(a, b)
	}
	l[fieldMother] = c.name(a.mother, b.mother)
	l[fieldPlace] = c.text(a.place, b.place)
	l[fieldAgency] = c.text(a.agency, b.agency)
	if a.sex != 0 && b.sex != 0 {
		l[fieldSex] = textOther
		if a.sex == b.sex {
			l[fieldSex] = textExact
		}
	}
	if a.also == nil || b.also == nil {
		return
	}
	for i := range maxAlso {
		l[fieldAlso+i] = c.text(a.also[i], b.also[i])
	}
}

func (c *comparer) name(a, b valueID) uint8 {
	if a == 0 || b == 0 {
		return missing
	}
	return nameOther - c.alike(a, b, asForename)
}

func (c *comparer) text(a, b valueID) uint8 {
	switch {
	case a == 0 || b == 0:
		return missing
	case a == b:
		return textExact
	case c.alike(a, b, asText) >= near:
		return textClose
	}
	return textOther
}

// surnames gives all surnames of two entries one level.
func (c *comparer) surnames(a, b *row) uint8 {
	ofChild, ofMother := c.best(a.surname, 0, b.surname, 0), c.best(a.maiden, a.married, b.maiden, b.married)
	switch {
	case ofChild != nothing && ofMother != nothing:
		return c.bothSurnames(a, b, ofChild, ofMother)
	case ofChild != nothing:
		return oneSurname(child, ofChild, c.crosswise(a, b))
	case ofMother != nothing:
		return oneSurname(mother, ofMother, c.crosswise(a, b))
	}
	switch l := c.crosswise(a, b); {
	case l == nothing:
		return missing
	case l == same:
		return cross
	case l >= near:
		return crossClose
	}
	return crossNot
}

func (c *comparer) bothSurnames(a, b *row, ofChild, ofMother uint8) uint8 {
	switch {
	case ofChild == same && ofMother == same:
		if a.oneSurname || b.oneSurname {
			return bothOne
		}
		return both
	case ofChild == same && ofMother >= near:
		return childAndLike
	case ofMother == same && ofChild >= near:
		return motherAndLike
	case ofChild == same:
		return childOnly
	case ofMother == same:
		return motherOnly
	case ofChild >= near && ofMother >= near:
		return alike
	case ofChild >= near:
		return childLike
	case ofMother >= near:
		return motherLike
	case c.crosswise(a, b) == same:
		return crosswise
	}
	return neither
}

// oneSurname is the level where only the child's or only the mother's surname is
// known of both; first is the first of its five levels.
func oneSurname(first, l, across uint8) uint8 {
	switch {
	case l == same:
		return first
	case l >= closeTo:
		return first + 1
	case l >= near:
		return first + 2
	case across == same:
		return first + 3
	}
	return first + 4
}

// nothing is the alikeness of what is not known.
const nothing = 255

// crosswise is how alike the child's surname of one entry is to the mother's of the other.
func (c *comparer) crosswise(a, b *row) uint8 {
	one, two := c.best(a.surname, 0, b.maiden, b.married), c.best(a.maiden, a.married, b.surname, 0)
	if one == nothing || two != nothing && two > one {
		return two
	}
	return one
}

// best is how alike the two most alike of four names are.
func (c *comparer) best(a1, a2, b1, b2 valueID) uint8 {
	best := uint8(nothing)
	for _, a := range [2]valueID{a1, a2} {
		for _, b := range [2]valueID{b1, b2} {
			if a == 0 || b == 0 {
				continue
			}
			if l := c.alike(a, b, asSurname); best == nothing || l > best {
				best = l
			}
		}
	}
	return best
}
