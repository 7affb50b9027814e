// SPDX-License-Identifier: Apache-2.0

package functions

import (
	cryptorand "crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"time"
)

func random() []Scalar {
	of := func(name string, call func() Value) Scalar {
		return Scalar{Name: name, Call: func(Statement, []Value) (Value, error) { return call(), nil }}
	}
	return []Scalar{
		of("rand", func() Value { return Value{Kind: Real, Real: rand.Float64()} }),
		of("uuid", func() Value { return dashed(uuid4()) }),
		of("gen_random_uuid", func() Value { return dashed(uuid4()) }),
		of("uuid7", func() Value { return dashed(uuid7()) }),
		of("uuidv4", func() Value { return plain(uuid4()) }),
		of("uuidv7", func() Value { return plain(uuid7()) }),
	}
}

func uuid4() (id [16]byte) {
	cryptorand.Read(id[:]) // it never fails
	return version(id, 4)
}

// uuid7 begins with the milliseconds of the date, and then a fraction of one, so that later ones of a node sort behind.
func uuid7() (id [16]byte) {
	cryptorand.Read(id[8:])
	nanoseconds := uint64(time.Now().UnixNano())
	milliseconds, rest := nanoseconds/1e6, nanoseconds%1e6
	binary.BigEndian.PutUint64(id[:], milliseconds<<16|rest*4096/1e6)
	return version(id, 7)
}

func version(id [16]byte, number byte) [16]byte {
	id[6] = id[6]&0x0f | number<<4
	id[8] = id[8]&0x3f | 0x80
	return id
}

func plain(id [16]byte) Value { return text(hex.EncodeToString(id[:])) }

func dashed(id [16]byte) Value {
	digits := hex.EncodeToString(id[:])
	return text(digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:])
}
