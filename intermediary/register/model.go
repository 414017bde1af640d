package register

import (
	"fmt"
	"math"
)

// shippedVersion names the parameters below. They change only with it.
const shippedVersion = "acr-1"

// A Model weighs agreement: for each level of each field how often it is seen
// between two entries about one child (m), and between two that have nothing to
// do with each other (u). Its version is stored beside each proposal. The zero
// Model is not of use; [Shipped] gives one, and [Result.Model] is the one that
// was learnt. It does not change.
type Model struct {
	version string
	m, u    table
	links   float64 // how many links an entry of Part 2 is expected to have
}

// table has a number for each level of each field.
type table [fields][maxLevels]float64

// Version names the model: two of one version weigh alike.
func (m *Model) Version() string { return m.version }

// Links is how many entries of Part 1 one of Part 2 is expected to be about,
// before anything is compared.
func (m *Model) Links() float64 { return m.links }

// A Level is one line of a model.
type Level struct {
	Field Field
	Name  string
	M, U  float64 // 0 to 1, among the levels for which the same is known
}

// Levels lists what the model knows, in the order of evidence.
func (m *Model) Levels() []Level {
	var list []Level
	for f := range fields {
		for l := 1; l < maxLevels; l++ {
			if groupOf(f, l) != 0 {
				list = append(list, Level{fieldName(f), levelName(f, l), m.m[f][l], m.u[f][l]})
			}
		}
	}
	return list
}

// groupOf tells which levels of a field are each other's alternatives, given
// what the two entries lack: 0 for what is no level of it. What is missing says
// nothing, so each group adds up to 1 by itself.
func groupOf(field, level int) int {
	switch {
	case level == missing:
		return 0
	case field == fieldForename || field == fieldMother:
		return within(level, nameExact, nameCrossed, 1)
	case field == fieldSurnames:
		return within(level, both, neither, 1) + within(level, child, childNot, 2) + within(level, mother, motherNot, 3) + within(level, cross, crossNot, 4)
	case field == fieldBorn:
		return within(level, bornExact, bornOther, 1) + within(level, bornHeard, bornHeardOther, 2)
	}
	return within(level, textExact, textOther, 1)
}

func within(level, from, to, group int) int {
	if level < from || level > to {
		return 0
	}
	return group
}

func fieldName(field int) Field {
	names := [...]Field{"forename", "surnames", "born", "mother forename", "place", "sex", "agency"}
	if field < fieldAlso {
		return names[field]
	}
	return Field(fmt.Sprintf("also %d", field-fieldAlso+1))
}

func levelName(field, level int) string {
	if level == missing {
		return "missing"
	}
	switch field {
	case fieldForename, fieldMother:
		return [...]string{"exact", "variant", "close", "near", "loose", "other", "crossed"}[level-1]
	case fieldSurnames:
		return [...]string{"both", "both, one name", "child's, mother's alike", "mother's, child's alike", "alike", "child's only", "mother's only", "child's alike only",
			"mother's alike only", "crosswise", "neither", "child's", "child's close", "child's near", "child's crosswise", "child's differs",
			"mother's", "mother's close", "mother's near", "mother's crosswise", "mother's differs", "one's for the other's", "one's close to the other's", "one's differs from the other's"}[level-1]
	case fieldBorn:
		return [...]string{"exact", "day and month swapped", "one digit", "ten days", "same month", "same day, other year", "two digits", "same year", "other",
			"as remembered", "nearly as remembered", "not as remembered"}[level-1]
	}
	return [...]string{"exact", "close", "other"}[level-1]
}

