// SPDX-License-Identifier: Apache-2.0

// Package marshal decodes parameters that Python wrote with marshal.dumps(x, 2), where x is a tuple, or a list of tuples, of
// None, bool, int, float, str and bytes objects of exactly these types. Version 2 has neither references nor interned or short
// forms, so nine opcodes are all there is; anything else is an error.
package marshal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"dqlitepy.dev/go/wire"
)

const (
	opNone   = 'N'
	opFalse  = 'F'
	opTrue   = 'T'
	opInt    = 'i' // 4 bytes
	opLong   = 'l' // digits of 15 bits
	opFloat  = 'g' // 8 bytes
	opText   = 'u' // UTF-8, where lone surrogates may pass
	opBytes  = 's'
	opTuple  = '('
	opList   = '['
	digitLen = 15
)

// ErrOverflow is a Python int that does not fit into 64 bits.
var ErrOverflow = errors.New("Python int too large to convert to SQLite INTEGER")

// ErrSurrogate is a str with a lone surrogate, which UTF-8 cannot carry.
var ErrSurrogate = errors.New("a text with a lone surrogate cannot be encoded as UTF-8")

// ErrNUL is a str with a NUL inside, where dqlite's protocol would end the text.
var ErrNUL = errors.New("a text with a NUL character cannot cross dqlite's protocol; pass it as bytes")

var errCut = errors.New("marshalled parameters end too early")

// Tuple decodes one tuple and appends its values to values. Text and bytes alias data.
func Tuple(data []byte, values []wire.Value) ([]wire.Value, error) {
	d := decoder{data}
	values, err := d.tuple(values)
	if err == nil {
		err = d.end()
	}
	return values, err
}

// Check goes through a marshalled list of tuples. It returns an error where a value cannot cross, and otherwise whether there
// are bytes among them: Python writes any object that gives out its memory as bytes.
func Check(data []byte) (blobs bool, err error) {
	rows, err := NewRows(data)
	if err != nil {
		return false, err
	}
	var row []wire.Value
	for rows.Len() > 0 {
		if row, err = rows.Next(row[:0]); err != nil {
			return false, err
		}
		for i := range row {
			blobs = blobs || row[i].Type == wire.Blob
		}
	}
	return blobs, rows.end()
}

// Rows goes through a marshalled list of tuples.
type Rows struct {
	decoder
	left int
}

// NewRows decodes the beginning of the list.
func NewRows(data []byte) (*Rows, error) {
	d := decoder{data}
	count, err := d.sequence(opList)
	if err != nil {
		return nil, err
	}
	return &Rows{d, count}, nil
}

// Len is the number of tuples that are still to come.
func (r *Rows) Len() int { return r.left }

// Next appends the values of the next tuple to values.
func (r *Rows) Next(values []wire.Value) ([]wire.Value, error) {
	if r.left == 0 {
		return values, errCut
	}
	r.left--
	return r.tuple(values)
}

type decoder struct{ rest []byte }

func (d *decoder) tuple(values []wire.Value) ([]wire.Value, error) {
	count, err := d.sequence(opTuple)
	if err != nil {
		return values, err
	}
	for i := range count {
		values = append(values, wire.Value{})
		if err := d.value(&values[len(values)-1]); err != nil {
			return values[:len(values)-1], fmt.Errorf("parameter %d: %w", i+1, err)
		}
	}
	return values, nil
}

// value decodes in place: a value that is handed from function to function takes longer to copy than to decode.
func (d *decoder) value(value *wire.Value) error {
	if len(d.rest) == 0 {
		return errCut
	}
	op, rest := d.rest[0], d.rest[1:]
	switch op {
	case opNone:
		*value = wire.NullValue()
		d.rest = rest
		return nil
	case opFalse, opTrue:
		*value = wire.IntegerValue(0)
		if op == opTrue {
			*value = wire.IntegerValue(1)
		}
		d.rest = rest
		return nil
	case opInt:
		if len(rest) < 4 {
			return errCut
		}
		*value = wire.IntegerValue(int64(int32(binary.LittleEndian.Uint32(rest))))
		d.rest = rest[4:]
		return nil
	case opFloat:
		if len(rest) < 8 {
			return errCut
		}
		*value = wire.FloatValue(math.Float64frombits(binary.LittleEndian.Uint64(rest)))
		d.rest = rest[8:]
		return nil
	case opText, opBytes:
		if len(rest) < 4 {
			return errCut
		}
		size := uint64(binary.LittleEndian.Uint32(rest))
		if rest = rest[4:]; size > uint64(len(rest)) {
			return errCut
		}
		d.rest = rest[size:]
		if op == opBytes {
			*value = wire.BlobValue(rest[:size:size])
			return nil
		}
		*value = wire.TextValue(rest[:size:size])
		return checkText(value.Bytes)
	case opLong:
		d.rest = rest
		return d.long(value)
	default:
		return fmt.Errorf("marshalled parameters hold the opcode %q", op)
	}
}

func checkText(text []byte) error {
	if !utf8.Valid(text) {
		return ErrSurrogate
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return ErrNUL
	}
	return nil
}

// long decodes an int of more than 32 bits: the number of digits, negative for a negative int, then the digits.
func (d *decoder) long(value *wire.Value) error {
	if len(d.rest) < 4 {
		return errCut
	}
	count := int64(int32(binary.LittleEndian.Uint32(d.rest)))
	negative := count < 0
	if negative {
		count = -count
	}
	digits := d.rest[4:]
	if 2*count > int64(len(digits)) {
		return errCut
	}
	digits, d.rest = digits[:2*count], digits[2*count:]
	var magnitude uint64
	for i := len(digits) - 2; i >= 0; i -= 2 {
		if magnitude>>(64-digitLen) != 0 {
			return ErrOverflow
		}
		magnitude = magnitude<<digitLen | uint64(binary.LittleEndian.Uint16(digits[i:]))
	}
	switch {
	case negative && magnitude <= 1<<63:
		*value = wire.IntegerValue(int64(-magnitude))
	case !negative && magnitude < 1<<63:
		*value = wire.IntegerValue(int64(magnitude))
	default:
		return ErrOverflow
	}
	return nil
}

// sequence is the number of elements of a tuple or list, each of which takes at least one byte of what is left.
func (d *decoder) sequence(op byte) (int, error) {
	if len(d.rest) < 5 {
		return 0, errCut
	}
	if d.rest[0] != op {
		return 0, fmt.Errorf("marshalled parameters hold the opcode %q where %q was due", d.rest[0], op)
	}
	count := binary.LittleEndian.Uint32(d.rest[1:])
	d.rest = d.rest[5:]
	if uint64(count) > uint64(len(d.rest)) {
		return 0, errCut
	}
	return int(count), nil
}

func (d *decoder) end() error {
	if len(d.rest) != 0 {
		return fmt.Errorf("%d bytes behind the marshalled parameters", len(d.rest))
	}
	return nil
}
