// Package timestamp finds the time that lines of logs tell of, and says which of them a query is
// about. What it finds in a line depends on that line alone.
package timestamp

// Kind is what is known of a time.
type Kind uint8

// Kinds of times, by what their nanoseconds count from.
const (
	Zoned    Kind = iota // a moment: 1970 in UTC
	Wall                 // what a clock showed, in a zone that is not said: 1970, as if it were UTC
	Yearless             // the same without a year, as if it were 2000
	Kinds    = iota
)

// Stamp is a time.
type Stamp struct {
	Kind  Kind
	Nanos int64
}

// Second is one, in nanoseconds.
const Second = 1_000_000_000

// leapYear stands for the year that is not known.
const leapYear = 2000

// fields are what was read of a time.
type fields struct {
	year, month, day           int
	hour, minute, second, nano int
	zone                       int // seconds east of UTC
	zoned, yearless            bool
}

// Years that can be: others are taken for other numbers.
const firstYear, lastYear = 1970, 2199

// stamp gives the time, if there is such a one.
func (f *fields) stamp() (Stamp, bool) {
	kind := Wall
	switch {
	case f.yearless:
		kind, f.year = Yearless, leapYear
	case f.zoned:
		kind = Zoned
	}
	if f.year < firstYear || f.year > lastYear || f.month < 1 || f.month > 12 || f.day < 1 || f.day > daysIn(f.year, f.month) ||
		f.hour > 23 || f.minute > 59 || f.second > 60 {
		return Stamp{}, false
	}
	seconds := days(f.year, f.month, f.day)*86400 + int64(f.hour*3600+f.minute*60+f.second)
	if kind == Zoned {
		seconds -= int64(f.zone)
	}
	return Stamp{kind, seconds*Second + int64(f.nano)}, true
}

func daysIn(year, month int) int {
	switch {
	case month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0):
		return 29
	case month == 2:
		return 28
	case month == 4 || month == 6 || month == 9 || month == 11:
		return 30
	}
	return 31
}

// days are those since 1970 of a date in the Gregorian calendar, whose years are taken to begin in
// March.
func days(year, month, day int) int64 {
	if month <= 2 {
		year, month = year-1, month+12
	}
	return int64(365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day - 1 - 719468)
}

// setYear takes a year of two digits for one from 1970 to 2069.
func (f *fields) setYear(two int) {
	f.year = 1900 + two
	if two < 70 {
		f.year += 100
	}
}
