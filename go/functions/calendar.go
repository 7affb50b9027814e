// SPDX-License-Identifier: Apache-2.0

package functions

import (
	"errors"
	"fmt"
)

// The calendar is Gregorian for all of the years from 1 to 9999, as Python's is.

const (
	secondsADay = 24 * 60 * 60
	microsADay  = secondsADay * 1_000_000
	mostDays    = 3652059 // of 9999-12-31
	days1970    = 719163  // of 1970-01-01
)

var errRange = errors.New("the date is not between the years 1 and 9999")

// moment is a date, or a date with a time, without a zone.
type moment struct {
	days     int64 // 1 is the first of January of the year 1
	micros   int64 // of the day
	dateOnly bool
}

// fields are what people write.
type fields struct{ year, month, day, hour, minute, second, micros int64 }

var monthDays = [...]int64{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func isLeap(year int64) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func daysOf(year, month int64) int64 {
	if month == 2 && isLeap(year) {
		return 29
	}
	return monthDays[month-1]
}

func daysBefore(year int64) int64 {
	past := year - 1
	return past*365 + past/4 - past/100 + past/400
}

// moment tells whether there is such a date and time.
func (f fields) moment() (moment, bool) {
	if f.year < 1 || f.year > 9999 || f.month < 1 || f.month > 12 || f.day < 1 || f.day > daysOf(f.year, f.month) {
		return moment{}, false
	}
	micros, fine := f.timeOfDay()
	days := daysBefore(f.year) + f.day
	for month := int64(1); month < f.month; month++ {
		days += daysOf(f.year, month)
	}
	return moment{days: days, micros: micros}, fine
}

func (f fields) timeOfDay() (micros int64, fine bool) {
	fine = f.hour >= 0 && f.hour < 24 && f.minute >= 0 && f.minute < 60 && f.second >= 0 && f.second < 60 &&
		f.micros >= 0 && f.micros < 1_000_000
	return ((f.hour*60+f.minute)*60+f.second)*1_000_000 + f.micros, fine
}

func clock(micros int64) fields {
	seconds := micros / 1_000_000
	return fields{hour: seconds / 3600, minute: seconds / 60 % 60, second: seconds % 60, micros: micros % 1_000_000}
}

func (m moment) fields() fields {
	f := clock(m.micros)
	f.year = min((m.days-1)/365+1, 9999) // this year or a later one
	for daysBefore(f.year) >= m.days {
		f.year--
	}
	f.day = m.days - daysBefore(f.year)
	for f.month = 1; f.day > daysOf(f.year, f.month); f.month++ {
		f.day -= daysOf(f.year, f.month)
	}
	return f
}

// plus is the moment so many microseconds later. A date stays one: it takes whole days, rounded down.
func (m moment) plus(micros int64) (moment, error) {
	days, rest := floorDivide(micros, microsADay)
	m.days += days
	if !m.dateOnly {
		m.micros += rest
		m.days += m.micros / microsADay
		m.micros %= microsADay
	}
	if m.days < 1 || m.days > mostDays {
		return moment{}, errRange
	}
	return m, nil
}

// since is the microseconds from another moment to this one, which always fit.
func (m moment) since(other moment) int64 {
	return (m.days-other.days)*microsADay + m.micros - other.micros
}

func floorDivide(a, b int64) (quotient, rest int64) {
	quotient, rest = a/b, a%b
	if rest < 0 {
		quotient, rest = quotient-1, rest+b
	}
	return quotient, rest
}

// weekday is 0 on a Monday.
func (m moment) weekday() int64 { return (m.days + 6) % 7 }

// isoWeek is the week of ISO 8601 and the year that it belongs to.
func (m moment) isoWeek() (year, week int64) {
	year = m.fields().year
	first := firstMonday(year)
	switch {
	case m.days < first:
		year--
		first = firstMonday(year)
	case m.days >= firstMonday(year+1):
		year++
		first = firstMonday(year)
	}
	return year, (m.days-first)/7 + 1
}

// firstMonday begins the week that has the year's first Thursday.
func firstMonday(year int64) int64 {
	fourth := moment{days: daysBefore(year) + 4}
	return fourth.days - fourth.weekday()
}

func (f fields) date() string { return fmt.Sprintf("%04d-%02d-%02d", f.year, f.month, f.day) }

// time has a fraction where there is one.
func (f fields) time() string {
	written := fmt.Sprintf("%02d:%02d:%02d", f.hour, f.minute, f.second)
	if f.micros != 0 {
		written += fmt.Sprintf(".%06d", f.micros)
	}
	return written
}

func (m moment) String() string {
	f := m.fields()
	if m.dateOnly {
		return f.date()
	}
	return f.date() + " " + f.time()
}

// spanText is a time span as Python writes it.
func spanText(days, micros int64) string {
	more, rest := floorDivide(micros, microsADay)
	days += more
	f := clock(rest)
	written := fmt.Sprintf("%d:%02d:%02d", f.hour, f.minute, f.second)
	if f.micros != 0 {
		written += fmt.Sprintf(".%06d", f.micros)
	}
	switch days {
	case 0:
		return written
	case 1, -1:
		return fmt.Sprintf("%d day, %s", days, written)
	}
	return fmt.Sprintf("%d days, %s", days, written)
}
