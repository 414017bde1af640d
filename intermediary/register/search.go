package register

import "math"

// scored is an entry of Part 1 that was compared with the one searched for.
type scored struct {
	row         uint32
	hash        uint64 // of its content
	bits        float64
	siblingBits float64 // for two children of one mother
	levels      levels

	probability float64
	sibling     float64
}

// searcher looks one entry up after the other. It is for one goroutine.
type searcher struct {
	*comparer
	of       *Index
	view     view
	stamp    []uint32 // by row: the search that last found it
	now      uint32
	found    []uint32
	list     []scored
	compared int
	touched  uint32
	twinBits float64 // of twinShare
}

func (x *Index) newSearcher() *searcher {
	return &searcher{comparer: newComparer(x.values), of: x, stamp: make([]uint32, len(x.rows)), twinBits: math.Log2(twinShare)}
}

func (s *searcher) see(r *row) {
	s.view.names(s.values, r)
	s.view.on(r.born.date)
}

// candidates collects the rows before limit that any rule finds, each once.
func (s *searcher) candidates(r *row, limit int) []uint32 {
	s.found = s.found[:0]
	if s.now++; s.now == 0 { // after four billion searches
		clear(s.stamp)
		s.now = 1
	}
	s.see(r)
	seen := s.view
	for i := range s.of.rules {
		rule := &s.of.rules[i]
		s.look(i, limit)
		if rule.swapped {
			if s.view.date = uint64(r.born.swapped()); s.view.date != 0 {
				s.look(i, limit)
			}
			s.view = seen
		}
		if rule.surname && seen.maiden != 0 && seen.maiden != seen.surname {
			s.view.surname = seen.maiden
			s.look(i, limit)
			s.view = seen
		}
		if rule.maiden && seen.surname != 0 && seen.maiden != seen.surname {
			s.view.maiden = seen.surname
			s.look(i, limit)
			s.view = seen
		}
		if rule.maiden && r.married != 0 {
			s.view.maiden = uint64(s.values.at(r.married).whole)
			s.look(i, limit)
			s.view = seen
		}
	}
	for i := range s.of.also {
		if id := r.term(termAlso + i); id != 0 {
			s.add(s.of.also[i].find(mix(uint64(id), 1)), limit, mostAlso)
		}
	}
	return s.found
}

func (s *searcher) look(rule, limit int) {
	s.add(s.of.blocks[rule].find(key(s.of.rules[rule].parts(&s.view))), limit, s.of.rules[rule].most)
}

func (s *searcher) add(rows []uint32, limit, most int) {
	if len(rows) > most {
		return
	}
	for _, row := range rows {
		if int(row) < limit && s.stamp[row] != s.now {
			s.stamp[row] = s.now
			s.found = append(s.found, row)
		}
	}
}

// weighed compares an entry with its candidates and gives those with at least
// floor bits, for the same child or for another of the same mother. The list is good until
// the next call.
func (s *searcher) weighed(r *row, limit int, floor float64) []scored {
	s.list = s.list[:0]
	found := s.candidates(r, limit)
	s.compared += len(found)
	// Rows lie all over the memory. Touched one after the other before anything is
	// asked of them they come together; one at a time they are waited for.
	for _, at := range found {
		s.touched += s.of.rows[at].born.date
	}
	var one scored
	for _, at := range found {
		other := &s.of.rows[at]
		s.compare(other, r, &one.levels)
		s.weigh(other, r, &one)
		if one.bits >= floor || one.siblingBits >= floor+siblingRarity {
			one.row, one.hash = at, s.of.hashes[at]
			s.list = append(s.list, one)
		}
	}
	return s.list
}

const (
	// siblingShare is how many siblings of the child are expected in Part 1 for
	// each link, and twinShare how many of those were born the same day. A judgement.
	siblingShare = 0.1
	twinShare    = 0.12
	// siblingRarity is about the bits of siblingShare.
	siblingRarity = 3
)

