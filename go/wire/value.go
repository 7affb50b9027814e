// SPDX-License-Identifier: Apache-2.0

package wire

import "math"

// Type is the code of a value's type on the wire.
type Type uint8

const (
	Integer  Type = 1
	Float    Type = 2
	Text     Type = 3
	Blob     Type = 4
	Null     Type = 5
	UnixTime Type = 9  // an integer in a column declared DATETIME, DATE or TIMESTAMP
	ISO8601  Type = 10 // a text in such a column
	Boolean  Type = 11 // an integer in a column declared BOOLEAN
)

// Value is a parameter or one cell of a row. The zero Value is not valid; use the constructors.
type Value struct {
	Type  Type
	word  uint64 // integers, and the bits of a float
	Bytes []byte // text and blobs
}

func NullValue() Value                { return Value{Type: Null} }
func IntegerValue(number int64) Value { return Value{Type: Integer, word: uint64(number)} }
func FloatValue(number float64) Value { return Value{Type: Float, word: math.Float64bits(number)} }

// TextValue refers to text, which must not hold a NUL: the protocol ends a text there.
func TextValue(text []byte) Value { return Value{Type: Text, Bytes: text} }
func BlobValue(blob []byte) Value { return Value{Type: Blob, Bytes: blob} }

// Int is the number in an Integer, UnixTime or Boolean.
func (v Value) Int() int64 { return int64(v.word) }

// Float is the number in a Float.
func (v Value) Float() float64 { return math.Float64frombits(v.word) }
