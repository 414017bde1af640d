package register

import (
	"cmp"
	"slices"
	"strings"
)

// mix stirs a number into a hash (the finisher of SplitMix64). It is no secret
// and keeps none: it only has to be the same on every machine.
func mix(h, n uint64) uint64 {
	h ^= n + 0x9e3779b97f4a7c15 + h<<6 + h>>2
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// contentHash is the same for two entries that say the same, whatever their IDs.
func contentHash(e *Entry) uint64 {
	h := uint64(1)
	for _, s := range [...]string{e.Forename, e.Surname, e.Sex, e.Born, e.BornText, e.Place, e.MotherForename, e.MotherSurname, e.MotherOtherSurname, e.Agency} {
		h = hashText(h, s)
	}
	for _, s := range e.Also {
		h = hashText(h, s)
	}
	return h
}

func hashText(h uint64, s string) uint64 {
	n := uint64(14695981039346656037)
	for i := range len(s) {
		n = (n ^ uint64(s[i])) * 1099511628211
	}
	return mix(h, n+uint64(len(s)))
}

// content is the texts of an entry for the rare two that have one hash.
func content(e *Entry) []string {
	return append([]string{e.Forename, e.Surname, e.Sex, e.Born, e.BornText, e.Place, e.MotherForename, e.MotherSurname, e.MotherOtherSurname, e.Agency}, e.Also...)
}

// inOrder gives the positions of entries in an order that depends on what they
// say and not on where they stand. It is also a fair shuffle: those that it
// begins with are a sample.
func inOrder(entries []Entry) (order []int32, hashes []uint64) {
	type ranked struct {
		hash uint64
		at   int32
	}
	list := make([]ranked, len(entries))
	for i := range entries {
		list[i] = ranked{contentHash(&entries[i]), int32(i)}
	}
	slices.SortFunc(list, func(a, b ranked) int {
		if c := cmp.Compare(a.hash, b.hash); c != 0 {
			return c
		}
		x, y := &entries[a.at], &entries[b.at]
		if c := slices.Compare(content(x), content(y)); c != 0 {
			return c
		}
		return strings.Compare(x.ID, y.ID)
	})
	order, hashes = make([]int32, len(list)), make([]uint64, len(list))
	for i, r := range list {
		order[i], hashes[i] = r.at, r.hash
	}
	return order, hashes
}

// chance gives numbers that look random and are the same in every run.
type chance struct{ state uint64 }

// below gives a number from 0 to n-1.
func (c *chance) below(n int) int {
	c.state += 0x9e3779b97f4a7c15
	return int(mix(c.state, 0) % uint64(n))
}
