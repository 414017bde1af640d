package register

import "math/bits"

// view is what the blocking rules see of an entry: its names as they sound, its
// date in parts. An entry that is searched for may be seen in several ways.
type view struct {
	forename, surname   uint64 // Soundex of the forename's root, and of the surname
	mother, maiden      uint64
	first               uint64 // letter of the forename's root
	place               uint64
	date                uint64
	year, month, noYear uint64 // the year; year and month; month and day
}

func (v *view) names(values *probeValues, r *row) {
	code := func(id valueID, root bool) uint64 {
		if id == 0 {
			return 0
		}
		if root {
			return uint64(values.at(id).root)
		}
		return uint64(values.at(id).whole)
	}
	v.forename, v.mother = code(r.forename, true), code(r.mother, true)
	v.surname, v.maiden = code(r.surname, false), code(r.maiden, false)
	v.first = 0
	if v.forename != 0 {
		v.first = 1 + (v.forename-1)/343
	}
	v.place = uint64(r.place)
}

func (v *view) on(date uint32) {
	d := uint64(date)
	v.date, v.year, v.month, v.noYear = d, d/10_000, d/100, 0
	if d != 0 {
		v.noYear = 1 + d%10_000
	}
}

// rule is one way to find entries worth comparing: those that agree in all its
// parts. An entry that lacks one of them is not found by it.
type rule struct {
	name            string
	most            int  // a larger block says too little and is left out
	surname, maiden bool // whether the child's, the mother's surname is a part
	swapped         bool // looked up with day and month exchanged as well
	parts           func(v *view) [3]uint64
}

// rules are the ways, several more than what one would think: how many links are
// found at all is decided here. Names are compared by sound in all of them.
func rules() []rule {
	const none = ^uint64(0)
	return []rule{
		{name: "date", most: 3000, swapped: true, parts: func(v *view) [3]uint64 { return [3]uint64{v.date, none, none} }},
		{name: "forename, surname, mother's forename", most: 3000, surname: true, parts: func(v *view) [3]uint64 { return [3]uint64{v.forename, v.surname, v.mother} }},
		{name: "forename, surname, mother's surname", most: 1000, surname: true, maiden: true, parts: func(v *view) [3]uint64 { return [3]uint64{v.forename, v.surname, v.maiden} }},
		{name: "forename, mother's names", most: 3000, maiden: true, parts: func(v *view) [3]uint64 { return [3]uint64{v.forename, v.maiden, v.mother} }},
		{name: "forename, surname, place", most: 1000, surname: true, parts: func(v *view) [3]uint64 { return [3]uint64{v.forename, v.surname, v.place} }},
		{name: "mother's names, place", most: 1000, maiden: true, parts: func(v *view) [3]uint64 { return [3]uint64{v.mother, v.maiden, v.place} }},
		{name: "mother's forename, surname, place", most: 1000, surname: true, parts: func(v *view) [3]uint64 { return [3]uint64{v.mother, v.surname, v.place} }},
		{name: "surname, year, first letter", most: 1000, surname: true, parts: func(v *view) [3]uint64 { return [3]uint64{v.surname, v.year, v.first} }},
		{name: "mother's surname, year, first letter", most: 1000, maiden: true, parts: func(v *view) [3]uint64 { return [3]uint64{v.maiden, v.year, v.first} }},
		{name: "mother's names, year", most: 1000, maiden: true, parts: func(v *view) [3]uint64 { return [3]uint64{v.maiden, v.mother, v.year} }},
		{name: "surname, mother's forename, year", most: 1000, surname: true, parts: func(v *view) [3]uint64 { return [3]uint64{v.surname, v.mother, v.year} }},
		{name: "forename, month", most: 1000, parts: func(v *view) [3]uint64 { return [3]uint64{v.forename, v.month, none} }},
		{name: "mother's forename, month", most: 1000, parts: func(v *view) [3]uint64 { return [3]uint64{v.mother, v.month, none} }},
		{name: "surname, month", most: 1000, surname: true, parts: func(v *view) [3]uint64 { return [3]uint64{v.surname, v.month, none} }},
		{name: "mother's surname, month", most: 1000, maiden: true, parts: func(v *view) [3]uint64 { return [3]uint64{v.maiden, v.month, none} }},
		{name: "surname, day and month", most: 1000, surname: true, parts: func(v *view) [3]uint64 { return [3]uint64{v.surname, v.noYear, none} }},
		{name: "mother's surname, day and month", most: 1000, maiden: true, parts: func(v *view) [3]uint64 { return [3]uint64{v.maiden, v.noYear, none} }},
		{name: "forename, mother's forename, day and month", most: 1000, parts: func(v *view) [3]uint64 { return [3]uint64{v.forename, v.mother, v.noYear} }},
		{name: "forename, mother's forename, year", most: 1000, parts: func(v *view) [3]uint64 { return [3]uint64{v.forename, v.mother, v.year} }},
	}
}

// mostAlso bounds a block of entries that agree in one of Entry.Also: a number
// finds its own, what half the register has finds nothing.
const mostAlso = 60

// key is the hash of a rule's parts; 0 where one is not known.
func key(parts [3]uint64) uint64 {
	h := uint64(7)
	for _, p := range parts {
		if p == 0 {
			return 0
		}
		h = mix(h, p)
	}
	return max(h, 1)
}

// block holds the rows of an index by the key of one rule. Two keys may fall
// into one bucket; a pair that is compared for no reason does no harm.
type block struct {
	shift uint
	start []uint32 // of each bucket in rows, and the end
	rows  []uint32
}

func newBlock(keys []uint64) block {
	b := block{shift: uint(64 - bits.Len(uint(len(keys)|15)))}
	b.start = make([]uint32, 1<<(64-b.shift)+1)
	n := 0
	for _, k := range keys {
		if k != 0 {
			b.start[k>>b.shift]++
			n++
		}
	}
	sum := uint32(0)
	for i, count := range b.start {
		b.start[i] = sum
		sum += count
	}
	b.rows = make([]uint32, n)
	for i, k := range keys {
		if k != 0 {
			b.rows[b.start[k>>b.shift]] = uint32(i)
			b.start[k>>b.shift]++
		}
	}
	copy(b.start[1:], b.start) // each start had moved to the end of its bucket
	b.start[0] = 0
	return b
}

func (b *block) find(key uint64) []uint32 {
	if key == 0 {
		return nil
	}
	i := key >> b.shift
	return b.rows[b.start[i]:b.start[i+1]]
}
