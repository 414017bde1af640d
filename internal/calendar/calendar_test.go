package calendar_test

import (
	"testing"
	"time"

	"gatepost/internal/calendar"
)

func day(s string) time.Time {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return d
}

// The dates are those published for England and Wales on gov.uk/bank-holidays.
func TestWorkingDay_BankHolidays(t *testing.T) {
	holidays := []string{
		"2024-01-01", "2024-03-29", "2024-04-01", "2024-05-06", "2024-05-27", "2024-08-26", "2024-12-25", "2024-12-26",
		"2025-01-01", "2025-04-18", "2025-04-21", "2025-05-05", "2025-05-26", "2025-08-25", "2025-12-25", "2025-12-26",
		"2026-01-01", "2026-04-03", "2026-04-06", "2026-05-04", "2026-05-25", "2026-08-31", "2026-12-25", "2026-12-28",
		"2027-01-01", "2027-03-26", "2027-03-29", "2027-05-03", "2027-05-31", "2027-08-30", "2027-12-27", "2027-12-28",
		"2022-01-03", "2021-12-27", "2021-12-28", "2023-01-02",
	}
	for _, s := range holidays {
		if calendar.WorkingDay(day(s)) {
			t.Errorf("%s is a bank holiday", s)
		}
	}
	perYear := map[int]int{}
	for d := day("2024-01-01"); d.Year() < 2028; d = d.AddDate(0, 0, 1) {
		if d.Weekday() != time.Saturday && d.Weekday() != time.Sunday && !calendar.WorkingDay(d) {
			perYear[d.Year()]++
		}
	}
	for year, n := range perYear {
		if n != 8 {
			t.Errorf("%d has %d bank holidays on weekdays, want 8", year, n)
		}
	}
}

func TestAddWorkingDays(t *testing.T) {
	tests := []struct {
		from string
		n    int
		want string
	}{
		{"2026-11-20", 1, "2026-11-23"},  // Friday to Monday
		{"2026-11-21", 10, "2026-12-04"}, // a Saturday counts from Monday
		{"2026-12-23", 2, "2026-12-29"},  // over Christmas: 25th, and the 28th for the 26th
		{"2026-04-02", 1, "2026-04-07"},  // over Easter
	}
	for _, tt := range tests {
		got := calendar.AddWorkingDays(day(tt.from), tt.n)
		if !got.Equal(day(tt.want)) {
			t.Errorf("%s + %d: got %s, want %s", tt.from, tt.n, got.Format(time.DateOnly), tt.want)
		}
		if back := calendar.WorkingDaysBetween(day(tt.from), got); back != tt.n {
			t.Errorf("%s to %s: %d working days, want %d", tt.from, tt.want, back, tt.n)
		}
	}
}

func TestToday_IsLondon(t *testing.T) {
	// Half past eleven at night, summer time: London is in the next day already.
	if got := calendar.Today(time.Date(2026, 7, 1, 23, 30, 0, 0, time.UTC)); !got.Equal(day("2026-07-02")) {
		t.Errorf("got %s", got)
	}
}

// A day that was proclaimed is none to count, whichever way it is counted, and
// nothing is counted twice that was no working day anyway.
func TestProclaimed(t *testing.T) {
	days := calendar.Proclaimed(day("2022-09-19"), day("2022-09-18"), day("2022-06-03"))
	for _, tt := range []struct {
		from string
		n    int
		want string
	}{{"2022-09-16", 1, "2022-09-20"}, {"2022-09-16", 2, "2022-09-21"}, {"2022-06-01", 2, "2022-06-06"}, {"2022-10-03", 1, "2022-10-04"}} {
		got := days.Add(day(tt.from), tt.n)
		if !got.Equal(day(tt.want)) {
			t.Errorf("%s + %d: got %s, want %s", tt.from, tt.n, got.Format(time.DateOnly), tt.want)
		}
		if back := days.Between(day(tt.from), got); back != tt.n {
			t.Errorf("%s to %s: %d working days, want %d", tt.from, tt.want, back, tt.n)
		}
	}
	if !(calendar.Days{}).Working(day("2022-09-19")) || days.Working(day("2022-09-19")) {
		t.Error("the day of a funeral is a holiday where it was proclaimed, and only there")
	}
}
