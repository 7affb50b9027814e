// SPDX-License-Identifier: Apache-2.0

// Package marshal decodes parameters that Python wrote with marshal.dumps(x, 2), where x is a tuple, or a list of tuples, of
// None, int, float, str and bytes objects of exactly these types. Version 2 has neither references nor interned or short
// forms, so seven opcodes are all there is; anything else is an error.
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
	if err == nil && len(d.rest) != 0 {
		err = fmt.Errorf("%d bytes behind the marshalled parameters", len(d.rest))
	}
	return values, err
}

// Rows goes through a marshalled list of tuples.
type Rows struct {
	decoder
	left int
}

// NewRows decodes the beginning of the list.
func NewRows(data []byte) (*Rows, error) {
	d := decoder{data}
	if err := d.expect(opList); err != nil {
		return nil, err
	}
	count, err := d.size()
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
	if err := d.expect(opTuple); err != nil {
		return values, err
	}
	count, err := d.size()
	if err != nil {
		return values, err
	}
	for i := range count {
		value, err := d.value()
		if err != nil {
			return values, fmt.Errorf("parameter %d: %w", i+1, err)
		}
		values = append(values, value)
	}
	return values, nil
}

func (d *decoder) value() (wire.Value, error) {
	op, err := d.take(1)
	if err != nil {
		return wire.Value{}, err
	}
	switch op[0] {
	case opNone:
		return wire.NullValue(), nil
	case opInt:
		raw, err := d.take(4)
		if err != nil {
			return wire.Value{}, err
		}
		return wire.IntegerValue(int64(int32(binary.LittleEndian.Uint32(raw)))), nil
	case opLong:
		return d.long()
	case opFloat:
		raw, err := d.take(8)
		if err != nil {
			return wire.Value{}, err
		}
		return wire.FloatValue(math.Float64frombits(binary.LittleEndian.Uint64(raw))), nil
	case opText:
		text, err := d.sized()
		switch {
		case err != nil:
			return wire.Value{}, err
		case !utf8.Valid(text):
			return wire.Value{}, ErrSurrogate
		case bytes.IndexByte(text, 0) >= 0:
			return wire.Value{}, ErrNUL
		}
		return wire.TextValue(text), nil
	case opBytes:
		blob, err := d.sized()
		return wire.BlobValue(blob), err
	default:
		return wire.Value{}, fmt.Errorf("marshalled parameters hold the opcode %q", op[0])
	}
}

// long decodes an int of more than 32 bits: the number of digits, negative for a negative int, then the digits.
func (d *decoder) long() (wire.Value, error) {
	raw, err := d.take(4)
	if err != nil {
		return wire.Value{}, err
	}
	count := int64(int32(binary.LittleEndian.Uint32(raw)))
	negative := count < 0
	if negative {
		count = -count
	}
	digits, err := d.take(2 * int(count))
	if err != nil {
		return wire.Value{}, err
	}
	var magnitude uint64
	for i := len(digits) - 2; i >= 0; i -= 2 {
		if magnitude>>(64-digitLen) != 0 {
			return wire.Value{}, ErrOverflow
		}
		magnitude = magnitude<<digitLen | uint64(binary.LittleEndian.Uint16(digits[i:]))
	}
	switch {
	case negative && magnitude <= 1<<63:
		return wire.IntegerValue(int64(-magnitude)), nil
	case !negative && magnitude < 1<<63:
		return wire.IntegerValue(int64(magnitude)), nil
	default:
		return wire.Value{}, ErrOverflow
	}
}

func (d *decoder) expect(op byte) error {
	found, err := d.take(1)
	if err == nil && found[0] != op {
		err = fmt.Errorf("marshalled parameters hold the opcode %q where %q was due", found[0], op)
	}
	return err
}

// size is a count of elements or bytes, each of which takes at least one byte of what is left.
func (d *decoder) size() (int, error) {
	raw, err := d.take(4)
	if err != nil {
		return 0, err
	}
	size := binary.LittleEndian.Uint32(raw)
	if uint64(size) > uint64(len(d.rest)) {
		return 0, errCut
	}
	return int(size), nil
}

func (d *decoder) sized() ([]byte, error) {
	size, err := d.size()
	if err != nil {
		return nil, err
	}
	return d.take(size)
}

func (d *decoder) take(size int) ([]byte, error) {
	if size > len(d.rest) {
		return nil, errCut
	}
	taken := d.rest[:size:size]
	d.rest = d.rest[size:]
	return taken, nil
}
