package register

import "math"

// What terms are counted of.
const (
	termForename = iota
	termSurname
	termMother
	termMaiden
	termPlace
	termAgency
	termAlso
	terms = termAlso + maxAlso
)

func (r *row) term(t int) valueID {
	switch t {
	case termForename:
		return r.forename
	case termSurname:
		return r.surname
	case termMother:
		return r.mother
	case termMaiden:
		return r.maiden
	case termPlace:
		return r.place
	case termAgency:
		return r.agency
	}
	if r.also == nil {
		return 0
	}
	return r.also[t-termAlso]
}

// frequency knows how common each value is: to share a rare name says more than
// to share a common one.
type frequency struct {
	rarity [terms][]float32 // bits that an agreement on a value says more than one on any value
	agree  [terms]float64   // chance that two entries, one of each part, agree exactly
}

// countTerms counts the values of two parts. Where a part is nil, or small, what
// model says stands in.
func countTerms(size int, one, two []row, model *Model) *frequency {
	q := &frequency{}
	counts := make([]uint32, size)
	other := make([]uint32, size)
	for t := range terms {
		clear(counts)
		clear(other)
		a, b := countInto(counts, one, t), countInto(other, two, t)
		if a+b == 0 {
			continue
		}
		q.agree[t] = usual(model, t)
		weight := float64(shippedWeight)
		if a >= enough && b >= enough {
			chance := 0.0
			for id := range counts {
				chance += float64(counts[id]) * float64(other[id])
			}
			q.agree[t] = max(chance/float64(a)/float64(b), 1/float64(a+b))
			weight = learntWeight
		}
		q.rarity[t] = make([]float32, size)
		for id := range counts {
			if n := counts[id] + other[id]; n > 0 {
				share := (float64(n) + weight*q.agree[t]) / (float64(a+b) + weight)
				q.rarity[t][id] = float32(min(max(math.Log2(q.agree[t]/share), -6), 7))
			}
		}
	}
	return q
}

// How many entries say as much about a value as the model does.
const (
	learntWeight  = 100
	shippedWeight = 2000
)

func countInto(counts []uint32, rows []row, term int) (n int) {
	for i := range rows {
		if id := rows[i].term(term); id != 0 {
			counts[id]++
			n++
		}
	}
	return n
}

// usual is the chance of agreement that a model has for a term.
func usual(m *Model, t int) float64 {
	switch t {
	case termForename:
		return m.u[fieldForename][nameExact]
	case termSurname:
		return m.u[fieldSurnames][child]
	case termMother:
		return m.u[fieldMother][nameExact]
	case termMaiden:
		return m.u[fieldSurnames][mother]
	case termPlace:
		return m.u[fieldPlace][textExact]
	case termAgency:
		return m.u[fieldAgency][textExact]
	}
	return m.u[fieldAlso+t-termAlso][textExact]
}

func (q *frequency) of(t int, id valueID) float64 {
	if int(id) >= len(q.rarity[t]) {
		return 0
	}
	return float64(q.rarity[t][id])
}

// rare gives the bits of a field that its value adds to its level.
func (q *frequency) rare(field int, level uint8, a, b *row) float64 {
	switch field {
	case fieldForename:
		if level == nameExact {
			return q.of(termForename, a.forename)
		}
	case fieldMother:
		if level == nameExact {
			return q.of(termMother, a.mother)
		}
	case fieldSurnames:
		return q.rareSurnames(level, a, b)
	case fieldPlace:
		if level == textExact {
			return q.of(termPlace, a.place)
		}
	case fieldAgency:
		if level == textExact {
			return q.of(termAgency, a.agency)
		}
	case fieldBorn, fieldSex:
	default:
		if level == textExact {
			return q.of(termAlso+field-fieldAlso, a.also[field-fieldAlso])
		}
	}
	return 0
}

func (q *frequency) rareSurnames(level uint8, a, b *row) float64 {
	switch level {
	case both:
		return q.of(termSurname, a.surname) + q.of(termMaiden, agreed(a, b))
	case bothOne, childAndLike, childOnly, child:
		return q.of(termSurname, a.surname)
	case motherAndLike, motherOnly, mother:
		return q.of(termMaiden, agreed(a, b))
	case crosswise, childCross, motherCross, cross:
		if a.surname != 0 && (a.surname == b.maiden || a.surname == b.married) {
			return q.of(termSurname, a.surname)
		}
		return q.of(termSurname, b.surname)
	}
	return 0
}

// agreed is the surname of the mother that two entries have in common.
func agreed(a, b *row) valueID {
	if a.maiden == b.maiden || a.maiden == b.married {
		return a.maiden
	}
	return a.married
}
