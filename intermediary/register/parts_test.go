package register

// In the package: cleaning, likeness and dates are not exported.

import (
	"math"
	"strings"
	"testing"

	"gatepost/internal/forename"
)

func TestCleanName(t *testing.T) {
	for raw, want := range map[string]string{
		"  Siân ": "sian", "O'Brien": "obrien", "O’BRIEN": "obrien", "O Brien": "obrien", "MacDonald": "mcdonald", "Mc Donald": "mcdonald", "Mac Donald": "mcdonald",
		"Smith-Jones": "smith jones", "Smith–Jones": "smith jones", "Mrs. Ann  Poe": "ann poe", "Dr": "dr", "ap Rhys": "aprhys", "St. John": "saint john", "Mace": "mace",
		"not known": "", "Unknown": "", "?": "", "": "", "\x00\x1b": "", "Mary\x00Ann": "maryann", "Łukasz Ødegård": "lukasz odegard", "Strauß": "strauss",
		"\xff\xfe": "", "Zo\xeb": "zo", "Ŵyn": "wyn", "si\u0302on": "sion", "Иван": "иван", "baby": "", "Baby Jane": "jane",
	} {
		if got := cleanName(raw); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
	if got := cleanName(strings.Repeat("é", 10_000)); got != strings.Repeat("e", longest) {
		t.Errorf("a long name is %q", got)
	}
}

func TestSoundex(t *testing.T) {
	for _, pair := range [][2]string{{"robert", "rupert"}, {"ashcraft", "ashcroft"}, {"tymczak", "tymshak"}, {"pfister", "pfyster"}, {"obrien", "o brien"}} {
		if soundex(pair[0]) != soundex(pair[1]) {
			t.Errorf("%s and %s sound different", pair[0], pair[1])
		}
	}
	if soundex("robert") == soundex("rubin") || soundex("") != 0 || soundex("иван") == 0 || soundex("иван") == soundex("анна") {
		t.Error("what differs sounds the same, or nothing sounds")
	}
}

func TestJaroWinkler(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"martha", "marhta", 0.9611}, {"dwayne", "duane", 0.84}, {"dixon", "dicksonx", 0.8133}, {"abc", "abc", 1}, {"abc", "xyz", 0}, {"", "abc", 0}, {"", "", 0}, {"a", "a", 1}, {"a", "b", 0},
	} {
		got, back := jaroWinkler([]rune(c.a), []rune(c.b)), jaroWinkler([]rune(c.b), []rune(c.a))
		if math.Abs(got-c.want) > 0.0001 || math.Abs(got-back) > 1e-12 {
			t.Errorf("%s, %s: %.4f and back %.4f, want %.4f", c.a, c.b, got, back, c.want)
		}
	}
}