// weigh adds up the evidence for one child, and for two of one mother: what is
// the mother's and the place weigh the same, the forename nothing, the date what
// dates of siblings do.
func (s *searcher) weigh(a, b *row, to *scored) {
	to.bits, to.siblingBits = 0, 0
	for f, level := range to.levels {
		if level == missing {
			continue
		}
		bits := s.of.weights[f][level] + s.of.terms.rare(f, level, a, b)
		to.bits += bits
		switch f {
		case fieldForename:
			if forenameAgrees(level) {
				to.siblingBits -= 5 // two children of one mother are hardly ever called the same
			}
		case fieldBorn:
			to.siblingBits += siblingBorn(level, bits+s.twinBits, a, b)
		case fieldSex:
		default:
			if f < fieldAlso {
				to.siblingBits += bits
			}
		}
	}
}

// siblingBorn is what two dates say of two children of one mother; twin is what
// they say of twins.
func siblingBorn(level uint8, twin float64, a, b *row) float64 {
	switch {
	case level < bornMonth:
		return twin
	case level >= bornHeard:
		return 0
	}
	switch apart := max(a.born.year()-b.born.year(), b.born.year()-a.born.year()); {
	case apart <= 12:
		return 1
	case apart <= 20:
		return -1
	}
	return -6
}

func forenameAgrees(level uint8) bool {
	return level >= nameExact && level <= nameNear || level == nameCrossed
}

// judge turns bits into probabilities. Each candidate may be the child, another
// of the same mother, or nobody. The entry that was searched for is about one
// child, so the candidates stand against each other as that child, unless they
// say the very same; as siblings they do not. Within one part, where a child
// may be entered several times, they never do.
func judge(list []scored, odds float64, within bool) {
	total := 0.0
	for i := range list {
		s := &list[i]
		sibling := siblingShare * odds * math.Exp2(s.siblingBits)
		s.probability = odds * math.Exp2(s.bits) / (1 + sibling) // odds, until all are known
		s.sibling = sibling / (1 + sibling)
		total += s.probability
	}
	others := make([]float64, len(list))
	for i := range list {
		switch {
		case within:
		case len(list) > 100:
			others[i] = max(total-list[i].probability, 0)
		default:
			for k := range list {
				if k != i && list[k].hash != list[i].hash {
					others[i] += list[k].probability
				}
			}
		}
	}
	for i := range list {
		s := &list[i]
		s.probability /= 1 + s.probability + others[i]
		s.sibling *= 1 - s.probability
	}
}

// The limits of the bands, by probability. They are fixed, not chosen by the data.
const (
	proposedFrom = 0.5
	reviewFrom   = 0.01
	siblingFrom  = 0.5
)

// placed gives the band and the finding of a pair; no band if nobody needs to see it.
func (s *scored) placed() (Band, Finding) {
	forename, finding := s.levels[fieldForename], SameChild
	if forename == nameOther && motherIsOne(&s.levels) || !forenameAgrees(forename) && s.sibling > s.probability {
		finding = Sibling
	}
	switch {
	case finding == SameChild && s.proposable() && s.probability >= proposedFrom:
		return Proposed, finding
	case s.probability >= reviewFrom, finding == Sibling && s.sibling >= siblingFrom:
		return Review, finding
	}
	return "", finding
}

// proposable tells whether a pair may be proposed at all. Whatever the sum says, a
// pair without an agreeing forename is not: a twin shares everything else. Nor
// is one of two quite different dates: families use a name again.
func (s *scored) proposable() bool {
	switch s.levels[fieldForename] {
	case nameExact, nameVariant, nameClose, nameCrossed:
		return s.levels[fieldBorn] != bornOther && s.levels[fieldBorn] != bornHeardOther
	}
	return false
}

// motherIsOne tells whether the mother's forename agrees and no surname speaks
// against her.
func motherIsOne(l *levels) bool {
	if l[fieldMother] == missing || !forenameAgrees(l[fieldMother]) {
		return false
	}
	switch l[fieldSurnames] {
	case neither, childNot, motherNot, crossNot:
		return false
	}
	return true
}
