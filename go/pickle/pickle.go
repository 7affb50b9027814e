// SPDX-License-Identifier: Apache-2.0

// Package pickle writes rows as opcodes of pickle's protocol 5, which pickle.loads turns into lists of tuples at C speed.
// Only opcodes for values are written, no memo and no GLOBAL: nothing that a server sent is ever executed.
package pickle

import (
	"encoding/binary"
	"errors"
	"math"
	"unicode/utf8"

	"dqlitepy.dev/go/wire"
)

const (
	opProto      = 0x80
	opNone       = 'N'
	opInt8       = 'K'
	opInt16      = 'M'
	opInt32      = 'J'
	opLong       = 0x8a
	opFloat      = 'G'
	opText       = 'X'
	opBytes      = 'B'
	opShortBytes = 'C'
	opByteArray  = 0x96
	opMark       = '('
	opTuple      = 't'
	opEmptyTuple = ')'
	opTuple1     = 0x85
	opTuple2     = 0x86
	opTuple3     = 0x87
	opList       = 'l'
	opStop       = '.'
)

// ErrEncoding is a text that is not UTF-8.
var ErrEncoding = errors.New("Could not decode to UTF-8")

// ErrTooLarge is a value of 4 GiB or more.
var ErrTooLarge = errors.New("a value of 4 GiB or more cannot be transferred")

// Begin starts a pickle.
func Begin(buffer []byte) []byte { return append(buffer, opProto, 5) }

// End ends a pickle.
func End(buffer []byte) []byte { return append(buffer, opStop) }

// AppendNames writes a tuple of str, with None for a nil name. Names that are not UTF-8 are refused.
func AppendNames(buffer []byte, names [][]byte) ([]byte, error) {
	buffer = beginTuple(buffer, len(names))
	for _, name := range names {
		if name == nil {
			buffer = append(buffer, opNone)
			continue
		}
		var err error
		if buffer, err = appendText(buffer, name); err != nil {
			return buffer, err
		}
	}
	return endTuple(buffer, len(names)), nil
}

// BeginList starts a list; EndList ends it. This opcode of the oldest protocol makes the list out of what is on the stack, where
// the newer APPENDS copies it item by item.
func BeginList(buffer []byte) []byte { return append(buffer, opMark) }

func EndList(buffer []byte) []byte { return append(buffer, opList) }

// Pair makes a tuple of the two objects written last.
func Pair(buffer []byte) []byte { return append(buffer, opTuple2) }

// AppendRow writes a tuple. With textAsBytes a text becomes a bytearray of whatever bytes it has, which tells it from a blob,
// bytes. After an error the buffer must be cut back to its former length; column is the one at fault.
func AppendRow(buffer []byte, row []wire.Value, textAsBytes bool) (extended []byte, column int, err error) {
	buffer = beginTuple(buffer, len(row))
	for i := range row {
		if buffer, err = appendValue(buffer, &row[i], textAsBytes); err != nil {
			return buffer, i, err
		}
	}
	return endTuple(buffer, len(row)), 0, nil
}

func appendValue(buffer []byte, value *wire.Value, textAsBytes bool) ([]byte, error) {
	switch value.Type {
	case wire.Null:
		return append(buffer, opNone), nil
	case wire.Float:
		buffer = append(buffer, opFloat)
		return binary.BigEndian.AppendUint64(buffer, math.Float64bits(value.Float())), nil
	case wire.Text, wire.ISO8601:
		if textAsBytes {
			return appendByteArray(buffer, value.Bytes), nil
		}
		return appendText(buffer, value.Bytes)
	case wire.Blob:
		return appendBytes(buffer, value.Bytes)
	default:
		return appendInt(buffer, value.Int()), nil
	}
}

func appendInt(buffer []byte, number int64) []byte {
	switch {
	case 0 <= number && number <= math.MaxUint8:
		return append(buffer, opInt8, byte(number))
	case 0 <= number && number <= math.MaxUint16:
		return append(buffer, opInt16, byte(number), byte(number>>8))
	case math.MinInt32 <= number && number <= math.MaxInt32:
		buffer = append(buffer, opInt32)
		return binary.LittleEndian.AppendUint32(buffer, uint32(number))
	default:
		buffer = append(buffer, opLong, 8)
		return binary.LittleEndian.AppendUint64(buffer, uint64(number))
	}
}

func appendText(buffer, text []byte) ([]byte, error) {
	if !utf8.Valid(text) {
		return buffer, ErrEncoding
	}
	if uint64(len(text)) > math.MaxUint32 {
		return buffer, ErrTooLarge
	}
	buffer = append(buffer, opText)
	buffer = binary.LittleEndian.AppendUint32(buffer, uint32(len(text)))
	return append(buffer, text...), nil
}

func appendBytes(buffer, blob []byte) ([]byte, error) {
	if uint64(len(blob)) > math.MaxUint32 {
		return buffer, ErrTooLarge
	}
	if len(blob) <= math.MaxUint8 {
		buffer = append(buffer, opShortBytes, byte(len(blob)))
	} else {
		buffer = append(buffer, opBytes)
		buffer = binary.LittleEndian.AppendUint32(buffer, uint32(len(blob)))
	}
	return append(buffer, blob...), nil
}

func appendByteArray(buffer, text []byte) []byte {
	buffer = append(buffer, opByteArray)
	buffer = binary.LittleEndian.AppendUint64(buffer, uint64(len(text)))
	return append(buffer, text...)
}

// Tuples of up to three have opcodes of their own, without a mark before them.
const maxShortTuple = 3

func beginTuple(buffer []byte, size int) []byte {
	if size > maxShortTuple {
		return append(buffer, opMark)
	}
	return buffer
}

func endTuple(buffer []byte, size int) []byte {
	switch size {
	case 0:
		return append(buffer, opEmptyTuple)
	case 1:
		return append(buffer, opTuple1)
	case 2:
		return append(buffer, opTuple2)
	case 3:
		return append(buffer, opTuple3)
	default:
		return append(buffer, opTuple)
	}
}
