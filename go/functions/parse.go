// SPDX-License-Identifier: Apache-2.0

package functions

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// What Django's casts take for a date or a time. They tell apart what is none, which most functions make NULL, from what lacks a
// part, which ends the statement.

var (
	errNoDate = errors.New("this is no date")
	errNoTime = errors.New("this is no time")
	errLacks  = errors.New("a part of the date or time is missing")
)

// number reads an integer as Python's int() does.
func number(written string) (int64, bool) {
	written = strings.TrimSpace(written)
	digits := strings.TrimPrefix(strings.TrimPrefix(written, "-"), "+")
	if len(written)-len(digits) > 1 || strings.HasPrefix(digits, "_") || strings.HasSuffix(digits, "_") ||
		strings.Contains(digits, "__") {
		return 0, false
	}
	value, err := strconv.ParseInt(strings.ReplaceAll(written, "_", ""), 10, 64)
	return value, err == nil
}

// fraction reads the digits behind the seconds' point.
func fraction(written string) (int64, bool) {
	return number((written + "000000")[:6])
}

// seconds are read with their fraction.
func seconds(written string) (whole, rest string, fine bool) {
	parts := strings.Split(written, ".")
	switch len(parts) {
	case 1:
		return parts[0], "0", true
	case 2:
		return parts[0], parts[1], true
	}
	return "", "", false
}

// readAll reads numbers until one is none.
func readAll(written []string, into ...*int64) bool {
	for i, piece := range written {
		value, fine := number(piece)
		if !fine {
			return false
		}
		*into[i] = value
	}
	return true
}

func parseDate(written string) (moment, error) {
	var f fields
	parts := strings.Split(written, "-")
	if len(parts) != 3 || !readAll(parts, &f.year, &f.month, &f.day) {
		return moment{}, errNoDate
	}
	date, fine := f.moment()
	if !fine {
		return moment{}, errNoDate
	}
	date.dateOnly = true
	return date, nil
}

// parseTimestamp reads YYYY-MM-DD, or that with a time behind blanks, whose zone is left out.
func parseTimestamp(written string) (moment, error) {
	if !strings.Contains(written, " ") {
		return parseDate(written)
	}
	halves := strings.Fields(written)
	if len(halves) != 2 {
		return moment{}, errNoDate
	}
	clock, _, zoned := strings.Cut(halves[1], "-")
	if !zoned {
		clock, _, _ = strings.Cut(halves[1], "+")
	}
	dates, times := strings.Split(halves[0], "-"), strings.Split(clock, ":")
	if len(times) < 3 {
		return moment{}, errLacks
	}
	whole, rest, fine := seconds(times[2])
	if !fine {
		return moment{}, errNoDate
	}
	var f fields
	into := []*int64{&f.year, &f.month, &f.day}
	if !readAll(dates[:min(len(dates), 3)], into...) {
		return moment{}, errNoDate
	}
	if len(dates) < 3 {
		return moment{}, errLacks
	}
	if !readAll([]string{times[0], times[1], whole}, &f.hour, &f.minute, &f.second) {
		return moment{}, errNoDate
	}
	if f.micros, fine = fraction(rest); !fine {
		return moment{}, errNoDate
	}
	parsed, fine := f.moment()
	if !fine {
		return moment{}, errNoDate
	}
	return parsed, nil
}

// parseTime reads HH:MM:SS with a fraction.
func parseTime(written string) (fields, error) {
	var f fields
	parts := strings.Split(written, ":")
	if len(parts) != 3 {
		return f, errNoTime
	}
	whole, rest, fine := seconds(parts[2])
	if !fine || !readAll([]string{parts[0], parts[1], whole}, &f.hour, &f.minute, &f.second) {
		return f, errNoTime
	}
	if f.micros, fine = fraction(rest); !fine {
		return f, errNoTime
	}
	if _, fine = f.timeOfDay(); !fine {
		return f, errNoTime
	}
	return f, nil
}

// timeOf reads the time of an argument. A number is an error, where another text or a blob is no time.
func timeOf(argument Value) (fields, error) {
	switch argument.Kind {
	case Text:
		return parseTime(string(argument.Bytes))
	case Blob:
		return fields{}, errNoTime
	}
	return fields{}, fmt.Errorf("%v is no time", argument)
}