// Shipped is the model for registers that are too small to learn from. Its
// numbers are a judgement from what is known of such registers, not a count:
// how often names are misspelt, remembered by a pet form or changed, and how
// many people share a name, a place or a day.
func Shipped() *Model {
	m := &Model{version: shippedVersion, links: 0.2}
	name := []float64{0.72, 0.11, 0.06, 0.02, 0.03, 0.055, 0.005}
	nameBy := []float64{0.005, 0.01, 0.004, 0.004, 0.06, 0.91699, 0.00001}
	m.set(fieldForename, nameExact, name, nameBy)
	m.set(fieldMother, nameExact, name, nameBy)
	m.set(fieldSurnames, both, []float64{0.13, 0.52, 0.06, 0.05, 0.03, 0.08, 0.06, 0.015, 0.015, 0.01, 0.03},
		[]float64{3e-6, 1.2e-3, 1e-4, 1e-4, 4e-3, 1.2e-3, 1.2e-3, 6e-3, 6e-3, 1e-3, 0.979197})
	m.set(fieldSurnames, child, []float64{0.80, 0.08, 0.02, 0.02, 0.08}, []float64{0.0025, 0.007, 0.005, 0.0005, 0.985})
	m.set(fieldSurnames, mother, []float64{0.75, 0.08, 0.02, 0.03, 0.12}, []float64{0.0025, 0.007, 0.005, 0.0005, 0.985})
	m.set(fieldSurnames, cross, []float64{0.70, 0.10, 0.20}, []float64{0.0025, 0.012, 0.9855})
	m.set(fieldBorn, bornExact, []float64{0.74, 0.05, 0.10, 0.04, 0.005, 0.005, 0.015, 0.015, 0.03},
		[]float64{6e-5, 3e-5, 9e-4, 9e-4, 8e-4, 1e-4, 6e-3, 0.02, 0.97121})
	m.set(fieldBorn, bornHeard, []float64{0.82, 0.13, 0.05}, []float64{0.08, 0.08, 0.84})
	m.set(fieldPlace, textExact, []float64{0.80, 0.05, 0.15}, []float64{0.02, 0.005, 0.975})
	m.set(fieldSex, textExact, []float64{0.98, 0.01, 0.01}, []float64{0.49, 0.01, 0.50})
	m.set(fieldAgency, textExact, []float64{0.80, 0.10, 0.10}, []float64{0.05, 0.02, 0.93})
	for i := range maxAlso {
		m.set(fieldAlso+i, textExact, []float64{0.85, 0.10, 0.05}, []float64{0.001, 0.01, 0.989})
	}
	return m
}

func (m *Model) set(field, from int, ms, us []float64) {
	copy(m.m[field][from:], ms)
	copy(m.u[field][from:], us)
}

// weights are the bits of each level. A level is never worth more than the
// rarest thing that was counted could show.
func (m *Model) weights() table {
	var w table
	for f := range fields {
		for l := 1; l < maxLevels; l++ {
			if groupOf(f, l) != 0 {
				w[f][l] = min(max(math.Log2(m.m[f][l]/m.u[f][l]), -9), 20)
			}
		}
	}
	return w
}

// signed gives a learnt model its version, a hash of all its numbers.
func (m *Model) signed() {
	h := mix(0, math.Float64bits(m.links))
	for f := range fields {
		for l := range maxLevels {
			h = mix(mix(h, math.Float64bits(m.m[f][l])), math.Float64bits(m.u[f][l]))
		}
	}
	m.version = fmt.Sprintf("%s+%016x", shippedVersion, h)
}

// normalise makes each group of each field add up to 1.
func (t *table) normalise() {
	for f := range fields {
		var sums [5]float64
		for l := 1; l < maxLevels; l++ {
			sums[groupOf(f, l)] += t[f][l]
		}
		for l := 1; l < maxLevels; l++ {
			if g := groupOf(f, l); g != 0 && sums[g] > 0 {
				t[f][l] /= sums[g]
			}
		}
	}
}

// mixed adds to what was counted as much as n observations of a prior, so that
// what was hardly ever seen stays near it.
func (t *table) mixed(prior *table, n float64) {
	for f := range fields {
		for l := 1; l < maxLevels; l++ {
			if groupOf(f, l) != 0 {
				t[f][l] += n * prior[f][l]
			}
		}
	}
	t.normalise()
}