func TestEdits(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "ab", 1}, {"abc", "xabc", 1}, {"ca", "abc", 3}, {"kitten", "sitting", 3}, {"", "abc", 3}} {
		if got := edits([]rune(c.a), []rune(c.b)); got != c.want {
			t.Errorf("%s, %s: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestCompareBirths(t *testing.T) {
	for _, c := range []struct {
		a, b, text string // the second one's day, or what is remembered
		want       uint8
	}{
		{"19710406", "1971-04-06", "", bornExact}, {"19710406", "06/04/1971", "", bornExact}, {"19710406", "19710604", "", bornSwapped},
		{"19710406", "19710407", "", bornEdit}, {"19710406", "19710460", "", bornEdit}, {"19710406", "19741406", "", bornEdits}, {"19710406", "19710412", "", bornEdits - 2 - 1},
		{"19710430", "19710502", "", bornDays}, {"19710401", "19710423", "", bornMonth}, {"19691231", "19701231", "", bornYearOut}, {"19710406", "19711123", "", bornYear},
		{"19710406", "19881123", "", bornOther}, {"19710406", "", "", missing}, {"", "", "about 1971", missing}, {"00000000", "19710406", "", missing},
		{"19710406", "", "about 1971", bornHeard}, {"19710406", "", "c.1973", bornHeard}, {"19710406", "", "c 1974", bornHeardNear}, {"19710406", "", "1960s", bornHeardNear},
		{"19710406", "", "early 1970s", bornHeard}, {"19710406", "", "late 1970s", bornHeardOther}, {"19710406", "", "April 1971", bornHeard}, {"19710406", "", "June 1971", bornHeardNear},
		{"19710406", "", "1970 or 1971", bornHeard}, {"19710406", "", "1972-74", bornHeardNear}, {"19710406", "", "in spring", missing}, {"19710406", "", "1950", bornHeardOther},
		{"19710406", "about 1971", "", bornHeard}, {"19710406", "", strings.Repeat("1971 ", 9999), bornHeard},
	} {
		a, b := birthOf(&Entry{Born: c.a}), birthOf(&Entry{Born: c.b, BornText: c.text})
		if got := compareBirths(a, b); got != c.want {
			t.Errorf("%q, %q %.20q: %s, want %s", c.a, c.b, c.text, levelName(fieldBorn, int(got)), levelName(fieldBorn, int(c.want)))
		}
		if compareBirths(a, b) != compareBirths(b, a) {
			t.Errorf("%q, %q %.20q: differs the other way round", c.a, c.b, c.text)
		}
	}
}

func TestForenames(t *testing.T) {
	v := newValues()
	c := newComparer(v)
	for _, row := range []struct {
		a, b string
		want uint8
	}{
		{"Margaret", "margaret", nameExact}, {"Margaret", "Peggy", nameVariant}, {"Peggy", "Maggie", nameVariant}, {"John", "Ieuan", nameVariant}, {"Siân", "Jane", nameVariant},
		{"Dafydd", "David", nameVariant}, {"Mair", "Mary", nameVariant}, {"Mary Ann", "Mary", nameVariant}, {"Catherine", "Kathryn", nameVariant}, {"Elizabeth", "Bess", nameVariant},
		{"Gwilym", "William", nameVariant}, {"Hamish", "James", nameVariant}, {"Colleen", "Cowleen", nameClose}, {"Thomas", "Susan", nameOther}, {"Thomas", "", missing}, {"Thomas", "not known", missing},
	} {
		if got := c.name(v.name(row.a), v.name(row.b)); got != row.want {
			t.Errorf("%s, %s: %d, want %d", row.a, row.b, got, row.want)
		}
	}
}

func TestSurnames(t *testing.T) {
	for _, row := range []struct {
		name string
		a, b Entry
		want uint8
	}{
		{"one name", Entry{Surname: "Poe", MotherSurname: "Poe"}, Entry{Surname: "Poe", MotherSurname: "POE"}, bothOne},
		{"two names", Entry{Surname: "Poe", MotherSurname: "Marsh"}, Entry{Surname: "Poe", MotherSurname: "Marsh"}, both},
		{"married since", Entry{Surname: "Poe", MotherSurname: "Poe"}, Entry{Surname: "Poe", MotherSurname: "Marsh"}, childOnly},
		{"married since, and said so", Entry{Surname: "Poe", MotherSurname: "Poe"}, Entry{Surname: "Poe", MotherSurname: "Marsh", MotherOtherSurname: "Poe"}, bothOne},
		{"the child's here, the mother's there", Entry{Surname: "Poe"}, Entry{MotherSurname: "Poe"}, cross},
		{"crosswise", Entry{Surname: "Poe", MotherSurname: "Marsh"}, Entry{Surname: "Marsh", MotherSurname: "Lake"}, crosswise},
		{"Welsh", Entry{Surname: "ap Rhys"}, Entry{Surname: "Price"}, childClose},
		{"spelling", Entry{Surname: "Davies"}, Entry{Surname: "Davis"}, childClose},
		{"double-barrelled", Entry{Surname: "Poe-Marsh"}, Entry{Surname: "Marsh"}, childClose},
		{"nothing", Entry{}, Entry{Surname: "Poe"}, missing},
		{"neither", Entry{Surname: "Poe", MotherSurname: "Poe"}, Entry{Surname: "Hill", MotherSurname: "Lake"}, neither},
	} {
		v := newValues()
		a, b := rowOf(v, &row.a), rowOf(v, &row.b)
		c := newComparer(v)
		if got, back := c.surnames(&a, &b), c.surnames(&b, &a); got != row.want || back != got {
			t.Errorf("%s: %q and back %q, want %q", row.name, levelName(fieldSurnames, int(got)), levelName(fieldSurnames, int(back)), levelName(fieldSurnames, int(row.want)))
		}
	}
}

// The tables of names hold what a cleaned name can be, and no line twice.
func TestTables(t *testing.T) {
	for _, text := range []string{forename.Text(), surnamesText} {
		seen := map[string]bool{}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "#") {
				continue
			}
			forms := strings.Fields(line)
			if len(forms) < 2 || seen[line] {
				t.Errorf("%q has one form, or stands there twice", line)
			}
			seen[line] = true
			for _, form := range forms {
				if clean := cleanName(strings.Replace(form, "saint", "st ", 1)); strings.ReplaceAll(clean, " ", "") != form {
					t.Errorf("%q is not clean: %q", form, clean)
				}
			}
		}
		if len(seen) < 300 {
			t.Errorf("%d lines", len(seen))
		}
	}
}

