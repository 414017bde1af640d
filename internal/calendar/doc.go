// Package calendar knows the days that an agency counts in: the local date in
// London, and the working days of England and Wales.
//
// A date is midnight UTC of that day; it has no clock and no zone. A working
// day is not Saturday, Sunday or a bank holiday of England and Wales (Banking
// and Financial Dealings Act 1971, Schedule 1, and the days usually proclaimed
// under its section 1: 1 January, the first Monday of May, and the Mondays that
// stand in for a holiday at a weekend).
//
// # Trust
//
// Pure: no clock, no file but the zone of London, which the program carries
// with it. A holiday proclaimed for one year only is known where the operator has
// named it (the setting holidays, Proclaimed); whatever is counted over one that
// nobody named ends a day early.
package calendar
