package calendar

import (
	"slices"
	"sync"
	"time"
)

// London is where the agency's days begin and end.
func London() *time.Location { return london() }

// london reads the zone once: it is asked for on every line of a desk.
var london = sync.OnceValue(func() *time.Location {
	loc, err := time.LoadLocation("Europe/London")
	if err != nil { // the program carries its own copy of the zones
		return time.UTC
	}
	return loc
})

// Today is the local date at a moment, as midnight UTC, which is how dates
// without a clock are kept.
func Today(now time.Time) time.Time {
	y, m, d := now.In(London()).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// Days are the working days of England and Wales, without the bank holidays that
// were proclaimed for one year only. The zero Days knows of none of those. It is
// immutable, and safe for use by many goroutines.
type Days struct{ proclaimed []time.Time }

// Proclaimed is the working days without these dates as well (Banking and
// Financial Dealings Act 1971 s.1(2), (3)). A date that is no working day anyway
// changes nothing.
func Proclaimed(dates ...time.Time) Days { return Days{proclaimed: slices.Clone(dates)} }

// Working tells whether a date is a working day.
func (d Days) Working(day time.Time) bool {
	return day.Weekday() != time.Saturday && day.Weekday() != time.Sunday && !bankHoliday(day) &&
		!slices.ContainsFunc(d.proclaimed, day.Equal)
}

// Add gives the date n working days after day. Day 1 is the first working day
// after it.
func (d Days) Add(day time.Time, n int) time.Time {
	for n > 0 {
		day = day.AddDate(0, 0, 1)
		if d.Working(day) {
			n--
		}
	}
	return day
}

// Between counts the working days after from, up to and with to.
func (d Days) Between(from, to time.Time) int {
	n := 0
	for day := from.AddDate(0, 0, 1); !day.After(to); day = day.AddDate(0, 0, 1) {
		if d.Working(day) {
			n++
		}
	}
	return n
}

// WorkingDay, AddWorkingDays and WorkingDaysBetween are those of the zero Days,
// for what is not a clock of an agency: an agency's clocks ask its registry's
// Days, which know what was proclaimed (internal/arch holds them to it).

// WorkingDay tells whether a date is one.
func WorkingDay(day time.Time) bool { return Days{}.Working(day) }

// AddWorkingDays gives the date n working days after day.
func AddWorkingDays(day time.Time, n int) time.Time { return Days{}.Add(day, n) }

// WorkingDaysBetween counts the working days after from, up to and with to.
func WorkingDaysBetween(from, to time.Time) int { return Days{}.Between(from, to) }

func bankHoliday(day time.Time) bool {
	y, m, d := day.Date()
	monday := day.Weekday() == time.Monday
	switch easter := easterSunday(y); {
	case day.Equal(easter.AddDate(0, 0, -2)), day.Equal(easter.AddDate(0, 0, 1)):
		return true // Good Friday, Easter Monday
	case m == time.January:
		return d == 1 || monday && (d == 2 || d == 3) // New Year's Day or its Monday
	case m == time.May:
		return monday && (d <= 7 || d >= 25) // the first and the last Monday
	case m == time.August:
		return monday && d >= 25
	case m == time.December:
		// Christmas Day and Boxing Day, and the Monday and Tuesday that stand
		// in for those at a weekend.
		return d == 25 || d == 26 || (d == 27 || d == 28) && (monday || day.Weekday() == time.Tuesday)
	}
	return false
}

// easterSunday is the Gregorian computus of the Book of Common Prayer tables,
// in the form without exceptions that was published anonymously in Nature in
// 1876: golden number, century corrections, then the Sunday after the full moon.
func easterSunday(year int) time.Time {
	golden := year % 19
	century, inCentury := year/100, year%100
	leapCenturies, odd := century/4, century%4
	moon := (century - (century+8)/25 + 1) / 3
	epact := (19*golden + century - leapCenturies - moon + 15) % 30
	weekday := (32 + 2*odd + 2*(inCentury/4) - epact - inCentury%4) % 7
	late := (golden + 11*epact + 22*weekday) / 451
	n := epact + weekday - 7*late + 114
	return time.Date(year, time.Month(n/31), n%31+1, 0, 0, 0, 0, time.UTC)
}
