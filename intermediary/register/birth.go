package register

import (
	"strconv"
	"strings"
)

// birth is when a child was born, as far as an entry says it.
type birth struct {
	date   uint32 // YYYYMMDD as eight digits, also of a day that there is none of; 0 not known
	day    int32  // days since some day, of the date; for how far two dates are apart
	lo, hi int16  // years that hearsay allows; 0 none
	month  uint8  // that hearsay names; 0 none
}

func (b birth) year() int { return int(b.date / 10_000) }

// swapped is the date with day and month exchanged; 0 where that is no month.
func (b birth) swapped() uint32 {
	m, d := b.date/100%100, b.date%100
	if d < 1 || d > 12 || d == m {
		return 0
	}
	return b.date/10_000*10_000 + d*100 + m
}

func birthOf(e *Entry) birth {
	var b birth
	if b.date = eightDigits(e.Born); b.date != 0 {
		b.day = dayNumber(int(b.date/10_000), int(b.date/100%100), int(b.date%100))
		return b
	}
	text := e.BornText
	if strings.TrimSpace(text) == "" {
		text = e.Born // "about 1971" in the wrong column is hearsay all the same
	}
	b.lo, b.hi, b.month = hearsay(text)
	return b
}

// eightDigits reads a date. A day or month that there is none of is kept: it is
// a slip of the pen, and most of its digits are right. The year 0 is not.
func eightDigits(text string) uint32 {
	text = strings.TrimSpace(text)
	switch {
	case len(text) == 10 && (text[4] == '-' || text[4] == '/') && text[7] == text[4]:
		text = text[:4] + text[5:7] + text[8:]
	case len(text) == 10 && (text[2] == '/' || text[2] == '-' || text[2] == '.') && text[5] == text[2]:
		text = text[6:] + text[3:5] + text[:2]
	}
	if len(text) != 8 {
		return 0
	}
	n := uint32(0)
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0
		}
		n = n*10 + uint32(text[i]-'0')
	}
	if n < 1_000_00_00 {
		return 0
	}
	return n
}

// dayNumber counts days of the Gregorian calendar from a fixed day on. It takes
// any month and day.
func dayNumber(year, month, day int) int32 {
	if month < 3 {
		year, month = year-1, month+12
	}
	return int32(365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day)
}

// hearsay reads what somebody remembers of a year: "about 1971" allows two years
// either side, "1971" one, "June 1971" none, "1960s" and "early", "mid" or "late
// 1960s" their part of the ten, "1970 or 1971" and "1970-72" what they say.
func hearsay(text string) (lo, hi int16, month uint8) {
	text = strings.ToLower(text[:min(len(text), 80)])
	words := strings.FieldsFunc(text, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9') })
	about, part := false, ""
	var years []int16
	decade := false
	for _, w := range words {
		switch {
		case w == "about" || w == "around" || w == "circa" || w == "c" || w == "ca" || w == "abt" || w == "approx" || w == "approximately" || w == "perhaps" || w == "roughly" || w == "maybe":
			about = true
		case w == "early" || w == "mid" || w == "late":
			part = w
		case len(w) >= 3 && monthOf(w) != 0:
			month = monthOf(w)
		default:
			y, s := yearWord(w, years)
			if y != 0 && len(years) < 2 {
				years = append(years, y)
				decade = decade || s
			}
		}
	}
	switch {
	case len(years) == 0:
		return 0, 0, 0
	case decade:
		lo, hi = partOfDecade(years[0], part)
		return lo, hi, 0
	}
	wide := int16(1)
	switch {
	case about:
		wide = 2
	case month != 0 || len(years) == 2:
		wide = 0
	}
	first, last := years[0], years[len(years)-1]
	return min(first, last) - wide, max(first, last) + wide, month
}

// yearWord reads 1971, c1971 and 1960s, and 72 after another year.
func yearWord(w string, before []int16) (year int16, decade bool) {
	w = strings.TrimPrefix(w, "c")
	if rest, ok := strings.CutSuffix(w, "s"); ok {
		w, decade = rest, true
	}
	n, err := strconv.Atoi(w)
	switch {
	case err != nil:
		return 0, false
	case len(w) == 4 && n >= 1800 && n < 2200:
		return int16(n), decade && n%10 == 0
	case len(w) == 2 && len(before) == 1:
		return before[0]/100*100 + int16(n), false
	}
	return 0, false
}

func partOfDecade(year int16, part string) (lo, hi int16) {
	switch part {
	case "early":
		return year - 1, year + 4
	case "mid":
		return year + 3, year + 7
	case "late":
		return year + 6, year + 10
	}
	return year - 1, year + 10
}

func monthOf(w string) uint8 {
	const months = "janfebmaraprmayjunjulaugsepoctnovdec"
	full := [...]string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}
	i := strings.Index(months, w[:3])
	if i < 0 || i%3 != 0 || !strings.HasPrefix(full[i/3], w) && w != "sept" {
		return 0
	}
	return uint8(i/3 + 1)
}

// Levels of the date of birth, the best that holds.
const (
	bornExact   = 1 + iota
	bornSwapped // day and month exchanged
	bornEdit    // one digit wrong, or two neighbours exchanged
	bornDays    // at most ten days apart
	bornMonth   // the same month of the same year
	bornYearOut // the same day of a year at most two away
	bornEdits   // two digits wrong
	bornYear    // the same year
	bornOther
	bornHeard      // hearsay allows the year of the date, or of the other hearsay
	bornHeardNear  // misses it by at most two years
	bornHeardOther // misses it by more
)

func compareBirths(a, b birth) uint8 {
	switch {
	case a.date != 0 && b.date != 0:
		return compareDates(a, b)
	case a.date == 0 && a.lo == 0, b.date == 0 && b.lo == 0:
		return missing
	}
	aLo, aHi, aMonth := a.years()
	bLo, bHi, bMonth := b.years()
	apart := max(aLo-bHi, bLo-aHi)
	switch {
	case apart <= 0 && (aMonth == 0 || bMonth == 0 || aMonth == bMonth):
		return bornHeard
	case apart <= 2:
		return bornHeardNear
	}
	return bornHeardOther
}

// years is the range of years and the month, of a date or of hearsay.
func (b birth) years() (lo, hi int16, month uint8) {
	if b.date != 0 {
		return int16(b.year()), int16(b.year()), uint8(b.date / 100 % 100)
	}
	return b.lo, b.hi, b.month
}

func compareDates(a, b birth) uint8 {
	if a.date == b.date {
		return bornExact
	}
	if a.swapped() == b.date {
		return bornSwapped
	}
	differ, beside := digitsApart(a.date, b.date)
	apart := max(a.day-b.day, b.day-a.day)
	years := max(a.year()-b.year(), b.year()-a.year())
	switch {
	case differ == 1, differ == 2 && beside:
		return bornEdit
	case apart <= 10:
		return bornDays
	case a.date/100 == b.date/100:
		return bornMonth
	case years <= 2 && a.date%10_000 == b.date%10_000:
		return bornYearOut
	case differ == 2:
		return bornEdits
	case years == 0:
		return bornYear
	}
	return bornOther
}

// digitsApart counts the digits in which two dates differ, and tells whether
// they are two neighbours exchanged.
func digitsApart(a, b uint32) (differ int, beside bool) {
	lastA, lastB := uint32(10), uint32(10)
	for range 8 {
		da, db := a%10, b%10
		if da != db {
			differ++
			beside = differ == 2 && da == lastB && db == lastA
			lastA, lastB = da, db
		} else {
			lastA, lastB = 10, 10
		}
		a, b = a/10, b/10
	}
	return differ, beside
}