// In each group of each field the shipped model's shares add up to one, and the
// best level speaks for a link, the worst against.
func TestShipped(t *testing.T) {
	m := Shipped()
	for f := range fields {
		var ms, us [5]float64
		for l := 1; l < maxLevels; l++ {
			g := groupOf(f, l)
			ms[g] += m.m[f][l]
			us[g] += m.u[f][l]
		}
		for g := 1; g < len(ms); g++ {
			if ms[g] != 0 && (math.Abs(ms[g]-1) > 1e-6 || math.Abs(us[g]-1) > 1e-4) {
				t.Errorf("%s, group %d: m adds up to %.6f, u to %.6f", fieldName(f), g, ms[g], us[g])
			}
		}
	}
	if m.Version() != shippedVersion || m.Links() <= 0 || len(m.Levels()) < 60 {
		t.Errorf("version %s, links %f, %d levels", m.Version(), m.Links(), len(m.Levels()))
	}
}

// A comparison of values that are known allocates nothing.
func TestCompare_Allocations(t *testing.T) {
	v := newValues()
	c := newComparer(v)
	a := rowOf(v, &Entry{Forename: "Rosie", Surname: "Marsh", MotherForename: "Ann", MotherSurname: "Poe", Place: "Leeds", Born: "19710406"})
	b := rowOf(v, &Entry{Forename: "Rose", Surname: "March", MotherForename: "Anna", MotherSurname: "Po", Place: "Leed", Born: "19710604"})
	var l levels
	if n := testing.AllocsPerRun(100, func() {
		clear(c.cache[:8])
		c.compare(&a, &b, &l)
	}); n != 0 {
		t.Errorf("%.0f allocations", n)
	}
}

// The bound lets no two names be unlike that are not, and spares most pairs.
func TestFarApart(t *testing.T) {
	v := newValues()
	c := newComparer(v)
	names := strings.Fields(forename.Text() + surnamesText)
	far, all := 0, 0
	for i := range names {
		a := v.name(names[i])
		for j := i; j < len(names); j += 1 + j%37 {
			b := v.name(names[j])
			if a == 0 || b == 0 || a == b {
				continue
			}
			for _, k := range []kind{asForename, asSurname, asText} {
				all++
				if l := c.likeness(a, b, k); c.farApart(v.signs[a], v.signs[b], k) {
					if far++; l > loose || l == loose && k == asForename {
						t.Errorf("%s and %s are far apart and alike: %d", names[i], names[j], l)
					}
				}
			}
		}
	}
	if far < all*3/4 {
		t.Errorf("spared %d of %d", far, all)
	}
}
