// SPDX-License-Identifier: Apache-2.0

package functions

import (
	"errors"
	"fmt"
	"strings"
)

// dates are the functions that Django's backend for SQLite calls. Their names, arguments and results are those of Django.
func dates() []Scalar {
	of := func(name string, arguments int, call func(Statement, []Value) (Value, error)) Scalar {
		return Scalar{Name: name, Arguments: arguments, Deterministic: true,
			Call: func(s Statement, given []Value) (Value, error) {
				result, err := call(s, given)
				if err != nil {
					err = fmt.Errorf("%s(): %w", name, err)
				}
				return result, err
			}}
	}
	return []Scalar{
		of("django_date_extract", 2, func(s Statement, given []Value) (Value, error) {
			return extract(s, given[0], given[1], Value{}, Value{})
		}),
		of("django_datetime_extract", 4, func(s Statement, given []Value) (Value, error) {
			return extract(s, given[0], given[1], given[2], given[3])
		}),
		of("django_date_trunc", 4, truncateDate),
		of("django_datetime_trunc", 4, truncateTimestamp),
		of("django_time_trunc", 4, truncateTime),
		of("django_time_extract", 2, extractTime),
		of("django_datetime_cast_date", 3, func(s Statement, given []Value) (Value, error) {
			return cast(s, given, fields.date)
		}),
		of("django_datetime_cast_time", 3, func(s Statement, given []Value) (Value, error) {
			return cast(s, given, fields.time)
		}),
		of("django_time_diff", 2, differTime),
		of("django_timestamp_diff", 2, differTimestamp),
		of("django_format_dtdelta", 3, delta),
	}
}

var errDateOnly = errors.New("a date has no time")

// read is the moment of an argument in a zone; none of one that is no date.
func read(s Statement, argument, zone, connection Value) (found moment, some bool, err error) {
	if argument.isEmpty() || argument.Kind != Text {
		return moment{}, false, nil
	}
	found, err = parseTimestamp(string(argument.Bytes))
	if err != nil {
		if err == errNoDate {
			err = nil
		}
		return moment{}, false, err
	}
	found, err = found.inZone(s, zone, connection)
	return found, err == nil, err
}

func unsupported(part Value) error { return fmt.Errorf("there is no part %v of it", part) }

// named is the text of a part's name, "" where it is none.
func named(part Value) string {
	if part.Kind != Text {
		return ""
	}
	return string(part.Bytes)
}

func extract(s Statement, part, argument, zone, connection Value) (Value, error) {
	found, some, err := read(s, argument, zone, connection)
	if !some {
		return Value{}, err
	}
	f := found.fields()
	switch named(part) {
	case "week_day":
		return integer((found.weekday()+1)%7 + 1), nil
	case "iso_week_day":
		return integer(found.weekday() + 1), nil
	case "week":
		_, week := found.isoWeek()
		return integer(week), nil
	case "iso_year":
		year, _ := found.isoWeek()
		return integer(year), nil
	case "quarter":
		return integer((f.month + 2) / 3), nil
	case "year":
		return integer(f.year), nil
	case "month":
		return integer(f.month), nil
	case "day":
		return integer(f.day), nil
	}
	return f.partOfDay(part, found.dateOnly)
}

func (f fields) partOfDay(part Value, dateOnly bool) (Value, error) {
	var value int64
	switch named(part) {
	case "hour":
		value = f.hour
	case "minute":
		value = f.minute
	case "second":
		value = f.second
	case "microsecond":
		value = f.micros
	default:
		return Value{}, unsupported(part)
	}
	if dateOnly {
		return Value{}, errDateOnly
	}
	return integer(value), nil
}

// truncated is the first day of a year, quarter, month or week, or the day itself.
func (m moment) truncated(part Value) (date string, some bool, err error) {
	f := m.fields()
	switch named(part) {
	case "year":
		f.month, f.day = 1, 1
	case "quarter":
		f.month, f.day = f.month-(f.month-1)%3, 1
	case "month":
		f.day = 1
	case "week":
		m, err = m.plus(-m.weekday() * microsADay)
		f = m.fields()
	case "day":
	default:
		return "", false, nil
	}
	return f.date(), err == nil, err
}

func truncateDate(s Statement, given []Value) (Value, error) {
	found, some, err := read(s, given[1], given[2], given[3])
	if !some {
		return Value{}, err
	}
	date, some, err := found.truncated(given[0])
	if err == nil && !some {
		err = unsupported(given[0])
	}
	if err != nil {
		return Value{}, err
	}
	return text(date), nil
}

// hourMinuteSecond is a time without what is smaller than the part; none for another part.
func (f fields) hourMinuteSecond(part Value) (string, bool) {
	f.micros = 0
	switch named(part) {
	case "hour":
		f.minute, f.second = 0, 0
	case "minute":
		f.second = 0
	case "second":
	default:
		return "", false
	}
	return f.time(), true
}

