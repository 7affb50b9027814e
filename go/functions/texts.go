// SPDX-License-Identifier: Apache-2.0

package functions

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

func texts() []Scalar {
	return []Scalar{
		strict("reverse", 1, reverse),
		strict("repeat", 2, repeat),
		strict("lpad", 3, lpad),
		strict("rpad", 3, rpad),
		strict("regexp", 2, matches),
	}
}

// realText is a number as Python writes it: the shortest text that reads as the same number.
func realText(value float64) string {
	switch {
	case math.IsInf(value, 0):
		return strings.ToLower(strings.TrimPrefix(fmt.Sprint(value), "+"))
	case value != 0 && (math.Abs(value) < 1e-4 || math.Abs(value) >= 1e16):
		return strconv.FormatFloat(value, 'e', -1, 64)
	}
	written := strconv.FormatFloat(value, 'f', -1, 64)
	if !strings.Contains(written, ".") {
		written += ".0"
	}
	return written
}

// sameKind is the kind of a result that is made of an argument's bytes.
func sameKind(argument Value) Kind {
	if argument.Kind == Blob {
		return Blob
	}
	return Text
}

// count is the number of characters, or of bytes of a blob. What is not UTF-8 counts byte by byte.
func count(value Value, data []byte) int64 {
	if value.Kind == Blob {
		return int64(len(data))
	}
	return int64(utf8.RuneCount(data))
}

// first is as many of the characters; with a number below zero, all but so many of the last.
func first(value Value, data []byte, characters int64) []byte {
	if characters < 0 {
		characters = max(0, count(value, data)+characters)
	}
	if value.Kind == Blob {
		return data[:min(characters, int64(len(data)))]
	}
	end := 0
	for ; characters > 0 && end < len(data); characters-- {
		_, size := utf8.DecodeRune(data[end:])
		end += size
	}
	return data[:end]
}

func reverse(_ Statement, arguments []Value) (Value, error) {
	from, kind := textOf(arguments[0]), sameKind(arguments[0])
	return Value{Kind: kind, Size: int64(len(from)), Fill: func(into []byte) {
		for at := 0; at < len(from); {
			size := 1
			if kind == Text {
				_, size = utf8.DecodeRune(from[at:])
			}
			copy(into[len(from)-at-size:], from[at:at+size])
			at += size
		}
	}}, nil
}

// fill writes the piece as often as it fits.
func fill(into, piece []byte) {
	if len(piece) == 0 {
		return
	}
	for done := copy(into, piece); done < len(into); done *= 2 {
		copy(into[done:], into[:done])
	}
}

func repeat(_ Statement, arguments []Value) (Value, error) {
	times, err := integerOf(arguments[1])
	if err != nil {
		return Value{}, fmt.Errorf("repeat(): %w", err)
	}
	piece := textOf(arguments[0])
	size, err := product(int64(len(piece)), max(times, 0))
	return Value{Kind: sameKind(arguments[0]), Size: size, Fill: func(into []byte) { fill(into, piece) }}, err
}

// ErrTooLarge is of a result that is longer than any that SQLite takes.
var ErrTooLarge = fmt.Errorf("string or blob too big")

func product(a, b int64) (int64, error) {
	if a != 0 && b > math.MaxInt32/a {
		return 0, ErrTooLarge
	}
	return a * b, nil
}

// padding is the size of so many characters of the filling, over and over, and what is left for an incomplete last one.
func padding(filling Value, characters int64) (rest []byte, size int64, err error) {
	data := textOf(filling)
	each := count(filling, data)
	if each == 0 {
		return nil, 0, nil
	}
	rest = first(filling, data, characters%each)
	size, err = product(int64(len(data)), characters/each)
	return rest, size + int64(len(rest)), err
}

func pad(arguments []Value, name string, left bool) (Value, error) {
	length, err := integerOf(arguments[1])
	if err != nil {
		return Value{}, fmt.Errorf("%s(): %w", name, err)
	}
	data, filling := textOf(arguments[0]), textOf(arguments[2])
	present := count(arguments[0], data)
	if length <= present {
		return Value{Kind: sameKind(arguments[0]), Bytes: first(arguments[0], data, length)}, nil
	}
	rest, size, err := padding(arguments[2], length-present)
	return Value{Kind: sameKind(arguments[0]), Size: int64(len(data)) + size, Fill: func(into []byte) {
		padded := into[len(data):]
		if left {
			copy(into[size:], data)
			padded = into[:size]
		} else {
			copy(into, data)
		}
		end := len(padded) - len(rest)
		fill(padded[:end], filling)
		copy(padded[end:], rest)
	}}, err
}

func lpad(_ Statement, arguments []Value) (Value, error) { return pad(arguments, "lpad", true) }

func rpad(_ Statement, arguments []Value) (Value, error) { return pad(arguments, "rpad", false) }
