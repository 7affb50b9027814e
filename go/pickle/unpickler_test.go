// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"
)

// unpickler reads what pickletools' documentation says of the opcodes that this package may write, and refuses all others. It
// shares no table with the package: the opcodes stand here once more, by their bytes.
type unpickler struct {
	rest  []byte
	stack []any
	marks []int // heights of the stack
}

type (
	tuple     []any
	list      []any
	byteArray string
	blob      string
)

// unpickle returns the one object of a whole pickle of protocol 5.
func unpickle(data []byte) (object any, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("%v", reason)
		}
	}()
	u := unpickler{rest: data}
	if version := u.take(2); version[0] != 0x80 || version[1] != 5 {
		return nil, fmt.Errorf("no pickle of protocol 5: %q", version)
	}
	for {
		if op := u.take(1)[0]; op == '.' {
			break
		} else if !u.step(op) {
			return nil, fmt.Errorf("opcode %q", op)
		}
	}
	if len(u.rest) != 0 || len(u.stack) != 1 || len(u.marks) != 0 {
		return nil, fmt.Errorf("%d bytes, %d objects and %d marks are left", len(u.rest), len(u.stack), len(u.marks))
	}
	return u.stack[0], nil
}

func (u *unpickler) step(op byte) bool {
	switch op {
	case 'N':
		u.push(nil)
	case 'K':
		u.push(int64(u.take(1)[0]))
	case 'M':
		u.push(int64(binary.LittleEndian.Uint16(u.take(2))))
	case 'J':
		u.push(int64(int32(binary.LittleEndian.Uint32(u.take(4)))))
	case 0x8a:
		size := int(u.take(1)[0])
		u.push(signed(u.take(size)))
	case 'G':
		u.push(math.Float64frombits(binary.BigEndian.Uint64(u.take(8))))
	case 'X':
		text := u.take(int(binary.LittleEndian.Uint32(u.take(4))))
		if !utf8.Valid(text) {
			return false
		}
		u.push(string(text))
	case 'B':
		u.push(blob(u.take(int(binary.LittleEndian.Uint32(u.take(4))))))
	case 'C':
		u.push(blob(u.take(int(u.take(1)[0]))))
	case 0x96:
		u.push(byteArray(u.take(int(binary.LittleEndian.Uint64(u.take(8))))))
	case '(':
		u.marks = append(u.marks, len(u.stack))
	case 't':
		u.push(tuple(u.cut(u.mark())))
	case 'l':
		u.push(list(u.cut(u.mark())))
	case ')':
		u.push(tuple{})
	case 0x85, 0x86, 0x87:
		height := len(u.stack) - int(op-0x84)
		if len(u.marks) > 0 && height < u.marks[len(u.marks)-1] {
			return false // it would take what belongs to another one
		}
		u.push(tuple(u.cut(height)))
	default:
		return false
	}
	return true
}

func (u *unpickler) take(size int) []byte {
	taken := u.rest[:size]
	u.rest = u.rest[size:]
	return taken
}

func (u *unpickler) push(object any) { u.stack = append(u.stack, object) }

func (u *unpickler) mark() int {
	height := u.marks[len(u.marks)-1]
	u.marks = u.marks[:len(u.marks)-1]
	return height
}

func (u *unpickler) cut(height int) []any {
	objects := append([]any{}, u.stack[height:]...)
	u.stack = u.stack[:height]
	return objects
}

// signed is a little-endian number in two's complement, of at most eight bytes.
func signed(data []byte) int64 {
	var number uint64
	for i, digit := range data {
		number |= uint64(digit) << (8 * i)
	}
	unused := 64 - 8*len(data)
	return int64(number<<unused) >> unused
}