func truncateTimestamp(s Statement, given []Value) (Value, error) {
	found, some, err := read(s, given[1], given[2], given[3])
	if !some {
		return Value{}, err
	}
	if date, some, err := found.truncated(given[0]); some || err != nil {
		return text(date + " 00:00:00"), err
	}
	f := found.fields()
	time, some := f.hourMinuteSecond(given[0])
	if !some {
		return Value{}, unsupported(given[0])
	}
	if found.dateOnly {
		return Value{}, errDateOnly
	}
	return text(f.date() + " " + time), nil
}

func truncateTime(s Statement, given []Value) (Value, error) {
	if given[1].isEmpty() {
		return Value{}, nil
	}
	found, some, err := read(s, given[1], given[2], given[3])
	if err != nil {
		return Value{}, err
	}
	f := found.fields()
	if !some {
		if f, err = timeOf(given[1]); err != nil {
			if err == errNoTime {
				err = nil
			}
			return Value{}, err
		}
	}
	time, known := f.hourMinuteSecond(given[0])
	if !known {
		return Value{}, unsupported(given[0])
	}
	if found.dateOnly {
		return Value{}, errDateOnly
	}
	return text(time), nil
}

func extractTime(_ Statement, given []Value) (Value, error) {
	if given[1].isEmpty() {
		return Value{}, nil
	}
	f, err := timeOf(given[1])
	if err != nil {
		if err == errNoTime {
			err = nil
		}
		return Value{}, err
	}
	return f.partOfDay(given[0], false)
}

func cast(s Statement, given []Value, write func(fields) string) (Value, error) {
	found, some, err := read(s, given[0], given[1], given[2])
	if !some {
		return Value{}, err
	}
	if found.dateOnly {
		return Value{}, errDateOnly
	}
	return text(write(found.fields())), nil
}

func differTime(_ Statement, given []Value) (Value, error) {
	if given[0].isEmpty() || given[1].isEmpty() {
		return Value{}, nil
	}
	left, err := timeOf(given[0])
	right, second := timeOf(given[1])
	if err := errors.Join(err, second); err != nil {
		return Value{}, err
	}
	l, _ := left.timeOfDay()
	r, _ := right.timeOfDay()
	return integer(l - r), nil
}

func differTimestamp(_ Statement, given []Value) (Value, error) {
	if given[0].isEmpty() || given[1].isEmpty() {
		return Value{}, nil
	}
	var moments [2]moment
	for i := range moments {
		if given[i].Kind != Text {
			return Value{}, fmt.Errorf("%v is no date", given[i])
		}
		var err error
		if moments[i], err = parseTimestamp(string(given[i].Bytes)); err != nil {
			return Value{}, err
		}
	}
	if moments[0].dateOnly != moments[1].dateOnly {
		return Value{}, errDateOnly
	}
	return integer(moments[0].since(moments[1])), nil
}

// term is one side of a sum: a moment, or a number of microseconds.
type term struct {
	moment
	micros int64
	span   bool
}

// termOf is none of what is neither.
func termOf(argument Value) (found term, some bool, err error) {
	if argument.Kind == Integer {
		return term{micros: argument.Integer, span: true}, true, nil
	}
	if argument.Kind != Text || argument.isEmpty() {
		return term{}, false, nil
	}
	found.moment, err = parseTimestamp(string(argument.Bytes))
	if err == errNoDate {
		return term{}, false, nil
	}
	return found, err == nil, err
}

func delta(_ Statement, given []Value) (Value, error) {
	if anyNull(given) {
		return Value{}, nil
	}
	if given[0].Kind != Text {
		return Value{}, fmt.Errorf("%v is no operator", given[0])
	}
	switch operator := strings.TrimSpace(string(given[0].Bytes)); operator {
	case "+", "-":
		return sum(operator, given[1], given[2])
	case "*":
		return times(given[1], given[2])
	}
	return ratio(given[1], given[2])
}

func sum(operator string, left, right Value) (Value, error) {
	l, some, err := termOf(left)
	if !some {
		return Value{}, err
	}
	r, some, err := termOf(right)
	if !some {
		return Value{}, err
	}
	sign := int64(1)
	if operator == "-" {
		sign = -1
	}
	switch {
	case l.span && r.span:
		days, rest := floorDivide(l.micros, microsADay)
		moreDays, moreRest := floorDivide(r.micros, microsADay)
		return text(spanText(days+sign*moreDays, rest+sign*moreRest)), nil
	case r.span:
		result, err := l.plusSigned(r.micros, sign)
		return text(result), err
	case l.span && sign > 0:
		result, err := r.plusSigned(l.micros, sign)
		return text(result), err
	case !l.span && sign < 0 && l.dateOnly == r.dateOnly:
		return text(spanText(0, l.since(r.moment))), nil
	}
	return Value{}, errors.New("these two cannot be added or subtracted")
}

// plusSigned is the text of the sum or the difference. A date takes the whole days of the span, rounded down before the sign.
func (m moment) plusSigned(micros, sign int64) (string, error) {
	days, rest := floorDivide(micros, microsADay)
	if m.dateOnly {
		rest = 0
	}
	result, err := m.plus(sign * (days*microsADay + rest))
	if err != nil {
		return "", err
	}
	return result.String(), nil
}
