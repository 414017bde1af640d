package words

import (
	"strconv"
	"time"
)

// Date tells the day of at as "4 May 2026", in the agency's time.
func (w *Words) Date(at time.Time) string {
	local := at.In(w.zone)
	return w.T("common.date.full", "Day", strconv.Itoa(local.Day()), "Month", w.month(local), "Year", strconv.Itoa(local.Year()))
}

// Day tells the day of at without its year, as "4 May": for days near enough
// that no year is needed.
func (w *Words) Day(at time.Time) string {
	local := at.In(w.zone)
	return w.T("common.date.day", "Day", strconv.Itoa(local.Day()), "Month", w.month(local))
}

// Moment tells day and time of at as "4 May 2026 at 15:07", in the agency's
// time: for lists of signed-in devices and of what was done when.
func (w *Words) Moment(at time.Time) string {
	return w.T("common.date.moment", "Date", w.Date(at), "Time", at.In(w.zone).Format("15:04"))
}

// Month tells the month of at as "May 2026".
func (w *Words) Month(at time.Time) string {
	local := at.In(w.zone)
	return w.T("common.date.monthYear", "Month", w.month(local), "Year", strconv.Itoa(local.Year()))
}

// month takes the name from the catalogue: neither the standard library nor
// x/text knows the months in Welsh.
func (w *Words) month(local time.Time) string {
	return w.T("common.month." + strconv.Itoa(int(local.Month())))
}
