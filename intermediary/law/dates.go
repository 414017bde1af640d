package law

import (
	"fmt"
	"time"

	"gatepost/internal/calendar"
)

// Date is a calendar date as a record states it: the day, or the day and the
// month, may be unknown (1974, 1974-11, 1974-11-03). The zero Date is wholly
// unknown. A Date is always one that the calendar has: it is made by DateOf,
// ParseDate or DayOf only.
type Date struct {
	year, month, day int
}

// DateOf makes a date. A day of 0 is unknown, a month of 0 is unknown with its
// day, a year of 0 is unknown with all. Its error is a date that no calendar has.
func DateOf(year int, month time.Month, day int) (Date, error) {
	d := Date{year: year, month: int(month), day: day}
	if year < 0 || year > 9999 || month < 0 || month > 12 || day < 0 ||
		year == 0 && month != 0 || month == 0 && day != 0 || day > lengthOf(year, month) {
		return Date{}, fmt.Errorf("read a date: year, month and day do not belong together")
	}
	return d, nil
}

// lengthOf gives the days of a month.
func lengthOf(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// ParseDate reads 2005-12-30, 2005-12, 2005 or nothing at all, which is the
// unknown date. String writes what it reads.
func ParseDate(s string) (Date, error) {
	if s == "" {
		return Date{}, nil
	}
	if len(s) != len("2006") && len(s) != len("2006-01") && len(s) != len(time.DateOnly) {
		return Date{}, fmt.Errorf("read a date: want 2005-12-30, 2005-12 or 2005")
	}
	t, err := time.Parse(time.DateOnly[:len(s)], s)
	if err != nil || t.Year() == 0 { // the error of time.Parse repeats what it read
		return Date{}, fmt.Errorf("read a date: want 2005-12-30, 2005-12 or 2005")
	}
	d := Date{year: t.Year()}
	if len(s) > len("2006") {
		d.month = int(t.Month())
	}
	if len(s) > len("2006-01") {
		d.day = t.Day()
	}
	return d, nil
}

// DayOf is the date of a moment in London, where every day of this law begins
// and ends.
func DayOf(moment time.Time) Date { return dateOfDay(calendar.Today(moment)) }

func dateOfDay(day time.Time) Date {
	return Date{year: day.Year(), month: int(day.Month()), day: day.Day()}
}

// String gives the date as ParseDate reads it; what is unknown is left out.
func (d Date) String() string {
	switch {
	case d.year == 0:
		return ""
	case d.month == 0:
		return fmt.Sprintf("%04d", d.year)
	case d.day == 0:
		return fmt.Sprintf("%04d-%02d", d.year, d.month)
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day)
}

// Whole tells whether no part of the date is unknown.
func (d Date) Whole() bool { return d.day != 0 }

// span gives the first and the last day that the date can be, as numbers that
// compare like dates.
func (d Date) span() (first, last int) {
	switch {
	case d.year == 0:
		return 0, 1_0000_00_00
	case d.month == 0:
		return d.year*1_00_00 + 1_01, d.year*1_00_00 + 12_31
	case d.day == 0:
		return d.year*1_00_00 + d.month*1_00 + 1, d.year*1_00_00 + d.month*1_00 + 31
	}
	n := d.year*1_00_00 + d.month*1_00 + d.day
	return n, n
}

// before tells whether the date is certainly earlier than a whole date, and
// whether it is certainly that day or later. Both are false if it may be either.
func (d Date) before(whole Date) (earlier, notEarlier bool) {
	first, last := d.span()
	n, _ := whole.span()
	return last < n, first >= n
}

// CommencementDate is 30 December 2005, when the 2002 Act came into force for
// adoptions: an order made before it is pre-commencement (ISR 2).
func CommencementDate() Date { return Date{2005, 12, 30} }

// BirthRecordsCounsellingDate is 12 November 1975, when birth records were
// opened in England and Wales (ACA 2002 Schedule 2 paragraph 4; ISR(W) 5(2)).
func BirthRecordsCounsellingDate() Date { return Date{1975, 11, 12} }

// PreCommencement tells whether an adoption order was certainly made before the
// CommencementDate. False is no proof of the contrary: ask RegimeOf.
func PreCommencement(order Date) bool {
	earlier, _ := order.before(CommencementDate())
	return earlier
}

// InterviewRequired tells whether the Registrar General may give birth record
// information only after an interview with a counsellor: the order was made on
// or before 12 November 1975, or may have been (ACA 2002 Schedule 2 paragraph
// 4; the day itself is OQ3).
func InterviewRequired(order Date) bool {
	first, _ := order.span()
	day, _ := BirthRecordsCounsellingDate().span()
	return first <= day
}

// WelshPriority tells whether an application stands first in the queue: the
// country is Wales and the order was certainly made before 12 November 1975
// (ISR(W) 5(2)). It orders the queue and no table asks for it.
func WelshPriority(order Date, juris Country) bool {
	earlier, _ := order.before(BirthRecordsCounsellingDate())
	return juris == CountryWales && earlier
}

// Country is a value of the inputs orderCourt, aaaJuris, iaJuris and juris.
type Country string

// The countries of an order, an agency or a case.
const (
	CountryEngland Country = "E"
	CountryWales   Country = "W"
	CountryOther   Country = "other"   // made elsewhere, or no adoption order
	CountryUnknown Country = "unknown" // not known, or not identified yet
)

// Jurisdiction is the country whose law governs a case, from the countries of
// the court that made the order, of the appropriate adoption agency and of the
// intermediary agency: the stricter country wins, so that a veto is not weaker
// for being asked across the border. An agency not yet identified
// (CountryUnknown) counts for nothing. A value that is no country, the empty one
// included, makes the answer unknown.
func Jurisdiction(orderCourt, aaaJuris, iaJuris Country) Country {
	all := [...]Country{orderCourt, aaaJuris, iaJuris}
	for _, c := range all {
		switch c {
		case CountryEngland, CountryWales, CountryOther, CountryUnknown:
		default:
			return CountryUnknown
		}
	}
	if orderCourt == CountryOther {
		return CountryOther
	}
	for _, c := range all {
		if c == CountryWales {
			return CountryWales
		}
	}
	return orderCourt // England or unknown
}

// Regime is a value of the inputs regime and order.
type Regime string

// The regimes of an adoption order.
const (
	RegimePre       Regime = "pre"
	RegimePost      Regime = "post"
	RegimeBoundaryW Regime = "boundaryW" // Wales, 30 December 2005: a lawyer has to answer (OQ9)
	RegimeUnknown   Regime = "unknown"
)

// RegimeOf says which law an adoption order falls under, from its date and the
// Jurisdiction of the case. The country matters on 30 December 2005 only:
// England is post-commencement that day, Wales is the boundary, and where the
// country is neither the regime is unknown. For the tables that ask for juris
// beside the regime (8a, 8d, 8f); the others take SettledRegime.
func RegimeOf(order Date, juris Country) Regime {
	earlier, notEarlier := order.before(CommencementDate())
	switch {
	case earlier:
		return RegimePre
	case !notEarlier:
		return RegimeUnknown
	case order != CommencementDate():
		return RegimePost
	case juris == CountryEngland:
		return RegimePost
	case juris == CountryWales:
		return RegimeBoundaryW
	}
	return RegimeUnknown
}

// SettledRegime is RegimeOf for the tables that do not ask for the country (8b,
// 8c, 8h, 8i): unknown, and so withheld, unless that is England or Wales.
func SettledRegime(order Date, juris Country) Regime {
	if juris != CountryEngland && juris != CountryWales {
		return RegimeUnknown
	}
	return RegimeOf(order, juris)
}

// Adulthood is a value of the inputs appAge, subjAge and apAge.
type Adulthood string

// Whether somebody has attained 18.
const (
	AdulthoodReached Adulthood = "ge18"
	AdulthoodNot     Adulthood = "lt18"
	AdulthoodUnknown Adulthood = "unknown"
)

// YesNo is the same as the inputs childAge18 and age18 name it: yes, no or
// unknown. (age18 of table 8d has no unknown: what is not yes is given as no.)
func (a Adulthood) YesNo() string {
	switch a {
	case AdulthoodReached:
		return "yes"
	case AdulthoodNot:
		return "no"
	}
	return "unknown"
}

// Attains18 is the day at whose start somebody attains 18 (Family Law Reform
// Act 1969 s.9). Born on 29 February: 1 March (OQ19). Born on an unknown day of
// a month: as if on its last. ok is false if the month is not known.
func Attains18(born Date) (day Date, ok bool) { return attains(born, 18) }

// attains gives the day at whose start somebody attains an age.
func attains(born Date, age int) (Date, bool) {
	if born.month == 0 {
		return Date{}, false
	}
	day := born.day
	if day == 0 {
		day = lengthOf(born.year, time.Month(born.month))
	}
	// A year without 29 February gives 1 March.
	return dateOfDay(time.Date(born.year+age, time.Month(born.month), day, 0, 0, 0, 0, time.UTC)), true
}

// AgeAt is somebody's age in whole years at the start of a day. known is false
// where the month of birth is not known, the day is not wholly known, or it is
// before the birth.
func AgeAt(born, on Date) (years int, known bool) {
	birth, ok := attains(born, 0)
	if !ok || !on.Whole() {
		return 0, false
	}
	if earlier, _ := on.before(birth); earlier {
		return 0, false
	}
	years = on.year - born.year
	if anniversary, _ := attains(born, years); !notBefore(on, anniversary) {
		years--
	}
	return years, true
}

func notBefore(d, whole Date) bool {
	_, not := d.before(whole)
	return not
}

// AdulthoodAt says whether somebody has attained 18 at the start of a day: the
// day of the act, or the day of death of somebody who died (whose age is his
// age at death). Where part of the day is unknown the answer is given if it is
// the same for every day that it can be, and is unknown otherwise. A day before
// the birth is an error of the record: unknown.
func AdulthoodAt(born, on Date) Adulthood {
	birth, ok := attains(born, 0)
	if !ok || on == (Date{}) {
		return AdulthoodUnknown
	}
	if earlier, _ := on.before(birth); earlier {
		return AdulthoodUnknown
	}
	eighteen, _ := Attains18(born)
	switch earlier, notEarlier := on.before(eighteen); {
	case earlier:
		return AdulthoodNot
	case notEarlier:
		return AdulthoodReached
	}
	return AdulthoodUnknown
}

// StandstillDays are the working days that somebody has to ask for an
// independent review of a disclosure against his views (DAIR 15).
const StandstillDays = 40

// maxDeemed bounds the setting of deemed service: more is a slip of the hand.
const maxDeemed = 60

// WorkingDayClock counts the working days after the service of a notice. Day 1
// is the first working day after the day on which the notice is taken to be
// served. The zero clock has not started. A defective notice starts nothing:
// make a new clock with the correct one.
type WorkingDayClock struct {
	last time.Time // the last of the days, as midnight UTC
}

// StartClock starts the clock of a notice under DAIR 15. deemed is the
// agency's setting in whole days from sending to the day of service, 0 to 60.
// days are the working days that the agency counts in, which know the bank
// holidays that were proclaimed for one year; naming a day that is none makes the
// clock longer and never shorter. Its error is a day that is not wholly known or a setting out of its range.
func StartClock(sent Date, deemed int, days calendar.Days) (WorkingDayClock, error) {
	if !sent.Whole() {
		return WorkingDayClock{}, fmt.Errorf("start the clock of a notice: the day of sending is not known")
	}
	if deemed < 0 || deemed > maxDeemed {
		return WorkingDayClock{}, fmt.Errorf("start the clock of a notice: deemed service is 0 to %d days after sending", maxDeemed)
	}
	day := time.Date(sent.year, time.Month(sent.month), sent.day+deemed, 0, 0, 0, 0, time.UTC)
	return WorkingDayClock{last: days.Add(day, StandstillDays)}, nil
}

// Last is the last day of the clock: it ends at the end of that day in London.
// The zero clock gives the unknown date.
func (c WorkingDayClock) Last() Date {
	if c.last.IsZero() {
		return Date{}
	}
	return dateOfDay(c.last)
}

// Standstill is a value of the input standstill of table 8f.
type Standstill string

// The states of the standstill. NotApplicable is for the caller to give where
// no notice is due: nobody objects, section 62, or Wales.
const (
	StandstillNotStarted    Standstill = "notStarted"
	StandstillRunning       Standstill = "running"
	StandstillEnded         Standstill = "ended"
	StandstillNotApplicable Standstill = "notApplicable"
)

// Standstill says how the clock stands at a moment. The end of the clock
// permits nothing by itself (row f26a). A moment before the notice is running.
func (c WorkingDayClock) Standstill(now time.Time) Standstill {
	switch {
	case c.last.IsZero():
		return StandstillNotStarted
	case calendar.Today(now).After(c.last):
		return StandstillEnded
	}
	return StandstillRunning
}
